"""A session while it is changed: its order of tracks, and what may fill it up again.

A change gives a new order. What plays before the change stays, and so do pins; behind it the
smallest part that brings the end back to its time is filled again by the arranger's own search. The
whole is then priced by plain arithmetic; no bound is proven for it, so its bound is 0.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import ceil
from pathlib import Path

import numpy as np

from playlist_builder.arranger import broken, opening, result
from playlist_builder.arranger.arrange import completed
from playlist_builder.arranger.nearest import distances, nearest
from playlist_builder.arranger.partial import Gap, filled, filled_quickly, length_ms, plays_by
from playlist_builder.arranger.problem import (
    LEAST_TOLERANCE_S,
    Objective,
    Relaxation,
    percentiles_of,
)
from playlist_builder.arranger.recordings import repeated
from playlist_builder.arranger.remarks import pins_below, remarks
from playlist_builder.arranger.rules import Pin, admit, removal
from playlist_builder.arranger.trims import part_of_slot
from playlist_builder.errors import ArrangeError, SessionError
from playlist_builder.language.notices import Notice, notice
from playlist_builder.models import STEP_S, Floats, Session, Slot, Track
from playlist_builder.profiles import rests
from playlist_builder.profiles.rests import Rest
from playlist_builder.session_request import SessionRequest
from playlist_builder.sessions import presence
from playlist_builder.sessions.build import Selection
from playlist_builder.sessions.lost import lost_track
from playlist_builder.tracks.track_table import TrackTable

CUT_S = 0.1  # a slot that is shorter than its track by more was skipped
POOL_LIMIT = 10_000  # tracks up to which all are candidates; of more, those kept as follows
# Moments of the profile, at that distance but at most so many; the tracks kept for each.
SPACING_S, MOMENTS, BEST = 40.0, 120, 200
EVEN = 2_000  # tracks that are taken at even distances of energy
STRICT = (Relaxation(),)


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A session while it is changed.

    `order` holds its tracks, cut where they were skipped, and `pool` all tracks that pass the
    rules. `pins` are those of the request with their tracks' identities. `max_energy` is the
    highest energy in the library that passes the rules. `silent` are planned silences where they
    came before the change, and `tail` what plays behind the track `last` then. `notes` tell of the
    change.
    """

    order: tuple[Track, ...]
    pool: TrackTable
    objective: Objective
    pins: tuple[tuple[Pin, str], ...]
    request: SessionRequest
    max_energy: float
    played: int = 0  # tracks of which nothing need be told any more
    silent: tuple[Rest, ...] = ()
    tail: tuple[Track, ...] = ()
    last: str = ""
    notes: tuple[Notice, ...] = ()

    @property
    def excess_ms(self) -> int:
        """How much longer than its profile it is."""
        return length_ms(self.order) - round(self.objective.music.duration_s * 1000)

    @property
    def is_on_time(self) -> bool:
        """Whether it ends where it should."""
        tolerance_ms = self.objective.tolerance_s * 1000
        return self.request.use_all or abs(self.excess_ms) <= tolerance_ms

    def is_pinned(self, track: Track) -> bool:
        """Whether a track is one of the pins."""
        return track.identity in self.request.pinned

    def places_of_pins(self, tracks: Sequence[Track]) -> list[tuple[Pin, int]]:
        """Return the pins of some tracks, each with the place of its track among them."""
        identities = [track.identity for track in tracks]
        return [(pin, identities.index(own)) for pin, own in self.pins if own in identities]

    @property
    def rests(self) -> tuple[Rest, ...]:
        """The planned silences, where they come: as before if they can, else where is nearest."""
        objective = self.scaled_objective
        asked_ms, joins_ms = round(objective.music.duration_s * 1000), self._joins_ms
        played_ms = length_ms(self.order[: self.played])
        kept = {
            (rest.asked_ms, rest.length_ms): rest
            for rest in self.silent
            if rest.at_ms in joins_ms
            and (rest.at_ms <= played_ms or abs(rest.at_ms - rest.asked_ms) <= self.most_shift_ms)
        }
        return tuple(
            kept.get((rest.asked_ms, rest.length_ms), rest)
            for rest in rests.placed(objective.rests, joins_ms, asked_ms)
        )

    @property
    def scaled_objective(self) -> Objective:
        """The objective, its profile as long as the session where that is as long as its tracks."""
        if not self.request.use_all:
            return self.objective
        silent_ms = sum(rest.length_ms for rest in self.objective.rests)
        lasts_s = (length_ms(self.order) + silent_ms) / 1000.0
        return replace(self.objective, profile=self.objective.profile.scaled(lasts_s))

    @property
    def most_shift_ms(self) -> float:
        """By how much a planned silence may come before or after its time."""
        return 1000 * max(self.objective.tolerance_s, LEAST_TOLERANCE_S)

    def keeps_time(self, place: int) -> bool:
        """Whether it ends where it should, as do the planned silences behind a place, from 0."""
        before_ms = length_ms(self.order[:place])
        return self.is_on_time and all(
            rest.at_ms <= before_ms or abs(rest.at_ms - rest.asked_ms) <= self.most_shift_ms
            for rest in self.rests
        )

    @property
    def _joins_ms(self) -> list[int]:
        return list(accumulate(round(track.duration_s * 1000) for track in self.order))

    @property
    def lasts_s(self) -> float:
        """How long the session is, with the silence at its end."""
        return rests.start_ms(self.rests, length_ms(self.order)) / 1000.0

    def starts_s(self) -> list[float]:
        """When each track starts, and when the last one ends."""
        own, (*inner, end_ms) = self.rests, self._joins_ms
        starts_ms = [rests.start_ms(own, music_ms) for music_ms in (0, *inner)]
        return [time_ms / 1000.0 for time_ms in (*starts_ms, rests.end_ms(own, end_ms))]


