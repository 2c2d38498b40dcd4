"""What the user answered about pairs of tracks: calmer, or more tense.

User data like marks, kept under the identities of both tracks. This module holds the SQL of its
table; it neither opens files nor reads a clock.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from playlist_builder.errors import LibraryError
from playlist_builder.library.history import Read, WriteUserData

Question = Literal["calmer", "tenser"]
QUESTIONS: tuple[Question, ...] = get_args(Question)

TABLES = ("answers",)
SHOWN = 200  # characters of an answer that an error shows

SCHEMA = """
CREATE TABLE answers (question TEXT NOT NULL, first TEXT NOT NULL, second TEXT NOT NULL,
    chosen TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (question, first, second)) WITHOUT ROWID
"""
_INSERT = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Answer:
    """Which of two tracks is calmer or tenser: identities, `chosen` empty where they are alike.

    `first` comes before `second` in the order of identities. `at` is a time in ISO 8601.
    """

    question: Question
    first: str
    second: str
    chosen: str
    at: str

    @property
    def pair(self) -> tuple[str, str, str]:
        """What was asked about which tracks."""
        return self.question, self.first, self.second


def answer(question: Question, one: str, other: str, chosen: str, at: str) -> Answer:
    """Return the answer about two tracks, in whichever order they were shown."""
    first, second = sorted((one, other))
    return checked(Answer(question, first, second, chosen, at))


def checked(answer: Answer) -> Answer:
    """Return an answer; raises LibraryError where it says nothing of two tracks."""
    if not _is_valid(astuple(answer)):
        raise LibraryError(
            "An answer names a question, two tracks in the order of their identities, one"
            " of them or neither, and a time with its offset, not {answer}.",
            answer=ascii(astuple(answer))[:SHOWN],
        )
    return answer


class Answers:
    """The answers in an open library file. Every writing method commits."""

    def __init__(self, read: Read, write: WriteUserData, path: str, *, strict: bool) -> None:
        """Pass over invalid rows, or refuse them where `strict`."""
        self._read = read
        self._write = write
        self._path = path
        self._strict = strict

    def all(self) -> list[Answer]:
        """Return all answers, the oldest first."""
        rows = self._read("SELECT question, first, second, chosen, at FROM answers", {})
        found = [Answer(*row) for row in rows if _is_valid(row)]
        if self._strict and len(found) < len(rows):
            raise LibraryError(
                "The library {path} contains invalid answers. Nothing was taken from it.",
                path=self._path,
            )
        return sorted(found, key=lambda each: (datetime.fromisoformat(each.at), each.pair))

    def store(self, answers: Iterable[Answer]) -> None:
        """Keep answers, all of them or none; each in place of one about the same tracks.

        Raises LibraryError for one that says nothing of two tracks.
        """
        rows = [astuple(checked(each)) for each in answers]
        if rows:
            with self._write() as connection:
                connection.executemany(_INSERT, rows)

    def remove(self, answer: Answer) -> None:
        """Drop an answer."""
        with self._write() as connection:
            connection.execute(
                "DELETE FROM answers WHERE question = ? AND first = ? AND second = ?", answer.pair
            )

    def forget(self) -> int:
        """Return how many answers there were; all are dropped."""
        with self._write() as connection:
            return connection.execute("DELETE FROM answers").rowcount


def _is_valid(row: tuple[Any, ...]) -> bool:
    if not all(isinstance(value, str) for value in row):
        return False
    question, first, second, chosen, at = row
    try:
        has_offset = datetime.fromisoformat(at).utcoffset() is not None
    except ValueError:
        return False
    return has_offset and question in QUESTIONS and first < second and chosen in ("", first, second)
