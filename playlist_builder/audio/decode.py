"""Path to samples, decoded by PyAV (FFmpeg).

Decoding goes block by block, so memory is bounded whatever the length. Samples come out as
float32 of shape (channels, n) at the file's own rate, full scale = 1.0, never resampled or mixed:
what a mix is, is pinned down in `features`, because decoders disagree about it by 3 dB.

What is not a finite, complete piece of audio raises `AudioError`: video, text, files cut short.
Only local files in audio containers are opened; a file that is really a playlist or a script
(HLS, concat, SDP) cannot make FFmpeg open anything else. Only sound is ever decoded: the size of a
cover is of no use here, and one of 20,000 by 20,000 pixels would fill the memory.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import av.codec.codec
import av.container
import av.error
import numpy as np
from av.stream import Disposition
from numpy.typing import NDArray

from playlist_builder.errors import AudioError

BLOCK_S = 1.6
"""Length of a block: long enough that Python costs little, short enough for the CPU's cache.

It holds whole frames of every length that the spectra are taken of."""

CONTAINERS = (
    "aac,ac3,aiff,ape,asf,au,caf,dsf,dts,eac3,flac,iff,matroska,mov,mp3,mpc,mpc8,ogg,tak,tta,"
    "w64,wav,webm,wv"
)
"""FFmpeg's names of the containers that may be opened at all."""

STATES_LENGTH = frozenset(
    {"aiff", "ape", "caf", "dsf", "flac", "mov", "mpc", "mpc8", "tak", "tta", "w64", "wav", "wv"}
)
"""Containers whose header states the length, so that a file cut short can be detected."""

MISSING_SHARE = 0.01
MISSING_S = 1.0
"""A track may lack this share of its stated length plus this many seconds; beyond, it is cut."""

DAMAGED_SHARE = 0.01
"""Largest share of packets that may fail to decode; old MP3s often have a broken first one."""

LEAST_RATE_HZ = 1_000
MOST_VALUES_HZ = 20_000_000
"""Sample rate times channels; 6 channels of the fastest DSD come to 17 million. What is beyond, or
has a rate below, has a broken header: no music was ever recorded so, and blocks would be too long,
or far too many."""

IDENTITY_BYTES = 16

LOUDEST = 1e6
"""Where full scale is 1.0; samples beyond come of damage, and count as silence, as NaN does."""

CD_RATE_HZ = 44_100

SAMPLE_CLOCK = Fraction(1, CD_RATE_HZ)
"""Any clock will do, as long as it is the same for all frames, resampled or not."""

PYAV_PLANES = 8
"""From this many planes on, `AudioFrame.to_ndarray` of PyAV 18 crashes."""

_FULL_SCALE = {"u8": 128.0, "s16": 32768.0, "s32": 2147483648.0, "s64": 9223372036854775808.0}


@dataclass(frozen=True, slots=True)
class Layout:
    """How the samples of one file are to be read."""

    sample_rate_hz: int
    channels: tuple[str, ...]
    """FFmpeg's channel names in order, such as ("FL", "FR")."""


