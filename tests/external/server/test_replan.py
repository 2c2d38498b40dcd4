"""Replanning while an MPD plays: what has been heard stays, what follows changes, sound goes on."""

import json
import os
import threading
import time

import pytest

from playlist_builder.playlists import session_json
from tests.support.commands import run
from tests.support.parts import needs
from tests.support.sounds import write_pieces

pytestmark = needs("mpd")

SAMPLE_RATE_HZ = 8000
TRACKS = 24
SHORT = ("--min-length", "12s", "--max-length", "2m")


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """A folder with pieces of 20 to 42 seconds, the later the busier."""
    folder = tmp_path_factory.mktemp("long music").resolve()
    write_pieces(folder, [20.0 + number * 0.95 for number in range(TRACKS)])
    return folder


@pytest.fixture
def playing(server, music, tmp_path):
    """A session of the music whose queue the MPD plays from its first track; its file."""
    library, file = tmp_path / "library.db", tmp_path / "session.json"
    run("scan", music, "--library", library, "--no-vocals", "--no-embedding")
    run("build", "arc", "--duration", "3m", *SHORT, "--library", library, "-o", file)
    run("push", file, server.target, "--queue", "--map", f"{music}=")
    server.ask("play", 0)
    server.eventually(lambda: float(server.ask("status").get("elapsed", 0)) > 0.5, "MPD to play")
    return file


def names(slots):
    return [os.path.basename(slot.path) for slot in slots]  # noqa: PTH119


def queue(server):
    return [row["file"] for row in server.ask("playlistinfo")]


class Ear:
    """Listens to an MPD on a connection of its own: state, track and place, again and again.

    Each with the moments before and after it was asked.
    """

    def __init__(self, server):
        self.heard, self._stop = [], threading.Event()
        self._thread = threading.Thread(target=self._listen, args=(server,), daemon=True)

    def _listen(self, server):
        with server.client() as client:
            while not self._stop.is_set():
                before = time.monotonic()
                status = client.status()
                moments = before, time.monotonic()
                place = float(status.get("elapsed", "nan"))
                self.heard.append((moments, status["state"], status.get("songid"), place))
                time.sleep(0.02)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        time.sleep(0.5)
        self._stop.set()
        self._thread.join()


def test_replanning_changes_only_what_comes_after_the_current_track(server, playing, music):
    """The state stays play, the track the same, and its place goes on with the clock."""
    before = session_json.load_session(playing)
    assert queue(server) == names((*before.slots, *before.tail))
    with Ear(server) as ear:
        options = ("--extend", "1m", "--push", server.target, "--map", f"{music}=", "--json")
        done = json.loads(run("replan", playing, "--at", "0:05", *options).stdout)
    after = session_json.load_session(playing)
    assert json.loads(session_json.dump(after)) == done
    assert after.slots[0] == before.slots[0]
    assert names(after.slots) != names(before.slots)
    assert abs(after.duration_s - 240.0) <= 30.0
    assert queue(server) == names((*after.slots, *after.tail))
    assert len(ear.heard) > 20
    assert {state for _, state, _, _ in ear.heard} == {"play"}
    assert len({song for _, _, song, _ in ear.heard}) == 1
    least = max(place - after for (_, after), _, _, place in ear.heard)
    most = min(place - before for (before, _), _, _, place in ear.heard)
    assert least - most < 0.5
    assert ear.heard[-1][3] > ear.heard[0][3]


def test_a_track_that_is_skipped_gives_way_to_the_next_without_a_stop(server, playing, music):
    before = session_json.load_session(playing)
    with Ear(server) as ear:
        options = ("--skip", "--push", server.target, "--map", f"{music}=")
        run("replan", playing, "--at", "0:05", *options)
    after = session_json.load_session(playing)
    assert after.slots[0].path == before.slots[0].path
    assert after.slots[0].duration_s == 5.0
    assert queue(server) == names((*after.slots, *after.tail))
    assert {state for _, state, _, _ in ear.heard} == {"play"}
    assert server.ask("currentsong")["file"] == names(after.slots)[1]


def test_a_server_that_plays_something_else_is_left_alone(server, playing, music):
    """So is the session file: nothing is known of what has been heard."""
    text, held = playing.read_bytes(), queue(server)
    options = ("--at", "1:05", "--push", server.target, "--map", f"{music}=")
    done = run("replan", playing, *options, code=1)
    assert "as the session says for this time" in done.stderr
    assert (playing.read_bytes(), queue(server)) == (text, held)
    server.ask("clear")
    done = run("replan", playing, "--at", "0:05", *options[2:], code=1)
    assert "plays nothing" in done.stderr
    assert (playing.read_bytes(), queue(server)) == (text, [])
