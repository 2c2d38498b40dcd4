"""A session as text in the formats that players read: pure functions, `Session` in, `str` out.

This room decides what stands in a playlist; how a track is spelled in it, `dialects` decides. It
refuses to write files and to look at the disk.

The `.m3u8` is the one form that MPD, mpv, VLC, Kodi, Rockbox and Navidrome all accept: UTF-8
without BOM, LF, `#EXTM3U` alone on line 1, paths relative to the playlist, `/` between folders.
Two limits are the players' own, and the reason for dialects. VLC 3.0 reads an entry as a URI, so
it misses a path with `#` or with `%` and two hex digits, while MPD and mpv read the same entry as
it stands. MPD 0.23.12 passes over a path in which the name of a folder or file begins or ends
with a space.
"""

import csv
import io
import json
import math
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath, PurePosixPath
from xml.sax.saxutils import escape, quoteattr

from playlist_builder.errors import ExportError
from playlist_builder.models import Session, Slot
from playlist_builder.playlists import session_json
from playlist_builder.playlists.dialects import ANY, SUFFIXES, Dialect, Paths, spelled
from playlist_builder.text import UNPRINTED, clock, replaced

APPLICATION = "urn:x-playlist-builder:session"
"""Who speaks in the extension fields of XSPF and JSPF."""

FIELD_CHARACTERS = 200
"""Longest artist, title or name in a playlist, for people to read."""

FIELD_BYTES = 480
"""Two fields stay on one line of 1023 bytes, behind which Kodi takes the rest for an entry; MPD
does so at 4096."""

COLUMNS = (
    *("place", "part", "phase", "start_s", "duration_s", "artist", "title", "album"),
    *("energy", "target", "loudness_lufs", "vocals", "path"),
)
"""Of the table; times are in seconds."""

TAIL_BEGINS = "the plan ends here, the tail plays on"

_NO_CHARACTERS = re.compile("[\ufffe\uffff]")  # which XML forbids
_LONE_HYPHEN = re.compile(r"(?<!\S)-(?!\S)")
_FORMULA = frozenset("=+-@")
"""What makes a spreadsheet calculate a cell, in its narrow and its wide form."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a playlist is to lie, an absolute folder; its name; and for whom it is written.

    Players show the name, or the profile's where it is empty.
    """

    folder: str
    name: str = ""
    dialect: Dialect = ANY
    paths: Paths = os.path

    def entry(self, slot: Slot, suffix: str) -> str:
        """Give the path of `slot` as it stands in the playlist; `ExportError` if it cannot."""
        return spelled(
            slot.path, suffix, folder=self.folder, dialect=self.dialect, paths=self.paths
        )

    def title(self, slot: Slot) -> str:
        """Give the title, or the file's name when there is none."""
        file_name = PurePosixPath(slot.path.replace(self.paths.sep, "/"))
        return _shown(slot.title) or _shown(file_name.stem)

    def display(self, slot: Slot) -> str:
        """Give `Artist - Title`, or the title alone; players split it at the first ` - `."""
        return " - ".join(filter(None, map(_field, (slot.artist, self.title(slot)))))


def m3u8(
    session: Session,
    *,
    folder: str,
    name: str = "",
    dialect: Dialect = ANY,
    paths: Paths = os.path,
) -> str:
    """Give `session` as the M3U8 playlist that is to lie in `folder`, an absolute path.

    Players show `name`, or the profile's name when it is empty. The tail follows the plan, since
    music must not stop with it. Raises `ExportError` naming a path that M3U cannot hold.
    """
    return _m3u(session, Place(folder, name, dialect, paths))


def _m3u(session: Session, place: Place, suffix: str = ".m3u8") -> str:
    """Give M3U; of what players only show, a `?` stands for what `.m3u` has no code for."""
    codepage = place.dialect.codepage if suffix == ".m3u" else "utf-8"

    def fitted(line: str) -> str:
        return line.encode(codepage, "replace").decode(codepage)

    def entries(slots: Sequence[Slot]) -> Iterator[str]:
        """Give three lines a slot: our own comment, what players show, and the path.

        The comment begins with a digit: VLC looks for directives behind `#` and blanks too.
        """
        for slot in slots:
            yield fitted(f"# {clock(slot.start_s, has_hours=True)} {_field(slot.phase)}".rstrip())
            yield fitted(f"#EXTINF:{_whole_seconds(slot.duration_s)},{place.display(slot)}")
            yield place.entry(slot, suffix)

    lines = [
        "#EXTM3U",
        fitted(f"#PLAYLIST:{_field(place.name) or _field(session.profile)}"),
        f"# planned {clock(session.target_s, has_hours=True)}, seed {session.seed}",
        *entries(session.slots),
    ]
    if session.tail:
        lines += [f"# {TAIL_BEGINS}", *entries(session.tail)]
    return "\n".join(lines) + "\n"


