"""A request for half an hour of the calmest music there is, for when a session became too much.

The tracks are the calmest tenth of the library by energy, without a climb, startle, strokes, a
pulse or words, and the profile leads gently down, with the least tense of them. Tracks not analysed
for vocals, and less calm ones, are taken only where there are too few others, and even then it does
not open with a beat; a note says how calm the music really is.
"""

from collections.abc import Mapping, Sequence
from itertools import chain, product
from typing import NamedTuple

import numpy as np

from playlist_builder.arranger.opening import LOUDEST_LUFS
from playlist_builder.arranger.peaks import highest
from playlist_builder.arranger.rules import ADMITTED, SILENCE_S
from playlist_builder.arranger.solver.cost import rescale
from playlist_builder.errors import ArrangeError
from playlist_builder.language.notices import Notice, notice
from playlist_builder.models import Bools, Floats, Track
from playlist_builder.session_request import SessionRequest
from playlist_builder.tracks.track_table import VOCALS, TrackTable

MINUTES = 30.0
CHOICE = 1.5  # times `MINUTES` of music: enough to choose from
STROKE_RATE_HZ, PULSE_CLARITY = 2.0, 0.9  # as in calm phases of the profiles that are shipped
LEAST_TENSE = 0.25  # share of the chosen tracks that are as little tense as the profile asks for
# Share of the library by energy, how far above that a moment may rise, startle in LU,
# percussiveness, strokes in Hz, clarity of a pulse: the first that leave enough.
LIMITS = (
    (0.1, 0.2, 8.0, 0.3, STROKE_RATE_HZ, PULSE_CLARITY),
    (0.1, 0.3, 12.0, 0.5, STROKE_RATE_HZ, PULSE_CLARITY),
    (0.2, 0.3, 12.0, 0.5, STROKE_RATE_HZ, PULSE_CLARITY),
    (0.3, 0.3, 15.0, 0.6, STROKE_RATE_HZ, 0.95),
    (0.5, 1.0, 15.0, 0.8, 3.0, 1.0),
)
OPENING = 0.1  # of the rescue: has no beat, whatever the limits

PROFILE = """\
title = "Rescue"
summary = "The calmest music of the library, on its way down."
minutes = {minutes:.10g}

[rules]
artist_max = 5
track_minutes = [0.5, 20]
loudness_step_lu = 2
vocals = "{vocals}"
tail_percent = 0
tail_minutes = 10

[[phases]]
name = "opening"
percent = [0, {opening_percent:g}]
level = [{first:.4f}, {opened:.4f}]
max_peak = {peak:.4f}
max_startle_lu = {startle_lu:g}
max_percussiveness = {percussiveness:g}
max_stroke_rate_hz = {opening_stroke_rate_hz:g}
max_pulse_clarity = {opening_pulse_clarity:g}
tension = [0, {tension:.4f}]
basis = "design judgement"

[[phases]]
name = "calm music"
percent = [{opening_percent:g}, 100]
level = [{opened:.4f}, {last:.4f}]
max_peak = {peak:.4f}
max_startle_lu = {startle_lu:g}
max_percussiveness = {percussiveness:g}
max_stroke_rate_hz = {stroke_rate_hz:g}
max_pulse_clarity = {pulse_clarity:g}
tension = [0, {tension:.4f}]
basis = "design judgement"
"""


class CalmMusic(NamedTuple):
    """The calmest music of some: its tracks, and the plan for them, on its way down.

    `notes` say how calm it is where that is less than it should be.
    """

    tracks: TrackTable
    plan: Mapping[str, float | str]
    notes: list[Notice]

    def text(self, minutes: float = MINUTES) -> str:
        """Return the profile of so many minutes as TOML."""
        return PROFILE.format(minutes=minutes, **self.plan)


def rescue(tracks: Sequence[Track], library: str | None) -> tuple[SessionRequest, list[Notice]]:
    """Return the request for a rescue from these tracks of a library file, and notes on it.

    A shorter session is allowed. Raises ArrangeError where no track is calm enough.
    """
    chosen = calm_music(tracks)
    request = SessionRequest(
        profile="rescue",
        profile_text=chosen.text(),
        duration_s=MINUTES * 60.0,
        scale="absolute",
        tolerance_s=60.0,
        allow_short=True,
        library=library,
        playlist=tuple(chosen.tracks.paths),
        listed=tuple(chosen.tracks.identities),
    )
    return request, chosen.notes


