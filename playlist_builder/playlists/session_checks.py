"""Checks of the values of a session document that no type expresses; each raises ValueError."""

import reprlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

from playlist_builder.errors import RequestError
from playlist_builder.language.translation import Phrase
from playlist_builder.session_request import PERSON_NAME_LIMIT, person_name
from playlist_builder.session_request import check_time as check_time_of_day

LEAST_PART_S = 1.0  # of a track that plays: fades and codecs need some music
ROUNDING_S = 0.01  # times are written in milliseconds, each rounded on its own


class Span(Protocol):
    """What plays from one time of a session to another."""

    start_s: float
    end_s: float


class Played(Span, Protocol):
    """What plays then may be a part of a track, from one of its own times to another."""

    from_s: float | None
    to_s: float | None


def check_span(slot: Played) -> None:
    """Check that a slot ends after its start, and does not play longer than its part is."""
    if slot.end_s < slot.start_s:
        raise ValueError(
            Phrase(
                "end_s must be at least start_s, {start_s}, not {end_s}",
                start_s=slot.start_s,
                end_s=slot.end_s,
            )
        )
    least_s = (slot.from_s or 0.0) + slot.end_s - slot.start_s
    is_part = slot.from_s is not None or slot.to_s is not None
    if is_part and slot.end_s - slot.start_s < LEAST_PART_S:
        raise ValueError(
            Phrase(
                "end_s must be {least_s:g} s after start_s at least, as of a part",
                least_s=LEAST_PART_S,
            )
        )
    if slot.to_s is not None and slot.to_s < least_s - ROUNDING_S:
        raise ValueError(
            Phrase(
                "to_s must be at least {least_s:.3f}, as it plays, not {to_s}",
                least_s=least_s,
                to_s=slot.to_s,
            )
        )


def check_order(slots: Sequence[Span], tail: Sequence[Span]) -> None:
    """Check that each slot starts when the one before it has ended, or later."""
    places = [
        f"{key}[{n}]" for key, part in (("slots", slots), ("tail", tail)) for n in range(len(part))
    ]
    for place, (before, after) in zip(places[1:], pairwise((*slots, *tail)), strict=True):
        if after.start_s < before.end_s - ROUNDING_S:
            raise ValueError(
                Phrase(
                    "{place}.start_s must be at least {least_s}, where the one before it ends, not"
                    " {start_s}",
                    place=place,
                    least_s=before.end_s,
                    start_s=after.start_s,
                )
            )


def check_silences(played: Sequence[Span], silences: Sequence[Span]) -> None:
    """Check that planned silences end after their start, and that nothing else is in them."""
    for number, silence in enumerate(silences):
        if silence.end_s < silence.start_s:
            raise ValueError(
                Phrase("silences[{number}].end_s must be at least its start_s", number=number)
            )
    numbers = [*(None for _ in played), *range(len(silences))]
    spans = zip((*played, *silences), numbers, strict=True)
    in_time = sorted(spans, key=lambda span: (span[0].start_s, span[0].end_s))
    for (before, first), (after, second) in pairwise(in_time):
        number = first if second is None else second
        if number is not None and after.start_s < before.end_s - ROUNDING_S:
            raise ValueError(
                Phrase("silences[{number}] must lie where nothing else plays", number=number)
            )


def check_time(text: str) -> None:
    """Check that a text is empty, or a time in ISO 8601 with its offset."""
    try:
        if text:
            check_time_of_day(text)
    except RequestError as error:
        raise ValueError(
            Phrase(
                "asked_at must be a time in ISO 8601 with its offset, not {value}",
                value=reprlib.repr(text),
            )
        ) from error


def checked_name(text: str) -> str:
    """Return the name of a person as it is stored."""
    try:
        return person_name(text)
    except RequestError as error:
        raise ValueError(
            Phrase(
                "{key} must be {wanted}, not {value}",
                key="name",
                wanted=Phrase(
                    "plain text of {least} to {most} characters", least=1, most=PERSON_NAME_LIMIT
                ),
                value=reprlib.repr(text),
            )
        ) from error
