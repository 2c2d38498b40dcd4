"""The picture on a recording shows the arc of its session."""

import io

import av
import numpy as np

from playlist_builder.models import Session, Slot
from playlist_builder.recording import cover


def pixels(session):
    with av.open(io.BytesIO(cover.png(session)), format="png_pipe") as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def session(*contours, curve=()):
    slots = [
        Slot("/a", "", "", "", "", 60.0 * n, 60.0 * n + 60.0, "", contour[0], 0.0, contour)
        for n, contour in enumerate(contours)
    ]
    length_s = 60.0 * len(contours)
    return Session("arc", "relative", length_s, length_s, 0.0, 0.0, 0.0, slots=slots, curve=curve)


def heights(image, colour):
    """Share of each column within the margin that has a colour."""
    inside = image[60:-60, 60:-60]
    return (inside == np.array(colour)).all(axis=2).mean(axis=0)


def test_columns_are_as_high_as_the_energy_at_their_time():
    image = pixels(session((0.25,) * 6, (0.75,) * 6))
    assert image.shape == (600, 600, 3)
    columns = heights(image, cover._ACTUAL)  # noqa: SLF001
    np.testing.assert_allclose(columns[:200], 0.25, atol=0.01)
    np.testing.assert_allclose(columns[-200:], 0.75, atol=0.01)


def test_the_planned_curve_is_a_line_over_it():
    image = pixels(session((0.25,) * 6, curve=(0.5,) * 6))
    rows = np.flatnonzero((image[:, 300] == np.array(cover._PLANNED)).all(axis=1))  # noqa: SLF001
    assert (rows[0] + rows[-1]) / 2 == 300
    assert len(rows) == 9


def test_a_session_of_one_short_track_has_a_picture():
    assert pixels(session((0.5,))).shape == (600, 600, 3)
