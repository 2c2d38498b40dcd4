"""mpv, playing a whole playlist into a null output as fast as it can."""

import os
import subprocess

import pytest


def played(playlist, folder):
    """The paths that mpv played, in order; its exit code is not 0 if one could not be played."""
    done = subprocess.run(
        [  # noqa: S607
            "mpv",
            "--no-config",
            "--ao=null",
            "--ao-null-untimed",
            "--vo=null",
            "--msg-level=all=error,cplayer=info",
            f"--playlist={playlist}",
        ],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=120,
        check=True,
    )
    lines = os.fsdecode(done.stdout).split("\n")
    paths = [line[len("Playing: ") :] for line in lines if line.startswith("Playing: ")]
    return [os.path.relpath(path, folder) for path in paths]


@pytest.mark.parametrize("where", ["tonight.m3u8", "lists/tonight.m3u8"])
def test_every_entry_plays_in_order(music, playlist, all_names, where):
    """Beside the music or in a folder of its own."""
    assert played(playlist(all_names, where), music) == all_names
