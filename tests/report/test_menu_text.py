"""A menu as a sitter reads it: what may follow what, and what each block is."""

from dataclasses import replace

from playlist_builder.arranger.menu import Menu
from playlist_builder.arranger.parts import Part
from playlist_builder.language.notices import notice
from playlist_builder.models import Session, Slot
from playlist_builder.report.menu_text import menu_text


def block(*lengths_s):
    slots = tuple(
        Slot("/m/a.flac", "1", f"Title {place}", "", "", 0.0, length_s, "calm", 0.2, 0.25)
        for place, length_s in enumerate(lengths_s)
    )
    lasts_s = sum(lengths_s)
    return Session("arc", "relative", 900.0, lasts_s, 0.0, 0.0, 0.05, slots)


MENU = Menu(
    parts=(Part(0.0, 900.0, ("calm",)), Part(900.0, 1800.0, ("rise", "peak"))),
    blocks=((block(500.0, 400.0), block(890.0)), (block(900.0), block(905.0))),
    worst=replace(block(890.0, 905.0), rms_error=0.08, tail=block(300.0).slots),
    best_error=0.05,
    alone_error=0.04,
    shortest_s=1790.0,
    longest_s=1805.0,
    warnings=(notice("spoken", count=1, total=4),),
    relaxed=(notice("artist_gap", count=1, gap=1),),
)


def test_blocks_stand_in_the_order_of_their_parts_with_length_energy_and_file():
    lines = menu_text(MENU, width=100, files={"1a": "n-1-calm-a.m3u8"}).splitlines()
    assert lines[0] == "arc: 2 blocks for each of 2 parts"
    assert lines[2].split() == [
        *("0:00", "1a", "calm", "15:00", "0.20", "0.25", "0.05", "n-1-calm-a.m3u8"),
    ]
    assert [line.split()[0] for line in lines[3:6]] == ["1b", "15:00", "2b"]
    assert "1a: Title 0 (8:20), Title 1 (6:40)" in lines
    assert "play any 1, then any 2: 4 paths of 29:50 to 30:05, each without repeats" in lines
    assert "tail, behind any last block: Title 0" in lines
    assert any(line.startswith("distance from the plan 0.050 to 0.080") for line in lines)
    assert lines[-2].startswith("gave way on some path: artist_gap")
    assert lines[-1] == "note: 1 of 4 tracks holds speech"


def test_a_part_of_several_phases_names_them_all():
    assert "rise, peak" in menu_text(MENU, width=100, files={})
