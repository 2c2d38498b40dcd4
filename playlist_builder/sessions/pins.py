"""Pins as a user types them: TRACK, TRACK@3, TRACK@-1 or TRACK@12:30."""

import re
from collections.abc import Mapping

from playlist_builder.arranger.rules import Pin
from playlist_builder.errors import RequestError
from playlist_builder.library.library import Library
from playlist_builder.models import Track

_PIN = re.compile(
    r"(?P<track>.+?)(?:@(?:(?P<place>-?\d{1,5})|(?P<minutes>\d{1,5}):(?P<seconds>[0-5]\d)))?",
    re.DOTALL,
)


def read_pin(
    library: Library, by_identity: Mapping[str, Track], text: str, identity: str
) -> tuple[Pin, str]:
    """Return the pin of TRACK, TRACK@3 or TRACK@12:30, and the identity of its track.

    Where the identity is known already, the name may be outdated.
    """
    found = _PIN.fullmatch(text)
    if found is None or (found["place"] and int(found["place"]) == 0):
        raise RequestError(f"--pin '{text}': give TRACK, TRACK@3, TRACK@-1 or TRACK@12:30.")
    track = by_identity.get(identity) or library.find(found["track"])
    track = by_identity.get(track.identity, track)  # the same music may lie at several paths
    if found["minutes"] is not None:
        minute = int(found["minutes"]) + int(found["seconds"]) / 60.0
        return Pin(track.path, minute=minute), track.identity
    return Pin(track.path, place=int(found["place"]) if found["place"] else None), track.identity
