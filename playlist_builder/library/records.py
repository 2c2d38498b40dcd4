"""The records of an open library file: runs of kept sessions, written as they happen.

Events in, committed to the disk, records out. A page that sends may be cut off at any time: it
sends again what was not acknowledged, and nothing is written twice.
"""

import heapq
import json
import lzma
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, fields, replace
from datetime import datetime
from itertools import accumulate
from operator import attrgetter, itemgetter
from typing import Any, Self

from playlist_builder import checked
from playlist_builder.errors import LibraryError, PlaylistBuilderError, RequestError
from playlist_builder.language.text import digest
from playlist_builder.library import runs
from playlist_builder.library.connection import Connection
from playlist_builder.library.errors import INVALID_ROW, LibraryBusyError
from playlist_builder.library.runs import ENDED, RunRows
from playlist_builder.models import Session
from playlist_builder.playlists import session_json
from playlist_builder.playlists.session_states import states
from playlist_builder.records.documents import document_of, event_of
from playlist_builder.records.events import PAGE, RecordedEvent, check_source
from playlist_builder.records.record import About, Record, Run
from playlist_builder.session_request import check_time

_RUN = (
    "SELECT id, number, session, person, profile, begun_at, ended_at, target_s,"
    " (SELECT coalesce(sum(heard_s), 0.0) FROM run_tracks WHERE run = id),"
    " (SELECT coalesce(sum(last - first + 1), 0) FROM run_events WHERE run = id) FROM runs"
)
_TYPES = (str, int, str, str, str, str, str, float, float, int)
_ALL_EVENTS = "SELECT source, first, last, events FROM run_events WHERE run = :run"
_DAMAGE = (*INVALID_ROW, lzma.LZMAError, zlib.error, EOFError, PlaylistBuilderError)


