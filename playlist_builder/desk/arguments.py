"""The arguments of a command that a page sends, taken one by one and checked."""

from collections.abc import Mapping
from typing import Any

from playlist_builder.checked import is_number, wrong
from playlist_builder.language.translation import Phrase

WAITED = "waited_s"  # how long a command has waited for its turn, which the desk says itself


class Arguments:
    """What came with a command. Each method raises RequestError for what it cannot be."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def __contains__(self, name: str) -> bool:
        return self._given.get(name) is not None

    def whole(self, name: str, least: int = 0) -> int:
        """Return a whole number of at least `least`."""
        value = self._given.get(name)
        if type(value) is not int or value < least:
            raise wrong(name, Phrase("a whole number from {least} on", least=least), value)
        return value

    def number(self, name: str) -> float:
        """Return a finite number."""
        value = self._given.get(name)
        if not is_number(value):
            raise wrong(name, Phrase("a number"), value)
        return float(value)  # type: ignore[arg-type]  # a number

    def text(self, name: str) -> str:
        """Return a text; an empty one is one."""
        value = self._given.get(name)
        if not isinstance(value, str):
            raise wrong(name, Phrase("a text"), value)
        return value

    def optional(self, name: str, otherwise: Any) -> Any:  # noqa: ANN401 - for what checks it
        """Return a value as it was sent, null as well, and what is known where it was not."""
        return self._given.get(name, otherwise)

    def flag(self, name: str) -> bool:
        """Return whether it is set; it is not where it was not sent."""
        value = self._given.get(name, False)
        if not isinstance(value, bool):
            raise wrong(name, Phrase("true or false"), value)
        return value

    def rows(self, name: str) -> list[Any]:
        """Return a list."""
        value = self._given.get(name)
        if not isinstance(value, list):
            raise wrong(name, Phrase("a list"), value)
        return value
