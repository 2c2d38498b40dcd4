"""What the user's mark of a track may be."""

from playlist_builder.errors import LibraryError
from playlist_builder.library.columns import VOCALS_OF_MARKS
from playlist_builder.models import Mark


def check_mark(mark: Mark) -> None:
    """Raise LibraryError for a mark that says nothing of a track."""
    is_number = isinstance(mark.energy, int | float) and not isinstance(mark.energy, bool)
    if mark.energy is not None and not (is_number and 0.0 <= mark.energy <= 1.0):
        raise LibraryError(
            "The energy of a mark is a number from 0 to 1, not {energy!r}.", energy=mark.energy
        )
    if mark.vocals is not None and mark.vocals not in VOCALS_OF_MARKS:
        known = ", ".join(VOCALS_OF_MARKS)
        raise LibraryError(
            "The vocals of a mark are one of {known}, not {vocals!r}.",
            known=known,
            vocals=mark.vocals,
        )
    if type(mark.banned) is not bool:
        raise LibraryError(
            "A mark is banned or not: True or False, not {banned!r}.", banned=mark.banned
        )
    if not isinstance(mark.note, str) or not mark.note.isprintable():
        raise LibraryError("A note is plain text on one line, not {note!r}.", note=mark.note)
