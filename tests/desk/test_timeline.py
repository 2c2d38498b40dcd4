"""The clocks of a run: the session's, and that of the mix, which is heard."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder import Clip, Session, Silence, Slot
from playlist_builder.desk.timeline import Timeline


def slot(place, start_s, end_s, **others):
    return Slot(
        f"{place}", f"{place}", f"T{place}", "", "", start_s, end_s, "calm", 0.2, 0.2, **others
    )


SLOTS = (slot(1, 0.0, 100.0), slot(2, 100.0, 220.0, from_s=30.0, to_s=150.0), slot(3, 280.0, 380.0))
TAIL = (slot(4, 380.0, 480.0),)
CLIPS = (  # frames of 20 ms: one second of silence is not heard, fades of 8 s, a silence of 60 s
    Clip("1", "T1", 50, 4900, 0, 0.0),
    Clip("2", "T2", 1500, 6000, 4500, 0.0),
    Clip("3", "T3", 0, 5000, 13500, 0.0),
    Clip("4", "T4", 0, 5000, 18100, 0.0),
)
SESSION = Session(
    "arc", "relative", 380.0, 380.0, 0.0, 0.0, 0.0, SLOTS, TAIL,
    silences=(Silence(220.0, 280.0, "calm"),),
)  # fmt: skip
LINE = Timeline.of(SESSION, CLIPS)


@pytest.mark.parametrize(
    ("mix_s", "session_s", "place"),
    [
        (0.0, 1.0, 0),
        (50.0, 51.0, 0),
        (89.9, 90.9, 0),
        (90.0, 100.0, 1),
        (100.0, 110.0, 1),
        (210.0, 220.0, 1),
        (240.0, 249.99, 1),
        (270.0, 280.0, 2),
        (361.9, 371.9, 2),
        (370.5, 388.5, 3),
    ],
)
def test_a_moment_of_the_mix_is_one_of_the_session(mix_s, session_s, place):
    assert LINE.place(mix_s) == place
    assert LINE.session_s(mix_s) == pytest.approx(session_s, abs=0.02)


def test_the_plan_ends_before_the_tail_and_its_silence_is_known():
    assert LINE.plan_s == 370.0
    assert list(LINE.silences()) == [(210.0, 270.0)]


@pytest.mark.parametrize(
    ("phase", "mix_s", "place"),
    [
        ("calm", 0.0, 2),
        ("calm", 100.0, 2),
        ("rise", 0.0, 1),
        ("peak", 100.0, 3),
        ("return", 400.0, 3),
    ],
)
def test_another_phase_begins_with_its_first_track_behind_a_time(phase, mix_s, place):
    phases = ("calm", "calm", "peak", "return")
    slots = [replace(own, phase=each) for own, each in zip(LINE.slots, phases, strict=True)]
    assert replace(LINE, slots=tuple(slots)).behind(phase, mix_s) == place


@given(st.floats(0.0, 460.0))
def test_a_moment_stays_in_the_track_that_plays(mix_s):
    place, session_s = LINE.place(mix_s), LINE.session_s(mix_s)
    own = LINE.slots[place]
    assert own.start_s <= session_s
    assert session_s < (LINE.slots[place + 1].start_s if place < 3 else own.end_s)
    assert LINE.mix_s(session_s) == pytest.approx(mix_s, abs=10.0)
