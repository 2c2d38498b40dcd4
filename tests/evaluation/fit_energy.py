"""Fit energy, tension and moving to listeners, and print one JSON line of what they reach.

    PLAYLIST_BUILDER_EVAL=DIR python -m tests.evaluation.fit_energy [--out FOLDER] [--cache FOLDER]

`--out` is `playlist_builder/analysis`, where energy_weights.json and emotion_weights.json are
written; without it the figures alone are printed. Needs the extra `evaluation` for VibeNet.

Energy is fitted in two parts. The sum of features is a least squares fit with a ridge, in which
each weight has the sign that is known of its feature (SIGNS). The level of a track is a ridge on
that sum and the mean style of its patches. Each genre and each corpus has an intercept of its own,
since listeners reported what they felt: rock and pop lie lower than they sound. Both fits also see
music with and without a beat, which must rise by RISES, with and without noise at NOISE_DB, which
must not move, and played faster, which must rise by FASTER_RISE.

Figures are of nested cross-validation: ten folds, in each of which five others choose the ridges
among RIDGES; `energy` is the mean over genres of the rank correlation within each.
"""

import argparse
import itertools
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
import vibenet
from numpy.typing import NDArray
from scipy.optimize import nnls

from playlist_builder.analysis.step_features import STEP_FEATURES
from playlist_builder.models import STYLE_SIZE, Floats32
from tests.evaluation import excerpts, mixtures
from tests.evaluation.excerpts import EMOTIONS, Excerpt, Measured, auc, interval, spearman, within

SIGNS = {
    **dict.fromkeys(STEP_FEATURES, 1.0),
    **dict.fromkeys(("active_share", "level_bass_db"), 0.0),
    **dict.fromkeys(("tone_peak_bass_db", "tone_peak_mid_db", "tone_stability"), -1.0),
}
SIGN = np.array([SIGNS[name] for name in STEP_FEATURES])
LABEL_TARGET = 0.8
WEIGHTS = {"emotify": 1.0, "vgmidi": 0.5, "strong": 0.5, "weak": 0.3}
LEVELS_DB, RISES = (-12.0, -6.0, 0.0), (0.25, 0.5, 0.9)  # of a beat, and standard deviations
NOISE_DB, FASTER_RISE = -20.0, 0.2
BEAT_WEIGHT, NOISE_WEIGHT = 0.8, 2.5  # of a pair against a rated excerpt
MIXED, MIXED_S = 80, 30  # excerpts that are mixed, and seconds of each
RIDGES = tuple(itertools.product((1.0, 3.0), (0.6, 1.0)))  # of features, and of styles
SEEDS, FOLDS, INNER_FOLDS, BOOTSTRAPS = 3, 10, 5, 1000
CLAMP_PERCENT = 0.5
LOGISTIC_OF_NORMAL = 1.702
"""A logistic curve of this slope is within 0.01 of the normal distribution."""
CALM_NAMES = r"calm|dark|dream|faith|inside|morning|night|nostalg|peace|snow|still|tender|wave"
LIVELY_NAMES = r"battle|boss|energetic|fight|halloween|happy|hunt|invincible|madness|sprint|threat"
MOVING = "tenderness", "sadness", "solemnity", "nostalgia", "amazement"

Vector = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Data:
    """All excerpts as arrays of n rows: `features` are means of clamped steps."""

    features: Vector
    styles: Vector
    target: Vector
    weight: Vector
    rating: Vector
    high: NDArray[np.int64]
    genre: NDArray[np.str_]
    corpus: NDArray[np.str_]
    pairs: tuple[tuple[Vector, Vector, float, float], ...]
    """Differences of features and styles, how much they must move, and with which weight."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Weights of features, the share of their sum in the level, and weights of styles."""

    features: Vector
    share: float
    styles: Vector

    def level(self, data: Data) -> Vector:
        """The level of each excerpt."""
        return self.share * (data.features @ self.features) + data.styles @ self.styles


