"""The library file keeps what the user said through everything, and is never misread."""

import dataclasses
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from playlist_builder.analysis import energy
from playlist_builder.analysis.step_features import STEP_FEATURES
from playlist_builder.cli import main
from playlist_builder.errors import LibraryError
from playlist_builder.library import database, schema
from playlist_builder.library.database import Cache, File, Stat, heard_of
from playlist_builder.library.history import Ban, Past, Played, Rating
from playlist_builder.library.library import Library
from playlist_builder.models import Features, Heard, Mark, Measured, Skipped, Tags, VoiceSpan
from playlist_builder.track_table import SCALARS
from playlist_builder.vocals import evidence

MARK = Mark(energy=0.25, vocals="none", banned=True, note="bell at the end")
STEPS = np.full((3, len(STEP_FEATURES)), 0.5, np.float32)
FEATURES = Features(
    **{
        field.name: {int: 2, str: "C major"}.get(field.type, 1.5)
        for field in dataclasses.fields(Features)
    }
)
MEASURED = Measured(FEATURES, STEPS)
TAGS = Tags(title="Ö", artists=("a", "b"), has_lyrics=True, duration_s=3.5, languages=("zxx",))
HEARD = Heard("sung", 0.75, (VoiceSpan(1.0, 21.5, "sung", 0.5),))
PLAYED = Played(
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


def refusal(path):
    """The one line that opening a library file fails with."""
    with pytest.raises(LibraryError) as caught:
        Cache(path)
    text = str(caught.value)
    assert "\n" not in text
    assert path in text
    return text


def test_round_trip(path):
    """A path, its tags, features and mark come back as they were stored, by a new process too."""
    with Cache(path) as one:
        one.store(FILE, MEASURED)
        one.store_mark("5f", MARK)
        one.store_heard("5f", HEARD)
    with Cache(path) as one:
        (file,), ((identity, measured),) = one.tagged(), one.measured()
        mark, heard = one.mark("5f"), heard_of(one.heard()["5f"])
        assert one.files() == {FILE.path: (FILE.stat, "5f", False)}
        assert one.identities() == one.heard_identities() == {"5f"}
    assert (file, mark, heard) == (FILE, MARK, HEARD)
    assert (identity, measured.features) == ("5f", FEATURES)
    assert np.array_equal(measured.steps, STEPS)
    assert measured.steps.dtype == np.float16


def test_names_are_bytes(path):
    """A name that is not text comes back as the same bytes."""
    name = os.fsdecode(b"/m/\xff\xfe \xe6.flac")
    with Cache(path) as one:
        one.store(dataclasses.replace(FILE, path=name), MEASURED)
        one.store_skipped(Skipped(name + "x", "an empty file"), Stat(0, 1))
        assert paths(one) == [name]
        assert one.skipped() == {name + "x": (Stat(0, 1), "an empty file")}


def test_path_is_track_or_skipped(path):
    """A path is never both a track and skipped: the last word counts."""
    with Cache(path) as one:
        one.store(FILE, MEASURED)
        one.store_skipped(Skipped(FILE.path, "damaged"), FILE.stat)
        assert (paths(one), list(one.skipped())) == ([], [FILE.path])
        one.store(FILE, None)
        assert (paths(one), list(one.skipped())) == ([FILE.path], [])


def test_missing_and_back(path):
    """A file is noted as missing and as back, without losing what is known of it."""
    with Cache(path) as one:
        one.store(FILE, MEASURED)
        for missing in (True, False):
            one.set_missing([FILE.path], missing=missing)
            assert one.files() == {FILE.path: (FILE.stat, "5f", missing)}
        assert one.identities() == {"5f"}


def test_forgetting_keeps_marks_and_shared_features(path):
    """Features go with the last path that needs them; the mark stays for ever."""
    with Cache(path) as one:
        one.store(FILE, MEASURED)
        one.store(dataclasses.replace(FILE, path="/m/b.flac"), None)
        one.store_mark("5f", MARK)
        one.forget([FILE.path])
        assert one.identities() == {"5f"}
        one.forget(["/m/b.flac"])
        assert one.identities() == set()
        assert one.mark("5f") == MARK


def test_empty_mark_takes_back(path):
    """Storing an empty mark leaves no mark."""
    with Cache(path) as one:
        one.store_mark("5f", MARK)
        one.store_mark("5f", Mark())
        assert one.mark("5f") == Mark()
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT count(*) FROM marks").fetchone() == (0,)


def test_new_features_version(path, monkeypatch):
    """A new analysis drops what the old one measured or refused, and nothing the user said."""
    with Cache(path) as one:
        one.store(FILE, MEASURED)
        one.store_skipped(Skipped("/m/b.mp3", "damaged"), Stat(1, 1))
        one.store_mark("5f", MARK)
    monkeypatch.setattr(schema, "FEATURES_VERSION", schema.FEATURES_VERSION + 1)
    for _ in range(2):
        with Cache(path) as one:
            assert one.identities() == set()
            assert one.skipped() == {}
            assert paths(one) == [FILE.path]
            assert one.mark("5f") == MARK
    with Cache(path) as one:
        one.store(FILE, MEASURED)
    with Cache(path) as one:
        assert one.identities() == {"5f"}


def test_backup_before_new_layout(path, monkeypatch):
    """Before the layout changes, the file as it was is put beside it, marks and all."""
    with Cache(path) as one:
        one.store_mark("5f", MARK)
    before = f"{path}.layout-{schema.newest()}.backup"
    assert not os.path.exists(before)  # noqa: PTH110 - a name with a suffix

    def next_layout(connection):
        connection.execute("ALTER TABLE marks ADD COLUMN mood TEXT")
        connection.execute("UPDATE marks SET note = 'changed'")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, next_layout))
    with Cache(path) as one:
        assert one.mark("5f") == dataclasses.replace(MARK, note="changed")
    monkeypatch.undo()
    with Cache(before) as backup:
        assert backup.mark("5f") == MARK
    assert "newer playlist-builder" in refusal(path)


