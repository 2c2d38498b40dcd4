"""A session as the text of each format that is written: one function a format, listed in `FORMATS`.

`dialects` says how a path is written as an entry. Nothing here touches the disk.

M3U8 is the one format that MPD, mpv, VLC, Kodi, Rockbox and Navidrome all read: UTF-8 without a
byte order mark, LF, `#EXTM3U` alone on line 1, paths relative to the playlist, `/` between folders.
Two limits are the players' own, and the reason for dialects: VLC 3.0 reads an entry as a URI, so it
misses a path with `#` or with `%` and two hex digits, while MPD and mpv read the same entry as it
stands; MPD 0.23.12 passes over names of folders and files that begin or end with a space.
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
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from playlist_builder.errors import ExportError
from playlist_builder.models import Session, Slot
from playlist_builder.playlists import session_json
from playlist_builder.playlists.dialects import ANY, SUFFIXES, Dialect, PathFlavour, format_entry
from playlist_builder.text import UNPRINTED, clock, replaced

APPLICATION = "urn:x-playlist-builder:session"  # namespace of our fields in XSPF and JSPF
FIELD_CHARACTERS = 200  # longest artist, title or name in a playlist, for people to read
FIELD_BYTES = 480  # two fields stay below the 1023 bytes of a line of Kodi; MPD takes 4096
TAIL_BEGINS = "the plan ends here, the tail plays on"

_NO_CHARACTERS = re.compile("[\ufffe\uffff]")  # which XML forbids
_LONE_HYPHEN = re.compile(r"(?<!\S)-(?!\S)")
_FORMULA = frozenset("=+-@")  # what makes a spreadsheet calculate a cell, narrow and wide


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a playlist is to lie, an absolute folder; its name; and for which player.

    Players show the name, or the profile's where it is empty.
    """

    folder: str
    name: str = ""
    dialect: Dialect = ANY
    flavour: PathFlavour = os.path

    def entry(self, slot: Slot, suffix: str) -> str:
        """Return the path of `slot` as it stands in the playlist; `ExportError` if it cannot."""
        return format_entry(
            slot.path, suffix, folder=self.folder, dialect=self.dialect, flavour=self.flavour
        )

    def title(self, slot: Slot) -> str:
        """Return the title, or the file's name when there is none."""
        file_name = PurePosixPath(slot.path.replace(self.flavour.sep, "/"))
        return _shown(slot.title) or _shown(file_name.stem)

    def display(self, slot: Slot) -> str:
        """Return `Artist - Title`, or the title alone; players split it at the first ` - `."""
        return " - ".join(filter(None, map(_field, (slot.artist, self.title(slot)))))


def _m3u(session: Session, destination: Destination, suffix: str = ".m3u8") -> str:
    """Return M3U; of what players only show, `?` replaces what the codepage of `.m3u` lacks."""
    codepage = destination.dialect.codepage if suffix == ".m3u" else "utf-8"

    def fitted(line: str) -> str:
        return line.encode(codepage, "replace").decode(codepage)

    def entries(slots: Sequence[Slot]) -> Iterator[str]:
        """Yield three lines a slot: our own comment, what players show, and the path.

        The comment begins with a digit: VLC looks for directives behind `#` and blanks too.
        """
        for slot in slots:
            yield fitted(f"# {clock(slot.start_s, has_hours=True)} {_field(slot.phase)}".rstrip())
            yield fitted(f"#EXTINF:{_whole_seconds(slot.duration_s)},{destination.display(slot)}")
            yield destination.entry(slot, suffix)

    lines = [
        "#EXTM3U",
        fitted(f"#PLAYLIST:{_field(destination.name) or _field(session.profile)}"),
        f"# planned {clock(session.target_s, has_hours=True)}, seed {session.seed}",
        *entries(session.slots),
    ]
    if session.tail:
        lines += [f"# {TAIL_BEGINS}", *entries(session.tail)]
    return "\n".join(lines) + "\n"


