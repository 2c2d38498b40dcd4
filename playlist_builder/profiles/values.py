"""Values of a profile's TOML, each checked and returned as what it stands for.

`where` names the key. What does not belong there is a ProfileError that says what does.
"""

from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches
from typing import get_args

from playlist_builder.checked import one_of
from playlist_builder.errors import ProfileError, QueryError
from playlist_builder.language.durations import seconds_of
from playlist_builder.language.translation import Phrase
from playlist_builder.profiles.profile import VocalsRule
from playlist_builder.tracks.queries import parse as parse_query

MAX_TEXT = 500
MAX_NAME = 40
MAX_COUNT = 10_000
PAIR = 2
SHOWN_MAX = 10**15  # whatever is larger is a mistake, and can be thousands of digits long


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """Return a sentence that suggests the closest of the options, or nothing."""
    close = get_close_matches(word, list(options), n=1)
    return Phrase(" Did you mean '{name}'?", name=close[0]) if close else ""


def one_or_two(
    value: object, where: str, high: float, two: str = Phrase("two")
) -> tuple[float, float]:
    """Return two numbers from 0 to `high`, twice the same where there is one."""
    if isinstance(value, list) and len(value) != PAIR:
        raise wrong(
            where, Phrase("a number from 0 to {high:g}, or {two}", high=high, two=two), value
        )
    pair = value if isinstance(value, list) else [value, value]
    first, second = (number(each, where, 0.0, high) for each in pair)
    return first, second


def flag(value: object, where: str) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise wrong(where, Phrase("true or false"), value)
    return value


def count(value: object, where: str, low: int) -> int:
    """Return a whole number from `low` on."""
    if type(value) is not int or not low <= value <= MAX_COUNT:
        raise wrong(
            where, Phrase("a whole number from {least} to {most}", least=low, most=MAX_COUNT), value
        )
    return value


def vocals(value: object, where: str) -> object:
    """Return a rule for voices."""
    if value not in get_args(VocalsRule):
        raise wrong(where, one_of(get_args(VocalsRule)), value)
    return value


def query(value: object, where: str) -> str:
    """Return the text of a tag query that can be read."""
    words = text(value, where)
    try:
        parse_query(words)
    except QueryError as error:
        raise ProfileError("{where}: {error}", where=where, error=error) from error
    return words


def texts(read: Callable[[object, str], str], value: object, where: str) -> tuple[str, ...]:
    """Return the texts of a list, each as `read` takes it."""
    given = enumerate(items(value, where), start=1)
    return tuple(read(each, f"{where}[{place}]") for place, each in given)


def table(value: object, where: str, known: Collection[str]) -> dict[str, object]:
    """Return a table whose keys are all known."""
    if not isinstance(value, dict):
        raise wrong(where, Phrase("a table"), value)
    for key in value:
        if key not in known:
            hint = did_you_mean(key, known) or Phrase(
                " Known here: {names}.", names=", ".join(known)
            )
            raise ProfileError(
                "{where}{dot}{key}: unknown key.{hint}",
                where=where,
                dot="." if where else "",
                key=shown(key),
                hint=hint,
            )
    return value


def items(value: object, where: str) -> list[object]:
    """Return a list."""
    if not isinstance(value, list):
        raise wrong(where, Phrase("a list"), value)
    return value


def span(value: object, where: str, high: float, least: float) -> tuple[float, float]:
    """Return two numbers from 0 to `high`, the second larger by `least` or more."""
    if not isinstance(value, list) or len(value) != PAIR:
        raise wrong(where, Phrase("two numbers, [from, to]"), value)
    start, end = (number(each, where, 0.0, high) for each in value)
    if end <= start or end - start < least:
        raise ProfileError(
            "{where}: expected an end after the start, not [{start:g}, {end:g}].",
            where=where,
            start=start,
            end=end,
        )
    return start, end


def between(value: object, where: str) -> tuple[float, float]:
    """Return two numbers from 0 to 1, the lower first."""
    if not isinstance(value, list) or len(value) != PAIR:
        raise wrong(where, Phrase("two numbers, [low, high]"), value)
    low, high = (number(each, where, 0.0, 1.0) for each in value)
    if low > high:
        raise ProfileError(
            "{where}: expected the lower number first, not [{low:g}, {high:g}].",
            where=where,
            low=low,
            high=high,
        )
    return low, high


def number(value: object, where: str, low: float, high: float, unit: float = 1.0) -> float:
    """Return a number from `low` to `high`, times `unit`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise wrong(where, Phrase("a number from {low:g} to {high:g}", low=low, high=high), value)
    return float(value) * unit


def length(value: object, where: str) -> float:
    """Return the seconds of a length such as "90s", "2m", "1m30s" or "0:02:00"."""
    seconds = seconds_of(value.strip()) if isinstance(value, str) else None
    if seconds is None:
        raise wrong(where, Phrase('a length such as "90s", "2m" or "1m30s"'), value)
    return seconds


def text(value: object, where: str, most: int = MAX_TEXT, least: int = 1) -> str:
    """Return text on one line; what a terminal would obey instead of print is refused."""
    line = " ".join(value.split()) if isinstance(value, str) else ""
    if not isinstance(value, str) or not least <= len(line) <= most or not line.isprintable():
        raise wrong(
            where,
            Phrase("plain text of {least} to {most} characters", least=least, most=most),
            value,
        )
    return line


def wrong(where: str, expected: str, value: object) -> ProfileError:
    """Return the error that says what a key holds, and what it should."""
    missing, other = Phrase("but it is missing"), Phrase("not {value}", value=shown(value))
    found = missing if value is None else other
    return ProfileError(
        "{where}: expected {expected}, {found}.", where=where, expected=expected, found=found
    )


def shown(value: object) -> str:
    """Return what a message says of a value, which may be huge or hold anything."""
    match value:
        case bool():
            words: str = str(value).lower()
        case dict():
            words = Phrase("a table")
        case list():
            words = Phrase("a list of {count}", count=len(value))
        case int() if abs(value) > SHOWN_MAX:
            words = Phrase("a huge number")
        case str() if len(value) > MAX_NAME:
            words = Phrase(
                "{start!r}... ({count} characters)", start=value[:MAX_NAME], count=len(value)
            )
        case str():
            words = repr(value)
        case _:
            words = str(value)
    return words
