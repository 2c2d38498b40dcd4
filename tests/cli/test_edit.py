"""Changing session files as a user does; nothing is ever lost."""

import contextlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest

from playlist_builder.cli import change, output
from playlist_builder.errors import PlaylistError, ServerError
from playlist_builder.language.text import clock
from playlist_builder.library.library import Library
from playlist_builder.playlists import session_json, session_states, write
from playlist_builder.servers import connect, match
from playlist_builder.sessions import edit, editor
from playlist_builder.sessions.candidates import Candidate
from playlist_builder.sessions.compare import StandsOut, Trait
from tests.support.commands import run
from tests.support.synthetic import plain


@pytest.fixture(scope="module")
def made(demo_library, tmp_path_factory):
    """A folder with a session of the demo as a file and a playlist."""
    folder = tmp_path_factory.mktemp("made")
    options = ("--duration", "8m", "--min-length", "30s", "--max-length", "15m", *demo_library)
    run("build", "arc", *options, "-o", folder / "s.json", "-o", folder / "s.m3u8")
    return folder


@pytest.fixture
def session(made, tmp_path):
    file = tmp_path / "s.json"
    shutil.copy(made / "s.json", file)
    return file


def unused(session):
    """The title of a track that the session does not hold."""
    loaded = session_json.load_session(session)
    with Library.open(loaded.request.library) as library:
        held = {slot.identity for slot in loaded.slots}
        return next(t.tags.title for t in library.tracks() if t.identity not in held)


def test_a_change_tells_which_files_are_older_now_and_what_renews_them(session):
    alone = run("pin", session, 1).stderr
    assert "playlist-builder export SESSION -o FILE.m3u8" in alone
    for suffix in (".m3u8", ".html", ".txt"):
        session.with_suffix(suffix).write_text("")
    told = run("pin", session, 2).stderr
    assert f"\nplaylist-builder export {session} -o {session.with_suffix('.m3u8')}\n" in told
    assert f"\nplaylist-builder report {session} -o {session.with_suffix('.html')}\n" in told
    assert ".txt" not in told


def identities(slots):
    return [slot.identity for slot in slots]


def test_spares_lie_beside_every_playlist(made):
    session = session_json.load_session(made / "s.json")
    lines = (made / "s.spares.m3u8").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if not line.startswith("#")]
    assert [str((made / entry).resolve()) for entry in entries] == [
        str(Path(each.slot.path).resolve()) for each in session.spares
    ]
    assert not (made / "s.spares.json").exists()


def test_spares_of_another_session_do_not_stay(made, tmp_path):
    """A playlist without spares empties those of the one that it replaces."""
    plain = json.loads((made / "s.json").read_text(encoding="utf-8"))
    (tmp_path / "s.json").write_text(json.dumps(plain | {"spares": []}), encoding="utf-8")
    for name, lines in (("s", 1), ("t", None)):
        beside = tmp_path / f"{name}.spares.m3u8"
        if lines:
            shutil.copy(made / "s.spares.m3u8", beside)
        run("export", tmp_path / "s.json", "-o", tmp_path / f"{name}.m3u8")
        entries = beside.read_text(encoding="utf-8").splitlines() if beside.exists() else None
        assert entries is None if lines is None else not [e for e in entries if e[:1] != "#"]
    own = tmp_path / "u.spares.m3u8"
    own.write_text("#EXTM3U\nmine.ogg\n", encoding="utf-8")
    run("export", tmp_path / "s.json", "-o", tmp_path / "u.m3u8")
    assert own.read_text(encoding="utf-8") == "#EXTM3U\nmine.ogg\n"


