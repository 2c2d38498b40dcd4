"""A target such as `mpd://host` to a connected server: `SERVERS` lists the kinds of servers.

Another kind implements `match.Server` in a file of its own and gets a line in `SERVERS`.

The caller says how a password is asked for, given further environment variables that may hold it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from playlist_builder.errors import ServerError
from playlist_builder.servers import subsonic, subsonic_http
from playlist_builder.servers.match import Server
from playlist_builder.servers.mpd_address import parse_address
from playlist_builder.servers.player import Player

if TYPE_CHECKING:
    from playlist_builder.servers.mpd_queue import MpdQueue

AskPassword = Callable[..., str]


@contextmanager
def _mpd(target: str, ask_password: AskPassword, *, insecure: bool) -> "Iterator[MpdQueue]":
    try:
        from playlist_builder.servers import mpd, mpd_queue  # noqa: PLC0415 - python-mpd2 is an extra
    except ModuleNotFoundError as error:
        if error.name != "mpd":
            raise
        raise ServerError("Pushing to MPD needs python-mpd2: pip install python-mpd2") from error
    with mpd.opened(parse_address(target)) as server:
        if server.is_locked():
            if not insecure:
                server.check_private()
            server.unlock(ask_password("MPD_PASSWORD"))
        yield mpd_queue.MpdQueue.of(server)


@contextmanager
def _subsonic(target: str, ask_password: AskPassword, *, insecure: bool) -> Iterator[Server]:
    where = subsonic_http.parse_address(target, insecure=insecure)
    yield subsonic.Subsonic(where, ask_password())


SERVERS: Mapping[str, Callable[..., AbstractContextManager[Server]]] = {  # by scheme
    "mpd": _mpd,
    **dict.fromkeys(subsonic_http.SCHEMES, _subsonic),
}


def has_queue(target: str) -> bool:
    """Return whether a target is a server that plays a queue, which only MPD is."""
    return _scheme(target) == "mpd"


def connect(
    target: str, ask_password: AskPassword, *, insecure: bool = False
) -> AbstractContextManager[Server]:
    """Return the server at `target`, to be entered; raises `ServerError` for an unknown scheme.

    `insecure` allows logins that can be read on the way to other machines.
    """
    if _scheme(target) not in SERVERS:
        raise ServerError(
            "The target is no server that is known. Give mpd://host, mpd:///path or"
            " subsonic+https://user@host."
        )
    return SERVERS[_scheme(target)](target, ask_password, insecure=insecure)


def connect_queue(
    target: str, ask_password: AskPassword, *, insecure: bool = False
) -> "AbstractContextManager[MpdQueue]":
    """Return the MPD at `target`, to be entered; raises `ServerError` if it is none."""
    if not has_queue(target):
        raise ServerError("Only a queue of MPD can be changed while it plays. Give mpd://host.")
    return _mpd(target, ask_password, insecure=insecure)


def connect_player(
    target: str, ask_password: AskPassword, *, insecure: bool = False
) -> AbstractContextManager[Player]:
    """Return the player at `target`, mpd://host or mpd:///path of a socket, to be entered.

    `ask_password` is called with the names of variables that may hold the password, where one is
    needed. Raises `ServerError` if it is no player, or none answers.
    """
    return connect_queue(target, ask_password, insecure=insecure)


def _scheme(target: str) -> str:
    return target.partition(":")[0]
