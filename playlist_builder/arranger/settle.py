"""Parts of tracks in a session, cut where the music rests and never within a phrase.

The arranger chooses parts by their contours. Where `Constraints` have a function that knows more of
the music, its word counts: a part that would be cut within a phrase is barred, and the session is
arranged again; the cuts of the others move to where it says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from playlist_builder.arranger import opening, result
from playlist_builder.arranger.problem import Objective, Problem, Relaxation
from playlist_builder.arranger.rules import Pin
from playlist_builder.arranger.solver.solve import Instance, Solution
from playlist_builder.arranger.trims import shares_cut
from playlist_builder.models import Track

ROUNDS = 5  # in which a session is arranged at most, the last one of parts known to be good


def solved(
    problem: Problem, allowed: Sequence[Relaxation] = ()
) -> tuple[Problem, Instance, Solution, Sequence[Relaxation], dict[int, Track]]:
    """Return what `opening.solved` does, and the parts in it with their cuts moved, by item.

    With a part that would be cut within a phrase goes what shares a cut with it, and in the end all
    that nobody has looked at.
    """
    settle, spare = problem.objective.constraints.settle, problem.spare
    good: dict[int, Track] = {}
    for number in range(1, ROUNDS + 1):
        found = opening.solved(replace(problem, spare=spare), allowed)
        if settle is None:
            break
        wrong = []
        for item in np.setdiff1d(np.intersect1d(problem.part, found[2].sequence), [*good]).tolist():
            track = problem.tracks[item]
            if (settled := settle(track)) is None:
                wrong.append(track)
            else:
                good[item] = settled
        if not wrong:
            break
        barred = [
            item
            for item in problem.part.tolist()
            if item not in good
            and (number == ROUNDS - 1 or any(shares_cut(problem.tracks[item], w) for w in wrong))
        ]
        spare = np.union1d(spare, np.array(barred, np.int64))
    return *found, good


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
