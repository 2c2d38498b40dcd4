"""A session as one picture in SVG: the planned curve, the energy as played, the loudness steps.

Pure: a session goes in, text comes out. The picture is a file of its own, with a list of its
tracks, and a part of the page, where its blocks link to the list. It is drawn for a width in
pixels, so that letters have one size everywhere. It loads nothing. Colours are classes, light in
`STYLE`; a page may override them.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from statistics import fmean

from rich.cells import cell_len, set_cell_size

from playlist_builder.models import STEP_S, Session, Slot
from playlist_builder.report import summary
from playlist_builder.report.language import Language, number, signed
from playlist_builder.text import clock, escaped, shortened

PRINT_WIDTH = 1080
NARROWEST = 240
STYLE = "\n" + files(__package__).joinpath("templates", "picture.css").read_text(encoding="utf-8")
LEFT, RIGHT = 34, 10
LETTER = 6.4  # pixels of a terminal cell of text; a wide character takes two cells
LINE = 18
TITLE_HEIGHT = 40
STRIP_HEIGHT = 34
STEPS_UP, STEPS_DOWN = 44, 26
MOST_LU = 10.0  # the height of the longest bar; beyond it only the number tells more
MINUTES = (1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 360, 720, 1440)
KEY_COLUMN = 340
APART = 3.0  # pixels between two points of a contour, at least; closer ones blur it


@dataclass(frozen=True, slots=True)
class _Frame:
    """The plot area: `left` to `right` is the session, `top` to `foot` energy from 1 to 0."""

    left: float
    right: float
    top: float
    foot: float
    length_s: float

    def x(self, time_s: float) -> float:
        return self.left + (self.right - self.left) * time_s / self.length_s

    def y(self, energy: float) -> float:
        return self.foot - (self.foot - self.top) * min(max(energy, 0.0), 1.0)


def picture(session: Session, language: Language, *, width: int = PRINT_WIDTH) -> str:
    """Return a whole SVG document with a title and a list of its tracks, in light colours."""
    width = max(width, NARROWEST)
    body, height = _drawn(session, language, width, TITLE_HEIGHT, linked=False)
    key, bottom = _key(session, language, width, height + LINE)
    size = f'width="{width}" height="{bottom:g}" viewBox="0 0 {width} {bottom:g}"'
    spoken = f'xml:lang="{language.code}" font-family="{families(language)}"'
    title = title_of(session, language)
    length = language.duration(session.duration_s)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="picture" role="img" {size} {spoken}>',
            f"<title>{escaped(title)}</title>",
            f"<desc>{description(session, language)}</desc>",
            f"<style>{STYLE}</style>",
            f'<rect class="paper" width="{width}" height="{bottom:g}"/>',
            _text(LEFT, 24, _cut(title, width - LEFT - 100), "name"),
            _text(width - RIGHT, 24, length, "faint", "end"),
            *body,
            *key,
            "</svg>\n",
        ]
    )


def inline(
    session: Session, language: Language, *, size: str = "large", width: int = PRINT_WIDTH
) -> str:
    """Return an SVG element for a page that holds `STYLE`; block n links to `#track-n`.

    `size` is a class of the element, by which the style of the page shows or hides it.
    """
    body, height = _drawn(session, language, width, 0, linked=True)
    box = f'viewBox="0 0 {width} {height:g}"'
    label = description(session, language)
    return "\n".join(
        [f'<svg class="picture {size}" role="group" aria-label="{label}" {box}>', *body, "</svg>"]
    )


def title_of(session: Session, language: Language) -> str:
    """Return the title of the session's profile, or its name."""
    profile = summary.profile(session)
    return language.profile_word(profile.title) if profile else session.profile


def span_name(span: summary.Span, language: Language) -> str:
    """Return the name of a phase, or of the tail."""
    name = language.gettext("tail") if span.is_tail else language.profile_word(span.name)
    return shortened(name)


def description(session: Session, language: Language) -> str:
    """Return, escaped, what the picture shows, for those who do not see it."""
    beyond = language.gettext("{count} loudness steps rise beyond the limit of {limit} LU.").format(
        count=sum(step is not None and step.is_beyond for step in summary.steps(session)),
        limit=f"{summary.rules(session).loudness_step_lu:g}",
    )
    spans = summary.spans(session)
    curve = session.curve or (0.0,)
    template = language.gettext(
        "{title}: {count} tracks in {length}. Planned energy from {low} to {high};"
        " phases: {phases}. {beyond}"
    )
    return escaped(
        template.format(
            title=title_of(session, language),
            count=len(session.slots),
            length=language.duration(session.duration_s),
            low=number(min(curve), 2),
            high=number(max(curve), 2),
            phases=", ".join(
                f"{span_name(each, language)} {clock(each.start_s)}" for each in spans
            ),
            beyond=beyond,
        )
    )


