"""Fit the energy score to listeners and print one JSON line of what it reaches.

    PLAYLIST_BUILDER_EVAL=DIR python -m tests.evaluation.fit_energy [WEIGHTS.json]

Needs the extra `evaluation`, for the peers that the score is compared with in the same run:
integrated loudness, librosa's onset rate and VibeNet's energy. Same data, same bytes; without a
file the figures alone are printed. The figures leave out the rules for silence and steadiness,
which no excerpt but one comes near. `worst` lists the rated excerpts whose rank out of fold is
furthest from the listeners', both as percentiles.

A ridge on the mean of clamped step features. Targets: the listeners' score, half its normal
ranks and half its z-score; for the other corpora +-TARGET of their labels, each corpus with an
intercept of its own, since a label only orders the tracks of its corpus.
"""

import csv
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import NormalDist

import librosa
import numpy as np
import vibenet
from numpy.typing import NDArray

from playlist_builder.analysis import features
from playlist_builder.analysis.step_features import STEP_FEATURES
from playlist_builder.audio import decode
from playlist_builder.models import Measurement

LABEL_TARGET = 0.8
STRONG_WEIGHT, WEAK_WEIGHT = 1.0, 0.6
"""A rated excerpt weighs 1, a label by strong or weak use of the file this much. Less of it is
better among the rated excerpts (+0.007) and worse on corpora left out (-0.014)."""
RIDGE = 0.3
"""Penalty per feature; 0.03 to 1 moved no figure by more than 0.02."""
CLAMP_PERCENT = 0.5
SEEDS, FOLDS = 5, 10
WORST = 20
LOGISTIC_OF_NORMAL = 1.702
"""A logistic curve of this slope is within 0.01 of the normal distribution."""

Vector = NDArray[np.float64]
Predictor = Callable[[NDArray[np.intp]], Vector]


