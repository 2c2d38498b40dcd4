"""A program builds from a library by the way that commands take."""

import json
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace

import pytest

from playlist_builder.errors import (
    ArrangeError,
    LibraryError,
    ProfileError,
    RequestError,
    SessionError,
)
from playlist_builder.library.errors import LibraryBusyError
from playlist_builder.library.history import PlayedSession
from playlist_builder.playlists import session_json, session_states
from playlist_builder.profiles import find
from playlist_builder.session_request import SessionRequest
from playlist_builder.sessions import build
from playlist_builder.sessions.editor import SessionEditor
from playlist_builder.sessions.library import Library
from tests.support.libraries import fill_there

AT = "2026-05-01T10:00:00+02:00"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("built")
    fill_there(made)
    return made


@pytest.fixture
def library(folder):
    with Library.open(folder / "l.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def session(folder):
    with Library.open(folder / "l.db") as opened:
        return opened.build(REQUEST)


REQUEST = SessionRequest("arc", duration_s=800.0)


def heard(session):
    return {slot.identity for slot in (*session.slots, *session.tail)}


def test_a_session_knows_all_that_builds_it_again(library, session, folder):
    asked = session.request
    assert asked.library == str(folder / "l.db")
    assert asked.profile_text == find.read_text("arc")
    selection = build.select(asked, build.profile_of(asked), library)
    assert build.build_alternatives(selection) == [session]


def test_a_session_that_was_removed_comes_back_as_a_new_one(session, tmp_path):
    """Which a restore does not take for the one that went."""
    with Library.open(tmp_path / "l.db") as library:
        first = library.keep(session, at=AT)
        library.sessions.remove([first.request.kept_id])
        again = library.keep(first, at=AT)
        assert again.request.kept_id != first.request.kept_id
        assert library.keep(again, at=AT).request.kept_id == again.request.kept_id
    (tmp_path / "l.db").unlink()
    with Library.open(tmp_path / "l.db") as library:
        assert [each.id for each in library.sessions.all()] == [again.request.kept_id]


def test_what_cannot_be_kept_is_refused_before_anything_is_written(session, tmp_path):
    slots = (replace(session.slots[0], path="a.flac"), *session.slots[1:])
    request = replace(session.request, name="A7", asked_at=AT)
    with Library.open(tmp_path / "l.db") as library:
        with pytest.raises(SessionError, match="Session that is to be kept"):
            library.keep(replace(session, slots=slots, request=request), at=AT)
        assert not library.sessions.all()
        assert not library.history.names()


def test_alternatives_and_series_are_those_of_the_commands(library, monkeypatch):
    two = library.build_alternatives(REQUEST, 2)
    assert [each.request.alternative for each in two] == [1, 2]
    assert library.build(two[1].request).slots == two[1].slots
    monkeypatch.setattr(build, "build_series", lambda *asked: asked)
    selection, count = library.build_series(REQUEST, 3)
    assert (selection.request, count) == (replace(two[0].request, alternative=1), 3)


@pytest.mark.parametrize("at", ["13:20", "99:00", "9:00:00"])
def test_a_pin_beyond_the_end_is_refused(library, at):
    with pytest.raises(RequestError, match=f"--pin 'Title 3@{at}': the session ends at 13:20."):
        library.build(replace(REQUEST, pins=(f"Title 3@{at}",)))
    asked = replace(REQUEST, pins=(f"Title 3@{at}",), pinned=("0003",))
    assert build.select(asked, build.profile_of(asked), library).constraints.pins  # it has moved


def test_an_alternative_that_is_not_there_any_more_is_told(library, monkeypatch):
    monkeypatch.setattr(build, "build_alternatives", lambda *_: ["first"])
    with pytest.raises(ArrangeError, match="no alternative number 2 any more"):
        library.build(replace(REQUEST, alternative=2))


def test_what_was_played_for_a_name_is_not_played_again(library, session):
    before = heard(session)
    played = PlayedSession("ab" * 8, "A7", AT, "", "arc", 800.0, tuple(before))
    library.history.store(played)
    asked = replace(REQUEST, name="A7", asked_at="2026-05-03T10:00:00+02:00")
    assert not before & heard(library.build(asked))


def test_a_profile_is_found_where_the_program_says(library, tmp_path):
    text = find.read_text("arc").replace('title = "', 'title = "My ')
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    mine = replace(REQUEST, profile="mine")
    assert library.build(mine, profile_folders=[tmp_path]).request.profile_text == text
    assert library.build(replace(mine, profile_text=text)).profile == "mine"
    with pytest.raises(ProfileError, match="No profile 'mine'"):
        library.build(mine)


def test_paths_count_from_where_they_were_given(library, folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    asked = library.build(replace(REQUEST, music=(folder.name,))).request
    assert asked.music == (str(folder),)


def test_the_users_own_library_is_not_named_so_that_a_session_can_move(library, monkeypatch):
    monkeypatch.setattr("playlist_builder.sessions.keep.user_path", lambda: library.path)
    assert library.build(REQUEST).request.library is None


def test_another_thread_is_told_to_open_its_own(library, session, folder):
    told = []

    def work():
        try:
            library.build(REQUEST)
        except LibraryError as error:
            told.append(str(error))
        with Library.open(folder / "l.db") as own:
            told.append(own.build(session.request) == session)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert "by another thread than the one that opened it" in told[0]
    assert "open it again there with Library.open" in told[0]
    assert told[1]


def test_what_is_asked_for_is_not_read_as_something_else(library):
    with pytest.raises(RequestError, match="--level 'high'"):
        library.build(replace(REQUEST, levels=("high",)))
    with pytest.raises(LibraryError, match="No track 'nothing'"):
        library.build(replace(REQUEST, pins=("nothing",)))


def test_a_kept_session_is_found_by_number_and_name_and_keeps_its_states(library, session):
    first = library.keep(session, at=AT, name="evening")
    (kept,) = library.sessions.all()
    assert (kept.name, kept.id) == ("evening", first.request.kept_id)
    assert heard(first) == heard(session)
    assert (
        library.session(1)
        == library.session("1")
        == library.session("even")
        == library.session()
        == first
    )
    editor = SessionEditor(library, first)
    second = library.keep(editor.pin(2).session, at=AT)
    assert [each.number for each in library.sessions.all()] == [1]
    assert library.session("evening") == second != first
    undone = session_states.undo(library.sessions.document(kept.id), "1")
    assert session_json.parse(undone, "1").slots == first.slots
    assert library.keep(second, at=AT) == second
    assert len(json.loads(library.sessions.document(kept.id))["earlier"]) == 1
    library.sessions.remove([kept.id])


def test_an_editor_is_kept_with_all_its_states(library, session):
    """And opened again with them, by a program or by the commands, which keep as many."""
    editor = SessionEditor(library, session)
    states = [session, editor.pin(2).session, editor.pin(3).session]
    editor.undo()
    kept = library.keep(editor, name="evening")
    assert editor.session == kept
    assert editor.redo().session.request.pins == states[2].request.pins
    assert editor.session.request.kept_id == kept.request.kept_id
    library.keep(editor, at=AT)
    (row,) = library.sessions.all()
    text = session_states.undo(library.sessions.document(row.id), "1")
    assert session_json.parse(text, "1").request.pins == states[1].request.pins
    again = SessionEditor(library, library.session())
    assert [again.undo().session.request.pins for _ in states[1:]] == [
        each.request.pins for each in states[1::-1]
    ]
    assert again.session.request.kept_id == row.id
    with pytest.raises(RequestError, match="no change to undo"):
        again.undo()
    library.keep(again)
    assert SessionEditor(library, library.session()).redo().session.request.pins
    with pytest.raises(LibraryError, match="changed by another command meanwhile"):
        library.keep(editor)
    old = SessionEditor(library, kept)  # a state of before, which somebody goes on with
    assert old.undo().session == library.session()
    library.sessions.remove([row.id])


def test_a_session_that_is_for_somebody_else_now_says_nothing_of_the_one_before(library):
    first = library.keep(library.build(replace(REQUEST, name="Anemone", asked_at=AT)), at=AT)
    editor = SessionEditor(library, first)
    editor.pin(2)
    first = library.keep(editor, at=AT)
    renamed = replace(first, request=replace(first.request, name="B2"))
    library.keep(renamed, at=AT)
    assert [each.person for each in library.sessions.all()] == ["B2"]
    assert not library.history.of("Anemone").sessions
    assert "Anemone" not in library.sessions.document(first.request.kept_id)
    again = SessionEditor(library, library.session())
    assert again.undo().session.request.name == "B2"
    library.keep(again, at=AT)
    assert len(library.history.of("B2").sessions) == 1
    library.forget_name("B2")


def test_what_cannot_be_kept_is_one_line(library, session):
    with pytest.raises(SessionError, match="does not say how it was made"):
        library.keep(replace(session, request=None), at=AT)
    with pytest.raises(RequestError, match="at: give a time with its offset"):
        library.keep(session, at="yesterday")
    with pytest.raises(RequestError, match="reads like a number"):
        library.keep(session, at=AT, name="7")
    assert not library.sessions.all()


def test_a_session_that_is_kept_for_somebody_counts_as_played(library):
    asked = replace(REQUEST, name="B2", asked_at=AT)
    first = library.keep(library.build(asked), at=AT)
    (played,) = library.history.of("B2").sessions
    assert set(played.tracks) == heard(first)
    assert library.keep(first, at=AT).request.session == played.session
    later = replace(asked, asked_at="2026-05-01T12:00:00+02:00")
    assert not heard(first) & heard(library.build(later))


def test_a_rescue_is_built_from_what_is_there(library, monkeypatch):
    session = library.build_rescue()
    assert (session.profile, session.request.library) == ("rescue", library.path)
    calm = library.tracks().energy
    assert max(slot.energy for slot in session.slots) <= sorted(calm)[len(calm) // 2]
    gone = session.slots[0].path
    monkeypatch.setattr(
        "playlist_builder.sessions.presence.missing_files",
        lambda paths: [each for each in paths if each == gone],
    )
    again = library.build_rescue()
    assert gone not in [slot.path for slot in (*again.slots, *again.tail)]
    assert "missing_files" in {each.code for each in again.warnings}


@pytest.mark.parametrize("is_edited", [False, True])
def test_who_cannot_wait_is_told_at_once_that_another_process_writes(
    library, session, folder, is_edited
):
    library.keep(session)
    made = SessionEditor(library, library.session()) if is_edited else session
    with closing(sqlite3.connect(folder / "l.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LibraryBusyError, match="try again"):
            library.keep(made, wait=False)
        other.execute("ROLLBACK")
    assert library.keep(made, wait=False).request is not None
