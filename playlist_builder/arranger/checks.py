"""What no session can hold, whatever its tracks: invalid settings, pins that exclude each other.

Settings and pins go in; ArrangeError comes out where they cannot be kept, before any search.
"""

import math
from collections.abc import Sequence
from typing import get_args

import numpy as np

from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.errors import ArrangeError
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Ints, Scale
from playlist_builder.profiles.profile import Profile

MOST_SEED = 2**63  # what every reader of JSON takes for a whole number


def check_settings(constraints: Constraints) -> None:
    """Raise ArrangeError for what no session can hold, whatever its tracks."""
    seed, scale, tolerance_s = constraints.seed, constraints.scale, constraints.tolerance_s
    if scale not in get_args(Scale):
        raise ArrangeError(
            "No scale {scale!r}. Available: {Scale}.", scale=scale, Scale=", ".join(get_args(Scale))
        )
    if not 0.0 <= tolerance_s < math.inf:
        raise ArrangeError(
            "A tolerance is at least 0 s, not {tolerance_s!r}.", tolerance_s=tolerance_s
        )
    if type(seed) is not int or not abs(seed) < MOST_SEED:
        raise ArrangeError("A seed is a whole number below 2**63, not {seed!r}.", seed=seed)


def check_pins(pins: Sequence[Pin], profile: Profile) -> None:
    """Raise ArrangeError for pins that exclude each other, ProfileError for an unknown phase."""
    for pin in pins:
        if pin.phase is not None:
            profile.named(pin.phase)
    names = [pin.track for pin in pins]
    places = [pin.place for pin in pins if pin.place is not None]
    for values, what in (
        (names, Phrase("pinned twice")),
        (places, Phrase("a place that two pins ask for")),
    ):
        again = [value for number, value in enumerate(values) if value in values[:number]]
        if again:
            raise ArrangeError("{again}: {what}. Take one of them away.", again=again[0], what=what)


def check_pins_fit(
    pins: Sequence[tuple[Pin, int]], length_ms: Ints, asked_min: float, most_ms: float
) -> None:
    """Raise ArrangeError for pins that no session can hold, which no search need find out."""
    lasts_ms = length_ms[[item for _, item in pins]].sum()
    if lasts_ms > most_ms:
        raise ArrangeError(
            "The pinned tracks last {lasts_min:.0f} min, and the session {asked_min:.0f}."
            " Remove a pin, or ask for more time.",
            lasts_min=lasts_ms / 60_000,
            asked_min=asked_min,
        )
    fit = int((np.cumsum(np.sort(length_ms)) <= most_ms).sum())
    for pin, _ in pins:
        if pin.place is not None and abs(pin.place) > fit:
            raise ArrangeError(
                "{track}: pinned as number {place}, but {asked_min:.0f} min hold at most {fit}"
                " of these tracks.",
                track=pin.track,
                place=pin.place,
                asked_min=asked_min,
                fit=fit,
            )
