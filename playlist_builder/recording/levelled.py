"""Tracks that play one after another, by whatever player -> the gain of each. Pure.

They follow the arc of loudness as a recording does, but no gain moves where only the player applies
it. There is no crossfade behind which music could come in: where gains move, what follows an ending
enters slowly instead. No gain lifts a true peak over the limit: all of them are lower where one
would.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from playlist_builder.analysis import loudness
from playlist_builder.models import Floats, Slot
from playlist_builder.notices import Notice, notice
from playlist_builder.profiles.profile import Profile, Rules
from playlist_builder.recording.gains import (
    CALM_RISE_LU,
    JOIN_S,
    JUMP_MARGIN_LU,
    LOSSY_MARGIN_DB,
    PEAK_LIMIT_DBTP,
    PER_BLOCK,
    Gain,
    arranged_gains,
    blocks,
    has_not_faded,
    is_calm,
    with_neighbours,
)
from playlist_builder.recording.levels import BLOCKS_PER_S, Levels
from playlist_builder.recording.mix import LOUDNESS_LUFS, played
from playlist_builder.recording.ride import BEFORE_S, FLOOR_LU, rises

LONGEST_ENTRY_S = 20.0
SOFTEST_ENTRY = 10.0**-2.4  # of the power: softer, it would be silence, and what follows the entry


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
    """The gain of each track of a session, and the loudness of them all together.

    `heard` tells of rises beyond the limits all the same, where no gain moves within a track.
    """

    gains: tuple[TrackGain, ...]
    loudness_lufs: float
    heard: tuple[Notice, ...] = ()


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
    powers = [_power(each, gain) for each, gain in zip(found, own, strict=True)]
    limit_lu = (profile.rules if profile is not None else Rules()).loudness_step_lu - JUMP_MARGIN_LU
    for place in range(1, len(own)):
        entry_db = entry(powers[place - 1], powers[place], limit_lu)
        if riding[place] and len(entry_db):
            own[place] = _entering(own[place], found[place], entry_db)
            powers[place] = _power(found[place], own[place])
    peaks = [
        float((each.true_peak * with_neighbours(10.0 ** (_moves(each, gain) / 20.0))).max())
        for each, gain in zip(found, own, strict=True)
    ]
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
        tuple(_heard(slots, powers, profile, limit_lu, riding)),
    )


def _heard(
    slots: Sequence[Slot],
    powers: Sequence[Floats],
    profile: Profile | None,
    limit_lu: float,
    riding: Sequence[bool],
) -> Iterator[Notice]:
    """Yield a notice for each rise at a join, or within a calm track, that no gain keeps down."""
    for place, (slot, own) in enumerate(zip(slots, powers, strict=True)):
        if riding[place]:
            continue
        title = slot.title or slot.path
        if place and (step_lu := _join_lu(powers[place - 1], own)) > limit_lu + JUMP_MARGIN_LU:
            values = {"at_s": slot.start_s, "step_lu": round(step_lu, 1)}
            code = "heard_louder" if has_not_faded(powers[place - 1]) else "heard_behind_ending"
            yield notice(code, title=title, **values)
        seconds = own[: len(own) // BLOCKS_PER_S * BLOCKS_PER_S].reshape(-1, BLOCKS_PER_S)
        if not is_calm(slot, profile) or len(seconds) <= BEFORE_S:
            continue
        now, before, _ = rises(seconds.mean(axis=1))
        within_lu = (now - before)[BEFORE_S:]
        if within_lu.max() > CALM_RISE_LU:
            at_s = slot.start_s + BEFORE_S + int(within_lu.argmax())
            values = {"at_s": at_s, "step_lu": round(float(within_lu.max()), 1)}
            yield notice("heard_within", title=title, **values)


def _join_lu(before: Floats, after: Floats) -> float:
    """Return how much louder music begins than what plays before it ends; see `entry`."""
    count = round(JOIN_S * BLOCKS_PER_S)
    floor_lufs = loudness.integrated_lufs(after) + FLOOR_LU
    return float(
        loudness.lufs(after[:count].mean())
        - max(float(loudness.lufs(before[-count:].mean())), floor_lufs)
    )


def entry(before: Floats, after: Floats, limit_lu: float) -> Floats:
    """Return the gains in dB by which music enters, one a tenth; none where it need not be slow.

    For the power of each tenth of what plays before and after, shapes (n,) and (m,): `JOIN_S`
    before and after differ by `limit_lu` at most then. The fade is the shortest that does so, of
    the shape of a crossfade. What is softer than the music behind it by more than `FLOOR_LU` counts
    as if it were not softer.
    """
    count = round(JOIN_S * BLOCKS_PER_S)
    excess_lu = _join_lu(before, after) - limit_lu
    if excess_lu <= 0.0:
        return np.zeros(0)
    most_lufs = float(loudness.lufs(after[:count].mean())) - excess_lu
    for seconds in np.arange(1.0, LONGEST_ENTRY_S + 0.5, 0.5).tolist():
        places = np.arange(round(seconds * BLOCKS_PER_S)) + 0.5
        fade = np.maximum(np.sin(places / len(places) * (np.pi / 2.0)) ** 2, SOFTEST_ENTRY)
        fade = fade[: len(after)]
        entering = after[: max(count, len(fade))].copy()
        entering[: len(fade)] *= fade
        if loudness.lufs(entering[:count].mean()) <= most_lufs:
            break
    return np.asarray(10.0 * np.log10(fade))


def _power(levels: Levels, gain: Gain) -> Floats:
    """Return the power of a track with its gain, where it is music."""
    whole = levels.k_power * 10.0 ** ((gain.gain_db + _moves(levels, gain)) / 10.0)
    return blocks(whole, levels.start, levels.end)


def _moves(levels: Levels, gain: Gain) -> Floats:
    return np.zeros(len(levels.k_power)) if gain.course is None else gain.course


def _entering(gain: Gain, levels: Levels, entry_db: Floats) -> Gain:
    """Return a gain by which a track enters slowly."""
    course = _moves(levels, gain).copy()
    first = levels.start // PER_BLOCK
    course[first : first + len(entry_db)] += entry_db
    course[:first] = course[first]
    return Gain(gain.gain_db, course)
