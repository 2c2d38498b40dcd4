"""Folders into the library file: what has to be read, and what is kept of it.

Scanning asks the cheap question first. A file whose size and time are known is not opened. One
that is new or changed is read without decoding, and its music recognised by the hash of its audio
packets, so that moving, renaming or retagging costs no decoding. Only unknown music is decoded,
by processes that never touch the library file; every result is committed as it comes.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from playlist_builder import checked
from playlist_builder.errors import LibraryError
from playlist_builder.files.system import is_within
from playlist_builder.language.translation import Phrase
from playlist_builder.library.database import Database
from playlist_builder.library.scan.dispatch import Known, read_files
from playlist_builder.library.scan.file_state import UNREADABLE_STAT, FileResult
from playlist_builder.library.scan.processes import Workers
from playlist_builder.library.scan.walk import walk
from playlist_builder.models import File, FileProgress, Skipped, Stat
from playlist_builder.networks import music
from playlist_builder.vocals import detector

PENDING_PER_JOB = 4
FOREIGN_JOBS = 250  # calls that an executor runs at once, if nobody says: enough for a cluster


NOT_ASKED = Phrase("not asked for")


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a scan did: counts of paths, and every path that is not a track with the reason.

    `retagged` are known paths whose tags changed, `copied` are new paths of known music that is
    still at its old place as well. None of these, nor `moved`, was decoded. `vocals_analysed`
    and `embeddings_analysed` count known music that was decoded for its voices or embedding alone,
    or for both; `albums` are files read now that hold several tracks by a CUE sheet, with how many;
    `vocals_skipped` and `embedding_skipped` are the reasons why no music was analysed
    for these, empty where it was.
    """

    analysed: int = 0
    unchanged: int = 0
    moved: int = 0
    retagged: int = 0
    copied: int = 0
    removed: int = 0
    vocals_analysed: int = 0
    vocals_skipped: str = ""
    embeddings_analysed: int = 0
    embedding_skipped: str = ""
    skipped: Sequence[Skipped] = ()
    albums: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Findings:
    counts: Counter[str] = field(default_factory=Counter)
    new: dict[str, str] = field(default_factory=dict)  # path to identity, not decoded
    skipped: list[Skipped] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)  # folders
    albums: dict[str, int] = field(default_factory=dict)  # path to tracks by its CUE sheet


@dataclass(frozen=True, slots=True)
class FileScanned:
    """A file that a scan has read and kept: how far the scan is, and why it is no track if so."""

    progress: FileProgress
    skipped: Skipped | None = None


ScanEvent = FileScanned | ScanReport


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """How a scan works; `Library.scan` describes each of these.

    Raises RequestError for a value that cannot be meant.
    """

    jobs: int | None = None
    executor: Executor | None = None
    vocals: bool = True
    embedding: bool = True
    prune: bool = False

    def __post_init__(self) -> None:
        """Raise RequestError for a value that cannot be meant."""
        if self.jobs is not None:
            checked.whole("jobs", self.jobs, 1)
        if self.executor is not None and not hasattr(self.executor, "submit"):
            wanted = Phrase("an Executor of concurrent.futures")
            raise checked.wrong("executor", wanted, self.executor)
        for name in ("vocals", "embedding", "prune"):
            checked.flag(name, getattr(self, name))


AS_USUAL = ScanSettings()


def scan(
    database: Database,
    roots: Sequence[str],
    settings: ScanSettings,
    progress: Callable[[FileProgress], None] | None = None,
) -> ScanReport:
    """Bring a library file up to date as `scan_events` does, all at once."""
    with closing(scan_events(database, roots, settings)) as events:
        for event in events:
            if isinstance(event, ScanReport):
                return event
            if progress is not None:
                progress(event.progress)
    raise AssertionError("a scan ends with its report")


def scan_events(
    database: Database, roots: Sequence[str], settings: ScanSettings
) -> Generator[ScanEvent, None, None]:
    """Bring a library file up to date with folders and files that exist, absolute paths.

    Yields each file that was read, once it is kept, and at last the report. Where it is closed
    before, the workers end and what was kept stays; what has vanished is then not noted. Raises
    `LibraryError` where the executor breaks.
    """
    began = time.monotonic()
    vocals_skipped = detector.model_error() if settings.vocals else NOT_ASKED
    embedding_skipped = music.model_error() if settings.embedding else NOT_ASKED
    settings = replace(settings, vocals=not vocals_skipped, embedding=not embedding_skipped)
    known = Known(
        database.files(),
        database.skipped(),
        database.identities(),
        database.detected_identities(),
        database.embedded_identities(),
    )
    findings = _Findings()
    complete = known.complete(vocals=settings.vocals, embedding=settings.embedding)
    changed, unseen = _changed(database, roots, known, findings, complete)
    if changed:
        yield from _read(database, changed, known, findings, settings)
    moved, removed = _update_missing(database, roots, unseen, known, findings, prune=settings.prune)
    yield ScanReport(
        **findings.counts,
        moved=moved,
        copied=len(findings.new) - moved,
        removed=removed,
        vocals_skipped=vocals_skipped,
        embedding_skipped=embedding_skipped,
        skipped=tuple(sorted(findings.skipped, key=lambda skipped: skipped.path)),
        albums=dict(sorted(findings.albums.items())),
        seconds=time.monotonic() - began,
    )


