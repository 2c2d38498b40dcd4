"""The plot of a session: planned phases and curve, what plays, tension, and a block per track.

A session goes in, elements of SVG come out. What plays is a smooth line over its raw contour, which
is tinted by how high the phase of each track is planned. Numbers lead to what there is to know.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from statistics import fmean

import numpy as np
from rich.cells import cell_len

from playlist_builder.language.text import clock
from playlist_builder.models import STEP_S, Session, Slot
from playlist_builder.report import curves, summary
from playlist_builder.report.chart import LONG_MIN
from playlist_builder.report.concerns import Concern
from playlist_builder.report.drawing import (
    BOLD,
    LEFT,
    LETTER,
    LINE,
    NARROW,
    RIGHT,
    Frame,
    Sheet,
    cut,
    path,
    text,
)
from playlist_builder.report.labels import labels, silence_label, span_name
from playlist_builder.report.language import Language

STRIP_HEIGHT = 34
WIDE_HEIGHT, NARROW_HEIGHT = 320, 220
MARK = 9.0  # radius of a numbered mark
BETWEEN = 3.0  # pixels between two numbers, at least
APART = 3.0  # pixels between two points of a line, at least; closer ones blur it
TICK_SPACE = 44  # pixels between two times on the axis, at least
MINUTES = (1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 360, 720, 1440)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a session that was heard is drawn with: the one that was planned, names of its tracks.

    `labels` describe the tracks that were heard, escaped.
    """

    planned: Session
    labels: Sequence[str]


def plot(
    session: Session,
    language: Language,
    noted: Sequence[Concern],
    sheet: Sheet,
    comparison: Comparison | None = None,
) -> tuple[list[str], Frame, float]:
    """Return the elements of a plot, its frame, and where it ends.

    With a `comparison` it is of a session that was heard, over what was planned.
    """
    width = sheet.width
    legend = _legend(session, language, width, is_heard=comparison is not None)
    top = sheet.top + LINE * max(row for _, row, _, _ in legend)
    length_s = max(summary.length_s(session), STEP_S)
    names = comparison.labels if comparison else labels(session, language)
    named = _names(session, language, width, length_s)
    marks = [(place, each) for place, each in enumerate(noted, start=1) if each.at_s is not None]
    rises = _rises(session, noted)
    plot_top = top + LINE * (1 + len({row for _, _, row in named})) + 8 + 24 * bool(marks or rises)
    high = WIDE_HEIGHT if width >= NARROW else NARROW_HEIGHT
    frame = Frame(LEFT, width - RIGHT, plot_top, plot_top + high, length_s)
    axis = frame.foot + STRIP_HEIGHT + 6
    first_name = top + LINE * 2 - 4
    elements = [
        *_drawn_legend(legend, sheet.top),
        *_tail(session, frame),
        *_silences(session, language, frame),
        *_grid(frame),
        *_time_axis(frame, axis, language),
        *_blocks(session, names, frame, is_linked=sheet.is_linked),
        *_numbers(session, frame),
        *_borders(session, frame, [first_name + LINE * row - 10 for _, _, row in named]),
        *(text(x, first_name + LINE * row, name, "name") for x, name, row in named),
        *(_meant(comparison.planned, frame) if comparison else ()),
        *_lines(session, frame),
        *_summit(session, language, frame),
        *(_dot(frame.x(at_s), frame) for at_s in rises),
        *_marks(marks, frame),
    ]
    return elements, frame, axis + LINE + 6


def _legend(
    session: Session, language: Language, width: int, *, is_heard: bool
) -> list[tuple[float, int, str, str]]:
    """Return x, row, kind and name of each line of the plot."""
    gettext = language.gettext
    played = gettext("energy as it was heard") if is_heard else gettext("energy as it plays")
    plan = gettext("planned energy, as steered") if is_heard else gettext("planned energy")
    entries = [("played", played), ("plan", plan)]
    if is_heard:
        entries.append(("meant", gettext("energy of the tracks that were planned")))
    entries.append(("phase", gettext("planned phases")))
    if any(slot.tension is not None for slot in summary.whole(session)):
        entries.append(("tense", gettext("tension")))
    if session.silences:
        entries.append(("silent", language.pgettext("plan", "silence")))
    placed: list[tuple[float, int, str, str]] = []
    x, row = float(LEFT), 0
    for kind, name in entries:
        wide = 28 + LETTER * cell_len(name)
        if placed and x + wide > width - RIGHT:
            x, row = float(LEFT), row + 1
        placed.append((x, row, kind, name))
        x += wide + 18
    return placed


