"""How loud the first track of a session may be, which no relaxation lifts.

What is louder than music, or far louder than the tracks it stands among, is mostly no music, and
does harm where a person lies down and expects calm; so does what begins that loud. The median of a
session is known only when it is arranged, so what opens it too loud is barred, and the session is
arranged again. Where every track begins that loud, the softest of them may open.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from playlist_builder.arranger import relax
from playlist_builder.arranger.problem import Problem, Relaxation
from playlist_builder.arranger.solver.instance import Instance, Solution
from playlist_builder.errors import ArrangeError
from playlist_builder.models import Floats, Track
from playlist_builder.notices import Notice, notice
from playlist_builder.track_table import TrackTable

LOUDEST_LUFS = -3.0  # the loudest masters of music; noise of full scale has 0
ABOVE_MEDIAN_LU = 8.0
MARGIN_LU = 0.001  # by which the limit sinks at least when a session is arranged again


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


def solved(
    problem: Problem, allowed: Sequence[Relaxation] = ()
) -> tuple[Problem, Instance, Solution, Sequence[Relaxation]]:
    """Return what `relax.solved` does for a session that does not open too loud, and its problem.

    That has a notice on the track which would have opened it. Raises ArrangeError where no session
    opens softer.
    """
    instance, found, tried, least = relax.solved(problem, allowed)
    if problem.window.opens_later:
        return problem, instance, found, tried
    notes: list[Notice] = []
    while True:
        items, first = problem.items, found.sequence[0]
        lufs = problem.tracks.measured("loudness_lufs")
        most = most_lufs(lufs[list(found.sequence)])
        opens = items.opening_lufs[lufs <= most]  # of what is not too loud as a whole
        softest = float(opens.min()) if len(opens) else -np.inf
        if not items.opening_lufs[first] > max(most, softest):
            break
        notes = notes or [_notice("too_loud_to_open", problem.tracks[first], most)]
        most = max(min(most, problem.opening_lufs - MARGIN_LU), softest)
        problem = replace(problem, opening_lufs=most)
        try:
            instance, again, tried, least = relax.solved(problem, allowed, least)
        except ArrangeError as error:
            raise ArrangeError(f"{error} ({notes[0]}.)") from error
        # Another session may have another median, so that only the first bound is proven.
        found = replace(again, bound=min(found.bound, again.cost))
    return replace(problem, notes=(*problem.notes, *notes)), instance, found, tried


def _notice(code: str, track: Track, most: float) -> Notice:
    title, lufs = track.tags.title or track.path, float(opening_lufs(TrackTable.of([track]))[0])
    return notice(code, title=title, lufs=round(lufs, 1), limit_lufs=round(most, 1))
