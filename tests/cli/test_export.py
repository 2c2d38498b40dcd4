"""`export`: each option reaches the playlist, and what cannot be is one line and writes nothing."""

import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from playlist_builder.cli import main
from playlist_builder.models import Session, Silence, Slot
from playlist_builder.playlists import session_json
from playlist_builder.playlists.csv_table import COLUMNS
from playlist_builder.playlists.dialects import PLAYERS
from playlist_builder.session_request import SessionRequest
from tests.support.documents import in_turn


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder, with a session of two tracks and a tail."""
    monkeypatch.chdir(tmp_path)
    paths = ["Music/quiet.flac", "Music/勇気/#1 é.flac", "other/tail.flac"]
    slots = [
        Slot(str(tmp_path / path), "5f", "Quiet", "Ada", "", 0.0, 200.0, "calm", 0.2, 0.2)
        for path in paths
    ]
    whole = Session("arc", "relative", 400.0, 600.0, 0.1, 0.1, 0.1, slots[:2], slots[2:])
    (tmp_path / "s.json").write_text(session_json.dump(in_turn(whole)), encoding="utf-8")
    return tmp_path


def run(*arguments, code=0):
    """What the command prints, on both streams; stdout is bytes."""
    done = CliRunner().invoke(main, ["export", "s.json", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done


def entries(name):
    lines = Path(name).read_text(encoding="utf-8-sig").splitlines()
    return [line for line in lines if not line.startswith("#")]


@pytest.mark.usefixtures("folder")
def test_without_options_the_playlist_is_the_safe_default():
    run("-o", "p.m3u8")
    assert entries("p.m3u8") == ["Music/quiet.flac", "Music/勇気/#1 é.flac", "other/tail.flac"]


@pytest.mark.usefixtures("folder")
def test_each_suffix_is_its_format():
    names = [f"p{suffix}" for suffix in (".m3u8", ".pls", ".xspf", ".jspf", ".csv", ".json")]
    done = run(*(word for name in names for word in ("-o", name)))
    *wrote, told = done.stderr.splitlines()
    assert wrote == [f"Wrote {name}" for name in names]
    assert told.startswith("3 of 3 files are not there")
    starts = [Path(name).read_text(encoding="utf-8").split()[0] for name in names]
    assert starts == ["#EXTM3U", "[playlist]", "<?xml", "{", ",".join(COLUMNS), "{"]
    assert json.loads(Path("p.jspf").read_text(encoding="utf-8"))["playlist"]["title"] == "p"


@pytest.mark.usefixtures("folder")
def test_standard_output_is_m3u8_in_utf8():
    assert run("-o", "-", "--player", "vlc").stdout_bytes.endswith(b"\nother/tail.flac\n")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("player", PLAYERS)
def test_every_player_can_be_named_in_any_case(player):
    run("-o", "p.m3u8", "--player", player.upper())
    assert len(entries("p.m3u8")) == 3


def test_roots_are_renamed_and_what_is_left_is_told(folder):
    """`~` is the home, wherever it stands."""
    done = run("-o", "p.m3u8", "--map", f"{folder}/Music/=/volume1/music/", "--map", "~=/home")
    assert entries("p.m3u8") == [
        "/volume1/music/quiet.flac",
        "/volume1/music/勇気/#1 é.flac",
        "other/tail.flac",
    ]
    assert f"1 of 3 tracks lie under no folder of --map, such as '{folder}/other" in done.stderr


def test_an_equals_sign_may_stand_in_both_folders(folder):
    run("-o", "p.m3u8", "--map", f"a=b={folder}", "--map", f"{folder}=/x=y")
    assert entries("p.m3u8")[0] == "/x=y/Music/quiet.flac"


@pytest.mark.parametrize(
    ("options", "first"),
    [
        (["--absolute"], "{}/Music/quiet.flac"),
        (["--player", "plex"], "{}/Music/quiet.flac"),
        (["--relative-to", "Music"], "quiet.flac"),
        (["--player", "plex", "--relative-to", "Music"], "quiet.flac"),
        (["--player", "foobar2000"], "Music\\quiet.flac"),
        (["--map", "Music=D:\\M", "--relative-to", "D:\\"], "M\\quiet.flac"),
    ],
)
def test_paths_are_as_asked(folder, options, first):
    run("-o", "p.m3u8", *options)
    assert entries("p.m3u8")[0] == first.format(folder)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_are_in_the_normal_form(form):
    run("-o", "p.m3u8", "--normal-form", form.lower())
    assert entries("p.m3u8")[1] == unicodedata.normalize(form, "Music/勇気/#1 é.flac")


@pytest.mark.parametrize(
    ("options", "code", "line"),
    [
        (["-o", "p.m3u"], 1, "its name does not fit the codepage cp1252. Write the session as"),
        (["-o", "p.m3u", "--codepage", "klingon"], 2, "'klingon' is no codepage. Give one such"),
        (["-o", "p.mp3"], 1, "Let it end in .m3u8, .m3u, .pls, .xspf, .jspf, .csv or .json"),
        (["-o", "p.xspf", "--player", "mpv"], 1, "mpv does not read .xspf"),
        (["-o", "p.m3u8", "--player", "winamp"], 2, "'winamp' is not one of"),
        (["-o", "p.m3u8", "--absolute", "--relative-to", "/"], 2, "give one of them"),
        (["-o", "p.m3u8", "--map", "Music"], 2, "give FROM=TO"),
        (["-o", "p.m3u8", "--map", "Music="], 2, "give FROM=TO"),
        (["-o", "p.m3u8", "--map", "=/x"], 2, "give FROM=TO"),
        (["-o", "p.m3u8", "--map", "Music=music"], 2, "TO in full"),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_is_written(folder, options, code, line):
    done = run("-o", "first.xspf" if "mpv" not in options else "first.pls", *options, code=code)
    assert line in done.stderr
    assert "Traceback" not in done.stderr
    assert [file.name for file in folder.iterdir()] == ["s.json"]


@pytest.mark.parametrize(
    ("player", "levelled", "is_told"),
    [("jellyfin", False, True), ("jellyfin", True, False), ("vlc", False, False)],
)
def test_a_player_that_levels_asks_for_a_session_that_is_levelled(
    folder, player, levelled, is_told
):
    session = session_json.load_session(folder / "s.json")
    request = SessionRequest("arc", "x", levelled=levelled)
    text = session_json.dump(replace(session, request=request))
    (folder / "s.json").write_text(text, encoding="utf-8")
    assert ("--levelled" in run("-o", "p.m3u8", "--player", player).output) == is_told


def test_paths_that_lead_nowhere_on_a_phone_are_told(folder):
    (folder / "lists").mkdir()
    for player in ("android", "iphone"):
        told = run("-o", "lists/p.m3u8", "--player", player).stderr
        assert "3 of 3 paths lead nowhere on the phone, such as " in told
        assert "copy s.json FOLDER --for-phone" in told
        assert "lead nowhere" not in run("-o", "p.m3u8", "--player", player).stderr
    mapped = run("-o", "lists/p.m3u8", "--player", "android", "--map", f"{folder}=/sdcard/Music")
    assert "lead nowhere" not in mapped.stderr


def test_steps_of_loudness_are_told_once_up_and_down(folder):
    slots = [
        Slot(
            *(f"{folder}/{n}.flac", "5f", f"T{n}", "", "", 200.0 * n, 200.0 * n + 200),
            *("calm", 0.2, 0.2),
            loudness_lufs=lufs,
            start_loudness_lufs=lufs,
            end_loudness_lufs=lufs,
        )
        for n, lufs in enumerate((-20.0, -9.0, -21.0))
    ]
    whole = Session("arc", "relative", 600.0, 600.0, 0.1, 0.1, 0.1, slots)
    (folder / "s.json").write_text(session_json.dump(in_turn(whole)), encoding="utf-8")
    told = run("-o", "p.m3u8", "-o", "p.xspf").stderr
    assert told.count("3:20 'T1' comes in 11.0 LU louder") == 1
    assert told.count("6:40 'T2' comes in 12.0 LU quieter") == 1
    assert told.count("'copy --levelled' and 'render' even that out.") == 1
    assert "comes in" not in run("-o", "p.m3u8", "--player", "jellyfin").stderr
    assert "comes in" not in run("-o", "p.csv").stderr


def test_what_a_playlist_cannot_hold_of_a_silence_is_said_once(folder):
    whole = session_json.load_session(folder / "s.json")
    first, second = whole.slots
    later = replace(second, start_s=second.start_s + 120.0, end_s=second.end_s + 120.0)
    ended = tuple(replace(each, start_s=520.0, end_s=720.0) for each in whole.tail)
    silences = (Silence(first.end_s, later.start_s, "calm"),)
    own = replace(whole, slots=(first, later), tail=ended, silences=silences)
    (folder / "s.json").write_text(session_json.dump(own), encoding="utf-8")
    told = run("-o", "p.m3u8", "-o", "p.pls").stderr
    assert told.count("1 planned silence, 2:00 in all: 'render' and 'copy' play it") == 1
    assert "planned silence" not in run("-o", "p.csv", "-o", "p.json").stderr
