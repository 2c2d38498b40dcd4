"""What changed, and what could come, in words for a terminal."""

from dataclasses import replace

import pytest

from playlist_builder.cli.change_text import (
    candidate_document,
    candidate_lines,
    candidate_words,
    difference_lines,
)
from playlist_builder.language.notices import notice
from playlist_builder.models import Session, Slot
from playlist_builder.sessions.candidates import Candidate
from playlist_builder.sessions.compare import StandsOut, Trait
from playlist_builder.sessions.difference import Difference, Moved, PinChange, Placed
from tests.support.synthetic import plain

SLOT = Slot("/a.ogg", "a", "Dawn", "Ada", "", 65.0, 125.0, "calm", 0.3, 0.25, tension=0.4)
GAP = notice("artist_gap", count=1, gap=2)
OTHER = replace(SLOT, path="/b.ogg", identity="b", title="", artist="", start_s=200.0)


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        (Difference(), ["the same tracks at the same times"]),
        (
            Difference(went=(Placed(2, SLOT),), came=(Placed(3, OTHER),), shifted=2),
            ["- 2. 1:05  Dawn  Ada", "+ 3. 3:20  /b.ogg  ", "2 tracks start at another time"],
        ),
        (
            Difference(moved=(Moved(SLOT, 4, 2),), shifted=1),
            ["* 2. 1:05  Dawn  Ada (was number 4)", "1 track starts at another time"],
        ),
        (
            Difference(pins=(PinChange("pinned", SLOT, 65.0, 65.0),)),
            ["'Dawn' is pinned: it starts at 1:05"],
        ),
        (
            Difference(pins=(PinChange("unpinned", OTHER, 200.0, None),)),
            ["'/b.ogg' is pinned no longer"],
        ),
        (
            Difference(pins=(PinChange("moved", SLOT, 5.0, 65.0),)),
            ["'Dawn' is pinned, and moves with the plan: it starts at 1:05, not at 0:05"],
        ),
        (
            Difference(
                tail_went=(OTHER,),
                tail_came=(SLOT,),
                lengths_s=(3600.0, 3720.0),
                relaxed=(GAP,),
                restored=(GAP,),
                warnings=(GAP,),
            ),
            [
                "the session lasts 1:02:00, not 1:00:00",
                "- tail: /b.ogg",
                "+ tail: Dawn  Ada",
                f"gives way now: {GAP}",
                f"gives way no longer: {GAP}",
                f"new note: {GAP}",
            ],
        ),
    ],
)
def test_a_difference_is_told_line_by_line(changed, lines):
    assert difference_lines(changed) == lines


def candidate(*traits, join="between", stands_out=(), **more):
    return Candidate(plain(1), SLOT, 0.0101, 0.079, 0.0103, 0.081, traits, join, stands_out, **more)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (candidate(), []),
        (
            candidate(stands_out=(StandsOut("rule", 1),), relaxed=(GAP,)),
            ["STANDS OUT: a rule of the session gives way", f"gives way: {GAP}"],
        ),
        (candidate(Trait("calmer", 0.1), join="near"), ["a little calmer", "near in style"]),
        (candidate(Trait("livelier", 0.2), Trait("tenser", 0.4)), ["livelier", "much more tense"]),
        (candidate(Trait("gentler", 0.2), Trait("louder", 2.6)), ["less tense", "louder by 3 LU"]),
        (candidate(Trait("darker", 1.0), join="far"), ["darker", "of another style"]),
        (
            candidate(join="far", stands_out=(StandsOut("style", 1.2), StandsOut("voice"))),
            ["STANDS OUT: the style changes at a join", "STANDS OUT: it may hold a voice"],
        ),
        (
            candidate(stands_out=(StandsOut("off_plan", 0.31), StandsOut("rise", 6.6))),
            [
                "STANDS OUT: 0.31 from the plan",
                "STANDS OUT: the loudness rises 7 LU at a join",
            ],
        ),
        (
            candidate(stands_out=(StandsOut("tense", 0.2),)),
            ["STANDS OUT: tension 0.20 above the plan"],
        ),
    ],
)
def test_a_candidate_is_told_in_words(given, words):
    assert candidate_words(given) == words


def test_a_candidate_shows_what_it_does_to_the_curve():
    session = Session("arc", "relative", 60.0, 60.0, 0.0103, 0.0, 0.081, (SLOT,))
    unknown = replace(SLOT, tension=None, title="Dusk", loudness_lufs=-18.4)
    found = [replace(candidate(is_choice=True), slot=unknown)]
    assert list(candidate_lines(session, 1, found)) == [
        " 1. 1:05  Dawn  Ada: energy 0.30 (plan 0.25), tension 0.40, -70 LUFS, 1:00",
        "* 1  Dusk  Ada: much the same",
        (
            "     energy 0.30 (plan 0.25), tension unknown, -18 LUFS, 1:00;"
            " curve 0.081 -> 0.079 from the plan, cost 0.0103 -> 0.0101"
        ),
    ]


def test_a_candidate_is_a_document_of_plain_values():
    found = candidate(Trait("calmer", 0.1), stands_out=(StandsOut("rise", 5.0),))
    document = candidate_document(found)
    assert document["traits"] == {"calmer": 0.1}
    assert document["stands_out"] == {"rise": 5.0}
    assert (document["cost"], document["rms_error"], document["is_choice"]) == (
        0.0101,
        0.079,
        False,
    )
