"""The music of a menu dealt out: which block of which part each track serves.

One long session that holds each part so many times says so, without borders between blocks.
"""

from dataclasses import replace

import numpy as np

from playlist_builder.arranger import opening
from playlist_builder.arranger.blocks import Kitchen
from playlist_builder.arranger.problem import build_problem
from playlist_builder.tracks.track_table import TrackTable


def dealt(kitchen: Kitchen, tracks: TrackTable, count: int) -> dict[str, tuple[int, int]]:
    """Return for which block each track serves, by identity, of those that serve for any."""
    objective, parts = kitchen.objective, kitchen.parts
    rules = objective.rules
    free = replace(rules, artist_max=rules.artist_max * count, tail_share=0.0, tail_min_s=0.0)
    spans_s = [(part.start_s, part.end_s) for part in parts for _ in range(count)]
    every = objective.music.repeated(spans_s)
    constraints = replace(objective.constraints, rules=free, duration_s=None)
    problem = build_problem(tracks, every, constraints)
    solved, _, found, _ = opening.solved(problem)
    ends_s = np.cumsum([end_s - start_s for start_s, end_s in spans_s])
    lengths_s = np.array([solved.tracks[item].duration_s for item in found.sequence])
    middles_s = np.cumsum(lengths_s) - lengths_s / 2.0
    places = np.minimum(np.searchsorted(ends_s, middles_s), len(ends_s) - 1).tolist()
    return {
        solved.tracks[item].identity: divmod(place, count)
        for item, place in zip(found.sequence, places, strict=True)
    }