def calm_music(
    tracks: Sequence[Track],
    percentiles: Floats | None = None,
    *,
    among: Bools | None = None,
    enough_s: Sequence[float] = (CHOICE * MINUTES * 60.0,),
) -> CalmMusic:
    """Return the calmest of some tracks, enough to choose a rescue from.

    Only those of `among` are taken, of all if it is not given. Limits are the strictest that leave
    as much as the first of `enough_s` that can be had, and the last ones where none can; tracks in
    which a voice is possible are taken where the others are not as much as any. The levels
    of its profile are energies, or where `percentiles` are given, which lead to the scale of a
    session, on that scale. Raises ArrangeError where no track is calm enough.
    """
    table = TrackTable.of(tracks)
    every = np.ones(len(table), np.bool_) if among is None else among
    tried = [
        (vocals, limits, table.take(_within(table, vocals, limits) & every))
        for vocals, limits in product(("allow-wordless", "exclude"), LIMITS)
    ]
    lengths_s = [float(chosen.seconds.sum()) for _, _, chosen in tried]
    sure, unsure = range(len(LIMITS)), range(len(LIMITS), len(tried))
    pairs = chain(product(enough_s, sure), product(enough_s, unsure))
    place = next((n for least_s, n in pairs if lengths_s[n] >= least_s), -1)
    vocals, limits, chosen = tried[place]
    if not len(chosen):
        raise ArrangeError(
            "No track of the library is calm and without words. Scan calm music for a rescue:"
            " playlist-builder scan FOLDER"
        )
    share, climb, startle_lu, percussiveness, stroke_rate_hz, pulse_clarity = limits
    values = {
        "peak": min(_most_energy(table, share) + climb, 1.0),
        "startle_lu": startle_lu,
        "percussiveness": percussiveness,
        "stroke_rate_hz": stroke_rate_hz,
        "pulse_clarity": pulse_clarity,
    }
    is_calmest = limits == LIMITS[0]
    # Where less calm tracks had to be admitted, it does not begin with the liveliest of them.
    last, first = np.quantile(chosen.energy, (0.1, 0.6 if is_calmest else 0.3)).tolist()
    tensions = chosen.tension[np.isfinite(chosen.tension)]
    levels = {"first": first, "opened": first + OPENING * (last - first), "last": last}
    levels["peak"] = values["peak"]
    if percentiles is not None:
        scaled = rescale(np.array(list(levels.values()), np.float32), percentiles)
        levels = dict(zip(levels, scaled.tolist(), strict=True))
    plan: dict[str, float | str] = {
        "vocals": vocals,
        "opening_percent": 100.0 * OPENING,
        "opening_stroke_rate_hz": min(stroke_rate_hz, STROKE_RATE_HZ),
        "opening_pulse_clarity": min(pulse_clarity, PULSE_CLARITY),
        "tension": float(np.quantile(tensions, LEAST_TENSE)) if len(tensions) else 1.0,
    }
    notes = [] if is_calmest else [notice("music_is_short", share=share, **values)]
    return CalmMusic(chosen, plan | values | levels, notes)


def _within(table: TrackTable, vocals: str, limits: tuple[float, ...]) -> Bools:
    """Return which tracks are within limits, those of `LIMITS`, and have no words."""
    share, climb, startle_lu, percussiveness, stroke_rate_hz, pulse_clarity = limits
    max_energy = _most_energy(table, share)
    admitted = [number for number, kind in enumerate(VOCALS) if kind in ADMITTED[vocals]]
    within: Bools = (
        np.isin(table.vocals, admitted)
        & ~table.banned
        & (table.energy <= max_energy)
        & (highest(table, None) <= max_energy + climb)
        & (table.measured("longest_silence_s") <= SILENCE_S)
        & (table.measured("loudness_lufs") <= LOUDEST_LUFS)
        & (table.measured("startle_lu") <= startle_lu)
        & (table.measured("percussiveness") <= percussiveness)
        & (table.measured("stroke_rate_hz") <= stroke_rate_hz)
        & (table.measured("pulse_clarity") <= pulse_clarity)
    )
    return within


def _most_energy(table: TrackTable, share: float) -> float:
    return float(np.quantile(table.energy, share)) if len(table) else 0.0
