"""Samples that are no music: coded streams stored as PCM, and words read in a wrong order. Pure.

A player that does not know a stream for what it is plays it as noise of full scale, and so it plays
words whose bytes are swapped or shifted. Blocks of samples go in, the reason to refuse them comes
out. Looked at is the beginning of some blocks, which is enough and costs little: such a file is no
music from its start to its end.

A low byte is spread evenly over its range whatever the music, so that wrong words fill full scale
evenly and hardly depend on the one before. Loud music does neither: it is seldom at its limits or
always, and its waves are smooth. Where music is quiet or fades, its low bytes are not even, but put
in order again it is far smoother, which no block of 496 real tracks in the right order is.
"""

import numpy as np
from numpy.typing import NDArray

from playlist_builder.language.translation import Phrase
from playlist_builder.models import Floats32

WORDS = 8192  # looked at in each block: two bursts of IEC 61937, and more frames of DTS
FIRST, EVERY = 8, 4  # blocks: so many are all looked at, then one of so many
STREAM_SHARE = 0.25  # of the sounding blocks: as many begin with a word that begins a frame
# Samples of 16 bits in a row. The first pairs are rare in music; the others are quiet samples, so
# that a third is looked at, of which a mask leaves what is the same in all frames.
STREAMS = (
    (0x7FFE, 0x8001, 0x0000, 0x0000),  # DTS: ETSI TS 102 114, 5.3.1, bytes FE 7F 01 80
    (0xFE7F, 0x0180, 0x00FC, 0x00FC),  # bytes 7F FE 80 01
    (0x1FFF, 0xE800, 0x0000, 0x0000),  # DTS in 14 bits: bytes FF 1F 00 E8
    (0xFF1F, 0x00E8, 0xF0FF, 0xF007),  # bytes 1F FF E8 00
    (0xF872, 0x4E1F, 0x0000, 0x0000),  # IEC 61937-1, 6.1: AC-3 and others as on a digital output
    (0x72F8, 0x1F4E, 0x0000, 0x0000),
)
_IS_FIRST = np.zeros(1 << 16, bool)  # of all words
_IS_FIRST[[first for first, *_ in STREAMS]] = True
LEVELS = 32  # of equal width, in which samples are counted
EVEN = 0.1  # share of samples in another level than if all were alike: music 0.14 to 0.94, noise
# of this many words 0.02 to 0.03
EVEN_POWER = (0.25, 0.42)  # mean square of such noise, 1/3 on average
LIKE_BEFORE = 0.8  # correlation of samples with the one before: a saw tooth is even, but above it
ROUGH, SMOOTHER = 0.03, 0.5  # power of steps between samples against that of samples, noise has 2
NOISE_SHARE = 0.5  # of the sounding blocks; quiet music with its bytes swapped is not all noise
LOUDEST_LUFS = 6.0  # full-scale square waves of two channels have 3; what is louder is damage

STREAM = Phrase("no music: the samples are a DTS or Dolby Digital stream, which plays as noise")
NOISE = Phrase("no music: white noise of full scale, as from samples with swapped or shifted bytes")


class NotMusic:
    """What speaks against music in the blocks of one track."""

    def __init__(self) -> None:
        self._blocks = 0
        self._sounding = 0
        self._streams = 0
        self._noises = 0

    def push(self, block: Floats32) -> None:
        """Look at a block of samples of shape (channels, n), full scale = 1.0."""
        self._blocks += 1
        if self._blocks > FIRST and self._blocks % EVERY:
            return
        part = block[:, : max(WORDS // len(block), 1)]
        if not part.any():
            return
        self._sounding += 1
        words = _words(part)
        self._streams += _begins_frame(words)
        self._noises += _is_noise(part) or _is_out_of_order(words, len(part))

    def reason(self, loudness_lufs: float) -> str:
        """Return why a track of this loudness is no music, empty where nothing says so."""
        if self._streams > STREAM_SHARE * self._sounding:
            return STREAM
        if self._noises > NOISE_SHARE * self._sounding:
            return NOISE
        if loudness_lufs > LOUDEST_LUFS:
            return Phrase(
                "no music: {loudness_lufs:+.0f} LUFS, which is louder than any music",
                loudness_lufs=loudness_lufs,
            )
        return ""


def _begins_frame(words: NDArray[np.int16]) -> bool:
    """Return whether words hold one of STREAMS."""
    words = words.view(np.uint16)
    at = np.flatnonzero(_IS_FIRST[words[:-2]])
    first, second, third = words[at], words[at + 1], words[at + 2]
    return any(
        bool(((first == one) & (second == two) & ((third & mask) == rest)).any())
        for one, two, mask, rest in STREAMS
    )


def _words(samples: Floats32) -> NDArray[np.int16]:
    """Return samples as 16-bit words of all channels in turn."""
    scaled = np.clip(np.rint(samples.T.ravel() * np.float32(32768.0)), -32768.0, 32767.0)
    words: NDArray[np.int16] = scaled.astype("<i2")
    return words


def _is_out_of_order(words: NDArray[np.int16], channels: int) -> bool:
    """Whether words get far smoother once their bytes are swapped, or shifted by one."""
    own = _roughness(words, channels)
    others = words.byteswap(), words.view(np.uint8)[1:-1].view("<i2")
    return own > ROUGH and any(_roughness(each, channels) < SMOOTHER * own for each in others)


def _roughness(words: NDArray[np.int16], channels: int) -> float:
    """Return the power of the steps from sample to sample against that of the samples."""
    own = words.astype(np.float32)
    own -= own.mean()
    steps = own[channels:] - own[:-channels]
    return float(np.vecdot(steps, steps)) / max(float(np.vecdot(own, own)), 1.0)


def _is_noise(samples: Floats32) -> bool:
    power = float(np.vecdot(samples, samples).sum())
    least, most = EVEN_POWER
    if not least * samples.size < power < most * samples.size:
        return False
    like = float(np.vecdot(samples[:, 1:], samples[:, :-1]).sum())
    counts = np.histogram(samples, LEVELS, (-1.0, 1.0))[0]
    uneven = np.abs(counts / samples.size - 1.0 / LEVELS).sum() / 2.0
    return like < LIKE_BEFORE * power and bool(uneven < EVEN)
