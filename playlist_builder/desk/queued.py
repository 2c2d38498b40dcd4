"""What sounds in a run, as a player plays it from its queue: whole tracks, in turn. Pure.

A player knows the track that plays and how far it is; by both the time of the mix is known, again
with each track. What a player leaves at the edges of tracks, and its own crossfade, is lost in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from playlist_builder import Clip, Silent, Sounded
from playlist_builder.desk.score import Score
from playlist_builder.desk.timeline import SILENT_S, Timeline, end_s, seconds, start_s

SHORTER_S = 1.0  # a slot that is so much shorter than its track was cut by a press


@dataclass(frozen=True, slots=True)
class Part:
    """A track in the queue: when it sounds in the mix, and from what second of its file on.

    `cut_s` is when it is to be left, None where it plays to its end; a part that `is_back` goes on
    with a track that was left before.
    """

    path: str
    title: str
    at_s: float
    end_s: float
    first_s: float
    cut_s: float | None = None
    is_back: bool = False

    def inside_s(self, mix_s: float) -> float:
        """Return the second of the file at a time of the mix."""
        begins = mix_s <= self.at_s and not self.is_back
        return 0.0 if begins else self.first_s + max(mix_s - self.at_s, 0.0)

    def mix_s(self, elapsed_s: float) -> float:
        """Return the time of the mix at a second of the file."""
        return max(self.at_s + elapsed_s - self.first_s, self.at_s)


def parts_of(score: Score, line: Timeline, lengths_s: Mapping[str, float]) -> tuple[Part, ...]:
    """Return what is to be in a queue; `lengths_s` are those of whole tracks, by path."""
    found, begun = list[Part](), set[tuple[str, int]]()
    pairs = zip(line.clips, line.slots, strict=True)
    whole = {
        _line(clip): clip.end
        for clip, slot in pairs
        if slot.duration_s > lengths_s.get(slot.path, 0.0) - SHORTER_S
    }
    for number, clip in enumerate(score.sounds):
        own = _line(clip)
        is_cut = own not in whole or clip.end < whole[own]
        cut_s = seconds(clip.end - clip.fade_out) if is_cut else None
        last = score.sounds[number - 1] if number else None
        if found and last is not None and _line(last) == own:  # it never stopped
            found[-1] = replace(found[-1], end_s=end_s(clip), cut_s=cut_s)
            continue
        first_s = seconds(clip.first)
        found.append(
            Part(clip.path, clip.title, start_s(clip), end_s(clip), first_s, cut_s, own in begun)
        )
        begun.add(own)
    return tuple(found)


def place_at(parts: Sequence[Part], mix_s: float) -> int:
    """Return the place of the part that began last; of the first before it."""
    return max(sum(each.at_s <= mix_s for each in parts) - 1, 0)


def silence_after(parts: Sequence[Part], place: int) -> bool:
    """Whether nothing is to play for a while behind a part."""
    coming = parts[place + 1 : place + 2]
    return bool(coming) and coming[0].at_s - parts[place].end_s > SILENT_S


def limit_s(parts: Sequence[Part], place: int) -> float:
    """Return the time of the mix that is not passed while a part plays."""
    coming = parts[place + 1 : place + 2]
    return coming[0].at_s if coming else parts[place].end_s


def behind(parts: Sequence[Part], queue: Sequence[Part], place: int) -> tuple[Part, ...]:
    """Return a queue that goes on as `parts` do behind the place where it plays."""
    here = queue[place]
    same = [each for each in parts if _same(each, here)]
    rest = [each for each in parts if each.at_s > here.at_s]
    return (*queue[:place], *(same[:1] or [here]), *rest)


def heard(
    parts: Sequence[Part], identities: Mapping[str, str], from_s: float, to_s: float
) -> Iterator[tuple[float, Sounded | Silent]]:
    """Yield what sounded between two times of the mix, each with the time from which it did."""
    covered_s = from_s
    for part in parts:
        start, end = max(part.at_s, from_s), min(part.end_s, to_s)
        if end <= start:
            continue
        if start > covered_s:
            yield covered_s, Silent(start - covered_s)
        offset_s = part.first_s + start - part.at_s
        yield start, Sounded(identities.get(part.path, ""), offset_s, end - start)
        covered_s = max(covered_s, end)
    if to_s > covered_s:
        yield covered_s, Silent(to_s - covered_s)


def _line(clip: Clip) -> tuple[str, int]:
    return clip.path, clip.at - clip.first


def _same(left: Part, right: Part) -> bool:
    return (left.path, left.at_s) == (right.path, right.at_s)
