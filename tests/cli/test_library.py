"""Which library a command uses: --library, then the environment, then the session's own."""

import json
import os
import shutil

import pytest

from tests.cli.conftest import SHORT
from tests.support.commands import run
from tests.support.documents import keep_first, paths, session


@pytest.fixture
def others(built):
    """Copies of the library that tell in their backups and history which one was used."""
    for name in ("option.db", "environment.db"):
        shutil.copy(built / "l.db", built / name)
    return built


@pytest.mark.parametrize(
    ("option", "environment", "used"),
    [
        ("option.db", "environment.db", "option.db"),
        (None, "environment.db", "environment.db"),
        (None, None, "l.db"),
    ],
)
@pytest.mark.parametrize("command", [("swap", 2), ("pin", 1), ("rebuild",)])
def test_the_library_of_a_changed_session_is_found_in_one_order(
    others, command, option, environment, used
):
    name, *rest = command
    words = () if option is None else ("--library", others / option)
    variables = {"PLAYLIST_BUILDER_LIBRARY": str(others / environment) if environment else ""}
    run(name, others / "s.json", *rest, *words, **variables)
    assert session(others)["call"]["library"] == str(others / used)


@pytest.mark.parametrize(
    ("option", "environment", "used"),
    [
        ("option.db", "environment.db", "option.db"),
        (None, "environment.db", "environment.db"),
        (None, None, "l.db"),
    ],
)
def test_a_rating_is_kept_in_that_library(others, option, environment, used):
    words = () if option is None else ("--library", others / option)
    variables = {"PLAYLIST_BUILDER_LIBRARY": str(others / environment) if environment else ""}
    run("rate", others / "s.json", 1, "up", "--for", "Basil", *words, **variables)
    for name in ("option.db", "environment.db", "l.db"):
        listed = run("history", "--library", others / name).stdout
        assert ("Basil" in listed) is (name == used)


def test_a_library_that_is_gone_is_not_made_again(built):
    (built / "l.db").unlink()
    for command in (("rate", built / "s.json", 1, "up", "--for", "Basil"),
                    ("rebuild", built / "s.json")):  # fmt: skip
        assert "is gone. Give another one" in run(*command, code=1).stderr
    assert not (built / "l.db").exists()


COMMANDS = (
    ("tracks",),
    ("show", "Thaw"),
    ("mark", "Thaw", "--ban"),
    ("mark", "Thaw", "--ban", "--for", "Basil"),
    ("calibrate", "--json"),
    ("calibrate", "--forget"),
    ("history",),
    ("history", "Basil"),
    ("library", "merge", "l.db"),
    ("build", "arc", "-o", "new.json"),
    ("build", "arc", "--for", "Basil", "-o", "new.json"),
    ("series", "arc", "--for", "Basil", "-o", "new.json"),
    ("reorder", "p.m3u8", "-o", "new.json"),
    ("rescue", "-o", "new.json"),
    ("rate", "s.json", 1, "up", "--for", "Basil"),
    ("swap", "s.json", 1),
    ("swap", "s.json", 1, "--candidates", 2),
    ("pin", "s.json", 1),
    ("replan", "s.json", "--at", "1:00"),
    ("rebuild", "s.json"),
)


def test_only_a_scan_makes_a_library(built):
    """Where its drive is not mounted, an empty one would take its place, and what is said now."""
    document = session(built)
    document["call"]["library"] = None
    (built / "s.json").write_text(json.dumps(document), encoding="utf-8")
    (built / "p.m3u8").write_text(f"{paths(document)[0]}\n", encoding="utf-8")
    before = {each.name: each.read_bytes() for each in built.glob("*.*")}
    home = built / "data"
    for command in COMMANDS:
        done = run(*command, cwd=built, code=1, XDG_DATA_HOME=str(home))
        assert done.stderr.startswith("Error: No library at "), command
        assert "is the drive mounted?" in done.stderr
        where = built / "mnt" / "library.db"
        if "s.json" not in command:
            done = run(*command, "--library", where, cwd=built, code=1)
            assert f"No library at '{where}'" in done.stderr
        assert not home.exists(), command
        assert not where.parent.exists(), command
        assert {each.name: each.read_bytes() for each in built.glob("*.*")} == before
    for each in sorted((built / "music").iterdir())[3:]:
        each.unlink()
    words = ("--no-vocals", "--no-embedding", "--library")
    run("scan", built / "music", *words, where)
    words = (*SHORT, "--allow-short", "--music", "music", "--library", "new/l.db")
    run("build", "arc", *words, cwd=built)
    assert where.exists()
    assert (built / "new" / "l.db").exists()


