"""How a session that runs on the desk stands faults: in its whole page, with its server.

    python -m tests.benchmarks.desk_faults [TURNS [SPEED [SEED]]]

In each turn, at random moments: the server is killed and started again; the page goes (in turn the
tab is closed, crashes, or is loaded again, or the browser is killed) and is opened again; the
server answers nothing for a minute; and the file of a track that plays or comes vanishes, each
second time with the page, so that it has to be read. Now and then a button is pressed before. Time
runs up to `SPEED` times as fast in the page; but for the faults, it waits for the server.

For each kind: how often; `gap_ms`, the longest silence within what a page played; `back_s` and
`on_s`, the farthest that the music was set back and on, against where it was; `silent_s`, the
longest time in real seconds from the opening of a page to its first sound. And for all: seconds of
the mix that sounded and are `missing_s` in the record, and what `failed`.
"""

import json
import random
import sys
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
from playwright.sync_api import Error, sync_playwright

from playlist_builder import Library
from playlist_builder.audio import encode
from tests.support.commands import run
from tests.support.desk_process import DeskProcess
from tests.support.quick_page import PATIENCE_S, QuickPage, longest_quiet_s, sounded

TRACKS = 60
RATE_HZ = 16_000
LENGTH = ("--duration", "30m", "--min-length", "12s", "--max-length", "2m")
TURNS_AT_ONCE = 5  # in one session
STALLED_S = 60.0
AHEAD_S = 70.0  # of music that a page has before the server stalls
LEAST_S = 20.0  # and before anything else
FILLED_S = 30.0  # real seconds, in which it has them
STARTS_S = 1.5  # the shortest that a server is away
AWAY_S = 6.0  # the longest that a server or page is away
CALM_S = 12.0  # the longest time between two faults
GOES_ON_S = 4.0  # of music, after which the next one may come
STEPS_PER_S = 20
KINDS = ("kill", "close", "stall", "vanish")
CLOSED = ("closed", "crashed", "reloaded", "browser killed")
PRESSED = ("softer", "deeper", "skip", "next_phase")


