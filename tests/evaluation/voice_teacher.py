"""The network for voices as it was fitted: it hears the filter bank of Kaldi, at 16 kHz.

The fits learn with it, and `fit_ear.py` compares what it hears with what the package hears.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view

from playlist_builder.models import Floats, Floats32
from playlist_builder.networks import voice
from playlist_builder.networks.mel import BANDS
from playlist_builder.networks.resampler import RATE
from playlist_builder.networks.voice import LAYERS, OUTPUTS, PER_S, REACH, Model
from playlist_builder.vocals import detector

__all__ = ["BANDS", "LAYERS", "OUTPUTS", "PER_S", "REACH", "Model"]
WEIGHTS = Path(voice.__file__).with_name("voice_weights.npz")
FRAME, HOP, NFFT = 512, 640, 512  # frames of 32 ms every 40 ms
BATCH = 500  # frames transformed together


def load(path: Path = WEIGHTS) -> Model:
    """The model of a file, which lacks nothing in these frames."""
    model = voice.load(path)
    return replace(model, output_bias=model.output_bias - voice.LACKING)


def window() -> Floats32:
    """The window of a frame, Povey's: a raised cosine to the power of 0.85."""
    turn = 2 * np.pi * np.arange(FRAME) / (FRAME - 1)
    return np.asarray((0.5 - 0.5 * np.cos(turn)) ** 0.85, np.float32)


def mel_bank() -> Floats32:
    """What leads from power at NFFT // 2 frequencies to bands, (NFFT // 2, BANDS)."""

    def mel(hz: Floats) -> Floats:
        return 1127.0 * np.log(1.0 + hz / 700.0)

    low, high = mel(np.array([20.0, RATE / 2]))
    edges = np.linspace(low, high, BANDS + 2)
    at = mel(RATE / NFFT * np.arange(NFFT // 2, dtype=np.float64))
    up = (at - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - at) / (edges[2:] - edges[1:-1])[:, None]
    return np.asarray(np.maximum(0, np.minimum(up, down)).T, np.float32)


def filter_bank(model: Model, samples: Floats32) -> Floats32:
    """Normalised log mel bands of samples at 16 kHz, shape (BANDS, frames)."""
    frames = sliding_window_view(samples, FRAME)[::HOP]
    found = np.empty((BANDS, len(frames)), np.float32)
    bank, shape = mel_bank(), window()
    for start in range(0, len(frames), BATCH):
        x = frames[start : start + BATCH] * np.float32(32768)
        x -= x.mean(axis=1, keepdims=True)
        y = np.empty_like(x)
        y[:, 1:] = x[:, 1:] - np.float32(0.97) * x[:, :-1]
        y[:, 0] = np.float32(0.03) * x[:, 0]
        y *= shape
        spectrum = scipy.fft.rfft(y, NFFT, axis=1)[:, :-1]
        power = spectrum.real**2 + spectrum.imag**2
        loud = np.log(np.maximum(power @ bank, np.float32(2**-23)))
        found[:, start : start + BATCH] = ((loud - model.mean) * model.scale).T
    return found


def rows(model: Model, samples: Floats32) -> Floats32:
    """A row for each second of samples at 16 kHz, as `VoiceDetector.logits`."""
    seconds = int(len(samples) / RATE + 0.5)
    padded = np.pad(np.asarray(samples, np.float32), (0, RATE))
    hidden = voice.hidden_layer(model, filter_bank(model, padded)[:, : seconds * PER_S].T)
    parts = hidden.reshape(len(hidden), seconds, detector.PARTS, -1).mean(axis=3)
    return detector.rows_of(np.tensordot(parts, model.outputs, (0, 1)) + model.output_bias)
