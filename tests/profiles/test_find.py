"""The shipped profiles, and how a profile is found by name or path."""

import os
import re
import sys
from pathlib import Path

import pytest

from playlist_builder.errors import ProfileError
from playlist_builder.profiles.find import available_profiles, load_profile
from playlist_builder.profiles.profile import Rules

SHIPPED = (
    "arc",
    "breathwork",
    "ketamine-im",
    "ketamine-iv",
    "ketamine-sublingual",
    "lsd",
    "mdma",
    "psilocybin",
    "psilocybin-observed",
    "relaxation",
    "steady",
)
MINE = """
title = "Mine"
minutes = 10
[[phases]]
name = "all"
minutes = [0, 10]
level = 0.5
"""


@pytest.mark.parametrize(
    ("name", "minutes", "phases"),
    [
        (
            "arc",
            60,
            "calm 0-15, rise 15-24, emotional peak 24-37.2, descent 37.2-48, return 48-60",
        ),
        ("ketamine-iv", 60, "settle 0-12, rise 12-24, peak 24-34, descent 34-40, return 40-60"),
        ("ketamine-im", 75, "settle 0-4, rapid rise 4-15, peak 15-40, descent 40-58, return 58-75"),
        (
            "ketamine-sublingual",
            90,
            "pre-onset 0-12, onset 12-22, build 22-32, peak 32-58, descent 58-75, return 75-90",
        ),
        (
            "psilocybin",
            360,
            "pre-onset 0-30, ascent 30-70, peak 70-195, descent 195-300, return 300-360",
        ),
        (
            "psilocybin-observed",
            360,
            (
                "part 1 0-30, part 2 30-60, part 3 60-90, part 4 90-120, part 5 120-150, "
                "part 6 150-180, part 7 180-210, part 8 210-240, part 9 240-270, part 10 270-300, "
                "part 11 300-330, part 12 330-360"
            ),
        ),
        (
            "mdma",
            420,
            "arrival 0-40, onset 40-75, plateau 75-210, soft descent 210-330, return 330-420",
        ),
        (
            "lsd",
            600,
            (
                "pre-onset 0-30, onset 30-90, build 90-195, peak 195-270, re-entry 270-420, "
                "return 420-600"
            ),
        ),
        (
            "breathwork",
            180,
            "opening 0-10, drumming 10-60, breakthrough 60-95, heart 95-140, meditative 140-180",
        ),
        ("relaxation", 45, "meet 0-8, ease 8-25, rest 25-40, close 40-45"),
        ("steady", 60, "steady 0-60"),
    ],
)
def test_a_shipped_profile_has_its_phases(name, minutes, phases):
    profile = load_profile(name)
    assert profile.name == name
    assert profile.duration_s == minutes * 60.0
    assert phases == ", ".join(
        f"{phase.name} {phase.start_s / 60:g}-{phase.end_s / 60:g}" for phase in profile.phases
    )


