"""A desk that is served in this process, for a real browser."""

import socket
import threading
import time
from contextlib import contextmanager
from itertools import chain

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
