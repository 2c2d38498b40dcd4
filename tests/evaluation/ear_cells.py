"""What a scan hears anyway, in cells of 3 s, and what the music network makes of the same seconds.

A cell is described by its mel bands relative to the level of the whole piece, by step features, and
by means and deviations of every memory layer of the voice network: nothing is resampled or
transformed again. `Atoms` compare what bands do over a few frames with what they did elsewhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from playlist_builder.analysis import features
from playlist_builder.analysis.spectrum import Spectra
from playlist_builder.models import STEP_S, Embedding, Floats32
from playlist_builder.networks import mel, music, voice
from playlist_builder.networks.resampler import resampler
from playlist_builder.vocals import detector
from tests.evaluation.excerpts import Measured

CELL_S = 3
FRAMES = CELL_S * voice.PER_S
AUDIBLE_RATIO = 1e-4  # of the power of the loudest cell, as in the music network
SILENCE = 1e-12  # of relative power
FLOOR = 1e-3  # of white noise against the level of the piece, as in the music network
LAGS, RISE_LAGS = (1, 2, 4, 8), (1, 3)  # frames
PERCENTILES = 10, 90
WIDE, TALL = (7, mel.BANDS), (5, 40)  # frames and bands of two kinds of windows
EVERY = 2  # frames from one window to the next
SHIFTS = {WIDE: (0,), TALL: tuple(range(0, mel.BANDS - TALL[1] + 1, 8))}  # lowest bands
WINDOWS_A_CELL = 2  # of which atoms are learnt
AXES, ATOMS, ROUNDS = {WIDE: 100, TALL: 48}, {WIDE: 400, TALL: 200}, 6
RIDGE = 1e-3  # of the largest variance
DULL = 0.25  # of the square root of axes: likeness that counts as none
BATCH = 64  # cells whose windows are compared at once


@dataclass(frozen=True, eq=False)
class Heard:
    """The n cells of a piece; `style` is what the music network makes of each of them.

    `level` holds logarithms of relative power, (n, FRAMES, BANDS), and `pooled` all other features.
    """

    measured: Measured
    level: NDArray[np.float16]
    pooled: Floats32
    style: Floats32
    audible: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Atoms:
    """Windows to axes, `(window - centre) @ axes`, and atoms along these, (axes, atoms)."""

    centre: Floats32
    axes: Floats32
    atoms: Floats32


def heard(blocks: Floats32, rate_hz: int) -> Heard:
    """The cells of samples (channels, n), one at least."""
    channels = ("FC",) if len(blocks) == 1 else ("FL", "FR")
    parts: list[Spectra] = []
    listener = music.MusicListener(rate_hz)

    def hear(part: Spectra) -> None:
        parts.append(part)
        listener.push(part.heard)

    seconds = np.array_split(blocks, max(1, blocks.shape[1] // rate_hz), axis=1)
    found = features.measure(iter(seconds), sample_rate_hz=rate_hz, channels=channels, hear=hear)
    whole = music.embed(music.model(), listener)
    kept = Embedding(whole.patches.astype(np.float16), whole.starts_s)
    steps = found.steps.astype(np.float16).astype(np.float64)
    power = np.concatenate([part.mel for part in parts])
    count = len(power) // FRAMES
    power = power[: count * FRAMES]
    level, audible = relative_levels(power.reshape(count, FRAMES, mel.BANDS))
    places = np.minimum((np.arange(count) + 0.5) * CELL_S // STEP_S, len(steps) - 1).astype(int)
    of_piece = np.broadcast_to(steps.mean(axis=0), (count, steps.shape[1]))
    pooled = np.hstack([level_figures(level), layer_figures(power), steps[places], of_piece])
    mono = np.concatenate([part.heard for part in parts])
    return Heard(
        Measured(steps, kept, found.features.loudness_lufs),
        level.astype(np.float16),
        pooled.astype(np.float32),
        taught(mono, rate_hz, count),
        audible,
    )


def relative_levels(power: Floats32) -> tuple[Floats32, NDArray[np.bool_]]:
    """Log of power (n, FRAMES, BANDS) against white noise as loud as the piece, and what sounds."""
    white = mel.bank(np.linspace(0.0, mel.RATE / 2, 1025), 1.0).sum(axis=0)
    low, high = (np.log1p(hertz / 700.0) for hertz in (mel.LOW_HZ, mel.HIGH_HZ))
    edges = np.expm1(np.linspace(low, high, mel.BANDS + 2))
    width = edges[2:] - edges[:-2]
    relative = power / white
    loudness = (relative @ (width / width.sum()).astype(np.float32)).mean(axis=1)
    audible = loudness > max(AUDIBLE_RATIO * float(loudness.max()), SILENCE)
    usual = loudness[audible].mean() if audible.any() else np.float32(1.0)
    return np.log10(relative / usual + np.float32(FLOOR)), audible


def level_figures(level: Floats32) -> Floats32:
    """How high the bands of each cell are, and how fast they move, (n, figures)."""
    found = [level.mean(axis=1), level.std(axis=1), *np.percentile(level, PERCENTILES, axis=1)]
    found += [np.abs(level[:, lag:] - level[:, :-lag]).mean(axis=1) for lag in LAGS]
    for lag in RISE_LAGS:
        rise = np.maximum(level[:, lag:] - level[:, :-lag], 0.0)
        found += [rise.mean(axis=1), np.sqrt(np.square(rise).mean(axis=1))]
    return np.hstack(found)


def layer_figures(power: Floats32) -> Floats32:
    """Mean and deviation of each channel of the voice network's layers, (cells, figures)."""
    network = detector.model()
    chunk, context = voice.CHUNK_S * voice.PER_S, voice.CONTEXT_S * voice.PER_S
    levels = voice.levels(network, np.pad(power, ((0, context), (0, 0))))
    found = []
    for start in range(0, len(power), chunk):
        first, stop = max(0, start - context), min(start + chunk, len(power))
        layers = memory_layers(network, levels[first : stop + context])
        cells = layers[..., start - first : stop - first].reshape(len(layers), -1, FRAMES)
        found.append(np.vstack([cells.mean(axis=2), cells.std(axis=2)]).T)
    return np.concatenate(found)


