"""The text of a playlist file from its bytes, in whatever encoding it is, and back."""

from dataclasses import dataclass

CODEPAGE = "cp1252"  # how a playlist that is not Unicode is decoded
UNPAIRED = "surrogateescape"  # keeps bytes that cannot be decoded as they were

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A text and its encoding; `mark` is the byte order mark."""

    text: str
    encoding: str
    mark: bytes

    def encode(self, text: str) -> bytes:
        """Return another text in the same encoding; UnicodeEncodeError where that cannot be."""
        errors = "surrogatepass" if self.encoding.startswith("utf-16") else UNPAIRED
        return self.mark + text.encode(self.encoding, errors)


def decode(data: bytes) -> DecodedText:
    """Return the text of a playlist; bytes that cannot be decoded stay as lone surrogates."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            errors = "replace" if encoding.startswith("utf-16") else UNPAIRED
            return DecodedText(data[len(mark) :].decode(encoding, errors), encoding, mark)
    start = data[:2]
    if len(start) == 2 and start.count(0) == 1:  # noqa: PLR2004 - one unit of UTF-16 without a mark
        encoding = "utf-16-be" if start[0] == 0 else "utf-16-le"
        return DecodedText(data.decode(encoding, "replace"), encoding, b"")
    try:
        return DecodedText(data.decode("utf-8"), "utf-8", b"")
    except UnicodeDecodeError:
        return DecodedText(data.decode(CODEPAGE, UNPAIRED), CODEPAGE, b"")
