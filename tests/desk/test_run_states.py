"""Presses, take-backs, pauses, reloads and restarts in any order: the music never stops."""

import shutil
import tempfile
import time
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from playlist_builder import PlaylistBuilderError
from playlist_builder.desk import log, run
from playlist_builder.desk.bench import Bench
from playlist_builder.desk.running import LEAD_S, SOONEST_S
from playlist_builder.desk.score import first_change, silent_seconds
from playlist_builder.desk.steer import BUTTONS
from playlist_builder.desk.timeline import frames
from playlist_builder.desk.words import Words
from tests.desk.conftest import Clock
from tests.desk.support import Sound


class Runs(RuleBasedStateMachine):
    """A run, with a page that says how far it has heard it."""

    library = Path()

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.library, self.folder / "l.db")
        self.clock, self.position_s, self.notes = Clock(), 0.0, 0
        log.Log.__init__.__defaults__ = (self.clock, self.clock.steady_s)
        self.open()
        self.bench.open_last()
        self.bench.do("begin", {})
        self.heard_to = frames(LEAD_S)

    def teardown(self):
        self.bench.close()
        shutil.rmtree(self.folder)
        log.Log.__init__.__defaults__ = (log.wall_clock, time.monotonic)

    def open(self):
        self.bench = Bench(str(self.folder / "l.db"), run.COMMANDS, Words("en"), Sound())
        run.go_on(self.bench)

    @property
    def running(self):
        return self.bench.run

    def do(self, name, **given):
        before = self.running.score
        try:
            self.bench.do(name, given | {"position_s": self.position_s})
        except PlaylistBuilderError:
            assert first_change(before.sounds, self.running.score.sounds) is None
            return
        change = first_change(before.sounds, self.running.score.sounds)
        assert change is None or change >= frames(self.position_s + SOONEST_S)

    @rule(button=st.sampled_from(sorted(BUTTONS)), when=st.sampled_from(["now", "after"]))
    def press(self, button, when):
        self.do("press", button=button, when=when)

    @precondition(lambda self: self.running.pending)
    @rule(which=st.integers(0, 3))
    def take_back(self, which):
        pending = self.running.pending
        self.do("take_back", press=pending[which % len(pending)].number)

    @precondition(lambda self: not self.running.paused)
    @rule(seconds=st.floats(0.5, 200.0))
    def play(self, seconds):
        """The page hears some music, and says so."""
        seconds = min(seconds, self.running.line.plan_s - self.position_s)
        if seconds <= 0.0:
            return
        self.notes += 1
        event = {
            "number": self.notes,
            "at": self.clock().isoformat(),
            "session_s": self.position_s,
            "kind": "sounded",
            "track": "x",
            "offset_s": 0.0,
            "seconds": seconds,
        }
        self.position_s += seconds
        self.clock.later(seconds)
        answer = self.bench.do(
            "heard", {"run": self.running.log.run.id, "source": "page", "events": [event]}
        )
        assert answer == {"last": self.notes}

    @rule()
    def pause_or_go_on(self):
        self.do("resume" if self.running.paused else "pause")

    @rule()
    def reload(self):
        """A page that comes back sees where it was."""
        shown = self.bench.state()["run"]
        assert abs(shown["position_s"] - self.position_s) < 1e-6

    @rule()
    def restart(self):
        """The server is killed, and another one begins with what is on the disk."""
        sounds, paused = self.running.score.sounds, self.running.paused
        position_s = self.running.position_s
        self.bench.close()
        self.open()
        assert first_change(sounds, self.running.score.sounds) is None
        assert self.running.paused == paused
        assert self.running.position_s == position_s

    @invariant()
    def the_music_goes_on(self):
        line, sounds = self.running.line, self.running.score.sounds
        planned = [(frames(start), frames(end)) for start, end in line.silences()]
        for start, end in silent_seconds(sounds, frames(self.position_s + LEAD_S), sounds[-1].end):
            assert any(first - 1 <= start and end <= last + 1 for first, last in planned)

    @invariant()
    def at_most_two_tracks_sound_together(self):
        sounds = self.running.score.sounds
        assert all(own.end <= other.at for own, other in zip(sounds, sounds[2:], strict=False))

    @invariant()
    def every_track_of_the_session_has_its_clip(self):
        line = self.running.line
        assert [clip.path for clip in line.clips] == [slot.path for slot in line.slots]


def test_whatever_is_done_the_music_goes_on(filled):
    Runs.library = filled
    machine = Runs.TestCase
    machine.settings = settings(max_examples=3, stateful_step_count=8, deadline=None)
    machine().runTest()