def test_spares_never_replace_a_file_of_the_user(made, tmp_path):
    """Nor those of ours to which the user added something; the playlist itself is written."""
    for suffix in (".m3u8", ".xspf", ".csv"):
        beside = tmp_path / "u.spares.m3u8"
        for before in ("#EXTM3U\nmine.ogg\n", "#EXTM3U\n#PLAYLIST:u.spares\nmine.ogg\n"):
            beside.write_text(before, encoding="utf-8")
            done = run("export", made / "s.json", "-o", tmp_path / f"u{suffix}")
            assert beside.read_text(encoding="utf-8") == before
            assert "u.spares.m3u8 is there and was not written" in done.stderr
            assert (tmp_path / f"u{suffix}").exists()
        beside.unlink()
        for _ in range(2):  # our own is written anew
            assert "spares" in run("export", made / "s.json", "-o", tmp_path / "u.m3u8").stderr
        added = beside.read_text(encoding="utf-8") + "mine.ogg\n"
        beside.write_text(added, encoding="utf-8")
        run("export", made / "s.json", "-o", tmp_path / f"u{suffix}")
        assert beside.read_text(encoding="utf-8") == added


def without_later(file):
    """The bytes of a session file but for what was undone."""
    whole = json.loads(file.read_text(encoding="utf-8"))
    return session_json.to_json({k: v for k, v in whole.items() if k != "later"}).encode()


def test_every_change_can_be_undone_to_the_very_bytes(session):
    texts = [session.read_bytes()]
    for arguments in (
        ("swap", session, 3),
        ("pin", session, 2),
        ("drop", session, 4),
        ("move", session, 3, 4),
        ("insert", session, unused, "--at", 3),
        ("extend", session, "2m", "--phase", "rise"),
        ("shorten", session, "1m", "--phase", "rise"),
        ("unpin", session, 2),
        ("replan", session, "--at", "2:10"),
        ("replan", session, "--at", "3:10", "--skip", "--extend", "1m"),
        ("replan", session, "--at", "3:20", "--hold", "1m"),
        ("replan", session, "--at", "3:20", "--silence", "30s"),
        ("replan", session, "--at", "3:20", "--softer"),
        ("replan", session, "--at", "3:20", "--deeper", "--skip"),
        ("replan", session, "--at", "3:20", "--next-phase", "--skip"),
        ("replan", session, "--at", "3:20", "--calm"),
    ):
        run(*(each(session) if callable(each) else each for each in arguments))
        assert session.read_bytes() != texts[-1]
        texts.append(session.read_bytes())
    for text in texts[-2::-1]:
        run("undo", session)
        assert without_later(session) == text
    assert "keeps no earlier state" in run("undo", session, code=1).stderr
    for text in texts[1:]:
        run("redo", session)
        assert without_later(session) == text
    assert session.read_bytes() == texts[-1]
    assert "keeps no later state" in run("redo", session, code=1).stderr


def test_only_so_many_states_are_kept(session, monkeypatch):
    monkeypatch.setattr(session_states, "EARLIER_LIMIT", 2)
    for number in (1, 2, 3):
        run("pin", session, number)
    assert len(json.loads(session.read_text())["earlier"]) == 2
    run("undo", session)
    run("undo", session)
    run("undo", session, code=1)
    assert len(session_json.load_session(session).request.pins) == 1


def test_the_difference_is_shown_and_json_is_the_new_session(session):
    before = session_json.load_session(session)
    for number in range(1, len(before.slots) + 1):
        listed = json.loads(run("swap", session, number, "--candidates", 4, "--json").stdout)
        if listed:
            break
    assert 1 <= len(listed) <= 4
    shown = run("swap", session, number, "--candidates", 4).stdout.splitlines()
    assert len(shown) == 1 + 2 * len(listed)
    assert sum(line.startswith("*") for line in shown) == sum(e["is_choice"] for e in listed) <= 1
    assert session_json.load_session(session) == before
    done = run("swap", session, 2, "--json")
    after = session_json.load_session(session)
    assert done.stdout == session_json.dump(after)
    went, came = before.slots[1], after.slots[1]
    assert f"- 2. 0:{went.start_s:02.0f}"[:5] in done.stderr
    assert went.title in done.stderr
    assert f"+ 2. {done.stderr.split('+ 2. ')[1].splitlines()[0]}".endswith(came.artist)
    left = json.loads(run("swap", session, 2, "--candidates", 50, "--json").stdout)
    assert went.path not in {each["path"] for each in left}


def test_a_given_track_stands_where_it_was_put(session):
    title = unused(session)
    run("swap", session, 3, "--with", title)
    assert session_json.load_session(session).slots[2].title == title


