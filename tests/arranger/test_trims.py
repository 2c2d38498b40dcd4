"""Parts of tracks: cut at quiet moments, never too short, one a recording, and whole by default."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.arranger import opening, trims
from playlist_builder.arranger.arrange import alternatives, arrange
from playlist_builder.arranger.explain import explain
from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.arranger.series import series
from playlist_builder.models import STEP_S
from playlist_builder.profiles.profile import Rules
from tests.support.synthetic import emotion, flat, paths, track

RULES = Rules(track_min_s=60.0)
TRIM = Constraints(trim_s=60.0)


def dipped(number=0, quiet=(3, 20), **more):
    """A track of four minutes at .5 that is quiet in some of its steps."""
    contour = np.full(24, 0.5)
    contour[list(quiet)] = 0.2
    return track(number, 240.0, contour, **more)


def unlike(number):
    """What tells the sounds of tracks apart, which else were copies of each other."""
    return {"percussiveness": 0.09 * (number % 10), "centroid_hz": 1000.0 * 1.3 ** (number // 10)}


def loud_ends(number):
    """A track of about six minutes whose first and last 40 s are loud, beside quiet moments."""
    steps = 34 + number % 7
    contour = np.full(steps, 0.3)
    contour[:4] = contour[-4:] = 0.55
    contour[[4, -5]] = 0.28
    return track(number, steps * STEP_S, contour, **unlike(number))


def is_whole(slot):
    return slot.from_s is slot.to_s is None


def test_a_part_begins_or_ends_with_a_quiet_step():
    found = trims.parts(dipped(), 60.0, RULES)
    cuts = {(each.from_s, each.to_s) for each in found}
    assert cuts == {(30.0, None), (None, 210.0), (30.0, 210.0)}
    whole = dipped()
    assert all(each.identity == whole.identity for each in found)
    (both,) = (each for each in found if (each.from_s, each.to_s) == (30.0, 210.0))
    assert both.duration_s == 180.0
    assert both.contour.tolist() == whole.contour[3:21].tolist()


@given(
    st.lists(st.floats(0.0, 1.0, width=32), min_size=1, max_size=40),
    st.floats(0.0, 9.9),
    st.floats(0.0, 200.0),
    st.floats(10.0, 120.0),
)
def test_no_part_leaves_out_more_than_asked_or_is_too_short(contour, rest_s, trim_s, least_s):
    """Not even when its cuts are moved later; and each lies at a moment that is not climbing."""
    whole = track(0, len(contour) * STEP_S + rest_s, np.array(contour, np.float32))
    found = trims.parts(whole, trim_s, Rules(track_min_s=least_s))
    assert len(found) <= (trims.MOMENTS + 1) ** 2 - 1
    for each in found:
        assert trims.is_part(each)
        start_s = each.from_s or 0.0
        end_s = whole.duration_s if each.to_s is None else each.to_s
        assert each.duration_s == pytest.approx(end_s - start_s)
        assert each.duration_s - 2.0 * trims.MOST_SHIFT_S >= least_s
        assert each.from_s is None or start_s + trims.MOST_SHIFT_S <= trim_s
        assert each.to_s is None or whole.duration_s - end_s + trims.MOST_SHIFT_S <= trim_s
        first, last = round(start_s / STEP_S), round(start_s / STEP_S) + len(each.contour) - 1
        if each.from_s is not None:
            assert contour[first] <= min(contour[first - 1], contour[first + 1])
        if each.to_s is not None:
            assert contour[last] <= min(contour[last - 1], contour[last + 1])


def test_what_lies_at_an_end_is_not_told_of_a_part_without_it():
    whole = dipped(start_lufs=-10.0, end_lufs=-40.0, silence_s=(35.0, 12.0))
    features = replace(whole.features, leading_silence_s=4.0, trailing_silence_s=5.0)
    felt = replace(emotion(), tension_contour=np.arange(24, dtype=np.float32))
    whole = replace(whole, features=features, emotion=felt)
    late, early = trims.part(whole, 30.0, None), trims.part(whole, None, 210.0)
    assert late.features.start_loudness_lufs == early.features.end_loudness_lufs == -25.0
    assert late.features.end_loudness_lufs == -40.0
    assert early.features.start_loudness_lufs == -10.0
    assert (late.features.leading_silence_s, late.features.trailing_silence_s) == (0.0, 5.0)
    assert (early.features.leading_silence_s, early.features.trailing_silence_s) == (4.0, 0.0)
    assert (late.features.longest_silence_start_s, late.features.longest_silence_s) == (5.0, 12.0)
    assert late.emotion.tension_contour.tolist() == list(range(3, 24))
    assert late.energy == whole.energy


@pytest.mark.parametrize(("cut_s", "lead_s"), [(30.0, 0.0), (40.0, 7.0), (50.0, 0.0)])
def test_a_part_that_begins_in_a_silence_begins_with_it(cut_s, lead_s):
    whole = dipped(silence_s=(35.0, 12.0))
    assert trims.part(whole, cut_s, None).features.leading_silence_s == lead_s
    ends = trims.part(whole, None, cut_s).features.trailing_silence_s
    assert ends == {30.0: 0.0, 40.0: 5.0, 50.0: 0.0}[cut_s]


def test_a_session_of_parts_is_nearer_to_its_plan():
    tracks = [loud_ends(number) for number in range(8)]
    profile = flat(20, 0.3)
    whole = arrange(tracks, profile, constraints=Constraints(scale="absolute"))
    trimmed = arrange(tracks, profile, constraints=replace(TRIM, scale="absolute"))
    assert trimmed.rms_error < 0.6 * whole.rms_error
    assert trimmed.bound <= trimmed.cost < whole.cost
    assert len(set(paths(trimmed))) == len(trimmed.slots)
    assert {slot.from_s for slot in trimmed.slots} == {40.0}
    assert all(slot.to_s - slot.from_s == slot.duration_s for slot in trimmed.slots)
    assert all(max(slot.contour) < 0.31 for slot in trimmed.slots)
    assert "trimmed" in [each.code for each in trimmed.warnings]


def test_a_cut_that_gains_next_to_nothing_is_not_made():
    tracks = [dipped(number, quiet=(3,), **unlike(number)) for number in range(8)]
    level = arrange(tracks, flat(16, 0.5), constraints=replace(TRIM, scale="absolute"))
    assert all(map(is_whole, level.slots))


def test_pinned_tracks_tail_and_spares_are_whole():
    tracks = [loud_ends(number) for number in range(30)]
    pins = (Pin(tracks[4].path),)
    constraints = replace(TRIM, pins=pins)
    session = arrange(tracks, flat(20, 0.3), constraints=replace(constraints, scale="absolute"))
    (pinned,) = (slot for slot in session.slots if slot.path == tracks[4].path)
    assert is_whole(pinned)
    assert not all(map(is_whole, session.slots))
    others = (*session.tail, *(each.slot for each in session.spares))
    assert others
    assert all(map(is_whole, others))


def test_no_trim_makes_the_session_that_it_always_made():
    tracks = [loud_ends(number) for number in range(8)]
    usual = arrange(tracks, flat(20, 0.4))
    assert arrange(tracks, flat(20, 0.4), constraints=Constraints(trim_s=0.0)) == usual
    assert all(map(is_whole, usual.slots))


def test_the_order_of_the_tracks_is_of_no_matter():
    tracks = [loud_ends(number) for number in range(8)]
    found = arrange(tracks, flat(20, 0.3), constraints=replace(TRIM, scale="absolute"))
    assert (
        arrange(tracks[::-1], flat(20, 0.3), constraints=replace(TRIM, scale="absolute")) == found
    )


@pytest.mark.parametrize("several", [alternatives, series])
def test_several_sessions_share_parts_as_little_as_tracks(several):
    tracks = [loud_ends(number) for number in range(20)]
    profile = replace(flat(10, 0.3), rules=Rules(tail_share=0.0, tail_min_s=0.0))
    sessions = several(tracks, profile, 2, replace(TRIM, scale="absolute"))
    played = [path for session in sessions for path in paths(session)]
    assert len(sessions) == 2
    assert len(set(played)) == len(played)
    assert not any(is_whole(slot) for session in sessions for slot in session.slots)


def test_a_trimmed_session_is_explained_as_it_plays():
    tracks = [loud_ends(number) for number in range(8)]
    profile = flat(20, 0.3)
    session = arrange(tracks, profile, constraints=replace(TRIM, scale="absolute"))
    reasons = explain(session, tracks, profile, TRIM)
    assert [each.path for each in reasons] == paths(session)
    assert all(each.distance < 0.05 for each in reasons)


def test_a_part_that_would_be_cut_within_a_phrase_is_not_played():
    tracks = [loud_ends(number) for number in range(8)]
    asked = []

    def settle(part):
        asked.append(part)
        return None if part.from_s is not None else part

    constraints = replace(TRIM, settle=settle)
    session = arrange(tracks, flat(20, 0.3), constraints=replace(constraints, scale="absolute"))
    assert all(slot.from_s is None for slot in session.slots)
    assert any(slot.to_s is not None for slot in session.slots)
    assert all(map(trims.is_part, asked))


def test_where_no_cut_is_good_all_is_whole():
    tracks = [loud_ends(number) for number in range(8)]
    profile = flat(20, 0.3)
    refused = replace(TRIM, settle=lambda _: None)
    found = arrange(tracks, profile, constraints=replace(refused, scale="absolute"))
    whole = arrange(tracks, profile, constraints=Constraints(scale="absolute"))
    assert found.slots == whole.slots
    assert found.warnings == whole.warnings


def later(part):
    """A part that begins three seconds later, if it does not begin with its track."""
    if part.from_s is None:
        return part
    features = replace(part.features, duration_s=part.duration_s - 3.0, start_loudness_lufs=-31.0)
    return replace(part, features=features, from_s=part.from_s + 3.0)


def test_cuts_move_to_where_they_are_settled_while_no_rule_breaks():
    tracks = [loud_ends(number) for number in range(8)]
    constraints = replace(TRIM, settle=later)
    session = arrange(tracks, flat(20, 0.3), constraints=replace(constraints, scale="absolute"))
    settled = [slot for slot in session.slots if slot.from_s == 43.0]
    assert settled
    assert not session.relaxed
    assert {slot.from_s for slot in session.slots} <= {40.0, 43.0}
    assert {slot.start_loudness_lufs for slot in settled} == {-31.0}
    assert session.duration_s == pytest.approx(sum(slot.duration_s for slot in session.slots))


def test_no_rule_gives_way_for_the_sake_of_parts(monkeypatch):
    """Where a search among parts ends with more relaxations, or dearer, the whole tracks play."""
    tracks = [loud_ends(number) for number in range(8)]
    whole = arrange(tracks, flat(18.5, 0.3), constraints=Constraints(scale="absolute"))
    real = opening.solved

    def worse(problem, allowed):
        *found, solution, tried = real(problem, allowed)
        is_of_parts = any(map(trims.is_part, problem.tracks))
        return *found, replace(solution, cost=solution.cost + 100.0 * is_of_parts), tried

    monkeypatch.setattr(opening, "solved", worse)
    found = arrange(tracks, flat(18.5, 0.3), constraints=replace(TRIM, scale="absolute"))
    assert found == whole


def test_what_is_learned_of_a_cut_is_weighed():
    """A part that turns out to begin far louder than its track gives way to another."""
    tracks = [loud_ends(number) for number in range(8)]

    def louder(part):
        start_lufs = -5.0 if part.from_s is not None else part.features.start_loudness_lufs
        return replace(part, features=replace(part.features, start_loudness_lufs=start_lufs))

    constraints = replace(TRIM, settle=louder)
    found = arrange(tracks, flat(20, 0.3), constraints=replace(constraints, scale="absolute"))
    whole = arrange(tracks, flat(20, 0.3), constraints=Constraints(scale="absolute"))
    assert found.cost <= whole.cost
    assert all(slot.from_s is None for slot in found.slots[1:])
    assert any(slot.to_s is not None for slot in found.slots)
