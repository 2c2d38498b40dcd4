"""What is asked for is checked where it comes in, in one line that says what to give."""

from dataclasses import fields, replace
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.errors import RequestError
from playlist_builder.library.history import PersonHistory
from playlist_builder.models import Scale
from playlist_builder.profiles.profile import VocalsRule
from playlist_builder.session_request import (
    MOST_WITHIN_S,
    SCALES,
    TEXTS,
    VOCALS,
    WITHIN_S,
    SessionRequest,
)
from playlist_builder.sessions.preferences import played

AT = "2026-05-01T10:00:00+02:00"


def test_a_profile_is_all_that_need_be_said():
    one = SessionRequest("arc")
    assert (one.duration_s, one.scale, one.seed, one.within_s) == (None, "relative", 0, WITHIN_S)


def test_the_choices_are_those_of_profiles_and_sessions():
    assert get_args(VocalsRule) == VOCALS
    assert get_args(Scale) == SCALES
    texts = get_type_hints(SessionRequest)
    assert {name for name, kind in texts.items() if kind == tuple[str, ...]} == set(TEXTS)


def test_lists_are_taken_and_kept_as_tuples():
    one = SessionRequest("arc", include=["genre:ambient"], track_minutes=[2, 15])
    assert (one.include, one.track_minutes) == (("genre:ambient",), (2, 15))
    assert hash(one) == hash(replace(one))


def test_what_was_played_for_a_name_is_left_out_for_90_days():
    one = SessionRequest("arc", name="A7", asked_at=AT)
    assert one.within_s == WITHIN_S
    assert replace(one, within_s=60.0).within_s == 60.0
    assert SessionRequest("arc", name="Ame\u0301lie", asked_at=AT).name == "Am\u00e9lie"


def test_what_was_played_is_known_of_for_all_that_can_be_asked():
    one = SessionRequest("arc", asked_at="1970-01-01T00:00:00+23:59", within_s=MOST_WITHIN_S)
    assert played(one, PersonHistory(""), ()) == frozenset()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"profile": ""}, "profile: give a name such as 'arc', or a path, not ''."),
        ({"profile": None}, "profile: give a name"),
        ({"duration_s": -1.0}, "duration_s: give seconds such as 3600.0, not -1.0."),
        ({"duration_s": "60m"}, "duration_s: give seconds such as 3600.0, not '60m'."),
        ({"duration_s": float("nan")}, "duration_s: give seconds"),
        ({"tolerance_s": True}, "tolerance_s: give seconds"),
        ({"trim_s": None}, "trim_s: give seconds"),
        ({"scale": "log"}, "scale: give one of relative, absolute, not 'log'."),
        ({"vocals": "none"}, "vocals: give one of exclude, strict, allow-wordless, allow, not"),
        ({"track_minutes": (15, 2)}, "track_minutes: give the shortest and the longest"),
        ({"track_minutes": 5}, "track_minutes: give the shortest and the longest"),
        ({"include": "genre:ambient"}, "include: give a tuple of texts"),
        ({"pins": (3,)}, "pins: give a tuple of texts"),
        ({"seed": 1.5}, "seed: give a whole number, not 1.5."),
        ({"alternative": 0}, "alternative: give a whole number from 1 to 20, not 0."),
        ({"alternative": 10**6}, "alternative: give a whole number from 1 to 20, not 1000000."),
        ({"within_s": 1e300}, "within_s: give seconds such as 3600.0, up to 1e10 (300 years)"),
        ({"asked_at": "0001-01-01T00:00:00+00:00"}, "asked_at: give a time with its offset, of"),
        ({"asked_at": "9999-12-31T23:00:00-23:00"}, "asked_at: give a time with its offset, of"),
        ({"name": "A7"}, "asked_at: a session for 'A7' needs the time of day, such as datetime"),
        ({"name": "A7", "asked_at": "2026-05-01"}, "asked_at: give a time with its offset"),
        ({"name": " ", "asked_at": AT}, "A name is plain text"),
        ({"name": 7, "asked_at": AT}, "A name is plain text"),
        ({"pins": ("a", "b"), "pinned": ("1",)}, "pinned: give the identity of each pin"),
        ({"playlist": ("/a",)}, "listed: give the identity of each track"),
    ],
)
def test_what_cannot_be_meant_is_one_line_that_says_what_to_give(values, says):
    with pytest.raises(RequestError) as told:
        SessionRequest(**{"profile": "arc"} | values)
    assert str(told.value).startswith(says)
    assert str(told.value).isprintable()


ANY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.lists(st.text()),
    st.just(AT),
)


@given(st.dictionaries(st.sampled_from([f.name for f in fields(SessionRequest)]), ANY, max_size=3))
def test_any_value_is_taken_or_refused_in_one_line(values):
    try:
        SessionRequest(**{"profile": "arc"} | values)
    except RequestError as error:
        assert str(error).isprintable()
