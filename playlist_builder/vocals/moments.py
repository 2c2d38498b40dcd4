"""The rows of the voice detector, one a second, to a verdict and its spans. Pure.

Three things speak for a voice: the best passage of 3 s, beyond the usual level of the track, so
that an expressive violin throughout is not taken for a singer; separate moments, as phrases with
long pauses are; and what is heard throughout. They are weighed three times, and the best counts: as
they are, and by how far the passage stands out of music that is otherwise nothing like a voice, in
which a faint singer is heard, be it for a moment or for a good part of the track. The weights are
those of logistic regressions, fitted to tracks and voices that the network had not met, so that the
chance that is shown as confidence is the share that was right there; `tests/evaluation` tells how
well that holds. The embedding of the track, where there is one, speaks for or against a voice that
it would have heard.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from playlist_builder.models import Bools, Floats32, Ints, VoiceDetection, VoiceSpan

Kind = Literal["sung", "spoken", "wordless", "people"]
VOICE, SPOKEN, WORDLESS, PEOPLE, BEST = range(5)  # columns: logits, and the best moment of voice
LOWEST, HIGHEST = -3.0, 6.0  # clip per-second logits, so that a single second cannot decide
# The usual level of a track is this quantile of its passages; half of it, of at most `USUAL_MOST`,
# is subtracted from the best passage.
PASSAGE_S, USUAL_QUANTILE, USUAL_MOST, DISCOUNT = 3, 0.9, 2.0, 0.5
# The least of so many best moments, which lie apart; fewer where the track is short.
MOMENTS, APART_S, TRACK_S_A_MOMENT = 5, 3, 12
LEAST_MOMENT, MOST_MOMENT = -4.0, 6.0
LEAST_MIDDLE, MOST_MIDDLE = -1.5, 0.5
PASSAGE_WEIGHT, MOMENT_WEIGHT, MIDDLE_WEIGHT, BIAS = 0.83, 1.12, -1.2, -4.52  # of log-odds
# Of what stands out: the best passage, the usual level of passages up to `OUT_OF_MOST`, and the
# last of the best moments. Of a track of less than `SHORT_S` too little is known.
OUT_PASSAGE, OUT_USUAL, OUT_MOMENT, OUT_BIAS = 0.87, -2.36, 1.34, -4.2
OUT_OF_MOST = 1.0
# The same beside the level that half of the passages reach, where the usual one is `PART_ABOVE` it:
# a voice of more than a tenth of a track is itself what is usual there.
PART_ABOVE = 1.0
PART_PASSAGE, PART_USUAL, PART_HALF, PART_MOMENT, PART_BIAS = 1.1, -0.93, -0.9, 0.46, -5.7
# Beyond `LONG_S`, every doubling of the length requires so much more: the best of many passages of
# music is more like a voice than the best of a few.
LONG_S, LONG_MORE = 300, 0.4
# Below the length that is asked for all moments, every halving requires so much more: a bird or a
# rustle then needs to be like a voice but once.
SHORT_S, SHORT_MORE = MOMENTS * TRACK_S_A_MOMENT, 0.6
# Log-odds by the embedding: so many count against a voice and for one, which decide where it is
# open; more would call music of game consoles a voice. It hears so many seconds of a track.
MOST_AGAINST, MOST_FOR, STYLE_S = 2.0, 0.5, 24
# Chance from which there may be a voice, is one, and is one though it has no words: machines and
# choirs of samples hum as well.
POSSIBLE, FOUND, FOUND_WORDLESS = 0.2, 0.5, 0.95
MOST_SURE = 0.97  # no detector is certain
# Log-odds against a voice to those that there is none, where that is the verdict: of what is nearly
# a voice more is one than the weights say, for faint ones are missed.
NONE_SLOPE, NONE_BIAS = 1.3, -1.6
LONE, LONE_ABOVE = 2.5, 4.0  # logit of a lone word, and how far above the middle of the track
EDGE, CORE = 0.8, 1.5  # logits above half of the usual at which a span ends, and that it must reach
SMOOTH_S, GAP_S = 5, 10  # window that smooths edges; longest pause within a span
SPEECH = 0.5  # share from which a voice is spoken, not sung
# Middle of the logits of people: from which there may be some, and from which no voice is claimed
# besides.
PEOPLE_POSSIBLE, PEOPLE_FOUND = -2.6, -2.0
WORDLESS_LEAST, HUMMED_LEAST = 0.0, -1.2  # of a voice without words, and of what may be one


def classify(rows: Floats32, by_style: float = 0.0) -> VoiceDetection:
    """Return the verdict on rows of shape (seconds, columns), as `VoiceDetector.logits`.

    `by_style` are the log-odds for a voice by the embedding of the track, 0 where there is none.
    """
    if not len(rows):
        return VoiceDetection("unknown", 0.0)
    log_odds = log_odds_of_voice(rows, by_style)
    chance = _chance(log_odds)
    people = np.median(rows[:, PEOPLE])
    if people >= PEOPLE_FOUND or (chance < FOUND and people >= PEOPLE_POSSIBLE):
        return VoiceDetection("unknown", chance, _throughout(rows, "people"))
    if chance < FOUND and np.median(rows[:, WORDLESS]) >= HUMMED_LEAST:
        return VoiceDetection("unknown", chance, _throughout(rows, "wordless"))
    if chance < POSSIBLE and not _has_lone_word(rows):
        return VoiceDetection("none", max(_chance(NONE_BIAS - NONE_SLOPE * log_odds), 0.5))
    spans = _spans(rows)
    kind = _kind_of(spans)
    found = chance >= (FOUND_WORDLESS if kind == "wordless" else FOUND)
    return VoiceDetection(kind if found else "unknown", chance, spans)


def log_odds_of_voice(rows: Floats32, by_style: float = 0.0) -> float:
    """Return the log-odds for a voice anywhere in a track."""
    heard = evidence(rows)
    log_odds = of_level(heard)
    if len(rows) >= SHORT_S:
        log_odds = max(log_odds, of_contrast(heard), of_part(heard))
    return log_odds + of_length(len(rows)) + of_style(by_style, heard.middle, len(rows))


def _chance(log_odds: float) -> float:
    return min(max(1.0 / (1.0 + math.exp(-log_odds)), 1.0 - MOST_SURE), MOST_SURE)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Logits of a track, each within what a verdict may look at."""

    passage: float  # the best one
    usual: float  # of passages
    half: float  # level that half of the passages reach
    moment: float  # the last of the best moments
    middle: float  # of the moments


