"""CPU seconds of features and score beside those of decoding, per format; one JSON line.

    python tests/benchmarks/analysis_cost.py FOLDER [TRACKS]

FOLDER holds Ogg Vorbis files (PyAV's wheels cannot write them); up to TRACKS (4) of three to five
minutes are written again as FLAC, MP3, M4A and Opus. `bare` is PyAV handing out frames, `decode`
the same as samples in blocks with the identity, `ours` all of the analysis; each the best of
RUNS, in this process, with one thread. `on_top` = (ours - decode) / decode; `voices_over_ours` is
what listening for voices adds to `ours`.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

sys.path.insert(0, str(Path(__file__).parents[1]))

import av  # noqa: E402 - after the threads are pinned
import numpy as np  # noqa: E402
from coding import Form, written  # noqa: E402

from playlist_builder import analysis, audio, energy  # noqa: E402

FORMS = (
    Form(".flac", "flac"),
    Form(".mp3", "libmp3lame", kbps=192),
    Form(".m4a", "aac", kbps=192),
    Form(".opus", "libopus", 48000, 128),
)
RUNS = 5


def best(call: Callable[[], object]) -> float:
    """Return the least CPU seconds of several runs."""
    took = []
    for _ in range(RUNS):
        began = time.process_time()
        call()
        took.append(time.process_time() - began)
    return min(took)


def bare(path: str) -> None:
    """Decode frames and drop them."""
    with av.open(path) as container:
        container.streams.audio[0].codec_context.thread_count = 1
        for _ in container.decode(container.streams.audio[0]):
            pass


def decode(path: str) -> None:
    """Decode into blocks of samples and drop them."""
    with audio.Recording(path) as recording:
        for _ in recording.blocks():
            pass


def ours(path: str) -> None:
    """Do all that a scan without voices does with a file, and score it."""
    found = analysis.analyse(path, listen=False).features
    energy.contours([found.steps])


def with_voices(path: str) -> None:
    """Listen for voices as well."""
    analysis.analyse(path, listen=True)


CALLS = (bare, decode, ours, with_voices)


def main() -> None:
    """Print the figures."""
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    chosen = []
    for path in sorted(Path(sys.argv[1]).rglob("*.ogg")):
        try:
            with av.open(str(path)) as container:
                if 180e6 < (container.duration or 0) < 300e6:
                    chosen.append(path)
        except av.error.InvalidDataError:
            continue
    chosen = [chosen[int(i)] for i in np.linspace(0, len(chosen) - 1, min(wanted, len(chosen)))]
    rows: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, source in enumerate(chosen):
            files = {"ogg": source} | {
                form.suffix[1:]: written(source, Path(folder) / str(number), form) for form in FORMS
            }
            for name, path in files.items():
                costs = [best(partial(call, str(path))) for call in CALLS]
                rows[name] = rows.get(name, np.zeros(len(CALLS))) + costs
    rows["all"] = np.sum(list(rows.values()), axis=0)
    report: dict[str, object] = {"benchmark": "analysis_cost", "tracks": len(chosen)}
    for name, (bare_s, decode_s, ours_s, voices_s) in rows.items():
        report[name] = {
            "bare_s": round(bare_s, 3),
            "decode_s": round(decode_s, 3),
            "ours_s": round(ours_s, 3),
            "on_top": round((ours_s - decode_s) / decode_s, 3),
            "ours_over_bare": round(ours_s / bare_s, 3),
            "voices_over_ours": round((voices_s - ours_s) / ours_s, 3),
        }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
