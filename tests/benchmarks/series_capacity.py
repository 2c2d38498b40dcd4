"""How near the estimate of sessions without repeats is to what a series really finds.

    python -m tests.benchmarks.series_capacity

Of synthetic libraries of several sizes: how many sessions `capacity` tells beforehand, and the
largest series without repeats in which every session has its whole tail, keeps its rules, and
follows the plan within what the estimate allows. Some of that may be short by chance: `fewest` is
the largest series up to which all hold, `most` the largest one that does at all.
"""

import json
import sys
from collections.abc import Iterator, Sequence

from playlist_builder.arranger.capacity import BINS, STRAY_BINS, capacity
from playlist_builder.arranger.rules import Constraints
from playlist_builder.arranger.series import series
from playlist_builder.models import Session
from playlist_builder.profiles.find import load_profile
from tests.support.synthetic import library

CASES = (("arc", 1200.0), ("ketamine-iv", 1800.0), ("relaxation", 1200.0))
SIZES, SEEDS = (30, 60, 100), (1, 2)
BEYOND = 3  # sessions more than were told that are looked for
NO_TAIL = {"short_tail", "no_calm_tail"}


def is_whole(sessions: Sequence[Session]) -> bool:
    """Return whether nothing repeats, and each session is one that the profile asks for."""
    played = [slot.identity for each in sessions for slot in (*each.slots, *each.tail)]
    return len(set(played)) == len(played) and all(
        not each.relaxed
        and each.rms_error <= STRAY_BINS / BINS
        and NO_TAIL.isdisjoint(warning.code for warning in each.warnings)
        for each in sessions
    )


def cases() -> Iterator[dict[str, object]]:
    """Yield for each case what was told and what was found."""
    for name, duration_s in CASES:
        profile = load_profile(name).scaled(duration_s)
        for size in SIZES:
            for seed in SEEDS:
                tracks = library(size, seed)
                told = capacity(tracks, profile, Constraints())
                counts = range(1, told.count + BEYOND + 1)
                whole = [is_whole(series(tracks, profile, count)) for count in counts]
                yield {
                    "profile": name,
                    "tracks": size,
                    "seed": seed,
                    "told": told.count,
                    "fewest": [*whole, False].index(False),
                    "most": max(
                        (n for n, held in zip(counts, whole, strict=True) if held), default=0
                    ),
                }


def main() -> None:
    """Print one JSON line."""
    rows = list(cases())
    below = [row["most"] - row["told"] for row in rows]
    above = [row["told"] - row["most"] for row in rows]
    worst = {"most_below": max(below), "most_above": max(above)}
    sys.stdout.write(json.dumps({"benchmark": "series_capacity", **worst, "cases": rows}) + "\n")


if __name__ == "__main__":
    main()
