"""List what a library calls calm although it beats, and print one JSON line.

    python -m tests.evaluation.calmest LIBRARY.db

Of the calmest fifth of the tracks of a minute or more, none should have a regular pulse (clarity of PULSE or more) and
more than STROKES_HZ strokes a second in its busiest half minute; `beating` counts them, and `nearest` lists the ten that come
nearest to that, with energy, tension, strokes per second and clarity of the pulse.
"""

import json
import sys
from pathlib import Path

import numpy as np

from playlist_builder import Library

CALMEST, SHORTEST_S = 0.2, 60.0
STROKES_HZ, PULSE = 2.0, 0.6


def main() -> None:
    """Read the library and list."""
    with Library.open(sys.argv[1]) as library:
        tracks = library.tracks()
    tracks = tracks.take(tracks.seconds >= SHORTEST_S)
    strokes, pulse = tracks.measured("stroke_rate_hz"), tracks.measured("pulse_clarity")
    order = np.argsort(tracks.energy, kind="stable")[: round(CALMEST * len(tracks))]
    beating = (strokes[order] > STROKES_HZ) & (pulse[order] >= PULSE)
    near = np.minimum(strokes[order] / STROKES_HZ, pulse[order] / PULSE)
    nearest = [
        {
            "file": Path(tracks.paths[place]).name,
            "energy": round(float(tracks.energy[place]), 3),
            "tension": round(float(tracks.tension[place]), 3),
            "strokes_hz": round(float(strokes[place]), 2),
            "pulse": round(float(pulse[place]), 2),
        }
        for place in order[np.argsort(-near, kind="stable")[:10]].tolist()
    ]
    report = {"evaluation": "calmest", "tracks": len(tracks), "calmest": len(order)}
    report |= {"beating": int(beating.sum()), "nearest": nearest}
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
