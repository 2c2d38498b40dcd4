"""Playlists that other programs wrote: bytes to entries, and entries to the paths they may mean.

Reads M3U, M3U8, PLS, XSPF, JSPF and session files: with or without a header or byte order mark, in
UTF-8, UTF-16 or an old codepage, with CRLF, backslashes, `file://` and percent signs. An entry can
be ambiguous (`100%25.mp3` is a name as well as a URI), so every path that it may mean is tried, the
most literal first, and the first that exists is taken.

Nothing is opened over a network, and playlists inside playlists are not followed.
"""

import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import unquote, urlsplit

from playlist_builder.errors import PlaylistError, system_reason
from playlist_builder.files.system import is_regular
from playlist_builder.playlists import jspf, session_json, xspf
from playlist_builder.playlists.entry import (
    ENTRIES_LIMIT,
    SIZE_LIMIT_BYTES,
    Entry,
    is_remote,
    seconds,
)
from playlist_builder.playlists.formats import TAIL_BEGINS

CODEPAGE = "cp1252"  # how a playlist that is not Unicode is decoded
OTHER_CODEPAGES = ("utf-8", "cp1251", "cp1250", "cp932", "gb18030", "cp949", "cp950", "cp850")
"""What is tried else, where no file has the name that its bytes have in `CODEPAGE`."""

UNPAIRED = "surrogateescape"  # keeps bytes that cannot be decoded as they were

_KNOWN = (".m3u", ".m3u8", ".pls", ".xspf", ".jspf", ".json")
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
_JSPF = re.compile(rb'\{\s*"playlist"\s*:')
_BLANKS = " \t\ufeff"
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A text and its encoding; `mark` is the byte order mark."""

    text: str
    encoding: str
    mark: bytes

    def encode(self, text: str) -> bytes:
        """Return another text in the same encoding; UnicodeEncodeError where that cannot be."""
        errors = "surrogatepass" if self.encoding.startswith("utf-16") else UNPAIRED
        return self.mark + text.encode(self.encoding, errors)


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
            strerror=system_reason(error),
        ) from error
    if len(data) > SIZE_LIMIT_BYTES:
        raise PlaylistError(
            "Playlist {name!r} is larger than any playlist. Give one of {most} MB at most.",
            name=name,
            most=SIZE_LIMIT_BYTES // 1_000_000,
        )
    return data


def kind_of(data: bytes, name: str) -> str:
    """Return `m3u`, `pls`, `xspf`, `jspf` or `session`, by the content and the `name`.

    Raises `PlaylistError` where it is none of them.
    """
    suffix = PurePath(name).suffix.lower()
    start = data[:200].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if start.startswith(b"<") and suffix not in {".m3u", ".m3u8"}:
        return "xspf"
    if suffix == ".jspf" or (suffix == ".json" and _JSPF.match(start)):
        return "jspf"
    if suffix == ".json":
        return "session"
    if suffix == ".pls" or start.startswith(b"[playlist]"):
        return "pls"
    if suffix in {".m3u", ".m3u8", ".txt", ""} or b"#extm3u" in start[:20]:
        return "m3u"
    raise PlaylistError(
        "{name!r} is no playlist that is known here. Give {first} or {last}.",
        name=name,
        first=", ".join(_KNOWN[:-1]),
        last=_KNOWN[-1],
    )


def parse(data: bytes, name: str) -> list[Entry]:
    """Return the entries of a playlist whose kind its content and its `name` tell.

    Raises `PlaylistError` where it is of no known kind or holds no entry.
    """
    match kind := kind_of(data, name):
        case "xspf":
            entries = xspf.entries_of(data, name)
        case "jspf":
            entries = jspf.entries_of(data, name)
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
        if kind in {"jspf", "xspf"}:
            raise PlaylistError(
                "Playlist {name!r} holds no entry that names a file. For a list of works alone"
                " there is 'playlist-builder resolve'.",
                name=name,
            )
        raise PlaylistError("Playlist {name!r} holds no entry.", name=name)
    return entries


def _limited(entries: Iterable[Entry], name: str) -> list[Entry]:
    kept: list[Entry] = []
    for entry in entries:
        kept.append(entry)
        if len(kept) > ENTRIES_LIMIT:
            raise PlaylistError(
                "Playlist {name!r} holds more than {most} entries.",
                name=name,
                most=ENTRIES_LIMIT,
            )
    return kept


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


def decode(data: bytes) -> DecodedText:
    """Return the text of a playlist; bytes that cannot be decoded stay as lone surrogates."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            errors = "replace" if encoding.startswith("utf-16") else UNPAIRED
            return DecodedText(data[len(mark) :].decode(encoding, errors), encoding, mark)
    start = data[:2]
    if len(start) == 2 and start.count(0) == 1:  # noqa: PLR2004 - one unit of UTF-16 without a mark
        encoding = "utf-16-be" if start[0] == 0 else "utf-16-le"
        return DecodedText(data.decode(encoding, "replace"), encoding, b"")
    try:
        return DecodedText(data.decode("utf-8"), "utf-8", b"")
    except UnicodeDecodeError:
        return DecodedText(data.decode(CODEPAGE, UNPAIRED), CODEPAGE, b"")


def _m3u(text: str) -> Iterator[Entry]:
    """Yield the entries; only line feeds and returns end a line, since names may hold others."""
    title, duration_s, is_tail = "", None, False
    for line in _LINE.finditer(text):
        stripped = line[0].strip(_BLANKS)
        if stripped.startswith("#"):
            is_tail = is_tail or stripped == f"# {TAIL_BEGINS}"
            if info := _M3U_INFO.match(stripped):
                title = (info["title"] or stripped.partition(",")[2]).strip()
                duration_s = seconds(info["length"])
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
        length = seconds(fields.get(("length", *number)))
        yield Entry(value, fields.get(("title", *number), ""), length, span)


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
