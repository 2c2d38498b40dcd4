"""A session at the times at which something plays it: with gaps, or with crossfades. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

import numpy as np

from playlist_builder.models import STEP_S, Session, Silence, Slot


def as_played(session: Session, *, gap_s: float = 0.0, crossfade_s: float = 0.0) -> Session:
    """Return a session as a player with a gap or a crossfade between all tracks plays it.

    Where two overlap, the first counts until the second begins. No crossfade is longer than half of
    either track.
    """
    slots = (*session.slots, *session.tail)
    at_s = slots[0].start_s if slots else 0.0
    starts_s, ends_s = [], []
    for slot, after in zip_longest(slots, slots[1:]):
        end_s = at_s + slot.duration_s
        starts_s.append(at_s)
        if after is None:
            ends_s.append(end_s)
            break
        pause_s = max(0.0, after.start_s - slot.end_s)  # one that is planned
        shorter_s = min(slot.duration_s, after.duration_s)
        overlap_s = 0.0 if pause_s else min(crossfade_s, shorter_s / 2.0)
        ends_s.append(end_s - overlap_s)
        at_s = end_s - overlap_s + pause_s + gap_s
    return retimed(session, starts_s, ends_s)


def retimed(session: Session, starts_s: Sequence[float], ends_s: Sequence[float]) -> Session:
    """Return a session whose slots, then those of its tail, play at other times."""
    slots = [
        replace(slot, start_s=start_s, end_s=end_s, target=_planned(session, slot, start_s, end_s))
        for slot, start_s, end_s in zip(
            (*session.slots, *session.tail), starts_s, ends_s, strict=True
        )
    ]
    count = len(session.slots)
    silences = [
        tuple(_behind(slot, each))
        for slot, each in zip(slots, session.silences_behind, strict=True)
    ]
    ends = [slot.end_s for slot in slots[:count]]
    ends += [each.end_s for own in silences[:count] for each in own]
    return replace(
        session,
        slots=tuple(slots[:count]),
        tail=tuple(slots[count:]),
        silences=tuple(chain.from_iterable(silences)),
        duration_s=max(ends) if ends else session.duration_s,
    )


def _behind(slot: Slot, silences: Sequence[Silence]) -> Iterator[Silence]:
    """Yield planned silences as they come behind a slot."""
    at_s = slot.end_s
    for each in silences:
        yield replace(each, start_s=at_s, end_s=at_s + each.duration_s)
        at_s += each.duration_s


def _planned(session: Session, slot: Slot, start_s: float, end_s: float) -> float:
    """Return the mean of the planned energy while a slot plays, as it was where none is known."""
    if (start_s, end_s) == (slot.start_s, slot.end_s) or start_s >= session.target_s:
        return slot.target
    steps = session.curve[round(start_s / STEP_S) : max(1, round(end_s / STEP_S))]
    return float(np.mean(steps)) if steps else slot.target
