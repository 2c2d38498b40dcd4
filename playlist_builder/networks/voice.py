"""The neural network for voices: power in mel bands to its last hidden layer every 40 ms.

It is FireRedVAD-AED (a DFSMN of 588,000 weights, Apache-2.0), run every 40 ms instead of every 10,
with the taps of its last memories further apart, and fine-tuned on voices mixed into instrumental
music by `tests/evaluation/fit_voice.py`. It hears the spectrum that the analysis makes anyway, and
runs in numpy.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import as_strided

from playlist_builder.models import Floats32
from playlist_builder.networks import weights
from playlist_builder.networks.mel import BANDS

PER_S = 25  # frames
LEAST_POWER = 2.0**-23  # of a band
LAYERS, CHANNELS, HIDDEN, OUTPUTS = 8, 128, 256, 4
REACH = 5  # taps to either side that one memory layer covers
APART = 1, 1, 1, 1, 2, 2, 2, 2  # frames from one tap of a memory layer to the next
BLOCK = 16  # frames per product with a banded matrix
CHUNK_S, CONTEXT_S = 60, 2  # per run, and to either side: eight memory layers reach 2.4 s


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


def load(path: Path) -> Model:
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
    )


def _band(taps: Floats32) -> Floats32:
    """Return each channel's filter as a banded matrix, (CHANNELS, BLOCK + 2 REACH, BLOCK)."""
    band = np.zeros((CHANNELS, BLOCK + 2 * REACH, BLOCK), np.float32)
    for at in range(BLOCK):
        band[:, at : at + 2 * REACH + 1, at] = taps
    return band


def levels(model: Model, power: Floats32) -> Floats32:
    """Return the input of the network, (frames, BANDS), from power in mel bands."""
    level = np.log(np.maximum(power, np.float32(LEAST_POWER)))
    return np.asarray((level - model.mean) * model.scale)


def hidden_layer(model: Model, levels: Floats32) -> Floats32:
    """Return the last hidden layer, (HIDDEN, frames), from `levels`, (frames, BANDS)."""
    x = np.ascontiguousarray(levels.T)
    for layer in range(LAYERS):
        y = _dense(model, 2 * layer, x)
        np.maximum(y, 0, out=y)
        y = _dense(model, 2 * layer + 1, y)
        if layer == 0:
            x = _memory(np.maximum(y, 0, out=y), model.memories[0], APART[0])
        else:
            x = x + _memory(y, model.memories[layer], APART[layer])
    y = _dense(model, 2 * LAYERS, x)
    return np.maximum(y, 0, out=y)


def _dense(model: Model, number: int, x: Floats32) -> Floats32:
    y = model.dense[number] @ x
    bias = model.bias[number]
    if bias is not None:
        y += bias[:, None]
    return y


def _memory(x: Floats32, band: Floats32, apart: int) -> Floats32:
    """Return frames filtered by taps so many frames apart, (CHANNELS, frames)."""
    if apart == 1:
        return _filtered(x, band)
    y = np.empty_like(x)
    for first in range(apart):
        y[:, first::apart] = _filtered(x[:, first::apart], band)
    return y


def _filtered(x: Floats32, band: Floats32) -> Floats32:
    frames = x.shape[1]
    blocks = -(-frames // BLOCK)
    padded = np.zeros((CHANNELS, blocks * BLOCK + 2 * REACH), np.float32)
    padded[:, REACH : REACH + frames] = x
    channel_stride, stride = padded.strides
    shape = (CHANNELS, blocks, BLOCK + 2 * REACH)
    windows = as_strided(padded, shape, (channel_stride, BLOCK * stride, stride))
    y: Floats32 = np.matmul(np.ascontiguousarray(windows), band)
    return y.reshape(CHANNELS, blocks * BLOCK)[:, :frames]
