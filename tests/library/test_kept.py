"""Kept sessions are user data: numbered, found by name, backed up, migrated, merged, forgotten."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from playlist_builder.errors import LibraryError, RequestError
from playlist_builder.library import kept as keeping
from playlist_builder.library import schema
from playlist_builder.library.database import Database
from playlist_builder.library.kept import KeptSession, WrittenFile, kept_session
from playlist_builder.library.merge import Conflict, merge
from playlist_builder.models import Mark, Session, Slot
from playlist_builder.playlists import session_json
from playlist_builder.session_request import SessionRequest, session_name

AT = "2026-01-02T10:00:00+01:00"
SLOT = Slot("/m/a.flac", "5f", "A", "B", "C", 0.0, 60.0, "calm", 0.5, 0.5, (0.5,))
FILE = WrittenFile("/m/\udcff.m3u8", "00", "{}")


def session(own="aa", person=None):
    request = SessionRequest(
        "arc", "text", name=person, asked_at=AT, session="0" * 16, kept_id=own * 8
    )
    return Session("arc", "relative", 60.0, 60.0, 0.0, 0.0, 0.0, (SLOT,), request=request)


def entry(own="aa", name="", person=None, files=()):
    made = session(own, person)
    return replace(kept_session(made, AT, name), files=files), session_json.dump(made)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "library.db")


def test_a_session_has_a_number_that_stays(path):
    with Database(path) as one:
        first, second = one.sessions.store(entry("aa"), entry("bb", "evening", files=(FILE,)))
        assert (first.number, second.number) == (1, 2)
        assert one.sessions.last() == second
        changed, text = entry("aa")
        (again,) = one.sessions.store((replace(changed, changed_at="later"), text + " "))
        assert (again.number, again.made_at, again.changed_at) == (1, AT, "later")
        assert one.sessions.document("aa" * 8) == text + " "
        assert one.sessions.last() == again
        assert one.sessions.all() == [again, second]
        assert one.sessions.by_id("bb" * 8) == second
        assert one.sessions.by_id("cc" * 8) is None
    with pytest.raises(ValueError, match="not kept"):
        kept_session(replace(session(), request=None), AT)


def test_a_session_is_found_by_number_and_by_as_much_of_its_name_as_it_needs(path):
    with Database(path) as one:
        names = ("Evening", "evening two", "Opening", "opening", "")
        stored = one.sessions.store(*(entry(f"a{n}", name) for n, name in enumerate(names)))
        stored[2] = replace(stored[2], name="")  # the name has gone to the later one
        for word, number in (
            ("2", 2),
            ("0" * 20 + "2", 2),
            ("EVENING", 1),
            ("evening t", 2),
            ("two", 2),
            ("open", 4),
        ):
            assert one.sessions.find(word) == stored[number - 1], word
        assert one.sessions.find("opening") == stored[3] == one.sessions.called("OPENING")
        assert one.sessions.all() == stored
        for word, told in (
            ("even", "may mean 'Evening', 'evening two'"),
            ("9", "No session 9"),
            ("9" * 5000, "No session 9{19}…. See"),
            ("0" * 30 + "9", "No session"),
            ("dawn", "No session 'dawn'"),
        ):
            with pytest.raises(LibraryError, match=told):
                one.sessions.find(word)
        one.sessions.rename(stored[4].id, "dawn")
        assert one.sessions.find("dawn").number == 5
        one.sessions.rename(stored[0].id, "Dawn")
        assert one.sessions.find("dawn").number == 1
        assert one.sessions.by_id(stored[4].id).name == ""
        one.sessions.remove([each.id for each in stored])
        with pytest.raises(LibraryError, match="playlist-builder build"):
            one.sessions.last()
        assert one.sessions.all() == []


def test_a_file_belongs_to_the_session_that_was_written_to_it_last(path):
    with Database(path) as one:
        one.sessions.store(entry("aa", files=(FILE,)), entry("bb"))
        assert one.sessions.of_file(FILE.path).id == "aa" * 8
        one.sessions.add_file("bb" * 8, FILE)
        assert one.sessions.of_file(FILE.path).id == "bb" * 8
        assert one.sessions.by_id("aa" * 8).files == ()
        assert one.sessions.of_file("/other") is None
        one.sessions.remove(["bb" * 8])
        one.sessions.add_file("bb" * 8, FILE)  # it was removed while the file was written
        assert not one._read("SELECT path FROM written")  # noqa: SLF001 - what no method returns


@pytest.mark.parametrize(
    "name", ["", " ", "12", ".", "..", "-o", " -", "a/b", "a.m3u8", "a\nb", "x" * 101]
)
def test_a_name_is_neither_a_number_nor_a_file(name):
    with pytest.raises(RequestError):
        session_name(name)
    assert session_name(" evening ") == "evening"


def test_sessions_come_back_from_the_backup(path):
    with Database(path) as one:
        one.sessions.store(entry("aa", "evening", files=(FILE,)))
    Path(path).unlink()
    with Database(path) as one:
        (found,) = one.sessions.all()
        assert (found.number, found.name, found.files) == (1, "evening", (FILE,))
        kept = session_json.parse(one.sessions.document(found.id), "1")
        assert kept == session_json.parse(entry("aa")[1], "1")


def test_sessions_of_a_backup_get_numbers_of_their_own(path, tmp_path):
    """Where the file at that path is another library than the one that was backed up."""
    with Database(path) as one:
        one.sessions.store(entry("aa"))
    other = str(tmp_path / "other.db")
    with Database(other) as one:
        one.sessions.store(entry("bb"))
    Path(other).replace(path)
    with Database(path) as one:
        assert sorted(each.number for each in one.sessions.all()) == [1, 2]


def test_a_number_never_means_two_sessions(path, tmp_path):
    """Not the number of one that was removed, which comes back neither from a copy nor a merge."""
    other = str(tmp_path / "other.db")
    with Database(path) as one:
        one.sessions.store(entry("aa"), entry("bb"))
    shutil.copy(path, other)
    with Database(path) as one:
        one.sessions.remove(["bb" * 8])
        (new,) = one.sessions.store(entry("cc"))
        assert new.number == 3
        one.sessions.remove([new.id])
        with one.open_other(other) as two:
            assert merge(one, two, lambda _: False).kept == 0
    for copied in (other, None):  # an older state of the library, or none
        Path(path).unlink()
        if copied:
            shutil.copy(copied, path)
        with Database(path) as one:
            assert [each.number for each in one.sessions.all()] == [1]
            assert one.sessions.removed() == {"bb" * 8, "cc" * 8}
    with Database(path) as one:
        assert one.sessions.store(entry("dd"))[0].number == 4
        one.sessions.remove(["aa" * 8])
        assert one.sessions.new_id(entry("aa")[1]) != "aa" * 8


def test_the_same_session_under_another_name_is_another_one(path):
    with Database(path) as one:
        made, text = entry("aa", "evening")
        own = one.sessions.new_id(text)
        one.sessions.store((replace(made, id=own), text))
        assert one.sessions.new_id(text) == own
        assert one.sessions.new_id(text, "Evening") == own
        other = one.sessions.new_id(text, "dawn")
        assert other != own
        one.sessions.store((replace(made, id=other, name="dawn"), text))
        assert one.sessions.new_id(text, "dawn") == other


def test_a_library_from_before_keeps_what_it_has(path, monkeypatch):
    before = [each.__name__ for each in schema.MIGRATIONS].index("_add_kept")
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:before])
        first = schema.USER_TABLES.index(keeping.TABLES[0])
        older.setattr(schema, "USER_TABLES", schema.USER_TABLES[:first])
        with Database(path) as one:
            one.store_mark("5f", Mark(banned=True))
    with Database(path) as one:
        assert one.mark("5f").banned
        assert one.sessions.all() == []
        one.sessions.store(entry(person="A7"))
        assert one.forget_name("A7") == []  # also in the copy from before, without these tables


def test_nothing_is_left_of_a_forgotten_person(path):
    with Database(path) as one:
        one.sessions.store(entry("aa", person="Anemone"), entry("bb", person="B2"))
        assert [each.id for each in one.sessions.all("Anemone")] == ["aa" * 8]
        one.forget_name("Anemone")
        assert [each.id for each in one.sessions.all()] == ["bb" * 8]
    for file in Path(path).parent.iterdir():
        assert b"Anemone" not in file.read_bytes()


def test_sessions_of_another_library_come_along_under_free_numbers(path, tmp_path):
    other = str(tmp_path / "other.db")
    with Database(path) as one, Database(other) as two:
        one.sessions.store(entry("aa", files=(FILE,)), entry("cc"))
        changed, text = entry("cc")
        two.sessions.store(
            entry("bb", "evening", files=(replace(FILE, path="/m/theirs.m3u8"),)),
            (changed, text.replace('"seed": 0', '"seed": 1')),
        )
    with Database(path) as one:
        for added in (1, 0):
            with one.open_other(other) as two:
                report = merge(one, two, lambda _: False)
            assert report.kept == added
            (conflict,) = report.conflicts
            assert (conflict.name, conflict.what) == ("session 2", "last change")
        new = one.sessions.find("evening")
        assert (new.number, new.files) == (3, ())
        assert one.sessions.of_file(FILE.path).number == 1


def merged(path, *theirs, ours=()):
    """Return the report of a merge of sessions into a library that keeps others."""
    other = f"{path}.other"
    with Database(path) as one, Database(other) as two:
        one.sessions.store(*ours)
        two.sessions.store(*theirs)
    with Database(path) as one, one.open_other(other) as two:
        return merge(one, two, lambda _: False)


def test_a_name_here_is_not_taken_by_a_session_that_is_merged(path):
    report = merged(
        path, entry("cc", "Evening"), entry("dd", "dawn"), ours=[entry("aa", "evening")]
    )
    assert report.conflicts == [Conflict("cc" * 8, "Evening", "session of this name", 1, 1)]
    with Database(path) as one:
        assert [each.name for each in one.sessions.all()] == ["evening", "", "dawn"]


def test_the_last_session_is_the_last_after_a_merge_too(path):
    """Those that come are in their order, before all that are here."""
    merged(path, *map(entry, ("cc", "dd", "cc")), ours=[entry("aa"), entry("bb"), entry("aa")])
    with Database(path) as one:
        by_turn = sorted(one.sessions.all(), key=lambda each: each.turn)
        assert [each.id[:2] for each in by_turn] == ["dd", "cc", "bb", "aa"]
        assert all(each.turn for each in by_turn)  # 0 stands for none
        assert one.sessions.last().id == "aa" * 8
        one.sessions.remove(["aa" * 8, "bb" * 8])
        assert one.sessions.last().id == "cc" * 8
        assert one.sessions.store(entry("ee"))[0] == one.sessions.last()


def test_an_invalid_session_is_not_merged(path, tmp_path):
    other = str(tmp_path / "other.db")
    with Database(other) as two:
        two.sessions.store(entry())
    execute(other, "UPDATE kept SET tracks = 'x'")
    with Database(path) as one, one.open_other(other) as two:
        with pytest.raises(LibraryError):
            merge(one, two, lambda _: False)
        assert one.sessions.all() == []


@pytest.mark.parametrize(
    "change", ["UPDATE documents SET document = x'00'", "DELETE FROM documents"]
)
def test_a_damaged_session_stops_the_merge_of_no_other(path, tmp_path, change):
    """Neither one there, which is left out, nor one here, which stays as it is."""
    other = str(tmp_path / "other.db")
    with Database(path) as one, Database(other) as two:
        one.sessions.store(entry("bb"))
        two.sessions.store(entry("aa"), entry("bb"), entry("cc"))
    execute(other, f"{change} WHERE id = '{'aa' * 8}'")
    execute(path, f"{change} WHERE id = '{'bb' * 8}'")
    with Database(path) as one, one.open_other(other) as two:
        report = merge(one, two, lambda _: False)
        assert [each.id[:2] for each in one.sessions.all()] == ["bb", "cc"]
        one.sessions.remove(["bb" * 8])
    assert (report.kept, list(report.damaged)) == (1, [1])
    assert [each.what for each in report.conflicts] == ["last change"]


def execute(path, sql):
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(sql)


def test_a_session_gets_no_other_name_than_it_could_be_kept_under(path):
    with Database(path) as one:
        one.sessions.store(entry("aa", "evening"), entry("bb"))
        for own, name in (("bb", ""), ("bb", "12"), ("bb", "-o"), ("cc", "evening")):
            with pytest.raises((LibraryError, RequestError)):
                one.sessions.rename(own * 8, name)
        assert [each.name for each in one.sessions.all()] == ["evening", ""]


def test_an_invalid_row_is_passed_over(path):
    with Database(path) as one:
        one.sessions.store(entry("aa"), entry("bb"))
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE kept SET name = x'00' WHERE number = 1")
        raw.execute("UPDATE documents SET document = x'00' WHERE id = ?", ("bb" * 8,))
    with Database(path) as one:
        assert [each.number for each in one.sessions.all()] == [2]
        with pytest.raises(LibraryError, match="cannot read one of its sessions"):
            one.sessions.document("bb" * 8)


def test_a_kept_session_is_a_value():
    one, _ = entry()
    assert one == KeptSession("aa" * 8, 0, "", "", AT, AT, "arc", 60.0, 1)


def test_a_change_of_what_has_changed_meanwhile_is_refused(path):
    with Database(path) as one:
        (first,) = one.sessions.store(entry("aa"))
        kept, document = entry("aa")
        (second,) = one.sessions.store((replace(kept, turn=first.turn), document))
        with pytest.raises(LibraryError, match="changed by another command meanwhile"):
            one.sessions.store((replace(kept, turn=first.turn), document + " "))
        assert one.sessions.all() == [second]
        assert one.sessions.document(kept.id) == document
        one.sessions.remove([kept.id])
        with pytest.raises(LibraryError, match="was removed by another command meanwhile"):
            one.sessions.store((replace(kept, turn=second.turn), document))


def test_no_word_is_no_session(path):
    with Database(path) as one:
        one.sessions.store(entry("aa", "evening"))
        with pytest.raises(LibraryError, match="Give the number or the name"):
            one.sessions.find(" ")
