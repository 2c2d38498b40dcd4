"""Values that are made at once are those that are made one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.bulk import AT_ONCE, made
from playlist_builder.models import Mark, VoiceSpan


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from(["none", "sung"]), st.booleans())))
def test_they_are_equal_to_those_made_one_by_one(rows):
    """Fields, order, equality and hash are the constructor's."""
    rows = [(*row, "note") for row in rows]
    found = made(Mark, len(rows), zip(*rows, strict=True) if rows else [()] * 4)
    assert found == [Mark(*row) for row in rows]
    assert list(map(hash, found)) == [hash(Mark(*row)) for row in rows]


def test_more_than_are_made_together():
    """Columns run on from one batch to the next."""
    count = 2 * AT_ONCE + 1
    numbers = [float(number) for number in range(count)]
    found = made(VoiceSpan, count, [numbers, iter(numbers), ["sung"] * count, numbers])
    assert found == [VoiceSpan(number, number, "sung", number) for number in numbers]


def test_columns_that_do_not_fit():
    """A value that would lack a field is not made."""
    with pytest.raises(ValueError, match="longer columns"):
        made(Mark, 2, [[1.0], [None], [False], [""]])
    with pytest.raises(ValueError, match="shorter"):
        made(Mark, 1, [[1.0], [None], [False]])
