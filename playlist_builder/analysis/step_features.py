"""Band and tone power of one step of ten seconds to a vector of physical values. Pure.

Every value is a ratio, a share or a difference of levels, so the gain of a file does not change
it. Levels are relative to the mean power of the step, with a floor `RANGE_DB` below it.
"""

from collections.abc import Sequence
from functools import lru_cache, reduce

import numpy as np

from playlist_builder.analysis.running_median import mirrored, running_median
from playlist_builder.analysis.spectrum import BANDS, FRAMES_PER_S, TONES, TONES_PER_SEMITONE
from playlist_builder.audio import transform
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Floats32

RANGE_DB = 25.0  # what lies lower, such as hiss and rain, is not heard as music
SILENCE_MEAN_SQUARE = 1e-11  # -110 dBFS, below the rounding of a 16-bit file
ACTIVE_RANGE_DB = 60.0  # a frame this far below the loudest step of its track is silence
# 220 ms: a median along time this wide removes percussive strokes (after Fitzgerald 2010,
# harmonic/percussive separation by median filtering).
PERCUSSIVE_FRAMES = 11
STROKE_DB = 3.0
STROKE_APART_FRAMES = 3  # 60 ms: what comes sooner belongs to the same stroke
TONE_PEAK_DB = 3.0
TONE_PEAK_MOST_DB = 7.0  # higher peaks depend more on the codec than on the music
PULSE_LAGS = slice(12, 100)  # autocorrelation at 0.24 to 2 seconds
TEMPO_LAGS = slice(12, 72)
REGIONS = 5  # of eight bands; centres 0.1-0.5, 0.6-1.2, 1.3-2.5, 2.8-5, 5-10 kHz
QUARTERS = 4  # of ten bands: up to 0.8, 2.0, 4.8, 11 kHz
MODULATIONS_HZ = ((0.4, 1.0), (2.0, 4.0), (4.0, 8.0), (8.0, 14.0), (14.0, 24.0))
CEPSTRA = ((3, 5), (5, 9), (9, 13))  # cepstral coefficients: half periods over all bands, from-to
DESCRIPTIONS = {  # each feature in words, with its unit; shares and clarities are shown in per cent
    "level_bass_db": (Phrase("level at 0.1-0.5 kHz against the whole"), "dB"),
    "level_low_db": (Phrase("level at 0.6-1.2 kHz against the whole"), "dB"),
    "level_mid_db": (Phrase("level at 1.3-2.5 kHz against the whole"), "dB"),
    "level_high_db": (Phrase("level at 2.8-5 kHz against the whole"), "dB"),
    "level_top_db": (Phrase("level at 5-10 kHz against the whole"), "dB"),
    "shape_motion_coarse_db": (Phrase("the balance of bass and treble moves by"), "dB"),
    "shape_motion_middle_db": (Phrase("the colour of the sound moves by"), "dB"),
    "shape_motion_fine_db": (Phrase("the fine structure of the spectrum moves by"), "dB"),
    "rise_20ms_low_db": (Phrase("rises within 20 ms below 0.8 kHz"), "dB"),
    "rise_20ms_mid_db": (Phrase("rises within 20 ms at 0.8-2 kHz"), "dB"),
    "rise_20ms_high_db": (Phrase("rises within 20 ms at 2-4.8 kHz"), "dB"),
    "rise_20ms_top_db": (Phrase("rises within 20 ms above 4.8 kHz"), "dB"),
    "rise_40ms_bass_db": (Phrase("rises within 40 ms at 0.2-0.35 kHz"), "dB"),
    "stroke_low_db": (Phrase("strokes below 0.8 kHz stand out by"), "dB"),
    "stroke_top_db": (Phrase("strokes above 4.8 kHz stand out by"), "dB"),
    "stroke_rate_hz": (Phrase("strokes above 4.8 kHz per second"), "Hz"),
    "stroke_power_share": (Phrase("share of strokes in the power"), "%"),
    "modulation_0.4_1hz_db": (Phrase("fluctuation at 0.4-1 Hz"), "dB"),
    "modulation_2_4hz_db": (Phrase("fluctuation at 2-4 Hz"), "dB"),
    "modulation_4_8hz_db": (Phrase("fluctuation at 4-8 Hz"), "dB"),
    "modulation_8_14hz_db": (Phrase("fluctuation at 8-14 Hz"), "dB"),
    "modulation_14_24hz_db": (Phrase("fluctuation at 14-24 Hz"), "dB"),
    "pulse_clarity": (Phrase("clarity of the pulse"), "%"),
    "tempo_contrast": (Phrase("contrast between beats and what lies between"), "%"),
    "tone_peak_bass_db": (Phrase("tones below 0.3 kHz stand out by"), "dB"),
    "tone_peak_mid_db": (Phrase("tones at 0.3-0.8 kHz stand out by"), "dB"),
    "tone_stability": (Phrase("share of tones that are held for 0.4 s"), "%"),
    "chroma_entropy_nats": (Phrase("spread over the twelve pitch classes (2.5 is even)"), "nats"),
}
STEP_FEATURES: tuple[str, ...] = ("active_share", *DESCRIPTIONS)  # the columns
_MEAN = np.full(BANDS, 1.0 / BANDS, np.float32)
_COSINES = (np.cos(np.pi * np.outer(np.arange(BANDS) + 0.5, np.arange(13)) / BANDS) / BANDS).astype(
    np.float32
)


