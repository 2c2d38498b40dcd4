"""A running median is the median of each window, whatever the width and the step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from playlist_builder.analysis.running_median import running_median


@settings(deadline=None)
@given(
    st.integers(1, 20).map(lambda half: 2 * half + 1),
    st.integers(1, 4),
    st.integers(0, 30),
    st.integers(0, 2**32 - 1),
)
def test_it_is_the_median_of_each_window(width, step, more, seed):
    values = np.random.default_rng(seed).integers(0, 9, (width + more, 3)).astype(np.float32)
    windows = sliding_window_view(values, width, axis=0)[::step]
    np.testing.assert_array_equal(running_median(values, width, step), np.median(windows, axis=-1))


@pytest.mark.parametrize("width", [3, 11, 19])
def test_one_window_gives_one_median(width):
    values = np.arange(width, dtype=np.float32)[::-1, None]
    np.testing.assert_array_equal(running_median(values, width), [[width // 2]])
