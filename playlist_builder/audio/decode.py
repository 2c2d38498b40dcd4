"""Path to samples: one audio file decoded block by block, by PyAV (FFmpeg).

Samples are float32 of shape (channels, n) at the file's own rate, full scale = 1.0, never mixed:
decoders disagree about a mix by 3 dB, so it is defined in `analysis`. Memory is bounded whatever
the length. Anything but a complete piece of audio raises `AudioError`: video, text, a file that
is cut short.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Self

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from playlist_builder.audio import ogg_pages
from playlist_builder.audio.container import (
    STATES_LENGTH,
    audio_stream,
    open_container,
    usual_order,
)
from playlist_builder.audio.contents import look_into
from playlist_builder.audio.header import Header
from playlist_builder.audio.parts import PartsFile
from playlist_builder.errors import AudioError
from playlist_builder.language.translation import phrase_list
from playlist_builder.models import Floats32

# Long enough for little overhead, short enough for the processor's cache, and a multiple of every
# length of frame in `analysis.spectrum`.
BLOCK_S = 1.6
SETTLING_S = 2  # after which a decoder gives the same, wherever it was started
SEARCHED_S = 30  # before a second, where FFmpeg went to a place behind it
MISSING_SHARE, MISSING_S = 0.01, 1.0  # cut short: more than both of the stated length are missing
DAMAGED_SHARE = 0.01  # of packets that may fail to decode
DAMAGED_PACKETS = 4  # a tenth of a second, that may fail in any file, such as where two were joined
LEADING_PACKETS = 10  # that may be bad, such as those before the first whole frame of a stream
JUNK_SHARE = 0.9  # of bad packets in what lies behind the music
LEAST_MUSIC_SHARE = 0.1  # of packets before such junk
MOST_KINDS = 3  # of chained recordings that are listed
IDENTITY_BYTES = 16
LOUDEST = 1e6  # larger samples (full scale = 1.0) come from damage and are set to 0, like NaN
CD_RATE_HZ = 44_100
UNTIMED = Fraction(0)  # the time base of frames whose times are overlooked
PYAV_PLANES = 8  # `AudioFrame.to_ndarray` of PyAV 18 crashes from this number of planes
_FULL_SCALE = {"u8": 128.0, "s16": 32768.0, "s32": 2147483648.0, "s64": 9223372036854775808.0}


@dataclass(frozen=True, slots=True)
class Layout:
    """Sample rate and channels of one file, by FFmpeg's names and in its order: ("FL", "FR")."""

    sample_rate_hz: int
    channels: tuple[str, ...]


