"""A planned silence in a recording: nothing is heard for its time, between two fades."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from playlist_builder.audio import decode
from playlist_builder.language.notices import notice
from playlist_builder.models import Silence
from playlist_builder.recording import mix as mixing
from playlist_builder.recording.levels import FRAMES_PER_S
from playlist_builder.recording.mix_settings import MixSettings
from playlist_builder.recording.preview import preview
from playlist_builder.recording.render import render_session
from playlist_builder.recording.rendered import rendered_session
from tests.recording import test_render
from tests.recording.test_mix import CEILING_DBTP, level, profile, session, slot

LENGTHS_S = (1.5, 90.0)


def evening(silence_s):
    """Three tracks of a minute and one of the tail, with a silence behind the second and third."""
    slots = [replace(slot(n), start_s=60.0 * n, end_s=60.0 * n + 60.0) for n in range(4)]
    for number in (2, 3):
        later_s = (number - 1) * silence_s
        moved = replace(slots[number], start_s=60.0 * number + later_s)
        slots[number] = replace(moved, end_s=moved.start_s + 60.0)
    silences = (
        Silence(120.0, 120.0 + silence_s, "calm"),
        Silence(180.0 + silence_s, 180.0 + 2 * silence_s, "calm"),
    )
    return replace(session(tuple(slots[:3]), tuple(slots[3:])), silences=silences)


def planned(own, **settings):
    levels = {each.path: level(-20) for each in (*own.slots, *own.tail)}
    return mixing.plan(own, levels, profile(), MixSettings(**settings), CEILING_DBTP)


@pytest.mark.parametrize("silence_s", LENGTHS_S)
def test_a_silence_lies_between_two_fades_and_under_none(silence_s):
    mix = planned(evening(silence_s), crossfade_s=6.0)
    gaps = [after.at - before.end for before, after in pairwise(mix.clips)]
    frames = round(silence_s * FRAMES_PER_S)
    assert gaps == [-6 * FRAMES_PER_S, frames, frames]
    assert [each.fade_out for each in mix.clips[1:3]] == [6 * FRAMES_PER_S] * 2
    assert [each.fade_in for each in mix.clips[2:]] == [6 * FRAMES_PER_S] * 2


def test_a_silence_has_a_chapter_of_its_own_and_chapters_leave_no_gap():
    chapters = planned(evening(90.0)).chapters
    assert [each.title.partition(" - ")[0] for each in chapters] == [
        *("Piece 0", "Piece 1", "Silence", "Piece 2", "Silence", "Piece 3")
    ]
    assert all(left.end_s == right.start_s for left, right in pairwise(chapters))
    assert [each.end_s - each.start_s for each in chapters if each.title == "Silence"] == [90, 90]


def test_a_silence_changes_nothing_else_of_a_mix():
    bare = planned(replace(evening(90.0), silences=()), crossfade_s=0.0)
    silent = planned(evening(90.0), crossfade_s=0.0)
    own = 90 * FRAMES_PER_S
    assert [each.at for each in silent.clips] == [
        each.at + later for each, later in zip(bare.clips, (0, 0, own, 2 * own), strict=True)
    ]
    assert silent.loudness_lufs == pytest.approx(bare.loudness_lufs, abs=0.1)


def test_a_preview_holds_a_second_of_a_silence_and_says_how_long_it_is():
    excerpt = preview(planned(evening(90.0), crossfade_s=6.0))
    (_, _), (left, right), _ = zip(excerpt.clips[::2], excerpt.clips[1::2], strict=True)
    assert right.at - left.end == FRAMES_PER_S
    assert (left.fade_out, right.fade_in) == (6 * FRAMES_PER_S, 6 * FRAMES_PER_S)
    assert "Piece 1 → Silence (1:30) → Piece 2" in excerpt.chapters[1].title


def test_a_recording_is_silent_for_the_planned_time(tmp_path):
    track = test_render.writer(tmp_path)
    own = test_render.session(
        track("Dawn", test_render.noise(3.0, seed=1)), track("Dusk", test_render.noise(3.0, seed=2))
    )
    later = replace(own.slots[1], start_s=5.0, end_s=8.0)
    own = replace(own, slots=(own.slots[0], later), silences=(Silence(3.0, 5.0, "calm"),))
    path = tmp_path / "evening.wav"
    made = render_session(own, path, settings=MixSettings(crossfade_s=1.0))
    with decode.AudioFile(str(path)) as file:
        rate_hz = file.layout.sample_rate_hz
        samples = np.concatenate(list(file.blocks()), axis=1)
    power = np.abs(samples).max(axis=0)
    loud = np.flatnonzero(power > 1e-4) / rate_hz
    assert np.diff(loud).max() == pytest.approx(2.0, abs=0.02)
    assert made.duration_s == pytest.approx(8.0)
    assert [each.start_s for each in made.plan.chapters] == [0.0, 3.0, 5.0]
    assert 'TITLE "Silence"\n    INDEX 01 00:03:00' in (tmp_path / "evening.cue").read_text()


def test_a_recording_tells_of_its_silences_when_they_are_heard():
    whole = evening(90.0)
    own = replace(whole, warnings=(notice("planned_silences", count=2, lasts_s=180.0),))
    mix = planned(own, crossfade_s=6.0)
    told = rendered_session(own, mix)
    assert [each.start_s for each in told.slots] == [0.0, 54.0, 114.0 + 90.0]
    assert told.silences == (Silence(114.0, 204.0, "calm"), Silence(264.0, 354.0, "calm"))
    assert told.tail[0].start_s == told.duration_s == 354.0
    assert told.warnings == ()
