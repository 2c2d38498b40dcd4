"""Every format says the same about the same track, and no tag can lose or flood the library."""

import errno
import io
import os
import random
import shutil
import struct
import tracemalloc
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import mutagen
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen import asf, flac, id3, mp4
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2
from mutagen.dsf import DSF
from mutagen.mp3 import MP3
from mutagen.ogg import OggPage
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.trueaudio import TrueAudio
from mutagen.wave import WAVE

from playlist_builder.models import Tags
from playlist_builder.tags import read as tags
from playlist_builder.tags.fields import MAX_CHARACTERS, MAX_VALUES

DATA = Path(__file__).parents[1] / "data"
SECONDS = 0.25
RECORDING = "11111111-2222-3333-4444-555555555555"
TRACK = "aaaaaaaa-2222-3333-4444-555555555555"
ALBUM = "bbbbbbbb-2222-3333-4444-555555555555"
ANN, BOB = "cccccccc-2222-3333-4444-555555555555", "dddddddd-2222-3333-4444-555555555555"

FULL = Tags(
    title="Ágætis 夜",
    artists=("Ann", "Bob"),
    album="Quiet",
    album_artists=("Various", "Others"),
    genres=("Ambient", "Drone"),
    date="2019-05-04",
    languages=("zxx",),
    moods=("calm", "wide"),
    comments=("recorded at night",),
    has_lyrics=True,
    track_gain_db=-7.5,
    track_peak=0.5,
    album_gain_db=-6.25,
    album_peak=0.75,
    musicbrainz_recording_id=RECORDING,
    musicbrainz_track_id=TRACK,
    musicbrainz_album_id=ALBUM,
    musicbrainz_artist_ids=(ANN, BOB),
    version="at dusk",
    performers=("Ann (lead vocals)", "Bob (guitar)"),
    lyricists=("Eve",),
    voice_chance=0.25,
    cue_tracks=2,
    isrc="USAT20105338",
)
ISRC = "us-at2-01-05338"  # as some write it
SHEET = 'FILE "a.wav" WAVE\r\n  TRACK 01 AUDIO\r\n    TITLE "x"\r\n  TRACK 02 AUDIO\r\n'
VOICE = "ab:hi:voice_instrumental:voice"

