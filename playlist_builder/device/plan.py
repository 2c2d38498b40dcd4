"""What a copy has to do: the name of each track in the folder, and which are there already.

Where another file has the name of a track, it is ours if its content is recorded, or its time is
that at which we wrote it: then it is outdated or damaged, and is written again. A file of the
user's is never replaced; another name is chosen.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Literal

import numpy as np

from playlist_builder.arranger.trims import is_part
from playlist_builder.device import transcode
from playlist_builder.device.folder import FileRecord, TargetFolder, hash_of
from playlist_builder.errors import AudioError, CopyError, reason_of
from playlist_builder.files import filenames
from playlist_builder.models import Skipped, Slot
from playlist_builder.recording.levelled import TrackGain
from playlist_builder.tags.album import AlbumPlace
from playlist_builder.tags.level import holds_gain

CLUSTER_BYTES = 65_536  # what a file system may round a file up to: FAT32, exFAT on large sticks
RESERVE_BYTES = 1_000_000  # for the playlist, the records and the folder itself
MTIME_RESOLUTION_S = 2.0  # FAT stores times in steps of two seconds

Levels = Literal["", "tags", "samples"]  # where a gain goes; "tags" are those of plain copies alone
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class CopyItem:
    """A track to be copied as `name`; `form` is empty for a plain copy, `kept` is the file there.

    `number` counts the tracks from 1, and `bytes` is how many the copy takes at most. A `gain` goes
    into the samples of what is converted, and into the tags of what is not; a `place` in an album
    goes into the tags of an MP3 that is converted.
    """

    number: int
    slot: Slot
    form: str
    name: str
    bytes: int
    kept: FileRecord | None
    gain: TrackGain | None = None
    place: AlbumPlace | None = None

    @property
    def recorded_form(self) -> str:
        """The form as recorded: what is cut, levelled or placed otherwise is written again."""
        return recorded_form(self.form, self.slot, self.gain, self.place)


def recorded_form(form: str, slot: Slot, gain: TrackGain | None, place: AlbumPlace | None) -> str:
    """Return a form with the times of the part that a slot plays, its gain and its place."""
    words = [form] if form else []
    if is_part(slot):
        end = "" if slot.to_s is None else f"{slot.to_s:.3f}"
        words.append(f"{slot.from_s or 0.0:.3f}-{end}")
    if gain is not None:
        words.append(f"{gain.gain_db:+.2f}dB")
        if gain.course is not None:
            words.append(f"moving-{_digest(np.round(gain.course, 2).tobytes())}")
    if place is not None:
        words.append(f"placed-{_digest(repr(place).encode())}")
    return " ".join(words)


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=8).hexdigest()


def track_file_name(slot: Slot, number: int, count: int, suffix: str) -> str:
    """Return `01 - Artist - Title.ext`, safe on every file system."""
    digits = max(2, len(str(count)))
    parts = (f"{number:0{digits}}", slot.artist.strip(), title_of(slot).strip())
    return filenames.safe(" - ".join(filter(None, parts)), suffix)


def title_of(slot: Slot) -> str:
    """Return the title of a track, or the name of its file."""
    return slot.title if slot.title.strip(" .") else Path(slot.path.replace("\\", "/")).stem


def size_of(path: str) -> int:
    """Return the bytes of a file."""
    return os.stat(path).st_size  # noqa: PTH116 - names that need not be text


def check_all_exist(slots: Sequence[Slot]) -> None:
    """Raise `CopyError` where the file of a track is missing."""
    gone = [slot.path for slot in slots if not os.path.isfile(slot.path)]  # noqa: PTH113 - names
    if gone:
        if len(gone) == 1:
            raise CopyError(
                "{gone!r} is not there, so nothing was copied. Look for it with"
                " 'playlist-builder check --fix SESSION'",
                gone=gone[0],
            )
        raise CopyError(
            "{count} tracks are not there, such as {gone!r}, so nothing was copied. Look for them"
            " with 'playlist-builder check --fix SESSION'",
            gone=gone[0],
            count=len(gone),
        )


def forms_of(
    slots: Sequence[Slot], form: str | None, *, levels: Levels
) -> tuple[dict[int, str], list[Skipped]]:
    """Return what each track is converted to by its number, and those that cannot be.

    That is empty for a plain copy. What has no tag for its gain is converted too, where it `levels`
    by tags, and everything where that is by samples.
    """
    forms: dict[int, str] = {}
    skipped: list[Skipped] = []
    for number, slot in enumerate(slots, start=1):
        try:
            forms[number] = _form_of(slot, form, levels)
        except (AudioError, OSError) as error:
            skipped.append(Skipped(slot.path, reason_of(error)))
    return forms, skipped


def plan_items(
    folder: TargetFolder,
    slots: Sequence[Slot],
    forms: Mapping[int, str],
    gains: Mapping[int, TrackGain],
    album: str | None = None,
) -> list[CopyItem]:
    """Return the tracks that have a form, with their new names, as those of an `album` if given."""
    items: list[CopyItem] = []
    taken: set[str] = set()
    for number, form in forms.items():
        slot, gain = slots[number - 1], gains.get(number)
        suffix = f".{form}" if form else Path(slot.path).suffix.lower()
        size = size_of(slot.path)
        wanted = track_file_name(slot, number, len(slots), suffix)
        place = None if album is None else AlbumPlace(album, title_of(slot), number, len(slots))
        recorded = recorded_form(form, slot, gain, place)
        name, kept = _choose_name(folder, wanted, slot.path, recorded, taken)
        taken.add(filenames.key(name))
        if form:
            size = transcode.estimated_bytes(size, slot.duration_s, form)
        items.append(CopyItem(number, slot, form, name, size, kept, gain, place))
    return items


def _form_of(slot: Slot, form: str | None, levels: Levels) -> str:
    """Return the form that a track is converted to, empty for a plain copy; a part always is."""
    if is_part(slot) or levels == "samples":
        return form or transcode.own_form(slot.path)
    if form and not transcode.is_encoded_as(slot.path, form):
        return form
    if levels == "tags" and not holds_gain(slot.path):
        return transcode.own_form(slot.path)
    return ""


def _choose_name(
    folder: TargetFolder, wanted: str, source: str, form: str, taken: set[str]
) -> tuple[str, FileRecord | None]:
    for name, found in folder.possible_names(wanted):
        if filenames.key(name) in taken:
            continue
        if found is None:
            if name != wanted:
                folder.renamed[wanted] = name
            return name, None
        state = _state(folder.path / found, folder.records.get(found), source, form)
        if state != "foreign":
            return found, state if isinstance(state, FileRecord) else None
        folder.records.pop(found, None)  # whoever wrote it, it is the user's now
    raise AssertionError  # `possible_names` raises


def _state(
    path: Path, record: FileRecord | None, source: str, form: str
) -> FileRecord | Literal["outdated", "foreign"]:
    """Return the record of a file that holds the track; or outdated if ours, foreign if not."""
    if path.is_symlink() or not path.is_file():
        return "foreign"
    stat = path.stat()
    found = hash_of(path)
    wanted = hash_of(source)
    if not form and found == wanted:
        return FileRecord(wanted, "", stat.st_size, found, stat.st_mtime)
    if record is None:
        return "foreign"
    if found == record.hash:
        return record if form and (record.source, record.form) == (wanted, form) else "outdated"
    return "outdated" if abs(stat.st_mtime - record.mtime_s) <= MTIME_RESOLUTION_S else "foreign"


def check_space(path: Path, items: Sequence[CopyItem], form: str | None) -> None:
    """Raise `CopyError` where the tracks need more space than is free."""
    needed = RESERVE_BYTES + sum(
        -(-item.bytes // CLUSTER_BYTES) * CLUSTER_BYTES for item in items if item.kept is None
    )
    free = shutil.disk_usage(path).free
    if needed > free:
        sizes = {"free": free / _MEGABYTE, "needed": needed / _MEGABYTE}
        if form == "opus":
            raise CopyError(
                "{path!r} has {free:.0f} MB free, the tracks need {needed:.0f} MB. Free some space",
                path=str(path),
                **sizes,
            )
        raise CopyError(
            "{path!r} has {free:.0f} MB free, the tracks need {needed:.0f} MB. Free some space, or"
            " convert them with --convert opus",
            path=str(path),
            **sizes,
        )
