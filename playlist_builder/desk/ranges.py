"""The Range header of a request -> the bytes it asks for (RFC 9110, section 14). Pure."""

import re

_SINGLE = re.compile(r"bytes=[ \t]*(\d*)-(\d*)[ \t]*", re.ASCII | re.IGNORECASE)
_DIGITS = 18  # of a number that is larger than any length, and cheap to read


def asked(header: str, length: int) -> range | None:
    """Return the bytes of a resource of `length` bytes that a header asks for.

    That is an empty range where it has none of them, and None where all are to be sent: the header
    is missing, not of bytes, not valid, or of several parts.
    """
    found = _SINGLE.fullmatch(header)
    if found is None or found[0].endswith("=-"):
        return None
    first, last = (_number(each) for each in found.groups())
    if first is None:
        return range(max(0, length - (last or 0)), length)
    if last is None:
        return range(min(first, length), length)
    return range(min(first, length), min(last + 1, length)) if first <= last else None


def _number(digits: str) -> int | None:
    if not digits:
        return None
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= _DIGITS else 10**_DIGITS
