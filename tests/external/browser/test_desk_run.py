"""A session that runs in Chromium: steered, noted second by second, through crashes and reloads."""

import json
import re
import shutil
import sqlite3
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from playlist_builder import (
    Begun,
    Deviation,
    Ended,
    Gap,
    Library,
    Paused,
    Pressed,
    Reopened,
    Resumed,
    Silent,
    Sounded,
    TakenBack,
)
from tests.support.parts import CHROMIUM, needs

Error = pytest.importorskip("playwright.sync_api").Error

pytestmark = needs(CHROMIUM, "playwright")

POSITION = "() => document.querySelector('.place').textContent"
PATIENCE_MS = 120_000
TABS = 8
HAND_OVER_S = 1.0  # in which one page fades out and the other begins
KILLS = 3  # of the server while one session plays
MEASURED = """async () => {
  const { sound } = await (await fetch("api/state")).json();
  return sound.ready === sound.total;
}"""
ENDS = """async (seconds) => {
  const { run } = await (await fetch("api/state")).json();
  return run.sounds.findLast((each) => each.start_s <= seconds).end_s;
}"""
BYTES_PER_S = 8 * 48_000  # of sound
WAITED_MS = 4000  # until somebody presses


@contextmanager
def page_of(browser, url, **options):
    context = browser.new_context(color_scheme="light", **options)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.failed = []
    page.on("pageerror", lambda error: page.failed.append(str(error)))
    page.goto(url)
    yield page
    assert page.failed == []
    context.close()


def server_of(url):
    return url.partition("/?")[0]


def begin(page):
    page.click("button.begin")
    page.wait_for_selector(".run")
    at_least(page, 2)


def until_measured(page):
    """Wait until all tracks are measured; until then the mix is made again."""
    while page.evaluate(MEASURED) is False:
        page.wait_for_timeout(100)


def at_least(page, seconds):
    """Wait until so many seconds have been heard."""
    heard = f"({POSITION})().split(/ (of|[/]) /)[0].split(':').reduce((a, b) => 60 * a + +b, 0)"
    page.wait_for_function(f"() => {heard} >= {seconds}")


def seconds(page):
    minutes, rest = re.match(r"(\d+):(\d+)", page.evaluate(POSITION)).groups()
    return 60 * int(minutes) + int(rest)


def end(page):
    button = page.locator("button.end")
    button.focus()
    page.keyboard.down("Enter")
    page.wait_for_selector(".after")
    page.keyboard.up("Enter")


def holes(library):
    """Where nothing is noted between the first second and the last, that one, and all events."""
    with Library.open(library) as opened:
        run_ = opened.records.latest()
        events = opened.records.read(run_.id).events
    spans = sorted(
        (each.session_s, each.session_s + each.what.seconds)
        for each in events
        if isinstance(each.what, Sounded | Silent)
    )
    found, at_s = [], 0.0
    for start, stop in spans:
        if start > at_s + 0.05:
            found.append((at_s, start))
        at_s = max(at_s, stop)
    return found, at_s, [each.what for each in events]


def axe_of(page):
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - few have the package

    return [each["id"] for each in Axe().run(page).response["violations"]]


SCHEME = "getComputedStyle(document.body).colorScheme"
ACTS = {"en": "Buttons act", "ja": "操作が効くのは"}
TIMES_ARE_SEEN = """() => [...document.querySelectorAll(".place, .left")].every((each) => {
  const { left, top, width, height } = each.getBoundingClientRect();
  return document.elementFromPoint(left + width / 2, top + height / 2) === each;
})"""


