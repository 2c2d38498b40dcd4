"""Pins hold at a place, a minute or in a phase; they move their neighbours, never the duration."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.arranger import relax
from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.arranger.solver.instance import Failure, Solution
from playlist_builder.errors import ArrangeError, ProfileError
from tests.support.synthetic import arc, flat, library, plain, track

TRACKS = library(24, 9)
LOUD = track(99, 200.0, np.full(20, 0.99), startle_lu=20.0, artist="Loud")


def solved(problem, relaxation):
    """Return the solution with one relaxation alone."""
    return relax.solve(relax.instance_of(problem, relaxation))


def pinned(pin, tracks=TRACKS, profile=None):
    """Return the session of a pin, and the slot of its track."""
    constraints = Constraints(pins=(pin,))
    session = arrange(tracks, profile or arc(12), constraints=constraints)
    return session, next(slot for slot in session.slots if slot.path == pin.track)


@settings(max_examples=4)
@given(st.integers(0, 23), st.floats(0.0, 20.0))
def test_a_pin_at_a_minute_never_moves_the_end(number, minute):
    chosen = TRACKS[number]
    session, slot = pinned(Pin(chosen.path, minute=minute))
    assert abs(session.duration_s - 12 * 60.0) <= 30.0
    last_s = max(12 * 60.0 - chosen.duration_s, 0.0)
    moved = any(each.code == "pin_moved" for each in session.relaxed)
    assert moved == (abs(slot.start_s - minute * 60.0) > 30.0005)
    if minute * 60.0 > last_s + 31.0:
        assert abs(slot.start_s - last_s) <= 30.0005


@pytest.mark.parametrize("pin", [Pin(LOUD.path), Pin(LOUD.path, minute=5.0)])
def test_a_pinned_track_that_fits_nowhere_is_found_among_many_that_do(pin, monkeypatch):
    monkeypatch.setattr(relax, "_least", lambda problem, allowed: (0, solved(problem, allowed[0])))
    calm = [plain(number, 2.0 + number % 7 / 3.0, 0.1) for number in range(150)]
    session, _ = pinned(pin, [*calm, LOUD], flat(20, 0.1, max_peak=1.0))
    assert session.relaxed == ()


@pytest.mark.parametrize("place", [-2, -3, -4, 2, 3])
@pytest.mark.parametrize("number", range(4))
def test_a_pin_counted_from_either_end_is_found_wherever_one_order_has_it(number, place):
    """Four tracks fill the session in whatever order; energies draw each elsewhere."""
    four = [plain(each, 2.4 + each / 25.0, 0.1 + each / 5.0) for each in range(4)]
    minutes = sum(each.duration_s for each in four) / 60.0
    session, slot = pinned(Pin(four[number].path, place=place), four, flat(minutes, 0.4))
    assert session.relaxed == ()
    assert session.slots.index(slot) == place - (place > 0) + 4 * (place < 0)


def test_a_pin_in_a_phase_belongs_to_it():
    for name in ("calm", "peak", "return"):
        session, slot = pinned(Pin(TRACKS[5].path, phase=name))
        assert (slot.phase, session.relaxed) == (name, ())
    with pytest.raises(ProfileError, match="No phase 'peek'"):
        pinned(Pin(TRACKS[5].path, phase="peek"))


def test_a_phase_that_is_too_short_for_its_pin_is_told():
    long = plain(98, 10.0, 0.3)
    profile = arc(12)
    session, slot = pinned(Pin(long.path, phase="calm"), [*TRACKS, long], profile)
    assert abs(session.duration_s - 12 * 60.0) <= 30.0
    assert [each.code for each in session.relaxed] == ["pin_phase"]
    assert slot.start_s == 0.0


def test_a_phase_is_named_by_its_name_or_by_a_part_that_no_other_has():
    profile = arc(12)
    first, second, third = profile.phases
    names = (replace(first, name="rise"), replace(second, name="late rise"), third)
    profile = replace(profile, phases=names)
    assert profile.named("Rise") is names[0]
    assert profile.named(" late ") is names[1]
    for text in ("", "e", "peak"):
        with pytest.raises(ProfileError, match="Available: rise, late rise, return"):
            profile.named(text)
    with pytest.raises(ProfileError, match="'RIS' may mean 'rise up', 'late rise' in profile"):
        replace(profile, phases=(replace(first, name="rise up"), *names[1:])).named("RIS")


def test_pins_without_room_are_refused_without_a_search(monkeypatch):
    monkeypatch.setattr(relax, "solve", None)
    many = tuple(Pin(each.path) for each in TRACKS if each.duration_s < 12 * 60.0)
    for pins, text in (
        (many, r"pinned tracks last \d+ min, and the session 12"),
        ((Pin(TRACKS[0].path, place=100),), r"as number 100, but 12 min hold at most \d+"),
        ((Pin(TRACKS[0].path, place=-100),), r"as number -100"),
    ):
        with pytest.raises(ArrangeError, match=text):
            arrange(TRACKS, arc(12), constraints=Constraints(pins=pins))


@pytest.mark.parametrize("spare", [0, 3, 99])
@pytest.mark.parametrize("least", [*range(21), None])
def test_the_least_relaxation_that_helps_is_found_in_few_attempts(least, spare, monkeypatch):
    """A session that is found may keep rules that were lifted for it."""
    calls = []

    def solve(place, **_):
        calls.append(place)
        is_found = least is not None and place >= least
        return Solution((), 0.0, 0.0) if is_found else Failure(is_proven=True)

    monkeypatch.setattr(relax, "solve", solve)
    monkeypatch.setattr(relax, "instance_of", lambda _, relaxation: relaxation)
    monkeypatch.setattr(relax, "keeps", lambda place, _: place >= least + spare)
    found = relax._least(None, range(21))  # noqa: SLF001 - no session tells how many were tried
    assert (None if isinstance(found, Failure) else found[0]) == least
    assert len(calls) <= (5 if least is None else 10)


@pytest.mark.parametrize("kept", [2, 9, 21])
@pytest.mark.parametrize("least", [1, 3, 4, 8, 20])
def test_what_comes_near_to_a_long_session_tells_how_much_has_to_give_way(least, kept, monkeypatch):
    """The first relaxation that it keeps helps, and the search for a lesser one goes on from it."""
    calls = []

    def solve(place, *, start=(), **_):
        calls.append(start)
        is_found = place >= min(least, kept)
        return Solution((place,), 0.0, 0.0) if is_found else Failure(is_proven=False, near=(99,))

    monkeypatch.setattr(relax, "solve", solve)
    monkeypatch.setattr(relax, "instance_of", lambda _, relaxation: relaxation)
    monkeypatch.setattr(
        relax,
        "keeps",
        lambda place, sequence: place >= (kept if sequence == (99,) else sequence[0]),
    )
    found = relax._least(None, range(21))  # noqa: SLF001 - no session tells how many were tried
    assert found[0] == min(least, kept)
    assert calls[0] == ()
    assert set(calls[1:]) <= {(99,)}
    assert len(calls) <= 10
