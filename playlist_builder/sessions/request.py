"""A request as a program or a user makes it -> the request that is kept with the session.

The working folder and the text of the profile count as they are now, so that the session can be
made again from another place and after the profile has gone.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from playlist_builder.profiles import find
from playlist_builder.session_request import SessionRequest


def completed(request: SessionRequest, *, folders: Sequence[Path] = ()) -> SessionRequest:
    """Return a request with whole paths and the text of its profile.

    A profile that is found nowhere is that of the text, if there is one. Raises ProfileError where
    there is neither.
    """
    name = request.profile
    return replace(
        request,
        profile=os.path.abspath(name) if find.is_path(name) else name,
        profile_text=request.profile_text or find.read_text(name, folders=folders),
        music=tuple(map(_whole, request.music)),
        avoid=tuple(map(_whole, request.avoid)),
        playlist=tuple(map(_whole, request.playlist)),
        library=_whole(request.library) if request.library else None,
    )


def _whole(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))
