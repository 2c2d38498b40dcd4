"""What a file says about itself: path to `Tags`, and from one file to another.

The only importer of mutagen.

Here each format gives up its names and raw values; `fields` knows what they mean. This room
refuses to lose a track over its tags: a file that is not understood still has a name.

Memory: FLAC pictures are stepped over. In every other format mutagen reads the whole tag, so a
cover costs a few times its size while its file is read; none of it is kept. A tag that is larger
than any real one is not read.
"""

import base64
import errno
import io
import math
import os
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath
from typing import Any, BinaryIO

from mutagen import MutagenError
from mutagen.aac import AAC
from mutagen.aiff import AIFF
from mutagen.apev2 import APETextValue, APEv2File
from mutagen.apev2 import APEv2 as _APEv2
from mutagen.asf import ASF
from mutagen.dsf import DSF
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, COMM, ID3, TXXX, UFID, USLT, Encoding, Frames, ID3FileType
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
from playlist_builder.tags.mojibake import repair
from playlist_builder.text import encodable

_Pairs = list[tuple[str, str]]
"""Names and raw values, as `fields.from_pairs` takes them."""

_SCORED_BYTES = 128  # how much of a file mutagen's own guess looks at
_MAX_INFO_BYTES = 1 << 20  # of a RIFF INFO list
_MAX_READ_BYTES = 64 << 20  # a tag with its covers
_MAX_READS = 200_000  # half a second; an intact file takes fewer than 1,000
# What programs write as a comment for themselves: iTunes, MediaMonkey, and mutagen for ID3v1.
_MACHINE_COMMENT = re.compile(r"itun|songs-db|id3v1 comment", re.IGNORECASE)
_MUSICBRAINZ = "http://musicbrainz.org"


class _Stream(io.BufferedReader):
    """A file that cannot be made to fill the memory or to be read for ever.

    A broken header may ask for 4 GB, and a Musepack packet that points back at itself would be
    read again without end.
    """

    def __init__(self, path: str) -> None:
        raw = io.FileIO(path)
        super().__init__(raw)
        self._size = os.fstat(raw.fileno()).st_size
        self._reads_left = _MAX_READS

    def read(self, size: int | None = -1, /) -> bytes:
        """Read no more than the file holds; MutagenError at the end of patience."""
        self._reads_left -= 1
        if self._reads_left < 0:
            raise MutagenError("the file leads its reader in circles")
        there = max(0, self._size - self.tell())
        wanted = there if size is None or size < 0 else min(size, there)
        if wanted > _MAX_READ_BYTES:
            raise MutagenError("larger than any tag")
        return super().read(wanted)


class _UnreadPicture(Picture):
    """A picture of a FLAC file that is stepped over, because mutagen would hold its bytes."""

    def load(self, data: BinaryIO) -> None:
        """Go past the type, and three fields behind their lengths: MIME type, text, picture."""
        for fixed_bytes in (4, 0, 16):
            data.seek(fixed_bytes, os.SEEK_CUR)
            data.seek(int.from_bytes(data.read(4), "big"), os.SEEK_CUR)


class _PlainFLAC(FLAC):
    METADATA_BLOCKS = [_UnreadPicture if b is Picture else b for b in FLAC.METADATA_BLOCKS]  # noqa: RUF012 - as the base has it


# mutagen's classes are not typed.
_APE: Any = _APEv2
_KINDS: tuple[Any, ...] = (
    AAC,
    AIFF,
    APEv2File,
    ASF,
    DSF,
    ID3FileType,
    MonkeysAudio,
    MP3,
    MP4,
    Musepack,
    OggFLAC,
    OggOpus,
    OggSpeex,
    OggVorbis,
    TrueAudio,
    WAVE,
    WavPack,
    _PlainFLAC,
)

# What mutagen raises for a broken file: its own error, and whatever its parsers let through, such
# as a division by the rate of zero in a Speex header. In the end that is any.
_UNPARSABLE = Exception


