"""Files written completely or not at all: under a temporary name, synced, then renamed."""

import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from playlist_builder.files.system import host_digits, is_running

_START, _END = ".playlist-builder-", ".tmp"
_TEMPORARY = re.compile(rf"{re.escape(_START)}(?P<digits>[0-9a-f]{{4,20}}){re.escape(_END)}")
_HOST, _OWNER, _DIGITS = 4, 12, 20  # of the name: digits of the machine, of the process, and all
_OLD_S = 3600.0  # a temporary file this much older than a new one is not being written any more


def is_leftover(name: str) -> bool:
    """Return whether `name` is that of a temporary file."""
    return _TEMPORARY.fullmatch(name) is not None


def writer_of(name: str) -> Literal["running", "ended", "elsewhere"]:
    """Return what is known of the process that made a temporary file of this name."""
    found = _TEMPORARY.fullmatch(name)
    digits = found["digits"] if found else ""
    if len(digits) < _DIGITS:  # of an earlier version
        return "ended"
    if not digits.startswith(host_digits()):
        return "elsewhere"
    return "running" if is_running(int(digits[_HOST:_OWNER], 16)) else "ended"


def _own_digits() -> str:
    return f"{host_digits()}{os.getpid() % 16**8:08x}"


@contextmanager
def atomic_path(target: str | os.PathLike[str], *, through_links: bool = True) -> Iterator[Path]:
    """Yield a new path in the folder of `target` to write to; at the end it replaces `target`.

    A symbolic link stays, and the file it points to is replaced, keeping its permissions; not
    `through_links`, the link itself is replaced. If anything fails, the target is as it was and no
    temporary file is left. Raises OSError.
    """
    path = Path(target).absolute()
    real = Path(os.path.realpath(path if through_links else path.parent))
    if not through_links:
        real /= path.name
    # Short and hidden: it fits where the target's name does, and players ignore it.
    temporary = real.with_name(f"{_START}{_own_digits()}{secrets.token_hex(4)}{_END}")
    try:
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        if real.exists() and not real.is_symlink():
            shutil.copymode(real, temporary)
        temporary.replace(real)
    finally:
        temporary.unlink(missing_ok=True)


def replace_bytes(
    target: str | os.PathLike[str], data: bytes, *, through_links: bool = True
) -> None:
    """Replace the file at `target` by `data` in one step, as `atomic_path` does; raises OSError."""
    with atomic_path(target, through_links=through_links) as temporary:
        temporary.write_bytes(data)


def remove_leftovers(written: str | os.PathLike[str], old_s: float = _OLD_S) -> None:
    """Remove temporary files next to a file that was just written, if they are that much older.

    Those of a process that is still running stay.
    """
    with suppress(OSError):
        real = Path(os.path.realpath(written))
        now = real.stat().st_mtime
        for each in real.parent.iterdir():
            if not is_leftover(each.name) or writer_of(each.name) == "running":
                continue
            status = each.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_mtime <= now - old_s:
                each.unlink()
