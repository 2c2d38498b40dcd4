"""Where exactly a track of which a part plays is cut: at the quietest moment near by.

The arranger cuts at whole steps of ten seconds, as it knows no more of a track than its contour.
Here the music around a cut is decoded and measured. Its quietest moment is a rest between phrases
where it is clearly softer than what is around it. Where it is not, and onsets tell that the music
goes on, the cut would lie within a phrase; a sound that is held may be cut anywhere.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import islice

import numpy as np

from playlist_builder.analysis import loudness
from playlist_builder.arranger.trims import MOST_SHIFT_S
from playlist_builder.audio import decode
from playlist_builder.errors import AudioError
from playlist_builder.models import Floats, Floats32, Track
from playlist_builder.recording import levels

NEAR_S = MOST_SHIFT_S  # around a whole step
EDGE_S = 10.0  # of the loudness at an end, as `analysis.features` measures it of whole tracks
WIDE_S = NEAR_S + EDGE_S
ALIKE_LU = 1.0  # moments that differ by less are as quiet as each other
# What a rest is softer by than what is around it, and an onset louder than what it begins in; of 11
# cuts in game music the two without a rest to be heard had 0.1 and 1.7, the others 2.4 and more.
REST_LU, ONSET_LU = 2.0, 2.0
ONSET_BLOCKS = 2
RATES_HZ = (44_100, 48_000)  # that `levels.measure` divides into whole blocks


def settled(track: Track) -> Track | None:
    """Return a part with its cuts at quiet moments near by, and the loudness at them as measured.

    None where a cut would lie within a phrase; the part as it is where its file cannot be decoded.
    """
    features, from_s, to_s = track.features, track.from_s, track.to_s
    try:
        if from_s is not None:
            start = _cut(track.path, track.identity, from_s, is_start=True)
            if start is None:
                return None
            from_s, lufs = start
            features = replace(features, start_loudness_lufs=lufs)
        if to_s is not None:
            stop = _cut(track.path, track.identity, to_s, is_start=False)
            if stop is None:
                return None
            to_s, lufs = stop
            features = replace(features, end_loudness_lufs=lufs)
    except (AudioError, OSError):
        return track
    shift_s = (to_s or 0.0) - (track.to_s or 0.0) - (from_s or 0.0) + (track.from_s or 0.0)
    features = replace(features, duration_s=features.duration_s + shift_s)
    return replace(track, features=features, from_s=from_s, to_s=to_s)


@lru_cache(maxsize=4000)  # several parts have a cut in common, and sessions of one request parts
def _cut(path: str, _identity: str, near_s: float, *, is_start: bool) -> tuple[float, float] | None:
    """Return where a part begins or ends near a time, and how loud it is there, or None."""
    power = _power(path, near_s)
    at_s = quietest_s(power, near_s, is_last=is_start)
    if at_s is None:
        return None
    edge = (at_s, at_s + EDGE_S) if is_start else (at_s - EDGE_S, at_s)
    return at_s, loudness.mean_lufs(_between(power, *edge))


def quietest_s(power: Floats, cut_s: float, *, is_last: bool) -> float | None:
    """Return the quietest moment around a time: of several alike the last one, or the first.

    `power` is K-weighted, one value per `loudness.BLOCK_S` of the track; a moment is as long as
    momentary loudness is. None where it is no rest, though onsets tell that there are phrases.
    """
    first_s, width = max(cut_s - NEAR_S, 0.0), loudness.MOMENTARY_BLOCKS
    near = _between(power, first_s, cut_s + NEAR_S)
    moments = loudness.lufs(np.convolve(near, np.full(width, 1.0 / width), "valid"))
    blocks = loudness.lufs(near)
    has_onsets = (blocks[ONSET_BLOCKS:] - blocks[:-ONSET_BLOCKS]).max() > ONSET_LU
    if has_onsets and moments.min() > loudness.mean_lufs(near) - REST_LU:
        return None
    alike = np.flatnonzero(moments <= moments.min() + ALIKE_LU)
    middle = int(alike[-1 if is_last else 0]) + width / 2.0
    return round(first_s + middle * loudness.BLOCK_S, 3)


def _between(power: Floats, start_s: float, stop_s: float) -> Floats:
    first, last = (round(time_s / loudness.BLOCK_S) for time_s in (max(start_s, 0.0), stop_s))
    return power[first:last]


def _power(path: str, near_s: float) -> Floats:
    """Return the K-weighted power of a track around a time, 0 before, per `loudness.BLOCK_S`.

    It ends some way behind that time, or where the track does.
    """
    first, last = (int(time_s / decode.BLOCK_S) for time_s in (near_s - WIDE_S, near_s + WIDE_S))
    with decode.AudioFile(path) as file:
        rate_hz, blocks = _stereo(file)
        near = list(islice(blocks, max(first, 0), last + 1))
        if not near:
            raise AudioError("it is shorter than it was")
        found = levels.measure(near, rate_hz).k_power
    before = round(max(first, 0) * decode.BLOCK_S / loudness.BLOCK_S)
    return np.concatenate([np.zeros(before), found])


def _stereo(file: decode.AudioFile) -> tuple[int, Iterator[Floats32]]:
    """Return the rate and the blocks of a file as stereo, at one of `RATES_HZ`."""
    rate_hz = file.layout.sample_rate_hz
    gains = levels.stereo_gains(file.layout.channels)
    blocks: Iterator[Floats32] = (gains @ block for block in file.blocks())
    if rate_hz in RATES_HZ:
        return rate_hz, blocks
    return RATES_HZ[0], decode.resampled(blocks, rate_hz, RATES_HZ[0])
