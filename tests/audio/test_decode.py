"""Samples come out as they went in, whole or not at all; what is no audio is refused by name."""

import struct
import wave
from fractions import Fraction

import av
import mutagen
import mutagen.flac
import mutagen.mp3
import mutagen.mp4
import mutagen.oggopus
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.audio import decode as audio
from playlist_builder.audio import encode as encoding
from playlist_builder.errors import AudioError

RATE = 48000
SECONDS = 3.0
FASTSTART = {"movflags": "+faststart"}  # the index of an MP4 stands before its music
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


def sines(channels, seconds=SECONDS, hertz=300.0):
    """Return a tone per channel, each of its own pitch and level."""
    time = np.arange(round(seconds * RATE)) / RATE
    return np.stack(
        [0.5 / (1 + n) * np.sin(2 * np.pi * hertz * (1 + n) * time) for n in range(channels)]
    ).astype(np.float32)


def encode(path, samples, codec, form="s16", layout=None):
    """Encode from packed s16 frames, brought into `form` by FFmpeg's own resampler."""
    layout = layout or LAYOUTS[len(samples)]
    integers = np.round(samples * 32767).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE, layout=layout)
        size = stream.codec_context.frame_size or 1024
        resampler = av.AudioResampler(form, layout, RATE, frame_size=size)
        for start in range(0, integers.shape[1], RATE):
            block = np.ascontiguousarray(integers[:, start : start + RATE].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout=layout)
            frame.sample_rate, frame.pts = RATE, start
            frame.time_base = Fraction(1, RATE)
            for fitting in resampler.resample(frame):
                container.mux(stream.encode(fitting))
        for fitting in resampler.resample(None):
            container.mux(stream.encode(fitting))
        container.mux(stream.encode(None))
    return str(path)


def decode(path):
    with audio.AudioFile(str(path)) as recording:
        samples = np.concatenate(list(recording.blocks()), axis=1)
        return samples, recording.layout, recording.identity


def reason(path):
    with pytest.raises(AudioError) as caught, audio.AudioFile(str(path)) as recording:
        for _ in recording.blocks():
            pass
    return str(caught.value)


def assert_tones(samples, expected, tolerance=0.02):
    """Hold the level of every channel against that of the tone that went in."""
    middle = samples[:, RATE // 2 : 2 * RATE]
    wanted = expected[:, RATE // 2 : 2 * RATE]
    np.testing.assert_allclose(middle.std(axis=1), wanted.std(axis=1), atol=tolerance)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_written_flac_holds_the_samples_and_tags(tmp_path, channels):
    samples = sines(channels)
    path = tmp_path / "written.flac"
    encoding.write_flac(str(path), samples, RATE, {"title": "Morning"})
    decoded, layout, _ = decode(path)
    assert layout.sample_rate_hz == RATE
    assert decoded.dtype == np.float32
    assert decoded.shape == samples.shape
    np.testing.assert_allclose(decoded, samples, atol=1e-4)
    assert mutagen.File(path)["title"] == ["Morning"]


@pytest.mark.parametrize(
    ("suffix", "codec", "form", "channels"),
    [
        *(("flac", "flac", "s16", n) for n in LAYOUTS),
        *(("wav", "pcm_s16le", "s16", n) for n in (1, 2, 6)),
        *(("opus", "libopus", "flt", n) for n in (1, 2, 6)),
        *(("mp3", "libmp3lame", "fltp", n) for n in (1, 2)),
        *(("m4a", "aac", "fltp", n) for n in (1, 2, 6)),
    ],
)
def test_every_channel_of_every_format_comes_out(tmp_path, suffix, codec, form, channels):
    samples = sines(channels)
    if suffix == "opus":
        samples[3:4] = 0.0  # a codec cuts the top of LFE
    if suffix == "m4a":
        samples[3:4] = 0.0
    path = encode(tmp_path / f"a.{suffix}", samples, codec, form)
    decoded, layout, _ = decode(path)
    assert len(layout.channels) == channels
    assert decoded.shape[0] == channels
    assert decoded.shape[1] / RATE == pytest.approx(SECONDS, abs=0.1)
    assert_tones(decoded, samples)


def test_eight_channels_of_wav_come_out(tmp_path):
    samples = sines(8)
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(8)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.round(samples.T * 32767).astype("<i2").tobytes())
    decoded, layout, _ = decode(path)
    assert len(layout.channels) == 8
    np.testing.assert_allclose(decoded, samples, atol=1e-4)


@pytest.mark.parametrize(
    ("codec", "form"),
    [
        ("pcm_u8", "u8"),
        ("pcm_s16le", "s16"),
        ("pcm_s24le", "s32"),
        ("pcm_s32le", "s32"),
        ("pcm_f32le", "flt"),
        ("pcm_f64le", "dbl"),
    ],
)
def test_full_scale_is_one_at_any_depth(tmp_path, codec, form):
    samples = sines(2)
    decoded, _, _ = decode(encode(tmp_path / "a.wav", samples, codec, form))
    np.testing.assert_allclose(decoded, samples, atol=0.01 if form == "u8" else 1e-4)


def test_blocks_are_bounded_and_only_the_last_is_shorter(tmp_path):
    path = tmp_path / "a.flac"
    encoding.write_flac(str(path), sines(1, 7.5), RATE, {})
    with audio.AudioFile(str(path)) as recording:
        sizes = [block.shape for block in recording.blocks()]
    whole, rest = divmod(round(7.5 * RATE), round(audio.BLOCK_S * RATE))
    assert sizes == [(1, round(audio.BLOCK_S * RATE))] * whole + [(1, rest)]


@pytest.mark.parametrize(
    ("suffix", "codec", "form", "key"),
    [
        ("flac", "flac", "s16", "title"),
        ("mp3", "libmp3lame", "fltp", None),
        ("m4a", "aac", "fltp", "\xa9nam"),
        ("opus", "libopus", "flt", "title"),
    ],
)
def test_tags_do_not_change_the_identity(tmp_path, suffix, codec, form, key):
    path = encode(tmp_path / f"a.{suffix}", sines(2), codec, form)
    before = audio.identify(path)
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    if key is None:
        file.tags.add(mutagen.id3.TIT2(encoding=3, text=["Evening " * 600]))
    else:
        file[key] = ["Evening " * 600]
    file.save()
    assert audio.identify(path) == before == decode(path)[2]
    other = encode(tmp_path / f"b.{suffix}", sines(2, hertz=500.0), codec, form)
    assert audio.identify(other) != before


def test_a_moved_file_keeps_its_identity(tmp_path):
    path = tmp_path / "a.flac"
    encoding.write_flac(str(path), sines(1), RATE, {})
    before = audio.identify(str(path))
    assert audio.identify(str(path.rename(tmp_path / "http:ä.flac"))) == before


def test_a_file_cut_short_is_refused(tmp_path):
    path = tmp_path / "a.flac"
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (1, 10 * RATE)).astype(np.float32)
    encoding.write_flac(str(path), noise, RATE, {})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert reason(path).startswith("cut short")


