"""A session's tracks copied into one folder, such as a stick or the card of a phone.

Each file is written beside its place, read back and compared, and only then renamed; a note of
what was written stays in the folder (`NOTES`). So a second run knows what is there already, and
tells files of its own from the user's: those are never replaced, another name is chosen.

Where a file of that name holds something else, it is ours if the notes know its content, or if it
has the time at which we wrote it: then it is outdated or has decayed, and is written anew.
"""

import hashlib
import json
import os
import shutil
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
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Literal

from playlist_builder import filenames
from playlist_builder.atomic import beside, is_left_over, replace_bytes
from playlist_builder.device import transcode
from playlist_builder.errors import AudioError, CopyError, PlaylistBuilderError, in_one_line
from playlist_builder.library.library import Progress
from playlist_builder.library.scan.processes import WorkerDied, Workers
from playlist_builder.models import Session, Skipped, Slot
from playlist_builder.playlists import formats

NOTES = ".playlist-builder-copies.json"
"""What earlier copies wrote into a folder: names to sizes and hashes."""

NOTES_BYTES = 20_000_000
"""Above any notes: 100,000 files."""

PENDING = 16
"""Most conversions at a time that are running, waiting for a process, or done and not copied."""

CLUSTER_BYTES = 65_536
"""What a file system may round a file up to: FAT32 and exFAT on large sticks."""

SPARE_BYTES = 1_000_000
"""For the playlist, the notes and the folder itself."""

CLOCK_S = 2.0
"""FAT keeps times in steps of two seconds."""

_BLOCK_BYTES = 1 << 20
_TRIES = 1000
_MEGABYTE = 1_000_000

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


@dataclass(frozen=True, slots=True)
class _Note:
    """One file that we wrote: the hash of its source, how it was made, and what it was then."""

    source: str
    form: str
    size: int
    hash: str
    mtime_s: float


@dataclass(frozen=True, slots=True)
class _Item:
    """One track to be copied; `form` is empty where it is copied as it is."""

    number: int
    slot: Slot
    form: str
    name: str
    bytes: int
    kept: _Note | None


@dataclass(slots=True)
class _Folder:
    """The folder as it is: names by what is one name on a stick, and the notes."""

    path: Path
    there: dict[str, str]
    notes: dict[str, _Note]
    renamed: dict[str, str] = field(default_factory=dict)

    def write_notes(self) -> None:
        text = json.dumps(
            {"version": 1, "files": {name: asdict(note) for name, note in self.notes.items()}},
            indent=1,
        )
        replace_bytes(self.path / NOTES, text.encode())

    def add(self, name: str, note: _Note) -> None:
        self.there[filenames.key(name)] = name
        self.notes[name] = note
        self.write_notes()


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

    With a `form` (a key of `transcode.FORMS`) what is not encoded so is converted, by `jobs`
    processes or by `executor`. A track that cannot be converted is skipped, and the playlist
    holds the others. Raises `CopyError` where a track is not there, and where the folder cannot
    be used or is too full; then nothing is copied.
    """
    slots = [*session.slots, *session.tail]
    _refuse_missing(slots)
    place = _opened(Path(folder).absolute())
    items, skipped = _planned(place, slots, form)
    _refuse_full(place.path, items, form)
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
    _settle(place.path)
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


def wanted_name(slot: Slot, number: int, count: int, suffix: str) -> str:
    """Return `01 - Artist - Title.ext`, safe everywhere; a track without a title has its file's."""
    digits = max(2, len(str(count)))
    title = _title(slot)
    parts = (f"{number:0{digits}}", slot.artist.strip(), title.strip())
    return filenames.safe(" - ".join(filter(None, parts)), suffix)


def _title(slot: Slot) -> str:
    return slot.title if slot.title.strip(" .") else Path(slot.path.replace("\\", "/")).stem


def _refuse_missing(slots: Sequence[Slot]) -> None:
    gone = [slot.path for slot in slots if not os.path.isfile(slot.path)]  # noqa: PTH113 - names
    if gone:
        others = f" and {len(gone) - 1} others are" if len(gone) > 1 else " is"
        raise CopyError(
            f"{gone[0]!r}{others} not there, so nothing was copied."
            " Look for them with 'playlist-builder check --fix SESSION'"
        )


