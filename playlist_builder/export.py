"""A session as text in the form that players read: pure functions, `Session` in, `str` out.

This room decides what stands in a playlist. It refuses to write files, to look at the disk, and
to make a playlist in which an entry would name another file than the one that was meant.

The `.m3u8` is the one form that MPD, mpv, VLC, Kodi, Rockbox and Navidrome all accept: UTF-8
without BOM, LF, `#EXTM3U` alone on line 1, paths relative to the playlist, `/` between folders.
Two limits are the players' own. VLC 3.0 reads an entry as a URI, so it misses a path with `#` or
with `%` and two hex digits, while MPD and mpv read the same entry as it stands. MPD 0.23.12
passes over a path in which the name of a folder or file begins or ends with a space.
"""

import math
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePath, PurePosixPath
from typing import Protocol

from playlist_builder import session_file
from playlist_builder.errors import ExportError
from playlist_builder.models import Session, Slot

FIELD_CHARACTERS = 200
"""Longest artist, title or name in a playlist. MPD cuts a line at 4096 bytes and takes the rest
for an entry; two fields of four-byte characters stay well below."""

_UNSHOWN = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, lone surrogates, line separators
_LONE_HYPHEN = re.compile(r"(?<!\S)-(?!\S)")
_BLANK = r"[\s\x00-\x1f\x7f-\x9f]"
_TRIMMED = re.compile(rf"{_BLANK}\Z")
_MISREAD = re.compile(rf"[#?]|{_BLANK}|[^/]*:")
"""Entries that need `./`: else a comment, or, to VLC, a URI's query; trimmed; a URI's scheme."""


class Paths(Protocol):
    """What is used of `posixpath` or `ntpath`, so that either can be asked for on any system."""

    sep: str

    def relpath(self, path: str, start: str, /) -> str:
        """Give `path` as seen from `start`; ValueError where no relative path leads there."""


def holdable(path: str) -> str | None:
    """Give the reason why an M3U playlist cannot hold `path`, or None when it can.

    An entry is one line of UTF-8 whose end players trim, and M3U knows no escape: a line break,
    white space at the end, or bytes that are not UTF-8 have no spelling.
    """
    if "\n" in path or "\r" in path:
        return "its name holds a line break"
    if _TRIMMED.search(path):
        return "its name ends with white space"
    if any(unicodedata.category(character) == "Cs" for character in path):
        return "its name is not valid UTF-8"
    return None


def m3u8(session: Session, *, folder: str, name: str = "", paths: Paths = os.path) -> str:
    """Give `session` as the M3U8 playlist that is to lie in `folder`, an absolute path.

    Players show `name`, or the profile's name when it is empty. The tail follows the plan, since
    music must not stop with it. Raises `ExportError` naming a path that M3U cannot hold.
    """
    lines = [
        "#EXTM3U",
        f"#PLAYLIST:{_field(name) or _field(session.profile)}",
        f"# planned {_clock(session.target_s)}, seed {session.seed}",
        *_entries(session.slots, folder, paths),
    ]
    if session.tail:
        lines += ["# the plan ends here, the tail plays on"]
        lines += _entries(session.tail, folder, paths)
    return "\n".join(lines) + "\n"


FORMATS: Mapping[str, Callable[..., str]] = {
    ".m3u8": m3u8,
    ".json": lambda session, **_place: session_file.dump(session),
}
"""Suffix of a file to the function that gives its text from `(session, folder=..., name=...)`."""


def format_of(path: str) -> str:
    """Give the suffix, a key of `FORMATS`, by which `path` is written, or raise `ExportError`."""
    suffix = PurePath(path).suffix.lower()
    if suffix not in FORMATS:
        raise ExportError(f"No format is known for {path!r}. Let it end in {' or '.join(FORMATS)}")
    return suffix


def render_text(session: Session, suffix: str, *, folder: str, name: str = "") -> str:
    """Give `session` in the format of `suffix`, a key of `FORMATS`, for a file in `folder`."""
    return FORMATS[suffix](session, folder=folder, name=name)


def _entries(slots: Sequence[Slot], folder: str, paths: Paths) -> Iterator[str]:
    """Give three lines a slot: our own comment, what players show, and the path.

    The comment begins with a digit: VLC looks for directives behind `#` and blanks too.
    """
    for slot in slots:
        yield f"# {_clock(slot.start_s)} {_field(slot.phase)}".rstrip()
        yield f"#EXTINF:{_whole_seconds(slot.duration_s)},{_display(slot, paths)}"
        yield _entry(slot.path, folder, paths)


def _entry(path: str, folder: str, paths: Paths) -> str:
    """Spell `path` as seen from `folder`, or whole where it lies on another drive."""
    try:
        entry = paths.relpath(path, folder).replace(paths.sep, "/")
    except ValueError:
        entry = path.replace(paths.sep, "/")
    else:
        entry = f"./{entry}" if _MISREAD.match(entry) else entry
    if (reason := holdable(entry)) is not None:
        raise ExportError(
            f"An M3U playlist cannot hold {path!r}: {reason}."
            " Rename the file and scan again, or write the session as .json"
        )
    return entry


def _display(slot: Slot, paths: Paths) -> str:
    """Give `Artist - Title`, the title alone, or the file's name when there is no title."""
    file_name = PurePosixPath(slot.path.replace(paths.sep, "/"))
    title = _field(slot.title) or _field(file_name.stem)
    return " - ".join(filter(None, (_field(slot.artist), title)))


def _field(text: str) -> str:
    """Make `text` safe inside a line that players split at ` - `; it never adds a line."""
    shown = "".join(" " if unicodedata.category(c) in _UNSHOWN else c for c in text)
    field = _LONE_HYPHEN.sub("\N{EN DASH}", re.sub(" {2,}", " ", shown).strip())
    if len(field) <= FIELD_CHARACTERS:
        return field
    return field[: FIELD_CHARACTERS - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _whole_seconds(seconds: float) -> int:
    """Round to what `#EXTINF` takes, with -1 for unknown: MPD and Strawberry need an integer."""
    return round(seconds) if math.isfinite(seconds) and seconds > 0 else -1


def _clock(seconds: float) -> str:
    """Give `seconds` as h:mm:ss."""
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"
