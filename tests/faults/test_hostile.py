"""Files made to do harm: what they name is neither opened nor fetched, and what they claim is not
believed."""

import contextlib
import ctypes
import os
import shutil
import socket
import struct
import subprocess
import sys
import zlib
from fractions import Fraction

import av
import mutagen
import mutagen.flac
import mutagen.id3
import mutagen.mp4
import numpy as np
import pytest

from playlist_builder.audio import encode
from playlist_builder.errors import PlaylistError
from playlist_builder.library.library import Library
from playlist_builder.library.scan import analyse_file, processes
from playlist_builder.models import Skipped
from playlist_builder.playlists import read as playlists
from playlist_builder.tags.copy import copy_tags

RATE_HZ = 16000
SUFFIXES = (".mp3", ".flac", ".ogg", ".opus", ".m4a", ".wav", ".aiff", ".wma", ".mka", ".aac")
IN_OPEN = 0x20


class Watched:
    """A file whose every opening, by whatever process, is noticed."""

    def __init__(self, path):
        self.path = path
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.inotify_init1(os.O_NONBLOCK)
        assert self._libc.inotify_add_watch(self._fd, os.fsencode(path), IN_OPEN) >= 0

    def was_opened(self):
        with contextlib.suppress(BlockingIOError):
            return bool(os.read(self._fd, 4096))
        return False

    def close(self):
        os.close(self._fd)


@pytest.fixture
def canary(tmp_path):
    """Sound in a folder that no scan is told of."""
    file = tmp_path / "elsewhere" / "canary.wav"
    file.parent.mkdir()
    write(file, seconds=1)
    watched = Watched(file)
    yield watched
    watched.close()


