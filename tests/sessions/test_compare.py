"""What a listener would notice of a track in the place of another one."""

from dataclasses import replace

import numpy as np
import pytest

from playlist_builder.arranger import result
from playlist_builder.arranger.problem import Objective
from playlist_builder.arranger.rules import Constraints
from playlist_builder.sessions.compare import Passage, passage_of, standing_out, traits
from tests.support.synthetic import emotion, flat, plain

NOW = Passage(0.5, 0.5, 0.3, 0.0, -20.0, 10.0, 1.0, 0.4, "none")


def order(*tracks, **limits):
    return result.ordered(tracks, Objective(flat(15.0, **limits), Constraints(), None))


def test_a_passage_is_the_track_and_its_worse_join():
    style = np.eye(64, dtype=np.float32)
    tracks = (
        plain(0, end_lufs=-30.0, style=style[0]),
        plain(1, level=0.4, start_lufs=-25.0, end_lufs=-25.0, emotion=emotion(0.5), style=style[0]),
        plain(2, start_lufs=-21.0, style=style[1]),
    )
    found = passage_of(order(*tracks, tension=(0.0, 0.2)), 1)
    assert (found.energy, found.target) == (pytest.approx(0.4), 0.5)
    assert (found.tension, found.beyond_tension) == (0.5, pytest.approx(0.3))
    assert (found.rise_lu, found.loudness_lufs) == (5.0, -25.0)
    assert found.style_step == pytest.approx(1.0)
    assert found.join == "between"
    first = passage_of(order(*tracks[:2]), 0)
    assert (first.join, first.beyond_tension, first.rise_lu) == ("near", 0.0, 5.0)
    assert np.isnan(first.tension)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ()),
        ({"energy": 0.56}, ()),
        ({"energy": 0.4}, ("calmer",)),
        ({"energy": 0.6, "tension": 0.1}, ("livelier", "gentler")),
        ({"tension": np.nan}, ()),
        ({"loudness_lufs": -17.0, "brightness_octave": 10.5}, ("louder", "brighter")),
        ({"loudness_lufs": -23.0, "brightness_octave": 9.5}, ("softer", "darker")),
        ({"tension": 0.6}, ("tenser",)),
    ],
)
def test_only_what_is_noticed_is_told(change, words):
    found = traits(replace(NOW, **change), NOW)
    assert tuple(each.word for each in found) == words
    assert all(each.by > 0.0 for each in found)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, ()),
        ({"energy": 0.64}, ()),
        ({"energy": 0.7}, ("off_plan",)),
        ({"beyond_tension": 0.2}, ("tense",)),
        ({"rise_lu": 3.9}, ()),
        ({"rise_lu": 4.2}, ("rise",)),
        ({"style_step": 1.1}, ("style",)),
        ({"vocals": "unknown"}, ("voice",)),
        ({"vocals": "sung", "rise_lu": 9.0}, ("rise", "voice")),
    ],
)
def test_what_stands_out_is_told_unless_it_is_no_worse_than_now(change, why):
    new = replace(NOW, **change)
    found = standing_out(new, NOW, most_off=0.15, most_rise_lu=3.0)
    assert tuple(each.why for each in found) == why
    assert standing_out(new, new, most_off=0.15, most_rise_lu=3.0) == ()