def _pls(session: Session, place: Place) -> str:
    """Give PLS, version 2; lengths are whole seconds, -1 where unknown."""
    lines = ["[playlist]"]
    for number, (part, slot) in enumerate(_parts(session), start=1):
        if part == "tail" and number == len(session.slots) + 1:
            lines.append(f"; {TAIL_BEGINS}")
        lines += [
            f"File{number}={place.entry(slot, '.pls')}",
            f"Title{number}={place.display(slot)}",
            f"Length{number}={_whole_seconds(slot.duration_s)}",
        ]
    lines += [f"NumberOfEntries={len(session.slots) + len(session.tail)}", "Version=2"]
    return "\n".join(lines) + "\n"


def _xspf(session: Session, place: Place) -> str:
    """Give XSPF; lengths are in milliseconds, phases and starts in extensions."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<playlist version="1" xmlns="http://xspf.org/ns/0/" xmlns:pb="{APPLICATION}">',
        *_element("title", _shown(place.name) or _shown(session.profile), 1),
        "  <trackList>",
    ]
    for part, slot in _parts(session):
        lines += [
            "    <track>",
            *_element("location", place.entry(slot, ".xspf"), 3),
            *_element("title", place.title(slot), 3),
            *_element("creator", _shown(slot.artist), 3),
            *_element("album", _shown(slot.album), 3),
            *_element("duration", str(_milliseconds(slot.duration_s) or ""), 3),
            f'      <extension application="{APPLICATION}">',
            f"        <pb:slot{_attributes(_slot_extension(part, slot))}/>",
            "      </extension>",
            "    </track>",
        ]
    lines += [
        "  </trackList>",
        f'  <extension application="{APPLICATION}">',
        f"    <pb:session{_attributes(_session_extension(session))}/>",
        "  </extension>",
        "</playlist>",
    ]
    return "\n".join(lines) + "\n"


def _jspf(session: Session, place: Place) -> str:
    """Give JSPF, which says in JSON what XSPF says in XML."""
    tracks = []
    for part, slot in _parts(session):
        told = {
            "title": place.title(slot),
            "creator": _shown(slot.artist),
            "album": _shown(slot.album),
            "duration": _milliseconds(slot.duration_s),
        }
        tracks.append(
            {"location": [place.entry(slot, ".jspf")]}
            | {key: value for key, value in told.items() if value}
            | {"extension": {APPLICATION: [_slot_extension(part, slot)]}}
        )
    playlist = {
        "title": _shown(place.name) or _shown(session.profile),
        "track": tracks,
        "extension": {APPLICATION: [_session_extension(session)]},
    }
    return json.dumps({"playlist": playlist}, indent=2, ensure_ascii=False) + "\n"


def _csv(session: Session, place: Place) -> str:
    """Give a table for a spreadsheet, in which no cell of text is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, (part, slot) in enumerate(_parts(session), start=1):
        path = place.entry(slot, ".csv")
        milliseconds = _milliseconds(slot.duration_s)
        writer.writerow(
            [
                number,
                part,
                _cell(_shown(slot.phase)),
                round(slot.start_s, 3),
                milliseconds / 1000 if milliseconds else "",
                _cell(_shown(slot.artist)),
                _cell(place.title(slot)),
                _cell(_shown(slot.album)),
                round(slot.energy, 4),
                round(slot.target, 4),
                round(slot.loudness_lufs, 2),
                slot.vocals,
                f"./{path}" if _is_formula(path) else path,  # the same file, and no formula
            ]
        )
    return text.getvalue()


