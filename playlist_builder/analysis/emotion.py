"""An embedding to what listeners would say a track feels like: hints, each 0..1.

Tension and moving (tenderness, sadness, solemnity, nostalgia or wonder) are logistic functions of a
weighted sum of style, fitted to the share of listeners who reported each (Aljanaki, Wiering and
Veltkamp 2016, see `energy`): 0.5 is the median of the rated excerpts, and a quarter of them lies
above 0.75. Half of what one half of the listeners would say of calm music is not known to the other
half, nor to this.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from playlist_builder.models import STEP_S, Floats, Floats32

LARGEST_LOGIT = 30.0  # beyond, the logistic function is 0 or 1


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The fitted sums of tension and moving: logits are `base + patches @ weight`.

    `weight` has shape (STYLE_SIZE, 2). `error` is the standard error of the tension of a track with
    any number of patches, as found on excerpts that were not fitted to.
    """

    base: Floats
    weight: Floats
    error: float


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """Tension with its standard error, and moving; `patches` holds the tension of each, (n,)."""

    tension: float
    tension_spread: float
    moving: float
    patches: Floats


@cache
def load_weights() -> Weights:
    """Return the fitted weights."""
    file = Path(__file__).with_name("emotion_weights.json")
    table = json.loads(file.read_text(encoding="utf-8"))
    return Weights(np.array(table["base"]), np.array(table["weight"]), float(table["error"]))


def estimate(patches: NDArray[np.floating]) -> Estimate:
    """Return the emotion of a track from the style of its patches, (n, STYLE_SIZE), one at least.

    The spread holds what is not known of any track, and how far patches differ.
    """
    weights = load_weights()
    logits = weights.base + patches.astype(np.float64) @ weights.weight
    values = 1.0 / (1.0 + np.exp(-np.clip(logits, -LARGEST_LOGIT, LARGEST_LOGIT)))
    tension, moving = values.mean(axis=0).tolist()
    between = float(values[:, 0].var()) / len(values)
    return Estimate(tension, float(np.hypot(weights.error, np.sqrt(between))), moving, values[:, 0])


def contour(starts_s: Floats32, tensions: Floats32, n_steps: int) -> Floats32:
    """Return the tension of each step, shape (n_steps,): straight lines between patches."""
    middle_s = (np.arange(n_steps) + 0.5) * STEP_S
    return np.asarray(np.interp(middle_s, starts_s, tensions), np.float32)
