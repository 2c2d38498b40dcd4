"""The network trained to tag music: samples of one track to its `Embedding`.

It is musicnn (Pons and Serra 2019, "musicnn: pre-trained convolutional neural networks for music
audio tagging", ISC licence), without the layers that name tags. It hears some patches of 3 s,
spread over the track, each at the same distance from a common level, so that the gain of a file
changes nothing, and above a floor of noise, so that rain and hiss change little. Of the cosines
over time that make up its tall filters, the fastest are left out, and what is left is heard in
every second frame, which costs little of what it hears and saves half of the work. Two thirds of
the first filters answer to all music alike and are left out, which leaves 202,000 weights.
Converted by `tests/evaluation/convert_musicnn.py`; runs in numpy.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from playlist_builder.audio import transform
from playlist_builder.models import STYLE_SIZE, Embedding, Floats, Floats32
from playlist_builder.networks import weights
from playlist_builder.networks.resampler import RATE, resampler

WEIGHTS = Path(__file__).with_name("music_weights.npz")
EMBEDDING_VERSION = 5  # raise it when samples may give another one: the next scan decodes again

FFT, HOP, BANDS, FRAMES = 512, 256, 96, 187
PATCH = HOP * (FRAMES - 1) + FFT  # samples
PATCHES = 8  # that are heard of a track
FIRST_HOP_S = 1.5  # between patches, until there are too many to be kept
KEPT = 2 * PATCHES
AUDIBLE_RATIO = 1e-4  # of the power of the loudest patch: a patch below is silence
LEVEL = 0.1  # root mean square of all patches together; full scale = 1.0
SILENCE_MEAN_SQUARE = 1e-11  # -110 dBFS, below the rounding of a 16-bit file
LOG_GAIN = 10_000.0
FLOOR_DB = -30.0  # of white noise against `LEVEL`, in which softer rain and hiss are lost
TALL, TALLER, LONG = 38, 67, 128  # bands or frames that the filters of the front end cover
TALL_FILTERS, TALLER_FILTERS, LONG_FILTERS, MIDDLE_FILTERS = 59, 67, 62, 64
REACH = 3  # frames to either side that a filter of the tall kinds and of the middle covers
WIDTH = 2 * REACH + 1
COSINES = 4  # of WIDTH, of which a filter of the tall kinds is made over time: the slowest
FRONT = TALL_FILTERS + TALLER_FILTERS + LONG_FILTERS
POOLED = FRONT + 3 * MIDDLE_FILTERS
TALL_EVERY = 2  # frames: with the fastest cosines left out, those between lie on straight lines
TALL_STRIDE, LONG_STRIDE = 2, 4  # bands between places of a filter: neighbours hear the same

_SHAPES: dict[str, tuple[int, ...]] = {
    "input": (2,),
    **{
        f"{name}{part}": (*size, filters) if part == "" else (filters,)
        for name, size, filters in (
            ("tall", (TALL * COSINES,), TALL_FILTERS),
            ("taller", (TALLER * COSINES,), TALLER_FILTERS),
            ("long", (LONG,), LONG_FILTERS),
            ("middle0", (WIDTH, FRONT), MIDDLE_FILTERS),
            ("middle1", (WIDTH, MIDDLE_FILTERS), MIDDLE_FILTERS),
            ("middle2", (WIDTH, MIDDLE_FILTERS), MIDDLE_FILTERS),
        )
        for part in ("", "_bias", "_gain", "_offset")
    },
    "centre": (POOLED,),
    "axes": (POOLED, STYLE_SIZE),
}
_WINDOW = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(FFT) / FFT)).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Weights by name; a layer is `gain * relu(input @ weights + bias) + offset`.

    `bank` leads from power at FFT // 2 + 1 frequencies to mel bands.
    """

    weights: dict[str, Floats32]
    bank: Floats32


@cache
def model() -> Model:
    """Return the network of the package; raises `ModelError` where its file is damaged."""
    return load(WEIGHTS)


def model_error() -> str:
    """Return one line on why music cannot be embedded, empty where it can."""
    return weights.load_error(model)


def load(path: Path) -> Model:
    """Return the model of a file; raises `ModelError` where its contents are not valid."""
    return Model(weights.load(path, _SHAPES), mel_bank())


