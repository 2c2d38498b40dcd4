"""A desk that lets hear made-up mixes: short files, and a server that can be killed.

    python -m tests.support.heard FOLDER PORT

serves the mixes that were written to the folder with `keep`, under the token `TOKEN`.
"""

import json
import socket
import subprocess
import sys
import time
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from playlist_builder import Clip, MixPlan
from playlist_builder.audio import encode
from playlist_builder.desk.address import Address
from playlist_builder.desk.mixes import FRAMES_PER_S, Mix
from tests.support.libraries import fill

TOKEN = "t" * 43
RATE_HZ = 48_000
FADE = 50  # frames of a crossfade
PATIENCE_S = 120.0


def write_tones(folder, count, seconds=5.2):
    """Write tones, each with a slow swell of its own, so that no two moments are alike."""
    paths = []
    time_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    for number in range(count):
        swell = 0.2 + 0.1 * np.sin(time_s * (1.0 + 0.1 * number))
        pitch_hz = 200.0 * 1.03 ** (number * 7 % 40)
        tone = swell * np.sin(2 * np.pi * (pitch_hz * time_s + 3.0 * time_s**2))
        paths.append(str(folder / f"tone{number}.flac"))
        encode.write_flac(paths[-1], np.stack((tone, -0.5 * tone)).astype(np.float32), RATE_HZ, {})
    return paths


def in_turn(paths, length=5 * FRAMES_PER_S, *, overlap=FADE):
    """A mix of these files, each heard for `length` frames, with crossfades."""
    clips = [
        Clip(path, "", 3, length, number * (length - overlap), -3.0 + number % 3, FADE, FADE)
        for number, path in enumerate(paths)
    ]
    return MixPlan(tuple(clips), (), -18.0, -1.0)


def joins(plan):
    """The times in seconds at which one track begins while the other ends."""
    return [after.at / FRAMES_PER_S for _, after in pairwise(plan.clips)]


def keep(folder, plan):
    """Let the desk of a folder serve a mix; return what a page plays."""
    mix = Mix.of(plan)
    clips = [asdict(replace(each, course=None)) for each in plan.clips]
    (folder / f"{mix.number}.mix").write_text(json.dumps(clips), encoding="utf-8")
    return {"url": mix.url, "length_s": mix.length_s}


class Server:
    """A desk in a process of its own."""

    def __init__(self, folder):
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.address = Address(self.port, TOKEN)
        self.start()

    def start(self):
        """Start, or start again under the same address; returns when it answers."""
        command = [sys.executable, "-m", "tests.support.heard", str(self.folder), str(self.port)]
        self.process = subprocess.Popen(command)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def kill(self):
        """End it without a chance to clean up."""
        self.process.kill()
        self.process.wait()


def main(folder, port):
    import uvicorn  # noqa: PLC0415 - for the process alone

    from playlist_builder.desk.app import application  # noqa: PLC0415
    from playlist_builder.desk.bench import Bench  # noqa: PLC0415
    from playlist_builder.desk.desk import Desk  # noqa: PLC0415
    from playlist_builder.desk.guard import Guard  # noqa: PLC0415
    from playlist_builder.desk.prepare import COMMANDS  # noqa: PLC0415
    from playlist_builder.desk.sound import Sound  # noqa: PLC0415
    from playlist_builder.desk.sound_routes import routes  # noqa: PLC0415
    from playlist_builder.desk.words import Words  # noqa: PLC0415

    words = Words("en")
    sound = Sound(words)
    library = folder / "l.db"
    if not library.exists():
        fill(library, 2)
    for path in folder.glob("*.mix"):
        clips = tuple(Clip(**each) for each in json.loads(path.read_text(encoding="utf-8")))
        sound.publish(MixPlan(clips, (), -18.0, -1.0))
    desk = Desk(lambda: Bench(str(library), COMMANDS, words, sound))
    desk.open()
    app = Guard(application(desk, words, routes(sound)), Address(port, TOKEN), str(library))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
