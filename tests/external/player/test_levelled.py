"""mpv and MPD play levelled copies as loud as they are planned, in every format that holds a gain.

Both play into a file, whose level is measured where each track plays.
"""

import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import av
import numpy as np
import pytest

from playlist_builder.audio import decode, encode
from playlist_builder.device.copy import copy_session
from playlist_builder.models import Session, Slot
from tests.support.parts import needs

SECONDS = 3
RATE_HZ = 48_000
FORMATS = {  # suffix: container, encoder, level of the master in dB
    "flac": ("flac", "flac", -30.0),
    "mp3": ("mp3", "libmp3lame", -12.0),
    "m4a": ("ipod", "aac", -20.0),
    "ogg": ("ogg", "vorbis", -34.0),
    "opus": ("ogg", "libopus", -15.0),
    "wv": ("wv", "wavpack", -25.0),
    "wav": ("wav", "pcm_s16le", -18.0),
}


@pytest.fixture
def copies(tmp_path):
    """A levelled copy of one master in every format, each at a level of its own."""
    slots = []
    tone = np.sin(2 * np.pi * 440 / RATE_HZ * np.arange(SECONDS * RATE_HZ))
    for number, (suffix, (container, encoder, level_db)) in enumerate(FORMATS.items()):
        path = f"{tmp_path}/{number}.{suffix}"
        samples = np.tile(tone * 10 ** (level_db / 20), (2, 1)).astype(np.float32)
        encode.write_flac(f"{tmp_path}/a.flac", samples, RATE_HZ, {})
        with decode.AudioFile(f"{tmp_path}/a.flac") as file:
            if suffix == "ogg":
                write_vorbis(path, samples)
            else:
                plain = "s16" if suffix in {"wav", "flac"} else "fltp"
                form = encode.Encoding(
                    container,
                    encoder,
                    "flt" if suffix == "opus" else plain,
                    bit_rate=0 if suffix in {"wav", "flac"} else 256_000,
                )
                encode.encode(path, file, form)
        at = float(SECONDS * number)
        slots.append(Slot(path, "", suffix, "", "", at, at + SECONDS, "p", 0.5, 0.5))
    length_s = float(SECONDS * len(slots))
    session = Session("arc", "relative", length_s, length_s, 0.0, 0.0, 0.0, slots=slots)
    with ThreadPoolExecutor(2) as pool:
        return copy_session(session, tmp_path / "stick", name="s", levels="tags", executor=pool)


def write_vorbis(path, samples):
    """Write stereo by FFmpeg's own encoder, which is called experimental."""
    with av.open(path, "w", format="ogg") as file:
        stream = file.add_stream("vorbis", rate=RATE_HZ, layout="stereo")
        context = stream.codec_context
        context.options = {"strict": "experimental"}
        context.bit_rate = 256_000
        context.open()
        packed = np.ascontiguousarray(samples.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout="stereo")
        frame.sample_rate = RATE_HZ
        fit = av.AudioResampler("fltp", "stereo", RATE_HZ, frame_size=context.frame_size or 1024)
        for each in (*fit.resample(frame), *fit.resample(None), None):
            file.mux(stream.encode(each))


def levels_db(samples):
    """The level in the middle of each track of what was played, shape (channels, n)."""
    middles = np.arange(len(FORMATS)) * SECONDS * RATE_HZ + RATE_HZ
    parts = [samples[:, middle : middle + RATE_HZ] for middle in middles]
    return 10 * np.log10([np.square(each).mean() for each in parts])


@needs("mpv")
def test_mpv_plays_every_format_as_loud(copies, tmp_path):
    out = tmp_path / "out.wav"
    subprocess.run(
        [
            *("mpv", "--no-config", "--really-quiet", "--replaygain=track", "--ao=pcm"),
            *("--gapless-audio=yes", f"--ao-pcm-file={out}", f"--playlist={copies.playlist}"),
        ],
        timeout=120,
        check=True,
    )
    with decode.AudioFile(str(out)) as file:
        assert file.layout.sample_rate_hz == RATE_HZ
        samples = np.concatenate(list(file.blocks()), axis=1)
    assert np.ptp(levels_db(samples)) < 0.5


