"""What the user said outlives the library file: the backup beside it, and what damage leads to.

The backup is a library file of its own that holds the user's tables and nothing else. It is
replaced in one step, before a change is committed: what was told to be kept lies in both. Where
the library is behind its backup (a new file, or one that lost its last changes), the backup is
read back into it; nothing that only the library holds is dropped by that.

Nothing here judges music, and no file of the user's is ever deleted: a damaged library is renamed.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from glob import escape
from pathlib import Path
from typing import Any, Literal

from playlist_builder.atomic import replace_bytes, sweep
from playlist_builder.errors import LibraryError
from playlist_builder.library import history
from playlist_builder.library.schema import (
    USER_TABLES,
    is_counted,
    layout_of,
    migrate,
    newest,
    user_tables,
)

DAMAGE = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))
UNWRITABLE = frozenset((sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM))
_ADVICE = {
    sqlite3.SQLITE_FULL: "Make room; what was done is kept, and the same command goes on.",
    sqlite3.SQLITE_BUSY: "Another scan or build holds it. Wait for that, and try again.",
    sqlite3.SQLITE_IOERR: "See whether the disk is full or gone; what was done is kept.",
}
_FULL = frozenset((errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)))
_ELSEWHERE = "Make it writable, or give another file with --library."
Origin = Literal["nowhere", "backup", "damaged"]
"""Whence that which the user said came back."""
Revision = tuple[str, int]
"""Which library this is, and how often the user said something."""
_BESIDE = ("", "-wal", "-shm")


def code(error: sqlite3.Error) -> int:
    """Return the primary result code of SQLite, 0 where the error is not SQLite's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def refusal(path: str, error: sqlite3.Error | OSError) -> LibraryError:
    """Return the one line for a library file that cannot be used, with the way out."""
    advice = "Move it away, or give another file with --library."
    if isinstance(error, OSError) and error.errno in _FULL:
        advice = _ADVICE[sqlite3.SQLITE_FULL]
    elif isinstance(error, OSError) or code(error) in UNWRITABLE:
        advice = _ELSEWHERE
    elif code(error) in _ADVICE:
        advice = _ADVICE[code(error)]
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return LibraryError(f"Cannot use the library {path}: {why}. {advice}")


def newer(path: str) -> LibraryError:
    """Return the one line for a file that only a later version understands."""
    return LibraryError(
        f"The library {path} was written by a newer playlist-builder. "
        "Update this one: pip install --upgrade playlist-builder."
    )


def backup_path(path: str) -> str:
    """Return where the backup of a library lies."""
    return f"{path}.backup"


def is_ours(path: str) -> bool:
    """Whether a file that cannot be read is a library that was damaged, and no other file."""
    with open(path, "rb") as file:
        return file.read(16) == b"SQLite format 3\0" or os.path.exists(backup_path(path))


def set_aside(path: str) -> str:
    """Rename a damaged library or backup and its logs; returns the new path. Raises OSError."""
    number = 1
    while os.path.exists(aside := f"{path}.damaged-{number}"):
        number += 1
    for suffix in _BESIDE:
        with suppress(FileNotFoundError):
            os.rename(path + suffix, aside + suffix)
    return aside


def back_up(connection: sqlite3.Connection, path: str) -> None:
    """Replace the backup by what the library says now, committed or not. Raises OSError."""
    with closing(sqlite3.connect(":memory:")) as copy:
        migrate(copy)
        with copy:
            copy.execute("DELETE FROM revision")
            for table in (*USER_TABLES, "revision"):
                _insert(copy, table, _rows(connection, table))
        replace_bytes(backup_path(path), copy.serialize())
    sweep(backup_path(path))


def agree(connection: sqlite3.Connection, path: str, damaged: str | None = None) -> Origin:
    """Bring library and backup to the same state; returns whence anything came back.

    Without a backup that can be read, what is readable in a `damaged` library comes back. A backup
    that cannot be read is set aside. Raises OSError, and `LibraryError` for a backup that is newer
    than this program.
    """
    with closing(_backup(path)) as backup:
        theirs, ours = None, _revision(connection)
        with suppress(sqlite3.Error):
            theirs = _revision(backup)
        if theirs == ours:
            return "nowhere"
        lost = theirs is not None and (theirs[0] != ours[0] or theirs[1] > ours[1])
        found = {table: _rows(backup, table) if lost else [] for table in USER_TABLES}
    if theirs is None and damaged is not None:
        found = {table: list(_readable(damaged, table)) for table in USER_TABLES}
    # A backup that cannot be written yet keeps nobody from reading; missing bans would.
    with (
        suppress(*(() if any(found.values()) else (OSError, sqlite3.OperationalError))),
        connection,
    ):
        connection.execute("BEGIN IMMEDIATE")
        ours = _revision(connection)  # an other process may have been about to commit it
        if theirs == ours:
            return "nowhere"
        _bring(connection, found, theirs, ours)
        back_up(connection, path)
    came = any(found.values())
    if theirs is not None and (came or damaged is not None):
        return "backup"
    return "damaged" if came else "nowhere"


