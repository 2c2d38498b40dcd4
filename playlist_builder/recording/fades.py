"""A part of a track, which fades in where it begins and out where it ends. Pure.

A part is cut within the music, so that it needs fades where the whole has silence. They are as long
as the shortest crossfade of `Rules`, and twice that at the end, where music goes away: a rise that
takes two seconds does not startle, as that is what happens within one.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from playlist_builder.errors import AudioError
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Floats32

FADE_IN_S, FADE_OUT_S = 2.0, 4.0
SHORTER_S = 0.5  # by which a part may end after its file does: padding of encoders
PART_GONE = Phrase(
    "is shorter than when this session was made, and lacks its part. Scan and rebuild it."
)


def faded_part(
    blocks: Iterable[Floats32], rate_hz: int, from_s: float | None, to_s: float | None
) -> Iterator[Floats32]:
    """Yield the part of blocks of shape (channels, n) between two times; None needs no cut there.

    Raises `AudioError` after the last block where they end before the part does.

    The fades are of equal power, as those of `mix.crossfade`.
    """
    if from_s is None and to_s is None:
        yield from blocks
        return
    first = round((from_s or 0.0) * rate_hz)
    last = None if to_s is None else round(to_s * rate_hz)
    at = 0
    for block in blocks:
        start, stop = max(first - at, 0), block.shape[1] if last is None else last - at
        kept = block[:, start:stop]
        if kept.shape[1]:
            places = np.arange(kept.shape[1]) + (at + start + 0.5)
            share = np.ones(kept.shape[1])
            if from_s is not None:
                share = np.minimum(share, (places - first) / (FADE_IN_S * rate_hz))
            if last is not None:
                share = np.minimum(share, (last - places) / (FADE_OUT_S * rate_hz))
            yield kept * np.sin(share * (np.pi / 2.0)).astype(np.float32)
        at += block.shape[1]
        if last is not None and at >= last:
            return
    if at <= max(first, (last or 0) - round(SHORTER_S * rate_hz)):
        raise AudioError(PART_GONE)
