"""Parts of tracks in a session, cut where the music rests and never within a phrase.

The arranger chooses parts by their contours. Where `Constraints` have a function that knows more of
the music, its word counts: a part that would be cut within a phrase is barred, and the session is
arranged again; the cuts of the others move to where it says.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from playlist_builder.arranger import opening, result
from playlist_builder.arranger.problem import Objective, Problem, Relaxation
from playlist_builder.arranger.rules import Pin
from playlist_builder.arranger.solver.solve import Instance, Solution
from playlist_builder.arranger.trims import Cut, cuts_of
from playlist_builder.errors import ArrangeError
from playlist_builder.models import Ints, Track

Found = tuple[Problem, Instance, Solution, Sequence[Relaxation]]

ROUNDS = 5  # in which a session is arranged at most, the last one of parts known to be good


def solved(
    problem: Problem, allowed: Sequence[Relaxation] = ()
) -> tuple[Problem, Instance, Solution, Sequence[Relaxation], dict[int, Track]]:
    """Return what `opening.solved` does, and the parts in it with their cuts moved, by item.

    No more rules give way for the sake of parts. Where a session of whole tracks is found that
    costs less, as there is less to search, it is that one.
    """
    if not len(problem.part):
        return *opening.solved(problem, allowed), {}
    whole = _whole(problem, allowed)
    try:
        found, cuts = _of_parts(problem, whole[-1] if whole else allowed)
    except ArrangeError:
        if whole is None:
            raise
        return *whole, {}
    if whole is not None and _worth(whole) <= _worth(found):
        return *whole, {}
    return *found, cuts


def _worth(found: Found) -> tuple[int, float]:
    """Return how many relaxations were tried, and the cost: the less the better."""
    _, _, solution, tried = found
    return len(tried), solution.cost


def _whole(problem: Problem, allowed: Sequence[Relaxation]) -> Found | None:
    """Return what is found of whole tracks, None where nothing is."""
    with suppress(ArrangeError):
        return opening.solved(_without(problem, problem.part), allowed)
    return None


def _of_parts(problem: Problem, allowed: Sequence[Relaxation]) -> tuple[Found, dict[int, Track]]:
    """Return what is found of parts too, and the parts in it with their cuts moved, by item.

    With a part go all that have the cut within a phrase, and in the end all that nobody has looked
    at.
    """
    settle, barred = problem.objective.constraints.settle, list[int]()
    cuts = {item: cuts_of(problem.tracks[item]) for item in problem.part.tolist()}
    one = {cut: item for item, (cut, *others) in cuts.items() if not others}
    good: dict[int, Track] = {}
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
        good |= {item: track for item, track in settled.items() if track is not None}
        bad.update(cut for item in lone if item not in good for cut in cuts[item])
        barred = [
            item
            for item, own in cuts.items()
            if item not in good and (number == ROUNDS - 1 or not bad.isdisjoint(own))
        ]
        if not wrong:
            break
    return found, good


def _without(problem: Problem, items: Ints) -> Problem:
    return replace(problem, spare=np.union1d(problem.spare, items))


def moved(
    order: result.Order,
    cuts: Mapping[int, Track],
    objective: Objective,
    pins: Sequence[tuple[Pin, int]],
) -> result.Order:
    """Return an order with tracks of some places moved in their cuts, if no more rules break."""

    def broken(tried: result.Order) -> int:
        return len(result.given_up(tried, objective.rules, objective.tolerance_s, pins))

    most = broken(order) if cuts else 0
    for place, track in cuts.items():
        tried = result.ordered(
            [*order.tracks[:place], track, *order.tracks[place + 1 :]], objective
        )
        if broken(tried) <= most:
            order = tried
    return order
