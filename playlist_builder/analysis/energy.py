"""Step features to energy in 0..1: the perceived intensity of music, and what contributes to it.

Energy is a logistic function of a weighted sum, so the contribution of each group of features is
exact. Every weight has the sign that is known of its feature: what beats, strikes, rises or shines
adds, tones that are held take away, so that no beat can make music calmer. Where a track has an
embedding, it moves the level of the whole track, and the features keep what changes within it;
without, the energy is the coarser one. Feature values are clamped to the range of the rated
excerpts. A contour is smoothed over half a minute (`SMOOTHING`), which keeps its mean; the energy
of a track is that mean, so track and contour share one scale. Silence is no music, so a silent
step has the mean energy of the others. Half of the rated excerpts lie below 0.5.

The weights were fitted to ratings of 204 excerpts by 11 to 59 listeners each (Aljanaki, Wiering
and Veltkamp 2016, "Studying emotion induced by music through a crowdsourcing game", Information
Processing & Management 52(1)) and, with less weight, to the intended use of game music.

Known limits: loud and fast rock and jazz of sad or tender character scores too high, since the
listeners answered about the feeling. The score does not know whether music is sad, happy or
liked, nor its level. A silent track gives 0.00, a sine or white noise 0.05, a click track at
120 BPM less than 0.3. A file of five seconds has one step and is scored like any ten seconds of
music.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from playlist_builder.analysis.step_features import DESCRIPTIONS, STEP_FEATURES
from playlist_builder.language.translation import Phrase
from playlist_builder.models import STEP_S, Embedding, Floats, Floats32, Ints

ENERGY_VERSION = 4  # raise it with formula or weights: libraries then score again, not decode
Contour = Floats32  # energy in 0..1 per `STEP_S` seconds, shape (n_steps,)
GROUPS: dict[Phrase, tuple[str, ...]] = {  # of features, by the prefixes of their names
    Phrase("brightness and density"): ("level_",),
    Phrase("movement of the sound"): ("shape_motion_",),
    Phrase("attacks"): ("rise_",),
    Phrase("percussion"): ("stroke_",),
    Phrase("rhythm"): ("modulation_", "pulse_", "tempo_"),
    Phrase("tones against noise"): ("tone_", "chroma_"),
}
CONTRIBUTIONS = (
    *GROUPS,
    *(Phrase("sound as a whole"), Phrase("steadiness"), Phrase("silence")),
)
STEADY_LOGIT = -3.0  # upper limit for sines, drones and hiss; with silence it changes 1 of 274
HISS_EXCESS_DB = (2.0, 4.0)  # fluctuation at 14-24 Hz above the beat: white +7, music at most +2
STILL_DB = (-9.0, -15.0)  # fluctuation of the beat: music has at least -9 dB
SILENT_LOGIT = -6.0
PATCH_S = 3.0  # length of a patch of an embedding
SOUNDING_SHARE = 0.5  # at this share of sounding frames or more, rests are part of the music
# Weights of the previous step, the step and the next one: the best linear estimate of what they
# have in common, for the autocorrelation of 90 tracks of game music (0.50, 0.29, 0.16).
SMOOTHING = (2.0, 3.0, 2.0)
BATCH_TRACKS = 128  # tracks that are scored together: as many as stay in the processor's cache
ACTIVE_COLUMN = STEP_FEATURES.index("active_share")
BEAT_COLUMNS = (
    # Ranges in which beats follow each other, the strongest is the beat; and how many dB white
    # fluctuation has above the first range because the range is wider.
    (STEP_FEATURES.index("modulation_2_4hz_db"), 0.0),
    (STEP_FEATURES.index("modulation_4_8hz_db"), 3.0),
    (STEP_FEATURES.index("modulation_8_14hz_db"), 4.8),
)
FLUTTER_COLUMN = STEP_FEATURES.index("modulation_14_24hz_db")


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The fitted sums, as logits.

    That of a step is `base` + sum of weight * (clamp(value, low, high) - centre); arrays of shape
    (len(STEP_FEATURES),). The level of a track with an embedding is `level_base` + `level_share` *
    its mean step + `style` @ its mean patch; `style` has shape (STYLE_SIZE,).
    """

    base: float
    centre: Floats
    weight: Floats
    low: Floats
    high: Floats
    level_base: float
    level_share: float
    style: Floats


@cache
def load_weights() -> Weights:
    """Return the fitted weights."""
    file = Path(__file__).with_name("energy_weights.json")
    table = json.loads(file.read_text(encoding="utf-8"))
    rows = [table["features"][name] for name in STEP_FEATURES]
    columns = {
        key: np.array([row[key] for row in rows]) for key in ("centre", "weight", "low", "high")
    }
    level = table["level"]
    return Weights(
        base=float(table["base"]),
        **columns,
        level_base=float(level["base"]),
        level_share=float(level["share"]),
        style=np.array(level["style"]),
    )


