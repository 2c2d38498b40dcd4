"""Listening for voices: samples of one recording to the seconds in which somebody sings or speaks.

A passage counts by how far it stands out from what the track shows anyway, so that an expressive
violin throughout is no singer; a track that is sung all along counts by the share of it.

The rule was set on recordings and singers apart from those that the network was fitted to. It
misses voices far below the music, and short calls; it does not know choirs without words.
"""

import math
from functools import cache
from importlib import resources
from typing import Literal

import numpy as np

from playlist_builder.errors import VoiceModelError
from playlist_builder.models import VoiceDetection, VoiceSpan
from playlist_builder.vocals.network import (
    CHUNK_S,
    CONTEXT_S,
    FRAME,
    HIDDEN,
    HOP,
    MAX_RATE,
    MIN_RATE,
    OUTPUTS,
    PER_S,
    RATE,
    Floats,
    Model,
    Resampler,
    filter_bank,
    hidden_layer,
    load,
)

VOICE_VERSION = 1
"""Raise it when the same samples may give another verdict: the next scan then listens again."""


@cache
def model() -> Model:
    """Return the network that comes with the package; raises `VoiceModelError`."""
    return load(resources.files(__package__) / "voice_weights.npz")


def problem() -> str:
    """Say in one line why nobody can listen, or nothing."""
    try:
        model()
    except VoiceModelError as error:
        return f"{error}. Install playlist-builder again"
    return ""


def can_hear(rate_hz: int) -> bool:
    """Whether a sample rate is one that a voice can be heard at."""
    return MIN_RATE <= rate_hz <= MAX_RATE


