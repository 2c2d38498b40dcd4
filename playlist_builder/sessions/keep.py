"""Sessions into the library and out of it, with the history of those for whom they were built."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from playlist_builder.errors import SessionError
from playlist_builder.language.translation import Phrase
from playlist_builder.library import kept
from playlist_builder.library.history import played_session
from playlist_builder.library.kept import KeptSession, WrittenFile
from playlist_builder.library.library import Library, user_path
from playlist_builder.models import Session
from playlist_builder.playlists import session_json
from playlist_builder.playlists.session_states import States, joined, states
from playlist_builder.session_request import SessionRequest, check_time, session_name

NOT_MADE_HERE = Phrase(
    "The session does not say how it was made: it is older, or by another program. Build it once"
    " more."
)

State = Session | session_json.Document  # one made here, or read of a kept session


@dataclass(frozen=True, slots=True)
class Entry:
    """A session that is to be kept, which has its id, and its whole document.

    `files` were written of it, beside those that are known. In the history it stands under the
    `history_file`. With a `turn` it is kept only while nobody else has changed it since.
    """

    session: Session
    text: str
    name: str = ""
    files: Sequence[WrittenFile] = ()
    history_file: str = ""
    turn: int = 0


def identified(library: Library, session: Session, name: str = "") -> Session:
    """Return a session with the id under which a library keeps it, or will keep it.

    One that was removed is a new session: its id is never given again.
    """
    request = session.request
    if request is None or request.kept_id not in {"", *library.sessions.removed()}:
        return session
    own = library.sessions.new_id(session_json.dump(session), name)
    return replace(session, request=replace(request, kept_id=own))


def store(library: Library, entries: Sequence[Entry], at: str) -> list[KeptSession]:
    """Keep sessions from a time on, all or none of them, and in the history of their persons.

    The history comes first: a session that was recorded and is not kept does no harm, one that is
    kept and was not recorded would be played again.
    """
    played = [
        played_session(each.session, each.history_file)
        for each in entries
        if each.session.request is not None and each.session.request.name is not None
    ]
    if played:
        library.history.store(*played)
    return library.sessions.store(*((_row(library, each, at), each.text) for each in entries))


def _row(library: Library, entry: Entry, at: str) -> KeptSession:
    row = kept.kept_session(entry.session, at, entry.name)
    before = library.sessions.by_id(row.id)
    files = (*(before.files if before else ()), *entry.files)
    return replace(row, files=tuple({each.path: each for each in files}.values()), turn=entry.turn)


def keep(library: Library, session: Session, at: str, name: str) -> Session:
    """Return a session as a library keeps it from a time on; its earlier states stay for undo.

    Raises SessionError where it does not say how it was made.
    """
    session, name = _prepared(library, session, at, name)
    before = _document(library, session)
    text = session_json.dump(session)
    if before is not None:
        is_same = session_json.parse(before, "") == session_json.parse(text, "")
        known = states(before)
        now = States(session_json.document(session), [*known.earlier, known.now])
        text = before if is_same else joined(now)
    return _kept(library, Entry(session, text, name), at)


def keep_states(  # noqa: PLR0913 - what is kept, and how
    library: Library,
    session: Session,
    *,
    earlier: Sequence[State],
    later: Sequence[State],
    at: str,
    name: str,
    turn: int,
) -> Session:
    """Return a session as a library keeps it from a time on, with these states for undo and redo.

    Raises LibraryError where somebody else has changed it since the `turn`.
    """
    session, name = _prepared(library, session, at, name)
    if session.request is None:
        raise SessionError("{fault}", fault=NOT_MADE_HERE)
    number = session.request.session
    documents = [[_numbered(each, number) for each in some] for some in (earlier, later)]
    text = joined(States(session_json.document(session), *documents))
    return _kept(library, Entry(session, text, name, turn=turn), at)


def opened_states(library: Library, session: Session) -> tuple[list[State], list[State], int]:
    """Return the states before and behind a session that a library keeps, and its turn there."""
    own = session.request.kept_id if session.request is not None else ""
    kept = library.sessions.by_id(own) if own else None
    if kept is None:
        return [], [], 0
    found = states(library.sessions.document(kept.id))
    now = session_json.of_document(found.now, "The session")
    if now == session_json.parse(session_json.dump(session), ""):
        return list(found.earlier), list(found.later), kept.turn
    return [*found.earlier, found.now], [], kept.turn


def state_of(state: State, now: Session) -> Session:
    """Return a state as the session that it is, kept where the session of now is kept."""
    session = state
    if not isinstance(session, Session):
        session = session_json.of_document(session, Phrase("A kept state"))
    request, own = now.request, session.request
    if request is None or own is None:
        return session
    if (own.library, own.kept_id) == (request.library, request.kept_id):
        return session
    kept = replace(own, library=request.library, kept_id=request.kept_id)
    return replace(session, request=kept)


def _prepared(library: Library, session: Session, at: str, name: str) -> tuple[Session, str]:
    """Return a session as its document has it, with its id and its number in the history.

    Returned too is its checked name.
    """
    check_time(at)
    # Before anything is written, in the history too.
    whole = session_json.parse(session_json.dump(session), Phrase("Session that is to be kept"))
    if session.request is None or whole.request is None:
        raise SessionError("{fault}", fault=NOT_MADE_HERE)
    name = session_name(name) if name else ""
    request = replace(whole.request, kept_id=session.request.kept_id)
    session = replace(whole, request=_for_history(library, request, at))
    return identified(library, session, name), name


def _for_history(library: Library, request: SessionRequest, at: str) -> SessionRequest:
    """Return a request with its number in the history; a new one where it is for somebody else now.

    Then the one before does not count any more, unless it may have been played.
    """
    before = library.sessions.by_id(request.kept_id) if request.kept_id else None
    if before is not None and before.person != (request.name or ""):
        if before.person and request.session:
            library.history.forget_draft(before.person, request.session, at)
        request = replace(request, session="")
    if request.name is None or request.session:
        return request
    return replace(request, session=library.history.session_id(request.name, "", request.asked_at))


def _numbered(state: State, number: str) -> session_json.Document:
    """Return the document of a state, with the number in the history where it has none."""
    if not isinstance(state, Session):
        return state
    request = state.request
    if request is not None and request.name is not None and not request.session:
        state = replace(state, request=replace(request, session=number))
    return session_json.document(state)


def _document(library: Library, session: Session) -> str | None:
    """Return the document under which a library keeps a session, None for a new one."""
    own = session.request.kept_id if session.request is not None else ""
    return library.sessions.document(own) if library.sessions.by_id(own) is not None else None


def _kept(library: Library, entry: Entry, at: str) -> Session:
    (row,) = store(library, [entry], at)
    return _of_library(library, entry.session, row.id)


def kept_session(library: Library, word: str | None) -> Session:
    """Return the session that a library keeps under a word, or the last one."""
    found = library.sessions.last() if word is None else library.sessions.find(word)
    return _read(library, library.sessions.document(found.id), found.id)


def place_of(library: Library) -> str | None:
    """Return where a library lies, None for the user's own: then a session can move with it."""
    path = os.path.abspath(library.path)
    return None if path == os.path.abspath(user_path()) else path


def _read(library: Library, text: str, own: str) -> Session:
    """Return a kept session, which plays from the library that keeps it, wherever that lies now."""
    return _of_library(library, session_json.parse(text, f"session {own}"), own)


def _of_library(library: Library, session: Session, own: str) -> Session:
    request = session.request
    if request is None:
        return session
    return replace(session, request=replace(request, library=place_of(library), kept_id=own))
