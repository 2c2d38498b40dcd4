"""A file as FFmpeg is to see it: spans of the file on disk and bytes that stand in for others.

Tags inside the music are left out and headers that lie are replaced; the file itself is untouched.
"""

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

Part = bytes | range  # bytes of our own, or where they lie in the file


class PartsFile(io.RawIOBase):
    """A file made of parts, to be read and closed as any other."""

    def __init__(self, path: str, parts: Sequence[Part]) -> None:
        self.name = path
        self._file = Path(path).open("rb")  # noqa: SIM115 - closed by `close`
        self._parts = [part for part in parts if part]
        self._ends = list(accumulate(map(len, self._parts)))
        self._at = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that any place can be read."""
        return True

    def tell(self) -> int:
        """Return the place that is read next."""
        return self._at

    def seek(self, offset: int, origin: int = io.SEEK_SET, /) -> int:
        """Move to a place, counted from the start, this place or the end; returns it."""
        size = self._ends[-1] if self._ends else 0
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at}.get(origin, size))
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, up to the end of a part."""
        number = bisect_right(self._ends, self._at)
        if number == len(self._parts):
            return b""
        part = self._parts[number]
        at = self._at - (self._ends[number] - len(part))
        wanted = part[at:] if size < 0 else part[at : at + size]
        if isinstance(wanted, range):
            self._file.seek(wanted.start)
            wanted = self._file.read(len(wanted))
        self._at += len(wanted)
        return wanted

    def close(self) -> None:
        """Close the file on disk too."""
        self._file.close()
        super().close()
