"""The command line as a user meets it, on music that is really there."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from playlist_builder.audio import encode
from tests.support.commands import run


def test_demo_ends_with_a_playlist_whose_every_path_exists(demo):
    """One command makes music, a library and a playlist."""
    lines = (demo / "demo.m3u8").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if line and not line.startswith("#")]
    assert lines[0] == "#EXTM3U"
    assert len(entries) >= 10
    assert all((demo / entry).is_file() for entry in entries)
    assert len(list((demo / "music").iterdir())) >= 24
    assert "actual" in (demo.parent / "printed.txt").read_text(encoding="utf-8")


def test_the_second_scan_decodes_nothing(demo, demo_library):
    report = json.loads(run("scan", demo / "music", *demo_library, "--json").stdout)
    assert (report["analysed"], report["unchanged"], report["skipped"]) == (0, 28, [])


def test_tracks_lists_what_the_documentation_promises(demo_library):
    found = json.loads(run("tracks", *demo_library, "--json").stdout)
    assert len(found) == 28
    assert set(found[0]) == {
        *("path", "title", "artist", "album", "genre", "duration_s", "energy", "contour"),
        *("loudness_lufs", "loudness_range_lu", "sample_peak_dbfs", "tempo_bpm", "vocals"),
    }
    assert [track["energy"] for track in found] == sorted(track["energy"] for track in found)
    table = run("tracks", *demo_library).stdout
    assert found[0]["title"] in table


def test_a_session_file_exports_to_the_playlist_that_build_writes(demo_library, tmp_path):
    options = ("--duration", "15m", "--track-minutes", "0.5", "15", *demo_library)
    built = run("build", *options, "-o", tmp_path / "s.json", "-o", tmp_path / "s.m3u8", "--json")
    session = json.loads(built.stdout)
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
    options = ("--duration", "15m", "--track-minutes", "0.5", "15", "--dry-run")
    run("build", *options, *demo_library, "-o", tmp_path / "no.m3u8")
    assert not list(tmp_path.iterdir())


def test_what_the_user_says_of_a_track_counts(demo_library):
    library = demo_library[1]
    title = json.loads(run("tracks", "--library", library, "--json").stdout)[3]["title"]
    run("mark", title, "--energy", "0.4", "--vocal", "--note", "too sad", "--library", library)
    shown = json.loads(run("show", title, "--library", library, "--json").stdout)
    assert (shown["energy"], shown["vocals"], shown["mark"]["note"]) == (0.4, "sung", "too sad")
    assert sum(each["energy"] for each in shown["reasons"]) == pytest.approx(0.4, abs=0.002)
    assert "your mark" in run("show", title, "--library", library).stdout
    run("mark", title, "--clear", "--library", library)
    assert json.loads(run("show", title, "--library", library, "--json").stdout)["energy"] != 0.4


def test_reasons_add_up_to_the_energy(demo_library):
    for track in json.loads(run("tracks", *demo_library, "--json").stdout)[::9]:
        shown = json.loads(run("show", track["path"], *demo_library, "--json").stdout)
        assert sum(each["energy"] for each in shown["reasons"]) == pytest.approx(
            shown["energy"], abs=0.002
        )


def test_profiles_are_listed_drawn_and_checked(tmp_path):
    assert len(json.loads(run("profiles", "--json").stdout)) == 11
    assert "arc" in run("profiles").stdout
    assert "planned" in run("profiles", "show", "ketamine-iv").stdout
    shipped = Path(__file__).parents[2] / "profiles" / "arc.toml"
    (tmp_path / "mine.toml").write_bytes(shipped.read_bytes())
    assert "valid" in run("profiles", "check", "mine.toml", cwd=tmp_path).stdout
    (tmp_path / "bad.toml").write_text("minutes = 'sixty'\n", encoding="utf-8")
    assert "bad.toml" in run("profiles", "check", "bad.toml", cwd=tmp_path, code=1).stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("build", "wrkout"), 1, "No profile 'wrkout'. Available: arc,"),
        (("build",), 1, "No tracks yet. Scan a folder first"),
        (("build", "-o", "x.mp3"), 1, ".m3u8"),
        (("build", "--duration", "soon"), 2, "'soon' is no duration"),
        (("build", "steady", "--level", "loud"), 2, "give a level from 0 to 1"),
        (("scan", "nowhere"), 2, "nowhere"),
        (("show", "nothing"), 1, "No track 'nothing'"),
        (("mark", "nothing"), 2, "Say something"),
        (("mark", "nothing", "--vocal", "--instrumental"), 2, "one or the other"),
        (("mark", "nothing", "--unban", "--ban"), 2, "one or the other"),
        (("export", "missing.json", "-o", "-"), 2, "missing.json"),
        (("tracks", "--library", "."), 2, "library"),
    ],
)
def test_bad_input_gets_one_clear_line(arguments, code, says, tmp_path):
    library = {} if "--library" in arguments else {"PLAYLIST_BUILDER_LIBRARY": "empty.db"}
    done = run(*arguments, cwd=tmp_path, code=code, **library)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("Error: ")]
    assert len(errors) == 1
    assert says in errors[0]


def test_a_mark_is_told_as_it_is_now(demo_library):
    title = json.loads(run("tracks", "--json", *demo_library).stdout)[0]["title"]
    told = run("mark", title, "--instrumental", "--note", "mine", *demo_library).stderr
    assert told.endswith("vocals none, note 'mine'.\n")
    assert run("mark", title, "--ban", *demo_library).stderr.endswith("banned, note 'mine'.\n")
    assert run("mark", title, "--clear", *demo_library).stderr.endswith(": nothing any more.\n")


@pytest.mark.parametrize(
    "line",
    [
        "from playlist_builder import series, arrange",
        "from playlist_builder import *",
        "import playlist_builder.library.library; from playlist_builder import arrange, series",
        "from playlist_builder import copy_session, alternatives, arrange, series",
    ],
)
def test_public_names_are_what_they_say_in_any_order(line):
    """Importing one room does not put another in the place of a function."""
    code = f"{line}; print(callable(arrange), callable(series))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True True\n"


def test_no_arguments_print_help():
    done = run(code=2)
    assert "Usage:" in done.stderr + done.stdout


def test_help_loads_no_heavy_package():
    """Instant help: none of the packages that take long to load is loaded."""
    code = (
        "import sys, playlist_builder.cli\n"
        "heavy = {'numpy', 'scipy', 'av', 'jinja2', 'mutagen', 'rich', 'sqlite3'}\n"
        "heavy &= set(sys.modules)\n"
        "sys.exit(' '.join(heavy) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_show_tells_why_with_reasons_that_add_up(demo_library):
    track = json.loads(run("show", "Night Express", *demo_library, "--json").stdout)
    total = sum(reason["energy"] for reason in track["reasons"])
    assert total == pytest.approx(track["energy"], abs=0.001)
    assert all(reason["because"] for reason in track["reasons"] if reason["name"] == "attacks")
    assert len(track["above"]) == len(track["below"]) == 3
    assert all(other["energy"] > track["energy"] for other in track["above"])
    assert track["above"][0]["energy"] <= track["above"][1]["energy"]
    assert all(other["energy"] <= track["energy"] for other in track["below"])
    assert 0.0 < track["percentile"] <= 1.0
    assert track["peak_energy"] == pytest.approx(max(track["contour"]), abs=0.001)
    text = run("show", "Night Express", *demo_library).stdout
    assert " dB, typically " in text
    assert track["above"][0]["title"] in text


def test_show_points_at_a_hidden_climax(tmp_path):
    """Half a minute of drums in three calm minutes is told with its place."""
    rate = 22050
    time = np.arange(180 * rate) / rate
    calm = sum(0.05 * np.sin(2 * np.pi * hertz * time) for hertz in (220, 277, 330))
    drums = np.random.default_rng(0).normal(0, 0.3, time.size) * np.exp(-30 * (time % 0.125))
    samples = np.where((time > 90) & (time < 130), drums, calm * (1 + 0.4 * np.sin(1.5 * time)))
    music = tmp_path / "music"
    music.mkdir()
    encode.write_flac(str(music / "a.flac"), samples[None].astype(np.float32), rate, {"title": "A"})
    library = ("--library", tmp_path / "l.db")
    run("scan", music, *library)
    track = json.loads(run("show", "A", *library, "--json").stdout)
    assert track["peak_energy"] > track["energy"] + 0.25
    assert track["climax_s"] in {90.0, 100.0, 110.0, 120.0}
    assert track["startle_lu"] > 6.0
    assert "hides a climax" in run("show", "A", *library).stdout


ARC = ("build", "arc", "--duration", "12m", "--track-minutes", 0.5, 15)


def paths_of(document):
    return [slot["path"] for slot in document["slots"]]


def test_queries_say_what_a_session_is_made_of(demo_library):
    only = json.loads(run(*ARC, *demo_library, "--exclude", "artist:ember,copper", "--json").stdout)
    assert {slot["artist"] for slot in only["slots"]}.isdisjoint({"Ember Parade", "Copper Meadow"})
    error = run(*ARC, *demo_library, "--include", "artist:ember", code=1).stderr
    assert "12 min asked" in error
    assert "not included" in error
    wanted = run(*ARC, *demo_library, "--prefer", "artist:lanterns", "--json").stdout
    plain = run(*ARC, *demo_library, "--json").stdout
    counts = [text.count('"artist": "The Slow Lanterns"') for text in (wanted, plain)]
    assert counts[0] >= counts[1]
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


def test_alternatives_differ_and_are_all_written(demo_library, tmp_path):
    output = tmp_path / "s.m3u8"
    done = run(*ARC, *demo_library, "--alternatives", 2, "-o", output, "--json")
    first, second = map(paths_of, json.loads(done.stdout))
    assert len(set(first) & set(second)) <= len(first) // 2
    assert output.exists()
    assert (tmp_path / "s-2.m3u8").exists()


def test_what_was_played_before_is_avoided(demo_library, tmp_path):
    for name in ("before.m3u8", "before.json"):
        short = ("build", "steady", "--duration", "5m", "--track-minutes", 0.5, 15)
        before = paths_of(
            json.loads(run(*short, *demo_library, "-o", tmp_path / name, "--json").stdout)
        )
        after = paths_of(
            json.loads(run(*short, *demo_library, "--avoid", tmp_path / name, "--json").stdout)
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
        short = ("--duration", "6m", "--track-minutes", 0.5, 9)
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
        (("--avoid", "none.m3u8"), 2, "does not exist"),
    ],
)
def test_what_cannot_be_asked_is_one_line(demo_library, arguments, code, message):
    done = run(*ARC, *demo_library, *arguments, code=code)
    assert message in done.stderr


@pytest.mark.parametrize("query", ["-path:night", "-title:light", "-artist:harbour seven"])
def test_a_query_may_begin_with_a_dash(demo_library, query):
    found = json.loads(run("tracks", query, *demo_library, "--json").stdout)
    assert 0 < len(found) <= 28
    plain = json.loads(run("tracks", query[1:], *demo_library, "--json").stdout)
    assert len(found) + len(plain) == 28


def test_numbers_are_never_cut_in_tables(demo_library):
    lines = run("tracks", *demo_library, COLUMNS="50").stdout.splitlines()
    assert lines[0].startswith("energy  length   LUFS")
    assert all(len(line.split()[0]) == 4 for line in lines[1:])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("build", "-o", "-", "--json"), 2, "holds one document"),
        (("build", "--tolerance", "9999h"), 1, "at most half"),
        (("build", "--track-minutes", "0", "nan"), 2, "shortest and the longest"),
        (("build", "--pin", "Thaw@-0"), 2, "give TRACK"),
        (("mark", "Thaw", "--energy", "nan"), 2, "from 0 to 1"),
        (("mark", "Thaw", "--note", "two\nlines"), 2, "plain text"),
    ],
)
def test_odd_requests_are_one_line(demo_library, arguments, code, message):
    done = run(*arguments, *demo_library, code=code)
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
    for part in ("1 banned", "1 entries that repeat", "text.flac", "not found: gone.flac"):
        assert part in told


def test_a_session_is_avoided_wherever_its_files_are_now(own_demo, tmp_path):
    music = own_demo / "music"
    library = ("--library", own_demo / "l.db")
    short = ("build", "steady", "--duration", "5m", "--track-minutes", 0.5, 15, *library)
    before = json.loads(run(*short, "-o", tmp_path / "s.json", "--json").stdout)
    music.rename(tmp_path / "moved")
    run("scan", tmp_path / "moved", "--prune", *library)
    after = json.loads(run(*short, "--avoid", tmp_path / "s.json", "--json").stdout)
    identities = [{slot["identity"] for slot in each["slots"]} for each in (before, after)]
    assert not identities[0] & identities[1]


def test_a_cluster_without_its_package_is_one_line(tmp_path):
    """--scheduler without distributed says what to install."""
    script = (
        "import sys; sys.modules['distributed'] = None;"
        " from playlist_builder.cli import main; main()"
    )
    words = ["scan", tmp_path, "--scheduler", "tcp://127.0.0.1:1", "--library", tmp_path / "l.db"]
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "--scheduler needs distributed: pip install 'playlist-builder[cluster]'" in done.stderr
    assert done.stderr.count("\n") == 1
