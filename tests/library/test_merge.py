"""What another library knows comes along by identity, and what is known here stays."""

import dataclasses
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from playlist_builder.cli import main
from playlist_builder.errors import LibraryError
from playlist_builder.library import schema
from playlist_builder.library.answers import answer
from playlist_builder.library.columns import detection_of
from playlist_builder.library.database import Database
from playlist_builder.library.history import Ban, PlayedSession, Rating
from playlist_builder.library.library import Library
from playlist_builder.library.merge import Conflict, MergeReport
from playlist_builder.models import (
    STYLE_SIZE,
    Embedding,
    File,
    Mark,
    Measurement,
    Stat,
    Tags,
    VoiceDetection,
    VoiceSpan,
)
from tests.support.libraries import fill
from tests.support.measured import STEPS, features

EMBEDDING = Embedding(np.ones((4, STYLE_SIZE)), np.arange(4, dtype=np.float32))
OTHER_EMBEDDING = Embedding(np.zeros((4, STYLE_SIZE)), np.arange(4, dtype=np.float32))
HEARD = VoiceDetection("sung", 0.75, (VoiceSpan(1.0, 21.5, "sung", 0.5),))


def measured(duration_s):
    return Measurement(features(duration_s), STEPS)


def add(database, path, identity, *, duration_s=1.0, heard=None):
    file = File(path, Stat(7, 8), identity, Tags(title=f"Title {identity}"))
    database.store(file, measured(duration_s))
    if heard is not None:
        database.store_detection(identity, heard)


@pytest.fixture
def pair(tmp_path):
    """Two libraries that share the recording `b`, and a path that leads to other music there."""
    ours, theirs = os.fspath(tmp_path / "ours.db"), os.fspath(tmp_path / "theirs.db")
    with Database(ours) as one:
        add(one, "/m/a.flac", "a")
        add(one, "/m/b.flac", "b", duration_s=2.0)
        one.store_marks({"b": Mark(energy=0.5), "x": Mark(note="here")})
        one.store_embedding("b", EMBEDDING)
    with Database(theirs) as two:
        add(two, "/m/a.flac", "other", heard=HEARD)
        add(two, "/n/b.flac", "b", duration_s=9.0, heard=HEARD)
        add(two, "/n/c.flac", "c")
        for identity in ("b", "c"):
            two.store_embedding(identity, OTHER_EMBEDDING)
        two.store_marks(
            {
                "b": Mark(energy=0.75, vocals="none"),
                "c": Mark(banned=True),
                "x": Mark(note="here"),
                "y": Mark(note="never scanned"),
            }
        )
    return ours, theirs


def test_what_only_the_other_knows_comes_along(pair):
    ours, theirs = pair
    with Library.open(ours) as library:
        report = library.merge(theirs)
        assert library.merge(theirs) == MergeReport(conflicts=report.conflicts)
    assert (report.measured, report.heard, report.files, report.marks) == (2, 2, 2, 3)
    assert report.embedded == 1
    assert report.conflicts == [Conflict("b", "Title b", "energy", 0.5, 0.75)]
    with Database(ours) as one:
        assert [(path, identity, gone) for path, (_, identity, gone) in one.files().items()] == [
            ("/m/a.flac", "a", False),
            ("/m/b.flac", "b", False),
            ("/n/b.flac", "b", True),
            ("/n/c.flac", "c", True),
        ]
        assert one.lengths()["b"] == 2.0
        assert one.identities() == {"a", "b", "c", "other"}
        heard = {identity: detection_of(row) for identity, row in one.detections().items()}
        assert heard == {"b": HEARD, "other": HEARD}
        embeddings = {identity: each.patches.mean() for identity, each in one.embeddings()}
        assert embeddings == {"b": 1.0, "c": 0.0}
        assert one.marks() == {
            "b": Mark(energy=0.5, vocals="none"),
            "c": Mark(banned=True),
            "x": Mark(note="here"),
            "y": Mark(note="never scanned"),
        }


def test_answers_come_along_and_what_was_answered_here_stays(pair):
    ours, theirs = pair
    at = "2026-01-02T10:00:00+00:00"
    here = answer("calmer", "a", "b", "a", at)
    there = answer("calmer", "b", "a", "b", at), answer("tenser", "b", "c", "", at)
    with Database(ours) as one, Database(theirs) as two:
        one.answers.store([here])
        two.answers.store(there)
    with Library.open(ours) as library:
        report = library.merge(theirs)
        assert library.merge(theirs).answers == 0
        assert library.answers.all() == [here, there[1]]
    assert report.answers == 1
    assert Conflict("a", "a", "calmer than Title b", "a", "Title b") in report.conflicts


