"""A session that plays, steered by who sits beside: softer, deeper, held, silent, onward.

A draft goes in, a draft comes out. All behind the track that plays at a time is arranged again, or
with `skip` all behind that time; what has played stays. Times are seconds of the session.
"""

from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter
from typing import NamedTuple, Self

import numpy as np

from playlist_builder.arranger.result import energies
from playlist_builder.arranger.solver.cost import rescale
from playlist_builder.errors import ArrangeError, RequestError
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Floats
from playlist_builder.profiles import steer
from playlist_builder.session_request import PlanChange
from playlist_builder.sessions.draft import Draft
from playlist_builder.sessions.replan import (
    Moment,
    changed_plan,
    jumped,
    later,
    moment,
    partly_rearranged,
    rearranged_behind,
    wholly_rearranged,
)

NEAR = 0.03  # of energy: not heard as livelier or calmer
JOIN_S = 1.0  # by which joins may lie apart and still be the same
NOTHING_SOFTER = Phrase("No softer music fits here: what follows stays as it is.")
NOTHING_DEEPER = Phrase("No deeper music fits here: what follows stays as it is.")
NEXT_IS = 1000  # more than all others: what comes next is heard as the answer


def shifted(draft: Draft, by: float, at_s: float, *, skip: bool) -> Draft:
    """Return a draft whose plan is higher by so much from now on, or lower if below 0.

    It eases back to the plan by the next phase, and until then as little as can be goes the wrong
    way. Raises RequestError where nothing follows, and ArrangeError where all that can come next
    goes the wrong way.
    """
    now = moment(draft, at_s, skip=skip)
    profile = now.draft.objective.profile
    phase, until_s = profile.phase_at(now.now_s).name, steer.shift_until_s(profile, now.now_s)
    now = changed_plan(now, PlanChange("shift", phase, at_s=now.now_s, by=by))
    if now.draft.is_on_time or now.draft.excess_ms > 0:
        raise RequestError(
            "No music of the plan follows that could be softer or deeper: its last track plays."
        )
    planned = _Course.of(draft)
    ways = list[tuple[int, Draft]]()
    for found in _ways(now, planned, by, until_s):
        ways.append((_wrong(found, now, planned, by, until_s), found))
        if not ways[-1][0]:
            break
    wrong, found = min(ways, key=itemgetter(0))
    if wrong >= NEXT_IS:
        raise ArrangeError(NOTHING_SOFTER if by < 0.0 else NOTHING_DEEPER)
    return replace(found, pool=now.draft.pool)


class _Course(NamedTuple):
    """When each track of a draft starts and ends, in seconds, and its energy as it is shown."""

    starts_s: Floats
    ends_s: Floats
    levels: Floats

    @classmethod
    def of(cls, draft: Draft) -> Self:
        starts_s = np.array(draft.starts_s())
        levels = np.array(energies(draft.order, draft.objective))
        return cls(starts_s[:-1], starts_s[1:], levels)

    def between(self, from_s: float, to_s: float) -> Floats:
        """Return the energies of what plays between two times; behind its end, the last one."""
        levels = self.levels[(self.starts_s < to_s) & (self.ends_s > from_s)]
        return levels if len(levels) else self.levels[-1:]


def _ways(now: Moment, planned: _Course, by: float, until_s: float) -> Iterator[Draft]:
    """Yield drafts that follow a plan which has changed until a time.

    First come the best ones, then those of music on the right side of what was to play next.
    """
    pool, sign, next_s = now.draft.pool, np.sign(by), now.draft.starts_s()[-1] + JOIN_S
    yield from partly_rearranged(now, until_s)
    levels = rescale(pool.energy.astype(np.float32), now.draft.objective.percentiles)
    narrow = pool.take(sign * (levels - planned.between(next_s, next_s + JOIN_S)[-1]) >= -NEAR)
    yield from partly_rearranged(now._replace(draft=replace(now.draft, pool=narrow)), until_s)
    yield from wholly_rearranged(now)


def _wrong(draft: Draft, now: Moment, planned: _Course, by: float, until_s: float) -> int:
    """Return how many tracks go the wrong way until a time, `NEXT_IS` where the next one does.

    That is livelier than what was planned, or calmer where `by` is above 0. The track that comes
    next is compared with what was to play as it begins, each behind it with all that was to play
    meanwhile.
    """
    place, wrong, sign = len(now.draft.order), 0, np.sign(by)
    starts_s, ends_s, levels = (each[place:] for each in _Course.of(draft))
    for start_s, end_s, level in zip(starts_s, ends_s, levels, strict=True):
        is_next, from_s = start_s == starts_s[0], start_s + JOIN_S
        if start_s - starts_s[0] > until_s - now.now_s:
            break
        others = planned.between(from_s, from_s + JOIN_S if is_next else end_s)
        if (sign * (level - others) < -NEAR).all():
            wrong += NEXT_IS if is_next else 1
    return wrong


def held(draft: Draft, for_s: float, at_s: float, *, skip: bool) -> Draft:
    """Return a draft whose plan keeps the level of now for so long; all behind it comes later."""
    now = moment(draft, at_s, skip=skip)
    phase = now.draft.objective.profile.phase_at(now.at_s).name
    change = PlanChange("hold", phase, by_s=for_s, at_s=now.at_s)
    return rearranged_behind(later(now, now.at_s, for_s, change), 0.0)


def rested(draft: Draft, for_s: float, at_s: float, *, skip: bool) -> Draft:
    """Return a draft with a silence of so many seconds; all behind it comes later."""
    now = moment(draft, at_s, skip=skip)
    phase = now.draft.objective.profile.phase_at(now.now_s).name
    change = PlanChange("rest", phase, by_s=for_s, at_s=now.now_s)
    return rearranged_behind(later(now, now.now_s, for_s, change), 0.0)


def advanced(draft: Draft, at_s: float, *, skip: bool) -> Draft:
    """Return a draft in which the phase behind the present one begins.

    Where that begins before the track has ended which plays, all stays as planned. Raises
    RequestError in the last phase.
    """
    now = moment(draft, at_s, skip=skip)
    profile = now.draft.objective.profile
    phase = steer.next_phase(profile, now.at_s)
    if phase is None:
        raise RequestError("No phase follows: the last one plays.")
    if steer.next_phase_s(profile, now.at_s) <= now.now_s:
        return rearranged_behind(now, 0.0)
    return rearranged_behind(jumped(now, phase))
