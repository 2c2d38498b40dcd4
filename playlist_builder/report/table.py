"""Tables of text that fit a width: words give way, and numbers never."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table

from playlist_builder.report.language import ENGLISH, Language

NUMBERS = {  # columns whose cells stand to the right
    *("#", "start", "energy", "plan", "length", "LUFS", "BPM", "from", "to", "off plan"),
    *("step", "LU", "sessions", "ratings", "bans", "tracks", "tension", "moving", "similar"),
    *("percentile", "style", "planned", "heard", "session"),
}
HINTS = "tension", "moving"  # columns that are left out where nothing is known
COLUMN_GAP = 2


def new_table(*columns: str, language: Language = ENGLISH) -> Table:
    """Return an empty table with these columns."""
    shown = headings(language)
    table = Table(box=None, pad_edge=False, padding=(0, COLUMN_GAP, 0, 0), header_style="")
    for column in columns:
        table.add_column(
            shown.get(column, column),
            justify="right" if column in NUMBERS else "left",
            no_wrap=column != "basis",
            overflow="ellipsis" if column != "basis" else "fold",
        )
    return table


def headings(language: Language) -> dict[str, str]:
    """Return what stands above columns by their names, where that is something else."""
    gettext = language.gettext
    if language.code == "en":
        return {}
    return {
        "start": gettext("start"),
        "phase": gettext("Phase"),
        "energy": gettext("energy"),
        "percentile": gettext("percentile"),
        "plan": gettext("plan"),
        "tension": gettext("tension"),
        "length": gettext("Length"),
        "title": gettext("Title"),
        "artist": gettext("Artist"),
        "from": gettext("from"),
        "to": gettext("to"),
        "level": gettext("Level"),
        "basis": gettext("Basis"),
        "name": gettext("name"),
        "built": gettext("built"),
        "for": gettext("for"),
        "profile": gettext("profile"),
        "tracks": gettext("tracks"),
        "files": gettext("files"),
        "sessions": gettext("sessions"),
        "ratings": gettext("ratings"),
        "bans": gettext("bans"),
        "last": gettext("last"),
        "written": gettext("written"),
        "file": gettext("file"),
        "block": gettext("block"),
        "off plan": gettext("off plan"),
        "moving": gettext("moves"),
        "vocals": gettext("voice"),
        "genre": gettext("genre"),
        "similar": gettext("similar"),
        "runner-up": gettext("next best"),
        "step": gettext("step"),
        "style": gettext("style"),
        "cost": gettext("more off"),
        "counts": gettext("counts"),
        "begun": gettext("begun"),
        "session": gettext("session"),
        "planned": gettext("planned"),
        "heard": gettext("heard"),
        "state": gettext("state"),
        "time": gettext("time"),
        "remark": gettext("remark"),
    }


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
    cells = [(str(each.header), list(map(str, each.cells))) for each in table.columns]
    words = [place for place, each in enumerate(table.columns) if each.justify == "left"]
    for column, wide in zip(table.columns, _widths(cells, words, width), strict=True):
        column.width = wide
    console = Console(width=width, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as capture:
        console.print(table, markup=False, highlight=False)
    return "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n"))


def lines(
    cells: Mapping[str, Sequence[str]], width: int, language: Language = ENGLISH
) -> Iterator[str]:
    """Yield the lines of a table of very many rows, from the cells of each column by its name.

    They are those of `drawn`, but where the numbers alone need more than the width: then a line is
    longer.
    """
    shown = headings(language)
    titled = [(shown.get(name, name), column) for name, column in cells.items()]
    words = [place for place, name in enumerate(cells) if name not in NUMBERS]
    layout = [
        (wide, name in NUMBERS)
        for name, wide in zip(cells, _widths(titled, words, width), strict=True)
    ]
    gap = " " * COLUMN_GAP
    for row in chain([tuple(name for name, _ in titled)], zip(*cells.values(), strict=True)):
        fitted = (_fitted(cell, *own) for cell, own in zip(row, layout, strict=True))
        yield gap.join(fitted).rstrip()


def _widths(
    cells: Sequence[tuple[str, Sequence[str]]], words: Sequence[int], width: int
) -> list[int]:
    """Return the width of each column, together at most `width` where the numbers let it be."""
    widths = [max(map(_cell_len, (name, *column))) for name, column in cells]
    # A number that is cut is another number: words alone give way, the longest first.
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
