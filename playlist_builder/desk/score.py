"""What sounds while a session runs: the clips of its mix, changed behind a moment. Pure.

A score holds one clip for each track of the session, and what really sounds, which differs where a
change was taken back after it had begun to sound: then what played before has come back, and the
track that had come for a moment is in the mix alone. Nothing changes before the moment that is
named; all of a track but its end stays as it was. Moments are frames of the mix.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from playlist_builder import Clip

LEAST_FADE = 50  # frames of a fade that begins late


@dataclass(frozen=True, slots=True)
class Score:
    """The clips of a session, one a track, those that sound, and the level of the whole in dB."""

    clips: tuple[Clip, ...]
    sounds: tuple[Clip, ...]
    overall_db: float = 0.0

    @property
    def end(self) -> int:
        """The frame at which the last sound ends."""
        return max((clip.end for clip in self.sounds), default=0)


def written(clips: Iterable[Clip], overall_db: float = 0.0) -> Score:
    """Return the score of a session that was never changed."""
    own = tuple(clips)
    return Score(own, own, overall_db)


def continued(score: Score, clips: Sequence[Clip], at: int) -> Score:
    """Return a score that goes on with other clips, which are the same before `at`.

    A new one that should have begun before begins at that moment, with what is left of its fade.
    """
    last = {_line(each): number for number, each in enumerate(score.sounds)}
    kept = list[Clip]()
    for number, own in enumerate(score.sounds):
        new = _on_line(clips, own, at)
        if own.at >= at and new is None:
            continue
        goes_on = last[_line(own)] == number and at <= own.end - own.fade_out
        kept.append(_ending_later(own, new, at) if goes_on and new is not None else own)
    begun = {_line(each) for each in kept}
    whole = tuple(
        _from(each, at, max(each.at + each.fade_in - at, LEAST_FADE))
        if each.at < at < each.end and _line(each) not in begun
        else each
        for each in clips
    )
    coming = [each for each in whole if each.at >= at and _line(each) not in begun]
    if kept and coming and _on_line(clips, kept[-1], at) is None:  # it had come back for a moment
        fade = coming[0].fade_in
        kept[-1] = _cut(kept[-1], coming[0].at + fade, fade)
    return Score(whole, (*kept, *coming), score.overall_db)


def returned(score: Score, clips: Sequence[Clip], at: int, fade: int) -> Score:
    """Return a score in which other clips come back from `at` on, with a fade of this length.

    Where the track of before has not begun to fade, it plays on. Otherwise what has come plays
    until a fade that is under way is over, or, where the track of before ends soon, until the next.
    """
    past = [each for each in score.sounds if each.at < at]
    own = past[-1]
    new = _on_line(clips, own, at)
    if new is not None and at <= min(own.end - own.fade_out, new.end - new.fade_out):
        later = [each for each in clips if each.at >= at]
        return Score(tuple(clips), (*past[:-1], ending_as(own, new), *later), score.overall_db)
    at = max([at, *(each.end for each in past[:-1]), own.end if new is not None else at])
    back = [each for each in clips if each.at >= at]
    playing = [each for each in clips if each.at < at < each.end]
    if playing and (back[0].at if back else playing[-1].end) - at > 2 * fade:
        back.insert(0, _from(playing[-1], at, fade))
    if back:
        past[-1] = _cut(own, max(at, back[0].at) + back[0].fade_in, back[0].fade_in)
    return Score(tuple(clips), (*past, *back), score.overall_db)


def ended(score: Score, path: str, at: int, end: int) -> Score:
    """Return a score in which a file is not heard behind `end`, and as before until `at`."""
    fade = max(end - at, 1)
    cut = (
        _cut(each, end, min(fade, each.fade_out)) if each.path == path and each.at < end else each
        for each in score.sounds
    )
    return Score(score.clips, tuple(cut), score.overall_db)


def settled(score: Score, at: int) -> int:
    """Return the first moment from `at` on at which one track sounds alone, and may be ended."""
    past = [each for each in score.sounds if each.at <= at]
    lines = {_line(each) for each in past}
    back = [each for each in score.sounds if each.at > at and _line(each) in lines]
    return max([at, *(each.end for each in [*past, *back][:-1])])


def first_change(before: Sequence[Clip], after: Sequence[Clip]) -> int | None:
    """Return the frame from which two mixes differ, or None where they are the same."""
    old, new = ({(_line(each), each.at): each for each in clips} for clips in (before, after))
    changes = [found for key in old.keys() | new.keys() for found in _changes(old, new, key)]
    return min(changes, default=None)


def silent_seconds(sounds: Sequence[Clip], from_: int, to: int) -> list[tuple[int, int]]:
    """Return where nothing sounds between two frames."""
    found, at = list[tuple[int, int]](), from_
    for each in sorted(sounds, key=lambda clip: clip.at):
        if each.at > at and at < to:
            found.append((at, min(each.at, to)))
        at = max(at, each.end)
    return [*found, (at, to)] if at < to else found


def ending_as(own: Clip, other: Clip) -> Clip:
    """Return a clip that ends as another one of the same sound does."""
    return replace(own, length=max(other.end - own.at, 1), fade_out=other.fade_out)


def _ending_later(own: Clip, new: Clip, at: int) -> Clip:
    """Return a clip that ends as a new one, with a fade that does not begin before `at`."""
    if own.end == new.end and own.fade_out == new.fade_out:
        return own
    ending = ending_as(own, new)
    return replace(ending, fade_out=max(min(ending.fade_out, ending.end - at), 1))


def same(left: Clip, right: Clip) -> bool:
    """Whether two clips sound alike."""
    return _plain(left) == _plain(right) and _same_course(left, right)


_Sounds = dict[tuple[tuple[str, int], int], Clip]


def _changes(old: _Sounds, new: _Sounds, key: tuple[tuple[str, int], int]) -> Iterator[int]:
    left, right = old.get(key), new.get(key)
    if left is None or right is None:
        yield key[1]
    elif not same(left, ending_as(right, left)):
        yield left.at
    elif not same(left, right):
        yield min(each.end - each.fade_out for each in (left, right))


def _plain(clip: Clip) -> tuple[object, ...]:
    fades = clip.fade_in, clip.fade_out
    return clip.path, clip.first, clip.length, clip.at, clip.gain_db, *fades


def _same_course(left: Clip, right: Clip) -> bool:
    if left.course is None or right.course is None:
        return left.course is right.course
    return np.array_equal(left.course, right.course)


def _line(clip: Clip) -> tuple[str, int]:
    """Return what is the same for all parts of a track that play as if it had never stopped."""
    return clip.path, clip.at - clip.first


def _on_line(clips: Sequence[Clip], own: Clip, at: int) -> Clip | None:
    """Return the one that begins before `at` and is the same sound."""
    return next((each for each in clips if each.at < at and _line(each) == _line(own)), None)


def _cut(clip: Clip, end: int, fade: int) -> Clip:
    if clip.end <= end:
        return clip
    length = max(end - clip.at, 1)
    return replace(clip, length=length, fade_out=min(fade, length))


def _from(clip: Clip, at: int, fade: int) -> Clip:
    later = at - clip.at
    length = clip.length - later
    return replace(
        clip, first=clip.first + later, length=length, at=at, fade_in=min(fade, max(length // 2, 1))
    )
