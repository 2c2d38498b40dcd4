"""The sessions that a library keeps: documents, numbers, names, and the files written of them.

User data. What a list shows stands in columns of its own, so that no document is read for it;
documents are compressed, because each holds its earlier states, which are much alike. This module
holds the SQL of its tables; it neither opens files nor reads a clock.
"""

import itertools
import lzma
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import groupby
from operator import attrgetter
from typing import Any

from playlist_builder import checked
from playlist_builder.errors import LibraryError
from playlist_builder.language.text import digest, folded, shortened, whole_number
from playlist_builder.library import history, runs
from playlist_builder.library.errors import INVALID_ROW
from playlist_builder.library.history import Read, WriteUserData
from playlist_builder.library.runs import has_table
from playlist_builder.models import Session
from playlist_builder.session_request import session_name

TABLES = ("kept", "documents", "written", "removed")

SCHEMA = """
CREATE TABLE kept (id TEXT PRIMARY KEY, number INTEGER NOT NULL, name TEXT NOT NULL,
    person TEXT NOT NULL, made_at TEXT NOT NULL, changed_at TEXT NOT NULL, profile TEXT NOT NULL,
    duration_s REAL NOT NULL, tracks INTEGER NOT NULL, turn INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (id TEXT PRIMARY KEY, document BLOB NOT NULL);
CREATE TABLE written (path BLOB PRIMARY KEY, id TEXT NOT NULL, digest TEXT NOT NULL,
    form TEXT NOT NULL) WITHOUT ROWID
"""
REMOVED_SCHEMA = "CREATE TABLE removed (id TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID"
"""Ids and numbers that are never given again, nor come back with a backup. They say no more."""

