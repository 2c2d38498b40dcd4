"""Loudness from K-weighted power: ITU-R BS.1770-4, EBU Tech 3342, startling rises, and silence.

Pure. The K-weighting filter is applied to power spectra, as the squared response of the standard's
two biquads. All other functions take the K-weighted mean square summed over channels, one value
per `BLOCK_S`. On real music the result agrees with time-domain filters to a few hundredths of
an LU.
"""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from playlist_builder.models import SILENCE_LUFS, Bools, Floats, Floats32, Ints

BLOCK_S = 0.1  # seconds per value of K-weighted power: the hop of the standard's gating blocks
MOMENTARY_BLOCKS = 4  # 400 ms, BS.1770-4
SHORT_TERM_BLOCKS = 30  # 3 s, EBU Tech 3341
RELATIVE_GATE_LU = -10.0  # BS.1770-4
RANGE_GATE_LU = -20.0  # EBU Tech 3342
RANGE_PERCENTILES = (10.0, 95.0)  # EBU Tech 3342
OFFSET_LUFS = -0.691  # BS.1770-4: a full-scale 997 Hz sine in one channel reads -3.01 LUFS
STARTLE_WITHIN_BLOCKS = 10
STARTLE_BEFORE_BLOCKS = 100
STARTLE_FLOOR_LU = -20.0  # sound further below the track's loudness is a fade, not calm
# A stretch is silent where each block is this far below the loudness of its track: hiss, dither and
# hum are; the limits are absolute.
SILENT_LU = -40.0
SILENT_LUFS = (-70.0, -50.0)
SHORTEST_SILENCE_BLOCKS = 30  # 3 s: shorter ones are rests of the music
# A sound of at most so many blocks is a click where as many blocks on one side of it are silent: so
# are a scratch and the crackle of a record, and a pulse of the music is not.
CLICK_BLOCKS = 3
BESIDE_BLOCKS = 15
SILENT_SHARE = 0.85
SURROUND_WEIGHT = 1.41  # +1.5 dB, BS.1770-4
SURROUND = frozenset({"BL", "BR", "BC", "SL", "SR", "SDL", "SDR"})  # FFmpeg's names


def channel_weights(channels: Sequence[str]) -> Floats32:
    """Return the weights of BS.1770-4 for the power of each channel, (channels,); 0 for LFE."""
    return np.array(
        [
            0.0 if name.startswith("LFE") else SURROUND_WEIGHT if name in SURROUND else 1.0
            for name in channels
        ],
        dtype=np.float32,
    )


def k_weighting(frequencies_hz: Floats, sample_rate_hz: int) -> Floats:
    """Return the power response of the K-weighting filter (BS.1770-4), shape (frequencies,).

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
    return np.asarray(np.abs(shelf * high_pass) ** 2)


def lufs(power: Floats) -> Floats:
    """Return the loudness of K-weighted power in LUFS, never below `SILENCE_LUFS`."""
    with np.errstate(divide="ignore"):
        return np.maximum(OFFSET_LUFS + 10 * np.log10(power), SILENCE_LUFS)


def integrated_lufs(power: Floats) -> float:
    """Return the gated loudness of a track (BS.1770-4), `SILENCE_LUFS` if nothing passes.

    `power` has shape (n,), one K-weighted mean square per `BLOCK_S`.
    """
    blocks = _mean_over(power, MOMENTARY_BLOCKS)
    blocks = blocks[lufs(blocks) > SILENCE_LUFS]
    if not blocks.size:
        return SILENCE_LUFS
    gate = lufs(blocks.mean()) + RELATIVE_GATE_LU
    return float(lufs(blocks[lufs(blocks) > gate].mean()))


def range_lu(power: Floats) -> float:
    """Return the loudness range of EBU Tech 3342 in LU, of short-term loudness every `BLOCK_S`."""
    blocks = _mean_over(power, SHORT_TERM_BLOCKS)
    blocks = blocks[lufs(blocks) > SILENCE_LUFS]
    if not blocks.size:
        return 0.0
    gate = lufs(blocks.mean()) + RANGE_GATE_LU
    passing = lufs(blocks[lufs(blocks) >= gate])
    # The nearest rank, as in the reference code of Tech 3342: it matters in short tracks.
    low, high = np.percentile(passing, RANGE_PERCENTILES, method="nearest")
    return float(high - low)


def mean_lufs(power: Floats) -> float:
    """Return the ungated loudness of a passage in LUFS."""
    return float(lufs(power.mean())) if power.size else SILENCE_LUFS


def startle_lu(power: Floats) -> float:
    """Return the largest rise of momentary loudness within one second, in LU.

    The rise is measured from the mean of the ten seconds before, the last momentary loudness, or
    `STARTLE_FLOOR_LU` below the track's loudness, whichever is loudest, so neither a fade-in nor
    the next beat counts. A rise in the first second does not count.
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


def silent_blocks(power: Floats) -> Bools:
    """Return which blocks of a track are silent against the whole, shape (n,)."""
    limit_lufs = np.clip(integrated_lufs(power) + SILENT_LU, *SILENT_LUFS)
    return np.asarray(lufs(power) <= limit_lufs)


def longest_silence_s(silent: Bools) -> tuple[float, float]:
    """Return where the longest silence begins, and how long it is, in seconds, by `silent_blocks`.

    Silence at the edges counts, and clicks in it do not end it. Both are 0 where there is none of
    at least `SHORTEST_SILENCE_BLOCKS`.
    """
    starts, ends = _runs(_without_clicks(silent)).T
    longest = int((ends - starts).argmax()) if len(starts) else 0
    if not len(starts) or ends[longest] - starts[longest] < SHORTEST_SILENCE_BLOCKS:
        return 0.0, 0.0
    return float(starts[longest]) * BLOCK_S, float(ends[longest] - starts[longest]) * BLOCK_S


def edge_silences_s(silent: Bools) -> tuple[float, float]:
    """Return seconds before the first sound and after the last, by `silent_blocks`, without clicks.

    Both are all of a track without a sound.
    """
    sounding = np.flatnonzero(~_without_clicks(silent))
    if not sounding.size:
        return len(silent) * BLOCK_S, len(silent) * BLOCK_S
    return float(sounding[0]) * BLOCK_S, float(len(silent) - 1 - sounding[-1]) * BLOCK_S


def _without_clicks(silent: Bools) -> Bools:
    """Return silent blocks together with those of clicks; beyond the edges all is silent."""
    result = silent.copy()
    padded = np.pad(silent, BESIDE_BLOCKS, constant_values=True)
    shares = _mean_over(padded.astype(np.float64), BESIDE_BLOCKS)  # of the blocks from each one on
    for start, end in _runs(~silent):
        if end - start <= CLICK_BLOCKS:
            after = shares[end + BESIDE_BLOCKS]
            result[start:end] = max(shares[start], after) > SILENT_SHARE
    return result


def _runs(which: Bools) -> Ints:
    """Return where each run of blocks that hold begins and ends, (runs, 2)."""
    return np.flatnonzero(np.diff(np.concatenate(([0], which, [0])))).reshape(-1, 2)


def _mean_over(power: Floats, blocks: int) -> Floats:
    """Return the moving mean over `blocks` values; a shorter track is one block."""
    if 0 < len(power) < blocks:
        return np.asarray(power.mean(keepdims=True))
    summed = np.concatenate(([0.0], np.cumsum(power)))
    return np.asarray(np.maximum(summed[blocks:] - summed[:-blocks], 0.0) / blocks)