def test_failed_migration_changes_nothing(path, monkeypatch):
    """A change of layout that fails on the way leaves the old layout, whole and usable."""
    with Cache(path) as one:
        one.store_mark("5f", MARK)

    def broken(connection):
        connection.execute("UPDATE marks SET note = 'lost'")
        connection.execute("DROP TABLE no_such_table")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
    assert "no_such_table" in refusal(path)
    monkeypatch.undo()
    with Cache(path) as one:
        assert one.mark("5f") == MARK


def test_newer_layout(path):
    """A file of a newer version is refused with the way out, and not touched."""
    Cache(path).__exit__(None, None, None)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA user_version = 99")
    assert "pip install --upgrade" in refusal(path)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (99,)


def test_not_a_library(tmp_path):
    """A file of an other kind is refused and left as it is."""
    file = tmp_path / "notes.txt"
    file.write_text("no database, but more text than a header holds. " * 50)
    before = file.read_bytes()
    assert "Move it away" in refusal(os.fspath(file))
    assert file.read_bytes() == before


def test_folder_as_library(tmp_path):
    """A folder in place of the file is refused."""
    assert "--library" in refusal(os.fspath(tmp_path))


def test_parent_is_a_file(tmp_path):
    """A place where no folder can be made is refused."""
    (tmp_path / "a").touch()
    assert "--library" in refusal(os.fspath(tmp_path / "a" / "library.db"))


def test_a_new_detector_forgets_what_the_old_one_heard(path, monkeypatch):
    """Nothing else goes with it."""
    with Cache(path) as one:
        one.store(FILE, MEASURED)
        one.store_heard("5f", HEARD)
    monkeypatch.setattr(schema, "VOICE_VERSION", schema.VOICE_VERSION + 1)
    with Cache(path) as one:
        assert one.heard_identities() == set()
        assert one.identities() == {"5f"}


def test_a_tag_that_was_not_read_before_is_read_at_the_next_scan(path):
    """Nothing else is lost by it."""
    with Cache(path) as one:
        one.store(FILE, MEASURED)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE derived SET tag_names = replace(tag_names, 'has_lyrics', 'has_words')")
        raw.execute("UPDATE files SET tags = replace(tags, 'has_lyrics', 'has_words')")
    with Cache(path) as one:
        (file,) = one.tagged()
        assert file.stat == Stat(FILE.stat.size, -1)
        assert file.tags == dataclasses.replace(TAGS, has_lyrics=False)
        assert one.identities() == {"5f"}


