"""A run in a player: what it is told to do, and what the run and its record take from it."""

import pytest

from playlist_builder import Silent, Sounded, StoppedError
from playlist_builder.desk import driver as drivers
from playlist_builder.desk.driver import Drive, Driver, Reach
from playlist_builder.desk.running import Running
from playlist_builder.errors import ServerError
from tests.desk.support import LASTS_S
from tests.support.fake_player import FakePlayer

STEP_S = 0.5


class Driven:
    """A run that a player plays, on a clock that goes on when it is told to."""

    def __init__(self, bench, clock, monkeypatch):
        self.bench, self.clock, self.told = bench, clock, []
        monkeypatch.setattr(drivers, "monotonic", self.monotonic)
        self.player = FakePlayer(LASTS_S, self.monotonic)
        bench.player = self.driver = Driver("mpd://there", self.player.connected)
        bench.do("begin", {})
        self.joined()

    def monotonic(self):
        return self.clock().timestamp()

    def joined(self):
        """Connect to the player, as at the start and after a connection was lost."""
        reach = Reach(lambda function: function(self.bench), self._tell, self.driver.wanted)
        self.drive = Drive(self.player, {}, (), reach)
        self.drive.join(self.driver.wanted(self.bench))

    def _tell(self, kind, value):
        self.told.append((kind, value))

    def later(self, seconds):
        """Let so much time pass; return whether the run goes on."""
        for _ in range(round(seconds / STEP_S)):
            self.clock.later(STEP_S)
            if not self.drive.step():
                return False
        return True

    def press(self, button, when="now"):
        given = {"button": button, "when": when, "position_s": self.bench.run.position_s}
        return self.bench.do("press", given)

    def queue(self):
        return [key.removeprefix("key of ") for key in self.player.held()]

    def noted(self):
        records = self.bench.library.records
        return records.read(records.latest().id).events


@pytest.fixture
def driven(bench, clock, monkeypatch):
    return Driven(bench, clock, monkeypatch)


def test_the_queue_is_what_is_to_sound_and_every_second_is_noted(driven):
    assert driven.queue() == [clip.path for clip in driven.bench.run.score.sounds]
    assert driven.player.calls == ["fill", "jump"]
    assert driven.later(30.0)
    assert driven.bench.run.position_s == pytest.approx(30.0, abs=0.6)
    assert driven.told[-1][0] == "position"
    assert driven.told[-1][1]["position_s"] == driven.bench.run.position_s
    sounded = [each.what for each in driven.noted() if isinstance(each.what, Sounded)]
    assert sum(each.seconds for each in sounded) == pytest.approx(30.0, abs=1.1)
    assert driven.player.calls == ["fill", "jump"]


def test_what_was_steered_follows_behind_the_track_that_plays(driven):
    driven.later(5.0)
    before = driven.queue()
    driven.press("softer", "after")
    driven.later(1.0)
    assert driven.player.calls[-1] == "follow"
    assert driven.queue() == [clip.path for clip in driven.bench.run.score.sounds] != before
    assert driven.player.playing().place == 0


def test_a_skip_leaves_the_track_when_it_says(driven):
    driven.later(20.0)
    from_s = driven.press("skip")["from_s"]
    driven.later(from_s - driven.bench.run.position_s - 1.0)
    assert driven.player.playing().place == 0
    driven.later(2.5)
    assert driven.player.playing().place == 1
    assert driven.bench.run.position_s == pytest.approx(from_s, abs=2.5)


def test_a_silence_is_kept_and_ends(driven):
    driven.later(20.0)
    driven.press("silence")
    (silence,) = driven.bench.run.line.silences()
    driven.later(silence[0] - 20.0 + 2.0)
    assert driven.player.playing().state == "stop"
    assert not driven.bench.run.paused
    driven.later(silence[1] - silence[0])
    assert driven.player.playing().state == "play"
    assert driven.bench.run.position_s == pytest.approx(silence[1], abs=3.0)
    silent = [each.what for each in driven.noted() if isinstance(each.what, Silent)]
    assert sum(each.seconds for each in silent) == pytest.approx(silence[1] - silence[0], abs=2.0)


