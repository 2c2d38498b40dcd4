"""A run that is ended stays so, whatever the disk does, and what could not be written is kept."""

from pathlib import Path

import pytest

from playlist_builder import LibraryError, Records
from playlist_builder.desk import aside, own_file
from tests.desk.support import locked


def full(*_, **__):
    raise LibraryError("The disk is full.")


def full_disk(*_, **__):
    raise OSError(28, "No space left on device")


def ended(bench):
    return [bool(each.ended_at) for each in bench.library.records.all()]


def begun_and_steered(bench):
    bench.do("begin", {})
    bench.do("press", {"button": "softer", "when": "now", "position_s": 300.0})


def test_it_ends_at_once_though_another_process_writes_to_the_library(bench):
    begun_and_steered(bench)
    with locked(bench.library.path):
        bench.do("end", {"position_s": 310.0})
        assert bench.state()["after"] == 1
        assert ended(bench) == [False]
    bench.tend()
    assert ended(bench) == [True]
    assert not aside.file_of(bench.library.path).exists()


def test_an_end_that_was_not_written_is_written_by_the_next_start(opened):
    first = opened()
    begun_and_steered(first)
    with locked(first.library.path):
        first.do("end", {"position_s": 310.0})
    again = opened()
    assert again.run is None
    assert ended(again) == [True]
    assert not aside.file_of(again.library.path).exists()


def test_the_next_start_stays_silent_though_the_library_is_busy_still(opened):
    first = opened()
    begun_and_steered(first)
    with locked(first.library.path):
        first.do("end", {"position_s": 310.0})
        second = opened()
        assert second.run is None
        assert ended(second) == [False]
    second.tend()
    assert ended(second) == [True]


@pytest.mark.parametrize("is_still_full", [True, False])
def test_what_waits_of_a_run_that_is_over_says_nothing_of_the_next_one(
    opened, monkeypatch, is_still_full
):
    first = opened()
    begun_and_steered(first)
    over, append = first.run.log.run.id, Records.append

    def full_for_one(self, run, events, **given):
        if run == over:
            raise LibraryError("The disk is full.")
        return append(self, run, events, **given)

    with monkeypatch.context() as patched:
        patched.setattr(Records, "append", full_for_one)
        first.do("end", {"position_s": 310.0})
        first.do("leave_record", {})
        first.do("begin", {})
        if is_still_full:
            first.tend()
    if not is_still_full:
        first.tend()
    begun = first.run.log.run.id
    assert aside.read(first.library.path).run == begun
    again = opened()
    assert again.run.log.run.id == begun
    assert not again.run.paused


def test_an_end_is_written_when_the_desk_closes(opened):
    first = opened()
    begun_and_steered(first)
    with locked(first.library.path):
        first.do("end", {"position_s": 310.0})
    first.close()
    assert not aside.file_of(first.library.path).exists()
    assert ended(opened()) == [True]


def test_where_nothing_at_all_could_be_written_the_next_start_asks_and_does_not_play(
    opened, monkeypatch
):
    first = opened()
    begun_and_steered(first)
    with monkeypatch.context() as patch:
        patch.setattr(type(first.library), "keep", full)
        patch.setattr(type(first.library.records), "append", full)
        patch.setattr(own_file, "write", full_disk)
        first.do("end", {"position_s": 310.0})
        assert first.run is None
    first.unwritten = None  # it is killed before it can write
    again = opened()
    shown = again.state()["run"]
    assert shown["paused"]
    assert shown["told"][0].startswith("This session was never ended.")
    again.do("resume", {"position_s": 310.0})
    assert again.state()["run"]["told"] == []
    assert not opened().state()["run"]["paused"]


def test_a_library_that_is_gone_is_told_once_and_the_record_is_kept(opened):
    first = opened()
    first.do("begin", {})
    library = Path(first.library.path)
    library.rename(library.with_suffix(".gone"))
    first.tend()
    (told,) = first.state()["run"]["told"]
    assert "plays on" in told
    assert "is gone" in told
    before = first.version
    first.tend()
    assert first.version == before
    first.do("press", {"button": "softer", "when": "now", "position_s": 300.0})
    with pytest.raises(LibraryError, match="is gone"):
        first.do("heard", {"run": first.run.log.run.id, "source": "page-1", "events": []})
    first.do("end", {"position_s": 310.0})
    assert aside.read(str(library)).is_over
    library.with_suffix(".gone").rename(library)
    again = opened()
    assert again.run is None
    kinds = [
        type(each.what).__name__
        for each in again.library.records.read(again.library.records.latest().id).events
    ]
    assert {"Pressed", "Ended"} <= set(kinds)


def test_what_waits_survives_a_crash(opened, monkeypatch):
    first = opened()
    first.do("begin", {})
    with monkeypatch.context() as patch:
        patch.setattr(type(first.library.records), "append", full)
        first.do("note", {"text": "calm breath", "position_s": 10.0})
    again = opened()
    notes = again.library.records.read(again.library.records.latest().id).events
    assert "calm breath" in [getattr(each.what, "text", "") for each in notes]
    assert not again.state()["run"]["paused"]


def test_an_older_run_does_not_come_back_behind_one_that_was_ended(opened):
    first = opened()
    first.do("begin", {})
    first.run = None  # as by a desk that was killed, and whose run was never gone on with
    first.do("begin", {})
    first.do("end", {"position_s": 10.0})
    assert ended(first) == [False, True]
    assert opened().run is None


HALF = r'{"run": "\ud800", "events": []}'  # of a character
HALF_NOTE = r"""{"run": "x", "events": [
    {"number": 9, "at": "2026-11-27T10:00:00Z", "session_s": 0, "kind": "note", "text": "\ud800"}
]}"""


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"run": 1}', '{"run": "x", "events": [{}]}', HALF, HALF_NOTE]
)
def test_a_file_that_is_spoilt_is_none(opened, text):
    first = opened()
    first.do("begin", {})
    aside.file_of(first.library.path).write_text(text.replace('"x"', f'"{first.run.log.run.id}"'))
    assert opened().state()["run"]["paused"]
