"""What a player is to have in its queue, and how what it says becomes the time of the mix."""

import pytest

from playlist_builder import Silent, Sounded
from playlist_builder.desk.queued import Part, behind, heard, limit_s, parts_of, silence_after

A = Part("a", "A", 0.0, 100.0, 0.5)
B = Part("b", "B", 95.0, 195.0, 0.5)
C = Part("c", "C", 300.0, 400.0, 0.5)


def lengths(bench):
    return {each.path: 200.0 for each in (*bench.session.slots, *bench.session.tail)}


def test_a_track_that_is_left_at_once_and_comes_back_is_three_parts(bench, clock):
    bench.do("begin", {})
    run = bench.run
    assert all(part.cut_s is None for part in parts_of(run.score, run.line, lengths(bench)))
    given = {"button": "skip", "when": "now", "position_s": 300.0}
    answer = bench.do("press", given)
    left = parts_of(run.score, run.line, lengths(bench))[1]
    assert left.cut_s == pytest.approx(answer["from_s"])
    clock.later(8.0)
    bench.do("take_back", {"press": answer["press"], "position_s": 308.0})
    parts = parts_of(run.score, run.line, lengths(bench))
    first, moment, back = parts[1:4]
    assert first.path == back.path != moment.path
    assert [part.is_back for part in (first, moment, back)] == [False, False, True]
    assert first.cut_s is not None
    assert moment.cut_s is not None
    assert back.inside_s(back.at_s) == pytest.approx(back.at_s - first.at_s + first.first_s)


def test_a_track_begins_at_its_beginning_and_never_before_its_time():
    assert B.inside_s(95.0) == 0.0
    assert B.inside_s(105.0) == 10.5
    assert B.mix_s(0.0) == 95.0
    assert B.mix_s(10.5) == 105.0


def test_a_queue_goes_on_behind_the_track_that_plays():
    assert behind((A, C), (A, B, C), 0) == (A, C)
    assert behind((A, C), (A, B, C), 1) == (A, B, C)
    assert not silence_after((A, B, C), 0)
    assert silence_after((A, B, C), 1)
    assert (limit_s((A, B), 0), limit_s((A, B), 1)) == (95.0, 195.0)


def test_every_second_of_the_mix_is_noted():
    assert list(heard((A, B, C), {"a": "x", "b": "y"}, 90.0, 310.0)) == [
        (90.0, Sounded("x", 90.5, 10.0)),
        (95.0, Sounded("y", 0.5, 100.0)),
        (195.0, Silent(105.0)),
        (300.0, Sounded("", 0.5, 10.0)),
    ]
