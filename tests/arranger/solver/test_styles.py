"""Styles tell how far one sound is from the next, and far steps cost."""

from dataclasses import replace

import numpy as np
import pytest

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.explain import explain
from playlist_builder.arranger.rules import Constraints
from playlist_builder.arranger.solver import styles
from playlist_builder.arranger.solver.styles import Styles
from playlist_builder.models import STYLE_SIZE
from playlist_builder.profiles.profile import Rules
from playlist_builder.tracks.track_table import TrackTable
from tests.support.synthetic import flat, library, plain

STRINGS, CHIPTUNE = np.eye(STYLE_SIZE, dtype=np.float32)[:2]
EVERY = np.arange(4)
MIXED = TrackTable.of(
    [
        plain(0, style=STRINGS),
        plain(1, style=2.0 * STRINGS),
        plain(2, style=STRINGS + CHIPTUNE),
        plain(3, centroid_hz=6000.0),
    ]
)


def test_a_distance_is_one_less_the_cosine_of_styles():
    found = Styles(MIXED).distance(EVERY[:3, None], EVERY[:3])
    near = 1.0 - np.sqrt(0.5)
    assert found == pytest.approx(np.array([[0, 0, near], [0, 0, near], [near, near, 0]]), abs=1e-6)


def test_what_was_measured_stands_in_where_a_style_is_not_known():
    one, other = EVERY[:1], EVERY[3:]
    bare = TrackTable.of([replace(each, style=None) for each in MIXED])
    assert Styles(MIXED).distance(one, other) == Styles(bare).distance(one, other)
    assert Styles(bare).distance(one, one + 1) == pytest.approx(0.0, abs=1e-6)
    assert 0.0 < Styles(bare).distance(one, other)[0] <= 2.0


@pytest.mark.parametrize("known", [0, 4, 8])
def test_distances_are_the_same_however_many_are_asked_for(known, monkeypatch):
    rng = np.random.default_rng(known)
    tracks = [
        replace(each, style=rng.normal(size=STYLE_SIZE).astype("f4") if place < known else None)
        for place, each in enumerate(library(8, 1))
    ]
    table, rows = TrackTable.of(tracks), np.arange(8)
    every = Styles(table).distance(rows[:, None], rows)
    monkeypatch.setattr(styles, "MOST_PAIRS", 0)
    few = Styles(table)
    assert few.distance(rows[:, None], rows[None]) == pytest.approx(every, abs=1e-6)
    assert few.distance(rows[:-1], rows[1:]) == pytest.approx(every[rows[:-1], rows[1:]], abs=1e-6)
    assert few[rows[3:]].distance(rows[:2], rows[1:3]) == pytest.approx(np.diag(every[3:5, 4:6]))


def test_small_steps_are_nearly_free_and_none_costs_without_cohesion():
    left, right = EVERY[:1], EVERY[2:3]
    distance = Styles(MIXED).distance(left, right)[0]
    assert Styles(MIXED, 0.5).price(left, right) == pytest.approx(0.5 * distance**3)
    assert Styles(MIXED, 0.0).price(left, right) == 0.0


def test_a_session_does_not_jump_between_sounds_that_fit_alike():
    """Without the rule it may; with it, one change is the least that both sounds allow."""
    tracks = [
        plain(number, 4.0, 0.5, artist=str(number), style=(STRINGS, CHIPTUNE)[number % 2])
        for number in range(6)
    ]
    session = arrange(tracks, flat(24), constraints=Constraints(scale="absolute"))
    steps = [slot.style_step for slot in session.slots]
    assert steps[0] is None
    assert sorted(steps[1:]) == pytest.approx([0.0] * 4 + [1.0])
    reasons = explain(session, tracks, flat(24))
    assert [each.style_step for each in reasons[1:]] == steps[1:]
    free = replace(flat(24), rules=Rules(cohesion=0.0))
    assert arrange(tracks, free, constraints=Constraints(scale="absolute")).cost < session.cost


def test_the_tail_knows_the_step_into_it():
    calm = [plain(n, 4.0, 0.1, artist=str(n), style=STRINGS) for n in range(12)]
    session = arrange(calm, flat(12, 0.1), constraints=Constraints(scale="absolute"))
    assert session.tail
    assert all(slot.style_step == pytest.approx(0.0, abs=1e-6) for slot in session.tail)