def test_what_follows_from_steps_and_tags_follows_the_way_it_is_made(path, monkeypatch):
    """A new energy score or a new reading of tags counts at once, without a scan."""
    with Cache(path) as one:
        one.store(FILE, MEASURED)
        before = one.numbers().values
        said = one.rows()[0][3]
    weights = dataclasses.replace(energy.load_weights(), base=energy.load_weights().base + 1.0)
    monkeypatch.setattr(energy, "load_weights", lambda: weights)
    monkeypatch.setattr(evidence, "LYRICS", 3.5)
    with Cache(path) as one:
        assert np.array_equal(one.numbers().values, before)
    monkeypatch.setattr(schema, "contour_recipe", lambda: "new")
    monkeypatch.setattr(schema, "said_recipe", lambda: "new")
    for _ in range(2):
        with Cache(path) as one:
            assert np.array_equal(one.numbers().values, energy.contours([STEPS])[0])
            assert (one.numbers().values > before).all()
            assert schema.said_of(said).sung == 12.0
            assert schema.said_of(one.rows()[0][3]).sung == 3.5


def test_recipes_are_told_by_the_source():
    """Whoever changes how a contour is made, or how a tag is read, need not raise a number."""
    assert len({schema.contour_recipe(), schema.said_recipe(), schema.digest("voice.py")}) == 2


def test_layout_4_is_brought_forward(path):
    """Nothing is measured again: numbers, steps, tags and what was heard are those from before."""
    os.makedirs(os.path.dirname(path))  # noqa: PTH103, PTH120 - a name with a suffix
    values = [getattr(FEATURES, name) for name in SCALARS]
    tags = ("has_lyrics", "title", "artists", "languages", "duration_s")
    with closing(sqlite3.connect(path)) as raw, raw:
        for migration in schema.MIGRATIONS[:4]:
            migration(raw)
        raw.execute("PRAGMA user_version = 4")
        raw.execute("UPDATE derived SET features_version = ?", (schema.FEATURES_VERSION,))
        raw.execute("UPDATE derived SET voice_version = ?", (schema.VOICE_VERSION,))
        raw.execute("DROP TABLE files")
        raw.execute(
            "CREATE TABLE files (path BLOB PRIMARY KEY, size INTEGER NOT NULL,"
            " mtime_ns INTEGER NOT NULL, identity TEXT NOT NULL, missing INTEGER NOT NULL,"
            f" {', '.join(tags)}) WITHOUT ROWID"
        )
        raw.execute("CREATE INDEX files_by_identity ON files (identity)")
        raw.execute(
            "INSERT INTO files VALUES (?, ?, ?, '5f', 0, 1, 'Ö', ?, ?, 3.5)",
            (os.fsencode(FILE.path), *FILE.stat, '["a", "b"]', '["zxx"]'),
        )
        raw.execute(f"CREATE TABLE features (identity PRIMARY KEY, {', '.join(SCALARS)}, steps)")
        raw.execute(
            f"INSERT INTO features VALUES ('5f', {', '.join('?' * len(values))}, ?)",  # noqa: S608 - own names
            (*values, STEPS.astype(np.float16).tobytes()),
        )
        raw.execute("INSERT INTO heard VALUES ('5f', 'sung', 0.75, '[]')")
    with Cache(path) as one, Cache(f"{path}.fresh") as fresh:
        fresh.store(FILE, MEASURED)
        assert one.tagged() == fresh.tagged() == [FILE]
        assert one.rows() == fresh.rows()
        assert one.numbers().scalars.tolist() == fresh.numbers().scalars.tolist()
        assert one.numbers().values.tolist() == fresh.numbers().values.tolist()
        assert one.steps("5f").tolist() == STEPS.tolist()
        assert one.heard_identities() == {"5f"}


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
        "UPDATE features SET contour = contour || x'00'",
        "UPDATE files SET tags = '{'",
        "UPDATE files SET tags = '[1]'",
        "UPDATE files SET tags = '{\"artists\": 5}'",
        'UPDATE files SET tags = \'{"artists": "ab"}\'',
        "UPDATE files SET tags = '{\"genres\": [1, 2]}'",
        "UPDATE files SET tags = '{\"date\": 7}'",
        'UPDATE files SET tags = \'{"duration_s": "long"}\'',
        DEEP.format("files SET tags"),
        "UPDATE files SET path = 5",
        "UPDATE files SET said = 'x'",
        "UPDATE files SET said = '7'",
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
def test_rows_that_no_scan_wrote_are_one_line(path, change):
    """Whoever asks for tracks learns what to do."""
    with Cache(path) as one:
        one.store(FILE, MEASURED)
        one.store_heard("5f", HEARD)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(change)
    with Library.open(path) as library, pytest.raises(LibraryError) as caught:
        list(library.tracks())
    if "path = 5" in change:
        for words in (["show", "a"], ["scan", os.fspath(Path(path).parent)]):
            done = CliRunner().invoke(main, [*words, "--library", path])
            assert isinstance(done.exception, SystemExit), words
            assert "holds what no scan wrote" in done.stderr
    assert "holds what no scan wrote" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_layout_1_is_brought_forward(path):
    """Marks and features stay, and the tags of every file are read anew at the next scan."""
    os.makedirs(os.path.dirname(path))  # noqa: PTH103, PTH120 - a name with a suffix
    with closing(sqlite3.connect(path)) as raw, raw:
        schema.MIGRATIONS[0](raw)
        raw.execute("PRAGMA user_version = 1")
        raw.execute("INSERT INTO marks VALUES ('5f', 0.25, 'none', 1, 'bell at the end')")
        raw.execute("INSERT INTO files VALUES (x'61', 7, 8, '5f', '{\"title\": \"T\"}', 0)")
    with Cache(path) as one:
        assert one.mark("5f") == MARK
        assert one.files() == {"a": (Stat(7, -1), "5f", False)}
        assert [file.tags for file in one.tagged()] == [Tags(title="T")]
        assert one.heard_identities() == set()
    assert os.path.exists(f"{path}.layout-1.backup")  # noqa: PTH110 - a name with a suffix


