"""What the servers check alike: targets, names of playlists, numbers, and texts of errors."""

import ipaddress
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult, urlsplit

from playlist_builder.errors import ServerError
from playlist_builder.language.text import UNPRINTED, replaced
from playlist_builder.language.translation import Phrase

_NAMED = {" ": r"\+", "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': '&quot;|\\\\"', "\\": r"\\\\"}
NAME_LIMIT_BYTES = 200  # file systems take 255, and a push needs some for temporary names


@contextmanager
def ending_in(sentence: Phrase) -> Iterator[None]:
    """Add `sentence`, which says what has become of the playlist, to a `ServerError`."""
    try:
        yield
    except ServerError as error:
        raise ServerError("{error} {sentence}", error=error, sentence=sentence) from error


def playlist_name(name: str) -> str:
    """Return `name` as a server keeps it; raises `ServerError` where it cannot name a playlist.

    A line break would be a command of its own to MPD, which also makes the name that of a file.
    """
    name = name.strip()
    unfit = replaced(name, UNPRINTED, "") != name
    if not name or unfit or "/" in name or len(name.encode()) > NAME_LIMIT_BYTES:
        raise ServerError(
            "{name!r} cannot name a playlist on a server. Give --name one short line"
            " without slashes.",
            name=name[:40],
        )
    return name


def split_target(target: str, example: Phrase, password_variable: str) -> SplitResult:
    """Return the parts of a target; raises `ServerError` where it is no address or has a password.

    `example` is a sentence that says what to give instead.
    """
    try:
        parts = urlsplit(target)
        password, _ = parts.password, (parts.hostname, parts.port)  # each may raise
    except ValueError as error:
        raise ServerError(
            "The target is no address: {error}. {example}", error=error, example=example
        ) from error
    if password is not None:
        raise ServerError(
            "A password on the command line is read by others on this machine. Leave it"
            " out of the target and set {password_variable}, or wait for the prompt.",
            password_variable=password_variable,
        )
    return parts


def is_loopback(host: str) -> bool:
    """Whether what is sent to a host stays on this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def without_secret(text: str, secret: str) -> str:
    """Return a text with *** for a secret, in whatever escapes of URLs, HTML or JSON it stands."""
    return re.sub("".join(map(_written, secret)), "***", text) if secret else text


def _written(char: str) -> str:
    """Return a pattern of the ways in which a character is written."""
    encoded = char.encode("utf-8", "replace")
    units = char.encode("utf-16-be", "surrogatepass")
    ways = [
        "(?i:" + "".join(f"%(?:25)*{byte:02x}" for byte in encoded) + ")",
        "(?i:" + "".join(rf"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)) + ")",
        rf"(?i:&#0*{ord(char)};|&#x0*{ord(char):x};)",
        *([_NAMED[char]] if char in _NAMED else []),
        re.escape(char),  # last: it may begin one of the others
    ]
    return f"(?:{'|'.join(ways)})"


def finite_seconds(value: object) -> float | None:
    """Return a length in seconds as a server writes it, None where it is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (OverflowError, ValueError):
        return None
    return seconds if math.isfinite(seconds) else None
