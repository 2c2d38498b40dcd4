"""The history of a name as constraints on its next session: what is left out, what is preferred."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from playlist_builder.arranger.recordings import repeated
from playlist_builder.arranger.rules import UNWANTED
from playlist_builder.library.history import PersonHistory, Rating
from playlist_builder.models import SessionRequest, Track
from playlist_builder.queries import Predicate
from playlist_builder.track_table import TrackTable


def played(request: SessionRequest, past: PersonHistory, drafts: Collection[str]) -> frozenset[str]:
    """Return the tracks that were played for the name of a request within its time, or since.

    `drafts` are numbers of sessions in the history that the new ones replace.
    """
    if not request.asked_at:
        return frozenset()
    since = datetime.fromisoformat(request.asked_at) - timedelta(seconds=request.within_s)
    return past.played_since(since, {request.session, *drafts})


def with_copies(identities: frozenset[str], tracks: TrackTable) -> frozenset[str]:
    """Return the identities with those of all copies of the same music."""
    if not identities:
        return identities
    by_identity = tracks.by_identity()
    known = [by_identity[identity] for identity in identities if identity in by_identity]
    return identities | set(tracks.take(repeated(tracks, known)).identities)


def preference(
    preferred: Predicate | None, ratings: Mapping[str, Rating]
) -> Callable[[Track], float] | None:
    """Return how much each track is preferred, from a query and from ratings by identity.

    A rating weighs more than a query: what was rated down comes only where nothing else fits, what
    was rated up comes first, and all others stand between.
    """
    if not ratings:
        return None if preferred is None else lambda track: float(preferred(track))

    def weight(track: Track) -> float:
        if track.identity in ratings:
            return 1.0 if ratings[track.identity].verdict == "up" else UNWANTED
        return 0.5 if preferred is None else 0.25 + 0.5 * preferred(track)

    return weight
