"""How a session becomes one recording: what starts when, at which gain, over which crossfade. Pure.

Every track keeps one gain from its first sample to its last, so nothing pumps; the gains differ
from the masters by as little as the limit on steps of loudness allows. There is no limiter: where
the peaks do not allow the loudness that was asked for, all of it is softer.

All places are multiples of a frame (`levels.FRAMES_PER_S`), counted in frames.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from playlist_builder.analysis import loudness
from playlist_builder.models import SILENCE_LUFS, Chapter, Session, Slot
from playlist_builder.profiles.profile import Profile, Rules
from playlist_builder.recording.levels import BLOCKS_PER_S, FRAMES_PER_S, Levels
from playlist_builder.text import clock

LOUDNESS_LUFS = -18.0
"""What ReplayGain 2.0 levels to, so that a session is as loud as other music in a player."""

EDGE_S = 10.0
"""Steps of loudness are those between so long before a transition and so long after it."""

STEP_MARGIN_LU = 0.2
"""What a step stays below the limit: the sum of two tracks is not exactly that of their powers."""

DECAY_LU = 20.0
"""A track has sounded out where it stays so far below its loudness."""

UNBOUNDED_DB = 60.0
"""What a gain may rise where nothing stands against it: more than any master asks for."""

HARD_ENDING_S = 0.5
"""A track ends hard that takes less time than this to sound out."""

LONGEST_DECAY_S = 12.0
"""So much of a track that sounds out lies under the next one, even if the crossfade is shorter."""

DECLICK = 1
"""Frames over which a track comes and goes where nothing else sounds."""

EXCERPT_S = 15.0
EXCERPT_FADE_S = 1.0
PAUSE_S = 1.0
"""A preview plays so long before and after each transition, faded, with pauses between."""

_PER_BLOCK = FRAMES_PER_S // BLOCKS_PER_S
_EDGE = round(EDGE_S * BLOCKS_PER_S)


@dataclass(frozen=True, slots=True)
class MixSettings:
    """What is asked for beyond the profile; None leaves it to the profile."""

    loudness_lufs: float = LOUDNESS_LUFS
    crossfade_s: float | None = None
    keep_endings: bool | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A track in the mix, or a part of one.

    It takes `length` frames of the track from frame `first` on, and starts at frame `at` of the
    mix. `fade_in` and `fade_out` are lengths in frames; where two pieces overlap, the fade-out of
    the one and the fade-in of the other are as long as the overlap.
    """

    path: str
    title: str
    first: int
    length: int
    at: int
    gain_db: float
    fade_in: int = DECLICK
    fade_out: int = DECLICK

    @property
    def end(self) -> int:
        """The frame of the mix before which it ends."""
        return self.at + self.length


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole mix. `loudness_lufs` is what it will have, `true_peak_dbtp` what it stays below."""

    pieces: tuple[Piece, ...]
    chapters: tuple[Chapter, ...]
    loudness_lufs: float
    true_peak_dbtp: float

    @property
    def frames(self) -> int:
        """Its length."""
        return self.pieces[-1].end

    def softer(self, by_db: float) -> "Plan":
        """Return the plan with all gains lowered."""
        return replace(
            self,
            pieces=tuple(replace(each, gain_db=each.gain_db - by_db) for each in self.pieces),
            loudness_lufs=self.loudness_lufs - by_db,
            true_peak_dbtp=self.true_peak_dbtp - by_db,
        )


def plan(
    session: Session,
    levels: Mapping[str, Levels],
    profile: Profile | None,
    wishes: MixSettings,
    ceiling_dbtp: float,
) -> Plan:
    """Plan the mix of all slots and then the tail; `levels` are those of each path."""
    slots = (*session.slots, *session.tail)
    rules = profile.rules if profile is not None else Rules()
    found = [levels[slot.path] for slot in slots]
    overlaps = [
        min(
            _overlap(left, right, levels[left.path], profile, wishes),
            (levels[left.path].end - levels[left.path].start) // 2,
            (levels[right.path].end - levels[right.path].start) // 2,
        )
        for left, right in pairwise(slots)
    ]
    rises_db = [
        allowed_rise_db(left, right, overlap, rules.loudness_step_lu - STEP_MARGIN_LU)
        for left, right, overlap in zip(found, found[1:], overlaps, strict=False)
    ]
    gains_db = gains(rises_db, [each.end - each.start for each in found])
    pieces = _placed(slots, found, gains_db, overlaps)
    k_power, true_peak = _sum(pieces, levels)
    integrated_lufs = loudness.integrated_lufs(k_power)
    peak_dbtp = 20.0 * np.log10(max(float(true_peak.max()), 1e-9))
    overall_db = min(wishes.loudness_lufs - integrated_lufs, ceiling_dbtp - peak_dbtp)
    starts = [each.at / FRAMES_PER_S for each in pieces]
    ends = [*starts[1:], pieces[-1].end / FRAMES_PER_S]
    return Plan(
        pieces=tuple(pieces),
        chapters=tuple(map(Chapter, map(_title, slots), starts, ends)),
        loudness_lufs=integrated_lufs,
        true_peak_dbtp=float(peak_dbtp),
    ).softer(-overall_db)


def preview(whole: Plan) -> Plan:
    """Return the transitions of a plan alone, as they sound in it, each between two fades."""
    around, fade, pause = (
        round(seconds * FRAMES_PER_S) for seconds in (EXCERPT_S, EXCERPT_FADE_S, PAUSE_S)
    )
    pieces: list[Piece] = []
    chapters: list[Chapter] = []
    at = 0
    for left, right in pairwise(whole.pieces):
        overlap = left.end - right.at
        out = min(left.length, around + overlap)
        into = min(right.length, around + overlap)
        pieces += [
            replace(
                left,
                first=left.first + left.length - out,
                length=out,
                at=at,
                fade_in=min(fade, out - overlap),
            ),
            replace(
                right,
                length=into,
                at=at + out - overlap,
                fade_out=min(fade, into - overlap),
            ),
        ]
        chapters.append(
            Chapter(
                f"{clock(right.at // FRAMES_PER_S)} {left.title} → {right.title}",
                at / FRAMES_PER_S,
                pieces[-1].end / FRAMES_PER_S,
            )
        )
        at = pieces[-1].end + pause
    return replace(whole, pieces=tuple(pieces), chapters=tuple(chapters))


def crossfade(length: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Gains of shape (length,) of what goes and what comes: equal power, cosine and sine."""
    angle = (np.arange(length) + 0.5) * (np.pi / 2.0 / max(1, length))
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def decay_s(levels: Levels) -> float:
    """Seconds from where a track last sounds to its end; see `DECAY_LU`."""
    power = _blocks(levels.k_power, levels.start, levels.end)
    least = 10.0 ** ((loudness.integrated_lufs(power) - DECAY_LU - loudness.OFFSET_LUFS) / 10.0)
    sounding = np.flatnonzero(power >= least)
    return (len(power) - 1 - int(sounding[-1])) / BLOCKS_PER_S if sounding.size else 0.0


