"""Samples to audio files, by PyAV (FFmpeg): converted tracks, and long recordings with chapters.

Memory is bounded whatever the length. Samples beyond full scale are clipped.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from typing import Self, cast

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from playlist_builder.audio.container import has_places
from playlist_builder.audio.decode import CD_RATE_HZ, AudioFile, set_time
from playlist_builder.errors import AudioError
from playlist_builder.models import Floats32


@dataclass(frozen=True, slots=True)
class Chapter:
    """A named span of a recording, in seconds."""

    title: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Encoding:
    """Container and codec by FFmpeg's names, and their limits."""

    container: str
    codec: str
    sample_format: str
    rates_hz: tuple[int, ...] = ()  # any where there are none
    most_channels: int = 2
    bit_rate: int = 0  # bits per second, for two channels; 0 is lossless
    mono_bit_rate: int = 0  # the same for one channel

    @property
    def lossless(self) -> bool:
        """Whether decoding restores all samples."""
        return not self.bit_rate


_MP3_HZ = (32_000, 44_100, 48_000)
# What tracks can be converted to, by name, which is also the suffix.
TRACK_FORMS: Mapping[str, Encoding] = {
    "mp3": Encoding("mp3", "libmp3lame", "fltp", _MP3_HZ, bit_rate=256_000, mono_bit_rate=128_000),
    "opus": Encoding("opus", "libopus", "flt", (48_000,), bit_rate=160_000, mono_bit_rate=96_000),
    "flac": Encoding("flac", "flac", "s16", most_channels=8),
}
RECORDING_FORMS: Mapping[str, Encoding] = {  # what a session can be rendered to, by suffix
    ".flac": TRACK_FORMS["flac"],
    ".m4a": Encoding("ipod", "aac", "fltp", bit_rate=256_000, mono_bit_rate=128_000),
    ".mp3": TRACK_FORMS["mp3"],
    ".opus": TRACK_FORMS["opus"],
    ".wav": Encoding("wav", "pcm_s16le", "s16"),
}
FULL_SCALE = float(1 << 28)  # of 32-bit samples: 18 dB of headroom, and finer than float32
QUICK_FLAC = {"compression_level": "3", "lpc_type": "fixed", "frame_size": "4608"}
_DEEP_SHIFT = 8  # 24 bits lie in the upper part of 32
_OPTIONS = {"wav": {"rf64": "auto"}}  # a plain WAV ends at 4 GB, 6 hours of 48 kHz


class Encoder:
    """A stereo file that is being written; a context manager.

    Lossless files get triangular dither of two quantisation intervals, from a fixed seed. `deep`
    gives them 24 bits instead of 16. Raises `AudioError` where samples cannot be encoded, and
    OSError where the file cannot be written.
    """

    def __init__(  # noqa: PLR0913 - all that a file begins with
        self,
        path: str,
        form: Encoding,
        sample_rate_hz: int,
        *,
        deep: bool,
        chapters: Sequence[Chapter],
        tags: Mapping[str, str],
    ) -> None:
        if form.codec == "pcm_s16le" and deep:
            form = replace(form, codec="pcm_s24le")
        self._deep = deep
        self._lossless = form.lossless
        self._rate_hz = sample_rate_hz
        self._count = 0
        self._dither = np.random.default_rng(0)
        self._container = av.open(
            f"file:{path}", "w", format=form.container, options=_OPTIONS.get(form.container, {})
        )
        try:
            self._container.metadata.update(tags)
            if form.container == "ipod":  # elsewhere FFmpeg writes wrong ones or none
                self._container.set_chapters(list(map(_chapter, count(), chapters)))
            self._stream, self._resampler = _open_stream(
                self._container, form, sample_rate_hz, "stereo", deep=deep
            )
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                _mux(self._container, self._stream, (*self._resampler.resample(None), None))
        except av.error.FFmpegError as error:
            raise _failure(error) from error
        finally:
            self._container.close()

    def write(self, samples: NDArray[np.int32]) -> None:
        """Encode samples of shape (n, 2), full scale = `FULL_SCALE`."""
        if self._lossless:
            frame = self._quantised(samples)
        else:
            floats = samples.astype(np.float32) / np.float32(FULL_SCALE)
            frame = av.AudioFrame.from_ndarray(floats.reshape(1, -1), "flt", "stereo")
        set_time(frame, self._count, self._rate_hz)
        self._count += len(samples)
        try:
            _mux(self._container, self._stream, self._resampler.resample(frame))
        except av.error.FFmpegError as error:
            raise _failure(error) from error

    def _quantised(self, samples: NDArray[np.int32]) -> av.AudioFrame:
        top = 1 << (23 if self._deep else 15)
        random = self._dither.random((2, *samples.shape), np.float32)
        values = samples * (top / FULL_SCALE)  # in double precision: 24 bits and dither below them
        values += random[0]
        values -= random[1]
        np.clip(np.rint(values, out=values), -top, top - 1, out=values)
        packed = values.reshape(1, -1)
        if self._deep:
            deep = packed.astype(np.int32) << _DEEP_SHIFT
            return av.AudioFrame.from_ndarray(deep, "s32", "stereo")
        return av.AudioFrame.from_ndarray(packed.astype(np.int16), "s16", "stereo")