def test_stepping_back_takes_the_library_that_is_named(built):
    """The one that the session was made with is gone, and is not made again."""
    run(
        "build",
        "arc",
        *SHORT,
        "--library",
        built / "l.db",
        "--for",
        "Basil",
        "-o",
        built / "n.json",
    )
    shutil.copy(built / "l.db", built / "u.db")
    (built / "l.db").unlink()
    run("pin", built / "n.json", 1, "--library", built / "u.db")
    run("undo", built / "n.json", "--library", built / "u.db")
    assert not (built / "l.db").exists()
    assert "n.json" in run("history", "Basil", "--library", built / "u.db", COLUMNS="300").stdout


def other_track(folder):
    """Return a track of the library that the session does not play."""
    played = {os.path.basename(path) for path in paths(session(folder))}  # noqa: PTH119
    return next(path for path in sorted((folder / "music").iterdir()) if path.name not in played)


@pytest.mark.parametrize("way", ["itself", "link", "folder", "hard"])
@pytest.mark.parametrize("command", ["render", "preview"])
def test_no_recording_replaces_music_of_the_library(built, command, way):
    """Whichever of its names is given."""
    track = other_track(built)
    before = track.read_bytes()
    (built / "linked").symlink_to(built / "music")
    given = built / "new.flac"
    if way == "link":
        given.symlink_to(track)
    elif way == "hard":
        given.hardlink_to(track)
    else:
        given = (built / "linked" if way == "folder" else built / "music") / track.name
    done = run(command, built / "s.json", "-o", given, code=1)
    assert track.read_bytes() == before
    assert f"knows '{track}' as music" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "command",
    [
        ("build", "arc", *SHORT),
        ("series", "arc", *SHORT, "--sessions", 2, "--for", "A7"),
        ("rescue",),
        ("export", "s.json"),
        ("report", "s.json"),
    ],
)
def test_no_output_replaces_music_through_a_link(built, command):
    track = other_track(built)
    before = track.read_bytes()
    suffix = ".html" if command[0] == "report" else ".m3u8"
    number = "-1" if command[0] == "series" else ""
    (built / f"out{number}{suffix}").symlink_to(track)
    library = () if command[-1] == "s.json" else ("--library", built / "l.db")
    done = run(*command, *library, "-o", f"out{suffix}", cwd=built, code=1)
    assert track.read_bytes() == before
    assert ("it is there, and is not" if number else "as music") in done.stderr


def test_a_recording_beside_the_music_is_made_anew(built):
    """What no scan has met is the user's to replace."""
    keep_first(built, 3)
    recording = built / "music" / "tonight.flac"
    recording.write_bytes(b"of yesterday")
    run("preview", built / "s.json", "-o", recording)
    assert recording.read_bytes().startswith(b"fLaC")


def test_a_library_of_no_use_to_a_command_is_not_touched_and_stops_nothing(built):
    """Whatever lies where the environment looks for one."""
    other = built / "other.db"
    other.write_bytes(b"not a database at all" * 100)
    for _ in range(2):
        run(
            "export", built / "s.json", "-o", built / "out.m3u8",
            PLAYLIST_BUILDER_LIBRARY=str(other),
        )  # fmt: skip
    assert other.read_bytes() == b"not a database at all" * 100
    assert not list(built.glob("other.db?*"))
