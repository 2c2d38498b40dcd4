"""Sounds to mix into music, whose effect is known: beats make it livelier, rain and hiss do not.

All are made from a seed: drum loops of eight patterns with sounds of eight kinds, and five kinds of
noise. Samples are at `RATE`, mono, shape (n,).
"""

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from types import MappingProxyType

import av
import numpy as np

from playlist_builder.models import Floats, Floats32

RATE = 44100
PATTERNS: dict[str, dict[str, tuple[float, ...]]] = {  # loudness of each of 16 steps of a bar
    "four": {
        "kick": (1, 0, 0, 0) * 4,
        "hat": (0, 0, 1, 0) * 4,
        "clap": (0, 0, 0, 0, 1, 0, 0, 0) * 2,
    },
    "rock": {
        "kick": (1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0),
        "snare": (0, 0, 0, 0, 1, 0, 0, 0) * 2,
        "hat": (1, 0, 0.6, 0) * 4,
    },
    "break": {
        "kick": (1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0),
        "snare": (0, 0, 0, 0, 1, 0, 0, 0.5, 0, 0.5, 0, 0, 1, 0, 0, 0.5),
        "hat": (1, 0.5, 0.8, 0.5) * 4,
    },
    "tribal": {
        "tom": (1, 0, 0.6, 0.8, 0, 0.7, 0.9, 0) * 2,
        "shaker": (0.6, 0.3) * 8,
        "kick": (1, 0, 0, 0, 0, 0, 0, 0) * 2,
    },
    "slow": {"kick": (1, 0, 0, 0, 0, 0, 0, 0) * 2, "rim": (0, 0, 0, 0, 1, 0, 0, 0) * 2},
    "shaker": {"shaker": (1, 0.4, 0.7, 0.4) * 4},
    "hats": {"hat": (1, 0.5, 0.8, 0.5) * 4, "open": (0, 0, 0, 0, 0, 0, 1, 0) * 2},
    "kick": {"kick": (1, 0, 0, 0) * 4},
}
FASTER = 1.25
NOISES = "white", "pink", "room", "hiss", "rain"


def decay(n: int, attack_s: float, decay_s: float) -> Floats:
    """An envelope that rises in a straight line and falls exponentially."""
    time = np.arange(n) / RATE
    return np.minimum(time / attack_s, 1.0) * np.exp(-time / decay_s)


def band(samples: Floats, low_hz: float, high_hz: float) -> Floats:
    """Samples between two frequencies, with slopes of 18 dB per octave."""
    spectrum = np.fft.rfft(samples)
    hertz = np.maximum(np.fft.rfftfreq(len(samples), 1.0 / RATE), 1.0)
    gain = 1.0 / np.sqrt((1.0 + (low_hz / hertz) ** 6) * (1.0 + (hertz / high_hz) ** 6))
    return np.fft.irfft(spectrum * gain, len(samples))


def hit(kind: str, random: np.random.Generator) -> Floats:
    """One sound of a drum kit, half a second."""
    n = RATE // 2
    time = np.arange(n) / RATE
    hiss = random.standard_normal(n)
    if kind == "kick":
        fall = random.uniform(2.0, 4.0) * (1.0 - np.exp(-time / 0.02))
        body = np.sin(2.0 * np.pi * (random.uniform(45.0, 70.0) * time + fall))
        return body * decay(n, 0.001, random.uniform(0.08, 0.2)) + 0.2 * band(
            hiss, 1000.0, 6000.0
        ) * decay(n, 0.0005, 0.005)
    if kind == "snare":
        body = np.sin(2.0 * np.pi * random.uniform(160.0, 240.0) * time) * decay(n, 0.001, 0.06)
        return 0.5 * body + 0.5 * band(hiss, 800.0, 9000.0) * decay(
            n, 0.001, random.uniform(0.06, 0.15)
        )
    if kind == "tom":
        tone = random.uniform(80.0, 180.0) * (time + 0.005 * (1.0 - np.exp(-time / 0.05)))
        return np.sin(2.0 * np.pi * tone) * decay(n, 0.002, random.uniform(0.1, 0.25))
    if kind == "clap":
        bursts = [np.where(time >= at, np.exp(-(time - at) / 0.015), 0.0) for at in (0, 0.01, 0.02)]
        return band(hiss, 900.0, 4500.0) * np.sum(bursts, axis=0)
    if kind == "rim":
        click = band(hiss, 1500.0, 5000.0) * decay(n, 0.0002, 0.012)
        tone = np.sin(2.0 * np.pi * random.uniform(800.0, 1700.0) * time)
        return click + tone * decay(n, 0.0005, 0.02)
    low_hz, high_hz, attack_s, shortest_s, longest_s = {
        "hat": (random.uniform(5000.0, 8000.0), 16000.0, 0.0005, 0.02, 0.06),
        "open": (5000.0, 15000.0, 0.001, 0.15, 0.3),
        "shaker": (3500.0, 11000.0, random.uniform(0.01, 0.03), 0.03, 0.06),
    }[kind]
    return band(hiss, low_hz, high_hz) * decay(n, attack_s, random.uniform(shortest_s, longest_s))


