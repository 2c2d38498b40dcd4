"""A session to the cover of its recording: planned and actual energy as a PNG. Pure."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from playlist_builder.models import STEP_S, Floats, Session

SIZE = 600  # pixels of each side; players show covers as squares
_MARGIN = 60
_BACKGROUND = (22, 26, 44)
_ACTUAL = (92, 124, 178)
_PLANNED = (240, 190, 110)
_LINE_HALF_WIDTH = 4  # pixels


def png(session: Session) -> bytes:
    """Return a PNG file: planned energy as a line over the actual energy of the slots."""
    steps = max(1, round(session.duration_s / STEP_S))
    actual = np.zeros(steps)
    for slot in session.slots:
        first, last = int(slot.start_s / STEP_S), max(1, round(slot.end_s / STEP_S))
        levels = np.array(slot.contour or (slot.energy,))
        indices = np.linspace(0, len(levels) - 1, max(1, min(last, steps) - first)).round()
        actual[first : first + len(indices)] = levels[indices.astype(int)]
    pixels = np.empty((SIZE, SIZE, 3), np.uint8)
    pixels[:] = _BACKGROUND
    inside = pixels[_MARGIN : SIZE - _MARGIN, _MARGIN : SIZE - _MARGIN]
    height, width = inside.shape[:2]
    rows = np.arange(height)[:, None]
    inside[rows >= height * (1.0 - _stretched(actual, width))] = _ACTUAL
    if session.curve:
        planned = height * (1.0 - _stretched(np.array(session.curve), width))
        inside[np.abs(rows - planned) <= _LINE_HALF_WIDTH] = _PLANNED
    return _encoded(pixels)


def _stretched(levels: Floats, width: int) -> Floats:
    return np.interp(np.linspace(0, len(levels) - 1, width), np.arange(len(levels)), levels)


def _encoded(pixels: NDArray[np.uint8]) -> bytes:
    """Return rows of RGB as a PNG file (PNG, third edition, section 5)."""
    height, width = pixels.shape[:2]
    unfiltered = np.pad(pixels.reshape(height, -1), ((0, 0), (1, 0)))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in (
            (b"IHDR", header),
            (b"IDAT", zlib.compress(unfiltered.tobytes(), 9)),
            (b"IEND", b""),
        )
    )
