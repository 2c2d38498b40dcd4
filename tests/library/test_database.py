"""The library file keeps user data through everything, and is never misread."""

import dataclasses
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from playlist_builder.cli import main
from playlist_builder.errors import LibraryError
from playlist_builder.language.translation import Phrase
from playlist_builder.library import connection, schema
from playlist_builder.library.columns import detection_of
from playlist_builder.library.database import Database
from playlist_builder.library.history import Ban, PersonHistory, PlayedSession, Rating
from playlist_builder.library.library import Library
from playlist_builder.library.packed import pack, unpack
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
from tests.support.measured import FEATURES, STEPS

MARK = Mark(energy=0.25, vocals="none", banned=True, note="bell at the end")
MEASURED = Measurement(FEATURES, STEPS)
TAGS = Tags(title="Ö", artists=("a", "b"), has_lyrics=True, duration_s=3.5, languages=("zxx",))
EMBEDDING = Embedding(
    np.linspace(-1.0, 1.0, 5 * STYLE_SIZE).reshape(5, STYLE_SIZE).astype(np.float16),
    np.array([0.5, 60.25, 120.0, 180.0, 3600.0], np.float32),
)
HEARD = VoiceDetection("sung", 0.75, (VoiceSpan(1.0, 21.5, "sung", 0.5),))
PLAYED = PlayedSession(
    "00112233445566ff",
    "Anemone",
    "2026-11-20T18:30:00+01:00",
    "/s/caf\udce9.json",
    "arc",
    3600.5,
    ("5f", "6a"),
)
DEEP = "UPDATE {} = replace(hex(zeroblob(50000)), '0', '[')"
"""What no reader of JSON follows to its end."""
FILE = File("/m/a.flac", Stat(7, 1_700_000_000_123_456_789), "5f", TAGS)


@pytest.fixture
def path(tmp_path):
    return os.fspath(tmp_path / "deep" / "library.db")


def paths(one):
    return list(one.files())


def test_round_trip(path):
    """A path, its tags, features and mark come back as they were stored, by a new process too."""
    with Database(path) as one:
        one.store(FILE, MEASURED)
        one.store_mark("5f", MARK)
        one.store_detection("5f", HEARD)
    with Database(path) as one:
        (file,), ((identity, measured),) = one.tagged_files(), one.measurements()
        mark, heard = one.mark("5f"), detection_of(one.detections()["5f"])
        assert one.files() == {FILE.path: (FILE.stat, "5f", False)}
        assert one.identities() == one.detected_identities() == {"5f"}
    assert (file, mark, heard) == (FILE, MARK, HEARD)
    assert (identity, measured.features) == ("5f", FEATURES)
    assert np.array_equal(measured.steps, STEPS)
    assert measured.steps.dtype == np.float16


def test_embeddings_come_back_as_they_were_stored(path):
    """Of one recording and of all, by recording; one without patches too."""
    none = Embedding(np.empty((0, STYLE_SIZE)), np.empty(0, np.float32))
    with Database(path) as one:
        assert list(one.embeddings()) == []
        for identity, found in (("6a", none), ("5f", EMBEDDING), ("7b", EMBEDDING)):
            one.store_embedding(identity, found)
    with Database(path) as one:
        assert one.embedded_identities() == {"5f", "6a", "7b"}
        table, own = one.embeddings(), dict(one.embeddings("5f"))
    assert (table.identities, table.counts.tolist()) == (["5f", "6a", "7b"], [5, 0, 5])
    assert (table.patches.dtype, table.starts_s.dtype) == (np.float16, np.float32)
    found = dict(table)
    for embedding in (found["5f"], found["7b"], own.pop("5f")):
        assert np.array_equal(embedding.patches, unpack(pack(EMBEDDING.patches), STYLE_SIZE))
        np.testing.assert_allclose(embedding.patches, EMBEDDING.patches, atol=1.6 / 460 + 1e-3)
        assert np.array_equal(embedding.starts_s, EMBEDDING.starts_s)
    assert found["6a"].patches.shape == (0, STYLE_SIZE)
    assert own == {}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE embeddings SET patches = x'00'",
        "UPDATE embeddings SET patches = CAST(patches || x'0000' AS BLOB)",
        "UPDATE embeddings SET patches = 7",
        "UPDATE embeddings SET starts = CAST(starts || x'00' AS BLOB)",
        "UPDATE embeddings SET starts = x''",
        "UPDATE embeddings SET starts = CAST(x'000080bf' || substr(starts, 5) AS BLOB)",
        "UPDATE embeddings SET patches = CAST(x'007e' || substr(patches, 3) AS BLOB)",
        "UPDATE embeddings SET identity = x'5f'",
    ],
)
def test_an_invalid_embedding_is_one_line(path, change):
    with Database(path) as one:
        one.store_embedding("5f", EMBEDDING)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(change)
    with Database(path) as one, pytest.raises(LibraryError, match="contains invalid rows"):
        one.embeddings()


