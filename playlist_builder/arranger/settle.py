"""Parts of tracks in a session, cut where the music rests and never within a phrase.

The arranger chooses parts by their contours. Where `Constraints` have a function that knows more of
the music, its word counts: a part that would be cut within a phrase is barred, and the session is
arranged again; the cuts of the others move to where it says.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from playlist_builder.arranger import broken, opening, result
from playlist_builder.arranger.problem import Problem, Relaxation
from playlist_builder.arranger.rules import Pin
from playlist_builder.arranger.solver.instance import Instance, Solution, no_copies
from playlist_builder.arranger.trims import Cut, cuts_of, with_parts
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

    Where ends of tracks may be left out, no more rules give way for the sake of parts, and where a
    session of whole tracks is found that costs less, as there is less to search, it is that one.
    """
    constraints, whole, refusal = problem.objective.constraints, None, None
    try:
        whole = _moved(opening.solved(problem, allowed), {})
    except ArrangeError as error:
        refusal = error
    if constraints.trim_s and not constraints.use_all:
        with suppress(ArrangeError):
            found = _of_parts(_with_parts(problem), whole.tried if whole else allowed)
            of_parts = _moved(*found)
            whole = min(filter(None, (whole, of_parts)), key=lambda each: each.worth)
    if whole is None:
        raise refusal or AssertionError
    return whole


def _with_parts(problem: Problem) -> Problem:
    """Return a problem with the parts of its tracks, without copies; pinned tracks play whole."""
    objective, every = problem.objective, np.arange(len(problem.tracks))
    problem = _taken(problem, np.setdiff1d(every, problem.spare(every)))
    trim_s, rules = objective.constraints.trim_s, objective.rules
    table = with_parts(problem.tracks, [item for _, item in problem.pins], trim_s, rules)
    items = objective.items(table, table.rank)
    place_of = np.argsort(items.order)
    pins = tuple((pin, int(place_of[item])) for pin, item in problem.pins)
    return replace(problem, tracks=table.take(items.order), items=items, pins=pins)


def _of_parts(problem: Problem, allowed: Sequence[Relaxation]) -> tuple[Found, dict[int, Track]]:
    """Return what is found of parts too, and the parts in it with their cuts moved, by item.

    It is arranged again while it has parts that nobody has looked at, with the loudness of those
    that were. With a part go all that have the cut within a phrase, and in the end all others.
    """
    settle, every = problem.objective.constraints.settle, np.arange(len(problem.tracks))
    cuts = {item: own for item, own in enumerate(map(cuts_of, problem.tracks)) if own}
    one = {cut: item for item, (cut, *others) in cuts.items() if not others}
    good: dict[int, Track] = {}
    known_lufs: dict[Cut, float] = {}
    bad: set[Cut] = set()
    left = every
    for number in range(1, ROUNDS + 1):
        found = opening.solved(_taken(problem, left), allowed)
        played = left[list(found[2].sequence)].tolist()
        parts = [item for item in played if item in cuts and item not in good]
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
        left = np.setdiff1d(every, np.array(barred, np.int64))
    places = {item: place for place, item in enumerate(left.tolist())}
    return found, {places[item]: track for item, track in good.items() if item in places}


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


def _taken(problem: Problem, left: Ints) -> Problem:
    """Return a problem with the tracks at some places alone, without copies among them."""
    return replace(
        problem,
        tracks=problem.tracks.take(left),
        items=problem.items.take(left),
        pins=tuple((pin, int(np.searchsorted(left, item))) for pin, item in problem.pins),
        spare=no_copies,
    )


def _moved(found: Found, parts: Mapping[int, Track]) -> Arranged:
    """Return what was found as an order, in which each part is moved if no more rules break."""
    problem, instance, solution, tried = found
    objective, sequence = problem.objective, solution.sequence
    pins = [(pin, sequence.index(item)) for pin, item in problem.pins]

    def count_broken(order: result.Order) -> int:
        return len(broken.given_up(order, objective.rules, objective.tolerance_s, pins))

    found_order = result.Order(
        [problem.tracks[item] for item in sequence],
        problem.items.take(np.array(sequence)),
        objective.music,
        instance.grid,
    )
    order = first = result.with_rests(found_order, objective)
    for place, item in enumerate(sequence):
        if item in parts:
            tracks = [*order.tracks[:place], parts[item], *order.tracks[place + 1 :]]
            new = result.ordered(tracks, objective)
            order = new if count_broken(new) <= count_broken(first) else order
    cost = solution.cost if order is first else order.cost
    return Arranged(problem, order, pins, cost, min(solution.bound, cost), tried)
