"""What changed from one session to the next is told as people would tell it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.language.notices import notice
from playlist_builder.models import Session, Slot
from playlist_builder.session_request import SessionRequest
from playlist_builder.sessions.difference import (
    Difference,
    Moved,
    PinChange,
    Placed,
    difference,
    replanned,
    stepped,
)


def session(names, *, length_s=100.0, pins=()):
    slots = tuple(
        Slot(f"/{n}", n, n.upper(), "", "", place * length_s, (place + 1) * length_s, "only", 0, 0)
        for place, n in enumerate(names)
    )
    request = SessionRequest("arc", "x", pins=tuple(pins), pinned=tuple(each[0] for each in pins))
    total_s = length_s * len(slots)
    return Session("arc", "relative", total_s, total_s, 0, 0, 0, slots, request=request)


def test_the_same_session_does_not_differ():
    one = session("abc", pins=["b@1:40"])
    assert difference(one, one) == Difference()
    assert not difference(one, one)


def test_a_phase_that_is_planned_longer_is_told_with_both_lengths():
    text = (
        'title = "A"\nsummary = "B"\nminutes = %g\nsources = ["C"]\n'
        '[[phases]]\nname = "in"\nminutes = [0, 2]\nlevel = 0.2\nbasis = "D"\n'
        '[[phases]]\nname = "out"\nminutes = [2, %g]\nlevel = 0.1\nbasis = "D"\n'
    )
    before, after = (
        replace(
            one,
            request=replace(one.request, profile_text=text % (minutes, minutes)),
            target_s=60.0 * minutes,
        )
        for one, minutes in ((session("abc"), 5), (session("abcd"), 7))
    )
    assert difference(before, after).phases == (("out", 180.0, 300.0),)
    assert difference(after, after).phases == ()


def test_what_went_and_came_has_its_numbers_then_and_now():
    before, after = session("abcd"), session("axcd")
    found = difference(before, after)
    assert found == Difference(
        went=(Placed(2, before.slots[1]),), came=(Placed(2, after.slots[1]),)
    )
    assert found


def test_of_a_track_that_went_all_behind_it_start_earlier_and_none_moved():
    found = difference(session("abcd"), session("acd"))
    assert [each.number for each in found.went] == [2]
    assert (found.moved, found.shifted) == ((), 2)


def test_only_the_track_that_was_moved_has_moved():
    after = session("abdec")
    found = difference(session("abcde"), after)
    assert found.moved == (Moved(after.slots[4], 3, 5),)
    assert found.shifted == 3


@given(st.permutations("abcdefg"))
def test_without_those_that_moved_all_others_keep_their_order(names):
    found = difference(session("abcdefg"), session(names))
    moved = {each.slot.identity for each in found.moved}
    left = [name for name in names if name not in moved]
    assert left == sorted(left)
    assert len(moved) < len(names)


def test_a_start_that_nobody_notices_is_the_same():
    one = session("ab")
    late = replace(one.slots[1], start_s=one.slots[1].start_s + 0.9)
    assert difference(one, replace(one, slots=(one.slots[0], late))).shifted == 0


def test_pins_that_came_went_or_moved_are_told():
    before = session("abcd", pins=["a@0:00", "c@3:20", "d@5:00"])
    after = session("axcd", length_s=110.0, pins=["x", "c@3:40", "d@5:00"])
    found = {each.slot.identity: each for each in difference(before, after).pins}
    assert found["a"].kind == "unpinned"
    assert found["x"] == PinChange("pinned", after.slots[1], None, 110.0)
    assert found["c"] == PinChange("moved", after.slots[2], 200.0, 220.0)
    assert set(found) == {"a", "x", "c"}


def test_a_tail_rules_notes_and_the_length_that_change_are_told():
    one = session("abc")
    startle = {"title": "A", "phase": "only", "value": 9.0, "limit": 8.0, "at_s": 1.0}
    before = replace(
        one,
        tail=session("xy").slots,
        relaxed=(notice("artist_gap", count=2, gap=2), notice("startle", count=1, **startle)),
        warnings=(notice("unverified", count=2, total=3),),
    )
    after = replace(
        one,
        tail=session("yz").slots,
        duration_s=360.0,
        relaxed=(notice("startle", count=2, **startle),),
        warnings=(notice("unverified", count=1, total=3), notice("trimmed", count=1, total=3)),
    )
    found = difference(before, after)
    assert found
    assert [slot.identity for slot in (*found.tail_went, *found.tail_came)] == ["x", "z"]
    assert found.lengths_s == (300.0, 360.0)
    assert found.relaxed == after.relaxed
    assert found.restored == before.relaxed[:1]
    assert found.warnings == after.warnings[1:]
    assert difference(after, replace(after, relaxed=before.relaxed[1:])).relaxed == ()


def test_what_has_played_and_breaks_a_rule_gives_way_still():
    """Though it is told of no more; what went, or is of the whole session, is over."""
    limit = {"phase": "only", "value": 9.0, "limit": 8.0, "at_s": 1.0}
    played, went = (notice("startle", count=1, title=title, **limit) for title in "AC")
    gap, late = notice("artist_gap", count=2, gap=2), notice("duration_longer", off_s=60)
    many = notice("silence", count=2, title="C", **limit)
    before, after = replace(session("abc"), relaxed=()), session("abx")
    for told, is_over in ((played, False), (went, True), (gap, False), (late, True), (many, False)):
        found = replanned(replace(before, relaxed=(told,)), after)
        assert found.restored == ((told,) if is_over else ()), told
        assert difference(replace(before, relaxed=(told,)), after).restored == (told,)


def test_the_same_tracks_at_the_same_times_are_nothing_new():
    one, note = session("abc"), notice("unverified", count=2, total=3)
    noted = replace(one, warnings=(note,))
    assert not replanned(one, noted)
    assert replanned(one, replace(session("abx"), warnings=(note,))).warnings == (note,)
    assert difference(one, noted).warnings == (note,)
    other = session("abx")
    assert not stepped(one, noted)
    assert stepped(one, replace(other, warnings=(note,))) == difference(one, other)
