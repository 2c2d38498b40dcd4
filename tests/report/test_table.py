"""A table of very many rows looks as one of few."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from playlist_builder.language.text import printable
from playlist_builder.report.table import drawn, lines, new_table

WORDS = st.text(
    st.sampled_from("ab -éß夜の音楽🎵\u0301\u200d한"),
    max_size=30,  # of widths 0, 1 and 2
).map(printable)
ROWS = st.lists(
    st.tuples(st.sampled_from(["0.50", "12.25", ""]), WORDS, WORDS), min_size=1, max_size=4
)


@given(ROWS, st.integers(20, 70))
def test_lines_are_those_of_a_drawn_table(rows, width):
    table = new_table("energy", "title", "artist")
    for row in rows:
        table.add_row(*row)
    columns = map(list, zip(*rows, strict=True))
    found = list(lines(dict(zip(("energy", "title", "artist"), columns, strict=True)), width))
    assert found == drawn(table, width).split("\n")
    assert max(map(cell_len, found)) <= width


def test_words_give_way_and_numbers_never():
    cells = {"energy": ["0.25"], "title": ["夜の音楽"], "LUFS": ["-12.5"]}
    assert list(lines(cells, 20)) == ["energy  title   LUFS", "  0.25  夜の…  -12.5"]
    assert list(lines(cells, 10)) == ["energy  …   LUFS", "  0.25  …  -12.5"]


def test_a_table_may_be_empty():
    assert list(lines({"energy": [], "title": []}, 80)) == ["energy  title"]
