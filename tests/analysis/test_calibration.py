"""Listeners that are simulated: what they hear is found, and what they guess changes nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.analysis import calibration
from playlist_builder.analysis.calibration import COLUMNS, LARGEST_SHIFT, choose_pair, fit, shifted
from playlist_builder.tracks.track_table import SCALARS

BRIGHTNESS = COLUMNS.index("brightness")
SIZE = 300


def music(seed):
    """Scores and columns of a library in which loud tracks are bright, too."""
    rng = np.random.default_rng(seed)
    strength = rng.normal(-0.3, 1.1, SIZE)
    columns = rng.normal(size=(SIZE, len(COLUMNS))) + 0.5 * strength[:, None]
    return 1.0 / (1.0 + np.exp(-strength)), columns


def listener(score, columns, rng, *, brightness=0.0, acuity=5.0):
    """Answers of one who hears brightness as energy, or of one without acuity, who guesses."""
    values = columns[:, BRIGHTNESS]
    heard = calibration.logit(score) + brightness * (values - values.mean()) / values.std()

    def more(first, second):
        chance = 1.0 / (1.0 + np.exp(-acuity * (heard[first] - heard[second])))
        return float(rng.random() < chance)

    return more


def answered(score, columns, more, count, seed=0):
    pairs = np.zeros((0, 2), np.int64)
    outcomes = []
    for number in range(count):
        pair = choose_pair(
            score,
            columns,
            pairs,
            count=number,
            share_artist=lambda one, other: one % 100 == other % 100,
            rng=np.random.default_rng([seed, number]),
        )
        pairs = np.vstack([pairs, pair])
        outcomes.append(more(*pair))
    return pairs, np.array(outcomes)


def fits(count, listeners=20, **heard):
    for seed in range(listeners):
        score, columns = music(seed)
        more = listener(score, columns, np.random.default_rng(1000 + seed), **heard)
        yield fit(score, columns, *answered(score, columns, more, count))


def test_a_listener_who_hears_brightness_gets_a_gain_and_the_right_sign():
    found = list(fits(14, brightness=0.8))
    kept = [each for each in found if each.correction is not None]
    assert len(kept) >= 14
    assert all(each.gain > 1.0 and each.right_after > each.right_before for each in kept)
    assert all(each.correction.weight.argmax() == BRIGHTNESS for each in kept)
    assert all(each.correction is not None for each in fits(34, brightness=0.8))


@pytest.mark.parametrize("acuity", [0.0, 5.0])
@pytest.mark.parametrize("count", [14, 34])
def test_one_who_guesses_or_agrees_with_the_score_gets_nothing(acuity, count):
    """But for one of twenty by chance, and here one of ten at most."""
    found = list(fits(count, listeners=40, acuity=acuity))
    assert sum(each.correction is not None for each in found) <= 4


def test_a_correction_of_true_differences_lessens_the_error_on_all_tracks():
    score, columns = music(1)
    more = listener(score, columns, np.random.default_rng(5), brightness=0.5)
    correction = fit(score, columns, *answered(score, columns, more, 34)).correction
    values = columns[:, BRIGHTNESS]
    heard = calibration.logit(score) + 0.5 * (values - values.mean()) / values.std()
    moved = calibration.logit(score) + correction.logits(columns)

    def error(strength):
        return np.std(strength - heard)

    assert error(moved) < 0.8 * error(calibration.logit(score))


def test_few_answers_are_not_fitted():
    score, columns = music(0)
    pairs, outcomes = answered(score, columns, lambda *_: 1.0, calibration.MIN_ANSWERS - 1)
    assert fit(score, columns, pairs, outcomes).correction is None
    assert fit(score, columns, np.zeros((0, 2), np.int64), np.zeros(0)).answers == 0


def test_answers_that_both_are_alike_are_no_reason_to_correct():
    score, columns = music(0)
    pairs, _ = answered(score, columns, lambda *_: 0.5, 20)
    found = fit(score, columns, pairs, np.full(20, 0.5))
    assert (found.answers, found.decided, found.right_after) == (20, 0, 0)
    assert found.correction is None


def test_who_is_shown_first_does_not_matter():
    score, columns = music(2)
    more = listener(score, columns, np.random.default_rng(2), brightness=1.0)
    pairs, outcomes = answered(score, columns, more, 20)
    one, other = (
        fit(score, columns, pairs, outcomes),
        fit(score, columns, pairs[:, ::-1], 1.0 - outcomes),
    )
    assert one.gain == pytest.approx(other.gain)
    assert one.correction.weight == pytest.approx(other.correction.weight)


def test_leaving_out_is_exact():
    """As if each answer had never been given."""
    score, columns = music(3)
    more = listener(score, columns, np.random.default_rng(3), brightness=1.0)
    pairs, outcomes = answered(score, columns, more, 12)
    gap = (calibration.logit(score)[pairs] @ [1.0, -1.0])[:, None]
    every = calibration.ridge(gap, outcomes, np.vstack([1.0 - np.eye(12), np.ones(12)]))
    for left_out in range(12):
        rest = np.arange(12) != left_out
        alone = calibration.ridge(gap[rest], outcomes[rest], np.ones((1, 11)))
        assert alone[0] == pytest.approx(every[left_out], abs=1e-9)


def test_what_is_not_known_of_a_track_adds_nothing():
    score, columns = music(4)
    more = listener(score, columns, np.random.default_rng(4), brightness=1.0)
    columns[:, COLUMNS.index("other")] = np.nan
    found = fit(score, columns, *answered(score, columns, more, 34))
    assert np.isfinite(found.correction.logits(columns)).all()
    assert found.correction.weight[COLUMNS.index("other")] == 0.0


@given(st.floats(0, 1), st.floats(-50, 50))
def test_no_score_moves_far_or_leaves_its_range(score, amount):
    correction = calibration.Correction(np.zeros(6), np.ones(6), np.full(6, 10.0))
    logits = correction.logits(np.full((1, 6), amount))
    moved = shifted(np.array([score]), logits)[0]
    assert 0.0 <= moved <= 1.0
    assert abs(moved - score) <= LARGEST_SHIFT + 1e-9
    assert (moved - score) * amount >= -1e-12


def test_a_correction_keeps_the_order_within_a_track():
    contour = np.linspace(0.0, 1.0, 50, dtype=np.float32)
    moved = shifted(contour, np.full(50, 0.8, np.float32))
    assert moved.dtype == np.float32
    assert (np.diff(moved) > 0.0).all()
    assert shifted(contour, np.zeros(50, np.float32)) == pytest.approx(contour)


def test_questions_are_near_in_score_spread_and_about_different_artists():
    score, columns = music(5)
    pairs, _ = answered(score, columns, lambda *_: 1.0, 20)
    strength = calibration.logit(score)
    assert (np.abs(strength[pairs[:, 0]] - strength[pairs[:, 1]]) <= calibration.NEAR_LOGIT).all()
    assert (pairs[:, 0] % 100 != pairs[:, 1] % 100).all()
    asked = score[pairs].mean(axis=1)
    assert np.histogram(asked, np.quantile(score, [0, 0.25, 0.5, 0.75, 1]))[0].min() >= 3
    assert len(np.unique(pairs)) == 40
    first, _ = answered(score, columns, lambda *_: 1.0, 20)
    other, _ = answered(score, columns, lambda *_: 1.0, 20, seed=1)
    assert np.array_equal(pairs, first)
    assert not np.array_equal(pairs, other)


def test_questions_end_where_no_pair_is_left():
    """Of three tracks by two artists there are two pairs."""
    columns = np.random.default_rng(0).normal(size=(3, len(COLUMNS)))

    def ask(asked):
        return choose_pair(
            np.array([0.1, 0.5, 0.9]),
            columns,
            np.array(asked, np.int64).reshape(-1, 2),
            count=len(asked),
            share_artist=lambda one, other: {one, other} == {0, 2},
            rng=np.random.default_rng(0),
        )

    first = ask([])
    second = ask([first])
    assert {frozenset(first), frozenset(second)} == {frozenset((0, 1)), frozenset((1, 2))}
    assert ask([first, second]) is None


@pytest.mark.parametrize("size", [0, 1])
def test_fewer_than_two_tracks_make_no_question(size):
    asked = np.zeros((0, 2), np.int64)
    more = {"count": 0, "share_artist": lambda *_: False, "rng": np.random.default_rng(0)}
    columns = np.zeros((size, len(COLUMNS)))
    assert choose_pair(np.full(size, 0.5), columns, asked, **more) is None


def test_columns_are_those_named_and_finite():
    """A silent track has no strokes and no brightness."""
    scalars = np.zeros((2, len(SCALARS)))
    scalars[1, SCALARS.index("spectral_centroid_hz")] = 2000.0
    columns = calibration.columns_of(scalars, np.array([0.5, np.nan]))
    assert columns.shape == (2, len(COLUMNS))
    assert columns[1, BRIGHTNESS] > columns[0, BRIGHTNESS] + 4.0
    assert np.isfinite(columns[:, :-1]).all()
    assert columns[0, -1] == 0.0
