"""The library and the session that lie on the desk; all of it belongs to one thread.

A command is a function of the bench and its arguments, found by name among `COMMANDS`; it changes
the session by the editor, or answers a question. Whatever it does, a program can do.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from playlist_builder import (
    Difference,
    Edited,
    Library,
    LibraryBusyError,
    LibraryError,
    Listing,
    PlaylistBuilderError,
    Profile,
    RequestError,
    Session,
    SessionEditor,
    SessionRequest,
    TrackTable,
    available_profiles,
    own_profile,
)
from playlist_builder.desk import changes, views
from playlist_builder.desk.arguments import Arguments
from playlist_builder.desk.log import check_is_there
from playlist_builder.desk.scan import Scan, Tell
from playlist_builder.desk.sound import Sound
from playlist_builder.desk.words import Words

Command = Callable[["Bench", Arguments], Any]


class Shown(Protocol):
    """What a page is shown alone while it is there."""

    def view(self) -> dict[str, Any]:
        """Return it as JSON."""

    def tend(self) -> None:
        """Do what is to be done from time to time."""


class Unwritten(Protocol):
    """What is still to be written of a run that is over."""

    @property
    def waits(self) -> bool:
        """Whether something is not written yet."""

    def flush(self) -> None:
        """Try to write it."""


class Outside(Protocol):
    """A player that plays a run instead of the page, by its address."""

    target: str

    def check(self, bench: "Bench") -> None:
        """Raise ServerError where it cannot play the session on the desk."""


class Bench:
    """A library that is open and a session of it; made, used and closed in one thread.

    `version` counts the changes; `difference` is what the last one changed. `offered` are sessions
    that were looked at and may be taken. `stroke` is the drawing of the curve that made the last
    change, empty where something else did. `run` is the session while it plays, and `after` the
    number of the record that is looked at when it has. `player` is what plays it, None for the
    page. `unkept` says why the session that plays cannot be kept, if it cannot, and `unwritten` is
    what waits of a run that is over.
    """

    def __init__(  # noqa: PLR0913 - what it is made of
        self,
        path: str,
        commands: Mapping[str, Command],
        words: Words,
        sound: Sound,
        *,
        folders: Sequence[Path] = (),
        tell: Tell = lambda _kind, _value: None,
    ) -> None:
        """Open the library at `path`; raises LibraryError. `tell` is told how a scan goes on."""
        self.library = Library.open(path)
        self.folders = tuple(folders)
        self.words = words
        self.sound = sound
        self.version = 0
        self.editor: SessionEditor | None = None
        self.difference: dict[str, Any] = {}
        self.offered: tuple[Session, ...] = ()
        self.stroke = ""
        self.unkept = ""
        self.run: Shown | None = None
        self.after: int | None = None
        self.unwritten: Unwritten | None = None
        self.player: Outside | None = None
        self.scan = Scan(path, words, tell)
        self._commands = commands
        self._music: TrackTable | None = None
        self._profiles: list[Listing] | None = None

    def close(self) -> None:
        """Close the library."""
        self.scan.stop()
        try:
            self.tend()
        finally:
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

    @property
    def music(self) -> TrackTable:
        """All tracks of the library, which is read again after a change of it alone."""
        if self._music is None:
            self._music = self.library.tracks()
        return self._music

    @property
    def profiles(self) -> list[Listing]:
        """The profiles that can be asked for."""
        if self._profiles is None:
            self._profiles = available_profiles(folders=self.folders)
        return self._profiles

    def number(self) -> int:
        """Return the number under which the library keeps the session, 0 where it does not."""
        request = self.session.request
        found = self.library.sessions.by_id(request.kept_id) if request is not None else None
        return found.number if found is not None else 0

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
        self._changed({})

    def tend(self) -> None:
        """Write what waits of what plays, or has, if that can be written by now."""
        if self.run is not None:
            self.run.tend()
        if self.unwritten is not None:
            self.unwritten.flush()
            if not self.unwritten.waits:
                self.unwritten = None

    def over(self, number: int, unwritten: Unwritten) -> None:
        """Let nothing run any more, and look at the record of a number; a part of it may wait."""
        self.run, self.after, self.unwritten = None, number, unwritten
        self.version += 1
        self.sound.follow(self.version, self.session)

    def took(self, edited: Edited, *, stroke: str = "", is_kept: bool = True) -> None:
        """Take in a change that the editor made, and keep it."""
        try:
            if is_kept:
                self._keep()
        finally:
            self._changed(self._told(edited.difference), stroke)

    def _keep(self) -> None:
        """Keep the session. What plays does not wait for a disk: it is kept with a later change."""
        try:
            check_is_there(self.library.path)
            self.library.keep(self.edited(), wait=self.run is None)
            self.unkept = ""
        except LibraryError as error:
            if self.run is None:
                raise
            self.unkept = "" if isinstance(error, LibraryBusyError) else self.words.told(error)

    def reread(self) -> None:
        """Read the library again, which has changed; the session stays."""
        self._music = None
        if self.editor is not None:
            self.editor = SessionEditor(self.library, self.session, profile_folders=self.folders)
        self._changed({})

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
                self.state()
            except PlaylistBuilderError:  # it is listed, and can be looked at there
                self.editor = None

    def state(self) -> dict[str, Any]:
        """Return all that the page shows, as JSON; of a session that plays, or has, that alone.

        What plays, and its end, are shown without a look into the library.
        """
        if self.run is not None:
            return {"version": self.version, "run": self.run.view()}
        if self.after is not None:
            return {"version": self.version, "run": None, "after": self.after}
        return {
            "version": self.version,
            "run": None,
            "after": None,
            "library": views.library(self.library, self.music),
            "scan": self.scan.state,
            "session": None if self.editor is None else self._shown(self.editor),
            "difference": self.difference,
            "sound": self.sound.state(),
        }

    def _shown(self, editor: SessionEditor) -> dict[str, Any]:
        session = editor.session
        kept = session.request
        found = self.library.sessions.by_id(kept.kept_id) if kept is not None else None
        known = self.music.by_identity()
        return views.session(session, self.profile, self.words, known) | {
            "number": found.number if found is not None else None,
            "name": found.name if found is not None else "",
            "points": [[time_s, round(level, 3)] for time_s, level in editor.borders],
            "can_undo": editor.can_undo,
            "can_redo": editor.can_redo,
        }

    def _told(self, difference: Difference) -> dict[str, Any]:
        told = changes.sentences(difference, self.words)
        return views.difference(difference) | {"told": told}

    def _changed(self, difference: dict[str, Any], stroke: str = "") -> None:
        self.difference = difference
        self.stroke = stroke
        self.version += 1
        if self.editor is not None and self.run is None:
            self.sound.follow(self.version, self.session)
