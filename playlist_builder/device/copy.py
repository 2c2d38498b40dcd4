"""A session's tracks copied into one folder, such as a stick or the card of a phone.

A session and a folder go in, a `CopyReport` comes out. Each file is read back and compared before
it gets its name. A second run copies only what is missing, and never replaces a file of the user's:
what it wrote itself it knows by records that it signed.
"""

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
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal

from playlist_builder import checked
from playlist_builder.arranger.trims import is_part
from playlist_builder.device import plan, silent, transcode
from playlist_builder.device.folder import (
    FileRecord,
    TargetFolder,
    hash_of,
    make_folder,
    open_folder,
    own_key,
    write_verified,
)
from playlist_builder.device.level import SessionGains, session_gains
from playlist_builder.errors import (
    AudioError,
    CopyError,
    PlaylistBuilderError,
    describe_exception,
    system_reason,
)
from playlist_builder.files import filenames
from playlist_builder.files.atomic import replace_bytes
from playlist_builder.files.system import locked, sync_folder
from playlist_builder.language.notices import Notice
from playlist_builder.language.translation import Phrase
from playlist_builder.library.library import user_path
from playlist_builder.library.scan.processes import WorkerDied, Workers
from playlist_builder.models import FileProgress, Session, Skipped, Slot
from playlist_builder.playlists import formats

PENDING_LIMIT = 16  # most conversions that are running, queued, or done and not yet copied
KEY_NAME = "copies.key"  # beside the user's library
State = Literal["copied", "converted", "kept"]


