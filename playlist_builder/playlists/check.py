"""Entries of a playlist to findings: which files are there, and where missing ones have moved.

A moved file is recognised by the identity that the library has for its old path; or else by its
name, unless length or title differ; or by title and length. Where two different recordings match,
neither is taken: a wrong track is worse than a missing one.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from playlist_builder.models import File
from playlist_builder.playlists.read import Entry, candidate_paths, is_remote, resolve

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
    for number, entry in enumerate(entries, start=1):
        state: State = "there"
        by: By = ""
        path = None if is_remote(entry.location) else resolve(entry, folder, exists)
        if is_remote(entry.location):
            state = "remote"
        elif path is None:
            library = library or _Library(files(), exists)
            identity = identities[number - 1] if identities else ""
            path, by = library.search(entry, folder, identity)
            state = "moved" if path else "missing"
        findings.append(Finding(number, entry.location, entry.title, state, path or "", by))
    return findings


_GENERIC = re.compile(r"(?:track|titel|titre|piste|spur|audio|untitled|disc|cd|side|[\d\W_])*")
"""File names that many albums share."""


class _Library:
    """The files of the library, by what a moved one can be recognised by."""

    def __init__(self, files: Iterable[tuple[File, float]], exists: Callable[[str], bool]) -> None:
        self._exists = exists
        self._identity_at: dict[str, str] = {}
        self._of_identity: dict[str, list[File]] = defaultdict(list)
        self._of_name: dict[str, list[File]] = defaultdict(list)
        self._of_title: dict[str, list[File]] = defaultdict(list)
        self._length_s: dict[str, float] = {}
        for file, duration_s in files:
            self._identity_at[file.path] = file.identity
            self._length_s[file.identity] = duration_s
            self._of_identity[file.identity].append(file)
            self._of_name[_comparable(_file_name(file.path))].append(file)
            for title in _titles(file):
                self._of_title[title].append(file)

    def search(self, entry: Entry, folder: str, identity: str) -> tuple[str | None, By]:
        """Return the path where the music of an entry is now, and how it was recognised."""
        paths = list(candidate_paths(entry, folder))
        known = [identity, *(self._identity_at.get(path, "") for path in paths)]
        for each in filter(None, known):
            if found := self._best(self._of_identity.get(each, ()), paths):
                return found, "music"
        names = dict.fromkeys(_comparable(_file_name(path)) for path in paths)
        alike = [file for name in names for file in self._of_name.get(name, ())]
        if found := self._single_recording(self._of_same_length(alike, entry), entry, paths):
            return found, "name"
        if entry.title and entry.duration_s is not None:
            titled = self._of_title.get(_comparable(entry.title), ())
            if found := self._single_recording(self._of_same_length(titled, entry), entry, paths):
                return found, "title"
        return None, ""

    def _of_same_length(self, files: Iterable[File], entry: Entry) -> list[File]:
        """Return the files that are there and whose length is that of the entry, if it has one."""
        return [
            file
            for file in files
            if (
                entry.duration_s is None
                or abs(self._length_s[file.identity] - entry.duration_s) <= LENGTH_TOLERANCE_S
            )
            and self._exists(file.path)
        ]

    def _single_recording(
        self, files: Sequence[File], entry: Entry, paths: Sequence[str]
    ) -> str | None:
        """Return the best path if all files are of one recording with the entry's title, if any.

        Where the entry has neither title nor length, a name such as "01.mp3" is not enough, since
        many albums begin with it: the folder must have its old name too.
        """
        if entry.title:
            files = [file for file in files if _comparable(entry.title) in _titles(file)]
        elif entry.duration_s is None:
            files = [
                file
                for file in files
                if not _GENERIC.fullmatch(_comparable(_file_name(file.path)).rpartition(".")[0])
                or any(_common_names(file.path, old) > 1 for old in paths)
            ]
        if len({file.identity for file in files}) > 1:
            return None
        return self._best(files, paths)

    def _best(self, files: Iterable[File], paths: Sequence[str]) -> str | None:
        """Return the path that is there and shares the longest end with one of the old ones."""
        there = [file.path for file in files if self._exists(file.path)]
        return min(
            there,
            key=lambda path: (-max((_common_names(path, old) for old in paths), default=0), path),
            default=None,
        )


def _titles(file: File) -> Iterator[str]:
    title = file.tags.title
    return iter({_comparable(title), _comparable(f"{file.tags.artist} - {title}")} - {""})


def _common_names(path: str, old: str) -> int:
    """Return how many names two paths have in common, counted from their ends."""
    ends = (reversed(re.split(r"[\\/]", _comparable(each))) for each in (path, old))
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(*ends, strict=False)))


def _file_name(path: str) -> str:
    """Return the file's name, whatever system wrote the path."""
    return re.split(r"[\\/]", path)[-1]


def _comparable(text: str) -> str:
    dashed = text.replace("\N{EN DASH}", "-")
    return unicodedata.normalize("NFC", dashed.strip()).casefold()
