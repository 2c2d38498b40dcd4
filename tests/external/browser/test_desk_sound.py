"""What a page of the desk lets sound in Chromium is the mix, to the sample, whatever happens."""

import json
import shutil
from contextlib import suppress
from dataclasses import replace

import pytest

from playlist_builder.desk import machine
from tests.support.heard import RATE_HZ, Server, in_turn, keep, write_tones
from tests.support.heard_page import PATIENCE_S, Page, alternate
from tests.support.parts import CHROMIUM, needs

Error = pytest.importorskip("playwright.sync_api").Error

pytestmark = needs(CHROMIUM, "playwright")

FADE = RATE_HZ // 20  # samples in which the player goes over into something else
GONE = 5
COLLECTIONS = 100
STEEPEST = 0.05  # from one sample to the next within the music
NEARLY = 1e-5  # of full scale: sums of floats
IS_SILENT = """(([plane]) => plane.some((x) => x !== 0) &&
  plane.subarray(-9600).every((x) => x === 0))(heard())"""  # of what sounded, all is kept


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("heard")


@pytest.fixture(scope="module")
def files(folder):
    return write_tones(folder, 8)


@pytest.fixture(scope="module")
def evening(files):
    """A minute with twelve joins."""
    return in_turn([files[number % 8] for number in range(13)])


@pytest.fixture(scope="module")
def other(files):
    """As long as the evening, and nowhere like it."""
    return in_turn([files[(number + 3) % 8] for number in range(13)])


@pytest.fixture(scope="module")
def mixes(folder, files, evening, other):
    long = in_turn([files[number % 8] for number in range(20)])
    return {
        name: keep(folder, plan)
        for name, plan in (("evening", evening), ("other", other), ("long", long))
    }


@pytest.fixture(scope="module")
def gone(folder, evening):
    """The evening without the file of its sixth track."""
    clips = list(evening.clips)
    clips[GONE] = replace(clips[GONE], path=f"{clips[GONE].path}.gone")
    return keep(folder, replace(evening, clips=tuple(clips)))


@pytest.fixture(scope="module")
def server(folder, mixes, gone):  # noqa: ARG001 - they are there when it starts
    """A desk that serves both."""
    started = Server(folder)
    yield started
    started.kill()


@pytest.fixture
def opened(browser, server):
    contexts = []

    def open_(clock="fast", **given):
        contexts.append(browser.new_context())
        return Page(contexts[-1], server.address, clock, **given)

    yield open_
    for context in contexts:
        context.close()


def to_the_end(page, *parts, rises=False):
    """Let it play on, and require that these parts of mixes sounded and nothing else."""
    page("() => { window.goal = Infinity; }")
    page.until("told.some(([kind]) => kind === 'ended') && Boolean(window.heard)")
    assert page.failed == []
    found = page.compare(*parts, rises=rises)
    assert found["worst"] < NEARLY, json.dumps(found)
    assert found["behind"] == 0, json.dumps(found)


def test_a_session_sounds_to_the_sample_as_it_is_rendered(opened, mixes):
    page = opened(seconds=62)
    page.play(mixes["evening"])
    to_the_end(page, (mixes["evening"], 0))
    assert [kind for kind, _ in page.told] == ["ended"]


STANDS_STILL = """(steps) => {
  const make = BaseAudioContext.prototype.createBuffer;
  BaseAudioContext.prototype.createBuffer = function (...given) {
    BaseAudioContext.prototype.createBuffer = make;
    window.halt(steps);
    window.halted_s = this.currentTime;
    return make.apply(this, given);
  };
}"""
"""The clock runs on for some steps of a quarter of a second while the next buffer is made."""


def test_it_begins_where_it_is_to_though_the_page_stands_still_meanwhile(opened, mixes):
    page = opened(seconds=62)
    page(STANDS_STILL, 1)
    page.play(mixes["evening"])
    to_the_end(page, (mixes["evening"], 0))
    assert page("halted_s") > 0
    assert [kind for kind, _ in page.told] == ["ended"]


