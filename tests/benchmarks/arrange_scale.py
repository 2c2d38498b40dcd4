"""How long it takes, how much memory, and how near to the bound: large synthetic libraries.

    python -m tests.benchmarks.arrange_scale [TRACKS MINUTES]...

Each size runs in a process of its own, so that memory is its own too. Beside each call a matrix
product of fixed size is timed: `ratio` is the call's time over it, which compares across machines.
"""

import json
import resource
import subprocess
import sys
import time

import numpy as np

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.rules import Constraints
from playlist_builder.profiles.find import load_profile
from tests.support.synthetic import library

SIZES = ((1_000, 60), (10_000, 60), (100_000, 60), (20_000, 360))
REPEATS = 3


def yardstick() -> float:
    """Return the seconds that a matrix product of fixed size takes."""
    matrix = np.random.default_rng(0).random((1500, 1500), dtype=np.float32)
    begin = time.perf_counter()
    for _ in range(5):
        matrix @ matrix
    return time.perf_counter() - begin


def measure(count: int, minutes: int) -> dict[str, object]:
    """Return the best of some calls for one size."""
    tracks = library(count, 1)
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    profile = load_profile("arc")
    seconds, beside = [], []
    for _ in range(REPEATS):
        beside.append(yardstick())
        begin = time.perf_counter()
        session = arrange(tracks, profile, constraints=Constraints(duration_s=minutes * 60.0))
        seconds.append(time.perf_counter() - begin)
    rms_of_bound = float(np.sqrt(session.bound))
    return {
        "tracks": count,
        "minutes": minutes,
        "seconds": round(min(seconds), 3),
        "ratio": round(min(seconds) / min(beside), 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0),
        "tracks_mb": round(before_mb),
        "cost": session.cost,
        "bound": session.bound,
        "over_bound": round(session.cost / session.bound - 1.0, 4),
        "rms_over_bound": round(float(np.sqrt(session.cost)) - rms_of_bound, 5),
        "rms_error": round(session.rms_error, 5),
        "relaxed": [str(each) for each in session.relaxed],
    }


def main() -> None:
    """Print one JSON line."""
    numbers = [int(argument) for argument in sys.argv[1:]]
    if len(numbers) == 2:
        sys.stdout.write(json.dumps(measure(*numbers)) + "\n")
        return
    sizes = list(zip(numbers[::2], numbers[1::2], strict=True)) or SIZES
    rows = [
        json.loads(
            subprocess.run(
                [sys.executable, __file__, str(count), str(minutes)],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for count, minutes in sizes
    ]
    sys.stdout.write(json.dumps({"benchmark": "arrange_scale", "sizes": rows}) + "\n")


if __name__ == "__main__":
    main()
