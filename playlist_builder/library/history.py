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
from typing import Any, Literal, get_args

from playlist_builder import checked
from playlist_builder.errors import LibraryError
from playlist_builder.language.text import digest
from playlist_builder.language.translation import Phrase
from playlist_builder.library import runs
from playlist_builder.models import Session
from playlist_builder.session_request import check_time, person_name

Verdict = Literal["up", "down"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

TABLES = ("sessions", "used", "ratings", "bans")

DRAFT = timedelta(hours=1)
"""A session written to the same file again within this time is the same session, made better.

It is short: a session that was played and then taken for a draft would be played again.
"""

SCHEMA = """
CREATE TABLE sessions (session TEXT PRIMARY KEY, name TEXT NOT NULL, at TEXT NOT NULL,
    file BLOB NOT NULL, profile TEXT NOT NULL, duration_s REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE used (session TEXT NOT NULL, place INTEGER NOT NULL, identity TEXT NOT NULL,
    PRIMARY KEY (session, place)) WITHOUT ROWID;
CREATE TABLE ratings (name TEXT NOT NULL, identity TEXT NOT NULL, verdict TEXT NOT NULL,
    note TEXT NOT NULL, at TEXT NOT NULL, session TEXT NOT NULL, title TEXT NOT NULL,
    PRIMARY KEY (name, identity)) WITHOUT ROWID;
CREATE TABLE bans (name TEXT NOT NULL, identity TEXT NOT NULL, note TEXT NOT NULL,
    title TEXT NOT NULL, PRIMARY KEY (name, identity)) WITHOUT ROWID
"""

Read = Callable[[str, dict[str, Any]], Sequence[Any]]
WriteUserData = Callable[[], AbstractContextManager[sqlite3.Connection]]


@dataclass(frozen=True, slots=True)
class PlayedSession:
    """A session that was written for a name. `file` is empty if it went to standard output.

    `tracks` are identities in the order of the session, its tail included. Where it was `recorded`
    as it played, they are those that were heard for more than `HEARD_S` seconds.
    """

    session: str
    name: str
    at: str
    file: str
    profile: str
    duration_s: float
    tracks: tuple[str, ...] = ()
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class Rating:
    """How a track was judged after a session; `title` is what the track was called then."""

    identity: str
    verdict: Verdict
    note: str
    at: str
    session: str
    title: str

    def describe(self, name: str) -> str:
        """Return the rating on one line."""
        return str(described(self, name))


def described(rating: Rating, name: str) -> Phrase:
    """Return a rating on one line, to be told in any language."""
    note = Phrase(": {note}", note=rating.note) if rating.note else ""
    values = {"name": name, "day": rating.at[:10], "note": note}
    if rating.verdict == "up":
        return Phrase("rated up for {name} on {day}{note}", **values)
    return Phrase("rated down for {name} on {day}{note}", **values)


@dataclass(frozen=True, slots=True)
class Ban:
    """A track that is never used for a name."""

    identity: str
    note: str
    title: str


@dataclass(frozen=True, slots=True)
class PersonHistory:
    """The sessions, ratings and bans of one name, the oldest first."""

    name: str
    sessions: Sequence[PlayedSession] = ()
    ratings: Sequence[Rating] = ()
    bans: Sequence[Ban] = ()

    def played_since(self, since: datetime, drafts: Collection[str] = ()) -> frozenset[str]:
        """Return the tracks of all sessions since a time, but for those of `drafts`."""
        return frozenset(
            identity
            for each in self.sessions
            if each.session not in drafts and datetime.fromisoformat(each.at) >= since
            for identity in each.tracks
        )


@dataclass(frozen=True, slots=True)
class PersonSummary:
    """A name and its counts; `last` is when its latest session was written, empty for none."""

    name: str
    sessions: int
    ratings: int
    bans: int
    last: str


def played_session(session: Session, file: str) -> PlayedSession:
    """Return what is kept of a session that was asked for under a name and written to a file."""
    request = session.request
    if request is None or request.name is None:
        raise ValueError("a session without a name has no history")
    return PlayedSession(
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

    def names(self) -> list[PersonSummary]:
        """Return all names in their order."""
        rows = self._read(
            "SELECT name, sum(kind = 0), sum(kind = 1), sum(kind = 2), max(cast(at AS TEXT)) FROM ("
            " SELECT name, 0 AS kind, at FROM sessions UNION ALL"
            " SELECT name, 1, '' FROM ratings UNION ALL"
            " SELECT name, 2, '' FROM bans)"
            " WHERE typeof(name) = 'text' GROUP BY name ORDER BY name",
            {},
        )
        return [PersonSummary(*row) for row in rows]

    @checked.takes(name=checked.written_text)
    def of(self, name: str) -> PersonHistory:
        """Return the history of a name, which may be empty.

        Raises LibraryError for invalid rows: to pass over them might repeat a session.
        """
        try:
            return self._of(name)
        except (TypeError, ValueError) as error:
            raise LibraryError(
                "The library {path} contains invalid rows of {name!r}. See 'playlist-builder"
                " history --forget'.",
                path=self._path,
                name=name,
            ) from error

    def _of(self, name: str) -> PersonHistory:
        values = {"name": name}
        written = self._read(
            "SELECT session, identity FROM used JOIN sessions USING (session)"
            " WHERE name = :name ORDER BY session, place",
            values,
        )
        heard = _by_session(self._read(runs.HEARD_SQL, values))
        tracks = _by_session(written) | heard
        sessions = self._read(
            "SELECT session, at, file, profile, duration_s FROM sessions WHERE name = :name", values
        )
        ratings = self._read(
            "SELECT identity, verdict, note, at, session, title FROM ratings WHERE name = :name",
            values,
        )
        bans = self._read("SELECT identity, note, title FROM bans WHERE name = :name", values)
        played = [
            PlayedSession(
                _text(session),
                name,
                _valid_time(at),
                _path(file),
                _text(profile),
                _length_s(duration_s),
                tuple(tracks.get(session, ())),
                session in heard,
            )
            for session, at, file, profile, duration_s in sessions
        ]
        rated = [
            Rating(_text(own), _verdict(verdict), _text(note), _valid_time(at), *map(_text, rest))
            for own, verdict, note, at, *rest in ratings
        ]
        return PersonHistory(
            name,
            sorted(played, key=lambda each: (_time(each.at), each.file)),
            sorted(rated, key=lambda each: (_time(each.at), each.title)),
            sorted(
                (Ban(*map(_text, row)) for row in bans),
                key=lambda each: (each.title, each.identity),
            ),
        )

    def session_ids(self) -> set[str]:
        """Return the ids of all sessions, whatever their names."""
        return {session for (session,) in self._read("SELECT session FROM sessions", {})}

    @checked.takes(name=checked.written_text)
    def existing(self, name: str) -> PersonHistory:
        """Return the history of a name; raises LibraryError where it is empty."""
        past = self.of(name)
        if past == PersonHistory(name, [], [], []):
            names = ", ".join(each.name for each in self.names()) or Phrase("none yet")
            raise LibraryError(
                "No name {name!r} in the history. Available: {names}.", name=name, names=names
            )
        return past

    def session_id(self, name: str, file: str, at: str, own: str = "") -> str:
        """Return the id of a session written now: that of the draft it replaces, or a new one.

        A draft is written to the same file, or has its `own` id. A session that was rated or
        recorded has been played, and is no draft.
        """
        past = self.of(name)
        played = _certainly_played(past)
        for each in past.sessions:
            again = each.session == own or (file and each.file == file)
            is_recent = abs(_time(at) - _time(each.at)) <= DRAFT
            if again and is_recent and each.session not in played:
                return each.session
        return digest(name, file, at, str(len(past.sessions)))

    def forget_draft(self, name: str, own: str, at: str) -> None:
        """Drop a session of a name, unless it may have been played at that time."""
        past = self.of(name)
        played = _certainly_played(past)
        for each in past.sessions:
            is_recent = abs(_time(at) - _time(each.at)) <= DRAFT
            if each.session == own and own not in played and is_recent:
                with self._write() as connection:
                    for table in ("used", "sessions"):
                        connection.execute(f"DELETE FROM {table} WHERE session = ?", (own,))  # noqa: S608 - own names

    def store(self, *sessions: PlayedSession) -> None:
        """Keep sessions that were written for a name, in place of those of the same id.

        These stay under the file that they were first written to. Raises LibraryError where a
        session has no id, or that of another name.
        """
        self.store_all([PersonHistory("", sessions)])

    @checked.takes(name=checked.written_text, rating=checked.a(Rating))
    def rate(self, name: str, rating: Rating) -> None:
        """Keep a rating in place of the one before; RequestError for what is none."""
        if rating.verdict not in VERDICTS:
            raise checked.wrong("verdict", checked.one_of(VERDICTS), rating.verdict)
        check_time(rating.at)
        self.store_all([PersonHistory(person_name(name), ratings=[rating])])

    @checked.takes(name=checked.written_text, ban=checked.a(Ban))
    def ban(self, name: str, ban: Ban) -> None:
        """Keep a track out of every later session of a name."""
        self.store_all([PersonHistory(person_name(name), bans=[ban])])

    def store_all(self, histories: Collection[PersonHistory]) -> None:
        """Keep all sessions, ratings and bans of some names, or none of them."""
        with self._write() as connection:
            for each in histories:
                for session in each.sessions:
                    self._check_id(connection, session)
                    _insert_session(connection, session)
                connection.executemany(
                    "INSERT OR REPLACE INTO ratings VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [(each.name, *astuple(rating)) for rating in each.ratings],
                )
                connection.executemany(
                    "INSERT OR REPLACE INTO bans VALUES (?, ?, ?, ?)",
                    [(each.name, *astuple(ban)) for ban in each.bans],
                )

    def _check_id(self, connection: sqlite3.Connection, session: PlayedSession) -> None:
        """Raise LibraryError where a session would be mixed up with that of another name."""
        if not session.session:
            raise LibraryError("A session has no number in the history. Build it again.")
        own, name = session.session, session.name
        sql = "SELECT 1 FROM sessions WHERE session = ? AND name <> ?"
        if connection.execute(sql, (own, name)).fetchone():
            raise LibraryError(
                "The library {path} holds session {own} under another name than {name!r}."
                " Build a session of its own for this name.",
                path=self._path,
                own=own,
                name=name,
            )

    @checked.takes(name=checked.written_text, identity=checked.written_text)
    def unban(self, name: str, identity: str) -> None:
        """Let a name have a track again."""
        with self._write() as connection:
            connection.execute("DELETE FROM bans WHERE name = ? AND identity = ?", (name, identity))


def _insert_session(connection: sqlite3.Connection, session: PlayedSession) -> None:
    values = session.at, os.fsencode(session.file), session.profile, session.duration_s
    connection.execute(
        "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (session) DO UPDATE"
        " SET at = excluded.at, profile = excluded.profile, duration_s = excluded.duration_s",
        (session.session, session.name, *values),
    )
    connection.execute("DELETE FROM used WHERE session = ?", (session.session,))
    connection.executemany(
        "INSERT INTO used VALUES (?, ?, ?)",
        [(session.session, place, track) for place, track in enumerate(session.tracks, 1)],
    )


def delete_person(connection: sqlite3.Connection, name: str) -> None:
    """Delete all rows of a name."""
    connection.execute(
        "DELETE FROM used WHERE session IN (SELECT session FROM sessions WHERE name = ?)", (name,)
    )
    for table in ("sessions", "ratings", "bans"):
        connection.execute(f"DELETE FROM {table} WHERE name = ?", (name,))  # noqa: S608 - own names


def _by_session(rows: Sequence[Any]) -> dict[str, list[str]]:
    """Return the identities of tracks for each session, from rows in their order."""
    found: dict[str, list[str]] = {}
    for session, identity in rows:
        found.setdefault(session, []).append(_text(identity))
    return found


def _certainly_played(past: PersonHistory) -> set[str]:
    """Return the sessions of a name that were not only written."""
    rated = {rating.session for rating in past.ratings}
    return rated | {each.session for each in past.sessions if each.recorded}


def _time(at: str) -> datetime:
    return datetime.fromisoformat(at)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _valid_time(value: object) -> str:
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