@pytest.fixture
def server():
    """A listening socket on this machine, to which nobody may come."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)  # noqa: FBT003 - the signature of socket
        yield listening


def came(server):
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def url_of(server, name="x.mp3"):
    return f"http://127.0.0.1:{server.getsockname()[1]}/{name}"


def write(path, seconds=4, number=0):
    noise = 0.1 * np.random.default_rng(number).standard_normal((1, seconds * RATE_HZ))
    if path.suffix == ".flac":
        encode.write_flac(os.fspath(path), noise.astype(np.float32), RATE_HZ, {"title": path.stem})
        return
    codec = {".wav": "pcm_s16le", ".m4a": "aac", ".mp3": "libmp3lame", ".mka": "flac"}
    with av.open(os.fspath(path), "w", format="matroska" if path.suffix == ".mka" else None) as out:
        stream = out.add_stream(codec[path.suffix], rate=RATE_HZ, layout="mono")
        samples = (32767 * noise).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, 0, Fraction(1, RATE_HZ)
        form, size = stream.codec_context.format, stream.codec_context.frame_size
        fit = av.AudioResampler(form, "mono", RATE_HZ, frame_size=size or 4096)
        for each in (*fit.resample(frame), *fit.resample(None)):
            out.mux(stream.encode(each))
        out.mux(stream.encode(None))


def scripts(target):
    """Playlists and scripts that FFmpeg or other players follow, each naming `target`."""
    return {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
        "hls-master": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=64000\n{target}\n",
        "hls-key": '#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-KEY:METHOD=AES-128,URI="'
        f'{target}"\n#EXTINF:10,\nx.ts\n#EXT-X-ENDLIST\n',
        "ffconcat": f"ffconcat version 1.0\nfile '{target}'\n",
        "concat": f"file '{target}'\n",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=audio 5004 RTP/AVP 0\n",
        "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"'
        ' mediaPresentationDuration="PT10S"><Period><AdaptationSet mimeType="audio/mp4">'
        f'<Representation id="1" bandwidth="1"><BaseURL>{target}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>",
        "asx": f'<asx version="3.0"><entry><ref href="{target}"/></entry></asx>',
        "asf-reference": f"[Reference]\nRef1={target}\n",
        "real": f"{target}\n",
        "rtsp-redirect": f"RTSPtext\nrtsp://{target}\n",
        "smooth": f'<SmoothStreamingMedia><StreamIndex Url="{target}"/></SmoothStreamingMedia>',
        "imf": '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/'
        f'2067-3/2016"><Id>{target}</Id></CompositionPlaylist>',
    }


@pytest.mark.skipif(sys.platform != "linux", reason="openings are noticed by inotify")
def test_canary_sings(canary):
    """The watch notices FFmpeg following a script where it is allowed to."""
    assert not canary.was_opened()
    script = canary.path.with_name("script.mp3")
    script.write_text(f"ffconcat version 1.0\nfile '{canary.path}'\n")
    with av.open(os.fspath(script), options={"safe": "0"}) as opened:
        assert next(opened.decode(audio=0)).samples
    assert canary.was_opened()


def test_server_notices(server):
    """The socket notices FFmpeg coming."""
    assert not came(server)
    with contextlib.suppress(av.error.FFmpegError):
        av.open(url_of(server), timeout=0.5)
    assert came(server)


@pytest.mark.skipif(sys.platform != "linux", reason="openings are noticed by inotify")
def test_scripts_open_no_file(canary, tmp_path):
    """A script under the name of music is skipped, and what it names is not touched."""
    music = tmp_path / "music"
    music.mkdir()
    for name, text in scripts(canary.path).items():
        for suffix in SUFFIXES:
            (music / f"{name}{suffix}").write_text(text)
    write(music / "good.flac")
    with Library.open(tmp_path / "library.db") as library:
        report = library.scan(music)
    assert report.analysed == 1
    assert len(report.skipped) == len(SUFFIXES) * len(scripts(""))
    assert not canary.was_opened()


def test_scripts_fetch_nothing(server, tmp_path):
    """A script that names an address makes nobody call there."""
    music = tmp_path / "music"
    music.mkdir()
    for name, text in scripts(url_of(server)).items():
        for suffix in SUFFIXES:
            (music / f"{name}{suffix}").write_text(text)
    with Library.open(tmp_path / "library.db") as library:
        report = library.scan(music)
    assert len(report.skipped) == len(SUFFIXES) * len(scripts(""))
    assert not came(server)


def boxed(name, body):
    return struct.pack(">I4s", 8 + len(body), name) + body


def alias(path):
    """A reference of QuickTime to the file at an absolute path."""
    name = os.fsencode(path.name)
    record = bytes(10) + b"\x04disk".ljust(28, b"\0") + bytes(12)
    record += bytes([len(name)]) + name.ljust(63, b"\0") + bytes(16)
    record += struct.pack(">hh", 1, 2) + bytes(16)
    whole = os.fsencode(path)
    record += struct.pack(">hH", 2, len(whole)) + whole + bytes(len(whole) % 2)
    return record + struct.pack(">hh", -1, 0)


def refer(file, record):
    """Make an MP4 take its sound from another file."""
    data = file.read_bytes()
    reference = boxed(b"alis", bytes(4) + record)
    grown = boxed(b"dref", bytes(4) + struct.pack(">I", 1) + reference)
    at = data.index(b"dref") - 4
    old = int.from_bytes(data[at : at + 4], "big")
    for parent in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        start = data.index(parent) - 4
        size = int.from_bytes(data[start : start + 4], "big") + len(grown) - old
        data = data[:start] + struct.pack(">I", size) + data[start + 4 :]
    assert data.index(b"moov") > data.index(b"mdat")  # no offset has moved
    file.write_bytes(data[:at] + grown + data[at + old :])


@pytest.mark.skipif(sys.platform != "linux", reason="openings are noticed by inotify")
def test_references_of_mp4_are_not_followed(canary, tmp_path):
    """An MP4 whose sound lies in another file, by its own account, does not open that file."""
    file = tmp_path / "refers.m4a"
    write(file)
    refer(file, alias(canary.path))
    with av.open(os.fspath(file), options={"enable_drefs": "1"}):
        assert canary.was_opened()  # so this is what a reference looks like
    outcome = analyse_file.analyse(os.fspath(file), vocals=False, embedding=False)
    assert outcome.found.path == os.fspath(file)
    assert not canary.was_opened()


@pytest.mark.skipif(sys.platform != "linux", reason="openings are noticed by inotify")
def test_linked_segments_of_matroska_are_not_followed(canary, tmp_path):
    """A Matroska file that names the files before and after it opens neither."""
    file = tmp_path / "linked.mka"
    write(file)
    neighbour = tmp_path / "elsewhere" / "next.mka"
    shutil.copy(file, neighbour)
    watched = Watched(neighbour)
    names = b"".join(
        struct.pack(">I", kind)[1:] + bytes([0x80 | len(name)]) + name
        for kind, name in ((0x3E83BB, b"elsewhere/next.mka"), (0x3C83AB, b"elsewhere/next.mka"))
    )
    info = b"\x15\x49\xa9\x66" + bytes([0x80 | len(names)]) + names
    data = file.read_bytes()
    at = data.index(b"\xec", data.index(b"\x11\x4d\x9b\x74"))  # space that the writer left
    length = int.from_bytes(data[at + 1 : at + 9], "big")
    assert length >> 56 == 1  # written in eight bytes
    end = at + 9 + (length & 0xFFFFFFFF)
    filler = b"\xec" + struct.pack(">Q", 1 << 56 | end - at - len(info) - 9)
    file.write_bytes((data[:at] + info + filler).ljust(end, b"\0") + data[end:])
    watched.was_opened()
    assert not isinstance(
        analyse_file.analyse(os.fspath(file), vocals=False, embedding=False).found, Skipped
    )
    assert not watched.was_opened()
    assert not canary.was_opened()
    watched.close()


def test_links_in_tags_fetch_nothing(server, tmp_path):
    """Covers and web pages that a tag names by address are not called for, by scan or by copy."""
    mp3, flac = tmp_path / "a.mp3", tmp_path / "b.flac"
    write(mp3)
    write(flac)
    url = url_of(server, "cover.png")
    tagged = mutagen.File(mp3)
    tagged.tags or tagged.add_tags()
    tagged.tags.add(mutagen.id3.APIC(mime="-->", type=3, data=url.encode()))
    tagged.tags.add(mutagen.id3.WOAR(url=url))
    tagged.tags.add(mutagen.id3.LINK(frameid="TIT2", url=url, data=b""))
    tagged.save()
    picture = mutagen.flac.Picture()
    picture.mime, picture.type, picture.data = "-->", 3, url.encode()
    tagged = mutagen.File(flac)
    tagged.add_picture(picture)
    tagged.save()
    with Library.open(tmp_path / "library.db") as library:
        assert library.scan(mp3, flac).analysed == 2
    copy_tags(os.fspath(mp3), os.fspath(flac))
    assert not came(server)


ENTITY = '<!DOCTYPE playlist [<!ENTITY x SYSTEM "{}">]>'
PARAMETER = '<!DOCTYPE playlist [<!ENTITY % x SYSTEM "{}"> %x;]>'
OUTER = '<!DOCTYPE playlist SYSTEM "{}">'
XSPF = (
    '<?xml version="1.0"?>{}<playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>'
    "<track><location>a.mp3{}</location></track></trackList></playlist>"
)


@pytest.mark.parametrize("declared", [ENTITY, PARAMETER, OUTER])
def test_xml_opens_nothing(server, declared, tmp_path):
    """No declaration of XML makes a playlist read a file or call an address."""
    opened = []
    watching = True

    def note(event, arguments):
        if watching and event in {"open", "socket.connect"}:
            opened.append((event, arguments[0]))

    sys.addaudithook(note)
    file = tmp_path / "list.xspf"
    for target in (url_of(server), (tmp_path / "secret").as_uri()):
        text = XSPF.format(declared.format(target), "&x;" if "ENTITY x" in declared else "")
        file.write_text(text)
        opened.clear()
        with contextlib.suppress(PlaylistError):
            assert [entry.location for entry in playlists.read_entries(file)] == ["a.mp3"]
        assert [name for event, name in opened if event == "open"] == [os.fspath(file)]
        assert not [event for event, _ in opened if event == "socket.connect"]
    watching = False
    assert not came(server)


def laughs(quantity):
    declared = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(quantity)
    )
    return XSPF.format(f"<!DOCTYPE playlist [{declared}]>", f"&l{quantity - 1};").encode()


DEEP = 100_000


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("laughs.xspf", laughs(12)),
        ("deep.xspf", b"<playlist><trackList>" + b"<track>" * DEEP),
        ("attributes.xspf", b"<playlist " + b" ".join(b'a%d="x"' % n for n in range(DEEP)) + b">"),
        ("deep.json", b"[" * DEEP),
        ("deep-object.json", b'{"slots":' * DEEP),
        ("digits.json", b'{"version": ' + b"9" * DEEP + b"}"),
        ("numbers.pls", b"[playlist]\n" + b"File" + b"9" * DEEP + b"=a.mp3\n"),
        ("one-line.m3u", b"a" * 19_000_000),
        ("lines.m3u", b"a\n" * 5_000_000),
        ("nul.m3u", bytes(19_000_000)),
        ("quotes.m3u", b'#EXTINF:1 a="' * DEEP),
        ("surrogates.m3u", b"\xff\xfe" + b"\x00\xd8" * DEEP),
        ("percents.m3u", b"%" * DEEP),
    ],
)
def test_playlists_of_absurd_shape(name, data, tmp_path):
    """However deep or long, a playlist is read or refused in one line, in little memory."""
    file = tmp_path / name
    file.write_bytes(data)
    done = bounded("reading", file)
    assert done in {"read", "PlaylistError", "SessionError"}


READ = """
import sys
from playlist_builder.playlists import read as playlists
from playlist_builder.profiles import find as profiles
from playlist_builder.errors import PlaylistBuilderError
from playlist_builder.playlists.read import candidate_paths
try:
    if sys.argv[1].endswith(".toml"):
        profiles.load_profile(sys.argv[1])
    else:
        for entry in playlists.read_entries(sys.argv[1])[:3]:
            list(candidate_paths(entry, "/"))
    print("read")
