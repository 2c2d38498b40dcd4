"""Which session a command means, and what becomes of the files that were written of it."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import playlist_builder as api
from playlist_builder.cli import change, output, renew, written
from playlist_builder.cli.session import open_session
from playlist_builder.errors import ServerError
from playlist_builder.library.library import Library
from playlist_builder.library.scan.scanner import ScanReport
from playlist_builder.models import Session, Slot
from playlist_builder.playlists import session_json, session_states
from playlist_builder.session_request import SessionRequest
from tests.support.commands import run

BUILD = "build steady --duration 7m"
OTHER = f"{BUILD} --seed 3"


def text_of(number):
    with Library.open("l.db") as library:
        return library.sessions.document(library.sessions.find(str(number)).id)


def test_a_session_is_meant_by_any_of_its_names(made_up):
    made_up(f"{BUILD} --name evening -o a.m3u8 -o a.xspf -o a.json -o a.csv -o a.pls -o a.jspf")
    made_up(OTHER)
    files = ("a.m3u8", "a.xspf", "a.json", "a.csv", "a.pls", "a.jspf")
    for word in ("1", "evening", "EVEN", *files):
        given = open_session(word, "l.db")
        assert (given.kept.number, given.text) == (1, text_of(1)), word
    assert open_session(None, "l.db").kept.number == 2
    Path("a.m3u8").rename("b.m3u8")  # its id goes with it
    assert open_session("b.m3u8", "l.db").kept.number == 1
    assert open_session("a.m3u8", "l.db").kept.number == 1  # it was written there
    made_up("pin 1 2")
    assert open_session(None, "l.db").kept.number == 1


def test_a_number_or_name_comes_before_a_file_that_is_called_so(made_up):
    made_up(f"{BUILD} --name evening -o a.json")
    made_up(OTHER)
    text = Path("a.json").read_text(encoding="utf-8")
    for name in ("2", "evening", "even", "7"):
        Path(name).write_text(text.replace('"arc"', '"ark"'), encoding="utf-8")
    for word, number in (("2", 2), ("evening", 1)):
        told = made_up(f"sessions show {word}").stderr
        assert f"{word!r} is session {number}; the file is './{word}'." in told
        assert open_session(word, "l.db").kept.number == number
        assert open_session(f"./{word}", "l.db").kept is None
        assert "entries" in made_up(f"check {word}").stderr
    for word in ("even", "7"):  # no whole name, no number of a session
        assert open_session(word, "l.db").kept is None
    Path("even").unlink()
    assert open_session("even", "l.db").kept.number == 1


def test_a_playlist_of_an_older_version_says_what_to_do(made_up):
    made_up(f"{BUILD} -o a.m3u8 -o a.json")
    text = Path("a.m3u8").read_text(encoding="utf-8")
    Path("b.m3u8").write_text(text.replace(" of playlist-builder", ""), encoding="utf-8")
    told = made_up("report b.m3u8", code=1).stderr
    assert "by an older version. See 'playlist-builder sessions'" in told
    shutil.copy("a.json", "b.json")
    assert "Its session may be that of 'b.json'" in made_up("report b.m3u8", code=1).stderr


def test_what_is_reordered_is_for_whom_it_was_built(made_up, monkeypatch):
    """So its history counts it, and to forget the name forgets it."""
    monkeypatch.setattr("playlist_builder.cli.build.scan_folders", lambda *_: ScanReport())
    made_up(f"{BUILD} --for A7 -o a.m3u8 -o a.json")
    for file in ("a.m3u8", "a.json"):
        done = made_up(f"reorder {file} --json")
        assert "This is for A7" in done.stderr
        document = json.loads(done.stdout)
        assert document["call"]["name"] == "A7"
        assert len(document["slots"]) == len(json.loads(text_of(1))["slots"])
    Path("b.m3u8").write_text("\n".join(slot["path"] for slot in document["slots"]))
    assert "This is for" not in made_up("reorder b.m3u8").stderr
    listed = json.loads(made_up("sessions --json").stdout)
    assert [each["person"] for each in listed] == ["A7", "A7", "A7", ""]


def test_what_was_banned_since_is_told_wherever_its_session_is_used(made_up):
    made_up(f"{BUILD} --for A7")
    made_up("mark 3 --ban --for A7")
    made_up("mark 2 --ban")
    for command in ("report", "sessions show", "export -o a.m3u8", "report -o a.html"):
        told = made_up(command).stderr
        assert "Banned, and still in the session: number 2 'Title" in told, command
        assert ", 3 'Title" in told
    made_up("drop 3")
    assert "Banned, and still in the session: number 2 'Title" in made_up("undo").stderr
    made_up("redo")
    made_up("drop 2")
    assert "Banned" not in made_up("report").stderr


@pytest.mark.parametrize(
    ("word", "code", "says"),
    [
        ("9", 1, "No session 9"),
        ("dawn", 1, "No session 'dawn'"),
        ("gone.m3u8", 1, "There is no file 'gone.m3u8'"),
        ("folder/x", 1, "There is no file 'folder/x'"),
        ("theirs.m3u8", 1, "was not written of a session that is kept"),
        ("other.m3u8", 1, "is not in the library"),
        ("a.m3u8 1", 2, "Give one session, not 'a.m3u8' and '1'"),
    ],
)
def test_what_means_no_session_is_told(made_up, word, code, says):
    made_up(f"{BUILD} -o a.m3u8")
    Path("theirs.m3u8").write_text("#EXTM3U\nMusic/1.flac\n")
    text = Path("a.m3u8").read_text(encoding="utf-8")
    with Library.open("l.db") as library:
        own = library.sessions.last().id
    Path("other.m3u8").write_text(text.replace(own, "0" * 16), encoding="utf-8")
    done = made_up(f"report {word}", code=code)
    assert says in done.stderr
    assert done.stdout == ""


def test_a_track_in_place_of_a_session_is_told_where_it_stands(made_up):
    made_up(BUILD)
    for words in ("3", "3 4"):
        told = made_up(f"preview {words} -o p.flac", code=1).stderr
        assert "No session 3." in told
        assert "A TRACK stands behind its session: preview SESSION TRACK." in told
    assert "TRACK" not in made_up("preview dawn -o p.flac", code=1).stderr


def test_a_copy_of_a_session_file_is_a_session_of_its_own(made_up):
    """As is one that went to another machine, or was changed by somebody else."""
    made_up(f"{BUILD} -o a.json -o a.m3u8")
    shutil.copy("a.json", "copy.json")
    before, kept = Path("a.m3u8").read_bytes(), text_of(1)
    made_up("pin copy.json 2")
    assert (Path("a.m3u8").read_bytes(), text_of(1)) == (before, kept)
    assert session_json.load_session("copy.json").request.pins
    made_up("export copy.json -o c.m3u8")
    assert "was not written of a session" in made_up("report c.m3u8", code=1).stderr
    made_up("pin a.json 2")
    assert Path("a.json").read_text(encoding="utf-8") == text_of(1) != kept
    Path("a.json").write_text(kept, encoding="utf-8")  # an earlier one comes back
    told = made_up("pin a.json 3").stderr
    assert "a.json is not what session 1 is now" in told
    assert len(session_json.parse(text_of(1), "1").request.pins) == 1


def test_what_is_meant_by_a_file_in_the_wrong_place_is_told(made_up):
    made_up(f"{BUILD} -o a.m3u8")
    told = made_up("export 1 x.m3u8", code=2).stderr
    assert "To write a file: export 1 -o x.m3u8" in told
    assert "To write" not in made_up("pin 1 a.m3u8 2", code=2).stderr
    assert "playlist-builder report -o x.html" in made_up("export -o x.html", code=1).stderr
    assert "playlist-builder render -o x.flac" in made_up(f"{BUILD} -o x.flac", code=1).stderr
    assert "playlist-builder export -o x.pls" in made_up("report -o x.pls", code=1).stderr
    assert "playlist-builder report -o x.svg" in made_up("render -o x.svg", code=1).stderr
    assert "No more than" in made_up("swap 3 --candidates 50").stderr


def test_a_path_is_shown_and_remembered_without_two_dots(made_up, tmp_path):
    (tmp_path / "far" / "away").mkdir(parents=True)
    Path("link").symlink_to("far/away")
    told = made_up(f"{BUILD} -o link/../a.m3u8 -o link/../a.xspf").stderr
    assert f"Wrote {tmp_path}/far/a.m3u8\n" in told
    with Library.open("l.db") as library:
        paths = [Path(each.path) for each in library.sessions.last().files]
    assert all(path.exists() for path in paths)
    assert {path.parent for path in paths} == {tmp_path / "far"}
    assert told.count("a.spares.m3u8") <= 1


def test_a_file_is_written_again_only_while_it_is_ours(made_up):
    made_up(f"{BUILD} -o a.m3u8 -o gone.pls -o theirs.m3u8 -o new.xspf -o folder.csv")
    Path("gone.pls").unlink()
    Path("theirs.m3u8").write_text("mine", encoding="utf-8")
    made_up(f"{OTHER} -o new.xspf")
    new = Path("new.xspf").read_bytes()
    Path("folder.csv").unlink()
    Path("folder.csv").mkdir()
    told = made_up("swap 1 2").stderr
    assert "Wrote a.m3u8: open it again where a player has it open" in told
    assert "gone.pls is not there any more" in told
    assert "theirs.m3u8 was changed by somebody else" in told
    assert "folder.csv holds the session as it was before" in told
    assert Path("theirs.m3u8").read_text(encoding="utf-8") == "mine"
    assert Path("new.xspf").read_bytes() == new
    assert not Path("gone.pls").exists()


def test_a_file_is_written_again_as_it_was_written(made_up):
    made_up(BUILD)
    made_up("export -o v.m3u8 --player vlc")
    made_up("export -o n.m3u8 --map Music=/volume1/music")
    made_up("report -o j.html --language ja")
    made_up("swap 2")
    for name, sign in (("v.m3u8", "%"), ("n.m3u8", "/volume1/music/"), ("j.html", 'lang="ja"')):
        again = Path(name).read_text(encoding="utf-8")
        Path(name).unlink()
        words = {
            "v.m3u8": "export -o v.m3u8 --player vlc",
            "n.m3u8": "export -o n.m3u8 --map Music=/volume1/music",
            "j.html": "report -o j.html --language ja",
        }[name]
        made_up(words)
        assert Path(name).read_text(encoding="utf-8") == again
        assert sign in again or name == "v.m3u8"


@pytest.mark.parametrize("form", ["", "[]", "3", '{"player": "winamp"}', '{"maps": [1]}', "{}" * 2])
def test_a_file_of_which_nobody_knows_how_it_was_written_stays(made_up, form):
    """As in a library that a later version wrote."""
    made_up(f"{BUILD} -o a.m3u8")
    with Library.open("l.db") as library:
        (own,) = library.sessions.all()
        library.sessions.add_file(own.id, replace(own.files[0], form=form))
    before = Path("a.m3u8").read_bytes()
    assert "a.m3u8 holds the session as it was before; export it" in made_up("pin 1").stderr
    assert Path("a.m3u8").read_bytes() == before
    assert json.loads(made_up("sessions --json").stdout)[0]["files"]


def test_what_takes_long_is_told_and_not_made_again(made_up):
    made_up(BUILD)
    given = open_session(None, "l.db")
    Path("r.flac").write_bytes(b"fLaC")
    written.remember_made(given, "r.flac", "render")
    assert "r.flac holds the session as it was before; make it again with 'render'" in (
        made_up("swap 2").stderr
    )
    assert Path("r.flac").read_bytes() == b"fLaC"
    assert "r.flac" not in made_up("undo").stderr  # it holds what the session is again
    made_up("swap 2")
    assert "r.flac holds the session as it was before" not in made_up("swap 3").stderr
    told = made_up("swap 1 --take 1").stderr
    assert "r.flac holds another state of the session" in told


def test_what_goes_wrong_after_writing_takes_all_of_it_back(made_up):
    made_up(f"{BUILD} -o a.m3u8 -o a.json")
    before = [text_of(1), Path("a.m3u8").read_bytes(), Path("a.json").read_bytes()]
    given = open_session("1", "l.db")
    moved = session_states.dump_with_undo(given.session, given.text).replace('"arc"', '"ark"')

    def refuse(*_):
        assert Path("a.json").read_text(encoding="utf-8") == text_of(1) != before[0]
        raise ServerError("It plays another.")

    with pytest.raises(ServerError):
        change.save_change(given, moved, after_writing=refuse)
    assert [text_of(1), Path("a.m3u8").read_bytes(), Path("a.json").read_bytes()] == before
    made_up("pin 1")  # the file is still known as ours
    assert Path("a.json").read_bytes() != before[2]


def test_a_session_of_the_library_beside_a_playlist_is_found(made_up, tmp_path):
    """As that of the demo, and where the library has moved with its music."""
    made_up(f"{BUILD} -o a.m3u8")
    there = tmp_path / "there"
    there.mkdir()
    shutil.move("l.db", there / "library.db")
    shutil.move("a.m3u8", there / "a.m3u8")
    given = open_session("there/a.m3u8", str(tmp_path / "none.db"))
    assert given.kept.number == 1
    assert given.session.request.library == str(there / "library.db")
    made_up("pin there/a.m3u8 1", PLAYLIST_BUILDER_LIBRARY=str(tmp_path / "none.db"))


def test_a_newcomer_is_told_where_the_library_of_the_demo_is(tmp_path):
    demo = tmp_path / "playlist-builder-demo"
    demo.mkdir()
    (demo / "library.db").touch()
    done = run("undo", cwd=tmp_path, code=1, PLAYLIST_BUILDER_LIBRARY="none.db")
    assert "That of the demo: --library playlist-builder-demo/library.db" in done.stderr


def test_the_same_session_built_twice_is_one(made_up):
    made_up(f"{BUILD} -o a.m3u8")
    first = Path("a.m3u8").read_bytes()
    assert "Session 1." in made_up(f"{BUILD} -o b.m3u8").stderr
    made_up(f"{BUILD} -o a.m3u8")
    assert Path("a.m3u8").read_bytes() == first
    assert len(json.loads(made_up("sessions --json").stdout)) == 1
    made_up("pin 1")
    assert "Session 2." in made_up(BUILD).stderr  # the first one is another now
    with Library.open("l.db") as library:
        assert [Path(each.path).name for each in library.sessions.find("1").files] == [
            "a.m3u8",
            "b.m3u8",
        ]


def test_the_same_session_under_another_name_is_another_one(made_up):
    made_up(f"{BUILD} --name night")
    assert "Session 1 (night)." in made_up(f"{BUILD} --name night").stderr
    assert "Session 1 (night)." in made_up(BUILD).stderr
    assert "Session 2 (dawn)." in made_up(f"{BUILD} --name dawn").stderr
    told = made_up(f"{OTHER} --name night").stderr
    assert "Session 1 is not called night any more." in told
    made_up("sessions remove 3 --yes")
    assert "Session 4." in made_up(f"{BUILD} --seed 4").stderr


def test_what_stays_of_a_session_is_told(made_up):
    made_up(f"{BUILD} -o a.m3u8 --for A7")
    Path("a.spares.m3u8").touch()
    assert "These files stay: a.m3u8, a.spares.m3u8" in made_up("sessions remove 1 --yes").stderr
    made_up(f"{BUILD} -o a.m3u8 --for A7")
    assert "a.spares.m3u8" in made_up("history --forget A7 --yes").stderr


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A library of two sessions, the second one damaged."""
    slot = Slot("/m/a.flac", "5f", "A", "B", "C", 0.0, 60.0, "calm", 0.5, 0.5, (0.5,))
    request = SessionRequest("arc", "text")
    made = Session("arc", "relative", 60.0, 60.0, 0.0, 0.0, 0.0, (slot,), request=request)
    with api.Library.open(tmp_path / "l.db") as library:
        library.keep(made, name="Ésprit café 2")
        library.keep(replace(made, cost=1.0), name="dawn")
    with closing(sqlite3.connect(tmp_path / "l.db")) as raw, raw:
        raw.execute("UPDATE documents SET document = x'00' WHERE rowid = 2")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLAYLIST_BUILDER_LIBRARY", str(tmp_path / "l.db"))


