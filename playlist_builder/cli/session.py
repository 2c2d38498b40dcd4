"""SESSION in every command: a number, a name, a file that was written of it, or nothing, the last.

The library is the one that the user names or the default one; of a playlist also a library.db that
lies beside it, as of the demo; and of a session file the one that it was made from.
"""

import os
import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.language import _
from playlist_builder.cli.library import exists, file_of, library_of, open_existing, open_library
from playlist_builder.errors import LibraryError, NotThereError, SessionError
from playlist_builder.language.translation import Phrase

if TYPE_CHECKING:
    from playlist_builder.library.kept import KeptSession

LIBRARY_NAME = "library.db"
PLAYLISTS = (".m3u8", ".m3u", ".pls", ".xspf", ".jspf", ".csv")
READ = (".m3u8", ".m3u", ".pls", ".xspf", ".jspf")  # whose entries can be compared
LONGEST_SUFFIX = 6
TOLD_APART = 24  # letters of a title, of which the name of a copy holds no more where it is long
PAGES = (".html", ".svg", ".png", ".pdf")


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session, its whole document, and where it is kept.

    Messages call it `label`, and a user types `word` to name it again. Where a library keeps it,
    that is `library`, and `kept` says how; else it stands in its session file alone, the word.
    """

    session: "api.Session"
    text: str
    label: str
    word: str
    library: str | None
    kept: "KeptSession | None" = None

    @property
    def files(self) -> list[str]:
        """The playlists and session files to which it is written, absolute paths."""
        if self.kept is None:
            return [os.path.abspath(self.word)]
        kinds = (".json", *PLAYLISTS)
        paths = [file.path for file in self.kept.files]
        return [path for path in paths if os.path.splitext(path)[1].lower() in kinds]

    @property
    def history_file(self) -> str:
        """The file under which it stands in the history of its name, `-` for none."""
        return next(iter(self.files), "-")

    def command(self, name: str, *arguments: object) -> str:
        """Return a command on it that can be typed as it stands, from its name and arguments."""
        if self.kept is None:
            return session_command(name, self.word, None, *arguments)
        return session_command(name, self.word, self.library, *arguments)

    @property
    def stem(self) -> str:
        """What files that are made of it are called, without a suffix."""
        name = self.kept.name if self.kept else ""
        first = next(iter(self.files), self.session.profile)
        return name or os.path.splitext(os.path.basename(first))[0]


def session_command(name: str, word: object, library: str | None, *arguments: object) -> str:
    """Return a command on a session of a library that can be typed as it stands."""
    known = (None, os.path.abspath(os.environ.get(options.LIBRARY_VARIABLE, "")))
    own = () if library in known else ("--library", output.short_path(library))
    return shlex.join(["playlist-builder", name, *map(str, (word, *arguments, *own))])


def open_session(word: str | None, library: str | None) -> OpenedSession:
    """Return the session that a word of a command means; without a word the last one.

    Raises SessionError or LibraryError where there is none.
    """
    if word is None:
        with open_library(library) as opened:
            last = opened.sessions.last()
            output.print_message(_("Session {session}:").format(session=number_and_name(last)))
            return _kept(opened, last, library)
    if not is_path(word) and (not _is_file(word) or is_kept(word, library)):
        with open_library(library) as opened:
            found = opened.sessions.find(word)
            if _is_file(word):
                file = os.path.join(os.curdir, word)
                output.print_message(
                    _("{word!r} is session {number}; the file is {file!r}.").format(
                        word=word, number=found.number, file=file
                    )
                )
            return _kept(opened, found, library)
    if _is_file(word):
        is_playlist = os.path.splitext(word)[1].lower() in (*PLAYLISTS, *PAGES)
        return _of_playlist(word, library) if is_playlist else _of_file(word, library)
    return _of_lost_file(word, library)


def is_path(word: str) -> bool:
    """Whether a word names a file and no session: a path has a folder or a suffix."""
    return bool(os.path.dirname(word) or os.path.splitext(word)[1])


def is_kept(word: str, library: str | None) -> bool:
    """Whether a word is the number or the whole name of a session that is kept."""
    with open_existing(library) as opened:
        return opened is not None and opened.sessions.exact(word) is not None


def _is_file(word: str) -> bool:
    return os.path.exists(word) and not os.path.isdir(word)


def warn_banned(given: OpenedSession, session: "api.Session") -> None:
    """Print which tracks of a session were banned since it was built, if any."""
    from playlist_builder.sessions.preferences import banned_slots

    numbers = list[int]()
    # Where no library can be read, nothing is known, and nothing is stopped by that.
    with suppress(LibraryError), open_existing(given.library) as opened:
        numbers = banned_slots(opened, session) if opened is not None else numbers
    slots = (*session.slots, *session.tail)
    found = [_("{number} '{title}'").format(number=n, title=slots[n - 1].title) for n in numbers]
    if found:
        output.print_message(
            _("Banned, and still in the session: number {list}.").format(list=_(", ").join(found))
        )


def number_and_name(kept: "KeptSession") -> str:
    """Return the number of a session, and its name if it has one."""
    named = _("{number} ({name})").format(number=kept.number, name=kept.name)
    return named if kept.name else str(kept.number)


def _kept(opened: "api.Library", kept: "KeptSession", library: str | None) -> OpenedSession:
    """Return a kept session, which plays from the library that keeps it, wherever that lies now."""
    from playlist_builder.playlists import session_json

    label, place = f"session {kept.number}", os.path.abspath(library) if library else None
    text = opened.sessions.document(kept.id)
    session = session_json.parse(text, label)
    if session.request is not None:
        request = replace(session.request, library=place, kept_id=kept.id)
        session = replace(session, request=request)
    return OpenedSession(session, text, label, str(kept.number), place, kept)


def _of_file(file: str, library: str | None) -> OpenedSession:
    """Return the session of a session file: that of the library while both are alike, or its own.

    A copy of a session file is a session of its own, which goes wherever it is taken.
    """
    from playlist_builder.playlists import session_json

    text = session_json.read(file)
    session = session_json.parse(text, file)
    place = library_of(session, library)
    with suppress(LibraryError), open_existing(place) as opened:
        kept = opened.sessions.of_file(os.path.abspath(file)) if opened else None
        if opened is not None and kept is not None and opened.sessions.document(kept.id) == text:
            return replace(_kept(opened, kept, place), word=file)
        if kept is not None:
            output.print_message(
                _(
                    "{file} is not what session {number} is now, so it is taken as a session of"
                    " its own. For that session say {number}."
                ).format(file=file, number=kept.number)
            )
    return OpenedSession(session, text, file, file, place)


def person_of(file: str, library: str | None) -> str | None:
    """Return for whom a playlist or session file was made; None for nobody, or where none knows."""
    from playlist_builder.playlists import session_json
    from playlist_builder.playlists.read import read
    from playlist_builder.playlists.session_id import session_id

    data = read(file)
    with suppress(SessionError):
        request = session_json.parse(data.decode("utf-8-sig", "replace"), file).request
        return request.name if request is not None else None
    own = session_id(data)
    with suppress(LibraryError), open_existing(library) as opened:
        if opened is not None:
            kept = opened.sessions.by_id(own) if own else None
            kept = kept or opened.sessions.of_file(os.path.abspath(file))
            return (kept.person or None) if kept is not None else None
    return None


def _of_playlist(file: str, library: str | None) -> OpenedSession:
    """Return the session of which a playlist or page was written, by its id or by its path."""
    from playlist_builder.playlists.read import read
    from playlist_builder.playlists.session_id import session_id

    own = session_id(read(file))
    path = os.path.abspath(file)
    beside = os.path.join(os.path.dirname(path), LIBRARY_NAME)
    for place in dict.fromkeys((library, beside)):
        if exists(place):
            with open_library(place) as opened:
                kept = opened.sessions.by_id(own) if own else opened.sessions.of_file(path)
                if kept is not None:
                    given = replace(_kept(opened, kept, place), word=file)
                    _check_alike(file, given)
                    return given
    if own:
        raise SessionError(
            "The session of {file!r} is not in the library {library!r}. Give another"
            " library with --library FILE",
            file=file,
            library=file_of(library),
        )
    beside = f"{os.path.splitext(file)[0]}.json"
    older = Phrase("Its session may be that of {file!r}. ", file=beside)
    raise SessionError(
        "{file!r} was not written of a session that is kept, or by an older version."
        " {older}See 'playlist-builder sessions' for what is kept, or make a session of"
        " its tracks, as they are: playlist-builder resolve {file!r}, or in the order of a"
        " profile: playlist-builder reorder {file!r}",
        file=file,
        older=older if os.path.isfile(beside) else "",
    )


def _check_alike(file: str, given: OpenedSession) -> None:
    """Raise SessionError where a playlist plays other tracks than the session it was written of.

    Then 'number 3' of the file is another track than that of the session.
    """
    from urllib.parse import unquote

    from playlist_builder.device.silent import TITLE
    from playlist_builder.library.kept import digest_of
    from playlist_builder.playlists.read import read_entries

    kept, path = given.kept, os.path.abspath(file)
    if kept is None or os.path.splitext(file)[1].lower() not in READ:
        return
    with open(file, "rb") as there:
        if any(each.path == path and each.digest == digest_of(there.read()) for each in kept.files):
            return
    slots = (*given.session.slots, *given.session.tail)
    names = [_plain(unquote(entry.location)) for entry in read_entries(file)]
    own = [(_plain(slot.path), _plain(slot.title)[:TOLD_APART]) for slot in slots]
    silent: list[tuple[str, str]] = []  # a copy has a track for each planned silence
    for words, silences in zip(own, given.session.silences_behind, strict=True):
        silent += [words, *(("", _plain(TITLE)) for _silence in silences)]
    if _are_alike(names, own) or _are_alike(names, silent):
        return
    number = kept.number
    raise SessionError(
        "{file!r} plays other tracks than session {number}, of which it was written."
        " Give the session by its number, {number}, or make one of the file:"
        " playlist-builder reorder",
        file=file,
        number=number,
    )


def _are_alike(names: Sequence[str], own: Sequence[tuple[str, str]]) -> bool:
    """Return whether each name holds a word of its track; a copy bears number, artist and title."""
    return len(names) == len(own) and all(
        any(word and word in name for word in words) for name, words in zip(names, own, strict=True)
    )


def _plain(text: str) -> str:
    """Return letters and digits of a title, or of the name of a file without its suffix."""
    from playlist_builder.language.text import folded

    name = text.replace("\\", "/").rsplit("/", 1)[-1]
    stem, suffix = os.path.splitext(name)
    is_file = suffix[1:].isalnum() and len(suffix) <= LONGEST_SUFFIX
    return "".join(filter(str.isalnum, folded(stem if is_file else name)))


def _of_lost_file(file: str, library: str | None) -> OpenedSession:
    """Return the session that was written to a file that is not there any more."""
    with open_existing(library) as opened:
        kept = opened.sessions.of_file(os.path.abspath(file)) if opened else None
        if opened is not None and kept is not None:
            return _kept(opened, kept, library)
    raise NotThereError("There is no file {file!r}. See 'playlist-builder sessions'.", file=file)
