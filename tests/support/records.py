"""Records that nobody waited for: events at made-up times, and kept sessions to run."""

from datetime import datetime, timedelta

from playlist_builder.library.history import played_session
from playlist_builder.library.kept import kept_session
from playlist_builder.models import Session, Silence, Slot
from playlist_builder.playlists import session_json
from playlist_builder.records.events import RecordedEvent, Sounded
from playlist_builder.session_request import SessionRequest

AT = "2026-01-02T10:00:00+01:00"


def at(seconds):
    """Return the time of day so many seconds after `AT`."""
    return (datetime.fromisoformat(AT) + timedelta(seconds=seconds)).isoformat()


def event(number, what, session_s=0.0, source="page", *, wall_s=None):
    """Return an event whose clocks agree, unless `wall_s` says how many seconds after `AT`."""
    return RecordedEvent(
        number, at(session_s if wall_s is None else wall_s), session_s, what, source
    )


def second_by_second(count, track="a0", first=1, *, start_s=0.0):
    """Return events of one second each of a track."""
    return [
        event(first + n, Sounded(track, float(n), 1.0, (-3.0,)), start_s + n) for n in range(count)
    ]


def session(own="aa", person=None, tracks=3, silences=()):
    """Return a session of tracks `a0`, `a1`, ... of a minute each, one phase for each."""
    slots = tuple(
        Slot(
            *(f"/m/{n}.flac", f"a{n}", f"Title {n}", "Artist", "Album", 60.0 * n, 60.0 * (n + 1)),
            *(f"phase {n}", 0.2 * n, 0.2 * n, (0.2 * n,) * 6),
        )
        for n in range(tracks)
    )
    request = SessionRequest(
        "arc", "text", name=person, asked_at=AT, session=own * 8, kept_id=own * 8
    )
    length_s = 60.0 * tracks
    curve = tuple(slot.target for slot in slots for _ in range(6))
    return Session(
        *("arc", "relative", length_s, length_s, 0.0, 0.0, 0.0, slots),
        curve=curve,
        request=request,
        silences=tuple(Silence(*each) for each in silences),
    )


def keep(database, made):
    """Keep a session in a library file, in the history too; return its id."""
    if made.request.name is not None:
        database.history.store(played_session(made, ""))
    database.sessions.store((kept_session(made, AT), session_json.dump(made)))
    return made.request.kept_id
