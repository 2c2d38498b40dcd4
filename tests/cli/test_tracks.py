"""What `tracks`, `show` and `mark` tell of the music, and keep of what the user says."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from playlist_builder.audio import encode
from playlist_builder.cli import main, output
from playlist_builder.library import library
from playlist_builder.library import tracks as library_tracks
from playlist_builder.library.library import Library
from playlist_builder.models import STYLE_SIZE, Emotion
from playlist_builder.tracks.track_table import TrackTable
from tests.support.commands import run
from tests.support.libraries import fill
from tests.support.measured import STEPS
from tests.support.synthetic import plain


def test_tracks_lists_what_the_documentation_promises(demo_library):
    found = json.loads(run("tracks", *demo_library, "--json").stdout)
    assert len(found) == 28
    assert set(found[0]) == {
        *("path", "title", "artist", "album", "genre", "duration_s", "energy", "contour"),
        *("loudness_lufs", "loudness_range_lu", "sample_peak_dbfs", "tempo_bpm", "vocals"),
        *("cue_tracks", "tension", "tension_spread", "moving"),
    }
    assert [track["energy"] for track in found] == sorted(track["energy"] for track in found)
    table = run("tracks", *demo_library).stdout
    assert found[0]["title"] in table


def test_what_the_user_says_of_a_track_counts(demo_library):
    library = demo_library[1]
    title = json.loads(run("tracks", "--library", library, "--json").stdout)[3]["title"]
    run(
        "mark",
        title,
        "--energy",
        "0.4",
        "--vocals",
        "sung",
        "--note",
        "too sad",
        "--library",
        library,
    )
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
    told = run("mark", title, "--vocals", "none", "--note", "mine", *demo_library).stderr
    assert told.endswith("vocals none, note 'mine'.\n")
    assert "banned, note 'mine'." in run("mark", title, "--ban", *demo_library).stderr
    assert run("mark", title, "--clear", *demo_library).stderr.endswith(": no mark any more.\n")


def test_show_tells_why_with_reasons_that_add_up(demo_library):
    middle = json.loads(run("tracks", *demo_library, "--json").stdout)[14]["path"]
    track = json.loads(run("show", middle, *demo_library, "--json").stdout)
    total = sum(reason["energy"] for reason in track["reasons"])
    assert total == pytest.approx(track["energy"], abs=0.001)
    assert all(reason["because"] for reason in track["reasons"] if reason["name"] == "attacks")
    assert len(track["above"]) == len(track["below"]) == 3
    assert all(other["energy"] > track["energy"] for other in track["above"])
    assert track["above"][0]["energy"] <= track["above"][1]["energy"]
    assert all(other["energy"] <= track["energy"] for other in track["below"])
    assert 0.0 < track["percentile"] <= 1.0
    assert track["peak_energy"] == pytest.approx(max(track["contour"]), abs=0.001)
    text = run("show", middle, *demo_library).stdout
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


def emotion(number):
    tension = number / 100
    return Emotion(tension, 0.08, np.full(3, tension, np.float32), 1.0 - tension)


def turned(degrees):
    """A style; the cosine of two is that of their angles' difference."""
    return np.append(
        [np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.zeros(STYLE_SIZE - 2)
    )


@pytest.fixture
def tracks(monkeypatch, tmp_path):
    """Tracks of a library: the last has no embedding, each other one is a bit further off."""
    made = [
        plain(
            number,
            level=(7 * number % 30) / 30,
            title=f"Piece {number}",
            emotion=None if number == 29 else emotion(number),
            style=None if number == 29 else turned(number),
        )
        for number in range(30)
    ]

    def find(_, name):
        return next(track for track in made if track.tags.title == name)

    Library.open(tmp_path / "l.db").__exit__()
    monkeypatch.setattr(library, "read_tracks", lambda *_, **__: TrackTable.of(made))
    monkeypatch.setattr(Library, "find", find)
    monkeypatch.setattr(Library, "steps", lambda *_: STEPS)
    return made


def said(tmp_path, *words):
    """What a command prints, of a library that holds `tracks`."""
    done = CliRunner().invoke(main, [*words, "--library", str(tmp_path / "l.db")])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout) if "--json" in words else done.stdout


def titles(tmp_path, *words):
    return [track["title"] for track in said(tmp_path, "tracks", *words, "--json")]


@pytest.mark.usefixtures("tracks")
def test_like_lists_the_nearest_first_without_the_track_itself(tmp_path):
    found = said(tmp_path, "tracks", "--like", "Piece 0", "--json")
    near = [f"Piece {number}" for number in range(1, 21)]
    assert [track["title"] for track in found] == near
    cosines = [track["similarity"] for track in found]
    assert cosines[0] == pytest.approx(np.cos(np.radians(1)), abs=1e-4)
    assert cosines == sorted(cosines, reverse=True)
    lines = said(tmp_path, "tracks", "--like", "Piece 0").splitlines()
    assert lines[0].startswith("similar  energy  ")
    assert lines[1].split()[0] == "1.00"