def names_of(page):
    """Return the names of the phases and the numbers of the tracks in the curve."""
    return page.locator(".run .curve text.name").all_text_contents()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_session_is_steered_by_its_buttons_and_ends_in_its_record(browser, desk, language):
    served, url = desk(language)
    with page_of(browser, url, viewport={"width": 390, "height": 844}) as page:
        begin(page)
        assert page.evaluate(SCHEME) == "dark"
        assert page.get_by_role("radiogroup", name=ACTS[language]).is_visible()
        assert page.locator("#when").bounding_box()["width"] > 50
        assert page.locator(".run .legend .key:visible").count() == 4
        assert not [each for each in names_of(page) if "\N{HORIZONTAL ELLIPSIS}" in each]
        assert all(each.bounding_box()["height"] >= 88 for each in page.locator(".steer").all())
        assert page.evaluate("document.documentElement.scrollHeight") <= 844
        deeper = page.locator("[data-button=deeper]")
        deeper.click()
        page.wait_for_selector("[data-button=deeper].pending:not(.waiting)")
        assert re.search(r"\d:\d\d", deeper.locator(".said").text_content())
        deeper.click()
        page.wait_for_selector("[data-button=deeper]:not(.pending):not(.waiting)")
        deeper.click()
        page.wait_for_selector("[data-button=deeper].pending:not(.waiting)")
        assert axe_of(page) == []
        page.keyboard.press("Space")
        page.wait_for_selector(".halt.paused")
        page.keyboard.press("Space")
        page.wait_for_selector(".halt:not(.paused)")
        before = page.locator("button.end").text_content()
        page.locator("button.end").click()
        assert page.locator(".run").count() == 1
        assert page.locator("button.end").text_content() not in {before, ""}
        assert page.locator("#message").text_content() == page.text_content("button.end")
        assert page.evaluate(SEEN_WHOLE)
        assert page.evaluate(TIMES_ARE_SEEN)
        end(page)
        assert axe_of(page) == []
        assert page.evaluate(SCHEME) == "dark"  # until it is left
        for link in page.locator(".after a").all():
            answer = page.request.get(f"{page.url}{link.get_attribute('href')}")
            assert answer.status == 200
        page.click(".after button")
        page.wait_for_selector(".prepare")
        assert page.evaluate(SCHEME) == "light dark"
    found, _, events = holes(served.library)
    assert found == []
    assert {Begun, Pressed, TakenBack, Paused, Resumed, Ended} <= set(map(type, events))


SEEN_WHOLE = """() => [...document.querySelectorAll(".steer, .halt, .end, .when")]
  .map((each) => each.getBoundingClientRect())
  .every(({ top, bottom, left, right }) =>
    top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth)"""
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SCREENS = [(390, 844), (360, 640), (640, 400), (844, 390), (1280, 900), (1280, 600)]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_button_is_in_sight_on_every_screen(browser, desk, language):
    """Also where one says why it did nothing, and another one what it does."""
    _, url = desk(language)
    with page_of(browser, url, viewport={"width": 390, "height": 844}) as page:
        begin(page)
        page.click("[data-button=deeper]")
        page.wait_for_selector("[data-button=deeper].pending:not(.waiting)")
        page.evaluate("""() => {
          for (const each of document.querySelectorAll("[data-button=hold] .said")) {
            each.textContent = "a reason that is told at length ".repeat(9);
            each.closest("button").classList.add("refused");
          }
        }""")
        for width, height in SCREENS:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(DRAWN)
            assert page.evaluate(SEEN_WHOLE), (width, height)
            higher = page.evaluate("document.documentElement.scrollHeight - innerHeight")
            assert higher <= 0, (width, height)


def test_what_is_told_of_calm_music_and_of_a_file_that_is_gone_is_seen_together(browser, desk):
    _, url = desk()
    with page_of(browser, url, viewport={"width": 640, "height": 400}) as page:
        begin(page)

        def state(route):
            answer = route.fetch()
            told = {"told": ["A first one.", "A file is gone.", "It is calm."]}
            changed = answer.json()
            route.fulfill(json=changed | {"run": changed["run"] | told})

        page.route("**/api/state", state)
        page.route("**/api/do/heard", lambda route: route.abort())  # its answer is a state as well
        page.reload()
        page.wait_for_selector(".run .told:not(:empty)")
        assert page.text_content(".run .told") == "A file is gone. It is calm."
        assert page.evaluate(SEEN_WHOLE)


