"""Building a stored session again as a user meets it."""

import json
import os
import shutil

import pytest

from playlist_builder.cli import build
from tests.support.commands import run
from tests.support.documents import SHORT, paths, session
from tests.support.sounds import write_noise


@pytest.fixture(scope="module")
def one(demo_library, tmp_path_factory):
    """The text of a session of the demo, for what only reads it."""
    file = tmp_path_factory.mktemp("one") / "s.json"
    run("build", "arc", *SHORT, *demo_library, "-o", file)
    return file.read_text(encoding="utf-8")


def test_a_session_is_made_again_from_what_is_there_now(built):
    """The same library gives the same bytes; without a track of it, another session."""
    before = (built / "s.json").read_bytes()
    done = run("rebuild", built / "s.json", "-o", built / "p.m3u8")
    assert (built / "s.json").read_bytes() == before
    assert "0 of" in done.stderr
    assert (built / "p.m3u8").exists()
    gone = paths(session(built))[0]
    os.unlink(gone)  # noqa: PTH108
    run("scan", built / "music", "--no-vocals", "--no-embedding", "--library", built / "l.db")
    after = json.loads(run("rebuild", built / "s.json", "--json").stdout)
    assert gone not in paths(after)
    now = session(built)
    assert now.pop("earlier") == [json.loads(before)]
    assert now == after


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
    run("scan", built / "music", "--no-vocals", "--no-embedding", "--library", built / "l.db")
    run("rebuild", built / "t.json")
    assert str(new) in paths(session(built, "t.json"))


def test_a_pin_may_name_any_copy_of_a_recording(built):
    first = paths(session(built))[0]
    for name in ("aaa.flac", "zzz.flac"):
        shutil.copy(first, built / "music" / name)
    run("scan", built / "music", "--no-vocals", "--no-embedding", "--library", built / "l.db")
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
        (lambda document: document.update(call=[3]), "call must be an object", 1),
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


def test_a_rebuild_leaves_out_what_is_gone_and_tells_it(built):
    """As a build does; where much is gone it is refused, and the session stays."""
    gone = paths(session(built))[0]
    os.unlink(gone)  # noqa: PTH108
    done = run("rebuild", built / "s.json")
    assert gone not in paths(session(built))
    assert "is not there and left out, such as" in " ".join(done.stdout.split())
    before = (built / "s.json").read_bytes()
    shutil.rmtree(built / "music")
    done = run("rebuild", built / "s.json", code=1)
    assert "Is the drive mounted?" in done.stderr
    assert (built / "s.json").read_bytes() == before


@pytest.mark.parametrize("folder", ["other", "/proc", "."])
def test_no_folder_is_scanned_because_a_file_says_so(built, monkeypatch, folder):
    """What the library holds of it counts, and it holds what the user has scanned."""
    other = built / "other"
    other.mkdir()
    write_noise(other / "new.flac", 1)
    document = session(built)
    document["call"]["music"] = [str((built / folder).resolve())]
    (built / "s.json").write_text(json.dumps(document), encoding="utf-8")
    monkeypatch.setattr(build, "scan_folders", lambda *_: pytest.fail("scanned"))
    done = run("rebuild", built / "s.json", "--dry-run", code=0 if folder == "." else 1)
    assert ("No music that can be used lies in" in done.stderr) is (folder != ".")


def test_a_playlist_of_before_is_told_unless_it_was_written_with_the_session(built):
    old = built / "s.m3u8"
    run("export", built / "s.json", "-o", old)
    assert f"export {built / 's.json'} -o {old}" in run("rebuild", built / "s.json").stderr
    assert "renew" not in run("rebuild", built / "s.json", "-o", old).stderr