def draft_of(selection: Selection, session: Session, *, playing: bool = False) -> Draft:
    """Return a session as a draft, with what its request selects today.

    Tracks that have moved are found where the library knows them. One whose file is gone, or that
    the library does not know any more, stays as missing, so that it can be swapped or dropped.
    Raises SessionError where all of them are gone and the session is not `playing`.
    """
    request, profile = selection.request, selection.profile
    percentiles = percentiles_of(selection.tracks, request.scale)
    objective = Objective(profile, selection.constraints, percentiles)
    order = tuple(_track_of(slot, selection, percentiles) for slot in session.slots)
    missing = {track.identity for track in order if track.missing}
    if len(missing) == len(order) and not playing:
        raise _lost(session.slots[0])
    pool = pool_of(selection.tracks, objective)
    if missing:
        pool = pool.take(np.array([own not in missing for own in pool.identities], np.bool_))
    return Draft(
        order=order,
        pool=pool,
        objective=objective,
        pins=tuple(zip(selection.constraints.pins, request.pinned, strict=True)),
        request=request,
        max_energy=float(pool.energy.max(initial=0.0)),
        silent=_silent(session, objective),
        tail=_tail(session, selection, percentiles) if playing else (),
        last=session.slots[-1].identity,
    )


def _tail(session: Session, selection: Selection, percentiles: Floats | None) -> tuple[Track, ...]:
    """Return the tail of a session, or none where a file of it is not there."""
    tracks = tuple(_track_of(slot, selection, percentiles) for slot in session.tail)
    return () if any(track.missing for track in tracks) else tracks


def _lost(slot: Slot) -> SessionError:
    return SessionError(
        "The session holds {path!r}, which is not there any more. Scan the folder that"
        " it lies in now, or make the session again with 'playlist-builder rebuild'",
        path=slot.path,
    )


def _silent(session: Session, objective: Objective) -> tuple[Rest, ...]:
    """Return the planned silences of an objective where those of a session come."""
    found: list[Rest] = []
    silent_ms = 0
    for rest, silence in zip(objective.rests, session.silences, strict=False):
        found.append(rest._replace(at_ms=round(1000 * silence.start_s) - silent_ms))
        silent_ms += rest.length_ms
    return tuple(found)


def _track_of(slot: Slot, selection: Selection, percentiles: Floats | None) -> Track:
    """Return the track of a slot, as long as it plays there."""
    track = selection.known.get(slot.identity)
    if track is None:
        return lost_track(slot, percentiles)
    path = next((place for place in (slot.path, track.path) if Path(place).is_file()), None)
    track = part_of_slot(track, slot)
    if slot.duration_s < track.duration_s - CUT_S:
        track = cut(track, slot.duration_s)
    return replace(track, path=path or slot.path, missing=path is None)


def pool_of(tracks: Sequence[Track], objective: Objective) -> TrackTable:
    """Return the tracks that pass the rules; of very many, those that are enough."""
    constraints = objective.constraints.with_queries(objective.rules)
    passed, _ = admit(tracks, objective.rules, constraints, objective.music.duration_s)
    found = TrackTable.of(tracks).take(passed)
    return _thinned(found, objective) if len(found) > POOL_LIMIT else found


