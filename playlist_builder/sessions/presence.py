"""Music that a library knows and that is not there, as on a drive that is not mounted.

Sessions go in that would play it, and the tracks that are left come out. Files are looked for where
a session needs them: to look for all of a library takes long over a network.
"""

import os
from collections.abc import Collection, Iterable
from itertools import chain

import numpy as np

from playlist_builder.errors import LibraryError
from playlist_builder.language.notices import Notice, notice
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Session
from playlist_builder.tracks.track_table import TrackTable

MOST_MISSING = 0.25  # of the tracks; where more of them are not there, a drive is not
MOST_MISSING_NOW = 0.99  # the same where a session plays already: what is left is better than none
LEFT_OUT = "missing_files"  # code of the notice
_ADVICE = Phrase(
    "Is the drive mounted? Music that was moved or deleted is noted by 'playlist-builder scan"
    " FOLDER'."
)


def files_of(session: Session) -> list[str]:
    """Return the files that a session plays or holds ready: of slots, tail and spares."""
    spares = (each.slot for each in session.spares)
    return [slot.path for slot in chain(session.slots, session.tail, spares)]


def missing_files(paths: Iterable[str]) -> list[str]:
    """Return the paths at which there is no file."""
    return [path for path in paths if not os.path.isfile(path)]  # noqa: PTH113 - names


def without_missing(
    tracks: TrackTable, pinned: Collection[str] = (), *, most: float = MOST_MISSING
) -> tuple[TrackTable, tuple[Notice, ...]]:
    """Return the tracks whose file is there, and a notice on the others if there are any.

    Raises LibraryError where more than this share of them is not there, or one that is `pinned`,
    by identity.
    """
    missing = missing_files(tracks.paths)
    gone, count, total = set(missing), len(missing), len(tracks)
    if not missing:
        return tracks, ()
    if count > most * total:
        raise LibraryError(
            "{count} of {total} tracks are not there, such as {missing!r}. {advice}",
            count=count,
            total=total,
            missing=missing[0],
            advice=_ADVICE,
        )
    for path, identity in zip(tracks.paths, tracks.identities, strict=True):
        if path in gone and identity in pinned:
            raise LibraryError(
                "The pinned track {path!r} is not there. {advice}", path=path, advice=_ADVICE
            )
    kept = tracks.take(np.array([path not in gone for path in tracks.paths], np.bool_))
    return kept, (notice(LEFT_OUT, count=count, total=total, path=missing[0]),)
