"""A planned silence moves all that plays behind it, and changes nothing else of a session."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from playlist_builder.arranger import menu as menus
from playlist_builder.arranger import parts, relax, result
from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.broken import given_up
from playlist_builder.arranger.explain import explain
from playlist_builder.arranger.menu import menu
from playlist_builder.arranger.problem import (
    Objective,
    build_problem,
    instance_of,
    percentiles_of,
)
from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.models import STEP_S
from playlist_builder.profiles.profile import Phase, Profile, Rules
from tests.support.synthetic import library, plain

TRACKS = library(60, 3, artists=60)
BARE = Profile(
    "two",
    "Two",
    "",
    1500.0,
    (Phase("in", 0.0, 700.0, 0.1, 0.6), Phase("out", 700.0, 1500.0, 0.6, 0.2)),
    Rules(tail_min_s=240.0, artist_max=9),
)
SILENT = BARE.silent((120.0, 0.0))
QUICKLY = ((parts, "LEAST_S", 300.0), (menus, "ROUNDS", 0), (menus, "OFFERS", 0))
JOIN_S = 500.0  # about when a track of the session without a silence ends
WITHOUT, WITH = arrange(TRACKS, BARE), arrange(TRACKS, SILENT)


def played(session):
    return [slot.path for slot in (*session.slots, *session.tail)]


def objective(profile=SILENT):
    return Objective(profile, Constraints(), None)


def test_a_silence_that_no_track_is_in_the_way_of_only_shifts_what_is_behind_it():
    parted = replace(BARE.phases[0], end_s=JOIN_S), replace(BARE.phases[1], start_s=JOIN_S)
    own = replace(BARE, phases=parted)
    old, new = arrange(TRACKS, own), arrange(TRACKS, own.silent((120.0, 0.0)))
    assert any(abs(slot.end_s - JOIN_S) <= 25.0 for slot in old.slots)
    assert played(new) == played(old)
    assert (new.cost, new.bound, new.rms_error) == (old.cost, old.bound, old.rms_error)
    for left, right in zip(old.slots, new.slots, strict=True):
        later_s = 120.0 if left.start_s > JOIN_S - 30.0 else 0.0
        assert right.start_s == pytest.approx(left.start_s + later_s)


@pytest.mark.parametrize("silence_s", [0.5, 90.0, 333.25])
def test_of_one_order_only_the_times_behind_the_silence_differ(silence_s):
    tracks = [plain(n, 5.0, 0.1 * n, artist=f"A{n}") for n in range(1, 6)]
    bare, silent = (
        result.session(order, "absolute", 0, order.cost, 0.0)
        for order in (
            result.ordered(tracks, objective(BARE)),
            result.ordered(tracks, objective(BARE.silent((silence_s, 0.0)))),
        )
    )
    assert silent.silences[0].start_s == 600.0
    assert (silent.cost, silent.rms_error) == (bare.cost, bare.rms_error)
    for number, (left, right) in enumerate(zip(bare.slots, silent.slots, strict=True)):
        later_s = silence_s if number >= 2 else 0.0
        moved = replace(left, start_s=left.start_s + later_s, end_s=left.end_s + later_s)
        assert right == moved
    assert silent.duration_s == bare.duration_s + silence_s
    assert silent.target_s == bare.target_s + silence_s
    steps = round(silence_s / STEP_S)
    curve = np.array(silent.curve)
    assert np.allclose(np.delete(curve, np.arange(60, 60 + steps)), bare.curve, atol=0.01)


def test_the_session_is_whole_with_its_silence():
    (silence,) = WITH.silences
    times = [(slot.start_s, slot.end_s) for slot in WITH.slots]
    gaps = [(end, start) for (_, end), (start, _) in pairwise(times) if end != start]
    assert gaps == [(silence.start_s, silence.end_s)]
    assert silence.phase == "in"
    assert abs(silence.start_s - 700.0) <= 30.0
    assert WITH.target_s == 1620.0
    assert WITH.duration_s == WITH.slots[-1].end_s == WITH.tail[0].start_s
    assert abs(WITH.duration_s - 1620.0) <= 30.0
    assert len(WITH.curve) == 162
    assert 0.0 < WITH.bound <= WITH.cost
    assert WITH.cost >= WITHOUT.bound
    assert WITH.relaxed == ()
    assert {"in", "out"} == {slot.phase for slot in WITH.slots}
    for spare in WITH.spares:
        assert spare.slot.start_s == WITH.slots[spare.place - 1].start_s


def test_the_reasons_of_a_session_are_those_without_its_silence():
    own = {each.path: each for each in TRACKS}
    tracks = [own[slot.path] for slot in WITH.slots]
    bare = Objective(BARE, Constraints(), percentiles_of(TRACKS, "relative"))
    order = result.ordered(tracks, bare)
    alone = result.session(order, "relative", 0, order.cost, 0.0)
    assert [each.distance for each in explain(WITH, TRACKS, SILENT)] == pytest.approx(
        [each.distance for each in explain(alone, TRACKS, BARE)]
    )


def test_a_silence_at_the_end_comes_before_the_tail():
    session = arrange(TRACKS, BARE.silent((0.0, 120.0)))
    (silence,) = session.silences
    assert played(session) == played(WITHOUT)
    assert (session.cost, session.bound) == (WITHOUT.cost, WITHOUT.bound)
    assert silence.start_s == session.slots[-1].end_s
    assert silence.end_s == session.tail[0].start_s == session.duration_s
    assert session.duration_s == WITHOUT.duration_s + 120.0


def test_no_track_plays_through_the_time_of_a_silence():
    problem = build_problem(TRACKS, SILENT, Constraints())
    instance = instance_of(problem, relax.relaxations(pinned=False, duration_s=1620.0)[0])
    assert instance.grid.joins == ((68, 72),)
    free = relax.relaxations(pinned=False, duration_s=1620.0, rests=True)
    slacks = sorted({each.rest_slack_s for each in free})
    assert slacks == [0.0, *relax.SLACKS_S]
    assert instance_of(problem, free[-1]).grid.joins == ()


def test_a_silence_that_cannot_be_on_time_is_told():
    tracks = [plain(n, 14.0, 0.4, artist=f"A{n}") for n in range(6)]
    session = arrange(tracks, BARE.scaled(1680.0).silent((120.0, 0.0)))
    (told,) = [each for each in session.relaxed if each.code == "silence_moved"]
    (silence,) = session.silences
    assert silence.start_s == 840.0
    assert str(told) == "silence: that after in comes at 14:00, not at 13:04"


def test_a_silence_that_has_been_is_told_of_no_more():
    tracks = [plain(n, 14.0, 0.4) for n in range(2)]
    order = result.ordered(tracks, objective())
    codes = [[each.code for each in given_up(order, Rules(), 1e9, (), played=n)] for n in (0, 2)]
    assert codes == [[], []]
    codes = [[each.code for each in given_up(order, Rules(), 0.0, (), played=n)] for n in (0, 2)]
    assert ["silence_moved" in each for each in codes] == [True, False]


@pytest.mark.parametrize("minute", [5.0, 14.0, 20.0])
def test_a_pin_by_time_is_one_by_the_time_of_the_session(minute):
    pin = TRACKS[7].path
    session = arrange(TRACKS, SILENT, Constraints(pins=(Pin(pin, minute=minute),)))
    slot = next(each for each in session.slots if each.path == pin)
    is_told = any(each.code == "pin_moved" for each in session.relaxed)
    assert is_told == (abs(slot.start_s - 60.0 * minute) > 30.001)
    assert abs(slot.start_s - 60.0 * minute) <= 65.0


def test_a_planned_silence_is_not_told_as_one_between_tracks():
    quiet = replace(plain(0).features, trailing_silence_s=20.0)
    tracks = [replace(plain(n, 35.0 / 3.0), features=quiet) for n in range(3)]
    tracks = [replace(each, features=replace(quiet, duration_s=700.0)) for each in tracks]
    told = [
        sum(dict(each.parameters)["count"] for each in result.silences(order))
        for order in (result.ordered(tracks, objective(plan)) for plan in (BARE, SILENT))
    ]
    assert told == [2, 1]


def test_every_path_of_a_menu_has_its_silence(monkeypatch):
    for module, name, value in QUICKLY:
        monkeypatch.setattr(module, name, value)
    phases = (Phase("in", 0.0, 600.0, 0.2, 0.4), Phase("out", 600.0, 1200.0, 0.4, 0.2))
    plan = Profile("two", "Two", "", 1200.0, phases, BARE.rules).silent((180.0, 60.0))
    found = menu(library(60, 1, artists=60), plan, 2)
    assert [(part.start_s, part.end_s) for part in found.parts] == [(0, 780), (780, 1440)]
    for blocks, length_s in zip(found.blocks, (180.0, 60.0), strict=True):
        for block in blocks:
            (silence,) = block.silences
            assert silence.start_s == pytest.approx(block.slots[-1].end_s)
            assert silence.end_s == pytest.approx(block.duration_s)
            assert silence.duration_s == pytest.approx(length_s)
    assert [each.duration_s for each in found.worst.silences] == [180.0, 60.0]
    assert abs(found.longest_s - 1440.0) <= 30.0
    assert found.tail.slots[0].start_s == 0.0
