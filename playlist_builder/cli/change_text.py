"""What a change did to a session, and what could take a place in it, in words for a terminal."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from playlist_builder.text import clock

if TYPE_CHECKING:
    import playlist_builder as api
    from playlist_builder.sessions.candidates import Candidate
    from playlist_builder.sessions.compare import StandsOut, Trait
    from playlist_builder.sessions.difference import Difference, PinChange

A_LITTLE, MUCH = 0.12, 0.3  # differences of energy and tension, in 0..1
JOINS = {"near": "near in style", "between": "", "far": "of another style"}


def difference_lines(changed: "Difference") -> list[str]:
    """Return lines on all that changed: tracks, their times, pins, the tail, rules and notes."""
    lines = [
        f"{sign} {number}. {clock(slot.start_s)}  {slot.title or slot.path}  {slot.artist}"
        for sign, placed in (("-", changed.went), ("+", changed.came))
        for number, slot in placed
    ]
    lines += [
        f"* {each.after}. {clock(each.slot.start_s)}  {each.slot.title or each.slot.path}"
        f"  {each.slot.artist} (was number {each.before})"
        for each in changed.moved
    ]
    if changed.shifted:
        tracks = "track starts" if changed.shifted == 1 else "tracks start"
        lines.append(f"{changed.shifted} {tracks} at another time")
    if changed.lengths_s is not None:
        lines.append("the session lasts {1}, not {0}".format(*map(clock, changed.lengths_s)))
    lines += map(_pin_line, changed.pins)
    lines += [
        f"{sign} tail: {slot.title or slot.path}  {slot.artist}".rstrip()
        for sign, slots in (("-", changed.tail_went), ("+", changed.tail_came))
        for slot in slots
    ]
    lines += [
        f"{word}: {each}"
        for word, told in (
            ("gives way now", changed.relaxed),
            ("gives way no longer", changed.restored),
            ("new note", changed.warnings),
        )
        for each in told
    ]
    return lines or ["the same tracks at the same times"]


def _pin_line(pin: "PinChange") -> str:
    title = f"'{pin.slot.title or pin.slot.path}'"
    if pin.kind == "unpinned":
        return f"{title} is pinned no longer"
    at = clock(pin.slot.start_s)
    if pin.kind == "pinned" or pin.before_s is None:
        return f"{title} is pinned: it starts at {at}"
    was = clock(pin.before_s)
    return f"{title} is pinned, and moves with the plan: it starts at {at}, not at {was}"


def candidate_lines(
    session: "api.Session", number: int, found: "Sequence[Candidate]"
) -> Iterator[str]:
    """Yield what plays as a number of a session, and two lines for each that could take its place.

    The one that is taken without a word is marked by an asterisk.
    """
    slot = session.slots[number - 1]
    yield f" {number}. {clock(slot.start_s)}  {_called(slot)}: {_figures(slot)}"
    names = Counter(_called(each.slot) for each in found)
    for place, each in enumerate(found, start=1):
        name = _called(each.slot)
        path = f"  {each.slot.path}" if names[name] > 1 else ""
        words = ", ".join(candidate_words(each))
        yield f"{'*' if each.is_choice else ' '}{place:2}  {name}{path}: {words or 'much the same'}"
        yield f"     {_figures(each.slot)}; {_effect(each)}"


def candidate_words(candidate: "Candidate") -> list[str]:
    """Return in words how a candidate differs from what plays there now, what stands out last."""
    join = JOINS[candidate.join]
    told = {each.why for each in candidate.stands_out}
    return [
        *map(_trait, candidate.traits),
        *([join] if join and "style" not in told else []),
        *(f"STANDS OUT: {_standing_out(each)}" for each in candidate.stands_out),
        *(f"gives way: {each}" for each in candidate.relaxed),
    ]


def _trait(trait: "Trait") -> str:
    if trait.word in {"softer", "louder"}:
        return f"{trait.word} by {trait.by:.0f} LU"
    if trait.word in {"darker", "brighter"}:
        return trait.word
    word = {"gentler": "less tense", "tenser": "more tense"}.get(trait.word, trait.word)
    return (
        f"a little {word}" if trait.by < A_LITTLE else f"much {word}" if trait.by > MUCH else word
    )


def _standing_out(reason: "StandsOut") -> str:
    return {
        "off_plan": f"{reason.amount:.2f} from the plan",
        "tense": f"tension {reason.amount:.2f} above the plan",
        "rise": f"the loudness rises {reason.amount:.0f} LU at a join",
        "style": "the style changes at a join",
        "voice": "it may hold a voice",
        "rule": "a rule of the session gives way",
    }[reason.why]


def _figures(slot: "api.Slot") -> str:
    tension = "unknown" if slot.tension is None else f"{slot.tension:.2f}"
    energy = f"energy {slot.energy:.2f} (plan {slot.target:.2f})"
    return f"{energy}, tension {tension}, {slot.loudness_lufs:.0f} LUFS, {clock(slot.duration_s)}"


def _effect(candidate: "Candidate") -> str:
    distance = f"{candidate.rms_error_now:.3f} -> {candidate.rms_error:.3f}"
    cost = f"{candidate.cost_now:.4f} -> {candidate.cost:.4f}"
    return f"curve {distance} from the plan, cost {cost}"


def _called(slot: "api.Slot") -> str:
    title = slot.title or slot.path
    return f"{title}  {slot.artist}" if slot.artist else title


def candidate_document(candidate: "Candidate") -> dict[str, Any]:
    """Return a candidate for JSON."""
    slot, track = candidate.slot, candidate.track
    return {
        "path": track.path,
        "title": track.tags.title,
        "artist": track.tags.artist,
        "duration_s": track.duration_s,
        "energy": slot.energy,
        "target": slot.target,
        "tension": slot.tension,
        "loudness_lufs": slot.loudness_lufs,
        "style": candidate.join,
        "cost": candidate.cost,
        "rms_error": candidate.rms_error,
        "cost_now": candidate.cost_now,
        "rms_error_now": candidate.rms_error_now,
        "traits": {each.word: each.by for each in candidate.traits},
        "gives_way": list(map(str, candidate.relaxed)),
        "stands_out": {each.why: each.amount for each in candidate.stands_out},
        "is_choice": candidate.is_choice,
    }
