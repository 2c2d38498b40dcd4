"""A track written anew in another encoding, its tags and artwork kept.

What is in the wanted encoding already is not converted: each lossy encoding loses something. The
bit rates are those at which listeners cannot tell the result from the original with most music.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from playlist_builder.audio import decode
from playlist_builder.audio.decode import Encoding
from playlist_builder.errors import AudioError
from playlist_builder.tags import read as tags

FORMS: Mapping[str, Encoding] = {
    "mp3": Encoding(
        "mp3",
        "libmp3lame",
        "fltp",
        rates_hz=(32_000, 44_100, 48_000),
        bit_rate=256_000,
        mono_bit_rate=128_000,
    ),
    "opus": Encoding(
        "opus", "libopus", "flt", rates_hz=(48_000,), bit_rate=160_000, mono_bit_rate=96_000
    ),
    "flac": Encoding("flac", "flac", "s16", most_channels=8),
}
"""What can be converted to; a name is also the suffix and FFmpeg's name of the codec."""

_KINDS = {"mp3": ("mp3", "mp3"), "opus": ("ogg", "opus"), "flac": ("flac", "flac")}
_PCM_BYTES_PER_S = 2 * 44_100 * 2
_DEEP_PCM_BYTES_PER_S = 3 * 2 * 96_000
_TAGS_BYTES = 2_000_000


def is_already(path: str, form: str) -> bool:
    """Whether a file is in this form as it stands; raises `AudioError` where it is no music."""
    return decode.kind(path) == _KINDS[form]


def size_estimate(source_bytes: int, duration_s: float, form: str) -> int:
    """Return about how many bytes a track of this length takes at most, with its cover."""
    kind = FORMS[form]
    if not kind.lossless:
        return round(duration_s * kind.bit_rate / 8.0) + _TAGS_BYTES
    # A lossless file does not grow; what comes from a lossy one is as good as CD.
    deep = source_bytes > duration_s * _PCM_BYTES_PER_S
    return round(duration_s * (_DEEP_PCM_BYTES_PER_S if deep else _PCM_BYTES_PER_S)) + _TAGS_BYTES


def convert(source: str, target: str, form: str) -> float:
    """Write `source` to `target` in a form of `FORMS`; returns the length in seconds.

    Raises `AudioError` where the music cannot be decoded whole or written; `target` is then not
    there.
    """
    try:
        with decode.Recording(source) as recording:
            duration_s = decode.encode(target, recording, FORMS[form])
        tags.copy_tags(source, target)
    except OSError as error:
        Path(target).unlink(missing_ok=True)
        raise AudioError(f"cannot be converted: {error.strerror or error}") from error
    except BaseException:
        Path(target).unlink(missing_ok=True)
        raise
    # The time of the original, by which players sort what is new.
    stat = Path(source).stat()
    os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    return duration_s
