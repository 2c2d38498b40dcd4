"""No session is made of music that is not there; little of it is left out, much is refused."""

import shutil
from pathlib import Path

import pytest

from playlist_builder.errors import LibraryError, SessionError
from playlist_builder.library.library import Library
from playlist_builder.profiles import find as profiles
from playlist_builder.session_request import SessionRequest
from playlist_builder.sessions import build, presence
from playlist_builder.sessions.draft import changed, draft_of
from playlist_builder.sessions.edit import dropped, swapped


@pytest.fixture
def library(own_demo):
    with Library.open(own_demo / "l.db") as opened:
        yield opened


def selected(library, **more):
    usual = {"duration_s": 360.0, "track_minutes": (0.5, 15.0), "allow_short": True}
    one = SessionRequest("arc", profiles.read_text("arc"), **usual | more)
    return build.select(one, build.profile_of(one), library)


def notes(session):
    return [note for note in session.warnings if note.code == presence.LEFT_OUT]


def lose(*paths):
    for path in paths:
        path.unlink()


def role(session, name):
    """Return the files of one part of a session."""
    files = presence.files_of(session)
    first, second = len(session.slots), len(session.slots) + len(session.tail)
    parts = {"slots": files[:first], "tail": files[first:second], "spares": files[second:]}
    return parts[name]


@pytest.mark.parametrize("name", ["slots", "tail", "spares"])
def test_what_is_gone_is_left_out_and_told(library, name):
    (before,) = build.build_alternatives(selected(library))
    gone = role(before, name)[:3]
    assert gone
    lose(*map(Path, gone))
    (after,) = build.build_alternatives(selected(library))
    assert not presence.missing_files(presence.files_of(after))
    (note,) = notes(after)
    assert str(note).startswith(f"{len(gone)} of 28 tracks are not there and left out")
    assert f"such as {min(gone)}: is the drive mounted?" in str(note)
    assert build.explained(selected(library), after)


def test_series_and_alternatives_hold_nothing_that_is_gone(library):
    (before,) = build.build_alternatives(selected(library))
    lose(*map(Path, role(before, "slots")[:3]))
    one = selected(library)
    for each in (*build.build_alternatives(one, 2), *build.build_series(one, 2)):
        assert not presence.missing_files(presence.files_of(each))
        assert notes(each)


def test_nothing_is_told_where_all_is_there(library):
    (session,) = build.build_alternatives(selected(library))
    assert not notes(session)


@pytest.mark.parametrize("known", [False, True])
def test_without_its_drive_no_session_is_made(library, own_demo, known):
    """Whether a scan has met that or not."""
    shutil.rmtree(own_demo / "music")
    (own_demo / "music").mkdir()
    if known:
        library.scan(own_demo / "music")
    with pytest.raises(LibraryError, match=r"28 of 28 tracks are not there.*drive mounted"):
        build.build_alternatives(selected(library))


def test_a_pinned_track_that_is_gone_is_told(library):
    track = library.find("Thaw")
    lose(Path(track.path))
    with pytest.raises(LibraryError, match=r"pinned track '.*Thaw.*' is not there"):
        build.build_alternatives(selected(library, pins=("Thaw",)))


@pytest.mark.parametrize("edit", [swapped, dropped])
def test_a_change_brings_in_nothing_that_is_gone(library, edit):
    one = selected(library)
    (before,) = build.build_alternatives(one)
    draft = draft_of(one, before)
    first = changed(draft, lambda each: edit(each, 1))
    kept = {slot.path for slot in before.slots}
    gone = [path for path in presence.files_of(first) if path not in kept][:3]
    assert gone
    lose(*map(Path, gone))
    after = changed(draft, lambda each: edit(each, 1))
    assert not presence.missing_files(presence.files_of(after))
    assert notes(after)


@pytest.mark.parametrize("edit", [swapped, dropped])
def test_what_is_gone_can_be_taken_out_though_more_is_gone(library, edit):
    one = selected(library)
    (before,) = build.build_alternatives(one)
    lose(Path(before.slots[1].path), Path(before.slots[3].path))
    draft = draft_of(one, before)
    assert [track.missing for track in draft.order][:4] == [False, True, False, True]
    after = changed(draft, lambda each: edit(each, 1))
    assert presence.missing_files(presence.files_of(after)) == [before.slots[3].path]
    again = changed(draft_of(one, after), lambda each: edit(each, after.slots.index(lost(after))))
    assert not presence.missing_files(presence.files_of(again))


def lost(session):
    return next(slot for slot in session.slots if not Path(slot.path).exists())


def test_where_all_of_a_session_is_gone_its_drive_is_not_there(library):
    one = selected(library)
    (before,) = build.build_alternatives(one)
    lose(*(Path(slot.path) for slot in before.slots))
    with pytest.raises(SessionError, match="not there any more"):
        draft_of(one, before)
    assert all(track.missing for track in draft_of(one, before, playing=True).order)


def test_music_that_is_back_since_the_last_scan_is_asked_to_be_scanned(library, own_demo):
    """The scan saw an empty folder, as of a drive that was not mounted."""
    music, away = own_demo / "music", own_demo / "away"
    music.rename(away)
    music.mkdir()
    library.scan(music)
    music.rmdir()
    away.rename(music)
    with pytest.raises(LibraryError, match=r"found none of the 28 tracks\. Scan their folders"):
        selected(library)


def test_a_session_that_plays_goes_on_with_what_is_left(library):
    tracks = library.tracks()
    lose(*map(Path, tracks.paths[:20]))
    with pytest.raises(LibraryError, match="20 of 28 tracks are not there"):
        presence.without_missing(tracks)
    left, (note,) = presence.without_missing(tracks, most=presence.MOST_MISSING_NOW)
    assert left.paths == tracks.paths[20:]
    assert note.code == presence.LEFT_OUT
    assert presence.without_missing(left) == (left, ())
