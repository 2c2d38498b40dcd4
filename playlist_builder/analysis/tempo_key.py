"""Tempo, onset rate and key of a whole track, the first and last with a confidence. Pure.

Takes band and tone power block by block. Tempo is the autocorrelation of the rise of loudness per
band, comb-summed over multiples of a beat, under a broad prior around 110 BPM; its confidence is
the height of the best repetition times the strength of the accents, so beatless music has none.
Key is the correlation of the root of the mean chroma with the profiles of Albrecht and Shanahan
(2013, Music Perception 31(1)); its confidence is the lead over the best key of another scale.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from playlist_builder.analysis.spectrum import FRAMES_PER_S, TONES_PER_SEMITONE
from playlist_builder.models import KEYS, Floats, Floats32

WINDOW_FRAMES, HOP_FRAMES = 600, 300
TOGETHER = 8  # windows that are transformed in one call: those of hours would not fit the memory
SLOWEST_BPM, FASTEST_BPM = 55.0, 190.0
PRIOR_BPM, PRIOR_OCTAVES = 110.0, 0.7
ACCENT_NONE, ACCENT_FULL = 0.03, 0.1  # deviation of the rise per 40 ms over mean loudness
ONSET_FRAMES = 30_000  # onsets are counted in ten minutes at a time
ONSET_LEAD = 1.5  # standard deviations above the surroundings of one second
OVERTONES = (12, 19, 24, 28)  # semitones to partials 2 to 5: a loud fifth is mostly the third
OVERTONE_SHARE = 0.5
MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
PEAK_OVER_BACKGROUND = 1.3


class TempoEstimator:
    """Tempo and onset rate from the rise of loudness over a track, frame by frame."""

    def __init__(self) -> None:
        self._rises: list[Floats32] = []
        self._level = 0.0
        self._frames = 0
        self._before: Floats32 | None = None

    def push(self, loud: Floats32) -> Floats32:
        """Add the fourth root of power, (frames, BANDS), at any level; return its rise in 40 ms.

        Shape (frames - 2,), without the rise from the frames that were added before.
        """
        frames = len(loud)
        self._level += float(loud.sum()) / loud.shape[1]
        self._frames += frames
        if self._before is not None:
            loud = np.concatenate((self._before, loud))
        self._before = loud[-2:].copy()
        rises = loud[2:] - loud[:-2]
        np.maximum(np.float32(0.0), rises, out=rises)
        mean = rises @ np.full(loud.shape[1], 1.0 / loud.shape[1], np.float32)
        self._rises.append(mean)
        return mean[len(mean) - max(frames - 2, 0) :]

    def onset_rate_hz(self) -> float:
        """Return onsets per second: local maxima of the rise that lead their surroundings."""
        rise = np.concatenate(self._rises)
        if len(rise) < FRAMES_PER_S or not rise.any():
            return 0.0
        least = ACCENT_NONE * self._level / self._frames
        onsets = 0
        for start in range(0, len(rise), ONSET_FRAMES):  # hours at once would not fit the memory
            first = max(0, start - FRAMES_PER_S)
            part = rise[first : start + ONSET_FRAMES + FRAMES_PER_S]
            onsets += int(_onsets(part, least)[start - first :][:ONSET_FRAMES].sum())
        return float(onsets * FRAMES_PER_S / len(rise))

    def tempo(self) -> tuple[float, float]:
        """Return beats per minute and a confidence 0..1; (0, 0) below 12 s or without a sound."""
        rise = np.concatenate(self._rises)
        if len(rise) < WINDOW_FRAMES or not rise.any():
            return 0.0, 0.0
        deviation = float(rise.std()) / (self._level / self._frames)
        accent = (deviation - ACCENT_NONE) / (ACCENT_FULL - ACCENT_NONE)
        repeat = _repetition(rise)
        bpm = np.exp(np.linspace(np.log(SLOWEST_BPM), np.log(FASTEST_BPM), 400))
        lags = 60.0 * FRAMES_PER_S / bpm
        beats = [np.interp(n * lags, np.arange(len(repeat)), repeat) for n in (1, 2, 3, 4)]
        comb = np.array([1.0, 1.0, 0.7, 0.7]) @ np.array(beats) / 3.4
        prior = np.exp(-0.5 * (np.log2(bpm / PRIOR_BPM) / PRIOR_OCTAVES) ** 2)
        best = int(np.argmax(np.maximum(comb, 0.0) * prior))
        confidence = np.clip(comb[best], 0.0, 1.0) * np.clip(accent, 0.0, 1.0)
        return float(bpm[best]), float(confidence)


def _onsets(rise: Floats32, least: float) -> NDArray[np.bool_]:
    """Return which frames are onsets: local maxima above their surroundings and `least`."""
    kernel = np.ones(FRAMES_PER_S) / FRAMES_PER_S
    mean = np.convolve(rise, kernel, "same")
    deviation = np.sqrt(np.maximum(np.convolve(rise**2, kernel, "same") - mean**2, 0.0))
    peak = np.zeros(len(rise), bool)
    peak[1:-1] = (rise[1:-1] > rise[:-2]) & (rise[1:-1] >= rise[2:])
    return peak & (rise > mean + ONSET_LEAD * deviation) & (rise > least)


def _repetition(rise: Floats32) -> Floats:
    """Return the mean autocorrelation over windows of 12 s, the window's own decay undone."""
    curves = sliding_window_view(rise, WINDOW_FRAMES)[::HOP_FRAMES]
    window = np.hanning(WINDOW_FRAMES)
    total = np.zeros(WINDOW_FRAMES)
    for start in range(0, len(curves), TOGETHER):
        some = curves[start : start + TOGETHER]
        centred = (some - some.mean(axis=1, keepdims=True)) * window
        wave = np.fft.rfft(centred, 4 * WINDOW_FRAMES)
        raw = np.fft.irfft(np.abs(wave) ** 2)[:, :WINDOW_FRAMES]
        total += (raw / (raw[:, :1] + 1e-12)).sum(axis=0)
    own = np.fft.irfft(np.abs(np.fft.rfft(window, 4 * WINDOW_FRAMES)) ** 2)[:WINDOW_FRAMES]
    return np.asarray(total / len(curves) / np.maximum(own / own[0], 0.05))


