"""Lines of wide text: nothing is lost, none is too long, none begins with what closes."""

# ruff: noqa: RUF001 - Japanese

from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.language.line_breaks import NOT_FIRST, cells, lines_of


def test_wide_characters_take_two_cells():
    assert (cells("abc"), cells("曲 1"), cells("か\u3099")) == (3, 4, 2)


def test_lines_end_at_spaces_and_beside_wide_characters():
    assert lines_of("計画は 1:20 まで、よい。", 11) == ["計画は 1:20", "まで、よ", "い。"]
    assert lines_of("one two three", 7) == ["one two", "three"]


@given(st.text(alphabet="曲名、。（）ー ab1", max_size=40), st.integers(12, 30))
def test_nothing_is_lost_and_nothing_begins_a_line_that_may_not(text, width):
    lines = lines_of(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    starts = [line[0] for line in lines[1:] if line]
    assert not NOT_FIRST.intersection(starts)


@given(st.text(alphabet="曲名前後", max_size=60), st.integers(2, 30))
def test_no_line_is_too_long(text, width):
    assert all(cells(line) <= width for line in lines_of(text, width))