def test_an_m4a_cut_short_is_refused(tmp_path):
    """Its size begins with zeros, as some files of bare frames do."""
    made, path = tmp_path / "made.m4a", tmp_path / "a.m4a"
    encode(made, sines(2, 10.0), "aac", "fltp")
    with av.open(str(made)) as source, av.open(str(path), "w", options=FASTSTART) as container:
        stream = container.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.size:
                packet.stream = stream
                container.mux(packet)
    assert decode(path)[0].shape[1] == pytest.approx(10.0 * RATE, abs=0.1 * RATE)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert reason(path).startswith("cut short")


@pytest.mark.parametrize(
    "text",
    [
        "these are the words of a song\n" * 50,
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{other}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {other}\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
    ],
)
@pytest.mark.parametrize("name", ["a.mp3", "a.flac"])
def test_text_and_playlists_and_scripts_are_refused(tmp_path, text, name):
    """A file that would make FFmpeg open another one is no audio, whatever its name."""
    other = tmp_path / "other.flac"
    encoding.write_flac(str(other), sines(1), RATE, {})
    path = tmp_path / name
    path.write_text(text.format(other=other.name), encoding="utf-8")
    assert reason(path) in {
        "not audio in a format that is known here, or damaged",
        "it holds no audio that is known here",
    }


def test_an_empty_file_is_refused(tmp_path):
    path = tmp_path / "a.mp3"
    path.write_bytes(b"")
    assert reason(path) == "an empty file"


def with_video(path):
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        sound = container.add_stream("flac", rate=RATE, layout="mono")
        image = np.zeros((64, 64, 3), np.uint8)
        for _ in range(5):
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(video.encode(None))
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4608), np.int16), "s16", "mono")
        frame.sample_rate, frame.pts = RATE, 0
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))


def test_a_video_is_refused_but_its_container_with_audio_alone_is_not(tmp_path):
    with_video(tmp_path / "film.mkv")
    assert reason(tmp_path / "film.mkv") == "a video, not audio alone"
    samples = sines(2)
    decoded, _, _ = decode(encode(tmp_path / "song.mka", samples, "flac"))
    np.testing.assert_allclose(decoded, samples, atol=1e-4)
    path = encode(tmp_path / "song.mkv", samples, "flac")
    assert decode(path)[0].shape == samples.shape


