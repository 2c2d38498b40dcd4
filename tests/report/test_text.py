"""The printed views say what is known, what a profile plans, and what a track costs for it."""

from dataclasses import replace

import pytest

from playlist_builder.arranger.explain import Explanation
from playlist_builder.language.notices import notice
from playlist_builder.models import Session, Slot, Spare
from playlist_builder.profiles.find import load_profile
from playlist_builder.profiles.profile import Phase, Profile
from playlist_builder.report.text import profile_text, reasons_text, session_text, told_apart


@pytest.mark.parametrize(("scale", "header"), [("relative", "percentile"), ("absolute", "energy")])
def test_the_table_of_a_session_has_tension_where_it_fits_and_says_its_scale(scale, header):
    slot = Slot("/m/a.flac", "5f", "A", "Ada", "", 0.0, 300.0, "calm", 0.2, 0.25)
    whole = Session("arc", scale, 300.0, 300.0, 0.0, 0.0, 0.0, (slot,))
    known = replace(whole, slots=(replace(slot, tension=0.314), slot))
    lines = session_text(known, width=100).splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("#"))
    heading, *rows = lines[start : start + 3]
    assert heading.split() == [
        *("#", "start", "phase", header, "plan", "tension", "length", "title", "artist")
    ]
    assert [row.split()[5] for row in rows] == ["0.31", "5:00"]
    for drawn in (session_text(known, width=83), session_text(whole, width=100)):
        assert "tension" not in drawn


def test_a_profile_shows_its_limits_and_what_it_prefers():
    limits = {
        "max_startle_lu": 12.0,
        "max_brightness_hz": 3000.0,
        "max_percussiveness": 0.5,
        "max_stroke_rate_hz": 2.0,
        "max_pulse_clarity": 0.35,
        "max_tension": 0.6,
    }
    calm = Phase("calm", 0.0, 600.0, 0.2, 0.3, tension=(0.0, 0.35), **limits)
    peak = Phase("peak", 600.0, 1200.0, 0.7, 0.7, moving=True)
    lines = profile_text(Profile("mine", "Mine", "", 1200.0, (calm, peak)), width=100).splitlines()
    assert any("0.20 to 0.30, tension 0 to 0.35" in line for line in lines)
    assert any("0.70, moving" in line for line in lines)
    (told,) = (line for line in lines if line.startswith("limits in"))
    assert told == (
        "limits in calm: startle 12 LU, brightness 3000 Hz, percussiveness 0.5, strokes 2 Hz,"
        " pulse 0.35, energy 0.6, tension 0.6"
    )
    shown = profile_text(load_profile("arc"), width=100)
    assert "limits in return: startle 12 LU, strokes 2 Hz, pulse 0.9, energy 0.55\n" in shown
    assert "limits in rise" not in shown


def test_reasons_name_the_cost_of_tension_and_of_not_moving_where_there_is_one():
    plain = Explanation("/music/a.flac", 0.1, 0.0, 0.0, "", 0.0, tension=0.2, moving=0.9)
    tense = Explanation(
        "/music/a.flac",
        0.1,
        0.0,
        0.0,
        "",
        0.0,
        tension=0.61,
        tension_price=0.0012,
        moving=0.4,
        moving_price=0.0003,
    )
    slots = [
        Slot("/m/a.flac", "5f", f"T{place}", "", "", start_s, start_s + 60.0, "calm", 0.2, 0.25)
        for place, start_s in enumerate((0.0, 60.0))
    ]
    whole = Session("arc", "relative", 120.0, 120.0, 0.0, 0.0, 0.0, tuple(slots))
    text = reasons_text(whole, [plain, tense], width=80)
    assert text.endswith("\n1:00 T1: tension 0.61 (+0.0012), moving 0.40 (+0.0003)")
    assert "T0:" not in text
    known = replace(plain, runner_up="/m/03.ogg", runner_up_title="Dawn")
    untitled = replace(plain, runner_up="/m/04.ogg")
    text = reasons_text(whole, [known, untitled], width=80)
    assert "Dawn" in text
    assert "03" not in text
    assert "04" in text


