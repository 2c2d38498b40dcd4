"""The backup of user data beside the library file, and what it restores after damage.

The backup is a library file of its own that holds the user's tables and nothing else. It is
replaced atomically, before a change is committed, so that a confirmed change lies in both. Where
the library is behind its backup (a new file, or one that lost its last changes), the backup is
read back into it; nothing that only the library holds is dropped by that.

No file of the user's is ever deleted: a damaged library or backup is renamed.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from functools import cache
from glob import escape
from pathlib import Path
from typing import Any, Literal

from playlist_builder.errors import LibraryError
from playlist_builder.files.atomic import atomic_path, remove_leftovers, replace_bytes
from playlist_builder.library import kept, runs, schema
from playlist_builder.library.errors import DAMAGE, code, newer, unusable

Origin = Literal["nowhere", "backup", "damaged"]  # from where user data was restored
Revision = tuple[str, int]  # which library this is, and how often its user data changed
_SUFFIXES = ("", "-wal", "-shm")


def backup_path(path: str) -> str:
    """Return the path of the backup of a library."""
    return f"{path}.backup"


def is_damaged_library(path: str) -> bool:
    """Whether a file that cannot be read was a library, and not a file of another kind."""
    with open(path, "rb") as file:
        return file.read(16) == b"SQLite format 3\0" or os.path.exists(backup_path(path))


def set_aside(path: str) -> str:
    """Return the new path of a damaged library or backup, renamed with its logs. Raises OSError."""
    number = 1
    while os.path.exists(aside := f"{path}.damaged-{number}"):
        number += 1
    for suffix in _SUFFIXES:
        with suppress(FileNotFoundError):
            os.rename(path + suffix, aside + suffix)
    return aside


def schema_backup_path(path: str, version: int) -> str:
    """Return the path of the copy that is made before a schema of that version is migrated."""
    return f"{path}.schema-{version}.backup"


def keep_schema(connection: sqlite3.Connection, path: str, version: int) -> None:
    """Replace the copy from before a migration by the library of now.

    Raises LibraryError where it cannot be written: that is no damage of the library.
    """
    target = schema_backup_path(path, version)
    try:
        with atomic_path(target) as new, closing(sqlite3.connect(new)) as copy:
            connection.backup(copy)
    except OSError as error:
        raise unusable(target, error) from error


def back_up(connection: sqlite3.Connection, path: str) -> None:
    """Replace the backup by the user data of now, committed or not. Raises OSError."""
    with closing(sqlite3.connect(":memory:")) as copy:
        copy.deserialize(_empty(tuple(schema.MIGRATIONS)))
        with copy:
            for table in (*schema.USER_TABLES, "revision"):
                _insert(copy, table, _rows(connection, table))
        replace_bytes(backup_path(path), copy.serialize())
    remove_leftovers(backup_path(path))


@cache
def _empty(_migrations: tuple[object, ...]) -> bytes:
    """Return a library by these migrations without a row, not even of its own revision."""
    with closing(sqlite3.connect(":memory:")) as made:
        schema.migrate(made)
        with made:
            made.execute("DELETE FROM revision")
        return made.serialize()


def reconcile(connection: sqlite3.Connection, path: str, damaged: str | None = None) -> Origin:
    """Return from where user data was restored, after library and backup were made alike.

    Without a readable backup, what can be read of a `damaged` library is restored. A backup that
    cannot be read is set aside. Raises OSError, and `LibraryError` for a backup that is newer than
    this program.
    """
    with closing(_backup(path)) as backup:
        theirs, ours = None, _revision(connection)
        with suppress(sqlite3.Error):
            theirs = _revision(backup)
        if theirs == ours:
            return "nowhere"
        lost = theirs is not None and (theirs[0] != ours[0] or theirs[1] > ours[1])
        found = {table: _rows(backup, table) if lost else [] for table in schema.USER_TABLES}
    if theirs is None and damaged is not None:
        found = {table: list(_readable(damaged, table)) for table in schema.USER_TABLES}
    # A backup that cannot be written yet keeps nobody from reading; missing bans would.
    with (
        suppress(*(() if any(found.values()) else (OSError, sqlite3.OperationalError))),
        connection,
    ):
        connection.execute("BEGIN IMMEDIATE")
        ours = _revision(connection)  # another process may have committed it meanwhile
        if theirs == ours:
            return "nowhere"
        _restore(connection, found, theirs, ours)
        back_up(connection, path)
    is_restored = any(found.values())
    if theirs is not None and (is_restored or damaged is not None):
        return "backup"
    return "damaged" if is_restored else "nowhere"


def scrub(connection: sqlite3.Connection, path: str, name: str) -> None:
    """Remove all traces of a deleted name from the free space of a library and its older copies.

    Raises LibraryError where another program keeps the library open.
    """
    # Deleted rows stay legible in free pages and in the log until both are written again.
    connection.execute("VACUUM")
    ((busy, *_),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if busy:
        raise LibraryError(
            "The library {path} is in use, so that {name!r} is forgotten but may remain in"
            " its log. Give the same command again when no other one runs.",
            path=path,
            name=name,
        )
    remove_leftovers(backup_path(path), 0.0)
    for copy in _siblings(path, ".schema-*.backup"):
        try:
            with closing(sqlite3.connect(copy)) as old:
                with old:
                    kept.delete_person(old, name)
                old.execute("VACUUM")
                old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            if code(error) not in DAMAGE:
                raise
            set_aside(copy)  # it is the copy that is damaged, not the library


def files_naming(path: str, name: str) -> list[str]:
    """Return the damaged libraries and backups set aside that hold a name."""
    damaged = (".damaged-*", ".backup.damaged-*", ".schema-*.backup.damaged-*")
    files = [file for pattern in damaged for file in _siblings(path, pattern)]
    return [
        file for file in files if os.path.isfile(file) and name.encode() in Path(file).read_bytes()
    ]


def _siblings(path: str, pattern: str) -> list[str]:
    file = Path(path)
    return sorted(map(os.fspath, file.parent.glob(escape(file.name) + pattern)))


def _restore(
    connection: sqlite3.Connection,
    found: dict[str, list[Any]],
    theirs: Revision | None,
    ours: Revision,
) -> None:
    # The backup of this very library is ahead of it; that of another one is not newer.
    same = theirs is not None and theirs[0] == ours[0]
    for table, rows in found.items():
        # A record grows without the backup: what is here of one may be newer.
        is_newer = same and table not in runs.GROWING
        _insert(connection, table, rows, "REPLACE" if is_newer else "IGNORE")
    kept.settle(connection)
    runs.settle(connection)
    if theirs is not None:
        values = theirs[0] if ours[1] == 0 else ours[0], max(theirs[1], ours[1])
        connection.execute("UPDATE revision SET library = ?, number = ?", values)


def _backup(path: str) -> sqlite3.Connection:
    """Return the backup in memory, in the newest schema; an empty file where none can be read."""
    backup = backup_path(path)
    copy = sqlite3.connect(":memory:")
    if not os.path.exists(backup) or (os.path.isfile(backup) and not os.path.getsize(backup)):
        return copy
    try:
        if os.path.isdir(backup):
            raise sqlite3.DatabaseError("a folder")
        copy.deserialize(Path(backup).read_bytes())
        if not schema.is_library(copy):
            raise sqlite3.DatabaseError("another program's file")
        if schema.version_of(copy) > schema.newest_version():
            copy.close()
            raise newer(backup)
        schema.migrate(copy)
        if _columns(copy) != _newest_columns() or not schema.is_identified(copy):
            raise sqlite3.DatabaseError("another program's tables")
    except sqlite3.Error:
        copy.close()
        with suppress(OSError):  # where it cannot be renamed, it is not overwritten either
            set_aside(backup)
        return sqlite3.connect(":memory:")
    except OSError as error:
        copy.close()
        raise unusable(backup, error) from error
    return copy


def _columns(connection: sqlite3.Connection) -> list[Any]:
    return [
        connection.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
        for table in (*schema.USER_TABLES, "revision")
    ]


def _newest_columns() -> list[Any]:
    with closing(sqlite3.connect(":memory:")) as fresh:
        schema.migrate(fresh)
        return _columns(fresh)


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
    """Yield the rows before the first damage and those after the last."""
    with closing(sqlite3.connect(f"{Path(damaged).absolute().as_uri()}?mode=ro", uri=True)) as file:
        for order in ("ASC", "DESC"):
            with suppress(sqlite3.Error):
                yield from file.execute(f"SELECT * FROM {table} ORDER BY 1 {order}")  # noqa: S608 - own names
