"""A track converted to another encoding, its tags and artwork kept.

Tracks in the right encoding are not converted, since each lossy encoding loses quality. At the bit
rates of `TRACK_FORMS` listeners cannot tell the result from the original with most music.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from playlist_builder.audio import decode
from playlist_builder.audio.encode import TRACK_FORMS, encode
from playlist_builder.errors import AudioError, system_reason
from playlist_builder.models import Floats32
from playlist_builder.recording.fades import faded_part
from playlist_builder.recording.gains import moving_gains
from playlist_builder.recording.levelled import TrackGain
from playlist_builder.tags import copy
from playlist_builder.tags.album import AlbumPlace, write_place
from playlist_builder.tags.level import write_gain

_CONTAINER_AND_CODEC = {"mp3": ("mp3", "mp3"), "opus": ("ogg", "opus"), "flac": ("flac", "flac")}
_LOSSLESS = frozenset({"alac", "ape", "flac", "tta", "wavpack"})  # by FFmpeg's names
_PCM_BYTES_PER_S = 2 * 44_100 * 2
_DEEP_PCM_BYTES_PER_S = 3 * 2 * 96_000
_TAGS_BYTES = 2_000_000


def is_encoded_as(path: str, form: str) -> bool:
    """Return whether a file is in this form; raises `AudioError` where it is not music."""
    return decode.kind(path) == _CONTAINER_AND_CODEC[form]


def estimated_bytes(source_bytes: int, duration_s: float, form: str) -> int:
    """Return an upper estimate of the bytes of a track of this length, with tags and cover."""
    encoding = TRACK_FORMS[form]
    if not encoding.lossless:
        return round(duration_s * encoding.bit_rate / 8.0) + _TAGS_BYTES
    # A lossless file does not grow; what comes from a lossy one is as good as CD.
    deep = source_bytes > duration_s * _PCM_BYTES_PER_S
    return round(duration_s * (_DEEP_PCM_BYTES_PER_S if deep else _PCM_BYTES_PER_S)) + _TAGS_BYTES


def own_form(path: str) -> str:
    """Return the form that a part of a file is written in: its own, or the nearest one.

    Raises `AudioError` where it is not music.
    """
    kind = decode.kind(path)
    own = (form for form, known in _CONTAINER_AND_CODEC.items() if known == kind)
    is_lossless = kind[1] in _LOSSLESS or kind[1].startswith("pcm_")
    return next(own, "flac" if is_lossless else "mp3")


def convert(  # noqa: PLR0913 - what plays of a track, and how loud
    source: str,
    target: str,
    form: str,
    from_s: float | None = None,
    to_s: float | None = None,
    *,
    gain: TrackGain | None = None,
    place: AlbumPlace | None = None,
) -> float:
    """Write `source` to `target` in a form of `TRACK_FORMS`; return the length in seconds.

    With `from_s` or `to_s` only the part between, which fades in and out there. With a gain it is
    as loud as that makes it, and its tags say that nothing is left for a player to do. An MP3 may
    have a `place` in an album.

    Raises `AudioError` where the music cannot be decoded whole or written; `target` is then
    removed.
    """
    try:
        with decode.AudioFile(source) as recording:
            rate_hz = recording.layout.sample_rate_hz
            whole = recording.blocks() if gain is None else _amplified(recording, gain)
            blocks = faded_part(whole, rate_hz, from_s, to_s)
            duration_s = encode(target, recording, TRACK_FORMS[form], blocks)
        copy.copy_tags(source, target)
        if gain is not None:
            write_gain(target, 0.0, gain.peak * 10.0 ** (gain.gain_db / 20.0))
        if place is not None:
            write_place(target, place)
    except OSError as error:
        Path(target).unlink(missing_ok=True)
        raise AudioError(
            "cannot be converted: {strerror}", strerror=system_reason(error)
        ) from error
    except BaseException:
        Path(target).unlink(missing_ok=True)
        raise
    _take_time(source, target)
    return duration_s


def tagged(source: str, target: str, gain: TrackGain) -> None:
    """Copy `source` to `target` with the gain in its tags alone; raises OSError."""
    shutil.copyfile(source, target)
    write_gain(target, gain.gain_db, gain.peak)
    _take_time(source, target)


def _take_time(source: str, target: str) -> None:
    """Give a file the time of the original, by which players sort."""
    stat = Path(source).stat()
    os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _amplified(recording: decode.AudioFile, gain: TrackGain) -> Iterator[Floats32]:
    """Yield the blocks of an open file, shape (channels, n), as loud as a gain makes them."""
    at, factor = 0, np.float32(10.0 ** (gain.gain_db / 20.0))
    for block in recording.blocks():
        count = block.shape[1]
        louder = block * factor
        if gain.course is not None:
            rate_hz = recording.layout.sample_rate_hz
            louder *= moving_gains(gain.course, at, count, rate_hz)
        at += count
        yield louder
