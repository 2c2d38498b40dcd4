"""Fits what the embedding of a track says on voices, the weights of `vocals.style`.

    PLAYLIST_BUILDER_EVAL=DIR python -m tests.evaluation.fit_voice_style --music FOLDER [...] \\
        --speech FOLDER [...] --solo FOLDER --cache FOLDER --out style_weights.npz

Prints the area under the curve by folds in which no singer or site is on both sides.
"""

import argparse
import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from playlist_builder.networks import music
from playlist_builder.networks.resampler import RATE
from tests.evaluation import voice_cases as vc
from tests.evaluation import voice_data as vd
from tests.evaluation.evaluate_voice import auc
from tests.evaluation.fit_chance import SINGER, UNSURE, regression

FOLDS, RIDGE = 6, 30.0


def embedded(cases: list[vc.Case]) -> Iterator[tuple[vc.Case, np.ndarray]]:
    """Whole files of which it is known whether there is a voice, and the means of embeddings."""
    for case in cases:
        if case.truth == "people" or case.corpus.startswith(UNSURE):
            continue
        listener = music.MusicListener(RATE)
        listener.push(case.samples()[0])
        patches = music.embed(music.model(), listener).patches
        if len(patches):
            yield case, patches.mean(axis=0)


def fitted(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights and a bias; files with a voice count as much as all without."""
    centre, spread = x.mean(axis=0), x.std(axis=0)
    scaled = np.c_[(x - centre) / spread, np.ones(len(x))] / np.sqrt(RIDGE)
    weight = np.where(y == 1, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    found = regression(scaled, y, weight, np.zeros(len(y)), 1.0) / np.sqrt(RIDGE)
    return np.append(found[:-1] / spread, found[-1] - (found[:-1] / spread) @ centre)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--music", type=Path, nargs="+", required=True)
    parser.add_argument("--speech", type=Path, nargs="*", default=[])
    parser.add_argument("--solo", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    cache = vd.Cache(given.cache)
    sounds = vd.collect(cache, given.music, given.speech, given.solo)
    pairs = list(embedded([*vc.whole(sounds), *vc.whole(vd.never_met(cache))]))
    x = np.stack([mean for _, mean in pairs]).astype(np.float64)
    y = np.array([float(case.truth == "voice") for case, _ in pairs])
    names = [case.name[:SINGER].encode("utf-8", "replace") for case, _ in pairs]
    fold = np.array([zlib.crc32(name) % FOLDS for name in names])
    out = np.zeros(len(y))
    for number in range(FOLDS):
        weights = fitted(x[fold != number], y[fold != number])
        out[fold == number] = x[fold == number] @ weights[:-1] + weights[-1]
    np.savez(given.out, voice=fitted(x, y).astype(np.float32))
    area = auc(list(zip(y == 1, out, strict=True)))
    sys.stdout.write(json.dumps({"n": len(y), "auc": area}) + "\n")


if __name__ == "__main__":
    main()
