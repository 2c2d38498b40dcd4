"""JSPF, the JSON form of XSPF, as it is read: bytes to its tracks, and entries with other places.

Other programs write a text where the format has a list of texts; either is taken. What has another
type than it should counts as not there.
"""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from playlist_builder.errors import PlaylistError
from playlist_builder.playlists.entry import ENTRIES_LIMIT, Entry, is_remote, seconds

Object = dict[str, Any]


def read_jspf(data: bytes, name: str) -> tuple[Object, list[Object]]:
    """Return the playlist of a document and its tracks; `PlaylistError` where it holds none."""
    playlist = _document(data, name).get("playlist")
    if not isinstance(playlist, dict):
        raise PlaylistError(
            "Playlist {name!r} is no JSPF: it holds no object 'playlist'.", name=name
        )
    tracks = playlist.get("track")
    if not isinstance(tracks, list) or not all(isinstance(each, dict) for each in tracks):
        raise PlaylistError(
            "Playlist {name!r} is no JSPF: 'track' is no list of objects.", name=name
        )
    if len(tracks) > ENTRIES_LIMIT:
        raise PlaylistError(
            "Playlist {name!r} holds more than {most} entries.",
            name=name,
            most=ENTRIES_LIMIT,
        )
    return playlist, tracks


def entries_of(data: bytes, name: str) -> list[Entry]:
    """Return the entries; of several locations, the first that is a file."""
    entries: list[Entry] = []
    for place, track in enumerate(read_jspf(data, name)[1]):
        if found := texts(track, "location"):
            location = next((each for each in found if not is_remote(each)), found[0])
            shown = " - ".join(filter(None, (text(track, "creator"), text(track, "title"))))
            length_s = seconds(text(track, "duration"), 0.001)
            entries.append(Entry(location, shown, length_s, (place, place), is_uri=True))
    return entries


def with_locations(data: bytes, name: str, locations: Mapping[int, str]) -> bytes:
    """Return the document with other locations for the tracks at some places; all else stays."""
    document = _document(data, name)
    for place, location in locations.items():
        document["playlist"]["track"][place]["location"] = [location]
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def texts(track: Object, key: str) -> list[str]:
    """Return the texts of a field, in their order."""
    value = track.get(key)
    found = value if isinstance(value, list) else [value]
    return [each for each in found if isinstance(each, str) and each.strip()]


def text(track: Object, key: str) -> str:
    """Return a field as text, a number too."""
    value = track.get(key)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value.strip() if isinstance(value, str) else str(value) if is_number else ""


def _document(data: bytes, name: str) -> Object:
    try:
        document = json.loads(data.decode("utf-8-sig"), parse_constant=_refused)
    except json.JSONDecodeError as error:
        raise PlaylistError(
            "Playlist {name!r} is not sound JSON (line {line}, column {column}).",
            name=name,
            line=error.lineno,
            column=error.colno,
        ) from error
    except UnicodeDecodeError as error:
        raise PlaylistError("Playlist {name!r} is not text in UTF-8.", name=name) from error
    except RecursionError as error:
        raise PlaylistError(
            "Playlist {name!r} is nested too deeply for a playlist.", name=name
        ) from error
    except ValueError as error:  # a constant or an endless number
        raise PlaylistError(
            "Playlist {name!r} holds a number that JSON does not have.", name=name
        ) from error
    if not isinstance(document, dict):
        raise PlaylistError(
            "Playlist {name!r} is no JSPF: it holds no object 'playlist'.", name=name
        )
    return document


def _refused(constant: str) -> NoReturn:
    raise ValueError(constant)
