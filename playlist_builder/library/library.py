"""A user's music as tracks: the library file, opened, scanned into and read back.

What a scan does with a file is in `scan.scanner`; here what is known becomes tracks.
"""

import gc
import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import platformdirs
from numpy.typing import NDArray

from playlist_builder.analysis import energy
from playlist_builder.errors import LibraryError
from playlist_builder.library import merge
from playlist_builder.library.database import Cache, Numbers
from playlist_builder.library.errors import INVALID_ROW, decoding
from playlist_builder.library.history import History
from playlist_builder.library.rows import HeardRow, Row, evidence_of, heard_of, path_of, tags_of
from playlist_builder.library.scan import scanner
from playlist_builder.library.scan.scanner import Progress, ScanReport
from playlist_builder.models import File, Floats, Mark, Track, Vocals
from playlist_builder.track_table import VOCALS, Columns, TrackTable, features_of
from playlist_builder.vocals import evidence

__all__ = ["Library", "Progress", "ScanReport", "Standing", "default_path"]

_NUMBER_OF_VOCALS = {kind: number for number, kind in enumerate(VOCALS)}


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
    """Return the path of the library where no other is given."""
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

        With `vocals` every recording is analysed once for voices, in the same decoding.

        `jobs` processes decode, by default as many as there are cores. Or any `executor` does,
        here or on machines that see the same files under the same paths; `jobs` is then how many
        calls it runs at once. It may set `WorkerDied` for a track that is to be skipped. The limits
        of time and memory per track are those of our own processes alone.

        Files that have vanished are kept as missing, or forgotten with `prune`. Interrupting
        loses nothing that was done. Raises `LibraryError` for a folder that does not exist, and
        where the executor breaks.
        """
        return scanner.scan(
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
        """Return in one line what was restored when the library was opened; mostly nothing."""
        return self._cache.recovered

    @property
    def waiting(self) -> int:
        """Return how many recordings wait for a scan, as after an update of the analysis."""
        return self._cache.waiting()

    def tracks(self, *, missing: bool = False) -> TrackTable:
        """Return all recordings by path; those whose every file has vanished only on request.

        A sequence that makes each track when it is taken out.

        Two files of the same music are one track, under the first path that exists.
        """
        with _many_objects():
            return _shelved(self._cache, missing=missing)

    def steps(self, track: Track) -> NDArray[np.float16]:
        """Return what was measured of every step of a track, shape (n, len(STEP_FEATURES)).

        Raises KeyError for a track that this library does not know.
        """
        return self._cache.steps(track.identity)

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
            hits: dict[str, str] = {}
            for file, identity, title in titles:
                if test(file, title):
                    hits.setdefault(identity, file)
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
        known = self._cache.files()
        return {path: known[path][1] for path in paths if path in known}

    def standing(self, track: Track, count: int = 3) -> Standing:
        """Return where a track stands among the others by its energy, with its neighbours."""
        from playlist_builder.arranger.solver.cost import percentile_table, rescale  # noqa: PLC0415 - no scan needs them

        every = self.tracks()
        others = every.take(np.array([name != track.identity for name in every.identities], bool))
        energy, paths = others.energy, others.paths
        away = np.abs(energy - track.energy)
        order = sorted(range(len(others)), key=lambda place: (away[place], paths[place]))
        near = np.array(order, np.int64)
        above, below = near[energy[near] > track.energy], near[energy[near] <= track.energy]
        table = percentile_table(np.append(energy, track.energy))
        percentile = float(rescale(np.array([track.energy], np.float32), table)[0])
        return Standing(
            percentile,
            int((energy < track.energy).sum()),
            len(others),
            tuple(others.take(above[:count])),
            tuple(others.take(below[:count])),
        )

    def merge(self, path: str | os.PathLike[str]) -> merge.MergeReport:
        """Add what another library file knows and this one does not; it is only read.

        Raises `LibraryError` where it cannot be read, or is of another version.
        """
        with self._cache.other(os.fspath(path)) as other:
            return merge.merge(self._cache, other, os.path.isfile)

    @property
    def history(self) -> History:
        """Return what was played for whom."""
        return self._cache.history

    def forget_name(self, name: str) -> list[str]:
        """Return the damaged files set aside that still hold a name, after forgetting it elsewhere.

        No trace of it is left in the library and its backups.
        """
        return self._cache.forget_name(name)

    def mark(self, identity: str, mark: Mark) -> None:
        """Replace the user's mark of a recording."""
        self._cache.store_mark(identity, mark)

    def _track(self, identity: str, path: str) -> Track:
        return _shelved(self._cache, missing=True, identity=identity, path=path)[0]


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


