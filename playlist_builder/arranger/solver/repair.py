"""Annealing: a session of any items from a bad one, or from none, with rules as prices on the way.

A beam goes forward in time and dies where little is left that fits, and small changes end where
each alone makes things worse. Here whatever breaks a rule costs `BROKEN` instead of being
forbidden, and what is drawn from all changes of one place follows the heat bath (Geman & Geman
1984) while the temperature falls (Kirkpatrick, Gelatt & Vecchi 1983). Draws are from a seed and
work is counted, so equal tasks have equal results. Only a session that keeps every rule comes out.
"""

from dataclasses import dataclass, field

import numpy as np

from playlist_builder.arranger.solver.cost import END_WEIGHT, STEP_MS, step_at
from playlist_builder.arranger.solver.graph import share_artist
from playlist_builder.arranger.solver.search import SearchSpace
from playlist_builder.arranger.solver.stopping import check_stopped
from playlist_builder.models import Bools, Floats, Ints

BROKEN = 20.0  # price of a rule that is broken once: as a whole track far off the plan
LATE = 5.0  # price per minute beyond the tolerance, or by which a pin is off: as a track each
HOT, WARM, COLD = 0.1, 0.01, 0.001  # temperatures: at first with no session, with one, at last
EXCHANGE, MOVE = (0, 0), (0, 1)
OTHERS = 160  # items tried at one place
ROWS, NEAR = 160, 3  # runs of items tried at one place; ranks of length from the best one
GAIN = 1e-9  # a session that gains less is not better
FEW_ITEMS = 600  # whose transitions are all computed beforehand
ROUNDS_PER_SLOT, FEWEST_ANNEALED, MOST_ANNEALED = 120, 1600, 14_000  # of annealing
NEAREST = 12  # items at one of some starts that enter it where there are too many
# Two tracks change places, one moves, or some give way to others that are not in the session.
CHANGES: tuple[tuple[int, int], ...] = (
    *(EXCHANGE, MOVE),
    *((1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3)),
)


