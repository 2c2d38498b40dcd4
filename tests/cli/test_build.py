"""What `build`, `reorder` and `demo` make of the options that a user gives."""

import json
import os
import shutil
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.cli import options
from playlist_builder.cli.request import request_of
from playlist_builder.sessions.pins import read_pin
from tests.support.commands import run
from tests.support.documents import SHORT, paths
from tests.support.synthetic import flat, plain


def test_demo_ends_with_a_playlist_whose_every_path_exists(demo):
    """One command makes music, a library and a playlist."""
    lines = (demo / "demo.m3u8").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if line and not line.startswith("#")]
    assert lines[0] == "#EXTM3U"
    assert len(entries) >= 10
    assert all((demo / entry).is_file() for entry in entries)
    assert len(list((demo / "music").iterdir())) >= 24
    printed = (demo.parent / "printed.txt").read_text(encoding="utf-8")
    assert "actual" in printed
    assert "nothing stands out" in printed


def test_a_session_file_exports_to_the_playlist_that_build_writes(demo_library, tmp_path):
    options = ("--duration", "15m", "--min-length", "30s", "--max-length", "15m", *demo_library)
    built = run("build", *options, "-o", tmp_path / "s.json", "-o", tmp_path / "s.m3u8", "--json")
    session = json.loads(built.stdout)
    assert session.pop("number") >= 1
    assert abs(session["duration_s"] - 900) <= 30
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8")) == session
    run("export", tmp_path / "s.json", "-o", tmp_path / "t.m3u8")
    first = (tmp_path / "s.m3u8").read_text(encoding="utf-8").replace("s.m3u8", "t.m3u8")
    entries = [line for line in first.splitlines() if not line.startswith("#")]
    second = (tmp_path / "t.m3u8").read_text(encoding="utf-8")
    assert entries == [line for line in second.splitlines() if not line.startswith("#")]
    piped = run("build", *options, "-o", "-", cwd=tmp_path).stdout
    assert piped.startswith("#EXTM3U\n")


def test_dry_run_writes_nothing(demo_library, tmp_path):
    options = ("--duration", "15m", "--min-length", "30s", "--max-length", "15m", "--dry-run")
    run("build", *options, *demo_library, "-o", tmp_path / "no.m3u8")
    assert not list(tmp_path.iterdir())


STEADY = ("build", "steady", "--duration", "5m", *SHORT[2:])
ARC = ("build", "arc", "--duration", "12m", "--min-length", "30s", "--max-length", "15m")


def paths_of(document):
    return [slot["path"] for slot in document["slots"]]


def test_queries_say_what_a_session_is_made_of(demo_library):
    only = json.loads(run(*ARC, *demo_library, "--exclude", "artist:ember,copper", "--json").stdout)
    assert {slot["artist"] for slot in only["slots"]}.isdisjoint({"Ember Parade", "Copper Meadow"})
    error = run(*ARC, *demo_library, "--include", "artist:ember", code=1).stderr
    assert "12 min asked" in error
    assert "not included" in error
    wanted = run(*ARC, *demo_library, "--prefer", "artist:alder", "--json").stdout
    plain = run(*ARC, *demo_library, "--json").stdout
    counts = [
        sum(slot["artist"] == "Alder & Mist" for slot in json.loads(text)["slots"])
        for text in (wanted, plain)
    ]
    assert counts[0] > counts[1]
    listed = json.loads(
        run("tracks", "-artist:ember", "energy:..0.5", *demo_library, "--json").stdout
    )
    assert listed
    assert all(each["artist"] != "Ember Parade" and each["energy"] <= 0.5 for each in listed)


def test_pins_hold_their_place(demo_library):
    pins = ("--pin", "Night Express@1", "--pin", "Tide Clock@-1", "--pin", "Thaw@6:00")
    document = json.loads(run(*ARC, *demo_library, *pins, "--json").stdout)
    titles = [slot["title"] for slot in document["slots"]]
    assert (titles[0], titles[-1]) == ("Night Express", "Tide Clock")
    (slot,) = [slot for slot in document["slots"] if slot["title"] == "Thaw"]
    assert abs(slot["start_s"] - 360) <= 30 or any("pin" in text for text in document["relaxed"])


