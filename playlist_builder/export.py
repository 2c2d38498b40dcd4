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
from pathlib import PurePath, PurePosixPath
from xml.sax.saxutils import escape, quoteattr

from playlist_builder import session_file
from playlist_builder.dialects import ANY, SUFFIXES, Dialect, Paths, spelled
from playlist_builder.errors import ExportError
from playlist_builder.models import Session, Slot

APPLICATION = "urn:x-playlist-builder:session"
"""Who speaks in the extension fields of XSPF and JSPF."""

FIELD_CHARACTERS = 200
"""Longest artist, title or name in a playlist. MPD cuts a line at 4096 bytes and takes the rest
for an entry; two fields of four-byte characters stay well below."""

COLUMNS = (
    *("place", "part", "phase", "start_s", "duration_s", "artist", "title", "album"),
    *("energy", "target", "loudness_lufs", "vocals", "path"),
)
"""Of the table; times are in seconds."""

TAIL_BEGINS = "the plan ends here, the tail plays on"

_UNSHOWN = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, lone surrogates, line separators
_NO_CHARACTERS = re.compile("[\ufffe\uffff]")  # which XML forbids
_LONE_HYPHEN = re.compile(r"(?<!\S)-(?!\S)")
_FORMULA = frozenset("=+-@")
"""What makes a spreadsheet calculate a cell, in its narrow and its wide form."""


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
    return _m3u(session, ".m3u8", folder, name, dialect, paths)


def m3u(
    session: Session,
    *,
    folder: str,
    name: str = "",
    dialect: Dialect = ANY,
    paths: Paths = os.path,
) -> str:
    """Give `session` as M3U that fits the codepage of `dialect`; `m3u8` says the rest.

    What players only show has a `?` for what does not fit; a path that does not is refused.
    """
    return _m3u(session, ".m3u", folder, name, dialect, paths)


def pls(
    session: Session,
    *,
    folder: str,
    name: str = "",  # noqa: ARG001 - PLS has no place for it
    dialect: Dialect = ANY,
    paths: Paths = os.path,
) -> str:
    """Give `session` as PLS, version 2; lengths are whole seconds, -1 where unknown."""
    lines = ["[playlist]"]
    for number, slot in enumerate(_all(session), start=1):
        if number == len(session.slots) + 1:
            lines.append(f"; {TAIL_BEGINS}")
        entry = spelled(slot.path, ".pls", folder=folder, dialect=dialect, paths=paths)
        lines += [
            f"File{number}={entry}",
            f"Title{number}={_display(slot, paths)}",
            f"Length{number}={_whole_seconds(slot.duration_s)}",
        ]
    lines += [f"NumberOfEntries={len(_all(session))}", "Version=2"]
    return "\n".join(lines) + "\n"


def xspf(
    session: Session,
    *,
    folder: str,
    name: str = "",
    dialect: Dialect = ANY,
    paths: Paths = os.path,
) -> str:
    """Give `session` as XSPF; lengths are in milliseconds, phases and starts in extensions."""
    described = _attributes(_session_extension(session))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<playlist version="1" xmlns="http://xspf.org/ns/0/" xmlns:pb="{APPLICATION}">',
        *_element("title", _shown(name) or _shown(session.profile), 1),
        "  <trackList>",
    ]
    for slot, extension in _with_extensions(session):
        location = spelled(slot.path, ".xspf", folder=folder, dialect=dialect, paths=paths)
        lines += [
            "    <track>",
            *_element("location", location, 3),
            *_element("title", _title(slot, paths), 3),
            *_element("creator", _shown(slot.artist), 3),
            *_element("album", _shown(slot.album), 3),
            *_element("duration", _milliseconds(slot.duration_s), 3),
            f'      <extension application="{APPLICATION}">',
            f"        <pb:slot{_attributes(extension)}/>",
            "      </extension>",
            "    </track>",
        ]
    lines += [
        "  </trackList>",
        f'  <extension application="{APPLICATION}">',
        f"    <pb:session{described}/>",
        "  </extension>",
        "</playlist>",
    ]
    return "\n".join(lines) + "\n"


def jspf(
    session: Session,
    *,
    folder: str,
    name: str = "",
    dialect: Dialect = ANY,
    paths: Paths = os.path,
) -> str:
    """Give `session` as JSPF, which says in JSON what `xspf` says in XML."""
    tracks = []
    for slot, extension in _with_extensions(session):
        location = spelled(slot.path, ".jspf", folder=folder, dialect=dialect, paths=paths)
        told = {
            "title": _title(slot, paths),
            "creator": _shown(slot.artist),
            "album": _shown(slot.album),
            "duration": round(1000 * slot.duration_s) if _milliseconds(slot.duration_s) else None,
        }
        tracks.append(
            {"location": [location]}
            | {key: value for key, value in told.items() if value}
            | {"extension": {APPLICATION: [extension]}}
        )
    playlist = {
        "title": _shown(name) or _shown(session.profile),
        "track": tracks,
        "extension": {APPLICATION: [_session_extension(session)]},
    }
    return json.dumps({"playlist": playlist}, indent=2, ensure_ascii=False) + "\n"


