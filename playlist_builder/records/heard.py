"""What was heard in a run: a record in, tracks with their times and the totals out. Pure.

Of the clocks, that of the session counts: it stands still while the music is paused. Where two
tracks overlap, both are heard for all of their time.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from playlist_builder.models import STEP_S
from playlist_builder.records.events import (
    Gap,
    Paused,
    PlannedTrack,
    Pressed,
    RecordedEvent,
    Replanned,
    Resumed,
    Silent,
    Sounded,
    TakenBack,
    Unknown,
)
from playlist_builder.records.record import Record

GOES_ON_S = 15.0  # a track whose place in its file jumps by less goes on, as after a crash
SKIPPED_S = 10.0  # a track was skipped where more than this of its planned end was not heard


@dataclass(frozen=True, slots=True)
class HeardTrack:
    """A track that was heard without another start.

    `from_s` and `to_s` are in its file, `start_s` and `end_s` in the session, `at` and `until` of
    the day (ISO 8601). It was heard for `seconds`, under gains between `low_db` and `high_db`.
    `left_s` is how much of it was planned to follow and was not heard, None for a track that no
    plan holds. Of that, `title`, `artist`, `phase`, `energy` and `contour`, which begins at
    `from_s`, are empty or None too.
    """

    track: str
    title: str
    artist: str
    phase: str
    from_s: float
    to_s: float
    start_s: float
    end_s: float
    at: str
    until: str
    seconds: float
    low_db: float
    high_db: float
    left_s: float | None
    energy: float | None
    contour: tuple[float, ...]

    @property
    def is_skipped(self) -> bool:
        """Whether it was left before its planned end."""
        return self.left_s is not None and self.left_s > SKIPPED_S


@dataclass(frozen=True, slots=True)
class HeardPhase:
    """Tracks that followed each other in one phase: from when to when, for how many seconds."""

    name: str
    start_s: float
    end_s: float
    seconds: float


@dataclass(frozen=True, slots=True)
class HeardPress:
    """A press of a button, and whether it was taken back."""

    event: RecordedEvent
    is_taken_back: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard in a run, in seconds.

    `length_s` is how long the session lasted on its own clock. Of that, music sounded for `music_s`
    and nothing for `silent_s`. `track_s` adds up all tracks: more than the music where they
    overlap. `stalled_s` adds up the gaps that should not have been.
    """

    tracks: tuple[HeardTrack, ...]
    phases: tuple[HeardPhase, ...]
    silences: tuple[RecordedEvent, ...]
    gaps: tuple[RecordedEvent, ...]
    presses: tuple[HeardPress, ...]
    length_s: float
    music_s: float
    silent_s: float
    track_s: float
    stalled_s: float
    last_sounded: RecordedEvent | None
    is_paused: bool


def heard(record: Record) -> Heard:
    """Return what was heard in the run of a record."""
    events = record.events
    sounded = [each for each in events if isinstance(each.what, Sounded)]
    tracks = tuple(_named(list(_joined(sounded)), record))
    silences = tuple(each for each in events if isinstance(each.what, Silent))
    gaps = tuple(each for each in events if isinstance(each.what, Gap))
    known = (each for each in events if not isinstance(each.what, Unknown))
    length_s = max(map(_end_s, known), default=0.0)
    music_s = _covered_s((each.session_s, _end_s(each)) for each in sounded)
    return Heard(
        tracks,
        tuple(_phases(tracks)),
        silences,
        gaps,
        tuple(_presses(events)),
        length_s,
        music_s,
        length_s - music_s,
        sum(each.seconds for each in tracks),
        sum(each.what.ms for each in gaps if isinstance(each.what, Gap)) / 1000.0,
        max(sounded, key=_end_s, default=None),
        _is_paused(events),
    )


def planned_tracks(record: Record) -> list[PlannedTrack]:
    """Return all tracks that the plan or one of its changes holds, the latest plan last."""
    plan = record.plan
    slots = [*(spare.slot for spare in plan.spares), *plan.slots, *plan.tail]
    changes = (each.what for each in record.events if isinstance(each.what, Replanned))
    return [
        *map(PlannedTrack.of_slot, slots),
        *(track for change in changes for track in change.tracks),
    ]


