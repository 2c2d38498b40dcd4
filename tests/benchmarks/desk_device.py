"""What a sound device gets from the page of the desk, second by second, against `render`.

    python -m tests.benchmarks.desk_device [SECONDS]

Firefox plays the first seconds of a session in real time, to a device that nobody hears, and what
that device got is recorded. `level_db` is the most that a second is louder or softer than in the
file that `render` makes, `drift_ms` by how much the last of it comes later or earlier than the
whole, `gap_ms` the longest silence that is not in that file. Needs firefox-esr, pulseaudio and
pulseaudio-utils.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from tests.benchmarks.desk_faults import write_music
from tests.benchmarks.desk_render import (
    RATE_HZ,
    decoded,
    largest_difference_db,
    longest_gap_s,
    peaks_of,
)
from tests.support.commands import run
from tests.support.desk_process import DeskProcess
from tests.support.firefox import firefox, silent_device

SHORTEST_S = 18
LENGTH = ("--duration", "10m", "--min-length", "12s", "--max-length", "1m")
STARTS_S = 20  # the longest that music takes to begin
NEAR = RATE_HZ  # frames by which the last of it can be off
EACH_S = 5  # of the last sound, whose place is compared with that of the whole
READY = """fetch('api/state').then((answer) => answer.json())
  .then(({ sound }) => done(sound.ready === sound.total))"""


def device_samples(folder, url, seconds):
    """Let Firefox play, and return what the device got, (frames,)."""
    words = ("parec", "-d", "null.monitor", "--format=float32le", "--channels=1")
    with ExitStack() as stack:
        device = stack.enter_context(silent_device(folder))
        page = stack.enter_context(firefox(folder, device))
        page.go_to(url)
        page.until("document.querySelector('.track')")
        while not page.awaited(READY):
            time.sleep(0.5)
        got = folder / "got.raw"
        with got.open("wb") as file:
            recorder = subprocess.Popen(
                [*words, f"--rate={RATE_HZ}"], stdout=file, env=os.environ | device
            )
            page.click("button.begin")
            time.sleep(seconds + STARTS_S)
            recorder.terminate()
            recorder.wait()
    return np.fromfile(got, np.float32)


def place_of(part, whole):
    """Return the frame of a sound at which another is most alike."""
    length = 1 << (len(part) + len(whole)).bit_length()
    alike = np.fft.irfft(np.fft.rfft(whole, length) * np.conj(np.fft.rfft(part, length)), length)
    return int(np.argmax(alike[: len(whole)]))


def main(seconds=120):
    start = time.monotonic()
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        folder = Path(name)
        write_music(folder / "music", SHORTEST_S)
        library = folder / "library.db"
        run("scan", folder / "music", "--library", library, "--no-vocals", "--no-embedding")
        run("build", "arc", *LENGTH, "--library", library)
        run("render", "-o", folder / "whole.flac", "--library", library)
        wanted, starts = decoded(folder / "whole.flac", seconds * RATE_HZ)
        desk = DeskProcess(library)
        stack.callback(desk.kill)
        got = device_samples(folder, desk.start(), seconds)
    wanted = wanted.mean(0)
    first = place_of(wanted, got)
    behind = len(wanted) - EACH_S * RATE_HZ
    drift = place_of(wanted[behind:], got[first + behind - NEAR :][: 2 * NEAR + EACH_S * RATE_HZ])
    levels = [peaks_of(got[first : first + len(wanted)]), peaks_of(wanted)]
    result = {
        "seconds": seconds,
        "joins": sum(0 < each < seconds for each in starts),
        "level_db": round(float(largest_difference_db(*levels)), 3),
        "drift_ms": round(1000 * (drift - NEAR) / RATE_HZ, 2),
        "gap_ms": round(1000 * longest_gap_s(*levels)),
        "wall_s": round(time.monotonic() - start),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