except PlaylistBuilderError as error:
    assert len(str(error)) < 1000 and str(error).isprintable(), error
    print(type(error).__name__)
"""
MOST_MB = 600


def bounded(what, file):
    """Read a file in a process of its own with a limit of memory and time; returns what it said."""
    script = READ
    if sys.platform == "linux":
        script = (
            "import resource\n"
            f"resource.setrlimit(resource.RLIMIT_DATA, ({MOST_MB * 10**6},) * 2)\n{READ}"
        )
    done = subprocess.run(
        [sys.executable, "-c", script, file],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{what}: {done.stderr[-2000:]}"
    return done.stdout.strip()


@pytest.mark.parametrize("suffix", [".m3u", ".m3u8", ".pls", ".xspf", ".json", ".toml"])
def test_gigabyte_is_refused_unread(suffix, tmp_path):
    """A playlist, session or profile of 1 GB is refused in one line, having read little of it."""
    file = tmp_path / f"large{suffix}"
    with file.open("wb") as sparse:
        sparse.truncate(1_000_000_000)
    assert bounded("a gigabyte", file) in {"PlaylistError", "SessionError", "ProfileError"}


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 16_000,
        "a = " + "{a = " * 6_000,
        "a" + ".a" * 16_000 + " = 1",
        "[" + "a." * 16_000 + "a]",
        "a = " + "9" * 32_000,
        'title = "' + "x" * 32_000,
    ],
)
def test_profiles_of_absurd_shape(text, tmp_path):
    """However deep, a profile is refused in one line."""
    file = tmp_path / "deep.toml"
    file.write_text(text)
    assert bounded("a profile", file) == "ProfileError"


def png(width, height):
    """A picture of nothing: small in the file, huge once it is decoded."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    packer = zlib.compressobj(1)
    row = bytes(1 + 8 * width)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 16, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def covered(folder, picture):
    """A track in each format that holds pictures, with this one."""
    mp3, flac, m4a = folder / "a.mp3", folder / "b.flac", folder / "c.m4a"
    for file in (mp3, flac, m4a):
        write(file)
    tagged = mutagen.File(mp3)
    tagged.tags or tagged.add_tags()
    tagged.tags.add(mutagen.id3.APIC(mime="image/png", type=3, data=picture))
    tagged.save()
    block = mutagen.flac.Picture()
    block.mime, block.type, block.data = "image/png", 3, picture[: 15 << 20]
    tagged = mutagen.File(flac)
    tagged.add_picture(block)
    tagged.save()
    tagged = mutagen.File(m4a)
    tagged["covr"] = [mutagen.mp4.MP4Cover(picture, mutagen.mp4.MP4Cover.FORMAT_PNG)]
    tagged.save()
    return mp3, flac, m4a


