"""Where the entries of a playlist lead, and where music that is not there any more has gone.

Music is known again by what the library noted for its old path, however it is called now; or else
by the name of its file, if length and title do not speak against it; or by title and length. Where
two different recordings would do, none is taken: a wrong track is worse than a missing one.
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

LENGTH_S = 2.0
"""How far lengths of one recording may differ: playlists hold whole seconds, and decoders pad."""

State = Literal["there", "moved", "missing", "remote"]
By = Literal["", "music", "name", "title"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Where an entry leads. `number` counts from 1, `by` says how moved music was known again."""

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
    """Find every entry of a playlist in `folder`; `files` is asked only if one is missing.

    `identities` are those of the entries, in their order, where they are known.
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
            known = identities[number - 1] if identities else ""
            path, by = library.search(entry, folder, known)
            state = "moved" if path else "missing"
        findings.append(Finding(number, entry.location, entry.title, state, path or "", by))
    return findings


_GENERIC = re.compile(r"(?:track|titel|titre|piste|spur|audio|untitled|disc|cd|side|[\d\W_])*")
"""Names that say nothing about the music."""


class _Library:
    """Files that are there, by what they can be known by."""

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
            self._of_name[_plain(_base(file.path))].append(file)
            for title in _titles(file):
                self._of_title[title].append(file)

    def search(self, entry: Entry, folder: str, identity: str) -> tuple[str | None, By]:
        """Return the path where the music of an entry is now, and how it was known."""
        paths = list(candidate_paths(entry, folder))
        known = [identity, *(self._identity_at.get(path, "") for path in paths)]
        for each in filter(None, known):
            if found := self._best(self._of_identity.get(each, ()), paths):
                return found, "music"
        names = dict.fromkeys(_plain(_base(path)) for path in paths)
        alike = [file for name in names for file in self._of_name.get(name, ())]
        if found := self._only(self._agreeing(alike, entry), entry, paths):
            return found, "name"
        if entry.title and entry.duration_s is not None:
            titled = self._of_title.get(_plain(entry.title), ())
            if found := self._only(self._agreeing(titled, entry), entry, paths):
                return found, "title"
        return None, ""

    def _agreeing(self, files: Iterable[File], entry: Entry) -> list[File]:
        """Keep those whose length is what the entry says, if it says one, and that are there."""
        return [
            file
            for file in files
            if (
                entry.duration_s is None
                or abs(self._length_s[file.identity] - entry.duration_s) <= LENGTH_S
            )
            and self._exists(file.path)
        ]

    def _only(self, files: Sequence[File], entry: Entry, paths: Sequence[str]) -> str | None:
        """Return the best path if all are of one recording that the title does not speak against.

        Where the entry says neither title nor length, a name such as "01.mp3" is not enough, for
        many albums begin with it: the folder has to be of the old name too.
        """
        if entry.title:
            files = [file for file in files if _plain(entry.title) in _titles(file)]
        elif entry.duration_s is None:
            files = [
                file
                for file in files
                if not _GENERIC.fullmatch(_plain(_base(file.path)).rpartition(".")[0])
                or any(_shared(file.path, old) > 1 for old in paths)
            ]
        if len({file.identity for file in files}) > 1:
            return None
        return self._best(files, paths)

    def _best(self, files: Iterable[File], paths: Sequence[str]) -> str | None:
        """Return the path that is there and ends most like one of the old ones."""
        there = [file.path for file in files if self._exists(file.path)]
        return min(
            there,
            key=lambda path: (-max((_shared(path, old) for old in paths), default=0), path),
            default=None,
        )


def _titles(file: File) -> Iterator[str]:
    """Yield what playlists show for a file."""
    title = file.tags.title
    return iter({_plain(title), _plain(f"{file.tags.artist} - {title}")} - {""})


def _shared(path: str, old: str) -> int:
    """Return how many folders and names the ends of two paths have in common."""
    ends = (reversed(re.split(r"[\\/]", _plain(each))) for each in (path, old))
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(*ends, strict=False)))


def _base(path: str) -> str:
    """Return the file's name, whatever system wrote the path."""
    return re.split(r"[\\/]", path)[-1]


def _plain(text: str) -> str:
    dashed = text.replace("\N{EN DASH}", "-")
    return unicodedata.normalize("NFC", dashed.strip()).casefold()
