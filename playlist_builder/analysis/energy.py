"""Features to 0..1: how intense the music is perceived to be, and the reasons for it.

Energy is a logistic function of a weighted sum: what each group of features adds can be told
exactly. A value outside of what the listeners' excerpts hold is clamped to that range, so no
odd input can run away. The energy of a track is the mean of its steps, so track and contour
share one scale. Half of the rated excerpts lie below 0.5.

A contour is smoothed over half a minute, because much of what one step of ten seconds says is not
borne out by its neighbours. That keeps the mean, and an outburst of half a minute its height.

The weights were fitted to ratings of 204 excerpts by 11 to 59 listeners each (Aljanaki, Wiering
and Veltkamp 2016, "Studying emotion induced by music through a crowdsourcing game", Information
Processing & Management 52(1)) and, with less weight, to the intended use of game music.

Loud and fast rock and jazz of sad or tender character is where it errs most: it hears the drums,
the listeners answered about the feeling. The score cannot tell whether music is sad or happy,
immersive, or liked by the listener, and it does not hear level: a master's gain says nothing.
Silence gives 0.00, a sine or white noise 0.05, a click track at 120 BPM less than 0.3 because most
of it is silence. A file of five seconds has one step and is scored like any ten seconds of music.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from playlist_builder.analysis.step_features import STEP_FEATURES
from playlist_builder.models import Floats, Ints

ENERGY_VERSION = 1
"""Raise it when the same steps get another energy, by the formula here or by the weights in
`energy_weights.json`: libraries then score all tracks again, without decoding."""

Contour = NDArray[np.float32]
"""Energy in 0..1 per `STEP_S` seconds, shape (n_steps,)."""

GROUPS: dict[str, tuple[str, ...]] = {
    "brightness and density": ("level_",),
    "movement of the sound": ("shape_motion_",),
    "attacks": ("rise_",),
    "percussion": ("stroke_",),
    "rhythm": ("modulation_", "pulse_", "tempo_"),
    "tones against noise": ("tone_", "chroma_"),
}
"""Groups of features by the beginnings of their names."""
WORDS: dict[str, tuple[str, str]] = {
    "level_bass_db": ("level at 0.1-0.5 kHz against the whole", "dB"),
    "level_low_db": ("level at 0.6-1.2 kHz against the whole", "dB"),
    "level_mid_db": ("level at 1.3-2.5 kHz against the whole", "dB"),
    "level_high_db": ("level at 2.8-5 kHz against the whole", "dB"),
    "level_top_db": ("level at 5-10 kHz against the whole", "dB"),
    "shape_motion_coarse_db": ("the balance of bass and treble moves by", "dB"),
    "shape_motion_middle_db": ("the colour of the sound moves by", "dB"),
    "shape_motion_fine_db": ("the fine structure of the spectrum moves by", "dB"),
    "rise_20ms_low_db": ("rises within 20 ms below 0.8 kHz", "dB"),
    "rise_20ms_mid_db": ("rises within 20 ms at 0.8-2 kHz", "dB"),
    "rise_20ms_high_db": ("rises within 20 ms at 2-4.8 kHz", "dB"),
    "rise_20ms_top_db": ("rises within 20 ms above 4.8 kHz", "dB"),
    "rise_40ms_bass_db": ("rises within 40 ms at 0.2-0.35 kHz", "dB"),
    "stroke_low_db": ("strokes below 0.8 kHz stand out by", "dB"),
    "stroke_top_db": ("strokes above 4.8 kHz stand out by", "dB"),
    "stroke_power_share": ("share of strokes in the power", "%"),
    "modulation_0.4_1hz_db": ("fluctuation at 0.4-1 Hz", "dB"),
    "modulation_2_4hz_db": ("fluctuation at 2-4 Hz", "dB"),
    "modulation_4_8hz_db": ("fluctuation at 4-8 Hz", "dB"),
    "modulation_8_14hz_db": ("fluctuation at 8-14 Hz", "dB"),
    "modulation_14_24hz_db": ("fluctuation at 14-24 Hz", "dB"),
    "pulse_clarity": ("clarity of the pulse", "%"),
    "tempo_contrast": ("contrast between beats and what lies between", "%"),
    "tone_peak_bass_db": ("tones below 0.3 kHz stand out by", "dB"),
    "tone_peak_mid_db": ("tones at 0.3-0.8 kHz stand out by", "dB"),
    "tone_stability": ("share of tones that are held for 0.4 s", "%"),
    "chroma_entropy_nats": ("spread over the twelve pitch classes (2.5 is even)", "nats"),
}
"""Each feature in words, with its unit; shares and clarities are told in per cent."""
REASONS = (*GROUPS, "steadiness", "silence")
STEADY_LOGIT = -3.0
"""Sines, drones and hiss without any pulse are calm; no rated music is like them, so the fit
cannot know. Both rules stay off in 273 of the 274 excerpts."""
HISS_EXCESS_DB = (2.0, 4.0)
"""Fluctuation at 14-24 Hz above the beat: white fluctuation has +7, music at most +2."""
STILL_DB = (-9.0, -15.0)
"""Fluctuation of the beat: music has at least -9 dB."""
SILENT_LOGIT = -6.0
SOUNDING_SHARE = 0.5
"""From this share of sounding frames on, rests are part of the music, not silence."""
SMOOTHING = (2.0, 3.0, 2.0)
"""Weights of a step and of those around it: the best linear estimate of what is common to them,
given how the contours of 90 tracks of game music vary from step to step (autocorrelation 0.50,
0.29, 0.16)."""
AT_ONCE = 128
"""Tracks that are scored in one go: so many as stay in the processor's cache."""
ACTIVE = STEP_FEATURES.index("active_share")
BEATS = (
    (STEP_FEATURES.index("modulation_2_4hz_db"), 0.0),
    (STEP_FEATURES.index("modulation_4_8hz_db"), 3.0),
    (STEP_FEATURES.index("modulation_8_14hz_db"), 4.8),
)
"""Ranges in which strokes follow each other, with the dB that white fluctuation has above the
first because the range is wider. The strongest is the beat."""
FLUTTER = STEP_FEATURES.index("modulation_14_24hz_db")


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The fitted sum: `base` + sum of weight * (clamp(value, low, high) - centre), as a logit."""

    base: float
    centre: NDArray[np.float64]
    weight: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@cache
def load_weights() -> Weights:
    """Read the fitted weights, in the order of STEP_FEATURES."""
    file = resources.files(__package__) / "energy_weights.json"
    table = json.loads(file.read_text(encoding="utf-8"))
    rows = [table["features"][name] for name in STEP_FEATURES]
    columns = {
        key: np.array([row[key] for row in rows]) for key in ("centre", "weight", "low", "high")
    }
    return Weights(base=float(table["base"]), **columns)


def _group_of(name: str) -> int:
    for index, prefixes in enumerate(GROUPS.values()):
        if name.startswith(prefixes):
            return index
    raise KeyError(name)


_MEMBERSHIP = np.zeros((len(STEP_FEATURES), len(GROUPS)))
for _column, _name in enumerate(STEP_FEATURES):
    if _column != ACTIVE:
        _MEMBERSHIP[_column, _group_of(_name)] = 1.0


def _ramp(values: NDArray[np.float64], off: float, on: float) -> NDArray[np.float64]:
    return np.clip((values - off) / (on - off), 0.0, 1.0)


def step_reasons(steps: NDArray[np.floating], weights: Weights) -> NDArray[np.float64]:
    """Return what each of REASONS adds to the logit of each step, shape (n_steps, len(REASONS)).

    The row plus `weights.base` is exactly the logit of the energy.
    """
    raw = np.asarray(steps, np.float64)
    values = np.clip(raw, weights.low, weights.high)
    sound = ((values - weights.centre) * weights.weight) @ _MEMBERSHIP
    return np.column_stack([sound, *_rules(raw, weights.base + sound.sum(axis=1))])


def _rules(
    raw: NDArray[np.float64], logit: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what steadiness and silence add to the logits of the sound."""
    beat = np.max([raw[:, column] - wider_db for column, wider_db in BEATS], axis=0)
    steady = np.maximum(_ramp(raw[:, FLUTTER] - beat, *HISS_EXCESS_DB), _ramp(beat, *STILL_DB))
    steadiness = steady * np.minimum(0.0, STEADY_LOGIT - logit)
    silent = 1.0 - _ramp(raw[:, ACTIVE], 0.0, SOUNDING_SHARE)
    return steadiness, silent * (SILENT_LOGIT - logit - steadiness)


