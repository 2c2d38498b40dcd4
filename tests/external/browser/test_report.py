"""The page of a session in Chromium: what it shows, plays, asks for and prints."""

import re
import subprocess
import time
from dataclasses import replace
from urllib.parse import unquote_to_bytes

import pytest

from playlist_builder.report.summary import whole
from tests.support.parts import CHROMIUM, JAPANESE_FONT, needs

pytestmark = needs(CHROMIUM, "pdftotext", "playwright", "axe_playwright_python", JAPANESE_FONT)

EDGE_S = 10.0
PATIENCE_S = 120.0
COUNT = 6  # the tracks of the session
SIZES = [(1280, "large"), (800, "middle"), (390, "small")]
A4_MM = {"portrait": (210, 297), "landscape": (297, 210)}

AUDIO = "document.querySelector('.player audio:not([hidden])')"


def eventually(page, condition):
    """Ask again until it holds; the page's own policy forbids to wait inside the page."""
    deadline = time.monotonic() + PATIENCE_S
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"waited {PATIENCE_S:g} s for {condition}"
        page.wait_for_timeout(50)


def path_of(slot):
    """The bytes of a path."""
    return slot.path.encode("utf-8", "surrogateescape")


def source_of(page):
    """The path that the deck in sight was given."""
    return unquote_to_bytes(page.evaluate(f"{AUDIO}.src").removeprefix("file://"))