GAINS = {
    "REPLAYGAIN_TRACK_GAIN": "-7.50 dB",
    "REPLAYGAIN_TRACK_PEAK": "0.500000",
    "REPLAYGAIN_ALBUM_GAIN": "-6.25 dB",
    "REPLAYGAIN_ALBUM_PEAK": "0.750000",
}
VORBIS = {
    "TITLE": ["Ágætis 夜"],
    "ARTIST": ["Ann", "Bob"],
    "ALBUM": ["Quiet"],
    "ALBUMARTIST": ["Various", "Others"],
    "GENRE": ["Ambient", "Drone"],
    "DATE": ["2019-05-04"],
    "LANGUAGE": ["zxx"],
    "MOOD": ["calm", "wide"],
    "COMMENT": ["recorded at night"],
    "LYRICS": ["la la, I sing"],
    "MUSICBRAINZ_TRACKID": [RECORDING],
    "MUSICBRAINZ_RELEASETRACKID": [TRACK],
    "MUSICBRAINZ_ALBUMID": [ALBUM],
    "MUSICBRAINZ_ARTISTID": [ANN, BOB],
    "VERSION": ["at dusk"],
    "PERFORMER": ["Ann (lead vocals)", "Bob (guitar)"],
    "LYRICIST": ["Eve"],
    VOICE: ["0.25"],
    "ISRC": [ISRC],
    "CUESHEET": [SHEET],
}
# As RFC 7845 has it: Q7.8 towards -23 LUFS, so 5 dB below ReplayGain.
R128 = {"R128_TRACK_GAIN": str(round(-12.5 * 256)), "R128_ALBUM_GAIN": str(round(-11.25 * 256))}
APE = {
    "Title": "Ágætis 夜",
    "Artist": "Ann\0Bob",
    "Album": "Quiet",
    "Album Artist": "Various\0Others",
    "Genre": "Ambient\0Drone",
    "Year": "2019-05-04",
    "Language": "zxx",
    "Mood": "calm\0wide",
    "Comment": "recorded at night",
    "Lyrics": "la la, I sing",
    "MUSICBRAINZ_TRACKID": RECORDING,
    "MUSICBRAINZ_RELEASETRACKID": TRACK,
    "MUSICBRAINZ_ALBUMID": ALBUM,
    "MUSICBRAINZ_ARTISTID": f"{ANN}\0{BOB}",
    "Subtitle": "at dusk",
    "Performer": "Ann (lead vocals)\0Bob (guitar)",
    "Lyricist": "Eve",
    VOICE: "0.25",
    "ISRC": ISRC,
    "Cuesheet": SHEET,
    **GAINS,
}
FREEFORM = "----:com.apple.iTunes:"
MP4_TAGS = {
    "©nam": ["Ágætis 夜"],
    "©ART": ["Ann", "Bob"],
    "©alb": ["Quiet"],
    "aART": ["Various", "Others"],
    "©gen": ["Ambient", "Drone"],
    "©day": ["2019-05-04"],
    "©cmt": ["recorded at night"],
    "©lyr": ["la la, I sing"],
    **{
        FREEFORM + name: [value.encode() for value in values]
        for name, values in {
            "LANGUAGE": ["zxx"],
            "MOOD": ["calm", "wide"],
            "MusicBrainz Track Id": [RECORDING],
            "MusicBrainz Release Track Id": [TRACK],
            "MusicBrainz Album Id": [ALBUM],
            "MusicBrainz Artist Id": [ANN, BOB],
            "SUBTITLE": ["at dusk"],
            "PERFORMER": ["Ann (lead vocals)", "Bob (guitar)"],
            "LYRICIST": ["Eve"],
            VOICE: ["0.25"],
            "ISRC": [ISRC],
            "CUESHEET": [SHEET],
            "iTunNORM": [" 00000A2C 00000A2C"],
            **{name.lower(): [value] for name, value in GAINS.items()},
        }.items()
    },
}
ASF = {
    "Title": ["Ágætis 夜"],
    "Author": ["Ann", "Bob"],
    "WM/AlbumTitle": ["Quiet"],
    "WM/AlbumArtist": ["Various", "Others"],
    "WM/Genre": ["Ambient", "Drone"],
    "WM/Year": ["2019-05-04"],
    "WM/Language": ["zxx"],
    "WM/Mood": ["calm", "wide"],
    "Description": ["recorded at night"],
    "WM/Lyrics": ["la la, I sing"],
    "MusicBrainz/Track Id": [RECORDING],
    "MusicBrainz/Release Track Id": [TRACK],
    "MusicBrainz/Album Id": [ALBUM],
    "MusicBrainz/Artist Id": [ANN, BOB],
    "WM/SubTitle": ["at dusk"],
    "WM/Performer": ["Ann (lead vocals)", "Bob (guitar)"],
    "WM/Writer": ["Eve"],
    VOICE: ["0.25"],
    "WM/ISRC": [ISRC],
    "CUESHEET": [SHEET],
    **{name: [value] for name, value in GAINS.items()},
}