@dataclass(frozen=True, eq=False)
class _Board:
    """A search space as tables in which broken rules have prices.

    `price[(item * width + step) * 2 + longer]` is that of an item which begins in a step, and
    `seam[left * count + right]` that of a transition. `by_length` holds the items in the order of
    their lengths.
    """

    space: SearchSpace
    price: Floats
    width: int
    seam: Floats
    related: Bools
    movable: Bools
    by_length: Ints
    by_fit: dict[int, Ints] = field(default_factory=dict)

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
        seam = (seam + BROKEN * related).ravel()
        by_length = np.argsort(space.items.length_ms, kind="stable")
        return _Board(space, price.ravel(), price.shape[1], seam, related, movable, by_length)

    def state(self, sequence: Ints) -> "_State":
        """Return a session with what its parts cost."""
        groups, count = self.space.groups, len(self.space.items.steps)
        starts_ms = np.concatenate([[0], self.space.items.length_ms[sequence].cumsum()])
        seams = self.seam[sequence[:-1] * count + sequence[1:]]
        held = np.bincount(groups.member[sequence].ravel(), minlength=len(groups.most))
        return _State(sequence, starts_ms, self._placed(sequence, step_at(starts_ms)), seams, held)

    def own_cost(self, state: "_State", first: int, last: int) -> float:
        """Return what `costs` would be of what stands there."""
        reach = max(self.space.groups.gap, 1)
        begin = max(first - reach, 0)
        cost = state.placed[first:].sum() + state.seams[begin : last + reach - 1].sum()
        near = state.sequence[begin : last + reach]
        for back in range(2, min(self.space.groups.gap, len(near) - 1) + 1):
            cost += BROKEN * self.related[near[:-back], near[back:]].sum()
        cost += self._end(state.starts_ms[-1:])[0]
        if self.space.fixed:
            rows = state.sequence[None, first:last]
            begins = state.starts_ms[None, first:last]
            cost += self._pins(state, first, last, rows, begins, np.zeros(1, np.int64))[0]
        return float(cost)

    def costs(self, state: "_State", first: int, last: int, rows: Ints) -> Floats:
        """Return the costs of sessions that have each of `rows` from `first` up to `last` instead.

        What all have in common before `first` is left out.
        """
        space, count = self.space, len(self.space.items.steps)
        sequence, starts_ms = state.sequence, state.starts_ms
        ends = space.items.length_ms[rows].cumsum(axis=1)
        ends += starts_ms[first]
        times = np.empty((len(rows), rows.shape[1] + 1), np.int64)
        times[:, 0], times[:, 1:] = starts_ms[first], ends
        shift = ends[:, -1] - starts_ms[last]
        cost = self._placed(rows, step_at(times)).sum(axis=1)
        if last < len(sequence):
            later = step_at(starts_ms[last:] + shift[:, None])
            cost += self._placed(sequence[last:], later).sum(axis=1)
            cost += self.seam[rows[:, -1] * count + sequence[last]]
            cost += state.seams[last : last + max(space.groups.gap, 1) - 1].sum()
        if first:
            cost += self.seam[sequence[first - 1] * count + rows[:, 0]]
            cost += state.seams[max(first - max(space.groups.gap, 1), 0) : first - 1].sum()
        if rows.shape[1] > 1:
            cost += self.seam[rows[:, :-1] * count + rows[:, 1:]].sum(axis=1)
        if space.groups.gap > 1:
            cost += BROKEN * self._too_near(sequence, first, last, rows)
        cost += self._end(starts_ms[-1] + shift)
        if space.fixed:
            cost += self._pins(state, first, last, rows, times[:, :-1], shift)
        return np.asarray(cost)

    def _end(self, total_ms: Ints) -> Floats:
        grid = self.space.grid
        late = _late(np.abs(total_ms - grid.asked_ms) - grid.tolerance_ms)
        return np.asarray(END_WEIGHT * np.abs(step_at(total_ms) - grid.asked_steps) + late)

    def _placed(self, items: Ints, steps: Ints) -> Floats:
        """Return what items cost that begin in `steps`, which has one more: the end."""
        begins = steps[..., :-1]
        longer = steps[..., 1:] - begins
        longer -= self.space.items.steps[items]
        spot = np.minimum(begins, self.width - 1)
        spot += items * self.width
        spot *= 2
        spot += longer
        return self.price.take(spot)

    def _too_near(self, sequence: Ints, first: int, last: int, rows: Ints) -> Ints:
        """Return how many tracks of one artist stand too near, but not side by side."""
        gap = self.space.groups.gap
        parts = (sequence[max(first - gap, 0) : first], sequence[last : last + gap])
        left, right = (np.broadcast_to(part, (len(rows), len(part))) for part in parts)
        near = np.concatenate([left, rows, right], axis=1)
        found = np.zeros(len(rows), np.int64)
        for back in range(2, min(gap, near.shape[1] - 1) + 1):
            found += self.related[near[:, :-back], near[:, back:]].sum(axis=1)
        return found

    def crowded(self, state: "_State", first: int, last: int, rows: Ints) -> Floats:
        """Return what it costs that groups have too many members with each of `rows`."""
        groups = self.space.groups
        cost = np.zeros(len(rows))
        if len(groups.most) == 1:
            return cost
        gone = groups.member[state.sequence[first:last]].ravel()
        held = state.held - np.bincount(gone, minlength=len(groups.most))
        own = groups.member[rows]
        already = held[own]
        for place in range(1, rows.shape[1]):
            for before in range(place):
                same = own[:, place, :, None] == own[:, before, None, :]
                already[:, place] += same.sum(axis=2)
        full = (already >= groups.most[own]) & (own < len(groups.most) - 1)
        return np.asarray(BROKEN * full.sum(axis=(1, 2)))

    def _pins(  # noqa: PLR0913, PLR0917 - what `costs` has found
        self, state: "_State", first: int, last: int, rows: Ints, begins: Ints, shift: Ints
    ) -> Floats:
        cost = np.zeros(len(rows))
        slots = len(state.sequence) + rows.shape[1] - (last - first)
        for fixed in self.space.fixed:
            place = int(np.flatnonzero(state.sequence == fixed.item)[0])
            at: Ints = np.full(len(rows), place)
            begin = np.full(len(rows), state.starts_ms[place])
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

    def fitting(self, step: int) -> Ints:
        """Return all items, those first that cost least per step where they begin with one."""
        step = min(step, self.width - 1)
        if step not in self.by_fit:
            steps = self.space.items.steps
            each = self.price[(np.arange(len(steps)) * self.width + step) * 2]
            self.by_fit[step] = np.argsort(each / np.maximum(steps, 1), kind="stable")
        return self.by_fit[step]


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """A session with its starts and its end, what each item and each transition costs in it.

    `held` counts its members of each group.
    """

    sequence: Ints
    starts_ms: Ints
    placed: Floats
    seams: Floats
    held: Ints


def _late(beyond_ms: Ints) -> Floats:
    late = beyond_ms > 0
    return np.asarray(late * BROKEN + np.maximum(beyond_ms, 0) * (LATE / 60_000.0))


