"""The text of a profile: what it means, and what is said of text that means nothing."""

import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playlist_builder.errors import ProfileError
from playlist_builder.profiles import parse as profile_toml
from playlist_builder.profiles.parse import MAX_BYTES, parse
from playlist_builder.profiles.profile import Phase, Profile, Rules

VALID = """
title = "Evening"
minutes = 60
[[phases]]
name = "calm"
minutes = [0, 20]
level = 0.2
[[phases]]
name = "peak"
minutes = [20, 60]
level = [0.4, 0.8]
wave = { depth = 0.1, minutes = 10 }
"""


def test_a_file_needs_few_keys():
    assert parse(VALID.encode(), name="evening") == Profile(
        name="evening",
        title="Evening",
        summary="",
        duration_s=3600.0,
        phases=(
            Phase("calm", 0.0, 1200.0, 0.2, 0.2),
            Phase("peak", 1200.0, 3600.0, 0.4, 0.8, wave_depth=0.1, wave_period_s=600.0),
        ),
        rules=Rules(),
        sources=(),
    )


def test_every_key_reaches_the_profile():
    text = """
    title = "Full"
    summary = \"\"\"Two
      lines.\"\"\"
    minutes = 200
    sources = ["Somebody 2020.", "Somebody else 2021."]
    [rules]
    artist_max = 5
    artist_gap = 2
    track_minutes = [1.5, 20]
    loudness_step_lu = 4.5
    loudness_arc_lu = 2.5
    cohesion = 0.2
    vocals = "allow-wordless"
    tail_percent = 10
    tail_minutes = 5
    [[phases]]
    name = "all"
    percent = [0, 100]
    level = 0.5
    wave = { depth = 0.25, percent = 20 }
    fixed = true
    max_startle_lu = 12
    max_brightness_hz = 3000
    max_percussiveness = 0.5
    max_stroke_rate_hz = 2
    max_pulse_clarity = 0.35
    max_silence_s = 30
    max_peak = 0.8
    max_tension = 0.6
    tension = [0.2, 0.2]
    moving = true
    basis = "source 1"
    """
    assert parse(text.encode(), name="full") == Profile(
        name="full",
        title="Full",
        summary="Two lines.",
        duration_s=12000.0,
        phases=(
            Phase(
                name="all",
                start_s=0.0,
                end_s=12000.0,
                level_start=0.5,
                level_end=0.5,
                wave_depth=0.25,
                wave_period_s=2400.0,
                fixed=True,
                max_startle_lu=12.0,
                max_brightness_hz=3000.0,
                max_percussiveness=0.5,
                max_stroke_rate_hz=2.0,
                max_pulse_clarity=0.35,
                max_silence_s=30.0,
                max_peak=0.8,
                max_tension=0.6,
                tension=(0.2, 0.2),
                moving=True,
                basis="source 1",
            ),
        ),
        rules=Rules(
            5, 2, 90.0, 1200.0, 4.5, "allow-wordless", 0.1, 300.0, cohesion=0.2, loudness_arc_lu=2.5
        ),
        sources=("Somebody 2020.", "Somebody else 2021."),
    )


def test_the_example_in_the_documentation_is_valid_and_shows_the_defaults():
    example_lines = re.findall(r"^    (.*)$", profile_toml.__doc__, re.MULTILINE)
    profile = parse("\n".join(example_lines).encode(), name="example")
    assert [phase.name for phase in profile.phases] == ["ease", "rest"]
    queries = {"include": (), "exclude": (), "prefer": ()}  # shown, though none are the default
    assert replace(profile.rules, **queries) == Rules()
    assert profile.rules.exclude == ('artist:"Hans Zimmer"',)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_byte_order_mark_and_any_end_of_line_are_accepted(end):
    data = b"\xef\xbb\xbf" + VALID.encode().replace(b"\n", end)
    assert parse(data, name="x").title == "Evening"