def _drawn_legend(placed: Sequence[tuple[float, int, str, str]], top: float) -> Iterator[str]:
    for x, row, kind, name in placed:
        y = top + LINE * row + 12
        if kind == "silent":
            yield f'<rect class="{kind}" x="{x:.1f}" y="{y - 10:g}" width="22" height="12"/>'
        elif kind == "phase":
            yield f'<path class="{kind}" d="M{x + 11:.1f} {y - 11:g}v14"/>'
        else:
            yield f'<path class="{kind}" d="M{x:.1f} {y - 4:g}h22"/>'
        yield text(x + 28, y, name, "faint")


def _names(
    session: Session, language: Language, width: int, length_s: float
) -> list[tuple[float, str, int]]:
    """Return x, name and row of each phase; they alternate between two rows where one is full."""
    spans = summary.planned(session)
    scale = (width - LEFT - RIGHT) / length_s
    starts = [LEFT + span.start_s * scale + 4 for span in spans]
    names = [span_name(span, language) for span in spans]
    borders = [*starts, width]

    def space(place: int, rows: int) -> float:
        return borders[min(place + rows, len(borders) - 1)] - borders[place] - 6

    fits = all(cell_len(name) * BOLD <= space(place, 1) for place, name in enumerate(names))
    rows = 1 if fits else 2
    return [
        (start, cut(name, space(place, rows), BOLD), place % rows)
        for place, (start, name) in enumerate(zip(starts, names, strict=True))
    ]


def _tail(session: Session, frame: Frame) -> Iterator[str]:
    for span in summary.spans(session):
        if span.is_tail:
            x, end = frame.x(span.start_s), frame.x(span.end_s)
            high = frame.foot + STRIP_HEIGHT - frame.top
            yield (
                f'<rect class="tailed" x="{x:.1f}" y="{frame.top:g}" width="{end - x:.1f}"'
                f' height="{high:g}"/>'
            )


def _silences(session: Session, language: Language, frame: Frame) -> Iterator[str]:
    """Yield the planned silences, as high as the plot and the strip below it."""
    for silence in session.silences:
        x, end = frame.x(silence.start_s), frame.x(silence.end_s)
        yield (
            f'<g><title>{silence_label(silence, language)}</title><rect class="silent" x="{x:.1f}"'
            f' y="{frame.top:g}" width="{max(end - x, 1.0):.1f}"'
            f' height="{frame.foot + STRIP_HEIGHT - frame.top:g}"/></g>'
        )


def _borders(session: Session, frame: Frame, tops: Sequence[float]) -> Iterator[str]:
    """Yield a line where each phase is planned to begin, from its name on downward."""
    for span, top in zip(summary.planned(session), tops, strict=True):
        yield f'<path class="phase" d="M{frame.x(span.start_s):.1f} {top:g}V{frame.foot:g}"/>'


def _grid(frame: Frame) -> Iterator[str]:
    for quarter in range(5):
        y = frame.y(quarter / 4)
        yield f'<path class="grid" d="M{frame.left} {y:.1f}H{frame.right}"/>'
        yield text(frame.left - 5, y + 4, f"{quarter / 4:g}", "faint", "end")