def _opened(path: Path) -> _Folder:
    try:
        path.mkdir(parents=True, exist_ok=True)
        for each in path.iterdir():
            if is_left_over(each.name):
                each.unlink()
        there = {filenames.key(each.name): each.name for each in path.iterdir()}
    except OSError as error:
        raise CopyError(
            f"Cannot use folder {str(path)!r}: {error.strerror or error}. Choose another place"
        ) from error
    return _Folder(path, there, _read_notes(path / NOTES))


def _read_notes(path: Path) -> dict[str, _Note]:
    """Return the notes; where they are damaged, none: then what is there counts as the user's."""
    try:
        with path.open("rb") as file:
            files = json.loads(file.read(NOTES_BYTES))["files"]
        return {
            name: _Note(
                str(note["source"]),
                str(note["form"]),
                int(note["size"]),
                str(note["hash"]),
                float(note["mtime_s"]),
            )
            for name, note in files.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _planned(
    place: _Folder, slots: Sequence[Slot], form: str | None
) -> tuple[list[_Item], list[Skipped]]:
    """Give every track its name, and see which of them are there already."""
    items: list[_Item] = []
    skipped: list[Skipped] = []
    taken: set[str] = set()
    for number, slot in enumerate(slots, start=1):
        try:
            new_form = form if form and not transcode.is_already(slot.path, form) else ""
        except (AudioError, OSError) as error:
            skipped.append(Skipped(slot.path, str(error)))
            continue
        suffix = f".{new_form}" if new_form else Path(slot.path).suffix.lower()
        size = os.stat(slot.path).st_size  # noqa: PTH116 - names that need not be text
        wanted = wanted_name(slot, number, len(slots), suffix)
        name, kept = _free_name(place, wanted, slot.path, new_form, taken)
        taken.add(filenames.key(name))
        if new_form:
            size = transcode.size_estimate(size, slot.duration_s, new_form)
        items.append(_Item(number, slot, new_form, name, size, kept))
    return items, skipped


def _free_name(
    place: _Folder, wanted: str, source: str, form: str, taken: set[str]
) -> tuple[str, _Note | None]:
    """Return the name under which a track is there, with its note, or may be written."""
    for number in range(1, _TRIES):
        name = wanted if number == 1 else filenames.numbered(wanted, number)
        if filenames.key(name) in taken:
            continue
        found = place.there.get(filenames.key(name))
        if found is None:
            if number > 1:
                place.renamed[wanted] = name
            return name, None
        verdict = _verdict(place.path / found, place.notes.get(found), source, form)
        if verdict == "foreign":
            place.notes.pop(found, None)  # whatever it was, it is the user's now
        else:
            return found, verdict if isinstance(verdict, _Note) else None
    raise CopyError(f"{str(place.path)!r} holds {_TRIES} files named like {wanted!r}.")


def _verdict(
    path: Path, note: _Note | None, source: str, form: str
) -> _Note | Literal["ours", "foreign"]:
    """Tell whether a file is what is wanted (its note), ours to replace, or the user's."""
    if path.is_symlink() or not path.is_file():
        return "foreign"
    stat = path.stat()
    there = hash_of(path)
    wanted = hash_of(source)
    if not form and there == wanted:
        return _Note(wanted, "", stat.st_size, there, stat.st_mtime)
    if note is None:
        return "foreign"
    if there == note.hash:
        return note if form and (note.source, note.form) == (wanted, form) else "ours"
    return "ours" if abs(stat.st_mtime - note.mtime_s) <= CLOCK_S else "foreign"


def _refuse_full(path: Path, items: Sequence[_Item], form: str | None) -> None:
    needed = SPARE_BYTES + sum(
        -(-item.bytes // CLUSTER_BYTES) * CLUSTER_BYTES for item in items if item.kept is None
    )
    free = shutil.disk_usage(path).free
    if needed > free:
        raise CopyError(
            f"{str(path)!r} has {free / _MEGABYTE:.0f} MB free, the tracks need"
            f" {needed / _MEGABYTE:.0f} MB. Make room"
            + ("" if form == "opus" else ", or convert them with --convert opus")
        )


def _carried_out(
    place: _Folder, items: Sequence[_Item], jobs: int | None, executor: Executor | None
) -> Iterator[tuple[_Item, Copied | Skipped]]:
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
        running: dict[Future[float], tuple[_Item, str]] = {}

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


def _converted(place: _Folder, item: _Item, future: "Future[float]", made: str) -> Copied | Skipped:
    try:
        future.result()
    except (AudioError, WorkerDied) as error:
        return Skipped(item.slot.path, str(error))
    except (PlaylistBuilderError, BrokenExecutor, CancelledError):
        raise
    except Exception as error:  # noqa: BLE001 - one file does not cost the others
        return Skipped(item.slot.path, f"cannot be converted: {in_one_line(error)}")
    note = _place(place, item, made)
    Path(made).unlink()
    return _copied(place, item, note, "converted")


@contextmanager
def _executor(
    items: Sequence[_Item], jobs: int | None, executor: Executor | None
) -> Iterator[Executor]:
    own = executor or Workers(max(1, min(jobs or os.cpu_count() or 1, len(items))))
    try:
        yield own
    finally:
        if executor is None:
            own.shutdown(cancel_futures=True)


def _place(place: _Folder, item: _Item, made: str) -> _Note:
    """Write `made` into the folder under the name of the item, read it back, and note it."""
    target = place.path / item.name
    try:
        with beside(target) as temporary:
            written = write(made, temporary)
            if hash_of(temporary, fresh=True) != written:
                raise CopyError(
                    f"{item.name!r} reads back otherwise than it was written, so it was not kept."
                    f" The medium of {str(place.path)!r} is failing; use another one"
                )
        stat = target.stat()
        source = written if not item.form else hash_of(item.slot.path)
        note = _Note(source, item.form, stat.st_size, written, stat.st_mtime)
        place.add(item.name, note)
    except OSError as error:
        raise CopyError(
            f"Cannot copy {item.slot.path!r} to {str(place.path)!r}: {error.strerror or error}."
            " What is there is kept; the same command goes on"
        ) from error
    return note


def write(source: str, target: Path) -> str:
    """Copy bytes and time; returns the hash of what was read."""
    digest = hashlib.blake2b(digest_size=16)
    with Path(source).open("rb") as old, target.open("xb") as new:
        while block := old.read(_BLOCK_BYTES):
            digest.update(block)
            new.write(block)
        new.flush()
        os.fsync(new.fileno())
        stat = os.fstat(old.fileno())
    with suppress(OSError):  # some phones do not let their clocks be set
        os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    return digest.hexdigest()


def hash_of(path: str | os.PathLike[str], *, fresh: bool = False) -> str:
    """Return the hash of a file; `fresh` reads it from the medium, not from memory, if it can."""
    with Path(path).open("rb") as file:
        if fresh and hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _copied(place: _Folder, item: _Item, note: _Note, state: State) -> Copied:
    path = os.fspath(place.path / item.name)
    return Copied(item.number, item.slot.path, path, note.size, note.hash, state)


def _moved(session: Session, done: Mapping[int, Copied]) -> Session:
    """Return the session as it lies in the folder, without what was skipped."""
    count = len(session.slots)

    def placed(slots: Sequence[Slot], first: int) -> tuple[Slot, ...]:
        return tuple(
            # What players show for a track without a title is the name of its own file.
            replace(slot, path=done[number].path, title=_title(slot))
            for number, slot in enumerate(slots, start=first)
            if number in done
        )

    return replace(
        session, slots=placed(session.slots, 1), tail=placed(session.tail, count + 1), request=None
    )


def _write_playlist(place: _Folder, session: Session, name: str) -> Path:
    """Write the playlist beside its tracks; one of the user's keeps its name."""
    text = formats.render_text(session, ".m3u8", folder=os.fspath(place.path), name=name).encode()
    hashed = hashlib.blake2b(text, digest_size=16).hexdigest()
    wanted = filenames.safe(name, ".m3u8")
    for number in range(1, _TRIES):
        chosen = wanted if number == 1 else filenames.numbered(wanted, number)
        found = place.there.get(filenames.key(chosen))
        target = place.path / (found or chosen)
        there = hash_of(target) if found and target.is_file() else ""
        note = place.notes.get(found or "")
        if found is None or there == hashed or (note is not None and there == note.hash):
            break
    else:
        raise CopyError(f"{str(place.path)!r} holds {_TRIES} files named like {wanted!r}.")
    if target.name != wanted and filenames.key(target.name) != filenames.key(wanted):
        place.renamed[wanted] = target.name
    try:
        replace_bytes(target, text)
        place.add(target.name, _Note("", "", len(text), hashed, target.stat().st_mtime))
    except OSError as error:
        raise CopyError(f"Cannot write {str(target)!r}: {error.strerror or error}.") from error
    return target


def _settle(path: Path) -> None:
    """Have the names reach the medium too, where the system knows how."""
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
