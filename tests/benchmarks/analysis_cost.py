"""What analysing costs beside decoding, bliss-audio and FFmpeg's EBU R128 meter; one JSON line.

    python -m tests.benchmarks.analysis_cost FOLDER [--tracks 40] [--runs 2] [--kept FOLDER]

FOLDER holds Ogg Vorbis files (PyAV's wheels cannot write them); TRACKS of one to seven minutes
are written again as FLAC, MP3, M4A and Opus, and stay in `--kept` for the next time. Every figure
is CPU seconds, user and system, per hour of audio, with one thread. Everybody reads a file in
turn, RUNS times over, and the least of each counts, for other programs disturb.

`bare` is PyAV handing out frames; `ours` all that a scan without networks does with a file, and the
score; `with_voices`, `with_embedding` and `everything` the same with one network or both;
`embedding_over_bare` is what the second adds; `bliss` and `ebur128` the peers, null where
bliss-audio or `ffmpeg` is not installed. `two_jobs_over_one` is the throughput of `Library.scan`
over the MP3 files with two processes over that with one, in wall time: it needs two idle cores.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[variable] = "1"

import av  # noqa: E402 - after the threads are pinned
import numpy as np  # noqa: E402

from playlist_builder import Library  # noqa: E402
from playlist_builder.analysis import energy  # noqa: E402
from playlist_builder.library.scan import analyse_file  # noqa: E402
from tests.support.coding import Form, written  # noqa: E402

FORMS = (
    Form(".mp3", "libmp3lame", kbps=192),
    Form(".flac", "flac"),
    Form(".m4a", "aac", kbps=192),
    Form(".opus", "libopus", 48000, 128),
)
SHORTEST_S, LONGEST_S = 60.0, 400.0


def bare(path: str) -> None:
    """Decode frames and drop them."""
    with av.open(path) as container:
        container.streams.audio[0].codec_context.thread_count = 1
        for _ in container.decode(container.streams.audio[0]):
            pass


def ours(path: str) -> None:
    """Do all that a scan without voices does with a file, and score it."""
    found = analyse_file.analyse(path, vocals=False, embedding=False).measured
    energy.contours([found.steps])


def with_voices(path: str) -> None:
    """Listen for voices as well."""
    found = analyse_file.analyse(path, vocals=True, embedding=False).measured
    energy.contours([found.steps])


def with_embedding(path: str) -> None:
    """Embed the music as well, without voices."""
    found = analyse_file.analyse(path, vocals=False, embedding=True)
    energy.contours([found.measured.steps], [found.embedding])


def everything(path: str) -> None:
    """Do all that a scan does."""
    found = analyse_file.analyse(path, vocals=True, embedding=True)
    energy.contours([found.measured.steps], [found.embedding])


def bliss(path: str) -> None:
    """Have bliss-audio analyse a file."""
    import bliss_audio  # noqa: PLC0415 - not everybody has it

    bliss_audio.Song(path)


def ebur128(path: str) -> None:
    """Have FFmpeg measure loudness alone."""
    one = ["-threads", "1"]
    told = ["ffmpeg", "-nostdin", "-v", "error", "-filter_threads", "1", *one, "-i", path]
    subprocess.run([*told, "-vn", "-af", "ebur128", "-f", "null", "-"], check=True)


def cpu_s() -> float:
    """Return the CPU seconds of this process and of its children so far."""
    return sum(
        use.ru_utime + use.ru_stime
        for use in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def cost(call: Callable[[str], None], path: str) -> float:
    """Return the CPU seconds that a call takes."""
    began = cpu_s()
    call(path)
    return cpu_s() - began


def peers() -> list[Callable[[str], None]]:
    """Return the peers that are installed; say which are not."""
    found: list[Callable[[str], None]] = []
    if importlib.util.find_spec("bliss_audio"):
        found.append(bliss)
    else:
        sys.stderr.write("bliss-audio is missing. Install the extra 'evaluation'.\n")
    if shutil.which("ffmpeg"):
        found.append(ebur128)
    else:
        sys.stderr.write("ffmpeg is missing. Install it from your system's packages.\n")
    return found


def chosen(folder: Path, tracks: int) -> tuple[list[Path], float]:
    """Return Ogg files, spread evenly over all that fit, and their hours of audio."""
    fitting = []
    for path in sorted(folder.rglob("*.ogg")):
        try:
            with av.open(str(path)) as container:
                seconds = (container.duration or 0) / 1e6
        except av.error.InvalidDataError:
            continue
        if SHORTEST_S < seconds < LONGEST_S:
            fitting.append((path, seconds))
    if len(fitting) < tracks:
        sys.exit(f"{folder} holds only {len(fitting)} Ogg files of one to seven minutes.")
    found = [fitting[int(at)] for at in np.linspace(0, len(fitting) - 1, tracks)]
    return [path for path, _ in found], sum(seconds for _, seconds in found) / 3600


def converted(source: Path, kept: Path, form: Form) -> Path:
    """Return a source in another form, written unless it is there."""
    name = hashlib.blake2b(os.fsencode(source), digest_size=8).hexdigest()
    target = kept / f"{name}{form.suffix}"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=kept) as unfinished:
            written(source, Path(unfinished) / name, form).replace(target)
    return target


def scan_s(paths: list[Path], jobs: int) -> float:
    """Return the wall seconds of a scan into a library of its own."""
    with tempfile.TemporaryDirectory() as folder, Library.open(Path(folder) / "a.db") as library:
        began = time.monotonic()
        report = library.scan(*paths, jobs=jobs)
        assert not report.skipped, report.skipped
        return time.monotonic() - began


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tracks", type=int, default=40)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--kept", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        kept = given.kept or Path(temporary)
        kept.mkdir(parents=True, exist_ok=True)
        sources, hours = chosen(given.folder, given.tracks)
        files = {"ogg": sources} | {
            form.suffix[1:]: [converted(source, kept, form) for source in sources] for form in FORMS
        }
        report = costs(files, hours, given.runs)
        scans = {jobs: [] for jobs in (1, 2)}
        for _ in range(given.runs):
            for jobs, took in scans.items():
                took.append(scan_s(files["mp3"], jobs))
        report["two_jobs_over_one"] = round(min(scans[1]) / min(scans[2]), 3)
    sys.stdout.write(json.dumps(report) + "\n")


def costs(files: dict[str, list[Path]], hours: float, runs: int) -> dict[str, object]:
    """Return CPU seconds per hour of audio and their ratios, for each form and for all."""
    calls = [bare, ours, with_voices, with_embedding, everything, *peers()]
    for call in calls:
        call(str(files["mp3"][0]))  # what is loaded once is no cost of a track
    rows = {
        form: sum(
            np.min([[cost(call, str(path)) for call in calls] for _ in range(runs)], axis=0)
            for path in paths
        )
        / hours
        for form, paths in files.items()
    }
    rows["all"] = np.mean(list(rows.values()), axis=0)
    report: dict[str, object] = {
        "benchmark": "analysis_cost",
        "tracks": len(files["ogg"]),
        "hours": round(hours, 2),
    }
    for form, row in rows.items():
        took = dict.fromkeys(("bliss", "ebur128")) | {
            call.__name__: round(float(seconds), 2)
            for call, seconds in zip(calls, row, strict=True)
        }
        report[form] = took | {
            f"{who}_over_{other}": took[other] and round(took[who] / took[other], 3)
            for who in ("ours", "with_voices", "everything")
            for other in ("bare", "bliss")
        }
        embedding = took["with_embedding"] - took["ours"]
        report[form]["embedding_over_bare"] = round(embedding / took["bare"], 3)
    return report


if __name__ == "__main__":
    main()
