"""Energy over time as text: the planned curve, with or without what a session really holds.

Energies go in and lines of characters come out, for a terminal whose width, colours and characters
the caller knows. The planned curve is a line of braille dots, eight to a character; the actual
energy is an area of block characters, so the two stay apart without colour. Where both meet in one
character the line wins, and in colour the area shows behind it. In ASCII a line of `*` crosses an
area of `:`, with one step per row.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from string import ascii_letters
from typing import NamedTuple

from rich.cells import cell_len, chop_cells

MIN_WIDTH = 20
MARGIN = 5  # "0.50 "
TICK_GAP = 3  # the last label moves left by up to two
KEY_GAP = 2
FULL_BLOCK = "█"
BRAILLE = 0x2800
BRAILLE_DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))  # per column, from below
DOTS_WIDE, DOTS_HIGH = 2, 4
LONG_MIN = 90.0  # a session from which on the axis counts in hours
TICK_MINUTES = (1, 2, 5, 10, 15, 20, 30, 60, 90, 120, 180, 240, 360, 720, 1440, 2880)
AREA, LINE, LINE_ON_AREA, RISE = "36", "1", "30;46", "1;31"  # colours by SGR (ECMA-48)

Marks = dict[tuple[int, int], str]  # characters by column from the left and row from below
Row = list[tuple[str, str]]  # characters, each with its colour or nothing
Cells = dict[tuple[int, int], tuple[str, str]]  # marks with their colours


class _Glyphs(NamedTuple):
    blocks: str  # of the area, by height
    line: str
    area: str
    side: str
    side_tick: str
    corner: str
    tick: str
    axis: str
    rise: str


UNICODE = _Glyphs(" ▁▂▃▄▅▆▇" + FULL_BLOCK, "⠒⠒", "▆▆", "│", "┤", "┼", "┬", "─", "▲")
ASCII = _Glyphs(" :", "**", "::", "|", "+", "+", "+", "-", "^")


def chart(  # noqa: PLR0913 - everything after the curves is named by the caller
    planned: Sequence[float] | None,
    actual: Sequence[float] | None,
    *,
    duration_s: float,
    phases: Sequence[tuple[str, float, float]],
    width: int,
    height: int = 12,
    rises: Sequence[float] = (),
    ascii_only: bool = False,
    colour: bool = False,
    gettext: Callable[[str], str] = str,
) -> str:
    """Return a chart of energy over time, `width` characters wide at most (20 at least).

    `planned` and `actual` are energies, 0..1, that each cover `duration_s` evenly with any
    number of values; NaN is a time without energy. The line spans every planned value within
    a column, so no jump or wave is lost; the area is the mean of the actual values. `phases`
    are names with start and end in seconds; `rises` are times at which it gets louder than it
    should. `height` counts the rows between 0 and 1. `gettext` translates its words.
    """
    columns = max(width, MIN_WIDTH) - MARGIN - 1
    line = _ascii_line if ascii_only else _braille_line
    glyphs = ASCII if ascii_only else UNICODE
    cells = _cells(
        _area(actual, columns, height, glyphs.blocks) if actual is not None else {},
        line(planned, columns, height) if planned is not None else {},
    )
    entries = [(glyphs.line, LINE, " " + gettext("planned"))] if planned is not None else []
    entries += [(glyphs.area, AREA, " " + gettext("actual"))] if actual is not None else []
    rows = [
        *_legend(gettext("energy: "), entries, max(width, MIN_WIDTH)),
        *_plot(cells, columns, height, glyphs),
        *_time_axis(duration_s, columns, glyphs, gettext),
        *_rise_row(rises, duration_s, columns, glyphs, gettext("loud")),
        *_phase_rows(phases, duration_s, columns, glyphs),
    ]
    return "\n".join(_drawn(row, colour=colour) for row in rows)


def sparkline(values: Sequence[float], *, width: int, ascii_only: bool = False) -> str:
    """Return values, 0..1, as a row of at most `width` blocks; in ASCII of digits, 9 the most."""
    levels = "0123456789" if ascii_only else UNICODE.blocks[1:]
    columns = min(width, len(values))
    shares = (_share(values, column, columns) for column in range(columns))
    return "".join(levels[_step(math.fsum(share) / len(share), len(levels))] for share in shares)


def _cells(area: Marks, line: Marks) -> Cells:
    """Return the marks with their colours, the line before the area."""
    return {cell: (mark, AREA) for cell, mark in area.items()} | {
        cell: (mark, LINE_ON_AREA if area.get(cell) == FULL_BLOCK else LINE)
        for cell, mark in line.items()
    }


def _drawn(row: Row, *, colour: bool) -> str:
    """Return a row as text without blanks at its end, in runs of one colour."""
    text = "".join(mark for mark, _ in row).rstrip()
    if not colour:
        return text
    runs = groupby(row[: len(text)], key=lambda cell: cell[1])
    drawn = ((style, "".join(mark for mark, _ in run)) for style, run in runs)
    return "".join(f"\x1b[{style}m{marks}\x1b[0m" if style else marks for style, marks in drawn)


def _plain(text: str) -> Row:
    return [(letter, "") for letter in text]


def _legend(title: str, entries: Iterable[tuple[str, str, str]], width: int) -> Iterator[Row]:
    """Yield what the line and the area are, in one row or below each other."""
    row = _plain(title)
    for place, (mark, style, name) in enumerate(entries):
        entry = [*((each, style) for each in mark), *_plain(name)]
        if place and _cells_of(row) + KEY_GAP + _cells_of(entry) > width:
            yield row
            row = _plain(" " * cell_len(title))
        elif place:
            row += _plain(" " * KEY_GAP)
        row += entry
    yield row


def _cells_of(row: Row) -> int:
    return cell_len("".join(mark for mark, _ in row))


def _margin(text: str) -> str:
    """Return what stands before a row, as wide as the margin."""
    return text + " " * (MARGIN - cell_len(text))


def _share(values: Sequence[float], column: int, columns: int) -> list[float]:
    """Return the values that fall into a column, clipped to 0..1 and without NaN; at least one."""
    first = column * len(values) // columns
    last = max(first + 1, (column + 1) * len(values) // columns)
    return [min(max(value, 0.0), 1.0) for value in values[first:last] if not math.isnan(value)]


def _spans(values: Sequence[float], columns: int, steps: int) -> Iterator[tuple[int, int, int]]:
    """Yield column, lowest and highest step of a line that reaches to the next column's start."""
    shares = [_share(values, column, columns) for column in range(columns)]
    for column, (share, following) in enumerate(pairwise([*shares, []])):
        if share:
            reach = [*share, *following[:1]]
            yield column, _step(min(reach), steps), _step(max(reach), steps)


