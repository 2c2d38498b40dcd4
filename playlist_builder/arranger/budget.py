"""How much of the music a session may use, and what the rest fell to: one notice.

Tracks, a profile and constraints go in. What is calm, and stays so, is told on the scale of the
session, beside what the plan and its tail ask for.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from playlist_builder.arranger.peaks import highest
from playlist_builder.arranger.problem import percentiles_of
from playlist_builder.arranger.rules import Constraints, admit, most_removed
from playlist_builder.arranger.solver.cost import rescale
from playlist_builder.arranger.tail import tail_s
from playlist_builder.language.notices import Notice, Value, notice
from playlist_builder.models import STEP_S, Ints, Scale, Track
from playlist_builder.profiles.profile import CALM_CLIMB, Profile, Rules
from playlist_builder.tracks.track_table import TrackTable

CALM = 0.25  # energies below are calm, as the quietest quarter of a library on the relative scale
LENGTHS = "too short", "too long"
VOICES = "wordless", "sung", "spoken"


def budget(tracks: Sequence[Track], profile: Profile, constraints: Constraints) -> Notice:
    """Return how many tracks can be used for a profile, and for how many sessions they are calm.

    A tail asks for calm music as well.
    """
    rules, table, profile = profile.rules, TrackTable.of(tracks), profile.music
    longest_s = min(rules.track_max_s, profile.duration_s + constraints.tolerance_s)
    passed, removed = admit(table, rules, constraints.with_queries(rules), longest_s)
    limits = [phase.peak_limit for phase in profile.phases if phase.is_calm]
    calm_s = _calm_s(table, passed, constraints.scale, max(limits, default=CALM + CALM_CLIMB))
    values = _counts(len(table), removed, rules.track_min_s, longest_s)
    times = (np.arange(round(profile.duration_s / STEP_S)) + 0.5) * STEP_S
    planned_s = float((profile.target(times) < CALM).sum()) * STEP_S
    if not planned_s:
        return notice("budget", **values)
    planned_s += tail_s(profile, rules)
    values |= {"below": CALM, "calm_min": round(calm_s / 60.0)}
    if calm_s < planned_s:
        return notice("budget_not_calm", **values, asked_min=round(planned_s / 60.0))
    return notice("budget_calm", **values, count=int(calm_s // planned_s))


def budget_of_tracks(tracks: Sequence[Track], every: Sequence[Track], rules: Rules) -> Notice:
    """Return how many of some tracks can be used under rules; of `every` the calmest are calm."""
    table = TrackTable.of(tracks)
    passed, removed = admit(table, rules, Constraints(), rules.track_max_s)
    values = _counts(len(table), removed, rules.track_min_s, rules.track_max_s)
    calm_s = _calm_s(table, passed, "relative", CALM + CALM_CLIMB, every)
    return notice("budget_of_tracks", **values, below=CALM, calm_min=round(calm_s / 60.0))


def _calm_s(
    table: TrackTable, passed: Ints, scale: Scale, peak: float, every: Sequence[Track] = ()
) -> float:
    """Return how long the calm tracks are that nowhere rise above a peak."""
    percentiles, usable = percentiles_of(every or table, scale), table.take(passed)
    levels = rescale(usable.energy.astype(np.float32), percentiles)
    return float(usable.seconds[(levels < CALM) & (highest(usable, percentiles) <= peak)].sum())


def _counts(
    total: int, removed: Counter[str], shortest_s: float, longest_s: float
) -> dict[str, Value]:
    named = (*LENGTHS, *VOICES)
    others = Counter({reason: count for reason, count in removed.items() if reason not in named})
    return {
        "passed": total - removed.total(),
        "total": total,
        "outside": sum(removed[reason] for reason in LENGTHS),
        "shortest": round(shortest_s / 60.0, 1),
        "longest": round(longest_s / 60.0, 1),
        "voices": sum(removed[reason] for reason in VOICES),
        "others": most_removed(others),
    }
