"""Changes keep planned silences: where they were behind nothing new, and near their time else."""

from dataclasses import replace
from itertools import pairwise

import pytest

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.problem import Objective, percentiles_of
from playlist_builder.arranger.rules import Constraints
from playlist_builder.errors import ProfileError, RequestError, SessionError
from playlist_builder.language.text import clock
from playlist_builder.playlists import session_json
from playlist_builder.profiles.find import load_profile
from playlist_builder.profiles.overrides import apply_overrides
from playlist_builder.profiles.rests import rests_of
from playlist_builder.session_request import PlanChange, SessionRequest
from playlist_builder.sessions import draft as draft_module
from playlist_builder.sessions import edit, replan
from playlist_builder.sessions.candidates import candidates
from playlist_builder.sessions.draft import Draft
from tests.support.synthetic import library

TRACKS = library(90, 5)
KNOWN = {track.identity: track for track in TRACKS}
ARC = load_profile("arc").scaled(1800.0)
FIRST, *_, LAST = (phase.name for phase in ARC.phases)
PEAK = ARC.phase_at(900.0).name
SILENT = ARC.silent(120.0 if phase.name in {PEAK, LAST} else 0.0 for phase in ARC.phases)
SESSION = arrange(TRACKS, SILENT)
INNER, END = SESSION.silences
BEHIND = sum(slot.start_s < INNER.start_s for slot in SESSION.slots)  # the first track behind it


def drafted(session=SESSION, **request):
    objective = Objective(SILENT, Constraints(), percentiles_of(TRACKS, "relative"))
    order = tuple(KNOWN[slot.identity] for slot in session.slots)
    pool = draft_module.pool_of(TRACKS, objective)
    return Draft(order, pool, objective, (), SessionRequest("arc", "x", **request), 1.0)


DRAFT = drafted()
DRAFT = replace(DRAFT, silent=DRAFT.rests)


def check(draft):
    """Hold a changed session to what holds for any, and return it."""
    session = draft_module.session_of(draft)
    spans = [(slot.start_s, slot.end_s) for slot in (*session.slots, *session.tail)]
    gaps = [(end, start) for (_, end), (start, _) in pairwise(spans) if end != start]
    assert gaps == [(each.start_s, each.end_s) for each in session.silences]
    assert session.target_s == pytest.approx(draft.objective.profile.duration_s)
    assert len(session.silences) == len(rests_of(draft.objective.profile))
    assert session_json.parse(session_json.dump(session), "it").silences == session.silences
    late = abs(session.duration_s - session.target_s) > 30.0005
    assert late == any(each.code.startswith("duration") for each in session.relaxed)
    return session


def moved_codes(session):
    return [each for each in session.relaxed if each.code == "silence_moved"]


def test_a_draft_is_the_session_with_its_silences():
    session = check(DRAFT)
    assert session.slots == SESSION.slots
    assert session.silences == SESSION.silences
    assert DRAFT.starts_s()[:-1] == [slot.start_s for slot in SESSION.slots]
    assert DRAFT.starts_s()[-1] == SESSION.slots[-1].end_s


@pytest.mark.parametrize("place", [0, BEHIND - 1, BEHIND])
def test_a_track_swapped_or_dropped_leaves_the_silences_near_their_time(place):
    for changed in (edit.swapped(DRAFT, place), edit.dropped(DRAFT, place)):
        session = check(changed)
        for silence, before in zip(session.silences, SESSION.silences, strict=True):
            if not moved_codes(session):
                assert abs(silence.start_s - before.start_s) <= 60.0
        assert session.slots[:place] == SESSION.slots[:place]


def test_a_track_moved_across_a_silence_takes_its_place():
    for place, to in ((BEHIND, BEHIND - 1), (BEHIND - 1, BEHIND)):
        session = check(edit.moved(DRAFT, place, to))
        assert session.slots[to].identity == SESSION.slots[place].identity
    check(edit.inserted(DRAFT, next(t for t in TRACKS if t not in DRAFT.order), BEHIND))


@pytest.mark.parametrize("by_s", [300.0, -120.0])
def test_a_phase_that_gets_longer_moves_the_silence_behind_it(by_s):
    session = check(edit.stretched(DRAFT, PEAK, by_s))
    assert moved_codes(session) == []
    assert abs(session.silences[0].start_s - INNER.start_s - by_s) <= 60.0
    earlier = check(edit.stretched(DRAFT, LAST, by_s))
    assert earlier.silences[0] == INNER


@pytest.mark.parametrize("into_s", [1.0, 119.0])
def test_a_plan_that_changes_during_a_silence_keeps_it(into_s):
    at_s = INNER.start_s + into_s
    for more in ({}, {"extend_s": 300.0}, {"phase": LAST}):
        draft = replan.replanned(DRAFT, at_s, **more)
        session = check(draft)
        assert session.silences[0] == INNER
        kept = sum(slot.end_s <= INNER.start_s for slot in SESSION.slots)
        assert session.slots[:kept] == SESSION.slots[:kept]
        asked = replace(draft.request, profile_text="")
        again = apply_overrides(SILENT, asked)
        assert again == draft.objective.profile
        if "phase" in more:
            assert session.slots[kept].phase == LAST
    with pytest.raises(RequestError, match="a silence is planned then"):
        replan.replanned(DRAFT, at_s, skip=True)


