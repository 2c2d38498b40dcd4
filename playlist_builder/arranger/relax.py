"""One attempt after the other, each giving way a little more, until there is a session.

This room decides which rules are lifted, in the documented order of `arrange`. It refuses to lift
one that is not in the way: what was lifted before the one that helped is put back.
"""

from collections.abc import Sequence
from dataclasses import fields, replace

from playlist_builder.arranger.problem import Problem, Relaxation, task
from playlist_builder.arranger.solver.solve import Solution, solve
from playlist_builder.errors import ArrangeError


def solved(
    stage: Problem, allowed: Sequence[Relaxation]
) -> tuple[Relaxation, Solution, Sequence[Relaxation]]:
    """Return what had to be lifted, the best session under what is left, and all attempts."""
    for attempt, leave in enumerate(allowed, start=1):
        found = solve(task(stage, leave))
        if found is not None:
            return *_restored(stage, leave, found), allowed[:attempt]
    raise ArrangeError(
        f"No order of the {len(stage.tracks)} tracks that pass fills"
        f" {stage.profile.duration_s / 60.0:.0f} min under these rules and pins."
        " Add music, drop a pin, or ask for another duration."
    )


def _restored(stage: Problem, leave: Relaxation, found: Solution) -> tuple[Relaxation, Solution]:
    """Put back every rule that was lifted before the one that helped, where a session allows it."""
    lifted = [each.name for each in fields(Relaxation) if getattr(leave, each.name)]
    for name in lifted[:-1]:
        tried = replace(leave, **{name: getattr(Relaxation(), name)})
        better = solve(task(stage, tried))
        if better is not None:
            leave, found = tried, better
    return leave, found