def table(
    session: Session,
    *,
    folder: str,
    name: str = "",  # noqa: ARG001 - a table has no place for it
    dialect: Dialect = ANY,
    paths: Paths = os.path,
) -> str:
    """Give `session` as CSV for a spreadsheet, in which no cell of text is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for place, slot in enumerate(_all(session), start=1):
        path = spelled(slot.path, ".csv", folder=folder, dialect=dialect, paths=paths)
        writer.writerow(
            [
                place,
                _part(place, session),
                _cell(_shown(slot.phase)),
                round(slot.start_s, 3),
                round(slot.duration_s, 3) if _milliseconds(slot.duration_s) else "",
                _cell(_shown(slot.artist)),
                _cell(_title(slot, paths)),
                _cell(_shown(slot.album)),
                round(slot.energy, 4),
                round(slot.target, 4),
                round(slot.loudness_lufs, 2),
                slot.vocals,
                f"./{path}" if _is_formula(path) else path,  # the same file, and no formula
            ]
        )
    return text.getvalue()


FORMATS: Mapping[str, Callable[..., str]] = {
    ".m3u8": m3u8,
    ".m3u": m3u,
    ".pls": pls,
    ".xspf": xspf,
    ".jspf": jspf,
    ".csv": table,
    ".json": lambda session, **_place: session_file.dump(session),
}
"""Suffix of a file to its text from `(session, folder=..., name=..., dialect=...)`."""


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
    return FORMATS[suffix](session, folder=folder, name=name, dialect=dialect)


def render_bytes(
    session: Session, suffix: str, *, folder: str, name: str = "", dialect: Dialect = ANY
) -> bytes:
    """Give what stands in the file: the text in UTF-8, or `.m3u` in the dialect's codepage."""
    text = render_text(session, suffix, folder=folder, name=name, dialect=dialect)
    return text.encode(dialect.codepage if suffix == ".m3u" else "utf-8")


def _m3u(  # noqa: PLR0913, PLR0917 - what the two formats that it makes are given
    session: Session, suffix: str, folder: str, name: str, dialect: Dialect, paths: Paths
) -> str:
    codepage = dialect.codepage if suffix == ".m3u" else "utf-8"

    def entries(slots: Sequence[Slot]) -> Iterator[str]:
        """Give three lines a slot: our own comment, what players show, and the path.

        The comment begins with a digit: VLC looks for directives behind `#` and blanks too.
        """
        for slot in slots:
            yield fitted(f"# {_clock(slot.start_s)} {_field(slot.phase)}".rstrip())
            yield fitted(f"#EXTINF:{_whole_seconds(slot.duration_s)},{_display(slot, paths)}")
            yield spelled(slot.path, suffix, folder=folder, dialect=dialect, paths=paths)

    def fitted(line: str) -> str:
        return line.encode(codepage, "replace").decode(codepage)

    lines = [
        "#EXTM3U",
        fitted(f"#PLAYLIST:{_field(name) or _field(session.profile)}"),
        f"# planned {_clock(session.target_s)}, seed {session.seed}",
        *entries(session.slots),
    ]
    if session.tail:
        lines += [f"# {TAIL_BEGINS}", *entries(session.tail)]
    return "\n".join(lines) + "\n"


def _all(session: Session) -> Sequence[Slot]:
    return (*session.slots, *session.tail)


def _part(place: int, session: Session) -> str:
    """Say to what the slot at `place`, from 1, belongs."""
    return "plan" if place <= len(session.slots) else "tail"


def _with_extensions(session: Session) -> Iterator[tuple[Slot, Mapping[str, object]]]:
    """Give each slot, and what we alone say of it: times in milliseconds, energies in 0..1."""
    for place, slot in enumerate(_all(session), start=1):
        yield (
            slot,
            {
                "part": _part(place, session),
                "phase": _shown(slot.phase),
                "start_ms": round(1000 * slot.start_s),
                "energy": round(slot.energy, 4),
                "target": round(slot.target, 4),
            },
        )


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


def _milliseconds(seconds: float) -> str:
    """Give whole milliseconds, or nothing where the length is not known."""
    return str(round(1000 * seconds)) if math.isfinite(seconds) and seconds > 0 else ""


def _cell(text: str) -> str:
    """Keep a spreadsheet from calculating `text`: behind `'` it is text."""
    return f"'{text}" if _is_formula(text) else text


def _is_formula(text: str) -> bool:
    return unicodedata.normalize("NFKC", text[:1]) in _FORMULA


def _display(slot: Slot, paths: Paths) -> str:
    """Give `Artist - Title`, the title alone, or the file's name when there is no title."""
    title = _field(slot.title) or _field(_stem(slot, paths))
    return " - ".join(filter(None, (_field(slot.artist), title)))


def _title(slot: Slot, paths: Paths) -> str:
    """Give the title, or the file's name when there is none."""
    return _shown(slot.title) or _shown(_stem(slot, paths))


def _stem(slot: Slot, paths: Paths) -> str:
    return PurePosixPath(slot.path.replace(paths.sep, "/")).stem


def _field(text: str) -> str:
    """Make `text` safe inside a line that players split at ` - `."""
    return _LONE_HYPHEN.sub("\N{EN DASH}", _shown(text))


def _shown(text: str) -> str:
    """Make `text` one short line of what can be shown, so that it never adds a line."""
    shown = "".join(" " if unicodedata.category(c) in _UNSHOWN else c for c in text)
    field = re.sub(" {2,}", " ", _NO_CHARACTERS.sub(" ", shown)).strip()
    if len(field) <= FIELD_CHARACTERS:
        return field
    return field[: FIELD_CHARACTERS - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _whole_seconds(seconds: float) -> int:
    """Round to what `#EXTINF` takes, with -1 for unknown: MPD and Strawberry need an integer."""
    return round(seconds) if math.isfinite(seconds) and seconds > 0 else -1


def _clock(seconds: float) -> str:
    """Give `seconds` as h:mm:ss."""
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"
