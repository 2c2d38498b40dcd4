"""Every failure of a library file as one line in `LibraryError`, with what to do next.

In go errors of SQLite, of the system, and of reading a row that no command wrote.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from playlist_builder.errors import LibraryError, system_reason
from playlist_builder.language.translation import Phrase

DAMAGE = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))
UNWRITABLE = frozenset((sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM))
BUSY = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED))
INVALID_ROW = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What reading a row raises that no command wrote."""

_ADVICE = {
    sqlite3.SQLITE_FULL: Phrase(
        "Free some space; what was done is kept, and the same command goes on."
    ),
    sqlite3.SQLITE_BUSY: Phrase("Another scan or build holds it. Wait for that, and try again."),
    sqlite3.SQLITE_IOERR: Phrase("See whether the disk is full or gone; what was done is kept."),
}
_ELSEWHERE = Phrase("Make it writable, or give another file with --library.")
_DISK_FULL = frozenset((errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)))
_OF_SQLITE = {
    sqlite3.SQLITE_CORRUPT: Phrase("database disk image is malformed"),
    sqlite3.SQLITE_NOTADB: Phrase("file is not a database"),
    sqlite3.SQLITE_READONLY: Phrase("attempt to write a readonly database"),
    sqlite3.SQLITE_CANTOPEN: Phrase("unable to open database file"),
    sqlite3.SQLITE_PERM: Phrase("access permission denied"),
    sqlite3.SQLITE_FULL: Phrase("database or disk is full"),
    sqlite3.SQLITE_BUSY: Phrase("database is locked"),
    sqlite3.SQLITE_IOERR: Phrase("disk I/O error"),
}  # as SQLite says them


class UnusableLibraryError(LibraryError):
    """A library file that cannot be used: what is wrong with it, and what to do about one's own."""

    def __init__(self, path: str, problem: Phrase, advice: Phrase) -> None:
        super().__init__(Phrase("{problem} {advice}", problem=problem, advice=advice))
        self.path, self.problem = path, problem


class LibraryBusyError(UnusableLibraryError):
    """A library file that another process writes to: nothing is wrong, and to try again helps."""


def code(error: sqlite3.Error) -> int:
    """Return the primary result code of SQLite, 0 where the error is not SQLite's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def unusable(path: str, error: sqlite3.Error | OSError) -> LibraryError:
    """Return the error for a library file that cannot be used."""
    if isinstance(error, sqlite3.ProgrammingError):  # a mistake of the caller, not of the file
        return LibraryError(
            "The library {path} is used after it was closed, or by another thread than the"
            " one that opened it. The file is healthy: open it again there with"
            " Library.open.",
            path=path,
        )
    advice = Phrase("Move it away, or give another file with --library.")
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        advice = _ADVICE[sqlite3.SQLITE_FULL]
    elif isinstance(error, OSError) or code(error) in UNWRITABLE:
        advice = _ELSEWHERE
    elif code(error) in _ADVICE:
        advice = _ADVICE[code(error)]
    problem = Phrase("Cannot use the library {path}: {why}.", path=path, why=_reason(error))
    kind = (
        LibraryBusyError
        if isinstance(error, sqlite3.Error) and code(error) in BUSY
        else UnusableLibraryError
    )
    return kind(path, problem, advice)


def _reason(error: sqlite3.Error | OSError) -> str:
    return system_reason(error) if isinstance(error, OSError) else reason(error)


def reason(error: sqlite3.Error) -> str:
    """Return what SQLite says, in words that are known to be translated where it says those."""
    known = _OF_SQLITE.get(code(error))
    return known if known == str(error) else str(error)


def newer(path: str) -> LibraryError:
    """Return the error for a file that only a later version can read."""
    return LibraryError(
        "The library {path} was written by a newer playlist-builder. Update this one:"
        " pip install --upgrade playlist-builder.",
        path=path,
    )


@contextmanager
def decoding(path: str) -> Iterator[None]:
    """Raise LibraryError for a row of a library file that cannot be decoded."""
    try:
        yield
    except INVALID_ROW as error:
        raise UnusableLibraryError(
            path,
            Phrase("The library {path} contains invalid rows.", path=path),
            Phrase(
                "Move it away: your marks and history come back from its backup, and a scan"
                " measures the music again."
            ),
        ) from error


@contextmanager
def only_read(path: str) -> Iterator[None]:
    """Advise on a library file that is not the user's own here, where it cannot be used."""
    try:
        yield
    except UnusableLibraryError as error:
        if error.path != path:
            raise
        raise LibraryError(
            "{problem} It was only read, and is as it was. Merge another file.",
            problem=error.problem,
        ) from error
