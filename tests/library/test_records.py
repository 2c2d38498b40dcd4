"""Records are user data that grows as a session plays: safe, idempotent, small, backed up."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
import zlib
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.errors import LibraryError, RequestError
from playlist_builder.library import records as records_module
from playlist_builder.library import runs, schema
from playlist_builder.library.backup import backup_path
from playlist_builder.library.database import Database
from playlist_builder.library.errors import LibraryBusyError
from playlist_builder.library.merge import Conflict, merge
from playlist_builder.records.events import (
    Begun,
    Ended,
    Note,
    Pressed,
    Sounded,
    TakenBack,
    Unknown,
)
from playlist_builder.records.record import About
from tests.support.records import AT, at, event, keep, second_by_second, session

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "library.db")


@pytest.fixture
def library(path):
    with Database(path) as opened:
        keep(opened, session())
        yield opened


def begun(library, own="aa"):
    return library.records.begin(own * 8, AT).id


def read(library, run):
    return list(library.records.read(run).events)


def test_a_run_begins_grows_and_ends(library):
    plan = session()
    run = library.records.begin("aa" * 8, datetime(2026, 1, 2, 9, tzinfo=UTC))
    assert (run.number, run.session, run.profile, run.target_s) == (1, "aa" * 8, "arc", 180.0)
    assert (run.begun_at, run.ended_at, run.events) == ("2026-01-02T09:00:00.000+00:00", "", 0)
    events = [
        event(1, Begun()),
        *second_by_second(40, first=2),
        event(42, Pressed("softer", "after", "from 24:50"), 40.0),
        event(43, TakenBack(42), 41.0),
        event(44, Note("moved a hand"), 42.0),
        event(45, Unknown("smelt", {"what": ["x", {"y": 1}]}), 42.0),
        event(46, Ended("stopped"), 43.0),
    ]
    assert library.records.append(run.id, events[:20]) == 20
    assert library.records.append(run.id, events[20:]) == 46
    record = library.records.read(run.id)
    assert list(record.events) == events
    assert record.plan == plan
    assert record.complete
    assert (record.run.ended_at, record.run.events, record.run.heard_s) == (at(43), 46, 40.0)
    assert library.records.latest() == record.run == library.records.by_number(1)
    other = library.records.begin("aa" * 8, AT)
    assert library.records.all() == [record.run, other]
    assert library.records.all(session="bb" * 8) == library.records.all(person="A7") == []
    library.records.remove([other.id])
    assert library.records.by_id(other.id) is None


def test_the_plan_is_that_of_the_beginning_whatever_becomes_of_the_session(library):
    run = begun(library)
    keep(library, session(tracks=5))
    assert library.records.read(run).plan == session()
    keep(library, session())
    assert library.records.read(library.records.begin("aa" * 8, AT).id).plan == session()


def test_what_is_sent_again_changes_nothing_and_a_hole_is_told(library):
    run, events = begun(library), second_by_second(10)
    assert library.records.append(run, events[:4]) == 4
    assert library.records.append(run, events[:4]) == 4
    assert library.records.append(run, events[6:]) == 4
    assert library.records.append(run, []) == 4 == library.records.last(run)
    assert library.records.append(run, [*events[::-1], *events]) == 10
    assert read(library, run) == events
    assert library.records.by_id(run).heard_s == 10.0
    with pytest.raises(RequestError, match="Event 3 of 'page' is another one already"):
        library.records.append(run, [event(3, Note("else"))])
    assert library.records.last(run, "server") == 0


def test_two_writers_do_not_mix(library):
    run = begun(library)
    page = [event(1, Note("a"), 1.0), event(2, Note("c"), 3.0), event(3, Note("e"), 5.0)]
    early = event(2, Note("back"), 4.0, "server", wall_s=2.5)  # its clock was set back
    server = [event(1, Note("d"), 4.0, "server"), early]
    library.records.append(run, server, "server")
    library.records.append(run, page)
    assert [each.what.text for each in read(library, run)] == ["a", "c", "d", "back", "e"]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda found: found.begin("cc", AT), "keeps no session 'cc'"),
        (lambda found: found.begin("aa" * 8, "noon"), "at: give a time"),
        (lambda found: found.append("cc", [event(1, Note(""))]), "'cc' is not there"),
        (lambda found: found.append("cc", [event(1, Note(""))], "\n"), "source: give a word"),
        (lambda found: found.append("cc", [3]), "events: give a RecordedEvent"),
        (lambda found: found.read("cc"), "'cc' is not there"),
        (lambda found: found.describe("cc", About()), "'cc' is not there"),
        (lambda found: found.by_number(7), "No record 7"),
        (lambda found: found.by_number(10**30), "No record 1e30"),
        (lambda found: found.latest(), "no record yet"),
    ],
)
def test_what_is_not_there_or_not_meant_is_one_line(library, call, told):
    with pytest.raises((LibraryError, RequestError), match=told):
        call(library.records)


def test_what_people_say_of_a_run_is_kept(library):
    run = begun(library)
    about = About(equipment="closed headphones", chosen_by="two therapists")
    library.records.describe(run, about)
    assert library.records.read(run).about == about
    with pytest.raises(RequestError, match="volume: give a text"):
        About(volume="x" * 2001)


ORDERS = st.lists(st.tuples(st.integers(0, 11), st.integers(1, 12)), max_size=8)


@settings(max_examples=8)
@given(orders=ORDERS)
def test_batches_come_in_any_order_and_any_number_of_times(orders, tmp_path_factory):
    events = [
        event(n + 1, Sounded(f"a{n % 2}", float(n), 1.0, (0.0,)), float(n)) for n in range(12)
    ]
    folder = tmp_path_factory.mktemp("orders")
    with Database(str(folder / "l.db")) as library:
        keep(library, session())
        run = begun(library)
        for first, count in orders:
            last = library.records.append(run, events[first : first + count])
            assert last == library.records.last(run)
        while (last := library.records.last(run)) < len(events):
            library.records.append(run, events[last : last + 5])
        assert read(library, run) == events
        assert library.records.by_id(run).heard_s == 12.0
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A library file, the log that holds the events of its run, and these events."""
    path = tmp_path_factory.mktemp("grown") / "l.db"
    events = second_by_second(6)
    with Database(str(path)) as library:
        keep(library, session())
        run = begun(library)
        library._connection.sqlite.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # noqa: SLF001
        for each in events:
            library.records.append(run, [each])
        return path.read_bytes(), Path(f"{path}-wal").read_bytes(), events