def pages_of(file):
    """The text of each page of a PDF."""
    done = subprocess.run(
        ["pdftotext", "-layout", file, "-"],  # noqa: S607
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    *pages, rest = done.stdout.split("\f")
    assert rest == ""
    return pages


def playing(page):
    """Wait until the deck in sight really plays, and give its path."""
    eventually(page, f"{AUDIO}.currentTime > 0.3 && !{AUDIO}.paused")
    assert page.evaluate(f"{AUDIO}.error") is None
    return source_of(page)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_is_said_on_the_console_and_only_the_page_is_asked_for(opened, language):
    report = opened(language=language)
    report.page.wait_for_timeout(300)
    assert report.said == []
    assert report.asked == [report.page.url]
    assert report.page.evaluate("document.documentElement.lang") == language


@pytest.mark.parametrize(("width", "size"), SIZES)
def test_the_blocks_stand_where_the_slots_are(opened, session, width, size):
    """The picture for this width is in sight, the others are not."""
    page = opened(width=width).page
    sights = page.eval_on_selector_all(
        ".picture", "all => all.filter(one => one.checkVisibility()).map(one => one.classList[1])"
    )
    assert sights == [size]
    boxes = page.eval_on_selector_all(
        f".picture.{size} a.block .reach",
        "all => all.map(one => [one.getBoundingClientRect().left,"
        " one.getBoundingClientRect().right])",
    )
    axis = page.evaluate(
        f"document.querySelector('.picture.{size} path.grid').getBoundingClientRect().toJSON()"
    )
    slots = whole(session)
    scale = axis["width"] / slots[-1].end_s
    assert len(boxes) == len(slots)
    for (left, right), slot in zip(boxes, slots, strict=True):
        assert left == pytest.approx(axis["left"] + scale * slot.start_s, abs=0.5)
        assert right == pytest.approx(axis["left"] + scale * slot.end_s, abs=0.5)


@pytest.mark.parametrize("place", range(COUNT))
def test_each_track_plays_whatever_its_name_and_format(opened, session, place):
    report = opened()
    page = report.page
    page.locator(f"#track-{place + 1} .play").click()
    assert playing(page) == path_of(whole(session)[place])
    assert report.said == []
    assert all(url.startswith(page.url.rpartition("/")[0]) for url in report.asked)


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_passage_is_ten_seconds_before_and_ten_after(opened, session, place):
    before, after = whole(session)[place - 1 : place + 1]
    page = opened().page
    page.evaluate(
        "addEventListener('seeked', ({ target }) => (window.began ??= target.currentTime), true)"
    )
    page.locator(f"#track-{place + 1} .join").click()
    assert playing(page) == path_of(before)
    page.wait_for_function("() => window.began !== undefined")
    began_s = page.evaluate("window.began")
    assert began_s == pytest.approx(before.duration_s - EDGE_S, abs=0.1)
    page.evaluate("document.querySelectorAll('audio').forEach(one => (one.playbackRate = 8))")
    eventually(page, f"{AUDIO}.paused && {AUDIO}.currentTime >= {EDGE_S}")
    assert page.evaluate(f"{AUDIO}.currentTime") < EDGE_S + 4  # told every 0.25 s, at 8 times speed
    assert source_of(page) == path_of(after)
    assert page.locator("tr.playing").get_attribute("id") == f"track-{place + 1}"


def test_one_track_follows_the_other(opened, session):
    page = opened().page
    page.locator("#track-1 .play").click()
    playing(page)
    page.evaluate(f"{AUDIO}.currentTime = {session.slots[0].duration_s - 0.5}")
    page.wait_for_selector("#track-2.playing")
    assert playing(page) == path_of(session.slots[1])


def test_a_file_that_is_gone_is_told_in_words(opened, session):
    lost = replace(session.slots[0], path=session.slots[0].path + ".gone.flac", title="Lost $& one")
    page = opened(of=replace(session, slots=[lost, *session.slots[1:]])).page
    page.locator("#track-1 .play").click()
    eventually(page, "document.querySelector('output').textContent.includes('Cannot play')")
    assert "Lost $& one" in page.locator("output").text_content()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_tags_stay_text(opened, session, language):
    page = opened(language=language).page
    assert page.evaluate("window.hurt") is None
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 1
    assert page.locator("#track-2 .what a").text_content() == str(session.relaxed[0])
    assert page.locator("#track-2 .what .sub").text_content() == str(session.relaxed[0])
    assert page.locator(".all li", has_text="window.hurt").last.text_content() == str(
        session.relaxed[0]
    )
    assert page.locator("#track-3 .what a").text_content() == "evil \ufffd\ufffd[31m\ufffd tail"
    assert len(page.locator("#track-5 .what a").text_content()) == 200


@pytest.mark.parametrize("width", [320, 390, 800, 1280])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_page_is_wider_than_its_screen(opened, width, language):
    page = opened(width=width, language=language).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_axe_finds_no_barrier(opened, scheme, width, language):
    """Contrast, names, roles, landmarks, tables and focus, by WCAG 2.2 AA and good practice."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - few have the package

    page = opened(scheme=scheme, width=width, language=language).page
    page.locator("#track-1 .play").click()  # with the player in sight
    playing(page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_the_keyboard_reaches_everything_and_focus_is_told(opened):
    page = opened().page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "INPUT"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#track-1"
    assert page.locator(".tip").text_content().startswith("1. Quiet, Ada. Starts 0:00")
    outline = "getComputedStyle(document.activeElement.querySelector('.reach')).strokeWidth"
    assert page.evaluate(outline) == "2.5px"
    page.keyboard.press("Enter")
    page.wait_for_url("**/report.en.html#track-1")
    stops = page.evaluate("[...document.querySelectorAll('a, button')].length")
    all_notes = 1
    assert stops == 1 + 3 * COUNT + all_notes + COUNT + 2 * COUNT - 1


@pytest.mark.parametrize("width", [1280, 390])
def test_a_tip_stands_below_its_block_and_within_the_page(opened, width):
    page = opened(width=width).page
    for place in range(COUNT):
        block = page.locator("svg.picture:visible a.block").nth(place)
        block.locator(".reach").hover()
        tip = page.locator(".tip")
        assert tip.text_content() == block.get_attribute("aria-label")
        box, tile = tip.bounding_box(), block.locator(".tile").bounding_box()
        assert box["y"] >= tile["y"] + tile["height"]
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    page.mouse.move(1, 1)
    assert page.locator(".tip").is_hidden()


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_the_first_screen_holds_length_curve_and_what_matters(opened, language, width, height):
    page = opened(width=width, language=language).page
    for part in (".facts", "svg.picture:visible .played >> nth=-1", ".know li >> nth=0"):
        box = page.locator(part).first.bounding_box()
        assert 0 <= box["y"] < box["y"] + box["height"] <= height, part
    heights = page.eval_on_selector_all(
        ".picture.large .tile, .picture.small .tile",
        "all => all.filter(one => one.checkVisibility()).map(one => one.getBoundingClientRect().y)",
    )
    assert max(heights) < height


def test_what_is_written_in_the_head_is_printed(opened, tmp_path):
    page = opened().page
    page.get_by_label("Facilitator").fill("Nadia K.")
    page.pdf(path=tmp_path / "printed.pdf", format="A4")
    told = pages_of(tmp_path / "printed.pdf")
    assert "Nadia K." in told[0]
    ends = ["".join(each.split()) for each in told]
    for place, end in enumerate(ends, start=1):
        assert end.endswith(f"{place}/{len(told)}")


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_every_row_shows_its_numbers(opened, width):
    """Start, length and energy, on the smallest screen as well."""
    page = opened(width=width).page
    for name in (".when", ".length", ".level"):
        boxes = [each.bounding_box() for each in page.locator(f"tr.track {name}").all()]
        assert all(box and box["width"] > 10 and box["height"] > 10 for box in boxes)
    rows = page.locator("tr.track")
    for name, other in ((".when", ".length"), (".length", ".level")):
        left = rows.first.locator(name).bounding_box()
        right = rows.first.locator(other).bounding_box()
        assert left["x"] + left["width"] <= right["x"]


def test_without_a_script_it_is_a_page_with_links(opened):
    page = opened(java_script_enabled=False).page
    assert page.locator(".player").is_hidden()
    assert page.locator("button").first.is_hidden()
    assert page.locator("#track-1 .what a").get_attribute("href") == "plain.flac"


@pytest.mark.parametrize("turned", A4_MM)
def test_every_printed_page_names_the_columns_and_none_is_empty(opened, session, tmp_path, turned):
    """60 tracks on A4, with the head of the table on each page that holds some of them."""
    first, wide = session.slots[0], session.slots[3]
    slots = [
        replace(
            wide if place % 2 else first,
            title=f"Piece {place}",
            phase=f"phase {place // 12}",
            vocals="unknown",
            start_s=place * 300.0,
            end_s=(place + 1) * 300.0,
        )
        for place in range(60)
    ]
    long = replace(session, slots=slots, tail=(), target_s=18000.0, duration_s=18000.0)
    page = opened(of=long, scheme="dark").page
    width, height = A4_MM[turned]
    file = tmp_path / "printed.pdf"
    page.pdf(path=file, width=f"{width}mm", height=f"{height}mm", prefer_css_page_size=False)
    pages = pages_of(file)
    assert len(pages) <= {"portrait": 5, "landscape": 6}[turned]
    assert all(len(each.split()) > 20 for each in pages)
    tracks = [each for each in pages if "Piece " in each]
    assert len(tracks) >= 3
    assert all("Notes" in each and "Title" in each for each in tracks)
    told = " ".join(tracks)
    assert all(f"Piece {place} " in told for place in range(60))
    whole_text = "\n".join(pages)
    numbers = re.findall(r"^ *(\d+) +[\d:]+ +Piece", whole_text, re.MULTILINE)
    assert numbers == [str(place) for place in range(1, 61)]
    assert "Listen" not in whole_text