_COLUMNS = "id, number, name, person, made_at, changed_at, profile, duration_s, tracks, turn"
_TYPES = (str, int, str, str, str, str, str, float, int, int)
SHOWN = 20  # characters of a word that an error quotes
_PRESET = 1  # of LZMA: nearly as small as the others, in a tenth of their time


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that was written of a session, an absolute path.

    `digest` is that of its bytes; `form` says how to write it again, in words of whoever wrote it.
    """

    path: str
    digest: str
    form: str


@dataclass(frozen=True, slots=True)
class KeptSession:
    """A session that the library keeps, without its document.

    `name` is what the user calls it and `person` for whom it was made, both mostly empty. Times are
    in ISO 8601. The tail does not count among `tracks`. Of two sessions the one with the higher
    `turn` was changed later, whatever the clock said.
    """

    id: str
    number: int
    name: str
    person: str
    made_at: str
    changed_at: str
    profile: str
    duration_s: float
    tracks: int
    turn: int = 0
    files: tuple[WrittenFile, ...] = field(default=())


def digest_of(data: bytes) -> str:
    """Return the digest by which it is seen that a file is as it was written."""
    return blake2b(data, digest_size=16).hexdigest()


def kept_session(session: Session, at: str, name: str = "") -> KeptSession:
    """Return how a session is kept from a time on; its number is given by the library."""
    request = session.request
    if request is None or not request.kept_id:
        raise ValueError("a session that says neither what was asked for nor its id is not kept")
    return KeptSession(
        request.kept_id,
        0,
        name,
        request.name or "",
        at,
        at,
        session.profile,
        session.duration_s,
        len(session.slots),
    )


class KeptSessions:
    """The sessions kept in an open library file. Every writing method commits."""

    def __init__(self, read: Read, write: WriteUserData, path: str, *, strict: bool) -> None:
        """Pass over invalid rows, or refuse them where `strict`."""
        self._read = read
        self._write = write
        self._path = path
        self._strict = strict

    @checked.takes(person=checked.written_text)
    def all(self, person: str | None = None) -> list[KeptSession]:
        """Return all sessions, or those of a person, by number."""
        where = "" if person is None else "WHERE person = :person"
        return self._select(where, {"person": person})

    @checked.takes(own=checked.written_text)
    def by_id(self, own: str) -> KeptSession | None:
        """Return the session of an id, if it is kept."""
        return next(iter(self._select("WHERE id = :id", {"id": own})), None)

    @checked.takes(path=checked.path)
    def of_file(self, path: str) -> KeptSession | None:
        """Return the session that was last written to an absolute path, if any is kept."""
        where = "JOIN (SELECT id FROM written WHERE path = :path) USING (id)"
        return next(iter(self._select(where, {"path": os.fsencode(path)})), None)

    def last(self) -> KeptSession:
        """Return the session that was made or changed last; LibraryError where there is none."""
        rows = self._select("ORDER BY turn DESC, number DESC LIMIT 1", {})
        if not rows:
            raise LibraryError(
                "There is no session yet. Build one: playlist-builder build arc --duration 60m"
            )
        return rows[0]

    @checked.takes(word=checked.written_text)
    def exact(self, word: str) -> KeptSession | None:
        """Return the session of a number or a whole name, if there is one."""
        if not word.isdecimal():
            return self.called(word)
        found = self._select("WHERE number = :number", {"number": whole_number(word) or 0})
        return found[-1] if found else None

    @checked.takes(word=checked.written_text)
    def find(self, word: str) -> KeptSession:
        """Return the session of a number or a name, or of a part of the name; of several the last.

        Raises LibraryError where there is none, or where the part belongs to more than one name.
        """
        if word.isdecimal():
            if found := self.exact(word):
                return found
            raise LibraryError(
                "No session {word}. See 'playlist-builder sessions'.", word=shortened(word, SHOWN)
            )
        named = [each for each in self.all() if each.name]
        wanted = folded(word)
        if not wanted.strip():
            raise LibraryError("Give the number or the name of a session.")
        for test in (
            lambda name: name == wanted,
            lambda name: name.startswith(wanted),
            lambda name: wanted in name,
        ):
            hits = [each for each in named if test(folded(each.name))]
            names = {folded(each.name): each.name for each in hits}
            if len(names) == 1:
                return max(hits, key=attrgetter("turn", "number"))
            if names:
                raise LibraryError(
                    "{word!r} may mean {names}. Which one?",
                    word=word,
                    names=", ".join(map(repr, names.values())),
                )
        raise LibraryError(
            "No session {word!r}. See 'playlist-builder sessions' for numbers and names.", word=word
        )

    def new_id(self, document: str, name: str = "") -> str:
        """Return the id of a new session: always the same for a document, unless that has changed.

        So what is built twice in the same way is one session, and the same bytes; but for one that
        was removed, or is called by another `name` than this one shall be.
        """
        ids = (digest(document, str(count)) for count in itertools.count())
        return next(own for own in ids if self._is_free(own, document, name))

    def removed(self) -> set[str]:
        """Return the ids of the sessions that were removed, which are never given again."""
        return {own for (own,) in self._read("SELECT id FROM removed", {})}

    def _is_free(self, own: str, document: str, name: str) -> bool:
        """Whether an id is given to nothing, or to the same session under the same name."""
        kept = self.by_id(own)
        if kept is None:
            return not self._read("SELECT 1 FROM removed WHERE id = :id", {"id": own})
        is_called = not (name and kept.name) or folded(name) == folded(kept.name)
        return is_called and self.document(own) == document

    @checked.takes(own=checked.written_text)
    def document(self, own: str) -> str:
        """Return the document of a session; LibraryError where it cannot be read."""
        try:
            ((document,),) = self._read(
                "SELECT document FROM documents WHERE id = :id", {"id": own}
            )
            return lzma.decompress(document).decode()
        except (*INVALID_ROW, lzma.LZMAError, EOFError) as error:
            raise LibraryError(
                "The library {path} cannot read one of its sessions. A session file that was"
                " written of it can still be used.",
                path=self._path,
            ) from error

    def store(self, *sessions: tuple[KeptSession, str]) -> list[KeptSession]:
        """Keep sessions with their documents, all or none of them; return them with their numbers.

        One whose id is known takes the place of that one, and keeps its number and the time when it
        was made; where it says of which `turn` it was made, that has to be the last one, or a
        LibraryError is raised. A file belongs to the session that was written to it last.
        """
        if not sessions:
            return []
        with self._write() as connection:
            return [_store(connection, *each) for each in sessions]

    def add(self, *sessions: tuple[KeptSession, str]) -> None:
        """Keep new sessions with their documents, all or none of them, under new numbers.

        They come in order of their turns, before all that are kept: the last one stays the last.
        """
        with self._write() as connection:
            ((first,),) = connection.execute("SELECT min(coalesce(min(turn), 0), 0) FROM kept")
            by_turn = sorted((kept.turn, kept.id) for kept, _ in sessions)
            turns = {own: first - len(by_turn) + n for n, (_, own) in enumerate(by_turn)}
            for kept, document in sessions:
                number = _next_number(connection)
                _insert(connection, replace(kept, number=number, turn=turns[kept.id]), document)

    def called(self, name: str) -> KeptSession | None:
        """Return the session of a whole name, if there is one."""
        return next((each for each in self.all() if folded(each.name) == folded(name)), None)

    @checked.takes(own=checked.written_text, name=checked.written_text)
    def rename(self, own: str, name: str) -> None:
        """Call a session by another name, by which no other is called from then on.

        Raises RequestError for what cannot be a name, LibraryError for an id that is not kept.
        """
        name = session_name(name)
        if self.by_id(own) is None:
            raise LibraryError(
                "No session {word!r}. See 'playlist-builder sessions' for numbers and names.",
                word=own,
            )
        with self._write() as connection:
            _take_name(connection, own, name)
            connection.execute("UPDATE kept SET name = ? WHERE id = ?", (name, own))

    @checked.takes(ids=checked.texts)
    def remove(self, ids: Sequence[str]) -> None:
        """Keep sessions no longer. The files written of them stay."""
        with self._write() as connection:
            for own in ids:
                _remove(connection, own)

    def add_file(self, own: str, *files: WrittenFile) -> None:
        """Note that files were written of a session, unless it was removed meanwhile."""
        with self._write() as connection:
            if connection.execute("SELECT 1 FROM kept WHERE id = ?", (own,)).fetchone():
                _insert_files(connection, own, files)

    def _select(self, where: str, values: dict[str, Any]) -> list[KeptSession]:
        rows = self._read(f"SELECT {_COLUMNS} FROM kept {where}", values)  # noqa: S608 - own text
        found = [KeptSession(*row) for row in rows if tuple(map(type, row)) == _TYPES]
        if self._strict and len(found) < len(rows):
            raise LibraryError(
                "The library {path} contains invalid sessions. Nothing was taken from it.",
                path=self._path,
            )
        files = self._files([each.id for each in found])
        return sorted(
            (replace(each, files=files.get(each.id, ())) for each in found),
            key=attrgetter("number", "id"),
        )

    def _files(self, ids: Sequence[str]) -> dict[str, tuple[WrittenFile, ...]]:
        few = len(ids) == 1
        rows = self._read(
            f"SELECT id, path, digest, form FROM written {'WHERE id = :id' if few else ''}"  # noqa: S608 - own text
            " ORDER BY id, path",
            {"id": ids[0] if few else ""},
        )
        valid = [row for row in rows if tuple(map(type, row)) == (str, bytes, str, str)]
        return {
            own: tuple(WrittenFile(os.fsdecode(path), *rest) for _, path, *rest in each)
            for own, each in groupby(valid, key=lambda row: row[0])
        }


def settle(connection: sqlite3.Connection) -> None:
    """Drop what was removed and has come back, as by a restore; let each number mean one session.

    Of two sessions of one number the later one gets another.
    """
    for table in ("kept", "documents", "written"):
        connection.execute(f"DELETE FROM {table} WHERE id IN (SELECT id FROM removed)")  # noqa: S608 - own names
    seen: set[int] = set()
    rows = connection.execute("SELECT id, number FROM kept ORDER BY made_at, id").fetchall()
    for own, number in rows:
        if number in seen:
            number = _next_number(connection)  # noqa: PLW2901 - the number that it has from now on
            connection.execute("UPDATE kept SET number = ? WHERE id = ?", (number, own))
        seen.add(number)


def delete_person(connection: sqlite3.Connection, name: str) -> None:
    """Delete all rows of a person, the history and all sessions; also in an older schema."""
    history.delete_person(connection, name)
    runs.delete_person(connection, name)
    if has_table(connection, "kept"):
        rows = connection.execute("SELECT id FROM kept WHERE person = ?", (name,)).fetchall()
        for (own,) in rows:
            _remove(connection, own)


def _store(connection: sqlite3.Connection, kept: KeptSession, document: str) -> KeptSession:
    known = connection.execute(
        "SELECT number, name, made_at, turn FROM kept WHERE id = ?", (kept.id,)
    ).fetchone()
    number, name, made_at, last = known or (_next_number(connection), "", kept.made_at, 0)
    if kept.turn and not last:
        raise LibraryError("The session was removed by another command meanwhile.")
    if kept.turn and kept.turn != last:
        raise LibraryError(
            "Session {number} was changed by another command meanwhile. Look at it, and"
            " give this command again.",
            number=number,
        )
    ((turn,),) = connection.execute("SELECT max(coalesce(max(turn), 0), 0) + 1 FROM kept")
    _take_name(connection, kept.id, kept.name)
    kept = replace(kept, number=number, name=kept.name or name, made_at=made_at, turn=turn)
    _insert(connection, kept, document)
    return kept


def _insert(connection: sqlite3.Connection, kept: KeptSession, document: str) -> None:
    """Write the rows of a session, in place of those of its id."""
    values = [getattr(kept, column.strip()) for column in _COLUMNS.split(",")]
    places = ", ".join("?" * len(values))
    connection.execute(f"INSERT OR REPLACE INTO kept VALUES ({places})", values)  # noqa: S608 - as above
    blob = lzma.compress(document.encode(), preset=_PRESET)
    connection.execute("INSERT OR REPLACE INTO documents VALUES (?, ?)", (kept.id, blob))
    connection.execute("DELETE FROM written WHERE id = ?", (kept.id,))
    _insert_files(connection, kept.id, kept.files)


def _take_name(connection: sqlite3.Connection, own: str, name: str) -> None:
    """Leave a name to one session."""
    rows = connection.execute("SELECT id, name FROM kept WHERE name <> '' AND id <> ?", (own,))
    others = [(other,) for other, called in rows.fetchall() if folded(str(called)) == folded(name)]
    connection.executemany("UPDATE kept SET name = '' WHERE id = ?", others)


def _insert_files(connection: sqlite3.Connection, own: str, files: Sequence[WrittenFile]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO written VALUES (?, ?, ?, ?)",
        [(os.fsencode(each.path), own, each.digest, each.form) for each in files],
    )


def _remove(connection: sqlite3.Connection, own: str) -> None:
    if has_table(connection, "removed"):
        connection.execute(
            "INSERT OR REPLACE INTO removed SELECT id, number FROM kept WHERE id = ?", (own,)
        )
    if has_table(connection, "runs"):
        runs.delete_of_session(connection, own)
    for table in ("kept", "documents", "written"):
        connection.execute(f"DELETE FROM {table} WHERE id = ?", (own,))  # noqa: S608 - own names


def _next_number(connection: sqlite3.Connection) -> int:
    """Return the number of a new session, which no other one ever had."""
    ((value,),) = connection.execute(
        "SELECT coalesce(max(number), 0) + 1 FROM"
        " (SELECT number FROM kept UNION ALL SELECT number FROM removed)"
    )
    return int(value)
