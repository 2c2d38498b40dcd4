"""Samples of one track to a verdict on voices, and the seconds in which they sing or speak.

A passage counts by how far it exceeds the usual level of the track, so that an expressive violin
throughout is not taken for a singer; a track that is sung throughout counts by the share of it.

The thresholds were set on other tracks and singers than the network was fitted to. Missed are
voices far below the music, short calls, and choirs without words.
"""

import math
from functools import cache
from importlib import resources
from typing import Literal

import numpy as np

from playlist_builder.models import Floats32, VoiceDetection, VoiceSpan
from playlist_builder.networks import resampler, voice, weights
from playlist_builder.networks.resampler import RATE, Resampler
from playlist_builder.networks.voice import CHUNK_S, CONTEXT_S, OUTPUTS, PER_S, Model

VOICE_VERSION = 1  # raise it when samples may give another verdict: the next scan decodes again


@cache
def model() -> Model:
    """Return the network of the package; raises `ModelError` where its file is damaged."""
    return voice.load(resources.files(voice.__package__) / "voice_weights.npz")


def model_error() -> str:
    """Return one line on why voices cannot be detected, empty where they can."""
    return weights.load_error(model)


def supports_rate(rate_hz: int) -> bool:
    """Whether voices can be detected at a sample rate."""
    return resampler.MIN_RATE <= rate_hz <= resampler.MAX_RATE


