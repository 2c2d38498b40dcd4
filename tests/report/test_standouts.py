"""Rows tell exceptions alone."""

from dataclasses import replace

import pytest

from playlist_builder.language.notices import notice
from playlist_builder.profiles import find as profiles
from playlist_builder.report.language import ENGLISH
from playlist_builder.report.standouts import Standout, standouts
from playlist_builder.session_request import SessionRequest
from tests.report.test_summary import session, slot

USUAL = {"vocals": "none", "start_loudness_lufs": -20.0, "end_loudness_lufs": -20.0}
REQUEST = SessionRequest("arc", profiles.read_text("arc"))


def told(**more):
    """What is told of the second of three tracks."""
    own = slot(20, 40, **(USUAL | more))
    whole = session(slot(0, 20, **USUAL), own, slot(40, 60, **USUAL), request=REQUEST)
    first, second, third = standouts(whole, ENGLISH)
    assert first == third == []
    return second


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, []),
        ({"energy": 0.3}, []),
        ({"start_loudness_lufs": -13.5}, [Standout("▲ begins 6.5 LU louder", is_felt=True)]),
        ({"start_loudness_lufs": -29.0}, [Standout("begins 9.0 LU quieter")]),
        ({"vocals": "sung"}, [Standout("sung", is_felt=True)]),
        ({"vocals": "wordless"}, [Standout("wordless")]),
        ({"vocals": "unknown"}, [Standout("not checked for words")]),
        ({"energy": 0.45}, [Standout("0.20 above the plan")]),
        ({"energy": 0.05}, [Standout("0.20 below the plan")]),
        ({"tension": 0.44}, []),
        ({"tension": 0.5}, [Standout("tension 0.50, planned 0 to 0.35")]),
        ({"from_s": 40.0, "to_s": 60.0}, [Standout("plays from 0:40 to 1:00 of it")]),
    ],
)
def test_what_stands_out_is_told_and_nothing_else(more, expected):
    assert told(**more) == expected


def test_a_doubted_voice_is_named_and_what_is_true_of_all_tracks_is_not():
    slots = [slot(20 * n, 20 * n + 20) for n in range(2)]
    whole = session(*slots)
    assert standouts(whole, ENGLISH) == [[], []]
    doubt = notice("may_hold_voice", count=1, total=2, titles=("B",))
    named = session(slots[0], replace(slots[1], title="B"), warnings=(doubt,))
    assert standouts(named, ENGLISH) == [[], [Standout("may hold a voice")]]
