"""Write a record as a page, a table or a document into a file; the suffix names the format."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from playlist_builder import checked
from playlist_builder.errors import ReportError
from playlist_builder.playlists.write import write_bytes
from playlist_builder.records.export import record_csv, record_json
from playlist_builder.records.record import Record
from playlist_builder.report.record_html import record_page

FORMATS: Mapping[str, Callable[[Record, str], str]] = {
    ".html": lambda record, language: record_page(record, language=language),
    ".csv": lambda record, _: record_csv(record),
    ".json": lambda record, _: record_json(record),
}
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"  # by which spreadsheets know that a table is in UTF-8


@checked.takes(record=checked.a(Record), path=checked.path, language=checked.text)
def write_record(record: Record, path: str | os.PathLike[str], *, language: str = "en") -> None:
    """Write a record as a page (.html), or for studies as a table (.csv) or document (.json).

    `language` is that of the page, one of `language.LANGUAGES`. Raises `ReportError` for another
    suffix or language, and `ExportError` where the file cannot be written; then nothing is.
    """
    write_bytes(path, rendered_record(record, format_of(path), language=language))


def rendered_record(record: Record, suffix: str, *, language: str = "en") -> bytes:
    """Return the bytes of a record in one of `FORMATS`."""
    text = FORMATS[suffix](record, language)
    return ((BOM if suffix == ".csv" else "") + text).encode()


def format_of(path: str | os.PathLike[str]) -> str:
    """Return the suffix of `path` in lower case; raises `ReportError` for an unknown format."""
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise ReportError(
            "Cannot write {path!r}: a record is {names}. Choose one",
            path=os.fspath(path),
            names=", ".join(FORMATS),
        )
    return suffix