def test_the_other_file_is_left_exactly_as_it_is(pair):
    ours, theirs = pair
    before = Path(theirs).read_bytes()
    with Library.open(ours) as library:
        names = set(Path(ours).parent.iterdir())
        library.merge(theirs)
        assert set(Path(ours).parent.iterdir()) == names
    assert Path(theirs).read_bytes() == before


def test_marks_of_a_library_in_use_elsewhere_come_along(pair):
    """They may lie in its log still."""
    ours, theirs = pair
    with Database(theirs) as two, Library.open(ours) as library:
        two.store_mark("z", Mark(note="just now"))
        library.merge(theirs)
    with Database(ours) as one:
        assert one.mark("z") == Mark(note="just now")


def refusal(ours, theirs):
    done = CliRunner().invoke(main, ["library", "merge", theirs, "--library", ours])
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert theirs in done.stderr
    return done.stderr


def test_what_cannot_be_merged_is_one_line(pair, tmp_path):
    ours, theirs = pair
    assert "this very library" in refusal(ours, ours)
    with closing(sqlite3.connect(theirs)) as raw, raw:
        raw.execute("UPDATE derived SET features_version = 0")
    assert "Scan its folders with this version" in refusal(ours, theirs)
    with closing(sqlite3.connect(theirs)) as raw, raw:
        raw.execute("PRAGMA application_id = 0")
    assert "written by a development version" in refusal(ours, theirs)
    with closing(sqlite3.connect(theirs)) as raw, raw:
        raw.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        raw.execute("PRAGMA user_version = 99")
    assert "newer playlist-builder" in refusal(ours, theirs)
    (tmp_path / "text.db").write_text("no database " * 1000, encoding="utf-8")
    assert "not a database" in refusal(ours, os.fspath(tmp_path / "text.db"))
    with Database(ours) as one:
        assert one.identities() == {"a", "b"}


def test_damage_in_the_other_file_is_its_own(pair):
    """This library is not set aside for it."""
    ours, theirs = pair
    whole = Path(theirs).read_bytes()
    first = whole[: schema.PAGE_BYTES]
    Path(theirs).write_bytes(first + b"\xa5" * (len(whole) - len(first)))
    assert "malformed" in refusal(ours, theirs)
    with Library.open(ours) as library:
        assert library.recovered == ""
        assert len(library.tracks()) == 2
        with pytest.raises(LibraryError):
            library.merge(theirs)


def test_the_command_prints_the_report_as_json(pair):
    ours, theirs = pair
    done = CliRunner().invoke(main, ["library", "merge", theirs, "--library", ours, "--json"])
    report = json.loads(done.stdout)
    assert (report["measured"], report["marks"]) == (2, 3)
    assert [conflict["what"] for conflict in report["conflicts"]] == ["energy"]
    assert "Title b: energy stays 0.5; there it is 0.75" in done.stderr


def session(number, at, *tracks):
    return PlayedSession(number, "Anemone", at, f"/s/{number}.json", "arc", 3600.0, tracks)


def test_the_past_of_names_comes_along(pair):
    """Sessions, ratings and bans; what was rated here stays as it is, and that is told."""
    ours, theirs = pair
    monday, friday = "2026-11-16T18:30:00+01:00", "2026-11-20T18:30:00+01:00"
    here = Rating("b", "up", "smiled", monday, "1", "Title b")
    with Database(ours) as one:
        one.history.store(session("1", monday, "a", "b"))
        one.history.rate("Anemone", here)
    with Database(theirs) as two:
        two.history.store(session("1", monday, "a", "b"), session("2", friday, "c"))
        two.history.rate("Anemone", Rating("b", "down", "wept", friday, "2", "Title b"))
        two.history.rate("Anemone", Rating("c", "down", "", friday, "2", "Title c"))
        two.history.rate("Basil", Rating("c", "up", "", friday, "", "Title c"))
        two.history.ban("Anemone", Ban("c", "bells", "Title c"))
    with Library.open(ours) as library:
        report = library.merge(theirs)
        assert (report.sessions, report.ratings, report.bans) == (1, 2, 1)
        assert Conflict("b", "Title b", "rating for Anemone", "up", "down") in report.conflicts
        again = library.merge(theirs)
        assert (again.sessions, again.ratings, again.bans) == (0, 0, 0)
    with Database(ours) as one:
        past = one.history.of("Anemone")
        assert past.sessions == [
            session("1", monday, "a", "b"),
            session("2", friday, "c"),
        ]
        assert here in past.ratings
        assert [ban.identity for ban in past.bans] == ["c"]
        assert [each.name for each in one.history.names()] == ["Anemone", "Basil"]


