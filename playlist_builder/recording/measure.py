"""Path to stereo samples and their `Levels`, as a mix takes them."""

import os
from collections.abc import Callable, Generator, Iterable, Iterator

from playlist_builder import checked
from playlist_builder.audio import decode
from playlist_builder.models import Floats32
from playlist_builder.recording import levels
from playlist_builder.recording.levels import Levels

RATES_HZ = (44_100, 48_000)
FILTER_S = 1  # of music after which a resampler has forgotten where it began


def stereo_blocks(
    path: str, rate_hz: int, tick: Callable[[float], None] | None = None, *, second: int = 0
) -> Generator[Floats32]:
    """Yield a track as stereo at a rate, in blocks of shape (2, n); `tick` takes their seconds.

    Blocks that begin at a whole `second` of the track are as those of the whole: at whole seconds
    the samples of all rates coincide.
    """
    with decode.AudioFile(path) as file:
        own_hz = file.layout.sample_rate_hz
        gains = levels.stereo_gains(file.layout.channels)
        start = max(0, second - FILTER_S)
        first = file.seek(start)
        if first is None:
            yield from _without(second * rate_hz, stereo_blocks(path, rate_hz, tick))
            return
        ahead = max(0, start * own_hz - first)
        blocks: Iterator[Floats32] = (gains @ block for block in _without(ahead, file.blocks()))
        if own_hz != rate_hz:
            blocks = decode.resampled(blocks, own_hz, rate_hz)
        for block in _without((second - start) * rate_hz, blocks):
            yield block
            if tick is not None:
                tick(block.shape[1] / rate_hz)


def _without(count: int, blocks: Iterable[Floats32]) -> Iterator[Floats32]:
    """Yield blocks without their first samples."""
    for block in blocks:
        if count < block.shape[1]:
            yield block[:, count:] if count else block
        count = max(0, count - block.shape[1])


@checked.takes(path=checked.path)
def measure_levels(path: str | os.PathLike[str]) -> Levels:
    """Return the levels of a whole track, which is decoded once, in a second or so.

    That is all that a mix needs to know of it; it may be called in any thread. Raises AudioError,
    and OSError where the file cannot be opened.
    """
    return levels_of(os.fspath(path))


def levels_of(path: str, tick: Callable[[float], None] | None = None) -> Levels:
    """Return the levels of a track as `measure_levels`; `tick` takes seconds that are measured.

    They are those of its own rate, whatever the rate of a recording, if that is one of `RATES_HZ`.
    """
    with decode.AudioFile(path) as file:
        own_hz = file.layout.sample_rate_hz
    rate_hz = next((each for each in RATES_HZ if own_hz % each == 0), RATES_HZ[-1])
    return levels.measure(stereo_blocks(path, rate_hz, tick), rate_hz)
