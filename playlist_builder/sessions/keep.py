"""Sessions into the library and out of it, with the history of those for whom they were built."""

import os
from dataclasses import replace

from playlist_builder.errors import SessionError
from playlist_builder.library import kept
from playlist_builder.library.history import played_session
from playlist_builder.library.library import Library, default_path
from playlist_builder.models import Session
from playlist_builder.playlists import session_json
from playlist_builder.session_request import check_time

NOT_MADE_HERE = (
    "The session does not say how it was made: it is older, or by another program. Build it once"
    " more."
)


def keep(library: Library, session: Session, at: str, name: str) -> Session:
    """Return a session as a library keeps it from a time on; its earlier states stay for undo.

    Raises SessionError where it does not say how it was made.
    """
    check_time(at)
    request = session.request
    if request is None:
        raise SessionError(NOT_MADE_HERE)
    if request.name is not None and not request.session:
        number = library.history.session_id(request.name, "", request.asked_at)
        request = replace(request, session=number)
        session = replace(session, request=request)
    if not request.kept_id:
        own = library.sessions.new_id(session_json.dump(session))
        session = replace(session, request=replace(request, kept_id=own))
    entry = kept.kept_session(session, at, kept.session_name(name) if name else "")
    before, text = library.sessions.by_id(entry.id), session_json.dump(session)
    if before is not None:
        known = library.sessions.document(entry.id)
        entry = replace(entry, files=before.files)
        is_same = session_json.parse(known, "") == session_json.parse(text, "")
        text = known if is_same else session_json.dump_with_undo(session, known)
    if request.name is not None:
        library.history.store(played_session(session, ""))
    library.sessions.store((entry, text))
    return _read(library, text, entry.id)


def kept_session(library: Library, word: str | None) -> Session:
    """Return the session that a library keeps under a word, or the last one."""
    found = library.sessions.last() if word is None else library.sessions.find(word)
    return _read(library, library.sessions.document(found.id), found.id)


def place_of(library: Library) -> str | None:
    """Return where a library lies, None for the user's own: then a session can move with it."""
    path = os.path.abspath(library.path)
    return None if path == os.path.abspath(default_path()) else path


def _read(library: Library, text: str, own: str) -> Session:
    """Return a kept session, which plays from the library that keeps it, wherever that lies now."""
    session = session_json.parse(text, f"session {own}")
    request = session.request
    if request is None:
        return session
    return replace(session, request=replace(request, library=place_of(library), kept_id=own))
