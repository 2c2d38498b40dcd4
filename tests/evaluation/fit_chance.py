"""Fits the weights with which `moments` weighs what stands out of a track; prints them as JSON.

    python -m tests.evaluation.fit_chance rows-[0-3]-*.pickle

The rows are those that `evaluate_voice.py` keeps, of all folds: of networks that had not met the
source. Learnt from are made tracks with a voice, and all without one that are long enough. Kinds of
tracks count alike, however many there are; files without a voice count as much as all with one.
What length requires is taken as it is, and so is what `moments.of_level` weighs. The biases of the
package are not the fitted ones: that of what stands out is 0.5 higher and that of the level 0.4
lower, chosen over all folds so that 3 % of hard instrumentals are called. `precision` is that of
the chance by folds in which no source is on both sides, and `found` the share of each kind of track
whose chance is that of a voice. `none` are the weights of the confidence in that verdict, of all
tracks with it, and `part` those of a voice that is a good part of a track, of stretches of
`LENGTHS_S`; its bias is 1.4 lower in the package, at which no more whole files without a voice are
called, and it counts where a good part stands out alone, or a lone word would be a voice.
"""

import json
import math
import pickle
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from playlist_builder.vocals import moments

RIDGE = 0.0003  # of the number of tracks
LEFT_OUT = "word", "passage -18"  # which may rightly be missed


LENGTHS_S = 60, 90, 120, 180, 240, 300


def features(heard: moments.Evidence) -> list[float]:
    """What `moments.of_contrast` weighs, and 1 for the bias."""
    return [heard.passage, min(heard.usual, moments.OUT_OF_MOST), heard.moment, 1.0]


def part_features(heard: moments.Evidence) -> list[float]:
    """What `moments.of_part` weighs, and 1 for the bias."""
    usual, half = (min(each, moments.OUT_OF_MOST) for each in (heard.usual, heard.half))
    return [heard.passage, usual, half, heard.moment, 1.0]


def stretch(case: dict, seconds: int, rng: np.random.Generator) -> dict:
    """So many seconds of a case, in which a voice of its own lies where that is known."""
    first, last = 0, len(case["rows"]) - seconds
    if case["voice_s"]:
        start_s, end_s = case["voice_s"][len(case["voice_s"]) // 2]
        first, last = max(0, math.ceil(end_s) - seconds), min(last, int(start_s))
    at = int(rng.integers(min(first, last), last + 1))
    spans = [(start_s - at, end_s - at) for start_s, end_s in case["voice_s"]]
    inside = tuple(span for span in spans if span[1] > 0 and span[0] < seconds)
    return case | {"rows": case["rows"][at : at + seconds], "voice_s": inside}


def stretches(cases: list[dict], seconds: int) -> list[dict]:
    """Stretches of what may be any length: passages, phrases, and whole files without a voice."""
    rng = np.random.default_rng(seconds)
    return [
        stretch(case, seconds, rng)
        for case in cases
        if len(case["rows"]) >= seconds
        and (
            case["group"].startswith(("passage", "nine"))
            or (case["truth"] == "none" and case["group"] in ("whole", "library"))
        )
    ]


def of_part(cases: list[dict]) -> dict[str, float]:
    """The weights of `moments.of_part`, learnt from stretches of all lengths."""
    parts = [(case, length) for length in LENGTHS_S for case in stretches(cases, length)]
    others = ("passage", "nine", "whole", "library")
    parts += [(case, 0) for case in cases if not case["group"].startswith(others)]
    learnt = [
        (case, length) for case, length in parts if case["voice_s"] or case["truth"] == "none"
    ]
    x = np.array([part_features(moments.evidence(case["rows"])) for case, _ in learnt])
    seconds = np.array([moments.of_length(len(case["rows"])) for case, _ in learnt])
    y = np.array([float(case["truth"] != "none") for case, _ in learnt])
    weight = weights_by_kind(y, [f"{kind_of(case)} {length}" for case, length in learnt])
    found = regression(x, y, weight, seconds, RIDGE * len(y))
    names = ("passage", "usual", "half", "moment", "bias")
    return dict(zip(names, found.round(2).tolist(), strict=True))


def kind_of(case: dict) -> str:
    return f"{case['group']} {case['truth']}"


def weights_by_kind(y: np.ndarray, kinds: list[str]) -> np.ndarray:
    """Kinds count alike, and those with a voice as much as those without."""
    count = Counter(kinds)
    weight = np.array([count[kind] ** -0.5 for kind in kinds])
    return (
        weight * np.where(y == 1, 1 / weight[y == 1].sum(), 1 / weight[y == 0].sum()) * len(y) / 2
    )


def regression(
    x: np.ndarray, y: np.ndarray, weight: np.ndarray, length: np.ndarray, ridge: float
) -> np.ndarray:
    """Weights of a logistic regression, by Newton's method, beside the log-odds of lengths."""
    found = np.zeros(x.shape[1])
    penalty = np.append(ridge * x[:, :-1].var(axis=0), ridge)
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ found - length))
        slope = x.T @ (weight * (y - p)) - penalty * found
        curve = (x * (weight * p * (1 - p))[:, None]).T @ x + np.diag(penalty)
        found += np.linalg.solve(curve, slope)
    return found