def labels(session: Session, language: Language) -> list[str]:
    """Return, escaped, a description of each track."""
    rise = language.gettext(", step {step} LU")
    hint = language.gettext(" Tension {tension} (a hint).")
    template = language.gettext(
        "{number}. {title}{artist}. Starts {start}, lasts {length}, {phase}."
        " Energy {energy}, planned {plan}. {loudness} LUFS{step}. Voice: {vocals}."
    )
    phases = [span_name(span, language) for span in summary.spans(session) for _ in span.slots]
    slots, steps = summary.whole(session), summary.steps(session)
    return [
        escaped(
            template.format(
                number=place + 1,
                title=shortened(slot.title) or language.gettext("untitled"),
                artist=f", {shortened(slot.artist)}" if slot.artist else "",
                start=clock(slot.start_s),
                length=clock(slot.duration_s),
                phase=phase,
                energy=number(slot.energy, 2),
                plan=number(slot.target, 2),
                loudness=number(slot.loudness_lufs, 1),
                step="" if step is None else rise.format(step=signed(step.rise_lu)),
                vocals=language.voice(slot.vocals),
            )
            + ("" if slot.tension is None else hint.format(tension=number(slot.tension, 2)))
        )
        for place, (slot, step, phase) in enumerate(zip(slots, steps, phases, strict=True))
    ]


def _drawn(
    session: Session, language: Language, width: int, top: float, *, linked: bool
) -> tuple[list[str], float]:
    """Return the elements of the drawing from `top` on, and where it ends."""
    length_s = max(summary.length_s(session), STEP_S)
    named = _names(session, language, width, length_s)
    plot_top = top + LINE * (1 + len({row for _, _, row in named})) + 8
    plot_height = 230 if width >= 600 else 170  # noqa: PLR2004 - a phone
    frame = _Frame(LEFT, width - RIGHT, plot_top, plot_top + plot_height, length_s)
    axis = frame.foot + STRIP_HEIGHT + 6
    steps_top = axis + LINE + 40
    steps = summary.steps(session)
    has_steps = any(step is not None for step in steps)
    bottom = steps_top + STEPS_UP + STEPS_DOWN + 4 if has_steps else axis + LINE + 6
    return [
        *_legend(language, top + 12),
        *_bands(session, frame),
        *(_text(x, top + LINE * (2 + row) - 4, name, "name") for x, name, row in named),
        *_grid(frame),
        *_time_axis(frame, axis, language),
        *_blocks(session, language, frame, linked=linked),
        _line(frame, session.curve),
        *(_steps(session, language, frame, steps_top) if has_steps else ()),
    ], bottom


def _legend(language: Language, y: float) -> Iterator[str]:
    yield f'<path class="plan" d="M{LEFT} {y - 4:g}h22"/>'
    planned = language.gettext("planned energy")
    yield _text(LEFT + 28, y, planned, "faint")
    x = LEFT + 28 + LETTER * cell_len(planned) + 18
    yield (
        f'<g><rect class="area" x="{x:.1f}" y="{y - 8:g}" width="22" height="9"/>'
        f'<path class="edge" d="M{x:.1f} {y - 8:g}h22"/></g>'
    )
    yield _text(x + 28, y, language.gettext("energy as it plays"), "faint")


def _names(
    session: Session, language: Language, width: int, length_s: float
) -> list[tuple[float, str, int]]:
    """Return x, name and row of each phase; they alternate between two rows where one is full."""
    spans = summary.spans(session)
    scale = (width - LEFT - RIGHT) / length_s
    starts = [LEFT + span.start_s * scale + 4 for span in spans]
    names = [span_name(span, language) for span in spans]
    borders = [*starts, width]

    def space(place: int, rows: int) -> float:
        return borders[min(place + rows, len(borders) - 1)] - borders[place] - 6

    fits = all(cell_len(name) * LETTER <= space(place, 1) for place, name in enumerate(names))
    rows = 1 if fits else 2
    return [
        (start, _cut(name, space(place, rows)), place % rows)
        for place, (start, name) in enumerate(zip(starts, names, strict=True))
    ]


