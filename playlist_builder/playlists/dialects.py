"""How a track is spelled in a playlist, so that one player, on its own machine, finds it.

A `Dialect` says what a player wants; `spelled` gives the entry. This room refuses an entry that
would name another file than the one that was meant. It looks at no disk and knows no session.

What the dialects say was tried with MPD 0.23.12, mpv 0.35.1, VLC 3.0 and Audacious 4.2, and is
read in the sources of Kodi, Navidrome, Jellyfin and Strawberry; the others are as documented.
"""

import ntpath
import os
import posixpath
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol
from urllib.parse import quote

from playlist_builder.errors import ExportError

NormalForm = Literal["keep", "nfc", "nfd"]

SUFFIXES = (".m3u8", ".m3u", ".pls", ".xspf", ".jspf", ".csv", ".json")
"""Every format that is written: the playlists, a table, and the session file."""

_KINDS = {
    ".m3u8": "An M3U playlist",
    ".m3u": "An M3U playlist",
    ".pls": "A PLS playlist",
    ".xspf": "An XSPF playlist",
    ".jspf": "A JSPF playlist",
    ".csv": "A CSV table",
}
_BLANK = r"[\s\x00-\x1f\x7f-\x9f]"
_TRIMMED = re.compile(rf"{_BLANK}\Z")
_MISREAD = re.compile(rf"[#?]|{_BLANK}|[^/]*:")
"""Entries that need `./`: else a comment, or, to VLC, a URI's query; trimmed; a URI's scheme."""
_BLANK_NAME = rf"(?:\A|/){_BLANK}|{_BLANK}(?:/|\Z)"
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_WINDOWS_SLASHED = re.compile(r"[A-Za-z]:/|//")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_NOT_UTF_8 = re.compile("[\ud800-\udfff]")  # how Python spells bytes that are no text
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Paths(Protocol):
    """What is used of `posixpath` or `ntpath`, so that either can be asked for on any system."""

    sep: str

    def relpath(self, path: str, start: str, /) -> str:
        """Give `path` as seen from `start`; ValueError where no relative path leads there."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a player wants its playlists; without arguments, what most of them read."""

    player: str = ""
    suffixes: tuple[str, ...] = SUFFIXES
    """The formats that it reads."""
    codepage: str = "cp1252"
    """Of `.m3u`: what it is to Winamp and to devices. `utf-8-sig` is UTF-8 with its mark."""
    uris: frozenset[str] = frozenset({".xspf", ".jspf"})
    """Formats in which entries are URIs with percent signs, rather than plain paths."""
    rescues: bool = False
    """A `file://` URI stands for a path that has no spelling as one line."""
    backslashes: bool = False
    dotted: bool = True
    """`./` may stand before a name that would be misread."""
    unread: tuple[str, str] | None = None
    """A pattern of paths that it never finds, and the reason in words."""
    line_bytes: int | None = None
    """It takes what is longer for two entries."""
    absolute: bool = False
    relative_to: str | None = None
    """The folder from which entries are seen, where the player is; else that of the playlist."""
    roots: tuple[tuple[str, str], ...] = ()
    """Folders here, and what they are called where the player is; the longest match wins."""
    normal_form: NormalForm = "keep"
    """Unicode form of the names; on Linux another form is another file."""


ANY = Dialect()
"""The safe default: what the format itself says, and most players read."""

_M3U = (".m3u8", ".m3u")
_BACKSLASH = (r"\\", "it takes the backslash in its name for a slash")

