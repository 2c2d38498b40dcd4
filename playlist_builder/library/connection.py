"""An open library file: a path in, a connection out that runs SQL; each failure is a LibraryError.

A file is opened for writing where that is possible, for reading elsewhere. A damaged file is set
aside, and the user data restored (see `backup`).
"""

import os
import sqlite3
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playlist_builder.errors import LibraryError
from playlist_builder.files.system import is_regular
from playlist_builder.language.translation import Phrase
from playlist_builder.library import backup, schema
from playlist_builder.library.errors import (
    DAMAGE,
    UNWRITABLE,
    UnusableLibraryError,
    code,
    decoding,
    newer,
    reason,
    unusable,
)

GIVE_ANOTHER = Phrase("Give another file with --library.")
BUSY_S = 30.0  # how long to wait while another scan or build holds the file
BRIEFLY_S = 0.25  # the same where whoever asks can wait better than a connection


@dataclass(frozen=True, slots=True)
class Connection:
    """An open library file. `recovered` says in one line what was restored, if anything."""

    path: str
    sqlite: sqlite3.Connection
    recovered: str = ""
    read_only: bool = False

    def rows(self, sql: str, values: Mapping[str, Any]) -> list[Any]:
        """Return all rows of a query."""
        with self.checked():
            return self.sqlite.execute(sql, values).fetchall()

    def stream(self, sql: str) -> Generator[Any, None, None]:
        """Yield the rows of a query one by one."""
        with self.checked():
            yield from self.sqlite.execute(sql)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Commit what is written, or nothing of it where anything fails."""
        with self.checked(), self.sqlite:
            yield self.sqlite

    @contextmanager
    def writing_user_data(self) -> Iterator[sqlite3.Connection]:
        """Change the user's tables in the library and in its backup, or in neither."""
        with self.writing() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("UPDATE revision SET number = number + 1")
            backup.back_up(connection, self.path)

    @contextmanager
    def briefly(self) -> Iterator[None]:
        """Wait only a moment for other processes that write; what is committed is on the disk."""
        with self.checked():
            self.sqlite.execute(f"PRAGMA busy_timeout = {BRIEFLY_S * 1000:.0f}")
            self.sqlite.execute("PRAGMA synchronous = FULL")
        try:
            yield
        finally:
            with self.checked():
                self.sqlite.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000:.0f}")
                self.sqlite.execute("PRAGMA synchronous = NORMAL")

    @contextmanager
    def checked(self) -> Iterator[None]:
        """Raise LibraryError for errors of SQLite and the system; set a damaged file aside."""
        try:
            yield
        except sqlite3.Error as error:
            if self.read_only or code(error) not in DAMAGE:
                raise unusable(self.path, error) from error
            self.sqlite.close()
            try:
                aside = backup.set_aside(self.path)
            except OSError as refused:
                raise unusable(self.path, error) from refused
            raise LibraryError(
                "The library {path} is damaged ({error}) and was set aside as {aside}. Give"
                " the command again: your marks and history are kept, and a scan measures the"
                " music again.",
                path=self.path,
                error=reason(error),
                aside=aside,
            ) from error
        except OSError as error:
            raise unusable(self.path, error) from error


def open_library(path: str) -> Connection:
    """Return a library file, made where there is none and brought up to date."""
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        _check_is_file(path)
        return _opened_or_restored(path)
    except (sqlite3.Error, OSError) as error:
        raise unusable(path, error) from error


def open_unchanged(path: str) -> Connection:
    """Return a library file of which nothing is changed, neither to repair nor to update it.

    Raises LibraryError where it is not up to date.
    """
    try:
        _check_is_file(path)
        sqlite = _connect_for_reading(path)
        current = schema.is_up_to_date(sqlite)
    except (sqlite3.Error, OSError) as error:
        raise unusable(path, error) from error
    if not current:
        sqlite.close()
        raise LibraryError(
            "The library {path} was written by another version of playlist-builder. Scan"
            " its folders with this version first.",
            path=path,
        )
    return Connection(path, sqlite, read_only=True)


def _check_is_file(path: str) -> None:
    """Raise LibraryError for a pipe or device, which may be waited for in vain; also OSError."""
    if os.path.exists(path) and not is_regular(path):
        problem = Phrase("{path} is no file but a pipe or device.", path=path)
        raise UnusableLibraryError(path, problem, GIVE_ANOTHER)


