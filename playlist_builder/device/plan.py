"""What is copied into a folder, and under which names; which tracks are there already.

Where a file of a wanted name holds something else, it is ours if the notes know its content, or if
it has the time at which we wrote it: then it is outdated or damaged, and is written again. A file
of the user's is never replaced; another name is chosen.
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playlist_builder import filenames
from playlist_builder.device import transcode
from playlist_builder.device.folder import Folder, Note, hash_of
from playlist_builder.errors import AudioError, CopyError
from playlist_builder.models import Skipped, Slot

CLUSTER_BYTES = 65_536
"""What a file system may round a file up to: FAT32 and exFAT on large sticks."""

SPARE_BYTES = 1_000_000
"""For the playlist, the notes and the folder itself."""

CLOCK_S = 2.0
"""FAT keeps times in steps of two seconds."""

TRIES = 1000
"""Names that are tried for one file."""

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Item:
    """One track to be copied; `form` is empty where it is copied as it is."""

    number: int
    slot: Slot
    form: str
    name: str
    bytes: int
    kept: Note | None


def wanted_name(slot: Slot, number: int, count: int, suffix: str) -> str:
    """Return `01 - Artist - Title.ext`, safe everywhere; a track without a title has its file's."""
    digits = max(2, len(str(count)))
    title = title_of(slot)
    parts = (f"{number:0{digits}}", slot.artist.strip(), title.strip())
    return filenames.safe(" - ".join(filter(None, parts)), suffix)


def title_of(slot: Slot) -> str:
    """Return the title of a track, or the name of its file."""
    return slot.title if slot.title.strip(" .") else Path(slot.path.replace("\\", "/")).stem


def refuse_missing(slots: Sequence[Slot]) -> None:
    """Raise `CopyError` where a track is not there."""
    gone = [slot.path for slot in slots if not os.path.isfile(slot.path)]  # noqa: PTH113 - names
    if gone:
        others = f" and {len(gone) - 1} others are" if len(gone) > 1 else " is"
        raise CopyError(
            f"{gone[0]!r}{others} not there, so nothing was copied."
            " Look for them with 'playlist-builder check --fix SESSION'"
        )


def planned(
    place: Folder, slots: Sequence[Slot], form: str | None
) -> tuple[list[Item], list[Skipped]]:
    """Return all tracks with their new names, and those that cannot be converted."""
    items: list[Item] = []
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
        items.append(Item(number, slot, new_form, name, size, kept))
    return items, skipped


def _free_name(
    place: Folder, wanted: str, source: str, form: str, taken: set[str]
) -> tuple[str, Note | None]:
    """Return the name under which a track is there, with its note, or may be written."""
    for number in range(1, TRIES):
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
            return found, verdict if isinstance(verdict, Note) else None
    raise CopyError(f"{str(place.path)!r} holds {TRIES} files named like {wanted!r}.")


def _verdict(
    path: Path, note: Note | None, source: str, form: str
) -> Note | Literal["ours", "foreign"]:
    """Tell whether a file is what is wanted (its note), ours to replace, or the user's."""
    if path.is_symlink() or not path.is_file():
        return "foreign"
    stat = path.stat()
    there = hash_of(path)
    wanted = hash_of(source)
    if not form and there == wanted:
        return Note(wanted, "", stat.st_size, there, stat.st_mtime)
    if note is None:
        return "foreign"
    if there == note.hash:
        return note if form and (note.source, note.form) == (wanted, form) else "ours"
    return "ours" if abs(stat.st_mtime - note.mtime_s) <= CLOCK_S else "foreign"


def refuse_full(path: Path, items: Sequence[Item], form: str | None) -> None:
    """Raise `CopyError` where the tracks need more space than is free."""
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