def id3_frames():
    return [
        id3.TIT2(encoding=3, text=["Ágætis 夜"]),
        id3.TPE1(encoding=3, text=["Ann", "Bob"]),
        id3.TALB(encoding=0, text=["Quiet"]),
        id3.TPE2(encoding=1, text=["Various", "Others"]),
        id3.TCON(encoding=3, text=["Ambient", "Drone"]),
        id3.TDRC(encoding=0, text=["2019-05-04"]),
        id3.TLAN(encoding=0, text=["zxx"]),
        id3.TSRC(encoding=0, text=[ISRC]),
        id3.TMOO(encoding=3, text=["calm", "wide"]),
        id3.COMM(encoding=3, lang="eng", desc="", text=["recorded at night"]),
        id3.COMM(encoding=0, lang="eng", desc="iTunNORM", text=[" 00000A2C 00000A2C"]),
        id3.COMM(encoding=0, lang="eng", desc="iTunSMPB", text=[" 00000000 00000210"]),
        id3.USLT(encoding=3, lang="eng", desc="", text="la la, I sing"),
        id3.UFID(owner="http://musicbrainz.org", data=RECORDING.encode()),
        id3.UFID(owner="http://example.org", data=b"other"),
        id3.TXXX(encoding=3, desc="MusicBrainz Release Track Id", text=[TRACK]),
        id3.TXXX(encoding=3, desc="MusicBrainz Album Id", text=[ALBUM]),
        id3.TXXX(encoding=3, desc="MusicBrainz Artist Id", text=[ANN, BOB]),
        id3.TIT3(encoding=3, text=["at dusk"]),
        id3.TMCL(encoding=3, people=[["lead vocals", "Ann"], ["guitar", "Bob"]]),
        id3.TEXT(encoding=3, text=["Eve"]),
        id3.TXXX(encoding=3, desc=VOICE, text=["0.25"]),
        id3.TXXX(encoding=3, desc="CUESHEET", text=[SHEET]),
        *(id3.TXXX(encoding=0, desc=k.lower(), text=[v]) for k, v in GAINS.items()),
    ]


def encode(path, container, codec, *, rate=44100, **options):
    """Write a quiet tone with PyAV."""
    t = np.arange(int(rate * SECONDS)) / rate
    tone = (4096 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, options=options, layout="stereo")
        stream.bit_rate = 128_000
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, 2)[None], "s16", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)


def speex(path, *_):
    header = b"Speex   " + b"1.2".ljust(20, b"\0")
    header += struct.pack("<13i", 1, 80, 16000, 1, 4, 1, -1, 320, 0, 1, 0, 0, 0)
    comment = struct.pack("<I1sI", 1, b"x", 0)
    pages = []
    for sequence, packet in enumerate((header, comment, b"\0" * 40)):
        (page,) = OggPage.from_packets([packet], sequence=sequence)
        page.serial, page.position = 1, 0
        pages.append(page)
    pages[0].first = pages[-1].last = True
    pages[-1].position = int(16000 * SECONDS)
    path.write_bytes(b"".join(page.write() for page in pages))


def dsf(path, *_):
    samples = int(2822400 * SECONDS)
    fmt = struct.pack("<4sQ6IQ2I", b"fmt ", 52, 1, 0, 2, 2, 2822400, 1, samples, 4096, 0)
    data = struct.pack("<4sQ", b"data", 12 + 8192) + b"\x69" * 8192
    size = 28 + len(fmt) + len(data)
    path.write_bytes(struct.pack("<4sQQQ", b"DSD ", 28, size, 0) + fmt + data)


def monkeys_audio(path, *_):
    blocks = int(44100 * SECONDS)
    descriptor = struct.pack("<4sHH6I", b"MAC ", 3990, 0, 52, 24, 4, 0, 64, 0).ljust(52, b"\0")
    header = struct.pack("<HHIIIHHI", 2000, 0, 73728, blocks, 1, 16, 2, 44100)
    path.write_bytes(descriptor + header + b"\0" * 68)


def musepack(path, *_):
    shutil.copy(DATA / "tone.mpc", path)  # mpcenc and mpcgain of musepack-tools, half full scale


def save_id3(kind):
    def save(path):
        audio = kind(path)
        if audio.tags is None:
            audio.add_tags()
        for frame in id3_frames():
            audio.tags.add(frame)
        audio.save()

    return save


def save_vorbis(path):
    audio = mutagen.File(path)
    audio.update(VORBIS | {name: [value] for name, value in GAINS.items()})
    audio.save()


