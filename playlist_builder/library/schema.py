"""The tables of a library file, and how those of older versions become today's.

What was derived from files (`files`, `features`, `heard`, `skipped`) may be dropped and made again.
What the user said (`USER_TABLES`) is keyed by the identity of the music and never dropped.
"""

import dataclasses
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from importlib import resources
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playlist_builder.analysis import energy
from playlist_builder.analysis.features import FEATURES_VERSION
from playlist_builder.analysis.step_features import STEP_FEATURES
from playlist_builder.library import history
from playlist_builder.models import Features, Tags
from playlist_builder.text import encodable
from playlist_builder.track_table import SCALARS, numbers_of
from playlist_builder.vocals import evidence
from playlist_builder.vocals.detector import VOICE_VERSION

USER_TABLES = ("marks", *history.TABLES)
"""What the user said: backed up whenever it changes, and brought back from there after damage."""

_DEFAULTS: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(Tags)}
_KINDS = {
    name: (int, float, type(None)) if default is None else (type(default),)
    for name, default in _DEFAULTS.items()
}
TAGS = tuple(_DEFAULTS)
_TAG_NAMES = " ".join(TAGS)
"""Where other tags than these were read, files are read again."""

PAGE_BYTES = 16384
"""So that little of a page is left over beside rows of one or two thousand bytes."""

BATCH = 1024
"""Rows that are read at once."""

SCALAR_TYPE = np.dtype("<f8")
CONTOUR_TYPE = np.dtype("<f4")
STEP_TYPE = np.dtype("<f2")  # half the size; features are stored in ranges where 11 bits do
"""How numbers are kept in columns."""


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
    """Count what the user says. Once this gave each tag a column as well; layout 5 knows both."""
    connection.execute("CREATE TABLE revision (library TEXT NOT NULL, number INTEGER NOT NULL)")
    connection.execute("INSERT INTO revision VALUES (hex(randomblob(16)), 0)")


def _layout_5(connection: sqlite3.Connection) -> None:
    """Keep apart what every session asks for and what few do: steps are nine tenths of a file.

    What follows from steps and tags alone is kept beside them, for as long as it is made that way.
    """
    for name in ("tag_names", "contour_recipe", "said_recipe"):
        connection.execute(f"ALTER TABLE derived ADD COLUMN {name} TEXT NOT NULL DEFAULT ''")
    connection.execute("UPDATE derived SET tag_names = ?", (_TAG_NAMES,))
    _tags_in_one_column(connection)
    if (_versions(connection) or (0, 0))[0] != FEATURES_VERSION:
        return  # they are dropped in any case
    connection.execute("ALTER TABLE features RENAME TO old")
    _create_features(connection)
    rows = connection.execute(f"SELECT identity, {', '.join(SCALARS)}, steps FROM old")  # noqa: S608 - own names
    while some := list(islice(rows, BATCH)):
        contours = contour_blobs([steps_of(blob) for *_, blob in some])
        values = [
            (identity, packed(Features(*scalars)), contour)
            for (identity, *scalars, _), contour in zip(some, contours, strict=True)
        ]
        connection.executemany("INSERT INTO features VALUES (?, ?, ?)", values)
    connection.execute("INSERT INTO steps SELECT identity, steps FROM old")
    connection.execute("DROP TABLE old")
    connection.execute("UPDATE derived SET contour_recipe = ?", (contour_recipe(),))


def _tags_in_one_column(connection: sqlite3.Connection) -> None:
    """One text for all tags is read much faster than a column for each; few ask for its parts."""
    columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(files)")]
    known = [name for name in TAGS if name in columns]
    connection.execute("ALTER TABLE files RENAME TO old")
    connection.execute("DROP INDEX files_by_identity")
    connection.execute(
        "CREATE TABLE files (path BLOB PRIMARY KEY, size INTEGER NOT NULL,"
        " mtime_ns INTEGER NOT NULL, identity TEXT NOT NULL, missing INTEGER NOT NULL,"
        " said TEXT NOT NULL, title TEXT NOT NULL, tags TEXT NOT NULL) WITHOUT ROWID"
    )
    connection.execute("CREATE INDEX files_by_identity ON files (identity)")
    names = ", ".join(known) or "tags"
    rows = connection.execute(
        f"SELECT path, size, mtime_ns, identity, missing, {names} FROM old ORDER BY path"  # noqa: S608 - own names
    )
    while some := list(islice(rows, BATCH)):
        values = []
        for *row, text in ((*row[:5], row[5:]) for row in some):
            said = dict(zip(known, map(_of_column, known, text), strict=True))
            tags = _tags(said if known else json.loads(text[0]))
            values.append((*row, said_text(tags), *tag_columns(tags)))
        connection.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    connection.execute("DROP TABLE old")
    connection.execute("UPDATE derived SET said_recipe = ?", (said_recipe(),))


