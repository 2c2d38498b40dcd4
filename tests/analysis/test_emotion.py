"""Tension and moving are hints in 0..1, with a spread that grows where patches differ."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from playlist_builder.analysis import emotion
from playlist_builder.models import STYLE_SIZE

PATCHES = npst.arrays(
    np.float16,
    st.tuples(st.integers(1, 8), st.just(STYLE_SIZE)),
    elements=st.floats(-60000, 60000, width=16),
)


def along(column, length):
    """A style that lies along the weights of tension (0) or moving (1)."""
    weight = emotion.load_weights().weight[:, column]
    return weight / np.linalg.norm(weight) * length


@given(PATCHES)
def test_all_lies_between_0_and_1_whatever_the_style(patches):
    found = emotion.estimate(patches)
    assert 0.0 <= found.tension <= 1.0
    assert 0.0 <= found.moving <= 1.0
    assert 0.0 < found.tension_spread <= 1.0
    assert found.patches.shape == (len(patches),)


@pytest.mark.parametrize("column", [0, 1])
def test_more_of_it_is_more(column):
    less, more = (emotion.estimate(along(column, length)[None]) for length in (-3.0, 3.0))
    name = ("tension", "moving")[column]
    assert getattr(more, name) > getattr(less, name) + 0.2


def test_what_differs_is_less_sure():
    same = emotion.estimate(np.zeros((4, STYLE_SIZE)))
    apart = emotion.estimate(np.stack([along(0, 5.0), along(0, -5.0)] * 2))
    assert apart.tension_spread > same.tension_spread == pytest.approx(emotion.load_weights().error)


def test_a_contour_is_a_line_between_patches():
    contour = emotion.contour(np.array([0.0, 30.0]), np.array([0.2, 0.8]), 5)
    assert contour.dtype == np.float32
    assert contour.tolist() == pytest.approx([0.3, 0.5, 0.7, 0.8, 0.8])
