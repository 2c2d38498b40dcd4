"""A session's tracks copied into one folder, such as a stick or the card of a phone.

Each file is written beside its place, read back and compared, and only then renamed. A second run
copies only what is not there, and never replaces a file of the user's.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Literal

from playlist_builder import filenames
from playlist_builder.atomic import replace_bytes
from playlist_builder.device import folder as copy_folder
from playlist_builder.device import transcode
from playlist_builder.device.folder import Folder, Note
from playlist_builder.device.plan import TRIES, Item, planned, refuse_full, refuse_missing, title_of
from playlist_builder.errors import AudioError, CopyError, PlaylistBuilderError, describe_exception
from playlist_builder.library.library import Progress
from playlist_builder.library.scan.processes import WorkerDied, Workers
from playlist_builder.models import Session, Skipped, Slot
from playlist_builder.playlists import formats

PENDING = 16
"""Most conversions at a time that are running, waiting for a process, or done and not copied."""

State = Literal["copied", "converted", "kept"]


@dataclass(frozen=True, slots=True)
class Copied:
    """One track in its new place; `kept` was there already."""

    number: int
    source: str
    path: str
    bytes: int
    hash: str
    state: State


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What a copy did; `renamed` maps wanted names to those chosen beside files of the user."""

    playlist: str
    files: Sequence[Copied]
    skipped: Sequence[Skipped] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    leftover: Sequence[str] = ()
    """Names that earlier copies wrote and this session does not hold."""


