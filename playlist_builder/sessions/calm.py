"""A session that plays goes on with the calmest music there is, as what plays became too much.

It begins no livelier than what plays at that moment, and nothing behind is livelier either. Where
there is too little such music, tracks that were heard come again; where all other music is
livelier, a silence comes first.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil
from typing import NamedTuple

import numpy as np

from playlist_builder.arranger.partial import length_ms
from playlist_builder.arranger.peaks import highest, opening_peaks
from playlist_builder.arranger.recordings import repeated, spare_copies
from playlist_builder.arranger.rules import admit
from playlist_builder.arranger.solver.cost import rescale
from playlist_builder.errors import ArrangeError
from playlist_builder.language.notices import notice
from playlist_builder.models import STEP_S, Bools, Floats, Floats32, Track
from playlist_builder.profiles import steer
from playlist_builder.session_request import PlanChange
from playlist_builder.sessions.draft import Draft, fill, fill_quickly
from playlist_builder.sessions.replan import Moment, changed_plan, moment
from playlist_builder.sessions.rescue import CHOICE, MINUTES, CalmMusic, calm_music
from playlist_builder.tracks.track_table import TrackTable

SILENCE_FIRST_S = 60.0  # before music that is livelier than what plays
LEAST_S = 600.0  # of music: not less calm for more choice, and played again where it is less
ENOUGH_S = (CHOICE * MINUTES * 60.0, MINUTES * 60.0, LEAST_S, 1.0)
CALM = 0.4  # of energy on the scale of the session, as in the tail
NEAR = 0.05  # of energy, on the scale of the session: not heard as livelier
OPENING_S = 30.0  # in which it must not be livelier
# Most energy of a track, how far a moment may rise above what plays, how much tenser a track may
# be, and how many LU louder it may begin: the first that leave enough, or else the last.
RISES = (
    (CALM, 0.1, 0.05, 2.0),
    (CALM, 0.2, 0.15, 4.0),
    (CALM, np.inf, 0.3, np.inf),
    (1.0, np.inf, 0.3, np.inf),
)
ANY_RISE = (1.0, np.inf, np.inf, np.inf)  # where nothing is within those


class Heard(NamedTuple):
    """What plays at a moment: its energy, its tension and loudness.

    The tension is NaN where it is not known.
    """

    energy: float
    tension: float
    loudness_lufs: float


def calmed(draft: Draft, music: TrackTable, at_s: float, *, skip: bool) -> Draft:
    """Return a draft that goes on with half an hour of the calmest of some music, and ends.

    It is no livelier than what was to play next, where there is such music. It is shorter where
    there is not enough of it; what follows the end is no livelier than that.
    Raises ArrangeError where no track is calm enough.
    """
    now = _without_pins(moment(draft, at_s, skip=skip))
    percentiles = draft.objective.percentiles
    heard, usable = heard_at(draft, at_s), _usable(now, music)
    planned = heard._replace(energy=min([heard.energy, *(each.energy for each in now.behind[:1])]))
    found = _no_livelier(usable, planned, percentiles) or _no_livelier(usable, heard, percentiles)
    if found is None and _stays_calm(draft, at_s, heard):
        now = _without_pins(moment(draft, at_s, skip=False))
    silent_s = 0.0 if found is not None else SILENCE_FIRST_S
    found = _fresh(found or _the_calmest(usable, heard, percentiles), now)
    calm = _planned(now, found, silent_s)
    new, notes = TrackTable.of(calm.order[len(now.draft.order) :]), list(found.notes)
    if silent_s:
        notes.append(notice("calm_after_silence"))
    if len(set(new.identities)) < len(new) or repeated(new, now.known).any():
        notes.append(notice("calm_again"))
    end = heard._replace(energy=new[-1].energy)
    behind = usable.take(_is_no_livelier(usable, end, percentiles))
    return replace(calm, pool=behind, tail=(), notes=tuple(notes))


def staying(
    change: Callable[[Draft], Draft], at_s: float, music: TrackTable | None = None, *, skip: bool
) -> Callable[[Draft], Draft]:
    """Return a change at a time of a session that plays, behind which calm music stays as calm.

    Where nothing else is, calm music is called for once more from some `music`, or if that is not
    given, the change raises ArrangeError.
    """

    def changed(draft: Draft) -> Draft:
        if not _is_calmed(draft):
            return change(draft)
        try:
            return change(replace(draft, pool=_as_calm(draft, at_s)))
        except ArrangeError:
            if music is None:
                raise ArrangeError(
                    "No more music is as calm as this: call for calm music again."
                ) from None
            return calmed(draft, music, at_s, skip=skip)

    return changed


def _is_calmed(draft: Draft) -> bool:
    """Whether a session was calmed, and nothing deeper has been asked for since."""
    told = [each for each in draft.request.changes if each.kind == "calm" or each.by > 0.0]
    return bool(told) and told[-1].kind == "calm"


def _as_calm(draft: Draft, at_s: float) -> TrackTable:
    """Return the tracks of the pool of a draft that are no livelier than what plays or follows."""
    pool, following = TrackTable.of(draft.pool), draft.order[_place_at(draft, at_s) :]
    liveliest = float(_liveliness(TrackTable.of(following)).max())
    heard = heard_at(draft, at_s)._replace(energy=liveliest)
    return pool.take(_is_no_livelier(pool, heard, draft.objective.percentiles))


def heard_at(draft: Draft, at_s: float) -> Heard:
    """Return what plays of a draft at one of its times; in a silence, what played before it.

    Of two steps of a contour, the one of the moment and the one before, the calmer one counts.
    """
    track, step = _playing(draft, at_s)
    energy = float(track.contour[max(step - 1, 0) : step + 1].min(initial=1.0))
    tension = track.emotion.tension if track.emotion is not None else np.nan
    return Heard(energy, tension, track.features.loudness_lufs)


def _playing(draft: Draft, at_s: float) -> tuple[Track, int]:
    """Return the track of a moment, and the step of its contour."""
    place = _place_at(draft, at_s)
    track, inside_s = draft.order[place], max(at_s - draft.starts_s()[place], 0.0)
    return track, int(min(inside_s // STEP_S, max(len(track.contour) - 1, 0)))


def _place_at(draft: Draft, at_s: float) -> int:
    """Return the place of the track that plays at a time, in a silence of the one before it."""
    return max(sum(start <= at_s for start in draft.starts_s()[:-1]) - 1, 0)


def _stays_calm(draft: Draft, at_s: float, heard: Heard) -> bool:
    """Whether what plays rises no more until its end: nothing calmer can take its place."""
    track, step = _playing(draft, at_s)
    return bool(track.contour[step:].max(initial=0.0) <= heard.energy + NEAR)


def _no_livelier(tracks: TrackTable, heard: Heard, percentiles: Floats | None) -> CalmMusic | None:
    """Return calm music of which nothing is livelier than what plays; None where there is none."""
    is_calm = _is_no_livelier(tracks, heard, percentiles)
    found: list[CalmMusic] = []
    for limits in (*RISES, ANY_RISE):
        if limits is ANY_RISE and found:
            break
        is_still = _is_within(limits, tracks, heard, percentiles)
        try:
            among = is_calm & is_still
            found.append(calm_music(tracks, percentiles, among=among, enough_s=ENOUGH_S))
        except ArrangeError:
            continue
        if found[-1].tracks.seconds.sum() >= LEAST_S:
            break
    return found[-1] if found else None


def _the_calmest(tracks: TrackTable, heard: Heard, percentiles: Floats | None) -> CalmMusic:
    """Return the calmest music there is, though what plays is calmer."""
    some = calm_music(tracks, percentiles).tracks
    least = heard._replace(energy=float(_liveliness(some).min()))
    found = _no_livelier(tracks, least, percentiles)
    if found is None:
        raise AssertionError("the calmest track is as calm as itself")
    return found


def _liveliness(tracks: TrackTable) -> Floats32:
    """Return the energy with which each track begins, or its mean where that is higher."""
    return np.maximum(tracks.energy.astype(np.float32), opening_peaks(tracks, OPENING_S))


def _is_no_livelier(tracks: TrackTable, heard: Heard, percentiles: Floats | None) -> Bools:
    """Return which tracks are no livelier than what plays.

    That holds for energy itself, and for the scale of the session, where others are closer.
    """
    (scaled,) = rescale(np.array([heard.energy], np.float32), percentiles)
    lively = _liveliness(tracks)
    near: Bools = lively <= heard.energy + NEAR
    near &= rescale(lively, percentiles) <= scaled + NEAR
    return near


def _is_within(
    limits: tuple[float, float, float, float],
    tracks: TrackTable,
    heard: Heard,
    percentiles: Floats | None,
) -> Bools:
    """Return which tracks are within limits as those of `RISES`."""
    (scaled,) = rescale(np.array([heard.energy], np.float32), percentiles)
    levels = rescale(_liveliness(tracks), percentiles)
    rises = highest(tracks, percentiles) - scaled
    tenser = np.nan_to_num(tracks.tension - heard.tension)
    louder_lu = tracks.measured("start_loudness_lufs") - heard.loudness_lufs
    level, climb, tension, by_lu = limits
    is_calm: Bools = (levels <= level) & (rises <= climb)
    return is_calm & (tenser <= tension) & (louder_lu <= by_lu)


def _usable(now: Moment, music: TrackTable) -> TrackTable:
    """Return the tracks that nobody wants out, but for the one that plays."""
    constraints = replace(now.draft.objective.constraints, include=None)
    passed, _ = admit(music, now.draft.objective.rules, constraints, np.inf)
    table = music.take(passed)
    return table.take(~repeated(table, now.known[-1:]))


def _fresh(music: CalmMusic, now: Moment) -> CalmMusic:
    """Return calm music without what was heard, or all of it where that would be too little."""
    fresh = music.tracks.take(~repeated(music.tracks, now.known))
    return music._replace(tracks=fresh) if fresh.seconds.sum() >= MINUTES * 60.0 else music


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


def _planned(now: Moment, found: CalmMusic, silent_s: float) -> Draft:
    """Return a draft that goes on with some calm music, behind a silence of so many seconds."""
    new: list[Track] = []
    if float(found.tracks.seconds.sum()) >= CHOICE * MINUTES * 60.0:
        calm = _followed(now, found, MINUTES * 60.0, silent_s)
        try:
            new = _filled(calm, found)
        except ArrangeError:
            new = []
    if not new or not _leads_down(new, now.draft.objective.percentiles):
        new = _on_the_way_down(found)  # it is asked for when it has to be there
        calm = _followed(now, found, length_ms(new) / 1000.0, silent_s)
    return replace(calm.draft, order=(*calm.draft.order, *new))


def _leads_down(tracks: Sequence[Track], percentiles: Floats | None) -> bool:
    """Whether no track is livelier than the first one, and the last one is not either."""
    levels = rescale(np.array([each.energy for each in tracks], np.float32), percentiles)
    return bool(levels.max() <= levels[0] + NEAR and levels[-1] <= levels[0])


def _followed(now: Moment, found: CalmMusic, lasts_s: float, silent_s: float) -> Moment:
    text = found.text(lasts_s / 60.0)
    change = PlanChange("calm", steer.RESCUE, by_s=lasts_s, at_s=now.now_s, text=text)
    calm = changed_plan(now, change)
    if not silent_s or not now.draft.order:
        return calm
    profile = now.draft.objective.profile
    begins_s = min(now.now_s, profile.duration_s)  # a session may be a little longer than its plan
    rest = PlanChange("rest", profile.phase_at(begins_s).name, by_s=silent_s, at_s=begins_s)
    return changed_plan(calm, rest)


def _filled(now: Moment, found: CalmMusic) -> list[Track]:
    draft, known = replace(now.draft, pool=found.tracks), now.known[-1:]
    quick = fill_quickly(draft, (), (), known=known)
    return quick or fill(draft, draft.order, (), (), known=known, relaxations=())


def _on_the_way_down(found: CalmMusic) -> list[Track]:
    """Return the calmest tracks, the calmest last: half an hour, or all, and again if too short."""
    chosen: list[Track] = []
    spare = spare_copies(found.tracks)
    for place in np.argsort(found.tracks.energy, kind="stable").tolist():
        if place not in spare and length_ms(chosen) < MINUTES * 60_000:
            chosen.append(found.tracks[place])
    times = ceil(LEAST_S * 1000.0 / length_ms(chosen))
    return chosen[::-1] * max(times, 1)