def _thinned(tracks: TrackTable, objective: Objective) -> TrackTable:
    """Return the tracks that follow the profile best from any moment on, and some of every energy.

    The former are what good sessions consist of, the latter are for spares and the tail.
    """
    count, lasts_s = len(tracks), objective.music.duration_s
    starts_s = np.arange(0.0, lasts_s, max(SPACING_S, lasts_s / MOMENTS))
    kept = nearest(distances(tracks, objective, starts_s), BEST)
    kept[np.argsort(tracks.energy, kind="stable")[:: count // EVEN]] = True
    return tracks.take(kept)


def cut(track: Track, duration_s: float) -> Track:
    """Return a track that ends early."""
    features = track.features
    steps = max(ceil(duration_s / STEP_S), 1)
    shorter = replace(features, duration_s=duration_s, end_loudness_lufs=features.loudness_lufs)
    return replace(track, features=shorter, contour=track.contour[:steps])


def session_of(draft: Draft) -> Session:
    """Return the session of a draft, with tail and spares."""
    objective, request = draft.scaled_objective, draft.request
    rules, scale = objective.rules, objective.scale
    order = result.ordered(draft.order, objective, 0, draft.rests)
    pins = draft.places_of_pins(draft.order)
    constraints = objective.constraints.with_queries(rules)
    kept = [
        notice("kept", reason=reason, title=track.tags.title or track.path)
        for track in draft.order[draft.played :]
        if (reason := removal(track, rules, constraints, np.inf))
    ]
    rest, is_scaled = order.since(draft.played), scale == "relative"
    warnings = result.warnings(rest, rules, draft.max_energy, scaled=is_scaled)
    warnings += remarks(rest)
    warnings += pins_below(order, (place for _, place in pins if place >= draft.played))
    relaxed = broken.given_up(order, rules, objective.tolerance_s, pins, played=draft.played)
    loud = () if draft.played else opening.too_loud(draft.order)
    session = replace(
        result.session(order, scale, objective.seed, order.cost, 0.0),
        warnings=(*draft.notes, *kept, *loud, *warnings),
        relaxed=tuple(relaxed),
        request=request,
    )
    known = draft.tail if draft.order[-1].identity == draft.last else ()
    return completed(session, order, draft.pool, objective, draft.played, known)


def changed(draft: Draft, change: Callable[[Draft], Draft]) -> Session:
    """Return the session of a draft after a change, whose new tracks are all there.

    What the library knows and is not there is left out, and that is told. Raises LibraryError where
    that is nearly all.
    """
    session, kept = session_of(change(draft)), {track.path for track in draft.order}
    new = [path for path in presence.files_of(session) if path not in kept]
    if not presence.missing_files(new):
        return session
    pool, notes = presence.without_missing(draft.pool, most=presence.MOST_MISSING_NOW)
    session = session_of(change(replace(draft, pool=pool)))
    return replace(session, warnings=(*session.warnings, *notes))


def refilled(draft: Draft, place: int) -> Draft:
    """Return a draft that ends on time again; what stands before a place, from 0, stays.

    Behind it the smallest part that will do is filled again. Raises ArrangeError where the music of
    the library cannot do that.
    """
    return next(refills(draft, place))


def refills(draft: Draft, place: int) -> Iterator[Draft]:
    """Yield drafts that end on time again, each with a larger part behind a place filled again.

    Raises ArrangeError behind the last of them where the music cannot fill all that is left.
    """
    if draft.keeps_time(place):
        yield draft
        return
    before = draft.order[:place]
    for count in range(len(draft.order) - place + 1):
        removed, after = draft.order[place : place + count], draft.order[place + count :]
        short = replace(draft, order=(*before, *after))
        has_pin = any(draft.is_pinned(track) for track in removed)
        if not has_pin and short.keeps_time(place) and short.order:
            yield short
            continue
        if short.excess_ms > 0:
            continue
        try:
            new = fill(draft, before, removed, after, known=short.order, relaxations=STRICT)
        except ArrangeError:
            continue
        whole = replace(draft, order=(*before, *new, *after))
        if whole.keeps_time(place):
            yield whole
    if length_ms(before) > round(draft.objective.music.duration_s * 1000):
        yield replace(draft, order=before)
        return
    removed = draft.order[place:]
    new = fill(draft, before, removed, (), known=before, relaxations=())
    yield replace(draft, order=(*before, *new))


def fill_quickly(
    draft: Draft,
    removed: Sequence[Track],
    after: Sequence[Track],
    *,
    known: Sequence[Track],
    lifts: bool = False,
) -> list[Track] | None:
    """Return what to play behind the order of a draft, up to what comes `after` it, or None.

    No `known` track, and nothing of its tail; rules give way as `filled_quickly` `lifts` them.
    """
    if any(draft.is_pinned(track) for track in removed):
        return None
    free = ~repeated(draft.pool, (*known, *after, *draft.tail))
    gap = Gap(draft.order, after, used=plays_by([*draft.order, *after]))
    pool = draft.pool.take(free)
    return filled_quickly(gap, pool, draft.objective, removed, lifts=lifts)


def fill(  # noqa: PLR0913 - a gap, what stands around it, and what may not be in it
    draft: Draft,
    before: Sequence[Track],
    removed: Sequence[Track],
    after: Sequence[Track],
    *,
    known: Sequence[Track],
    relaxations: Sequence[Relaxation],
) -> list[Track]:
    """Return what to play between two parts: no `known` track, but the pins of what was removed."""
    pinned = [track for track in removed if draft.is_pinned(track)]
    pins = {identity: pin for pin, identity in draft.pins}
    inside = {track.identity for track in pinned}
    free = ~repeated(draft.pool, known)
    free &= np.array([identity not in inside for identity in draft.pool.identities], np.bool_)
    gap = Gap(
        before,
        after,
        [(pins.get(track.identity, Pin(track.path)), track) for track in pinned],
        plays_by([*before, *after]),
    )
    return filled(gap, draft.pool.take(free), draft.objective, relaxations)