def allowed_rise_db(left: Levels, right: Levels, overlap: int, limit_lu: float) -> float:
    """Return by how much the gain of `right` may exceed that of `left`, in dB.

    The mean power of `EDGE_S` after a transition is then at most `limit_lu` above that of as long
    before it, wherever in the overlap one takes it to be: before its start against after its start
    and after its end, and around its middle. With x the ratio of the powers of the gains, each is
    linear in x: a + x b <= r (c + x d). Where `left` rises further by itself, which no gain can
    mend, that is asked of `right` alone.
    """
    blocks = round(overlap / _PER_BLOCK)
    out, into = crossfade(blocks)
    edge = _EDGE + 1  # the blocks of the mix may lie one off those of a track
    going = _filled(_blocks(left.k_power, left.start, left.end)[::-1], edge + blocks)[::-1]
    coming = _filled(_blocks(right.k_power, right.start, right.end), edge + blocks)
    silence = np.zeros(edge)
    going = np.concatenate((going[:edge], going[edge:] * out**2, silence))
    coming = np.concatenate((silence, coming[:blocks] * into**2, coming[blocks:]))
    ratio = 10.0 ** (limit_lu / 10.0)
    floor = 10.0 ** ((SILENCE_LUFS - loudness.OFFSET_LUFS) / 10.0)
    start, middle, end = edge, edge + blocks // 2, edge + blocks
    highest = 10.0 ** (UNBOUNDED_DB / 10.0)
    for before, after in ((start, start), (middle, middle), (start, end)):
        a, b = (
            max(each[after + off : after + off + _EDGE].mean() for off in (-1, 0, 1))
            for each in (going, coming)
        )
        c, d = (
            min(each[before - off - _EDGE : before - off].mean() for off in (0, 1))
            for each in (going, coming)
        )
        room, slope = ratio * max(c, floor), b - ratio * d
        if slope > 0.0:
            highest = min(highest, (room - a if room > a else room) / slope)
    return float(10.0 * np.log10(highest))


def _filled(power: NDArray[np.float64], blocks: int) -> NDArray[np.float64]:
    """Return so many blocks; a track that is shorter counts as going on at its mean."""
    missing = np.full(max(0, blocks - len(power)), power.mean())
    return np.concatenate((power[:blocks], missing))


