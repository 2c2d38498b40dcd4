"""Blocks of samples to power per band and tone, K-weighted power and peak, in a single pass. Pure.

Frames are 40 ms long and 20 ms apart at any sample rate. Their squared windows add up to one, so
the power of the frames is exactly the power of the samples, as loudness requires.
"""

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np

from playlist_builder.analysis.loudness import BLOCK_S, channel_weights, k_weighting
from playlist_builder.analysis.running_median import mirrored, running_median
from playlist_builder.audio import transform
from playlist_builder.models import Floats, Floats32
from playlist_builder.networks import mel

FRAMES_PER_S = 50
BLOCK_FRAMES = round(BLOCK_S * FRAMES_PER_S)
BATCH = 4  # frames per call: the transform of a single frame takes as long as that of four
MEL_EVERY = 2  # frames, of which a whole number makes a batch
KEPT_BYTES = 16_000_000  # more than any array of the analysis and its networks
BANDS = 40
BANK_PARTS = (20, 30)  # where the bands are split into parts, each summed from its own bins
MEL_PARTS = (27, 54)  # as well, of the bands in which the networks hear
LOW_HZ, HIGH_HZ = 50.0, 11_000.0  # what remains in 22.05 kHz material and after codecs
TONE_FRAME_S = 0.186  # 8192 samples at 44.1 kHz, long enough to resolve semitones
TONE_HOP_S = 0.4
TONES_PER_SEMITONE = 3
TONE_LOW_MIDI, TONE_HIGH_MIDI = 40, 100  # E2 (82 Hz) to E7 (2637 Hz)
TONE_BACKGROUND = 19  # width of the median behind a spectral peak, in thirds of a semitone
MIN_MONO_SHARE = 0.1  # of the energy of the loudest channel; a mono mix with less has lost music
TONES = (TONE_HIGH_MIDI - TONE_LOW_MIDI) * TONES_PER_SEMITONE


def band_edges_hz() -> Floats:
    """Return the edges of the bands, (BANDS + 2,), evenly spaced in mel (O'Shaughnessy 1987)."""
    low, high = 2595.0 * np.log10(1.0 + np.array([LOW_HZ, HIGH_HZ]) / 700.0)
    return np.asarray(700.0 * (10.0 ** (np.linspace(low, high, BANDS + 2) / 2595.0) - 1.0))


BAND_HZ = band_edges_hz()[1:-1]  # centres of the bands


@dataclass(frozen=True, slots=True, eq=False)
class Spectra:
    """The spectra of one block of samples; all power is mean square, full scale = 1.0."""

    bands: Floats32  # of the mono mix, (frames, BANDS)
    tones: Floats32  # of the mono mix, (tone frames, TONES), one every `TONE_HOP_S`
    mix_k_power: Floats32  # K-weighted, one per frame; over all channels with `rest_k_power`
    rest_k_power: Floats32  # one per `loudness.BLOCK_S`
    peak: float  # largest absolute sample of any channel
    heard: Floats32  # samples (n,) that networks hear: the mono mix, or what stands for it
    mel: Floats32  # of every second frame of these, (n, `mel.BANDS`), if asked for


