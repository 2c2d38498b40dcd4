"""What is heard of a session that runs on the desk, against `render` and against its record.

    python -m tests.benchmarks.desk_render [SPEED]

A session of ten minutes with its tail plays from its beginning to its end, undisturbed, in the
whole page; time runs up to `SPEED` times as fast. `level_db` is the most that a second is louder or
softer than in the file that `render` makes; `chapters_ms` the most that a track begins, by the
record, beside its chapter; `gap_ms` the longest silence that is not in that file; `missing_s` what
sounded and is not noted.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np
from playwright.sync_api import sync_playwright

from playlist_builder import Library, Sounded
from tests.benchmarks.desk_faults import LENGTH, STEPS_PER_S, heard_and_missing, write_music
from tests.support.commands import run
from tests.support.desk_process import DeskProcess
from tests.support.quick_page import PEAK_S, QUIET, QuickPage

SHORT = ("--duration", "10m", *LENGTH[2:])
RATE_HZ = 48_000
PEAKS_PER_S = round(1 / PEAK_S)
FRAMES = RATE_HZ // PEAKS_PER_S
EDGE = 2  # peaks by which the places of two sounds may differ
PATIENCE_S = 1000
SOUND = "async () => (await (await fetch('api/state')).json()).sound"


def played(playwright, folder, library, speed):
    """Let the session play to its end in a page, and return the page."""
    desk = DeskProcess(library)
    page = QuickPage(playwright, folder / "browser", speed)
    try:
        page.open(desk.start())
        page.until(lambda: (sound := page(SOUND))["ready"] == sound["total"])
        page.page.click("button.begin")
        page.go_on()
        page.page.wait_for_selector(".after", timeout=1000 * PATIENCE_S)
    finally:
        page.end()
        desk.kill()
    return page


def peaks_heard(blocks, count):
    """Return the levels of the mix that sounded in a page, (count,)."""
    found = np.zeros(count)
    for block in blocks:
        first = round(block.begins_s * PEAKS_PER_S)
        places = first + np.arange(len(block.peaks))
        inside = (places >= 0) & (places < count)
        np.maximum.at(found, places[inside], block.peaks[inside])
    return found


def decoded(path, count):
    """Return the first samples of a file, (2, count), and where its chapters begin in seconds."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "stereo", RATE_HZ)
        parts = [
            part.to_ndarray()
            for frame in container.decode(audio=0)
            for part in resampler.resample(frame)
        ]
        starts = [float(each["start"] * each["time_base"]) for each in container.chapters()]
    samples = np.zeros((2, count), np.float32)
    whole = np.concatenate(parts, axis=1)[:, :count]
    samples[:, : whole.shape[1]] = whole
    return samples, starts


def peaks_of(samples):
    """Return the levels of samples, (2, frames) or (frames,)."""
    return np.abs(samples).reshape(-1, samples.shape[-1] // FRAMES, FRAMES).max((0, 2))


def largest_difference_db(heard, wanted):
    """Return by how much the loudest of a second lies outside that of another sound at most."""
    seconds = len(heard) // PEAKS_PER_S - 1
    worst_db = 0.0
    for second in range(1, seconds):
        first, last = second * PEAKS_PER_S, (second + 1) * PEAKS_PER_S
        level = heard[first:last].max()
        least = wanted[first + EDGE : last - EDGE].max()
        most = wanted[first - EDGE : last + EDGE].max()
        if max(level, most) > QUIET:
            over_db, under_db = 20 * np.log10(np.maximum([level, least], 1e-9) / [most, level])
            worst_db = max(worst_db, over_db, under_db)
    return worst_db


def longest_gap_s(heard, wanted):
    """Return how long a sound is silent at most where another is not."""
    sounds = np.flatnonzero(np.concatenate([[True], (heard > QUIET) | (wanted <= QUIET), [True]]))
    return (np.diff(sounds).max() - 1) / PEAKS_PER_S


def main(speed=20):
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        write_music(folder / "music")
        library = folder / "library.db"
        run("scan", folder / "music", "--library", library, "--no-vocals", "--no-embedding")
        run("build", "arc", *SHORT, "--library", library)
        run("render", "-o", folder / "whole.flac", "--library", library)
        page = played(playwright, folder, library, speed)
        heard_s, missing = heard_and_missing(page.blocks, library)
        with Library.open(library) as opened:
            events = opened.records.read(opened.records.latest().id).events
        count = PEAKS_PER_S * int(max(each.ends_s for each in page.blocks))
        wanted, chapters = decoded(folder / "whole.flac", count * FRAMES)
    levels, begins_s = (peaks_heard(page.blocks, count), peaks_of(wanted)), {}
    for each in sorted(events, key=lambda each: each.session_s):
        if isinstance(each.what, Sounded):
            begins_s.setdefault(each.what.track, each.session_s)
    off_s = [abs(a - b) for a, b in zip(chapters, sorted(begins_s.values()), strict=True)]
    result = {
        "speed": speed,
        "heard_s": round(heard_s),
        "joins": len(chapters) - 1,
        "level_db": round(float(largest_difference_db(*levels)), 3),
        "chapters_ms": round(1000 * max(off_s), 1),
        "gap_ms": round(1000 * longest_gap_s(*levels)),
        "missing_s": round(len(missing) / STEPS_PER_S, 2),
        "failed": page.failed,
        "wall_s": round(time.monotonic() - start),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
