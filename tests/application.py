"""A whole application of public names alone: scan, build, look, edit, replan, keep, export.

Give it a folder of music and a folder to write to. The tests run it, and check its types strictly.
"""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import closing
from pathlib import Path

import playlist_builder as pb

NOW = "2026-05-01T10:00:00+02:00"


def scan(
    library: pb.Library, folder: Path, executor: Executor | None = None
) -> Iterator[pb.Skipped]:
    """Scan a folder, and yield what is no music."""
    settings = pb.ScanSettings(jobs=1, executor=executor, vocals=False, embedding=False)
    with closing(library.scan_events(folder, settings=settings)) as events:
        for event in events:
            if isinstance(event, pb.FileScanned) and event.skipped is not None:
                yield event.skipped


def build(library: pb.Library, minutes: float, name: str) -> pb.Session:
    """Build a session for somebody, and keep it."""
    request = pb.SessionRequest(
        "arc",
        duration_s=60.0 * minutes,
        track_minutes=(0.1, 15.0),
        allow_short=True,
        name=name,
        asked_at=NOW,
    )
    return library.keep(library.build(request), at=NOW, name="evening")


def prepare(library: pb.Library) -> list[str]:
    """Prepare blocks to choose from, and tell how many sessions the library holds."""
    request = pb.SessionRequest(
        "steady", duration_s=60.0, track_minutes=(0.1, 15.0), tolerance_s=15.0, allow_short=True
    )
    capacity = library.capacity(request)
    menu = library.menu(request, 2)
    blocks = sum(len(row) for row in menu.blocks)
    return [
        f"{capacity.count} sessions: {capacity.notice}",
        f"{blocks} blocks for {len(menu.parts)} part, {menu.paths} paths",
    ]


def swap(editor: pb.SessionEditor, number: int) -> str:
    """Put the best candidate in a place, and say how it differs."""
    best = next((each for each in editor.candidates(number) if each.is_choice), None)
    if best is None:
        return "nothing fits"
    editor.swap(number, best.track)
    return f"{best.slot.title}: {', '.join(trait.word for trait in best.traits)}"


def edit(library: pb.Library, session: pb.Session) -> pb.SessionEditor:
    """Change a session in every way."""
    editor = pb.SessionEditor(library, session)
    before = len(editor.session.slots)
    editor.pin(2)
    changed, difference = editor.drop(before)
    dropped = difference.went[0].slot
    track = library.tracks().by_identity()[dropped.identity]
    editor.insert(track, at=2)
    editor.move(track, 3)
    editor.unpin(1 + [slot.identity for slot in editor.session.slots].index(pinned(changed)))
    editor.extend(by_s=10.0)
    editor.shorten(by_s=10.0)
    if editor.can_undo:
        editor.undo()
    if editor.can_redo:
        editor.redo()
    editor.replan(at_s=editor.session.slots[1].start_s + 1.0, skip=True)
    return editor


def steer(editor: pb.SessionEditor) -> Iterator[str]:
    """Steer a session as it plays, in every way, and tell what each would do."""
    request = editor.session.request
    changes: tuple[Callable[[], pb.Edited], ...] = (
        lambda: editor.shift(-0.15, at_s=1.0),
        lambda: editor.hold(10.0, at_s=1.0),
        lambda: editor.rest(5.0, at_s=1.0),
        lambda: editor.next_phase(at_s=1.0),
        lambda: editor.calm(at_s=1.0),
        lambda: editor.ask(curve=((0.0, 0.2), (40.0, 0.6))),
        lambda: editor.draw(len(editor.borders) - 1, 0.3),
        lambda: editor.rebuild(request) if request else editor.undo(),
        lambda: editor.take(editor.alternatives(2)[-1]),
    )
    for change in changes:
        try:
            session, difference = change()
        except pb.PlaylistBuilderError as error:
            yield str(error)
        else:
            yield f"{len(difference.came)} others, until {session.duration_s:.0f} s"
            editor.undo()


def mix(session: pb.Session) -> str:
    """Tell how a session is mixed, and goes on behind its first track."""
    levels = {slot.path: pb.measure_levels(slot.path) for slot in session.slots}
    plan = pb.mix_session(session, levels=levels)
    again = pb.mix_session(session, levels=levels, earlier=plan, played=1)
    return f"{len(plan.clips)} clips, {plan.frames / 50:.0f} and {again.frames / 50:.0f} s"


