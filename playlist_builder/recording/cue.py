"""The chapters of a recording as a CUE sheet, for players that know no others. Pure."""

from collections.abc import Sequence

from playlist_builder.models import Chapter
from playlist_builder.text import printable

CUE_FRAMES_PER_S = 75


def sheet(file: str, title: str, chapters: Sequence[Chapter]) -> str:
    """Return the sheet for the recording of that name in the same folder."""
    lines = [f"TITLE {_quoted(title)}", f"FILE {_quoted(file)} WAVE"]
    for number, chapter in enumerate(chapters, start=1):
        seconds, frames = divmod(round(chapter.start_s * CUE_FRAMES_PER_S), CUE_FRAMES_PER_S)
        minutes, seconds = divmod(seconds, 60)
        lines += [
            f"  TRACK {number:02} AUDIO",
            f"    TITLE {_quoted(chapter.title)}",
            f"    INDEX 01 {minutes:02}:{seconds:02}:{frames:02}",
        ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a text in quotes on one line; a sheet cannot hold a double quote."""
    return '"' + printable(text, " ").replace('"', "'") + '"'
