"""A record as a page and as text: planned and heard in one chart, what happened, safe to open."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html import unescape

import pytest

from playlist_builder.errors import ReportError
from playlist_builder.records.events import (
    Closed,
    Deviation,
    Ended,
    Gap,
    Note,
    Paused,
    Pressed,
    Reopened,
    Replanned,
    Resumed,
    Silent,
    Sounded,
    TakenBack,
    Unknown,
)
from playlist_builder.records.heard import heard
from playlist_builder.records.record import About, Record, Run
from playlist_builder.records.respct import ITEMS, reported_items
from playlist_builder.report import record_write
from playlist_builder.report.happenings import happenings
from playlist_builder.report.heard_session import heard_session
from playlist_builder.report.language import ENGLISH, JAPANESE, LANGUAGES
from playlist_builder.report.record_html import FIELDS, ITEM_NAMES, record_page
from playlist_builder.report.record_text import record_text, records_lines
from tests.report.test_html import Reader
from tests.support.records import AT, at, event, session

HOSTILE = "</title><script>window.hurt = 1</script>\"'\x00\x1b[31m"
RUN = Run("r", 3, "aa" * 8, "A7", "arc", AT, at(200.0), 180.0, 110.0, 9)
EVENTS = (
    event(1, Sounded("a0", 0.0, 60.0, (-3.0,))),
    event(2, Pressed("softer", effect="softer from 1:00"), 10.0),
    event(3, Sounded("a1", 5.0, 30.0, (-9.5,)), 60.0),
    event(4, Pressed("hold", "after"), 62.0),
    event(5, TakenBack(4), 63.0),
    event(6, Note("moved a hand"), 70.0),
    event(7, Silent(30.0), 90.0),
    event(8, Sounded("zz", 0.0, 20.0), 120.0),
    event(9, Ended("stopped"), 140.0),
)


def record(*events, run=RUN, **more):
    return Record(run, session(person="A7"), events or EVENTS, **more)


def told(*whats, language=ENGLISH):
    events = tuple(event(place, what, 10.0) for place, what in enumerate(whats, start=1))
    return happenings(events, heard(record(*events)), language)


@pytest.mark.parametrize(
    ("what", "text"),
    [
        (Pressed("softer"), "Softer"),
        (Pressed("softer", "after"), "Softer, after this track"),
        (Pressed("softer", effect="softer from 24:50"), "Softer from 24:50"),
        (Pressed("pedal"), "pedal"),
        (Note("moved"), "moved"),
        (Gap(1240.0), "The music stopped for 1.2 s"),
        (Deviation("a file vanished"), "Not as planned: a file vanished"),
        (Silent(75.0, planned=False), "Nothing played for 1:15"),
        (Paused(), "Paused"),
        (Resumed(), "The music goes on"),
        (Closed(), "The page was closed"),
        (Reopened(), "The page was opened again"),
        (Ended(), "The session ended"),
        (Ended("stopped"), "Stopped"),
    ],
)
def test_each_event_is_a_sentence(what, text):
    (found,) = told(what)
    assert (found.text, found.at_s) == (text, 10.0)
    assert found.is_felt == isinstance(what, Gap | Silent)


@pytest.mark.parametrize("what", [Gap(20.0), Silent(60.0), Sounded("a0", 0.0, 1.0), Unknown("x")])
def test_what_nobody_needs_to_know_is_not_said(what):
    assert told(what) == []


def test_a_press_that_was_taken_back_says_so():
    assert [each.text for each in told(Pressed("hold"), TakenBack(1))] == ["Hold (taken back)"]
    assert told(Pressed("hold"), language=JAPANESE)[0].text == "このまま保つ"


def test_what_was_heard_is_a_session_on_the_same_plan():
    one = record()
    played = heard_session(one, heard(one))
    first, second, third = played.slots
    assert (played.curve, played.target_s) == (one.plan.curve, 180.0)
    assert (first.title, first.contour, first.path) == ("Title 0", (0.0,) * 6, "/m/0.flac")
    assert (second.start_s, second.end_s, second.from_s, second.energy) == (60.0, 90.0, 5.0, 0.2)
    assert (third.identity, third.energy) == ("zz", third.target)
    assert [(each.start_s, each.end_s) for each in played.silences] == [(90.0, 120.0)]


def test_the_plan_of_what_was_heard_is_the_one_that_held_at_each_time():
    one = record(
        event(1, Sounded("a0", 0.0, 60.0), 0.0),
        event(2, Replanned((), 120.0, "softer", (0.9,) * 8), 41.0),
        event(3, Replanned((), 120.0, "taken_back"), 50.0),
    )
    played = heard_session(one, heard(one))
    assert played.curve == (*one.plan.curve[:4], *(0.9,) * 8)
    assert played.slots[0].target == pytest.approx((4 * 0.0 + 3 * 0.9) / 7)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_what_was_planned_and_heard(language):
    found = Reader(
        text := record_page(record(about=About(equipment="headphones")), language=language)
    )
    assert found.open == []
    names = ["large", "middle", "small"]
    assert [attrs["class"] for attrs in found.having("picture")] == [f"picture {n}" for n in names]
    assert len(found.having("meant")) == 3 * 2  # the line, and its name
    assert len(found.having("played")) >= 3 * 2
    assert len(found.having("mark")) == 3 * 3  # two presses and a note
    assert len(found.having("track")) == 3
    assert len(found.having("unheard")) == 1
    assert [attrs for tag, attrs in found.tags if tag == "script"] == []
    assert "headphones" in found.texts["td"]
    assert "moved a hand" in text
    anchors = {attrs["href"] for tag, attrs in found.tags if tag == "a" and "href" in attrs}
    ids = {f"#{attrs['id']}" for _, attrs in found.tags if "id" in attrs}
    assert anchors <= ids


def test_the_page_loads_nothing_and_its_style_is_the_one_it_allows():
    text = record_page(record())
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert unescape(policy) == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_hostile_words_do_no_harm():
    hostile = session(person="A7")
    slots = [replace(slot, title=HOSTILE, artist=HOSTILE) for slot in hostile.slots]
    one = Record(
        replace(RUN, person=HOSTILE, profile=HOSTILE),
        replace(hostile, slots=tuple(slots), profile=HOSTILE),
        (
            event(1, Sounded("a0", 0.0, 60.0)),
            event(2, Note(HOSTILE), 5.0),
            event(3, Pressed(HOSTILE, effect=HOSTILE), 6.0),
            event(4, Deviation(HOSTILE), 7.0),
        ),
        About(equipment=HOSTILE),
    )
    text = record_page(one)
    assert Reader(text).open == []
    assert "<script" not in text
    assert "\x1b" not in text + record_text(one, width=80)


def test_an_empty_record_is_shown_too():
    open_run = replace(RUN, ended_at="")
    for language in LANGUAGES:
        one = record(event(1, Note("nothing yet")), run=open_run, complete=False)
        assert Reader(record_page(one, language=language)).open == []
    text = record_text(one, width=120)
    assert "no end is recorded, parts are missing" in text


def test_very_many_marks_are_dots():
    many = tuple(event(n, Note("x"), 3.0 * n) for n in range(1, 58))
    text = record_page(record(*many))
    assert text.count('r="3"/></g>') == 57 * 3  # at no width is there room for numbers


def test_every_field_has_its_name():
    items = reported_items(record(), heard(record()))
    assert {each.field for each in items} == FIELDS.keys()
    assert {number: str(name) for number, name in ITEM_NAMES.items()} == ITEMS


@pytest.mark.parametrize("width", [40, 60, 100])
def test_a_terminal_shows_it(width):
    lines = record_text(record(), width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("record 3, arc for A7")
    text = "\n".join(lines)
    assert "1:10 moved a hand" in text
    assert "unknown track zz" in text


def test_records_are_listed():
    other = replace(RUN, number=4, ended_at="", session="cc")
    head, first, second = records_lines([RUN, other], {"aa" * 8: 12}, width=100)
    assert head.split() == ["#", "begun", "session", "for", "profile", "planned", "heard", "state"]
    assert first.split() == ["3", "2026-01-02", "10:00", "12", "A7", "arc", "3:00", "1:50", "ended"]
    assert second.split() == ["4", "2026-01-02", "10:00", "A7", "arc", "3:00", "1:50", "no", "end"]
    head, _ = records_lines([replace(RUN, person="")], {}, width=100)
    assert "for" not in head


def test_the_suffix_names_the_format(tmp_path):
    for suffix, start in ((".html", b"<!doctype"), (".csv", b"\xef\xbb\xbfrow,"), (".json", b"{")):
        path = tmp_path / f"r{suffix}"
        record_write.write_record(record(), path, language="ja")
        assert path.read_bytes().lstrip().startswith(start)
    with pytest.raises(ReportError, match=r"a record is \.html, \.csv, \.json"):
        record_write.write_record(record(), tmp_path / "r.pdf")
    assert not (tmp_path / "r.pdf").exists()