@pytest.mark.usefixtures("kept")
def test_a_part_of_a_name_removes_nothing_however_it_is_written():
    for word in ("CAFÉ", "cafe\u0301", "ésp"):
        told = run("sessions", "remove", word, "--yes", code=2).stderr
        assert "say its whole name or 1" in told
    run("sessions", "remove", "ésprit CAFE\u0301 2", "--yes")
    assert [each["number"] for each in json.loads(run("sessions", "--json").stdout)] == [2]


@pytest.mark.usefixtures("kept")
def test_a_damaged_session_can_be_removed_by_number_and_by_whole_name():
    told = run("sessions", "remove", "daw", "--yes", code=1).stderr
    assert "cannot read one of its sessions" in told
    run("sessions", "remove", "2", "--yes")  # which is part of another name, but a number
    assert [each["number"] for each in json.loads(run("sessions", "--json").stdout)] == [1]
    assert "No session 2" in run("sessions", "remove", "2", "--yes", code=1).stderr


def test_sessions_are_listed_shown_named_and_removed(made_up):
    made_up(f"{BUILD} -o a.m3u8 --name night --for A7")
    made_up(OTHER)
    lines = made_up("sessions").stdout.splitlines()
    assert lines[0].split() == ["#", "name", "built", "for", "profile", "length", "tracks", "files"]
    assert lines[1].split()[:2] == ["1", "night"]
    assert "a.m3u8" in lines[1]
    listed = json.loads(made_up("sessions --json").stdout)
    assert [each["number"] for each in listed] == [1, 2]
    assert [each["path"] for each in listed[0]["files"]] == [str(Path("a.m3u8").absolute())]
    assert "There is no session for B2 yet" in made_up("sessions --for B2").stderr
    shown = json.loads(made_up("sessions show night --json").stdout)
    assert shown["session"]["slots"] == json.loads(text_of(1))["slots"]
    assert "written to a.m3u8" in made_up("sessions show 1").stdout
    assert "Session 1 is not any more." in made_up("sessions name 2 night").stderr
    made_up("sessions name 2 dawn")
    assert made_up("sessions name 1 night").stderr == "Session 1 is called night.\n"
    assert "reads like a number" in made_up("sessions name 2 7", code=2).stderr
    assert "is a session of its own" in made_up("sessions show", copy_of("night"), code=1).stderr
    assert "Nobody answered" in made_up("sessions remove night", code=2).stderr
    made_up("sessions remove night", typed="n\n", code=1)
    made_up("sessions remove night dawn --yes")
    assert made_up("sessions").stdout == ""
    assert Path("a.m3u8").exists()
    assert json.loads(made_up("history --json").stdout) == []  # it was made within the hour