def test_another_mix_takes_over_to_the_sample_though_the_page_stands_still(opened, mixes):
    page = opened(seconds=62, ahead_s=20)
    page.play(mixes["evening"], goal_s=9.8)
    page.go_to(9.8)
    page(STANDS_STILL, 4)
    taken_s = page.replace(mixes["other"], 10.4)
    assert min(taken_s, page("halted_s")) > 10.5
    to_the_end(page, (mixes["evening"], 0), (mixes["other"], taken_s))
    assert [kind for kind, _ in page.told] == ["ended"]


class Held:
    """Requests for sound that are not answered for a while."""

    def __init__(self, page, pattern="**/sound/**"):
        self._page, self._pattern, self._routes = page.page, pattern, []
        self._page.route(pattern, self._hold)

    def _hold(self, route):
        self._routes.append(route)

    def release(self):
        """Let those that wait fail, and the next ones through."""
        self._page.unroute(self._pattern)
        for each in self._routes:
            with suppress(Error):  # the page has given it up
                each.abort()


@pytest.mark.parametrize("fault", ["killed", "stalled"])
def test_a_minute_without_the_server_is_not_heard(opened, server, mixes, fault):
    page = opened(seconds=90, ahead_s=75)
    page.play(mixes["long"], goal_s=1)
    page.until("player.ahead_s > 74")
    if fault == "killed":
        server.kill()
    else:
        held = Held(page)
    page.go_to(61.5)
    assert page("player.ahead_s") < 30
    if fault == "killed":
        server.start()
    else:
        held.release()
    to_the_end(page, (mixes["long"], 0))
    assert [kind for kind, _ in page.told] == ["ended"]


def starve(page, mix):
    """Play a mix whose sound is held from a time on; return what is held, and that time."""
    page.play(mix)
    page.go_to(1)
    page.until("player.ahead_s > 5")
    held = Held(page)
    page("window.starves = true")
    return held, page("player.position_s + player.ahead_s")


def feed(page, held):
    """Let it come again, and play on to the end."""
    held.release()
    page("window.starves = false")
    page.until("player.ahead_s > 4")
    page("window.goal = Infinity")
    page.until("told.some(([kind]) => kind === 'ended') && Boolean(window.heard)")


def require_fades(page, filled_s, gap_s):
    """Require that it is silent for so long from a time on, and that fades lead there and back."""
    found = page(
        """([filled, gap]) => {
      const plane = heard()[0];
      const start = plane.findIndex((x) => x !== 0);
      const [end, again] = [start + filled * 48000, start + (filled + gap) * 48000];
      const most = (from, count) =>
        plane.subarray(from, from + count).reduce((x, y) => Math.max(x, Math.abs(y)), 0);
      return [most(end - 4800, 1200), most(end - 40, 40), most(end, again - end), most(again, 40)];
    }""",
        [filled_s, gap_s],
    )
    before, last, silence, first = found
    assert before > 0.02
    assert max(last, first) < 0.05 * before
    assert silence < 1e-3 * before


def test_music_that_comes_late_goes_on_where_it_was_with_fades(opened, mixes):
    page = opened(seconds=75, ahead_s=5)
    held, filled_s = starve(page, mixes["evening"])
    page.go_to(20)
    assert page("player.position_s") == pytest.approx(filled_s, abs=1e-3)
    feed(page, held)
    gap_s = page.told[0][1]["ms"] / 1000
    assert gap_s == pytest.approx(20 - filled_s, abs=0.5)
    require_fades(page, filled_s, gap_s)


def test_music_that_is_late_since_the_page_stands_still_goes_on_with_fades(opened, mixes):
    page = opened(seconds=75, ahead_s=5)
    held, filled_s = starve(page, mixes["evening"])
    page.go_to(filled_s - 0.4)
    assert page("player.ahead_s") > 0.1
    page(STANDS_STILL, 4)
    feed(page, held)
    assert page("halted_s") > filled_s
    assert [kind for kind, _ in page.told] == ["gap", "ended"]
    require_fades(page, filled_s, page.told[0][1]["ms"] / 1000)