def versions(job: tuple[str, int]) -> list[Floats32]:
    """An excerpt as it is, with a beat at each level, with each of two noises, and faster."""
    path, seed = job
    blocks, rate = excerpts.samples(path)
    if rate != mixtures.RATE:
        at = np.arange(int(blocks.shape[1] * mixtures.RATE / rate)) * rate / mixtures.RATE
        blocks = np.stack([np.interp(at, np.arange(len(c)), c) for c in blocks]).astype(np.float32)
    blocks = blocks[:, : MIXED_S * mixtures.RATE]
    n = blocks.shape[1]
    _, beat = mixtures.beat(n, seed)
    kinds = mixtures.NOISES[seed % 4], "rain"
    noises = [mixtures.noise(kind, n, seed) for kind in kinds]
    return [
        blocks,
        *(mixtures.mixed(blocks, beat, level_db) for level_db in LEVELS_DB),
        *(mixtures.mixed(blocks, noise, NOISE_DB) for noise in noises),
        mixtures.faster(blocks),
    ]


def mixed(job: tuple[str, int]) -> list[Measured]:
    """What a scan would keep of the versions of an excerpt."""
    return [excerpts.measured(each, mixtures.RATE) for each in versions(job)]


def normal(values: Vector) -> Vector:
    """Half normal ranks, half z-scores."""
    places = (excerpts.ranks(values) - 0.5) / values.size
    expected = np.array([NormalDist().inv_cdf(place) for place in places])
    return (expected + (values - values.mean()) / values.std()) / 2.0


def style(found: Measured) -> Vector:
    """The mean style of the patches, zero where there are none."""
    patches = found.embedding.patches.astype(np.float64)
    return patches.mean(axis=0) if len(patches) else np.zeros(STYLE_SIZE)


def gathered(
    known: Sequence[Excerpt], found: Sequence[Measured], mixes: Sequence[Sequence[Measured]]
) -> tuple[Data, Vector, Vector]:
    """The data of a fit, and the range to which features are clamped."""
    low, high = np.percentile(
        np.vstack([each.steps for each in found]), [CLAMP_PERCENT, 100.0 - CLAMP_PERCENT], axis=0
    )

    def features(each: Measured) -> Vector:
        return np.clip(each.steps, low, high).mean(axis=0)

    rating = np.array([each.rating for each in known])
    label = np.array([each.high for each in known])
    corpus = np.array([each.corpus for each in known])
    target = np.where(label == 1, LABEL_TARGET, -LABEL_TARGET)
    for name in ("emotify", "vgmidi"):
        target[corpus == name] = normal(rating[corpus == name])
    kinds = [
        each.corpus if each.high < 0 else "strong" if each.is_strong else "weak" for each in known
    ]
    base = np.array([features(each[0]) for each in mixes])
    base_style = np.array([style(each[0]) for each in mixes])
    moves = [*((rise, BEAT_WEIGHT) for rise in RISES), *[(0.0, NOISE_WEIGHT)] * 2]
    moves.append((FASTER_RISE, BEAT_WEIGHT))
    pairs = tuple(
        (
            np.array([features(each[column]) for each in mixes]) - base,
            np.array([style(each[column]) for each in mixes]) - base_style,
            *move,
        )
        for column, move in enumerate(moves, 1)
    )
    data = Data(
        features=np.array([features(each) for each in found]),
        styles=np.array([style(each) for each in found]),
        target=target,
        weight=np.array([WEIGHTS[kind] for kind in kinds]),
        rating=rating,
        high=label,
        genre=np.array([each.genre for each in known]),
        corpus=corpus,
        pairs=pairs,
    )
    return data, low, high


def without_intercepts(design: Vector, weight: Vector, genre: NDArray[np.str_]) -> Vector:
    """A design with the weighted mean of each genre taken away."""
    found = design.copy()
    for name in np.unique(genre):
        own = genre == name
        found[own] -= np.average(found[own], axis=0, weights=weight[own])
    return found


