"""Music goes on when the plan has ended, calmly, and never with a rise."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.arranger import result, tail
from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.problem import Objective
from playlist_builder.arranger.rules import Constraints
from playlist_builder.language.notices import notice
from playlist_builder.profiles.profile import Phase, Profile, Rules
from tests.support.synthetic import emotion, library, plain, track


def flat(level, minutes=10.0, **rules):
    phase = Phase("only", 0.0, minutes * 60.0, level, level)
    return Profile("flat", "Flat", "", minutes * 60.0, (phase,), Rules(**rules))


def objective_of(profile):
    return Objective(profile, Constraints(), None)


LOUD = [plain(number, 5, 0.8, artist=str(number)) for number in range(2)]
CALM = [plain(number, 4, 0.12, artist=str(number)) for number in range(10, 18)]


def test_a_tail_lasts_a_quarter_of_the_session_and_at_least_a_quarter_of_an_hour():
    for minutes, least in ((20, 15), (68, 17)):
        session = arrange(library(120, 3), flat(0.3, minutes))
        lasts_s = session.tail[-1].end_s - session.duration_s
        assert least * 60.0 <= lasts_s <= least * 60.0 + 180.0
        assert {slot.phase for slot in session.tail} == {"tail"}


def test_a_tail_follows_its_session_and_repeats_nothing_of_it():
    session = arrange(library(80, 1), flat(0.4, 30))
    slots = [*session.slots, *session.tail]
    assert all(a.end_s == b.start_s for a, b in pairwise(slots))
    assert len({slot.identity for slot in slots}) == len(slots)
    assert session.duration_s == session.slots[-1].end_s


def test_a_profile_may_ask_for_no_tail():
    session = arrange(
        [*LOUD, *CALM],
        flat(0.8, tail_share=0.0, tail_min_s=0.0),
        constraints=Constraints(scale="absolute"),
    )
    assert session.tail == ()
    assert not any("tail" in str(each) for each in session.warnings)


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(6, 40), st.sampled_from(["relative", "absolute"]))
def test_no_tail_begins_with_a_rise(seed, count, scale):
    """However small the library: then there is none, and that is said."""
    tracks = library(count, seed)
    session = arrange(
        tracks,
        flat(0.3, 15, tail_min_s=300.0),
        constraints=Constraints(allow_short=True, scale=scale),
    )
    if not session.tail:
        assert any(each.code == "no_calm_tail" for each in session.warnings)
        return
    closing = session.slots[-1].contour[int(session.slots[-1].duration_s // 10) - 1]
    assert session.tail[0].contour[0] - closing <= tail.RISE + 1e-6
    known = {each.identity: each for each in tracks}
    assert all(known[slot.identity].startle_lu <= tail.STARTLE_LU for slot in session.tail)


def test_a_rise_is_refused_though_nothing_else_is_left():
    quiet = [plain(0, 5, 0.05), plain(1, 5, 0.05)]
    session = arrange(
        [*quiet, plain(2, 5, 0.3)], flat(0.05), constraints=Constraints(scale="absolute")
    )
    assert session.tail == ()
    assert notice("no_calm_tail") in session.warnings


def ending(first_lufs, *, fades):
    """Return what follows a session of -30 LUFS: tracks that begin so loud, by their loudness."""
    end_lufs = -50.0 if fades else -30.0
    last = [
        plain(n, 5, 0.2, artist=str(n), start_lufs=-60.0 - end_lufs, end_lufs=end_lufs)
        for n in range(2)
    ]
    calm = [
        plain(9 + n, 4, 0.12 + 0.01 * n, start_lufs=lufs, end_lufs=lufs, artist=str(9 + n))
        for n, lufs in enumerate(first_lufs)
    ]
    pool = result.Pool.of([*last, *calm], objective_of(flat(0.2)))
    found, told = tail.tail(last, pool, objective_of(flat(0.2)))
    return [each.features.loudness_lufs for each in found[:1]], [each.code for each in told]


@pytest.mark.parametrize("fades", [False, True])
def test_a_tail_never_begins_far_louder_than_the_session_played(fades):
    assert ending((-10.0, -25.0, -29.0), fades=fades)[0] == [-29.0]
    assert ending((-10.0, -25.0), fades=fades)[0] == [-25.0]
    assert ending((-10.0, -20.0), fades=fades) == ([], ["no_calm_tail"])


def test_a_tail_begins_no_louder_than_the_end_of_a_fade_out_if_it_can():
    assert ending((-28.0, -48.0), fades=True)[0] == [-48.0]


def test_energetic_and_startling_tracks_and_those_with_strokes_are_never_in_a_tail():
    for harm in ({"startle_lu": 20.0}, {"stroke_rate_hz": 3.0}):
        wild = [plain(n, 4, 0.12, artist=str(n), **harm) for n in range(20, 24)]
        session = arrange(
            [*LOUD, *wild, *CALM[:3], plain(30, 4, 0.7)],
            flat(0.8),
            constraints=Constraints(scale="absolute"),
        )
        assert {slot.identity for slot in session.tail} == {each.identity for each in CALM[:3]}
        assert notice("short_tail", lasts_min=12, asked_min=15) in session.warnings


def test_a_pulse_comes_only_for_want_of_others_and_is_told():
    pulsing = [plain(n, 4, 0.15, artist=str(n), pulse_clarity=0.95) for n in range(20, 28)]
    for few, pulses in ((CALM, False), (CALM[:2], True)):
        session = arrange(
            [*LOUD, *few, *pulsing], flat(0.8), constraints=Constraints(scale="absolute")
        )
        own = {each.identity for each in pulsing}
        assert any(slot.identity in own for slot in session.tail) is pulses
        assert session.tail[0].identity not in own
        assert len({slot.identity for slot in session.tail}) == len(session.tail) == 4
        told = [str(each) for each in session.warnings if each.code == "pulse"]
        assert len(told) == pulses
        assert all("with 0.95 in tail (limit 0.9)" in each for each in told)


def test_calm_tracks_are_found_behind_many_with_a_beat():
    beats = [plain(n, 4, 0.15, artist=str(n), stroke_rate_hz=4.0) for n in range(20, 220)]
    quiet = [replace(track, contour=track.contour + 0.1, energy=0.22) for track in CALM]
    session = arrange([*LOUD, *beats, *quiet], flat(0.8), constraints=Constraints(scale="absolute"))
    assert {slot.identity for slot in session.tail} <= {each.identity for each in quiet}
    assert len(session.tail) >= 4


def test_a_tail_prefers_what_is_not_tense():
    tense = [plain(n, 4, 0.15, artist=str(n), emotion=emotion(0.8)) for n in range(20, 28)]
    session = arrange([*LOUD, *tense, *CALM], flat(0.8), constraints=Constraints(scale="absolute"))
    assert session.tail
    assert {slot.identity for slot in session.tail} <= {each.identity for each in CALM}
    assert arrange([*LOUD, *tense], flat(0.8), constraints=Constraints(scale="absolute")).tail


def test_a_tail_heeds_the_artists_before_it():
    same = [replace(each, tags=replace(each.tags, artists=("1",))) for each in CALM[:4]]
    order = [LOUD[0], LOUD[1]]
    objective, free = objective_of(flat(0.8)), [*same, *CALM[4:]]
    found, _ = tail.tail(order, result.Pool.of(free, objective), objective)
    assert found[0].tags.artists != ("1",)


def test_energies_are_means_on_the_scale_of_the_session():
    assert result.energies(CALM[:2], objective_of(flat(0.8))) == pytest.approx([0.12, 0.12])
    assert result.energies([], objective_of(flat(0.8))) == []


def test_voices_in_a_tail_are_told_with_those_of_the_session():
    doubtful = [replace(each, vocals="unknown") for each in CALM]
    session = arrange([*LOUD, *doubtful], flat(0.8), constraints=Constraints(scale="absolute"))
    assert session.tail
    count, total = len(session.tail), len(session.slots) + len(session.tail)
    assert notice("unverified", count=count, total=total) in session.warnings


def test_a_rise_of_loudness_in_a_tail_is_told():
    quiet = [replace(t, features=replace(t.features, end_loudness_lufs=-50.0)) for t in CALM]
    session = arrange([*LOUD, *quiet], flat(0.8), constraints=Constraints(scale="absolute"))
    told = [str(each) for each in session.warnings if each.code == "loudness_jumps"]
    assert len(told) == 1
    assert "rises 30.0 LU" in told[0]
    assert told[0].endswith("(tail)")


def climbing(number, minutes, level, peak):
    contour = np.full(math.ceil(minutes * 6), level)
    contour[8:12] = peak
    return track(number, minutes * 60.0, contour, artist=str(number))


def test_a_tail_is_shorter_rather_than_holding_a_climax():
    """And there is none rather than one such track: it would come when all is over."""
    gentle = [plain(number, 4, 0.3, artist=str(number)) for number in range(10, 18)]
    wild = [climbing(number, 4, 0.12, 0.9) for number in range(20, 28)]
    for few, lacks in ((gentle, set()), (gentle[:2], {"short_tail"}), ([], {"no_calm_tail"})):
        session = arrange(
            [*LOUD, *few, *wild], flat(0.8), constraints=Constraints(scale="absolute")
        )
        assert not any(max(slot.contour) > 0.6 for slot in session.tail)
        assert bool(session.tail) is bool(few)
        told = {each.code for each in session.warnings}
        assert told & {"short_tail", "no_calm_tail"} == lacks


def test_no_tail_is_looked_for_where_all_tracks_play():
    session = arrange(
        [*LOUD, *CALM], flat(0.8), constraints=Constraints(use_all=True, scale="absolute")
    )
    assert not session.tail
    assert notice("no_track_for_tail") in session.warnings


def test_a_tail_ends_before_a_track_that_would_begin_far_louder():
    loudness = ((-25.0, -30.0), (-24.0, -24.0), (-10.0, -10.0))
    order = [
        plain(number, 4, 0.12, start_lufs=start, end_lufs=end)
        for number, (start, end) in enumerate(loudness)
    ]
    assert tail._softly(order, objective_of(flat(0.15))) == order[:2]  # noqa: SLF001
    assert tail._softly(order[:1], objective_of(flat(0.15))) == order[:1]  # noqa: SLF001