def gains(rises_db: Sequence[float], lengths: Sequence[int]) -> list[float]:
    """Return a gain in dB per track: the least change of all, weighed by length, that holds.

    `rises_db` are the most by which each gain may exceed the one before. With their sums taken
    off, what is sought is the falling sequence that is nearest in squares: isotonic regression,
    solved exactly by pooling adjacent violators (Ayer et al. 1955).
    """
    sums = np.concatenate(([0.0], np.cumsum(rises_db)))
    pools: list[tuple[float, float, int]] = []
    for level, length in zip(-sums, lengths, strict=True):
        value, weight, count = float(level), float(length), 1
        while pools and pools[-1][0] < value:
            before, heavy, many = pools.pop()
            value = (before * heavy + value * weight) / (heavy + weight)
            weight, count = heavy + weight, many + count
        pools.append((value, weight, count))
    fitted = np.repeat([pool[0] for pool in pools], [pool[2] for pool in pools])
    return [float(gain) for gain in fitted + sums]


def _overlap(
    left: Slot, right: Slot, levels: Levels, profile: Profile | None, wishes: MixSettings
) -> int:
    """Return the length of a crossfade in frames: the calmer both sides are, the longer."""
    rules = profile.rules if profile is not None else Rules()
    keep = rules.keep_endings if wishes.keep_endings is None else wishes.keep_endings
    decay = decay_s(levels)
    if keep and decay < HARD_ENDING_S:
        return 0
    phases = profile.phases if profile is not None else ()
    own = next((each.crossfade_s for each in phases if each.name == right.phase), None)
    lively_s, calm_s = own or rules.crossfade_s
    liveliness = max((left.contour or (left.energy,))[-1], (right.contour or (right.energy,))[0])
    seconds = calm_s + (lively_s - calm_s) * liveliness
    if wishes.crossfade_s is not None:
        seconds = wishes.crossfade_s
    if seconds:
        seconds = max(seconds, min(decay, LONGEST_DECAY_S))
    return round(seconds * FRAMES_PER_S)


def _placed(
    slots: Sequence[Slot], found: Sequence[Levels], gains_db: Sequence[float], overlaps: list[int]
) -> list[Piece]:
    pieces: list[Piece] = []
    at = 0
    for slot, levels, gain_db, before, after in zip(
        slots, found, gains_db, [0, *overlaps], [*overlaps, 0], strict=True
    ):
        at -= before
        length = levels.end - levels.start
        pieces.append(
            Piece(
                path=slot.path,
                title=slot.title,
                first=levels.start,
                length=length,
                at=at,
                gain_db=gain_db,
                fade_in=before or DECLICK,
                fade_out=after or DECLICK,
            )
        )
        at += length
    return pieces


def _sum(
    pieces: Sequence[Piece], levels: Mapping[str, Levels]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return K-weighted power and a bound of the true peak of a mix, per `loudness.BLOCK_S`."""
    blocks = -(-pieces[-1].end // _PER_BLOCK) + 2
    k_power, true_peak = np.zeros(blocks), np.zeros(blocks)
    for piece in pieces:
        gain = 10.0 ** (piece.gain_db / 20.0)
        at = piece.at // _PER_BLOCK
        power, peak = (
            _blocks(values, piece.first, piece.first + piece.length).copy()
            for values in (levels[piece.path].k_power, levels[piece.path].true_peak)
        )
        for length, side in ((piece.fade_in, slice(None)), (piece.fade_out, slice(None, None, -1))):
            _, rising = crossfade(length // _PER_BLOCK)
            power[side][: len(rising)] *= rising**2
            # The highest of neighbouring gains, for the blocks of a track lie between ours.
            peak[side][: max(0, len(rising) - 1)] *= rising[1:]
        k_power[at : at + len(power)] += power * gain**2
        # A peak may fall into the block before or after, for the same reason.
        peak = np.maximum(peak, np.maximum(np.append(peak[1:], 0.0), np.insert(peak[:-1], 0, 0.0)))
        true_peak[at : at + len(peak)] += peak * gain
    return k_power, true_peak


def _blocks(values: NDArray[np.float64], start: int, end: int) -> NDArray[np.float64]:
    """Return the blocks that hold the frames from `start` to `end`."""
    return values[start // _PER_BLOCK : -(-end // _PER_BLOCK)]


def _title(slot: Slot) -> str:
    named = " - ".join(filter(None, (slot.title, slot.artist)))
    return f"{named} [{slot.phase}]" if slot.phase else named