class KeyEstimator:
    """Key from the share of each pitch class over a track."""

    def __init__(self) -> None:
        self._chroma = np.zeros(12)

    def push(self, tones: Floats32, background: Floats32) -> None:
        """Add linear power of shape (tone frames, TONES) and its `spectrum.tone_background`."""
        peak = np.maximum(0.0, np.sqrt(tones) - PEAK_OVER_BACKGROUND * np.sqrt(background))
        salience = peak.reshape(len(tones), -1, TONES_PER_SEMITONE).max(axis=2)
        pitch = salience.copy()
        for semitones in OVERTONES:
            pitch[:, semitones:] -= OVERTONE_SHARE * salience[:, :-semitones]
        pitch = np.maximum(0.0, pitch)[:, :36]
        chroma = np.roll(pitch.reshape(len(tones), -1, 12).sum(axis=1), 4, axis=1)
        self._chroma += (chroma / (chroma.sum(axis=1, keepdims=True) + 1e-12)).sum(axis=0)

    def key(self) -> tuple[str, float]:
        """Return one of `models.KEYS` and a confidence 0..1; ("", 0) without a tone."""
        share = np.sqrt(self._chroma)
        centred = share - share.mean()
        norm = float(np.linalg.norm(centred))
        if not norm:
            return "", 0.0
        profiles = np.array([np.roll(ratings, k) for ratings in (MAJOR, MINOR) for k in range(12)])
        profiles -= profiles.mean(axis=1, keepdims=True)
        profiles /= np.linalg.norm(profiles, axis=1, keepdims=True)
        fit = profiles @ centred / norm
        best = int(np.argmax(fit))
        relative = (best + 9) % 12 + 12 if best < 12 else (best - 12 + 3) % 12  # noqa: PLR2004
        lead = fit[best] - np.delete(fit, [best, relative]).max()
        return KEYS[best], float(np.clip(2.0 * lead, 0.0, 1.0))
