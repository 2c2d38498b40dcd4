"""Audio files written again in other forms, for measurements on real music."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av


@dataclass(frozen=True)
class Form:
    """How a file is to be written; `kbps` 0 is lossless."""

    suffix: str
    codec: str
    rate_hz: int = 44100
    kbps: int = 0
    layout: str = "stereo"


def frames(path: Path, longest_s: float) -> Iterator[av.AudioFrame]:
    """Decode up to some seconds with PyAV alone."""
    with av.open(str(path)) as container:
        seconds = 0.0
        for frame in container.decode(container.streams.audio[0]):
            frame.pts = None
            yield frame
            seconds += frame.samples / frame.sample_rate
            if seconds >= longest_s:
                return


def written(source: Path, stem: Path, form: Form, longest_s: float = float("inf")) -> Path:
    """Write the music of `source` beside `stem` in a form; returns the file."""
    target = stem.with_suffix(form.suffix)
    with av.open(str(target), "w") as container:
        stream = container.add_stream(form.codec, rate=form.rate_hz, layout=form.layout)
        if form.kbps:
            stream.bit_rate = 1000 * form.kbps
        context = stream.codec_context
        resampler = av.AudioResampler(
            context.format or "s16",
            form.layout,
            form.rate_hz,
            frame_size=context.frame_size or 4096,
        )
        for frame in (*frames(source, longest_s), None):
            for fitting in resampler.resample(frame):
                container.mux(stream.encode(fitting))
        container.mux(stream.encode(None))
    return target
