"""The desk in Firefox: prepared by keys, heard, steered, and loaded again while it plays."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from playlist_builder import Begun, Ended, Library, Pressed, Sounded, TakenBack
from tests.support.firefox import ENTER, PAGE_UP, SPACE, firefox, silent_device
from tests.support.parts import needs

pytestmark = needs("firefox-esr", "pulseaudio", "axe_playwright_python")

TAP = (Path(__file__).parents[2] / "support" / "real_clock.js").read_text(encoding="utf-8")
HEARD = """document.querySelector('.place').textContent
  .split(' of ')[0].split(':').reduce((a, b) => 60 * a + +b, 0)"""
LEVEL = "Number(document.activeElement.ariaValueNow)"
AGAIN_S = 5  # in which the music goes on when the page was loaded again


@pytest.fixture
def page():
    """A page of Firefox, in a folder with a short path: that of a socket is in it."""
    with ExitStack() as stack:
        kept = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(kept))
        device = stack.enter_context(silent_device(folder))
        yield stack.enter_context(firefox(folder, device))


def violations(page):
    from axe_playwright_python.base import AXE_SCRIPT  # noqa: PLC0415 - few have the package

    found = page.awaited(f"{AXE_SCRIPT}\nwindow.axe.run(document).then(done, done);")
    return [each["id"] for each in found["violations"]]


def test_a_session_is_prepared_heard_and_steered_and_goes_on_when_it_is_loaded_again(desk, page):
    served, url = desk()
    page.go_to(url)
    page.until("document.querySelector('.track')")
    assert violations(page) == []
    was = page(f"document.querySelectorAll('.point')[1].focus(); return {LEVEL}")
    page.press(PAGE_UP)
    page.until("!document.querySelector('.legend button').hidden")
    assert page(f"return {LEVEL}") == was + 10
    page.click(".track:nth-child(2) .swap")
    title = page.until("document.querySelector('.candidates b')?.textContent")
    page.click(".candidates li button:last-child")
    page.until(f"document.querySelector('.track:nth-child(2) b').textContent === '{title}'")

    page(TAP)
    page.click("button.begin")
    page.until(f"document.querySelector('.run') && {HEARD} >= 2")
    page.until("heard()[0].some((x) => Math.abs(x) > 0.01)")
    assert violations(page) == []
    for state in (".pending", ":not(.pending)"):
        page.click("[data-button=deeper]")
        page.until(f"document.querySelector('[data-button=deeper]{state}:not(.waiting)')")
    page.press(SPACE)
    page.until("document.querySelector('.halt.paused')")
    page.press(SPACE)
    page.until("document.querySelector('.halt:not(.paused)')")

    before = page(f"return {HEARD}")
    page.reload()
    page.until("document.querySelector('.run')")
    assert before - 1 <= page(f"return {HEARD}") <= before + AGAIN_S
    page.until(f"{HEARD} >= {before + 2}")
    page("document.querySelector('button.end').focus()")
    page.hold(ENTER)
    page.until("document.querySelector('.after')")
    page.let_go(ENTER)
    assert violations(page) == []
    with Library.open(served.library) as library:
        events = library.records.read(library.records.latest().id).events
    assert {Begun, Sounded, Pressed, TakenBack, Ended} <= {type(each.what) for each in events}
