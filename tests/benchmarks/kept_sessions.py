"""What sessions that a library keeps cost the commands that have nothing to do with them.

    python -m tests.benchmarks.kept_sessions [TRACKS [SESSIONS]]

A library of 10,000 tracks that were never recorded, once with the session that is changed alone and
once with 1,000 more, each with three earlier states. Every figure is the CPU time of a command with
them over that without, the quicker of some runs each, in one process.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from playlist_builder.library.library import Library
from tests.support.commands import run
from tests.support.libraries import fill

RUNS = 3
COMMANDS = {
    "pin": ("pin", "1", "3"),
    "undo": ("undo", "1"),
    "swap": ("swap", "1", "4"),
    "replan": ("replan", "1", "--at", "4:10"),
    "report": ("report", "1"),
    "mark": ("mark", "Title 7", "--note", "x"),
    "sessions": ("sessions",),
}


def keep_more(library, count):
    """Keep more sessions that are like the one that is there, but in another order."""
    with Library.open(library) as opened:
        (first,) = opened.sessions.all()
        document = json.loads(opened.sessions.document(first.id))
        rng, entries = np.random.default_rng(0), []
        slots = document["slots"]
        for number in range(count):
            orders = [rng.permutation(len(slots)).tolist() for _ in range(3)]
            states = [document | {"slots": [slots[n] for n in order]} for order in orders]
            text = json.dumps(document | {"earlier": states})
            entries.append((replace(first, id=f"{number:016x}", number=0, files=()), text))
        opened.sessions.store(*entries)


def cpu_s(command, library, folder):
    """The least CPU time of a command, each on a copy of the library."""
    times = []
    for _ in range(RUNS):
        for suffix in ("", ".backup"):
            shutil.copy(f"{library}{suffix}", folder / f"copy.db{suffix}")
        begin = time.process_time()
        run(*command, PLAYLIST_BUILDER_LIBRARY=os.fspath(folder / "copy.db"))
        times.append(time.process_time() - begin)
    return min(times)


def main(tracks=10_000, sessions=1_000):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        music = folder / "Music"
        music.mkdir()
        few = fill(folder / "few.db", tracks, artists=tracks // 2, folder=os.fspath(music))
        for number in range(tracks):
            (music / f"{number}.flac").touch()
        build = ("build", "steady", "--duration", "60m", "--json")
        number = json.loads(run(*build, PLAYLIST_BUILDER_LIBRARY=os.fspath(few)).stdout)["number"]
        run("pin", number, 2, PLAYLIST_BUILDER_LIBRARY=os.fspath(few))
        many = folder / "many.db"
        for suffix in ("", ".backup"):
            shutil.copy(f"{few}{suffix}", f"{many}{suffix}")
        keep_more(many, sessions)
        before = {each: cpu_s(words, few, folder) for each, words in COMMANDS.items()}
        after = {each: cpu_s(words, many, folder) for each, words in COMMANDS.items()}
        size = Path(f"{many}.backup").stat().st_size
    ratios = {each: round(after[each] / before[each], 3) for each in COMMANDS}
    seconds = {each: round(before[each], 3) for each in COMMANDS}
    figures = {"tracks": tracks, "sessions": sessions, "backup_mb": round(size / 1e6, 1)}
    print(json.dumps(figures | {"ratios": ratios, "seconds": seconds}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
