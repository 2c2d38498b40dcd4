"""Copies tags and pictures from one audio file to another, whatever the formats of the two.

Text tags are converted by way of Vorbis comments; ID3 frames are copied into an MP3 unchanged.
"""

import base64
import errno
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from mutagen import MutagenError, id3
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2File
from mutagen.dsf import DSF
from mutagen.flac import FLAC, Picture
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.oggopus import OggOpus
from mutagen.wave import WAVE

from playlist_builder.language.text import encodable
from playlist_builder.language.translation import Phrase
from playlist_builder.tags import read
from playlist_builder.tags.gains import gain_texts, is_gain_name

_EQUIVALENTS = {  # Vorbis comment: ID3 frame, MP4 atom; others become TXXX or a freeform atom
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
_FROM_ID3 = {frame: name for name, (frame, _) in _EQUIVALENTS.items()}
_FROM_MP4 = {atom: name for name, (_, atom) in _EQUIVALENTS.items() if atom}
_OTHER_NAMES = {
    "\xa9cmt": "comment",
    "desc": "description",
    "\xa9lyr": "lyrics",
    "track": "tracknumber",
    "disc": "discnumber",
    "year": "date",
    "album artist": "albumartist",
}
_ENCODER_SPECIFIC = re.compile(  # of the old file: players would cut the new one by its iTunSMPB
    r"encoder|encoded.by|encoding|itunsmpb|itunnorm|accuraterip.*|cuesheet|log|length|tlen|tsse|tenc"
    r"|metadata_block_picture|coverart.*|waveformatextensible_channel_mask",
    re.IGNORECASE,
)
_VORBIS_NAME = re.compile(r"[\x20-\x3c\x3e-\x7d]+")
_PICTURE_BYTES = 12_000_000  # a block of FLAC ends at 16 MiB
_FRONT_COVER = 3

# mutagen's classes are not typed.
_picture: Any = Picture
_KINDS_TO_WRITE: dict[str, Any] = {".mp3": MP3, ".flac": FLAC, ".opus": OggOpus}
_id3: Any = id3


def copy_tags(source: str, target: str) -> None:
    """Copy the text tags and pictures of `source` into the FLAC, Ogg or MP3 file at `target`.

    Gains are kept, since converting keeps the loudness, as the new format has them. Tags about the
    old encoder and in formats that are not understood are not copied. Raises OSError where a file
    cannot be read or written.
    """
    with read.Stream(source) as stream:
        parsed = read.opened(stream, source, (*read.KINDS[:-1], FLAC))
    if parsed is None:
        return
    texts, covers = _texts_of(parsed), _covers_of(parsed)
    is_opus = PurePath(target).suffix == ".opus"
    gains = {name: [text] for name, text in gain_texts(read.read(source), opus=is_opus).items()}
    try:
        file = _KINDS_TO_WRITE[PurePath(target).suffix](target)
        if file.tags is None:
            file.add_tags()
        if isinstance(file, MP3):
            _write_id3(file.tags, parsed, texts, covers, gains)
        else:
            _write_vorbis(file, texts | gains, covers)
        file.save()
    except MutagenError as error:
        read.raise_if_unreadable(error)
        raise OSError(
            errno.EIO, Phrase("its tags cannot be written: {why}", why=error), target
        ) from error


def _texts_of(parsed: Any) -> dict[str, list[str]]:  # noqa: ANN401
    """Return the text tags by names of Vorbis comments, each with its values."""
    found: dict[str, list[str]] = {}
    for raw, value in _numbers(parsed) + _named_texts(parsed):
        name = re.sub(r"\A----:[^:]*:|\AWM/", "", raw)
        name = _OTHER_NAMES.get(name.lower(), name).lower()
        if _VORBIS_NAME.fullmatch(name) and not (_is_left(name) or is_gain_name(name)):
            values = found.setdefault(name, [])
            values.extend(each for each in value.split("\0") if each and each not in values)
    return found


def _is_left(name: str) -> bool:
    return _ENCODER_SPECIFIC.fullmatch(name) is not None


def _named_texts(parsed: Any) -> read.Pairs:  # noqa: ANN401
    match parsed:
        case MP3() | WAVE() | AIFF() | DSF() | id3.ID3FileType():
            names = _FROM_ID3
        case MP4():
            names = _FROM_MP4
        case _:
            names = {}
    return [(names.get(name, name), text) for name, text in read.text_pairs(parsed)]


def _numbers(parsed: Any) -> read.Pairs:  # noqa: ANN401
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
    """Return the pictures in mutagen's FLAC class, without those that are broken or huge."""
    tags, covers = parsed.tags, []
    match parsed:
        case FLAC():
            covers = parsed.pictures
        case MP3() | WAVE() | AIFF() | DSF() | id3.ID3FileType():
            frames = tags.getall("APIC") if tags is not None else ()
            covers = [picture_of(f.data, f.mime, int(f.type), f.desc) for f in frames]
        case MP4():
            covers = [picture_of(bytes(each)) for each in (tags or {}).get("covr", ())]
        case APEv2File():
            covers = [
                picture_of(bytes(value.value).partition(b"\0")[2])
                for name, value in (tags or {}).items()
                if name.lower() == "cover art (front)"
            ]
        case _ if hasattr(tags, "get"):
            covers = list(_from_comments(tags))
    return [each for each in covers if 0 < len(each.data) <= _PICTURE_BYTES]


def _from_comments(comments: Any) -> Iterator[Any]:  # noqa: ANN401
    for text in comments.get("metadata_block_picture") or ():
        try:
            yield _picture(base64.b64decode(text))
        except read.UNPARSABLE:
            continue


def picture_of(data: bytes, mime: str = "", kind: int = _FRONT_COVER, text: str = "") -> Any:  # noqa: ANN401
    """Return an encoded image as a picture of mutagen's FLAC class."""
    picture = _picture()
    picture.data, picture.type, picture.desc = data, kind, text
    guess = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
    picture.mime = mime if "/" in mime else guess
    return picture


def id3_picture(picture: Any, encoding: Any) -> Any:  # noqa: ANN401
    """Return the ID3 frame of a picture, its description in one of `mutagen.id3.Encoding`."""
    about = {name: getattr(picture, name) for name in ("mime", "type", "desc", "data")}
    return _id3.APIC(encoding=encoding, **about)


def _write_vorbis(file: Any, texts: dict[str, list[str]], covers: list[Any]) -> None:  # noqa: ANN401
    for name, values in texts.items():
        file.tags[name] = [encodable(text) for text in values]
    for cover in covers:
        add_picture(file, cover)


def add_picture(file: Any, picture: Any) -> None:  # noqa: ANN401
    """Add a picture of mutagen's FLAC class to the tags of an open FLAC or Ogg file."""
    if hasattr(file, "add_picture"):
        file.add_picture(picture)
    else:
        block = base64.b64encode(picture.write()).decode("ascii")
        others = file.tags.get("metadata_block_picture", [])
        file.tags["metadata_block_picture"] = [*others, block]


def _write_id3(
    tags: Any,  # noqa: ANN401
    parsed: Any,  # noqa: ANN401
    texts: dict[str, list[str]],
    covers: list[Any],
    gains: dict[str, list[str]],
) -> None:
    for name, values in gains.items():
        tags.add(_frame_of(name, values))
    if isinstance(getattr(parsed, "tags", None), id3.ID3):
        for frame in parsed.tags.values():
            name = frame.desc if frame.FrameID == "TXXX" else frame.FrameID
            if not (_is_left(frame.FrameID) or is_gain_name(name)):
                tags.add(frame)
        return
    for name, values in texts.items():
        tags.add(_frame_of(name, [encodable(each) for each in values]))
    for cover in covers:
        tags.add(id3_picture(cover, _id3.Encoding.UTF8))


def _frame_of(name: str, texts: list[str]) -> Any:  # noqa: ANN401
    utf8 = _id3.Encoding.UTF8
    match name:
        case _ if name in _EQUIVALENTS:
            return _id3.Frames[_EQUIVALENTS[name][0]](encoding=utf8, text=texts)
        case "comment" | "description":
            return _id3.COMM(encoding=utf8, lang="XXX", desc="", text=texts)
        case "lyrics" | "unsyncedlyrics":
            return _id3.USLT(encoding=utf8, lang="XXX", desc="", text="\n".join(texts))
        case "musicbrainz_trackid":
            return _id3.UFID(owner=read.MUSICBRAINZ, data=texts[0].encode("ascii", "replace"))
        case _:
            return _id3.TXXX(encoding=utf8, desc=name.upper(), text=texts)