def _open_stream(
    file: av.container.OutputContainer, form: Encoding, rate_hz: int, layout: str, *, deep: bool
) -> tuple[av.AudioStream, av.AudioResampler]:
    """Return a new stream, and what brings frames into its format and rate."""
    rate_hz = _nearest_rate_hz(rate_hz, form.rates_hz)
    stream = cast("av.AudioStream", file.add_stream(form.codec, rate=rate_hz, layout=layout))
    context = stream.codec_context
    context.thread_count = 1
    sample_format = form.sample_format
    if form.lossless:
        sample_format = "s32" if deep else "s16"
        context.format = sample_format
    else:
        is_mono = len(context.layout.channels) == 1
        context.bit_rate = form.mono_bit_rate if is_mono else form.bit_rate
    context.open()
    frame_size = context.frame_size or 4096
    return stream, av.AudioResampler(sample_format, layout, rate_hz, frame_size=frame_size)


def _mux(
    file: av.container.OutputContainer,
    stream: av.AudioStream,
    frames: Iterable[av.AudioFrame | None],
) -> None:
    for frame in frames:  # None flushes the encoder
        file.mux(stream.encode(frame))


def _chapter(number: int, chapter: Chapter) -> "av.container.Chapter":
    return {
        "id": number,
        "start": round(chapter.start_s * 1000),
        "end": round(chapter.end_s * 1000),
        "time_base": Fraction(1, 1000),
        "metadata": {"title": chapter.title},
    }


def _failure(error: av.error.FFmpegError) -> Exception:
    """Return an OSError of the system such as a full disk, else an `AudioError`."""
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        return OSError(error.errno, error.strerror)
    return AudioError("cannot be encoded: {why}", why=error.strerror)


def encode(
    path: str, source: AudioFile, form: Encoding, blocks: Iterable[Floats32] | None = None
) -> float:
    """Write the whole of an open file to `path`, or some of its blocks; returns the seconds.

    More channels than `form` takes are mixed down. Raises `AudioError` where the source is damaged
    or cannot be encoded or written.
    """
    rate_hz, channels = source.layout.sample_rate_hz, source.layout.channels
    if not has_places(channels):
        raise AudioError(
            "cannot be encoded: nothing says where its {count} channels belong",
            count=len(channels),
        )
    given = "+".join(channels)
    layout = given if len(channels) <= form.most_channels else "stereo"
    count = 0
    try:
        with av.open(f"file:{path}", "w", format=form.container) as file:
            stream, resampler = _open_stream(file, form, rate_hz, layout, deep=source.is_deep)
            for block in source.blocks() if blocks is None else blocks:
                packed = np.ascontiguousarray(block.T).reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=given)
                set_time(frame, count, rate_hz)
                count += block.shape[1]
                _mux(file, stream, resampler.resample(frame))
            _mux(file, stream, (*resampler.resample(None), None))
    except MemoryError:
        raise
    except av.error.FFmpegError as error:
        raise AudioError("cannot be encoded: {why}", why=error.strerror) from error
    return count / rate_hz


def write_silence(path: str, form: Encoding, seconds: float, tags: Mapping[str, str]) -> None:
    """Write a stereo file that is silent for so long, always with the same bytes.

    Raises `AudioError` where it cannot be written.
    """
    left = round(seconds * CD_RATE_HZ)
    options = {"fflags": "+bitexact"}
    try:
        with av.open(f"file:{path}", "w", format=form.container, options=options) as file:
            file.metadata.update(tags)
            stream, resampler = _open_stream(file, form, CD_RATE_HZ, "stereo", deep=False)
            for start in range(0, left, CD_RATE_HZ):
                block = np.zeros((1, 2 * min(CD_RATE_HZ, left - start)), np.float32)
                frame = av.AudioFrame.from_ndarray(block, format="flt", layout="stereo")
                set_time(frame, start, CD_RATE_HZ)
                _mux(file, stream, resampler.resample(frame))
            _mux(file, stream, (*resampler.resample(None), None))
    except av.error.FFmpegError as error:
        raise AudioError("cannot be encoded: {why}", why=error.strerror) from error


def _nearest_rate_hz(rate_hz: int, known_hz: Sequence[int]) -> int:
    """Return the rate, or the nearest one of an encoder that keeps all frequencies if it can."""
    if not known_hz or rate_hz in known_hz:
        return rate_hz
    if rate_hz % CD_RATE_HZ == 0 and CD_RATE_HZ in known_hz:
        return CD_RATE_HZ
    return min((rate for rate in known_hz if rate >= rate_hz), default=max(known_hz))


def write_flac(path: str, samples: Floats32, sample_rate_hz: int, tags: Mapping[str, str]) -> None:
    """Write samples of shape (channels, n), full scale = 1.0, as FLAC with 16 bits.

    By fixed predictors in long blocks: the file is hardly larger, and both it and its decoding cost
    a fifth less.
    """
    layout = {1: "mono", 2: "stereo"}[samples.shape[0]]
    integers = np.clip(np.round(samples * 32767.0), -32768, 32767).astype(np.int16)
    with av.open(path, "w", format="flac") as container:
        container.metadata.update(tags)
        stream = container.add_stream("flac", sample_rate_hz, layout=layout, options=QUICK_FLAC)
        stream.time_base = Fraction(1, sample_rate_hz)
        for start in range(0, integers.shape[1], sample_rate_hz):
            block = np.ascontiguousarray(integers[:, start : start + sample_rate_hz].T)
            frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="s16", layout=layout)
            set_time(frame, start, sample_rate_hz)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
