"""Where exactly a track of which a part plays is cut: at the quietest moment near by.

The arranger cuts at whole steps of ten seconds, as it knows no more of a track than its contour.
Here the music around a cut is decoded and measured. Its quietest moment is a rest between phrases
where it is clearly softer than what is around it. Where it is not, and onsets tell that the music
goes on, the cut would lie within a phrase; a sound that is held may be cut anywhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby, islice
from math import ceil

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
Cut = tuple[float, float]  # where it lies in the track, and the loudness of the music beside it


def settled(track: Track) -> Track | None:
    """Return a part with its cuts at quiet moments near by, and the loudness at them as measured.

    None where a cut would lie within a phrase; the part as it is where its file cannot be decoded.
    """
    try:
        start, stop = _cuts(track.path, track.identity, track.from_s, track.to_s)
    except (AudioError, OSError):
        return track
    features, from_s, to_s = track.features, track.from_s, track.to_s
    if from_s is not None:
        if start is None:
            return None
        features = replace(features, start_loudness_lufs=start[1])
        features = replace(features, duration_s=features.duration_s + from_s - start[0])
        from_s = start[0]
    if to_s is not None:
        if stop is None:
            return None
        features = replace(features, end_loudness_lufs=stop[1])
        features = replace(features, duration_s=features.duration_s + stop[0] - to_s)
        to_s = stop[0]
    return replace(track, features=features, from_s=from_s, to_s=to_s)


@lru_cache(maxsize=1000)  # several sessions of one request have parts in common
def _cuts(
    path: str, _identity: str, from_s: float | None, to_s: float | None
) -> tuple[Cut | None, Cut | None]:
    """Return the cuts at the start and at the end of a part, None where there is none."""
    power = _power(path, [cut_s for cut_s in (from_s, to_s) if cut_s is not None])
    start, stop = None, None
    if from_s is not None and (at_s := quietest_s(power, from_s, is_last=True)) is not None:
        start = at_s, loudness.mean_lufs(_between(power, at_s, at_s + EDGE_S))
    if to_s is not None and (at_s := quietest_s(power, to_s, is_last=False)) is not None:
        stop = at_s, loudness.mean_lufs(_between(power, at_s - EDGE_S, at_s))
    return start, stop


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


def _power(path: str, cuts_s: Sequence[float]) -> Floats:
    """Return the K-weighted power of a track around cuts, 0 elsewhere, per `loudness.BLOCK_S`.

    It ends behind the last cut, or where the track does.
    """
    end_s, known = max(cuts_s) + WIDE_S, 0
    power = np.zeros(ceil(end_s / loudness.BLOCK_S))

    def is_near(numbered: tuple[int, Floats32]) -> bool:
        start_s = numbered[0] * decode.BLOCK_S
        return any(-decode.BLOCK_S < start_s - cut_s + WIDE_S < 2.0 * WIDE_S for cut_s in cuts_s)

    with decode.AudioFile(path) as file:
        rate_hz, blocks = _stereo(file)
        needed = islice(enumerate(blocks), ceil(end_s / decode.BLOCK_S))
        for near, several in groupby(needed, is_near):
            if not near:  # only decoded: `groupby` goes through them
                continue
            found = list(several)
            at = round(found[0][0] * decode.BLOCK_S / loudness.BLOCK_S)
            own = levels.measure((block for _, block in found), rate_hz).k_power
            known = min(at + len(own), len(power))
            power[at:known] = own[: known - at]
    return power[:known]


def _stereo(file: decode.AudioFile) -> tuple[int, Iterator[Floats32]]:
    """Return the rate and the blocks of a file as stereo, at one of `RATES_HZ`."""
    rate_hz = file.layout.sample_rate_hz
    gains = levels.stereo_gains(file.layout.channels)
    blocks: Iterator[Floats32] = (gains @ block for block in file.blocks())
    if rate_hz in RATES_HZ:
        return rate_hz, blocks
    return RATES_HZ[0], decode.resampled(blocks, rate_hz, RATES_HZ[0])
