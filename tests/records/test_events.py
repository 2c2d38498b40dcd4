"""Events as values and as documents: what comes from a page is checked, and nothing is lost."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.errors import RequestError
from playlist_builder.records import events
from playlist_builder.records.documents import KINDS, document_of, event_of
from playlist_builder.records.events import (
    Deviation,
    Ended,
    Gap,
    Note,
    PlannedTrack,
    Pressed,
    RecordedEvent,
    Replanned,
    Silent,
    Sounded,
    TakenBack,
    Unknown,
)
from tests.support.records import AT, event, session

TRACK = PlannedTrack.of_slot(session().slots[1])
WHOLE = st.floats(0.0, 1e6)
TEXT = st.text(max_size=20)
WHATS = st.one_of(
    st.builds(Sounded, TEXT, WHOLE, WHOLE, st.tuples(st.floats(-90.0, 20.0))),
    st.builds(Pressed, TEXT, st.sampled_from(["now", "after"]), TEXT, st.none() | WHOLE),
    st.builds(TakenBack, st.integers(1)),
    st.builds(Replanned, st.just((TRACK,)), WHOLE, TEXT, st.tuples(st.floats(0.0, 1.0))),
    st.builds(Note, TEXT),
    st.builds(Silent, WHOLE, st.booleans()),
    st.builds(Gap, WHOLE, st.sampled_from(["gap", "stall"])),
    st.builds(Deviation, TEXT, TEXT, st.floats(-9.0, 9.0)),
    st.builds(Unknown, TEXT.filter(lambda kind: kind not in KINDS)),
    st.sampled_from([events.Begun(), events.Paused(), events.Reopened(), Ended("stopped")]),
)


@settings(max_examples=60)
@given(what=WHATS, number=st.integers(1), session_s=WHOLE, source=st.sampled_from(["page", "é"]))
def test_an_event_comes_back_from_its_document(what, number, session_s, source):
    one = RecordedEvent(number, AT, session_s, what, source)
    assert event_of(json.loads(json.dumps(document_of(one)))) == one


def test_every_kind_has_its_word():
    assert set(KINDS) == {
        *("begun", "sounded", "pressed", "taken_back", "replanned", "note", "silent", "gap"),
        *("deviation", "paused", "resumed", "closed", "reopened", "ended"),
    }
    assert document_of(event(7, TakenBack(3))) == {
        "number": 7,
        "at": AT,
        "session_s": 0.0,
        "kind": "taken_back",
        "source": "page",
        "press": 3,
    }


def test_a_later_version_may_say_more():
    document = document_of(event(1, Note("x"))) | {"mood": "calm"}
    assert event_of(document) == event(1, Note("x"))
    unknown = event_of(document | {"kind": "smelt"})
    assert unknown.what == Unknown("smelt", {"text": "x", "mood": "calm"})
    assert document_of(unknown) == document | {"kind": "smelt"}


GOOD = document_of(event(1, Sounded("a0", 0.0, 5.0)))


@pytest.mark.parametrize(
    "change",
    [
        {"number": 0},
        {"number": True},
        {"number": "1"},
        {"at": "2026-01-02T10:00:00"},
        {"at": None},
        {"session_s": -1.0},
        {"session_s": float("nan")},
        {"source": ""},
        {"source": "x" * 41},
        {"kind": 3},
        {"track": 3},
        {"track": "x" * 10_001},
        {"offset_s": -1.0},
        {"seconds": float("inf")},
        {"seconds": "5"},
        {"gains_db": []},
        {"gains_db": [float("nan")]},
        {"gains_db": [0.0, 0.0]},
        {"kind": "ended", "reason": "bored"},
        {"kind": "pressed"},
        {"kind": "pressed", "button": "skip", "when": "soon"},
        {"kind": "taken_back", "press": 0},
        {"kind": "gap", "ms": -1.0},
        {"kind": "replanned", "tracks": [{}], "duration_s": 1.0},
        {"kind": "silent", "seconds": 1.0, "planned": 1},
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(change):
    assert event_of(GOOD)
    with pytest.raises(RequestError) as told:
        event_of(GOOD | change)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("key", ["number", "at", "session_s", "kind", "track", "seconds"])
def test_nothing_may_be_missing(key):
    with pytest.raises(RequestError):
        event_of({name: value for name, value in GOOD.items() if name != key})


@pytest.mark.parametrize(
    "what", [Unknown("x", {"y": object()}), Unknown("x", {"y": float("nan")}), Unknown("note")]
)
def test_what_no_document_can_hold_is_refused(what):
    with pytest.raises(RequestError):
        document_of(event(1, what))


@pytest.mark.parametrize("given", [[], "x", None])
def test_an_event_is_a_mapping(given):
    with pytest.raises(RequestError, match="document: give a Mapping"):
        event_of(given)


@pytest.mark.parametrize(
    "change", [{"energy": float("nan")}, {"contour": [0.5]}, {"end_s": -1.0}, {"title": None}]
)
def test_a_planned_track_is_checked(change):
    with pytest.raises(RequestError):
        replace(TRACK, **change)
