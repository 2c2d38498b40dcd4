"""What every format writes of a slot: its path, title and length, as one line where it must be."""

import math
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from playlist_builder.arranger.trims import is_part
from playlist_builder.errors import ExportError
from playlist_builder.errors import PlaylistBuilderError as Error
from playlist_builder.language.text import UNPRINTED, replaced
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Session, Slot
from playlist_builder.playlists.dialects import ANY, Dialect
from playlist_builder.playlists.entry_paths import PathFlavour, format_entry

FIELD_CHARACTERS = 200  # longest artist, title or name in a playlist, for people to read
FIELD_BYTES = 480  # two fields stay below the 1023 bytes of a line of Kodi; MPD takes 4096

_NO_CHARACTERS = re.compile("[\ufffe\uffff]")  # which XML forbids
_LONE_HYPHEN = re.compile(r"(?<!\S)-(?!\S)")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a playlist is to lie, an absolute folder; its name; and for which player.

    Players show the name, or the profile's where it is empty.
    """

    folder: str
    name: str = ""
    dialect: Dialect = ANY
    flavour: PathFlavour = os.path

    def entry(self, slot: Slot, suffix: str) -> str:
        """Return the path of `slot` as it stands in the playlist; `ExportError` if it cannot."""
        return format_entry(
            slot.path, suffix, folder=self.folder, dialect=self.dialect, flavour=self.flavour
        )

    def title(self, slot: Slot) -> str:
        """Return the title, or the file's name when there is none."""
        file_name = PurePosixPath(slot.path.replace(self.flavour.sep, "/"))
        return shown(slot.title) or shown(file_name.stem)

    def display(self, slot: Slot) -> str:
        """Return `Artist - Title`, or the title alone; players split it at the first ` - `."""
        return " - ".join(filter(None, map(field, (slot.artist, self.title(slot)))))


def parts(session: Session) -> Iterator[tuple[str, Slot]]:
    """Yield all slots in order with the part that they belong to: the plan or the tail."""
    yield from (("plan", slot) for slot in session.slots)
    yield from (("tail", slot) for slot in session.tail)


def check_parts(slots: Iterable[Slot], form: str, *, error: type[Error] = ExportError) -> None:
    """Raise `error` where slots play parts of tracks, which a form, such as a format, cannot."""
    if count := sum(map(is_part, slots)):
        raise error(
            Phrase(
                "{form} plays whole tracks, and {count} of this session is trimmed. Trims are kept"
                " by 'render', by 'copy', and by 'export --player vlc' to .m3u8, .m3u or .xspf",
                form=form,
                count=count,
            )
            if count == 1
            else Phrase(
                "{form} plays whole tracks, and {count} of this session are trimmed. Trims are kept"
                " by 'render', by 'copy', and by 'export --player vlc' to .m3u8, .m3u or .xspf",
                form=form,
                count=count,
            )
        )


def milliseconds(seconds: float) -> int | None:
    """Return whole milliseconds, None where the length is not known."""
    return round(1000 * seconds) if math.isfinite(seconds) and seconds > 0 else None


def field(text: str) -> str:
    """Return `text` for a line that players split at ` - `."""
    return _LONE_HYPHEN.sub("\N{EN DASH}", shown(text))


def shown(text: str) -> str:
    """Return `text` as one short line of printable characters, so that it never adds a line."""
    printable = _NO_CHARACTERS.sub(" ", replaced(text, UNPRINTED, " "))
    field = re.sub(" {2,}", " ", printable).strip()
    if len(field) <= FIELD_CHARACTERS and len(field.encode()) <= FIELD_BYTES:
        return field
    start = field[: FIELD_CHARACTERS - 1].encode()[: FIELD_BYTES - 3].decode(errors="ignore")
    return start.rstrip() + "\N{HORIZONTAL ELLIPSIS}"
