"""Whatever befalls the library file or the music: one line, no traceback, nothing said is lost."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from playlist_builder.cli import main
from playlist_builder.errors import LibraryError, PlaylistBuilderError
from playlist_builder.library import backup as recovery
from playlist_builder.library import schema
from playlist_builder.library.database import Database
from playlist_builder.library.library import Library
from playlist_builder.models import Mark
from tests.support.libraries import move_music
from tests.support.sounds import write_noise

PAGE = schema.PAGE_BYTES
MARK = Mark(energy=0.25, vocals="none", note="bell at the end")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A folder of music and its library, with a mark on every second track and many others."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "music" / "deep").mkdir(parents=True)
    for number in range(12):
        name = f"{'deep' if number % 2 else '.'}/{number:02}.flac"
        write_noise(folder / "music" / name, number, seconds=2)
    with Library.open(folder / "library.db") as library:
        scanned(library, folder / "music")
    return folder


@pytest.fixture
def home(template, tmp_path):
    """A copy of it, with marks."""
    shutil.copytree(template, tmp_path / "home")
    move_music(tmp_path / "home" / "library.db", template, tmp_path / "home")
    with Library.open(tmp_path / "home" / "library.db") as opened:
        for track in opened.tracks()[::2]:
            opened.mark(track.identity, MARK)
    return tmp_path / "home"


def marks(path):
    with Library.open(path) as library:
        return library._database.marks()  # noqa: SLF001 - those of music that is not measured too


def run(*words, code=0):
    done = CliRunner().invoke(main, [os.fspath(word) for word in words])
    assert done.exit_code == code, done.output
    assert isinstance(done.exception, SystemExit | None), done.exception
    return done


def scanned(library, folder, **options):
    """Scan within this process, without the networks."""
    with ThreadPoolExecutor(1) as threads:
        return library.scan(folder, executor=threads, vocals=False, embedding=False, **options)


DAMAGES = {
    "header": lambda data, _: b"\xa5" * 100 + data[100:],
    "first page": lambda data, _: bytes(PAGE) + data[PAGE:],
    "all but the header": lambda data, rng: data[:100] + rng.randbytes(len(data) - 100),
    "cut in half": lambda data, _: data[: len(data) // 2],
    "cut to a few bytes": lambda data, _: data[:7],
    "empty": lambda *_: b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_set_aside_and_what_was_said_comes_back(home, damage):
    path = home / "library.db"
    before = marks(path)
    damaged = DAMAGES[damage](path.read_bytes(), random.Random(1))  # noqa: S311 - no secret
    path.write_bytes(damaged)
    with Library.open(path) as library:
        told = library.recovered
        assert scanned(library, home / "music").analysed == 12
        assert len(library.tracks()) == 12
    assert os.fspath(path) in told
    assert "\n" not in told
    if damaged:
        assert f"{path}.damaged-1" in told
        assert Path(f"{path}.damaged-1").read_bytes() == damaged
    assert before
    assert marks(path) == before


@pytest.mark.parametrize("seed", range(16))
def test_a_page_overwritten_anywhere_costs_no_mark_and_no_traceback(home, seed):
    """The command that meets the damage says what to do; when it is given again, it works."""
    path = home / "library.db"
    before = marks(path)
    rng = random.Random(seed)  # noqa: S311 - no secret
    data = bytearray(path.read_bytes())
    page = rng.randrange(len(data) // PAGE)
    new = bytes(PAGE) if seed % 2 else rng.randbytes(PAGE)
    data[page * PAGE : (page + 1) * PAGE] = new
    path.write_bytes(data)
    for _ in range(2):
        scan = ("scan", home / "music", "--json", "--jobs", "1", "--no-vocals", "--no-embedding")
        for words in (("tracks", "--json"), scan):
            done = CliRunner().invoke(main, [*map(os.fspath, words), "--library", os.fspath(path)])
            assert done.exit_code in {0, 1}
            assert isinstance(done.exception, SystemExit | None), done.exception
    assert len(json.loads(run("tracks", "--json", "--library", path).stdout)) == 12
    assert marks(path) == before


def killed(home):
    """Mark a track in a process that is killed, so that the log of changes stays behind."""
    script = (
        "import os, sys\n"
        "from playlist_builder import Library, Mark\n"
        "library = Library.open(sys.argv[1])\n"
        "library.mark('ab' * 16, Mark(note='last'))\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", script, home / "library.db"], check=False)
    assert (home / "library.db-wal").stat().st_size > 0


@pytest.mark.parametrize("log", ["kept", "lost", "garbage"])
def test_a_killed_process_loses_no_mark_whatever_becomes_of_the_log(home, log):
    before = marks(home / "library.db")
    killed(home)
    wal = home / "library.db-wal"
    if log == "lost":
        wal.unlink()
    elif log == "garbage":
        wal.write_bytes(os.urandom(wal.stat().st_size))
    assert marks(home / "library.db") == before | {"ab" * 16: Mark(note="last")}


def test_a_library_that_was_deleted_leaves_what_was_said(home):
    before = marks(home / "library.db")
    (home / "library.db").unlink()
    done = run("tracks", "--library", home / "library.db")
    assert "were restored from there" in done.stderr
    assert marks(home / "library.db") == before


def test_without_a_backup_what_is_readable_comes_back(home):
    path = home / "library.db"
    before = marks(path)
    Path(f"{path}.backup").write_bytes(b"no backup")
    data = bytearray(path.read_bytes())
    with Library.open(path) as library:
        roots = dict(library._database._read("SELECT name, rootpage FROM sqlite_schema"))  # noqa: SLF001
    Path(f"{path}.backup").write_bytes(b"no backup")
    page = roots["heard"] - 1
    data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    path.write_bytes(data)
    aside = recovery.set_aside(os.fspath(path))
    with Library.open(path) as fresh:
        recovery.reconcile(fresh._database._connection.sqlite, os.fspath(home / "none.db"), aside)  # noqa: SLF001
        assert fresh._database.marks() == before  # noqa: SLF001


def test_a_change_that_cannot_be_backed_up_is_not_kept(home, monkeypatch):
    """Else the backup would silently fall behind."""
    before = marks(home / "library.db")

    def full(*_):
        raise OSError(28, "No space left on device")

    with Library.open(home / "library.db") as library:
        monkeypatch.setattr(recovery, "replace_bytes", full)
        with pytest.raises(LibraryError, match=r"No space left on device\. Free some space"):
            library.mark("cd" * 16, MARK)
    monkeypatch.undo()
    assert marks(home / "library.db") == before


def test_the_backup_is_a_library_of_what_was_said_alone(home):
    path = home / "library.db"
    before = marks(path)
    shutil.copy(f"{path}.backup", home / "other.db")
    assert marks(home / "other.db") == before
    with Library.open(home / "other.db") as library:
        assert not library.tracks()


def test_a_full_disk_is_one_line_and_loses_nothing(home):
    """SQLite's own limit on pages stands for the disk."""
    with Library.open(home / "library.db") as library:
        connection = library._database._connection.sqlite  # noqa: SLF001
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        for number in range(100, 140):
            write_noise(home / "music" / f"{number}.flac", number, seconds=1)
        long = "note " * 5000
        many = {f"{number:032x}": Mark(note=long) for number in range(100)}
        with pytest.raises(LibraryError, match=r"full\. Free some space; what was done is kept"):
            library._database.store_marks(many)  # noqa: SLF001 - all at once
    kept = marks(home / "library.db")
    assert MARK in kept.values()
    with Library.open(home / "library.db") as library:
        assert len(library.tracks()) == 12
        assert scanned(library, home / "music").analysed == 40


