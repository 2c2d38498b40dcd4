"""The levels of the tracks of a run: as measured, or until then as the library knows them.

To measure a track takes about a second, in which a new plan cannot wait; what is known of it is
within a dB, and its silent edges are known.
"""

from collections.abc import Mapping

import numpy as np

from playlist_builder import Levels, LibraryError, Session, Slot
from playlist_builder.desk.bench import Bench
from playlist_builder.desk.timeline import FRAMES_PER_S

BLOCKS_PER_S = 10
SPARE = 2  # frames that a track may be shorter by when it is decoded
OFFSET_LUFS = -0.691  # ITU-R BS.1770-4: loudness of a mean square of 1


class Provisional:
    """Levels for every track of a session; remembers which of them are not measured."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._guessed: frozenset[str] = frozenset()

    def of(self, session: Session) -> Mapping[str, Levels]:
        """Return the levels of all tracks, and have those measured that are not."""
        slots = (*session.slots, *session.tail)
        measured = self._bench.sound.levels
        guessed = {slot.path: slot for slot in slots if slot.path not in measured}
        self._guessed = frozenset(guessed)
        self._bench.sound.want(list(guessed))
        known = {slot.path: measured[slot.path] for slot in slots if slot.path in measured}
        return known | {path: self._guess(slot) for path, slot in guessed.items()}

    def are_better(self) -> bool:
        """Whether all that were not measured are by now."""
        measured = self._bench.sound.levels
        return bool(self._guessed) and all(path in measured for path in self._guessed)

    def _guess(self, slot: Slot) -> Levels:
        """Return the levels of a track that is as loud throughout as it is in the mean."""
        try:
            features = self._bench.library.track(slot.identity).features
        except LibraryError:
            lasts_s, peak = slot.to_s or slot.duration_s, 1.0
            start_s, end_s = 0.0, lasts_s
        else:
            lasts_s, peak = features.duration_s, 10.0 ** (features.sample_peak_dbfs / 20.0)
            start_s, end_s = features.leading_silence_s, lasts_s - features.trailing_silence_s
        blocks = max(round(lasts_s * BLOCKS_PER_S), 1)
        power = 10.0 ** ((slot.loudness_lufs - OFFSET_LUFS) / 10.0)
        start, end = round(start_s * FRAMES_PER_S), int(end_s * FRAMES_PER_S) - SPARE
        return Levels(np.full(blocks, power), np.full(blocks, peak), start, max(end, start + 1))
