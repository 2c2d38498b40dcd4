"""A session that plays, steered by who sits beside: softer, deeper, held, silent, calm, onward.

A draft goes in, a draft comes out. All behind the track that plays at a time is arranged again, or
with `skip` all behind that time; what has played stays. Times are seconds of the session.
"""

from dataclasses import replace

import numpy as np

from playlist_builder.arranger.partial import length_ms
from playlist_builder.arranger.recordings import repeated, spare_copies
from playlist_builder.arranger.rules import admit
from playlist_builder.errors import ArrangeError, RequestError
from playlist_builder.models import Track
from playlist_builder.profiles import steer
from playlist_builder.session_request import PlanChange
from playlist_builder.sessions.draft import Draft, fill, fill_quickly
from playlist_builder.sessions.replan import (
    Moment,
    changed_plan,
    jumped,
    later,
    moment,
    rearranged_behind,
)
from playlist_builder.sessions.rescue import CHOICE, MINUTES, CalmMusic, calm_music
from playlist_builder.tracks.track_table import TrackTable


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


def calmed(draft: Draft, music: TrackTable, at_s: float, *, skip: bool) -> Draft:
    """Return a draft that goes on with half an hour of the calmest of some music, and ends.

    It is shorter where there are not enough of them. What has played is not used again. Raises
    ArrangeError where no track is calm enough.
    """
    now = _without_pins(moment(draft, at_s, skip=skip))
    percentiles = now.draft.objective.percentiles
    found = calm_music(_usable(now, music), percentiles)
    most_s = float(found.tracks.seconds.sum())
    new: list[Track] = []
    if most_s >= CHOICE * MINUTES * 60.0:
        calm = _followed(now, found, MINUTES * 60.0)
        try:
            new = _filled(calm, found)
        except ArrangeError:
            new = []
    if not new:  # it is asked for when it has to be there
        new = _on_the_way_down(found)
        calm = _followed(now, found, length_ms(new) / 1000.0)
    return replace(calm.draft, order=(*calm.draft.order, *new))


def _usable(now: Moment, music: TrackTable) -> TrackTable:
    """Return the tracks that have not played and that nobody wants out."""
    constraints = replace(now.draft.objective.constraints, include=None)
    passed, _ = admit(music, now.draft.objective.rules, constraints, np.inf)
    table = music.take(passed)
    return table.take(~repeated(table, now.known))


def _without_pins(now: Moment) -> Moment:
    """Return a moment without the pins of what has not played."""
    draft, played = now.draft, {track.identity for track in now.draft.order}
    kept = [place for place, (_, own) in enumerate(draft.pins) if own in played]
    request = replace(
        draft.request,
        pins=tuple(draft.request.pins[place] for place in kept),
        pinned=tuple(draft.request.pinned[place] for place in kept),
    )
    pins = tuple(draft.pins[place] for place in kept)
    return now._replace(draft=replace(draft, request=request, pins=pins))


def _followed(now: Moment, found: CalmMusic, lasts_s: float) -> Moment:
    text = found.text(lasts_s / 60.0)
    change = PlanChange("calm", steer.RESCUE, by_s=lasts_s, at_s=now.now_s, text=text)
    return changed_plan(now, change)


def _filled(now: Moment, found: CalmMusic) -> list[Track]:
    draft = replace(now.draft, pool=found.tracks)
    quick = fill_quickly(draft, (), (), known=now.known)
    return quick or fill(draft, draft.order, (), (), known=now.known, relaxations=())


def _on_the_way_down(found: CalmMusic) -> list[Track]:
    """Return the calmest tracks, the calmest last, half an hour of them or all."""
    chosen: list[Track] = []
    spare = spare_copies(found.tracks)
    for place in np.argsort(found.tracks.energy, kind="stable").tolist():
        if place not in spare and length_ms(chosen) < MINUTES * 60_000:
            chosen.append(found.tracks[place])
    return chosen[::-1]
