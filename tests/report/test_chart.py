"""Charts of energy over time, compared with what a terminal shows."""

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from playlist_builder.profiles.find import available_profiles
from playlist_builder.report.chart import chart, sparkline

PHASES = (("calm", 0.0, 600.0), ("peak", 600.0, 2400.0), ("return", 2400.0, 3600.0))
PLANNED = [0.1] * 20 + [0.8] * 60 + [0.3] * 40
ACTUAL = [0.15] * 18 + [0.7] * 40 + [math.nan] * 12 + [0.6] * 20 + [0.25] * 30
SHIPPED = [listing.profile for listing in available_profiles() if listing.profile]

BOTH = """\
energy: ⠒⠒ planned  ▆▆ actual
1.00 ┤
     │       ⡤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⡄
0.75 ┤       ⡇▅▅▅▅▅▅▅▅▅▅▅▅▅▅       ⡇
     │       ⡇██████████████    ▆▆▆⡇▆▆▆
0.50 ┤       ⡇██████████████    ███⡇███
     │      ▅⡇██████████████    ███⠧⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤
0.25 ┤▂▂▂▂▂▂█⡇██████████████    ██████████████████
     │⠉⠉⠉⠉⠉⠉⠉⠁██████████████    ██████████████████
0.00 ┼──────┬───────┬──────┬──────┬───────┬──────┬
min  0      10      20     30     40      50    60
     │calm  │peak                 │return"""

PLAN = """\
energy: ⠒⠒ planned
1.00 ┤   ⢀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
0.75 ┤   ⢸           ⢸
0.50 ┤   ⢸           ⢸⣀⣀⣀⣀⣀⣀⣀⣀
0.25 ┤⠤⠤⠤⠼
0.00 ┼─────┬─────┬─────┬─────┬
min  0     15    30    45   60
     a   b           c
     a 0-10 calm  b 10-40 peak
     c 40-60 return"""

BOTH_ASCII = """\
energy: ** planned  :: actual
1.00 +
     |       ***********************
0.75 +       *::::::::::::::       *
     |       *::::::::::::::    :::*:::
0.50 +       *::::::::::::::    :::*:::
     |      :*::::::::::::::    :::***************
0.25 +      :*::::::::::::::    ::::::::::::::::::
     |********::::::::::::::    ::::::::::::::::::
0.00 +------+-------+------+------+-------+------+
min  0      10      20     30     40      50    60
     |calm  |peak                 |return"""

PLAN_ASCII = """\
energy: ** planned
1.00 +   *************
0.75 +   *           *
0.50 +   *           *********
0.25 +****
0.00 +-----+-----+-----+-----+
min  0     15    30    45   60
     a   b           c
     a 0-10 calm  b 10-40 peak
     c 40-60 return"""

WIDE_NAMES = """\
energy: ⠒⠒ planned
1.00 ┤           ⢸⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉
     │           ⢸
     │⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣸
0.00 ┼───────────┬───────────┬
min  0           1           2
     │静かな音楽 │終わり"""


@pytest.mark.parametrize(("ascii_only", "expected"), [(False, BOTH), (True, BOTH_ASCII)])
def test_the_actual_energy_is_an_area_behind_the_line_and_open_where_nothing_plays(
    ascii_only, expected
):
    text = chart(
        PLANNED,
        ACTUAL,
        duration_s=3600.0,
        phases=PHASES,
        width=50,
        height=8,
        ascii_only=ascii_only,
    )
    assert text == expected


@pytest.mark.parametrize(("ascii_only", "expected"), [(False, PLAN), (True, PLAN_ASCII)])
def test_names_that_do_not_fit_move_into_a_key(ascii_only, expected):
    text = chart(
        PLANNED,
        None,
        duration_s=3600.0,
        phases=PHASES,
        width=30,
        height=4,
        ascii_only=ascii_only,
    )
    assert text == expected


def test_a_phase_too_short_to_be_marked_is_still_in_the_key():
    phases = [("in", 0.0, 60.0), ("on", 60.0, 61.0), ("out", 61.0, 120.0)]
    text = chart([0.5], None, duration_s=120.0, phases=phases, width=30, height=1)
    assert text.splitlines()[4:] == [
        "     a           b",
        "     a 0-1 in  b 1-1 on",
        "     c 1-2 out",
    ]


def test_wide_characters_take_two_columns():
    phases = [("静かな音楽", 0.0, 60.0), ("終わり", 60.0, 120.0)]
    text = chart([0.0, 1.0], None, duration_s=120.0, phases=phases, width=30, height=3)
    assert text == WIDE_NAMES


def rows_of(text):
    """Return the ten rows of a chart without their labels."""
    return [line[6:] for line in text.splitlines()[1:11]]


@pytest.mark.parametrize(
    ("energy", "row"),
    [(0.0, 9), (0.09, 9), (0.1, 8), (0.55, 4), (0.99, 0), (1.0, 0), (1.5, 0), (-1.0, 9)],
)
def test_a_level_stands_in_the_row_that_holds_it(energy, row):
    text = chart(
        [energy],
        None,
        duration_s=60.0,
        phases=[("all", 0.0, 60.0)],
        width=30,
        height=10,
        ascii_only=True,
    )
    assert [number for number, cells in enumerate(rows_of(text)) if cells] == [row]


