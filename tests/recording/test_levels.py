"""Levels as the mix hears them: loudness and true peak of known signals, silence at the edges."""

import numpy as np
import pytest

from playlist_builder.analysis import loudness
from playlist_builder.recording import levels
from playlist_builder.recording.levels import TruePeak, measure, stereo_gains

RATE = 48_000


def tone(hertz, seconds, *, dbfs=0.0, phase=0.0, rate=RATE):
    time = np.arange(round(seconds * rate)) / rate
    wave = 10 ** (dbfs / 20) * np.sin(2 * np.pi * hertz * time + phase)
    return np.tile(wave, (2, 1)).astype(np.float32)


def measured(samples, rate=RATE):
    return measure(iter(np.split(samples, range(rate, samples.shape[1], rate), axis=1)), rate)


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("dbfs", [-23.0, -33.0])
def test_a_sine_of_1_khz_in_both_channels_reads_its_level(rate, dbfs):
    """EBU Tech 3341, test cases 1 and 2, to 0.1 LU."""
    found = measured(tone(1000.0, 20.0, dbfs=dbfs, rate=rate), rate)
    assert loudness.integrated_lufs(found.k_power) == pytest.approx(dbfs, abs=0.1)


@pytest.mark.parametrize(("quarters", "degrees"), [(4, 45.0), (4, 0.0), (6, 60.0), (8, 67.5)])
def test_a_peak_between_the_samples_is_found(quarters, degrees):
    """EBU Tech 3341, test cases 15 to 18: within +0.2 and -0.4 dB, at half of full scale."""
    wave = tone(RATE / quarters, 2.0, dbfs=-6.0, phase=np.radians(degrees))
    # A tone that sets in at once overshoots by itself; the test signals fade in.
    wave[:, : RATE // 10] *= np.linspace(0.0, 1.0, RATE // 10, dtype=np.float32)
    peak_dbtp = 20 * np.log10(TruePeak().push(wave)[0])
    assert -6.4 <= peak_dbtp <= -5.8


def test_a_peak_on_the_border_of_two_blocks_is_found():
    wave = tone(RATE / 4, 1.0, dbfs=-6.0, phase=np.radians(45.0))
    whole = TruePeak().push(wave, 10)
    meter = TruePeak()
    halves = np.concatenate([meter.push(half, 5) for half in np.split(wave, 2, axis=1)])
    np.testing.assert_array_equal(whole, halves)


def test_silence_at_the_edges_is_left_out_to_the_frame_and_a_pause_within_is_not():
    silence = np.zeros((2, RATE), np.float32)
    music = tone(300.0, 3.0, dbfs=-20.0)
    samples = np.concatenate((silence, music, silence, music, silence, silence), axis=1)
    found = measured(samples)
    assert (found.start, found.end) == (50, 50 + 7 * 50)
    assert len(found.k_power) == len(found.true_peak) == 100


def test_an_offset_of_all_samples_is_no_music():
    """Some encoders leave one, also in the silence at the end."""
    offset = np.full((2, 2 * RATE), 0.01, np.float32)
    samples = np.concatenate((offset, tone(300.0, 3.0, dbfs=-20.0) + 0.01, offset), axis=1)
    found = measured(samples)
    assert (found.start, found.end) == (100, 250)


def test_a_fade_out_is_music_until_it_cannot_be_heard():
    """A tone that falls by 10 dB a second from -10 dBFS is 5 seconds above -60."""
    decibels = np.repeat(-10.0 - 0.2 * np.arange(500), RATE // 50)
    found = measured((tone(300.0, 10.0) * 10 ** (decibels / 20)).astype(np.float32))
    assert found.end / levels.FRAMES_PER_S == pytest.approx(5.0, abs=0.1)


def test_silence_throughout_is_kept_as_a_pause():
    found = measured(np.zeros((2, 3 * RATE), np.float32))
    assert (found.start, found.end) == (0, 150)


def test_a_last_block_of_any_length_counts_whole_frames():
    found = measured(tone(300.0, 2.517))
    assert found.end == 125
    assert len(found.k_power) == 26


def test_channels_are_mixed_by_fixed_gains():
    assert stereo_gains(["FC"]).tolist() == [[1.0], [1.0]]
    assert stereo_gains(["FL", "FR"]).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    surround = stereo_gains(["FL", "FR", "FC", "LFE", "SL", "SR"])
    expected = [[1.0, 0.0, 0.7071, 0.0, 0.7071, 0.0], [0.0, 1.0, 0.7071, 0.0, 0.0, 0.7071]]
    np.testing.assert_allclose(surround, expected)
