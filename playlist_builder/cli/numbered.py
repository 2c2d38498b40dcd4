"""Files of several sessions at once: FILE-2 and so on, which the user did not name.

They are replaced only where they are ours. Playlists say so in a comment; a session file is ours
where it holds such a session, and nothing else such as earlier states.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import playlist_builder as api
from playlist_builder.errors import ExportError, SessionError
from playlist_builder.files import companion

COMMENTS = {".m3u8": ("#", ""), ".m3u": ("#", ""), ".pls": (";", ""), ".xspf": ("<!--", " -->")}


def numbered(outputs: Sequence[str], number: int) -> list[str]:
    """Return where one of several sessions is written."""
    parts = [os.path.splitext(file) for file in outputs]
    return [stem if stem == "-" else f"{stem}-{number}{suffix}" for stem, suffix in parts]


def unnamed(outputs: Sequence[str], files: Sequence[Sequence[str]]) -> dict[str, int]:
    """Return the files that the user did not name, each with the place of its session, from 1."""
    places = enumerate(files, start=1)
    return {file: place for place, each in places for file in each if file not in {*outputs, "-"}}


def check_unnamed(files: dict[str, int], request: "api.SessionRequest") -> None:
    """Raise ExportError where a file that the user did not name is there, and is not ours."""
    for file, place in files.items():
        if os.path.lexists(file) and not (companion.is_own(file) or _holds(file, request, place)):
            raise ExportError(
                "Cannot write {file!r}: it is there, and is not what playlist-builder wrote"
                " there. Move it away, or choose another name",
                file=file,
            )


def marked(data: bytes, file: str) -> bytes:
    """Return a playlist with a comment by which it is known as ours, where its format has any."""
    suffix = os.path.splitext(file)[1].lower()
    return companion.marked(data, *COMMENTS[suffix]) if suffix in COMMENTS else data


def _holds(file: str, request: "api.SessionRequest", place: int) -> bool:
    """Whether a file is a session like the one to be written there, and holds no earlier state."""
    from playlist_builder.playlists import session_json

    if Path(file).suffix.lower() != ".json" or not Path(file).is_file() or Path(file).is_symlink():
        return False
    try:
        text = session_json.read(file)
        there = session_json.parse(text, file)
    except SessionError:
        return False
    asked = there.request
    if asked is None or asked.name != request.name or session_json.dump(there) != text:
        return False
    return request.name is not None or asked.alternative == place
