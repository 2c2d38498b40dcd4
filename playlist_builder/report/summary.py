"""What every view of a session shows: its phases, its contour, its loudness steps, its profile.

Pure: a session goes in, values come out; the views draw them and put them into words.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean

import numpy as np

from playlist_builder.arranger.steps import Step
from playlist_builder.arranger.steps import steps as of_slots
from playlist_builder.errors import ProfileError, RequestError
from playlist_builder.models import ROUNDING_S, STEP_S, Session, Silence, Slot
from playlist_builder.profiles.own import own_profile
from playlist_builder.profiles.profile import Profile, Rules

LOUDEST = 3  # joins that are marked in a picture; all of them are in the list
FLAT = 0.15  # a plan that spans less has no peak
TINTS = 5
LOOSE = 1.3  # times the bound: a session that costs more is mostly nearer to the best than to it


@dataclass(frozen=True, slots=True)
class Span:
    """Slots that follow each other in one phase, or in the calm tail after the end."""

    name: str
    slots: tuple[Slot, ...]
    is_tail: bool = False

    @property
    def start_s(self) -> float:
        """When the first of them starts."""
        return self.slots[0].start_s

    @property
    def end_s(self) -> float:
        """When the last of them ends."""
        return self.slots[-1].end_s


@dataclass(frozen=True, slots=True)
class PlannedSpan:
    """A phase where it is planned, wherever its tracks begin."""

    name: str
    start_s: float
    end_s: float
    is_tail: bool = False


def whole(session: Session) -> tuple[Slot, ...]:
    """Return all that plays, with the tail."""
    return (*session.slots, *session.tail)


def length_s(session: Session) -> float:
    """Return the seconds that a chart of all that is planned and all that plays must cover."""
    return max(session.target_s, session.duration_s, *(slot.end_s for slot in whole(session)))


def asked_s(session: Session) -> float:
    """Return the seconds that were asked for: more than planned where too little music passes."""
    asked_min = (
        dict(each.parameters)["asked_min"]
        for each in session.warnings
        if each.code == "short_session"
    )
    return next((float(str(each)) * 60.0 for each in asked_min), session.target_s)


def spans(session: Session) -> list[Span]:
    """Return the phases as they are played, and the tail as one more where there is one."""
    played = groupby(session.slots, key=lambda slot: slot.phase)
    tail = [Span("", tuple(session.tail), is_tail=True)] if session.tail else []
    return [*(Span(name, tuple(slots)) for name, slots in played), *tail]


def planned(session: Session) -> list[Span | PlannedSpan]:
    """Return the phases where they are planned, or played where the plan is not known; the tail."""
    known = profile(session)
    if known is None:
        return [*spans(session)]
    named = [
        (name, list(phases)) for name, phases in groupby(known.phases, key=lambda each: each.name)
    ]
    return [
        *(PlannedSpan(name, own[0].start_s, own[-1].end_s) for name, own in named),
        *(span for span in spans(session) if span.is_tail),
    ]


def peak(session: Session) -> Span | None:
    """Return the phase that is planned the highest, as it plays.

    None for a plan that is flat, or that starts at its highest.
    """
    played = [span for span in spans(session) if not span.is_tail]
    levels = [_level(span) for span in played]
    if not played or max(levels) - min(levels) < FLAT or levels[0] == max(levels):
        return None
    return played[levels.index(max(levels))]


def tints(session: Session) -> list[str]:
    """Return the tint of each track by how high its phase is planned, `t0` to `t4`, or `tail`."""
    played = spans(session)
    levels = [_level(span) for span in played if not span.is_tail]
    least = min(levels, default=0.0)
    reach = max(FLAT, max(levels, default=0.0) - least)
    return [
        "tail"
        if span.is_tail
        else f"t{min(int((_level(span) - least) / reach * TINTS), TINTS - 1)}"
        for span in played
        for _ in span.slots
    ]


def _level(span: Span) -> float:
    """Return the mean energy that is planned for the tracks of a phase."""
    return fmean(slot.target for slot in span.slots)


def contour(slots: Sequence[Slot]) -> list[float]:
    """Return the energy that plays, one value per `STEP_S`; NaN while nothing does."""
    end_s = slots[-1].end_s if slots else 0.0
    energies = []
    for time_s in np.arange(0.5 * STEP_S, end_s, STEP_S).tolist():
        slot = next(slot for slot in slots if time_s < slot.end_s)
        if time_s < slot.start_s - ROUNDING_S:
            energies.append(math.nan)
            continue
        levels = slot.contour or (slot.energy,)
        step = int(max(0.0, time_s - slot.start_s) / STEP_S)
        energies.append(levels[min(step, len(levels) - 1)])
    return energies


def curve(session: Session) -> list[float]:
    """Return the planned energy, one value per `STEP_S` of the session; NaN in planned silences."""
    levels = list(session.curve)
    for silence in session.silences:
        first, last = (math.ceil(time_s / STEP_S - 0.5) for time_s in _ends(silence))
        levels[first:last] = [math.nan] * len(levels[first:last])
    return levels


def _ends(silence: Silence) -> tuple[float, float]:
    return silence.start_s, silence.end_s


def steps(session: Session) -> list[Step | None]:
    """Return the step into each slot; None for the first, and where loudness is not known.

    It is the one that a player makes of it if the session was asked for such a one.
    """
    levelled = session.request is not None and session.request.levelled
    return of_slots(whole(session), rules(session).loudness_step_lu, levelled=levelled)


def jumps(session: Session) -> list[int]:
    """Return the tracks, from 1, that begin louder than they should, the loudest first."""
    rises = {
        place: step.rise_lu
        for place, step in enumerate(steps(session), start=1)
        if step is not None and step.is_beyond
    }
    return sorted(rises, key=lambda place: -rises[place])


def rules(session: Session) -> Rules:
    """Return the rules of the session's profile, or the usual ones where it is not known."""
    known = profile(session)
    return known.rules if known else Rules()


def profile(session: Session) -> Profile | None:
    """Return the profile as it was when the session was made, at the session's length.

    None where the session does not hold it, or where its text is of another version.
    """
    try:
        return own_profile(session)
    except (RequestError, ProfileError):
        return None


def is_loose(session: Session) -> bool:
    """Whether the bound is too far below the cost to tell that a better session exists."""
    return session.cost > LOOSE * session.bound > 0.0
