"""A session that runs in Chromium: steered, noted second by second, through crashes and reloads."""

import re
from contextlib import contextmanager

import pytest

from playlist_builder import (
    Begun,
    Ended,
    Gap,
    Library,
    Paused,
    Pressed,
    Resumed,
    Silent,
    Sounded,
    TakenBack,
)
from tests.support.parts import CHROMIUM, needs

pytestmark = needs(CHROMIUM, "playwright")

POSITION = "() => document.querySelector('.place').textContent"
PATIENCE_MS = 120_000
KILLS = 3  # of the server while one session plays


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


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_session_is_steered_by_its_buttons_and_ends_in_its_record(browser, desk, language):
    served, url = desk(language)
    with page_of(browser, url, viewport={"width": 390, "height": 844}) as page:
        begin(page)
        assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
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
        page.locator("button.end").click()
        assert page.locator(".run").count() == 1
        end(page)
        assert axe_of(page) == []
        for link in page.locator(".after a").all():
            answer = page.request.get(f"{page.url}{link.get_attribute('href')}")
            assert answer.status == 200
    found, _, events = holes(served.library)
    assert found == []
    assert {Begun, Pressed, TakenBack, Paused, Resumed, Ended} <= set(map(type, events))


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
