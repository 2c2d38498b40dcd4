"""The command `scan` as a user meets it."""

import json
import subprocess
import sys

from tests.support.commands import run


def test_the_second_scan_decodes_nothing(demo, demo_library):
    report = json.loads(run("scan", demo / "music", *demo_library, "--json").stdout)
    assert (report["analysed"], report["unchanged"], report["skipped"]) == (0, 28, [])


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
