"""A desk for a real browser: served in this process, or in one that can be killed."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path

from playlist_builder.desk import downloads, record_routes, serve, sound_routes
from playlist_builder.desk.address import HOST, Address
from playlist_builder.desk.app import application
from playlist_builder.desk.bench import Bench
from playlist_builder.desk.desk import Desk
from playlist_builder.desk.driver import Driver
from playlist_builder.desk.guard import Guard
from playlist_builder.desk.sound import Sound
from playlist_builder.desk.words import Words

PATIENCE_S = 120.0
ROOT = Path(__file__).parents[2]


@contextmanager
def served(library, language="en", player=None):
    """Serve the desk of a library; yield its address, and the desk itself.

    A `player`, if there is one, plays instead of the page.
    """
    words = Words(language)
    sound = Sound(words)
    driver = None if player is None else Driver("mpd://there", player.connected)
    desk = Desk(lambda: opened(library, words, sound, desk.follow_scan, driver))
    desk.open()
    with socket.create_server((HOST, 0)) as listener:
        address = Address.new(listener.getsockname()[1])
        own = downloads.routes(desk, words), record_routes.routes(desk, words)
        routes = [*chain(*own), *sound_routes.routes(sound)]
        app = Guard(application(desk, words, routes, driver), address, str(library))
        with answering(app, listener):
            yield address, desk


@contextmanager
def answering(app, listener):
    """Answer requests by an application in a thread, as the desk does."""
    server = serve.server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    deadline = time.monotonic() + PATIENCE_S
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


def opened(library, words, sound, tell, player=None):
    """Return the bench of a library, with its last session if it has one."""
    bench = Bench(str(library), serve.COMMANDS, words, sound, tell=tell)
    bench.player = player
    bench.open_last()
    return bench


class Served:
    """The desk in a process of its own, which can be killed and started again."""

    def __init__(self, library, language):
        self.library, self.language, self.process = library, language, None

    def start(self):
        self.process = self._started()
        return re.search(r"http\S+", self.process.stderr.readline())[0]

    def start_again(self):
        """Return the address that a second start shows, which finds the first one."""
        with self._started() as second:
            return re.search(r"open already: (http\S+)", second.stderr.read())[1]

    def _started(self):
        words = ("-m", "playlist_builder", "desk", "--no-browser", "--library", self.library)
        return subprocess.Popen(
            [sys.executable, *words],
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"LANGUAGE": self.language},
        )

    def kill(self):
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stderr.close()
