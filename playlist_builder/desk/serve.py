"""Serve the desk on a free port of this machine until it is interrupted.

One desk runs for a library. Its address is kept beside the library, so that a second start finds
the first, and a start after a crash answers under the same address to the page that is still open.
"""

import hmac
import http.client
import json
import secrets
import socket
import time
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from playlist_builder import PathMap
from playlist_builder.desk import address as addresses
from playlist_builder.desk import downloads, prepare, record_routes, run
from playlist_builder.desk.address import HOST, Address
from playlist_builder.desk.app import application
from playlist_builder.desk.bench import Bench
from playlist_builder.desk.connections import Connection
from playlist_builder.desk.desk import Desk
from playlist_builder.desk.driver import Connect, Driver
from playlist_builder.desk.guard import PING, Guard
from playlist_builder.desk.running import BROWSER, Running
from playlist_builder.desk.sound import Sound
from playlist_builder.desk.sound_routes import routes
from playlist_builder.desk.words import Words
from playlist_builder.errors import DeskError

COMMANDS = run.guarded(prepare.COMMANDS) | run.COMMANDS
ANSWER_S = 2.0  # in which a desk that runs says so
CLOSING_S = 1  # for pages that listen for changes


@dataclass(frozen=True, slots=True)
class Outside:
    """A player that plays instead of the page: its address, how to connect, where music lies."""

    target: str
    connect: Connect
    maps: Sequence[PathMap] = ()


def running(library: str) -> Address | None:
    """Return the address of the desk of a library, if one answers and proves that it is that.

    Anybody may listen on its port by now, so nothing of the secret is told.
    """
    known = addresses.read(library)
    if known is None:
        return None
    nonce = secrets.token_urlsafe()
    connection = http.client.HTTPConnection(HOST, known.port, timeout=ANSWER_S)
    try:
        connection.request("GET", f"{PING}?{nonce}")
        answer = json.loads(connection.getresponse().read(10_000))
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    given = str(answer.get("proof")) if isinstance(answer, dict) else ""
    proof = known.proof(nonce, library).encode()
    return known if hmac.compare_digest(given.encode("utf-8", "replace"), proof) else None


def serve(  # noqa: PLR0913 - what it is made of
    library: str,
    *,
    session: str | None,
    language: str,
    folders: Sequence[Path],
    ready: Callable[[Address], None],
    player: Outside | None = None,
) -> None:
    """Serve the desk of a library file until Ctrl-C; `ready` is told the address.

    `session` is the number or name of the session to begin with, the last one if not given; the
    `player`, if there is one, plays what is begun. Raises LibraryError where the library cannot be
    opened.
    """
    words = Words(language)
    sound = Sound(words)
    driver = None if player is None else Driver(player.target, player.connect, player.maps)

    def bench() -> Bench:
        opened = Bench(library, COMMANDS, words, sound, folders=folders, tell=desk.follow_scan)
        opened.version = first_version()
        opened.player = driver
        try:
            run.go_on(opened)
            _check_player(opened, driver)
            if opened.run is None and session is None:
                opened.open_last()
            elif opened.run is None:
                opened.lay(opened.library.session(session))
        except BaseException:
            opened.close()
            raise
        return opened

    desk = Desk(bench)
    desk.open()
    with _listener(addresses.read(library)) as listener:
        known = _address(library, listener.getsockname()[1])
        own = [*downloads.routes(desk, words), *record_routes.routes(desk, words), *routes(sound)]
        app = Guard(application(desk, words, own, driver), known, library)
        ready(known)  # it listens already, and answers in a moment
        with suppress(KeyboardInterrupt):
            server(app).run(sockets=[listener])


def server(app: ASGIApp) -> uvicorn.Server:
    """Return what answers requests by an application; it writes nothing to the terminal."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            log_level="critical",
            server_header=False,
            timeout_graceful_shutdown=CLOSING_S,
        )
    )


def first_version() -> int:
    """Return a version that is higher than all before a restart, also where the clock was set."""
    return int(time.monotonic() * 1000)


def _check_player(bench: Bench, driver: Driver | None) -> None:
    """Raise DeskError where what goes on plays in a player that is not given."""
    if isinstance(bench.run, Running) and bench.run.player != BROWSER and driver is None:
        raise DeskError(
            "A session plays already at {player}. Give --player {player}.", player=bench.run.player
        )


def _listener(before: Address | None) -> socket.socket:
    """Return a socket that listens on the port of before, or on a free one."""
    if before is not None:
        with suppress(OSError):
            return socket.create_server((HOST, before.port))
    return socket.create_server((HOST, 0))


def _address(library: str, port: int) -> Address:
    """Return the address for a port: that of before where the port is, so that its page goes on."""
    before = addresses.read(library)
    if before is not None and before.port == port:
        return before
    new = Address.new(port)
    addresses.write(library, new)
    return new


def link(address: Address) -> str:
    """Return what to open in a browser, which works once, and soon."""
    return address.url(time.monotonic_ns())


def show(address: Address) -> None:
    """Open the page in the user's browser."""
    webbrowser.open(link(address))
