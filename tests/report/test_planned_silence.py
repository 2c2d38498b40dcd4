"""A planned silence in every view: in its place, with its length, and the curves pause there."""

import math
import re
from dataclasses import replace

import pytest

from playlist_builder.models import STEP_S, Session, Silence, Slot
from playlist_builder.profiles.profile import Phase, Profile
from playlist_builder.report import summary
from playlist_builder.report.html import page
from playlist_builder.report.language import LANGUAGES
from playlist_builder.report.svg import picture
from playlist_builder.report.text import profile_text, session_text

LANGUAGE_OF = {"en": "Silence, as planned", "ja": "予定どおり"}


def slot(number, start_s, phase):
    names = f"/m/{number}.flac", f"{number}", f"Piece {number}"
    return Slot(*names, "", "", start_s, start_s + 300.0, phase, 0.5, 0.5)


WHOLE = Session(
    *("mine", "absolute", 990.0, 990.0, 0.0, 0.0, 0.0),
    (slot(1, 0.0, "in"), slot(2, 420.0, "out")),
    (slot(3, 990.0, "tail"),),
    curve=(0.5,) * 99,
    silences=(Silence(300.0, 420.0, "in"), Silence(720.0, 990.0, "out")),
)
BARE = replace(WHOLE, silences=())


@pytest.mark.parametrize("width", [30, 60, 110])
def test_the_table_of_a_session_has_a_row_for_a_silence_without_a_number(width):
    lines = session_text(WHOLE, width=width).splitlines()
    rows = [line for line in lines if "silence, as planned" in line]
    assert [row.split()[0] for row in rows] == ["5:00", "12:00"]
    assert "silence" not in session_text(BARE, width=width)
    if width > 40:
        assert [row.split()[1] for row in rows] == ["2:00", "4:30"]


def test_the_curves_pause_where_it_is_silent():
    silent = [30, 31, 32, 40, 41, *range(72, 99)]
    actual, planned = summary.contour(summary.whole(WHOLE)), summary.curve(WHOLE)
    assert all(math.isnan(actual[step]) and math.isnan(planned[step]) for step in silent[:-1])
    sounding = [step for step in range(99) if not 300.0 <= step * STEP_S < 420.0 and step < 72]
    assert not any(math.isnan(actual[step]) or math.isnan(planned[step]) for step in sounding)
    assert summary.curve(BARE) == list(WHOLE.curve)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_picture_shows_silences_and_names_them_in_both_languages(code):
    drawn = picture(WHOLE, LANGUAGES[code])
    silences = re.findall(r'<title>([^<]+)</title><rect class="silent"', drawn)
    assert len(silences) == 2
    assert all(time in told for time, told in zip(("5:00", "12:00"), silences, strict=True))
    assert len(re.findall(r'<path class="plan" d="[^"]+L', drawn)) == 2
    assert "nan" not in drawn
    assert 'class="silent"' not in picture(BARE, LANGUAGES[code])


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_has_a_row_for_a_silence_and_its_player_waits(code):
    html = page(WHOLE, LANGUAGES[code], folder="/m")
    rows = re.findall(r'<tr class="silence".*?</tr>', html, re.DOTALL)
    assert len(rows) == 2
    assert all(LANGUAGE_OF[code] in row for row in rows)
    assert ["5:00" in rows[0], "2:00" in rows[0], "4:30" in rows[1]] == [True] * 3
    assert re.findall(r'data-silent="([^"]+)"', html) == ["120.0", "270.0"]
    bare = page(BARE, LANGUAGES[code], folder="/m")
    assert 'data-silent="' not in bare
    assert '<tr class="silence"' not in bare


def test_a_profile_shows_the_silences_that_it_plans():
    phases = (Phase("in", 0.0, 600.0, 0.5, 0.5), Phase("out", 600.0, 1200.0, 0.5, 0.5))
    plan = Profile("mine", "Mine", "", 1200.0, phases)
    shown = profile_text(plan.silent((120.0, 0.0)), width=100)
    assert "\nsilence at the end of in: 2:00" in shown
    assert "silence" not in profile_text(plan, width=100)
