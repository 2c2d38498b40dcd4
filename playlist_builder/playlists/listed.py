"""A list of works: what a playlist says of the music that it plays, whether it names files or not.

Reads what `read` reads, and CSV tables: ours, and those of other programs whose columns bear usual
names. What is not sound in a field counts as not known.
"""

import csv
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from playlist_builder.errors import PlaylistError
from playlist_builder.language.text import comparable
from playlist_builder.models import Session, Slot, Work
from playlist_builder.playlists import jspf, read, session_json, xspf
from playlist_builder.playlists.entries import shown
from playlist_builder.playlists.entry import ENTRIES_LIMIT, Entry, is_remote, seconds
from playlist_builder.playlists.identity import APPLICATION, MUSICBRAINZ_TRACK
from playlist_builder.tags.fields import isrc_of, title_of
from playlist_builder.tracks.works import QUARTERS, style_of

WORKS_LIMIT = 1_000  # more than any session plays
CELL_LIMIT = 100_000  # characters of a cell of a table
UNKNOWN = Work()
_RECORDING = re.compile(
    r"(?:\A|musicbrainz\.org/recording/|mbid:)([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})/?\Z",
    re.IGNORECASE,
)
_COLUMNS: Mapping[str, tuple[str, ...]] = {  # names of columns in comparable form
    "title": ("title", "track name", "track", "song", "song name", "name"),
    "artist": ("artist", "artists", "artist name s", "artist name", "creator"),
    "album": ("album", "album name", "release"),
    "duration_s": ("duration_s", "duration s", "seconds", "length s"),
    "duration_ms": ("duration ms", "duration_ms", "track duration ms"),
    "isrc": ("isrc",),
    "recording_id": ("recording_id", "recording id", "musicbrainz recording id", "mbid"),
    "location": ("path", "location", "file"),
    "part": ("part",),
    "tension": ("tension",),
    "absolute_energy": ("absolute_energy",),
    "contour": ("contour",),
    "style": ("style",),
}


@dataclass(frozen=True, slots=True)
class ListedWork:
    """One place of a list: what it says of the music; empty text and None are not known.

    `energy` is on the scale of the list's session, 0..1; that of `work` is absolute. `location`
    is the file that it names, as it stands in the list.
    """

    title: str = ""
    artist: str = ""
    album: str = ""
    duration_s: float | None = None
    work: Work = UNKNOWN
    energy: float | None = None
    tension: float | None = None
    is_tail: bool = False
    location: str = ""

    @property
    def name(self) -> str:
        """Artist and title for people, empty where neither is known."""
        return " - ".join(filter(None, (self.artist, self.title)))


@dataclass(frozen=True, slots=True)
class WorkList:
    """A list of works in their order, with the profile that its session followed, if it says so."""

    works: tuple[ListedWork, ...]
    profile: str = ""
    scale: str = ""


def read_list(path: str | os.PathLike[str]) -> WorkList:
    """Return the list of works in a file; raises `PlaylistError` where it holds none."""
    name = os.fspath(path)
    found = parse(read.read(path), name)
    if not any(each.name or each.work.recording_id or each.work.isrc for each in found.works):
        raise PlaylistError(
            "{name!r} says of no entry which music it is: no title, no id.", name=name
        )
    return found


def parse(data: bytes, name: str) -> WorkList:
    """Return the list of works that the content of a file holds."""
    if PurePath(name).suffix.lower() == ".csv":
        return _csv(data, name)
    match read.kind_of(data, name):
        case "jspf":
            return _jspf(data, name)
        case "xspf":
            return _xspf(data, name)
        case "session":
            return _session(session_json.parse(data.decode("utf-8-sig", "replace"), name))
        case _:
            entries = read.parse(data, name)
            _check_count(len(entries), name)
            return WorkList(tuple(map(_of_entry, entries)))