def fitted(data: Data, train: Places, ridges: tuple[float, float]) -> Fit:
    """The two fits on some of the excerpts."""
    weight, genre = data.weight[train], data.genre[train]
    root = np.sqrt(weight)
    wanted = without_intercepts(data.target[train][:, None], weight, genre)[:, 0] * root
    spread = data.features[train].std(axis=0) + 1e-9
    signed = np.flatnonzero(SIGN)
    toward = SIGN[signed] / spread[signed]
    features = without_intercepts(data.features[train], weight, genre)[:, signed] * toward
    blocks, aims = [features * root[:, None]], [wanted]
    for moved, _, by, importance in data.pairs:
        blocks.append(moved[:, signed] * toward * importance)
        aims.append(np.full(len(moved), by * importance))
    blocks.append(np.sqrt(ridges[0] * len(signed)) * np.eye(len(signed)))
    aims.append(np.zeros(len(signed)))
    found, _ = nnls(np.vstack(blocks), np.concatenate(aims))
    weights = np.zeros(len(SIGN))
    weights[signed] = found * toward
    total = data.features @ weights
    scale = total[train].std()

    def design(features_sum: Vector, styles: Vector) -> Vector:
        return np.column_stack([features_sum / scale, styles])

    whole = without_intercepts(design(total[train], data.styles[train]), weight, genre)
    blocks, aims = [whole * root[:, None]], [wanted]
    for moved, restyled, by, importance in data.pairs:
        blocks.append(design(moved @ weights, restyled) * importance)
        aims.append(np.full(len(moved), by * importance))
    penalty = np.full(STYLE_SIZE + 1, ridges[1] * STYLE_SIZE)
    penalty[0] = 1.0
    blocks.append(np.diag(np.sqrt(penalty)))
    aims.append(np.zeros(STYLE_SIZE + 1))
    level = np.linalg.lstsq(np.vstack(blocks), np.concatenate(aims), rcond=None)[0]
    return Fit(weights, float(level[0] / scale), level[1:])


def standardised(values: Vector, train: Places) -> Vector:
    """Values by mean and deviation of some of them, so that folds can be compared."""
    return (values - values[train].mean()) / values[train].std()


def folds(places: Places, count: int, seed: int) -> list[Places]:
    """Places in folds, drawn from a seed."""
    order = np.random.default_rng(seed).permutation(places)
    return [order[fold::count] for fold in range(count)]


def chosen(data: Data, train: Places) -> tuple[float, float]:
    """The ridges that order best what inner folds have not seen."""
    inside = train[data.corpus[train] == "emotify"]
    best, reached = RIDGES[0], -1.0
    for ridges in RIDGES:
        out = np.zeros(len(data.target))
        for test in folds(inside, INNER_FOLDS, 99):
            rest = np.setdiff1d(train, test)
            out[test] = standardised(fitted(data, rest, ridges).level(data), rest)[test]
        score = within(out[inside], data.rating[inside], data.genre[inside])
        if score > reached:
            best, reached = ridges, score
    return best


def nested(data: Data, predict: Callable[[Places], Vector], seed: int) -> Vector:
    """The score of every rated excerpt by a fit that has not seen it."""
    out = np.zeros(len(data.target))
    every = np.arange(len(out))
    for test in folds(np.flatnonzero(data.high < 0), FOLDS, seed):
        train = np.setdiff1d(every, test)
        out[test] = standardised(predict(train), train)[test]
    return out


