"""The harnesses that break things, on a small scale; `.ci/run` runs them in full."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import nextroom
from tests.support.sounds import write_pieces

ROOT = Path(__file__).parents[2]


def run(name, *words):
    done = subprocess.run(
        [sys.executable, "-m", f"tests.faults.{name}", *words],
        capture_output=True,
        cwd=ROOT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_mutated_files_cost_no_neighbour():
    """Of broken files of every format, each ends as a track or is skipped with a reason."""
    told = run("fuzz", "--files", "24", "--seed", "3")
    assert told["failures"] == []
    assert told["files"] == 24
    assert told["formats"] >= 20
    assert told["tracks"] + told["skipped"] == told["files"] + told["good"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot replace a file that is open")
def test_killed_at_any_moment_loses_nothing():
    """A scan or a writer that is killed leaves all that was told, whole files and no process."""
    told = run("kill", "--moments", "2", "--seed", "5")
    assert told["failures"] == []
    assert told["scan"] == 1
    assert told["results told"] + told["playlists told"] > 0


def test_spoilt_libraries_give_sessions_that_are_sound(tmp_path):
    """No silence, repeat, noise or missing file is in a session, and refusals are told."""
    write_pieces(tmp_path, [23.1, 23.2, 23.3, 23.4, 23.5])
    words = ["--libraries", "2", "--jobs", "1", "--recordings", "5", "--seed", "5"]
    words += ["--shortest", "21", "--longest", "22"]
    told = nextroom.run(tmp_path, nextroom.arguments([str(tmp_path), *words]))
    assert told["failures"] == []
    assert told["recordings"] == 5
    assert told["sessions"] > 0