@pytest.mark.parametrize(
    ("name", "energy_at_minute"),
    [
        (
            "arc",
            {0: 0.15, 7.5: 0.225, 15: 0.3, 19.5: 0.525, 24: 0.75, 25.65: 0.83, 28.95: 0.67}
            | {30.6: 0.75, 37.19: 0.749, 42.6: 0.5, 48: 0.25, 54: 0.175, 60: 0.1},
        ),
        (
            "ketamine-iv",
            {0: 0.15, 11.9: 0.15, 12: 0.2, 18: 0.4, 24: 0.65, 29: 0.7, 34: 0.5, 37: 0.375}
            | {40: 0.2, 50: 0.15, 60: 0.1},
        ),
        (
            "ketamine-im",
            {0: 0.15, 4: 0.25, 9.5: 0.45, 15: 0.7, 39: 0.7, 40: 0.55, 49: 0.375, 58: 0.1, 75: 0.1},
        ),
        (
            "ketamine-sublingual",
            {0: 0.1, 12: 0.2, 17: 0.3, 22: 0.4, 27: 0.5, 32: 0.65, 58: 0.45, 66.5: 0.325}
            | {75: 0.1, 90: 0.1},
        ),
        (
            "psilocybin",
            {0: 0.25, 30: 0.35, 50: 0.475, 70: 0.65, 75: 0.75, 85: 0.55, 90: 0.65, 195: 0.5}
            | {247.5: 0.425, 300: 0.3, 360: 0.3},
        ),
        (
            "psilocybin-observed",
            {0: 0.29, 45: 0.54, 75: 0.63, 105: 0.56, 135: 0.61, 165: 0.52, 195: 0.5, 225: 0.49}
            | {255: 0.54, 285: 0.55, 315: 0.45, 345: 0.4},
        ),
        (
            "mdma",
            {0: 0.2, 40: 0.3, 57.5: 0.4, 75: 0.55, 81.75: 0.6, 95.25: 0.5, 210: 0.4, 270: 0.325}
            | {330: 0.2, 420: 0.2},
        ),
        (
            "lsd",
            {0: 0.2, 30: 0.3, 60: 0.375, 90: 0.45, 142.5: 0.575, 195: 0.75, 269: 0.75, 270: 0.55}
            | {345: 0.425, 420: 0.25, 600: 0.25},
        ),
        (
            "breathwork",
            {0: 0.5, 10: 0.8, 60: 0.9, 95: 0.6, 117.5: 0.5, 140: 0.25, 160: 0.175, 180: 0.1},
        ),
        ("relaxation", {0: 0.3, 8: 0.3, 16.5: 0.21, 25: 0.07, 39: 0.07, 40: 0.12, 45: 0.12}),
        ("steady", {0: 0.25, 30: 0.25, 60: 0.25}),
    ],
)
def test_a_shipped_profile_plans_its_levels(name, energy_at_minute):
    planned = load_profile(name).target([minute * 60.0 for minute in energy_at_minute])
    assert planned == pytest.approx(list(energy_at_minute.values()), abs=1e-3)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_summary_of_a_shipped_profile_holds_at_any_length(name):
    profile = load_profile(name)
    words = set(re.findall(r"\w+", f"{profile.title} {profile.summary}".casefold()))
    assert words.isdisjoint({"hour", "hours", "minute", "minutes", "min", "h"})


def test_the_shipped_profiles_are_those_that_the_tests_know():
    assert tuple(listing.name for listing in available_profiles()) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_cites_sources_and_says_what_is_judgement(name):
    profile = load_profile(name)
    assert profile.sources
    assert profile.summary
    for phase in profile.phases:
        assert "source" in phase.basis or phase.basis.endswith("design judgement")
    cited = " ".join(phase.basis for phase in profile.phases)
    for number in range(1, len(profile.sources) + 1):
        assert f"source {number}" in cited
    assert f"source {len(profile.sources) + 1}" not in cited


@pytest.mark.parametrize("name", SHIPPED)
def test_no_calm_phase_of_a_shipped_profile_lets_a_startle_or_a_beat_pass(name):
    for phase in load_profile(name).phases:
        calm = max(phase.level_start, phase.level_end) <= 0.30
        guards = phase.max_startle_lu, phase.max_stroke_rate_hz, phase.max_pulse_clarity
        assert guards == ((12.0, 2.0, 0.9) if calm else (None, None, None))
        assert phase.tension == ((0.0, 0.35) if calm else None)
        assert not calm or "tension and limits: design judgement" in phase.basis


def test_the_peaks_of_the_shipped_profiles_prefer_moving_tracks():
    peaks = {
        (name, phase.name)
        for name in SHIPPED
        for phase in load_profile(name).phases
        if phase.moving
    }
    assert peaks == {
        ("arc", "emotional peak"),
        ("breathwork", "breakthrough"),
        ("breathwork", "heart"),
        ("ketamine-im", "peak"),
        ("ketamine-iv", "peak"),
        ("ketamine-sublingual", "peak"),
        ("lsd", "peak"),
        ("mdma", "plateau"),
        ("psilocybin", "peak"),
    }
    basis = [
        phase.basis for name, at in peaks for phase in load_profile(name).phases if phase.name == at
    ]
    assert all("moving: design judgement" in each or each == "design judgement" for each in basis)


def test_a_peak_of_psilocybin_is_not_bright():
    bright = {phase.name: phase.max_brightness_hz for phase in load_profile("psilocybin").phases}
    assert bright.pop("peak") == 3000.0
    assert set(bright.values()) == {None}


