"""The picture of a session: valid SVG whose places can be computed."""

import re
from dataclasses import replace
from importlib.resources import files
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from playlist_builder.language.notices import notice
from playlist_builder.language.text import clock
from playlist_builder.models import Session, Silence, Slot
from playlist_builder.report import labels, loudness_bars, plot, summary, svg, templating
from playlist_builder.report.drawing import LEFT, LETTER, RIGHT, Frame
from playlist_builder.report.language import ENGLISH, JAPANESE, LANGUAGES
from playlist_builder.session_request import SessionRequest

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "\"'></svg><script>x</script>\x00\u202e&amp;" + "M" * 10_000


def slot(start_s, end_s, phase="calm", **more):
    given = {"energy": 0.2, "target": 0.25, "title": "A", "artist": "Ada"} | more
    return Slot("/m/a.flac", "5f", album="", start_s=start_s, end_s=end_s, phase=phase, **given)


def session(slots, tail=(), **more):
    given = {"target_s": 3600.0, "duration_s": 3600.0, "curve": (0.0, 1.0) * 180} | more
    return Session(
        profile="arc",
        scale="relative",
        cost=0.0,
        bound=0.0,
        rms_error=0.0,
        slots=slots,
        tail=tail,
        **given,
    )


def hour(count=12, warnings=(), **more):
    step_s = 3600.0 / count
    slots = [slot(place * step_s, (place + 1) * step_s, **more) for place in range(count)]
    return session(slots, warnings=warnings)


def found(drawing, kind, element="rect"):
    root = ET.fromstring(drawing)  # noqa: S314 - our own
    return [each for each in root.iter(f"{SVG}{element}") if each.get("class") == kind]


def numbers(path):
    return [float(each) for each in re.findall(r"-?\d+\.?\d*", path)]


def test_a_label_tells_the_tension_where_it_is_known():
    whole = session([slot(0.0, 60.0, tension=0.314), slot(60.0, 120.0)])
    first, second = labels.labels(whole, ENGLISH)
    assert first.endswith("Voice: not verified. Tension 0.31 (a hint).")
    assert second.endswith("Voice: not verified.")
    assert "緊張感 0.31" in labels.labels(whole, JAPANESE)[0]


@pytest.mark.parametrize("width", [362, 700, 1080])
def test_each_block_spans_its_slot(width):
    blocks = found(svg.picture(hour(), ENGLISH, width=width), "reach")
    left, right = LEFT, width - RIGHT
    for place, block in enumerate(blocks):
        assert float(block.get("x")) == pytest.approx(left + (right - left) * place / 12, abs=0.01)
        assert float(block.get("width")) == pytest.approx((right - left) / 12, abs=0.01)
    assert len(blocks) == 12


def test_the_curve_and_the_contour_share_one_scale():
    """A plan of 0.25 and a track at 0.25 lie at one height, a quarter above the foot."""
    flat = session([slot(0, 3600, contour=(0.25,) * 360)], curve=(0.25,) * 360)
    drawing = svg.picture(flat, ENGLISH)
    plan, edge, played = (
        numbers(found(drawing, kind, "path")[-1].get("d")) for kind in ("plan", "edge", "played")
    )
    grid = [numbers(each.get("d"))[1] for each in found(drawing, "grid", "path")]
    assert set(plan[1::2]) == set(edge[1::2]) == set(played[1::2]) == {grid[1]}
    assert [plan[0], plan[-2]] == [edge[0], edge[-2]] == [LEFT, 1080 - RIGHT]


def test_steps_stand_at_their_transitions_and_the_worst_are_told():
    quiet = {"start_loudness_lufs": -20.0, "end_loudness_lufs": -20.0}
    slots = [
        slot(0, 1200, **quiet),
        slot(1200, 2400, **quiet | {"start_loudness_lufs": -13.5}),
        slot(2400, 3600, **quiet | {"start_loudness_lufs": -22.0}),
    ]
    drawing = svg.picture(session(slots), ENGLISH)
    [beyond], [fall] = found(drawing, "beyond"), found(drawing, "rise")
    width = 1080 - LEFT - RIGHT
    assert float(beyond.get("x")) + 2 == pytest.approx(LEFT + width / 3, abs=0.1)
    assert float(beyond.get("y")) + float(beyond.get("height")) == float(fall.get("y"))
    assert [each.text for each in found(drawing, "beyond", "text")] == ["+6.5"]


def test_without_loudness_there_is_no_room_for_steps():
    assert "LU" not in "".join(
        each.text for each in found(svg.picture(hour(), ENGLISH), "faint", "text")
    )


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_the_tail_is_a_phase_of_its_own(language):
    whole = session([slot(0, 3600)], tail=[slot(3600, 4500, "calm")])
    drawing = svg.picture(whole, language)
    [band] = found(drawing, "tailed")
    assert float(band.get("width")) == pytest.approx((1080 - LEFT - RIGHT) / 5, abs=0.1)
    assert language.gettext("tail") in [each.text for each in found(drawing, "name", "text")]


