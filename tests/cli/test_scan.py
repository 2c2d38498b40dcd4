"""The command `scan` as a user meets it."""

import json
import subprocess
import sys

from click.testing import CliRunner
from mutagen.flac import FLAC

from playlist_builder.cli import main
from playlist_builder.cli.scan import tracks_done
from playlist_builder.models import FileProgress
from playlist_builder.networks import music
from tests.support.commands import run
from tests.support.sounds import write_noise


def test_the_second_scan_decodes_nothing(demo, demo_library):
    report = json.loads(run("scan", demo / "music", *demo_library, "--json").stdout)
    assert (report["analysed"], report["unchanged"], report["skipped"]) == (0, 28, [])


def test_a_scan_without_the_networks_says_so_in_its_document_alone(demo, demo_library):
    done = run("scan", demo / "music", *demo_library, "--no-vocals", "--no-embedding", "--json")
    report = json.loads(done.stdout)
    assert (report["unchanged"], report["embeddings_analysed"]) == (28, 0)
    assert report["vocals_skipped"] == report["embedding_skipped"] == "not asked for"
    assert "stay unknown" not in done.stderr


def test_a_network_that_is_damaged_is_one_line(demo, demo_library, monkeypatch):
    monkeypatch.setattr(music, "model_error", lambda: "its file is damaged")
    done = CliRunner().invoke(main, ["scan", *map(str, (demo / "music", *demo_library))])
    assert "style and tension stay unknown: its file is damaged\n" in done.stderr


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
    assert "--scheduler needs distributed: pip install distributed" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_album_in_one_file_is_told(tmp_path):
    path = tmp_path / "Album.flac"
    write_noise(path, 1, 1)
    file = FLAC(path)
    file["cuesheet"] = "TRACK 01 AUDIO\nTRACK 02 AUDIO\n"
    file.save()
    quick = ("--no-vocals", "--no-embedding", "--library", tmp_path / "library.db")
    done = run("scan", tmp_path, *quick, "--json")
    assert json.loads(done.stdout)["albums"] == {str(path): 2}
    assert "an album of 2 tracks in one file, by its CUE sheet" in " ".join(done.stderr.split())
    assert json.loads(run("scan", tmp_path, *quick, "--json").stdout)["albums"] == {}
    assert (
        json.loads(run("tracks", "--library", tmp_path / "library.db", "--json").stdout)[0][
            "cue_tracks"
        ]
        == 2
    )


def test_the_bar_of_a_scan_agrees_with_its_count_and_tells_the_time_left():
    state = FileProgress(3, 4, 900, 1000, "/a.mp3", 75.0)
    assert tracks_done(state, 10.0) == ("3/4 tracks", 3, 4, "0.3 tracks/s, 1:15 left")
    copied = FileProgress(1, 4, 250, 1000, "/a.mp3")
    assert tracks_done(copied, 10.0) == ("1/4 tracks", 1, 4, "0.1 tracks/s, 0:30 left")
    assert tracks_done(FileProgress(0, 4, 0, 0, ""), 1.0)[3] == "0.0 tracks/s"


def test_a_folder_without_music_says_so(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "list.txt").write_text("Night", encoding="utf-8")
    done = run("scan", tmp_path / "notes", "--library", tmp_path / "l.db")
    assert f"No file in {tmp_path / 'notes'} is called as music is, such as .flac" in done.stderr
    write_noise(tmp_path / "notes" / "A.flac", 1, 1)
    done = run("scan", tmp_path / "notes", "--library", tmp_path / "l.db", "--no-embedding")
    assert "No file in" not in done.stderr
    assert "voices: " not in done.stderr


def test_a_scan_counts_the_tracks_that_hold_or_may_hold_a_voice(tmp_path):
    for number, genre in enumerate(["Vocal", "Vocal", "Speech", ""], start=1):
        path = tmp_path / f"{number}.flac"
        write_noise(path, 1, number)
        file = FLAC(path)
        file["genre"] = genre
        file.save()
    quick = ("--no-vocals", "--no-embedding", "--library", tmp_path / "library.db")
    assert (
        "voices: 2 sung, 1 spoken, 1 not sure, listen first\n"
        in run("scan", tmp_path, *quick).stderr
    )
    assert "voices: " not in run("scan", tmp_path, *quick).stderr
