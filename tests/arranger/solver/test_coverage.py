"""A count proves that music is missing only where it is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.arranger.problem import Relaxation, build_problem, instance_of
from playlist_builder.arranger.rules import Constraints
from playlist_builder.arranger.solver.cost import step_at
from playlist_builder.arranger.solver.coverage import is_short
from playlist_builder.arranger.solver.solve import search_space
from tests.support.synthetic import arc, library, plain


def space_of(tracks, profile):
    """Return the search space of all tracks."""
    problem = build_problem(tracks, profile, Constraints())
    instance = instance_of(problem, Relaxation())
    return search_space(instance, np.arange(len(instance.items.steps)))


def only(space, sequence):
    """Return a space in which items may play where they do in a sequence alone."""
    ends_ms = np.cumsum(space.items.length_ms[sequence])
    starts = step_at(ends_ms - space.items.length_ms[sequence])
    longer = step_at(ends_ms) - starts - space.items.steps[sequence]
    price = np.full_like(space.price, np.inf)
    price[longer, starts, sequence] = 0.0
    return replace(space, price=price)


@given(st.integers(0, 999), st.integers(1, 9), st.integers(-29, 29))
def test_what_a_session_holds_is_enough_and_without_one_track_it_is_not(seed, count, off_s):
    tracks = library(count, seed, artists=count)
    minutes = (sum(track.duration_s for track in tracks) + off_s) / 60.0
    space = space_of(tracks, arc(minutes, artist_max=count))
    sequence = np.random.default_rng(seed).permutation(count)
    whole = only(space, sequence)
    assert not is_short(whole)
    gone = whole.price.copy()
    gone[:, :, seed % count] = np.inf
    assert is_short(replace(whole, price=gone))


def calm_and_not(calm, **rules):
    """Return the space of 60 min whose ends take only some of 30 tracks of 5 min."""
    gentle = [plain(n, startle_lu=2.0, artist=f"A{n % 4}") for n in range(calm)]
    others = [plain(n, startle_lu=9.0, artist=f"B{n}") for n in range(calm, 30)]
    profile = arc(60.0, **rules)
    limits = (5.0, None, 5.0)
    phases = (
        replace(each, max_startle_lu=limit, max_peak=1.0)
        for each, limit in zip(profile.phases, limits, strict=True)
    )
    return space_of([*gentle, *others], replace(profile, phases=tuple(phases)))


@pytest.mark.parametrize(
    ("calm", "artist_max", "short"),
    [(6, 9, True), (7, 9, True), (8, 9, False), (8, 1, True), (8, 2, False), (30, 1, True)],
)
def test_phases_that_need_the_same_tracks_are_counted_together(calm, artist_max, short):
    """Start and end last 18 min each, which four tracks fill, and so both take eight."""
    assert is_short(calm_and_not(calm, artist_max=artist_max)) is short


def test_without_any_place_there_is_no_session():
    space = space_of(library(5, 1), arc(20.0))
    assert is_short(replace(space, price=np.full_like(space.price, np.inf)))