def test_pictures_are_not_decoded(tmp_path):
    """A cover that would fill 800 MB as pixels leaves the memory as it was."""
    files = covered(tmp_path, png(10_000, 10_000))
    with processes.Workers(1, limit_mb=250) as one:
        for file in files:
            found = (
                one.submit(analyse_file.analyse, os.fspath(file), vocals=False, embedding=False)
                .result()
                .found
            )
            assert not isinstance(found, Skipped)


def test_large_cover_costs_the_tags_alone(tmp_path):
    """A cover beyond any real one is not read for the tags; the music is there all the same."""
    (mp3, flac, m4a) = covered(tmp_path, b"\x89PNG" + bytes(40_000_000))
    with processes.Workers(1) as one:
        for file in (mp3, flac, m4a):
            found = (
                one.submit(analyse_file.analyse, os.fspath(file), vocals=False, embedding=False)
                .result()
                .found
            )
            assert not isinstance(found, Skipped)
            assert found.tags.title == file.stem


def lying_wav(rate_hz=RATE_HZ, channels=1, size=0xFFFFFFF0, bits=16):
    frame_bytes = channels * bits // 8
    flow = min(rate_hz * frame_bytes, 0xFFFFFFFF)
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, flow, frame_bytes & 0xFFFF, bits)
    head = b"RIFF" + struct.pack("<I", size) + b"WAVEfmt " + struct.pack("<I", 16) + form
    sound = (np.random.default_rng(0).standard_normal(500_000) * 1000).astype("<i2").tobytes()
    return head + b"data" + struct.pack("<I", size) + sound


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"rate_hz": 1}, "1 channels at 1 Hz"),
        ({"rate_hz": 0x7FFFFFFF}, "1 channels at 2147483647 Hz"),
        ({"rate_hz": 0}, ""),
        ({"channels": 0}, ""),
        ({"channels": 9999}, ""),
        ({"bits": 65535}, ""),
    ],
)
def test_headers_that_lie(made, reason, tmp_path):
    """A header that states hours, or rates and channels that nobody records, is not believed."""
    file = tmp_path / "lies.wav"
    file.write_bytes(lying_wav(**made))
    with processes.Workers(1, limit_s=60, limit_mb=400) as one:
        found = (
            one.submit(analyse_file.analyse, os.fspath(file), vocals=True, embedding=False)
            .result()
            .found
        )
    assert isinstance(found, Skipped)
    assert reason in found.reason


