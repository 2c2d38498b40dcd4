"""Fits what the embedding of a track says on voices, the weights of `vocals.style`.

    python -m tests.evaluation.fit_voice_style rows-[0-3]-*.pickle rows-unmet-*.pickle \\
        --out style_weights.npz

The embeddings are those that `evaluate_voice.py` keeps beside its rows: the network behind them was
trained on other music, and serves all folds. Learnt from are whole files of which it is known
whether there is a voice. Prints the area under the curve by folds of the sources.
"""

import argparse
import json
import pickle
import sys
from pathlib import Path

import numpy as np

from tests.evaluation.excerpts import auc
from tests.evaluation.fit_chance import regression

RIDGE = 30.0  # of embeddings whose spread is 1
UNSURE = ("music:emotify",)  # labelled by genre: some of them are sung


def is_learnt(case: dict) -> bool:
    """Whether a case is a whole file of which it is known whether there is a voice."""
    is_whole = bool(case["corpus"]) and case["embedding"] is not None
    return is_whole and case["truth"] != "people" and not case["corpus"].startswith(UNSURE)


def fitted(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights and a bias; files with a voice count as much as all without."""
    centre, spread = x.mean(axis=0), x.std(axis=0)
    scaled = np.c_[(x - centre) / spread, np.ones(len(x))]
    weight = np.where(y == 1, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    found = regression(scaled, y, weight, np.zeros(len(y)), RIDGE)
    return np.append(found[:-1] / spread, found[-1] - (found[:-1] / spread) @ centre)


def weights_of(cases: list[dict]) -> np.ndarray:
    """Weights that are learnt from cases."""
    learnt = [case for case in cases if is_learnt(case)]
    x = np.stack([case["embedding"] for case in learnt]).astype(np.float64)
    return fitted(x, np.array([float(case["truth"] == "voice") for case in learnt]))


def log_odds(weights: np.ndarray, case: dict) -> float:
    """What weights say of a case; 0 where nothing was embedded."""
    found = case["embedding"]
    return 0.0 if found is None else float(found @ weights[:-1] + weights[-1])


def by_folds(cases: list[dict]) -> list[float]:
    """What weights say of each case that were learnt from the other folds."""
    folds = {case["fold"] for case in cases}
    weights = {fold: weights_of([case for case in cases if case["fold"] != fold]) for fold in folds}
    return [log_odds(weights[case["fold"]], case) for case in cases]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    cases = [case for path in given.rows for case in pickle.loads(path.read_bytes())]  # noqa: S301 - our own
    cases = [case for case in cases if is_learnt(case)]
    is_voice = np.array([case["truth"] == "voice" for case in cases])
    area = auc(np.array(by_folds(cases)), is_voice)
    np.savez(given.out, voice=weights_of(cases).astype(np.float32))
    sys.stdout.write(json.dumps({"n": len(cases), "auc": round(area, 4)}) + "\n")


if __name__ == "__main__":
    main()
