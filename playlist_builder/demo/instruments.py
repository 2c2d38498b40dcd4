"""Synthesised instruments: each function returns a short sound of shape (2, n). Pure.

Sounds are at `SAMPLE_RATE_HZ` and depend on the arguments alone. They are cached, so callers must
not change them.
"""

from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from playlist_builder.models import Floats32

SAMPLE_RATE_HZ = 32_000  # a quarter cheaper to encode than 44.1 kHz
Mono: TypeAlias = Floats32  # samples of shape (n,)
Stereo: TypeAlias = Floats32  # samples of shape (2, n)
LOOP_SAMPLES = 2**18  # 8 s: longer than most chords, so that a loop is not heard as one
HIGHEST_PARTIAL_HZ = 7000.0
SHORT_STEPS = 256  # samples of a partial that follow from one sine
STEADINESS = 3.0  # of a sustained partial: 0 flutters, 10 stands still like an organ
REVERB_S = 1.3  # until the reverberation has decayed by 60 dB
RELEASE_S = 0.03
STRIKE_SHARE = 0.15  # of the time in which a note rings: that of its first, fast decay
VIBRATO_HZ, VIBRATO_SHARE = 5.3, 0.009  # by which a pitch sways, 15 cents
SAWTOOTH = tuple(float(number) for number in range(1, 24))
DRIVE = 6.0  # how far beyond the bend of an amplifier the strings go
DOUBLED_SAMPLES = 300  # of delay between left and right, as of two players
HARMONIC = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)


class Timbre(NamedTuple):
    """The sound of a plucked or struck instrument."""

    partials: tuple[float, ...]  # frequencies as multiples of the fundamental
    rolloff: float  # the amplitude of partial r is r ** -rolloff
    ring_s: float  # in which the fundamental decays by 8.7 dB


def _hertz(midi: int) -> float:
    """Return the frequency of a MIDI note in equal temperament, A4 = 440 Hz."""
    return float(440.0 * 2.0 ** ((midi - 69) / 12.0))


def _seconds(length_s: float) -> Mono:
    count = round(length_s * SAMPLE_RATE_HZ)
    return np.arange(count, dtype=np.float32) / np.float32(SAMPLE_RATE_HZ)


