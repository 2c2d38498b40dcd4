"""Entries of a playlist to findings: which files are there, and where missing ones have moved.

A moved file is recognised by the identity that the library has for its old path; or else by its
name, unless length or title differ; or by title and length. Where two different recordings match,
neither is taken: a wrong track is worse than a missing one.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice, takewhile
from typing import Literal

from playlist_builder.models import File
from playlist_builder.playlists.entry import Entry, is_remote
from playlist_builder.playlists.read import candidate_paths

LENGTH_TOLERANCE_S = 2.0  # within one recording: playlists round to seconds, and decoders pad
State = Literal["there", "moved", "missing", "remote"]
By = Literal["", "music", "name", "title"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Where an entry leads. `number` counts from 1, `by` says how moved music was recognised."""

    number: int
    location: str
    title: str
    state: State
    path: str = ""
    by: By = ""


def check(
    entries: Sequence[Entry],
    folder: str,
    exists: Callable[[str], bool],
    files: Callable[[], Iterable[tuple[File, float]]],
    identities: Sequence[str] = (),
) -> list[Finding]:
    """Return a finding for each entry of a playlist in `folder`.

    `files` returns the files of the library with their lengths in seconds, and is called only if an
    entry is missing. `identities` are those of the entries, in their order, where they are known.
    """
    findings: list[Finding] = []
    library: _Library | None = None
    is_there = cache(exists)
    for number, entry in enumerate(entries, start=1):
        state: State = "there"
        by: By = ""
        paths = [] if is_remote(entry.location) else list(candidate_paths(entry, folder))
        path = next(filter(is_there, paths), None)
        if is_remote(entry.location):
            state = "remote"
        elif path is None:
            library = library or _Library(files(), is_there)
            identity = identities[number - 1] if identities else ""
            path, by = library.search(entry, paths, identity)
            state = "moved" if path else "missing"
        findings.append(Finding(number, entry.location, entry.title, state, path or "", by))
    return findings


_GENERIC = re.compile(r"(?:track|titel|titre|piste|spur|audio|untitled|disc|cd|side|[\d\W_])*")
"""File names that many albums share."""


class _Library:
    """The files of the library, by what a moved one can be recognised by.

    Thousands of files may share a name or a title. So what an entry says of its file is one key,
    and a search ends at the second recording that it finds: none is taken then.
    """

    def __init__(self, files: Iterable[tuple[File, float]], exists: Callable[[str], bool]) -> None:
        self._exists = exists
        self._identity_at: dict[str, str] = {}
        self._of_identity: dict[str, list[File]] = defaultdict(list)
        self._alike: dict[_Key, list[File]] = defaultdict(list)
        self._sorted: dict[_Key, tuple[list[float], list[File]]] = {}
        self._length_s: dict[str, float] = {}
        for file, duration_s in files:
            self._identity_at[file.path] = file.identity
            self._length_s[file.identity] = duration_s
            self._of_identity[file.identity].append(file)
            for key in _keys(file):
                self._alike[key].append(file)

    def search(self, entry: Entry, paths: Sequence[str], identity: str) -> tuple[str | None, By]:
        """Return where the music of an entry is that was at a path, and how it was recognised."""
        known = [identity, *(self._identity_at.get(path, "") for path in paths)]
        for each in filter(None, known):
            there = [file for file in self._of_identity.get(each, ()) if self._exists(file.path)]
            if there:
                return _best(there, paths), "music"
        if found := self._single_recording(_names(entry, paths), entry):
            return _best(found, paths), "name"
        if entry.title and entry.duration_s is not None:
            title = ("title", _comparable(entry.title))
            if found := self._single_recording([title], entry):
                return _best(found, paths), "title"
        return None, ""

    def _single_recording(self, keys: Iterable["_Key"], entry: Entry) -> list[File]:
        """Return the files of a key and of the length of the entry, if all are one recording."""
        found: list[File] = []
        for file in chain.from_iterable(self._of_length(key, entry.duration_s) for key in keys):
            if found and file.identity != found[0].identity:
                return []
            found.append(file)
        return found

    def _of_length(self, key: "_Key", duration_s: float | None) -> Iterable[File]:
        """Return the files of a key that are there and whose length is this one, if it is known."""
        if key not in self._alike:
            return ()
        if key not in self._sorted:  # many entries may ask for one key: look at its files once
            there = [file for file in self._alike[key] if self._exists(file.path)]
            there.sort(key=lambda file: self._length_s[file.identity])
            self._sorted[key] = [self._length_s[file.identity] for file in there], there
        lengths_s, files = self._sorted[key]
        if duration_s is None:
            return files
        first = bisect_left(lengths_s, duration_s - LENGTH_TOLERANCE_S)
        end = bisect_right(lengths_s, duration_s + LENGTH_TOLERANCE_S)
        return islice(files, first, end)


_Key = tuple[str, ...]  # of which kind, and one or two comparable texts


def _keys(file: File) -> Iterator[_Key]:
    """Yield all that an entry can say of a file."""
    folder, name = _last_names(file.path)
    yield "name", name
    yield "name in folder", folder, name
    for title in _titles(file):
        yield "title", title
        yield "name and title", name, title


def _names(entry: Entry, paths: Iterable[str]) -> Iterable[_Key]:
    """Return what an entry says of the name of its file, with its title where it has one.

    Where it has neither title nor length, a name such as "01.mp3" is not enough, since many albums
    begin with it: the folder must have its old name too.
    """
    places = dict.fromkeys(map(_last_names, paths))
    if entry.title:
        title = _comparable(entry.title)
        return dict.fromkeys(("name and title", name, title) for _, name in places)
    return dict.fromkeys(
        ("name in folder", folder, name)
        if entry.duration_s is None and _GENERIC.fullmatch(name.rpartition(".")[0])
        else ("name", name)
        for folder, name in places
    )


def _best(files: Sequence[File], paths: Sequence[str]) -> str:
    """Return the path that shares the longest end with one of the old ones."""
    if len(files) == 1:
        return files[0].path
    return min(
        (file.path for file in files),
        key=lambda path: (-max((_common_names(path, old) for old in paths), default=0), path),
    )


def _titles(file: File) -> Iterator[str]:
    title = file.tags.title
    return iter({_comparable(title), _comparable(f"{file.tags.artist} - {title}")} - {""})


def _common_names(path: str, old: str) -> int:
    """Return how many names two paths have in common, counted from their ends."""
    ends = (reversed(re.split(r"[\\/]", _comparable(each))) for each in (path, old))
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(*ends, strict=False)))


def _last_names(path: str) -> tuple[str, str]:
    """Return the names of the folder and of the file, whatever system wrote the path."""
    *_, folder, name = "", *re.split(r"[\\/]", path)[-2:]
    return _comparable(folder), _comparable(name)


def _comparable(text: str) -> str:
    if text.isascii():
        return text.strip().casefold()
    dashed = text.replace("\N{EN DASH}", "-")
    return unicodedata.normalize("NFC", dashed.strip()).casefold()
