"""A lock beside a library, which a desk holds as long as it lives: a second start finds it.

It is free again when its process has ended, whatever ended it. The file stays where it is, and
holds the number of the process that held it last.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playlist_builder.desk import own_file

SUFFIX = ".desk.lock"
DIGITS = 20  # of the number of a process, at most
WINDOWS = "win32"


@contextmanager
def alone(library: str, platform: str = sys.platform) -> Iterator[bool]:
    """Yield whether no other process holds the lock of a library; it is held in this block then.

    Where there are no locks, as on Windows and in a folder that cannot be written, nobody holds it.
    """
    try:
        lock = None if platform == WINDOWS else _opened(own_file.beside(library, SUFFIX))
    except OSError:
        lock = None
    if lock is None:
        yield True
        return
    try:
        yield _is_taken(lock)
    finally:
        os.close(lock)


def holder(library: str) -> int | None:
    """Return the number of the process that holds the lock of a library, or held it last."""
    try:
        waits_not = getattr(os, "O_NONBLOCK", 0)  # for a pipe; Windows has none in folders
        opened = os.open(own_file.beside(library, SUFFIX), os.O_RDONLY | waits_not)
        with os.fdopen(opened, "rb") as file:
            return int(file.read(DIGITS))
    except (OSError, ValueError):
        return None


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _is_taken(lock: int) -> bool:
    import fcntl  # noqa: PLC0415 - Windows has none

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # the file system has no locks
        return True
    if os.fstat(lock).st_size > DIGITS:  # it is some other file
        return True
    with suppress(OSError):  # on a full disk it holds all the same
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
    return True
