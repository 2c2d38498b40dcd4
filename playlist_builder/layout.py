"""The tables of a library file, and how those of older versions become today's.

What was derived from files (`files`, `features`, `heard`, `skipped`) may be dropped and made again.
What the user said (`USER_TABLES`) is keyed by the identity of the music and never dropped.
"""

import dataclasses
import json
import sqlite3
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, get_args, get_origin, get_type_hints

from playlist_builder import history
from playlist_builder.bulk import made
from playlist_builder.features import FEATURES_VERSION
from playlist_builder.listening import VOICE_VERSION
from playlist_builder.models import Features, Tags

USER_TABLES = ("marks", *history.TABLES)
"""What the user said: backed up whenever it changes, and brought back from there after damage."""

SCALARS = tuple(field.name for field in dataclasses.fields(Features) if field.name != "steps")
TAGS = tuple(field.name for field in dataclasses.fields(Tags))

PAGE_BYTES = 16384
"""So that little of a page is left over beside rows of one or two thousand bytes."""


def _layout_1(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE TABLE marks (identity TEXT PRIMARY KEY, energy REAL, vocals TEXT,"
        " banned INTEGER NOT NULL, note TEXT NOT NULL) WITHOUT ROWID"
    )
    connection.execute(
        "CREATE TABLE files (path BLOB PRIMARY KEY, size INTEGER NOT NULL,"
        " mtime_ns INTEGER NOT NULL, identity TEXT NOT NULL, tags TEXT NOT NULL,"
        " missing INTEGER NOT NULL) WITHOUT ROWID"
    )
    connection.execute("CREATE INDEX files_by_identity ON files (identity)")
    connection.execute(
        "CREATE TABLE skipped (path BLOB PRIMARY KEY, size INTEGER NOT NULL,"
        " mtime_ns INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID"
    )
    connection.execute("CREATE TABLE derived (features_version INTEGER NOT NULL)")
    connection.execute("INSERT INTO derived VALUES (0)")


def _layout_2(connection: sqlite3.Connection) -> None:
    """Room for voices; tags are read anew at the next scan, since more of them count."""
    connection.execute(
        "CREATE TABLE heard (identity TEXT PRIMARY KEY, verdict TEXT NOT NULL,"
        " confidence REAL NOT NULL, spans TEXT NOT NULL) WITHOUT ROWID"
    )
    connection.execute("ALTER TABLE derived ADD COLUMN voice_version INTEGER NOT NULL DEFAULT 0")
    connection.execute("UPDATE files SET mtime_ns = -1")


def _layout_3(connection: sqlite3.Connection) -> None:
    """Give each tag a column, which is read much faster than JSON; count what the user says."""
    old = connection.execute("SELECT path, size, mtime_ns, identity, missing, tags FROM files")
    rows = [(*row, json.loads(tags)) for *row, tags in old.fetchall()]
    connection.execute("DROP TABLE files")
    connection.execute(
        "CREATE TABLE files (path BLOB PRIMARY KEY, size INTEGER NOT NULL,"
        " mtime_ns INTEGER NOT NULL, identity TEXT NOT NULL, missing INTEGER NOT NULL)"
        " WITHOUT ROWID"
    )
    connection.execute("CREATE INDEX files_by_identity ON files (identity)")
    _follow_tags(connection)
    names = ", ".join(TAGS)
    for *row, tags in rows:
        values = [kept(tags.get(name, getattr(Tags(), name))) for name in TAGS]
        connection.execute(
            f"INSERT INTO files (path, size, mtime_ns, identity, missing, {names})"  # noqa: S608 - own names
            f" VALUES ({', '.join('?' * (5 + len(TAGS)))})",
            (*row, *values),
        )
    connection.execute("CREATE TABLE revision (library TEXT NOT NULL, number INTEGER NOT NULL)")
    connection.execute("INSERT INTO revision VALUES (hex(randomblob(16)), 0)")


MIGRATIONS: Sequence[Callable[[sqlite3.Connection], None]] = (
    _layout_1,
    _layout_2,
    _layout_3,
    history.create,
)
"""Layout n + 1 is made from layout n by entry n; entries are only ever appended."""


def newest() -> int:
    """Return the number of today's layout."""
    return len(MIGRATIONS)


def layout_of(connection: sqlite3.Connection) -> int:
    """Return the number of the layout that a file has; 0 is an empty file."""
    number: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return number


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file to today's layout in one transaction."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for migration in MIGRATIONS[layout_of(connection) :]:
            migration(connection)
        connection.execute(f"PRAGMA user_version = {newest()}")


def user_tables(connection: sqlite3.Connection) -> list[str]:
    """Return the tables of what the user said that a file of any layout has."""
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    return [table for table in USER_TABLES if table in there]


def renew(connection: sqlite3.Connection) -> None:
    """Drop what an other version of the analysis found; the next scan finds it anew."""
    if is_of_today(connection):
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        # Asked again, now that nobody else writes: an other process may have done it meanwhile.
        features_version, voice_version = _versions(connection)
        if features_version != FEATURES_VERSION:
            columns = ", ".join(f"{name} NOT NULL" for name in SCALARS)
            connection.execute("DROP TABLE IF EXISTS features")
            connection.execute(
                f"CREATE TABLE features (identity TEXT PRIMARY KEY, {columns}, steps BLOB NOT NULL)"
            )
            connection.execute("DELETE FROM skipped")
        if voice_version != VOICE_VERSION:
            connection.execute("DELETE FROM heard")
        if _new_tags(connection):
            _follow_tags(connection)
            connection.execute("UPDATE files SET mtime_ns = -1")
        connection.execute("UPDATE derived SET features_version = ?", (FEATURES_VERSION,))
        connection.execute("UPDATE derived SET voice_version = ?", (VOICE_VERSION,))


def is_of_today(connection: sqlite3.Connection) -> bool:
    """Whether all that a file holds was found by this version of the analysis."""
    today = FEATURES_VERSION, VOICE_VERSION
    return _versions(connection) == today and not _new_tags(connection)


def kept(value: Any) -> Any:  # noqa: ANN401 - whatever a tag may be
    """Return a tag as it is kept in a column: several as JSON, none of them as an empty text."""
    if isinstance(value, tuple | list):
        return json.dumps(value) if value else ""
    if isinstance(value, str):  # half of a surrogate pair is no text for SQLite
        return value.encode("utf-8", "replace").decode()
    return value


def tags_of(columns: Sequence[Sequence[Any]]) -> list[Tags]:
    """Return the tags of many files from their columns, in the order of `TAGS`."""
    read = [
        map(_READERS[name], column) if name in _READERS else column
        for name, column in zip(TAGS, columns, strict=True)
    ]
    return made(Tags, len(columns[0]), read)


@lru_cache(maxsize=100_000)  # artists, albums and genres are shared by many files
def _several(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text else ()


_TYPES = get_type_hints(Tags)
_READERS: dict[str, Callable[[Any], Any]] = {
    name: bool if kind is bool else _several
    for name, kind in _TYPES.items()
    if kind is bool or get_origin(kind) is tuple
}


def _versions(connection: sqlite3.Connection) -> tuple[int, int]:
    features, voice = connection.execute(
        "SELECT features_version, voice_version FROM derived"
    ).fetchone()
    return features, voice


def _new_tags(connection: sqlite3.Connection) -> list[str]:
    """Return the tags that have no column yet."""
    there = {name for _, name, *_ in connection.execute("PRAGMA table_info(files)")}
    return [name for name in TAGS if name not in there]


def _follow_tags(connection: sqlite3.Connection) -> None:
    for name in _new_tags(connection):
        optional = type(None) in get_args(_TYPES[name])
        default = "" if optional else f" NOT NULL DEFAULT {0 if _TYPES[name] is bool else repr('')}"
        connection.execute(f"ALTER TABLE files ADD COLUMN {name}{default}")
