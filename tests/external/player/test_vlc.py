"""VLC without a screen, asked over its web interface on the loopback address."""

import base64
import contextlib
import json
import os
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

from playlist_builder.playlists.dialects import PLAYERS
from tests.support.parts import needs

pytestmark = needs("vlc")

AUTHORIZATION = "Basic " + base64.b64encode(b":secret").decode()


@pytest.fixture
def shown(tmp_path, free_port, eventually):
    """Start VLC with a playlist and give the paths that it shows, as soon as it shows `count`."""
    with contextlib.ExitStack() as stack:

        def start(playlist, count):
            vlc = stack.enter_context(
                subprocess.Popen(
                    [  # noqa: S607
                        "vlc",
                        "--intf=dummy",
                        "--extraintf=http",
                        "--http-host=127.0.0.1",
                        f"--http-port={free_port}",
                        "--http-password=secret",
                        "--aout=dummy",
                        "--vout=dummy",
                        "--ignore-config",
                        "--start-paused",
                        playlist,
                    ],
                    env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"},
                    user="nobody" if os.getuid() == 0 else None,  # VLC does not run as root
                    stdin=subprocess.DEVNULL,
                    stderr=stack.enter_context((tmp_path / "log").open("wb")),
                )
            )
            stack.callback(vlc.kill)
            request = urllib.request.Request(
                f"http://127.0.0.1:{free_port}/requests/playlist.json",
                headers={"Authorization": AUTHORIZATION},
            )

            def entries():
                with contextlib.suppress(urllib.error.URLError):
                    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                        found = list(_uris(json.load(answer)["children"][0]))
                    return found if len(found) >= count else None

            return [
                urllib.parse.unquote(uri.removeprefix("file://"), errors="surrogateescape")
                for uri in eventually(entries, f"VLC to show {count} entries")
            ]

        yield start


def _uris(node):
    if "uri" in node:
        yield node["uri"]
    for child in node.get("children", ()):
        yield from _uris(child)


@pytest.mark.parametrize("where", ["tonight.m3u8", "lists/tonight.m3u8"])
def test_every_entry_is_shown_in_order(music, playlist, all_names, shown, where):
    """VLC reads entries as URIs: `#` and `%` with two hex digits are beyond it, all else is not."""
    held = [name for name in all_names if not re.search("#|%[0-9A-Fa-f]{2}", name)]
    paths = shown(playlist(held, where), len(held))
    assert [os.path.relpath(path, music) for path in paths] == held


@pytest.mark.parametrize("suffix", PLAYERS["vlc"].suffixes)
def test_each_format_in_its_dialect_is_shown_in_order(music, playlist, every_name, shown, suffix):
    """Relative URIs hold every name, and move with the folder."""
    paths = shown(playlist(every_name, f"lists/tonight{suffix}", PLAYERS["vlc"]), len(every_name))
    assert [os.path.relpath(path, music) for path in paths] == every_name
