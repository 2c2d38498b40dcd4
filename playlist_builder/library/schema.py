"""The tables of a library file, their version, and how a file comes up to date.

Derived tables (`files`, `features`, `steps`, `heard`, `embeddings`, `skipped`) may be dropped and
made again. The user's (`USER_TABLES`) are keyed by the identity of the music and never dropped.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from playlist_builder.analysis.energy import ENERGY_VERSION
from playlist_builder.analysis.features import FEATURES_VERSION
from playlist_builder.analysis.step_features import STEP_FEATURES
from playlist_builder.library import answers, columns, history, kept, packed, runs
from playlist_builder.library.columns import Row
from playlist_builder.models import STYLE_SIZE
from playlist_builder.networks.music import EMBEDDING_VERSION
from playlist_builder.vocals.detector import VOICE_VERSION
from playlist_builder.vocals.evidence import EVIDENCE_VERSION

USER_TABLES = ("marks", *answers.TABLES, *history.TABLES, *kept.TABLES, *runs.TABLES)
"""Backed up at each change, restored after damage."""

APPLICATION_ID = 0x504C4259  # "PLBY" in the header: no other program's file is taken for a library
PAGE_BYTES = 16384  # so that little of a page is left over beside rows of 1 or 2 kB
HALF_TYPE = np.dtype("<f2")  # of steps and patches, up to version 3
BATCH = 1024  # rows that are read at once

_SCHEMA = """
CREATE TABLE marks (identity TEXT PRIMARY KEY, energy REAL, vocals TEXT,
    banned INTEGER NOT NULL, note TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE revision (library TEXT NOT NULL, number INTEGER NOT NULL);
INSERT INTO revision VALUES (hex(randomblob(16)), 0);

CREATE TABLE files (path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    identity TEXT NOT NULL, missing INTEGER NOT NULL, tag_evidence TEXT NOT NULL,
    title TEXT NOT NULL, tags TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX files_by_identity ON files (identity);
CREATE TABLE skipped (path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE features (identity TEXT PRIMARY KEY, scalars BLOB NOT NULL,
    contour BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE steps (identity TEXT PRIMARY KEY, steps BLOB NOT NULL);
CREATE TABLE heard (identity TEXT PRIMARY KEY, verdict TEXT NOT NULL, confidence REAL NOT NULL,
    spans TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE derived (features_version INTEGER NOT NULL, voice_version INTEGER NOT NULL,
    tag_names TEXT NOT NULL, energy_version INTEGER NOT NULL, evidence_version INTEGER NOT NULL)
"""
"""All tables of version 1 but those of the history. Steps are kept apart because they are nine
tenths of a file and few commands need them."""


_VERSIONS = (
    "features_version, voice_version, embedding_version, tag_names, energy_version,"
    " evidence_version"
)
"""In the order of `_current`: the first four are of what is read from files."""


def _create(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for statement in (*_SCHEMA.split(";"), *history.SCHEMA.split(";")):
        connection.execute(statement)


def _add_embeddings(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE TABLE embeddings (identity TEXT PRIMARY KEY, starts BLOB NOT NULL,"
        " patches BLOB NOT NULL) WITHOUT ROWID"
    )
    connection.execute("ALTER TABLE features ADD COLUMN emotion BLOB NOT NULL DEFAULT x''")
    connection.execute(
        "ALTER TABLE derived ADD COLUMN embedding_version INTEGER NOT NULL DEFAULT 0"
    )


def _add_answers(connection: sqlite3.Connection) -> None:
    connection.execute(answers.SCHEMA)


def _pack(connection: sqlite3.Connection) -> None:
    """Keep steps and embeddings, until here in half precision, in a byte for each number.

    What cannot be read is left out, for the next scan to measure. Embeddings leave the order of
    their identities, in which a fifth of each page stays empty.
    """
    for table, width, names in (
        ("steps", len(STEP_FEATURES), ("steps",)),
        ("embeddings", STYLE_SIZE, ("starts", "patches")),
    ):
        typed = "".join(f", {name} BLOB NOT NULL" for name in names)
        connection.execute(f"CREATE TABLE packed (identity TEXT PRIMARY KEY{typed})")
        rows = connection.execute(f"SELECT identity, {', '.join(names)} FROM {table}")  # noqa: S608 - own names
        places = ", ".join("?" * (1 + len(names)))
        connection.executemany(f"INSERT INTO packed VALUES ({places})", _packed(rows, width))  # noqa: S608 - as above
        connection.execute(f"DROP TABLE {table}")
        connection.execute(f"ALTER TABLE packed RENAME TO {table}")


def _packed(rows: Iterable[Row], width: int) -> Iterator[Row]:
    for *others, blob in rows:
        if isinstance(blob, bytes) and len(blob) % (HALF_TYPE.itemsize * width) == 0:
            values = np.frombuffer(blob, HALF_TYPE).reshape(-1, width)
            if np.isfinite(values).all():
                yield *others, packed.pack(values)


def _add_kept(connection: sqlite3.Connection) -> None:
    for statement in kept.SCHEMA.split(";"):
        connection.execute(statement)


def _add_removed(connection: sqlite3.Connection) -> None:
    connection.execute(kept.REMOVED_SCHEMA)


def _add_runs(connection: sqlite3.Connection) -> None:
    for statement in runs.SCHEMA.split(";"):
        connection.execute(statement)


MIGRATIONS: Sequence[Callable[[sqlite3.Connection], None]] = (
    _create,
    _add_embeddings,
    _add_answers,
    _pack,
    _add_kept,
    _add_removed,
    _add_runs,
)
"""Entry n makes version n + 1 of the schema from version n; entries are only ever appended."""


def newest_version() -> int:
    """Return the version of the schema that this program writes."""
    return len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of the schema that a file has; 0 is an empty file."""
    number: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return number


def is_library(connection: sqlite3.Connection) -> bool:
    """Whether a file is a library of any version, or still empty, and no other program's."""
    return not tables(connection) or _application_id(connection) == APPLICATION_ID


def is_unversioned(connection: sqlite3.Connection) -> bool:
    """Whether a file is a library from before its schema had the versions of today."""
    return {"files", "marks", "derived"} <= tables(connection) and not _application_id(connection)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file to the newest version of the schema in one transaction."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for migration in MIGRATIONS[version_of(connection) :]:
            migration(connection)
        connection.execute(f"PRAGMA user_version = {newest_version()}")


def ensure_identity(connection: sqlite3.Connection) -> None:
    """Make a library new to its backup where the one row of `revision` is gone or invalid."""
    if is_identified(connection):
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if not is_identified(connection):
            connection.execute("DELETE FROM revision")
            connection.execute("INSERT INTO revision VALUES (hex(randomblob(16)), 0)")


def is_identified(connection: sqlite3.Connection) -> bool:
    """Whether a file says which library it is, and how often its user data changed."""
    rows = connection.execute("SELECT typeof(library), typeof(number) FROM revision").fetchall()
    return rows == [("text", "integer")]


def is_up_to_date(connection: sqlite3.Connection) -> bool:
    """Whether a file has the newest schema, and today's analysis would read the same from music."""
    if version_of(connection) != newest_version():
        return False
    return [each[:4] for each in _derived(connection)] == [_current()[:4]]


def update_derived(connection: sqlite3.Connection) -> None:
    """Bring derived tables up to date.

    What another version of the analysis read from files is dropped, and the next scan reads it
    again; what follows from steps and tags alone is made again here.
    """
    if _derived(connection) == [_current()]:
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        # Read once more, now that nobody else writes: another process may have done it meanwhile.
        found = (*_derived(connection), (None,) * len(_current()))[0]
        features, voices, embeddings, tag_names, scores, evidence = (
            before != now for before, now in zip(found, _current(), strict=True)
        )
        if features:
            for table in ("features", "steps", "skipped"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - own names
        if voices:
            connection.execute("DELETE FROM heard")
        if embeddings:
            connection.execute("DELETE FROM embeddings")
        if tag_names:
            connection.execute("UPDATE files SET mtime_ns = -1")
            connection.execute("DELETE FROM skipped")
        if scores or embeddings:
            update_scores(connection)
        if evidence:
            _update_evidence(connection)
        connection.execute("DELETE FROM derived")
        insert = f"INSERT INTO derived ({_VERSIONS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608 - own names
        connection.execute(insert, _current())


def update_scores(connection: sqlite3.Connection, identity: str | None = None) -> None:
    """Score all recordings again from their steps and embeddings; or one of them."""
    where = "" if identity is None else "WHERE identity = :identity"
    rows = connection.execute(
        "SELECT identity, steps, starts, patches FROM steps LEFT JOIN embeddings USING (identity)"  # noqa: S608 - own names
        f" {where}",
        {"identity": identity},
    )
    while batch := list(islice(rows, BATCH)):
        found = columns.score_blobs(
            columns.steps_of([steps for _, steps, *_ in batch]),
            [columns.embedding_of(*blobs) for _, _, *blobs in batch],
        )
        connection.executemany(
            "UPDATE features SET contour = ?, emotion = ? WHERE identity = ?",
            [(*blobs, own) for blobs, (own, *_) in zip(found, batch, strict=True)],
        )


def _update_evidence(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT path, title, tags FROM files")
    found = [(columns.evidence_text(columns.tags_of(*tags)), path) for path, *tags in rows]
    connection.executemany("UPDATE files SET tag_evidence = ? WHERE path = ?", found)


def _current() -> tuple[Any, ...]:
    read = FEATURES_VERSION, VOICE_VERSION, EMBEDDING_VERSION, columns.TAG_NAMES
    return *read, ENERGY_VERSION, EVIDENCE_VERSION


def _derived(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return connection.execute(f"SELECT {_VERSIONS} FROM derived").fetchall()  # noqa: S608 - own names


def tables(connection: sqlite3.Connection) -> set[str]:
    """Return the names of all tables of a file."""
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}


def _application_id(connection: sqlite3.Connection) -> int:
    number: int = connection.execute("PRAGMA application_id").fetchone()[0]
    return number
