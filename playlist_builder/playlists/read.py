"""Playlists that other programs wrote: bytes to entries, and entries to the paths they may mean.

Reads M3U, M3U8, PLS, XSPF and session files: with or without a header or byte order mark, in UTF-8,
UTF-16 or an old codepage, with CRLF, backslashes, `file://` and percent signs. An entry can be
ambiguous (`100%25.mp3` is a name as well as a URI), so every path that it may mean is tried, the
most literal first, and the first that exists is taken.

Nothing is opened over a network, and playlists inside playlists are not followed.
"""

import math
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from urllib.parse import unquote, urlsplit
from xml.parsers import expat

from playlist_builder.errors import PlaylistError
from playlist_builder.playlists import session_json
from playlist_builder.playlists.decoded import CODEPAGE, UNPAIRED, decode
from playlist_builder.playlists.formats import TAIL_BEGINS
from playlist_builder.system import is_regular

SIZE_LIMIT_BYTES = 20_000_000  # above any playlist: 100,000 entries of 200 bytes
ENTRIES_LIMIT = 200_000  # above any playlist, and still read within seconds
DEPTH_LIMIT = 50  # elements of XML inside each other; XSPF has five, and what extensions add
OTHER_CODEPAGES = ("utf-8", "cp1251", "cp1250", "cp932", "gb18030", "cp949", "cp950", "cp850")
"""What is tried else, where no file has the name that its bytes have in `CODEPAGE`."""


