"""The desk in Chromium while a session is prepared: what it shows, and what can be done with it."""

import shutil
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise

import pytest

from playlist_builder import FileProgress, FileScanned, Library, SessionRequest
from playlist_builder.desk import machine
from tests.support.desk_server import served
from tests.support.libraries import fill_there
from tests.support.parts import CHROMIUM, JAPANESE_FONT, needs

pytestmark = needs(CHROMIUM, "playwright", "axe_playwright_python", JAPANESE_FONT)

TRACKS = 60
SESSION_S = 1800.0
PATIENCE_MS = 120_000

FOLLOW = """async () => {
    const { current, desk } = await import("./static/api.js");
    let isBusy = false;
    desk.addEventListener("busy", ({ detail }) => { isBusy = detail; });
    window.shows = (version) => !isBusy && current()?.version === version;
}"""


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A library with one kept session, whose files are empty."""
    folder = tmp_path_factory.mktemp("prepared")
    fill_there(folder, TRACKS)
    with Library.open(folder / "l.db") as library:
        library.keep(library.build(SessionRequest("arc", duration_s=SESSION_S)))
    return folder / "l.db"


@pytest.fixture
def desks(prepared, tmp_path):
    """Serve desks of libraries of their own: prepared ones, or empty ones."""
    with ExitStack() as stack:

        def serve(language="en", *, empty=False):
            path = tmp_path / f"{language}{empty}.db"
            if not empty:
                shutil.copy(prepared, path)
            return stack.enter_context(served(path, language))

        yield serve


@pytest.fixture
def visit(browser, desks):
    """Open the page of a desk; what the browser complains of fails the test."""
    contexts, said = [], []

    def open_(language="en", *, empty=False, width=1280, scheme="light", of=None, **options):
        address, desk = of or desks(language, empty=empty)
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **options
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda told: said.append(told.text))
        page.desk, page.address = desk, address
        page.goto(address.url(machine.now_ns()))
        page.wait_for_selector(".folder" if empty else ".track")
        page.evaluate(FOLLOW)
        return page

    yield open_
    for each in contexts:
        each.close()
    told = "409", "410", "422"  # what cannot be done is told by the page
    assert [each for each in said if not any(code in each for code in told)] == []


def titles(page):
    return page.locator(".track:not(.tail) .what b").all_inner_texts()


def until(page, condition, argument=None):
    """Wait until a function of the page holds; its policy forbids to wait inside it."""
    for _ in range(PATIENCE_MS // 50):
        if page.evaluate(condition, argument):
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


def changed(page, act):
    """Do something, and wait until the session is another one and the page shows it."""
    before = page.desk.bench.version
    act()
    for _ in range(PATIENCE_MS // 50):
        now = page.desk.bench.version
        if now > before and page.evaluate("version => shows(version)", now):
            return
        page.wait_for_timeout(50)
    raise AssertionError(page.locator("#message").inner_text())


def violations(page):
    """What axe finds, by rule."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - few have the package

    found = Axe().run(page).response["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it_in_every_state(visit, language, scheme):
    page = visit(language, scheme=scheme)
    assert page.evaluate("document.documentElement.lang") == language
    assert violations(page) == []
    for state in (".track:nth-child(2) .swap", ".track:nth-child(3) .more"):
        page.locator(state).click()
        page.wait_for_selector(".drawer:not([hidden]) :is(li, form)")
        assert violations(page) == []
    page.locator(".panel > summary").last.click()
    page.wait_for_selector(".found li")
    page.locator(".found .more").first.click()
    assert violations(page) == []
    page.locator(".panel > summary").first.click()
    page.wait_for_selector(".alternatives li")
    assert violations(page) == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_first_start_asks_for_a_folder(visit, language, tmp_path):
    page = visit(language, empty=True)
    assert violations(page) == []
    page.fill(".folder", str(tmp_path / "nowhere"))
    page.locator(".scan .main").click()
    until(page, "document.querySelector('#message').textContent.includes('nowhere')")
    assert violations(page) == []


def test_a_folder_without_music_says_so_and_builds_nothing(visit, tmp_path):
    folder = tmp_path / "no music"
    folder.mkdir()
    page = visit(empty=True)
    page.fill(".folder", str(folder))
    page.locator(".scan .main").click()
    until(page, f"document.querySelector('#message').textContent.includes('no music in {folder}')")
    page.wait_for_timeout(500)  # in which it would be built
    assert page.locator("#message.warns").count() == 0
    assert page.locator(".folder").input_value() == str(folder)


@pytest.mark.parametrize("width", [360, 390, 768, 1280, 2560])
def test_nothing_lies_beside_the_page_and_fingers_reach_all(visit, width):
    page = visit(width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        "[...document.querySelectorAll('button, input, select, .point')]"
        ".filter(one => one.checkVisibility() && !one.matches('.concerns .at'))"
        ".map(one => [one.className, one.getBoundingClientRect().height])"
        ".filter(([, height]) => height < 44)"
    )
    assert small == []
    tops = page.evaluate("[...document.querySelectorAll('.buttons > *')].map(one => one.offsetTop)")
    assert len(set(tops)) == 1 or width < 390


def test_any_whole_minute_can_be_asked_for(visit):
    page = visit()
    page.fill("#length", "32")
    changed(page, lambda: page.keyboard.press("Tab"))
    assert page.input_value("#length") == "32"
    assert page.desk.bench.session.target_s == 32 * 60


def test_a_length_that_cannot_be_arranged_does_not_stay_in_its_field(visit):
    page = visit()
    page.fill("#length", "1440")
    page.keyboard.press("Tab")
    until(page, "document.querySelector('#message.warns')?.textContent.includes('1440 min')")
    until(page, f"document.querySelector('#length').value === '{SESSION_S / 60:.0f}'")


def test_a_search_that_finds_nothing_says_so(visit):
    page = visit()
    page.locator(".panel > summary").last.click()
    page.wait_for_selector(".found li")
    page.fill("#query", "no such title")
    until(page, "document.querySelector('.find > .count').textContent === 'no track'")


def test_a_point_is_drawn_by_mouse_and_the_session_follows(visit):
    page = visit()
    before, point = titles(page), page.locator(".point").nth(2)
    box = point.bounding_box()
    x, y = box["x"] + 22, box["y"] + 22

    def drag():
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, y + 90, steps=4)
        page.mouse.up()

    changed(page, drag)
    until(page, "!document.querySelector('.legend button').hidden")
    assert titles(page) != before
    assert float(point.get_attribute("aria-valuenow")) < 60
    assert page.locator("#message").inner_text().startswith("In: ")
    assert page.locator(".track.new").count()


