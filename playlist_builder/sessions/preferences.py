"""The history of a name as constraints on its next session: what is left out, what is preferred."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from playlist_builder.arranger.recordings import repeated
from playlist_builder.arranger.rules import UNWANTED
from playlist_builder.errors import LibraryError
from playlist_builder.library.history import VERDICTS, PersonHistory, Rating, Verdict
from playlist_builder.library.library import Library
from playlist_builder.models import Session, Track
from playlist_builder.session_request import SessionRequest
from playlist_builder.tracks.queries import Predicate
from playlist_builder.tracks.track_table import TrackTable


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


def banned(past: PersonHistory, tracks: TrackTable) -> frozenset[str]:
    """Return the tracks that are banned for all or for a person, and their copies."""
    own = {*tracks.take(tracks.banned).identities, *(ban.identity for ban in past.bans)}
    return with_copies(frozenset(own), tracks)


def banned_slots(library: Library, session: Session) -> list[int]:
    """Return the numbers of the slots whose track is banned now, or a copy of it; the tail last."""
    request, slots = session.request, (*session.slots, *session.tail)
    names = library.banned((request.name if request is not None else None) or "")
    own = {slot.identity for slot in slots}
    known = [*_known(library, own)] if names else []
    copies = repeated(TrackTable.of(known), list(_known(library, names))) if known else ()
    names |= {track.identity for track, is_copy in zip(known, copies, strict=True) if is_copy}
    return [number for number, slot in enumerate(slots, start=1) if slot.identity in names]


def _known(library: Library, identities: Iterable[str]) -> Iterator[Track]:
    for identity in sorted(identities):
        with suppress(LibraryError):
            yield library.track(identity)


def verdicts(ratings: Mapping[str, Rating], tracks: TrackTable) -> dict[str, Verdict]:
    """Return how the rated tracks and their copies were judged, by identity.

    A copy that was not rated itself is judged as the worst of the others.
    """
    own = {identity: rating.verdict for identity, rating in ratings.items()}
    found: dict[str, Verdict] = {}
    for verdict in VERDICTS:
        judged = frozenset(identity for identity, each in own.items() if each == verdict)
        found |= dict.fromkeys(with_copies(judged, tracks), verdict)
    return found | own


def preference(
    preferred: Predicate | None, judged: Mapping[str, Verdict]
) -> Callable[[Track], float] | None:
    """Return how much each track is preferred, from a query and from verdicts by identity.

    A rating weighs more than a query: what was rated down comes only where nothing else fits, what
    was rated up comes first, and all others stand between.
    """
    if not judged:
        return None if preferred is None else lambda track: float(preferred(track))

    def weight(track: Track) -> float:
        if track.identity in judged:
            return 1.0 if judged[track.identity] == "up" else UNWANTED
        return 0.5 if preferred is None else 0.25 + 0.5 * preferred(track)

    return weight
