"""Cover and chapters of a recording, written by mutagen where FFmpeg does not or not well.

MP3 has frames CHAP and CTOC (ID3v2 chapter addendum 1.0), FLAC and Opus have comments CHAPTER000
and CHAPTER000NAME; in M4A, chapters are a track, which `audio.encode` writes. WAV has neither.
"""

import errno
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mutagen import MutagenError, id3
from mutagen.flac import FLAC
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggopus import OggOpus

from playlist_builder.audio.encode import Chapter
from playlist_builder.language.translation import Phrase
from playlist_builder.tags.copy import add_picture, id3_picture, picture_of

# mutagen's classes are not typed.
_KINDS: dict[str, Any] = {".flac": FLAC, ".m4a": MP4, ".mp3": MP3, ".opus": OggOpus}
_id3: Any = id3
_mp4_cover: Any = MP4Cover
_NO_OFFSET = 0xFFFFFFFF  # chapters are given by time, not by byte


def write_chapters(path: Path, suffix: str, cover_png: bytes, chapters: Sequence[Chapter]) -> None:
    """Write cover and chapters into the tagged recording at `path`, of the format of `suffix`.

    Raises OSError where it cannot be written.
    """
    picture = picture_of(cover_png)
    try:
        file = _KINDS[suffix](path)
        match suffix:
            case ".mp3":
                file.tags.add(id3_picture(picture, _id3.Encoding.LATIN1))
                _write_id3(file.tags, chapters)
            case ".m4a":
                file["covr"] = [_mp4_cover(cover_png, MP4Cover.FORMAT_PNG)]
            case _:
                add_picture(file, picture)
                _write_vorbis(file, chapters)
        file.save()
    except MutagenError as error:
        raise OSError(
            errno.EIO, Phrase("its cover cannot be written: {why}", why=error), str(path)
        ) from error


def _write_id3(tags: Any, chapters: Sequence[Chapter]) -> None:  # noqa: ANN401 - not typed
    # mutagen sorts frames by size, and players keep that order: all get one size.
    longest = max(len(each.title.encode()) for each in chapters)
    frames = [
        _id3.CHAP(
            element_id=f"chapter{number:04}" + "." * (longest - len(each.title.encode())),
            start_time=round(each.start_s * 1000),
            end_time=round(each.end_s * 1000),
            start_offset=_NO_OFFSET,
            end_offset=_NO_OFFSET,
            sub_frames=[_id3.TIT2(encoding=_id3.Encoding.UTF8, text=[each.title])],
        )
        for number, each in enumerate(chapters)
    ]
    table = _id3.CTOC(
        element_id="toc",
        flags=_id3.CTOCFlags.TOP_LEVEL | _id3.CTOCFlags.ORDERED,
        child_element_ids=[each.element_id for each in frames],
        sub_frames=[],
    )
    for frame in (*frames, table):
        tags.add(frame)


def _write_vorbis(file: Any, chapters: Sequence[Chapter]) -> None:  # noqa: ANN401 - not typed
    for number, each in enumerate(chapters):
        minutes, milliseconds = divmod(round(each.start_s * 1000), 60_000)
        hours, minutes = divmod(minutes, 60)
        seconds = milliseconds / 1000
        file[f"CHAPTER{number:03}"] = [f"{hours:02}:{minutes:02}:{seconds:06.3f}"]
        file[f"CHAPTER{number:03}NAME"] = [each.title]
