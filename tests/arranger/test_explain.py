"""Each slot has an explanation, and its runner-up is a session of the cost that is given."""

from dataclasses import replace

import numpy as np
import pytest

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.explain import explain
from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.arranger.solver.cost import step_at
from playlist_builder.errors import ArrangeError
from playlist_builder.profiles.profile import Phase, Profile
from tests.support.synthetic import felt, library

PROFILE = Profile("ramp", "Ramp", "", 1800.0, (Phase("ramp", 0.0, 1800.0, 0.2, 0.7),))


def test_every_slot_is_explained_and_the_runner_up_costs_what_is_said():
    """Put in by hand, the runner-up is feasible, and it costs the session and the difference."""
    tracks = library(40, 6)
    session = arrange(tracks, PROFILE)
    reasons = explain(session, tracks, PROFILE)
    assert [reason.path for reason in reasons] == [slot.path for slot in session.slots]
    assert reasons[0].energy_step == 0.0
    for place, (reason, slot) in enumerate(zip(reasons, session.slots, strict=True)):
        first = step_at(round(slot.start_s * 1000))
        times = (np.arange(first, first + len(slot.contour)) + 0.5) * 10.0
        distance = np.array(slot.contour) - PROFILE.target(times)
        assert reason.distance == pytest.approx(np.sqrt(np.mean(distance**2)))
        if reason.runner_up:
            order = [each.path for each in session.slots]
            order[place] = reason.runner_up
            pins = tuple(Pin(path, place=number) for number, path in enumerate(order, start=1))
            other = arrange(tracks, PROFILE, constraints=Constraints(pins=pins))
            assert [each.path for each in other.slots] == order
            assert other.cost == pytest.approx(session.cost + reason.runner_up_cost)
            assert other.relaxed == ()
            checked = True
    assert checked


def test_what_tension_and_being_unmoved_cost_is_named():
    planned = replace(PROFILE.phases[0], tension=(0.0, 0.3), moving=True)
    profile = replace(PROFILE, phases=(planned,))
    tracks = felt(library(80, 6), 1)
    session = arrange(tracks, profile)
    known = {each.path: each.emotion for each in tracks}
    for slot, reason in zip(session.slots, explain(session, tracks, profile), strict=True):
        emotion, share = known[slot.path], len(slot.contour) / 180
        if emotion is None:
            assert (reason.tension, reason.tension_price) == (None, 0.0)
            assert (reason.moving, reason.moving_price) == (None, 0.0)
            continue
        tense = 0.5 * max(emotion.tension - 0.3, 0.0) ** 2
        assert (reason.tension, reason.moving) == (emotion.tension, emotion.moving)
        assert reason.tension_price == pytest.approx(tense * share)
        assert reason.moving_price == pytest.approx(0.01 * (1.0 - emotion.moving) * share)
    assert all(each.moving_price == 0.0 for each in explain(session, tracks, PROFILE))


def test_a_session_of_tracks_that_are_gone_is_an_error():
    tracks = library(80, 6)
    session = arrange(tracks, PROFILE)
    left = [track for track in tracks if track.path != session.slots[0].path]
    with pytest.raises(ArrangeError, match="not among the tracks"):
        explain(session, left, PROFILE)
