"""The harnesses that break things, on a small scale; `.ci/faults` runs them in full."""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def run(name, *words):
    done = subprocess.run(
        [sys.executable, HERE / name, *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_mutated_files_cost_no_neighbour():
    """Of broken files of every format, each ends as a track or is skipped with a reason."""
    told = run("fuzz.py", "--files", "200", "--seed", "3")
    assert told["failures"] == []
    assert told["files"] == 200
    assert told["formats"] >= 20
    assert told["tracks"] + told["skipped"] == told["files"] + told["good"]
