"""A request is read against the library of today, and every session takes this way."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from playlist_builder.errors import LibraryError, RequestError, SessionError
from playlist_builder.library.history import Ban, PlayedSession, Rating
from playlist_builder.library.library import Library
from playlist_builder.models import Mark
from playlist_builder.profiles import find as profiles
from playlist_builder.session_request import SessionRequest
from playlist_builder.sessions import build, preferences
from playlist_builder.sessions.draft import draft_of, session_of
from tests.support import records
from tests.support.libraries import fill


def request(**more):
    usual = {"duration_s": 600.0, "track_minutes": (0.5, 15.0)}
    return SessionRequest("arc", profiles.read_text("arc"), **usual | more)


@pytest.fixture
def library(demo_library):
    with Library.open(demo_library[1]) as opened:
        yield opened


def selected(library, **more):
    one = request(**more)
    return build.select(one, build.profile_of(one), library)


def test_the_profile_has_the_duration_and_levels_of_the_request():
    profile = build.profile_of(request(levels=("calm=0.1",)))
    assert profile.duration_s == 600.0
    assert profile.rules.track_min_s == 30.0
    assert profile.target(np.array([5.0])) == pytest.approx([0.1])


def test_a_session_knows_how_it_was_asked_for_and_repeats(library):
    one = selected(library, pins=("Thaw@2",))
    (session,) = build.build_alternatives(one)
    assert session.slots[1].title == "Thaw"
    assert session.request.pinned == (session.slots[1].identity,)
    again = build.select(session.request, build.profile_of(session.request), library)
    assert build.build_alternatives(again) == [session]


def test_a_levelled_session_is_made_again_as_such(library):
    one = selected(library, levelled=True)
    (session,) = build.build_alternatives(one)
    assert session.request.levelled
    assert one.constraints.levelled
    again = build.select(session.request, build.profile_of(session.request), library)
    assert draft_of(again, session).objective.constraints.levelled
    assert all(slot.style_step is not None for slot in session.slots[1:])


def test_alternatives_are_numbered_and_missing_ones_are_told(library):
    first, second = build.build_alternatives(selected(library), 2)
    assert (first.request.alternative, second.request.alternative) == (1, 2)
    few = build.build_alternatives(selected(library, duration_s=1200.0), 6)
    assert any(f"only {len(few)} of 6 sessions" in str(each) for each in few[0].warnings)


def test_music_of_other_folders_is_left_out(library):
    with pytest.raises(LibraryError, match="No music that can be used lies in /nowhere"):
        selected(library, music=("/nowhere",))
    assert len(selected(library).tracks) == 28


def test_music_is_in_every_folder_in_which_it_lies(tmp_path):
    path = fill(tmp_path / "library.db", 30, folder="/a")
    with Library.open(path) as opened:
        database = opened._database  # noqa: SLF001 - rows as a scan leaves them
        for file in database.tagged_files()[:20]:
            copied = replace(file, path=file.path.replace("/a/", "/b/"))
            database.store(copied, None)
        one = selected(opened, music=("/b",), pins=("Title 1@1",), track_minutes=(2.0, 15.0))
        assert len(one.tracks) == 20
        assert all(path.startswith("/b/") for path in one.tracks.paths)
        (session,) = build.alternatives(
            one.tracks, one.profile, 1, constraints=replace(one.constraints, duration_s=600.0)
        )
        assert session.slots[0].path == "/b/1.flac"
        assert len(selected(opened, music=("/a",)).tracks) == 30
        assert len(selected(opened, music=("/b", "/a")).tracks) == 30
        assert len(opened.tracks(folders=["/b"])) == 20
        assert len(opened.tracks(folders=["/"])) == 30


@pytest.mark.parametrize(
    ("text", "phase"),
    [("Thaw@peak", "emotional peak"), ("Thaw@Rise", "rise"), ("Thaw@3", None), ("Thaw", None)],
)
def test_a_pin_may_name_a_phase(library, text, phase):
    one = selected(library, pins=(text,))
    assert one.constraints.pins[0].phase == phase
    again = build.select(one.request, build.profile_of(one.request), library)
    assert again.constraints.pins == one.constraints.pins


def test_a_pin_in_no_phase_is_told_which_there_are(library):
    with pytest.raises(RequestError, match="or a phase: calm, rise, emotional peak, descent"):
        selected(library, pins=("Thaw@peek",))


@pytest.mark.parametrize("pin", ["Thaw@0", "Thaw@-0", "@3:61"])
def test_a_pin_that_says_no_place_is_refused(library, pin):
    with pytest.raises((RequestError, LibraryError)):
        selected(library, pins=(pin,))


def test_what_no_playlist_can_hold_is_left_out_and_told(library, monkeypatch):
    one = selected(library)
    assert build.holdable_in(one, [".m3u8"]) is one
    path = one.tracks.paths[0]
    monkeypatch.setattr(
        build, "unsupported_reason", lambda each, _: "a reason" if each == path else ""
    )
    left = build.holdable_in(one, [".m3u8"])
    assert path not in left.tracks.paths
    assert [str(each) for each in left.notes] == [f"left out {path}: a reason"]


def test_a_session_becomes_a_draft_of_the_same_tracks(library):
    one = selected(library, pins=("Thaw",))
    (session,) = build.build_alternatives(one)
    draft = draft_of(one, session)
    assert [track.identity for track in draft.order] == [slot.identity for slot in session.slots]
    assert [identity for _, identity in draft.pins] == [*session.request.pinned]


def test_a_track_that_the_library_lost_is_a_missing_one_as_the_session_knew_it(library):
    one = selected(library)
    (session,) = build.build_alternatives(one)
    gone = replace(session.slots[0], identity="gone", path="/gone.flac")
    session = replace(session, slots=(gone, *session.slots[1:]))
    draft = draft_of(one, session)
    assert [track.missing for track in draft.order[:2]] == [True, False]
    slot = session_of(draft).slots[0]
    assert slot.contour == pytest.approx(gone.contour, abs=0.02)
    for name in ("title", "artist", "album", "path", "end_s", "loudness_lufs", "vocals", "phase"):
        assert getattr(slot, name) == getattr(gone, name)
    all_gone = (replace(each, identity=f"{n}") for n, each in enumerate(session.slots))
    with pytest.raises(SessionError, match="not there any more"):
        draft_of(one, replace(session, slots=tuple(all_gone)))


FLAC, MP3, OTHER = "0000", "0001", "0002"


@pytest.fixture
def formats(tmp_path):
    """A library in which one recording lies in two formats, of which one has no tags."""
    path = fill(tmp_path / "formats.db", 6)
    with closing(sqlite3.connect(path)) as raw, raw:
        for column in ("scalars", "contour"):
            raw.execute(
                f"UPDATE features SET {column} ="  # noqa: S608 - names of columns
                f" (SELECT {column} FROM features WHERE identity = ?) WHERE identity = ?",
                (FLAC, MP3),
            )
    with Library.open(path) as opened:
        yield opened


def constraints(library, **more):
    return selected(library, **more).constraints


def test_what_is_avoided_is_avoided_in_every_format(formats, tmp_path):
    file = tmp_path / "last.m3u8"
    file.write_text("#EXTM3U\n/m/0.flac\n", encoding="utf-8")
    assert constraints(formats, avoid=(str(file),)).avoid == {FLAC, MP3}


def test_what_was_played_banned_and_rated_holds_for_every_format(formats):
    at = "2026-11-01T12:00:00+00:00"
    session = PlayedSession("0" * 16, "A7", at, "", "arc", 600.0, (MP3,))
    formats.history.store(session)
    asked = {"name": "A7", "asked_at": "2026-11-02T12:00:00+00:00", "within_s": 1e6}
    assert constraints(formats, **asked).avoid == {FLAC, MP3}
    formats.history.ban("A7", Ban(FLAC, "", "x"))
    assert constraints(formats, **asked).bans == {FLAC, MP3}
    formats.history.rate("A7", Rating(MP3, "down", "", at, "", "x"))
    prefer = constraints(formats, **asked).prefer
    tracks = {track.identity: track for track in formats.tracks()}
    assert prefer(tracks[FLAC]) == prefer(tracks[MP3]) < prefer(tracks[OTHER])


def test_a_ban_for_all_holds_for_every_format(formats):
    formats.mark(FLAC, Mark(banned=True))
    assert constraints(formats).bans == {FLAC, MP3}


def test_what_is_banned_since_is_told_of_every_format(formats):
    """Of a session that holds one format, where another was banned: for all, or for its person."""
    kept = records.session(tracks=2)
    slots = [
        replace(slot, identity=own) for slot, own in zip(kept.slots, (OTHER, MP3), strict=True)
    ]
    kept = replace(kept, slots=tuple(slots))
    assert preferences.banned_slots(formats, kept) == []
    formats.history.ban("A7", Ban(FLAC, "", "x"))
    assert preferences.banned_slots(formats, kept) == []
    personal = replace(kept, request=replace(kept.request, name="A7"))
    assert preferences.banned_slots(formats, personal) == [2]
    formats.mark(FLAC, Mark(banned=True))
    formats.mark(OTHER, Mark(banned=True))
    assert preferences.banned_slots(formats, kept) == [1, 2]


def test_what_was_thrown_out_is_not_built_again(formats):
    assert constraints(formats, thrown_out=(OTHER,)).avoid == {OTHER}
    assert constraints(formats, thrown_out=(OTHER,), pins=("Title 2",)).avoid == set()
