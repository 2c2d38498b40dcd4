"""Two libraries in, the first one out with what only the second knew, by identity of the music.

What is known here stays as it is. The other library is only read.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from playlist_builder.errors import LibraryError, SessionError
from playlist_builder.language.text import digest, folded
from playlist_builder.language.translation import Phrase
from playlist_builder.library.answers import Answer
from playlist_builder.library.columns import detection_of
from playlist_builder.library.database import Database
from playlist_builder.library.errors import decoding
from playlist_builder.library.history import PersonHistory, PlayedSession
from playlist_builder.library.kept import KeptSession
from playlist_builder.models import Mark
from playlist_builder.playlists import session_json
from playlist_builder.records.record import Run
from playlist_builder.session_request import person_name

_MARKED = {
    "energy": Phrase("energy"),
    "vocals": Phrase("vocals"),
    "banned": Phrase("banned"),
    "note": Phrase("note"),
}


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

    `measured`, `heard` and `embedded` count recordings, `sessions`, `ratings` and `bans` those of
    all names, `kept` the sessions that can be changed and written again, and `records` the runs of
    these. `damaged` are the numbers that such sessions have there which cannot be read, and so were
    left out.
    """

    measured: int = 0
    heard: int = 0
    embedded: int = 0
    files: int = 0
    marks: int = 0
    sessions: int = 0
    ratings: int = 0
    bans: int = 0
    answers: int = 0
    kept: int = 0
    records: int = 0
    damaged: Sequence[int] = ()
    conflicts: Sequence[Conflict] = ()


def merge(ours: Database, theirs: Database, exists: Callable[[str], bool]) -> MergeReport:
    """Return what `ours` got from `theirs`; a new path that does not exist here is missing.

    All of `theirs` is read before the first write: raises `LibraryError` where any row of it is
    invalid, and then nothing was added. Only of a session that is kept the rest comes without it.
    """
    files, marks = theirs.tagged_files(), theirs.marks()
    with decoding(theirs.path):
        detections = {identity: detection_of(row) for identity, row in theirs.detections().items()}
        embeddings = dict(theirs.embeddings())
        answers = theirs.answers.all()
        kept = [(each, _document(theirs, each.id)) for each in theirs.sessions.all()]
        histories = [_named(theirs, each.name) for each in theirs.history.names()]
        recorded = [theirs.records.read(each.id).run for each in theirs.records.all()]
    deque(theirs.measurements(), maxlen=0)  # too much to be kept
    paths, measured, detected = set(ours.files()), ours.identities(), ours.detected_identities()
    played = ours.history.session_ids()
    own_histories = [ours.history.of(each.name) for each in histories]
    new_files = [file for file in files if file.path not in paths]
    for file in new_files:
        ours.store(replace(file, missing=not exists(file.path)), None)
    new_measured = 0
    for identity, found in theirs.measurements():
        if identity not in measured:
            ours.store_measured(identity, found)
            new_measured += 1
    new_detections = detections.keys() - detected
    for identity in new_detections:
        ours.store_detection(identity, detections[identity])
    names = {file.identity: file.tags.title or file.path for file in files}
    new_embeddings = embeddings.keys() - ours.embedded_identities()
    for identity in new_embeddings:
        ours.store_embedding(identity, embeddings[identity])
    changed, conflicts = _marks(ours.marks(), marks, names)
    ours.store_marks(changed)
    new_answers = _answers(ours.answers.all(), answers, names, conflicts)
    ours.answers.store(new_answers)
    new_kept = _new_kept(ours, kept, conflicts)
    ours.sessions.add(*new_kept)
    new_records = _new_records(ours, recorded, conflicts)
    ours.records.add_from(theirs.records, new_records)
    new = [
        _new_history(here, there, played, conflicts)
        for here, there in zip(own_histories, histories, strict=True)
    ]
    if any(each.sessions or each.ratings or each.bans for each in new):
        ours.history.store_all(new)
    return MergeReport(
        measured=new_measured,
        heard=len(new_detections),
        embedded=len(new_embeddings),
        files=len(new_files),
        marks=len(changed),
        sessions=sum(len(each.sessions) for each in new),
        ratings=sum(len(each.ratings) for each in new),
        bans=sum(len(each.bans) for each in new),
        answers=len(new_answers),
        kept=len(new_kept),
        records=len(new_records),
        damaged=tuple(each.number for each, text in kept if text is None),
        conflicts=conflicts,
    )


