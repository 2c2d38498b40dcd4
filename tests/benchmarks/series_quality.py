"""How equal the sessions of a course are: six of an hour from 400 tracks, against the naive way.

    python -m tests.benchmarks.series_quality [LIBRARY]

LIBRARY is a library file that holds a scan of real music; without it, libraries are synthetic.
`dealt` is a course as `series` makes it, `in_turn` has each session built from what the earlier
ones left. Of both are given the root mean square errors to the plan of all sessions, the worst over
the best, how often a track plays twice in the whole course, tails included, and how many of the
sessions break a rule.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from playlist_builder.arranger.arrange import Constraints, arrange
from playlist_builder.arranger.series import series
from playlist_builder.models import Session, Track
from playlist_builder.profiles.find import load_profile
from playlist_builder.profiles.profile import Profile
from tests.support.synthetic import library

TRACKS, SESSIONS, DURATION_S = 400, 6, 3600.0
SEEDS = (1, 2, 3)
PROFILES = ("arc", "ketamine-iv", "steady")


def in_turn(tracks: Sequence[Track], profile: Profile) -> list[Session]:
    """Return the sessions that each take the best of what is left."""
    sessions: list[Session] = []
    used: frozenset[str] = frozenset()
    for _ in range(SESSIONS):
        constraints = Constraints(avoid=used)
        sessions.append(
            arrange(tracks, profile, constraints=replace(constraints, duration_s=DURATION_S))
        )
        used |= {slot.identity for slot in (*sessions[-1].slots, *sessions[-1].tail)}
    return sessions


def described(sessions: Sequence[Session], seconds: float) -> dict[str, object]:
    """Return what is measured of a course."""
    errors = [session.rms_error for session in sessions]
    times = Counter(slot.identity for each in sessions for slot in (*each.slots, *each.tail))
    return {
        "rms_errors": [round(error, 4) for error in errors],
        "worst_over_best": round(max(errors) / min(errors), 3),
        "repeats": sum(count - 1 for count in times.values()),
        "with_rules_broken": sum(bool(session.relaxed) for session in sessions),
        "seconds": round(seconds, 1),
    }


def compare(name: str, tracks: Sequence[Track]) -> dict[str, object]:
    """Return the figures of both ways for one profile."""
    profile = load_profile(name)
    begin = time.perf_counter()
    dealt = series(tracks, profile, SESSIONS, constraints=Constraints(duration_s=DURATION_S))
    middle = time.perf_counter()
    naive = in_turn(tracks, profile)
    end = time.perf_counter()
    return {
        "profile": name,
        "dealt": described(dealt, middle - begin),
        "in_turn": described(naive, end - middle),
    }


def main() -> None:
    """Print one JSON line."""
    if len(sys.argv) > 1:
        from playlist_builder.library.library import Library  # noqa: PLC0415 - decoding is not needed else

        with Library.open(sys.argv[1]) as opened:
            libraries = {sys.argv[1]: opened.tracks()}
    else:
        libraries = {f"seed {seed}": library(TRACKS, seed) for seed in SEEDS}
    rows = [
        {"library": name, "tracks": len(tracks), **compare(profile, tracks)}
        for name, tracks in libraries.items()
        for profile in PROFILES
    ]
    worst = {
        way: {
            "worst_over_best": max(row[way]["worst_over_best"] for row in rows),
            "repeats": sum(row[way]["repeats"] for row in rows),
        }
        for way in ("dealt", "in_turn")
    }
    sys.stdout.write(json.dumps({"benchmark": "series_quality", **worst, "courses": rows}) + "\n")


if __name__ == "__main__":
    main()