@pytest.mark.usefixtures("tracks")
def test_like_goes_with_a_query_an_order_and_a_limit(tmp_path):
    like = ("--like", "Piece 0")
    assert titles(tmp_path, *like, "--limit", "2") == ["Piece 1", "Piece 2"]
    assert titles(tmp_path, *like, "tension:0.1..0.12") == ["Piece 10", "Piece 11", "Piece 12"]
    assert titles(tmp_path, *like, "tension:2..") == []
    assert len(titles(tmp_path, *like, "--limit", "100")) == 28
    nearest = titles(tmp_path, *like, "--limit", "3", "--sort", "energy")
    assert sorted(nearest) == ["Piece 1", "Piece 2", "Piece 3"]
    energies = [
        each["energy"] for each in said(tmp_path, "tracks", *like, "--sort", "energy", "--json")
    ]
    assert energies == sorted(energies)
    assert "similarity" not in said(tmp_path, "tracks", "--json")[0]
    assert len(titles(tmp_path, "--limit", "4")) == 4


def test_like_says_in_one_line_where_no_style_is_known(tracks, tmp_path, monkeypatch):
    def refused(name):
        words = ["tracks", "--like", name, "--library", str(tmp_path / "l.db")]
        done = CliRunner().invoke(main, words)
        assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
        return done.stderr

    assert "it has no embedding. Scan it without --no-embedding, unless" in refused("Piece 29")
    few = TrackTable.of([tracks[0], tracks[29]])
    monkeypatch.setattr(library, "read_tracks", lambda *_, **__: few)
    assert "No other track has an embedding." in refused("Piece 0")
    monkeypatch.undo()
    assert "No track 'Piece 0' in the library." in refused("Piece 0")


@pytest.mark.usefixtures("tracks")
def test_tension_and_moving_are_queries(tmp_path):
    assert titles(tmp_path, "tension:0.27..") == ["Piece 27", "Piece 28"]
    assert "Piece 29" not in titles(tmp_path, "tension:0..1")
    assert titles(tmp_path, "-tension:..1") == ["Piece 29"]
    assert titles(tmp_path, "moving:..0.73", "moving:0.725..") == ["Piece 27"]


@pytest.mark.usefixtures("tracks")
def test_tension_and_moving_are_null_where_unknown(tmp_path):
    known, unknown = (said(tmp_path, "show", f"Piece {n}", "--json") for n in (28, 29))
    names = ("tension", "tension_spread", "tension_contour", "moving")
    assert [known[name] for name in names] == [0.28, 0.08, [0.28] * 3, 0.72]
    assert [unknown[name] for name in names] == [None] * 4
    listed = {track["title"]: track for track in said(tmp_path, "tracks", "--json")}
    assert listed["Piece 28"]["tension"] == 0.28
    assert listed["Piece 29"]["moving"] is listed["Piece 29"]["tension"] is None
    assert "0.28 ± 0.08 (a hint: what listeners would say)" in said(tmp_path, "show", "Piece 28")
    told = " ".join(said(tmp_path, "show", "Piece 29").split())
    assert "the energy is the coarser one (scan without --no-embedding)" in told


@pytest.mark.parametrize("words", [[], ["--json"], ["title:1"], ["2", "--json"]])
def test_a_list_of_tracks_makes_none_of_them(tmp_path, monkeypatch, words):
    """Each would cost as much as all its columns in the list."""
    fill(tmp_path / "l.db", 12)
    monkeypatch.setattr(library_tracks, "Track", None)
    assert "Title 12" not in str(said(tmp_path, "tracks", *words))


def test_a_table_is_written_as_its_lines_come(tmp_path, monkeypatch):
    fill(tmp_path / "l.db", 12)
    expected = said(tmp_path, "tracks")
    monkeypatch.setattr(output, "AT_ONCE", 5)
    assert said(tmp_path, "tracks") == expected
    assert expected.count("\n") == 13


def test_numbers_are_never_cut_in_tables(demo_library):
    lines = run("tracks", *demo_library, COLUMNS="50").stdout.splitlines()
    assert lines[0].startswith("energy  length   LUFS")
    assert all(len(line.split()[0]) == 4 for line in lines[1:])


def test_h_alone_asks_for_help_and_a_word_may_begin_with_it(tmp_path):
    path = fill(tmp_path / "library.db", 3)
    assert run("tracks", "-h").stdout == run("tracks", "--help").stdout
    assert "--sort" in run("tracks", "-h", "--library", path).stdout
    listed = run("tracks", "-title:2", "--library", path, "--json").stdout
    assert {each["title"] for each in json.loads(listed)} == {"Title 0", "Title 1"}
    assert len(json.loads(run("tracks", "-heavy", "--library", path, "--json").stdout)) == 3
    assert "No library" not in run("tracks", "--library", path, "--", "-h").stderr


def test_tracks_tells_what_can_be_used_and_on_which_scale(tmp_path):
    path = fill(tmp_path / "library.db", 8, duration_s=130.0)
    said = run("tracks", "title:1", "--library", path).stderr
    assert "1 of 1 can be used: 0 outside 2 to 15 min, 0 with voices; calm (below 0.25): " in said
    assert "a session shows percentiles" in said
    assert "8 of 8 can be used" in run("tracks", "--library", path, "--json").stderr
    assert "can be used" not in run("tracks", "title:nothing", "--library", path).stderr
