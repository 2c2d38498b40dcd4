"""A gain in the tags of every format that has a standard form for it, and no other gain beside."""

import re

import av
import mutagen
import numpy as np
import pytest
from mutagen import id3
from mutagen.apev2 import APEv2
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4

from playlist_builder.tags.level import holds_gain, write_gain
from playlist_builder.tags.read import read

FORMATS = {  # suffix: container, encoder, rate
    "flac": ("flac", "flac", 44100),
    "mp3": ("mp3", "libmp3lame", 44100),
    "m4a": ("ipod", "aac", 44100),
    "ogg": ("ogg", "vorbis", 44100),
    "opus": ("ogg", "libopus", 48000),
    "wv": ("wv", "wavpack", 44100),
}
NAMES = [f"replaygain_{scope}_{what}" for scope in ("track", "album") for what in ("gain", "peak")]


def made(path, container, encoder, rate_hz):
    """Write a twentieth of a second of music."""
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(encoder, rate=rate_hz, layout="stereo")
        context = stream.codec_context
        context.options = {"strict": "experimental"}  # FFmpeg's own Vorbis
        context.open()
        samples = np.full((1, rate_hz // 10), 0.1, np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="flt", layout="stereo")
        frame.sample_rate = rate_hz
        fit = av.AudioResampler(
            context.format.name, "stereo", rate_hz, frame_size=context.frame_size or 1024
        )
        for each in (*fit.resample(frame), *fit.resample(None), None):
            file.mux(stream.encode(each))
    return path


@pytest.fixture(params=FORMATS)
def file(request, tmp_path):
    return made(tmp_path / f"a.{request.param}", *FORMATS[request.param])


def gain_names(path):
    tags = mutagen.File(path).tags
    names = [each.desc for each in tags.getall("TXXX")] if path.suffix == ".mp3" else tags.keys()
    return sorted(
        name.rsplit(":", 1)[-1].lower() for name in names if re.search("(?i)gain|r128", name)
    )


def test_a_gain_is_read_as_it_was_written_once_and_twice(file):
    """Of the track and of the album alike, in the names of the format."""
    assert holds_gain(str(file))
    for gain_db in (4.25, -7.5):
        write_gain(str(file), gain_db, 0.5)
        found = read(str(file))
        assert (found.track_gain_db, found.album_gain_db) == (gain_db, gain_db)
        if file.suffix == ".opus":
            assert gain_names(file) == ["r128_album_gain", "r128_track_gain"]
            assert mutagen.File(file)["r128_track_gain"] == [str(round(256 * (gain_db - 5.0)))]
        else:
            assert (found.track_peak, found.album_peak) == (0.5, 0.5)
            assert gain_names(file) == sorted(NAMES)


def test_every_other_gain_of_an_mp3_goes_and_its_other_tags_stay(tmp_path):
    """Those of mp3gain behind the music, of ID3's own frame, and of Apple's players."""
    path = made(tmp_path / "a.mp3", *FORMATS["mp3"])
    ape = APEv2()
    ape["REPLAYGAIN_TRACK_GAIN"], ape["MP3GAIN_UNDO"], ape["Mood"] = "+9.0 dB", "+3,+3,N", "calm"
    ape.save(str(path))
    tags = id3.ID3()
    tags.add(id3.TIT2(encoding=3, text="Tïtle"))
    tags.add(id3.RVA2(desc="track", channel=1, gain=-3.0, peak=0.5))
    tags.add(id3.TXXX(encoding=3, desc="replaygain_track_gain", text="+8.0 dB"))
    tags.add(id3.COMM(encoding=3, lang="eng", desc="iTunNORM", text=" 00000A2C"))
    tags.add(id3.COMM(encoding=3, lang="eng", desc="", text="so calm"))
    tags.save(path, v2_version=3)
    write_gain(str(path), -2.0, 0.25)
    found, kept = read(str(path)), MP3(path).tags
    assert (found.track_gain_db, found.title, found.comments) == (-2.0, "Tïtle", ("so calm",))
    assert kept.version[1] == 3
    assert not kept.getall("RVA2")
    assert gain_names(path) == sorted(NAMES)
    assert list(APEv2(str(path))) == ["Mood"]


def test_apple_s_own_gain_of_an_m4a_goes(tmp_path):
    path = made(tmp_path / "a.m4a", *FORMATS["m4a"])
    file = MP4(path)
    file["----:com.apple.iTunes:iTunNORM"] = [b" 00000A2C"]
    file["----:com.apple.iTunes:MOOD"] = [b"calm"]
    file.save()
    write_gain(str(path), -2.0, 0.25)
    assert not [name for name in MP4(path) if "NORM" in name]
    assert read(str(path)).moods == ("calm",)


@pytest.mark.parametrize("suffix", ["wav", "aiff", "txt"])
def test_what_has_no_standard_form_of_a_gain_holds_none(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    if suffix == "txt":
        path.write_bytes(b"no music")
    else:
        kinds = {"wav": ("wav", "pcm_s16le", 44100), "aiff": ("aiff", "pcm_s16be", 44100)}
        made(path, *kinds[suffix])
    assert not holds_gain(str(path))
