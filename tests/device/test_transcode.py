"""Converted tracks: as long as the original to a tenth of a second, with its tags and covers."""

import base64
import re
import shutil

import av
import mutagen
import numpy as np
import pytest
from mutagen import id3
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, TIT2, TPE1, TXXX, UFID
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggopus import OggOpus

from playlist_builder.audio import decode, encode
from playlist_builder.device import transcode
from playlist_builder.errors import AudioError
from playlist_builder.tags import read as tags

RATE_HZ = 44100
COVER = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8


def music(channels=2, seconds=3.3, rate_hz=RATE_HZ):
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = 0.4 * np.sin(2 * np.pi * 440 * time_s)
    return np.tile(tone, (channels, 1)).astype(np.float32)


def samples(path):
    with decode.AudioFile(str(path)) as recording:
        return np.concatenate(list(recording.blocks()), axis=1), recording.layout.sample_rate_hz


def coded(source, target, codec):
    """Write a track with another encoder."""
    block, rate_hz = samples(source)
    with av.open(str(target), "w") as container:
        rate_out = 48000 if codec == "libopus" else rate_hz
        stream = container.add_stream(codec, rate=rate_out, layout="stereo")
        packed = np.ascontiguousarray(block.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout="stereo")
        frame.sample_rate = rate_hz
        context = stream.codec_context
        kind = {"libopus": "flt"}.get(codec, "fltp")
        resampler = av.AudioResampler(
            kind, "stereo", rate_out, frame_size=context.frame_size or 1024
        )
        for each in (frame, None):
            for fitting in resampler.resample(each):
                container.mux(stream.encode(fitting))
        container.mux(stream.encode(None))
    return target


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "a.flac"
    encode.write_flac(str(path), music(), RATE_HZ, {})
    file = FLAC(path)
    file["title"] = "T\u00eftle"
    file["artist"] = ["A", "B"]
    file["album"] = "Al"
    file["tracknumber"] = "3"
    file["comment"] = "so calm"
    file["replaygain_track_gain"] = "-3.00 dB"
    file["musicbrainz_trackid"] = "0f8b8f0c-5b7c-4c3e-9a63-1d2b3c4d5e6f"
    file["mood"] = "calm"
    file["custom"] = "kept"
    picture = Picture()
    picture.data, picture.mime, picture.type = COVER, "image/jpeg", 3
    file.add_picture(picture)
    file.save()
    return path


def cover_of(path):
    if path.suffix == ".mp3":
        return MP3(path).tags.getall("APIC")[0].data
    if path.suffix == ".flac":
        return FLAC(path).pictures[0].data
    return Picture(base64.b64decode(OggOpus(path)["metadata_block_picture"][0])).data


@pytest.mark.parametrize("form", encode.TRACK_FORMS)
def test_length_tags_and_cover_are_kept(source, tmp_path, form):
    target = tmp_path / f"b.{form}"
    transcode.convert(str(source), str(target), form)
    before, rate_hz = samples(source)
    after, new_rate_hz = samples(target)
    assert abs(after.shape[1] / new_rate_hz - before.shape[1] / rate_hz) < 0.002
    assert transcode.is_encoded_as(str(target), form)
    old, new = tags.read(str(source)), tags.read(str(target))
    for name in ("title", "artists", "album", "comments", "moods", "track_gain_db"):
        assert getattr(new, name) == getattr(old, name), name
    assert new.musicbrainz_recording_id == old.musicbrainz_recording_id != ""
    assert cover_of(target) == COVER
    assert target.stat().st_mtime == pytest.approx(source.stat().st_mtime)


def test_a_lossless_track_stays_bit_for_bit(source, tmp_path):
    transcode.convert(str(source), str(tmp_path / "b.flac"), "flac")
    assert np.array_equal(samples(source)[0], samples(tmp_path / "b.flac")[0])


@pytest.mark.parametrize("form", ["mp3", "opus"])
def test_what_is_heard_is_the_same_and_starts_at_the_same_time(source, tmp_path, form):
    """The delay of the encoder is not added, at the start or at the end."""
    target = tmp_path / f"b.{form}"
    transcode.convert(str(source), str(target), form)
    after, rate_hz = samples(target)
    time_s = np.arange(after.shape[1]) / rate_hz
    ideal = 0.4 * np.sin(2 * np.pi * 440 * time_s)
    middle = slice(rate_hz, 2 * rate_hz)
    assert np.abs(after[0, middle] - ideal[middle]).max() < 0.03


