"""Loudness from K-weighted power: ITU-R BS.1770-4, EBU Tech 3342, and how much a track startles.

Pure. The weighting filter is applied to power spectra, as the squared response of the standard's
two biquads, so one transform serves loudness and everything else; what comes in afterwards is the
K-weighted power summed over channels, one value per `BLOCK_S` seconds. On real music the result
agrees with time-domain filters to a few hundredths of an LU.
"""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from playlist_builder.models import SILENCE_LUFS

BLOCK_S = 0.1
"""Seconds per value of K-weighted power: the hop of the standard's gating blocks."""

MOMENTARY_BLOCKS = 4  # 400 ms, BS.1770-4
SHORT_TERM_BLOCKS = 30  # 3 s, EBU Tech 3341
RELATIVE_GATE_LU = -10.0  # BS.1770-4
RANGE_GATE_LU = -20.0  # EBU Tech 3342
RANGE_PERCENTILES = (10.0, 95.0)  # EBU Tech 3342
OFFSET_LUFS = -0.691  # BS.1770-4: a full-scale 997 Hz sine in one channel reads -3.01 LUFS

STARTLE_WITHIN_BLOCKS = 10
STARTLE_BEFORE_BLOCKS = 100
STARTLE_FLOOR_LU = -20.0
"""Sound softer than this below the track's loudness counts as the start of a fade, not as calm."""

SURROUND_WEIGHT = 1.41
SURROUND = frozenset({"BL", "BR", "BC", "SL", "SR", "SDL", "SDR"})
"""Channels that BS.1770-4 weighs by +1.5 dB, under FFmpeg's names."""


def channel_weights(channels: Sequence[str]) -> NDArray[np.float32]:
    """Weights of BS.1770-4 for the power of each channel; LFE counts nothing."""
    return np.array(
        [
            0.0 if name.startswith("LFE") else SURROUND_WEIGHT if name in SURROUND else 1.0
            for name in channels
        ],
        dtype=np.float32,
    )


def k_weighting(frequencies_hz: NDArray[np.float64], sample_rate_hz: int) -> NDArray[np.float64]:
    """Power response of the K-weighting filter (BS.1770-4) at the given frequencies.

    The standard tabulates the biquads for 48 kHz only; for other rates they are derived from the
    analogue prototype by the bilinear transform, with the constants of libebur128.
    """
    z = np.exp(-2j * np.pi * frequencies_hz / sample_rate_hz)
    k, q = np.tan(np.pi * 1681.974450955533 / sample_rate_hz), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    shelf = (
        (high + band * k / q + k * k)
        + 2 * (k * k - high) * z
        + (high - band * k / q + k * k) * z**2
    ) / ((1 + k / q + k * k) + 2 * (k * k - 1) * z + (1 - k / q + k * k) * z**2)
    k, q = np.tan(np.pi * 38.13547087602444 / sample_rate_hz), 0.5003270373238773
    gain = 1 + k / q + k * k
    high_pass = gain * (1 - z) ** 2 / (gain + 2 * (k * k - 1) * z + (1 - k / q + k * k) * z**2)
    response: NDArray[np.float64] = np.abs(shelf * high_pass) ** 2
    return response


def lufs(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """K-weighted power as loudness in LUFS, never below `SILENCE_LUFS`."""
    with np.errstate(divide="ignore"):
        return np.maximum(OFFSET_LUFS + 10 * np.log10(power), SILENCE_LUFS)


def integrated_lufs(power: NDArray[np.float64]) -> float:
    """Gated loudness of a whole track (BS.1770-4); `SILENCE_LUFS` where nothing passes the gate.

    `power` has shape (n,), one K-weighted mean square per `BLOCK_S`.
    """
    blocks = _mean_over(power, MOMENTARY_BLOCKS)
    return _gated(blocks[lufs(blocks) > SILENCE_LUFS])


def range_lu(power: NDArray[np.float64]) -> float:
    """Loudness range of EBU Tech 3342 in LU, from short-term loudness every `BLOCK_S`."""
    blocks = _mean_over(power, SHORT_TERM_BLOCKS)
    blocks = blocks[lufs(blocks) > SILENCE_LUFS]
    if not blocks.size:
        return 0.0
    gate = lufs(blocks.mean()) + RANGE_GATE_LU
    passing = lufs(blocks[lufs(blocks) >= gate])
    # The nearest rank, as in the reference code of Tech 3342: it matters in short tracks.
    low, high = np.percentile(passing, RANGE_PERCENTILES, method="nearest")
    return float(high - low)


def mean_lufs(power: NDArray[np.float64]) -> float:
    """Ungated loudness of a passage in LUFS."""
    return float(lufs(power.mean())) if power.size else SILENCE_LUFS


def startle_lu(power: NDArray[np.float64]) -> float:
    """Return the largest rise of momentary loudness within one second, in LU.

    It is a rise above the mean of the ten seconds before as well as above the last moment, so that
    neither a fade-in nor the next beat counts as a surprise; and above `STARTLE_FLOOR_LU` below
    the track's loudness at least. The first second has no before.
    """
    moments = _mean_over(power, MOMENTARY_BLOCKS)
    if len(power) < 2 * STARTLE_WITHIN_BLOCKS:
        return 0.0
    summed = np.concatenate(([0.0], np.cumsum(power)))
    ends = np.arange(STARTLE_WITHIN_BLOCKS, len(power) - STARTLE_WITHIN_BLOCKS + 1)
    starts = np.maximum(ends - STARTLE_BEFORE_BLOCKS, 0)
    before = (summed[ends] - summed[starts]) / (ends - starts)
    within = STARTLE_WITHIN_BLOCKS - MOMENTARY_BLOCKS + 1
    after = sliding_window_view(moments, within).max(axis=1)[ends]
    floor = integrated_lufs(power) + STARTLE_FLOOR_LU
    just_before = lufs(moments[ends - MOMENTARY_BLOCKS])
    calm = np.maximum(np.maximum(lufs(before), just_before), floor)
    return max(0.0, float((lufs(after) - calm).max()))


def _gated(blocks: NDArray[np.float64]) -> float:
    if not blocks.size:
        return SILENCE_LUFS
    gate = lufs(blocks.mean()) + RELATIVE_GATE_LU
    return float(lufs(blocks[lufs(blocks) > gate].mean()))


def _mean_over(power: NDArray[np.float64], blocks: int) -> NDArray[np.float64]:
    """Return the moving mean over `blocks` values; a shorter track is one block."""
    if 0 < len(power) < blocks:
        whole: NDArray[np.float64] = power.mean(keepdims=True)
        return whole
    summed = np.concatenate(([0.0], np.cumsum(power)))
    means: NDArray[np.float64] = np.maximum(summed[blocks:] - summed[:-blocks], 0.0) / blocks
    return means
