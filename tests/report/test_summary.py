"""What every view of a session shows."""

from dataclasses import replace

import pytest

from playlist_builder.language.notices import notice
from playlist_builder.models import Session, Slot
from playlist_builder.profiles import find as profiles
from playlist_builder.report import summary
from playlist_builder.session_request import SessionRequest


def slot(start_s, end_s, phase="calm", **more):
    given = {"energy": 0.2, "target": 0.25, "contour": (0.1, 0.2, 0.3)} | more
    return Slot("/m/a.flac", "5f", "A", "Ada", "", start_s, end_s, phase, **given)


def session(*slots, tail=(), **more):
    given = {"target_s": 60.0, "duration_s": slots[-1].end_s, "profile": "arc"} | more
    return Session(
        scale="relative", cost=0.0, bound=0.0, rms_error=0.0, slots=slots, tail=tail, **given
    )


def test_phases_are_told_as_they_are_played_and_the_tail_is_one_more():
    """A phase that comes back is told again."""
    whole = session(
        slot(0, 20), slot(20, 40, "peak"), slot(40, 60), tail=[slot(60, 80, "anything")]
    )
    told = [(each.name, each.start_s, each.end_s, each.is_tail) for each in summary.spans(whole)]
    assert told == [
        ("calm", 0, 20, False),
        ("peak", 20, 40, False),
        ("calm", 40, 60, False),
        ("", 60, 80, True),
    ]
    assert summary.length_s(whole) == 80
    assert len(summary.whole(whole)) == 4


def test_a_session_that_had_to_be_short_tells_how_much_was_asked():
    told = session(slot(0, 60))
    assert summary.asked_s(told) == 60.0
    short = notice("short_session", asked_min=6, passed_min=1, removed=())
    assert summary.asked_s(replace(told, warnings=(short,))) == 360.0


def test_the_contour_is_what_plays_at_each_ten_seconds():
    """A track without a contour plays at its energy, and the last value holds to its end."""
    slots = [slot(0, 45), slot(45, 65, contour=(), energy=0.7)]
    assert summary.contour(slots) == [0.1, 0.2, 0.3, 0.3, 0.7, 0.7]
    assert summary.contour([]) == []


@pytest.mark.parametrize(("rise_lu", "beyond"), [(3.04, False), (3.06, True), (-20.0, False)])
def test_a_step_is_beyond_where_it_rises_more_than_the_profile_allows(rise_lu, beyond):
    slots = [
        slot(0, 20, end_loudness_lufs=-30.0),
        slot(20, 40, start_loudness_lufs=-30.0 + rise_lu),
        slot(40, 60),
    ]
    first, second, third = summary.steps(session(*slots))
    assert (first, third) == (None, None)
    assert second.rise_lu == pytest.approx(rise_lu)
    assert second.is_beyond is beyond


def test_the_profile_is_that_of_the_session_at_its_length():
    text = profiles.read_text("arc").replace(
        "[[phases]]", "[rules]\nloudness_step_lu = 5\n[[phases]]", 1
    )
    whole = session(slot(0, 600), target_s=600.0, request=SessionRequest("arc", text))
    profile = summary.profile(whole)
    assert (profile.title, profile.duration_s) == ("Calm, emotional, calm", 600.0)
    assert summary.rules(whole).loudness_step_lu == 5


@pytest.mark.parametrize(
    "asked", [None, SessionRequest("arc", "title = ["), SessionRequest("arc", "\udce9")]
)
def test_a_profile_that_is_not_known_leaves_the_usual_rules(asked):
    whole = replace(session(slot(0, 60)), request=asked)
    assert summary.profile(whole) is None
    assert summary.rules(whole).loudness_step_lu == 3


def test_the_peak_is_the_phase_that_is_planned_highest_unless_the_plan_is_flat_or_falls():
    def levels(*planned):
        slots = [
            slot(20 * n, 20 * n + 20, f"phase {n}", target=level) for n, level in enumerate(planned)
        ]
        found = summary.peak(session(*slots, tail=[slot(100, 120, target=0.9)]))
        return found.name if found else None

    assert levels(0.1, 0.8, 0.3) == "phase 1"
    assert levels(0.1, 0.2) is None
    assert levels(0.8, 0.3) is None
    assert levels(0.3) is None


def test_tracks_are_tinted_by_how_high_their_phase_is_planned():
    slots = [slot(20 * n, 20 * n + 20, f"{n}", target=x) for n, x in enumerate((0.1, 0.5, 0.9))]
    assert summary.tints(session(*slots, tail=[slot(60, 80)])) == ["t0", "t2", "t4", "tail"]
    assert summary.tints(session(slot(0, 20, target=0.8))) == ["t0"]


def test_phases_are_planned_where_the_profile_has_them():
    """Without a profile they are as played."""
    request = SessionRequest("arc", profiles.read_text("arc"), duration_s=600.0)
    own = session(slot(0, 600, "calm"), tail=[slot(600, 700)], request=request, target_s=600.0)
    found = [(each.name, round(each.start_s), each.is_tail) for each in summary.planned(own)]
    assert found == [
        ("calm", 0, False),
        ("rise", 150, False),
        ("emotional peak", 240, False),
        ("descent", 372, False),
        ("return", 480, False),
        ("", 600, True),
    ]
    assert [each.name for each in summary.planned(replace(own, request=None))] == ["calm", ""]