@contextmanager
def unprivileged():
    """Be a user whom permissions bind."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture(params=[True, False], ids=["backup", "no backup"])
def locked(home, request):
    """The library alone, in a folder that everybody may read and nobody write."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(home / "library.db", folder)
        if request.param:
            shutil.copy(home / "library.db.backup", folder)
        for path in folder.iterdir():
            path.chmod(0o444)
        folder.chmod(0o555)
        with unprivileged():
            yield folder / "library.db"
        folder.chmod(0o755)


def test_a_library_that_cannot_be_written_is_read(locked):
    before, names = locked.read_bytes(), set(locked.parent.iterdir())
    assert len(json.loads(run("tracks", "--json", "--library", locked).stdout)) == 12
    run("show", "Piece 3", "--library", locked)
    refused = run("mark", "Piece 3", "--ban", "--library", locked, code=1)
    assert refused.stderr.count("\n") == 1
    assert "Make it writable, or give another file" in refused.stderr
    assert locked.read_bytes() == before
    assert set(locked.parent.iterdir()) == names


def test_a_log_that_cannot_be_read_is_not_passed_over(home):
    """The last that was said would be missing without a word."""
    killed(home)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in ("library.db", "library.db-wal"):
            shutil.copy(home / file, folder)
            (folder / file).chmod(0o444)
        folder.chmod(0o555)
        with unprivileged():
            done = run("tracks", "--library", folder / "library.db", code=1)
            with pytest.raises(LibraryError, match="Copy both files"):
                Database(os.fspath(folder / "library.db"), unchanged=True)
        assert "Copy both files to a folder that can be written" in done.stderr
        folder.chmod(0o755)


