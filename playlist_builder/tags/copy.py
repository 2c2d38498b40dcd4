"""Tags and pictures copied from one audio file to another, whatever the formats of the two.

Text tags travel under the names of Vorbis comments; a frame of ID3 goes into an MP3 as it is.
"""

import base64
import errno
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from mutagen import MutagenError
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2File
from mutagen.asf import ASF
from mutagen.dsf import DSF
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, COMM, ID3, TXXX, UFID, USLT, Encoding, Frames, ID3FileType
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.oggopus import OggOpus
from mutagen.wave import WAVE

from playlist_builder.tags.read import (
    KINDS,
    MUSICBRAINZ,
    UNPARSABLE,
    Pairs,
    Stream,
    ape_pairs,
    id3_pairs,
    mp4_pairs,
    opened,
    raise_if_unreadable,
)
from playlist_builder.text import encodable

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

# mutagen's classes are not typed.
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
    with Stream(source) as stream:
        parsed = opened(stream, source, (*KINDS[:-1], FLAC))
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
        raise_if_unreadable(error)
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


def _named_texts(parsed: Any) -> Pairs:  # noqa: ANN401
    tags = parsed.tags
    match parsed:
        case MP3() | WAVE() | AIFF() | DSF() | ID3FileType():
            return [(_FROM_ID3.get(name, name), text) for name, text in id3_pairs(tags)]
        case MP4():
            return [(_FROM_MP4.get(name, name), text) for name, text in mp4_pairs(tags)]
        case APEv2File():
            return ape_pairs(tags)
        case ASF():
            return [(name, v.value) for name, v in tags if isinstance(v.value, str)]
        case _:
            return list(tags or ())


def _numbers(parsed: Any) -> Pairs:  # noqa: ANN401
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
        except UNPARSABLE:
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
            return _ufid(owner=MUSICBRAINZ, data=texts[0].encode("ascii", "replace"))
        case _:
            return _txxx(encoding=Encoding.UTF8, desc=name.upper(), text=texts)
