"""Loudness of a track over time -> a slow course of its gain, as a hand on a fader. Pure.

A rise that startles is met from both sides: what is quiet before it comes up slowly, and what is
loud behind it enters softer, and comes up as slowly. The gain falls at once there alone, where the
entry hides it. A track that has to begin softer than the rest of it plays climbs from there. No
more is done than keeps the limits, by a linear programme.
"""

from typing import Any

import numpy as np

from playlist_builder.analysis import loudness
from playlist_builder.models import Floats

BEFORE_S = 10  # a second is compared with the mean of so many before it
FLOOR_LU = -20.0  # below the loudness of the track, what is quieter counts as if it lay there
RATE_DB = 0.4  # by which the gain changes in a second: slower than is noticed
LIFT_DB, CUT_DB = 8.0, 12.0  # limits of the gain
DISTINCT_LU = 3.0  # rise of a tenth of a second that hides a fall of the gain
ENTERED = 0.2  # share of the power of a second by which what is loud has begun
EXCESS_PRICE = 300.0  # of one LU beyond the limit, in dB of gain for one second


def ride(
    power: Floats, limit_lu: float | Floats | None, *, opening_db: float, edges_s: tuple[int, int]
) -> Floats:
    """Return the gain of each second of a track in dB, shape (n,), for K-weighted power (n,).

    No second exceeds the mean of the `BEFORE_S` before it by more than `limit_lu`, of all or of
    each of them, as far as a slow gain can do that. So that joins keep their limits, the gain is at
    most `opening_db`, 0 or less, in the first of `edges_s`, and at least 0 in the last of them.
    """
    count, nothing = len(power), np.zeros(len(power))
    opening_s, ending_s = edges_s
    now, before, weights = rises(power)
    headroom = np.full(count, np.inf) if limit_lu is None else limit_lu - (now - before)
    headroom[:1] = np.inf
    if opening_db >= 0.0 and headroom.min() >= 0.0:
        return nothing
    from scipy import optimize, sparse  # noqa: PLC0415 - a third of a second

    falls = np.where(headroom[1:] < 0.0, LIFT_DB + CUT_DB, RATE_DB)
    step = sparse.diags_array([-1.0, 1.0], offsets=[0, 1], shape=(count - 1, count))
    bound = np.flatnonzero(np.isfinite(headroom))
    lags = range(1, min(len(weights), count))
    parts: Any = [weights[lag, lag:] for lag in lags]
    mean = sparse.diags_array(parts, offsets=[-lag for lag in lags], shape=(count, count))
    rise = (sparse.eye_array(count) - mean).tocsr()[bound]
    slow = sparse.vstack([step, -step])
    excess = sparse.vstack(
        [sparse.csr_array((2 * (count - 1), len(bound))), -sparse.eye_array(len(bound))]
    )
    courses = sparse.vstack([slow, rise])  # of the gain, which is what goes up less what goes down
    lifts, cuts = np.full(count, LIFT_DB), np.zeros(count)
    lifts[:opening_s], cuts[:opening_s] = 0.0, -opening_db
    deepest = np.full(count, max(CUT_DB, -opening_db))
    deepest[max(count - ending_s, 0) :] = 0.0
    least = np.concatenate([nothing, cuts, np.zeros(len(bound))])
    most = np.concatenate([lifts, deepest, np.full(len(bound), np.inf)])
    weighed = sparse.hstack([courses, -courses, excess])
    solve: Any = optimize.linprog  # which the stubs take to be of dense arrays alone
    found = solve(
        np.concatenate([np.ones(2 * count), np.full(len(bound), EXCESS_PRICE)]),
        weighed,
        np.concatenate([np.full(count - 1, RATE_DB), falls, headroom[bound]]),
        bounds=np.stack([least, most], axis=1),
    )
    return nothing if found.x is None else np.asarray(found.x[:count] - found.x[count : 2 * count])


def rises(power: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the loudness of each second and before it, and how much each second before weighs.

    Row n of the weights, shape (1 + BEFORE_S, n), is that of n seconds before. The loudness of a
    sum is convex in the gains of its parts, so that its tangent is below it: what it allows, the
    sum allows too.
    """
    count = len(power)
    floor = loudness.integrated_lufs(np.repeat(power, 10)) + FLOOR_LU
    lags = np.arange(1, BEFORE_S + 1)[:, None]
    places = np.arange(count) - lags
    before = np.where(places >= 0, power[np.maximum(places, 0)], 0.0)
    total = before.sum(axis=0)
    known = np.maximum((places >= 0).sum(axis=0), 1)
    mean = loudness.lufs(total / known)
    weights = np.zeros((1 + BEFORE_S, count))
    np.divide(before, total, out=weights[1:], where=(total > 0.0) & (mean > floor))
    return loudness.lufs(power), np.maximum(mean, floor), weights


def beyond_seconds(power: Floats) -> Floats:
    """Return by how much a second that begins between two whole ones rises further than these.

    For the power of each tenth, shape (n,), one value in LU for each whole second: the most of
    those that begin within it, or of which only the last tenths lie in it and hold nearly all of
    their power.
    """
    sums = np.concatenate(([0.0], np.cumsum(power)))
    starts = np.arange(max(0, len(power) - 9))
    now = sums[starts + 10] - sums[starts]
    first = np.maximum(starts - 10 * BEFORE_S, 0)
    before = (sums[starts] - sums[first]) / np.maximum(starts - first, 1)
    floor = loudness.integrated_lufs(power) + FLOOR_LU
    rise = loudness.lufs(now / 10.0) - np.maximum(loudness.lufs(before), floor)
    seconds = starts // 10
    later = sums[np.minimum(10 * seconds + 10, len(power))] - sums[starts] < ENTERED * now
    seconds = np.minimum(seconds + later, len(power) // 10 - 1)
    further = np.zeros(len(power) // 10)
    known = first + 10 <= starts  # those with a second before them
    np.maximum.at(further, seconds[known], (rise - rise[10 * seconds])[known])
    return further


def course(power: Floats, gains_db: Floats) -> Floats:
    """Return gains of seconds as gains of tenths, for the power of each tenth, shape (n,).

    They are joined by lines, but a fall faster than `RATE_DB` stands where the power rises most, or
    between the seconds where no tenth rises by `DISTINCT_LU`.
    """
    times_s = np.arange(len(gains_db)) + 0.5
    gains: Floats = np.interp((np.arange(len(power)) + 0.5) / 10.0, times_s, gains_db)
    steps_lu = np.diff(loudness.lufs(power), prepend=0.0)
    for second in np.flatnonzero(np.diff(gains_db) < -2.0 * RATE_DB):
        first, end = 10 * second + 5, min(10 * second + 20, len(power))
        entry = first + int(steps_lu[first:end].argmax())
        if steps_lu[entry] < DISTINCT_LU:
            entry = 10 * second + 10
        gains[first:entry], gains[entry:end] = gains_db[second], gains_db[second + 1]
    return gains
