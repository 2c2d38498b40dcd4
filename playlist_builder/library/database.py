"""The library file: SQLite, and nothing but SQLite.

It is opened for writing where that is possible, for reading elsewhere. What fails is one line, in
`LibraryError`; a damaged file is set aside, and what the user said comes back (see `backup`).

Paths are stored as bytes, because file names need not be text.
"""

import dataclasses
import json
import os
import sqlite3
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from operator import methodcaller
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from playlist_builder.errors import LibraryError
from playlist_builder.library import backup as recovery
from playlist_builder.library.history import History, erase
from playlist_builder.library.schema import (
    CONTOUR_TYPE,
    PAGE_BYTES,
    SCALAR_TYPE,
    STEP_TYPE,
    USER_TABLES,
    complete,
    contour_blobs,
    follow,
    is_library,
    is_of_today,
    layout_of,
    migrate,
    newest,
    packed,
    renew,
    said_text,
    steps_of,
    tag_columns,
    tags_of,
)
from playlist_builder.models import (
    KEYS,
    Floats,
    Heard,
    Ints,
    Mark,
    Measured,
    Skipped,
    Tags,
    VoiceSpan,
)
from playlist_builder.track_table import SCALARS, VOCALS, features_of

BUSY_S = 30.0
"""How long to wait while another scan or build holds the file."""

_VOICES = ("sung", "spoken")
_SAID_OF_VOCALS = ("none", "wordless", *_VOICES)

_LATEST_NS = 2**62  # in the year 2116; SQLite counts to twice that, some file systems beyond


