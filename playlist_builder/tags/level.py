"""Writes the gain of a track into the tags of a file, as players that level by tags read it.

Track and album gain are the same, so that a player in either mode plays the same. Every other gain
of the file goes, in whichever of its tags it stands, since some player would read that one.
"""

import errno
from typing import Any

from mutagen import MutagenError
from mutagen.apev2 import APENoHeaderError, APEv2
from mutagen.flac import FLAC
from mutagen.id3 import TXXX, Encoding
from mutagen.monkeysaudio import MonkeysAudio
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4FreeForm
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wavpack import WavPack

from playlist_builder.language.translation import Phrase
from playlist_builder.models import Tags
from playlist_builder.tags import read
from playlist_builder.tags.gains import gain_texts, is_gain_name

_APPLE = "----:com.apple.iTunes:"
_SOUND_CHECK = "itunnorm"  # gain of Apple's players
_ID3V2_3 = 3

# mutagen's classes are not typed.
_ape: Any = APEv2
_txxx: Any = TXXX
_freeform: Any = MP4FreeForm
_KINDS: tuple[Any, ...] = (FLAC, MP3, MP4, MonkeysAudio, OggOpus, OggVorbis, WavPack)


def holds_gain(path: str) -> bool:
    """Whether players read a gain from the tags of a file of this format; raises OSError."""
    with read.Stream(path) as stream:
        return isinstance(read.opened(stream, path, (*read.KINDS[:-1], FLAC)), _KINDS)


def write_gain(path: str, gain_db: float, peak: float) -> None:
    """Write a gain in dB to -18 LUFS and a peak, full scale = 1.0, into a file that holds gains.

    Raises OSError where the file cannot be written.
    """
    try:
        with read.Stream(path) as stream:
            kind = type(read.opened(stream, path, _KINDS))
        file: Any = kind(path)
        if file.tags is None:
            file.add_tags()
        texts = gain_texts(
            Tags(track_gain_db=gain_db, track_peak=peak, album_gain_db=gain_db, album_peak=peak),
            opus=isinstance(file, OggOpus),
        )
        if isinstance(file, MP3):
            _write_id3(file, texts)
            _clear_ape(path)
            return
        _clear(file.tags)
        values: dict[str, Any] = {name.upper(): text for name, text in texts.items()}
        if kind is MP4:
            values = {f"{_APPLE}{name}": [_freeform(t.encode())] for name, t in texts.items()}
        file.tags.update(values)
        file.save()
    except MutagenError as error:
        read.raise_if_unreadable(error)
        raise OSError(
            errno.EIO, Phrase("its gain cannot be written: {why}", why=error), path
        ) from error


def _write_id3(file: Any, texts: dict[str, str]) -> None:  # noqa: ANN401 - mutagen's are not typed
    for key, frame in list(file.tags.items()):
        name = frame.desc if frame.FrameID in {"TXXX", "COMM"} else frame.FrameID
        if is_gain_name(name) or name.lower() == _SOUND_CHECK:
            del file.tags[key]
    for name, text in texts.items():
        file.tags.add(_txxx(encoding=Encoding.LATIN1, desc=name.upper(), text=[text]))
    if file.tags.version[1] == _ID3V2_3:
        file.tags.update_to_v23()
        file.save(v2_version=3)
    else:
        file.save()


def _clear_ape(path: str) -> None:
    """Remove the gains of the APE tag that programs such as mp3gain write behind an MP3."""
    try:
        tags = _ape(path)
    except APENoHeaderError:
        return
    _clear(tags)
    tags.save(path)


def _clear(tags: Any) -> None:  # noqa: ANN401
    for key in list(tags.keys()):
        name = key.rsplit(":", 1)[-1]
        if is_gain_name(name) or name.lower() == _SOUND_CHECK:
            del tags[key]
