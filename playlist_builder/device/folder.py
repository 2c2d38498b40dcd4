"""The folder that tracks are copied into: the files in it, and records of those that we wrote.

The records stay in the folder (`RECORDS`), so that a second run can tell them from the user's. They
are signed with a key of this user: whoever else fills a stick cannot have a file replaced that is
not ours. Files are written under a temporary name, read back from the medium, compared and renamed,
and never through a link.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from playlist_builder.errors import CopyError, system_reason
from playlist_builder.files import filenames
from playlist_builder.files.atomic import atomic_path, is_leftover, replace_bytes, writer_of
from playlist_builder.files.system import drop_cached

RECORDS = ".playlist-builder-copies.json"
RECORDS_LIMIT_BYTES = 20_000_000  # above the records of 100,000 files
KEY_BYTES = 32
NAMES_LIMIT = 1000  # names that are tried for one file

Signed = dict[str, object]  # the `files` and the `signature` of records
_RECORD_TYPES = {"source": str, "form": str, "size": int, "hash": str, "mtime_s": float}
_BLOCK_BYTES = 1 << 20
_new_hash = partial(hashlib.blake2b, digest_size=16)


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file that we wrote: `source` is the hash of the original, `hash` that of the file itself.

    `form` is a key of `encode.TRACK_FORMS`, empty for a plain copy; behind a space the seconds of a
    part.
    """

    source: str
    form: str
    size: int
    hash: str
    mtime_s: float


@dataclass(slots=True)
class TargetFolder:
    """A folder: `names` by `filenames.key`, `records` by name, `renamed` from wanted to chosen.

    `key` signs the records. `others` are those that other keys have signed, kept as they are.
    """

    path: Path
    names: dict[str, str]
    records: dict[str, FileRecord]
    key: bytes
    others: list[Signed] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)

    def write_records(self) -> None:
        """Write the records into the folder."""
        files = {name: asdict(record) for name, record in self.records.items()}
        document = {"version": 1, "files": files, "signature": _signature(files, self.key)}
        document |= {"others": self.others} if self.others else {}
        text = json.dumps(document, indent=1)
        replace_bytes(self.path / RECORDS, text.encode(), through_links=False)

    def add(self, name: str, record: FileRecord) -> None:
        """Record a file that was just written."""
        self.names[filenames.key(name)] = name
        self.records[name] = record
        self.write_records()

    def remove_unchanged(self, names: Iterable[str]) -> tuple[str, ...]:
        """Remove recorded files that are as we wrote them; return their names."""
        removed = []
        for name in names:
            path = self.path / name
            with suppress(OSError):  # what cannot be read or removed stays
                if not path.is_symlink() and hash_of(path) == self.records[name].hash:
                    path.unlink()
                    del self.records[name]
                    removed.append(name)
        if removed:
            self.write_records()
        return tuple(removed)

    def possible_names(self, wanted: str) -> Iterator[tuple[str, str | None]]:
        """Yield `wanted`, then numbered names, each with the file that has it already, if any.

        Raises `CopyError` after `NAMES_LIMIT` names.
        """
        for number in range(1, NAMES_LIMIT):
            name = wanted if number == 1 else filenames.numbered(wanted, number)
            yield name, self.names.get(filenames.key(name))
        raise CopyError(
            "{path!r} holds {NAMES_LIMIT} files named like {wanted!r}.",
            path=str(self.path),
            NAMES_LIMIT=NAMES_LIMIT,
            wanted=wanted,
        )


