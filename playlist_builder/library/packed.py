"""Rows of numbers of one track, kept in a byte each: physical values to bytes and back.

Each column has its own least value and distance between two values. So what comes back differs by
at most 1/460 of what the column spans within the track, beside the rounding of half precision.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LEAST_TYPE = np.dtype("<f2")
HIGHEST = 255  # of the values of a byte
PER_OCTAVE = 8  # distances are powers of 2 ** (1 / PER_OCTAVE), so that a byte holds one
_HEAD_BYTES = LEAST_TYPE.itemsize + 1  # of a column: its least value and its distance


def pack(values: NDArray[np.floating]) -> bytes:
    """Return numbers of shape (n, width) as bytes, none where n is 0."""
    if not len(values):
        return b""
    raw = values.astype(np.float32)
    least: NDArray[np.float16] = raw.min(axis=0).astype(LEAST_TYPE)
    span = np.maximum(raw.max(axis=0) - least, 0.0)
    smallest = np.exp2(np.float32(np.iinfo(np.int8).min / PER_OCTAVE))
    powers = np.ceil(np.log2(np.maximum(span / HIGHEST, smallest)) * PER_OCTAVE).astype(np.int8)
    places = np.clip(np.rint((raw - least) / _distances(powers)), 0, HIGHEST).astype(np.uint8)
    return b"".join(each.tobytes() for each in (least, powers, places))


def unpack(blob: bytes, width: int) -> NDArray[np.float16]:
    """Return what `pack` made bytes of; raises ValueError where it cannot have made them."""
    return unpack_all([blob], width)[0]


def unpack_all(blobs: Sequence[bytes], width: int) -> list[NDArray[np.float16]]:
    """Return what `pack` made each of; those of one size are read at once."""
    found = [np.zeros((0, width), np.float16)] * len(blobs)
    sizes = np.fromiter(map(len, blobs), np.int64, len(blobs))
    head = _HEAD_BYTES * width
    for size in np.unique(sizes[sizes > 0]).tolist():
        if size <= head or (size - head) % width:
            raise ValueError("a row of numbers that is cut off")
        (places,) = np.nonzero(sizes == size)
        same = b"".join([blobs[place] for place in places.tolist()])
        data = np.frombuffer(same, np.uint8).reshape(len(places), size)
        first = LEAST_TYPE.itemsize * width
        least = np.ascontiguousarray(data[:, :first]).view(LEAST_TYPE).astype(np.float32)
        if not np.isfinite(least).all():
            raise ValueError("a number that is not finite")
        distances = _distances(np.ascontiguousarray(data[:, first:head]).view(np.int8))
        above = data[:, head:].reshape(len(places), -1, width) * distances[:, None]
        values = (least[:, None] + above).astype(np.float16)
        for place, own in zip(places.tolist(), values, strict=True):
            found[place] = own
    return found


def _distances(powers: NDArray[np.int8]) -> NDArray[np.float32]:
    return np.exp2(powers.astype(np.float32) / PER_OCTAVE)