def test_a_pinned_track_survives_changes_and_a_rebuild(session):
    kept = session_json.load_session(session).slots[3]
    run("pin", session, 4)
    run("drop", session, 3)
    run("rebuild", session)
    after = session_json.load_session(session)
    assert kept.identity in identities(after.slots)
    assert after.request.pinned == (kept.identity,)


def test_pins_that_go_or_move_are_told(session):
    last = session_json.load_session(session).slots[-1]
    run("pin", session, 2)
    run("pin", session, len(session_json.load_session(session).slots))
    moved = run("extend", session, "2m", "--phase", "RISE").stdout
    assert re.search(r"\nthe phase 'rise' is planned to last \d+:\d\d, not \d+:\d\d\n", moved)
    at = clock(session_json.load_session(session).slots[-1].start_s)
    assert f"'{last.title}' is pinned, and moves with the plan: it starts at {at}, not at" in moved
    title = session_json.load_session(session).slots[1].title
    assert f"'{title}' is pinned no longer" in run("drop", session, 2).stdout
    assert "pinned" not in run("swap", session, 2).stdout


def test_candidates_of_one_title_are_told_apart(session, monkeypatch):
    slot = session_json.load_session(session).slots[1]
    twins = [plain(number, title="Dawn", artist="Ada") for number in range(2)]
    figures = 0.1, 0.5, 0.1, 0.5
    found = [
        Candidate(each, replace(slot, path=each.path, title=title, artist="Ada"), *figures)
        for each, title in ((twins[0], "Dawn"), (twins[1], "Dawn"), (plain(2), "Dusk"))
    ]
    monkeypatch.setattr(editor, "candidates", lambda *_: found)
    monkeypatch.setattr("playlist_builder.sessions.presence.missing_files", lambda _: [])
    lines = run("swap", session, 2, "--candidates", 3).stdout.splitlines()[1:7:2]
    assert [line.strip() for line in lines] == [
        *(f"{n}  Dawn  Ada  {each.path}: much the same" for n, each in enumerate(twins, start=1)),
        "3  Dusk  Ada: much the same",
    ]


def choice(session, *, stands_out=()):
    """Candidates for number 2: tracks that the session does not hold, the first marked or not."""
    loaded = session_json.load_session(session)
    held = {slot.identity for slot in (*loaded.slots, *loaded.tail)}
    with Library.open(loaded.request.library) as library:
        free = [track for track in library.tracks() if track.identity not in held][:3]
    return [
        Candidate(
            track,
            replace(loaded.slots[1], path=track.path, title=track.tags.title),
            0.1,
            0.2,
            0.1,
            0.2,
            (Trait("calmer", 0.2), Trait("louder", 3.2)),
            "far",
            stands_out,
            is_choice=not n and not stands_out,
        )
        for n, track in enumerate(free)
    ]


@pytest.mark.parametrize(
    ("typed", "options", "taken"),
    [
        ("", (), 0),
        ("", ("--take", 3), 2),
        ("\n", (), 0),
        ("2\n", (), 1),
        ("9\nx\n3\n", (), 2),
        ("q\n", (), None),
    ],
)
def test_a_swap_lists_what_could_come_and_takes_what_is_said(
    session, monkeypatch, typed, options, taken
):
    found, before = choice(session), session.read_bytes()
    monkeypatch.setattr(editor, "candidates", lambda *_: found)
    monkeypatch.setattr(output, "can_ask", lambda: bool(typed))
    done = run("swap", session, 2, *options, typed=typed, code=taken is None)
    shown = done.stdout.splitlines()
    marks = [line[:3] for line in shown[1:6:2]]
    assert marks == ["* 1", "  2", "  3"]
    assert "calmer, louder by 3 LU, of another style" in shown[1]
    assert "-> 0.200 from the plan, cost " in shown[2]
    assert ("Enter takes 1" in done.stderr) == bool(typed)
    if taken is None:
        assert session.read_bytes() == before
    else:
        after = session_json.load_session(session).slots[1]
        assert after.identity == found[taken].track.identity


