"""What a program gives to an editor: the places and tracks that it names."""

from collections.abc import Mapping

from playlist_builder import checked
from playlist_builder.errors import LibraryError, NotThereError
from playlist_builder.models import Session, Track
from playlist_builder.sessions import presence


def place_in(session: Session, place: int | Track, last: int | None = None) -> int:
    """Return the place, from 0, of a number or a track of a session; the `last` number is given.

    Raises NotThereError where it has none.
    """
    slots = session.slots
    if isinstance(place, Track):
        for number, slot in enumerate(slots):
            if slot.identity == place.identity:
                return number
        raise NotThereError("{title}: is not in the session.", title=place.tags.title or place.path)
    last = last or len(slots)
    if not 1 <= checked.whole("place", place) <= last:
        raise NotThereError(
            "There is no number {place!r}: the session has numbers 1 to {last}. To change"
            " its tail, ban a track of it (mark) and rebuild.",
            place=place,
            last=last,
        )
    return place - 1


def known_track(known: Mapping[str, Track], track: Track) -> Track:
    """Return a track as the library knows it by identity; its file must be there.

    Raises LibraryError where it is not.
    """
    found = known.get(checked.instance("track", track, Track).identity)
    if found is None:
        raise LibraryError("{path}: is not in the library. Scan its folder first.", path=track.path)
    if found.missing or presence.missing_files([found.path]):
        raise LibraryError("{path}: is not there any more. Scan its folder.", path=found.path)
    return found
