"""Changes keep what plays before them and what is pinned, and bring the end back to its time."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from playlist_builder.arranger import result, trims
from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.partial import length_ms
from playlist_builder.arranger.problem import Objective, percentiles_of
from playlist_builder.arranger.recordings import is_repeated
from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.errors import ArrangeError, ProfileError, RequestError
from playlist_builder.playlists import session_json, session_states
from playlist_builder.profiles.find import load_profile
from playlist_builder.session_request import PlanChange, SessionRequest
from playlist_builder.sessions import draft as draft_module
from playlist_builder.sessions import edit, replan
from playlist_builder.sessions.candidates import candidates
from playlist_builder.sessions.compare import passage_of
from playlist_builder.sessions.draft import Draft
from playlist_builder.tracks.artists import artists
from playlist_builder.tracks.track_table import TrackTable
from tests.support.synthetic import library, track

TRACKS = library(90, 5)
KNOWN = {track.identity: track for track in TRACKS}
ARC = load_profile("arc").scaled(1500.0)
SESSION = arrange(TRACKS, ARC)


def drafted(session=SESSION, profile=ARC, tracks=TRACKS, **request):
    objective = Objective(profile, Constraints(), percentiles_of(tracks, "relative"))
    order = tuple(KNOWN[slot.identity] for slot in session.slots)
    return Draft(
        order,
        draft_module.pool_of(tracks, objective),
        objective,
        (),
        SessionRequest("arc", "x", **request),
        1.0,
    )


DRAFT = drafted()
COUNT = len(DRAFT.order)


def same(left, right):
    return [track.identity for track in left] == [track.identity for track in right]


def check(draft):
    """Hold a changed session to all that holds for any."""
    session = draft_module.session_of(draft)
    slots = [*session.slots, *session.tail, *(each.slot for each in session.spares)]
    assert len({slot.identity for slot in slots}) == len(slots)
    assert session.target_s == draft.objective.profile.duration_s
    late = abs(session.duration_s - session.target_s) > 30.0005
    assert late == any(each.code.startswith("duration") for each in session.relaxed)
    assert session.bound == 0.0
    times = [(slot.start_s, slot.end_s) for slot in (*session.slots, *session.tail)]
    assert all(end == start for (_, end), (start, _) in pairwise(times))
    return session


def test_the_price_of_an_order_is_that_of_the_arranger():
    """One is arithmetic on slots, the other that of the search."""
    for profile in (ARC, load_profile("ketamine-iv").scaled(1500.0)):
        session = arrange(TRACKS, profile)
        draft = drafted(session, profile)
        order = result.ordered(draft.order, draft.objective)
        assert order.cost / order.grid.asked_steps == pytest.approx(session.cost, rel=1e-6)
        assert draft_module.session_of(draft).slots == session.slots


def test_a_whole_session_filled_again_behind_its_first_track_is_the_same():
    """The solver is given a part of the plan, and finds what it found for the whole."""
    after = replan.replanned(DRAFT, 1.0)
    assert same(after.order, DRAFT.order)


CHANGES = st.one_of(
    st.tuples(st.just("swap"), st.integers(0, COUNT - 1)),
    st.tuples(st.just("drop"), st.integers(0, COUNT - 1)),
    st.tuples(st.just("insert"), st.integers(0, COUNT), st.integers(0, 89)),
    st.tuples(st.just("with"), st.integers(0, COUNT - 1), st.integers(0, 89)),
    st.tuples(st.just("stretch"), st.sampled_from([p.name for p in ARC.phases]),
              st.sampled_from([-300.0, -120.0, 240.0, 600.0])),
    st.tuples(st.just("replan"), st.floats(0.0, 1400.0), st.sampled_from([0.0, 300.0]),
              st.booleans()),
)  # fmt: skip


@settings(max_examples=15)
@given(CHANGES, st.sets(st.integers(0, COUNT - 1), max_size=2))
def test_every_change_keeps_what_plays_before_it_and_all_pins(change, pins):
    draft = DRAFT
    for place in sorted(pins):
        draft = edit.pinned(draft, place)
    kind, *rest = change
    try:
        after, kept = changed(draft, kind, rest)
    except (ArrangeError, ProfileError) as error:
        assert str(error).isprintable()
        return
    assert same(after.order[:kept], draft.order[:kept])
    gone = {draft.order[rest[0]].identity} if kind in ("swap", "drop", "with") else set()
    left = {track.identity for track in after.order}
    assert set(draft.request.pinned) - gone <= left
    check(after)


def changed(draft, kind, rest):
    """Return the draft after a change, and how many tracks before it have to be the same."""
    if kind == "swap":
        return edit.swapped(draft, rest[0]), rest[0]
    if kind == "drop":
        return edit.dropped(draft, rest[0]), rest[0]
    if kind in ("insert", "with"):
        track = TRACKS[rest[1]]
        assume(not is_repeated(track, draft.order))
        after = (edit.inserted(draft, track, rest[0]) if kind == "insert"
                 else edit.swapped(draft, rest[0], track))  # fmt: skip
        assert after.order[rest[0]] is track
        return after, rest[0]
    if kind == "stretch":
        after = edit.stretched(draft, *rest)
        assert after.request.changes == (PlanChange("stretch", *rest),)
        border_s = next(p.end_s for p in draft.objective.profile.phases if p.name == rest[0])
        starts = draft.starts_s()
        early = min(border_s, border_s + rest[1])
        middles = [(a + b) / 2.0 for a, b in pairwise(starts)]
        return after, sum(middle < early for middle in middles)
    at_s, extend_s, skip = rest
    after = replan.replanned(draft, at_s, extend_s=extend_s, skip=skip)
    return after, sum(start <= at_s for start in draft.starts_s()[:-1]) - skip


def test_a_candidate_is_no_farther_beyond_a_limit_than_the_session_is():
    limit = 1.5
    limited = [replace(each, max_stroke_rate_hz=limit) for each in ARC.phases]
    profile = replace(ARC, phases=tuple(limited))
    for beyond in (0.0, 1.5):
        rates = {each.identity: 0.1 * n for n, each in enumerate(TRACKS)}
        playing = {slot.identity for slot in SESSION.slots}
        tracks = [
            replace(
                each,
                features=replace(
                    each.features,
                    stroke_rate_hz=limit + beyond
                    if each.identity in playing
                    else rates[each.identity],
                ),
            )
            for each in TRACKS
        ]
        order = tuple(each for own in DRAFT.order for each in tracks if each.path == own.path)
        draft = replace(drafted(profile=profile, tracks=tracks), order=order)
        found = [each for place in range(COUNT) for each in candidates(draft, place, 50)]
        most = max(each.track.features.stroke_rate_hz for each in found)
        assert limit + beyond - 0.7 <= most <= limit + beyond


@pytest.mark.parametrize("place", [0, 2, 3, 6])
def test_a_swap_leaves_all_other_slots_and_is_the_best_of_those_that_do_not_stand_out(place):
    found = candidates(DRAFT, place, 10)
    assert [each.cost for each in found] == sorted(each.cost for each in found)
    best = next(each for each in found if not each.stands_out)
    assert [each for each in found if each.is_choice] == [best]
    after = edit.swapped(DRAFT, place)
    assert after.order[place] is best.track
    assert same(after.order[place + 1 :], DRAFT.order[place + 1 :])
    assert same(after.order[:place], DRAFT.order[:place])
    assert check(after).cost == pytest.approx(best.cost)
    assert check(after).slots[place] == best.slot


def test_where_every_candidate_stands_out_none_of_them_is_taken():
    """Either what follows is arranged again so that nothing does, or the user has to choose."""
    found = candidates(DRAFT, 1)
    assert all(each.stands_out for each in found)
    with pytest.raises(ArrangeError, match="swap SESSION 2 --take 1"):
        edit.swapped(DRAFT, 1)
    after = edit.swapped(DRAFT, 1, rearrange=True)
    old = result.ordered(DRAFT.order, DRAFT.objective)
    new = result.ordered(after.order, DRAFT.objective)
    came = [n for n, own in enumerate(after.order) if own not in DRAFT.order]
    worst = max(passage_of(old, n).rise_lu for n in range(COUNT))
    assert all(passage_of(new, n).rise_lu <= max(worst, 3.05) + 1.0 for n in came)
    few = replace(DRAFT, pool=TrackTable.of([*DRAFT.order, *(each.track for each in found)]))
    with pytest.raises(ArrangeError, match="swap SESSION 2 --take 1"):
        edit.swapped(few, 1, rearrange=True)
    assert edit.swapped(few, 1, found[1].track).order[1] is found[1].track


def test_what_is_far_from_the_plan_replaces_nothing():
    """Though it alone has the right length: then what follows is arranged again."""
    for place in range(COUNT):
        slot, target = SESSION.slots[place], SESSION.slots[place].target
        least, most = (pick(slot.energy - target, far) for pick, far in ((min, -0.15), (max, 0.15)))
        for each in candidates(DRAFT, place, 50):
            after = result.slots(
                result.ordered(edit.swapped(DRAFT, place, each.track).order, DRAFT.objective)
            )[place]
            assert least - 1e-6 <= after.energy - after.target <= most + 1e-6
    loud = [track(900 + n, 180.0, np.full(18, 0.95), artist=f"l{n}") for n in range(5)]
    draft = replace(DRAFT, pool=TrackTable.of([t for t in TRACKS if t in DRAFT.order] + loud))
    assert candidates(draft, 0, 5) == []


def test_a_track_that_was_dropped_or_swapped_does_not_come_back():
    for change in (edit.dropped, edit.swapped):
        draft = DRAFT
        for _ in range(3):
            gone = draft.order[2]
            draft = change(draft, 2)
            assert not is_repeated(gone, draft.order)


def test_moving_changes_nothing_but_the_order():
    after = edit.moved(DRAFT, 1, 4)
    assert after.order[4] is DRAFT.order[1]
    assert sorted(t.path for t in after.order) == sorted(t.path for t in DRAFT.order)
    check(after)


def test_a_pin_moves_with_the_plan_behind_a_longer_phase():
    draft = edit.pinned(DRAFT, COUNT - 1)
    (text,) = draft.request.pins
    start_s = round(DRAFT.starts_s()[COUNT - 1])
    assert text == f"{DRAFT.order[-1].path}@{start_s // 60}:{start_s % 60:02}"
    after = edit.stretched(draft, "rise", 600.0)
    start_s += 600
    assert after.request.pins == (f"{DRAFT.order[-1].path}@{start_s // 60}:{start_s % 60:02}",)
    assert after.order[-1] is DRAFT.order[-1]
    assert not check(after).relaxed
    assert edit.unpinned(after, len(after.order) - 1).request.pins == ()


def test_where_no_other_music_fits_a_session_is_not_made_shorter_instead_of_longer():
    other = next(track for track in TRACKS if track not in DRAFT.order)
    with pytest.raises(ArrangeError, match="cannot be made longer"):
        edit.stretched(drafted(tracks=[*DRAFT.order, other]), "return", 120.0)


def test_skipping_cuts_the_current_track_at_the_moment():
    at_s = DRAFT.starts_s()[2] + 42.0
    after = replan.replanned(DRAFT, at_s, skip=True)
    assert after.order[2].identity == DRAFT.order[2].identity
    assert length_ms(after.order[:3]) == round(at_s * 1000)
    assert abs(length_ms(after.order) / 1000.0 - ARC.duration_s) <= 30.0
    assert check(after).slots[2].end_s == at_s
    at_once = replan.replanned(DRAFT, DRAFT.starts_s()[2] + 0.5, skip=True)
    assert same(at_once.order[:2], DRAFT.order[:2])
    assert not is_repeated(DRAFT.order[2], at_once.order)


def test_going_on_to_a_phase_keeps_the_end():
    after = replan.replanned(DRAFT, 400.0, phase="descent")
    now_s = after.request.changes[-1].at_s
    assert after.objective.profile.phase_at(now_s + 1.0).name == "descent"
    assert after.objective.profile.duration_s == ARC.duration_s
    names = [slot.phase for slot in check(after).slots if slot.start_s > now_s]
    assert set(names) <= {"descent", "return"}


def test_pins_follow_a_jump_and_those_of_what_it_skips_end():
    places = {
        name: next(n for n, slot in enumerate(SESSION.slots) if slot.phase == name)
        for name in ("calm", "emotional peak", "return")
    }
    draft, places["return"] = DRAFT, COUNT - 1
    for place in places.values():
        draft = edit.pinned(draft, place)
    identities = {name: DRAFT.order[place].identity for name, place in places.items()}
    named = Pin("x", phase="peak"), DRAFT.order[places["emotional peak"] + 1].identity
    draft = replace(
        draft,
        pins=(*draft.pins, named),
        request=replace(
            draft.request,
            pins=(*draft.request.pins, "x@peak"),
            pinned=(*draft.request.pinned, named[1]),
        ),
    )
    at_s = SESSION.slots[1].start_s
    after = replan.replanned(draft, at_s, phase="descent")
    assert after.request.pinned == (identities["calm"], identities["return"])
    slots = {slot.identity: slot for slot in check(after).slots}
    assert slots[identities["return"]].phase == "return"
    early = replan.replanned(draft, at_s, phase="peak")
    assert early.request.pinned == draft.request.pinned
    phases = {slot.identity: slot.phase for slot in check(early).slots}
    assert phases[identities["emotional peak"]] == "emotional peak"


def test_a_part_keeps_the_rules_against_what_stands_around_it():
    """Artists count over the whole session, and none comes twice running at a border."""
    few = library(60, 2, artists=25)
    profile = replace(ARC, rules=replace(ARC.rules, artist_max=2, artist_gap=2))
    session = arrange(few, profile)
    objective = Objective(profile, Constraints(), percentiles_of(few, "relative"))
    known = {track.identity: track for track in few}
    order = tuple(known[slot.identity] for slot in session.slots)
    draft = Draft(
        order, draft_module.pool_of(few, objective), objective, (), SessionRequest("arc", "x"), 1.0
    )
    for at_s in (100.0, 700.0, 1500.0):
        after = replan.replanned(draft, at_s, extend_s=300.0)
        made = draft_module.session_of(after)
        names = [artists(track) for track in after.order]
        if not made.relaxed:
            assert not any(
                a & b for gap in (1, 2) for a, b in zip(names, names[gap:], strict=False)
            )
            assert all(sum(name <= own for own in names) <= 2 for name in names)


def test_many_tracks_are_thinned_to_enough_of_every_energy(monkeypatch):
    monkeypatch.setattr(draft_module, "POOL_LIMIT", 60)
    monkeypatch.setattr(draft_module, "BEST", 4)
    monkeypatch.setattr(draft_module, "EVEN", 20)
    pool = draft_module.pool_of(TRACKS, DRAFT.objective)
    assert 20 <= len(pool) < len(TRACKS)
    energies = sorted(track.energy for track in TRACKS)
    thinned = sorted(track.energy for track in pool)
    assert thinned[0] <= energies[7]
    assert thinned[-1] >= energies[-8]


SILENT = replace(
    track(960, 100.0, np.full(10, 0.1)),
    features=replace(DRAFT.order[0].features, loudness_lufs=-70.0, duration_s=100.0),
)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda: replan.replanned(DRAFT, 1e6), "the session lasts from 0:00"),
        (
            lambda: replan.replanned(drafted(playlist=("/a",), listed=("a",)), 60.0),
            "all tracks of a playlist",
        ),
        (
            lambda: edit.stretched(drafted(playlist=("/a",), listed=("a",)), "rise", 60.0),
            "all tracks of a",
        ),
        (lambda: edit.inserted(DRAFT, DRAFT.order[2], 0), "is in the session already"),
        (lambda: edit.swapped(DRAFT, 1, DRAFT.order[2]), "is in the session already"),
        (lambda: edit.inserted(DRAFT, SILENT, 0), "is silent. Name another track"),
        (lambda: edit.swapped(DRAFT, 1, SILENT), "is silent. Name another track"),
        (lambda: edit.unpinned(DRAFT, 2), "Number 3 is not pinned"),
        (lambda: edit.pinned(edit.pinned(DRAFT, 2), 2), "Number 3 is pinned already"),
    ],
)
def test_what_cannot_be_done_is_one_line(change, says):
    with pytest.raises(RequestError, match=says):
        change()


def test_the_only_track_is_not_dropped():
    with pytest.raises(RequestError, match="the only track"):
        edit.dropped(replace(DRAFT, order=DRAFT.order[:1]), 0)


def test_a_kept_track_that_breaks_a_rule_is_told():
    sung = replace(DRAFT.order[0], vocals="sung")
    draft = replace(DRAFT, order=(sung, *DRAFT.order[1:]))
    assert any(each.code == "kept" for each in check(draft).warnings)


def everywhere(draft):
    """The tracks that a session plays or holds ready."""
    session = draft_module.session_of(draft)
    return {
        slot.identity
        for slot in (*session.slots, *session.tail, *(each.slot for each in session.spares))
    }


def test_what_was_thrown_out_comes_back_nowhere():
    """Neither it nor a copy, into the slots, the tail or the spares, whatever changes next."""
    copy = replace(DRAFT.order[2], identity="copy", path="/copy.mp3")
    draft, gone = drafted(tracks=[*TRACKS, copy]), {"copy"}
    swapped = partial(edit.swapped, rearrange=True)
    for change in (swapped, edit.dropped, swapped):
        gone.add(draft.order[2].identity)
        draft = change(draft, 2)
        assert set(draft.request.thrown_out) == gone
    assert gone.isdisjoint(everywhere(draft))
    longer = edit.stretched(draft, "rise", 600.0)
    assert gone.isdisjoint(track.identity for track in longer.order)


def test_undo_takes_back_that_a_track_was_thrown_out():
    before = session_json.dump(draft_module.session_of(DRAFT))
    after = session_states.dump_with_undo(draft_module.session_of(edit.dropped(DRAFT, 2)), before)
    request = session_json.parse(after, "s.json").request
    assert request.thrown_out == (DRAFT.order[2].identity,)
    undone = session_states.undo(after, "s.json")
    assert session_json.parse(undone, "s.json") == session_json.parse(before, "s.json")
    assert session_states.redo(undone, "s.json") == after


def test_what_is_put_back_by_name_is_thrown_out_no_longer():
    gone, draft = DRAFT.order[2], edit.dropped(DRAFT, 2)
    after = edit.inserted(draft, gone, 1)
    assert gone in after.order
    assert after.request.thrown_out == ()
    assert not any(each.code == "kept" for each in draft_module.session_of(after).warnings)


def test_what_is_thrown_out_is_pinned_no_longer():
    draft = edit.swapped(edit.pinned(DRAFT, 2), 2)
    assert draft.request.pinned == draft.request.pins == draft.pins == ()


@pytest.mark.parametrize("place", [2, 6])
def test_no_track_comes_in_far_behind_the_nearest(place):
    """Though only one is as long as what goes, and it stands apart."""
    slot = SESSION.slots[place]
    level = np.quantile([t.energy for t in TRACKS], 0.0 if slot.target > 0.5 else 1.0)
    seconds = DRAFT.order[place].duration_s
    odd = track(950, seconds, np.linspace(level, level + 0.01, round(seconds / 10.0)))
    others = [t for t in TRACKS if abs(t.duration_s - seconds) > 70.0 or t in DRAFT.order]
    draft = replace(DRAFT, pool=TrackTable.of([*others, odd]))
    with pytest.raises(ArrangeError, match="No single track fits there"):
        edit.swapped(draft, place)
    after = draft_module.session_of(edit.swapped(draft, place, rearrange=True))
    near = min(abs(t.energy - slot.target) for t in others if t not in DRAFT.order)
    known = {each.identity for each in DRAFT.order}
    for new in after.slots:
        assert new.identity in known or abs(new.energy - new.target) <= near + 0.3
    assert odd.identity not in {new.identity for new in after.slots}


@pytest.mark.parametrize("skip", [False, True])
def test_of_what_has_played_nothing_is_told_any_more(skip):
    """Not of its voice, nor that it startles, rises or comes with others of its artist."""
    loud = [
        replace(
            each,
            vocals="sung",
            features=replace(each.features, startle_lu=40.0, start_loudness_lufs=-5.0 + number),
            tags=replace(each.tags, artists=("Ada",)),
        )
        for number, each in enumerate(DRAFT.order[:2])
    ]
    draft = replace(DRAFT, order=(*loud, *DRAFT.order[2:]))
    rules = replace(ARC.rules, artist_max=1)
    objective = replace(draft.objective, profile=replace(ARC, rules=rules))
    draft = replace(draft, objective=objective)
    before = draft_module.session_of(draft)
    told = {each.code for each in (*before.warnings, *before.relaxed)}
    assert told >= {"kept", "sung", "startle", "artist_max", "artist_gap", "loudness_jumps"}
    session = draft_module.session_of(replan.replanned(draft, draft.starts_s()[2] + 5.0, skip=skip))
    left = {slot.title for slot in session.slots[2:]} | {slot.title for slot in session.tail}
    for each in (*session.warnings, *session.relaxed):
        values = dict(each.parameters)
        assert each.code not in ("kept", "sung", "artist_gap")
        assert values.get("title", "") in left | {""}
        assert "ada" not in dict(values.get("artists", ()))


def louder(number, lufs=-6.0):
    own = TRACKS[number]
    return replace(
        own, identity=f"loud{number}", features=replace(own.features, loudness_lufs=lufs)
    )


def test_no_change_puts_a_loud_track_first():
    """As a pin at the first place does not; what plays already is not judged again."""
    calm = [replace(t, features=replace(t.features, loudness_lufs=-25.0)) for t in DRAFT.order]
    draft = replace(DRAFT, order=tuple(calm))
    loud = replace(draft, order=(*calm[:3], louder(3), *calm[4:]))
    apart = next(t for t in TRACKS if not is_repeated(t, DRAFT.order))
    for change in (
        lambda: edit.moved(loud, 3, 0),
        lambda: edit.inserted(draft, replace(louder(0), tags=apart.tags, identity="x"), 0),
        lambda: edit.swapped(draft, 0, replace(louder(0), tags=apart.tags, identity="x")),
    ):
        with pytest.raises(RequestError, match=r"does not open the session: its -6\.0 LUFS"):
            change()
    assert edit.moved(loud, 3, 1).order[1].identity == "loud3"


def test_a_swap_puts_a_track_in_or_is_refused():
    draft = replace(drafted(playlist=("/p.flac",), listed=("p",)), pool=TrackTable.of(DRAFT.order))
    with pytest.raises(ArrangeError, match="holds all tracks of its playlist"):
        edit.swapped(draft, 2, rearrange=True)
    short = track(500, 20.0, np.full(2, 0.3))
    draft = replace(DRAFT, order=(*DRAFT.order[:2], short, *DRAFT.order[2:]))
    draft = replace(draft, pool=TrackTable.of(draft.order))
    with pytest.raises(ArrangeError, match="No other track fits"):
        edit.swapped(draft, 2, rearrange=True)


def test_a_phase_may_be_named_by_a_part_of_its_name():
    name = ARC.phases[1].name
    after = edit.stretched(DRAFT, name[:-1].upper(), 120.0)
    assert after.request.changes == (PlanChange("stretch", name, 120.0),)
    later = ARC.phases[-1].name
    jumped = replan.replanned(DRAFT, 60.0, phase=later[:-1])
    assert jumped.request.changes[0].phase == later


def test_a_change_keeps_the_parts_that_it_does_not_touch():
    """What comes in is whole; a part stays one, with the loudness at its cuts."""
    slots = list(SESSION.slots)
    place = len(slots) - 1
    old = KNOWN[slots[place].identity]
    part = trims.part(old, 20.0, old.duration_s - 20.0)
    order = (*DRAFT.order[:place], part)
    written = draft_module.session_of(replace(DRAFT, order=order))
    slot = written.slots[place]
    assert (slot.from_s, slot.to_s) == (20.0, old.duration_s - 20.0)
    assert "trimmed" in [each.code for each in written.warnings]
    quiet = replace(slot, start_loudness_lufs=-31.0)
    again = trims.part_of_slot(old, quiet)
    assert again.features.start_loudness_lufs == -31.0
    assert np.array_equal(again.contour, part.contour)
    swapped = edit.swapped(replace(DRAFT, order=order), 0)
    (kept,) = (track for track in swapped.order if track.identity == old.identity)
    assert (kept.from_s, kept.to_s) == (part.from_s, part.to_s)
    new = [track for track in swapped.order if track.identity not in {t.identity for t in order}]
    assert not any(map(trims.is_part, new))
