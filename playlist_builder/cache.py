"""The library file: SQLite, and nothing but SQLite.

It is opened for writing where that is possible, for reading elsewhere. What fails is one line, in
`LibraryError`; a damaged file is set aside, and what the user said comes back (see `recovery`).

Paths are stored as bytes, because file names need not be text.
"""

import dataclasses
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

from playlist_builder import recovery
from playlist_builder.errors import LibraryError
from playlist_builder.history import History, erase
from playlist_builder.layout import (
    PAGE_BYTES,
    SCALARS,
    TAGS,
    is_of_today,
    kept,
    layout_of,
    migrate,
    newest,
    renew,
    tags_of,
    user_tables,
)
from playlist_builder.models import Features, Heard, Mark, Skipped, Tags, VoiceSpan
from playlist_builder.steps import STEP_FEATURES

BUSY_S = 30.0
"""How long to wait while another scan or build holds the file."""

BATCH = 4096
"""Rows that are read at once."""

_STEP_TYPE = np.dtype("<f2")  # half the size; features are stored in ranges where 11 bits do
_LATEST_NS = 2**62  # in the year 2116; SQLite counts to twice that, some file systems beyond


class Stat(NamedTuple):
    """What says cheaply that a file has not changed."""

    size: int
    mtime_ns: int


def stat_of(size: int, mtime_ns: int) -> Stat:
    """Return what is kept of a file's size and time, however far the clock was off."""
    return Stat(size, max(-_LATEST_NS, min(mtime_ns, _LATEST_NS)))


@dataclass(frozen=True, slots=True)
class File:
    """One path of the library and the music it holds."""

    path: str
    stat: Stat
    identity: str
    tags: Tags
    missing: bool = False


Row = tuple[File, Features, Mark, Heard | None]


