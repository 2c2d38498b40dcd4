"""A record as a table (CSV) or a document (JSON), for those who study sessions. Pure.

Both hold what was heard, what happened, and the items of the ReSPCT guidelines that concern music.
Times of the session are in seconds; times of the day in ISO 8601, as they were there and then.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

from playlist_builder.playlists import session_json
from playlist_builder.records.documents import document_of
from playlist_builder.records.events import (
    Deviation,
    Ended,
    Gap,
    Note,
    Pressed,
    RecordedEvent,
    Replanned,
    Silent,
    Sounded,
)
from playlist_builder.records.heard import Heard, HeardPhase, HeardPress, HeardTrack, heard
from playlist_builder.records.record import Record
from playlist_builder.records.respct import ITEMS, reported_items

COLUMNS = (
    *("row", "respct_item", "name", "value", "at", "until", "from_s", "to_s", "seconds"),
    *("title", "artist", "phase", "file_from_s", "file_to_s", "left_s", "skipped"),
    *("gain_low_db", "gain_high_db", "energy", "track"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which a spreadsheet takes a text for a formula


def record_csv(record: Record) -> str:
    """Return a record as one table: in each row an item, a track that was heard, or an event.

    `row` says which: item, track, silence, press, or another kind of event under its own name.
    Texts of people and files that a spreadsheet would take for a formula begin with an apostrophe.
    """
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    table.writeheader()
    for row in _rows(record, heard(record)):
        table.writerow({key: _cell(value) for key, value in row.items()})
    return out.getvalue()


def record_document(record: Record) -> dict[str, Any]:
    """Return a record as plain values: the run, what was said and heard, items, events, plan."""
    found = heard(record)
    items = [
        {"item": each.item, "name": ITEMS[each.item], "field": each.field, "value": each.value}
        for each in reported_items(record, found)
    ]
    last = found.last_sounded
    return {
        "run": asdict(record.run),
        "complete": record.complete,
        "about": asdict(record.about),
        "respct": items,
        "heard": {
            each.name: _plain(getattr(found, each.name))
            for each in fields(Heard)
            if each.name != "last_sounded"
        }
        | {"last_sounded": document_of(last) if last else None},
        "events": [document_of(each) for each in record.events],
        "plan": session_json.document(record.plan),
    }


def record_json(record: Record) -> str:
    """Return `record_document` as JSON text."""
    return json.dumps(record_document(record), indent=1, allow_nan=False) + "\n"


def _plain(value: object) -> object:
    """Return a part of what was heard as plain values."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, RecordedEvent):
        return document_of(value)
    if isinstance(value, HeardTrack):
        return asdict(value) | {"is_skipped": value.is_skipped}
    if isinstance(value, HeardPress):
        return document_of(value.event) | {"is_taken_back": value.is_taken_back}
    return asdict(value) if isinstance(value, HeardPhase) else value


def _rows(record: Record, found: Heard) -> Iterator[dict[str, object]]:
    for item in reported_items(record, found):
        yield {
            "row": "item",
            "respct_item": f"{item.item} {ITEMS[item.item]}",
            "name": item.field,
            "value": item.value,
        }
    for track in found.tracks:
        yield _track(track)
    taken_back = {
        (each.event.source, each.event.number) for each in found.presses if each.is_taken_back
    }
    for event in record.events:
        if not isinstance(event.what, Sounded):
            is_back = (event.source, event.number) in taken_back
            yield _event(event) | ({"value": "taken back"} if is_back else {})


def _track(track: HeardTrack) -> dict[str, object]:
    return {
        "row": "track",
        "at": track.at,
        "until": track.until,
        "from_s": _rounded(track.start_s),
        "to_s": _rounded(track.end_s),
        "seconds": _rounded(track.seconds),
        "title": track.title,
        "artist": track.artist,
        "phase": track.phase,
        "file_from_s": _rounded(track.from_s),
        "file_to_s": _rounded(track.to_s),
        "left_s": _rounded(track.left_s),
        "skipped": "yes" if track.is_skipped else "no",
        "gain_low_db": _rounded(track.low_db),
        "gain_high_db": _rounded(track.high_db),
        "energy": _rounded(track.energy),
        "track": track.track,
    }


def _event(event: RecordedEvent) -> dict[str, object]:
    """Return the row of an event; what it says stands under `name` and `value`."""
    kind = str(document_of(event)["kind"])
    own = {"row": kind, "at": event.at, "from_s": _rounded(event.session_s)}
    return own | _said(event)


def _said(event: RecordedEvent) -> dict[str, object]:
    what = event.what
    said: dict[str, object] = {}
    if isinstance(what, Pressed):
        said = {"row": "press", "name": what.button, "value": what.effect}
    elif isinstance(what, Note):
        said = {"value": what.text}
    elif isinstance(what, Gap):
        said = {"name": what.cause, "seconds": _rounded(what.ms / 1000.0)}
    elif isinstance(what, Silent):
        name = "planned" if what.planned else "not planned"
        to_s = _rounded(event.session_s + what.seconds)
        said = {"row": "silence", "name": name, "to_s": to_s, "seconds": _rounded(what.seconds)}
    elif isinstance(what, Deviation):
        said = {"value": what.reason, "seconds": _rounded(what.by_s), "track": what.track}
    elif isinstance(what, Ended):
        said = {"name": what.reason}
    elif isinstance(what, Replanned):
        said = {"value": what.reason, "to_s": _rounded(what.duration_s)}
    return said


def _rounded(value: float | None) -> float | str:
    return "" if value is None else round(value, 3)


def _cell(value: object) -> object:
    """Return a value for a cell of a table."""
    is_formula = isinstance(value, str) and value.startswith(FORMULA)
    return f"'{value}" if is_formula else value
