"""Edits of a stored session: a draft goes in, a draft comes out. Places count from 0.

What the user takes out is thrown out: no later change of the session takes it back by itself.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice

import numpy as np

from playlist_builder.arranger import opening, result
from playlist_builder.arranger.recordings import is_repeated, repeated
from playlist_builder.arranger.rules import Pin
from playlist_builder.arranger.spares import FAR
from playlist_builder.errors import ArrangeError, RequestError
from playlist_builder.language.notices import notice
from playlist_builder.models import SILENCE_LUFS, Track
from playlist_builder.session_request import PlanChange
from playlist_builder.sessions.candidates import candidates, distances
from playlist_builder.sessions.compare import passage_of, standing_out
from playlist_builder.sessions.draft import Draft, refilled, refills

SWAPS = 4  # ways to fill the place of one track that are tried, the smallest changes first


def pinned(draft: Draft, place: int) -> Draft:
    """Return a draft whose track at a place stays where it is in every later change."""
    track, request = draft.order[place], draft.request
    if draft.is_pinned(track):
        raise RequestError("Number {place} is pinned already.", place=place + 1)
    pin = Pin(track.path, minute=round(draft.starts_s()[place]) / 60.0)
    request = replace(
        request, pins=(*request.pins, pin_text(pin)), pinned=(*request.pinned, track.identity)
    )
    return replace(draft, request=request, pins=(*draft.pins, (pin, track.identity)))


def unpinned(draft: Draft, place: int) -> Draft:
    """Return a draft whose track at a place may be moved and replaced again."""
    track, request = draft.order[place], draft.request
    if not draft.is_pinned(track):
        raise RequestError("Number {place} is not pinned.", place=place + 1)
    kept = [number for number, own in enumerate(request.pinned) if own != track.identity]
    request = replace(
        request,
        pins=tuple(request.pins[number] for number in kept),
        pinned=tuple(request.pinned[number] for number in kept),
    )
    return replace(draft, request=request, pins=tuple(draft.pins[number] for number in kept))


def swapped(
    draft: Draft, place: int, track: Track | None = None, *, rearrange: bool = False
) -> Draft:
    """Return a draft with another track at a place: a given one, or the marked candidate.

    Where none is marked, what follows is arranged again if it may be. Nothing comes in that stands
    more than `FAR` farther from the profile than the nearest track that plays nowhere else. Where
    such a track is of no length that fits, the duration gives way.
    """
    before, after = draft.order[:place], draft.order[place + 1 :]
    if track is not None:
        draft = thrown_out(_with_new(draft, track), place)
        new = replace(draft, order=(*before, track, *after))
        return refilled(_opening_softly(new, place), place + 1)
    old, draft = draft.order, thrown_out(draft, place)
    found = candidates(draft, place)
    for each in found:
        if each.is_choice:
            new = replace(draft, order=(*before, each.track, *after))
            return refilled(new, place + 1)
    if rearrange:
        return _rearranged(draft, place, old, has_candidates=bool(found))
    raise _none_marked(place, has_candidates=bool(found))


def _rearranged(draft: Draft, place: int, old: Sequence[Track], *, has_candidates: bool) -> Draft:
    """Return a draft without the track at a place, in which nothing that comes in stands out."""
    before, after = draft.order[:place], draft.order[place + 1 :]
    away, known = distances(draft, place), {own.identity for own in old}
    most, is_loud = float(away.min(initial=np.inf)) + FAR, False
    near = replace(draft, pool=draft.pool.take(away <= most))
    for pool in (draft, near):
        with suppress(ArrangeError):
            short = replace(pool, order=(*before, *after))
            for new in islice(refills(short, place), SWAPS):
                if known.issuperset(own.identity for own in new.order):
                    continue
                if not _stands_out(new, draft, most):
                    return replace(new, pool=draft.pool)
                is_loud = True
    if not is_loud:
        if draft.request.use_all:
            raise ArrangeError(
                "The session holds all tracks of its playlist, and no other is left. Drop this one,"
                " or name another: swap TRACK --with OTHER"
            )
        raise ArrangeError("No other track fits there. Drop it, or scan more music.")
    raise (
        _all_stand_out(place)
        if has_candidates
        else ArrangeError(
            "No single track fits there, and whatever else could play stands out. Drop it, or name"
            " another: swap TRACK --with OTHER"
        )
    )


def _none_marked(place: int, *, has_candidates: bool) -> ArrangeError:
    if has_candidates:
        return _all_stand_out(place)
    return ArrangeError(
        "No single track fits there. Drop it, name another, or let what follows be arranged again."
    )


def _all_stand_out(place: int) -> ArrangeError:
    return ArrangeError(
        "Every track that fits there stands out. Say which one to take all the same:"
        " swap SESSION {place} --take 1, or --with TRACK",
        place=place + 1,
    )


def _stands_out(new: Draft, draft: Draft, most_off: float) -> bool:
    """Whether a track that comes into a draft stands out, beside what plays at its time now."""
    known = {track.identity for track in draft.order}
    before, after = (result.ordered(each.order, draft.objective) for each in (draft, new))
    ends_ms = np.array(before.ends_ms[:-1])
    for place, track in enumerate(new.order):
        if track.identity not in known:
            middle_ms = (after.starts_ms[place] + after.ends_ms[place]) / 2.0
            now = passage_of(before, int(np.searchsorted(ends_ms, middle_ms, side="right")))
            rise_lu = draft.objective.rules.loudness_step_lu
            if standing_out(passage_of(after, place), now, most_off=most_off, most_rise_lu=rise_lu):
                return True
    return False


def _opening_softly(draft: Draft, place: int) -> Draft:
    """Return a draft that has changed at a place; RequestError if it opens too loud by that."""
    loud = () if place or draft.played else opening.too_loud(draft.order)
    if loud:
        told = notice("too_loud_to_open", **dict(loud[0].parameters))
        raise RequestError("{told}. Put it at a later place.", told=told)
    return draft


def thrown_out(draft: Draft, place: int) -> Draft:
    """Return a draft that takes the track at a place, once it has gone, never back; nor a copy."""
    track = draft.order[place]
    if draft.is_pinned(track):
        draft = unpinned(draft, place)
    same, request = repeated(draft.pool, [track]), draft.request
    gone = {track.identity, *draft.pool.take(same).identities} - set(request.thrown_out)
    request = replace(request, thrown_out=(*request.thrown_out, *sorted(gone)))
    return replace(draft, pool=draft.pool.take(~same), request=request)


def dropped(draft: Draft, place: int) -> Draft:
    """Return a draft without the track at a place."""
    if len(draft.order) == 1:
        raise RequestError("It is the only track of the session. Build another session.")
    order = (*draft.order[:place], *draft.order[place + 1 :])
    return refilled(replace(thrown_out(draft, place), order=order), place)


def inserted(draft: Draft, track: Track, place: int) -> Draft:
    """Return a draft with one more track, which stands at a place."""
    draft = _with_new(draft, track)
    order = (*draft.order[:place], track, *draft.order[place:])
    return refilled(_opening_softly(replace(draft, order=order), place), place + 1)


def moved(draft: Draft, place: int, to: int) -> Draft:
    """Return a draft in which one track stands at another place."""
    order = list(draft.order)
    order.insert(to, order.pop(place))
    return _opening_softly(replace(draft, order=tuple(order)), min(place, to))


def stretched(draft: Draft, phase: str | None, by_s: float) -> Draft:
    """Return a draft whose profile stays longer in a phase, or shorter if `by_s` is below 0.

    The phase may be named by a part of its name; without one it is that of the middle. What plays
    up to its end stays where it can, and pins behind it move along. Raises ArrangeError where no
    music can make it longer.
    """
    check_length(draft)
    profile = draft.objective.profile
    middle = profile.phase_at(profile.duration_s / 2.0)
    phase = (middle if phase is None else profile.named(phase)).name
    longer = profile.stretched(phase, by_s)
    last = next(each for each in reversed(profile.phases) if each.name == phase)
    border_s, silent_s = last.end_s, min(last.end_s, last.end_s + by_s) - last.silence_s
    # What plays to its middle before the border stays, but nothing into the silence of the phase.
    share = 1.0 if last.silence_s else 0.5
    played = zip(draft.starts_s(), draft.order, strict=False)
    kept = sum(start_s + share * track.duration_s < silent_s for start_s, track in played)
    new = with_change(shifted(draft, border_s, by_s), PlanChange("stretch", phase, by_s))
    filled = refilled(replace(new, objective=replace(draft.objective, profile=longer)), kept)
    if by_s > 0.0 and filled.lasts_s <= draft.lasts_s and not filled.is_on_time:
        raise ArrangeError("No other music fits: the session cannot be made longer.")
    return filled


def shifted(draft: Draft, border_s: float, by_s: float) -> Draft:
    """Return a draft whose pins by minute move along with the profile behind a border."""
    pins, texts = [], []
    for (pin, identity), text in zip(draft.pins, draft.request.pins, strict=True):
        moves = pin.minute is not None and pin.minute * 60.0 >= border_s
        new = replace(pin, minute=max((pin.minute or 0.0) + by_s / 60.0, 0.0)) if moves else pin
        pins.append((new, identity))
        texts.append(pin_text(new) if moves else text)
    return replace(draft, pins=tuple(pins), request=replace(draft.request, pins=tuple(texts)))


def with_change(draft: Draft, change: PlanChange) -> Draft:
    """Return a draft whose request lists one more change of the profile."""
    return replace(draft, request=replace(draft.request, changes=(*draft.request.changes, change)))


def check_length(draft: Draft) -> None:
    """Raise RequestError where the length of the session cannot change."""
    if draft.request.use_all:
        raise RequestError(
            "The session holds all tracks of a playlist, so its length is theirs. Reorder the"
            " playlist with --duration to have a plan that can change."
        )


def _with_new(draft: Draft, track: Track) -> Draft:
    """Return a draft that may hold a track, though it was thrown out before."""
    if is_repeated(track, draft.order):
        name = track.tags.title or track.path
        raise RequestError("{name}: is in the session already. Name another track.", name=name)
    if track.features.loudness_lufs <= SILENCE_LUFS:
        raise RequestError(
            "{title}: is silent. Name another track.", title=track.tags.title or track.path
        )
    if track.identity not in draft.request.thrown_out:
        return draft
    left = tuple(each for each in draft.request.thrown_out if each != track.identity)
    constraints = draft.objective.constraints
    constraints = replace(constraints, avoid=constraints.avoid - {track.identity})
    return replace(
        draft,
        request=replace(draft.request, thrown_out=left),
        objective=replace(draft.objective, constraints=constraints),
    )


def pin_text(pin: Pin) -> str:
    """Return a pin as it is typed."""
    if pin.minute is None:
        return pin.track if pin.place is None else f"{pin.track}@{pin.place}"
    minutes, seconds = divmod(round(pin.minute * 60.0), 60)
    return f"{pin.track}@{minutes}:{seconds:02}"
