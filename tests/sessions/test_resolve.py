"""A list comes home: own copies in its order, the nearest for the rest, kept as any session."""

import json
import sqlite3
from contextlib import closing

import pytest

from playlist_builder.errors import PlaylistError
from playlist_builder.library.history import Ban
from playlist_builder.models import Mark
from playlist_builder.playlists.dialects import WORKS
from playlist_builder.playlists.identity import APPLICATION
from playlist_builder.playlists.write import write_session
from playlist_builder.profiles import find
from playlist_builder.report.concerns import concerns
from playlist_builder.report.language import ENGLISH
from playlist_builder.session_request import SessionRequest
from playlist_builder.sessions.library import Library
from tests.support.libraries import fill_there

AT = "2026-05-01T10:00:00+02:00"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A library, and a list of the works of one of its sessions."""
    folder = tmp_path_factory.mktemp("home")
    fill_there(folder)
    with Library.open(folder / "l.db") as library:
        session = library.build(SessionRequest("arc", duration_s=1800.0))
    write_session(session, folder / "list.jspf", dialect=WORKS)
    return folder, session


def plays(session):
    return [slot.identity for slot in session.slots]


def test_a_list_of_own_works_is_the_session_again(home):
    folder, session = home
    with Library.open(folder / "l.db") as library:
        found = library.resolve(folder / "list.jspf")
    assert plays(found.session) == plays(session)
    assert {match.by for match in found.matches} == {"name"}
    assert found.offers == ()
    asked = found.session.request
    assert (asked.profile, asked.library) == ("arc", str(folder / "l.db"))
    assert sorted(asked.pinned) == sorted(plays(session))
    count = len(session.slots)
    assert str(found.session.warnings[0]) == f"{count} of {count} works of the list are here"


def test_what_is_banned_for_a_person_is_not_played_for_them(home):
    folder, session = home
    gone = plays(session)[1]
    with Library.open(folder / "l.db") as library:
        library.history.ban("A7", Ban(gone, "", "x"))
        assert gone in plays(library.resolve(folder / "list.jspf").session)
        found = library.resolve(folder / "list.jspf", SessionRequest("arc", name="A7", asked_at=AT))
    assert gone not in plays(found.session)
    assert [offer.number for offer in found.offers] == [2]


def test_for_what_is_not_here_plays_the_nearest_and_is_told(home):
    folder, session = home
    gone = plays(session)[1::2]
    with Library.open(folder / "l.db") as library:
        for identity in gone:
            library.mark(identity, Mark(banned=True))
        try:
            found = library.resolve(folder / "list.jspf")
        finally:
            for identity in gone:
                library.mark(identity, Mark())
    now = plays(found.session)
    assert now[::2] == plays(session)[::2]
    assert [offer.number for offer in found.offers] == list(range(2, len(now) + 1, 2))
    assert now[1::2] == [offer.tracks[0].identity for offer in found.offers]
    assert not set(gone) & set(now)
    before = [slot.work.energy for slot in session.slots[1::2]]
    after = [slot.work.energy for slot in found.session.slots[1::2]]
    assert after == pytest.approx(before, abs=0.15)
    assert not {offer.tracks[0].identity for offer in found.offers} & {
        *found.session.request.pinned
    }
    told = [str(each) for each in found.session.warnings]
    assert told[1].startswith(f"{len(gone)} works are not here, so the nearest tracks play")
    assert told[1] in {concern.text for concern in concerns(found.session, ENGLISH)}


def test_it_is_kept_and_can_be_changed(home):
    folder, _ = home
    with Library.open(folder / "l.db") as library:
        kept = library.keep(library.resolve(folder / "list.jspf").session, at=AT, name="list")
        assert library.session("list") == kept


def test_works_that_stand_twice_or_in_the_tail_are_left_out(home, tmp_path):
    folder, session = home
    document = json.loads((folder / "list.jspf").read_text())
    tracks = document["playlist"]["track"]
    document["playlist"]["track"] = [*tracks[:6], tracks[0], *tracks[len(session.slots) :]]
    (tmp_path / "l.jspf").write_text(json.dumps(document))
    with Library.open(folder / "l.db") as library:
        found = library.resolve(tmp_path / "l.jspf", SessionRequest("steady"))
    assert plays(found.session) == plays(session)[:6]
    assert found.session.request.profile == "steady"
    assert "left out: 1 entry that repeats" in "\n".join(map(str, found.session.warnings))


def test_a_list_of_strangers_is_played_by_its_lengths_along_the_arc(home, tmp_path):
    folder, _ = home
    lines = [f"#EXTINF:200,Nobody - Nothing {n}\nx{n}.mp3" for n in range(9)]
    (tmp_path / "l.m3u").write_text("#EXTM3U\n" + "\n".join(lines))
    with Library.open(folder / "l.db") as library:
        found = library.resolve(tmp_path / "l.m3u")
    assert found.session.profile == "arc"
    assert len(found.session.slots) == len(found.offers) == 9
    assert found.session.rms_error < 0.1


def test_one_short_work_has_a_stand_in_that_is_longer(home, tmp_path):
    folder, _ = home
    (tmp_path / "l.csv").write_text("title,duration_s\nNothing,100\n")
    with Library.open(folder / "l.db") as library:
        found = library.resolve(tmp_path / "l.csv")
    assert len(found.session.slots) == len(found.offers) == 1


def test_more_works_than_tracks_are_told_with_some_titles(home, tmp_path):
    folder, _ = home
    rows = "".join(f"Nothing {n},200\n" for n in range(95))
    (tmp_path / "l.csv").write_text("title,duration_s\n" + rows)
    with Library.open(folder / "l.db") as library:
        found = library.resolve(tmp_path / "l.csv")
    told = [str(each) for each in found.session.warnings]
    count = len(found.session.slots)  # some tracks are copies of each other
    assert 60 < count < 80
    assert told[0].startswith("0 of 95 works")
    assert told[1].startswith(f"{count} works are not here, so the nearest")
    assert told[2].startswith(f"left out: {95 - count} works")
    assert told[2].endswith(", ...")


def test_a_copy_under_another_name_is_no_other_work(tmp_path):
    """Tracks 0 and 60 have artists in common, and here their lengths and titles too."""
    fill_there(tmp_path, 70)
    with closing(sqlite3.connect(tmp_path / "l.db")) as raw, raw:
        raw.execute("UPDATE files SET title = 'Title 0' WHERE identity = '003c'")
    rows = "Title 0,Artist 0,200\nTitle 0,Artist 0,200\nTitle 1,Artist 1,200\n"
    (tmp_path / "l.csv").write_text("title,artist,duration_s\n" + rows)
    with Library.open(tmp_path / "l.db") as library:
        found = library.resolve(tmp_path / "l.csv")
    assert [match.number for match in found.matches] == [1, 3]
    assert found.offers == ()


def test_a_profile_that_a_list_names_by_a_path_is_not_opened(home, tmp_path):
    folder, _ = home
    document = json.loads((folder / "list.jspf").read_text())
    (own,) = document["playlist"]["extension"][APPLICATION]
    own["profile"] = str(tmp_path / "x.toml")
    (tmp_path / "x.toml").write_text(find.read_text("steady"))
    (tmp_path / "l.jspf").write_text(json.dumps(document))
    with Library.open(folder / "l.db") as library:
        assert library.resolve(tmp_path / "l.jspf").session.profile == "arc"


def test_a_file_that_is_gone_is_replaced_too(tmp_path):
    fill_there(tmp_path)
    with Library.open(tmp_path / "l.db") as library:
        session = library.build(SessionRequest("steady", duration_s=1000.0))
        write_session(session, tmp_path / "l.xspf", dialect=WORKS)
        gone = session.slots[1]
        (tmp_path / gone.path).unlink()
        found = library.resolve(tmp_path / "l.xspf")
    assert [offer.number for offer in found.offers] == [2]
    assert gone.identity not in plays(found.session)


def test_a_list_that_nothing_can_play_is_one_line(home, tmp_path):
    folder, _ = home
    (tmp_path / "l.m3u").write_text("#EXTINF:200,Nobody - Nothing\nx.mp3\n")
    request = SessionRequest("steady", include=("title:none-such",))
    with Library.open(folder / "l.db") as library, pytest.raises(PlaylistError, match="stand in"):
        library.resolve(tmp_path / "l.m3u", request)


def test_the_same_list_and_library_give_the_same_session(home):
    folder, _ = home
    with Library.open(folder / "l.db") as library:
        once = library.resolve(folder / "list.jspf")
        assert once.session == library.resolve(folder / "list.jspf").session
