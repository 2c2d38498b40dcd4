"""A playlist with some of its entries led elsewhere, and every other byte as it was.

Pure: bytes in, bytes out. Encoding, byte order mark, line ends, comments, titles and order stay.
An entry is spelled as the old one was: as a URI or a path, relative or not, with the same
separators.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import AnyStr
from urllib.parse import quote

from playlist_builder.errors import PlaylistError
from playlist_builder.playlists import read as playlists
from playlist_builder.playlists import session_json
from playlist_builder.playlists.dialects import unsupported_reason
from playlist_builder.playlists.read import Entry

_ABSOLUTE = re.compile(r"file:|[A-Za-z]:[\\/]|[\\/]", re.IGNORECASE)
_URI_SAFE = "/!$'()*+,;=:@~"  # what RFC 3986 lets stand in a path; `&` is left out for XML's sake


def mend(
    data: bytes, name: str, moved: Mapping[int, str], folder: str
) -> tuple[bytes, dict[int, str]]:
    """Return the playlist with entries, counted from 0, led to new absolute paths.

    The second value holds the entries that this kind of playlist cannot lead there, with the
    reason; they stay as they were. `folder` is that of the playlist. Raises `PlaylistError` where
    the playlist cannot be read, or not be written again as it was.
    """
    entries = playlists.parse(data, name)
    kind = playlists.kind_of(data, name)
    if kind == "session":
        return _session(data, name, moved), {}
    spelled: dict[int, str] = {}
    refused: dict[int, str] = {}
    coded = playlists.decode(data)
    for place, path in moved.items():
        text = _spelled(entries[place].location, path, folder, is_uri=kind == "xspf")
        reason = unsupported_reason(text)
        if reason is None:
            try:
                coded.encoded(text)
            except UnicodeEncodeError:
                reason = f"its name cannot be written in {coded.encoding}"
        if reason is None:
            spelled[place] = text
        else:
            refused[place] = reason
    if kind == "xspf":
        wide = coded.encoding if coded.encoding.startswith("utf-16") else "ascii"
        pieces = {place: text.encode(wide) for place, text in spelled.items()}
        return _replaced(data, entries, pieces, b""), refused
    if coded.encoded(coded.text) != data:
        raise PlaylistError(
            f"Playlist {name!r} is damaged ({coded.encoding}), so it cannot be written again"
            " without loss. Save it as UTF-8 first."
        )
    return coded.encoded(_replaced(coded.text, entries, spelled, "")), refused


def _replaced(
    whole: AnyStr, entries: list[Entry], pieces: Mapping[int, AnyStr], empty: AnyStr
) -> AnyStr:
    """Put pieces in the places of their entries."""
    parts: list[AnyStr] = []
    end = 0
    for place in sorted(pieces, key=lambda place: entries[place].span):
        start, stop = entries[place].span
        parts.extend((whole[end:start], pieces[place]))
        end = stop
    parts.append(whole[end:])
    return empty.join(parts)


def _session(data: bytes, name: str, moved: Mapping[int, str]) -> bytes:
    text = data.decode("utf-8-sig", "replace")
    session = session_json.parse(text, name)
    slots = tuple(
        replace(slot, path=moved.get(place, slot.path))
        for place, slot in enumerate((*session.slots, *session.tail))
    )
    count = len(session.slots)
    mended = replace(session, slots=slots[:count], tail=slots[count:])
    return session_json.dump_keeping_undo(mended, text).encode()


def _spelled(old: str, path: str, folder: str, *, is_uri: bool) -> str:
    """Spell `path` in the manner of an old location."""
    is_file_uri = old.lower().startswith("file:")
    if _ABSOLUTE.match(old):
        slashed = path.replace(os.sep, "/")
        if is_uri or is_file_uri:
            return "file://" + ("" if slashed.startswith("/") else "/") + _quoted(slashed)
        return path
    # Where it climbs out of the folder, players go `..` from where that really lies.
    inside = path.startswith(folder.rstrip(os.sep) + os.sep)
    try:
        relative = os.path.relpath(path, folder if inside else os.path.realpath(folder))
    except ValueError:  # on another drive
        return path
    relative = relative.replace(os.sep, "/")
    if is_uri:
        return _quoted(f"./{relative}" if ":" in relative.partition("/")[0] else relative)
    if "\\" in old and "/" not in old and "\\" not in relative:
        relative = relative.replace("/", "\\")
    return f"./{relative}" if re.match(r"[#\s]", relative) else relative


def _quoted(path: str) -> str:
    return quote(os.fsencode(path), safe=_URI_SAFE)
