"""A session that is playing -> one whose rest, behind the current track, is arranged again."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import accumulate, chain
from math import inf
from typing import NamedTuple

from playlist_builder.arranger.partial import length_ms
from playlist_builder.arranger.rules import Pin, phase_of
from playlist_builder.errors import ArrangeError, RequestError
from playlist_builder.language.text import clock
from playlist_builder.models import Track
from playlist_builder.profiles import overrides
from playlist_builder.profiles.profile import Profile
from playlist_builder.profiles.rests import music_ms
from playlist_builder.session_request import PlanChange
from playlist_builder.sessions.course import NEXT_IS, least, livelier, no_livelier
from playlist_builder.sessions.draft import Draft, cut, fill, fill_quickly
from playlist_builder.sessions.edit import check_length, pin_text, shifted, with_change

WIDER, MORE = 2, 3  # tracks that give way beyond what has to: at first, and at most before all
MIN_PLAYED_S = 1.0  # a skipped track that played for less is left out


class Moment(NamedTuple):
    """Where a session stands that is playing.

    `draft` holds what plays before the change, the last track cut if it is skipped, and `behind`
    what was to follow. `known` are tracks that are not used again. In seconds of the plan it is
    `at_s`, and what follows begins at `now_s`; `is_silent` tells that nothing plays. Of `behind` a
    track was missing among the first `gone`.
    """

    draft: Draft
    behind: list[Track]
    known: tuple[Track, ...]
    at_s: float
    now_s: float
    is_silent: bool
    gone: int


def moment(draft: Draft, at_s: float, *, skip: bool = False) -> Moment:
    """Return where a session stands at one of its times, in seconds.

    The track of that time plays to its end, or with `skip` to that time; missing files are not used
    again. What has played is told of no more.
    """
    check_length(draft)
    starts = draft.starts_s()
    if not 0.0 <= at_s < draft.lasts_s:
        raise RequestError(
            "--at: the session lasts from 0:00 to {starts}; its tail is not planned.",
            starts=clock(draft.lasts_s),
        )
    current = sum(start <= at_s for start in starts[:-1]) - 1
    before = list(draft.order[: current + 1])
    played_s = at_s - starts[current]
    is_silent = played_s >= before[-1].duration_s
    if skip and is_silent:
        raise RequestError("--skip: nothing plays at that time; a silence is planned then.")
    begun_ms = length_ms(before[:-1])
    so_far_ms = begun_ms + round(1000 * min(played_s, before[-1].duration_s))
    if skip:
        before[-1:] = [cut(before[-1], played_s)] if played_s >= MIN_PLAYED_S else []
    behind = draft.order[current + 1 :]
    gone = max((place for place, track in enumerate(behind) if track.missing), default=0)
    return Moment(
        replace(draft, order=tuple(before), played=len(before) if skip else current),
        [track for track in behind if not track.missing],
        draft.order[: current + 1],
        _now_s(draft, current, so_far_ms, is_silent=is_silent),
        _now_s(draft, current, length_ms(before), is_silent=is_silent),
        is_silent,
        gone,
    )


def replanned(
    draft: Draft,
    at_s: float,
    *,
    extend_s: float = 0.0,
    skip: bool = False,
    phase: str | None = None,
) -> Draft:
    """Return a draft in which all behind the track that plays at a time is arranged again.

    That track plays to its end, or with `skip` to that time. The profile ends where it did, or
    `extend_s` later; with `phase` this phase begins when that track has ended, pins move with it,
    and those of what is skipped end.
    """
    now = moment(draft, at_s, skip=skip)
    if extend_s and now.is_silent and not now.behind:
        raise RequestError("--extend: the silence at the end has begun. Build another session.")
    if extend_s:
        return rearranged_as_calm(draft, _extended(now, extend_s), refuses=True)
    if phase is not None:
        return rearranged_behind(jumped(now, phase))
    return rearranged_as_calm(draft, now) if skip else arranged_behind(now)


def _extended(now: Moment, by_s: float) -> Moment:
    playing = now.draft.objective.profile.phase_at(now.now_s)
    change = PlanChange("stretch", playing.name, by_s, now.now_s)
    return later(now, max(playing.end_s, now.now_s), by_s, change)


def later(now: Moment, border_s: float, by_s: float, change: PlanChange) -> Moment:
    """Return a moment whose plan has a change by which pins behind a border come later."""
    return changed_plan(now._replace(draft=shifted(now.draft, border_s, by_s)), change)


def changed_plan(now: Moment, change: PlanChange) -> Moment:
    """Return a moment whose plan has one more change."""
    draft = with_change(now.draft, change)
    profile = overrides.with_change(draft.objective.profile, change)
    objective = replace(draft.objective, profile=profile)
    return now._replace(draft=replace(draft, objective=objective))


def jumped(now: Moment, phase: str) -> Moment:
    """Return a moment in which a later phase follows, which a part of its name may name."""
    profile = now.draft.objective.profile
    phase = profile.named(phase).name
    lengths_s = {track.identity: track.duration_s for track in (*now.known, *now.behind)}
    short = _with_pins_of(now.draft, profile, phase, now.now_s, lengths_s)
    change = PlanChange("jump", phase, at_s=now.now_s)
    return changed_plan(now._replace(draft=short), change)


def arranged_behind(now: Moment) -> Draft:
    """Return a draft whose tracks behind a moment follow its plan to the end, the best ones."""
    short = now.draft
    if short.is_on_time or short.excess_ms > 0:
        return short
    new = fill(short, short.order, now.behind, (), known=now.known, relaxations=())
    return replace(short, order=(*short.order, *new))


def rearranged_behind(now: Moment, until_s: float = inf) -> Draft:
    """Return a draft whose tracks behind a moment follow its plan, as soon as can be.

    What was to play then stays as far as it follows the plan: that has changed up to `until_s`, in
    seconds of it. Where that cannot be, all is arranged again.
    """
    if now.draft.is_on_time or now.draft.excess_ms > 0:
        return now.draft
    return next(chain(partly_rearranged(now, until_s), wholly_rearranged(now)))


def rearranged_as_calm(
    before: Draft, now: Moment, until_s: float = 0.0, *, refuses: bool = False
) -> Draft:
    """Return a draft whose tracks behind a moment follow its plan, as `rearranged_behind` does.

    Of the ways to do so it is the first that goes on no livelier than it was to, in the next track
    and up to a time of its plan, or the one with the fewest tracks that do. Where there is no way,
    or the next track is livelier in all of them, what was to play stays and the session ends
    sooner, or with `refuses` ArrangeError is raised.
    """
    if now.draft.is_on_time or now.draft.excess_ms > 0:
        return now.draft
    is_livelier = livelier(before, now.draft, until_s - now.now_s)
    as_planned = replace(now.draft, order=(*now.draft.order, *now.behind))
    try:
        wrong, found = least(_calm_ways(before, now), is_livelier)
    except ArrangeError:
        if refuses or not now.behind:
            raise
        return as_planned
    if refuses and wrong >= NEXT_IS:
        raise ArrangeError(
            "The music that is left would be livelier here: what follows stays as it is."
        )
    if wrong >= NEXT_IS and as_planned.order and is_livelier(as_planned) < NEXT_IS:
        return as_planned
    return replace(found, pool=now.draft.pool)


def _calm_ways(before: Draft, now: Moment) -> Iterator[Draft]:
    best = next(partly_rearranged(now, 0.0), None)
    if best is not None:
        yield best
    yield from partly_rearranged(now._replace(draft=no_livelier(before, now.draft)), 0.0)
    if best is None:
        yield from wholly_rearranged(now)


def partly_rearranged(now: Moment, until_s: float) -> Iterator[Draft]:
    """Yield drafts in which some of what was to play stays, as soon as it can, the best first."""
    short, behind = now.draft, now.behind
    place, count = len(short.order), len(behind)
    first = min(max(_begun(now, until_s), now.gone), max(count - 1, 0))
    as_planned = replace(short, order=(*short.order, *behind))
    if not first and as_planned.keeps_time(place):
        yield as_planned
    for removed in _ways(first, count):
        after = behind[removed:]
        whole = replace(short, order=(*short.order, *after))
        if whole.excess_ms < 0 and not whole.is_on_time:
            new = fill_quickly(short, behind[:removed], after, known=now.known)
            whole = replace(short, order=(*short.order, *(new or ()), *after))
        if whole.keeps_time(place) and not any(map(short.is_pinned, behind[:removed])):
            yield whole


def wholly_rearranged(now: Moment) -> Iterator[Draft]:
    """Yield the draft of which all that was to play is chosen again."""
    new = fill_quickly(now.draft, now.behind, (), known=now.known, lifts=True)
    yield (
        arranged_behind(now) if new is None else replace(now.draft, order=(*now.draft.order, *new))
    )


def _ways(first: int, count: int) -> list[int]:
    """Return how many tracks may give way, of which so many have to, the best way first."""
    wide = min(first + WIDER, max(count - 1, first))
    more = range(first, min(first + MORE, count) + 1)
    return list(dict.fromkeys((wide, *more, max(count - 1, first), count)))


def _begun(now: Moment, until_s: float) -> int:
    """Return how many of the tracks behind a moment begin before a time of its plan."""
    if until_s == inf:
        return len(now.behind)
    until_ms = music_ms(now.draft.objective.rests, round(1000 * until_s))
    starts_ms = accumulate(map(length_ms, ([track] for track in now.behind)), initial=0)
    begins_ms = length_ms(now.draft.order)
    return sum(begins_ms + start_ms < until_ms for start_ms in list(starts_ms)[:-1])


def _with_pins_of(
    draft: Draft, profile: Profile, phase: str, now_s: float, lengths_s: Mapping[str, float]
) -> Draft:
    """Return a draft whose pins follow a jump to a phase; those of what it skips are gone.

    A track belongs to the phase in which its middle plays.
    """
    played, kept = {track.identity for track in draft.order}, list[tuple[Pin, str, str]]()
    skipped = _skipped(profile, phase, now_s)
    for (pin, identity), text in zip(draft.pins, draft.request.pins, strict=True):
        moved: Pin | None = pin
        if identity in played:
            pass
        elif pin.minute is not None:
            half_s = lengths_s.get(identity, 0.0) / 2.0
            middle_s = profile.time_after_jump(phase, now_s, pin.minute * 60.0 + half_s)
            moved = None
            if middle_s is not None:
                moved = replace(pin, minute=max(middle_s - half_s, now_s) / 60.0)
        elif (asked := phase_of(pin, profile)) is not None and asked.name in skipped:
            moved = None
        if moved is not None:
            kept.append((moved, identity, text if moved == pin else pin_text(moved)))
    request = replace(
        draft.request,
        pins=tuple(text for _, _, text in kept),
        pinned=tuple(identity for _, identity, _ in kept),
    )
    return replace(draft, request=request, pins=tuple((pin, own) for pin, own, _ in kept))


def _skipped(profile: Profile, phase: str, now_s: float) -> set[str]:
    """Return the names of the phases that play no more after a jump."""
    left = {each.name for each in profile.jumped(phase, now_s).phases if each.end_s > now_s}
    return {each.name for each in profile.phases} - left


def _now_s(draft: Draft, current: int, played_ms: int, *, is_silent: bool) -> float:
    """Return how far the plan has come when so much music has played, with its silences.

    A silence that has come is over in the plan, though it was planned for later.
    """
    begun_ms = length_ms(draft.order[: current + is_silent])
    now_ms = silent_ms = 0
    for rest in draft.rests:
        has_come = rest.at_ms <= begun_ms and current + is_silent > 0
        if has_come or rest.asked_ms <= played_ms:
            silent_ms += rest.length_ms
            now_ms = max(now_ms, rest.asked_ms + silent_ms) if has_come else now_ms
    return max(now_ms, played_ms + silent_ms) / 1000.0
