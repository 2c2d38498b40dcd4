"""A session that plays is steered: what has played stays, what follows does as it is told."""

import numpy as np
import pytest

from playlist_builder.library.library import Library
from playlist_builder.playlists.session_json import dump, parse
from playlist_builder.profiles import find as profiles
from playlist_builder.profiles.own import own_profile
from playlist_builder.session_request import SessionRequest
from playlist_builder.sessions import build
from playlist_builder.sessions.editor import SessionEditor
from tests.support.libraries import fill_there

AT_S = 250.0


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A library of music that is there, and a session of it."""
    folder = tmp_path_factory.mktemp("steer")
    fill_there(folder, 200)
    request = SessionRequest("arc", profiles.read_text("arc"), duration_s=2400.0)
    with Library.open(folder / "l.db") as library:
        selection = build.select(request, build.profile_of(request), library)
        (session,) = build.build_alternatives(selection)
        yield library, session


@pytest.fixture
def editor(made):
    return SessionEditor(*made)


def played(session, at_s):
    return [
        (slot.identity, slot.start_s, slot.end_s) for slot in session.slots if slot.start_s < at_s
    ]


def behind(session, at_s, until_s=np.inf):
    """Return the mean energy of what begins in a span."""
    some = [slot for slot in session.slots if at_s < slot.start_s < until_s]
    return np.average([slot.energy for slot in some], weights=[slot.duration_s for slot in some])


CHANGES = {
    "softer": lambda editor, at_s, skip: editor.shift(-0.15, at_s=at_s, skip=skip),
    "deeper": lambda editor, at_s, skip: editor.shift(0.15, at_s=at_s, skip=skip),
    "hold": lambda editor, at_s, skip: editor.hold(600.0, at_s=at_s, skip=skip),
    "rest": lambda editor, at_s, skip: editor.rest(120.0, at_s=at_s, skip=skip),
    "calm": lambda editor, at_s, skip: editor.calm(at_s=at_s, skip=skip),
    "next": lambda editor, at_s, skip: editor.next_phase(at_s=at_s, skip=skip),
    "more": lambda editor, at_s, skip: editor.replan(at_s=at_s, skip=skip, extend_s=600.0),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("skip", [False, True])
def test_what_has_played_stays_and_undo_gives_the_same_session_back(editor, made, name, skip):
    before = made[1]
    after = CHANGES[name](editor, AT_S, skip).session
    current = played(before, AT_S)
    assert played(after, AT_S)[:-1] == current[:-1]
    own, start_s, end_s = played(after, AT_S)[-1]
    assert (own, start_s) == current[-1][:2]
    assert end_s == (AT_S if skip else current[-1][2])
    assert after.request.changes
    assert own_profile(after).duration_s == pytest.approx(after.target_s)
    assert parse(dump(after), "it").request.changes == after.request.changes
    assert editor.undo().session is before
