"""Write a session as a page or picture into a file; the suffix names the format.

PNG and PDF are converted from the same SVG that is in the page, by vl-convert, which comes with the
extra `picture`. The file is complete, or it is left as it was.
"""

import os
from datetime import date
from pathlib import Path

from playlist_builder import checked
from playlist_builder.errors import ReportError
from playlist_builder.models import Session
from playlist_builder.playlists.write import write_bytes
from playlist_builder.report import html, svg
from playlist_builder.report.language import language_of

FORMATS = (".html", ".svg", ".png", ".pdf")
PNG_SCALE = 3.0  # pixels per pixel: a width of 1080 across A4 in landscape is then 300 dpi


@checked.takes(session=checked.a(Session), path=checked.path, language=checked.text)
def write_report(
    session: Session,
    path: str | os.PathLike[str],
    *,
    language: str = "en",
    today: date | None = None,
) -> None:
    """Write `session` as a page (.html), or its picture alone (.svg, .png, .pdf), to `path`.

    `language` is one of `language.LANGUAGES`; `today`, where given, is printed on the page. Raises
    `ReportError` for another suffix or language, or where the extra is missing, and `ExportError`
    where the file cannot be written or a track cannot be linked; then nothing is written.
    """
    suffix = format_of(path)
    folder = os.fspath(Path(path).absolute().parent)  # browsers resolve `..` by names alone
    write_bytes(path, rendered(session, suffix, folder=folder, language=language, today=today))


def format_of(path: str | os.PathLike[str]) -> str:
    """Return the suffix of `path` in lower case; raises `ReportError` for an unknown format."""
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise ReportError(
            "Cannot write {path!r}: a report is {names}. Choose one",
            path=os.fspath(path),
            names=", ".join(FORMATS),
        )
    return suffix


def rendered(  # noqa: PLR0913 - what the page says of itself
    session: Session,
    suffix: str,
    *,
    folder: str,
    language: str = "en",
    today: date | None = None,
    kept: str = "",
) -> bytes:
    """Return the bytes of a report in one of `FORMATS`, with links as seen from `folder`.

    `kept` is the number and name under which a library keeps the session.
    """
    spoken = language_of(language)
    if suffix == ".html":
        return html.page(session, spoken, folder=folder, today=today, kept=kept).encode()
    drawing = svg.picture(session, spoken)
    return drawing.encode() if suffix == ".svg" else _converted(drawing, suffix)


def _converted(drawing: str, suffix: str) -> bytes:
    try:
        import vl_convert  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ReportError(
            "A report in {suffix} needs one more package: pip install vl-convert-python."
            " Or write .svg",
            suffix=suffix,
        ) from error
    if suffix == ".png":
        return bytes(vl_convert.svg_to_png(drawing, scale=PNG_SCALE))
    return bytes(vl_convert.svg_to_pdf(drawing))
