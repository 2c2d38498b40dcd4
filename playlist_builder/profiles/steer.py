"""A profile that is steered while it plays, or whose curve is drawn by hand -> a variant of it.

Phases keep their names and limits: where the curve bends within one, it becomes several of one
name. Times are seconds of the profile, with its planned silences.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np

from playlist_builder.errors import ProfileError
from playlist_builder.language.translation import PROFILE, Phrase
from playlist_builder.profiles.phase import MIN_PHASE_S, Phase, ended, level
from playlist_builder.profiles.profile import MAX_MINUTES, Profile

HELD_SHARE = 2 / 3  # of the time until the next phase, in which a shift is felt in full
LEAST_SHIFT_S = 600.0  # that a shift lasts, though the next phase begins before: a track or two
LEAST_PHASE_S = 60.0  # of music that a phase keeps when its borders are moved
RESCUE = "calm music"  # name of the phase with which a session ends that became too much


def shifted(profile: Profile, by: float, at_s: float) -> Profile:
    """Return the profile with its levels higher by so much from a time on, or lower if below 0.

    They stay within 0 to 1. The shift is whole for `HELD_SHARE` of the time until the next phase
    and then eases back; it lasts `LEAST_SHIFT_S` at least, or to the end.
    """
    at_s = min(profile.behind_silence(at_s), profile.duration_s)
    until_s = shift_until_s(profile, at_s)
    knee_s = at_s + HELD_SHARE * (until_s - at_s)
    knots_s, shifts = (at_s, knee_s, until_s), (by, by, 0.0)

    def higher(phase: Phase) -> Phase:
        start_s, end_s = phase.start_s, phase.start_s + phase.music_s
        if not at_s < (start_s + end_s) / 2.0 < until_s:
            return phase
        first, last = np.interp((start_s, end_s), knots_s, shifts).tolist()
        return phase.with_levels(
            min(max(phase.level_start + first, 0.0), 1.0),
            min(max(phase.level_end + last, 0.0), 1.0),
        )

    return _with_phases(profile, map(higher, _split(profile, knots_s)))


def shift_until_s(profile: Profile, at_s: float) -> float:
    """Return until when a shift from a time on is felt."""
    at_s = profile.behind_silence(at_s)
    return min(max(next_phase_s(profile, at_s), at_s + LEAST_SHIFT_S), profile.duration_s)


def next_phase_s(profile: Profile, at_s: float) -> float:
    """Return when the phase begins that follows the one of a time, or when the profile ends."""
    name = profile.phase_at(at_s).name
    later = (each.start_s for each in profile.phases if each.start_s > at_s and each.name != name)
    return next(later, profile.duration_s)


def next_phase(profile: Profile, at_s: float) -> str | None:
    """Return the name of the phase that follows the one of a time, None where none does."""
    begins_s = next_phase_s(profile, at_s)
    return profile.phase_at(begins_s).name if begins_s < profile.duration_s else None


def held(profile: Profile, for_s: float, at_s: float) -> Profile:
    """Return the profile with the level of a time kept for so many seconds; the rest comes later.

    Raises ProfileError where a session cannot last as long.
    """
    _check_length(profile, for_s)
    at_s = min(profile.behind_silence(at_s), profile.duration_s)
    flat = float(profile.target(at_s))
    phase = replace(
        profile.phase_at(at_s),
        start_s=0.0,
        end_s=for_s,
        level_start=flat,
        level_end=flat,
        wave_depth=0.0,
        wave_period_s=0.0,
        silence_s=0.0,
    )
    before, behind = _cut(profile, at_s)
    parts = [*before, phase, *behind]
    return profile.consecutive((each, each.duration_s) for each in parts)


def rested(profile: Profile, for_s: float, at_s: float) -> Profile:
    """Return the profile with a silence of so many seconds at a time; the rest comes later.

    Raises ProfileError where no music plays before it, and where a session cannot last as long.
    """
    _check_length(profile, for_s)
    before, behind = _cut(profile, min(profile.behind_silence(at_s), profile.duration_s))
    if not before:
        raise ProfileError("A session cannot begin with a silence. Ask for it when music plays.")
    *others, last = before
    silent = replace(last, silence_s=last.silence_s + for_s, end_s=last.end_s + for_s)
    parts = [*others, silent, *behind]
    return profile.consecutive((each, each.duration_s) for each in parts)


def followed(profile: Profile, at_s: float, other: Profile) -> Profile:
    """Return the profile up to a time, and from there on all of another one, as `RESCUE`."""
    end_s, _ = _near(profile, min(profile.behind_silence(at_s), profile.duration_s))
    parts = [*profile.until(end_s), *(replace(each, name=RESCUE) for each in other.phases)]
    return profile.consecutive((each, each.duration_s) for each in parts)


def drawn(profile: Profile, curve: Sequence[tuple[float, float]]) -> Profile:
    """Return the profile with the levels of a curve that was drawn: (seconds, level) in order.

    Between two points lies a straight line, before the first and behind the last one its level.
    Phases keep their names, times and limits, and lose their waves.
    """
    times_s, levels = zip(*curve, strict=True)

    def along(phase: Phase) -> Phase:
        span_s = phase.start_s, phase.start_s + phase.music_s
        first, last = np.interp(span_s, times_s, levels).tolist()
        return replace(phase.with_levels(first, last), wave_depth=0.0, wave_period_s=0.0)

    return _with_phases(profile, map(along, _split(profile, times_s)))


def bordered(profile: Profile, starts_s: Sequence[float]) -> Profile:
    """Return the profile with its phases behind the first beginning at these times, in order.

    Parts of one name that follow each other are one phase, and share its time as before; silences
    keep their length, and the end its time. Raises ProfileError where a phase would last less than
    `LEAST_PHASE_S`, and for another number of phases.
    """
    named = [list(phases) for _, phases in groupby(profile.phases, key=lambda each: each.name)]
    if len(starts_s) != len(named) - 1:
        raise ProfileError(
            "borders: '{name}' has {count} phases behind the first. Give when each begins.",
            name=profile.name,
            count=len(named) - 1,
        )
    parts = list[tuple[Phase, float]]()
    for phases, (start_s, end_s) in zip(
        named, pairwise((0.0, *starts_s, profile.duration_s)), strict=True
    ):
        silence_s = sum(each.silence_s for each in phases)
        music_s = end_s - start_s - silence_s
        if music_s < LEAST_PHASE_S:
            raise ProfileError(
                "Phase {phase!r} would last less than a minute. Leave it more time.",
                phase=Phrase(phases[0].name, context=PROFILE),
            )
        by = music_s / sum(each.music_s for each in phases)
        parts += [
            (
                replace(each, wave_period_s=each.wave_period_s * by),
                each.music_s * by + each.silence_s,
            )
            for each in phases
        ]
    return profile.consecutive(parts)


def _check_length(profile: Profile, by_s: float) -> None:
    if profile.duration_s + by_s > MAX_MINUTES * 60.0:
        raise ProfileError(
            "A session lasts at most {MAX_MINUTES} minutes. Ask for less.", MAX_MINUTES=MAX_MINUTES
        )


def _with_phases(profile: Profile, phases: Iterable[Phase]) -> Profile:
    return replace(profile, phases=tuple(phases))


def _cut(profile: Profile, at_s: float) -> tuple[list[Phase], list[Phase]]:
    """Return the phases before and behind a time; no music of them is shorter than `MIN_PHASE_S`.

    Where the music of a phase is about to end, its silence belongs to what is before.
    """
    _, at_s = _near(profile, at_s)
    return profile.until(at_s), profile.after(at_s)


def _near(profile: Profile, at_s: float) -> tuple[float, float]:
    """Return when music begins or ends about a time, and where the phase does; else that time."""
    near = (each for each in _borders_s(profile) if abs(each[0] - at_s) < MIN_PHASE_S)
    return next(near, (at_s, at_s))


def _borders_s(profile: Profile) -> Iterator[tuple[float, float]]:
    """Yield when music begins or ends, and the border of two phases that lies there."""
    yield 0.0, 0.0
    for phase in profile.phases:
        yield phase.start_s + phase.music_s, phase.end_s
        yield phase.end_s, phase.end_s


def _split(profile: Profile, times_s: Iterable[float]) -> Iterator[Phase]:
    """Yield the phases, cut at each of some times that lies well within the music of one."""
    wanted_s = sorted(times_s)
    for phase in profile.phases:
        left = phase
        for time_s in wanted_s:
            music_end_s = left.start_s + left.music_s
            if left.start_s + MIN_PHASE_S <= time_s <= music_end_s - MIN_PHASE_S:
                yield replace(ended(left, time_s), silence_s=0.0)
                left = replace(left, start_s=time_s, level_start=level(left, time_s))
        yield left
