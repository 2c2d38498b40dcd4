"""Every path that may be a track is met once, in order, and no file is opened."""

import os
import sys

import pytest

from playlist_builder.library.scan.walk import AUDIO_SUFFIXES, SUFFIXES, walk
from playlist_builder.models import Skipped, Stat


def make(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sound")


def names(folder, *roots):
    """Return what is met below `roots`, as names relative to a folder."""
    found = walk([os.fspath(root) for root in roots or (folder,)])
    return [os.path.relpath(path, folder).replace(os.sep, "/") for path, _ in found]


def reasons(folder):
    found = dict(walk([os.fspath(folder)]))
    return {
        os.path.relpath(path, folder): each.reason
        for path, each in found.items()
        if isinstance(each, Skipped)
    }


def test_names_that_may_be_music_are_met_in_order(tmp_path):
    make(tmp_path, "b.mp3", "a.FLAC", "c/d.ogg", "c/cover.jpg", "e.txt", "film.mkv", "mp3")
    assert names(tmp_path) == ["a.FLAC", "b.mp3", "film.mkv", "c/d.ogg"]


def test_every_suffix_of_audio_is_met(tmp_path):
    make(tmp_path, *(f"a{suffix}" for suffix in SUFFIXES))
    assert len(names(tmp_path)) == len(SUFFIXES)
    assert {".mp3", ".mp+", ".flac", ".wv"} < AUDIO_SUFFIXES < SUFFIXES
    assert ".mp4" in SUFFIXES - AUDIO_SUFFIXES


def test_hidden_files_and_folders_are_passed_over(tmp_path):
    make(tmp_path, ".a.mp3", ".trash/b.mp3", "c.mp3")
    assert names(tmp_path) == ["c.mp3"]


def test_a_file_has_its_stat(tmp_path):
    make(tmp_path, "a.mp3")
    os.utime(tmp_path / "a.mp3", ns=(7, 123_000_000_000))
    assert list(walk([os.fspath(tmp_path)])) == [
        (os.fspath(tmp_path / "a.mp3"), Stat(5, 123_000_000_000))
    ]


def test_lyrics_beside_a_file_count_in_its_stat(tmp_path):
    make(tmp_path, "a.mp3", "b.mp3")
    (tmp_path / "a.lrc").write_bytes(b"words!")
    sizes = [found.size for _, found in walk([os.fspath(tmp_path)])]
    assert sizes == [5 + 6, 5]


def test_a_file_may_be_a_root(tmp_path):
    make(tmp_path, "a.mp3", "b.mp3")
    assert names(tmp_path, tmp_path / "b.mp3") == ["b.mp3"]


def test_an_empty_folder_is_told_of(tmp_path):
    (tmp_path / "empty").mkdir()
    make(tmp_path, "full/cover.jpg")
    assert list(walk([os.fspath(tmp_path)])) == [(os.fspath(tmp_path / "empty"), None)]


def test_roots_within_each_other_are_walked_once(tmp_path):
    make(tmp_path, "a/b.mp3", "c.mp3")
    assert sorted(names(tmp_path, tmp_path, tmp_path / "a", tmp_path)) == ["a/b.mp3", "c.mp3"]


def test_a_folder_named_like_a_track_is_entered(tmp_path):
    make(tmp_path, "live.mp3/a.mp3")
    assert reasons(tmp_path) == {"live.mp3": "a folder; what it holds is scanned"}
    assert names(tmp_path) == ["live.mp3", "live.mp3/a.mp3"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_links_come_last_and_circles_end(tmp_path):
    make(tmp_path, "z/a.mp3")
    make(tmp_path.parent / f"{tmp_path.name}-elsewhere", "b.mp3")
    (tmp_path / "again").symlink_to(tmp_path / "z")
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "elsewhere").symlink_to(tmp_path.parent / f"{tmp_path.name}-elsewhere")
    assert names(tmp_path) == ["z/a.mp3", "again", "circle", "elsewhere/b.mp3"]
    known = "a link to a folder that is scanned already"
    assert reasons(tmp_path) == {"again": known, "circle": known}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_what_is_no_regular_file_is_skipped(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp3")
    (tmp_path / "self.mp3").symlink_to("self.mp3")
    (tmp_path / "gone.mp3").symlink_to("nowhere")
    found = reasons(tmp_path)
    assert found["pipe.mp3"] == "not a regular file"
    assert set(found) == {"pipe.mp3", "self.mp3", "gone.mp3"}


def test_a_root_that_has_just_gone_is_skipped(tmp_path):
    ((path, found),) = walk([os.fspath(tmp_path / "gone")])
    assert isinstance(found, Skipped)
    assert path == found.path == os.fspath(tmp_path / "gone")


def met(folder):
    return [os.path.relpath(path, folder) for path, _ in walk([os.fspath(folder)])]


@pytest.mark.parametrize(
    "name", ["...And Quiet Follows", "..Baby", ".5 The Gray Chapter", ".38 Special", "#1", "@peace"]
)
def test_names_that_only_begin_oddly_are_music(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / f"{name}.flac").touch()
    assert met(tmp_path) == [f"{name}/{name}.flac"]


@pytest.mark.parametrize(
    "name",
    [
        *("#recycle", "#Recycle", "@Recycle", "@Recently-Snapshot", "$RECYCLE.BIN", "$Recycle.Bin"),
        *("#snapshot", "~snapshot", ".snapshot", ".zfs", ".Trash", ".Trash-1000", ".Trashes"),
        *("@eaDir", "@EADIR", "@__thumb", "@tmp", ".hidden", "._a"),
    ],
)
def test_what_was_thrown_away_or_is_of_the_system_is_not_music(tmp_path, name):
    folder = tmp_path / "Album" / name / "a.mp3"
    folder.mkdir(parents=True)
    (folder / "b.mp3").touch()
    assert met(tmp_path) == []
    assert met(folder) == ["b.mp3"]  # but where it is asked for by name
