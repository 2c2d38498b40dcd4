"""A session that runs in Chromium: steered, noted second by second, through crashes and reloads."""

import json
import re
import shutil
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from playlist_builder import Library
from tests.support.commands import run
from tests.support.desk_process import DeskProcess
from tests.support.parts import needs
from tests.support.sounds import write_pieces

Error = pytest.importorskip("playwright.sync_api").Error

pytestmark = needs("chromium", "playwright")

SHORT = ("--min-length", "12s", "--max-length", "2m")
POSITION = "() => document.querySelector('.place').textContent"
KILLS = 3  # of the server while one session plays
MEASURED = """async () => {
  const { sound } = await (await fetch("/api/state")).json();
  return sound.ready === sound.total;
}"""
BYTES_PER_S = 8 * 48_000  # of sound
WAITED_MS = 4000  # until somebody presses


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A library of short pieces and a kept session of three minutes; its bytes are copied."""
    folder = tmp_path_factory.mktemp("desk run")
    (folder / "music").mkdir()
    write_pieces(folder / "music", [20.0 + number for number in range(16)])
    library = folder / "library.db"
    run("scan", folder / "music", "--library", library, "--no-vocals", "--no-embedding")
    run("build", "arc", "--duration", "3m", *SHORT, "--library", library)
    return library


@pytest.fixture
def desk(kept, tmp_path):
    """Start the desk on a library of its own."""
    library = tmp_path / "library.db"
    library.write_bytes(kept.read_bytes())
    served = []

    def start(language="en"):
        served.append(DeskProcess(library, language))
        return served[-1], served[-1].start()

    yield start
    for each in served:
        each.kill()


@contextmanager
def page_of(browser, url, **options):
    context = browser.new_context(color_scheme="light", **options)
    page = context.new_page()
    page.failed = []
    page.on("pageerror", lambda error: page.failed.append(str(error)))
    page.goto(url)
    yield page
    assert page.failed == []
    context.close()


def begin(page):
    page.click("button.begin")
    page.wait_for_selector(".run")
    at_least(page, 2)


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
    """Where nothing is noted between the first second and the last, and how long that is."""
    with Library.open(library) as opened:
        run_ = opened.records.latest()
        events = opened.records.read(run_.id).events
    spans = sorted(
        (each.session_s, each.session_s + each.what.seconds)
        for each in events
        if type(each.what).__name__ in {"Sounded", "Silent"}
    )
    found, at_s = [], 0.0
    for start, stop in spans:
        if start > at_s + 0.05:
            found.append((at_s, start))
        at_s = max(at_s, stop)
    return found, at_s, [type(each.what).__name__ for each in events]


def axe_of(page):
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - few have the package

    return [each["id"] for each in Axe().run(page).response["violations"]]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_session_is_steered_by_its_buttons_and_ends_in_its_record(browser, desk, language):
    served, url = desk(language)
    with page_of(browser, url, viewport={"width": 390, "height": 844}) as page:
        begin(page)
        assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
        assert all(each.bounding_box()["height"] >= 88 for each in page.locator(".steer").all())
        assert page.evaluate("document.documentElement.scrollHeight") <= 844
        softer = page.locator("[data-button=deeper]")
        softer.click()
        page.wait_for_selector("[data-button=deeper].pending")
        assert re.search(r"\d:\d\d", softer.locator(".said").text_content())
        assert axe_of(page) == []
        softer.click()
        page.wait_for_selector("[data-button=deeper]:not(.pending):not(.waiting)")
        page.keyboard.press("Space")
        page.wait_for_selector(".halt.paused")
        page.keyboard.press("Space")
        page.wait_for_selector(".halt:not(.paused)")
        page.locator("button.end").click()
        assert page.locator(".run").count() == 1
        end(page)
        assert axe_of(page) == []
        for link in page.locator(".after a").all():
            answer = page.request.get(f"{url.split('/?')[0]}{link.get_attribute('href')}")
            assert answer.status == 200
    found, _, kinds = holes(served.library)
    assert found == []
    assert {"Begun", "Pressed", "TakenBack", "Paused", "Resumed", "Ended"} <= set(kinds)


def test_a_server_that_is_killed_is_not_heard_and_every_second_is_noted(browser, desk):
    served, url = desk()
    with page_of(browser, url) as page:
        begin(page)
        for kill in range(KILLS):
            served.kill()
            page.wait_for_timeout(300 + 170 * kill)
            assert served.start() == url
            at_least(page, seconds(page) + 2)
        page.click("[data-button=deeper]")
        page.wait_for_selector("[data-button=deeper]:is(.pending, .refused)")
        assert page.locator("[data-button=deeper].pending").count()
        end(page)
    found, until_s, kinds = holes(served.library)
    assert found == []
    assert until_s >= 2 * KILLS
    assert "Gap" not in kinds


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


def test_a_second_page_takes_over_and_the_first_one_falls_silent(browser, desk):
    _, url = desk()
    with page_of(browser, url) as first, page_of(browser, url) as second:
        begin(first)
        at_least(first, 4)
        before = seconds(first)
        second.wait_for_selector("#elsewhere:not([hidden])")
        second.click("#elsewhere button")
        first.wait_for_selector("#elsewhere:not([hidden])")
        second.wait_for_selector(".run")
        at_least(second, before + 4)
        assert seconds(second) <= before + 15


def test_a_tab_that_crashed_is_followed_by_the_one_that_is_open_beside_it(browser, desk):
    _, url = desk()
    with page_of(browser, url) as page, page_of(browser, url) as other:
        begin(page)
        at_least(page, 7)
        before = seconds(page)
        other.wait_for_selector("#elsewhere:not([hidden])")
        with suppress(Error):
            page.goto("chrome://crash", timeout=1000)
        other.wait_for_selector("#elsewhere[hidden]", state="attached")
        at_least(other, before + 2)
        assert seconds(other) <= before + 5


def test_what_cannot_be_read_is_told_of_until_the_desk_answers(browser, desk):
    _, url = desk()
    from_s, until_s = 60, 80
    with page_of(browser, url) as page:
        asked = []

        def sound(route):
            first = int(re.search(r"=(\d+)", route.request.headers["range"])[1])
            gone = {"error": "gone", "from_s": from_s, "until_s": until_s}
            is_gone = len(asked) < 2 and first > from_s * BYTES_PER_S
            route.fulfill(status=410, json=gone) if is_gone else route.continue_()

        def lost(route):
            asked.append(route.request.url)
            route.abort() if len(asked) == 1 else route.continue_()

        while page.evaluate(MEASURED) is False:  # until then the mix is made again
            page.wait_for_timeout(100)
        page.route("**/sound/mix/**", sound)
        page.route("**/api/do/lost", lost)
        begin(page)
        page.wait_for_selector(".run .told:not(:empty)")
        assert len(asked) == 2


SAYS_WHEN_BLOCKED = """new MutationObserver(() => {
  const go = document.querySelector("button.go:not([hidden])");
  if (go) console.log(JSON.stringify(go.getBoundingClientRect()));
}).observe(document, { subtree: true, childList: true, attributes: true })"""


def test_where_the_browser_waits_for_a_press_the_page_asks_for_one_and_goes_on(browser, desk):
    """A script of a test would count as a press, so none runs until then."""
    served, url = desk()
    kind = browser.browser_type
    strict = kind.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
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
    sounds = [each for each in events if type(each.what).__name__ == "Sounded"]
    first = next(each for each in events if type(each.what).__name__ == "Reopened")
    resumed = min(sounds, key=lambda each: abs(each.session_s - first.session_s))
    assert resumed.session_s == pytest.approx(first.session_s, abs=0.01)
    half = timedelta(milliseconds=WAITED_MS / 2)
    assert datetime.fromisoformat(resumed.at) > pressed_at - half


WAKEFUL = """window.locks = [];
const request = WakeLock.prototype.request;
WakeLock.prototype.request = function (...given) {
  const lock = request.apply(this, given);
  lock.then((each) => locks.push(each));
  return lock;
}"""
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
