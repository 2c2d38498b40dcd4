"""Copying, checking and rebuilding as a user meets them."""

import json
import os
import shutil

import pytest

from tests.support.commands import run


@pytest.fixture(scope="module")
def one(demo_library, tmp_path_factory):
    """The text of a session of the demo, for what only reads it."""
    file = tmp_path_factory.mktemp("one") / "s.json"
    run("build", "arc", *SHORT, *demo_library, "-o", file)
    return file.read_text(encoding="utf-8")


SHORT = ("--duration", "6m", "--track-minutes", 0.5, 15)


@pytest.fixture
def built(own_demo):
    """A copy of the demo's music, its library, and a session of it."""
    run("build", "arc", *SHORT, "--library", own_demo / "l.db", "-o", own_demo / "s.json")
    return own_demo


def session(folder, name="s.json"):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def paths(document):
    return [slot["path"] for slot in (*document["slots"], *document["tail"])]


def test_a_session_lies_on_a_stick_after_one_command(built):
    stick = built / "stick"
    done = json.loads(run("copy", built / "s.json", stick, "--json").stdout)
    assert [each["source"] for each in done["files"]] == paths(session(built))
    assert {each["state"] for each in done["files"]} == {"copied"}
    lines = (stick / "s.m3u8").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if not line.startswith("#")]
    assert all((stick / entry).is_file() for entry in entries)
    assert entries[0].startswith("01 - ")
    again = run("copy", built / "s.json", stick)
    assert f"{len(entries)} kept" in again.stderr
    assert "there" in run("check", stick / "s.m3u8").stderr


def test_a_session_is_converted_for_a_small_player(built):
    done = json.loads(
        run("copy", built / "s.json", built / "stick", "--convert", "opus", "--json").stdout
    )
    assert {each["state"] for each in done["files"]} == {"converted"}
    assert all(each["path"].endswith(".opus") for each in done["files"])
    scanned = json.loads(
        run("scan", built / "stick", "--library", built / "o.db", "--no-vocals", "--json").stdout
    )
    assert (scanned["analysed"], scanned["skipped"]) == (len(done["files"]), [])
    tracks = json.loads(run("tracks", "--library", built / "o.db", "--json").stdout)
    lengths = {track["path"]: track["duration_s"] for track in tracks}
    document = session(built)
    for each, slot in zip(done["files"], (*document["slots"], *document["tail"]), strict=True):
        assert lengths[each["path"]] == pytest.approx(slot["end_s"] - slot["start_s"], abs=0.1)


def test_a_moved_track_is_found_and_its_playlist_mended(built):
    run("export", built / "s.json", "-o", built / "p.m3u8")
    moved = built / "music" / "elsewhere"
    moved.mkdir()
    first = paths(session(built))[0]
    shutil.move(first, moved)
    new = str(moved / os.path.basename(first))  # noqa: PTH119
    library = ("--library", built / "l.db")
    run("scan", built / "music", "--no-vocals", *library)
    text = (built / "p.m3u8").read_text(encoding="utf-8")
    for name in ("p.m3u8", "s.json"):
        done = json.loads(run("check", built / name, *library, "--json", code=1).stdout)
        assert [each["path"] for each in done["moved"]] == [new]
        assert (done["missing"], done["fixed"]) == ([], False)
        done = run("check", "--fix", built / name, *library)
        assert "moved" in done.stdout
        assert f"Wrote {built / name}" in done.stderr
        run("check", built / name, *library)
    shutil.move(new, first)
    run("scan", built / "music", "--no-vocals", *library)
    done = run("check", built / "s.json", code=1, PLAYLIST_BUILDER_LIBRARY="")
    assert f"{new} -> {first}  (same music)" in done.stdout  # it knows its library too
    old_entry = os.path.relpath(first, built)
    new_entry = os.path.relpath(new, built)
    mended = (built / "p.m3u8").read_text(encoding="utf-8")
    assert mended == text.replace(old_entry, new_entry)
    assert paths(session(built))[0] == new


def test_what_is_nowhere_stays_and_is_listed(built):
    before = "#EXTM3U\r\n#EXTINF:3,Gone - Away\r\ngone.mp3\r\nhttp://x.org/a.mp3\r\n"
    (built / "p.m3u").write_bytes(before.encode())
    done = run("check", "--fix", built / "p.m3u", "--library", built / "l.db", code=1)
    assert done.stdout == "missing  1  gone.mp3  (Gone - Away)\n"
    assert (built / "p.m3u").read_bytes() == before.encode()
    done = run("check", built / "p.m3u", "--library", built / "none.db", code=1)
    assert "There is no library" in done.stderr
    assert not (built / "none.db").exists()


def test_a_session_is_made_again_from_what_is_there_now(built):
    """The same library gives the same bytes; without a track of it, another session."""
    before = (built / "s.json").read_bytes()
    done = run("rebuild", built / "s.json", "-o", built / "p.m3u8")
    assert (built / "s.json").read_bytes() == before
    assert "0 of" in done.stderr
    assert (built / "p.m3u8").exists()
    gone = paths(session(built))[0]
    os.unlink(gone)  # noqa: PTH108
    run("scan", built / "music", "--no-vocals", "--library", built / "l.db")
    after = json.loads(run("rebuild", built / "s.json", "--json").stdout)
    assert gone not in paths(after)
    assert session(built) == after


