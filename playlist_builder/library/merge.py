"""Two libraries in, the first one out with what only the second knew, by identity of the music.

What is known here stays as it is. The other library is only read.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from playlist_builder.library.database import Cache
from playlist_builder.library.errors import decoding
from playlist_builder.library.history import Past
from playlist_builder.library.rows import heard_of
from playlist_builder.models import Mark, person_name


@dataclass(frozen=True, slots=True)
class Conflict:
    """User data that differs in the other library; `here` stays."""

    identity: str
    name: str
    what: str
    here: Any
    there: Any


@dataclass(frozen=True, slots=True)
class MergeReport:
    """Counts of what was added, and the conflicts.

    `measured` and `heard` count recordings, `sessions`, `ratings` and `bans` those of all names.
    """

    measured: int = 0
    heard: int = 0
    files: int = 0
    marks: int = 0
    sessions: int = 0
    ratings: int = 0
    bans: int = 0
    conflicts: Sequence[Conflict] = ()


def merge(ours: Cache, theirs: Cache, exists: Callable[[str], bool]) -> MergeReport:
    """Return what `ours` got from `theirs`; a new path that does not exist here is missing.

    All of `theirs` is read before the first write: raises `LibraryError` where any row of it is
    invalid, and then nothing was added.
    """
    files, marks = theirs.tagged(), theirs.marks()
    with decoding(theirs.path):
        detected = {identity: heard_of(row) for identity, row in theirs.heard().items()}
        pasts = [_named(theirs, each.name) for each in theirs.history.names()]
    deque(theirs.measured(), maxlen=0)  # too much to be kept
    known = set(ours.files())
    ours_of, played = [ours.history.of(past.name) for past in pasts], ours.history.numbers()
    measured, analysed = ours.identities(), ours.heard_identities()
    before = len(measured), len(analysed), len(known)
    names: dict[str, str] = {}
    for file in files:
        names[file.identity] = file.tags.title or file.path
        if file.path not in known:
            ours.store(replace(file, missing=not exists(file.path)), None)
            known.add(file.path)
    for identity, found in theirs.measured():
        if identity not in measured:
            ours.store_measured(identity, found)
            measured.add(identity)
    for identity, heard in detected.items():
        if identity not in analysed:
            ours.store_heard(identity, heard)
            analysed.add(identity)
    changed, conflicts = _marks(ours.marks(), marks, names)
    ours.store_marks(changed)
    new = [
        _past(here, there, played, conflicts) for here, there in zip(ours_of, pasts, strict=True)
    ]
    if any(past.sessions or past.ratings or past.bans for past in new):
        ours.history.take(new)
    return MergeReport(
        measured=len(measured) - before[0],
        heard=len(analysed) - before[1],
        files=len(known) - before[2],
        marks=len(changed),
        sessions=sum(len(past.sessions) for past in new),
        ratings=sum(len(past.ratings) for past in new),
        bans=sum(len(past.bans) for past in new),
        conflicts=conflicts,
    )


def _named(theirs: Cache, name: str) -> Past:
    """Return what is known of a name; raises ValueError for a text that cannot be one."""
    if not name.isprintable() or person_name(name) != name:
        raise ValueError(f"the name {name!r}")
    return theirs.history.of(name)


def _past(ours: Past, theirs: Past, played: set[str], conflicts: list[Conflict]) -> Past:
    """Return what is new of a name; a rating that is another one there goes to the conflicts.

    Of the numbers in `played` there is a session here, whatever its name, and it stays.
    """
    rated = {each.identity: each for each in ours.ratings}
    banned = {each.identity for each in ours.bans}
    for there in theirs.ratings:
        here = rated.get(there.identity, there)
        if here.verdict != there.verdict:
            what = f"rating for {ours.name}"
            conflicts.append(
                Conflict(there.identity, there.title, what, here.verdict, there.verdict)
            )
    return Past(
        ours.name,
        [each for each in theirs.sessions if each.session not in played],
        [each for each in theirs.ratings if each.identity not in rated],
        [each for each in theirs.bans if each.identity not in banned],
    )


def _marks(
    ours: dict[str, Mark], theirs: dict[str, Mark], names: dict[str, str]
) -> tuple[dict[str, Mark], list[Conflict]]:
    """Return the marks that change here, and the conflicts."""
    changed: dict[str, Mark] = {}
    conflicts: list[Conflict] = []
    for identity, there in theirs.items():
        here = ours.get(identity, Mark())
        for each in fields(Mark):
            own, other = getattr(here, each.name), getattr(there, each.name)
            if other in (each.default, own):
                continue
            if own == each.default:
                changed[identity] = replace(changed.get(identity, here), **{each.name: other})
            else:
                name = names.get(identity, identity)
                conflicts.append(Conflict(identity, name, each.name, own, other))
    return changed, conflicts
