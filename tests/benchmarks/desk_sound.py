"""What a page of the desk lets sound in Chromium, against the mix: 700 joins, and faults.

    python -m tests.benchmarks.desk_sound

The page schedules on a clock that runs as fast as it is fed, and all that sounds is compared with
the mix. An hour with 700 joins; the same with a server that is killed 50 times and stays away for a
minute each time; and a mix that is replaced at 50 random moments. For each the largest difference
of a sample (full scale = 1.0) and what the player told of gaps.
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
from tests.support.heard_page import Page, alternate
from tests.support.parts import CHROMIUM

TRACKS = 701
FILES = 40
AT_ONCE_S = 500  # of music that a page keeps
ENDING_S = 0.5  # in which the player fades where it is told to end
AWAY_S = 60

REPLACED = 50
ENDED = "told.some(([kind]) => kind === 'ended') && Boolean(window.heard)"


class Bench:
    """A desk with an hour of music, and browsers that play it."""

    def __init__(self, folder, chromium):
        files = write_tones(folder, FILES, seconds=6.2)
        self._chromium = chromium
        self.mixes = [
            keep(folder, in_turn([files[(n + by) % FILES] for n in range(TRACKS)], length))
            for by, length in ((0, 6 * FRAMES_PER_S), (5, 6 * FRAMES_PER_S))
        ]
        self.short = [keep(folder, in_turn(files[by : by + 16])) for by in (0, 5)]
        self.server = Server(folder)

    def hour(self, meanwhile, **given):
        """Play the hour in pages that go on where the last one ended, and compare."""
        mix, from_s = self.mixes[0], 0.0
        result = {"largest_difference": 0.0, "told": []}
        while from_s < mix["length_s"]:
            end_s = min(from_s + AT_ONCE_S, mix["length_s"])
            context = self._chromium.new_context()
            page = Page(context, self.server.address, seconds=AT_ONCE_S + 10, **given)
            page.play(mix | {"length_s": end_s}, from_s, end_s=end_s)
            meanwhile(page)
            page.until(ENDED, 600)
            until_s = end_s if end_s == mix["length_s"] else end_s - ENDING_S
            self._add(result, page, (mix, from_s), rises=from_s > 0, end_s=until_s)
            context.close()
            from_s = end_s
        return result

    def kill(self, page):
        """Kill the server again and again while a page plays."""
        for number in range(AT_ONCE_S // (AWAY_S + 2)):
            at_s = 1 + number * (AWAY_S + 2)
            page.go_to(at_s)
            page.until(
                f"player.ahead_s > {AWAY_S + 8}"
                " || player.position_s + player.ahead_s > whole.length_s - 1 || !player.is_playing"
            )
            self.server.kill()
            page.go_to(at_s + AWAY_S)
            self.server.start()
        page("window.goal = Infinity")

    def replaced(self):
        """Replace the mix again and again."""
        result = {"largest_difference": 0.0, "told": []}
        page = Page(self._chromium.new_context(), self.server.address, seconds=90, ahead_s=20)
        parts = alternate(page, *self.short, REPLACED)
        page("window.goal = Infinity")
        page.until(ENDED, 600)
        self._add(result, page, *parts)
        return result

    @staticmethod
    def _add(result, page, *parts, **given):
        found = page.compare(*parts, **given)
        result["largest_difference"] = max(result["largest_difference"], found["worst"])
        result["told"] += [each for each in page.told if each[0] != "ended"]


def main():
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which(CHROMIUM),
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        bench = Bench(Path(name), chromium)
        music_s = bench.mixes[0]["length_s"]
        process = psutil.Process(bench.server.process.pid)
        spent = process.cpu_times()
        result = {"joins": TRACKS - 1, "music_s": music_s, "hour": bench.hour(lambda _: None)}
        now = process.cpu_times()
        # The hour is read twice, also to compare.
        cpu_s = (now.user + now.system - spent.user - spent.system) / 2
        result |= {"server_cpu_per_music_s": cpu_s / music_s}
        result |= {"server_mib": process.memory_info().rss / 2**20}
        result |= {"replaced": bench.replaced()}
        result |= {"killed": bench.hour(bench.kill, ahead_s=AWAY_S + 15)}
        chromium.close()
        bench.server.kill()
    sys.stdout.write(json.dumps(result | {"wall_s": time.monotonic() - start}) + "\n")


if __name__ == "__main__":
    main()