def test_escape_closes_what_is_open_and_goes_back_to_its_button(visit):
    page = visit()
    page.locator(".track").nth(2).locator(".more").click()
    page.wait_for_selector(".marks")
    until(page, "document.activeElement.matches('.marks input')")
    page.keyboard.press("Escape")
    assert page.locator(".marks").count() == 0
    assert page.evaluate("document.activeElement.matches('.track:nth-child(3) .more')")


def test_a_point_is_moved_to_another_time_by_mouse_and_by_keys(visit):
    page = visit()
    point = page.locator(".point").nth(2)

    def moved(place, by_s):
        """Wait until a border lies so much later, or earlier, than it did."""
        wanted_s = before[place] + by_s
        for _ in range(PATIENCE_MS // 50):
            if page.desk.bench.edited().borders[place][0] == pytest.approx(wanted_s, abs=2.5):
                return
            page.wait_for_timeout(50)
        raise AssertionError(page.desk.bench.edited().borders)

    before = [time_s for time_s, _ in page.desk.bench.edited().borders]
    lefts = [each.bounding_box()["x"] for each in page.locator(".point").all()]
    a_pixel_s = before[-1] / (lefts[-1] - lefts[0])
    box = point.bounding_box()
    x, y = box["x"] + 22, box["y"] + 22
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y, steps=3)
    page.mouse.up()
    moved(2, -60 * a_pixel_s)
    before = [time_s for time_s, _ in page.desk.bench.edited().borders]
    point.focus()
    page.keyboard.press("ArrowRight")
    moved(2, 30.0)
    assert page.evaluate("document.activeElement.matches('.point.inner')")
    page.locator(".point").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(700)
    moved(0, 0.0)


def test_a_point_is_drawn_by_keys_and_keeps_the_focus(visit):
    page = visit()
    point = page.locator(".point").nth(1)
    point.focus()
    was = int(point.get_attribute("aria-valuenow"))
    changed(page, lambda: [page.keyboard.press(key) for key in ("PageUp", "ArrowUp", "ArrowUp")])
    until(page, "document.querySelector('#message').textContent !== ''")
    assert int(point.get_attribute("aria-valuenow")) == was + 14
    assert "at " in point.get_attribute("aria-valuetext")
    assert point.evaluate("one => one === document.activeElement")


