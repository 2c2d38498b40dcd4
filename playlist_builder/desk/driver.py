"""A player that plays a run instead of the page: a thread that has it do what the run says.

Twice a second it asks the run what is to sound, and the player where it is, and evens out the
difference. The player plays on by itself where the desk is gone; what it did meanwhile is known by
where it is. All of the run lives in the thread of the library, where `Ask` runs a function.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event, Thread
from time import monotonic
from typing import Any, Protocol, TypeVar

from playlist_builder import (
    Deviation,
    Ended,
    PathMap,
    Player,
    Playing,
    PlaylistBuilderError,
    Session,
    Tags,
)
from playlist_builder.desk.bench import Bench
from playlist_builder.desk.queued import (
    Part,
    behind,
    heard,
    limit_s,
    parts_of,
    place_at,
    silence_after,
)
from playlist_builder.desk.running import BROWSER, Running
from playlist_builder.errors import ServerError
from playlist_builder.language.translation import Phrase, Told

T = TypeVar("T")
Connect = Callable[[], AbstractContextManager[Player]]
Tell = Callable[[str, Mapping[str, Any]], None]

TICK_S = 0.5
RETRY_S = 2.0
JUMP_S = 5.0  # a step of the position that is so much longer than the time that passed
BACK_S = 3.0  # a player that is so far behind has forgotten where it was
NEAR_S = 5.0  # a track that stops so close to its end is over
CHECK_S = 5.0  # between two looks for files that are gone
NOTED_S = 1.0  # of music in one note
AWAY = Phrase("{error} It is tried again; the session goes on where it is.")
BACK = Phrase("The player answers again.")
UNKNOWN = Phrase("The player does not know '{title}': it is left out.")


class Ask(Protocol):
    """Runs a function in the thread of the library, and tells the pages of what it changed."""

    def __call__(self, function: Callable[[Bench], T]) -> T:
        """Return what the function returns."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be heard, and how far it was, at `position_at`."""

    parts: tuple[Part, ...]
    session: Session
    known: Mapping[str, tuple[Tags, float]]
    position_s: float
    position_at: datetime
    is_paused: bool
    fade_s: float


@dataclass(frozen=True, slots=True)
class Reach:
    """How the run is reached, and what tells the pages of it."""

    ask: Ask
    tell: Tell
    wanted: Callable[[Bench], Wanted | None]


