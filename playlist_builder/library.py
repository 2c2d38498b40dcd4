"""A user's music as tracks: the library file, opened, scanned into and read back.

What a scan does with a file is the business of `scanning`; here what is known becomes tracks.
"""

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, repeat
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import platformdirs

from playlist_builder import energy, merging, scanning, voice
from playlist_builder.bulk import made
from playlist_builder.cache import Cache, File
from playlist_builder.costs import relative, rescale
from playlist_builder.errors import LibraryError
from playlist_builder.history import History
from playlist_builder.models import Features, Heard, Mark, Track
from playlist_builder.scanning import Progress, ScanReport

__all__ = ["Library", "Progress", "ScanReport", "Standing", "default_path"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a track stands in its library.

    `percentile` is its energy on the relative scale, 0..1; `calmer` of the `others` have less. The
    tracks next to it come nearest first.
    """

    percentile: float
    calmer: int
    others: int
    above: tuple[Track, ...]
    below: tuple[Track, ...]


def default_path() -> Path:
    """Where the library is kept if nothing else is said."""
    return platformdirs.user_data_path("playlist-builder", appauthor=False) / "library.db"


class Library:
    """The music that has been scanned; a context manager. Open it with `Library.open`."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    @classmethod
    def open(cls, path: str | os.PathLike[str] | None = None) -> Self:
        """Open or create a library file; raises `LibraryError` where that cannot be done."""
        return cls(Cache(os.fspath(path or default_path())))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._cache.__exit__(kind, value, trace)

    def scan(
        self,
        *folders: str | os.PathLike[str],
        jobs: int | None = None,
        executor: Executor | None = None,
        vocals: bool = True,
        prune: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> ScanReport:
        """Bring the library up to date with folders (or single files).

        With `vocals` every recording is listened to once for voices, in the same decoding.

        `jobs` processes decode, as many as there are cores if not said. Or any `executor` does,
        here or on machines that see the same files under the same paths; `jobs` is then how many
        calls it runs at once. It may set `WorkerDied` for a track that is to be skipped. The limits
        of time and memory per track are those of our own processes alone.

        Files that have vanished are kept as missing, or forgotten with `prune`. Interrupting
        loses nothing that was done. Raises `LibraryError` for a folder that does not exist, and
        where the executor breaks.
        """
        return scanning.scan(
            self._cache,
            list(dict.fromkeys(_root(folder) for folder in folders)),
            jobs=jobs,
            executor=executor,
            vocals=vocals,
            prune=prune,
            progress=progress,
        )

    @property
    def recovered(self) -> str:
        """What had to be brought back when the library was opened, in one line; mostly nothing."""
        return self._cache.recovered

    @property
    def waiting(self) -> int:
        """How many recordings wait for a scan, as after an update that measures differently."""
        return self._cache.waiting()

    def tracks(self, *, missing: bool = False) -> list[Track]:
        """All recordings, ordered by path; those whose every file has vanished only on request.

        Two files of the same music are one track, under the first path that exists.
        """
        with _many_objects():
            features = self._cache.features()
            chosen: dict[str, File] = {}
            for file in self._cache.tagged():
                if file.identity in features and (missing or not file.missing):
                    known = chosen.setdefault(file.identity, file)
                    if known.missing and not file.missing:
                        chosen[file.identity] = file
            files = sorted(chosen.values(), key=attrgetter("path"))
            return _scored(files, features, self._cache.marks(), self._cache.heard())

    def find(self, name: str) -> Track:
        """Return the one track that a path, a file name or a title names.

        Raises `LibraryError` where there is none or more than one.
        """
        titles = self._cache.titles()
        path = os.path.abspath(os.path.expanduser(name))
        wanted = name.casefold()
        tests: tuple[Callable[[str, str], bool], ...] = (
            lambda file, _: file == path,
            lambda _, title: title.casefold() == wanted,
            lambda file, _: Path(file).name.casefold() == wanted,
            lambda file, title: wanted in title.casefold() or wanted in file.casefold(),
        )
        for test in tests:
            hits = {identity: file for file, identity, title in titles if test(file, title)}
            if len(hits) == 1:
                ((identity, file),) = hits.items()
                return self._track(identity, file)
            if hits:
                some = ", ".join(islice(hits.values(), 3))
                raise LibraryError(
                    f"'{name}' names {len(hits)} tracks: {some}{', ...' if len(hits) > 3 else ''}."  # noqa: PLR2004 - as many as are listed
                    " Give the path of one."
                )
        raise LibraryError(
            f"No track '{name}' in the library. See 'playlist-builder tracks', or scan its folder."
        )

    def files(self) -> list[tuple[File, float]]:
        """Return every path, missing or not, with the length of its music in seconds."""
        lengths = self._cache.lengths()
        return [
            (file, lengths[file.identity])
            for file in self._cache.tagged()
            if file.identity in lengths
        ]

    def identities(self, paths: Iterable[str]) -> dict[str, str]:
        """Return the identity of the music at each path that the library knows."""
        wanted = set(paths)
        return {path: identity for path, _, identity, _ in self._cache.files() if path in wanted}

    def standing(self, track: Track, count: int = 3) -> Standing:
        """Tell where a track stands among the others by its energy, with its neighbours."""
        others = [other for other in self.tracks() if other.identity != track.identity]
        others.sort(key=lambda other: (abs(other.energy - track.energy), other.path))
        below = [other for other in others if other.energy <= track.energy]
        above = [other for other in others if other.energy > track.energy]
        calmer = sum(other.energy < track.energy for other in others)
        table = relative(np.array([track.energy, *(other.energy for other in others)]))
        percentile = float(rescale(np.array([track.energy], np.float32), table)[0])
        return Standing(percentile, calmer, len(others), tuple(above[:count]), tuple(below[:count]))

    def merge(self, path: str | os.PathLike[str]) -> merging.MergeReport:
        """Add what another library file knows and this one does not; it is only read.

        Raises `LibraryError` where it cannot be read, or is of another version.
        """
        with self._cache.other(os.fspath(path)) as other:
            return merging.merge(self._cache, other, os.path.isfile)

    @property
    def history(self) -> History:
        """What was played for whom."""
        return self._cache.history

    def forget_name(self, name: str) -> list[str]:
        """Forget a name of the history, and leave no trace of it in any file of the library.

        Returns damaged libraries set aside that still hold it.
        """
        return self._cache.forget_name(name)

    def mark(self, identity: str, mark: Mark) -> None:
        """Replace what the user said about a recording."""
        self._cache.store_mark(identity, mark)

    def _track(self, identity: str, path: str) -> Track:
        files = [file for file in self._cache.tagged(identity) if file.path == path]
        cache = self._cache
        return _scored(
            files, cache.features(identity), cache.marks(identity), cache.heard(identity)
        )[0]


@contextmanager
def _many_objects() -> Iterator[None]:
    """Keep the collector from walking over and over what is being made and is no garbage."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _scored(
    files: Sequence[File],
    features: Mapping[str, Features],
    marks: Mapping[str, Mark],
    heard: Mapping[str, Heard],
) -> list[Track]:
    names = [file.identity for file in files]
    measured = [features[name] for name in names]
    contours = energy.contours([each.steps for each in measured])
    levels = energy.overall(contours)
    said = list(map(marks.get, names, repeat(Mark())))
    ears = list(map(heard.get, names))
    for place, mark in enumerate(said):
        if mark.energy is not None:
            raised = contours[place] + np.float32(mark.energy - levels[place])
            contours[place] = np.clip(raised, 0.0, 1.0)
            levels[place] = mark.energy
    tags = [file.tags for file in files]
    return made(
        Track,
        len(files),
        (
            [file.path for file in files],
            names,
            tags,
            measured,
            levels,
            contours,
            map(voice.vocals, tags, said, ears),
            said,
            [file.missing for file in files],
            ears,
        ),
    )


def _root(folder: str | os.PathLike[str]) -> str:
    path = os.path.abspath(os.path.expanduser(os.fspath(folder)))
    if not os.path.exists(path):
        raise LibraryError(f"No folder {path}. Give one that exists.")
    return path
