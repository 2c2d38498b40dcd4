"""The neural network for voices: samples at 16 kHz to its last hidden layer every 40 ms.

It is FireRedVAD-AED (a DFSMN of 588,000 weights, Apache-2.0), run every 40 ms instead of every 10
and fine-tuned on voices mixed into instrumental music: the weights are the mean of those of two
fits, `tests/evaluation/fit_voice.py` and `fit_voice_gpu.py`. It runs in numpy.
"""

from dataclasses import dataclass
from importlib.resources.abc import Traversable

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from playlist_builder.models import Floats, Floats32
from playlist_builder.networks import weights
from playlist_builder.networks.resampler import RATE

FRAME, HOP, NFFT, BANDS = 512, 640, 512, 80  # Kaldi's filter bank: frames of 32 ms every 40 ms
PER_S = RATE // HOP
LAYERS, CHANNELS, HIDDEN, OUTPUTS = 8, 128, 256, 4
REACH = 5  # frames to either side that one memory layer covers
BLOCK = 16  # frames per product with a banded matrix
CHUNK_S, CONTEXT_S = 60, 1  # per run, and to either side: eight memory layers reach 1.6 s
BATCH = 500  # frames transformed together: as many as stay in the processor's cache


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Weights in the layout of the computation; may be shared among detectors."""

    mean: Floats32
    scale: Floats32
    dense: tuple[Floats32, ...]  # (outputs, inputs)
    bias: tuple[Floats32 | None, ...]
    memories: tuple[Floats32, ...]  # a banded matrix per channel
    outputs: Floats32  # hidden layer to logits: voice; spoken, if voice; wordless; people behind
    output_bias: Floats32
    bank: Floats32
    window: Floats32


_SHAPES: dict[str, tuple[int, ...]] = {
    "mean": (BANDS,),
    "scale": (BANDS,),
    **{f"up{layer}": (HIDDEN, CHANNELS if layer else BANDS) for layer in range(LAYERS)},
    **{f"up_bias{layer}": (HIDDEN,) for layer in range(LAYERS)},
    **{f"down{layer}": (CHANNELS, HIDDEN) for layer in range(LAYERS)},
    "down_bias0": (CHANNELS,),
    **{f"taps{layer}": (CHANNELS, 2 * REACH + 1) for layer in range(LAYERS)},
    "last": (HIDDEN, CHANNELS),
    "last_bias": (HIDDEN,),
    "outputs": (OUTPUTS, HIDDEN),
    "output_bias": (OUTPUTS,),
}


def load(path: Traversable) -> Model:
    """Return the model of a file; raises `ModelError` where its contents are not valid."""
    found = weights.load(path, _SHAPES)
    names = [(part, layer) for layer in range(LAYERS) for part in ("up", "down")]
    return Model(
        mean=found["mean"],
        scale=found["scale"],
        dense=(*(found[f"{part}{layer}"] for part, layer in names), found["last"]),
        bias=(*(found.get(f"{part}_bias{layer}") for part, layer in names), found["last_bias"]),
        memories=tuple(_band(found[f"taps{layer}"]) for layer in range(LAYERS)),
        outputs=found["outputs"],
        output_bias=found["output_bias"],
        bank=mel_bank(),
        window=window(),
    )


def _band(taps: Floats32) -> Floats32:
    """Return each channel's filter as a banded matrix, (CHANNELS, BLOCK + 2 REACH, BLOCK)."""
    band = np.zeros((CHANNELS, BLOCK + 2 * REACH, BLOCK), np.float32)
    for at in range(BLOCK):
        band[:, at : at + 2 * REACH + 1, at] = taps
    return band


def window() -> Floats32:
    """Return the window of a frame, Povey's: a raised cosine to the power of 0.85."""
    turn = 2 * np.pi * np.arange(FRAME) / (FRAME - 1)
    return np.asarray((0.5 - 0.5 * np.cos(turn)) ** 0.85, np.float32)


def mel_bank() -> Floats32:
    """Return what leads from power at FRAME // 2 frequencies to bands, (NFFT // 2, BANDS)."""

    def mel(hz: Floats) -> Floats:
        return 1127.0 * np.log(1.0 + hz / 700.0)

    low, high = mel(np.array([20.0, RATE / 2]))
    edges = np.linspace(low, high, BANDS + 2)
    at = mel(RATE / NFFT * np.arange(NFFT // 2, dtype=np.float64))
    up = (at - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - at) / (edges[2:] - edges[1:-1])[:, None]
    return np.asarray(np.maximum(0, np.minimum(up, down)).T, np.float32)


def filter_bank(model: Model, samples: Floats32) -> Floats32:
    """Return normalised log mel bands of samples at 16 kHz, shape (BANDS, frames)."""
    import scipy.fft  # noqa: PLC0415 - half a second, and only detection needs it

    frames = sliding_window_view(samples, FRAME)[::HOP]
    bank = np.empty((BANDS, len(frames)), np.float32)
    for start in range(0, len(frames), BATCH):
        x = frames[start : start + BATCH] * np.float32(32768)
        x -= x.mean(axis=1, keepdims=True)
        y = np.empty_like(x)
        y[:, 1:] = x[:, 1:] - np.float32(0.97) * x[:, :-1]
        y[:, 0] = np.float32(0.03) * x[:, 0]
        y *= model.window
        spectrum = scipy.fft.rfft(y, NFFT, axis=1)[:, :-1]
        power = spectrum.real**2 + spectrum.imag**2
        loud = np.log(np.maximum(power @ model.bank, np.float32(2**-23)))
        bank[:, start : start + BATCH] = ((loud - model.mean) * model.scale).T
    return bank


def hidden_layer(model: Model, bank: Floats32) -> Floats32:
    """Return the last hidden layer, (HIDDEN, frames), from bands of shape (BANDS, frames)."""
    x = bank
    for layer in range(LAYERS):
        y = _dense(model, 2 * layer, x)
        np.maximum(y, 0, out=y)
        y = _dense(model, 2 * layer + 1, y)
        if layer == 0:
            x = _memory(np.maximum(y, 0, out=y), model.memories[0])
        else:
            x = x + _memory(y, model.memories[layer])
    y = _dense(model, 2 * LAYERS, x)
    return np.maximum(y, 0, out=y)


def _dense(model: Model, number: int, x: Floats32) -> Floats32:
    y = model.dense[number] @ x
    bias = model.bias[number]
    if bias is not None:
        y += bias[:, None]
    return y


def _memory(x: Floats32, band: Floats32) -> Floats32:
    frames = x.shape[1]
    blocks = -(-frames // BLOCK)
    padded = np.zeros((CHANNELS, blocks * BLOCK + 2 * REACH), np.float32)
    padded[:, REACH : REACH + frames] = x
    channel_stride, stride = padded.strides
    shape = (CHANNELS, blocks, BLOCK + 2 * REACH)
    windows = as_strided(padded, shape, (channel_stride, BLOCK * stride, stride))
    y: Floats32 = np.matmul(np.ascontiguousarray(windows), band)
    return y.reshape(CHANNELS, blocks * BLOCK)[:, :frames]
