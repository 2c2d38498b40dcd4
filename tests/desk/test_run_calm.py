"""Calm music in a library that has little of it: what was heard plays again, as any other music."""

import os
from itertools import pairwise

import pytest

from playlist_builder import PlaylistBuilderError, SessionRequest
from playlist_builder.desk import prepare, run
from playlist_builder.desk.bench import Bench
from playlist_builder.desk.queued import parts_of
from playlist_builder.desk.running import LEAD_S
from playlist_builder.desk.score import first_change
from playlist_builder.desk.steer import BUTTONS
from playlist_builder.desk.words import Words
from tests.desk.support import LASTS_S, Sound
from tests.support.libraries import fill_there

AT_S = 700.0


@pytest.fixture
def open_(tmp_path):
    """Open a desk on a small library in which a session runs; again and again as after a crash."""
    fill_there(tmp_path, 24)
    benches = []

    def opened():
        commands = run.guarded(prepare.COMMANDS) | run.COMMANDS
        bench = Bench(str(tmp_path / "l.db"), commands, Words("en"), Sound())
        run.go_on(bench)
        benches.append(bench)
        return bench

    yield opened
    for each in benches:
        each.close()


@pytest.fixture
def bench(open_):
    own = open_()
    own.build(SessionRequest("arc", duration_s=1800.0, tolerance_s=200.0))
    own.do("begin", {})
    own.do("press", {"button": "calm", "when": "now", "position_s": AT_S})
    return own


def paths(bench):
    return [slot.path for slot in bench.session.slots]


def test_what_was_heard_comes_again_in_a_mix_without_a_gap(bench):
    own = paths(bench)
    assert len(set(own)) < len(own)
    (told,) = bench.state()["run"]["told"]
    assert "more than once" in told
    line = bench.run.line
    for before, after in pairwise(line.clips[: line.planned]):
        assert after.at <= before.end


def test_it_goes_on_after_a_crash(bench, open_):
    again = open_()
    assert first_change(bench.run.score.sounds, again.run.score.sounds) is None
    assert paths(again) == paths(bench)


def test_it_is_taken_back(bench):
    (pending,) = bench.run.pending
    bench.do("take_back", {"press": pending.number, "position_s": AT_S + 1.0})
    assert len(set(paths(bench))) == len(paths(bench))


@pytest.mark.parametrize("button", BUTTONS)
def test_buttons_do_or_say_what_they_do(bench, button):
    before = bench.run.score
    try:
        bench.do("press", {"button": button, "when": "now", "position_s": AT_S + 60.0})
    except PlaylistBuilderError as error:
        assert str(error).isprintable()
        assert bench.run.score is before
    change = first_change(before.sounds, bench.run.score.sounds)
    assert change is None or change >= round((AT_S + 60.0 + LEAD_S) * 50)


def test_a_player_is_given_it_as_often_as_it_plays(bench):
    running = bench.run
    lengths_s = dict.fromkeys(paths(bench), LASTS_S)
    parts = parts_of(running.score, running.line, lengths_s)
    coming = [each.path for each in parts if each.at_s > AT_S]
    assert coming[: running.line.planned] == [
        slot.path for slot in running.line.slots[-len(coming) :]
    ]


def test_one_that_is_gone_is_replaced_where_it_would_come(bench):
    place = bench.run.line.place(AT_S + LEAD_S) + 2
    gone = bench.run.line.slots[place].path
    os.rename(gone, gone + ".gone")  # noqa: PTH104
    try:
        for _ in paths(bench):
            bench.do("heard", {"run": bench.run.log.run.id, "source": "page-1", "events": []})
    finally:
        os.rename(gone + ".gone", gone)  # noqa: PTH104
    coming = bench.run.line.slots[bench.run.line.place(AT_S + LEAD_S) + 1 :]
    assert gone not in {slot.path for slot in coming} or bench.state()["run"]["told"]