def read(path: str) -> Tags:
    """Read the tags of one file; `duration_s` is what its header claims, in seconds.

    A file that is not understood yields its name as the title and nothing else.
    Raises OSError where the file cannot be read.
    """
    with _Stream(path) as stream:
        pairs, duration_s = _parsed(stream, path)
    return fields.from_pairs(pairs, path, duration_s)


def _parsed(stream: BinaryIO, path: str) -> tuple[_Pairs, float | None]:
    parsed = _opened(stream, path, _KINDS)
    return ([], None) if parsed is None else (_pairs(parsed, stream), _duration_s(parsed.info))


def _opened(stream: BinaryIO, path: str, kinds: Sequence[Any]) -> Any:  # noqa: ANN401
    """Try the likely formats, best first: an .aac file behind an ID3 tag looks most like MP3."""
    head = stream.read(_SCORED_BYTES)
    name = os.fsencode(path).decode("latin-1")
    scored = [(kind.score(name, stream, head), kind.__name__, kind) for kind in kinds]
    for score, _, kind in sorted(scored, reverse=True):
        if score <= 0:
            break
        stream.seek(0)
        try:
            return kind(stream)
        except _UNPARSABLE as error:
            _raise_if_unreadable(error)
    return None


def _raise_if_unreadable(error: BaseException | None) -> None:
    """Raise the failure of the disk, network or memory that mutagen wrapped, if there is one.

    EINVAL is none: it comes of seeking to where a broken header points.
    """
    while error is not None:
        if isinstance(error, MemoryError):
            raise error
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise error
        error = error.__context__


def _duration_s(info: Any) -> float | None:  # noqa: ANN401 - mutagen's values are not typed
    length = getattr(info, "length", None)
    return float(length) if length and 0 < length < math.inf else None


def _pairs(parsed: Any, stream: BinaryIO) -> _Pairs:  # noqa: ANN401
    tags = parsed.tags
    match parsed:
        case MP3():
            pairs = _id3(tags) + _beside(_trailing_ape, stream)
        case WAVE():
            pairs = _id3(tags) + _beside(_riff_info, stream)
        case AIFF() | DSF() | ID3FileType():
            pairs = _id3(tags)
        case Musepack():
            pairs = _ape(tags) + _header_gains(parsed.info)
        case APEv2File():
            pairs = _ape(tags)
        case MP4():
            pairs = _mp4(tags)
        case ASF():
            pairs = [(name, v.value) for name, v in tags if isinstance(v.value, str)]
        case _:
            pairs = list(tags or ())
    return pairs


def _id3(tags: Any) -> _Pairs:  # noqa: ANN401
    declared: _Pairs = []
    undeclared: _Pairs = []
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
        case "UFID" if frame.owner == _MUSICBRAINZ:
            yield "musicbrainz_trackid", frame.data.decode("latin-1")
        case "TMCL" | "TIPL" | "IPLS":
            for role, name in frame.people:
                yield "performer", f"{name} ({role})"
        case str(name) if name.startswith("T"):
            yield name, "\0".join(map(str, frame.text))


def _repaired(pairs: _Pairs) -> _Pairs:
    texts = repair([text[: fields.MAX_CHARACTERS] for _, text in pairs])
    return [(name, text) for (name, _), text in zip(pairs, texts, strict=True)]


def _ape(tags: Any) -> _Pairs:  # noqa: ANN401
    items = tags.items() if tags is not None else ()
    return [(name, str(value)) for name, value in items if isinstance(value, APETextValue)]


def _beside(read_more: Callable[[BinaryIO], _Pairs], stream: BinaryIO) -> _Pairs:
    """Read what mutagen passes over; what is broken there does not cost the tags proper."""
    try:
        return read_more(stream)
    except _UNPARSABLE as error:
        _raise_if_unreadable(error)
        return []