class Listener:
    """Takes mono samples of one recording, from start to end, in blocks of any size."""

    def __init__(self, rate: int, model: Model) -> None:
        self._rate, self._model = rate, model
        self._resample = Resampler(rate)
        self._rows: list[Floats] = []
        self._held = np.empty((CONTEXT_S + CHUNK_S + CONTEXT_S) * rate, np.float32)
        self._count = 0
        self._lead = 0  # seconds of context at the start of what is held
        self._energy, self._samples = 0.0, 0

    def push(self, mono: Floats) -> None:
        """Listen on; what is not finite counts as silence."""
        self._energy += float(np.vdot(mono, mono))
        self._samples += len(mono)
        while len(mono):
            whole = (self._lead + CHUNK_S + CONTEXT_S) * self._rate
            taken, mono = np.split(mono, [whole - self._count])
            self._held[self._count : self._count + len(taken)] = taken
            self._count += len(taken)
            if self._count < whole:
                return
            self._hear(self._held[:whole], CHUNK_S)
            rest = self._held[whole - 2 * CONTEXT_S * self._rate : whole]
            self._held[: len(rest)] = rest
            self._lead, self._count = CONTEXT_S, len(rest)

    def rows(self) -> Floats:
        """Return each second's logits, (seconds, OUTPUTS); a last half second is let go."""
        held = self._held[: self._count]
        seconds = int(len(held) / self._rate - self._lead + 0.5)
        if seconds > 0:
            whole = (self._lead + seconds) * self._rate
            self._hear(np.pad(held[:whole], (0, max(0, whole - len(held)))), seconds)
        self._count = 0
        return np.concatenate(self._rows) if self._rows else np.zeros((0, OUTPUTS), np.float32)

    def finish(self) -> VoiceDetection:
        """Judge what was heard; the listener is of no use afterwards."""
        heard = judge(self.rows())
        soft = self._energy <= self._samples * SOFT_MEAN_SQUARE
        return VoiceDetection("unknown", 0.0) if soft and heard.verdict == "none" else heard

    def _hear(self, samples: Floats, seconds: int) -> None:
        if not np.isfinite(samples).all():
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        x = self._resample(np.clip(samples, -8.0, 8.0))
        x = np.pad(x, (0, (len(samples) // self._rate) * RATE + FRAME - HOP - len(x)))
        hidden = hidden_layer(self._model, filter_bank(self._model, x))
        start, stop = self._lead * PER_S, (self._lead + seconds) * PER_S
        mean = hidden[:, start:stop].reshape(HIDDEN, seconds, PER_S).mean(axis=2)
        self._rows.append((self._model.outputs @ mean).T + self._model.output_bias)


SOFT_MEAN_SQUARE = 1e-5
"""-50 dBFS: below it, a voice would go unheard."""
LOWEST, HIGHEST = -3.0, 6.0
"""A single second can neither acquit nor convict."""
STRETCH_S = 5
"""A passage must convince on average over so many seconds."""
USUAL, USUAL_MOST, DISCOUNT = 0.9, 2.0, 0.5
"""Of what a track shows anyway, this quantile, up to so much, counts by this factor against its
best passage."""
PASSAGE, DOUBT = 2.2, 1.8
"""Evidence of a passage: from here on found; below the second none; between them unknown."""
LONG_S, LONG_MORE = 300, 0.3
"""Beyond so many seconds, more is asked for with every doubling: the best of many passages of
music is more like a voice than the best of a few."""
SHARE, SHARE_DOUBT = 0.57, 0.47
"""Mean chance of voice: from here on found; below the second none."""
EDGE, EDGE_SUNG = 0.8, 0.0
"""Logit above the usual at which a span ends; the second is plain, for tracks sung all along."""
SMOOTH_S, GAP_S = 5, 10
"""Seconds that an edge is judged by; a longer pause parts two spans."""
SPEECH = 0.5


def judge(rows: Floats) -> VoiceDetection:
    """Judge each second's logits, as `Listener.rows` gives them."""
    if not len(rows):
        return VoiceDetection("unknown", 0.0)
    voice, spoken = rows[:, 0], _chance(rows[:, 1])
    clipped = np.clip(voice, LOWEST, HIGHEST)
    stretches = _means(clipped, STRETCH_S)
    usual = DISCOUNT * min(float(np.quantile(stretches, USUAL)), USUAL_MOST)
    chances = LONG_MORE * math.log2(max(1.0, len(rows) / LONG_S))
    evidence = float(stretches.max()) - usual - chances
    share = float(_chance(voice).mean())
    passage = (evidence - DOUBT) / (PASSAGE - DOUBT)
    surely = max(passage, (share - SHARE_DOUBT) / (SHARE - SHARE_DOUBT))
    if surely < 0:
        return VoiceDetection("none", min(1.0, -surely / 2))
    if share >= SHARE:
        spans = _spans(clipped, spoken, EDGE_SUNG, EDGE_SUNG + EDGE)
    else:
        spans = _spans(clipped, spoken, usual + EDGE, usual + chances + DOUBT)
    lengths = [span.end_s - span.start_s for span in spans]
    speech = sum(n for n, span in zip(lengths, spans, strict=True) if span.kind == "spoken")
    speech_share = speech / sum(lengths) if spans else float(spoken.mean())
    if surely < 1:
        return VoiceDetection("unknown", surely, spans)
    verdict: Literal["sung", "spoken"] = "spoken" if speech_share > SPEECH else "sung"
    return VoiceDetection(verdict, min(1.0, surely / 2), spans)


def _means(x: Floats, width: int) -> Floats:
    """Return the mean of each `width` in succession; of all of them where there are fewer."""
    width = min(width, len(x))
    sums = np.concatenate([[0.0], np.cumsum(x, dtype=np.float64)])
    return np.asarray((sums[width:] - sums[:-width]) / width, np.float32)


def _chance(logit: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -30, 30))), np.float32)


def _around(x: Floats, width: int) -> Floats:
    return _means(np.pad(x, width // 2, mode="edge"), width)


def _spans(clipped: Floats, spoken: Floats, edge: float, core: float) -> tuple[VoiceSpan, ...]:
    smooth, stretch = _around(clipped, SMOOTH_S), _around(clipped, STRETCH_S)
    above = np.flatnonzero(smooth > edge)
    if not above.size:
        return ()
    found = []
    for run in np.split(above, np.flatnonzero(np.diff(above) > GAP_S) + 1):
        if stretch[run].max() < core:
            continue
        kind: Literal["sung", "spoken"] = "spoken" if spoken[run].mean() > SPEECH else "sung"
        sure = float(_chance(smooth[run] - edge).mean())
        found.append(VoiceSpan(float(run[0]), float(run[-1] + 1), kind, sure))
    return tuple(found)
