"""The library as a program uses it: the music that was scanned, and the sessions built from it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from playlist_builder.library import library

if TYPE_CHECKING:
    import os

    from playlist_builder.models import Session
    from playlist_builder.session_request import SessionRequest
    from playlist_builder.sessions.build import Selection
    from playlist_builder.sessions.resolve import Resolved


class Library(library.Library):
    """A user's music and what is made of it; a context manager. Open it with `Library.open`.

    Every method raises LibraryError where the file is damaged or cannot be read or written.

    A library belongs to the thread that opened it: any other one gets a LibraryError that says so,
    and opens the same file once more for itself. What a library returns is values: sessions,
    requests, profiles and tracks may be used in any thread.
    """

    def build(
        self, request: "SessionRequest", *, profile_folders: Sequence[Path] = ()
    ) -> "Session":
        """Return the session that a request asks for; the same request and library give the same.

        Nothing is scanned or written. The profile is looked for in `profile_folders`, then among
        those that are shipped. Files that are not there are left out, and that is told among the
        warnings. Raises ArrangeError where the music cannot fill the session, LibraryError where
        there is none or a pin names none, ProfileError for a profile that is not there or cannot be
        as long, RequestError and QueryError for what cannot be understood.
        """
        from playlist_builder.sessions import build

        return build.build_session(self._selection(request, profile_folders))

    def build_alternatives(
        self, request: "SessionRequest", count: int, *, profile_folders: Sequence[Path] = ()
    ) -> "list[Session]":
        """Return up to `count` sessions, the best first; any two share at most half their tracks.

        Raises as `build` does where there is none at all.
        """
        from playlist_builder.sessions import build

        return build.build_alternatives(self._selection(request, profile_folders), count)

    def build_series(
        self, request: "SessionRequest", count: int, *, profile_folders: Sequence[Path] = ()
    ) -> "list[Session]":
        """Return `count` sessions that share no track, or as few as the library forces.

        They are about equally good. Raises as `build` does.
        """
        from playlist_builder.sessions import build

        return build.build_series(self._selection(request, profile_folders), count)

    def build_rescue(self) -> "Session":
        """Return half an hour of the calmest music of the library, for when it became too much.

        Raises as `build` does.
        """
        from playlist_builder.sessions import build
        from playlist_builder.sessions.keep import place_of

        request, notes = build.rescue_request(self, place_of(self))
        session = self.build(request)
        return replace(session, warnings=(*session.warnings, *notes))

    def resolve(
        self,
        path: "str | os.PathLike[str]",
        request: "SessionRequest | None" = None,
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

        return resolve(self, path, request, folders=profile_folders, place=place_of(self))

    def keep(self, session: "Session", *, at: str, name: str = "") -> "Session":
        """Return a session as the library keeps it from now on, under a number.

        That is `library.sessions.by_id(session.request.kept_id).number`; commands find the session
        by it, or by a `name`. What was built for somebody counts as played from then on. A session
        that is kept already takes the place of what it was, which `undo` brings back. `at` is the
        time of day in ISO 8601 with its offset. Raises SessionError where the session does not say
        how it was made.
        """
        from playlist_builder.sessions.keep import keep

        return keep(self, session, at, name)

    def session(self, word: str | int | None = None) -> "Session":
        """Return the kept session of a number, a name or a part of it; without a word the last one.

        Raises LibraryError where there is none, or more than one.
        """
        from playlist_builder.sessions.keep import kept_session

        return kept_session(self, None if word is None else str(word))

    def _selection(self, request: "SessionRequest", folders: Sequence[Path]) -> "Selection":
        from playlist_builder.sessions import build
        from playlist_builder.sessions.keep import place_of
        from playlist_builder.sessions.request import completed

        asked = completed(replace(request, library=place_of(self)), folders=folders)
        return build.select(asked, build.profile_of(asked, folders=folders), self)
