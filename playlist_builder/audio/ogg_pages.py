"""Pages of an Ogg file (RFC 3533): headers that stand twice, and recordings chained in one file.

Some taggers left a second copy of Vorbis' three headers behind the first. Players skip it, since
the first bit of a header is set and that of sound is not; FFmpeg refuses the file.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from playlist_builder.audio.parts import Part
from playlist_builder.language.translation import Phrase

_HEADER = struct.Struct("<4sBBqIIIB")
_CRC_AT = 22
MAGIC = b"OggS"
_CONTINUED, _FIRST, _LAST = 1, 2, 4  # flags: the page begins within a packet, or is an end one
_FULL = 255  # a lacing value: the packet goes on
_MOST_PAGES = 400  # that headers may take: 25 MB with a picture
_TAIL_BYTES = 1 << 16  # FFmpeg gives up where it finds no page for so long
_VORBIS = b"\x01vorbis"
_VORBIS_HEADERS = 3
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class _Page:
    at: int
    header: bytes
    lacing: bytes
    body: bytes

    @property
    def flags(self) -> int:
        return self.header[5]

    @property
    def stream(self) -> bytes:
        return self.header[14:18]

    @property
    def end(self) -> int:
        return self.at + len(self.header) + len(self.lacing) + sum(self.lacing)


def repaired(file: BinaryIO, start: int, size: int) -> tuple[Part, ...]:
    """Return the parts that FFmpeg can read of a file whose first page is at `start`.

    There are none where it can read the whole.
    """
    end = end_of_music(file, size)
    parts, rest = _headers_once(file, start)
    return (*parts, range(rest, end)) if parts or end < size else ()


def _headers_once(file: BinaryIO, start: int) -> tuple[list[Part], int]:
    """Return the first pages without headers of Vorbis that stand twice, and where these end.

    There are none where no header stands twice.
    """
    parts: list[Part] = []
    headers, skips, changed, end = 0, False, False, start
    stream = None
    for page in islice(_pages(file, start), _MOST_PAGES):
        end = page.end
        if stream is None and page.body.startswith(_VORBIS):
            stream = page.stream
        if page.stream != stream:
            parts.append(range(page.at, end))
            continue
        kept, flags, has_sound = [], page.flags, False
        for number, (lacing, packet) in enumerate(_packets(page)):
            if number or not flags & _CONTINUED:
                is_header = bool(packet[:1]) and packet[0] & 1 == 1
                skips = is_header and headers >= _VORBIS_HEADERS
                headers += is_header and not skips
                has_sound |= not is_header
            if not skips:
                kept.append((lacing, packet))
            elif not number:
                flags &= ~_CONTINUED
        lacing = b"".join(lacing for lacing, _ in kept)
        is_same = lacing == page.lacing
        parts.append(range(page.at, end) if is_same else _written(page, flags, kept))
        changed |= not is_same
        if has_sound and not skips:
            break
    return (parts, end) if changed else ([], start)


def end_of_music(file: BinaryIO, size: int) -> int:
    """Return where the page ends that says it is the last, if FFmpeg would choke on what follows.

    That is the size of the file where little or no junk does, or the music has no proper end.
    """
    end = size
    while end > 0:
        start = max(0, end - _TAIL_BYTES)
        file.seek(start)
        tail = file.read(end - start + len(MAGIC) - 1)
        at = tail.rfind(MAGIC)
        if at >= 0:
            page = next(_pages(file, start + at), None)
            is_last = page is not None and page.flags & _LAST and page.end < size
            return page.end if page is not None and is_last and end < size else size
        end = start
    return size


def chained(file: BinaryIO) -> list[str]:
    """Return what recordings a file holds one after another: encoding, channels and rate."""
    pages = _pages(file, with_sound=False)
    return [kind for page in pages if page.flags & _FIRST and (kind := _kind(page.body))]


def _kind(packet: bytes) -> str:
    """Return the encoding, channels and rate that the first packet of a recording states."""
    if packet.startswith(_VORBIS) and len(packet) >= 16:  # noqa: PLR2004 - up to the rate
        return _described("Vorbis", packet[11], int.from_bytes(packet[12:16], "little"))
    if packet.startswith(b"OpusHead") and len(packet) >= 16:  # noqa: PLR2004
        return _described("Opus", packet[9], 48_000)
    if packet.startswith(b"\x7fFLAC") and len(packet) >= 30:  # noqa: PLR2004
        rate = int.from_bytes(packet[27:30], "big")  # 20 bits, then 3 of channels
        return _described("FLAC", (packet[29] >> 1 & 7) + 1, rate >> 4)
    return ""


def _described(name: str, channels: int, rate_hz: int) -> str:
    if channels == 1:
        return Phrase("{name} with 1 channel at {rate_hz} Hz", name=name, rate_hz=rate_hz)
    return Phrase(
        "{name} with {channels} channels at {rate_hz} Hz",
        name=name,
        channels=channels,
        rate_hz=rate_hz,
    )


def _pages(file: BinaryIO, at: int = 0, *, with_sound: bool = True) -> Iterator[_Page]:
    while True:
        file.seek(at)
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size or not header.startswith(MAGIC):
            return
        lacing = file.read(header[-1])
        wanted = with_sound or header[5] & _FIRST
        page = _Page(at, header, lacing, file.read(sum(lacing)) if wanted else b"")
        yield page
        at = page.end


def _packets(page: _Page) -> Iterator[tuple[bytes, bytes]]:
    """Yield the lacing values and the bytes of each packet, or of the part of it, in a page."""
    start = at = first = 0
    for number, length in enumerate(page.lacing):
        at += length
        if length < _FULL or number == len(page.lacing) - 1:
            yield page.lacing[first : number + 1], page.body[start:at]
            start, first = at, number + 1


def _written(page: _Page, flags: int, packets: list[tuple[bytes, bytes]]) -> bytes:
    lacing = b"".join(own for own, _ in packets)
    header = bytearray(page.header)
    header[5], header[26] = flags, len(lacing)
    header[_CRC_AT : _CRC_AT + 4] = bytes(4)
    raw = bytes(header) + lacing + b"".join(packet for _, packet in packets)
    return raw[:_CRC_AT] + checksum(raw).to_bytes(4, "little") + raw[_CRC_AT + 4 :]


def checksum(data: bytes) -> int:
    """Return the CRC of a page: that of zlib with all bits in the other order (RFC 3533)."""
    reversed_bits = zlib.crc32(data.translate(_REVERSED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int(f"{reversed_bits:032b}"[::-1], 2)
