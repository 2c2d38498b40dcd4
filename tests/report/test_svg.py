"""The picture of a session: valid SVG whose places can be computed."""

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.models import Session, Slot
from playlist_builder.report import summary, svg
from playlist_builder.report.language import ENGLISH, JAPANESE, LANGUAGES

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


def hour(count=12, **more):
    step_s = 3600.0 / count
    return session([slot(place * step_s, (place + 1) * step_s, **more) for place in range(count)])


def found(drawing, kind, element="rect"):
    root = ET.fromstring(drawing)  # noqa: S314 - our own
    return [each for each in root.iter(f"{SVG}{element}") if each.get("class") == kind]


def numbers(path):
    return [float(each) for each in re.findall(r"-?\d+\.?\d*", path)]


def test_a_label_tells_the_tension_where_it_is_known():
    whole = session([slot(0.0, 60.0, tension=0.314), slot(60.0, 120.0)])
    first, second = svg.labels(whole, ENGLISH)
    assert first.endswith("Voice: not verified. Tension 0.31 (a hint).")
    assert second.endswith("Voice: not verified.")
    assert "緊張感 0.31" in svg.labels(whole, JAPANESE)[0]


@pytest.mark.parametrize("width", [362, 700, 1080])
def test_each_block_spans_its_slot(width):
    blocks = found(svg.picture(hour(), ENGLISH, width=width), "reach")
    left, right = svg.LEFT, width - svg.RIGHT
    for place, block in enumerate(blocks):
        assert float(block.get("x")) == pytest.approx(left + (right - left) * place / 12, abs=0.01)
        assert float(block.get("width")) == pytest.approx((right - left) / 12, abs=0.01)
    assert len(blocks) == 12


def test_the_curve_and_the_contour_share_one_scale():
    """A plan of 0.25 and a track at 0.25 lie at one height, a quarter above the foot."""
    flat = session([slot(0, 3600, contour=(0.25,) * 360)], curve=(0.25,) * 360)
    drawing = svg.picture(flat, ENGLISH)
    plan = numbers(found(drawing, "plan", "path")[-1].get("d"))
    edge = numbers(found(drawing, "edge", "path")[-1].get("d"))
    grid = [numbers(each.get("d"))[1] for each in found(drawing, "grid", "path")]
    assert set(plan[1::2]) == set(edge[1::2]) == {grid[1]}
    assert [plan[0], plan[-2]] == [edge[0], edge[-2]] == [svg.LEFT, 1080 - svg.RIGHT]


def test_steps_stand_at_their_transitions_and_the_worst_are_told():
    quiet = {"start_loudness_lufs": -20.0, "end_loudness_lufs": -20.0}
    slots = [
        slot(0, 1200, **quiet),
        slot(1200, 2400, **quiet | {"start_loudness_lufs": -13.5}),
        slot(2400, 3600, **quiet | {"start_loudness_lufs": -22.0}),
    ]
    drawing = svg.picture(session(slots), ENGLISH)
    [beyond], [fall] = found(drawing, "beyond"), found(drawing, "rise")
    width = 1080 - svg.LEFT - svg.RIGHT
    assert float(beyond.get("x")) + 2 == pytest.approx(svg.LEFT + width / 3, abs=0.1)
    assert float(beyond.get("y")) + float(beyond.get("height")) == float(fall.get("y"))
    assert [each.text for each in found(drawing, "beyond", "text")] == ["▲+6.5"]


def test_without_loudness_there_is_no_room_for_steps():
    assert "LU" not in "".join(
        each.text for each in found(svg.picture(hour(), ENGLISH), "faint", "text")
    )


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_the_tail_is_a_phase_of_its_own(language):
    whole = session([slot(0, 3600)], tail=[slot(3600, 4500, "calm")])
    drawing = svg.picture(whole, language)
    [band] = found(drawing, "tailed")
    assert float(band.get("width")) == pytest.approx((1080 - svg.LEFT - svg.RIGHT) / 5, abs=0.1)
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
    assert min(gaps) >= svg.APART - 0.2


def test_the_picture_is_named_by_its_profile_where_that_is_known():
    assert svg.title_of(replace(hour(), request=None), ENGLISH) == "arc"
    assert summary.profile(hour()) is None
