"""Text of tags, files, servers and users made safe for where it is shown, and times as text.

Such a text may hold anything: markup, line breaks, control characters, lone surrogates (which
stand for bytes that are not UTF-8), or a whole book.
"""

import unicodedata
from collections.abc import Set as AbstractSet

LINE_LIMIT = 200  # characters shown; a longer tag is a mistake or an attack
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

UNPRINTED = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Controls, lone surrogates and line separators: categories that no line of a file can hold."""

_UNDISPLAYED = frozenset({"Cc", "Cs", "Cn", "Co"})

_BIDI = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
"""Characters that change the direction of all that follows, also outside their own element."""


def replaced(text: str, categories: AbstractSet[str], by: str) -> str:
    """Return `text` with `by` in place of each character of some categories of Unicode."""
    return "".join(by if unicodedata.category(each) in categories else each for each in text)


def printable(text: str, by: str = REPLACEMENT) -> str:
    """Return `text` with `by` in place of what a terminal cannot show or would obey."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else by for each in text)


def one_line(text: str) -> str:
    """Return the printable words of `text` with single spaces between them."""
    return " ".join(printable(text, " ").split())


def encodable(text: str) -> str:
    """Return `text` with `?` in place of lone surrogates, which UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()


def folded(text: str) -> str:
    """Return `text` in the form in which texts are compared, without regard to case and width."""
    return unicodedata.normalize("NFKC", text).casefold()


def digest(*texts: str) -> str:
    """Return 16 hexadecimal digits that stand for these texts, which hold no NUL."""
    from hashlib import blake2b  # noqa: PLC0415 - `--help` does without

    joined = "\0".join(texts).encode("utf-8", "surrogatepass")
    return blake2b(joined, digest_size=8).hexdigest()


def xml_safe(text: str) -> str:
    """Return one line that HTML and XML can hold, not yet escaped; scripts and emoji stay whole."""
    return replaced(" ".join(text.translate(_BIDI).split()), _UNDISPLAYED, REPLACEMENT)


def shortened(text: str) -> str:
    """Return `xml_safe` text of at most `LINE_LIMIT` characters."""
    words = xml_safe(text[: 10 * LINE_LIMIT])
    return words if len(words) <= LINE_LIMIT else words[: LINE_LIMIT - 1].rstrip() + "…"


def escaped(text: str) -> str:
    """Return `xml_safe` text as it stands in an element or in a quoted attribute."""
    from html import escape  # noqa: PLC0415 - `--help` does without

    return escape(xml_safe(text))


def clock(seconds: float, *, has_hours: bool = False) -> str:
    """Return a time as h:mm:ss, or as m:ss below an hour unless `has_hours`."""
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    if hour or has_hours:
        return f"{hour}:{minute:02}:{second:02}"
    return f"{minute}:{second:02}"
