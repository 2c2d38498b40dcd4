"""A menu: for each part of a profile some blocks of music, any of which may be played there.

Whoever sits with a person chooses the next block when the last one ends. Every path through the
blocks, one of each part, keeps the rules of a session and plays no recording twice.

First each track gets a price, what the blocks together lose without it (see `prices`). Each block
is arranged for itself between its borders (see `blocks`), and pays these prices, so that it leaves
to others what they need more; where rules give way so, a long session that holds each part so many
times says which tracks serve which block (see `deal`). Then each is arranged again, the worst
first, without prices, from its own tracks and all that no block uses. At last the worst of each
part is offered tracks of other blocks, and takes them where that makes the worst path better. Then
all paths are told, or where these are very many, those that hold every pair of neighbours, the most
of an artist, and the longest, shortest and worst of each.

How near the plan the worst path is depends on how much music there is: of 297 pieces of game music
with two blocks a part it was 1.30 to 1.34 times as far from it as one session, with three 1.4 to
1.6 times (one long session of the same parts, without borders: 1.2, and 1.4 to 1.5 times). Of 1000
synthetic tracks with two blocks it was 1.07 times (arc).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby, pairwise, product
from math import prod
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from playlist_builder.arranger import broken, opening, result
from playlist_builder.arranger.arrange import NO_CONSTRAINTS, arranged, completed
from playlist_builder.arranger.blocks import Block, Kitchen, surroundings
from playlist_builder.arranger.deal import dealt
from playlist_builder.arranger.parts import Part, parts_of
from playlist_builder.arranger.prices import placements, prices
from playlist_builder.arranger.problem import TOLERANCES, build_problem
from playlist_builder.arranger.recordings import spare_copies
from playlist_builder.arranger.remarks import voices
from playlist_builder.arranger.rules import Constraints
from playlist_builder.arranger.solver.cost import STEP_MS, step_at
from playlist_builder.errors import ArrangeError
from playlist_builder.language.notices import Notice
from playlist_builder.models import Session, Track
from playlist_builder.profiles import rests
from playlist_builder.profiles.profile import Profile
from playlist_builder.profiles.rests import Rest
from playlist_builder.tracks.track_table import TrackTable

ROUNDS = 2  # in which each block may be arranged again
MOST_PATHS = 1000  # that are all looked at
TAIL_NOTES = "no_calm_tail", "no_track_for_tail", "short_tail"
SHARES = 0.7, 1.0, 1.3  # of the worth of a track that is paid for it
OFFERS = 20  # times the blocks of a part: how often tracks of one block are offered to another

Key = tuple[int, int]  # part and place
Blocks = dict[Key, Block]


class _Offer(NamedTuple):
    """Tracks of one block, but for those it keeps, that another may take, and what both have."""

    taker: Key
    giver: Key
    taken: frozenset[str]
    given: frozenset[str]
    kept: frozenset[str]


@dataclass(frozen=True, slots=True)
class Menu:
    """Blocks of music for each part of a profile.

    `blocks` holds those of each part as sessions of their own, which begin at 0; `worst` is the
    session of the path that is furthest from the plan, with a tail that may follow any path.
    `best_error` is the root mean square error of the path that is nearest, `alone_error` that of
    one session arranged for itself. The notices are those of all paths that were looked at, one of
    each kind, and so are the shortest and the longest duration.
    """

    parts: tuple[Part, ...]
    blocks: tuple[tuple[Session, ...], ...]
    worst: Session
    best_error: float
    alone_error: float
    shortest_s: float
    longest_s: float
    warnings: tuple[Notice, ...]
    relaxed: tuple[Notice, ...]

    @property
    def paths(self) -> int:
        """How many sessions it holds."""
        return prod(len(each) for each in self.blocks)

    @property
    def tail(self) -> Session:
        """The tail as a session of its own."""
        since_s = self.worst.duration_s
        slots = tuple(
            replace(slot, start_s=slot.start_s - since_s, end_s=slot.end_s - since_s)
            for slot in self.worst.tail
        )
        length_s = sum(slot.duration_s for slot in slots)
        return replace(self.worst, slots=slots, tail=(), duration_s=length_s, target_s=length_s)


def menu(
    tracks: Sequence[Track],
    profile: Profile,
    count: int,
    constraints: Constraints = NO_CONSTRAINTS,
) -> Menu:
    """Return `count` blocks for each part of a profile.

    The same arguments give the same menu, in whatever order the tracks come. Raises as `arrange`
    does, and ArrangeError where the tracks cannot fill all blocks.
    """
    table = TrackTable.of(tracks)
    problem = build_problem(table, profile, constraints)
    spare = list(spare_copies(problem.tracks))
    pool = problem.tracks.take(np.delete(np.arange(len(problem.tracks)), spare))
    kitchen = Kitchen.of(pool, problem.objective, parts_of(problem.objective.music))
    try:
        if _is_scarce(kitchen, count):
            dealt(kitchen, table, count)  # which says what is missing
        alone, _ = arranged(problem)
        blocks = _started(kitchen, table, count)
    except ArrangeError as error:
        raise ArrangeError(
            "{error} That is for {count} blocks of each part: fewer need less music (--blocks).",
            error=error,
            count=count,
        ) from error
    for _ in range(ROUNDS):
        if not _improved(kitchen, blocks):
            break
    blocks = _evened(kitchen, blocks, OFFERS * count)
    return _menu(kitchen, blocks, alone)


def _is_scarce(kitchen: Kitchen, count: int) -> bool:
    """Whether all music together is too short for so many blocks, however they are arranged."""
    asked_s = count * kitchen.objective.music.duration_s
    return float(kitchen.pool.seconds.sum()) < (1.0 - TOLERANCES[-1]) * asked_s


def _started(kitchen: Kitchen, tracks: TrackTable, count: int) -> Blocks:
    """Return the best of several menus of which the blocks are arranged one after the other."""
    found = list(_priced(kitchen, count))
    if not found or min(map(_worth, found))[0]:  # then some blocks left others too little
        blocks: Blocks = {}
        try:
            served = dealt(kitchen, tracks, count)
            for key in product(range(len(kitchen.parts)), range(count)):
                later = {own for own, to in served.items() if to != key and to not in blocks}
                blocks[key] = _block(kitchen, blocks, key, later)
            found.append(blocks)
        except ArrangeError:
            if not found:
                raise
    return min(found, key=_worth)


def _priced(kitchen: Kitchen, count: int) -> Iterator[Blocks]:
    """Yield menus of which each block pays for the tracks that others need more."""
    every = [placements(kitchen, number) for number in range(len(kitchen.parts))]
    worth, _ = prices(every, count, len(kitchen.pool))
    for share in SHARES:
        paid = dict(zip(kitchen.pool.identities, (share * worth).tolist(), strict=True))
        blocks: Blocks = {}
        try:
            for place, number in product(range(count), range(len(kitchen.parts))):
                key = number, place
                blocks[key] = _block(replace(kitchen, prices=paid), blocks, key, set())
        except ArrangeError:
            continue
        yield blocks


def _block(
    kitchen: Kitchen,
    others: Blocks,
    key: Key,
    banned: AbstractSet[str],
    most_lifted: int | None = None,
) -> Block:
    """Return the best block at a place beside others, without their tracks and those banned."""
    number, gap = key[0], kitchen.objective.rules.artist_gap
    used = {own for block in others.values() for own in block.identities}
    around = surroundings(number, others, len(kitchen.parts), gap)
    return kitchen.block(number, used | banned, around, most_lifted)


def _improved(kitchen: Kitchen, blocks: Blocks) -> bool:
    """Arrange every block again, the worst first; return whether any became better."""
    improved = False
    for key in sorted(blocks, key=lambda each: (-blocks[each].error, each)):
        try:
            new = _block(kitchen, _without(blocks, key), key, set(), blocks[key].lifted)
        except ArrangeError:  # as blocks around it are others now
            continue
        if new.worth < blocks[key].worth:
            blocks[key], improved = new, True
    return improved


def _evened(kitchen: Kitchen, blocks: Blocks, most: int) -> Blocks:
    """Make at most so many offers, each once, and keep what makes the menu better."""
    made = set[_Offer]()
    for _ in range(most):
        offer = next((each for each in _offers(blocks) if each not in made), None)
        if offer is None:
            break
        made.add(offer)
        new = _traded(kitchen, blocks, offer)
        if new is not None and _worth(new) < _worth(blocks):
            blocks = new
    return blocks


def _offers(blocks: Blocks) -> Iterator[_Offer]:
    """Yield offers to the worst block of each part, those of its own part first.

    What is offered is all tracks of a block, every second one, or either half.
    """

    def worth(key: Key) -> tuple[int, float]:
        return blocks[key].worth

    worst = [max(own, key=worth) for _, own in groupby(sorted(blocks), key=itemgetter(0))]
    worst.sort(key=lambda key: -blocks[key].error)
    ranked = [
        sorted(_without(blocks, taker), key=lambda key: (key[0] != taker[0], worth(key), key))
        for taker in worst
    ]
    for givers in zip(*ranked, strict=True):
        for taker, giver in zip(worst, givers, strict=True):
            taken, given = (blocks[key].identities for key in (taker, giver))
            half = len(given) // 2
            for kept in ([], given[1::2], given[::2], given[:half], given[half:]):
                yield _Offer(taker, giver, frozenset(taken), frozenset(given), frozenset(kept))


def _traded(kitchen: Kitchen, blocks: Blocks, offer: _Offer) -> Blocks | None:
    """Return blocks after an offer, or None where the taker is no better for it."""
    taker, giver = blocks[offer.taker], blocks[offer.giver]
    rest = _without(blocks, offer.taker, offer.giver)
    lifted = max(taker.lifted, giver.lifted)
    try:
        new = _block(kitchen, rest, offer.taker, offer.kept, taker.lifted)
        if new.worth >= taker.worth:
            return None
        left = _block(kitchen, rest | {offer.taker: new}, offer.giver, set(), lifted)
    except ArrangeError:
        return None
    return {**blocks, offer.taker: new, offer.giver: left}


def _worth(blocks: Blocks) -> tuple[int, float]:
    """Return what relaxations all blocks need, and the error of the worst path."""
    worst: dict[int, float] = {}
    for (number, _), block in blocks.items():
        worst[number] = max(worst.get(number, 0.0), block.error)
    return sum(block.lifted for block in blocks.values()), sum(worst.values())


def _without(blocks: Blocks, *keys: Key) -> Blocks:
    return {key: block for key, block in blocks.items() if key not in keys}


def _menu(kitchen: Kitchen, blocks: Blocks, alone: Session) -> Menu:
    """Return blocks as a menu, with what holds for all of its paths."""
    objective, rules = kitchen.objective, kitchen.objective.rules
    rows = [
        [blocks[key] for key in sorted(blocks) if key[0] == number]
        for number in range(len(kitchen.parts))
    ]
    reach = float(kitchen.pool.energy.max())
    relaxed, warnings = dict[str, Notice](), dict[str, Notice]()
    orders: list[tuple[float, tuple[int, ...], result.Order]] = []
    for path in _paths(rows, rules.artist_max):
        chosen = [row[place] for row, place in zip(rows, path, strict=True)]
        tracks = [track for block in chosen for track in block.order.tracks]
        order = result.ordered(tracks, objective)
        for note in broken.given_up(order, rules, objective.tolerance_s, ()):
            relaxed.setdefault(note.code, note)
        told = result.warnings(order, rules, reach, scaled=objective.scale == "relative")
        for note in (*opening.too_loud(tracks), *told):
            warnings.setdefault(note.code, note)
        steps = order.spans[-1][1]
        orders.append((sum(block.error for block in chosen) / steps, path, order))
    _, _, order = max(orders, key=lambda each: each[:2])
    worst = result.session(order, objective.scale, objective.seed, order.cost, 0.0)
    nearest, _, _ = min(orders, key=lambda each: each[:2])
    used = {own for block in blocks.values() for own in block.identities}
    left = np.array([own not in used for own in kitchen.pool.identities], np.bool_)
    ended = completed(worst, order, kitchen.pool.take(left), objective)
    after = {slot.identity for slot in ended.tail}
    heard = np.array([own in used | after for own in kitchen.pool.identities], np.bool_)
    told = voices(list(kitchen.pool.take(heard)))
    of_tail = [note for note in ended.warnings if note.code in TAIL_NOTES]
    ends_s = [
        (order.ends_ms[-1] + sum(rest.length_ms for rest in order.rests)) / 1000.0
        for _, _, order in orders
    ]
    return Menu(
        parts=tuple(_timed(part, kitchen.rests) for part in kitchen.parts),
        blocks=tuple(
            tuple(_session(block, part, worst) for block in row)
            for row, part in zip(rows, kitchen.parts, strict=True)
        ),
        worst=replace(worst, tail=ended.tail),
        best_error=float(np.sqrt(nearest)),
        alone_error=alone.rms_error,
        shortest_s=min(ends_s),
        longest_s=max(ends_s),
        warnings=(*warnings.values(), *of_tail, *told),
        relaxed=tuple(relaxed.values()),
    )


def _paths(rows: Sequence[Sequence[Block]], artist_max: int) -> Iterator[tuple[int, ...]]:
    """Yield paths as the places of their blocks: all, or those on which something is at its worst.

    Costs are sums over blocks and neighbours, and so is all that a rule counts.
    """
    if prod(len(row) for row in rows) <= MOST_PATHS:
        yield from product(*(range(len(row)) for row in rows))
        return

    def highest(value: Callable[[Block], float]) -> tuple[int, ...]:
        return tuple(max(range(len(row)), key=lambda place: value(row[place])) for row in rows)

    near = highest(lambda block: -block.error)
    yield from (near, highest(lambda block: block.error))
    yield from (highest(lambda block: block.length_ms), highest(lambda block: -block.length_ms))
    for number, pair in enumerate(pairwise(rows)):
        for left, right in product(*(range(len(row)) for row in pair)):
            yield (*near[:number], left, right, *near[number + 2 :])
    most: Counter[str] = Counter()
    for row in rows:
        own: Counter[str] = Counter()
        for block in row:
            own |= block.by_artist
        most += own
    for name, times in most.items():
        if times > artist_max:
            yield highest(partial(_times, name))


def _times(name: str, block: Block) -> float:
    return block.by_artist[name]


def _timed(part: Part, planned: Sequence[Rest]) -> Part:
    """Return a part by the time of the session, with the silence that may follow it."""
    begins_ms, ends_ms = (step_at(round(s * 1000)) * STEP_MS for s in (part.start_s, part.end_s))
    before_s = (rests.start_ms(planned, begins_ms) - begins_ms) / 1000.0
    until_s = (rests.start_ms(planned, ends_ms) - ends_ms) / 1000.0
    return replace(part, start_s=part.start_s + before_s, end_s=part.end_s + until_s)


def _session(block: Block, part: Part, of: Session) -> Session:
    """Return a block as a session of its own that begins at 0, with what else a session has."""
    order = block.order
    (first, _), (_, last) = order.spans[0], order.spans[-1]
    slots = tuple(
        replace(slot, start_s=slot.start_s - part.start_s, end_s=slot.end_s - part.start_s)
        for slot in result.slots(order)
    )
    silences = tuple(
        replace(each, start_s=each.start_s - part.start_s, end_s=each.end_s - part.start_s)
        for each in result.silences_of(order)
    )
    silent_s = sum(rest.length_ms for rest in order.rests) / 1000.0
    return replace(
        of,
        target_s=part.duration_s + silent_s,
        duration_s=block.length_ms / 1000.0 + silent_s,
        rms_error=float(np.sqrt(block.error / max(last - first, 1))),
        slots=slots,
        silences=silences,
        tail=(),
        spares=(),
        warnings=(),
        relaxed=(),
        curve=result.curve_of(order, first, last),
    )
