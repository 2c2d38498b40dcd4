"""Fits the weights with which `moments` weighs what speaks for a voice; prints them as JSON.

    python -m tests.evaluation.fit_chance rows-[0-3]-*.pickle

The rows are those that `evaluate_voice.py` keeps, of all folds: of networks that had not met the
source. Kinds of tracks count alike, however many there are; files without a voice count as much as
all with one. What length requires is taken as it is. `precision` is that of the chance by folds in
which no source is on both sides.
"""

import json
import pickle
import sys
import zlib
from pathlib import Path

import numpy as np

from playlist_builder.vocals import moments

FOLDS, RIDGE = 5, 0.01
SINGER = 12  # letters of the name of a file that tell a singer or a site
LEFT_OUT = "word", "passage -18"  # which may rightly be missed
UNSURE = ("music:emotify",)  # labelled by genre: some of them are sung


def features(rows: np.ndarray) -> list[float]:
    """What `chance_of_voice` weighs, and 1 for the bias."""
    passage, moment, middle = moments.evidence(rows)
    return [passage, moment, middle, 1.0]


def regression(
    x: np.ndarray, y: np.ndarray, weight: np.ndarray, length: np.ndarray, ridge: float = RIDGE
) -> np.ndarray:
    """Weights of a logistic regression, by Newton's method, beside the log-odds of lengths."""
    found = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ found - length))
        slope = x.T @ (weight * (y - p)) - ridge * found
        curve = (x * (weight * p * (1 - p))[:, None]).T @ x + ridge * np.eye(len(found))
        found += np.linalg.solve(curve, slope)
    return found


def main() -> None:
    cases = [case for path in sys.argv[1:] for case in pickle.loads(Path(path).read_bytes())]  # noqa: S301 - our own
    cases = [
        case
        for case in cases
        if case["truth"] != "people" and not case["group"].startswith(LEFT_OUT)
    ]
    x = np.array([features(case["rows"]) for case in cases])
    length = np.array([moments.of_length(len(case["rows"])) for case in cases])
    y = np.array([float(case["truth"] != "none") for case in cases])
    kinds = [f"{case['group']} {case['truth']}" for case in cases]
    weight = np.array([1 / kinds.count(kind) ** 0.5 for kind in kinds])
    weight *= np.where(y == 1, 1 / weight[y == 1].sum(), 1 / weight[y == 0].sum()) * len(y) / 2
    fold = np.array(
        [zlib.crc32(_source(case).encode("utf-8", "replace")) % FOLDS for case in cases]
    )
    chance = np.zeros(len(y))
    for number in range(FOLDS):
        kept = fold != number
        chance[~kept] = x[~kept] @ regression(x[kept], y[kept], weight[kept], length[kept])
    chance = 1 / (1 + np.exp(-chance - length))
    table = []
    for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01)):
        some = (chance >= low) & (chance < high)
        if some.any():
            mean = [float(np.average(v[some], weights=weight[some]).round(3)) for v in (chance, y)]
            table.append({"from": low, "n": int(some.sum()), "shown": mean[0], "voice": mean[1]})
    weights = dict(
        zip(("passage", "moment", "middle", "bias"), regression(x, y, weight, length), strict=True)
    )
    found = {name: round(float(value), 2) for name, value in weights.items()}
    sys.stdout.write(json.dumps({"weights": found, "precision": table}) + "\n")


def _source(case: dict) -> str:
    return case["name"][:SINGER] if case["corpus"] else case["name"].rsplit(" ", 1)[0]


if __name__ == "__main__":
    main()