def _trailing_ape(stream: BinaryIO) -> _Pairs:
    """Read the tag that mp3gain and others put behind an MP3."""
    stream.seek(0)
    return _ape(_APE(stream))


def _header_gains(info: Any) -> _Pairs:  # noqa: ANN401
    """Read the gains in a Musepack header, where 0 means that none was measured."""
    pairs = []
    for ours, theirs in (("track", "title"), ("album", "album")):
        if gain := getattr(info, f"{theirs}_gain", 0):
            pairs.append((f"header{ours}gain", f"{gain:.2f}"))
        if peak := getattr(info, f"{theirs}_peak", 0):
            # mutagen divides by the whole range of 16 bits, full scale is half of it.
            pairs.append((f"header{ours}peak", f"{2 * peak:.6f}"))
    return pairs


def _mp4(tags: Any) -> _Pairs:  # noqa: ANN401
    pairs: _Pairs = []
    for name, values in (tags or {}).items():
        for value in values if isinstance(values, list) else ():
            if isinstance(value, MP4FreeForm):
                pairs.append((name, bytes(value).decode("utf-8", "replace")))
            elif isinstance(value, str):
                pairs.append((name, value))
    return pairs


def _riff_info(stream: BinaryIO) -> _Pairs:
    """Read the INFO lists of a WAV file."""
    pairs: _Pairs = []
    stream.seek(12)
    while len(head := stream.read(8)) == 8 and any(head):  # noqa: PLR2004 - a name and a size
        size = int.from_bytes(head[4:], "little")
        end = stream.tell() + size + size % 2
        if head[:4] == b"LIST" and size <= _MAX_INFO_BYTES and stream.read(4) == b"INFO":
            pairs += _info_values(stream.read(max(0, size - 4)))
        stream.seek(end)
    return pairs


def _info_values(body: bytes) -> _Pairs:
    pairs: _Pairs = []
    at = 0
    while at + 8 <= len(body):
        name, size = struct.unpack_from("<4sI", body, at)
        text = body[at + 8 : at + 8 + size].partition(b"\0")[0]
        pairs.append((name.decode("latin-1"), text.decode("latin-1")))
        at += 8 + size + size % 2
    return _repaired(pairs)


_SAME = {
    # Vorbis comment: ID3 frame, MP4 atom. What is not here becomes TXXX or a freeform atom.
    "title": ("TIT2", "\xa9nam"),
    "artist": ("TPE1", "\xa9ART"),
    "album": ("TALB", "\xa9alb"),
    "albumartist": ("TPE2", "aART"),
    "composer": ("TCOM", "\xa9wrt"),
    "genre": ("TCON", "\xa9gen"),
    "date": ("TDRC", "\xa9day"),
    "tracknumber": ("TRCK", "trkn"),
    "discnumber": ("TPOS", "disk"),
    "grouping": ("TIT1", "\xa9grp"),
    "subtitle": ("TIT3", ""),
    "language": ("TLAN", ""),
    "mood": ("TMOO", ""),
    "bpm": ("TBPM", "tmpo"),
    "isrc": ("TSRC", ""),
    "copyright": ("TCOP", "cprt"),
    "organization": ("TPUB", ""),
    "conductor": ("TPE3", ""),
    "remixer": ("TPE4", ""),
    "lyricist": ("TEXT", ""),
    "initialkey": ("TKEY", ""),
    "media": ("TMED", ""),
    "originaldate": ("TDOR", ""),
    "compilation": ("TCMP", "cpil"),
    "artistsort": ("TSOP", "soar"),
    "titlesort": ("TSOT", "sonm"),
    "albumsort": ("TSOA", "soal"),
    "albumartistsort": ("TSO2", "soaa"),
}
_FROM_ID3 = {frame: name for name, (frame, _) in _SAME.items()}
_FROM_MP4 = {atom: name for name, (_, atom) in _SAME.items() if atom}
_OTHER_NAMES = {
    "\xa9cmt": "comment",
    "desc": "description",
    "\xa9lyr": "lyrics",
    "track": "tracknumber",
    "disc": "discnumber",
    "year": "date",
    "album artist": "albumartist",
}
_OF_THE_ENCODER = re.compile(
    r"encoder|encoded.by|encoding|itunsmpb|itunnorm|accuraterip.*|cuesheet|log|length|tlen|tsse|tenc"
    r"|metadata_block_picture|coverart.*|waveformatextensible_channel_mask",
    re.IGNORECASE,
)
"""What is true of the old file alone. iTunSMPB would have players cut the new one."""

