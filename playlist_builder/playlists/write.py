"""A session or text into a file, replaced in one step or left untouched.

Only regular files are replaced: the rename would destroy a device or pipe.
"""

import os
import stat
from pathlib import Path, PurePath

from playlist_builder import checked
from playlist_builder.errors import ExportError, system_reason
from playlist_builder.files.atomic import remove_leftovers, replace_bytes
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Session
from playlist_builder.playlists import formats
from playlist_builder.playlists.dialects import ANY, Dialect


@checked.takes(session=checked.a(Session), path=checked.path, dialect=checked.a(Dialect))
def write_session(
    session: Session, path: str | os.PathLike[str], *, dialect: Dialect = ANY
) -> None:
    """Write `session` to `path` in the format of its suffix (see `formats.FORMATS`).

    `dialect` says how a player wants it, such as `dialects.PLAYERS["vlc"]`. Raises `ExportError`
    for an unknown suffix or one that the player does not read, for a track that the format cannot
    hold, and where the file cannot be written; then nothing is written.
    """
    write_bytes(path, render(session, path, dialect=dialect))


def render(session: Session, path: str | os.PathLike[str], *, dialect: Dialect = ANY) -> bytes:
    """Return what `write_session` would write to `path`; raises `ExportError` as it does."""
    file = Path(path).absolute()
    suffix = formats.format_of(os.fspath(path), dialect)
    folder = os.fspath(_base_folder(session, file.parent))
    return formats.render_bytes(session, suffix, folder=folder, name=file.stem, dialect=dialect)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Replace the file at `path` by `text` in UTF-8, as `write_bytes` does."""
    write_bytes(path, text.encode())


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Replace the file at `path` by `data` in one step; raises `ExportError`.

    A symbolic link stays and the file it leads to is replaced, keeping that file's permissions.
    """
    target = Path(os.path.realpath(path))
    try:
        _refuse_special(target)
        replace_bytes(target, data)
        remove_leftovers(target)
    except OSError as error:
        reason = system_reason(error)
        raise ExportError(
            "Cannot write {path!r}: {reason}. Choose another place",
            path=os.fspath(path),
            reason=reason,
        ) from error


def _refuse_special(target: Path) -> None:
    """Raise `ExportError` where something else than a file would be replaced."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        what = Phrase("a folder") if stat.S_ISDIR(mode) else Phrase("a device or pipe")
        raise ExportError(
            "Cannot write {target!r}: it is {what}. Choose another name",
            target=str(target),
            what=what,
        )


def _base_folder(session: Session, folder: Path) -> Path:
    """Return the folder to which the entries of a playlist in `folder` are relative."""
    slots = (*session.slots, *session.tail)
    if all(PurePath(slot.path).is_relative_to(folder) for slot in slots):
        return folder
    return Path(os.path.realpath(folder))  # for `..`, before which players resolve symbolic links
