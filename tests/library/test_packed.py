"""What is kept in bytes comes back within the error that is stated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from playlist_builder.library.packed import pack, unpack, unpack_all

WIDTH = 3
VALUES = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 12), st.just(WIDTH)),
    elements=st.floats(-20_000.0, 20_000.0, width=32),
)


@given(VALUES)
def test_values_come_back_within_a_part_of_their_span(values):
    found = unpack(pack(values), WIDTH).astype(np.float64)
    span = values.max(axis=0) - values.min(axis=0).astype(np.float64)
    rounding = 2.0**-10 * np.abs(values).max(axis=0) + 1e-4
    assert found.shape == values.shape
    assert (np.abs(found - values) <= span / 460.0 + rounding).all()


@given(st.lists(VALUES, max_size=4))
def test_many_are_read_as_each_alone(rows):
    blobs = [*map(pack, rows), b""]
    for found, blob in zip(unpack_all(blobs, WIDTH), blobs, strict=True):
        assert np.array_equal(found, unpack(blob, WIDTH))
    assert unpack(b"", WIDTH).shape == (0, WIDTH)


def test_equal_values_come_back_as_they_were():
    values = np.full((4, WIDTH), -12.5, np.float32)
    assert np.array_equal(unpack(pack(values), WIDTH), values)
    assert len(pack(values)) == (3 + 4) * WIDTH


@pytest.mark.parametrize("blob", [b"x", bytes(3 * WIDTH), bytes(3 * WIDTH + 1)])
def test_what_is_cut_off_is_refused(blob):
    with pytest.raises(ValueError, match="cut off"):
        unpack(blob, WIDTH)


def test_what_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        unpack(b"\x00\x7c" + bytes(10), WIDTH)
