"""One entry of a playlist as it was read, and the limits of what is read."""

import math
import re
from dataclasses import dataclass, field

SIZE_LIMIT_BYTES = 20_000_000  # above any playlist: 100,000 entries of 200 bytes
ENTRIES_LIMIT = 200_000  # above any playlist, and still read within seconds
DEPTH_LIMIT = 50  # elements of XML inside each other; XSPF has five, and what extensions add

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `location` as it stands in the playlist, `title` as players show it.

    `span` is the start and end of the location: characters of the text of M3U and PLS, bytes of
    XSPF, and in a session the place among all slots. `is_uri` means that the format has locations
    as URIs, so that `%20` is first read as a blank. `is_tail` means that the entry plays after the
    planned session, where the playlist has that information.
    """

    location: str
    title: str = ""
    duration_s: float | None = None
    span: tuple[int, int] = field(default=(0, 0), compare=False)
    is_uri: bool = field(default=False, compare=False)
    is_tail: bool = field(default=False, compare=False)


def is_remote(location: str) -> bool:
    """Return whether an entry is a URL of a network, which is never opened here."""
    scheme = _SCHEME.match(location)
    return bool(scheme) and "//" in location and not location.lower().startswith("file:")


def seconds(text: str | None, unit_s: float = 1.0) -> float | None:
    """Return seconds, or None where it is not known; players write -1 or 0 then."""
    try:
        length_s = float(text or "") * unit_s
    except ValueError:
        return None
    return length_s if 0.0 < length_s < math.inf else None
