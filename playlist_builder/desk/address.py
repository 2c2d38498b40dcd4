"""Where a desk listens, and the file beside its library by which a second start finds it.

The secret of a desk stands in that file alone. What others are given is derived from it, each by a
name of its own: the cookie of the browser, the folder of its pages, the keys that open them, and
the proof for a second start.
"""

import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from playlist_builder.desk import machine, own_file

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")  # by which a browser may ask for it
SUFFIX = ".desk.json"
LONGEST = 1000  # characters of the file
KEY_LIVES_NS = 300 * 10**9  # until a browser, which may have to start first, has asked
_TOKEN_BYTES = 32
_FOLDER_DIGITS = 32
_KEY = re.compile(r"(\d{1,20})-[\w-]{1,64}-[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """A port of this machine, and the secret that is known to its user's programs alone."""

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
        """The name of its cookie: cookies are told apart by name and path, not by port."""
        return f"playlist-builder-desk-{self.port}"

    @property
    def cookie_value(self) -> str:
        """What a browser is known by."""
        return self._derived("cookie")

    @property
    def folder(self) -> str:
        """The path of all its pages, which nobody can guess.

        The cookie is for this path, so that a browser does not send it to the servers of other
        ports; without the cookie the path is of no use.
        """
        return f"/{self._derived('folder')[:_FOLDER_DIGITS]}"

    def proof(self, nonce: str, library: str) -> str:
        """Return what only the desk of a library can answer to a question asked once."""
        return self._derived("proof", nonce, os.path.realpath(library))

    def url(self, now_ns: int) -> str:
        """Return what to open in a browser: it holds a key that opens the page once, and soon.

        Other users of the machine can see what a browser is started with. `now_ns` is the time of
        the machine's clock, which is the same for all processes (see `machine`).
        """
        named = f"{now_ns}-{secrets.token_urlsafe(_TOKEN_BYTES)}"
        return f"http://{HOST}:{self.port}/?key={named}-{self._derived('key', named)}"

    def made_at_ns(self, key: str) -> int | None:
        """Return when a key was made, or None for what is no key of this desk."""
        found = _KEY.fullmatch(key)
        named, _, proof = key.rpartition("-")
        if found is None or not hmac.compare_digest(proof, self._derived("key", named)):
            return None
        return int(found[1])

    def _derived(self, *purpose: str) -> str:
        asked = "\n".join(purpose).encode("utf-8", "surrogatepass")
        return hmac.new(self.token.encode(), asked, "sha256").hexdigest()


def file_of(library: str) -> Path:
    """Return the file in which the address of the desk of a library stands."""
    return own_file.beside(library, SUFFIX)


def read(library: str) -> Address | None:
    """Return the address that was last used for a library since the machine was started, or None.

    A file that another user can have written, or a link, is none.
    """
    known = own_file.read(file_of(library), LONGEST)
    port, token = port_of(known), known.get("token")
    is_of_now = known.get("boot") == machine.boot()  # its clock, and its programs, are others now
    if port is not None and isinstance(token, str) and token.isascii() and is_of_now:
        return Address(port, token)
    return None


def last_port(library: str) -> int | None:
    """Return the port that was last used for a library, or None."""
    return port_of(own_file.read(file_of(library), LONGEST))


def port_of(known: Mapping[str, object]) -> int | None:
    """Return the port in a file, or None."""
    port = known.get("port")
    return port if type(port) is int and 0 < port < 2**16 else None


def remove(library: str) -> None:
    """Keep no address; raises OSError where the file cannot be removed."""
    file_of(library).unlink(missing_ok=True)


def write(library: str, address: Address) -> None:
    """Keep an address for the next start, readable by this user alone."""
    known = {"port": address.port, "token": address.token, "boot": machine.boot()}
    own_file.write(file_of(library), known)
