"""Two sessions -> what changed from the one to the other, as values that any view can show.

Tracks are told apart by identity, and numbers count from 1 as people count. Spares are left out:
they are chosen again behind every change.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from playlist_builder.errors import ProfileError, RequestError
from playlist_builder.language.notices import Notice
from playlist_builder.models import Session, Slot
from playlist_builder.profiles.own import own_profile

SAME_TIME_S = 1.0  # starts that differ by no more are the same to a listener


class Placed(NamedTuple):
    """A slot and its number in the session, from 1."""

    number: int
    slot: Slot


@dataclass(frozen=True, slots=True)
class Moved:
    """A track that stands elsewhere among the others: the slot that it has now, and both numbers.

    Where all that changed before it is what came or went, a track has not moved.
    """

    slot: Slot
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class PinChange:
    """A pin that came or went, or that moves with the plan; `slot` is the track's, now or before.

    `before_s` and `after_s` are when the track starts, None where it does not play.
    """

    kind: Literal["pinned", "unpinned", "moved"]
    slot: Slot
    before_s: float | None
    after_s: float | None


class PhaseChange(NamedTuple):
    """A phase of the plan that got longer or shorter, and how long it lasted and lasts."""

    name: str
    before_s: float
    after_s: float


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one session to the next.

    `went` holds slots with the numbers that they had, `came` slots with those that they have now.
    `shifted` counts the tracks of both that start at another time. `tail_went` and `tail_came` are
    of the tail, and `lengths_s` how long the session lasted and lasts, where that differs;
    `phases` are those of both plans that do not last as long as they did.
    `relaxed` are rules that give way now and did not, or did so less, `restored` those that did and
    hold again. `warnings` are of a kind that nothing was told of before.
    """

    went: tuple[Placed, ...] = ()
    came: tuple[Placed, ...] = ()
    moved: tuple[Moved, ...] = ()
    pins: tuple[PinChange, ...] = ()
    shifted: int = 0
    tail_went: tuple[Slot, ...] = ()
    tail_came: tuple[Slot, ...] = ()
    lengths_s: tuple[float, float] | None = None
    phases: tuple[PhaseChange, ...] = ()
    relaxed: tuple[Notice, ...] = ()
    restored: tuple[Notice, ...] = ()
    warnings: tuple[Notice, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything changed that is listed here."""
        return self != Difference()


def difference(before: Session, after: Session) -> Difference:
    """Return what changed from one session to another one."""
    old, new = _by_identity(before), _by_identity(after)
    kept = old.keys() & new.keys()
    late = (abs(new[each].slot.start_s - old[each].slot.start_s) > SAME_TIME_S for each in kept)
    lengths_s = before.duration_s, after.duration_s
    return Difference(
        went=tuple(placed for own, placed in old.items() if own not in kept),
        came=tuple(placed for own, placed in new.items() if own not in kept),
        moved=tuple(_moved(old, new)),
        pins=tuple(_pins(before, after)),
        shifted=sum(late),
        tail_went=_only(before.tail, after.tail),
        tail_came=_only(after.tail, before.tail),
        lengths_s=lengths_s if abs(lengths_s[1] - lengths_s[0]) > SAME_TIME_S else None,
        phases=tuple(_phases(before, after)),
        relaxed=worsened(before.relaxed, after.relaxed),
        restored=_of_other_kinds(after.relaxed, before.relaxed),
        warnings=_of_other_kinds(before.warnings, after.warnings),
    )


def replanned(before: Session, after: Session) -> Difference:
    """Return what changed by arranging again what has not played yet.

    What has played is told of no more, so a rule gives way no longer only where no such track can
    break it still; and where nothing else changed, nothing is new.
    """
    found, spans = difference(before, after), set(map(_span, after.slots))
    stay = {slot.title or slot.path for slot in before.slots if _span(slot) in spans}
    restored = tuple(told for told in found.restored if _is_over(told, stay))
    found = replace(found, restored=restored)
    return replace(found, warnings=()) if found == Difference(warnings=found.warnings) else found


def stepped(before: Session, after: Session) -> Difference:
    """Return what changed by undo or redo: what is noted then was told before."""
    return replace(difference(before, after), warnings=())


def _phases(before: Session, after: Session) -> Iterator[PhaseChange]:
    old, new = _planned_s(before), _planned_s(after)
    for name in new:
        if name in old and abs(new[name] - old[name]) > SAME_TIME_S:
            yield PhaseChange(name, old[name], new[name])


def _planned_s(session: Session) -> dict[str, float]:
    """Return how long each phase is planned, by name; empty where the plan is not known."""
    planned = dict[str, float]()
    try:
        known = own_profile(session)
    except (RequestError, ProfileError):  # of another version
        known = None
    for phase in known.phases if known is not None else ():
        planned[phase.name] = planned.get(phase.name, 0.0) + phase.end_s - phase.start_s
    return planned


def _span(slot: Slot) -> tuple[str, float, float]:
    return slot.identity, slot.start_s, slot.end_s


def _is_over(told: Notice, stay: Collection[str]) -> bool:
    """Whether no track of those titles that stay can be what a notice tells of."""
    values = dict(told.parameters)
    of_one = "title" in values and values["title"] not in stay and _count(told) <= 1
    return of_one or told.code.startswith("duration")


def worsened(before: Sequence[Notice], after: Sequence[Notice]) -> tuple[Notice, ...]:
    """Return the notices of rules that gave way, of those that did not before, or less often."""
    counts = {each.code: _count(each) for each in before}
    return tuple(each for each in after if _count(each) > counts.get(each.code, 0))


def _count(told: Notice) -> float:
    count = dict(told.parameters).get("count", 1)
    return count if isinstance(count, int | float) else 1


def _of_other_kinds(known: Sequence[Notice], told: Sequence[Notice]) -> tuple[Notice, ...]:
    codes = {each.code for each in known}
    return tuple(each for each in told if each.code not in codes)


def _only(slots: Sequence[Slot], others: Sequence[Slot]) -> tuple[Slot, ...]:
    known = {slot.identity for slot in others}
    return tuple(slot for slot in slots if slot.identity not in known)


def _by_identity(session: Session) -> dict[str, Placed]:
    return {slot.identity: Placed(n, slot) for n, slot in enumerate(session.slots, start=1)}


def _moved(old: dict[str, Placed], new: dict[str, Placed]) -> Iterator[Moved]:
    """Yield the fewest tracks without which all others stand in the order of before."""
    kept = [own for own in new if own in old]
    in_order = _longest_rise([old[own].number for own in kept])
    for place, own in enumerate(kept):
        if place not in in_order:
            yield Moved(new[own].slot, old[own].number, new[own].number)


def _longest_rise(numbers: Sequence[int]) -> set[int]:
    """Return the places of a longest rising subsequence of distinct numbers."""
    ends: list[int] = []  # the least number that ends a rise, of each length
    places: list[int] = []  # of these numbers
    before: list[int] = []  # the place that comes before each, or -1
    for place, number in enumerate(numbers):
        length = bisect_left(ends, number)
        ends[length:] = [number, *ends[length + 1 :]]
        places[length:] = [place, *places[length + 1 :]]
        before.append(places[length - 1] if length else -1)
    found, place = set[int](), places[-1] if places else -1
    while place >= 0:
        found.add(place)
        place = before[place]
    return found


def _pins(before: Session, after: Session) -> Iterator[PinChange]:
    """Yield the pins that went, came, or ask for another time; others are as they were."""
    old, new = _asked(before), _asked(after)
    slots_before, slots_after = _by_identity(before), _by_identity(after)
    for own in dict.fromkeys([*old, *new]):
        was, now = slots_before.get(own), slots_after.get(own)
        placed = now or was
        if old.get(own) == new.get(own) or placed is None:
            continue
        kind: Literal["pinned", "unpinned", "moved"] = (
            "pinned" if own not in old else "unpinned" if own not in new else "moved"
        )
        yield PinChange(kind, placed.slot, was and was.slot.start_s, now and now.slot.start_s)


def _asked(session: Session) -> dict[str, str]:
    """Return the pins of a session as they were typed, by identity."""
    request = session.request
    # Before it is built, the identities of pins are not known.
    return {} if request is None else dict(zip(request.pinned, request.pins, strict=False))
