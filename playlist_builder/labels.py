"""What FFmpeg does not write into a recording: its cover, and the table of contents of an MP3.

Beside `tags` the only importer of mutagen. The file must hold tags already, as `encoding` writes
them; WAV holds none of this and is refused.
"""

import base64
import errno
from pathlib import Path
from typing import Any

from mutagen import MutagenError
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, CTOC, CTOCFlags, Encoding, PictureType
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggopus import OggOpus

# mutagen's classes are not typed.
_KINDS: dict[str, Any] = {".flac": FLAC, ".m4a": MP4, ".mp3": MP3, ".opus": OggOpus}
_picture: Any = Picture
_apic: Any = APIC
_ctoc: Any = CTOC
_cover: Any = MP4Cover


def label(path: Path, suffix: str, cover_png: bytes) -> None:
    """Give the recording at `path`, of the format of `suffix`, a cover; OSError if it cannot be."""
    try:
        file = _KINDS[suffix](path)
        if suffix == ".mp3":
            _label_id3(file.tags, cover_png)
        elif suffix == ".m4a":
            file["covr"] = [_cover(cover_png, MP4Cover.FORMAT_PNG)]
        else:
            picture = _picture()
            picture.data, picture.mime, picture.type = cover_png, "image/png", 3
            if suffix == ".flac":
                file.add_picture(picture)
            else:
                block = base64.b64encode(picture.write()).decode("ascii")
                file["metadata_block_picture"] = [block]
        file.save()
    except MutagenError as error:
        raise OSError(errno.EIO, f"its cover cannot be written: {error}", str(path)) from error


def _label_id3(tags: Any, cover_png: bytes) -> None:  # noqa: ANN401 - mutagen's values are not typed
    tags.add(
        _apic(
            encoding=Encoding.LATIN1,
            mime="image/png",
            type=PictureType.COVER_FRONT,
            desc="",
            data=cover_png,
        )
    )
    chapters = sorted(tags.getall("CHAP"), key=lambda chapter: chapter.start_time)
    tags.add(
        _ctoc(
            element_id="toc",
            flags=CTOCFlags.TOP_LEVEL | CTOCFlags.ORDERED,
            child_element_ids=[chapter.element_id for chapter in chapters],
            sub_frames=[],
        )
    )
