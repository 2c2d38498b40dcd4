"""The library file: SQLite, and nothing but SQLite.

Two kinds of rows, treated differently for good. What was derived from files (`files`, `features`,
`heard`, `skipped`) may be dropped and made again. What the user said (`marks`) is keyed by the
identity of the music, is never dropped, and is backed up before the layout of the file changes.

Paths are stored as bytes, because file names need not be text.
"""

import dataclasses
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from playlist_builder.errors import LibraryError
from playlist_builder.features import FEATURES_VERSION
from playlist_builder.listening import VOICE_VERSION
from playlist_builder.models import Features, Heard, Mark, Skipped, Tags, VoiceSpan
from playlist_builder.steps import STEP_FEATURES

BUSY_S = 30.0
"""How long to wait while another scan or build holds the file."""

_SCALARS = tuple(field.name for field in dataclasses.fields(Features) if field.name != "steps")
_STEP_TYPE = np.dtype("<f2")  # half the size; features are stored in ranges where 11 bits do


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


MIGRATIONS: Sequence[Callable[[sqlite3.Connection], None]] = (_layout_1, _layout_2)
"""Layout n + 1 is made from layout n by entry n; entries are only ever appended."""


@dataclass(frozen=True, slots=True)
class Stat:
    """What says cheaply that a file has not changed."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class File:
    """One path of the library and the music it holds."""

    path: str
    stat: Stat
    identity: str
    tags: Tags
    missing: bool = False


class Cache:
    """An open library file; a context manager. Every writing method commits.

    Raises `LibraryError` where the file is damaged, of a newer version or not writable.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=BUSY_S)
        except (OSError, sqlite3.Error) as error:
            raise LibraryError(
                f"Cannot open the library {path}: {error}. Give another file with --library."
            ) from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._connection.close()
            raise LibraryError(
                f"Cannot use the library {path}: {error}. "
                "Move it away, or give another file with --library."
            ) from error
        except LibraryError:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def files(self) -> dict[str, tuple[Stat, str, bool]]:
        """Every path with its stat, its identity and whether it is missing."""
        rows = self._connection.execute("SELECT path, size, mtime_ns, identity, missing FROM files")
        return {
            os.fsdecode(path): (Stat(size, mtime_ns), identity, bool(missing))
            for path, size, mtime_ns, identity, missing in rows
        }

    def skipped(self) -> dict[str, tuple[Stat, str]]:
        """Every path that could not be used, with its stat and the reason."""
        rows = self._connection.execute("SELECT path, size, mtime_ns, reason FROM skipped")
        return {
            os.fsdecode(path): (Stat(size, mtime_ns), reason)
            for path, size, mtime_ns, reason in rows
        }

    def identities(self) -> set[str]:
        """All recordings whose features are known."""
        return {
            identity for (identity,) in self._connection.execute("SELECT identity FROM features")
        }

    def heard_identities(self) -> set[str]:
        """All recordings in which voices were listened for."""
        return {identity for (identity,) in self._connection.execute("SELECT identity FROM heard")}

    def rows(self) -> Iterator[tuple[File, Features, Mark, Heard | None]]:
        """Every path whose features are known, ordered by path."""
        columns = ", ".join(f"features.{name}" for name in _SCALARS)
        rows = self._connection.execute(
            "SELECT path, size, mtime_ns, files.identity, tags, missing,"  # noqa: S608 - own names
            " marks.energy, marks.vocals, marks.banned, marks.note,"
            " heard.verdict, heard.confidence, heard.spans, features.steps,"
            f" {columns} FROM files JOIN features USING (identity)"
            " LEFT JOIN marks USING (identity) LEFT JOIN heard USING (identity) ORDER BY path"
        )
        for path, size, mtime_ns, identity, tags, missing, *rest in rows:
            energy, vocals, banned, note, verdict, confidence, spans, steps, *scalars = rest
            yield (
                File(
                    os.fsdecode(path),
                    Stat(size, mtime_ns),
                    identity,
                    _tags_from_json(tags),
                    bool(missing),
                ),
                Features(
                    **dict(zip(_SCALARS, scalars, strict=True)), steps=_steps_from_blob(steps)
                ),
                Mark(energy, vocals, bool(banned), note or ""),
                verdict and Heard(verdict, confidence, _spans_from_json(spans)),
            )

    def store(self, file: File, features: Features | None) -> None:
        """Keep a path, and its features where they were measured; it is skipped no longer."""
        path = os.fsencode(file.path)
        with self._connection:
            self._connection.execute("DELETE FROM skipped WHERE path = ?", (path,))
            self._connection.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)",
                (
                    path,
                    file.stat.size,
                    file.stat.mtime_ns,
                    file.identity,
                    json.dumps(dataclasses.asdict(file.tags)),
                    file.missing,
                ),
            )
            if features is not None:
                values = [getattr(features, name) for name in _SCALARS]
                marks = ", ".join("?" * (len(values) + 2))
                self._connection.execute(
                    f"INSERT OR REPLACE INTO features VALUES ({marks})",  # noqa: S608 - own names
                    (file.identity, features.steps.astype(_STEP_TYPE).tobytes(), *values),
                )

    def store_heard(self, identity: str, heard: Heard) -> None:
        """Keep what was heard in a recording."""
        spans = json.dumps([dataclasses.astuple(span) for span in heard.spans])
        with self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO heard VALUES (?, ?, ?, ?)",
                (identity, heard.verdict, heard.confidence, spans),
            )

    def store_skipped(self, skipped: Skipped, stat: Stat) -> None:
        """Keep the reason why a path is not a track, so that it is not tried again and again."""
        path = os.fsencode(skipped.path)
        with self._connection:
            self._connection.execute("DELETE FROM files WHERE path = ?", (path,))
            self._connection.execute(
                "INSERT OR REPLACE INTO skipped VALUES (?, ?, ?, ?)",
                (path, stat.size, stat.mtime_ns, skipped.reason),
            )

    def set_missing(self, paths: Iterable[str], *, missing: bool) -> None:
        """Note that files have vanished or are back."""
        rows = [(missing, os.fsencode(path)) for path in paths]
        with self._connection:
            self._connection.executemany("UPDATE files SET missing = ? WHERE path = ?", rows)

    def forget(self, paths: Iterable[str]) -> None:
        """Drop paths, and features that no path needs any more. Marks stay."""
        rows = [(os.fsencode(path),) for path in paths]
        with self._connection:
            self._connection.executemany("DELETE FROM files WHERE path = ?", rows)
            self._connection.executemany("DELETE FROM skipped WHERE path = ?", rows)
            for table in ("features", "heard"):
                self._connection.execute(
                    f"DELETE FROM {table} WHERE identity NOT IN (SELECT identity FROM files)"  # noqa: S608 - own names
                )

    def mark(self, identity: str) -> Mark:
        """Return what the user said about a recording."""
        row = self._connection.execute(
            "SELECT energy, vocals, banned, note FROM marks WHERE identity = ?", (identity,)
        ).fetchone()
        return Mark(row[0], row[1], bool(row[2]), row[3]) if row else Mark()

    def store_mark(self, identity: str, mark: Mark) -> None:
        """Keep what the user says about a recording; an empty mark takes everything back."""
        with self._connection:
            self._connection.execute("DELETE FROM marks WHERE identity = ?", (identity,))
            if mark != Mark():
                self._connection.execute(
                    "INSERT INTO marks VALUES (?, ?, ?, ?, ?)",
                    (identity, mark.energy, mark.vocals, mark.banned, mark.note),
                )

    def _prepare(self) -> None:
        # Readers and one writer at a time, and no lost commit but by a failing machine.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        (layout,) = self._connection.execute("PRAGMA user_version").fetchone()
        if layout > len(MIGRATIONS):
            raise LibraryError(
                f"The library {self.path} was written by a newer playlist-builder. "
                "Update this one: pip install --upgrade playlist-builder."
            )
        if 0 < layout < len(MIGRATIONS):
            with closing(sqlite3.connect(f"{self.path}.layout-{layout}.backup")) as backup:
                self._connection.backup(backup)
        if layout < len(MIGRATIONS):
            self._migrate()
        # Found now, damage is one line; found later, it would cost a scan or a mark half written.
        (verdict,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError("it is damaged")
        features_version, voice_version = self._connection.execute(
            "SELECT features_version, voice_version FROM derived"
        ).fetchone()
        if features_version != FEATURES_VERSION:
            self._renew_derived()
        if voice_version != VOICE_VERSION:
            with self._connection:
                self._connection.execute("DELETE FROM heard")
                self._connection.execute("UPDATE derived SET voice_version = ?", (VOICE_VERSION,))

    def _migrate(self) -> None:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            (layout,) = self._connection.execute("PRAGMA user_version").fetchone()
            for migration in MIGRATIONS[layout:]:
                migration(self._connection)
            self._connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _renew_derived(self) -> None:
        """Drop what an other version of the analysis measured; the next scan measures it anew."""
        columns = ", ".join(f"{name} NOT NULL" for name in _SCALARS)
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("DROP TABLE IF EXISTS features")
            self._connection.execute(
                f"CREATE TABLE features (identity TEXT PRIMARY KEY, steps BLOB NOT NULL, {columns})"
            )
            self._connection.execute("DELETE FROM skipped")
            self._connection.execute("UPDATE derived SET features_version = ?", (FEATURES_VERSION,))


def _steps_from_blob(blob: bytes) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.frombuffer(blob, _STEP_TYPE).reshape(-1, len(STEP_FEATURES)).astype(np.float32)


def _spans_from_json(text: str) -> tuple[VoiceSpan, ...]:
    return tuple(VoiceSpan(*values) for values in json.loads(text))


def _tags_from_json(text: str) -> Tags:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(text).items()
    }
    return Tags(**values)