def test_undo_and_redo_are_one_key(visit):
    page = visit()
    before = titles(page)
    changed(page, lambda: page.locator(".track:nth-child(2) .drop").click())
    after = titles(page)
    assert after != before
    changed(page, lambda: page.keyboard.press("Control+z"))
    assert titles(page) == before
    changed(page, lambda: page.keyboard.press("Control+Shift+z"))
    assert titles(page) == after
    page.locator("#person").focus()
    page.keyboard.press("Control+z")  # of what is typed
    page.wait_for_timeout(200)
    assert titles(page) == after


def test_a_track_is_moved_by_keys_and_by_mouse_and_keeps_its_focus(visit):
    page = visit()
    before = titles(page)
    grip = page.locator(".track:nth-child(3) .grip")
    grip.focus()
    page.evaluate("window.own = document.activeElement")
    changed(page, lambda: page.keyboard.press("ArrowDown"))
    assert titles(page)[3] == before[2]
    assert page.evaluate("window.own === document.activeElement")
    assert "number 3" in page.locator("#message").inner_text()
    here, there = (
        page.locator(f".track:nth-child({place}) .grip").bounding_box() for place in (1, 3)
    )
    moving = titles(page)[0]

    def drag():
        page.mouse.move(here["x"] + 20, here["y"] + 20)
        page.mouse.down()
        page.mouse.move(there["x"] + 20, there["y"] + 20, steps=4)
        page.mouse.up()

    changed(page, drag)
    assert titles(page)[2] == moving


def test_a_candidate_is_taken_and_the_place_is_not_lost(visit):
    page = visit()
    page.locator(".track:nth-child(4) .swap").click()
    candidate = page.locator(".candidates li").first
    title = candidate.locator("b").inner_text()
    assert candidate.locator(".differs").inner_text()
    candidate.locator("button").last.scroll_into_view_if_needed()
    scrolled = page.evaluate("scrollY")
    changed(page, candidate.locator("button").last.click)
    assert titles(page)[3] == title
    until(page, "document.activeElement.matches('.track:nth-child(4) .swap')")
    assert page.evaluate("scrollY") == scrolled


def test_music_is_found_put_in_marked_and_banned(visit):
    page = visit()
    page.locator(".panel > summary").last.click()
    page.wait_for_selector(".found li")
    everything = page.locator(".find > .count").inner_text()
    page.fill("#query", "energy<0.6")
    until(page, "all => document.querySelector('.find > .count').textContent !== all", everything)
    free = page.locator(".found li:has(.insert:not([hidden]))").first
    title = free.locator("b").inner_text()
    page.select_option("#behind", "2")
    changed(page, lambda: free.locator(".insert").click())
    assert titles(page)[2] == title
    own = page.locator(".track:nth-child(3)")
    own.locator(".more").click()
    page.wait_for_selector(".track:nth-child(3) form")
    own.locator("input[type=text]").fill("bells <b>at the end</b>")
    changed(page, lambda: own.locator(".marks .main").click())
    until(page, "document.body.textContent.includes('bells <b>at the end</b>')")
    if not own.locator(".ban").is_visible():
        own.locator(".more").click()
    own.locator(".ban").click()
    until(
        page,
        "title => ![...document.querySelectorAll('.what b')].some(one => one.textContent === title"
        " && one.closest('.track:not(.tail)'))",
        title,
    )


def test_pinning_is_pressed_or_not(visit):
    page = visit()
    pin = page.locator(".track:nth-child(2) .pin")
    changed(page, pin.click)
    assert pin.get_attribute("aria-pressed") == "true"
    changed(page, pin.click)
    assert pin.get_attribute("aria-pressed") == "false"


def test_nothing_moves_for_whom_motion_is_reduced(visit):
    page = visit(reduced_motion="reduce")
    changed(page, lambda: page.locator(".track:nth-child(2) .drop").click())
    assert page.locator(".track.new").count()
    names = page.evaluate("document.getAnimations().map(one => one.animationName)")
    assert names == []


def test_the_page_that_looks_on_is_one_for_everybody_and_says_so(visit):
    first = visit()
    second = visit(of=(first.address, first.desk))
    second.wait_for_selector("#elsewhere:not([hidden])")
    assert second.locator("h1:visible").first.inner_text() == "The desk is open in another window."
    assert violations(second) == []


