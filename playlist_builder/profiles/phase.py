"""A phase of a profile as a value, and how it is cut or begins early."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

MIN_PHASE_S = 1.0
CLIMB = 1 / 3  # of a phase that begins early, in which it climbs to its level
CALM_LEVEL = 0.35  # a phase whose planned energy stays up to here is calm, and ...
CALM_CLIMB = 0.3  # ... no moment of its tracks lies further above its highest level


@dataclass(frozen=True, slots=True)
class Phase:
    """A named span of a profile: a level or a ramp of levels, with or without waves on top.

    A `fixed` phase keeps its length when the profile is scaled. The limits hold for the tracks
    that play in the phase (`max_brightness_hz` is a spectral centroid, `max_silence_s` the longest
    silence within a track or at its edges); None is no limit, but for silence 15 s. `max_peak` is
    the most energy, on the scale of the session, at any moment that plays in the phase (see
    `peak_limit`). Tracks are preferred whose `tension` lies between two values, and `moving` ones
    if that is set. `crossfade_s` replaces that of the rules for the tracks that begin in the phase.
    The last `silence_s` of the phase are silent: its music ends before, and its levels with it.
    `basis` says where the values come from.
    """

    name: str
    start_s: float
    end_s: float
    level_start: float
    level_end: float
    wave_depth: float = 0.0
    wave_period_s: float = 0.0
    fixed: bool = False
    max_startle_lu: float | None = None
    max_brightness_hz: float | None = None
    max_percussiveness: float | None = None
    max_tension: float | None = None
    max_pulse_clarity: float | None = None
    max_stroke_rate_hz: float | None = None
    max_silence_s: float | None = None
    max_peak: float | None = None
    tension: tuple[float, float] | None = None
    moving: bool = False
    crossfade_s: tuple[float, float] | None = None
    silence_s: float = 0.0
    basis: str = ""

    @property
    def duration_s(self) -> float:
        """Length of the phase in seconds."""
        return self.end_s - self.start_s

    @property
    def music_s(self) -> float:
        """Length of its music in seconds, before its silence."""
        return self.duration_s - self.silence_s

    @property
    def is_calm(self) -> bool:
        """Whether the planned energy, with waves, never goes beyond `CALM_LEVEL`."""
        return self.highest <= CALM_LEVEL

    @property
    def peak_limit(self) -> float:
        """Most energy of any moment: `max_peak`, else `CALM_CLIMB` above a calm plan, else inf."""
        if self.max_peak is not None:
            return self.max_peak
        return self.highest + CALM_CLIMB if self.is_calm else math.inf

    @property
    def highest(self) -> float:
        """Most planned energy, with waves."""
        return max(self.level_start, self.level_end) + self.wave_depth

    def with_levels(self, start: float, end: float) -> "Phase":
        """Return the phase with other levels, its waves on top.

        What was calm still has the limit of peaks that a calm plan has above its level.
        """
        new = replace(self, level_start=start, level_end=end)
        if self.is_calm and not new.is_calm and self.max_peak is None:
            return replace(new, max_peak=min(new.highest + CALM_CLIMB, 1.0))
        return new


def without_leap(phases: Sequence[Phase], level: float) -> Iterator[Phase]:
    """Yield phases of which the first begins no higher than a level; see `Profile.jumped`."""
    for number, phase in enumerate(phases):
        if phase.level_start <= level:
            yield from phases[number:]
            return
        if phase.level_end < phase.level_start:
            yield replace(phase, level_start=level, level_end=min(phase.level_end, level))
            level = min(phase.level_end, level)
            continue
        border_s = phase.start_s + phase.music_s * CLIMB
        if border_s - phase.start_s < MIN_PHASE_S:
            yield replace(phase, level_start=level)
        else:
            climb: dict[str, Any] = {"level_start": level, "level_end": phase.level_start}
            climb |= {"wave_depth": 0.0, "wave_period_s": 0.0, "silence_s": 0.0}
            yield replace(phase, end_s=border_s, **climb)
            yield replace(phase, start_s=border_s)
        yield from phases[number + 1 :]
        return


def ended(phase: Phase, end_s: float) -> Phase:
    """Return a phase that ends at a time; what is cut away first is its silence."""
    silence_s = max(phase.silence_s - (phase.end_s - end_s), 0.0)
    return replace(phase, end_s=end_s, level_end=level(phase, end_s), silence_s=silence_s)


def level(phase: Phase, time_s: float) -> float:
    """Return the level of a ramp at a time, without its waves."""
    share = min((time_s - phase.start_s) / phase.music_s, 1.0)
    return phase.level_start + (phase.level_end - phase.level_start) * share