def test_the_length_is_one_figure_and_calm_ends_what_was_pressed(browser, desk):
    _, url = desk()
    with page_of(browser, url) as page:
        page.set_default_timeout(90_000)  # all tracks are measured first
        page.wait_for_function(
            "() => document.querySelector('.lasts')?.textContent.includes('plays')"
        )
        told = re.search(r"plays for (\S+),", page.locator(".lasts").text_content())[1]
        begin(page)
        assert page.evaluate(POSITION).endswith(f" of {told}")
        assert page.locator(".curve .first").count() == 1
        page.click("[data-button=deeper]")
        page.wait_for_selector("[data-button=deeper].pending")
        page.click("[data-button=calm]")
        page.wait_for_selector("[data-button=calm].pending")
        assert page.locator("[data-button=deeper].pending").count() == 0
        assert "calm music" in page.locator(".curve").text_content()
        planned = [page.locator(f".curve .{kind}").get_attribute("d") for kind in ("first", "plan")]
        assert planned[0] != planned[1]
        end(page)


def test_behind_the_plan_a_call_for_calm_is_answered_and_is_no_failure(browser, desk):
    _, url = desk()
    with page_of(browser, url) as page:
        begin(page)

        def late(route):
            given = json.loads(route.request.post_data)
            route.continue_(post_data=json.dumps(given | {"position_s": 10_000.0}))

        page.route("**/api/do/press", late)
        page.click("[data-button=calm]")
        page.wait_for_selector("[data-button=calm].answered:not(.waiting)")
        assert "calm already" in page.text_content("[data-button=calm] .said")
        assert page.locator("[data-button=calm]:is(.refused, .pending)").count() == 0
        page.click("[data-button=deeper]")
        page.wait_for_selector("[data-button=deeper].refused:not(.waiting)")
        assert "The plan is over" in page.text_content("#message")
        assert page.locator("#message.warns").count() == 0  # the button says it whole
        end(page)


def test_what_is_told_while_it_runs_has_a_place_of_its_own(browser, desk):
    _, url = desk()
    with page_of(browser, url) as page:
        begin(page)
        for command in ("pause", "resume"):
            page.route(f"**/api/do/{command}", lambda route: route.abort())
        page.click(".halt")
        page.wait_for_selector("#message.warns:not(:empty)")
        for width, height in SCREENS:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(DRAWN)
            assert page.evaluate(COVERED) == [], (width, height)
            is_low = height == 600  # it scrolls there
            assert is_low or page.evaluate("scrollY") == 0, (width, height)
        assert axe_of(page) == []


COVERED = """() => {
  scrollTo(0, document.documentElement.scrollHeight);
  const shown = document.querySelector("#message").parentElement.getBoundingClientRect();
  return [...document.querySelectorAll(".run :is(button, input, p)")]
    .filter((each) => each.checkVisibility() && !each.matches(".unseen"))
    .filter((each) => each.getBoundingClientRect().bottom > shown.top + 1)
    .map((each) => each.className);
}"""


def test_a_server_that_is_killed_is_not_heard_and_every_second_is_noted(browser, desk):
    served, url = desk()
    with page_of(browser, url) as page:
        begin(page)
        for kill in range(KILLS):
            served.kill()
            page.wait_for_timeout(300 + 170 * kill)
            assert server_of(served.start()) == server_of(url)
            at_least(page, seconds(page) + 2)
        page.click("[data-button=deeper]")
        page.wait_for_selector("[data-button=deeper]:is(.pending, .refused)")
        assert page.locator("[data-button=deeper].pending").count()
        end(page)
    found, until_s, events = holes(served.library)
    assert found == []
    assert until_s >= 2 * KILLS
    assert not [each for each in events if isinstance(each, Gap) and each.cause == "stall"]


def test_a_page_that_is_opened_again_goes_on_where_it_was(browser, desk):
    _, url = desk()
    with page_of(browser, url) as page:
        begin(page)
        at_least(page, 7)
        before = seconds(page)
        page.reload()
        page.wait_for_selector(".run")
        assert before - 1 <= seconds(page) <= before + 5
        at_least(page, before + 2)


def test_a_browser_that_knows_the_desk_finds_it_by_an_address_that_was_used(browser, desk):
    """As after a click on the address that the terminal still shows."""
    _, url = desk()
    with page_of(browser, url) as page:
        begin(page)
        at_least(page, 4)
        opened = page.url
        page.close()
        for each in (url, server_of(url)):
            again = page.context.new_page()
            again.goto(each)
            again.wait_for_selector(".run")
            assert again.url == opened
            again.close()
    with page_of(browser, url) as stranger:
        assert "playlist-builder desk" in stranger.text_content("main")
        assert server_of(url) not in stranger.evaluate("Object.values(localStorage).join()")