def contours(steps: Sequence[NDArray[np.floating]]) -> list[Contour]:
    """Energy of every step of every track; many tracks in one go, because Python is slow."""
    found: list[Contour] = []
    for first in range(0, len(steps), AT_ONCE):
        some = steps[first : first + AT_ONCE]
        counts = np.array([len(rows) for rows in some])
        energies = _smoothed(_energies(np.concatenate(some)), counts).astype(np.float32)
        ends = np.cumsum(counts)
        found.extend(energies[start:end] for start, end in zip(ends - counts, ends, strict=True))
    return found


def _energies(steps: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the energy of each step on its own: `step_reasons` without telling them apart."""
    weights = load_weights()
    raw = steps.astype(np.float64)
    values = np.maximum(raw, weights.low)
    np.minimum(values, weights.high, out=values)
    values -= weights.centre
    logit = weights.base + values @ (weights.weight * _MEMBERSHIP.any(axis=1))
    return np.asarray(1.0 / (1.0 + np.exp(-(logit + sum(_rules(raw, logit))))))


def _smoothed(values: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Smooth each of several runs of values, one after the other, mirrored at its ends.

    A mirror keeps the mean of every run.
    """
    ends = np.cumsum(counts)
    first, last = ends - counts, ends - 1
    before, after = np.roll(values, 1), np.roll(values, -1)
    before[first], after[last] = values[first], values[last]
    left, middle, right = SMOOTHING
    return (left * before + middle * values + right * after) / sum(SMOOTHING)


def overall(contours: Sequence[Contour]) -> list[float]:
    """Energy of each track: the mean of its contour."""
    if not contours:
        return []
    counts = np.array([len(contour) for contour in contours])
    levels: list[float] = means(np.concatenate(contours), counts).tolist()
    return levels


def means(values: Contour, counts: Ints) -> Floats:
    """Return `overall` of contours that stand one after the other, each with some values."""
    if not len(counts):
        return np.zeros(0)
    ends = np.cumsum(counts)
    return np.asarray(np.add.reduceat(values.astype(np.float64), ends - counts) / counts)


@dataclass(frozen=True, slots=True)
class Reason:
    """What one group of features adds to the energy of a track, and the words for it.

    `because` names the feature of the group that weighs most, with its unit, beside the value
    that rated music typically has; it is empty for what no single feature stands for.
    """

    name: str
    energy: float
    because: str = ""


def reasons(steps: NDArray[np.floating]) -> list[Reason]:
    """Tell what raised and lowered the energy of a track, the largest first.

    The energies add up to `overall(contours([steps]))`. "typical music" is what a track of
    average features has; within a step, the rest is shared out in proportion to the logits.
    """
    weights = load_weights()
    parts = step_reasons(steps, weights)
    total = parts.sum(axis=1)
    typical = 1.0 / (1.0 + np.exp(-weights.base))
    gain = 1.0 / (1.0 + np.exp(-(weights.base + total))) - typical
    near = np.abs(total) < 1e-6  # noqa: PLR2004 - where the quotient would be noise
    slope = np.where(near, typical * (1.0 - typical), gain / np.where(near, 1.0, total))
    shares = (parts * slope[:, None]).mean(axis=0).tolist()
    told = [
        Reason(name, share, _because(column, share, steps, weights))
        for column, (name, share) in enumerate(zip(REASONS, shares, strict=True))
    ]
    told.sort(key=lambda reason: -abs(reason.energy))
    return [Reason("typical music", float(typical)), *told]


def _because(group: int, share: float, steps: NDArray[np.floating], weights: Weights) -> str:
    """Say which feature of a group speaks loudest for what the group adds."""
    if group >= len(GROUPS):
        return ""
    raw = np.asarray(steps, np.float64)
    values = np.clip(raw, weights.low, weights.high).mean(axis=0)
    members = np.flatnonzero(_MEMBERSHIP[:, group])
    spoken = ((values - weights.centre) * weights.weight)[members] * np.sign(share)
    if spoken.max() <= 0.0:
        return ""
    column = int(members[np.argmax(spoken)])
    words, unit = WORDS[STEP_FEATURES[column]]
    found, usual = raw[:, column].mean(), weights.centre[column]
    return f"{words} {_number(found, unit)}, typically {_number(usual, unit)}"


def _number(value: float, unit: str) -> str:
    return f"{100.0 * value:.0f} %" if unit == "%" else f"{value:.1f} {unit}".strip()
