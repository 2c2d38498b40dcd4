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

_VARIANTS = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u02d7\u2043\ufe58\uff0d", "-")
    | dict.fromkeys(
        "\u2018\u2019\u201a\u201b\u02b9\u02bb\u02bc\u02bd\u02c8\u2032\u2035\u00b4\ua78c", "'"
    )
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\u301d\u301e\u301f", '"')
    | dict.fromkeys("\u2044\u2215", "/")
    | {"\u301c": "~", "\u223c": "~", "\u266f": "#", "\u266d": "b"}
    | dict.fromkeys("\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0e\ufe0f")
)
"""Punctuation that looks alike and is typed as one character; what has no width is left out."""

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
    """Return `text` without what cannot be seen or typed: case, Unicode form, kinds of one mark.

    In this form a text is sought in another. Hyphens, apostrophes and quotes of all kinds are those
    of ASCII.
    """
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKC", text.translate(_VARIANTS)).casefold()
    return unicodedata.normalize("NFKC", plain).translate(_VARIANTS)


class _Words(dict[int, str | int]):
    """For `str.translate`: spaces in place of marks and controls; apostrophes are left out."""

    def __missing__(self, code: int) -> str | int:
        kind = unicodedata.category(chr(code))
        is_word = kind[0] not in "PZC" or chr(code) == "#"
        self[code] = code if is_word else " "
        return self[code]


_WORDS = _Words({ord("'"): "", ord("`"): ""} | dict.fromkeys(map(ord, "~|^<>"), " "))


def comparable(text: str) -> str:
    """Return the words of a name; names with the same words are names of the same thing.

    Beyond `folded` it is without punctuation, so "Don't - Stop!" and "dont stop" are one name. A
    name of marks alone keeps them.
    """
    plain = folded(text)
    return " ".join((plain.translate(_WORDS)).split()) or " ".join(plain.split())


def digest(*texts: str) -> str:
    """Return 16 hexadecimal digits that stand for these texts, which hold no NUL."""
    from hashlib import blake2b  # noqa: PLC0415 - `--help` does without

    joined = "\0".join(texts).encode("utf-8", "surrogatepass")
    return blake2b(joined, digest_size=8).hexdigest()


def xml_safe(text: str) -> str:
    """Return one line that HTML and XML can hold, not yet escaped; scripts and emoji stay whole."""
    return replaced(" ".join(text.translate(_BIDI).split()), _UNDISPLAYED, REPLACEMENT)


def shortened(text: str, limit: int = LINE_LIMIT) -> str:
    """Return `xml_safe` text of at most `limit` characters."""
    words = xml_safe(text[: 10 * limit])
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


def whole_number(text: str) -> int | None:
    """Return the number that decimal digits name; None where they name none below a billion."""
    digits = text.lstrip("0") or text[-1:]
    return int(digits) if text.isdecimal() and len(digits) < 10 else None  # noqa: PLR2004 - of a billion


def counted(count: int, singular: str, plural: str = "") -> str:
    """Return a count with its noun, such as `1 track` or `2 tracks`."""
    return f"{count} {singular if count == 1 else plural or f'{singular}s'}"


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
