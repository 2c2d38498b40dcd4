"""Parts of tracks in a session, cut where the music rests and never within a phrase.

The arranger chooses parts by their contours. Where `Constraints` have a function that knows more of
the music, its word counts: a part that would be cut within a phrase is barred, and the session is
arranged again; the cuts of the others move to where it says.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from playlist_builder.arranger import opening, result
from playlist_builder.arranger.problem import Problem, Relaxation
from playlist_builder.arranger.rules import Pin
from playlist_builder.arranger.solver.solve import Instance, Solution
from playlist_builder.arranger.trims import Cut, cuts_of
from playlist_builder.errors import ArrangeError
from playlist_builder.models import Ints, Track

Found = tuple[Problem, Instance, Solution, Sequence[Relaxation]]

ENDS = {"from": "start_loudness_lufs", "to": "end_loudness_lufs"}  # of a cut, among features
ROUNDS = 5  # in which a session is arranged at most, the last one of parts known to be good


@dataclass(frozen=True, slots=True, eq=False)
class Arranged:
    """A session that was found, as its order of tracks with all cuts where they are to be.

    `pins` come with their places, `cost` and `bound` are sums over steps, and `tried` are all
    relaxations up to the one that helped.
    """

    problem: Problem
    order: result.Order
    pins: Sequence[tuple[Pin, int]]
    cost: float
    bound: float
    tried: Sequence[Relaxation]

    @property
    def worth(self) -> tuple[int, float]:
        """How many relaxations were tried, and the cost: the less the better."""
        return len(self.tried), self.cost


def arranged(problem: Problem, allowed: Sequence[Relaxation] = ()) -> Arranged:
    """Return the best session of a problem; raises ArrangeError where there is none.

    No more rules give way for the sake of parts. Where a session of whole tracks is found that
    costs less, as there is less to search and nothing to learn, it is that one.
    """
    if not len(problem.part):
        return _moved(opening.solved(problem, allowed), {})
    whole = None
    with suppress(ArrangeError):
        whole = _moved(opening.solved(_without(problem, problem.part), allowed), {})
    try:
        of_parts = _moved(*_of_parts(problem, whole.tried if whole else allowed))
    except ArrangeError:
        if whole is None:
            raise
        return whole
    return min(filter(None, (whole, of_parts)), key=lambda each: each.worth)


def _of_parts(problem: Problem, allowed: Sequence[Relaxation]) -> tuple[Found, dict[int, Track]]:
    """Return what is found of parts too, and the parts in it with their cuts moved, by item.

    It is arranged again while it has parts that nobody has looked at, with the loudness of those
    that were. With a part go all that have the cut within a phrase, and in the end all others.
    """
    settle, barred = problem.objective.constraints.settle, list[int]()
    cuts = {item: cuts_of(problem.tracks[item]) for item in problem.part.tolist()}
    one = {cut: item for item, (cut, *others) in cuts.items() if not others}
    good: dict[int, Track] = {}
    known_lufs: dict[Cut, float] = {}
    bad: set[Cut] = set()
    for number in range(1, ROUNDS + 1):
        found = opening.solved(_without(problem, np.array(barred, np.int64)), allowed)
        parts = [item for item in found[2].sequence if item in cuts and item not in good]
        if settle is None or not parts:
            break
        settled = {item: settle(problem.tracks[item]) for item in parts}
        wrong = [item for item in parts if settled[item] is None]
        lone = dict.fromkeys(one[cut] for item in wrong for cut in cuts[item])
        settled |= {item: settle(problem.tracks[item]) for item in lone if item not in settled}
        for item, track in settled.items():
            if track is not None:
                good[item] = track
                known_lufs |= {cut: getattr(track.features, ENDS[cut[1]]) for cut in cuts[item]}
        problem = _with_loudness(problem, cuts, known_lufs)
        bad.update(cut for item in lone if item not in good for cut in cuts[item])
        barred = [
            item
            for item, own in cuts.items()
            if item not in good and (number == ROUNDS - 1 or not bad.isdisjoint(own))
        ]
    return found, good


def _with_loudness(
    problem: Problem, cuts: Mapping[int, Collection[Cut]], known_lufs: Mapping[Cut, float]
) -> Problem:
    """Return a problem with the loudness of its parts at those cuts of which it is known."""
    items, is_levelled = problem.items, problem.objective.constraints.levelled
    starts, ends, opening = (
        column.copy() for column in (items.start_lufs, items.end_lufs, items.opening_lufs)
    )
    for item, own in cuts.items():
        whole_lufs = problem.tracks[item].features.loudness_lufs
        for cut in known_lufs.keys() & own:
            column = starts if cut[1] == "from" else ends
            column[item] = known_lufs[cut] - whole_lufs * is_levelled
            if column is starts:
                opening[item] = max(whole_lufs, known_lufs[cut])
    items = replace(items, start_lufs=starts, end_lufs=ends, opening_lufs=opening)
    return replace(problem, items=items)


def _without(problem: Problem, items: Ints) -> Problem:
    return replace(problem, spare=np.union1d(problem.spare, items))


def _moved(found: Found, parts: Mapping[int, Track]) -> Arranged:
    """Return what was found as an order, in which each part is moved if no more rules break."""
    problem, instance, solution, tried = found
    objective, sequence = problem.objective, solution.sequence
    pins = [(pin, sequence.index(item)) for pin, item in problem.pins]

    def broken(order: result.Order) -> int:
        return len(result.given_up(order, objective.rules, objective.tolerance_s, pins))

    order = first = result.Order(
        [problem.tracks[item] for item in sequence],
        problem.items.take(np.array(sequence)),
        objective.profile,
        instance.grid,
    )
    for place, item in enumerate(sequence):
        if item in parts:
            tracks = [*order.tracks[:place], parts[item], *order.tracks[place + 1 :]]
            new = result.ordered(tracks, objective)
            order = new if broken(new) <= broken(first) else order
    cost = solution.cost if order is first else order.cost
    return Arranged(problem, order, pins, cost, min(solution.bound, cost), tried)
