"""Path to `Tags`: what a file says about itself, by mutagen.

mutagen reads the names and raw values of each format; `fields` interprets them. A file whose tags
cannot be read still has a name. Memory: FLAC pictures are skipped; in other formats mutagen reads
the whole tag, so a cover costs a few times its size while its file is read. A tag that is larger
than any real one is not read.
"""

import errno
import io
import math
import os
import re
import struct
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from mutagen import MutagenError
from mutagen.aac import AAC
from mutagen.aiff import AIFF
from mutagen.apev2 import APETextValue, APEv2File
from mutagen.apev2 import APEv2 as _APEv2
from mutagen.asf import ASF
from mutagen.dsf import DSF
from mutagen.flac import FLAC, Picture
from mutagen.id3 import Encoding, ID3FileType
from mutagen.monkeysaudio import MonkeysAudio
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4FreeForm
from mutagen.musepack import Musepack
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.trueaudio import TrueAudio
from mutagen.wave import WAVE
from mutagen.wavpack import WavPack

from playlist_builder.models import Tags
from playlist_builder.tags import fields
from playlist_builder.tags.cue_sheet import MOST_TRACKS
from playlist_builder.tags.mojibake import repair

Pairs = list[tuple[str, str]]  # names and raw values, as `fields.from_pairs` takes them
_SCORED_BYTES = 128  # how much of a file mutagen's own guess looks at
_MAX_INFO_BYTES = 1 << 20  # of a RIFF INFO list
_MAX_READ_BYTES = 64 << 20  # a tag with its covers
_MAX_READS = 200_000  # half a second; an intact file needs fewer than 1,000
# Comments of programs for their own use: iTunes, MediaMonkey, and mutagen for ID3v1.
_MACHINE_COMMENT = re.compile(r"itun|songs-db|id3v1 comment", re.IGNORECASE)
MUSICBRAINZ = "http://musicbrainz.org"


class Stream(io.BufferedReader):
    """A file with limits on the size and number of reads.

    A broken header may ask for 4 GB, and a Musepack packet may point at itself.
    """

    def __init__(self, path: str) -> None:
        raw = io.FileIO(path)
        super().__init__(raw)
        self._size = os.fstat(raw.fileno()).st_size
        self._reads_left = _MAX_READS

    def read(self, size: int | None = -1, /) -> bytes:
        """Read no more than the file holds; raises MutagenError beyond the limits."""
        self._reads_left -= 1
        if self._reads_left < 0:
            raise MutagenError("tag structure loops")
        there = max(0, self._size - self.tell())
        wanted = there if size is None or size < 0 else min(size, there)
        if wanted > _MAX_READ_BYTES:
            raise MutagenError("larger than any tag")
        return super().read(wanted)


class _UnreadPicture(Picture):
    """A picture of a FLAC file that is skipped, because mutagen would keep its bytes."""

    def load(self, data: BinaryIO) -> None:
        """Skip the type, and three fields after their lengths: MIME type, text, picture."""
        for fixed_bytes in (4, 0, 16):
            data.seek(fixed_bytes, os.SEEK_CUR)
            data.seek(int.from_bytes(data.read(4), "big"), os.SEEK_CUR)


class _PlainFLAC(FLAC):
    METADATA_BLOCKS = [_UnreadPicture if b is Picture else b for b in FLAC.METADATA_BLOCKS]  # noqa: RUF012 - as the base has it


# mutagen's classes are not typed.
_APE: Any = _APEv2
KINDS: tuple[Any, ...] = (
    *(AAC, AIFF, APEv2File, ASF, DSF, ID3FileType, MonkeysAudio, MP3, MP4, Musepack, OggFLAC),
    *(OggOpus, OggSpeex, OggVorbis, TrueAudio, WAVE, WavPack, _PlainFLAC),
)
# mutagen raises its own error for a broken file, and any other from its parsers, such as a division
# by the rate of zero in a Speex header.
UNPARSABLE = Exception


def read(path: str) -> Tags:
    """Return the tags of one file; `duration_s` is the length by its header, in seconds.

    A file that is not understood has its name as the title and nothing else. Raises OSError where
    the file cannot be read.
    """
    with Stream(path) as stream:
        parsed = opened(stream, path, KINDS)
        pairs = [] if parsed is None else text_pairs(parsed) + _more_pairs(parsed, stream)
    return fields.from_pairs(pairs, path, None if parsed is None else _duration_s(parsed.info))


def opened(stream: BinaryIO, path: str, kinds: Sequence[Any]) -> Any:  # noqa: ANN401
    """Return the file as mutagen reads it, None where it is not understood.

    Formats are tried by their score: an .aac file after an ID3 tag scores highest as MP3.
    """
    head = stream.read(_SCORED_BYTES)
    name = os.fsencode(path).decode("latin-1")
    scored = [(kind.score(name, stream, head), kind.__name__, kind) for kind in kinds]
    for score, _, kind in sorted(scored, reverse=True):
        if score <= 0:
            break
        stream.seek(0)
        try:
            return kind(stream)
        except UNPARSABLE as error:
            raise_if_unreadable(error)
    return None


def raise_if_unreadable(error: BaseException | None) -> None:
    """Raise the error of disk, network or memory that mutagen wrapped, if there is one.

    EINVAL is no such error: it comes from a seek to where a broken header points.
    """
    while error is not None:
        of_system = isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)
        if of_system or isinstance(error, MemoryError):
            raise error
        error = error.__context__


