"""The user's answers to what they add to the energy and tension of recordings.

The fit is made again whenever tracks are read, so that it always belongs to the scores of today. It
takes milliseconds: it needs no more than the tracks asked about.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from playlist_builder.analysis import calibration, energy
from playlist_builder.analysis.calibration import Calibration
from playlist_builder.library.answers import QUESTIONS, Answer, Question
from playlist_builder.library.database import Database, FeatureTable
from playlist_builder.library.scoring import BUILT_IN, Scoring
from playlist_builder.models import Floats

SCORES: Mapping[Question, str] = {"calmer": "energy", "tenser": "tension"}


@dataclass(frozen=True, eq=False)
class Scores:
    """Energy and tension of n recordings as measured, the latter NaN where it is not known."""

    features: FeatureTable
    energy: Floats
    tension: Floats

    @cached_property
    def place(self) -> dict[str, int]:
        """The place of each recording by its identity."""
        return {identity: place for place, identity in enumerate(self.features.identities)}

    def asked(self, question: Question) -> Floats:
        """Return the score that a question asks about."""
        return self.energy if question == "calmer" else self.tension

    def columns(self, question: Question) -> Floats:
        """Return what the score that a question asks about is corrected by."""
        other = self.tension if question == "calmer" else self.energy
        return calibration.columns_of(self.features.scalars, other)


def scores_of(features: FeatureTable) -> Scores:
    """Return the scores of recordings, before calibration and marks."""
    levels = energy.means(features.values, features.counts)
    return Scores(features, levels, features.emotions[:, 0])


def calibrations(database: Database, scoring: Scoring = BUILT_IN) -> dict[Question, Calibration]:
    """Return what is made of the user's answers to each question."""
    answers = database.answers.all()
    if not answers:
        return {question: Calibration(0) for question in QUESTIONS}
    scores = scores_of(scoring.features(database, asked=True))
    return {question: _calibration(question, answers, scores) for question in QUESTIONS}


def shifts(
    database: Database, scores: Scores, scoring: Scoring = BUILT_IN
) -> dict[Question, Floats]:
    """Return what is added to the logits of scores, for each question whose answers help."""
    return {
        question: found.correction.logits(scores.columns(question))
        for question, found in calibrations(database, scoring).items()
        if found.correction is not None
    }


def _calibration(question: Question, answers: Iterable[Answer], scores: Scores) -> Calibration:
    place, known = scores.place, np.isfinite(scores.asked(question))
    pairs, outcomes = [], []
    for each in answers:
        first, second = place.get(each.first), place.get(each.second)
        if each.question != question or first is None or second is None:
            continue
        if known[first] and known[second]:
            pairs.append((first, second))
            outcomes.append(_outcome(each))
    return calibration.fit(
        scores.asked(question),
        scores.columns(question),
        np.array(pairs, np.int64).reshape(-1, 2),
        np.array(outcomes),
    )


def _outcome(answer: Answer) -> float:
    """Return 1 where the first track has more of the score, 0 where the second has."""
    if not answer.chosen:
        return 0.5
    more = answer.second if answer.question == "calmer" else answer.first
    return float(answer.chosen == more)
