"""A library follows the schema and the versions of what is derived; user data outlives both."""

import dataclasses
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import playlist_builder
from playlist_builder.analysis import energy
from playlist_builder.audio import decode
from playlist_builder.errors import LibraryError
from playlist_builder.library import columns, schema
from playlist_builder.library.database import Database
from playlist_builder.models import (
    STYLE_SIZE,
    Embedding,
    File,
    Mark,
    Measurement,
    Skipped,
    Stat,
    Tags,
    VoiceDetection,
    VoiceSpan,
)
from playlist_builder.vocals import evidence
from tests.support.measured import FEATURES, STEPS

EMBEDDING = Embedding(np.ones((4, STYLE_SIZE)), np.arange(4, dtype=np.float32))
MARK = Mark(energy=0.25, vocals="none", banned=True, note="bell at the end")
TAGS = Tags(title="Ö", has_lyrics=True)
FILE = File("/m/a.flac", Stat(7, 1_700_000_000_123_456_789), "5f", TAGS)


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A library of one track, with all that can be known of it. No test here may decode."""
    monkeypatch.delattr(decode, "AudioFile")
    path = os.fspath(tmp_path / "library.db")
    with Database(path) as one:
        one.store(FILE, Measurement(FEATURES, STEPS))
        one.store_detection(
            "5f", VoiceDetection("sung", 0.75, (VoiceSpan(1.0, 21.5, "sung", 0.5),))
        )
        one.store_embedding("5f", EMBEDDING)
        one.store_skipped(Skipped("/m/b.mp3", "damaged"), Stat(1, 1))
        one.store_mark("5f", MARK)
    return path


def add_mood(connection):
    """A migration from the version of today to the next one."""
    connection.execute("ALTER TABLE marks ADD COLUMN mood TEXT")
    connection.execute("UPDATE marks SET note = 'changed'")


def test_a_migration_changes_tables_and_keeps_a_copy_from_before(path, monkeypatch):
    assert not list(Path(path).parent.glob("*schema*"))
    today = schema.newest_version()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, add_mood))
    for _ in range(2):
        with Database(path) as one:
            assert one.mark("5f") == dataclasses.replace(MARK, note="changed")
            assert one.identities() == {"5f"}
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (today + 1,)
    Path(path).unlink()
    with Database(path) as one:  # a new one, and the backup of the version after today's
        assert one.mark("5f") == dataclasses.replace(MARK, note="changed")
    monkeypatch.undo()
    with pytest.raises(LibraryError, match="newer playlist-builder"):
        Database(path)
    with Database(f"{path}.schema-{today}.backup") as before:
        assert before.mark("5f") == MARK
        assert before.identities() == {"5f"}


@pytest.mark.parametrize("spoilt", [b"", b"x" * 5000, b"SQLite format 3\0" + b"x" * 5000, None])
def test_a_spoilt_copy_from_before_does_not_harm_the_library(path, monkeypatch, spoilt):
    """It is written anew; where it cannot be, the error is of the copy."""
    copy = Path(f"{path}.schema-{schema.newest_version()}.backup")
    copy.mkdir() if spoilt is None else copy.write_bytes(spoilt)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, add_mood))
    if spoilt is None:
        with pytest.raises(LibraryError, match=re.escape(os.fspath(copy))):
            Database(path)
        copy.rmdir()
    with Database(path) as one:
        assert one.recovered == ""
        assert one.identities() == {"5f"}
        copy.write_bytes(b"SQLite format 3\0Anemone" + b"x" * 5000)
        told = one.forget_name("Anemone")
        assert told == [f"{copy}.damaged-1"]
        assert one.identities() == {"5f"}
    assert not Path(f"{path}.damaged-1").exists()


def test_a_library_from_before_embeddings_gets_a_place_for_them(tmp_path):
    """All else stays, and today's analysis need not read the music again."""
    path = os.fspath(tmp_path / "library.db")
    with closing(sqlite3.connect(path)) as raw, raw:
        schema.MIGRATIONS[0](raw)
        raw.execute("PRAGMA user_version = 1")
        today = schema._current()  # noqa: SLF001 - what a file of today's analysis holds
        before = *today[:2], *today[3:]
        raw.execute("INSERT INTO derived VALUES (?, ?, ?, ?, ?)", before)
        raw.execute("INSERT INTO marks VALUES ('5f', 0.25, 'none', 1, 'bell at the end')")
        raw.execute("INSERT INTO heard VALUES ('5f', 'none', 0.5, '[]')")
    with Database(path) as one:
        assert one.embedded_identities() == set()
        one.store_embedding("5f", EMBEDDING)
    with Database(path) as one:
        assert one.embedded_identities() == one.detected_identities() == {"5f"}
        assert one.mark("5f") == MARK


