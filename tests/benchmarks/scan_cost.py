"""What a scan costs as a user runs it, in whole processes beside others; one JSON line.

    python -m tests.benchmarks.scan_cost FOLDER [--tracks 8] [--runs 3] [--kept FOLDER]
        [--known 10000]

FOLDER holds Ogg Vorbis files, of which TRACKS are chosen and written again in four more forms as by
`analysis_cost`. Every figure is the CPU seconds, user and system, of a process and all that it
starts. Each program reads the files of a form, then of the next; RUNS times over, in turn, and the
least counts, for other programs disturb.

`bare` is a process in which PyAV hands out frames; `features` is
`scan --no-vocals --no-embedding`; `everything` is `scan`; `bliss` is a process with bliss-audio.
`vibenet` and `silero` are processes in which PyAV hands out mono samples at 16 kHz to VibeNet and,
ten seconds at once, to silero-vad's network. Of these three, those that are not installed are null.
`alone` is what each takes for no file at all, start-up.

`new_file` is a scan of one MP3 more in a library of KNOWN tracks, `features` and `everything`, and
of none more, `unchanged`. KNOWN 0 leaves it out.
"""

import argparse
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.benchmarks.analysis_cost import FORMS, chosen, converted
from tests.benchmarks.library_scale import NEVER_COMPILED, make_files, make_rows

BARE = """
import os, sys
import av
for path in sys.argv[1:]:
    with av.open(path) as container:
        container.streams.audio[0].codec_context.thread_count = 1
        for _ in container.decode(container.streams.audio[0]):
            pass
"""
BLISS = """
import sys
import bliss_audio
for path in sys.argv[1:]:
    bliss_audio.Song(path)
"""
DECODED = """
import sys
import av, numpy as np
def decoded(path):
    to = av.AudioResampler("fltp", "mono", 16000)
    with av.open(path) as container:
        container.streams.audio[0].codec_context.thread_count = 1
        frames = [each for frame in container.decode(audio=0) for each in to.resample(frame)]
    frames += to.resample(None)
    return np.concatenate([each.to_ndarray()[0] for each in frames])
"""
VIBENET = f"""
{DECODED}
import vibenet
model = vibenet.load_model()
for path in sys.argv[1:]:
    model.predict(decoded(path), sr=16000)
"""
SILERO = f"""
{DECODED}

from tests.evaluation.evaluate_voice import silero, silero_session
session = silero_session()
for path in sys.argv[1:]:
    silero(session, decoded(path))
"""
PEERS = {
    "bliss": ("bliss_audio", BLISS),
    "vibenet": ("vibenet", VIBENET),
    "silero": ("silero_vad", SILERO),
}
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
PROGRAM = (sys.executable, "-m", "playlist_builder", "scan", "--jobs", "1")
FEATURES = ("--no-vocals", "--no-embedding")
RATIOS = (
    ("features", "bare"),
    ("features", "bliss"),
    ("everything", "bare"),
    ("everything", "bliss"),
)


def cpu_s(command: Sequence[str]) -> float:
    """Return the CPU seconds of a process and of those it waited for."""
    environment = {key: value for key, value in os.environ.items() if key != NEVER_COMPILED}
    environment |= dict.fromkeys(ONE_THREAD, "1")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(command, env=environment, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode:
        sys.exit(f"failed: {' '.join(command)}\n{ended.stderr.decode()}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def scanned_s(paths: Sequence[str], *options: str) -> float:
    """Return the CPU seconds of a scan of files into a library of its own."""
    with tempfile.TemporaryDirectory() as folder:
        music = Path(folder) / "music"
        music.mkdir()
        for number, path in enumerate(paths):
            (music / f"{number}{Path(path).suffix}").symlink_to(path)
        library = ("--library", f"{folder}/library.db")
        return cpu_s([*PROGRAM, os.fspath(music), *options, *library])


def programs() -> dict[str, Callable[[Sequence[str]], float]]:
    """Return what reads files, by name, each giving its CPU seconds."""
    found: dict[str, Callable[[Sequence[str]], float]] = {
        "bare": lambda paths: cpu_s([sys.executable, "-c", BARE, *paths]),
        "features": lambda paths: scanned_s(paths, *FEATURES),
        "everything": scanned_s,
    }
    for name, (package, code) in PEERS.items():
        if importlib.util.find_spec(package):
            found[name] = lambda paths, code=code: cpu_s([sys.executable, "-c", code, *paths])
        else:
            sys.stderr.write(f"{package} is missing: {name} is left out.\n")
    return found


def costs(files: dict[str, list[Path]], runs: int) -> dict[str, dict[str, float | None]]:
    """Return the CPU seconds of each program by form, and their ratios."""
    found = programs()
    took: dict[tuple[str, str], list[float]] = {}
    for _ in range(runs):
        for form, paths in {"alone": [], **files}.items():
            for name, program in found.items():
                spent = program([os.fspath(path) for path in paths])
                took.setdefault((form, name), []).append(round(spent, 3))
    rows = {form: {name: min(took[form, name]) for name in found} for form in ("alone", *files)}
    rows["all"] = {name: round(sum(rows[form][name] for form in files), 3) for name in found}
    return {form: row if form == "alone" else with_ratios(row) for form, row in rows.items()}


def with_ratios(row: dict[str, float]) -> dict[str, float | None]:
    """Return the seconds of one form by program, with their ratios, null where one is missing."""
    ratios = {
        f"{who}_over_{other}": round(row[who] / row[other], 3) if other in row else None
        for who, other in RATIOS
    }
    return dict.fromkeys(PEERS) | row | ratios


def new_file_costs(known: int, new: Path, runs: int) -> dict[str, object]:
    """Return the CPU seconds of a scan of one file more, and of one that finds nothing new."""
    took: dict[str, list[float]] = {"unchanged": [], "features": [], "everything": []}
    with tempfile.TemporaryDirectory() as folder:
        music, library = Path(folder) / "music", f"{folder}/library.db"
        make_files(music, known)
        make_rows(music, library)
        added = music / f"new{new.suffix}"
        for _ in range(runs):
            for name, seconds in took.items():
                copy = shutil.copy(library, f"{folder}/{name}.db")
                if name != "unchanged":
                    shutil.copy(new, added)
                options = FEATURES if name == "features" else ()
                seconds.append(cpu_s([*PROGRAM, os.fspath(music), *options, "--library", copy]))
                added.unlink(missing_ok=True)
    least = {name: round(min(seconds), 3) for name, seconds in took.items()}
    return {"known": known, "file": new.name, **least}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tracks", type=int, default=8)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--known", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        kept = given.kept or Path(temporary)
        kept.mkdir(parents=True, exist_ok=True)
        sources, hours = chosen(given.folder, given.tracks)
        files = {"ogg": sources} | {
            form.suffix[1:]: [converted(source, kept, form) for source in sources] for form in FORMS
        }
        report: dict[str, object] = {
            "benchmark": "scan_cost",
            "tracks": given.tracks,
            "hours": round(hours, 2),
            **costs(files, given.runs),
        }
        if given.known:
            report["new_file"] = new_file_costs(given.known, files["mp3"][0], given.runs)
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