_MEMBERSHIP = np.array(
    [[float(name.startswith(prefixes)) for prefixes in GROUPS.values()] for name in STEP_FEATURES]
)


def _ramp(values: Floats, off: float, on: float) -> Floats:
    return np.clip((values - off) / (on - off), 0.0, 1.0)


def step_contributions(
    steps: NDArray[np.floating], weights: Weights, embedding: Embedding | None = None
) -> Floats:
    """Return what each of CONTRIBUTIONS adds to the logit of each step, (n_steps, contributions).

    The sum of a row plus `weights.base` is the logit of the energy.
    """
    raw = np.asarray(steps, np.float64)
    values = np.clip(raw, weights.low, weights.high)
    groups = ((values - weights.centre) * weights.weight) @ _MEMBERSHIP
    logit = weights.base + groups.sum(axis=1)
    sounding = sounding_shares(raw)
    mean = float(sounding @ logit / sounding.sum())
    (moved,) = _level_shifts(np.array([mean]), [sounding_part(embedding, raw)], weights)
    whole = np.full(len(raw), moved)
    return np.column_stack([groups, whole, *_rules(raw, logit + moved)])


def sounding_shares(steps: NDArray[np.floating]) -> Floats:
    """Return how much each step of a track counts, 0 for silence to 1, shape (n_steps,).

    Where all of them are silent, they count alike.
    """
    return _sounding_shares(np.asarray(steps, np.float64), np.array([len(steps)]))


def _sounding_shares(raw: Floats, counts: Ints) -> Floats:
    """Return `sounding_shares` of tracks with so many steps each."""
    shares = _ramp(raw[:, ACTIVE_COLUMN], 0.0, SOUNDING_SHARE)
    return shares + np.repeat(means(shares, counts) <= 0.0, counts)


