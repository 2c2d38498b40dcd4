"""What stands in for hidden tracks of published playlists: by `resolve`, one by one, and at random.

    PLAYLIST_BUILDER_EVAL=/path/to/eval python -m tests.evaluation.resolve_lists

The 8 public playlists of psilocybin sessions (Gomez-Canon et al.,
https://github.com/juansgomez87/psilocybin-analysis, data/full_data.csv, as `psilocybin/lists.txt`
of the evaluation data: features of Spotify and parent genres). Of each list half the tracks are
hidden, several times; what is left of all lists is the library. Energies are percentiles of all
tracks; a style is the standardised features but for energy, with the genres.

Compared are what `resolve` offers where the list tells energy and style (`resolve`), and where it
tells titles and lengths alone (`untold`), with the nearest in energy, taken one after the other
(`greedy`), and any that is left (`random`). Of each: the mean distance in energy, style
(1 - cosine) and octaves of length between what is hidden and what stands in, and the RMS error of
the curve of the whole list over its time. Prints one JSON line.
"""

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
GENRES = "ECNRPJFTLSMHB"
GENRE_WEIGHT = 2.0  # of a parent genre, beside a standard deviation of a feature
SECONDS, ENERGY = 0, 3  # columns
STYLE = (1, 2, 4, 5, 6, 7, 8)  # tempo, dance, acoustic, instrumental, happy, live, loudness
Stand = Callable[[list[Track], list[int], TrackTable, np.random.Generator], list[Track]]


def read(path: Path) -> dict[str, list[list[str]]]:
    """Return the rows of each list."""
    lists: dict[str, list[list[str]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("="):
            rows = lists.setdefault(line[1:].strip(), [])
        elif not line.startswith("#"):
            rows.append(line.split())
    return lists


def tracks_of(lists: dict[str, list[list[str]]]) -> dict[str, list[Track]]:
    """Return the tracks of each list; rows that are alike are one track."""
    rows = list(dict.fromkeys(tuple(row) for each in lists.values() for row in each))
    numbers = np.array([[float(cell) for cell in row[:-1]] for row in rows])
    levels = (rankdata(numbers[:, ENERGY]) - 0.5) / len(rows)
    features = numbers[:, STYLE]
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    genres = np.array([[genre in row[-1] for genre in GENRES] for row in rows], float)
    known = np.hstack([features, GENRE_WEIGHT * (genres - genres.mean(axis=0))])
    styles = np.zeros((len(rows), STYLE_SIZE), np.float32)
    styles[:, : known.shape[1]] = known
    made = {
        row: track(
            place,
            numbers[place, SECONDS],
            np.full(max(1, round(numbers[place, SECONDS] / STEP_S)), levels[place]),
            style=styles[place],
        )
        for place, row in enumerate(rows)
    }
    return {name: [made[tuple(row)] for row in each] for name, each in lists.items()}


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
    lists = tracks_of(read(Path(os.environ["PLAYLIST_BUILDER_EVAL"]) / "psilocybin" / "lists.txt"))
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