def tone_background(tones: Floats32) -> Floats32:
    """Return the background of `tones`: the median of `TONE_BACKGROUND` neighbours, mirrored."""
    # Laid out with the tones first, in which the median takes half as long; and back again.
    by_tone = np.ascontiguousarray(tones.T)
    background = running_median(mirrored(by_tone, TONE_BACKGROUND // 2), TONE_BACKGROUND)
    return np.ascontiguousarray(background.T)


def mono_gains(channels: Sequence[str]) -> Floats32:
    """Return the gains of the mono mix, (channels,), sum 1: surrounds -3 dB, no LFE.

    Defined here because decoders and players disagree by 3 dB and more.
    """
    gains = np.array([1.0 if name.startswith("F") else 0.7071 for name in channels])
    gains[[name.startswith("LFE") for name in channels]] = 0.0
    if not gains.any():
        gains[:] = 1.0
    gains /= gains.sum()
    return gains.astype(np.float32)


def spectra(
    blocks: Iterable[Floats32], *, sample_rate_hz: int, channels: Sequence[str], hear: bool = False
) -> Iterator[Spectra]:
    """Yield the spectra of blocks of shape (channels, n), and of the end; `hear` asks for `mel`.

    Frame k is centred on the time k / `FRAMES_PER_S`; the samples before the start and after the
    end are 0. Of mel bands there are frames 1, 3, 5 and so on.
    """
    hop = round(sample_rate_hz / FRAMES_PER_S)
    # glibc then keeps freed memory up to twice this size instead of returning it every block.
    np.empty(KEPT_BYTES, np.uint8)
    share, signals, weights = _unmixed(channels)
    gains = np.vstack((mono_gains(channels), signals))
    bands = _Bands(sample_rate_hz, hop, share, hear=hear)
    tones = _Tones(sample_rate_hz)
    rest = _UnmixedPower(sample_rate_hz, hop, weights)
    count = 0

    def part(block: Floats32, mono: Floats32, others: Floats32, *, last: bool) -> Spectra:
        heard = _heard(block, mono) if hear else mono
        power, mix_k_power, mels = bands.push(mono, heard, last=last)
        return Spectra(
            bands=power,
            tones=tones.push(mono, last=last),
            mix_k_power=mix_k_power,
            rest_k_power=rest.push(others, last=last),
            peak=float(max(block.max(initial=0.0), -block.min(initial=0.0))),
            heard=heard[:0] if last else heard,
            mel=mels,
        )

    for block in blocks:
        count += block.shape[1]
        mixed = gains @ block
        yield part(block, mixed[0], mixed[1:], last=False)
    # The last samples fill two short frames, and a whole block of loudness.
    silence = np.zeros((len(channels), -count % rest.size), np.float32)
    yield part(silence, np.zeros(hop + -count % hop, np.float32), gains[1:] @ silence, last=True)


def _heard(block: Floats32, mono: Floats32) -> Floats32:
    """Return the mono mix, or the loudest channel where channels cancel each other out in it."""
    energy = np.vecdot(block, block)
    if float(np.vdot(mono, mono)) < MIN_MONO_SHARE * float(energy.max(initial=0.0)):
        loudest: Floats32 = block[int(energy.argmax())]
        return loudest
    return mono


def _unmixed(channels: Sequence[str]) -> tuple[float, Floats32, Floats32]:
    """Return what to add to the mono mix for the power of all channels: share, signals, weights.

    The power of all channels is `share` times that of the mix, plus that of the signals
    (signals, channels) times their weights. L^2 + R^2 = 2 ((L + R) / 2)^2 + 2 ((L - R) / 2)^2, so
    of stereo only the difference is transformed; other layouts are transformed channel by channel.
    """
    weights = channel_weights(channels)
    if len(channels) == 1:
        return float(weights[0]), np.zeros((0, 1), np.float32), weights[:0]
    if len(channels) == 2 and np.ptp(mono_gains(channels)) == np.ptp(weights) == 0.0:  # noqa: PLR2004 - stereo
        return 2.0 * float(weights[0]), np.array([[0.5, -0.5]], np.float32), 2.0 * weights[:1]
    return 0.0, np.eye(len(channels), dtype=np.float32), weights


class _Frames:
    """A stream of samples cut into frames of `size` that start `hop` samples apart.

    Frames come in multiples of `BATCH`; only the last push returns the remaining ones.
    """

    def __init__(self, size: int, hop: int, carry: Floats32) -> None:
        self._size = size
        self._hop = hop
        self._carry = carry
        self._ahead = 0  # samples to skip where the next frame starts in a later block

    def push(self, block: Floats32, *, last: bool = False) -> Floats32:
        """Return the frames that are now complete: (..., n) becomes (..., frames, size)."""
        samples = block
        if self._carry.shape[-1]:
            samples = np.concatenate((self._carry, block), axis=-1)
        samples = np.ascontiguousarray(samples[..., self._ahead :])
        count = max(0, (samples.shape[-1] - self._size) // self._hop + 1)
        count -= 0 if last else count % BATCH
        self._ahead = max(0, count * self._hop - samples.shape[-1])
        self._carry = samples[..., count * self._hop :].copy()
        if not count:
            return np.zeros((*samples.shape[:-1], 0, self._size), np.float32)
        shape = (*samples.shape[:-1], count, self._size)
        strides = (*samples.strides[:-1], self._hop * samples.itemsize, samples.itemsize)
        # Overlapping, as by `as_strided`, which takes longer than all else here.
        return np.ndarray(shape, np.float32, samples, strides=strides)


class _Transform:
    """The power spectrum of frames, padded with zeros to a length of small prime factors.

    `frequencies_hz` are those of the bins; their power times `scale` adds up to the energy of the
    windowed frame. Real and imaginary parts are squared separately, because sums over bins are
    then cheaper. A length with large prime factors would take up to four times longer.
    """

    def __init__(self, window: Floats, sample_rate_hz: int) -> None:
        self._window = window.astype(np.float32)
        self._size = transform.fast_length(len(window))
        self.frequencies_hz = np.fft.rfftfreq(self._size, 1 / sample_rate_hz).astype(np.float64)
        # Parseval: all but the first and the last bin count for both halves of the spectrum.
        alone = (self.frequencies_hz == 0.0) | (self.frequencies_hz == sample_rate_hz / 2)
        self.scale = np.where(alone, 1.0, 2.0) / self._size
        self._filled = np.zeros((0, self._size), np.float32)

    def k_response(self, sample_rate_hz: int) -> Floats:
        """Return the K-weighting of the bins that takes an offset out, as the filter does.

        The window spreads an offset over bins that are not 0. What it adds there is known from bin
        0, which the filter stops, and is taken off by a negative weight.
        """
        response = k_weighting(self.frequencies_hz, sample_rate_hz) * self.scale
        spread = np.abs(np.fft.rfft(self._window, self._size)) ** 2
        response[0] = -(response[1:] @ spread[1:]) / spread[0]
        return np.asarray(response)

    def __call__(self, frames: Floats32) -> Floats32:
        """Return the squares of both parts of each bin: (..., size) becomes (rows, 2 * bins)."""
        rows = frames[..., 0].size
        if len(self._filled) < rows:
            self._filled = np.zeros((rows, self._size), np.float32)
        filled = self._filled[:rows]
        within = filled.reshape(*frames.shape[:-1], self._size)[..., : len(self._window)]
        np.multiply(frames, self._window, out=within)
        squares = transform.rfft(filled).view(np.float32)
        return np.square(squares, out=squares)


class _Bands:
    """Short frames of mono samples; `share` scales their K-weighted power."""

    def __init__(self, sample_rate_hz: int, hop: int, share: float, *, hear: bool) -> None:
        # Overlapping squared windows add up to one.
        window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop))
        self._frames = _Frames(2 * hop, hop, np.zeros(hop, np.float32))
        self._transform = _Transform(window, sample_rate_hz)
        scale = self._transform.scale / hop
        frequencies_hz = self._transform.frequencies_hz
        bank = _triangles(frequencies_hz, band_edges_hz()) * scale[:, None]
        # Of both parts of each bin: to add these first takes longer than so few bands do.
        self._banks = _split_bank(np.repeat(bank.astype(np.float32), 2, axis=0), BANK_PARTS)
        response = self._transform.k_response(sample_rate_hz) * share / hop
        self._response = np.repeat(response, 2).astype(np.float32)
        self._mels: list[tuple[slice, Floats32]] = []
        if hear:
            mels = np.repeat(mel.bank(frequencies_hz, sample_rate_hz * hop), 2, axis=0)
            self._mels = _split_bank(mels, MEL_PARTS)
        self._apart: _Frames | None = None  # of what is heard, while that is not the mix
        self._alike, self._reach = 0, (2 + BATCH) * hop  # samples; as many may wait for a frame

    def push(
        self, mono: Floats32, heard: Floats32, *, last: bool = False
    ) -> tuple[Floats32, Floats32, Floats32]:
        """Return power per band, K-weighted power, and the power per mel band of what is heard."""
        before = copy(self._frames)
        squares = self._transform(self._frames.push(mono, last=last))
        bands, k_power = _summed(squares, self._banks), np.maximum(squares @ self._response, 0.0)
        if not self._mels:
            return bands, k_power, bands[:, :0]
        if heard is not mono:
            self._apart, self._alike = self._apart or before, 0
        if self._apart is not None:
            squares = self._transform(self._apart.push(heard, last=last))
            self._alike += len(mono) if heard is mono else 0
            self._apart = self._apart if self._alike < self._reach else None
        return bands, k_power, _summed(squares[MEL_EVERY - 1 :: MEL_EVERY], self._mels)


class _Tones:
    def __init__(self, sample_rate_hz: int) -> None:
        size, hop = 2 * round(sample_rate_hz * TONE_FRAME_S / 2), round(sample_rate_hz * TONE_HOP_S)
        self._frames = _Frames(size, hop, np.zeros(0, np.float32))
        self._transform = _Transform(np.hanning(size) / (size / 2), sample_rate_hz)
        frequencies_hz = self._transform.frequencies_hz
        midi = np.arange(TONE_LOW_MIDI, TONE_HIGH_MIDI, 1.0 / TONES_PER_SEMITONE)
        place = 440.0 * 2.0 ** ((midi - 69.0) / 12.0) / frequencies_hz[1]
        self._left = np.minimum(place.astype(int), len(frequencies_hz) - 2)
        self._share = np.clip(place - self._left, 0.0, 1.0).astype(np.float32)

    def push(self, mono: Floats32, *, last: bool = False) -> Floats32:
        squares = self._transform(self._frames.push(mono, last=last))
        squares = squares[:, : 2 * (self._left[-1] + 2)]
        power = squares[:, ::2] + squares[:, 1::2]
        left, right = power[:, self._left], power[:, self._left + 1]
        return np.asarray(left + (right - left) * self._share, np.float32)


class _UnmixedPower:
    """K-weighted power of several signals per `loudness.BLOCK_S`, without window or overlap."""

    def __init__(self, sample_rate_hz: int, hop: int, weights: Floats32) -> None:
        self.size = BLOCK_FRAMES * hop
        self._weights = weights
        self._frames = _Frames(self.size, self.size, np.zeros((len(weights), 0), np.float32))
        self._transform = _Transform(np.ones(self.size), sample_rate_hz)
        response = self._transform.k_response(sample_rate_hz) / self.size
        self._response = np.repeat(response, 2).astype(np.float32)

    def push(self, signals: Floats32, *, last: bool = False) -> Floats32:
        frames = self._frames.push(signals, last=last)
        k_power = np.maximum(self._transform(frames) @ self._response, 0.0)
        return np.asarray(self._weights @ k_power.reshape(frames.shape[:2]), np.float32)


def _summed(squares: Floats32, banks: Sequence[tuple[slice, Floats32]]) -> Floats32:
    """Return squares (frames, rows) summed by the parts of a bank, (frames, bands)."""
    return np.hstack([squares[:, rows] @ bank for rows, bank in banks])


def _split_bank(bank: Floats32, at: Sequence[int]) -> list[tuple[slice, Floats32]]:
    """Return the parts of a sparse bank (rows, bands), each with the range of rows it uses."""
    parts = []
    for part in np.split(bank, at, axis=1):
        used = np.flatnonzero(part.any(axis=1))  # none above half the sample rate
        bins = slice(int(used.min(initial=len(part))), int(used.max(initial=-1)) + 1)
        parts.append((bins, np.ascontiguousarray(part[bins])))
    return parts


def _triangles(frequencies_hz: Floats, edges_hz: Floats) -> Floats:
    """Return overlapping triangles of height one, shape (frequencies, bands)."""
    low, centre, high = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    rising = (frequencies_hz[:, None] - low) / (centre - low)
    falling = (high - frequencies_hz[:, None]) / (high - centre)
    return np.clip(np.minimum(rising, falling), 0.0, None)
