"""The library and the session that lie on the desk; all of it belongs to one thread.

A command is a function of the bench and its arguments, found by name among `COMMANDS`; it changes
the session by the editor, or answers a question. Whatever it does, a program can do.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from playlist_builder import (
    Edited,
    Library,
    LibraryError,
    Profile,
    RequestError,
    Session,
    SessionEditor,
    SessionRequest,
    own_profile,
)
from playlist_builder.desk import views
from playlist_builder.desk.arguments import Arguments
from playlist_builder.desk.words import Words

Command = Callable[["Bench", Arguments], Any]


class Bench:
    """A library that is open and a session of it; made, used and closed in one thread.

    `version` counts the changes; `difference` is what the last one changed.
    """

    def __init__(
        self,
        path: str,
        commands: Mapping[str, Command],
        words: Words,
        *,
        folders: Sequence[Path] = (),
    ) -> None:
        """Open the library at `path`; raises LibraryError."""
        self.library = Library.open(path)
        self.folders = tuple(folders)
        self.words = words
        self.version = 0
        self.editor: SessionEditor | None = None
        self.difference: dict[str, Any] = {}
        self._commands = commands

    def close(self) -> None:
        """Close the library."""
        self.library.__exit__()

    @property
    def session(self) -> Session:
        """The session on the desk; raises RequestError where there is none."""
        return self.edited().session

    @property
    def profile(self) -> Profile:
        """The profile of the session, at its length."""
        found = own_profile(self.session)
        if found is None:
            raise RequestError("The session does not hold its profile. Build it again.")
        return found

    def edited(self) -> SessionEditor:
        """Return the editor; raises RequestError where nothing lies on the desk."""
        if self.editor is None:
            raise RequestError("No session lies on the desk. Build one, or open one.")
        return self.editor

    def build(self, request: SessionRequest) -> None:
        """Put a new session on the desk, kept by the library."""
        self.lay(self.library.keep(self.library.build(request, profile_folders=self.folders)))

    def lay(self, session: Session) -> None:
        """Put a session on the desk."""
        self.editor = SessionEditor(self.library, session, profile_folders=self.folders)
        self.difference = {}
        self.version += 1

    def took(self, edited: Edited) -> None:
        """Keep a change that the editor made."""
        self.library.keep(self.edited())
        self.difference = views.difference(edited.difference)
        self.version += 1

    def do(self, name: str, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as JSON
        """Run a command, and return its answer as JSON; raises PlaylistBuilderError."""
        command = self._commands.get(name)
        if command is None:
            raise RequestError("The desk knows no command {name!r}.", name=name)
        return command(self, Arguments(given))

    def open_last(self) -> None:
        """Put the last session on the desk, if there is one."""
        if self.library.sessions.all():
            try:
                self.lay(self.library.session())
            except LibraryError:
                return

    def state(self) -> dict[str, Any]:
        """Return all that the page shows, as JSON."""
        session = None
        if self.editor is not None:
            kept = self.session.request
            found = self.library.sessions.by_id(kept.kept_id) if kept is not None else None
            session = views.session(self.session, self.profile, self.words) | {
                "number": found.number if found is not None else None,
                "name": found.name if found is not None else "",
            }
        return {
            "version": self.version,
            "library": views.library(self.library),
            "session": session,
            "difference": self.difference,
        }
