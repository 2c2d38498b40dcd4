"""A record for studies: every field of the guidelines, every event, and no formula by accident."""

import csv
import io
import json
from dataclasses import fields

import pytest

from playlist_builder.playlists import session_json
from playlist_builder.records.documents import event_of
from playlist_builder.records.events import (
    Begun,
    Deviation,
    Ended,
    Gap,
    Note,
    Paused,
    Pressed,
    Replanned,
    Silent,
    Sounded,
    TakenBack,
)
from playlist_builder.records.export import COLUMNS, record_csv, record_document, record_json
from playlist_builder.records.heard import heard
from playlist_builder.records.record import About, Record, Run
from playlist_builder.records.respct import ITEMS, reported_items
from tests.support.records import AT, at, event, session

RUN = Run("r", 3, "aa" * 8, "A7", "arc", AT, at(99.0), 180.0, 90.0, 12)


@pytest.fixture(scope="module")
def record():
    events = (
        event(1, Begun("mpd://box")),
        event(2, Sounded("a0", 0.0, 60.0, (-3.0,))),
        event(3, Sounded("a1", 0.0, 30.0, (-9.5,)), 60.0),
        event(4, Pressed("softer", effect="softer from 1:00"), 10.0),
        event(5, Pressed("hold"), 12.0),
        event(6, TakenBack(5), 13.0),
        event(7, Replanned((), 150.0, "softer"), 14.0),
        event(8, Note("=1+1, said the listener"), 15.0),
        event(9, Gap(250.0, "stall"), 16.0),
        event(10, Deviation("the file vanished", "a2", 4.0), 17.0),
        event(11, Silent(9.0, planned=False), 90.0),
        event(12, Paused(), 99.0),
        event(13, Ended("stopped"), 99.0),
    )
    about = About(equipment="closed headphones", chosen_by="two therapists")
    return Record(RUN, session(person="A7"), events, about)


def values(record):
    return {each.field: each.value for each in reported_items(record, heard(record))}


def test_each_item_of_the_guidelines_says_what_is_known(record):
    found = values(record)
    assert found["equipment"] == "closed headphones"
    assert found["volume"] == ""
    assert (
        found
        | {
            "tracks_heard": "2",
            "tracks_skipped": "1",
            "music_s": "90.0",
            "silence_s": "9.0",
            "voices": "unknown 2",
            "player": "mpd://box",
            "lowest_gain_db": "-9.5",
            "highest_gain_db": "-3.0",
            "changes_during_session": "1",
            "buttons_pressed": "softer 1",
            "begun_at": AT,
            "length_s": "99.0",
            "interruptions": "1",
            "interrupted_s": "0.2",
            "deviations": "1",
        }
        == found
    )
    items = reported_items(record, heard(record))
    assert {each.field for each in items if each.is_asked} == {each.name for each in fields(About)}
    assert {each.item for each in items} == set(ITEMS)
    assert [each.item for each in items] == sorted(each.item for each in items)


def test_a_record_of_nothing_has_every_item(record):
    empty = values(Record(RUN, session(), ()))
    assert empty.keys() == values(record).keys()
    assert (empty["lowest_gain_db"], empty["player"], empty["voices"]) == ("", "", "")


def test_the_table_holds_items_tracks_and_events(record):
    rows = list(csv.DictReader(io.StringIO(record_csv(record))))
    assert tuple(rows[0]) == COLUMNS
    kinds = [row["row"] for row in rows if row["row"] != "item"]
    assert kinds == [
        *("track", "track", "begun", "press", "press", "taken_back", "replanned", "note", "gap"),
        *("deviation", "silence", "paused", "ended"),
    ]
    (chosen,) = [row for row in rows if row["name"] == "chosen_by"]
    assert (chosen["respct_item"], chosen["value"]) == (
        "11 Music or soundscapes",
        "two therapists",
    )
    _, second = [row for row in rows if row["row"] == "track"]
    assert second["title"] == "Title 1"
    assert (second["from_s"], second["seconds"], second["left_s"]) == ("60.0", "30.0", "30.0")
    assert (second["skipped"], second["gain_low_db"], second["track"]) == ("yes", "-9.5", "a1")
    softer, hold = [row for row in rows if row["row"] == "press"]
    assert (softer["name"], softer["value"]) == ("softer", "softer from 1:00")
    assert (hold["name"], hold["value"]) == ("hold", "taken back")
    (note,) = [row for row in rows if row["row"] == "note"]
    assert note["value"] == "'=1+1, said the listener"  # no formula
    (silence,) = [row for row in rows if row["row"] == "silence"]
    assert (silence["name"], silence["to_s"]) == ("not planned", "99.0")


def test_the_document_holds_all_of_it(record):
    found = json.loads(record_json(record))
    assert found == json.loads(json.dumps(record_document(record)))
    assert [event_of(each) for each in found["events"]] == list(record.events)
    assert session_json.of_document(found["plan"], "plan").slots == record.plan.slots
    assert found["about"]["equipment"] == "closed headphones"
    assert found["heard"]["tracks"][1]["is_skipped"] is True
    assert found["heard"]["presses"][1]["is_taken_back"] is True
    assert found["heard"]["last_sounded"]["track"] == "a1"
    assert found["respct"][0]["item"] == 6
    assert (found["run"]["number"], found["complete"]) == (3, True)