text_of = methodcaller("decode", sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
"""`os.fsdecode` of bytes, without a line of Python for each."""


UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What reading a row raises that no scan wrote."""

LONGEST_S = 1e7
"""More than any recording lasts: four months."""


class Stat(NamedTuple):
    """What says cheaply that a file has not changed."""

    size: int
    mtime_ns: int


_new = tuple.__new__  # what `Stat` itself calls, in a fraction of the time


def stat_of(size: int, mtime_ns: int) -> Stat:
    """Return what is kept of a file's size and time, however far the clock was off."""
    if -_LATEST_NS < mtime_ns < _LATEST_NS:
        return _new(Stat, (size, mtime_ns))
    return Stat(size, _LATEST_NS if mtime_ns > 0 else -_LATEST_NS)


@dataclass(frozen=True, slots=True)
class File:
    """One path of the library and the music it holds."""

    path: str
    stat: Stat
    identity: str
    tags: Tags
    missing: bool = False


Row = tuple[Any, ...]
"""Path (bytes), identity, whether it is missing, what its tags come to, title, other tags."""
HeardRow = tuple[Any, ...]
"""Identity, verdict, confidence and spans."""


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """What was measured in n recordings as a whole, ordered by identity.

    `scalars` has shape (n, len(SCALARS)); `values` holds all contours one after the other, of
    `counts` values each.
    """

    identities: Sequence[str]
    scalars: Floats
    values: NDArray[np.float32]
    counts: Ints


class Cache:
    """An open library file; a context manager. Every writing method commits.

    `recovered` says in one line what had to be brought back, if anything. Every method raises
    `LibraryError` where the file is damaged, of a newer version or not to be read or written.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.recovered = ""
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._connection = self._opened_or_mended()
        except (sqlite3.Error, OSError) as error:
            raise recovery.refusal(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def files(self) -> dict[str, tuple[tuple[int, int], str, bool]]:
        """Every path with what its `Stat` holds, its identity and whether it is missing."""
        rows = self._read("SELECT path, size, mtime_ns, identity, missing FROM files")
        path, size, mtime_ns, identity, missing = zip(*rows, strict=True) if rows else ((),) * 5
        known = zip(zip(size, mtime_ns, strict=True), identity, map(bool, missing), strict=True)
        with decoding(self.path):
            return dict(zip(map(text_of, path), known, strict=True))

    def skipped(self) -> dict[str, tuple[Stat, str]]:
        """Every path that could not be used, with its stat and the reason."""
        rows = self._read("SELECT path, size, mtime_ns, reason FROM skipped")
        with decoding(self.path):
            return {
                os.fsdecode(path): (Stat(size, mtime_ns), reason)
                for path, size, mtime_ns, reason in rows
            }

    def identities(self) -> set[str]:
        """All recordings whose features are known."""
        return set(chain.from_iterable(self._read("SELECT identity FROM steps")))

    def heard_identities(self) -> set[str]:
        """All recordings in which voices were listened for."""
        return set(chain.from_iterable(self._read("SELECT identity FROM heard")))

    def waiting(self) -> int:
        """Return how many recordings are there whose features are not known (any more)."""
        # The whole of both indices is read much faster than one is searched for all of the other.
        there = set(chain.from_iterable(self._read("SELECT DISTINCT identity FROM files")))
        if not there - self.identities():
            return 0
        ((count,),) = self._read(
            "SELECT count(DISTINCT identity) FROM files WHERE NOT missing"
            " AND identity NOT IN (SELECT identity FROM features)"
        )
        return int(count)

    def titles(self) -> list[tuple[str, str, str]]:
        """Path, identity and title of everything that was measured; what is missing comes last."""
        rows = self._read(
            "SELECT path, identity, title FROM files JOIN features USING (identity)"
            " ORDER BY missing, path"
        )
        with decoding(self.path):
            _check_types(rows, (bytes, str, str))
            return [(os.fsdecode(path), identity, title) for path, identity, title in rows]

    # Large tables are read whole and joined by those who ask: a join in SQLite would look up each
    # row on its own, all over the file.

    def rows(self, identity: str | None = None) -> list[Row]:
        """Every path with what its tags come to, ordered by path; or those of one recording."""
        names = "path, identity, missing, said, title, tags"
        rows = self._read(f"SELECT {names} FROM files {_where(identity)} ORDER BY path", identity)  # noqa: S608 - own names
        with decoding(self.path):
            _check_types(rows, (bytes, str, int, str, str, str))
        return rows

    def tagged(self, identity: str | None = None) -> list[File]:
        """Every path with its tags, ordered by path; or those of one recording."""
        names = "path, size, mtime_ns, identity, missing, title, tags"
        rows = self._read(f"SELECT {names} FROM files {_where(identity)} ORDER BY path", identity)  # noqa: S608 - own names
        with decoding(self.path):
            _check_types(rows, (bytes, int, int, str, int, str, str))
            if any(b"\0" in row[0] for row in rows):
                raise ValueError("a path that no file can have")
            return [
                File(os.fsdecode(path), Stat(size, mtime_ns), own, tags_of(*tags), missing != 0)
                for path, size, mtime_ns, own, missing, *tags in rows
            ]

    def numbers(self, identity: str | None = None) -> Numbers:
        """Return what was measured in whole recordings; or in one recording."""
        names = "identity, scalars, contour"
        where = _where(identity)
        rows = self._read(f"SELECT {names} FROM features {where} ORDER BY identity", identity)  # noqa: S608 - own names
        columns = list(zip(*rows, strict=True)) or [(), (), ()]
        with decoding(self.path):
            identities, scalars, contours = columns
            return Numbers(
                list(identities),
                _scalars(scalars),
                _joined(contours, CONTOUR_TYPE),
                np.array([len(each) // CONTOUR_TYPE.itemsize for each in contours], np.int64),
            )

    def steps(self, identity: str) -> NDArray[np.float16]:
        """Return the steps of a recording; raises KeyError where it was not measured."""
        for (steps,) in self._read("SELECT steps FROM steps WHERE identity = :identity", identity):
            with decoding(self.path):
                return steps_of(steps)
        raise KeyError(identity)

    def measured(self) -> Iterator[tuple[str, Measured]]:
        """Return all that was measured, by recording."""
        sql = "SELECT identity, scalars, steps FROM features JOIN steps USING (identity)"
        # one by one, because steps are large
        with decoding(self.path), closing(self._found(sql)) as rows:
            for identity, scalars, steps in rows:
                (numbers,) = _scalars([scalars])
                found = steps_of(steps)
                if not isinstance(identity, str) or not len(found) or not np.isfinite(found).all():
                    raise ValueError("steps that are none")
                yield identity, Measured(features_of(numbers.tolist()), found)

    def heard(self, identity: str | None = None) -> dict[str, HeardRow]:
        """Return what was heard, by recording; or in one recording."""
        names = "identity, verdict, confidence, spans"
        rows = self._read(f"SELECT {names} FROM heard {_where(identity)}", identity)  # noqa: S608 - own names
        with decoding(self.path):
            if not {type(confidence) for _, _, confidence, _ in rows} <= {float}:
                raise TypeError("a confidence that is no number")
            if unknown := {verdict for _, verdict, *_ in rows} - set(VOCALS):
                raise ValueError(f"the verdict {unknown.pop()!r}")
        return {row[0]: row for row in rows}

    def marks(self, identity: str | None = None) -> dict[str, Mark]:
        """Return what the user said, by recording; or of one recording.

        What nobody can have said there counts as not said.
        """
        names = "identity, energy, vocals, banned, note"
        rows = self._read(f"SELECT {names} FROM marks {_where(identity)}", identity)  # noqa: S608 - own names
        return {own: _mark(values)[0] for own, *values in rows}

    def lengths(self) -> dict[str, float]:
        """Length in seconds of each recording that was measured."""
        numbers = self.numbers()
        lengths_s = numbers.scalars[:, SCALARS.index("duration_s")].tolist()
        return dict(zip(numbers.identities, lengths_s, strict=True))

    def store(self, file: File, measured: Measured | None) -> None:
        """Keep a path, and what was measured if it was; it is skipped no longer."""
        path = os.fsencode(file.path)
        with self._writing() as connection:
            connection.execute("DELETE FROM skipped WHERE path = ?", (path,))
            connection.execute(
                _insertion("files", 8),
                (
                    path,
                    *file.stat,
                    file.identity,
                    file.missing,
                    said_text(file.tags),
                    *tag_columns(file.tags),
                ),
            )
            if measured is not None:
                _insert(connection, file.identity, measured)

    def store_measured(self, identity: str, measured: Measured) -> None:
        """Keep what was measured in a recording, wherever its files lie."""
        with self._writing() as connection:
            _insert(connection, identity, measured)

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
            for table in ("features", "steps", "heard"):
                connection.execute(
                    f"DELETE FROM {table} WHERE identity NOT IN (SELECT identity FROM files)"  # noqa: S608 - own names
                )

    def mark(self, identity: str) -> Mark:
        """Return what the user said about a recording."""
        return self.marks(identity).get(identity, Mark())

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
        return History(self._all, self._saying, self.path)

    def forget_name(self, name: str) -> list[str]:
        """Forget a name of the history, and leave no trace of it in any file of the library.

        Returns what was damaged and set aside, and still holds the name: that is the user's own.
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

    def _read(self, sql: str, identity: str | None = None) -> list[Any]:
        return self._all(sql, {"identity": identity})

    def _all(self, sql: str, values: Mapping[str, Any]) -> list[Any]:
        with self._telling():
            return self._connection.execute(sql, values).fetchall()

    def _found(self, sql: str) -> Generator[Any, None, None]:
        with self._telling():
            yield from self._connection.execute(sql)

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
                " Give the command again: what you said is kept, and a scan measures anew."
            ) from error
        except OSError as error:
            raise recovery.refusal(self.path, error) from error

    def _opened_or_mended(self) -> sqlite3.Connection:
        try:
            connection, origin = self._opened()
        except sqlite3.Error as error:
            if recovery.code(error) not in recovery.DAMAGE or not recovery.is_ours(self.path):
                raise
            aside = recovery.set_aside(self.path)
            connection, origin = self._opened(aside)
            said = {
                "backup": "What you said of your music came back from its backup",
                "damaged": "What could still be read there of what you said is here again",
                "nowhere": f"Nothing that you said could be read; see {aside}",
            }
            self.recovered = (
                f"The library {self.path} was damaged ({error}) and is kept as {aside}."
                f" {said[origin]}; a scan measures the music again."
            )
        else:
            if origin != "nowhere":
                self.recovered = (
                    f"The library {self.path} was behind its backup:"
                    " what you said of your music was brought back from there."
                )
        return connection

    def _opened(self, damaged: str | None = None) -> tuple[sqlite3.Connection, recovery.Origin]:
        connection = _connect(self.path)
        try:
            layout = layout_of(connection)
            # What the user said is checked in full at every start. The rest can be measured again,
            # so that damage there may show when it is met: checking it all takes too long.
            if layout:
                _check(connection)
            if 0 < layout < newest():
                with closing(sqlite3.connect(f"{self.path}.layout-{layout}.backup")) as backup:
                    connection.backup(backup)
            with decoding(self.path):
                if layout < newest():
                    migrate(connection)
                complete(connection)
                renew(connection)
                follow(connection)
            origin = recovery.agree(connection, self.path, damaged)
        except BaseException:
            connection.close()
            raise
        return connection, origin


