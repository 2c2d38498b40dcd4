"""The verdict on voices follows from what the network hears in each second."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.models import STYLE_SIZE, Embedding, VoiceDetection
from playlist_builder.networks.voice import OUTPUTS
from playlist_builder.vocals import detector, moments, style
from playlist_builder.vocals.moments import BEST, PEOPLE, SPOKEN, VOICE, WORDLESS, classify

MUSIC, SURE = -4.0, 5.0  # logits


def track(seconds=240, voice=(), kind="sung", best=None):
    """Rows of music, with a voice in some seconds; `best` is of its best moment in each."""
    rows = np.full((seconds, OUTPUTS + 1), MUSIC, np.float32)
    for at in voice:
        rows[at, VOICE] = SURE if best is None else MUSIC / 2
        rows[at, BEST] = SURE if best is None else best
        rows[at, SPOKEN] = SURE if kind == "spoken" else -SURE
        rows[at, WORDLESS] = SURE if kind == "wordless" else -SURE
    return rows


def test_music_holds_no_voice_and_is_not_certain():
    found = classify(track())
    assert (found.verdict, found.spans) == ("none", ())
    assert 0.8 < found.confidence < 0.995


def test_what_is_nearly_a_voice_is_none_with_less_confidence():
    """A faint singer is missed as often as not where music is that close to a voice."""
    confidences = []
    for best in (-4.0, -3.0, -2.5, -2.0):
        rows = track(voice=range(60, 80), best=best)
        found, log_odds = classify(rows), moments.log_odds_of_voice(rows)
        assert found.verdict == "none"
        assert 0.5 <= found.confidence <= 1 / (1 + np.exp(log_odds)) + 1e-9
        confidences.append(found.confidence)
    assert confidences == sorted(confidences, reverse=True)
    assert confidences[-1] < 0.8 < confidences[0]


@pytest.mark.parametrize("kind", ["sung", "spoken", "wordless"])
@pytest.mark.parametrize(
    "voice",
    [range(240), range(60, 80), range(20), range(220, 240), (*range(40, 60), *range(150, 170))],
    ids=["throughout", "passage", "start", "end", "two"],
)
def test_a_passage_is_found_where_it_is_and_of_its_kind(voice, kind):
    found = classify(track(voice=voice, kind=kind))
    assert found.verdict == kind
    assert {span.kind for span in found.spans} == {kind}
    assert abs(found.spans[0].start_s - voice[0]) <= 3
    assert abs(found.spans[-1].end_s - voice[-1] - 1) <= 3
    assert 0.8 < found.confidence < 0.995


def test_three_seconds_in_half_a_minute_are_found():
    """Phrases that recur do not count as the usual level of the track."""
    phrases = [at + second for at in range(15, 240, 30) for second in range(3)]
    found = classify(track(voice=phrases, kind="spoken"))
    assert found.verdict == "spoken"
    assert len(found.spans) == 8


def test_a_faint_passage_stands_out_of_music_that_is_nothing_like_a_voice():
    """In music that sounds somewhat like a voice throughout it is little more than usual."""
    verdicts = []
    for usual in (-4.0, 0.8):
        rows = track()
        rows[:, [VOICE, BEST]] = usual
        rows[60:80, VOICE], rows[60:80, BEST] = 1.0, 1.8
        rows[:, SPOKEN] = SURE
        verdicts.append(classify(rows).verdict)
    assert verdicts == ["spoken", "none"]


@pytest.mark.parametrize("seconds", [90, 120, 150, 240])
def test_a_singer_of_whom_little_is_clear_is_heard_in_short_tracks_as_in_long_ones(seconds):
    """There the 20 s are more than a tenth of all, and would be what is usual."""
    rows = track(seconds)
    rows[20:24, [VOICE, BEST]] = 3.0
    rows[24:40, [VOICE, BEST]] = 0.0
    found = classify(rows)
    assert found.verdict == "sung"
    assert found.spans[0].start_s < 24


@pytest.mark.parametrize(("seconds", "verdict"), [(240, "spoken"), (50, "unknown")])
def test_too_little_is_known_of_a_short_track_for_anything_to_stand_out(seconds, verdict):
    rows = track(seconds, voice=range(5, 50, 10), kind="spoken", best=0.5)
    rows[20:24, VOICE] = 1.0
    assert classify(rows).verdict == verdict


def test_a_voice_without_words_has_to_be_surer():
    verdicts = {}
    for kind in ("sung", "wordless"):
        rows = track(90, voice=range(20, 70, 4), kind=kind, best=2.0)
        verdicts[kind] = classify(rows)
    assert verdicts["sung"].confidence == verdicts["wordless"].confidence
    assert (verdicts["sung"].verdict, verdicts["wordless"].verdict) == ("sung", "unknown")


def test_short_phrases_with_long_pauses_are_found():
    """Each is shorter than a second, so that only its best moment is voice."""
    found = classify(track(voice=range(3, 240, 6), kind="spoken", best=4.5))
    assert found.verdict == "spoken"
    assert found.spans[0].start_s <= 3
    assert found.spans[-1].end_s >= 235


def test_a_lone_word_is_not_verified():
    found = classify(track(voice=[100, 101], kind="spoken"))
    assert found.verdict == "unknown"
    assert found.spans[0].start_s <= 100 < found.spans[0].end_s


@pytest.mark.parametrize(("best", "verdict"), [(2.8, "unknown"), (1.5, "none")])
def test_a_faint_lone_word_is_not_verified(best, verdict):
    """Such as one that drowns in rain."""
    rows = track(voice=[100], kind="spoken", best=best)
    rows[:, BEST] = np.maximum(rows[:, BEST], -3.0)
    assert classify(rows).verdict == verdict


def test_what_sounds_alike_throughout_is_the_usual_level():
    rows = track()
    rows[:, [VOICE, BEST]] = -0.3
    assert classify(rows).verdict in {"none", "unknown"}


def test_people_behind_are_not_verified_and_told():
    """Surely so even where few words can be made out."""
    rows = track()
    for logit in (-1.5, 3.0):
        rows[:, PEOPLE] = logit
        found = classify(rows)
        assert found.verdict == "unknown"
        assert {span.kind for span in found.spans} == {"people"}


def test_a_speaker_is_not_taken_for_people_behind():
    rows = track(voice=range(240), kind="spoken")
    rows[:, PEOPLE] = -2.5
    assert classify(rows).verdict == "spoken"


def test_people_behind_are_told_whatever_else_is_heard():
    rows = track(voice=range(240), kind="spoken")
    rows[:, PEOPLE] = 3.0
    assert {span.kind for span in classify(rows).spans} == {"people"}


def test_a_choir_that_may_be_of_samples_is_not_verified():
    rows = track()
    rows[:, WORDLESS] = 3.0
    found = classify(rows)
    assert found.verdict == "unknown"
    assert {span.kind for span in found.spans} == {"wordless"}


def test_words_anywhere_are_words():
    rows = track(voice=range(240), kind="wordless")
    rows[100:120, WORDLESS] = -SURE
    rows[100:120, SPOKEN] = -SURE
    assert classify(rows).verdict in {"sung", "wordless"}
    rows = track(voice=range(60), kind="wordless")
    rows[120:160] = track(voice=range(240), kind="spoken")[120:160]
    assert classify(rows).verdict == "spoken"


def test_nothing_is_unknown():
    assert classify(track(0)) == VoiceDetection("unknown", 0.0)


def test_a_soft_track_is_never_verified():
    """Neither is there no voice, nor is what is heard surely one."""
    for rows in (track(), track(voice=[100]), track(voice=range(60))):
        assert detector.verdict_of(rows, soft=True) == VoiceDetection("unknown", 0.0)
        assert detector.verdict_of(rows, soft=False) == classify(rows)


def test_a_long_track_requires_more():
    voice = [VOICE, BEST]
    short, long = track(240), track(7200)
    for rows in (short, long):
        rows[60:66, voice] = -0.2
    assert classify(short).confidence <= classify(long).confidence


def test_a_short_track_requires_more():
    """Of half a minute less is asked for, so that a rustle in it must be the surer."""
    whole, part = track(60), track(20)
    for rows in (whole, part):
        rows[2::4, BEST] = 2.3
        rows[5:8, VOICE] = 0.5
    assert (classify(whole).verdict, classify(part).verdict) == ("sung", "unknown")
    assert classify(track(20, voice=range(2, 18))).verdict == "sung"


@given(
    st.integers(1, 400), st.integers(0, 2**32 - 1), st.floats(-20, 20), st.sampled_from([1, 5, 50])
)
def test_any_rows_have_a_verdict_whose_spans_lie_in_the_track(seconds, seed, middle, spread):
    rows = np.random.default_rng(seed).normal(middle, spread, (seconds, OUTPUTS + 1))
    found = classify(rows.astype(np.float32))
    assert found.verdict in {"none", "wordless", "sung", "spoken", "unknown"}
    assert 0.0 <= found.confidence < 0.995
    assert (found.verdict == "none") <= (not found.spans)
    assert found.spans or found.verdict not in {"wordless", "sung", "spoken"}
    starts = [span.start_s for span in found.spans]
    assert starts == sorted(starts)
    for span in found.spans:
        assert 0.0 <= span.start_s < span.end_s <= seconds
        assert 0.0 <= span.confidence <= 1.0


class TestOfStyle:
    """The embedding speaks of what it would have heard, more against a voice than for one."""

    @pytest.mark.parametrize(
        ("by_style", "middle", "seconds", "expected"),
        [
            (0.0, moments.MOST_MIDDLE, 300, 0.0),
            (0.3, moments.MOST_MIDDLE, 300, 0.3),
            (9.0, moments.MOST_MIDDLE, 300, moments.MOST_FOR),
            (-9.0, moments.MOST_MIDDLE, 300, -moments.MOST_AGAINST),
            (-9.0, moments.LEAST_MIDDLE, moments.STYLE_S, -moments.MOST_AGAINST),
            (-9.0, moments.LEAST_MIDDLE, moments.STYLE_S + 1, 0.0),
            (9.0, moments.LEAST_MIDDLE, 300, 0.0),
        ],
    )
    def test_it_is_limited(self, by_style, middle, seconds, expected):
        assert moments.of_style(by_style, middle, seconds) == pytest.approx(expected)

    def test_nothing_embedded_says_nothing(self):
        nothing = Embedding(np.zeros((0, STYLE_SIZE), np.float32), np.zeros(0, np.float32))
        assert style.voice_log_odds(nothing) == 0.0

    @given(st.integers(1, 8), st.floats(-3.0, 3.0))
    @settings(max_examples=10)
    def test_the_number_of_patches_does_not_matter(self, patches, value):
        one, many = (
            Embedding(np.full((n, STYLE_SIZE), value, np.float32), np.zeros(n, np.float32))
            for n in (1, patches)
        )
        assert style.voice_log_odds(one) == pytest.approx(style.voice_log_odds(many), abs=1e-3)

    def test_it_can_turn_a_short_cry_to_doubt_and_hardly_a_passage_of_a_long_track(self):
        cry = track(seconds=22, voice=range(4, 10), best=5.0)
        assert [classify(cry, odds).verdict for odds in (0.0, -9.0)] == ["sung", "unknown"]
        passage = track(voice=range(100, 120))
        assert [classify(passage, odds).verdict for odds in (0.0, -9.0)] == ["sung", "sung"]

    def test_it_decides_what_is_open_and_makes_no_voice_of_music(self):
        open_speech = track(seconds=45)
        open_speech[:, [VOICE, BEST]] = 1.2
        open_speech[10:14, VOICE] = 2.5
        open_speech[::5, BEST] = 3.3
        assert [classify(open_speech, odds).verdict for odds in (0.0, 9.0)] == ["unknown", "sung"]
        assert classify(track(), 9.0).verdict == "none"
