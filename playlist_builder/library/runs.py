"""The tables of what really happened while kept sessions played, and how they are tidied.

User data. Events are only ever added. They come a few seconds at a time and lie in blocks; many
small blocks are joined to a large one now and then, which takes a tenth of their space. What was
heard of each track is counted as it comes, so that a history need not read a record. This module
holds the SQL of its tables; it neither opens files nor reads a clock.
"""

import json
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

GROWING = ("run_tracks", "run_events")  # while a session runs
TABLES = ("runs", *GROWING)

SCHEMA = """
CREATE TABLE runs (id TEXT PRIMARY KEY, number INTEGER NOT NULL, session TEXT NOT NULL,
    person TEXT NOT NULL, history TEXT NOT NULL, profile TEXT NOT NULL, begun_at TEXT NOT NULL,
    ended_at TEXT NOT NULL, target_s REAL NOT NULL, about TEXT NOT NULL, plan BLOB NOT NULL);
CREATE TABLE run_tracks (run TEXT NOT NULL, identity TEXT NOT NULL, heard_s REAL NOT NULL,
    PRIMARY KEY (run, identity));
CREATE TABLE run_events (run TEXT NOT NULL, source TEXT NOT NULL, first INTEGER NOT NULL,
    last INTEGER NOT NULL, joined INTEGER NOT NULL, events BLOB NOT NULL,
    PRIMARY KEY (run, source, first)) WITHOUT ROWID
"""
JOINED = 64  # small blocks that make a large one: five minutes of blocks of five seconds
HEARD_S = 30.0  # of a track that was heard longer than this, a history says that it was played

_HEARD = (
    "SELECT history, identity FROM runs JOIN run_tracks ON run = id WHERE history {sessions}"
    " GROUP BY history, identity HAVING sum(heard_s) > {least_s}"
    " ORDER BY history, min(run_tracks.rowid)"
)
HEARD_SQL = _HEARD.format(
    sessions="IN (SELECT session FROM sessions WHERE name = :name)", least_s=HEARD_S
)
"""Sessions of a name in the history, and what was heard of them in this order."""
SOUNDED, ENDED = "sounded", "ended"  # kinds of events
LARGEST = 2**63  # what SQLite counts to

SPOILT = (ValueError, zlib.error)  # what a block raises that is none

Document = Mapping[str, Any]
Block = tuple[str, int, int, bytes]  # source, first and last number, packed events


class RunRows(NamedTuple):
    """A run as it lies in a library file: its row, what was heard of its tracks, its events."""

    run: Sequence[Any]
    tracks: Sequence[Sequence[Any]]
    events: Sequence[Sequence[Any]]


def pack(documents: Sequence[Document]) -> bytes:
    """Return events of one source as bytes. All that they have in common takes no space."""
    plain = [{key: value for key, value in each.items() if key != "source"} for each in documents]
    return zlib.compress(json.dumps(plain, separators=(",", ":")).encode(), 9)


def unpack(blob: bytes) -> list[dict[str, Any]]:
    """Return the events of a block; raises one of `SPOILT` for what is none."""
    found = json.loads(zlib.decompress(blob))
    if not isinstance(found, list) or not all(map(_is_event, found)):
        raise ValueError("no events")
    return found


def _is_event(value: object) -> bool:
    """Whether a value of a block has what is read here of an event; the rest is read elsewhere."""
    if not isinstance(value, dict) or type(value.get("number")) is not int:
        return False
    if value.get("kind") != SOUNDED:
        return isinstance(value.get("kind"), str) and isinstance(value.get("at"), str)
    return isinstance(value.get("track"), str) and isinstance(value.get("seconds"), int | float)


def by_source(blocks: Iterable[Block]) -> dict[str, list[dict[str, Any]]]:
    """Return the events of blocks for each source, by number, each number once.

    Blocks may overlap where a backup was restored.
    """
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for source, _first, _last, blob in blocks:
        known = found.setdefault(source, {})
        for each in unpack(blob):
            known.setdefault(each["number"], each)
    return {source: [events[n] for n in sorted(events)] for source, events in found.items()}


def add(
    connection: sqlite3.Connection, run: str, source: str, documents: Sequence[Document]
) -> None:
    """Write events of consecutive numbers as one block, and count what was heard."""
    first, last = documents[0]["number"], documents[-1]["number"]
    connection.execute(
        "INSERT INTO run_events VALUES (?, ?, ?, ?, 0, ?)",
        (run, source, first, last, pack(documents)),
    )
    _count(connection, run, documents)


def small_blocks(connection: sqlite3.Connection, run: str, source: str) -> int:
    """Return how many small blocks there are of a source."""
    sql = "SELECT count(*) FROM run_events WHERE run = ? AND source = ? AND NOT joined"
    ((count,),) = connection.execute(sql, (run, source))
    return int(count)


