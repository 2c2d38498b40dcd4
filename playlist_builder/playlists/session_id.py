"""The id of a session in the playlists that are written of it, by which a library knows it again.

It stands in a comment of M3U and PLS, and among our own fields of XSPF and JSPF. CSV has no place
for it.
"""

import re

from playlist_builder.models import Session

ID_KEY = "session"  # of our fields in XSPF and JSPF

_ID = rb"([0-9a-f]{16})"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rb"(?m)^[#;] session " + _ID + rb" of playlist-builder\r?$",
        rb"<pb:session [^<>]*\bsession=[\"']" + _ID,
        rb'"urn:x-playlist-builder:session":\s*\[\s*\{\s*"session":\s*"' + _ID,
    )
)


def id_lines(session: Session) -> list[str]:
    """Return the lines of comment that tell the id of a session, if a library keeps it."""
    own = session.request.kept_id if session.request is not None else ""
    return [f"session {own} of playlist-builder"] if own else []


def session_id(data: bytes) -> str:
    """Return the id that the bytes of a playlist tell, empty where there is none."""
    found = next(filter(None, (pattern.search(data) for pattern in _PATTERNS)), None)
    return found[1].decode() if found else ""