@pytest.mark.parametrize("at", ["6:00", "0:06:00", "00:6:00"])
def test_a_pin_has_a_time_with_or_without_hours(at):
    def find(name):
        return plain(int(name))

    pin, _ = read_pin(find, {}, flat(20), f"3@{at}", "")
    assert (pin.track, pin.minute) == (plain(3).path, 6.0)
    assert read_pin(find, {}, flat(20), "3@1:20:30", "")[0].minute == 80.5


def test_a_refused_build_tells_how_much_can_be_used(demo_library):
    alone = (
        "build",
        "arc",
        *demo_library,
        "--min-length",
        "14m",
        "--max-length",
        "15m",
        "--allow-short",
    )
    told = run(*alone, code=1).stderr
    assert "--allow-short" not in told
    assert " pass: 28 tracks too short. Add music, or let in other lengths" in told
    assert "can be used" not in told  # which would count the same again


def test_alternatives_differ_and_are_all_written(demo_library, tmp_path):
    output = tmp_path / "s.m3u8"
    done = run(*ARC, *demo_library, "--alternatives", 2, "-o", output, "--json")
    first, second = map(paths_of, json.loads(done.stdout))
    assert len(set(first) & set(second)) <= len(first) // 2
    assert output.exists()
    assert (tmp_path / "s-2.m3u8").exists()


def test_what_was_played_before_is_avoided(demo_library, tmp_path):
    for name in ("before.m3u8", "before.json"):
        before = paths_of(
            json.loads(run(*STEADY, *demo_library, "-o", tmp_path / name, "--json").stdout)
        )
        after = paths_of(
            json.loads(run(*STEADY, *demo_library, "--avoid", tmp_path / name, "--json").stdout)
        )
        assert set(before).isdisjoint(after)


def test_explain_says_why_and_what_else(demo_library):
    done = run(*ARC, *demo_library, "--explain", "--json")
    document = json.loads(done.stdout)
    assert [reason["path"] for reason in document["reasons"]] == paths_of(document)
    assert all(reason["distance"] >= 0 for reason in document["reasons"])
    others = [reason["runner_up"] for reason in document["reasons"] if reason["runner_up"]]
    assert others
    assert set(others).isdisjoint(paths_of(document))
    assert "runner-up" in done.stderr


@pytest.mark.parametrize("suffix", [".m3u", ".m3u8", ".pls", ".xspf", ".json"])
def test_reorder_uses_all_tracks_of_a_playlist(demo, demo_library, tmp_path, suffix):
    music = sorted((demo / "music").iterdir())[:9]
    playlist = tmp_path / f"p{suffix}"
    texts = {
        ".m3u": "".join(f"{path}\r\n" for path in music),
        ".m3u8": "\ufeff#EXTM3U\n" + "".join(f"{path.as_uri()}\n" for path in music),
        ".pls": "[playlist]\n" + "".join(f"File{n}={p}\n" for n, p in enumerate(music, 1)),
        ".xspf": "<playlist><trackList>"
        + "".join(f"<track><location>{path.as_uri()}</location></track>" for path in music)
        + "</trackList></playlist>",
    }
    if suffix == ".json":
        short = ("--duration", "6m", "--min-length", "30s", "--max-length", "9m")
        run("build", "steady", *demo_library, *short, "-o", playlist)
        music = [Path(path) for path in paths_of(json.loads(playlist.read_text()))]
    else:
        playlist.write_text(texts[suffix], encoding="utf-8")
    document = json.loads(run("reorder", playlist, *demo_library, "--json").stdout)
    assert sorted(paths_of(document)) == sorted(map(str, music))
    energies = [slot["energy"] for slot in document["slots"]]
    assert max(energies) > max(energies[0], energies[-1])