def test_alone_it_is_an_image_with_words_and_asks_for_nothing():
    drawing = svg.picture(hour(), JAPANESE)
    root = ET.fromstring(drawing)  # noqa: S314 - our own
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert "12曲、1時間" in root[1].text
    assert not re.search(r"url\(|href|<image|@import", drawing)


def test_in_a_page_each_block_leads_to_its_track():
    links = re.findall(r'href="([^"]*)"', svg.inline(hour(3), ENGLISH, width=362))
    assert links == ["#track-1", "#track-2", "#track-3"]


@pytest.mark.parametrize("draw", [svg.picture, svg.inline])
def test_tags_stay_text_and_a_book_is_cut(draw):
    whole = hour(3, title=HOSTILE, artist=HOSTILE, phase=HOSTILE)
    drawing = draw(whole, ENGLISH, width=700)
    root = ET.fromstring(drawing)  # noqa: S314 - our own
    assert not [each for each in root.iter() if each.tag.endswith("script")]
    assert len(drawing) < 20_000


TIMES = st.floats(0.0, 700_000.0)


@given(
    st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=6),
    st.lists(st.floats(0.0, 1.0), max_size=5).map(tuple),
    st.integers(1, 2000),
    st.sampled_from([*LANGUAGES.values()]),
)
def test_every_session_that_a_file_can_hold_is_drawn(times, contour, width, language):
    """Slots without length, in any order, and without a curve, too."""
    slots = [slot(*sorted(pair), contour=contour) for pair in times]
    whole = session(slots, curve=contour, target_s=0.0, duration_s=0.0)
    for drawn in (
        svg.picture(whole, language, width=width),
        svg.inline(whole, language, width=700),
    ):
        ET.fromstring(drawn)  # noqa: S314 - our own
        assert "nan" not in drawn.lower().replace(language.fonts[0].lower(), "")


def test_six_hours_do_not_hide_what_they_show():
    """No two points of a contour are nearer than the eye can part."""
    steps = [slot(0, 21600, contour=tuple(place % 2 / 2 for place in range(2160)))]
    drawing = svg.picture(session(steps, target_s=21600.0), ENGLISH)
    across = numbers(found(drawing, "edge", "path")[-1].get("d"))[::2]
    gaps = [after - before for before, after in pairwise(across[1:-1])]
    assert min(gaps) >= plot.APART - 0.2


def arc(**more):
    """Three phases as planned from 0 to 40 minutes; the tracks begin elsewhere."""
    profile = """
title = "Own"
minutes = 40
[[phases]]
name = "low"
minutes = [0, 10]
level = 0.1
[[phases]]
name = "high"
minutes = [10, 30]
level = 0.8
[[phases]]
name = "low again"
minutes = [30, 40]
level = 0.1
"""
    slots = [
        slot(0, 720, "low", target=0.1, contour=(0.1,) * 72),
        slot(720, 1900, "high", target=0.8, contour=(0.6,) * 60 + (0.8,) * 58),
        slot(1900, 2400, "low again", target=0.1, contour=(0.1,) * 50),
    ]
    request = SessionRequest("own", profile, duration_s=2400.0)
    return session(slots, target_s=2400.0, duration_s=2400.0, request=request, **more)


def test_phases_stand_where_they_are_planned_and_tint_their_tracks_as_played():
    drawn = svg.inline(arc(), ENGLISH)
    width = 1080 - LEFT - RIGHT
    _, *borders = [numbers(x)[0] for x in re.findall(r'class="phase" d="([^"]*)"', drawn)]
    assert borders == pytest.approx([LEFT + width * x for x in (0, 0.25, 0.75)], abs=0.1)
    assert re.findall(r'class="block (\w+)"', drawn) == ["t0", "t4", "t0"]


def test_the_highest_point_of_an_arc_tells_its_time_and_a_flat_plan_has_none():
    [dot] = found(svg.picture(arc(), ENGLISH), "summit", "circle")
    width = 1080 - LEFT - RIGHT
    at_s = (float(dot.get("cx")) - LEFT) / width * 2400.0
    assert 1320.0 < at_s < 1900.0
    assert found(svg.picture(hour(), ENGLISH), "summit", "circle") == []
    texts = [each.text for each in found(svg.picture(arc(), ENGLISH), "name haloed", "text")]
    assert texts == [f"highest {clock(round(at_s))}"]