def test_all_planned_silences_are_counted_also_when_some_are_over():
    (told,) = (each for each in SESSION.warnings if each.code == "planned_silences")
    session = draft_module.session_of(replace(DRAFT, played=BEHIND + 1))
    assert told in session.warnings


@pytest.mark.parametrize("into_s", [1.0, 119.0])
def test_the_silence_at_the_end_is_part_of_the_session(into_s):
    at_s = END.start_s + into_s
    assert DRAFT.lasts_s == SESSION.duration_s == END.end_s
    session = check(replan.replanned(DRAFT, at_s))
    assert (session.slots, session.silences) == (SESSION.slots, SESSION.silences)
    for more, told in (
        ({"skip": True}, "a silence is planned"),
        ({"extend_s": 60.0}, "the silence at the end has begun"),
        ({"phase": LAST}, "it has begun"),
    ):
        with pytest.raises((RequestError, ProfileError), match=told):
            replan.replanned(DRAFT, at_s, **more)
    with pytest.raises(RequestError, match=f"to {clock(END.end_s)};"):
        replan.replanned(DRAFT, END.end_s)


@pytest.mark.parametrize("place", [BEHIND, BEHIND + 1])
@pytest.mark.parametrize("more", [{"skip": True}, {"extend_s": 300.0}])
def test_a_silence_that_is_over_stays_where_it_was(place, more):
    """Even where the track behind it is skipped, and ends nearer to the time of the silence."""
    at_s = SESSION.slots[place].start_s + 30.0
    session = check(replan.replanned(DRAFT, at_s, **more))
    assert session.silences[0] == INNER


def test_a_silence_that_is_to_come_stays_near_its_time():
    session = check(replan.replanned(DRAFT, SESSION.slots[1].start_s + 30.0, skip=True))
    assert moved_codes(session) == []
    assert abs(session.silences[0].start_s - INNER.start_s) <= 60.0


def test_a_jump_to_a_later_phase_leaves_out_a_silence_that_has_not_come():
    session = check(replan.replanned(DRAFT, 5.0, phase=LAST))
    assert [each.phase for each in session.silences] == [LAST]
    assert session.silences[-1].end_s == session.duration_s


def test_a_pin_stays_at_the_time_of_the_session_behind_a_silence():
    place = len(SESSION.slots) - 2
    draft = edit.pinned(DRAFT, place)
    session = check(edit.stretched(draft, FIRST, 240.0))
    assert [each.code for each in session.relaxed if each.code == "pin_moved"] == []
    slot = next(each for each in session.slots if each.identity == SESSION.slots[place].identity)
    assert abs(slot.start_s - SESSION.slots[place].start_s - 240.0) <= 30.5


def test_changes_are_kept_by_the_time_of_the_plan():
    draft = replan.replanned(DRAFT, INNER.start_s + 5.0, extend_s=60.0)
    (change,) = draft.request.changes
    border_s = next(phase.end_s for phase in SILENT.phases if phase.name == PEAK)
    assert (change.kind, change.by_s) == ("stretch", 60.0)
    assert change.at_s == pytest.approx(border_s, abs=30.0)
    assert change.phase == SILENT.phase_at(border_s).name
    assert isinstance(change, PlanChange)


def test_a_document_keeps_silences_and_older_ones_have_none():
    text = session_json.dump(SESSION)
    assert session_json.parse(text, "it").silences == SESSION.silences
    bare = session_json.dump(replace(SESSION, silences=(), warnings=()))
    assert "silences" not in bare
    assert session_json.parse(bare, "it").silences == ()


@pytest.mark.parametrize(
    ("start_s", "end_s", "told"),
    [
        (INNER.start_s - 5.0, INNER.end_s, "must lie where nothing else plays"),
        (INNER.start_s, INNER.end_s + 5.0, "must lie where nothing else plays"),
        (INNER.end_s, INNER.start_s, "end_s must be at least its start_s"),
        (10.0, 11.0, "must lie where nothing else plays"),
        (-1.0, 0.0, "0 to"),
    ],
)
def test_a_silence_in_which_something_plays_is_refused(start_s, end_s, told):
    wrong = replace(SESSION, silences=(replace(INNER, start_s=start_s, end_s=end_s), END))
    with pytest.raises(SessionError, match=told) as error:
        session_json.parse(session_json.dump(wrong), "it")
    assert "silences[0]" in str(error.value)


@pytest.mark.parametrize("place", [1, BEHIND - 1, BEHIND])
def test_no_candidate_moves_a_silence_away_from_its_time(place):
    for each in candidates(DRAFT, place, count=20):
        order = (*DRAFT.order[:place], each.track, *DRAFT.order[place + 1 :])
        assert moved_codes(check(replace(DRAFT, order=order))) == []
