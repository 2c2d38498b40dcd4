"""Tracks that play one after another, by whatever player -> the gain of each. Pure.

They follow the arc of loudness as a recording does, but no gain moves where only the player applies
it, and what is sudden then is told. There is no crossfade behind which music could come in: where
gains move, what follows an ending enters slowly instead. No gain lifts a true peak over the limit:
all of them are lower where one would.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from playlist_builder.analysis import loudness
from playlist_builder.language.notices import Notice, notice
from playlist_builder.models import Floats, Slot
from playlist_builder.profiles.profile import Profile, Rules
from playlist_builder.recording.gains import (
    CALM_RISE_LU,
    EDGE_S,
    JOIN_S,
    JUMP_MARGIN_LU,
    LOSSY_MARGIN_DB,
    PEAK_LIMIT_DBTP,
    PER_BLOCK,
    Gain,
    arranged_gains,
    blocks,
    course_of,
    has_not_faded,
    is_calm,
    limit_within_lu,
    with_neighbours,
)
from playlist_builder.recording.headroom import held_down
from playlist_builder.recording.levels import BLOCKS_PER_S, SILENCE_DBFS, Levels
from playlist_builder.recording.mix import played
from playlist_builder.recording.mix_settings import LOUDNESS_LUFS
from playlist_builder.recording.ride import BEFORE_S, FLOOR_LU, rises

LONGEST_ENTRY_S = 30.0  # by which even a loud beginning comes out of next to nothing
_EDGE_S = round(EDGE_S)
_JOIN = round(JOIN_S * BLOCKS_PER_S)
_OFF = (0, 1)  # tenths of a copy as it plays lie between those of its file
FADED_AWAY_LUFS = SILENCE_DBFS - 9.0  # of deep notes, of which the weighting counts less
SOFTEST_ENTRY = 10.0**-2.4  # of the power: softer, it would be silence, and what follows the entry


@dataclass(frozen=True, slots=True, eq=False)
class TrackGain:
    """The gain of a track in dB, and the true peak of its file, full scale = 1.0.

    `course`, where there is one, adds to the gain: a value in dB for each `BLOCK_S` of the track.
    """

    gain_db: float
    peak: float
    course: Floats | None = None


class HeardStep(NamedTuple):
    """A rise beyond the limits that is heard all the same, in the track at `place`, from 0."""

    place: int
    told: Notice


@dataclass(frozen=True, slots=True, eq=False)
class LevelledTracks:
    """The gain of each track of a session, and the loudness of them all together.

    `heard` are rises that the gains do not keep down, most where none moves within a track, and
    `held_down` tells of the tracks whose peaks keep the whole soft.
    """

    gains: tuple[TrackGain, ...]
    loudness_lufs: float
    heard: tuple[HeardStep, ...] = ()
    held_down: Notice | None = None


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
    headroom for its peaks.
    """
    found = [played(each, slot) for each, slot in zip(levels, slots, strict=True)]
    own = arranged_gains(slots, found, [0] * (len(slots) - 1), profile, riding=riding)
    limit_dbtp = PEAK_LIMIT_DBTP - LOSSY_MARGIN_DB * lossy
    own = _overall(found, own, limit_dbtp).gains
    limit_lu = (profile.rules if profile is not None else Rules()).loudness_step_lu - JUMP_MARGIN_LU
    endings: list[Floats] = []
    for place, (slot, each) in enumerate(zip(slots, found, strict=True)):
        if place and riding[place]:
            entry_db = entry(endings[-1], _power(each, own[place]), limit_lu)
            if len(entry_db):
                own[place] = _calmed(slot, each, _entering(own[place], each, entry_db), profile)
        endings.append(_to_the_end(slot, each, own[place]))
    whole = _overall(found, own, limit_dbtp)
    own = whole.gains
    powers = [_power(each, gain) for each, gain in zip(found, own, strict=True)]
    joins_lu = [
        0.0,
        *(_join_lu(left, right) for left, right in zip(endings, powers[1:], strict=False)),
    ]
    heard = [
        HeardStep(place, told)
        for place, slot in enumerate(slots)
        for told in (
            *_at_join(slot, joins_lu[place], endings[max(place - 1, 0)], limit_lu),
            *_within(slot, powers[place], profile),
        )
    ]
    gains = [
        TrackGain(gain.gain_db, _peak(each, gain), gain.course)
        for each, gain in zip(found, own, strict=True)
    ]
    told = held_down(slots, whole.spare_db, whole.wanted_db)
    return LevelledTracks(tuple(gains), whole.loudness_lufs, tuple(heard), told)


class _Overall(NamedTuple):
    """Gains of all tracks, their loudness, and by how much each and all of them got louder."""

    gains: list[Gain]
    loudness_lufs: float
    spare_db: list[float]  # at most
    wanted_db: float


def _overall(found: Sequence[Levels], own: Sequence[Gain], limit_dbtp: float) -> _Overall:
    """Return gains that are as loud together as their peaks allow."""
    pairs = list(zip(found, own, strict=True))
    lufs = loudness.integrated_lufs(np.concatenate([_power(*each) for each in pairs]))
    spare_db = [
        limit_dbtp - gain.gain_db - 20.0 * float(np.log10(max(_peak(each, gain), 1e-9)))
        for each, gain in pairs
    ]
    wanted_db = LOUDNESS_LUFS - lufs
    by_db = min(wanted_db, *spare_db)
    louder = [replace(gain, gain_db=gain.gain_db + by_db) for gain in own]
    return _Overall(louder, lufs + by_db, spare_db, wanted_db)