def _of_column(name: str, value: Any) -> Any:  # noqa: ANN401 - whatever a tag may be
    """Return a tag of layouts 3 and 4: several in JSON, none of them as an empty text."""
    if isinstance(_DEFAULTS[name], tuple):
        return json.loads(value) if value else ()
    return bool(value) if isinstance(_DEFAULTS[name], bool) else value


MIGRATIONS: Sequence[Callable[[sqlite3.Connection], None]] = (
    _layout_1,
    _layout_2,
    _layout_3,
    history.create,
    _layout_5,
)
"""Layout n + 1 is made from layout n by entry n; entries are only ever appended."""


def newest() -> int:
    """Return the number of today's layout."""
    return len(MIGRATIONS)


def layout_of(connection: sqlite3.Connection) -> int:
    """Return the number of the layout that a file has; 0 is an empty file."""
    number: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return number


def is_library(connection: sqlite3.Connection) -> bool:
    """Whether a file is a library of any layout, or still empty, and no other program's."""
    there = _tables(connection)
    return {"files", "marks", "derived"} <= there if layout_of(connection) else not there


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file to today's layout in one transaction."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for migration in MIGRATIONS[layout_of(connection) :]:
            migration(connection)
        connection.execute(f"PRAGMA user_version = {newest()}")


def user_tables(connection: sqlite3.Connection) -> list[str]:
    """Return the tables of what the user said that a file of any layout has."""
    there = _tables(connection)
    return [table for table in USER_TABLES if table in there]


def complete(connection: sqlite3.Connection) -> None:
    """Put back the one row of `derived` and of `revision` where it is gone or no such row.

    What hangs on it is then made anew, or compared with the backup as that of a new library.
    """
    if _versions(connection) is not None and is_counted(connection):
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if _versions(connection) is None:
            connection.execute("INSERT INTO derived (features_version) VALUES (0)")
        if not is_counted(connection):
            connection.execute("DELETE FROM revision")
            connection.execute("INSERT INTO revision VALUES (hex(randomblob(16)), 0)")


def is_counted(connection: sqlite3.Connection) -> bool:
    """Whether a file says which library it is, and how often the user said something."""
    rows = connection.execute("SELECT typeof(library), typeof(number) FROM revision").fetchall()
    return rows == [("text", "integer")]


def renew(connection: sqlite3.Connection) -> None:
    """Drop what an other version of the analysis found; the next scan finds it anew."""
    if is_of_today(connection):
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        # Asked again, now that nobody else writes: an other process may have done it meanwhile.
        features_version, voice_version = _versions(connection) or (0, 0)
        if features_version != FEATURES_VERSION:
            connection.execute("DROP TABLE IF EXISTS features")
            connection.execute("DROP TABLE IF EXISTS steps")
            _create_features(connection)
            connection.execute("DELETE FROM skipped")
        if voice_version != VOICE_VERSION:
            connection.execute("DELETE FROM heard")
        if _tag_names(connection) != _TAG_NAMES:
            connection.execute("UPDATE files SET mtime_ns = -1")
            connection.execute("UPDATE derived SET tag_names = ?", (_TAG_NAMES,))
        connection.execute("UPDATE derived SET features_version = ?", (FEATURES_VERSION,))
        connection.execute("UPDATE derived SET voice_version = ?", (VOICE_VERSION,))


def follow(connection: sqlite3.Connection) -> None:
    """Make anew what follows from steps and tags, where it was made otherwise than today."""
    if _recipes(connection) == (contour_recipe(), said_recipe()):
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        contour, said = _recipes(connection)
        if contour != contour_recipe():
            rows = connection.execute("SELECT identity, steps FROM steps")
            while some := list(islice(rows, BATCH)):
                steps = [steps_of(blob) for _, blob in some]
                blobs = contour_blobs(steps)
                connection.executemany(
                    "UPDATE features SET contour = ? WHERE identity = ?",
                    zip(blobs, [identity for identity, _ in some], strict=True),
                )
        if said != said_recipe():
            rows = connection.execute("SELECT path, title, tags FROM files")
            found = [(said_text(tags_of(*tags)), path) for path, *tags in rows]
            connection.executemany("UPDATE files SET said = ? WHERE path = ?", found)
        connection.execute("UPDATE derived SET contour_recipe = ?", (contour_recipe(),))
        connection.execute("UPDATE derived SET said_recipe = ?", (said_recipe(),))


