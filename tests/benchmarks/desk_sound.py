"""An hour of session with 700 joins, as a page of the desk lets it sound, against its mix.

    python -m tests.benchmarks.desk_sound

The page schedules on a clock that runs as fast as it is fed, and all that sounds is compared with
the mix: the largest difference of a sample, gaps, and what a second of music costs the server.
"""

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

from playlist_builder.desk.mixes import FRAMES_PER_S
from tests.support.heard import Server, in_turn, keep, write_tones
from tests.support.heard_page import Page

TRACKS = 701
FILES = 40
AT_ONCE_S = 500  # of music that a page keeps
ENDING_S = 0.5  # in which the player fades where it is told to end


def main():
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        files = write_tones(folder, FILES, seconds=6.2)
        plan = in_turn([files[n % FILES] for n in range(TRACKS)], 6 * FRAMES_PER_S)
        mix = keep(folder, plan)
        server = Server(folder)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        process = psutil.Process(server.process.pid)
        told, worst, start = [], 0.0, time.monotonic()
        spent = process.cpu_times()
        from_s = 0.0
        while from_s < mix["length_s"]:
            end_s = min(from_s + AT_ONCE_S, mix["length_s"])
            context = browser.new_context()
            page = Page(context, server.address, seconds=AT_ONCE_S + 10)
            page.play(mix | {"length_s": end_s}, from_s, end_s=end_s)
            page.until("told.some(([kind]) => kind === 'ended') && Boolean(window.heard)", 600)
            told += [each for each in page.told if each[0] != "ended"]
            until_s = end_s if end_s == mix["length_s"] else end_s - ENDING_S
            found = page.compare((mix, from_s), rises=from_s > 0, end_s=until_s)
            worst = max(worst, found["worst"])
            context.close()
            from_s = end_s
        now = process.cpu_times()
        browser.close()
        memory = process.memory_info().rss
        server.kill()
    result = {
        "joins": TRACKS - 1,
        "music_s": mix["length_s"],
        "largest_difference": worst,
        "told": told,
        "server_cpu_per_music_s": (now.user + now.system - spent.user - spent.system)
        / (2 * mix["length_s"]),  # it is read twice, also to compare
        "server_mib": memory / 2**20,
        "wall_s": time.monotonic() - start,
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
