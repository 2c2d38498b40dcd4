"""A session is one recording without gaps; what was measured in it is what the plan says."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import wave
from itertools import pairwise
from pathlib import Path

import av
import mutagen
import numpy as np
import pytest
from mutagen.id3 import ID3
from mutagen.mp4 import MP4

from playlist_builder.analysis import loudness
from playlist_builder.audio import decode, encode
from playlist_builder.cli.options import LOUDNESS_LUFS
from playlist_builder.errors import RenderError, RequestError
from playlist_builder.files.companion import is_own
from playlist_builder.language.text import clock
from playlist_builder.models import Session, Slot
from playlist_builder.playlists import session_json
from playlist_builder.recording import levels
from playlist_builder.recording.levels import TruePeak
from playlist_builder.recording.mix_settings import MixSettings
from playlist_builder.recording.render import PEAK_LIMIT_DBTP, preview_session, render_session
from playlist_builder.session_request import SessionRequest
from tests.support.commands import run
from tests.support.documents import in_turn

RATE = 48_000
SUFFIXES = [".flac", ".wav", ".mp3", ".m4a", ".opus"]


def noise(seconds, *, seed, rms=0.05, channels=2, rate=RATE):
    """Noise up to 8 kHz, all of which every codec keeps."""
    count = round(seconds * rate)
    bins = np.fft.rfft(np.random.default_rng(seed).standard_normal((channels, count)))
    bins[:, round(8000 * seconds) :] = 0.0
    samples = np.fft.irfft(bins, count)
    return (rms * samples / samples.std()).astype(np.float32)


def silence(seconds):
    return np.zeros((2, round(seconds * RATE)), np.float32)


def writer(folder):
    """Return what writes samples as a track in a folder and gives its slot."""

    def written(name, samples, *, rate=RATE, energy=0.5, phase="calm"):
        path = folder / "music" / f"{name}.flac"
        path.parent.mkdir(exist_ok=True)
        encode.write_flac(str(path), samples, rate, {})
        return Slot(
            path=str(path),
            identity=name,
            title=name,
            artist="Ada",
            album="",
            start_s=0.0,
            end_s=samples.shape[1] / rate,
            phase=phase,
            energy=energy,
            target=energy,
            contour=(energy,),
        )

    return written


@pytest.fixture
def track(tmp_path):
    return writer(tmp_path)


def session(*slots, tail=(), request=None):
    duration_s = sum(slot.duration_s for slot in slots)
    whole = Session(
        "arc",
        "relative",
        duration_s,
        duration_s,
        0.0,
        0.0,
        0.0,
        slots=slots,
        tail=tail,
        curve=(0.2, 0.8),
        request=request,
    )
    return in_turn(whole)


@pytest.fixture
def evening(track):
    return evening_of(track)


def evening_of(track):
    """Three tracks of seven seconds, the second between silences, and one for the tail."""
    return session(
        track("Dawn", noise(7.0, seed=1)),
        track("Nöon", np.concatenate((silence(1), noise(7.0, seed=2), silence(2)), axis=1)),
        track("Dusk", noise(7.0, seed=3)),
        tail=(track("Night", noise(7.0, seed=4), phase="tail"),),
    )


@pytest.fixture(scope="module", params=SUFFIXES)
def rendered(request, tmp_path_factory):
    """That evening as a recording of each kind: what was made, its file, and what it decodes to."""
    folder = tmp_path_factory.mktemp("rendered")
    path = folder / f"evening{request.param}"
    settings = MixSettings(crossfade_s=2.46, loudness_lufs=-23.0)
    made = render_session(evening_of(writer(folder)), path, settings=settings)
    return made, path, *decoded(path)


def decoded(path):
    with decode.AudioFile(str(path)) as recording:
        return np.concatenate(list(recording.blocks()), axis=1), recording.layout.sample_rate_hz


def power(samples, rate):
    blocks = iter(np.split(samples, range(rate, samples.shape[1], rate), axis=1))
    return levels.measure(blocks, rate).k_power


def left_in(folder):
    return sorted(each.name for each in folder.iterdir() if each.is_file())


def test_it_is_as_long_as_its_tracks_less_their_silence_and_overlaps(rendered):
    made, _, samples, rate = rendered
    assert made.duration_s == pytest.approx(4 * 7.0 - 3 * 2.46, abs=0.02)
    assert samples.shape[1] / rate == pytest.approx(made.duration_s, abs=0.05)
    assert len(samples) == 2


def test_it_is_as_loud_as_asked_and_has_no_gap(rendered):
    made, _, samples, rate = rendered
    assert loudness.integrated_lufs(power(samples, rate)) == pytest.approx(-23.0, abs=0.3)
    assert made.plan.loudness_lufs == pytest.approx(-23.0)
    frames = samples[:, : samples.shape[1] // 960 * 960].reshape(2, -1, 960)
    assert np.square(frames).mean(axis=(0, 2)).min() > 10 ** (-60 / 10)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_true_peak_of_what_is_decoded_is_below_the_limit(tmp_path, track, suffix):
    """Noise at full scale is the worst that an encoder can be given."""
    loud = [track(str(seed), np.clip(noise(6.0, seed=seed, rms=0.5), -1, 1)) for seed in (1, 2)]
    path = tmp_path / f"loud{suffix}"
    made = render_session(session(*loud), path, settings=MixSettings(loudness_lufs=-5.0))
    samples, _ = decoded(path)
    peak_dbtp = 20 * np.log10(TruePeak().push(samples)[0])
    assert peak_dbtp <= PEAK_LIMIT_DBTP + 0.01
    assert peak_dbtp == pytest.approx(made.true_peak_dbtp, abs=0.05)
    assert made.plan.loudness_lufs < -5.0


def test_a_crossfade_of_two_noises_keeps_its_loudness(tmp_path, track):
    """Short-term loudness stays within 0.5 LU where it has equal power."""
    two = session(track("a", noise(20.0, seed=1)), track("b", noise(20.0, seed=2)))
    render_session(two, tmp_path / "two.wav", settings=MixSettings(crossfade_s=8.0))
    samples, rate = decoded(tmp_path / "two.wav")
    k_power = power(samples, rate)
    short_term = loudness.lufs(np.convolve(k_power, np.full(30, 1 / 30), "valid"))
    assert np.ptp(short_term) < 0.5


def test_the_samples_of_a_track_come_out_as_they_were(tmp_path, track):
    """But for one gain: sample for sample, to half a step of 16 bits and the dither."""
    original = noise(6.0, seed=1, rms=0.1)
    made = render_session(session(track("a", original)), tmp_path / "a.wav")
    samples, _ = decoded(tmp_path / "a.wav")
    gain = 10 ** (made.plan.clips[0].gain_db / 20)
    inside = slice(RATE // 10, 5 * RATE)
    assert np.abs(samples - gain * original[:, : samples.shape[1]])[:, inside].max() < 4 / 32768


def test_every_window_follows_the_one_before(tmp_path, track):
    """A tone that runs on through windows and a crossfade with itself has no click."""
    time_s = np.arange(12 * RATE) / RATE
    tone = np.tile(0.1 * np.sin(2 * np.pi * 100.0 * time_s), (2, 1)).astype(np.float32)
    render_session(session(track("a", tone), track("b", tone)), tmp_path / "a.wav")
    samples, _ = decoded(tmp_path / "a.wav")
    inside = samples[0, RATE // 10 : -RATE // 10]
    slope = np.abs(np.diff(inside)).max() / np.abs(inside).max()
    assert slope < 1.5 * 2 * np.pi * 100.0 / RATE


def softly_ending(length_s):
    """Noise of which the last half is softer by 20 dB."""
    half_s = length_s / 2.0
    parts = noise(half_s, seed=1, rms=0.1), noise(half_s, seed=3, rms=0.01)
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize("riding", [True, False])
def test_a_step_of_loudness_is_held_to_the_limit(tmp_path, track, riding):
    two = session(track("a", softly_ending(60.0)), track("b", noise(100.0, seed=2, rms=0.1)))
    own = MixSettings(riding=riding)
    made = render_session(two, tmp_path / "a.wav", settings=own)
    samples, rate = decoded(tmp_path / "a.wav")
    k_power = power(samples, rate)
    start = round(made.plan.chapters[1].start_s * 10)
    end = round(made.plan.clips[0].end / 5)
    before = loudness.mean_lufs(k_power[start - 100 : start])
    after = loudness.mean_lufs(k_power[end : end + 100])
    assert after - before == pytest.approx(2.8, abs=0.1)


def test_the_rules_are_those_of_the_profile_that_the_session_holds(tmp_path, track):
    text = (
        'title = "Own"\nminutes = 10\n[rules]\ncrossfade_seconds = 1.5\nloudness_step_lu = 1\n'
        '[[phases]]\nname = "calm"\nminutes = [0, 10]\nlevel = 0.2\n'
    )
    two = session(
        track("a", softly_ending(40.0)),
        track("b", noise(20.0, seed=2, rms=0.1)),
        request=SessionRequest(profile="own", profile_text=text),
    )
    made = render_session(two, tmp_path / "a.flac", settings=MixSettings(riding=False))
    left, right = made.plan.clips
    assert left.end - right.at == 75
    assert right.gain_db - left.gain_db == pytest.approx(0.8 - 20.0, abs=0.1)
    assert mutagen.File(tmp_path / "a.flac")["album"] == ["Own"]


def test_tracks_of_any_rate_and_channels_are_fitted_to_what_most_have(tmp_path, track):
    slots = [
        track("a", noise(5.0, seed=1, channels=1, rate=22_050), rate=22_050),
        track("b", noise(5.0, seed=2, rate=44_100), rate=44_100),
        track("c", noise(5.0, seed=3)),
    ]
    made = render_session(
        session(*slots), tmp_path / "a.flac", settings=MixSettings(crossfade_s=0.0)
    )
    samples, rate = decoded(tmp_path / "a.flac")
    assert (rate, len(samples)) == (44_100, 2)
    assert made.duration_s == pytest.approx(15.0, abs=0.06)
    np.testing.assert_allclose(samples[0, : 4 * rate], samples[1, : 4 * rate], atol=4 / 32768)


def test_deep_tracks_make_a_deep_recording(tmp_path, track):
    slot = track("a", noise(5.0, seed=1))
    with wave.open(str(tmp_path / "deep.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(3)
        file.setframerate(RATE)
        values = np.ascontiguousarray((noise(5.0, seed=2).T * 2**31).astype("<i4"))
        file.writeframes(values.view(np.uint8).reshape(-1, 4)[:, 1:].tobytes())
    deep = Slot(**{**{n: getattr(slot, n) for n in slot.__slots__}, "path": f"{tmp_path}/deep.wav"})
    for suffix, bits in ((".wav", 24), (".flac", 24)):
        render_session(session(slot, deep), tmp_path / f"a{suffix}")
        assert mutagen.File(tmp_path / f"a{suffix}").info.bits_per_sample == bits
    render_session(session(slot), tmp_path / "b.flac")
    assert mutagen.File(tmp_path / "b.flac").info.bits_per_sample == 16


tagged = pytest.mark.parametrize("rendered", [".flac", ".mp3", ".m4a", ".opus"], indirect=True)

EXPECTED = ["Dawn - Ada [calm]", "Nöon - Ada [calm]", "Dusk - Ada [calm]", "Night - Ada [tail]"]


@tagged
def test_chapters_stand_where_the_tracks_begin(rendered):
    """As FFmpeg reads them, in this order, and as the file's own tags hold them."""
    made, path, *_ = rendered
    suffix = path.suffix
    starts = [each.start_s for each in made.plan.chapters]
    assert starts == pytest.approx([0.0, 4.54, 9.08, 13.62], abs=0.05)
    with av.open(str(path)) as container:
        found = container.chapters()
    titles = [each["metadata"]["title"] for each in found]
    assert titles == EXPECTED
    read = [float(each["start"] * each["time_base"]) for each in found]
    assert read == pytest.approx(starts, abs=0.002)
    if suffix in {".flac", ".opus"}:
        tags = mutagen.File(path)
        assert [tags[f"chapter{n:03}name"][0] for n in range(4)] == EXPECTED
        minutes, seconds = tags["chapter001"][0].rsplit(":", 1)
        assert (minutes, float(seconds)) == ("00:00", pytest.approx(starts[1], abs=0.001))
    if suffix == ".mp3":
        tags = ID3(path)
        (contents,) = tags.getall("CTOC")
        chapters = [tags[f"CHAP:{name}"] for name in contents.child_element_ids]
        assert [each.start_time for each in chapters] == [round(1000 * each) for each in starts]
        assert [each.sub_frames["TIT2"].text[0] for each in chapters] == EXPECTED
    if suffix == ".m4a":
        assert [each.title for each in MP4(path).chapters] == EXPECTED
        assert [each.start for each in MP4(path).chapters] == pytest.approx(starts, abs=0.01)


