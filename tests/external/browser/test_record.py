"""The page of a record in Chromium: no barrier, as wide as its screen, nothing asked for."""

import subprocess

import pytest

from playlist_builder.records.events import Ended, Gap, Note, Pressed, Silent
from playlist_builder.records.record import About, Record, Run
from playlist_builder.report.record_write import write_record
from tests.external.browser.conftest import Opened
from tests.support.parts import CHROMIUM, JAPANESE_FONT, needs
from tests.support.records import AT, at, event, second_by_second, session

pytestmark = needs(CHROMIUM, "pdftotext", "playwright", "axe_playwright_python", JAPANESE_FONT)

EVENTS = (
    *second_by_second(60),
    *second_by_second(30, "a1", 61, start_s=60.0),
    event(91, Pressed("softer", effect="softer from 1:30, calm"), 62.0),
    event(92, Note("長い夜 " * 40), 70.0),
    event(93, Gap(1240.0), 80.0),
    event(94, Silent(30.0), 90.0),
    *second_by_second(20, "zz", 95, start_s=120.0),
    event(115, Ended("stopped"), 140.0),
)
RUN = Run("r", 3, "aa" * 8, "A7", "arc", AT, at(140.0), 180.0, 110.0, 115)


@pytest.fixture
def opened(browser, tmp_path):
    """Write the page of a record and open it as a file."""
    contexts = []

    def open_(*, language="en", width=1280, scheme="light"):
        path = tmp_path / f"record.{language}.html"
        about = About(equipment="closed headphones " * 20)
        record = Record(RUN, session(person="A7"), EVENTS, about)
        write_record(record, path, language=language)
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        result = Opened(context.new_page())
        result.page.on("console", lambda message: result.said.append(message.text))
        result.page.on("request", lambda request: result.asked.append(request.url))
        result.page.goto(path.as_uri())
        return result

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_page_is_wider_than_its_screen_and_nothing_is_asked_for(opened, language):
    report = opened(language=language)
    for width, size in ((320, "small"), (390, "small"), (800, "middle"), (1280, "large")):
        report.page.set_viewport_size({"width": width, "height": 900})
        assert report.page.evaluate("document.documentElement.scrollWidth") <= width
        sights = report.page.eval_on_selector_all(
            ".picture",
            "all => all.filter(one => one.checkVisibility()).map(one => one.classList[1])",
        )
        assert sights == [size]
    assert report.said == []
    assert report.asked == [report.page.url]


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("en", "light", 1280), ("en", "dark", 390), ("ja", "dark", 1280), ("ja", "light", 390)],
)
def test_axe_finds_no_barrier(opened, language, scheme, width):
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - few have the package

    found = Axe().run(opened(language=language, scheme=scheme, width=width).page)
    assert found.violations_count == 0, found.generate_report()


def test_it_prints_on_few_pages_and_says_on_each_what_it_is_of(opened, tmp_path):
    file = tmp_path / "record.pdf"
    opened().page.pdf(path=file, format="A4", prefer_css_page_size=True)
    done = subprocess.run(
        ["pdftotext", "-layout", file, "-"],  # noqa: S607
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    *pages, _ = done.stdout.split("\f")
    assert 1 < len(pages) <= 3
    assert all("Record 3" in page for page in pages)
