"""Where exactly a track of which a part plays is cut: at the quietest moment near by.

The arranger cuts at whole steps of ten seconds, as it knows no more of a track than its contour.
Here the music around a cut is decoded and measured. Its quietest moment is a rest between phrases
where there is one, and else where a sound has faded and the next has not begun: no onset is in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice
from math import ceil

import numpy as np

from playlist_builder.analysis import loudness
from playlist_builder.audio import decode
from playlist_builder.errors import AudioError
from playlist_builder.models import Floats, Floats32, Track
from playlist_builder.recording import levels

NEAR_S = 4.5  # around a whole step: less than half of one, so that the contour of a part stays
EDGE_S = 10.0  # of the loudness at an end, as `analysis.features` measures it of whole tracks
WIDE_S = NEAR_S + EDGE_S
ALIKE_LU = 1.0  # moments that differ by less are as quiet as each other
RATES_HZ = (44_100, 48_000)  # that `levels.measure` divides into whole blocks


def settled(track: Track) -> Track:
    """Return a part with its cuts at quiet moments near by, and the loudness at them as measured.

    It is returned as it is where its file cannot be decoded.
    """
    cuts_s = [cut_s for cut_s in (track.from_s, track.to_s) if cut_s is not None]
    try:
        power = _power(track.path, cuts_s)
    except (AudioError, OSError):
        return track
    features, from_s, to_s = track.features, track.from_s, track.to_s
    if from_s is not None:
        from_s = quietest_s(power, from_s, is_last=True)
        start_lufs = loudness.mean_lufs(_between(power, from_s, from_s + EDGE_S))
        features = replace(features, start_loudness_lufs=start_lufs)
    if to_s is not None:
        to_s = quietest_s(power, to_s, is_last=False)
        end_lufs = loudness.mean_lufs(_between(power, to_s - EDGE_S, to_s))
        features = replace(features, end_loudness_lufs=end_lufs)
    shift_s = (to_s or 0.0) - (track.to_s or 0.0) - (from_s or 0.0) + (track.from_s or 0.0)
    features = replace(features, duration_s=features.duration_s + shift_s)
    return replace(track, features=features, from_s=from_s, to_s=to_s)


def quietest_s(power: Floats, cut_s: float, *, is_last: bool) -> float:
    """Return the quietest moment around a time: of several alike the last one, or the first.

    `power` is K-weighted, one value per `loudness.BLOCK_S` of the track; a moment is as long as
    momentary loudness is.
    """
    first_s, width = max(cut_s - NEAR_S, 0.0), loudness.MOMENTARY_BLOCKS
    near = _between(power, first_s, cut_s + NEAR_S)
    moments = loudness.lufs(np.convolve(near, np.full(width, 1.0 / width), "valid"))
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