def test_a_second_page_takes_over_and_the_first_one_falls_silent(browser, desk):
    served, url = desk()
    with page_of(browser, url) as first, page_of(browser, served.start_again()) as second:
        begin(first)
        at_least(first, 4)
        second.wait_for_selector("#elsewhere:not([hidden])")
        second.click("#elsewhere button")
        first.wait_for_selector("#elsewhere:not([hidden])")
        left = seconds(first)
        second.wait_for_selector(".run")
        at_least(second, left + 3)
        assert seconds(second) <= left + 15


def test_a_tab_that_crashed_is_followed_by_the_one_that_is_open_beside_it(browser, desk):
    served, url = desk()
    with page_of(browser, url) as page, page_of(browser, served.start_again()) as other:
        begin(page)
        at_least(page, 7)
        before = seconds(page)
        other.wait_for_selector("#elsewhere:not([hidden])")
        with suppress(Error):
            page.goto("chrome://crash", timeout=1000)
        other.wait_for_selector("#elsewhere[hidden]", state="attached")
        at_least(other, before + 2)
        assert seconds(other) <= before + 5


def beside(page, url):
    """Open the desk in another tab of the same browser, and wait until it looks on."""
    other = page.context.new_page()
    other.on("pageerror", lambda error: page.failed.append(str(error)))
    other.goto(url)
    other.wait_for_selector("#elsewhere:not([hidden])")
    return other


def test_any_number_of_tabs_leave_the_page_that_plays_its_connections(browser, desk):
    """A browser opens six to one server, for all its tabs together."""
    _, url = desk()
    with page_of(browser, url) as page:
        begin(page)
        others = [beside(page, server_of(url)) for _ in range(TABS - 1)]
        page.bring_to_front()
        parts = []
        page.on("requestfinished", lambda request: parts.append("/sound/mix/" in request.url))
        page.click("[data-button=deeper]")
        page.wait_for_selector("[data-button=deeper].pending:not(.waiting)")
        while not any(parts):
            page.wait_for_timeout(100)
        at_least(page, seconds(page) + 2)
        others[-1].click("#elsewhere button")
        page.wait_for_selector("#elsewhere:not([hidden])")
        others[-1].wait_for_selector("#elsewhere[hidden]", state="attached")
        at_least(others[-1], seconds(page) + 2)


def test_a_tab_that_is_duplicated_is_another_tab(browser, desk):
    """What a tab keeps for itself is copied with it."""
    served, url = desk()
    with page_of(browser, url) as page:
        begin(page)
        own = page.evaluate("sessionStorage.tab")
        with page.expect_popup() as opened:
            page.evaluate("() => { open(location.href); }")
        copy = opened.value
        copy.wait_for_selector("#elsewhere:not([hidden])")
        assert copy.evaluate("sessionStorage.tab") != own
        assert page.locator("#elsewhere").is_hidden()
        copy.click("#elsewhere button")
        page.wait_for_selector("#elsewhere:not([hidden])")
        at_least(copy, seconds(page) + 6)
        copy.reload()
        copy.wait_for_selector(".run")
        assert copy.locator("#elsewhere").is_hidden()
        at_least(copy, seconds(copy) + 6)
        end(copy)
    found, *_ = holes(served.library)
    assert sum(stop - start for start, stop in found) < HAND_OVER_S


NOTES = "() => Object.entries(localStorage).filter(([key]) => key.startsWith('noted-'))"


def test_notes_of_a_tab_that_is_gone_are_sent_by_another_one(browser, desk):
    """As where it was closed while the server was away."""
    served, url = desk()
    with page_of(browser, url) as page:
        begin(page)
        page.route("**/api/do/heard", lambda route: route.abort())
        other = beside(page, server_of(url))
        at_least(page, 12)
        page.close()
        other.wait_for_selector("#elsewhere[hidden]", state="attached")
        at_least(other, 18)
        other.wait_for_function(f"() => ({NOTES})().length === 1")
        end(other)
    found, *_ = holes(served.library)
    assert not [start for start, _ in found if start < 10]
    assert sum(stop - start for start, stop in found) < 2  # nothing was left out