def save_opus(path):
    audio = OggOpus(path)
    audio.update(VORBIS | {name: [value] for name, value in R128.items()})
    audio.save()


def save_speex(path):
    audio = OggSpeex(path)
    audio.update(VORBIS | {name: [value] for name, value in GAINS.items()})
    audio.save()


def save_mp4(path):
    audio = mp4.MP4(path)
    audio.update(MP4_TAGS)
    audio.save()


def save_asf(path):
    audio = asf.ASF(path)
    audio.update(ASF)
    audio.save()


def save_ape(path):
    ape = APEv2()
    for name, value in APE.items():
        ape[name] = value
    ape.save(path)


FORMATS = {
    "mp3": (encode, ("mp3", "libmp3lame"), {}, save_id3(MP3)),
    "flac": (encode, ("flac", "flac"), {}, save_vorbis),
    "ogg": (encode, ("ogg", "vorbis"), {"strict": "experimental"}, save_vorbis),
    "opus": (encode, ("opus", "libopus"), {"rate": 48000}, save_opus),
    "oga": (encode, ("ogg", "flac"), {}, save_vorbis),
    "spx": (speex, (), {}, save_speex),
    "m4a": (encode, ("ipod", "aac"), {}, save_mp4),
    "m4b": (encode, ("mp4", "alac"), {}, save_mp4),
    "wav": (encode, ("wav", "pcm_s16le"), {}, save_id3(WAVE)),
    "aiff": (encode, ("aiff", "pcm_s16be"), {}, save_id3(AIFF)),
    "wma": (encode, ("asf", "wmav2"), {}, save_asf),
    "ape": (monkeys_audio, (), {}, save_ape),
    "wv": (encode, ("wv", "wavpack"), {}, save_ape),
    "mpc": (musepack, (), {}, save_ape),
    "tta": (encode, ("tta", "tta"), {}, save_id3(TrueAudio)),
    "dsf": (dsf, (), {}, save_id3(DSF)),
}
NO_PEAKS = {"track_peak": None, "album_peak": None}
EXPECTED = dict.fromkeys(FORMATS, FULL) | {"opus": replace(FULL, **NO_PEAKS)}


@pytest.fixture(scope="session")
def plain(tmp_path_factory):
    """One untagged file of every format, by suffix."""
    folder = tmp_path_factory.mktemp("plain")
    for suffix, (make, how, options, _) in FORMATS.items():
        make(folder / f"03 - Name.{suffix}", *how, **options)
    return {suffix: folder / f"03 - Name.{suffix}" for suffix in FORMATS}


@pytest.fixture(scope="session")
def full(plain, tmp_path_factory):
    """One fully tagged file of every format, by suffix."""
    folder = tmp_path_factory.mktemp("full")
    for suffix, (_, _, _, save) in FORMATS.items():
        save(shutil.copy(plain[suffix], folder / f"full.{suffix}"))
    return {suffix: folder / f"full.{suffix}" for suffix in FORMATS}


@pytest.fixture
def tagged(plain, tmp_path):
    """Copy a plain file of a format and put the given ID3 frames into it."""

    def make(*frames, suffix="mp3", version=4, v1=0):
        path = Path(shutil.copy(plain[suffix], tmp_path))
        tag = id3.ID3()
        for frame in frames:
            tag.add(frame)
        tag.save(path, v2_version=version, v1=v1)
        return tags.read(str(path))

    return make


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_yields_every_field(full, suffix):
    got = tags.read(str(full[suffix]))
    assert replace(got, duration_s=None) == EXPECTED[suffix]


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_yields_its_length(full, suffix):
    """Encoders add up to 40 ms of padding; the Musepack file holds half a second."""
    expected = 0.5 if suffix == "mpc" else SECONDS
    assert expected <= tags.read(str(full[suffix])).duration_s < expected + 0.04