def copy_of(word):
    Path("copy.json").write_text(open_session(word, "l.db").text, encoding="utf-8")
    return "copy.json"


def test_check_looks_at_a_session_and_mends_it(made_up):
    made_up(f"{BUILD} -o a.m3u8")
    slot = open_session("1", "l.db").session.slots[0]
    made_up("check")
    Path(slot.path).rename("Music/elsewhere.flac")
    assert f"missing  1  {slot.path}" in made_up("check", code=1).stdout
    assert json.loads(made_up("check 1 --json", code=1).stdout)["playlist"] == "session 1"


def test_a_number_names_a_track_of_the_last_session(made_up):
    made_up(f"{BUILD} -o a.m3u8")
    slots = open_session("1", "l.db").session.slots
    assert slots[1].title in made_up("show 2").stdout
    assert f"Marked {slots[1].title} " in made_up("mark 2 --vocals wordless").stderr
    assert "No track '99'" in made_up("show 99", code=1).stderr


def test_a_playlist_that_plays_other_tracks_is_not_its_session(made_up):
    """Number 3 of it would be another track: it is reordered, cut, or of before a change."""
    made_up(f"{BUILD} -o a.m3u8")
    shutil.copy("a.m3u8", "old.m3u8")
    lines = Path("a.m3u8").read_text(encoding="utf-8").splitlines(keepends=True)
    entries = [n for n, line in enumerate(lines) if not line.startswith("#")]
    first, second = entries[:2]
    lines[first], lines[second] = lines[second], lines[first]
    Path("turned.m3u8").write_text("".join(lines), encoding="utf-8")
    Path("cut.m3u8").write_text("".join(lines[: entries[1]]), encoding="utf-8")
    assert open_session("old.m3u8", "l.db").kept.number == 1
    made_up("swap 1 2")
    for word in ("old.m3u8", "turned.m3u8", "cut.m3u8"):
        done = made_up(f"rate {word} 1 up", code=1)
        assert f"'{word}' plays other tracks than session 1" in done.stderr
    assert open_session("a.m3u8", "l.db").kept.number == 1


