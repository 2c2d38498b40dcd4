"""What is louder than music, or far louder than the others, never opens a session."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.arranger import opening
from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.errors import ArrangeError
from tests.benchmarks.arrange_exact import TOLERANCE_S, task
from tests.support.synthetic import flat, plain


def tuned(number, lufs, level=0.5, **more):
    return plain(number, level=level, start_lufs=lufs, end_lufs=lufs, **more)


def opener(session):
    loudness = [slot.loudness_lufs for slot in session.slots]
    return loudness[0], opening.most_lufs(np.array(loudness))


@pytest.mark.parametrize("lufs", [0.4, -11.0])
def test_a_track_far_louder_than_the_others_does_not_open_and_that_is_told(lufs):
    """Though it fits the plan best, and would be first for fear of a rise."""
    tracks = [tuned(0, lufs, 0.3), *(tuned(number, -20.0, 0.6) for number in range(1, 6))]
    session = arrange(tracks, flat(20, 0.3), constraints=Constraints(scale="absolute"))
    lufs_first, most = opener(session)
    assert lufs_first <= most
    (told,) = [each for each in session.warnings if each.code == "too_loud_to_open"]
    assert f"'Title 0' does not open the session: its {lufs:.1f} LUFS" in str(told)
    assert 0.0 <= session.bound <= session.cost
    assert all(spare.slot.loudness_lufs <= most for spare in session.spares if spare.place == 1)


def test_music_that_is_loud_throughout_opens_as_it_likes():
    tracks = [tuned(number, -6.0 - number % 3) for number in range(6)]
    session = arrange(tracks, flat(20), constraints=Constraints(scale="absolute"))
    assert not [each for each in session.warnings if each.code == "too_loud_to_open"]


def test_no_relaxation_lets_noise_open_a_session():
    tracks = [tuned(number, 0.4) for number in range(6)]
    with pytest.raises(ArrangeError, match=r"does not open the session: its 0\.4 LUFS"):
        arrange(tracks, flat(20), constraints=Constraints(scale="absolute"))
    others = [tuned(number, -20.0) for number in range(6, 12)]
    pin = Constraints(pins=(Pin(tracks[0].path, place=1),))
    with pytest.raises(ArrangeError, match="'Title 0' does not open the session"):
        arrange([tracks[0], *others], flat(20), constraints=replace(pin, scale="absolute"))


@settings(max_examples=6)
@given(st.lists(st.floats(-30.0, 2.0), min_size=5, max_size=8), st.integers(0, 99))
def test_every_session_opens_softly(loudness, seed):
    rng = np.random.default_rng(seed)
    tracks = [tuned(n, lufs, float(rng.random())) for n, lufs in enumerate(loudness)]
    try:
        session = arrange(tracks, flat(15, 0.4), constraints=Constraints(scale="absolute"))
    except ArrangeError as error:
        assert "does not open the session" in str(error)
        return
    lufs, most = opener(session)
    assert lufs <= most


def test_an_order_that_opens_too_loud_is_told():
    tracks = [tuned(0, -8.0), *(tuned(number, -20.0) for number in range(1, 4))]
    (told,) = opening.too_loud(tracks)
    assert str(told) == (
        "'Title 0' opens the session, though its -8.0 LUFS are louder than music or the other"
        " tracks (limit -12.0)"
    )
    assert opening.too_loud(tracks[1:]) == []
    quiet = replace(tracks[0].features, loudness_lufs=-12.0, start_loudness_lufs=-12.0)
    assert opening.too_loud([replace(tracks[0], features=quiet), *tracks[1:]]) == []


def test_a_track_that_begins_loud_does_not_open_though_it_is_soft_as_a_whole():
    calm = [plain(n, 4.0, 0.5, artist=str(n)) for n in range(6)]
    bang = plain(9, 4.0, 0.5, artist="9")
    bang = replace(bang, features=replace(bang.features, start_loudness_lufs=-11.0))
    order = [bang, *calm[:2]]
    assert [each.code for each in opening.too_loud(order)] == ["opens_loud"]
    assert not opening.too_loud(calm)
    session = arrange([*calm, bang], flat(28, 0.5), constraints=Constraints(scale="absolute"))
    assert session.slots[0].path != bang.path
    assert bang.path in {slot.path for slot in session.slots}


@pytest.mark.parametrize("loudest_lufs", [-5.0, 4.0])
def test_where_all_begin_loud_the_softest_opens(loudest_lufs):
    bangs = [
        replace(each, features=replace(each.features, start_loudness_lufs=loudest_lufs - number))
        for number, each in enumerate(plain(n, 4.0, 0.5, artist=str(n)) for n in range(4))
    ]
    session = arrange(bangs, flat(16, 0.5), constraints=Constraints(scale="absolute"))
    assert session.slots[0].path == bangs[-1].path


def test_a_pin_opens_a_session_of_another_median_where_that_of_the_best_one_bars_it():
    """The first, fourth and fifth make one of another median, under which the pin may open."""
    loudness = (-12.0, -30.0, -30.0, -18.0, -18.0)
    levels = (0.5, 0.5, 0.5, 0.6, 0.6)
    tracks = [tuned(n, *each) for n, each in enumerate(zip(loudness, levels, strict=True))]
    pin = Constraints(pins=(Pin(tracks[0].path, place=1),))
    session = arrange(tracks, flat(15), constraints=replace(pin, scale="absolute"))
    lufs, most = opener(session)
    assert session.slots[0].path == tracks[0].path
    assert lufs <= most
    assert session.relaxed == ()
    assert not [each for each in session.warnings if each.code == "too_loud_to_open"]
    assert 0.0 <= session.bound <= session.cost


def test_where_nothing_is_loud_enough_behind_a_pin_it_is_told_and_not_proven():
    tracks = [tuned(n, lufs) for n, lufs in enumerate((-12.0, -30.0, -30.0, -30.0, -18.0))]
    pin = Constraints(pins=(Pin(tracks[0].path, place=1), Pin(tracks[1].path, place=2)))
    with pytest.raises(ArrangeError, match="'Title 0' does not open the session") as refused:
        arrange(tracks[:4], flat(15), constraints=replace(pin, scale="absolute"))
    assert "which is proven" not in str(refused.value)


def test_what_one_session_bars_from_its_opening_may_open_another():
    """The best opens too loud for its median, and all that is softer breaks more rules."""
    small = task(213)
    session = arrange(
        small.tracks, small.profile, constraints=replace(small.constraints, tolerance_s=TOLERANCE_S)
    )
    assert session.relaxed == ()
    assert session.cost == pytest.approx(0.278545, rel=1e-5)  # as of an exhaustive search
    lufs, most = opener(session)
    assert lufs <= most
