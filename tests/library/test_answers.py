"""Answers are user data: kept, backed up, restored, and never lost by an update."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from playlist_builder.errors import LibraryError
from playlist_builder.library import answers, history, schema
from playlist_builder.library.answers import Answer, answer
from playlist_builder.library.database import Database
from playlist_builder.library.questions import Pair
from playlist_builder.models import Mark
from tests.support.synthetic import plain

FIRST = answer("calmer", "5f", "2b", "5f", "2026-01-02T10:00:00.000002+00:00")
SECOND = answer("tenser", "2b", "5f", "", "2026-01-02T09:30:00.000000-01:00")
THIRD = answer("calmer", "2b", "7a", "2b", "2026-01-02T10:00:00.000001+00:00")


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "library.db")


def test_an_answer_is_of_two_tracks_in_whichever_order_they_were_shown():
    assert Answer("calmer", "2b", "5f", "5f", FIRST.at) == FIRST


def test_answers_come_in_the_order_of_their_times(path):
    """Whatever the offsets of these."""
    with Database(path) as one:
        one.answers.store([FIRST, SECOND, THIRD])
    with Database(path) as one:
        assert one.answers.all() == [THIRD, FIRST, SECOND]
        one.answers.remove(FIRST)
        assert one.answers.all() == [THIRD, SECOND]


def test_a_second_answer_about_two_tracks_replaces_the_first(path):
    again = answer("calmer", "2b", "5f", "2b", SECOND.at)
    with Database(path) as one:
        one.answers.store([FIRST])
        one.answers.store([again])
        assert one.answers.all() == [again]


def test_forgetting_drops_all_answers_and_nothing_else(path):
    with Database(path) as one:
        one.store_mark("5f", Mark(banned=True))
        one.answers.store([FIRST, SECOND])
        assert one.answers.forget() == 2
        assert one.answers.all() == []
        assert one.answers.forget() == 0
        assert one.mark("5f").banned
    Path(path).unlink()
    with Database(path) as one:
        assert one.answers.all() == []


def test_answers_come_back_from_the_backup(path):
    with Database(path) as one:
        one.answers.store([FIRST, SECOND])
    Path(path).unlink()
    with Database(path) as one:
        assert one.recovered
        assert one.answers.all() == [FIRST, SECOND]


def test_what_can_be_read_of_a_damaged_library_without_a_backup_is_restored(path):
    with Database(path) as one:
        one.answers.store([FIRST])
    Path(f"{path}.backup").unlink()
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("CREATE TABLE extra (a)")
        raw.execute("PRAGMA writable_schema = ON")
        raw.execute("UPDATE sqlite_schema SET rootpage = 3 WHERE name = 'marks'")
    with Database(path) as one:
        assert one.answers.all() == [FIRST]


@pytest.mark.parametrize(
    "row",
    [
        ("louder", "2b", "5f", "2b", FIRST.at),
        ("calmer", "5f", "2b", "2b", FIRST.at),
        ("calmer", "2b", "5f", "7a", FIRST.at),
        ("calmer", "2b", "5f", b"2b", FIRST.at),
        ("calmer", "2b", "5f", "2b", "yesterday"),
        ("calmer", "2b", "5f", "2b", "2026-01-02T10:00:00"),
    ],
)
def test_invalid_rows_are_passed_over_and_do_not_spread(path, tmp_path, row):
    with Database(path) as one:
        one.answers.store([THIRD])
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?)", row)
    with Database(path) as one:
        assert one.answers.all() == [THIRD]
    with (
        Database(str(tmp_path / "other.db")) as one,
        one.open_other(path) as two,
        pytest.raises(LibraryError, match="contains invalid answers"),
    ):
        two.answers.all()


def test_a_library_from_before_there_were_answers_gets_them(path, monkeypatch):
    """Its marks stay."""
    before = [each.__name__ for each in schema.MIGRATIONS].index("_add_answers")
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:before])
        older.setattr(schema, "USER_TABLES", ("marks", *history.TABLES))
        with Database(path) as one:
            one.store_mark("5f", Mark(note="bell"))
    with closing(sqlite3.connect(path)) as raw:
        assert not schema.tables(raw) & set(answers.TABLES)
    with Database(path) as one:
        assert one.mark("5f") == Mark(note="bell")
        assert one.answers.all() == []
        one.answers.store([FIRST])
    with Database(path) as one:
        assert one.answers.all() == [FIRST]


@pytest.mark.parametrize(
    "wrong",
    [
        {"question": "louder"},
        {"chosen": "c"},
        {"first": "b", "second": "a"},
        {"at": "2026-05-01"},
        {"first": 1},
    ],
)
def test_an_answer_that_says_nothing_is_refused_and_none_is_kept(tmp_path, wrong):
    good = Answer("calmer", "a", "b", "a", "2026-05-01T10:00:00+02:00")
    with Database(str(tmp_path / "l.db")) as database:
        with pytest.raises(LibraryError, match="An answer names a question"):
            database.answers.store([good, replace(good, **wrong)])
        assert database.answers.all() == []


def test_a_pair_makes_an_answer_of_one_of_its_tracks():
    one, other = plain(2), plain(1)
    pair, at = Pair("tenser", one, other), "2026-05-01T10:00:00+02:00"
    assert pair.answer(one, at) == answer("tenser", one.identity, other.identity, one.identity, at)
    assert not pair.answer(None, at).chosen
    with pytest.raises(LibraryError):
        pair.answer(plain(3), at)
