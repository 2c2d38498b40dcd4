"""How formats say which works a session plays, and how these sound: ids, notes and own fields.

Ids stand where the formats have a place for them: the recording as `identifier`, artists and
release in MusicBrainz' extension of JSPF (https://musicbrainz.org/doc/jspf), which ListenBrainz
writes in XSPF as well. Players keep and show the note; our own fields are for `resolve`.
"""

from collections.abc import Mapping, Sequence

from playlist_builder.models import Session, Slot, Work
from playlist_builder.playlists.entries import shown
from playlist_builder.playlists.session_id import ID_KEY

APPLICATION = "urn:x-playlist-builder:session"  # namespace of our fields in XSPF and JSPF
MUSICBRAINZ_TRACK = "https://musicbrainz.org/doc/jspf#track"
RECORDING = "https://musicbrainz.org/recording/"
ARTIST = "https://musicbrainz.org/artist/"
RELEASE = "https://musicbrainz.org/release/"
_UNKNOWN = Work()


def identifiers(slot: Slot) -> list[str]:
    """Return the URIs by which the recording of a slot is known, at most one."""
    own = _known(slot).recording_id
    return [f"{RECORDING}{own}"] if own else []


def musicbrainz_of(slot: Slot) -> dict[str, object]:
    """Return the fields of MusicBrainz' extension, those that are known."""
    work = _known(slot)
    fields: dict[str, object] = {
        "artist_identifiers": [f"{ARTIST}{own}" for own in work.artist_ids],
        "release_identifier": f"{RELEASE}{work.release_id}" if work.release_id else "",
        "additional_metadata": {"isrc": work.isrc} if work.isrc else {},
    }
    return {key: value for key, value in fields.items() if value}


def note_of(slot: Slot) -> str:
    """Return energy and tension on the scale of the session, for people to read."""
    tension = "" if slot.tension is None else f", tension {slot.tension:.2f}"
    return f"energy {slot.energy:.2f}{tension}"


def slot_fields(part: str, slot: Slot) -> dict[str, object]:
    """Return our own fields of a slot; `energy` and `target` are on the scale of the session."""
    work = _known(slot)
    fields: dict[str, object] = {
        "part": part,
        "phase": shown(slot.phase),
        "start_ms": round(1000 * slot.start_s),
        "energy": round(slot.energy, 4),
        "target": round(slot.target, 4),
    }
    if slot.tension is not None:
        fields["tension"] = round(slot.tension, 4)
    if work.energy is not None:
        fields["absolute_energy"] = work.energy
    more = {"contour": list(work.contour), "style": work.style, "isrc": work.isrc}
    return fields | {key: value for key, value in more.items() if value}


def session_fields(session: Session) -> Mapping[str, object]:
    """Return our own fields of a session."""
    own = session.request.kept_id if session.request is not None else ""
    return ({ID_KEY: own} if own else {}) | {
        "profile": shown(session.profile),
        "scale": session.scale,
        "seed": session.seed,
        "planned_ms": round(1000 * session.target_s),
    }


def as_text(value: object) -> str:
    """Return the value of a field as the text of an attribute; numbers of a list with blanks."""
    return (
        " ".join(map(str, value))
        if isinstance(value, Sequence) and not isinstance(value, str)
        else str(value)
    )


def _known(slot: Slot) -> Work:
    return slot.work or _UNKNOWN
