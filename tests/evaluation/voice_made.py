"""Sounds made from a seed: rain and tones, and voices changed to whispers, chants and songs.

All are mono at `RATE` as float32; made tones are without a voice, however much they sound like one.
"""

import numpy as np
import scipy.fft
from scipy.signal import fftconvolve

from playlist_builder.networks.resampler import RATE

SLOW = 800


def rain(n: int, rng: np.random.Generator) -> np.ndarray:
    """Hiss and drops, root mean square 1."""
    hertz = np.maximum(np.fft.rfftfreq(n, 1 / RATE), 20)
    low, high = rng.uniform(300, 900), rng.uniform(4000, 8000)
    gain = 1 / np.sqrt((1 + (low / hertz) ** 4) * (1 + (hertz / high) ** 4))
    x = scipy.fft.irfft(scipy.fft.rfft(rng.standard_normal(n)) * gain, n)
    x /= x.std()
    drop = np.exp(-np.arange(300) / RATE / 0.003)
    for at in rng.integers(0, n - 300, n // RATE * 40):
        x[at : at + 300] += rng.exponential(1.0) * drop * rng.standard_normal(300)
    return (x / x.std()).astype(np.float32)


def drone(n: int, rng: np.random.Generator) -> np.ndarray:
    """A few beating partials over a fundamental, root mean square 1."""
    time = np.arange(n) / RATE
    base, x = rng.uniform(55, 150), np.zeros(n)
    for partial in range(1, 9):
        for detune in (1.0, 1.0 + rng.uniform(0.001, 0.006)):
            swell = 1 + 0.4 * np.sin(2 * np.pi * (rng.uniform(0.02, 0.2) * time + rng.random()))
            phase = 2 * np.pi * (base * partial * detune * time + rng.random())
            x += partial ** -rng.uniform(0.8, 1.6) * swell * np.sin(phase)
    return (x / x.std()).astype(np.float32)


def whisper(rng: np.random.Generator, voice: np.ndarray) -> np.ndarray:
    """The same words without pitch: noise in the envelope of the voice, less of it below 500 Hz."""
    size, hop = 512, 128
    window = np.hanning(size + 1)[:-1]
    padded = np.pad(np.asarray(voice, np.float64), (size, size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop] * window
    spectrum = np.abs(scipy.fft.rfft(frames, axis=1)) + 1e-7
    cepstrum = scipy.fft.irfft(np.log(spectrum), axis=1)
    cepstrum[:, 24:-23] = 0
    envelope = np.exp(scipy.fft.rfft(cepstrum, axis=1).real)
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    envelope *= 1 / np.sqrt(1 + (rng.uniform(400, 900) / (hertz + 1)) ** 2)
    hiss = rng.standard_normal(len(padded))
    noise = np.lib.stride_tricks.sliding_window_view(hiss, size)[::hop] * window
    made = scipy.fft.irfft(scipy.fft.rfft(noise, axis=1) * envelope, size, axis=1) * window
    out = np.zeros(len(padded))
    for number, frame in enumerate(made):
        out[number * hop : number * hop + size] += frame
    return out[size : size + len(voice)].astype(np.float32)


def held(rng: np.random.Generator, voice: np.ndarray, seconds: float = 7.0) -> np.ndarray:
    """A moment of a voice held as by several who sing in unison in a large room."""
    steady = most_steady(voice, 0.25)
    size, hop = 4096, 512
    window = np.hanning(size + 1)[:-1]
    total = np.zeros(int(seconds * RATE) + size)
    padded = np.pad(steady, (0, max(0, 2 * size - len(steady))), mode="wrap")
    for _ in range(int(rng.integers(1, 6))):
        speed = 2 ** (rng.normal(0, 12) / 1200)
        for at in range(0, len(total) - size, hop):
            span = int(size * speed) + 2
            start = int(rng.integers(0, max(1, len(padded) - span)))
            part = padded[start : start + span]
            grain = np.interp(np.arange(size) * speed, np.arange(len(part)), part)
            total[at : at + size] += grain * window
    total = total[: int(seconds * RATE)]
    tail = rng.uniform(0.8, 4.0)
    wet = fftconvolve(total, echo(rng, tail))[: len(total)]
    total = total / (total.std() + 1e-9) + wet / (wet.std() + 1e-9) * rng.uniform(0.3, 1.2)
    ramp = np.minimum(1, np.arange(len(total)) / (0.6 * RATE))
    return (total * ramp * ramp[::-1]).astype(np.float32)


def most_steady(voice: np.ndarray, seconds: float) -> np.ndarray:
    """The loudest stretch of a voice."""
    n = int(seconds * RATE)
    power = np.convolve(np.square(voice, dtype=np.float64), np.ones(n), "valid")
    start = int(power.argmax()) if len(power) else 0
    return np.asarray(voice[start : start + n], np.float64)


def echo(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """The impulse response of a room with a time of reverberation; power 1."""
    n = int(seconds * RATE * 0.7)
    x = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / (seconds * RATE))
    return (x / np.sqrt((x**2).sum())).astype(np.float32)


def sung(rng: np.random.Generator, voice: np.ndarray, *, vowels: bool) -> np.ndarray:
    """Words of a speaker on the notes of a melody, or a few of its vowels held long.

    Pulses at the pitch of a melody, with vibrato and slides, are filtered by the envelope of the
    voice, which passes slower.
    """
    size, hop = 512, 128
    window = np.hanning(size + 1)[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(np.asarray(voice, np.float64), size)[::hop]
    cepstrum = scipy.fft.irfft(np.log(np.abs(scipy.fft.rfft(frames * window, axis=1)) + 1e-6))
    cepstrum[:, 30:-29] = 0
    envelope = scipy.fft.rfft(cepstrum, axis=1).real
    slower = rng.uniform(6, 20) if vowels else rng.uniform(1.2, 3.0)
    count = min(int(len(frames) * slower), 2000)
    at = np.minimum(np.arange(count) / slower, len(frames) - 1)
    if vowels:  # where they are loudest, one gliding into the next
        loud = np.argsort(envelope[:, :120].mean(1))[-len(frames) // 4 :]
        chosen = envelope[rng.choice(loud, 8)]
        place = np.linspace(0, 7, count)
        low = np.minimum(place.astype(int), 6)
        share = (place - low)[:, None] ** 3
        shape = chosen[low] * (1 - share) + chosen[low + 1] * share
    else:
        shape = envelope[at.astype(int)]
    n = count * hop
    pitch = _melody(rng, n, rng.uniform(90, 330), 0.6 if vowels else 0.25)
    phase = np.cumsum(pitch) / RATE
    pulses = np.zeros(n + size)
    pulses[np.flatnonzero(np.diff(np.floor(phase)))] = np.sqrt(RATE / pitch[0])
    breath = rng.standard_normal(n + size) * rng.uniform(0.02, 0.2)
    source = np.lib.stride_tricks.sliding_window_view(pulses + breath, size)[::hop][:count]
    made = scipy.fft.irfft(scipy.fft.rfft(source * window, axis=1) * np.exp(shape), size, axis=1)
    return _overlapped(made * window, hop)[:n]


def _melody(rng: np.random.Generator, n: int, lowest: float, shortest_s: float) -> np.ndarray:
    """Pitch in hertz of each sample: notes of a scale with slides and vibrato."""
    scale = np.array(((0, 2, 4, 5, 7, 9, 11, 12), (0, 2, 3, 5, 7, 8, 10, 12))[rng.integers(2)])
    cents, at, degree = np.zeros(n), 0, int(rng.integers(8))
    while at < n:
        length = int(shortest_s * RATE * rng.choice([1, 1.5, 2, 4, 8]))
        cents[at : at + length] = 100 * scale[degree]
        at, degree = at + length, int(np.clip(degree + rng.integers(-2, 3), 0, 7))
    slide = max(1, int(rng.uniform(0.01, 0.15) * RATE))
    sums = np.cumsum(np.pad(cents, (slide, 0), mode="edge"))
    cents = (sums[slide:] - sums[:-slide]) / slide
    time = np.arange(n) / RATE
    depth = rng.uniform(0, 70) * np.clip(
        0.5 + np.sin(2 * np.pi * rng.uniform(0.1, 0.7) * time), 0, 1
    )
    cents = cents + depth * np.sin(2 * np.pi * rng.uniform(4.5, 6.8) * time)
    cents += _between(rng.normal(0, 8, n // SLOW + 2), n)
    return lowest * 2 ** (cents / 1200)


def _between(points: np.ndarray, n: int) -> np.ndarray:
    """Straight lines through points that lie `SLOW` samples apart."""
    return np.interp(np.arange(n), np.arange(len(points)) * SLOW, points)


def _overlapped(frames: np.ndarray, hop: int) -> np.ndarray:
    count, size = frames.shape
    out = np.zeros(count * hop + size)
    for part in range(size // hop):
        piece = frames[:, part * hop : (part + 1) * hop].ravel()
        out[part * hop : part * hop + len(piece)] += piece
    return out.astype(np.float32)


def tone(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Bowls, pads, drones, glass, whistles, birds, insects or wind, root mean square 1."""
    n = int(seconds * RATE)
    kinds = (_bowls, _pad, _pad, _drone, _gliding, _gliding, _birds, _insects, _wind)
    x = kinds[rng.integers(len(kinds))](rng, n, np.arange(n) / RATE)
    if rng.random() < 0.3:
        x = x / (x.std() + 1e-9) + rng.uniform(0.01, 0.2) * rng.standard_normal(n)
    if rng.random() < 0.5:
        wet = fftconvolve(x, echo(rng, rng.uniform(0.8, 5.0)))[:n]
        x = x / (x.std() + 1e-9) + wet / (wet.std() + 1e-9) * rng.uniform(0.3, 1.5)
    return (x / (x.std() + 1e-9)).astype(np.float32)


def _swell(rng: np.random.Generator, n: int, slowest: float, fastest: float) -> np.ndarray:
    """From 0 to 1 and back, about so often a second, never quite regularly."""
    time = np.arange(n) / RATE
    turn = rng.uniform(slowest, fastest) * time + 0.3 * np.sin(0.7 * time + rng.uniform(0, 6))
    return 0.5 + 0.5 * np.sin(2 * np.pi * turn + rng.uniform(0, 6))


def _bowls(rng, n, time):
    x = np.zeros(n)
    for _ in range(int(rng.integers(1, 4))):
        base, rubbed = 10 ** rng.uniform(1.9, 2.95), rng.random() < 0.4
        ratios = np.array([1, 2.72, 5.1, 8.1, 11.6]) * np.exp(rng.normal(0, 0.03, 5))
        every, first = rng.uniform(2, 12), rng.uniform(0, 3)
        since = np.maximum(0, time - first) % every
        for order, ratio in enumerate(ratios[: rng.integers(1, 6)]):
            fade = rng.uniform(1.5, 15) / (1 + order)
            shape = _swell(rng, n, 0.03, 0.3) if rubbed else np.exp(-since / fade)
            shape = shape * (1 if rubbed else (time > first) * np.minimum(1, since / 0.004))
            for detune in (0, rng.uniform(0.2, 7)):
                turn = (base * ratio + detune) * time + rng.random()
                x += rng.uniform(0.2, 1) / (1 + order) * shape * np.sin(2 * np.pi * turn)
    return x


def _pad(rng, n, time):
    base, x = 10 ** rng.uniform(1.8, 2.8), np.zeros(n)
    harmonics = int(rng.choice([1, 1, 2, 4, 12]))
    fall, fastest = rng.uniform(0.6, 2.5), rng.choice([0.1, 0.3, 1.0])
    for step in rng.choice([0, 3, 4, 5, 7, 9, 12, 16, 19, 24], int(rng.integers(1, 7))):
        shape = rng.uniform(0, 1) + rng.uniform(0.2, 1) * _swell(rng, n, 0.02, fastest)
        vibrato = rng.choice([0, 0, rng.uniform(0, 0.01)]) * np.sin(2 * np.pi * 5.3 * time)
        for detune in 1 + rng.normal(0, rng.choice([0, 0.002, 0.006]), int(rng.integers(1, 4))):
            turn = np.cumsum(base * 2 ** (step / 12) * detune * (1 + vibrato)) / RATE
            for order in range(1, harmonics + 1):
                if base * 2 ** (step / 12) * order < RATE / 2.2:
                    x += shape * order**-fall * np.sin(2 * np.pi * (order * turn + rng.random()))
    return x


def _drone(rng, n, time):
    base, x, fall = rng.uniform(40, 220), np.zeros(n), rng.uniform(0.5, 1.8)
    for order in range(1, int(rng.integers(4, 25))):
        shape = rng.uniform(0.1, 1) + _swell(rng, n, 0.02, 0.5)
        for detune in (0, rng.uniform(0.05, 2)):
            turn = (base * order + detune) * time + rng.random()
            x += order**-fall * shape * np.sin(2 * np.pi * turn)
    return x


def _gliding(rng, n, _time):
    """A theremin, a whistle, a glass harmonica or a bowed saw."""
    pitch = _melody(rng, n, 10 ** rng.uniform(2.1, 3.1), rng.uniform(0.2, 1.2))
    turn, x = np.cumsum(pitch) / RATE, np.zeros(n)
    for order in range(1, int(rng.choice([2, 2, 3, 4, 7]))):
        share = rng.uniform(0.05, 1) / order**1.5 * (pitch * order < RATE / 2.2)
        x += share * np.sin(2 * np.pi * (order * turn + rng.random()))
    return x * (rng.uniform(0, 0.6) + _swell(rng, n, 0.1, 1.5))


def _birds(rng, n, time):
    x, at = np.zeros(n), 0
    calls = []
    for _ in range(int(rng.integers(1, 5))):
        length = int(rng.uniform(0.04, 0.5) * RATE)
        points = rng.uniform(900, 6500) * np.exp(rng.normal(0, rng.uniform(0.02, 0.3), 6))
        pitch = np.interp(np.arange(length), np.linspace(0, length, 6), points)
        trill = 1 + rng.choice([0, rng.uniform(0, 0.1)]) * np.sin(
            2 * np.pi * rng.uniform(8, 60) * np.arange(length) / RATE
        )
        call = np.sin(2 * np.pi * np.cumsum(pitch * trill) / RATE)
        call += rng.uniform(0, 0.3) * np.sin(4 * np.pi * np.cumsum(pitch * trill) / RATE)
        calls.append(call * np.hanning(length) ** rng.uniform(0.3, 1))
    while at < n:
        call = calls[rng.integers(len(calls))] * rng.uniform(0.1, 1)
        x[at : at + len(call)] += call[: n - at]
        at += len(call) + int(rng.choice([0.02, 0.1, 0.5, 2.0]) * rng.uniform(0.3, 1.7) * RATE)
    return x + rng.uniform(0, 0.05) * _wind(rng, n, time)


def _insects(rng, n, time):
    x = np.zeros(n)
    for _ in range(int(rng.integers(1, 5))):
        chirp = np.sin(2 * np.pi * rng.uniform(15, 70) * time) > rng.uniform(-0.5, 0.7)
        chirp = chirp * (np.sin(2 * np.pi * rng.uniform(0.3, 4) * time) > rng.uniform(-1, 0.5))
        x += chirp * np.sin(2 * np.pi * rng.uniform(2000, 6500) * time) * rng.uniform(0.2, 1)
    return x + rng.uniform(0.01, 0.3) * rng.standard_normal(n)


def _wind(rng, n, _time):
    """Noise whose resonances wander, as of wind that whistles, or of surf."""
    spectrum = scipy.fft.rfft(rng.standard_normal(n))
    hertz = np.maximum(np.fft.rfftfreq(n, 1 / RATE), 20)
    x = scipy.fft.irfft(spectrum * hertz ** -rng.uniform(0, 1.2), n)
    x = x / x.std() * (rng.uniform(0, 0.5) + _swell(rng, n, 0.03, 0.4))
    if rng.random() < 0.6:
        base, width = 10 ** rng.uniform(2.3, 3.2), rng.uniform(0.003, 0.03)
        wander = _between(rng.normal(0, 1, n // SLOW + 2).cumsum(), n)
        turn = np.cumsum(base * np.exp(width * (wander - wander.mean()))) / RATE
        rough = _between(rng.normal(0, 1, n // SLOW + 2), n)
        x = x * rng.uniform(0.1, 1) + rough * np.sin(2 * np.pi * turn) * _swell(rng, n, 0.05, 0.5)
    return x
