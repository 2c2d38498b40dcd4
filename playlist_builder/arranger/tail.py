"""The calm tail of a session: what plays on when the plan has ended, so that music never stops.

Its first track opens hardly more energetic than the last one closes, and not far louder than that
plays, whatever the library; where others are left, no louder than its end, which may fade. The rest
is a calm and steady plan like any other, without startle or strokes, and with a pulse only for want
of others; no moment of any rises beyond `HIGHEST`. Where no track fits so there is no tail, and a
warning says so.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from playlist_builder.arranger import result
from playlist_builder.arranger.partial import Gap, filled, filled_quickly, length_ms, plays_by
from playlist_builder.arranger.peaks import highest
from playlist_builder.arranger.problem import Objective, Relaxation
from playlist_builder.arranger.recordings import repeated
from playlist_builder.arranger.rules import within_limits
from playlist_builder.arranger.solver.cost import tension_prices
from playlist_builder.errors import ArrangeError
from playlist_builder.language.notices import Notice, notice
from playlist_builder.models import AUDIBLE_LU, Ints, Track
from playlist_builder.profiles.profile import CALM_CLIMB, Phase, Profile, Rules
from playlist_builder.tracks.artists import artists
from playlist_builder.tracks.track_table import TrackTable

NAME = "tail"
LEVEL = 0.15  # planned energy, or the last level of the profile where that is lower
CALM = 0.4  # mean energy up to which a track is calm; the tail holds no other
RISE = 0.1  # most that the first track opens, and is as a whole, above the end and mean of the last
RISE_LU = 8.0  # most by which a track begins louder than the one before plays, as in `opening`
PEAK = LEVEL + CALM_CLIMB  # that no moment of the tail goes beyond, where tracks are left for ...
CHOICE = 1.5  # ... so many times its length; else those of the lowest peaks are taken as well,
HIGHEST = PEAK + 0.15  # ... up to here: a shorter tail is better than one that rises beyond
# As in the calm phases of the profiles that come with the program.
STARTLE_LU, STROKE_RATE_HZ, PULSE_CLARITY, TENSION = 12.0, 2.0, 0.9, (0.0, 0.35)
STEADY, CALMEST = 80, 30  # tracks looked at: nearest to LEVEL, calmest. An hour takes some fifteen
TOLERANCE_S = 60.0
TOLERANCES_S = (60.0, 120.0, 300.0, 600.0)  # a shorter tail is better than none

PHASE = Phase(  # at its level; of its limits only that on a pulse is ever relaxed
    NAME,
    0.0,
    1.0,
    LEVEL,
    LEVEL,
    max_startle_lu=STARTLE_LU,
    max_stroke_rate_hz=STROKE_RATE_HZ,
    max_pulse_clarity=PULSE_CLARITY,
    max_peak=PEAK,
    tension=TENSION,
)


def tail_s(profile: Profile, rules: Rules) -> float:
    """Return for how long a tail is asked."""
    return max(rules.tail_share * profile.duration_s, rules.tail_min_s)


def tail(
    order: Sequence[Track], pool: result.Pool, objective: Objective, *, quickly: bool = False
) -> tuple[list[Track], list[Notice]]:
    """Return the tracks of the pool that follow a session without repeats, and notices of them.

    They may be found `quickly`, and are no less calm then.
    """
    asked, rules, music = objective, objective.rules, objective.music
    asked_s = tail_s(music, rules)
    if not asked_s:
        return [], []
    if objective.constraints.use_all:
        return [], [notice("no_track_for_tail")]
    still = _low(_calm(order, pool, PHASE), objective)
    pulsing = _low(_calm(order, pool, replace(PHASE, max_pulse_clarity=None)), objective)
    gentle, gentler = (_gentle(each, CHOICE * asked_s, objective) for each in (pulsing, still))
    choices = ((gentler, gentler), (still, gentler), (gentle, gentle), (pulsing, gentle))
    firsts = ((_first(order, some, objective), others) for some, others in choices)
    first, calm = next((each for each in firsts if each[0]), (None, []))
    if first is None:
        return [], [notice("no_calm_tail")]
    if length_ms(calm) < asked_s * 1000.0:
        calm = list({each.identity: each for each in (*calm, *gentle)}.values())
    calm = _others(calm, [first])
    left_s = (length_ms(calm) + length_ms([first])) / 1000.0
    end_s = length_ms(order) / 1000.0
    lasts_s = min(asked_s + TOLERANCE_S, left_s)
    free = replace(PHASE, max_peak=1.0)  # as high as the chosen tracks, some beyond `PEAK`
    objective = replace(objective, profile=planned(music, end_s, lasts_s, free))
    chosen = [first]
    if calm and first.duration_s < lasts_s - TOLERANCE_S:
        unbound = replace(objective.constraints, at_most=())
        objective = replace(objective, constraints=replace(unbound, tolerance_s=TOLERANCE_S))
        # The first alone is a tail too, and a warning gives its length.
        gap = Gap([*order, first])
        quick = filled_quickly(gap, TrackTable.of(calm), objective) if quickly else None
        with suppress(ArrangeError):
            chosen += quick or filled(gap, calm, objective, _relaxations())
            chosen = _softly(chosen, objective)
    return chosen, lacking(chosen, asked)


def lacking(tracks: Sequence[Track], objective: Objective) -> list[Notice]:
    """Tell by how much a tail is shorter than asked for, if it is."""
    asked_s = tail_s(objective.music, objective.rules)
    lasts_min, asked_min = round(length_ms(tracks) / 60_000.0), round(asked_s / 60.0)
    if lasts_min >= asked_min:
        return []
    return [notice("short_tail", lasts_min=lasts_min, asked_min=asked_min)]


def _calm(order: Sequence[Track], pool: result.Pool, phase: Phase) -> list[Track]:
    calm = np.flatnonzero((pool.levels <= CALM) & within_limits(pool.tracks, phase))
    steady = _least(np.abs(pool.levels[calm] - LEVEL), STEADY + len(order))
    calmest = _least(pool.levels[calm], CALMEST + len(order))
    return _others(pool.tracks.take(calm[np.union1d(steady, calmest)]), order)


def _low(tracks: Sequence[Track], objective: Objective) -> list[Track]:
    """Return the tracks of which no moment rises beyond `HIGHEST`."""
    table = TrackTable.of(tracks)
    return list(table.take(highest(table, objective.percentiles) <= HIGHEST))


def _softly(tracks: Sequence[Track], objective: Objective) -> list[Track]:
    """Return the first of some tracks up to one that would begin far louder than music plays."""
    items = result.items_in_order(tracks, objective)
    plays = np.maximum(items.end_lufs, items.lufs)[:-1]  # the end may fade
    loud = np.flatnonzero(items.start_lufs[1:] - plays > RISE_LU)
    return list(tracks[: int(loud[0]) + 1] if len(loud) else tracks)


def _others(tracks: Sequence[Track], known: Sequence[Track]) -> list[Track]:
    """Return the tracks that are not of the same recordings as those that are known."""
    table = TrackTable.of(tracks)
    return list(table.take(~repeated(table, known)))


def _gentle(tracks: Sequence[Track], length_s: float, objective: Objective) -> list[Track]:
    """Return the tracks that nowhere rise far: below `PEAK`, or the least until there is enough."""
    peaks = highest(TrackTable.of(tracks), objective.percentiles)
    found: list[Track] = []
    for place in np.argsort(peaks, kind="stable").tolist():
        is_enough = length_ms(found) >= length_s * 1000.0
        if peaks[place] > PEAK and is_enough:
            break
        found.append(tracks[place])
    return found


def _least(values: NDArray[np.float32], count: int) -> Ints:
    """Return the places of all values up to the one of a rank, in any order."""
    if len(values) <= count:
        return np.arange(len(values))
    return np.flatnonzero(values <= np.partition(values, count)[count])


def _first(order: Sequence[Track], calm: Sequence[Track], objective: Objective) -> Track | None:
    """Return the track that follows the last one best, if any does without a rise."""
    if not calm:
        return None
    items = result.items_in_order([order[-1], *calm], objective)
    means = np.array(result.energies([order[-1], *calm], objective))
    behind: Ints = np.arange(1, len(calm) + 1)
    price = items.transition_cost(np.zeros(1, np.int64), behind, objective.rules.loudness_step_lu)
    tension = tension_prices(TrackTable.of(calm).tension, [PHASE])[:, 0]
    price += items.steps[behind] * ((means[behind] - LEVEL) ** 2 + tension)
    rise_lu = items.start_lufs[behind] - items.end_lufs[0]
    fade_lu = max(float(items.lufs[0] - items.end_lufs[0]), 0.0)
    most_lu = objective.rules.loudness_step_lu + AUDIBLE_LU
    softest, soft = rise_lu <= most_lu, rise_lu <= most_lu + fade_lu
    gentle = items.opening[behind] - items.closing[0] <= RISE
    gentle &= rise_lu <= RISE_LU + fade_lu
    gentler = gentle & (means[behind] - means[0] <= RISE)
    near = plays_by(order[len(order) - min(objective.rules.artist_gap, len(order)) :])
    others = np.array([artists(track).isdisjoint(near) for track in calm])
    kinds = gentler & others, gentler, gentle & others, gentle
    for allowed in (*(kind & quiet for kind in kinds for quiet in (softest, soft)), *kinds):
        if allowed.any():
            return calm[int(np.where(allowed, price, np.inf).argmin())]
    return None


def _relaxations() -> list[Relaxation]:
    """Return what is lifted at each attempt: never a limit that guards against harm."""
    free = Relaxation(artist_max=True, artist_gap=True)
    pulsing = replace(free, pulse_clarity=np.inf)
    tolerant = (replace(pulsing, tolerance_s=tolerance_s) for tolerance_s in TOLERANCES_S)
    return [Relaxation(), Relaxation(artist_max=True), free, pulsing, *tolerant]


def planned(profile: Profile, end_s: float, length_s: float, phase: Phase = PHASE) -> Profile:
    """Return a profile that goes on calm and steady from the end of a session."""
    level = min(float(profile.target(profile.duration_s)), LEVEL)
    played = replace(profile.phases[-1], start_s=0.0, end_s=end_s)
    lasts_s = end_s + length_s
    calm = replace(phase, start_s=end_s, end_s=lasts_s, level_start=level, level_end=level)
    return replace(profile, duration_s=lasts_s, phases=(played, calm))