CONFIGURATION = """\
music_directory "{music}"
playlist_directory "{own}"
db_file "{own}/database"
bind_to_address "{own}/socket"
replaygain "track"
audio_output {{
    type "pipe"
    name "file"
    command "cat > {own}/out.pcm"
    format "48000:16:2"
}}
"""


@needs("mpd")
def test_mpd_plays_every_format_as_loud(copies, tmp_path, eventually):
    (tmp_path / "mpd.conf").write_text(
        CONFIGURATION.format(music=Path(copies.playlist).parent, own=tmp_path), encoding="utf-8"
    )
    with ExitStack() as stack:
        server = stack.enter_context(
            subprocess.Popen(["mpd", "--no-daemon", tmp_path / "mpd.conf"])  # noqa: S607
        )
        stack.callback(server.terminate)
        connection = stack.enter_context(socket.socket(socket.AF_UNIX))
        eventually(lambda: connection.connect_ex(f"{tmp_path}/socket") == 0, "MPD to listen")
        answers = stack.enter_context(connection.makefile("rb"))

        def ask(command):
            connection.sendall(command.encode() + b"\n")
            lines = []
            while (line := answers.readline()) != b"OK\n":
                assert line
                assert not line.startswith(b"ACK"), line
                lines.append(line)
            return lines

        answers.readline()
        ask("update")
        eventually(lambda: not any(b"updating_db" in each for each in ask("status")), "the music")
        ask('load "s.m3u8"')
        ask("play 0")
        eventually(lambda: b"state: stop\n" in ask("status"), "the end of the playlist")
    samples = np.fromfile(tmp_path / "out.pcm", "<i2").reshape(-1, 2).T / 32768.0
    assert np.ptp(levels_db(samples)) < 0.5


@pytest.fixture
def faded_and_new(tmp_path):
    """A copy for phones: music that fades, silence with an offset, and music of full loudness."""
    time_s = np.arange(round(20.333 * RATE_HZ)) / RATE_HZ
    tone = 0.1 * np.sin(2 * np.pi * 440 * time_s)
    faded = tone * 10 ** (-np.clip(time_s - 12.0, 0.0, 5.0) * 9.0 / 20.0) * (time_s < 17.0) + 0.002
    slots = []
    for number, wave in enumerate((faded, np.tile(tone, 3))):
        path = f"{tmp_path}/{number}.flac"
        encode.write_flac(path, np.tile(wave, (2, 1)).astype(np.float32), RATE_HZ, {})
        at = 20.333 * number
        slots.append(Slot(path, "", str(number), "", "", at, at + 20.333, "p", 0.5, 0.5))
    session = Session("arc", "relative", 40.0, 40.0, 0.0, 0.0, 0.0, slots=slots)
    with ThreadPoolExecutor(2) as pool:
        return copy_session(
            session, tmp_path / "phone", name="s", form="mp3", levels="samples", executor=pool
        )


@needs("mpv")
def test_what_follows_a_faded_ending_enters_slowly_as_mpv_plays_it(faded_and_new, tmp_path):
    """By 3 LU at most, from the last 3 s of what is heard to the first 3 s behind it."""
    out = tmp_path / "out.pcm"
    subprocess.run(
        [
            *("mpv", "--no-config", "--really-quiet", "--replaygain=no", "--ao=pcm"),
            *("--ao-pcm-waveheader=no", "--audio-format=s16", f"--ao-pcm-file={out}"),
            *("--gapless-audio=yes", f"--playlist={faded_and_new.playlist}"),
        ],
        timeout=120,
        check=True,
    )
    samples = np.fromfile(out, "<i2").reshape(-1, 2)[:, 0] / 32768.0
    with decode.AudioFile(faded_and_new.files[0].path) as file:
        join = sum(block.shape[1] for block in file.blocks())
    size = RATE_HZ // 10
    tenths = [part[: len(part) // size * size] for part in (samples[:join], samples[join:])]
    before, after = (part.reshape(-1, size).var(axis=1) for part in tenths)
    before = before[: np.flatnonzero(before > 1e-6 / 2)[-1] + 1]
    assert len(before) < 180
    floor = 0.01 * np.sort(after)[len(after) // 2]
    assert after[:30].mean() <= 10**0.3 * max(before[-30:].mean(), floor)
    assert after[-30:].mean() > 10 * after[:30].mean()
