"""Where a run was left by a crash, from its record alone. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from playlist_builder import Begun, Paused, RecordedEvent, Resumed, Silent, Sounded, Unknown
from playlist_builder.desk.log import IDENTITIES, SCORE
from playlist_builder.desk.score import Score
from playlist_builder.desk.score_document import score_of


@dataclass(frozen=True, slots=True)
class Left:
    """How far the mix had been heard, at what time of day, and what was to sound.

    The score is that of the last change, `first` the one of the beginning, None where the record
    has none; `identities` are those of all tracks in any score, by path.
    """

    position_s: float
    at: datetime
    is_paused: bool
    player: str
    score: Score | None
    first: Score | None
    identities: Mapping[str, str]


def left(events: Iterable[RecordedEvent], begun_at: datetime) -> Left:
    """Return where a run was left, by its events in their order."""
    position_s, at, is_paused, player = 0.0, begun_at, False, "browser"
    scores, identities = list[Score](), dict[str, str]()
    for event in events:
        what = event.what
        if isinstance(what, Sounded | Silent):
            if event.session_s + what.seconds >= position_s:
                position_s = event.session_s + what.seconds
                at = datetime.fromisoformat(event.at) + timedelta(seconds=what.seconds)
        elif isinstance(what, Paused | Resumed):
            is_paused = isinstance(what, Paused)
        elif isinstance(what, Begun):
            player = what.player
        elif isinstance(what, Unknown) and what.kind == SCORE:
            found = score_of(what.values)
            if found is not None:
                scores.append(found)
                identities |= what.values.get(IDENTITIES, {})
    last, first = (scores[-1], scores[0]) if scores else (None, None)
    return Left(position_s, at, is_paused, player, last, first, identities)
