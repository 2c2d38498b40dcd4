"""A session as a table for a spreadsheet; a column is one line of `_COLUMNS`."""

import csv
import io
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from playlist_builder.arranger.trims import is_part
from playlist_builder.models import Session, Slot, Work
from playlist_builder.playlists.entries import Destination, milliseconds, parts, shown
from playlist_builder.playlists.identity import as_text

SILENCE = "silence"  # part of the row of a planned silence, in which no track plays
_NOTHING = Slot("", "", "", "", "", 0.0, 0.0, "", 0.0, 0.0)
_FORMULA = frozenset("=+-@")  # what makes a spreadsheet calculate a cell, narrow and wide


class _Row(NamedTuple):
    """A row: of a slot, or of a planned silence as a slot without a number."""

    number: int | str
    part: str
    slot: Slot
    destination: Destination

    def plays(self, value: object) -> object:
        """Return a value that a silence does not have."""
        return "" if self.part == SILENCE else value

    def path(self) -> str:
        """Return the path, which behind `./` is the same file and no formula."""
        if self.part == SILENCE or self.destination.dialect.without_files:
            return ""
        path = self.destination.entry(self.slot, ".csv")
        return f"./{path}" if _is_formula(path) else path

    @property
    def work(self) -> Work:
        return self.slot.work or Work()

    def duration_s(self) -> float | str:
        length_ms = milliseconds(self.slot.duration_s)
        return length_ms / 1000 if length_ms else ""


_COLUMNS: Mapping[str, Callable[[_Row], object]] = {  # the columns of the table, in order
    "place": lambda row: row.number,
    "part": lambda row: row.part,
    "phase": lambda row: _cell(shown(row.slot.phase)),
    "start_s": lambda row: round(row.slot.start_s, 3),
    "duration_s": _Row.duration_s,
    "artist": lambda row: _cell(shown(row.slot.artist)),
    "title": lambda row: row.plays(_cell(row.destination.title(row.slot))),
    "album": lambda row: _cell(shown(row.slot.album)),
    "energy": lambda row: row.plays(round(row.slot.energy, 4)),
    "target": lambda row: row.plays(round(row.slot.target, 4)),
    "loudness_lufs": lambda row: row.plays(round(row.slot.loudness_lufs, 2)),
    "vocals": lambda row: row.plays(row.slot.vocals),
    "path": _Row.path,
}

COLUMNS = tuple(_COLUMNS)
_PART_COLUMNS: Mapping[str, Callable[[_Row], object]] = {  # of a session that trims tracks
    "from_s": lambda row: _time_s(row.slot.from_s),
    "to_s": lambda row: _time_s(row.slot.to_s),
}
_WORK_COLUMNS: Mapping[str, Callable[[_Row], object]] = {  # of a session that knows its works
    "tension": lambda row: _known(row.slot.tension),
    "recording_id": lambda row: row.work.recording_id,
    "isrc": lambda row: row.work.isrc,
    "absolute_energy": lambda row: _known(row.work.energy),
    "contour": lambda row: as_text(row.work.contour),
    "style": lambda row: _cell(row.work.style),
}


def csv_table(session: Session, destination: Destination) -> str:
    """Return a table for a spreadsheet, in which no text is taken for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    is_trimmed = any(map(is_part, session.slots))
    columns = {**_COLUMNS, **_PART_COLUMNS} if is_trimmed else dict(_COLUMNS)
    if any(slot.work for slot in (*session.slots, *session.tail)):
        columns |= _WORK_COLUMNS
    writer.writerow(columns)
    for row in _rows(session, destination):
        writer.writerow([column(row) for column in columns.values()])
    return text.getvalue()


def _rows(session: Session, destination: Destination) -> Iterator[_Row]:
    played = zip(parts(session), session.silences_behind, strict=True)
    for number, ((part, slot), silences) in enumerate(played, start=1):
        yield _Row(number, part, slot, destination)
        for each in silences:
            silent = replace(_NOTHING, start_s=each.start_s, end_s=each.end_s, phase=each.phase)
            yield _Row("", SILENCE, silent, destination)


def _known(value: float | None) -> float | str:
    return "" if value is None else round(value, 4)


def _time_s(time_s: float | None) -> float | str:
    return "" if time_s is None else round(time_s, 3)


def _cell(text: str) -> str:
    """Return `text` behind `'` where a spreadsheet would calculate it."""
    return f"'{text}" if _is_formula(text) else text


def _is_formula(text: str) -> bool:
    return unicodedata.normalize("NFKC", text[:1]) in _FORMULA