_VORBIS_NAME = re.compile(r"[\x20-\x3c\x3e-\x7d]+")
_PICTURE_BYTES = 12_000_000  # a block of FLAC ends at 16 MiB
_FRONT_COVER = 3

# Again what is not typed.
_PictureBlock: Any = Picture
_KINDS_TO_WRITE: dict[str, Any] = {".mp3": MP3, ".flac": FLAC, ".opus": OggOpus}
_comm: Any = COMM
_txxx: Any = TXXX
_ufid: Any = UFID
_uslt: Any = USLT
_apic: Any = APIC


def copy_tags(source: str, target: str) -> None:
    """Give the FLAC, Ogg or MP3 file at `target` the text tags and pictures of `source`.

    ReplayGain goes along, since converting keeps the loudness. What names the old encoder, and
    formats of tags that are not understood, do not. Raises OSError where a file cannot be used.
    """
    with _Stream(source) as stream:
        parsed = _opened(stream, source, (*_KINDS[:-1], FLAC))
    if parsed is None:
        return
    texts, covers = _texts_of(parsed), _covers_of(parsed)
    try:
        file = _KINDS_TO_WRITE[PurePath(target).suffix](target)
        if file.tags is None:
            file.add_tags()
        if isinstance(file, MP3):
            _write_id3(file.tags, parsed, texts, covers)
        else:
            _write_vorbis(file, texts, covers)
        file.save()
    except MutagenError as error:
        _raise_if_unreadable(error)
        raise OSError(errno.EIO, f"its tags cannot be written: {error}", target) from error


def _texts_of(parsed: Any) -> dict[str, list[str]]:  # noqa: ANN401
    """Return the text tags under the names of Vorbis comments, values apart."""
    found: dict[str, list[str]] = {}
    for raw, value in _numbers(parsed) + _named_texts(parsed):
        name = re.sub(r"\A----:[^:]*:|\AWM/", "", raw)
        name = _OTHER_NAMES.get(name.lower(), name).lower()
        if _VORBIS_NAME.fullmatch(name) and not _OF_THE_ENCODER.fullmatch(name):
            values = found.setdefault(name, [])
            values.extend(each for each in value.split("\0") if each and each not in values)
    return found


def _named_texts(parsed: Any) -> _Pairs:  # noqa: ANN401
    tags = parsed.tags
    match parsed:
        case MP3() | WAVE() | AIFF() | DSF() | ID3FileType():
            return [(_FROM_ID3.get(name, name), text) for name, text in _id3(tags)]
        case MP4():
            return [(_FROM_MP4.get(name, name), text) for name, text in _mp4(tags)]
        case APEv2File():
            return _ape(tags)
        case ASF():
            return [(name, v.value) for name, v in tags if isinstance(v.value, str)]
        case _:
            return list(tags or ())


def _numbers(parsed: Any) -> _Pairs:  # noqa: ANN401
    """Return what MP4 keeps as numbers."""
    if parsed.tags is None or "audio/mp4" not in parsed.mime:
        return []
    pairs = [
        (name, f"{number}/{total}" if total else str(number))
        for atom, name in (("trkn", "tracknumber"), ("disk", "discnumber"))
        for number, total in (parsed.tags.get(atom) or ())[:1]
        if number
    ]
    pairs += [("bpm", str(beats)) for beats in (parsed.tags.get("tmpo") or ())[:1] if beats]
    return pairs + ([("compilation", "1")] if parsed.tags.get("cpil") is True else [])


