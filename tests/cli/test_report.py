"""The command `report` as a user meets it, and colour where the user wants it."""

import os
import re
import subprocess
import sys

import pytest

from playlist_builder.language.notices import notice
from playlist_builder.models import Session, Slot
from playlist_builder.playlists import session_json
from tests.support.commands import run, run_process

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def folder(tmp_path):
    """A folder with a session of two tracks, of which one file is there."""
    (tmp_path / "a.flac").touch()
    slots = [
        Slot(
            str(tmp_path / name),
            name,
            title,
            "静かな演奏者",
            "",
            start_s,
            start_s + 600.0,
            phase,
            0.4,
            0.3,
            contour=(0.4,) * 60,
            start_loudness_lufs=loudness,
            end_loudness_lufs=-30.0,
        )
        for name, title, start_s, phase, loudness in (
            ("a.flac", "長い夜の静かな音楽" * 3, 0.0, "calm", -30.0),
            ("b.flac", "\x1b[31mred\x07", 600.0, "peak", -20.0),
        )
    ]
    session = Session(
        "arc",
        "relative",
        1200.0,
        1200.0,
        0.1,
        0.05,
        0.1,
        slots,
        curve=(0.3,) * 120,
        warnings=(notice("text", text="\x1b[2J of a tag"),),
    )
    (tmp_path / "s.json").write_text(session_json.dump(session), encoding="utf-8")
    return tmp_path


def test_without_a_file_the_session_is_shown_here(folder):
    done = run("report", "s.json", cwd=folder)
    lines = done.stdout.splitlines()
    assert lines[0] == "arc: 2 tracks, 20.0 min of 20.0 min asked for"
    assert [line for line in lines if line.startswith("loud ")] == ["loud" + " " * 48 + "▲"]
    assert done.stderr == ""


@pytest.mark.parametrize("columns", [20, 40, 80, 120, 300])
def test_every_line_keeps_to_the_width_and_names_when_each_track_starts(folder, columns):
    from rich.cells import cell_len  # noqa: PLC0415

    lines = run("report", "s.json", cwd=folder, COLUMNS=str(columns)).stdout.splitlines()
    assert max(map(cell_len, lines)) <= columns
    starts = [re.match(r" *(?:\d+ +)?(\d+:\d\d) ", line) for line in lines]
    assert [start[1] for start in starts if start] == ["0:00", "10:00"]


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_is_for_terminals_and_for_those_who_ask(folder, environment, coloured):
    plain = run("report", "s.json", cwd=folder).stdout
    text = run("report", "s.json", cwd=folder, **environment).stdout
    assert bool(COLOUR.search(text)) is coloured
    assert COLOUR.sub("", text) == plain
    assert "[31m" not in "".join(COLOUR.findall(text))
    assert "\x1b" not in plain
    assert "\x07" not in plain


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("others", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_on_a_terminal_colour_is_as_the_terminal_and_its_user_want(folder, others, coloured):
    import pty  # noqa: PLC0415 - not on Windows

    ours, theirs = pty.openpty()
    usual = {name: value for name, value in os.environ.items() if "COLOR" not in name}
    subprocess.run(
        [sys.executable, "-m", "playlist_builder", "report", "s.json", "--notes"],
        stdout=theirs,
        cwd=folder,
        env=usual | {"COLUMNS": "40", "PYTHONUTF8": "1", "TERM": "xterm"} | others,
        check=True,
    )
    os.close(theirs)
    text = b""
    while b"tag" not in text:
        text += os.read(ours, 65536)
    os.close(ours)
    assert (b"\x1b[36m" in text) is coloured


def test_where_the_terminal_knows_ascii_alone_the_chart_is_ascii(folder):
    text = run_process(
        "report", "s.json", cwd=folder, PYTHONUTF8="0", PYTHONIOENCODING="ascii"
    ).stdout
    assert text.isascii()
    assert "energy: ** planned  :: actual" in text


def test_files_of_every_kind_are_written_at_once(folder):
    outputs = [f"-o{name}" for name in ("s.html", "s.svg", "s.png", "s.pdf")]
    done = run("report", "s.json", *outputs, "--language", "ja", cwd=folder)
    assert done.stdout == ""
    assert [line for line in done.stderr.splitlines() if line.startswith("Wrote")] == [
        f"Wrote s.{suffix}" for suffix in ("html", "svg", "png", "pdf")
    ]
    assert "1 of 2 files are not there" in done.stderr
    assert '<html lang="ja">' in (folder / "s.html").read_text(encoding="utf-8")


def test_a_page_is_in_the_language_of_the_user_unless_told_otherwise(folder):
    def language_of(*options, **environment):
        page = run("report", "s.json", "-o", "-", *options, cwd=folder, **environment).stdout
        return re.search('<html lang="(..)">', page)[1]

    assert language_of() == language_of("--language", "en", LANGUAGE="ja") == "en"
    assert language_of(LANGUAGE="ja") == language_of("--language", "ja") == "ja"


def test_the_page_can_go_to_standard_output(folder):
    done = run("report", "s.json", "-o", "-", cwd=folder)
    assert done.stdout.startswith("<!doctype html>")
    assert 'href="a.flac"' in done.stdout
    assert run("report", "s.json", "-o-", "-o-", cwd=folder, code=2).stdout == ""


def test_nothing_is_written_where_one_of_them_cannot_be(folder):
    done = run("report", "s.json", "-o", "s.html", "-o", "s.gif", cwd=folder, code=1)
    assert done.stderr.startswith("Error: Cannot write 's.gif': a report is .html")
    assert not (folder / "s.html").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "is not JSON"), ('{"version": 99}', "newer playlist-builder"), ("", "is not JSON")],
)
def test_a_damaged_session_is_one_line(folder, text, said):
    (folder / "bad.json").write_text(text, encoding="utf-8")
    done = run("report", "bad.json", "-o", "bad.html", cwd=folder, code=1)
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (folder / "bad.html").exists()


def starts(text):
    found = (re.match(r" *(?:\d+ +)?(\d+:\d\d) ", line) for line in text.splitlines())
    return [start[1] for start in found if start]


def test_times_are_those_of_the_player_that_is_told(folder):
    assert starts(run("report", "s.json", cwd=folder).stdout) == ["0:00", "10:00"]
    assert starts(run("report", "s.json", "--gap", "5s", cwd=folder).stdout) == ["0:00", "10:05"]
    done = run("report", "s.json", "--crossfade", "8s", "-o", "-", cwd=folder)
    assert "9:52" in done.stdout
    assert "10:00" not in starts(done.stdout)
    done = run("report", "s.json", "--gap", "2m", cwd=folder, code=2)
    assert "'2m' is too much. Give 60s at most, such as 2s." in done.stderr