@dataclass(frozen=True, slots=True)
class CopiedTrack:
    """One track in the folder; `number` counts from 1, and a `kept` one was there already.

    A planned silence has no `source`.
    """

    number: int
    source: str
    path: str
    bytes: int
    hash: str
    state: State
    gain_db: float | None = None  # where it is levelled: in its samples, or in its tags
    in_samples: bool = False


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What a copy did; `renamed` maps names that the user's files have to those chosen instead.

    `loudness_lufs` is that of the whole where it is levelled; `heard` tells of rises of loudness
    that are heard all the same, and `held_down` of tracks whose peaks keep the whole soft.
    """

    playlist: str
    files: Sequence[CopiedTrack]
    skipped: Sequence[Skipped] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    leftover: Sequence[str] = ()  # files of earlier copies that are not part of this session
    removed: Sequence[str] = ()  # such files that were removed
    loudness_lufs: float | None = None
    heard: Sequence[Notice] = ()
    held_down: Notice | None = None


@checked.takes(session=checked.a(Session), folder=checked.path)
def copy_session(  # noqa: PLR0913 - each option of the command line is one of these
    session: Session,
    folder: str | os.PathLike[str],
    *,
    name: str,
    form: str | None = None,
    levels: plan.Levels = "",
    as_album: bool = False,
    replace_earlier: bool = False,
    jobs: int | None = None,
    executor: Executor | None = None,
    progress: Callable[[FileProgress], None] | None = None,
    on_wait: Callable[[], None] | None = None,
) -> CopyReport:
    """Copy the tracks of a session, and its playlist `name`.m3u8, into a folder.

    Of a track that plays in part that part is written, which fades in and out where it is cut. A
    planned silence is a track of its own, numbered as the others.

    With a `form` (a key of `encode.TRACK_FORMS`) tracks in other encodings are converted, by `jobs`
    processes or by `executor`. A track that cannot be converted is skipped, and left out of the
    playlist.

    With `levels` they follow the arc of loudness that the session plans: copies by their tags, what
    is converted by its samples. That is what has no tag for a gain, or would begin or rise too
    suddenly with one for the whole track; with "samples" it is every track. MP3s that are converted
    are tracks of one album if `as_album`.

    With `replace_earlier` files of earlier copies that are not part of this session are removed at
    the end, unless they were changed since. `on_wait` is called where another copy into the folder
    has to be waited for.

    Raises `CopyError` where a track is missing, and where the folder cannot be used or is too full;
    then nothing is copied.
    """
    plan.check_all_exist([*session.slots, *session.tail])
    path = make_folder(Path(folder).absolute())
    # Another copy into it is waited for.
    with locked(path, on_wait), silent.as_tracks(session, form) as whole:
        slots = [*whole.slots, *whole.tail]
        target = open_folder(path, own_key(user_path().with_name(KEY_NAME)))
        forms, skipped = plan.forms_of(slots, form, levels=levels)
        sizes = {slot.path: plan.size_of(slot.path) for slot in slots}
        total_bytes, done_bytes = sum(sizes.values()) * (2 if levels else 1), 0
        done: dict[int, CopiedTrack] = {}
        gains: SessionGains | None = None

        def tell(slot: Slot) -> None:
            nonlocal done_bytes
            done_bytes += sizes[slot.path]
            if progress is not None:
                ended = len(done) + len(skipped)
                progress(FileProgress(ended, len(slots), done_bytes, total_bytes, slot.path))

        with _executor(len(forms), jobs, executor) as pool:
            if levels and forms:
                mute = {n for n, slot in enumerate(slots, 1) if slot.identity == silent.IDENTITY}
                heard = {n: forms[n] for n in forms if n not in mute}
                gains = session_gains(whole, heard, form, pool, tell)
                skipped += gains.skipped
                forms = {
                    n: gains.forms.get(n, forms[n]) for n in forms if n in mute | gains.forms.keys()
                }
            by_number = gains.by_number if gains else {}
            items = plan.plan_items(target, slots, forms, by_number, name if as_album else None)
            plan.check_space(target.path, items, form)
            for item, outcome in _copy_items(target, items, pool):
                if isinstance(outcome, Skipped):
                    skipped.append(outcome)
                else:
                    done[item.number] = outcome
                tell(item.slot)
        if not done:
            raise CopyError(
                "None of the tracks could be copied: {reason}.", reason=skipped[0].reason
            )
        playlist = _write_playlist(target, _in_folder(whole, done), name)
        current = {filenames.key(Path(each.path).name) for each in done.values()}
        others = target.names.keys() - current - {filenames.key(playlist.name)}
        leftover = sorted(name for name in target.records if filenames.key(name) in others)
        # What was skipped may be there from an earlier copy, and then it is the last good one.
        removed = target.remove_unchanged(leftover) if replace_earlier and not skipped else ()
        sync_folder(target.path)
        return CopyReport(
            playlist=os.fspath(playlist),
            files=tuple(done[number] for number in sorted(done)),
            skipped=tuple(skipped),
            renamed=target.renamed,
            leftover=tuple(name for name in leftover if name not in removed),
            removed=removed,
            loudness_lufs=gains.loudness_lufs if gains else None,
            heard=tuple(gains.heard) if gains else (),
            held_down=gains.held_down if gains else None,
        )


def _copy_items(
    target: TargetFolder, items: Sequence[plan.CopyItem], pool: Executor
) -> Iterator[tuple[plan.CopyItem, CopiedTrack | Skipped]]:
    """Yield each track when it is done; one file is written at a time, as sticks are slow."""
    for item in items:
        if item.kept is not None:
            if item.name in target.records:  # else the user put it there
                target.records[item.name] = item.kept
            yield item, _report_copied(target, item, item.kept, "kept")
    todo = [item for item in items if item.kept is None]
    with tempfile.TemporaryDirectory(prefix="playlist-builder-") as folder:
        waiting = iter([item for item in todo if item.form])
        running: dict[Future[float], tuple[plan.CopyItem, str]] = {}

        def fill() -> None:
            """Keep the processes busy, but not so far ahead that converted files fill the disk."""
            for item in islice(waiting, PENDING_LIMIT - len(running)):
                made = f"{folder}/{item.number}.{item.form}"
                running[pool.submit(_conversion(item, made))] = item, made

        fill()
        for item in todo:
            if not item.form:
                yield item, _copied(target, item, f"{folder}/{item.number}{Path(item.name).suffix}")
        while running:
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                item, made = running.pop(future)
                fill()
                yield item, _finish_conversion(target, item, future, made)


def _conversion(item: plan.CopyItem, made: str) -> Callable[[], float]:
    own = item.slot
    task = partial(transcode.convert, own.path, made, item.form)
    if is_part(own) or item.gain is not None or item.place is not None:
        task = partial(task, own.from_s, own.to_s, gain=item.gain, place=item.place)
    return task


def _copied(target: TargetFolder, item: plan.CopyItem, made: str) -> CopiedTrack | Skipped:
    """Copy a file as it is, but for its gain; `made` is where one with a gain is put together."""
    path = content = item.slot.path
    if item.gain is not None:
        content = made
        try:
            transcode.tagged(path, made, item.gain)
        except OSError as error:
            return Skipped(path, Phrase("cannot be levelled: {why}", why=system_reason(error)))
    record = write_verified(target, item.name, content, path, item.recorded_form)
    return _report_copied(target, item, record, "copied")


def _finish_conversion(
    target: TargetFolder, item: plan.CopyItem, future: "Future[float]", made: str
) -> CopiedTrack | Skipped:
    try:
        future.result()
    except (AudioError, WorkerDied) as error:
        return Skipped(item.slot.path, error.text)
    except (PlaylistBuilderError, BrokenExecutor, CancelledError):
        raise
    except Exception as error:  # noqa: BLE001 - one file does not cost the others
        return Skipped(
            item.slot.path,
            Phrase("cannot be converted: {strerror}", strerror=describe_exception(error)),
        )
    record = write_verified(target, item.name, made, item.slot.path, item.recorded_form)
    Path(made).unlink()
    return _report_copied(target, item, record, "converted")


@contextmanager
def _executor(count: int, jobs: int | None, executor: Executor | None) -> Iterator[Executor]:
    own = executor or Workers(max(1, min(jobs or os.cpu_count() or 1, count)))
    try:
        yield own
    finally:
        if executor is None:
            own.shutdown(cancel_futures=True)


def _report_copied(
    target: TargetFolder, item: plan.CopyItem, record: FileRecord, state: State
) -> CopiedTrack:
    path = os.fspath(target.path / item.name)
    source = "" if item.slot.identity == silent.IDENTITY else item.slot.path
    gain_db = None if item.gain is None else round(item.gain.gain_db, 2)
    return CopiedTrack(
        *(item.number, source, path, record.size, record.hash, state),
        gain_db=gain_db,
        in_samples=item.gain is not None and bool(item.form),
    )


def _in_folder(session: Session, done: Mapping[int, CopiedTrack]) -> Session:
    """Return the session with the paths in the folder, without the skipped tracks."""
    count = len(session.slots)

    def placed(slots: Sequence[Slot], first: int) -> tuple[Slot, ...]:
        return tuple(
            # What players show for a track without a title is the name of its own file.
            # A part of a track is the whole of its file there.
            replace(
                slot,
                path=done[number].path,
                title=plan.title_of(slot),
                from_s=None,
                to_s=None,
            )
            for number, slot in enumerate(slots, start=first)
            if number in done
        )

    return replace(
        session, slots=placed(session.slots, 1), tail=placed(session.tail, count + 1), request=None
    )


def _write_playlist(target: TargetFolder, session: Session, name: str) -> Path:
    """Write the playlist next to its tracks and return its path; one of the user's is kept."""
    text = formats.render_text(session, ".m3u8", folder=os.fspath(target.path), name=name).encode()
    wanted = filenames.safe(name, ".m3u8")
    for chosen, found in target.possible_names(wanted):
        path = target.path / (found or chosen)
        record = target.records.get(found or "")
        if found is None or (
            path.is_file()
            and not path.is_symlink()
            and (path.read_bytes() == text or (record and hash_of(path) == record.hash))
        ):
            break
    if path.name != wanted and filenames.key(path.name) != filenames.key(wanted):
        target.renamed[wanted] = path.name
    try:
        replace_bytes(path, text, through_links=False)
        target.add(path.name, FileRecord("", "", len(text), hash_of(path), path.stat().st_mtime))
    except OSError as error:
        raise CopyError(
            "Cannot write {path!r}: {strerror}.", path=str(path), strerror=system_reason(error)
        ) from error
    return path