@pytest.mark.parametrize("suffix", sorted(set(FORMATS) - {"mpc"}))
def test_without_tags_the_name_is_the_title_and_all_else_is_empty(plain, suffix):
    got = tags.read(str(plain[suffix]))
    assert replace(got, duration_s=None) == Tags(title="Name")


def test_the_table_leaves_no_field_out():
    """A field that is empty in FULL would be tested nowhere."""
    empty = [f.name for f in dataclass_fields(Tags) if getattr(FULL, f.name) == f.default]
    assert empty == ["duration_s"]


def test_musepack_gains_are_read_from_the_header(plain):
    """The sine of the fixture peaks at half of full scale, and mpcgain measured -8.79 dB."""
    got = tags.read(str(plain["mpc"]))
    assert got.track_gain_db == pytest.approx(-8.79)
    assert got.track_peak == pytest.approx(0.5, abs=0.01)
    assert (got.album_gain_db, got.album_peak) == (got.track_gain_db, got.track_peak)


def test_id3v1_alone_is_enough(plain, tmp_path):
    """Its comment is not taken, because programs filled it by themselves."""
    path = tmp_path / "01 - x.mp3"
    fields = (b"Old Title", b"Someone", b"Record", b"1997", b"made by X", 39)
    path.write_bytes(plain["mp3"].read_bytes() + struct.pack("<3s30s30s30s4s30sB", b"TAG", *fields))
    got = replace(tags.read(str(path)), duration_s=None)
    assert got == Tags(
        title="Old Title", artists=("Someone",), album="Record", date="1997", genres=("Noise",)
    )


def test_id3v2_2_frames_are_understood(plain, tmp_path):
    path = tmp_path / "x.mp3"
    body = b"".join(
        name + len(text).to_bytes(3, "big") + text
        for name, text in ((b"TT2", b"\0Title"), (b"TP1", b"\0Ann"), (b"TYE", b"\x002001"))
    )
    head = b"ID3\x02\0\0\0\0\0" + bytes([len(body)])
    path.write_bytes(head + body + plain["mp3"].read_bytes())
    got = tags.read(str(path))
    assert (got.title, got.artists, got.date) == ("Title", ("Ann",), "2001")


def test_v2_3_artists_part_at_spaced_slashes_only(tagged):
    assert tagged(id3.TPE1(encoding=1, text=["AC/DC"]), version=3).artists == ("AC/DC",)
    assert tagged(id3.TPE1(encoding=1, text=["Ann / Bob"]), version=3).artists == ("Ann", "Bob")


@pytest.mark.parametrize(
    ("text", "genres"),
    [
        ("(17)Rock", ("Rock",)),
        ("(26)", ("Ambient",)),
        ("26", ("Ambient",)),
        ("(26)(32)", ("Ambient", "Classical")),
        ("Ambient;Drone; Ambient", ("Ambient", "Drone")),
    ],
)
def test_numeric_genres_are_named(tagged, text, genres):
    assert tagged(id3.TCON(encoding=0, text=[text]), version=3).genres == genres


def test_comments_that_programs_leave_are_not_comments(tagged):
    descriptors = ["iTunNORM", "iTunSMPB", "iTunPGAP", "ID3v1 Comment", "Songs-DB_Custom1"]
    frames = [id3.COMM(encoding=0, lang="eng", desc=d, text=["x"]) for d in descriptors]
    said = id3.COMM(encoding=0, lang="deu", desc="note", text=["mit Chor"])
    assert tagged(*frames, said).comments == ("mit Chor",)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (id3.USLT(encoding=0, lang="eng", desc="", text=""), False),
        (id3.USLT(encoding=0, lang="eng", desc="", text=" \n\0"), False),
        (id3.USLT(encoding=0, lang="eng", desc="", text="[Instrumental]"), False),
        (id3.USLT(encoding=0, lang="eng", desc="", text="oh, my love is gone"), True),
        (id3.SYLT(encoding=0, lang="eng", format=2, type=1, desc="", text=[]), False),
        (
            id3.SYLT(
                encoding=0,
                lang="eng",
                format=2,
                type=1,
                desc="",
                text=[("oh my love ", 9), ("is gone", 12)],
            ),
            True,
        ),
        (id3.TXXX(encoding=0, desc="UNSYNCEDLYRICS", text=["oh, my love is gone"]), True),
    ],
)
def test_only_words_are_lyrics(tagged, frame, expected):
    title = id3.TIT2(encoding=0, text=["x"])
    assert tagged(title, frame).has_lyrics is expected