def _look(connection: sqlite3.Connection, path: str) -> None:
    """Raise LibraryError for what is no library, or one that only a later version understands."""
    if not is_library(connection):
        raise LibraryError(
            f"{path} is no library of playlist-builder. Give another file with --library."
        )
    if layout_of(connection) > newest():
        raise recovery.newer(path)


def _check_types(rows: Sequence[Row], kinds: Sequence[type]) -> None:
    for column, kind in enumerate(kinds):
        if not {type(row[column]) for row in rows} <= {kind}:
            raise TypeError(f"what is no {kind.__name__}")


def _mark(values: Sequence[Any]) -> tuple[Mark, bool]:
    """Return a mark from its row, and whether all of that is what somebody can have said."""
    energy, vocals, banned, note = values
    fits = (
        energy is None or (isinstance(energy, float) and 0.0 <= energy <= 1.0),
        vocals is None or vocals in _SAID_OF_VOCALS,
        banned in (0, 1),
        isinstance(note, str) and note.isprintable(),
    )
    mark = Mark(
        energy if fits[0] else None,
        vocals if fits[1] else None,
        bool(banned),  # whatever else stands there: what might be banned is not played
        note if fits[3] else "",
    )
    return mark, all(fits)


def _check(connection: sqlite3.Connection) -> None:
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    for table in there.intersection((*USER_TABLES, "derived", "revision")):
        for (verdict,) in connection.execute(f"PRAGMA quick_check({table})"):
            if verdict != "ok":
                error = sqlite3.DatabaseError(verdict)
                error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
                raise error


