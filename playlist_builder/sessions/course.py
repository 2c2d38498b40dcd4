"""How what follows in a session that plays was to go, and what of a change goes another way."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from operator import itemgetter
from typing import NamedTuple, Self, TypeAlias

import numpy as np

from playlist_builder.arranger.result import energies
from playlist_builder.arranger.solver.cost import rescale
from playlist_builder.errors import ArrangeError
from playlist_builder.models import STEP_S, Floats, Floats32
from playlist_builder.sessions.draft import Draft

JOIN_S = 1.0  # by which joins may lie apart and still be the same
OPENING_S = 30.0  # with which a track begins
LIVELIER = 0.1  # of energy: heard as livelier
SLACK = 0.05  # more, behind the next track: to avoid less is worth no higher step later
NEXT_IS = 1000  # more than all others: what comes next is heard as the answer to a press

Judge: TypeAlias = Callable[[Draft], int]


class Course(NamedTuple):
    """When each track of a draft starts and ends, in seconds, and its energy as it is shown.

    `openings` are energies with which tracks begin, or those of all of it where they are higher.
    """

    starts_s: Floats
    ends_s: Floats
    levels: Floats
    openings: Floats
    identities: tuple[str, ...]

    @classmethod
    def of(cls, draft: Draft) -> Self:
        """Return the course of a draft."""
        starts_s = np.array(draft.starts_s())
        levels = np.array(energies(draft.order, draft.objective))
        begin = [_opening(track.contour, draft.objective.percentiles) for track in draft.order]
        names = tuple(track.identity for track in draft.order)
        return cls(starts_s[:-1], starts_s[1:], levels, np.maximum(levels, begin), names)

    def next_level(self, at_s: float, by: float) -> float:
        """Return the energy of what plays at a time, or of what starts then or next.

        Where `by` is below 0 that is, of what starts, the one with which it begins, if higher.
        """
        place = min(int(np.sum(self.ends_s <= at_s + JOIN_S)), len(self.levels) - 1)
        starts = self.starts_s[place] > at_s - JOIN_S
        return float((self.openings if starts and by < 0.0 else self.levels)[place])

    def about(self, at_s: float) -> Floats:
        """Return the energies of what ends at a time, and of what starts then."""
        return self.between(at_s - JOIN_S, at_s + JOIN_S)

    def between(self, from_s: float, to_s: float) -> Floats:
        """Return the energies of what plays between two times, else the next or the last one."""
        levels = self.levels[(self.starts_s < to_s) & (self.ends_s > from_s)]
        if len(levels):
            return levels
        place = min(int(np.sum(self.ends_s <= from_s)), len(self.levels) - 1)
        return self.levels[place : place + 1]


def _opening(contour: Floats32, percentiles: Floats | None) -> float:
    begin = contour[: round(OPENING_S / STEP_S)]
    return float(rescale(begin, percentiles).mean()) if len(begin) else 0.0


def begun_s(draft: Draft) -> float:
    """Return when what follows the tracks of a draft begins, but for a silence."""
    return draft.starts_s()[-1] if draft.order else 0.0


def least(ways: Iterable[Draft], wrong: Judge) -> tuple[int, Draft]:
    """Return the draft of which least is wrong, the first one if nothing is, and how much that is.

    Raises ArrangeError where there is no draft.
    """
    judged = list[tuple[int, Draft]]()
    try:
        for each in ways:
            judged.append((wrong(each), each))
            if not judged[-1][0]:
                break
    except ArrangeError:
        if not judged:
            raise
    return min(judged, key=itemgetter(0))


def within(draft: Draft, least_level: float = 0.0, most_level: float = 1.0) -> Draft:
    """Return a draft whose pool holds the tracks with an energy, as it is shown, in a range."""
    levels = rescale(draft.pool.energy.astype(np.float32), draft.objective.percentiles)
    return replace(draft, pool=draft.pool.take((least_level <= levels) & (levels <= most_level)))


def livelier(before: Draft, played: Draft, for_s: float = 0.0) -> Judge:
    """Return what counts the tracks that are livelier than another draft was to go on.

    The track behind what has `played` is compared with what the other draft plays about then, and
    counts as `NEXT_IS` more; those behind it that begin within `for_s` may be a little livelier.
    """
    place = len(played.order)
    most = _most(before, played)

    def wrong(draft: Draft) -> int:
        starts_s = np.array(draft.starts_s()[place:-1])
        count = int(np.sum(starts_s < starts_s[:1] + max(for_s, JOIN_S)))
        levels = energies(draft.order[place : place + count], draft.objective)
        is_next = max(levels[:1], default=0.0) > most
        return NEXT_IS * is_next + sum(level > most + SLACK for level in levels[1:])

    return wrong


def no_livelier(before: Draft, played: Draft) -> Draft:
    """Return what has played, with a pool of tracks that are not `livelier`."""
    return within(played, most_level=_most(before, played))


def _most(before: Draft, played: Draft) -> float:
    return float(Course.of(before).about(begun_s(played)).max()) + LIVELIER