def beat(
    n: int, seed: int, kit: Mapping[str, Floats32] = MappingProxyType({})
) -> tuple[str, Floats32]:
    """A pattern, drawn from a seed, and n samples of it at 80 to 150 beats per minute.

    Sounds are those of `kit`; what it lacks is made.
    """
    random = np.random.default_rng(seed)
    name = str(random.choice(sorted(PATTERNS)))
    step_s = 15.0 / random.uniform(80.0, 150.0)
    sounds = {kind: kit[kind] if kind in kit else hit(kind, random) for kind in PATTERNS[name]}
    mixed = np.zeros(n + RATE)
    for kind, loudness in PATTERNS[name].items():
        for number in range(int(n / RATE / step_s) + 1):
            if loudness[number % 16]:
                at = max(0, int((number * step_s + random.normal(0.0, 0.002)) * RATE))
                sound = loudness[number % 16] * random.uniform(0.85, 1.0) * sounds[kind]
                mixed[at : at + len(sound)] += sound[: len(mixed) - at]
    return name, mixed[:n].astype(np.float32)


def noise(kind: str, n: int, seed: int) -> Floats32:
    """N samples of a noise of `NOISES`."""
    random = np.random.default_rng(seed)
    hertz = np.maximum(np.fft.rfftfreq(n, 1.0 / RATE), 20.0)
    gain = {
        "white": np.ones_like(hertz),
        "pink": hertz**-0.5,
        "room": 1.0 / hertz,
        "hiss": hertz**0.5,
        "rain": 1.0 / (1.0 + (600.0 / hertz) ** 2) / (1.0 + (hertz / 9000.0) ** 2),
    }[kind]
    samples = np.fft.irfft(np.fft.rfft(random.standard_normal(n)) * gain, n)
    samples /= samples.std()
    if kind == "rain":
        drop = np.exp(-np.arange(800) / RATE / 0.003)
        for at in random.integers(0, n - len(drop), n // RATE * 60):
            samples[at : at + len(drop)] += (
                random.exponential(1.2) * drop * random.standard_normal(len(drop))
            )
    return samples.astype(np.float32)


def mixed(music: Floats32, added: Floats32, level_db: float) -> Floats32:
    """Music of shape (channels, n) with n mono samples whose power is `level_db` above its own."""
    power = float(np.mean(np.square(music.mean(axis=0)))) / float(np.mean(np.square(added)))
    return music + added * np.float32(np.sqrt(power) * 10.0 ** (level_db / 20.0))


def faster(blocks: Floats32) -> Floats32:
    """The same music at FASTER times the speed and the same pitch, by FFmpeg's atempo."""
    graph = av.filter.Graph()
    layout = "stereo" if len(blocks) == 2 else "mono"
    source = graph.add_abuffer(
        sample_rate=RATE, format="fltp", layout=layout, time_base=Fraction(1, RATE)
    )
    chain = [
        source,
        graph.add("atempo", str(FASTER)),
        graph.add("aformat", "sample_fmts=fltp"),  # atempo interleaves channels
        graph.add("abuffersink"),
    ]
    for before, after in pairwise(chain):
        before.link_to(after)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(blocks), "fltp", layout)
    frame.sample_rate, frame.pts = RATE, 0
    graph.push(frame)
    graph.push(None)
    found = []
    while True:
        try:
            found.append(graph.pull().to_ndarray())
        except (av.error.EOFError, av.error.BlockingIOError):
            return np.concatenate(found, axis=1)