class _ReadOnly(Cache):
    """A library file of which nothing is changed, neither to mend it nor to bring it up to date."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.recovered = ""
        try:
            self._connection = _connect_for_reading(path)
            layout = layout_of(self._connection)
            of_today = layout == newest() and is_of_today(self._connection)
        except sqlite3.Error as error:
            raise recovery.refusal(path, error) from error
        if not of_today:
            self._connection.close()
            raise LibraryError(
                f"The library {path} was written by an other version of playlist-builder."
                " Scan its folders with this version first."
            )

    def marks(self, identity: str | None = None) -> dict[str, Mark]:
        """Return what the user said; what nobody can have said is refused before it spreads."""
        rows = self._read("SELECT identity, energy, vocals, banned, note FROM marks")
        if not all(isinstance(own, str) and _mark(values)[1] for own, *values in rows):
            raise LibraryError(
                f"The library {self.path} holds marks that no command wrote. Nothing was taken."
            )
        return super().marks(identity)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise recovery.refusal(self.path, error) from error


def _connect(path: str) -> sqlite3.Connection:
    """Open a file for reading and writing, or for reading where it cannot be written."""
    if _has_log(path):  # which would be written into the file by who closes it, whosever it is
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(_address(path, "mode=ro"), uri=True)) as reading,
        ):
            _look(reading, path)
    connection = sqlite3.connect(path, timeout=BUSY_S)
    try:
        _look(connection, path)  # before anything is changed
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a file that is still empty
        # Readers and one writer at a time, and no lost commit but by a failing machine.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.Error as error:
        connection.close()
        if recovery.code(error) not in recovery.UNWRITABLE or not os.path.isfile(path):
            raise
        return _connect_for_reading(path)
    except LibraryError:
        connection.close()
        raise
    return connection


def _connect_for_reading(path: str) -> sqlite3.Connection:
    """Open a file that cannot be written, by SQLite's ways for such a file, the safest first."""
    # Without a log nobody else has it open, and then not even a lock need be written beside it.
    ways = ("mode=ro", "immutable=1") if os.path.exists(f"{path}-wal") else ("immutable=1",)
    for how in ways:
        if how == "immutable=1" and _has_log(path):  # which is not read that way
            raise LibraryError(
                f"The last changes of the library {path} lie in its log, {path}-wal, which cannot"
                " be read there. Copy both files to a folder that can be written, and use that."
            )
        connection = sqlite3.connect(_address(path, how), uri=True, timeout=BUSY_S)
        try:
            _look(connection, path)
        except sqlite3.Error as error:
            connection.close()
            if how == "immutable=1" or recovery.code(error) in recovery.DAMAGE:
                raise
        except LibraryError:
            connection.close()
            raise
        else:
            break
    return connection


