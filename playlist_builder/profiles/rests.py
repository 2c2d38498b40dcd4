"""Planned silences on the clock of the music, which stands still while nothing plays.

The arranger works by that clock, so that a silence moves all behind it and changes nothing else;
what people read is the time of the session. All times are whole milliseconds.
"""

from collections.abc import Sequence
from typing import NamedTuple

from playlist_builder.profiles.profile import Profile


class Rest(NamedTuple):
    """A planned silence: when the music stops for it, for how long, after which phase.

    It is asked for at `asked_ms`; `at_ms` is another time where tracks do not end then.
    """

    at_ms: int
    length_ms: int
    phase: str
    asked_ms: int


def rests_of(profile: Profile) -> tuple[Rest, ...]:
    """Return the silences that a profile plans, in their order."""
    found: list[Rest] = []
    silent_s = 0.0
    for phase in profile.phases:
        if phase.silence_s:
            at_ms = round(1000 * (phase.start_s + phase.music_s - silent_s))
            found.append(Rest(at_ms, round(1000 * phase.silence_s), phase.name, at_ms))
            silent_s += phase.silence_s
    return tuple(found)


def with_rests(music: Profile, rests: Sequence[Rest]) -> Profile:
    """Return a profile without silences with those that are asked for at the ends of its phases."""
    length_ms = {rest.asked_ms: rest.length_ms for rest in rests}
    return music.silent(
        length_ms.get(round(1000 * phase.end_s), 0) / 1000.0 for phase in music.phases
    )


def placed(rests: Sequence[Rest], joins_ms: Sequence[int], asked_ms: int) -> tuple[Rest, ...]:
    """Return silences at the joins of tracks that are nearest to when they are planned.

    The last of `joins_ms` is the end; what is asked for there, at `asked_ms`, is on time then.
    """
    found: list[Rest] = []
    for rest in rests:
        if rest.asked_ms >= asked_ms:
            found.append(rest._replace(at_ms=joins_ms[-1], asked_ms=joins_ms[-1]))
        else:
            nearest_ms = min(joins_ms, key=lambda join_ms: abs(join_ms - rest.asked_ms))
            found.append(rest._replace(at_ms=nearest_ms))
    return tuple(found)


def start_ms(rests: Sequence[Rest], music_ms: int) -> int:
    """Return the time of the session at which begins what the music plays from a time on."""
    return music_ms + sum(rest.length_ms for rest in rests if rest.at_ms <= music_ms)


def end_ms(rests: Sequence[Rest], music_ms: int) -> int:
    """Return the time of the session at which ends what the music plays up to a time."""
    return music_ms + sum(rest.length_ms for rest in rests if rest.at_ms < music_ms)


def music_ms(rests: Sequence[Rest], session_ms: int) -> int:
    """Return how much music has played by a time of the session."""
    for rest in rests:
        if session_ms <= rest.at_ms:
            break
        session_ms = max(session_ms - rest.length_ms, rest.at_ms)
    return session_ms
