"""A session that is playing -> one whose rest, behind the current track, is arranged again."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from playlist_builder.arranger.partial import length_ms
from playlist_builder.arranger.rules import Pin, phase_of
from playlist_builder.errors import RequestError
from playlist_builder.language.text import clock
from playlist_builder.models import Track
from playlist_builder.profiles import overrides
from playlist_builder.profiles.profile import Profile
from playlist_builder.session_request import PlanChange
from playlist_builder.sessions.draft import Draft, cut, fill
from playlist_builder.sessions.edit import check_length, pin_text, shifted, with_change

MIN_PLAYED_S = 1.0  # a skipped track that played for less is left out


class Moment(NamedTuple):
    """Where a session stands that is playing.

    `draft` holds what plays before the change, the last track cut if it is skipped, and `behind`
    what was to follow. `known` are tracks that are not used again. In seconds of the plan it is
    `at_s`, and what follows begins at `now_s`; `is_silent` tells that nothing plays.
    """

    draft: Draft
    behind: list[Track]
    known: tuple[Track, ...]
    at_s: float
    now_s: float
    is_silent: bool


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
    return Moment(
        replace(draft, order=tuple(before), played=len(before) if skip else current),
        [track for track in draft.order[current + 1 :] if not track.missing],
        draft.order[: current + 1],
        _now_s(draft, current, so_far_ms, is_silent=is_silent),
        _now_s(draft, current, length_ms(before), is_silent=is_silent),
        is_silent,
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
        now = _extended(now, extend_s)
    if phase is not None:
        now = jumped(now, phase)
    return arranged_behind(now)


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
    """Return a draft whose tracks behind a moment follow its plan to the end."""
    short = now.draft
    if short.is_on_time or short.excess_ms > 0:
        return short
    new = fill(short, short.order, now.behind, (), known=now.known, relaxations=())
    return replace(short, order=(*short.order, *new))


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