def scrub(connection: sqlite3.Connection, path: str, name: str) -> None:
    """Leave no trace of a deleted name in the free space of a library, nor in its older copies.

    Raises LibraryError where an other program keeps the library from that.
    """
    # Deleted rows stay legible in free pages and in the log until both are written anew.
    connection.execute("VACUUM")
    ((busy, *_),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if busy:
        raise LibraryError(
            f"The library {path} is in use, so that {name!r} is forgotten but may stand in its log."
            " Give the same command again when no other one runs."
        )
    sweep(backup_path(path), 0.0)
    for copy in _beside(path, ".layout-*.backup"):
        with closing(sqlite3.connect(copy)) as old:
            if set(history.TABLES) <= set(user_tables(old)):
                with old:
                    history.erase(old, name)
                old.execute("VACUUM")
                old.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def holding(path: str, name: str) -> list[str]:
    """Return the damaged libraries and backups set aside that hold a name."""
    files = [*_beside(path, ".damaged-*"), *_beside(backup_path(path), ".damaged-*")]
    return [
        file for file in files if os.path.isfile(file) and name.encode() in Path(file).read_bytes()
    ]


def _beside(path: str, pattern: str) -> list[str]:
    file = Path(path)
    return sorted(map(os.fspath, file.parent.glob(escape(file.name) + pattern)))


def _bring(
    connection: sqlite3.Connection,
    found: dict[str, list[Any]],
    theirs: Revision | None,
    ours: Revision,
) -> None:
    # The backup of this very library is ahead of it; that of an other one knows no better.
    same = theirs is not None and theirs[0] == ours[0]
    for table, rows in found.items():
        _insert(connection, table, rows, "REPLACE" if same else "IGNORE")
    if theirs is not None:
        values = theirs[0] if ours[1] == 0 else ours[0], max(theirs[1], ours[1])
        connection.execute("UPDATE revision SET library = ?, number = ?", values)


def _backup(path: str) -> sqlite3.Connection:
    """Return the backup in memory and of today's layout; an empty one where none can be read."""
    backup = backup_path(path)
    copy = sqlite3.connect(":memory:")
    if not os.path.exists(backup) or (os.path.isfile(backup) and not os.path.getsize(backup)):
        return copy
    try:
        if os.path.isdir(backup):
            raise sqlite3.DatabaseError("a folder")
        copy.deserialize(Path(backup).read_bytes())
        if layout_of(copy) > newest():
            copy.close()
            raise newer(backup)
        migrate(copy)
        if _shape(copy) != _shape_of_today() or not is_counted(copy):
            raise sqlite3.DatabaseError("tables of another program")
    except sqlite3.Error:
        copy.close()
        with suppress(OSError):  # where it cannot be renamed, it is not overwritten either
            set_aside(backup)
        return sqlite3.connect(":memory:")
    except OSError as error:
        copy.close()
        raise refusal(backup, error) from error
    return copy


def _shape(connection: sqlite3.Connection) -> list[Any]:
    """Return the columns of all that a backup holds."""
    return [
        connection.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
        for table in (*USER_TABLES, "revision")
    ]


def _shape_of_today() -> list[Any]:
    with closing(sqlite3.connect(":memory:")) as fresh:
        migrate(fresh)
        return _shape(fresh)


def _revision(connection: sqlite3.Connection) -> Revision:
    library, number = connection.execute("SELECT library, number FROM revision").fetchone()
    return library, number


def _rows(connection: sqlite3.Connection, table: str) -> list[Any]:
    return connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - own names


def _insert(
    connection: sqlite3.Connection, table: str, rows: Sequence[Any], conflict: str = "REPLACE"
) -> None:
    if rows:
        values = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT OR {conflict} INTO {table} VALUES ({values})", rows)  # noqa: S608 - own names


def _readable(damaged: str, table: str) -> Iterator[Any]:
    """Yield the rows before the first damage and those behind the last."""
    with closing(sqlite3.connect(f"{Path(damaged).absolute().as_uri()}?mode=ro", uri=True)) as file:
        for order in ("ASC", "DESC"):
            with suppress(sqlite3.Error):
                yield from file.execute(f"SELECT * FROM {table} ORDER BY 1 {order}")  # noqa: S608 - own names
