"""Gains stay what they are on the way through every format."""

from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.models import Tags
from playlist_builder.tags import fields
from playlist_builder.tags.gains import gain_texts, is_gain_name


@given(st.floats(-60, 60), st.booleans())
def test_gains_that_are_written_are_read_as_they_were(gain_db, opus):
    texts = gain_texts(Tags(title="x", track_gain_db=gain_db, album_gain_db=-gain_db), opus=opus)
    read = fields.from_pairs(texts.items(), "x", None)
    assert abs(read.track_gain_db - gain_db) <= 0.006
    assert abs(read.album_gain_db + gain_db) <= 0.006
    assert all(map(is_gain_name, texts))


def test_opus_has_whole_256ths_to_a_level_5_db_lower():
    tags = Tags(title="x", track_gain_db=-3.0, track_peak=0.5)
    assert gain_texts(tags, opus=True) == {"r128_track_gain": "-2048"}
    assert gain_texts(tags, opus=False) == {
        "replaygain_track_gain": "-3.00 dB",
        "replaygain_track_peak": "0.500000",
    }


def test_no_gain_makes_no_tag_nor_does_one_out_of_range():
    assert gain_texts(Tags(title="x"), opus=True) == {}
    assert gain_texts(Tags(title="x", track_gain_db=-127.0), opus=True) == {}


def test_names_of_gains_are_known_in_every_way_of_writing():
    assert all(
        map(is_gain_name, ["REPLAYGAIN_TRACK_GAIN", "R128_ALBUM_GAIN", "RVA2", "MP3GAIN_UNDO"])
    )
    assert not any(map(is_gain_name, ["gain", "title", "again"]))
