"""Lines of a terminal for text that is wide and has no spaces, such as Japanese."""

import unicodedata
from collections.abc import Iterator

NOT_FIRST = frozenset(
    "、。，．・：；？！）」』】〕％〜ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ"  # noqa: RUF001
    ",:;?!)]}"
)
NOT_LAST = frozenset("（「『【〔([{")  # noqa: RUF001
WIDE = frozenset("WF")  # classes of East Asian width that take two cells


def cells(text: str) -> int:
    """Return the columns of a terminal that a text takes."""
    return sum(
        0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in WIDE)
        for each in text
    )


def lines_of(text: str, width: int) -> list[str]:
    """Return a text in lines of at most `width` columns, as far as its words allow.

    It is broken at spaces and beside wide characters, but not before what closes or behind what
    opens.
    """
    lines, line, taken = [], "", 0
    for piece in _pieces(" ".join(text.split())):
        size = cells(piece)
        if line and taken + cells(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line, taken = "", 0
        line, taken = line + piece, taken + size
    return [*lines, line.rstrip()]


def _pieces(text: str) -> Iterator[str]:
    """Yield the parts of a text between which a line may end."""
    start = 0
    for place in range(1, len(text)):
        if _may_end(text[place - 1], text[place]):
            yield text[start:place]
            start = place
    yield text[start:]


def _may_end(before: str, after: str) -> bool:
    if after == " " or after in NOT_FIRST or before in NOT_LAST:
        return False
    return before == " " or any(
        unicodedata.east_asian_width(each) in WIDE for each in before + after
    )
