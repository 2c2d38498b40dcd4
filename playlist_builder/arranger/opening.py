"""How loud the first track of a session may be, which no relaxation lifts.

What is louder than music, or far louder than the tracks it stands among, is mostly no music, and
does harm where a person lies down and expects calm; so does what begins that loud. The median of a
session is known only when it is arranged, so what opens it too loud is barred, and the session is
arranged again; or, where that asks too much, as of a pin, with louder tracks behind it. Where every
track begins that loud, the softest of them may open.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from playlist_builder.arranger import relax
from playlist_builder.arranger.problem import Problem, Relaxation
from playlist_builder.arranger.solver.instance import Instance, Solution
from playlist_builder.errors import ArrangeError
from playlist_builder.language.notices import Notice, notice
from playlist_builder.models import Floats, Track
from playlist_builder.tracks.track_table import TrackTable

LOUDEST_LUFS = -3.0  # the loudest masters of music; noise of full scale has 0
ABOVE_MEDIAN_LU = 8.0
MARGIN_LU = 0.001  # by which the limit sinks at least when a session is arranged again
ATTEMPTS = 2  # at other openings, and at louder tracks behind one
NEAR = 1.05  # times the cost with the track that was too loud: what costs more is tried otherwise

Arranged = tuple[Problem, Instance, Solution, Sequence[Relaxation]]


def most_lufs(loudness_lufs: Floats) -> float:
    """Return the most that the first of tracks may have, from the loudness of all of them, (n,)."""
    return min(LOUDEST_LUFS, float(np.median(loudness_lufs)) + ABOVE_MEDIAN_LU)


def opening_lufs(tracks: TrackTable) -> Floats:
    """Return how loud each track is that opens: as a whole, or at its start if that is louder."""
    return np.maximum(tracks.measured("loudness_lufs"), tracks.measured("start_loudness_lufs"))


def too_loud(tracks: Sequence[Track]) -> list[Notice]:
    """Return a notice where the first of tracks, in the order in which they play, is too loud."""
    most = most_lufs(TrackTable.of(tracks).measured("loudness_lufs"))
    if not opening_lufs(TrackTable.of(tracks[:1]))[0] > most:
        return []
    return [_notice("opens_loud", tracks[0], most)]


def solved(problem: Problem, allowed: Sequence[Relaxation] = ()) -> Arranged:
    """Return what `relax.solved` does for a session that does not open too loud, and its problem.

    That has a notice on the track which would have opened it. The limit of one session asks too
    much of others, which have other medians. Where more rules give way for another opening, or the
    cost is not `NEAR`, louder tracks are tried behind the one that was too loud.
    """
    instance, found, tried, least = relax.solved(problem, allowed)
    if problem.window.opens_later or _limit_lufs(problem, found) is None:
        return problem, instance, found, tried
    known, refusal, openings = found, None, list[tuple[Arranged, Relaxation]]()
    for attempt in (_softer, _louder):
        try:
            openings += filter(None, [attempt(problem, known, allowed, least)])
        except ArrangeError as error:
            refusal = refusal or error
        if any(lifted == least and own[2].cost <= NEAR * known.cost for own, lifted in openings):
            break
    if not openings:
        raise refusal or AssertionError
    own, _ = min(openings, key=lambda each: (each[1] != least, each[0][2].cost))
    problem, instance, found, tried = own
    # Another session may have another median, so that only the first bound is proven.
    return problem, instance, replace(found, bound=min(known.bound, found.cost)), tried


def _limit_lufs(problem: Problem, found: Solution) -> float | None:
    """Return the most that may open a session, or None where it opens no louder than that."""
    items, first = problem.items, found.sequence[0]
    lufs = problem.tracks.measured("loudness_lufs")
    most = most_lufs(lufs[list(found.sequence)])
    opens = items.opening_lufs[lufs <= most]  # of what is not too loud as a whole
    softest = float(opens.min()) if len(opens) else -np.inf
    if not items.opening_lufs[first] > max(most, softest):
        return None
    return max(min(most, problem.opening_lufs - MARGIN_LU), softest)


def _softer(
    problem: Problem, found: Solution, allowed: Sequence[Relaxation], least: Relaxation
) -> tuple[Arranged, Relaxation]:
    """Return a session that another track opens, which is told, and what is lifted for it.

    At first the one that opens too loud is barred alone, and in the end all that are louder than
    the last session bears. Raises ArrangeError where there is none.
    """
    lufs, alone = problem.tracks.measured("loudness_lufs"), ATTEMPTS
    most = most_lufs(lufs[list(found.sequence)])
    note = _notice("too_loud_to_open", problem.tracks[found.sequence[0]], most)
    while (limit := _limit_lufs(problem, found)) is not None:
        if alone:
            limit, alone = max(limit, min(problem.opening_lufs, LOUDEST_LUFS)), alone - 1
            opening = problem.items.opening_lufs.copy()
            opening[found.sequence[0]] = np.inf
            problem = replace(problem, items=replace(problem.items, opening_lufs=opening))
        problem = replace(problem, opening_lufs=limit)
        try:
            instance, found, tried, least = relax.solved(problem, allowed, least)
        except ArrangeError as error:
            raise ArrangeError("{error} ({note}.)", error=error, note=note) from error
    return (replace(problem, notes=(*problem.notes, note)), instance, found, tried), least


def _louder(
    problem: Problem, found: Solution, allowed: Sequence[Relaxation], _: Relaxation
) -> tuple[Arranged, Relaxation] | None:
    """Return a session so loud behind the first track of another one that this may open it.

    So few of its tracks are soft that its median is not. With it comes what is lifted for it; None
    where no such session is found.
    """
    first_lufs = problem.items.opening_lufs[found.sequence[0]]
    if first_lufs > LOUDEST_LUFS:
        return None
    objective, soft = problem.objective, problem.tracks.measured("loudness_lufs")
    names = np.array(problem.tracks.identities)[soft < first_lufs - ABOVE_MEDIAN_LU]
    half = (len(found.sequence) + 1) // 2  # of a session of one more, and then of fewer tracks
    for most in range(half, max(half - ATTEMPTS - 1, -1), -1):
        few = frozenset(names.tolist()), most
        constraints = objective.constraints
        bound = replace(constraints, at_most=(*constraints.at_most, few))
        fewer = replace(problem, objective=replace(objective, constraints=bound))
        try:
            instance, found, tried, least = relax.solved(fewer, allowed)
        except ArrangeError:
            return None
        if _limit_lufs(problem, found) is None:
            return (problem, instance, found, tried), least
    return None


def _notice(code: str, track: Track, most: float) -> Notice:
    title, lufs = track.tags.title or track.path, float(opening_lufs(TrackTable.of([track]))[0])
    return notice(code, title=title, lufs=round(lufs, 1), limit_lufs=round(most, 1))
