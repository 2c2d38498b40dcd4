"""What a change did, in sentences for the page."""

from dataclasses import replace

from playlist_builder.desk.changes import sentences
from playlist_builder.desk.words import Words
from playlist_builder.sessions.difference import difference
from tests.support.records import session


def test_a_track_that_others_passed_is_not_told_to_have_moved():
    before = session()
    first, own, last = before.slots
    turned = (replace(last, start_s=0.0, end_s=60.0), own, replace(first, start_s=120.0, end_s=180))
    told = sentences(difference(before, replace(before, slots=turned)), Words("en"))
    assert [each for each in told if each.startswith("'Title")] in (
        ["'Title 2' is number 1, it was number 3"],
        ["'Title 0' is number 3, it was number 1"],
    )