def of_none(cases: list[dict]) -> dict[str, float]:
    """Slope and bias from log-odds against a voice to those that there is none, of that verdict."""
    none = [
        case
        for case in cases
        if not case["soft"] and moments.classify(case["rows"]).verdict == "none"
    ]
    against = np.array([-moments.log_odds_of_voice(case["rows"]) for case in none])
    right = np.array([float(case["truth"] == "none") for case in none])
    x = np.c_[against, np.ones(len(none))]
    slope, bias = regression(x, right, np.ones(len(none)), np.zeros(len(none)), 0.0)
    return {"slope": round(float(slope), 2), "bias": round(float(bias), 2)}


def main() -> None:
    cases = [case for path in sys.argv[1:] for case in pickle.loads(Path(path).read_bytes())]  # noqa: S301 - our own
    none = of_none([case for case in cases if case["truth"] != "people"])
    cases = [
        case
        for case in cases
        if case["truth"] != "people"
        and not case["group"].startswith(LEFT_OUT)
        and len(case["rows"]) >= moments.SHORT_S
    ]
    heard = [moments.evidence(case["rows"]) for case in cases]
    x = np.array([features(each) for each in heard])
    length = np.array([moments.of_length(len(case["rows"])) for case in cases])
    y = np.array([float(case["truth"] != "none") for case in cases])
    kinds = [kind_of(case) for case in cases]
    weight = weights_by_kind(y, kinds)
    learnt = np.array([bool(case["voice_s"]) or case["truth"] == "none" for case in cases])
    fold = np.array([case["fold"] for case in cases])

    def fitted(kept: np.ndarray) -> np.ndarray:
        return regression(x[kept], y[kept], weight[kept], length[kept], RIDGE * kept.sum())

    contrast = np.zeros(len(y))
    for number in np.unique(fold):
        contrast[fold == number] = x[fold == number] @ fitted(learnt & (fold != number))
    other = np.array([max(moments.of_level(each), moments.of_part(each)) for each in heard])
    chance = 1 / (1 + np.exp(-np.maximum(contrast, other) - length))
    table = []
    for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01)):
        some = (chance >= low) & (chance < high)
        if some.any():
            mean = [float(np.average(v[some], weights=weight[some]).round(3)) for v in (chance, y)]
            table.append({"from": low, "n": int(some.sum()), "shown": mean[0], "voice": mean[1]})
    called = defaultdict(list)
    for kind, one in zip(kinds, chance, strict=True):
        called[kind].append(one >= moments.FOUND)
    names = ("passage", "usual", "moment", "bias")
    weights = zip(names, fitted(learnt).round(2).tolist(), strict=True)
    shares = {kind: round(float(np.mean(some)), 3) for kind, some in sorted(called.items())}
    found = {"weights": dict(weights), "precision": table, "found": shares}
    found |= {"part": of_part(cases), "none": none}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
