"""A playlist with new paths for some of its entries, and every other byte as it was.

Bytes in, bytes out: encoding, byte order mark, line ends, comments, titles and order stay; of JSPF
all values and their order. A new entry is written as the old one was: as a URI or a path, relative
or not, with the same separators.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import AnyStr
from urllib.parse import quote

from playlist_builder.errors import PlaylistError
from playlist_builder.files.system import is_within
from playlist_builder.language.translation import Phrase
from playlist_builder.playlists import jspf, session_json, session_states
from playlist_builder.playlists import read as playlists
from playlist_builder.playlists.entry import Entry
from playlist_builder.playlists.entry_paths import unsupported_reason

_ABSOLUTE = re.compile(r"file:|[A-Za-z]:[\\/]|[\\/]", re.IGNORECASE)
_URI_SAFE = "/!$'()*+,;=:@~"  # in a path, by RFC 3986; without `&`, which XML escapes


def replace_paths(
    data: bytes, name: str, moved: Mapping[int, str], folder: str
) -> tuple[bytes, dict[int, str]]:
    """Return the playlist with absolute paths for the entries, counted from 0, that `moved` names.

    The second value maps the entries whose new path this playlist cannot hold to the reason; they
    stay as they were. `folder` is that of the playlist. Raises `PlaylistError` where the playlist
    cannot be read, or cannot be written again as it was.
    """
    entries = playlists.parse(data, name)
    kind = playlists.kind_of(data, name)
    if kind == "session":
        return _session(data, name, moved), {}
    if kind == "jspf":
        locations = {
            entries[place].span[0]: _in_style_of(entries[place].location, path, folder, is_uri=True)
            for place, path in moved.items()
        }
        return jspf.with_locations(data, name, locations), {}
    written: dict[int, str] = {}
    refused: dict[int, str] = {}
    decoded = playlists.decode(data)
    for place, path in moved.items():
        text = _in_style_of(entries[place].location, path, folder, is_uri=kind == "xspf")
        reason = unsupported_reason(text)
        if reason is None:
            try:
                decoded.encode(text)
            except UnicodeEncodeError:
                reason = Phrase(
                    "its name cannot be written in {encoding}", encoding=decoded.encoding
                )
        if reason is None:
            written[place] = text
        else:
            refused[place] = reason
    if kind == "xspf":
        wide = decoded.encoding if decoded.encoding.startswith("utf-16") else "ascii"
        pieces = {place: text.encode(wide) for place, text in written.items()}
        return _replaced(data, entries, pieces, b""), refused
    if decoded.encode(decoded.text) != data:
        raise PlaylistError(
            "Playlist {name!r} is damaged ({encoding}), so it cannot be written again"
            " without loss. Save it as UTF-8 first.",
            name=name,
            encoding=decoded.encoding,
        )
    return decoded.encode(_replaced(decoded.text, entries, written, "")), refused


def _replaced(
    whole: AnyStr, entries: list[Entry], pieces: Mapping[int, AnyStr], empty: AnyStr
) -> AnyStr:
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
    changed = replace(session, slots=slots[:count], tail=slots[count:])
    return session_states.dump_keeping_undo(changed, text).encode()


def _in_style_of(old: str, path: str, folder: str, *, is_uri: bool) -> str:
    """Return `path` written as the location `old` is."""
    is_file_uri = old.lower().startswith("file:")
    if _ABSOLUTE.match(old):
        slashed = path.replace(os.sep, "/")
        if is_uri or is_file_uri:
            return "file://" + ("" if slashed.startswith("/") else "/") + _quoted(slashed)
        return path
    # Players resolve symbolic links before `..`.
    inside = is_within(path, folder)
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