def join_blocks(connection: sqlite3.Connection, run: str) -> None:
    """Join the small blocks of a run to one for each source."""
    small = "run = ? AND NOT joined"
    sql = f"SELECT source, first, last, events FROM run_events WHERE {small}"  # noqa: S608 - own text
    found = by_source(connection.execute(sql, (run,)).fetchall())
    connection.execute(f"DELETE FROM run_events WHERE {small}", (run,))  # noqa: S608 - as above
    _insert_joined(connection, run, found)


def settle(connection: sqlite3.Connection) -> None:
    """Tidy up after a restore: drop what was removed, number and count what is there again."""
    connection.execute("DELETE FROM runs WHERE session IN (SELECT id FROM removed)")
    for table in GROWING:
        connection.execute(f"DELETE FROM {table} WHERE run NOT IN (SELECT id FROM runs)")  # noqa: S608 - own names
    seen: set[int] = set()
    rows = connection.execute("SELECT id, number FROM runs ORDER BY begun_at, id").fetchall()
    for own, number in rows:
        if number in seen:
            number = next_number(connection)  # noqa: PLW2901 - the number that it has from now on
            connection.execute("UPDATE runs SET number = ? WHERE id = ?", (number, own))
        seen.add(number)
        with suppress(*SPOILT):
            _settle_events(connection, own)


def next_number(connection: sqlite3.Connection) -> int:
    """Return the number of a new run."""
    ((value,),) = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM runs")
    return int(value)


def insert(connection: sqlite3.Connection, found: RunRows) -> None:
    """Write the rows of a run of another library, under a new number."""
    own, _, *rest = found.run
    run = own, next_number(connection), *rest
    for table, rows in zip(TABLES, ([run], found.tracks, found.events), strict=True):
        for row in rows:
            places = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} VALUES ({places})", row)  # noqa: S608 - own names


def delete(connection: sqlite3.Connection, run: str) -> None:
    """Delete all rows of a run."""
    connection.execute("DELETE FROM runs WHERE id = ?", (run,))
    for table in GROWING:
        connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))  # noqa: S608 - own names


def delete_of_session(connection: sqlite3.Connection, session: str) -> None:
    """Delete all runs of a kept session; what was heard in them stays in the history."""
    rows = connection.execute("SELECT id, history FROM runs WHERE session = ?", (session,))
    runs = rows.fetchall()
    heard_sql = _HEARD.format(sessions="= :history", least_s=HEARD_S)
    for history in {history for _, history in runs}:
        heard = connection.execute(heard_sql, {"history": history}).fetchall()
        if history and heard:
            connection.execute("DELETE FROM used WHERE session = ?", (history,))
            connection.executemany(
                "INSERT INTO used VALUES (?, ?, ?)",
                [(history, place, own) for place, (_, own) in enumerate(heard, 1)],
            )
    for own, _ in runs:
        delete(connection, own)


def delete_person(connection: sqlite3.Connection, name: str) -> None:
    """Delete all runs of sessions for a person; also in an older schema."""
    if has_table(connection, "runs"):
        rows = connection.execute("SELECT id FROM runs WHERE person = ?", (name,)).fetchall()
        for (own,) in rows:
            delete(connection, own)


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    """Whether a file has a table, which one of an older schema has not."""
    sql = "SELECT 1 FROM sqlite_schema WHERE name = ?"
    return connection.execute(sql, (name,)).fetchone() is not None


def _settle_events(connection: sqlite3.Connection, run: str) -> None:
    """Keep each event of a run once, and count again what was heard."""
    sql = "SELECT source, first, last, events FROM run_events WHERE run = ?"
    found = by_source(connection.execute(sql, (run,)).fetchall())
    for table in GROWING:
        connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))  # noqa: S608 - own names
    _insert_joined(connection, run, found)
    for events in found.values():
        _count(connection, run, events)


def _insert_joined(
    connection: sqlite3.Connection, run: str, found: Mapping[str, Sequence[dict[str, Any]]]
) -> None:
    for source, events in found.items():
        for part in _consecutive(events):
            values = run, source, part[0]["number"], part[-1]["number"], pack(part)
            connection.execute("INSERT INTO run_events VALUES (?, ?, ?, ?, 1, ?)", values)


def _count(connection: sqlite3.Connection, run: str, documents: Iterable[Document]) -> None:
    """Add what was heard of each track, and note an end."""
    heard: Counter[str] = Counter()
    for each in documents:
        if each["kind"] == SOUNDED:
            heard[each["track"]] += each["seconds"]
        elif each["kind"] == ENDED:
            connection.execute("UPDATE runs SET ended_at = ? WHERE id = ?", (each["at"], run))
    connection.executemany(
        "INSERT INTO run_tracks VALUES (?, ?, ?)"
        " ON CONFLICT (run, identity) DO UPDATE SET heard_s = heard_s + excluded.heard_s",
        [(run, identity, heard_s) for identity, heard_s in heard.items()],
    )


def _consecutive(events: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield runs of events whose numbers follow each other."""
    numbered = ((each["number"] - place, each) for place, each in enumerate(events))
    for _, group in groupby(numbered, key=itemgetter(0)):
        yield [each for _, each in group]
