"""Path to stereo samples and their `Levels`, as a mix takes them."""

from collections.abc import Callable, Generator, Iterator

from playlist_builder.audio import decode
from playlist_builder.models import Floats32
from playlist_builder.recording import levels
from playlist_builder.recording.levels import Levels

RATES_HZ = (44_100, 48_000)


def stereo_blocks(
    path: str, rate_hz: int, tick: Callable[[float], None] | None = None
) -> Generator[Floats32]:
    """Yield a track as stereo at a rate, in blocks of shape (2, n); `tick` takes their seconds."""
    with decode.AudioFile(path) as file:
        own_hz = file.layout.sample_rate_hz
        gains = levels.stereo_gains(file.layout.channels)
        blocks: Iterator[Floats32] = (gains @ block for block in file.blocks())
        if own_hz != rate_hz:
            blocks = decode.resampled(blocks, own_hz, rate_hz)
        for block in blocks:
            yield block
            if tick is not None:
                tick(block.shape[1] / rate_hz)


def measured(path: str) -> Levels:
    """Return the levels of a file; raises AudioError, and OSError where it cannot be opened."""
    with decode.AudioFile(path) as file:
        own_hz = file.layout.sample_rate_hz
    rate_hz = next((each for each in RATES_HZ if own_hz % each == 0), RATES_HZ[-1])
    return levels.measure(stereo_blocks(path, rate_hz), rate_hz)
