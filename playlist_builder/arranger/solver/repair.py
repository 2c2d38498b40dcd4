"""Annealing: a session of any items from a bad one, or from none, with rules as prices on the way.

A beam goes forward in time and dies where little is left that fits, and small changes end where
each alone makes things worse. Here whatever breaks a rule costs `BROKEN` instead of being
forbidden, and what is drawn from all changes of one place follows the heat bath (Geman & Geman
1984) while the temperature falls (Kirkpatrick, Gelatt & Vecchi 1983). Draws are from a seed and
work is counted, so equal tasks have equal results. Only a session that keeps every rule comes out.
"""

from dataclasses import dataclass

import numpy as np

from playlist_builder.arranger.solver.cost import END_WEIGHT, STEP_MS, step_at
from playlist_builder.arranger.solver.graph import share_artist
from playlist_builder.arranger.solver.search import SearchSpace
from playlist_builder.models import Bools, Floats, Ints

BROKEN = 20.0  # price of a rule that is broken once: as a whole track far off the plan
LATE = 0.5  # price per minute beyond the tolerance, or by which a pin is off
HOT, WARM, COLD = 0.1, 0.01, 0.001  # temperatures: at first with no session, with one, at last
EXCHANGE, MOVE = (0, 0), (0, 1)
OTHERS = 160  # items tried at one place
ROWS, NEAR = 160, 3  # runs of items tried at one place; ranks of length from the best one
GAIN = 1e-9  # a session that gains less is not better
# Two tracks change places, one moves, or some give way to others that are not in the session.
CHANGES: tuple[tuple[int, int], ...] = (
    *(EXCHANGE, MOVE),
    *((1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3)),
)


@dataclass(frozen=True, eq=False)
class _Board:
    """A search space as tables in which broken rules have prices.

    `price[(item * width + step) * 2 + longer]` is that of an item which begins in a step.
    """

    space: SearchSpace
    price: Floats
    width: int
    seam: Floats
    related: Bools
    movable: Bools

    @staticmethod
    def of(space: SearchSpace) -> "_Board":
        count = len(space.items.steps)
        price = np.moveaxis(space.price, 2, 0).transpose(0, 2, 1)
        price = np.where(np.isfinite(price), price, BROKEN) + space.noise[:, None, None]
        every = np.arange(count)
        seam = space.transition_cost(every[:, None], every)
        related = np.zeros((count, count), np.bool_)
        if space.groups.gap:
            artists = space.groups.artists
            related = share_artist(artists[:, None], artists)
        movable = np.ones(count, np.bool_)
        movable[[fixed.item for fixed in space.fixed]] = False
        width = price.shape[1]
        return _Board(space, price.ravel(), width, seam + BROKEN * related, related, movable)

    def costs(self, sequence: Ints, starts_ms: Ints, first: int, last: int, rows: Ints) -> Floats:
        """Return the costs of sessions that have each of `rows` from `first` up to `last` instead.

        What all have in common before `first` is left out. `starts_ms` has one more value than the
        sequence: the end.
        """
        space, lengths = self.space, self.space.items.length_ms
        ends = starts_ms[first] + np.cumsum(lengths[rows], axis=1)
        begins = ends - lengths[rows]
        shift = lengths[rows].sum(axis=1) - (starts_ms[last] - starts_ms[first])
        after = sequence[last:]
        cost = self._placed(rows, begins, ends).sum(axis=1)
        if len(after):
            later = starts_ms[last:] + shift[:, None]
            cost += self._placed(after[None, :], later[:, :-1], later[:, 1:]).sum(axis=1)
        reach = max(space.groups.gap, 1)
        parts = (sequence[max(first - reach, 0) : first], sequence[last : last + reach])
        left, right = (np.broadcast_to(part, (len(rows), len(part))) for part in parts)
        near = np.concatenate([left, rows, right], axis=1)
        cost += self.seam[near[:, :-1], near[:, 1:]].sum(axis=1)
        for back in range(2, min(space.groups.gap, near.shape[1] - 1) + 1):
            cost += BROKEN * self.related[near[:, :-back], near[:, back:]].sum(axis=1)
        total_ms = starts_ms[-1] + shift
        grid = space.grid
        cost += END_WEIGHT * np.abs(step_at(total_ms) - grid.asked_steps)
        cost += _late(np.abs(total_ms - grid.asked_ms) - grid.tolerance_ms)
        cost += self._pins(sequence, starts_ms, first, last, rows, begins, shift)
        return np.asarray(cost)

    def _placed(self, items: Ints, begins_ms: Ints, ends_ms: Ints) -> Floats:
        begins = step_at(begins_ms)
        longer = step_at(ends_ms) - begins - self.space.items.steps[items]
        spot = items * self.width + np.minimum(begins, self.width - 1)
        found: Floats = self.price[spot * 2 + np.clip(longer, 0, 1)]
        return found

    def crowded(self, sequence: Ints, first: int, last: int, rows: Ints) -> Floats:
        """Return what it costs that groups have too many members with each of `rows`."""
        groups = self.space.groups
        rest = np.concatenate([sequence[:first], sequence[last:]])
        held = np.bincount(groups.member[rest].ravel(), minlength=len(groups.most))
        cost = np.zeros(len(rows))
        for place in range(rows.shape[1]):
            own = groups.member[rows[:, place]]
            already = held[own]
            for before in range(place):
                other = groups.member[rows[:, before]]
                already = already + (own[:, :, None] == other[:, None, :]).sum(axis=2)
            full = (already >= groups.most[own]) & (own < len(groups.most) - 1)
            cost += BROKEN * full.sum(axis=1)
        return cost

    def _pins(  # noqa: PLR0913, PLR0917 - what `costs` has found
        self,
        sequence: Ints,
        starts_ms: Ints,
        first: int,
        last: int,
        rows: Ints,
        begins: Ints,
        shift: Ints,
    ) -> Floats:
        cost = np.zeros(len(rows))
        slots = len(sequence) + rows.shape[1] - (last - first)
        for fixed in self.space.fixed:
            place = int(np.flatnonzero(sequence == fixed.item)[0])
            at: Ints = np.full(len(rows), place)
            begin = np.full(len(rows), starts_ms[place])
            if place >= last:
                at, begin = at + rows.shape[1] - (last - first), begin + shift
            elif place >= first:
                own = rows == fixed.item
                at, begin = first + own.argmax(axis=1), (begins * own).sum(axis=1)
            cost += _late(np.maximum(fixed.earliest_ms - begin, begin - fixed.latest_ms))
            if fixed.place:
                wanted = fixed.place - 1 if fixed.place > 0 else slots + fixed.place
                cost += BROKEN * (at != wanted) + LATE * np.abs(at - wanted)
        return cost


