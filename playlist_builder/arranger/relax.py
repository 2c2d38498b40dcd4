"""The solver run under fewer and fewer rules, in the order of `arrange`, until there is a session.

In go a problem and its relaxations; out come the instance that helped and its solution. Rules that
were lifted before, but are not in the way, are put back; what guards against harm is lifted last
and put back first.
"""

from collections.abc import Sequence
from dataclasses import fields, replace

from playlist_builder.arranger.problem import (
    Problem,
    Relaxation,
    instance_of,
    relaxations,
    spare_copies,
)
from playlist_builder.arranger.solver.solve import Instance, Solution, solve
from playlist_builder.errors import ArrangeError


def solved(
    problem: Problem, allowed: Sequence[Relaxation] = ()
) -> tuple[Instance, Solution, Sequence[Relaxation]]:
    """Return the instance with the least lifted, its session, and all relaxations tried."""
    tolerance_s = problem.objective.tolerance_s
    allowed = allowed or relaxations(pinned=bool(problem.pins), tolerance_s=tolerance_s)
    for tried, relaxation in enumerate(allowed, start=1):
        found = solve(instance_of(problem, relaxation))
        if found is not None:
            return *_restored(problem, relaxation, found), allowed[:tried]
    copied = len(spare_copies(problem.tracks))
    repeats = (
        f" {copied} are copies of others: a session plays each recording once." if copied else ""
    )
    raise ArrangeError(
        f"No order of the {len(problem.tracks)} tracks that pass fills"
        f" {problem.objective.profile.duration_s / 60.0:.0f} min under these rules and pins."
        f"{repeats} Add music, drop a pin, or ask for another duration."
    )


def _restored(
    problem: Problem, relaxation: Relaxation, found: Solution
) -> tuple[Instance, Solution]:
    """Put back every rule that was lifted before the one that helped, where a session allows it."""
    lifted = [each.name for each in fields(Relaxation) if getattr(relaxation, each.name)]
    for name in reversed(lifted[:-1]):
        tried = replace(relaxation, **{name: getattr(Relaxation(), name)})
        better = solve(instance_of(problem, tried))
        if better is not None:
            relaxation, found = tried, better
    return instance_of(problem, relaxation), found
