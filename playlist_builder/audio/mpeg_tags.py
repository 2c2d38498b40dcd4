"""Where the music lies in a stream of bare frames such as MP3, and how long it says it is.

Tags may lie anywhere: several at the start, one between two files that were joined, or at the end.
FFmpeg takes what is not at the edges for frames, and the cover in it for noise. Pure but for reads.
"""

import re
from itertools import chain
from typing import BinaryIO

ID3_HEADER_BYTES = 10
APE_BYTES = 32  # of its header and of its footer
CHUNK_BYTES = 1 << 20
_OVERLAP_BYTES = 64  # more than what is looked for, so that none is cut in two
_SYNCS = re.compile(  # MPEG audio and ADTS, AC-3, DTS; some files begin with zeros
    rb"\xff[\xe0-\xff]|\x0b\x77|\x7f\xfe\x80\x01|\xfe\x7f\x01\x80|\x1f\xff\xe8|\xff\x1f\x00\xe8|\0\0"
)
_MP4 = b"ftyp"  # behind the size of the first box, which begins with zeros as well
# An ID3v2 header with its first frame's name, or padding: chance makes no such bytes in music.
_ID3 = re.compile(
    rb"ID3[\x02-\x04]\0[\0\x10\x20\x40\x80\xc0\xe0][\0-\x7f]{4}(?=[A-Z][A-Z0-9]{2}|\0)"
)
_APE = re.compile(rb"APETAGEX[\xd0\xe8]\x07\0\0")
_TAGS = (_ID3, _APE)  # one by one: patterns that begin with letters are found ten times as fast
_ID3V1_BYTES, _ID3V1_EXTENDED_BYTES = 128, 227
_NAMES = (b"ID3", b"APETAGEX", b"TAG", b"LYRICS")  # how tags begin
_IS_HEADER, _HAS_HEADER = 1 << 29, 1 << 31  # flags of an APE tag
_RATES_HZ = (44_100, 48_000, 32_000)
_LAYER_3, _MONO = 0x02, 3  # codes in the header of a frame
# By the code of MPEG 1, 2 and 2.5: divisor of the rate, samples of a frame, and where its Xing
# header stands in mono and in stereo.
_MPEG = {3: (1, 1152, 21, 36), 2: (2, 576, 13, 21), 0: (4, 576, 13, 21)}
_FRAME_BYTES = 64  # fewer than any frame with a length in it
_XING_FRAMES = 1  # flag: the number of frames follows
_VBRI_AT = 36


def music_spans(file: BinaryIO, start: int, size: int) -> list[range]:
    """Return the spans between the tags behind `start`, none where these are no bare frames."""
    file.seek(start)
    head = file.read(8)
    if not _SYNCS.match(head) or head[4:] == _MP4:
        return []
    spans, at = [], start
    for tag in _tags(file, start, size):
        if tag.start > at:
            spans.append(range(at, tag.start))
        at = max(at, tag.stop)
    return [*spans, range(at, size)] if at < size else spans


def leading_bytes(file: BinaryIO, size: int) -> int:
    """Return the length of all tags before the music."""
    at = 0
    while at < size:
        file.seek(at)
        tag = tag_at(at, file.read(_OVERLAP_BYTES))
        if tag is None or tag.start != at:
            break
        at = tag.stop
    return min(at, size)


def is_one_id3(file: BinaryIO, start: int) -> bool:
    """Whether the one tag before `start` is one that FFmpeg steps over."""
    file.seek(0)
    head = file.read(_OVERLAP_BYTES)
    first = tag_at(0, head)
    return head.startswith(b"ID3") and first is not None and first.stop == start


def _tags(file: BinaryIO, start: int, size: int) -> list[range]:
    found, at, tail = [], start, b""
    file.seek(start)
    while chunk := file.read(CHUNK_BYTES):
        data, base = tail + chunk, at - len(tail)
        for match in chain.from_iterable(pattern.finditer(data) for pattern in _TAGS):
            head = data[match.start() : match.start() + _OVERLAP_BYTES]
            found.append(tag_at(base + match.start(), head))
        at += len(chunk)
        tail = data[-_OVERLAP_BYTES:]
    tags = [tag for tag in found if tag is not None and _is_whole(file, tag, start, size)]
    for length, name in ((_ID3V1_BYTES, b"TAG"), (_ID3V1_BYTES + _ID3V1_EXTENDED_BYTES, b"TAG+")):
        file.seek(max(start, size - length))
        if file.read(len(name)) == name:
            tags.append(range(max(start, size - length), size))
    return sorted(tags, key=lambda tag: tag.start)


def _is_whole(file: BinaryIO, tag: range, start: int, size: int) -> bool:
    """Whether music, another tag or the end follows a tag, so that its length is no lie."""
    if tag.start < start or tag.stop > size:
        return False
    file.seek(tag.stop)
    behind = file.read(_OVERLAP_BYTES)
    return not behind or bool(_SYNCS.match(behind)) or behind.startswith(_NAMES)


def tag_at(at: int, head: bytes) -> range | None:
    """Return the span of the tag whose header or footer stands at a place, None without one."""
    if head[:3] == b"ID3" and len(head) >= ID3_HEADER_BYTES and max(head[6:10]) < 128:  # noqa: PLR2004 - seven bits each
        length = 0
        for byte in head[6:10]:
            length = length << 7 | byte
        footer = ID3_HEADER_BYTES if head[5] & 0x10 else 0
        return range(at, at + ID3_HEADER_BYTES + length + footer)
    if head[:8] == b"APETAGEX" and len(head) >= APE_BYTES:
        length = int.from_bytes(head[12:16], "little")  # of the items and the footer
        flags = int.from_bytes(head[20:24], "little")
        if flags & _IS_HEADER:
            return range(at, at + APE_BYTES + length)
        header = APE_BYTES if flags & _HAS_HEADER else 0
        return range(at + APE_BYTES - length - header, at + APE_BYTES)
    return None


def stated_s(head: bytes) -> float | None:
    """Return the length in seconds of an MP3 by its Xing, Info or VBRI header, None without one.

    `head` are the first bytes behind the tags. FFmpeg guesses the length from the bit rate where
    there is no such header, or where files were joined.
    """
    for sync in re.finditer(rb"\xff[\xe0-\xff]", head):
        frame = _first_frame(head[sync.start() :])
        if frame is not None:
            count, samples, rate_hz = frame
            return count * samples / rate_hz or None
    return None


def _first_frame(head: bytes) -> tuple[int, int, int] | None:
    """Return the count of frames that one states, and their samples and rate in Hz."""
    if len(head) < _FRAME_BYTES or head[1] & 0x06 != _LAYER_3 or head[2] >> 4 in (0, 15):
        return None
    version, rate = head[1] >> 3 & 3, head[2] >> 2 & 3
    if version not in _MPEG or rate == len(_RATES_HZ):
        return None
    divisor, samples, mono_at, stereo_at = _MPEG[version]
    at = mono_at if head[3] >> 6 == _MONO else stereo_at
    count = b""
    if head[at : at + 4] in {b"Xing", b"Info"} and head[at + 7] & _XING_FRAMES:
        count = head[at + 8 : at + 12]
    elif head[_VBRI_AT : _VBRI_AT + 4] == b"VBRI":
        count = head[_VBRI_AT + 14 : _VBRI_AT + 18]
    return int.from_bytes(count, "big"), samples, _RATES_HZ[rate] // divisor