def test_layout_2_is_brought_forward(path):
    """Marks stay, in the file and in the backup from before, and there is room for a history."""
    os.makedirs(os.path.dirname(path))  # noqa: PTH103, PTH120 - a name with a suffix
    with closing(sqlite3.connect(path)) as raw, raw:
        for migration in schema.MIGRATIONS[:2]:
            migration(raw)
        raw.execute("PRAGMA user_version = 2")
        raw.execute("INSERT INTO marks VALUES ('5f', 0.25, 'none', 1, 'bell at the end')")
        raw.execute("INSERT INTO files VALUES (x'61', 7, 8, '5f', '{\"title\": \"T\"}', 0)")
    with Cache(path) as one:
        assert one.mark("5f") == MARK
        assert one.history.names() == []
        one.history.keep(PLAYED)
    with Cache(path) as one:
        assert one.mark("5f") == MARK
        assert one.history.of("Anemone").sessions == [PLAYED]
    with closing(sqlite3.connect(f"{path}.layout-2.backup")) as raw:
        assert raw.execute("SELECT note FROM marks").fetchall() == [("bell at the end",)]


def test_a_history_outlives_a_damaged_library(path):
    """Sessions, ratings and bans come back from the backup, as marks do."""
    rating = Rating("5f", "up", "smiled", PLAYED.at, PLAYED.session, "T")
    with Cache(path) as one:
        one.history.keep(PLAYED)
        one.history.rate("Anemone", rating)
        one.history.ban("Anemone", Ban("6a", "bells", "U"))
    with open(path, "r+b") as file:  # noqa: PTH123
        file.seek(100)
        file.write(b"\xa5" * 30_000)
    with Cache(path) as one:
        assert one.recovered
        past = one.history.of("Anemone")
    assert past == Past("Anemone", [PLAYED], [rating], [Ban("6a", "bells", "U")])


def everything_beside(path):
    """The bytes of the library and of all that lies beside it."""
    return b"".join(file.read_bytes() for file in sorted(Path(path).parent.iterdir()))


def test_a_forgotten_name_leaves_no_byte(path, monkeypatch):
    """Neither in rows, free pages and logs, nor in the backups; all else stays."""
    with Cache(path) as one:
        one.store_mark("5f", MARK)
        for number in range(40):  # pages full, so that rows move
            played = dataclasses.replace(PLAYED, session=f"{number:016x}", file=f"/s/{number}")
            one.history.keep(played, dataclasses.replace(played, session=f"x{number}", name="B"))
        for number in range(10):
            note = "smiled " * 200
            one.history.rate("Anemone", Rating(f"{number}", "up", note, PLAYED.at, "", "T"))
            one.history.ban("Anemone", Ban(f"{number}", note, "T"))

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, lambda _: None))
    with Cache(path) as one:  # the older copy that this makes holds the name too
        kept = one.history.of("B")
        assert everything_beside(path).count(b"Anemone") > 100
        assert one.forget_name("Anemone") == []
        assert b"Anemone" not in everything_beside(path)
        assert one.history.of("Anemone") == Past("Anemone", [], [], [])
        assert one.history.of("B") == kept
        assert one.mark("5f") == MARK
    assert b"Anemone" not in everything_beside(path)


