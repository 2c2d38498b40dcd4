"""Reports into files: each format, and nothing where one cannot be made."""

import struct
import sys
from dataclasses import replace

import pytest

from playlist_builder import write_report
from playlist_builder.errors import ExportError, ReportError
from playlist_builder.models import Session, Slot

SLOT = Slot("/music/a.flac", "5f", "静かな夜", "Ada", "", 0.0, 600.0, "calm", 0.2, 0.25)
SESSION = Session("arc", "relative", 600.0, 600.0, 0.1, 0.05, 0.1, [SLOT], curve=(0.2,) * 60)


def test_the_format_follows_the_suffix(tmp_path):
    for suffix, start in ((".html", b"<!doctype html>"), (".SVG", b"<svg "), (".pdf", b"%PDF-")):
        write_report(SESSION, tmp_path / f"a{suffix}")
        assert (tmp_path / f"a{suffix}").read_bytes().startswith(start)


def test_a_png_holds_300_pixels_an_inch_of_paper(tmp_path):
    """Across the 277 mm that A4 in landscape leaves to print on."""
    write_report(SESSION, tmp_path / "a.png", language="ja")
    data = (tmp_path / "a.png").read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert width / (277 / 25.4) > 290
    assert height > 900


def test_a_pdf_is_drawn_in_lines_and_letters(tmp_path):
    """It holds fonts, and no picture made of pixels."""
    write_report(SESSION, tmp_path / "a.pdf")
    data = (tmp_path / "a.pdf").read_bytes()
    assert b"/Font" in data
    assert b"/Subtype /Image" not in data
    assert b"/Subtype/Image" not in data


def test_without_the_extra_pages_are_made_and_pictures_say_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    write_report(SESSION, tmp_path / "a.html")
    write_report(SESSION, tmp_path / "a.svg")
    with pytest.raises(ReportError, match=r"^A report in \.png needs .*vl-convert-python"):
        write_report(SESSION, tmp_path / "a.png")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.html", "a.svg"]


def test_another_suffix_or_language_is_refused(tmp_path):
    with pytest.raises(ReportError, match=r"a report is \.html, \.svg, \.png, \.pdf\. Choose one$"):
        write_report(SESSION, tmp_path / "a.gif")
    with pytest.raises(ReportError, match=r"^No language 'fr'\. Available: en, ja$"):
        write_report(SESSION, tmp_path / "a.html", language="fr")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(ExportError, match=r"Choose another place$"):
        write_report(SESSION, tmp_path / "none" / "a.html")


def test_links_are_seen_from_the_folder_of_the_page(tmp_path):
    session = replace(SESSION, slots=[replace(SLOT, path=str(tmp_path / "m" / "a.flac"))])
    (tmp_path / "pages").mkdir()
    write_report(session, tmp_path / "pages" / "a.html")
    assert 'href="../m/a.flac"' in (tmp_path / "pages" / "a.html").read_text(encoding="utf-8")