def test_breathwork_allows_percussive_music():
    assert {phase.max_percussiveness for phase in load_profile("breathwork").phases} == {None}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_profiles_keep_the_usual_rules(name):
    assert load_profile(name).rules == Rules(
        artist_max=3,
        artist_gap=1,
        track_min_s=120.0,
        track_max_s=900.0,
        loudness_step_lu=3.0,
        vocals="exclude",
        tail_share=0.25,
        tail_min_s=900.0,
    )


def test_the_bright_return_of_psilocybin_is_a_level_away():
    bright = load_profile("psilocybin").with_level(0.5, "return")
    assert bright.target([299 * 60.0, 301 * 60.0]) == pytest.approx([0.3514, 0.5], abs=1e-4)


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(ProfileError) as error:
        load_profile("wrkout")
    assert str(error.value) == (
        f"No profile 'wrkout'. Available: {', '.join(SHIPPED)}. See 'playlist-builder profiles'."
    )


def test_a_name_that_is_almost_right_gets_a_suggestion():
    with pytest.raises(ProfileError) as error:
        load_profile("Ketamin-iv")
    assert str(error.value).startswith("No profile 'Ketamin-iv'. Did you mean 'ketamine-iv'? Avail")


def test_a_name_cannot_inject_a_line():
    with pytest.raises(ProfileError) as error:
        load_profile("arc\n\x1b[31m")
    assert str(error.value).startswith("No profile 'arc\\n\\x1b[31m'.")


def test_the_folders_of_the_user_come_first_and_in_their_order(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, title in ((first, "First"), (second, "Second")):
        folder.mkdir()
        (folder / "arc.toml").write_text(MINE.replace("Mine", title))
    (second / "mine.toml").write_text(MINE)
    folders = [tmp_path / "missing", first, second]
    assert load_profile("arc", folders=folders).title == "First"
    assert load_profile("mine", folders=folders).title == "Mine"
    assert load_profile("lsd", folders=folders) == load_profile("lsd")
    listings = available_profiles(folders=folders)
    assert [listing.name for listing in listings] == sorted([*SHIPPED, "mine"])
    assert listings[0].path == str(first / "arc.toml")


def test_a_path_works_wherever_a_name_does(tmp_path, monkeypatch):
    (tmp_path / "arc.toml").write_text(MINE)
    (tmp_path / "bare").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    assert load_profile("arc.toml").title == "Mine"
    assert load_profile("./bare").name == "bare"
    assert load_profile(str(tmp_path / "arc.toml")).name == "arc"
    assert load_profile("arc").title == "Calm, emotional, calm"


def test_a_file_that_is_not_valid_stays_in_the_list_with_its_problem(tmp_path):
    (tmp_path / "bad.toml").write_text("title = 1")
    (tmp_path / "._bad.toml").write_text("left behind by a file manager")
    (tmp_path / "folder.toml").mkdir()
    listings = {listing.name: listing for listing in available_profiles(folders=[tmp_path])}
    assert listings.keys() == {*SHIPPED, "bad", "folder"}
    bad = tmp_path / "bad.toml"
    assert listings["bad"].profile is None
    assert listings["bad"].problem == (
        f"{bad}: minutes: expected a number from 1 to 10080, but it is missing."
    )
    assert listings["folder"].problem == (
        f"{tmp_path / 'folder.toml'}: no such file. See 'playlist-builder profiles'."
    )
    assert listings["arc"].profile == load_profile("arc")
    assert not listings["arc"].problem


def test_a_name_is_found_whichever_way_the_disk_composes_its_letters(tmp_path):
    (tmp_path / "u\N{COMBINING DIAERESIS}ben.toml").write_text(MINE)
    assert (
        load_profile("\N{LATIN SMALL LETTER U WITH DIAERESIS}ben", folders=[tmp_path]).title
        == "Mine"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(ProfileError, match=r"pipe\.toml: no such file\."):
        load_profile(str(tmp_path / "pipe.toml"))


def test_a_file_that_cannot_be_opened_says_why(tmp_path, monkeypatch):
    def refuse(*_args):
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ProfileError) as error:
        load_profile(str(path))
    assert str(error.value) == f"{path}: cannot be read: Permission denied."


@pytest.mark.parametrize("path", ["a/" + "b" * 5000, "a\0b.toml"])
def test_a_path_that_no_disk_could_hold_is_an_error_in_one_line(path):
    with pytest.raises(ProfileError) as error:
        load_profile(path)
    assert str(error.value).isprintable()
