"""Loudness as it arrives: a player that levels tracks changes the steps between them."""

from dataclasses import replace

import pytest

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.explain import explain
from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.report import summary
from playlist_builder.session_request import SessionRequest
from tests.support.synthetic import flat, paths, plain


def mastered(number, lufs):
    """Return a track that begins and ends as loud as it is as a whole."""
    return plain(number, 4.0, 0.5, artist=str(number), start_lufs=lufs, end_lufs=lufs)


TRACKS = [mastered(number, -24.0 + 7.0 * (number % 2)) for number in range(5)]
RAW = Constraints(pins=(Pin(TRACKS[0].path, place=1),))  # a soft one, from which it must rise
LEVELLED = replace(RAW, levelled=True)


def test_masters_of_other_levels_cost_nothing_where_the_player_levels_them():
    raw = arrange(TRACKS, flat(20, 0.5), constraints=replace(RAW, scale="absolute"))
    levelled = arrange(TRACKS, flat(20, 0.5), constraints=replace(LEVELLED, scale="absolute"))
    assert raw.cost > levelled.cost == pytest.approx(0.0, abs=1e-6)
    assert [each.code for each in raw.warnings].count("loudness_jumps") == 1
    assert "loudness_jumps" not in [each.code for each in levelled.warnings]
    assert [
        each.loudness_step_lu for each in explain(levelled, TRACKS, flat(20, 0.5), LEVELLED)
    ] == [pytest.approx(0.0)] * 5


def test_a_fade_in_counts_from_the_level_of_its_own_track():
    soft = [mastered(number, -30.0) for number in range(4)]
    loud = mastered(9, -20.0)
    fading = replace(loud, features=replace(loud.features, start_loudness_lufs=-28.0))
    session = arrange(
        [*soft, fading], flat(20, 0.5), constraints=Constraints(levelled=True, scale="absolute")
    )
    assert fading.path in paths(session)
    assert session.cost == pytest.approx(0.0, abs=1e-6)


def test_the_report_shows_the_steps_that_the_player_makes():
    session = arrange(TRACKS, flat(20, 0.5), constraints=replace(RAW, scale="absolute"))
    request = SessionRequest("flat", "", levelled=True)
    steps = summary.steps(replace(session, request=request))
    assert [step.rise_lu for step in steps if step] == pytest.approx([0.0] * (len(steps) - 1))
    assert any(step.rise_lu > 3.0 for step in summary.steps(session) if step)


def test_a_tail_is_as_loud_as_the_end_where_the_player_levels_it():
    """Raw, its music is far louder than the last track, which fades out."""
    soft = [mastered(number, -40.0) for number in range(5)]
    loud = [
        plain(number, 4.0, 0.1, artist=str(number), start_lufs=-14.0, end_lufs=-14.0)
        for number in range(10, 16)
    ]
    for constraints, plays in ((Constraints(), False), (Constraints(levelled=True), True)):
        session = arrange(
            [*soft, *loud], flat(20, 0.5), constraints=replace(constraints, scale="absolute")
        )
        assert bool(session.tail) is plays
