"""From the solver's items back to a session, with all that a listener should know about it.

A finished order of tracks is checked against the rules that were asked for by arithmetic of its
own, so that every rule that gave way is listed even if the search had a fault.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise

import numpy as np
from numpy.typing import NDArray

from playlist_builder.arranger import trims
from playlist_builder.arranger.problem import Objective
from playlist_builder.arranger.rules import PHASE_LIMITS, SILENCE_S, PhaseLimit, Pin, phase_of
from playlist_builder.arranger.solver.cost import (
    END_WEIGHT,
    Items,
    TimeGrid,
    peaks_of,
    rescale,
    step_at,
    time_grid,
)
from playlist_builder.artists import artists
from playlist_builder.models import AUDIBLE_LU, STEP_S, Floats, Scale, Session, Slot, Track
from playlist_builder.notices import Notice, notice
from playlist_builder.profiles.profile import Phase, Profile, Rules
from playlist_builder.track_table import TrackTable

ABOVE = 0.35  # above the plan that is worth a word: half a minute may startle in a calm phase
GUARDS = 3  # of PHASE_LIMITS, the last of them: given up after pins and duration
ROUNDING_S = 0.0005  # times are kept in whole milliseconds


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """Tracks in the order in which they play, with their items; the first begins at `start_ms`."""

    tracks: Sequence[Track]
    items: Items
    profile: Profile
    grid: TimeGrid
    start_ms: int = 0

    @property
    def ends_ms(self) -> list[int]:
        """When each track ends."""
        ends: list[int] = (self.start_ms + np.cumsum(self.items.length_ms)).tolist()
        return ends

    @property
    def starts_ms(self) -> list[int]:
        """When each track starts."""
        return [self.start_ms, *self.ends_ms[:-1]]

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The steps in which each track starts and ends."""
        return list(pairwise([step_at(self.start_ms), *map(step_at, self.ends_ms)]))

    def since(self, place: int) -> "Order":
        """Return the order without what plays before a place, from 0."""
        start_ms = [self.start_ms, *self.ends_ms][place]
        items = self.items.take(np.arange(place, len(self.tracks)))
        return Order(self.tracks[place:], items, self.profile, self.grid, start_ms)

    def above_peaks(self, place: int) -> Floats:
        """Return how far each step of the track at a place lies above the peak of its phase."""
        first, last = self.spans[place]
        limits = peaks_of(self.profile.phases)[self.grid.phase[first:last]]
        return self.items.contour(place, last - first) - limits

    @property
    def cost(self) -> float:
        """What the order costs, as a sum over steps."""
        follow = sum(
            float(((self.items.contour(number, last - first) - target) ** 2).sum())
            + float(self.items.step_price[number, self.grid.phase[first:last]].sum())
            for number, (first, last) in enumerate(self.spans)
            for target in (self.grid.target[first:last],)
        )
        behind = np.arange(1, len(self.tracks))
        step_lu = self.grid.loudness_jump_lu
        transitions = float(self.items.transition_cost(behind - 1, behind, step_lu).sum())
        return follow + transitions + END_WEIGHT * abs(self.spans[-1][1] - self.grid.asked_steps)


def ordered(tracks: Sequence[Track], objective: Objective, start_ms: int = 0) -> Order:
    """Return tracks as the order in which they play."""
    items = items_in_order(tracks, objective)
    lasts_s = (start_ms + int(items.length_ms.sum())) / 1000.0
    beyond_s = max(lasts_s - objective.profile.duration_s, 0.0) + STEP_S
    grid = time_grid(objective.profile, 0.0, beyond_s, objective.rules.loudness_step_lu)
    return Order(tracks, items, objective.profile, grid, start_ms)


