"""Path to an open container and its audio stream, by PyAV (FFmpeg), or an `AudioError`.

Only local files in audio containers are opened; a file that is really a playlist or a script
(HLS, concat, SDP) cannot make FFmpeg open another one. Video decoders are disabled: a cover of
20,000 by 20,000 pixels would fill the memory.
"""

from contextlib import suppress
from functools import cache
from pathlib import Path

import av
import av.codec.codec
import av.container
import av.error
from av.stream import Disposition

from playlist_builder.errors import AudioError

CONTAINERS = (  # FFmpeg's names of those that may be opened
    "aac,ac3,aiff,ape,asf,au,caf,dsf,dts,eac3,flac,iff,matroska,mov,mp3,mpc,mpc8,ogg,tak,tta,"
    "w64,wav,webm,wv"
)
STATES_LENGTH = frozenset(  # by their header, so that a file cut short can be detected
    ["aiff", "ape", "caf", "dsf", "flac", "mov", "mpc", "mpc8", "tak", "tta", "w64", "wav", "wv"]
)
# Outside these limits a header is damaged, and blocks would be too long or too many.
LEAST_RATE_HZ = 1_000
MOST_VALUES_HZ = 20_000_000  # rate times channels; 6 channels of the fastest DSD are 17 million


def open_container(path: str) -> av.container.InputContainer:
    """Return the open container of a file; raises `AudioError`, or OSError where there is none."""
    if Path(path).stat().st_size == 0:
        raise AudioError("an empty file")
    try:
        return av.open(
            # The prefix keeps FFmpeg from reading a protocol out of a name such as "http:x.mp3".
            f"file:{path}",
            options={
                "protocol_whitelist": "file",
                "format_whitelist": CONTAINERS,
                "codec_whitelist": _audio_decoders(),
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
def _audio_decoders() -> str:
    names = set()
    for name in av.codecs_available:
        with suppress(av.codec.codec.UnknownCodecError):  # one that can only encode
            codec = av.Codec(name, "r")
            if codec.type == "audio":
                names.add(codec.name)
    return ",".join(sorted(names))


def audio_stream(container: av.container.InputContainer) -> av.AudioStream:
    """Return the best audio stream; raises `AudioError` for a video or a damaged header."""
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


def states_length(path: str, container: str) -> bool:
    """Whether the length in the header of a file in this container can be trusted."""
    if not STATES_LENGTH.isdisjoint(container.split(",")):
        return True
    return container == "mp3" and _has_xing_header(path)


def _has_xing_header(path: str) -> bool:
    """Whether an MP3 counts its frames; without, FFmpeg guesses the length from the bit rate."""
    with Path(path).open("rb") as file:
        head = file.read(10)
        size = 0
        if head[:3] == b"ID3" and len(head) == 10:  # noqa: PLR2004 - the length of an ID3 header
            for byte in head[6:]:
                size = size << 7 | byte & 0x7F
            size += len(head)
        file.seek(size)
        start = file.read(4096)
    return any(mark in start for mark in (b"Xing", b"Info", b"VBRI"))
