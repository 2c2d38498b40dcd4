"""What happens while a session plays: events as values, numbered by whoever notes them.

A writer, such as the page in a browser, numbers its events from 1 without holes. An event is one
moment, but for `Sounded` and `Silent`, which last. What cannot be meant raises RequestError.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, get_args

from playlist_builder import checked
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Slot
from playlist_builder.session_request import check_time

TEXT_LIMIT = 10_000  # characters of one text of an event
SOURCE_LIMIT = 40  # characters of the word for who notes
PAGE = "page"  # who notes, where nothing else is said

When = Literal["now", "after"]
GapCause = Literal["gap", "stall"]
EndReason = Literal["finished", "stopped"]


@dataclass(frozen=True, slots=True)
class PlannedTrack:
    """A track of a plan. Times are in seconds of the session, `from_s` in the file of the track.

    `energy`, and `contour` by `STEP_S` from `from_s` on, are on the scale of the session; None and
    empty where they are not known.
    """

    track: str
    title: str
    artist: str
    start_s: float
    end_s: float
    from_s: float = 0.0
    phase: str = ""
    energy: float | None = None
    contour: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        _texts(self, "track", "title", "artist", "phase")
        _seconds(self, "start_s", "end_s", "from_s")
        _numbers("contour", self.contour)
        if self.energy is not None:
            _numbers("energy", (self.energy,))

    @classmethod
    def of_slot(cls, slot: Slot) -> Self:
        """Return a slot of a session as a track of a plan."""
        return cls(
            slot.identity,
            slot.title,
            slot.artist,
            slot.start_s,
            slot.end_s,
            slot.from_s or 0.0,
            slot.phase,
            slot.energy,
            slot.contour,
        )


@dataclass(frozen=True, slots=True)
class Begun:
    """The music began; `player` is "browser" or the address of a player."""

    player: str = "browser"

    def __post_init__(self) -> None:
        _texts(self, "player")


@dataclass(frozen=True, slots=True)
class Sounded:
    """A track sounded for some seconds, from `offset_s` in its file on.

    `gains_db` is the gain that was applied, the volume of the player included: one for all of it,
    or one for each second begun. Where tracks overlap, each has an event of its own.
    """

    track: str
    offset_s: float
    seconds: float
    gains_db: tuple[float, ...] = (0.0,)

    def __post_init__(self) -> None:
        _texts(self, "track")
        _seconds(self, "offset_s", "seconds")
        _numbers("gains_db", self.gains_db)
        if len(self.gains_db) not in {1, math.ceil(self.seconds)}:
            wanted = "one gain, or one for each second begun"
            raise checked.wrong("gains_db", wanted, self.gains_db)


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button was pressed; what it does is heard from `from_s` in the session on, if known."""

    button: str
    when: When = "now"
    effect: str = ""
    from_s: float | None = None

    def __post_init__(self) -> None:
        _texts(self, "button", "effect")
        _one_of("when", self.when, get_args(When))
        if self.from_s is not None:
            _seconds(self, "from_s")


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A press was taken back: the event of this number, by the same writer."""

    press: int

    def __post_init__(self) -> None:
        checked.whole("press", self.press, 1)


@dataclass(frozen=True, slots=True)
class Replanned:
    """The session was planned again from here on: `tracks` are all that are to come.

    It ends at `duration_s`; `curve` is the planned energy from here on, by `STEP_S`.
    """

    tracks: tuple[PlannedTrack, ...]
    duration_s: float
    reason: str = ""
    curve: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        checked.several("tracks", self.tracks, PlannedTrack)
        _texts(self, "reason")
        _seconds(self, "duration_s")
        _numbers("curve", self.curve)


@dataclass(frozen=True, slots=True)
class Note:
    """What the person who sits beside wrote down."""

    text: str

    def __post_init__(self) -> None:
        _texts(self, "text")


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing sounded for some seconds, because that was planned or asked for, or not."""

    seconds: float
    planned: bool = True

    def __post_init__(self) -> None:
        _seconds(self, "seconds")
        checked.flag("planned", self.planned)


@dataclass(frozen=True, slots=True)
class Gap:
    """The music stopped for some milliseconds and should not have.

    A stall is a gap that the player was waiting in, such as for a disk.
    """

    ms: float
    cause: GapCause = "gap"

    def __post_init__(self) -> None:
        _seconds(self, "ms")
        _one_of("cause", self.cause, get_args(GapCause))


@dataclass(frozen=True, slots=True)
class Deviation:
    """What plays is not what was planned: why, for which track, by how many seconds."""

    reason: str
    track: str = ""
    by_s: float = 0.0

    def __post_init__(self) -> None:
        _texts(self, "reason", "track")
        _numbers("by_s", (self.by_s,))


@dataclass(frozen=True, slots=True)
class Paused:
    """The music was halted; the clock of the session stands still from here on."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The music goes on."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The page was closed, or the player was left."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """The page was opened once more, or the player was taken over."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The session ended, by itself or because somebody stopped it."""

    reason: EndReason = "finished"

    def __post_init__(self) -> None:
        _one_of("reason", self.reason, get_args(EndReason))


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event of a later version, as it was written."""

    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _texts(self, "kind")
        checked.instance("values", self.values, Mapping)  # type: ignore[type-abstract]


What = (
    Begun
    | Sounded
    | Pressed
    | TakenBack
    | Replanned
    | Note
    | Silent
    | Gap
    | Deviation
    | Paused
    | Resumed
    | Closed
    | Reopened
    | Ended
    | Unknown
)


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event: its number, when it was, and what happened.

    `at` is the time of day in ISO 8601 with its offset. `session_s` is the clock of the session in
    seconds: 0 at the first sound, and still while the music is paused. Of what lasts, both are
    those of its start. `source` says who noted it, and `number` is that writer's own.
    """

    number: int
    at: str
    session_s: float
    what: What
    source: str = PAGE

    def __post_init__(self) -> None:
        checked.whole("number", self.number, 1)
        check_time(self.at)
        _seconds(self, "session_s")
        check_source(self.source)
        checked.instance("what", self.what, What)  # type: ignore[arg-type]


def check_source(value: object) -> str:
    """Return the word for who notes events; raises RequestError for what cannot be one."""
    if isinstance(value, str) and value.isprintable() and 0 < len(value) <= SOURCE_LIMIT:
        return value
    wanted = Phrase("a word of 1 to {most} characters", most=SOURCE_LIMIT)
    raise checked.wrong("source", wanted, value)


def _texts(event: object, *names: str) -> None:
    for name in names:
        value = getattr(event, name)
        if not isinstance(value, str) or len(value) > TEXT_LIMIT:
            wanted = Phrase("a text of at most {most} characters", most=TEXT_LIMIT)
            raise checked.wrong(name, wanted, value)


def _seconds(event: object, *names: str) -> None:
    for name in names:
        checked.seconds(name, getattr(event, name))


def _numbers(name: str, values: object) -> None:
    if not isinstance(values, tuple) or not all(map(checked.is_number, values)):
        raise checked.wrong(name, Phrase("finite numbers"), values)


def _one_of(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise checked.wrong(name, checked.one_of(choices), value)
