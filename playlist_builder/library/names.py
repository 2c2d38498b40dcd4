"""A track of the library as a user names it: by path, file name or title, or by a part of these."""

import os
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from playlist_builder.errors import LibraryError
from playlist_builder.language.text import folded

CANDIDATES = 5  # tracks that an error names


class Named(NamedTuple):
    """A file and the recording that it holds."""

    file: str
    identity: str


def named(titles: Iterable[tuple[str, str, str]], name: str) -> Named | None:
    """Return what a name names best of files, each with identity and title; None for nothing.

    Raises LibraryError where it names more than one recording.
    """
    path, wanted = os.path.abspath(os.path.expanduser(name)), folded(name)
    tests: tuple[Callable[[str, str], bool], ...] = (
        lambda file, _: file == path,
        lambda _, title: folded(title) == wanted,
        lambda file, _: folded(Path(file).name) == wanted,
        lambda _, title: folded(title).startswith(wanted),
        lambda file, title: wanted in folded(title) or wanted in folded(file),
    )
    files = list(titles)
    for test in tests:
        hits: dict[str, tuple[str, str]] = {}
        for file, identity, title in files:
            if test(file, title):
                hits.setdefault(identity, (file, title))
        if len(hits) == 1:
            ((identity, (file, _)),) = hits.items()
            return Named(file, identity)
        if hits:
            raise _may_mean(name, list(hits.values()))
    return None


def _may_mean(name: str, hits: Sequence[tuple[str, str]]) -> LibraryError:
    """Return the error that several tracks, each a path and a title, have a name in them."""
    titles = [title for _, title in hits]
    has_titles = all(titles) and len(set(map(folded, titles))) == len(titles)
    shown = map(repr, titles) if has_titles else (file for file, _ in hits)
    some = ", ".join(islice(shown, CANDIDATES))
    more = ", ..." if len(hits) > CANDIDATES else ""
    if has_titles:
        return LibraryError(
            "{name!r} names {count} tracks: {some}. Give more of the title.",
            name=name,
            count=len(hits),
            some=some + more,
        )
    return LibraryError(
        "{name!r} names {count} tracks: {some}. Give the path of one.",
        name=name,
        count=len(hits),
        some=some + more,
    )
