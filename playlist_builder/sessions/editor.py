"""A session that is changed in memory, with what its library holds: what the desk and commands use.

Every change returns the new session and what differs from the one before; nothing is written before
the editor is kept. The library is read once, when the editor is made, so that an edit takes the
time of the edit alone and may run in another thread, one at a time.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from playlist_builder import checked
from playlist_builder.errors import RequestError, SessionError
from playlist_builder.language.translation import Phrase
from playlist_builder.library.library import Library
from playlist_builder.models import Session, Track
from playlist_builder.session_request import MOST_ALTERNATIVES, SessionRequest
from playlist_builder.sessions import calm, draw, edit, presence, steer
from playlist_builder.sessions.asked import asked_otherwise, beside, kept_as, rebuilt
from playlist_builder.sessions.build import Holdings, profile_of, selected
from playlist_builder.sessions.candidates import SHOWN, Candidate, candidates
from playlist_builder.sessions.difference import Difference, difference, stepped
from playlist_builder.sessions.difference import replanned as difference_of_replan
from playlist_builder.sessions.draft import Draft, changed, draft_of
from playlist_builder.sessions.given import known_track, place_in
from playlist_builder.sessions.keep import (
    NOT_MADE_HERE,
    State,
    keep_states,
    opened_states,
    state_of,
)
from playlist_builder.sessions.replan import replanned
from playlist_builder.sessions.request import completed


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
        self._before, self._after, self._turn = opened_states(library, session)
        self._drafted: tuple[Session, bool, Draft] | None = None
        self._busy = threading.Lock()

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

    def swap(
        self, place: int | Track, track: Track | None = None, *, rearrange: bool = False
    ) -> Edited:
        """Put another track in a place: a given one, or the marked one of its `candidates`.

        Where none is marked, raises ArrangeError; with `rearrange`, arranges again what follows.
        """
        checked.flag("rearrange", rearrange)
        return self._change(
            lambda draft: edit.swapped(
                *(draft, place_in(self._session, place)),
                None if track is None else known_track(self._held.known, track),
                rearrange=rearrange,
            )
        )

    def candidates(self, place: int | Track, count: int = SHOWN) -> list[Candidate]:
        """Return up to `count` tracks that could take a place, the cheapest first.

        All other tracks stay at their times, but for the difference in length. The one that `swap`
        takes has `is_choice` set; none has where all of them stand out.
        """
        checked.whole("count", count, 1)
        with self._alone():
            draft, number = self._draft(), place_in(self._session, place)
            found = candidates(draft, number, count)
            if presence.missing_files(each.track.path for each in found):
                pool, _ = presence.without_missing(draft.pool, most=presence.MOST_MISSING_NOW)
                found = candidates(replace(draft, pool=pool), number, count)
            return found

    def pin(self, place: int | Track) -> Edited:
        """Keep a track at its time in every later change, and when it is built again."""
        return self._change(lambda draft: edit.pinned(draft, place_in(self._session, place)))

    def unpin(self, place: int | Track) -> Edited:
        """Let a track be moved and replaced again."""
        return self._change(lambda draft: edit.unpinned(draft, place_in(self._session, place)))

    def drop(self, place: int | Track) -> Edited:
        """Take a track out, and fill the gap behind it."""
        return self._change(lambda draft: edit.dropped(draft, place_in(self._session, place)))

    def move(self, place: int | Track, to: int) -> Edited:
        """Let a track be number `to`, from 1; all others keep their order."""
        return self._change(
            lambda draft: edit.moved(
                draft, place_in(self._session, place), place_in(self._session, to)
            )
        )

    def insert(self, track: Track, at: int | None = None) -> Edited:
        """Put a track in as number `at`, from 1; at the end if not given. What follows moves."""
        last = len(self._session.slots) + 1
        return self._change(
            lambda draft: edit.inserted(
                draft,
                known_track(self._held.known, track),
                place_in(self._session, last if at is None else at, last),
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
        change = partial(replanned, at_s=at_s, extend_s=extend_s, skip=skip, phase=phase)
        music = self._held.within
        return self._change(calm.staying(change, at_s, music, skip=skip), playing=True)

    def shift(self, by: float, *, at_s: float, skip: bool = False) -> Edited:
        """Let what follows be softer, `by` below 0, or deeper: by so much of energy, -1 to 1.

        The planned level is moved from the end of the current track on, or with `skip` from now,
        and eases back to the plan by the next phase. To do it again adds up. Raises ArrangeError
        where no way was found in which the next track is softer than planned, or deeper.
        """
        if not checked.is_number(by) or not 0.0 < abs(by) <= 1.0:
            wanted = Phrase("a number from -1 to 1 that is not 0, such as -0.15")
            raise checked.wrong("by", wanted, by)
        return self._steer(steer.shifted, at_s, skip=skip, by=by)

    def hold(self, for_s: float, *, at_s: float, skip: bool = False) -> Edited:
        """Keep the planned level of a time for so many seconds; the rest of the plan comes later.

        The session ends `for_s` later.
        """
        checked.seconds("for_s", for_s, is_above=True)
        return self._steer(steer.held, at_s, skip=skip, for_s=for_s)

    def rest(self, for_s: float, *, at_s: float, skip: bool = False) -> Edited:
        """Let nothing play for so many seconds behind the current track, or with `skip` from now.

        The rest of the plan comes later, and the session ends `for_s` later.
        """
        checked.seconds("for_s", for_s, is_above=True)
        return self._steer(steer.rested, at_s, skip=skip, for_s=for_s)

    def calm(self, *, at_s: float, skip: bool = False) -> Edited:
        """Go on with half an hour of the calmest music of the library, and end with it.

        It begins behind the current track, or with `skip` now, no livelier than what plays then,
        and leads down. Where there is little such music it is shorter, or was heard before; where
        there is none, a silence comes first. Warnings of the session say so.
        """
        return self._steer(partial(calm.calmed, music=self._held.within), at_s, skip=skip)

    def next_phase(self, *, at_s: float, skip: bool = False) -> Edited:
        """Begin the phase behind the present one, after the current track or with `skip` now.

        It shares the time that is left with those behind it. Raises RequestError in the last one.
        """
        return self._steer(steer.advanced, at_s, skip=skip)

    def rebuild(self, request: SessionRequest, library: Library | None = None) -> Edited:
        """Arrange the whole session again, as another request asks for.

        Pins, and what was thrown out, are those of the request. Its profile is read again where it
        has another name, as is a text that it does not hold. For another person, or music of other
        folders, give the library, which is read in the thread that opened it.
        """
        checked.instance("request", request, SessionRequest)
        if library is not None:
            checked.instance("library", library, Library)
        with self._alone():
            asked, held = self._asked(request, library)
            sessions = rebuilt(asked, held, asked.alternative, self._folders)
            self._held = held
            return self._became(sessions[-1], difference)

    def ask(self, library: Library | None = None, /, **fields: Any) -> Edited:  # noqa: ANN401
        """Arrange the whole session again with some fields of its request changed; as `rebuild`.

        Unless they are given: with another profile a curve that was drawn and changes of the plan
        are gone; with another duration the plan is scaled and changes are gone.
        """
        return self.rebuild(asked_otherwise(self._own_request, fields), library)

    @property
    def borders(self) -> draw.Curve:
        """When the phases of the plan begin, and the end, each with its planned level."""
        return draw.borders(profile_of(self._own_request, folders=self._folders))

    def draw(self, place: int, level: float, *, at_s: float | None = None) -> Edited:
        """Draw the plan to a level at one of its `borders`, from 0, and move that to a time."""
        return self._change(lambda draft: draw.drawn(draft, place, level, at_s))

    def alternatives(self, count: int = 3) -> list[Session]:
        """Return the session of now, and up to `count` - 1 others as it is asked for; see `take`.

        Any two share at most half of their tracks. Nothing is changed.
        """
        checked.whole("count", count, 1, MOST_ALTERNATIVES)
        with self._alone():
            return beside(self._session, self._own_request, self._held, count, self._folders)

    def take(self, session: Session) -> Edited:
        """Let another session be the next state of this one, such as one of `alternatives`.

        Raises SessionError where it does not say how it was made.
        """
        if checked.instance("session", session, Session).request is None:
            raise SessionError("{fault}", fault=NOT_MADE_HERE)
        with self._alone():
            return self._became(state_of(session, self._session), difference)

    def undo(self) -> Edited:
        """Step back before the last change; of a session that is kept, also of those before."""
        return self._step(self._before, self._after, Phrase("There is no change to undo."))

    def redo(self) -> Edited:
        """Make the change again that was undone last, if none was made since."""
        return self._step(self._after, self._before, Phrase("No change was undone."))

    def _stretch(self, by_s: float, phase: str | None, sign: int) -> Edited:
        checked.seconds("by_s", by_s, is_above=True)
        if phase is not None:
            checked.text("phase", phase)
        return self._change(lambda draft: edit.stretched(draft, phase, sign * by_s))

    def _steer(
        self, steered: Callable[..., Draft], at_s: float, *, skip: bool, **values: float
    ) -> Edited:
        checked.seconds("at_s", at_s)
        checked.flag("skip", skip)
        change = partial(steered, at_s=at_s, skip=skip, **values)
        calmly = calm.staying(change, at_s, skip=skip)
        return self._change(change if values.get("by", 0.0) > 0.0 else calmly, playing=True)

    def _change(self, change: Callable[[Draft], Draft], *, playing: bool = False) -> Edited:
        with self._alone():
            compared = difference_of_replan if playing else difference
            return self._became(changed(self._draft(playing=playing), change), compared)

    def _became(self, after: Session, compared: Callable[[Session, Session], Difference]) -> Edited:
        """Make a session the state of now, and return how it differs from the one before."""
        before, self._session = self._session, after
        self._before.append(before)
        self._after.clear()
        return Edited(after, compared(before, after))

    @property
    def _own_request(self) -> SessionRequest:
        request = self._session.request
        if request is None:
            raise AssertionError("a session that is edited has its request")
        return request

    def _asked(
        self, request: SessionRequest, library: Library | None
    ) -> tuple[SessionRequest, Holdings]:
        """Return a request as it is kept, and what the library holds for it."""
        own = self._own_request
        request = completed(kept_as(request, own), folders=self._folders)
        if (request.name, request.music) == (own.name, own.music):
            return request, self._held
        if library is None:
            raise RequestError(
                "For another person, or music of other folders, give the library as well."
            )
        return request, Holdings.of(library, request)

    def _step(self, source: list[State], target: list[State], none_left: Phrase) -> Edited:
        with self._alone():
            if not source:
                raise RequestError(none_left)
            before, state = self._session, source[-1]
            self._session = state_of(state, self._session)
            target.append(before)
            source.pop()
            return Edited(self._session, stepped(before, self._session))

    def _draft(self, *, playing: bool = False) -> Draft:
        request = self._own_request
        if self._drafted is not None:
            session, was_playing, draft = self._drafted
            if session is self._session and was_playing is playing:
                return draft
        profile = profile_of(request, folders=self._folders)
        draft = draft_of(selected(request, profile, self._held), self._session, playing=playing)
        self._drafted = self._session, playing, draft
        return draft

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
