"""Tag queries, a small language that selects tracks: text in, a predicate on tracks out.

    genre:ambient                   the genre holds "ambient", in any case
    artist:"Hans Zimmer"            quotes keep spaces and commas together
    -artist:"Hans Zimmer"           not
    genre:ambient,drone             one or the other
    genre:ambient year:1990..2005   both
    path:Classical/                 the path holds it
    energy:0.2..0.5   tension:..0.4   bpm:..80   length:3..8   year:1999
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
from difflib import get_close_matches

from playlist_builder.errors import QueryError
from playlist_builder.models import MIN_KEY_CONFIDENCE, MIN_TEMPO_CONFIDENCE, Track
from playlist_builder.text import folded, printable

Predicate = Callable[[Track], bool]
LIMIT = 2000  # characters


def _year(track: Track) -> float | None:
    found = re.match(r"\s*(\d{4})", track.tags.date)
    return float(found[1]) if found else None


def _bpm(track: Track) -> float | None:
    features = track.features
    return features.tempo_bpm if features.tempo_confidence >= MIN_TEMPO_CONFIDENCE else None


def _key(track: Track) -> tuple[str, ...]:
    features = track.features
    return (features.key,) if features.key_confidence >= MIN_KEY_CONFIDENCE else ()


_TEXTS: dict[str, Callable[[Track], Iterable[str]]] = {
    "title": lambda track: (track.tags.title,),
    "artist": lambda track: (*track.tags.artists, *track.tags.album_artists),
    "album": lambda track: (track.tags.album,),
    "genre": lambda track: track.tags.genres,
    "mood": lambda track: track.tags.moods,
    "comment": lambda track: track.tags.comments,
    "date": lambda track: (track.tags.date,),
    "path": lambda track: (track.path.replace("\\", "/"),),
}
_WHOLE: dict[str, Callable[[Track], Iterable[str]]] = {
    "language": lambda track: track.tags.languages,
    "vocals": lambda track: (track.vocals,),
    "key": _key,
}
_NUMBERS: dict[str, Callable[[Track], float | None]] = {
    "year": _year,
    "energy": lambda track: track.energy,
    "peak": lambda track: track.peak_energy,
    "tension": lambda track: track.emotion.tension if track.emotion else None,
    "moving": lambda track: track.emotion.moving if track.emotion else None,
    "bpm": _bpm,
    "length": lambda track: track.duration_s / 60.0,
    "loudness": lambda track: track.features.loudness_lufs,
    "range": lambda track: track.features.loudness_range_lu,
    "startle": lambda track: track.startle_lu,
    "brightness": lambda track: track.features.spectral_centroid_hz,
}
FIELDS = (*_TEXTS, *_WHOLE, *_NUMBERS)
ANYWHERE = ("title", "artist", "album", "genre", "path")  # where a word without a field is sought

_WORD = re.compile(
    r'\s*(?P<no>-?)(?:(?P<field>[^\s:",]+):)?(?P<value>(?:"[^"]*"|[^\s"])+)(?=\s|\Z)'
)
_PART = re.compile(r'(?:"[^"]*"|[^,"])+')
_NUMBER = r"-?\d+(?:\.\d+)?"
_RANGE = re.compile(rf"(?P<low>{_NUMBER})?(?P<dots>\.\.)?(?P<high>{_NUMBER})?")


def parse(text: str) -> Predicate:
    """Return the predicate of one query; raises `QueryError` saying what is wrong with it."""
    if len(text) > LIMIT:
        raise QueryError(f"A query of more than {LIMIT} characters. Give several shorter ones.")
    if not text.strip():
        raise QueryError("An empty query says nothing. Give one such as genre:ambient.")
    tests: list[Predicate] = []
    place = 0
    while text[place:].strip():
        word = _WORD.match(text, place)
        if word is None or (word["field"] is None and re.match(r"[^\"]*:|-", word["value"])):
            raise QueryError(
                f"Query {_quoted(text)}: cannot read {_quoted(text[place:].strip())}."
                " Write field:value, and quotes in pairs."
            )
        tests.append(_test(text, word))
        place = word.end()
    return lambda track: all(test(track) for test in tests)


def any_of(queries: Sequence[str]) -> Predicate | None:
    """Return the predicate that holds where any of the queries does; None without a query."""
    tests = [parse(text) for text in queries]
    return (lambda track: any(test(track) for test in tests)) if tests else None


def _test(text: str, word: re.Match[str]) -> Predicate:
    field, values = word["field"], _PART.findall(word["value"])
    if field is not None and field.casefold() not in FIELDS:
        close = get_close_matches(field.casefold(), FIELDS, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise QueryError(
            f"Query {_quoted(text)}: no field '{field}'.{hint} Fields: {', '.join(FIELDS)}."
        )
    tests = [_single(text, field and field.casefold(), value) for value in values]
    if not tests:
        raise QueryError(f"Query {_quoted(text)}: '{field}' has no value. Write field:value.")
    expected = not word["no"]
    return lambda track: any(test(track) for test in tests) is expected


def _single(text: str, field: str | None, value: str) -> Predicate:
    if field in _NUMBERS:
        return _between(text, field, value)
    needle = folded(value.replace('"', ""))
    if not needle:
        raise QueryError(f"Query {_quoted(text)}: an empty value. Write field:value.")
    if field in _WHOLE:
        read = _WHOLE[field]
        return lambda track: any(needle == folded(found) for found in read(track))
    sources = [_TEXTS[name] for name in ((field,) if field else ANYWHERE)]
    return lambda track: any(
        needle in folded(found) for source in sources for found in source(track)
    )


def _between(text: str, field: str, value: str) -> Predicate:
    parts = _RANGE.fullmatch(value)
    if parts is None or not (parts["low"] or parts["high"]):
        raise QueryError(
            f"Query {_quoted(text)}: '{field}' is a number. Write {field}:1..2, {field}:..2,"
            f" {field}:1.. or {field}:1."
        )
    low = float(parts["low"] or "-inf")
    high = float(parts["high"] or "inf")
    if not parts["dots"]:  # as precise as it was written: bpm:80 is 79.5 to 80.5
        digits = len(value.partition(".")[2])
        half = 0.5 * 10.0**-digits
        low, high = low - half, low + half
    if low > high:
        raise QueryError(f"Query {_quoted(text)}: {value} ends before it starts.")
    read = _NUMBERS[field]

    def test(track: Track) -> bool:
        found = read(track)
        return found is not None and low <= found <= high

    return test


def _quoted(text: str) -> str:
    shown = printable(text, " ")
    return f"'{shown[:60]}{'...' if len(shown) > 60 else ''}'"  # noqa: PLR2004 - as much as is cut