class AudioFile:
    """One audio file, open for a single pass; a context manager.

    After iteration over `blocks`, `identity` is the hash of the audio packets, which renaming,
    moving or retagging a file does not change. All methods raise `AudioError` with the reason
    where the file is not a complete piece of audio, and OSError where it cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._contents = look_into(path)
        self._parts = PartsFile(path, self._contents.parts) if self._contents.parts else None
        try:
            self._container = open_container(path, self._parts)
        except BaseException:
            self._close_parts()
            raise
        self._hash = hashlib.blake2b(digest_size=IDENTITY_BYTES)
        self._duration = 0  # of the packets, in units of the stream
        self._resamplers: dict[tuple[str, str, int], av.AudioResampler] = {}
        try:
            self._stream, names = audio_stream(self._container)
        except AudioError:
            self.close()
            raise
        context = self._stream.codec_context
        context.thread_count = 1  # tracks are analysed in parallel, not the parts of one track
        self._order = usual_order(names)
        # Other decoders have FFmpeg's order whatever a container says.
        is_pcm = context.name.startswith("pcm_")
        self._is_reordered = is_pcm and self._order != sorted(self._order)
        self.layout = Layout(context.sample_rate, tuple(names[number] for number in self._order))
        self._layout_name = context.layout.name  # decoding may change that of the context
        self._frames = self._decoded()
        self._first = 0  # sample of the file with which these begin

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; leaving its context does so."""
        self._container.close()
        self._close_parts()

    def _close_parts(self) -> None:
        if self._parts is not None:
            self._parts.close()

    @property
    def identity(self) -> str:
        """Hash of the packets read so far, as hex; of the track after the last block."""
        return self._hash.hexdigest()

    @property
    def kind(self) -> tuple[str, str]:
        """FFmpeg's names of container and encoding, such as `ogg` and `opus`."""
        return self._container.format.name, self._stream.codec_context.codec.canonical_name

    @property
    def header(self) -> Header:
        """What the header makes of the packets; complete when these were read."""
        rate_hz, channels = self.layout.sample_rate_hz, len(self.layout.channels)
        encoding = self._stream.codec_context.codec.canonical_name
        unit = self._stream.time_base or Fraction(0)
        # Other packets bear their length in them, and are cut or skipped as the container says.
        length_s = float(self._duration * unit) if encoding.startswith("pcm_") else 0.0
        return Header(rate_hz, channels, length_s, encoding)

    @property
    def is_deep(self) -> bool:
        """Whether the samples have more than 16 bits in a lossless encoding."""
        context = self._stream.codec_context
        kind = context.format.packed.name if context.format is not None else ""
        return kind in {"s32", "s64"} or context.name.startswith("pcm_f")

    @property
    def stated_duration_s(self) -> float | None:
        """Length in seconds by the header, None where it cannot be trusted."""
        stream, contents = self._stream, self._contents
        is_stated = not STATES_LENGTH.isdisjoint(self._container.format.name.split(","))
        if contents.stated_s is not None:
            return contents.stated_s
        if not (contents.share == 1.0 if contents.is_judged else is_stated):
            return None
        if stream.duration is None or stream.time_base is None:
            return None
        return float(stream.duration * stream.time_base)

    def seek(self, second: int) -> int | None:
        """Let `blocks` begin at a whole second, or a little before; return their first sample.

        To be called before `blocks`. None where that cannot be done: then the file has to be opened
        again. They are what they would be without it, where the times
        in the file are exact: a few containers round them to a thousandth of a second.
        """
        start = next(self._frames, None)
        if start is None or start.pts is None or second <= SETTLING_S:
            self._frames = chain(filter(None, (start,)), self._frames)
            return 0
        origin_s = _time_s(start)
        for before_s in (SETTLING_S, SEARCHED_S, second):
            wanted = (origin_s + second - before_s) / (self._stream.time_base or 1)
            with suppress(av.error.FFmpegError):
                self._container.seek(int(wanted), stream=self._stream)
            first = self._skip_to(origin_s + second, is_start=before_s == second)
            if first is not None:
                self._first = round((first - origin_s) * self.layout.sample_rate_hz)
                return self._first
        return None

    def _skip_to(self, time_s: Fraction, *, is_start: bool) -> Fraction | None:
        """Skip the frames before a time; return that of the next, or None where it is behind.

        A decoder needs some frames to settle, and so do the times of a container.
        """
        self._frames = self._decoded()
        for number, frame in enumerate(self._frames):
            start_s = _time_s(frame)
            if start_s + Fraction(frame.samples, frame.sample_rate) > time_s:
                self._frames = chain((frame,), self._frames)
                return start_s if number or is_start else None
        return None

    def blocks(self) -> Iterator[Floats32]:
        """Yield samples of shape (channels, n) from start to end, in blocks of `BLOCK_S`."""
        size = round(BLOCK_S * self.layout.sample_rate_hz)
        count = self._first
        for block in _cut(self._fitting(), size):
            count += block.samples
            samples = _samples(block, len(self._order))
            yield samples[self._order] if self._is_reordered else samples
        if not count:
            raise AudioError("it holds no music that can be decoded")
        self._raise_if_cut_short(count / self.layout.sample_rate_hz)

    def read_packets(self) -> None:
        """Read to the end without decoding, for `identity` alone."""
        for _ in self._packets():
            pass

    def _decoded(self) -> Iterator[av.AudioFrame]:
        packets, bad = 0, list[int]()
        decode = self._stream.codec_context.decode
        for packet in chain(self._packets(), (None,)):  # None flushes the decoder
            try:
                yield from decode(packet)
            except MemoryError:
                raise
            except av.error.FFmpegError:
                bad.append(packets)
            packets += packet is not None
        damaged = damage(bad, packets)
        if damaged > max(DAMAGED_PACKETS, DAMAGED_SHARE * packets):
            raise AudioError(
                "damaged: {damaged} of {packets} packets cannot be decoded",
                damaged=damaged,
                packets=packets,
            )

    def _fitting(self) -> Iterator[av.AudioFrame]:
        """Yield the frames in the sample format of the first one and the channels of the header.

        Old MP3s and chained Ogg files change rate or channels within the stream. Frames of many
        planes are interleaved (`PYAV_PLANES`).
        """
        rate_hz, layout, form = self.layout.sample_rate_hz, None, ""
        for frame in self._frames:
            if layout is None:
                channels = max(frame.layout.nb_channels, len(self.layout.channels))
                interleave = frame.format.is_planar and channels >= PYAV_PLANES
                form = frame.format.packed.name if interleave else frame.format.name
                is_same = frame.layout.nb_channels == len(self.layout.channels)
                layout = av.AudioLayout(frame.layout.name if is_same else self._layout_name)
            # Of each frame, hence without the name of its layout, which takes long to compose.
            if (
                frame.sample_rate == rate_hz
                and frame.layout == layout
                and frame.format.name == form
            ):
                yield frame
            else:
                yield from self._resampled(frame, (form, layout.name, rate_hz))

    def _resampled(
        self, frame: av.AudioFrame, wanted: tuple[str, str, int]
    ) -> Iterable[av.AudioFrame]:
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind not in self._resamplers:
            self._resamplers[kind] = av.AudioResampler(*wanted)
        return self._resamplers[kind].resample(frame)

    def _packets(self) -> "Iterator[av.Packet[av.AudioStream]]":
        update = self._hash.update
        try:
            for packet in self._container.demux(self._stream):
                if packet.size:
                    update(packet)
                    self._duration += packet.duration or 0
                    yield packet
        except MemoryError:
            raise
        except av.error.FFmpegError as error:
            raise self._failure(error) from error

    def _failure(self, error: av.error.FFmpegError) -> AudioError:
        """Return why the packets end, which for chained Ogg files FFmpeg does not say."""
        if self._container.format.name == "ogg":
            with Path(self._path).open("rb") as file:
                kinds = ogg_pages.chained(file)
            if len(set(kinds)) > 1:
                listed = phrase_list([*kinds[:MOST_KINDS], *["..."] * (len(kinds) > MOST_KINDS)])
                return AudioError(
                    "{count} recordings of different kinds chained in one Ogg file ({kinds});"
                    " split it into a file for each",
                    count=len(kinds),
                    kinds=listed,
                )
        return AudioError("damaged: {why}", why=error.strerror)

    def _raise_if_cut_short(self, decoded_s: float) -> None:
        share = self._contents.share
        stated_s = decoded_s / share if share else self.stated_duration_s
        if stated_s and stated_s - decoded_s > MISSING_S + MISSING_SHARE * stated_s:
            raise AudioError(
                "cut short: only {decoded_s:.0f} s of the stated {stated_s:.0f} s are there",
                decoded_s=decoded_s,
                stated_s=stated_s,
            )


