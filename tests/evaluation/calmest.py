"""List what a library calls calm although it beats, and print one JSON line.

    python -m tests.evaluation.calmest LIBRARY.db

Of the calmest fifth of the tracks of a minute or more, none should have a regular pulse (clarity of
PULSE or more) and more than STROKES_HZ strokes a second. `beating` counts those that have so many
over the whole track, `beating_half_minute` those that have them in their busiest half minute, which
is what profiles limit. `nearest` lists the ten that come nearest to the latter.
"""

import json
import sys
from pathlib import Path

import numpy as np

from playlist_builder import Library
from playlist_builder.analysis.step_features import STEP_FEATURES

CALMEST, SHORTEST_S = 0.2, 60.0
STROKES_HZ, PULSE = 2.0, 0.6


def main() -> None:
    """Read the library and list."""
    column = STEP_FEATURES.index("stroke_rate_hz")
    with Library.open(sys.argv[1]) as library:
        tracks = library.tracks()
        tracks = tracks.take(tracks.seconds >= SHORTEST_S)
        order = np.argsort(tracks.energy, kind="stable")[: round(CALMEST * len(tracks))]
        calm = tracks.take(order)
        whole = np.array([library.steps(track)[:, column].astype(float).mean() for track in calm])
    strokes, pulse = calm.measured("stroke_rate_hz"), calm.measured("pulse_clarity")
    regular = pulse >= PULSE
    nearest = [
        {
            "file": Path(calm.paths[place]).name,
            "energy": round(float(calm.energy[place]), 3),
            "tension": round(float(calm.tension[place]), 3),
            "strokes_hz": [round(float(each[place]), 2) for each in (whole, strokes)],
            "pulse": round(float(pulse[place]), 2),
        }
        for place in np.argsort(-np.minimum(strokes / STROKES_HZ, pulse / PULSE), kind="stable")[
            :10
        ]
    ]
    report = {
        "evaluation": "calmest",
        "tracks": len(tracks),
        "calmest": len(calm),
        "beating": int((regular & (whole > STROKES_HZ)).sum()),
        "beating_half_minute": int((regular & (strokes > STROKES_HZ)).sum()),
        "nearest": nearest,
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
