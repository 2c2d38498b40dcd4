"""The transform is that of numpy in single precision, with and without the part loaded alone."""

import subprocess
import sys

import numpy as np
import pytest
import scipy.fft

from playlist_builder.audio import transform

ALONE = """
import sys
import numpy as np
from playlist_builder.audio import transform
transform.rfft(np.ones((4, 8), np.float32))
print(sorted({name for name in sys.modules if name.partition(".")[0] == "scipy"}))
"""


@pytest.fixture(params=["alone", "elsewhere"])
def place(request, monkeypatch):
    if request.param == "elsewhere":
        monkeypatch.setattr(transform, "COMPILED", "not_there")
    transform.compiled_part.cache_clear()
    yield
    transform.compiled_part.cache_clear()


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("shape", [(1, 8), (5, 1800), (2, 3, 250), (0, 16)])
def test_it_is_the_transform_of_numpy_along_the_last_axis(shape):
    rows = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    found = transform.rfft(rows)
    assert found.dtype == np.complex64
    expected = np.fft.rfft(rows.astype(np.float64))
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.sqrt(shape[-1]))


@pytest.mark.usefixtures("place")
def test_fast_lengths_are_those_of_scipy():
    for least in (1, 7, 882, 1764, 4410, 8202, 96_001):
        assert transform.fast_length(least) == scipy.fft.next_fast_len(least, real=True)


def test_nothing_else_of_scipy_is_loaded():
    told = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, check=True, text=True
    ).stdout
    assert told.strip() == "[]"
