"""A page of the desk whose sound is kept: on a clock as fast as it is fed, or on the real one."""

import time
from pathlib import Path

import numpy as np

from playlist_builder.desk import machine

RATE_HZ = 48_000
PATIENCE_S = 120.0
KINDS = ("gap", "ended", "blocked", "broken")

OPEN = """async ({seconds, given, kinds}) => {
  window.seconds = seconds;
  const { Player } = await import("./static/player.js");
  window.player = new Player(given);
  window.told = [];
  for (const kind of kinds) {
    player.addEventListener(kind, ({ detail }) => told.push([kind, detail]));
  }
}"""


class Page:
    """A page with a player, `player`; what sounds is kept."""

    def __init__(self, context, address, clock="fast", *, seconds=60, **given):
        """Open it; `seconds` is the length that a fast clock keeps, `given` what a player takes."""
        self.page = context.new_page()
        self.failed = []
        self.page.on("pageerror", lambda error: self.failed.append(str(error)))
        for script in (f"{clock}_clock.js", "heard_compare.js"):
            self.page.add_init_script(path=Path(__file__).with_name(script))
        self._opened = {"seconds": seconds, "given": given, "kinds": KINDS}
        self.page.goto(address.url(machine.now_ns()))
        self.open()

    def open(self):
        """Make a player."""
        self.page.evaluate(OPEN, self._opened)

    def __call__(self, script, value=None):
        """Run a script in the page."""
        return self.page.evaluate(script, value)

    @property
    def told(self):
        """What the player told, but for positions; a fast clock stands still where it waits."""
        return [each for each in self("told") if each[1].get("reason") != "device"]

    def play(self, mix, from_s=0.0, *, end_s=None, goal_s=None):
        """Play, until `end_s` if given; a fast clock stops at `goal_s`.

        It stands still where less than 5 s are there, but at the end.
        """
        given = {} if end_s is None else {"until_s": end_s}
        if goal_s is not None:
            self("(seconds) => { window.goal = seconds; }", goal_s)
        self(
            "([mix, from, given]) => { window.whole = mix; player.play(mix, from, given); }",
            [mix, from_s, given],
        )

    def replace(self, mix, at_s):
        """Replace, and return where that was."""
        return self(
            "([mix, at]) => { window.whole = mix; return player.replace(mix, at); }", [mix, at_s]
        )

    def go_to(self, seconds):
        """Let a fast clock run to a time, and no further."""
        self("(seconds) => { window.goal = seconds; }", seconds)
        self.until("clock() >= goal")

    def until(self, condition, patience_s=PATIENCE_S):
        """Wait until it holds in the page."""
        deadline = time.monotonic() + patience_s
        while not self(condition):
            assert time.monotonic() < deadline, (condition, self.failed, self.told)
            time.sleep(0.02)

    def compare(self, *parts, rises=False, end_s=None):
        """Return how far what sounded is from parts of mixes: `worst`, `where_s`, `behind`.

        A part is (mix, place in seconds). With `rises` it began within the music. `behind` is the
        loudest sample after the end, which is that of the last mix, or `end_s` of it.
        """
        wanted = [{"url": mix["url"], "at": round(at_s * RATE_HZ)} for mix, at_s in parts]
        if end_s is not None:
            wanted[-1]["end"] = round(end_s * RATE_HZ)
        return self("([parts, rises]) => compare(parts, rises)", [wanted, rises])


def alternate(page, mix, other, count):
    """Play a mix and let the other take over in turn, at random moments; return what sounds then.

    Each fifth time the moment is past already.
    """
    rng = np.random.default_rng(3)
    page.play(mix, goal_s=0)
    parts, at_s = [(mix, 0)], 0.5
    for number in range(count):
        at_s += 0.3 + rng.exponential(0.5)
        is_late = number % 5 == 0
        page.go_to(at_s + 0.3 if is_late else at_s - 0.4)
        next_mix = mix if number % 2 else other
        taken_s = page.replace(next_mix, at_s)
        assert taken_s > at_s if is_late else abs(taken_s - at_s) < 1e-4
        parts.append((next_mix, taken_s))
        at_s = max(at_s, taken_s)
    assert at_s < mix["length_s"]
    return parts