def test_a_file_that_could_not_be_written_is_written_by_the_next_change(made_up, monkeypatch):
    made_up(f"{BUILD} -o a.m3u8")
    before = Path("a.m3u8").read_bytes()
    real = renew.rewrite
    monkeypatch.setattr(change, "rewrite", lambda *_: ([], []))
    made_up("pin 1 2")
    made_up("swap 1 3")
    assert Path("a.m3u8").read_bytes() == before
    monkeypatch.setattr(change, "rewrite", lambda *given: ([], real(*given)[1]))
    made_up("swap 1 3")  # it is written, and the process ends before that is noted
    monkeypatch.setattr(change, "rewrite", real)
    assert "Wrote a.m3u8" in made_up("swap 1 1 --take 1").stderr
    assert open_session("a.m3u8", "l.db").kept.number == 1


@pytest.mark.parametrize(
    ("command", "where"),
    [
        ("report", "playlist-builder report 1 --notes"),
        ("sessions show", "playlist-builder report 1 --notes"),
        ("rebuild --dry-run", "the same command with --notes"),
    ],
)
def test_all_notes_are_told_where_they_are_asked_for(made_up, command, where):
    """Each view of a session tells the most important three, and where the others are."""
    made_up("build arc --duration 12m --min-length 30s")
    short, whole = made_up(command).stdout, made_up(f"{command} --notes").stdout
    assert f" more notes: {where}\n" in short
    assert "no session of these tracks goes below" in whole
    assert "no session of these tracks goes below" not in short
    assert "more notes: " not in whole


