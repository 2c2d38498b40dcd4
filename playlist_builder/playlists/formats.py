"""A session as the text of each format that is written: one function a format, listed in `FORMATS`.

`dialects` says how a path is written as an entry. Nothing here touches the disk.

M3U8 is the one format that MPD, mpv, VLC, Kodi, Rockbox and Navidrome all read: UTF-8 without a
byte order mark, LF, `#EXTM3U` alone on line 1, paths relative to the playlist, `/` between folders.
Two limits are the players' own, and the reason for dialects: VLC 3.0 reads an entry as a URI, so it
misses a path with `#` or with `%` and two hex digits, while MPD and mpv read the same entry as it
stands; MPD 0.23.12 passes over names of folders and files that begin or end with a space.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import PurePath
from xml.sax.saxutils import escape, quoteattr

from playlist_builder.arranger.trims import is_part
from playlist_builder.errors import ExportError
from playlist_builder.language.text import clock
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Session, Silence, Slot
from playlist_builder.playlists import session_json
from playlist_builder.playlists.csv_table import csv_table
from playlist_builder.playlists.dialects import ANY, FORMAT_NAMES, SUFFIXES, Dialect
from playlist_builder.playlists.entries import (
    Destination,
    check_parts,
    field,
    milliseconds,
    parts,
    shown,
)
from playlist_builder.playlists.identity import (
    APPLICATION,
    MUSICBRAINZ_TRACK,
    as_text,
    identifiers,
    musicbrainz_of,
    note_of,
    session_fields,
    slot_fields,
)
from playlist_builder.playlists.session_id import id_lines

WHOLE = frozenset({".csv", ".json"})  # tables and documents, which tell all that there is
VLC = "http://www.videolan.org/vlc/playlist/0"  # its extension in XSPF, and its namespace there
VLC_NAMES = "http://www.videolan.org/vlc/playlist/ns/0/"
TAIL_BEGINS = "the plan ends here, the tail plays on"


def _m3u(session: Session, destination: Destination, suffix: str = ".m3u8") -> str:
    """Return M3U; of what players only show, `?` replaces what the codepage of `.m3u` lacks."""
    codepage = destination.dialect.codepage if suffix == ".m3u" else "utf-8"

    def fitted(line: str) -> str:
        return line.encode(codepage, "replace").decode(codepage)

    def entries(slots: Sequence[Slot], behind: Sequence[Sequence[Silence]]) -> Iterator[str]:
        """Yield three lines a slot: our own comment, what players show, and the path.

        The comment begins with a digit: VLC looks for directives behind `#` and blanks too. A
        planned silence is a comment alone, as no player can be told of it.
        """
        for slot, silences in zip(slots, behind, strict=True):
            begins = f"{clock(slot.start_s, has_hours=True)} {field(slot.phase)}".rstrip()
            yield fitted(f"# {begins}, {note_of(slot)}")
            yield fitted(f"#EXTINF:{_whole_seconds(slot.duration_s)},{destination.display(slot)}")
            yield from (f"#EXTVLCOPT:{option}" for option in _vlc_options(slot))
            yield destination.entry(slot, suffix)
            for each in silences:
                lasts = clock(each.duration_s)
                yield f"# {clock(each.start_s, has_hours=True)} silence, {lasts}: pause by hand"

    count, silences = len(session.slots), session.silences_behind
    lines = [
        "#EXTM3U",
        fitted(f"#PLAYLIST:{field(destination.name) or field(session.profile)}"),
        f"# planned {clock(session.target_s, has_hours=True)}, seed {session.seed}",
        *(f"# {line}" for line in id_lines(session)),
        *entries(session.slots, silences[:count]),
    ]
    if session.tail:
        lines += [f"# {TAIL_BEGINS}", *entries(session.tail, silences[count:])]
    return "\n".join(lines) + "\n"


def _pls(session: Session, destination: Destination) -> str:
    """Return PLS, version 2; lengths are whole seconds, -1 where unknown."""
    lines = ["[playlist]", *(f"; {line}" for line in id_lines(session))]
    for number, (part, slot) in enumerate(parts(session), start=1):
        if part == "tail" and number == len(session.slots) + 1:
            lines.append(f"; {TAIL_BEGINS}")
        lines += [
            f"File{number}={destination.entry(slot, '.pls')}",
            f"Title{number}={destination.display(slot)}",
            f"Length{number}={_whole_seconds(slot.duration_s)}",
        ]
    lines += [f"NumberOfEntries={len(session.slots) + len(session.tail)}", "Version=2"]
    return "\n".join(lines) + "\n"


def _xspf(session: Session, destination: Destination) -> str:
    """Return XSPF; lengths are in milliseconds, phases and starts in extensions."""
    vlc = f' xmlns:vlc="{VLC_NAMES}"' if any(map(is_part, session.slots)) else ""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<playlist version="1" xmlns="http://xspf.org/ns/0/" xmlns:pb="{APPLICATION}"{vlc}>',
        *_element("title", shown(destination.name) or shown(session.profile), 1),
        "  <trackList>",
    ]
    for part, slot in parts(session):
        lines += [
            "    <track>",
            *_element("location", _location(destination, slot, ".xspf"), 3),
            *(line for own in identifiers(slot) for line in _element("identifier", own, 3)),
            *_element("title", destination.title(slot), 3),
            *_element("creator", shown(slot.artist), 3),
            *_element("annotation", note_of(slot), 3),
            *_element("album", shown(slot.album), 3),
            *_element("duration", str(milliseconds(slot.duration_s) or ""), 3),
            *_musicbrainz_extension(slot),
            f'      <extension application="{APPLICATION}">',
            f"        <pb:slot{_attributes(slot_fields(part, slot))}/>",
            "      </extension>",
            *_vlc_extension(slot),
            "    </track>",
        ]
    lines += [
        "  </trackList>",
        f'  <extension application="{APPLICATION}">',
        f"    <pb:session{_attributes(session_fields(session))}/>",
        "  </extension>",
        "</playlist>",
    ]
    return "\n".join(lines) + "\n"


def _location(destination: Destination, slot: Slot, suffix: str) -> str:
    return "" if destination.dialect.without_files else destination.entry(slot, suffix)


def _musicbrainz_extension(slot: Slot) -> list[str]:
    fields = musicbrainz_of(slot)
    lines = _element("release_identifier", str(fields.get("release_identifier", "")), 4)
    if artists := fields.get("artist_identifiers"):
        inner = [
            line for own in as_text(artists).split() for line in _element("identifier", own, 5)
        ]
        lines += ["        <artist_identifiers>", *inner, "        </artist_identifiers>"]
    if not lines:
        return []
    return [f'      <extension application="{MUSICBRAINZ_TRACK}">', *lines, "      </extension>"]


def _vlc_extension(slot: Slot) -> list[str]:
    if not is_part(slot):
        return []
    options = [f"        <vlc:option>{option}</vlc:option>" for option in _vlc_options(slot)]
    return [f'      <extension application="{VLC}">', *options, "      </extension>"]


def _vlc_options(slot: Slot) -> list[str]:
    """Return the options by which VLC plays a part of a track; there are none for the whole."""
    times_s = {"start-time": slot.from_s, "stop-time": slot.to_s}
    return [f"{name}={time_s:.3f}" for name, time_s in times_s.items() if time_s is not None]


def _jspf(session: Session, destination: Destination) -> str:
    tracks = []
    for part, slot in parts(session):
        location, musicbrainz = _location(destination, slot, ".jspf"), musicbrainz_of(slot)
        fields = {
            "location": [location] if location else [],
            "identifier": identifiers(slot),
            "title": destination.title(slot),
            "creator": shown(slot.artist),
            "annotation": note_of(slot),
            "album": shown(slot.album),
            "duration": milliseconds(slot.duration_s),
        }
        extension = {MUSICBRAINZ_TRACK: musicbrainz} if musicbrainz else {}
        tracks.append(
            {key: value for key, value in fields.items() if value}
            | {"extension": {**extension, APPLICATION: [slot_fields(part, slot)]}}
        )
    playlist = {
        "title": shown(destination.name) or shown(session.profile),
        "track": tracks,
        "extension": {APPLICATION: [session_fields(session)]},
    }
    return json.dumps({"playlist": playlist}, indent=2, ensure_ascii=False) + "\n"


FORMATS: Mapping[str, Callable[[Session, Destination], str]] = {  # by suffix, as FORMAT_NAMES
    ".m3u8": _m3u,
    ".m3u": partial(_m3u, suffix=".m3u"),
    ".pls": _pls,
    ".xspf": _xspf,
    ".jspf": _jspf,
    ".csv": csv_table,
    ".json": lambda session, _: session_json.dump(session),
}


def format_of(path: str, dialect: Dialect = ANY) -> str:
    """Return the suffix, a key of `FORMATS`, by which `path` is written; raises `ExportError`."""
    suffix = PurePath(path).suffix.lower()
    if suffix in dialect.suffixes:
        return suffix
    if dialect.without_files:
        raise ExportError(
            "{path!r} cannot be a list without files. Let it end in {first} or {last}",
            path=path,
            first=", ".join(dialect.suffixes[:-1]),
            last=dialect.suffixes[-1],
        )
    ends = Phrase(
        "Let it end in {first} or {last}",
        first=", ".join(dialect.suffixes[:-1]),
        last=dialect.suffixes[-1],
    )
    if suffix in SUFFIXES:
        raise ExportError(
            "{player} does not read {suffix} ({path!r}). {ends}",
            player=dialect.player,
            suffix=suffix,
            path=path,
            ends=ends,
        )
    raise ExportError("No format is known for {path!r}. {ends}", path=path, ends=ends)


def render_text(
    session: Session, suffix: str, *, folder: str, name: str = "", dialect: Dialect = ANY
) -> str:
    """Return `session` in the format of `suffix`, a key of `FORMATS`, for a file in `folder`.

    Players show `name`, or the profile's when it is empty. The tail follows the plan, since music
    must not stop with it. Raises `ExportError` naming a path that the format cannot hold, and for a
    session of parts of tracks where the player cannot play them by it.
    """
    if suffix not in (*WHOLE, *dialect.parts_in):
        check_parts(session.slots, FORMAT_NAMES[suffix])
    return FORMATS[suffix](session, Destination(folder, name, dialect))


def render_bytes(
    session: Session, suffix: str, *, folder: str, name: str = "", dialect: Dialect = ANY
) -> bytes:
    """Return the bytes of the file: UTF-8, or `.m3u` in the dialect's codepage."""
    text = render_text(session, suffix, folder=folder, name=name, dialect=dialect)
    return text.encode(dialect.codepage if suffix == ".m3u" else "utf-8")


def _element(tag: str, text: str, depth: int) -> list[str]:
    return [f"{'  ' * depth}<{tag}>{escape(text)}</{tag}>"] if text else []


def _attributes(values: Mapping[str, object]) -> str:
    return "".join(f" {key}={quoteattr(as_text(value))}" for key, value in values.items())


def _whole_seconds(seconds: float) -> int:
    """Return what `#EXTINF` takes, -1 for unknown: MPD and Strawberry need an integer."""
    return round(seconds) if math.isfinite(seconds) and seconds > 0 else -1
