"""What can be used is counted by reason, and calm music in sessions."""

from dataclasses import replace

import numpy as np
import pytest

from playlist_builder.arranger.budget import budget, budget_of_tracks
from playlist_builder.arranger.rules import Constraints
from playlist_builder.models import Mark
from playlist_builder.profiles.profile import Rules
from tests.support.synthetic import flat, plain

TRACKS = [
    *(plain(number, 5.0, 0.1) for number in range(20)),
    *(plain(number, 5.0, 0.6) for number in range(20, 30)),
    plain(30, 1.0),
    plain(31, 20.0),
    plain(32, vocals="sung"),
    plain(33, vocals="spoken"),
    replace(plain(34), mark=Mark(banned=True)),
]
COUNTS = "30 of 35 can be used: 2 outside 2 to 15 min, 2 with voices, 1 banned"


def test_what_cannot_be_used_is_counted_by_reason():
    constraints = Constraints()
    assert str(budget(TRACKS, flat(60, 0.5), constraints)) == COUNTS
    short = budget(TRACKS, flat(3, 0.5), Constraints(tolerance_s=30.0))
    assert "outside 2 to 3.5 min" in str(short)
    strict = replace(flat(60, 0.5), rules=Rules(vocals="strict"))
    wordless = [*TRACKS, plain(35, vocals="wordless"), plain(36, vocals="unknown")]
    assert "3 with voices, 1 banned, 1 unverified" in str(budget(wordless, strict, constraints))
    avoid = Constraints(avoid=frozenset({TRACKS[0].path}))
    assert "1 avoided, 1 banned" in str(budget(TRACKS, flat(60, 0.5), avoid))


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (20, "enough for 2 sessions of this kind"),  # 20 min and a tail of 15
        (60, "enough for one session of this kind"),
        (100, "100 min, of 125 min that a session of this kind asks for"),
    ],
)
def test_calm_music_is_counted_in_sessions_with_their_tails(minutes, text):
    told = str(budget(TRACKS, flat(minutes, 0.1), Constraints(scale="absolute")))
    assert told.startswith(f"{COUNTS}; calm (below 0.25): 100 min, ")
    assert told.endswith(text)


def test_tracks_are_calm_among_all_of_the_library():
    told = budget_of_tracks(TRACKS[20:], TRACKS, Rules())
    assert str(told) == (
        "10 of 15 can be used: 2 outside 2 to 15 min, 2 with voices, 1 banned;"
        " calm (below 0.25): 0 min"
    )


def test_music_that_climbs_is_not_counted_as_calm():
    climbs = [
        replace(each, contour=np.append(each.contour, np.float32(0.9))) for each in TRACKS[:10]
    ]
    told = str(budget([*climbs, *TRACKS[10:]], flat(20, 0.1), Constraints(scale="absolute")))
    assert "calm (below 0.25): 50 min" in told
