"""A file beside one that the user named: replaced only where it is our own, as we wrote it.

The last line is a comment with a digest of all above it. What has no such line, or was changed
since, is the user's.
"""

import os
from hashlib import blake2b
from pathlib import Path

from playlist_builder.errors import system_reason
from playlist_builder.files.atomic import replace_bytes
from playlist_builder.language.translation import Phrase

_BY = " is what playlist-builder wrote above"


def marked(data: bytes, comment: str, end: str = "") -> bytes:
    """Return the lines of a file with one more, which a `comment` begins, such as `#`.

    An `end` is that of a comment in XML.
    """
    return data + f"{comment} {_digest(data)}{_BY}{end}\n".encode()


def is_marked(data: bytes) -> bool:
    """Whether `marked` made these bytes, and nobody changed them."""
    above, last = data[: data.rfind(b"\n", 0, -1) + 1], data[data.rfind(b"\n", 0, -1) + 1 :]
    return last.endswith(tuple(f" {_digest(above)}{_BY}{end}\n".encode() for end in ("", " -->")))


def is_own(path: str | os.PathLike[str]) -> bool:
    """Whether a file is there that was written here and not changed since; no link is."""
    file = Path(path)
    try:
        return file.is_file() and not file.is_symlink() and is_marked(file.read_bytes())
    except OSError:
        return False


def write_beside(path: str | os.PathLike[str], data: bytes) -> str:
    """Write `marked` bytes where nothing of the user's is; return why not, mostly nothing."""
    name = os.fspath(path)
    if os.path.lexists(path) and not is_own(path):
        return Phrase(
            "{name} is there and was not written by playlist-builder as it is now, so it stays",
            name=name,
        )
    try:
        replace_bytes(path, data)
    except OSError as error:
        return Phrase("Cannot write {name}: {why}", name=name, why=system_reason(error))
    return ""


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=8).hexdigest()