def _has_log(path: str) -> bool:
    with suppress(FileNotFoundError):
        return os.path.getsize(f"{path}-wal") > 0
    return False


def _address(path: str, how: str) -> str:
    mode = how if how.startswith("mode=") else f"mode=ro&{how}"  # else a file might be made
    return f"{Path(path).absolute().as_uri()}?{mode}"


@contextmanager
def decoding(path: str) -> Iterator[None]:
    """Turn what cannot be read of a library file's rows into one line."""
    try:
        yield
    except UNREADABLE as error:
        raise LibraryError(
            f"The library {path} holds what no scan wrote ({error}). Move it away:"
            " what you said comes back from its backup, and a scan measures the music again."
        ) from error


def _insert(connection: sqlite3.Connection, identity: str, measured: Measured) -> None:
    steps = measured.steps.astype(STEP_TYPE)
    (contour,) = contour_blobs([steps])
    scalars = packed(measured.features)
    connection.execute(_insertion("features", 3), (identity, scalars, contour))
    connection.execute(_insertion("steps", 2), (identity, steps.tobytes()))


def _where(identity: str | None) -> str:
    return "" if identity is None else "WHERE identity = :identity"


def _insertion(table: str, columns: int) -> str:
    return f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * columns)})"  # noqa: S608 - own names


def _joined(blobs: Sequence[bytes], kind: np.dtype[Any], width: int | None = None) -> NDArray[Any]:
    """Return many columns of numbers as one array, of `width` each if that is said."""
    size = kind.itemsize
    lengths = set(map(len, blobs))
    if lengths - {size * (width or 0)} if width else any(n % size or not n for n in lengths):
        raise ValueError("a row of numbers that is cut off")
    numbers = np.frombuffer(b"".join(blobs), kind)
    if not np.isfinite(numbers).all():
        raise ValueError("what is no number")
    return numbers


def _scalars(blobs: Sequence[bytes]) -> Floats:
    """Return the numbers of tracks, one row each."""
    numbers = _joined(blobs, SCALAR_TYPE, len(SCALARS)).reshape(-1, len(SCALARS))
    lasts_s, keys = (numbers[:, SCALARS.index(name)] for name in ("duration_s", "key"))
    if not ((lasts_s > 0.0) & (lasts_s < LONGEST_S) & (keys >= -1) & (keys < len(KEYS))).all():
        raise ValueError("a length or key that no track has")
    return numbers


def heard_of(row: HeardRow) -> Heard:
    """Return what was heard in a recording from its row."""
    _, verdict, confidence, spans = row
    found = () if spans == "[]" else tuple(VoiceSpan(*values) for values in json.loads(spans))
    for span in found:
        numbers = span.start_s, span.end_s, span.confidence
        if span.kind not in _VOICES or not set(map(type, numbers)) <= {int, float}:
            raise TypeError("a voice that nobody heard")
        if not 0.0 <= span.start_s <= span.end_s < LONGEST_S:
            raise ValueError("a voice at no time")
    return Heard(verdict, confidence, found)
