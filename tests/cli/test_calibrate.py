"""Answers are typed, kept one by one, taken back and forgotten; a player plays the tracks."""

import json
import signal
import subprocess
import sys
import time

import psutil
import pytest

from playlist_builder.cli import player
from playlist_builder.library.answers import answer
from playlist_builder.library.library import Library
from playlist_builder.models import Mark
from tests.support.commands import run
from tests.support.libraries import duller, fill

PLAYER = """
import os, signal, sys, time
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1], "a", encoding="utf-8") as log:
    log.write(f"{os.getpid()} {sys.argv[-1]}\\n")
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path):
    return fill(tmp_path / "library.db", 60)


def calibrate(path, typed="", *words, code=0):
    return run("calibrate", *words, "--library", path, typed=typed, code=code)


def known(path):
    return json.loads(calibrate(path, "", "--json").stdout)


def answers(path):
    return known(path)["answers"]


def test_answers_are_kept_one_by_one_and_go_on_the_next_time(path):
    done = calibrate(path, "1\ns\n")
    assert "1 of 20: which of these two is calmer?" in done.stderr
    assert "3 of 20: " in done.stderr
    assert "2 of 20 questions are answered" in done.stderr
    assert done.stdout.splitlines() == [
        "energy: not corrected; 2 of at least 6 answers",
        "tension: not corrected; 0 of at least 6 answers",
    ]
    first, second = answers(path)
    assert first["chosen"] in {first["first"], first["second"]}
    assert second["chosen"] == ""
    done = calibrate(path, "2\nq\n1\n")
    assert "3 of 20: " in done.stderr
    assert len(answers(path)) == 3
    assert "more with --questions 23" in calibrate(path, "", "--questions", 3).stderr


def test_the_answer_is_about_the_track_of_that_number(path):
    for number in ("1", "2"):
        calibrate(path, "", "--forget", "--yes")
        shown = calibrate(path, f"{number}\n").stderr
        line = next(each for each in shown.splitlines() if each.startswith(f"  {number}  "))
        title = line.split("  ")[2].split(",")[0]
        (kept,) = answers(path)
        with Library.open(path) as library:
            assert library.find(title).identity == kept["chosen"]


def test_the_last_answer_is_taken_back_in_the_same_run_or_a_later_one(path):
    done = calibrate(path, "u\n1\n2\nu\nq\n")
    assert "There is no answer to undo." in done.stderr
    (kept,) = answers(path)
    asked = done.stderr.split("2 of 20")[1].split("\n1, 2")[0]
    assert done.stderr.count(asked) == 2
    calibrate(path, "u\n")
    assert answers(path) == []
    calibrate(path, "1\n1\nu\n2\n", "--questions", 2)
    again, other = answers(path)
    assert again["chosen"] == kept["chosen"]
    assert other["chosen"] != ""


def test_what_is_no_answer_is_asked_again(path):
    done = calibrate(path, "3\nhello\n\n1\n")
    assert "'3' is no answer here." in done.stderr
    assert "'hello' is no answer here." in done.stderr
    assert len(answers(path)) == 1


def test_answers_of_one_who_hears_brightness_are_used_and_shown(path):
    def typed(wanted):
        for _ in range(wanted):
            with Library.open(path) as library:
                pair = library.questions().next(library.answers.all(), 0)
            calm = duller(pair.first, pair.second)
            yield "1\n" if pair.first.identity == calm else "2\n"

    for key in typed(24):
        done = calibrate(path, key, "--questions", 24)
    assert done.stdout.startswith("energy: corrected; of 24 pairs left out of the fit in turn, ")
    found = known(path)["energy"]
    assert found["kept"] is True
    assert found["right_with"] > found["right_without"]
    assert max(found["weights"], key=found["weights"].get) == "brightness"
    with Library.open(path) as library:
        before = library.find("Title 7")
        library.mark(before.identity, Mark(energy=0.5))
    shown = run("show", "Title 7", "--library", path, "--json").stdout
    assert '"your answers"' not in shown
    with Library.open(path) as library:
        library.mark(before.identity, Mark())
    shown = json.loads(run("show", "Title 7", "--library", path, "--json").stdout)
    assert shown["reasons"][-1]["name"] == "your answers"
    assert sum(each["energy"] for each in shown["reasons"]) == pytest.approx(
        shown["energy"], abs=1e-3
    )
    done = calibrate(path, "", "--forget", "--yes")
    assert done.stderr == "Forgotten: 24 answers.\n"
    assert known(path)["energy"]["kept"] is False


def test_a_library_without_two_tracks_to_compare_says_so(tmp_path):
    done = calibrate(fill(tmp_path / "one.db", 1), "1\n")
    assert "No two tracks are left to ask about" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--player", "no-such-player --loud"), "there is no program 'no-such-player'"),
        (("--player", "'"), "is no command line"),
        (("--player", ""), "there is no program ''"),
        (("--questions", "0"), "--questions"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(path, words, message):
    done = calibrate(path, "1\n", *words, code=2)
    assert message in done.stderr.splitlines()[-1]
    assert answers(path) == []


def test_a_player_that_fails_is_told_of(capsys):
    """The question stays."""
    failing = [sys.executable, "-c", "import sys; sys.exit(3)"]
    with player.playing(failing) as started:
        started.play("/m/a.flac")
        started._process.wait()  # noqa: SLF001 - as long as the question stands
    assert capsys.readouterr().err.endswith("ended with exit code 3.\n")


@pytest.fixture
def stand_in(tmp_path):
    """The command line of a player that notes what it plays, and its notes."""
    (tmp_path / "player.py").write_text(PLAYER, encoding="utf-8")
    return [sys.executable, str(tmp_path / "player.py"), str(tmp_path / "log")], tmp_path / "log"


def lines(log, count):
    """The processes and files of the first lines of a log, once there are as many."""
    deadline = time.monotonic() + 30.0
    while time.monotonic() < deadline:
        text = log.read_text(encoding="utf-8") if log.exists() else ""
        if text.count("\n") >= count:
            return [(int(line.split()[0]), line.split(" ", 1)[1]) for line in text.splitlines()]
        time.sleep(0.02)
    pytest.fail("the player was not started")


@pytest.mark.parametrize("more", [(), ("deaf",)])
def test_one_file_is_played_at_a_time_and_none_in_the_end(stand_in, monkeypatch, more):
    """Nor by a player that will not end when it is asked to."""
    monkeypatch.setattr(player, "PATIENCE_S", 0.2)
    words, log = stand_in
    with player.playing([*words, *more]) as started:
        started.play("/m/a b.flac")
        ((first, name),) = lines(log, 1)
        assert name == "/m/a b.flac"
        assert psutil.pid_exists(first)
        started.play("/m/c.flac")
        assert not psutil.pid_exists(first)
        (_, (second, _)) = lines(log, 2)
    assert not psutil.pid_exists(second)


@pytest.mark.skipif(sys.platform == "win32", reason="no process can be sent Ctrl-C there")
def test_ctrl_c_stops_the_player_and_loses_no_answer(path, stand_in):
    words, log = stand_in
    process = subprocess.Popen(
        [sys.executable, "-m", "playlist_builder", "calibrate", "--library", str(path),
         "--player", " ".join(words)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )  # fmt: skip
    for number, key in enumerate(("\n", "1\n"), 1):
        lines(log, number)
        process.stdin.write(key)
        process.stdin.flush()
    played = lines(log, 3)
    assert played[0][1] != played[1][1]
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert told.endswith("Stopped. What was done is kept; the same command goes on.\n")
    assert not any(psutil.pid_exists(number) for number, _ in played)
    assert len(answers(path)) == 1


def test_a_command_line_of_windows_keeps_its_backslashes(monkeypatch):
    monkeypatch.setattr(player.shutil, "which", lambda word: word)
    text = r'"C:\Program Files\mpv\mpv.exe" --start=30%'
    words = [r"C:\Program Files\mpv\mpv.exe", "--start=30%"]
    assert player.command_line(text, "win32") == words


def test_json_with_forget_is_refused_and_forgets_nothing(demo_library):
    done = run("calibrate", "--forget", "--json", *demo_library, code=2)
    assert "Leave out --forget." in done.stderr


@pytest.mark.parametrize(
    ("typed", "code", "told", "left"),
    [
        ("", 2, "Give --yes", 1),
        ("n\n", 1, "Nothing was forgotten.", 1),
        ("y\n", 0, "Forgotten: 1 answer.", 0),
    ],
)
def test_answers_are_forgotten_only_if_that_is_meant(tmp_path, typed, code, told, left):
    """They took the user an hour; a library without any is not asked about."""
    path = tmp_path / "l.db"
    with Library.open(path) as library:
        library.answers.store([answer("calmer", "a", "b", "a", "2026-01-01T00:00:00+00:00")])
    done = run("calibrate", "--forget", "--library", path, typed=typed, code=code)
    assert told in done.stderr
    assert "Forget 1 answer, and the correction?" in done.stderr
    with Library.open(path) as library:
        assert len(library.answers.all()) == left


def test_yes_says_nothing_without_forget(demo_library):
    assert "--yes goes with" in run("calibrate", "--yes", *demo_library, code=2).stderr