class Records:
    """The runs of the kept sessions of an open library file. Every writing method commits."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._path = connection.path

    def _briefly(self) -> AbstractContextManager[None]:
        """Wait only a moment for other processes that write, in all that is written."""
        return self._connection.briefly()

    @checked.takes(session=checked.written_text)
    def begin(self, session: str, at: str | datetime) -> Run:
        """Return a new run of the kept session of an id, which begins at a time of day.

        The session as it is kept now is the plan of the run, whatever becomes of it. The time is in
        ISO 8601 with its offset, or a `datetime` with one. Raises LibraryError where the session is
        not kept or cannot be read.
        """
        time = check_time(at.isoformat(timespec="milliseconds") if isinstance(at, datetime) else at)
        with self._connection.writing_user_data() as connection:
            row = connection.execute(
                "SELECT document FROM documents JOIN kept USING (id) WHERE id = ?", (session,)
            ).fetchone()
            if row is None:
                raise LibraryError("The library keeps no session {session!r}.", session=session)
            try:
                now = states(lzma.decompress(row[0]).decode()).now
                planned = session_json.of_document(now, f"session {session}")
            except _DAMAGE as error:
                raise self._unreadable(error) from error
            request, number = planned.request, runs.next_number(connection)
            own = digest(session, time, str(number))
            connection.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, '{}', ?)",
                (
                    own,
                    number,
                    session,
                    (request.name or "") if request else "",
                    request.session if request else "",
                    planned.profile,
                    time,
                    planned.target_s,
                    lzma.compress(session_json.to_json(now).encode()),
                ),
            )
        (begun,) = self._select("WHERE id = :id", {"id": own})
        return begun

    @checked.takes(run=checked.written_text)
    def append(self, run: str, events: Iterable[RecordedEvent], source: str = PAGE) -> int:
        """Return the number of the last event of a source that is kept, after adding some to a run.

        They are numbered from 1 without holes, and safe on the disk when this returns. Those that
        are kept already change nothing; those behind a hole are not kept: send them again, from the
        number after the one that is returned. Raises LibraryBusyError where another process writes
        and does not stop at once: nothing was kept then, try again. Raises RequestError where a
        number is another event already, LibraryError for a run that is not there.
        """
        check_source(source)
        given = [
            document_of(replace(each, source=source))
            for each in checked.several("events", events, RecordedEvent)
        ]
        given.sort(key=itemgetter("number"))
        with self._connection.briefly(), self._connection.writing() as connection:
            connection.execute("BEGIN IMMEDIATE")
            self._check_is_there(connection, run)
            last = _last(connection, run, source)
            _check_same(connection, run, source, [each for each in given if each["number"] <= last])
            new = _following(given, last)
            if not new:
                return last
            runs.add(connection, run, source, new)
            is_many = runs.small_blocks(connection, run, source) >= runs.JOINED
        is_end = any(each["kind"] == ENDED for each in new)
        if is_many or is_end:
            self._tidy(run)
        return last + len(new)

    def _tidy(self, run: str) -> None:
        """Join small blocks, with a backup; not yet where others write or a block is spoilt."""
        connection = self._connection
        with (
            suppress(LibraryBusyError, *runs.SPOILT),
            connection.briefly(),
            connection.writing_user_data() as writing,
        ):
            runs.join_blocks(writing, run)

    @checked.takes(run=checked.written_text)
    def last(self, run: str, source: str = PAGE) -> int:
        """Return the number of the last event of a source that is kept, 0 for none."""
        sql = "SELECT coalesce(max(last), 0) FROM run_events WHERE run = :run AND source = :source"
        ((number,),) = self._connection.rows(sql, {"run": run, "source": check_source(source)})
        return int(number)

    def all(self, *, session: str | None = None, person: str | None = None) -> list[Run]:
        """Return all runs by number; those of the kept session of an id, those for a person."""
        where = "WHERE (:session IS NULL OR session = :session)"
        where += " AND (:person IS NULL OR person = :person)"
        return self._select(where, {"session": session, "person": person})

    @checked.takes(own=checked.written_text)
    def by_id(self, own: str) -> Run | None:
        """Return the run of an id, if it is there."""
        return next(iter(self._select("WHERE id = :id", {"id": own})), None)

    @checked.takes(number=checked.whole)
    def by_number(self, number: int) -> Run:
        """Return the run of a number; LibraryError where there is none."""
        found = []
        if abs(number) < runs.LARGEST:
            found = self._select("WHERE number = :number", {"number": number})
        if not found:
            raise LibraryError("No record {number}. See 'playlist-builder records'.", number=number)
        return found[0]

    def latest(self) -> Run:
        """Return the run that began last; LibraryError where there is none."""
        found = self._select("ORDER BY number DESC LIMIT 1", {})
        if not found:
            raise LibraryError("There is no record yet: no session was run with the desk.")
        return found[0]

    @checked.takes(run=checked.written_text)
    def read(self, run: str) -> Record:
        """Return the record of a run; LibraryError where it is not there or cannot be read."""
        found = self.by_id(run)
        if found is None:
            raise _not_there(run)
        ((about, plan),) = self._connection.rows(
            "SELECT about, plan FROM runs WHERE id = :run", {"run": run}
        )
        try:
            sources = runs.by_source(self._connection.rows(_ALL_EVENTS, {"run": run}))
            numbers = [[each["number"] for each in events] for events in sources.values()]
            return Record(
                found,
                _plan(plan, found.session),
                tuple(_in_order(sources)),
                _about(about),
                all(each == list(range(1, len(each) + 1)) for each in numbers),
            )
        except _DAMAGE as error:
            raise self._unreadable(error) from error

    @checked.takes(run=checked.written_text, about=checked.a(About))
    def describe(self, run: str, about: About) -> None:
        """Keep what people say of a run, in place of what they said before."""
        with self._connection.writing_user_data() as connection:
            self._check_is_there(connection, run)
            said = {key: value for key, value in asdict(about).items() if value}
            connection.execute("UPDATE runs SET about = ? WHERE id = ?", (json.dumps(said), run))

    @checked.takes(ids=checked.texts)
    def remove(self, ids: Sequence[str]) -> None:
        """Keep runs no longer. A history then counts their sessions as they were written."""
        with self._connection.writing_user_data() as connection:
            for own in ids:
                runs.delete(connection, own)

    @checked.takes(ids=checked.texts)
    def add_from(self, other: Self, ids: Sequence[str]) -> None:
        """Keep runs of another library under new numbers, all or none of them."""
        found = [other._rows(own) for own in ids]
        if found:
            with self._connection.writing_user_data() as connection:
                for each in found:
                    runs.insert(connection, each)

    def _rows(self, run: str) -> RunRows:
        values = {"run": run}
        (row,) = self._connection.rows("SELECT * FROM runs WHERE id = :run", values)
        tracks = self._connection.rows(
            "SELECT * FROM run_tracks WHERE run = :run ORDER BY rowid", values
        )
        events = self._connection.rows("SELECT * FROM run_events WHERE run = :run", values)
        return RunRows(row, tracks, events)

    def _check_is_there(self, connection: sqlite3.Connection, run: str) -> None:
        if connection.execute("SELECT 1 FROM runs WHERE id = ?", (run,)).fetchone() is None:
            raise _not_there(run)

    def _select(self, where: str, values: dict[str, Any]) -> list[Run]:
        rows = self._connection.rows(f"{_RUN} {where}", values)
        found = [Run(*row) for row in rows if tuple(map(type, row)) == _TYPES]
        if self._connection.read_only and len(found) < len(rows):
            raise LibraryError(
                "The library {path} contains invalid records. Nothing was taken from it.",
                path=self._path,
            )
        return sorted(found, key=attrgetter("number", "id"))

    def _unreadable(self, error: Exception) -> LibraryError:
        return LibraryError(
            "The library {path} cannot read one of its records ({error}).",
            path=self._path,
            error=error,
        )


def _not_there(run: str) -> LibraryError:
    return LibraryError(
        "The record {run!r} is not there (any more). See 'playlist-builder records'.", run=run
    )


def _last(connection: sqlite3.Connection, run: str, source: str) -> int:
    sql = "SELECT coalesce(max(last), 0) FROM run_events WHERE run = ? AND source = ?"
    ((number,),) = connection.execute(sql, (run, source))
    return int(number)


def _check_same(
    connection: sqlite3.Connection, run: str, source: str, given: Sequence[runs.Document]
) -> None:
    """Raise RequestError where an event that comes again is another one than before."""
    if not given:
        return
    blocks = connection.execute(
        "SELECT source, first, last, events FROM run_events"
        " WHERE run = ? AND source = ? AND last >= ? AND first <= ?",
        (run, source, given[0]["number"], given[-1]["number"]),
    ).fetchall()
    known: dict[int, runs.Document] = {}
    with suppress(*runs.SPOILT):  # what cannot be read cannot be compared
        known = {each["number"]: each for each in runs.by_source(blocks).get(source, ())}
    for each in given:
        before = known.get(each["number"])
        if before is not None and {**before, "source": source} != each:
            raise RequestError(
                "Event {number} of {source!r} is another one already.",
                number=each["number"],
                source=source,
            )


def _following(given: Sequence[runs.Document], last: int) -> list[runs.Document]:
    """Return the events that follow a number without a hole; the first of each number counts."""
    found: list[runs.Document] = []
    for each in given:
        if each["number"] == last + len(found) + 1:
            found.append(each)
    return found


def _plan(blob: bytes, session: str) -> Session:
    plan = session_json.parse(lzma.decompress(blob).decode(), f"session {session}")
    if plan.request is None:
        return plan
    return replace(plan, request=replace(plan.request, kept_id=session))


def _about(text: str) -> About:
    """Return what was said of a run; what only a later version asks is passed over."""
    said = json.loads(text)
    return About(**{each.name: said[each.name] for each in fields(About) if each.name in said})


def _in_order(sources: Mapping[str, Sequence[runs.Document]]) -> Iterator[RecordedEvent]:
    """Yield the events of all sources by time; those of each stay in their own order."""

    def timed(source: str) -> Iterator[tuple[datetime, str, RecordedEvent]]:
        found = [event_of({**each, "source": source}) for each in sources[source]]
        times = accumulate((datetime.fromisoformat(each.at) for each in found), max)
        return ((time, source, each) for time, each in zip(times, found, strict=True))

    merged = heapq.merge(*map(timed, sorted(sources)), key=itemgetter(0, 1))
    return (event for _, _, event in merged)