def _jspf(data: bytes, name: str) -> WorkList:
    playlist, tracks = jspf.read_jspf(data, name)
    _check_count(len(tracks), name)
    session = _extension(playlist, APPLICATION)
    return _checked([_of_jspf(track) for track in tracks], _text_fields(session), name)


def _of_jspf(track: jspf.Object) -> ListedWork:
    own = _text_fields(_extension(track, APPLICATION))
    more = _extension(track, MUSICBRAINZ_TRACK).get("additional_metadata")
    if isinstance(more, dict) and "isrc" not in own:
        own["isrc"] = jspf.text(more, "isrc")
    found = jspf.texts(track, "location")
    values = {key: jspf.text(track, key) for key in ("title", "creator", "album", "duration")}
    return _listed(values, own, jspf.texts(track, "identifier"), found)


def _extension(holder: jspf.Object, application: str) -> jspf.Object:
    """Return the fields of an application; some write a list of them, others one object."""
    whole = holder.get("extension")
    found = whole.get(application) if isinstance(whole, dict) else None
    first = found[0] if isinstance(found, list) and found else found
    return first if isinstance(first, dict) else {}


def _text_fields(fields: jspf.Object) -> dict[str, str]:
    """Return fields as text, as they stand in attributes of XSPF."""
    return {
        key: " ".join(map(str, value)) if isinstance(value, list) else jspf.text(fields, key)
        for key, value in fields.items()
    }


def _xspf(data: bytes, name: str) -> WorkList:
    found = xspf.read_xspf(data, name)
    _check_count(len(found.tracks), name)
    works = []
    for track, own in zip(found.tracks, found.fields, strict=True):
        values = {key: texts[0][0] for key, texts in track.items()}
        ids, places = (
            [text for text, *_ in track.get(key, ()) if text] for key in ("identifier", "location")
        )
        works.append(_listed(values, own, ids, places))
    return _checked(works, found.session, name)


def _listed(
    values: Mapping[str, str],
    own: Mapping[str, str],
    identifiers: Sequence[str],
    locations: Sequence[str],
) -> ListedWork:
    """Return a work of the fields of XSPF or JSPF, our own fields, ids and locations."""
    length_s = seconds(values.get("duration"), 0.001)
    location = next((each for each in locations if not is_remote(each)), "")
    ids = {"isrc": own.get("isrc", "")} | dict(filter(None, map(_id, identifiers)))
    return ListedWork(
        title=shown(values.get("title", "")),
        artist=shown(values.get("creator", "")),
        album=shown(values.get("album", "")),
        duration_s=length_s,
        work=_work({**own, **ids}),
        energy=_level(own.get("energy")),
        tension=_level(own.get("tension")),
        is_tail=own.get("part") == "tail",
        location=location,
    )


def _id(identifier: str) -> tuple[str, str] | None:
    """Return which id a URI is, and the id."""
    if found := _RECORDING.search(identifier.strip()):
        return "recording_id", found[1].lower()
    isrc = isrc_of(identifier.rpartition(":")[2])
    return ("isrc", isrc) if isrc else None


def _work(fields: Mapping[str, str]) -> Work:
    levels = map(_level, fields.get("contour", "").split())
    contour = tuple(level for level in levels if level is not None)
    recording = _RECORDING.search(fields.get("recording_id", "").strip())
    style = fields.get("style", "")
    return Work(
        recording_id=recording[1].lower() if recording else "",
        isrc=isrc_of(fields.get("isrc", "")),
        energy=_level(fields.get("absolute_energy")),
        contour=contour if len(contour) == QUARTERS else (),
        style=style if style_of(style) is not None else "",
    )


def _session(session: Session) -> WorkList:
    slots = [(slot, False) for slot in session.slots] + [(slot, True) for slot in session.tail]
    works = tuple(_of_slot(slot, is_tail=is_tail) for slot, is_tail in slots)
    return WorkList(works, session.profile, session.scale)