@lru_cache(maxsize=16)
def sustained(midis: tuple[int, ...], bright: float) -> Stereo:
    """Return a chord as a seamless loop of RMS 1, shape (2, LOOP_SAMPLES).

    Every partial is a narrow band of random phase, which beats slowly like many players
    (the PADsynth algorithm of N. O. Cismasu, public domain). A steady line in its middle
    reduces the beating. One period of a Fourier series loops without a discontinuity.
    """
    rng = np.random.default_rng(midis)
    bin_hz = SAMPLE_RATE_HZ / LOOP_SAMPLES
    highest_hz = 700.0 + 4300.0 * bright
    magnitude = np.zeros(round(1.1 * highest_hz / bin_hz))
    for midi in midis:
        for number in range(1, 1 + int(highest_hz / _hertz(midi))):
            centre = number * _hertz(midi) / bin_hz
            width = max(1.0, 0.002 * centre)
            near = np.arange(round(centre - 4.0 * width), round(centre + 4.0 * width) + 1)
            bell = np.exp(-0.5 * ((near - centre) / width) ** 2) / np.sqrt(width)
            bell[len(bell) // 2] += STEADINESS
            magnitude[near] += bell * number ** (1.2 * bright - 2.4)
    phase = rng.uniform(0.0, 2.0 * np.pi, (2, len(magnitude)))
    spectrum = np.zeros((2, LOOP_SAMPLES // 2 + 1), dtype=np.complex64)
    spectrum[:, : len(magnitude)] = magnitude * np.exp(1j * phase)
    loop: Stereo = np.fft.irfft(spectrum, LOOP_SAMPLES).astype(np.float32)
    loop /= np.sqrt(np.mean(loop**2))
    return loop


@lru_cache(maxsize=48)
def plucked(timbre: Timbre, midi: int, bright: float) -> Stereo:
    """Return a plucked or struck note with reverberation.

    It begins with the noise of finger or hammer, falls fast, and rings on more softly; higher
    partials decay faster.
    """
    ring_s = timbre.ring_s * (1.2 - 0.6 * bright)
    time = _seconds(3.5 * ring_s)
    rolloff = timbre.rolloff + 0.8 * (1.0 - bright)
    body = _partials(midi, timbre.partials, rolloff, time, ring_s)
    strike = _partials(midi, timbre.partials, rolloff, time, STRIKE_SHARE * ring_s)
    softness_s = 0.002 + 0.02 * (1.0 - bright) ** 2
    note = (body + (0.4 + 0.4 * bright) * strike) * (1.0 - np.exp(-time / softness_s))
    touch = _seconds(0.04)
    noise = np.random.default_rng(4).normal(0.0, 0.04 * bright, len(touch)).astype(np.float32)
    note[: len(touch)] += noise * np.exp(-touch / 0.006) * np.minimum(touch / 0.001, 1.0)
    return _with_reverb(note)


@lru_cache(maxsize=32)
def bowed(midi: int, bright: float) -> Stereo:
    """Return a note that swells and fades like a bowed string, with vibrato once it stands."""
    time = _seconds(2.2)
    turns = VIBRATO_SHARE * _hertz(midi) / (2.0 * np.pi * VIBRATO_HZ)
    sway = turns * np.minimum(time / 0.8, 1.0) * np.sin(2.0 * np.pi * VIBRATO_HZ * time)
    turn = np.exp(2j * np.pi * (_hertz(midi) * time + sway)).astype(np.complex64)
    note, power = np.zeros_like(time), np.ones_like(turn)
    for ratio in HARMONIC:
        power *= turn
        if _hertz(midi) * ratio < HIGHEST_PARTIAL_HZ:
            note += ratio ** (0.6 * bright - 1.9) * power.imag
    return _with_reverb(
        note * np.sin(np.minimum(time / 0.3, 1.0) * np.pi / 2) * np.exp(-time / 0.8)
    )


@lru_cache(maxsize=24)
def driven(midi: int, ring_s: float) -> Stereo:
    """Return a fifth and an octave through an overdriven amplifier: open, or damped by the hand.

    Where the sum of the strings is loud it is bent, so that its partials do not stand apart.
    """
    time = _seconds(min(2.0 * ring_s, 0.42))
    strings = sum(
        _partials(midi + above, SAWTOOTH, 1.0, time, ring_s=np.inf) for above in (0, 7, 12)
    )
    bent = np.tanh(DRIVE * strings / np.abs(strings).max())
    note = bent * np.exp(-time / ring_s) * (1.0 - np.exp(-time / 0.002))
    late = np.concatenate([np.zeros(DOUBLED_SAMPLES, np.float32), note[:-DOUBLED_SAMPLES]])
    return _released(np.stack([note, late]))


@lru_cache(maxsize=32)
def low(midi: int, ring_s: float) -> Stereo:
    """Return a bass note, the same on both sides."""
    time = _seconds(3.5 * ring_s)
    note = _partials(midi, HARMONIC[:4], 1.2, time, ring_s) * (1.0 - np.exp(-time / 0.006))
    return _released(np.stack([note, note]))


def _partials(
    midi: int, ratios: tuple[float, ...], rolloff: float, time: Mono, ring_s: float
) -> Mono:
    """Return the sum of decaying partials that lie below 7 kHz, shape (n,)."""
    note = np.zeros_like(time)
    for ratio in ratios:
        frequency_hz = _hertz(midi) * ratio
        if frequency_hz < HIGHEST_PARTIAL_HZ:
            per_s = complex(-np.sqrt(ratio) / ring_s, 2.0 * np.pi * frequency_hz)
            note += _spiral(ratio**-rolloff, per_s, len(time))
    return note


def _spiral(start: float, per_s: complex, count: int) -> Mono:
    """Return the imaginary part of `start * exp(per_s * t)`, shape (count,), `per_s` in 1/s.

    A product of a few long steps and many short ones, which is cheaper than a sine a sample.
    """
    short = np.exp(per_s * np.arange(SHORT_STEPS) / SAMPLE_RATE_HZ)
    long = np.exp(per_s * np.arange(0, count, SHORT_STEPS) / SAMPLE_RATE_HZ) * start
    one, other = (np.stack([each.imag, each.real]).astype(np.float32) for each in (long, short))
    spiral: Mono = (one.T @ other[::-1]).ravel()[:count]
    return spiral


@lru_cache(maxsize=1)
def frame_drum() -> Stereo:
    """Return a low drum whose pitch falls from 130 to 55 Hz."""
    time = _seconds(0.5)
    turns = 55.0 * time - 75.0 * 0.04 * np.exp(-time / 0.04)
    drum = np.sin(2.0 * np.pi * turns) * np.exp(-time / 0.11) * (1.0 - np.exp(-time / 0.001))
    return _released(np.stack([drum, drum]))


@lru_cache(maxsize=1)
def kick() -> Stereo:
    """Return a bass drum: a fall from 150 to 50 Hz after the click of the beater."""
    time = _seconds(0.35)
    turns = 50.0 * time - 100.0 * 0.03 * np.exp(-time / 0.03)
    click = np.random.default_rng(5).normal(0.0, 0.5, len(time)).astype(np.float32)
    drum = np.sin(2.0 * np.pi * turns) * np.exp(-time / 0.12) + click * np.exp(-time / 0.004)
    return _released(np.stack([drum, drum]) * (1.0 - np.exp(-time / 0.001)))


@lru_cache(maxsize=1)
def shaker() -> Stereo:
    """Return a short hiss: noise differentiated twice, so that little is left below 4 kHz."""
    time = _seconds(0.12)
    noise = np.random.default_rng(1).normal(0.0, 0.3, (2, len(time) + 2)).astype(np.float32)
    return _released(np.diff(noise, n=2) * np.exp(-time / 0.025) * (1.0 - np.exp(-time / 0.004)))


@lru_cache(maxsize=1)
def snare() -> Stereo:
    """Return a snare drum: noise over a low tone."""
    time = _seconds(0.3)
    noise = np.random.default_rng(2).normal(0.0, 0.5, (2, len(time))).astype(np.float32)
    tone = np.sin(2.0 * np.pi * 190.0 * time) * np.exp(-time / 0.06)
    hiss = noise * np.exp(-time / 0.08) * (1.0 - np.exp(-time / 0.001))
    return _released(hiss + tone)


@lru_cache(maxsize=4)
def _reverb(size: int) -> NDArray[np.complex64]:
    """Return the spectrum of a reverberation of energy 1, for a transform of `size`."""
    time = _seconds(REVERB_S)
    noise = np.random.default_rng(3).normal(0.0, 1.0, (2, len(time)))
    spectrum = np.fft.rfft(noise * np.exp(-6.9 * time / REVERB_S), size)
    spectrum /= 1.0 + (np.fft.rfftfreq(size, 1.0 / SAMPLE_RATE_HZ) / 2500.0) ** 2
    reverb: NDArray[np.complex64] = spectrum.astype(np.complex64)
    reverb /= np.sqrt(np.mean(np.abs(reverb) ** 2))
    return reverb


def _with_reverb(note: Mono) -> Stereo:
    length = len(note) + round(REVERB_S * SAMPLE_RATE_HZ)
    step = 1 << (length.bit_length() - 2)
    size = -(-length // step) * step  # of small factors, and few of them for `_reverb` to keep
    wet: Stereo = np.fft.irfft(np.fft.rfft(note, size) * _reverb(size), size)[:, :length].astype(
        np.float32
    )
    wet *= 0.35
    wet[:, : len(note)] += note
    return _released(wet)


def _released(sound: Stereo) -> Stereo:
    """Return a sound faded to zero at its end, which avoids a click."""
    fade(sound, in_s=0.0, out_s=RELEASE_S)
    return sound


def fade(sound: Stereo, in_s: float, out_s: float) -> None:
    """Fade both ends of a sound in place, by a quarter of a sine."""
    for part, length_s in ((sound, in_s), (sound[:, ::-1], out_s)):
        length = round(length_s * SAMPLE_RATE_HZ)
        part[:, :length] *= np.sin(np.linspace(0.0, np.pi / 2.0, length, dtype=np.float32))