def test_the_later_page_asks_to_take_over(visit):
    first = visit()
    second = visit(of=(first.address, first.desk))
    assert not first.locator("#elsewhere").is_visible()
    second.wait_for_selector("#elsewhere button")
    assert second.locator("#view").evaluate("one => one.inert")
    second.locator("#elsewhere button").click()
    first.wait_for_selector("#elsewhere button")
    second.wait_for_selector("#elsewhere", state="hidden")
    changed(second, lambda: second.locator(".track:nth-child(2) .pin").click())
    until(first, "document.querySelectorAll('.pin[aria-pressed=true]').length === 1")


def test_another_page_of_the_same_browser_reaches_nothing(visit):
    """It knows even the folder, and tries all that a page may send without asking."""
    page = visit()
    before, own = page.desk.bench.version, page.url.rstrip("/")
    other = page.context.new_page()
    other.goto("data:text/html,<title>other</title>")
    tried = other.evaluate(
        """async (own) => {
            const options = { credentials: "include", mode: "no-cors", method: "POST" };
            const body = JSON.stringify({ tab: sessionStorage?.tab, place: 1 });
            const read = async (path) => {
                try { return (await fetch(own + path, { credentials: "include" })).status; }
                catch { return "refused"; }
            };
            await fetch(own + "/api/do/drop", { ...options, body }).catch(() => null);
            const frame = document.createElement("iframe");
            frame.src = own + "/";
            document.body.append(frame);
            const image = new Image();
            const shown = new Promise((done) => {
                image.onload = () => done(1);
                image.onerror = () => done(0);
            });
            image.src = own + "/report";
            return [await read("/api/state"), await read("/report"), await shown];
        }""".replace("sessionStorage?.tab", "'x'"),
        own,
    )
    assert tried == ["refused", "refused", 0]
    assert page.desk.bench.version == before


def test_a_server_of_another_port_is_sent_no_cookie(visit):
    """Cookies are of a host and a path: the servers of all ports are one host."""
    page, asked = visit(), []

    class Other(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers.get("Cookie")))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        other = page.context.new_page()
        for path in ("/", "/api/state", "/static/main.js"):
            other.goto(f"http://127.0.0.1:{server.server_port}{path}")
        server.shutdown()
    assert {path for path, _ in asked} >= {"/", "/api/state", "/static/main.js"}
    assert [cookie for _, cookie in asked if cookie] == []


def test_the_address_holds_no_secret_once_it_is_open(visit):
    page = visit()
    assert page.url == f"http://127.0.0.1:{page.address.port}{page.address.folder}/"
    assert page.address.token not in page.content()
    assert page.evaluate("document.cookie") == ""


def test_a_scan_is_shown_and_ends_where_it_is_stopped(visit, tmp_path, monkeypatch):
    """What a scan finds is made up, as are the times that it takes."""
    go_on = threading.Event()

    def events(*_, **__):
        yield FileScanned(FileProgress(1, 3, 1, 4, "/m/one.flac", 75.0))
        go_on.wait(PATIENCE_MS / 1000)
        yield FileScanned(FileProgress(2, 3, 2, 4, "/m/two.flac", 60.0))
        raise AssertionError("it was stopped")

    monkeypatch.setattr(Library, "scan_events", events)
    page = visit(empty=True)
    page.fill(".folder", str(tmp_path / "nowhere"))
    page.locator(".scan .main").click()
    until(page, "document.querySelector('#message').textContent.includes('nowhere')")
    page.fill(".folder", str(tmp_path))
    page.locator(".scan .main").click()
    until(page, "document.querySelector('#message').textContent === ''")
    until(page, "document.querySelector('.count').textContent.includes('1 of 3 files, about 1:15')")
    page.evaluate("""async () => {
        const older = { turn: 1, done: 0, total: 0, left_s: null, is_over: false };
        const { desk } = await import("./static/api.js");
        desk.dispatchEvent(new CustomEvent("scan", { detail: older }));
    }""")
    assert (
        page.locator(".count").inner_text().startswith("1 of 3")
    )  # what is overtaken is not shown
    assert page.locator("progress").evaluate("one => one.value") == 0.25
    assert violations(page) == []
    page.locator(".progress button").click()
    until(page, "document.querySelector('.progress button').disabled")
    go_on.set()
    until(page, "document.querySelector('#message').textContent.startsWith('Stopped')")
    assert page.locator(".folder").input_value() == str(tmp_path)


def test_a_dot_of_the_map_is_heard(visit):
    page = visit()
    page.locator(".panel > summary").last.click()
    page.wait_for_selector(".found li")
    until(page, "(document.querySelector('.map canvas').ariaLabel ?? '').includes('60 tracks')")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    canvas = page.locator(".map canvas")
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] - 9, "y": box["height"] - 33})
    until(  # the file is empty
        page,
        "document.querySelector('#message').textContent !== ''"
        " && document.querySelector('.hearing').hidden",
    )
    assert any("/sound/track/" in url for url in asked)


