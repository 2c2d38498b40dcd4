"""What the network for voices lacks in the frames of the analysis, against those of its fit.

    PLAYLIST_BUILDER_EVAL=DIR python -m tests.evaluation.fit_ear --music FOLDER [...] \\
        --speech FOLDER [...] --solo FOLDER --cache FOLDER [--hold-out 0] [--clips 120]

Prints one JSON line: `lacking`, the figures of `networks.voice.LACKING`; how far logits of a second
still differ from those in Kaldi's frames (`error`, root mean square), and how well both agree
(`correlation`). Each is of the columns of `VoiceDetector.logits`, within limits that no verdict
looks beyond. The folders are those of `fit_voice.py`; `--hold-out` leaves out one fold of the
sources. Half of the clips have a voice mixed in, at all levels.
"""

import argparse
import json
import os
import sys
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np

from playlist_builder.networks import voice
from tests.evaluation import ear_mixes, voice_teacher
from tests.evaluation import voice_data as vd
from tests.evaluation.evaluate_voice import rows_of

LOWEST, HIGHEST = -5.0, 7.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--music", type=Path, nargs="+", required=True)
    parser.add_argument("--speech", type=Path, nargs="*", default=[])
    parser.add_argument("--solo", type=Path, required=True, help="of solo_instruments.py")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--hold-out", type=int, choices=range(vd.FOLDS))
    parser.add_argument("--clips", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    sounds = vd.collect(vd.Cache(given.cache), given.music, given.speech, given.solo)
    table = ear_mixes.table([each for each in sounds if each.fold != given.hold_out])
    rng, wanted, found = np.random.default_rng(given.seed), [], []
    teacher, model = voice_teacher.load(), voice.load(voice_teacher.WEIGHTS)
    for _ in range(given.clips):
        samples = ear_mixes.clip(rng, table)
        wanted.append(voice_teacher.rows(teacher, samples))
        found.append(rows_of(samples, model))
    one, other = (
        np.clip(np.concatenate(each), LOWEST, HIGHEST).astype(np.float64)
        for each in (wanted, found)
    )
    off = one - other
    alike = [np.corrcoef(one[:, c], other[:, c])[0, 1] for c in range(one.shape[1])]
    report = {
        "evaluation": "fit_ear",
        "clips": given.clips,
        "lacking": (off.mean(0)[: voice.OUTPUTS] + voice.LACKING).round(3).tolist(),
        "error": off.std(0).round(3).tolist(),
        "correlation": np.round(alike, 4).tolist(),
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    sys.exit(main())
