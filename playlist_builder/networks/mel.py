"""The bank of mel bands in which the networks hear, from the spectrum that the analysis makes.

The bands are those of Kaldi: 80 from 20 Hz to 8 kHz, of frames whose samples are 16-bit numbers at
16 kHz, after a pre-emphasis. All of that is a weight for each frequency, so that any spectrum of
power will do, at any sample rate.
"""

import numpy as np

from playlist_builder.models import Floats, Floats32

BANDS = 80
LOW_HZ, HIGH_HZ = 20.0, 8000.0
RATE = 16000  # of Kaldi's samples
FRAME = NFFT = 512  # of Kaldi's frames
FULL_SCALE = 32768.0
PRE_EMPHASIS = 0.97
MIN_RATE, MAX_RATE = 8000, 768000  # of samples in which a network hears what it knows


def supports_rate(rate_hz: int) -> bool:
    """Whether the networks can hear samples at a rate."""
    return MIN_RATE <= rate_hz <= MAX_RATE


def bank(frequencies_hz: Floats, density: float) -> Floats32:
    """Return what leads from power at `frequencies_hz`, evenly spaced from 0, to bands.

    Shape (frequencies, BANDS). `density` is the power that white noise has at each frequency where
    its mean square is the sample rate, so that it is as dense at any rate.
    """
    at_hz = RATE / NFFT * np.arange(NFFT // 2, dtype=np.float64)
    power = FULL_SCALE**2 * np.square(_window()).sum() * RATE / density
    turn = 2.0 * np.pi * at_hz / RATE
    emphasis = 1.0 + PRE_EMPHASIS**2 - 2.0 * PRE_EMPHASIS * np.cos(turn)
    triangles = _triangles(at_hz) * (power * emphasis)[:, None]
    place = at_hz / frequencies_hz[1]
    left = place.astype(int)
    found = np.zeros((max(len(frequencies_hz), left[-1] + 2), BANDS))
    np.add.at(found, left, triangles * (1.0 - place + left)[:, None])
    np.add.at(found, left + 1, triangles * (place - left)[:, None])
    return found[: len(frequencies_hz)].astype(np.float32)


def _window() -> Floats:
    """Return the window of Kaldi's frames, Povey's: a raised cosine to the power of 0.85."""
    turn = 2.0 * np.pi * np.arange(FRAME) / (FRAME - 1)
    return np.asarray((0.5 - 0.5 * np.cos(turn)) ** 0.85)


def _triangles(at_hz: Floats) -> Floats:
    def mel(hz: Floats) -> Floats:
        return 1127.0 * np.log(1.0 + hz / 700.0)

    low, high = mel(np.array([LOW_HZ, HIGH_HZ]))
    edges = np.linspace(low, high, BANDS + 2)
    at = mel(at_hz)[:, None]
    rising = (at - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - at) / np.diff(edges)[1:]
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)))