def make_folder(path: Path) -> Path:
    """Return a folder, created if need be; raises `CopyError`."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(path, error) from error
    return path


def open_folder(path: Path, key: bytes) -> TargetFolder:
    """Return a folder without leftovers of an interrupted copy.

    Its records count where they are signed with `key`. Raises `CopyError`.
    """
    try:
        for each in path.iterdir():
            if is_leftover(each.name) and each.is_file() and writer_of(each.name) == "ended":
                each.unlink()
        names = {filenames.key(each.name): each.name for each in path.iterdir()}
    except OSError as error:
        raise _unusable(path, error) from error
    records = path / RECORDS
    if records.is_symlink() or (records.exists() and not records.is_file()):
        raise CopyError(
            "{records!r} is a link or no file, and not the notes of an earlier copy."
            " Remove it, or choose another place",
            records=str(records),
        )
    own, others = _read_records(records, key)
    return TargetFolder(path, names, own, key, others)


def _unusable(path: Path, error: OSError) -> CopyError:
    return CopyError(
        "Cannot use folder {path!r}: {strerror}. Choose another place",
        path=str(path),
        strerror=system_reason(error),
    )


def own_key(path: Path) -> bytes:
    """Return the key in a file, made where there is none; where it cannot be kept, one for now."""
    new = secrets.token_bytes(KEY_BYTES)
    try:
        if path.is_file() and len(key := path.read_bytes()) == KEY_BYTES:
            return key
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as unfinished:  # a part of a key would be of no use for ever
            unfinished.touch(0o600)
            unfinished.write_bytes(new)
        return path.read_bytes()
    except OSError:
        return new


def _signature(files: object, key: bytes) -> str:
    text = json.dumps(files, sort_keys=True)
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def _read_records(path: Path, key: bytes) -> tuple[dict[str, FileRecord], list[Signed]]:
    """Return our records, and those that others have signed, which say nothing to us.

    There are none of ours where they are damaged: all files are the user's then.
    """
    own: dict[str, FileRecord] = {}
    others: list[Signed] = []
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(RECORDS_LIMIT_BYTES))
        for each in (document, *document.get("others", ())):
            files, signature = each["files"], each["signature"]
            if hmac.compare_digest(_signature(files, key), signature):
                own = {
                    name: FileRecord(
                        **{key: kind(record[key]) for key, kind in _RECORD_TYPES.items()}
                    )
                    for name, record in files.items()
                }
            else:
                others.append({"files": files, "signature": signature})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return own, others
    return own, others


def write_verified(
    folder: TargetFolder, name: str, content: str, source: str, form: str
) -> FileRecord:
    """Write the file `content` into the folder as `name`, read it back, and return its record.

    It was made from `source`, in a `form` that is empty where the two are the same file. Raises
    `CopyError` where it cannot be written or reads back differently.
    """
    target = folder.path / name
    try:
        with atomic_path(target, through_links=False) as temporary:
            written = copy_bytes(content, temporary)
            if hash_of(temporary, from_medium=True) != written:
                raise CopyError(
                    "{name!r} reads back otherwise than it was written, so it was not kept. The"
                    " medium of {path!r} is failing; use another one",
                    name=name,
                    path=str(folder.path),
                )
        times = os.stat(content)  # noqa: PTH116 - names that need not be text
        with suppress(OSError):  # some phones do not allow setting times
            os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
        stat = target.stat()
        source_hash = hash_of(source) if form else written
        record = FileRecord(source_hash, form, stat.st_size, written, stat.st_mtime)
        folder.add(name, record)
    except OSError as error:
        raise CopyError(
            "Cannot copy {source!r} to {path!r}: {strerror}. What is there is kept; the"
            " same command goes on",
            source=source,
            path=str(folder.path),
            strerror=system_reason(error),
        ) from error
    return record


def copy_bytes(source: str, target: Path) -> str:
    """Copy the content of a file; return the hash of what was read."""
    digest = _new_hash()
    with Path(source).open("rb") as old, target.open("xb") as new:
        while block := old.read(_BLOCK_BYTES):
            digest.update(block)
            new.write(block)
        new.flush()
        os.fsync(new.fileno())
    return digest.hexdigest()


def hash_of(path: str | os.PathLike[str], *, from_medium: bool = False) -> str:
    """Return the hash of a file, read `from_medium` instead of the cache where that is possible."""
    with Path(path).open("rb") as file:
        if from_medium:
            drop_cached(file.fileno())
        return hashlib.file_digest(file, _new_hash).hexdigest()
