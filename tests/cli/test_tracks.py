"""What `tracks`, `show` and `mark` tell of the music, and keep of what the user says."""

import json

import numpy as np
import pytest

from playlist_builder.audio import encode
from tests.support.commands import run


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


def test_a_mark_is_told_as_it_is_now(demo_library):
    title = json.loads(run("tracks", "--json", *demo_library).stdout)[0]["title"]
    told = run("mark", title, "--instrumental", "--note", "mine", *demo_library).stderr
    assert told.endswith("vocals none, note 'mine'.\n")
    assert run("mark", title, "--ban", *demo_library).stderr.endswith("banned, note 'mine'.\n")
    assert run("mark", title, "--clear", *demo_library).stderr.endswith(": nothing any more.\n")


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
