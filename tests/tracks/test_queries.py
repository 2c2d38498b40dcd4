"""Tag queries mean what they say, and say what they cannot mean."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.errors import QueryError
from playlist_builder.models import Emotion, Features, Tags, Track
from playlist_builder.tracks.queries import FIELDS, any_of, matching, parse

TAGS = Tags(
    title="Café Nocturne",
    artists=("Hans Zimmer", "Lisa, and friends"),
    album="Blue",
    genres=("Ambient", "Drone"),
    date="1994-03-01",
    languages=("zxx",),
    moods=("calm",),
    comments=("live at home",),
)
FEATURES = Features(
    300.0, 44100, 2, -20.0, 5.0, -1.0, -20.0, -20.0, 5.0, 0.0, 0.0, 0.0, 0.0, 79.6, 0.9, "D minor",
    0.9, 1.0, 1500.0, 0.3, 0.0, 0.1,
)  # fmt: skip
TRACK = Track(
    path="/music/Classical/01 café.flac",
    identity="ab",
    tags=TAGS,
    features=FEATURES,
    energy=0.3,
    contour=np.array([0.2, 0.6], np.float32),
    vocals="none",
    emotion=Emotion(0.35, 0.08, np.array([0.3, 0.4], np.float32), 0.62),
)


@pytest.mark.parametrize(
    "query",
    [
        "genre:ambient",
        "GENRE:AMB",
        'artist:"Hans Zimmer"',
        'artist:"Lisa, and"',
        "-artist:Eno",
        "genre:jazz,drone",
        "genre:ambient genre:drone",
        "year:1990..2005",
        "year:1994",
        "-year:1995..",
        "year:..1994",
        "language:zxx",
        "energy:0.2..0.5",
        "energy:0.3",
        "peak:0.6..",
        "tension:..0.4",
        "tension:0.35",
        "-tension:0.36..",
        "moving:0.6..",
        "moving:0.6 tension:0.3..0.4",
        "path:Classical/",
        "bpm:..80",
        "bpm:80",
        "length:5",
        "loudness:-20.5..-19.5",
        "loudness:-20",
        "startle:..6",
        "brightness:1000..2000",
        'key:"d minor"',
        "vocals:none",
        "mood:calm comment:home date:1994-03",
        "nocturne",
        '"café nocturne"',
        "cafe\u0301",
        "ＢＬＵＥ",  # noqa: RUF001 - wide letters
        "-piano",
        "energy<0.31",
        "energy<.31",
        "Energy>=0.3 -energy>0.3",
        "year<1995 year>1993 year=1994",
        "loudness<-19.5",
        '-"<3"',
        "-a->b",
        "  genre:ambient   -genre:rock  ",
    ],
)
def test_holds(query):
    assert parse(query)(TRACK)


@pytest.mark.parametrize(
    "query",
    [
        "genre:rock",
        "-genre:ambient",
        "genre:ambient genre:rock",
        "-genre:rock,drone",
        'artist:"Zimmer Hans"',
        "year:1995..",
        "year:1993",
        "language:zx",
        "vocals:non",
        "energy:0.31..",
        "energy:0.4",
        "tension:0.36..",
        "moving:..0.5",
        "bpm:..79",
        "bpm:79",
        "path:/Jazz/",
        "piano",
        "-nocturne",
        "energy<0.3",
        "energy<.3",
        "year<1994",
        "year>1994",
        "tension>=0.36",
        "artist=Nobody",
    ],
)
def test_does_not_hold(query):
    assert not parse(query)(TRACK)


@pytest.mark.parametrize("field", ["year", "bpm", "key", "genre", "language", "tension", "moving"])
def test_what_a_track_does_not_say_matches_nothing(field):
    for sign in "<>":
        assert not parse(f"year{sign}1990")(replace(TRACK, tags=Tags()))
    unsure = replace(FEATURES, tempo_confidence=0.1, key_confidence=0.1)
    silent = replace(TRACK, tags=Tags(), features=unsure, emotion=None)
    whole = {"tension": "0..1", "moving": "..1"}  # of all values that a track can have
    value = ({"year": "0..", "bpm": "..999", "key": '"D minor"'} | whole).get(field, "a")
    assert not parse(f"{field}:{value}")(silent)
    assert parse(f"-{field}:{value}")(silent)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "An empty query"),
        ("   ", "An empty query"),
        ("yeer:1990", "no field 'yeer'. Did you mean 'year'"),
        ("enrgy<.3", "no field 'enrgy'. Did you mean 'energy'"),
        ("-xyzzy>=20", "no field 'xyzzy'. Fields: "),
        ("year:old", "'year' is a number. Write year:1..2"),
        ("year:..", "'year' is a number"),
        ("year:1..2..3", "'year' is a number"),
        ("year:2005..1990", "2005..1990 ends before it starts"),
        ('artist:"Hans', "quotes in pairs"),
        ("genre:", "cannot read 'genre:'"),
        ("genre:,", "has no value"),
        ('genre:""', "an empty value"),
        (":x", "cannot read ':x'"),
        ("-", "cannot read '-'"),
        ("energy < 0.1", "cannot read '<'. Compare as in energy<0.5, without spaces"),
        ("energy< 0.1", "cannot read 'energy<'"),
        ("0.1<energy<0.3", "write a range such as energy:0.2..0.5"),
        ("energy<low", "'low' is not a number"),
        ("energy<0,4", "'0,4' is not a number. Write one with a point"),
        ("-Enrgy>=0.3", "no field 'Enrgy'. Did you mean 'energy'"),
        ("enrgy=0.3", "no field 'enrgy'. Did you mean 'energy'"),
        ("heat>5", "no field 'heat'."),
        ("title>a", "title> compares no numbers"),
        ("x" * 3000, "more than 2000 characters"),
    ],
)
def test_errors_say_which_query_and_what_to_write(query, message):
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@given(st.text(max_size=60))
def test_any_text_is_a_query_or_one_line(text):
    try:
        assert parse(text)(TRACK) in {True, False}
    except QueryError as error:
        assert "\n" not in str(error)


@given(st.sampled_from(FIELDS), st.text(max_size=20))
def test_any_value_of_any_field_is_a_query_or_one_line(field, value):
    try:
        assert parse(f"{field}:{value}")(TRACK) in {True, False}
    except QueryError as error:
        assert "\n" not in str(error)


def test_of_several_queries_any_one_will_do():
    assert any_of([]) is None
    assert any_of(["genre:rock", "genre:ambient"])(TRACK)
    assert not any_of(["genre:rock", "genre:jazz"])(TRACK)


def test_tracks_are_found_by_a_query_in_their_order():
    other = replace(TRACK, tags=replace(TAGS, genres=("Opera",)), identity="cd")
    found = matching([other, TRACK, replace(TRACK, identity="ef")], "genre:ambient")
    assert found.identities == ["ab", "ef"]
    with pytest.raises(QueryError):
        matching([TRACK], "")