def row(bands: Floats32, rise: Floats32, tones: Floats32, background: Floats32) -> Floats32:
    """Return STEP_FEATURES of one step but `active_share`, which needs the whole track.

    `bands` is linear power (frames, BANDS) at `FRAMES_PER_S`, with the mean `rise` of its fourth
    root over two frames (frames - 2,); `tones` is linear power (tone frames, TONES), with its
    `spectrum.tone_background`. At least one row of both powers.
    """
    parts = [_band_features(bands, rise), _tone_features(tones, background)]
    return np.asarray(np.concatenate(parts), np.float32)


def active_shares(powers: Sequence[Floats32]) -> Floats32:
    """Return the share of sounding frames of each step, from the band power of its frames."""
    loudest = max(float(power.mean()) for power in powers)
    floor = max(SILENCE_MEAN_SQUARE, loudest * 10.0 ** (-ACTIVE_RANGE_DB / 10.0))
    return np.array([np.mean(power > floor) for power in powers], np.float32)


def _relative_db(power: Floats32, total: np.float32) -> Floats32:
    scaled = power / total
    scaled += np.float32(10.0 ** (-RANGE_DB / 10.0))
    return np.asarray(np.float32(10.0) * np.log10(scaled))


def _mean_total(power: Floats32) -> np.float32:
    return np.float32(power.sum(axis=1).mean() + np.float32(1e-20))


def _rise(level: Floats32, frames: int) -> Floats32:
    """Return the half-wave rectified difference over `frames` (spectral flux)."""
    if len(level) <= frames:
        return np.zeros_like(level[:1])
    return np.asarray(np.maximum(np.float32(0.0), level[frames:] - level[:-frames]))


def _band_features(power: Floats32, rise: Floats32) -> Floats32:
    total = _mean_total(power)
    level = _relative_db(power, total)
    mean = level.mean(axis=0)
    moved = level - mean
    motion = np.sqrt(np.square(moved @ _COSINES).mean(axis=0))
    slow = _rise(level, 2)
    stroke = level - np.repeat(_sustained(level), 2, axis=0)[: len(level)]
    np.maximum(np.float32(0.0), stroke, out=stroke)
    onsets = np.zeros((2, len(slow)), np.float32)
    onsets[0] = slow @ _MEAN
    onsets[1, : len(rise)] = rise * total**-0.25
    pulse, tempo = _repetitions(onsets)
    return np.hstack(
        [
            mean.reshape(REGIONS, -1).mean(axis=1),
            [motion[low:high].mean() for low, high in CEPSTRA],
            _rise(level, 1).mean(axis=0).reshape(QUARTERS, -1).mean(axis=1),
            slow[:, 2:5].mean(),
            stroke[:, :10].mean(),
            stroke[:, 30:].mean(),
            _rate_hz(stroke[:, 30:].mean(axis=1)),
            np.vdot(power, stroke > STROKE_DB) / total / len(power),
            _modulations(moved),
            pulse[PULSE_LAGS].max(),
            tempo[TEMPO_LAGS].std(),
        ]
    )


