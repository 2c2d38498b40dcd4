"""What the README shows is true: every command runs, and the session printed is the real one.

The two commands that install are run by `.ci/run`, in environments of their own.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from playlist_builder import Library
from playlist_builder.audio import encode

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SAMPLE_RATE_HZ = 8000


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands():
    lines = (line for block in blocks("console") for line in block.splitlines())
    return [line[2:] for line in lines if line.startswith("$ ")]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with 75 minutes of music, the demo, and a copy of the profiles."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "Music").mkdir()
    rng = np.random.default_rng(0)
    time_s = np.arange(150 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    for number in range(30):
        beat = np.exp(-8 * (time_s * (0.5 + number / 8) % 1))
        noise = rng.standard_normal(len(time_s)) * number / 300
        tone = 0.2 * np.sin(2 * np.pi * (110 + 20 * number) * time_s)
        samples = ((tone + noise) * beat).astype(np.float32)[None]
        tags = {"title": f"Piece {number}", "artist": f"Player {number % 12}"}
        encode.write_flac(f"{folder}/Music/{number}.flac", samples, SAMPLE_RATE_HZ, tags)
    shutil.copytree(ROOT / "profiles", folder / "profiles")
    Library.open(folder / "nas.db").__exit__(None, None, None)
    return folder


def environment(home, **others):
    return os.environ | {"HOME": str(home), "COLUMNS": "100", "PYTHONUTF8": "1"} | others


def run(command, home, **others):
    words = [word.replace("~", str(home)) for word in shlex.split(command)]
    assert words[0] == "playlist-builder"
    done = subprocess.run(
        [sys.executable, "-m", "playlist_builder", *words[1:]],
        capture_output=True,
        cwd=home,
        env=environment(home, **others),
        encode="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


def test_every_command_runs_and_the_first_prints_what_is_shown(home):
    first, *others = commands()
    shown = blocks("console")[0].split("\n", 1)[1]
    assert run(first, home) == shown
    library = {"PLAYLIST_BUILDER_LIBRARY": str(home / "playlist-builder-demo" / "library.db")}
    for command in others:
        own = {} if "~/Music" in command else library
        run(command, home, **own)
    assert (home / "tonight.m3u8").read_text(encoding="utf-8").count("#EXTINF") >= 20
    assert (home / "calm.m3u8").exists()


def test_the_example_in_python_runs_as_a_script(home):
    """Without `if __name__ == "__main__"`, although it starts processes."""
    (home / "example.py").write_text(blocks("python")[0], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "example.py"],
        capture_output=True,
        cwd=home,
        env=environment(home),
        encode="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (home / "tonight.m3u8").exists()


def test_shell_completion_is_what_the_shell_can_read(home):
    assert "_PLAYLIST_BUILDER_COMPLETE=bash_source" in README
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from playlist_builder.cli import main; main(prog_name='playlist-builder')",
        ],
        capture_output=True,
        env=environment(home, _PLAYLIST_BUILDER_COMPLETE="bash_source"),
        encode="utf-8",
        check=False,
    )
    assert "complete" in done.stdout
