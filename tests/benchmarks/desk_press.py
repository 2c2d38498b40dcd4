"""How long a press on the desk takes until the new plan is there, in a large library.

    python -m tests.benchmarks.desk_press [TRACKS [PRESSES]]

A session of an hour runs on 10,000 made-up tracks; each button is pressed at that many moments of
it, as the desk does it: planned, mixed, kept, noted in the record and shown. Sound is not decoded.
`p50_ms` and `p95_ms` are the CPU time of all presses that were done, and `stopped_s` how many
seconds of silence followed that nobody planned; `early` counts changes before the moment from which
they may be heard, and `late_s` is the farthest that the end lies from the one that was shown.
"""

import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from playlist_builder import Levels, PlaylistBuilderError, SessionRequest
from playlist_builder.desk import prepare, run
from playlist_builder.desk.bench import Bench
from playlist_builder.desk.running import LEAD_S
from playlist_builder.desk.score import first_change, silent_seconds
from playlist_builder.desk.steer import BUTTONS
from playlist_builder.desk.timeline import FRAMES_PER_S, end_s, frames
from playlist_builder.desk.words import Words
from tests.benchmarks.library_scale import make_files, make_rows
from tests.desk.support import Sound


class Lengths(dict):
    """The levels of every track, by its length in the library."""

    def __init__(self, tracks):
        super().__init__({each.path: each.duration_s for each in tracks})

    def __getitem__(self, path):
        lasts_s = super().__getitem__(path)
        blocks = max(round(lasts_s * 10), 1)
        return Levels(np.full(blocks, 0.01), np.full(blocks, 0.3), 0, frames(lasts_s))


def unplanned_s(running):
    """Seconds of silence from now on that nobody planned."""
    planned = [(frames(start), frames(end)) for start, end in running.line.silences()]
    last = running.line.clips[-1].end
    found = silent_seconds(running.score.sounds, frames(running.position_s + LEAD_S), last)
    own = [
        (start, end)
        for start, end in found
        if not any(first - 1 <= start and end <= then + 1 for first, then in planned)
    ]
    return sum(end - start for start, end in own) / FRAMES_PER_S


def pressed(bench, button, rng):
    """Press a button at some moment; return the time it took, and what went wrong."""
    running = bench.run
    position_s = rng.uniform(0.0, running.line.plan_s - 60.0)
    running.heard_until(position_s)
    before = running.score
    given = {"button": button, "when": rng.choice(("now", "after")), "position_s": position_s}
    begin = time.process_time()
    answer = bench.do("press", given)
    bench.state()
    took_s = time.process_time() - begin
    change = first_change(before.sounds, running.score.sounds)
    early = change is not None and change < frames(position_s + LEAD_S)
    stopped_s = unplanned_s(running)
    late_s = abs(running.line.plan_s - end_s(running.line.clips[running.line.planned - 1]))
    bench.do("take_back", {"press": answer["press"], "position_s": position_s})
    return took_s, early, stopped_s, late_s


def main(tracks=10_000, presses=50):
    rng = random.Random(0)  # noqa: S311 - moments, not secrets
    times, refused, early, stopped_s, late_s = {name: [] for name in BUTTONS}, 0, 0, 0.0, 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_files(folder / "Music", tracks)
        make_rows(folder / "Music", os.fspath(folder / "library.db"))
        commands = run.guarded(prepare.COMMANDS) | run.COMMANDS
        bench = Bench(os.fspath(folder / "library.db"), commands, Words("en"), sound := Sound())
        sound.levels = Lengths(bench.library.tracks())
        bench.build(SessionRequest("ketamine-iv"))
        bench.do("begin", {})
        for number in range(presses):
            for button in BUTTONS:
                try:
                    took_s, is_early, silent_s, end_off_s = pressed(bench, button, rng)
                except PlaylistBuilderError as error:
                    refused += 1
                    print(f"{number} {button}: {error}", file=sys.stderr)
                    continue
                times[button].append(took_s)
                early, stopped_s = early + is_early, stopped_s + silent_s
                late_s = max(late_s, end_off_s)
        bench.close()
    every = [took_s for own in times.values() for took_s in own]
    figures = {
        "tracks": tracks,
        "presses": len(every),
        "refused": refused,
        "p50_ms": round(1000 * float(np.percentile(every, 50))),
        "p95_ms": round(1000 * float(np.percentile(every, 95))),
        "p95_ms_by_button": {
            name: round(1000 * float(np.percentile(own, 95))) for name, own in times.items() if own
        },
        "stopped_s": round(stopped_s, 2),
        "early": early,
        "late_s": round(late_s, 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