def _peak(levels: Levels, gain: Gain) -> float:
    """Return the true peak of a track by what its gain moves, full scale = 1.0."""
    moves = 10.0 ** (_moves(levels, gain) / 20.0)
    return float((levels.true_peak * with_neighbours(moves)).max())


def _to_the_end(slot: Slot, levels: Levels, gain: Gain) -> Floats:
    """Return the power of a track with its gain until nothing is heard of it any more.

    A gain that lifts a fade makes more of it heard, and one that lowers it less.
    """
    if slot.to_s is not None:
        return _power(levels, gain)
    whole = levels.k_power * 10.0 ** ((gain.gain_db + _moves(levels, gain)) / 10.0)
    heard = np.flatnonzero(whole >= 10.0 ** (FADED_AWAY_LUFS / 10.0))
    return blocks(whole, levels.start, PER_BLOCK * (int(heard[-1]) + 1 if len(heard) else 0))


def _at_join(slot: Slot, step_lu: float, ending: Floats, limit_lu: float) -> Iterator[Notice]:
    """Yield a notice where a track comes in louder than it may."""
    if step_lu > limit_lu + JUMP_MARGIN_LU:
        code = "heard_louder" if has_not_faded(ending) else "heard_behind_ending"
        values = {"at_s": slot.start_s, "step_lu": round(step_lu, 1)}
        yield notice(code, title=slot.title or slot.path, **values)


def _within(slot: Slot, power: Floats, profile: Profile | None) -> Iterator[Notice]:
    """Yield a notice where a calm track startles within."""
    seconds = power[: len(power) // BLOCKS_PER_S * BLOCKS_PER_S].reshape(-1, BLOCKS_PER_S)
    if not is_calm(slot, profile) or len(seconds) <= BEFORE_S:
        return
    now, before, _ = rises(seconds.mean(axis=1))
    steps_lu = (now - before)[BEFORE_S:]
    if steps_lu.max() > CALM_RISE_LU:
        at_s = slot.start_s + BEFORE_S + int(steps_lu.argmax())
        values = {"at_s": at_s, "step_lu": round(float(steps_lu.max()), 1)}
        yield notice("heard_within", title=slot.title or slot.path, **values)


def _join_lu(before: Floats, after: Floats) -> float:
    """Return how much louder music begins than what plays before it ends; see `entry`."""
    floor_lufs = loudness.integrated_lufs(after) + FLOOR_LU
    last = min(before[-_JOIN - off : len(before) - off].mean() for off in _OFF if len(before) > off)
    return _first_lufs(after) - max(float(loudness.lufs(last)), floor_lufs)


def _first_lufs(power: Floats) -> float:
    """Return the loudness of the first `JOIN_S` of what is heard of music."""
    first = int((power >= 10.0 ** (SILENCE_DBFS / 10.0)).argmax())
    firsts = [power[first + off : first + off + _JOIN] for off in _OFF if len(power) > first + off]
    return float(loudness.lufs(max(each.mean() for each in firsts)))


def entry(before: Floats, after: Floats, limit_lu: float) -> Floats:
    """Return the gains in dB by which music enters, one a tenth; none where it need not be slow.

    For the power of each tenth of what plays before and after, shapes (n,) and (m,): `JOIN_S`
    before and after differ by `limit_lu` at most then. The fade is the shortest that does so, of
    the shape of a crossfade. What is softer than the music behind it by more than `FLOOR_LU` counts
    as if it were not softer.
    """
    excess_lu = _join_lu(before, after) - limit_lu
    if excess_lu <= 0.0:
        return np.zeros(0)
    most_lufs = _first_lufs(after) - excess_lu
    for seconds in np.arange(1.0, LONGEST_ENTRY_S + 0.5, 0.5).tolist():
        places = np.arange(round(seconds * BLOCKS_PER_S)) + 0.5
        fade = np.maximum(np.sin(places / len(places) * (np.pi / 2.0)) ** 2, SOFTEST_ENTRY)
        fade = fade[: len(after)]
        entering = after.copy()
        entering[: len(fade)] *= fade
        if _first_lufs(entering) <= most_lufs:
            break
    return np.asarray(10.0 * np.log10(fade))


def _power(levels: Levels, gain: Gain) -> Floats:
    """Return the power of a track with its gain, where it is music."""
    whole = levels.k_power * 10.0 ** ((gain.gain_db + _moves(levels, gain)) / 10.0)
    return blocks(whole, levels.start, levels.end)


def _moves(levels: Levels, gain: Gain) -> Floats:
    return np.zeros(len(levels.k_power)) if gain.course is None else gain.course


def _entering(gain: Gain, levels: Levels, entry_db: Floats) -> Gain:
    """Return a gain by which a track enters slowly, by `entry`."""
    course = _moves(levels, gain).copy()
    first = levels.start // PER_BLOCK
    course[first : first + len(entry_db)] += entry_db
    course[:first] = course[first]
    return Gain(gain.gain_db, course)


def _calmed(slot: Slot, levels: Levels, gain: Gain, profile: Profile | None) -> Gain:
    """Return a gain that keeps the limits within a calm track once it enters slowly as well."""
    limit_lu = limit_within_lu(slot, profile)
    if limit_lu is None:
        return gain
    entering = replace(levels, k_power=levels.k_power * 10.0 ** (_moves(levels, gain) / 10.0))
    more = course_of(entering, limit_lu, 0.0, (_EDGE_S, _EDGE_S))
    return gain if more is None else Gain(gain.gain_db, _moves(levels, gain) + more)
