"""Headers of uncompressed sound: what they state, and what FFmpeg is to read in their place.

Whoever writes through a pipe cannot go back to fill in the length, and leaves a dummy: 0, or a
number near 2^31 or 2^32. Then the sound goes to the end of the file. WAV, RF64, W64, AIFF, AU and
CAF are known; the formats are those of their documents, EBU Tech 3306 for RF64.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from playlist_builder.audio.parts import Part

MOST_CHUNKS = 1000
LEAST_BYTES = 64  # fewer are no sound
# SoX writes 0x7F000000 and 0x7FFFF000, others 0x80000000 or 0xFFFFFFFF, with a header's length
# added or taken off.
_DUMMIES = (range(0x7EFF_0000, 0x8001_0000), range(0xFF00_0000, 1 << 32))
_MOST = 1 << 62  # 64-bit sizes above are dummies too
_W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_W64_DATA = b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a")
_SIZE_ABSENT = 0xFFFF_FFFF
_AIFF_BYTES = {  # of a sample of uncompressed AIFF-C, None where COMM gives it
    b"NONE": None,
    b"twos": None,
    b"sowt": None,
    b"raw ": None,
    b"in24": 3,
    b"in32": 4,
    b"fl32": 4,
    b"FL32": 4,
    b"fl64": 8,
    b"FL64": 8,
}


@dataclass(frozen=True, slots=True)
class Sound:
    """Where sound begins, how many bytes of it are stated and there, and what replaces a header.

    `stated` is None where it is a dummy.
    """

    start: int
    stated: int | None
    there: int
    parts: tuple[Part, ...] = ()


def find_sound(file: BinaryIO, size: int) -> Sound | None:
    """Return the sound of a file of `size` bytes, None where it is in none of these formats."""
    file.seek(0)
    head = file.read(16)
    for magic, reader in _READERS.items():
        if head.startswith(magic):
            return reader(file, size)
    return None


def is_dummy(size: int) -> bool:
    """Whether a stated length is one that stands for an unknown one."""
    return size < LEAST_BYTES or any(size in each for each in _DUMMIES) or size >= _MOST


def _sound(start: int, stated: int | None, size: int) -> Sound:
    stated = None if stated is None or is_dummy(stated) else stated
    left = max(0, size - start)
    return Sound(start, stated, left if stated is None else min(stated, left))


def _riff(file: BinaryIO, size: int) -> Sound | None:
    chunks = _chunks(file, size, 12, "<4sI")
    if b"data" not in chunks:
        return None
    start, stated = chunks[b"data"]
    file.seek(0)
    riff = struct.unpack("<4sI", file.read(8))[1] + 8 - start
    long = chunks.get(b"ds64")
    if long is not None and stated >= _DUMMIES[-1].start:
        file.seek(long[0])
        riff, stated = struct.unpack("<QQ", file.read(16).ljust(16, b"\0"))
        riff += 8 - start
    found = _sound(start, riff if is_dummy(stated) else stated, size)
    if long is not None and is_dummy(stated):
        fields = struct.pack("<QQ", start - 8 + found.there, found.there) + bytes(8)
        return _replaced(found, size, {long[0]: fields, start - 4: b"\xff" * 4})
    if 0 < stated < LEAST_BYTES:  # FFmpeg takes all other dummies for what they are
        return _replaced(found, size, {start - 4: struct.pack("<I", found.there)})
    return found


def _w64(file: BinaryIO, size: int) -> Sound | None:
    at = 40
    for _ in range(MOST_CHUNKS):
        file.seek(min(at, size))
        header = file.read(24)
        if len(header) < 24:  # noqa: PLR2004 - a GUID and a size
            return None
        (stated,) = struct.unpack("<Q", header[16:])
        if header[:16] == _W64_DATA:
            found = _sound(at + 24, stated - 24, size)
            if found.stated is not None and stated >= 24:  # noqa: PLR2004 - as above
                return found
            whole = struct.pack("<Q", at + 24 + found.there)
            return _replaced(found, size, {16: whole, at + 16: struct.pack("<Q", found.there + 24)})
        at += max(24, stated + 7 & ~7)
    return None


def _aiff(file: BinaryIO, size: int) -> Sound | None:
    chunks = _chunks(file, size, 12, ">4sI")
    if b"SSND" not in chunks:
        return None
    at, stated = chunks[b"SSND"]
    start = at + 8
    file.seek(0)
    form = struct.unpack(">4sI", file.read(8))[1]
    comm, frame_bytes, frames = chunks.get(b"COMM", (0, 0))[0], 0, 0
    if comm:
        file.seek(comm)
        channels, frames, bits, _, coding = struct.unpack(">hIh10s4s", file.read(22).ljust(22))
        known = _AIFF_BYTES.get(coding) if chunks[b"COMM"][1] > 18 else None  # noqa: PLR2004 - AIFF-C
        is_plain = chunks[b"COMM"][1] <= 18 or coding in _AIFF_BYTES  # noqa: PLR2004
        frame_bytes = channels * (known or (bits + 7) // 8) if is_plain else 0
    by_frames = 0 if is_dummy(frames * max(frame_bytes, 1)) or is_dummy(frames) else frames
    lengths = (stated - 8, by_frames * frame_bytes, form + 8 - start)
    true = next((each for each in lengths if each > 0 and not is_dummy(each)), None)
    found = _sound(start, true, size)
    fields = {}
    if is_dummy(form) or form + 8 < min(start + found.there, size):
        fields[4] = struct.pack(">I", start + found.there - 8)
    if is_dummy(stated - 8) or stated < 8:  # noqa: PLR2004 - two fields before the sound
        fields[at - 4] = struct.pack(">I", found.there + 8)
    count = found.there // max(frame_bytes, 1)
    is_wrong = frames != count and found.there == found.stated
    if frame_bytes > 0 and (found.stated is None or is_wrong):
        fields[comm + 2] = struct.pack(">I", count)
    return _replaced(found, size, fields) if fields else found


def _au(file: BinaryIO, size: int) -> Sound | None:
    file.seek(4)
    start, stated = struct.unpack(">II", file.read(8).ljust(8, b"\0"))
    found = _sound(start, stated, size)
    if found.stated is None and stated != _SIZE_ABSENT:
        return _replaced(found, size, {8: struct.pack(">I", _SIZE_ABSENT)})
    return found


def _caf(file: BinaryIO, size: int) -> Sound | None:
    chunks = _chunks(file, size, 8, ">4sQ")
    if b"data" not in chunks:
        return None
    at, stated = chunks[b"data"]
    found = _sound(at + 4, max(0, stated - 4), size)
    if found.stated is None:
        return _replaced(found, size, {at - 8: b"\xff" * 8})
    return found


def _chunks(file: BinaryIO, size: int, at: int, form: str) -> dict[bytes, tuple[int, int]]:
    """Return where the contents of chunks begin and their stated sizes, by name, first ones first.

    What comes after sound of unknown length is not found.
    """
    found: dict[bytes, tuple[int, int]] = {}
    length = struct.calcsize(form)
    for _ in range(MOST_CHUNKS):
        file.seek(min(at, size))
        header = file.read(length)
        if len(header) < length:
            break
        name, stated = struct.unpack(form, header)
        found.setdefault(name, (at + length, stated))
        if name in {b"data", b"SSND"} and (is_dummy(stated) or at + stated > size):
            break
        at += length + stated + (stated % 2 if form != ">4sQ" else 0)
    return found


def _replaced(sound: Sound, size: int, fields: dict[int, bytes]) -> Sound:
    parts: list[Part] = []
    at = 0
    for place, field in sorted(fields.items()):
        parts += [range(at, place), field]
        at = place + len(field)
    return Sound(sound.start, sound.stated, sound.there, (*parts, range(at, size)))


_READERS: dict[bytes, Callable[[BinaryIO, int], Sound | None]] = {
    b"RIFF": _riff,
    b"RF64": _riff,
    b"BW64": _riff,
    _W64_RIFF: _w64,
    b"FORM": _aiff,
    b".snd": _au,
    b"caff": _caf,
}
