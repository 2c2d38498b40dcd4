"""What a scan knows of a file from outside changes with the file and with the lyrics beside it."""

import os

import pytest

from playlist_builder.library.database import stat_of
from playlist_builder.library.scan import file_state


@pytest.fixture
def track(tmp_path):
    file = tmp_path / "a.flac"
    file.write_bytes(b"12345")
    os.utime(file, ns=(0, 10**18))
    return file


def test_a_file_is_known_by_its_size_and_time(track):
    assert file_state.stat(str(track)) == stat_of(5, 10**18)


@pytest.mark.parametrize("suffix", [".lrc", ".LRC"])
def test_lyrics_beside_a_file_count_with_it(track, suffix):
    lyrics = track.with_suffix(suffix)
    lyrics.write_bytes(b"123")
    os.utime(lyrics, ns=(0, 10**18 + 10**9))
    assert file_state.stat(str(track)) == stat_of(8, 10**18 + 10**9)
    lyrics.unlink()
    assert file_state.stat(str(track)) == stat_of(5, 10**18)


def test_lyrics_are_looked_for_under_the_name_without_its_last_suffix():
    assert file_state.lyrics_of("/m/a.b.flac") == ("/m/a.b.lrc", "/m/a.b.LRC")


def test_a_file_that_is_gone_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        file_state.stat(str(tmp_path / "gone.flac"))