def figures(data: Data, predict: Callable[[Places], Vector]) -> dict[str, object]:
    """Rank correlations out of fold, with a bootstrap interval, and AUC of corpora left out."""
    rated = np.flatnonzero(data.corpus == "emotify")
    other = np.flatnonzero(data.corpus == "vgmidi")
    outs = [nested(data, predict, seed) for seed in range(SEEDS)]
    mean = np.mean(outs, axis=0)
    rating, genre = data.rating, data.genre
    random = np.random.default_rng(0)
    drawn = [random.choice(rated, len(rated)) for _ in range(BOOTSTRAPS)]
    every = np.arange(len(mean))
    areas = {}
    for corpus in np.unique(data.corpus[data.high >= 0]):
        left = np.flatnonzero(data.corpus == corpus)
        left = left[data.high[left] >= 0]
        areas[str(corpus)] = auc(predict(np.setdiff1d(every, left))[left], data.high[left] == 1)
    unseen = predict(np.setdiff1d(every, other))[other]
    by_genre = {
        str(g): round(spearman(mean[rated][genre[rated] == g], rating[rated][genre[rated] == g]), 3)
        for g in np.unique(genre[rated])
    }
    return {
        "within": round(
            float(np.mean([within(out[rated], rating[rated], genre[rated]) for out in outs])), 4
        ),
        "within_95": interval(within(mean[d], rating[d], genre[d]) for d in drawn),
        **by_genre,
        "vgmidi": round(float(np.mean([spearman(out[other], rating[other]) for out in outs])), 4),
        "vgmidi_unseen": round(spearman(unseen, rating[other]), 4),
        "auc_unseen": round(float(np.mean(list(areas.values()))), 4),
        **{f"auc_{name}": round(area, 3) for name, area in areas.items()},
    }