def test_gains_in_rva2_frames_are_read(tagged):
    frame = id3.RVA2(desc="track", channel=1, gain=-3.5, peak=0.5)
    assert tagged(frame).track_gain_db == -3.5


def test_gains_in_an_ape_tag_behind_an_mp3_are_read(plain, tmp_path):
    """This is where mp3gain writes them; what ID3 says goes first."""
    path = Path(shutil.copy(plain["mp3"], tmp_path / "x.mp3"))
    id3.ID3().save(path)
    ape = APEv2()
    ape["REPLAYGAIN_TRACK_GAIN"] = "-4.20 dB"
    ape["Title"] = "From APE"
    ape.save(path)
    tag = id3.ID3()
    tag.add(id3.TIT2(encoding=3, text=["From ID3"]))
    tag.save(path)
    got = tags.read(str(path))
    assert (got.title, got.track_gain_db) == ("From ID3", -4.2)


def test_a_broken_ape_tag_does_not_cost_the_id3_tag(plain, tmp_path):
    path = Path(shutil.copy(plain["mp3"], tmp_path / "x.mp3"))
    broken = struct.pack("<8s4I8s", b"APETAGEX", 2000, 60, 3, 0, b"")
    path.write_bytes(path.read_bytes() + b"\xff" * 28 + broken)
    tag = id3.ID3()
    tag.add(id3.TIT2(encoding=3, text=["Kept"]))
    tag.save(path)
    assert tags.read(str(path)).title == "Kept"


def riff(wav, **info):
    """Append a RIFF INFO list of raw bytes; the one that FFmpeg wrote about itself stays."""
    items = b"".join(
        name.encode() + struct.pack("<I", len(text)) + text + b"\0" * (len(text) % 2)
        for name, text in info.items()
    )
    odd = b"junk" + struct.pack("<I", 3) + b"odd\0"
    chunk = odd + b"LIST" + struct.pack("<I", len(items) + 4) + b"INFO" + items
    body = wav.read_bytes()[8:] + chunk
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_riff_info_is_read(tmp_path):
    path = tmp_path / "x.wav"
    bare = tmp_path / "bare.wav"
    encode(bare, "wav", "pcm_s16le", rate=8000)
    names = {"INAM": b"T\xeftle\0", "IART": b"Ann\0", "IPRD": b"Quiet", "IGNR": b"Drone"}
    path.write_bytes(riff(bare, **names, ICRD=b"2001", ICMT=b"odd") + bytes(3_000_000))
    got = replace(tags.read(str(path)), duration_s=None)
    fields = {"genres": ("Drone",), "date": "2001", "comments": ("odd",)}
    assert got == Tags(title="Tïtle", artists=("Ann",), album="Quiet", **fields)


@pytest.mark.parametrize("tail", [bytes(3_000_000), b"junk\0\0\0\0" * 300_000])
def test_what_trails_a_wav_file_does_not_cost_its_tags(full, tmp_path, tail):
    path = tmp_path / "x.wav"
    path.write_bytes(full["wav"].read_bytes() + tail)
    assert replace(tags.read(str(path)), duration_s=None) == FULL


def test_old_japanese_tags_are_read_in_their_code_page(tagged):
    """One kanji alone could be anything; the kana of the album tell what it is."""

    def old(text):
        return [text.encode("cp932").decode("latin-1")]

    got = tagged(
        id3.TIT2(encoding=0, text=old("桜")),
        id3.TPE1(encoding=0, text=old("坂本龍一")),
        id3.TALB(encoding=0, text=old("となりのトトロ")),
        version=3,
    )
    assert (got.title, got.artists, got.album) == ("桜", ("坂本龍一",), "となりのトトロ")