class Recording:
    """One audio file, open for a single pass; a context manager.

    Iterate over `blocks`; afterwards `identity` is the hash of the audio packets. It depends on
    nothing but the encoded music, so renaming, moving or retagging a file does not change it.

    Raises `AudioError` where the file is not a complete piece of audio; the text is the reason.
    """

    def __init__(self, path: str) -> None:
        self._container = _open(path)
        self._has_length_header = _has_length_header(path, self._container.format.name)
        self._hash = hashlib.blake2b(digest_size=IDENTITY_BYTES)
        self._kind: tuple[str, str, int] | None = None
        self._resamplers: dict[tuple[str, str, int], av.AudioResampler] = {}
        try:
            self._stream = _audio_stream(self._container)
        except AudioError:
            self._container.close()
            raise
        context = self._stream.codec_context
        context.thread_count = 1  # tracks are analysed in parallel, not the parts of one track
        self._layout_name = context.layout.name  # decoding may change what the context says
        self.layout = Layout(
            context.sample_rate, tuple(channel.name for channel in context.layout.channels)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._container.close()

    @property
    def identity(self) -> str:
        """Hash of the packets read so far, as hex; of the track once `blocks` is exhausted."""
        return self._hash.hexdigest()

    @property
    def kind(self) -> tuple[str, str]:
        """FFmpeg's names of container and encoding, such as `ogg` and `opus`."""
        return self._container.format.name, self._stream.codec_context.codec.canonical_name

    @property
    def is_deep(self) -> bool:
        """Whether the samples hold more than 16 bits that were recorded, not decoded from loss."""
        context = self._stream.codec_context
        kind = context.format.packed.name if context.format is not None else ""
        return kind in {"s32", "s64"} or context.name.startswith("pcm_f")

    @property
    def stated_duration_s(self) -> float | None:
        """Length in seconds by the header, where the container has one that can be trusted."""
        stream = self._stream
        if not self._has_length_header or stream.duration is None or stream.time_base is None:
            return None
        return float(stream.duration * stream.time_base)

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Decode from start to end; yields float32 of shape (channels, n), `BLOCK_S` long."""
        size = round(BLOCK_S * self.layout.sample_rate_hz)
        channels = len(self.layout.channels)
        fifo = av.AudioFifo()
        count = 0
        for frame in self._frames():
            for fitting in self._fit(frame):
                # A gap in the timestamps is no gap in the music.
                fitting.pts, fitting.time_base = None, SAMPLE_CLOCK
                fifo.write(fitting)
            while (block := fifo.read(size)) is not None:
                count += size
                yield _samples(block, channels)
        if not fifo.samples_written:
            raise AudioError("it holds no music that can be decoded")
        rest = fifo.read()
        if rest is not None:
            count += rest.samples
            yield _samples(rest, channels)
        self._refuse_if_cut(count / self.layout.sample_rate_hz)

    def read_packets(self) -> None:
        """Read to the end without decoding, for the `identity` alone."""
        for packet in self._packets():
            self._hash.update(packet)

    def _frames(self) -> Iterator[av.AudioFrame]:
        packets = damaged = 0
        for packet in chain(self._packets(), (None,)):  # at the end, what the decoder still holds
            if packet is not None:
                self._hash.update(packet)
                packets += 1
            try:
                yield from self._stream.decode(packet)
            except MemoryError:
                raise
            except av.error.FFmpegError:
                damaged += 1
        if damaged > 1 and damaged > DAMAGED_SHARE * packets:
            raise AudioError(f"damaged: {damaged} of {packets} packets cannot be decoded")

    def _fit(self, frame: av.AudioFrame) -> Iterable[av.AudioFrame]:
        """Bring a frame into the sample format of the first one, in the layout of the header.

        Old MP3s and chained Ogg files change rate or channels on the way; and PyAV reads past the
        end of a frame of eight planes or more, so those are interleaved.
        """
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._kind is None:
            channels = max(frame.layout.nb_channels, len(self.layout.channels))
            crowded = frame.format.is_planar and channels >= PYAV_PLANES
            form = frame.format.packed if crowded else frame.format
            self._kind = (form.name, self._layout_name, self.layout.sample_rate_hz)
        if kind == self._kind:
            return (frame,)
        if kind not in self._resamplers:
            self._resamplers[kind] = av.AudioResampler(*self._kind)
        return self._resamplers[kind].resample(frame)

    def _packets(self) -> "Iterator[av.Packet[av.AudioStream]]":
        try:
            for packet in self._container.demux(self._stream):
                if packet.size:
                    yield packet
        except MemoryError:
            raise
        except av.error.FFmpegError as error:
            raise AudioError(f"damaged: {error.strerror}") from error

    def _refuse_if_cut(self, decoded_s: float) -> None:
        stated_s = self.stated_duration_s
        if stated_s and stated_s - decoded_s > MISSING_S + MISSING_SHARE * stated_s:
            raise AudioError(
                f"cut short: only {decoded_s:.0f} s of the stated {stated_s:.0f} s are there"
            )


def identify(path: str) -> str:
    """Return the hash of the audio packets as hex, without decoding them.

    Raises `AudioError` as `Recording` does.
    """
    with Recording(path) as recording:
        recording.read_packets()
        return recording.identity


def kind(path: str) -> tuple[str, str]:
    """Return FFmpeg's names of a file's container and encoding. Raises as `Recording` does."""
    with Recording(path) as recording:
        return recording.kind


def resampled(
    blocks: Iterable[NDArray[np.float32]], from_hz: int, to_hz: int
) -> Iterator[NDArray[np.float32]]:
    """Bring blocks of shape (2, n) to another rate; they come out `BLOCK_S` long."""
    fifo = av.AudioFifo()
    resampler = av.AudioResampler("fltp", "stereo", to_hz)
    size = round(BLOCK_S * to_hz)

    def frames() -> Iterator[av.AudioFrame]:
        count = 0
        for block in blocks:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), "fltp", "stereo")
            frame.sample_rate = from_hz
            frame.time_base = Fraction(1, from_hz)
            frame.pts = count
            count += block.shape[1]
            yield from resampler.resample(frame)
        yield from resampler.resample(None)

    for frame in frames():
        frame.pts = None
        fifo.write(frame)
        while (block := fifo.read(size)) is not None:
            yield _samples(block, 2)
    rest = fifo.read()
    if rest is not None:
        yield _samples(rest, 2)


def _open(path: str) -> av.container.InputContainer:
    if Path(path).stat().st_size == 0:
        raise AudioError("an empty file")
    try:
        return av.open(
            # The prefix keeps FFmpeg from reading a protocol out of a name such as "http:x.mp3".
            f"file:{path}",
            options={
                "protocol_whitelist": "file",
                "format_whitelist": CONTAINERS,
                "codec_whitelist": _decoders(),
            },
            metadata_errors="replace",
        )
    except (av.error.InvalidDataError, av.error.ArgumentError, EOFError) as error:
        raise AudioError("not audio in a format that is known here, or damaged") from error
    except MemoryError:
        raise
    except av.error.FFmpegError as error:
        raise AudioError(str(error.strerror)) from error


@cache
def _decoders() -> str:
    """Return FFmpeg's names of all its decoders of sound."""
    names = []
    for name in av.codecs_available:
        with suppress(av.codec.codec.UnknownCodecError):  # one that can only encode
            codec = av.Codec(name, "r")
            if codec.type == "audio":
                names.append(codec.name)
    return ",".join(sorted(set(names)))


def _audio_stream(container: av.container.InputContainer) -> av.AudioStream:
    if any(
        stream.type == "video" and not stream.disposition & Disposition.attached_pic
        for stream in container.streams
    ):
        raise AudioError("a video, not audio alone")
    stream = container.streams.best("audio")
    # PyAV gives no context where FFmpeg knows the kind of stream but not its encoding.
    if not isinstance(stream, av.AudioStream) or getattr(stream, "codec_context", None) is None:
        raise AudioError("it holds no audio that is known here")
    rate_hz, channels = stream.codec_context.sample_rate, len(stream.codec_context.layout.channels)
    if not rate_hz or not channels:
        raise AudioError("its header gives no sample rate or no channels")
    if rate_hz < LEAST_RATE_HZ or rate_hz * channels > MOST_VALUES_HZ:
        raise AudioError(f"damaged: its header gives {channels} channels at {rate_hz} Hz")
    return stream


def _has_length_header(path: str, container: str) -> bool:
    if not STATES_LENGTH.isdisjoint(container.split(",")):
        return True
    return container == "mp3" and _has_xing_header(path)


def _has_xing_header(path: str) -> bool:
    """Whether an MP3 counts its frames; without, FFmpeg guesses the length from the bit rate."""
    with Path(path).open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3" and len(head) == 10:  # noqa: PLR2004 - the length of an ID3 header
            size = 0
            for byte in head[6:10]:
                size = size << 7 | byte & 0x7F
            file.seek(10 + size)
        else:
            file.seek(0)
        start = file.read(4096)
    return any(mark in start for mark in (b"Xing", b"Info", b"VBRI"))


def _samples(frame: av.AudioFrame, channels: int) -> NDArray[np.float32]:
    """One frame as float32 of shape (channels, n), full scale = 1.0."""
    raw: NDArray[np.generic] = frame.to_ndarray()
    apart = raw if frame.format.is_planar else raw.reshape(-1, channels).T
    samples = apart.astype(np.float32, order="C", copy=False)
    kind = frame.format.packed.name
    if kind == "u8":
        samples -= _FULL_SCALE["u8"]
    if kind in _FULL_SCALE:
        samples *= 1.0 / _FULL_SCALE[kind]
        return samples
    with np.errstate(over="ignore", invalid="ignore"):
        if not (np.vecdot(samples, samples) < LOUDEST**2).all():
            samples[~(np.abs(samples) <= LOUDEST)] = 0.0
    return samples