def test_a_candidate_that_stands_out_is_taken_only_where_it_is_named(session, monkeypatch):
    found = choice(session, stands_out=(StandsOut("rise", 8.0), StandsOut("voice")))
    monkeypatch.setattr(editor, "candidates", lambda *_: found)
    done = run("swap", session, 2, code=1)
    assert "STANDS OUT: the loudness rises 8 LU at a join, STANDS OUT: it may hold" in done.stdout
    assert "none is marked" in done.stderr
    run("swap", session, 2, "--take", 2)
    assert session_json.load_session(session).slots[1].identity == found[1].track.identity
    assert "there are 4 candidates" in run("swap", session, 2, "--take", 5, code=1).stderr


@pytest.mark.parametrize("count", [0, 3])
def test_what_follows_is_arranged_again_only_where_that_is_taken(session, monkeypatch, count):
    """Where no candidate is marked: it is the last to choose from, and says what would change."""
    found = choice(session, stands_out=(StandsOut("voice"),))[:count]
    monkeypatch.setattr(editor, "candidates", lambda *_: found)
    monkeypatch.setattr(edit, "candidates", lambda *_: found)
    before, text, last = session_json.load_session(session), session.read_bytes(), count + 1
    done = run("swap", session, 2, code=1)
    assert f" {last:2}  what follows is arranged again; new: " in done.stdout
    assert f"     - 2. {clock(before.slots[1].start_s)}  {before.slots[1].title}" in done.stdout
    assert "Nothing was changed, as none is marked. Say which one to take:" in done.stderr
    assert f"playlist-builder swap {session} 2 --take NUMBER" in done.stderr
    listed = json.loads(run("swap", session, 2, "--candidates", 3, "--json").stdout)
    assert [each["rearranges"] for each in listed] == [False] * count + [True]
    assert listed[-1]["went"][0]["path"] == before.slots[1].path
    shown = run("swap", session, 2, "--candidates", 3).stdout
    assert shown == done.stdout
    assert "Nothing was changed" in run("swap", session, 2, "--json", code=1).stderr
    monkeypatch.setattr(output, "can_ask", lambda: True)
    for typed in ("\n", "q\n"):
        told = run("swap", session, 2, typed=typed, code=1).stderr
        assert "A number; Enter or q changes nothing" in told
    assert session.read_bytes() == text
    run("swap", session, 2, typed=f"{last}\n")
    asked = session.read_bytes()
    assert asked != text
    run("undo", session)
    run("swap", session, 2, "--take", last)
    assert session.read_bytes() == asked
    came = set(identities(session_json.load_session(session).slots)) - set(identities(before.slots))
    assert f"arranged again; new: {len(came)}, moved: " in done.stdout


def test_where_no_track_fits_alone_nor_otherwise_no_candidate_is_named(session, monkeypatch):
    monkeypatch.setattr(editor, "candidates", lambda *_: [])
    monkeypatch.setattr(edit, "candidates", lambda *_: [])
    monkeypatch.setattr(edit, "_stands_out", lambda *_: True)
    for language in ("en", "ja"):
        told = run("swap", session, 2, code=1, LANGUAGE=language, LANG="ja_JP.UTF-8").stderr
        assert "--take" not in told
        assert "swap TRACK --with OTHER" in told
        assert len(told.splitlines()) == 1
    assert json.loads(run("swap", session, 2, "--candidates", 3, "--json").stdout) == []


def test_a_reordered_playlist_can_be_changed_too(made, demo_library, tmp_path):
    file = tmp_path / "r.json"
    run("reorder", made / "s.m3u8", "-o", file, *demo_library)
    before = session_json.load_session(file)
    run("drop", file, 2)
    after = session_json.load_session(file)
    assert identities(after.slots) == [
        slot.identity for number, slot in enumerate(before.slots) if number != 1
    ]
    run("extend", file, "2m", code=2)


def test_a_session_without_its_call_is_refused(session):
    whole = json.loads(session.read_text())
    del whole["call"]
    session.write_text(json.dumps(whole))
    done = run("drop", session, 1, code=1)
    assert "does not say how it was made" in done.stderr