def _late(beyond_ms: Ints) -> Floats:
    late = beyond_ms > 0
    return np.asarray(late * BROKEN + np.maximum(beyond_ms, 0) * (LATE / 60_000.0))


def annealed(
    space: SearchSpace, start: Ints | None, rounds: int, heat: float = HOT
) -> tuple[Ints, float] | None:
    """Return the best session that so many changes lead to and its cost, or None if none does.

    Without a `start` the first session is filled with what is nearest to the plan, rules apart.
    The temperature falls from `heat`.
    """
    board, rng = _Board.of(space), np.random.default_rng(0)
    sequence = _filled(board) if start is None else start
    best, least = sequence, float(space.costs(sequence[None])[0])
    kinds = rng.integers(2 if space.use_all else len(CHANGES), size=rounds)
    for warmth, kind in zip(np.geomspace(heat, COLD, rounds).tolist(), kinds.tolist(), strict=True):
        change = _change(board, sequence, CHANGES[kind], rng)
        if change is None:
            continue
        other, gain = _drawn(board, sequence, change, warmth, rng)
        sequence = other
        if gain > 0.0:
            cost = float(space.costs(sequence[None])[0])
            if cost < least - GAIN:
                best, least = sequence, cost
    return (best, least) if np.isfinite(least) else None


def _drawn(
    board: _Board,
    sequence: Ints,
    change: tuple[int, int, Ints],
    heat: float,
    rng: np.random.Generator,
) -> tuple[Ints, float]:
    """Return the session itself or a changed one, the cheaper oftener, and what that gains."""
    first, last, rows = change
    own = sequence[None, first:last]
    starts_ms = np.concatenate([[0], np.cumsum(board.space.items.length_ms[sequence])])
    is_as_wide = rows.shape[1] == last - first
    several = (np.concatenate([own, rows]),) if is_as_wide else (own, rows)
    costs = np.concatenate(
        [board.costs(sequence, starts_ms, first, last, each) for each in several]
    )
    if last - first < len(sequence):
        crowds = [board.crowded(sequence, first, last, each) for each in several]
        costs += np.concatenate(crowds)
    drawn = int((costs - heat * rng.gumbel(size=len(costs))).argmin())
    if drawn == 0:
        return sequence, 0.0
    changed = np.concatenate([sequence[:first], rows[drawn - 1], sequence[last:]])
    return changed, float(costs[0] - costs[drawn])