def items_in_order(tracks: Sequence[Track], objective: Objective) -> Items:
    """Return the items of tracks in the order of the tracks."""
    items = objective.items(tracks, np.arange(len(tracks)))
    return items.take(np.argsort(items.order))


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Tracks that pass the rules, and where their energies lie on the scale of the session.

    That is near their mean there, and quick to tell of very many tracks.
    """

    tracks: TrackTable
    levels: NDArray[np.float32]

    @staticmethod
    def of(tracks: Sequence[Track], objective: Objective) -> "Pool":
        """Return tracks as a pool."""
        table = TrackTable.of(tracks)
        return Pool(table, rescale(table.energy.astype(np.float32), objective.percentiles))


def energies(tracks: Sequence[Track], objective: Objective) -> list[float]:
    """Return the mean energy of each track on the scale of the session."""
    if not tracks:
        return []
    items = items_in_order(tracks, objective)
    steps = items.steps.tolist()
    return [float(items.contour(item, count).mean()) for item, count in enumerate(steps)]


def slots(order: Order) -> list[Slot]:
    """Return one slot per track; the middle of a slot decides on its phase."""
    result = []
    played = zip(order.tracks, order.starts_ms, order.ends_ms, order.spans, strict=True)
    behind = np.arange(1, len(order.tracks))
    style_steps = [None, *order.items.styles.distance(behind - 1, behind).tolist()]
    for number, (track, start_ms, end_ms, (first, last)) in enumerate(played):
        steps = max(last - first, 1)  # one that was skipped at once fills no step
        contour = order.items.contour(number, steps)
        result.append(
            Slot(
                path=track.path,
                identity=track.identity,
                title=track.tags.title,
                artist=track.tags.artist,
                album=track.tags.album,
                start_s=start_ms / 1000.0,
                end_s=end_ms / 1000.0,
                phase=_phase(order, number),
                energy=float(contour.mean()),
                target=float(order.grid.target[first : first + steps].mean()),
                contour=tuple(contour.tolist()),
                loudness_lufs=track.features.loudness_lufs,
                vocals=track.vocals,
                start_loudness_lufs=track.features.start_loudness_lufs,
                end_loudness_lufs=track.features.end_loudness_lufs,
                tension=track.emotion.tension if track.emotion else None,
                style_step=style_steps[number],
                from_s=track.from_s,
                to_s=track.to_s,
            )
        )
    return result


def session(order: Order, scale: Scale, seed: int, cost: float, bound: float) -> Session:
    """Return the session of an order; `cost` and `bound` are sums over steps."""
    filled = slots(order)
    spans = zip(filled, order.spans, strict=True)
    contour = np.concatenate([slot.contour[: last - first] for slot, (first, last) in spans])
    distance = contour - order.grid.target[: len(contour)]
    return Session(
        profile=order.profile.name,
        scale=scale,
        target_s=order.profile.duration_s,
        duration_s=order.ends_ms[-1] / 1000.0,
        cost=cost / order.grid.asked_steps,
        bound=bound / order.grid.asked_steps,
        rms_error=float(np.sqrt(np.mean(distance**2))),
        slots=tuple(filled),
        curve=tuple(order.grid.target[: order.grid.asked_steps].tolist()),
        seed=seed,
    )


def given_up(
    order: Order,
    rules: Rules,
    tolerance_s: float,
    pins: Sequence[tuple[Pin, int]],
    *,
    played: int = 0,
) -> list[Notice]:
    """Return one notice per rule that the order breaks; a pin comes with its place from 0.

    What concerns only the tracks that have `played` is left out.
    """
    rest = order.since(played)
    return [
        *_crowded(order, rules.artist_max, played),
        *_near(order, rules.artist_gap, played),
        *beyond_limits(rest, PHASE_LIMITS[:-GUARDS]),
        *_moved(order, tolerance_s, [pin for pin in pins if pin[1] >= played]),
        *_late(order, tolerance_s),
        *beyond_peaks(rest),
        *beyond_limits(rest, PHASE_LIMITS[-GUARDS:]),
    ]


def _crowded(order: Order, most: int, played: int) -> list[Notice]:
    counts = Counter(name for track in order.tracks for name in sorted(artists(track)))
    left = {name for track in order.tracks[played:] for name in artists(track)}
    crowd = [(name, count) for name, count in counts.most_common() if count > most and name in left]
    return [notice("artist_max", most=most, artists=tuple(crowd[:3]))] if crowd else []


def _near(order: Order, gap: int, played: int) -> list[Notice]:
    names = [artists(track) for track in order.tracks]
    times = sum(
        bool(names[left] & names[right])
        for left in range(len(names))
        for right in range(max(left + 1, played), min(left + gap + 1, len(names)))
    )
    return [notice("artist_gap", count=times, gap=gap)] if times else []


def beyond_limits(order: Order, limits: Sequence[PhaseLimit]) -> list[Notice]:
    """Return one notice per limit beyond which a track plays in a phase."""
    table = TrackTable.of(order.tracks)
    return [told for limit in limits for told in _beyond(order, limit, limit.of(table).tolist())]


def _beyond(order: Order, limit: PhaseLimit, values: Sequence[float]) -> list[Notice]:
    found: list[tuple[float, int, Phase, float]] = []
    for place, (value, (first, last)) in enumerate(zip(values, order.spans, strict=True)):
        for number in np.unique(order.grid.phase[first:last]).tolist():
            phase = order.profile.phases[number]
            most = limit.most(phase)
            if value > most:
                found.append((value - most, place, phase, most))
    if not found:
        return []
    excess, place, phase, most = max(found, key=lambda each: each[0])
    count, track = len({each[1] for each in found}), order.tracks[place]
    where: dict[str, str | float] = {"title": _called(track), "phase": phase.name}
    if limit.starts:
        where["at_s"] = order.starts_ms[place] / 1000.0 + getattr(track.features, limit.starts)
    value = float(f"{excess + most:.4g}")
    return [notice(limit.code, count=count, value=value, limit=most, **where)]


def beyond_peaks(order: Order) -> list[Notice]:
    """Return a notice where a moment of a track lies above the peak of its phase, if any does."""
    found = []
    for place, (first, _) in enumerate(order.spans):
        above = order.above_peaks(place)
        if above.max(initial=0.0) > 0.0:
            found.append((float(above.max()), -place, first + int(above.argmax())))
    if not found:
        return []
    excess, place, step = max(found)
    phase = order.profile.phases[order.grid.phase[step]]
    at_s = max(step * STEP_S, order.starts_ms[-place] / 1000.0)
    values = {"count": len(found), "value": excess + phase.peak_limit, "limit": phase.peak_limit}
    title = _called(order.tracks[-place])
    return [notice("peak", **values, title=title, at_s=at_s, phase=phase.name)]


def _late(order: Order, tolerance_s: float) -> list[Notice]:
    off_s = order.ends_ms[-1] / 1000.0 - order.profile.duration_s
    if abs(off_s) <= tolerance_s + ROUNDING_S:
        return []
    code = "duration_longer" if off_s > 0.0 else "duration_shorter"
    return [notice(code, off_s=round(abs(off_s)), tolerance_s=round(tolerance_s))]


def _moved(order: Order, tolerance_s: float, pins: Sequence[tuple[Pin, int]]) -> list[Notice]:
    moved = []
    for pin, place in pins:
        asked, phase = phase_of(pin, order.profile), _phase(order, place)
        if asked is not None and phase != asked.name:
            title = _called(order.tracks[place])
            moved.append(notice("pin_phase", title=title, phase=phase, asked=asked.name))
        if pin.minute is not None:
            start_s = order.starts_ms[place] / 1000.0
            if abs(start_s - pin.minute * 60.0) > tolerance_s + ROUNDING_S:
                title, asked_s = _called(order.tracks[place]), pin.minute * 60.0
                moved.append(notice("pin_moved", title=title, at_s=start_s, asked_s=asked_s))
    return moved


def warnings(order: Order, rules: Rules, reach: float, *, scaled: bool) -> list[Notice]:
    """Return what is feasible but worth knowing; `reach` is the highest energy of the library."""
    return [
        *rises(order, rules.loudness_step_lu),
        *silences(order),
        *climbs(order),
        *_empty_phases(order),
        *_narrow(order, reach, scaled=scaled),
        *trims.notices(order.tracks),
    ]


def rises(order: Order, limit_lu: float) -> list[Notice]:
    """Tell of the passages at which the loudness rises beyond a limit, if any."""
    jumps = (order.items.start_lufs[1:] - order.items.end_lufs[:-1]).tolist()
    beyond = [jump for jump in zip(jumps, count(1)) if jump[0] > limit_lu + AUDIBLE_LU]
    if not beyond:
        return []
    worst_lu, place = max(beyond, key=lambda jump: jump[0])
    values = {"count": len(beyond), "limit_lu": limit_lu, "worst_lu": round(worst_lu, 1)}
    return [_at_moment(order, place, order.starts_ms[place] / 1000.0, "loudness_jumps", values)]


def silences(order: Order) -> list[Notice]:
    """Tell of the passages from one track to the next that are silent for too long, if any."""
    silent_s = order.items.trail_s[:-1] + order.items.lead_s[1:]
    count = int((silent_s > SILENCE_S).sum())
    if not count:
        return []
    place = int(silent_s.argmax()) + 1
    values = {"count": count, "limit": SILENCE_S, "worst": round(float(silent_s.max()))}
    return [_at_moment(order, place, order.starts_ms[place] / 1000.0, "silences", values)]


def climbs(order: Order) -> list[Notice]:
    """Tell of the tracks that stand far above the plan at some moment, if any."""
    found = []
    for place, (first, last) in enumerate(order.spans):
        above = order.items.contour(place, last - first) - order.grid.target[first:last]
        if len(above) and above.max() > ABOVE:
            at_s = max((first + int(above.argmax())) * STEP_S, order.starts_ms[place] / 1000.0)
            found.append((float(above.max()), place, at_s))
    if not found:
        return []
    excess, place, at_s = max(found)
    values = {"count": len(found), "limit": ABOVE, "worst": round(excess, 2)}
    return [_at_moment(order, place, at_s, "above_plan", values)]


def _at_moment(
    order: Order, place: int, at_s: float, code: str, values: Mapping[str, float]
) -> Notice:
    title, phase = _called(order.tracks[place]), _phase(order, place)
    return notice(code, **values, title=title, at_s=at_s, phase=phase)


def _phase(order: Order, place: int) -> str:
    """Return the name of the phase to which the track at a place belongs, as its slot has it."""
    middle_s = (order.starts_ms[place] + order.ends_ms[place]) / 2000.0
    return order.profile.phase_at(middle_s).name


def _empty_phases(order: Order) -> list[Notice]:
    """Tell of the phases, from the start of the order on, to which no track belongs."""
    times = zip(order.starts_ms, order.ends_ms, strict=True)
    begun = {order.profile.phase_at((start + end) / 2000.0).start_s for start, end in times}
    empty = [
        phase.name
        for phase in order.profile.phases
        if phase.start_s not in begun and phase.start_s * 1000.0 >= order.start_ms
    ]
    return [notice("empty_phases", phases=tuple(dict.fromkeys(empty)))] if empty else []


def _narrow(order: Order, reach: float, *, scaled: bool) -> list[Notice]:
    planned = order.grid.target[step_at(order.start_ms) : order.grid.asked_steps]
    peak = float(planned.max(initial=0.0))
    if reach >= peak:
        return []
    code = "scaled_to_library" if scaled else "below_plan"
    return [notice(code, reach=round(reach, 2), peak=round(peak, 2))]


def _called(track: Track) -> str:
    return track.tags.title or track.path
