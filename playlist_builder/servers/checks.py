"""What the servers check alike: targets, names of playlists, numbers, and how an error ends."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult, urlsplit

from playlist_builder.errors import ServerError
from playlist_builder.text import UNPRINTED, replaced

NAME_LIMIT_BYTES = 200  # file systems take 255, and a push needs some for temporary names


@contextmanager
def ending_in(sentence: str) -> Iterator[None]:
    """Add `sentence`, which says what has become of the playlist, to a `ServerError`."""
    try:
        yield
    except ServerError as error:
        raise ServerError(f"{error} {sentence}") from error


def playlist_name(name: str) -> str:
    """Return `name` as a server keeps it; raises `ServerError` where it cannot name a playlist.

    A line break would be a command of its own to MPD, which also makes the name that of a file.
    """
    name = name.strip()
    unfit = replaced(name, UNPRINTED, "") != name
    if not name or unfit or "/" in name or len(name.encode()) > NAME_LIMIT_BYTES:
        raise ServerError(
            f"{name[:40]!r} cannot name a playlist on a server. Give --name one short line"
            " without slashes."
        )
    return name


def split_target(target: str, example: str, password_variable: str) -> SplitResult:
    """Return the parts of a target; raises `ServerError` where it is no address or has a password.

    `example` is a sentence that says what to give instead.
    """
    try:
        parts = urlsplit(target)
        password, _ = parts.password, (parts.hostname, parts.port)  # each may raise
    except ValueError as error:
        raise ServerError(f"The target is no address: {error}. {example}") from error
    if password is not None:
        raise ServerError(
            "A password on the command line is read by others on this machine. Leave it out of"
            f" the target and set {password_variable}, or wait for the prompt."
        )
    return parts


def finite_seconds(value: object) -> float | None:
    """Return a length in seconds as a server writes it, None where it is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (OverflowError, ValueError):
        return None
    return seconds if math.isfinite(seconds) else None
