"""Energy stays in 0..1, does not hear gain, is low for what is still, and tells its reasons."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from playlist_builder.analysis import energy, features
from playlist_builder.analysis.step_features import STEP_FEATURES
from playlist_builder.models import STYLE_SIZE, Embedding

RATE = 22050
COLUMNS = len(STEP_FEATURES)
MATRICES = npst.arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.just(COLUMNS)),
    elements=st.floats(-(2.0**99), 2.0**99, width=32) | st.floats(-64, 64, width=32),
)


def rows(samples):
    samples = np.atleast_2d(np.asarray(samples, np.float32))
    blocks = np.split(samples, range(2 * RATE, samples.shape[1], 2 * RATE), axis=1)
    return features.measure(blocks, sample_rate_hz=RATE, channels=("FC",)).steps


def energy_of(samples):
    return energy.overall(energy.contours([rows(samples)]))[0]


def sine(hertz, seconds, gain=0.2):
    return gain * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def noise(seconds, gain=0.1):
    return np.random.default_rng(3).normal(0, gain, round(seconds * RATE))


def driving(seconds=20.0):
    """Return noisy strokes eight times a second over a bright, restless tone."""
    time = np.arange(round(seconds * RATE)) / RATE
    strokes = noise(seconds, 0.2) * np.exp(-30 * (time % 0.125))
    pulse = 0.3 * np.sin(2 * np.pi * 60 * time) * np.exp(-12 * (time % 0.5))
    saw = 0.1 * (2 * ((time * (220 + 110 * (time // 0.25 % 4))) % 1) - 1)
    return strokes + pulse + saw


def calm(seconds=20.0):
    """Return three soft tones that swell slowly."""
    time = np.arange(round(seconds * RATE)) / RATE
    return sum(sine(f, seconds, 0.05) for f in (220, 277, 330)) * (1 + 0.4 * np.sin(1.5 * time))


@given(MATRICES)
def test_energy_lies_between_0_and_1_whatever_the_steps(matrix):
    (contour,) = energy.contours([matrix])
    assert contour.shape == (len(matrix),)
    assert contour.dtype == np.float32
    assert np.all((contour >= 0.0) & (contour <= 1.0))
    assert 0.0 <= energy.overall([contour])[0] <= 1.0


@given(MATRICES)
def test_the_reasons_add_up_to_the_energy(matrix):
    told = energy.contributions(matrix)
    assert {reason.name for reason in told} == {"typical music", *energy.CONTRIBUTIONS}
    assert sum(reason.energy for reason in told) == pytest.approx(
        energy.overall(energy.contours([matrix]))[0], abs=1e-5
    )


@given(st.lists(MATRICES, max_size=4))
def test_tracks_together_have_the_energy_they_have_alone(matrices):
    together = energy.contours(matrices)
    assert len(together) == len(matrices)
    for matrix, contour in zip(matrices, together, strict=True):
        np.testing.assert_allclose(contour, energy.contours([matrix])[0], atol=1e-6)


def test_every_weight_has_the_sign_that_is_known_of_its_feature():
    """What beats, strikes, rises or shines never makes music calmer."""
    weights = dict(zip(STEP_FEATURES, energy.load_weights().weight.tolist(), strict=True))
    falling = {name for name in STEP_FEATURES if name.startswith("tone_")}
    assert all(weights[name] <= 0.0 for name in falling)
    assert all(weights[name] >= 0.0 for name in weights.keys() - falling)
    assert sum(weight > 0.0 for weight in weights.values()) >= 5
    assert energy.load_weights().level_share > 0.0


def test_an_embedding_moves_the_level_and_not_the_shape():
    samples = np.concatenate([calm(40), driving(40)])
    steps = rows(samples)
    style = energy.load_weights().style
    lively = Embedding(
        np.tile(5.0 * style / np.linalg.norm(style), (3, 1)), np.zeros(3, np.float32)
    )
    calmer = Embedding(-lively.patches, lively.starts_s)
    (plain, high, low) = energy.contours([steps] * 3, [None, lively, calmer])
    assert high.mean() > low.mean() + 0.1
    for contour in (high, low):
        assert np.corrcoef(contour, plain)[0, 1] > 0.95
    told = energy.contributions(steps, lively)
    assert sum(reason.energy for reason in told) == pytest.approx(high.mean(), abs=1e-5)
    (whole,) = [reason for reason in told if reason.name == "sound as a whole"]
    assert whole.energy != 0.0
    nothing = Embedding(np.zeros((0, STYLE_SIZE), np.float32), np.zeros(0, np.float32))
    np.testing.assert_array_equal(energy.contours([steps], [nothing])[0], plain)


@pytest.mark.parametrize("gain_db", [-12, -6, 6])
@pytest.mark.parametrize("make", [driving, calm])
def test_gain_does_not_move_energy(gain_db, make):
    samples = make() * 0.4
    assert energy_of(samples * 10 ** (gain_db / 20)) == pytest.approx(energy_of(samples), abs=0.01)


def test_silence_has_no_energy():
    assert energy_of(np.zeros(20 * RATE)) < 0.05


def test_a_sine_and_white_noise_are_calm():
    assert energy_of(sine(440, 20)) < 0.1
    assert energy_of(noise(20)) < 0.15


def test_driving_music_has_more_energy_than_calm_music():
    assert energy_of(driving()) > energy_of(calm()) + 0.3


def test_fast_even_strokes_are_no_hiss():
    """Eight equal strokes a second have no fluctuation at the usual beats, and yet they drive."""
    time = np.arange(20 * RATE) / RATE
    assert energy_of(noise(20, 0.3) * np.exp(-30 * (time % 0.125))) > 0.5


@settings(max_examples=20)
@given(MATRICES, st.lists(st.integers(0, 6), max_size=9), MATRICES)
def test_silence_is_no_music_wherever_it_is(matrix, places, silent):
    """However much silence there is, and whatever is measured in it."""
    matrix, silent = matrix.copy(), silent.copy()
    matrix[:, 0], silent[:, 0] = 1.0, 0.0
    rest = np.resize(silent, (len(places), COLUMNS))
    spoilt = np.insert(matrix, np.minimum(places, len(matrix)).astype(int), rest, axis=0)
    music, with_silence = energy.overall(energy.contours([matrix, spoilt]))
    assert with_silence == pytest.approx(music, abs=1e-5)
    told = energy.contributions(spoilt)
    assert sum(reason.energy for reason in told) == pytest.approx(music, abs=1e-5)


def test_music_with_silence_of_hiss_has_the_energy_of_the_music():
    music, hiss = driving(30), noise(30, 3e-4)
    (contour,) = energy.contours([rows(np.concatenate([music, hiss]))])
    assert contour.mean() == pytest.approx(energy_of(music), abs=0.03)
    assert contour.min() > 0.8


def test_an_embedding_counts_where_there_is_music():
    steps = np.zeros((4, COLUMNS), np.float32)
    steps[:2, 0] = 1.0
    style = np.random.default_rng(1).normal(size=(4, STYLE_SIZE))
    whole = Embedding(style, np.array([2.0, 12.0, 22.0, 32.0], np.float32))
    part = Embedding(style[:2], whole.starts_s[:2])
    assert energy.sounding_part(whole, steps).patches is not whole.patches
    one, other = energy.contours([steps] * 2, [whole, part])
    np.testing.assert_array_equal(one, other)
    assert energy.sounding_part(whole, np.zeros((4, COLUMNS))) is whole
    assert energy.sounding_part(None, steps) is None


def test_five_seconds_are_enough_for_a_score():
    (contour,) = energy.contours([rows(driving(5))])
    assert contour.shape == (1,)
    assert 0.3 < contour[0] < 1.0


def test_every_feature_has_a_weight_and_sound_limits():
    weights = energy.load_weights()
    assert len(weights.weight) == COLUMNS
    assert np.all(weights.low <= weights.centre)
    assert np.all(weights.centre <= weights.high)


def test_every_feature_but_the_active_share_is_in_one_group():
    for name in STEP_FEATURES:
        groups = [group for group, prefixes in energy.GROUPS.items() if name.startswith(prefixes)]
        assert len(groups) == (name != "active_share"), name


def test_the_reason_for_silence_is_silence():
    told = {each.name: each.energy for each in energy.contributions(rows(np.zeros(20 * RATE)))}
    assert told["silence"] < 0.0
    assert told["steadiness"] <= 0.0


def test_reasons_name_what_was_measured_with_its_unit():
    (reason,) = [each for each in energy.contributions(rows(driving())) if each.name == "attacks"]
    assert reason.energy > 0.05
    assert re.fullmatch(r"rises within \d+ ms .* \d+\.\d dB, typically \d+\.\d dB", reason.because)
    assert rows(driving()).shape[1] == len(STEP_FEATURES)


@given(st.integers(0, 10_000))
def test_a_reason_names_a_feature_that_speaks_for_it(seed):
    """Even where the features of a group speak against what the group adds after rounding."""
    rng = np.random.default_rng(seed)
    weights = energy.load_weights()
    spread = (weights.high - weights.low) / 4
    matrix = rng.normal(weights.centre, spread, (rng.integers(1, 5), COLUMNS)).astype(np.float32)
    for reason in energy.contributions(matrix)[1:]:
        assert reason.because == "" or ", typically " in reason.because


def test_clicks_alone_are_sparse_not_driving():
    clicks = np.zeros(20 * RATE)
    for start in range(0, clicks.size, RATE // 2):
        clicks[start : start + RATE // 33] = noise(1, 0.3)[: RATE // 33]
    assert energy_of(clicks) < 0.3


def test_a_calm_piece_with_an_outburst_shows_it_in_its_contour():
    calm_part, outburst = calm(80), driving(40)
    samples = np.concatenate([calm_part, outburst, calm_part])
    contour = energy.contours([rows(samples)])[0]
    assert contour.shape == (20,)
    alone = energy_of(outburst)
    assert contour[9:11] == pytest.approx([alone, alone], abs=0.03)
    assert contour[8:12].min() > max(contour[:8].max(), contour[12:].max()) + 0.2
    assert contour.mean() == pytest.approx(energy_of(samples))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(0, 99))
def test_smoothing_keeps_the_mean_of_every_track(counts, seed):
    rng = np.random.default_rng(seed)
    tracks = [rng.normal(0, 3, (count, COLUMNS)).astype(np.float32) for count in counts]
    weights = energy.load_weights()
    for rows_, contour in zip(tracks, energy.contours(tracks), strict=True):
        logit = weights.base + energy.step_contributions(rows_, weights).sum(axis=1)
        mean = np.average(1 / (1 + np.exp(-logit)), weights=energy.sounding_shares(rows_))
        assert contour.mean() == pytest.approx(mean, abs=1e-5)


def test_a_step_is_on_the_scale_of_its_track():
    """Any ten seconds of a steady piece, alone, have the energy of the whole."""
    whole = driving(60)
    parts = [
        energy_of(whole[start : start + 10 * RATE]) for start in range(0, len(whole), 10 * RATE)
    ]
    assert parts == pytest.approx([energy_of(whole)] * 6, abs=0.06)


def test_another_energy_of_the_same_steps_is_another_version():
    """Libraries score their tracks again only where ENERGY_VERSION is raised."""
    weights = energy.load_weights()
    between = np.linspace(0.05, 0.95, 6)[:, None]
    steps = weights.low + (weights.high - weights.low) * between
    steps[:, 0] = 1.0
    (contour,) = energy.contours([steps])
    expected = [0.0560, 0.2340, 0.5529, 0.8424, 0.9718, 0.9960]
    assert (energy.ENERGY_VERSION, contour.tolist()) == (4, pytest.approx(expected, abs=1e-4))
