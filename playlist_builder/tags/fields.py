"""Names and raw values of tags to `Tags`, whatever the format. Pure.

Values are not corrected, and control characters other than NUL are kept. Several values are
separated as follows:
- NUL (ID3v2.4, APE) and repeated names (Vorbis, MP4, ASF) always separate.
- Artists, languages and moods are also split at " / " and "; ", genres at " / " and any ";". A bare
  "/" does not separate, although ID3v2.3 says so for artists: "AC/DC" and "R&B/Soul" are one.
  Nor do commas: "Earth, Wind & Fire".
- MusicBrainz ids are found by their form, after any separator.
"""

import math
import os
import re
from collections.abc import Iterable
from itertools import islice

from playlist_builder.models import Tags
from playlist_builder.tags.cue_sheet import count_tracks
from playlist_builder.tags.lyrics import are_lyrics

MAX_CHARACTERS = 10_000  # of a value: longer than any real comment
MAX_VALUES = 100  # where a list of values is cut
MAX_GAIN_DB = 128.0  # range of R128 gains (RFC 7845, Q7.8); larger gains are errors and left out
R128_TO_REPLAYGAIN_DB = 5.0  # RFC 7845 has gains to -23 LUFS, ReplayGain 2.0 to -18 LUFS
# The first name that has a value gives the field. Names are compared by `_plain`.
_NAMES = {
    "title": ("tit2", "title", "©nam", "inam"),
    "artists": ("artists", "tpe1", "artist", "©art", "author", "iart"),
    "album": ("talb", "album", "albumtitle", "©alb", "iprd"),
    "album_artists": ("albumartists", "tpe2", "albumartist", "aart"),
    "genres": ("tcon", "genre", "©gen", "ignr"),
    "date": ("tdrc", "date", "year", "©day", "icrd"),
    "languages": ("tlan", "language", "ilng"),
    "moods": ("tmoo", "mood"),
    "comments": ("comment", "description", "©cmt", "icmt"),
    "version": ("tit3", "subtitle", "version"),
    "performers": ("performer",),
    "lyricists": ("text", "lyricist", "writer"),
    "voice": ("ab:hi:voiceinstrumental:voice",),
    "no_voice": ("ab:hi:voiceinstrumental:instrumental",),
    "track_gain": ("replaygaintrackgain", "rva2track", "headertrackgain"),
    "track_peak": ("replaygaintrackpeak", "headertrackpeak"),
    "album_gain": ("replaygainalbumgain", "rva2album", "headeralbumgain"),
    "album_peak": ("replaygainalbumpeak", "headeralbumpeak"),
    "r128_track_gain": ("r128trackgain",),
    "r128_album_gain": ("r128albumgain",),
    "recording_id": ("musicbrainztrackid",),  # the name is older than the distinction
    "track_id": ("musicbrainzreleasetrackid",),
    "album_id": ("musicbrainzalbumid",),
    "artist_ids": ("musicbrainzartistid",),
    "isrc": ("tsrc", "isrc"),
}
_LYRICS = ("lyrics", "unsyncedlyrics", "syncedlyrics", "©lyr")  # any of them that has words
# "----:com.apple.iTunes:MOOD", "WM/Mood" and "Mood" are one name, and so are "ALBUM ARTIST",
# "ALBUMARTIST", "MusicBrainz Album Id", "MusicBrainz/Album Id" and "MUSICBRAINZ_ALBUMID".
_IGNORED_IN_NAMES = re.compile(r"^(?:----:[^:]*:|wm/)|[ _/]", re.IGNORECASE)
_NUL = re.compile(r"\x00")
_LIST = re.compile(r"\x00|;\s+| / ")
_GENRE_LIST = re.compile(r"\x00|;| / ")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")  # ISO 3901, without its hyphens
_SURROGATE = re.compile("[\ud800-\udfff]")
# "01 - ", "1-01 - ", "01. ", "01 ". Any other bare number may be the title's own: "99 Luftballons".
_TRACK_NUMBER = re.compile(r"\A(?:(?:\d-)?\d{1,3}(?:\s+-\s+|\.\s+)|0\d\s+)(?=[^\s-])")
_Words = dict[str, list[str]]


