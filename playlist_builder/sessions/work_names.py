# ruff: noqa: RUF001 - names in the letters of their languages
"""Titles and artists of one work as different lists write them: decorated, translated, in versions.

A title is taken apart into what it is called, by several names where it is translated, and which
version it is: live, a remix, an edit. What tells of an issue alone, as "2005 Digital Remaster", is
left out.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from playlist_builder.language.text import comparable
from playlist_builder.tracks.artists import is_nobody

# What a title is decorated with, none of which makes it another recording.
_ISSUE = frozenset(
    {
        *("remaster", "remastered", "remasterisé", "digital", "deluxe", "expanded", "anniversary"),
        *("bonus", "track", "mono", "stereo", "explicit", "clean", "album", "original", "single"),
        *("version", "edition", "hd", "hi", "res", "bit", "khz", "official", "audio", "video"),
        *("from", "the", "soundtrack", "ost", "motion", "picture", "score", "taken", "reissue"),
        *("recording", "リマスター", "オリジナル", "サウンドトラック", "ボーナストラック"),
    }
)
# What makes it another one.
_VERSIONS = frozenset(
    {
        *(
            "live",
            "remix",
            "mix",
            "acoustic",
            "demo",
            "instrumental",
            "karaoke",
            "edit",
            "extended",
        ),
        *(
            "alternate",
            "alternative",
            "unplugged",
            "rehearsal",
            "session",
            "sessions",
            "orchestral",
        ),
        *("acapella", "cappella", "cover", "dub", "reprise", "outtake", "arr", "arranged", "piano"),
        *("arrangement", "transcription", "rework", "reworked", "variation", "sped", "slowed"),
        *(
            "ライブ",
            "リミックス",
            "アコースティック",
            "インストゥルメンタル",
            "カラオケ",
            "アレンジ",
        ),
    }
)
_GUESTS = re.compile(r"(?:feat|ft|featuring|with)\b\.?", re.IGNORECASE)
_GUESTS_BEHIND = re.compile(r"\s+(?:feat|ft|featuring)\b\.? .*", re.IGNORECASE)
_BRACKETS = re.compile(r"[(\[{（［【「『]([^()\[\]{}（）［］【】「」『』]*)[)\]}）］】」』]")
_PARTED = re.compile(r"\s+[-\u2013\u2014/=|]\s+")
_NUMBERED = re.compile(r"\d|\b(?:pt|part|no|op|vol|act|[ivx]+)\b", re.IGNORECASE)
_ARTISTS = re.compile(
    r"\s*(?:[,;/&+、，・×]|\b(?:and|und|et|feat|ft|featuring|with|vs)\b\.?)\s*", re.IGNORECASE
)
_ACCENTS = re.compile("[\u0300-\u036f]")  # of Latin, Greek and Cyrillic; Japanese has its own


@dataclass(frozen=True, slots=True)
class TitleNames:
    """What a title says: `sure` names of the work, others that `may` be, and the version."""

    sure: frozenset[str]
    may: frozenset[str]
    version: frozenset[str]


@lru_cache(maxsize=200_000)  # of a large library, each compared with many lists
def names_of(title: str) -> TitleNames:
    """Return the names and the version that a title tells."""
    if title.isascii() and not re.search(r"[(\[{]| [-/=|] |feat|ft\.| ft ", title, re.IGNORECASE):
        return TitleNames(frozenset({plain(title)}) - {""}, frozenset(), frozenset())
    bare = _GUESTS_BEHIND.sub("", _BRACKETS.sub(" ", title))
    base, *behind = _PARTED.split(bare.strip()) or [""]
    kept, version, sure, may = [base], frozenset[str](), set[str](), set[str]()
    for text, in_brackets in [(text, True) for text in _BRACKETS.findall(title)] + [
        (text, False) for text in behind
    ]:
        words = frozenset(plain(text).split())
        if _GUESTS.match(text.strip()) or _is_of_issue(words):
            continue
        if words & _VERSIONS:
            version |= words - _ISSUE
        elif _is_latin(text) != _is_latin(base):
            sure |= {plain(text), plain(base)}
        else:
            kept.append(text)
            if in_brackets and not _NUMBERED.search(text):
                may |= {plain(text), plain(base)}
    sure.add(plain(" ".join(kept)))
    return TitleNames(frozenset(sure) - {""}, frozenset(may) - {""}, version)


def are_versions(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two versions are different ones: live or not; or by others, where both say whose."""
    return not (one <= other or other <= one) or bool(one & _VERSIONS) != bool(other & _VERSIONS)


def artist_names(*texts: str) -> frozenset[frozenset[str]]:
    """Return the artists that texts name, each as the set of its words, in whatever order."""
    names = {
        frozenset(plain(name).split())
        for text in texts
        for name in (text, *_ARTISTS.split(text))
        if name.strip() and not is_nobody(name)
    }
    return frozenset(names)


def share_artist(one: frozenset[frozenset[str]], other: frozenset[frozenset[str]]) -> bool | None:
    """Whether two sets of artists share one, None where either is not known."""
    return bool(one & other) if one and other else None


def plain(text: str) -> str:
    """Return a name in comparable form, without accents."""
    if text.isascii():
        return comparable(text)
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
    return comparable(unicodedata.normalize("NFC", bare))


def _is_of_issue(words: frozenset[str]) -> bool:
    return all(word in _ISSUE or word.isdecimal() for word in words)


def _is_latin(text: str) -> bool:
    letters = [each for each in text if each.isalpha()]
    latin = sum("LATIN" in unicodedata.name(each, "") for each in letters)
    return 2 * latin >= len(letters)
