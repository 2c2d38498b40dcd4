"""A record as sessions to draw: what was heard as a session of its own, and its tracks in words."""

import math
from collections.abc import Iterator
from dataclasses import replace
from statistics import fmean

from playlist_builder.language.text import clock, escaped, shortened
from playlist_builder.models import STEP_S, Session, Silence, Slot
from playlist_builder.records.events import Replanned, Silent
from playlist_builder.records.heard import Heard, HeardTrack
from playlist_builder.records.record import Record
from playlist_builder.report.language import Language, number


def heard_session(record: Record, found: Heard) -> Session:
    """Return what was heard as a session, on its plan as that was steered."""
    plan = replace(record.plan, curve=steered_curve(record))
    known = {slot.identity: slot for slot in (*plan.slots, *plan.tail)}
    silences = (
        Silence(each.session_s, each.session_s + each.what.seconds, "")
        for each in found.silences
        if isinstance(each.what, Silent) and each.what.planned
    )
    last = math.ceil(max(plan.target_s, found.length_s) / STEP_S)
    return replace(
        plan,
        curve=plan.curve[:last],
        duration_s=found.length_s,
        slots=tuple(_slot(each, known.get(each.track), plan) for each in found.tracks),
        tail=(),
        spares=(),
        warnings=(),
        relaxed=(),
        silences=tuple(silences),
    )


def steered_curve(record: Record) -> tuple[float, ...]:
    """Return the planned energy that held at each time, by `STEP_S`: from each change on its own.

    A change is noted when it is made; until it is heard its plan is that of before.
    """
    curve = record.plan.curve
    for event in record.events:
        if isinstance(event.what, Replanned) and event.what.curve:
            curve = (*curve[: round(event.session_s / STEP_S)], *event.what.curve)
    return curve


def labels(found: Heard, language: Language) -> list[str]:
    """Return, escaped, a description of each track that was heard."""
    return [escaped(each) for each in _labels(found, language)]


def title_of(track: HeardTrack, language: Language) -> str:
    """Return what a track is called; one that no plan holds has its identity alone."""
    if track.left_s is None:
        return language.gettext("unknown track {identity}").format(identity=track.track[:8])
    return shortened(track.title) or language.gettext("untitled")


def left(track: HeardTrack, language: Language) -> str:
    """Return how much before its end a track was left, empty for one that was not."""
    if not track.is_skipped:
        return ""
    text = language.gettext("left {length} before its end")
    return text.format(length=clock(track.left_s or 0.0))


def _labels(found: Heard, language: Language) -> Iterator[str]:
    template = language.gettext("{number}. {title}{artist}. Heard from {start} on, for {length}.")
    for place, each in enumerate(found.tracks, start=1):
        told = template.format(
            number=place,
            title=title_of(each, language),
            artist=f", {shortened(each.artist)}" if each.artist else "",
            start=clock(each.start_s),
            length=clock(each.seconds),
        )
        if each.energy is not None:
            energy = language.gettext(" Energy {energy}.")
            told += energy.format(energy=number(each.energy, 2))
        yield told


def _slot(track: HeardTrack, planned: Slot | None, plan: Session) -> Slot:
    first, last = (int(time_s / STEP_S) for time_s in (track.start_s, track.end_s))
    target = fmean(plan.curve[first : last + 1] or plan.curve[-1:] or (0.0,))
    energy = target if track.energy is None else track.energy
    return Slot(
        planned.path if planned else "",
        track.track,
        track.title,
        track.artist,
        planned.album if planned else "",
        track.start_s,
        track.end_s,
        track.phase,
        energy,
        target,
        track.contour or (energy,),
        from_s=track.from_s,
        to_s=track.to_s,
    )