def test_names_are_bytes(path):
    """A name that is not text comes back as the same bytes."""
    name = os.fsdecode(b"/m/\xff\xfe \xe6.flac")
    with Database(path) as one:
        one.store(dataclasses.replace(FILE, path=name), MEASURED)
        one.store_skipped(Skipped(name + "x", "an empty file"), Stat(0, 1))
        assert paths(one) == [name]
        assert one.skipped() == {name + "x": (Stat(0, 1), "an empty file")}


def test_why_a_file_was_skipped_is_kept_to_be_told_in_any_language(path):
    inner = Phrase("needs more than {limit_mb:.0f} MB of memory", limit_mb=9.0)
    reasons = ("old text", Phrase("an empty file"), Phrase("the decoder {how}", how=inner))
    with Database(path) as one:
        for number, reason in enumerate(reasons):
            one.store_skipped(Skipped(f"/m/{number}", reason), Stat(0, 1))
        kept = [reason for _, reason in one.skipped().values()]
    assert kept == [*reasons]
    assert [each.values for each in kept] == [{}, {}, {"how": inner}]
    assert kept[2].values["how"].values == {"limit_mb": 9.0}


def test_path_is_track_or_skipped(path):
    """A path is never both a track and skipped: the last word counts."""
    with Database(path) as one:
        one.store(FILE, MEASURED)
        one.store_skipped(Skipped(FILE.path, "damaged"), FILE.stat)
        assert (paths(one), list(one.skipped())) == ([], [FILE.path])
        one.store(FILE, None)
        assert (paths(one), list(one.skipped())) == ([FILE.path], [])


def test_missing_and_back(path):
    """A file is noted as missing and as back, without losing what is known of it."""
    with Database(path) as one:
        one.store(FILE, MEASURED)
        for missing in (True, False):
            one.set_missing([FILE.path], missing=missing)
            assert one.files() == {FILE.path: (FILE.stat, "5f", missing)}
        assert one.identities() == {"5f"}


def test_forgetting_keeps_marks_and_shared_features(path):
    """Features go with the last path that needs them; the mark stays for ever."""
    with Database(path) as one:
        one.store(FILE, MEASURED)
        one.store(dataclasses.replace(FILE, path="/m/b.flac"), None)
        one.store_mark("5f", MARK)
        one.store_embedding("5f", EMBEDDING)
        one.forget([FILE.path])
        assert one.identities() == one.embedded_identities() == {"5f"}
        one.forget(["/m/b.flac"])
        assert one.identities() == one.embedded_identities() == set()
        assert one.mark("5f") == MARK


def test_empty_mark_takes_back(path):
    """Storing an empty mark leaves no mark."""
    with Database(path) as one:
        one.store_mark("5f", MARK)
        one.store_mark("5f", Mark())
        assert one.mark("5f") == Mark()
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT count(*) FROM marks").fetchone() == (0,)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE features SET scalars = x'00'",
        "UPDATE features SET scalars = CAST(x'000000000000f87f' || substr(scalars, 9) AS BLOB)",
        "UPDATE features SET contour = x''",
        "UPDATE features SET scalars = CAST(x'0000000000000000' || substr(scalars, 9) AS BLOB)",
        "UPDATE features SET scalars = CAST(x'000000000000f0bf' || substr(scalars, 9) AS BLOB)",
        "UPDATE features SET scalars = CAST(x'9c7500883ce4377e' || substr(scalars, 9) AS BLOB)",
        "UPDATE heard SET spans = '[[NaN, 1.0, \"sung\", 1.0]]'",
        "UPDATE features SET contour = 7",
        "UPDATE features SET contour = CAST(contour || x'00' AS BLOB)",
        "UPDATE files SET tags = '{'",
        "UPDATE files SET tags = '[1]'",
        "UPDATE files SET tags = '{\"artists\": 5}'",
        'UPDATE files SET tags = \'{"artists": "ab"}\'',
        "UPDATE files SET tags = '{\"genres\": [1, 2]}'",
        "UPDATE files SET tags = '{\"date\": 7}'",
        'UPDATE files SET tags = \'{"duration_s": "long"}\'',
        DEEP.format("files SET tags"),
        "UPDATE files SET path = 5",
        "UPDATE files SET tag_evidence = 'x'",
        "UPDATE files SET tag_evidence = '7'",
        "UPDATE files SET title = x'ff'",
        "UPDATE files SET path = 'text'",
        "UPDATE heard SET verdict = 'perhaps'",
        "UPDATE heard SET confidence = 'high'",
        "UPDATE heard SET spans = '[7]'",
        "UPDATE heard SET spans = '5'",
        'UPDATE heard SET spans = \'[[1.0, "x", "sung", 0.5]]\'',
        DEEP.format("heard SET spans"),
    ],
)
def test_invalid_rows_are_one_line(path, change):
    """Whoever asks for tracks learns what to do."""
    with Database(path) as one:
        one.store(FILE, MEASURED)
        one.store_detection("5f", HEARD)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(change)
    with Library.open(path) as library, pytest.raises(LibraryError) as caught:
        list(library.tracks())
    if "path = 5" in change:
        for words in (["show", "a"], ["scan", os.fspath(Path(path).parent)]):
            done = CliRunner().invoke(main, [*words, "--library", path])
            assert isinstance(done.exception, SystemExit), words
            assert "contains invalid rows" in done.stderr
    assert "contains invalid rows" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_history_outlives_a_damaged_library(path):
    """Sessions, ratings and bans come back from the backup, as marks do."""
    rating = Rating("5f", "up", "smiled", PLAYED.at, PLAYED.session, "T")
    with Database(path) as one:
        one.history.store(PLAYED)
        one.history.rate("Anemone", rating)
        one.history.ban("Anemone", Ban("6a", "bells", "U"))
    with open(path, "r+b") as file:  # noqa: PTH123
        file.seek(100)
        file.write(b"\xa5" * 30_000)
    with Database(path) as one:
        assert one.recovered
        past = one.history.of("Anemone")
    assert past == PersonHistory("Anemone", [PLAYED], [rating], [Ban("6a", "bells", "U")])