def test_a_line_breaks_where_nothing_plays_and_tension_where_it_is_not_known():
    slots = [slot(0, 600, tension=0.3), slot(600, 1200), slot(1500, 3600, tension=0.2)]
    drawn = svg.inline(session(slots), ENGLISH)
    assert drawn.count('class="played" d="M') == 1 + 2  # in the legend as well
    assert drawn.count('class="tense"') == 1 + 2
    assert "tense" not in svg.inline(hour(), ENGLISH)


@pytest.mark.parametrize(
    ("hours", "shown"), [(1.0, ["0", "5", "10"]), (6.0, ["0", "0:20", "0:40"])]
)
def test_a_long_session_counts_in_hours(hours, shown):
    drawn = svg.inline(session([slot(0, hours * 3600)], target_s=hours * 3600), ENGLISH)
    texts = re.findall(r'class="faint" text-anchor="middle">([\d:]+)</text>', drawn)
    start = texts.index("0")
    assert texts[start : start + 3] == shown
    assert (">min<" in drawn) is (hours == 1.0)


def test_what_there_is_to_know_is_numbered_at_its_place():
    climb = notice("above_plan", count=1, limit=0.3, worst=0.4, title="A", at_s=1800.0, phase="x")
    rest = notice("short_tail", lasts_min=3, asked_min=15)
    root = ET.fromstring(svg.picture(hour(warnings=(rest, climb)), ENGLISH))  # noqa: S314
    marks = [each for each in root.iter(f"{SVG}g") if each.get("class") == "mark felt"]
    [(line, circle, number)] = [list(each) for each in marks]
    middle = LEFT + (1080 - LEFT - RIGHT) / 2
    assert float(circle.get("cx")) == pytest.approx(middle, abs=0.1)
    assert f"L{middle:.1f} " in line.get("d")
    assert number.text == "1"
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert "30:00 'A' rises far above the plan, by 0.40" in texts
    assert "After the end, calm music plays for 3 min only, not for 15" in texts


def test_marks_of_one_moment_stand_side_by_side():
    at_once = [
        notice("startle", count=1, value=20.0, limit=12.0, title="A", phase="calm"),
        notice("silences", count=1, limit=15.0, worst=20.0, title="A", at_s=0.0, phase="calm"),
    ]
    drawn = svg.picture(hour(warnings=tuple(at_once)), ENGLISH)
    places = [float(x) for x in re.findall(r'<circle cx="([\d.]+)"', drawn)]
    assert len(places) == 2
    assert abs(places[1] - places[0]) >= 2 * plot.MARK


def test_of_many_joins_that_get_louder_three_are_marked():
    """The loudest; one with a numbered mark has no dot as well. All of them have a bar."""
    slots = [
        slot(60 * n, 60 * n + 60, start_loudness_lufs=-20.0 + rise, end_loudness_lufs=-20.0)
        for n, rise in enumerate((0.0, 4.0, 9.0, 5.0, 8.0, 4.5))
    ]
    whole = session(slots, target_s=360.0, duration_s=360.0)
    drawn = svg.picture(whole, ENGLISH)
    scale = (1080 - LEFT - RIGHT) / 360.0
    dots = [float(each.get("cx")) for each in found(drawn, "rises", "circle")]
    assert sorted((x - LEFT) / scale for x in dots) == pytest.approx([120.0, 180.0, 240.0], abs=0.1)
    assert [each.text for each in found(drawn, "beyond", "text")] == ["+9.0", "+8.0", "+5.0"]
    assert len(found(drawn, "beyond", "rect")) == 5
    jump = notice(
        "loudness_jumps", count=5, limit_lu=3.0, worst_lu=9.0, title="A", at_s=120.0, phase="calm"
    )
    drawn = svg.picture(replace(whole, warnings=(jump,)), ENGLISH)
    assert len(found(drawn, "rises", "circle")) == 2


@given(st.lists(st.floats(0.0, 340.0), min_size=4, max_size=4, unique=True))
def test_a_number_stands_by_its_own_bar_and_covers_no_other(starts):
    first, *others = sorted(starts)
    ends = [*others, 360.0]
    slots = [
        slot(start, end, start_loudness_lufs=-20.0 + rise, end_loudness_lufs=-20.0)
        for start, end, rise in zip([first, *others], ends, (0.0, 7.0, 9.0, 8.0), strict=True)
    ]
    whole = session(slots, target_s=360.0, duration_s=360.0)
    frame = Frame(34.0, 352.0, 0.0, 100.0, 360.0)
    drawn = "\n".join(loudness_bars.bars(whole, ENGLISH, frame, 0.0))
    told = re.findall(r'<text x="([\d.]+)" y="[\d.]+" class="beyond"[^>]*>\+(\d)', drawn)
    bars = dict(zip("798", map(frame.x, others), strict=True))
    assert told[0][1] == "9"
    half = LETTER * 2.5
    assert all(abs(float(x) - bars[rise]) <= half + 0.1 for x, rise in told)
    assert all(b - a >= 2 * half - 0.2 for a, b in pairwise(sorted(float(x) for x, _ in told)))


