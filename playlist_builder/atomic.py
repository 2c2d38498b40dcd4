"""A file written beside its place and renamed into it: there whole, or not at all.

This room owns the rename, and that what was written has reached the disk before it.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_START, _END = ".playlist-builder-", ".tmp"

_OLD_S = 3600.0
"""So much older than what was just written, a file is no longer being written by anybody."""


def is_leftover(name: str) -> bool:
    """Whether a file is one that a killed process left beside its place."""
    return name.startswith(_START) and name.endswith(_END)


@contextmanager
def atomic_path(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a new path in the folder of `target` to write to; at the end it becomes `target`.

    A symbolic link stays, and the file it leads to is replaced with its permissions kept. Where
    anything fails the target is as it was, and nothing is left beside it. Raises OSError.
    """
    real = Path(os.path.realpath(target))
    # Short and hidden: it fits where the target's name does, and players pass over it.
    temporary = real.with_name(f"{_START}{secrets.token_hex(8)}{_END}")
    try:
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        if real.exists():
            shutil.copymode(real, temporary)
        temporary.replace(real)
    finally:
        temporary.unlink(missing_ok=True)


def replace_bytes(target: str | os.PathLike[str], data: bytes) -> None:
    """Replace the file at `target` by `data` in one step; raises OSError."""
    with atomic_path(target) as temporary:
        temporary.write_bytes(data)


def remove_leftovers(written: str | os.PathLike[str], old_s: float = _OLD_S) -> None:
    """Remove what processes that were killed left beside a file that is just written, if so old."""
    with suppress(OSError):
        real = Path(os.path.realpath(written))
        now = real.stat().st_mtime
        for each in real.parent.iterdir():
            if is_leftover(each.name) and each.stat().st_mtime <= now - old_s:
                each.unlink()