def damage(bad: Sequence[int], packets: int) -> int:
    """Return how many bad packets lie within the music, given their numbers in rising order.

    The first ones are left out, and junk behind the music, in which chance makes a few good ones.
    """
    lead = next((n for n, number in enumerate(bad) if n != number), len(bad))
    bad = bad[min(lead, LEADING_PACKETS) :]
    for count, number in enumerate(bad):
        is_junk = len(bad) - count >= JUNK_SHARE * (packets - number)
        if is_junk and number >= LEAST_MUSIC_SHARE * packets:
            return count
    return len(bad)


def identify(path: str) -> str:
    """Return `AudioFile.identity`, without decoding."""
    with AudioFile(path) as file:
        file.read_packets()
        return file.identity


def kind(path: str) -> tuple[str, str]:
    """Return `AudioFile.kind`."""
    with AudioFile(path) as file:
        return file.kind


def set_time(frame: av.AudioFrame, start: int, rate_hz: int) -> None:
    """Set the sample rate and the time of the first sample of a frame."""
    frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)


def resampled(blocks: Iterable[Floats32], from_hz: int, to_hz: int) -> Iterator[Floats32]:
    """Yield blocks of shape (2, n) at another rate, `BLOCK_S` long."""
    resampler = av.AudioResampler("fltp", "stereo", to_hz)

    def frames() -> Iterator[av.AudioFrame]:
        count = 0
        for block in blocks:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), "fltp", "stereo")
            set_time(frame, count, from_hz)
            count += block.shape[1]
            yield from resampler.resample(frame)
        yield from resampler.resample(None)

    for block in _cut(frames(), round(BLOCK_S * to_hz)):
        yield _samples(block, 2)


def _time_s(frame: av.AudioFrame) -> Fraction:
    return (frame.pts or 0) * (frame.time_base or Fraction(0))


def _cut(frames: Iterable[av.AudioFrame], size: int) -> Iterator[av.AudioFrame]:
    """Yield the samples of frames in frames of `size`, the last one shorter."""
    fifo = av.AudioFifo()
    for frame in frames:
        if not fifo.samples:
            # A gap in the timestamps is no gap in the music: where the first frame has no time
            # base, those of the others are not compared.
            frame.time_base = UNTIMED
        fifo.write(frame)
        while (block := fifo.read(size)) is not None:
            yield block
    if (rest := fifo.read()) is not None:
        yield rest


def _samples(frame: av.AudioFrame, channels: int) -> Floats32:
    raw: NDArray[np.generic] = frame.to_ndarray()
    planar = raw if frame.format.is_planar else raw.reshape(-1, channels).T
    samples = planar.astype(np.float32, order="C", copy=False)
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
