"""The page of a desk in a browser that can be killed, on a quick clock, and all that sounds."""

import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Error

from tests.support.parts import CHROMIUM

PEAK_S = 0.005  # of sound in each level that the page tells
QUIET = 1e-3  # of full scale
CRASH_MS = 1000
DRAINED_MS = 200  # in which a page tells what sounded
LONGEST_S = 1500  # that a page plays
PATIENCE_S = 300.0
CLOCK = Path(__file__).with_name("quick_clock.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Block:
    """What sounded for a while: its levels, of `PEAK_S` each.

    `page` is when its page was loaded; it ends at second `end_s` of the clock of its sound, and
    `offset_s` is the second of the mix at second 0 of that clock.
    """

    page: float
    end_s: float
    offset_s: float
    peaks: np.ndarray

    @property
    def begins_s(self):
        """The second of the mix at its beginning."""
        return self.ends_s - PEAK_S * len(self.peaks)

    @property
    def ends_s(self):
        """The second of the mix at its end."""
        return self.end_s + self.offset_s

    @property
    def is_quiet(self):
        """Whether nothing sounds in it."""
        return not (self.peaks > QUIET).any()


class QuickPage:
    """The page of a desk, opened again and again."""

    def __init__(self, playwright, folder, speed):
        """Take a folder for the browser, and how many times as fast as the real time it may be."""
        self._playwright, self._folder, self._speed = playwright, folder, speed
        self.blocks, self.failed = [], []
        self._context = self.page = None

    def open(self, url):
        """Open it: in a new tab, and a new browser where there is none."""
        if self._context is None:
            self._context = self._playwright.chromium.launch_persistent_context(
                self._folder,
                executable_path=shutil.which(CHROMIUM),
                args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
                bypass_csp=True,  # for what hears it
            )
        before = self._context.pages
        self._opens(self._context.new_page())
        for each in before:
            each.close()
        self.page.goto(url)

    def _opens(self, page):
        page.expose_function("sounded", self._sounded)
        page.add_init_script(
            f"const QUICK = {{ speed: {self._speed}, seconds: {LONGEST_S} }};{CLOCK}"
        )
        page.on("pageerror", lambda error: self.failed.append(str(error)))
        self.page = page

    def _sounded(self, block):
        self.blocks.append(Block(**block | {"peaks": np.array(block["peaks"])}))

    def until(self, condition):
        """Wait until a function is true, while what sounds is taken in."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(self("why()"), self("document.body.innerText"))
            self.page.wait_for_timeout(20)

    def pass_by(self, seconds, *, starving=False):
        """Let so many seconds of its clock pass, whether music is there or not where it starves.

        Then its clock stands still, and all that sounded until then is taken in.
        """
        given = [seconds, starving]
        self("([seconds, hungry]) => { goal = clock() + seconds; starves = hungry; }", given)
        self.until(lambda: self("clock() >= goal"))
        self("() => { starves = false; }")
        self.page.wait_for_timeout(DRAINED_MS)

    def go_on(self):
        """Let its clock go on for good."""
        self("() => { goal = Infinity; }")

    def __call__(self, script, value=None):
        """Run a script in the page."""
        return self.page.evaluate(script, value)

    def close(self):
        """Close the tab as a user does."""
        self.page.close()

    def crash(self):
        """Let the process of the tab end."""
        with suppress(Error):
            self.page.goto("chrome://crash", timeout=CRASH_MS)

    def reload(self):
        """Load it again, in the same tab."""
        self.page.reload()

    def kill(self):
        """End the browser without a chance to clean up."""
        own = f"--user-data-dir={self._folder}"
        for each in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                words = each.cmdline()
                if own in words and not any(word.startswith("--type=") for word in words):
                    each.kill()
                    each.wait()
        with suppress(Error):
            self._context.close()
        self._context = self.page = None

    def end(self):
        """Close the browser, if there is one."""
        if self._context is not None:
            self._context.close()


def stretches(blocks):
    """Split what sounded where the clock of the sound, or its place in the mix, jumps."""
    found = []
    for block in blocks:
        last = found[-1][-1] if found else None
        begins_s = block.end_s - PEAK_S * len(block.peaks)
        goes_on = last and last.page == block.page and abs(begins_s - last.end_s) < PEAK_S
        if goes_on:
            found[-1].append(block)
        else:
            found.append([block])
    return found


def longest_quiet_s(blocks):
    """Return the longest time in which nothing sounded between two sounds of a page."""
    longest = 0
    for stretch in stretches(blocks):
        loud = np.flatnonzero(np.concatenate([each.peaks for each in stretch]) > QUIET)
        longest = max(longest, *np.diff(loud) - 1, 0) if len(loud) > 1 else longest
    return PEAK_S * float(longest)


def sounded(blocks, count, steps_per_s):
    """Return which steps of the mix sounded."""
    found = np.zeros(count, bool)
    for block in blocks:
        times_s = block.ends_s - PEAK_S * np.arange(len(block.peaks))[::-1]
        steps = (times_s[block.peaks > QUIET] * steps_per_s).astype(int)
        found[steps[(steps >= 0) & (steps < count)]] = True
    return found
