"""Mono samples at any rate to 16 kHz, once for both networks: a windowed sinc as a matrix."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from playlist_builder.models import Floats32

RATE = 16000
MIN_RATE, MAX_RATE = 8000, 768000
CROSSINGS = 20  # zero crossings of the windowed sinc to either side
PASS = 0.98  # cut-off frequency as a share of the lower Nyquist frequency
PART = 16  # outputs of the resampling matrix that are computed together
LARGEST = 4_000_000  # most values of a resampling matrix; other rates use a Fourier transform
TOGETHER_S = 10  # of a stream that are resampled at once
LOUDEST = 8.0  # full scale = 1.0; what is beyond is no music


class Resampler:
    """Resamples whole seconds of mono samples to `RATE`."""

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

    def __call__(self, samples: Floats32) -> Floats32:
        """Return samples of shape (n,) at 16 kHz."""
        length = len(samples) * RATE // self.rate
        if self.rate == RATE:
            return samples
        if not self.parts:
            import scipy.fft  # noqa: PLC0415 - as above

            spectrum = scipy.fft.rfft(samples)[: length // 2 + 1]
            factor = np.float32(length / len(samples))
            return np.asarray(scipy.fft.irfft(spectrum, length) * factor, np.float32)
        padded = np.pad(samples, self.side)
        windows = sliding_window_view(padded, self.down + 2 * self.side)[:: self.down]
        resampled = np.empty((len(windows), self.up), np.float32)
        for inputs, outputs, part in self.parts:
            np.matmul(windows[:, inputs], part, out=resampled[:, outputs])
        return resampled.ravel()


class Stream:
    """Takes mono samples of one track in blocks of any size, and returns them at `RATE`.

    Full scale = 1.0; values that are not finite are silence. The size of blocks changes nothing.
    """

    def __init__(self, rate: int) -> None:
        self._resample = Resampler(rate)
        down, side = self._resample.down, self._resample.side
        # To either side, of what is resampled: whole steps of the matrix, or a second.
        self._context = -(-side // down) * down if self._resample.parts else rate
        self._length = TOGETHER_S * rate
        self._parts: list[Floats32] = [np.zeros(self._context, np.float32)]
        self._count = self._context

    def push(self, mono: Floats32) -> Floats32:
        """Return what is complete, of shape (n,), after samples of shape (m,)."""
        self._parts.append(mono)
        self._count += len(mono)
        found: list[Floats32] = []
        if self._count >= self._length + 2 * self._context:
            recent = np.concatenate(self._parts)
            while len(recent) >= self._length + 2 * self._context:
                found.append(self._run(recent[: self._length + 2 * self._context]))
                recent = recent[self._length :]
            self._parts, self._count = [recent.copy()], len(recent)
        return np.concatenate(found) if found else np.zeros(0, np.float32)

    def finish(self) -> Floats32:
        """Return the rest; nothing can be pushed afterwards."""
        recent = np.concatenate(self._parts)
        rest = len(recent) - self._context
        # A block, and not more, is left with the context that came after it.
        missing = -(-rest // self._length) * self._length - rest + self._context
        padded = np.pad(recent, (0, missing))
        runs = [
            self._run(padded[start : start + self._length + 2 * self._context])
            for start in range(0, rest, self._length)
        ]
        count = round(rest * RATE / self._resample.rate)
        return np.concatenate([*runs, np.zeros(0, np.float32)])[:count]

    def _run(self, samples: Floats32) -> Floats32:
        if not np.isfinite(samples).all():
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        resampled = self._resample(np.clip(samples, -LOUDEST, LOUDEST))
        edge = self._context * RATE // self._resample.rate
        return resampled[edge : len(resampled) - edge]


def _split_matrix(matrix: Floats32) -> list[tuple[slice, slice, Floats32]]:
    """Split a sparse matrix (inputs, outputs) into parts, each with the range of inputs it uses."""
    parts = []
    for start in range(0, matrix.shape[1], PART):
        outputs = slice(start, start + PART)
        used = np.flatnonzero(matrix[:, outputs].any(axis=1))
        inputs = slice(int(used[0]), int(used[-1]) + 1)
        parts.append((inputs, outputs, np.ascontiguousarray(matrix[inputs, outputs])))
    return parts