def _change(
    board: _Board, sequence: Ints, kind: tuple[int, int], rng: np.random.Generator
) -> tuple[int, int, Ints] | None:
    """Return what may stand from one place up to another instead, one per row."""
    slots = len(sequence)
    place = int(rng.integers(slots))
    if kind in (EXCHANGE, MOVE):
        if slots == 1:
            return None
        others = np.delete(np.arange(slots), place)
        order = np.tile(np.arange(slots), (slots - 1, 1))
        if kind == EXCHANGE:
            order[np.arange(slots - 1), others], order[:, place] = place, others
        else:
            onward = (order >= place) & (order < others[:, None])
            back = (order <= place) & (order > others[:, None])
            order = np.where(onward, order + 1, np.where(back, order - 1, order))
            order[np.arange(slots - 1), others] = place
        return 0, slots, sequence[order]
    last = place + kind[0]
    if last > slots or not board.movable[sequence[place:last]].all():
        return None
    free = board.movable.copy()
    free[sequence[:place]] = free[sequence[last:]] = False
    unused = np.flatnonzero(free)
    if kind == (1, 1):
        if len(unused) > OTHERS:
            unused = rng.choice(unused, OTHERS, replace=False)
        return place, last, unused[:, None]
    lasts_ms = int(board.space.items.length_ms[sequence[place:last]].sum())
    begin_ms = int(board.space.items.length_ms[sequence[:place]].sum())
    return place, last, _of_length(board, unused, lasts_ms, begin_ms, kind[1], rng)


def _of_length(  # noqa: PLR0913, PLR0917 - one draw
    board: _Board, unused: Ints, lasts_ms: int, begin_ms: int, count: int, rng: np.random.Generator
) -> Ints:
    """Return rows of `count` items that last about as long as asked, the better fitting oftener.

    All but the last are drawn, and the last is one of those whose length then fits best: so what
    comes behind them stays where it is.
    """
    lengths = board.space.items.length_ms
    fit = board.price[(unused * board.width + min(step_at(begin_ms), board.width - 1)) * 2]
    better = unused[np.argsort(fit / np.maximum(board.space.items.steps[unused], 1), kind="stable")]
    drawn = better[(len(better) * rng.random((ROWS, count - 1)) ** 2).astype(np.int64)]
    by_length = unused[np.argsort(lengths[unused], kind="stable")]
    wanted = np.searchsorted(lengths[by_length], lasts_ms - lengths[drawn].sum(axis=1))
    near = wanted + rng.integers(-NEAR, NEAR, size=ROWS)
    rows = np.column_stack([drawn, by_length[np.clip(near, 0, len(unused) - 1)]])
    ordered = np.sort(rows, axis=1)
    return np.asarray(rows[(ordered[:, 1:] != ordered[:, :-1]).all(axis=1)])


def _filled(board: _Board) -> Ints:
    """Return the nearest items one after the other until the time is full, pins among them."""
    space = board.space
    items, grid = space.items, space.grid
    price = board.price.reshape(len(items.steps), board.width, 2)[:, :, 0]
    left = board.movable.copy()
    fixed = sorted(space.fixed, key=lambda each: (each.place <= 0, each.place, each.earliest_ms))
    opening = [each.item for each in fixed if each.place > 0]
    ending = [each.item for each in fixed if each.place < 0]
    between = [each for each in fixed if not each.place]
    order, time_ms = opening, int(items.length_ms[opening].sum())
    end_ms = grid.asked_ms - int(items.length_ms[ending].sum())
    while time_ms < end_ms - STEP_MS * int(items.steps.min()) // 2:
        due = [each for each in between if each.earliest_ms <= time_ms]
        if due:
            item = due[0].item
            between.remove(due[0])
        elif left.any():
            start = min(step_at(time_ms), board.width - 1)
            each = price[:, start] / np.maximum(items.steps, 1)
            item = int(np.where(left, each, np.inf).argmin())
        else:
            break
        left[item] = False
        order = [*order, item]
        time_ms += int(items.length_ms[item])
    if space.use_all:
        order += np.flatnonzero(left).tolist()
    return np.array([*order, *(each.item for each in between), *ending], dtype=np.int64)
