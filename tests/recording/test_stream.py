"""Any part of a mix is what the whole has there, to the sample; the whole is what is rendered."""

import shutil
import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playlist_builder import MixReader
from playlist_builder.audio import decode, encode
from playlist_builder.errors import RenderError, RequestError
from playlist_builder.models import Session, Slot
from playlist_builder.recording import stream
from playlist_builder.recording.levels import FRAMES_PER_S
from playlist_builder.recording.mix import Clip, MixPlan
from playlist_builder.recording.render import render_session

LENGTHS_S = {44_100: 41.0, 48_000: 3.0, 22_050: 4.0}
COURSE = np.sin(np.arange(410) / 7.0) * 3.0
LATE = 33 * FRAMES_PER_S + 7  # behind what is decoded rather than skipped, at no whole second


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A file of noise at each rate, by its rate."""
    folder = tmp_path_factory.mktemp("stream")
    made = {}
    for rate_hz, length_s in LENGTHS_S.items():
        rng = np.random.default_rng(rate_hz)
        samples = 0.1 * rng.standard_normal((2, int(rate_hz * length_s)))
        made[rate_hz] = str(folder / f"{rate_hz}.flac")
        encode.write_flac(made[rate_hz], samples.astype(np.float32), rate_hz, {})
    return made


@pytest.fixture(scope="module")
def plan(files):
    """Fades of all kinds: a crossfade, one without overlap, and one around a silence."""
    clips = (
        Clip(files[44_100], "a", LATE, 300, 0, -3.0, fade_in=100, fade_out=60, course=COURSE),
        Clip(files[48_000], "b", 5, 130, 240, 1.5, fade_in=60, fade_out=20),
        Clip(files[22_050], "c", 0, 190, 400, -1.0, fade_in=30),
        Clip(files[48_000], "d", 3, 120, 590, -1.0),
    )
    return MixPlan(clips, (), -18.0, -1.0)


@pytest.fixture(scope="module")
def whole(plan):
    return {rate_hz: mixed(plan, rate_hz) for rate_hz in (44_100, 48_000)}


def mixed(plan, rate_hz):
    """The mix as a recording has it, from the first to the last sample."""
    segments = stream.segments(plan, rate_hz, lambda _: None)
    return np.concatenate([stream.samples_of(each) for each in segments], axis=1)


@pytest.fixture(scope="module")
def reader(plan):
    with MixReader(plan) as opened:
        yield opened


@settings(max_examples=15)
@given(first=st.integers(-10, 710 * 960 + 10), count=st.integers(0, 70_000))
def test_any_part_is_that_of_the_whole(reader, whole, first, count):
    start, end = max(0, first), max(0, first + count)
    assert np.array_equal(reader.read(first, count), whole[48_000][:, start:end])


def test_parts_in_turn_are_the_whole_at_each_rate(plan, whole):
    for rate_hz, expected in whole.items():
        with MixReader(plan, rate_hz) as opened:
            parts = [opened.read(at, 99_991) for at in range(0, opened.length, 99_991)]
            assert opened.length == expected.shape[1] == plan.frames * rate_hz // FRAMES_PER_S
        assert np.array_equal(np.concatenate(parts, axis=1), expected)


def test_a_silence_is_one_and_music_sounds_everywhere_else(whole):
    quiet = ~whole[48_000].any(axis=0)
    silent = slice(370 * 960, 400 * 960)
    assert quiet[silent].all()
    assert np.delete(quiet, silent).mean() < 0.001


@given(
    places=st.lists(
        st.tuples(st.integers(0, 120), st.integers(1, 130), st.integers(1, 40)),
        min_size=1,
        max_size=4,
    ),
    first=st.integers(0, 200_000),
)
@settings(max_examples=10)
@example(places=[(29, 1, 1)], first=0)
def test_clips_may_overlap_in_any_way(files, places, first):
    """Also three at once, one within another, and the first one late."""
    clips = tuple(
        Clip(files[48_000], "", 0, length, at, -20.0, fade_in=fade, fade_out=fade)
        for at, length, fade in sorted(places)
    )
    plan = MixPlan(clips, (), -18.0, -1.0)
    expected = mixed(plan, 48_000)
    assert expected.shape[1] == max(each.end for each in clips) * 960
    with MixReader(plan) as opened:
        found = opened.read(first, 10_000)
    assert np.array_equal(found, expected[:, : plan.frames * 960][:, first : first + 10_000])


def test_it_is_what_is_rendered(files, tmp_path):
    rates = 48_000, 22_050
    slots = [
        Slot(
            path=files[rate_hz],
            identity=str(rate_hz),
            title="",
            artist="",
            album="",
            start_s=number * 3.0,
            end_s=(number + 1) * 3.0,
            phase="",
            energy=0.5,
            target=0.5,
            contour=(0.5,),
        )
        for number, rate_hz in enumerate(rates)
    ]
    session = Session("arc", "relative", 6.0, 6.0, 0.0, 0.0, 0.0, slots=slots, curve=(0.2, 0.8))
    made = render_session(session, tmp_path / "evening.flac")
    with decode.AudioFile(str(tmp_path / "evening.flac")) as file:
        heard = np.concatenate(list(file.blocks()), axis=1)
        rate_hz = file.layout.sample_rate_hz
    with MixReader(made.plan, rate_hz) as opened:
        played = opened.read(0, opened.length)
    assert heard.shape == played.shape
    assert np.abs(heard - played).max() < 2 / 32768  # one step, and the dither


def test_a_place_far_within_a_track_costs_little(tmp_path):
    """Twenty minutes at 8 kHz."""
    path = str(tmp_path / "long.flac")
    samples = np.tile(np.linspace(-0.1, 0.1, 8000, dtype=np.float32), 1200)[None]
    encode.write_flac(path, samples, 8000, {})
    clip = Clip(path, "", 0, 1200 * FRAMES_PER_S, 0, 0.0)

    def cost_s(first):
        start = time.process_time()
        with MixReader(MixPlan((clip,), (), -18.0, -1.0)) as opened:
            assert opened.read(first, 48_000).any()
        return time.process_time() - start

    assert min(cost_s(at * 48_000) for at in (1190, 234, 722)) < 0.3


def test_a_file_that_is_gone_or_has_shrunk_is_told_with_its_clip(files, tmp_path):
    gone = Clip(str(tmp_path / "gone.flac"), "", 0, 100, 0, 0.0)
    short = Clip(files[48_000], "", 0, 1000, 200, 0.0)
    with MixReader(MixPlan((gone, short), (), -18.0, -1.0)) as opened:
        for clip, first in ((gone, 0), (gone, 50_000), (short, 700 * 960)):
            with pytest.raises(RenderError, match="cannot be played") as told:
                opened.read(first, 10)
            assert told.value.clip is clip
        assert opened.read(250 * 960, 10).any()
        there = opened.read(249 * 960, 1_000_000)  # up to where it has shrunk, to a window
        assert 1.0 < there.shape[1] / 48_000 <= 2.1
        shutil.copy(files[48_000], gone.path)
        assert opened.read(50_000, 10).any()


def test_other_rates_are_refused(plan):
    with pytest.raises(RequestError, match="44100 or 48000"):
        MixReader(plan, 96_000)