def test_notes_wait_while_another_process_writes_to_the_library(browser, desk):
    served, url = desk()
    with page_of(browser, url) as page:
        begin(page)
        answers = []
        page.on("response", lambda got: answers.append((got.url.rpartition("/")[2], got.status)))
        with closing(sqlite3.connect(served.library, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            at_least(page, 12)
            assert ("heard", 422) in answers
            other.execute("ROLLBACK")
        at_least(page, 14)
        end(page)
    found, until_s, _ = holes(served.library)
    assert found == []
    assert until_s >= 14


def test_notes_of_a_library_that_was_made_again_are_not_those_of_its_new_run(browser, desk, kept):
    """Its runs are numbered from 1 again."""
    served, url = desk()
    with page_of(browser, url) as page:
        begin(page)
        page.route("**/api/do/heard", lambda route: route.abort())
        at_least(page, 12)
        served.kill()
        for each in served.library.parent.glob("library.db*"):
            if each.suffix != ".json":  # the address stays
                each.unlink()
        served.library.write_bytes(kept.read_bytes())
        again = served.start()
        page.unroute("**/api/do/heard")
        page.goto(again)
        page.click("button.begin")
        page.wait_for_selector(".run")
        assert seconds(page) < 5
        at_least(page, 6)
        page.wait_for_function(f"() => ({NOTES})().length === 1")
        end(page)
    found, until_s, events = holes(served.library)
    assert found == []
    assert until_s < 60
    assert not [each for each in events if isinstance(each, Reopened)]


def test_what_cannot_be_read_is_told_of_until_the_desk_answers(browser, desk):
    _, url = desk()
    from_s = 60
    with page_of(browser, url) as page:
        asked, ends = [], []

        def sound(route):
            first = int(re.search(r"=(\d+)", route.request.headers["range"])[1])
            gone = {"error": "gone", "from_s": from_s, "until_s": ends[0]}
            is_gone = len(asked) < 2 and first > from_s * BYTES_PER_S
            route.fulfill(status=410, json=gone) if is_gone else route.continue_()

        def lost(route):
            asked.append(route.request.url)
            route.abort() if len(asked) == 1 else route.continue_()

        until_measured(page)
        page.click("button.begin")
        page.wait_for_selector(".run")
        ends.append(page.evaluate(ENDS, from_s))
        page.route("**/sound/mix/**", sound)
        page.route("**/api/do/lost", lost)
        page.reload()
        page.wait_for_selector(".run .told:not(:empty)")
        assert len(asked) == 2


def test_a_page_that_is_loaded_when_its_file_is_gone_goes_on_with_something_else(
    browser, desk, kept
):
    served, url = desk()
    with page_of(browser, url) as page, ExitStack() as stack:
        until_measured(page)
        begin(page)
        at_least(page, 7)
        before = seconds(page)
        title = page.text_content(".run_now .title").partition(" \N{MIDDLE DOT} ")[0]
        file = kept.parent / "music" / f"{int(title.split()[1]):02}.flac"
        stack.callback(file.with_suffix(".gone").rename, file)
        file.rename(file.with_suffix(".gone"))
        asked = []
        page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
        page.reload()
        page.wait_for_selector(".run")
        at_least(page, before + 3)
        assert asked.count("lost") == 1
        assert seconds(page) <= before + 5  # nothing was left out
        assert title not in page.text_content(".run_now .title")
        assert title in page.text_content(".run .told")
        end(page)
    found, _, events = holes(served.library)
    assert found == []
    (deviation,) = [each for each in events if isinstance(each, Deviation)]
    assert deviation.reason.startswith(title)


SAYS_WHEN_BLOCKED = """new MutationObserver(() => {
  const go = document.querySelector("button.go:not([hidden])");
  if (go) console.log(JSON.stringify(go.getBoundingClientRect()));
}).observe(document, { subtree: true, childList: true, attributes: true })"""


def test_where_the_browser_waits_for_a_press_the_page_asks_for_one_and_goes_on(browser, desk):
    """A script of a test would count as a press, so none runs until then."""
    served, url = desk()
    kind = browser.browser_type
    strict = kind.launch(executable_path=shutil.which(CHROMIUM), args=["--no-sandbox"])
    with page_of(strict, url) as page:
        begin(page)
        at_least(page, 7)
        before = seconds(page)
        page.add_init_script(SAYS_WHEN_BLOCKED)
        with page.expect_console_message(lambda message: "width" in message.text) as told:
            page.reload()
        place = json.loads(told.value.text)
        page.wait_for_timeout(WAITED_MS)
        pressed_at = datetime.now(UTC)
        page.mouse.click(place["x"] + 5, place["y"] + 5)
        at_least(page, before + 2)
        assert seconds(page) <= before + 5
        assert page.locator("button.go").is_hidden()
        end(page)
    strict.close()
    found, *_ = holes(served.library)
    assert found == []
    with Library.open(served.library) as library:
        events = library.records.read(library.records.latest().id).events
    sounds = [each for each in events if isinstance(each.what, Sounded)]
    first = next(each for each in events if isinstance(each.what, Reopened))
    resumed = min(sounds, key=lambda each: abs(each.session_s - first.session_s))
    assert resumed.session_s == pytest.approx(first.session_s, abs=0.01)
    half = timedelta(milliseconds=WAITED_MS / 2)
    assert datetime.fromisoformat(resumed.at) > pressed_at - half


STAND_STILL = """(ms) => {
  const until = performance.now() + ms;
  while (performance.now() < until);
}"""


def test_seconds_in_which_the_page_stood_still_are_noted_as_well(browser, desk):
    served, url = desk()
    with page_of(browser, url) as page:
        begin(page)
        page.evaluate(STAND_STILL, 4500)
        at_least(page, 8)
        end(page)
    found, *_ = holes(served.library)
    assert found == []


WAKEFUL = """window.locks = [];
WakeLock.prototype.request = async () => {
  const lock = { released: false, release: async () => { lock.released = true; } };
  locks.push(lock);
  return lock;
}"""  # a browser without a window grants none
SEEN = """(state) => {
  Object.defineProperty(document, "visibilityState", { get: () => state, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_the_screen_stays_on_while_it_runs_also_after_the_page_was_hidden(browser, desk):
    _, url = desk()
    with page_of(browser, url) as page:
        page.add_init_script(WAKEFUL)
        page.reload()
        begin(page)
        page.wait_for_function("() => locks.length === 1 && !locks[0].released")
        page.evaluate("() => locks[0].release()")  # as where the page is hidden
        page.evaluate(SEEN, "hidden")
        page.evaluate(SEEN, "visible")
        page.wait_for_function("() => locks.length === 2 && !locks[1].released")
        end(page)
        page.wait_for_function("() => locks.length === 2 && locks[1].released")


def test_keys_and_the_pedal_of_a_page_turner_press_the_buttons(browser, desk):
    _, url = desk()
    with page_of(browser, url) as page:
        pressed = []
        page.on("request", lambda request: pressed.append((request.url, request.post_data)))
        begin(page)

        def presses(key):
            """Return which command a key has sent, and of which button."""
            pressed.clear()
            page.keyboard.press(key)
            page.wait_for_function("() => !document.querySelector('.steer.waiting')")
            page.wait_for_timeout(300)
            sent = [(url.rpartition("/")[2], json.loads(body)) for url, body in pressed if body]
            return [(name, given.get("button")) for name, given in sent if name != "heard"]

        page.locator(".when label").last.click()
        for key, button in {"S": "softer", "c": "calm", "PageUp": "softer"}.items():
            assert presses(key) == [("press", button)]
            assert presses(key) == [("take_back", None)]
        too_long = {"l": "longer", "h": "hold", "PageDown": "hold", "ArrowRight": "hold"}
        for key, button in too_long.items():
            assert presses(key) == [("press", button)]
        assert page.locator(".when input").last.is_checked()
        page.locator("button.show-keys").click()
        page.locator("dialog.keys select").last.select_option("pause")
        assert presses("s") == []
        page.locator("dialog.keys button").click()
        assert presses("PageDown") == [("pause", None)]
        page.wait_for_selector(".halt:not([disabled])")
        assert presses(" ") == [("resume", None)]
        page.wait_for_selector(".halt:not([disabled])")
        page.keyboard.press("n")
        page.keyboard.type("as planned")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.activeElement === document.body")
        assert presses("PageDown") == [("pause", None)]
