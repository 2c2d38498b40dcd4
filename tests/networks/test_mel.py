"""The bands are those of Kaldi's frames at 16 kHz, whatever the sample rate."""

import numpy as np
import pytest
import scipy.fft

from playlist_builder.analysis.spectrum import spectra
from playlist_builder.networks import mel

RATE = 16000


def heard(samples, rate, block_s=2.0):
    size = round(block_s * rate)
    blocks = (samples[:, start : start + size] for start in range(0, samples.shape[1], size))
    names = ("FC",) if len(samples) == 1 else ("FL", "FR")
    parts = list(spectra(blocks, sample_rate_hz=rate, channels=names, hear=True))
    return np.concatenate([part.mel for part in parts]), np.concatenate([p.heard for p in parts])


def kaldi(samples):
    """Power in the bands of Kaldi, as its own frames of 32 ms have it; (frames, BANDS)."""
    frames = np.lib.stride_tricks.sliding_window_view(samples * 32768.0, 512)[::640].copy()
    frames -= frames.mean(axis=1, keepdims=True)
    frames[:, 1:] -= 0.97 * frames[:, :-1]
    turn = 2 * np.pi * np.arange(512) / 511
    spectrum = scipy.fft.rfft(frames * (0.5 - 0.5 * np.cos(turn)) ** 0.85, axis=1)
    edges = np.linspace(*(1127 * np.log(1 + np.array([20.0, 8000.0]) / 700)), 82)
    at = 1127 * np.log(1 + RATE / 512 * np.arange(257) / 700)
    bank = [np.interp(at, edges[band : band + 3], [0, 1, 0]) for band in range(80)]
    return np.abs(spectrum) ** 2 @ np.array(bank).T


def noise(seconds, rate, low_hz=0.0, high_hz=8000.0):
    """Noise of the same density at any rate."""
    wave = np.random.default_rng(0).standard_normal(round(seconds * rate))
    spectrum = np.fft.rfft(wave)
    hertz = np.fft.rfftfreq(len(wave), 1 / rate)
    spectrum[(hertz < low_hz) | (hertz > high_hz)] = 0
    return (0.05 * np.sqrt(rate / RATE) * np.fft.irfft(spectrum, len(wave))).astype(np.float32)


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000, 96000])
def test_noise_has_the_power_of_kaldi(rate):
    expected = np.log(kaldi(noise(20, RATE)).mean(axis=0))
    found = np.log(heard(noise(20, rate)[None], rate)[0].mean(axis=0))
    np.testing.assert_allclose(found[1:-1], expected[1:-1], atol=0.35)


def test_a_frame_lies_at_its_time():
    """Frames every 40 ms, the first of them after 20 ms, next to the middle of Kaldi's."""
    samples = noise(4, RATE) * (np.arange(4 * RATE) > 2 * RATE)
    found = heard(samples[None], RATE)[0]
    loud = found.sum(axis=1) > 0.5 * np.median(found[60:90].sum(axis=1))
    assert np.argmax(loud) in (50, 51)


def test_what_lies_above_half_the_rate_is_silent():
    assert heard(noise(2, 8000, 0.0, 4000.0)[None], 8000)[0][:, 70:].max() == 0.0


@pytest.mark.parametrize("opposed", [slice(0, None), slice(3 * RATE, 7 * RATE)])
def test_channels_that_cancel_each_other_are_heard_one_by_one(opposed):
    """As if the loudest were alone, and neighbours that do not cancel are heard as ever."""
    one = noise(12, RATE)
    both = np.stack([one, one])
    both[1, opposed] *= -1
    found, samples = heard(both, RATE, block_s=1.0)
    expected, _ = heard(one[None], RATE, block_s=1.0)
    np.testing.assert_allclose(samples, one, rtol=1e-5)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * expected.max())


def test_no_rate_is_too_odd():
    assert mel.supports_rate(44100)
    assert not mel.supports_rate(1000)
    assert not mel.supports_rate(3_000_000)
