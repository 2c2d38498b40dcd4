"""mpv, playing a whole playlist into a null output as fast as it can."""

import os
import re
import shutil
import subprocess
from dataclasses import replace
from urllib.parse import unquote

import pytest

from playlist_builder.errors import ExportError
from playlist_builder.files.path_map import PathMap
from playlist_builder.playlists.dialects import PLAYERS
from tests.support.parts import needs

pytestmark = needs("mpv")

PLAYING = re.compile(r"^Playing: (.*?\.wav ?)$", re.DOTALL | re.MULTILINE)
"""What mpv says of each; the name may hold a line break."""


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
    paths = PLAYING.findall(os.fsdecode(done.stdout))
    return [os.path.relpath(_path(path), folder) for path in paths]


def _path(shown):
    """The path of a `file://` URI, or what is one already."""
    uri = shown.startswith("file://")
    return unquote(shown[len("file://") :], errors="surrogateescape") if uri else shown


@pytest.mark.parametrize("where", ["tonight.m3u8", "lists/tonight.m3u8"])
def test_every_entry_plays_in_order(music, playlist, all_names, where):
    """Beside the music or in a folder of its own."""
    assert played(playlist(all_names, where), music) == all_names


@pytest.mark.parametrize("suffix", PLAYERS["mpv"].suffixes)
def test_each_format_in_its_dialect_plays_in_order(music, playlist, every_name, suffix):
    """What no line can hold is a `file://` URI, the only one in which mpv reads percent signs."""
    where = f"lists/tonight{suffix}"
    assert played(playlist(every_name, where, PLAYERS["mpv"]), music) == every_name


@pytest.mark.parametrize("suffix", PLAYERS["mpv"].suffixes)
def test_a_mapped_playlist_plays_where_the_music_is_called_otherwise(
    music, playlist, every_name, tmp_path, suffix
):
    """As on a NAS or in a container; the playlist may then lie anywhere."""
    nas = tmp_path / "nas"
    nas.symlink_to(music.parent)
    dialect = replace(PLAYERS["mpv"], path_maps=(PathMap(f"{music.parent}/", f"{nas}/"),))
    file = shutil.copy(playlist(every_name, f"tonight{suffix}", dialect), tmp_path)
    assert played(file, nas / music.name) == every_name


def test_xspf_is_refused_because_mpv_does_not_read_it(playlist, names):
    with pytest.raises(ExportError, match=r"^mpv does not read \.xspf"):
        playlist(names, "tonight.xspf", PLAYERS["mpv"])
