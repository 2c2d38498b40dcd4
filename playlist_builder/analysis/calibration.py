"""One listener's answers about pairs of tracks to a correction of a score in 0..1.

A question shows two tracks of nearly the same score and asks which has more of it. Answers are
fitted by a Bradley-Terry model (Bradley and Terry 1952, "Rank analysis of incomplete block
designs", Biometrika 39) whose strengths are the logit of the score plus a weighted sum of a few
measured columns. Weights are shrunk to 0 by a ridge. What they add moves no score by more than
`LARGEST_SHIFT`, and it is kept only where it predicts answers that were left out of the fit.

A pair tells nothing of the level as a whole: the correction is 0 for the mean of the tracks asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from playlist_builder.models import Floats, Floats32, Ints
from playlist_builder.tracks.track_table import SCALARS

COLUMNS = ("attacks", "strokes", "pulse", "brightness", "loudness", "other")
"""What is weighed; `other` is tension where energy is corrected, energy where tension is."""

LARGEST_SHIFT = 0.2
LARGEST_LOGIT = float(4.0 * np.arctanh(LARGEST_SHIFT))  # the logit that moves 0.4 to 0.6
MIN_ANSWERS = 6
# What the gain must exceed. Of simulated listeners who agree with the score or guess, 1 of 20 is
# corrected after 14 answers; of those who hear a column more by 0.8 logits a standard deviation,
# 17 of 20, and all after 34 answers.
LEAST_GAIN = 2.0  # of log-likelihood: the answers are 7 times as likely
GAIN_ERRORS = 1.5  # standard errors
ACUITY = (4.0, 2.0)  # per logit of score, mean and spread: 0.4 apart, 5 of 6 answers agree
MIN_ACUITY = 1.0
WEIGHT_SPREAD = 0.5  # logits of an answer per standard deviation of a column
ITERATIONS = 12  # of Newton's method, which has converged by then

NEAR_LOGIT = 0.3  # between the scores of two tracks of a question
WINDOW_SHARE = 0.05  # of the library on either side of the level asked about
MIN_WINDOW = 10
DRAWS = 300  # pairs among which the most informative is asked

Score = TypeVar("Score", Floats, Floats32)

_POSITIVE = {"onset_rate_hz": 0.1, "stroke_rate_hz": 0.1, "spectral_centroid_hz": 20.0}
_MEASURED = (
    "onset_rate_hz",
    "stroke_rate_hz",
    "pulse_clarity",
    "spectral_centroid_hz",
    "loudness_lufs",
)


def logit(score: Floats) -> Floats:
    """Return the logits of scores, within those of 0.001 and 0.999."""
    inside = np.clip(score, 0.001, 0.999)
    return np.asarray(np.log(inside / (1.0 - inside)))


def shifted(values: Score, logits: Score) -> Score:
    """Return scores in 0..1 moved by logits, both of one shape: logistic(logit(value) + moved)."""
    odds = np.exp(logits)
    return np.asarray(values * odds / (1.0 + values * (odds - 1.0)), values.dtype)


def columns_of(scalars: Floats, other: Floats) -> Floats:
    """Return COLUMNS of n tracks, shape (n, len(COLUMNS)).

    `scalars` has shape (n, len(SCALARS)); `other` is a score, NaN where it is not known.
    """
    measured = [
        np.log(np.maximum(values, _POSITIVE[name])) if name in _POSITIVE else values
        for name in _MEASURED
        for values in (scalars[:, SCALARS.index(name)],)
    ]
    return np.column_stack([*measured, logit(other)])


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """What columns add to the logit of a score: sum of weight * (value - centre) / scale."""

    centre: Floats
    scale: Floats
    weight: Floats

    def logits(self, columns: Floats) -> Floats:
        """Return what is added for n tracks, from columns of shape (n, len(COLUMNS))."""
        return _limited(_standardised(columns, self.centre, self.scale) @ self.weight)


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A fit to `answers` answers, and how well it predicts each from all others.

    `decided` of them name one of two tracks; the score alone predicts `right_before` of these, the
    corrected one `right_after`. `gain` is what the correction adds to the log-likelihood of all,
    `gain_error` its standard error. `correction` is None where that is too little to be kept.
    """

    answers: int
    decided: int = 0
    right_before: int = 0
    right_after: int = 0
    gain: float = 0.0
    gain_error: float = 0.0
    correction: Correction | None = None


def fit(score: Floats, columns: Floats, pairs: Ints, outcomes: Floats) -> Calibration:
    """Return the calibration of a score for m tracks by n answers.

    `score` has shape (m,), `columns` (m, len(COLUMNS)). A row of `pairs`, shape (n, 2), holds the
    places of two tracks; its outcome is 1 where the first has more, 0 where the second has, and
    0.5 where they are alike.
    """
    if len(pairs) < MIN_ANSWERS:
        return Calibration(len(pairs))
    asked, strength = np.unique(pairs), logit(score)
    centre, spread = _moments(columns[asked])
    values = _standardised(columns, centre, spread)
    first, second = pairs.T
    gap, apart = strength[first] - strength[second], values[first] - values[second]
    folds = np.vstack([1.0 - np.eye(len(pairs)), np.ones(len(pairs))])  # the last holds all
    alone = ridge(gap[:, None], outcomes, folds)
    both = ridge(np.column_stack([gap, apart]), outcomes, folds)
    acuity = np.maximum(both[:, :1], MIN_ACUITY)
    weights = both[:, 1:] / acuity
    one, other = (_limited((values[side] * weights[:-1]).sum(axis=1)) for side in (first, second))
    before = alone[:-1, 0] * gap
    after = acuity[:-1, 0] * (gap + one - other)
    gains = _log_likelihood(after, outcomes) - _log_likelihood(before, outcomes)
    gain, gain_error = float(gains.sum()), float(gains.std(ddof=1) * np.sqrt(len(gains)))
    decided = outcomes != 0.5  # noqa: PLR2004 - neither of the two
    is_kept = gain > max(LEAST_GAIN, GAIN_ERRORS * gain_error)
    return Calibration(
        len(pairs),
        int(decided.sum()),
        _right(before[decided], outcomes[decided]),
        _right(after[decided], outcomes[decided]),
        gain,
        gain_error,
        Correction(centre, spread, weights[-1]) if is_kept else None,
    )


