"""Where a desk listens, and the file beside its library by which a second start finds it."""

import hmac
import json
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Self

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")  # by which a browser may ask for it
SUFFIX = ".desk.json"
LONGEST = 1000  # characters of the file
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Address:
    """A port of this machine, and the secret that its page has to know."""

    port: int
    token: str

    @classmethod
    def new(cls, port: int) -> Self:
        """Return an address with a secret of its own."""
        return cls(port, secrets.token_urlsafe(_TOKEN_BYTES))

    @property
    def hosts(self) -> tuple[str, ...]:
        """What the Host header of its page may be."""
        return tuple(f"{name}:{self.port}" for name in NAMES)

    @property
    def cookie(self) -> str:
        """The name of its cookie: cookies are told apart by name, not by port."""
        return f"playlist-builder-desk-{self.port}"

    def proof(self, nonce: str, library: str) -> str:
        """Return what only the desk of a library can answer to a question asked once."""
        asked = f"{nonce}\n{library}".encode("utf-8", "surrogatepass")
        return hmac.new(self.token.encode(), asked, "sha256").hexdigest()

    @property
    def url(self) -> str:
        """What to open in a browser."""
        return f"http://{HOST}:{self.port}/?token={self.token}"


def file_of(library: str) -> Path:
    """Return the file in which the address of the desk of a library stands."""
    return Path(library + SUFFIX)


def read(library: str) -> Address | None:
    """Return the address that was last used for a library, or None.

    A file that another user can have written, or a link, is none.
    """
    try:
        opened = os.open(file_of(library), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(opened, encoding="utf-8") as file:
            known = json.loads(file.read(LONGEST)) if _is_own(os.fstat(opened)) else {}
        port, token = known["port"], known["token"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if type(port) is int and 0 < port < 2**16 and isinstance(token, str) and token.isascii():
        return Address(port, token)
    return None


def _is_own(found: os.stat_result) -> bool:
    """Whether a file is a plain one of this user that nobody else can write or read."""
    if not stat.S_ISREG(found.st_mode):
        return False
    if os.name == "nt":  # there, the folder says who may
        return True
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def write(library: str, address: Address) -> None:
    """Keep an address for the next start, readable by this user alone."""
    path = file_of(library)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    opened = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8") as file:
        json.dump({"port": address.port, "token": address.token}, file)
    new.replace(path)
