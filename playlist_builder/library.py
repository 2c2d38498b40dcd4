"""A user's music as tracks: scanning folders into the library file, and reading it back.

Scanning asks the cheap question first. A file whose size and time are known is not opened. One
that is new or changed is read without decoding, and its music recognised by the hash of its audio
packets, so that moving, renaming or retagging costs no decoding. Only unknown music is decoded,
by processes that never touch the library file; every result is committed as it comes.
"""

import gc
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import platformdirs

from playlist_builder import analysis, energy, listening, merging, voice
from playlist_builder.cache import Cache, File, Stat
from playlist_builder.costs import relative, rescale
from playlist_builder.errors import LibraryError
from playlist_builder.history import History
from playlist_builder.models import Features, Heard, Mark, Skipped, Track
from playlist_builder.walk import walk
from playlist_builder.workers import WorkerDied, Workers

LIMIT_S = 900.0
"""Longest time for one track; ten hours of audio take about a minute."""

PENDING_PER_JOB = 4


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a scan did: counts of paths, and every path that is not a track with the reason.

    `retagged` are known paths whose tags changed, `copied` are new paths of known music that is
    still at its old place as well. None of these, nor `moved`, was decoded. `listened` counts known
    music that was decoded for its voices alone; `deaf` says why nobody listened for voices, if so.
    """

    analysed: int = 0
    unchanged: int = 0
    moved: int = 0
    retagged: int = 0
    copied: int = 0
    removed: int = 0
    listened: int = 0
    deaf: str = ""
    skipped: Sequence[Skipped] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is: files done, files to look at, bytes likewise, and the last path."""

    done: int
    total: int
    done_bytes: int
    total_bytes: int
    path: str


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


@dataclass(frozen=True, slots=True)
class _Known:
    """What the library file held when a scan began; the sets grow with what it decodes."""

    files: dict[str, tuple[Stat, str, bool]]  # path to stat, identity, whether missing
    skipped: dict[str, tuple[Stat, str]]  # path to stat, reason
    measured: set[str]  # identities
    heard: set[str]  # identities


