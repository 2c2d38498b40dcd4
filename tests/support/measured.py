"""A measured track whose numbers mean nothing: for tests of what keeps and carries them."""

import dataclasses

import numpy as np

from playlist_builder.analysis.step_features import STEP_FEATURES
from playlist_builder.models import Features

STEPS = np.full((3, len(STEP_FEATURES)), 0.5, np.float32)


def features(number: float = 1.5) -> Features:
    """Return features that are all this number, where they are numbers with fractions."""
    return Features(
        **{
            field.name: {int: 2, str: "C major"}.get(field.type, number)
            for field in dataclasses.fields(Features)
        }
    )


FEATURES = features()
