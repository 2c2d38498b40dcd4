"""A session that is steered from the desk while a real MPD plays it."""

import asyncio
import os
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from playlist_builder import SessionRequest, connect_player
from playlist_builder.audio import encode
from playlist_builder.desk import prepare, run, steer
from playlist_builder.desk.bench import Bench
from playlist_builder.desk.desk import Desk
from playlist_builder.desk.driver import Driver
from playlist_builder.desk.words import Words
from playlist_builder.errors import ServerError
from tests.desk.support import LASTS_S, Sound
from tests.support.libraries import fill_there
from tests.support.parts import needs

pytestmark = needs("mpd")

RATE_HZ = 8000
COUNT = 40
NEAR_S = 1.0


@pytest.fixture(scope="session")
def music(tmp_path_factory):
    """A library of tracks that are all the same, as long as the desk takes them to be."""
    folder = tmp_path_factory.mktemp("quiet music").resolve()
    fill_there(folder, COUNT)
    samples = np.zeros((1, round(RATE_HZ * LASTS_S)), np.float32)
    encode.write_flac(str(folder / "one"), samples, RATE_HZ, {})
    for number in range(COUNT):
        (folder / f"{number}.flac").unlink()
        os.link(folder / "one", folder / f"{number}.flac")
    return folder


class Played:
    """A desk with a session that an MPD plays, and what was told to its pages."""

    def __init__(self, library, target):
        self.told = []
        self.desk = Desk(partial(self._bench, library, target))
        self.desk.open()
        self.loop = asyncio.new_event_loop()
        self.serving = threading.Thread(target=self.loop.run_forever)
        self.serving.start()
        self._in_loop(self._serve())
        self.driver = self.desk.bench.player
        self.driver.start(self.desk.ask, lambda kind, value: self.told.append((kind, value)))

    def _bench(self, library, target):
        commands = run.guarded(prepare.COMMANDS) | run.COMMANDS
        bench = Bench(library, commands, Words("en"), Sound())
        connect = partial(connect_player, target, lambda *_: "")
        bench.player = Driver(target, connect)
        run.go_on(bench)
        if bench.run is None:
            bench.open_last()
        return bench

    def do(self, name, **given):
        given |= {"position_s": self.position_s}
        return self.desk.ask(lambda bench: bench.do(name, given))

    @property
    def run(self):
        return self.desk.ask(lambda bench: bench.run and bench.run.view())

    @property
    def position_s(self):
        return self.desk.ask(lambda bench: bench.run.position_s if bench.run else 0.0)

    @property
    def paths(self):
        """The files of what is to sound, in their order."""
        clips = self.desk.ask(lambda bench: bench.run.score.sounds)
        return [Path(clip.path).name for clip in clips]

    def kinds(self):
        def read(bench):
            records = bench.library.records
            return [type(each.what).__name__ for each in records.read(records.latest().id).events]

        return self.desk.ask(read)

    def _in_loop(self, what):
        return asyncio.run_coroutine_threadsafe(what, self.loop).result()

    async def _serve(self):
        self.desk.serve()

    def close(self):
        self.driver.close()
        self._in_loop(self.desk.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.serving.join()
        self.loop.close()


@pytest.fixture
def library(music, tmp_path):
    copy = tmp_path / "l.db"
    copy.write_bytes((music / "l.db").read_bytes())
    bench = Bench(str(copy), {}, Words("en"), Sound())
    bench.build(SessionRequest("arc", duration_s=1800.0))
    bench.close()
    return str(copy)


@contextmanager
def opened(library, target):
    played = Played(library, target)
    try:
        yield played
    finally:
        played.close()


def test_it_plays_what_is_begun_and_goes_on_as_it_is_steered(  # noqa: PLR0915 - one course of one MPD
    library, server, eventually, monkeypatch
):
    monkeypatch.setattr(steer, "SILENCE_S", 4.0)
    target = f"mpd://{server.own}/socket"

    def status(name):
        return server.ask("status").get(name)

    def queue():
        return [row["file"] for row in server.ask("playlistid")]

    def begun_at(start_s):
        """Whether the run is where the player is, in a track that began then."""
        return abs(played.position_s - start_s - float(status("elapsed") or "nan")) < NEAR_S

    with opened(library, target) as played:
        played.do("begin")
        eventually(lambda: played.position_s > 1.0, "the music to begin")
        assert queue() == played.paths
        assert int(status("xfade")) > 0
        assert server.ask("replay_gain_status") == "track"
        assert "ReplayGain" in played.run["told"][0]

        pressed = played.do("press", button="softer", when="after")
        eventually(lambda: queue() == played.paths, "the queue to be softer behind this track")
        assert status("song") == "0"
        played.do("take_back", press=pressed["press"])
        eventually(lambda: queue() == played.paths, "the queue of before")

        pressed = played.do("press", button="skip", when="now")
        first = played.paths
        eventually(lambda: status("song") == "1", "the next track to play")
        eventually(lambda: begun_at(pressed["from_s"]), "it to have begun when it was said")
        played.do("take_back", press=pressed["press"])
        assert played.paths[:3] == [first[0], first[1], first[0]]
        eventually(lambda: status("song") == "2", "the track that was skipped to come back")
        eventually(lambda: float(status("elapsed") or 0) > 5.0, "it to go on where it was")

        played.do("pause")
        eventually(lambda: status("state") == "pause", "the pause")
        before_s = played.position_s
        played.do("resume")
        eventually(lambda: played.position_s > before_s + 0.5, "it to go on")
        server.ask("pause", 1)
        eventually(lambda: played.run["paused"], "the desk to see that it was halted")
        server.ask("pause", 0)
        eventually(lambda: not played.run["paused"], "the desk to see that it goes on")

    reached_s = float(status("elapsed"))  # the desk is closed, the page as well: it plays on
    eventually(lambda: float(status("elapsed")) > reached_s + 1.0, "the music to play on")
    with opened(library, target) as played:
        eventually(lambda: played.position_s > before_s + 1.0, "the desk to find where it is")
        assert status("song") == "2"

        server.kill()
        eventually(
            lambda: "tried again" in "".join(played.run["told"][-1:]), "the desk to say it is gone"
        )
        left_s = played.position_s
        server.start()
        eventually(lambda: "answers again" in played.run["told"][-1], "the desk to find it again")
        eventually(lambda: played.position_s > left_s + 1.0, "it to go on where it was")
        assert played.position_s < left_s + 10.0
        assert queue() == played.paths

        played.do("press", button="silence", when="now")
        eventually(lambda: status("state") == "stop", "the silence")
        eventually(lambda: status("state") == "play", "the end of the silence")
        (silence,) = played.run["session"]["silences"]
        eventually(lambda: begun_at(silence["end_s"]), "a track to have begun when it was said")

        played.do("end")
        eventually(lambda: status("state") == "stop", "the end")
        kinds = played.kinds()
    assert {"Begun", "Sounded", "Silent", "Deviation", "TakenBack", "Ended"} <= set(kinds)


def test_a_session_of_tracks_that_it_does_not_know_is_not_begun(library, server):
    with opened(library, f"mpd://127.0.0.1:{server.port}") as played:
        with pytest.raises(ServerError, match="--map FROM=TO"):
            played.do("begin")
        assert played.run is None
