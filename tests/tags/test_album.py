"""The place of a track in an album, as music apps sort by it."""

import numpy as np
from mutagen import id3
from mutagen.mp3 import MP3

from playlist_builder.audio import decode, encode
from playlist_builder.tags.album import AlbumPlace, write_place
from playlist_builder.tags.read import read


def test_the_place_replaces_that_of_the_original_and_nothing_else(tmp_path):
    encode.write_flac(f"{tmp_path}/a.flac", np.zeros((1, 4000), np.float32), 8000, {})
    path = f"{tmp_path}/a.mp3"
    with decode.AudioFile(f"{tmp_path}/a.flac") as file:
        encode.encode(path, file, encode.TRACK_FORMS["mp3"])
    for number in (3, 4):  # the second one replaces the first
        tags = MP3(path).tags or id3.ID3()
        tags.add(id3.TPE1(encoding=3, text="Ada"))
        tags.add(id3.TRCK(encoding=3, text="9/12"))
        tags.add(id3.TPOS(encoding=3, text="2/2"))
        tags.save(path)
        write_place(path, AlbumPlace("夜", "Tïtle", number, 12))
        found, kept = read(path), MP3(path).tags
        assert (found.album, found.title, found.artists) == ("夜", "Tïtle", ("Ada",))
        assert found.album_artists == ("Various Artists",)
        assert kept["TRCK"].text == [f"{number}/12"]
        assert "TPOS" not in kept
        assert kept.version == (2, 3, 0)
