"""The time of a press while a session plays, and what it costs beside arranging all again.

    python -m tests.benchmarks.steer_cost [--tracks 10000] [--minutes 60] [--profile arc]

The library is synthetic. Each button is pressed at some moments of the same session; of each press
the CPU seconds are told, and the cost of its session over that of one whose whole rest is arranged
again for the same plan by the search of `build`. One JSON line.
"""

import argparse
import dataclasses
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from playlist_builder.errors import PlaylistBuilderError
from playlist_builder.library.columns import CONTOUR_TYPE
from playlist_builder.library.database import Database
from playlist_builder.models import File, Measurement, Session, Stat
from playlist_builder.session_request import SessionRequest
from playlist_builder.sessions.build import Holdings, profile_of, selected
from playlist_builder.sessions.draft import draft_of, session_of
from playlist_builder.sessions.editor import Edited, SessionEditor
from playlist_builder.sessions.library import Library
from playlist_builder.sessions.replan import arranged_behind, moment
from tests.support.measured import STEPS
from tests.support.synthetic import library as synthetic

Press = Callable[[SessionEditor, float], Edited]
PRESSES: dict[str, Press] = {
    "softer": lambda editor, at_s: editor.shift(-0.15, at_s=at_s),
    "deeper": lambda editor, at_s: editor.shift(0.15, at_s=at_s),
    "hold": lambda editor, at_s: editor.hold(600.0, at_s=at_s),
    "silence": lambda editor, at_s: editor.rest(120.0, at_s=at_s),
    "next_phase": lambda editor, at_s: editor.next_phase(at_s=at_s),
    "skip": lambda editor, at_s: editor.replan(at_s=at_s, skip=True),
    "longer": lambda editor, at_s: editor.replan(at_s=at_s, extend_s=600.0),
    "calm": lambda editor, at_s: editor.calm(at_s=at_s),
}


def fill(folder: Path, count: int) -> Path:
    """Store synthetic tracks whose files are there, though empty; return the library file."""
    tracks, rng = synthetic(count, 1), np.random.default_rng(1)
    file = folder / "library.db"
    with Database(str(file)) as database:
        for track in tracks:
            path = folder / f"{track.identity}.flac"
            path.touch()
            features = dataclasses.replace(
                track.features,
                stroke_rate_hz=float(rng.gamma(1.0, 1.5)),
                pulse_clarity=float(rng.beta(2.0, 4.0)),
            )
            steps = np.tile(STEPS[:1], (len(track.contour), 1))
            stored = File(str(path), Stat(1, 1), track.identity, track.tags)
            database.store(stored, Measurement(features, steps))
    contours = [(each.contour.astype(CONTOUR_TYPE).tobytes(), each.identity) for each in tracks]
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.executemany("UPDATE features SET contour = ? WHERE identity = ?", contours)
    return file


def over_full(library: Library, session: Session, at_s: float) -> float | None:
    """Return the cost of a session over that with its whole rest arranged again, None if none."""
    request = session.request
    if request is None:
        return None
    selection = selected(request, profile_of(request), Holdings.of(library, request))
    now = moment(draft_of(selection, session, playing=True), at_s)
    again = session_of(arranged_behind(now))
    return session.cost / again.cost


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tracks", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--profile", default="arc")
    parser.add_argument("--moments", type=int, default=5)
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in PRESSES}
    costs: dict[str, list[float]] = {name: [] for name in PRESSES}
    failed: dict[str, int] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Library.open(fill(Path(folder), options.tracks)) as library,
    ):
        request = SessionRequest(options.profile, duration_s=60.0 * options.minutes)
        session = library.build(request)

        for at_s in np.linspace(60.0, 0.8 * session.duration_s, options.moments).tolist():
            for name, press in PRESSES.items():
                editor = SessionEditor(library, session)
                begun = time.process_time()
                try:
                    after = press(editor, at_s).session
                except PlaylistBuilderError:
                    failed[name] = failed.get(name, 0) + 1
                    continue
                seconds[name].append(time.process_time() - begun)
                if name not in {"calm", "silence"}:
                    found = over_full(library, after, at_s)
                    costs[name] += [] if found is None else [found]
    every = [each for some in seconds.values() for each in some]
    report = {
        "benchmark": "steer_cost",
        "tracks": options.tracks,
        "minutes": options.minutes,
        "profile": options.profile,
        "p95_cpu_s": round(float(np.quantile(every, 0.95)), 3),
        "most_cpu_s": {name: round(max(some), 3) for name, some in seconds.items() if some},
        "cost_over_full": {
            name: round(float(np.mean(some)), 3) for name, some in costs.items() if some
        },
        "failed": failed,
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
