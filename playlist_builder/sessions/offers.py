"""What may stand in for works that the user does not have: the nearest tracks, all at once.

A track costs the sum of squares of how far it lies from a work, each in units that a listener
notices: in the course of its energy, in tension, style and length, with a price for what the phase
does not allow. What a list does not tell is taken from the works before and behind (style), and
from these and the plan (energy). Tracks are assigned so that the sum of all costs is least, each
once: one after the other, an early work would take the track that a later one needs more. Then some
are exchanged so that their lengths even out, and what follows begins when the list has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from playlist_builder.arranger.problem import Objective
from playlist_builder.arranger.rules import within_limits
from playlist_builder.arranger.solver.cost import rescale
from playlist_builder.models import STYLE_SIZE, Bools, Floats, Floats32, Ints, Track
from playlist_builder.playlists.listed import ListedWork
from playlist_builder.profiles.profile import Phase
from playlist_builder.sessions.work_names import artist_names
from playlist_builder.tracks.track_table import TrackTable
from playlist_builder.tracks.works import QUARTERS, style_of

# Differences that cost as much as each other: design judgement, checked by resolve_lists.py.
ENERGY, TENSION, STYLE, OCTAVES = 0.08, 0.15, 0.25, 0.35
AROUND = 0.5  # of an energy that is not told, how much the works around it count beside the plan
UNKNOWN_STYLE = 0.5  # how far a track of unknown style counts to be from any
SAME_ARTIST = 0.1  # how far one by the artist of a work counts to be, where styles are not known
BEYOND = 9.0  # the price for what the phase does not allow
NAMED = 4.0  # what a track of the very name is preferred by
RIVALS = 20_000  # tracks that are assigned at most, shared among the works
SHOWN = 3  # tracks of an offer
CHOICE = 40  # tracks at least among which each work is to find its own
DRIFT_S = 120.0  # how late or early what follows a work may begin for a price of 1
PASSES = 5  # over all works, to bring what follows nearer to its time


@dataclass(frozen=True, slots=True)
class Offer:
    """What plays in place of a work that the user does not have: number from 1, the best first.

    The first of the `tracks` is in the session; there is none where the library holds no more.
    """

    number: int
    work: ListedWork
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What is known of n works that are missing, for comparing: NaN where it is not known.

    `contour` has shape (n, QUARTERS), on the absolute scale where `is_absolute`, else on that of
    the session; `style` has shape (n, STYLE_SIZE), and is that of the neighbours unless it
    `is_told`. `alike` holds the tracks that have the very name of each.
    """

    contour: Floats
    is_absolute: Bools
    tension: Floats
    style: Floats32
    is_told: Bools
    seconds: Floats
    phases: Sequence[Phase]
    artists: Sequence[frozenset[frozenset[str]]]
    alike: Sequence[Sequence[int]]


