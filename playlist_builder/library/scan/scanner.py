"""Folders into the library file: what a scan asks of which file, and what it makes of the answer.

Scanning asks the cheap question first. A file whose size and time are known is not opened. One
that is new or changed is read without decoding, and its music recognised by the hash of its audio
packets, so that moving, renaming or retagging costs no decoding. Only unknown music is decoded,
by processes that never touch the library file; every result is committed as it comes.
"""

import os
import time
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from queue import SimpleQueue
from typing import Any

from playlist_builder.errors import LibraryError, PlaylistBuilderError, describe_exception
from playlist_builder.library.database import Cache
from playlist_builder.library.scan.file_state import REFUSED, Outcome
from playlist_builder.library.scan.processes import WorkerDied, WorkerLost, Workers
from playlist_builder.library.scan.walk import walk
from playlist_builder.models import File, Skipped, Stat
from playlist_builder.vocals import detector

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
class _Known:
    """What the library file held when a scan began; the sets grow with what it decodes."""

    files: dict[str, tuple[tuple[int, int], str, bool]]  # path to stat, identity, whether missing
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


def scan(  # noqa: PLR0913 - each is an option of `Library.scan`, which describes them
    cache: Cache,
    roots: Sequence[str],
    *,
    jobs: int | None,
    executor: Executor | None,
    vocals: bool,
    prune: bool,
    progress: Callable[[Progress], None] | None,
) -> ScanReport:
    """Bring a library file up to date with folders and files that exist, absolute paths.

    Raises `LibraryError` where the executor breaks.
    """
    began = time.monotonic()
    deaf = detector.problem() if vocals else "not asked for"
    known = _Known(
        cache.files(),
        cache.skipped(),
        cache.identities(),
        cache.heard_identities(),
    )
    tally = _Tally()
    todo, unseen = _todo(cache, roots, known, tally, listen=not deaf)
    if todo:
        if executor is None:
            jobs = min(jobs or _cores(), len(todo))
        own = executor or Workers(jobs or _cores())
        most = PENDING_PER_JOB * (jobs or JOBS_ELSEWHERE)
        try:
            with closing(_work(own, todo, known, listen=not deaf, most=most)) as work:
                for done in work:
                    _keep(cache, done.outcome, known, tally)
                    if progress is not None:
                        progress(done.progress)
        except (BrokenExecutor, CancelledError) as error:
            raise LibraryError(
                "The executor broke or was shut down, as a pool of processes does where a file"
                " crashes one of them. What was scanned is kept; scan without it, and such a file"
                " is skipped."
            ) from error
        finally:
            if executor is None:
                own.shutdown(cancel_futures=True)
    moved, removed = _settle(cache, roots, unseen, known, tally, prune=prune)
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


def _todo(
    cache: Cache, roots: Sequence[str], known: _Known, tally: _Tally, *, listen: bool
) -> tuple[list[tuple[str, Stat]], set[str]]:
    """Return what has to be opened, and the known paths that were not met."""
    todo: list[tuple[str, Stat]] = []
    complete = known.measured & known.heard if listen else known.measured
    back: list[str] = []
    left, met = dict(known.files), set()
    for path, found in walk(roots):
        if found is None:
            tally.empty.append(path)
            continue
        # taken out as it is met; by links and roots within each other a path may come again
        before = left.pop(path, None) or known.files.get(path)
        if before is not None and before[0] == found and before[1] in complete and not before[2]:
            tally.unchanged += 1
            continue
        met.add(path)
        if before is not None and before[2]:
            back.append(path)
        if isinstance(found, Skipped):
            tally.skipped.append(found)
        elif before is not None and before[0] == found and before[1] in complete:
            tally.unchanged += 1
        elif path in known.skipped and known.skipped[path][0] == found:
            tally.skipped.append(Skipped(path, known.skipped[path][1]))
        else:
            todo.append((path, found))
    cache.set_missing(back, missing=False)
    return todo, left.keys() | (known.skipped.keys() - met)


@dataclass(frozen=True, slots=True)
class _Done:
    outcome: Outcome
    progress: Progress