def test_reorder_takes_the_best_for_a_duration_and_tells_what_is_lost(demo, demo_library, tmp_path):
    music = sorted((demo / "music").iterdir())
    playlist = tmp_path / "p.m3u"
    playlist.write_text("gone.mp3\n" + "".join(f"{path}\n" for path in music))
    own = tmp_path / "arc.toml"
    text = (Path(__file__).parents[2] / "profiles" / "arc.toml").read_text(encoding="utf-8")
    own.write_text(text.replace("[[phases]]", "[rules]\ntrack_minutes = [0.5, 15]\n[[phases]]", 1))
    asked = ("reorder", playlist, own, "--duration", "10m", *demo_library)
    document = json.loads(run(*asked, "--json").stdout)
    assert len(document["slots"]) < len(music)
    assert abs(document["duration_s"] - 600) <= 30
    assert "not found: gone.mp3" in document["warnings"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--include", "yeer:1990"), 1, "no field 'yeer'"),
        (("--pin", "nothing at all"), 1, "No track 'nothing at all'"),
        (("--pin", "Thaw@0"), 2, "give TRACK, TRACK@3"),
        (("--avoid", "none.m3u8"), 1, "There is no file 'none.m3u8'"),
    ],
)
def test_what_cannot_be_asked_is_one_line(demo_library, arguments, code, message):
    done = run(*ARC, *demo_library, *arguments, code=code)
    assert message in done.stderr


def test_reorder_keeps_paths_and_tells_what_it_leaves_out(demo, demo_library, tmp_path):
    """A copy elsewhere is not put in the place of the file that the playlist names."""
    music = sorted((demo / "music").iterdir())[:6]
    other = tmp_path / "copies"
    other.mkdir()
    for path in music:
        (other / path.name).write_bytes(path.read_bytes())
    (other / "text.flac").write_text("no music")
    library = ("--library", shutil.copy(demo_library[1], tmp_path))
    run("scan", other, *library)
    names = [path.name for path in music]
    playlist = other / "p.m3u"
    playlist.write_text("\n".join([*names, names[0], "text.flac", "gone.flac"]), encoding="utf-8")
    run("mark", other / names[5], "--ban", *library)
    document = json.loads(run("reorder", playlist, *library, "--json").stdout)
    assert sorted(paths_of(document)) == sorted(str(other / name) for name in names[:5])
    told = " ".join(document["warnings"])
    for part in ("1 banned", "1 entry that repeats", "text.flac", "not found: gone.flac"):
        assert part in told


def test_a_session_is_avoided_wherever_its_files_are_now(own_demo, tmp_path):
    music = own_demo / "music"
    library = ("--library", own_demo / "l.db")
    short = (*STEADY, *library)
    before = json.loads(run(*short, "-o", tmp_path / "s.json", "--json").stdout)
    music.rename(tmp_path / "moved")
    run("scan", tmp_path / "moved", "--prune", *library)
    after = json.loads(run(*short, "--avoid", tmp_path / "s.json", "--json").stdout)
    identities = [{slot["identity"] for slot in each["slots"]} for each in (before, after)]
    assert not identities[0] & identities[1]


@pytest.mark.parametrize(
    "command",
    [
        ("build", "arc", *SHORT, "--for", "Q"),
        ("series", "arc", *SHORT, "--sessions", 2, "--for", "Q"),
        ("rescue",),
    ],
)
def test_without_the_drive_of_the_music_nothing_is_written_or_recorded(own_demo, command):
    (own_demo / "music").rename(own_demo / "unplugged")
    library = ("--library", own_demo / "l.db")
    done = run(*command, *library, "-o", own_demo / "out.m3u8", code=1)
    assert "Is the drive mounted?" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(own_demo.glob("out*"))
    assert run("history", *library, "--json").stdout.strip() == "[]"


def test_a_rescue_plays_what_is_there(own_demo):
    library = ("--library", own_demo / "l.db")
    calm = paths(json.loads(run("rescue", *library, "--dry-run", "--json").stdout))
    for path in calm[:2]:
        os.unlink(path)  # noqa: PTH108
    done = run("rescue", *library, "-o", own_demo / "out.m3u8", "--json")
    played = paths(json.loads(done.stdout))
    assert all(map(os.path.isfile, played))
    assert "2 of 28 tracks are not there" in done.stdout


TRIMMED = (*ARC, "--trim", "60s")


