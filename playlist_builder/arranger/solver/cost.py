"""What a session costs, as arithmetic on arrays; the reasons for each term stand in `arrange`.

Tracks become `Items`, a profile becomes a `TimeGrid`, and two items have a transition cost.

Time is counted in whole milliseconds, so that sums are exact, and in steps of `STEP_S`: a track
that starts at t ms begins with step `step_at(t)`, the nearest. A track of `steps` whole steps thus
fills `steps` or, if a part of a step is left, perhaps one step more. Costs in
the solver are sums over steps of squared energy; a session reports their mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from playlist_builder.arranger.rules import PHASE_LIMITS, SILENCE_S
from playlist_builder.arranger.solver.styles import Styles
from playlist_builder.models import KEYS, STEP_S, Bools, Floats, Floats32, Ints, Track
from playlist_builder.profiles.profile import Phase, Profile
from playlist_builder.tracks.track_table import TrackTable

Time = TypeVar("Time", int, Ints)

STEP_MS = int(STEP_S * 1000)
DARKEST_HZ = 20.0  # silence has no centroid; nothing audible lies lower
LEVELS = 65535  # energies told apart when they are mapped to the relative scale

ENERGY_JUMP_WEIGHT = 2.0  # steps per squared jump of energy
LOUDNESS_WEIGHT = 0.01  # per squared LU beyond the limit, up to LOUDNESS_KNEE_LU ...
LOUDNESS_KNEE_LU = 6.0  # ... from where it grows as a straight line
TEMPO_WEIGHT = 0.002  # for half an octave, the most that tempos can differ once folded
KEY_WEIGHT = 0.001  # for opposite sides of the circle of fifths
TIMBRE_WEIGHT = 0.001  # per octave of spectral centroid, up to two
SILENCE_WEIGHT = 1.0  # per second of silence from one track to the next beyond the limit
PREFER_WEIGHT = 0.01  # per step of a track that is not preferred
TENSION_WEIGHT = 0.5  # per step of a squared distance of tension from what a phase plans
MOVING_WEIGHT = 0.01  # per step of a track that is not moving at all, where a phase asks for it
END_WEIGHT = 0.01  # per step that the session ends early or late


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """Tracks as arrays of one length n, ordered by `steps`; `order` leads back to the tracks.

    `values` holds all contours one after the other on the session's scale, that of a track
    from `offset` on with `count` values. `opening` and `closing` are energies at the transitions.
    """

    order: Ints
    length_ms: Ints
    steps: Ints
    values: NDArray[np.float32]
    offset: Ints
    count: Ints
    opening: Floats
    closing: Floats
    start_lufs: Floats
    end_lufs: Floats
    lufs: Floats
    opening_lufs: Floats  # as mastered: of the whole, or of its start if that is louder
    lead_s: Floats  # silence before the first sound, ...
    trail_s: Floats  # ... and after the last
    octave: Floats  # log2 of the tempo in BPM
    tempo_confidence: Floats
    fifth: Ints  # place on the circle of fifths
    key_confidence: Floats
    brightness: Floats  # log2 of the spectral centroid in Hz
    limited: Floats  # the columns of PHASE_LIMITS, shape (n, limits); NaN is within all of them
    is_free: Bools  # from all limits of phases
    styles: Styles
    step_price: Floats  # per step in each phase beside that of energy, shape (n, phases)

    def take(self, index: Ints) -> "Items":
        """Return the items at some places; the contours stay shared."""
        columns = {name: getattr(self, name)[index] for name in self.__slots__ if name != "values"}
        return Items(values=self.values, **columns)

    def unlimited(self, index: Ints) -> "Items":
        """Return all items, those at some places free from the limits of phases."""
        return replace(self, is_free=self.is_free | np.isin(np.arange(len(self.steps)), index))

    def levelled(self) -> "Items":
        """Return all items as a player plays them that makes them equally loud as a whole."""
        start_lufs, end_lufs = self.start_lufs - self.lufs, self.end_lufs - self.lufs
        return replace(self, start_lufs=start_lufs, end_lufs=end_lufs, lufs=0.0 * self.lufs)

    def contour(self, item: int, steps: int) -> Floats:
        """Return the energies of one item where it fills so many steps."""
        places = self.contour_index(np.array([item]), steps)[0]
        return np.asarray(self.values[places], np.float64)

    def contour_index(self, index: Ints, width: int) -> Ints:
        """Return places in `values`, shape (len(index), width); a short contour holds its end."""
        inside = np.minimum(np.arange(width), self.count[index, None] - 1)
        return self.offset[index, None] + inside

    def transition_cost(self, left: Ints, right: Ints, loudness_jump_lu: float) -> Floats:
        """Return the price of passing from items `left` to items `right`, which broadcast."""
        jump = self.opening[right] - self.closing[left]
        beyond = self.start_lufs[right] - self.end_lufs[left] - loudness_jump_lu
        octave = np.abs(self.octave[right] - self.octave[left]) % 1.0
        folded = np.minimum(octave, 1.0 - octave) * 2.0
        sure = self.tempo_confidence[right] * self.tempo_confidence[left]
        fifth = np.abs(self.fifth[right] - self.fifth[left])
        circle = np.minimum(fifth, 12 - fifth) / 6.0
        keyed = self.key_confidence[right] * self.key_confidence[left]
        colour = np.abs(self.brightness[right] - self.brightness[left])
        silent_s = self.trail_s[left] + self.lead_s[right]
        price: Floats = (
            ENERGY_JUMP_WEIGHT * jump**2
            + loudness_price(beyond)
            + TEMPO_WEIGHT * folded * sure
            + KEY_WEIGHT * circle * keyed
            + TIMBRE_WEIGHT * np.minimum(colour, 2.0)
            + SILENCE_WEIGHT * np.maximum(silent_s - SILENCE_S, 0.0)
            + self.styles.price(left, right)
        )
        return price


@dataclass(frozen=True, slots=True, eq=False)
class TimeGrid:
    """A profile in steps; arrays reach past the last possible end.

    `target` is the planned energy of each step, `phase` its phase, as a row of `limits`, which has
    the columns of PHASE_LIMITS. `peaks` is the most energy of a step in each phase, on the scale
    of the contours. `horizon` is the last step in which a session may end. No track that is louder
    than `opening_lufs` begins the session. Of `joins` each is a first and a last step, in one of
    which a track has to end.
    """

    target: Floats
    phase: Ints
    limits: Floats
    peaks: Floats32
    asked_ms: int
    tolerance_ms: int
    horizon: int
    loudness_jump_lu: float
    opening_lufs: float = np.inf
    joins: tuple[tuple[int, int], ...] = ()

    @property
    def asked_steps(self) -> int:
        """The step in which the session should end."""
        return step_at(self.asked_ms)

    def ending(self, steps: Ints) -> Floats:
        """Return the price of ending in a step, infinite where no session may end."""
        first = step_at(max(self.asked_ms - self.tolerance_ms, 0))
        price = END_WEIGHT * np.abs(steps - self.asked_steps).astype(np.float64)
        return np.where((steps >= first) & (steps <= self.horizon), price, np.inf)

    def forbids(self, items: Items, index: Ints) -> Bools:
        """Return where the limits of a phase keep an item out; shape (len(index), phases)."""
        kept_out = np.zeros((len(index), len(self.limits)), np.bool_)
        for values, most in zip(items.limited[index].T, self.limits.T, strict=True):
            kept_out |= values[:, None] > most
        return kept_out & ~items.is_free[index, None]


@dataclass(frozen=True, slots=True)
class FixedItem:
    """A pinned item of `steps` whole steps: when it may start, and its place.

    `place` counts from 1, or from the end as -1, -2, ...; 0 stands for any place.
    """

    item: int
    steps: int
    earliest_ms: int = 0
    latest_ms: int = 2**62
    place: int = 0

    def near(self, start_ms: int, tolerance_s: float) -> "FixedItem":
        """Return the item with a start at most the tolerance before or after a time."""
        slack_ms = round(tolerance_s * 1000)
        return replace(self, earliest_ms=max(start_ms - slack_ms, 0), latest_ms=start_ms + slack_ms)


def step_at(time_ms: Time) -> Time:
    """Return the step that begins nearest to a time, or to each of several."""
    return (time_ms + STEP_MS // 2) // STEP_MS


def time_grid(
    profile: Profile,
    tolerance_s: float,
    longest_s: float,
    loudness_jump_lu: float,
    span_ms: tuple[int, int] | None = None,
) -> TimeGrid:
    """Return a profile in steps, with space for a track of `longest_s` after the last end.

    With `span_ms` that part of it, which begins with a step.
    """
    first_ms, last_ms = span_ms or (0, round(profile.duration_s * 1000))
    asked_ms, tolerance_ms = last_ms - first_ms, round(tolerance_s * 1000)
    horizon = step_at(asked_ms + tolerance_ms)
    middles = np.arange(horizon + int(longest_s // STEP_S) + 3) + 0.5
    middles = (middles + first_ms // STEP_MS) * STEP_S
    borders = np.array([phase.start_s for phase in profile.phases[1:]])
    return TimeGrid(
        target=profile.target(middles),
        phase=np.searchsorted(borders, middles, side="right"),
        limits=np.array([[limit.most(each) for limit in PHASE_LIMITS] for each in profile.phases]),
        peaks=peaks_of(profile.phases),
        asked_ms=asked_ms,
        tolerance_ms=tolerance_ms,
        horizon=horizon,
        loudness_jump_lu=loudness_jump_lu,
    )


def peaks_of(phases: Sequence[Phase]) -> Floats32:
    """Return the most energy of any moment in each phase, as precise as contours are."""
    return np.array([phase.peak_limit for phase in phases], np.float32)


def percentile_table(energies: Floats) -> Floats:
    """Return the table that maps energy k / LEVELS to its percentile among `energies`.

    The percentile is the straight-line distribution function through the energies (equal ones
    share their middle rank), which also passes through (0, 0) and (1, 1).
    """
    values, counts = np.unique(np.clip(energies, 0.0, 1.0), return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2.0) / len(energies)
    if values[0] > 0.0:
        values, ranks = np.append(0.0, values), np.append(0.0, ranks)
    if values[-1] < 1.0:
        values, ranks = np.append(values, 1.0), np.append(ranks, 1.0)
    return np.interp(np.arange(LEVELS + 1) / LEVELS, values, ranks)


def rescale(values: NDArray[np.float32], percentiles: Floats | None) -> NDArray[np.float32]:
    """Return energies clipped to 0..1 and, with a `percentile_table`, as percentiles."""
    clipped = np.clip(values, 0.0, 1.0)
    if percentiles is None:
        return clipped
    places = (clipped * LEVELS + 0.5).astype(np.uint16)
    return percentiles.astype(np.float32)[places]


_RELATIVE = {"major": 0, "minor": 3}  # a minor key stands with its relative major
FIFTHS = np.array(  # the place of each of KEYS on the circle of fifths; the last stands for no key
    [7 * (place % 12 + _RELATIVE[key.split()[1]]) % 12 for place, key in enumerate(KEYS)] + [-1]
)


def items_of(
    tracks: Sequence[Track],
    percentiles: Floats | None,
    step_price: Floats,
    ranks: Ints,
    *,
    cohesion: float = 0.0,
) -> Items:
    """Return tracks as arrays, ordered by whole steps and then by rank.

    `cohesion` is the price of a step of style from one to the next (see `styles`).
    """
    table = TrackTable.of(tracks)
    measured = table.measured
    values, offset, count = table.contours()
    values = rescale(values, percentiles)
    length_ms = np.rint(measured("duration_s") * 1000.0).astype(np.int64)
    steps = length_ms // STEP_MS
    last = offset + np.clip(steps, 1, count) - 1  # the last whole step: a rest may be all silence
    lufs, start_lufs = measured("loudness_lufs"), measured("start_loudness_lufs")
    tempo, centroid = measured("tempo_bpm"), measured("spectral_centroid_hz")
    fifth = FIFTHS[measured("key").astype(np.int64)]
    result = Items(
        order=np.arange(len(table)),
        length_ms=length_ms,
        steps=steps,
        values=values,
        offset=offset,
        count=count,
        opening=values[offset].astype(np.float64),
        closing=values[last].astype(np.float64),
        start_lufs=start_lufs,
        end_lufs=measured("end_loudness_lufs"),
        lufs=lufs,
        opening_lufs=np.maximum(lufs, start_lufs),
        lead_s=measured("leading_silence_s"),
        trail_s=measured("trailing_silence_s"),
        octave=np.log2(np.maximum(tempo, 1.0)),
        tempo_confidence=np.where(tempo > 0.0, np.clip(measured("tempo_confidence"), 0, 1), 0.0),
        fifth=fifth,
        key_confidence=np.where(fifth >= 0, np.clip(measured("key_confidence"), 0, 1), 0.0),
        brightness=np.log2(np.maximum(centroid, DARKEST_HZ)),
        limited=np.stack([limit.of(table) for limit in PHASE_LIMITS], axis=1),
        is_free=np.zeros(len(table), np.bool_),
        styles=Styles(table, cohesion),
        step_price=step_price,
    )
    return result.take(np.lexsort((ranks, steps)))


def tension_prices(tension: Floats, phases: Sequence[Phase]) -> Floats:
    """Return the price per step of tracks of these tensions in each phase, shape (n, phases).

    It is 0 within what the phase plans, where it plans nothing, and where the tension is NaN.
    """
    low, high = np.array([phase.tension or (0.0, 1.0) for phase in phases]).T
    outside: Floats = np.maximum(low - tension[:, None], tension[:, None] - high)
    return np.nan_to_num(TENSION_WEIGHT * np.maximum(outside, 0.0) ** 2)


def moving_prices(moving: Floats, phases: Sequence[Phase]) -> Floats:
    """Return the price per step of tracks that are so moving in each phase, shape (n, phases).

    It is 0 where the phase does not ask for moving tracks, and where it is not known (NaN).
    """
    asked = np.array([phase.moving for phase in phases], np.float64)
    unmoved = 1.0 - np.clip(moving, 0.0, 1.0)
    return np.nan_to_num(MOVING_WEIGHT * unmoved[:, None] * asked)


def loudness_price(beyond_lu: Floats) -> Floats:
    """Return the price of loudness that rises by so many LU beyond the limit."""
    rise = np.maximum(beyond_lu, 0.0)
    gentle = np.minimum(rise, LOUDNESS_KNEE_LU)
    return np.asarray(LOUDNESS_WEIGHT * gentle * (2.0 * rise - gentle))
