"""The plan of a mix -> that of its transitions alone. Pure."""

from collections.abc import Collection
from dataclasses import replace
from itertools import pairwise

from playlist_builder.audio.encode import Chapter
from playlist_builder.language.text import clock
from playlist_builder.recording.levels import FRAMES_PER_S
from playlist_builder.recording.mix import SILENCE, Clip, MixPlan

EXCERPT_S = 15.0  # of a preview before and after each transition
EXCERPT_FADE_S = 1.0
PAUSE_S = 1.0  # between the excerpts of a preview


def preview(whole: MixPlan, joins: Collection[int] = ()) -> MixPlan:
    """Return the transitions of a plan alone, unchanged, each between two fades.

    With `joins` only those that lead into the tracks of these numbers, from 2.
    Of a planned silence a second is heard.
    """
    around, fade, pause = (
        round(seconds * FRAMES_PER_S) for seconds in (EXCERPT_S, EXCERPT_FADE_S, PAUSE_S)
    )
    clips: list[Clip] = []
    chapters: list[Chapter] = []
    at = 0
    for number, (left, right) in enumerate(pairwise(whole.clips), start=2):
        if joins and number not in joins:
            continue
        overlap, silent = max(left.end - right.at, 0), max(right.at - left.end, 0)
        out, into = (min(clip.length, around + overlap) for clip in (left, right))
        skipped = left.first + left.length - out
        out_fade, into_fade = min(fade, out - overlap), min(fade, into - overlap)
        clips += [
            replace(left, first=skipped, length=out, at=at, fade_in=out_fade),
            replace(
                right, length=into, at=at + out - overlap + min(silent, pause), fade_out=into_fade
            ),
        ]
        between = f"{SILENCE} ({clock(silent / FRAMES_PER_S)}) → " if silent else ""
        title = f"{clock(right.at // FRAMES_PER_S)} {left.title} → {between}{right.title}"
        chapters.append(Chapter(title, at / FRAMES_PER_S, clips[-1].end / FRAMES_PER_S))
        at = clips[-1].end + pause
    return replace(whole, clips=tuple(clips), chapters=tuple(chapters))
