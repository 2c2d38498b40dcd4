"""The solver run under fewer and fewer rules, in the order of `arrange`, until there is a session.

In go a problem and its relaxations; out come the instance that helped and its solution. Rules that
were lifted before, but are not in the way, are put back; what guards against harm is lifted last
and put back first.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from playlist_builder.arranger.problem import (
    LEAST_TOLERANCE_S,
    TOLERANCES,
    Problem,
    Relaxation,
    instance_of,
)
from playlist_builder.arranger.recordings import spare_copies
from playlist_builder.arranger.solver.instance import Failure, Instance, Solution
from playlist_builder.arranger.solver.solve import keeps, solve
from playlist_builder.errors import ArrangeError
from playlist_builder.language.translation import Phrase

SLACKS_S = (60.0, 120.0, 300.0, 600.0, np.inf)  # of pins and of planned silences
PEAKS = (0.1, 0.2, np.inf)
STROKES_HZ = (1.0, 2.0, np.inf)
STARTLES_LU = (3.0, 6.0, np.inf)
SILENCES_S = (15.0, 45.0, np.inf)
PROVEN = Phrase(", which is proven")
SEARCHED = Phrase(", as far as a long search tells, which proves nothing")
FEW_LIFTED = 3  # rules that are put back one by one
FIRST_TRIED = 4  # relaxations that are tried in their order: most sessions and tails need no more


def relaxations(
    *, pinned: bool, duration_s: float, tolerance_s: float = LEAST_TOLERANCE_S, rests: bool = False
) -> list[Relaxation]:
    """Return what is lifted at each attempt, from nothing to all of it."""
    found = [Relaxation()]
    if tolerance_s < LEAST_TOLERANCE_S:
        found.append(replace(found[-1], tolerance_s=LEAST_TOLERANCE_S))
    if pinned:
        found.append(replace(found[-1], pin_limits=True))
    found.append(replace(found[-1], artist_max=True))
    found.append(replace(found[-1], artist_gap=True))
    found.append(replace(found[-1], colour=np.inf))
    found.append(replace(found[-1], tension=np.inf))
    found.append(replace(found[-1], pulse_clarity=np.inf))
    if pinned:
        found.extend(replace(found[-1], pin_slack_s=slack_s) for slack_s in SLACKS_S)
    if rests:
        found.extend(replace(found[-1], rest_slack_s=slack_s) for slack_s in SLACKS_S)
    shares = (share * duration_s for share in TOLERANCES)
    least_s = max(tolerance_s, LEAST_TOLERANCE_S)
    found.extend(replace(found[-1], tolerance_s=each) for each in shares if each > least_s)
    found.extend(replace(found[-1], peak=beyond) for beyond in PEAKS)
    found.extend(replace(found[-1], stroke_rate_hz=beyond) for beyond in STROKES_HZ)
    found.extend(replace(found[-1], startle_lu=beyond) for beyond in STARTLES_LU)
    found.extend(replace(found[-1], silence_s=beyond) for beyond in SILENCES_S)
    return found


def solved(
    problem: Problem, allowed: Sequence[Relaxation] = (), known: Relaxation | None = None
) -> tuple[Instance, Solution, Sequence[Relaxation], Relaxation]:
    """Return the instance with the least lifted, its session, all that was tried, and what helped.

    `known` is the least that helps where the problem is the same but for one more rule that is
    never lifted: where it still helps, nothing less does.
    """
    tolerance_s = problem.objective.tolerance_s
    duration_s = problem.objective.profile.duration_s
    allowed = allowed or relaxations(
        pinned=bool(problem.pins),
        duration_s=duration_s,
        tolerance_s=tolerance_s,
        rests=bool(problem.objective.inner_rests),
    )
    if known is not None:
        instance = instance_of(problem, known)
        found = solve(instance)
        if isinstance(found, Solution):
            return instance, found, allowed, known
    least = _least(problem, allowed)
    if isinstance(least, Failure):
        # The limit of an opening is that of one session: others have other medians.
        is_proven = least.is_proven and np.isinf(problem.opening_lufs)
        copied = len(spare_copies(problem.tracks))
        proof = PROVEN if is_proven else SEARCHED
        once = Phrase(
            " {count} are copies of others: a session plays each recording once.", count=copied
        )
        raise ArrangeError(
            "No order of the {count} tracks that pass fills {minutes:.0f} min under these"
            " rules{pins}{proof}.{copies} Add music,{drop} or ask for another duration.",
            count=len(problem.tracks),
            minutes=duration_s / 60.0,
            pins=Phrase(" and pins") if problem.pins else "",
            proof=proof,
            copies=once if copied else "",
            drop=Phrase(" drop a pin,") if problem.pins else "",
        )
    place, found = least
    relaxation, found = _restored(problem, allowed[place], found)
    instance = instance_of(problem, relaxation)
    if place or relaxation != allowed[0]:
        best = solve(instance, start=found.sequence)
        found = best if isinstance(best, Solution) else found
    return instance, found, allowed[: place + 1], relaxation


def _least(problem: Problem, allowed: Sequence[Relaxation]) -> tuple[int, Solution] | Failure:
    """Return the place of the first relaxation that leads to a session, and that session.

    It is the best one where nothing was lifted before, and else any.

    Each lifts what the one before it does. So where the first few do not help, the last one tells
    whether any does, or one that a failure comes `near` enough to, and the others are bisected. A
    session may keep more than it must, and then tells of those before as well.
    """

    def kept(first: int, last: int, sequence: Sequence[int]) -> int:
        def kept_at(place: int) -> int:
            return int(keeps(instance_of(problem, allowed[place]), sequence))

        return bisect_left(range(last), 1, first, key=kept_at)

    near: Sequence[int] = ()
    failure, high = Failure(is_proven=True), len(allowed) - 1
    for place, relaxation in enumerate(allowed[:FIRST_TRIED]):
        found = solve(instance_of(problem, relaxation), is_best=place == 0, start=near)
        if isinstance(found, Solution):
            return place, found
        failure = found
        if found.near:
            near, high = found.near, kept(place + 1, high, found.near)
    if len(allowed) <= FIRST_TRIED:
        return failure
    low = FIRST_TRIED
    high = max(low, high)
    least = solve(instance_of(problem, allowed[high]), is_best=False, is_last=True, start=near)
    if isinstance(least, Failure):
        return least
    high = kept(low, high, least.sequence)
    while low < high:
        middle = (low + high) // 2
        found = solve(instance_of(problem, allowed[middle]), is_best=False, start=near)
        if isinstance(found, Solution):
            high, least = kept(low, middle, found.sequence), found
        else:
            low, near = middle + 1, found.near or near
    return high, least


def _restored(
    problem: Problem, relaxation: Relaxation, found: Solution
) -> tuple[Relaxation, Solution]:
    """Put back every rule that was lifted before the one that helped, where a session allows it.

    Returns what is still lifted, and a session under it. Mostly all others are put back, which is
    tried first.
    """

    def helps(tried: Relaxation) -> bool:
        nonlocal found
        instance = instance_of(problem, tried)
        if keeps(instance, found.sequence):
            return True
        again = solve(instance, is_best=False, start=found.sequence)
        found = again if isinstance(again, Solution) else found
        return isinstance(again, Solution)

    lifted = [each.name for each in fields(Relaxation) if getattr(relaxation, each.name)]
    if len(lifted) > FEW_LIFTED:
        alone = Relaxation(**{lifted[-1]: getattr(relaxation, lifted[-1])})
        if helps(alone):
            return alone, found
    for name in reversed(lifted[:-1]):
        tried = replace(relaxation, **{name: getattr(Relaxation(), name)})
        if helps(tried):
            relaxation = tried
    return relaxation, found