def test_a_trimmed_session_is_for_those_who_can_play_it(demo_library, tmp_path):
    """It is built, told, edited, exported for VLC and built again; other playlists refuse it."""
    printed = run(*TRIMMED, *demo_library, "-o", tmp_path / "t.json").stdout
    assert "trimmed, number: " in printed
    document = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    parts = [slot for slot in document["slots"] if "from_s" in slot or "to_s" in slot]
    assert parts
    assert all(slot.get("from_s", 0.0) <= 60.0 for slot in parts)
    assert document["call"]["trim_s"] == 60.0
    refused = run("export", tmp_path / "t.json", "-o", tmp_path / "t.m3u8", code=1).stderr
    assert "plays whole tracks" in refused
    run("export", tmp_path / "t.json", "-o", tmp_path / "t.m3u8", "--player", "vlc")
    assert "#EXTVLCOPT:" in (tmp_path / "t.m3u8").read_text(encoding="utf-8")
    run("rebuild", tmp_path / "t.json")
    again = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert again["slots"] == document["slots"]


@pytest.mark.parametrize("file", ["t.m3u8", "-", "t.xspf"])
def test_a_trimmed_session_is_not_written_as_a_playlist(demo_library, tmp_path, file):
    done = run(*TRIMMED, *demo_library, "-o", file, cwd=tmp_path, code=2)
    assert "A playlist plays whole tracks. With --trim leave it out" in done.stderr
    assert not list(tmp_path.iterdir())


def test_no_more_than_ten_minutes_are_left_out(demo_library):
    done = run(*ARC, *demo_library, "--trim", "11m", code=2)
    assert "'11m' is too much. Leave out 10m at most" in done.stderr


def test_no_trim_is_none_at_all(demo_library):
    usual = run(*ARC, *demo_library, "--json").stdout
    none = run(*ARC, *demo_library, "--trim", "0s", "--json").stdout
    assert "trim" not in usual
    kinds = [json.loads(text) for text in (usual, none)]
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize(
    ("read", "text", "seconds"),
    [
        (options.duration, "60s", 60),
        (options.duration, "1m30s", 90),
        (options.duration, "90", 5400),
        (options.duration, "1h 2m 3s", 3723),
        (options.duration, "0.5m", 30),
        (options.duration, "1h30", 5400),
        (options.duration, "1:30:00", 5400),
        (options.duration, "1d", 86400),
        (options.tolerance, "0", 0),
        (options.days, "90", 90 * 86400),
        (options.days, "36h", 36 * 3600),
        (options.crossfade, "6", 6),
        (options.crossfade, "6s", 6),
        (options.crossfade, "1m", 60),
        (options.session_time, "32:10", 1930),
        (options.session_time, "1:02:10", 3730),
        (options.session_time, "32m10s", 1930),
    ],
)
def test_a_duration_is_written_in_any_usual_way(read, text, seconds):
    assert read(text) == seconds


@given(
    st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.sampled_from(["h:m:s", "hms"])
)
def test_a_duration_of_hours_minutes_and_seconds_comes_back(hours, minutes, seconds, form):
    text = (
        f"{hours}:{minutes:02}:{seconds:02}" if form == "h:m:s" else f"{hours}h{minutes}m{seconds}s"
    )
    assert options.tolerance(text) == 3600 * hours + 60 * minutes + seconds


@pytest.mark.parametrize(
    ("read", "text", "says"),
    [
        *(
            (options.duration, text, "is no duration")
            for text in ("60x", "s", "1m60", "5s3m", "", "0")
        ),
        (options.duration, "1:30", "may be minutes or hours"),
        (options.crossfade, "2m", "60s at most"),
        (options.session_time, "32", "is no time of a session"),
        (options.session_time, "1:70:00", "is no time of a session"),
    ],
)
def test_what_is_no_duration_is_refused(read, text, says):
    with pytest.raises(click.BadParameter, match=says):
        read(text)


@pytest.mark.parametrize(
    ("lengths", "minutes"),
    [
        ({"min_length": 90.0}, (1.5, 15.0)),
        ({"max_length": 3600.0}, (2.0, 60.0)),
        ({"min_length": 0.0, "max_length": 180.0}, (0.0, 3.0)),
    ],
)
def test_a_length_that_is_not_said_is_that_of_the_profile(lengths, minutes):
    assert request_of("arc", **lengths).track_minutes == minutes


def test_no_track_is_shorter_than_the_shortest():
    with pytest.raises(click.UsageError, match="No track is longer than 1200s and shorter"):
        request_of("arc", min_length=1200.0)