def _duration_s(info: Any) -> float | None:  # noqa: ANN401 - mutagen's values are not typed
    length = getattr(info, "length", None)
    return float(length) if length and 0 < length < math.inf else None


def text_pairs(parsed: Any) -> Pairs:  # noqa: ANN401
    """Return names and raw values of the text tags of a file."""
    tags = parsed.tags
    match parsed:
        case MP3() | WAVE() | AIFF() | DSF() | ID3FileType():
            return _id3_pairs(tags)
        case APEv2File():  # Musepack is one
            return _ape_pairs(tags)
        case MP4():
            return _mp4_pairs(tags)
        case ASF():
            return [(name, v.value) for name, v in tags if isinstance(v.value, str)]
        case _:
            return list(tags or ())


def _more_pairs(parsed: Any, stream: BinaryIO) -> Pairs:  # noqa: ANN401
    """Return what mutagen does not read as tags."""
    try:
        match parsed:
            case MP3():  # mp3gain and others write an APE tag after it
                stream.seek(0)
                return _ape_pairs(_APE(stream))
            case WAVE():
                return _riff_info(stream)
            case Musepack():
                return _header_gains(parsed.info)
            case FLAC() if parsed.cuesheet is not None:
                return [("cuesheet", _sheet_text(parsed.cuesheet))]
    except UNPARSABLE as error:
        raise_if_unreadable(error)
    return []


def _id3_pairs(tags: Any) -> Pairs:  # noqa: ANN401
    """Return the texts of ID3 frames, those declared as Latin-1 repaired."""
    declared: Pairs = []
    undeclared: Pairs = []
    for frame in tags.values() if tags is not None else ():
        old = getattr(frame, "encoding", None) == Encoding.LATIN1
        (undeclared if old else declared).extend(_frame(frame))
    return declared + _repaired(undeclared)


def _frame(frame: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    match frame.FrameID:
        case "COMM" if not _MACHINE_COMMENT.match(frame.desc):
            yield "comment", "\0".join(frame.text)
        case "TXXX":
            yield frame.desc, "\0".join(frame.text)
        case "USLT":
            yield "lyrics", frame.text
        case "SYLT":
            yield "lyrics", "".join(text for text, _ in frame.text)
        case "RVA2":
            yield f"rva2{frame.desc}", str(frame.gain)
        case "UFID" if frame.owner == MUSICBRAINZ:
            yield "musicbrainz_trackid", frame.data.decode("latin-1")
        case "TMCL" | "TIPL" | "IPLS":
            for role, name in frame.people:
                yield "performer", f"{name} ({role})"
        case str(name) if name.startswith("T"):
            yield name, "\0".join(map(str, frame.text))


def _repaired(pairs: Pairs) -> Pairs:
    texts = repair([text[: fields.MAX_CHARACTERS] for _, text in pairs])
    return [(name, text) for (name, _), text in zip(pairs, texts, strict=True)]


def _ape_pairs(tags: Any) -> Pairs:  # noqa: ANN401
    items = tags.items() if tags is not None else ()
    return [(name, str(value)) for name, value in items if isinstance(value, APETextValue)]


def _header_gains(info: Any) -> Pairs:  # noqa: ANN401
    """Return the gains in a Musepack header, where 0 means not measured."""
    pairs = []
    for ours, theirs in (("track", "title"), ("album", "album")):
        if gain := getattr(info, f"{theirs}_gain", 0):
            pairs.append((f"header{ours}gain", f"{gain:.2f}"))
        if peak := getattr(info, f"{theirs}_peak", 0):
            # mutagen divides by the whole range of 16 bits, full scale is half of it.
            pairs.append((f"header{ours}peak", f"{2 * peak:.6f}"))
    return pairs


def _sheet_text(block: Any) -> str:  # noqa: ANN401
    """Return the tracks of a FLAC's block as a CUE sheet has them, without the lead-out."""
    numbers = [track.track_number for track in block.tracks if track.track_number <= MOST_TRACKS]
    return "".join(f"TRACK {number:02} AUDIO\n" for number in numbers)


def _mp4_pairs(tags: Any) -> Pairs:  # noqa: ANN401
    return [
        (name, bytes(value).decode("utf-8", "replace") if isinstance(value, bytes) else value)
        for name, values in (tags or {}).items()
        for value in (values if isinstance(values, list) else ())
        if isinstance(value, MP4FreeForm | str)
    ]


def _riff_info(stream: BinaryIO) -> Pairs:
    pairs: Pairs = []
    stream.seek(12)
    while len(head := stream.read(8)) == 8 and any(head):  # noqa: PLR2004 - a name and a size
        size = int.from_bytes(head[4:], "little")
        end = stream.tell() + size + size % 2
        if head[:4] == b"LIST" and size <= _MAX_INFO_BYTES and stream.read(4) == b"INFO":
            pairs += _info_values(stream.read(max(0, size - 4)))
        stream.seek(end)
    return pairs


def _info_values(body: bytes) -> Pairs:
    pairs: Pairs = []
    at = 0
    while at + 8 <= len(body):
        name, size = struct.unpack_from("<4sI", body, at)
        text = body[at + 8 : at + 8 + size].partition(b"\0")[0]
        pairs.append((name.decode("latin-1"), text.decode("latin-1")))
        at += 8 + size + size % 2
    return _repaired(pairs)
