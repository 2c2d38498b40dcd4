"""What the network that tags music says on voices: the embedding of a track to log-odds.

Its layers that name tags are not shipped. A logistic regression on the mean of the patches stands
for those of voices, fitted by `tests/evaluation/fit_voice_style.py`.
"""

from functools import cache
from pathlib import Path

import numpy as np

from playlist_builder.models import STYLE_SIZE, Embedding, Floats32
from playlist_builder.networks import weights

WEIGHTS = Path(__file__).with_name("style_weights.npz")
_SHAPES = {"voice": (STYLE_SIZE + 1,)}


@cache
def voice_weights() -> Floats32:
    """Return 64 weights and a bias; raises `ModelError` where the file is damaged."""
    return weights.load(WEIGHTS, _SHAPES)["voice"]


def voice_log_odds(embedding: Embedding) -> float:
    """Return the log-odds for a voice, 0 where nothing was embedded."""
    if not len(embedding.patches):
        return 0.0
    found = voice_weights()
    mean = np.asarray(embedding.patches, np.float32).mean(axis=0)
    return float(mean @ found[:-1] + found[-1])