def _step(value: float, steps: int) -> int:
    return min(int(value * steps), steps - 1)


def _braille_line(values: Sequence[float], columns: int, height: int) -> Marks:
    codes: dict[tuple[int, int], int] = {}
    for x, low, high in _spans(values, columns * DOTS_WIDE, height * DOTS_HIGH):
        for y in range(low, high + 1):
            cell = (x // DOTS_WIDE, y // DOTS_HIGH)
            codes[cell] = codes.get(cell, 0) | BRAILLE_DOTS[x % DOTS_WIDE][y % DOTS_HIGH]
    return {cell: chr(BRAILLE + code) for cell, code in codes.items()}


def _ascii_line(values: Sequence[float], columns: int, height: int) -> Marks:
    return {
        (column, row): "*"
        for column, low, high in _spans(values, columns, height)
        for row in range(low, high + 1)
    }


def _area(values: Sequence[float], columns: int, height: int, blocks: str) -> Marks:
    marks: Marks = {}
    steps = len(blocks) - 1  # per row
    for column in range(columns):
        share = _share(values, column, columns)
        top = round(math.fsum(share) / len(share) * (height * steps)) if share else 0
        for row in range(math.ceil(top / steps)):
            marks[column, row] = blocks[min(top - row * steps, steps)]
    return marks


def _plot(cells: Cells, columns: int, height: int, glyphs: _Glyphs) -> Iterator[Row]:
    """Yield the rows from above; a label names the upper edge of its row."""
    parts = next(parts for parts in (4, 2, 1) if height % parts == 0)
    labels = {height * part // parts: f"{part / parts:.2f}" for part in range(1, parts + 1)}
    for row in reversed(range(height)):
        label = labels.get(row + 1, "")
        drawn = [cells.get((column, row), (" ", "")) for column in range(columns)]
        yield _plain(f"{label:<{MARGIN}}{glyphs.side_tick if label else glyphs.side}") + drawn


def _time_axis(
    duration_s: float, columns: int, glyphs: _Glyphs, gettext: Callable[[str], str]
) -> Iterator[Row]:
    minutes = duration_s / 60.0
    in_hours = minutes > LONG_MIN

    def label(minute: int) -> str:
        return f"{minute // 60}:{minute % 60:02d}" if in_hours and minute else str(minute)

    longest = len(label(math.floor(minutes)))
    step = next(
        (each for each in TICK_MINUTES if each / minutes * columns >= longest + TICK_GAP),
        TICK_MINUTES[-1],
    )
    line = [glyphs.corner] + [glyphs.axis] * columns
    labels = ""
    for minute in range(0, math.floor(minutes) + 1, step):
        at = round(minute / minutes * columns)
        line[at] = glyphs.tick if at else glyphs.corner
        text = label(minute)
        start = min(at - (len(text) - 1) // 2, columns + 1 - len(text))
        labels = f"{labels:<{start}}{text}"
    yield _plain(f"{'0.00':<{MARGIN}}{''.join(line)}")
    yield _plain(_margin(gettext("h") if in_hours else gettext("min")) + labels)


def _rise_row(
    rises: Sequence[float], duration_s: float, columns: int, glyphs: _Glyphs, name: str
) -> Iterator[Row]:
    if rises:
        row = _plain(" " * (columns + 1))
        for time_s in rises:
            row[round(time_s / duration_s * columns)] = (glyphs.rise, RISE)
        yield _plain(_margin(name)) + row


def _phase_rows(
    phases: Sequence[tuple[str, float, float]], duration_s: float, columns: int, glyphs: _Glyphs
) -> Iterator[Row]:
    """Yield the names under their phases, or letters and a key where a name is too wide."""
    starts = [round(start_s / duration_s * columns) for _, start_s, _ in phases]
    spaces = [after - before - 1 for before, after in pairwise([*starts, columns + 1])]
    names = [name for name, _, _ in phases]
    if all(cell_len(name) <= space for name, space in zip(names, spaces, strict=True)):
        placed = zip(starts, (glyphs.side + name for name in names), strict=True)
        yield _plain(" " * MARGIN + _placed(placed))
        return
    letters = [ascii_letters[number % len(ascii_letters)] for number in range(len(phases))]
    yield _plain(" " * MARGIN + _placed(zip(starts, letters, strict=True)))
    entries = [
        f"{letter} {start_s / 60.0:.0f}-{end_s / 60.0:.0f} {name}"
        for letter, (name, start_s, end_s) in zip(letters, phases, strict=True)
    ]
    yield from (_plain(" " * MARGIN + row) for row in _wrapped(entries, columns + 1))


def _placed(texts: Iterable[tuple[int, str]]) -> str:
    """Return the texts at their places; one whose place is taken is left to the key."""
    row = ""
    for start, text in texts:
        if start >= cell_len(row):
            row += " " * (start - cell_len(row)) + text
    return row


def _wrapped(entries: Iterable[str], space: int) -> Iterator[str]:
    row = ""
    for entry in (part for whole in entries for part in chop_cells(whole, space)):
        if row and cell_len(row) + KEY_GAP + cell_len(entry) > space:
            yield row
            row = ""
        row += " " * KEY_GAP + entry if row else entry
    yield row