def test_declared_text_is_never_repaired(tagged):
    """UTF-16 and UTF-8 say what they are, even where they look odd."""
    odd = "はる".encode("cp932").decode("latin-1")
    assert tagged(id3.TIT2(encoding=3, text=[odd])).title == odd


def test_what_latin1_frames_say_stays(tagged):
    got = tagged(
        id3.TIT2(encoding=0, text=["Ágætis byrjun"]), id3.TPE1(encoding=0, text=["Sigur Rós"])
    )
    assert (got.title, got.artists) == ("Ágætis byrjun", ("Sigur Rós",))


def test_long_values_and_long_lists_are_cut(tagged):
    many = [f"artist {n}" for n in range(5000)]
    got = tagged(
        id3.TIT2(encoding=3, text=["x" * 1_000_000]),
        id3.COMM(encoding=0, lang="eng", desc="", text=["é" * 1_000_000]),
        id3.TPE1(encoding=3, text=many),
    )
    assert got.title == "x" * MAX_CHARACTERS
    assert got.comments == ("é" * MAX_CHARACTERS,)
    assert got.artists == tuple(many[:MAX_VALUES])


def test_a_flac_picture_is_stepped_over(full, tmp_path):
    path = Path(shutil.copy(full["flac"], tmp_path))
    audio = flac.FLAC(path)
    picture = flac.Picture()
    picture.mime, picture.desc, picture.data = "image/jpeg", "front", bytes(8_000_000)
    audio.metadata_blocks.insert(1, picture)
    audio.save()
    tracemalloc.start()
    got = tags.read(str(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert replace(got, duration_s=None) == FULL
    assert peak < 1_000_000


@pytest.mark.parametrize("suffix", ["mp3", "wav", "aiff"])
def test_a_picture_is_not_kept(full, tmp_path, suffix):
    """mutagen reads the whole ID3 tag, some copies at a time; afterwards it is gone."""
    path = Path(shutil.copy(full[suffix], tmp_path))
    audio = mutagen.File(path)
    audio.tags.add(id3.APIC(encoding=0, mime="image/jpeg", type=3, desc="", data=bytes(2_000_000)))
    audio.save()
    tracemalloc.start()
    got = tags.read(str(path))
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert replace(got, duration_s=None) == FULL
    assert kept < 100_000
    assert peak < 5 * 2_000_000


def test_a_name_in_bytes_that_are_not_text_is_read(full, tmp_path):
    path = tmp_path / os.fsdecode(b"02 - Caf\xe9.flac")
    try:
        shutil.copy(full["flac"], path)
    except (OSError, UnicodeError):
        pytest.skip("this file system takes no such name")
    assert replace(tags.read(str(path)), duration_s=None) == FULL
    path.write_bytes(b"nothing")
    assert tags.read(str(path)) == Tags(title="Caf\ufffd")


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"ID3", b"fLaC", b"OggS" * 99, b"MPCK"])
def test_a_file_that_is_no_music_keeps_its_name(tmp_path, content):
    path = tmp_path / "07. Still Here.flac"
    path.write_bytes(content)
    assert tags.read(str(path)) == Tags(title="Still Here")


def test_an_id3_tag_before_aac_is_read(tmp_path):
    """mutagen takes the file for an MP3 first, and fails."""
    path = tmp_path / "x.aac"
    encode(path, "adts", "aac")
    tag = id3.ID3()
    tag.add(id3.TIT2(encoding=3, text=["Behind"]))
    tag.save(path)
    assert tags.read(str(path)).title == "Behind"


def test_a_packet_that_points_back_at_itself_ends(tmp_path):
    """Its length of zero leads to its own start, so that it would be read for ever."""
    path = tmp_path / "Loop.mpc"
    path.write_bytes(b"MPCK" + b"EI\0" + bytes(100))
    assert tags.read(str(path)) == Tags(title="Loop")


