"""A session changed by hand or while it runs: what is kept stays, the rest is looked for anew.

Each change gives a new order of tracks. What plays before the change stays, and so do pins; behind
it the smallest part that brings the end back to where it was asked for is filled again, by the
arranger's own search. The whole is then priced anew by plain arithmetic; nothing is proven of it,
so its bound is 0. This room refuses to read files and to forget what the user pinned.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

import numpy as np

from playlist_builder.arranger import result
from playlist_builder.arranger.arrange import completed
from playlist_builder.arranger.partial import Gap, filled, length_ms, plays_by
from playlist_builder.arranger.problem import Objective, Relaxation
from playlist_builder.arranger.rules import Pin, admit, artists, removal, repeated, repeats
from playlist_builder.arranger.solver.cost import rescale, step_at
from playlist_builder.arranger.spares import FAR
from playlist_builder.errors import ArrangeError, RequestError
from playlist_builder.models import STEP_S, PlanChange, Session, SessionRequest, Track
from playlist_builder.notices import notice
from playlist_builder.text import clock
from playlist_builder.track_table import TrackTable

MANY = 10_000
"""Tracks up to which all are looked at; of more, those that are kept as follows."""
SPACING_S, MOMENTS, BEST = 40.0, 120, 200
"""Moments of the plan, at that distance but at most so many, and how many tracks are kept for each:
those that follow the plan best from there on."""
POINTS, LENGTH_CLASSES = 12, 4
"""Points at which a contour is compared with the plan, and classes of length in an octave."""
EVEN = 2_000
"""Tracks that are taken at even distances of energy."""
WEIGHED = 60
"""Tracks whose session is priced when one slot is to be exchanged."""
STRICT = (Relaxation(),)


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A session as it is being changed.

    `order` holds its tracks, cut where they were skipped, and `pool` all tracks that pass the
    rules. `pins` are those of the call with their tracks' identities.
    """

    order: tuple[Track, ...]
    pool: TrackTable
    terms: Objective
    pins: tuple[tuple[Pin, str], ...]
    request: SessionRequest
    reach: float

    @property
    def off_ms(self) -> int:
        """How much longer than asked for it is."""
        return length_ms(self.order) - round(self.terms.profile.duration_s * 1000)

    @property
    def is_on_time(self) -> bool:
        """Whether it ends where it should."""
        return self.request.use_all or abs(self.off_ms) <= self.terms.tolerance_s * 1000

    def is_pinned(self, track: Track) -> bool:
        """Whether a track is one of the pins."""
        return track.identity in self.request.pinned

    def starts_s(self) -> list[float]:
        """When each track starts, and when the last one ends."""
        lengths = [round(track.duration_s * 1000) for track in self.order]
        return [0.0, *(np.cumsum(lengths) / 1000.0).tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A track for a slot: the session's cost with it, and the track's mean energy there."""

    track: Track
    cost: float
    energy: float


def pool_of(tracks: Sequence[Track], terms: Objective) -> TrackTable:
    """Return the tracks that pass the rules; of very many, those that are enough."""
    constraints = terms.constraints.with_queries(terms.rules)
    passed, _ = admit(tracks, terms.rules, constraints, terms.profile.duration_s)
    found = TrackTable.of(tracks).take(passed)
    return _thinned(found, terms) if len(found) > MANY else found


def _thinned(tracks: TrackTable, terms: Objective) -> TrackTable:
    """Return the tracks that follow the plan best from any moment on, and some of every energy.

    The former are what good sessions consist of, the latter are for spares and the tail. Contours
    are compared with the plan at a few points, which takes a fraction of the time of pruning.
    """
    count = len(tracks)
    values, offset, steps = tracks.contours()
    shares = (np.arange(POINTS) + 0.5) / POINTS
    places = offset[:, None] + (steps[:, None] * shares).astype(np.int64)
    points = rescale(values[places], terms.percentiles)
    lasts_s = terms.profile.duration_s
    starts_s = np.arange(0.0, lasts_s, max(SPACING_S, lasts_s / MOMENTS))
    levy = POINTS * terms.preference_prices(tracks).astype(np.float32)
    apart = np.empty((len(starts_s), count), dtype=np.float32)
    classes = (np.log2(steps) * LENGTH_CLASSES).astype(np.int64)
    for length in np.unique(classes).tolist():
        own = np.flatnonzero(classes == length)
        times_s = starts_s[:, None] + shares * float(steps[own].mean()) * STEP_S
        plan = terms.profile.target(times_s).astype(np.float32)
        squares = np.einsum("ij,ij->i", points[own], points[own]) + levy[own]
        apart[:, own] = squares - 2.0 * plan @ points[own].T
        apart[:, own] += np.einsum("ij,ij->i", plan, plan)[:, None]
    kept = np.zeros(count, dtype=bool)
    for row in apart:
        kept[np.argpartition(row, BEST)[:BEST]] = True
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
    terms, request = draft.terms, draft.request
    if request.use_all:
        profile = terms.profile.scaled(length_ms(draft.order) / 1000.0)
        terms = replace(terms, profile=profile)
    order = result.ordered(draft.order, terms)
    identities = [track.identity for track in draft.order]
    pins = [(pin, identities.index(own)) for pin, own in draft.pins if own in identities]
    scaled = terms.scale == "relative"
    constraints = terms.constraints.with_queries(terms.rules)
    reasons = [(track, removal(track, terms.rules, constraints, np.inf)) for track in draft.order]
    session = replace(
        result.session(order, terms.scale, terms.seed, order.cost, 0.0),
        warnings=(
            *(
                notice("kept", reason=reason, title=track.tags.title or track.path)
                for track, reason in reasons
                if reason
            ),
            *result.warnings(order, terms.rules, draft.reach, scaled=scaled),
        ),
        relaxed=tuple(result.given_up(order, terms.rules, terms.tolerance_s, pins)),
        request=request,
    )
    return completed(session, order, draft.pool, terms)


def pinned(draft: Draft, place: int) -> Draft:
    """Return a draft whose track at a place, from 0, every later change keeps where it is."""
    track, request = draft.order[place], draft.request
    if draft.is_pinned(track):
        raise RequestError(f"Number {place + 1} is pinned already.")
    pin = Pin(track.path, minute=round(draft.starts_s()[place]) / 60.0)
    request = replace(
        request, pins=(*request.pins, _pin_text(pin)), pinned=(*request.pinned, track.identity)
    )
    return replace(draft, request=request, pins=(*draft.pins, (pin, track.identity)))


def unpinned(draft: Draft, place: int) -> Draft:
    """Return a draft whose track at a place, from 0, may be moved and replaced again."""
    track, request = draft.order[place], draft.request
    if not draft.is_pinned(track):
        raise RequestError(f"Number {place + 1} is not pinned.")
    kept = [number for number, own in enumerate(request.pinned) if own != track.identity]
    request = replace(
        request,
        pins=tuple(request.pins[number] for number in kept),
        pinned=tuple(request.pinned[number] for number in kept),
    )
    return replace(draft, request=request, pins=tuple(draft.pins[number] for number in kept))


def candidates(draft: Draft, place: int, count: int) -> list[Candidate]:
    """Return the tracks that would replace the slot of a place, from 0, best; the best first.

    All other slots stay, and the end stays within the tolerance. Nothing comes that stands much
    farther from the plan than the track that goes.
    """
    terms, old = draft.terms, draft.order[place]
    room_ms = terms.tolerance_s * 1000
    off_ms = draft.off_ms - round(old.duration_s * 1000)
    others = (*draft.order[:place], *draft.order[place + 1 :])
    gap = terms.rules.artist_gap
    barred = set(plays_by([*draft.order[max(place - gap, 0) : place], *others[place:][:gap]]))
    counts = plays_by(others)
    barred |= {name for name, plays in counts.items() if plays >= terms.rules.artist_max}
    pool = draft.pool.take(~repeated(draft.pool, draft.order))
    if not draft.request.use_all:
        pool = pool.take(np.abs(off_ms + np.rint(pool.seconds * 1000.0)) <= room_ms)
    fitting = [track for track in pool if barred.isdisjoint(artists(track))]
    if not fitting:
        return []
    start_ms = length_ms(draft.order[:place])
    lengths_s = [track.duration_s for track in fitting]
    items = result.items_in_order(fitting, terms)
    grid = result.ordered([max(fitting, key=lambda t: t.duration_s)], terms, start_ms).grid
    first = step_at(start_ms)
    price = np.array(
        [
            float(((items.contour(n, count) - grid.target[first : first + count]) ** 2).sum())
            for n, count in enumerate(items.steps.tolist())
        ]
    )
    beyond = grid.forbids(items, np.arange(len(fitting)))
    for number, length_s in enumerate(lengths_s):
        last = max(step_at(start_ms + round(length_s * 1000)), first + 1)
        if beyond[number, np.unique(grid.phase[first:last])].any():
            price[number] = np.inf
    (was,) = result.slots(result.ordered([old], terms, start_ms))
    nearest, farthest = min(was.energy - was.target, -FAR), max(was.energy - was.target, FAR)
    for number, steps in enumerate(items.steps.tolist()):
        energies, target = items.contour(number, steps), grid.target[first : first + steps]
        if not nearest <= float(energies.mean() - target.mean()) <= farthest:
            price[number] = np.inf
    near = np.argsort(price / np.maximum(items.steps, 1), kind="stable")[:WEIGHED]
    near = near[np.isfinite(price[near])]
    found = []
    for number in near.tolist():
        order = (*draft.order[:place], fitting[number], *draft.order[place + 1 :])
        cost = result.ordered(order, terms).cost
        energy = float(items.contour(number, int(items.steps[number])).mean())
        asked = round(terms.profile.duration_s / STEP_S)
        found.append(Candidate(fitting[number], cost / asked, energy))
    found.sort(key=lambda each: (each.cost, each.track.path))
    return found[:count]


def swapped(draft: Draft, place: int, track: Track | None = None) -> Draft:
    """Return a draft with another track at a place, from 0: a given one, or the best."""
    if track is None:
        best = candidates(draft, place, 1)
        if best:
            order = (*draft.order[:place], best[0].track, *draft.order[place + 1 :])
            return replace(draft, order=order)
        short = replace(draft, order=(*draft.order[:place], *draft.order[place + 1 :]))
        return mended(short, place, without=(draft.order[place],))
    _check_new(draft, track)
    order = (*draft.order[:place], track, *draft.order[place + 1 :])
    return mended(replace(draft, order=order), place + 1, without=(draft.order[place],))


def dropped(draft: Draft, place: int) -> Draft:
    """Return a draft without the track at a place, from 0."""
    if len(draft.order) == 1:
        raise RequestError("It is the only track of the session. Build another session.")
    order = (*draft.order[:place], *draft.order[place + 1 :])
    return mended(replace(draft, order=order), place, without=(draft.order[place],))


def inserted(draft: Draft, track: Track, place: int) -> Draft:
    """Return a draft with one more track, which stands at a place, from 0."""
    _check_new(draft, track)
    order = (*draft.order[:place], track, *draft.order[place:])
    return mended(replace(draft, order=order), place + 1)


def moved(draft: Draft, place: int, to: int) -> Draft:
    """Return a draft in which one track stands at another place; both count from 0."""
    order = list(draft.order)
    order.insert(to, order.pop(place))
    return replace(draft, order=tuple(order))


def stretched(draft: Draft, phase: str, by_s: float) -> Draft:
    """Return a draft whose plan stays longer in a phase, or shorter if `by_s` is below 0.

    What plays up to the end of the phase stays where it can, and pins behind it move along.
    """
    _check_length(draft)
    profile = draft.terms.profile
    longer = profile.stretched(phase, by_s)
    border_s = next(each.end_s for each in reversed(profile.phases) if each.name == phase)
    starts = draft.starts_s()
    middles = [(start + end) / 2.0 for start, end in pairwise(starts)]
    kept = sum(middle < min(border_s, border_s + by_s) for middle in middles)
    changed = replace(
        _shifted(draft, border_s, by_s),
        terms=replace(draft.terms, profile=longer),
    )
    return mended(_noted(changed, PlanChange("stretch", phase, by_s)), kept)


def replanned(
    draft: Draft, at_s: float, *, extend_s: float = 0.0, skip: bool = False, phase: str = ""
) -> Draft:
    """Return a draft in which all behind the track that plays at a time is arranged anew.

    That track plays to its end, or with `skip` to that time; what is missing plays no more. The
    plan ends where it did, or `extend_s` later; with `phase` this phase begins when that track has
    ended.
    """
    _check_length(draft)
    starts = draft.starts_s()
    if not 0.0 <= at_s < starts[-1]:
        raise RequestError(
            f"--at: the session lasts from 0:00 to {clock(starts[-1])}; its tail is not planned."
        )
    current = sum(start <= at_s for start in starts[:-1]) - 1
    before = list(draft.order[: current + 1])
    if skip:
        played_s = at_s - starts[current]
        before[-1:] = [cut(before[-1], played_s)] if played_s >= 1.0 else []
    now_s = length_ms(before) / 1000.0
    short, profile = replace(draft, order=tuple(before)), draft.terms.profile
    if extend_s:
        playing = profile.phase_at(now_s)
        short = _shifted(short, max(playing.end_s, now_s), extend_s)
        short = _noted(short, PlanChange("stretch", playing.name, extend_s, now_s))
        profile = profile.stretched(playing.name, extend_s, now_s)
    if phase:
        short = _noted(short, PlanChange("jump", phase, at_s=now_s))
        profile = profile.jumped(phase, now_s)
    short = replace(short, terms=replace(draft.terms, profile=profile))
    if short.is_on_time or short.off_ms > 0:
        return short
    known = draft.order[: current + 1]
    rest = [track for track in draft.order[current + 1 :] if not track.missing]
    return replace(
        short, order=(*before, *_filled(short, before, rest, (), known=known, allowed=()))
    )


def mended(draft: Draft, place: int, without: Sequence[Track] = ()) -> Draft:
    """Return a draft that ends on time again; what stands before a place, from 0, stays.

    Behind it the smallest part that will do is filled anew, `without` some tracks. Raises
    ArrangeError where the music of the library cannot do that.
    """
    if draft.is_on_time:
        return draft
    before = draft.order[:place]
    for count in range(len(draft.order) - place + 1):
        hole, after = draft.order[place : place + count], draft.order[place + count :]
        pinned = [track for track in hole if draft.is_pinned(track)]
        short = replace(draft, order=(*before, *after))
        if not pinned and short.is_on_time and short.order:
            return short
        if short.off_ms > 0:
            continue
        known = [*short.order, *without]
        try:
            found = _filled(draft, before, hole, after, known=known, allowed=STRICT)
        except ArrangeError:
            continue
        return replace(draft, order=(*before, *found, *after))
    hole = draft.order[place:]
    if length_ms(before) > round(draft.terms.profile.duration_s * 1000):
        return replace(draft, order=before)
    known = [*before, *without]
    found = _filled(draft, before, hole, (), known=known, allowed=())
    return replace(draft, order=(*before, *found))


def _filled(  # noqa: PLR0913 - what a part is made of
    draft: Draft,
    before: Sequence[Track],
    hole: Sequence[Track],
    after: Sequence[Track],
    *,
    known: Sequence[Track],
    allowed: Sequence[Relaxation],
) -> list[Track]:
    """Return what to play between two parts; pins of the old hole stay in it, `known` come not."""
    pinned = [track for track in hole if draft.is_pinned(track)]
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
    return filled(gap, draft.pool.take(free), draft.terms, allowed)


def _check_new(draft: Draft, track: Track) -> None:
    if repeats(draft.order)(track):
        named = track.tags.title or track.path
        raise RequestError(f"{named}: is in the session already. Name another track.")


def _check_length(draft: Draft) -> None:
    if draft.request.use_all:
        raise RequestError(
            "The session holds all tracks of a playlist, so its length is theirs. Reorder the"
            " playlist with --duration to have a plan that can change."
        )


def _noted(draft: Draft, change: PlanChange) -> Draft:
    """Return a draft whose call says what was changed of the plan."""
    return replace(draft, request=replace(draft.request, changes=(*draft.request.changes, change)))


def _shifted(draft: Draft, border_s: float, by_s: float) -> Draft:
    """Return a draft whose pins by minute move along with the plan behind a border."""
    pins, texts = [], []
    for (pin, identity), text in zip(draft.pins, draft.request.pins, strict=True):
        moves = pin.minute is not None and pin.minute * 60.0 >= border_s
        new = replace(pin, minute=max((pin.minute or 0.0) + by_s / 60.0, 0.0)) if moves else pin
        pins.append((new, identity))
        texts.append(_pin_text(new) if moves else text)
    return replace(draft, pins=tuple(pins), request=replace(draft.request, pins=tuple(texts)))


def _pin_text(pin: Pin) -> str:
    if pin.minute is None:
        return pin.track if pin.place is None else f"{pin.track}@{pin.place}"
    minutes, seconds = divmod(round(pin.minute * 60.0), 60)
    return f"{pin.track}@{minutes}:{seconds:02}"