def annealed(
    space: SearchSpace, start: Ints | None, rounds: int, heat: float = HOT
) -> tuple[Ints, float]:
    """Return the best session that so many changes lead to, and its cost.

    Where none keeps all rules the cost is infinite, and the last one is returned. Without a `start`
    the first session is filled with what is nearest to the plan, rules apart. The temperature falls
    from `heat`.
    """
    board, rng = _Board.of(space), np.random.default_rng(0)
    state = board.state(_filled(board) if start is None else start)
    best, least = state.sequence, float(space.costs(state.sequence[None])[0])
    kinds = rng.integers(2 if space.use_all else len(CHANGES), size=rounds)
    for warmth, kind in zip(np.geomspace(heat, COLD, rounds).tolist(), kinds.tolist(), strict=True):
        check_stopped()
        change = _change(board, state, CHANGES[kind], rng)
        if change is None or not len(change[2]):
            continue
        state, gain = _drawn(board, state, change, warmth, rng)
        if gain > 0.0:
            cost = float(space.costs(state.sequence[None])[0])
            if cost < least - GAIN:
                best, least = state.sequence, cost
    return (best if np.isfinite(least) else state.sequence), least


def repaired(
    space: SearchSpace, start: Ints | None, heat: float = WARM, share: float = 1.0
) -> tuple[Ints, float]:
    """Return what annealing makes of a session, or of none, among the items that fit anywhere.

    The cost is infinite where it finds none. Of the work a `share` is done.
    """
    pool = np.arange(len(space.items.steps))
    if len(pool) > FEW_ITEMS:
        pool = _likely(space, start)
        start = None if start is None else np.searchsorted(pool, start)
        space = space.take(pool)
    slots = space.grid.asked_ms // int(np.median(space.items.length_ms)) + 1
    rounds = share * np.clip(ROUNDS_PER_SLOT * slots, FEWEST_ANNEALED, MOST_ANNEALED)
    sequence, cost = annealed(space, start, int(rounds), HOT if start is None else heat)
    return pool[sequence], cost


def _likely(space: SearchSpace, start: Ints | None) -> Ints:
    """Return the items that are nearest to the plan somewhere, those of a session, and the pins."""
    starts = np.linspace(0, space.grid.horizon, FEW_ITEMS // NEAREST, dtype=np.int64)
    each = space.price[0, starts] / np.maximum(space.items.steps, 1)
    nearest = np.argpartition(each, NEAREST, axis=1)[:, :NEAREST]
    fixed = [fixed.item for fixed in space.fixed]
    own = np.zeros(0, np.int64) if start is None else start
    return np.unique(np.concatenate([nearest.ravel(), np.array(fixed, np.int64), own]))


def _drawn(
    board: _Board,
    state: _State,
    change: tuple[int, int, Ints],
    heat: float,
    rng: np.random.Generator,
) -> tuple[_State, float]:
    """Return the session itself or a changed one, the cheaper oftener, and what that gains."""
    first, last, rows = change
    sequence = state.sequence
    own = board.own_cost(state, first, last)
    costs = board.costs(state, first, last, rows)
    if last - first < len(sequence):
        own += float(board.crowded(state, first, last, sequence[None, first:last])[0])
        costs += board.crowded(state, first, last, rows)
    draws = heat * rng.gumbel(size=len(costs) + 1)
    costs -= draws[1:]
    drawn = int(costs.argmin())
    if own - draws[0] <= costs[drawn]:
        return state, 0.0
    changed = np.concatenate([sequence[:first], rows[drawn], sequence[last:]])
    return board.state(changed), own - float(costs[drawn] + draws[drawn + 1])


def _change(
    board: _Board, state: _State, kind: tuple[int, int], rng: np.random.Generator
) -> tuple[int, int, Ints] | None:
    """Return what may stand from one place up to another instead, one per row."""
    sequence, slots = state.sequence, len(state.sequence)
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
    if kind == (1, 1):
        unused = np.flatnonzero(free)
        if len(unused) > OTHERS:
            unused = rng.choice(unused, OTHERS, replace=False)
        return place, last, unused[:, None]
    begin_ms, end_ms = int(state.starts_ms[place]), int(state.starts_ms[last])
    return place, last, _of_length(board, free, begin_ms, end_ms, kind[1], rng)


def _of_length(  # noqa: PLR0913, PLR0917 - one draw
    board: _Board, free: Bools, begin_ms: int, end_ms: int, count: int, rng: np.random.Generator
) -> Ints:
    """Return rows of `count` free items that last as long as asked, the better fitting oftener.

    All but the last are drawn, and the last is one of those whose length then fits best: so what
    comes behind them stays where it is.
    """
    lengths = board.space.items.length_ms
    better = board.fitting(step_at(begin_ms))
    better = better[free[better]]
    by_length = board.by_length[free[board.by_length]]
    drawn = better[(len(better) * rng.random((ROWS, count - 1)) ** 2).astype(np.int64)]
    wanted = lengths[by_length].searchsorted(end_ms - begin_ms - lengths[drawn].sum(axis=1))
    wanted += rng.integers(-NEAR, NEAR, size=ROWS)
    rows = np.empty((ROWS, count), np.int64)
    rows[:, :-1] = drawn
    rows[:, -1] = by_length[np.minimum(np.maximum(wanted, 0), len(by_length) - 1)]
    if count == 1:
        return rows
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