def of_level(heard: Evidence) -> float:
    """Return the log-odds for a voice by what is heard, less half of what is usual."""
    passage = heard.passage - DISCOUNT * min(heard.usual, USUAL_MOST)
    weighed = PASSAGE_WEIGHT * passage + MOMENT_WEIGHT * heard.moment
    return weighed + MIDDLE_WEIGHT * heard.middle + BIAS


def of_contrast(heard: Evidence) -> float:
    """Return the log-odds for a voice by how far a passage stands out."""
    usual = OUT_USUAL * min(heard.usual, OUT_OF_MOST)
    return OUT_PASSAGE * heard.passage + usual + OUT_MOMENT * heard.moment + OUT_BIAS


def of_part(heard: Evidence) -> float:
    """Return the log-odds for a voice by how far a good part of a track stands out of half."""
    if heard.usual - heard.half < PART_ABOVE:
        return -math.inf
    usual = PART_USUAL * min(heard.usual, OUT_OF_MOST) + PART_HALF * min(heard.half, OUT_OF_MOST)
    return PART_PASSAGE * heard.passage + usual + PART_MOMENT * heard.moment + PART_BIAS


def of_length(seconds: int) -> float:
    """Return the log-odds for a voice that the length of a track adds, at most 0."""
    long = LONG_MORE * math.log2(max(1.0, seconds / LONG_S))
    return -long - SHORT_MORE * math.log2(max(1.0, SHORT_S / seconds))


def of_style(by_style: float, middle: float, seconds: int) -> float:
    """Return the log-odds for a voice that the embedding adds: few for one, more against it.

    It hears a few patches, which may miss a passage: it counts where a voice would be heard
    throughout, or where the patches are all of the track.
    """
    if middle < MOST_MIDDLE and seconds > STYLE_S:
        return 0.0
    return min(max(by_style, -MOST_AGAINST), MOST_FOR)


def evidence(rows: Floats32) -> Evidence:
    """Return what `log_odds_of_voice` weighs."""
    passages = _passages(rows)
    moment = min(max(_moments(rows)[-1][1], LEAST_MOMENT), MOST_MOMENT)
    middle = min(max(float(np.median(rows[:, BEST])), LEAST_MIDDLE), MOST_MIDDLE)
    half = float(np.median(passages))
    return Evidence(float(passages.max()), _usual(passages), half, moment, middle)


