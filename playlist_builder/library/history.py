"""What was played for whom: sessions, ratings and bans under names that the user chooses.

A name is a label and nothing else. All of this is user data, kept in the library file under the
identity of the music. Times are texts in ISO 8601 with their offset, so that a date reads as it was
on that day and place. This module holds the SQL of these tables; it neither opens files nor reads a
clock.
"""

import math
import os
import sqlite3
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Literal, get_args

from playlist_builder.errors import LibraryError
from playlist_builder.models import Session

Verdict = Literal["up", "down"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

TABLES = ("sessions", "used", "ratings", "bans")

DRAFT = timedelta(hours=1)
"""A session written to the same file again within this time is the same session, made better.

It is short: a session that was played and then taken for a draft would be played again.
"""

Read = Callable[[str, dict[str, Any]], Sequence[Any]]
WriteUserData = Callable[[], AbstractContextManager[sqlite3.Connection]]


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of the history."""
    connection.execute(
        "CREATE TABLE sessions (session TEXT PRIMARY KEY, name TEXT NOT NULL, at TEXT NOT NULL,"
        " file BLOB NOT NULL, profile TEXT NOT NULL, duration_s REAL NOT NULL) WITHOUT ROWID"
    )
    connection.execute(
        "CREATE TABLE used (session TEXT NOT NULL, place INTEGER NOT NULL, identity TEXT NOT NULL,"
        " PRIMARY KEY (session, place)) WITHOUT ROWID"
    )
    connection.execute(
        "CREATE TABLE ratings (name TEXT NOT NULL, identity TEXT NOT NULL, verdict TEXT NOT NULL,"
        " note TEXT NOT NULL, at TEXT NOT NULL, session TEXT NOT NULL, title TEXT NOT NULL,"
        " PRIMARY KEY (name, identity)) WITHOUT ROWID"
    )
    connection.execute(
        "CREATE TABLE bans (name TEXT NOT NULL, identity TEXT NOT NULL, note TEXT NOT NULL,"
        " title TEXT NOT NULL, PRIMARY KEY (name, identity)) WITHOUT ROWID"
    )


@dataclass(frozen=True, slots=True)
class Played:
    """A session that was written for a name. `file` is empty if it went to standard output.

    `tracks` are identities in the order of the session, its tail included.
    """

    session: str
    name: str
    at: str
    file: str
    profile: str
    duration_s: float
    tracks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rating:
    """What was thought of a track after a session; `title` is what the track was called then."""

    identity: str
    verdict: Verdict
    note: str
    at: str
    session: str
    title: str

    def describe(self, name: str) -> str:
        """Return one line on how the track was rated."""
        note = f": {self.note}" if self.note else ""
        return f"rated {self.verdict} for {name} on {self.at[:10]}{note}"


@dataclass(frozen=True, slots=True)
class Ban:
    """A track that is never used for a name."""

    identity: str
    note: str
    title: str


@dataclass(frozen=True, slots=True)
class Past:
    """All that is known of a name, the oldest first."""

    name: str
    sessions: Sequence[Played] = ()
    ratings: Sequence[Rating] = ()
    bans: Sequence[Ban] = ()

    def played_since(self, since: datetime, drafts: Collection[str] = ()) -> frozenset[str]:
        """Return the tracks of all sessions since a time, but of those that are made again."""
        return frozenset(
            identity
            for each in self.sessions
            if each.session not in drafts and datetime.fromisoformat(each.at) >= since
            for identity in each.tracks
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """A name and how much is known of it; `last` is when its latest session was written."""

    name: str
    sessions: int
    ratings: int
    bans: int
    last: str


def played(session: Session, file: str) -> Played:
    """Return what is kept of a session that was asked for under a name and written to a file."""
    request = session.request
    if request is None or request.name is None:
        raise ValueError("a session without a name has no history")
    return Played(
        request.session,
        request.name,
        request.asked_at,
        file,
        session.profile,
        session.duration_s,
        tuple(slot.identity for slot in (*session.slots, *session.tail)),
    )


class History:
    """The history in an open library file. Every writing method commits."""

    def __init__(self, read: Read, write: WriteUserData, path: str) -> None:
        self._read = read
        self._write = write
        self._path = path

    def names(self) -> list[Listed]:
        """Return all names in their order."""
        rows = self._read(
            "SELECT name, sum(kind = 0), sum(kind = 1), sum(kind = 2), max(cast(at AS TEXT)) FROM ("
            " SELECT name, 0 AS kind, at FROM sessions UNION ALL"
            " SELECT name, 1, '' FROM ratings UNION ALL"
            " SELECT name, 2, '' FROM bans)"
            " WHERE typeof(name) = 'text' GROUP BY name ORDER BY name",
            {},
        )
        return [Listed(*row) for row in rows]

    def of(self, name: str) -> Past:
        """Return all that is known of a name, which may be nothing.

        Raises LibraryError for invalid rows: to pass over them might repeat a session.
        """
        try:
            return self._of(name)
        except (TypeError, ValueError) as error:
            raise LibraryError(
                f"The library {self._path} contains invalid rows of {name!r} ({error})."
                " See 'playlist-builder history --forget'."
            ) from error

    def _of(self, name: str) -> Past:
        values = {"name": name}
        used: dict[str, list[str]] = {}
        for session, identity in self._read(
            "SELECT session, identity FROM used JOIN sessions USING (session)"
            " WHERE name = :name ORDER BY session, place",
            values,
        ):
            used.setdefault(session, []).append(_text(identity))
        sessions = [
            Played(
                _text(session),
                name,
                _moment(at),
                _path(file),
                _text(profile),
                _length_s(duration_s),
                tuple(used.get(session, ())),
            )
            for session, at, file, profile, duration_s in self._read(
                "SELECT session, at, file, profile, duration_s FROM sessions WHERE name = :name",
                values,
            )
        ]
        ratings = self._read(
            "SELECT identity, verdict, note, at, session, title FROM ratings WHERE name = :name",
            values,
        )
        rated = [
            Rating(_text(own), _verdict(verdict), _text(note), _moment(at), *map(_text, rest))
            for own, verdict, note, at, *rest in ratings
        ]
        rows = self._read("SELECT identity, note, title FROM bans WHERE name = :name", values)
        bans = [Ban(*map(_text, row)) for row in rows]
        return Past(
            name,
            sorted(sessions, key=lambda each: (_time(each.at), each.file)),
            sorted(rated, key=lambda each: (_time(each.at), each.title)),
            sorted(bans, key=lambda each: (each.title, each.identity)),
        )

    def numbers(self) -> set[str]:
        """Return the numbers of all sessions, whatever their names."""
        return {number for (number,) in self._read("SELECT session FROM sessions", {})}

    def known(self, name: str) -> Past:
        """Return all that is known of a name; raises LibraryError where that is nothing."""
        past = self.of(name)
        if past == Past(name, [], [], []):
            names = ", ".join(each.name for each in self.names()) or "none yet"
            raise LibraryError(f"No name {name!r} in the history. Available: {names}.")
        return past

    def number(self, name: str, file: str, at: str) -> str:
        """Return the number of a session written now: that of the draft it replaces, or a new one.

        A session that was rated has been played, and is no draft.
        """
        past = self.of(name)
        rated = {rating.session for rating in past.ratings}
        for each in past.sessions:
            again = file and each.file == file and each.session not in rated
            if again and abs(_time(at) - _time(each.at)) <= DRAFT:
                return each.session
        text = f"{name}\0{file}\0{at}"
        return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()

    def keep(self, *sessions: Played) -> None:
        """Keep sessions that were written for a name, in place of those of the same number.

        These stay under the file that they were first written to.
        """
        with self._write() as connection:
            for each in sessions:
                _keep(connection, each)

    def rate(self, name: str, rating: Rating) -> None:
        """Keep a rating in place of the one before."""
        with self._write() as connection:
            _rate(connection, name, rating)

    def ban(self, name: str, ban: Ban) -> None:
        """Keep a track out of every later session of a name."""
        with self._write() as connection:
            _ban(connection, name, ban)

    def take(self, pasts: Collection[Past]) -> None:
        """Keep all sessions, ratings and bans of some names, or none of them."""
        with self._write() as connection:
            for past in pasts:
                for played in past.sessions:
                    _keep(connection, played)
                for rating in past.ratings:
                    _rate(connection, past.name, rating)
                for ban in past.bans:
                    _ban(connection, past.name, ban)

    def unban(self, name: str, identity: str) -> None:
        """Let a name have a track again."""
        with self._write() as connection:
            connection.execute("DELETE FROM bans WHERE name = ? AND identity = ?", (name, identity))


def _keep(connection: sqlite3.Connection, played: Played) -> None:
    file = os.fsencode(played.file)
    connection.execute(
        "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (session) DO UPDATE"
        " SET at = excluded.at, profile = excluded.profile, duration_s = excluded.duration_s",
        (played.session, played.name, played.at, file, played.profile, played.duration_s),
    )
    connection.execute("DELETE FROM used WHERE session = ?", (played.session,))
    connection.executemany(
        "INSERT INTO used VALUES (?, ?, ?)",
        [(played.session, place, track) for place, track in enumerate(played.tracks, 1)],
    )


def _rate(connection: sqlite3.Connection, name: str, rating: Rating) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO ratings VALUES (?, ?, ?, ?, ?, ?, ?)", (name, *astuple(rating))
    )


def _ban(connection: sqlite3.Connection, name: str, ban: Ban) -> None:
    connection.execute("INSERT OR REPLACE INTO bans VALUES (?, ?, ?, ?)", (name, *astuple(ban)))


def erase(connection: sqlite3.Connection, name: str) -> None:
    """Delete all rows of a name."""
    connection.execute(
        "DELETE FROM used WHERE session IN (SELECT session FROM sessions WHERE name = ?)", (name,)
    )
    for table in ("sessions", "ratings", "bans"):
        connection.execute(f"DELETE FROM {table} WHERE name = ?", (name,))  # noqa: S608 - own names


def _time(at: str) -> datetime:
    return datetime.fromisoformat(at)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _moment(value: object) -> str:
    if _time(_text(value)).utcoffset() is None:
        raise ValueError("a time without its offset")
    return _text(value)


def _verdict(value: object) -> Verdict:
    return VERDICTS[VERDICTS.index(value)]


def _path(value: object) -> str:
    if not isinstance(value, bytes) or b"\0" in value:
        raise TypeError("not a path")
    return os.fsdecode(value)


def _length_s(value: object) -> float:
    if not isinstance(value, float) or not math.isfinite(value):
        raise TypeError("not a length")
    return value