def test_steps_and_embeddings_of_half_precision_are_packed(tmp_path):
    """Nothing has to be measured again but what cannot be read."""
    path = os.fspath(tmp_path / "library.db")
    rng = np.random.default_rng(0)
    steps = rng.normal(-20.0, 5.0, (9, STEPS.shape[1])).astype(np.float16)
    patches = rng.normal(size=(8, STYLE_SIZE)).astype(np.float16)
    with closing(sqlite3.connect(path)) as raw, raw:
        for migration in schema.MIGRATIONS[:3]:
            migration(raw)
        raw.execute("PRAGMA user_version = 3")
        insert = f"INSERT INTO derived ({schema._VERSIONS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608, SLF001 - as above
        raw.execute(insert, schema._current())  # noqa: SLF001 - as above
        starts = np.arange(8, dtype=np.float32).tobytes()
        for identity, cut in (("5f", None), ("6a", -1)):
            blob = steps.tobytes()[:cut]
            raw.execute("INSERT INTO steps VALUES (?, ?)", (identity, blob))
            blob = patches.tobytes()[:cut]
            raw.execute("INSERT INTO embeddings VALUES (?, ?, ?)", (identity, starts, blob))
    with Database(path) as one:
        assert one.identities() == one.embedded_identities() == {"5f"}
        np.testing.assert_allclose(one.steps("5f"), steps, atol=0.1)
        ((_, found),) = one.embeddings()
        np.testing.assert_allclose(found.patches, patches, atol=0.02)
        assert found.starts_s.tobytes() == starts


def test_a_backup_of_an_older_schema_is_read(path, monkeypatch):
    Path(path).unlink()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, add_mood))
    with Database(path) as one:
        assert one.mark("5f") == dataclasses.replace(MARK, note="changed")


def test_a_failed_migration_changes_nothing(path, monkeypatch):
    """The old schema stays, whole and usable."""

    def broken(connection):
        connection.execute("UPDATE marks SET note = 'lost'")
        connection.execute("DROP TABLE no_such_table")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
    with pytest.raises(LibraryError, match="no_such_table"):
        Database(path)
    monkeypatch.undo()
    with Database(path) as one:
        assert one.mark("5f") == MARK


def test_a_new_analysis_drops_what_the_old_one_measured_or_refused(path, monkeypatch):
    """Paths, voices and user data stay, and what is measured next is kept."""
    monkeypatch.setattr(schema, "FEATURES_VERSION", schema.FEATURES_VERSION + 1)
    for _ in range(2):
        with Database(path) as one:
            assert one.identities() == set()
            assert one.skipped() == {}
            assert list(one.files()) == [FILE.path]
            assert one.detected_identities() == one.embedded_identities() == {"5f"}
            assert one.mark("5f") == MARK
    with Database(path) as one:
        one.store(FILE, Measurement(FEATURES, STEPS))
    with Database(path) as one:
        assert one.identities() == {"5f"}


def test_a_new_detector_drops_what_the_old_one_found(path, monkeypatch):
    """Nothing else goes with it."""
    monkeypatch.setattr(schema, "VOICE_VERSION", schema.VOICE_VERSION + 1)
    with Database(path) as one:
        assert one.detected_identities() == set()
        assert one.identities() == one.embedded_identities() == {"5f"}
        assert one.files()[FILE.path][0] == FILE.stat


