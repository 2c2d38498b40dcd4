"""Chapters to a CUE sheet, for players without support of other chapters. Pure."""

from collections.abc import Sequence

from playlist_builder.audio.encode import Chapter
from playlist_builder.language.text import printable

CUE_FRAMES_PER_S = 75


def sheet(file: str, title: str, chapters: Sequence[Chapter]) -> str:
    """Return the sheet of a recording named `file` in the same folder."""
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
    """Return a text in quotes on one line; CUE has no escape for a double quote."""
    return '"' + printable(text, " ").replace('"', "'") + '"'
