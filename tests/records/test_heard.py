"""What was heard follows from the events alone, however they were cut up, sent and interleaved."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.models import Spare
from playlist_builder.records.events import (
    Ended,
    Gap,
    Note,
    Paused,
    PlannedTrack,
    Pressed,
    Replanned,
    Resumed,
    Silent,
    Sounded,
    TakenBack,
    Unknown,
)
from playlist_builder.records.heard import heard
from playlist_builder.records.record import Record, Run
from tests.support.records import AT, at, event, second_by_second, session

RUN = Run("r", 1, "aa" * 8, "", "arc", AT, "", 180.0, 0.0, 0)


def record(*events, plan=None):
    return Record(RUN, plan or session(), events)


def played(first, track, start_s, seconds, offset_s=0.0):
    return event(first, Sounded(track, offset_s, seconds, (-3.0,)), start_s)


def test_a_session_as_planned():
    found = heard(record(*second_by_second(60), played(61, "a1", 60.0, 60.0)))
    first, second = found.tracks
    assert (first.title, first.artist, first.phase) == ("Title 0", "Artist", "phase 0")
    assert (first.from_s, first.to_s, first.start_s, first.end_s) == (0.0, 60.0, 0.0, 60.0)
    assert (first.at, first.until) == (AT, "2026-01-02T10:01:00.000+01:00")
    assert (first.seconds, first.left_s, first.is_skipped) == (60.0, 0.0, False)
    assert (second.energy, second.contour) == (0.2, (0.2,) * 6)
    assert [each.name for each in found.phases] == ["phase 0", "phase 1"]
    assert (found.length_s, found.music_s, found.silent_s) == (120.0, 120.0, 0.0)
    assert found.last_sounded.number == 61
    assert not found.is_paused


def test_a_track_that_is_left_before_its_end_is_skipped_and_one_that_is_faded_is_not():
    found = heard(record(played(1, "a0", 0.0, 30.0), played(2, "a1", 30.0, 55.0)))
    assert [(each.left_s, each.is_skipped) for each in found.tracks] == [(30.0, True), (5.0, False)]


def test_an_overlap_is_heard_twice_and_is_music_once():
    found = heard(record(played(1, "a0", 0.0, 60.0), played(2, "a1", 54.0, 10.0)))
    assert (found.track_s, found.music_s, found.length_s) == (70.0, 64.0, 64.0)


def test_a_track_that_starts_again_is_another_one():
    again = played(2, "a0", 40.0, 20.0)
    assert len(heard(record(played(1, "a0", 0.0, 40.0), again)).tracks) == 2


@pytest.mark.parametrize("jump_s", [-5.0, 0.4, 5.0])
def test_a_track_that_goes_on_after_a_crash_is_the_same(jump_s):
    on = played(2, "a0", 40.0, 20.0 - jump_s, offset_s=40.0 + jump_s)
    (track,) = heard(record(played(1, "a0", 0.0, 40.0), on)).tracks
    assert (track.from_s, track.to_s, track.seconds) == (0.0, 60.0, 60.0 - jump_s)
    assert not track.is_skipped


def test_gains_are_those_of_all_its_seconds():
    faded = event(2, Sounded("a0", 3.0, 2.5, (-3.0, -20.0, -60.0)), 3.0)
    (track,) = heard(record(*second_by_second(3), faded)).tracks
    assert (track.low_db, track.high_db) == (-60.0, -3.0)


def test_silences_gaps_presses_and_pauses():
    found = heard(
        record(
            played(1, "a0", 0.0, 10.0),
            event(2, Pressed("softer"), 4.0),
            event(3, TakenBack(2), 5.0),
            event(4, Pressed("silence"), 10.0),
            event(5, Silent(20.0), 10.0),
            event(6, Gap(1500.0, "stall"), 30.0),
            event(7, Unknown("smelt"), 300.0),
            event(8, Note("awake"), 31.0),
            event(9, Paused(), 31.0),
        )
    )
    assert [(each.event.what.button, each.is_taken_back) for each in found.presses] == [
        ("softer", True),
        ("silence", False),
    ]
    assert (found.length_s, found.music_s, found.silent_s) == (31.0, 10.0, 21.0)
    assert found.stalled_s == 1.5
    assert (found.silences[0].number, found.gaps[0].number) == (5, 6)
    assert found.is_paused
    assert not heard(record(event(1, Paused()), event(2, Resumed()))).is_paused


def test_tracks_of_a_later_plan_and_spares_are_known_and_others_are_not():
    track = PlannedTrack("b9", "Calm", "Nobody", 30.0, 90.0, 12.0, "calm", 0.1, (0.1, 0.2, 0.3))
    plan = session()
    spare = replace(plan.slots[0], identity="c0", title="Spare")
    found = heard(
        record(
            event(1, Replanned((track,), 90.0), 30.0),
            played(2, "b9", 30.0, 48.0, offset_s=24.0),
            played(3, "c0", 80.0, 5.0),
            played(4, "zz", 85.0, 5.0),
            plan=replace(plan, spares=(Spare(spare, 1),)),
        )
    )
    first, second, third = found.tracks
    assert (first.title, first.phase, first.left_s) == ("Calm", "calm", 0.0)
    assert first.contour == (0.2, 0.3)
    assert second.title == "Spare"
    assert (third.title, third.left_s, third.energy, third.is_skipped) == ("", None, None, False)


def test_nothing_was_heard_in_an_empty_record():
    found = heard(record())
    assert found.tracks == found.phases == ()
    assert (found.length_s, found.last_sounded, found.is_paused) == (0.0, None, False)
    assert heard(record(played(1, "a0", 0.0, 0.0))).tracks == ()


PARTS = st.lists(st.integers(1, 40).map(lambda n: n / 4), min_size=1, max_size=12)


@settings(max_examples=30)
@given(parts=PARTS, seed=st.integers(0, 9))
def test_the_seconds_add_up_however_they_are_cut(parts, seed):
    """Three tracks one after the other: sums, and the tracks, are those of the uncut record."""
    length_s = sum(parts)
    events, number, session_s = [], 0, 0.0
    for track in ("a0", "a1", "a2"):
        offset_s = 0.0
        for seconds in parts:
            number += 1
            events.append(played(number, track, session_s, seconds, offset_s))
            offset_s, session_s = offset_s + seconds, session_s + seconds
    events.append(event(number + 1, Ended(), session_s))
    whole = [played(n + 1, f"a{n}", n * length_s, length_s) for n in range(3)]
    found, plain = heard(record(*events)), heard(record(*whole))
    assert [replace(each, until="") for each in found.tracks] == [
        replace(each, until="") for each in plain.tracks
    ]
    assert found.length_s == found.music_s == found.track_s == 3 * length_s
    assert sum(each.seconds for each in found.phases) == found.track_s
    # Crossed with notes and presses, which last no time, nothing of this changes.
    noted = list(events)
    for place in (seed * 7 % len(events), seed * 5 % len(events)):
        noted.insert(place, event(99, Note("x"), events[place].session_s, "server"))
    assert heard(record(*noted)) == found


@settings(max_examples=20)
@given(count=st.integers(0, 90))
def test_a_record_that_breaks_off_holds_what_came_before(count):
    """Each second more is heard one second longer: nothing is lost by what is missing behind."""
    events = [*second_by_second(60), *second_by_second(30, "a1", 61, start_s=60.0)]
    found = heard(record(*events[:count]))
    assert found.track_s == found.length_s == count
    assert found.last_sounded == (events[count - 1] if count else None)


@pytest.mark.parametrize("pause_s", [1.0, 3600.0])
def test_a_pause_lengthens_the_day_and_not_the_session(pause_s):
    late = event(3, Sounded("a0", 10.0, 5.0), 10.0, wall_s=10.0 + pause_s)
    found = heard(record(played(1, "a0", 0.0, 10.0), event(2, Paused(), 10.0), late))
    (track,) = found.tracks
    assert (track.seconds, found.length_s, found.silent_s) == (15.0, 15.0, 0.0)
    assert track.until.startswith(at(15.0 + pause_s)[:19])
