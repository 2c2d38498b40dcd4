"""A session as a table for a spreadsheet; a column is one line of `_COLUMNS`."""

import csv
import io
import unicodedata
from collections.abc import Callable, Mapping
from typing import NamedTuple

from playlist_builder.arranger.trims import is_part
from playlist_builder.models import Session, Slot
from playlist_builder.playlists.entries import Destination, milliseconds, parts, shown

_FORMULA = frozenset("=+-@")  # what makes a spreadsheet calculate a cell, narrow and wide


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
        length_ms = milliseconds(self.slot.duration_s)
        return length_ms / 1000 if length_ms else ""


_COLUMNS: Mapping[str, Callable[[_Row], object]] = {  # the columns of the table, in order
    "place": lambda row: row.number,
    "part": lambda row: row.part,
    "phase": lambda row: _cell(shown(row.slot.phase)),
    "start_s": lambda row: round(row.slot.start_s, 3),
    "duration_s": _Row.duration_s,
    "artist": lambda row: _cell(shown(row.slot.artist)),
    "title": lambda row: _cell(row.destination.title(row.slot)),
    "album": lambda row: _cell(shown(row.slot.album)),
    "energy": lambda row: round(row.slot.energy, 4),
    "target": lambda row: round(row.slot.target, 4),
    "loudness_lufs": lambda row: round(row.slot.loudness_lufs, 2),
    "vocals": lambda row: row.slot.vocals,
    "path": _Row.path,
}

COLUMNS = tuple(_COLUMNS)
_PART_COLUMNS: Mapping[str, Callable[[_Row], object]] = {  # of a session that trims tracks
    "from_s": lambda row: _time_s(row.slot.from_s),
    "to_s": lambda row: _time_s(row.slot.to_s),
}


def csv_table(session: Session, destination: Destination) -> str:
    """Return a table for a spreadsheet, in which no text is taken for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    is_trimmed = any(map(is_part, session.slots))
    columns = {**_COLUMNS, **_PART_COLUMNS} if is_trimmed else _COLUMNS
    writer.writerow(columns)
    for number, (part, slot) in enumerate(parts(session), start=1):
        row = _Row(number, part, slot, destination)
        writer.writerow([column(row) for column in columns.values()])
    return text.getvalue()


def _time_s(time_s: float | None) -> float | str:
    return "" if time_s is None else round(time_s, 3)


def _cell(text: str) -> str:
    """Return `text` behind `'` where a spreadsheet would calculate it."""
    return f"'{text}" if _is_formula(text) else text


def _is_formula(text: str) -> bool:
    return unicodedata.normalize("NFKC", text[:1]) in _FORMULA
