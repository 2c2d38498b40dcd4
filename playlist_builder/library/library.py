"""A user's music as tracks: the library file, opened, scanned into and read back.

Errors of the file are `LibraryError`, one line each. What a scan does is in `scan.scanner`.
"""

import gc
import os
import unicodedata
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import platformdirs
from numpy.typing import NDArray

from playlist_builder import checked
from playlist_builder.analysis.calibration import Calibration
from playlist_builder.errors import LibraryError
from playlist_builder.language.translation import Phrase
from playlist_builder.library import names
from playlist_builder.library.answers import Answer, Answers, Question
from playlist_builder.library.calibration import calibrations
from playlist_builder.library.database import Database
from playlist_builder.library.errors import only_read
from playlist_builder.library.history import History
from playlist_builder.library.kept import KeptSessions
from playlist_builder.library.marks import check_mark
from playlist_builder.library.scan import scanner
from playlist_builder.library.scan.scanner import (
    AS_USUAL,
    ScanEvent,
    ScanReport,
    ScanSettings,
)
from playlist_builder.library.scoring import Scorer, Scoring
from playlist_builder.library.tracks import read_tracks
from playlist_builder.models import Embedding, File, FileProgress, Floats, Mark, Track
from playlist_builder.tracks.track_table import TrackTable

if TYPE_CHECKING:
    from playlist_builder.library.merge import MergeReport
    from playlist_builder.library.neighbours import EnergyRank
    from playlist_builder.library.questions import Questions
    from playlist_builder.library.records import Records

__all__ = ["LIBRARY_VARIABLE", "Library", "ScanReport", "default_path", "user_path"]

LIBRARY_VARIABLE = "PLAYLIST_BUILDER_LIBRARY"  # of the environment


def default_path() -> Path:
    """Return where a library lies if no path is given: as the environment says, or `user_path`."""
    return Path(os.environ.get(LIBRARY_VARIABLE) or user_path())


def user_path() -> Path:
    """Return the path of the library in the user's data folder."""
    return platformdirs.user_data_path("playlist-builder", appauthor=False) / "library.db"


