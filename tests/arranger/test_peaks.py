"""Nothing climbs in a calm phase: a hard rule on every moment, not on the mean of a track."""

import math
from dataclasses import replace

import numpy as np
import pytest

from playlist_builder.arranger import peaks, result
from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.problem import Objective
from playlist_builder.arranger.rules import Constraints
from playlist_builder.profiles.profile import Phase
from playlist_builder.tracks.track_table import TrackTable
from tests.support.synthetic import flat, plain, track


def climbing(number, peak, *, at=slice(10, 14)):
    """Return a track of a calm mean that rises at some steps; no two are of like sound."""
    contour = np.full(24, 0.1)
    contour[at] = peak
    return track(number, 240.0, contour, artist=str(number), startle_lu=float(number))


def rising(minutes=10.0):
    """Return a profile of a calm half and a lively one."""
    whole = flat(2.0 * minutes, 0.1)
    calm = replace(whole.phases[0], name="calm", end_s=60.0 * minutes)
    lively = Phase("lively", calm.end_s, 2.0 * calm.end_s, 0.6, 0.6)
    return replace(whole, phases=(calm, lively))


STILL = [plain(number, 4.0, 0.35, artist=str(number)) for number in range(10)]
WILD = [climbing(number, 0.6) for number in range(20, 40)]


@pytest.mark.parametrize(
    ("fields", "limit"),
    [
        ({}, 0.4),
        ({"level_end": 0.3}, 0.6),
        ({"wave_depth": 0.1}, 0.5),
        ({"level_end": 0.36}, math.inf),
        ({"level_start": 0.5, "level_end": 0.5, "max_peak": 0.7}, 0.7),
        ({"max_peak": 1.0}, 1.0),
    ],
)
def test_a_calm_plan_has_a_peak_and_any_phase_may_set_one(fields, limit):
    phase = replace(Phase("only", 0.0, 600.0, 0.1, 0.1), **fields)
    assert phase.peak_limit == pytest.approx(limit)


def test_no_track_that_climbs_plays_in_a_calm_phase_though_its_mean_fits_better():
    chosen = arrange([*STILL, *WILD], flat(20, 0.1), constraints=Constraints(scale="absolute"))
    assert max(max(slot.contour) for slot in chosen.slots) < 0.4
    assert chosen.relaxed == ()
    free = arrange(
        [*STILL, *WILD], flat(20, 0.1, max_peak=1.0), constraints=Constraints(scale="absolute")
    )
    assert max(max(slot.contour) for slot in free.slots) > 0.5


def test_a_track_may_climb_where_it_plays_in_a_livelier_phase():
    """It begins in the calm one, two minutes before the other."""
    late = climbing(50, 0.6, at=slice(14, 24))
    calm = [plain(number, 4.0, 0.1, artist=str(number)) for number in range(2)]
    lively = [plain(number, 4.0, 0.6, artist=str(number)) for number in range(2, 4)]
    session = arrange([late, *calm, *lively], rising(), constraints=Constraints(scale="absolute"))
    assert session.slots[2].path == late.path
    assert session.relaxed == ()


@pytest.mark.parametrize("peak", [0.45, 0.55, 0.9])
def test_a_peak_is_given_up_last_and_told(peak):
    session = arrange(
        [climbing(n, peak) for n in range(8)],
        flat(20, 0.1),
        constraints=Constraints(scale="absolute"),
    )
    (told,) = session.relaxed
    assert told.code == "peak"
    assert dict(told.parameters)["value"] == pytest.approx(peak)
    assert dict(told.parameters)["at_s"] % 240.0 == pytest.approx(100.0)
    assert str(told).endswith("(only) (limit 0.40)")


def test_only_as_much_of_a_peak_is_given_up_as_it_takes():
    wild = [climbing(n, 0.9) for n in range(4)]
    session = arrange(
        [*wild, *WILD], flat(20, 0.1, max_peak=0.5), constraints=Constraints(scale="absolute")
    )
    assert max(max(slot.contour) for slot in session.slots) == pytest.approx(0.6)


def test_a_spare_may_not_climb_either():
    session = arrange([*STILL, *WILD], flat(20, 0.1), constraints=Constraints(scale="absolute"))
    assert session.spares
    assert all(max(each.slot.contour) < 0.4 for each in session.spares)


def test_how_far_tracks_rise_above_the_peaks_of_phases():
    late = climbing(1, 0.6, at=slice(14, 24))
    table, objective = TrackTable.of([late, *STILL[:1]]), Objective(rising(), Constraints(), None)
    assert peaks.highest(table, None) == pytest.approx([0.6, 0.35])
    assert peaks.excess(table, 0, objective) == pytest.approx([0.2, -0.05])
    assert peaks.excess(table, 46, objective) == pytest.approx([-0.3, -0.05])
    for none in (peaks.highest(table[:0], None), peaks.excess(table[:0], 0, objective)):
        assert none.shape == (0,)
    order = result.ordered([late], objective)
    assert order.above_peaks(0).max() == pytest.approx(0.2)