def everything_beside(path):
    """The bytes of the library and of all that lies beside it."""
    return b"".join(file.read_bytes() for file in sorted(Path(path).parent.iterdir()))


def test_a_forgotten_name_leaves_no_byte(path, monkeypatch):
    """Neither in rows, free pages and logs, nor in the backups; all else stays."""
    with Database(path) as one:
        one.store_mark("5f", MARK)
        for number in range(40):  # pages full, so that rows move
            played = dataclasses.replace(PLAYED, session=f"{number:016x}", file=f"/s/{number}")
            one.history.store(played, dataclasses.replace(played, session=f"x{number}", name="B"))
        for number in range(10):
            note = "smiled " * 200
            one.history.rate("Anemone", Rating(f"{number}", "up", note, PLAYED.at, "", "T"))
            one.history.ban("Anemone", Ban(f"{number}", note, "T"))

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, lambda _: None))
    with Database(path) as one:  # the older copy that this makes holds the name too
        kept = one.history.of("B")
        assert everything_beside(path).count(b"Anemone") > 100
        assert one.forget_name("Anemone") == []
        assert b"Anemone" not in everything_beside(path)
        assert one.history.of("Anemone") == PersonHistory("Anemone", [], [], [])
        assert one.history.of("B") == kept
        assert one.mark("5f") == MARK
    assert b"Anemone" not in everything_beside(path)


def test_forgetting_says_where_the_name_may_still_be(path, monkeypatch):
    """A library that another program reads, and one that was damaged and set aside."""
    monkeypatch.setattr(connection, "BUSY_S", 0.1)
    with Database(path) as one:
        one.history.store(PLAYED)
        aside = Path(f"{path}.damaged-1")
        aside.write_bytes(b"... Anemone ...")
        with closing(sqlite3.connect(path)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM sessions").fetchone()
            with pytest.raises(LibraryError, match="is in use"):
                one.forget_name("Anemone")
        assert one.forget_name("Anemone") == [os.fspath(aside)]
        assert aside.exists()


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ("UPDATE marks SET energy = 'abc'", {"energy": None}),
        ("UPDATE marks SET energy = 1e308", {"energy": None}),
        ("UPDATE marks SET vocals = 'rubbish'", {"vocals": None}),
        ("UPDATE marks SET banned = 7", {}),
        ("UPDATE marks SET banned = 'x'", {}),
        ("UPDATE marks SET note = char(27)", {"note": ""}),
        ("UPDATE marks SET note = x'ff'", {"note": ""}),
    ],
)
def test_an_invalid_part_of_a_mark_is_left_out(path, change, left):
    """All else of the mark stays, a ban too; and the mark can be taken back."""
    with Database(path) as one:
        one.store(FILE, MEASURED)
        one.store_mark("5f", MARK)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(change)
    with Library.open(path) as library:
        (track,) = library.tracks()
        assert track.mark == dataclasses.replace(MARK, **left)
        library.mark("5f", Mark())
        assert library.tracks()[0].mark == Mark()


def test_an_invalid_history_is_one_line_and_can_be_forgotten(path):
    with Database(path) as one:
        one.history.store(PLAYED)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE sessions SET file = 5")
    run = CliRunner().invoke
    done = run(main, ["history", "Anemone", "--library", path])
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert "contains invalid rows of 'Anemone'" in done.stderr
    assert run(main, ["history", "Anemone", "--forget", "--yes", "--library", path]).exit_code == 0
    with Database(path) as one:
        assert one.history.names() == []


def test_a_forgotten_name_leaves_no_byte_in_what_a_killed_process_left(path):
    with Database(path) as one:
        one.history.store(PLAYED)
        left = Path(path).with_name(".playlist-builder-0011223344556677.tmp")
        shutil.copy(f"{path}.backup", left)
        one.forget_name("Anemone")
    assert not left.exists()
    assert b"Anemone" not in everything_beside(path)


def test_a_backup_sweeps_what_was_left_long_ago(path):
    with Database(path) as one:
        left = Path(path).with_name(".playlist-builder-0011223344556677.tmp")
        left.write_bytes(b"")
        os.utime(left, (1, 1))
        one.store_mark("5f", MARK)
    assert not left.exists()