HOSTILE = [
    "UPDATE marks SET energy = 'abc'",
    "UPDATE marks SET energy = 1e308",
    "UPDATE marks SET vocals = 'rubbish'",
    "UPDATE marks SET banned = 'x'",
    "UPDATE marks SET note = char(27) || '[2J'",
    "UPDATE marks SET note = 'two' || char(10) || 'lines'",
    "UPDATE marks SET identity = x'ff' WHERE identity = 'b'",
    "UPDATE files SET path = x'2f6d0061' WHERE identity = 'c'",
    "UPDATE files SET size = 'large'",
    "UPDATE files SET tags = '{\"artists\": 5}'",
    "UPDATE files SET tags = '{\"genres\": [1, 2]}'",
    "UPDATE steps SET steps = x''",
    "UPDATE steps SET steps = CAST(x'007c' || zeroblob(length(steps) - 2) AS BLOB)",
    "UPDATE heard SET spans = '5'",
    'UPDATE heard SET spans = \'[["a", 1.0, "sung", 0.5]]\'',
    "UPDATE sessions SET at = 'yesterday'",
    "UPDATE sessions SET at = '2026-11-16T18:30:00'",
    "UPDATE sessions SET file = 5",
    "UPDATE sessions SET duration_s = 9e999",
    "UPDATE used SET identity = x'ff'",
    "UPDATE ratings SET at = x'ff'",
    "UPDATE ratings SET verdict = 'perhaps'",
    "UPDATE ratings SET note = x'ff'",
    "UPDATE bans SET title = x'ff'",
    "UPDATE bans SET name = char(27) || '[2J'",
]


@pytest.mark.parametrize("change", HOSTILE)
def test_nothing_is_taken_of_a_library_that_holds_what_no_command_wrote(pair, change):
    """It is refused before the first write, to this library and its backup alike."""
    ours, theirs = pair
    monday = "2026-11-16T18:30:00+01:00"
    with Database(theirs) as two:
        two.history.store(session("1", monday, "c"))
        two.history.rate("Anemone", Rating("c", "up", "", monday, "1", "Title c"))
        two.history.ban("Anemone", Ban("a", "", "Title a"))
    with closing(sqlite3.connect(theirs)) as raw, raw:
        raw.execute(change)
    kept = Path(f"{ours}.backup").read_bytes()
    with Database(ours) as one:
        before = list(one._connection.sqlite.iterdump())  # noqa: SLF001 - every row
    refusal(ours, theirs)
    with Database(ours) as one:
        assert list(one._connection.sqlite.iterdump()) == before  # noqa: SLF001
    assert Path(f"{ours}.backup").read_bytes() == kept


def test_no_session_here_is_replaced_by_one_of_the_same_number(pair):
    """Whatever name it has there."""
    ours, theirs = pair
    monday = "2026-11-16T18:30:00+01:00"
    with Database(ours) as one:
        one.history.store(session("1", monday, "a", "b"))
    with Database(theirs) as two:
        two.history.store(
            dataclasses.replace(session("1", monday, "z"), name="Basil", duration_s=1.0)
        )
    with Library.open(ours) as library:
        assert library.merge(theirs).sessions == 0
    with Database(ours) as one:
        assert one.history.of("Anemone").sessions == [session("1", monday, "a", "b")]
        assert one.history.of("Basil").sessions == []


def test_a_library_that_is_not_there_is_not_made(pair, tmp_path):
    ours, _ = pair
    gone = tmp_path / "gone.db"
    with Library.open(ours) as library, pytest.raises(LibraryError):
        library.merge(gone)
    assert not gone.exists()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE features SET scalars = x'00'",
        "UPDATE files SET tags = 'x'",
        "DROP TABLE heard",
        "PRAGMA application_id = 5",
    ],
)
def test_advice_is_about_the_other_library_and_not_about_ones_own(tmp_path, sql):
    """It is only read: nobody is told to move it away, or to scan again."""
    other = tmp_path / "other.db"
    fill(other, 1)
    with closing(sqlite3.connect(other)) as raw, raw:
        raw.execute(sql)
    with Library.open(tmp_path / "own.db") as own, pytest.raises(LibraryError) as caught:
        own.merge(other)
    text = str(caught.value)
    assert str(other) in text
    assert text.endswith("It was only read, and is as it was. Merge another file.")
    assert "Move it away" not in text
    assert "--library" not in text
