"""Paths of this machine to paths of the machine where the player or server is: `FROM=TO`.

Text in, paths out; the disk is not read. Paths of Windows are compared with `/` between folders.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from playlist_builder.errors import RequestError

_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def is_path_root(text: str) -> bool:
    """Return whether `text` can begin a whole path: absolute on some system, or a URL."""
    return text.startswith("/") or bool(_WINDOWS.match(text) or _URL.match(text))


def with_slashes(path: str) -> str:
    """Return a path of Windows with `/` between folders, and any other path as it is."""
    return path.replace("\\", "/") if _WINDOWS.match(path) else path


@dataclass(frozen=True, slots=True)
class PathMap:
    """The folder `here` on this machine is `there` where the player or server is.

    An empty `there` is the server's music folder: paths are then relative to it.
    """

    here: str
    there: str

    @classmethod
    def parse(cls, text: str, *, absolute: bool = False) -> "PathMap":
        """Return the map of `FROM=TO`; raises `RequestError` where it is none.

        Names may hold `=`, so the first one behind which a whole path begins separates the two, or
        else, unless TO has to be `absolute`, the first of all. FROM may be relative or begin with
        `~`.
        """
        pairs = [(text[: sign.start()], text[sign.end() :]) for sign in re.finditer("=", text)]
        found = [pair for pair in pairs if is_path_root(pair[1])] or pairs[: 0 if absolute else 1]
        here, there = next((pair for pair in found if pair[0]), ("", ""))
        if not here:
            if absolute:
                raise RequestError(
                    "'{text}': give FROM=TO, such as ~/Music=/volume1/music, TO in full.", text=text
                )
            raise RequestError(
                "'{text}': give FROM=TO, such as ~/Music=/volume1/music, TO empty for the music"
                " folder of a server.",
                text=text,
            )
        is_foreign = _WINDOWS.match(here) and os.sep == "/"
        return cls(here if is_foreign else os.path.abspath(os.path.expanduser(here)), there)  # noqa: PTH100, PTH111 - `Path` would drop `..` and bytes that are not text

    @property
    def has_backslashes(self) -> bool:
        """Whether paths below `there` are written with backslashes."""
        return bool(_WINDOWS.match(self.there)) and "\\" in self.there

    def apply(self, path: str) -> str | None:
        """Return `path` below `there`, with slashes; None where it is not below `here`."""
        start = with_slashes(self.here).rstrip("/") + "/"
        slashed = with_slashes(path)
        if not slashed.startswith(start):
            return None
        inside = slashed.removeprefix(start)
        return f"{with_slashes(self.there).rstrip('/')}/{inside}" if self.there else inside


def best_map(path: str, maps: Iterable[PathMap]) -> PathMap | None:
    """Return the map with the longest `here` that holds `path`, None where there is none."""
    fitting = (each for each in maps if each.apply(path) is not None)
    return max(fitting, key=lambda each: len(each.here.rstrip("/\\")), default=None)
