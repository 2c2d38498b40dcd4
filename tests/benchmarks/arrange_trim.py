"""What it gains to leave out ends of tracks: distance to the plan, against none and against greedy.

    python -m tests.benchmarks.arrange_trim [TRACKS]

Libraries of TRACKS synthetic tracks (96 if not given), one per seed; `none` is arranged from whole
tracks, `trim` from parts as well, with up to a minute left out at an end. `greedy` is that of
`arrange_baselines`. The figures are means over the seeds of root mean square errors, of cuts and
slots of a session, and of the CPU time to arrange one; `shares` are those of greedy's error, by
seed. All run one after the other in one process.
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.rules import Constraints, admit
from playlist_builder.models import Session, Track
from playlist_builder.profiles.find import load_profile
from playlist_builder.profiles.profile import Profile
from tests.benchmarks.arrange_baselines import FILLED, Simple
from tests.support.synthetic import library

TRACKS, SEEDS, TRIM_S = 96, range(5), 60.0
PROFILES = "arc", "ketamine-iv"


def main() -> None:
    """Print one JSON line."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else TRACKS
    libraries = [library(count, seed) for seed in SEEDS]
    rows = [{"profile": name} | compared(libraries, load_profile(name)) for name in PROFILES]
    document = {"benchmark": "arrange_trim", "tracks": count, "seeds": len(SEEDS)}
    sys.stdout.write(json.dumps(document | {"trim_s": TRIM_S, "profiles": rows}) + "\n")


def compared(libraries: Sequence[Sequence[Track]], profile: Profile) -> dict[str, object]:
    """Return the figures of one profile."""
    greedy = np.array([_greedy(tracks, profile) for tracks in libraries])
    figures: dict[str, object] = {"greedy": round(float(greedy.mean()), 4)}
    for name, trim_s in (("none", 0.0), ("trim", TRIM_S)):
        started_s = time.process_time()
        sessions = [_arranged(tracks, profile, trim_s) for tracks in libraries]
        cpu_s = time.process_time() - started_s
        errors = np.array([session.rms_error for session in sessions])
        shares = errors / greedy
        figures[name] = {
            "rms_error": round(float(errors.mean()), 4),
            "share_of_greedy": round(float(shares.mean()), 3),
            "shares": np.round(shares, 3).tolist(),
            "cuts": float(np.mean([_cuts(session) for session in sessions])),
            "slots": float(np.mean([len(session.slots) for session in sessions])),
            "relaxed": sum(len(session.relaxed) for session in sessions),
            "cpu_s": round(cpu_s / len(libraries), 2),
        }
    return figures


def _duration_s(tracks: Sequence[Track], profile: Profile) -> float:
    return min(profile.duration_s, FILLED * sum(track.duration_s for track in tracks))


def _arranged(tracks: Sequence[Track], profile: Profile, trim_s: float) -> Session:
    constraints = Constraints(trim_s=trim_s)
    duration_s = _duration_s(tracks, profile)
    return arrange(tracks, profile, constraints=replace(constraints, duration_s=duration_s))


def _greedy(tracks: Sequence[Track], profile: Profile) -> float:
    passed, _ = admit(tracks, profile.rules, Constraints(), np.inf)
    usable = [tracks[place] for place in passed]
    simple = Simple(tracks, usable, profile.scaled(_duration_s(tracks, profile)))
    return simple.error(simple.nearest)


def _cuts(session: Session) -> int:
    return sum((each.from_s is not None) + (each.to_s is not None) for each in session.slots)


if __name__ == "__main__":
    main()