def _shelved(
    cache: Cache, *, missing: bool, identity: str | None = None, path: str | None = None
) -> TrackTable:
    """Return the recordings of a library, or one of them under a path, as a shelf."""
    numbers, marks, ears = cache.numbers(identity), cache.marks(identity), cache.heard(identity)
    place = {own: number for number, own in enumerate(numbers.identities)}
    paths, rows = _chosen(cache.rows(identity), place, missing=missing, path=path)
    identities = [row[1] for row in rows]
    values, levels = _energies(numbers, {place[own]: marks[own] for own in place.keys() & marks})
    with decoding(cache.path):
        verdicts = map(_verdict, rows, map(marks.get, identities), map(ears.get, identities))
        vocals = [_NUMBER_OF_VOCALS[verdict] for verdict in verdicts]
    own = np.array([place[name] for name in identities], np.int64)
    columns = Columns(
        paths=paths,
        identities=identities,
        titles=[row[4] for row in rows],
        energy=levels[own],
        scalars=numbers.scalars[own],
        values=values,
        offset=(np.cumsum(numbers.counts) - numbers.counts)[own],
        count=numbers.counts[own],
        vocals=np.array(vocals, np.int8),
        banned=np.array([name in marks and marks[name].banned for name in identities], bool),
        missing=np.array([row[2] != 0 for row in rows], bool),
        rank=own,
    )

    def make(number: int) -> Track:
        _, name, missing, _, title, tags = rows[number]
        first = columns.offset[number]
        try:
            return Track(
                path=paths[number],
                identity=name,
                tags=tags_of(title, tags),
                features=features_of(columns.scalars[number].tolist()),
                energy=float(columns.energy[number]),
                contour=values[first : first + columns.count[number]],
                vocals=VOCALS[vocals[number]],
                mark=marks.get(name, Mark()),
                missing=missing != 0,
                heard=heard_of(ears[name]) if name in ears else None,
            )
        except INVALID_ROW:  # entering `decoding` for each costs as much as a tenth of a track
            with decoding(cache.path):
                raise

    return TrackTable(columns, make)


def _energies(numbers: Numbers, marks: Mapping[int, Mark]) -> tuple[NDArray[np.float32], Floats]:
    """Return all contours and the energy of each track, raised to what its mark asks for."""
    values, ends = numbers.values.copy(), np.cumsum(numbers.counts)
    levels = energy.means(values, numbers.counts)
    for number, mark in marks.items():
        if mark.energy is not None:
            own = slice(ends[number] - numbers.counts[number], ends[number])
            values[own] = np.clip(values[own] + np.float32(mark.energy - levels[number]), 0.0, 1.0)
            levels[number] = mark.energy
    return values, levels


def _chosen(
    rows: Iterable[Row], measured: Container[str], *, missing: bool, path: str | None
) -> tuple[list[str], list[Row]]:
    """Return the paths and rows of recordings: of several paths of one the first that exists."""
    there = (row for row in rows if row[1] in measured and (missing or not row[2]))
    if path is not None:
        there = (row for row in there if os.fsdecode(row[0]) == path)
    ordered = sorted(there, key=itemgetter(2))
    chosen = {row[1]: row for row in reversed(ordered)}  # of several the first stays
    found = {path_of(row[0]): row for row in chosen.values()}
    paths = sorted(found)
    return paths, [found[path] for path in paths]


def _verdict(row: Row, mark: Mark | None, heard: HeardRow | None) -> Vocals:
    if mark is not None and mark.vocals is not None:
        return mark.vocals
    verdict: Vocals = "unknown" if heard is None else heard[1]
    confidence = 0.0 if heard is None else heard[2]
    return evidence.verdict(evidence_of(row[3]), verdict, confidence) if row[3] else verdict


def _root(folder: str | os.PathLike[str]) -> str:
    path = os.path.abspath(os.path.expanduser(os.fspath(folder)))
    if not os.path.exists(path):
        raise LibraryError(f"No folder {path}. Give one that exists.")
    return path