def memory_layers(network: voice.Model, levels: Floats32) -> Floats32:
    """All memory layers of the voice network, (LAYERS * CHANNELS, frames)."""

    def dense(number: int, x: Floats32) -> Floats32:
        bias = network.bias[number]
        y = network.dense[number] @ x
        return y if bias is None else y + bias[:, None]

    x = np.ascontiguousarray(levels.T)
    found = []
    for layer, band in enumerate(network.memories):
        y = dense(2 * layer + 1, np.maximum(dense(2 * layer, x), 0))
        y = y if layer else np.maximum(y, 0)
        taps, apart = band[:, : 2 * voice.REACH + 1, 0], voice.APART[layer]
        padded = np.pad(y, ((0, 0), (voice.REACH * apart,) * 2))
        y = sum(
            taps[:, tap, None] * padded[:, tap * apart :][:, : y.shape[1]]
            for tap in range(taps.shape[1])
        )
        x = x + y if layer else y
        found.append(x)
    return np.concatenate(found)


def taught(mono: Floats32, rate_hz: int, count: int) -> Floats32:
    """What the music network makes of each cell, (count, STYLE_SIZE)."""
    network, resample = music.model(), resampler(rate_hz)
    size = resample.needed(music.PATCH)
    ends = np.zeros(max(0, count * CELL_S * rate_hz + size - len(mono)), np.float32)
    padded = np.concatenate([mono, ends])
    starts = [number * CELL_S * rate_hz for number in range(count)]
    patches = np.stack([resample(padded[at : at + size])[: music.PATCH] for at in starts])
    power = np.square(patches).mean(axis=1)
    audible = power > max(AUDIBLE_RATIO * float(power.max()), music.SILENCE_MEAN_SQUARE)
    if audible.any():
        patches *= np.float32(music.LEVEL / np.sqrt(power[audible].mean()))
    found = [
        music.pooled(network, music.log_mel(network, patches[at : at + music.PATCHES]))
        for at in range(0, count, music.PATCHES)
    ]
    weights = network.weights
    return (np.concatenate(found) - weights["centre"]) @ weights["axes"]


def windows(level: Floats32, kind: tuple[int, int]) -> Iterator[Floats32]:
    """All windows of a kind in cells, (n, windows, frames * bands), for each of its shifts."""
    frames, bands = kind
    for lowest in SHIFTS[kind]:
        own = level[:, :, lowest : lowest + bands]
        seen = sliding_window_view(own, frames, axis=1)[:, ::EVERY]
        yield seen.reshape(*seen.shape[:2], -1)


def learnt_atoms(levels: Sequence[Floats32], kind: tuple[int, int], seed: int) -> Atoms:
    """Atoms of a kind of windows: the centres of their directions by k-means, from a seed."""
    random = np.random.default_rng(seed)
    drawn = []
    for level in levels:
        each = list(windows(level.astype(np.float32), kind))
        seen = each[random.integers(len(each))].reshape(-1, kind[0] * kind[1])
        drawn.append(seen[random.integers(len(seen), size=WINDOWS_A_CELL * len(level))])
    seen = np.concatenate(drawn)
    centre = seen.mean(axis=0)
    variance, axes = np.linalg.eigh(np.cov((seen - centre).T))
    variance, axes = variance[::-1][: AXES[kind]], axes[:, ::-1][:, : AXES[kind]]
    axes = (axes / np.sqrt(variance + RIDGE * variance[0])).astype(np.float32)
    along = (seen - centre) @ axes
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-6
    atoms = along[random.choice(len(along), ATOMS[kind], replace=False)]
    for _ in range(ROUNDS):
        nearest = (along @ atoms.T).argmax(axis=1)
        total = np.zeros_like(atoms)
        np.add.at(total, nearest, along)
        length = np.linalg.norm(total, axis=1, keepdims=True)
        atoms = np.where(length > 0.0, total / np.maximum(length, 1e-6), atoms)
    return Atoms(centre, axes, np.ascontiguousarray(atoms.T))


def atom_figures(level: Floats32, atoms: Atoms, kind: tuple[int, int]) -> Floats32:
    """Mean and deviation of how like each atom the windows of cells are, (n, 2 * atoms).

    Of shifted windows the one that is most like an atom counts.
    """
    found = []
    for start in range(0, len(level), BATCH):
        likeness: Floats32 | None = None
        for seen in windows(level[start : start + BATCH].astype(np.float32), kind):
            each = (seen - atoms.centre) @ atoms.axes @ atoms.atoms
            likeness = each if likeness is None else np.maximum(likeness, each)
        assert likeness is not None
        likeness = np.maximum(likeness / np.sqrt(np.float32(AXES[kind])) - np.float32(DULL), 0.0)
        found.append(np.hstack([likeness.mean(axis=1), likeness.std(axis=1)]))
    return np.concatenate(found)
