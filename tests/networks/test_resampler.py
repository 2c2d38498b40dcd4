"""One stream at 16 kHz serves both networks: whole, in order, and whatever the size of blocks."""

import numpy as np
import pytest

from playlist_builder.networks.resampler import RATE, TOGETHER_S, Stream

SECONDS = 2 * TOGETHER_S + 1.3


def streamed(samples, rate, block):
    stream = Stream(rate)
    parts = [stream.push(samples[start : start + block]) for start in range(0, len(samples), block)]
    return np.concatenate([*parts, stream.finish()])


def sine(rate, hertz=440.0, seconds=SECONDS):
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 48000, 44101])
def test_a_tone_is_the_same_tone(rate):
    found, expected = streamed(sine(rate), rate, 65_536), sine(RATE)
    assert len(found) == pytest.approx(len(expected), abs=1)
    middle = slice(RATE // 10, -RATE // 10)
    found, expected = found[: len(expected)], expected[: len(found)]
    np.testing.assert_allclose(found[middle], expected[middle], atol=2e-3)


@pytest.mark.parametrize("block", [700, 44_100, 2_000_000])
def test_blocks_do_not_matter(block):
    samples = np.random.default_rng(0).normal(0, 0.1, round(SECONDS * 44100)).astype(np.float32)
    expected = streamed(samples, 44100, 65_536)
    np.testing.assert_array_equal(streamed(samples, 44100, block), expected)


@pytest.mark.parametrize("count", [0, 1, 441, 44100, 441_000])
def test_short_sounds_keep_their_length(count):
    assert len(streamed(np.zeros(count, np.float32), 44100, 65_536)) == round(count * RATE / 44100)


def test_what_is_not_a_number_is_silence():
    samples = sine(44100, seconds=3)
    samples[1000:3000] = np.nan
    samples[50_000] = np.inf
    assert np.isfinite(streamed(samples, 44100, 65_536)).all()
