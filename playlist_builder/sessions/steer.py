"""A session that plays, steered by who sits beside: softer, deeper, held, silent, onward.

A draft goes in, a draft comes out. All behind the track that plays at a time is arranged again, or
with `skip` all behind that time; what has played stays. Times are seconds of the session.
"""

from playlist_builder.errors import RequestError
from playlist_builder.profiles import steer
from playlist_builder.session_request import PlanChange
from playlist_builder.sessions.draft import Draft
from playlist_builder.sessions.replan import (
    changed_plan,
    jumped,
    later,
    moment,
    rearranged_behind,
)


def shifted(draft: Draft, by: float, at_s: float, *, skip: bool) -> Draft:
    """Return a draft whose plan is higher by so much from now on, or lower if below 0.

    It eases back to the plan by the next phase. Raises RequestError where nothing follows.
    """
    now = moment(draft, at_s, skip=skip)
    profile = now.draft.objective.profile
    phase, until_s = profile.phase_at(now.now_s).name, steer.shift_until_s(profile, now.now_s)
    now = changed_plan(now, PlanChange("shift", phase, at_s=now.now_s, by=by))
    if now.draft.is_on_time or now.draft.excess_ms > 0:
        raise RequestError(
            "No music of the plan follows that could be softer or deeper: its last track plays."
        )
    return rearranged_behind(now, until_s)


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