COMMANDS = (
    ("swap", 1),
    ("swap", 1, "--candidates", 3),
    ("undo",),
    ("pin", 1),
    ("unpin", 1),
    ("drop", 1),
    ("move", 1, 2),
    ("insert", "Thaw"),
    ("extend", "1m"),
    ("shorten", "1m"),
    ("replan", "--at", "1:00"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(map(str, words)))
@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda text: text[:500], "is not JSON"),
        (lambda text: text.replace('"version": 1', '"version": 9'), "newer playlist-builder"),
        (lambda text: text.replace('"energy": 0', '"energy": 7'), "is damaged"),
    ],
)
def test_a_damaged_or_newer_file_is_refused_with_one_line_and_left_alone(
    session, command, damage, says
):
    name, *rest = command
    session.write_text(damage(session.read_text()))
    text = session.read_bytes()
    done = run(name, session, *rest, code=1)
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert session.read_bytes() == text


@pytest.fixture
def movable(own_demo):
    """A session of music of its own, which may move; the folder, and the session's file."""
    folder, file, library = (own_demo / name for name in ("music", "m.json", "l.db"))
    options = (
        "--duration",
        "8m",
        "--min-length",
        "30s",
        "--max-length",
        "15m",
        "--library",
        library,
    )
    run("build", "arc", *options, "-o", file)
    return folder, file, library


def test_tracks_that_have_moved_are_one_line_until_the_library_knows_them(movable):
    folder, file, library = movable
    text = file.read_bytes()
    new = folder.with_name("elsewhere")
    folder.rename(new)
    for name, *rest in COMMANDS:
        if name == "undo":
            continue
        done = run(name, file, *rest, code=1)
        assert len(done.stderr.splitlines()) == 1
        assert "can" in done.stderr.lower()
        assert file.read_bytes() == text
    run("scan", new, "--library", library, "--no-vocals", "--no-embedding")
    run("drop", file, 5)
    after = session_json.load_session(file)
    assert all(Path(slot.path).is_file() for slot in (*after.slots, *after.tail))
    assert all(slot.path.startswith(str(new)) for slot in after.slots)


def test_what_is_gone_is_told_until_it_is_taken_out(movable):
    _, file, _ = movable
    slots = session_json.load_session(file).slots
    for gone in (slots[1], slots[3]):
        Path(gone.path).unlink()
    assert "1 of " in run("swap", file, 2).stderr
    number = identities(session_json.load_session(file).slots).index(slots[3].identity) + 1
    assert "are not there" not in run("drop", file, number).stderr


@pytest.mark.parametrize("command", [("swap", 2), ("drop", 2), ("unpin", 2)])
def test_a_track_that_the_library_forgot_is_taken_out(movable, command):
    folder, file, library = movable
    slots = session_json.load_session(file).slots
    run("pin", file, 2)
    Path(slots[1].path).unlink()
    run("scan", folder, "--library", library, "--no-vocals", "--no-embedding", "--prune")
    name, number = command
    run(name, file, number)
    after = session_json.load_session(file)
    assert (slots[1].identity in identities(after.slots)) == (name == "unpin")
    assert after.request.pinned == ()
    told = run("rebuild", file).stderr
    assert slots[1].identity not in identities(session_json.load_session(file).slots), told


