"""The two clocks of a session that runs. Pure.

A session counts whole tracks, one after the other. In its mix they overlap, and what is silent at
their edges is not heard: the mix is what a person hears, and its seconds are those of a run.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

from playlist_builder import Clip, PlannedTrack, Session, Slot

FRAMES_PER_S = 50  # in which clips are counted
INSIDE_S = 0.01  # so far from its end a moment still belongs to a track
CURVE_S = 10.0  # between two values of a planned curve
SILENT_S = 0.5  # what is shorter between two tracks is no planned silence


@dataclass(frozen=True, slots=True)
class Timeline:
    """The tracks of a session, those of the tail last, and the clip of each; times in seconds."""

    slots: tuple[Slot, ...]
    clips: tuple[Clip, ...]
    planned: int  # how many of them come before the tail

    @classmethod
    def of(cls, session: Session, clips: Sequence[Clip]) -> Self:
        """Return the clocks of a session and the clips of its mix, which are as many."""
        return cls((*session.slots, *session.tail), tuple(clips), len(session.slots))

    def place(self, mix_s: float) -> int:
        """Return the number, from 0, of the track that began last; of the first before it."""
        starts = [clip.at for clip in self.clips]
        return max(bisect_right(starts, mix_s * FRAMES_PER_S) - 1, 0)

    def session_s(self, mix_s: float) -> float:
        """Return the time of the session at a time of the mix; it never leaves its track."""
        place = self.place(mix_s)
        slot, clip = self.slots[place], self.clips[place]
        if mix_s >= end_s(clip):
            silent_s = min(mix_s - end_s(clip), max(self._next_s(place) - slot.end_s, 0.0))
            return max(slot.end_s, slot.end_s + silent_s - INSIDE_S)
        inside_s = mix_s - start_s(clip) + _skipped_s(slot, clip)
        return min(max(slot.start_s + inside_s, slot.start_s), slot.end_s - INSIDE_S)

    def mix_s(self, session_s: float) -> float:
        """Return the time of the mix at a time of the session, cut to what is heard."""
        starts = [slot.start_s for slot in self.slots]
        place = max(bisect_right(starts, session_s) - 1, 0)
        slot, clip = self.slots[place], self.clips[place]
        if session_s >= slot.end_s:
            return end_s(clip) + max(session_s - slot.end_s, 0.0)
        inside_s = session_s - slot.start_s - _skipped_s(slot, clip)
        return start_s(clip) + min(max(inside_s, 0.0), seconds(clip.length))

    def behind(self, phase: str, mix_s: float) -> int:
        """Return the number, from 0, of the first track behind that of a time in another phase.

        That is the last one where no other phase follows.
        """
        later = range(self.place(mix_s) + 1, len(self.slots))
        return next((n for n in later if self.slots[n].phase != phase), len(self.slots) - 1)

    @property
    def plan_s(self) -> float:
        """When the plan ends, and the tail begins."""
        return end_s(self.clips[self.planned - 1])

    def coming(self, mix_s: float) -> Iterator[PlannedTrack]:
        """Yield what is planned behind the track at a time of the mix, in seconds of the mix."""
        for each in range(self.place(mix_s) + 1, self.planned):
            slot, clip = self.slots[each], self.clips[each]
            yield replace(
                PlannedTrack.of_slot(slot),
                start_s=start_s(clip),
                end_s=end_s(clip),
                from_s=seconds(clip.first),
            )

    def silences(self) -> Iterator[tuple[float, float]]:
        """Yield when nothing plays between two tracks, as planned."""
        for left, right in pairwise(self.clips):
            if right.at - left.end > SILENT_S * FRAMES_PER_S:
                yield end_s(left), start_s(right)

    def _next_s(self, place: int) -> float:
        later = self.slots[place + 1 :]
        return later[0].start_s if later else float("inf")


def curve_of(session: Session, line: Timeline, from_s: float = 0.0) -> Iterator[float]:
    """Yield the planned energy every `CURVE_S` of the mix, from a moment to the end of the plan."""
    last = len(session.curve) - 1
    at_s = from_s
    while at_s < line.plan_s and last >= 0:
        yield session.curve[min(int(line.session_s(at_s) / CURVE_S), last)]
        at_s += CURVE_S


def seconds(frames: int) -> float:
    """Return frames of a clip as seconds."""
    return frames / FRAMES_PER_S


def frames(time_s: float) -> int:
    """Return seconds as frames of a clip."""
    return round(time_s * FRAMES_PER_S)


def start_s(clip: Clip) -> float:
    """Return when a clip begins in its mix."""
    return seconds(clip.at)


def end_s(clip: Clip) -> float:
    """Return when a clip ends in its mix."""
    return seconds(clip.end)


def _skipped_s(slot: Slot, clip: Clip) -> float:
    """Return how much of a slot is not heard at its beginning."""
    return seconds(clip.first) - (slot.from_s or 0.0)