def test_a_new_embedding_drops_the_old_ones(path, monkeypatch):
    """Nothing else goes with them, and a library of the old ones is not merged."""
    monkeypatch.setattr(schema, "EMBEDDING_VERSION", schema.EMBEDDING_VERSION + 1)
    with pytest.raises(LibraryError, match="another version"):
        Database(path, unchanged=True)
    with Database(path) as one:
        assert one.embedded_identities() == set()
        assert one.identities() == one.detected_identities() == {"5f"}
        assert one.files()[FILE.path][0] == FILE.stat


def test_a_tag_that_was_not_read_before_is_read_at_the_next_scan(path):
    """Nothing else is lost by it, and what could not be read is tried again."""
    with Database(path) as one:
        one.store_skipped(Skipped("/m/b.mp3", "damaged"), Stat(1, 1))
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE derived SET tag_names = replace(tag_names, 'has_lyrics', 'has_words')")
        raw.execute("UPDATE files SET tags = replace(tags, 'has_lyrics', 'has_words')")
    with Database(path) as one:
        (file,) = one.tagged_files()
        assert one.skipped() == {}
        assert file.stat == Stat(FILE.stat.size, -1)
        assert file.tags == dataclasses.replace(TAGS, has_lyrics=False)
        assert one.identities() == {"5f"}


def test_a_new_score_counts_at_once_and_for_as_long_as_its_version_says(path, monkeypatch):
    """Scores and evidence are made again when their version changes, and only then."""
    with Database(path) as one:
        values, text = one.feature_table().values, one.track_rows()[0][3]
    weights = dataclasses.replace(energy.load_weights(), base=energy.load_weights().base + 1.0)
    monkeypatch.setattr(energy, "load_weights", lambda: weights)
    monkeypatch.setattr(evidence, "LYRICS", 3.5)
    with Database(path) as one:
        assert np.array_equal(one.feature_table().values, values)
        assert one.track_rows()[0][3] == text
    monkeypatch.setattr(schema, "ENERGY_VERSION", energy.ENERGY_VERSION + 1)
    monkeypatch.setattr(schema, "EVIDENCE_VERSION", evidence.EVIDENCE_VERSION + 1)
    for _ in range(2):
        with Database(path) as one:
            assert np.array_equal(
                one.feature_table().values, energy.contours([STEPS], [EMBEDDING])[0]
            )
            assert (one.feature_table().values > values).all()
            assert columns.evidence_of(text).sung == 12.0
            assert columns.evidence_of(one.track_rows()[0][3]).sung == 3.5
            assert np.array_equal(one.steps("5f"), STEPS)
            assert one.files()[FILE.path][0] == FILE.stat
            assert one.mark("5f") == MARK


def test_a_moved_comment_makes_no_score_again(path, tmp_path):
    """Neither does any other change of a source file: a score that no formula makes stays."""
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE features SET contour = x'0000003f'")
        raw.execute("UPDATE files SET tag_evidence = '[7.5]'")
    source = Path(playlist_builder.__file__).parent
    copy = tmp_path / "copy" / "playlist_builder"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for module in (energy, evidence):
        file = copy / Path(module.__file__).relative_to(source)
        file.write_text(f"# A comment.\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    script = (
        f"import sys; from {Database.__module__} import Database; one = Database(sys.argv[1]);"
        " print(one.feature_table().values, one.track_rows()[0][3]);"
        " print(sys.modules['playlist_builder'].__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path],
        cwd=copy.parent,
        env=os.environ | {"PYTHONPATH": os.fspath(copy.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"[0.5] [7.5]\n{copy / '__init__.py'}\n"


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM revision",
        "DELETE FROM derived",
        "INSERT INTO derived SELECT * FROM derived",
        "UPDATE revision SET number = 'many'",
        "UPDATE derived SET features_version = 'x'",
    ],
)
def test_a_row_that_is_gone_or_invalid_is_made_again(path, change):
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(change)
    for _ in range(2):
        with Database(path) as one:
            assert one.mark("5f") == MARK
            assert list(one.files()) == [FILE.path]
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT count(*) FROM derived").fetchone() == (1,)
        assert raw.execute("SELECT typeof(number) FROM revision").fetchall() == [("integer",)]