@pytest.mark.parametrize("suffix", [".flac", ".wav"])
def test_a_cue_sheet_lies_beside_what_is_not_lossy(tmp_path, evening, suffix):
    made = render_session(
        evening, tmp_path / f"my evening{suffix}", settings=MixSettings(crossfade_s=2.0)
    )
    text = (tmp_path / "my evening.cue").read_text(encoding="utf-8")
    assert made.cue_path == str(tmp_path / "my evening.cue")
    assert f'FILE "my evening{suffix}" WAVE\n' in text
    assert re.findall(r'    TITLE "(.*)"\n', text) == EXPECTED
    indexes = re.findall(r"INDEX 01 (\d+):(\d\d):(\d\d)\n", text)
    read = [60 * int(minutes) + int(s) + int(frames) / 75 for minutes, s, frames in indexes]
    assert read == pytest.approx([each.start_s for each in made.plan.chapters], abs=0.007)


def test_a_recording_is_written_where_its_cue_sheet_cannot_be(tmp_path, evening):
    """A sheet of the user's stays as it is, and a folder of that name too."""
    (tmp_path / "a.cue").write_text("mine\n", encoding="utf-8")
    (tmp_path / "b.cue").mkdir()
    for name in ("a", "b"):
        made = preview_session(evening, tmp_path / f"{name}.wav")
        assert made.cue_path is None
        assert f"{name}.cue" in made.cue_error
        assert (tmp_path / f"{name}.wav").exists()
    assert (tmp_path / "a.cue").read_text(encoding="utf-8") == "mine\n"
    (tmp_path / "a.cue").unlink()
    for _ in range(2):
        assert preview_session(evening, tmp_path / "a.wav").cue_path == str(tmp_path / "a.cue")


