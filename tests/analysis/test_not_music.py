"""Streams stored as PCM and words in a wrong order are told from music, whatever the music."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.analysis import not_music

RATE = 8000
BLOCK = 12_800  # 1.6 s
FRAMES = {
    "DTS": "FE7F0180",
    "DTS, bytes swapped": "7FFE8001FC3C",
    "DTS in 14 bits": "FF1F00E8F107",
    "DTS in 14 bits, bytes swapped": "1FFFE80007F1",
    "AC-3": "72F81F4E",
    "AC-3, bytes swapped": "F8724E1F",
}


def reason(samples, loudness_lufs=-10.0):
    doubt = not_music.NotMusic()
    for start in range(0, samples.shape[1], BLOCK):
        doubt.push(samples[:, start : start + BLOCK])
    return doubt.reason(loudness_lufs)


def decoded(data, kind="<i2", channels=2):
    words = np.frombuffer(data[: len(data) // 4 * 4], kind)
    return (words.reshape(-1, channels).T / 32768.0).astype(np.float32)


def music(seed, level_db=-12.0, seconds=5):
    """Return chords that swell, of two channels, with a peak of that level."""
    rng, time_s = np.random.default_rng(seed), np.arange(seconds * RATE) / RATE
    parts = [
        np.sin(2 * np.pi * hertz * time_s + phase) * (1 + np.sin(hertz / 99 * time_s))
        for hertz, phase in zip(rng.uniform(60, 900, 8), rng.uniform(0, 6, 8), strict=True)
    ]
    samples = rng.uniform(0.2, 1, (2, 8)) @ np.array(parts)
    return (samples / np.abs(samples).max() * 10 ** (level_db / 20)).astype(np.float32)


def as_words(samples):
    return np.rint(samples.T * 32767).astype("<i2").tobytes()


@pytest.mark.parametrize("sync", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("channels", [1, 2])
def test_a_stream_stored_as_samples_is_told_by_its_sync_words(sync, channels):
    """Frames of 2048 bytes, after half a second of silence; small words are no noise."""
    rng = np.random.default_rng(0)
    words = rng.integers(-4000, 4000, (60, 1024)).astype("<i2").tobytes()
    start = bytes.fromhex(sync)
    frames = (words[at : at + 2048 - len(start)] for at in range(0, len(words), 2048))
    data = bytes(RATE) + b"".join(start + frame for frame in frames)
    assert reason(decoded(data, channels=channels)) == not_music.STREAM


def test_a_sync_word_that_comes_by_chance_is_music():
    samples = music(1, -30)
    samples[:, 100:102] = np.array([[0x7FFE, -0x7FFF], [0, 0]]) / 32768
    samples[:, 3 * BLOCK + 5 :] = 0.0
    assert reason(np.tile(samples, 3)) == ""


@settings(max_examples=10)
@given(st.integers(0, 999), st.floats(-30, -1), st.sampled_from(["swapped", "shifted", "24 bits"]))
def test_words_in_a_wrong_order_are_noise_and_in_the_right_one_music(seed, level_db, kind):
    samples = music(seed, level_db)
    assert reason(samples) == ""
    data = as_words(samples)
    if kind == "swapped":
        spoilt = decoded(data, ">i2")
    elif kind == "shifted":
        spoilt = decoded(data[1:])
    else:
        low = np.rint(samples.T * 8388607).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :2]
        spoilt = decoded(low[:, ::-1].tobytes())
    assert reason(spoilt) == not_music.NOISE


@settings(max_examples=10)
@given(st.floats(55, 900), st.floats(-38, -1), st.floats(0.5, 9), st.booleans())
def test_so_is_one_tone_that_fades(hertz, level_db, fades, is_shifted):
    """Its low bytes are not even: many of its words are small."""
    time_s = np.arange(5 * RATE) / RATE
    tone = np.sin(2 * np.pi * hertz * time_s) * np.exp(-fades * (time_s % 1.0))
    samples = (10 ** (level_db / 20) * tone).astype(np.float32)[None].repeat(2, axis=0)
    assert reason(samples) == ""
    data = as_words(samples)
    spoilt = decoded(data[1:]) if is_shifted else decoded(data, ">i2")
    assert reason(spoilt) == not_music.NOISE


@settings(max_examples=10)
@given(st.integers(0, 999), st.floats(-30, -1), st.floats(0.0, 1.0))
def test_eight_bits_are_music_however_rough(seed, level_db, hiss):
    """Their low bytes are all zero."""
    samples = music(seed, level_db)
    samples += 0.3 * hiss * np.random.default_rng(seed).standard_normal(samples.shape, np.float32)
    assert reason(np.clip(np.round(samples * 127.0), -128, 127) / 128.0) == ""


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_noise_with_silence_around_it_is_noise(share):
    noise = np.random.default_rng(2).uniform(-1, 1, (1, 10 * BLOCK)).astype(np.float32)
    noise[:, : round(share * 10) * BLOCK] = 0.0
    assert reason(noise) == not_music.NOISE


def test_even_waves_loud_hiss_and_silence_are_not_refused():
    time_s = np.arange(4 * RATE) / RATE
    saw = (2.0 * (110.0 * time_s % 1.0) - 1.0).astype(np.float32)[None]
    hiss = np.random.default_rng(3).normal(0, 0.3, saw.shape).astype(np.float32)
    for samples in (saw, np.sign(saw), hiss, 0.0 * saw):
        assert reason(samples, 0.0) == ""


def test_what_is_louder_than_any_music_is_none():
    assert reason(music(5), 30.0) == ("no music: +30 LUFS, which is louder than any music")
    assert reason(music(5), 3.0) == ""
