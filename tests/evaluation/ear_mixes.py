"""What is heard twice by `fit_ear.py`: half minutes of music, half of them with a voice in it."""

from collections.abc import Mapping, Sequence

import numpy as np

from playlist_builder.networks.resampler import RATE
from tests.evaluation import voice_data as vd
from tests.evaluation import voice_made as made

CLIP_S = 30
BEDS = {
    "music": 9.0,
    "hard": 5.0,
    "solo": 3.5,
    "tones": 1.2,
    "people": 0.8,
    "backing": 0.7,
    "rain": 0.6,
}
VOICES = {"sung": 5.0, "speech": 4.0, "whisper": 1.5, "held": 1.3, "melody": 0.8}
SONGS, WITHOUT = 0.1, 0.48  # shares of clips up to which there is a song, and no voice is mixed in
TONES, RAINS, HELD = 80, 10, 2  # made of seeds, and of each voice
LOUDEST = 0.99

Table = dict[str, dict[str, list[np.ndarray]]]


def table(sounds: Sequence[vd.Sound]) -> Table:
    """Samples by kind and source, with what is made of voices and of seeds."""
    rng = np.random.default_rng(3)
    found: Table = {}

    def keep(kind: str, source: str, samples: np.ndarray) -> None:
        found.setdefault(kind, {}).setdefault(source, []).append(samples)

    for sound in sounds:
        x = sound.samples
        if len(x) < 2 * RATE:
            continue
        keep(sound.kind, sound.source, x)
        if sound.kind == "speech":
            speech = np.asarray(x, np.float32)
            keep("whisper", sound.source, made.whisper(rng, speech[: 60 * RATE]))
            for start in range(0, len(speech) - 8 * RATE, 60 * RATE):
                part = speech[start : start + 8 * RATE]
                keep("melody", sound.source, made.sung(rng, part, vowels=False))
        if sound.kind == "sung":
            for _ in range(HELD):
                start = int(rng.integers(0, max(1, len(x) - 2 * RATE)))
                part = np.asarray(x[start : start + 2 * RATE], np.float32)
                keep("held", sound.source, made.held(rng, part, 9.0))
    for seed in range(TONES):
        keep("tones", f"{seed}", made.tone(np.random.default_rng([seed, 5]), 15) * 0.05)
    for seed in range(RAINS):
        keep("rain", f"{seed}", made.rain(15 * RATE, np.random.default_rng([seed, 5])) * 0.05)
    return found


def clip(rng: np.random.Generator, sounds: Table) -> np.ndarray:
    """Samples of `CLIP_S`, at any level."""
    which = rng.random()
    if which < SONGS:
        x = _cut(rng, _pick(rng, sounds, {"song": 1.0}))
    else:
        x, loud = _bed(rng, sounds)
        if which > WITHOUT:
            voice = _voice(rng, sounds)
            level = vd.level(voice)
            if level > 1e-5:
                x = x + voice * np.float32(loud / level * 10 ** (rng.triangular(-20, -9, 6) / 20))
    softer_db = rng.uniform(0, 20) * (rng.random() < 0.6)
    gain = min(1.0, LOUDEST / (float(np.abs(x).max()) + 1e-9)) * 10 ** (-softer_db / 20)
    return (x * np.float32(gain)).astype(np.float32)


def _bed(rng: np.random.Generator, sounds: Table) -> tuple[np.ndarray, float]:
    """What lies below a voice, and its level."""
    if rng.random() < 0.12:  # next to silence
        noise = rng.standard_normal(CLIP_S * RATE) * 10 ** rng.uniform(-5, -3)
        return noise.astype(np.float32), 0.05
    whole = _pick(rng, sounds, BEDS)
    x, loud = _cut(rng, whole), vd.root_mean_square(np.asarray(whole[::7]))
    if rng.random() < 0.1:
        other = _cut(rng, _pick(rng, sounds, BEDS))
        x = x + other * np.float32(loud / (other.std() + 1e-6) * 10 ** rng.uniform(-0.6, 0.15))
    return (_equalised(rng, x, 6.0) if rng.random() < 0.3 else x), loud


def _voice(rng: np.random.Generator, sounds: Table) -> np.ndarray:
    voice = _cut(rng, _pick(rng, sounds, VOICES))
    if rng.random() < 0.4:
        voice = _in_room(rng, voice)
    if rng.random() < 0.5:
        voice = _equalised(rng, voice, 7.0)
    return voice * _gate(rng)


def _pick(rng: np.random.Generator, sounds: Table, odds: Mapping[str, float]) -> np.ndarray:
    names = [name for name in odds if name in sounds]
    chance = np.array([odds[name] for name in names])
    sources = list(sounds[names[rng.choice(len(names), p=chance / chance.sum())]].values())
    weight = np.array([len(some) ** 0.5 for some in sources])
    some = sources[rng.choice(len(weight), p=weight / weight.sum())]
    return some[rng.integers(len(some))]


def _cut(rng: np.random.Generator, samples: np.ndarray) -> np.ndarray:
    n = CLIP_S * RATE
    start = int(rng.integers(0, max(1, len(samples) - n + 1)))
    return np.resize(np.asarray(samples[start : start + n], np.float32), n)


def _equalised(rng: np.random.Generator, x: np.ndarray, db: float) -> np.ndarray:
    spectrum = np.fft.rfft(x)
    at = np.linspace(0, 1, len(spectrum)) ** 0.4
    gain_db = np.interp(at, np.linspace(0, 1, 6), rng.uniform(-db, db, 6))
    return np.fft.irfft(spectrum * 10 ** (gain_db / 20), len(x)).astype(np.float32)


def _in_room(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    response = made.echo(rng, rng.uniform(0.3, 2.5))
    size = 1 << int(np.ceil(np.log2(len(x) + len(response))))
    wet = np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(response, size), size)[: len(x)]
    return x + (wet * 10 ** (rng.uniform(-14, 0) / 20)).astype(np.float32)


def _gate(rng: np.random.Generator) -> np.ndarray:
    """When the voice is on, 0..1 for each sample: all the time, from or to an edge, in phrases."""
    n, which = CLIP_S * RATE, rng.random()
    on = np.zeros(n, np.float32)
    if which < 0.35:
        return on + 1
    if which < 0.5:
        on[: int(rng.integers(n // 6, n - n // 6))] = 1
        return on if rng.random() < 0.5 else 1 - on
    at = int(rng.integers(0, 3 * RATE))
    while at < n:
        length = int(rng.uniform(0.4, 3.0) * RATE)
        on[at : at + length] = 1
        at += length + int(rng.uniform(0.8, 6.0) * RATE)
    edge = np.hanning(401)[1:-1]
    return np.convolve(on, edge / edge.sum(), "same").astype(np.float32)
