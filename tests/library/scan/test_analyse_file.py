"""One file gives its identity and tags, with features and voices where they are asked for."""

import os
from pathlib import Path

import numpy as np
import pytest

from playlist_builder.analysis import not_music
from playlist_builder.audio import encode
from playlist_builder.library.scan import analyse_file
from playlist_builder.library.scan.analyse_file import analyse, identify, run_networks
from playlist_builder.library.scan.file_state import UNREADABLE_STAT, stat
from playlist_builder.models import Skipped, VoiceDetection
from playlist_builder.vocals import detector, style

RATE_HZ = 16000


@pytest.fixture
def track(tmp_path):
    rng = np.random.default_rng(0)
    samples = 0.1 * rng.standard_normal((2, 4 * RATE_HZ)).astype(np.float32)
    path = os.fspath(tmp_path / "a.flac")
    encode.write_flac(path, samples, RATE_HZ, {"title": "Noise"})
    return path


def test_each_function_finds_what_it_is_for(track):
    analysed, found, identified = (
        analyse(track, vocals=True, embedding=False),
        run_networks(track, vocals=True, embedding=False),
        identify(track),
    )
    assert analysed.found == found.found == identified.found
    assert analysed.found.tags.title == "Noise"
    assert analysed.stat == analysed.found.stat == stat(track)
    assert analysed.measured.features.duration_s == 4.0
    assert analysed.heard == found.heard is not None
    assert found.measured is None
    assert identified.measured is identified.heard is None


@pytest.mark.parametrize(("embedding", "expected"), [(True, [3.0]), (False, [0.0])])
def test_the_embedding_joins_where_there_is_one(track, monkeypatch, embedding, expected):
    given = []
    monkeypatch.setattr(style, "voice_log_odds", lambda _: 3.0)
    monkeypatch.setattr(
        detector.VoiceDetector,
        "finish",
        lambda _, by_style: given.append(by_style) or VoiceDetection("none", 0.9),
    )
    run_networks(track, vocals=True, embedding=embedding)
    assert given == expected


def test_voices_are_not_detected_unless_asked_for(track):
    assert analyse(track, vocals=False, embedding=False).heard is None
    assert run_networks(track, vocals=False, embedding=True).heard is None


def test_a_rate_that_no_voice_fits_in_is_unknown(tmp_path):
    path = os.fspath(tmp_path / "low.flac")
    encode.write_flac(path, np.full((1, 8000), 0.1, np.float32), 2000, {})
    assert analyse(path, vocals=True, embedding=False).heard == VoiceDetection("unknown", 0.0)


def test_lyrics_beside_a_file_are_lyrics_of_it(track):
    assert not identify(track).found.tags.has_lyrics
    lines = [f"[00:{second:02}.00] some words to sing\n" for second in range(20)]
    Path(track).with_suffix(".lrc").write_text("".join(lines), encoding="utf-8")
    assert identify(track).found.tags.has_lyrics


def test_a_damaged_file_is_skipped_under_its_stat(tmp_path):
    path = os.fspath(tmp_path / "a.mp3")
    Path(path).write_text("no music " * 100, encoding="utf-8")
    for result in (
        analyse(path, vocals=False, embedding=False),
        run_networks(path, vocals=True, embedding=False),
        identify(path),
    ):
        assert isinstance(result.found, Skipped)
        assert result.stat == stat(path)


@pytest.mark.parametrize(
    ("kind", "reason"), [("DTS", not_music.STREAM), ("swapped", not_music.NOISE)]
)
def test_what_is_no_music_is_skipped_with_the_reason(tmp_path, kind, reason):
    words = np.random.default_rng(0).integers(-9000, 9000, (2, 3 * RATE_HZ)).astype(np.int16)
    if kind == "DTS":
        words[:, ::256] = np.array([[0x7FFE], [-0x7FFF]])
    samples = (words if kind == "DTS" else words.byteswap()) / np.float32(32767)
    path = os.fspath(tmp_path / "a.flac")
    encode.write_flac(path, samples, RATE_HZ, {})
    result = analyse(path, vocals=False, embedding=False)
    assert result.found == Skipped(path, reason)
    assert result.stat == stat(path)


def test_a_file_that_cannot_be_opened_may_be_tried_again(tmp_path):
    path = os.fspath(tmp_path / "gone.mp3")
    result = analyse(path, vocals=True, embedding=False)
    assert result.found == Skipped(path, "No such file or directory")
    assert result.stat == UNREADABLE_STAT


@pytest.mark.parametrize("name", ["a.cue", "Album.CUE"])
def test_a_cue_sheet_beside_a_long_file_tells_how_many_tracks_it_holds(track, monkeypatch, name):
    sheet = f'FILE "{Path(track).stem}.wav" WAVE\n TRACK 01 AUDIO\n TRACK 02 AUDIO\n'
    Path(track).with_name(name).write_text(sheet, encoding="utf-8")
    assert identify(track).found.tags.cue_tracks == 0
    monkeypatch.setattr(analyse_file, "LEAST_ALBUM_S", 0.1)
    assert identify(track).found.tags.cue_tracks == 2
