"""MPD, over its own protocol on a socket in a temporary folder, playing into a null output."""

import os
import shutil
import socket
import subprocess
from contextlib import ExitStack
from dataclasses import replace

import pytest

from playlist_builder.errors import ExportError
from playlist_builder.playlists.dialects import PLAYERS
from tests.support.parts import needs

pytestmark = needs("mpd")

CONFIGURATION = """\
music_directory "{music}"
playlist_directory "{own}/playlists"
db_file "{own}/database"
state_file "{own}/state"
log_file "{own}/log"
bind_to_address "{own}/socket"
audio_output {{
    type "null"
    name "null"
    sync "no"
}}
"""


class Client:
    """A connection to MPD: a command goes out, its answer comes back as a list of lines."""

    def __init__(self, connection):
        self.connection = connection
        self.answers = connection.makefile("rb")
        assert self.answers.readline().startswith(b"OK MPD ")

    def __call__(self, command):
        self.connection.sendall(os.fsencode(command) + b"\n")
        lines = []
        for line in self.answers:
            if line == b"OK\n":
                return lines
            assert not line.startswith(b"ACK"), line
            lines.append(os.fsdecode(line.removesuffix(b"\n")))
        pytest.fail("MPD closed the connection")

    def status(self):
        return dict(line.split(": ", maxsplit=1) for line in self("status"))

    def queue(self):
        return [line[len("file: ") :] for line in self("playlistinfo") if line[:6] == "file: "]

    def load(self, name):
        self("clear")
        self(f'load "{name}"')
        return self.queue()


@pytest.fixture
def own(tmp_path):
    (tmp_path / "playlists").mkdir()
    return tmp_path


@pytest.fixture
def mpd(music, own, eventually):
    """A client of an MPD of our own that has read the music folder."""
    (own / "configuration").write_text(CONFIGURATION.format(music=music, own=own), encoding="utf-8")
    with ExitStack() as stack:
        server = stack.enter_context(
            subprocess.Popen(["mpd", "--no-daemon", own / "configuration"])  # noqa: S607
        )
        stack.callback(server.terminate)
        connection = stack.enter_context(socket.socket(socket.AF_UNIX))
        connection.settimeout(30)
        eventually(lambda: connection.connect_ex(f"{own}/socket") == 0, "MPD to listen")
        client = Client(connection)
        stack.enter_context(client.answers)
        client("update")
        eventually(lambda: "updating_db" not in client.status(), "MPD to read the music folder")
        yield client


@pytest.mark.parametrize("where", ["tonight.m3u8", "lists/tonight.m3u8"])
def test_a_playlist_in_the_music_folder_is_the_queue(mpd, playlist, names, where):
    """Beside the music or in a folder of its own: every entry is there, in order."""
    playlist(names, where)
    assert mpd.load(where) == names


@pytest.mark.parametrize("suffix", PLAYERS["mpd"].suffixes)
@pytest.mark.parametrize("where", ["tonight", "lists/tonight"])
def test_each_format_in_its_dialect_is_the_queue(mpd, playlist, names, where, suffix):
    """MPD reads no percent signs, in XSPF neither, so its dialect writes none."""
    playlist(names, where + suffix, PLAYERS["mpd"])
    assert mpd.load(where + suffix) == names


def test_names_that_mpd_passes_over_are_refused(playlist, blank_names):
    """A playlist in which they stood would be shorter, without a word."""
    for name in blank_names:
        with pytest.raises(ExportError, match=r"for mpd cannot hold .* begin or end with a blank"):
            playlist([name], dialect=PLAYERS["mpd"])


def test_a_playlist_beside_the_music_is_right_as_a_stored_one(mpd, own, playlist, names):
    """MPD takes the entries of stored playlists, whose suffix is `.m3u`, as seen from the music."""
    shutil.copy(playlist(names), own / "playlists" / "tonight.m3u")
    assert mpd("listplaylists")[0] == "playlist: tonight"
    assert mpd.load("tonight") == names


def test_a_stored_playlist_is_relative_to_the_music(mpd, music, own, playlist, names):
    """`--relative-to` the music folder writes one, wherever it is written to."""
    dialect = replace(PLAYERS["mpd"], relative_to=str(music))
    shutil.copy(playlist(names, "lists/tonight.m3u", dialect), own / "playlists")
    assert mpd.load("tonight") == names


def test_every_entry_plays(mpd, playlist, names, eventually):
    """MPD goes from the first to the last track without an error."""
    playlist(names)
    mpd.load("tonight.m3u8")
    mpd("play 0")
    eventually(lambda: mpd.status()["state"] == "stop", "the end of the playlist")
    assert "error" not in mpd.status()
