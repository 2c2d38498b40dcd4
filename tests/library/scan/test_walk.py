"""A walk meets every path that may be a track once, and opens none of them."""

import os
import sys

import pytest

from playlist_builder.library.scan.walk import walk
from playlist_builder.models import Skipped


@pytest.fixture
def music(tmp_path):
    for name in ("b.flac", "a.MP3", "notes.txt", ".hidden.flac", "deep/c.opus", ".trash/d.flac"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"not music")
    return tmp_path


def met(*roots):
    return [os.path.relpath(path, roots[0]) for path, _ in walk(map(str, roots))]


def test_audio_is_met_in_order_of_name_and_nothing_else(music):
    assert met(music) == ["a.MP3", "b.flac", os.path.join("deep", "c.opus")]  # noqa: PTH118


def test_a_file_may_be_given_by_itself(music):
    assert met(music / "b.flac") == ["."]


def test_folders_within_each_other_are_entered_once(music):
    assert sorted(met(music, music / "deep")) == sorted(met(music))


def test_an_empty_folder_comes_with_none(tmp_path):
    assert list(walk([str(tmp_path)])) == [(str(tmp_path), None)]


def test_a_folder_with_the_name_of_a_track_is_told_and_entered(tmp_path):
    (tmp_path / "live.flac").mkdir()
    (tmp_path / "live.flac" / "a.flac").write_bytes(b"x")
    found = dict(walk([str(tmp_path)]))
    assert found[str(tmp_path / "live.flac")] == Skipped(
        str(tmp_path / "live.flac"), "a folder; what it holds is scanned"
    )
    assert str(tmp_path / "live.flac" / "a.flac") in found


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_to_a_folder_that_is_walked_already_is_told(music):
    (music / "again").symlink_to(music / "deep")
    found = dict(walk([str(music)]))
    again = str(music / "again")
    assert found[again] == Skipped(again, "a link to a folder that is scanned already")
    assert len(found) == 4


def test_a_folder_that_is_not_there_is_told(tmp_path):
    ((path, found),) = walk([str(tmp_path / "gone")])
    assert found == Skipped(path, "No such file or directory")