def test_wav_that_states_gigabytes(tmp_path):
    """A WAV of 1 MB whose header states 4 GB is as long as what is there."""
    file = tmp_path / "large.wav"
    file.write_bytes(lying_wav(size=0xFFFFFF00))
    with processes.Workers(1, limit_s=60, limit_mb=250) as one:
        outcome = one.submit(
            analyse_file.analyse, os.fspath(file), vocals=True, embedding=False
        ).result()
    assert outcome.measured.features.duration_s == pytest.approx(31.25)


def test_flac_that_states_a_year(tmp_path):
    """A FLAC whose header states 2^36 samples is cut short, and costs what is there."""
    file = tmp_path / "year.flac"
    write(file)
    data = bytearray(file.read_bytes())
    data[21] |= 0x0F
    data[22:26] = b"\xff\xff\xff\xff"
    file.write_bytes(data)
    with processes.Workers(1, limit_s=60, limit_mb=250) as one:
        found = (
            one.submit(analyse_file.analyse, os.fspath(file), vocals=True, embedding=False)
            .result()
            .found
        )
    assert isinstance(found, Skipped)
    assert "cut short" in found.reason


def test_mp3_that_states_a_year(tmp_path):
    """An MP3 whose Xing header counts 2^32 frames likewise."""
    file = tmp_path / "year.mp3"
    write(file)
    data = file.read_bytes()
    at = max(data.find(b"Xing"), data.find(b"Info"))
    assert at > 0
    file.write_bytes(data[: at + 8] + b"\x7f\xff\xff\xff" + data[at + 12 :])
    with processes.Workers(1, limit_s=60, limit_mb=250) as one:
        found = (
            one.submit(analyse_file.analyse, os.fspath(file), vocals=True, embedding=False)
            .result()
            .found
        )
    assert isinstance(found, Skipped)
    assert "cut short" in found.reason


def test_special_files_are_not_opened(tmp_path):
    """A pipe or a device under the name of music does not stop a scan."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("pipes with names are of POSIX")
    music = tmp_path / "music"
    music.mkdir()
    os.mkfifo(music / "pipe.mp3")
    (music / "zero.mp3").symlink_to("/dev/zero")
    write(music / "good.flac")
    with Library.open(tmp_path / "library.db") as library:
        report = library.scan(music)
    assert report.analysed == 1
    assert {skipped.reason for skipped in report.skipped} == {"not a regular file"}
