"""The stat of a file changes with the file and with the lyrics beside it, and fits the library."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from playlist_builder.library.scan.file_state import MAX_INTEGER, lyrics_paths, stat, stat_of
from playlist_builder.models import Stat


@pytest.fixture
def track(tmp_path):
    path = tmp_path / "a.b.mp3"
    path.write_bytes(b"sound")
    os.utime(path, ns=(0, 1_000_000_000))
    return path


def test_size_and_time(track):
    assert stat(os.fspath(track)) == Stat(5, 1_000_000_000)


def test_lyrics_are_looked_for_beside_a_file():
    assert lyrics_paths("/m/a.b.mp3") == ("/m/a.b.lrc", "/m/a.b.LRC")


def test_lyrics_that_come_change_or_go_are_noticed(track):
    seen = [stat(os.fspath(track))]
    lyrics = track.with_suffix(".lrc")
    for words, time_s in ((b"la", 2), (b"la la", 2), (b"li li", 3)):
        lyrics.write_bytes(words)
        os.utime(lyrics, (0, time_s))
        seen.append(stat(os.fspath(track)))
    assert len(set(seen)) == 4
    lyrics.unlink()
    assert stat(os.fspath(track)) == seen[0]


def test_older_lyrics_are_noticed_by_their_size(track):
    lyrics = track.with_suffix(".LRC")
    lyrics.write_bytes(b"la")
    os.utime(lyrics, ns=(0, 0))
    assert stat(os.fspath(track)) == Stat(7, 1_000_000_000)


@pytest.mark.parametrize("time_ns", [2**62, 2**63, 2**80, -(2**62), -(2**80)])
def test_a_time_beyond_all_clocks_fits_sqlite(time_ns):
    size, kept_ns = stat_of(5, time_ns)
    assert size == 5
    assert abs(kept_ns) == 2**62
    assert (kept_ns > 0) == (time_ns > 0)


def test_a_size_beyond_all_disks_fits_sqlite(track, monkeypatch):
    track.with_suffix(".lrc").write_bytes(b"la")
    huge = SimpleNamespace(st_size=MAX_INTEGER, st_mtime_ns=0)
    monkeypatch.setattr(Path, "stat", lambda _: huge)
    assert stat(os.fspath(track)).size == MAX_INTEGER


def test_a_file_that_is_gone_raises(tmp_path):
    with pytest.raises(FileNotFoundError):
        stat(os.fspath(tmp_path / "gone.mp3"))