def _bands(session: Session, frame: _Frame) -> Iterator[str]:
    foot = frame.foot + STRIP_HEIGHT
    for place, span in enumerate(summary.spans(session)):
        x, end = frame.x(span.start_s), frame.x(span.end_s)
        if span.is_tail or place % 2:
            kind = "tailed" if span.is_tail else "band"
            yield (
                f'<rect class="{kind}" x="{x:.1f}" y="{frame.top:g}" width="{end - x:.1f}"'
                f' height="{foot - frame.top:g}"/>'
            )
        yield f'<path class="border" d="M{x:.1f} {frame.top - 14:g}V{foot:g}"/>'


def _grid(frame: _Frame) -> Iterator[str]:
    for quarter in range(5):
        y = frame.y(quarter / 4)
        yield f'<path class="grid" d="M{frame.left} {y:.1f}H{frame.right}"/>'
        yield _text(frame.left - 5, y + 4, f"{quarter / 4:g}", "faint", "end")


def _time_axis(frame: _Frame, y: float, language: Language) -> Iterator[str]:
    minutes = frame.length_s / 60.0
    space = (frame.right - frame.left) / minutes
    apart = next((each for each in MINUTES if each * space >= 44), MINUTES[-1])  # noqa: PLR2004
    in_hours = apart % 60 == 0
    unit = language.gettext("h") if in_hours else language.gettext("min")
    yield _text(frame.left - 10, y + LINE, unit, "faint", "end")
    yield f'<path class="border" d="M{frame.left} {y:g}H{frame.right}"/>'
    for minute in range(0, int(minutes) + 1, apart):
        x = frame.x(minute * 60.0)
        shown = str(minute // 60 if in_hours else minute)
        anchor = "end" if x > frame.right - 12 else "middle"
        yield f'<path class="border" d="M{x:.1f} {y:g}v5"/>'
        yield _text(x, y + LINE, shown, "faint", anchor)


def _blocks(session: Session, language: Language, frame: _Frame, *, linked: bool) -> Iterator[str]:
    labelled = zip(summary.whole(session), labels(session, language), strict=True)
    for place, (slot, about) in enumerate(labelled):
        x, end = frame.x(slot.start_s), frame.x(slot.end_s)
        parity = "odd" if place % 2 else "even"
        if linked:
            yield (
                f'<a class="block {parity}" href="#track-{place + 1}" aria-label="{about}"'
                f' data-start="{slot.start_s:.3f}" data-end="{slot.end_s:.3f}">'
            )
        else:
            yield f'<g class="block {parity}"><title>{about}</title>'
        yield from _contour(slot, frame)
        y = frame.foot + 2
        wide = max(end - x - 1, 0.5)
        yield (
            f'<rect class="tile" x="{x + 0.5:.2f}" y="{y:g}" width="{wide:.2f}"'
            f' height="{STRIP_HEIGHT - 2}" rx="2"/>'
        )
        yield from _marked(place + 1, slot, (x + end) / 2, y, wide)
        yield (
            f'<rect class="reach" x="{x:.2f}" y="{frame.top:g}" width="{end - x:.2f}"'
            f' height="{frame.foot + STRIP_HEIGHT - frame.top:g}"/>'
        )
        yield "</a>" if linked else "</g>"


def _marked(place: int, slot: Slot, middle: float, y: float, wide: float) -> Iterator[str]:
    start = clock(slot.start_s)
    if wide >= len(start) * LETTER:
        yield _text(middle, y + 13, str(place), "name", "middle")
        yield _text(middle, y + 27, start, "faint", "middle")
    elif wide >= len(str(place)) * LETTER:
        yield _text(middle, y + 20, str(place), "faint", "middle")


def _contour(slot: Slot, frame: _Frame) -> Iterator[str]:
    levels = slot.contour or (slot.energy,)
    group = max(1, math.ceil(APART / (frame.x(STEP_S) - frame.left)))
    means = [fmean(levels[first : first + group]) for first in range(0, len(levels), group)]
    middles = [slot.start_s + (place + 0.5) * group * STEP_S for place in range(len(means))]
    points = [
        (slot.start_s, means[0]),
        *(point for point in zip(middles, means, strict=True) if point[0] < slot.end_s),
        (slot.end_s, means[-1]),
    ]
    path = _path(points, frame)
    x, end = frame.x(slot.start_s), frame.x(slot.end_s)
    yield f'<path class="area" d="{path}L{end:.1f} {frame.foot:g}L{x:.1f} {frame.foot:g}Z"/>'
    yield f'<path class="edge" d="{path}"/>'


def _line(frame: _Frame, curve: Sequence[float]) -> str:
    points = [((step + 0.5) * STEP_S, level) for step, level in enumerate(curve)]
    if not points:
        return ""
    ends = [(0.0, curve[0]), *points, (len(curve) * STEP_S, curve[-1])]
    return f'<path class="plan" d="{_path(ends, frame)}"/>'


def _path(points: Iterable[tuple[float, float]], frame: _Frame) -> str:
    """Return a path through times and energies, without points inside a horizontal line."""
    placed = [(round(frame.x(time_s), 1), round(frame.y(level), 1)) for time_s, level in points]
    kept = placed[:1]
    for here, after in pairwise(placed[1:]):
        if not kept[-1][1] == here[1] == after[1]:
            kept.append(here)
    kept += placed[-1:]
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in kept)