def test_what_comes_too_late_before_another_mix_takes_over_is_left_out(opened, mixes):
    page = opened(seconds=75, ahead_s=5)
    page.play(mixes["evening"])
    page.go_to(1)
    page.until("player.ahead_s > 5")
    held = Held(page, f"**{mixes['evening']['url']}")
    page("window.starves = true")
    filled_s = page("player.position_s + player.ahead_s")
    taken_s = page.replace(mixes["other"], filled_s + 0.6)
    page.go_to(filled_s - 0.4)
    page(STANDS_STILL, 5)
    held.release()
    page.until("window.halted_s > 0")
    page("window.starves = false")
    page("window.goal = Infinity")
    page.until("told.some(([kind]) => kind === 'ended') && Boolean(window.heard)")
    assert page("halted_s") > taken_s == pytest.approx(filled_s + 0.6)
    found = page.compare((mixes["evening"], 0), (mixes["other"], taken_s))
    silent_s, sounds_s = found["wrong_s"]
    assert filled_s - 0.1 < silent_s < sounds_s < taken_s + 0.1


def test_another_mix_takes_over_at_any_moment_without_a_gap_or_a_click(opened, mixes):
    """Before it only the one sounds, and behind it only the other."""
    page = opened(seconds=62, ahead_s=20)
    to_the_end(page, *alternate(page, mixes["evening"], mixes["other"], 16))
    assert [kind for kind, _ in page.told] == ["ended"]


def test_the_old_mix_goes_on_until_the_new_one_is_there(opened, mixes):
    page = opened(seconds=62, ahead_s=20)
    page.play(mixes["evening"], goal_s=1)
    page.until("player.ahead_s > 20")
    held = Held(page, f"**{mixes['other']['url']}")
    page("mix => { window.taken = player.replace(mix, 3); window.whole = mix; }", mixes["other"])
    page.go_to(10)
    held.release()
    taken_s = page("taken")
    assert 9.8 < taken_s < 11
    to_the_end(page, (mixes["evening"], 0), (mixes["other"], taken_s))


def test_of_two_that_are_to_take_over_the_later_one_does_at_the_earlier_place(opened, mixes):
    page = opened(seconds=62, ahead_s=20)
    other, evening = mixes["other"], mixes["evening"]
    page.play(evening, goal_s=1)
    page.until("player.ahead_s > 19")
    script = "([a, b]) => Promise.all([player.replace(a, 3), player.replace(b, 5)])"
    assert page(script, [evening, other]) == [None, 3]
    # One that is laid already, but not heard yet, is replaced in turn, or makes way.
    assert page.replace(evening, 6) == 6
    assert page.replace(other, 8) == 8
    assert page.replace(evening, 7) == 7
    to_the_end(page, (evening, 0), (other, 3), (evening, 6), (evening, 7))


def test_a_track_that_is_gone_is_left_out_where_nothing_better_comes(opened, gone, evening):
    page = opened(seconds=62, ahead_s=20)
    page.play(gone)
    page.until("told.some(([kind]) => kind === 'ended') && Boolean(window.heard)")
    (kind, told), *others = page.told
    assert (kind, [each[0] for each in others]) == ("broken", ["ended"])
    assert told["mix"]["url"] == gone["url"]
    assert "cannot be played" in told["error"]
    lost = evening.clips[GONE]
    assert told["until_s"] == lost.end / 50
    assert told["from_s"] == lost.at / 50
    quiet_s = page("""() => {
      const plane = heard()[0];
      let [quiet, most] = [0, 0];
      const end = plane.findLastIndex((x) => x !== 0);
      for (let n = plane.findIndex((x) => x !== 0); n < end; n += 1) {
        quiet = plane[n] === 0 ? quiet + 1 : 0;
        most = Math.max(most, quiet);
      }
      return most / 48000;
    }""")
    assert quiet_s < 0.005


