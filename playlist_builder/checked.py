"""Values that a program passes in, checked where they come in.

Each takes what the value is called, and the value, which may be anything: that is what is checked.
It returns the value as it is used, or raises RequestError in one line that says what to give.
"""

import inspect
import math
import os
from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import Any, TypeVar, cast

from playlist_builder.errors import RequestError
from playlist_builder.language.translation import Phrase

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
Check = Callable[[str, Any], Any]
SHOWN = 60  # characters of a value that an error quotes


def wrong(field: str, wanted: str, value: object) -> RequestError:
    """Return the error of a value: what it is called, what to give, and what was given."""
    return RequestError(
        "{field}: give {wanted}, not {value}.",
        field=field,
        wanted=wanted,
        value=_shown(value),
    )


def _shown(value: object) -> str:
    try:
        return ascii(value)[:SHOWN]
    except ValueError:  # Python writes down no whole number of thousands of digits
        return Phrase("a number of thousands of digits")


def is_number(value: Any) -> bool:  # noqa: ANN401
    """Whether a value is a finite number, and no larger than a float; True and False are none."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def seconds(field: str, value: Any, *, is_above: bool = False) -> float:  # noqa: ANN401
    """Return seconds from 0 on, or above 0."""
    if is_number(value) and (value > 0.0 if is_above else value >= 0.0):
        return value  # type: ignore[no-any-return]
    above, from_on = (
        Phrase("seconds above 0, such as 60.0"),
        Phrase("seconds from 0 on, such as 60.0"),
    )
    raise wrong(field, above if is_above else from_on, value)


def whole(
    field: str,
    value: Any,  # noqa: ANN401
    least: int | None = None,
    most: int | None = None,
) -> int:
    """Return a whole number, from the `least` on and up to the `most` where these are given."""
    if type(value) is int and (least is None or value >= least) and (most is None or value <= most):
        return value
    raise wrong(field, _whole_number(least, most), value)


def _whole_number(least: int | None, most: int | None) -> Phrase:
    if least is None:
        return Phrase("a whole number")
    if most is None:
        return Phrase("a whole number from {least} on", least=least)
    return Phrase("a whole number from {least} to {most}", least=least, most=most)


def one_of(names: Iterable[str]) -> Phrase:
    """Return what to give where there is a choice."""
    return Phrase("one of {names}", names=", ".join(names))


def text(field: str, value: Any) -> str:  # noqa: ANN401
    """Return a text, which may be empty."""
    if isinstance(value, str):
        return value
    raise wrong(field, Phrase("a text"), value)


def written_text(field: str, value: Any) -> str:  # noqa: ANN401
    """Return a text that can be written down as UTF-8, as a library does."""
    found = text(field, value)
    try:
        found.encode()
    except UnicodeEncodeError:
        raise wrong(field, Phrase("a text of whole characters"), value) from None
    return found


def flag(field: str, value: Any) -> bool:  # noqa: ANN401
    """Return True or False."""
    if isinstance(value, bool):
        return value
    raise wrong(field, Phrase("True or False"), value)


def texts(field: str, value: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Return texts. One text alone is a mistake: it would be taken for its letters."""
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise wrong(field, Phrase("a tuple of texts, such as ('one', 'two')"), value)


def path(field: str, value: Any) -> str:  # noqa: ANN401
    """Return a path as text."""
    if isinstance(value, str | os.PathLike):
        name = os.fspath(value)
        if isinstance(name, str) and name and "\0" not in name and _is_written(name):
            return name
    raise wrong(field, Phrase("a path, as text or a Path"), value)


def _is_written(name: str) -> bool:
    """Whether the system has bytes for a name."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return True


def paths(field: str, value: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Return paths as texts. One path alone is a mistake, as one text is."""
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise wrong(field, Phrase("several paths, such as ['/music']"), value)
    return tuple(path(field, each) for each in value)


def instance(field: str, value: Any, kind: type[T]) -> T:  # noqa: ANN401
    """Return a value of a class."""
    if isinstance(value, kind):
        return value
    raise wrong(field, Phrase("a {kind}", kind=kind.__name__), value)


def several(field: str, value: Any, kind: type[T]) -> list[T]:  # noqa: ANN401
    """Return several values of a class as a list."""
    if not isinstance(value, Iterable):
        raise wrong(field, Phrase("several {kind}", kind=kind.__name__), value)
    return [instance(field, each, kind) for each in value]


def a(kind: type[T]) -> Callable[[str, Any], T]:
    """Return what checks that a value is of a class."""
    return partial(instance, kind=kind)


def at_least(least: int, most: int | None = None) -> Callable[[str, Any], int]:
    """Return what checks that a value is a whole number, from this one on, to the most if given."""
    return partial(whole, least=least, most=most)


def takes(**checks: Check) -> Callable[[F], F]:
    """Return a decorator that checks the arguments of these names, but where they are left out."""

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        usual = {name: each.default for name, each in signature.parameters.items()}

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            given = signature.bind(*args, **kwargs).arguments
            for name, check in checks.items():
                if name in given and given[name] is not usual[name]:
                    check(name, given[name])
            return function(*args, **kwargs)

        return cast("F", call)

    return decorate
