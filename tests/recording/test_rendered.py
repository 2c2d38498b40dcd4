"""The session of a recording has the times of its chapters and CUE sheet, and its loudness."""

from dataclasses import replace

import numpy as np
import pytest

from playlist_builder.analysis import loudness
from playlist_builder.language.notices import notice
from playlist_builder.language.text import clock
from playlist_builder.models import Session, Slot
from playlist_builder.recording import cue, mix
from playlist_builder.recording.levels import Levels
from playlist_builder.recording.mix_settings import MixSettings
from playlist_builder.recording.rendered import rendered_session

LUFS = (-12.0, -20.0, -16.0)


def level(lufs, seconds=100, lead_s=0):
    power = np.full(10 * seconds, 10 ** ((lufs - loudness.OFFSET_LUFS) / 10))
    return Levels(power, np.full(len(power), 0.3), 50 * lead_s, 50 * seconds)


@pytest.fixture
def session():
    slots = [
        Slot(
            *(f"/{n}", "", f"T{n}", "", "", 100.0 * n, 100.0 * n + 100, "p", 0.5, 0.5),
            contour=tuple(0.05 * step for step in range(10)),
            loudness_lufs=lufs,
            start_loudness_lufs=lufs,
            end_loudness_lufs=lufs,
        )
        for n, lufs in enumerate(LUFS)
    ]
    jumps = notice("loudness_jumps", count=1, limit_lu=3.0, worst_lu=4.0)
    return Session(
        *("arc", "relative", 300.0, 300.0, 0.0, 0.0, 0.0, slots[:2], slots[2:]),
        warnings=(jumps, notice("copies_left_out", count=1)),
    )


def planned(session, lead_s=0):
    levels = {f"/{n}": level(lufs, lead_s=lead_s) for n, lufs in enumerate(LUFS)}
    return mix.plan(session, levels, None, MixSettings(crossfade_s=8.0), -1.0)


def test_times_are_those_of_the_chapters_and_of_the_cue_sheet(session):
    plan = planned(session)
    found = rendered_session(session, plan)
    slots = (*found.slots, *found.tail)
    assert [slot.start_s for slot in slots] == pytest.approx([0.0, 92.0, 184.0])
    assert [slot.start_s for slot in slots] == [each.start_s for each in plan.chapters]
    assert slots[-1].end_s == pytest.approx(plan.frames / 50)
    sheet = cue.sheet("a.flac", "A", plan.chapters)
    minutes = [line.split()[-1] for line in sheet.splitlines() if "INDEX" in line]
    assert [clock(slot.start_s).zfill(5) for slot in slots] == [each[:5] for each in minutes]


def test_tracks_are_as_loud_as_they_are_mixed_and_masters_are_not_told_of(session):
    found = rendered_session(session, planned(session))
    slots = (*found.slots, *found.tail)
    assert np.ptp([slot.loudness_lufs for slot in slots]) < 0.1
    assert slots[1].start_loudness_lufs - slots[0].end_loudness_lufs == pytest.approx(0.0, abs=0.1)
    assert [each.code for each in found.warnings] == ["copies_left_out"]


def test_a_silence_that_is_left_out_is_left_out_of_the_contour(session):
    found = rendered_session(replace(session), planned(session, lead_s=20))
    assert found.slots[0].contour[0] == pytest.approx(0.1)