def test_a_change_tells_where_the_notes_of_its_own_session_are(made_up):
    build = "build arc --duration 12m --min-length 30s"
    assert ": playlist-builder report 1 --notes\n" in made_up(build).stdout
    made_up(build)
    assert ": playlist-builder report 1 --notes\n" in made_up("drop 1 2").stdout


def test_what_is_built_is_shown_as_it_is_kept(made_up, monkeypatch):
    """Energies are kept to so many places, and are rounded from there everywhere."""
    shown = []
    monkeypatch.setattr(output, "print_session", lambda session, **_: shown.append(session))
    made_up("build arc --duration 12m --min-length 30s")
    made_up("report")
    built, kept = shown
    assert (built.slots, built.tail, built.rms_error) == (kept.slots, kept.tail, kept.rms_error)


def test_a_playlist_of_no_session_becomes_one_in_its_order_by_the_command_that_is_told(made_up):
    made_up("build arc --duration 12m --min-length 30s -o a.m3u8")
    before = paths_of("a.m3u8")
    Path("c.m3u8").write_text("\n".join(before), encoding="utf-8")
    told = made_up("report c.m3u8", code=1).stderr
    assert "as they are: playlist-builder resolve 'c.m3u8', or in the order of a profile" in told
    made_up("resolve c.m3u8 -o b.m3u8")
    assert paths_of("b.m3u8")[: len(before)] == before


def paths_of(file):
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_a_history_without_names_says_so(made_up):
    done = made_up("history")
    assert (done.stdout, done.stderr.startswith("The history holds no name yet")) == ("", True)
    assert made_up("history --json").stdout == "[]\n"