def test_a_header_that_asks_for_gigabytes_gets_none(plain, tmp_path):
    """The length of the vendor's name is 4 GB in a file of 100 bytes."""
    path = tmp_path / "Huge.flac"
    magic_and_stream_info = plain["flac"].read_bytes()[:42]
    path.write_bytes(magic_and_stream_info + b"\x84\0\0\x20" + b"\xff" * 4 + bytes(50))
    tracemalloc.start()
    got = tags.read(str(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert got == Tags(title="Huge")
    assert peak < 10_000_000


@pytest.mark.parametrize("suffix", FORMATS)
def test_mutilated_files_never_fail(full, tmp_path, suffix):
    """Whatever the bytes, there are tags with a title that can be stored as UTF-8."""
    whole = full[suffix].read_bytes()
    rng = random.Random(suffix)  # noqa: S311 - repeatable, not secret
    path = tmp_path / f"m.{suffix}"
    for _ in range(40):
        part = bytearray(whole[: rng.choice([len(whole), rng.randrange(len(whole))])])
        for _ in range(rng.choice([1, 4, 64])):
            if part:
                part[rng.randrange(min(len(part), 2048))] = rng.choice([0, 1, 127, 128, 255])
        path.write_bytes(part)
        got = tags.read(str(path))
        assert got.title
        assert repr(got).encode()


@given(content=st.binary(max_size=300))
def test_any_bytes_behind_any_magic_are_survived(tmp_path_factory, content):
    folder = tmp_path_factory.getbasetemp()
    for suffix, magic in (("wav", b"RIFF\0\0\0\0WAVE"), ("mpc", b"MPCK"), ("mp3", b"ID3\x03\0")):
        path = folder / f"any.{suffix}"
        path.write_bytes(magic + content)
        assert tags.read(str(path)).title


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        tags.read(str(tmp_path / "gone.mp3"))


def test_a_folder_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match=r"directory|denied"):
        tags.read(str(tmp_path))


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_disk_that_fails_midway_is_an_os_error(full, monkeypatch, suffix):
    """mutagen wraps such a failure as if the file were broken, which would hide it."""
    head = io.BufferedReader.read

    class Failing(tags.Stream):
        def read(self, size=-1, /):
            if self.tell() == 0 and size == 128:
                return head(self, size)
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(tags, "Stream", Failing)
    with pytest.raises(OSError, match="Input/output"):
        tags.read(str(full[suffix]))


@pytest.mark.parametrize("suffix", FORMATS)
def test_reading_leaves_the_file_as_it_was(full, suffix):
    before = full[suffix].read_bytes()
    tags.read(str(full[suffix]))
    assert full[suffix].read_bytes() == before


def test_a_title_of_nothing_gives_way_to_the_name(tagged):
    got = tagged(id3.TPE1(encoding=3, text=["Ann"]), id3.TIT2(encoding=3, text=["  \0 "]))
    assert (got.title, got.artists) == ("Name", ("Ann",))


def test_whatever_a_parser_lets_through_costs_the_tags_alone(tmp_path, monkeypatch):
    """Such as a division by a rate of zero; but not a lack of memory, or a disk that is gone."""
    file = tmp_path / "Piece.ogg"
    file.write_bytes(b"OggS")

    class Odd:
        error = ZeroDivisionError()

        def __init__(self, _):
            raise self.error

        @staticmethod
        def score(*_):
            return 1

    monkeypatch.setattr(tags, "KINDS", (Odd,))
    for error in (ZeroDivisionError(), TypeError(), AttributeError(), RecursionError()):
        Odd.error = error
        assert tags.read(os.fspath(file)).title == "Piece"
    for error in (MemoryError(), OSError(errno.EIO, "gone")):
        Odd.error = error
        with pytest.raises(type(error)):
            tags.read(os.fspath(file))
