"""Teach what a scan hears anyway to stand for the music network, and print one JSON line.

    PLAYLIST_BUILDER_EVAL=DIR python -m tests.evaluation.fit_ear FOLDER [...] [--tracks 400] \\
        [--cache FOLDER]

The teacher is the network that tags music, the student a ridge on the cells of `ear_cells`. It
learns from the music in the folders, at other gains, with beats and noise and played faster, and
from the rated excerpts by folds: it is judged on excerpts that it has not met, and music of the
corpora with labels of use is left out of the folders. `teacher` and `student` are what energy,
tension and moving reach by each, fitted as `fit_energy` does; `student_less_teacher_95` are
intervals of the differences by excerpts drawn again. Needs the extra `evaluation`. Nothing is
written: the student is not used.
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from playlist_builder.errors import AudioError
from playlist_builder.library.scan.walk import AUDIO_SUFFIXES
from playlist_builder.models import Embedding
from tests.evaluation import ear_cells, excerpts, fit_energy, metamorphic, mixtures
from tests.evaluation.ear_cells import CELL_S, TALL, WIDE, Atoms, Heard
from tests.evaluation.excerpts import EMOTIONS, Excerpt, Measured, interval, within
from tests.evaluation.fit_energy import Data, Places, Vector

LABELLED = r"invertika|supertux|unknown.horizons|immich"  # corpora with labels of use
GAINS_DB, BEAT_DB, NOISE_DB = (-12.0, 6.0), (-14.0, 2.0), (-26.0, -14.0)  # ranges
CHANGED_S = 15  # of each piece, that is heard changed as well
FOLDS = 5
RIDGE = 0.05  # of the variance of a feature
FARTHEST = 4.0  # standard deviations, to which features are clamped
MIX_WEIGHT = 0.5  # of a cell of a mixed excerpt
NOISY, HELD_WEIGHT = (4, 5), 10.0  # versions that must stay what the first is, and of such a cell
RIDGES = 1.0, 0.6  # of `fit_energy`, for differences
BOOTSTRAPS = 1000
BATCH = 50  # pieces whose features are held at once


@dataclass(eq=False)
class Sums:
    """What a ridge needs to know of features and styles of cells; `held` must move no style."""

    held: Vector | float = 0.0
    gram: Vector | float = 0.0
    cross: Vector | float = 0.0
    features: Vector | float = 0.0
    styles: Vector | float = 0.0
    weight: float = 0.0

    def add(self, features: Vector, styles: Vector, weight: float) -> None:
        """Add cells, each of a weight."""
        self.gram += (features.T @ features).astype(np.float64) * weight
        self.cross += (features.T @ styles).astype(np.float64) * weight
        self.features += features.sum(axis=0, dtype=np.float64) * weight
        self.styles += styles.sum(axis=0, dtype=np.float64) * weight
        self.weight += len(features) * weight


@dataclass(frozen=True, eq=False)
class Scale:
    """Atoms, and the means and deviations by which features are standardised."""

    wide: Atoms
    tall: Atoms
    mean: Vector
    spread: Vector


def piece(job: tuple[str, int]) -> list[Heard]:
    """Half a minute of a file at some gain, and a part of it changed; none where it is no music."""
    path, seed = job
    random = np.random.default_rng(seed)
    try:
        blocks = metamorphic.clip(Path(path))[:2]
    except AudioError:
        return []
    if blocks.shape[1] < CHANGED_S * mixtures.RATE:
        return []
    blocks = blocks * np.float32(10.0 ** (random.uniform(*GAINS_DB) / 20.0))
    part = blocks[:, : CHANGED_S * mixtures.RATE]
    n, turn = part.shape[1], seed % 3
    if turn == 0:
        beat = mixtures.beat(n, seed)[1]
        part = mixtures.mixed(part, beat, float(random.uniform(*BEAT_DB)))
    elif turn == 1:
        noise = mixtures.noise(mixtures.NOISES[seed % 5], n, seed)
        part = mixtures.mixed(part, noise, float(random.uniform(*NOISE_DB)))
    else:
        part = mixtures.faster(part)
    return [ear_cells.heard(each, mixtures.RATE) for each in (blocks, part)]


def excerpt(path: str) -> Heard:
    """The cells of an excerpt."""
    return ear_cells.heard(*excerpts.samples(path))


def mixed(job: tuple[str, int]) -> list[Heard]:
    """An excerpt as it is and changed, as in `fit_energy`."""
    return [ear_cells.heard(each, mixtures.RATE) for each in fit_energy.versions(job)]


def raw_features(heard: Heard, wide: Atoms, tall: Atoms) -> Vector:
    """The features of the cells of a piece, in units of their own."""
    atoms = (
        ear_cells.atom_figures(heard.level, each, kind)
        for each, kind in ((wide, WIDE), (tall, TALL))
    )
    return np.hstack([heard.pooled, *atoms])


def scale(pieces: Sequence[Heard]) -> Scale:
    """Atoms and the scale of features of some pieces."""
    levels = [each.level for each in pieces]
    wide, tall = (ear_cells.learnt_atoms(levels, kind, 0) for kind in (WIDE, TALL))
    some = np.concatenate([raw_features(each, wide, tall) for each in pieces[::4]])
    return Scale(wide, tall, some.mean(axis=0), some.std(axis=0) + 1e-6)


def features(heard: Heard, by: Scale) -> Vector:
    """The standardised features of the cells of a piece."""
    found = (raw_features(heard, by.wide, by.tall) - by.mean) / by.spread
    return np.clip(found, -FARTHEST, FARTHEST)


def summed(pieces: Sequence[Heard], by: Scale, weight: float = 1.0) -> Sums:
    """The sums over all cells of pieces that can be heard."""
    sums = Sums()
    for start in range(0, len(pieces), BATCH):
        batch = pieces[start : start + BATCH]
        found = np.concatenate([features(each, by)[each.audible] for each in batch])
        sums.add(found, np.concatenate([each.style[each.audible] for each in batch]), weight)
    return sums


def moved(mixes: Sequence[Sequence[Heard]], by: Scale) -> Vector:
    """The sums of squares and products of what noise moves in features of cells."""
    rows = []
    for mix in mixes:
        before = features(mix[0], by)
        for column in NOISY:
            after = features(mix[column], by)[: len(before)]
            rows.append(after - before[: len(after)])
    found = np.concatenate(rows)
    return (found.T @ found).astype(np.float64)


def taught(parts: Sequence[Sums]) -> tuple[Vector, Vector]:
    """Weights from standardised features to style, and its base."""
    weight = sum(part.weight for part in parts)
    mean, style = (
        np.sum([getattr(part, name) for part in parts], axis=0) / weight
        for name in ("features", "styles")
    )
    gram = sum(part.gram for part in parts) / weight - np.outer(mean, mean)
    cross = sum(part.cross for part in parts) / weight - np.outer(mean, style)
    gram += HELD_WEIGHT * sum(part.held for part in parts) / weight
    gram[np.diag_indices_from(gram)] += RIDGE
    weights = np.linalg.solve(gram, cross)
    return weights.astype(np.float32), (style - mean @ weights).astype(np.float32)


def by_student(heard: Heard, by: Scale, weights: Vector, base: Vector) -> Measured:
    """What a scan would keep of a piece if the student embedded all of it."""
    found = features(heard, by)[heard.audible] @ weights + base
    starts_s = (np.flatnonzero(heard.audible) * CELL_S).astype(np.float32)
    return replace(heard.measured, embedding=Embedding(found.astype(np.float16), starts_s))


def told(data: Data, known: Sequence[Excerpt]) -> tuple[dict[str, object], dict[str, Vector]]:
    """What energy, tension and moving reach, and their values out of fold."""
    rated = np.flatnonzero([bool(each.emotions) for each in known])
    shares = np.array([known[place].emotions for place in rated])
    column = {name: shares[:, place] for place, name in enumerate(EMOTIONS)}
    wanted = {
        "tension": column["tension"],
        "moving": np.sum([column[name] for name in fit_energy.MOVING], axis=0),
    }

    def nested(train: Places) -> Vector:
        return fit_energy.fitted(data, train, fit_energy.chosen(data, train)).level(data)

    def level(train: Places) -> Vector:
        return fit_energy.fitted(data, train, RIDGES).level(data)

    found: dict[str, object] = {"energy": fit_energy.figures(data, nested)}
    outs = {"energy": fit_energy.nested(data, level, 0)}
    for name, values in wanted.items():
        found[name], out = fit_energy.emotion_figures(
            data.styles[rated], values, data.genre[rated], column["calmness"], 1.0
        )
        outs[name] = np.zeros(len(known))
        outs[name][rated] = out
        outs[f"{name}_wanted"] = np.zeros(len(known))
        outs[f"{name}_wanted"][rated] = values
    return found, outs


def differences(
    data: Data, teacher: dict[str, Vector], student: dict[str, Vector]
) -> dict[str, list[float]]:
    """Intervals of what the student reaches less what the teacher does, within genres."""
    random = np.random.default_rng(0)
    found = {}
    for name, corpus in (
        ("energy", "emotify"),
        ("tension", "emotify"),
        ("moving", "emotify"),
        ("energy", "vgmidi"),
    ):
        own = np.flatnonzero(data.corpus == corpus)
        wanted = data.rating if name == "energy" else teacher[f"{name}_wanted"]
        drawn = [random.choice(own, len(own)) for _ in range(BOOTSTRAPS)]
        found[f"{name}_{corpus}"] = interval(
            within(student[name][d], wanted[d], data.genre[d])
            - within(teacher[name][d], wanted[d], data.genre[d])
            for d in drawn
        )
    return found


def explained(found: Vector, wanted: Vector) -> float:
    """The share of the variance that is explained."""
    rest = np.square(found - wanted).sum() / np.square(wanted - wanted.mean(axis=0)).sum()
    return round(1.0 - float(rest), 3)


def main() -> None:
    """Hear, teach and compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--tracks", type=int, default=400, help="that are heard of the folders")
    parser.add_argument("--cache")
    options = parser.parse_args()
    files = sorted(
        str(each)
        for folder in options.folders
        for each in folder.rglob("*")
        if each.suffix.lower() in AUDIO_SUFFIXES
        and each.stat().st_size > metamorphic.LEAST_BYTES
        and not re.search(LABELLED, str(each))
    )
    files = files[:: -(-len(files) // options.tracks)]
    jobs = [(path, seed) for seed, path in enumerate(files)]
    pieces = [
        part for each in excerpts.cached(options.cache, "ear-pieces", piece, jobs) for part in each
    ]
    known = excerpts.excerpts(excerpts.folder())
    paths = [each.path for each in known]
    heard = excerpts.cached(options.cache, "ear-excerpts", excerpt, paths)
    places = np.random.default_rng(1).permutation(len(paths))[: fit_energy.MIXED]
    mixes = excerpts.cached(
        options.cache, "ear-mixes", mixed, [(paths[at], seed) for seed, at in enumerate(places)]
    )
    by = scale(pieces)
    others = summed(pieces, by)
    fold = np.random.default_rng(0).integers(FOLDS, size=len(known))
    parts = []
    for number in range(FOLDS):
        own = summed([heard[at] for at in np.flatnonzero(fold == number)], by)
        changed = [mix for at, mix in zip(places, mixes, strict=True) if fold[at] == number]
        mixed_sums = summed([each for mix in changed for each in mix], by, MIX_WEIGHT)
        mixed_sums.held = moved(changed, by)
        parts.append((own, mixed_sums))
    found: list[Measured] = [each.measured for each in heard]
    found_mixes = [[each.measured for each in mix] for mix in mixes]
    for number in range(FOLDS):
        rest = [part for other in range(FOLDS) if other != number for part in parts[other]]
        weights, base = taught([others, *rest])
        for at in np.flatnonzero(fold == number):
            found[at] = by_student(heard[at], by, weights, base)
        for row, at in enumerate(places):
            if fold[at] == number:
                found_mixes[row] = [by_student(each, by, weights, base) for each in mixes[row]]
    teacher, _, _ = fit_energy.gathered(
        known, [each.measured for each in heard], [[each.measured for each in m] for m in mixes]
    )
    student, _, _ = fit_energy.gathered(known, found, found_mixes)
    by_teacher, teacher_outs = told(teacher, known)
    by_pupil, student_outs = told(student, known)
    report = {
        "evaluation": "fit_ear",
        "pieces": len(pieces),
        "explained": explained(student.styles, teacher.styles),
        "teacher": by_teacher,
        "student": by_pupil,
        "student_less_teacher_95": differences(teacher, teacher_outs, student_outs),
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