def mel_bank() -> Floats32:
    """Return the mel filters of Slaney's Auditory Toolbox, each of the same area."""
    step = np.log(6.4) / 27.0  # above 1 kHz, mels grow with the logarithm

    def hertz(mel: Floats) -> Floats:
        return np.where(mel < 15.0, mel * 200.0 / 3.0, 1000.0 * np.exp(step * (mel - 15.0)))  # noqa: PLR2004 - 1 kHz

    top = 15.0 + np.log(RATE / 2 / 1000.0) / step
    edges = hertz(np.linspace(0.0, top, BANDS + 2))
    at = np.linspace(0.0, RATE / 2, FFT // 2 + 1)
    up = (at - edges[:-2, None]) / np.diff(edges)[:-1, None]
    down = (edges[2:, None] - at) / np.diff(edges)[1:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    return np.asarray((np.maximum(0, np.minimum(up, down)) * area[:, None]).T, np.float32)


def log_mel(model: Model, samples: Floats32) -> Floats32:
    """Return the compressed mel spectra of patches (n, PATCH), shape (n, FRAMES, BANDS)."""
    frames = sliding_window_view(samples, FFT, axis=1)[:, ::HOP] * _WINDOW
    spectrum = transform.rfft(frames)
    floor = LEVEL**2 * 10.0 ** (FLOOR_DB / 10.0) * np.square(_WINDOW).sum()
    power = (spectrum.real**2 + spectrum.imag**2 + np.float32(floor)) @ model.bank
    return np.asarray(np.log10(np.float32(LOG_GAIN) * power + np.float32(1.0)))


def pooled(model: Model, mel: Floats32) -> Floats32:
    """Return the mean over time of all layers for patches of log mel bands, shape (n, POOLED)."""
    gain, offset = model.weights["input"]
    x = mel * gain + offset
    parts = over_time(x, len(model.weights["tall"]) // TALL)
    front = np.concatenate(
        [
            _between(_highest(model, "tall", _tall_windows(parts, TALL))),
            _between(_highest(model, "taller", _tall_windows(parts, TALLER))),
            _highest(model, "long", _long_windows(x)),
        ],
        axis=2,
    )
    layers = [front, _middle(model, 0, front)]
    for number in (1, 2):
        layers.append(layers[-1] + _middle(model, number, layers[-1]))
    return np.concatenate([layer.mean(axis=1) for layer in layers], axis=1)


def cosines(count: int) -> Floats32:
    """Return the slowest orthonormal cosines (DCT-II) over WIDTH frames, (WIDTH, count)."""
    at, order = np.arange(WIDTH)[:, None], np.arange(count)
    scale = np.where(order == 0, 1.0, np.sqrt(2.0)) / np.sqrt(WIDTH)
    return np.asarray(scale * np.cos(np.pi * order * (2 * at + 1) / (2 * WIDTH)), np.float32)


def over_time(x: Floats32, count: int) -> Floats32:
    """Return the share of each cosine in each band about frames, (n, frames, BANDS * count).

    Of these there is one every `TALL_EVERY`.
    """
    padded = np.pad(x, ((0, 0), (REACH, REACH), (0, 0)))
    about = sliding_window_view(padded, WIDTH, axis=1)[:, ::TALL_EVERY]
    return (about @ cosines(count)).reshape(len(x), about.shape[1], -1)


def _between(x: Floats32) -> Floats32:
    """Return all frames from one every `TALL_EVERY`, the first and the last among them."""
    found = np.empty((len(x), FRAMES, x.shape[2]), np.float32)
    found[:, ::TALL_EVERY] = x
    found[:, 1::TALL_EVERY] = 0.5 * (x[:, :-1] + x[:, 1:])
    return found


def _tall_windows(parts: Floats32, bands: int) -> list[Floats32]:
    """Return what filters `bands` high see at each place along the bands, (n, frames, inputs)."""
    each = parts.shape[2] // BANDS
    return [
        parts[:, :, first * each : (first + bands) * each]
        for first in range(0, BANDS - bands + 1, TALL_STRIDE)
    ]


def _long_windows(x: Floats32) -> list[Floats32]:
    padded = np.pad(x, ((0, 0), (LONG // 2 - 1, LONG // 2), (0, 0)))
    return [
        sliding_window_view(np.ascontiguousarray(padded[:, :, band]), LONG, axis=1)
        for band in range(LONG_STRIDE // 2, BANDS, LONG_STRIDE)
    ]


def _highest(model: Model, name: str, windows: list[Floats32]) -> Floats32:
    """Return each filter's highest activation over all windows, shape (n, frames, filters).

    Where the gain is negative that is the lowest response, found with the filter turned over.
    """
    filters, gain = model.weights[name], model.weights[f"{name}_gain"]
    sign = np.where(gain < 0.0, np.float32(-1.0), np.float32(1.0))
    filters = filters * sign
    found = np.empty((*windows[0].shape[:2], len(gain)), np.float32)
    highest = found.reshape(-1, len(gain))
    response = np.empty_like(highest)
    for number, window in enumerate(windows):
        rows = window.reshape(-1, len(filters))
        np.matmul(rows, filters, out=response if number else highest)
        if number:
            np.maximum(highest, response, out=highest)
    found *= sign
    return _activated(model, name, found)


def _middle(model: Model, number: int, x: Floats32) -> Floats32:
    name = f"middle{number}"
    taps = model.weights[name].transpose(1, 0, 2).reshape(x.shape[2], -1)  # one product for all
    shares = (x.reshape(-1, x.shape[2]) @ taps).reshape(len(x), FRAMES, WIDTH, -1)
    padded = np.zeros((len(x), FRAMES + 2 * REACH, MIDDLE_FILTERS), np.float32)
    for at in range(WIDTH):
        padded[:, 2 * REACH - at :][:, :FRAMES] += shares[:, :, at]
    return _activated(model, name, padded[:, REACH:-REACH])


def _activated(model: Model, name: str, response: Floats32) -> Floats32:
    bias, gain, offset = (model.weights[f"{name}_{part}"] for part in ("bias", "gain", "offset"))
    response += bias
    np.maximum(response, 0.0, out=response)
    response *= gain
    response += offset
    return response


class MusicListener:
    """Takes mono samples of one track, from start to end, in blocks of any size.

    What is heard alone is resampled to `RATE`.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._resample = resampler(rate_hz)
        self._size = self._resample.needed(PATCH)
        self._hop = round(FIRST_HOP_S * rate_hz)
        self._patches: list[Floats32] = []
        self._recent: list[Floats32] = []  # blocks that a patch to come may hold
        self._first = 0  # place in the track of the first sample of these
        self._stop = 0  # place behind the last one
        self._next = 0  # place of the next patch

    def push(self, mono: Floats32) -> None:
        """Add finite samples of shape (n,), full scale = 1.0."""
        self._recent.append(mono)
        self._stop += len(mono)
        while self._next + self._size <= self._stop:
            self._patches.append(self._taken())
            if len(self._patches) == KEPT:
                del self._patches[1::2]
                self._hop *= 2
            self._next = len(self._patches) * self._hop
        while self._recent and self._first + len(self._recent[0]) <= self._next:
            self._first += len(self._recent.pop(0))

    def _taken(self) -> Floats32:
        """Return the next patch, of which all samples are there."""
        patch, count, first = np.empty(self._size, np.float32), 0, self._next - self._first
        for block in self._recent:
            taken = block[first : first + self._size - count]
            patch[count : count + len(taken)] = taken
            count += len(taken)
            first = max(0, first - len(block))
        return patch

    def patches(self) -> tuple[Floats32, Floats32]:
        """Return what is heard, (n, PATCH) at the common level, and starts in seconds.

        There are no patches where there is nothing to hear. Nothing can be pushed afterwards.
        """
        hop_s, kept = self._hop / self._rate_hz, self._patches or [self._whole()]
        chosen = np.unique(np.linspace(0, len(kept) - 1, PATCHES).round().astype(int))
        heard = np.stack([self._resample(kept[number])[:PATCH] for number in chosen])
        power = np.mean(np.square(heard), axis=1)
        audible = power > max(AUDIBLE_RATIO * float(power.max()), SILENCE_MEAN_SQUARE)
        heard = heard[audible]
        if len(heard):
            heard *= np.float32(LEVEL / np.sqrt(np.mean(power[audible])))
        return heard, (chosen * hop_s)[audible].astype(np.float32)

    def _whole(self) -> Floats32:
        """Return a track shorter than a patch, repeated until it is as long."""
        samples = [*self._recent, np.zeros(0 if self._stop else 1, np.float32)]
        return np.resize(np.concatenate(samples), self._size)


def embed(model: Model, listener: MusicListener) -> Embedding:
    """Return the embedding of what was heard; it has no patches where that is silence."""
    heard, starts_s = listener.patches()
    if not len(heard):
        return Embedding(np.zeros((0, STYLE_SIZE), np.float32), starts_s)
    features = pooled(model, log_mel(model, heard)) - model.weights["centre"]
    return Embedding(features @ model.weights["axes"], starts_s)