def ridge(differences: Floats, outcomes: Floats, folds: NDArray[np.float64]) -> Floats:
    """Return acuity and weights of largest posterior by Newton's method, for several fits at once.

    `differences` between the tracks of n pairs has shape (n, 1 + columns), the first is that of
    the score's logits. A row of `folds`, shape (n_fits, n), says how much each answer counts.
    """
    size = differences.shape[1]
    mean, precision = _prior(size)
    products = (differences[:, :, None] * differences[:, None, :]).reshape(len(differences), -1)
    found = np.tile(mean, (len(folds), 1))
    for _ in range(ITERATIONS):
        chance = 1.0 / (1.0 + np.exp(-(found @ differences.T)))
        slope = (folds * (outcomes - chance)) @ differences - precision * (found - mean)
        bend = ((folds * chance * (1.0 - chance)) @ products).reshape(-1, size, size)
        found += np.linalg.solve(bend + np.diag(precision), slope[:, :, None])[:, :, 0]
    return found


def choose_pair(  # noqa: PLR0913 - what is known of the tracks, and what was asked
    score: Floats,
    columns: Floats,
    asked: Ints,
    *,
    count: int,
    share_artist: Callable[[int, int], bool],
    rng: "np.random.Generator",
) -> tuple[int, int] | None:
    """Return the places of the two tracks of the next question, or None where no two are left.

    The tracks are n, their score not NaN; `count` pairs were asked before, and `asked` holds those
    of them whose tracks are still there, shape (n_asked, 2). Two tracks of a question are near in
    score, share no artist and differ as much as possible in what is least known; levels are spread
    over the library.
    """
    strength, size = logit(score), len(score)
    order = np.argsort(strength, kind="stable")
    half = max(MIN_WINDOW, int(size * WINDOW_SHARE))
    middle = int(_van_der_corput(count + 1) * size)
    known = {frozenset(pair) for pair in asked.tolist()}
    for window in (order[max(0, middle - half) : middle + half], order):
        if len(window) < 2:  # noqa: PLR2004 - a pair
            return None
        drawn = rng.choice(window, (DRAWS, 2))
        near = np.abs(strength[drawn[:, 0]] - strength[drawn[:, 1]]) <= NEAR_LOGIT
        for candidates in (drawn[near], drawn):
            allowed = [
                pair
                for pair in candidates.tolist()
                if pair[0] != pair[1] and frozenset(pair) not in known and not share_artist(*pair)
            ]
            if allowed:
                first, second = _most_informative(strength, columns, asked, np.array(allowed))
                return int(first), int(second)
    return None


def _most_informative(strength: Floats, columns: Floats, asked: Ints, candidates: Ints) -> Ints:
    """Return the pair whose answer has most variance by what was asked; new tracks come first."""
    values = _standardised(columns, *_moments(columns))

    def differences(pairs: Ints) -> Floats:
        first, second = pairs.reshape(-1, 2).T
        return np.column_stack([strength[first] - strength[second], values[first] - values[second]])

    _, precision = _prior(values.shape[1] + 1)
    before, now = differences(asked), differences(candidates)
    covariance = np.linalg.inv(np.diag(precision) + before.T @ before / 4.0)
    used = np.isin(candidates, asked).sum(axis=1)
    unknown = ((now @ covariance) * now).sum(axis=1)
    return np.asarray(candidates[np.lexsort((-unknown, used))[0]])


def _van_der_corput(number: int) -> float:
    """Return the binary digits of a number mirrored at the point: 1/2, 1/4, 3/4, 1/8, ..."""
    return int(f"{number:b}"[::-1], 2) / 2.0 ** number.bit_length()


def _moments(columns: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of columns, 0 and 1 where nothing is known of one."""
    known = np.isfinite(columns)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, columns, 0.0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (columns - centre) ** 2, 0.0).sum(axis=0) / count)
    return centre, np.where(spread > 1e-9, spread, 1.0)  # noqa: PLR2004 - all are equal


def _standardised(columns: Floats, centre: Floats, spread: Floats) -> Floats:
    return np.nan_to_num((columns - centre) / spread)


def _limited(logits: Floats) -> Floats:
    return np.clip(logits, -LARGEST_LOGIT, LARGEST_LOGIT)


def _prior(size: int) -> tuple[Floats, Floats]:
    """Return the means and precisions of acuity and weights."""
    mean, precision = np.zeros(size), np.full(size, WEIGHT_SPREAD**-2)
    mean[0], precision[0] = ACUITY[0], ACUITY[1] ** -2
    return mean, precision


def _log_likelihood(strength: Floats, outcomes: Floats) -> Floats:
    return np.asarray(outcomes * strength - np.logaddexp(0.0, strength))


def _right(strength: Floats, outcomes: Floats) -> int:
    return int(((strength > 0.0) == (outcomes == 1.0)).sum())