def test_everything_that_was_asked_is_asked_again(built):
    own = built / "mine.toml"
    shipped = json.loads((built / "s.json").read_text())["call"]["profile_text"]
    own.write_text(shipped, encoding="utf-8")
    avoided = built / "avoid.m3u8"
    avoided.write_text(f"{paths(session(built))[-1]}\n", encoding="utf-8")
    asked = (
        *("build", "mine.toml", *SHORT, "--seed", 3, "--tolerance", 1, "--alternatives", 2),
        *("--level", "calm=0.1", "--avoid", "avoid.m3u8", "--pin", "Thaw", "--vocals", "allow"),
        *("--exclude", "title:nothing", "--prefer", "title:night", "--include", "path:music"),
        *("--music", "music", "--library", "l.db", "-o", "t.json"),
    )
    run(*asked, cwd=built)
    request = session(built, "t-2.json")["call"]
    assert request["profile"] == str(own)
    assert request["avoid"] == [str(avoided)]
    assert (request["alternative"], request["pins"], len(request["pinned"])) == (2, ["Thaw"], 1)
    assert (request["levels"], request["seed"], request["tolerance_s"]) == (["calm=0.1"], 3, 60.0)
    for name in ("t.json", "t-2.json"):
        before = (built / name).read_bytes()
        run("rebuild", built / name)
        assert (built / name).read_bytes() == before
    own.unlink()
    run("rebuild", built / "t.json", "--dry-run")
    document = session(built, "t.json")
    identities = [slot["identity"] for slot in document["slots"]]
    assert document["call"]["pinned"][0] in identities


def test_a_pin_is_found_again_under_its_new_name(built):
    first = paths(session(built))[0]
    run("build", "arc", *SHORT, "--library", built / "l.db", "--pin", first, "-o", built / "t.json")
    new = built / "music" / "renamed.flac"
    shutil.move(first, new)
    run("scan", built / "music", "--no-vocals", "--library", built / "l.db")
    run("rebuild", built / "t.json")
    assert str(new) in paths(session(built, "t.json"))


def test_a_pin_may_name_any_copy_of_a_recording(built):
    first = paths(session(built))[0]
    for name in ("aaa.flac", "zzz.flac"):
        shutil.copy(first, built / "music" / name)
    run("scan", built / "music", "--no-vocals", "--library", built / "l.db")
    for name in ("aaa.flac", "zzz.flac", first):
        asked = ("--pin", f"{built / 'music' / name}@1", "--dry-run", "--json")
        document = json.loads(
            run("build", "arc", *SHORT, "--library", built / "l.db", *asked).stdout
        )
        assert document["slots"][0]["identity"] == document["call"]["pinned"][0]


@pytest.mark.parametrize(
    ("change", "says", "code"),
    [
        (lambda document: document.pop("call"), "does not say how it was made", 1),
        (
            lambda document: document["call"].update(library="/none/l.db"),
            "is gone. Give another",
            1,
        ),
        (lambda document: document["call"].update(levels=["loud"]), "give a level from 0 to 1", 2),
        (lambda document: document["call"].update(include=["yeer:1"]), "no field 'yeer'", 1),
        (lambda document: document["call"].update(duration_s=1e300), "cannot last", 1),
        (lambda document: document["call"].update(avoid=["/none.m3u8"]), "Cannot read playlist", 1),
        (
            lambda document: document["call"].update(profile="none", profile_text="x"),
            "'none' is gone, and of its text",
            1,
        ),
        (lambda document: document.update(request=[3]), "call must be an object", 1),
    ],
)
def test_what_cannot_be_made_again_is_one_line(one, tmp_path, change, says, code):
    document = json.loads(one)
    change(document)
    file = tmp_path / "s.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    before = file.read_bytes()
    done = run("rebuild", file, code=code)
    assert says in done.stderr
    assert done.stdout == ""
    assert file.read_bytes() == before


def test_bad_input_to_copy_and_check_is_one_line(built):
    (built / "bad.json").write_text("[" * 200_000, encoding="utf-8")
    (built / "file").write_text("x", encoding="utf-8")
    os.unlink(paths(session(built))[1])  # noqa: PTH108
    for arguments, code, says in (
        (("copy", "s.json", "stick"), 1, "is not there, so nothing was copied"),
        (("copy", "bad.json", "stick"), 1, "is not a session"),
        (("copy", "s.json", "file"), 2, "file"),
        (("check", "bad.json"), 1, "is not a session"),
        (("check", "file.doc"), 2, "does not exist"),
    ):
        done = run(*arguments, cwd=built, code=code)
        errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
        assert len(errors) == 1
        assert says in errors[0]


def test_rebuild_is_refused_while_files_are_gone(built):
    """A session that plays nothing is worse than yesterday's."""
    before = (built / "s.json").read_bytes()
    gone = next((built / "music").iterdir())
    gone.unlink()
    done = run("rebuild", built / "s.json", code=1)
    assert "1 files of the library are not there" in done.stderr
    assert (built / "s.json").read_bytes() == before
    run("scan", built / "music", "--library", built / "l.db", "--no-vocals")
    run("rebuild", built / "s.json")
    assert str(gone) not in paths(session(built))


def test_what_the_user_put_in_the_place_of_a_copy_is_the_user_s(built):
    stick = built / "stick"
    run("copy", built / "s.json", stick)
    mine = next(each for each in stick.iterdir() if each.name.startswith("01 - "))
    mine.write_bytes(b"my own notes")
    os.utime(mine, (1, 1))
    for _ in range(2):
        done = run("copy", built / "s.json", stick)
        assert mine.read_bytes() == b"my own notes"
        assert "earlier copies" not in done.stderr
