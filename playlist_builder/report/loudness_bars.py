"""The steps of loudness between tracks as bars, upward where it gets louder."""

import math
from collections.abc import Iterator

from playlist_builder.models import Session
from playlist_builder.report import summary
from playlist_builder.report.drawing import LETTER, Frame, text
from playlist_builder.report.language import Language, signed

HEADING = 18  # pixels above the bars, for what they are
HIGH = 60.0  # pixels of the longest bar upward and the longest downward together
NUMBER = 16  # pixels above and below the bars, for numbers
MOST_PER_LU = 5.0  # pixels


def height(session: Session) -> float:
    """Return how high the bars are drawn, 0 where no step is known."""
    is_known = any(step is not None for step in summary.steps(session))
    return HEADING + HIGH + 2 * NUMBER if is_known else 0.0


def bars(session: Session, language: Language, frame: Frame, top: float) -> Iterator[str]:
    """Yield a bar per join, as long as its step, on a scale that the longest fits; and numbers.

    Numbers stand at what rises beyond the limit and at the deepest fall.
    """
    limit = summary.rules(session).loudness_step_lu
    placed = [
        (frame.x(slot.start_s), step)
        for slot, step in zip(summary.whole(session), summary.steps(session), strict=True)
        if step is not None
    ]
    highest = max(limit, *(step.rise_lu for _, step in placed))
    deepest = max(0.0, *(-step.rise_lu for _, step in placed))
    unit = min(MOST_PER_LU, HIGH / (highest + deepest))
    zero = top + HEADING + NUMBER + (highest * unit if math.isfinite(highest) else 0.0)
    heading = language.gettext("Louder or quieter than the track before, in LU")
    yield text(frame.left, top + 10, heading, "faint")
    yield f'<path class="border" d="M{frame.left} {zero:.1f}H{frame.right}"/>'
    if math.isfinite(limit):
        y = zero - limit * unit
        yield f'<path class="limit" d="M{frame.left} {y:.1f}H{frame.right}"/>'
        yield text(frame.left - 5, y + 4, f"+{limit:g}", "faint", "end")
    for x, step in placed:
        high = abs(step.rise_lu) * unit
        y = zero - high if step.rise_lu > 0 else zero
        kind = "beyond" if step.is_beyond else "rise"
        yield f'<rect class="{kind}" x="{x - 2:.1f}" y="{y:.1f}" width="4" height="{high:.1f}"/>'
    taken: list[float] = []
    half = LETTER * len("+12.3") / 2
    for x, step in sorted(placed, key=lambda each: -each[1].rise_lu):
        at = min(max(x, frame.left + half), frame.right - half)
        y = zero - step.rise_lu * unit
        if step.is_beyond and all(abs(at - other) > 2 * half for other in taken):
            taken.append(at)
            yield text(at, y - 4, signed(step.rise_lu), "beyond", "middle")
        elif step.rise_lu == -deepest < -limit:
            yield text(at, y + 12, signed(step.rise_lu), "faint", "middle")
