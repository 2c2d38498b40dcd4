"""A session at the times of a player: gaps push what follows back, crossfades pull it forward."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.models import Session, Silence, Slot
from playlist_builder.playlists.times import as_played


def session(*lengths_s, tail=(), pause_s=0.0):
    slots, at_s = [], 0.0
    for length_s in (*lengths_s, *tail):
        slots.append(Slot("/x", "", "", "", "", at_s, at_s + length_s, "p", 0.5, 0.5))
        at_s += length_s + pause_s
    count = len(lengths_s)
    curve = tuple(n / 60 for n in range(60))
    end_s = slots[count - 1].end_s
    return Session(
        *("arc", "relative", 600.0, end_s, 0.0, 0.0, 0.0, slots[:count], slots[count:]),
        curve=curve,
    )


def starts(found):
    return [slot.start_s for slot in (*found.slots, *found.tail)]


def test_gaps_and_crossfades_move_what_follows():
    whole = session(100.0, 200.0, 100.0, tail=(60.0,))
    assert starts(as_played(whole)) == starts(whole)
    gapped = as_played(whole, gap_s=2.0)
    assert starts(gapped) == [0.0, 102.0, 304.0, 406.0]
    assert gapped.duration_s == 404.0
    crossed = as_played(whole, crossfade_s=5.0)
    assert starts(crossed) == [0.0, 95.0, 290.0, 385.0]
    assert crossed.slots[0].end_s == 95.0
    assert crossed.duration_s == 385.0


def test_the_plan_stays_where_it_is():
    """What begins later is compared with what is planned later."""
    late = as_played(session(100.0, 200.0), gap_s=60.0)
    assert late.slots[1].target == pytest.approx(sum(range(16, 36)) / 20 / 60)
    assert late.slots[0].target == 0.5


def test_a_planned_silence_stays_and_nothing_overlaps_with_it():
    assert starts(as_played(session(100.0, 100.0, pause_s=30.0), crossfade_s=5.0)) == [0.0, 130.0]
    whole = session(100.0, 100.0, tail=(60.0,), pause_s=30.0)
    silent = replace(whole, silences=(Silence(100.0, 130.0, "p"), Silence(230.0, 260.0, "p")))
    gapped = as_played(silent, gap_s=2.0)
    assert starts(gapped) == [0.0, 132.0, 264.0]
    assert gapped.silences == (Silence(100.0, 130.0, "p"), Silence(232.0, 262.0, "p"))
    assert gapped.duration_s == 262.0


@given(st.lists(st.floats(1.0, 500.0), min_size=1, max_size=6), st.floats(0, 60), st.floats(0, 60))
def test_times_never_run_backward(lengths_s, gap_s, crossfade_s):
    found = as_played(session(*lengths_s), gap_s=gap_s, crossfade_s=crossfade_s)
    assert all(left <= right for left, right in pairwise(starts(found)))
    assert all(slot.duration_s > 0.0 for slot in found.slots)
