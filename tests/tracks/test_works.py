"""What is known of a track wherever it lies."""

import numpy as np
import pytest

from playlist_builder.models import STYLE_SIZE
from playlist_builder.tracks.works import quarters, style_of, style_text, work_of
from tests.support.synthetic import track


@pytest.mark.parametrize("seed", range(5))
def test_a_style_as_text_is_the_same_style(seed):
    style = np.random.default_rng(seed).normal(0.0, 10.0**seed, STYLE_SIZE).astype(np.float32)
    again, length = style_of(style_text(style)), np.linalg.norm(style)
    assert again @ style / length == pytest.approx(1.0, abs=0.001)
    assert style_text(0.0 * style) == ""


@pytest.mark.parametrize("text", ["", "!", "AAAA", style_text(np.ones(7, np.float32)), "é"])
def test_what_is_no_style_is_not_known(text):
    assert style_of(text) is None


@pytest.mark.parametrize("steps", [1, 3, 4, 9])
def test_quarters_have_the_mean_of_the_whole(steps):
    contour = np.random.default_rng(0).random(steps)
    found = quarters(contour)
    assert found.shape == (4,)
    assert found.mean() == pytest.approx(contour.mean())


def test_a_work_tells_the_energy_of_its_track():
    work = work_of(track(1, 40.0, np.array([0.1, 0.2, 0.3, 0.4])))
    assert work.energy == pytest.approx(0.25)
    assert work.contour == pytest.approx((0.1, 0.2, 0.3, 0.4))
    assert work.style == ""
