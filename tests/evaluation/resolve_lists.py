"""What stands in for hidden tracks of published playlists: by `resolve`, one by one, and at random.

    PLAYLIST_BUILDER_EVAL=/path/to/eval python -m tests.evaluation.resolve_lists

The evaluation data holds, as `psilocybin/full_data.csv`, the file data/full_data.csv of
https://github.com/juansgomez87/psilocybin-analysis (Gomez-Canon et al.): 8 public playlists of
psilocybin sessions, with features of Spotify and parent genres. Of each list half the tracks are
hidden, several times; what is left of all lists is the library. Energies are percentiles of all
tracks; a style is the standardised features but for energy, with the genres. A track with an empty
cell of genres has none of them.

Compared are what `resolve` offers where the list tells energy and style (`resolve`), and where it
tells titles and lengths alone (`untold`), with the nearest in energy, taken one after the other
(`greedy`), and any that is left (`random`). Of each: the mean distance in energy, style
(1 - cosine) and octaves of length between what is hidden and what stands in, and the RMS error of
the curve of the whole list over its time. Prints one JSON line.
"""

import csv
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from scipy.stats import rankdata

from playlist_builder.arranger.problem import Objective, percentiles_of
from playlist_builder.arranger.rules import Constraints
from playlist_builder.models import STEP_S, STYLE_SIZE, Track
from playlist_builder.playlists.listed import ListedWork
from playlist_builder.profiles.find import load_profile
from playlist_builder.sessions.offers import Gaps, nearest, wanted_of
from playlist_builder.tracks.track_table import TrackTable
from playlist_builder.tracks.works import work_of
from tests.support.synthetic import track

SEEDS = range(5)
SOURCE = "https://github.com/juansgomez87/psilocybin-analysis, data/full_data.csv"
LIST, SECONDS, ENERGY, GENRES = "playlist", "Duration (s)", "Energy", "Parent Genres"  # columns
STYLE = ("BPM", "Dance", "Acoustic", "Instrumental", "Happy", "Live", "Loud (Db)")
GENRE_WEIGHT = 2.0  # of a parent genre, beside a standard deviation of a feature
Stand = Callable[[list[Track], list[int], TrackTable, np.random.Generator], list[Track]]


def table() -> Path:
    """Return the file of the lists; ends the program with one line where it is missing."""
    folder = os.environ.get("PLAYLIST_BUILDER_EVAL")
    if not folder:
        sys.exit("PLAYLIST_BUILDER_EVAL is not set: give the folder of psilocybin/full_data.csv.")
    path = Path(folder) / "psilocybin" / "full_data.csv"
    if not path.is_file():
        sys.exit(f"{path} is missing: it is the file of {SOURCE}.")
    return path


def read(path: Path) -> dict[str, list[tuple[str, ...]]]:
    """Return of each list the rows: length, energy, features and genres."""
    lists: dict[str, list[tuple[str, ...]]] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            cells = tuple(row[name] for name in (SECONDS, ENERGY, *STYLE, GENRES))
            lists.setdefault(row[LIST], []).append(cells)
    return lists


def tracks_of(lists: dict[str, list[tuple[str, ...]]]) -> dict[str, list[Track]]:
    """Return the tracks of each list; rows that are alike are one track."""
    rows = list(dict.fromkeys(row for each in lists.values() for row in each))
    numbers = np.array([[float(cell) for cell in row[:-1]] for row in rows])
    seconds, energies, features = numbers[:, 0], numbers[:, 1], numbers[:, 2:]
    levels = (rankdata(energies) - 0.5) / len(rows)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    own = [set(filter(None, row[-1].split(", "))) for row in rows]
    names = sorted(set().union(*own))
    genres = np.array([[name in each for name in names] for each in own], float)
    known = np.hstack([features, GENRE_WEIGHT * (genres - genres.mean(axis=0))])
    styles = np.zeros((len(rows), STYLE_SIZE), np.float32)
    styles[:, : known.shape[1]] = known
    made = {
        row: track(
            place,
            seconds[place],
            np.full(max(1, round(seconds[place] / STEP_S)), levels[place]),
            style=styles[place],
        )
        for place, row in enumerate(rows)
    }
    return {name: [made[row] for row in each] for name, each in lists.items()}


