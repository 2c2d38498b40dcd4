"""Text that comes from tags, files and people, made fit for HTML and SVG.

A tag may hold anything: markup, line breaks, control characters, bytes that are no text, a book.
Nothing of it may reach the page as more than words on one line.
"""

import unicodedata
from html import escape

SHOWN = 200
"""Letters of one text that are shown; a longer tag is a mistake, or made with intent."""

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of all that follows, around them too."""

_UNSHOWN = frozenset({"Cc", "Cs", "Cn", "Co"})


def plain(text: str) -> str:
    """Return words on one line, without what a browser or terminal would obey or cannot show."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(letter) in _UNSHOWN else letter
        for letter in " ".join(text.split())
        if letter not in _BIDI
    )


def short(text: str) -> str:
    """Return `plain` text of `SHOWN` letters at most."""
    words = plain(text[: 10 * SHOWN])
    return words if len(words) <= SHOWN else words[: SHOWN - 1].rstrip() + "…"


def escaped(text: str) -> str:
    """Return `plain` text as it stands in an element or in an attribute with quotes."""
    return escape(plain(text))