def _pls(session: Session, destination: Destination) -> str:
    """Return PLS, version 2; lengths are whole seconds, -1 where unknown."""
    lines = ["[playlist]"]
    for number, (part, slot) in enumerate(_parts(session), start=1):
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
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<playlist version="1" xmlns="http://xspf.org/ns/0/" xmlns:pb="{APPLICATION}">',
        *_element("title", _shown(destination.name) or _shown(session.profile), 1),
        "  <trackList>",
    ]
    for part, slot in _parts(session):
        lines += [
            "    <track>",
            *_element("location", destination.entry(slot, ".xspf"), 3),
            *_element("title", destination.title(slot), 3),
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


def _jspf(session: Session, destination: Destination) -> str:
    tracks = []
    for part, slot in _parts(session):
        fields = {
            "title": destination.title(slot),
            "creator": _shown(slot.artist),
            "album": _shown(slot.album),
            "duration": _milliseconds(slot.duration_s),
        }
        tracks.append(
            {"location": [destination.entry(slot, ".jspf")]}
            | {key: value for key, value in fields.items() if value}
            | {"extension": {APPLICATION: [_slot_extension(part, slot)]}}
        )
    playlist = {
        "title": _shown(destination.name) or _shown(session.profile),
        "track": tracks,
        "extension": {APPLICATION: [_session_extension(session)]},
    }
    return json.dumps({"playlist": playlist}, indent=2, ensure_ascii=False) + "\n"


class _Row(NamedTuple):
    number: int
    part: str
    slot: Slot
    destination: Destination

    def path(self) -> str:
        """Return the path, which behind `./` is the same file and no formula."""
        path = self.destination.entry(self.slot, ".csv")
        return f"./{path}" if _is_formula(path) else path

    def duration_s(self) -> float | str:
        milliseconds = _milliseconds(self.slot.duration_s)
        return milliseconds / 1000 if milliseconds else ""


_COLUMNS: Mapping[str, Callable[[_Row], object]] = {  # the columns of the table, in order
    "place": lambda row: row.number,
    "part": lambda row: row.part,
    "phase": lambda row: _cell(_shown(row.slot.phase)),
    "start_s": lambda row: round(row.slot.start_s, 3),
    "duration_s": _Row.duration_s,
    "artist": lambda row: _cell(_shown(row.slot.artist)),
    "title": lambda row: _cell(row.destination.title(row.slot)),
    "album": lambda row: _cell(_shown(row.slot.album)),
    "energy": lambda row: round(row.slot.energy, 4),
    "target": lambda row: round(row.slot.target, 4),
    "loudness_lufs": lambda row: round(row.slot.loudness_lufs, 2),
    "vocals": lambda row: row.slot.vocals,
    "path": _Row.path,
}

COLUMNS = tuple(_COLUMNS)


def _csv(session: Session, destination: Destination) -> str:
    """Return a table for a spreadsheet, in which no text is taken for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, (part, slot) in enumerate(_parts(session), start=1):
        row = _Row(number, part, slot, destination)
        writer.writerow([column(row) for column in _COLUMNS.values()])
    return text.getvalue()


FORMATS: Mapping[str, Callable[[Session, Destination], str]] = {  # by suffix, as FORMAT_NAMES
    ".m3u8": _m3u,
    ".m3u": partial(_m3u, suffix=".m3u"),
    ".pls": _pls,
    ".xspf": _xspf,
    ".jspf": _jspf,
    ".csv": _csv,
    ".json": lambda session, _: session_json.dump(session),
}


def format_of(path: str, dialect: Dialect = ANY) -> str:
    """Return the suffix, a key of `FORMATS`, by which `path` is written; raises `ExportError`."""
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
    """Return `session` in the format of `suffix`, a key of `FORMATS`, for a file in `folder`.

    Players show `name`, or the profile's when it is empty. The tail follows the plan, since music
    must not stop with it. Raises `ExportError` naming a path that the format cannot hold.
    """
    return FORMATS[suffix](session, Destination(folder, name, dialect))


def render_bytes(
    session: Session, suffix: str, *, folder: str, name: str = "", dialect: Dialect = ANY
) -> bytes:
    """Return the bytes of the file: UTF-8, or `.m3u` in the dialect's codepage."""
    text = render_text(session, suffix, folder=folder, name=name, dialect=dialect)
    return text.encode(dialect.codepage if suffix == ".m3u" else "utf-8")


def _parts(session: Session) -> Iterator[tuple[str, Slot]]:
    yield from (("plan", slot) for slot in session.slots)
    yield from (("tail", slot) for slot in session.tail)


def _slot_extension(part: str, slot: Slot) -> Mapping[str, object]:
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
    return [f"{'  ' * depth}<{tag}>{escape(text)}</{tag}>"] if text else []


def _attributes(values: Mapping[str, object]) -> str:
    return "".join(f" {key}={quoteattr(str(value))}" for key, value in values.items())


def _milliseconds(seconds: float) -> int | None:
    """Return whole milliseconds, None where the length is not known."""
    return round(1000 * seconds) if math.isfinite(seconds) and seconds > 0 else None


def _whole_seconds(seconds: float) -> int:
    """Return what `#EXTINF` takes, -1 for unknown: MPD and Strawberry need an integer."""
    return round(seconds) if math.isfinite(seconds) and seconds > 0 else -1


def _cell(text: str) -> str:
    """Return `text` behind `'` where a spreadsheet would calculate it."""
    return f"'{text}" if _is_formula(text) else text


def _is_formula(text: str) -> bool:
    return unicodedata.normalize("NFKC", text[:1]) in _FORMULA


def _field(text: str) -> str:
    """Return `text` for a line that players split at ` - `."""
    return _LONE_HYPHEN.sub("\N{EN DASH}", _shown(text))


def _shown(text: str) -> str:
    """Return `text` as one short line of printable characters, so that it never adds a line."""
    printable = _NO_CHARACTERS.sub(" ", replaced(text, UNPRINTED, " "))
    field = re.sub(" {2,}", " ", printable).strip()
    if len(field) <= FIELD_CHARACTERS and len(field.encode()) <= FIELD_BYTES:
        return field
    start = field[: FIELD_CHARACTERS - 1].encode()[: FIELD_BYTES - 3].decode(errors="ignore")
    return start.rstrip() + "\N{HORIZONTAL ELLIPSIS}"
