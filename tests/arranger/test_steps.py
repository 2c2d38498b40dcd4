"""Steps of loudness between tracks: rises beyond the limit, and falls by much."""

import pytest

from playlist_builder.arranger.steps import falls, heard, steps
from playlist_builder.models import Slot

LIMIT_LU = 3.0


def slots(*edges):
    """Slots of a hundred seconds that begin and end at these levels, and are as loud as both."""
    return [
        Slot(
            *("/x", "", f"T{n}", "", "", 100.0 * n, 100.0 * n + 100, "calm", 0.2, 0.2),
            loudness_lufs=start if start is not None else -20.0,
            start_loudness_lufs=start,
            end_loudness_lufs=end,
        )
        for n, (start, end) in enumerate(edges)
    ]


def told(found):
    return [(each.code, dict(each.parameters)["step_lu"]) for each in found]


@pytest.mark.parametrize(
    ("rise_lu", "expected"),
    [
        (3.0, []),
        (4.2, [("heard_louder", 4.2)]),
        (-6.0, []),
        (-12.0, [("heard_softer", 12.0)]),
    ],
)
def test_what_is_beyond_a_limit_is_heard_up_and_down(rise_lu, expected):
    pair = slots((-20.0, -20.0), (-20.0 + rise_lu, -20.0))
    assert told(heard(pair, LIMIT_LU, levelled=False)) == expected
    assert len(falls(pair, levelled=False)) == (rise_lu < -6.0)
    assert not heard(pair, LIMIT_LU, levelled=True)


def test_the_worst_fall_is_told_where_it_is():
    found = falls(slots((-8.0, -10.0), (-17.0, -9.0), (-21.0, -21.0)), levelled=False)
    (only,) = found
    values = dict(only.parameters)
    assert (values["count"], values["worst_lu"], values["title"]) == (2, 12.0, "T2")
    assert values["at_s"] == 200.0


def test_what_is_not_known_is_no_step():
    assert (
        steps(slots((None, None), (-20.0, None), (-8.0, -8.0)), 3.0, levelled=False) == [None] * 3
    )
    assert steps([], 3.0, levelled=False) == []