def _opened_or_restored(path: str) -> Connection:
    try:
        sqlite, origin = _opened(path)
    except sqlite3.Error as error:
        if code(error) not in DAMAGE or not backup.is_damaged_library(path):
            raise
        aside = backup.set_aside(path)
        sqlite, origin = _opened(path, aside)
        restored = {
            "backup": Phrase("Your marks and history were restored from its backup"),
            "damaged": Phrase("What could still be read of your marks and history was restored"),
            "nowhere": Phrase(
                "Nothing could be read of your marks and history; see {aside}", aside=aside
            ),
        }
        recovered = Phrase(
            "The library {path} was damaged ({why}) and is kept as {aside}. {restored}; a scan"
            " measures the music again.",
            path=path,
            why=reason(error),
            aside=aside,
            restored=restored[origin],
        )
        return Connection(path, sqlite, recovered)
    if origin == "nowhere":
        return Connection(path, sqlite)
    return Connection(
        path,
        sqlite,
        Phrase(
            "The library {path} was behind its backup: your marks and history were restored from"
            " there.",
            path=path,
        ),
    )


def _opened(path: str, damaged: str | None = None) -> tuple[sqlite3.Connection, backup.Origin]:
    with _closed_on_error(_connect(path)) as connection:
        version = schema.version_of(connection)
        # User data is checked in full at every start. The rest can be measured again, so that
        # damage there may show when it is met: checking it all takes too long.
        if version:
            _check_user_data(connection, version)
        if 0 < version < schema.newest_version():
            backup.keep_schema(connection, path, version)
        with decoding(path):
            if version < schema.newest_version():
                schema.migrate(connection)
            schema.ensure_identity(connection)
            schema.update_derived(connection)
        return connection, backup.reconcile(connection, path, damaged)


def _connect(path: str) -> sqlite3.Connection:
    """Open a file for reading and writing, or for reading where it cannot be written."""
    if _has_log(path):  # whoever closes it writes its log into it, even into another program's
        with suppress(sqlite3.Error):
            _connect_to(path, "mode=ro").close()
    try:
        with _closed_on_error(sqlite3.connect(path, timeout=BUSY_S)) as connection:
            _check_format(connection, path)  # before anything is changed
            connection.execute(f"PRAGMA page_size = {schema.PAGE_BYTES}")  # of one still empty
            # Readers and one writer at a time, and no lost commit but by a failing machine.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            return connection
    except sqlite3.Error as error:
        if code(error) not in UNWRITABLE or not os.path.isfile(path):
            raise
    return _connect_for_reading(path)


def _connect_for_reading(path: str) -> sqlite3.Connection:
    """Open a file that cannot be written, by SQLite's ways for such a file, the safest first."""
    # Without a log nobody else has it open, and then not even a lock need be written beside it.
    if os.path.exists(f"{path}-wal"):
        try:
            return _connect_to(path, "mode=ro")
        except sqlite3.Error as error:
            if code(error) in DAMAGE:
                raise
    if _has_log(path):  # which is not read that way
        raise LibraryError(
            "The last changes of the library {path} lie in its log, {path}-wal, which"
            " cannot be read there. Copy both files to a folder that can be written, and"
            " use that.",
            path=path,
        )
    return _connect_to(path, "mode=ro&immutable=1")


def _connect_to(path: str, parameters: str) -> sqlite3.Connection:
    uri = f"{Path(path).absolute().as_uri()}?{parameters}"
    with _closed_on_error(sqlite3.connect(uri, uri=True, timeout=BUSY_S)) as connection:
        _check_format(connection, path)
    return connection


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    try:
        yield connection
    except BaseException:
        connection.close()
        raise


def _check_format(connection: sqlite3.Connection, path: str) -> None:
    if schema.is_unversioned(connection):
        raise LibraryError(
            "The library {path} was written by a development version and cannot be read"
            " any more. Move it and {backup} away, and scan your folders again.",
            path=path,
            backup=backup.backup_path(path),
        )
    if not schema.is_library(connection):
        raise UnusableLibraryError(
            path,
            Phrase("{path} is not a library of playlist-builder.", path=path),
            GIVE_ANOTHER,
        )
    if schema.version_of(connection) > schema.newest_version():
        raise newer(path)


def _check_user_data(connection: sqlite3.Connection, version: int) -> None:
    tables = {*schema.USER_TABLES, "derived", "revision"}
    if version < schema.newest_version():  # a migration will make what is not there yet
        tables &= schema.tables(connection)
    for table in sorted(tables):
        for (verdict,) in connection.execute(f"PRAGMA quick_check({table})"):
            if verdict != "ok":
                error = sqlite3.DatabaseError(verdict)
                error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
                raise error


def _has_log(path: str) -> bool:
    with suppress(FileNotFoundError):
        return os.path.getsize(f"{path}-wal") > 0
    return False