def test_a_file_that_is_not_there_is_the_systems_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        audio.identify(str(tmp_path / "gone.mp3"))


def test_damaged_floats_are_silence(tmp_path):
    """A float that no recording holds counts as silence, so that no measure is infinite."""
    path = tmp_path / "a.wav"
    samples = np.full((1, RATE), 0.25, np.float32)
    samples[0, 5], samples[0, 6], samples[0, 7] = 1e30, -np.inf, np.nan
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_f32le", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples, format="flt", layout="mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with audio.AudioFile(str(path)) as recording:
        block = np.concatenate(list(recording.blocks()), axis=1)
    assert (block[0, 5:8] == 0.0).all()
    assert (np.delete(block[0], [5, 6, 7]) == 0.25).all()


def test_rate_and_channels_may_change_on_the_way_again_and_again(tmp_path):
    """What was joined from parts of other forms comes out whole, in one form."""
    whole = b""
    for number, (rate, layout) in enumerate(
        [(48000, "stereo"), (44100, "mono"), (48000, "mono"), (44100, "stereo"), (48000, "stereo")]
    ):
        path = tmp_path / f"{number}.ac3"
        noise = np.random.default_rng(number).uniform(-0.5, 0.5, (1, rate)).astype(np.float32)
        with av.open(str(path), "w") as container:
            stream = container.add_stream("ac3", rate=rate, layout=layout)
            frame = av.AudioFrame.from_ndarray(noise, format="flt", layout="mono")
            frame.sample_rate = rate
            fit = av.AudioResampler("fltp", layout, rate, frame_size=1536)
            for each in (*fit.resample(frame), *fit.resample(None)):
                container.mux(stream.encode(each))
            container.mux(stream.encode(None))
        whole += path.read_bytes()
    joined = tmp_path / "joined.ac3"
    joined.write_bytes(whole)
    with audio.AudioFile(str(joined)) as recording:
        blocks = list(recording.blocks())
        rate, channels = recording.layout.sample_rate_hz, len(recording.layout.channels)
    assert {len(block) for block in blocks} == {channels}
    assert sum(block.shape[1] for block in blocks) / rate == pytest.approx(5, abs=0.3)


def test_sound_of_unknown_encoding_is_refused(tmp_path):
    """A WAV whose encoding nobody knows is no music, and no error of ours."""
    path = tmp_path / "a.wav"
    form = struct.pack("<HHIIHH", 0x7777, 1, RATE, 2 * RATE, 2, 16)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", 4000)
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 4 + len(chunks) + 4000) + b"WAVE" + chunks + bytes(4000)
    )
    assert reason(path) == "it holds no audio that is known here"


@pytest.mark.parametrize(
    ("bad", "packets", "damaged"),
    [
        ([], 1000, 0),
        (range(8), 1000, 0),
        (range(50), 1000, 40),
        (range(900, 1000), 1000, 0),
        ([*range(900, 950), *range(951, 1000)], 1000, 0),
        (range(500, 550), 1000, 50),
        (range(500, 1000, 2), 1000, 250),
        ([400, *range(900, 1000)], 1000, 1),
        (range(20, 1000), 1000, 80),
    ],
)
def test_bad_packets_count_within_the_music_alone(bad, packets, damaged):
    assert audio.damage(list(bad), packets) == damaged


@given(st.sets(st.integers(0, 199)))
def test_junk_behind_the_music_adds_no_damage(bad):
    numbers = sorted(bad)
    within = audio.damage(numbers, 200)
    assert 0 <= within <= len(bad)
    assert audio.damage([*numbers, *range(200, 400)], 400) <= len(bad)


@pytest.mark.parametrize(
    ("name", "codec", "form"),
    [
        ("a.flac", "flac", "s16"),
        ("a.wav", "pcm_s16le", "s16"),
        ("a.mp3", "libmp3lame", "s16p"),
        ("a.opus", "libopus", "s16"),
        ("a.m4a", "alac", "s16p"),
        ("a.mka", "flac", "s16"),
    ],
)
def test_from_a_second_on_it_is_as_without_looking_for_it(tmp_path, name, codec, form):
    noise = np.random.default_rng(1).standard_normal((1, RATE * 9)).astype(np.float32) * 0.1
    path = encode(tmp_path / name, noise, codec, form)
    whole, _, _ = decode(path)
    for second in (0, 1, 5, 7):
        with audio.AudioFile(path) as file:
            first = file.seek(second)
            assert first <= second * RATE
            found = np.concatenate(list(file.blocks()), axis=1)
        late = RATE // 1000 * (name == "a.mka" and second > 2)  # its times are thousandths
        assert found.shape[1] == pytest.approx(whole.shape[1] - first, abs=late)
        assert late or np.array_equal(found, whole[:, first:])