class Library:
    """The music that has been scanned; a context manager. Open it with `Library.open`.

    Every method raises `LibraryError` where the file is damaged or cannot be read or written.
    """

    def __init__(self, database: Database, scorer: Scorer | None = None) -> None:
        self._database = database
        self._scoring = Scoring(scorer)

    @classmethod
    @checked.takes(path=checked.path)
    def open(
        cls, path: str | os.PathLike[str] | None = None, *, scorer: Scorer | None = None
    ) -> Self:
        """Return a library file opened, made where there is none; by default the user's own.

        With a `scorer` all tracks have the energy that it gives, in place of the built-in one; the
        file keeps the latter. It takes what was measured of a track (`features`, and `steps` of
        shape (n_steps, len(STEP_FEATURES))) and its embedding or None, and returns one number from
        0 (calm) to 1, or one per step of 10 s. Raises `LibraryError` where the file is of a newer
        version or another program's.
        """
        if scorer is not None and not callable(scorer):
            raise checked.wrong("scorer", Phrase("a function"), scorer)
        return cls(Database(os.fspath(path or default_path())), scorer)

    @classmethod
    @checked.takes(path=checked.path)
    def look(cls, path: str | os.PathLike[str]) -> Self:
        """Return a library file opened to be read, and neither repaired nor updated.

        Raises `LibraryError` where it is not there or not up to date.
        """
        return cls(Database(os.fspath(path), unchanged=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.__exit__()

    @checked.takes(folders=checked.paths)
    def scan(  # noqa: PLR0913 - each is an option of its own
        self,
        *folders: str | os.PathLike[str],
        jobs: int | None = None,
        executor: Executor | None = None,
        vocals: bool = True,
        embedding: bool = True,
        prune: bool = False,
        progress: Callable[[FileProgress], None] | None = None,
    ) -> ScanReport:
        """Bring the library up to date with folders (or single files).

        With `vocals` every recording is analysed once for voices, in the same decoding. With
        `embedding` a second network tells its style and what listeners would say it feels like;
        energy without it is coarser.

        `jobs` processes decode, by default as many as there are cores. Or any `executor` does,
        here or on machines that see the same files under the same paths; `jobs` is then how many
        calls it runs at once. It may set `WorkerDied` for a track that is to be skipped. The limits
        of time (900 s) and memory (1000 MB) per track are those of our own processes alone.

        Files that have vanished are kept as missing, or forgotten with `prune`. Interrupting
        loses nothing that was done. Raises `LibraryError` for a folder that does not exist, and
        where the executor breaks.
        """
        settings = ScanSettings(jobs, executor, vocals, embedding, prune)
        return scanner.scan(self._database, _roots(folders), settings, progress)

    @checked.takes(folders=checked.paths, settings=checked.a(ScanSettings))
    def scan_events(
        self, *folders: str | os.PathLike[str], settings: ScanSettings = AS_USUAL
    ) -> Generator[ScanEvent, None, None]:
        """Scan as `scan` does, one file at a time: yield each `FileScanned`, then a `ScanReport`.

        A file is kept in the library before it is told. To stop, close the iterator (leave a `with
        contextlib.closing(...)`): the workers end at once, and a later scan goes on from there.
        Raises as `scan` does.
        """
        return scanner.scan_events(self._database, _roots(folders), settings)

    @property
    def path(self) -> str:
        """The path of the library file."""
        return self._database.path

    @property
    def recovered(self) -> str:
        """What was restored when the library was opened, on one line; mostly empty."""
        return self._database.recovered

    @property
    def unanalysed_count(self) -> int:
        """The number of recordings that a scan has yet to analyse, as after an update."""
        return self._database.unanalysed_count()

    @checked.takes(missing=checked.flag, styles=checked.flag)
    def tracks(
        self,
        *,
        missing: bool = False,
        folders: Iterable[str | os.PathLike[str]] = (),
        styles: bool = False,
    ) -> TrackTable:
        """Return all recordings by path; those whose every file has vanished only with `missing`.

        A sequence that makes each track when it is taken out. Two files of the same music are one
        track, under the first path that exists. With `folders` only those that lie in one of them,
        under the first path there: a recording is in every folder that holds a file of it. With
        `styles` the tracks know theirs, by which a session avoids jumps of sound.
        """
        within = list(map(os.path.abspath, checked.paths("folders", folders)))
        with _without_collection():
            return read_tracks(
                self._database,
                missing=missing,
                folders=within,
                styles=styles,
                scoring=self._scoring,
            )

    @checked.takes(track=checked.a(Track))
    def embedding(self, track: Track) -> Embedding | None:
        """Return the embedding of a track, None where it has none."""
        found = dict(self._database.embeddings(track.identity))
        return found.get(track.identity)

    @checked.takes(track=checked.a(Track))
    def steps(self, track: Track) -> NDArray[np.float16]:
        """Return what was measured in every step (10 s) of a track, shape (n, len(STEP_FEATURES)).

        Raises KeyError for a track that this library does not know.
        """
        return self._database.steps(track.identity)

    @checked.takes(name=checked.written_text)
    def find(self, name: str) -> Track:
        """Return the one track that a path, a file name or a title names, or a part of these.

        Raises `LibraryError` where there is none or more than one.
        """
        found = names.named(self._database.titles(), name)
        if found is not None:
            return self._recording(found.identity, found.file)[0]
        if waiting := self.unanalysed_count:
            raise LibraryError(
                "No track {name!r} among those that are measured. {waiting} more need 'scan'"
                " again after an update: playlist-builder scan FOLDER",
                name=name,
                waiting=waiting,
            )
        raise LibraryError(
            "No track {name!r} in the library. See 'playlist-builder tracks', or scan its folder.",
            name=name,
        )

    @checked.takes(identity=checked.written_text)
    def track(self, identity: str) -> Track:
        """Return a recording by its identity; LibraryError where it is not known."""
        found = self._recording(identity)
        if not found:
            raise LibraryError(
                "The library does not know {identity!r}. Scan its folder.", identity=identity
            )
        return found[0]

    def _recording(self, identity: str, path: str | None = None) -> TrackTable:
        return read_tracks(
            self._database, missing=True, identity=identity, path=path, scoring=self._scoring
        )

    def files(self) -> list[tuple[File, float]]:
        """Return every path, missing or not, with the length of its music in seconds."""
        lengths = self._database.lengths()
        return [
            (file, lengths[file.identity])
            for file in self._database.tagged_files()
            if file.identity in lengths
        ]

    def identities(self, paths: Iterable[str]) -> dict[str, str]:
        """Return the identity of the music at each absolute path that the library knows."""
        known, paths = self._database.files(), checked.paths("paths", paths)
        return {path: known[path][1] for path in paths if path in known}

    @checked.takes(file=checked.path)
    def path_of(self, file: str | os.PathLike[str]) -> str | None:
        """Return the path that was scanned and leads to an existing file, whatever links are used.

        A path counts also where its music could not be used. None where no path leads there.
        """
        size, name = Path(file).stat().st_size, _plain_name(os.path.realpath(file))
        # A link keeps the size and a folder's link keeps the name: few files have to be looked at.
        near = (
            path
            for path, known in self._database.sized_paths()
            if known == size or _plain_name(path) == name
        )
        return next((path for path in near if _is_same_file(path, file)), None)

    @checked.takes(track=checked.a(Track), count=checked.at_least(0))
    def energy_rank(self, track: Track, count: int = 3) -> "EnergyRank":
        """Return how the energy of a track compares, with `count` neighbours on either side."""
        from playlist_builder.library.neighbours import energy_rank  # noqa: PLC0415 - no scan needs it

        return energy_rank(self.tracks(), track, count)

    @checked.takes(track=checked.a(Track))
    def similar(self, track: Track) -> tuple[TrackTable, Floats]:
        """Return the other recordings of known style, the most similar first, and how much each is.

        That is the cosine of two styles, at most 1. Raises `LibraryError` where no style is known
        of the track, or of any other.
        """
        from playlist_builder.library.neighbours import similar  # noqa: PLC0415 - as above

        return similar(self.tracks(styles=True), track)

    @checked.takes(path=checked.path)
    def merge(self, path: str | os.PathLike[str]) -> "MergeReport":
        """Return the counts of what another library file added to this one; it is only read.

        Raises `LibraryError` where it cannot be read, or is of another version.
        """
        from playlist_builder.library.merge import merge  # noqa: PLC0415 - it reads documents, which takes msgspec

        name = os.fspath(path)
        with only_read(name), self._database.open_other(name) as other:
            return merge(self._database, other, os.path.isfile)

    @property
    def history(self) -> History:
        """What was played for whom."""
        return self._database.history

    @property
    def sessions(self) -> KeptSessions:
        """The sessions that were built from this library, as they are now."""
        return self._database.sessions

    @property
    def records(self) -> "Records":
        """What was recorded while kept sessions played."""
        return self._database.records

    @property
    def answers(self) -> Answers:
        """What the user answered about pairs of tracks."""
        return self._database.answers

    def calibrate(self, answers: Iterable[Answer]) -> TrackTable:
        """Return all tracks with the energy and tension that follow from answers, which are kept.

        An answer says which of two tracks is calmer, or tenser; `questions` asks for those that
        help most (`Pair.answer`). Those of before count too, and `calibrations` tells what all of
        them add: nothing where that would not predict answers better. Raises `LibraryError` for an
        answer that says nothing of two tracks.
        """
        self._database.answers.store(checked.several("answers", answers, Answer))
        return self.tracks()

    def calibrations(self) -> dict[Question, Calibration]:
        """Return what the user's answers to each question add to energy and tension."""
        return calibrations(self._database, self._scoring)

    def questions(self) -> "Questions":
        """Return the questions that this library may ask of the user."""
        from playlist_builder.library.questions import Questions  # noqa: PLC0415 - as above

        return Questions(self._database, self._scoring)

    @checked.takes(name=checked.written_text)
    def forget_name(self, name: str) -> list[str]:
        """Return the damaged files set aside that still hold a name, after forgetting it elsewhere.

        No trace of it is left in the library and its backups. Raises `LibraryError` where another
        program keeps the library open.
        """
        return self._database.forget_name(name)

    @checked.takes(name=checked.written_text)
    def banned(self, name: str = "") -> frozenset[str]:
        """Return the identities of tracks that are never used: for nobody, or not for a name."""
        marked = {own for own, mark in self._database.marks().items() if mark.banned}
        bans = self.history.of(name).bans if name else ()
        return frozenset(marked) | {ban.identity for ban in bans}

    @checked.takes(identity=checked.written_text, mark=checked.a(Mark))
    def mark(self, identity: str, mark: Mark) -> None:
        """Replace the user's mark of a recording; an empty one deletes it.

        Raises `LibraryError` for a mark that says nothing of a track.
        """
        check_mark(mark)
        self._database.store_mark(identity, mark)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Keep the garbage collector from walking again and again over what is being made."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _plain_name(path: str) -> str:
    return unicodedata.normalize("NFC", os.path.basename(path)).casefold()


def _is_same_file(path: str, file: str | os.PathLike[str]) -> bool:
    try:
        return os.path.samefile(path, file)
    except (OSError, ValueError):  # gone, or a path that no file can have
        return False


def _roots(folders: Iterable[str | os.PathLike[str]]) -> list[str]:
    return list(dict.fromkeys(map(_root, folders)))


def _root(folder: str | os.PathLike[str]) -> str:
    path = os.path.abspath(os.path.expanduser(os.fspath(folder)))
    if not os.path.exists(path):
        raise LibraryError("No folder {path}. Give one that exists.", path=path)
    return path
