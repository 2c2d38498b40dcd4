"""What matters of a session is told by what a listener feels, each thing once."""

from dataclasses import replace

import pytest

from playlist_builder.language.notices import TEMPLATES, notice
from playlist_builder.report.concerns import PLAIN, concerns
from playlist_builder.report.language import ENGLISH, LANGUAGES
from tests.language.test_notices import SENTENCES
from tests.report.test_summary import session, slot

QUIET = {"start_loudness_lufs": -20.0, "end_loudness_lufs": -20.0}


def told(*warnings, relaxed=(), of=None):
    whole = of or session(slot(0, 60), slot(60, 120))
    return concerns(replace(whole, warnings=warnings, relaxed=relaxed), ENGLISH)


def test_what_is_felt_comes_first_and_what_is_not_worth_knowing_is_left_out():
    found = told(
        notice("budget_of_tracks", count=1),
        notice("unverified", count=2, total=2),
        notice("silences", count=1, limit=15.0, worst=20.0, title="A", at_s=60.0, phase="calm"),
        notice("spares_unverified", count=2, total=2),
        relaxed=(notice("artist_gap", count=2, gap=1),),
    )
    assert [(each.text, each.is_felt, each.place, each.at_s) for each in found] == [
        ("20 s of silence before 'A'", True, 2, 60.0),
        ("Nobody has checked 2 of 2 tracks for words: listen to them first", False, None, None),
        ("Tracks of one artist are close to each other, 2 times", False, None, None),
    ]


def test_a_notice_without_a_time_stands_at_its_track():
    whole = session(slot(0, 60), replace(slot(60, 120), title="", path="/m/b.flac"))
    startle = notice("startle", count=1, value=20.0, limit=12.0, title="/m/b.flac", phase="calm")
    lost = replace(startle, parameters=(*startle.parameters[:-2], ("title", "gone"), ("value", 1)))
    assert [(each.place, each.at_s) for each in told(startle, lost, of=whole)] == [
        (2, 60.0),
        (None, None),
    ]


def test_joins_that_get_louder_are_told_once_by_the_worst():
    loud = {**QUIET, "start_loudness_lufs": -12.0}
    slots = [slot(60 * n, 60 * n + 60, **(loud if n else QUIET)) for n in range(4)]
    jump = {"count": 1, "limit_lu": 3.0, "title": "A", "phase": "calm"}
    notices = (
        notice("loudness_jumps", worst_lu=5.0, at_s=60.0, **jump),
        notice("loudness_jumps", worst_lu=8.0, at_s=120.0, **jump),
    )
    [only] = told(*notices, of=session(*slots))
    assert only.text == (
        "'A' begins 8.0 LU louder than the music before it (louder steps also at 1:00, 3:00)"
    )
    assert only.place == 3


def test_of_many_joins_that_get_louder_the_loudest_are_named_and_the_others_counted():
    slots = [
        slot(60 * n, 60 * n + 60, start_loudness_lufs=-20.0 + rise, end_loudness_lufs=-20.0)
        for n, rise in enumerate((0.0, 4.0, 9.0, 5.0, 4.5, 6.0, 4.5, 4.5))
    ]
    jump = {"count": 7, "limit_lu": 3.0, "title": "A", "phase": "calm"}
    [only] = told(notice("loudness_jumps", worst_lu=9.0, at_s=120.0, **jump), of=session(*slots))
    assert only.text == (
        "'A' begins 9.0 LU louder than the music before it (louder steps also at 3:00, 5:00;"
        " 4 more in the list)"
    )


def test_what_rises_farther_above_the_plan_is_told_first():
    def rises(by, at_s, phase):
        where = {"title": "A", "at_s": at_s, "phase": phase}
        return notice("above_plan", count=1, limit=0.35, worst=by, **where)

    slight, far = rises(0.41, 10.0, "calm"), rises(0.75, 70.0, "tail")
    assert [each.notice for each in told(slight, far)] == [far, slight]


def test_what_rises_far_above_the_plan_is_told_before_joins_with_how_many_do():
    where = {"title": "A", "at_s": 60.0, "phase": "calm"}
    joins = notice("loudness_jumps", count=1, limit_lu=3.0, worst_lu=9.0, **where)
    rises = notice("above_plan", count=3, limit=0.35, worst=0.67, **where)
    assert [each.text for each in told(joins, rises)] == [
        "'A' rises far above the plan, by 0.67 (2 more tracks rise far above it)",
        "'A' begins 9.0 LU louder than the music before it",
    ]


def test_one_moment_that_is_too_high_is_told_once():
    where = {"count": 1, "title": "A", "phase": "calm"}
    plan = notice("above_plan", limit=0.3, worst=0.4, at_s=70.0, **where)
    peak = notice("peak", limit=0.45, value=0.6, at_s=80.0, **where)
    assert [each.notice for each in told(peak, plan)] == [plan]
    elsewhere = replace(peak, parameters=tuple(dict(peak.parameters, at_s=10.0).items()))
    assert len(told(elsewhere, plan)) == 2


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_every_notice_that_matters_has_a_sentence_in_every_language(language):
    assert PLAIN.keys() <= TEMPLATES.keys()
    whole = session(slot(0, 60))
    for example, _ in SENTENCES:
        for each in concerns(replace(whole, warnings=(example,)), language):
            assert each.text
            assert each.notice == example


def test_a_deep_fall_is_felt_as_much_as_a_rise_and_a_small_one_is_not():
    where = {"count": 1, "limit_lu": 6.0, "title": "A", "at_s": 60.0, "phase": "calm"}
    others = (
        notice("may_hold_voice", count=1, total=2, titles=("A",)),
        notice("loudness_jumps", **(where | {"worst_lu": 5.0})),
        notice("opens_loud", title="B", lufs=-10.0),
        notice("silences", count=1, limit=15.0, worst=20.0, title="A", at_s=60.0, phase="calm"),
    )
    deep, small = (notice("loudness_falls", worst_lu=fall_lu, **where) for fall_lu in (20.0, 8.0))
    found = told(*others, deep)
    assert [(each.notice, each.is_felt) for each in found][2:3] == [(deep, True)]
    found = told(*others, small)
    assert [(each.notice, each.is_felt) for each in found][-1:] == [(small, False)]
