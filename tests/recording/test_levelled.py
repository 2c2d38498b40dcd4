"""Gains for players: the planned arc, small rises, and no peak over the limit, for any levels."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.analysis import loudness
from playlist_builder.models import Slot
from playlist_builder.profiles.profile import Phase, Profile, Rules
from playlist_builder.recording.levelled import entry, levelled
from playlist_builder.recording.levels import Levels
from playlist_builder.recording.ride import rises

PROFILE = Profile(
    "arc",
    "Arc",
    "",
    1800.0,
    (
        Phase("calm", 0.0, 600.0, 0.1, 0.1),
        Phase("peak", 600.0, 1200.0, 0.9, 0.9),
        Phase("return", 1200.0, 1800.0, 0.1, 0.1),
    ),
    Rules(),
)


def level(*lufs, peak=0.5, seconds=300):
    power = 10 ** ((np.repeat(lufs, 10 * seconds // len(lufs)) - loudness.OFFSET_LUFS) / 10)
    return Levels(power, np.full(len(power), peak), 0, 5 * len(power))


def slots(count, phases=("calm", "calm", "peak", "peak", "return", "return")):
    return [
        Slot(f"/{n}", "", f"{n}", "", "", 300.0 * n, 300.0 * n + 300, phases[n], 0.5, 0.5)
        for n in range(count)
    ]


def loud(found, masters):
    return [gain.gain_db + lufs for gain, lufs in zip(found.gains, masters, strict=True)]


def test_masters_of_any_loudness_follow_the_plan():
    masters = [-10.7, -19.0, -21.7, -14.0, -8.6, -23.0]
    found = levelled(slots(6), [level(each) for each in masters], PROFILE, riding=[False] * 6)
    arc = PROFILE.loudness_lu([150.0 + 300.0 * n for n in range(6)])
    off = np.array(loud(found, masters)) - arc
    assert np.ptp(off) < 1.5
    assert all(gain.course is None for gain in found.gains)


masters = st.lists(st.tuples(st.floats(-40.0, -5.0), st.floats(0.01, 1.4)), min_size=2, max_size=6)


@settings(max_examples=15)
@given(masters)
def test_no_peak_is_lifted_over_the_limit_and_no_join_rises_beyond_it(tracks):
    found = [level(lufs, peak=peak) for lufs, peak in tracks]
    plan = levelled(slots(len(found)), found, PROFILE, riding=[False] * len(found))
    for gain, (_, peak) in zip(plan.gains, tracks, strict=True):
        assert gain.peak == pytest.approx(peak)
        assert 20 * np.log10(peak) + gain.gain_db <= -1.0 + 1e-6
    heard = loud(plan, [lufs for lufs, _ in tracks])
    assert all(right - left <= 3.0 for left, right in pairwise(heard))
    assert plan.loudness_lufs <= -18.0 + 1e-6


def test_only_what_is_converted_has_gains_that_move():
    """A calm track that startles, once converted and once as it is."""
    startling = level(-40.0, -40.0, -20.0, seconds=90)
    for riding in ([True, False], [False, True]):
        plan = levelled(slots(2), [startling, startling], PROFILE, riding=riding)
        assert [gain.course is not None for gain in plan.gains] == riding
        as_it_is = riding.index(False)
        told = {step.place: dict(step.told.parameters) for step in plan.heard}
        assert {step.told.code for step in plan.heard} == {"heard_within"}
        assert told[as_it_is]["at_s"] == 60.0 + 300.0 * as_it_is
        assert told[as_it_is]["step_lu"] == pytest.approx(20.0, abs=0.1)
        assert told.get(1 - as_it_is, {"step_lu": 0.0})["step_lu"] < 7.0


def test_an_encoder_that_overshoots_gets_room():
    found = [level(-30.0, peak=0.9), level(-30.0, peak=0.9)]
    lossless, lossy = (
        levelled(slots(2), found, PROFILE, riding=[False] * 2, lossy=each).gains[0].gain_db
        for each in (False, True)
    )
    assert lossless - lossy == pytest.approx(0.5)


def test_the_track_whose_peaks_keep_all_of_it_soft_is_named():
    found = [level(-30.0, peak=0.1), level(-30.0, peak=0.5), level(-30.0, peak=0.1)]
    plan = levelled(slots(3), found, PROFILE, riding=[False] * 3)
    without = levelled(slots(2), [found[0], found[2]], PROFILE, riding=[False] * 2)
    assert plan.held_down is not None
    assert dict(plan.held_down.parameters)["titles"] == ("1",)
    softer_lu = dict(plan.held_down.parameters)["softer_lu"]
    assert softer_lu == pytest.approx(without.loudness_lufs - plan.loudness_lufs, abs=0.5)
    assert without.held_down is None


def test_only_what_plays_of_a_track_is_levelled():
    part = replace(slots(1)[0], from_s=150.0, end_s=150.0)
    plan = levelled([part], [level(-30.0, -20.0, peak=0.1)], PROFILE, riding=[False])
    assert plan.loudness_lufs == pytest.approx(-18.0)
    assert plan.gains[0].gain_db == pytest.approx(2.0, abs=0.01)


def power(*lufs, seconds=10):
    return 10 ** ((np.repeat(lufs, 10 * seconds) - loudness.OFFSET_LUFS) / 10)


def join_lu(before, after):
    return float(loudness.lufs(after[:30].mean()) - loudness.lufs(before[-30:].mean()))


def test_music_behind_an_ending_enters_as_slowly_as_it_must():
    """The last seconds have faded; what follows is 12 LU above them."""
    ended, new = power(-20.0, -32.0), power(-20.0, seconds=60)
    fade_db = entry(ended, new, 3.0)
    entered = new.copy()
    entered[: len(fade_db)] *= 10 ** (fade_db / 10)
    assert 2.0 < join_lu(ended, entered) <= 3.0
    assert (np.diff(fade_db) >= 0.0).all()
    assert fade_db[0] == pytest.approx(-24.0)  # heard from the first moment on
    assert len(fade_db) < 10 * 12
    assert not len(entry(power(-20.0), new, 3.0))


@given(st.floats(-70.0, -30.0), st.floats(0.0, 2.5))
@settings(max_examples=10)
def test_an_entry_is_long_enough_for_what_begins_loud_behind_next_to_nothing(before_lufs, more_lu):
    new = power(-20.0, seconds=60)
    new[:50] *= 10 ** (more_lu / 10)
    fade_db = entry(power(before_lufs), new, 2.8)
    entered = new.copy()
    entered[: len(fade_db)] *= 10 ** (fade_db / 10)
    heard_before = max(before_lufs, loudness.integrated_lufs(new) - 20.0)
    assert loudness.lufs(entered[:30].mean()) - heard_before <= 3.0


def test_an_entry_startles_nobody_where_the_music_behind_it_rises_by_itself():
    """It rises by 5 LU, and by more than 6 where the seconds before that are part of an entry."""
    ended, new = level(-20.0, -20.0, -20.0, -38.0, seconds=24), level(-26.0, seconds=60)
    new.k_power[110:] = power(-21.0)[0]
    plan = levelled(slots(2), [ended, new], PROFILE, riding=[True] * 2)
    assert plan.gains[1].course is not None
    moved = new.k_power * 10 ** (plan.gains[1].course / 10)
    now, before, _ = rises(moved.reshape(-1, 10).mean(axis=1))
    assert (now - before)[10:].max() <= 6.0
    faded = ended.k_power * 10 ** ((plan.gains[0].gain_db - plan.gains[1].gain_db) / 10)
    assert join_lu(faded, moved) <= 3.0


@pytest.mark.parametrize("off", [0, 1])
def test_an_entry_keeps_the_limit_wherever_a_player_counts_tenths(off):
    """Three soft seconds, and then all at once louder: a tenth later they hold some of it."""
    ended, new = power(-20.0, -32.0), power(-20.0, seconds=60)
    new[:30] = power(-27.5)[0]
    new[30] = power(-8.0)[0]
    fade_db = entry(ended, new, 3.0)
    entered = new.copy()
    entered[: len(fade_db)] *= 10 ** (fade_db / 10)
    assert join_lu(ended, entered[off:]) <= 3.0


@settings(max_examples=20)
@given(st.floats(-70.0, -5.0), st.floats(-40.0, -5.0), st.floats(3.0, 90.0))
def test_no_entry_is_longer_than_it_may_be(before_lufs, after_lufs, seconds):
    after = np.full(round(10 * seconds), power(after_lufs)[0])
    fade_db = entry(power(before_lufs), after, 3.0)
    assert len(fade_db) <= min(10 * 30, len(after))
    assert np.isfinite(fade_db).all()
    assert len(fade_db) == 0 or fade_db.max() <= 1e-9


def test_only_what_is_converted_enters_slowly():
    tracks = [level(-20.0, -20.0, -20.0, -34.0, seconds=24), level(-20.0, seconds=60)]
    for riding in (False, True):
        plan = levelled(slots(2), tracks, PROFILE, riding=[riding] * 2)
        assert (plan.gains[1].course is not None) == riding
        told = [(each.place, each.told.code) for each in plan.heard]
        assert told == ([] if riding else [(1, "heard_behind_ending")])
    assert plan.gains[1].course[0] < -20.0
    assert plan.gains[1].course[-1] == pytest.approx(0.0)
