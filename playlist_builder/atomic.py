"""Files written completely or not at all: under a temporary name, synced, then renamed."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playlist_builder.system import is_locked, locked

_START, _END = ".playlist-builder-", ".tmp"
_TEMPORARY = re.compile(rf"{re.escape(_START)}[0-9a-f]{{4,16}}{re.escape(_END)}")
_OLD_S = 3600.0  # a temporary file this much older than a new one is not being written any more


def is_leftover(name: str) -> bool:
    """Return whether `name` is that of a temporary file."""
    return _TEMPORARY.fullmatch(name) is not None


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
    temporary = real.with_name(f"{_START}{secrets.token_hex(8)}{_END}")
    try:
        temporary.touch(exist_ok=False)
        with locked(temporary):  # by which others know that it is being written
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

    Those that are still being written stay, as far as the file system can tell.
    """
    with suppress(OSError):
        real = Path(os.path.realpath(written))
        now = real.stat().st_mtime
        for each in real.parent.iterdir():
            if is_leftover(each.name) and each.lstat().st_mtime <= now - old_s:
                with suppress(OSError):
                    if is_locked(each):
                        continue
                if each.is_file():
                    each.unlink()