def test_a_file_that_vanishes_while_a_session_plays_is_planned_around(movable):
    """`replan` keeps what has played and goes on without it."""
    _, file, _ = movable
    slots = session_json.load_session(file).slots
    for gone in (slots[0], slots[-1]):
        Path(gone.path).unlink()
    run("replan", file, "--at", "2:10")
    after = session_json.load_session(file)
    assert after.slots[0].identity == slots[0].identity
    assert slots[-1].identity not in identities((*after.slots, *after.tail))
    assert all(Path(slot.path).exists() for slot in (*after.slots[1:], *after.tail))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("swap",), "Say which track"),
        (("move", 1), "Say which track"),
        (("insert",), "Say which track"),
        (("extend",), "is no duration"),
        (("replan",), "--at 32:10"),
        (("replan", "--at", "59:00"), "the session lasts from 0:00"),
        (("replan", "--at", "soon"), "'soon' is no time of a session"),
        (("replan", "--at", "1:00", "--extend", "1m", "--to", "return"), "exclude each other"),
        (("replan", "--at", "1:00", "--softer", "--deeper"), "--softer and --deeper exclude"),
        (("replan", "--at", "1:00", "--hold", "1m", "--calm"), "--hold and --calm exclude"),
        (("replan", "--at", "1:00", "--silence", "long"), "'long' is no duration"),
        (("replan", "--at", "1:00", "--map", "/a=b"), "--map needs --push"),
        (("replan", "--at", "1:00", "--insecure"), "--insecure needs --push"),
        (("swap", 1, "--candidates", 2, "--with", "Thaw"), "--candidates changes nothing"),
        (("swap", 1, "--take", 1, "--with", "Thaw"), "--take names a candidate"),
    ],
)
def test_what_is_not_understood_is_one_line(session, arguments, says):
    name, *rest = arguments
    text = session.read_bytes()
    done = run(name, session, *rest, code=2)
    assert says in done.stderr
    assert session.read_bytes() == text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("swap", 99), "There is no number 99: the session has numbers 1 to"),
        (("drop", 0), "There is no number 0"),
        (("swap", 1, "--take", 99), "--take 99: there are"),
        (("extend", "1m", "--phase", "peek"), "No phase 'peek' in profile 'arc'"),
        (("shorten", "9m", "--phase", "rise"), "cannot be 9 minutes shorter"),
        (("replan", "--at", "6:00", "--to", "calm"), "has begun"),
        (("insert", "nothing"), "No track 'nothing'"),
        (("replan", "--at", "1:00", "--push", "subsonic+https://a@b"), "Only a queue of MPD"),
        (("replan", "--at", "1:00", "--push", "mpd://127.0.0.1:9"), "No MPD answers"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_changes_nothing(session, arguments, says):
    name, *rest = arguments
    text = session.read_bytes()
    done = run(name, session, *rest, code=1)
    assert says in done.stderr
    assert session.read_bytes() == text


def test_a_library_that_is_gone_is_one_line(session):
    whole = json.loads(session.read_text())
    whole["call"]["library"] = "/nowhere/l.db"
    session.write_text(json.dumps(whole))
    assert "is gone. Give another one" in run("drop", session, 1, code=1).stderr


@pytest.fixture
def player(monkeypatch):
    """An MPD that plays the queue it is given, and has all music."""
    one = mock.MagicMock()
    one.music_folder.return_value = None
    one.search.side_effect = lambda _track, path: [match.Candidate(path, path)]
    one.follow.side_effect = lambda _current, keys, **_: len(keys)
    monkeypatch.setattr(connect, "connect_queue", lambda *_, **__: contextlib.nullcontext(one))
    return one


def test_a_session_is_saved_before_it_is_pushed(session, player):
    """What plays is what the file says: should anything stop in between, it can be undone."""
    before, saved = session.read_bytes(), []
    player.follow.side_effect = lambda *_, **__: saved.append(session.read_bytes()) or 1
    run("replan", session, "--at", "1:00", "--extend", "1m", "--push", "mpd://x")
    assert saved == [session.read_bytes()] != [before]


def test_what_cannot_be_saved_is_not_pushed(session, player, monkeypatch):
    def full(*_):
        raise PlaylistError("No space left.")

    monkeypatch.setattr(write, "write_text", full)
    run("replan", session, "--at", "1:00", "--push", "mpd://x", code=1)
    assert not player.follow.called


@pytest.mark.parametrize(
    ("error", "code"), [(ServerError("It plays another."), 1), (KeyboardInterrupt(), 130)]
)
def test_what_cannot_be_pushed_leaves_file_and_history_as_they_were(
    session, player, monkeypatch, error, code
):
    before, kept = session.read_bytes(), []
    monkeypatch.setattr(change, "record_history", lambda sessions, *_: kept.extend(sessions))
    player.follow.side_effect = error
    run("replan", session, "--at", "1:00", "--extend", "1m", "--push", "mpd://x", code=code)
    assert session.read_bytes() == before
    assert kept[-1] == session_json.load_session(session) != kept[0]
