"""CUE sheets to how many tracks they name. Pure.

A sheet stands in a tag of the file it describes, in a block of a FLAC, or in a file beside it.
"""

import re
from pathlib import PureWindowsPath

MAX_CHARACTERS = 1_000_000
MOST_TRACKS = 99  # of a CD
_FILE = re.compile(r"""\s*FILE\s+(?:"([^"]*)"|(\S+))""", re.IGNORECASE)
_TRACK = re.compile(r"\s*TRACK\s+\d+\s+AUDIO\b", re.IGNORECASE)


def count_tracks(text: str, name: str | None = None) -> int:
    """Return how many tracks of audio a sheet names; only those in the file `name` if given.

    Sheets often name the WAV from which a file was encoded, so that suffixes do not count.
    """
    stem = None if name is None else _stem(name)
    count, is_of_file = 0, name is None
    for line in text[:MAX_CHARACTERS].splitlines():
        if name is not None and (found := _FILE.match(line)):
            is_of_file = _stem(found[1] or found[2]) == stem
        elif is_of_file and _TRACK.match(line):
            count += 1
    return min(count, MOST_TRACKS)


def _stem(name: str) -> str:
    return PureWindowsPath(name).stem.casefold()