def test_percent_and_minutes_say_the_same():
    percent = VALID.replace("[0, 20]", "[0, 25]").replace("[20, 60]", "[25, 100]")
    percent = re.sub("^minutes = \\[", "percent = [", percent, flags=re.MULTILINE)
    minutes = VALID.replace("[0, 20]", "[0, 15]").replace("[20, 60]", "[15, 60]")
    assert parse(percent.encode(), name="x") == parse(minutes.encode(), name="x")


@pytest.mark.parametrize("percent", range(50, 101))
def test_a_wave_may_touch_the_ends_of_the_scale(percent):
    """Whatever binary fractions make of the level and the depth."""
    level, depth = f"{percent / 100:.2f}", f"{(100 - percent) / 100:.2f}"
    high = VALID.replace("[0.4, 0.8]", level).replace("depth = 0.1", f"depth = {depth}")
    low = VALID.replace("[0.4, 0.8]", depth).replace("depth = 0.1", f"depth = {depth}")
    assert parse(high.encode(), name="x").target(0.0) == 0.2
    assert parse(low.encode(), name="x").target(0.0) == 0.2


TEXT = "expected plain text of 1 to 500 characters"
NUMBER = "expected a number from"
KNOWN = "title, summary, minutes, sources, rules, phases"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'title = "Evening"',
            "",
            f"title: {TEXT}, but it is missing.",
        ),
        ('"Evening"', "3", f"title: {TEXT}, not 3."),
        (
            '"Evening"',
            '"a\\u001b[31m"',
            f"title: {TEXT}, not 'a\\x1b[31m'.",
        ),
        ('"Evening"', '" "', f"title: {TEXT}, not ' '."),
        (
            '"Evening"',
            f'"{"a" * 501}"',
            f"title: {TEXT}, not '{'a' * 40}'... (501 characters).",
        ),
        ("minutes = 60\n", "", f"minutes: {NUMBER} 1 to 10080, but it is missing."),
        ("minutes = 60\n", "minutes = '60'\n", f"minutes: {NUMBER} 1 to 10080, not '60'."),
        ("minutes = 60\n", "minutes = true\n", f"minutes: {NUMBER} 1 to 10080, not true."),
        ("minutes = 60\n", "minutes = nan\n", f"minutes: {NUMBER} 1 to 10080, not nan."),
        ("minutes = 60\n", "minutes = inf\n", f"minutes: {NUMBER} 1 to 10080, not inf."),
        ("minutes = 60\n", "minutes = 0\n", f"minutes: {NUMBER} 1 to 10080, not 0."),
        (
            "minutes = 60\n",
            f"minutes = 0x{'f' * 9999}\n",
            f"minutes: {NUMBER} 1 to 10080, not a huge number.",
        ),
        ("minutes = 60\n", f"minutes = {'9' * 9999}\n", "not TOML: a number has too many digits."),
        (
            "minutes = 60\n",
            "minutes = 60\nsorces = []\n",
            "'sorces': unknown key. Did you mean 'sources'?",
        ),
        ("minutes = 60\n", "minutes = 60\nzzz = 1\n", f"'zzz': unknown key. Known here: {KNOWN}."),
        ("minutes = 60\n", 'minutes = 60\nsources = "me"\n', "sources: expected a list, not 'me'."),
        (
            "minutes = 60\n",
            "minutes = 60\nsources = [['me']]\n",
            "sources[1]: expected plain text of 1 to 500 characters, not a list of 1.",
        ),
        (
            "minutes = 60\n",
            "minutes = 60\nrules = []\n",
            "rules: expected a table, not a list of 0.",
        ),
        (
            'name = "calm"',
            "",
            "phases[1].name: expected plain text of 1 to 40 characters, but it is missing.",
        ),
        ('"calm"', '"a=b"', "phases[1].name: expected a name without '=', not 'a=b'."),
        ('"peak"', '"calm"', "phases[2].name: expected a name of its own, not another 'calm'."),
        ("level = 0.2", "", f"phases[1].level (calm): {NUMBER} 0 to 1, but it is missing."),
        ("level = 0.2", "level = 1.2", f"phases[1].level (calm): {NUMBER} 0 to 1, not 1.2."),
        ("level = 0.2", "level = -0.1", f"phases[1].level (calm): {NUMBER} 0 to 1, not -0.1."),
        ("level = 0.2", "level = {}", f"phases[1].level (calm): {NUMBER} 0 to 1, not a table."),
        ("[0.4, 0.8]", "[0.4, 8]", f"phases[2].level (peak): {NUMBER} 0 to 1, not 8."),
        (
            "[0.4, 0.8]",
            "[0.4, 0.6, 0.8]",
            f"phases[2].level (peak): {NUMBER} 0 to 1, or two for a ramp, not a list of 3.",
        ),
        ("level = 0.2", "levl = 0.2", "phases[1].'levl': unknown key. Did you mean 'level'?"),
        (
            "level = 0.2",
            "level = 0.2\nfixed = 1",
            "phases[1].fixed (calm): expected true or false, not 1.",
        ),
        (
            "level = 0.2",
            "level = 0.2\nmax_startle_lu = -1",
            f"phases[1].max_startle_lu (calm): {NUMBER} 0 to 100, not -1.",
        ),
        (
            "level = 0.2",
            "level = 0.2\nmax_brightness_hz = nan",
            f"phases[1].max_brightness_hz (calm): {NUMBER} 0 to 96000, not nan.",
        ),
        (
            "level = 0.2",
            "level = 0.2\nmax_percussiveness = 2",
            f"phases[1].max_percussiveness (calm): {NUMBER} 0 to 1, not 2.",
        ),
        (
            "level = 0.2",
            "level = 0.2\nmax_stroke_rate_hz = 101",
            f"phases[1].max_stroke_rate_hz (calm): {NUMBER} 0 to 100, not 101.",
        ),
        (
            "level = 0.2",
            "level = 0.2\nmax_pulse_clarity = 'low'",
            f"phases[1].max_pulse_clarity (calm): {NUMBER} 0 to 1, not 'low'.",
        ),
        (
            "level = 0.2",
            "level = 0.2\nmax_tension = -0.1",
            f"phases[1].max_tension (calm): {NUMBER} 0 to 1, not -0.1.",
        ),
        (
            "level = 0.2",
            "level = 0.2\ntension = 0.3",
            "phases[1].tension (calm): expected two numbers, [low, high], not 0.3.",
        ),
        (
            "level = 0.2",
            "level = 0.2\ntension = [0, 35]",
            f"phases[1].tension (calm): {NUMBER} 0 to 1, not 35.",
        ),
        (
            "level = 0.2",
            "level = 0.2\ntension = [0.4, 0.2]",
            "phases[1].tension (calm): expected the lower number first, not [0.4, 0.2].",
        ),
        (
            "level = 0.2",
            "level = 0.2\nmoving = 1",
            "phases[1].moving (calm): expected true or false, not 1.",
        ),
        (
            "level = 0.2",
            "level = 0.2\nbasis = 1",
            "phases[1].basis (calm): expected plain text of 0 to 500 characters, not 1.",
        ),
        ("[0, 20]", "[5, 20]", "phases[1].minutes (calm): expected a start at 0, not 5."),
        (
            "[20, 60]",
            "[19, 60]",
            "phases[2].minutes (peak): expected a start at 20, where 'calm' ends, not 19.",
        ),
        (
            "[20, 60]",
            "[21, 60]",
            "phases[2].minutes (peak): expected a start at 20, where 'calm' ends, not 21.",
        ),
        (
            "[20, 60]",
            "[20, 59]",
            "phases[2].minutes (peak): expected an end at 60, the end of the session, not 59.",
        ),
        ("[20, 60]", "[20, 61]", f"phases[2].minutes (peak): {NUMBER} 0 to 60, not 61."),
        (
            "[20, 60]",
            "[20, 20]",
            "phases[2].minutes (peak): expected an end after the start, not [20, 20].",
        ),
        (
            "[20, 60]",
            "[20, 10]",
            "phases[2].minutes (peak): expected an end after the start, not [20, 10].",
        ),
        (
            "[20, 60]",
            "[20]",
            "phases[2].minutes (peak): expected two numbers, [from, to], not a list of 1.",
        ),
        ("[20, 60]", "20", "phases[2].minutes (peak): expected two numbers, [from, to], not 20."),
        (
            "minutes = [20, 60]",
            "",
            "phases[2].minutes (peak): expected two numbers, [from, to], but it is missing.",
        ),
        (
            "minutes = [20, 60]",
            "percent = [20, 100]",
            "phases[2].percent (peak): expected minutes, as in the first phase.",
        ),
        (
            "depth = 0.1",
            "depth = 0.3",
            "phases[2].wave (peak): expected level and wave within 0 to 1, not 0.1 to 1.1.",
        ),
        (
            "depth = 0.1",
            "depth = 0.45",
            "phases[2].wave (peak): expected level and wave within 0 to 1, not -0.05 to 1.25.",
        ),
        ("depth = 0.1", "depth = 0.6", f"phases[2].wave (peak).depth: {NUMBER} 0 to 0.5, not 0.6."),
        (
            "depth = 0.1, ",
            "",
            f"phases[2].wave (peak).depth: {NUMBER} 0 to 0.5, but it is missing.",
        ),
        (
            "minutes = 10 }",
            "minutes = 0 }",
            f"phases[2].wave (peak).minutes: {NUMBER} 0.1 to 10080, not 0.",
        ),
        (
            ", minutes = 10 }",
            " }",
            "phases[2].wave (peak): expected a period as either minutes or percent.",
        ),
        (
            "minutes = 10 }",
            "minutes = 10, percent = 5 }",
            "phases[2].wave (peak): expected a period as either minutes or percent.",
        ),
        (
            "minutes = 10 }",
            "minute = 10 }",
            "phases[2].wave (peak).'minute': unknown key. Did you mean 'minutes'?",
        ),
        ("title", "title = ", "not TOML: Invalid value (at line 2, column 10)."),
    ],
)
def test_what_is_wrong_is_told_with_its_key(old, new, message):
    assert VALID.count(old) == 1
    with pytest.raises(ProfileError) as error:
        parse(VALID.replace(old, new).encode(), name="x")
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("artist_max = 0", "artist_max: expected a whole number from 1 to 10000, not 0."),
        ("artist_max = 2.5", "artist_max: expected a whole number from 1 to 10000, not 2.5."),
        ("artist_gap = true", "artist_gap: expected a whole number from 0 to 10000, not true."),
        ("artist_gap = -1", "artist_gap: expected a whole number from 0 to 10000, not -1."),
        ("track_minutes = 5", "track_minutes: expected two numbers, [from, to], not 5."),
        ("track_minutes = [9, 2]", "track_minutes: expected an end after the start, not [9, 2]."),
        ("loudness_step_lu = -3", "loudness_step_lu: expected a number from 0 to 100, not -3."),
        (
            "vocals = 'none'",
            "vocals: expected one of exclude, strict, allow-wordless, allow, not 'none'.",
        ),
        ("tail_percent = 101", "tail_percent: expected a number from 0 to 100, not 101."),
        ("tail_minutes = inf", "tail_minutes: expected a number from 0 to 10080, not inf."),
        ("artists_max = 3", "'artists_max': unknown key. Did you mean 'artist_max'?"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told(rule, message):
    with pytest.raises(ProfileError) as error:
        parse(f"{VALID}\n[rules]\n{rule}\n".encode(), name="x")
    assert str(error.value) == f"rules.{message}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty; expected title, minutes and [[phases]]."),
        (b" \n\n", "the file is empty; expected title, minutes and [[phases]]."),
        (b"\xff\xfet\0", "not UTF-8 at byte 0; save the file as UTF-8."),
        (b'title = "M\xfcller"', "not UTF-8 at byte 10; save the file as UTF-8."),
        (b"minutes = 5", "phases: expected a list, but it is missing."),
        (
            b"minutes = 5\nphases = []",
            "phases: expected 1 to 40 tables [[phases]], not a list of 0.",
        ),
        (b"minutes = 5\nphases = 1", "phases: expected a list, not 1."),
        (b"minutes = 5\nphases = [1]", "phases[1]: expected a table, not 1."),
        (b"minutes = 5\n[phases]", "phases: expected a list, not a table."),
        (
            b"minutes = 5\n" + b"[[phases]]\n" * 41,
            "phases: expected 1 to 40 tables [[phases]], not a list of 41.",
        ),
        (b"title = " + b"[" * 20000, "nested too deeply for a profile."),
        (b"#" * (MAX_BYTES + 1), "larger than 32 KB, which no profile is."),
        (b"\x89PNG", "not UTF-8 at byte 0; save the file as UTF-8."),
    ],
)
def test_what_is_no_profile_at_all_is_told(data, message):
    with pytest.raises(ProfileError) as error:
        parse(data, name="x")
    assert str(error.value) == message


