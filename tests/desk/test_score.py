"""What sounds while a session runs: nothing changes before a moment, and the music never stops."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder import Clip
from playlist_builder.desk.score import (
    Score,
    continued,
    first_change,
    returned,
    settled,
    silent_seconds,
    written,
)
from playlist_builder.desk.score_document import document, kept, score_of

FADE = 400
TAKE_BACK = 500  # frames after a press in which it can be taken back


def chain(*names, at=0, length=5000, fade=FADE):
    """Clips of tracks one after the other, each fading into the next."""
    return [
        Clip(name, name, 0, length, at + number * (length - fade), -3.0, fade, fade)
        for number, name in enumerate(names)
    ]


def cut(clips, place, end, *others):
    """The clips up to a place, which ends at a frame, and others behind it."""
    own = clips[place]
    short = replace(own, length=end - own.at, fade_out=FADE)
    return [*clips[:place], short, *chain(*others, at=end - FADE)]


PLAN = chain("a", "b", "c", "d")


def now(*others, at=6000):
    """What a press for now makes of the plan while `b` plays."""
    return cut(PLAN, 1, at + FADE, *others)


def test_what_has_sounded_stays_and_what_follows_is_new():
    score = continued(written(PLAN), now("x", "y"), 6000)
    assert [each.path for each in score.sounds] == ["a", "b", "x", "y"]
    assert score.sounds[1].end == 6000 + FADE
    assert first_change(PLAN, score.sounds) == 6000


def test_a_change_behind_the_track_that_plays_leaves_its_beginning_alone():
    after = [*PLAN[:2], *chain("x", "y", at=PLAN[1].end - FADE)]
    score = continued(written(PLAN), after, 6000)
    assert first_change(PLAN, score.sounds) == PLAN[2].at


def test_what_is_taken_back_before_it_sounds_was_never_there():
    score = continued(written(PLAN), now("x", at=6200), 6000)
    back = returned(score, PLAN, 6100, FADE)
    assert first_change(back.sounds, PLAN) is None


def test_what_is_taken_back_after_it_sounds_fades_into_the_track_of_before_where_it_would_be():
    score = continued(written(PLAN), now("x"), 6000)
    back = returned(score, PLAN, 6300, FADE)
    assert [each.path for each in back.sounds] == ["a", "b", "x", "b", "c", "d"]
    came, again = back.sounds[2], back.sounds[3]
    assert (came.at, came.end, came.fade_out) == (6000, 6400 + FADE, FADE)
    assert (again.at, again.end, again.fade_in) == (6400, PLAN[1].end, FADE)
    assert again.at - again.first == PLAN[1].at - PLAN[1].first
    assert first_change(score.sounds, back.sounds) == 6400
    later = continued(back, now("z", at=7000), 7000)
    assert [each.path for each in later.sounds] == ["a", "b", "x", "b", "z"]
    assert later.sounds[3].end == 7000 + FADE


presses = st.lists(
    st.tuples(st.sampled_from(["now", "after", "back"]), st.integers(5, 2000)), max_size=8
)


@given(presses)
def test_whatever_is_pressed_and_taken_back_nothing_stops_and_nothing_changes_before_now(given_):
    score, before, at, names = written(PLAN), [], 0, 0
    for kind, later in given_:
        at += later
        before = [(when, clips) for when, clips in before if at - when <= TAKE_BACK]
        place = max(number for number, each in enumerate(score.clips) if each.at <= at)
        old, own = score, score.clips[place]
        if kind == "back" and before:
            score = returned(score, before.pop()[1], at, FADE)
        elif kind != "back":
            names += 1
            others = [f"{kind}{names}.{number}" for number in range(3)]
            cut_at = settled(score, at)
            is_cut = kind == "now" and cut_at + 2 * FADE < own.end
            end = cut_at + FADE if is_cut else own.end
            clips = cut(score.clips, place, end, *others)
            before.append((at, score.clips))
            score = continued(score, clips, at)
        change = first_change(old.sounds, score.sounds)
        assert change is None or change >= at
        assert not silent_seconds(score.sounds, 0, score.end)
        assert all(a.end <= c.at for a, c in zip(score.sounds, score.sounds[2:], strict=False))
        again = score_of(document(Score(*(map_kept(each) for each in (score.clips, score.sounds)))))
        assert first_change(again.sounds, score.sounds) is None


def map_kept(clips):
    return tuple(map(kept, clips))


def test_a_score_is_read_back_as_it_was_kept():
    course = np.linspace(-2.0, 1.0, 500)
    clips = map_kept([replace(PLAN[0], course=course, gain_db=-1.23456789), *PLAN[1:]])
    assert np.abs(clips[0].course - course).max() <= 0.005 + 1e-9
    score = written(clips)
    assert document(score)["sounds"] is None
    read = score_of(document(score))
    assert first_change(read.sounds, clips) is None
    assert document(read) == document(score)


@pytest.mark.parametrize(
    "values", [{}, {"clips": [], "sounds": None}, {"clips": [{"path": "a"}], "sounds": None}]
)
def test_what_is_no_score_is_none(values):
    assert score_of(values) is None