def _time_axis(frame: Frame, y: float, language: Language) -> Iterator[str]:
    minutes = frame.length_s / 60.0
    space = (frame.right - frame.left) / minutes
    apart = next((each for each in MINUTES if each * space >= TICK_SPACE), MINUTES[-1])
    in_hours = minutes > LONG_MIN
    if not in_hours:
        yield text(frame.left - 10, y + LINE, language.gettext("min"), "faint", "end")
    yield f'<path class="border" d="M{frame.left} {y:g}H{frame.right}"/>'
    for minute in range(0, int(minutes) + 1, apart):
        x = frame.x(minute * 60.0)
        shown = f"{minute // 60}:{minute % 60:02d}" if in_hours and minute else str(minute)
        anchor = "end" if x > frame.right - 12 else "middle"
        yield f'<path class="border" d="M{x:.1f} {y:g}v5"/>'
        yield text(x, y + LINE, shown, "faint", anchor)


def _blocks(
    session: Session, names: Sequence[str], frame: Frame, *, is_linked: bool
) -> Iterator[str]:
    labelled = zip(summary.whole(session), names, summary.tints(session), strict=True)
    for place, (slot, about, tint) in enumerate(labelled):
        x, end = frame.x(slot.start_s), frame.x(slot.end_s)
        if is_linked:
            yield (
                f'<a class="block {tint}" href="#track-{place + 1}" aria-label="{about}"'
                f' data-start="{slot.start_s:.3f}" data-end="{slot.end_s:.3f}">'
            )
        else:
            yield f'<g class="block {tint}"><title>{about}</title>'
        yield from _contour(slot, frame)
        y = frame.foot + 2
        wide = max(end - x - 1, 0.5)
        yield (
            f'<rect class="tile" x="{x + 0.5:.2f}" y="{y:g}" width="{wide:.2f}"'
            f' height="{STRIP_HEIGHT - 2}" rx="2"/>'
        )
        yield (
            f'<rect class="reach" x="{x:.2f}" y="{frame.top:g}" width="{end - x:.2f}"'
            f' height="{frame.foot + STRIP_HEIGHT - frame.top:g}"/>'
        )
        yield "</a>" if is_linked else "</g>"


def _numbers(session: Session, frame: Frame) -> Iterator[str]:
    """Yield the number of each track in its tile, and when it starts where that fits.

    Where a tile is narrower than its number they stand in two rows in turn; one that does not fit
    in either is left out.
    """
    numbered = [
        (str(place), clock(slot.start_s), frame.x(slot.start_s), frame.x(slot.end_s))
        for place, slot in enumerate(summary.whole(session), start=1)
    ]
    is_narrow = any(end - x - 1 < len(place) * LETTER for place, _, x, end in numbered)
    upper, middle, lower = (frame.foot + 2 + below for below in (13, 20, 27))
    free = {upper: 0.0, middle: 0.0, lower: 0.0}
    for place, start, x, end in numbered:
        centre, half = (x + end) / 2, len(place) * LETTER / 2
        if end - x - 1 >= len(start) * LETTER and not is_narrow:
            yield text(centre, upper, place, "name", "middle")
            yield text(centre, lower, start, "", "middle")
            continue
        row = min((upper, lower), key=free.__getitem__) if is_narrow else middle
        if centre - half >= free[row]:
            free[row] = centre + half + BETWEEN
            yield text(centre, row, place, "", "middle")


def _contour(slot: Slot, frame: Frame) -> Iterator[str]:
    levels = slot.contour or (slot.energy,)
    group = max(1, math.ceil(APART / (frame.x(STEP_S) - frame.left)))
    means = [fmean(levels[first : first + group]) for first in range(0, len(levels), group)]
    middles = [slot.start_s + (place + 0.5) * group * STEP_S for place in range(len(means))]
    points = [
        (slot.start_s, means[0]),
        *(point for point in zip(middles, means, strict=True) if point[0] < slot.end_s),
        (slot.end_s, means[-1]),
    ]
    drawn = path(points, frame)
    x, end = frame.x(slot.start_s), frame.x(slot.end_s)
    yield f'<path class="area" d="{drawn}L{end:.1f} {frame.foot:g}L{x:.1f} {frame.foot:g}Z"/>'
    yield f'<path class="edge" d="{drawn}"/>'