@dataclass(slots=True)
class _Tally:
    analysed: int = 0
    unchanged: int = 0
    retagged: int = 0
    listened: int = 0
    new: dict[str, str] = field(default_factory=dict)  # path to identity, not decoded
    skipped: list[Skipped] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)  # folders


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

        `jobs` processes decode, as many as there are cores if not said; or `executor` does.
        Files that have vanished are kept as missing, or forgotten with `prune`. Interrupting
        loses nothing that was done. Raises `LibraryError` for a folder that does not exist.
        """
        began = time.monotonic()
        roots = list(dict.fromkeys(_root(folder) for folder in folders))
        deaf = listening.problem() if vocals else "not asked for"
        known = _Known(
            {path: (found, identity, gone) for path, found, identity, gone in self._cache.files()},
            self._cache.skipped(),
            self._cache.identities(),
            self._cache.heard_identities(),
        )
        tally = _Tally()
        todo: list[tuple[str, Stat]] = []
        unseen = {*known.files, *known.skipped}
        back: list[str] = []
        for path, found in walk(roots):
            if found is None:
                tally.empty.append(path)
                continue
            unseen.discard(path)
            before = known.files.get(path)
            if before is not None and before[2]:
                back.append(path)
            if isinstance(found, Skipped):
                tally.skipped.append(found)
            elif (
                before is not None
                and before[0] == found
                and before[1] in known.measured
                and (deaf or before[1] in known.heard)
            ):
                tally.unchanged += 1
            elif path in known.skipped and known.skipped[path][0] == found:
                tally.skipped.append(Skipped(path, known.skipped[path][1]))
            else:
                todo.append((path, found))
        self._cache.set_missing(back, missing=False)
        if todo:
            own = executor or Workers(min(jobs or _cores(), len(todo)), limit_s=LIMIT_S)
            try:
                self._work(own, todo, known, tally, progress, listen=not deaf)
            finally:
                if executor is None:
                    own.shutdown(cancel_futures=True)
        moved, removed = self._settle(roots, unseen, known, tally, prune=prune)
        return ScanReport(
            analysed=tally.analysed,
            unchanged=tally.unchanged,
            moved=moved,
            retagged=tally.retagged,
            copied=len(tally.new) - moved,
            removed=removed,
            listened=tally.listened,
            deaf=deaf,
            skipped=tuple(sorted(tally.skipped, key=lambda skipped: skipped.path)),
            seconds=time.monotonic() - began,
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

    def _work(  # noqa: PLR0913 - the state of one scan
        self,
        executor: Executor,
        todo: list[tuple[str, Stat]],
        known: _Known,
        tally: _Tally,
        progress: Callable[[Progress], None] | None,
        *,
        listen: bool,
    ) -> None:
        """Have every path read and keep the results; the largest first, so no core waits last."""
        todo.sort(key=lambda item: (-item[1].size, item[0]))
        sizes = dict(todo)
        total_bytes = sum(found.size for found in sizes.values())
        done = done_bytes = 0
        waiting = iter(todo)
        pending: dict[Future[analysis.Outcome], str] = {}
        limit = PENDING_PER_JOB * _cores()
        while True:
            for path, _ in islice(waiting, max(0, limit - len(pending))):
                pending[executor.submit(*_first(path, sizes[path], known, listen=listen))] = path
            if not pending:
                return
            finished, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                path = pending.pop(future)
                outcome = _outcome(future, path, sizes[path])
                more = _second(outcome, known, listen=listen)
                if more is not None:
                    pending[executor.submit(*more)] = path
                    continue
                self._keep(outcome, known, tally)
                done += 1
                done_bytes += sizes[path].size
                if progress is not None:
                    progress(Progress(done, len(todo), done_bytes, total_bytes, path))

    def _keep(self, outcome: analysis.Outcome, known: _Known, tally: _Tally) -> None:
        found = outcome.found
        if isinstance(found, Skipped):
            tally.skipped.append(found)
            if outcome.stat != analysis.REFUSED:  # what could not be opened may be as it was
                self._cache.store_skipped(found, outcome.stat)
            return
        self._cache.store(found, outcome.features)
        if outcome.heard is not None:
            self._cache.store_heard(found.identity, outcome.heard)
            known.heard.add(found.identity)
        if outcome.features is not None:
            known.measured.add(found.identity)
            tally.analysed += 1
        elif outcome.heard is not None:
            tally.listened += 1
        elif found.path in known.files:
            tally.retagged += 1
        if outcome.features is None and found.path not in known.files:
            tally.new[found.path] = found.identity

    def _settle(
        self,
        roots: Sequence[str],
        unseen: set[str],
        known: _Known,
        tally: _Tally,
        *,
        prune: bool,
    ) -> tuple[int, int]:
        """Tell what moved from what vanished; returns the counts."""
        blocked = [skipped.path for skipped in tally.skipped]  # what is inside is not known
        lost = {
            path for path in unseen if _lies_in_any(path, roots) and not _lies_in_any(path, blocked)
        }
        gone = {path: known.files[path][1] for path in lost if path in known.files}
        arrived = set(tally.new.values())
        newly = {path: identity for path, identity in gone.items() if not known.files[path][2]}
        left = set(newly.values())
        moved = sum(identity in left for identity in tally.new.values())
        vanished = {path for path, identity in gone.items() if identity not in arrived}
        # Where music has been is kept too: a playlist may still lead there.
        counted = vanished if prune else vanished & newly.keys()
        unplugged = _unplugged(counted, tally)
        kept = unplugged if prune else gone.keys()
        self._cache.set_missing(kept - (gone.keys() - newly.keys()), missing=True)
        self._cache.forget(lost - kept)
        return moved, len(counted)


def _unplugged(vanished: Collection[str], tally: _Tally) -> set[str]:
    """Return what lay below folders that are empty now, and tell of each such folder.

    That is what a drive or share looks like that is not connected.
    """
    empty = set(tally.empty)
    below: dict[str, set[str]] = {}
    for path in vanished:
        folder = os.path.dirname(path)
        while folder not in empty and folder != os.path.dirname(folder):
            folder = os.path.dirname(folder)
        if folder in empty:
            below.setdefault(folder, set()).add(path)
    for folder, paths in below.items():
        told = f"empty; its {len(paths)} known files are noted as missing, not forgotten."
        tally.skipped.append(Skipped(folder, f"{told} Is the drive connected?"))
    return set().union(*below.values())


def _first(path: str, stat_: Stat, known: _Known, *, listen: bool) -> tuple[Any, ...]:
    """Return the call that tells what a path is, as cheaply as possible."""
    if not known.measured:
        return analysis.analyse, path, listen
    file = known.files.get(path)
    same = file is not None and file[0] == stat_
    if file is not None and same and file[1] in known.measured and file[1] not in known.heard:
        return analysis.listen, path  # nothing else can be missing
    return analysis.identify, path


def _second(outcome: analysis.Outcome, known: _Known, *, listen: bool) -> tuple[Any, ...] | None:
    """Return the call that finds what is still missing, if anything is."""
    found = outcome.found
    if isinstance(found, Skipped):
        return None
    # Noted at once: a second file of the same music, met meanwhile, is not decoded as well.
    if outcome.features is None and found.identity not in known.measured:
        known.measured.add(found.identity)
        known.heard.update([found.identity] if listen else [])
        return analysis.analyse, found.path, listen
    if listen and outcome.heard is None and found.identity not in known.heard:
        known.heard.add(found.identity)
        return analysis.listen, found.path
    return None


def _outcome(future: "Future[analysis.Outcome]", path: str, before: Stat) -> analysis.Outcome:
    try:
        return future.result()
    except WorkerDied as death:
        return analysis.Outcome(before, Skipped(path, f"the decoder {death}"))


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
    measured = [features[file.identity] for file in files]
    contours = energy.contours([each.steps for each in measured])
    found = zip(files, measured, contours, energy.overall(contours), strict=True)
    nothing = Mark()
    return [
        _track(*each, marks.get(each[0].identity, nothing), heard.get(each[0].identity))
        for each in found
    ]


def _track(  # noqa: PLR0913, PLR0917 - all that is known of a track
    file: File,
    features: Features,
    contour: energy.Contour,
    level: float,
    mark: Mark,
    heard: Heard | None,
) -> Track:
    if mark.energy is not None:
        contour = np.clip(contour + np.float32(mark.energy - level), 0.0, 1.0)
        level = mark.energy
    vocals = voice.vocals(file.tags, mark, heard)
    return Track(
        file.path,
        file.identity,
        file.tags,
        features,
        level,
        contour,
        vocals,
        mark,
        file.missing,
        heard,
    )


def _root(folder: str | os.PathLike[str]) -> str:
    path = os.path.abspath(os.path.expanduser(os.fspath(folder)))
    if not os.path.exists(path):
        raise LibraryError(f"No folder {path}. Give one that exists.")
    return path


def _lies_in_any(path: str, folders: Iterable[str]) -> bool:
    return any(
        path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders
    )


def _cores() -> int:
    return os.cpu_count() or 1
