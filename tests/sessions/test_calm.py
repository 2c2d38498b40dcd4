"""Calm now: never livelier than what plays at that moment, and then on its way down."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.arranger.problem import Objective, percentiles_of
from playlist_builder.arranger.rules import Constraints
from playlist_builder.arranger.solver.cost import rescale
from playlist_builder.errors import ArrangeError
from playlist_builder.models import STEP_S, Emotion
from playlist_builder.profiles.find import load_profile
from playlist_builder.session_request import SessionRequest
from playlist_builder.sessions import steer
from playlist_builder.sessions.calm import calmed, staying
from playlist_builder.sessions.draft import Draft, pool_of, session_of
from playlist_builder.sessions.replan import MIN_PLAYED_S, replanned
from playlist_builder.tracks.track_table import TrackTable
from tests.support.synthetic import library, plain, track

ARC = load_profile("arc")
NEAR = 0.05  # of energy on the scale of the session
OPENING = slice(0, 3)  # steps of a contour in which a track begins


def playing(tracks, order):
    """Return a session of some tracks of a library that plays."""
    profile = ARC.scaled(sum(own.duration_s for own in order))
    objective = Objective(profile, Constraints(), percentiles_of(tracks, "relative"))
    request = SessionRequest("arc", "x")
    pool = pool_of(tracks, objective)
    return Draft(tuple(order), pool, objective, (), request, 1.0)


def feeling(tension):
    return Emotion(tension, 0.1, np.full(30, tension, np.float32), 0.5)


def contour(draft, own):
    return rescale(own.contour, draft.objective.percentiles)


def energy(draft, own):
    return float(rescale(np.float32([own.energy]), draft.objective.percentiles)[0])


def now(draft, at_s):
    """Return the energy of the step of a moment, itself and on the scale of the session."""
    starts = draft.starts_s()
    place = sum(start <= at_s for start in starts[:-1]) - 1
    step = int((at_s - starts[place]) // STEP_S)
    own = draft.order[place]
    return float(own.contour[step]), float(contour(draft, own)[step])


def called(draft, tracks, at_s):
    """Return what plays after a call for calm at a moment, and the session."""
    after = calmed(draft, TrackTable.of(tracks), at_s, skip=True)
    starts = [start for start in draft.starts_s()[:-1] if start <= at_s]
    before = len(starts) if at_s - starts[-1] >= MIN_PLAYED_S else len(starts) - 1
    assert list(after.order[: len(starts) - 1]) == list(draft.order[: len(starts) - 1])
    return after.order[before:], session_of(after)


def is_behind_silence(session, new):
    """Whether a planned silence comes before the first slot of what is new at the end."""
    slot = session.slots[len(session.slots) - len(new)]
    return any(each.start_s < slot.start_s <= each.end_s + 0.01 for each in session.silences)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(14, 60), st.floats(0.01, 0.999))
def test_it_begins_no_livelier_than_what_plays_and_nothing_behind_is_livelier(seed, count, share):
    tracks = library(count, seed)
    rng = np.random.default_rng(seed)
    order = [tracks[place] for place in rng.permutation(count)[:9]]
    draft = playing(tracks, order)
    at_s = share * draft.lasts_s
    new, session = called(draft, tracks, at_s)
    begins = max(contour(draft, new[0])[OPENING].max(), energy(draft, new[0]))
    lively = max(new[0].contour[OPENING].max(), new[0].energy)
    itself, scaled = now(draft, at_s)
    if begins > scaled + NEAR or lively > itself + NEAR:
        assert is_behind_silence(session, new)
        assert "calm_after_silence" in {each.code for each in session.warnings}
    levels = [energy(draft, own) for own in new]
    assert max(levels) <= begins + NEAR
    assert levels[-1] <= levels[0] + NEAR
    assert all(slot.energy <= levels[-1] + 2 * NEAR for slot in session.tail)


def test_a_calm_track_that_was_heard_comes_again_before_a_lively_one_is_played():
    calm = [plain(number, 5.0, 0.1) for number in range(3)]
    lively = [plain(number, 5.0, 0.7) for number in range(3, 30)]
    draft = playing([*calm, *lively], [*calm, *lively[:4]])
    new, session = called(draft, [*calm, *lively], 1000.0)
    assert {own.identity for own in new} == {own.identity for own in calm}
    assert "calm_again" in {each.code for each in session.warnings}


def test_it_begins_no_livelier_than_what_was_to_play_next_though_more_plays():
    calm = [plain(number, 5.0, 0.1) for number in range(4)]
    middling = [plain(number, 5.0, 0.35) for number in range(4, 30)]
    draft = playing([*calm, *middling], [middling[0], calm[0], *middling[1:6]])
    new, session = called(draft, [*calm, *middling], 100.0)
    assert {own.identity for own in new} == {own.identity for own in calm}
    assert not is_behind_silence(session, new)


def test_the_track_that_plays_does_not_begin_once_more():
    calm = [plain(number, 5.0, 0.1) for number in range(2)]
    lively = [plain(number, 5.0, 0.7) for number in range(2, 30)]
    draft = playing([*calm, *lively], [*lively[:2], *calm])
    new, _ = called(draft, [*calm, *lively], 700.0)
    assert {own.identity for own in new} == {calm[1].identity}


def test_where_all_other_music_is_livelier_a_silence_comes_first():
    still = plain(0, 5.0, 0.05)
    lively = [plain(number, 5.0, 0.4 + number / 100) for number in range(1, 30)]
    draft = playing([still, *lively], [lively[9], still, *lively[:7]])
    new, session = called(draft, [still, *lively], 400.0)
    assert new[0].identity in {own.identity for own in lively[:2]}
    assert is_behind_silence(session, new)
    assert {"calm_after_silence"} <= {each.code for each in session.warnings}


def test_what_is_the_calmest_already_plays_to_its_end():
    still = plain(0, 5.0, 0.05)
    lively = [plain(number, 5.0, 0.4 + number / 100) for number in range(1, 30)]
    draft = playing([still, *lively], [lively[9], still, *lively[:7]])
    after = calmed(draft, TrackTable.of([still, *lively]), 400.0, skip=True)
    assert after.order[1].duration_s == still.duration_s
    rises = track(0, 300.0, np.concatenate([np.full(15, 0.05), np.full(15, 0.9)]))
    draft = playing([rises, *lively], [lively[9], rises, *lively[:7]])
    after = calmed(draft, TrackTable.of([rises, *lively]), 400.0, skip=True)
    assert after.order[1].duration_s < rises.duration_s


def test_few_calm_tracks_come_again_before_tense_ones_or_those_that_may_hold_a_voice():
    plays = plain(0, 5.0, 0.3, emotion=feeling(0.2))
    calm = [plain(n, 4.0, 0.1, emotion=feeling(0.2)) for n in (1, 2)]
    tense = [plain(n, 5.0, 0.1, emotion=feeling(0.9)) for n in range(3, 9)]
    voices = [plain(n, 5.0, 0.1, vocals="unknown") for n in range(9, 15)]
    lively = [plain(n, 5.0, 0.8) for n in range(15, 40)]
    tracks = [plays, *calm, *tense, *voices, *lively]
    new, _ = called(playing(tracks, [plays, *lively[:7]]), tracks, 100.0)
    assert {own.identity for own in new} <= {own.identity for own in calm}


def test_a_quiet_moment_of_a_lively_track_counts_as_quiet():
    """What is heard at the moment counts, not the energy of the whole track."""
    valley = np.concatenate([np.full(12, 0.8), np.full(6, 0.2), np.full(12, 0.8)])
    plays = track(0, 300.0, valley)
    calm = plain(1, 8.0, 0.15)
    middle = [plain(number, 10.0, 0.35) for number in range(2, 20)]
    draft = playing([plays, calm, *middle], [plays, *middle[:4]])
    in_valley, _ = called(draft, [plays, calm, *middle], 150.0)
    assert {own.identity for own in in_valley} == {calm.identity}
    before, _ = called(draft, [plays, calm, *middle], 30.0)
    assert len({own.identity for own in before}) > 1


def test_no_calm_track_at_all_is_one_line():
    sung = [plain(number, 5.0, 0.1, vocals="sung") for number in range(20)]
    with pytest.raises(ArrangeError, match="No track of the library is calm"):
        calmed(playing(sung, sung[:9]), TrackTable.of(sung), 700.0, skip=True)


@pytest.mark.parametrize("pressed", ["longer", "skip", "hold", "silence"])
def test_what_is_pressed_behind_it_brings_no_livelier_music_back(pressed):
    calm = [plain(number, 4.0, 0.1 - number / 100) for number in range(3)]
    lively = [plain(number, 4.0, 0.5 + number / 100) for number in range(3, 40)]
    draft, table = playing([*calm, *lively], lively[:8]), TrackTable.of([*calm, *lively])
    quiet = replace(calmed(draft, table, 700.0, skip=True), pool=table)
    at_s = 1000.0
    assert now(quiet, at_s)[0] < 0.2
    change, music = {
        "longer": (partial(replanned, at_s=at_s, extend_s=600.0), table),
        "skip": (partial(replanned, at_s=at_s, skip=True), table),
        "hold": (partial(steer.held, for_s=300.0, at_s=at_s, skip=False), None),
        "silence": (partial(steer.rested, for_s=120.0, at_s=at_s, skip=False), None),
    }[pressed]
    try:
        after = staying(change, at_s, music, skip=pressed == "skip")(quiet)
    except ArrangeError:
        assert pressed == "hold"
        return
    played = sum(start < at_s for start in quiet.starts_s()) - 1
    assert max(own.energy for own in after.order[played:]) < 0.2


def test_who_asks_for_deeper_music_behind_it_gets_that():
    tracks = library(200, 1)
    draft = playing(tracks, tracks[:9])
    table = TrackTable.of(tracks)
    calm = replace(calmed(draft, table, 700.0, skip=True), pool=table)
    deeper = steer.shifted(calm, 0.3, 760.0, skip=False)
    after = staying(partial(replanned, at_s=800.0, skip=True), 800.0, table, skip=True)
    assert after(deeper).order