def test_an_unplugged_drive_is_told_and_nothing_forgotten(home):
    """The folder it was mounted at is there, and empty; even --prune does not believe that."""
    music, library, bare = home / "music", home / "library.db", ("--no-vocals", "--no-embedding")
    music.rename(home / "away")
    music.mkdir()
    for options in ((), ("--prune",)):
        done = run("scan", music, *bare, "--library", library, *options)
        assert "Is the drive connected?" in done.stderr
    music.rmdir()
    (home / "away").rename(music)
    report = json.loads(run("scan", music, *bare, "--library", library, "--json").stdout)
    assert (report["unchanged"], report["analysed"]) == (12, 0)
    assert len(json.loads(run("tracks", "--json", "--library", library).stdout)) == 12


def test_a_share_that_vanishes_during_a_scan_takes_nothing_along(home, monkeypatch):
    """What cannot be listed or opened any more is skipped with the reason, and stays known."""
    music = home / "music"
    really = os.scandir

    def vanishing(path):
        if os.fspath(path).endswith("deep"):
            raise OSError(116, "Stale file handle")
        return really(path)

    for track in music.glob("*.flac"):
        os.utime(track, (1, 1))
    with Library.open(home / "library.db") as library:

        class Gone(ThreadPoolExecutor):
            def submit(self, fn, /, *args, **kwargs):
                Path(args[0]).rename(f"{args[0]}.gone")
                return super().submit(fn, *args, **kwargs)

        with monkeypatch.context() as patch, Gone(1) as threads:
            patch.setattr(os, "scandir", vanishing)
            report = library.scan(music, executor=threads, prune=True)
        reasons = {skipped.reason for skipped in report.skipped}
        assert reasons == {"Stale file handle", "No such file or directory"}
        assert report.removed == 0
        for track in music.glob("*.gone"):
            track.rename(track.with_suffix(""))
        assert scanned(library, music).analysed == 0
        assert len(library.tracks()) == 12


@pytest.mark.parametrize("seconds", [-(2**31), 0, 2**31, 2**33])
def test_a_clock_that_jumps_costs_no_decoding(home, seconds):
    with Library.open(home / "library.db") as library:
        for track in (home / "music").rglob("*.flac"):
            os.utime(track, (seconds, seconds))
        report = scanned(library, home / "music")
        assert (report.analysed, report.retagged, report.skipped) == (0, 12, ())
        assert scanned(library, home / "music").unchanged == 12