def _covers_of(parsed: Any) -> list[Any]:  # noqa: ANN401
    """Return the pictures as FLAC has them; those that are broken or huge are left out."""
    covers: list[Any] = []
    match parsed:
        case FLAC():
            covers = list(parsed.pictures)
        case MP3() | WAVE() | AIFF() | DSF() | ID3FileType():
            frames: Any = parsed.tags.getall("APIC") if parsed.tags is not None else ()
            covers = [_cover(f.data, f.mime, int(f.type), f.desc) for f in frames]
        case MP4():
            atoms: Any = parsed.tags or {}
            covers = [_cover(bytes(each)) for each in atoms.get("covr", ())]
        case APEv2File():
            items: Any = parsed.tags or {}
            for name, value in items.items():
                if name.lower() == "cover art (front)":
                    covers.append(_cover(bytes(value.value).partition(b"\0")[2]))
        case _ if hasattr(parsed.tags, "get"):
            covers = list(_from_comments(parsed.tags))
    return [each for each in covers if 0 < len(each.data) <= _PICTURE_BYTES]


def _from_comments(comments: Any) -> Iterator[Any]:  # noqa: ANN401
    for text in comments.get("metadata_block_picture") or ():
        try:
            yield _PictureBlock(base64.b64decode(text))
        except _UNPARSABLE:
            continue


def _cover(data: bytes, mime: str = "", kind: int = _FRONT_COVER, text: str = "") -> Any:  # noqa: ANN401
    cover = _PictureBlock()
    cover.data, cover.type, cover.desc = data, kind, text
    guess = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
    cover.mime = mime if "/" in mime else guess
    return cover


def _write_vorbis(file: Any, texts: dict[str, list[str]], covers: list[Any]) -> None:  # noqa: ANN401
    for name, values in texts.items():
        file.tags[name] = [encodable(text) for text in values]
    for cover in covers:
        if hasattr(file, "add_picture"):
            file.add_picture(cover)
        else:
            block = base64.b64encode(cover.write()).decode("ascii")
            file.tags["metadata_block_picture"] = [
                *file.tags.get("metadata_block_picture", []),
                block,
            ]


def _write_id3(tags: Any, parsed: Any, texts: dict[str, list[str]], covers: list[Any]) -> None:  # noqa: ANN401
    if isinstance(getattr(parsed, "tags", None), ID3):
        for frame in parsed.tags.values():
            if not _OF_THE_ENCODER.fullmatch(frame.FrameID):
                tags.add(frame)
        return
    for name, values in texts.items():
        tags.add(_frame_of(name, [encodable(each) for each in values]))
    for cover in covers:
        tags.add(
            _apic(
                encoding=Encoding.UTF8,
                mime=cover.mime,
                type=cover.type,
                desc=cover.desc,
                data=cover.data,
            )
        )


def _frame_of(name: str, texts: list[str]) -> Any:  # noqa: ANN401
    """Return the ID3 frame of a Vorbis comment."""
    frame: Any = Frames.get(_SAME.get(name, ("", ""))[0])
    if frame is not None:
        return frame(encoding=Encoding.UTF8, text=texts)
    match name:
        case "comment" | "description":
            return _comm(encoding=Encoding.UTF8, lang="XXX", desc="", text=texts)
        case "lyrics" | "unsyncedlyrics":
            return _uslt(encoding=Encoding.UTF8, lang="XXX", desc="", text="\n".join(texts))
        case "musicbrainz_trackid":
            return _ufid(owner=_MUSICBRAINZ, data=texts[0].encode("ascii", "replace"))
        case _:
            return _txxx(encoding=Encoding.UTF8, desc=name.upper(), text=texts)
