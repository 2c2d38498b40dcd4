"""One block of a menu: the best music for a part of a profile, between borders that hold for all.

At each border between two parts one level of loudness is chosen. What plays before it ends at least
that loud, and what plays behind begins louder by no more than a step, so that any two blocks follow
each other. Both are as energetic at the border as the plan is there, by the price of a jump.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from playlist_builder.arranger import opening, result
from playlist_builder.arranger.guards import guarded
from playlist_builder.arranger.parts import Part
from playlist_builder.arranger.problem import Objective, Problem, Window
from playlist_builder.arranger.relax import relaxations
from playlist_builder.arranger.solver.cost import STEP_MS, FixedItem, Items, rescale, step_at
from playlist_builder.errors import ArrangeError
from playlist_builder.models import AUDIBLE_LU, STEP_S, STYLE_SIZE, Tags, Track
from playlist_builder.profiles.rests import Rest, placed, with_rests
from playlist_builder.tracks.artists import artists
from playlist_builder.tracks.track_table import TrackTable

BEFORE, AFTER = "before the block", "after the block"  # identities of what stands for neighbours
REPAIRS = 12  # searches at most, each without the tracks at whose seams the one before failed
NEAR, NEAR_SHARE = 40, 0.25  # tracks nearest to the plan at a border, by which its loudness is set


@dataclass(frozen=True, slots=True)
class Border:
    """A time between two parts, the energy planned there, and how loud a block ends at least."""

    at_s: float
    energy: float
    lufs: float


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Tracks that fill a part in their order; `error` is a sum over steps of squared distances.

    `lifted` counts the relaxations that were tried before one helped.
    """

    order: result.Order
    error: float
    lifted: int

    @property
    def identities(self) -> list[str]:
        """The identities of the tracks."""
        return [track.identity for track in self.order.tracks]

    @property
    def length_ms(self) -> int:
        """How long it plays."""
        return self.order.ends_ms[-1] - self.order.start_ms

    @property
    def by_artist(self) -> Counter[str]:
        """How many of its tracks are by each artist."""
        return Counter(name for track in self.order.tracks for name in artists(track))

    @property
    def worth(self) -> tuple[int, float]:
        """The less the better."""
        return self.lifted, self.error


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What blocks around one forbid it: artists beside it, and how many tracks others have."""

    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    used: Mapping[str, int] = field(default_factory=Counter)


NOTHING = Surroundings()


@dataclass(frozen=True, slots=True, eq=False)
class Kitchen:
    """All that the blocks of a menu have in common; no track of the pool is a copy of another.

    A search pays the `prices` of the tracks, by identity, for their use.
    """

    pool: TrackTable
    objective: Objective
    parts: Sequence[Part]
    borders: Sequence[Border]
    prices: Mapping[str, float] = field(default_factory=dict)

    @staticmethod
    def of(pool: TrackTable, objective: Objective, parts: Sequence[Part]) -> "Kitchen":
        """Return what blocks for parts have in common, with the loudness of their borders."""
        items = result.items_in_order(pool, objective)
        levels = rescale(pool.energy.astype(np.float32), objective.percentiles)
        borders = []
        for part in parts[1:]:
            energy = float(objective.music.target(part.start_s))
            count = max(NEAR, round(NEAR_SHARE * len(pool)))
            near = np.argsort(np.abs(levels - energy), kind="stable")[:count]
            ends, starts = np.sort(items.end_lufs[near]), np.sort(items.start_lufs[near])
            ending = len(ends) - np.arange(len(ends))
            most_lufs = ends + objective.rules.loudness_step_lu
            beginning = np.searchsorted(starts, most_lufs, side="right")
            lufs = float(ends[np.minimum(ending, beginning).argmax()])
            borders.append(Border(part.start_s, energy, lufs))
        return Kitchen(pool, objective, parts, borders)

    @property
    def rests(self) -> tuple[Rest, ...]:
        """The planned silences at whole steps, as parts begin and end."""
        times_ms = ((each, step_at(each.asked_ms) * STEP_MS) for each in self.objective.rests)
        return tuple(each._replace(at_ms=at_ms, asked_ms=at_ms) for each, at_ms in times_ms)

    def block(
        self,
        number: int,
        banned: Collection[str],
        around: Surroundings,
        most_lifted: int | None = None,
    ) -> Block:
        """Return the best block for a part, by its number from 0, without some identities.

        Where its ends do not keep to the borders it is searched again without these tracks, as long
        as that helps and no more rules give way. Raises ArrangeError where there is none, or none
        without more relaxations than `most_lifted`.
        """
        barred, best = set(banned), None
        for _ in range(REPAIRS):
            most = most_lifted if best is None else best.lifted
            try:
                found, failing = self._searched(number, barred, around, most)
            except ArrangeError:
                if best is None:
                    raise
                return best
            best = found if best is None or not failing else best
            if not failing:
                break
            barred |= failing
        if best is None:
            raise AssertionError
        return best

    def beside(self, number: int) -> tuple[Border | None, Border | None]:
        """Return the borders before and behind a part, by its number from 0."""
        before = self.borders[number - 1] if number else None
        return before, self.borders[number] if number < len(self.borders) else None

    def problem(
        self,
        number: int,
        barred: Collection[str] = (),
        around: Surroundings = NOTHING,
    ) -> Problem:
        """Return the problem of a block for a part, with what stands for its neighbours."""
        part, objective = self.parts[number], self.objective
        start_ms, end_ms = round(part.start_s * 1000), round(part.end_s * 1000)
        before, after = self.beside(number)
        free = np.array([own not in barred for own in self.pool.identities], np.bool_)
        neighbours = [
            _neighbour(self.pool[0], name, names)
            for name, border, names in (
                (BEFORE, before, around.before),
                (AFTER, after, around.after),
            )
            if border
        ]
        table = TrackTable.of([*self.pool.take(free), *neighbours])
        share = objective.tolerance_s / len(self.parts)  # so that no path is beyond the whole
        constraints = replace(objective.constraints, tolerance_s=share)
        profile = with_rests(guarded(objective.music, objective.tolerance_s), objective.rests)
        objective = replace(objective, constraints=constraints, profile=profile)
        items = objective.items(table, table.rank)
        table = table.take(items.order)
        identities = table.identities
        paid = np.array([self.prices.get(own, 0.0) for own in identities]) / items.steps
        items = replace(items, step_price=items.step_price + paid[:, None])
        fixed, step_lu = [], objective.rules.loudness_step_lu
        for name, border, place in ((BEFORE, before, 1), (AFTER, after, -1)):
            if border:
                own = identities.index(name)
                items = _at_border(items, own, border, step_lu)
                fixed.append(FixedItem(own, int(items.steps[own]), place=place))
        edge_ms = round(STEP_S * 1000)
        span_ms = start_ms - edge_ms * bool(before), end_ms + edge_ms * bool(after)
        window = Window(span_ms, (start_ms, end_ms), tuple(fixed), around.used)
        return Problem(table, items, objective, (), window=window)

    def _searched(
        self, number: int, barred: Collection[str], around: Surroundings, most: int | None
    ) -> tuple[Block, set[str]]:
        """Return a block, and the identities of the tracks that do not keep to its borders."""
        problem = self.problem(number, barred, around)
        objective, items, table = problem.objective, problem.items, problem.tracks
        identities, step_lu = table.identities, objective.rules.loudness_step_lu
        before, after = self.beside(number)
        allowed = relaxations(
            pinned=False,
            duration_s=objective.profile.duration_s,
            tolerance_s=objective.tolerance_s,
            rests=bool(objective.inner_rests),
        )
        allowed = allowed if most is None else allowed[: most + 1]
        _, _, found, tried = opening.solved(problem, allowed)
        sequence = list(found.sequence)[bool(before) : len(found.sequence) - bool(after)]
        failing = set()
        if before and items.start_lufs[sequence[0]] > before.lufs + step_lu + AUDIBLE_LU:
            failing.add(identities[sequence[0]])
        if after and items.end_lufs[sequence[-1]] < after.lufs:
            failing.add(identities[sequence[-1]])
        return self.block_of([table[own] for own in sequence], number, len(tried) - 1), failing

    def block_of(self, tracks: Sequence[Track], number: int, lifted: int = 0) -> Block:
        """Return tracks as a block for a part, by its number from 0."""
        part = self.parts[number]
        start_ms, end_ms = round(part.start_s * 1000), round(part.end_s * 1000)
        own = [rest for rest in self.rests if start_ms < rest.asked_ms <= end_ms]
        order = result.ordered(tracks, self.objective, start_ms, ())
        order = replace(order, rests=placed(own, order.ends_ms, step_at(end_ms) * STEP_MS))
        distances = (
            order.items.contour(place, last - first) - order.grid.target[first:last]
            for place, (first, last) in enumerate(order.spans)
        )
        return Block(order, sum(float((each**2).sum()) for each in distances), lifted)


def surroundings(
    number: int, blocks: Mapping[tuple[int, int], Block], parts: int, gap: int
) -> Surroundings:
    """Return what the other blocks of a menu, by their part and place, forbid those of a part."""

    def beside(part: int, last: slice) -> frozenset[str]:
        own = (each.order.tracks[last] for (of, _), each in blocks.items() if of == part)
        return frozenset(name for tracks in own for track in tracks for name in artists(track))

    used: Counter[str] = Counter()
    for part in set(range(parts)) - {number}:
        most: Counter[str] = Counter()
        for (of, _), each in blocks.items():
            if of == part:
                most |= each.by_artist
        used += most
    if not gap:
        return Surroundings(used=used)
    return Surroundings(beside(number - 1, slice(-gap, None)), beside(number + 1, slice(gap)), used)


def _neighbour(model: Track, identity: str, names: frozenset[str]) -> Track:
    """Return what stands for all blocks that may play beside one: a step of time, by all artists.

    Its style is as far from every other.
    """
    return Track(
        path=identity,
        identity=identity,
        tags=Tags(artists=tuple(sorted(names))),
        features=replace(model.features, duration_s=STEP_S),
        energy=0.5,
        contour=np.full(2, 0.5, np.float32),
        style=np.zeros(STYLE_SIZE, np.float32),
    )


def _at_border(items: Items, own: int, border: Border, step_lu: float) -> Items:
    """Return items of which one sounds as the border asks for."""
    values = {
        "opening": border.energy,
        "closing": border.energy,
        "start_lufs": border.lufs + step_lu,
        "end_lufs": border.lufs,
        "lead_s": 0.0,
        "trail_s": 0.0,
        "tempo_confidence": 0.0,
        "key_confidence": 0.0,
    }
    columns = {name: getattr(items, name).copy() for name in values}
    for name, value in values.items():
        columns[name][own] = value
    return replace(items, **columns)