def _passages(rows: Floats32) -> Floats32:
    return _means(np.clip(rows[:, VOICE], LOWEST, HIGHEST), PASSAGE_S)


def _usual(passages: Floats32) -> float:
    return float(np.quantile(passages, USUAL_QUANTILE))


def _moments(rows: Floats32) -> list[tuple[int, float]]:
    """Return the seconds and logits of the best moments that lie apart, the best first."""
    best = rows[:, BEST].astype(np.float64)
    found = []
    for _ in range(min(MOMENTS, max(1, len(rows) // TRACK_S_A_MOMENT))):
        at = int(best.argmax())
        found.append((at, float(best[at])))
        best[max(0, at - APART_S + 1) : at + APART_S] = -np.inf
    return found


def _has_lone_word(rows: Floats32) -> bool:
    """Whether one moment stands out so far that it may be a word."""
    best = float(rows[:, BEST].max())
    return best >= LONE and best - float(np.median(rows[:, BEST])) >= LONE_ABOVE


def _means(x: Floats32, width: int) -> Floats32:
    """Return the running mean over `width` values; of all of them where there are fewer."""
    width = min(width, len(x))
    sums = np.concatenate([[0.0], np.cumsum(x, dtype=np.float64)])
    return np.asarray((sums[width:] - sums[:-width]) / width, np.float32)


def _sigmoid(logit: Floats32) -> Floats32:
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -30, 30))), np.float32)


def _around(x: Floats32, width: int) -> Floats32:
    return _means(np.pad(x, width // 2, mode="edge"), width)


def _spans(rows: Floats32) -> tuple[VoiceSpan, ...]:
    """Return where a voice is, or may be: around its best passages and moments."""
    voice = np.clip(rows[:, VOICE], LOWEST, HIGHEST)
    usual = DISCOUNT * min(_usual(_passages(rows)), USUAL_MOST)
    smooth = _around(voice, SMOOTH_S)
    moments = _moments(rows)
    seeds = (_around(voice, PASSAGE_S) >= usual + CORE) | (smooth >= usual + CORE)
    seeds |= rows[:, BEST] >= max(moments[-1][1], usual + CORE)
    seeds[moments[0][0]] = True
    spans = []
    for run in _runs(seeds | (smooth >= usual + EDGE)):
        if seeds[run].any():
            strength = np.maximum(smooth, rows[:, BEST] - CORE)[run] - usual
            confidence = float(_sigmoid(strength).mean())
            spans.append(_span(run, _kind(rows[run]), confidence))
    return tuple(spans)


def _throughout(rows: Floats32, kind: Literal["wordless", "people"]) -> tuple[VoiceSpan, ...]:
    """Return where people or a voice without words are heard most, of at least half of a track."""
    logits = rows[:, {"people": PEOPLE, "wordless": WORDLESS}[kind]]
    runs = _runs(logits >= np.median(logits))
    return tuple(_span(run, kind, float(_sigmoid(logits[run]).mean())) for run in runs)


def _runs(on: Bools) -> list[Ints]:
    """Return the seconds of each run, whose pauses are at most GAP_S."""
    at = np.flatnonzero(on)
    return np.split(at, np.flatnonzero(np.diff(at) > GAP_S) + 1)


def _span(run: Ints, kind: Kind, confidence: float) -> VoiceSpan:
    return VoiceSpan(float(run[0]), float(run[-1] + 1), kind, confidence)


def _kind(rows: Floats32) -> Literal["sung", "spoken", "wordless"]:
    """Return of what kind the voice is in these seconds."""
    weight = _sigmoid(rows[:, BEST])
    weight /= weight.sum()
    if weight @ rows[:, WORDLESS] >= WORDLESS_LEAST:
        return "wordless"
    return "spoken" if weight @ _sigmoid(rows[:, SPOKEN]) > SPEECH else "sung"


def _kind_of(spans: Sequence[VoiceSpan]) -> Literal["sung", "spoken", "wordless"]:
    """Return of what kind most seconds are; words anywhere are words."""
    seconds: dict[Literal["sung", "spoken"], float] = {"sung": 0.0, "spoken": 0.0}
    for span in spans:
        if span.kind in ("sung", "spoken"):
            seconds[span.kind] += span.end_s - span.start_s
    if not any(seconds.values()):
        return "wordless"
    return "spoken" if seconds["spoken"] > seconds["sung"] else "sung"