def _sustained(level: Floats32) -> Floats32:
    return running_median(mirrored(level, PERCUSSIVE_FRAMES // 2), PERCUSSIVE_FRAMES, stride=2)


def _rate_hz(stroke: Floats32) -> float:
    """Return how many strokes there are per second: local maxima above `STROKE_DB`, (frames,)."""
    padded = np.pad(stroke, STROKE_APART_FRAMES, constant_values=-1.0)
    width = 2 * STROKE_APART_FRAMES + 1
    highest = reduce(np.maximum, (padded[at : at + len(stroke)] for at in range(width)))
    return float(np.count_nonzero((stroke == highest) & (stroke > STROKE_DB))) / (
        len(stroke) / FRAMES_PER_S
    )


def _modulations(level: Floats32) -> Floats32:
    """Return the fluctuation of levels (frames, BANDS) without their mean, in dB, per range."""
    frames = len(level)
    window, ranges = _modulation_ranges(frames)
    waves = transform.rfft(np.ascontiguousarray(level.T) * window).view(np.float32)
    squares = np.square(waves, out=waves).sum(axis=0)
    density = (squares[::2] + squares[1::2]) * (8.0 / 3.0 / frames**2 / BANDS)
    sums = [density[within].sum() for within in ranges]
    return np.asarray(10.0 * np.log10(np.array(sums) + 1e-2), np.float32)


@lru_cache(maxsize=4)
def _modulation_ranges(frames: int) -> tuple[Floats32, list[slice]]:
    window = np.hanning(frames + 2)[1:-1].astype(np.float32)
    frequency = np.fft.rfftfreq(frames, 1.0 / FRAMES_PER_S)
    ends = [np.searchsorted(frequency, range_hz) for range_hz in MODULATIONS_HZ]
    return window, [slice(int(low), int(high)) for low, high in ends]


def _repetitions(onsets: Floats32) -> Floats32:
    """Return the unbiased autocorrelation of onsets (n, frames) by lags; 1 is a perfect repeat.

    Lags end where fewer than half of the frames overlap; below a second there is no pulse: zeros.
    """
    frames = onsets.shape[1]
    lags = np.arange(min(PULSE_LAGS.stop, frames // 2))
    if frames < FRAMES_PER_S:
        return np.zeros((len(onsets), PULSE_LAGS.stop), np.float32)
    size = transform.fast_length(2 * frames)
    padded = np.zeros((len(onsets), size), np.float32)
    padded[:, :frames] = onsets - onsets.mean(axis=1, keepdims=True)
    squares = np.square(transform.rfft(padded).view(np.float32))
    raw = np.fft.irfft(squares[:, ::2] + squares[:, 1::2], size)[:, : len(lags)]
    raw /= raw[:, :1] + 1e-6 * frames
    return np.asarray(raw * (frames / (frames - lags)), np.float32)


def _tone_features(power: Floats32, background: Floats32) -> Floats32:
    total = _mean_total(power)
    peak = _relative_db(power, total) - _relative_db(background, total)
    np.clip(peak, np.float32(0.0), np.float32(TONE_PEAK_MOST_DB), out=peak)
    kept = np.minimum(peak[1:], peak[:-1])
    third = TONES // 3
    amplitude = np.sqrt(power) * (peak > TONE_PEAK_DB)
    pitch = amplitude.reshape(len(power), -1, TONES_PER_SEMITONE).max(axis=2)
    chroma = pitch.reshape(len(power), -1, 12).sum(axis=1)
    share = (chroma / (chroma.sum(axis=1, keepdims=True) + 1e-12)).mean(axis=0)
    return np.array(
        [
            peak[:, :third].mean(),
            peak[:, third : 2 * third].mean(),
            kept.mean() / (peak.mean() + 0.1) if kept.size else 0.0,
            -(share * np.log(share + 1e-6)).sum(),
        ],
        np.float32,
    )