def from_pairs(pairs: Iterable[tuple[str, str]], path: str, duration_s: float | None) -> Tags:
    """Return the tags given by names and raw values.

    Without a title, `title_of` the path is the title. Gains are in dB relative to -18 LUFS; a peak
    of 1.0 is full scale. Ids that are no UUID and numbers that cannot be parsed are left out.
    """
    words: _Words = {}
    for name, value in pairs:
        words.setdefault(_plain(name), []).append(value)
    return Tags(
        title=_first(words, "title") or title_of(path),
        artists=_values(words, "artists", _LIST),
        album=_first(words, "album"),
        album_artists=_values(words, "album_artists", _LIST),
        genres=_values(words, "genres", _GENRE_LIST),
        date=_first(words, "date"),
        languages=_values(words, "languages", _LIST),
        moods=_values(words, "moods", _LIST),
        comments=_values(words, "comments"),
        has_lyrics=any(are_lyrics("\n".join(_parts(words, name, _NUL))) for name in _LYRICS),
        duration_s=duration_s,
        track_gain_db=_gain_db(words, "track"),
        track_peak=_peak(words, "track"),
        album_gain_db=_gain_db(words, "album"),
        album_peak=_peak(words, "album"),
        musicbrainz_recording_id="".join(_ids(words, "recording_id")[:1]),
        musicbrainz_track_id="".join(_ids(words, "track_id")[:1]),
        musicbrainz_album_id="".join(_ids(words, "album_id")[:1]),
        musicbrainz_artist_ids=_ids(words, "artist_ids"),
        version=_first(words, "version"),
        performers=_values(words, "performers"),
        lyricists=_values(words, "lyricists", _LIST),
        voice_chance=_voice_chance(words),
        cue_tracks=max(map(count_tracks, words.get("cuesheet", ())), default=0),
        isrc=next(filter(None, map(isrc_of, _values(words, "isrc"))), ""),
    )


def title_of(path: str) -> str:
    """Return the name of a file without suffix and track number, U+FFFD for bytes that are no text.

    A name that is only a number is kept.
    """
    stem = os.path.splitext(os.path.basename(path))[0]  # noqa: PTH119, PTH122 - a str throughout
    return _SURROGATE.sub("\ufffd", _TRACK_NUMBER.sub("", stem)).strip()


def isrc_of(text: str) -> str:
    """Return the ISRC that a text is, in its 12 letters and digits; empty where it is none."""
    plain = re.sub(r"[-\s]", "", text).upper().removeprefix("ISRC")
    return plain if _ISRC.fullmatch(plain) else ""


def _plain(name: str) -> str:
    return _IGNORED_IN_NAMES.sub("", name).casefold()


def _values(words: _Words, field: str, separator: re.Pattern[str] = _NUL) -> tuple[str, ...]:
    return next(filter(None, (_parts(words, name, separator) for name in _NAMES[field])), ())


def _parts(words: _Words, name: str, separator: re.Pattern[str]) -> tuple[str, ...]:
    parts = (
        part.strip()[:MAX_CHARACTERS].rstrip()
        for value in words.get(name, ())
        for part in separator.split(value)
    )
    return tuple(islice(dict.fromkeys(filter(None, parts)), MAX_VALUES))


def _first(words: _Words, field: str) -> str:
    return "".join(_values(words, field)[:1])


def _number(words: _Words, field: str) -> float | None:
    match = _NUMBER.match(_first(words, field))
    return float(match[0].replace(",", ".")) if match else None


def _gain_db(words: _Words, scope: str) -> float | None:
    gain_db = _number(words, f"{scope}_gain")
    if (r128 := _number(words, f"r128_{scope}_gain")) is not None:
        gain_db = r128 / 256 + R128_TO_REPLAYGAIN_DB
    return gain_db if gain_db is not None and abs(gain_db) <= MAX_GAIN_DB else None


def _peak(words: _Words, scope: str) -> float | None:
    peak = _number(words, f"{scope}_peak")
    return peak if peak is not None and 0 <= peak < math.inf else None


def _voice_chance(words: _Words) -> float | None:
    """Return the probability of a voice by AcousticBrainz, where Picard wrote it."""
    voice, no_voice = _number(words, "voice"), _number(words, "no_voice")
    chance = voice if voice is not None or no_voice is None else 1.0 - no_voice
    return chance if chance is not None and 0.0 <= chance <= 1.0 else None


def _ids(words: _Words, field: str) -> tuple[str, ...]:
    found = _UUID.findall(" ".join(_values(words, field)))
    return tuple(dict.fromkeys(map(str.lower, found)))