def test_no_letter_of_a_picture_is_small_or_grey_on_a_tint():
    """11 px at least where a page shrinks a picture most, as its widths and its style say."""
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", svg.STYLE)]
    page = files("playlist_builder.report").joinpath("templates", "page.css").read_text("utf-8")
    widest = [int(each) for each in re.findall(r"max-width: (1029|685)px", page)]
    edges = {"large": widest[0] + 1 - 40, "middle": widest[1] + 1 - 40, "small": 360 - 28}
    for name, content in edges.items():
        assert min(sizes) * min(1.0, content / templating.WIDTHS_PX[name]) >= 10.99, name
    drawn = svg.inline(hour(12), ENGLISH)
    foot = float(re.search(r'class="tile" [^>]* y="([\d.]+)"', drawn)[1])
    grey = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" class="faint', drawn)
    on_tiles = [x for x, y in grey if foot < float(y) < foot + plot.STRIP_HEIGHT]
    assert all(float(x) < LEFT for x in on_tiles)


@given(st.lists(st.floats(-70.0, 70.0), min_size=1, max_size=8))
def test_no_bar_of_loudness_is_cut(rises):
    level, slots = 0.0, [slot(0, 60, end_loudness_lufs=0.0)]
    for place, rise in enumerate(rises, start=1):
        slots.append(
            slot(
                *(60 * place, 60 * place + 60),
                start_loudness_lufs=level + rise,
                end_loudness_lufs=level,
            )
        )
    whole = session(slots)
    frame = Frame(34.0, 1070.0, 0.0, 100.0, 3600.0)
    drawn = "\n".join(loudness_bars.bars(whole, ENGLISH, frame, 0.0))
    highs = [float(each) for each in re.findall(r'width="4.0" height="([\d.]+)"', drawn)]
    tops = [float(each) for each in re.findall(r'<rect [^>]* y="(-?[\d.]+)"', drawn)]
    unit = max(highs) / max(abs(rise) for rise in rises) if any(rises) else 0.0
    assert highs == pytest.approx([abs(rise) * unit for rise in rises], abs=0.11)
    assert all(top >= loudness_bars.HEADING for top in tops)
    ends = [top + high for top, high in zip(tops, highs, strict=True)]
    assert max(ends) <= loudness_bars.height(whole)


def test_the_picture_is_named_by_its_profile_where_that_is_known():
    assert labels.title_of(replace(hour(), request=None), ENGLISH) == "arc"
    assert summary.profile(hour()) is None


@pytest.mark.parametrize("language", LANGUAGES.values())
@pytest.mark.parametrize("width", [svg.NARROWEST, 362, 700])
def test_the_legend_fits_the_width(language, width):
    """It takes another row where one is full, and the plot moves down."""
    slots = [slot(0, 1800, tension=0.2), slot(2000, 3600)]
    whole = session(slots, silences=(Silence(1800, 2000, "calm"),))
    drawn = svg.inline(whole, language, width=width)
    entries = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" class="faint">(.*?)<', drawn)[:5]
    assert [text for _, _, text in entries][-1] == language.pgettext("plan", "silence")
    assert len({y for _, y, _ in entries}) > (width < 700)
    names = re.findall(r'<text x="[\d.]+" y="([\d.]+)" class="name">', drawn)
    for x, y, text in entries:
        assert float(x) + LETTER * cell_len(text) <= width - RIGHT
        assert float(y) < min(map(float, names))


@pytest.mark.parametrize(("count", "width"), [(12, 1080), (25, 362), (40, 1080)])
def test_every_track_has_its_number_below_the_plot_and_none_covers_another(count, width):
    """Also on a phone; with more tracks than fit, some have none."""
    drawn = svg.inline(hour(count), ENGLISH, width=width)
    foot = float(re.search(r'class="tile" [^>]* y="([\d.]+)"', drawn)[1])
    texts = [
        (float(x), float(y), text)
        for x, y, text in re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>(\d+)</text>', drawn)
        if foot + 8 < float(y) < foot + plot.STRIP_HEIGHT
    ]
    assert [int(text) for _, _, text in texts] == list(range(1, count + 1))
    for row in {y for _, y, _ in texts}:
        ends = [
            (x - len(text) * LETTER / 2, x + len(text) * LETTER / 2)
            for x, y, text in texts
            if y == row
        ]
        assert all(end <= start for (_, end), (start, _) in pairwise(ends))
    assert "tile" in svg.inline(hour(200), ENGLISH, width=362)


def test_the_style_is_of_selectors_that_all_renderers_know():
    """The one that makes PNG and PDF draws black what a selector such as `:is` should tint."""
    assert re.findall(r"[^{}]*:[a-z-]+\([^{}]*(?=\{)", svg.STYLE) == []
