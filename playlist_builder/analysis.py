"""One file to what the library keeps of it: the work that is done in parallel.

Pure top-level functions of a path, so that any executor can run them anywhere the file is seen.
They never touch the library file. A bad file is a `Skipped` value; an error in our own code is
not caught.
"""

from pathlib import Path

from playlist_builder import audio, features, tags
from playlist_builder.cache import File, Stat
from playlist_builder.errors import AudioError
from playlist_builder.models import Features, Skipped

Outcome = tuple[Stat, File | Skipped, Features | None]
"""The stat taken before reading, what the path is, and the features where they were measured."""

_REFUSED = Stat(-1, -1)
"""In place of the stat of a file that the system did not let us read: it may do so tomorrow."""


def stat(path: str) -> Stat:
    """Size and time of change of the file that a path leads to."""
    result = Path(path).stat()
    return Stat(result.st_size, result.st_mtime_ns)


def analyse(path: str) -> Outcome:
    """Decode a file once: identity, tags and features."""
    return _outcome(path, measure=True)


def identify(path: str) -> Outcome:
    """Read a file without decoding: identity and tags."""
    return _outcome(path, measure=False)


def _outcome(path: str, *, measure: bool) -> Outcome:
    before = Stat(0, 0)
    try:
        # Taken first: a file that is edited meanwhile will look changed at the next scan.
        before = stat(path)
        with audio.Recording(path) as recording:
            measured = None
            if measure:
                measured = features.measure(
                    recording.blocks(),
                    sample_rate_hz=recording.layout.sample_rate_hz,
                    channels=recording.layout.channels,
                )
            else:
                recording.read_packets()
            identity = recording.identity
        return before, File(path, before, identity, tags.read(path)), measured
    except AudioError as error:
        refused = isinstance(error.__cause__, OSError)
        return _REFUSED if refused else before, Skipped(path, str(error)), None
    except OSError as error:
        return _REFUSED, Skipped(path, error.strerror or str(error)), None
