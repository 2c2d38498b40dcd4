"""Levels of the tracks of a mix -> the gain of each, and where it changes within one. Pure.

Each track has the loudness that the plan has where it plays, or as near to it as the limit on rises
between neighbours allows. All lengths are counted in frames (`levels.FRAMES_PER_S`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from playlist_builder.analysis import loudness
from playlist_builder.models import SILENCE_LUFS, Floats, Floats32, Slot
from playlist_builder.profiles.profile import Profile, Rules
from playlist_builder.recording.levels import BLOCKS_PER_S, FRAMES_PER_S, Levels
from playlist_builder.recording.ride import BEFORE_S, CUT_DB, RATE_DB, beyond_seconds, course, ride

EDGE_S = 10.0  # passages before and after a transition whose loudness is compared
JOIN_S = 3.0  # the same, within which a rise startles
FADED_LU = 6.0  # by which music has become softer there that fades by itself
JUMP_MARGIN_LU = 0.2  # the power of a sum of two tracks is not exactly the sum of their powers
UNBOUNDED_DB = 60.0  # limit of a rise of gain without other limits: more than any master needs
CALM_RISE_LU = 6.0  # of a second over the ten before it within a calm track, where gains may move
SPARE_S = 2  # in which a gain that climbs between two joins may round
PER_BLOCK = FRAMES_PER_S // BLOCKS_PER_S
RAMP_S = 0.01  # from the gain of one block to that of the next: no click, and no late fall
PEAK_LIMIT_DBTP = -1.0  # EBU R 128
LOSSLESS_MARGIN_DB = 0.05  # for dither
LOSSY_MARGIN_DB = 0.5  # for the overshoot of an encoder
FIXED = 10**15  # weight of a gain that cannot change: more than the frames of any track
WHOLE = slice(None)
_EDGE = round(EDGE_S * BLOCKS_PER_S)
_JOIN = round(JOIN_S * BLOCKS_PER_S)
_LIMIT_MARGIN_LU = 0.3  # tenths of a second lie between the seconds that are compared


@dataclass(frozen=True, slots=True, eq=False)
class Gain:
    """The gain of a track in dB; `course` adds to it, one value a block of the whole track."""

    gain_db: float
    course: Floats | None = None


def arranged_gains(  # noqa: PLR0913 - of tracks, what is known and what is wanted
    slots: Sequence[Slot],
    found: Sequence[Levels],
    overlaps: Sequence[int],
    profile: Profile | None,
    *,
    riding: Sequence[bool],
    fixed_db: Sequence[float] = (),
) -> list[Gain]:
    """Return the gain of each track, for the frames by which neighbours overlap.

    The first ones have gains that are fixed, if any. A track with `riding` that has to begin softer
    climbs, instead of staying softer, and in a calm phase it keeps `CALM_RISE_LU` within.
    """
    limit_lu = (profile.rules if profile is not None else Rules()).loudness_step_lu - JUMP_MARGIN_LU
    rises_db = [
        allowed_rise_db(left, right, overlap, limit_lu)
        for (left, right), overlap in zip(pairwise(found), overlaps, strict=True)
    ]
    wanted_db = _wanted_db(slots, found, profile)
    lengths = [each.end - each.start for each in found]
    joins_s = [0, *(-(-each // FRAMES_PER_S) + round(EDGE_S) for each in overlaps), 0]
    edges_s = list(pairwise(joins_s))
    climbs_db = [
        min(CUT_DB, RATE_DB * max(0, length // FRAMES_PER_S - sum(edges) - SPARE_S)) * is_riding
        for length, edges, is_riding in zip(lengths, edges_s, riding, strict=True)
    ]
    first = max(len(fixed_db) - 1, 0)
    wanted_db[: len(fixed_db)] = fixed_db
    weights = [FIXED if place < len(fixed_db) else length for place, length in enumerate(lengths)]
    free_db = gains(wanted_db[first:], np.add(rises_db, climbs_db[1:])[first:], weights[first:])
    gains_db = [*fixed_db[:first], *free_db]
    openings_db = [0.0, *np.minimum(np.subtract(rises_db, np.diff(gains_db)), 0.0).tolist()]
    limits_lu = [limit_within_lu(slot, profile) for slot in slots]
    parts = zip(riding, gains_db, found, limits_lu, openings_db, edges_s, strict=True)
    return [
        Gain(gain_db, course_of(*each) if is_riding else None)
        for is_riding, gain_db, *each in parts
    ]


def _wanted_db(
    slots: Sequence[Slot], found: Sequence[Levels], profile: Profile | None
) -> list[float]:
    """Return the gains by which all tracks are as loud as the plan, where each of them plays."""
    middles_s = [(slot.start_s + slot.end_s) / 2.0 for slot in slots]
    arc = np.zeros(len(slots)) if profile is None else profile.loudness_lu(middles_s)
    own = [loudness.integrated_lufs(blocks(each.k_power, each.start, each.end)) for each in found]
    return [lu - max(lufs, SILENCE_LUFS) for lu, lufs in zip(arc.tolist(), own, strict=True)]


def course_of(
    levels: Levels, limit_lu: float | None, opening_db: float, edges_s: tuple[int, int]
) -> Floats | None:
    """Return how the gain of a track moves, or None where it stays; see `ride`."""
    power = blocks(levels.k_power, levels.start, levels.end)
    seconds = power[: len(power) // BLOCKS_PER_S * BLOCKS_PER_S].reshape(-1, BLOCKS_PER_S)
    if len(seconds) <= BEFORE_S:
        return None
    limits_lu = None if limit_lu is None else limit_lu - beyond_seconds(power)
    moves = ride(seconds.mean(axis=1), limits_lu, opening_db=opening_db, edges_s=edges_s)
    if not moves.any():
        return None
    whole = np.zeros(len(levels.k_power))
    first = levels.start // PER_BLOCK
    whole[first : first + len(power)] = course(power, moves)
    return whole


def limit_within_lu(slot: Slot, profile: Profile | None) -> float | None:
    """Return by how much a second of a slot may rise over those before it; None for no limit."""
    return CALM_RISE_LU - _LIMIT_MARGIN_LU if is_calm(slot, profile) else None


def moving_gains(course: Floats, start: int, count: int, rate_hz: int) -> Floats32:
    """Return the gains of samples of a track from `start` on by its course, shape (count,)."""
    length = rate_hz / BLOCKS_PER_S
    first, last = int(start // length), int((start + count) // length)
    own = course[np.clip(np.arange(first - 1, last + 2), 0, len(course) - 1)]
    borders = (first - 1 + np.arange(len(own) + 1)) * length
    ramp = RAMP_S * rate_hz / 2.0
    knots = np.stack([borders[:-1] + ramp, borders[1:] - ramp], axis=1).ravel()
    gains_db = np.interp(start + np.arange(count), knots, np.repeat(own, 2))
    return (10.0 ** (gains_db / 20.0)).astype(np.float32)


def is_calm(slot: Slot, profile: Profile | None) -> bool:
    """Whether a slot plays in a calm phase, or in none, as a tail does."""
    if profile is None:
        return False
    return next((each.is_calm for each in profile.phases if each.name == slot.phase), True)


def allowed_rise_db(left: Levels, right: Levels, overlap: int, limit_lu: float) -> float:
    """Return by how much the gain of `right` may exceed that of `left`, in dB.

    The mean power of `EDGE_S` after a transition is then at most `limit_lu` above that of `EDGE_S`
    before it. Three pairs are compared: before the start of the overlap with after its start and
    with after its end, and before with after its middle. So is `JOIN_S` before its start with as
    much after its end, but behind music that has faded by itself. With x the ratio of the powers of
    the gains, each condition is linear: a + x b <= r (c + x d). Where `left` alone exceeds the
    limit, which no gain can change, the condition is x b <= r (c + x d).
    """
    count = round(overlap / PER_BLOCK)
    out, into = crossfade(count)
    edge = _EDGE + 1  # the blocks of the mix may be one off those of a track
    going = _filled(blocks(left.k_power, left.start, left.end)[::-1], edge + count)[::-1]
    coming = _filled(blocks(right.k_power, right.start, right.end), edge + count)
    silence = np.zeros(edge)
    going = np.concatenate((going[:edge], going[edge:] * out**2, silence))
    coming = np.concatenate((silence, coming[:count] * into**2, coming[count:]))
    ratio = 10.0 ** (limit_lu / 10.0)
    floor = 10.0 ** ((SILENCE_LUFS - loudness.OFFSET_LUFS) / 10.0)
    start, middle, end = edge, edge + count // 2, edge + count
    highest = 10.0 ** (UNBOUNDED_DB / 10.0)
    short = [(start, end, _JOIN)] if has_not_faded(going[:start]) else []
    long = [(start, start, _EDGE), (middle, middle, _EDGE), (start, end, _EDGE)]
    for before, after, length in (*long, *short):
        a, b = (
            max(each[after + off : after + off + length].mean() for off in (-1, 0, 1))
            for each in (going, coming)
        )
        c, d = (
            min(each[before - off - length : before - off].mean() for off in (0, 1))
            for each in (going, coming)
        )
        headroom, slope = ratio * max(c, floor), b - ratio * d
        if slope > 0.0:
            highest = min(highest, (headroom - a if headroom > a else headroom) / slope)
    return float(10.0 * np.log10(highest))


def has_not_faded(power: Floats) -> bool:
    """Whether the last `JOIN_S` of music, shape (n,), are about as loud as the last `EDGE_S`."""
    last, whole = power[-_JOIN:].mean(), power[-_EDGE:].mean()
    return bool(last * 10.0 ** (FADED_LU / 10.0) >= whole)


def _filled(power: Floats, count: int) -> Floats:
    """Return the first `count` blocks of power; a shorter track is extended by its mean."""
    missing = np.full(max(0, count - len(power)), power.mean())
    return np.concatenate((power[:count], missing))


def gains(
    wanted_db: Sequence[float], rises_db: Sequence[float] | Floats, lengths: Sequence[int]
) -> list[float]:
    """Return the gains in dB that respect `rises_db` and are nearest to those wanted.

    Nearest by least squares weighted by length. `rises_db` limit by how much each gain may exceed
    the one before. Minus their cumulative sums, the gains are a non-increasing sequence: isotonic
    regression, solved exactly by pooling adjacent violators (Ayer et al. 1955).
    """
    sums = np.concatenate(([0.0], np.cumsum(rises_db)))
    pools: list[tuple[float, float, int]] = []
    for level, length in zip(np.asarray(wanted_db) - sums, lengths, strict=True):
        value, weight, count = float(level), float(length), 1
        while pools and pools[-1][0] < value:
            before, heavy, many = pools.pop()
            value = (before * heavy + value * weight) / (heavy + weight)
            weight, count = heavy + weight, many + count
        pools.append((value, weight, count))
    fitted = np.repeat([pool[0] for pool in pools], [pool[2] for pool in pools])
    return [float(gain) for gain in fitted + sums]


def crossfade(length: int, part: slice = WHOLE) -> tuple[Floats32, Floats32]:
    """Return the gains (length,) of the outgoing and the incoming track, of equal power.

    With `part` only these of them.
    """
    angle = (np.arange(*part.indices(length)) + 0.5) * (np.pi / 2.0 / max(1, length))
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def blocks(values: Floats, start: int, end: int) -> Floats:
    """Return the blocks that hold the frames from `start` to `end`."""
    return values[start // PER_BLOCK : -(-end // PER_BLOCK)]


def with_neighbours(values: Floats) -> Floats:
    """Return the largest of each value and those beside it."""
    beside = np.maximum(np.append(values[1:], 0.0), np.insert(values[:-1], 0, 0.0))
    return np.asarray(np.maximum(values, beside))