@tagged
def test_tags_and_a_cover_are_there(rendered):
    _, path, *_ = rendered
    tags = mutagen.File(path, easy=True)
    assert (tags["title"], tags["album"]) == (["evening"], ["arc"])
    with av.open(str(path)) as container:
        pictures = [stream for stream in container.streams if stream.type == "video"]
        assert [(each.width, each.height) for each in pictures] == [(600, 600)]
        assert len(container.streams.audio) == 1


def test_a_preview_holds_what_the_whole_holds_around_each_transition(tmp_path, track):
    slots = [track(name, noise(40.0, seed=seed)) for seed, name in enumerate("abc")]
    whole = render_session(session(*slots), tmp_path / "whole.wav")
    short = preview_session(session(*slots), tmp_path / "short.wav")
    assert len(short.plan.chapters) == 2
    rendered, rate = decoded(tmp_path / "whole.wav")
    previewed, _ = decoded(tmp_path / "short.wav")
    for number, (left, right) in enumerate(pairwise(whole.plan.clips)):
        length = (left.end - right.at + 26 * 50) * rate // 50
        start = (right.at - 13 * 50) * rate // 50
        at = round((short.plan.chapters[number].start_s + 2.0) * rate)
        difference = rendered[:, start : start + length] - previewed[:, at : at + length]
        assert np.abs(difference).max() < 4 / 32768
    border = round(short.plan.chapters[0].end_s * rate)
    assert np.abs(previewed[:, border + rate // 10 : border + rate // 2]).max() < 2 / 32768


def test_one_track_is_a_recording_but_no_preview(tmp_path, track):
    alone = session(track("a", noise(5.0, seed=1)))
    assert render_session(alone, tmp_path / "a.flac").duration_s == pytest.approx(5.0, abs=0.02)
    with pytest.raises(RenderError, match="no transition"):
        preview_session(alone, tmp_path / "b.flac")


def refused(work, session, path):
    """The one line of an error, after which everything is as it was before."""
    before = left_in(path.parent) if path.parent.is_dir() else None
    with pytest.raises(RenderError) as caught:
        work(session, path)
    text = str(caught.value)
    assert "\n" not in text
    if before is not None:
        assert left_in(path.parent) == before
    return text


@pytest.mark.parametrize("work", [render_session, preview_session])
def test_a_track_that_is_gone_is_told_before_anything_is_written(tmp_path, evening, work):
    Path(evening.slots[1].path).unlink()
    Path(evening.tail[0].path).unlink()
    text = refused(work, evening, tmp_path / "a.flac")
    assert text.startswith(f"2 tracks are not there, such as {evening.slots[1].path!r}")
    assert "check --fix" in text


def test_a_damaged_track_is_told_before_anything_is_written(tmp_path, evening):
    old = tmp_path / "a.mp3"
    old.write_bytes(b"what was there before")
    path = Path(evening.slots[2].path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    text = refused(render_session, evening, old)
    assert text.startswith(repr(str(path)))
    assert "cut short" in text
    assert old.read_bytes() == b"what was there before"


def test_a_track_that_changes_on_the_way_leaves_nothing(tmp_path, evening):
    def cut(state):
        path = Path(evening.slots[2].path)
        if state.activity == "mixing" and path.stat().st_size > 1000:
            path.write_bytes(path.read_bytes()[:1000])

    with pytest.raises(RenderError):
        render_session(evening, tmp_path / "a.flac", progress=cut)
    assert left_in(tmp_path) == []


def test_places_that_cannot_be_written_are_refused(tmp_path, evening):
    (tmp_path / "folder.flac").mkdir()
    assert "no file" in refused(render_session, evening, tmp_path / "folder.flac")
    assert "folder is not there" in refused(render_session, evening, tmp_path / "gone" / "a.flac")
    assert ".flac, .m4a, .mp3" in refused(render_session, evening, tmp_path / "a.ogg")
    assert "is a track" in refused(render_session, evening, Path(evening.slots[0].path))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has a full device")
def test_a_full_disk_is_told():
    """As FFmpeg meets it: the device takes nothing."""
    chapters = ()
    samples = np.zeros((RATE * 60, 2), np.int32)
    with (
        pytest.raises(OSError, match="No space left"),
        encode.Encoder(
            "/dev/full",
            encode.RECORDING_FORMS[".wav"],
            RATE,
            deep=False,
            chapters=chapters,
            tags={},
        ) as encoder,
    ):
        encoder.write(samples)


def test_progress_grows_to_the_whole(tmp_path, evening):
    states = []
    render_session(evening, tmp_path / "a.mp3", progress=states.append)
    done = [each.done_s for each in states]
    assert done == sorted(done)
    assert {each.activity for each in states} == {"measuring", "mixing", "checking"}
    assert states[-1].done_s <= states[-1].total_s == pytest.approx(done[-1], rel=0.1)


def test_the_same_session_is_the_same_bytes(tmp_path, evening):
    for name in "ab":
        render_session(evening, tmp_path / f"{name}.wav")
    first, second = (mutagen.File(tmp_path / f"{name}.wav").info.length for name in "ab")
    assert first == second
    np.testing.assert_array_equal(decoded(tmp_path / "a.wav")[0], decoded(tmp_path / "b.wav")[0])


def command(*words):
    return [sys.executable, "-m", "playlist_builder", *map(str, words)]


def test_the_command_renders_and_tells_as_json(tmp_path, evening):
    (tmp_path / "evening.json").write_text(session_json.dump(evening), encoding="utf-8")
    options = ("--loudness", -20, "--crossfade", 1, "--json")
    done = run("render", "evening.json", "-o", "a.flac", *options, cwd=tmp_path)
    told = json.loads(done.stdout)
    assert [each["title"] for each in told["chapters"]] == EXPECTED
    assert told["loudness_lufs"] == -20.0
    assert told["pieces"][1]["start_s"] == pytest.approx(6.0, abs=0.03)
    assert told["true_peak_dbtp"] < PEAK_LIMIT_DBTP
    assert "Wrote a.flac and a.cue: 0:25" in done.stderr
    assert "Wrote a.flac.html, a report of its times" in done.stderr
    assert is_own(tmp_path / "a.flac.html")
    page = (tmp_path / "a.flac.html").read_text(encoding="utf-8")
    assert all(clock(each["start_s"]) in page for each in told["chapters"])


def test_the_command_tells_where_gains_move_and_can_leave_them(tmp_path, track):
    two = session(track("a", softly_ending(60.0)), track("b", noise(100.0, seed=2, rms=0.1)))
    (tmp_path / "two.json").write_text(session_json.dump(two), encoding="utf-8")
    lowest = []
    for options in ((), ("--no-riding",)):
        words = ("preview", "two.json", "-o", "a.flac", "--json", *options)
        told = json.loads(run(*words, cwd=tmp_path).stdout)
        lowest.append(told["pieces"][1]["moves_db"][0])
    assert lowest[0] < -5.0
    assert lowest[1] == 0.0


def test_the_command_writes_the_joins_that_are_named(tmp_path, evening):
    (tmp_path / "evening.json").write_text(session_json.dump(evening), encoding="utf-8")
    done = run("preview", "evening.json", 2, "-o", "a.wav", "--json", cwd=tmp_path)
    (chapter,) = json.loads(done.stdout)["chapters"]
    assert f"→ {evening.slots[1].title}" in json.dumps(chapter, ensure_ascii=False)
    assert done.stderr.startswith("Measuring and mixing, which takes a while ...\n")
    told = run("preview", "evening.json", 1, "-o", "b.wav", cwd=tmp_path, code=2).stderr
    assert "Number 1 begins the session" in told
    with pytest.raises(RequestError, match="joins: give numbers from 2 to"):
        preview_session(evening, tmp_path / "b.wav", joins=[99])


def test_the_command_gives_one_line_where_a_track_is_gone(tmp_path, evening):
    (tmp_path / "evening.json").write_text(session_json.dump(evening), encoding="utf-8")
    Path(evening.slots[0].path).unlink()
    done = run("preview", "evening.json", "-o", "a.mp3", cwd=tmp_path, code=1)
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert left_in(tmp_path) == ["evening.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="no process can be sent Ctrl-C there")
def test_ctrl_c_leaves_nothing_behind(tmp_path, track):
    long = session(*(track(str(n), noise(100.0, seed=n)) for n in range(2)))
    (tmp_path / "long.json").write_text(session_json.dump(long), encoding="utf-8")
    with subprocess.Popen(
        command("render", "long.json", "-o", "long.mp3"),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        patience = time.monotonic() + 60
        while len(left_in(tmp_path)) < 2 and time.monotonic() < patience:
            time.sleep(0.02)
        assert any(name.endswith(".tmp") for name in left_in(tmp_path))
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    assert (process.returncode, told) == (
        130,
        "Measuring and mixing, which takes a while ...\nStopped. Nothing was written.\n",
    )
    assert left_in(tmp_path) == ["long.json"]


def test_pydub_is_asked_for_no_program(tmp_path, evening):
    """Nor is one found in an empty PATH."""
    (tmp_path / "evening.json").write_text(session_json.dump(evening), encoding="utf-8")
    (tmp_path / "bin").mkdir()
    done = subprocess.run(
        [sys.executable, "-W", "error", *command("render", "evening.json", "-o", "a.mp3")[1:]],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        encoding="utf-8",
        env=os.environ | {"PATH": str(tmp_path / "bin")},
    )
    assert "Wrote a.mp3: " in done.stderr


def test_the_command_asks_for_the_loudness_that_the_room_has():
    assert MixSettings().loudness_lufs == LOUDNESS_LUFS
