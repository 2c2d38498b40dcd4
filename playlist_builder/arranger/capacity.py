"""How many sessions of a profile some tracks hold without repeats, and what is missing for more.

A condition like Hall's, on energies: for n sessions, the music in any range of energy, widened by
how far sessions stray from the plan, must last n times what plan and tail ask of that range. So n
is the least ratio of the two, and the range where it lies says what is missing. For what phases
with limits ask, only the music within these counts. Copies of a recording count once.

It is an estimate, made before anything is arranged: steps of loudness, artists and whether the
tracks that are left fill a session to its end are not looked at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import floor

import numpy as np

from playlist_builder.arranger import tail
from playlist_builder.arranger.peaks import highest
from playlist_builder.arranger.problem import percentiles_of
from playlist_builder.arranger.recordings import spare_copies
from playlist_builder.arranger.rules import Constraints, admit, within_limits
from playlist_builder.arranger.solver.cost import rescale
from playlist_builder.language.notices import Notice, notice
from playlist_builder.models import STEP_S, Bools, Floats, Ints, Track
from playlist_builder.profiles.profile import Profile
from playlist_builder.tracks.track_table import TrackTable

BINS = 20  # of energy, 0.05 wide
STRAY_BINS = 3  # from the plan, within which a track follows it: 0.15, the error of a poor session


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many sessions some tracks hold, as a ratio, and the range of energy that binds.

    `missing_s` is the music of energies from `low` to `high` that is missing for one session more
    than `count`; they are None where the plan asks for no lower or no higher energy.
    """

    sessions: float
    missing_s: float
    low: float | None
    high: float | None

    @property
    def count(self) -> int:
        """The number of whole sessions."""
        return floor(self.sessions)

    @property
    def notice(self) -> Notice:
        """The estimate for people to read."""
        values = {"count": self.count, "missing_min": max(round(self.missing_s / 60.0), 1)}
        match self.low, self.high:
            case None, None:
                return notice("capacity", **values)
            case None, float(high):
                return notice("capacity_calm", **values, high=high)
            case float(low), None:
                return notice("capacity_peak", **values, low=low)
            case float(low), float(high):
                return notice("capacity_between", **values, low=low, high=high)
        raise AssertionError


def capacity(tracks: Sequence[Track], profile: Profile, constraints: Constraints) -> Capacity:
    """Return how many sessions of a profile some tracks hold; the arguments are those of `budget`.

    A session has its whole tail, and follows the plan within 0.15.
    """
    rules, table, profile = profile.rules, TrackTable.of(tracks), profile.music
    longest_s = min(rules.track_max_s, profile.duration_s + constraints.tolerance_s)
    passed, _ = admit(table, rules, constraints.with_queries(rules), longest_s)
    usable = table.take(passed)
    usable = usable.take(np.delete(np.arange(len(usable)), list(spare_copies(usable))))
    asked_s = _asked(profile, tail.tail_s(profile, rules))
    supply = _Supply.of(usable, profile, percentiles_of(table, constraints.scale))
    held = [
        (supply.seconds(asking, low, high) / asked, asked, low, high)
        for low, high, asking, asked in _ranges(asked_s, supply.is_limited)
    ]
    sessions, asked, low, high = min(held, key=lambda each: (each[0], -each[1]))
    bins = np.flatnonzero(asked_s.any(axis=0))
    return Capacity(
        sessions=sessions,
        missing_s=(floor(sessions) + 1 - sessions) * asked,
        low=low / BINS if low > bins[0] else None,
        high=high / BINS if high <= bins[-1] else None,
    )


def _asked(profile: Profile, tail_s: float) -> Floats:
    """Return the seconds that each phase, and at last the tail, asks for in each bin of energy."""
    times = (np.arange(max(round(profile.duration_s / STEP_S), 1)) + 0.5) * STEP_S
    borders = [phase.start_s for phase in profile.phases[1:]]
    asked_s = np.zeros((len(profile.phases) + 1, BINS))
    phases = np.searchsorted(borders, times, side="right")
    np.add.at(asked_s, (phases, _bins(profile.target(times))), STEP_S)
    level = min(float(profile.target(profile.duration_s)), tail.LEVEL)
    asked_s[-1, _bins(np.array([level]))] += tail_s
    return asked_s


def _bins(levels: Floats) -> Ints:
    return np.minimum((levels * BINS).astype(np.int64), BINS - 1)


def _ranges(asked_s: Floats, is_limited: Bools) -> Iterator[tuple[int, int, Bools, float]]:
    """Yield ranges of bins with the phases that ask for music there, and for how many seconds.

    Those of all phases, and of those with limits; something is asked in the first and last bin.
    """
    for some in (np.ones_like(is_limited), is_limited):
        bins = np.flatnonzero(asked_s[some].any(axis=0)).tolist()
        for low, last in combinations_with_replacement(bins, 2):
            within_s = asked_s[:, low : last + 1].sum(axis=1) * some
            yield low, last + 1, within_s > 0.0, float(within_s.sum())


@dataclass(frozen=True, slots=True, eq=False)
class _Supply:
    """Music by the phases that admit it, one pattern a row, and by energy.

    `below_s` has shape (patterns, BINS + 1): the seconds of each pattern below each edge of a bin.
    `admitting` says of each pattern which phases admit it, `is_limited` which phases have limits
    that any track is beyond.
    """

    admitting: Bools
    below_s: Floats
    is_limited: Bools

    @staticmethod
    def of(tracks: TrackTable, profile: Profile, percentiles: Floats | None) -> "_Supply":
        peaks = highest(tracks, percentiles)
        admitted = np.array(
            [
                within_limits(tracks, phase) & (peaks <= phase.peak_limit)
                for phase in (*profile.phases, tail.PHASE)
            ]
        )
        admitting, pattern = np.unique(admitted.T, axis=0, return_inverse=True)
        levels = rescale(tracks.energy.astype(np.float32), percentiles).astype(np.float64)
        held_s = np.zeros((len(admitting), BINS + 1))
        np.add.at(held_s, (pattern, _bins(levels) + 1), tracks.seconds)
        is_limited = np.asarray(~admitted.all(axis=1))
        return _Supply(admitting, np.cumsum(held_s, axis=1), is_limited)

    def seconds(self, asking: Bools, low: int, high: int) -> float:
        """Return how long the music lasts that some phase admits, near a range of bins."""
        own = self.below_s[(self.admitting & asking).any(axis=1)]
        first, last = max(low - STRAY_BINS, 0), min(high + STRAY_BINS, BINS)
        return float((own[:, last] - own[:, first]).sum())
