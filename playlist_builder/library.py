"""A user's music as tracks: scanning folders into the library file, and reading it back.

Scanning asks the cheap question first. A file whose size and time are known is not opened. One
that is new or changed is read without decoding, and its music recognised by the hash of its audio
packets, so that moving, renaming or retagging costs no decoding. Only unknown music is decoded,
by processes that never touch the library file; every result is committed as it comes.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

import numpy as np
import platformdirs

from playlist_builder import analysis, energy, listening, voice
from playlist_builder.cache import Cache, File, Stat
from playlist_builder.costs import relative, rescale
from playlist_builder.errors import LibraryError
from playlist_builder.models import Features, Heard, Mark, Skipped, Track
from playlist_builder.walk import walk
from playlist_builder.workers import WorkerDied, WorkerLost, Workers

PENDING_PER_JOB = 4

JOBS_ELSEWHERE = 250
"""How many calls an executor is taken to run at once, if nobody says: far more for a process pool,
which then merely has a queue, and enough for a cluster."""


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
        began = time.monotonic()
        roots = list(dict.fromkeys(_root(folder) for folder in folders))
        deaf = listening.problem() if vocals else "not asked for"
        known = _Known(
            self._cache.files(),
            self._cache.skipped(),
            self._cache.identities(),
            self._cache.heard_identities(),
        )
        files, tally = known.files, _Tally()
        todo: list[tuple[str, Stat]] = []
        seen: set[str] = set()
        for path, found in walk(roots):
            seen.add(path)
            if isinstance(found, Skipped):
                tally.skipped.append(found)
            elif (
                path in files
                and files[path][0] == found
                and files[path][1] in known.measured
                and (deaf or files[path][1] in known.heard)
            ):
                tally.unchanged += 1
            elif path in known.skipped and known.skipped[path][0] == found:
                tally.skipped.append(Skipped(path, known.skipped[path][1]))
            else:
                todo.append((path, found))
        self._cache.set_missing(
            (path for path in seen if path in files and files[path][2]), missing=False
        )
        if todo:
            if executor is None:
                jobs = min(jobs or _cores(), len(todo))
            own = executor or Workers(jobs or _cores())
            most = PENDING_PER_JOB * (jobs or JOBS_ELSEWHERE)
            try:
                self._work(own, todo, known, tally, progress, listen=not deaf, most=most)
            except BrokenExecutor as error:
                raise LibraryError(
                    "The executor broke, as a pool of processes does where a file crashes one of"
                    " them. What was scanned is kept; scan without it, and such a file is skipped."
                ) from error
            finally:
                if executor is None:
                    own.shutdown(cancel_futures=True)
        moved, removed = self._settle(roots, seen, known, tally, prune=prune)
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

    def tracks(self, *, missing: bool = False) -> list[Track]:
        """All recordings, ordered by path; those whose every file has vanished only on request.

        Two files of the same music are one track, under the first path that exists.
        """
        rows: dict[str, Row] = {}
        for row in self._cache.rows():
            known = rows.get(row[0].identity)
            if known is None or (known[0].missing and not row[0].missing):
                rows[row[0].identity] = row
        chosen = [row for row in rows.values() if missing or not row[0].missing]
        return _scored(sorted(chosen, key=lambda row: row[0].path))

    def find(self, name: str) -> Track:
        """Return the one track that a path, a file name or a title names.

        Raises `LibraryError` where there is none or more than one.
        """
        rows = list(self._cache.rows())
        path = os.path.abspath(os.path.expanduser(name))
        wanted = name.casefold()
        for matches in (
            lambda file: file.path == path,
            lambda file: file.tags.title.casefold() == wanted,
            lambda file: Path(file.path).name.casefold() == wanted,
            lambda file: wanted in file.tags.title.casefold() or wanted in file.path.casefold(),
        ):
            hits = {row[0].identity: row for row in rows if matches(row[0])}
            if len(hits) == 1:
                return _scored(list(hits.values()))[0]
            if hits:
                some = ", ".join(row[0].path for row in islice(hits.values(), 3))
                raise LibraryError(
                    f"'{name}' names {len(hits)} tracks: {some}{', ...' if len(hits) > 3 else ''}."  # noqa: PLR2004 - as many as are listed
                    " Give the path of one."
                )
        raise LibraryError(
            f"No track '{name}' in the library. See 'playlist-builder tracks', or scan its folder."
        )

    def files(self) -> list[tuple[File, float]]:
        """Return every path, missing or not, with the length of its music in seconds."""
        return [(file, features.duration_s) for file, features, _, _ in self._cache.rows()]

    def identities(self, paths: Iterable[str]) -> dict[str, str]:
        """Return the identity of the music at each path that the library knows."""
        files = self._cache.files()
        return {path: files[path][1] for path in paths if path in files}

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

    def mark(self, identity: str, mark: Mark) -> None:
        """Replace what the user said about a recording."""
        self._cache.store_mark(identity, mark)

    def _work(  # noqa: PLR0913 - the state of one scan
        self,
        executor: Executor,
        todo: list[tuple[str, Stat]],
        known: _Known,
        tally: _Tally,
        progress: Callable[[Progress], None] | None,
        *,
        listen: bool,
        most: int,
    ) -> None:
        """Have every path read and keep the results; the largest first, so no core waits last.

        At `most` so many calls are submitted at a time.
        """
        todo.sort(key=lambda item: (-item[1].size, item[0]))
        sizes = dict(todo)
        total_bytes = sum(found.size for found in sizes.values())
        done = done_bytes = 0
        waiting = iter(todo)
        pending: dict[Future[analysis.Outcome], str] = {}
        finished: SimpleQueue[Future[analysis.Outcome]] = SimpleQueue()

        def submit(path: str, call: tuple[Any, ...]) -> None:
            future = executor.submit(*call)
            pending[future] = path
            future.add_done_callback(finished.put)

        try:
            while True:
                for path, _ in islice(waiting, max(0, most - len(pending))):
                    submit(path, _first(path, sizes[path], known, listen=listen))
                if not pending:
                    return
                future = finished.get()
                path = pending.pop(future)
                outcome = _outcome(future, path, sizes[path])
                if not isinstance(executor, Workers):
                    outcome = _as_seen_here(outcome, sizes[path])
                more = _second(outcome, known, listen=listen)
                if more is not None:
                    submit(path, more)
                    continue
                self._keep(outcome, known, tally)
                done += 1
                done_bytes += sizes[path].size
                if progress is not None:
                    progress(Progress(done, len(todo), done_bytes, total_bytes, path))
        finally:
            for future in pending:  # an executor that is not ours goes on to other work
                future.cancel()

    def _keep(self, outcome: analysis.Outcome, known: _Known, tally: _Tally) -> None:
        found = outcome.found
        if isinstance(found, Skipped):
            tally.skipped.append(found)
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
        seen: set[str],
        known: _Known,
        tally: _Tally,
        *,
        prune: bool,
    ) -> tuple[int, int]:
        """Tell what moved from what vanished; returns the counts."""
        blocked = [skipped.path for skipped in tally.skipped]  # what is inside is not known
        gone = {
            path: identity
            for path, (_, identity, _) in known.files.items()
            if path not in seen and _lies_in_any(path, roots) and not _lies_in_any(path, blocked)
        }
        arrived = set(tally.new.values())
        newly = {path: identity for path, identity in gone.items() if not known.files[path][2]}
        moved = sum(identity in set(newly.values()) for identity in tally.new.values())
        vanished = [path for path, identity in gone.items() if identity not in arrived]
        self._cache.forget(
            path for path in known.skipped if path not in seen and _lies_in_any(path, roots)
        )
        # Where music has been is kept too: a playlist may still lead there.
        if prune:
            self._cache.forget(gone)
        else:
            self._cache.set_missing(gone, missing=True)
        return moved, len(vanished if prune else set(vanished) & set(newly))


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
    if outcome.features is None and found.identity not in known.measured:
        return analysis.analyse, found.path, listen
    if listen and outcome.heard is None and found.identity not in known.heard:
        return analysis.listen, found.path
    return None


def _outcome(future: "Future[analysis.Outcome]", path: str, before: Stat) -> analysis.Outcome:
    try:
        return future.result()
    except WorkerLost as loss:
        return analysis.Outcome(analysis.REFUSED, Skipped(path, f"the decoder {loss}"))
    except WorkerDied as death:
        return analysis.Outcome(before, Skipped(path, f"the decoder {death}"))


def _as_seen_here(outcome: analysis.Outcome, here: Stat) -> analysis.Outcome:
    """Take what another machine found only if it is of the file that is here.

    Machines may disagree about times, in the last digits or wholly, and about what lies at a path.
    """
    if outcome.stat == analysis.REFUSED:
        return outcome
    if outcome.stat.size != here.size:
        reason = "it has just changed, or is not the same file where it was decoded; scan again"
        return analysis.Outcome(analysis.REFUSED, Skipped(outcome.found.path, reason))
    found = outcome.found
    if isinstance(found, File):
        found = replace(found, stat=here)
    return replace(outcome, stat=here, found=found)


Row = tuple[File, Features, Mark, Heard | None]


def _scored(rows: Sequence[Row]) -> list[Track]:
    contours = energy.contours([features.steps for _, features, _, _ in rows])
    return [_track(*row, contour) for row, contour in zip(rows, contours, strict=True)]


def _track(
    file: File, features: Features, mark: Mark, heard: Heard | None, contour: energy.Contour
) -> Track:
    level = energy.overall(contour)
    if mark.energy is not None:
        contour = np.clip(contour + np.float32(mark.energy - level), 0.0, 1.0)
        level = mark.energy
    return Track(
        path=file.path,
        identity=file.identity,
        tags=file.tags,
        features=features,
        energy=level,
        contour=contour,
        vocals=voice.judge(file.tags, mark, heard).vocals,
        mark=mark,
        missing=file.missing,
        heard=heard,
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
