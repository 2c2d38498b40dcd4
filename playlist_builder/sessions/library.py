"""The library as a program uses it: the music that was scanned, and the sessions built from it."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from playlist_builder.library import library

if TYPE_CHECKING:
    from playlist_builder.models import Session
    from playlist_builder.session_request import SessionRequest
    from playlist_builder.sessions.build import Selection


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

    def _selection(self, request: "SessionRequest", folders: Sequence[Path]) -> "Selection":
        from playlist_builder.sessions import build
        from playlist_builder.sessions.request import completed

        path = os.path.abspath(self.path)
        own = None if path == os.path.abspath(library.default_path()) else path
        asked = completed(replace(request, library=own), folders=folders)
        return build.select(asked, build.profile_of(asked, folders=folders), self)
