"""Power in mel bands to what the network hears in each second, and to the verdict on voices."""

from functools import cache
from pathlib import Path

import numpy as np

from playlist_builder.models import Floats32, VoiceDetection
from playlist_builder.networks import voice, weights
from playlist_builder.networks.mel import BANDS
from playlist_builder.networks.voice import CHUNK_S, CONTEXT_S, OUTPUTS, PER_S, Model
from playlist_builder.vocals import moments, style

WEIGHTS = Path(voice.__file__).with_name("voice_weights.npz")
PARTS = 5  # of a second, in neighbouring two of which a short word is sought
COLUMNS = OUTPUTS + 1
VOICE_VERSION = 8  # raise it when samples may give another verdict: the next scan decodes again


@cache
def model() -> Model:
    """Return the network of the package; raises `ModelError` where its file is damaged."""
    return voice.load(WEIGHTS)


def model_error() -> str:
    """Return one line on why voices cannot be detected, empty where they can."""
    return weights.load_error(model) or weights.load_error(style.voice_weights)


class VoiceDetector:
    """Takes power in mel bands of one track, from start to end, in blocks of any size."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._rows: list[Floats32] = []
        self._silence = voice.levels(model, np.zeros((1, BANDS), np.float32))
        self._silent_rows: dict[tuple[int, int], Floats32] = {}  # by frames and seconds of a run
        self._buffer = np.empty(((CONTEXT_S + CHUNK_S + CONTEXT_S) * PER_S, BANDS), np.float32)
        self._count = 0
        self._lead = 0  # seconds of context at the start of the buffer
        self._energy, self._samples = 0.0, 0

    def push(self, power: Floats32, mono: Floats32) -> None:
        """Add frames (n, BANDS) every 40 ms, and the samples (m,) of which they are made."""
        self._energy += float(np.vdot(mono, mono))
        self._samples += len(mono)
        levels = voice.levels(self._model, power)
        whole = (self._lead + CHUNK_S + CONTEXT_S) * PER_S
        while len(levels):
            taken, levels = np.split(levels, [whole - self._count])
            self._buffer[self._count : self._count + len(taken)] = taken
            self._count += len(taken)
            if self._count < whole:
                return
            self._run(self._buffer[:whole], CHUNK_S)
            rest = self._buffer[whole - 2 * CONTEXT_S * PER_S : whole]
            self._buffer[: len(rest)] = rest
            self._lead, self._count = CONTEXT_S, len(rest)
            whole = (self._lead + CHUNK_S + CONTEXT_S) * PER_S

    def logits(self) -> Floats32:
        """Return a row for each second, (seconds, COLUMNS); a last half second is dropped.

        Its columns are the means of the network's logits, and the best two fifths of a second of
        the first, voice.
        """
        seconds = int(self._count / PER_S - self._lead + 0.5)
        if seconds > 0:
            whole = (self._lead + seconds) * PER_S
            self._buffer[self._count : whole] = self._silence
            self._run(self._buffer[:whole], seconds)
        self._count = 0
        return np.concatenate(self._rows) if self._rows else np.zeros((0, COLUMNS), np.float32)

    def finish(self, by_style: float = 0.0) -> VoiceDetection:
        """Return the verdict on all samples; nothing can be pushed afterwards.

        `by_style` are the log-odds for a voice by the embedding of the track, 0 where there is
        none.
        """
        rows = self.logits()
        return verdict_of(rows, by_style, soft=self._energy <= self._samples * SOFT_MEAN_SQUARE)

    def _run(self, levels: Floats32, seconds: int) -> None:
        if not (levels == self._silence).all():
            self._rows.append(self._heard(levels, seconds))
            return
        key = len(levels), seconds
        if key not in self._silent_rows:
            self._silent_rows[key] = self._heard(levels, seconds)
        self._rows.append(self._silent_rows[key])

    def _heard(self, levels: Floats32, seconds: int) -> Floats32:
        hidden = voice.hidden_layer(self._model, levels)
        start, stop = self._lead * PER_S, (self._lead + seconds) * PER_S
        # Of each frame, for the means of so few outputs cost less than those of the whole layer.
        outputs = self._model.outputs @ hidden[:, start:stop]
        logits = outputs.reshape(OUTPUTS, seconds, PARTS, -1).mean(axis=3).transpose(1, 2, 0)
        return rows_of(logits + self._model.output_bias)


def rows_of(logits: Floats32) -> Floats32:
    """Return rows as `VoiceDetector.logits`, from logits of the parts of seconds.

    Shape (seconds, PARTS, OUTPUTS).
    """
    best = (logits[:, 1:, :1] + logits[:, :-1, :1]).max(axis=1) / 2
    return np.concatenate([logits.mean(axis=1), best], axis=1)


SOFT_MEAN_SQUARE = 1e-5  # -50 dBFS: below it, a voice would not be detected


def verdict_of(rows: Floats32, by_style: float = 0.0, *, soft: bool) -> VoiceDetection:
    """Return the verdict on rows as `VoiceDetector.logits`; a soft track is never verified."""
    return VoiceDetection("unknown", 0.0) if soft else moments.classify(rows, by_style)
