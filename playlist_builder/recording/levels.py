"""Stereo samples to loudness and true peak over time, and the silence at the edges. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from playlist_builder.analysis.loudness import BLOCK_S, k_weighting
from playlist_builder.models import Floats, Floats32

FRAMES_PER_S = 50  # clips are cut and placed at 20 ms: whole samples and whole milliseconds
SILENCE_DBFS = -60.0  # level of a frame, summed over the channels, below which it is silence
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
# The interpolating filter of ITU-R BS.1770-4, annex 2: 4 phases of 12 taps.
PHASES = np.array([_OUTER, _INNER, _INNER[::-1], _OUTER[::-1]], np.float32)
_TAPS = PHASES.shape[1]
_ROW = 30  # divides the block at 44.1 and at 48 kHz
SIDE_GAIN = 0.7071  # -3 dB for every channel but left and right, ITU-R BS.775


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """The levels of one track, a value to keep: one every `BLOCK_S` (0.1 s), shape (n,).

    Where its music starts and ends is counted in `FRAMES_PER_S` (20 ms).
    """

    k_power: Floats  # K-weighted mean square summed over the channels
    true_peak: Floats  # the largest value between the samples, full scale = 1.0
    start: int  # first frame of the music
    end: int  # first frame after the music


def stereo_gains(channels: Sequence[str]) -> Floats32:
    """Return the gains (2, channels) from channels under FFmpeg's names to left and right.

    Mono goes to both sides unchanged. Otherwise every channel but left and right loses 3 dB and
    goes to its side or, without one, to both; LFE is left out (ITU-R BS.775).
    """
    if len(channels) == 1:
        return np.ones((2, 1), np.float32)
    gains = np.zeros((2, len(channels)), np.float32)
    for column, name in enumerate(channels):
        gain = 1.0 if name in {"FL", "FR"} else SIDE_GAIN
        if not name.startswith("LFE"):
            gains[:, column] = gain * ("R" not in name), gain * ("L" not in name)
    return gains


def measure(blocks: Iterable[Floats32], sample_rate_hz: int) -> Levels:
    """Return the levels of blocks of shape (2, n): a second each, the last one shorter.

    A track without any sound counts as music from end to end: an intended pause.
    """
    hop = sample_rate_hz // FRAMES_PER_S
    size = sample_rate_hz // BLOCKS_PER_S
    frequencies_hz = np.fft.rfftfreq(size, 1 / sample_rate_hz).astype(np.float64)
    response = k_weighting(frequencies_hz, sample_rate_hz)
    # Parseval: all bins but the first and the last count for both halves of the spectrum.
    response[1 : -1 if size % 2 == 0 else None] *= 2.0
    weights = np.repeat(response / size**2, 2).astype(np.float32)
    meter = TruePeak()
    k_power: list[Floats32] = []
    true_peak: list[Floats32] = []
    sounding: list[NDArray[np.intp]] = []
    samples = 0
    for block in blocks:
        filled = np.pad(block, ((0, 0), (0, -block.shape[1] % size)))
        parts = filled.shape[1] // size
        bins = np.ascontiguousarray(np.fft.rfft(filled.reshape(2, parts, size))).view(np.float32)
        k_power.append((np.square(bins, out=bins) @ weights).sum(axis=0))
        true_peak.append(meter.push(filled, parts))
        frames = filled.reshape(2, -1, hop)
        offset = frames.mean(axis=2)  # which is not heard
        power = (np.vecdot(frames, frames) / np.float32(hop) - offset**2).sum(axis=0)
        sounding.append(samples // hop + np.flatnonzero(power > 10.0 ** (SILENCE_DBFS / 10.0)))
        samples += block.shape[1]
    frames_with_sound = np.concatenate(sounding)
    whole = samples // hop
    return Levels(
        k_power=np.concatenate(k_power).astype(np.float64),
        true_peak=np.concatenate(true_peak).astype(np.float64),
        start=int(frames_with_sound[0]) if frames_with_sound.size else 0,
        end=min(whole, int(frames_with_sound[-1]) + 1) if frames_with_sound.size else whole,
    )


class TruePeak:
    """The largest value between the samples of a stream (ITU-R BS.1770-4, annex 2)."""

    def __init__(self, channels: int = 2) -> None:
        self._carry = np.zeros((channels, _TAPS - 1), np.float32)
        # A banded matrix filters a row of samples at once, which is several times faster.
        self._bank = np.zeros((_ROW + _TAPS - 1, _ROW, len(PHASES)), np.float32)
        for place in range(_ROW):
            self._bank[place : place + _TAPS, place] = PHASES[:, ::-1].T
        self._bank = self._bank.reshape(len(self._bank), -1)

    def push(self, samples: Floats32, parts: int = 1) -> Floats32:
        """Return the peak of each of `parts` equal parts of samples (channels, n), (parts,)."""
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
