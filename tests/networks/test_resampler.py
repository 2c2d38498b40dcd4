"""What is heard at 16 kHz is what was there at any rate."""

import numpy as np
import pytest

from playlist_builder.networks.resampler import RATE, Resampler


def sine(rate, count, hertz=440.0):
    return np.sin(2 * np.pi * hertz * np.arange(count) / rate).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000, 44101, 768000])
def test_a_tone_is_the_same_tone(rate):
    resample = Resampler(rate)
    found = resample(sine(rate, resample.needed(3 * RATE)))
    assert 3 * RATE <= len(found) < 3.1 * RATE
    middle = slice(RATE // 50, 3 * RATE - RATE // 50)
    np.testing.assert_allclose(found[middle], sine(RATE, len(found))[middle], atol=2e-2)


@pytest.mark.parametrize("rate", [22050, 44100, 96000])
def test_what_is_too_high_is_not_heard(rate):
    resample = Resampler(rate)
    found = resample(sine(rate, resample.needed(RATE), hertz=9500.0))
    assert np.abs(found[RATE // 50 : -RATE // 50]).max() < 0.01
