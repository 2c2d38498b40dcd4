"""Elements of SVG as text: where a time and an energy lie, paths through them, words that fit."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from rich.cells import cell_len, set_cell_size

from playlist_builder.language.text import escaped, shortened
from playlist_builder.models import Floats

LEFT, RIGHT = 34, 10
LETTER = 7.0  # pixels of a terminal cell of text; a wide character takes two cells
BOLD = 7.5  # the same of bold text
LINE = 18
NARROW = 600  # pixels of a picture: below, it is for a phone

Times = TypeVar("Times", float, Floats)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is drawn on: its width, from where on; whether its blocks are links of a page."""

    width: int
    top: float
    is_linked: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """The plot area: `left` to `right` is the session, `top` to `foot` energy from 1 to 0."""

    left: float
    right: float
    top: float
    foot: float
    length_s: float

    def x(self, time_s: Times) -> Times:
        """Return where a time lies."""
        return self.left + (self.right - self.left) * time_s / self.length_s

    def y(self, energy: float) -> float:
        """Return where an energy lies, 0..1."""
        return self.foot - (self.foot - self.top) * min(max(energy, 0.0), 1.0)


def path(points: Iterable[tuple[float, float]], frame: Frame) -> str:
    """Return a path through times and energies, without points inside a horizontal line."""
    placed = [(round(frame.x(time_s), 1), round(frame.y(level), 1)) for time_s, level in points]
    kept = placed[:1]
    for here, after in pairwise(placed[1:]):
        if not kept[-1][1] == here[1] == after[1]:
            kept.append(here)
    kept += placed[-1:]
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in kept)


def cut(words: str, space: float, letter: float = LETTER) -> str:
    """Return the start of a text that fits into so many pixels."""
    columns = max(1, int(space / letter))
    words = shortened(words)
    return words if cell_len(words) <= columns else f"{set_cell_size(words, columns - 1).rstrip()}…"


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "") -> str:
    """Return an element of words, whose class is `kind`."""
    attributes = f' class="{kind}"' if kind else ""
    attributes += f' text-anchor="{anchor}"' if anchor not in {"", "start"} else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{attributes}>{escaped(words)}</text>'