class Driver:
    """Has the player at `target` play what runs; made at the start, its thread is its own."""

    def __init__(self, target: str, connect: Connect, maps: Sequence[PathMap] = ()) -> None:
        self.target = target
        self._connect, self._maps = connect, maps
        self._closing = Event()
        self._thread: Thread | None = None
        self._keys: dict[str, str | None] = {}
        self._known: dict[str, tuple[Tags, float]] = {}

    def check(self, bench: Bench) -> None:
        """Raise ServerError where the player does not know a track of the session."""
        with self._connect() as player:
            keys = player.keys(bench.session, self._tracks(bench), self._maps)
        self._keys |= keys
        missing = [path for path, key in keys.items() if key is None]
        if missing:
            raise ServerError(
                "{count} of {total} tracks are not known to the player, such as '{path}'. Say"
                " where its music lies with --map FROM=TO, or let it read new files.",
                count=len(missing),
                total=len(keys),
                path=missing[0],
            )

    def start(self, ask: Ask, tell: Tell) -> None:
        """Begin to look for what runs."""
        self._thread = Thread(target=self._run, args=(ask, tell), name="desk-player", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let the player alone, which plays on."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(2 * RETRY_S)

    def _run(self, ask: Ask, tell: Tell) -> None:
        is_away = False
        with suppress(RuntimeError):  # the desk was closed meanwhile
            while not self._closing.wait(TICK_S):
                wanted = ask(self.wanted)
                if wanted is None:
                    continue
                try:
                    with self._connect() as player:
                        drive = Drive(player, self._keys, self._maps, Reach(ask, tell, self.wanted))
                        drive.join(wanted)
                        if is_away:
                            ask(_telling(BACK))
                        is_away = False
                        while not self._closing.wait(TICK_S) and drive.step():
                            pass
                except ServerError as error:
                    if not is_away:
                        ask(_telling(Phrase(AWAY.message, error=error)))
                    is_away = True
                    self._closing.wait(RETRY_S)

    def wanted(self, bench: Bench) -> Wanted | None:
        """Return what is to be heard, None where nothing runs in a player."""
        run = bench.run
        if not isinstance(run, Running) or run.player == BROWSER:
            return None
        known = self._tracks(bench)
        lengths_s = {path: known[one][1] for path, one in run.identities.items() if one in known}
        parts = parts_of(run.score, run.line, lengths_s)
        session, at = bench.session, run.position_at
        return Wanted(parts, session, known, run.position_s, at, run.paused, run.fade_s)

    def _tracks(self, bench: Bench) -> dict[str, tuple[Tags, float]]:
        """Return what is known of the tracks of the session, by identity."""
        own = {each.identity for each in (*bench.session.slots, *bench.session.tail)}
        if not own <= self._known.keys():
            tracks = bench.music.by_identity()
            found = [tracks[each] for each in own if each in tracks]
            self._known |= {each.identity: (each.tags, each.duration_s) for each in found}
        return self._known


class Drive:
    """A run in a player, while the connection to it lasts."""

    def __init__(
        self,
        player: Player,
        keys: dict[str, str | None],
        maps: Sequence[PathMap],
        reach: Reach,
    ) -> None:
        self._player, self._keys, self._maps = player, keys, maps
        self._ask, self._tell, self._wanted = reach.ask, reach.tell, reach.wanted
        self._queue: tuple[Part, ...] = ()
        self._place = 0
        self._position_s = self._noted_s = 0.0
        self._moved_at = monotonic()
        self._checked_at = monotonic()
        self._is_paused = self._is_silent = self._ends = False

    def join(self, wanted: Wanted) -> None:
        """Go on with a player that plays already, or have it play from where the run is."""
        held = self._player.held()
        own = {each.path for each in (*wanted.session.slots, *wanted.session.tail)}
        if len(held) == len(wanted.parts):  # what came for a moment is in the queue alone
            pairs = zip(wanted.parts, held, strict=True)
            self._keys |= {part.path: key for part, key in pairs if part.path not in own}
        self._queue = self._known(wanted)
        self._position_s = self._noted_s = wanted.position_s
        away_s = (datetime.now(wanted.position_at.tzinfo) - wanted.position_at).total_seconds()
        self._moved_at -= max(away_s, 0.0)
        now = self._player.playing()
        keys = self._names(self._queue)
        if held != keys:
            self._player.fill(keys, round(wanted.fade_s))
        elif now.state != "stop" and now.place is not None:
            reached_s = self._queue[now.place].mix_s(now.elapsed_s)
            if reached_s > wanted.position_s - BACK_S:
                self._place, self._is_paused = now.place, now.state == "pause"
                return
        self._place = place_at(self._queue, wanted.position_s)
        self._is_paused = wanted.is_paused
        here = self._queue[self._place]
        is_over = silence_after(self._queue, self._place) and wanted.position_s >= here.end_s
        self._is_silent = is_over
        self._moved_at = monotonic()
        if not wanted.is_paused and not is_over:
            self._play(self._place, wanted.position_s)
        elif now.state != "stop":
            self._player.stop()

    def step(self) -> bool:
        """Even out what is and what should be; return whether the run goes on."""
        wanted = self._ask(self._wanted)
        if wanted is None:
            self._player.stop()
            return False
        now = self._player.playing()
        if now.state != "stop" and now.place is not None:
            self._place, self._is_silent = min(now.place, len(self._queue) - 1), False
        self._follow(wanted)
        self._halt(wanted, now)
        is_over = self._move(now)
        self._report(is_over=is_over)
        return not is_over

    def _follow(self, wanted: Wanted) -> None:
        """Have the queue go on as the run does, behind the track that plays."""
        queue = behind(self._known(wanted), self._queue, self._place)
        rest = self._names(queue[self._place + 1 :])
        if rest != self._names(self._queue[self._place + 1 :]):
            self._player.follow(self._names(self._queue)[self._place], rest)
            self._ends = False
        self._queue = queue

    def _halt(self, wanted: Wanted, now: Playing) -> None:
        """Halt as the run says, or have the run say what was done to the player itself."""
        if wanted.is_paused != self._is_paused:
            self._is_paused = wanted.is_paused
            if now.state != "stop":
                self._player.pause(is_paused=wanted.is_paused)
            elif not wanted.is_paused and not self._is_silent:
                self._play(self._place, self._position_s)
        elif now.state != "stop" and (now.state == "pause") != self._is_paused:
            self._found(is_paused=not self._is_paused)

    def _found(self, *, is_paused: bool) -> None:
        """Take over that the player was halted, or let go on, by somebody else."""
        self._is_paused = is_paused
        at_s = self._position_s

        def halt(bench: Bench) -> None:
            if isinstance(bench.run, Running):
                bench.run.halt(at_s, is_paused=is_paused)

        self._ask(halt)

    def _move(self, now: Playing) -> bool:
        """Take where the player is, and have it go where it should; return whether all is over."""
        here, before = self._queue[self._place], self._position_s
        is_last = self._place + 1 == len(self._queue)
        most_s = limit_s(self._queue, self._place)
        passed_s = monotonic() - self._moved_at
        self._moved_at = monotonic()
        if now.state == "stop":
            if self._is_paused:
                return False
            near_s = here.end_s - NEAR_S
            if not self._is_silent and (before < near_s or not self._stops_here(is_last=is_last)):
                self._found(is_paused=True)
                return False
            if is_last:
                self._position_s = max(before, here.end_s)
                return True
            start_s = before if self._is_silent else max(before, here.end_s)
            self._is_silent = True
            self._position_s = min(start_s + passed_s, most_s)
            if self._position_s >= most_s:
                self._play(self._place + 1, most_s)
            return False
        reached_s = here.mix_s(now.elapsed_s)
        self._position_s = min(reached_s, here.end_s if self._stops_here(is_last=False) else most_s)
        if not -JUMP_S <= self._position_s - before <= passed_s + JUMP_S:
            self._noted_s = self._position_s
        if here.cut_s is not None and reached_s >= here.cut_s and now.state == "play":
            if is_last or self._stops_here(is_last=False):
                self._player.stop()
                self._is_silent = not is_last
                return is_last
            self._play(self._place + 1, most_s)
        elif self._ends != self._stops_here(is_last=False):
            self._ends = not self._ends
            self._player.end_after_this(ends=self._ends)
        return False

    def _stops_here(self, *, is_last: bool) -> bool:
        return is_last or silence_after(self._queue, self._place)

    def _play(self, place: int, mix_s: float) -> None:
        self._place, self._is_silent = place, False
        self._player.jump(place, self._queue[place].inside_s(mix_s))
        self._position_s = max(mix_s, self._queue[place].at_s)

    def _report(self, *, is_over: bool) -> None:
        """Tell the run how far it was heard, and its record what sounded."""
        from_s, to_s, queue = self._noted_s, self._position_s, self._queue
        least_s = 0.01 if is_over or self._is_paused else NOTED_S
        is_due = to_s - from_s >= least_s
        is_checked = monotonic() - self._checked_at > CHECK_S
        if is_due or to_s < from_s:
            self._noted_s = to_s
        if is_checked:
            self._checked_at = monotonic()

        def report(bench: Bench) -> dict[str, Any] | None:
            run = bench.run
            if not isinstance(run, Running):
                return None
            run.heard_until(to_s)
            for at_s, what in heard(queue, run.identities, from_s, to_s) if is_due else ():
                run.log.note(what, at_s, ago_s=to_s - at_s)
            if is_over:
                run.end(Ended("finished"), to_s)
            elif is_checked:
                with suppress(PlaylistBuilderError):  # it comes again, and what sounded is noted
                    run.check()
            position_at = run.position_at.timestamp()
            return {"position_s": to_s, "position_at": position_at, "paused": run.paused}

        told = self._ask(report)
        if told is not None:
            self._tell("position", told)

    def _known(self, wanted: Wanted) -> tuple[Part, ...]:
        """Return those of the parts that the player knows; it is asked about new ones once."""
        if any(part.path not in self._keys for part in wanted.parts):
            self._keys |= self._player.keys(_with(wanted), wanted.known, self._maps)
            for part in wanted.parts:
                if self._keys.setdefault(part.path, None) is None:
                    self._ask(_telling(Phrase(UNKNOWN.message, title=part.title)))
        return tuple(part for part in wanted.parts if self._keys[part.path] is not None)

    def _names(self, parts: Sequence[Part]) -> list[str]:
        return [self._keys[part.path] or "" for part in parts]


def _with(wanted: Wanted) -> Session:
    """Return the session with what has come for a moment, and is in it no more."""
    session = wanted.session
    own = {each.path for each in (*session.slots, *session.tail)}
    gone = {part.path: part.title for part in wanted.parts if part.path not in own}
    first = session.slots[0]
    more = [
        replace(first, path=path, identity="", title=title, artist="", album="", work=None)
        for path, title in gone.items()
    ]
    return replace(session, tail=(*session.tail, *more))


def _telling(told: Told) -> Callable[[Bench], None]:
    """Return what tells a page, and the record, that something is not as planned."""

    def tell(bench: Bench) -> None:
        if isinstance(bench.run, Running):
            said = bench.words.told(told)
            bench.run.told.append(said)
            bench.run.log.note(Deviation(said), bench.run.position_s)
            bench.version += 1

    return tell