def copy_session(  # noqa: PLR0913 - each option of the command line is one of these
    session: Session,
    folder: str | os.PathLike[str],
    *,
    name: str,
    form: str | None = None,
    jobs: int | None = None,
    executor: Executor | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> CopyReport:
    """Copy the tracks of a session, and its playlist `name`.m3u8, into a folder.

    With a `form` (a key of `encode.TRACK_FORMS`) what is not encoded so is converted, by `jobs`
    processes or by `executor`. A track that cannot be converted is skipped, and the playlist
    holds the others. Raises `CopyError` where a track is not there, and where the folder cannot
    be used or is too full; then nothing is copied.
    """
    slots = [*session.slots, *session.tail]
    refuse_missing(slots)
    place = copy_folder.opened(Path(folder).absolute())
    items, skipped = planned(place, slots, form)
    refuse_full(place.path, items, form)
    done: dict[int, Copied] = {}
    total_bytes = sum(item.bytes for item in items)
    done_bytes = 0
    for item, outcome in _carried_out(place, items, jobs, executor):
        if isinstance(outcome, Skipped):
            skipped.append(outcome)
        else:
            done[item.number] = outcome
        done_bytes += item.bytes
        if progress is not None:
            ended = len(done) + len(skipped)
            progress(Progress(ended, len(slots), done_bytes, total_bytes, item.slot.path))
    if not done:
        raise CopyError(f"None of the tracks could be copied: {skipped[0].reason}.")
    playlist = _write_playlist(place, _moved(session, done), name)
    ours = {filenames.key(os.path.basename(each.path)) for each in done.values()}  # noqa: PTH119
    ours.add(filenames.key(playlist.name))
    copy_folder.settle(place.path)
    return CopyReport(
        playlist=os.fspath(playlist),
        files=tuple(done[number] for number in sorted(done)),
        skipped=tuple(skipped),
        renamed=place.renamed,
        leftover=tuple(
            sorted(
                noted
                for noted in place.notes
                if filenames.key(noted) in place.there and filenames.key(noted) not in ours
            )
        ),
    )


def _carried_out(
    place: Folder, items: Sequence[Item], jobs: int | None, executor: Executor | None
) -> Iterator[tuple[Item, Copied | Skipped]]:
    """Copy and convert what is not there; one file at a time is written, as sticks like it."""
    for item in items:
        if item.kept is not None:
            if item.name in place.notes:  # else the user put it there, and it stays the user's
                place.notes[item.name] = item.kept
            yield item, _copied(place, item, item.kept, "kept")
    todo = [item for item in items if item.kept is None]
    with (
        tempfile.TemporaryDirectory(prefix="playlist-builder-") as folder,
        _executor([each for each in todo if each.form], jobs, executor) as pool,
    ):
        waiting = iter([item for item in todo if item.form])
        running: dict[Future[float], tuple[Item, str]] = {}

        def fill() -> None:
            """Keep the processes busy, but not so far ahead that a slow stick fills the disk."""
            for item in islice(waiting, PENDING - len(running)):
                made = f"{folder}/{item.number}.{item.form}"
                call = pool.submit(transcode.convert, item.slot.path, made, item.form)
                running[call] = item, made

        fill()
        for item in todo:
            if not item.form:
                note = _place(place, item, item.slot.path)
                yield item, _copied(place, item, note, "copied")
        while running:
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                item, made = running.pop(future)
                fill()
                yield item, _converted(place, item, future, made)


def _converted(place: Folder, item: Item, future: "Future[float]", made: str) -> Copied | Skipped:
    try:
        future.result()
    except (AudioError, WorkerDied) as error:
        return Skipped(item.slot.path, str(error))
    except (PlaylistBuilderError, BrokenExecutor, CancelledError):
        raise
    except Exception as error:  # noqa: BLE001 - one file does not cost the others
        return Skipped(item.slot.path, f"cannot be converted: {describe_exception(error)}")
    note = _place(place, item, made)
    Path(made).unlink()
    return _copied(place, item, note, "converted")


@contextmanager
def _executor(
    items: Sequence[Item], jobs: int | None, executor: Executor | None
) -> Iterator[Executor]:
    own = executor or Workers(max(1, min(jobs or os.cpu_count() or 1, len(items))))
    try:
        yield own
    finally:
        if executor is None:
            own.shutdown(cancel_futures=True)


def _place(place: Folder, item: Item, made: str) -> Note:
    return copy_folder.write_verified(place, item.name, made, item.slot.path, item.form)


def _copied(place: Folder, item: Item, note: Note, state: State) -> Copied:
    path = os.fspath(place.path / item.name)
    return Copied(item.number, item.slot.path, path, note.size, note.hash, state)


def _moved(session: Session, done: Mapping[int, Copied]) -> Session:
    """Return the session as it lies in the folder, without what was skipped."""
    count = len(session.slots)

    def placed(slots: Sequence[Slot], first: int) -> tuple[Slot, ...]:
        return tuple(
            # What players show for a track without a title is the name of its own file.
            replace(slot, path=done[number].path, title=title_of(slot))
            for number, slot in enumerate(slots, start=first)
            if number in done
        )

    return replace(
        session, slots=placed(session.slots, 1), tail=placed(session.tail, count + 1), request=None
    )


def _write_playlist(place: Folder, session: Session, name: str) -> Path:
    """Write the playlist beside its tracks; one of the user's keeps its name."""
    text = formats.render_text(session, ".m3u8", folder=os.fspath(place.path), name=name).encode()
    hashed = hashlib.blake2b(text, digest_size=16).hexdigest()
    wanted = filenames.safe(name, ".m3u8")
    for number in range(1, TRIES):
        chosen = wanted if number == 1 else filenames.numbered(wanted, number)
        found = place.there.get(filenames.key(chosen))
        target = place.path / (found or chosen)
        there = copy_folder.hash_of(target) if found and target.is_file() else ""
        note = place.notes.get(found or "")
        if found is None or there == hashed or (note is not None and there == note.hash):
            break
    else:
        raise CopyError(f"{str(place.path)!r} holds {TRIES} files named like {wanted!r}.")
    if target.name != wanted and filenames.key(target.name) != filenames.key(wanted):
        place.renamed[wanted] = target.name
    try:
        replace_bytes(target, text)
        place.add(target.name, Note("", "", len(text), hashed, target.stat().st_mtime))
    except OSError as error:
        raise CopyError(f"Cannot write {str(target)!r}: {error.strerror or error}.") from error
    return target
