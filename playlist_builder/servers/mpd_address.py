"""Where an MPD listens, as the target of a push names it."""

from dataclasses import dataclass
from urllib.parse import unquote

from playlist_builder.errors import ServerError
from playlist_builder.language.translation import Phrase
from playlist_builder.servers import checks

PORT = 6600


@dataclass(frozen=True, slots=True)
class MpdAddress:
    """Where an MPD listens: a host and port, or the path of a socket with port None."""

    host: str
    port: int | None

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read what is sent: it stays on this machine."""
        return self.port is None or checks.is_loopback(self.host)

    def __str__(self) -> str:
        if self.port is None:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(target: str) -> MpdAddress:
    """Return where `mpd://host[:port]` or `mpd:///path` is; `ServerError` where it is neither."""
    parts = checks.split_target(target, Phrase("Give mpd://host:port."), "MPD_PASSWORD")
    host = parts.hostname
    if parts.username is not None:
        raise ServerError("MPD knows no users. Give mpd://host:port.")
    path = unquote(parts.path)
    if parts.query or parts.fragment or (host and path.strip("/")) or not (host or path.strip("/")):
        raise ServerError("The target is no MPD. Give mpd://host:port, or mpd:///path of a socket.")
    return MpdAddress(host, parts.port or PORT) if host else MpdAddress(path, None)