def _named(theirs: Database, name: str) -> PersonHistory:
    """Return the history of a name; raises ValueError for a text that cannot be one."""
    if not name.isprintable() or person_name(name) != name:
        raise ValueError(f"the name {name!r}")
    past = theirs.history.of(name)
    return replace(past, sessions=[_numbered(each) for each in past.sessions])


def _document(database: Database, own: str) -> str | None:
    """Return the document of a kept session, None where it is damaged."""
    try:
        document = database.sessions.document(own)
        session_json.parse(document, own)
    except (LibraryError, SessionError):
        return None
    return document


def _new_kept(
    ours: Database, theirs: Sequence[tuple[KeptSession, str | None]], conflicts: list[Conflict]
) -> list[tuple[KeptSession, str]]:
    """Return what is new; a session that is in another state there goes to the conflicts.

    So does a name by which another one is called here: what comes has no name then. Files do not
    come along: what was written there is not the user's wish here. Nor does what was removed here.
    """
    here, removed = {each.id: each for each in ours.sessions.all()}, ours.sessions.removed()
    named = {folded(each.name): each for each in here.values() if each.name}
    new = []
    for there, document in theirs:
        own = here.get(there.id)
        if there.id in removed or document is None:
            continue
        if own is None:
            name, called = there.name, named.get(folded(there.name))
            if called is not None:
                numbers = called.number, there.number
                conflicts.append(Conflict(there.id, name, Phrase("session of this name"), *numbers))
                name = ""
            new.append((replace(there, name=name, files=()), document))
        elif _document(ours, there.id) != document:
            name = Phrase("session {number}", number=own.number)
            times = own.changed_at, there.changed_at
            conflicts.append(Conflict(there.id, name, Phrase("last change"), *times))
    return new


def _new_records(ours: Database, theirs: Sequence[Run], conflicts: list[Conflict]) -> list[str]:
    """Return the ids of the runs that are new, of sessions that are kept here.

    One of which more is recorded here or there goes to the conflicts.
    """
    kept = {each.id for each in ours.sessions.all()}
    here = {each.id: each.events for each in ours.records.all()}
    for there in theirs:
        events = here.get(there.id, there.events)
        if events != there.events:
            name = f"record {there.number}"
            conflicts.append(Conflict(there.session, name, "events", events, there.events))
    return [each.id for each in theirs if each.id not in here and each.session in kept]


def _numbered(session: PlayedSession) -> PlayedSession:
    """Return a session with an id, which earlier versions did not always give."""
    own = session.session or digest(session.name, session.file, session.at)
    return replace(session, session=own)


def _new_history(
    ours: PersonHistory, theirs: PersonHistory, played: set[str], conflicts: list[Conflict]
) -> PersonHistory:
    """Return what is new of a name; a rating that is another one there goes to the conflicts.

    `played` are the ids of all sessions here, whatever their names; these stay.
    """
    rated = {each.identity: each for each in ours.ratings}
    banned = {each.identity for each in ours.bans}
    for there in theirs.ratings:
        here = rated.get(there.identity, there)
        if here.verdict != there.verdict:
            what = Phrase("rating for {name}", name=ours.name)
            conflicts.append(
                Conflict(there.identity, there.title, what, here.verdict, there.verdict)
            )
    return PersonHistory(
        ours.name,
        [each for each in theirs.sessions if each.session not in played],
        [each for each in theirs.ratings if each.identity not in rated],
        [each for each in theirs.bans if each.identity not in banned],
    )


def _answers(
    ours: Sequence[Answer],
    theirs: Sequence[Answer],
    names: dict[str, str],
    conflicts: list[Conflict],
) -> list[Answer]:
    """Return what is new; an answer that is another one there goes to the conflicts."""
    known = {each.pair: each for each in ours}
    for there in theirs:
        here = known.get(there.pair, there)
        if here.chosen != there.chosen:
            first, second, own, other = (
                names.get(identity, identity) or Phrase("alike")
                for identity in (there.first, there.second, here.chosen, there.chosen)
            )
            tenser = Phrase("tenser than {other}", other=second)
            calmer = Phrase("calmer than {other}", other=second)
            what = tenser if there.question == "tenser" else calmer
            conflicts.append(Conflict(there.first, first, what, own, other))
    return [each for each in theirs if each.pair not in known]


def _marks(
    ours: dict[str, Mark], theirs: dict[str, Mark], names: dict[str, str]
) -> tuple[dict[str, Mark], list[Conflict]]:
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
                conflicts.append(Conflict(identity, name, _MARKED[each.name], own, other))
    return changed, conflicts
