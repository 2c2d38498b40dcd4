"""Pins as a user types them: TRACK, TRACK@3, TRACK@-1, TRACK@12:30 or TRACK@PHASE.

A time is minutes and seconds, or hours too.
"""

import re
from collections.abc import Callable, Mapping

from playlist_builder.arranger.rules import Pin
from playlist_builder.errors import LibraryError, ProfileError, RequestError
from playlist_builder.language.text import clock
from playlist_builder.models import Track
from playlist_builder.profiles.profile import Profile

_TIME = r"(?:(?P<hours>\d{1,3}):(?=[0-5]?\d:))?(?P<minutes>\d{1,5}):(?P<seconds>[0-5]\d)"
_PIN = re.compile(rf"(?P<track>.+?)(?:@(?:(?P<place>-?\d{{1,5}})|{_TIME}))?", re.DOTALL)


Find = Callable[[str], Track]  # raises LibraryError where a name names no track, or several


def read_pin(
    find: Find, by_identity: Mapping[str, Track], profile: Profile, text: str, identity: str
) -> tuple[Pin, str]:
    """Return the pin of a text, and the identity of its track.

    A phase of the profile may be named by a part of its name. Where the identity is known already,
    the names may be outdated.
    """
    found = _PIN.fullmatch(text)
    if found is None or (found["place"] and int(found["place"]) == 0):
        raise RequestError(
            "--pin '{text}': give TRACK, TRACK@3, TRACK@-1, TRACK@12:30 or TRACK@PHASE.", text=text
        )
    name, phase = found["track"], None
    if found["place"] is None and found["minutes"] is None:
        name, phase = _with_phase(name, profile)
    try:
        track = by_identity.get(identity) or _found(find, name, profile)
        track = by_identity.get(track.identity, track)  # the same music may lie at several paths
        path, identity = track.path, track.identity
    except LibraryError:
        if not identity:
            raise
        path = name  # of a session whose track the library does not know any more
    if found["minutes"] is not None:
        minutes = 60 * int(found["hours"] or 0) + int(found["minutes"])
        minute = minutes + int(found["seconds"]) / 60.0
        return Pin(path, minute=minute), identity
    place = int(found["place"]) if found["place"] else None
    return Pin(path, place=place, phase=phase), identity


def check_inside(pin: Pin, profile: Profile, text: str) -> None:
    """Raise RequestError for a pin whose time lies beyond the end of a profile."""
    if pin.minute is not None and pin.minute * 60.0 >= profile.duration_s:
        end = clock(profile.duration_s)
        raise RequestError(
            "--pin '{text}': the session ends at {end}. Give an earlier time.", text=text, end=end
        )


def _with_phase(text: str, profile: Profile) -> tuple[str, str | None]:
    """Return the track and the phase of TRACK@PHASE; a title may hold an @ as well."""
    name, _, phase = text.rpartition("@")
    if not name:
        return text, None
    try:
        return name, profile.named(phase).name
    except ProfileError:
        return text, None


def _found(find: Find, name: str, profile: Profile) -> Track:
    try:
        return find(name)
    except LibraryError as error:
        if "@" not in name:
            raise
        phases = ", ".join(dict.fromkeys(phase.name for phase in profile.phases))
        raise RequestError(
            "--pin '{name}': {error} Behind an @ stands a place, a time such as 12:30 or"
            " 1:20:00, or a phase: {phases}.",
            name=name,
            error=error,
            phases=phases,
        ) from error
