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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

import uvicorn
from starlette.types import ASGIApp

from playlist_builder import PathMap
from playlist_builder.desk import address as addresses
from playlist_builder.desk import downloads, machine, prepare, record_routes, run
from playlist_builder.desk.address import HOST, Address
from playlist_builder.desk.alone import alone, holder
from playlist_builder.desk.app import application
from playlist_builder.desk.bench import Bench
from playlist_builder.desk.connections import AT_ONCE, STAYS_S, WAITING, connection_type
from playlist_builder.desk.desk import Desk
from playlist_builder.desk.driver import Connect, Driver
from playlist_builder.desk.guard import PING, Guard
from playlist_builder.desk.running import BROWSER, Running
from playlist_builder.desk.sound import Sound
from playlist_builder.desk.sound_routes import routes
from playlist_builder.desk.words import Words
from playlist_builder.errors import DeskError

COMMANDS = run.guarded(prepare.COMMANDS) | run.COMMANDS
ENDED = "ended"  # what pages are told when the desk ends
ANSWER_S = 2.0  # in which a desk that runs says so
LONGEST_ANSWER = 10_000  # bytes
CLOSING_S = 1  # for pages that listen for changes
BEGINS_S = 30.0  # in which a desk that has begun answers, and one that ends has ended
TELLS_S = 2.0  # after which one that waits for it says so
LOOK_S = 0.2  # between two looks for it


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
    try:
        answer = json.loads(asked(known.port, f"{PING}?{nonce}"))
    except (OSError, ValueError, http.client.HTTPException):
        return None
    given = str(answer.get("proof")) if isinstance(answer, dict) else ""
    proof = known.proof(nonce, library).encode()
    return known if hmac.compare_digest(given.encode("utf-8", "replace"), proof) else None


@contextmanager
def only(library: str, waits: Callable[[], None] = lambda: None) -> Iterator[Address | None]:
    """Yield the address of the desk of a library, or None: no other one begins in this block then.

    Of two that begin at the same moment, the second waits until the first answers; `waits` is
    called once where that takes long. Raises DeskError where it never does.
    """
    begun_s, is_told = time.monotonic(), False
    while True:
        with alone(library) as is_alone:
            found = running(library)
            if found is not None or is_alone:
                yield found
                return
        waited_s = time.monotonic() - begun_s
        if waited_s >= BEGINS_S:
            raise _silent(library)
        if waited_s >= TELLS_S and not is_told:
            is_told = True
            waits()
        time.sleep(LOOK_S)


def _silent(library: str) -> DeskError:
    number = holder(library)
    if number is None:
        return DeskError(
            "A desk of the library {path} runs, but does not answer. End it first.", path=library
        )
    return DeskError(
        "A desk of the library {path} runs as process {number}, but does not answer. "
        "End that process first.",
        path=library,
        number=number,
    )


def asked(port: int, path: str) -> bytes:
    """Return what is answered at a port of this machine, after `ANSWER_S` no more than is there."""
    with socket.create_connection((HOST, port), ANSWER_S) as own:
        late = Timer(ANSWER_S, lambda: own.shutdown(socket.SHUT_RDWR))
        late.daemon = True
        late.start()
        try:
            connection = http.client.HTTPConnection(HOST, port)
            connection.sock = own
            connection.request("GET", path)
            return connection.getresponse().read(LONGEST_ANSWER)
        finally:
            late.cancel()


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
    with _listener(addresses.last_port(library)) as listener:
        known = _address(library, listener.getsockname()[1])
        own = [*downloads.routes(desk, words), *record_routes.routes(desk, words), *routes(sound)]
        app = Guard(application(desk, words, own, driver), known, library)
        ready(known)  # it listens already, and answers in a moment

        def ending() -> None:
            if desk.bench.run is None:  # a page where one plays goes on with the next start
                desk.tell(ENDED, {})
                renew(library, known)  # while the port is its own: the next start may have it soon

        with suppress(KeyboardInterrupt):
            server(app, ending).run(sockets=[listener])
        if desk.bench.run is None:  # also where it was interrupted before it began
            renew(library, known)


class _Server(uvicorn.Server):
    """A server that says when it begins to end."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin: many may wait to be taken, and few are taken at once."""
        await super().startup(sockets)
        for each in sockets or ():
            each.listen(WAITING)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End: answers that are under way have a moment left."""
        self._ending()
        await super().shutdown(sockets)


def server(app: ASGIApp, ending: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """Return what answers requests by an application; it writes nothing to the terminal."""
    return _Server(
        uvicorn.Config(
            app,
            http=connection_type(),
            ws="none",
            log_level="critical",
            server_header=False,
            backlog=AT_ONCE,
            timeout_keep_alive=STAYS_S,
            timeout_graceful_shutdown=CLOSING_S,
        ),
        ending,
    )


def renew(library: str, known: Address) -> None:
    """Let the secrets of a desk that has ended open nothing: its port may be somebody else's."""
    if addresses.read(library) != known:  # done already, or that of another start
        return
    with suppress(OSError):
        addresses.remove(library)
        addresses.write(library, Address.new(known.port))


def first_version() -> int:
    """Return a version that is higher than all before a restart, also where the clock was set."""
    return int(time.monotonic() * 1000)


def _check_player(bench: Bench, driver: Driver | None) -> None:
    """Raise DeskError where what goes on plays in a player that is not given."""
    if isinstance(bench.run, Running) and bench.run.player != BROWSER and driver is None:
        raise DeskError(
            "A session plays already at {player}. Give --player {player}.", player=bench.run.player
        )


def _listener(before: int | None) -> socket.socket:
    """Return a socket that listens on the port of before, or on a free one."""
    if before is not None:
        with suppress(OSError):
            return socket.create_server((HOST, before))
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
    return address.url(machine.now_ns())


def show(address: Address) -> None:
    """Open the page in the user's browser."""
    webbrowser.open(link(address))