def nearest(wanted: Wanted, pool: TrackTable, objective: Objective) -> list[list[int]]:
    """Return for each work that is wanted places of the pool, its own first, then runners-up.

    A place is the first of one work only; a work gets none where the pool is used up.
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - a fifth of a second

    count = len(wanted.seconds)
    if not count or not len(pool):
        return [[] for _ in range(count)]
    costs = _Costs(wanted, pool, objective)
    most = min(len(pool), max(CHOICE, min(count, RIVALS // count + 1)) + SHOWN)
    best = [_lowest(costs.of(row), most) for row in range(count)]
    places = np.unique(np.concatenate(best))
    matrix = np.stack([costs.of(row)[places] for row in range(count)])
    rows, columns = linear_sum_assignment(matrix)
    seconds = pool.seconds[places]
    late_s = np.where(
        np.isnan(wanted.seconds[rows, None]), 0.0, seconds - wanted.seconds[rows, None]
    )
    columns = _on_time(matrix[rows], late_s, columns)
    first = dict(zip(rows.tolist(), places[columns].tolist(), strict=True))
    taken = set(first.values())
    return [
        [first[row], *[place for place in best[row].tolist() if place not in taken][: SHOWN - 1]]
        if row in first
        else []
        for row in range(count)
    ]


def _on_time(costs: Floats, late_s: Floats, columns: Ints) -> Ints:
    """Return the columns that rows take where what follows each is to begin at its time.

    `costs` and `late_s` have shape (rows, columns): what a track costs in a place, and by how much
    it is longer than the work. To the costs comes the square of how late all that play so far make
    what follows. One row after the other takes the column that is best while the others stay.
    """
    own, rows = columns.copy(), np.arange(len(columns))
    late = np.cumsum(late_s[rows, own])
    for _ in range(PASSES):
        before = own.copy()
        for row in rows.tolist():
            longer = late_s[row] - late_s[row, own[row]]
            change = 2.0 * longer * late[row:].sum() + longer**2 * (len(rows) - row)
            total = costs[row] + change / DRIFT_S**2
            now = own[row]
            total[np.delete(own, row)] = np.inf
            best = int(total.argmin())
            if total[best] < total[now]:
                late[row:] += longer[best]
                own[row] = best
        if (own == before).all():
            break
    return own


def _lowest(costs: Floats, most: int) -> Ints:
    """Return the places of the lowest costs, the lowest first."""
    some = np.argpartition(costs, most - 1)[:most]
    return np.asarray(some[np.lexsort((some, costs[some]))], np.int64)


class _Costs:
    """What the tracks of a pool cost in the place of each work."""

    def __init__(self, wanted: Wanted, pool: TrackTable, objective: Objective) -> None:
        self._wanted, self._pool = wanted, pool
        self._absolute = quarters_of(pool)
        relative = rescale(self._absolute.astype(np.float32), objective.percentiles)
        self._scaled = relative.astype(np.float64)
        self._styles = _unit(pool.style)
        self._octaves = np.log2(np.maximum(pool.seconds, 1.0))
        self._beyond: dict[str, Bools] = {}
        self._artists: list[frozenset[frozenset[str]]] | None = None

    def of(self, row: int) -> Floats:
        """Return the cost of every track in the place of one work."""
        wanted = self._wanted
        own = self._absolute if wanted.is_absolute[row] else self._scaled
        costs = ((own - wanted.contour[row]) ** 2).mean(axis=1) / ENERGY**2
        tense = (self._pool.tension - wanted.tension[row]) / TENSION
        costs += np.where(np.isnan(tense), 0.0 if np.isnan(wanted.tension[row]) else 1.0, tense**2)
        costs += (self._style(row) / STYLE) ** 2
        if not np.isnan(wanted.seconds[row]):
            costs += ((self._octaves - np.log2(max(wanted.seconds[row], 1.0))) / OCTAVES) ** 2
        costs += BEYOND * ~self._within(wanted.phases[row])
        costs[list(wanted.alike[row])] -= NAMED
        return np.asarray(costs)

    def _style(self, row: int) -> Floats:
        """Return how far the style of each track is from that of a work.

        Where that is not told, one by its artist is near, and its neighbours' count half.
        """
        far = 1.0 - self._styles @ self._wanted.style[row]
        far = np.where(np.isnan(far), UNKNOWN_STYLE, far.astype(np.float64))
        if self._wanted.is_told[row]:
            return far
        far, by = far / 2.0, self._wanted.artists[row]
        if by:
            same = np.array([bool(by & own) for own in self._known_artists()], np.bool_)
            far[same] = np.minimum(far[same], SAME_ARTIST)
        return far

    def _known_artists(self) -> list[frozenset[frozenset[str]]]:
        if self._artists is None:
            self._artists = [artist_names(*names) for (names,) in self._pool.tags("artists")]
        return self._artists

    def _within(self, phase: Phase) -> Bools:
        if phase.name not in self._beyond:
            self._beyond[phase.name] = within_limits(self._pool, phase)
        return self._beyond[phase.name]


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """The works of a list, the user's own tracks of some by their places, and those `missing`.

    `alike` holds for each that is missing places of the pool whose tracks have its very name.
    `scale` is that of the energies that the list tells.
    """

    works: Sequence[ListedWork]
    own: Mapping[int, Track]
    missing: Sequence[int]
    alike: Sequence[Sequence[int]]
    scale: str


def wanted_of(gaps: Gaps, objective: Objective) -> Wanted:
    """Return what is known of the works of a list that are missing."""
    works, missing = gaps.works, gaps.missing
    starts_s, lengths_s = _times(works, gaps.own)
    profile = objective.music.scaled(max(float(lengths_s.sum()), 1.0))
    middles_s = starts_s + lengths_s / 2.0
    around = _between(gaps.own, middles_s, objective)
    rows = []
    for place in missing:
        planned = profile.target(starts_s[place] + _middles(float(lengths_s[place])))
        level = around[place] if len(gaps.own) else planned
        guess = (1.0 - AROUND) * planned + AROUND * level
        rows.append(_energy(works[place], gaps.scale, guess))
    styles = [_style(works, place, gaps.own) for place in missing]
    return Wanted(
        contour=np.array([contour for contour, _ in rows]).reshape(-1, QUARTERS),
        is_absolute=np.array([is_absolute for _, is_absolute in rows], np.bool_),
        tension=np.array([_or_nan(works[place].tension) for place in missing]),
        style=np.array(styles, np.float32).reshape(-1, STYLE_SIZE),
        is_told=np.array([bool(works[place].work.style) for place in missing], np.bool_),
        seconds=np.array([_or_nan(works[place].duration_s) for place in missing]),
        phases=[profile.phase_at(float(middles_s[place])) for place in missing],
        artists=[artist_names(works[place].artist) for place in missing],
        alike=gaps.alike,
    )


def quarters_of(table: TrackTable) -> Floats:
    """Return the mean energy in each quarter of the tracks, shape (n, QUARTERS)."""
    values, begins, counts = table.contours()
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    steps = np.arange(len(sums), dtype=np.float64)
    borders = begins[:, None] + counts[:, None] * np.linspace(0.0, 1.0, QUARTERS + 1)
    inside = np.diff(np.interp(borders, steps, sums), axis=1)
    return np.asarray(inside * QUARTERS / counts[:, None])


def _times(works: Sequence[ListedWork], own: Mapping[int, Track]) -> tuple[Floats, Floats]:
    """Return when each work starts and how long it lasts; where unknown as long as the median."""
    known = [
        own[place].duration_s if place in own else _or_nan(work.duration_s)
        for place, work in enumerate(works)
    ]
    lengths_s = np.array(known)
    usual_s = 300.0 if np.isnan(lengths_s).all() else float(np.nanmedian(lengths_s))
    lengths_s = np.where(np.isnan(lengths_s), usual_s, lengths_s)
    return np.cumsum(lengths_s) - lengths_s, lengths_s


def _between(own: Mapping[int, Track], middles_s: Floats, objective: Objective) -> Floats:
    """Return for each place the energy between those of the user's own tracks around it.

    It is on the scale of the session, and 0 where there are none.
    """
    places = sorted(own)
    levels = np.array([own[place].energy for place in places], np.float32)
    if not places:
        return np.zeros(len(middles_s))
    return np.interp(middles_s, middles_s[places], rescale(levels, objective.percentiles))


def _middles(length_s: float) -> Floats:
    return np.asarray((np.arange(QUARTERS) + 0.5) / QUARTERS * length_s)


def _energy(work: ListedWork, scale: str, planned: Floats) -> tuple[Floats, bool]:
    """Return the course of the energy of a work, and whether it is absolute."""
    if work.work.contour:
        return np.array(work.work.contour), True
    if work.work.energy is not None:
        return np.full(QUARTERS, work.work.energy), True
    if work.energy is not None:
        return np.full(QUARTERS, work.energy), scale == "absolute"
    return planned, False


def _style(works: Sequence[ListedWork], place: int, own: Mapping[int, Track]) -> Floats32:
    """Return the style of a work, or the mean of its neighbours' where it is not told."""
    told = style_of(works[place].work.style)
    if told is not None:
        return told
    known = {other: track.style for other, track in own.items() if track.style is not None}
    before = max((other for other in known if other < place), default=None)
    behind = min((other for other in known if other > place), default=None)
    near = [known[other] for other in (before, behind) if other is not None]
    return _unit(np.sum(near, axis=0)[None])[0] if near else np.full(STYLE_SIZE, np.nan, np.float32)


def _unit(rows: Floats32) -> Floats32:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, np.finfo(np.float32).tiny))


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