PLAYERS: Mapping[str, Dialect] = {
    dialect.player: dialect
    for dialect in (
        # Some of its players take no `./`.
        Dialect("android", _M3U, "utf-8", dotted=False),
        # Without the mark it takes `.m3u` for the codepage of Windows.
        Dialect("foobar2000", _M3U, "utf-8-sig", backslashes=True, unread=_BACKSLASH),
        Dialect("jellyfin", (*_M3U, ".pls"), "utf-8"),
        Dialect("kodi", (*_M3U, ".pls", ".xspf"), "utf-8", line_bytes=1023),
        # It reads percent signs as they stand, even in XSPF, and has no names with outer blanks.
        Dialect(
            "mpd",
            (*_M3U, ".pls", ".xspf"),
            "utf-8",
            uris=frozenset(),
            unread=(_BLANK_NAME, "it passes over names that begin or end with a blank"),
            line_bytes=4095,
        ),
        # It decodes percent signs behind `file://` alone.
        Dialect("mpv", (*_M3U, ".pls"), "utf-8", rescues=True),
        Dialect("navidrome", _M3U, "utf-8"),
        Dialect("plex", _M3U, "utf-8", absolute=True),
        # Latin-1 is the codepage that the device starts with.
        Dialect("rockbox", _M3U, "iso-8859-1"),
        Dialect(
            "strawberry", (*_M3U, ".pls", ".xspf"), "utf-8", uris=frozenset(), unread=_BACKSLASH
        ),
        # It reads every entry as a URI, so `#` and `%20` are only safe in percent signs.
        Dialect(
            "vlc",
            (*_M3U, ".pls", ".xspf"),
            "utf-8",
            uris=frozenset({".m3u8", ".m3u", ".pls", ".xspf"}),
        ),
    )
}
"""Player to its dialect."""


def is_codepage(name: str) -> bool:
    """Tell whether Python knows `name` as a codepage in which a playlist stays a playlist."""
    try:
        return "#EXTM3U\n./%".encode(name).removeprefix(b"\xef\xbb\xbf") == b"#EXTM3U\n./%"
    except (LookupError, ValueError):  # a name may hold what no name can
        return False


def is_path_root(root: str) -> bool:
    """Tell whether `root` can be the new root of paths: absolute on some system, or an address."""
    return root.startswith("/") or bool(_WINDOWS.match(root) or _ADDRESS.match(root))


def spelled(
    path: str, suffix: str, *, folder: str, dialect: Dialect = ANY, paths: Paths = os.path
) -> str:
    """Give `path` as an entry of a playlist with `suffix` that is to lie in `folder`.

    Raises `ExportError` naming a path that the format, or the player, cannot hold.
    """
    seen, backslashed = _seen(path, folder, dialect, paths)
    reason = _unread(seen, dialect)
    if reason is None and suffix in dialect.uris | {".jspf"}:
        return _uri(seen, path)
    if reason is None:
        reason = unsupported_reason(seen, suffix, dialect)
        if reason is not None and dialect.rescues:
            whole = replace(dialect, absolute=True, relative_to=None)
            return _uri(_seen(path, folder, whole, paths)[0], path)
    limit = dialect.line_bytes
    if reason is None and limit is not None and len(seen.encode()) > limit - len("File9999="):
        reason = f"its path is longer than the {limit} bytes of a line"
    if reason is None and backslashed and "\\" in seen:
        reason = "its name holds a backslash"
    if reason is not None:
        raise ExportError(_refusal(path, suffix, dialect, reason))
    return seen.replace("/", "\\") if backslashed else seen


def unsupported_reason(path: str, suffix: str = ".m3u8", dialect: Dialect = ANY) -> str | None:
    """Give the reason why a format cannot hold `path` as it stands, or None when it can.

    An entry is one line of UTF-8 whose end players trim, and M3U knows no escape: a line break,
    white space at the end, or bytes that are not UTF-8 have no spelling.
    """
    if suffix == ".json" or suffix in dialect.uris:
        return None
    if dialect.dotted and path.isascii() and path.isprintable() and path[-1:] != " ":
        return None  # as most are, which tells so at once
    in_lines = suffix != ".csv"  # where quotes hold a line break
    faults = {
        "its name holds a line break": in_lines and ("\n" in path or "\r" in path),
        "its name ends with white space": in_lines and _TRIMMED.search(path),
        "its name is not valid UTF-8": _NOT_UTF_8.search(path),
        "its name holds a control character": suffix == ".xspf" and _NOT_XML.search(path),
        f"its name does not fit the codepage {dialect.codepage}": (
            suffix == ".m3u" and not _fits(path, dialect.codepage)
        ),
        "it would be misread without ./ before its name": (
            not dialect.dotted and _MISREAD.match(path)
        ),
    }
    return next((fault for fault, found in faults.items() if found), None)