def share(library: pb.Library, session: pb.Session, file: Path) -> Iterator[str]:
    """Write a list of works, resolve it again, and tell whose copies are there."""
    pb.write_session(session, file, dialect=pb.WORKS)
    resolved: pb.Resolved = library.resolve(file, pb.SessionRequest("steady"))
    for match in resolved.matches:
        yield f"{match.number} {match.work.name}: {match.track.path}, by its {match.by}"
    for offer in resolved.offers:
        yield f"{offer.number} {offer.work.name}: {len(offer.tracks)} others"
    yield f"{len(resolved.session.slots)} works resolved"


def pinned(session: pb.Session) -> str:
    """Return the identity of the pinned track of a session."""
    if session.request is None:
        raise ValueError("a session that was not built here")
    (own,) = session.request.pinned
    return own


def calmer(measured: pb.Measurement, _: pb.Embedding | None) -> float:
    """Score tracks by their loudness alone."""
    return min(max((measured.features.loudness_lufs + 60.0) / 60.0, 0.0), 1.0)


def perform(library: pb.Library, session: pb.Session, page: Path) -> str:
    """Record that a session began and was stopped; tell what was heard, and write it for people."""
    if session.request is None:
        raise ValueError("a session that was not built here")
    run = library.records.begin(session.request.kept_id, NOW)
    played = pb.Sounded(session.slots[0].identity, offset_s=0.0, seconds=5.0)
    events = [
        pb.RecordedEvent(1, NOW, 0.0, pb.Begun()),
        pb.RecordedEvent(2, NOW, 0.0, played),
        pb.RecordedEvent(3, NOW, 4.0, pb.Note("moved a hand")),
        pb.RecordedEvent(4, NOW, 5.0, pb.Ended("stopped")),
    ]
    library.records.append(run.id, map(pb.event_of, map(pb.document_of, events)))
    library.records.describe(run.id, pb.About(equipment="closed headphones"))
    record = library.records.read(run.id)
    pb.write_record(record, page)
    return f"{pb.heard(record).music_s:.0f} s were heard"


def main(music: Path, target: Path, executor: Executor | None = None) -> list[str]:
    """Make a session of a folder of music, change it, and write it for a player; tell of it."""
    with pb.Library.open(target / "library.db") as library:
        told = [f"skipped {each.path}: {each.reason}" for each in scan(library, music, executor)]
        session = build(library, 1.5, "A7")
        editor = edit(library, session)
        told.append(swap(editor, len(editor.session.slots)))
        told += steer(editor)
        kept = library.keep(editor)
        library.history.rate("A7", pb.Rating(kept.slots[0].identity, "up", "", NOW, "", ""))
        told += [rating.describe("A7") for rating in library.history.of("A7").ratings]
        pair = library.questions().next([], seed=0)
        if pair is not None:
            library.calibrate([pair.answer(pair.first, NOW)])
        told += prepare(library)
        quiet = pb.matching(library.tracks(), "energy:..0.9")
        told.append(f"{len(quiet)} tracks are quiet")
        again = library.session("evening")
        told += share(library, again, target / "works.jspf")
        told.append(perform(library, again, target / "record.html"))
    pb.write_session(again, target / "session.m3u8", dialect=pb.PLAYERS["vlc"])
    pb.write_session(again, target / "session.json")
    pb.write_report(again, target / "session.html")
    told.append(pb.session_text(again, width=100))
    told.append(mix(again))
    told += [str(notice) for notice in pb.load_session(target / "session.json").warnings]
    track = pb.analyse_file(again.slots[0].path, vocals=False, embedding=False, scorer=calmer)
    with pb.Library.open(target / "library.db", scorer=calmer) as library:
        told.append(f"{track.energy:.2f} of {library.tracks().energy.max():.2f}")
    return told


if __name__ == "__main__":
    try:
        sys.stdout.write("\n".join(main(Path(sys.argv[1]), Path(sys.argv[2]))) + "\n")
    except pb.PlaylistBuilderError as error:
        sys.exit(str(error))
