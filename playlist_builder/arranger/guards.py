"""A profile whose phases are as strict as their neighbours where a track may stray into these.

Blocks of a menu play a little shorter or longer than planned, and what follows begins as much
earlier or later. So within that time of a border the limits of both phases hold.
"""

from collections.abc import Iterable
from dataclasses import replace
from math import ceil, isfinite
from typing import Any

from playlist_builder.arranger.rules import PHASE_LIMITS
from playlist_builder.models import STEP_S
from playlist_builder.profiles.profile import Phase, Profile


def guarded(profile: Profile, stray_s: float) -> Profile:
    """Return a profile in which both limits hold within some seconds of each border of phases.

    What is split begins its waves again, so only a phase that is less strict than its neighbour is.
    """
    phases = profile.phases
    wide_s = ceil(stray_s / STEP_S) * STEP_S
    spans: list[tuple[float, float]] = []
    owners: list[tuple[Phase, Phase | None]] = []
    for place, phase in enumerate(phases):
        edge_s = min(wide_s, phase.duration_s / 3.0)
        before, after = (
            phases[beside]
            if 0 <= beside < len(phases) and _limits((phase, phases[beside])) != _limits((phase,))
            else None
            for beside in (place - 1, place + 1)
        )
        first_s = phase.start_s + edge_s * (before is not None)
        last_s = phase.end_s - edge_s * (after is not None)
        spans += [(phase.start_s, first_s), (first_s, last_s), (last_s, phase.end_s)]
        owners += [(phase, before), (phase, None), (phase, after)]
    kept = [pair for pair in zip(spans, owners, strict=True) if pair[0][1] > pair[0][0]]
    split = profile.repeated(span for span, _ in kept)
    strict = (
        replace(own, **_limits((phase, beside))) if beside else own
        for own, (_, (phase, beside)) in zip(split.phases, kept, strict=True)
    )
    return replace(split, duration_s=profile.duration_s, phases=tuple(strict))


def _limits(phases: Iterable[Phase]) -> dict[str, Any]:
    """Return the strictest limits of phases by their keys; None where nothing is limited."""
    every = list(phases)
    most = {limit.key: min(map(limit.most, every)) for limit in PHASE_LIMITS}
    most["max_peak"] = min(phase.peak_limit for phase in every)
    return {key: value if isfinite(value) else None for key, value in most.items()}
