"""Tables of text that fit a width: words give way, and numbers never."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

NUMBERS = {  # columns whose cells stand to the right
    *("#", "start", "energy", "plan", "length", "LUFS", "BPM", "from", "to", "off plan"),
    *("step", "LU", "sessions", "ratings", "bans", "tracks", "tension", "moving", "similar"),
    "percentile",
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
    columns = table.columns
    widths = [max(cell_len(str(cell)) for cell in (each.header, *each.cells)) for each in columns]
    # A number that is cut is another number: words alone give way, the longest first.
    words = [place for place, column in enumerate(columns) if column.header not in NUMBERS]
    beyond = sum(widths) + COLUMN_GAP * (len(widths) - 1) - width
    for _ in range(beyond):
        widest = max(words, key=widths.__getitem__)
        widths[widest] = max(1, widths[widest] - 1)
    for column, wide in zip(columns, widths, strict=True):
        column.width = wide
    console = Console(width=width, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as capture:
        console.print(table, markup=False, highlight=False)
    return "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n"))