FORMATS: Mapping[str, Callable[[Session, Place], str]] = {
    ".m3u8": _m3u,
    ".m3u": partial(_m3u, suffix=".m3u"),
    ".pls": _pls,
    ".xspf": _xspf,
    ".jspf": _jspf,
    ".csv": _csv,
    ".json": lambda session, _: session_json.dump(session),
}
"""Suffix of a file to the function that gives its text."""


def format_of(path: str, dialect: Dialect = ANY) -> str:
    """Give the suffix, a key of `FORMATS`, by which `path` is written, or raise `ExportError`."""
    suffix = PurePath(path).suffix.lower()
    if suffix in dialect.suffixes:
        return suffix
    ends = f"Let it end in {', '.join(dialect.suffixes[:-1])} or {dialect.suffixes[-1]}"
    if suffix in SUFFIXES:
        raise ExportError(f"{dialect.player} does not read {suffix} ({path!r}). {ends}")
    raise ExportError(f"No format is known for {path!r}. {ends}")


def render_text(
    session: Session, suffix: str, *, folder: str, name: str = "", dialect: Dialect = ANY
) -> str:
    """Give `session` in the format of `suffix`, a key of `FORMATS`, for a file in `folder`."""
    return FORMATS[suffix](session, Place(folder, name, dialect))


def render_bytes(
    session: Session, suffix: str, *, folder: str, name: str = "", dialect: Dialect = ANY
) -> bytes:
    """Give what stands in the file: the text in UTF-8, or `.m3u` in the dialect's codepage."""
    text = render_text(session, suffix, folder=folder, name=name, dialect=dialect)
    return text.encode(dialect.codepage if suffix == ".m3u" else "utf-8")


def _parts(session: Session) -> Iterator[tuple[str, Slot]]:
    """Give each slot with what it belongs to: the plan or the tail."""
    yield from (("plan", slot) for slot in session.slots)
    yield from (("tail", slot) for slot in session.tail)


def _slot_extension(part: str, slot: Slot) -> Mapping[str, object]:
    """Give what we alone say of a slot: its start in milliseconds, energies in 0..1."""
    return {
        "part": part,
        "phase": _shown(slot.phase),
        "start_ms": round(1000 * slot.start_s),
        "energy": round(slot.energy, 4),
        "target": round(slot.target, 4),
    }


def _session_extension(session: Session) -> Mapping[str, object]:
    return {
        "profile": _shown(session.profile),
        "scale": session.scale,
        "seed": session.seed,
        "planned_ms": round(1000 * session.target_s),
    }


def _element(tag: str, text: str, depth: int) -> list[str]:
    """Give the line of one XML element, or none where there is nothing to say."""
    return [f"{'  ' * depth}<{tag}>{escape(text)}</{tag}>"] if text else []


def _attributes(values: Mapping[str, object]) -> str:
    return "".join(f" {key}={quoteattr(str(value))}" for key, value in values.items())


def _milliseconds(seconds: float) -> int | None:
    """Give whole milliseconds, or None where the length is not known."""
    return round(1000 * seconds) if math.isfinite(seconds) and seconds > 0 else None


def _cell(text: str) -> str:
    """Keep a spreadsheet from calculating `text`: behind `'` it is text."""
    return f"'{text}" if _is_formula(text) else text


def _is_formula(text: str) -> bool:
    return unicodedata.normalize("NFKC", text[:1]) in _FORMULA


def _field(text: str) -> str:
    """Make `text` safe inside a line that players split at ` - `."""
    return _LONE_HYPHEN.sub("\N{EN DASH}", _shown(text))


def _shown(text: str) -> str:
    """Make `text` one short line of what can be shown, so that it never adds a line."""
    shown = _NO_CHARACTERS.sub(" ", replaced(text, UNPRINTED, " "))
    field = re.sub(" {2,}", " ", shown).strip()
    if len(field) <= FIELD_CHARACTERS and len(field.encode()) <= FIELD_BYTES:
        return field
    start = field[: FIELD_CHARACTERS - 1].encode()[: FIELD_BYTES - 3].decode(errors="ignore")
    return start.rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _whole_seconds(seconds: float) -> int:
    """Round to what `#EXTINF` takes, with -1 for unknown: MPD and Strawberry need an integer."""
    return round(seconds) if math.isfinite(seconds) and seconds > 0 else -1
