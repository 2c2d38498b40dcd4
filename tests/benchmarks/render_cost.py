"""What rendering costs, and whether the recording is what was promised; one JSON line.

    python -m tests.benchmarks.render_cost FOLDER|SESSION.json [MINUTES] [SUFFIX]

A session of MINUTES (60) of the tracks of FOLDER, in the order of their names and again from the
start where they do not suffice, or of a session file as it is, is rendered to SUFFIX (.flac) in a
process of its own, with one thread. Beside it, in the same run, `bare` decodes the same tracks and
encodes each by itself. `times_real_time` and `cost_over_bare` are CPU seconds.

The recording is then decoded and held against the tracks: `length_off_s` is its length less
(tracks without their silence, less overlaps); `gaps` are runs under -60 dBFS of more than 0.5 s
in which no track, at its gain, is as soft; `steps_lu` are the largest rises from the 10 s before a
transition to the 10 s after it, taking that to be the whole crossfade, its start, or its middle,
but where a track itself rises so much there; `chapters_off_s` is the worst place of a chapter.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import av  # noqa: E402 - after the threads are pinned
import numpy as np  # noqa: E402

from playlist_builder.analysis import loudness  # noqa: E402
from playlist_builder.audio import decode, encode  # noqa: E402
from playlist_builder.errors import AudioError  # noqa: E402
from playlist_builder.models import Session, Slot  # noqa: E402
from playlist_builder.playlists import session_json  # noqa: E402
from playlist_builder.recording import levels  # noqa: E402
from playlist_builder.recording.levels import FRAMES_PER_S, TruePeak  # noqa: E402
from playlist_builder.recording.render import render_session  # noqa: E402

SILENCE = 10.0 ** (levels.SILENCE_DBFS / 10.0)
LONGEST_GAP = FRAMES_PER_S // 2
EDGE = 100
MEGABYTE = 1024  # of the kilobytes that Linux counts in


def of_folder(folder: str, minutes: float) -> Session:
    """Lay tracks of two to fifteen minutes end to end."""
    found: list[tuple[str, float]] = []
    for path in sorted(Path(folder).rglob("*")):
        try:
            with av.open(str(path)) as container:
                seconds = (container.duration or 0) / 1e6
                if not container.streams.audio or not 120 < seconds < 900:
                    continue
            decode.identify(str(path))
        except (av.error.FFmpegError, AudioError, IsADirectoryError):
            continue
        found.append((str(path), seconds))
    slots: list[Slot] = []
    at = 0.0
    while at < 60 * minutes:
        path, seconds = found[len(slots) % len(found)]
        energy = 0.5 - 0.4 * float(np.cos(2 * np.pi * at / (60 * minutes)))
        title = Path(path).stem
        end = at + seconds
        slots.append(Slot(path, "", title, "", "", at, end, "all", energy, energy, (energy,)))
        at = end
    return Session("none", "relative", at, at, 0.0, 0.0, 0.0, slots=slots)


def child(session_path: str, target: str) -> None:
    """Render, and print what it cost and planned."""
    began = time.process_time()
    made = render_session(session_json.load_session(session_path), target)
    cpu_s = time.process_time() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE
    pieces = [
        (each.path, each.first, each.length, each.at, each.gain_db + each.moves_db[0])
        for each in made.plan.clips
    ]
    starts = [each.start_s for each in made.plan.chapters]
    told = {"cpu_s": cpu_s, "peak_mb": peak_mb, "pieces": pieces, "starts": starts}
    print(json.dumps(told | {"lufs": made.plan.loudness_lufs, "dbtp": made.true_peak_dbtp}))


def bare(paths: list[str], suffix: str, folder: str) -> float:
    """Return the CPU seconds of decoding and encoding each track once."""
    began = time.process_time()
    for path in paths:
        with decode.AudioFile(path) as recording:
            encode.encode(f"{folder}/bare{suffix}", recording, encode.RECORDING_FORMS[suffix])
    return time.process_time() - began


def frame_powers(path: str, rate_hz: int) -> np.ndarray:
    """Return the mean square, summed over left and right, of each frame of a track."""
    hop = rate_hz // FRAMES_PER_S
    powers = []
    with decode.AudioFile(path) as recording:
        gains = levels.stereo_gains(recording.layout.channels)
        blocks = (gains @ block for block in recording.blocks())
        if recording.layout.sample_rate_hz != rate_hz:
            blocks = decode.resampled(blocks, recording.layout.sample_rate_hz, rate_hz)
        for block in blocks:
            frames = block[:, : block.shape[1] // hop * hop].reshape(2, -1, hop)
            powers.append(np.square(frames).mean(axis=2).sum(axis=0))
    return np.concatenate(powers)


def runs(silent: np.ndarray) -> int:
    """Count runs that are longer than `LONGEST_GAP`."""
    borders = np.flatnonzero(np.diff(np.concatenate(([0], silent.astype(int), [0]))))
    return int((borders[1::2] - borders[::2] > LONGEST_GAP).sum())


def decoded(path: str) -> tuple[np.ndarray, np.ndarray, float, float, int]:
    """Return K-weighted power, power per frame, true peak, length and rate of a recording."""
    meter = TruePeak()
    peak = 0.0
    samples = 0
    frames: list[np.ndarray] = []
    with decode.AudioFile(path) as recording:
        rate_hz = recording.layout.sample_rate_hz

        def seen():
            nonlocal peak, samples
            for block in recording.blocks():
                peak = max(peak, float(meter.push(block)[0]))
                samples += block.shape[1]
                hop = rate_hz // FRAMES_PER_S
                whole = block[:, : block.shape[1] // hop * hop].reshape(2, -1, hop)
                frames.append(np.square(whole).mean(axis=2).sum(axis=0))
                yield block

        found = levels.measure(seen(), rate_hz)
    dbtp = 20 * np.log10(peak)
    return found.k_power, np.concatenate(frames), dbtp, samples / rate_hz, rate_hz


def rises(k_power: np.ndarray, left: list, right: list) -> dict[str, float]:
    """Return the rise in LU over one transition, by what is taken for it."""
    start, end = right[3] // 5, -(-(left[3] + left[2]) // 5)
    middle = (start + end) // 2
    places = {"whole": (start, end), "start": (start, start), "middle": (middle, middle)}
    return {
        name: loudness.mean_lufs(k_power[after : after + EDGE])
        - loudness.mean_lufs(k_power[max(0, before - EDGE) : before])
        for name, (before, after) in places.items()
    }


def main() -> None:
    """Print the figures."""
    source = sys.argv[1]
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    suffix = sys.argv[3] if len(sys.argv) > 3 else ".flac"
    with tempfile.TemporaryDirectory() as folder:
        session_path = source
        if not source.endswith(".json"):
            session_path = f"{folder}/session.json"
            text = session_json.dump(of_folder(source, minutes))
            Path(session_path).write_text(text, encoding="utf-8")
        target = f"{folder}/session{suffix}"
        done = subprocess.run(
            [sys.executable, __file__, "--child", session_path, target],
            stdout=subprocess.PIPE,
            check=True,
        )
        told = json.loads(done.stdout)
        pieces = told["pieces"]
        bare_s = bare([piece[0] for piece in pieces], suffix, folder)
        k_power, frames, dbtp, seconds, rate_hz = decoded(target)
        with av.open(target) as container:
            read = [float(each["start"] * each["time_base"]) for each in container.chapters()]
    expected = sum(piece[2] for piece in pieces) - sum(
        left[3] + left[2] - right[3] for left, right in pairwise(pieces)
    )
    soft = np.zeros(pieces[-1][3] + pieces[-1][2], bool)
    for path, first, length, at, least_db in pieces:
        own = frame_powers(path, rate_hz)[first : first + length] * 10.0 ** (least_db / 10.0)
        # Half a decibel, since a codec does not keep every frame as it was.
        soft[at : at + len(own)] |= own < SILENCE * 10.0**0.05
    count = min(len(soft), len(frames))
    steps = [rises(k_power, left, right) for left, right in pairwise(pieces)]
    print(
        json.dumps(
            {
                "suffix": suffix,
                "tracks": len(pieces),
                "minutes": round(seconds / 60, 2),
                "times_real_time": round(seconds / told["cpu_s"], 1),
                "bare_times_real_time": round(seconds / bare_s, 1),
                "cost_over_bare": round(told["cpu_s"] / bare_s, 2),
                "peak_mb": round(told["peak_mb"]),
                "length_off_s": round(seconds - expected / FRAMES_PER_S, 4),
                "silent_runs": runs(frames[:count] < SILENCE),
                "gaps": runs((frames[:count] < SILENCE) & ~soft[:count]),
                "steps_lu": {
                    name: round(max(step[name] for step in steps), 2) for name in steps[0]
                },
                "true_peak_dbtp": round(dbtp, 2),
                "loudness_lufs": round(loudness.integrated_lufs(k_power), 2),
                "loudness_told_lufs": round(told["lufs"], 2),
                "gain_spread_db": round(float(np.ptp([piece[4] for piece in pieces])), 2),
                "chapters": len(read),
                "chapters_off_s": round(
                    max(
                        (abs(a - b) for a, b in zip(read, told["starts"], strict=False)),
                        default=float("nan"),
                    ),
                    4,
                ),
            }
        )
    )


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        child(*sys.argv[2:])
    else:
        main()
