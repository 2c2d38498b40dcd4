"""What a track is wherever it lies: a `Work` of a `Track`, and its style as text and back.

A style is written as the base64 of `STYLE_SIZE` signed bytes, its numbers in proportion to the
largest of them: the cosine of two styles, all that is asked of them, stays within 0.01.
"""

import base64
import binascii

import numpy as np
from numpy.typing import NDArray

from playlist_builder.models import STYLE_SIZE, Floats32, Track, Work

QUARTERS = 4
_MOST = 127  # of a signed byte


def work_of(track: Track) -> Work:
    """Return what is known of a track wherever it lies."""
    tags = track.tags
    return Work(
        recording_id=tags.musicbrainz_recording_id,
        release_id=tags.musicbrainz_album_id,
        artist_ids=tags.musicbrainz_artist_ids,
        isrc=tags.isrc,
        energy=round(track.energy, 4),
        contour=tuple(np.round(quarters(track.contour).astype(np.float64), 4).tolist()),
        style="" if track.style is None else style_text(track.style),
    )


def quarters(contour: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the mean of a contour in each quarter of its length, shape (QUARTERS,)."""
    return np.asarray(np.repeat(contour, QUARTERS).reshape(QUARTERS, -1).mean(axis=1))


def style_text(style: Floats32) -> str:
    """Return a style as text; empty where all its numbers are 0."""
    largest = float(np.abs(style).max())
    if not largest:
        return ""
    return base64.b64encode(np.rint(style / largest * _MOST).astype(np.int8).tobytes()).decode()


def style_of(text: str) -> Floats32 | None:
    """Return the style that a text holds, of length 1, or None where it holds none."""
    try:
        numbers = np.frombuffer(base64.b64decode(text, validate=True), np.int8)
    except (binascii.Error, ValueError):
        return None
    length = np.linalg.norm(numbers.astype(np.float64))
    if len(numbers) != STYLE_SIZE or not length:
        return None
    return (numbers / length).astype(np.float32)
