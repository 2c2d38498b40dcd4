"""Playlists that other programs wrote: their text to entries, and entries to files.

Read are M3U, M3U8, PLS, XSPF and session files, as they are met in the wild: with or without a
header, with a byte order mark, in UTF-8, UTF-16 or an old codepage, with CRLF, backslashes,
`file://` and percent signs. An entry may be meant in more than one way (`100%25.mp3` is a name as
well as a URI), so every meaning is kept, the most literal first, and the disk decides.

It opens nothing over a network and follows no playlist inside a playlist. Pure, but for `load`.
"""

import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import unquote, urlsplit
from xml.parsers import expat

from playlist_builder import session_file
from playlist_builder.errors import PlaylistError

SIZE_LIMIT_BYTES = 20_000_000
"""Above any playlist: 100,000 entries of 200 bytes."""

CODEPAGE = "cp1252"
"""What a playlist that is not Unicode is taken for; it gives every byte a meaning."""

_KNOWN = ".m3u, .m3u8, .pls, .xspf or .json"
_PLS_ENTRY = re.compile(r"File(\d+)\s*=\s*(.*)", re.IGNORECASE)
_PLS_TITLE = re.compile(r"Title(\d+)\s*=\s*(.*)", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `location` as it stands in the playlist, `title` what it shows for it."""

    location: str
    title: str = ""


def load(path: str | os.PathLike[str]) -> list[Entry]:
    """Read a playlist file; raises `PlaylistError` where that cannot be done."""
    name = os.fspath(path)
    try:
        with Path(name).open("rb") as file:
            data = file.read(SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        raise PlaylistError(f"Cannot read playlist {name!r}: {error.strerror or error}.") from error
    if len(data) > SIZE_LIMIT_BYTES:
        raise PlaylistError(f"Playlist {name!r} is larger than any playlist.")
    return parse(data, name)


def parse(data: bytes, name: str) -> list[Entry]:
    """Return the entries of a playlist whose kind its content and its `name` tell.

    Raises `PlaylistError` where it is of no known kind or holds no entry.
    """
    suffix = PurePath(name).suffix.lower()
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" and suffix not in {".m3u", ".m3u8"}:
        entries = _xspf(data, name)
    elif suffix == ".json":
        session = session_file.parse(data.decode("utf-8-sig", "replace"), name)
        entries = [Entry(slot.path, slot.title) for slot in (*session.slots, *session.tail)]
    elif suffix == ".pls" or data.lstrip(b"\xef\xbb\xbf \t\r\n")[:10].lower() == b"[playlist]":
        entries = _pls(_text(data))
    elif suffix in {".m3u", ".m3u8", ".txt", ""} or b"#EXTM3U" in data[:20]:
        entries = _m3u(_text(data))
    else:
        raise PlaylistError(f"{name!r} is no playlist that is known here. Give {_KNOWN}.")
    if not entries:
        raise PlaylistError(f"Playlist {name!r} holds no entry.")
    return entries


def resolve(entry: Entry, folder: str, exists: Callable[[str], bool]) -> str | None:
    """Return the path that an entry of a playlist in `folder` names, None where there is none."""
    return next((path for path in meanings(entry.location, folder) if exists(path)), None)


def meanings(location: str, folder: str) -> Iterator[str]:
    """Yield the absolute paths that a location may mean, the most literal first, each once."""
    seen: set[str] = set()
    for spelled in _spellings(location):
        for form in (spelled, *(unicodedata.normalize(form, spelled) for form in ("NFC", "NFD"))):
            path = os.path.normpath(os.path.join(folder, form))  # noqa: PTH118 - names, not files
            if path not in seen and "\0" not in path:
                seen.add(path)
                yield path


def is_remote(location: str) -> bool:
    """Whether an entry is an address on a network, which is never opened here."""
    scheme = _SCHEME.match(location)
    return bool(scheme) and "//" in location and not location.lower().startswith("file:")


def _spellings(location: str) -> Iterator[str]:
    if location.lower().startswith("file:"):
        try:
            parts = urlsplit(location.replace("\\", "/"))
        except ValueError:  # such as a host in brackets that are not closed
            return
        path = f"{parts.path}{'?' + parts.query if parts.query else ''}"
        if parts.fragment:
            path += f"#{parts.fragment}"
        if re.match(r"/[A-Za-z]:", path):
            path = path[1:]
        yield unquote(path, errors="surrogateescape")
        yield path
        return
    yield location
    yield unquote(location, errors="surrogateescape")
    if "\\" in location and os.sep == "/":
        slashed = location.replace("\\", "/")
        yield slashed
        yield unquote(slashed, errors="surrogateescape")


def _text(data: bytes) -> str:
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(CODEPAGE, "replace")


def _lines(text: str) -> Iterator[str]:
    """Split at line feeds and returns alone: other separators may stand in names."""
    yield from re.split(r"\r\n|\n|\r", text)


def _m3u(text: str) -> list[Entry]:
    entries, title = [], ""
    for line in _lines(text):
        if line.startswith("#EXTINF:"):
            title = line.partition(",")[2].strip()
        elif line.strip() and not line.startswith("#"):
            # Blanks at the start belong to the name only where `./` says so.
            entries.append(Entry(line.strip("\t ") if not line.startswith("./") else line, title))
            title = ""
    return entries


def _pls(text: str) -> list[Entry]:
    locations: dict[int, str] = {}
    titles: dict[int, str] = {}
    for line in _lines(text):
        for pattern, found in ((_PLS_ENTRY, locations), (_PLS_TITLE, titles)):
            match = pattern.match(line.strip())
            if match and len(match[1]) < 10 and match[2]:  # noqa: PLR2004 - int() has its limits
                found[int(match[1])] = match[2]
    return [Entry(locations[number], titles.get(number, "")) for number in sorted(locations)]


def _xspf(data: bytes, name: str) -> list[Entry]:
    """Read locations and titles; entities are not resolved, so a bomb stays unlit."""
    found: list[dict[str, str]] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    stack: list[str] = []

    def start(tag: str, _: object) -> None:
        stack.append(tag.rpartition(" ")[2])
        if stack[-2:] == ["trackList", "track"]:
            found.append({})

    def end(_: str) -> None:
        stack.pop()

    def characters(text: str) -> None:
        if len(stack) > 1 and stack[-2] == "track" and found:
            found[-1][stack[-1]] = found[-1].get(stack[-1], "") + text

    def refuse(*_: object) -> None:
        raise PlaylistError(f"Playlist {name!r} declares entities, which no playlist needs.")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)  # noqa: FBT003 - expat takes it by place alone
    except expat.ExpatError as error:
        raise PlaylistError(f"Playlist {name!r} is not sound XML: {error}.") from error
    return [
        Entry(location, each.get("title", "").strip())
        for each in found
        if (location := each.get("location", "").strip())
    ]


def located(
    entries: Sequence[Entry], folder: str, exists: Callable[[str], bool]
) -> tuple[list[str], list[Entry]]:
    """Return the paths that are there, in order, and the entries that lead nowhere."""
    paths: list[str] = []
    lost: list[Entry] = []
    for entry in entries:
        path = None if is_remote(entry.location) else resolve(entry, folder, exists)
        if path is None:
            lost.append(entry)
        else:
            paths.append(path)
    return paths, lost
