"""The folder that tracks are copied into: what is there, and the notes of what was written.

The notes (`NOTES`) stay in the folder, so a second run knows its own files from the user's. Files
are written beside their places, read back from the medium and compared.
"""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from playlist_builder import filenames
from playlist_builder.atomic import atomic_path, is_leftover, replace_bytes
from playlist_builder.errors import CopyError

NOTES = ".playlist-builder-copies.json"
"""What earlier copies wrote into a folder: names to sizes and hashes."""

NOTES_BYTES = 20_000_000
"""Above any notes: 100,000 files."""

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Note:
    """One file that we wrote: the hash of its source, how it was made, and what it was then."""

    source: str
    form: str
    size: int
    hash: str
    mtime_s: float


@dataclass(slots=True)
class Folder:
    """The folder as it is: names by what is one name on a stick, and the notes."""

    path: Path
    there: dict[str, str]
    notes: dict[str, Note]
    renamed: dict[str, str] = field(default_factory=dict)

    def write_notes(self) -> None:
        """Write the notes into the folder."""
        text = json.dumps(
            {"version": 1, "files": {name: asdict(note) for name, note in self.notes.items()}},
            indent=1,
        )
        replace_bytes(self.path / NOTES, text.encode())

    def add(self, name: str, note: Note) -> None:
        """Note a file that was just written."""
        self.there[filenames.key(name)] = name
        self.notes[name] = note
        self.write_notes()


def opened(path: Path) -> Folder:
    """Return the folder, made if need be and cleared of what a killed copy left."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        for each in path.iterdir():
            if is_leftover(each.name):
                each.unlink()
        there = {filenames.key(each.name): each.name for each in path.iterdir()}
    except OSError as error:
        raise CopyError(
            f"Cannot use folder {str(path)!r}: {error.strerror or error}. Choose another place"
        ) from error
    return Folder(path, there, _read_notes(path / NOTES))


def _read_notes(path: Path) -> dict[str, Note]:
    """Return the notes; where they are damaged, none: then what is there counts as the user's."""
    try:
        with path.open("rb") as file:
            files = json.loads(file.read(NOTES_BYTES))["files"]
        return {
            name: Note(
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


def write_verified(folder: Folder, name: str, made: str, source: str, form: str) -> Note:
    """Write the file `made` into the folder as `name`, read it back, and note it.

    It was made of `source`, in a `form` that is empty where the two are the same file.
    """
    target = folder.path / name
    try:
        with atomic_path(target) as temporary:
            written = write(made, temporary)
            if hash_of(temporary, fresh=True) != written:
                raise CopyError(
                    f"{name!r} reads back otherwise than it was written, so it was not kept."
                    f" The medium of {str(folder.path)!r} is failing; use another one"
                )
        stat = target.stat()
        source_hash = hash_of(source) if form else written
        note = Note(source_hash, form, stat.st_size, written, stat.st_mtime)
        folder.add(name, note)
    except OSError as error:
        raise CopyError(
            f"Cannot copy {source!r} to {str(folder.path)!r}: {error.strerror or error}."
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


def settle(path: Path) -> None:
    """Have the names reach the medium too, where the system knows how."""
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
