"""The tracks that could take the place of one slot of a draft, the best first."""

from dataclasses import dataclass, replace

import numpy as np

from playlist_builder.arranger import broken, peaks, result
from playlist_builder.arranger.opening import most_lufs, opening_lufs
from playlist_builder.arranger.partial import length_ms, plays_by
from playlist_builder.arranger.recordings import repeated
from playlist_builder.arranger.rules import within_limits
from playlist_builder.arranger.solver.cost import Items, step_at
from playlist_builder.arranger.spares import FAR
from playlist_builder.language.notices import Notice
from playlist_builder.models import Bools, Floats, Slot, Track
from playlist_builder.sessions.compare import (
    Join,
    StandsOut,
    Trait,
    passage_of,
    standing_out,
    traits,
)
from playlist_builder.sessions.difference import worsened
from playlist_builder.sessions.draft import Draft
from playlist_builder.tracks.artists import artists
from playlist_builder.tracks.track_table import TrackTable

PRICED = 60  # tracks, the closest to the profile, with which the whole session is priced
SHOWN = 5  # candidates of which one is taken


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A track for a slot, what the session is with it, and how it differs from what plays there.

    `slot` is what it would be there, on the session's scale. `cost` and `rms_error` are those of
    the whole session with it, `cost_now` and `rms_error_now` those of the session as it is, by the
    ratings of today. `traits` say how it differs from the track of the slot, `join` how near in
    style its neighbours are, and `stands_out` for what it should be looked at first. `relaxed` are
    the rules that give way with it and do not now, or less often. `is_choice` is set of the one
    that a swap takes: the best that does not stand out.
    """

    track: Track
    slot: Slot
    cost: float
    rms_error: float
    cost_now: float
    rms_error_now: float
    traits: tuple[Trait, ...] = ()
    join: Join = "between"
    stands_out: tuple[StandsOut, ...] = ()
    is_choice: bool = False
    relaxed: tuple[Notice, ...] = ()


def candidates(draft: Draft, place: int, count: int = SHOWN) -> list[Candidate]:
    """Return the tracks that would replace the slot of a place, from 0, best; the best first.

    All other slots stay, and the end stays within the tolerance. No track is returned that stands
    much farther from the profile than the one that goes, or than the nearest of these.
    """
    now, most = result.ordered(draft.order, draft.objective), most_off(draft, place)
    found = [_described(draft, place, each, now, most) for each in _best(draft, place, count)]
    chosen = next((n for n, each in enumerate(found) if not each.stands_out), None)
    return [replace(each, is_choice=n == chosen) for n, each in enumerate(found)]


def most_off(draft: Draft, place: int) -> float:
    """Return how far from the profile a track may stand in a place before it stands out."""
    return float(distances(draft, place).min(initial=np.inf)) + FAR


def _described(
    draft: Draft, place: int, track: Track, now: result.Order, most_off: float
) -> Candidate:
    objective = draft.objective
    order = result.ordered((*draft.order[:place], track, *draft.order[place + 1 :]), objective)
    before, session = (
        result.session(each, objective.scale, objective.seed, each.cost, 0.0)
        for each in (now, order)
    )
    old, new = passage_of(now, place), passage_of(order, place)
    rise_lu = objective.rules.loudness_step_lu
    relaxed = worsened(*(_relaxed(draft, each) for each in (now, order)))
    stands_out = standing_out(new, old, most_off=most_off, most_rise_lu=rise_lu)
    if relaxed:
        stands_out += (StandsOut("rule", len(relaxed)),)
    return Candidate(
        track,
        session.slots[place],
        session.cost,
        session.rms_error,
        before.cost,
        before.rms_error,
        traits(new, old),
        new.join,
        stands_out,
        relaxed=relaxed,
    )


def _relaxed(draft: Draft, order: result.Order) -> list[Notice]:
    """Return the rules that give way in an order."""
    objective, pins = draft.objective, draft.places_of_pins(order.tracks)
    return broken.given_up(order, objective.rules, objective.tolerance_s, pins, played=draft.played)


def _best(draft: Draft, place: int, count: int) -> list[Track]:
    """Return the tracks with which the session costs least, the best first."""
    tracks = _fitting(draft, place)
    if not tracks:
        return []
    items = result.items_in_order(tracks, draft.objective)
    prices = _prices(draft, place, tracks, items)
    nearest = np.argsort(prices / np.maximum(items.steps, 1), kind="stable")[:PRICED]
    costs = list[tuple[float, str, int]]()
    for number in nearest[np.isfinite(prices[nearest])].tolist():
        order = (*draft.order[:place], tracks[number], *draft.order[place + 1 :])
        cost = result.ordered(order, draft.objective).cost
        costs.append((cost, tracks[number].path, number))
    return [tracks[number] for _, _, number in sorted(costs)[:count]]


def _fitting(draft: Draft, place: int) -> list[Track]:
    """Return the tracks whose length and artists fit in a place, and that play nowhere else."""
    rules, tolerance_ms = draft.objective.rules, draft.objective.tolerance_s * 1000
    others = (*draft.order[:place], *draft.order[place + 1 :])
    gap = rules.artist_gap
    excluded = set(plays_by([*draft.order[max(place - gap, 0) : place], *others[place:][:gap]]))
    excluded |= {name for name, plays in plays_by(others).items() if plays >= rules.artist_max}
    pool = draft.pool.take(~repeated(draft.pool, draft.order))
    if not draft.request.use_all:
        excess_ms = draft.excess_ms - round(draft.order[place].duration_s * 1000)
        pool = pool.take(np.abs(excess_ms + np.rint(pool.seconds * 1000.0)) <= tolerance_ms)
    pool = pool.take(_keeps_silences(draft, place, pool))
    if not place:
        loudness = np.array([track.features.loudness_lufs for track in draft.order])
        pool = pool.take(opening_lufs(pool) <= most_lufs(loudness))
    return [track for track in pool if excluded.isdisjoint(artists(track))]


def _keeps_silences(draft: Draft, place: int, pool: TrackTable) -> Bools:
    """Return which tracks leave the planned silences behind a place as near to their time."""
    start_ms, end_ms = length_ms(draft.order[:place]), length_ms(draft.order)
    longer_ms = np.rint(pool.seconds * 1000.0) - length_ms(draft.order[place : place + 1])
    keeps = np.ones(len(pool), np.bool_)
    for rest in draft.rests:
        if start_ms < rest.at_ms < end_ms:
            off_ms = rest.at_ms - rest.asked_ms
            keeps &= np.abs(off_ms + longer_ms) <= max(draft.most_shift_ms, abs(off_ms))
    return keeps


def _prices(draft: Draft, place: int, tracks: list[Track], items: Items) -> Floats:
    """Return what each track costs there beside its transitions, infinite where barred.

    Barred is what is farther beyond a limit of its phases than any track of the session is, and
    what is far from the profile.
    """
    objective = draft.objective
    start_ms = length_ms(draft.order[:place])
    longest = max(tracks, key=lambda track: track.duration_s)
    grid = result.ordered([longest], objective, start_ms, ()).grid
    (old,) = result.slots(result.ordered([draft.order[place]], objective, start_ms, ()))
    least, most = min(old.energy - old.target, -FAR), max(old.energy - old.target, FAR)
    first = step_at(start_ms)
    whole = result.ordered(draft.order, objective)
    beyond = replace(grid, limits=grid.limits + _excess(whole))
    barred = beyond.forbids(items, np.arange(len(tracks)))
    above = peaks.excess(TrackTable.of(tracks), first, objective)
    barred |= (above > _most_above(whole))[:, None]
    prices, away = np.empty(len(tracks)), np.full(len(tracks), np.inf)
    for number, (track, steps) in enumerate(zip(tracks, items.steps.tolist(), strict=True)):
        energies, target = items.contour(number, steps), grid.target[first : first + steps]
        last = max(step_at(start_ms + round(track.duration_s * 1000)), first + 1)
        is_barred = barred[number, np.unique(grid.phase[first:last])].any()
        off = float(energies.mean() - target.mean())
        prices[number] = ((energies - target) ** 2).sum()
        prices[number] += items.step_price[number, grid.phase[first : first + steps]].sum()
        if not is_barred and least <= off <= most:
            away[number] = abs(off)
    return np.where(away < away.min() + FAR, prices, np.inf)


def distances(draft: Draft, place: int) -> Floats:
    """Return how far from the profile each track of the pool would stand in a place, about.

    That is infinite where it plays already, or is barred from the phase. Lengths do not count.
    """
    start_ms, objective = length_ms(draft.order[:place]), draft.objective
    here = result.ordered([draft.order[place]], objective, start_ms, ())
    (old,), phase = result.slots(here), here.phase(0)
    free = ~repeated(draft.pool, draft.order) & within_limits(draft.pool, phase)
    levels = result.Pool.of(draft.pool, objective).levels
    highest = _most_above(result.ordered(draft.order, objective))
    free &= peaks.excess(draft.pool, step_at(start_ms), objective) <= highest
    return np.where(free, np.abs(levels - old.target), np.inf)


def _most_above(order: result.Order) -> float:
    """Return how far the tracks of an order lie above the peaks of their phases at most, or 0."""
    return max(
        float(order.above_peaks(place).max(initial=0.0)) for place in range(len(order.tracks))
    )


def _excess(order: result.Order) -> Floats:
    """Return how far the tracks of an order are beyond each of PHASE_LIMITS at most, or 0."""
    excess = np.zeros(order.grid.limits.shape[1])
    for values, (first, last) in zip(order.items.limited, order.spans, strict=True):
        beyond = values - order.grid.limits[np.unique(order.grid.phase[first:last])]
        excess = np.fmax(excess, beyond.max(axis=0, initial=0.0))
    return excess
