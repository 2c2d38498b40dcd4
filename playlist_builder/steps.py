"""Spectrograms to one small vector of physical values per step of ten seconds.

Pure numpy. Every value is a ratio, a share or a difference of levels, so the gain of a file
does not move it; levels are taken relative to the mean power of the step, and what lies
`RANGE_DB` below that counts as nothing. It refuses to judge: what these values say about
energy is the business of the score.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from playlist_builder.spectrum import BANDS, FRAMES_PER_S, TONES, TONES_PER_SEMITONE

RANGE_DB = 50.0
SILENCE_MEAN_SQUARE = 1e-9
"""-90 dBFS: below the noise of a 16-bit file there is nothing to measure."""
ACTIVE_RANGE_DB = 60.0
"""A frame this far below the loudest step of its track is silence."""

PERCUSSIVE_FRAMES = 11
"""Width of the median along time (220 ms) that leaves sustained sound and drops strokes
(after Fitzgerald 2010, harmonic/percussive separation by median filtering)."""
STROKE_DB = 3.0
TONE_PEAK_DB = 3.0
TONE_BACKGROUND = 19
"""Width in thirds of a semitone of the median that is the background of a spectral peak."""
PULSE_LAGS = slice(12, 100)
"""Repetition after 0.24 to 2 seconds."""
TEMPO_LAGS = slice(12, 72)

REGIONS = ("bass", "low", "mid", "high", "top")
"""Five regions of eight bands; centres 0.1-0.5, 0.6-1.2, 1.3-2.5, 2.8-5, 5-10 kHz."""
QUARTERS = ("low", "mid", "high", "top")
"""Four quarters of ten bands: up to 0.8, 2.0, 4.8, 11 kHz."""
MODULATIONS_HZ = ((0.4, 1.0), (2.0, 4.0), (4.0, 8.0), (8.0, 14.0), (14.0, 24.0))
CEPSTRA = (("coarse", 3, 5), ("middle", 5, 9), ("fine", 9, 13))
"""Ripples of the spectrum by their number of half periods over all bands, from-to."""

STEP_FEATURES: tuple[str, ...] = (
    "active_share",
    *(f"level_{name}_db" for name in REGIONS),
    *(f"shape_motion_{name}_db" for name, _, _ in CEPSTRA),
    *(f"rise_20ms_{name}_db" for name in QUARTERS),
    "rise_40ms_bass_db",
    "stroke_low_db",
    "stroke_top_db",
    "stroke_power_share",
    *(f"modulation_{low:g}_{high:g}hz_db" for low, high in MODULATIONS_HZ),
    "pulse_clarity",
    "tempo_contrast",
    "tone_peak_bass_db",
    "tone_peak_mid_db",
    "tone_stability",
    "chroma_entropy_nats",
)
"""The names of the columns, with their units; shares, clarities and ratios have none."""

_RIPPLES = (np.cos(np.pi * np.outer(np.arange(BANDS) + 0.5, np.arange(13)) / BANDS) / BANDS).astype(
    np.float32
)


def row(bands: NDArray[np.float32], tones: NDArray[np.float32]) -> NDArray[np.float32]:
    """Describe one step: all of STEP_FEATURES but `active_share`, which needs the whole track.

    `bands`: linear power (frames, BANDS) at `FRAMES_PER_S`; `tones`: linear power
    (tone frames, TONES). At least one row of each.
    """
    parts = [_band_features(bands[None]), _tone_features(tones[None])]
    return np.asarray(np.hstack(parts)[0], np.float32)


def active_shares(powers: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Share of sounding frames of each step, from the total band power of its frames."""
    loudest = max(float(power.mean()) for power in powers)
    floor = max(SILENCE_MEAN_SQUARE, loudest * 10.0 ** (-ACTIVE_RANGE_DB / 10.0))
    return np.array([np.mean(power > floor) for power in powers], np.float32)


