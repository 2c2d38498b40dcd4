"""Peak memory of a real scan of long files, per worker process and of the parent; one JSON line.

    python -m tests.benchmarks.scan_memory [--hours 3] [--jobs 2] [--music FILE]

Each format gets one file, made of the first minutes of FILE over and over, or of noise that swells;
the same scan runs over files of three minutes, so that what the length costs can be told from what
the process costs.
"""

import argparse
import json
import os
import tempfile
import threading
import time
from pathlib import Path

import av
import numpy as np
import psutil

from playlist_builder.audio import encode
from playlist_builder.library.library import Library
from tests.support.coding import Form, written

RATE_HZ = 44100
SHORT_HOURS = 0.05
LOOP_S = 120.0
FORMS = (
    Form(".flac", "flac"),
    Form(".mp3", "libmp3lame", kbps=128),
    Form(".opus", "libopus", rate_hz=48000, kbps=96),
    Form(".m4a", "aac", kbps=128),
)


def noise(target: Path) -> None:
    """Write a minute of noise that swells and falls."""
    rng = np.random.default_rng(0)
    level = 0.1 * (1 - np.cos(2 * np.pi * np.arange(60 * RATE_HZ) / (60 * RATE_HZ)))
    samples = (level * rng.standard_normal((2, 60 * RATE_HZ))).clip(-1, 1).astype(np.float32)
    encode.write_flac(os.fspath(target), samples, RATE_HZ, {})


def repeated(once: Path, target: Path, hours: float) -> None:
    """Write the packets of a file over and over: its encoder would take longer than the scan."""
    with av.open(os.fspath(once)) as source, av.open(os.fspath(target), "w") as container:
        stream = source.streams.audio[0]
        copied = container.add_stream_from_template(stream)
        assert stream.time_base is not None
        packets = [
            (bytes(packet), packet.duration) for packet in source.demux(stream) if packet.size
        ]
        at, end = 0, round(3600 * hours / stream.time_base)
        while at < end:
            for data, duration in packets:
                packet = av.Packet(data)
                packet.stream, packet.time_base = copied, stream.time_base
                packet.pts = packet.dts = at
                packet.duration = duration
                at += duration or 0
                container.mux(packet)


class Peaks(threading.Thread):
    """Notes the most memory of this process and of each that it starts, in MB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.parent = 0.0
        self.workers: dict[int, float] = {}
        self.done = threading.Event()

    def run(self) -> None:
        me = psutil.Process()
        while not self.done.wait(0.02):
            self.parent = max(self.parent, me.memory_info().rss / 1e6)
            for child in me.children():
                try:
                    taken = child.memory_info().rss / 1e6
                except psutil.Error:
                    continue
                self.workers[child.pid] = max(self.workers.get(child.pid, 0.0), taken)


def scanned(folder: Path, library: Path, jobs: int) -> dict[str, object]:
    peaks, began = Peaks(), time.monotonic()
    peaks.start()
    with Library.open(library) as opened:
        report = opened.scan(folder, jobs=jobs)
    peaks.done.set()
    assert not report.skipped, report.skipped
    return {
        "tracks": report.analysed,
        "worker_mb": sorted(round(taken) for taken in peaks.workers.values()),
        "parent_mb": round(peaks.parent),
        "seconds": round(time.monotonic() - began, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=3.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--music", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="scan-memory-") as name:
        told = {}
        sources = [chosen.music] if chosen.music else [Path(name, "noise.flac")]
        if chosen.music is None:
            noise(sources[0])
        for label, hours in (("short", SHORT_HOURS), ("long", chosen.hours)):
            folder = Path(name, label)
            folder.mkdir()
            for form in FORMS:
                once = written(sources[0], Path(name, "once"), form, longest_s=LOOP_S)
                repeated(once, folder / f"a{form.suffix}", hours)
            told[label] = scanned(folder, Path(name, f"{label}.db"), chosen.jobs)
    print(json.dumps({"benchmark": "scan_memory", "hours": chosen.hours, **told}))


if __name__ == "__main__":
    main()
