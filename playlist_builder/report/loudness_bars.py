"""The steps of loudness between tracks as bars, upward where it gets louder."""

import math
from collections.abc import Iterator, Sequence

from playlist_builder.models import Session
from playlist_builder.report import summary
from playlist_builder.report.drawing import LETTER, Frame, text
from playlist_builder.report.language import Language, signed

HEADING = 18.0  # pixels above the bars, for what they are
HIGH = 60.0  # pixels of the longest bar upward and the longest downward together, at most
NUMBER = 16.0  # pixels above and below the bars, for numbers
MOST_PER_LU = 7.0  # pixels


def _reach(session: Session) -> tuple[float, float]:
    """Return how far the bars reach upward, with the limit, and downward, in LU."""
    steps = [step.rise_lu for step in summary.steps(session) if step is not None]
    limit = summary.rules(session).loudness_step_lu
    return max(limit if math.isfinite(limit) else 0.0, *steps), max(0.0, *(-x for x in steps))


def _per_lu(session: Session) -> float:
    """Return the pixels of one LU."""
    reach = sum(_reach(session))
    return min(MOST_PER_LU, HIGH / reach) if reach else 0.0


def height(session: Session) -> float:
    """Return how high the bars are drawn, 0 where no step is known."""
    if all(step is None for step in summary.steps(session)):
        return 0.0
    return HEADING + 2.0 * NUMBER + sum(_reach(session)) * _per_lu(session)


def bars(session: Session, language: Language, frame: Frame, top: float) -> Iterator[str]:
    """Yield a bar per join, as long as its step, on a scale that the longest fits; and numbers.

    Numbers stand at what rises most beyond the limit and at the deepest fall.
    """
    limit = summary.rules(session).loudness_step_lu
    placed = [
        (frame.x(slot.start_s), step)
        for slot, step in zip(summary.whole(session), summary.steps(session), strict=True)
        if step is not None
    ]
    loudest = sorted((step.rise_lu for _, step in placed if step.is_beyond), reverse=True)
    named_lu = min(loudest[: summary.LOUDEST], default=math.inf)
    highest, deepest = _reach(session)
    unit = _per_lu(session)
    zero = top + HEADING + NUMBER + highest * unit
    heading = language.gettext("Louder or quieter than the track before, in LU")
    yield text(frame.left, top + 10, heading, "faint")
    yield f'<path class="border" d="M{frame.left} {zero:.1f}H{frame.right}"/>'
    if math.isfinite(limit):
        y = zero - limit * unit
        yield f'<path class="limit" d="M{frame.left} {y:.1f}H{frame.right}"/>'
        yield text(frame.left - 5, y + 4, f"+{limit:g}", "faint", "end")
    wide = min(4.0, 0.5 * (frame.right - frame.left) / len(placed))
    for x, step in placed:
        high = abs(step.rise_lu) * unit
        y = zero - high if step.rise_lu > 0 else zero
        kind = "beyond" if step.is_beyond else "rise"
        yield (
            f'<rect class="{kind}" x="{x - wide / 2:.1f}" y="{y:.1f}" width="{wide:.1f}"'
            f' height="{high:.1f}"/>'
        )
    taken: list[float] = []
    half = LETTER * len("+12.3") / 2
    for x, step in sorted(placed, key=lambda each: -each[1].rise_lu):
        at = min(max(x, frame.left + half), frame.right - half)
        y = zero - step.rise_lu * unit
        if step.rise_lu >= named_lu:
            beside = (each + side * 2 * half for each in taken for side in (-1, 1))
            places = [at, *(each for each in beside if abs(each - x) <= half)]
            if free := [each for each in places if _is_free(each, taken, half, frame)]:
                taken.append(free[0])
                yield text(free[0], y - 4, signed(step.rise_lu), "beyond", "middle")
        elif step.rise_lu == -deepest < -limit:
            yield text(at, y + 12, signed(step.rise_lu), "faint", "middle")


def _is_free(x: float, taken: Sequence[float], half: float, frame: Frame) -> bool:
    """Return whether a number fits there between others, all of them twice `half` wide."""
    fits = frame.left + half <= x <= frame.right - half
    return fits and all(abs(x - other) > 2 * half - 0.01 for other in taken)
