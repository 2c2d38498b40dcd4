"""Blocks of music to choose from, as a user prepares them."""

import json
from pathlib import Path

import pytest

from playlist_builder.arranger import menu, parts
from tests.support.commands import run
from tests.support.libraries import fill


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A library of 48 minutes, and parts of a profile that are short enough for it."""
    monkeypatch.setattr(parts, "LEAST_S", 200.0)
    monkeypatch.setattr(menu, "ROUNDS", 0)
    monkeypatch.setattr(menu, "OFFERS", 0)
    folder = tmp_path / "music"
    folder.mkdir()
    for number in range(24):
        (folder / f"{number}.flac").touch()
    file = fill(tmp_path / "l.db", 24, artists=24, duration_s=120.0, folder=folder)
    return "--library", file


def test_blocks_are_written_told_and_printed_as_json(library, tmp_path):
    ask = ("menu", "arc", "--blocks", "2", "--duration", "10m", *library)
    done = run(*ask, "-o", tmp_path / "night.m3u8", "--json")
    found = json.loads(done.stdout)
    first, second = found["parts"]
    assert first["phases"] == ["calm", "rise", "emotional peak"]
    assert second["phases"] == ["descent", "return"]
    names = [block["name"] for part in found["parts"] for block in part["blocks"]]
    assert names == ["1a", "1b", "2a", "2b"]
    files = [file for part in found["parts"] for block in part["blocks"] for file in block["files"]]
    assert files[0].endswith("night-1-calm-rise-emotional-peak-a.m3u8")
    assert files[3].endswith("night-2-descent-return-b.m3u8")
    written = sorted(map(str, tmp_path.glob("night-*.m3u8")))
    assert written == sorted([*files, *found["tail"]["files"]])
    for part in found["parts"]:
        for block in part["blocks"]:
            (file,) = block["files"]
            text = Path(file).read_text(encoding="utf-8")
            assert text.count("#EXTINF") == len(block["slots"])
    assert found["paths"] == 4
    assert found["best_rms_error"] <= found["worst_rms_error"]
    assert "play any 1, then any 2: 4 paths of" in done.stderr
    (tmp_path / "night-1-calm-rise-emotional-peak-a.m3u8").write_text("mine")
    refused = run(*ask, "-o", tmp_path / "night.m3u8", code=1)
    assert "is not what playlist-builder wrote" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("-o", "night.json"), "A menu is many playlists"),
        (("-o", "-"), "Standard output holds one playlist"),
        (("--trim", "60s"), "no --trim"),
        (("--blocks", "1"), "is not in the range"),
    ],
)
def test_what_no_menu_can_be_is_one_line(library, arguments, told):
    done = run("menu", "arc", *arguments, *library, code=2)
    assert told in " ".join(done.stderr.split())


def test_too_little_music_says_how_to_need_less(library):
    done = run("menu", "steady", "--duration", "20m", "--blocks", "3", *library, code=1)
    assert "fewer need less music (--blocks)" in done.stderr
