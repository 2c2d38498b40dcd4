"""A library and the answers so far to the next question about two of its tracks.

Only tracks that a session may use are asked about: not banned, not missing, without words, and
neither shorter nor longer than tracks of sessions are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playlist_builder.analysis import calibration
from playlist_builder.library.answers import QUESTIONS, Answer, Question, answer
from playlist_builder.library.calibration import scores_of
from playlist_builder.library.database import Database
from playlist_builder.library.scoring import BUILT_IN, Scoring
from playlist_builder.library.tracks import read_tracks
from playlist_builder.models import Bools, Track
from playlist_builder.tracks.artists import artists
from playlist_builder.tracks.track_table import VOCALS, TrackTable

LENGTHS_S = (60.0, 1200.0)
ROUND = 10  # answers, of which those at the places below are about tension
TENSER_PLACES = (2, 5, 8)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A question about two tracks, in the order in which they are shown."""

    question: Question
    first: Track
    second: Track

    def answer(self, chosen: Track | None, at: str) -> Answer:
        """Return the answer that one of the tracks is calmer or tenser, or None of them, at a time.

        The time is in ISO 8601 with its offset. Raises LibraryError for another track or time.
        """
        own = "" if chosen is None else chosen.identity
        return answer(self.question, self.first.identity, self.second.identity, own, at)


class Questions:
    """The questions that a library may ask; it is read once."""

    def __init__(self, database: Database, scoring: Scoring = BUILT_IN) -> None:
        tracks = read_tracks(database, missing=False, scoring=scoring)
        self._tracks = tracks.take(_usable(tracks))
        scores = scores_of(scoring.features(database))
        own = np.array([scores.place[each] for each in self._tracks.identities], np.int64)
        self._scores = {each: scores.asked(each)[own] for each in QUESTIONS}
        self._columns = {each: scores.columns(each)[own] for each in QUESTIONS}

    def next(self, answers: Sequence[Answer], seed: int) -> Pair | None:
        """Return what to ask after some answers, None where no two tracks are left."""
        tenser = len(answers) % ROUND in TENSER_PLACES
        order: tuple[Question, ...] = ("tenser", "calmer") if tenser else ("calmer", "tenser")
        for question in order:
            pair = self._pair(question, answers, seed)
            if pair is not None:
                return pair
        return None

    def _pair(self, question: Question, answers: Sequence[Answer], seed: int) -> Pair | None:
        score = self._scores[question]
        known = np.flatnonzero(np.isfinite(score))
        identities = self._tracks.identities
        place = {identities[own]: number for number, own in enumerate(known.tolist())}
        before = [each for each in answers if each.question == question]
        asked = [
            (place[each.first], place[each.second])
            for each in before
            if each.first in place and each.second in place
        ]
        found = calibration.choose_pair(
            score[known],
            self._columns[question][known],
            np.array(asked, np.int64).reshape(-1, 2),
            count=len(before),
            share_artist=lambda one, other: self._share_artist(known[one], known[other]),
            rng=np.random.default_rng([abs(seed), len(before), QUESTIONS.index(question)]),
        )
        if found is None:
            return None
        first, second = (self._tracks[int(known[place])] for place in found)
        return Pair(question, first, second)

    def _share_artist(self, one: int, other: int) -> bool:
        return bool(artists(self._tracks[one]) & artists(self._tracks[other]))


def _usable(tracks: TrackTable) -> Bools:
    shortest_s, longest_s = LENGTHS_S
    has_words = np.isin(tracks.vocals, [VOCALS.index("sung"), VOCALS.index("spoken")])
    lasts = (tracks.seconds >= shortest_s) & (tracks.seconds <= longest_s)
    return np.asarray(lasts & ~tracks.banned & ~has_words)
