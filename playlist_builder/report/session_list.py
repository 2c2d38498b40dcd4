"""The sessions that a library keeps, as text: a line for each, and what is known of one."""

import os
from collections.abc import Iterator, Sequence

from playlist_builder.language.text import clock, printable
from playlist_builder.library.kept import KeptSession
from playlist_builder.report.language import ENGLISH, Language
from playlist_builder.report.table import lines


def sessions_lines(
    listed: Sequence[KeptSession], folder: str, *, width: int, language: Language = ENGLISH
) -> Iterator[str]:
    """Yield a table of sessions; files are named as seen from a folder."""
    cells = {
        "#": [str(each.number) for each in listed],
        "name": [printable(each.name) for each in listed],
        "built": [_minute(each.made_at) for each in listed],
        "for": [printable(each.person) for each in listed],
        "profile": [printable(each.profile) for each in listed],
        "length": [clock(each.duration_s) for each in listed],
        "tracks": [str(each.tracks) for each in listed],
        "files": [", ".join(_files(each, folder)) for each in listed],
    }
    empty = {key for key in ("name", "for", "files") if not any(cells[key])}
    return lines(
        {key: column for key, column in cells.items() if key not in empty}, width, language
    )


def session_lines(kept: KeptSession, folder: str, language: Language = ENGLISH) -> Iterator[str]:
    """Yield what is known of a session beside the session itself."""
    called = f" ({printable(kept.name)})" if kept.name else ""
    gettext = language.gettext
    whom = gettext(" for {name}").format(name=printable(kept.person)) if kept.person else ""
    changed = ""
    if kept.changed_at != kept.made_at:
        changed = gettext(", changed {time}").format(time=_minute(kept.changed_at))
    yield gettext("session {session}{whom}, built {time}{changed}").format(
        session=f"{kept.number}{called}", whom=whom, time=_minute(kept.made_at), changed=changed
    )
    written = gettext("written to {path}")
    yield from (written.format(path=path) for path in _files(kept, folder))


def _minute(at: str) -> str:
    """Return a time in ISO 8601 as the date and time of day that it was there and then."""
    return printable(at[:16].replace("T", " "))


def _files(kept: KeptSession, folder: str) -> list[str]:
    within = os.path.join(folder, "")  # noqa: PTH118 - paths as they are kept
    return [printable(file.path.removeprefix(within)) for file in kept.files]
