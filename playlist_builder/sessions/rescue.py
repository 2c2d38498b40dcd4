"""A request for half an hour of the calmest music there is, for when a session became too much.

The tracks are the calmest tenth of the library by energy, without startle, strokes or words, and
the profile leads gently down. Tracks not analysed for vocals, and less calm ones, are taken only
where there are too few others; a note says how calm the music really is.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np

from playlist_builder.arranger.rules import ADMITTED
from playlist_builder.errors import ArrangeError
from playlist_builder.models import SessionRequest, Track
from playlist_builder.notices import Notice, notice
from playlist_builder.track_table import VOCALS, TrackTable

MINUTES = 30.0
CHOICE = 1.5  # times `MINUTES` of music: enough to choose from
# Share of the library by energy, startle in LU, percussiveness: the first that leave enough.
LIMITS = ((0.1, 8.0, 0.3), (0.1, 12.0, 0.5), (0.2, 12.0, 0.5), (0.3, 15.0, 0.6), (0.5, 15.0, 0.8))

PROFILE = """\
title = "Rescue"
summary = "The calmest music of the library, on its way down."
minutes = {minutes:g}

[rules]
artist_max = 5
track_minutes = [0.5, 20]
loudness_step_lu = 2
vocals = "{vocals}"
tail_percent = 0
tail_minutes = 10

[[phases]]
name = "rescue"
percent = [0, 100]
level = [{first:.4f}, {last:.4f}]
max_startle_lu = {startle_lu:g}
max_percussiveness = {percussiveness:g}
basis = "design judgement"
"""


def rescue(tracks: Sequence[Track], library: str | None) -> tuple[SessionRequest, list[Notice]]:
    """Return the request for a rescue from these tracks of a library file, and notes on it.

    A shorter session is allowed. Raises ArrangeError where no track is calm enough.
    """
    table = TrackTable.of(tracks)
    chosen = table.take(np.zeros(len(table), np.bool_))
    for vocals, limits in product(("allow-wordless", "exclude"), LIMITS):
        share, startle_lu, percussiveness = limits
        max_energy = float(np.quantile(table.energy, share)) if len(table) else 0.0
        admitted = [number for number, kind in enumerate(VOCALS) if kind in ADMITTED[vocals]]
        chosen = table.take(
            np.isin(table.vocals, admitted)
            & ~table.banned
            & (table.energy <= max_energy)
            & (table.measured("startle_lu") <= startle_lu)
            & (table.measured("percussiveness") <= percussiveness)
        )
        if chosen.seconds.sum() >= CHOICE * MINUTES * 60.0:
            break
    if not len(chosen):
        raise ArrangeError(
            "No track of the library is calm and without words. Scan calm music for a rescue:"
            " playlist-builder scan FOLDER"
        )
    text = PROFILE.format(
        minutes=MINUTES,
        vocals=vocals,
        first=float(np.quantile(chosen.energy, 0.6)),
        last=float(np.quantile(chosen.energy, 0.1)),
        startle_lu=startle_lu,
        percussiveness=percussiveness,
    )
    request = SessionRequest(
        profile="rescue",
        profile_text=text,
        duration_s=MINUTES * 60.0,
        scale="absolute",
        tolerance_s=60.0,
        allow_short=True,
        library=library,
        playlist=tuple(chosen.paths),
        listed=tuple(chosen.identities),
    )
    if limits == LIMITS[0]:
        return request, []
    values = {"share": share, "startle_lu": startle_lu, "percussiveness": percussiveness}
    return request, [notice("music_is_short", **values)]
