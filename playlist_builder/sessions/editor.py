"""A session that is changed in memory, with what its library holds: what the desk and commands use.

Every change returns the new session and what differs from the one before; nothing is written before
the editor is kept. The
library is read once, when the editor is made, so that an edit takes the time of the edit alone and
may run in another thread than the library was opened in, one at a time.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from playlist_builder import checked
from playlist_builder.errors import LibraryError, NotThereError, RequestError, SessionError
from playlist_builder.language.translation import Phrase
from playlist_builder.library.library import Library
from playlist_builder.models import Session, Track
from playlist_builder.playlists.session_json import dump, of_document, parse
from playlist_builder.playlists.session_states import states
from playlist_builder.session_request import SessionRequest
from playlist_builder.sessions import edit, presence
from playlist_builder.sessions.build import Holdings, profile_of, selected
from playlist_builder.sessions.candidates import SHOWN, Candidate, candidates
from playlist_builder.sessions.difference import Difference, difference, stepped
from playlist_builder.sessions.difference import replanned as difference_of_replan
from playlist_builder.sessions.draft import Draft, changed, draft_of
from playlist_builder.sessions.keep import NOT_MADE_HERE, State, keep_states
from playlist_builder.sessions.replan import replanned


class Edited(NamedTuple):
    """The session after a change, and how it differs from the one before."""

    session: Session
    difference: Difference


class SessionEditor:
    """Changes a session of a library, with undo and redo.

    Tracks of the session are named by their number, from 1 as people count, or as a `Track`;
    tracks that come in are those of the library. What plays before a change stays, what is pinned
    stays, and as much behind it is arranged again as brings the end back to its time. What is taken
    out comes back by its name alone.

    Every change raises RequestError for what cannot be understood, ArrangeError where the music
    cannot do it, ProfileError for a phase that is not there or cannot be as long, SessionError and
    LibraryError where a track is not there any more; then the session is as it was.

    An editor may be used in any thread, but in one at a time: a change raises RequestError while
    another thread makes one. Sessions and differences are values for all threads.
    """

    def __init__(
        self, library: Library, session: Session, *, profile_folders: Sequence[Path] = ()
    ) -> None:
        """Read what a library holds for a session, which needs its `request`.

        The profile is read from `profile_folders`, those that are shipped, or the request, in this
        order. Raises SessionError where the session does not say how it was made.
        """
        checked.instance("library", library, Library)
        request = checked.instance("session", session, Session).request
        if request is None:
            raise SessionError("{fault}", fault=NOT_MADE_HERE)
        self._held = Holdings.of(library, request)
        self._folders = tuple(profile_folders)
        self._session = session
        self._before: list[State] = []
        self._after: list[State] = []
        self._turn = 0
        self._open(library, request)
        self._drafted: tuple[Session, bool, Draft] | None = None
        self._busy = threading.Lock()

    def _open(self, library: Library, request: SessionRequest) -> None:
        """Take the states of a session that the library keeps, as it keeps them."""
        kept = library.sessions.by_id(request.kept_id) if request.kept_id else None
        if kept is None:
            return
        found = states(library.sessions.document(kept.id))
        self._turn = kept.turn
        self._before = list(found.earlier)
        if of_document(found.now, "The session") == parse(dump(self._session), ""):
            self._after = list(found.later)
        else:
            self._before.append(found.now)

    @property
    def session(self) -> Session:
        """The session as it is now."""
        return self._session

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        """Whether a change was undone, and none was made since."""
        return bool(self._after)

    def _keep_in(self, library: Library, *, at: str, name: str = "") -> Session:
        """Keep the session in a library as `Library.keep` does, with all states of undo and redo.

        Raises LibraryError where it was changed there since the editor was opened.
        """
        with self._alone():
            kept = keep_states(
                *(library, self._session),
                earlier=self._before,
                later=self._after,
                at=at,
                name=name,
                turn=self._turn,
            )
            self._session = kept
            if kept.request is not None:
                found = library.sessions.by_id(kept.request.kept_id)
                self._turn = found.turn if found is not None else 0
            return kept

    def swap(self, place: int | Track, track: Track | None = None) -> Edited:
        """Put another track in a place: a given one, or the one that fits best.

        That is the marked one of its `candidates`. Where each of them stands out, or there are
        none, what follows is arranged again with a track that does not. Raises ArrangeError where
        nothing fits that does not stand out.
        """
        return self._change(
            lambda draft: edit.swapped(
                draft, self._place(place), None if track is None else self._known(track)
            )
        )

    def candidates(self, place: int | Track, count: int = SHOWN) -> list[Candidate]:
        """Return up to `count` tracks that could take a place, the cheapest first.

        All other tracks stay at their times, but for the difference in length. The one that `swap`
        takes has `is_choice` set; none has where all of them stand out.
        """
        checked.whole("count", count, 1)
        with self._alone():
            draft, number = self._draft(), self._place(place)
            found = candidates(draft, number, count)
            if presence.missing_files(each.track.path for each in found):
                pool, _ = presence.without_missing(draft.pool, most=presence.MOST_MISSING_NOW)
                found = candidates(replace(draft, pool=pool), number, count)
            return found

    def pin(self, place: int | Track) -> Edited:
        """Keep a track at its time in every later change, and when it is built again."""
        return self._change(lambda draft: edit.pinned(draft, self._place(place)))

    def unpin(self, place: int | Track) -> Edited:
        """Let a track be moved and replaced again."""
        return self._change(lambda draft: edit.unpinned(draft, self._place(place)))

    def drop(self, place: int | Track) -> Edited:
        """Take a track out, and fill the gap behind it."""
        return self._change(lambda draft: edit.dropped(draft, self._place(place)))

    def move(self, place: int | Track, to: int) -> Edited:
        """Let a track be number `to`, from 1; all others keep their order."""
        return self._change(lambda draft: edit.moved(draft, self._place(place), self._place(to)))

    def insert(self, track: Track, at: int | None = None) -> Edited:
        """Put a track in as number `at`, from 1; at the end if not given. What follows moves."""
        last = len(self._session.slots) + 1
        return self._change(
            lambda draft: edit.inserted(
                draft, self._known(track), self._place(last if at is None else at, last)
            )
        )

    def extend(self, *, by_s: float, phase: str | None = None) -> Edited:
        """Let a phase last longer by so many seconds.

        It may be named by a part of its name; without a name it is the one that holds the middle.
        """
        return self._stretch(by_s, phase, 1)

    def shorten(self, *, by_s: float, phase: str | None = None) -> Edited:
        """Let a phase be shorter by so many seconds; the phase as in `extend`."""
        return self._stretch(by_s, phase, -1)

    def replan(
        self,
        *,
        at_s: float,
        extend_s: float = 0.0,
        skip: bool = False,
        phase: str | None = None,
    ) -> Edited:
        """Arrange again all that has not played at a time of the session, in seconds.

        The current track plays to its end, or with `skip` to that time. The session ends when it
        should have, or `extend_s` later. With `phase` this later phase begins when that track has
        ended. Files that have vanished are not used again.
        """
        checked.seconds("at_s", at_s)
        checked.seconds("extend_s", extend_s)
        checked.flag("skip", skip)
        if phase is not None:
            checked.text("phase", phase)
        if extend_s and phase is not None:
            raise RequestError("extend_s and phase exclude each other: replan twice.")
        return self._change(
            lambda draft: replanned(draft, at_s, extend_s=extend_s, skip=skip, phase=phase),
            playing=True,
        )

    def undo(self) -> Edited:
        """Step back before the last change; of a session that is kept, also of those before."""
        return self._step(self._before, self._after, "There is no change to undo.")

    def redo(self) -> Edited:
        """Make the change again that was undone last, if none was made since."""
        return self._step(self._after, self._before, "No change was undone.")

    def _stretch(self, by_s: float, phase: str | None, sign: int) -> Edited:
        checked.seconds("by_s", by_s, is_above=True)
        if phase is not None:
            checked.text("phase", phase)

        def stretched(draft: Draft) -> Draft:
            profile = draft.objective.profile
            name = profile.phase_at(profile.duration_s / 2.0).name if phase is None else phase
            return edit.stretched(draft, name, sign * by_s)

        return self._change(stretched)

    def _change(self, change: Callable[[Draft], Draft], *, playing: bool = False) -> Edited:
        with self._alone():
            before = self._session
            after = changed(self._draft(playing=playing), change)
            self._before.append(before)
            self._after.clear()
            self._session = after
            compared = difference_of_replan if playing else difference
            return Edited(after, compared(before, after))

    def _step(self, source: list[State], target: list[State], none_left: str) -> Edited:
        with self._alone():
            if not source:
                raise RequestError("{fault}", fault=Phrase(none_left))
            before, state = self._session, source[-1]
            self._session = self._now(state)
            target.append(before)
            source.pop()
            return Edited(self._session, stepped(before, self._session))

    def _now(self, state: State) -> Session:
        """Return a state as the session that it is, kept where the session of now is kept."""
        now = self._session.request
        session = state if isinstance(state, Session) else of_document(state, "A kept state")
        own = session.request
        if now is None or own is None or (own.library, own.kept_id) == (now.library, now.kept_id):
            return session
        request = replace(own, library=now.library, kept_id=now.kept_id)
        return replace(session, request=request)

    def _draft(self, *, playing: bool = False) -> Draft:
        request = self._session.request
        if request is None:
            raise AssertionError("a session that is edited has its request")
        if self._drafted is not None:
            session, was_playing, draft = self._drafted
            if session is self._session and was_playing is playing:
                return draft
        profile = profile_of(request, folders=self._folders)
        draft = draft_of(selected(request, profile, self._held), self._session, playing=playing)
        self._drafted = self._session, playing, draft
        return draft

    def _place(self, place: int | Track, last: int | None = None) -> int:
        """Return the place, from 0, of a number or a track of the session."""
        slots = self._session.slots
        if isinstance(place, Track):
            for number, slot in enumerate(slots):
                if slot.identity == place.identity:
                    return number
            raise NotThereError(
                "{title}: is not in the session.", title=place.tags.title or place.path
            )
        last = last or len(slots)
        if not 1 <= checked.whole("place", place) <= last:
            raise NotThereError(
                "There is no number {place!r}: the session has numbers 1 to {last}. To change"
                " its tail, ban a track of it (mark) and rebuild.",
                place=place,
                last=last,
            )
        return place - 1

    def _known(self, track: Track) -> Track:
        """Return a track as the library holds it; its file must be there."""
        known = self._held.known.get(checked.instance("track", track, Track).identity)
        if known is None:
            raise LibraryError(
                "{path}: is not in the library. Scan its folder first.", path=track.path
            )
        if known.missing or presence.missing_files([known.path]):
            raise LibraryError("{path}: is not there any more. Scan its folder.", path=known.path)
        return known

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._busy.acquire(blocking=False):
            raise RequestError(
                "Another thread is changing this session. Wait for it, or use an editor of its own."
            )
        try:
            yield
        finally:
            self._busy.release()
