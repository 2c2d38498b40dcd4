"""What FFmpeg does not write into a recording, or not well: its cover and chapters.

Beside `read` the only importer of mutagen. MP3 has frames CHAP and CTOC (ID3v2 chapter addendum
1.0), FLAC and Opus have comments CHAPTER000 and CHAPTER000NAME; in M4A, chapters are a track,
which `encode` writes. WAV holds none of this and is refused.
"""

import base64
import errno
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mutagen import MutagenError
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, CHAP, CTOC, TIT2, CTOCFlags, Encoding, PictureType
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggopus import OggOpus

from playlist_builder.models import Chapter

# mutagen's classes are not typed.
_KINDS: dict[str, Any] = {".flac": FLAC, ".m4a": MP4, ".mp3": MP3, ".opus": OggOpus}
_picture: Any = Picture
_apic: Any = APIC
_chap: Any = CHAP
_ctoc: Any = CTOC
_tit2: Any = TIT2
_cover: Any = MP4Cover

_NO_OFFSET = 0xFFFFFFFF  # the times count, not the bytes


def label(path: Path, suffix: str, cover_png: bytes, chapters: Sequence[Chapter]) -> None:
    """Give the recording at `path`, in the format of `suffix`, its cover and chapters.

    It holds tags already. Raises OSError where it cannot be used.
    """
    try:
        file = _KINDS[suffix](path)
        match suffix:
            case ".mp3":
                _label_id3(file.tags, cover_png, chapters)
            case ".m4a":
                file["covr"] = [_cover(cover_png, MP4Cover.FORMAT_PNG)]
            case _:
                _label_vorbis(file, cover_png, chapters)
        file.save()
    except MutagenError as error:
        raise OSError(errno.EIO, f"its cover cannot be written: {error}", str(path)) from error


def _label_id3(tags: Any, cover_png: bytes, chapters: Sequence[Chapter]) -> None:  # noqa: ANN401 - not typed
    tags.add(
        _apic(
            encoding=Encoding.LATIN1,
            mime="image/png",
            type=PictureType.COVER_FRONT,
            desc="",
            data=cover_png,
        )
    )
    # mutagen writes frames by size, and players list them as they stand: all get one size.
    longest = max(len(each.title.encode()) for each in chapters)
    names = [
        f"chapter{number:04}" + "." * (longest - len(each.title.encode()))
        for number, each in enumerate(chapters)
    ]
    for name, each in zip(names, chapters, strict=True):
        tags.add(
            _chap(
                element_id=name,
                start_time=round(each.start_s * 1000),
                end_time=round(each.end_s * 1000),
                start_offset=_NO_OFFSET,
                end_offset=_NO_OFFSET,
                sub_frames=[_tit2(encoding=Encoding.UTF8, text=[each.title])],
            )
        )
    tags.add(
        _ctoc(
            element_id="toc",
            flags=CTOCFlags.TOP_LEVEL | CTOCFlags.ORDERED,
            child_element_ids=names,
            sub_frames=[],
        )
    )


def _label_vorbis(file: Any, cover_png: bytes, chapters: Sequence[Chapter]) -> None:  # noqa: ANN401 - not typed
    picture = _picture()
    picture.data, picture.mime, picture.type = cover_png, "image/png", PictureType.COVER_FRONT
    if isinstance(file, FLAC):
        file.add_picture(picture)  # type: ignore[no-untyped-call]
    else:
        file["metadata_block_picture"] = [base64.b64encode(picture.write()).decode("ascii")]
    for number, each in enumerate(chapters):
        minutes, milliseconds = divmod(round(each.start_s * 1000), 60_000)
        hours, minutes = divmod(minutes, 60)
        seconds = milliseconds / 1000
        file[f"CHAPTER{number:03}"] = [f"{hours:02}:{minutes:02}:{seconds:06.3f}"]
        file[f"CHAPTER{number:03}NAME"] = [each.title]
