"""The plan of a recording holds what it promises, for any levels: steps, peaks, places, gains."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.analysis import loudness
from playlist_builder.errors import RenderError, RequestError
from playlist_builder.models import Session, Slot
from playlist_builder.profiles.profile import Phase, Profile, Rules
from playlist_builder.recording import gains as gains_of
from playlist_builder.recording import mix as mixing
from playlist_builder.recording.gains import crossfade, gains
from playlist_builder.recording.levels import Levels
from playlist_builder.recording.mix_settings import LOUDNESS_LUFS, MixSettings
from playlist_builder.recording.preview import preview

CEILING_DBTP = -1.05


def power(lufs):
    return 10 ** ((np.asarray(lufs, float) - loudness.OFFSET_LUFS) / 10)


def level(*lufs, seconds=60.0, start=0, trail=0, peak=0.5):
    """Levels of a track whose loudness goes through these values, each as long as the others."""
    blocks = round(seconds * 10)
    course = np.repeat(lufs, -(-blocks // len(lufs)))[:blocks]
    silent = np.zeros(start // 5), np.zeros(trail // 5)
    k_power = np.concatenate((silent[0], power(course), silent[1]))
    true_peak = np.concatenate((silent[0], np.full(blocks, peak), silent[1]))
    return Levels(k_power, true_peak, start, start + 5 * blocks)


def slot(number, *, energy=0.5, contour=(), phase="calm"):
    return Slot(
        path=f"/{number}",
        identity=str(number),
        title=f"Piece {number}",
        artist="Ada",
        album="",
        start_s=0.0,
        end_s=60.0,
        phase=phase,
        energy=energy,
        target=energy,
        contour=contour,
    )


def session(slots, tail=()):
    return Session("arc", "relative", 60.0, 60.0, 0.0, 0.0, 0.0, slots=slots, tail=tail)


def profile(*phases, rules=None):
    """A profile of these phases, or of one that is not calm."""
    phases = phases or (Phase("calm", 0.0, 60.0, 0.5, 0.5),)
    return Profile("arc", "Arc", "", 60.0, phases, rules or Rules())


def lasting(each, levels):
    """Return a slot that is as long as what it plays of a track."""
    until_s = len(levels.k_power) / 10 if each.to_s is None else each.to_s
    return replace(each, end_s=each.start_s + until_s - (each.from_s or 0.0))


def planned(found, *, slots=None, settings=None, rules=None, phases=()):
    slots = slots or [slot(number) for number in range(len(found))]
    slots = [lasting(each, own) for each, own in zip(slots, found, strict=True)]
    levels = {each.path: level for each, level in zip(slots, found, strict=True)}
    return mixing.plan(
        session(slots),
        levels,
        profile(*phases, rules=rules),
        settings or MixSettings(),
        CEILING_DBTP,
    )


def overlaps_s(plan):
    return [(left.end - right.at) / 50 for left, right in pairwise(plan.clips)]


def test_the_gains_of_a_crossfade_are_of_equal_power():
    out, into = crossfade(1000)
    np.testing.assert_allclose(out**2 + into**2, 1.0, atol=1e-6)
    assert out[0] == pytest.approx(1.0, abs=1e-5)
    assert into[0] == pytest.approx(0.0, abs=1e-3)
    np.testing.assert_array_equal(out, into[::-1])


def test_without_a_step_beyond_the_limit_no_gain_is_changed():
    assert gains([0.0] * 4, [3.0, 0.0, 12.0], [10, 20, 30, 40]) == pytest.approx([0.0] * 4)
    wanted = [-3.0, -1.0, 2.0, -5.0]
    assert gains(wanted, [3.0, 3.0, 3.0], [10, 20, 30, 40]) == pytest.approx(wanted)


def test_a_step_beyond_the_limit_is_shared_between_both_sides_by_their_lengths():
    assert gains([0.0] * 2, [-6.0], [10, 10]) == pytest.approx([3.0, -3.0])
    assert gains([0.0] * 2, [-6.0], [10, 20]) == pytest.approx([4.0, -2.0])
    assert gains([0.0] * 4, [9.0, -6.0, 9.0], [10, 10, 10, 10]) == pytest.approx(
        [0.0, 3.0, -3.0, 0.0]
    )


rises = st.lists(st.floats(-30.0, 30.0), max_size=12)


@given(rises, st.data())
def test_gains_keep_every_limit_and_change_the_least(rises_db, data):
    """No other sequence that keeps the limits has a smaller weighed sum of squares."""
    lengths = data.draw(
        st.lists(st.integers(1, 50), min_size=len(rises_db) + 1, max_size=len(rises_db) + 1)
    )
    wanted = data.draw(
        st.lists(st.floats(-20.0, 20.0), min_size=len(lengths), max_size=len(lengths))
    )
    found = np.array(gains(wanted, rises_db, lengths))
    assert (np.diff(found) <= np.array(rises_db) + 1e-9).all()
    if not rises_db:
        return
    # A convex problem: the best point is that from which no step to another one leads down.
    steps = data.draw(
        st.lists(st.floats(0.0, 20.0), min_size=len(rises_db), max_size=len(rises_db))
    )
    start = data.draw(st.floats(-30.0, 30.0))
    other = start + np.concatenate(([0.0], np.cumsum(np.array(rises_db) - steps)))
    away = found - np.array(wanted)
    assert np.dot(np.array(lengths) * away, other - found) >= -1e-6 * max(lengths) * 1e3


def step_lu(plan, levels, number):
    """Mean loudness of the 10 seconds after a crossfade over that of the 10 before it."""
    left, right = plan.clips[number : number + 2]
    overlap = (left.end - right.at) // 5
    before, after = heard(left, levels[number]), heard(right, levels[number + 1])
    before = before[max(0, len(before) - overlap - 100) : len(before) - overlap]
    means = loudness.lufs(np.array([before.mean(), after[overlap : overlap + 100].mean()]))
    return float(means[1] - means[0])


def heard(clip, levels):
    """Power of a track with its gains, a tenth of a second each."""
    moves = 0.0 if clip.course is None else clip.course
    whole = levels.k_power * 10.0 ** ((clip.gain_db + moves) / 10.0)
    return whole[levels.start // 5 : levels.end // 5]


@given(
    st.lists(st.lists(st.floats(-55.0, -8.0), min_size=1, max_size=6), min_size=2, max_size=6),
    st.floats(1.0, 6.0),
)
def test_no_step_up_is_beyond_the_limit_of_the_profile(courses, limit_lu):
    found = [level(*course, seconds=40.0 + 7 * len(course)) for course in courses]
    plan = planned(found, rules=Rules(loudness_step_lu=limit_lu))
    steps = [step_lu(plan, found, number) for number in range(len(found) - 1)]
    assert max(steps) <= limit_lu + 1e-6


def test_loudness_follows_the_plan_whatever_the_masters_are():
    found = [level(lufs) for lufs in (-9.0, -24.0, -21.5, -14.0, -24.0, -11.0)]
    slots = [replace(slot(n), start_s=60.0 * n, end_s=60.0 * n + 60.0) for n in range(6)]
    ramps = ((0.1, 0.1), (0.1, 0.8), (0.8, 0.8), (0.8, 0.1), (0.1, 0.1), (0.1, 0.1))
    phases = [Phase(str(n), 60.0 * n, 60.0 * n + 60.0, *ramp) for n, ramp in enumerate(ramps)]
    whole = replace(profile(*phases), duration_s=360.0)
    levels = {each.path: own for each, own in zip(slots, found, strict=True)}
    plan = mixing.plan(session(slots), levels, whole, MixSettings(), CEILING_DBTP)
    arrived = [loudness.mean_lufs(heard(*each)) for each in zip(plan.clips, found, strict=True)]
    planned_lu = whole.loudness_lu([60.0 * n + 30.0 for n in range(6)])
    assert np.ptp(np.array(arrived) - planned_lu) <= 0.2
    assert arrived[2] - arrived[0] == pytest.approx(4.0, abs=0.2)


def test_a_track_that_has_to_begin_softer_climbs_and_without_riding_stays_softer():
    found = [level(-20.0, -32.0, seconds=80.0), level(-20.0, seconds=200.0)]
    moving, still = (
        planned(found, settings=MixSettings(riding=riding)) for riding in (True, False)
    )
    assert still.clips[1].course is None
    assert step_lu(still, found, 0) <= 3.0
    assert step_lu(moving, found, 0) <= 3.0
    first, second = (heard(*each) for each in zip(moving.clips, found, strict=True))
    whole = loudness.integrated_lufs(first)
    assert loudness.integrated_lufs(second[-500:]) == pytest.approx(whole, abs=0.3)


def test_a_calm_track_startles_nobody():
    found = [level(-22.0, -36.0, -22.0, -22.0, seconds=160.0), level(-22.0, seconds=60.0)]
    calm = Phase("calm", 0.0, 60.0, 0.1, 0.1)
    plan = planned(found, phases=[calm])
    assert loudness.startle_lu(found[0].k_power) > 13.0
    assert loudness.startle_lu(heard(plan.clips[0], found[0])) <= gains_of.CALM_RISE_LU + 0.3
    loud = planned(found, phases=[replace(calm, level_start=0.6, level_end=0.6)])
    assert loudness.startle_lu(heard(loud.clips[0], found[0])) > 13.0


@pytest.mark.parametrize("wanted_lufs", [-30.0, -23.0])
def test_the_loudness_asked_for_is_that_of_the_whole(wanted_lufs):
    plan = planned(
        [level(-20.0), level(-18.0), level(-22.0)], settings=MixSettings(loudness_lufs=wanted_lufs)
    )
    assert plan.loudness_lufs == pytest.approx(wanted_lufs)
    assert plan.clips[0].gain_db == pytest.approx(wanted_lufs + 20.0, abs=0.4)


def test_peaks_come_before_loudness():
    found = [level(-20.0, peak=1.2), level(-20.0, peak=0.1)]
    plan = planned(found, settings=MixSettings(crossfade_s=0.0))
    assert plan.true_peak_dbtp == pytest.approx(CEILING_DBTP)
    assert plan.clips[0].gain_db == pytest.approx(CEILING_DBTP - 20 * np.log10(1.2))
    assert plan.loudness_lufs < LOUDNESS_LUFS


def test_peaks_that_meet_in_a_crossfade_are_added():
    found = [level(-20.0, peak=1.0), level(-20.0, peak=1.0)]
    alone = planned(found, settings=MixSettings(loudness_lufs=0.0, crossfade_s=0.0))
    together = planned(found, settings=MixSettings(loudness_lufs=0.0, crossfade_s=8.0))
    assert alone.clips[0].gain_db == pytest.approx(CEILING_DBTP)
    assert CEILING_DBTP - 3.01 - 0.4 <= together.clips[0].gain_db <= CEILING_DBTP - 3.01


def test_tracks_are_placed_without_their_silence_and_overlap_by_their_crossfades():
    found = [level(-20.0, start=100, trail=50), level(-20.0, seconds=30.0), level(-20.0, start=50)]
    plan = planned(found, settings=MixSettings(crossfade_s=4.0))
    assert [(each.first, each.length, each.at) for each in plan.clips] == [
        (100, 3000, 0),
        (0, 1500, 2800),
        (50, 3000, 4100),
    ]
    assert [each.fade_in for each in plan.clips] == [1, 200, 200]
    assert [each.fade_out for each in plan.clips] == [200, 200, 1]
    assert [each.start_s for each in plan.chapters] == [0.0, 56.0, 82.0]
    assert [each.end_s for each in plan.chapters] == [56.0, 82.0, 142.0]
    assert plan.chapters[1].title == "Piece 1 - Ada [calm]"


def test_crossfades_are_longer_between_calm_tracks():
    slots = [slot(0, energy=0.0), slot(1, energy=0.0), slot(2, energy=1.0), slot(3, energy=1.0)]
    assert overlaps_s(planned([level(-20.0)] * 4, slots=slots)) == [8.0, 2.0, 2.0]


def test_what_counts_is_the_energy_where_they_meet():
    slots = [slot(0, energy=0.9, contour=(0.9, 0.0)), slot(1, energy=0.9, contour=(0.0, 0.9))]
    assert overlaps_s(planned([level(-20.0)] * 2, slots=slots)) == [8.0]


def test_a_phase_may_have_crossfades_of_its_own():
    phases = (
        Phase("calm", 0.0, 30.0, 0.1, 0.1),
        Phase("peak", 30.0, 60.0, 0.9, 0.9, crossfade_s=(5.0, 5.0)),
    )
    slots = [slot(0), slot(1), slot(2, phase="peak")]
    rules = Rules(crossfade_s=(3.0, 3.0))
    found = [level(-20.0)] * 3
    assert overlaps_s(planned(found, slots=slots, phases=phases, rules=rules)) == [3.0, 5.0]


def test_a_crossfade_takes_no_more_than_half_of_a_track():
    found = [level(-20.0), level(-20.0, seconds=6.0), level(-20.0)]
    assert overlaps_s(planned(found, settings=MixSettings(crossfade_s=8.0))) == [3.0, 3.0]


def sounding_out(seconds):
    """A track that plays at -20 LUFS and then sounds out at -50 LUFS for so long."""
    loud, soft = level(-20.0), level(-50.0, seconds=seconds)
    k_power = np.concatenate((loud.k_power, soft.k_power))
    return Levels(k_power, np.full(len(k_power), 0.1), 0, 5 * len(k_power))


def test_a_track_that_sounds_out_does_so_under_the_next_one():
    settings = MixSettings(crossfade_s=3.0)
    assert overlaps_s(planned([sounding_out(7.0), level(-20.0)], settings=settings)) == [7.0]
    assert overlaps_s(planned([sounding_out(30.0), level(-20.0)], settings=settings)) == [12.0]


def test_a_hard_ending_is_kept_only_when_told_so():
    found = [level(-20.0), sounding_out(3.0), level(-20.0)]
    assert min(overlaps_s(planned(found))) > 0.0
    assert overlaps_s(planned(found, settings=MixSettings(keep_endings=True)))[0] == 0.0
    assert overlaps_s(planned(found, settings=MixSettings(keep_endings=True)))[1] > 0.0
    by_profile = planned(found, rules=Rules(keep_endings=True))
    assert overlaps_s(by_profile)[0] == 0.0
    against = planned(
        found, rules=Rules(keep_endings=True), settings=MixSettings(keep_endings=False)
    )
    assert overlaps_s(against)[0] > 0.0


def test_the_tail_is_part_of_the_recording():
    slots, tail = [slot(0)], [slot(1, phase="tail")]
    levels = {"/0": level(-20.0), "/1": level(-30.0)}
    plan = mixing.plan(session(slots, tail), levels, None, MixSettings(), CEILING_DBTP)
    titles = [each.title for each in plan.chapters]
    assert titles == ["Piece 0 - Ada [calm]", "Piece 1 - Ada [tail]"]


def test_a_track_may_come_twice():
    twice = [slot(0), slot(0)]
    levels = {"/0": level(-20.0)}
    plan = mixing.plan(session(twice), levels, None, MixSettings(crossfade_s=0.0), CEILING_DBTP)
    assert plan.frames == 6000


def test_a_preview_holds_each_transition_as_it_is_in_the_whole():
    whole = planned(
        [level(-20.0), level(-14.0), level(-30.0)], settings=MixSettings(crossfade_s=4.0)
    )
    short = preview(whole)
    assert [each.gain_db for each in short.clips] == [
        whole.clips[number].gain_db for number in (0, 1, 1, 2)
    ]
    first, second, third, _ = short.clips
    assert (first.first, first.length, first.at) == (41 * 50, 19 * 50, 0)
    assert (second.first, second.length, second.at) == (0, 19 * 50, 15 * 50)
    assert (first.fade_in, first.fade_out, second.fade_in, second.fade_out) == (50, 200, 200, 50)
    assert third.at == second.end + 50
    assert [each.title for each in short.chapters] == [
        "0:56 Piece 0 → Piece 1",
        "1:52 Piece 1 → Piece 2",
    ]
    assert [(each.start_s, each.end_s) for each in short.chapters] == [(0.0, 34.0), (35.0, 69.0)]
    one = preview(whole, joins=[3])
    assert [each.title for each in one.chapters] == ["1:52 Piece 1 → Piece 2"]
    assert (one.clips[0].at, one.clips[0].gain_db) == (0, whole.clips[1].gain_db)


@pytest.mark.parametrize(
    "settings",
    [
        {"loudness_lufs": math.nan},
        {"loudness_lufs": math.inf},
        {"crossfade_s": math.nan},
        {"crossfade_s": math.inf},
        {"crossfade_s": -1.0},
        {"crossfade_s": 1e308},
    ],
)
def test_settings_that_no_mix_has_are_refused(settings):
    with pytest.raises(RequestError, match="not "):
        MixSettings(**settings)


def test_a_part_plays_between_its_cuts_and_fades_there():
    """Within the music a cut needs a fade: as long as a crossfade, or one of its own."""
    found = [level(-20.0, seconds=90.0)] * 3
    whole, part, other = (slot(number) for number in range(3))
    part = replace(part, from_s=10.0, to_s=70.0)
    for crossfade_s, fades in ((3.0, (3.0, 4.0)), (0.0, (2.0, 4.0)), (6.0, (6.0, 6.0))):
        settings = MixSettings(crossfade_s=crossfade_s, keep_endings=False)
        plan = planned(found, slots=[whole, part, other], settings=settings)
        clip = plan.clips[1]
        assert (clip.first, clip.length) == (500, 3000)
        assert (clip.fade_in / 50, clip.fade_out / 50) == fades
        overlap_s = [0.0, 0.0] if not crossfade_s else list(fades)
        assert overlaps_s(plan) == overlap_s


def test_a_cut_is_no_hard_ending():
    """What ends hard is not faded over, but a cut has no ending of its own."""
    found = [level(-20.0, seconds=90.0)] * 2
    keep = MixSettings(crossfade_s=5.0, keep_endings=True)
    whole, cut = slot(0), replace(slot(0), to_s=70.0)
    assert overlaps_s(planned(found, slots=[whole, slot(1)], settings=keep)) == [0.0]
    assert overlaps_s(planned(found, slots=[cut, slot(1)], settings=keep)) == [5.0]


def test_a_session_that_begins_or_ends_with_a_cut_fades_there():
    slots = [replace(slot(0), from_s=5.0), replace(slot(1), to_s=50.0)]
    first, last = planned([level(-20.0, seconds=90.0)] * 2, slots=slots).clips
    assert (first.fade_in / 50, last.fade_out / 50) == (2.0, 4.0)


@given(st.floats(0.0, 200.0), st.floats(0.0, 200.0))
def test_whatever_is_cut_off_some_music_is_left_or_the_file_is_told(from_s, to_s):
    """It may have become shorter since."""
    levels = level(-20.0, seconds=60.0, start=100)
    part = replace(slot(0), from_s=from_s, to_s=to_s)
    if len(levels.k_power) / 10.0 <= max(from_s, to_s - 0.5):
        with pytest.raises(RenderError, match="is shorter than when"):
            mixing.played(levels, part)
        return
    found = mixing.played(levels, part)
    assert levels.start <= found.start < found.end <= levels.end


def test_the_last_three_seconds_count_where_music_has_not_faded_by_itself():
    """Quieter by 4 LU there, what follows is no louder than the limit above them."""
    rules = Rules(loudness_step_lu=3.0, crossfade_s=(0.0, 0.0))
    left = level(*[-20.0] * 19, -24.0)  # the last 3 s of a minute
    plan = planned([left, level(-20.0)], rules=rules, settings=MixSettings(riding=False))
    rise_lu = plan.clips[1].gain_db - plan.clips[0].gain_db + 4.0
    assert rise_lu <= 3.0
    faded = level(*[-20.0] * 19, -40.0)
    plan = planned([faded, level(-20.0)], rules=rules, settings=MixSettings(riding=False))
    assert plan.clips[1].gain_db == pytest.approx(plan.clips[0].gain_db, abs=0.05)
