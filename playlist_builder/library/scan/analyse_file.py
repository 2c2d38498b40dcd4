"""One file to what the library keeps of it: the work that is done in parallel.

Pure top-level functions of a path, so that any executor can run them anywhere the file is seen.
They never touch the library file. A bad file is a `Skipped` value; an error in our own code is
not caught.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from playlist_builder.analysis import features
from playlist_builder.analysis.spectrum import mix
from playlist_builder.audio import decode
from playlist_builder.errors import AudioError
from playlist_builder.library.scan.file_state import REFUSED, Outcome, lyrics_of, stat
from playlist_builder.models import File, Skipped, Stat, VoiceDetection
from playlist_builder.tags import fields
from playlist_builder.tags import read as tags
from playlist_builder.vocals import detector

CANCELLED = 0.1
"""A mix that keeps less than this of the energy of its loudest channel has lost something."""


def analyse(path: str, listen: bool) -> Outcome:  # noqa: FBT001 - sent to another process
    """Decode a file once: identity, tags, features, and voices where they are to be heard."""
    return _outcome(path, measure=True, listen=listen)


def listen(path: str) -> Outcome:
    """Decode a file of known features for its voices."""
    return _outcome(path, measure=False, listen=True)


def identify(path: str) -> Outcome:
    """Read a file without decoding: identity and tags."""
    return _outcome(path, measure=False, listen=False)


def _outcome(path: str, *, measure: bool, listen: bool) -> Outcome:
    before = Stat(0, 0)
    try:
        # Taken first: a file that is edited meanwhile will look changed at the next scan.
        before = stat(path)
        with decode.Recording(path) as recording:
            layout, measured, heard = recording.layout, None, None
            blocks = recording.blocks()
            listener = None
            if listen and not detector.can_hear(layout.sample_rate_hz):
                heard = VoiceDetection("unknown", 0.0)
            elif listen:
                listener = detector.Listener(layout.sample_rate_hz, detector.model())
                blocks = _overheard(blocks, listener, mix(layout.channels))
            if measure:
                measured = features.measure(
                    blocks, sample_rate_hz=layout.sample_rate_hz, channels=layout.channels
                )
            elif listen:
                deque(blocks, maxlen=0)
            else:
                recording.read_packets()
            if listener is not None:
                heard = listener.finish()
            identity = recording.identity
        read = tags.read(path)
        if not read.has_lyrics and _has_sidecar(path):
            read = replace(read, has_lyrics=True)
        return Outcome(before, File(path, before, identity, read), measured, heard)
    except AudioError as error:
        refused = isinstance(error.__cause__, OSError)
        return Outcome(REFUSED if refused else before, Skipped(path, str(error)))
    except OSError as error:
        return Outcome(REFUSED, Skipped(path, error.strerror or str(error)))


def _overheard(
    blocks: Iterable[NDArray[np.float32]],
    listener: detector.Listener,
    gains: NDArray[np.float32],
) -> Iterator[NDArray[np.float32]]:
    """Pass blocks on, and their mono mix to the listener: one decoding serves both."""
    for block in blocks:
        listener.push(_audible(block, gains))
        yield block


def _audible(block: NDArray[np.float32], gains: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mono mix, or the loudest channel where channels cancel each other out in it."""
    mono: NDArray[np.float32] = gains @ block
    energy = np.vecdot(block, block)
    if float(np.vdot(mono, mono)) < CANCELLED * float(energy.max(initial=0.0)):
        loudest: NDArray[np.float32] = block[int(energy.argmax())]
        return loudest
    return mono


def _has_sidecar(path: str) -> bool:
    for lyrics in lyrics_of(path):
        if not Path(lyrics).is_file():  # a pipe would be waited for
            continue
        with suppress(OSError), Path(lyrics).open("rb") as file:
            return fields.are_lyrics(file.read(fields.MAX_CHARACTERS).decode("utf-8", "replace"))
    return False
