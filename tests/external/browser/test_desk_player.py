"""The page of a run that another player plays: it says where that is, halts it and steers it."""

import pytest

from playlist_builder import Library, SessionRequest
from playlist_builder.desk import machine
from tests.support.desk_server import served
from tests.support.fake_player import FakePlayer
from tests.support.libraries import fill_there
from tests.support.parts import CHROMIUM, needs

pytestmark = needs(CHROMIUM, "playwright")

LASTS_S = 200.0  # of every track


@pytest.fixture
def library(tmp_path):
    fill_there(tmp_path, 60)
    with Library.open(tmp_path / "l.db") as library:
        library.keep(library.build(SessionRequest("arc", duration_s=1800.0)))
    return tmp_path / "l.db"


def reads(page, selector, text):
    """Wait until an element says something; the policy of the page forbids to wait inside it."""
    for _ in range(400):
        if text in page.locator(selector).text_content():
            return
        page.wait_for_timeout(50)
    raise AssertionError(page.locator(selector).text_content())


def becomes(page, player, state):
    """Wait until the player is in a state: it is looked at twice a second."""
    for _ in range(200):
        if player.playing().state == state:
            return
        page.wait_for_timeout(50)
    raise AssertionError(player.playing())


def test_the_page_shows_halts_and_steers_what_a_player_plays(browser, library):
    player = FakePlayer(LASTS_S)
    with served(library, player=player) as (address, _):
        context = browser.new_context()
        page = context.new_page()
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address.url(machine.now_ns()))
        page.click("button.begin")
        page.wait_for_selector(".run")
        reads(page, ".told", "ReplayGain")
        reads(page, ".place", "0:02 of")
        page.keyboard.press("Space")
        page.wait_for_selector(".halt.paused")
        becomes(page, player, "pause")
        before = page.locator(".place").text_content()
        page.wait_for_timeout(1200)
        assert page.locator(".place").text_content() == before
        player.pause(is_paused=False)  # by somebody else
        page.wait_for_selector(".halt:not(.paused)")
        page.click("[data-button=softer]")
        page.wait_for_selector("[data-button=softer].pending")
        page.reload()
        page.wait_for_selector("[data-button=softer]")
        reads(page, ".place", "0:0")
        button = page.locator("button.end")
        button.focus()
        page.keyboard.down("Enter")
        page.wait_for_selector(".after")
        page.keyboard.up("Enter")
        becomes(page, player, "stop")
        assert not [each for each in asked if "/sound/" in each]
        context.close()