def write_music(folder, shortest_s=50):
    """Write pieces without a silent moment, every one busier than the one before."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(TRACKS):
        time_s = np.arange(int((shortest_s + number % 41) * RATE_HZ)) / RATE_HZ
        beat = 0.3 + 0.7 * np.exp(-8 * (time_s * (0.5 + number / 20) % 1))
        noise = rng.standard_normal(len(time_s)) * number / 1000
        tone = 0.2 * np.sin(2 * np.pi * (110 + 8 * number) * time_s)
        samples = ((tone + noise) * beat).astype(np.float32)[None]
        tags = {"title": f"Piece {number}", "artist": f"Player {number}"}
        encode.write_flac(f"{folder}/Piece {number}.flac", samples, RATE_HZ, tags)


class Stage:
    """A session that runs in a page, to be disturbed; the faults are told as they come."""

    def __init__(self, playwright, folder, rng, speed):
        self._folder, self._rng = folder, rng
        self.library = folder / "library.db"
        self._desk = DeskProcess(self.library)
        url = self._desk.start()
        self.page = QuickPage(playwright, folder / "browser", speed)
        self.page.open(url)
        self.page.page.click("button.begin")
        self._until_it_sounds(0)
        self._plays_for(GOES_ON_S)
        self._closed = 0

    def disturb(self, kind):
        """Let something happen, wait until music goes on, and return what was heard of it."""
        self.page.pass_by(self._rng.uniform(1.0, CALM_S))
        if self._rng.random() < 0.4:
            self._press()
        self._filled(AHEAD_S if kind == "stall" else LEAST_S)
        mark = len(self.page.blocks)
        before = self._last()
        ahead_s = self.page("player.ahead_s")
        fault = getattr(self, f"_{kind}")()
        took_s = fault.pop("silent_s", 0.0)
        self._plays_for(GOES_ON_S)
        blocks = self.page.blocks[mark:]
        first = next(each for each in blocks if each.page == blocks[-1].page and not each.is_quiet)
        found = {"kind": kind, "at_s": before.ends_s, "ahead_s": ahead_s, **fault}
        found |= {"gap_s": longest_quiet_s(self.page.blocks[max(0, mark - 1) :])}
        if first.page != before.page:
            return found | {
                "moved_s": first.begins_s - self._sounded_until(before),
                "silent_s": took_s,
            }
        return found | {"moved_s": blocks[-1].offset_s - before.offset_s}

    def end(self):
        """End the run; `heard` is what sounded until then."""
        self.heard = list(self.page.blocks)
        self.page.go_on()
        self.page.page.locator("button.end").focus()
        self.page.page.keyboard.down("Enter")
        self.page.page.wait_for_selector(".after")

    def close(self):
        """Close the browser and the server, and bring back the files that vanished."""
        self.page.end()
        self._desk.kill()
        for each in self._folder.glob("music/*.gone"):
            each.rename(each.with_suffix(""))

    def _kill(self):
        self._desk.kill()
        self.page.pass_by(self._rng.uniform(STARTS_S, AWAY_S), starving=True)
        self._desk.start()
        return {}

    def _close(self):
        how = CLOSED[self._closed % len(CLOSED)]
        self._closed += 1
        act = {"closed": self.page.close, "crashed": self.page.crash}
        act |= {"reloaded": None, "browser killed": self.page.kill}
        return {"how": how, "silent_s": self._opened_again(act[how])}

    def _stall(self):
        self._desk.halt()
        self.page.pass_by(STALLED_S, starving=True)
        self._desk.go_on()
        return {}

    def _vanish(self):
        is_now = self._rng.random() < 0.5
        position_s, state = self.page(
            "async () => [player.position_s, await (await fetch('api/state')).json()]"
        )
        slots = state["run"]["session"]["slots"]
        playing = [each for each in slots if each["start_s"] <= position_s][-1:]
        coming = [each for each in slots if position_s < each["start_s"] < position_s + 400]
        there = self._files(playing if is_now else coming) or self._files(coming)
        file = self._rng.choice(there)
        file.rename(f"{file}.gone")
        return {"how": "now" if is_now else "coming"} | (
            {"silent_s": self._opened_again(None)} if self._rng.random() < 0.5 else {}
        )

    def _files(self, slots):
        """Return the files of tracks that are there."""
        named = [self._folder / "music" / f"{each['title']}.flac" for each in slots]
        return [each for each in named if each.exists()]

    def _opened_again(self, act):
        """Let the page go and open it again; return how long it was silent then."""
        if act is None:
            start = time.monotonic()
            self.page.reload()
        else:
            act()
            time.sleep(self._rng.uniform(0.0, AWAY_S))
            url = self._desk.start_again()
            start = time.monotonic()
            self.page.open(url)
        mark = len(self.page.blocks)
        self._until_it_sounds(mark)
        return time.monotonic() - start

    def _press(self):
        with suppress(Error):
            button = self.page.page.locator(f"[data-button={self._rng.choice(PRESSED)}]")
            button.click(timeout=1000)
            self.page.pass_by(self._rng.uniform(0.1, 3.0))

    def _filled(self, seconds):
        """Wait until so much music is there, unless what is missing is not there to be read."""
        deadline = time.monotonic() + FILLED_S
        while self.page("player.ahead_s") < seconds and time.monotonic() < deadline:
            self.page.page.wait_for_timeout(50)

    def _last(self):
        return self.page.blocks[-1]

    def _sounded_until(self, before):
        """Return the second of the mix up to which the page of a block sounded."""
        own = [each for each in self.page.blocks if each.page == before.page and not each.is_quiet]
        return own[-1].ends_s

    def _plays_for(self, seconds):
        mark = len(self.page.blocks)
        self.page.pass_by(seconds)
        self._until_it_sounds(mark)

    def _until_it_sounds(self, mark):
        """Let seconds pass until there is sound behind the first blocks."""
        deadline = time.monotonic() + PATIENCE_S
        while all(each.is_quiet for each in self.page.blocks[mark:]):
            if time.monotonic() > deadline:
                raise TimeoutError(self.page("document.body.innerText"))
            self.page.pass_by(1.0)


def heard_and_missing(blocks, library):
    """Return the seconds of the mix that sounded, and the times at which that is not noted."""
    length = int(STEPS_PER_S * (1 + max(each.ends_s for each in blocks)))
    heard = sounded(blocks, length, STEPS_PER_S)
    noted = np.zeros(length, bool)
    with Library.open(library) as opened:
        for each in opened.records.read(opened.records.latest().id).events:
            if type(each.what).__name__ == "Sounded":
                start = round(each.session_s * STEPS_PER_S)
                noted[start : round((each.session_s + each.what.seconds) * STEPS_PER_S)] = True
    return heard.sum() / STEPS_PER_S, np.flatnonzero(heard & ~noted) / STEPS_PER_S


def summary(faults):
    """Return what faults of one kind did at most."""
    moved = [each["moved_s"] for each in faults]
    return {
        "count": len(faults),
        "gap_ms": round(1000 * max(each["gap_s"] for each in faults)),
        "back_s": round(max(0.0, -min(moved)), 2),
        "on_s": round(max(0.0, *moved), 2),
        "silent_s": round(max(each.get("silent_s", 0.0) for each in faults), 2),
    }


def main(turns=50, speed=10, seed=0):
    start = time.monotonic()
    rng = random.Random(seed)  # noqa: S311 - moments, not secrets
    faults, heard_s, missing, failed = [], 0.0, [], []
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        write_music(folder / "music")
        kept = folder / "kept.db"
        run("scan", folder / "music", "--library", kept, "--no-vocals", "--no-embedding")
        run("build", "arc", *LENGTH, "--library", kept)
        for first in range(0, turns, TURNS_AT_ONCE):
            (folder / "library.db").write_bytes(kept.read_bytes())
            with closing(Stage(playwright, folder, rng, speed)) as stage:
                for _ in range(min(TURNS_AT_ONCE, turns - first)):
                    for kind in rng.sample(KINDS, len(KINDS)):
                        faults.append(stage.disturb(kind))
                        print(json.dumps(faults[-1]), file=sys.stderr, flush=True)
                stage.end()
            sounded_s, unnoted = heard_and_missing(stage.heard, stage.library)
            heard_s += sounded_s
            missing.extend(unnoted)
            failed += stage.page.failed
            print(json.dumps({"missing_at_s": list(unnoted)}), file=sys.stderr, flush=True)
    result = {"speed": speed, "seed": seed}
    result |= {kind: summary([each for each in faults if each["kind"] == kind]) for kind in KINDS}
    result |= {"heard_s": round(heard_s), "missing_s": round(len(missing) / STEPS_PER_S, 2)}
    result |= {"failed": failed, "wall_s": round(time.monotonic() - start)}
    print(json.dumps(result))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
