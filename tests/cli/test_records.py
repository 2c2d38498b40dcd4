"""Records on the command line: listed, shown, described, written, forgotten."""

import json

import click
import pytest

from playlist_builder.library.library import Library
from playlist_builder.records.events import Ended, Note
from tests.support.commands import run
from tests.support.records import AT, event, keep, second_by_second, session


@pytest.fixture
def library(tmp_path):
    """The option of a library with two records, one of them for somebody."""
    path = tmp_path / "l.db"
    with Library.open(path) as opened:
        for own, person in (("aa", None), ("bb", "A7")):
            keep(opened, session(own, person))
            begun = opened.records.begin(own * 8, AT)
            opened.records.append(begun.id, second_by_second(40))
        opened.records.append(begun.id, [event(41, Note("moved"), 40.0), event(42, Ended(), 41.0)])
    return "--library", path


def test_records_are_listed_and_shown(library):
    _head, first, second = run("records", *library).stdout.splitlines()
    assert first.startswith("1  2026-01-02 10:00")
    assert second.endswith("ended")
    assert len(run("records", "--for", "A7", *library).stdout.splitlines()) == 2
    listed = json.loads(run("records", "--json", *library).stdout)
    assert [each["number"] for each in listed] == [1, 2]
    assert "0:40 moved" in run("record", *library).stdout
    assert "moved" not in run("record", "1", *library).stdout
    assert json.loads(run("record", "2", "--json", *library).stdout)["heard"]["music_s"] == 40.0
    assert "heard" in run("history", "A7", *library).stdout


def test_a_record_is_described_and_written(library, tmp_path):
    run("record", "2", "--set", "equipment=closed headphones", "--set", "volume = 60 dB", *library)
    files = [tmp_path / f"r{suffix}" for suffix in (".html", ".csv", ".json")]
    outputs = [part for file in files for part in ("-o", file)]
    done = run("record", "2", *outputs, "--language", "ja", *library)
    assert done.stderr.count("Wrote") == 3
    page, table, document = (file.read_text(encoding="utf-8") for file in files)
    assert 'lang="ja"' in page
    assert "closed headphones" in page
    assert "volume,60 dB" in table
    assert json.loads(document)["about"]["equipment"] == "closed headphones"
    assert run("record", "-o", "-", *library).stdout.startswith("<!doctype html>")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_page_is_in_the_language_of_the_user_unless_another_is_named(library, language):
    own = {"LANGUAGE": language, "LANG": f"{language}.UTF-8"}
    assert f'lang="{language}"' in run("record", "-o", "-", *library, **own).stdout
    other = {"en": "ja", "ja": "en"}[language]
    named = run("record", "-o", "-", "--language", other, *library, **own).stdout
    assert f'lang="{other}"' in named


def test_a_record_is_forgotten(library):
    assert "Nobody answered" in run("record", "2", "--forget", *library, code=2).stderr
    run("record", "2", "--forget", "--yes", *library)
    assert "No record 2" in run("record", "2", *library, code=1).stderr
    assert "heard" not in run("history", "A7", *library).stdout


def test_ctrl_c_at_a_question_forgets_nothing(library, monkeypatch):
    def stopped(*_, **__):
        error = click.Abort()
        error.__context__ = KeyboardInterrupt()  # as click raises it
        raise error

    monkeypatch.setattr(click, "confirm", stopped)
    told = run("record", "2", "--forget", *library, code=130).stderr
    assert told.endswith("Stopped. What was done is kept; the same command goes on.\n")
    assert "Nobody" not in told
    run("record", "2", *library)


def test_records_go_with_their_session_and_that_is_said(library):
    asked = run("sessions", "remove", "2", *library, code=2).stderr
    assert "with 1 record?" in asked
    told = run("sessions", "remove", "1", "2", "--yes", *library).stderr
    assert "Session 1, 2 with 2 records is kept no longer." in told
    assert "no record yet" in run("records", *library).stderr
    assert "A7" in run("history", *library).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--set", "mood=calm"), 2, "is no field with its text"),
        (("--set", "volume"), 2, "is no field with its text"),
        (("-o", "r.pdf"), 1, "a record is .html, .csv, .json"),
        (("9",), 1, "No record 9"),
        (("--forget",), 2, "Forget which?"),
        (("--yes",), 2, "--yes goes with --forget"),
    ],
)
def test_what_cannot_be_meant_is_one_line(library, arguments, code, told):
    assert told in run("record", *arguments, *library, code=code).stderr


def test_there_may_be_none(tmp_path):
    with Library.open(tmp_path / "l.db"):
        pass
    library = "--library", tmp_path / "l.db"
    assert "no record yet" in run("records", *library).stderr
    assert "no record yet" in run("record", *library, code=1).stderr


def test_records_that_come_along_are_counted(library, tmp_path):
    with Library.open(tmp_path / "other.db"):
        pass
    done = run("library", "merge", library[1], "--library", tmp_path / "other.db")
    assert "So did 2 records" in done.stderr
