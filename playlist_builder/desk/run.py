"""The commands by which a session runs: begun, steered, noted and ended."""

from collections.abc import Mapping
from contextlib import suppress
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
from playlist_builder.desk.arguments import Arguments
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
    log = Log(bench.library.records, bench.library.records.begin(request.kept_id, wall_clock()))
    log.note(Begun(player), 0.0)
    bench.run = Running(bench, log, player=player)
    if bench.player is not None:
        bench.run.told.append(bench.words.told(LEVELS))
    bench.version += 1


def press(bench: Bench, given: Arguments) -> dict[str, Any]:
    """Press a button: `when` is now or after, where both can be."""
    run = running(bench)
    pressed = run.press(given.text("button"), given.text("when"), _position(given))
    return pressed.view(run.log.steady_s())


def take_back(bench: Bench, given: Arguments) -> None:
    """Let a press not have been."""
    running(bench).take_back(given.whole("press", 1), _position(given))


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
    running(bench).halt(_position(given), is_paused=False)


def end(bench: Bench, given: Arguments) -> int:
    """End the run, because it is over or should be; return the number of its record.

    What was prepared lies on the desk again. How it was steered stands in the record, and `undo`
    brings it back.
    """
    run = running(bench)
    is_over = given.flag("finished")
    run.log.note(Ended("finished" if is_over else "stopped"), _position(given))
    bench.run, bench.after = None, run.log.run.number
    bench.version += 1
    prepared = bench.library.records.read(run.log.run.id).plan
    if prepared.slots != bench.session.slots:
        bench.took(bench.edited().take(prepared))
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
        return {"last": found and Log(records, found).append(events, source)}
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
    run.heard_until(_position(given))
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
    """Go on with the run that a crash has left open, if there is one, and it is not too old."""
    records = bench.library.records
    open_ = [each for each in records.all() if not each.ended_at]
    if not open_:
        return
    run = open_[-1]
    found = left(records.read(run.id).events, datetime.fromisoformat(run.begun_at))
    kept = bench.library.sessions.by_id(run.session)
    log = Log(records, run)
    if kept is None or log.now() - found.at > TOO_OLD:
        return
    bench.lay(bench.library.session(kept.number))
    bench.run = Running(bench, log, found, records.read(run.id).plan)
    bench.version += 1


def running(bench: Bench) -> Running:
    """Return what runs; raises RequestError where nothing does."""
    if not isinstance(bench.run, Running):
        raise RequestError("No session runs.")
    return bench.run


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
