"""Names and values mean the same in every spelling; nonsense counts as not said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.models import Tags
from playlist_builder.tags.fields import MAX_CHARACTERS, MAX_VALUES, from_pairs, title_of

FIRST = "11111111-2222-3333-4444-555555555555"
SECOND = "AAAAAAAA-2222-3333-4444-555555555555"


def read(*pairs):
    return from_pairs(pairs, "/music/Name.flac", None)


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/a/01 - Sea.mp3", "Sea"),
        ("/a/01. Sea.mp3", "Sea"),
        ("/a/1-01 - Sea.mp3", "Sea"),
        ("/a/01 Sea.flac", "Sea"),
        ("/a/112 - Sea.flac", "Sea"),
        ("/a/99 Luftballons.mp3", "99 Luftballons"),
        ("/a/4.33.mp3", "4.33"),
        ("/a/1984 - Sea.mp3", "1984 - Sea"),
        ("/a/01 - .mp3", "01 -"),
        ("/a/01.mp3", "01"),
        ("/a/Sea - 02 - Sky.mp3", "Sea - 02 - Sky"),
        ("/a/Caf\udce9 \udcff.mp3", "Caf\ufffd \ufffd"),
        ("/a/no suffix", "no suffix"),
        ("/a/.mp3", ".mp3"),
    ],
)
def test_a_name_becomes_a_title_without_suffix_and_track_number(path, title):
    assert title_of(path) == title


def test_nothing_said_is_the_name_alone():
    assert read() == Tags(title="Name")


@pytest.mark.parametrize(
    "name", ["MOOD", "mood", "WM/Mood", "----:com.apple.iTunes:MOOD", "TMOO", "M_o o/D"]
)
def test_names_are_known_in_every_spelling(name):
    assert read((name, "calm")).moods == ("calm",)


def test_the_list_of_artists_goes_before_the_credit():
    got = read(("ARTIST", "Ann feat. Bob"), ("ARTISTS", "Ann"), ("ARTISTS", "Bob"))
    assert got.artists == ("Ann", "Bob")


def test_an_empty_name_gives_way_to_the_next():
    assert read(("TPE1", " \0"), ("ARTIST", "Ann")).artists == ("Ann",)


@pytest.mark.parametrize(
    ("value", "artists"),
    [
        ("Ann; Bob", ("Ann", "Bob")),
        ("Ann / Bob", ("Ann", "Bob")),
        ("Ann\0Bob\0", ("Ann", "Bob")),
        ("AC/DC", ("AC/DC",)),
        ("Earth, Wind & Fire", ("Earth, Wind & Fire",)),
        ("Chaos;Head", ("Chaos;Head",)),
        (" Ann ; Ann", ("Ann",)),
    ],
)
def test_artists_part_where_it_is_safe(value, artists):
    assert read(("ARTIST", value)).artists == artists


@pytest.mark.parametrize(
    ("value", "genres"),
    [
        ("Ambient;Drone", ("Ambient", "Drone")),
        ("Ambient / Drone", ("Ambient", "Drone")),
        ("R&B/Soul", ("R&B/Soul",)),
        ("Folk, World, & Country", ("Folk, World, & Country",)),
    ],
)
def test_genres_part_at_any_semicolon(value, genres):
    assert read(("GENRE", value)).genres == genres


@pytest.mark.parametrize(
    ("name", "value", "gain_db"),
    [
        ("REPLAYGAIN_TRACK_GAIN", "-7.03 dB", -7.03),
        ("replaygain_track_gain", "+3", 3.0),
        ("ReplayGain_Track_Gain", "-7,03 dB", -7.03),
        ("REPLAYGAIN_TRACK_GAIN", " .5 dB", 0.5),
        ("REPLAYGAIN_TRACK_GAIN", "0.00 dB", 0.0),
        ("REPLAYGAIN_TRACK_GAIN", "nan", None),
        ("REPLAYGAIN_TRACK_GAIN", "", None),
        ("REPLAYGAIN_TRACK_GAIN", "1000 dB", None),
        ("REPLAYGAIN_TRACK_GAIN", "9" * 5000, None),
        ("R128_TRACK_GAIN", "0", 5.0),
        ("R128_TRACK_GAIN", "-2560", -5.0),
    ],
)
def test_gains_are_in_db_towards_minus_18_lufs(name, value, gain_db):
    assert read((name, value)).track_gain_db == gain_db


def test_an_opus_gain_goes_before_a_replaygain_beside_it():
    """RFC 7845 forbids the latter, so a transcoder has left it behind."""
    got = read(("REPLAYGAIN_TRACK_GAIN", "-9 dB"), ("R128_TRACK_GAIN", "256"))
    assert got.track_gain_db == 6.0


@pytest.mark.parametrize(
    ("value", "peak"),
    [("0.988", 0.988), ("1.12", 1.12), ("-1", None), ("?", None), ("9" * 5000, None)],
)
def test_peaks_are_not_negative_and_may_pass_full_scale(value, peak):
    assert read(("REPLAYGAIN_ALBUM_PEAK", value)).album_peak == peak


@pytest.mark.parametrize("separator", ["/", "; ", "\0", " ", ","])
def test_ids_are_known_by_their_form(separator):
    got = read(("MusicBrainz Artist Id", separator.join((FIRST, SECOND, "not an id"))))
    assert got.musicbrainz_artist_ids == (FIRST, SECOND.lower())


def test_recording_and_track_are_not_confused():
    got = read(("MUSICBRAINZ_TRACKID", FIRST), ("MUSICBRAINZ_RELEASETRACKID", SECOND))
    assert (got.musicbrainz_recording_id, got.musicbrainz_track_id) == (FIRST, SECOND.lower())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        (" \r\n ", False),
        ("Instrumental", False),
        ("[instrumental]", False),
        ("(Instrumental)", False),
        ("[au: instrumental]", False),
        ("[00:00.00] Instrumental", False),
        ("Instrumental break, then I sing", True),
        ("la", False),
        ("la la la la, I sing", True),
    ],
)
@pytest.mark.parametrize("name", ["LYRICS", "UNSYNCEDLYRICS", "SYNCEDLYRICS", "©lyr", "WM/Lyrics"])
def test_only_words_are_lyrics(name, text, expected):
    assert read((name, text)).has_lyrics is expected


def test_lyrics_in_several_values_count_together():
    assert read(("LYRICS", "all the"), ("LYRICS", "leaves are brown")).has_lyrics


def test_an_instrumental_mark_in_one_place_does_not_hide_words_in_another():
    assert read(("LYRICS", "[instrumental]"), ("SYNCEDLYRICS", "[00:01.00] la la la la")).has_lyrics


@given(st.lists(st.tuples(st.sampled_from(["TITLE", "ARTIST", "GENRE", "COMMENT"]), st.text())))
def test_values_are_stripped_bounded_distinct_and_without_nul(pairs):
    got = read(*pairs)
    for values in ((got.title,), got.artists, got.genres, got.comments):
        assert len(values) == len(set(values)) <= MAX_VALUES
        assert all(v and v == v.strip() and "\0" not in v for v in values)
        assert all(len(v) <= MAX_CHARACTERS for v in values)


def test_a_cut_does_not_leave_a_space_at_the_end():
    assert read(("TITLE", "x" * (MAX_CHARACTERS - 1) + " y")).title == "x" * (MAX_CHARACTERS - 1)
