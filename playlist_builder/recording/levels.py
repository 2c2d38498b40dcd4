"""How loud a track is at each moment, as the mix will hear it: loudness, true peak, silence. Pure.

It takes two channels at the rate of the mix, so that what is planned with is what is played. It
judges nothing: what may follow what, and how loud, is the business of `mix`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from playlist_builder.analysis.loudness import BLOCK_S, k_weighting

FRAMES_PER_S = 50
"""Everything is cut and placed at multiples of 20 ms: whole samples and whole milliseconds."""

SILENCE_DBFS = -60.0
"""Frames whose level, summed over the channels, lies below this are silence at the edges."""

BLOCKS_PER_S = round(1.0 / BLOCK_S)

_OUTER = (
    *(0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000),
    *(-0.0594482421875, 0.1373291015625, 0.9721679687500, -0.1022949218750),
    *(0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500),
)
_INNER = (
    *(-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250),
    *(-0.1665039062500, 0.4650878906250, 0.7797851562500, -0.2003173828125),
    *(0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375),
)
PHASES = np.array([_OUTER, _INNER, _INNER[::-1], _OUTER[::-1]], np.float32)
"""The interpolating filter of ITU-R BS.1770-4, annex 2: 4 phases of 12 taps."""

_TAPS = PHASES.shape[1]
_ROW = 30  # divides the block at 44.1 and at 48 kHz

SIDE_GAIN = 0.7071
"""Of every channel but left and right: -3 dB, ITU-R BS.775."""


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """The levels of one track, as decoded from its first sample on.

    `k_power` is the K-weighted mean square summed over the channels, `true_peak` the largest
    value between the samples (full scale = 1.0), both of shape (n,), one every `BLOCK_S`. The
    music starts at frame `start` and ends before frame `end`, counted in `FRAMES_PER_S`.
    """

    k_power: NDArray[np.float64]
    true_peak: NDArray[np.float64]
    start: int
    end: int


def downmix(channels: Sequence[str]) -> NDArray[np.float32]:
    """Gains of shape (2, channels) from channels under FFmpeg's names to left and right.

    Mono goes to both sides as it is. Otherwise left and right stay, every other channel loses 3 dB
    and goes to its side or, without one, to both; LFE is left out (ITU-R BS.775).
    """
    if len(channels) == 1:
        return np.ones((2, 1), np.float32)
    gains = np.zeros((2, len(channels)), np.float32)
    for column, name in enumerate(channels):
        gain = 1.0 if name in {"FL", "FR"} else SIDE_GAIN
        if not name.startswith("LFE"):
            gains[:, column] = gain * ("R" not in name), gain * ("L" not in name)
    return gains


def measure(blocks: Iterable[NDArray[np.float32]], sample_rate_hz: int) -> Levels:
    """Measure one track from blocks of shape (2, n): a second each, the last one shorter.

    A track without any sound is music from end to end: a pause that someone wanted.
    """
    hop = sample_rate_hz // FRAMES_PER_S
    size = sample_rate_hz // BLOCKS_PER_S
    frequencies_hz = np.fft.rfftfreq(size, 1 / sample_rate_hz).astype(np.float64)
    response = k_weighting(frequencies_hz, sample_rate_hz)
    # Parseval: all bins but the first and the last stand for both halves of the spectrum.
    response[1 : -1 if size % 2 == 0 else None] *= 2.0
    weights = np.repeat(response / size**2, 2).astype(np.float32)
    meter = TruePeak()
    k_power: list[NDArray[np.float32]] = []
    true_peak: list[NDArray[np.float32]] = []
    sounding: list[NDArray[np.intp]] = []
    samples = 0
    for block in blocks:
        filled = np.pad(block, ((0, 0), (0, -block.shape[1] % size)))
        parts = filled.shape[1] // size
        bins = np.ascontiguousarray(np.fft.rfft(filled.reshape(2, parts, size))).view(np.float32)
        k_power.append((np.square(bins, out=bins) @ weights).sum(axis=0))
        true_peak.append(meter.push(filled, parts))
        frames = filled.reshape(2, -1, hop)
        power = np.vecdot(frames, frames).sum(axis=0) / np.float32(hop)
        sounding.append(samples // hop + np.flatnonzero(power > 10.0 ** (SILENCE_DBFS / 10.0)))
        samples += block.shape[1]
    heard = np.concatenate(sounding)
    whole = samples // hop
    return Levels(
        k_power=np.concatenate(k_power).astype(np.float64),
        true_peak=np.concatenate(true_peak).astype(np.float64),
        start=int(heard[0]) if heard.size else 0,
        end=min(whole, int(heard[-1]) + 1) if heard.size else whole,
    )


class TruePeak:
    """The largest value between the samples of a stream (ITU-R BS.1770-4, annex 2)."""

    def __init__(self, channels: int = 2) -> None:
        self._carry = np.zeros((channels, _TAPS - 1), np.float32)
        # A band matrix: the filter for a row of samples at once, which is several times faster.
        self._bank = np.zeros((_ROW + _TAPS - 1, _ROW, len(PHASES)), np.float32)
        for place in range(_ROW):
            self._bank[place : place + _TAPS, place] = PHASES[:, ::-1].T
        self._bank = self._bank.reshape(len(self._bank), -1)

    def push(self, samples: NDArray[np.float32], parts: int = 1) -> NDArray[np.float32]:
        """Return the peak of each of so many equal parts of samples of shape (channels, n)."""
        joined = np.concatenate((self._carry, samples), axis=1)
        self._carry = joined[:, -(_TAPS - 1) :]
        joined = np.pad(joined, ((0, 0), (0, -samples.shape[1] % _ROW)))
        rows = sliding_window_view(joined, _ROW + _TAPS - 1, axis=1)[:, ::_ROW]
        between = rows.reshape(-1, rows.shape[-1]) @ self._bank
        between = between.reshape(len(samples), parts, -1)
        highest = np.maximum(between.max(axis=(0, 2)), -between.min(axis=(0, 2)))
        whole = samples.reshape(len(samples), parts, -1)
        of_samples = np.maximum(whole.max(axis=(0, 2)), -whole.min(axis=(0, 2)))
        return np.asarray(np.maximum(highest, of_samples))
