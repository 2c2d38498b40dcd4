"""Which tracks keep a session soft: by the rooms of their peaks and what is wanted."""

from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.models import Slot
from playlist_builder.recording.headroom import held_down


def slots(count):
    return [Slot(f"/{n}", "", f"{n}", "", "", n, n + 1.0, "p", 0.5, 0.5) for n in range(count)]


def told(spare_db, wanted_db):
    known = held_down(slots(len(spare_db)), spare_db, wanted_db)
    return known and (known.code, dict(known.parameters)["titles"], dict(known.parameters))


def test_one_track_far_below_the_others_is_named():
    code, titles, values = told([9.0, 1.0, 4.5, 9.0], 6.0)
    assert (code, titles) == ("held_down", ("1",))
    assert values["softer_lu"] == 3.5  # the third allows no more


def test_those_that_are_named_are_the_lower_half_the_tightest_first():
    assert told([1.5, 1.0, 6.0], 6.0)[:2] == ("held_down", ("1", "0"))
    assert told([1.0, 1.1, 1.2, 1.3, 6.0], 6.0)[:2] == ("held_down_and_more", ("0", "1", "2"))


def test_little_is_not_told():
    assert told([5.1, 9.0], 6.0) is None
    assert told([6.5, 9.0], 6.0) is None


@given(st.lists(st.floats(-20.0, 20.0), min_size=1, max_size=5), st.floats(-20.0, 20.0))
def test_leaving_out_what_is_named_makes_up_for_half_at_least(spare_db, wanted_db):
    found = told(spare_db, wanted_db)
    missing_db = wanted_db - min(wanted_db, *spare_db)
    assert (found is None) == (missing_db < 1.0)
    if found:
        assert missing_db / 2.0 - 0.06 <= found[2]["softer_lu"] <= missing_db + 0.06
