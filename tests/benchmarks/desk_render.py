"""What is heard of a session that runs on the desk, against `render` and against its record.

    python -m tests.benchmarks.desk_render [SPEED]

A session of ten minutes plays from its beginning to its end, undisturbed, in the whole page; time
runs up to `SPEED` times as fast. `level_db` is the most that a second is louder or softer than in
the file that `render` makes; `chapters_ms` the most that a track begins, by the record, beside its
chapter; `gap_ms` the longest silence; `missing_s` what sounded and is not noted.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np
from playwright.sync_api import sync_playwright

from playlist_builder import Library
from tests.benchmarks.desk_faults import STEPS_PER_S, heard_and_missing, write_music
from tests.support.commands import run
from tests.support.desk_process import DeskProcess
from tests.support.quick_page import PEAK_S, QUIET, QuickPage, longest_quiet_s

LENGTH = ("--duration", "10m", "--min-length", "12s", "--max-length", "2m")
RATE_HZ = 48_000
PATIENCE_S = 1000.0


def played(playwright, folder, library, speed):
    """Let the session play to its end, and return what sounded."""
    desk = DeskProcess(library)
    page = QuickPage(playwright, folder / "browser", speed)
    page.open(desk.start())
    sound = "async () => (await (await fetch('/api/state')).json()).sound"
    page.until(lambda: page(f"{sound}.ready") == page(f"{sound}.total"))
    page.page.click("button.begin")
    page.go_on()
    page.page.wait_for_selector(".after", timeout=1000 * PATIENCE_S)
    page.end()
    desk.kill()
    return page


def levels_db(blocks, count):
    """Return the peak of each second of the mix that sounded in a page."""
    found = np.zeros(count)
    for block in blocks:
        times_s = block.ends_s - PEAK_S * (np.arange(len(block.peaks))[::-1] + 0.5)
        inside = (times_s >= 0) & (times_s < count)
        np.maximum.at(found, times_s[inside].astype(int), block.peaks[inside])
    return decibels(found)


def rendered_db(path, count):
    """Return the peak of each second of a file, and where its chapters begin."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "stereo", RATE_HZ)
        parts = [
            part.to_ndarray()
            for frame in container.decode(audio=0)
            for part in resampler.resample(frame)
        ]
        starts = [float(each["start"] * each["time_base"]) for each in container.chapters()]
    peaks = np.abs(np.concatenate(parts, axis=1)).max(0)
    whole = np.zeros(count * RATE_HZ)
    whole[: min(len(peaks), len(whole))] = peaks[: len(whole)]
    return decibels(whole.reshape(count, RATE_HZ).max(1)), starts


def decibels(levels):
    """Return levels in dB, those of silence as NaN."""
    return 20 * np.log10(np.where(levels > QUIET, levels, np.nan))


def main(speed=10):
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        write_music(folder / "music")
        library = folder / "library.db"
        run("scan", folder / "music", "--library", library, "--no-vocals", "--no-embedding")
        run("build", "arc", *LENGTH, "--library", library)
        run("render", "-o", folder / "whole.flac", "--library", library)
        page = played(playwright, folder, library, speed)
        heard_s, missing = heard_and_missing(page.blocks, library)
        with Library.open(library) as opened:
            events = opened.records.read(opened.records.latest().id).events
    sounds = [each for each in events if type(each.what).__name__ == "Sounded"]
    first = {}
    for each in sorted(sounds, key=lambda each: each.session_s):
        first.setdefault(each.what.track, each.session_s)
    count = int(max(each.ends_s for each in page.blocks)) - 1
    wanted_db, chapters = rendered_db(folder / "whole.flac", count)
    difference_db = levels_db(page.blocks, count) - wanted_db
    playing = [each for each in page.blocks if not each.is_quiet]
    result = {
        "speed": speed,
        "heard_s": round(heard_s),
        "joins": len(chapters) - 1,
        "level_db": round(float(np.nanmax(np.abs(difference_db))), 2),
        "level_db_p99": round(float(np.nanpercentile(np.abs(difference_db), 99)), 2),
        "chapters_ms": round(
            1000 * max(abs(a - b) for a, b in zip(chapters, sorted(first.values()), strict=True))
        ),
        "gap_ms": round(1000 * longest_quiet_s(playing)),
        "missing_s": round(len(missing) / STEPS_PER_S, 2),
        "failed": page.failed,
        "wall_s": round(time.monotonic() - start),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
