"""Mono samples at any rate to 16 kHz: a windowed sinc as a matrix."""

import math
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from playlist_builder.models import Floats32

RATE = 16000
CROSSINGS = 20  # zero crossings of the windowed sinc to either side
PASS = 0.98  # cut-off frequency as a share of the lower Nyquist frequency
PART = 16  # outputs of the resampling matrix that are computed together
LARGEST = 4_000_000  # most values of a resampling matrix; other rates use a Fourier transform


class Resampler:
    """Resamples mono samples to `RATE`; what lies before and after them is silence."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        common = math.gcd(rate, RATE)
        multiple = max(1, round(160 * common / RATE))
        while rate % (rate // common * multiple) or RATE % (RATE // common * multiple):
            multiple -= 1
        self.up, self.down = RATE // common * multiple, rate // common * multiple
        slower = min(1.0, RATE / rate) * PASS
        self.side = math.ceil(CROSSINGS / slower)
        self.parts: list[tuple[slice, slice, Floats32]] = []
        if rate != RATE and (self.down + 2 * self.side) * self.up <= LARGEST:
            at = np.arange(-self.side, self.down + self.side)[:, None]
            lag = at - np.arange(self.up) * (rate / RATE)
            inside = np.abs(lag) <= self.side
            taper = np.where(inside, np.cos(np.pi / 2 * np.clip(lag / self.side, -1, 1)) ** 2, 0)
            matrix = (slower * np.sinc(slower * lag) * taper).astype(np.float32)
            self.parts = _split_matrix(matrix)

    def needed(self, length: int) -> int:
        """Return how many samples give at least `length` at `RATE`."""
        if self.parts:
            return -(-length // self.up) * self.down
        return -(-length * self.rate // RATE)

    def __call__(self, samples: Floats32) -> Floats32:
        """Return samples of shape (n,), as many as `needed`, at 16 kHz."""
        if self.rate == RATE:
            return samples
        if not self.parts:
            import scipy.fft  # noqa: PLC0415 - half a second, and only decoding needs it

            length = len(samples) * RATE // self.rate
            spectrum = scipy.fft.rfft(samples)[: length // 2 + 1]
            factor = np.float32(length / len(samples))
            return np.asarray(scipy.fft.irfft(spectrum, length) * factor, np.float32)
        padded = np.pad(samples, self.side)
        windows = sliding_window_view(padded, self.down + 2 * self.side)[:: self.down]
        resampled = np.empty((len(windows), self.up), np.float32)
        for inputs, outputs, part in self.parts:
            np.matmul(windows[:, inputs], part, out=resampled[:, outputs])
        return resampled.ravel()


resampler = lru_cache(maxsize=2)(Resampler)  # the rates of a library are few


def _split_matrix(matrix: Floats32) -> list[tuple[slice, slice, Floats32]]:
    """Split a sparse matrix (inputs, outputs) into parts, each with the range of inputs it uses."""
    parts = []
    for start in range(0, matrix.shape[1], PART):
        outputs = slice(start, start + PART)
        used = np.flatnonzero(matrix[:, outputs].any(axis=1))
        inputs = slice(int(used[0]), int(used[-1]) + 1)
        parts.append((inputs, outputs, np.ascontiguousarray(matrix[inputs, outputs])))
    return parts
