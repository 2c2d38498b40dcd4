"""One long recording, encoded as it comes, with chapters; beside `decode` the only room with PyAV.

It takes samples in windows and holds none of them. It refuses to decide how loud they are: what
does not fit into full scale is cut off, and the caller sees to it that nothing is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import count
from types import TracebackType
from typing import Self, cast

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from playlist_builder.audio.decode import Encoding
from playlist_builder.device.transcode import FORMS as CONVERTED
from playlist_builder.errors import AudioError
from playlist_builder.recording.mix import Chapter

FORMS: Mapping[str, Encoding] = {
    ".flac": CONVERTED["flac"],
    ".m4a": Encoding("ipod", "aac", "fltp", bit_rate=256_000, mono_bit_rate=128_000),
    ".mp3": CONVERTED["mp3"],
    ".opus": CONVERTED["opus"],
    ".wav": Encoding("wav", "pcm_s16le", "s16"),
}
"""What can be recorded to, by suffix."""

FULL_SCALE = float(1 << 28)
"""What samples of 32 bits are at full scale: 18 dB of room above, and finer than a float's."""

_DEEP_SHIFT = 8  # 24 bits lie in the upper part of 32
_OPTIONS = {"wav": {"rf64": "auto"}}  # a plain WAV ends at 4 GB, 6 hours of 48 kHz


class Encoder:
    """A file that is being written, of two channels; a context manager.

    Samples that become integers are dithered (triangular, two steps wide), always alike. `deep`
    gives a lossless file 24 bits instead of 16. Raises `AudioError` where it cannot be encoded,
    and OSError where it cannot be written.
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
        format_ = ("s32" if deep else "s16") if form.lossless else form.sample_format
        rate_out_hz = form.rates_hz[-1] if form.rates_hz == (48_000,) else sample_rate_hz
        self._container = av.open(
            f"file:{path}", "w", format=form.container, options=_OPTIONS.get(form.container, {})
        )
        try:
            self._container.metadata.update(tags)
            if form.container == "ipod":  # what FFmpeg writes elsewhere is wrong or nothing
                self._container.set_chapters(list(map(_chapter, count(), chapters)))
            self._stream = cast(
                "av.AudioStream",
                self._container.add_stream(form.codec, rate=rate_out_hz, layout="stereo"),
            )
            context = self._stream.codec_context
            context.thread_count = 1
            if form.lossless:
                context.format = format_
            else:
                context.bit_rate = form.bit_rate
            context.open()
            self._resampler = av.AudioResampler(
                format_, "stereo", rate_out_hz, frame_size=context.frame_size or 4096
            )
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._mux(self._resampler.resample(None))
                self._container.mux(self._stream.encode(None))
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
        frame.sample_rate = self._rate_hz
        frame.pts = self._count
        frame.time_base = Fraction(1, self._rate_hz)
        self._count += len(samples)
        try:
            self._mux(self._resampler.resample(frame))
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
            return av.AudioFrame.from_ndarray(
                packed.astype(np.int32) << _DEEP_SHIFT, "s32", "stereo"
            )
        return av.AudioFrame.from_ndarray(packed.astype(np.int16), "s16", "stereo")

    def _mux(self, frames: Iterable[av.AudioFrame]) -> None:
        for frame in frames:
            self._container.mux(self._stream.encode(frame))


def _chapter(number: int, chapter: Chapter) -> "av.container.Chapter":
    return {
        "id": number,
        "start": round(chapter.start_s * 1000),
        "end": round(chapter.end_s * 1000),
        "time_base": Fraction(1, 1000),
        "metadata": {"title": chapter.title},
    }


def _failure(error: av.error.FFmpegError) -> Exception:
    """Tell a full disk from music that an encoder refuses."""
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        return OSError(error.errno, error.strerror)
    return AudioError(f"cannot be encoded: {error.strerror}")