MARKED = """async (concerns) => {
  const { marks } = await import("./static/marks.js");
  const frame = { left: 30, right: 230, top: 30, foot: 130, x: (at_s) => 30 + at_s };
  return marks(concerns, frame).map((each) => [
    each.textContent, each.classList.contains("felt"), Number(each.children[1].getAttribute("cx")),
  ]);
}"""


def test_a_mark_of_what_would_be_felt_is_hidden_by_no_other(visit):
    page = visit()
    places = [190, 100, 101, 199, 102, 200]
    concerns = [{"at_s": at_s, "felt": at_s in {190, 101}} for at_s in places]
    found = page.evaluate(MARKED, [*concerns, {"at_s": None, "felt": True}])
    assert [felt for _, felt, _ in found] == [False] * 4 + [True] * 2
    assert [number for number, felt, _ in found if felt] == ["3", "1"]
    middles = sorted(x for *_, x in found)
    assert all(later - sooner >= 18 for sooner, later in pairwise(middles))
    assert middles[-1] <= 230
    assert max(abs(x - 30 - places[int(number) - 1]) for number, _, x in found) <= 40


def test_a_field_that_a_search_does_not_know_is_named(visit):
    page = visit()
    page.locator(".panel > summary").last.click()
    page.fill("#query", "enrgy<.3")
    page.wait_for_selector("#message.warns:not(:empty)")
    assert "Did you mean 'energy'" in page.text_content("#message")
    page.fill("#query", "energy<.3")
    page.wait_for_selector("#message:empty", state="attached")


OVERLAP = """() => {
  const line = document.querySelector("#message").parentElement.getBoundingClientRect();
  const own = document.activeElement.getBoundingClientRect();
  return own.bottom > line.top && own.top < line.bottom;
}"""


@pytest.mark.parametrize("width", [390, 1280])
def test_what_is_told_covers_nothing_that_has_the_focus_and_can_be_closed(visit, width):
    page = visit(width=width)
    drop = page.locator(".track:nth-child(5) .drop")
    drop.evaluate("one => scrollTo(0, scrollY + one.getBoundingClientRect().bottom - innerHeight)")
    drop.evaluate("one => one.focus({ preventScroll: true })")
    changed(page, lambda: page.keyboard.press("Enter"))
    until(page, "document.querySelector('#message').textContent.includes('Out: ')")
    until(page, "document.activeElement.matches('.track:nth-child(5) .drop')")
    assert page.evaluate(OVERLAP) is False
    assert page.get_by_role("status").is_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Close").click()
    assert page.evaluate("document.querySelector('#message').textContent") == ""
    assert page.get_by_role("button", name="Close").is_hidden()


CHOSEN_FITS = """() => {
  const list = document.querySelector("#kept");
  const pen = document.createElement("canvas").getContext("2d");
  const { font, paddingLeft, paddingRight } = getComputedStyle(list);
  pen.font = font;
  const arrow = 20;
  const free = list.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) - arrow;
  return pen.measureText(list.selectedOptions[0].text).width <= free;
}"""


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("width", [390, 768, 1280])
def test_no_name_is_cut(visit, language, width):
    """Of the session that is open, and of its phases."""
    page = visit(language, width=width)
    until(page, "document.querySelector('#kept').selectedOptions.length")
    assert page.evaluate(CHOSEN_FITS)
    names = page.locator(".plot .curve text.name").all_text_contents()
    assert not [each for each in names if "\N{HORIZONTAL ELLIPSIS}" in each]


ROWS = """async ([begins, ends, most]) => {
  const { rowsOf } = await import("./static/labels.js");
  return rowsOf(begins, ends, most);
}"""


def test_names_of_phases_meet_neither_each_other_nor_a_line(visit):
    page = visit()
    assert page.evaluate(ROWS, [[0, 50, 100], [40, 90, 140], 3]) == [0, 0, 0]
    assert page.evaluate(ROWS, [[0, 20, 100], [40, 60, 140], 3]) == [0, 1, 0]
    assert page.evaluate(ROWS, [[0, 20, 50], [40, 60, 90], 3]) == [0, 1, 2]
    assert page.evaluate(ROWS, [[0, 10, 20, 30], [90, 90, 90, 90], 3]) == [0, 1, 2, 2]