def test_forgetting_says_where_the_name_may_still_be(path, monkeypatch):
    """A library that another program reads, and one that was damaged and set aside."""
    monkeypatch.setattr(database, "BUSY_S", 0.1)
    with Cache(path) as one:
        one.history.keep(PLAYED)
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
def test_what_nobody_can_have_said_counts_as_not_said(path, change, left):
    """All else of the mark stays, a ban too; and the mark can be taken back."""
    with Cache(path) as one:
        one.store(FILE, MEASURED)
        one.store_mark("5f", MARK)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(change)
    with Library.open(path) as library:
        (track,) = library.tracks()
        assert track.mark == dataclasses.replace(MARK, **left)
        library.mark("5f", Mark())
        assert library.tracks()[0].mark == Mark()


def test_a_history_that_no_command_wrote_is_one_line_and_can_be_forgotten(path):
    with Cache(path) as one:
        one.history.keep(PLAYED)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE sessions SET file = 5")
    run = CliRunner().invoke
    done = run(main, ["history", "Anemone", "--library", path])
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert "no command wrote of 'Anemone'" in done.stderr
    assert run(main, ["history", "Anemone", "--forget", "--library", path]).exit_code == 0
    with Cache(path) as one:
        assert one.history.names() == []


@pytest.mark.parametrize("version", [0, schema.newest(), 99])
def test_a_file_of_another_program_is_left_as_it_is(tmp_path, version):
    file = tmp_path / "fo.db"
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute("CREATE TABLE features (name)")
        raw.execute("INSERT INTO features VALUES ('x')")
        raw.execute(f"PRAGMA user_version = {version}")
    before = file.read_bytes()
    assert "is no library of playlist-builder" in refusal(os.fspath(file))
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_the_log_of_another_program_is_left_as_it_is(tmp_path):
    """Whoever closes such a file last writes its log into it."""
    file = tmp_path / "fo.db"
    with closing(sqlite3.connect(tmp_path / "living.db")) as raw:
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("CREATE TABLE features (name)")
        for suffix in ("", "-wal"):
            shutil.copy(tmp_path / f"living.db{suffix}", f"{file}{suffix}")
    before = file.read_bytes(), Path(f"{file}-wal").read_bytes()
    assert "is no library of playlist-builder" in refusal(os.fspath(file))
    assert (file.read_bytes(), Path(f"{file}-wal").read_bytes()) == before


def test_a_library_that_was_only_begun_is_made(tmp_path):
    """A process that died after the first page left a file without tables."""
    file = tmp_path / "library.db"
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA journal_mode = WAL")
    assert file.stat().st_size
    with Cache(os.fspath(file)) as one:
        one.store(FILE, MEASURED)
        assert paths(one) == [FILE.path]


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM revision",
        "DELETE FROM derived",
        "UPDATE revision SET number = 'many'",
        "UPDATE derived SET features_version = 'x'",
    ],
)
def test_a_row_that_is_gone_is_renewed(path, change):
    with Cache(path) as one:
        one.store(FILE, MEASURED)
        one.store_mark("5f", MARK)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(change)
    for _ in range(2):
        with Cache(path) as one:
            assert one.mark("5f") == MARK
            assert paths(one) == [FILE.path]


def test_a_forgotten_name_leaves_no_byte_in_what_a_killed_process_left(path):
    with Cache(path) as one:
        one.history.keep(PLAYED)
        left = Path(path).with_name(".playlist-builder-0011223344556677.tmp")
        shutil.copy(f"{path}.backup", left)
        one.forget_name("Anemone")
    assert not left.exists()
    assert b"Anemone" not in everything_beside(path)


def test_a_backup_sweeps_what_was_left_long_ago(path):
    with Cache(path) as one:
        left = Path(path).with_name(".playlist-builder-0011223344556677.tmp")
        left.write_bytes(b"")
        os.utime(left, (1, 1))
        one.store_mark("5f", MARK)
    assert not left.exists()
