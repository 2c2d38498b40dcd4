"""Tag queries, a small language that selects tracks: text in, a `Query` out.

    genre:ambient                   the genre holds "ambient", in any case
    artist:"Hans Zimmer"            quotes keep spaces and commas together
    -artist:"Hans Zimmer"           not
    genre:ambient,drone             one or the other
    genre:ambient year:1990..2005   both
    path:Classical/                 the path holds it
    energy:0.2..0.5   tension:..0.4   bpm:..80   length:3..8   year:1999
    energy<0.5   year>=1990         numbers may be compared as well; text that holds < is quoted
    piano                           title, artist, album, genre or path holds it

Words side by side must all hold; a comma is "or" within one field; `-` before a word is "not".
Text is compared without regard to case, Unicode form of accents, width of letters, or the kind of a
hyphen, apostrophe or quote. Numbers are a value or a range that includes both ends, of which one
may be left out. A missing field matches nothing: `year:..1990` leaves out tracks without a year,
and `-year:1991..` includes them. Of several queries given together, any one has to match.

Fields of text: title, artist, album, genre, mood, comment, language (an ISO 639 code, whole),
date, path, key, vocals (whole). Numbers: year, energy and peak (0 to 1), tension and moving (0 to
1, where the track has an embedding), bpm (where it is certain), length (minutes), loudness (LUFS),
range (LU), startle (LU), brightness (Hz).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import chain

import numpy as np

from playlist_builder import checked
from playlist_builder.errors import QueryError
from playlist_builder.language.text import folded, printable
from playlist_builder.language.translation import Phrase
from playlist_builder.models import (
    KEYS,
    MIN_KEY_CONFIDENCE,
    MIN_TEMPO_CONFIDENCE,
    Bools,
    Floats,
    Track,
)
from playlist_builder.tracks.track_table import VOCALS, TrackTable

Predicate = Callable[[Track], bool]
LIMIT = 2000  # characters


@dataclass(frozen=True, slots=True)
class Query:
    """Whether a track matches; `mask` says it of all tracks of a table, and makes none of them."""

    holds: Predicate
    mask: Callable[[TrackTable], Bools]

    def __call__(self, track: Track) -> bool:
        """Whether a track matches."""
        return self.holds(track)


@dataclass(frozen=True, slots=True)
class _Text:
    """A field of text: what a track holds, and what each track of a table holds."""

    of: Callable[[Track], Iterable[str]]
    column: Callable[[TrackTable], Iterable[Iterable[str]]]


@dataclass(frozen=True, slots=True)
class _Number:
    """A field that is a number: of a track, or None; and of each track of a table, or NaN."""

    of: Callable[[Track], float | None]
    column: Callable[[TrackTable], Floats]


@lru_cache(maxsize=1000)
def _year(date: str) -> float | None:
    found = re.match(r"\s*(\d{4})", date)
    return float(found[1]) if found else None


def _bpm(track: Track) -> float | None:
    features = track.features
    return features.tempo_bpm if features.tempo_confidence >= MIN_TEMPO_CONFIDENCE else None


def _bpm_column(table: TrackTable) -> Floats:
    is_sure = table.measured("tempo_confidence") >= MIN_TEMPO_CONFIDENCE
    return np.where(is_sure, table.measured("tempo_bpm"), np.nan)


def _key(track: Track) -> tuple[str, ...]:
    features = track.features
    return (features.key,) if features.key_confidence >= MIN_KEY_CONFIDENCE else ()


def _key_column(table: TrackTable) -> list[tuple[str, ...]]:
    is_sure = table.measured("key_confidence") >= MIN_KEY_CONFIDENCE
    keys = np.where(is_sure, table.measured("key"), -1).astype(int).tolist()
    return [(KEYS[key],) if key >= 0 else () for key in keys]


def _peak_column(table: TrackTable) -> Floats:
    values, begins, _ = table.contours()
    return np.maximum.reduceat(values, begins).astype(np.float64) if len(begins) else np.zeros(0)


def _tags(*names: str) -> _Text:
    """Return the field of some tags that are tuples of texts."""
    return _Text(
        lambda track: [text for name in names for text in getattr(track.tags, name)],
        lambda table: ([text for own in tags for text in own] for tags in table.tags(*names)),
    )


def _measured(name: str, unit: float = 1.0) -> _Number:
    return _Number(
        lambda track: getattr(track.features, name) / unit,
        lambda table: table.measured(name) / unit,
    )


def _slashed(path: str) -> tuple[str]:
    return (path.replace("\\", "/"),)


_TEXTS = {
    "title": _Text(
        lambda track: (track.tags.title,), lambda table: [(title,) for title in table.titles]
    ),
    "artist": _tags("artists", "album_artists"),
    "album": _Text(lambda track: (track.tags.album,), lambda table: table.tags("album")),
    "genre": _tags("genres"),
    "mood": _tags("moods"),
    "comment": _tags("comments"),
    "date": _Text(lambda track: (track.tags.date,), lambda table: table.tags("date")),
    "path": _Text(
        lambda track: _slashed(track.path), lambda table: [_slashed(path) for path in table.paths]
    ),
}
ANYWHERE = ("title", "artist", "album", "genre", "path")  # where a word without a field is sought
_ANYWHERE = _Text(
    lambda track: chain.from_iterable(_TEXTS[name].of(track) for name in ANYWHERE),
    lambda table: [
        (*_slashed(path), title, album, *chain(*others))
        for path, (title, album, *others) in zip(
            table.paths,
            table.tags("title", "album", "artists", "album_artists", "genres"),  # read once
            strict=True,
        )
    ],
)
_WHOLE = {
    "language": _tags("languages"),
    "vocals": _Text(
        lambda track: (track.vocals,),
        lambda table: [(VOCALS[own],) for own in table.vocals.tolist()],
    ),
    "key": _Text(_key, _key_column),
}
_NUMBERS = {
    "year": _Number(
        lambda track: _year(track.tags.date),
        lambda table: np.array([_year(date) for (date,) in table.tags("date")], np.float64),
    ),
    "energy": _Number(lambda track: track.energy, lambda table: table.energy),
    "peak": _Number(lambda track: track.peak_energy, _peak_column),
    "tension": _Number(
        lambda track: track.emotion.tension if track.emotion else None,
        lambda table: table.tension,
    ),
    "moving": _Number(
        lambda track: track.emotion.moving if track.emotion else None, lambda table: table.moving
    ),
    "bpm": _Number(_bpm, _bpm_column),
    "length": _measured("duration_s", 60.0),
    "loudness": _measured("loudness_lufs"),
    "range": _measured("loudness_range_lu"),
    "startle": _measured("startle_lu"),
    "brightness": _measured("spectral_centroid_hz"),
}
FIELDS = (*_TEXTS, *_WHOLE, *_NUMBERS)

_WORD = re.compile(
    r'\s*(?P<no>-?)(?:(?P<field>[^\s:",]+):)?(?P<value>(?:"[^"]*"|[^\s"])+)(?=\s|\Z)'
)
_COMPARED = re.compile(
    rf"(?P<field>{'|'.join(FIELDS)})(?P<sign><=|>=|<|>|=)(?P<value>[^<>=]+)", re.IGNORECASE
)
_UNKNOWN = re.compile(r"(?P<field>[^\W\d]\w*)(?P<sign>[<>]=?|=)[^<>=]+")
_PART = re.compile(r'(?:"[^"]*"|[^,"])+')
_NUMBER = r"-?(?:\d+(?:\.\d+)?|\.\d+)"
_SIGN = re.compile(rf"(?:{_NUMBER}|{'|'.join(FIELDS)})?[<>]", re.IGNORECASE)
_NO_FIELD = re.compile(rf"(?P<field>[^\W\d]\w*)[<>]=?{_NUMBER}")
_RANGE = re.compile(rf"(?P<low>{_NUMBER})?(?P<dots>\.\.)?(?P<high>{_NUMBER})?")


def parse(text: str) -> Query:
    """Return one query; raises `QueryError` saying what is wrong with it."""
    if len(text) > LIMIT:
        raise QueryError(
            "A query of more than {LIMIT} characters. Give several shorter ones.", LIMIT=LIMIT
        )
    if not text.strip():
        raise QueryError("An empty query says nothing. Give one such as genre:ambient.")
    tests: list[Query] = []
    place = 0
    while text[place:].strip():
        word = _WORD.match(text, place)
        if word is None or (word["field"] is None and re.match(r"[^\"]*:|-", word["value"])):
            raise QueryError(
                "Query {text}: cannot read {part}. Write field:value, and quotes in pairs.",
                text=_quoted(text),
                part=_quoted(text[place:].strip()),
            )
        tests.append(_test(text, word))
        place = word.end()
    return _all(tests)


@checked.takes(query=checked.text)
def matching(tracks: Sequence[Track], query: str) -> TrackTable:
    """Return the tracks that a query names, such as `genre:ambient energy:..0.3`, in their order.

    Raises `QueryError` saying what is wrong with it.
    """
    table = TrackTable.of(tracks)
    return table.take(parse(query).mask(table))


def any_of(queries: Sequence[str]) -> Query | None:
    """Return the query that holds where any of the queries does; None without a query."""
    tests = [parse(text) for text in queries]
    return _any(tests) if tests else None


def _all(tests: Sequence[Query]) -> Query:
    return Query(
        lambda track: all(test.holds(track) for test in tests),
        lambda table: np.logical_and.reduce([test.mask(table) for test in tests]),
    )


def _any(tests: Sequence[Query]) -> Query:
    return Query(
        lambda track: any(test.holds(track) for test in tests),
        lambda table: np.logical_or.reduce([test.mask(table) for test in tests]),
    )


def _not(test: Query) -> Query:
    return Query(lambda track: not test.holds(track), lambda table: ~test.mask(table))


def _test(text: str, word: re.Match[str]) -> Query:
    field, value = word["field"], word["value"]
    compared = None if field else _COMPARED.fullmatch(value)
    if compared and compared["sign"] != "=":
        test = _compared(text, compared["field"].casefold(), compared["sign"], compared["value"])
        return _not(test) if word["no"] else test
    unknown = None if field or compared else _UNKNOWN.fullmatch(value)
    if unknown and (unknown["sign"] != "=" or _nearest(unknown["field"])):
        raise _no_field(text, unknown["field"])
    if field is None and compared is None and _SIGN.match(value):
        raise QueryError(
            "Query {text}: cannot read {value}. Compare as in energy<0.5, without spaces,"
            " or write a range such as energy:0.2..0.5; put quotes around text.",
            text=_quoted(text),
            value=_quoted(value),
        )
    if compared:
        field, value = compared["field"], compared["value"]
    elif field is None and (unknown := _NO_FIELD.fullmatch(value)):
        field = unknown["field"]
    values = _PART.findall(value)
    if field is not None and field.casefold() not in FIELDS:
        raise _no_field(text, field)
    tests = [_single(text, field and field.casefold(), value) for value in values]
    if not tests:
        raise QueryError(
            "Query {text}: '{field}' has no value. Write field:value.",
            text=_quoted(text),
            field=field,
        )
    return _not(_any(tests)) if word["no"] else _any(tests)


def _nearest(field: str) -> list[str]:
    """Return the field that was perhaps meant, if any."""
    return get_close_matches(field.casefold(), FIELDS, n=1)


def _no_field(text: str, field: str) -> QueryError:
    close = _nearest(field)
    return QueryError(
        "Query {text}: no field '{field}'.{hint} Fields: {names}.",
        text=_quoted(text),
        field=field,
        hint=Phrase(" Did you mean '{name}'?", name=close[0]) if close else "",
        names=", ".join(FIELDS),
    )


def _single(text: str, field: str | None, value: str) -> Query:
    if field in _NUMBERS:
        return _between(text, field, value)
    needle = folded(value.replace('"', ""))
    if not needle:
        raise QueryError("Query {text}: an empty value. Write field:value.", text=_quoted(text))
    if field in _WHOLE:
        return _holding(_WHOLE[field], lambda found: needle == folded(found))
    return _holding(_TEXTS[field] if field else _ANYWHERE, lambda found: needle in folded(found))


def _holding(field: _Text, test: Callable[[str], bool]) -> Query:
    """Return the query that holds where a test does of any text of a field."""

    def mask(table: TrackTable) -> Bools:
        column = list(field.column(table))
        holding = set(filter(test, set(chain.from_iterable(column))))
        return np.array([not holding.isdisjoint(own) for own in column], np.bool_)

    return Query(lambda track: any(map(test, field.of(track))), mask)


def _compared(text: str, field: str, sign: str, value: str) -> Query:
    """Return the query that holds where a number is above or below a value, or that value."""
    if field not in _NUMBERS:
        numbers = ", ".join(_NUMBERS)
        raise QueryError(
            "Query {text}: {field}{sign} compares no numbers. Those are {numbers}.",
            text=_quoted(text),
            field=field,
            sign=sign,
            numbers=numbers,
        )
    if not re.fullmatch(_NUMBER, value):
        raise QueryError(
            "Query {text}: {value} is not a number. Write one with a point, such as 0.4.",
            text=_quoted(text),
            value=_quoted(value),
        )
    limit = float(value)
    if sign == "<":
        return _within(field, -np.inf, np.nextafter(limit, -np.inf))
    if sign == ">":
        return _within(field, np.nextafter(limit, np.inf), np.inf)
    return _within(field, *((-np.inf, limit) if sign == "<=" else (limit, np.inf)))


def _between(text: str, field: str, value: str) -> Query:
    parts = _RANGE.fullmatch(value)
    if parts is None or not (parts["low"] or parts["high"]):
        raise QueryError(
            "Query {text}: '{field}' is a number. Write {example}.",
            text=_quoted(text),
            field=field,
            example=", ".join(f"{field}:{each}" for each in ("1..2", "..2", "1..", "1")),
        )
    low = float(parts["low"] or "-inf")
    high = float(parts["high"] or "inf")
    if not parts["dots"]:  # as precise as it was written: bpm:80 is 79.5 to 80.5
        digits = len(value.partition(".")[2])
        half = 0.5 * 10.0**-digits
        low, high = low - half, low + half
    if low > high:
        raise QueryError(
            "Query {text}: {value} ends before it starts.", text=_quoted(text), value=value
        )
    return _within(field, low, high)


def _within(field: str, low: float, high: float) -> Query:
    """Return the query that holds where a number lies between two, both included."""
    number = _NUMBERS[field]

    def holds(track: Track) -> bool:
        found = number.of(track)
        return found is not None and low <= found <= high

    def mask(table: TrackTable) -> Bools:
        found = number.column(table)
        return np.asarray((low <= found) & (found <= high))

    return Query(holds, mask)


def _quoted(text: str) -> str:
    shown = printable(text, " ")
    return f"'{shown[:60]}{'...' if len(shown) > 60 else ''}'"  # noqa: PLR2004 - as much as is cut