class VoiceDetector:
    """Takes mono samples of one track, from start to end, in blocks of any size."""

    def __init__(self, rate: int, model: Model) -> None:
        self._rate, self._model = rate, model
        self._resample = Resampler(rate)
        self._rows: list[Floats32] = []
        self._buffer = np.empty((CONTEXT_S + CHUNK_S + CONTEXT_S) * rate, np.float32)
        self._count = 0
        self._lead = 0  # seconds of context at the start of the buffer
        self._energy, self._samples = 0.0, 0

    def push(self, mono: Floats32) -> None:
        """Add samples of shape (n,), full scale = 1.0; values that are not finite are silence."""
        self._energy += float(np.vdot(mono, mono))
        self._samples += len(mono)
        while len(mono):
            whole = (self._lead + CHUNK_S + CONTEXT_S) * self._rate
            taken, mono = np.split(mono, [whole - self._count])
            self._buffer[self._count : self._count + len(taken)] = taken
            self._count += len(taken)
            if self._count < whole:
                return
            self._run(self._buffer[:whole], CHUNK_S)
            rest = self._buffer[whole - 2 * CONTEXT_S * self._rate : whole]
            self._buffer[: len(rest)] = rest
            self._lead, self._count = CONTEXT_S, len(rest)

    def logits(self) -> Floats32:
        """Return the logits of each second, (seconds, OUTPUTS); a last half second is dropped."""
        left = self._buffer[: self._count]
        seconds = int(len(left) / self._rate - self._lead + 0.5)
        if seconds > 0:
            whole = (self._lead + seconds) * self._rate
            self._run(np.pad(left[:whole], (0, max(0, whole - len(left)))), seconds)
        self._count = 0
        return np.concatenate(self._rows) if self._rows else np.zeros((0, OUTPUTS), np.float32)

    def finish(self) -> VoiceDetection:
        """Return the verdict on all samples; nothing can be pushed afterwards."""
        found = classify(self.logits())
        soft = self._energy <= self._samples * SOFT_MEAN_SQUARE
        return VoiceDetection("unknown", 0.0) if soft and found.verdict == "none" else found

    def _run(self, samples: Floats32, seconds: int) -> None:
        if not np.isfinite(samples).all():
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        x = self._resample(np.clip(samples, -8.0, 8.0))
        length = (len(samples) // self._rate) * RATE + voice.FRAME - voice.HOP
        x = np.pad(x, (0, length - len(x)))
        hidden = voice.hidden_layer(self._model, voice.filter_bank(self._model, x))
        start, stop = self._lead * PER_S, (self._lead + seconds) * PER_S
        mean = hidden[:, start:stop].reshape(voice.HIDDEN, seconds, PER_S).mean(axis=2)
        self._rows.append((self._model.outputs @ mean).T + self._model.output_bias)


SOFT_MEAN_SQUARE = 1e-5  # -50 dBFS: below it, a voice would not be detected
LOWEST, HIGHEST = -3.0, 6.0  # clip per-second logits, so that a single second cannot decide
PASSAGE_S = 5  # seconds of a passage, over which logits are averaged
# The usual level of a track is this quantile of its passages, limited to `USUAL_MOST`; `DISCOUNT`
# times it is subtracted from the best passage.
USUAL_QUANTILE, USUAL_MOST, DISCOUNT = 0.9, 2.0, 0.5
FOUND, UNCERTAIN = 2.2, 1.8  # evidence of the best passage: a voice from 2.2 up, none below 1.8
# Beyond `LONG_S`, every doubling of the length requires `LONG_MORE` more evidence: the best of many
# passages of music is more like a voice than the best of a few.
LONG_S, LONG_MORE = 300, 0.3
SHARE_FOUND, SHARE_UNCERTAIN = 0.57, 0.47  # mean probability of voice: as `FOUND` and `UNCERTAIN`
EDGE, EDGE_SUNG = 0.8, 0.0  # logit at which a span ends: above the usual, and if sung throughout
SMOOTH_S, GAP_S = 5, 10  # window that smooths edges; longest pause within a span
SPEECH = 0.5  # share from which a voice is spoken, not sung


def classify(logits: Floats32) -> VoiceDetection:
    """Return the verdict on logits of shape (seconds, OUTPUTS), as `VoiceDetector.logits`."""
    if not len(logits):
        return VoiceDetection("unknown", 0.0)
    voice, spoken = logits[:, 0], _sigmoid(logits[:, 1])
    clipped = np.clip(voice, LOWEST, HIGHEST)
    passages = _means(clipped, PASSAGE_S)
    usual = DISCOUNT * min(float(np.quantile(passages, USUAL_QUANTILE)), USUAL_MOST)
    length_penalty = LONG_MORE * math.log2(max(1.0, len(logits) / LONG_S))
    evidence = float(passages.max()) - usual - length_penalty
    share = float(_sigmoid(voice).mean())
    passage = (evidence - UNCERTAIN) / (FOUND - UNCERTAIN)
    score = max(passage, (share - SHARE_UNCERTAIN) / (SHARE_FOUND - SHARE_UNCERTAIN))
    if score < 0:
        return VoiceDetection("none", min(1.0, -score / 2))
    if share >= SHARE_FOUND:
        spans = _spans(clipped, spoken, EDGE_SUNG, EDGE_SUNG + EDGE)
    else:
        spans = _spans(clipped, spoken, usual + EDGE, usual + length_penalty + UNCERTAIN)
    lengths = [span.end_s - span.start_s for span in spans]
    speech = sum(n for n, span in zip(lengths, spans, strict=True) if span.kind == "spoken")
    speech_share = speech / sum(lengths) if spans else float(spoken.mean())
    if score < 1:
        return VoiceDetection("unknown", score, spans)
    verdict: Literal["sung", "spoken"] = "spoken" if speech_share > SPEECH else "sung"
    return VoiceDetection(verdict, min(1.0, score / 2), spans)


def _means(x: Floats32, width: int) -> Floats32:
    """Return the running mean over `width` values; of all of them where there are fewer."""
    width = min(width, len(x))
    sums = np.concatenate([[0.0], np.cumsum(x, dtype=np.float64)])
    return np.asarray((sums[width:] - sums[:-width]) / width, np.float32)


def _sigmoid(logit: Floats32) -> Floats32:
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -30, 30))), np.float32)


def _around(x: Floats32, width: int) -> Floats32:
    return _means(np.pad(x, width // 2, mode="edge"), width)


def _spans(clipped: Floats32, spoken: Floats32, edge: float, core: float) -> tuple[VoiceSpan, ...]:
    smooth, passage = _around(clipped, SMOOTH_S), _around(clipped, PASSAGE_S)
    above = np.flatnonzero(smooth > edge)
    if not above.size:
        return ()
    found = []
    for run in np.split(above, np.flatnonzero(np.diff(above) > GAP_S) + 1):
        if passage[run].max() < core:
            continue
        kind: Literal["sung", "spoken"] = "spoken" if spoken[run].mean() > SPEECH else "sung"
        confidence = float(_sigmoid(smooth[run] - edge).mean())
        found.append(VoiceSpan(float(run[0]), float(run[-1] + 1), kind, confidence))
    return tuple(found)
