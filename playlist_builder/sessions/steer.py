"""A session that plays, steered by who sits beside: softer, deeper, held, silent, onward.

A draft goes in, a draft comes out. All behind the track that plays at a time is arranged again, or
with `skip` all behind that time; what has played stays. Times are seconds of the session.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from playlist_builder.errors import ArrangeError, RequestError
from playlist_builder.language.translation import Phrase
from playlist_builder.profiles import steer
from playlist_builder.session_request import PlanChange
from playlist_builder.sessions.course import JOIN_S, NEXT_IS, Course, Judge, begun_s, least, within
from playlist_builder.sessions.draft import Draft
from playlist_builder.sessions.replan import (
    Moment,
    changed_plan,
    jumped,
    later,
    moment,
    partly_rearranged,
    rearranged_as_calm,
    rearranged_behind,
    wholly_rearranged,
)

NEAR = 0.03  # of energy: not heard as livelier or calmer
NOTHING_SOFTER = Phrase("No softer music fits here: what follows stays as it is.")
NOTHING_DEEPER = Phrase("No deeper music fits here: what follows stays as it is.")


def shifted(draft: Draft, by: float, at_s: float, *, skip: bool) -> Draft:
    """Return a draft whose plan is higher by so much from now on, or lower if below 0.

    It eases back to the plan by the next phase, and until then as little as can be goes the wrong
    way. Raises RequestError where nothing follows, and ArrangeError where no way was found in which
    the next track goes the right way.
    """
    now = moment(draft, at_s, skip=skip)
    profile = now.draft.objective.profile
    phase, until_s = profile.phase_at(now.now_s).name, steer.shift_until_s(profile, now.now_s)
    now = changed_plan(now, PlanChange("shift", phase, at_s=now.now_s, by=by))
    if now.draft.is_on_time or now.draft.excess_ms > 0:
        raise RequestError(
            "No music of the plan follows that could be softer or deeper: its last track plays."
        )
    planned = Course.of(draft)
    wrong, found = least(_ways(now, planned, by, until_s), _against(now, planned, by, until_s))
    if wrong >= NEXT_IS:
        raise ArrangeError(NOTHING_SOFTER if by < 0.0 else NOTHING_DEEPER)
    return replace(found, pool=now.draft.pool)


def _ways(now: Moment, planned: Course, by: float, until_s: float) -> Iterator[Draft]:
    """Yield drafts that follow a plan which has changed until a time.

    First come the best ones, then those of music on the right side of what was to play next.
    """
    level = planned.next_level(begun_s(now.draft), by)
    span = (0.0, level + NEAR) if by < 0.0 else (level - NEAR, 1.0)
    yield from partly_rearranged(now, until_s)
    yield from partly_rearranged(now._replace(draft=within(now.draft, *span)), until_s)
    yield from wholly_rearranged(now)


def _against(now: Moment, planned: Course, by: float, until_s: float) -> Judge:
    """Return what counts the tracks that go the wrong way until a time; the next is `NEXT_IS`.

    That is livelier than what was planned, or calmer where `by` is above 0. The track that comes
    next is compared with what was to play as it begins, by how it begins too where it should be
    softer, each behind it with all that was to play meanwhile. It is also wrong where the same
    tracks follow as before, unless one is cut for it.
    """
    place, sign, lasts_s = len(now.draft.order), np.sign(by), until_s - now.now_s
    is_cut = now.draft.played == place
    behind, next_s = tuple(track.identity for track in now.behind), begun_s(now.draft)

    def wrong(draft: Draft) -> int:
        own = Course.of(draft)
        starts_s, ends_s, levels, openings = (each[place:] for each in own[:4])
        count, names = int(np.sum(starts_s - starts_s[0] <= lasts_s)), own.identities[place:]
        if names[:count] == behind[:count] and not is_cut:
            return NEXT_IS
        begins = float((openings if by < 0.0 else levels)[0])
        near = 0.0 if is_cut else NEAR
        found = NEXT_IS * (sign * (begins - planned.next_level(next_s, by)) < -near)
        for start_s, end_s, level in list(zip(starts_s, ends_s, levels, strict=True))[1:count]:
            others = planned.between(start_s + JOIN_S, end_s)
            found += (sign * (level - others) < -NEAR).all()
        return int(found)

    return wrong


def held(draft: Draft, for_s: float, at_s: float, *, skip: bool) -> Draft:
    """Return a draft whose plan keeps the level of now for so long; all behind it comes later."""
    now = moment(draft, at_s, skip=skip)
    phase = now.draft.objective.profile.phase_at(now.at_s).name
    change = PlanChange("hold", phase, by_s=for_s, at_s=now.at_s)
    until_s = now.at_s + for_s
    return rearranged_as_calm(draft, later(now, now.at_s, for_s, change), until_s, refuses=True)


def rested(draft: Draft, for_s: float, at_s: float, *, skip: bool) -> Draft:
    """Return a draft with a silence of so many seconds; all behind it comes later."""
    now = moment(draft, at_s, skip=skip)
    phase = now.draft.objective.profile.phase_at(now.now_s).name
    change = PlanChange("rest", phase, by_s=for_s, at_s=now.now_s)
    return rearranged_as_calm(draft, later(now, now.now_s, for_s, change))


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
