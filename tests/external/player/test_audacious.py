"""Audacious without a screen, asked over D-Bus, on a bus and in a home of its own."""

import os
import subprocess
from dataclasses import replace

import pytest

from playlist_builder.playlists.dialects import ANY
from tests.support.parts import needs

pytestmark = needs("audacious", "dbus-run-session")

STARTS = 4
"""Audacious 4.2 aborts (`mainloop_type_set`) if it is spoken to while it is still starting."""

SHOW = """
audacious --headless &
sleep 1
ready() { test "$(audtool playlist-length 2>/dev/null)" "$@"; }
within() { for _ in $(seq 200); do "$@" && return; sleep 0.1; done; exit 1; }
within ready -ge 0
audtool playlist-clear
audtool playlist-addurl "$1"
within ready -ge "$2"
for number in $(seq "$(audtool playlist-length)"); do
    audtool playlist-song-filename "$number"
    printf '\\0'
done
audtool shutdown
wait
"""


@pytest.fixture
def shown(tmp_path):
    """Give the paths that Audacious shows for a playlist, as soon as it shows `count`."""

    def show(playlist, count):
        for _ in range(STARTS - 1):
            try:
                return once(playlist, count)
            except subprocess.CalledProcessError:
                continue
        return once(playlist, count)

    def once(playlist, count):
        done = subprocess.run(
            ["dbus-run-session", "--", "bash", "-c", SHOW, "-", playlist.as_uri(), str(count)],  # noqa: S607
            env={
                "PATH": os.environ["PATH"],
                "LC_ALL": "C.UTF-8",
                "HOME": str(tmp_path),
                "XDG_RUNTIME_DIR": str(tmp_path),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=120,
            check=True,
        )
        return [entry.removesuffix("\n") for entry in os.fsdecode(done.stdout).split("\0")[:-1]]

    return show


@pytest.mark.parametrize("suffix", [".m3u8", ".m3u", ".pls"])
def test_each_line_format_is_shown_in_order(music, playlist, all_names, shown, suffix):
    """Without a dialect of its own, but for the codepage."""
    dialect = replace(ANY, codepage="utf-8")
    paths = shown(playlist(all_names, f"lists/tonight{suffix}", dialect), len(all_names))
    assert [os.path.relpath(path, music) for path in paths] == all_names


def test_xspf_holds_every_name(music, playlist, every_name, shown):
    """Line breaks and bytes that are not UTF-8 are no trouble to a URI."""
    paths = shown(playlist(every_name, "lists/tonight.xspf"), len(every_name))
    assert [os.path.relpath(path, music) for path in paths] == every_name
