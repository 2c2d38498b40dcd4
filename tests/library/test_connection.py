"""A file that is not a library, or not one of today, is refused in one line and left as it is."""

import os
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from playlist_builder.errors import LibraryError
from playlist_builder.library.database import Database
from playlist_builder.library.schema import newest_version


def refusal(path):
    """The one line that opening a library file fails with."""
    with pytest.raises(LibraryError) as caught:
        Database(os.fspath(path))
    text = str(caught.value)
    assert "\n" not in text
    assert os.fspath(path) in text
    return text


def test_newer_schema(tmp_path):
    """A file of a newer version is refused with the way out, and not touched."""
    path = tmp_path / "library.db"
    Database(os.fspath(path)).__exit__(None, None, None)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA user_version = 99")
    assert "pip install --upgrade" in refusal(path)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (99,)


@pytest.mark.parametrize("version", [1, 5])
def test_a_schema_that_no_code_reads_any_more(tmp_path, version):
    """Libraries of development versions had these tables, and no mark of ours in the header."""
    path = tmp_path / "library.db"
    with closing(sqlite3.connect(path)) as raw, raw:
        for table in ("files", "marks", "derived"):
            raw.execute(f"CREATE TABLE {table} (identity)")
        raw.execute(f"PRAGMA user_version = {version}")
    before = path.read_bytes()
    text = refusal(path)
    assert "written by a development version" in text
    assert f"Move it and {path}.backup away, and scan your folders again" in text
    with pytest.raises(LibraryError, match="written by a development version"):
        Database(os.fspath(path), unchanged=True)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_not_a_library(tmp_path):
    """A file of another kind is refused and left as it is."""
    file = tmp_path / "notes.txt"
    file.write_text("no database, but more text than a header holds. " * 50)
    before = file.read_bytes()
    assert "Move it away" in refusal(file)
    assert file.read_bytes() == before


def test_folder_as_library(tmp_path):
    """A folder in place of the file is refused."""
    assert "--library" in refusal(tmp_path)


def test_parent_is_a_file(tmp_path):
    """A place where no folder can be made is refused."""
    (tmp_path / "a").touch()
    assert "--library" in refusal(tmp_path / "a" / "library.db")


@pytest.mark.parametrize("version", [0, newest_version(), 99])
def test_a_file_of_another_program_is_left_as_it_is(tmp_path, version):
    file = tmp_path / "fo.db"
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute("CREATE TABLE features (name)")
        raw.execute("INSERT INTO features VALUES ('x')")
        raw.execute(f"PRAGMA user_version = {version}")
    before = file.read_bytes()
    assert "is not a library of playlist-builder" in refusal(file)
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
    assert "is not a library of playlist-builder" in refusal(file)
    assert (file.read_bytes(), Path(f"{file}-wal").read_bytes()) == before


def test_a_library_that_was_only_begun_is_made(tmp_path):
    """A process that died after the first page left a file without tables."""
    file = tmp_path / "library.db"
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA journal_mode = WAL")
    assert file.stat().st_size
    with Database(os.fspath(file)) as one:
        one.set_missing(["/m/a.flac"], missing=False)
        assert one.files() == {}


def test_a_library_that_another_thread_uses_is_healthy(tmp_path):
    """So is one that was closed: neither advises to move the file away."""
    path = tmp_path / "library.db"
    with Database(os.fspath(path)) as database, ThreadPoolExecutor(1) as threads:
        for use in (database.files, database.history.names, lambda: database.forget(["/a"])):
            with pytest.raises(LibraryError, match="open it again there") as caught:
                threads.submit(use).result()
            assert "away" not in str(caught.value)
        assert database.files() == {}
    with pytest.raises(LibraryError, match="open it again there"):
        database.files()


@pytest.mark.parametrize("unchanged", [False, True])
def test_a_pipe_is_not_waited_for(tmp_path, unchanged):
    path = tmp_path / "pipe.db"
    os.mkfifo(path)
    with pytest.raises(LibraryError, match="no file but a pipe"):
        Database(os.fspath(path), unchanged=unchanged)