_KNOWN = ".m3u, .m3u8, .pls, .xspf or .json"
_LINE = re.compile(r"[^\r\n]+")
_M3U_INFO = re.compile(
    r'#EXTINF:[ \t]*(?P<length>-?[0-9.]{1,15})?(?:[^,"]++|"[^"]*")*+(?:,(?P<title>.*))?',
    re.IGNORECASE,
)
_PLS_LINE = re.compile(
    r"[ \t\ufeff]*(?P<key>File|Title|Length)(?P<number>[0-9]+)[ \t]*=[ \t]*(?P<value>.*)",
    re.IGNORECASE,
)
_PLS_HEADER = re.compile(r"[ \t\ufeff]*\[playlist\]", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_BLANKS = " \t\ufeff"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `location` as it stands in the playlist, `title` as players show it.

    `span` is the start and end of the location: characters of the text of M3U and PLS, bytes of
    XSPF, and in a session the place among all slots. `is_uri` means that the format has locations
    as URIs, so that `%20` is first read as a blank. `is_tail` means that the entry plays after the
    planned session, where the playlist has that information.
    """

    location: str
    title: str = ""
    duration_s: float | None = None
    span: tuple[int, int] = field(default=(0, 0), compare=False)
    is_uri: bool = field(default=False, compare=False)
    is_tail: bool = field(default=False, compare=False)


def read_entries(path: str | os.PathLike[str]) -> list[Entry]:
    """Read a playlist file; raises `PlaylistError` where that cannot be done."""
    return parse(read(path), os.fspath(path))


def read(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a playlist file; raises `PlaylistError` where that cannot be done."""
    name = os.fspath(path)
    try:
        if not is_regular(path):
            raise PlaylistError(
                "Cannot read playlist {name!r}: it is no file but a pipe or device.", name=name
            )
        with Path(name).open("rb") as file:
            data = file.read(SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        raise PlaylistError(
            "Cannot read playlist {name!r}: {strerror}.",
            name=name,
            strerror=error.strerror or error,
        ) from error
    if len(data) > SIZE_LIMIT_BYTES:
        raise PlaylistError(
            "Playlist {name!r} is larger than any playlist. Give one of {most} MB at most.",
            name=name,
            most=SIZE_LIMIT_BYTES // 1_000_000,
        )
    return data


def kind_of(data: bytes, name: str) -> str:
    """Return `m3u`, `pls`, `xspf` or `session`, by the content and the `name`.

    Raises `PlaylistError` where it is none of them.
    """
    suffix = PurePath(name).suffix.lower()
    start = data[:200].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if start.startswith(b"<") and suffix not in {".m3u", ".m3u8"}:
        return "xspf"
    if suffix == ".json":
        return "session"
    if suffix == ".pls" or start.startswith(b"[playlist]"):
        return "pls"
    if suffix in {".m3u", ".m3u8", ".txt", ""} or b"#extm3u" in start[:20]:
        return "m3u"
    raise PlaylistError(
        "{name!r} is no playlist that is known here. Give {KNOWN}.", name=name, KNOWN=_KNOWN
    )


def parse(data: bytes, name: str) -> list[Entry]:
    """Return the entries of a playlist whose kind its content and its `name` tell.

    Raises `PlaylistError` where it is of no known kind or holds no entry.
    """
    match kind_of(data, name):
        case "xspf":
            entries = _xspf(data, name)
        case "session":
            session = session_json.parse(data.decode("utf-8-sig", "replace"), name)
            count = len(session.slots)
            entries = [
                Entry(slot.path, slot.title, slot.duration_s, (place,) * 2, is_tail=place >= count)
                for place, slot in enumerate((*session.slots, *session.tail))
            ]
        case "pls":
            entries = _limited(_pls(decode(data).text), name)
        case _:
            entries = _limited(_m3u(decode(data).text), name)
    if not entries:
        raise PlaylistError("Playlist {name!r} holds no entry.", name=name)
    return entries


def _limited(entries: Iterable[Entry], name: str) -> list[Entry]:
    kept: list[Entry] = []
    for entry in entries:
        kept.append(entry)
        if len(kept) > ENTRIES_LIMIT:
            raise _too_many(name)
    return kept


def _too_many(name: str) -> PlaylistError:
    return PlaylistError(
        "Playlist {name!r} holds more than {most} entries.", name=name, most=ENTRIES_LIMIT
    )


def resolve(entry: Entry, folder: str, exists: Callable[[str], bool]) -> str | None:
    """Return the path that an entry of a playlist in `folder` names, None where there is none."""
    return next((path for path in candidate_paths(entry, folder) if exists(path)), None)


def candidate_paths(entry: Entry, folder: str) -> Iterator[str]:
    """Yield the absolute paths that an entry may mean, the most likely first, each once."""
    seen: set[str] = set()
    readings = list(_readings(entry.location))
    if entry.is_uri:
        readings.insert(0, unquote(entry.location, errors=UNPAIRED))
    for reading in dict.fromkeys(readings):
        for form in _forms(reading):
            path = os.path.normpath(os.path.join(folder, form))  # noqa: PTH118 - names, not files
            if os.sep == "/" and path.startswith("//"):
                path = path[1:]  # POSIX allows two at the start, and means the same by it
            if path not in seen and "\0" not in path:
                seen.add(path)
                yield path


def _forms(text: str) -> Iterable[str]:
    """Return a text as it is and in the forms of Unicode that file systems use, each once."""
    if text.isascii():
        return (text,)
    return dict.fromkeys((text, *(unicodedata.normalize(form, text) for form in ("NFC", "NFD"))))


def is_remote(location: str) -> bool:
    """Return whether an entry is a URL of a network, which is never opened here."""
    scheme = _SCHEME.match(location)
    return bool(scheme) and "//" in location and not location.lower().startswith("file:")


def _readings(location: str) -> Iterator[str]:
    if location.lower().startswith("file:"):
        try:
            parts = urlsplit(location.replace("\\", "/"))
        except ValueError:  # such as a host in brackets that are not closed
            return
        path = location.replace("\\", "/").partition(":")[2].removeprefix("//" + parts.netloc)
        if re.match(r"/[A-Za-z][:|]", path):
            path = f"{path[1]}:{path[3:]}"
        if parts.netloc.lower() not in {"", "localhost", "127.0.0.1"}:
            # A share of that host; or a program wrote two slashes where three belong.
            yield unquote(f"//{parts.netloc}{path}", errors=UNPAIRED)
        yield unquote(path, errors=UNPAIRED)
        yield path
        return
    for text in _in_other_codepages(location):
        yield text
        yield unquote(text, errors=UNPAIRED)
        if "\\" in text and os.sep == "/":
            slashed = text.replace("\\", "/")
            yield slashed
            yield unquote(slashed, errors=UNPAIRED)


def _in_other_codepages(text: str) -> Iterator[str]:
    """Yield a text, and its bytes in other codepages if it was not Unicode."""
    yield text
    if text.isascii():
        return
    try:
        raw = text.encode(CODEPAGE, UNPAIRED)
    except UnicodeEncodeError:
        return
    for encoding in OTHER_CODEPAGES:
        with suppress(UnicodeDecodeError):
            yield raw.decode(encoding)
    yield os.fsdecode(raw)


def _m3u(text: str) -> Iterator[Entry]:
    """Yield the entries; only line feeds and returns end a line, since names may hold others."""
    title, duration_s, is_tail = "", None, False
    for line in _LINE.finditer(text):
        stripped = line[0].strip(_BLANKS)
        if stripped.startswith("#"):
            is_tail = is_tail or stripped == f"# {TAIL_BEGINS}"
            if info := _M3U_INFO.match(stripped):
                title = (info["title"] or stripped.partition(",")[2]).strip()
                duration_s = _seconds(info["length"])
        elif stripped and not stripped.isspace():
            # Blanks around a name belong to it only behind `./`.
            start = line.start() + len(line[0]) - len(line[0].lstrip(_BLANKS))
            kept = line[0].lstrip(_BLANKS) if stripped.startswith("./") else stripped
            yield Entry(kept, title, duration_s, (start, start + len(kept)), is_tail=is_tail)
            title, duration_s = "", None


def _pls(text: str) -> Iterator[Entry]:
    """Yield the entries by their numbers; of a number that stands twice, both.

    Where playlists were joined, each has its own header, and their entries follow each other.
    """
    section = 0
    files: list[tuple[tuple[int, int, str], str, tuple[int, int]]] = []
    fields: dict[tuple[str, int, int, str], str] = {}
    for line in _LINE.finditer(text):
        if _PLS_HEADER.match(line[0]):
            section += 1
        found = _PLS_LINE.match(line[0])
        if found is None or not (value := found["value"].rstrip(_BLANKS)):
            continue
        digits = found["number"].lstrip("0")
        number = (section, len(digits), digits)  # compared as text: int() limits the digits
        if found["key"].lower() == "file":
            start = line.start() + found.start("value")
            files.append((number, value, (start, start + len(value))))
            if len(files) > ENTRIES_LIMIT:
                break
        else:
            fields.setdefault((found["key"].lower(), *number), value)
    for number, value, span in sorted(files, key=lambda each: each[0]):
        length = _seconds(fields.get(("length", *number)))
        yield Entry(value, fields.get(("title", *number), ""), length, span)


def _seconds(text: str | None, unit_s: float = 1.0) -> float | None:
    """Return seconds, or None where it is not known; players write -1 or 0 then."""
    try:
        seconds = float(text or "") * unit_s
    except ValueError:
        return None
    return seconds if 0.0 < seconds < math.inf else None


class _XspfReader:
    """The tracks of an XSPF file; declared entities, which can grow without limit, are refused."""

    def __init__(self, name: str, offset: int) -> None:
        self.tracks: list[dict[str, list[tuple[str, int, int]]]] = []
        self._name = name
        self._offset = offset
        self._stack: list[str] = []
        self._text: list[str] = []
        self._start: int | None = None
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartCdataSectionHandler = self._mark
        self._parser.CommentHandler = self._mark
        self._parser.ProcessingInstructionHandler = self._mark
        self._parser.EntityDeclHandler = self._refuse

    def read(self, data: bytes) -> None:
        try:
            self._parser.Parse(data, True)  # noqa: FBT003 - expat takes it by place alone
        except (expat.ExpatError, LookupError, ValueError) as error:
            raise PlaylistError(
                "Playlist {name!r} is not sound XML: {error}.", name=self._name, error=error
            ) from error

    def _open(self, tag: str, _: object) -> None:
        self._stack.append(tag.rpartition(" ")[2])
        if len(self._stack) > DEPTH_LIMIT:
            raise PlaylistError(
                "Playlist {name!r} is nested too deeply for a playlist.", name=self._name
            )
        if self._stack[-2:] == ["trackList", "track"]:
            self.tracks.append({})
            if len(self.tracks) > ENTRIES_LIMIT:
                raise _too_many(self._name)
        self._text, self._start = [], None

    def _close(self, _: str) -> None:
        name = self._stack.pop()
        if self._stack[-2:] == ["trackList", "track"] and self._start is not None:
            end = self._offset + self._parser.CurrentByteIndex
            found = ("".join(self._text).strip(), self._start, end)
            self.tracks[-1].setdefault(name, []).append(found)
        self._text, self._start = [], None

    def _characters(self, text: str) -> None:
        self._mark()
        self._text.append(text)

    def _mark(self, *_: object) -> None:
        if self._start is None:
            self._start = self._offset + self._parser.CurrentByteIndex

    def _refuse(self, *_: object) -> None:
        raise PlaylistError(
            "Playlist {name!r} declares entities, which no playlist needs.", name=self._name
        )


def _xspf(data: bytes, name: str) -> list[Entry]:
    """Return the entries; of several locations, the first that is a file."""
    body = data.lstrip(b" \t\r\n")  # expat takes blanks before the declaration for an error
    reader = _XspfReader(name, len(data) - len(body))
    reader.read(body)
    entries: list[Entry] = []
    for track in reader.tracks:
        found = [each for each in track.get("location", ()) if each[0]]
        if not found:
            continue
        location, start, end = next((e for e in found if not is_remote(e[0])), found[0])
        (title, *_), *_ = track.get("title") or [("", 0, 0)]
        creator = (track.get("creator") or [("", 0, 0)])[0][0]
        length = (track.get("duration") or [("", 0, 0)])[0][0]
        shown = " - ".join(filter(None, (creator, title)))
        entries.append(Entry(location, shown, _seconds(length, 0.001), (start, end), is_uri=True))
    return entries


def resolve_all(
    entries: Sequence[Entry], folder: str, exists: Callable[[str], bool]
) -> tuple[list[str], list[Entry]]:
    """Return the paths of the entries that exist, in order, and the entries that do not."""
    paths: list[str] = []
    lost: list[Entry] = []
    for entry in entries:
        path = None if is_remote(entry.location) else resolve(entry, folder, exists)
        if path is None:
            lost.append(entry)
        else:
            paths.append(path)
    return paths, lost
