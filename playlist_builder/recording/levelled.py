"""Tracks that play one after another, by whatever player -> the gain of each. Pure.

They follow the arc of loudness as a recording does, but no gain moves where only the player applies
it. No gain lifts a true peak over the limit: all of them are lower where one would.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playlist_builder.analysis import loudness
from playlist_builder.models import Floats, Slot
from playlist_builder.profiles.profile import Profile
from playlist_builder.recording.gains import (
    LOSSY_MARGIN_DB,
    PEAK_LIMIT_DBTP,
    arranged_gains,
    blocks,
    with_neighbours,
)
from playlist_builder.recording.levels import Levels
from playlist_builder.recording.mix import LOUDNESS_LUFS, played


@dataclass(frozen=True, slots=True, eq=False)
class TrackGain:
    """The gain of a track in dB, and the true peak of its file, full scale = 1.0.

    `course`, where there is one, adds to the gain: a value in dB for each `BLOCK_S` of the track.
    """

    gain_db: float
    peak: float
    course: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LevelledTracks:
    """The gain of each track of a session, and the loudness of them all together."""

    gains: tuple[TrackGain, ...]
    loudness_lufs: float


def levelled(
    slots: Sequence[Slot],
    levels: Sequence[Levels],
    profile: Profile | None,
    *,
    riding: Sequence[bool],
    lossy: bool = False,
) -> LevelledTracks:
    """Return the gains of tracks by the levels of their files.

    Only those with `riding` have gains that move. What is going to be encoded `lossy` keeps more
    room for its peaks.
    """
    found = [played(each, slot) for each, slot in zip(levels, slots, strict=True)]
    own = arranged_gains(slots, found, [0] * (len(slots) - 1), profile, riding=riding)
    powers, peaks = [], []
    for each, gain in zip(found, own, strict=True):
        moves = np.zeros(len(each.k_power)) if gain.course is None else gain.course
        power = each.k_power * 10.0 ** (moves / 10.0)
        powers.append(10.0 ** (gain.gain_db / 10.0) * blocks(power, each.start, each.end))
        peaks.append(float((each.true_peak * with_neighbours(10.0 ** (moves / 20.0))).max()))
    lufs = loudness.integrated_lufs(np.concatenate(powers))
    limit_dbtp = PEAK_LIMIT_DBTP - LOSSY_MARGIN_DB * lossy
    rooms_db = [
        limit_dbtp - gain.gain_db - 20.0 * float(np.log10(max(peak, 1e-9)))
        for gain, peak in zip(own, peaks, strict=True)
    ]
    overall_db = min(LOUDNESS_LUFS - lufs, *rooms_db)
    return LevelledTracks(
        tuple(
            TrackGain(gain.gain_db + overall_db, peak, gain.course)
            for gain, peak in zip(own, peaks, strict=True)
        ),
        lufs + overall_db,
    )