def test_a_short_peak_between_many_values_stays_in_sight():
    planned = [0.1] * 4000 + [0.95] + [0.1] * 6000
    text = chart(
        planned,
        None,
        duration_s=600.0,
        phases=[("all", 0.0, 600.0)],
        width=40,
        height=10,
        ascii_only=True,
    )
    assert [cells.count("*") for cells in rows_of(text)] == [1] * 8 + [34, 0]


@pytest.mark.parametrize("minutes", [1, 7, 45, 99, 100, 999, 1000, 1440, 10080])
@pytest.mark.parametrize("width", [30, 57, 80, 300])
def test_labels_of_times_stand_apart_and_under_their_ticks(minutes, width):
    """In minutes, and in hours and minutes from an hour and a half on."""
    phases = [("all", 0.0, minutes * 60.0)]
    lines = chart([0.5], None, duration_s=minutes * 60.0, phases=phases, width=width).splitlines()
    unit, *told = lines[14].split()
    parts = [[int(part) for part in label.split(":")] for label in told]
    labels = [part[0] if len(part) == 1 else 60 * part[0] + part[1] for part in parts]
    assert lines[14].startswith(f"{unit:<5}0 ")
    assert unit == ("h" if minutes > 90 else "min")
    assert all((":" in label) == (minutes > 90) for label in told[1:])
    assert len(labels) == lines[13].count("┬") + 1 >= 2
    assert len({later - earlier for earlier, later in pairwise(labels)}) == 1
    assert labels[-1] <= minutes


@given(
    st.sampled_from(SHIPPED),
    st.integers(20, 300),
    st.integers(1, 20),
    st.booleans(),
    st.none() | st.lists(st.floats(0.0, 1.0) | st.just(math.nan), max_size=50),
)
def test_no_line_is_wider_than_asked_and_every_phase_is_named(
    profile, width, height, ascii_only, actual
):
    text = chart(
        list(profile.target(range(0, int(profile.duration_s), 10))),
        actual,
        duration_s=profile.duration_s,
        phases=[(phase.name, phase.start_s, phase.end_s) for phase in profile.phases],
        width=width,
        height=height,
        ascii_only=ascii_only,
    )
    lines = text.splitlines()
    assert max(cell_len(line) for line in lines) <= width
    assert all(line == line.rstrip() for line in lines)
    assert width < 30 or all(phase.name in text for phase in profile.phases)
    assert (
        next(line for line in lines if line.startswith("0.00 ")) in lines[height + 1 : height + 3]
    )
    assert text.isascii() or not ascii_only


NARROWEST = """\
energy: ⠒⠒ planned
        ▆▆ actual
1.00 ┤  ⣀⣀⣀⣀⣀⣀⣀⡀
0.75 ┤  ⡇▆▆▆▆ ▃⡇
0.50 ┤  ⡇████ █⣇⣀⣀⣀⣀
0.25 ┤⠤⠤⠇████ ██████
0.00 ┼──────┬──────┬
min  0      30    60
loud   ▲     ▲
     a b      c
     a 0-10 calm
     b 10-40 peak
     c 40-60 return"""


def test_twenty_columns_are_enough():
    """The legend takes two rows, and a mark tells where it gets too loud."""
    text = chart(
        PLANNED,
        ACTUAL,
        duration_s=3600.0,
        phases=PHASES,
        rises=[600.0, 2000.0],
        width=4,
        height=4,
    )
    assert text == NARROWEST


def test_a_name_wider_than_the_chart_goes_on_in_the_next_row():
    phases = [("a phase with a name", 0.0, 60.0), ("静かな音楽の終わり", 60.0, 120.0)]
    text = chart([0.5], None, duration_s=120.0, phases=phases, width=20, height=1)
    assert text.splitlines()[5:] == [
        "     a 0-1 a phase w",
        "     ith a name",
        "     b 1-2 静かな音",
        "     楽の終わり",
    ]


def test_colours_are_those_of_the_terminal_and_change_no_character():
    """The area shows behind the line where it fills the character."""
    shape = {"duration_s": 3600.0, "phases": PHASES, "width": 40, "height": 4, "rises": [600.0]}
    plain = chart(PLANNED, ACTUAL, **shape)
    coloured = chart(PLANNED, ACTUAL, **shape, colour=True)
    assert re.sub(r"\x1b\[[0-9;]+m", "", coloured) == plain
    assert set(re.findall(r"\x1b\[([0-9;]+)m", coloured)) == {"0", "1", "36", "30;46", "1;31"}
    assert "\x1b[1;31m▲\x1b[0m" in coloured
    assert all(not line.endswith(" ") for line in coloured.splitlines())


@pytest.mark.parametrize(
    ("values", "blocks", "digits"),
    [
        ((), "", ""),
        ((0.0, 0.5, 1.0), "▁▅█", "059"),
        ((0.0, 0.0, 1.0, 1.0, 0.2, 0.8), "▁█▅", "095"),
        ((-1.0, 2.0), "▁█", "09"),
    ],
)
def test_a_sparkline_is_one_row_of_means(values, blocks, digits):
    assert sparkline(values, width=3) == blocks
    assert sparkline(values, width=3, ascii_only=True) == digits