def ranks(values: Vector) -> Vector:
    """Ranks from 1, ties sharing their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return ((last - (counts - 1) / 2.0)[inverse]).astype(np.float64)


def spearman(left: Vector, right: Vector) -> float:
    """Rank correlation."""
    return float(np.corrcoef(ranks(left), ranks(right))[0, 1])


def auc(score: Vector, high: NDArray[np.bool_]) -> float:
    """Share of (low, high) pairs that the score orders."""
    n_high = int(high.sum())
    below = ranks(score)[high].sum() - n_high * (n_high + 1) / 2
    return float(below / (n_high * (len(score) - n_high)))


def measured(path: str) -> Measurement:
    """Measure an excerpt exactly as a scan does."""
    with decode.AudioFile(path) as recording:
        return features.measure(
            recording.blocks(),
            sample_rate_hz=recording.layout.sample_rate_hz,
            channels=recording.layout.channels,
        )


class Excerpts:
    """The evaluation set: labels, step features and two crude baselines per excerpt."""

    def __init__(self, folder: Path) -> None:
        with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        self.corpus = np.array([row["corpus"] for row in rows])
        self.genre = np.array([row["genre_or_note"] for row in rows])
        self.rated = np.array([row["score"] != "" for row in rows])
        self.score = np.array([float(row["score"] or "nan") for row in rows])
        self.high = np.array([row["energy"] == "high" for row in rows])
        strong = np.array([row["label_kind"] == "use-strong" for row in rows])
        self.weight = np.where(self.rated, 1.0, np.where(strong, STRONG_WEIGHT, WEAK_WEIGHT))
        self.target = np.where(self.high, LABEL_TARGET, -LABEL_TARGET)
        listeners = self.score[self.rated]
        place = (ranks(listeners) - 0.5) / listeners.size
        normal = np.array([NormalDist().inv_cdf(value) for value in place])
        z_score = (listeners - listeners.mean()) / listeners.std()
        self.target[self.rated] = (normal + z_score) / 2.0
        self.names = [row["file"] for row in rows]
        self.steps: list[Vector] = []
        self.loudness = np.zeros(len(rows))
        for index, row in enumerate(rows):
            found = measured(str(folder / row["file"]))
            self.steps.append(found.steps.astype(np.float16).astype(np.float64))
            self.loudness[index] = found.features.loudness_lufs


def peers(folder: Path, names: Sequence[str]) -> dict[str, Vector]:
    """Onset rate by librosa and energy by VibeNet 0.1, of every excerpt."""
    model = vibenet.load_model()
    values = []
    for name in names:
        with decode.AudioFile(str(folder / name)) as recording:
            mono = np.concatenate(list(recording.blocks()), axis=1).mean(axis=0)
            rate = recording.layout.sample_rate_hz
        onsets = librosa.onset.onset_detect(y=mono, sr=rate)
        (judged,) = model.predict(mono, sr=rate)
        values.append((len(onsets) * rate / len(mono), judged.energy))
    rows = np.array(values)
    return {"onset_rate": rows[:, 0], "vibenet": rows[:, 1]}


def solve(data: Excerpts, train: NDArray[np.intp]) -> dict[str, Vector]:
    """Clamps, centres and weights per feature from some of the excerpts."""
    stacked = np.vstack([data.steps[index] for index in train])
    low, high = np.percentile(stacked, [CLAMP_PERCENT, 100.0 - CLAMP_PERCENT], axis=0)
    means = np.stack([np.clip(data.steps[i], low, high).mean(axis=0) for i in train])
    centre, spread = means.mean(axis=0), means.std(axis=0)
    spread[spread < 1e-6] = np.inf
    spread[STEP_FEATURES.index("active_share")] = np.inf
    root = np.sqrt(data.weight[train])[:, None]
    design = (means - centre) / spread * root
    corpora = data.corpus[train]
    basis, _ = np.linalg.qr((corpora[:, None] == np.unique(corpora)[None]) * root)
    design -= basis @ (basis.T @ design)
    wanted = data.target[train] * root[:, 0]
    wanted -= basis @ (basis.T @ wanted)
    size = design.shape[1]
    gram = design.T @ design + RIDGE * (size - 1) * np.eye(size)
    weight = np.linalg.solve(gram, design.T @ wanted) / spread
    return {"low": low, "high": high, "centre": centre, "weight": weight}


def predict(data: Excerpts, fitted: dict[str, Vector]) -> list[Vector]:
    """The weighted sum of each step of each excerpt."""
    return [
        (np.clip(steps, fitted["low"], fitted["high"]) - fitted["centre"]) @ fitted["weight"]
        for steps in data.steps
    ]


def track_score(data: Excerpts, train: NDArray[np.intp]) -> Vector:
    """Energy of every excerpt from a fit to some: the mean of the logistic of its steps."""
    sums = predict(data, solve(data, train))
    tracks = np.array([steps.mean() for steps in sums])
    slope = LOGISTIC_OF_NORMAL / tracks[data.rated].std()
    middle = np.median(tracks[train][data.rated[train]])
    return np.array([np.mean(1 / (1 + np.exp(-slope * (steps - middle)))) for steps in sums])


def out_of_fold(data: Excerpts, predictor: Predictor, seed: int) -> Vector:
    """Score every rated excerpt by a fit that has not seen it; 0 for the others."""
    rated = np.flatnonzero(data.rated)
    order = np.random.default_rng(seed).permutation(rated)
    out = np.zeros(len(data.rated))
    for fold in range(FOLDS):
        test = order[fold::FOLDS]
        train = np.concatenate([np.setdiff1d(rated, test), np.flatnonzero(~data.rated)])
        out[test] = predictor(train)[test]
    return out


def worst(data: Excerpts) -> list[list[object]]:
    """File, genre, percentile by listeners and by the score, of the `WORST` largest errors."""
    rated = np.flatnonzero(data.rated)
    out = np.mean(
        [out_of_fold(data, lambda train: track_score(data, train), seed) for seed in range(SEEDS)],
        axis=0,
    )[rated]
    heard = (ranks(data.score[rated]) - 0.5) / rated.size
    scored = (ranks(out) - 0.5) / rated.size
    return [
        [
            data.names[rated[index]],
            str(data.genre[rated[index]]),
            round(float(heard[index]), 2),
            round(float(scored[index]), 2),
        ]
        for index in np.argsort(-np.abs(heard - scored))[:WORST]
    ]


def figures(data: Excerpts, predictor: Predictor) -> dict[str, float]:
    """Rank correlation with listeners out of fold, and AUC of corpora left out."""
    rated = np.flatnonzero(data.rated)
    others = np.flatnonzero(~data.rated)
    genres = sorted(set(data.genre[rated]))
    runs = []
    for seed in range(SEEDS):
        out = out_of_fold(data, predictor, seed)
        groups = [rated, *(rated[data.genre[rated] == genre] for genre in genres)]
        runs.append([spearman(out[group], data.score[group]) for group in groups])
    names = ["spearman", *(f"spearman_{genre}" for genre in genres)]
    result = dict(zip(names, np.mean(runs, axis=0).tolist(), strict=True))
    areas = []
    for corpus in sorted(set(data.corpus[others])):
        left_out = data.corpus == corpus
        areas.append(auc(predictor(np.flatnonzero(~left_out))[left_out], data.high[left_out]))
        result[f"auc_{corpus}"] = areas[-1]
    result["auc_mean"] = float(np.mean(areas))
    for genre in genres:
        left_out = data.rated & (data.genre == genre)
        unseen = predictor(np.flatnonzero(~left_out))[left_out]
        result[f"spearman_unseen_{genre}"] = spearman(unseen, data.score[left_out])
    return {name: round(value, 4) for name, value in result.items()}


def weights_text(data: Excerpts) -> str:
    """The fit to everything as JSON; weights and base are on the logit scale of 0..1."""
    fitted = solve(data, np.arange(len(data.rated)))
    tracks = np.array([steps.mean() for steps in predict(data, fitted)])[data.rated]
    slope = LOGISTIC_OF_NORMAL / tracks.std()
    fitted["weight"] = fitted["weight"] * slope
    columns = {
        name: {key: round(float(column[index]), 5) for key, column in fitted.items()}
        for index, name in enumerate(STEP_FEATURES)
    }
    base = round(float(-slope * np.median(tracks)), 5)
    return json.dumps({"base": base, "features": columns}, indent=1) + "\n"


def main() -> None:
    """Fits, writes the weights and prints the figures of the score and of its peers."""
    folder = os.environ.get("PLAYLIST_BUILDER_EVAL")
    if not folder:
        sys.exit("PLAYLIST_BUILDER_EVAL is not set: give the folder that holds energy/labels.csv.")
    data = Excerpts(Path(folder) / "energy")
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(weights_text(data), encoding="utf-8")
    others = peers(Path(folder) / "energy", data.names)
    final = track_score(data, np.arange(len(data.rated)))[data.rated]
    report = {
        "energy": figures(data, lambda train: track_score(data, train)),
        "loudness": figures(data, lambda _: data.loudness),
        **{name: figures(data, lambda _, found=found: found) for name, found in others.items()},
        "spread_percentiles_5_25_50_75_95": np.percentile(final, [5, 25, 50, 75, 95])
        .round(3)
        .tolist(),
        "worst": worst(data),
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
