"""Blocks of samples to `Features` and step features in physical units. Pure.

One pass in bounded memory. What the numbers mean for energy is decided by `energy` alone.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from playlist_builder.analysis import loudness, spectrum, step_features
from playlist_builder.analysis.spectrum import BAND_HZ, BLOCK_FRAMES, FRAMES_PER_S, Spectra
from playlist_builder.analysis.step_features import STEP_FEATURES
from playlist_builder.analysis.tempo_key import KeyEstimator, TempoEstimator
from playlist_builder.models import STEP_S, Bools, Features, Floats, Floats32, Measurement

FEATURES_VERSION = 5  # raise it when samples give other numbers: the next scan decodes again
STEP_FRAMES = round(STEP_S * FRAMES_PER_S)
STEP_TONES = round(STEP_S / spectrum.TONE_HOP_S)
SHORTEST_STEP_FRAMES = 2 * FRAMES_PER_S  # a shorter remainder joins the step before it
EDGE_S = 10.0  # length of the passages at start and end whose loudness is measured for transitions
PEAK_FLOOR_DBFS = -120.0
LEAST_SHARE = 1e-6  # of sounding frames, so that the steps of a silent track count alike
MOST_STEPS = 3  # half a minute: one beat is noticed, and a few strokes are not


class _StepCollector:
    """Frames collected into steps; frames of whole steps are not kept."""

    def __init__(self) -> None:
        self.rows: list[Floats32] = []
        self.powers: list[Floats32] = []
        self._bands: list[Floats32] = []
        self._tones: list[Floats32] = []
        self._frames = 0
        self._tone_frames = 0
        self.key_estimator = KeyEstimator()
        self.tempo_estimator = TempoEstimator()
        self.spectrum = np.zeros(len(BAND_HZ))

    def push(self, bands: Floats32, tones: Floats32) -> None:
        self._bands.append(bands)
        self._tones.append(tones)
        self._frames += len(bands)
        self._tone_frames += len(tones)
        least = STEP_FRAMES + SHORTEST_STEP_FRAMES
        while self._frames >= least and self._tone_frames >= STEP_TONES:
            self._emit(STEP_FRAMES)

    def finish(self) -> None:
        if self._frames:
            self._emit(self._frames)

    def _emit(self, frames: int) -> None:
        bands, tones = np.concatenate(self._bands), np.concatenate(self._tones)
        count = -(-frames // round(spectrum.TONE_HOP_S * FRAMES_PER_S))
        self._bands, self._tones = [bands[frames:]], [tones[count:]]
        self._frames -= frames
        self._tone_frames -= count
        bands = bands[:frames]
        tones = tones[:count] if len(tones) else np.zeros((1, spectrum.TONES), np.float32)
        background = spectrum.tone_background(tones)
        self.key_estimator.push(tones, background)
        root = np.sqrt(bands)
        self.spectrum += root.sum(axis=0)
        rise = self.tempo_estimator.push(np.sqrt(root, out=root))
        self.rows.append(step_features.row(bands, rise, tones, background))
        self.powers.append(bands.sum(axis=1))


def measure(
    blocks: Iterable[Floats32],
    *,
    sample_rate_hz: int,
    channels: Sequence[str],
    hear: Callable[[Spectra], None] | None = None,
) -> Measurement:
    """Return the features and steps of one track.

    `blocks` yields samples of shape (channels, n), full scale = 1.0; `channels` are FFmpeg's
    channel names. `hear` is given every part, for those who hear more in it. Memory grows by a few
    kilobytes a minute of music.
    """
    collected = _StepCollector()
    mix_k_power: list[Floats32] = []
    rest_k_power: list[Floats32] = []
    peak, samples = 0.0, 0

    def counted() -> Iterable[Floats32]:
        nonlocal samples
        for block in blocks:
            samples += block.shape[1]
            yield block

    parts = spectrum.spectra(
        counted(), sample_rate_hz=sample_rate_hz, channels=channels, hear=hear is not None
    )
    for part in parts:
        if hear is not None:
            hear(part)
        collected.push(part.bands, part.tones)
        mix_k_power.append(part.mix_k_power)
        rest_k_power.append(part.rest_k_power)
        peak = max(peak, part.peak)
    collected.finish()
    blocks_power = np.concatenate(rest_k_power).astype(np.float64)
    blocks_power += _per_block(np.concatenate(mix_k_power), len(blocks_power))
    silent = loudness.silent_blocks(blocks_power)
    shares = step_features.active_shares(collected.powers)
    shares = np.minimum(shares, 1.0 - _per_step(silent, len(shares)))
    rows = np.column_stack([shares, np.stack(collected.rows)])
    duration_s = samples / sample_rate_hz
    lead_s, trail_s = loudness.edge_silences_s(silent)
    silence_at_s, silent_s = loudness.longest_silence_s(silent)
    edge = round(EDGE_S / loudness.BLOCK_S)
    tempo_bpm, tempo_confidence = collected.tempo_estimator.tempo()
    key, key_confidence = collected.key_estimator.key()
    whole = Features(
        duration_s=duration_s,
        sample_rate_hz=sample_rate_hz,
        channels=len(channels),
        loudness_lufs=loudness.integrated_lufs(blocks_power),
        loudness_range_lu=loudness.range_lu(blocks_power),
        sample_peak_dbfs=max(PEAK_FLOOR_DBFS, float(20 * np.log10(max(peak, 1e-9)))),
        start_loudness_lufs=loudness.mean_lufs(blocks_power[:edge]),
        end_loudness_lufs=loudness.mean_lufs(blocks_power[-edge:]),
        startle_lu=loudness.startle_lu(blocks_power),
        leading_silence_s=min(lead_s, duration_s),
        trailing_silence_s=min(trail_s, duration_s),
        longest_silence_s=min(silent_s, duration_s),
        longest_silence_start_s=silence_at_s,
        tempo_bpm=tempo_bpm,
        tempo_confidence=tempo_confidence,
        key=key,
        key_confidence=key_confidence,
        onset_rate_hz=collected.tempo_estimator.onset_rate_hz(),
        spectral_centroid_hz=float(
            BAND_HZ @ collected.spectrum / max(collected.spectrum.sum(), 1e-12)
        ),
        percussiveness=float(
            np.average(
                rows[:, STEP_FEATURES.index("stroke_power_share")], weights=shares + LEAST_SHARE
            )
        ),
        stroke_rate_hz=_most(rows[:, STEP_FEATURES.index("stroke_rate_hz")]),
        pulse_clarity=_most(rows[:, STEP_FEATURES.index("pulse_clarity")]),
    )
    return Measurement(whole, rows)


def _most(values: Floats32) -> float:
    """Return the largest mean of `MOST_STEPS` steps in a row, or of all where there are fewer."""
    width = min(MOST_STEPS, len(values))
    return float(np.convolve(values, np.full(width, 1.0 / width), "valid").max())


def _per_block(k_power: Floats32, blocks: int) -> Floats:
    """Return the mean over the frames of each `loudness.BLOCK_S`, padded with silence."""
    whole = np.zeros(blocks * BLOCK_FRAMES)
    count = min(len(whole), len(k_power))
    whole[:count] = k_power[:count]
    return np.asarray(whole.reshape(blocks, BLOCK_FRAMES).mean(axis=1))


def _per_step(blocks: Bools, steps: int) -> Floats32:
    """Return the share of each step in which something holds for blocks of `loudness.BLOCK_S`."""
    starts = np.arange(steps) * (STEP_FRAMES // BLOCK_FRAMES)
    counts = np.diff(starts, append=len(blocks))
    return np.asarray(np.add.reduceat(blocks, starts, dtype=np.float32) / counts, np.float32)