def test_a_halt_at_the_desk_and_one_at_the_player_are_one(driven):
    driven.later(10.0)
    driven.bench.do("pause", {"position_s": driven.bench.run.position_s})
    driven.later(20.0)
    assert driven.player.playing().state == "pause"
    assert driven.bench.run.position_s == pytest.approx(10.0, abs=1.1)
    driven.player.pause(is_paused=False)  # by somebody else
    driven.later(5.0)
    assert not driven.bench.run.paused
    driven.player.stop()
    driven.later(5.0)
    assert driven.bench.run.paused
    left_s = driven.bench.run.position_s
    driven.bench.do("resume", {"position_s": left_s})
    driven.later(2.0)
    assert driven.player.calls[-1] == "jump"
    assert driven.bench.run.position_s == pytest.approx(left_s + 2.0, abs=1.1)


def test_the_end_of_the_music_ends_the_run(driven):
    driven.player.jump(len(driven.queue()) - 1, LASTS_S - 20.0)  # by somebody else
    assert driven.later(15.0)
    assert not driven.later(10.0)
    assert (driven.bench.run, driven.bench.after) == (None, 1)
    assert driven.noted()[-1].what.reason == "finished"
    assert not any(each.what.__class__.__name__ == "Paused" for each in driven.noted())


def test_a_run_that_is_ended_stops_the_player(driven):
    driven.later(5.0)
    driven.bench.do("end", {"position_s": 5.0})
    assert not driven.later(1.0)
    assert driven.player.calls[-1] == "stop"


def test_a_player_that_played_on_is_found_where_it_is(driven):
    driven.later(10.0)
    driven.clock.later(40.0)  # nobody looked
    driven.joined()
    driven.later(1.0)
    assert driven.player.calls == ["fill", "jump"]
    assert driven.bench.run.position_s == pytest.approx(51.0, abs=1.1)


def test_a_player_that_forgot_its_queue_goes_on_where_the_run_was(driven):
    driven.later(30.0)
    driven.player.fill([], 0)
    driven.joined()
    driven.later(2.0)
    assert driven.player.calls[-2:] == ["fill", "jump"]
    assert driven.bench.run.position_s == pytest.approx(32.0, abs=1.6)
    assert driven.queue() == [clip.path for clip in driven.bench.run.score.sounds]


def test_what_the_player_does_not_know_is_left_out_and_told_once(driven):
    driven.later(5.0)
    own = {slot.path for slot in driven.bench.session.slots}
    tracks = driven.bench.library.tracks()
    driven.player.unknown |= {track.path for track in tracks if track.path not in own}
    driven.press("calm")
    driven.later(2.0)
    new = [clip for clip in driven.bench.run.score.sounds if clip.path in driven.player.unknown]
    assert new
    told = [each for each in driven.bench.run.told if "left out" in each]
    assert len(told) == len(set(told)) == len({clip.path for clip in new})
    assert driven.player.unknown.isdisjoint(driven.queue())


def test_a_session_that_the_player_does_not_know_is_not_begun(bench, clock):
    player = FakePlayer(LASTS_S, lambda: clock().timestamp())
    player.unknown.add(bench.session.slots[2].path)
    bench.player = Driver("mpd://there", player.connected)
    with pytest.raises(ServerError, match="--map FROM=TO"):
        bench.do("begin", {})
    assert bench.run is None


def test_a_look_for_files_that_is_stopped_comes_again_and_nothing_is_noted_twice(
    driven, monkeypatch
):
    looks = []

    def check(_):
        looks.append(1)
        raise StoppedError("Something else has come.")

    monkeypatch.setattr(Running, "check", check)
    assert driven.later(30.0)
    assert len(looks) > 1
    sounded = [each.what for each in driven.noted() if isinstance(each.what, Sounded)]
    assert sum(each.seconds for each in sounded) == pytest.approx(30.0, abs=1.1)
