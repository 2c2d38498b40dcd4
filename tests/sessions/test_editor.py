"""The editor changes a session in memory, and says what each change did."""

import threading
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from playlist_builder.errors import LibraryError, ProfileError, RequestError, SessionError
from playlist_builder.library.library import Library
from playlist_builder.profiles import find as profiles
from playlist_builder.session_request import SessionRequest
from playlist_builder.sessions import build, draw
from playlist_builder.sessions.difference import Difference
from playlist_builder.sessions.editor import SessionEditor
from tests.support.libraries import fill_there


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A library of music that is there, and a session of it."""
    folder = tmp_path_factory.mktemp("editor")
    fill_there(folder)
    request = SessionRequest("arc", profiles.read_text("arc"), duration_s=1600.0)
    with Library.open(folder / "l.db") as library:
        selection = build.select(request, build.profile_of(request), library)
        (session,) = build.build_alternatives(selection)
    return folder / "l.db", session


@pytest.fixture(scope="module")
def held(made):
    with Library.open(made[0]) as library:
        yield library


@pytest.fixture
def editor(held, made):
    return SessionEditor(held, made[1])


def identities(session):
    return [slot.identity for slot in session.slots]


def outside(editor, library):
    used = {*identities(editor.session), *(slot.identity for slot in editor.session.tail)}
    return next(track for track in library.tracks() if track.identity not in used)


def test_a_long_part_of_the_plan_is_drawn_by_a_quick_search(editor, monkeypatch):
    class SlowError(Exception):
        pass

    def slow(*_, **__):
        raise SlowError

    monkeypatch.setattr(draw, "fill", slow)
    with pytest.raises(SlowError):
        editor.draw(2, 0.5)
    monkeypatch.setattr(draw, "LONG_S", 60.0)
    before = editor.session
    after = editor.draw(2, 0.5).session
    assert identities(after) != identities(before)
    assert after.slots[0].identity == before.slots[0].identity


def test_every_change_returns_the_session_and_what_differs(editor, held, made):
    before = made[1]
    last = len(before.slots)
    session, found = editor.swap(3)
    assert editor.session is session is not before
    assert [each.number for each in found.went] == [3]
    assert [each.slot.identity for each in found.went] == [before.slots[2].identity]
    assert found.came[0].slot in session.slots
    other = outside(editor, held)
    assert editor.swap(2, other).session.slots[1].identity == other.identity
    assert editor.pin(2).difference.pins[0].kind == "pinned"
    assert editor.unpin(2).difference.pins[0].kind == "unpinned"
    moved = editor.move(2, 4).difference.moved
    assert len(moved) in {1, 2}
    assert editor.drop(last).difference.went[0].number == last
    added = editor.insert(outside(editor, held), at=2)
    assert added.difference.came[0].number == 2
    longer = editor.extend(by_s=300.0, phase="rise").session
    assert longer.target_s == before.target_s + 300.0
    assert editor.shorten(by_s=300.0, phase="rise").session.target_s == before.target_s
    replanned = editor.replan(at_s=1100.0, extend_s=120.0).session
    with pytest.raises(RequestError, match="lengthened or steered"):
        editor.draw(1, 0.3)
    assert replanned.target_s == before.target_s + 120.0
    assert replanned.request.changes[-1].at_s is not None


def test_undo_and_redo_step_through_all_states(editor, made):
    states = [made[1], editor.move(2, 4).session, editor.pin(1).session]
    assert editor.undo().session is states[1]
    session, found = editor.undo()
    assert session is states[0]
    assert found.moved
    with pytest.raises(RequestError, match="no change to undo"):
        editor.undo()
    assert editor.redo().session is states[1]
    assert editor.redo().session is states[2]
    with pytest.raises(RequestError, match="No change was undone"):
        editor.redo()
    editor.undo()
    editor.unpin  # noqa: B018 - a change that is only named changes nothing
    assert editor.redo().session is states[2]
    editor.undo()
    editor.pin(2)
    with pytest.raises(RequestError):
        editor.redo()


def test_a_track_of_the_session_names_its_place(editor, held):
    third = held.find(editor.session.slots[2].title)
    assert editor.pin(third).session.request.pinned == (third.identity,)
    assert editor.unpin(third).session.request.pinned == ()


def test_candidates_change_nothing_and_the_marked_one_is_taken(editor, made):
    taken = 0
    for number in (3, 5):
        found = editor.candidates(number)
        assert len(found) <= 5
        assert editor.session is made[1]
        assert [each.cost for each in found] == sorted(each.cost for each in found)
        assert all(each.slot.identity == each.track.identity for each in found)
        chosen = [each for each in found if each.is_choice]
        assert chosen == [each for each in found if not each.stands_out][:1]
        if chosen:
            session = editor.swap(number).session
            assert session.slots[number - 1] == chosen[0].slot
            assert session.cost == pytest.approx(chosen[0].cost)
            assert session.rms_error == pytest.approx(chosen[0].rms_error)
            editor.undo()
            taken += 1
    assert taken


def test_a_change_that_fails_leaves_the_session_as_it_was(editor, made, held):
    for change in (
        lambda: editor.swap(99),
        lambda: editor.drop(0),
        lambda: editor.move(1, 99),
        lambda: editor.insert(outside(editor, held), at=99),
        lambda: editor.pin(2.0),
        lambda: editor.drop(outside(editor, held)),
        lambda: editor.extend(by_s=0.0),
        lambda: editor.shorten(by_s=float("nan")),
        lambda: editor.replan(at_s=-1.0),
        lambda: editor.replan(at_s=float("nan")),
        lambda: editor.replan(at_s=60.0, extend_s=-60.0),
        lambda: editor.replan(at_s=60.0, extend_s=60.0, phase="return"),
        lambda: editor.extend(by_s=float("inf")),
        lambda: editor.candidates(2, 0),
        lambda: editor.unpin(1),
        lambda: editor.extend(by_s=60.0, phase="e"),
        lambda: editor.shorten(by_s=60.0, phase=""),
        lambda: editor.replan(at_s=60.0, phase=""),
    ):
        with pytest.raises((RequestError, ProfileError)) as told:
            change()
        assert "\n" not in str(told.value)
    assert editor.session is made[1]
    with pytest.raises(RequestError, match="no change to undo"):
        editor.undo()


def test_what_comes_in_is_known_and_there(editor, held):
    track = outside(editor, held)
    with pytest.raises(LibraryError, match="is not in the library"):
        editor.insert(replace(track, identity="other"))
    Path(track.path).unlink()
    try:
        with pytest.raises(LibraryError, match="is not there any more"):
            editor.insert(track)
    finally:
        Path(track.path).touch()


def test_a_session_that_does_not_say_how_it_was_made_is_refused(held, made):
    with pytest.raises(SessionError, match="does not say how it was made"):
        SessionEditor(held, replace(made[1], request=None))


def test_an_editor_works_in_another_thread_than_its_library(editor):
    """As a desk does, which keeps its page alive meanwhile."""
    found = []
    thread = threading.Thread(target=lambda: found.append(editor.move(2, 3)))
    thread.start()
    thread.join()
    assert found[0].session is editor.session


def test_two_changes_at_once_are_an_error_that_says_so(editor):
    with editor._alone(), pytest.raises(RequestError, match="Another thread is changing"):  # noqa: SLF001 - as a change of another thread would hold it
        editor.pin(2)
    assert editor.pin(2).difference


def test_a_difference_is_a_value():
    with pytest.raises(FrozenInstanceError):
        Difference().shifted = 1
    assert hash(Difference()) == hash(Difference())
