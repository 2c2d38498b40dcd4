"""What the desk lets hear: parts of mixes by number and tracks by identity, and nothing else."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from playlist_builder import LibraryError, MixPlan, MixReader, Session, Slot
from playlist_builder.desk import mixes
from playlist_builder.desk.mixes import FRAMES_PER_S, Mix, Mixes
from playlist_builder.desk.sound import Sound
from playlist_builder.desk.sound_routes import routes
from playlist_builder.desk.words import Words
from tests.support.heard import in_turn, write_tones
from tests.support.synthetic import track

PATIENCE_S = 20.0
BYTES = 8  # of a sample of both channels


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    return write_tones(tmp_path_factory.mktemp("tones"), 3, seconds=2.2)


@pytest.fixture(scope="module")
def plan(tones):
    return in_turn(tones, 2 * FRAMES_PER_S, overlap=20)


@pytest.fixture(scope="module")
def whole(plan):
    """The bytes of the whole mix."""
    with MixReader(plan) as reader:
        return reader.read(0, reader.length).T.astype("<f4").tobytes()


@pytest.fixture(scope="module")
def sound():
    made = Sound(Words("en"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def ask(sound):
    """Ask the routes as a browser would; tracks are those of `known`."""
    known = {}

    def find(identity):
        if identity not in known:
            raise LibraryError("none")
        return known[identity]

    async def call(function):
        return function()

    library = SimpleNamespace(track=find)
    app = Starlette(routes=routes(sound))
    app.state.desk = SimpleNamespace(call=call, bench=SimpleNamespace(library=library))
    app.state.words = Words("en")

    def asked(url, *, method="GET", **headers):
        async def answer():
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
                return await client.request(method, url, headers=headers)

        # In a thread of its own: a browser that other tests drive keeps a loop in this one.
        return threads.submit(asyncio.run, answer()).result()

    asked.known = known
    with ThreadPoolExecutor(1) as threads:
        yield asked


@pytest.fixture(scope="module")
def url(sound, plan):
    return sound.publish(plan).url


def test_the_whole_is_sent_to_who_asks_for_no_part(ask, url, whole):
    answer = ask(url)
    assert answer.status_code == 200
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(whole))
    assert answer.content == whole


@pytest.mark.parametrize(
    "header", ["bytes=0-0", "bytes=5-20", "bytes=-9", "bytes=400001-", "bytes=7-800008"]
)
def test_a_part_is_that_of_the_whole(ask, url, whole, header):
    answer = ask(url, range=header)
    start, end = (int(each) if each else None for each in header.removeprefix("bytes=").split("-"))
    part = slice(-end, None) if start is None else slice(start, None if end is None else end + 1)
    first, stop, _ = part.indices(len(whole))
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {first}-{stop - 1}/{len(whole)}"
    assert answer.headers["content-length"] == str(stop - first)
    assert answer.content == whole[part]


@settings(max_examples=12)
@given(first=st.integers(0, 2_200_000), size=st.integers(1, 20_000))
def test_any_part_is_that_of_the_whole(ask, url, whole, first, size):
    answer = ask(url, range=f"bytes={first}-{first + size - 1}")
    expected = whole[first : first + size]
    assert (answer.status_code, answer.content) == ((206, expected) if expected else (416, b""))


def test_what_is_not_there_is_refused_with_the_length(ask, url, whole):
    answer = ask(url, range=f"bytes={len(whole)}-")
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == f"bytes */{len(whole)}"


@pytest.mark.parametrize("headers", [{}, {"range": "bytes=5-9"}])
def test_a_head_tells_the_length_alone(ask, url, whole, headers):
    answer = ask(url, method="HEAD", **headers)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(whole))
    assert answer.headers["accept-ranges"] == "bytes"


def test_parts_that_follow_each_other_are_read_by_one_reader(ask, url, whole, monkeypatch):
    made = []

    def reader(*given):
        made.append(given)
        return MixReader(*given)

    monkeypatch.setattr(mixes, "MixReader", reader)
    parts = [ask(url, range=f"bytes={at}-{at + 799_999}").content for at in (80, 800_080)]
    assert b"".join(parts) == whole[80:1_600_080]
    assert len(made) == 1


def test_no_path_is_ever_opened(ask, tones, monkeypatch):
    """Not of a file that is there, however it is written."""
    opened = []
    monkeypatch.setattr(mixes, "MixReader", lambda *given: opened.append(given))
    secret = Path(tones[0])
    names = [str(secret), f"..{secret}", str(secret).replace("/", "%2F"), "..%2F..%2Fetc%2Fpasswd"]
    for name in [*names, "%00", "", "a" * 5000, "%F0%9F%8E%B5"]:
        for kind in ("mix", "track"):
            assert ask(f"/sound/{kind}/{name}").status_code == 404
    assert opened == []


def test_a_file_that_is_gone_is_told_with_its_end(ask, sound, plan):
    first, second, third = plan.clips
    lost = replace(plan, clips=(first, replace(second, path=second.path + ".gone"), third))
    url = sound.publish(lost).url
    in_second = second.at * 960 + 48_000
    answer = ask(url, range=f"bytes={in_second * BYTES}-{in_second * BYTES + 99}")
    assert answer.status_code == 410
    told = answer.json()
    assert "cannot be played" in told["error"]
    assert told["from_s"] == pytest.approx(in_second / 48_000)
    assert told["until_s"] == second.end / FRAMES_PER_S
    assert ask(url, range="bytes=0-99").status_code == 206
    assert ask(url, range="bytes=-99").status_code == 206


def test_what_turns_out_later_ends_the_answer(ask, sound, plan):
    """As a connection that breaks: the page has what came before, and asks from there."""
    first, second, _ = plan.clips
    lost = replace(plan, clips=(first, replace(second, path=second.path + ".gone")))
    with pytest.raises(Exception, match="cannot be played"):
        ask(sound.publish(lost).url)


def test_a_track_is_heard_as_loud_as_a_session(ask, tones):
    quiet = track(1, 2.2, np.array([0.5]), start_lufs=-28.0, end_lufs=-28.0)
    for name, peak_dbfs in (("quiet", -20.0), ("peaks", -4.0)):
        features = replace(quiet.features, sample_peak_dbfs=peak_dbfs)
        ask.known[name] = replace(quiet, path=tones[0], identity=name, features=features)
    answers = [ask(f"/sound/track/{name}") for name in ("quiet", "peaks")]
    louder, peaks = (np.frombuffer(each.content, "<f4") for each in answers)
    assert len(louder) / 2 / 48_000 == pytest.approx(2.2, abs=0.05)
    gain_db = 20 * np.log10(np.abs(louder).max() / np.abs(peaks).max())
    assert gain_db == pytest.approx(10.0 - 3.0, abs=0.1)


def test_a_mix_has_the_same_number_whenever_it_is_published(plan):
    again = MixPlan(tuple(replace(each) for each in plan.clips), (), -18.0, -1.0)
    assert Mix.of(again).number == Mix.of(plan).number
    first, *others = plan.clips
    for other in (
        replace(first, gain_db=first.gain_db + 1e-9),
        replace(first, course=np.zeros(3)),
        replace(first, length=first.length - 1),
        replace(first, path="\udce9"),
    ):
        assert Mix.of(replace(plan, clips=(other, *others))).number != Mix.of(plan).number


def test_only_so_many_mixes_are_kept(plan, monkeypatch):
    monkeypatch.setattr(mixes, "MOST_MIXES", 3)
    kept = Mixes()
    made = [kept.publish(replace(plan, clips=plan.clips[:n])) for n in (1, 2)]
    for gain_db in range(2):
        clip = replace(plan.clips[0], gain_db=float(gain_db))
        made.append(kept.publish(replace(plan, clips=(clip,))))
        assert kept.mix(made[0].number) is made[0]  # it is heard, and stays
    assert [kept.mix(each.number) is each for each in made] == [True, False, True, True]


def test_only_so_many_readers_are_open(plan, monkeypatch):
    closed = []

    class Reader(MixReader):
        def close(self):
            closed.append(self)
            super().close()

    monkeypatch.setattr(mixes, "MixReader", Reader)
    monkeypatch.setattr(mixes, "MOST_READERS", 2)
    kept = Mixes()
    mix = kept.publish(plan)
    for first in (0, 10, 20, 30):
        with kept.reading(mix, first) as reading:
            reading.read(first, 5)
    assert len(closed) == 2
    with pytest.raises(RuntimeError), kept.reading(mix, 35):
        raise RuntimeError
    assert len(closed) == 3
    kept.close()
    assert len(closed) == 4


def session(paths):
    slots = [
        Slot(
            path=path,
            identity=str(number),
            title="",
            artist="",
            album="",
            start_s=number * 2.0,
            end_s=(number + 1) * 2.0,
            phase="",
            energy=0.5,
            target=0.5,
            contour=(0.5,),
        )
        for number, path in enumerate(paths)
    ]
    length_s = 2.0 * len(slots)
    return Session(
        "arc", "relative", length_s, length_s, 0.0, 0.0, 0.0, slots=slots, curve=(0.2, 0.8)
    )


class Listener:
    """What a sound tells, and how to wait for it."""

    def __init__(self):
        self.told = []
        self._came = Event()

    def __call__(self, state):
        self.told.append(state)
        self._came.set()

    def until(self, holds):
        deadline = time.monotonic() + PATIENCE_S
        while not (self.told and holds(self.told[-1])):
            assert self._came.wait(deadline - time.monotonic()), self.told
            self._came.clear()
        return self.told[-1]


@pytest.fixture
def followed():
    """A sound of its own, and what it tells."""
    made = Sound(Words("en"))
    listener = Listener()
    made.start(listener)
    yield made, listener
    made.close()


def test_a_session_is_measured_track_by_track_and_can_then_be_heard(followed, tones):
    sound, listener = followed
    assert sound.state() == {"version": 0, "ready": 0, "total": 0, "error": "", "mix": None}
    sound.follow(7, session(tones))
    done = listener.until(lambda state: state["mix"])
    ready = [state["ready"] for state in listener.told if state["version"] == 7]
    assert ready == sorted(ready)
    assert {0, 1, 2, 3} >= set(ready) >= {1, 2, 3}
    assert (done["version"], done["total"], done["error"]) == (7, 3, "")
    mix = sound.mixes.mix(done["mix"]["number"])
    assert done["mix"]["url"] == mix.url
    assert [each["place"] for each in done["mix"]["clips"]] == [1, 2, 3]
    assert [each["end_s"] for each in done["mix"]["clips"]][-1] == done["mix"]["length_s"]
    assert sound.state() == done
    sound.follow(8, session(tones[::-1]))  # all is known: nothing to wait for
    again = listener.until(lambda state: state["version"] == 8 and state["mix"])
    assert again["mix"]["number"] != done["mix"]["number"]


def test_a_track_that_cannot_be_measured_is_told_and_tried_again(followed, tones, tmp_path):
    sound, listener = followed
    late = tmp_path / "late.flac"
    sound.follow(1, session([str(late), *tones]))
    told = listener.until(lambda state: state["error"])
    assert "late.flac' cannot be played: No such file" in told["error"]
    assert told["mix"] is None
    late.write_bytes(Path(tones[0]).read_bytes())
    sound.follow(2, session([str(late), *tones]))
    assert listener.until(lambda state: state["mix"])["error"] == ""


def test_what_is_wanted_last_is_measured_first(tones):
    sound = Sound(Words("en"))
    sound.want(tones[:2])
    sound.want([tones[2]])
    listener = Listener()
    order = []
    sound.start(lambda state: (order.append(list(sound.levels)), listener(state)))
    listener.until(lambda _: len(sound.levels) == 3)
    assert order[-1] == [tones[2], *tones[:2]]
    sound.close()