def contradicted(data: Data, names: Sequence[str]) -> list[int]:
    """Places of labels by use that both scores and the file's name contradict.

    The scores are fitted to ratings alone, and put the excerpt in the opposite third of all that
    have labels; the name has a word of the opposite use and none of its own.
    """
    used = np.flatnonzero(data.high >= 0)
    fit = fitted(data, np.flatnonzero(data.high < 0), RIDGES[len(RIDGES) // 2])
    scores = data.features @ fit.features, data.styles @ fit.styles
    places = [(excerpts.ranks(score[used]) - 0.5) / len(used) for score in scores]
    found = []
    for number, place in enumerate(used.tolist()):
        is_high, percentiles = data.high[place] == 1, [each[number] for each in places]
        own, other = (LIVELY_NAMES, CALM_NAMES) if is_high else (CALM_NAMES, LIVELY_NAMES)
        opposite = max(percentiles) < 1 / 3 if is_high else min(percentiles) > 2 / 3
        if opposite and re.search(other, names[place]) and not re.search(own, names[place]):
            found.append(place)
    return found


def ridge(styles: Vector, wanted: Vector, penalty: float) -> tuple[Vector, float]:
    """Weights and base of a ridge."""
    centre = styles.mean(axis=0)
    design = styles - centre
    gram = design.T @ design + penalty * STYLE_SIZE * np.eye(STYLE_SIZE)
    weights = np.linalg.solve(gram, design.T @ (wanted - wanted.mean()))
    return weights, float(wanted.mean() - centre @ weights)


def emotion_figures(
    styles: Vector, wanted: Vector, genre: NDArray[np.str_], calm: Vector, penalty: float
) -> tuple[dict[str, float], Vector]:
    """Rank correlations of an emotion out of fold: of all, within genres, of the calm half."""
    outs = []
    for seed in range(SEEDS):
        out = np.zeros(len(wanted))
        for test in folds(np.arange(len(wanted)), FOLDS, seed):
            train = np.setdiff1d(np.arange(len(wanted)), test)
            weights, base = ridge(styles[train], normal(wanted[train]), penalty)
            out[test] = styles[test] @ weights + base
        outs.append(out)
    mean = np.mean(outs, axis=0)
    quiet = calm > np.median(calm)
    return {
        "all": round(spearman(mean, wanted), 3),
        "within": round(within(mean, wanted, genre), 3),
        "calm_half": round(spearman(mean[quiet], wanted[quiet]), 3),
    }, mean


EMOTION_RIDGE = 1.0


def peer(path: str) -> float:
    """Energy by VibeNet 0.1."""
    blocks, rate = excerpts.samples(path)
    (judged,) = vibenet.load_model().predict(blocks.mean(axis=0), sr=rate)
    return float(judged.energy)


def written(data: Data, low: Vector, high: Vector, fit: Fit) -> dict[str, object]:
    """The table of weights, on the scale of a logit whose median over rated excerpts is 0."""
    rated = data.corpus == "emotify"
    total, level = data.features @ fit.features, fit.level(data)
    slope, level_slope = (LOGISTIC_OF_NORMAL / each[rated].std() for each in (total, level))
    centre = data.features.mean(axis=0)
    weights = fit.features * slope
    base = float(slope * (centre @ fit.features - np.median(total[rated])))
    # Steps lie on the scale of the sum; of that, the level takes `share` of what is above 0.
    share = fit.share * level_slope / slope
    offset = -level_slope * (np.median(level[rated]) - fit.share * np.median(total[rated]))
    columns = {"centre": centre, "weight": weights, "low": low, "high": high}
    return {
        "base": round(base, 5),
        "level": {
            "base": round(float(offset), 5),
            "share": round(float(share), 5),
            "style": (fit.styles * level_slope).round(5).tolist(),
        },
        "features": {
            name: {key: round(float(column[place]), 5) for key, column in columns.items()}
            for place, name in enumerate(STEP_FEATURES)
        },
    }


def main() -> None:
    """Measure, fit, write the weights and print the figures of the scores and their peers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out")
    parser.add_argument("--cache")
    options = parser.parse_args()
    known = excerpts.excerpts(excerpts.folder())
    paths = [each.path for each in known]
    found = excerpts.cached(options.cache, "excerpts", excerpts.measured_file, paths)
    random = np.random.default_rng(1)
    jobs = [
        (paths[place], seed) for seed, place in enumerate(random.permutation(len(paths))[:MIXED])
    ]
    mixes = excerpts.cached(options.cache, "mixes", mixed, jobs)
    data, low, high = gathered(known, found, mixes)
    names = [Path(path).stem for path in paths]
    dropped = contradicted(data, names)
    kept = np.setdiff1d(np.arange(len(known)), dropped)
    known, found = [known[place] for place in kept], [found[place] for place in kept]
    data, low, high = gathered(known, found, mixes)
    every = np.arange(len(known))
    ridges = chosen(data, every)
    rated = np.flatnonzero([bool(each.emotions) for each in known])
    shares = np.array([known[place].emotions for place in rated])
    column = {name: shares[:, place] for place, name in enumerate(EMOTIONS)}
    wanted = {
        "tension": column["tension"],
        "moving": np.sum([column[name] for name in MOVING], axis=0),
    }
    styles, genre = data.styles[rated], data.genre[rated]
    heard = {
        name: emotion_figures(styles, values, genre, column["calmness"], EMOTION_RIDGE)
        for name, values in wanted.items()
    }
    if options.out:
        table = written(data, low, high, fitted(data, every, ridges))
        text = json.dumps(table, indent=1) + "\n"
        Path(options.out, "energy_weights.json").write_text(text, encoding="utf-8")
        rows, bases = [], []
        for values in wanted.values():
            weights, base = ridge(styles, normal(values), EMOTION_RIDGE)
            slope = LOGISTIC_OF_NORMAL / (styles @ weights).std()
            rows.append((weights * slope).round(5))
            bases.append(round(slope * float(base - np.median(styles @ weights + base)), 5))
        percentile = (excerpts.ranks(wanted["tension"]) - 0.5) / len(rated)
        told = (excerpts.ranks(heard["tension"][1]) - 0.5) / len(rated)
        error = round(float(np.sqrt(np.mean(np.square(told - percentile)))), 3)
        table = {"base": bases, "error": error, "weight": np.array(rows).T.tolist()}
        text = json.dumps(table, indent=1) + "\n"
        Path(options.out, "emotion_weights.json").write_text(text, encoding="utf-8")
    vibes = excerpts.cached(options.cache, "vibenet", peer, paths)
    peers = {
        "loudness": np.array([each.loudness_lufs for each in found]),
        "vibenet": np.array(vibes)[kept],
    }
    report = {
        "evaluation": "fit_energy",
        "ridges": ridges,
        "dropped_labels": [names[place] for place in dropped],
        "energy": figures(data, lambda train: fitted(data, train, chosen(data, train)).level(data)),
        "features_alone": figures(
            data, lambda train: data.features @ fitted(data, train, ridges).features
        ),
        **{name: figures(data, lambda _, own=own: own) for name, own in peers.items()},
        **{name: values for name, (values, _) in heard.items()},
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
