"""What a scan knows of a file from outside: its stat, and what became of looking into it.

It refuses to open a file, and to import what does: where nothing has changed, a scan needs neither
a decoder nor a reader of tags.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from playlist_builder.library.database import File, Stat, stat_of
from playlist_builder.models import Heard, Measured, Skipped

REFUSED = Stat(-1, -1)
"""In place of the stat of a file that the system did not let us read: it may do so tomorrow."""

LARGEST = 2**63 - 1
"""What SQLite counts to; a file that holds nothing can be as large."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file: its stat before reading, what the path is, and what was found."""

    stat: Stat
    found: File | Skipped
    measured: Measured | None = None
    heard: Heard | None = None


def stat(path: str) -> Stat:
    """Size and time of change of the file that a path leads to, and of the lyrics beside it."""
    return with_lyrics(path, Path(path).stat())


def with_lyrics(path: str, status: os.stat_result) -> Stat:
    """Return a stat that changes when the lyrics beside a file come, go or change."""
    size, mtime_ns = status.st_size, status.st_mtime_ns
    for lyrics in lyrics_of(path):
        with suppress(OSError):
            beside = Path(lyrics).stat()
            size = min(size + beside.st_size, LARGEST)
            return stat_of(size, max(mtime_ns, beside.st_mtime_ns))
    return stat_of(size, mtime_ns)


def lyrics_of(path: str) -> tuple[str, ...]:
    """Return where players look for the lyrics of a file."""
    stem = os.path.splitext(path)[0]
    return f"{stem}.lrc", f"{stem}.LRC"
