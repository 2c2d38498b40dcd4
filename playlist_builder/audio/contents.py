"""Path to what FFmpeg is to read of a file, and how long the file says it is.

FFmpeg believes headers that lie, and takes tags within music for music. Where it would, the parts
of the file that it is to read are given here.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from playlist_builder.audio import mpeg_tags, ogg_pages, pcm_headers
from playlist_builder.audio.parts import Part

_LENGTH_BYTES = 4096  # the header with the length of an MP3 stands in its first frame
_SMALL_TAGS_BYTES = 1024  # behind the music, such as ID3v1 and gains: FFmpeg steps over these


@dataclass(frozen=True, slots=True)
class Contents:
    """Parts of a file to read, none for all of it, and what it says about its length.

    `stated_s` is that of an MP3 in seconds. `share` is how much of the sound that a header states
    is there. Both are None where nothing is said, and where a dummy is. `is_judged` is whether
    they count, or what FFmpeg finds.
    """

    parts: tuple[Part, ...] = ()
    stated_s: float | None = None
    share: float | None = None
    is_judged: bool = False


def look_into(path: str) -> Contents:
    """Return the contents of a file; raises OSError where it cannot be read."""
    size = Path(path).stat().st_size
    with Path(path).open("rb") as file:
        if sound := pcm_headers.find_sound(file, size):
            share = sound.there / sound.stated if sound.stated else None
            return Contents(sound.parts, share=share, is_judged=True)
        start = mpeg_tags.leading_bytes(file, size)
        file.seek(start)
        if file.read(len(ogg_pages.MAGIC)) == ogg_pages.MAGIC:
            return Contents(ogg_pages.repaired(file, start, size))
        return _frames(file, start, size)


def _frames(file: BinaryIO, start: int, size: int) -> Contents:
    spans = mpeg_tags.music_spans(file, start, size)
    if not spans:
        return Contents()
    file.seek(spans[0].start)
    stated_s = mpeg_tags.stated_s(file.read(min(_LENGTH_BYTES, len(spans[0]))))
    is_plain = len(spans) == 1 and size - spans[0].stop <= _SMALL_TAGS_BYTES
    if is_plain and (start == 0 or mpeg_tags.is_one_id3(file, start)):
        return Contents(stated_s=stated_s, is_judged=True)
    return Contents(tuple(spans), stated_s, is_judged=True)
