"""Another energy than the built-in one: a function of what was measured, in place of the score.

It is asked once for each track and library, and its values are checked where they come in. All that
follows from energy follows from it: percentiles, what answers and marks add, sessions.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike

from playlist_builder.errors import RequestError
from playlist_builder.language.text import one_line
from playlist_builder.library.database import Database, FeatureTable
from playlist_builder.models import Embedding, Floats32, Measurement
from playlist_builder.tracks.track_table import features_of

SHOWN = 60  # characters of a value that an error shows

Scorer = Callable[[Measurement, Embedding | None], ArrayLike]
"""Returns the energy of a track from 0 (calm) to 1: one number, or one per step of 10 s.

It takes what was measured: `features` of the whole, and `steps` of shape
(n_steps, len(STEP_FEATURES)); and the embedding, whose `patches` have shape (n, STYLE_SIZE), or
None where the track has none.
"""


def contour_of(
    scorer: Scorer, measured: Measurement, embedding: Embedding | None, name: str
) -> Floats32:
    """Return the energy of each step, shape (n_steps,); RequestError where it cannot be one."""
    count = len(measured.steps)
    given = scorer(measured, embedding)
    try:
        values = np.asarray(given, np.float32)
    except (TypeError, ValueError):  # no numbers
        values = np.full(1, np.nan, np.float32)
    if values.shape not in {(), (count,)} or not ((values >= 0.0) & (values <= 1.0)).all():
        raise RequestError(
            "The scorer gave {given} for {name}. Let it give one number from 0 to 1, or"
            " one for each of the {count} steps.",
            given=one_line(ascii(given))[:SHOWN],
            name=name,
            count=count,
        )
    return np.broadcast_to(values, count).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Scoring:
    """How the recordings of a library get their energy: by a scorer, or as they are kept."""

    scorer: Scorer | None = None
    known: dict[str, Floats32] = field(default_factory=dict)

    def features(
        self, database: Database, identity: str | None = None, *, asked: bool = False
    ) -> FeatureTable:
        """Return the features of `Database.feature_table`, with these energies."""
        table = database.feature_table(identity, asked=asked)
        if self.scorer is None or not len(table.identities):
            return table
        self._score(database, table)
        contours = [self.known[own] for own in table.identities]
        counts = np.array(list(map(len, contours)), np.int64)
        return replace(table, values=np.concatenate(contours), counts=counts)

    def _score(self, database: Database, table: FeatureTable) -> None:
        new = [n for n, own in enumerate(table.identities) if own not in self.known]
        if self.scorer is None or not new:
            return
        one = table.identities[new[0]] if len(new) == 1 else None
        embeddings = dict(database.embeddings(one))
        for number in new:
            own = table.identities[number]
            measured = Measurement(features_of(table.scalars[number].tolist()), database.steps(own))
            self.known[own] = contour_of(self.scorer, measured, embeddings.get(own), own)


BUILT_IN = Scoring()
