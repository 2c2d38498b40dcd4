"""The one transform: samples to power per band, K-weighted power and peak, in a single pass.

Frames are 40 ms long and 20 ms apart at any sample rate, so everything later is counted in the
same time steps. The sine window makes overlapping squared windows add up to one: the power of
the frames is exactly the power of the samples, which is what loudness needs.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from playlist_builder.loudness import channel_weights, k_weighting

FRAMES_PER_S = 50
BANDS = 40
LOW_HZ, HIGH_HZ = 50.0, 11_000.0
"""Range of the bands: what 22.05 kHz material and codecs that cut the top have in common."""

TONE_FRAME_S = 0.186
"""Length of the long frame (8192 samples at 44.1 kHz), in which semitones are apart."""
TONE_HOP_S = 0.4
TONES_PER_SEMITONE = 3
TONE_LOW_MIDI, TONE_HIGH_MIDI = 40, 100  # E2 (82 Hz) to E7 (2637 Hz)
TONES = (TONE_HIGH_MIDI - TONE_LOW_MIDI) * TONES_PER_SEMITONE


def band_edges_hz() -> NDArray[np.float64]:
    """Return the BANDS + 2 corners of the bands, evenly spaced in mel (O'Shaughnessy 1987)."""
    low, high = 2595.0 * np.log10(1.0 + np.array([LOW_HZ, HIGH_HZ]) / 700.0)
    return np.asarray(700.0 * (10.0 ** (np.linspace(low, high, BANDS + 2) / 2595.0) - 1.0))


BAND_HZ = band_edges_hz()[1:-1]
"""Centres of the bands."""


@dataclass(frozen=True, slots=True, eq=False)
class Spectra:
    """What one block of samples gives; all power is mean square, full scale = 1.0.

    Of the mono mix: `bands` of shape (frames, BANDS), and `tones` of shape (tone frames, TONES),
    one every `TONE_HOP_S`. `k_power` and `power` have shape (frames,): summed over the channels,
    with and without K-weighting. `peak` is the largest sample of any channel.
    """

    bands: NDArray[np.float32]
    tones: NDArray[np.float32]
    k_power: NDArray[np.float32]
    power: NDArray[np.float32]
    peak: float


def mix(channels: Sequence[str]) -> NDArray[np.float32]:
    """Gains of the mono mix, adding up to one: front channels alike, surrounds -3 dB, no LFE.

    It is pinned down here because decoders and players disagree by 3 dB and more.
    """
    gains = np.array(
        [
            0.0 if name.startswith("LFE") else 1.0 if name.startswith("F") else 0.7071
            for name in channels
        ]
    )
    if not gains.any():
        gains[:] = 1.0
    gains /= gains.sum()
    return gains.astype(np.float32)


def spectra(
    blocks: Iterable[NDArray[np.float32]],
    *,
    sample_rate_hz: int,
    channels: Sequence[str],
) -> Iterator[Spectra]:
    """Transform blocks of shape (channels, n).

    Frame k is centred on the time k / `FRAMES_PER_S`; the samples before the start and after the
    end are 0.
    """
    import scipy.fft  # noqa: PLC0415 - half a second, and only decoding needs it

    hop = round(sample_rate_hz / FRAMES_PER_S)
    window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop)).astype(np.float32)
    frequencies = np.fft.rfftfreq(2 * hop, 1 / sample_rate_hz).astype(np.float64)
    # Parseval: both halves of the spectrum, as a mean over the hop that the frame stands for.
    both = np.where((frequencies == 0) | (frequencies == sample_rate_hz / 2), 1.0, 2.0)
    scale = both / (2 * hop) / hop
    totals = np.stack((k_weighting(frequencies, sample_rate_hz) * scale, scale), axis=1)
    totals = totals.astype(np.float32)
    bank = (_triangles(frequencies, band_edges_hz()) * scale[:, None]).astype(np.float32)
    gains, weights = mix(channels), channel_weights(channels)
    carry = np.zeros((len(channels), hop), dtype=np.float32)
    tones = _Tones(sample_rate_hz)
    for block in _closed(blocks, hop, len(channels)):
        samples = np.concatenate((carry, block), axis=1)
        count = samples.shape[1] // hop - 1
        carry = samples[:, count * hop :]
        frames = sliding_window_view(samples, 2 * hop, axis=1)[:, ::hop] * window
        transform = scipy.fft.rfft(frames, axis=-1, overwrite_x=True)
        mono = np.tensordot(gains, transform, axes=1)
        power = _power(transform) @ totals
        yield Spectra(
            bands=_power(mono) @ bank,
            k_power=np.asarray(weights @ power[:, :, 0], np.float32),
            power=power.sum(axis=0)[:, 1],
            tones=tones.push(gains @ block),
            peak=float(max(block.max(initial=0.0), -block.min(initial=0.0))),
        )


class _Tones:
    """The long frames of a stream of mono samples."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._size = 2 * round(sample_rate_hz * TONE_FRAME_S / 2)
        self._hop = round(sample_rate_hz * TONE_HOP_S)
        self._window = np.hanning(self._size).astype(np.float32)
        midi = np.arange(TONE_LOW_MIDI, TONE_HIGH_MIDI, 1.0 / TONES_PER_SEMITONE)
        place = 440.0 * 2.0 ** ((midi - 69.0) / 12.0) * self._size / sample_rate_hz
        self._left = np.minimum(place.astype(int), self._size // 2 - 1)
        self._share = np.clip(place - self._left, 0.0, 1.0).astype(np.float32)
        self._carry = np.zeros(0, np.float32)
        self._ahead = 0  # samples to pass over, where the next frame starts in a later block

    def push(self, mono: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the power at each tone of the frames that are now complete."""
        import scipy.fft  # noqa: PLC0415 - as above

        samples = np.concatenate((self._carry, mono))[self._ahead :]
        count = max(0, (len(samples) - self._size) // self._hop + 1)
        self._ahead = max(0, count * self._hop - len(samples))
        self._carry = samples[count * self._hop :]
        if not count:
            return np.zeros((0, TONES), np.float32)
        frames = sliding_window_view(samples, self._size)[:: self._hop][:count] * self._window
        power = _power(scipy.fft.rfft(frames, axis=-1)) / np.float32(self._size**2 / 4)
        tones = power[:, self._left] * (1 - self._share) + power[:, self._left + 1] * self._share
        return np.asarray(tones, np.float32)


def _closed(
    blocks: Iterable[NDArray[np.float32]], hop: int, channels: int
) -> Iterator[NDArray[np.float32]]:
    """Join blocks shorter than a hop, and pad the end so that the last samples fill two frames."""
    count = 0
    waiting = np.zeros((channels, 0), dtype=np.float32)
    for block in blocks:
        count += block.shape[1]
        waiting = np.concatenate((waiting, block), axis=1) if waiting.size else block
        if waiting.shape[1] >= hop:
            yield waiting
            waiting = waiting[:, :0]
    padding = np.zeros((channels, hop + -count % hop), dtype=np.float32)
    yield np.concatenate((waiting, padding), axis=1)


def _power(transform: NDArray[np.complex64]) -> NDArray[np.float32]:
    power = np.square(transform.real)
    power += np.square(transform.imag)
    return power


def _triangles(
    frequencies_hz: NDArray[np.float64], edges_hz: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return overlapping triangles of height one, of shape (frequencies, bands)."""
    low, centre, high = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    rising = (frequencies_hz[:, None] - low) / (centre - low)
    falling = (high - frequencies_hz[:, None]) / (high - centre)
    return np.clip(np.minimum(rising, falling), 0.0, None)
