"""A profile that is steered while it plays."""

import pytest

from playlist_builder.profiles.find import load_profile
from playlist_builder.profiles.phase import CALM_CLIMB
from playlist_builder.profiles.steer import drawn, next_phase_s, shifted

ARC = load_profile("arc")


@pytest.mark.parametrize("by", [0.05, 0.15, 0.3])
def test_what_was_calm_keeps_its_limit_of_peaks_where_it_is_lifted(by):
    """A moment deeper is no reason for a climax in the return."""
    begins_s = next(phase.start_s for phase in ARC.phases if phase.name == "return")
    own = [each for each in shifted(ARC, by, begins_s).phases if each.name == "return"]
    assert any(not phase.is_calm for phase in own) is (by > 0.1)
    assert all(phase.peak_limit <= phase.highest + CALM_CLIMB for phase in own)


def test_a_calm_phase_that_is_drawn_higher_keeps_one_too():
    begins_s = next(phase.start_s for phase in ARC.phases if phase.name == "return")
    curve = ((0.0, 0.2), (begins_s, 0.45), (ARC.duration_s, 0.1))
    own = [each for each in drawn(ARC, curve).phases if each.name == "return"]
    assert any(not phase.is_calm for phase in own)
    assert all(phase.peak_limit <= phase.highest + CALM_CLIMB for phase in own)


def test_what_was_not_calm_has_no_limit_more_for_being_lifted():
    peak = next(phase for phase in ARC.phases if "peak" in phase.name)
    lifted = shifted(ARC, 0.1, peak.start_s)
    assert next_phase_s(lifted, peak.start_s) == peak.end_s
    parts = [each for each in lifted.phases if each.name == peak.name]
    assert {each.max_peak for each in parts} == {None}
