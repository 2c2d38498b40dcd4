"""The library as a program uses it: the music that was scanned, and the sessions built from it."""

import os
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from playlist_builder import checked
from playlist_builder.errors import RequestError
from playlist_builder.library import library
from playlist_builder.models import Session
from playlist_builder.session_request import MOST_ALTERNATIVES, MOST_SERIES, SessionRequest

if TYPE_CHECKING:
    from playlist_builder.arranger.capacity import Capacity
    from playlist_builder.arranger.menu import Menu
    from playlist_builder.language.notices import Notice
    from playlist_builder.sessions.build import Selection
    from playlist_builder.sessions.editor import SessionEditor
    from playlist_builder.sessions.resolve import Resolved

MOST_NUMBER = 10**9  # of a kept session


class Library(library.Library):
    """A user's music and what is made of it; a context manager. Open it with `Library.open`.

    Every method raises LibraryError where the file is damaged or cannot be read or written.

    A library belongs to the thread that opened it: any other one gets a LibraryError that says so,
    and opens the same file once more for itself. What a library returns is values: sessions,
    requests, profiles and tracks may be used in any thread.
    """

    @checked.takes(request=checked.a(SessionRequest))
    def build(self, request: SessionRequest, *, profile_folders: Sequence[Path] = ()) -> Session:
        """Return the session that a request asks for; the same request and library give the same.

        Nothing is scanned or written. The profile is looked for in `profile_folders`, then among
        those that are shipped. Files that are not there are left out, and that is told among the
        warnings. Raises ArrangeError where the music cannot fill the session, LibraryError where
        there is none or a pin names none, ProfileError for a profile that is not there or cannot be
        as long, RequestError and QueryError for what cannot be understood.
        """
        from playlist_builder.sessions import build

        return build.build_session(self._selection(request, profile_folders))

    @checked.takes(request=checked.a(SessionRequest), count=checked.at_least(1, MOST_ALTERNATIVES))
    def build_alternatives(
        self, request: SessionRequest, count: int, *, profile_folders: Sequence[Path] = ()
    ) -> list[Session]:
        """Return up to `count` sessions, the best first; any two share at most half their tracks.

        Raises as `build` does where there is none at all.
        """
        from playlist_builder.sessions import build

        return build.build_alternatives(self._selection(request, profile_folders), count)

    @checked.takes(request=checked.a(SessionRequest), count=checked.at_least(1, MOST_SERIES))
    def build_series(
        self, request: SessionRequest, count: int, *, profile_folders: Sequence[Path] = ()
    ) -> list[Session]:
        """Return `count` sessions that share no track, or as few as the library forces.

        They are about equally good. Raises as `build` does.
        """
        from playlist_builder.sessions import build

        return build.build_series(self._selection(request, profile_folders), count)

    @checked.takes(request=checked.a(SessionRequest))
    def capacity(
        self, request: SessionRequest, *, profile_folders: Sequence[Path] = ()
    ) -> "Capacity":
        """Return how many such sessions the library holds without repeats, and what it lacks.

        It is an estimate, made before anything is arranged: `capacity.count` whole sessions, and
        `capacity.missing_s` seconds of music of some range of energy for one more. Raises as
        `build` does.
        """
        from playlist_builder.sessions import build

        return build.capacity_of(self._selection(request, profile_folders))

    @checked.takes(request=checked.a(SessionRequest))
    def budget(self, request: SessionRequest, *, profile_folders: Sequence[Path] = ()) -> "Notice":
        """Return how much of the music a request may use, and what the rest fell to.

        The parameters of the notice say it in numbers: `passed` of `total` tracks, and `calm_min`.
        Raises as `build` does.
        """
        from playlist_builder.sessions import build

        return build.budget_of(self._selection(request, profile_folders))

    @checked.takes(request=checked.a(SessionRequest), count=checked.at_least(2, MOST_SERIES))
    def menu(
        self, request: SessionRequest, count: int = 3, *, profile_folders: Sequence[Path] = ()
    ) -> "Menu":
        """Return `count` blocks of music for each part of a profile, to choose from as it plays.

        A part lasts 15 to 30 minutes. Any block may follow any of the part before: every path keeps
        the rules and plays no recording twice. Each block is a session, which may be written and
        not kept. Raises RequestError for a request with `trim_s`, and else as `build` does.
        """
        from playlist_builder.sessions.menu import build_menu

        if request.trim_s:
            raise RequestError("trim_s: the blocks of a menu play whole tracks, so give 0.")
        return build_menu(self._selection(request, profile_folders), count)

    def build_rescue(self) -> Session:
        """Return half an hour of the calmest music of the library, for when it became too much.

        Raises as `build` does.
        """
        from playlist_builder.sessions import build
        from playlist_builder.sessions.keep import place_of

        request, notes = build.rescue_request(self, place_of(self))
        session = self.build(request)
        return replace(session, warnings=(*session.warnings, *notes))

    @checked.takes(path=checked.path, request=checked.a(SessionRequest))
    def resolve(
        self,
        path: str | os.PathLike[str],
        request: SessionRequest | None = None,
        *,
        profile_folders: Sequence[Path] = (),
    ) -> "Resolved":
        """Return the session of a list of works, in its order, from the music of this library.

        The list is a playlist of any kind that is read here (JSPF, XSPF, M3U, PLS, CSV, a session
        file), whether it names files or not. A work is found by its file, MusicBrainz recording or
        ISRC, or by title, artist and length; in place of one that is not there plays the nearest
        in energy, tension, style and length, as far as the list tells them. Of a `request` count
        its profile, scale, queries and rules; without it the profile is that of the list, or arc.
        Nothing is written; `keep` keeps the session. Raises PlaylistError for a file that lists no
        works, and as `build` does.
        """
        from playlist_builder.sessions.keep import place_of
        from playlist_builder.sessions.resolve import resolve

        folders = tuple(map(Path, checked.paths("profile_folders", profile_folders)))
        return resolve(self, path, request, folders=folders, place=place_of(self))

    @checked.takes(name=checked.written_text, wait=checked.flag)
    def keep(
        self,
        made: "Session | SessionEditor",
        *,
        name: str = "",
        at: str | datetime | None = None,
        wait: bool = True,
    ) -> Session:
        """Return a session as the library keeps it from now on, under a number.

        That is `library.sessions.by_id(session.request.kept_id).number`; commands find the session
        by it, or by a `name`. What was built for somebody counts as played from then on. A session
        that is kept already takes the place of what it was, which `undo` brings back; of an editor
        every change can be undone, here and by the commands. `at` is the time of day with its
        offset, as text in ISO 8601 or as a `datetime`; now if not given. With `wait` another
        process that writes has half a minute to end, and otherwise a moment, before
        LibraryBusyError says that it goes on. Raises SessionError where
        the session does not say how it was made, LibraryError where the session of an editor was
        changed by somebody else meanwhile, and RequestError for a name or time that cannot be one.
        """
        from playlist_builder.sessions.editor import SessionEditor
        from playlist_builder.sessions.keep import keep

        if at is None:
            at = datetime.now().astimezone()
        time = at.isoformat() if isinstance(at, datetime) else at
        with nullcontext() if wait else self.records._briefly():  # noqa: SLF001 - of the same file
            if isinstance(made, SessionEditor):
                return made._keep_in(self, at=time, name=name)  # noqa: SLF001 - its states
            return keep(self, checked.instance("made", made, Session), time, name)

    def session(self, word: str | int | None = None) -> Session:
        """Return the kept session of a number, a name or a part of it; without a word the last one.

        Raises LibraryError where there is none, or more than one.
        """
        from playlist_builder.sessions.keep import kept_session

        if word is not None and not isinstance(word, str):
            word = str(checked.whole("word", word, 1, MOST_NUMBER))
        return kept_session(self, word)

    def _selection(self, request: SessionRequest, folders: Sequence[Path]) -> "Selection":
        from playlist_builder.sessions import build
        from playlist_builder.sessions.keep import place_of
        from playlist_builder.sessions.request import completed

        folders = tuple(map(Path, checked.paths("profile_folders", folders)))
        asked = completed(replace(request, library=place_of(self)), folders=folders)
        return build.select(asked, build.profile_of(asked, folders=folders), self)