def test_tracks_of_one_title_are_told_apart():
    slot = Slot("/m/one/a.flac", "5f", "Intro", "", "", 0.0, 300.0, "calm", 0.2, 0.25)
    same = replace(slot, path="/m/two/a.flac", title="INTRO")
    other, untitled = replace(slot, title="Dawn"), replace(slot, title="")
    titles = told_apart([slot, same, other, untitled])
    assert titles == ["Intro (one/a.flac)", "INTRO (two/a.flac)", "Dawn", "(one/a.flac)"]


def test_a_session_tells_which_tracks_play_in_part():
    slot = Slot("/m/a.flac", "5f", "A", "Ada", "", 0.0, 200.0, "calm", 0.2, 0.25)
    slots = (replace(slot, from_s=40.0, to_s=240.0), slot, replace(slot, to_s=200.0))
    whole = Session("arc", "relative", 600.0, 600.0, 0.0, 0.0, 0.0, slots)
    lines = session_text(whole, width=100).splitlines()
    assert "trimmed, number: 1 plays 0:40 to 4:00, 3 plays 0:00 to 3:20" in lines
    assert "trimmed" not in session_text(replace(whole, slots=(slot,)), width=100)


def test_the_curve_comes_first_then_the_tracks_then_at_most_three_notes():
    slot = Slot("/m/a.flac", "5f", "A", "Ada", "", 0.0, 200.0, "calm", 0.2, 0.1)
    peak = replace(slot, start_s=200.0, end_s=400.0, phase="peak", target=0.7)
    notices = (
        notice("budget_of_tracks", passed=1, total=1),
        notice("unverified", count=2, total=2),
        notice("short_tail", lasts_min=3, asked_min=15),
        notice("wordless", count=1, total=2),
        notice("silences", count=1, limit=15.0, worst=20.0, title="A", at_s=200.0, phase="peak"),
    )
    whole = Session("arc", "relative", 400.0, 400.0, 0.2, 0.1, 0.0, (slot, peak), warnings=notices)
    text = session_text(whole, width=100, rest_at="--notes")
    lines = text.splitlines()
    assert lines[0] == "arc: 2 tracks, 6.7 min of 6.7 min asked for, peak from 3:20 to 6:40"
    starts = ["energy: ", "0.00 ", "#", "1 ", "note: 3:20 20 s of silence before 'A'"]
    places = [next(n for n, line in enumerate(lines) if line.startswith(x)) for x in starts]
    assert places == sorted(places)
    assert lines[-3:] == [
        "note: Nobody has checked 2 of 2 tracks for words: listen to them first",
        "note: 1 of 2 tracks holds a wordless voice",
        "2 more notes: --notes",
    ]
    assert "cost" not in text
    ending = replace(whole, warnings=(*notices, notice("no_track_for_tail")))
    lines = session_text(ending, width=100, rest_at="--notes").splitlines()
    assert lines[-2] == "note: Nothing plays after the end: all tracks are in the session"
    calm = session_text(replace(whole, warnings=()), width=100, rest_at="--notes")
    assert calm.splitlines()[-1] == "nothing stands out, as far as it can be measured"


def test_all_notes_say_how_near_the_session_is_to_the_best_and_what_gave_way():
    slot = Slot("/m/a.flac", "5f", "A", "Ada", "", 0.0, 200.0, "calm", 0.2, 0.1)
    notices = tuple(notice("wordless", count=count, total=5) for count in range(1, 6))
    whole = Session("arc", "relative", 400.0, 400.0, 0.2, 0.1, 0.0, (slot,), warnings=notices)
    spared = replace(
        whole,
        spares=(Spare(slot, 1),),
        relaxed=(notice("duration_longer", off_s=90, tolerance_s=30),),
    )
    lines = session_text(spared, width=100).splitlines()
    assert "spares, for number: 1 A" in lines
    assert "cost 0.2000; no session of these tracks goes below 0.1000" in lines
    assert "gave way: duration: 90 s longer than asked (tolerance 30 s)" in lines
    assert sum(line.startswith("note: ") for line in lines) == 5
    short = session_text(spared, width=100, rest_at="--notes").splitlines()
    assert sum(line.startswith("note: ") for line in short) == 3
    assert short[-1] == "3 more notes: --notes"
