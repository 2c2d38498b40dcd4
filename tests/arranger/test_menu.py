"""Every path through the blocks of a menu is a session within its rules, without repeats."""

from dataclasses import replace
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.arranger import menu as menus
from playlist_builder.arranger import parts
from playlist_builder.arranger.menu import menu
from playlist_builder.arranger.parts import parts_of
from playlist_builder.arranger.rules import Constraints
from playlist_builder.errors import ArrangeError
from playlist_builder.models import AUDIBLE_LU
from playlist_builder.profiles.profile import Phase, Profile, Rules
from tests.support.synthetic import library, plain

QUICK = Rules(tail_min_s=240.0)


QUICKLY = ((parts, "LEAST_S", 300.0), (menus, "ROUNDS", 0), (menus, "OFFERS", 0))


def profile(*minutes, rules=QUICK):
    """A profile of phases of these lengths, which rise and fall in turn."""
    phases, start_s = [], 0.0
    for number, each in enumerate(minutes):
        end_s = start_s + 60.0 * each
        levels = (0.2, 0.6) if number % 2 == 0 else (0.6, 0.2)
        phases.append(Phase(f"phase {number}", start_s, end_s, *levels))
        start_s = end_s
    return Profile("plan", "Plan", "", start_s, tuple(phases), rules)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ((15, 9, 13.2, 10.8, 12), [15, 22.2, 22.8]),
        ((60,), [30, 30]),
        ((40, 35, 5), [20, 20, 20, 20]),
        ((31,), [15.5, 15.5]),
        ((5, 4), [9]),
        ((30, 30.1), [30, 30.1]),
    ],
)
def test_parts_last_15_to_30_minutes_where_they_can(minutes, expected):
    found = [part.duration_s / 60.0 for part in parts_of(profile(*minutes))]
    assert found == pytest.approx(expected, abs=0.2)


@settings(max_examples=30)
@given(minutes=st.lists(st.floats(0.5, 120.0), min_size=1, max_size=8))
def test_parts_follow_each_other_from_start_to_end(minutes):
    plan = profile(*minutes)
    own = parts_of(plan)
    assert (own[0].start_s, own[-1].end_s) == (0.0, plan.duration_s)
    assert all(left.end_s == right.start_s for left, right in pairwise(own))
    assert all(part.start_s % 10.0 == 0.0 for part in own)
    assert all(part.duration_s <= 1820.0 for part in own)
    if plan.duration_s >= 900.0:
        assert all(part.duration_s >= 880.0 for part in own)
    assert own[0].phases[0] == "phase 0"


@pytest.fixture(scope="module")
def found():
    """Two blocks for each of two parts of six minutes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "LEAST_S", 300.0)
        patch.setattr(menus, "ROUNDS", 1)
        patch.setattr(menus, "OFFERS", 4)
        return menu(library(30, 2), profile(6, 6), 2, Constraints(tolerance_s=60.0))


def test_every_path_is_a_session_of_its_length_without_repeats(found):
    played = [slot.identity for row in found.blocks for block in row for slot in block.slots]
    tail = [slot.identity for slot in found.worst.tail]
    assert tail
    assert len({*played, *tail}) == len(played) + len(tail)
    assert found.paths == 4
    for path in product(*found.blocks):
        assert abs(sum(block.duration_s for block in path) - 720.0) <= 60.0
    assert found.relaxed == ()


def test_any_block_follows_any_other_softly_and_by_another_artist(found):
    for left, right in pairwise(found.blocks):
        for before, after in product(left, right):
            last, first = before.slots[-1], after.slots[0]
            assert first.start_loudness_lufs - last.end_loudness_lufs <= 3.0 + AUDIBLE_LU
            assert first.artist != last.artist


def test_the_worst_path_is_that_of_the_worst_blocks(found):
    squares = sum(max(block.rms_error**2 for block in row) for row in found.blocks)
    assert found.worst.rms_error == pytest.approx((squares / 2.0) ** 0.5, abs=0.01)
    assert found.best_error <= found.worst.rms_error
    assert found.blocks[1][0].slots[0].start_s == 0.0


def test_offers_make_the_worst_path_better(monkeypatch):
    for module, name, value in QUICKLY:
        monkeypatch.setattr(module, name, value)
    wanted = library(40, 3), profile(6, 6), 2, Constraints(tolerance_s=60.0)
    before = menu(*wanted)
    monkeypatch.setattr(menus, "OFFERS", 4)
    after = menu(*wanted)
    assert after.worst.rms_error < 0.95 * before.worst.rms_error
    played = [slot.identity for row in after.blocks for block in row for slot in block.slots]
    assert len(set(played)) == len(played)


def test_where_paths_are_very_many_the_worst_of_them_are_looked_at(monkeypatch):
    for module, name, value in QUICKLY:
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(menus, "MOST_PATHS", 1)
    few = menu(library(30, 2), profile(6, 6), 2, Constraints(tolerance_s=60.0))
    lengths_s = [sum(block.duration_s for block in path) for path in product(*few.blocks)]
    assert (few.shortest_s, few.longest_s) == pytest.approx((min(lengths_s), max(lengths_s)))
    worst = [max(row, key=lambda block: block.rms_error) for row in few.blocks]
    played = [slot.identity for block in worst for slot in block.slots]
    assert [slot.identity for slot in few.worst.slots] == played


def test_blocks_that_are_found_stay_where_no_long_session_is(monkeypatch):
    """Rules give way in them, and there is no long session that says which tracks serve which."""
    for module, name, value in QUICKLY:
        monkeypatch.setattr(module, name, value)

    def none(*_):
        raise ArrangeError("There is none.")

    monkeypatch.setattr(menus, "dealt", none)
    two = [
        replace(each, tags=replace(each.tags, artists=(f"A{number % 2}",)))
        for number, each in enumerate(library(20, 2))
    ]
    found = menu(two, profile(6, 6), 2, Constraints(tolerance_s=60.0))
    assert found.relaxed
    assert found.paths == 4


def test_a_library_that_cannot_fill_all_blocks_says_so_before_any_search(monkeypatch):
    def search(*_):
        raise AssertionError

    monkeypatch.setattr(menus, "arranged", search)
    tracks = [plain(number, level=0.4, artist=f"A{number}") for number in range(8)]
    with pytest.raises(ArrangeError, match=r"for 3 blocks of each part.*--blocks"):
        menu(tracks, replace(profile(16, 15), rules=Rules(tail_share=0.0, tail_min_s=0.0)), 3)
