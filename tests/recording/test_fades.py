"""A part of a track is cut to the sample and fades where it is cut, whatever the blocks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.errors import AudioError
from playlist_builder.recording.fades import FADE_IN_S, FADE_OUT_S, faded_part

RATE_HZ = 100


def parted(seconds, size, from_s, to_s):
    samples = np.ones((2, round(seconds * RATE_HZ)), np.float32)
    blocks = [samples[:, at : at + size] for at in range(0, samples.shape[1], size)]
    return np.concatenate(list(faded_part(blocks, RATE_HZ, from_s, to_s)), axis=1)


def test_without_a_cut_the_blocks_are_the_same():
    blocks = [np.ones((1, 7), np.float32)]
    assert list(faded_part(blocks, RATE_HZ, None, None)) == blocks


@given(st.integers(1, 700), st.sampled_from([None, 0.0, 3.25]), st.sampled_from([None, 20.5]))
def test_a_part_has_its_length_and_its_fades_in_any_blocks(size, from_s, to_s):
    found = parted(30.0, size, from_s, to_s)
    whole = parted(30.0, 3000, from_s, to_s)
    np.testing.assert_allclose(found, whole, atol=1e-6)
    end_s = 30.0 if to_s is None else to_s
    assert found.shape[1] == round((end_s - (from_s or 0.0)) * RATE_HZ)
    is_faded = found[0, 0] < 0.1, found[0, -1] < 0.1
    assert is_faded == (from_s is not None, to_s is not None)


def test_the_fades_are_of_equal_power_and_as_long_as_they_should_be():
    found = parted(30.0, 160, 5.0, 25.0)[0]
    rising, falling = round(FADE_IN_S * RATE_HZ), round(FADE_OUT_S * RATE_HZ)
    assert found[rising // 2] ** 2 == pytest.approx(0.5, abs=0.01)
    assert found[-falling // 2] ** 2 == pytest.approx(0.5, abs=0.01)
    np.testing.assert_allclose(found[rising:-falling], 1.0)
    assert (np.diff(found[:rising]) > 0).all()
    assert (np.diff(found[-falling:]) < 0).all()


@pytest.mark.parametrize(("from_s", "to_s"), [(40.0, None), (5.0, 40.0), (30.0, None), (None, 31)])
def test_music_that_ends_before_its_part_is_an_error(from_s, to_s):
    with pytest.raises(AudioError, match="is shorter than when this session was made"):
        parted(30.0, 160, from_s, to_s)
