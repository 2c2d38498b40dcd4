"""Writes into an MP3 that it is a track of an album, so that music apps play a session in order."""

import errno
from dataclasses import dataclass
from typing import Any

from mutagen import MutagenError, id3
from mutagen.mp3 import MP3

from playlist_builder.language.text import encodable
from playlist_builder.language.translation import Phrase
from playlist_builder.tags.read import raise_if_unreadable

COMPILATION = "Various Artists"
# mutagen's classes are not typed.
_id3: Any = id3
_mp3: Any = MP3


@dataclass(frozen=True, slots=True)
class AlbumPlace:
    """The place of a track in an album, from 1 to `total`, and what it is called there."""

    album: str
    title: str
    number: int
    total: int


def write_place(path: str, place: AlbumPlace) -> None:
    """Write the place of a track in an album into its MP3; raises OSError."""
    utf8 = _id3.Encoding.UTF8
    try:
        file = _mp3(path)
        if file.tags is None:
            file.add_tags()
        file.tags.delall("TPOS")
        for frame, text in (
            ("TIT2", encodable(place.title)),
            ("TALB", encodable(place.album)),
            ("TPE2", COMPILATION),
            ("TRCK", f"{place.number}/{place.total}"),
            ("TCMP", "1"),
        ):
            file.tags.setall(frame, [_id3.Frames[frame](encoding=utf8, text=[text])])
        file.tags.update_to_v23()  # of which every phone reads all
        file.save(v2_version=3)
    except MutagenError as error:
        raise_if_unreadable(error)
        raise OSError(
            errno.EIO, Phrase("its tags cannot be written: {why}", why=error), path
        ) from error