def contour_recipe() -> str:
    """Return what tells apart the ways in which contours are made from steps."""
    return digest("energy.py", "energy_weights.json")


def said_recipe() -> str:
    """Return what tells apart the ways in which tags are read for voices."""
    return digest("voice.py")


@cache
def digest(*names: str) -> str:
    """Return a digest of the source itself: no number has to be raised that one might forget."""
    files = resources.files("playlist_builder")
    return blake2b(b"".join((files / n).read_bytes() for n in names), digest_size=8).hexdigest()


def is_of_today(connection: sqlite3.Connection) -> bool:
    """Whether all that a file holds was found by this version of the analysis."""
    today = FEATURES_VERSION, VOICE_VERSION
    return _versions(connection) == today and _tag_names(connection) == _TAG_NAMES


def tag_columns(tags: Tags) -> tuple[str, str]:
    """Return the title of a file, and its other tags as one text, as they are kept in columns."""
    said = {name: getattr(tags, name) for name in TAGS if name != "title"}
    said = {name: value for name, value in said.items() if value != _DEFAULTS[name]}
    return encodable(tags.title), encodable(json.dumps(said, ensure_ascii=False)) if said else ""


def tags_of(title: str, text: str) -> Tags:
    """Return the tags that `tag_columns` made texts of."""
    return _tags({**(json.loads(text) if text else {}), "title": title})


def _tags(said: Mapping[str, Any]) -> Tags:
    """Return tags from what a version of this program kept of them; raises TypeError for others."""
    values: dict[str, Any] = {}
    for name, value in said.items():
        if name not in _KINDS:
            continue
        whole = tuple(value) if type(value) is list else value
        strange = type(whole) not in _KINDS[name]
        if strange or (type(whole) is tuple and not set(map(type, whole)) <= {str}):
            raise TypeError(f"what is no tag {name}")
        values[name] = whole
    return Tags(**values)


def said_text(tags: Tags) -> str:
    """Return what tags say of voices as it is kept in a column; mostly nothing."""
    said = evidence.said_by(tags)
    return "" if said == evidence.NOTHING else json.dumps(said)


@lru_cache(maxsize=10_000)  # many files say the same
def said_of(text: str) -> evidence.Said:
    """Return what `said_text` made a text of."""
    return evidence.Said(*json.loads(text)) if text else evidence.NOTHING


def packed(features: Features) -> bytes:
    """Return features as they are kept in a column."""
    return numbers_of(features).astype(SCALAR_TYPE).tobytes()


def contour_blobs(steps: Sequence[NDArray[np.floating]]) -> list[bytes]:
    """Return the contours of tracks as they are kept in a column."""
    return [each.astype(CONTOUR_TYPE).tobytes() for each in energy.contours(steps)]


def steps_of(blob: bytes) -> NDArray[np.float16]:
    """Return the steps of a track from its column; raises ValueError where it is none."""
    return np.frombuffer(blob, STEP_TYPE).reshape(-1, len(STEP_FEATURES))


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}


def _versions(connection: sqlite3.Connection) -> tuple[int, int] | None:
    versions: tuple[int, int] | None = connection.execute(
        "SELECT features_version, voice_version FROM derived"
    ).fetchone()
    return versions


def _recipes(connection: sqlite3.Connection) -> tuple[str, str]:
    contour, said = connection.execute("SELECT contour_recipe, said_recipe FROM derived").fetchone()
    return contour, said


def _create_features(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE TABLE features (identity TEXT PRIMARY KEY, scalars BLOB NOT NULL,"
        " contour BLOB NOT NULL) WITHOUT ROWID"
    )
    connection.execute("CREATE TABLE steps (identity TEXT PRIMARY KEY, steps BLOB NOT NULL)")


def _tag_names(connection: sqlite3.Connection) -> str:
    names: str = connection.execute("SELECT tag_names FROM derived").fetchone()[0]
    return names
