"""How the loudness changes from one track of a session to the next, where no gain evens it out."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from playlist_builder.language.notices import Notice, notice
from playlist_builder.models import AUDIBLE_LU, Slot

FALL_LU = 6.0  # by which music falls between tracks before it is told: half as loud, and more


@dataclass(frozen=True, slots=True)
class Step:
    """How far the loudness rises into a slot, from the ten seconds before to those after."""

    rise_lu: float
    is_beyond: bool  # by more than the profile allows

    @property
    def is_fall(self) -> bool:
        """Whether music falls by so much that it seems to go away."""
        return self.rise_lu < -FALL_LU - AUDIBLE_LU


def steps(slots: Sequence[Slot], limit_lu: float, *, levelled: bool) -> list[Step | None]:
    """Return the step into each slot; None for the first, and where loudness is not known.

    A `levelled` player makes all tracks equally loud.
    """
    found: list[Step | None] = [None] * min(1, len(slots))
    for left, right in pairwise(slots):
        before, after = left.end_loudness_lufs, right.start_loudness_lufs
        if before is None or after is None:
            found.append(None)
        else:
            rise_lu = after - before
            rise_lu -= levelled * (right.loudness_lufs - left.loudness_lufs)
            found.append(Step(rise_lu, is_beyond=rise_lu > limit_lu + AUDIBLE_LU))
    return found


def falls(slots: Sequence[Slot], *, levelled: bool) -> list[Notice]:
    """Tell of the passages at which the loudness falls by much, if any."""
    into = zip(slots, steps(slots, 0.0, levelled=levelled), strict=True)
    found = [(step.rise_lu, slot) for slot, step in into if step is not None and step.is_fall]
    if not found:
        return []
    worst_lu, slot = min(found, key=lambda each: each[0])
    return [
        notice(
            "loudness_falls",
            count=len(found),
            limit_lu=FALL_LU,
            worst_lu=round(-worst_lu, 1),
            title=slot.title or slot.path,
            at_s=slot.start_s,
            phase=slot.phase,
        )
    ]


def heard(slots: Sequence[Slot], limit_lu: float, *, levelled: bool) -> list[Notice]:
    """Return a notice for each step that is heard: a rise beyond the limit, or a fall by much."""
    into = zip(slots, steps(slots, limit_lu, levelled=levelled), strict=True)
    return [
        notice(
            "heard_louder" if step.is_beyond else "heard_softer",
            title=slot.title or slot.path,
            at_s=slot.start_s,
            step_lu=round(abs(step.rise_lu), 1),
        )
        for slot, step in into
        if step is not None and (step.is_beyond or step.is_fall)
    ]
