"""The printed views of tracks say what is known of tension, as a hint, and leave out the rest."""

from dataclasses import replace

import numpy as np
import pytest

from playlist_builder.library.neighbours import EnergyRank
from playlist_builder.models import Emotion
from playlist_builder.report.language import LANGUAGES
from playlist_builder.report.track_text import track_text, tracks_lines
from playlist_builder.vocals import evidence
from tests.support.synthetic import plain

FEELING = Emotion(0.314, 0.08, np.array([0.0, 0.5, 1.0], np.float32), 0.62)
KNOWN, UNKNOWN = plain(0, emotion=FEELING), plain(1)


def shown(track, width=100, **style):
    judged = evidence.classify(track.tags, track.mark, track.heard)
    standing = EnergyRank(0.5, 1, 2, (), ())
    return track_text(track, judged, (), standing, width=width, **style).splitlines()


def test_a_track_shows_its_tension_with_its_spread_and_contour_as_hints():
    lines = shown(KNOWN)
    place = lines.index("tension     0.31 ± 0.08 (a hint: what listeners would say)")
    assert lines[place + 1] == " " * 12 + "▁▅█"
    assert lines[place + 2] == "moving      0.62 (a hint: tender, sad, solemn or full of wonder)"


def test_in_ascii_the_contour_of_tension_is_of_digits():
    lines = shown(KNOWN, ascii_only=True)
    place = lines.index("tension     0.31 +/- 0.08 (a hint: what listeners would say)")
    assert lines[place + 1] == " " * 12 + "059"
    assert "\n".join(lines).isascii()


def test_a_long_contour_of_tension_fits_the_width():
    feeling = replace(FEELING, tension_contour=np.linspace(0, 1, 500, dtype=np.float32))
    lines = shown(replace(KNOWN, emotion=feeling), width=40)
    (drawn,) = [line for line in lines if line.startswith(" " * 12 + "▁")]
    assert len(drawn) == 40


def test_a_track_without_an_embedding_says_so_with_its_energy():
    text = " ".join(" ".join(shown(UNKNOWN)).split())
    assert (
        "tension not known: no embedding, and the energy is the coarser one"
        " (scan without --no-embedding)"
    ) in text
    assert "hint" not in text


@pytest.mark.parametrize(
    ("width", "names"), [(89, []), (90, ["tension"]), (110, ["tension", "moving"])]
)
def test_the_table_of_tracks_has_the_hints_that_fit(width, names):
    heading, known, unknown = tracks_lines([KNOWN, UNKNOWN], width=width)
    assert heading.split()[1 : 1 + len(names)] == names
    values = {"tension": "0.31", "moving": "0.62"}
    assert known.split()[: 1 + len(names)] == ["0.50", *(values[name] for name in names)]
    assert unknown.split()[:2] == ["0.50", "5:00"]
    assert "tension" not in next(tracks_lines([UNKNOWN], width=width))


def test_silence_within_music_is_not_called_as_a_planned_one_is():
    language = LANGUAGES["ja"]
    features = replace(KNOWN.features, longest_silence_s=5.0)
    lines = shown(replace(KNOWN, features=features), language=language)
    (line,) = [line for line in lines if "5 秒" in line]
    assert line.split()[0] == "無音"
    assert language.pgettext("plan", "silence") == "沈黙"
