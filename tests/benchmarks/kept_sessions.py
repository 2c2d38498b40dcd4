"""What sessions that a library keeps cost the commands that have to do with one of them, or none.

    python -m tests.benchmarks.kept_sessions [TRACKS [SESSIONS]]

A library of 10,000 made-up tracks (100,000 take some minutes to make), once with the session that
is changed alone and once with 1,000 more, each with three earlier states. Every figure of `ratios`
is the CPU time of a command with them over that without, and of `over_file` over that with a
session file of its own, as before libraries kept sessions; the quicker of some runs each, all in
one process. What a run changes is undone before the next one.
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
from tests.benchmarks.library_scale import make_files, make_rows
from tests.support.commands import run

RUNS = 3
CHANGES = {
    "pin": ("pin", "{}", "3"),
    "swap": ("swap", "{}", "4", "--take", "1"),
    "replan": ("replan", "{}", "--at", "4:10"),
}
OTHERS = {
    "undo": ("undo", "{}"),
    "report": ("report", "{}"),
    "mark": ("mark", "{track}", "--note", "x"),
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
            entries.append((replace(first, id=f"{number:016x}", number=0, turn=0, files=()), text))
        opened.sessions.store(*entries)


def cpu_s(command, session, track):
    """The least CPU time of a command on a session, which is then as it was before."""
    words = [word.format(session, track=track) for word in command]
    times = []
    for _ in range(RUNS):
        if words[0] == "undo":
            run("pin", session, 2)
        begin = time.process_time()
        run(*words)
        times.append(time.process_time() - begin)
        if words[0] in CHANGES:
            run("undo", session)
    return min(times)


def measured(session, track):
    """The CPU seconds of each command on a session."""
    return {name: cpu_s(words, session, track) for name, words in (CHANGES | OTHERS).items()}


def main(tracks=10_000, sessions=1_000):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library, file = folder / "library.db", folder / "own.json"
        make_files(folder / "Music", tracks)
        make_rows(folder / "Music", os.fspath(library))
        os.environ["PLAYLIST_BUILDER_LIBRARY"] = os.fspath(library)
        build = ("build", "steady", "--duration", "60m", "--json", "-o", folder / "built.json")
        built = json.loads(run(*build).stdout)
        number, track = built["number"], built["slots"][4]["path"]
        shutil.copy(folder / "built.json", file)
        (folder / "built.json").unlink()
        alone, of_file = measured(number, track), measured(file, track)
        keep_more(library, sessions)
        among = measured(number, track)
        size = Path(f"{library}.backup").stat().st_size
    figures = {"tracks": tracks, "sessions": sessions, "backup_mb": round(size / 1e6, 1)}
    for key, before in (("ratios", alone), ("over_file", of_file)):
        figures[key] = {name: round(among[name] / before[name], 3) for name in among}
    figures["seconds"] = {name: round(seconds, 3) for name, seconds in among.items()}
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