@pytest.mark.parametrize("form", encode.TRACK_FORMS)
@pytest.mark.parametrize(
    ("rate_hz", "channels"),
    [(8000, 1), (22050, 1), (44100, 2), (96000, 2), (192000, 1), (88200, 2)],
)
def test_every_rate_is_taken(tmp_path, form, rate_hz, channels):
    source = tmp_path / "a.flac"
    encode.write_flac(str(source), music(channels, 1.0, rate_hz), rate_hz, {})
    transcode.convert(str(source), str(tmp_path / f"b.{form}"), form)
    after, new_rate_hz = samples(tmp_path / f"b.{form}")
    assert after.shape[0] == channels
    assert abs(after.shape[1] / new_rate_hz - 1.0) < 0.002


@pytest.mark.parametrize(("form", "channels"), [("mp3", 2), ("opus", 2), ("flac", 6)])
def test_surround_is_mixed_down_where_players_need_it(tmp_path, form, channels):
    source = tmp_path / "a.wav"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=48000, layout="5.1")
        block = np.zeros((1, 6 * 48000), np.int16)
        frame = av.AudioFrame.from_ndarray(block, format="s16", layout="5.1")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    transcode.convert(str(source), str(tmp_path / f"b.{form}"), form)
    assert samples(tmp_path / f"b.{form}")[0].shape[0] == channels


