"""A therapist's week in commands: everything works without a session file ever being named."""

import re
from pathlib import Path

import pytest

from playlist_builder.cli import copy as copying
from playlist_builder.cli import render as rendering

FILES = ("tonight.m3u8", "tonight.html")


@pytest.fixture
def week(made_up, monkeypatch):
    """What runs a command; copies and recordings are only told of, as nothing can be heard."""
    made = []
    monkeypatch.setattr(copying.api, "copy_session", lambda *_, **__: made.append("copy") or COPY)
    monkeypatch.setattr(rendering, "_record", lambda *_, **__: made.append("joins"))
    made_up.made = made
    return made_up


class COPY:
    """What a copy onto a phone tells."""

    renamed, skipped, leftover, removed, files, playlist = {}, (), (), (), (), "phone/tonight.m3u8"
    loudness_lufs = None


BUILD = "build arc --duration 15m"


def test_a_week(week):
    told = week(f"{BUILD} --for A7 --name tonight -o tonight.m3u8").stderr
    assert "Session 1 (tonight)." in told
    assert "arc: " in week("report").stdout
    week("report -o tonight.html")
    week("preview -o joins.flac")
    before = [Path(name).read_bytes() for name in FILES]
    told = week("swap 3").stderr
    for name in FILES:
        assert f"Wrote {name}: " in told
    assert "joins.flac" not in told  # it was never made here
    after = [Path(name).read_bytes() for name in FILES]
    assert all(old != new for old, new in zip(before, after, strict=True))
    week("swap", title_of(week, 4))
    week("undo")
    assert [Path(name).read_bytes() for name in FILES] == after
    week("redo tonight")
    week("undo tonight.m3u8")
    assert [Path(name).read_bytes() for name in FILES] == after
    week("pin 2")
    week("move 5 6")
    week("drop 4")
    week("unpin tonight 2")
    week("copy phone")
    week("export -o vlc.m3u8 --player vlc")
    assert "Wrote vlc.m3u8" in week("replan --at 4:10 --extend 1m30s").stderr
    week("replan tonight.html --at 5:30 --skip")
    week("rate 3 up")
    week("mark 3 --ban --for A7")
    third = title_of(week, 3)
    assert third in week("history A7").stdout
    week(f"{BUILD} --for A7", "--pin", "Title 7@peak")
    assert "Title 7" in week("report").stdout
    assert third not in [slot.split("  ")[0] for slot in week("report 2").stdout.splitlines()]
    assert week("sessions --for A7").stdout.count("arc") == 2
    assert "for A7" in week("sessions show 1").stdout
    week("sessions name 2 second")
    assert week("report sec").stdout == week("report 2").stdout
    week("sessions remove 2 --yes")
    assert "No session 2" in week("report 2", code=1).stderr
    week("series steady --for B2 --sessions 2 --duration 6m -o course.m3u8")
    assert "steady" in week("report course-1.m3u8").stdout
    told = week("history --forget A7 --yes").stderr
    assert "tonight.m3u8" in told
    assert week("sessions").stdout.count("B2") == 2
    assert "A7" not in week("sessions").stdout
    assert week.made == ["joins", "copy"]


def title_of(week, number):
    """The title of a track of the last session."""
    lines = week("report").stdout.splitlines()
    (line,) = [each for each in lines if re.match(rf" *{number} +\d+:\d\d  ", each)]
    return next(part for part in line.split("  ") if part.strip().startswith("Title")).strip()


def test_where_nothing_was_built_yet_it_is_told_how(week):
    for command in ("report", "swap 1", "undo", "sessions show"):
        assert "playlist-builder build" in week(command, code=1).stderr
    assert "There is no session yet" in week("sessions").stderr


def test_a_report_has_the_times_of_the_player_that_a_session_was_exported_for(made_up):
    made_up(f"{BUILD} -o tonight.m3u8")
    plain = made_up("report").stdout
    made_up("export -o mpd.m3u8 --player mpd --crossfade 5s")
    done = made_up("report -o tonight.html")
    assert "At the times of mpd.m3u8: crossfades of 5 s" in done.stderr
    assert "\n# 0:02:05 " in Path("mpd.m3u8").read_text(encoding="utf-8")  # of tracks of 2:10
    told = made_up("swap 3").stderr  # writes both again
    assert {"Wrote mpd.m3u8", "Wrote tonight.html"} <= {
        line.split(": ")[0] for line in told.splitlines()
    }
    assert "2:05" in Path("tonight.html").read_text(encoding="utf-8")
    assert made_up("report --crossfade 0").stdout.splitlines()[0] == plain.splitlines()[0]
    made_up("export -o other.m3u8 --gap 2s")
    assert "At the times" not in made_up("report").stderr  # as they differ
