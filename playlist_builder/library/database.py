"""The tables of a library file read and written: models in, models out, no SQL outside.

Paths are stored as bytes, because file names need not be text. Large tables are read whole and
joined by the caller: a join in SQLite would look up each row on its own, all over the file.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from playlist_builder.audio.header import Header
from playlist_builder.errors import LibraryError
from playlist_builder.library import backup, columns, packed, schema
from playlist_builder.library.answers import Answers
from playlist_builder.library.columns import (
    CONTOUR_TYPE,
    DetectionRow,
    EmbeddingTable,
    Row,
    check_types,
)
from playlist_builder.library.connection import open_library, open_unchanged
from playlist_builder.library.errors import decoding
from playlist_builder.library.history import History
from playlist_builder.library.kept import KeptSessions, delete_person
from playlist_builder.models import (
    Embedding,
    File,
    Floats,
    Mark,
    Measurement,
    Skipped,
    Stat,
    VoiceDetection,
)
from playlist_builder.tracks.track_table import SCALARS, VOCALS, features_of

if TYPE_CHECKING:
    from playlist_builder.library.records import Records

_OF_ASKED = (
    "JOIN (SELECT first AS identity FROM answers UNION SELECT second FROM answers) USING (identity)"
)


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTable:
    """What was measured in n recordings as a whole, and their scores, ordered by identity.

    `scalars` has shape (n, len(SCALARS)); `values` holds all contours one after the other, of
    `counts` values each.
    """

    identities: Sequence[str]
    scalars: NDArray[np.float64]
    values: NDArray[np.float32]
    counts: NDArray[np.int64]
    emotions: Floats
    emotion_blobs: Sequence[bytes]


class Database:
    """An open library file; a context manager. Every writing method commits.

    With `unchanged` the file is only read, as it is. `recovered` says in one line what had to be
    restored, if anything. Every method raises `LibraryError` where the file is damaged, of a newer
    version or cannot be read or written.
    """

    def __init__(self, path: str, *, unchanged: bool = False) -> None:
        self._connection = open_unchanged(path) if unchanged else open_library(path)
        self.path = path
        self.recovered = self._connection.recovered

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.sqlite.close()

    def files(self) -> dict[str, tuple[tuple[int, int], str, bool]]:
        """Return every path with what its `Stat` holds, its identity and whether it is missing."""
        rows = self._select("files", "path, size, mtime_ns, identity, missing", order="path")
        path, size, mtime_ns, identity, missing = zip(*rows, strict=True) if rows else ((),) * 5
        known = zip(zip(size, mtime_ns, strict=True), identity, map(bool, missing), strict=True)
        with decoding(self.path):
            return dict(zip(map(columns.path_of, path), known, strict=True))

    def skipped(self) -> dict[str, tuple[Stat, str]]:
        """Return every path that could not be used, with its stat and the reason."""
        rows = self._select("skipped", "path, size, mtime_ns, reason", order="path")
        with decoding(self.path):
            return {
                os.fsdecode(path): (Stat(size, mtime_ns), columns.reason_of(reason))
                for path, size, mtime_ns, reason in rows
            }

    def identities(self) -> set[str]:
        """Return all recordings whose features are known."""
        return self._identities("SELECT identity FROM steps")

    def detected_identities(self) -> set[str]:
        """Return all recordings that were analysed for voices."""
        return self._identities("SELECT identity FROM heard")

    def embedded_identities(self) -> set[str]:
        """Return all recordings whose embedding is known."""
        return self._identities("SELECT identity FROM embeddings")

    def unanalysed_count(self) -> int:
        """Return how many recordings have a file, and no features of today's analysis."""
        # Two indices are compared in their order, which takes no more than reading them.
        lacks = "SELECT 1 FROM files WHERE identity NOT IN (SELECT identity FROM steps) LIMIT 1"
        if not self._read(lacks):
            return 0
        ((count,),) = self._read(
            "SELECT count(DISTINCT identity) FROM files WHERE NOT missing"
            " AND identity NOT IN (SELECT identity FROM features)"
        )
        return int(count)

    def titles(self) -> list[tuple[str, str, str]]:
        """Return path, identity and title of all that was measured; missing files come last."""
        table = "files JOIN features USING (identity)"
        rows = self._select(table, "path, identity, title", order="missing, path")
        with decoding(self.path):
            check_types(rows, (bytes, str, str))
            return [(os.fsdecode(path), identity, title) for path, identity, title in rows]

    def track_rows(self, identity: str | None = None) -> list[Row]:
        """Return every path with the evidence of its tags, by path; or those of one recording."""
        names = "path, identity, missing, tag_evidence, title, tags"
        rows = self._select("files", names, identity, order="path")
        with decoding(self.path):
            check_types(rows, (bytes, str, int, str, str, str))
        return rows

    def sized_paths(self) -> list[tuple[str, int]]:
        """Return every path, used or skipped, with the size in bytes that a scan met."""
        tables = "files", "skipped"
        rows = [row for each in tables for row in self._select(each, "path, size", order="path")]
        with decoding(self.path):
            return [(columns.path_of(path), size) for path, size in rows]

    def tagged_files(self) -> list[File]:
        """Return every path with its tags, by path."""
        names = "path, size, mtime_ns, identity, missing, title, tags"
        rows = self._select("files", names, order="path")
        with decoding(self.path):
            check_types(rows, (bytes, int, int, str, int, str, str))
            if any(b"\0" in row[0] for row in rows):
                raise ValueError("a path that no file can have")
            return [
                File(
                    os.fsdecode(path),
                    Stat(size, mtime_ns),
                    identity,
                    columns.tags_of(*tags),
                    missing != 0,
                )
                for path, size, mtime_ns, identity, missing, *tags in rows
            ]

    def feature_table(self, identity: str | None = None, *, asked: bool = False) -> FeatureTable:
        """Return what was measured in whole recordings; in one; or in those that were `asked`."""
        table = f"features {_OF_ASKED}" if asked else "features"
        rows = self._select(table, "identity, scalars, contour, emotion", identity)
        with decoding(self.path):
            identities, scalars, contours, emotions = list(zip(*rows, strict=True)) or [()] * 4
            return FeatureTable(
                list(identities),
                columns.scalars_of(scalars),
                columns.joined_numbers(contours, CONTOUR_TYPE),
                np.array([len(each) // CONTOUR_TYPE.itemsize for each in contours], np.int64),
                columns.emotions_of(emotions),
                emotions,
            )

    def steps(self, identity: str) -> NDArray[np.float16]:
        """Return the steps of a recording; raises KeyError where it was not measured."""
        for (steps,) in self._select("steps", "steps", identity):
            with decoding(self.path):
                return columns.steps_of([steps])[0]
        raise KeyError(identity)

    def measurements(self) -> Iterator[tuple[str, Measurement]]:
        """Yield all that was measured, by recording: one by one, because steps are large."""
        sql = "SELECT identity, scalars, steps FROM features JOIN steps USING (identity)"
        with decoding(self.path), closing(self._connection.stream(sql)) as rows:
            for identity, scalars, blob in rows:
                (numbers,) = columns.scalars_of([scalars])
                (steps,) = columns.steps_of([blob])
                if not isinstance(identity, str) or not np.isfinite(steps).all():
                    raise ValueError("steps that no recording has")
                yield identity, Measurement(features_of(numbers.tolist()), steps)

    def detections(self, identity: str | None = None) -> dict[str, DetectionRow]:
        """Return what the voice detector found, by recording; or in one recording."""
        rows = self._select("heard", "identity, verdict, confidence, spans", identity)
        with decoding(self.path):
            identities, verdicts, confidences, _ = zip(*rows, strict=True) if rows else [()] * 4
            if not set(map(type, confidences)) <= {float}:
                raise TypeError("a confidence that is not a number")
            if unknown := set(verdicts) - set(VOCALS):
                raise ValueError(f"the verdict {unknown.pop()!r}")
        return dict(zip(identities, rows, strict=True))

    def embeddings(self, identity: str | None = None) -> EmbeddingTable:
        """Return the embeddings of all recordings that have one; or that of one recording."""
        rows = self._select("embeddings", "identity, starts, patches", identity)
        with decoding(self.path):
            check_types(rows, (str, bytes, bytes))
            identities, starts, patches = list(zip(*rows, strict=True)) or [(), (), ()]
            return EmbeddingTable(list(identities), *columns.embeddings_of(starts, patches))

    def style_blobs(self, identity: str | None = None) -> dict[str, bytes]:
        """Return the packed patches of the embedding of each recording that has one."""
        where = "" if identity is None else " WHERE identity = :identity"
        return dict(self._read(f"SELECT identity, patches FROM embeddings{where}", identity))  # noqa: S608

    def marks(self, identity: str | None = None) -> dict[str, Mark]:
        """Return the user's marks, by recording; or that of one recording.

        Invalid parts of a mark are left out, or refused in a library that is only read: they must
        not spread to another one.
        """
        rows = self._select("marks", "identity, energy, vocals, banned, note", identity)
        found = {own: columns.mark_of(values) for own, *values in rows}
        if self._connection.read_only and not all(
            isinstance(own, str) and valid for own, (_, valid) in found.items()
        ):
            raise LibraryError(
                "The library {path} contains invalid marks. Nothing was taken from it.",
                path=self.path,
            )
        return {own: mark for own, (mark, _) in found.items()}

    def lengths(self) -> dict[str, float]:
        """Return the length in seconds of each recording that was measured."""
        table = self.feature_table()
        lengths_s = table.scalars[:, SCALARS.index("duration_s")].tolist()
        return dict(zip(table.identities, lengths_s, strict=True))

    def headers(self) -> dict[str, Header]:
        """Return rate, channels and length of each recording that was measured."""
        rows = self._select("features", "identity, scalars")
        places = [SCALARS.index(name) for name in ("sample_rate_hz", "channels", "duration_s")]
        with decoding(self.path):
            numbers = columns.scalars_of([scalars for _, scalars in rows])[:, places].tolist()
            return {
                identity: Header(*header)
                for (identity, _), header in zip(rows, numbers, strict=True)
            }

    def store(self, file: File, measured: Measurement | None) -> None:
        """Keep a path, and what was measured if it was; it is skipped no longer."""
        path = os.fsencode(file.path)
        with self._connection.writing() as connection:
            connection.execute("DELETE FROM skipped WHERE path = ?", (path,))
            evidence, tags = columns.evidence_text(file.tags), columns.tag_columns(file.tags)
            values = path, *file.stat, file.identity, file.missing, evidence, *tags
            _insert(connection, "files", values)
            if measured is not None:
                _insert_measured(connection, file.identity, measured)

    def store_measured(self, identity: str, measured: Measurement) -> None:
        """Keep what was measured in a recording, wherever its files lie."""
        with self._connection.writing() as connection:
            _insert_measured(connection, identity, measured)

    def store_detection(self, identity: str, found: VoiceDetection) -> None:
        """Keep what the voice detector found in a recording."""
        values = identity, found.verdict, found.confidence, columns.spans_text(found)
        with self._connection.writing() as connection:
            _insert(connection, "heard", values)

    def store_embedding(self, identity: str, found: Embedding) -> None:
        """Keep the embedding of a recording."""
        with self._connection.writing() as connection:
            _insert(connection, "embeddings", (identity, *columns.embedding_blobs(found)))
            schema.update_scores(connection, identity)

    def store_skipped(self, skipped: Skipped, stat: Stat) -> None:
        """Keep the reason why a path is not a track, so that it is not tried again and again."""
        path = os.fsencode(skipped.path)
        with self._connection.writing() as connection:
            connection.execute("DELETE FROM files WHERE path = ?", (path,))
            _insert(connection, "skipped", (path, *stat, columns.reason_text(skipped.reason)))

    def set_missing(self, paths: Iterable[str], *, missing: bool) -> None:
        """Note that files have vanished or are back."""
        rows = [(missing, os.fsencode(path)) for path in paths]
        if rows:
            with self._connection.writing() as connection:
                connection.executemany("UPDATE files SET missing = ? WHERE path = ?", rows)

    def forget(self, paths: Iterable[str]) -> None:
        """Drop paths, and features that no path needs any more. Marks stay."""
        rows = [(os.fsencode(path),) for path in paths]
        if not rows:
            return
        with self._connection.writing() as connection:
            connection.executemany("DELETE FROM files WHERE path = ?", rows)
            connection.executemany("DELETE FROM skipped WHERE path = ?", rows)
            for table in ("features", "steps", "heard", "embeddings"):
                connection.execute(
                    f"DELETE FROM {table} WHERE identity NOT IN (SELECT identity FROM files)"  # noqa: S608 - own names
                )

    def mark(self, identity: str) -> Mark:
        """Return the user's mark of a recording."""
        return self.marks(identity).get(identity, Mark())

    def store_mark(self, identity: str, mark: Mark) -> None:
        """Keep the user's mark of a recording; an empty one deletes it."""
        self.store_marks({identity: mark})

    def store_marks(self, marks: Mapping[str, Mark]) -> None:
        """Keep the user's marks of recordings, all of them or none."""
        if not marks:
            return
        with self._connection.writing_user_data() as connection:
            for identity, mark in marks.items():
                connection.execute("DELETE FROM marks WHERE identity = ?", (identity,))
                if mark != Mark():
                    values = identity, mark.energy, mark.vocals, mark.banned, mark.note
                    _insert(connection, "marks", values)

    @property
    def history(self) -> History:
        """Return what was played for whom."""
        return History(self._connection.rows, self._connection.writing_user_data, self.path)

    @property
    def sessions(self) -> KeptSessions:
        """Return the sessions that are kept."""
        own = self._connection
        return KeptSessions(own.rows, own.writing_user_data, self.path, strict=own.read_only)

    @property
    def records(self) -> "Records":
        """Return what was recorded while kept sessions played."""
        from playlist_builder.library.records import Records  # noqa: PLC0415 - it takes msgspec

        return Records(self._connection)

    @property
    def answers(self) -> Answers:
        """Return what the user answered about pairs of tracks."""
        own = self._connection
        return Answers(own.rows, own.writing_user_data, self.path, strict=own.read_only)

    def forget_name(self, name: str) -> list[str]:
        """Return the damaged files set aside that still hold a name, after forgetting it elsewhere.

        No trace of it is left in the library and its backups.
        """
        with self._connection.writing_user_data() as connection:
            delete_person(connection, name)
        with self._connection.checked():
            backup.scrub(self._connection.sqlite, self.path, name)
        return backup.files_naming(self.path, name)

    def open_other(self, path: str) -> "Database":
        """Return another library file, opened to be read and left exactly as it is."""
        if os.path.exists(path) and os.path.samefile(path, self.path):
            raise LibraryError("{path} is this very library. Give another one.", path=path)
        return Database(path, unchanged=True)

    def _identities(self, sql: str) -> set[str]:
        return set(chain.from_iterable(self._read(sql)))

    def _select(
        self, table: str, names: str, identity: str | None = None, order: str = "identity"
    ) -> list[Any]:
        """Return columns of a table in an order; or the rows of one recording."""
        where = "" if identity is None else "WHERE identity = :identity"
        return self._read(f"SELECT {names} FROM {table} {where} ORDER BY {order}", identity)  # noqa: S608 - own names

    def _read(self, sql: str, identity: str | None = None) -> list[Any]:
        return self._connection.rows(sql, {"identity": identity})


def _insert_measured(connection: sqlite3.Connection, identity: str, measured: Measurement) -> None:
    scalars = columns.scalars_blob(measured.features)
    _insert(connection, "features", (identity, scalars, b"", b""))
    _insert(connection, "steps", (identity, packed.pack(measured.steps)))
    schema.update_scores(connection, identity)


def _insert(connection: sqlite3.Connection, table: str, values: Sequence[Any]) -> None:
    places = ", ".join("?" * len(values))
    connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({places})", values)  # noqa: S608 - own names