def test_24_bits_stay_24_bits(tmp_path):
    source = tmp_path / "a.wav"
    values = np.arange(-(1 << 23), 1 << 23, 331, dtype=np.int32) << 8
    with av.open(str(source), "w") as container:
        stream = container.add_stream("pcm_s24le", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(values[None], format="s32", layout="mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    transcode.convert(str(source), str(tmp_path / "b.flac"), "flac")
    assert np.array_equal(samples(source)[0], samples(tmp_path / "b.flac")[0])


def test_tags_of_mp3_and_mp4_and_vorbis_go_along(source, tmp_path):
    mp3 = coded(source, tmp_path / "x.mp3", "libmp3lame")
    file = MP3(mp3)
    if file.tags is None:
        file.add_tags()
    file.tags.add(TIT2(encoding=3, text="T"))
    file.tags.add(TPE1(encoding=3, text=["A", "B"]))
    file.tags.add(TXXX(encoding=3, desc="MOOD", text="calm"))
    file.tags.add(
        UFID(owner="http://musicbrainz.org", data=b"0f8b8f0c-5b7c-4c3e-9a63-1d2b3c4d5e6f")
    )
    file.tags.add(APIC(encoding=3, mime="image/jpeg", type=3, desc="", data=COVER))
    file.save()
    m4a = coded(source, tmp_path / "y.m4a", "aac")
    file = MP4(m4a)
    file["\xa9nam"], file["\xa9ART"], file["trkn"] = ["T"], ["A", "B"], [(3, 9)]
    file["----:com.apple.iTunes:MOOD"] = [b"calm"]
    file["----:com.apple.iTunes:iTunSMPB"] = [b" 00000000 00000840"]
    file["covr"] = [MP4Cover(COVER)]
    file.save()
    ogg = coded(source, tmp_path / "z.opus", "libopus")
    file = OggOpus(ogg)
    picture = Picture()
    picture.data, picture.mime, picture.type = COVER, "image/jpeg", 3
    file["title"], file["artist"], file["mood"] = "T", ["A", "B"], "calm"
    file["metadata_block_picture"] = base64.b64encode(picture.write()).decode()
    file.save()
    for path in (mp3, m4a, ogg):
        for form in encode.TRACK_FORMS:
            if transcode.is_encoded_as(str(path), form):
                continue
            target = tmp_path / f"{path.stem}-{form}.{form}"
            transcode.convert(str(path), str(target), form)
            read = tags.read(str(target))
            assert (read.title, read.artists, read.moods) == ("T", ("A", "B"), ("calm",))
            assert cover_of(target) == COVER
    read = MP3(tmp_path / "y-mp3.mp3")
    assert read.tags["TRCK"].text == ["3/9"]
    assert not any("SMPB" in name.upper() for name in read.tags)
    assert tags.read(str(tmp_path / "x-opus.opus")).musicbrainz_recording_id


def test_what_is_no_music_is_refused_and_leaves_nothing(tmp_path):
    source = tmp_path / "a.flac"
    source.write_bytes(b"no music at all" * 100)
    with pytest.raises(AudioError):
        transcode.convert(str(source), str(tmp_path / "b.mp3"), "mp3")
    assert not (tmp_path / "b.mp3").exists()


def test_music_that_is_cut_short_is_refused_and_leaves_nothing(source, tmp_path):
    whole = source.read_bytes()
    source.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(AudioError):
        transcode.convert(str(source), str(tmp_path / "b.mp3"), "mp3")
    assert not (tmp_path / "b.mp3").exists()


GAINS = {
    "flac": ["replaygain_track_gain", "replaygain_track_peak", "replaygain_album_gain"],
    "mp3": ["REPLAYGAIN_TRACK_GAIN", "REPLAYGAIN_TRACK_PEAK", "REPLAYGAIN_ALBUM_GAIN"],
    "opus": ["r128_track_gain", "r128_album_gain"],
}


def gain_names(path):
    """Return the names of all tags of gains in a file, as they are written."""
    found = mutagen.File(path)
    names = [frame.desc for frame in found.tags.getall("TXXX")] if path.suffix == ".mp3" else found
    return sorted(name for name in names if re.match("(?i)replaygain|r128|rva2|mp3gain", name))


def with_gains(tmp_path, form):
    """Write a short file of a form with gains of -3 and -2.5 dB, and others that do not belong."""
    path = tmp_path / f"a.{form}"
    encode.write_flac(str(tmp_path / "plain.flac"), music(1, 0.1), RATE_HZ, {})
    if form == "flac":
        shutil.copy(tmp_path / "plain.flac", path)
    else:
        transcode.convert(str(tmp_path / "plain.flac"), str(path), form)
    file = mutagen.File(path)
    if form == "mp3":
        file.tags = file.tags or id3.ID3()
        file.tags.add(id3.RVA2(desc="track", channel=1, gain=-3.0, peak=0.5))
        file.tags.add(TXXX(encoding=3, desc="replaygain_album_gain", text="-2.50 dB"))
        file.tags.add(TXXX(encoding=3, desc="replaygain_track_peak", text="0.5"))
        file.tags.add(TXXX(encoding=3, desc="MP3GAIN_UNDO", text="+003,+003,N"))
    elif form == "opus":
        file["R128_TRACK_GAIN"], file["R128_ALBUM_GAIN"] = "-2048", "-1920"
    else:
        file["REPLAYGAIN_TRACK_GAIN"], file["REPLAYGAIN_ALBUM_GAIN"] = "-3.00 dB", "-2.50 dB"
        file["REPLAYGAIN_TRACK_PEAK"], file["REPLAYGAIN_REFERENCE_LOUDNESS"] = "0.5", "89.0 dB"
    file.save()
    return path


@pytest.mark.parametrize("before", GAINS)
@pytest.mark.parametrize("after", GAINS)
def test_gains_are_kept_as_the_new_format_has_them(tmp_path, before, after):
    """Those of Opus are 5 dB lower, in 256ths, and it has no peaks."""
    if before == after:
        return
    source, target = with_gains(tmp_path, before), tmp_path / f"b.{after}"
    transcode.convert(str(source), str(target), after)
    read = tags.read(str(target))
    assert (read.track_gain_db, read.album_gain_db) == (-3.0, -2.5)
    has_peak = "opus" not in {before, after}
    assert read.track_peak == (0.5 if has_peak else None)
    assert gain_names(target) == sorted(
        n for n in GAINS[after] if has_peak or "peak" not in n.lower()
    )
    if after == "opus":
        assert OggOpus(target)["r128_track_gain"] == ["-2048"]


@pytest.mark.parametrize("form", encode.TRACK_FORMS)
def test_a_part_has_its_length_and_its_tags(source, tmp_path, form):
    target = tmp_path / f"b.{form}"
    before, rate_hz = samples(source)
    lasts_s = before.shape[1] / rate_hz
    seconds = transcode.convert(str(source), str(target), form, 0.25 * lasts_s, 0.75 * lasts_s)
    assert seconds == pytest.approx(lasts_s / 2.0, abs=0.01)
    after, new_rate_hz = samples(target)
    assert after.shape[1] / new_rate_hz == pytest.approx(seconds, abs=0.01)
    assert tags.read(str(target)).title == tags.read(str(source)).title


def test_a_part_keeps_the_form_of_its_file_where_there_is_one(source, tmp_path):
    assert transcode.own_form(str(source)) == "flac"
    for form in encode.TRACK_FORMS:
        transcode.convert(str(source), str(tmp_path / f"b.{form}"), form)
        assert transcode.own_form(str(tmp_path / f"b.{form}")) == form