def _end_s(event: RecordedEvent) -> float:
    """Return when an event is over, on the clock of the session."""
    lasts = event.what.seconds if isinstance(event.what, Sounded | Silent) else 0.0
    return event.session_s + lasts


def _joined(sounded: Iterable[RecordedEvent]) -> Iterator[HeardTrack]:
    """Yield the tracks that sounded, as far as events know them, in order of their starts."""
    found: list[HeardTrack] = []
    going_on: dict[str, int] = {}  # places of tracks among those that were found
    for event in sounded:
        what = event.what
        if not isinstance(what, Sounded) or not what.seconds:
            continue
        place = going_on.get(what.track)
        if place is not None and abs(found[place].to_s - what.offset_s) <= GOES_ON_S:
            found[place] = _longer(found[place], event, what)
            continue
        going_on[what.track] = len(found)
        found.append(_first(event, what))
    yield from sorted(found, key=lambda each: each.start_s)


def _first(event: RecordedEvent, what: Sounded) -> HeardTrack:
    to_s = what.offset_s + what.seconds
    start_s, until = event.session_s, _after(event.at, what.seconds)
    gains = min(what.gains_db), max(what.gains_db)
    times = what.offset_s, to_s, start_s, _end_s(event), event.at, until, what.seconds
    return HeardTrack(what.track, "", "", "", *times, *gains, None, None, ())


def _longer(track: HeardTrack, event: RecordedEvent, what: Sounded) -> HeardTrack:
    return replace(
        track,
        to_s=max(track.to_s, what.offset_s + what.seconds),
        end_s=max(track.end_s, _end_s(event)),
        until=_after(event.at, what.seconds),
        seconds=track.seconds + what.seconds,
        low_db=min(track.low_db, *what.gains_db),
        high_db=max(track.high_db, *what.gains_db),
    )


def _after(at: str, seconds: float) -> str:
    """Return a time of day so many seconds later, to the millisecond."""
    later = datetime.fromisoformat(at) + timedelta(seconds=seconds)
    return later.isoformat(timespec="milliseconds")


def _named(tracks: Sequence[HeardTrack], record: Record) -> Iterator[HeardTrack]:
    """Yield tracks with what the plans say of them."""
    planned = {each.track: each for each in planned_tracks(record)}
    for track in tracks:
        known = planned.get(track.track)
        if known is None:
            yield track
            continue
        first = int(max(0.0, track.from_s - known.from_s) / STEP_S)
        yield replace(
            track,
            title=known.title,
            artist=known.artist,
            phase=known.phase,
            left_s=max(0.0, known.from_s + known.end_s - known.start_s - track.to_s),
            energy=known.energy,
            contour=known.contour[first:],
        )


def _covered_s(spans: Iterable[tuple[float, float]]) -> float:
    """Return how many seconds at least one of these spans covers."""
    covered_s, reached_s = 0.0, 0.0
    for start_s, end_s in sorted(spans):
        covered_s += max(0.0, end_s - max(start_s, reached_s))
        reached_s = max(reached_s, end_s)
    return covered_s


def _phases(tracks: Sequence[HeardTrack]) -> Iterator[HeardPhase]:
    for name, group in groupby(tracks, key=lambda each: each.phase):
        own = list(group)
        end_s = max(each.end_s for each in own)
        yield HeardPhase(name, own[0].start_s, end_s, sum(each.seconds for each in own))


def _presses(events: Sequence[RecordedEvent]) -> Iterator[HeardPress]:
    taken_back = {
        (each.source, each.what.press) for each in events if isinstance(each.what, TakenBack)
    }
    for each in events:
        if isinstance(each.what, Pressed):
            yield HeardPress(each, (each.source, each.number) in taken_back)


def _is_paused(events: Sequence[RecordedEvent]) -> bool:
    changes = [each.what for each in events if isinstance(each.what, Paused | Resumed | Sounded)]
    return bool(changes) and isinstance(changes[-1], Paused)