def _read(
    database: Database,
    changed: Sequence[tuple[str, Stat]],
    known: Known,
    findings: _Findings,
    settings: ScanSettings,
) -> Iterator[FileScanned]:
    """Read and keep files, by workers that end with this."""
    known.headers.update(database.headers())
    jobs, cores = settings.jobs, os.cpu_count() or 1
    if settings.executor is None:
        jobs = min(jobs or cores, len(changed))
    own = settings.executor or Workers(jobs or cores)
    results = read_files(
        own,
        changed,
        known,
        vocals=settings.vocals,
        embedding=settings.embedding,
        max_pending=PENDING_PER_JOB * (jobs or FOREIGN_JOBS),
        jobs=jobs or FOREIGN_JOBS,
    )
    try:
        with closing(results):
            for result, done in results:
                _store(database, result, known, findings)
                yield FileScanned(done, result.found if isinstance(result.found, Skipped) else None)
    except (BrokenExecutor, CancelledError) as error:
        raise LibraryError(
            "The executor broke or was shut down, as a pool of processes does where a file"
            " crashes one of them. What was scanned is kept; scan without it, and such a file"
            " is skipped."
        ) from error
    finally:
        if settings.executor is None:
            own.shutdown(cancel_futures=True)


def _changed(
    database: Database,
    roots: Sequence[str],
    known: Known,
    findings: _Findings,
    complete: Collection[str],
) -> tuple[list[tuple[str, Stat]], set[str]]:
    """Return what has to be opened, and the known paths that were not met.

    Of `complete` recordings nothing is left to be read while their files are unchanged.
    """
    changed: list[tuple[str, Stat]] = []
    back: list[str] = []
    left, met, unchanged = dict(known.files), set(), 0
    for path, found in walk(roots):
        if found is None:
            findings.empty.append(path)
            continue
        # taken out as it is met; by links and roots within each other a path may come again
        before = left.pop(path, None) or known.files.get(path)
        if before is not None and before[0] == found and before[1] in complete and not before[2]:
            unchanged += 1
            continue
        met.add(path)
        if before is not None and before[2]:
            back.append(path)
        if isinstance(found, Skipped):
            findings.skipped.append(found)
        elif before is not None and before[0] == found and before[1] in complete:
            unchanged += 1
        elif path in known.skipped and known.skipped[path][0] == found:
            findings.skipped.append(Skipped(path, known.skipped[path][1]))
        else:
            changed.append((path, found))
    findings.counts["unchanged"] = unchanged
    database.set_missing(back, missing=False)
    return changed, left.keys() | (known.skipped.keys() - met)


def _store(database: Database, result: FileResult, known: Known, findings: _Findings) -> None:
    found = result.found
    if isinstance(found, Skipped):
        findings.skipped.append(found)
        if result.stat != UNREADABLE_STAT:  # what could not be opened may be as it was
            database.store_skipped(found, result.stat)
        return
    database.store(found, result.measured)
    if result.heard is not None:
        database.store_detection(found.identity, result.heard)
        known.detected.add(found.identity)
    if result.embedding is not None:
        database.store_embedding(found.identity, result.embedding)
        known.embedded.add(found.identity)
    if result.measured is not None:
        known.measured.add(found.identity)
        if result.header is not None:
            known.headers[found.identity] = result.header
    _note(result, found, known, findings)


def _note(result: FileResult, found: File, known: Known, findings: _Findings) -> None:
    """Note for the report what a file that was read has brought."""
    if found.tags.cue_tracks > 1:
        findings.albums[found.path] = found.tags.cue_tracks
    if result.measured is not None:
        findings.counts["analysed"] += 1
        return
    if result.heard is not None or result.embedding is not None:
        findings.counts["vocals_analysed"] += result.heard is not None
        findings.counts["embeddings_analysed"] += result.embedding is not None
    elif found.path in known.files:
        findings.counts["retagged"] += 1
    if found.path not in known.files:
        findings.new[found.path] = found.identity


def _update_missing(  # noqa: PLR0913 - the state of one scan
    database: Database,
    roots: Sequence[str],
    unseen: set[str],
    known: Known,
    findings: _Findings,
    *,
    prune: bool,
) -> tuple[int, int]:
    """Return how many paths moved and how many vanished, after noting it in the library."""
    unreadable = [skipped.path for skipped in findings.skipped]  # what is inside is not known
    scanned = (path for path in unseen if _is_within_any(path, roots))
    lost = {path for path in scanned if not _is_within_any(path, unreadable)}
    gone = {path: known.files[path][1] for path in lost if path in known.files}
    arrived = set(findings.new.values())
    newly = {path: identity for path, identity in gone.items() if not known.files[path][2]}
    left = set(newly.values())
    moved = sum(identity in left for identity in findings.new.values())
    vanished = {path for path, identity in gone.items() if identity not in arrived}
    # Where music has been is kept too: a playlist may still lead there.
    counted = vanished if prune else vanished & newly.keys()
    unplugged = _unplugged(counted, findings)
    kept = unplugged if prune else gone.keys()
    database.set_missing(kept - (gone.keys() - newly.keys()), missing=True)
    database.forget(lost - kept)
    return moved, len(counted)


def _unplugged(vanished: Collection[str], findings: _Findings) -> set[str]:
    """Return what lay below folders that are empty now, after adding each to what was skipped.

    That is what a drive or share looks like that is not connected.
    """
    empty = set(findings.empty)
    below: dict[str, set[str]] = {}
    for path in vanished:
        folder = next((each for each in map(str, Path(path).parents) if each in empty), None)
        if folder is not None:
            below.setdefault(folder, set()).add(path)
    for folder, paths in below.items():
        reason = Phrase(
            "empty; its {count} known files are noted as missing, not forgotten. Is the drive"
            " connected?",
            count=len(paths),
        )
        findings.skipped.append(Skipped(folder, reason))
    return set().union(*below.values())


def _is_within_any(path: str, folders: Iterable[str]) -> bool:
    return any(is_within(path, folder) for folder in folders)
