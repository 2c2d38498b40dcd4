"""Path to an open container and its audio stream, by PyAV (FFmpeg), or an `AudioError`.

Only local files in audio containers are opened; a file that is really a playlist or a script
(HLS, concat, SDP) cannot make FFmpeg open another one. Video decoders are disabled: a cover of
20,000 by 20,000 pixels would fill the memory.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import av
import av.codec.codec
import av.container
import av.error
from av.stream import Disposition

from playlist_builder.audio.parts import PartsFile
from playlist_builder.errors import AudioError

CONTAINERS = (  # FFmpeg's names of those that may be opened
    "aac,ac3,aiff,ape,asf,au,caf,dsf,dts,eac3,flac,iff,matroska,mov,mp3,mpc,mpc8,ogg,tak,tta,"
    "w64,wav,webm,wv"
)
STATES_LENGTH = frozenset(  # by their header, so that a file cut short can be detected
    ["ape", "dsf", "flac", "mov", "mpc", "mpc8", "tak", "tta", "wv"]
)
STEREO = 2  # channels
# FFmpeg's names of all places of loudspeakers, in the order of its layouts.
_PLACES = tuple(channel.name for channel in av.AudioLayout(hex((1 << 45) - 1)).channels)
# Outside these limits a header is damaged, and blocks would be too long or too many.
LEAST_RATE_HZ = 1_000
MOST_VALUES_HZ = 20_000_000  # rate times channels; 6 channels of the fastest DSD are 17 million


def open_container(path: str, parts: PartsFile | None = None) -> av.container.InputContainer:
    """Return the open container of a file, or of the parts of it that are to be read.

    Raises `AudioError`, or OSError where there is no such file.
    """
    if Path(path).stat().st_size == 0:
        raise AudioError("an empty file")
    try:
        return av.open(
            # The prefix keeps FFmpeg from reading a protocol out of a name such as "http:x.mp3".
            parts or f"file:{path}",
            "r",
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
        raise AudioError("{why}", why=error.strerror) from error


@cache
def _audio_decoders() -> str:
    names = set()
    for name in av.codecs_available:
        with suppress(av.codec.codec.UnknownCodecError):  # one that can only encode
            codec = av.Codec(name, "r")
            if codec.type == "audio":
                names.add(codec.name)
    return ",".join(sorted(names))


def place_channels(context: av.AudioCodecContext) -> tuple[str, ...]:
    """Return the name of each channel by FFmpeg, such as ("FL", "FR"), in the order of the file.

    One or two channels are mono or stereo whatever a header says, since nobody hears them by
    something else. Where channels have no places, they are those that FFmpeg assumes for their
    number, such as 5.1; it knows none for 9 and some others: these have names as "NONE".

    The context gets a layout in FFmpeg's own order. PyAV does not copy a layout, and crashes where
    one with an order of its own is read twice.
    """
    found = context.layout
    names = tuple(channel.name for channel in found.channels)
    count = len(names)
    if not count:
        return ()
    is_placed = len(set(names)) == count and has_places(names)
    if not is_placed or (count <= STEREO and set(names) != {"FL", "FR"}):
        names = _usual_names(count) or names
    if has_places(names):
        context.layout = "+".join(names[number] for number in usual_order(names))
    elif not names[0].startswith("AMBI"):
        context.layout = f"{count} channels"
    return names


def has_places(names: Sequence[str]) -> bool:
    """Whether each channel belongs to a loudspeaker; those of ambisonics do not."""
    return set(names).issubset(_PLACES)


def usual_order(names: Sequence[str]) -> list[int]:
    """Return the numbers of channels in the order of FFmpeg's layouts."""
    if not has_places(names):
        return list(range(len(names)))
    return sorted(range(len(names)), key=lambda number: _PLACES.index(names[number]))


@cache
def _usual_names(count: int) -> tuple[str, ...]:
    try:
        return tuple(channel.name for channel in av.AudioLayout(f"{count}c").channels)
    except ValueError:
        return ()


def audio_stream(container: av.container.InputContainer) -> tuple[av.AudioStream, tuple[str, ...]]:
    """Return the best audio stream and its channels, as `place_channels` names them.

    Raises `AudioError` for a video or a damaged header.
    """
    if any(
        stream.type == "video" and not stream.disposition & Disposition.attached_pic
        for stream in container.streams
    ):
        raise AudioError("a video, not audio alone")
    stream = container.streams.best("audio")
    # PyAV gives no context where FFmpeg knows the kind of stream but not its encoding.
    if not isinstance(stream, av.AudioStream) or getattr(stream, "codec_context", None) is None:
        raise AudioError("it holds no audio that is known here")
    names = place_channels(stream.codec_context)
    rate_hz, channels = stream.codec_context.sample_rate, len(names)
    if not rate_hz or not channels:
        raise AudioError("its header gives no sample rate or no channels")
    if rate_hz < LEAST_RATE_HZ or rate_hz * channels > MOST_VALUES_HZ:
        raise AudioError(
            "damaged: its header gives {channels} channels at {rate_hz} Hz",
            channels=channels,
            rate_hz=rate_hz,
        )
    return stream, names