def unmapped(paths: tuple[str, ...], dialect: Dialect) -> list[str]:
    """Give those of `paths` that lie under none of the roots that `dialect` renames."""
    return [path for path in paths if _mapped(path.replace(os.sep, "/"), dialect, os.sep) is None]


def _seen(path: str, folder: str, dialect: Dialect, paths: Paths) -> tuple[str, bool]:
    """Give `path` as the player sees it, in slashes, and whether these are to be backslashes."""
    here = path.replace(paths.sep, "/")
    root = _mapped(here, dialect, paths.sep)
    whole, backslashed = root or (here, False)
    relative = dialect.relative_to is not None or not (root or dialect.absolute)
    if relative and not _ADDRESS.match(whole):
        there = paths
        if root is not None:
            there = ntpath if _WINDOWS_SLASHED.match(whole) else posixpath
        try:
            whole = there.relpath(path if root is None else whole, dialect.relative_to or folder)
        except ValueError:  # on another drive
            pass
        else:
            whole = whole.replace(there.sep, "/")
            whole = f"./{whole}" if dialect.dotted and _MISREAD.match(whole) else whole
    if dialect.normal_form != "keep":
        whole = unicodedata.normalize("NFC" if dialect.normal_form == "nfc" else "NFD", whole)
    return whole, backslashed or dialect.backslashes


def _mapped(here: str, dialect: Dialect, sep: str) -> tuple[str, bool] | None:
    """Give `here` below its new root, and whether that is spelled in backslashes."""
    for old, new in sorted(dialect.roots, key=lambda root: len(root[0].rstrip("/")), reverse=True):
        start = old.replace(sep, "/").rstrip("/")
        if here.startswith(start + "/"):
            windows = bool(_WINDOWS.match(new))
            slashed = new.replace("\\", "/") if windows else new
            return slashed.rstrip("/") + here[len(start) :], windows and "\\" in new
    return None


def _unread(seen: str, dialect: Dialect) -> str | None:
    """Give the reason why the player never finds the path `seen`, if that is so."""
    if dialect.unread is None:
        return None
    pattern, reason = dialect.unread
    return reason if re.search(pattern, seen.removeprefix("./")) else None


def _fits(text: str, codepage: str) -> bool:
    """Tell whether `text` comes back from `codepage`: Shift JIS writes a yen as a backslash."""
    try:
        return text.encode(codepage).decode(codepage) == text
    except UnicodeError:
        return False


def _uri(seen: str, path: str) -> str:
    """Give `seen` as a URI, relative where it is; bytes that are not UTF-8 are escaped too."""
    try:
        address = _ADDRESS.match(seen)
        if address:
            return address[0] + _escaped(seen[address.end() :])
        if seen.startswith("//"):  # a share, whose server is the host
            return f"file:{_escaped(seen)}"
        if _WINDOWS_SLASHED.match(seen):
            return f"file:///{seen[:2]}{_escaped(seen[2:])}"
        if seen.startswith("/"):
            return f"file://{_escaped(seen)}"
        return _escaped(seen.removeprefix("./"))
    except UnicodeEncodeError as error:
        raise ExportError(
            f"No playlist can hold {path!r}: its name is not text. Rename the file and scan again"
        ) from error


def _escaped(text: str) -> str:
    """Escape all but letters, digits, `/` and `-._~`: to some players `+` means a space.

    Like `os.fsencode` this gives the bytes of the name, but whatever the locale is.
    """
    return quote(text.encode("utf-8", "surrogateescape"), safe="/")


def _refusal(path: str, suffix: str, dialect: Dialect, reason: str) -> str:
    """Say in one line what cannot hold which path, why, and what to do."""
    what = _KINDS[suffix] + (f" for {dialect.player}" if dialect.player else "")
    ways = ["Rename the file and scan again"]
    if suffix == ".m3u" and not _fits(path, dialect.codepage):
        ways = ["Write the session as .m3u8", "choose another codepage"]
    elif suffix != ".xspf" and ".xspf" in dialect.uris and ".xspf" in dialect.suffixes:
        ways.append("write the session as .xspf")
    return f"{what} cannot hold {path!r}: {reason}. {', or '.join(ways)}"
