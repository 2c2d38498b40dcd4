"""A session to the plan of its mix: start, gain and crossfade of each track. Pure.

What the gain of a track is, and where it moves, `gains` decides. There is no limiter: where the
peaks do not allow the requested loudness, the whole mix is softer. All positions are counted in
frames (`levels.FRAMES_PER_S`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from typing import NamedTuple

import numpy as np

from playlist_builder.analysis import loudness
from playlist_builder.audio.encode import Chapter
from playlist_builder.errors import RenderError, RequestError
from playlist_builder.language.notices import Notice
from playlist_builder.models import Floats, Session, Slot
from playlist_builder.profiles.profile import Profile, Rules
from playlist_builder.recording.fades import FADE_IN_S, FADE_OUT_S, PART_GONE, SHORTER_S
from playlist_builder.recording.gains import (
    PER_BLOCK,
    Gain,
    arranged_gains,
    blocks,
    crossfade,
    with_neighbours,
)
from playlist_builder.recording.headroom import held_down
from playlist_builder.recording.levels import BLOCKS_PER_S, FRAMES_PER_S, Levels
from playlist_builder.recording.mix_settings import MixSettings

DECAY_LU = 20.0  # the decay of a track is what stays so far below its loudness at the end
HARD_ENDING_S = 0.5  # a track with a shorter decay ends hard
LONGEST_DECAY_S = 12.0  # most of a decay that overlaps the next track, whatever the crossfade
DECLICK = 1  # frames of the fade where nothing overlaps
CUT_S = 1.0  # a slot that ends so long before its track does was skipped
LEAST_ROOM = 0.01  # of full scale: left to a clip where the one before it takes all of the peak
SILENCE = "Silence"  # title of the chapter of a planned one


@dataclass(frozen=True, slots=True)
class Clip:
    """A track in the mix, or a part of one; all but the gains in frames.

    Where two overlap, the fade-out of the first and the fade-in of the second are as long as that.
    """

    path: str
    title: str
    first: int  # of the track
    length: int
    at: int  # where it starts in the mix
    gain_db: float
    fade_in: int = DECLICK
    fade_out: int = DECLICK
    course: Floats | None = None  # in dB, added to the gain: one a `BLOCK_S` of the whole track

    @property
    def moves_db(self) -> tuple[float, float]:
        """The lowest and the highest value of the course; 0 where there is none."""
        if self.course is None:
            return 0.0, 0.0
        return float(self.course.min()), float(self.course.max())

    @property
    def end(self) -> int:
        """The first frame of the mix after the clip."""
        return self.at + self.length


@dataclass(frozen=True, slots=True)
class MixPlan:
    """A whole mix, with its expected loudness and an upper bound of its true peak.

    `overall_db` is what the gains of all clips have in common: the level of the whole.
    `held_down` tells of the tracks whose peaks keep it softer than wanted.
    """

    clips: tuple[Clip, ...]
    chapters: tuple[Chapter, ...]
    loudness_lufs: float
    true_peak_dbtp: float
    overall_db: float = 0.0
    held_down: Notice | None = None

    @property
    def frames(self) -> int:
        """Length of the mix."""
        return self.clips[-1].end

    def softer(self, by_db: float) -> "MixPlan":
        """Return the plan with all gains lowered."""
        return replace(
            self,
            clips=tuple(replace(each, gain_db=each.gain_db - by_db) for each in self.clips),
            loudness_lufs=self.loudness_lufs - by_db,
            true_peak_dbtp=self.true_peak_dbtp - by_db,
            overall_db=self.overall_db - by_db,
        )

    def sounded(self, count: int) -> "MixPlan":
        """Return the plan of the first clips alone."""
        return replace(self, clips=self.clips[:count])


class _Join(NamedTuple):
    """From one track to the next: the length of the fades, and of the silence between them."""

    fade: int
    silent: int

    @property
    def overlap(self) -> int:
        """How long both are heard: a silence lies between fades, not under them."""
        return 0 if self.silent else self.fade


def plan(  # noqa: PLR0913, PLR0917 - a session, how it is mixed, and what has sounded of it
    session: Session,
    levels: Mapping[str, Levels],
    profile: Profile | None,
    settings: MixSettings,
    ceiling_dbtp: float,
    sounded: MixPlan | None = None,
) -> MixPlan:
    """Return the mix of all slots and then the tail; `levels` are those of each path.

    What has `sounded` are the first clips of an earlier plan, as they stay: the last one may end
    earlier now.
    """
    slots = [*session.slots, *session.tail]
    known = () if sounded is None else sounded.clips
    if [clip.path for clip in known] != [slot.path for slot in slots[: len(known)]]:
        raise RequestError("played: these are not the first tracks of the session.")
    playing = len(known) - 1
    coming = range(max(playing, 0), len(slots))
    cut = [place for place in coming if is_cut(slots[place], levels[slots[place].path])]
    for place in cut:
        slots[place] = _ended(slots[place])
    found = [played(levels[slot.path], slot) for slot in slots]
    silences = [sum(each.duration_s for each in some) for some in session.silences_behind]
    joins = [
        _Join(
            min(_overlap(left, right, own, profile, settings), most),
            round(silent_s * FRAMES_PER_S),
        )
        for (left, right), own, most, silent_s in zip(
            pairwise(slots), found[:-1], _longest(found, cut), silences[:-1], strict=True
        )
    ]
    edges = list(_edges(joins))
    for place in cut:
        found[place] = _with_fade(found[place], levels[slots[place].path], *edges[place])
    own = arranged_gains(
        slots,
        found,
        [each.overlap for each in joins],
        profile,
        riding=[settings.riding] * len(slots),
        fixed_db=[clip.gain_db - sounded.overall_db for clip in known] if sounded else (),
    )
    clips = _place(slots, found, own, joins, known)
    if sounded is not None:
        return _going_on(sounded, slots, clips, levels, ceiling_dbtp)
    k_power, true_peak = _sum(clips, levels)
    integrated_lufs = loudness.integrated_lufs(k_power)
    peak_dbtp = 20.0 * np.log10(max(float(true_peak.max()), 1e-9))
    wanted_db = settings.loudness_lufs - integrated_lufs
    overall_db = min(wanted_db, ceiling_dbtp - peak_dbtp)
    own_peaks = [max(float(_sum([clip], levels)[1].max()), 1e-9) for clip in clips]
    spare_db = [ceiling_dbtp - 20.0 * float(np.log10(peak)) for peak in own_peaks]
    return MixPlan(
        clips=tuple(clips),
        chapters=tuple(_chapters(slots, clips)),
        loudness_lufs=integrated_lufs,
        true_peak_dbtp=float(peak_dbtp),
        held_down=held_down(slots, spare_db, wanted_db),
    ).softer(-overall_db)


def is_cut(slot: Slot, levels: Levels) -> bool:
    """Whether a track was skipped: its slot ends well before the track does."""
    lasts_s = len(levels.k_power) / BLOCKS_PER_S - (slot.from_s or 0.0)
    return slot.to_s is None and slot.duration_s < lasts_s - CUT_S


def _ended(slot: Slot) -> Slot:
    """Return the slot of a track that was skipped as that of a part."""
    return replace(slot, to_s=(slot.from_s or 0.0) + slot.duration_s)


def _longest(found: Sequence[Levels], cut: Collection[int]) -> Iterator[int]:
    """Yield the longest crossfade behind each track; one that was skipped goes on for it."""
    for place, pair in enumerate(pairwise(each.end - each.start for each in found)):
        yield (pair[1] if place in cut else min(pair)) // 2


def _edges(joins: Sequence[_Join]) -> Iterator[tuple[_Join, _Join]]:
    """Yield the joins before and behind each track."""
    return pairwise([_Join(0, 0), *joins, _Join(0, 0)])


def _with_fade(levels: Levels, whole: Levels, before: _Join, after: _Join) -> Levels:
    """Return the levels of a track that was skipped with its fade, which begins at the skip."""
    end = max(levels.end, levels.start + before.fade) + max(after.fade, DECLICK)
    return replace(levels, end=min(end, whole.end))


def _going_on(
    sounded: MixPlan,
    slots: Sequence[Slot],
    clips: Sequence[Clip],
    levels: Mapping[str, Levels],
    ceiling_dbtp: float,
) -> MixPlan:
    """Return the plan of clips of which the first have sounded, and keep their gains.

    The others are as loud as they would have been, or softer where the peaks do not allow it.
    """
    count = len(sounded.clips)
    old = list(clips[:count])
    new = [replace(each, gain_db=each.gain_db + sounded.overall_db) for each in clips[count:]]
    blocks_count = -(-clips[-1].end // PER_BLOCK) + 2
    k_power, true_peak = _sum(old, levels, blocks_count)
    if new:
        own_power, own_peak = _sum(new, levels, blocks_count)
        left = np.maximum(10.0 ** (ceiling_dbtp / 20.0) - true_peak, LEAST_ROOM)
        factor = min(float((left / np.maximum(own_peak, 1e-9)).min()), 1.0)
        by_db = 20.0 * float(np.log10(factor))
        new = [replace(each, gain_db=each.gain_db + by_db) for each in new]
        k_power, true_peak = k_power + own_power * factor**2, true_peak + own_peak * factor
    return MixPlan(
        clips=(*old, *new),
        chapters=tuple(_chapters(slots, [*old, *new])),
        loudness_lufs=loudness.integrated_lufs(k_power),
        true_peak_dbtp=20.0 * float(np.log10(max(float(true_peak.max()), 1e-9))),
        overall_db=sounded.overall_db,
    )


def _chapters(slots: Sequence[Slot], clips: Sequence[Clip]) -> Iterator[Chapter]:
    """Yield a chapter a track, and one for each silence between two."""
    for slot, clip, after in zip_longest(slots, clips, clips[1:]):
        silent_s, end_s = clip.end / FRAMES_PER_S, (after or clip).at / FRAMES_PER_S
        if after is None or silent_s >= end_s:
            yield Chapter(_title(slot), clip.at / FRAMES_PER_S, end_s if after else silent_s)
        else:
            yield Chapter(_title(slot), clip.at / FRAMES_PER_S, silent_s)
            yield Chapter(SILENCE, silent_s, end_s)


def decay_s(levels: Levels) -> float:
    """Return the length of the decay of a track; see `DECAY_LU`."""
    power = blocks(levels.k_power, levels.start, levels.end)
    least = 10.0 ** ((loudness.integrated_lufs(power) - DECAY_LU - loudness.OFFSET_LUFS) / 10.0)
    sounding = np.flatnonzero(power >= least)
    return (len(power) - 1 - int(sounding[-1])) / BLOCKS_PER_S if sounding.size else 0.0


def played(levels: Levels, slot: Slot) -> Levels:
    """Return the levels of a track with the music that its slot plays of it."""
    start, end = levels.start, levels.end
    length_s = len(levels.k_power) / BLOCKS_PER_S
    if max(slot.from_s or 0.0, (slot.to_s or 0.0) - SHORTER_S) >= length_s:
        raise RenderError("'{path}' {fault}", path=slot.path, fault=PART_GONE)
    if slot.from_s is not None:
        start = max(start, min(round(slot.from_s * FRAMES_PER_S), end - 1))
    if slot.to_s is not None:
        end = min(end, max(round(slot.to_s * FRAMES_PER_S), start + 1))
    return replace(levels, start=start, end=end)


def _overlap(
    left: Slot, right: Slot, levels: Levels, profile: Profile | None, settings: MixSettings
) -> int:
    """Return the length of a crossfade in frames, longer for calmer tracks.

    Where it leads to or from a cut within the music it is no shorter than the fade of a part.
    """
    rules = profile.rules if profile is not None else Rules()
    keep = rules.keep_endings if settings.keep_endings is None else settings.keep_endings
    decay = decay_s(levels)
    if keep and left.to_s is None and decay < HARD_ENDING_S:
        return 0
    phases = profile.phases if profile is not None else ()
    own = next((each.crossfade_s for each in phases if each.name == right.phase), None)
    lively_s, calm_s = own or rules.crossfade_s
    liveliness = max((left.contour or (left.energy,))[-1], (right.contour or (right.energy,))[0])
    seconds = settings.crossfade_s
    if seconds is None:
        seconds = calm_s + (lively_s - calm_s) * liveliness
    if seconds:
        fades_s = FADE_OUT_S * (left.to_s is not None), FADE_IN_S * (right.from_s is not None)
        seconds = max(seconds, min(decay, LONGEST_DECAY_S), *fades_s)
    return round(seconds * FRAMES_PER_S)


def _place(
    slots: Sequence[Slot],
    found: Sequence[Levels],
    gains: Sequence[Gain],
    joins: Sequence[_Join],
    known: Sequence[Clip],
) -> list[Clip]:
    """Return the clips; those that are `known` stay as they are, but for the end of the last."""
    clips: list[Clip] = list(known)
    parts = zip(slots, found, gains, _edges(joins), strict=True)
    for number, (slot, levels, gain, (before, after)) in enumerate(parts):
        fade_out = after.fade or _fade(slot.to_s, FADE_OUT_S, levels)
        if number < len(known):
            if number == len(known) - 1:
                length = levels.end - known[-1].first
                clips[number] = replace(known[-1], length=length, fade_out=fade_out)
            continue
        clips.append(
            Clip(
                path=slot.path,
                title=slot.title,
                first=levels.start,
                length=levels.end - levels.start,
                at=clips[-1].end - before.overlap + before.silent if clips else 0,
                gain_db=gain.gain_db,
                fade_in=before.fade or _fade(slot.from_s, FADE_IN_S, levels),
                fade_out=fade_out,
                course=gain.course,
            )
        )
    return clips


def _fade(cut_s: float | None, fade_s: float, levels: Levels) -> int:
    """Return the frames of a fade with which nothing overlaps."""
    if cut_s is None:
        return DECLICK
    return min(round(fade_s * FRAMES_PER_S), (levels.end - levels.start) // 2)


def _sum(
    clips: Sequence[Clip], levels: Mapping[str, Levels], count: int = 0
) -> tuple[Floats, Floats]:
    """Return K-weighted power and a bound of the true peak of a mix, per `loudness.BLOCK_S`."""
    count = count or -(-clips[-1].end // PER_BLOCK) + 2
    k_power, true_peak = np.zeros(count), np.zeros(count)
    for clip in clips:
        gain = 10.0 ** (clip.gain_db / 20.0)
        at = clip.at // PER_BLOCK
        power, peak = (
            blocks(values, clip.first, clip.first + clip.length).copy()
            for values in (levels[clip.path].k_power, levels[clip.path].true_peak)
        )
        for length, side in ((clip.fade_in, slice(None)), (clip.fade_out, slice(None, None, -1))):
            _, rising = crossfade(length // PER_BLOCK)
            power[side][: len(rising)] *= rising**2
            # The larger of neighbouring gains: the blocks of a track lie between those of the mix.
            peak[side][: max(0, len(rising) - 1)] *= rising[1:]
        if clip.course is not None:
            moves = 10.0 ** (blocks(clip.course, clip.first, clip.first + clip.length) / 20.0)
            power *= moves**2
            peak *= with_neighbours(moves)
        k_power[at : at + len(power)] += power * gain**2
        # For the same reason, a peak may fall into the block before or after.
        true_peak[at : at + len(peak)] += with_neighbours(peak) * gain
    return k_power, true_peak


def _title(slot: Slot) -> str:
    named = " - ".join(filter(None, (slot.title, slot.artist)))
    return f"{named} [{slot.phase}]" if slot.phase else named