def test_a_track_that_is_gone_is_not_missed_where_another_mix_comes(opened, mixes, gone):
    page = opened(seconds=62, ahead_s=40)
    page.play(gone, goal_s=1)
    page.until("told.some(([kind]) => kind === 'broken')")
    from_s = page.told[0][1]["from_s"]
    page.replace(mixes["evening"], from_s - 1)
    to_the_end(page, (mixes["evening"], 0))


def test_a_mix_that_begins_with_what_is_gone_begins_behind_it(opened, mixes, gone, evening):
    page = opened(seconds=62)
    page.play(gone, (evening.clips[GONE].at + 100) / 50)
    page.until("told.some(([kind]) => kind === 'ended') && Boolean(window.heard)")
    assert [kind for kind, _ in page.told] == ["broken", "ended"]
    found = page.compare((mixes["evening"], evening.clips[GONE].end / 50), rises=True)
    assert found["worst"] < NEARLY, json.dumps(found)


def test_it_begins_within_the_music_and_ends_before_it(opened, mixes):
    page = opened(seconds=40)
    page.play(mixes["evening"] | {"length_s": 43.3}, 33.3, end_s=43.3)
    page.until("told.some(([kind]) => kind === 'ended') && Boolean(window.heard)")
    found = page.compare((mixes["evening"], 33.3), rises=True)
    heard_s = page(
        "(heard()[0].findLastIndex((x) => x !== 0) - heard()[0].findIndex((x) => x !== 0)) / 48000"
    )
    assert heard_s == pytest.approx(10.0, abs=0.01)
    assert found["where_s"] >= 9.5


def test_on_the_clock_of_the_device_it_is_the_mix_too(opened, mixes):
    """Two joins, heard for as long as they last."""
    page = opened("real")
    page.play(mixes["evening"], 3.0, end_s=9.5)
    page.until("told.some(([kind]) => kind === 'ended')")
    assert [kind for kind, _ in page.told] == ["ended"]
    page.until(IS_SILENT)
    found = page.compare((mixes["evening"], 3.0), rises=True, end_s=9.0)
    assert found["worst"] < NEARLY, json.dumps(found)


def test_a_page_that_is_loaded_again_goes_on_where_it_was(opened, mixes):
    page = opened("real")
    page.play(mixes["evening"], 20.0)
    page.until("player.position_s > 20.5")
    position_s = page("player.position_s")
    page.page.reload()
    page.open()
    page.play(mixes["evening"], position_s)
    page.until(f"player.position_s > {position_s + 0.05}")
    page.until("heard()[0].some((x) => Math.abs(x) > 0.01)")


def test_a_stop_fades_also_where_another_mix_was_about_to_take_over(opened, mixes):
    page = opened("real")
    page.play(mixes["evening"], 1.0)
    page.until("player.position_s > 1.3")
    from_s = page.replace(mixes["other"], 3.4)
    page.until(f"player.position_s > {from_s - 1.6}")
    page("player.stop(2)")
    page.until(IS_SILENT)
    levels = page("""() => {
      const plane = heard()[0];
      const peak = (from) => Math.max(...plane.slice(from, from + 4800).map(Math.abs));
      const all = [];
      for (let from = 0; from + 4800 <= plane.length; from += 4800) all.push(peak(from));
      return all;
    }""")
    sounding = [n for n, level in enumerate(levels) if level > 0.001]
    before, late = levels[sounding[-1] - 21], levels[sounding[-1] - 6]
    assert late < 0.5 * before, levels


