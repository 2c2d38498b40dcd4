"""What the library says in words of the command line -> what to do on the page instead. Pure."""

from typing import Any

from playlist_builder.errors import PlaylistBuilderError
from playlist_builder.language.translation import Phrase

ON_PAGE = {
    "{lack}. Add music,{rests} ask for less time (--duration), let in other lengths"
    " (--min-length, --max-length), or allow a short session (--allow-short).": Phrase(
        "{lack}. Choose fewer minutes, or add a folder of music."
    ),
    "{lack}. Add music,{rests} or let in other lengths (--min-length, --max-length).": Phrase(
        "{lack}. Add a folder of music."
    ),
    "{told} {played} tracks were played for '{name}' within {within_s:g} days: a"
    " shorter time, such as --within 30d, lets the older ones in.": Phrase(
        "{told} {played} tracks rest, as they were played for '{name}' within {within_s:g} days:"
        " without a name, all may play."
    ),
    "The session holds all tracks of its playlist, and no other is left. Drop this one, or"
    " name another: swap TRACK --with OTHER": Phrase(
        "The session holds all tracks of its playlist, and no other is left. Press 'Out', or"
        " insert another one."
    ),
    "Every track that fits there stands out. Say which one to take all the same:"
    " swap SESSION {place} --take 1, or --with TRACK": Phrase(
        "Every track that fits there stands out. Press 'Swap', and take one all the same."
    ),
    "The session holds all tracks of a playlist, so its length is theirs. Reorder the"
    " playlist with --duration to have a plan that can change.": Phrase(
        "The session holds all tracks of a playlist, so its length is theirs. Build a new one to"
        " have a plan that can change."
    ),
    "--at: the session lasts from 0:00 to {starts}; its tail is not planned.": Phrase(
        "The session is over; what plays after its end is not planned."
    ),
    "--skip: nothing plays at that time; a silence is planned then.": Phrase(
        "Nothing plays at that time: a silence is planned then."
    ),
    "--extend: the silence at the end has begun. Build another session.": Phrase(
        "The silence at the end has begun. It cannot be longer."
    ),
    "No tracks yet. Scan a folder first: playlist-builder scan FOLDER": Phrase(
        "No tracks yet. Add a folder of music first."
    ),
    "The last scan found none of the {count} tracks. Scan their folders again:"
    " playlist-builder scan FOLDER": Phrase(
        "The last scan found none of the {count} tracks. Add their folders again."
    ),
    "The library knows {count} tracks that need 'scan' again, as this version measures more of"
    " them: playlist-builder scan FOLDER": Phrase(
        "The library knows {count} tracks that have to be listened to again, as this version"
        " measures more of them: add their folder."
    ),
    "No track of the library is calm and without words. Scan calm music for a rescue:"
    " playlist-builder scan FOLDER": Phrase(
        "No track of the library is calm and without words. Add a folder of calm music before a"
        " session."
    ),
    "Free some space; what was done is kept, and the same command goes on.": Phrase(
        "Free some space, and try again; what was done is kept."
    ),
    "Make it writable, or give another file with --library.": Phrase(
        "Make it writable, and try again."
    ),
    "Move it away, or give another file with --library.": Phrase(
        "Move it away, and start the desk again."
    ),
    "The library {path} is damaged ({error}) and was set aside as {aside}. Give"
    " the command again: your marks and history are kept, and a scan measures the"
    " music again.": Phrase(
        "The library {path} is damaged ({error}) and was set aside as {aside}. Start the desk"
        " again: your marks and history are kept, and a scan measures the music again."
    ),
}
"""By the message of an error, or of a part of one; with the same values, or fewer."""


def on_page(value: Any) -> Any:  # noqa: ANN401 - a value of a message may be anything
    """Return an error or phrase as the page says it, and anything else as it is."""
    if isinstance(value, PlaylistBuilderError):
        value = value.text
    if not isinstance(value, Phrase):
        return value
    values = {name: on_page(each) for name, each in value.values.items()}
    message = ON_PAGE.get(value.message, value).message
    return Phrase(message, context=value.context, **values)
