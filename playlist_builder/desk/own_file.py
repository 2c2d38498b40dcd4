"""A small JSON file beside a library, which no other user can read, or can have written."""

import json
import os
import stat
from pathlib import Path
from typing import Any


def beside(library: str, suffix: str) -> Path:
    """Return the file of a suffix beside a library itself, whatever links lead to it."""
    return Path(os.path.realpath(library) + suffix)


def read(path: Path, longest: int) -> dict[str, Any]:
    """Return what a file of so many characters at most holds, empty where there is none.

    A file that another user can have written, a link, or one with half a character is none.
    """
    try:
        opened = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(opened, encoding="utf-8") as file:
            known = json.loads(file.read(longest)) if _is_own(os.fstat(opened)) else {}
        json.dumps(known, ensure_ascii=False).encode()
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def write(path: Path, document: dict[str, Any]) -> None:
    """Write a file, readable by this user alone, completely or not at all; raises OSError."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    opened = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _is_own(found: os.stat_result) -> bool:
    """Whether a file is a plain one of this user that nobody else can write or read."""
    if not stat.S_ISREG(found.st_mode):
        return False
    if os.name == "nt":  # there, the folder says who may
        return True
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
