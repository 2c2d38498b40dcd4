"""Samples to `Features` in physical units, in one pass and bounded memory. Pure.

It measures and does not judge: what the numbers say about energy is the business of `energy`.
Whenever a number here would come out different for the same samples, `FEATURES_VERSION` rises,
and libraries measure their tracks anew.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from playlist_builder.analysis import loudness, step_features
from playlist_builder.analysis.spectrum import (
    BAND_HZ,
    BLOCK_FRAMES,
    FRAMES_PER_S,
    TONE_HOP_S,
    TONES,
    spectra,
    tone_background,
)
from playlist_builder.analysis.step_features import STEP_FEATURES
from playlist_builder.analysis.tempo_key import Pulse, Tonality
from playlist_builder.models import STEP_S, Features, Measurement

FEATURES_VERSION = 2
"""Raise it when the same samples give other numbers: the next scan then measures again."""

STEP_FRAMES = round(STEP_S * FRAMES_PER_S)
STEP_TONES = round(STEP_S / TONE_HOP_S)
SHORTEST_STEP_FRAMES = 2 * FRAMES_PER_S
"""A rest below two seconds joins the step before it."""

EDGE_S = 10.0
"""Length of the passages at start and end whose loudness is kept for transitions."""

SILENCE_DBFS = -60.0
"""Frames whose level lies below this count as silence at the start and end."""

PEAK_FLOOR_DBFS = -120.0


class _Steps:
    """Frames gathered into steps; only what is not yet a whole step is held."""

    def __init__(self) -> None:
        self.rows: list[NDArray[np.float32]] = []
        self.powers: list[NDArray[np.float32]] = []
        self._bands: list[NDArray[np.float32]] = []
        self._tones: list[NDArray[np.float32]] = []
        self._frames = 0
        self._tone_frames = 0
        self.tonality = Tonality()
        self.pulse = Pulse()
        self.spectrum = np.zeros(len(BAND_HZ))

    def push(self, bands: NDArray[np.float32], tones: NDArray[np.float32]) -> None:
        self._bands.append(bands)
        self._tones.append(tones)
        self._frames += len(bands)
        self._tone_frames += len(tones)
        while (
            self._frames >= STEP_FRAMES + SHORTEST_STEP_FRAMES and self._tone_frames >= STEP_TONES
        ):
            self._emit(STEP_FRAMES)

    def finish(self) -> None:
        if self._frames:
            self._emit(self._frames)

    def _emit(self, frames: int) -> None:
        bands, tones = np.concatenate(self._bands), np.concatenate(self._tones)
        count = -(-frames // round(TONE_HOP_S * FRAMES_PER_S))
        self._bands, self._tones = [bands[frames:]], [tones[count:]]
        self._frames -= frames
        self._tone_frames -= count
        bands = bands[:frames]
        tones = tones[:count] if len(tones) else np.zeros((1, TONES), np.float32)
        background = tone_background(tones)
        self.tonality.push(tones, background)
        self.pulse.push(bands)
        self.spectrum += np.sqrt(bands).sum(axis=0)
        self.rows.append(step_features.row(bands, tones, background))
        self.powers.append(bands.sum(axis=1))


def measure(
    blocks: Iterable[NDArray[np.float32]], *, sample_rate_hz: int, channels: Sequence[str]
) -> Measurement:
    """Measure one track from its samples.

    `blocks` yields float32 of shape (channels, n), full scale = 1.0; `channels` are FFmpeg's
    channel names. Nothing is kept of a block but sums, so the length of a track costs a few
    kilobytes a minute.
    """
    gathered = _Steps()
    mix_k_power: list[NDArray[np.float32]] = []
    rest_k_power: list[NDArray[np.float32]] = []
    power: list[NDArray[np.float32]] = []
    peak, samples = 0.0, 0

    def counted() -> Iterable[NDArray[np.float32]]:
        nonlocal samples
        for block in blocks:
            samples += block.shape[1]
            yield block

    for part in spectra(counted(), sample_rate_hz=sample_rate_hz, channels=channels):
        gathered.push(part.bands, part.tones)
        mix_k_power.append(part.mix_k_power)
        rest_k_power.append(part.rest_k_power)
        power.append(part.power)
        peak = max(peak, part.peak)
    gathered.finish()
    rows = np.column_stack([step_features.active_shares(gathered.powers), np.stack(gathered.rows)])
    blocks_power = np.concatenate(rest_k_power).astype(np.float64)
    blocks_power += _per_block(np.concatenate(mix_k_power), len(blocks_power))
    silence_start_s, silence_end_s = _silence_s(np.concatenate(power))
    edge = round(EDGE_S / loudness.BLOCK_S)
    tempo_bpm, tempo_confidence = gathered.pulse.tempo()
    key, key_confidence = gathered.tonality.key()
    whole = Features(
        duration_s=samples / sample_rate_hz,
        sample_rate_hz=sample_rate_hz,
        channels=len(channels),
        loudness_lufs=loudness.integrated_lufs(blocks_power),
        loudness_range_lu=loudness.range_lu(blocks_power),
        sample_peak_dbfs=max(PEAK_FLOOR_DBFS, float(20 * np.log10(max(peak, 1e-9)))),
        start_loudness_lufs=loudness.mean_lufs(blocks_power[:edge]),
        end_loudness_lufs=loudness.mean_lufs(blocks_power[-edge:]),
        startle_lu=loudness.startle_lu(blocks_power),
        leading_silence_s=silence_start_s,
        trailing_silence_s=silence_end_s,
        tempo_bpm=tempo_bpm,
        tempo_confidence=tempo_confidence,
        key=key,
        key_confidence=key_confidence,
        onset_rate_hz=gathered.pulse.onset_rate_hz(),
        spectral_centroid_hz=float(
            BAND_HZ @ gathered.spectrum / max(gathered.spectrum.sum(), 1e-12)
        ),
        percussiveness=float(rows[:, STEP_FEATURES.index("stroke_power_share")].mean()),
    )
    return Measurement(whole, rows)


def _per_block(k_power: NDArray[np.float32], blocks: int) -> NDArray[np.float64]:
    """Return the mean over the frames of each `loudness.BLOCK_S`; the last one ends in silence."""
    whole = np.zeros(blocks * BLOCK_FRAMES)
    count = min(len(whole), len(k_power))
    whole[:count] = k_power[:count]
    return np.asarray(whole.reshape(blocks, BLOCK_FRAMES).mean(axis=1))


def _silence_s(power: NDArray[np.float32]) -> tuple[float, float]:
    """Seconds of silence before the first sound and after the last; both all of it if none."""
    sounding = np.flatnonzero(power > 10.0 ** (SILENCE_DBFS / 10.0))
    if not sounding.size:
        return len(power) / FRAMES_PER_S, len(power) / FRAMES_PER_S
    return (
        float(sounding[0]) / FRAMES_PER_S,
        float(len(power) - 1 - sounding[-1]) / FRAMES_PER_S,
    )
