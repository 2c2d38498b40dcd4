"""Tables of text that fit a width: words give way, and numbers never."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table

NUMBERS = {  # columns whose cells stand to the right
    *("#", "start", "energy", "plan", "length", "LUFS", "BPM", "from", "to", "off plan"),
    *("step", "LU", "sessions", "ratings", "bans", "tracks", "tension", "moving", "similar"),
    *("percentile", "style"),
}
HINTS = "tension", "moving"  # columns that are left out where nothing is known
COLUMN_GAP = 2


def new_table(*columns: str) -> Table:
    """Return an empty table with these columns."""
    table = Table(box=None, pad_edge=False, padding=(0, COLUMN_GAP, 0, 0), header_style="")
    for column in columns:
        table.add_column(
            column,
            justify="right" if column in NUMBERS else "left",
            no_wrap=column != "basis",
            overflow="ellipsis" if column != "basis" else "fold",
        )
    return table


def fitting(
    columns: Sequence[tuple[int, tuple[str, ...]]], width: int, *, has_hints: bool
) -> tuple[str, ...]:
    """Return the columns that fit a width, without those of `HINTS` where there are none."""
    names = next(names for least, names in columns if width >= least)
    return tuple(name for name in names if has_hints or name not in HINTS)


def hint_cell(value: float | None) -> str:
    """Return a number of 0..1 for a cell, empty where it is not known."""
    return "" if value is None else f"{value:.2f}"


def drawn(table: Table, width: int) -> str:
    """Return a table as lines of at most `width` characters."""
    cells = {str(column.header): list(map(str, column.cells)) for column in table.columns}
    for column, wide in zip(table.columns, _widths(cells, width), strict=True):
        column.width = wide
    console = Console(width=width, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as capture:
        console.print(table, markup=False, highlight=False)
    return "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n"))


def lines(cells: Mapping[str, Sequence[str]], width: int) -> Iterator[str]:
    """Yield the lines of a table of very many rows, from the cells of each column by its name.

    They are those of `drawn`, but where the numbers alone need more than the width: then a line is
    longer.
    """
    layout = [
        (wide, name in NUMBERS) for name, wide in zip(cells, _widths(cells, width), strict=True)
    ]
    gap = " " * COLUMN_GAP
    for row in chain([tuple(cells)], zip(*cells.values(), strict=True)):
        fitted = (_fitted(cell, *own) for cell, own in zip(row, layout, strict=True))
        yield gap.join(fitted).rstrip()


def _widths(cells: Mapping[str, Sequence[str]], width: int) -> list[int]:
    """Return the width of each column, together at most `width` where the numbers let it be."""
    widths = [max(map(_cell_len, (name, *column))) for name, column in cells.items()]
    # A number that is cut is another number: words alone give way, the longest first.
    words = [place for place, name in enumerate(cells) if name not in NUMBERS]
    beyond = sum(widths) + COLUMN_GAP * (len(widths) - 1) - width
    for _ in range(beyond):
        widest = max(words, key=widths.__getitem__)
        widths[widest] = max(1, widths[widest] - 1)
    return widths


def _fitted(text: str, width: int, stands_right: bool) -> str:  # noqa: FBT001 - a row of `layout`
    """Return a cell as wide as its column; what is cut off ends in an ellipsis."""
    own = _cell_len(text)
    if own > width:
        return f"{set_cell_size(text, width - 1)}…"
    blank = " " * (width - own)
    return blank + text if stands_right else text + blank


def _cell_len(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)
