"""Paths of tracks to entries of a playlist, as the format and the player want them.

In go a track's absolute path, the suffix of the playlist and the folder that it is to lie in; out
comes the entry, or an `ExportError` where it would name another file. The disk is not read.
"""

import ntpath
import os
import posixpath
import re
import unicodedata
from dataclasses import replace
from typing import Protocol
from urllib.parse import quote

from playlist_builder.errors import ExportError
from playlist_builder.files.path_map import best_map
from playlist_builder.language.notices import REASON
from playlist_builder.language.translation import Phrase
from playlist_builder.playlists.dialects import ANY, BLANK, FORMAT_NAMES, Dialect

_BLANK_AT_END = re.compile(rf"{BLANK}\Z")
_MISREAD = re.compile(rf"[#?]|{BLANK}|[^/]*:")
"""Entries that need `./`: else a comment, or, to VLC, a URI's query; trimmed; a URI's scheme."""
_WINDOWS = re.compile(r"[A-Za-z]:/|//")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_NOT_UTF_8 = re.compile("[\ud800-\udfff]")  # how Python keeps bytes that are not UTF-8
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class PathFlavour(Protocol):
    """What is used of `posixpath` or `ntpath`, so that either can be asked for on any system."""

    sep: str

    def relpath(self, path: str, start: str, /) -> str:
        """Return `path` relative to `start`; ValueError where no relative path leads there."""


_CODEPAGE = "its name does not fit the codepage {codepage}"


def format_entry(
    path: str, suffix: str, *, folder: str, dialect: Dialect = ANY, flavour: PathFlavour = os.path
) -> str:
    """Return `path` as an entry of a playlist with `suffix` that is to lie in `folder`.

    Raises `ExportError` naming a path that the format, or the player, cannot hold.
    """
    seen, backslashes = _as_player_sees(path, folder, dialect, flavour)
    reason = _never_found_reason(seen, dialect)
    if reason is None and suffix in dialect.uris | {".jspf"}:
        return _uri(seen, path)
    if reason is None:
        reason = unsupported_reason(seen, suffix, dialect)
        if reason is not None and dialect.falls_back_to_uri:
            absolute = replace(dialect, absolute=True, relative_to=None)
            return _uri(_as_player_sees(path, folder, absolute, flavour)[0], path)
    limit = dialect.line_bytes
    if reason is None and limit is not None and len(seen.encode()) > limit - len("File9999="):
        reason = Phrase("its path is longer than the {limit} bytes of a line", limit=limit)
    if reason is None and backslashes and "\\" in seen:
        reason = Phrase("its name holds a backslash")
    if reason is not None:
        raise _refusal(path, suffix, dialect, reason)
    return seen.replace("/", "\\") if backslashes else seen


def unsupported_reason(path: str, suffix: str = ".m3u8", dialect: Dialect = ANY) -> Phrase | None:
    """Return the reason why a format cannot hold `path` as it stands, or None when it can.

    An entry is one line of UTF-8 whose end players trim, and M3U has no escape sequences: a line
    break, white space at the end, and bytes that are not UTF-8 cannot be written.
    """
    if suffix == ".json" or suffix in dialect.uris:
        return None
    if dialect.dot_slash and path.isascii() and path.isprintable() and path[-1:] != " ":
        return None  # the fast way for most paths
    in_lines = suffix != ".csv"  # where quotes hold a line break
    faults = {
        "its name holds a line break": in_lines and ("\n" in path or "\r" in path),
        "its name ends with white space": in_lines and _BLANK_AT_END.search(path),
        "its name is not valid UTF-8": _NOT_UTF_8.search(path),
        "its name holds a control character": suffix == ".xspf" and _NOT_XML.search(path),
        Phrase(_CODEPAGE, context=REASON, codepage=dialect.codepage): (
            suffix == ".m3u" and not _fits(path, dialect.codepage)
        ),
        "it would be misread without ./ before its name": (
            not dialect.dot_slash and _MISREAD.match(path)
        ),
    }
    fault = next((fault for fault, found in faults.items() if found), None)
    if fault is None or isinstance(fault, Phrase):
        return fault
    return Phrase(fault, context=REASON)


def _as_player_sees(
    path: str, folder: str, dialect: Dialect, flavour: PathFlavour
) -> tuple[str, bool]:
    """Return `path` as the player sees it, in slashes, and whether these are to be backslashes."""
    path_map = best_map(path, dialect.path_maps)
    mapped = path_map and path_map.apply(path)
    whole = mapped or path.replace(flavour.sep, "/")
    backslashes = dialect.backslashes or (path_map is not None and path_map.has_backslashes)
    relative = dialect.relative_to is not None or not (mapped or dialect.absolute)
    if relative and not _URL.match(whole):
        there = flavour
        if mapped:
            there = ntpath if _WINDOWS.match(whole) else posixpath
        try:
            whole = there.relpath(whole if mapped else path, dialect.relative_to or folder)
        except ValueError:  # on another drive
            pass
        else:
            whole = whole.replace(there.sep, "/")
            whole = f"./{whole}" if dialect.dot_slash and _MISREAD.match(whole) else whole
    if dialect.normal_form != "keep":
        whole = unicodedata.normalize("NFC" if dialect.normal_form == "nfc" else "NFD", whole)
    return whole, backslashes


def _never_found_reason(seen: str, dialect: Dialect) -> str | None:
    """Return the reason why the player never finds the path `seen`, if that is so."""
    if dialect.never_found is None:
        return None
    pattern, reason = dialect.never_found
    return reason if re.search(pattern, seen.removeprefix("./")) else None


def _fits(text: str, codepage: str) -> bool:
    """Return whether `text` survives `codepage`: Shift JIS writes a yen as a backslash."""
    try:
        return text.encode(codepage).decode(codepage) == text
    except UnicodeError:
        return False


def _uri(seen: str, path: str) -> str:
    """Return `seen` as a URI, relative where it is; bytes that are not UTF-8 are escaped too."""
    try:
        if url := _URL.match(seen):
            return url[0] + _escaped(seen[url.end() :])
        if seen.startswith("//"):  # a share, whose server is the host
            return f"file:{_escaped(seen)}"
        if _WINDOWS.match(seen):
            return f"file:///{seen[:2]}{_escaped(seen[2:])}"
        if seen.startswith("/"):
            return f"file://{_escaped(seen)}"
        return _escaped(seen.removeprefix("./"))
    except UnicodeEncodeError as error:
        raise ExportError(
            "No playlist can hold {path!r}: its name is not text. Rename the file and scan again",
            path=path,
        ) from error


def _escaped(text: str) -> str:
    """Return all but letters, digits, `/` and `-._~` escaped: to some players `+` is a space.

    Like `os.fsencode` this takes the bytes of the name, but whatever the locale is.
    """
    return quote(text.encode("utf-8", "surrogateescape"), safe="/")


def _refusal(path: str, suffix: str, dialect: Dialect, reason: str) -> ExportError:
    what = FORMAT_NAMES[suffix]
    if dialect.player:
        what = Phrase("{format} for {player}", format=what, player=dialect.player)
    way = Phrase("Rename the file and scan again")
    if suffix == ".m3u" and not _fits(path, dialect.codepage):
        way = Phrase("Write the session as .m3u8, or choose another codepage")
    elif suffix != ".xspf" and ".xspf" in dialect.uris and ".xspf" in dialect.suffixes:
        way = Phrase("Rename the file and scan again, or write the session as .xspf")
    return ExportError(
        "{what} cannot hold {path!r}: {reason}. {way}",
        what=what,
        path=path,
        reason=reason,
        way=way,
    )
