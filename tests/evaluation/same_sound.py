"""Whether copies are known by their sound, and nothing else is; one JSON line.

    python -m tests.evaluation.same_sound LIBRARY [TRACKS]

Writes up to TRACKS (24) tracks of 1 to 7 min of a scanned library, chosen from seed 1, as MP3 at
128 kbit/s and as Opus at 64 kbit/s, measures them in a library of their own, with embeddings, and
compares all with all. Each track makes three true pairs. `false` counts pairs among the tracks of
the library: none but true duplicates should be there, so each is listed. `use` is how much of its
tolerance each measurement of a true pair takes at most; `nearest_false` how much the nearest other
pair takes of that which tells it apart best. Bars: none missed, `use` at most 0.6, `nearest_false`
at least 1.2.
"""

import json
import os
import sys
import tempfile
from itertools import combinations
from pathlib import Path

import numpy as np

from playlist_builder.arranger import same_sound
from playlist_builder.library.library import Library
from playlist_builder.models import Floats, Ints
from playlist_builder.tracks.track_table import TrackTable
from tests.support.coding import Form, written

FORMS = {"mp3": Form(".mp3", "libmp3lame", kbps=128), "opus": Form(".opus", "libopus", 48000, 64)}
SHORTEST_S, LONGEST_S = 60.0, 420.0
BLOCK = 500  # tracks whose distances to all are held at once


def copied(library: Path, wanted: int, folder: str) -> tuple[TrackTable, TrackTable, list[int]]:
    """The tracks of a library, the tracks it was tried with in all forms, and their sources."""
    with Library.look(library) as opened:
        every = opened.tracks()
    chosen = np.flatnonzero((every.seconds >= SHORTEST_S) & (every.seconds <= LONGEST_S))
    chosen = [place for place in chosen.tolist() if os.path.isfile(every.paths[place])]  # noqa: PTH113
    chosen = np.random.default_rng(1).permutation(chosen)[:wanted].tolist()
    for number, place in enumerate(chosen):
        for name, form in FORMS.items():
            written(Path(every.paths[place]), Path(folder) / f"{number}-{name}", form)
    with Library.open(Path(folder) / "copies.db") as own:
        own.scan(folder, vocals=False)
        copies = own.tracks()
    tracks = TrackTable.of([*(every[place] for place in chosen), *copies])
    sources = [int(Path(path).name.split("-")[0]) for path in copies.paths]
    return every, tracks, [*range(len(chosen)), *sources]


def distances(tracks: TrackTable, one: Ints, other: Ints) -> Floats:
    """How much of each tolerance pairs of tracks take, shape (n, k); the shape comes last."""
    sounds = same_sound.sounds(tracks)
    at = {place: number for number, place in enumerate(sounds.place.tolist())}
    left, right = (sounds.take(np.array([at[p] for p in each])) for each in (one, other))
    shapes = np.sqrt(((left.shape - right.shape) ** 2).mean(axis=1)) / same_sound.SHAPE
    return np.column_stack([np.abs(left.values - right.values), shapes])


def nearest_false(tracks: TrackTable) -> float:
    """The least, over pairs of tracks, of the most that they take of any tolerance."""
    sounds, nearest = same_sound.sounds(tracks), np.inf
    for first in range(0, len(sounds.place), BLOCK):
        block = sounds.take(np.arange(first, min(first + BLOCK, len(sounds.place))))
        most = np.zeros((len(block.place), len(sounds.place)))
        for column in range(sounds.values.shape[1]):
            apart = np.abs(block.values[:, None, column] - sounds.values[None, :, column])
            most = np.fmax(most, apart)
        squares = (block.shape**2).sum(axis=1)[:, None] + (sounds.shape**2).sum(axis=1)
        squares = np.maximum(squares - 2.0 * block.shape @ sounds.shape.T, 0.0)
        most = np.fmax(most, np.sqrt(squares / same_sound.POINTS) / same_sound.SHAPE)
        most[np.arange(len(most)), first + np.arange(len(most))] = np.inf
        nearest = min(nearest, float(most.min()))
    return nearest


def main() -> None:
    """Print the counts."""
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 24
    with tempfile.TemporaryDirectory() as folder:
        every, tracks, sources = copied(Path(sys.argv[1]), wanted, folder)
        found = {tuple(sorted(pair)) for pair in same_sound.pairs(tracks, tracks).tolist()}
        every_pair = combinations(range(len(tracks)), 2)
        same = [(one, other) for one, other in every_pair if sources[one] == sources[other]]
        one, other = np.array(same).T
        use = distances(tracks, one, other)
    wrong = same_sound.pairs(every, every).tolist()
    report = {
        "evaluation": "same_sound",
        "tracks": len(every),
        "true": len(same),
        "found": len(found & set(same)),
        "missed": len(set(same) - found),
        "false_among_copies": len(found - set(same)),
        "false": len(wrong),
        "pairs": [[every.paths[place] for place in pair] for pair in wrong],
        "use": [round(each, 2) for each in np.nanmax(use, axis=0).tolist()],
        "nearest_false": round(nearest_false(every), 2),
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
