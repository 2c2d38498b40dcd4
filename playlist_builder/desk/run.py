"""The commands by which a session runs: begun, steered, noted and ended."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from playlist_builder import (
    Begun,
    Ended,
    Note,
    PlaylistBuilderError,
    RequestError,
    event_of,
)
from playlist_builder.desk import aside
from playlist_builder.desk.arguments import WAITED, Arguments
from playlist_builder.desk.bench import Bench, Command
from playlist_builder.desk.left import left
from playlist_builder.desk.log import Log, wall_clock
from playlist_builder.desk.running import BROWSER, Running
from playlist_builder.desk.timeline import frames
from playlist_builder.language.translation import Phrase

NOTE_LIMIT = 2000  # characters
QUESTIONS = frozenset(
    ("choices", "budget", "alternatives", "candidates", "search", "music", "track", "stop_scan")
)
LEVELS = Phrase(
    "The player evens out loudness by the ReplayGain tags of the files; one that has none is as"
    " loud as it was made. 'copy --levelled' writes them."
)
LEFT_OPEN = Phrase(
    "This session was never ended. Resume it if it is to go on, or end it: nothing plays yet."
)
TOO_OLD = timedelta(hours=6)  # a run that was left so long ago is over


def begin(bench: Bench, _: Arguments) -> None:
    """Begin the session on the desk: its plan is kept as it is now."""
    if bench.run is not None:
        raise RequestError("A session runs already.")
    request = bench.session.request
    if request is None or not request.kept_id:
        raise RequestError("The session is not kept in the library. Build it again.")
    player = BROWSER
    if bench.player is not None:
        bench.player.check(bench)
        player = bench.player.target
    bench.tend()
    library, records = bench.library.path, bench.library.records
    log = Log(records, records.begin(request.kept_id, wall_clock()), library)
    log.begin()
    log.note(Begun(player), 0.0)
    bench.run = Running(bench, log, player=player)
    if bench.player is not None:
        bench.run.told.append(bench.words.told(LEVELS))
    bench.version += 1


def press(bench: Bench, given: Arguments) -> dict[str, Any]:
    """Press a button: `when` is now or after, where both can be."""
    run = running(bench)
    pressed = run.press(given.text("button"), given.text("when"), _position_now(run, given))
    return pressed.view(run.log.steady_s())


def take_back(bench: Bench, given: Arguments) -> None:
    """Let a press not have been."""
    run = running(bench)
    run.take_back(given.whole("press", 1), _position_now(run, given))


def note(bench: Bench, given: Arguments) -> None:
    """Write a note down, at this moment."""
    text = given.text("text").strip()[:NOTE_LIMIT]
    if text:
        run = running(bench)
        run.log.note(Note(text), _position(given))


def pause(bench: Bench, given: Arguments) -> None:
    """Halt the music."""
    running(bench).halt(_position(given), is_paused=True)


def resume(bench: Bench, given: Arguments) -> None:
    """Let the music go on."""
    run = running(bench)
    run.halt(_position(given), is_paused=False)
    answered = bench.words.told(LEFT_OPEN)
    run.told = [each for each in run.told if each != answered]


def end(bench: Bench, given: Arguments) -> int:
    """End the run, because it is over or should be; return the number of its record.

    What was prepared lies on the desk again. How it was steered stands in the record, and `undo`
    brings it back.
    """
    run = running(bench)
    run.end(Ended("finished" if given.flag("finished") else "stopped"), _position(given))
    return run.log.run.number


def heard(bench: Bench, given: Arguments) -> dict[str, Any]:
    """Take what a page noted for the record of a run, by its id; return the last that is kept.

    What is of a run that is over is taken too; None is the last of one that is not there, as where
    the library was made again since.
    """
    own, source = given.text("run"), given.text("source")
    events = [event_of(row) for row in given.rows("events")]
    run = bench.run
    if not isinstance(run, Running) or run.log.run.id != own:
        records = bench.library.records
        found = records.by_id(own)
        log = None if found is None else Log(records, found, bench.library.path)
        return {"last": log and log.append(events, source)}
    last = run.log.append(events, source)
    for event in events:
        run.follow(event)
    with suppress(PlaylistBuilderError):  # they are kept, whatever comes of it, and not sent again
        run.check()
    return {"last": last}


def lost(bench: Bench, given: Arguments) -> None:
    """Play something else for a file that cannot be read from a second of the mix on.

    It is the one that would end at `until_s`; nothing is done where something else plays by now.
    """
    run = running(bench)
    run.heard_until(_position_now(run, given))
    until = frames(given.number("until_s"))
    for path in [each.path for each in run.score.sounds if each.end == until]:
        run.lost(path, given.number("from_s"))


def leave_record(bench: Bench, _: Arguments) -> None:
    """Go back from the record of the last run to the session."""
    bench.after = None
    bench.version += 1


def guarded(commands: Mapping[str, Command]) -> dict[str, Command]:
    """Return commands of which those are refused while a session runs that could change it."""

    def only_before(command: Command) -> Command:
        def done(bench: Bench, given: Arguments) -> Any:  # noqa: ANN401 - as JSON
            if bench.run is not None:
                raise RequestError("A session runs. End it first.")
            return command(bench, given)

        return done

    return {
        name: command if name in QUESTIONS else only_before(command)
        for name, command in commands.items()
    }


def go_on(bench: Bench) -> None:
    """Go on with the last run, if a crash has left it open, and it is not too old.

    It is halted where nothing says that music was playing: its end may have been lost.
    """
    library, records = bench.library.path, bench.library.records
    known = aside.read(library)
    log = _log_of(bench, known)
    runs = records.all()
    is_sure = bool(runs) and known is not None and known.run == runs[-1].id
    if not runs or runs[-1].ended_at or (is_sure and log is not None and log.is_over):
        return
    run = runs[-1]
    if log is None or not is_sure:
        log = Log(records, run, library)
    record = records.read(run.id)
    found = left(record.events, datetime.fromisoformat(run.begun_at))
    kept = bench.library.sessions.by_id(run.session)
    if kept is None or log.now() - found.at > TOO_OLD:
        return
    bench.lay(bench.library.session(kept.number))
    is_paused = found.is_paused or not is_sure
    going_on = Running(bench, log, replace(found, is_paused=is_paused), record.plan)
    if not is_sure:
        going_on.told.append(bench.words.told(LEFT_OPEN))
    bench.run = going_on
    log.begin()
    bench.version += 1


def _log_of(bench: Bench, known: aside.Aside | None) -> Log | None:
    """Return the log of the run that stands beside the library, with what waited there."""
    records = bench.library.records
    run = None if known is None else records.by_id(known.run)
    if known is None or run is None:
        return None
    log = Log(records, run, bench.library.path)
    log.take(known.events)
    if log.is_over:
        bench.unwritten = log
    return log


def running(bench: Bench) -> Running:
    """Return what runs; raises RequestError where nothing does."""
    if not isinstance(bench.run, Running):
        raise RequestError("No session runs.")
    return bench.run


def _position_now(run: Running, given: Arguments) -> float:
    """Return how far the mix is heard by now: it has played on while the command waited."""
    waited_s = given.number(WAITED) if WAITED in given else 0.0
    return _position(given) + (0.0 if run.paused else waited_s)


def _position(given: Arguments) -> float:
    return max(given.number("position_s"), 0.0)


COMMANDS: dict[str, Command] = {
    "begin": begin,
    "press": press,
    "take_back": take_back,
    "note": note,
    "pause": pause,
    "resume": resume,
    "end": end,
    "heard": heard,
    "lost": lost,
    "leave_record": leave_record,
}
