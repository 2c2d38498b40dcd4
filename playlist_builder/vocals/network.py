"""The neural network for voices: samples at any rate to its last hidden layer every 20 ms.

It is FireRedVAD-AED (a DFSMN of 588,000 weights, Apache-2.0), run every 20 ms instead of every 10
and fine-tuned by `tests/evaluation/fit_voice.py` on voices mixed into instrumental music. It runs
in numpy. The file of weights, `voice_weights.npz`, is validated when it is loaded.
"""

import io
import math
import zipfile
import zlib
from dataclasses import dataclass
from importlib.resources.abc import Traversable

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from playlist_builder.errors import VoiceModelError
from playlist_builder.models import Floats, Floats32

RATE = 16000
FRAME, HOP, NFFT, BANDS = 400, 320, 512, 80  # Kaldi's filter bank: frames of 25 ms every 20 ms
PER_S = RATE // HOP
LAYERS, CHANNELS, HIDDEN, OUTPUTS = 8, 128, 256, 2
REACH = 10  # frames to either side that one memory layer covers
BLOCK = 16  # frames per product with a banded matrix
CHUNK_S, CONTEXT_S = 30, 1  # per run, and to either side: eight memory layers reach 1.6 s
BATCH = 500  # frames transformed together: as many as stay in the processor's cache
MIN_RATE, MAX_RATE = 8000, 768000
LARGEST_FILE = 8_000_000
_DAMAGE = (  # what numpy and zipfile raise for a damaged file
    *(OSError, EOFError, KeyError, ValueError, AttributeError, TypeError, RuntimeError),
    *(MemoryError, SyntaxError, zipfile.BadZipFile, zlib.error),
)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Weights in the layout of the computation; may be shared among detectors."""

    mean: Floats32
    scale: Floats32
    dense: tuple[Floats32, ...]  # (outputs, inputs)
    bias: tuple[Floats32 | None, ...]
    memories: tuple[Floats32, ...]  # a banded matrix per channel
    outputs: Floats32  # hidden layer to the logits of voice, and of speech if it is voice
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
    """Return the model of a file; raises `VoiceModelError` where its contents are not valid."""
    found: dict[str, Floats32] = {}
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise VoiceModelError(f"{path}: too large for a voice model")
        with np.load(io.BytesIO(content), allow_pickle=False) as data:
            for name, shape in _SHAPES.items():
                values = data[name]
                if values.shape != shape or values.dtype not in (np.float16, np.float32):
                    raise VoiceModelError(f"{path}: {name} has a wrong shape or type")
                found[name] = np.ascontiguousarray(values, np.float32)
                if not np.isfinite(found[name]).all():
                    raise VoiceModelError(f"{path}: {name} contains values that are not finite")
    except FileNotFoundError as error:
        raise VoiceModelError(f"{path}: missing") from error
    except _DAMAGE as error:
        raise VoiceModelError(f"{path}: damaged, or not a voice model") from error
    names = [(part, layer) for layer in range(LAYERS) for part in ("up", "down")]
    n = np.arange(FRAME)
    return Model(
        mean=found["mean"],
        scale=found["scale"],
        dense=(*(found[f"{part}{layer}"] for part, layer in names), found["last"]),
        bias=(*(found.get(f"{part}_bias{layer}") for part, layer in names), found["last_bias"]),
        memories=tuple(_band(found[f"taps{layer}"]) for layer in range(LAYERS)),
        outputs=found["outputs"],
        output_bias=found["output_bias"],
        bank=_mel(),
        window=((0.5 - 0.5 * np.cos(2 * np.pi * n / (FRAME - 1))) ** 0.85).astype(np.float32),
    )


def _band(taps: Floats32) -> Floats32:
    """Return each channel's filter as a banded matrix, (CHANNELS, BLOCK + 2 REACH, BLOCK)."""
    band = np.zeros((CHANNELS, BLOCK + 2 * REACH, BLOCK), np.float32)
    for at in range(BLOCK):
        band[:, at : at + 2 * REACH + 1, at] = taps
    return band


def _mel() -> Floats32:
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


CROSSINGS = 20  # zero crossings of the windowed sinc to either side
PASS = 0.98  # cut-off frequency as a share of the lower Nyquist frequency
PART = 32  # outputs of the resampling matrix that are computed together
LARGEST = 4_000_000  # most values of a resampling matrix; other rates use a Fourier transform


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
            resampled[:, outputs] = windows[:, inputs] @ part
        return resampled.ravel()


def _split_matrix(matrix: Floats32) -> list[tuple[slice, slice, Floats32]]:
    """Split a sparse matrix (inputs, outputs) into parts, each with the range of inputs it uses."""
    parts = []
    for start in range(0, matrix.shape[1], PART):
        outputs = slice(start, start + PART)
        used = np.flatnonzero(matrix[:, outputs].any(axis=1))
        inputs = slice(int(used[0]), int(used[-1]) + 1)
        parts.append((inputs, outputs, np.ascontiguousarray(matrix[inputs, outputs])))
    return parts