def _lines(session: Session, frame: Frame) -> Iterator[str]:
    """Yield tension, plan and what plays, the most important above the others."""
    for run in curves.tension(session):
        yield f'<path class="tense" d="{_run(run, frame)}"/>'
    steps = enumerate(summary.curve(session))
    for is_silent, several in groupby(steps, key=lambda step: math.isnan(step[1])):
        if not is_silent:
            (first, level), *_ = points = list(several)
            last, end = points[-1]
            middles = [((step + 0.5) * STEP_S, level) for step, level in points]
            ends = [(first * STEP_S, level), *middles, ((last + 1) * STEP_S, end)]
            yield f'<path class="plan" d="{path(ends, frame)}"/>'
    for run in curves.energy(session):
        yield f'<path class="played" d="{_run(run, frame)}"/>'


def _meant(planned: Session, frame: Frame) -> Iterator[str]:
    """Yield the energy of the tracks that were planned, without the tail."""
    for run in curves.energy(replace(planned, tail=())):
        yield f'<path class="meant" d="{_run(run, frame)}"/>'


def _run(run: curves.Run, frame: Frame) -> str:
    """Return a path through a line, with one point to every `APART` pixels and both its ends."""
    columns = (frame.x(run.times_s) / APART).astype(int)
    kept = np.unique([*np.unique(columns, return_index=True)[1], len(columns) - 1])
    return path(zip(run.times_s[kept].tolist(), run.values[kept].tolist(), strict=True), frame)


def _summit(session: Session, language: Language, frame: Frame) -> Iterator[str]:
    """Yield a dot at the highest point of what plays, and its time, where the plan has a peak."""
    found = curves.highest(session) if summary.peak(session) else None
    if found:
        time_s, level = found
        x, y = frame.x(time_s), frame.y(level)
        yield f'<circle class="summit" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
        told = language.gettext("highest {time}").format(time=clock(time_s))
        half = cell_len(told) * BOLD / 2
        at = min(max(x, frame.left + half), frame.right - half)
        yield text(at, max(y - 12, frame.top + 10), told, "name haloed", "middle")


def _rises(session: Session, noted: Sequence[Concern]) -> list[float]:
    """Return when it gets louder the most at joins, but for those that have a numbered mark."""
    slots, marked = summary.whole(session), {each.place for each in noted}
    loudest = summary.jumps(session)[: summary.LOUDEST]
    return [slots[place - 1].start_s for place in loudest if place not in marked]


def _dot(x: float, frame: Frame) -> str:
    return f'<circle class="rises" cx="{x:.1f}" cy="{frame.top - MARK - 4:g}" r="3.5"/>'


def _marks(marks: Sequence[tuple[int, Concern]], frame: Frame) -> Iterator[str]:
    """Yield a number above the place of each thing to know; those too close stand side by side.

    Where there is no space for all numbers, each is a dot.
    """
    y, free = frame.top - MARK - 4, 0.0
    if len(marks) * 2 * (MARK + 1) > frame.right - frame.left:
        for _, each in marks:
            x, kind = frame.x(each.at_s or 0.0), "mark felt" if each.is_felt else "mark"
            yield (
                f'<g class="{kind}"><path d="M{x:.1f} {y:g}V{frame.foot:g}"/>'
                f'<circle cx="{x:.1f}" cy="{y:g}" r="3"/></g>'
            )
        return
    for number, each in sorted(marks, key=lambda mark: mark[1].at_s or 0.0):
        x = frame.x(each.at_s or 0.0)
        at = min(max(x, free, frame.left + MARK), frame.right - MARK)
        free = at + 2 * MARK + 2
        kind = "mark felt" if each.is_felt else "mark"
        yield (
            f'<g class="{kind}"><path d="M{at:.1f} {y + MARK:g}L{x:.1f} {frame.top:g}'
            f'V{frame.foot:g}"/><circle cx="{at:.1f}" cy="{y:g}" r="{MARK:g}"/>'
        )
        yield text(at, y + 4, str(number), "", "middle")
        yield "</g>"
