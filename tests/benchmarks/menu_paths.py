"""How far the paths of a menu are from the plan, against one session arranged for itself.

    python -m tests.benchmarks.menu_paths [LIBRARY]

LIBRARY is a library file that holds a scan of real music; without it, it is synthetic. Of each
profile and number of blocks all paths are counted by arithmetic of this file: what repeats, the
steps of loudness and artists from block to block, and the root mean square error of the worst and
the best path as multiples of that of one session. `together` is the same of one long session that
holds every part as often, without borders between blocks: no menu can be expected to be as good.
`floor` is what the worst path of no menu can be below, by a bound on the plan alone; of one block a
part, where nothing repeats, it is 0.85 to 0.93, so that much of it is loose.

Of 297 pieces of game music the floor is 1.04 (arc), 1.00 (ketamine-iv) and 1.00 (relaxation) with
two blocks a part, 1.16, 1.17 and 1.21 with three; `together` is 1.20, 1.19 and 1.23, and 1.37, 1.36
and 1.50. The menus are at 1.32, 1.34 and 1.30 with two, and at 1.43, 1.54 and 1.58 with three.
Borders cost little of that: before there were prices, a menu of one block a part, which shares
nothing, was at 1.11, 1.03 and 1.00.
"""

import json
import sys
import time
from dataclasses import replace
from itertools import pairwise, product
from math import sqrt

import numpy as np

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.blocks import Kitchen
from playlist_builder.arranger.menu import Menu, menu
from playlist_builder.arranger.parts import parts_of
from playlist_builder.arranger.prices import placements, prices
from playlist_builder.arranger.problem import build_problem
from playlist_builder.arranger.recordings import spare_copies
from playlist_builder.arranger.rules import Constraints
from playlist_builder.errors import ArrangeError
from playlist_builder.models import AUDIBLE_LU, STEP_S
from playlist_builder.profiles.find import load_profile
from playlist_builder.profiles.profile import Profile
from playlist_builder.tracks.track_table import TrackTable
from tests.support.synthetic import library

PROFILES, COUNTS = ("arc", "ketamine-iv", "relaxation"), (2, 3)
TRACKS, SEED = 1000, 1
PRICED = 400  # rounds of the floor
STEP_LU = 3.0  # of the rules of these profiles


def errors(found: Menu) -> list[float]:
    """Return the root mean square errors of all paths."""
    weights = [part.duration_s for part in found.parts]
    return [
        sqrt(
            sum(block.rms_error**2 * weight for block, weight in zip(path, weights, strict=True))
            / sum(weights)
        )
        for path in product(*found.blocks)
    ]


def seams(found: Menu) -> dict[str, object]:
    """Return what is wrong from block to block, and the largest rise of loudness there."""
    pairs = [
        (before.slots[-1], after.slots[0])
        for left, right in pairwise(found.blocks)
        for before, after in product(left, right)
    ]
    rises = [after.start_loudness_lufs - before.end_loudness_lufs for before, after in pairs]
    played = [slot.identity for row in found.blocks for block in row for slot in block.slots]
    return {
        "repeats": len(played) - len(set(played)),
        "seams": len(pairs),
        "too_loud": sum(rise > STEP_LU + AUDIBLE_LU for rise in rises),
        "largest_rise_lu": round(max(rises), 2),
        "one_artist": sum(bool(a.artist) and a.artist == b.artist for a, b in pairs),
    }


def together(tracks: TrackTable, profile: Profile, count: int) -> float:
    """Return the error of one session that holds each part `count` times."""
    spans_s = [(part.start_s, part.end_s) for part in parts_of(profile) for _ in range(count)]
    artist_max = profile.rules.artist_max * count
    free = replace(profile.rules, artist_max=artist_max, tail_share=0.0, tail_min_s=0.0)
    return arrange(tracks, replace(profile.repeated(spans_s), rules=free)).rms_error


def floor(tracks: TrackTable, profile: Profile, count: int) -> float:
    """Return an error that the worst path of no menu of so many blocks can be below.

    It is no better than the mean over all blocks, which has a bound (see `prices`).
    """
    phases = tuple(replace(phase, tension=None, moving=False) for phase in profile.phases)
    problem = build_problem(tracks, replace(profile, phases=phases), Constraints())
    pool = problem.tracks
    pool = pool.take(np.delete(np.arange(len(pool)), list(spare_copies(pool))))
    kitchen = Kitchen.of(pool, problem.objective, parts_of(problem.objective.music))
    every = [placements(kitchen, number) for number in range(len(kitchen.parts))]
    _, total = prices(every, count, len(pool), PRICED)
    lengths = [part.duration_s / STEP_S for part in kitchen.parts]
    # What ends late spreads its sum over more steps, each path at most the tolerance.
    late = min(each / (each + problem.objective.tolerance_s / STEP_S) for each in lengths)
    return sqrt(late * total / count / sum(lengths))


def case(tracks: TrackTable, name: str, count: int) -> dict[str, object]:
    """Return the figures of one menu."""
    profile, begin = load_profile(name), time.process_time()
    try:
        found = menu(tracks, profile, count)
    except ArrangeError as error:
        return {"profile": name, "blocks": count, "refused": str(error)}
    seconds = time.process_time() - begin
    every, alone = errors(found), found.alone_error
    return {
        "profile": name,
        "blocks": count,
        "parts": len(found.parts),
        "paths": len(every),
        "alone": round(alone, 4),
        "worst_over_alone": round(max(every) / alone, 3),
        "best_over_alone": round(min(every) / alone, 3),
        "together_over_alone": round(together(tracks, profile, count) / alone, 3),
        "floor_over_alone": round(floor(tracks, profile, count) / alone, 3),
        "shortest_s": round(found.shortest_s, 1),
        "longest_s": round(found.longest_s, 1),
        "relaxed": [str(each) for each in found.relaxed],
        **seams(found),
        "cpu_s": round(seconds, 1),
    }


def main() -> None:
    """Print one JSON line."""
    if len(sys.argv) > 1:
        from playlist_builder.library.library import Library  # noqa: PLC0415 - decoding is not needed else

        with Library.open(sys.argv[1]) as opened:
            tracks = opened.tracks(styles=True)
    else:
        tracks = TrackTable.of(library(TRACKS, SEED))
    rows = [case(tracks, name, count) for name in PROFILES for count in COUNTS]
    sys.stdout.write(json.dumps({"benchmark": "menu_paths", "menus": rows}) + "\n")


if __name__ == "__main__":
    main()
