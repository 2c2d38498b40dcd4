"""Which language a user reads, its catalogue, and sentences that are translated when shown.

`report/locale/` holds the catalogues of gettext. Nothing of it is loaded before a text is needed in
another language than English.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from string import Formatter
from typing import Any, Protocol, Self, runtime_checkable

LOCALE = Path(__file__).parents[1] / "report" / "locale"
TRANSLATED = ("ja",)
NO_LANGUAGE = ("C", "POSIX")  # locales of programs
VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set counts
ENGLISH = NullTranslations()
VOICE = "voice"  # context in a catalogue of what is known of voices
PROFILE = "profile"  # context of the names and texts of profiles


@runtime_checkable
class Told(Protocol):
    """What can be told in several languages, such as an error."""

    def in_language(self, catalogue: NullTranslations) -> str:
        """Return it as text, with the words of a catalogue."""


class Phrase(str):  # noqa: SLOT000 - slots of a text do not pickle
    """A text in English that can be told in other languages: a template and its values.

    What means something else elsewhere has a context in the catalogue.
    """

    message: str
    values: Mapping[str, Any]
    context: str

    def __new__(cls, message: str, /, *, context: str = "", **values: Any) -> Self:  # noqa: ANN401
        """Return the text; its values may be texts and errors that are told in turn."""
        own = super().__new__(cls, message.format_map(values) if values else message)
        own.message, own.values, own.context = message, values, context
        return own

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.message,), {"context": self.context, **self.values}

    def in_language(self, catalogue: NullTranslations) -> str:
        """Return it as text, with the words of a catalogue."""
        if self.context:
            text = catalogue.pgettext(self.context, self.message)
        else:
            text = catalogue.gettext(self.message) if self.message else ""
        return filled(text, self.values, catalogue) if self.values else text


def phrase_list(texts: Iterable[str]) -> Phrase:
    """Return texts as a list."""
    values = {f"text{number}": text for number, text in enumerate(texts)}
    return Phrase(", ".join(f"{{{name}}}" for name in values), **values)


def words(names: Iterable[str], context: str) -> Phrase:
    """Return words of a context, such as the names of phases, as a list."""
    return phrase_list(Phrase(name, context=context) for name in names)


def spoken(word: str, context: str) -> set[str]:
    """Return a word of a context in all languages."""
    return {word, *(catalogue(code).pgettext(context, word) for code in TRANSLATED)}


def told(value: Told | str, catalogue: NullTranslations) -> str:
    """Return what can be told in several languages as text, any other text as it is."""
    return value.in_language(catalogue) if isinstance(value, Told) else value


@lru_cache
def catalogue(code: str, domain: str = "playlist_builder") -> NullTranslations:
    """Return the catalogue of a language; of English, which needs none, an empty one."""
    if code not in TRANSLATED:
        return ENGLISH
    with (LOCALE / code / "LC_MESSAGES" / f"{domain}.mo").open("rb") as opened:
        return GNUTranslations(opened)


def user_language(environ: Mapping[str, str]) -> str:
    """Return the code of the language that a user reads, by the rules of gettext.

    `LANGUAGE` is a list in order of preference, of which the first counts that is known here; it
    is void where the locale is that of programs. What is not known is English.
    """
    own = next((environ[name] for name in VARIABLES if environ.get(name)), None)
    if own in NO_LANGUAGE:
        return "en"
    wanted = (environ.get("LANGUAGE") or own or "").split(":")
    codes = (each.partition(".")[0].partition("_")[0].partition("@")[0] for each in wanted)
    return next((code for code in codes if code in {"en", *TRANSLATED}), "en")


def filled(template: str, values: Mapping[str, Any], catalogue: NullTranslations = ENGLISH) -> str:
    """Return a template, translated already, with its values, of which some are told themselves."""
    return _Filling(catalogue).vformat(template, (), values)


class _Filling(Formatter):
    def __init__(self, catalogue: NullTranslations) -> None:
        self._catalogue = catalogue

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:  # noqa: ANN401 - any value
        value, used = super().get_field(field_name, args, kwargs)
        return value.in_language(self._catalogue) if isinstance(value, Told) else value, used
