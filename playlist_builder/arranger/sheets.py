"""Whole albums in one file, by their CUE sheets: what a session says of those it leaves out."""

from collections.abc import Sequence

from playlist_builder.language.notices import Notice, notice
from playlist_builder.models import Track
from playlist_builder.tracks.track_table import TrackTable

LONG_S = 900.0  # shorter files are left out by no usual rule


def albums(tracks: Sequence[Track], longer_than_s: float = LONG_S) -> list[Track]:
    """Return the files beyond a length that hold several tracks by a CUE sheet."""
    table = TrackTable.of(tracks)
    long = table.take(table.seconds > longer_than_s)
    return [track for track in long if track.tags.cue_tracks > 1]


def album_notices(tracks: Sequence[Track], longer_than_s: float = LONG_S) -> list[Notice]:
    """Tell of such files, if there are any."""
    found = albums(tracks, longer_than_s)
    if not found:
        return []
    title, tracks_in_it = found[0].tags.title or found[0].path, found[0].tags.cue_tracks
    return [notice("albums_in_one_file", count=len(found), title=title, tracks=tracks_in_it)]