def _steps(session: Session, language: Language, frame: _Frame, top: float) -> Iterator[str]:
    """Yield a bar per transition, upward where it gets louder; numbers label the worst."""
    limit = summary.rules(session).loudness_step_lu
    zero, unit = top + STEPS_UP, STEPS_UP / MOST_LU
    heading = language.gettext("Loudness step into each track, LU")
    yield _text(frame.left, top - 20, heading, "faint")
    yield f'<path class="border" d="M{frame.left} {zero:g}H{frame.right}"/>'
    if limit <= MOST_LU:
        y = zero - limit * unit
        yield f'<path class="limit" d="M{frame.left} {y:.1f}H{frame.right}"/>'
        yield _text(frame.left - 5, y + 4, f"+{limit:g}", "faint", "end")
    yield _text(frame.left - 5, zero + 4, "0", "faint", "end")
    placed = [
        (frame.x(slot.start_s), step)
        for slot, step in zip(summary.whole(session), summary.steps(session), strict=True)
        if step is not None
    ]
    for x, step in placed:
        high = min(abs(step.rise_lu) * unit, STEPS_UP if step.rise_lu > 0 else STEPS_DOWN)
        y = zero - high if step.rise_lu > 0 else zero
        kind = "beyond" if step.is_beyond else "rise"
        yield f'<rect class="{kind}" x="{x - 2:.1f}" y="{y:.1f}" width="4" height="{high:.1f}"/>'
    taken: list[float] = []
    half = LETTER * len("▲+12.3") / 2
    for x, step in sorted(placed, key=lambda each: -each[1].rise_lu):
        at = min(max(x, frame.left + half), frame.right - half)
        if step.is_beyond and all(abs(at - other) > 2 * half for other in taken):
            taken.append(at)
            yield _text(at, top - 3, f"▲{signed(step.rise_lu)}", "beyond", "middle")


def _key(session: Session, language: Language, width: int, top: float) -> tuple[list[str], float]:
    """Return number, start, title and artist of every track in columns, and where they end."""
    slots = summary.whole(session)
    columns = max(1, (width - LEFT - RIGHT) // KEY_COLUMN)
    wide = (width - LEFT - RIGHT) / columns
    deep = -(-len(slots) // columns)
    lines = []
    for place, slot in enumerate(slots):
        column, row = divmod(place, deep)
        x, y = LEFT + column * wide, top + row * LINE
        title = shortened(slot.title) or language.gettext("untitled")
        called = f"{title} · {shortened(slot.artist)}" if slot.artist else title
        lines += [
            _text(x + 18, y, str(place + 1), "name", "end"),
            _text(x + 68, y, clock(slot.start_s), "faint", "end"),
            _text(x + 76, y, _cut(called, wide - 88)),
        ]
    return lines, top + deep * LINE


def _cut(text: str, space: float) -> str:
    """Return the start of `text` that fits into so many pixels."""
    columns = max(1, int(space / LETTER))
    text = shortened(text)
    return text if cell_len(text) <= columns else f"{set_cell_size(text, columns - 1).rstrip()}…"


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "") -> str:
    attributes = f' class="{kind}"' if kind else ""
    attributes += f' text-anchor="{anchor}"' if anchor not in {"", "start"} else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{attributes}>{escaped(text)}</text>'


def families(language: Language) -> str:
    """Return the fonts of a language as the value of `font-family`."""
    names = (*language.fonts, "sans-serif")
    return ", ".join(f"'{name}'" if " " in name else name for name in names)