def sounding_part(embedding: Embedding | None, steps: NDArray[np.floating]) -> Embedding | None:
    """Return an embedding without the patches that lie in silent steps; whole if all do."""
    if embedding is None or not len(embedding.patches):
        return embedding
    sounds = sounding_shares(steps) >= SOUNDING_SHARE
    if sounds.all():
        return embedding
    places = ((embedding.starts_s + PATCH_S / 2.0) // STEP_S).astype(np.int64)
    kept = sounds[np.minimum(places, len(sounds) - 1)]
    if not kept.any():
        return embedding
    return Embedding(embedding.patches[kept], embedding.starts_s[kept])


def _level_shifts(
    means: Floats, embeddings: Sequence[Embedding | None], weights: Weights
) -> Floats:
    """Return what embeddings add to the logits of tracks with these means, 0 without one."""
    levels = [
        weights.level_base
        + weights.level_share * mean
        + float(weights.style @ embedding.patches.mean(axis=0, dtype=np.float64))
        if embedding is not None and len(embedding.patches)
        else mean
        for mean, embedding in zip(means.tolist(), embeddings, strict=True)
    ]
    return np.array(levels) - means


def _rules(raw: Floats, logit: Floats) -> tuple[Floats, Floats]:
    """Return what steadiness and silence add to the logits of the groups, each (n_steps,)."""
    beat = np.max([raw[:, column] - offset_db for column, offset_db in BEAT_COLUMNS], axis=0)
    steady = np.maximum(
        _ramp(raw[:, FLUTTER_COLUMN] - beat, *HISS_EXCESS_DB), _ramp(beat, *STILL_DB)
    )
    steadiness = steady * np.minimum(0.0, STEADY_LOGIT - logit)
    silent = 1.0 - _ramp(raw[:, ACTIVE_COLUMN], 0.0, SOUNDING_SHARE)
    return steadiness, silent * (SILENT_LOGIT - logit - steadiness)


def contours(
    steps: Sequence[NDArray[np.floating]], embeddings: Sequence[Embedding | None] | None = None
) -> list[Contour]:
    """Return the contour of each track from its steps of shape (n_steps, len(STEP_FEATURES)).

    `embeddings` are those of the same tracks, None for a track that has none.
    """
    found: list[Contour] = []
    known = [None] * len(steps) if embeddings is None else embeddings
    for first in range(0, len(steps), BATCH_TRACKS):
        batch = steps[first : first + BATCH_TRACKS]
        counts = np.array([len(rows) for rows in batch])
        parts = map(sounding_part, known[first : first + BATCH_TRACKS], batch)
        energies = _energies(np.concatenate(batch), counts, list(parts))
        contour = _smoothed(energies, counts).astype(np.float32)
        ends = np.cumsum(counts)
        found.extend(contour[start:end] for start, end in zip(ends - counts, ends, strict=True))
    return found


def _energies(
    steps: NDArray[np.floating], counts: Ints, embeddings: Sequence[Embedding | None]
) -> Floats:
    """Return the energy of each step, unsmoothed; faster than `step_contributions`.

    A silent step has the mean energy of the others, each weighted by how much of it sounds.
    """
    weights = load_weights()
    raw = steps.astype(np.float64)
    values = np.clip(raw, weights.low, weights.high) - weights.centre
    logit = weights.base + values @ (weights.weight * _MEMBERSHIP.any(axis=1))
    sounding = _sounding_shares(raw, counts)
    shares = means(sounding, counts)
    mean = means(sounding * logit, counts) / shares
    logit += np.repeat(_level_shifts(mean, embeddings, weights), counts)
    energies = 1.0 / (1.0 + np.exp(-(logit + sum(_rules(raw, logit)))))
    of_music = np.repeat(means(sounding * energies, counts) / shares, counts)
    return np.asarray(of_music + sounding * (energies - of_music))


def _smoothed(values: Floats, counts: NDArray[np.int64]) -> Floats:
    """Smooth concatenated runs of `counts` values, each mirrored at its ends to keep its mean."""
    ends = np.cumsum(counts)
    first, last = ends - counts, ends - 1
    before, after = np.roll(values, 1), np.roll(values, -1)
    before[first], after[last] = values[first], values[last]
    left, middle, right = SMOOTHING
    return (left * before + middle * values + right * after) / sum(SMOOTHING)


def overall(contours: Sequence[Contour]) -> list[float]:
    """Return the energy of each track: the mean of its contour."""
    if not contours:
        return []
    counts = np.array([len(contour) for contour in contours])
    return [*means(np.concatenate(contours), counts).tolist()]


def means(values: NDArray[np.floating], counts: Ints) -> Floats:
    """Return the mean of each run of `counts` values in concatenated contours, shape (n_runs,)."""
    if not len(counts):
        return np.zeros(0)
    ends = np.cumsum(counts)
    return np.asarray(np.add.reduceat(values.astype(np.float64), ends - counts) / counts)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one group of features adds to the energy of a track.

    `because` is the feature of the group that weighs most, with its value, unit and what rated
    music typically has; it is empty where no single feature counts.
    """

    name: str
    energy: float
    because: str = ""


def contributions(
    steps: NDArray[np.floating], embedding: Embedding | None = None
) -> list[Contribution]:
    """Return what raised and lowered the energy of a track, the largest first.

    The energies add up to `overall(contours([steps], [embedding]))`. "typical music" is the energy
    of average features; within a step, the rest is divided in proportion to the logits.
    """
    weights = load_weights()
    parts = step_contributions(steps, weights, embedding)
    total = parts.sum(axis=1)
    typical = 1.0 / (1.0 + np.exp(-weights.base))
    gain = 1.0 / (1.0 + np.exp(-(weights.base + total))) - typical
    near = np.abs(total) < 1e-6  # noqa: PLR2004 - where the quotient would be noise
    slope = np.where(near, typical * (1.0 - typical), gain / np.where(near, 1.0, total))
    sounding = sounding_shares(steps)
    shares = (sounding @ (parts * slope[:, None]) / sounding.sum()).tolist()
    found = [
        Contribution(name, share, _because(column, share, steps, weights))
        for column, (name, share) in enumerate(zip(CONTRIBUTIONS, shares, strict=True))
    ]
    found.sort(key=lambda each: -abs(each.energy))
    return [Contribution(Phrase("typical music"), float(typical)), *found]


def _because(group: int, share: float, steps: NDArray[np.floating], weights: Weights) -> str:
    """Describe the feature of a group that contributes most in the direction of `share`."""
    if group >= len(GROUPS):
        return ""
    raw = np.asarray(steps, np.float64)
    values = np.clip(raw, weights.low, weights.high).mean(axis=0)
    members = np.flatnonzero(_MEMBERSHIP[:, group])
    added = ((values - weights.centre) * weights.weight)[members] * np.sign(share)
    if added.max() <= 0.0:
        return ""
    column = int(members[np.argmax(added)])
    words, unit = DESCRIPTIONS[STEP_FEATURES[column]]
    found, usual = raw[:, column].mean(), weights.centre[column]
    return Phrase(
        "{feature} {value}, typically {usual}",
        feature=words,
        value=_number(found, unit),
        usual=_number(usual, unit),
    )


def _number(value: float, unit: str) -> str:
    return f"{100.0 * value:.0f} %" if unit == "%" else f"{value:.1f} {unit}".strip()