def _of_slot(slot: Slot, *, is_tail: bool) -> ListedWork:
    return ListedWork(
        *(slot.title, slot.artist, slot.album, slot.duration_s, slot.work or UNKNOWN),
        energy=slot.energy,
        tension=slot.tension,
        is_tail=is_tail,
        location=slot.path,
    )


def _of_entry(entry: Entry) -> ListedWork:
    """Return what M3U and PLS tell of a work: `Artist - Title` and its length, or a file's name."""
    name = shown(entry.title) or shown(title_of(entry.location.replace("\\", "/")))
    artist, dash, title = name.partition(" - ")
    return ListedWork(
        title=title if dash else name,
        artist=artist if dash else "",
        duration_s=entry.duration_s,
        is_tail=entry.is_tail,
        location=entry.location,
    )


def _csv(data: bytes, name: str) -> WorkList:
    text = read.decode(data).text
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    csv.field_size_limit(CELL_LIMIT)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        places = _places(next(rows, []))
        cells = [row for row in _limited(rows, name) if any(row)]
    except csv.Error as error:
        raise PlaylistError(
            "Table {name!r} is damaged: {error}.", name=name, error=error
        ) from error
    if "title" not in places and not places.keys() & {"isrc", "recording_id"}:
        raise PlaylistError("Table {name!r} has no column of titles: name one 'title'.", name=name)
    _check_count(len(cells), name)
    works = [work for row in cells if (work := _of_row(row, places)) is not None]
    return _checked(works, {}, name)


def _places(head: Sequence[str]) -> dict[str, int]:
    """Return the column of each field; the first of its names that there is counts."""
    names = [comparable(cell) for cell in head]
    found = {}
    for key, choices in _COLUMNS.items():
        place = next((names.index(c) for c in map(comparable, choices) if c in names), None)
        if place is not None:
            found[key] = place
    return found


def _limited(rows: Iterable[list[str]], name: str) -> Iterable[list[str]]:
    for count, row in enumerate(rows):
        if count >= ENTRIES_LIMIT:
            raise PlaylistError(
                "Table {name!r} holds more than {most} rows.",
                name=name,
                most=ENTRIES_LIMIT,
            )
        yield row


def _of_row(row: Sequence[str], places: Mapping[str, int]) -> ListedWork | None:
    """Return the work of a row, None for a planned silence of a table of ours."""
    cells = {key: _plain(row[at].strip()) for key, at in places.items() if at < len(row)}
    if cells.get("part") == "silence":
        return None
    length_s = seconds(cells.get("duration_s"))
    return ListedWork(
        title=shown(cells.get("title", "")),
        artist=shown(cells.get("artist", "")),
        album=shown(cells.get("album", "")),
        duration_s=length_s or seconds(cells.get("duration_ms"), 0.001),
        work=_work(cells),
        tension=_level(cells.get("tension")),
        is_tail=cells.get("part") == "tail",
        location=cells.get("location", ""),
    )


def _plain(cell: str) -> str:
    """Return a cell without the mark that keeps spreadsheets from calculating it."""
    return cell[1:] if re.match(r"'[=+\-@]", cell) else cell


def _checked(works: Sequence[ListedWork], session: Mapping[str, str], name: str) -> WorkList:
    if not works:
        raise PlaylistError("Playlist {name!r} holds no entry.", name=name)
    return WorkList(tuple(works), shown(session.get("profile", "")), session.get("scale", ""))


def _check_count(count: int, name: str) -> None:
    if count > WORKS_LIMIT:
        raise PlaylistError(
            "{name!r} lists {count} works, and a session holds {most} at most."
            " Leave a part of them.",
            name=name,
            count=count,
            most=WORKS_LIMIT,
        )


def _level(text: str | None) -> float | None:
    """Return a number from 0 to 1, None where a text is none."""
    try:
        level = float(text or "nan")
    except ValueError:
        return None
    return level if 0.0 <= level <= 1.0 else None