def _work(
    executor: Executor,
    todo: list[tuple[str, Stat]],
    known: _Known,
    *,
    listen: bool,
    most: int,
) -> Generator[_Done, None, None]:
    """Have every path read, the largest first, so that no core waits at the end.

    At `most` so many calls are submitted at a time.
    """
    todo.sort(key=lambda item: (-item[1].size, item[0]))
    sizes = dict(todo)
    total_bytes = sum(found.size for found in sizes.values())
    done = done_bytes = 0
    waiting = iter(todo)
    pending: dict[Future[Outcome], tuple[str, tuple[Any, ...]]] = {}
    finished: SimpleQueue[Future[Outcome]] = SimpleQueue()

    def submit(path: str, call: tuple[Any, ...]) -> None:
        future = _submitted(executor, call)
        pending[future] = path, call
        future.add_done_callback(finished.put)

    try:
        while True:
            for path, _ in islice(waiting, max(0, most - len(pending))):
                submit(path, _first(path, sizes[path], known, listen=listen))
            if not pending:
                return
            future = finished.get()
            path, call = pending.pop(future)
            outcome = _outcome(future, path, sizes[path])
            if not isinstance(executor, Workers):
                outcome = _as_seen_here(outcome, sizes[path])
            more = _second(outcome, known, listen=listen)
            if more == call:  # what did not come of it once will not come of it again
                outcome = Outcome(REFUSED, Skipped(path, "could not be read: nothing came of it"))
            elif more is not None:
                submit(path, more)
                continue
            done += 1
            done_bytes += sizes[path].size
            yield _Done(outcome, Progress(done, len(todo), done_bytes, total_bytes, path))
    finally:
        for future in pending:  # an executor that is not ours goes on to other work
            future.cancel()


def _submitted(executor: Executor, call: tuple[Any, ...]) -> Future[Outcome]:
    try:
        future: Future[Outcome] = executor.submit(*call)
    except PlaylistBuilderError:
        raise
    except Exception as error:  # such as that it was shut down
        raise BrokenExecutor(str(error)) from error
    return future


def _keep(cache: Cache, outcome: Outcome, known: _Known, tally: _Tally) -> None:
    found = outcome.found
    if isinstance(found, Skipped):
        tally.skipped.append(found)
        if outcome.stat != REFUSED:  # what could not be opened may be as it was
            cache.store_skipped(found, outcome.stat)
        return
    cache.store(found, outcome.measured)
    if outcome.heard is not None:
        cache.store_heard(found.identity, outcome.heard)
        known.heard.add(found.identity)
    if outcome.measured is not None:
        known.measured.add(found.identity)
        tally.analysed += 1
    elif outcome.heard is not None:
        tally.listened += 1
    elif found.path in known.files:
        tally.retagged += 1
    if outcome.measured is None and found.path not in known.files:
        tally.new[found.path] = found.identity


def _settle(  # noqa: PLR0913 - the state of one scan
    cache: Cache,
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
    cache.set_missing(kept - (gone.keys() - newly.keys()), missing=True)
    cache.forget(lost - kept)
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
    from playlist_builder.library.scan import analyse_file  # noqa: PLC0415 - the decoder, which not every scan needs

    if not known.measured:
        return analyse_file.analyse, path, listen
    file = known.files.get(path)
    same = file is not None and file[0] == stat_
    if file is not None and same and file[1] in known.measured and file[1] not in known.heard:
        return analyse_file.listen, path  # nothing else can be missing
    return analyse_file.identify, path


def _second(outcome: Outcome, known: _Known, *, listen: bool) -> tuple[Any, ...] | None:
    """Return the call that finds what is still missing, if anything is."""
    from playlist_builder.library.scan import analyse_file  # noqa: PLC0415 - the decoder, which not every scan needs

    found = outcome.found
    if isinstance(found, Skipped):
        return None
    # A second file of the same music that is met meanwhile is decoded as well: the first may fail.
    if outcome.measured is None and found.identity not in known.measured:
        return analyse_file.analyse, found.path, listen
    if listen and outcome.heard is None and found.identity not in known.heard:
        return analyse_file.listen, found.path
    return None


def _outcome(future: Future[Outcome], path: str, before: Stat) -> Outcome:
    try:
        outcome = future.result()
    except WorkerLost as loss:
        return Outcome(REFUSED, Skipped(path, f"the decoder {loss}"))
    except WorkerDied as death:
        return Outcome(before, Skipped(path, f"the decoder {death}"))
    except (BrokenExecutor, CancelledError, PlaylistBuilderError):
        raise
    except Exception as error:  # noqa: BLE001 - one file must not cost all others
        return Outcome(REFUSED, Skipped(path, f"could not be read: {describe_exception(error)}"))
    if not isinstance(outcome, Outcome) or outcome.found.path != path:
        return Outcome(REFUSED, Skipped(path, "could not be read: something else came of it"))
    return outcome


def _as_seen_here(outcome: Outcome, here: Stat) -> Outcome:
    """Take what another machine found only if it is of the file that is here.

    Machines may disagree about times, in the last digits or wholly, and about what lies at a path.
    """
    if outcome.stat == REFUSED:
        return outcome
    if outcome.stat.size != here.size:
        reason = "it has just changed, or is not the same file where it was decoded; scan again"
        return Outcome(REFUSED, Skipped(outcome.found.path, reason))
    found = outcome.found
    if isinstance(found, File):
        found = replace(found, stat=here)
    return replace(outcome, stat=here, found=found)


def _lies_in_any(path: str, folders: Iterable[str]) -> bool:
    return any(
        path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders
    )


def _cores() -> int:
    return os.cpu_count() or 1