@settings(max_examples=12)
@given(cut=st.floats(0.0, 1.0), rubbish=st.binary(max_size=40))
def test_a_log_that_was_cut_at_any_byte_leaves_the_events_before(
    grown, cut, rubbish, tmp_path_factory
):
    """As after kill -9, or worse: what was written last may be missing, what came before is not."""
    source, log, events = grown
    folder = tmp_path_factory.mktemp("cut")
    copy = folder / "l.db"
    copy.write_bytes(source)
    copy.with_name("l.db-wal").write_bytes(log[: int(len(log) * cut)] + rubbish)
    with Database(str(copy)) as library:
        run = library.records.latest().id
        found = read(library, run)
        assert found == events[: len(found)]
        assert cut < 1.0 or found == events
        assert library.records.append(run, events) == len(events)
        assert read(library, run) == events
    shutil.rmtree(folder)


WRITER = """
import sys
from playlist_builder.library.database import Database
from tests.support.records import second_by_second
with Database(sys.argv[1]) as library:
    run = library.records.latest().id
    for each in second_by_second(10_000):
        print(library.records.append(run, [each]), flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(library, path):
    run = begun(library)
    command = [sys.executable, "-c", WRITER, path]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as writer:
        told = [writer.stdout.readline() for _ in range(70)]  # past the first joining
        writer.kill()
        told += writer.stdout.readlines()
    known = int(told[-1] if told[-1].endswith("\n") else told[-2])
    found = read(library, run)
    assert len(found) >= known >= 70
    assert found == second_by_second(len(found))


def test_it_waits_only_briefly_for_another_process_and_loses_nothing(library, path):
    run, events = begun(library), second_by_second(3)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        start = time.monotonic()
        with pytest.raises(LibraryBusyError, match="try again"):
            library.records.append(run, events)
        assert 0.2 < time.monotonic() - start < 3.0
        other.execute("ROLLBACK")
    assert library.records.append(run, events) == 3
    ((busy_ms,),) = library._connection.rows("PRAGMA busy_timeout", {})  # noqa: SLF001
    ((synchronous,),) = library._connection.rows("PRAGMA synchronous", {})  # noqa: SLF001
    assert (busy_ms, synchronous) == (30_000, 1)


def test_events_are_kept_where_they_cannot_be_tidied_yet(library, monkeypatch):
    run, events = begun(library), second_by_second(runs.JOINED + 1)

    def busy(*_, **__):
        raise sqlite3.OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(records_module.runs, "join_blocks", busy)
        for each in events[:-1]:
            if each.number < runs.JOINED:
                library.records.append(run, [each])
        with pytest.raises(LibraryError):
            library.records.append(run, [events[runs.JOINED - 1]])
    assert library.records.append(run, events) == len(events)
    assert read(library, run) == events


def test_an_hour_is_small_and_quickly_read(library):
    """One event a second, sent two by two: a sixth of the 2 MB and 1 s that six hours may take."""
    run = begun(library)
    events = [
        event(n + 1, Sounded("a0" * 8, 1.00137 * n, 1.00137, (-3.0 - n % 7,)), 1.00137 * n)
        for n in range(3_600)
    ]
    with library._connection.writing() as connection:  # noqa: SLF001 - in one go
        for first in range(0, len(events), 2):
            batch = [records_module.document_of(each) for each in events[first : first + 2]]
            runs.add(connection, run, "page", batch)
            if not first % 128:
                runs.join_blocks(connection, run)
    size_sql = "SELECT sum(length(events) + 60) FROM run_events"
    ((size,),) = library._connection.rows(size_sql, {})  # noqa: SLF001
    assert size < 2_000_000 / 6
    start = time.process_time()
    assert len(read(library, run)) == 3_600
    assert time.process_time() - start < 1.0 / 6


def test_records_come_back_from_the_backup(library, path):
    run, events = begun(library), second_by_second(runs.JOINED)
    for each in events:  # the last one is the first of a backup
        library.records.append(run, [each])
    library.records.append(run, second_by_second(5, first=runs.JOINED + 1))
    Path(path).unlink()
    for suffix in ("-wal", "-shm"):
        Path(path + suffix).unlink()
    with Database(path) as restored:
        assert read(restored, run) == events
        assert restored.records.by_id(run).heard_s == float(runs.JOINED)


def test_an_older_backup_takes_no_event_from_a_record_that_has_grown(library, path):
    """The backup is ahead where a change was not committed; the record went on meanwhile."""
    run, events = begun(library), second_by_second(2 * runs.JOINED)
    for each in events[:3]:
        library.records.append(run, [each])
    with library._connection.writing_user_data():  # noqa: SLF001 - a backup of loose blocks
        pass
    before = Path(backup_path(path)).read_bytes()
    with library._connection.writing() as connection:  # noqa: SLF001 - as if never committed
        connection.execute("UPDATE revision SET number = number - 1")
    for each in events[3:]:
        runs_only(library, run, each)
    Path(backup_path(path)).write_bytes(before)
    with Database(path) as restored:
        assert read(restored, run) == events
        assert restored.records.by_id(run).heard_s == float(len(events))
        assert restored.records.append(run, events) == len(events)
        restored.records.append(run, [event(len(events) + 1, Ended())])
        assert len(read(restored, run)) == len(events) + 1
        assert restored.records.by_id(run).events == len(events) + 1


def runs_only(library, run, each):
    """Append an event, and join blocks, without a backup."""
    with library._connection.writing() as connection:  # noqa: SLF001 - see above
        runs.add(connection, run, "page", [records_module.document_of(each)])
        if runs.small_blocks(connection, run, "page") >= runs.JOINED:
            runs.join_blocks(connection, run)


def test_a_removed_session_takes_its_records_along_but_not_what_was_played(path):
    with Database(path) as library:
        own = keep(library, session(person="A7"))
        run = begun(library)
        library.records.append(run, second_by_second(31, "a2"))
        library.sessions.remove([own])
        assert library.records.all() == []
        assert library._connection.rows("SELECT * FROM run_events", {}) == []  # noqa: SLF001
        (played,) = library.history.of("A7").sessions
        assert (played.tracks, played.recorded) == (("a2",), False)


def test_nothing_is_left_of_a_forgotten_person(path):
    with Database(path) as library:
        keep(library, session(person="Anna"))
        run = begun(library)
        library.history.forget_draft("Anna", "aa" * 8, AT)
        keep(library, session(person="Bert"))  # the session was made over for somebody else
        library.records.append(run, [event(1, Note("Anna moved"))])
        library.forget_name("Anna")
        assert library.records.all() == []
        for table in runs.TABLES:
            assert library._connection.rows(f"SELECT * FROM {table}", {}) == []  # noqa: S608, SLF001
        (kept,) = library.sessions.all()
        assert kept.person == "Bert"
    assert b"Anna" not in Path(path).read_bytes() + Path(backup_path(path)).read_bytes()


def test_the_history_counts_what_was_heard(path):
    with Database(path) as library:
        keep(library, session(person="A7"))
        (written,) = library.history.of("A7").sessions
        assert (written.tracks, written.recorded) == (("a0", "a1", "a2"), False)
        run = begun(library)
        library.records.append(run, second_by_second(30, "a1"))
        (trial,) = library.history.of("A7").sessions
        assert trial == written  # half a minute is a trial, not a session
        library.records.append(run, second_by_second(1, "a1", first=31))
        library.records.append(run, second_by_second(40, "b9", first=32))
        library.records.append(run, second_by_second(30, "a0", first=72))
        (heard,) = library.history.of("A7").sessions
        assert (heard.tracks, heard.recorded) == (("a1", "b9"), True)
        again = begun(library)
        library.records.append(again, second_by_second(5, "a0"))
        (both,) = library.history.of("A7").sessions
        assert both.tracks == ("a1", "b9", "a0")
        assert library.history.session_id("A7", "", AT, "aa" * 8) != "aa" * 8  # it is no draft
        library.history.forget_draft("A7", "aa" * 8, AT)
        assert library.history.of("A7").sessions == [both]


def test_records_come_along_with_their_sessions(path, tmp_path):
    with Database(str(tmp_path / "b.db")) as theirs:
        keep(theirs, session("aa", "A7"))
        keep(theirs, session("bb"))
        first, second = begun(theirs), begun(theirs, "bb")
        theirs.records.append(first, second_by_second(31, "a2"))
        theirs.records.describe(first, About(equipment="two speakers"))
        theirs.records.append(second, second_by_second(2))
        with Database(path) as ours:
            keep(ours, session("cc"))
            begun(ours, "cc")
            report = merge(ours, theirs, lambda _: False)
            assert (report.kept, report.records, report.conflicts) == (2, 2, [])
            assert [each.number for each in ours.records.all()] == [1, 2, 3]
            assert ours.records.read(first).about == About(equipment="two speakers")
            assert read(ours, first) == second_by_second(31, "a2")
            (played,) = ours.history.of("A7").sessions
            assert (played.tracks, played.recorded) == (("a2",), True)
            assert merge(ours, theirs, lambda _: False).records == 0
            theirs.records.append(second, second_by_second(3))
            (conflict,) = merge(ours, theirs, lambda _: False).conflicts
            assert conflict == Conflict("bb" * 8, "record 2", "events", 2, 3)
            ours.sessions.remove(["bb" * 8])
            assert merge(ours, theirs, lambda _: False).records == 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE run_events SET events = x'00'",
        "UPDATE runs SET plan = x'00'",
        "UPDATE runs SET about = '['",
        "UPDATE runs SET number = 'x'",
    ],
)
def test_a_spoilt_record_is_one_line_and_spreads_nowhere(library, path, tmp_path, change):
    run = begun(library)
    library.records.append(run, second_by_second(2))
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(change)
    with pytest.raises(LibraryError, match=r"cannot read one of its records|is not there"):
        library.records.read(run)
    with (
        Database(str(tmp_path / "b.db")) as other,
        other.open_other(path) as spoilt,
        pytest.raises(LibraryError),
    ):
        merge(other, spoilt, lambda _: False)


@pytest.mark.parametrize(
    "block",
    ["", "[", "3", "[3]", '[{"number": 1}]', '[{"number": 1, "kind": "sounded", "track": 3}]'],
)
def test_a_spoilt_block_keeps_no_other_event_from_being_kept(library, block):
    run, events = begun(library), second_by_second(3)
    library.records.append(run, events[:2])
    blob = zlib.compress(block.encode()) if block else b"\0"
    with library._connection.writing() as connection:  # noqa: SLF001
        connection.execute("UPDATE run_events SET events = ?", (blob,))
    with pytest.raises(LibraryError, match="cannot read one of its records"):
        library.records.read(run)
    assert library.records.append(run, [*events, event(4, Ended(), 3.0)]) == 4
    assert library.records.by_id(run).ended_at


def test_a_spoilt_block_does_not_keep_a_restore_from_being_done(library, path):
    run = begun(library)
    library.records.append(run, second_by_second(2))
    with library._connection.writing_user_data() as connection:  # noqa: SLF001
        connection.execute("UPDATE run_events SET events = x'00'")
    Path(path).unlink()
    with Database(path) as restored, pytest.raises(LibraryError, match="cannot read one"):
        restored.records.read(run)


def test_a_library_from_before_records_gets_a_place_for_them(path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:6])
        patch.setattr(schema, "USER_TABLES", schema.USER_TABLES[: -len(runs.TABLES)])
        with Database(path) as before:
            keep(before, session(person="Anna"))
    with Database(path) as library:
        assert library.records.all() == []
        begun(library)
        library.forget_name("Anna")  # in the copy from before too
        assert library.records.all() == []
