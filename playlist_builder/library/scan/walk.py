"""Folders to the paths that may be tracks, each with its stat; links are followed, circles are not.

It opens no file: what a path holds is found by `scan.analyse_file`.
"""

import os
import stat
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import attrgetter

from playlist_builder.errors import system_reason
from playlist_builder.language.translation import Phrase
from playlist_builder.library.scan import file_state
from playlist_builder.library.scan.file_state import stat_of
from playlist_builder.models import Skipped, Stat

_AUDIO = (
    "aac ac3 aif aifc aiff ape au caf dff dsf dts flac m4a m4b mka mp1 mp2 mp3 mpc mp+ oga ogg opus"
    " snd spx tak tta w64 wav weba wma wv"
)
_VIDEO = "avi m4v mkv mov mp4 mpg ogv webm wmv"  # looked into, because some hold audio alone
AUDIO_SUFFIXES = frozenset(f".{name}" for name in _AUDIO.split())
SUFFIXES = AUDIO_SUFFIXES | {f".{name}" for name in _VIDEO.split()}
# Folders of Synology, QNAP, NetApp and Windows for what was deleted, earlier states, and pictures.
_DELETED = "#recycle", "@recycle", "$recycle.bin"
_EARLIER = "#snapshot", "~snapshot", "@recently-snapshot"
PRIVATE = frozenset((*_DELETED, *_EARLIER, "@eadir", "@__thumb", "@tmp"))
_PRIVATE_STARTS = ".#@$~"
Place = tuple[int, int]  # device and inode of a folder: what its paths have in common


def walk(roots: Iterable[str]) -> Iterator[tuple[str, Stat | Skipped | None]]:
    """Yield every path that may be a track, in order of name, whatever links lead where.

    Links come last, so that music is met where it lies. A folder that holds nothing at all comes
    with None.
    """
    entered: set[Place] = set()
    links: deque[str] = deque()
    for root in sorted(roots, key=os.path.islink):
        if os.path.isfile(root):
            yield root, file_state.stat(root)
        else:
            yield from _walk_folder(root, entered, links)
    while links:
        link = links.popleft()
        if _leads_to(link, entered):
            yield link, Skipped(link, Phrase("a link to a folder that is scanned already"))
        else:
            yield from _walk_folder(link, entered, links)


def _walk_folder(
    root: str, entered: set[Place], links: deque[str]
) -> Iterator[tuple[str, Stat | Skipped | None]]:
    """Walk a folder but for what has been entered; leave what is linked from it for later."""
    stack = [root]
    while stack:
        path = stack.pop()
        found = _enter(path, entered)
        if isinstance(found, Skipped):
            yield path, found
            continue
        if found is None:
            continue
        if not found:
            yield path, None
        shown = [entry for entry in found if not _is_private(entry.name)]
        folders = _folders(shown)
        yield from _candidates(shown, {entry.path for entry in folders})
        stack.extend(entry.path for entry in reversed(folders) if not entry.is_symlink())
        links.extend(entry.path for entry in folders if entry.is_symlink())


def _is_private(name: str) -> bool:
    """Whether a name is hidden, or that of what a system keeps for itself.

    "...And Quiet Follows" and ".38 Special" are not hidden.
    """
    if name[0] not in _PRIVATE_STARTS:
        return False
    if name[0] != ".":
        return name.casefold() in PRIVATE
    return not (name[1] == "." or name[1].isdecimal())


def _candidates(
    entries: Iterable[os.DirEntry[str]], folders: Collection[str]
) -> list[tuple[str, Stat | Skipped]]:
    """Return what may be a track by its name, or why it is none."""
    # One loop that calls nothing for most files: in a large library this is what a scan does.
    suffixes = [(entry, entry.name[entry.name.rfind(".") :].lower()) for entry in entries]
    lyrics = {entry.path for entry, suffix in suffixes if suffix == ".lrc"}
    found: list[tuple[str, Stat | Skipped]] = []
    for entry, suffix in suffixes:
        if suffix not in SUFFIXES:
            continue
        path = entry.path
        try:
            status = entry.stat()
        except OSError as error:
            found.append((path, Skipped(path, system_reason(error))))
            continue
        if stat.S_ISREG(status.st_mode):
            if lyrics and not lyrics.isdisjoint(file_state.lyrics_paths(path)):
                found.append((path, file_state.with_lyrics(path, status)))
            else:
                found.append((path, stat_of(status.st_size, status.st_mtime_ns)))
        elif path in folders:
            found.append((path, Skipped(path, Phrase("a folder; what it holds is scanned"))))
        else:
            found.append((path, Skipped(path, Phrase("not a regular file"))))
    return found


def _enter(path: str, entered: set[Place]) -> list[os.DirEntry[str]] | Skipped | None:
    """Return the entries of a folder; None where it has been entered, as one given twice."""
    try:
        place = _place(path)
        if place in entered:
            return None
        entered.add(place)
        with os.scandir(path) as entries:
            return sorted(entries, key=attrgetter("name"))
    except OSError as error:
        return Skipped(path, system_reason(error))


def _leads_to(link: str, places: Collection[Place]) -> bool:
    try:
        return _place(link) in places
    except OSError:
        return False


def _place(path: str) -> Place:
    status = os.stat(path)
    return status.st_dev, status.st_ino


def _folders(entries: Sequence[os.DirEntry[str]]) -> list[os.DirEntry[str]]:
    try:
        return [entry for entry in entries if entry.is_dir()]
    except OSError:
        return [entry for entry in entries if _is_folder(entry)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle; listing it or opening it tells so
        return os.path.splitext(entry.name)[1].lower() not in SUFFIXES
