"""A session that runs in Chromium: steered, noted second by second, through crashes and reloads."""

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from playlist_builder import Library
from tests.support.commands import run
from tests.support.parts import needs
from tests.support.sounds import write_pieces

pytestmark = needs("chromium", "playwright")

SHORT = ("--min-length", "12s", "--max-length", "2m")
POSITION = "() => document.querySelector('.place').textContent"
KILLS = 3  # of the server while one session plays
ROOT = Path(__file__).parents[3]


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


class Served:
    """The desk in a process of its own, which can be killed and started again."""

    def __init__(self, library, language):
        self.library, self.language, self.process = library, language, None

    def start(self):
        words = ("-m", "playlist_builder", "desk", "--no-browser", "--library", self.library)
        self.process = subprocess.Popen(
            [sys.executable, *words],
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"LANGUAGE": self.language},
        )
        return re.search(r"http\S+", self.process.stderr.readline())[0]

    def kill(self):
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stderr.close()


@pytest.fixture
def desk(kept, tmp_path):
    """Start the desk on a library of its own."""
    library = tmp_path / "library.db"
    library.write_bytes(kept.read_bytes())
    served = []

    def start(language="en"):
        served.append(Served(library, language))
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
