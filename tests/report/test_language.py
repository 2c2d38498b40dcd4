"""Words, times and numbers of a report; every sentence of the arranger in both languages."""

import re
from dataclasses import replace
from datetime import date
from typing import get_args

import numpy as np
import pytest

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.language.notices import notice
from playlist_builder.models import Vocals, VoiceDetection, VoiceSpan
from playlist_builder.profiles.profile import Phase, Profile, Rules
from playlist_builder.report.language import ENGLISH, JAPANESE, LANGUAGES, number, signed
from tests.support.synthetic import emotion, track


@pytest.mark.parametrize(
    ("seconds", "english", "japanese"),
    [
        (0.0, "0 s", "0秒"),
        (59.6, "1 min", "1分"),
        (3570.4, "59 min 30 s", "59分30秒"),
        (3600.0, "1 h", "1時間"),
        (21570.0, "6 h", "6時間"),
        (5400.0, "1 h 30 min", "1時間30分"),
    ],
)
def test_a_length_is_told_to_the_second_below_an_hour(seconds, english, japanese):
    assert (ENGLISH.duration(seconds), JAPANESE.duration(seconds)) == (english, japanese)


def test_dates_are_written_as_each_language_does():
    day = date(2026, 3, 7)
    assert (ENGLISH.day(day), JAPANESE.day(day)) == ("7 March 2026", "2026年3月7日")


def test_numbers():
    assert (signed(4.25), signed(-0.51)) == ("+4.2", "\N{MINUS SIGN}0.5")
    assert number(-18.34, 1) == "\N{MINUS SIGN}18.3"


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_what_is_known_of_voices_is_told_in_every_language(language):
    assert len({language.voice(vocals) for vocals in get_args(Vocals)}) == len(get_args(Vocals))


def piece(place, minutes=5.0, level=0.4, **more):
    return track(place, minutes * 60.0, np.full(int(minutes * 6), level), **more)


def flat(minutes, **limits):
    phases = (Phase("only", 0.0, minutes * 60.0, 0.5, 0.5, **limits),)
    return Profile("flat", "Flat", "", minutes * 60.0, phases)


def told(tracks, profile, constraints=None, scale="relative"):
    """All that the arranger says of a session."""
    session = arrange(
        tracks, profile, constraints=replace(constraints or Constraints(), scale=scale)
    )
    return [*session.warnings, *session.relaxed]


def doubtful(place):
    return replace(piece(place, vocals="unknown"), heard=VoiceDetection("unknown", 0.2))


def with_people(place):
    behind = VoiceDetection("unknown", 0.4, (VoiceSpan(0.0, 90.0, "people", 0.9),))
    return replace(doubtful(place), heard=behind)


ALLOW = Constraints(rules=Rules(vocals="allow"))
PINS = (Pin("/music/000000.flac", place=1),)
SAID = {
    "loudness": lambda: told(
        [piece(0, start_lufs=-30.0, end_lufs=-30.0), piece(1)], flat(10), Constraints(pins=PINS)
    ),
    "scaled": lambda: told([piece(each, level=0.1) for each in range(4)], flat(10)),
    "below": lambda: told(
        [piece(each, level=0.1) for each in range(4)], flat(10), None, "absolute"
    ),
    "unheard": lambda: told([piece(each, vocals="unknown") for each in range(4)], flat(10)),
    "people": lambda: told([with_people(each) for each in range(4)], flat(10)),
    "doubtful": lambda: told([doubtful(each) for each in range(4)], flat(10)),
    "wordless": lambda: told([piece(each, vocals="wordless") for each in range(4)], flat(10)),
    "sung": lambda: told([piece(each, vocals="sung") for each in range(4)], flat(10), ALLOW),
    "spoken": lambda: told([piece(each, vocals="spoken") for each in range(4)], flat(10), ALLOW),
    "artists": lambda: told([piece(each, artist="Same") for each in range(8)], flat(30)),
    "duration": lambda: told([piece(each, 7.0) for each in range(6)], flat(30)),
    "startle": lambda: told(
        [piece(each, startle_lu=20.0) for each in range(8)], flat(20, max_startle_lu=10.0)
    ),
    "silence": lambda: told([piece(each, silence_s=(61.0, 20.0)) for each in range(8)], flat(20)),
    "loud": lambda: told(
        [
            piece(each, level=0.5 - each / 50, start_lufs=lufs, end_lufs=lufs)
            for each, lufs in enumerate((-9, *[-20] * 7))
        ],
        flat(20),
    ),
    "bright": lambda: told(
        [piece(each, centroid_hz=5e3) for each in range(8)], flat(20, max_brightness_hz=1e3)
    ),
    "strokes": lambda: told(
        [piece(each, stroke_rate_hz=5.0) for each in range(8)], flat(20, max_stroke_rate_hz=2.0)
    ),
    "pulse": lambda: told(
        [piece(each, pulse_clarity=0.9) for each in range(8)], flat(20, max_pulse_clarity=0.35)
    ),
    "tension": lambda: told(
        [piece(each, emotion=emotion(0.9)) for each in range(8)], flat(20, max_tension=0.5)
    ),
    "short": lambda: told([piece(0), piece(1)], flat(60), Constraints(allow_short=True)),
    "copies": lambda: told(
        [piece(each, title="One", artist="A") for each in (0, 1)]
        + [piece(each, artist=str(each)) for each in range(2, 6)],
        flat(10),
    ),
}
"""What the arranger says in each of these cases."""


@pytest.mark.parametrize("case", SAID)
def test_what_the_arranger_says_is_said_in_japanese_too(case):
    """Whatever a notice speaks of, no number in it is lost."""
    notices = SAID[case]()
    assert notices
    for told in notices:
        japanese = JAPANESE.sentence(told)
        assert JAPANESE.translates(told)
        assert any("\u3040" <= letter <= "\u30ff" for letter in japanese)
        assert numbers(japanese) == numbers(str(told))
        assert ENGLISH.sentence(told) == str(told)


def numbers(sentence):
    return sorted(re.findall(r"\d[\d.:]*\d|\d", sentence))


def test_words_of_profiles_and_lists_are_translated_within_a_sentence():
    jump = notice(
        "loudness_jumps",
        count=2,
        limit_lu=3.0,
        worst_lu=4.5,
        title="Night",
        at_s=90.0,
        phase="peak",
    )
    assert JAPANESE.sentence(jump) == (
        "3 LU を超える音量の上昇が 2 か所あります。最大は 1:30\uff08頂点\uff09の「Night」で 4.5 LU"
    )
    spare = notice("no_spare", phases=("peak", "my own"))
    assert JAPANESE.sentence(spare).startswith("頂点、my own の予備の曲はありません")
    short = notice(
        "short_session", asked_min=60, passed_min=9, removed=(("sung", 3), ("silent", 1))
    )
    assert JAPANESE.sentence(short).endswith("。除いた曲\uff1a歌 3 曲、無音 1 曲")


def test_a_sentence_of_which_nothing_is_known_stays_english():
    told = notice("text", text="left out {0}")
    assert (JAPANESE.sentence(told), JAPANESE.translates(told)) == ("left out {0}", False)
    assert ENGLISH.translates(told)
    assert JAPANESE.sentence(notice("pin_moved", title="夜", at_s=210.0, asked_s=120.0)) == (
        "固定した曲「夜」の開始は 2:00 ではなく 3:30 です"
    )