def _damage(verdict: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(verdict)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


class Cache:
    """An open library file; a context manager. Every writing method commits.

    `recovered` says in one line what had to be brought back, if anything. Every method raises
    `LibraryError` where the file is damaged, of a newer version or not to be read or written.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.recovered = ""
        with self._telling():
            try:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                self._connection = self._opened()
            except sqlite3.Error as error:
                if recovery.code(error) not in recovery.DAMAGE or not recovery.is_ours(path):
                    raise recovery.refusal(path, error) from error
                aside = recovery.set_aside(path)
                self._connection = self._opened(aside)
                self.recovered = (
                    f"The library {path} was damaged ({error}) and is kept as {aside}."
                    " What you said of your music is here again; a scan measures it again."
                )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def files(self) -> Iterator[tuple[str, Stat, str, bool]]:
        """Every path with its stat, its identity and whether it is missing."""
        for path, size, mtime_ns, identity, missing in self._read(
            "SELECT path, size, mtime_ns, identity, missing FROM files"
        ):
            yield os.fsdecode(path), Stat(size, mtime_ns), identity, bool(missing)

    def skipped(self) -> dict[str, tuple[Stat, str]]:
        """Every path that could not be used, with its stat and the reason."""
        rows = self._read("SELECT path, size, mtime_ns, reason FROM skipped")
        return {
            os.fsdecode(path): (Stat(size, mtime_ns), reason)
            for path, size, mtime_ns, reason in rows
        }

    def identities(self) -> set[str]:
        """All recordings whose features are known."""
        return {identity for (identity,) in self._read("SELECT identity FROM features")}

    def heard_identities(self) -> set[str]:
        """All recordings in which voices were listened for."""
        return {identity for (identity,) in self._read("SELECT identity FROM heard")}

    def waiting(self) -> int:
        """Return how many recordings are there whose features are not known (any more)."""
        ((count,),) = self._read(
            "SELECT count(DISTINCT identity) FROM files WHERE NOT missing"
            " AND identity NOT IN (SELECT identity FROM features)"
        )
        return int(count)

    def lengths(self) -> list[tuple[File, float]]:
        """Every path whose music was measured, ordered by path, with the length in seconds."""
        lengths = dict(self._read("SELECT identity, duration_s FROM features"))
        files = self._files("FROM files")
        return [(file, lengths[file.identity]) for file in files if file.identity in lengths]

    def titles(self) -> list[tuple[str, str, str]]:
        """Path, identity and title of everything that was measured, ordered by path."""
        rows = self._read(
            "SELECT path, identity, title FROM files JOIN features USING (identity) ORDER BY path"
        )
        return [(os.fsdecode(path), identity, title) for path, identity, title in rows]

    def rows(self, identity: str | None = None) -> list[Row]:
        """Every path whose features are known, ordered by path; or those of one recording."""
        # Table by table in the order of the file: a join would look up each row on its own.
        where = "" if identity is None else "WHERE identity = :identity"
        features = self._features(where, identity)
        marks, heard = self._marks(where, identity), self._heard(where, identity)
        nothing = Mark()
        return [
            (
                file,
                features[file.identity],
                marks.get(file.identity, nothing),
                heard.get(file.identity),
            )
            for file in self._files(f"FROM files {where}", identity)
            if file.identity in features
        ]

    def store(self, file: File, features: Features | None) -> None:
        """Keep a path, and its features where they were measured; it is skipped no longer."""
        path = os.fsencode(file.path)
        tags = [kept(getattr(file.tags, name)) for name in TAGS]
        with self._writing() as connection:
            connection.execute("DELETE FROM skipped WHERE path = ?", (path,))
            connection.execute(
                _insertion("files", ("path", "size", "mtime_ns", "identity", "missing", *TAGS)),
                (path, *file.stat, file.identity, file.missing, *tags),
            )
            if features is not None:
                _insert_features(connection, file.identity, features)

    def store_features(self, identity: str, features: Features) -> None:
        """Keep what was measured in a recording, wherever its files lie."""
        with self._writing() as connection:
            _insert_features(connection, identity, features)

    def store_heard(self, identity: str, heard: Heard) -> None:
        """Keep what was heard in a recording."""
        spans = json.dumps([dataclasses.astuple(span) for span in heard.spans])
        with self._writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO heard VALUES (?, ?, ?, ?)",
                (identity, heard.verdict, heard.confidence, spans),
            )

    def store_skipped(self, skipped: Skipped, stat: Stat) -> None:
        """Keep the reason why a path is not a track, so that it is not tried again and again."""
        path = os.fsencode(skipped.path)
        with self._writing() as connection:
            connection.execute("DELETE FROM files WHERE path = ?", (path,))
            connection.execute(
                "INSERT OR REPLACE INTO skipped VALUES (?, ?, ?, ?)",
                (path, *stat, skipped.reason),
            )

    def set_missing(self, paths: Iterable[str], *, missing: bool) -> None:
        """Note that files have vanished or are back."""
        rows = [(missing, os.fsencode(path)) for path in paths]
        if rows:
            with self._writing() as connection:
                connection.executemany("UPDATE files SET missing = ? WHERE path = ?", rows)

    def forget(self, paths: Iterable[str]) -> None:
        """Drop paths, and features that no path needs any more. Marks stay."""
        rows = [(os.fsencode(path),) for path in paths]
        if not rows:
            return
        with self._writing() as connection:
            connection.executemany("DELETE FROM files WHERE path = ?", rows)
            connection.executemany("DELETE FROM skipped WHERE path = ?", rows)
            for table in ("features", "heard"):
                connection.execute(
                    f"DELETE FROM {table} WHERE identity NOT IN (SELECT identity FROM files)"  # noqa: S608 - own names
                )

    def mark(self, identity: str) -> Mark:
        """Return what the user said about a recording."""
        return self._marks("WHERE identity = :identity", identity).get(identity, Mark())

    def marks(self) -> dict[str, Mark]:
        """Return all that the user said, by recording."""
        return self._marks("", None)

    def store_mark(self, identity: str, mark: Mark) -> None:
        """Keep what the user says about a recording; an empty mark takes everything back."""
        self.store_marks({identity: mark})

    def store_marks(self, marks: Mapping[str, Mark]) -> None:
        """Keep what the user says about recordings, all of it or nothing."""
        if not marks:
            return
        with self._saying() as connection:
            for identity, mark in marks.items():
                connection.execute("DELETE FROM marks WHERE identity = ?", (identity,))
                if mark != Mark():
                    connection.execute(
                        "INSERT INTO marks VALUES (?, ?, ?, ?, ?)",
                        (identity, mark.energy, mark.vocals, mark.banned, mark.note),
                    )

    @property
    def history(self) -> History:
        """What was played for whom."""
        return History(self._found, self._saying)

    def forget_name(self, name: str) -> list[str]:
        """Forget a name of the history, and leave no trace of it in any file of the library.

        Returns damaged libraries set aside that still hold the name: these are the user's own.
        """
        with self._saying() as connection:
            erase(connection, name)
        with self._telling():
            recovery.scrub(self._connection, self.path, name)
        return recovery.holding(self.path, name)

    def other(self, path: str) -> "Cache":
        """Open an other library file to be read and left exactly as it is."""
        if os.path.exists(path) and os.path.samefile(path, self.path):
            raise LibraryError(f"{path} is this very library. Give an other one.")
        return _ReadOnly(path)

    def _files(self, source: str, identity: str | None = None) -> list[File]:
        names = ", ".join(("path", "size", "mtime_ns", "identity", "missing", *TAGS))
        rows = self._read(f"SELECT {names} {source} ORDER BY path", identity)
        columns = list(zip(*rows, strict=True))
        if not columns:
            return []
        path, size, mtime_ns, identities, missing, *tags = columns
        with self._decoding():
            stats = map(Stat, size, mtime_ns)
            return list(
                map(
                    File,
                    map(os.fsdecode, path),
                    stats,
                    identities,
                    tags_of(tags),
                    map(bool, missing),
                )
            )

    def _features(self, where: str, identity: str | None) -> dict[str, Features]:
        found: dict[str, Features] = {}
        names = ", ".join(("identity", *SCALARS, "steps"))
        rows = self._read(f"SELECT {names} FROM features {where}", identity)  # noqa: S608 - own names
        with self._decoding():
            while batch := tuple(islice(rows, BATCH)):
                identities, *scalars, steps = zip(*batch, strict=True)
                found.update(
                    zip(identities, map(Features, *scalars, map(_steps, steps)), strict=True)
                )
        return found

    def _marks(self, where: str, identity: str | None) -> dict[str, Mark]:
        rows = self._read(
            f"SELECT identity, energy, vocals, banned, note FROM marks {where}", identity
        )
        return {
            identity: Mark(energy, vocals, bool(banned), note)
            for identity, energy, vocals, banned, note in rows
        }

    def _heard(self, where: str, identity: str | None) -> dict[str, Heard]:
        rows = self._read(
            f"SELECT identity, verdict, confidence, spans FROM heard {where}", identity
        )
        with self._decoding():
            return {
                identity: Heard(verdict, confidence, () if spans == "[]" else _spans(spans))
                for identity, verdict, confidence, spans in rows
            }

    def _read(self, sql: str, identity: str | None = None) -> Iterator[Any]:
        return self._found(sql, {"identity": identity})

    def _found(self, sql: str, values: Mapping[str, Any]) -> Iterator[Any]:
        with self._telling():
            yield from self._connection.execute(sql, values)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._telling(), self._connection:
            yield self._connection

    @contextmanager
    def _saying(self) -> Iterator[sqlite3.Connection]:
        """Change what the user said: kept in the library and in its backup, or in neither."""
        with self._writing() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("UPDATE revision SET number = number + 1")
            recovery.back_up(connection, self.path)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn what SQLite and the system say into one line; a damaged file is set aside."""
        try:
            yield
        except sqlite3.Error as error:
            if recovery.code(error) not in recovery.DAMAGE:
                raise recovery.refusal(self.path, error) from error
            self._connection.close()
            try:
                aside = recovery.set_aside(self.path)
            except OSError as refused:
                raise recovery.refusal(self.path, error) from refused
            raise LibraryError(
                f"The library {self.path} is damaged ({error}) and was set aside as {aside}."
                " Give the command again: what you said is kept, and a scan measures the music again."
            ) from error
        except OSError as error:
            raise recovery.refusal(self.path, error) from error

    @contextmanager
    def _decoding(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, TypeError) as error:
            raise LibraryError(
                f"The library {self.path} holds what no scan wrote ({error}). Move it away:"
                " what you said comes back from its backup, and a scan measures the music again."
            ) from error

    def _opened(self, damaged: str | None = None) -> sqlite3.Connection:
        connection = _connect(self.path)
        try:
            layout = layout_of(connection)
            if layout > newest():
                raise recovery.newer(self.path)
            # What the user said is checked in full at every start. The rest can be measured again,
            # so that damage there may show when it is met: checking it all takes too long.
            for table in user_tables(connection):
                for (verdict,) in connection.execute(f"PRAGMA quick_check({table})"):
                    if verdict != "ok":
                        raise _damage(verdict)
            if 0 < layout < newest():
                with closing(sqlite3.connect(f"{self.path}.layout-{layout}.backup")) as backup:
                    connection.backup(backup)
            if layout < newest():
                migrate(connection)
            renew(connection)
            if recovery.agree(connection, self.path, damaged) and damaged is None:
                self.recovered = (
                    f"The library {self.path} was behind its backup:"
                    " what you said of your music was brought back from there."
                )
        except BaseException:
            connection.close()
            raise
        return connection


class _ReadOnly(Cache):
    """A library file of which nothing is changed, neither to mend it nor to bring it up to date."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.recovered = ""
        try:
            self._connection = _connect_for_reading(path)
            layout = layout_of(self._connection)
            if layout > newest():
                raise recovery.newer(path)
            if layout < newest() or not is_of_today(self._connection):
                raise LibraryError(
                    f"The library {path} was written by an other version of playlist-builder."
                    " Scan its folders with this version first."
                )
        except sqlite3.Error as error:
            raise recovery.refusal(path, error) from error

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise recovery.refusal(self.path, error) from error


def _connect(path: str) -> sqlite3.Connection:
    """Open a file for reading and writing, or for reading where it cannot be written."""
    connection = sqlite3.connect(path, timeout=BUSY_S)
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a file that is still empty
        # Readers and one writer at a time, and no lost commit but by a failing machine.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        layout_of(connection)
    except sqlite3.Error as error:
        connection.close()
        if recovery.code(error) not in recovery.UNWRITABLE or not os.path.isfile(path):
            raise
        return _connect_for_reading(path)
    return connection


def _connect_for_reading(path: str) -> sqlite3.Connection:
    """Open a file that cannot be written, by SQLite's ways for such a file, the safest first."""
    # Without a log nobody else has it open, and then not even a lock need be written beside it.
    ways = ("mode=ro", "immutable=1") if os.path.exists(f"{path}-wal") else ("immutable=1",)
    for how in ways:
        address = f"{Path(path).absolute().as_uri()}?{how}"
        connection = sqlite3.connect(address, uri=True, timeout=BUSY_S)
        try:
            layout_of(connection)
        except sqlite3.Error:
            connection.close()
            if how == ways[-1]:
                raise
        else:
            break
    return connection


def _insert_features(connection: sqlite3.Connection, identity: str, features: Features) -> None:
    steps = features.steps.astype(_STEP_TYPE).tobytes()
    scalars = (getattr(features, name) for name in SCALARS)
    connection.execute(
        _insertion("features", ("identity", *SCALARS, "steps")), (identity, *scalars, steps)
    )


def _insertion(table: str, names: Sequence[str]) -> str:
    values = ", ".join("?" * len(names))
    return f"INSERT OR REPLACE INTO {table} ({', '.join(names)}) VALUES ({values})"  # noqa: S608 - own names


def _steps(blob: bytes) -> np.ndarray[tuple[int, int], np.dtype[np.float16]]:
    return np.frombuffer(blob, _STEP_TYPE).reshape(-1, len(STEP_FEATURES))


def _spans(text: str) -> tuple[VoiceSpan, ...]:
    return tuple(VoiceSpan(*values) for values in json.loads(text))