def resolved(*, told: bool) -> Stand:
    """Return what `resolve` does, with or without what a list of ours tells."""

    def stand(
        played: list[Track], hidden: list[int], library: TrackTable, _: np.random.Generator
    ) -> list[Track]:
        works = [
            ListedWork(f"{n}", duration_s=each.duration_s, work=work_of(each))
            if told
            else ListedWork(f"{n}", duration_s=each.duration_s)
            for n, each in enumerate(played)
        ]
        lasts_s = sum(each.duration_s for each in played)
        profile = load_profile("psilocybin").scaled(lasts_s)
        objective = Objective(profile, Constraints(), percentiles_of(library, "relative"))
        own = {n: each for n, each in enumerate(played) if n not in hidden}
        gaps = Gaps(works, own, hidden, [[] for _ in hidden], "absolute")
        chosen = nearest(wanted_of(gaps, objective), library, objective)
        return [library[places[0]] for places in chosen]

    return stand


def greedy(
    played: list[Track], hidden: list[int], library: TrackTable, _: np.random.Generator
) -> list[Track]:
    """Return the nearest in energy, one after the other."""
    left, found = list(range(len(library))), []
    for place in hidden:
        best = min(left, key=lambda at: abs(library.energy[at] - played[place].energy))
        left.remove(best)
        found.append(library[best])
    return found


def any_left(
    _: list[Track], hidden: list[int], library: TrackTable, rng: np.random.Generator
) -> list[Track]:
    """Return tracks at random."""
    return [library[at] for at in rng.permutation(len(library))[: len(hidden)].tolist()]


WAYS: dict[str, Stand] = {
    "resolve": resolved(told=True),
    "untold": resolved(told=False),
    "greedy": greedy,
    "random": any_left,
}


def curve(played: Sequence[Track]) -> np.ndarray:
    """Return the energy of a list, one value per `STEP_S`."""
    ends_s = np.cumsum([each.duration_s for each in played])
    at = np.searchsorted(ends_s, np.arange(STEP_S / 2, ends_s[-1], STEP_S), side="right")
    return np.array([each.energy for each in played])[at]


def measures(played: list[Track], hidden: list[int], found: list[Track]) -> list[float]:
    """Return the mean distances in energy, style and octaves, and the error of the curve."""
    pairs = [(played[place], other) for place, other in zip(hidden, found, strict=True)]
    energy = [abs(one.energy - other.energy) for one, other in pairs]
    style = [1.0 - cosine(one.style, other.style) for one, other in pairs]
    octaves = [abs(np.log2(one.duration_s / other.duration_s)) for one, other in pairs]
    now = list(played)
    for place, other in zip(hidden, found, strict=True):
        now[place] = other
    before, after = curve(played), curve(now)
    both = min(len(before), len(after))
    error = float(np.sqrt(np.mean((before[:both] - after[:both]) ** 2)))
    return [float(np.mean(energy)), float(np.mean(style)), float(np.mean(octaves)), error]


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def main() -> None:
    """Hide halves of the lists, and print what stands in for them."""
    lists = tracks_of(read(table()))
    every = {each.identity: each for played in lists.values() for each in played}
    results: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    for seed in SEEDS:
        for name, whole in lists.items():
            rng = np.random.default_rng([seed, *name.encode()])
            played = list({each.identity: each for each in whole}.values())
            hidden = sorted(rng.permutation(len(played))[: len(played) // 2].tolist())
            own = {each.identity for each in played}
            library = TrackTable.of([each for each in every.values() if each.identity not in own])
            for way, stand in WAYS.items():
                found = stand(played, hidden, library, rng)
                results[way].append(measures(played, hidden, found))
    names = "energy", "style", "octaves", "curve_error"
    told = {
        way: dict(zip(names, np.mean(rows, axis=0).round(3).tolist(), strict=True))
        for way, rows in results.items()
    }
    sys.stdout.write(
        json.dumps({"lists": len(lists), "tracks": len(every), "seeds": len(SEEDS)} | told) + "\n"
    )


if __name__ == "__main__":
    main()