def _relative_db(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return levels above the floor in dB relative to the mean total power of each step.

    In (steps, frames, bins), out the same: 0 dB is the whole power of the mean frame.
    """
    total = power.sum(axis=2).mean(axis=1)[:, None, None] + np.float32(1e-20)
    scaled = power / total
    scaled += np.float32(10.0 ** (-RANGE_DB / 10.0))
    return np.asarray(np.float32(10.0) * np.log10(scaled))


def _rise(level: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Return the half-wave rectified difference over `frames` (spectral flux)."""
    if level.shape[1] <= frames:
        return np.zeros_like(level[:, :1])
    return np.asarray(np.maximum(0.0, level[:, frames:] - level[:, :-frames]), np.float32)


def _band_features(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Describe what the bands tell; (steps, frames, BANDS) to (steps, columns)."""
    steps, frames, _ = power.shape
    level = _relative_db(power)
    mean = level.mean(axis=1, keepdims=True)
    regions = mean.reshape(steps, len(REGIONS), -1).mean(axis=2)

    motion = (level @ _RIPPLES).std(axis=1)
    motions = [motion[:, low:high].mean(axis=1) for _, low, high in CEPSTRA]

    flux = _rise(level, 1).mean(axis=1).reshape(steps, len(QUARTERS), -1).mean(axis=2)
    slow = _rise(level, 2)
    bass_rise = slow[:, :, 2:5].mean(axis=(1, 2))

    stroke = np.maximum(np.float32(0.0), level - _median(level, PERCUSSIVE_FRAMES, axis=1))
    total = power.sum(axis=(1, 2)) + np.float32(1e-20)
    stroke_share = (power * (stroke > STROKE_DB)).sum(axis=(1, 2)) / total

    window = np.hanning(frames + 2)[1:-1].astype(np.float32)[:, None]
    wave = np.fft.rfft((level - mean) * window, axis=1)
    density = (np.square(wave.real) + np.square(wave.imag)).mean(axis=2) * (8.0 / 3.0 / frames**2)
    frequency = np.fft.rfftfreq(frames, 1.0 / FRAMES_PER_S)
    modulations = [
        10.0 * np.log10(density[:, (frequency >= low) & (frequency < high)].sum(axis=1) + 1e-2)
        for low, high in MODULATIONS_HZ
    ]
    clarity = _repetition(slow.mean(axis=2), PULSE_LAGS).max(axis=1)
    loud = np.sqrt(np.sqrt(power / (total / frames)[:, None, None]))
    contrast = _repetition(_rise(loud, 2).mean(axis=2), TEMPO_LAGS).std(axis=1)
    return np.column_stack(
        [
            regions,
            *motions,
            flux,
            bass_rise,
            stroke[:, :, :10].mean(axis=(1, 2)),
            stroke[:, :, 30:].mean(axis=(1, 2)),
            stroke_share,
            *modulations,
            clarity,
            contrast,
        ]
    )


def _median(level: NDArray[np.float32], width: int, axis: int) -> NDArray[np.float32]:
    """Return the running median along an axis, mirrored at its ends."""
    pad = [(0, 0)] * level.ndim
    pad[axis] = (width // 2, width // 2)
    padded = np.pad(level, pad, mode="symmetric")
    view = np.lib.stride_tricks.sliding_window_view(padded, width, axis=axis)
    return np.asarray(np.partition(view, width // 2, axis=-1)[..., width // 2])


def _repetition(onset: NDArray[np.float32], lags: slice) -> NDArray[np.float32]:
    """Return the unbiased autocorrelation of onsets (steps, frames); 1 is a perfect repeat.

    Lags end where fewer than half of the frames overlap; below a second there is no pulse: zeros.
    """
    frames = onset.shape[1]
    lags = slice(lags.start, min(lags.stop, frames // 2))
    if frames < FRAMES_PER_S:
        return np.zeros((len(onset), 1), np.float32)
    centred = onset - onset.mean(axis=1, keepdims=True)
    wave = np.fft.rfft(centred, 2 * frames, axis=1)
    raw = np.fft.irfft(np.square(wave.real) + np.square(wave.imag), axis=1)[:, : lags.stop]
    raw /= raw[:, :1] + 1e-6 * frames
    return np.asarray((raw * (frames / (frames - np.arange(lags.stop))))[:, lags], np.float32)


def _tone_features(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Describe peaks, their stability and the spread over pitch classes."""
    level = _relative_db(power)
    peak = np.maximum(np.float32(0.0), level - _median(level, TONE_BACKGROUND, axis=2))
    mean = peak.mean(axis=(1, 2))
    kept = np.minimum(peak[:, 1:], peak[:, :-1])
    stability = kept.mean(axis=(1, 2)) / (mean + 0.1) if kept.size else np.zeros(len(power))
    third = TONES // 3
    amplitude = np.sqrt(power) * (peak > TONE_PEAK_DB)
    pitch = amplitude.reshape(*power.shape[:2], -1, TONES_PER_SEMITONE).max(axis=3)
    chroma = pitch.reshape(*power.shape[:2], -1, 12).sum(axis=2)
    share = (chroma / (chroma.sum(axis=2, keepdims=True) + 1e-12)).mean(axis=1)
    entropy = -(share * np.log(share + 1e-6)).sum(axis=1)
    return np.column_stack(
        [
            peak[:, :, :third].mean(axis=(1, 2)),
            peak[:, :, third : 2 * third].mean(axis=(1, 2)),
            stability,
            entropy,
        ]
    )
