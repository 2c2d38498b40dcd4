"""The plan of a session drawn by hand: at a border of its phases, higher, lower, sooner or later.

What is drawn falls off to the borders before and behind, so that no other part of the plan changes,
and only the tracks that play there are chosen again: quickly where that is long, as a hand waits.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np

from playlist_builder import checked
from playlist_builder.arranger.solver.cost import rescale
from playlist_builder.errors import ArrangeError, NotThereError, RequestError
from playlist_builder.language.translation import Phrase
from playlist_builder.profiles.profile import MIN_PHASE_S, Profile
from playlist_builder.profiles.steer import bordered
from playlist_builder.profiles.steer import drawn as along
from playlist_builder.sessions.draft import Draft, fill, fill_quickly
from playlist_builder.sessions.edit import check_length
from playlist_builder.tracks.track_table import TrackTable

Curve = tuple[tuple[float, float], ...]

SAMPLES = 8  # of a wave, in one period
LIKE = 0.01  # levels that differ by less are the same line
MOMENTS, NEAREST = 12, 60  # of the plan, and the tracks that are tried for each
LONG_S = 2400.0  # of music from which on the best takes longer than a second to find
INSIDE = 0.5  # share of a track from which on it belongs to a span


def borders(profile: Profile) -> Curve:
    """Return when phases begin, and the end, each with its planned level: the mean where it leaps.

    Parts of one phase that follow each other are one.
    """
    named = [list(phases) for _, phases in groupby(profile.phases, key=lambda each: each.name)]
    inner = [
        (after[0].start_s, (before[-1].level_end + after[0].level_start) / 2.0)
        for before, after in pairwise(named)
    ]
    first, last = profile.phases[0], profile.phases[-1]
    return ((0.0, first.level_start), *inner, (last.end_s, last.level_end))


def drawn(draft: Draft, place: int, level: float, at_s: float | None = None) -> Draft:
    """Return a draft whose plan is drawn to a level at a border, by its place from 0.

    With `at_s` the border is moved to that time, and the phases before and behind it share theirs.
    Raises NotThereError for a border that there is not, RequestError where the length of the
    session is that of its tracks or its plan was steered, or for the beginning or end at another
    time, ProfileError where a phase would be too short, and ArrangeError where the music cannot
    follow.
    """
    checked.whole("place", place, 0)
    if not checked.is_number(level) or not 0.0 <= level <= 1.0:
        raise checked.wrong("level", Phrase("a number from 0 to 1"), level)
    check_length(draft)
    if draft.request.changes:  # which come after what is drawn: it would not be this plan again
        raise RequestError(
            "The plan was lengthened or steered, and cannot be drawn on top of that."
            " Undo that first, or build a new session."
        )
    profile = draft.objective.profile
    known = borders(profile)
    if not 0 <= place < len(known):
        raise NotThereError("There is no border {place!r} of phases in the plan.", place=place)
    times_s, request = [time_s for time_s, _ in known], draft.request
    if at_s is not None and at_s != times_s[place]:
        checked.seconds("at_s", at_s)
        if place in {0, len(known) - 1}:
            raise RequestError("The beginning and the end of a plan stay at their times.")
        starts_s = (*times_s[1:place], at_s, *times_s[place + 1 : -1])
        request = replace(request, borders=starts_s)
        profile = bordered(profile, starts_s)
    curve = lifted(profile, place, level)
    new = replace(
        draft,
        request=replace(request, curve=curve),
        objective=replace(draft.objective, profile=along(profile, curve)),
    )
    span_s = times_s[max(place - 1, 0)], times_s[min(place + 1, len(known) - 1)]
    return _chosen_again(new, *span_s)


def lifted(profile: Profile, place: int, level: float) -> Curve:
    """Return the plan as points, at a border of that place drawn to a level."""
    known = borders(profile)
    times_s = [time_s for time_s, _ in known]
    rises = [0.0] * len(known)
    rises[place] = level - known[place][1]
    return tuple(
        (time_s, float(np.clip(own + np.interp(time_s, times_s, rises), 0.0, 1.0)))
        for time_s, own in corners(profile)
    )


def corners(profile: Profile) -> Iterator[tuple[float, float]]:
    """Yield the points between which the plan is straight; a leap takes `MIN_PHASE_S`."""
    for number, phase in enumerate(profile.phases):
        steps = 1
        if phase.wave_depth and phase.wave_period_s:
            steps = max(1, round(SAMPLES * phase.music_s / phase.wave_period_s))
        times_s = np.linspace(phase.start_s, phase.start_s + phase.music_s, steps + 1)[:-1]
        yield from zip(times_s.tolist(), profile.target(times_s).tolist(), strict=True)
        later = profile.phases[number + 1 : number + 2]
        if not later:
            yield phase.end_s, float(profile.target(phase.end_s))
        elif abs(later[0].level_start - phase.level_end) > LIKE and phase.music_s > 2 * MIN_PHASE_S:
            before_s = phase.start_s + phase.music_s - MIN_PHASE_S
            yield before_s, float(profile.target(before_s))


def _chosen_again(draft: Draft, first_s: float, last_s: float) -> Draft:
    """Return a draft with other tracks where most of a track plays between two times.

    Those are sought among the tracks whose energy is near; where that is not enough, among all, and
    at last all of the session is chosen again.
    """
    starts_s = draft.starts_s()
    middles_s = [
        start + INSIDE * track.duration_s
        for start, track in zip(starts_s, draft.order, strict=False)
    ]
    first = sum(middle < first_s for middle in middles_s)
    last = sum(middle <= last_s for middle in middles_s)
    near = replace(draft, pool=_near(draft, first_s, last_s))
    for own in (near, draft):
        with suppress(ArrangeError):
            return _with_gap_filled(own, first, last, draft.pool)
    return _with_gap_filled(draft, 0, len(draft.order), draft.pool)


def _with_gap_filled(draft: Draft, first: int, last: int, pool: TrackTable) -> Draft:
    before, after = draft.order[:first], draft.order[last:]
    removed, known = draft.order[first:last], (*before, *after)
    new = None
    if sum(track.duration_s for track in removed) > LONG_S:
        new = fill_quickly(replace(draft, order=before), removed, after, known=known)
    if new is None:
        new = fill(draft, before, removed, after, known=known, relaxations=())
    return replace(draft, order=(*before, *new, *after), pool=pool)


def _near(draft: Draft, first_s: float, last_s: float) -> TrackTable:
    """Return the tracks of a pool whose energy is nearest to what is planned between two times."""
    pool, objective = draft.pool, draft.objective
    levels = rescale(pool.energy.astype(np.float32), objective.percentiles)
    kept = np.zeros(len(pool), np.bool_)
    for level in objective.profile.target(np.linspace(first_s, last_s, MOMENTS)):
        kept[np.argsort(np.abs(levels - level), kind="stable")[:NEAREST]] = True
    return pool.take(kept)
