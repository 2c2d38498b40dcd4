"""What the past of a name means for its next session: what is left out, and what is wanted.

This room reads values of `history` as terms of a `Constraints`. It refuses to open a library.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from playlist_builder.arranger.rules import UNWANTED, repeated
from playlist_builder.library.history import PersonHistory, Rating
from playlist_builder.models import SessionRequest, Track
from playlist_builder.queries import Predicate
from playlist_builder.track_table import TrackTable


def heard(request: SessionRequest, past: PersonHistory, drafts: Collection[str]) -> frozenset[str]:
    """Return the tracks that were played for the name of a call within its time, or since."""
    if not request.asked_at:
        return frozenset()
    since = datetime.fromisoformat(request.asked_at) - timedelta(seconds=request.within_s)
    return past.played_since(since, {request.session, *drafts})


def with_copies(identities: frozenset[str], tracks: TrackTable) -> frozenset[str]:
    """Return the identities with those of all copies: who heard the one has heard the other."""
    if not identities:
        return identities
    by_identity = tracks.by_identity()
    known = [by_identity[identity] for identity in identities if identity in by_identity]
    return identities | set(tracks.take(repeated(tracks, known)).identities)


def preferred(
    wanted: Predicate | None, ratings: Mapping[str, Rating]
) -> Callable[[Track], float] | None:
    """Return how much each track is wanted.

    A rating says more of a track than a query: what was rated down comes only where nothing else
    fits, what was rated up comes first, and all others stand between.
    """
    if not ratings:
        return None if wanted is None else lambda track: float(wanted(track))

    def preferred(track: Track) -> float:
        if track.identity in ratings:
            return 1.0 if ratings[track.identity].verdict == "up" else UNWANTED
        return 0.5 if wanted is None else 0.25 + 0.5 * wanted(track)

    return preferred