def test_a_phase_lasts_a_second_or_more():
    text = VALID.replace("[0, 20]", "[0, 0.01]").replace("[20, 60]", "[0.01, 60]")
    with pytest.raises(ProfileError) as error:
        parse(text.encode(), name="x")
    assert str(error.value) == (
        "phases[1].minutes (calm): expected an end after the start, not [0, 0.01]."
    )


def test_a_name_that_a_terminal_would_obey_is_refused():
    with pytest.raises(ProfileError, match="the file's name: expected plain text"):
        parse(VALID.encode(), name="a\x1b[31m")


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8")))
@example(b"a = 1979-99-99")
@example(b"a = {b = 1}\na.c = 2")
def test_any_bytes_give_a_profile_or_one_line(data):
    with pytest.raises(ProfileError) as error:
        parse(data, name="x")
    assert str(error.value).isprintable()


@given(
    old=st.sampled_from(
        re.findall(r"(?<== ).+|(?<=depth = )[0-9.]+|^\w+(?= =)", VALID, re.MULTILINE)
    ),
    new=st.sampled_from(["0", "1", "0.5", "[]", "[0, 1]", "{}", "nan", "true", "'x'", "name"]),
)
def test_any_change_gives_a_profile_within_0_and_1_or_one_line(old, new):
    text = VALID.replace(old, new).encode()
    try:
        planned = parse(text, name="x").target([minute * 60.0 for minute in range(61)])
    except ProfileError as error:
        message = str(error)
    else:
        message = ""
        assert ((planned >= 0.0) & (planned <= 1.0)).all()
    assert message.isprintable()


CROSSFADES = b"""
title = "Own"
minutes = 10
[rules]
crossfade_seconds = %s
keep_endings = %s
[[phases]]
name = "calm"
minutes = [0, 10]
level = 0.2
crossfade_seconds = %s
"""


def test_crossfades_are_one_length_or_that_of_lively_and_of_calm_neighbours():
    profile = parse(CROSSFADES % (b"[1, 4.5]", b"true", b"12"), name="own")
    assert profile.rules.crossfade_s == (1.0, 4.5)
    assert profile.rules.keep_endings
    assert profile.phases[0].crossfade_s == (12.0, 12.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((b"61", b"true", b"1"), "rules.crossfade_seconds: expected a number from 0 to 60"),
        ((b"[1, 2, 3]", b"true", b"1"), "rules.crossfade_seconds: expected a number from 0 to 60"),
        ((b"1", b"1", b"1"), "rules.keep_endings: expected true or false"),
        ((b"1", b"true", b'"long"'), r"phases\[1\].crossfade_seconds \(calm\): expected a number"),
    ],
)
def test_crossfades_that_mean_nothing_are_refused(values, message):
    with pytest.raises(ProfileError, match=message):
        parse(CROSSFADES % values, name="own")
