"""Twenty tasks of a therapist's week, in public names alone, each as short as it can be.

Give it a library that was scanned and a folder to write to. The tests run it, and check its types
strictly; `tests/cli/test_week.py` does the same in commands.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import playlist_builder as pb

MONDAY, THURSDAY = "2026-05-04T10:00:00+02:00", "2026-05-07T10:00:00+02:00"
SHORT = pb.SessionRequest("arc", duration_s=480.0, track_minutes=(0.5, 15.0), allow_short=True)


def prepare(library: pb.Library, target: Path) -> Iterator[str]:
    """Monday: a session for somebody, looked at, listened to, made better and carried away."""
    asked = replace(SHORT, name="A7", asked_at=MONDAY)
    session = library.keep(library.build(asked), at=MONDAY, name="monday")
    yield f"1 built: {len(session.slots)} tracks"
    curve, concerns = pb.session_text(session, width=100), pb.session_concerns(session)
    yield f"2 looked at: {curve.splitlines()[0]}; {len(concerns)} notes"
    joins = pb.preview_session(session, target / "joins.flac", joins=[2, 3])
    yield f"3 heard two joins: {joins.duration_s:.0f} s"
    editor = pb.SessionEditor(library, session)
    for number in (2, 4):
        best = next((each for each in editor.candidates(number) if each.is_choice), None)
        _, changed = editor.swap(number, best.track if best else None, rearrange=True)
        yield f"4 swapped {number}: {len(changed.went)} went"
    peak = max(range(len(session.slots)), key=lambda place: session.slots[place].energy)
    pinned, _ = editor.pin(peak + 1)
    yield f"5 pinned as the peak: {pinned.slots[peak].title}"
    editor.undo()
    editor.redo()
    yield "6 undone and done again"
    session = library.keep(editor, at=MONDAY)
    copied = pb.copy_session(session, target / "phone", name="monday", form="mp3", levels="samples")
    yield f"7 onto a phone: {len(copied.files)} files"
    pb.write_report(session, target / "monday.html")
    yield "8 to print"
    pb.write_session(session, target / "monday.m3u8", dialect=pb.PLAYERS["vlc"])
    yield "9 for a player"


def run(library: pb.Library, target: Path) -> Iterator[str]:
    """Monday, an hour later: it plays, takes longer than planned, and what was heard is kept."""
    editor = pb.SessionEditor(library, library.session("monday"))
    longer, _ = editor.replan(at_s=100.0, extend_s=60.0)
    yield f"10 runs over: until {longer.duration_s:.0f} s"
    calm, _ = editor.calm(at_s=200.0)
    yield f"11 calm now: {len(calm.slots)} tracks"
    editor.undo()
    session = library.keep(editor, at=MONDAY)
    rescue = library.build_rescue()
    yield f"12 a rescue at hand: {rescue.duration_s:.0f} s"
    if session.request is None:
        raise ValueError("a session that was not built here")
    begun = library.records.begin(session.request.kept_id, MONDAY)
    heard = pb.Sounded(session.slots[0].identity, offset_s=0.0, seconds=40.0)
    events = [
        pb.RecordedEvent(1, MONDAY, 0.0, heard),
        pb.RecordedEvent(2, MONDAY, 30.0, pb.Note("hand on the heart")),
        pb.RecordedEvent(3, MONDAY, 40.0, pb.Ended("stopped")),
    ]
    library.records.append(begun.id, events)
    pb.write_record(library.records.read(begun.id), target / "record.html")
    yield "13 what was heard, as a page"
    rating = pb.Rating(session.slots[0].identity, "up", "breathed slowly", MONDAY, "", "")
    library.history.rate("A7", rating)
    yield f"14 rated: {library.history.of('A7').ratings[0].note}"


def go_on(library: pb.Library, target: Path) -> Iterator[str]:
    """Thursday: the next session, what must not play again, a course, and last week's."""
    monday = library.session("monday")
    last = monday.slots[-1]
    library.history.ban("A7", pb.Ban(last.identity, "too sad", last.title))
    yield f"15 banned for A7: {last.title}"
    asked = replace(SHORT, name="A7", asked_at=THURSDAY)
    thursday = library.keep(library.build(asked), at=THURSDAY)
    again = {slot.identity for slot in monday.slots} & {slot.identity for slot in thursday.slots}
    yield f"16 the next one: {len(again)} tracks again"
    course = library.build_series(replace(SHORT, duration_s=300.0), 2)
    capacity = library.capacity(SHORT)
    yield f"17 a course of {len(course)}, of {capacity.count} that the library holds"
    found = [each for each in library.sessions.all(person="A7") if each.made_at == MONDAY]
    yield f"18 last week's: {found[0].name}"
    pb.write_session(monday, target / "works.jspf", dialect=pb.WORKS)
    resolved = library.resolve(target / "works.jspf", SHORT)
    yield f"19 shared as a list, and home again: {len(resolved.matches)} works"
    left = library.forget_name("A7")
    yield f"20 forgotten: {len(library.sessions.all(person='A7')) + len(left)} sessions and files"


def week(library: pb.Library, target: Path) -> list[str]:
    """Do all of it, and tell of each task."""
    days = prepare(library, target), run(library, target), go_on(library, target)
    return [told for day in days for told in day]


if __name__ == "__main__":
    with pb.Library.open(sys.argv[1]) as opened:
        sys.stdout.write("\n".join(week(opened, Path(sys.argv[2]))) + "\n")