def test_two_scans_and_a_reader_at_once_lose_nothing(home):
    music, library = home / "music", home / "new.db"
    Library.open(library).__exit__(None, None, None)
    command = [sys.executable, "-m", "playlist_builder"]
    both = [
        subprocess.Popen(
            [*command, *words, "--library", library],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for words in (
            ("scan", music, "--jobs", "1"),
            ("scan", music, "--jobs", "1"),
            ("tracks", "--json"),
        )
    ]
    for process in both:
        stdout, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, (stdout, stderr)
    assert len(json.loads(run("tracks", "--json", "--library", library).stdout)) == 12


def test_tracks_that_wait_for_a_new_analysis_are_told(home, monkeypatch):
    monkeypatch.setattr(schema, "FEATURES_VERSION", schema.FEATURES_VERSION + 1)
    told = "12 tracks wait to be measured again. Scan their folders."
    assert told in run("tracks", "--library", home / "library.db").stderr
    refused = run("build", "arc", "--library", home / "library.db", code=1)
    assert told in refused.stderr
    again = "12 tracks that need 'scan' again"
    assert again in refused.stderr
    assert again in run("rescue", "--library", home / "library.db", code=1).stderr
    for command in (("show", "Piece 3"), ("mark", "Piece 3", "--ban")):
        refused = run(*command, "--library", home / "library.db", code=1)
        assert "12 more need 'scan' again" in refused.stderr


def test_a_library_is_not_made_of_any_other_file(tmp_path):
    (tmp_path / "notes.txt").write_text("my notes " * 1000, encoding="utf-8")
    with pytest.raises(PlaylistBuilderError, match="Move it away"):
        Library.open(tmp_path / "notes.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def other_columns(backup):
    """A backup that holds the tables of a library, but not their columns."""
    with closing(sqlite3.connect(backup)) as raw, raw:
        raw.execute("DROP TABLE marks")
        raw.execute("CREATE TABLE marks (identity TEXT PRIMARY KEY)")
        raw.execute("INSERT INTO marks VALUES ('ab')")
        raw.execute("UPDATE revision SET number = number + 1")


def no_number(backup):
    """A backup that does not say how often something was said."""
    with closing(sqlite3.connect(backup)) as raw, raw:
        raw.execute("UPDATE revision SET number = 'many'")


def a_folder(backup):
    """A folder in the place of the backup."""
    backup.unlink()
    backup.mkdir()


BAD_BACKUPS = {
    "empty": (lambda backup: backup.write_bytes(b""), False),
    "no database": (lambda backup: backup.write_bytes(b"no backup"), True),
    "other columns": (other_columns, True),
    "no number": (no_number, True),
    "a folder": (a_folder, True),
}


@pytest.mark.parametrize("bad", BAD_BACKUPS)
def test_a_bad_backup_keeps_nobody_from_a_good_library(home, bad):
    """It is set aside where it holds anything, and a good one is written."""
    path, backup = home / "library.db", home / "library.db.backup"
    before = marks(path)
    spoil, aside = BAD_BACKUPS[bad]
    spoil(backup)
    assert marks(path) == before
    assert Path(f"{backup}.damaged-1").exists() == aside
    assert not list(home.glob("library.db.damaged-*"))
    path.unlink()
    assert marks(path) == before


def test_after_damage_it_is_told_what_came_back(home):
    """From the backup, out of the damaged file, or nothing at all."""
    path, backup = home / "library.db", home / "library.db.backup"
    whole = path.read_bytes()
    with Library.open(path) as library:
        roots = dict(library._database._read("SELECT name, rootpage FROM sqlite_schema"))  # noqa: SLF001
    page = roots["bans"] - 1
    partly = whole[: page * PAGE] + b"\xa5" * PAGE + whole[(page + 1) * PAGE :]
    header = b"\xa5" * 100 + whole[100:]
    for number, (damaged, backed_up, told) in enumerate(
        (
            (partly, True, "were restored from its backup"),
            (partly, False, "What could still be read of your marks and history was restored"),
            (
                header,
                False,
                f"Nothing could be read of your marks and history; see {path}.damaged-3",
            ),
        ),
        1,
    ):
        path.write_bytes(damaged)
        if not backed_up:
            backup.unlink()
        if damaged is header:
            backup.write_bytes(b"")
        with Library.open(path) as library:
            assert told in library.recovered
            assert f"{path}.damaged-{number}" in library.recovered
            assert (MARK in library._database.marks().values()) == (damaged is partly)  # noqa: SLF001
