"""Known signals measure as known: time, silence, pulse, key, steps, whatever the blocks."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.analysis import features, spectrum, step_features
from playlist_builder.analysis.loudness import BLOCK_S, SILENCE_LUFS, k_weighting
from playlist_builder.models import KEYS

RATE = 22050
RNG_SEED = 7


def measured(samples, block_s=2.0, rate=RATE, channels=None):
    samples = np.atleast_2d(np.asarray(samples, np.float32))
    names = channels or (("FC",) if len(samples) == 1 else ("FL", "FR"))
    size = round(block_s * rate)
    blocks = (samples[:, i : i + size] for i in range(0, samples.shape[1], size))
    return features.measure(blocks, sample_rate_hz=rate, channels=names)


def measure(*args, **more):
    return measured(*args, **more).features


def tone(hertz, seconds, gain=0.2, rate=RATE):
    return gain * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def note(midi, seconds, rate=RATE):
    """Return a decaying tone with overtones."""
    hertz = 440.0 * 2 ** ((midi - 69) / 12)
    partials = sum(tone(hertz * n, seconds, 0.1 / n, rate) for n in range(1, 6))
    return partials * np.exp(-np.arange(partials.size) / rate / 0.8)


def clicks(bpm, seconds, rate=RATE):
    noise = np.random.default_rng(RNG_SEED).normal(0, 0.3, round(0.03 * rate))
    samples = np.zeros(round((seconds + 1) * rate))
    for at in np.arange(0, seconds, 60.0 / bpm):
        samples[round(at * rate) :][: noise.size] += noise * np.linspace(1, 0, noise.size)
    return samples[: round(seconds * rate)]


def chords(*triads):
    return np.concatenate([sum(note(midi, 2.0) for midi in triad) for triad in triads])


def music(seconds=33.0):
    """Return clicks over a swelling chord and a little noise: something of everything."""
    time = np.arange(round(seconds * RATE)) / RATE
    held = sum(tone(hertz, seconds, 0.05) for hertz in (220.0, 277.2, 329.6))
    noise = np.random.default_rng(RNG_SEED).normal(0, 0.003, time.size)
    return clicks(96, seconds) * 0.5 + held * (1 + 0.5 * np.sin(time)) + noise


MUSIC = music()


def assert_alike(one, other):
    np.testing.assert_allclose(one.steps, other.steps, rtol=1e-3, atol=2e-3)
    for field in fields(one.features):
        left, right = getattr(one.features, field.name), getattr(other.features, field.name)
        if isinstance(left, str):
            assert left == right, field.name
        else:
            np.testing.assert_allclose(left, right, rtol=1e-3, atol=2e-3, err_msg=field.name)


@pytest.mark.parametrize("seconds", [5.0, 12.34])
def test_duration_is_the_count_of_samples(seconds):
    assert measure(tone(440, seconds)).duration_s == pytest.approx(seconds, abs=1e-4)


def test_silence_at_both_ends_is_measured():
    silent = np.zeros(round(1.5 * RATE))
    result = measure(np.concatenate([silent, tone(440, 5), silent, silent]))
    assert result.leading_silence_s == pytest.approx(1.5, abs=BLOCK_S + 0.01)
    assert result.trailing_silence_s == pytest.approx(3.0, abs=BLOCK_S + 0.01)


def crackle(seconds):
    silent = np.zeros(round(seconds * RATE))
    silent[round(0.02 * RATE) :: round(0.8 * RATE)] = 0.5
    return silent


@pytest.mark.parametrize("gain", [0.2, 0.005])
@pytest.mark.parametrize(
    "silence",
    [lambda s: np.full(round(s * RATE), 2e-3), lambda s: np.full(round(s * RATE), -0.02), crackle],
)
def test_silence_with_an_offset_or_clicks_is_silence(silence, gain):
    """At both edges, in loud and soft music."""
    result = measure(np.concatenate([silence(3.5), tone(440, 4, gain), silence(5.2)]))
    assert result.leading_silence_s == pytest.approx(3.5, abs=0.6)
    assert result.trailing_silence_s == pytest.approx(5.2, abs=0.6)
    assert result.longest_silence_s == pytest.approx(5.2, abs=0.6)


@pytest.mark.parametrize("channels", [("FC",), ("FL", "FR"), ("FL", "FR", "FC", "LFE", "SL", "SR")])
def test_an_offset_is_not_heard(channels):
    offsets = np.linspace(-0.2, 0.3, len(channels))[:, None] + np.zeros(3 * RATE)
    parts = spectrum.spectra([offsets.astype(np.float32)], sample_rate_hz=RATE, channels=channels)
    inner = [(part.mix_k_power[10:-10], part.rest_k_power[2:-2]) for part in parts]
    assert max(float(power.max(initial=0.0)) for each in inner for power in each) < 1e-8


@pytest.mark.parametrize("hum", [0.0, 2e-4])
def test_silence_within_a_track_is_measured_with_its_place(hum):
    """Hum and an offset are silence too, a click does not end it, and the music is what counts."""
    time = np.arange(30 * RATE) / RATE
    quiet = hum * np.sin(2 * np.pi * 50 * time) + 2e-3 * (hum > 0)
    quiet[15 * RATE :][:200] += 0.2
    found = measured(np.concatenate([MUSIC[: 10 * RATE], quiet, MUSIC[: 20 * RATE]]))
    result, alone = found.features, measure(MUSIC[: 20 * RATE])
    assert result.longest_silence_start_s == pytest.approx(10.0, abs=0.3)
    assert result.longest_silence_s == pytest.approx(30.0, abs=0.3)
    assert found.steps[1:4, 0].max() < 0.05
    assert result.percussiveness == pytest.approx(alone.percussiveness, abs=0.05)


def test_a_silent_track_is_silence_from_both_ends():
    found = measured(np.zeros(5 * RATE))
    result = found.features
    assert result.leading_silence_s == result.trailing_silence_s == pytest.approx(5.0, abs=0.05)
    assert (result.longest_silence_start_s, result.longest_silence_s) == (0.0, 5.0)
    assert (result.key, result.tempo_bpm, result.onset_rate_hz) == ("", 0.0, 0.0)
    assert found.steps[:, 0].tolist() == [0.0]


@pytest.mark.parametrize("bpm", [80, 120, 150])
def test_clicks_have_their_tempo_or_an_octave_of_it(bpm):
    result = measure(clicks(bpm, 30))
    ratio = result.tempo_bpm / bpm
    assert min(abs(ratio / octave - 1) for octave in (0.5, 1, 2)) < 0.04
    assert result.tempo_confidence > 0.5
    assert result.onset_rate_hz == pytest.approx(bpm / 60, rel=0.1)


def test_a_drone_has_no_tempo():
    drone = sum(tone(hertz, 30, 0.1) for hertz in (110, 165, 220))
    assert measure(drone).tempo_confidence < 0.1


def test_a_track_below_twelve_seconds_has_no_tempo():
    assert measure(clicks(120, 11)).tempo_confidence == 0.0


@pytest.mark.parametrize("shift", [5, 7, 9])
def test_a_cadence_in_four_voices_from_f3_up_has_its_key(shift):
    major = [(48, 60, 64, 67), (53, 60, 65, 69), (55, 59, 62, 67), (48, 60, 64, 67)]
    minor = [(45, 57, 60, 64), (50, 57, 62, 65), (52, 56, 59, 64), (45, 57, 60, 64)]
    for cadence, tonic in ((major, 0), (minor, 21)):
        played = chords(*(tuple(midi + shift for midi in chord) for chord in cadence * 2))
        result = measure(played)
        assert result.key == KEYS[tonic // 12 * 12 + (tonic + shift) % 12]
        assert result.key_confidence > 0.1


def test_noise_has_hardly_a_key():
    noise = np.random.default_rng(RNG_SEED).normal(0, 0.1, 20 * RATE)
    cadence = chords((57, 69, 73, 76), (62, 69, 74, 78), (64, 68, 71, 76), (57, 69, 73, 76))
    assert measure(noise).key_confidence < measure(cadence).key_confidence


def test_a_higher_tone_has_a_higher_centroid():
    low, high = measure(tone(300, 5)), measure(tone(3000, 5))
    assert low.spectral_centroid_hz < 1000 < high.spectral_centroid_hz


def test_clicks_are_more_percussive_than_a_drone():
    assert measure(clicks(120, 10)).percussiveness > measure(tone(220, 10)).percussiveness + 0.3


@pytest.mark.parametrize(
    ("seconds", "count"), [(5, 1), (10, 1), (11.5, 1), (12.5, 2), (31.5, 3), (33, 4)]
)
def test_steps_last_ten_seconds_and_a_short_rest_joins_the_last(seconds, count):
    rows = measured(tone(440, seconds)).steps
    assert rows.shape == (count, len(step_features.STEP_FEATURES))
    assert rows.dtype == np.float32


@pytest.mark.parametrize("block_s", [0.4, 0.8, 10.0, 40.0])
def test_blocks_of_any_length_give_the_same_result(block_s):
    assert_alike(measured(MUSIC), measured(MUSIC, block_s))


@settings(max_examples=8)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=8))
def test_uneven_blocks_give_the_same_result(hops):
    """Cuts at multiples of the hop between tones."""
    hop = round(spectrum.TONE_HOP_S * RATE)
    samples = np.atleast_2d(MUSIC[: 14 * RATE]).astype(np.float32)
    blocks = np.split(samples, [int(cut) * hop for cut in np.cumsum(hops) if cut < 35], axis=1)
    result = features.measure(blocks, sample_rate_hz=RATE, channels=("FC",))
    assert_alike(measured(samples), result)


@pytest.mark.parametrize("seconds", [0.001, 0.02, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("rate", [8000, 44100])
def test_a_tiny_track_has_finite_values(seconds, rate):
    found = measured(tone(440, seconds, rate=rate), rate=rate)
    assert np.isfinite(found.steps).all()
    assert found.steps.shape == (1, len(step_features.STEP_FEATURES))
    result = found.features
    assert SILENCE_LUFS <= result.loudness_lufs < 0
    assert result.duration_s == pytest.approx(seconds, abs=1e-3)


def test_gain_moves_no_step():
    base = measured(MUSIC * 0.5).steps
    np.testing.assert_allclose(measured(MUSIC * 0.125).steps, base, rtol=1e-3, atol=1e-3)


def test_the_power_of_the_frames_is_the_power_of_the_samples():
    noise = np.random.default_rng(RNG_SEED).normal(0, 0.1, (1, 4 * RATE)).astype(np.float32)
    noise[:, : RATE // 50] = noise[:, -RATE // 50 :] = 0.0
    parts = spectrum.spectra([noise], sample_rate_hz=RATE, channels=("FC",))
    total = sum(float(part.mix_k_power.sum()) for part in parts) * RATE / spectrum.FRAMES_PER_S
    response = k_weighting(np.fft.rfftfreq(noise.size, 1 / RATE), RATE)
    expected = 2.0 / noise.size * response @ np.abs(np.fft.rfft(noise[0])) ** 2
    assert total == pytest.approx(expected, rel=2e-3)


def test_the_mix_leaves_out_lfe_and_adds_up_to_one():
    gains = spectrum.mono_gains(("FL", "FR", "FC", "LFE", "SL", "SR"))
    assert gains[3] == 0.0
    assert gains.sum() == pytest.approx(1.0)
    assert gains[4] / gains[0] == pytest.approx(0.7071, abs=1e-3)
    assert spectrum.mono_gains(("LFE",)).tolist() == [1.0]


def test_the_peak_is_that_of_the_loudest_channel():
    result = measure(np.stack([tone(440, 3, 0.1), -tone(440, 3, 0.5)]))
    assert result.sample_peak_dbfs == pytest.approx(-6.02, abs=0.05)