def test_it_pauses_goes_on_and_stops_without_a_click(opened, mixes):
    page = opened("real")
    page.play(mixes["evening"], 20.0)
    page.until("player.position_s > 20.3")
    page("player.pause(0.2)")
    assert page("player.is_paused")
    page.until("device() === 'suspended'")
    paused_s = page("player.position_s")
    page.page.wait_for_timeout(400)
    assert page("player.position_s") == pytest.approx(paused_s, abs=0.01)
    assert page("player.is_playing")
    page("player.resume(0.2)")
    page.until(f"player.position_s > {paused_s + 0.5}")
    page("player.stop(0.2)")
    assert not page("player.is_playing")
    page.until(IS_SILENT)
    steepest, last = page("""() => {
      const plane = heard()[0];
      let most = 0;
      for (let n = 1; n < plane.length; n += 1) {
        most = Math.max(most, Math.abs(plane[n] - plane[n - 1]));
      }
      return [most, Math.abs(plane.at(-1))];
    }""")
    assert last == 0
    assert steepest < STEEPEST


def test_a_mix_that_is_played_while_another_one_sounds_takes_its_place(opened, mixes):
    page = opened(seconds=62, ahead_s=20)
    page.play(mixes["evening"], goal_s=5)
    page.until("clock() >= 5")
    page("whole => { window.whole = whole; return player.play(whole, 20); }", mixes["other"])
    page("window.goal = Infinity")
    page.until("told.some(([kind]) => kind === 'ended') && Boolean(window.heard)")
    assert [kind for kind, _ in page.told] == ["ended"]
    length_s = page("heard()[0].findLastIndex((x) => x !== 0) / 48000")
    assert length_s == pytest.approx(5 + 53 - 20, abs=0.7)


WAITING = """addEventListener("load", async () => {
  const { Player } = await import("./static/player.js");
  const player = new Player();
  player.addEventListener("blocked", () => console.log("blocked", player.position_s));
  player.addEventListener("position", () => console.log("sounds"));
  player.play(MIX, 0);
  document.addEventListener("click", () => player.resume(0));
})"""


def test_a_browser_that_waits_for_a_press_says_so(browser, server, mixes):
    """Of itself the page plays nothing; a script of a test would count as a press."""
    kind = browser.browser_type
    strict = kind.launch(executable_path=shutil.which(CHROMIUM), args=["--no-sandbox"])
    page = strict.new_context().new_page()
    page.set_default_timeout(1000 * PATIENCE_S)
    page.add_init_script(WAITING.replace("MIX", json.dumps(mixes["evening"])))
    said = []
    page.on("console", lambda message: said.append(message.text))
    with page.expect_console_message(lambda message: message.text == "blocked 0"):
        page.goto(server.address.url(machine.now_ns()))
    assert "sounds" not in said
    with page.expect_console_message(lambda message: message.text == "sounds"):
        page.mouse.click(5, 5)
    strict.close()


def test_the_page_keeps_what_is_to_come_and_nothing_else(opened, mixes):
    """As buffers that are not collected: thirty seconds of 81, and what was to be collected.

    The browser says in its own time what it has collected.
    """
    page = opened(seconds=90, ahead_s=30, chunk_s=5)
    page("""() => {
      window.kept = 0;
      const registry = new FinalizationRegistry((bytes) => { window.kept -= bytes; });
      const make = BaseAudioContext.prototype.createBuffer;
      BaseAudioContext.prototype.createBuffer = function (channels, length, rate) {
        const buffer = make.call(this, channels, length, rate);
        window.kept += 8 * length;
        registry.register(buffer, 8 * length);
        return buffer;
      };
    }""")
    session = page.page.context.new_cdp_session(page.page)
    page.play(mixes["long"])
    most = 0
    for seconds in (10, 20, 30, 40):
        page.go_to(seconds)
        page.until("player.ahead_s > 29")
        least = page("kept")
        for _ in range(COLLECTIONS):
            session.send("HeapProfiler.collectGarbage")
            page.page.wait_for_timeout(50)
            least = min(least, page("kept"))
            if least < 50 * 8 * RATE_HZ:
                break
        most = max(most, least)
    assert 29 * 8 * RATE_HZ < most < 50 * 8 * RATE_HZ
