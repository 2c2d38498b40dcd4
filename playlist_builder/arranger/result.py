"""From the solver's items back to a session, with what is worth knowing though no rule broke."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from playlist_builder.arranger import trims
from playlist_builder.arranger.problem import Objective
from playlist_builder.arranger.rules import SILENCE_S
from playlist_builder.arranger.solver.cost import (
    END_WEIGHT,
    STEP_MS,
    Items,
    TimeGrid,
    peaks_of,
    rescale,
    step_at,
    time_grid,
)
from playlist_builder.language.notices import Notice, notice
from playlist_builder.models import (
    AUDIBLE_LU,
    STEP_S,
    Floats,
    Scale,
    Session,
    Silence,
    Slot,
    Track,
)
from playlist_builder.profiles import rests
from playlist_builder.profiles.profile import Phase, Profile, Rules
from playlist_builder.profiles.rests import Rest
from playlist_builder.tracks.track_table import TrackTable
from playlist_builder.tracks.works import work_of

ABOVE = 0.35  # above the plan that is worth a word: half a minute may startle in a calm phase
SUDDEN_LU = 15.0  # of a rise within a second that is worth a word in any phase


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """Tracks in the order in which they play, with their items; the first begins at `start_ms`.

    Milliseconds are those of the music, which stands still in the planned silences of the objective
    (`rests`, where they come); seconds are those of the session.
    """

    tracks: Sequence[Track]
    items: Items
    profile: Profile
    grid: TimeGrid
    start_ms: int = 0
    rests: tuple[Rest, ...] = ()

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
    def starts_s(self) -> list[float]:
        """When each track starts, in seconds of the session."""
        return [self.time_s(start_ms) for start_ms in self.starts_ms]

    @property
    def ends_s(self) -> list[float]:
        """When each track ends, in seconds of the session."""
        return [rests.end_ms(self.rests, end_ms) / 1000.0 for end_ms in self.ends_ms]

    def time_s(self, time_ms: int) -> float:
        """Return the second of the session at which begins what plays from a time on."""
        return rests.start_ms(self.rests, time_ms) / 1000.0

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The steps in which each track starts and ends."""
        return list(pairwise([step_at(self.start_ms), *map(step_at, self.ends_ms)]))

    def since(self, place: int) -> "Order":
        """Return the order without what plays before a place, from 0."""
        start_ms = [self.start_ms, *self.ends_ms][place]
        items = self.items.take(np.arange(place, len(self.tracks)))
        return Order(self.tracks[place:], items, self.profile, self.grid, start_ms, self.rests)

    def phase(self, place: int) -> Phase:
        """Return the phase to which the track at a place belongs: that of its middle."""
        return self.profile.phase_at((self.starts_ms[place] + self.ends_ms[place]) / 2000.0)

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


def ordered(
    tracks: Sequence[Track],
    objective: Objective,
    start_ms: int = 0,
    known: tuple[Rest, ...] | None = None,
) -> Order:
    """Return tracks as the order in which they play, with silences where they are `known` to come.

    Where that is not given, they come at the joins that are nearest to when they are planned.
    """
    items, music = items_in_order(tracks, objective), objective.music
    lasts_s = (start_ms + int(items.length_ms.sum())) / 1000.0
    beyond_s = max(lasts_s - music.duration_s, 0.0) + STEP_S
    grid = time_grid(music, 0.0, beyond_s, objective.rules.loudness_step_lu)
    order = Order(tracks, items, music, grid, start_ms, known or ())
    return order if known is not None else with_rests(order, objective)


def with_rests(order: Order, objective: Objective) -> Order:
    """Return an order with the planned silences at the joins nearest to their time."""
    planned = objective.rests
    if not planned:
        return order
    return replace(order, rests=rests.placed(planned, order.ends_ms, order.grid.asked_ms))


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
    return [float(items.contour(item, max(count, 1)).mean()) for item, count in enumerate(steps)]


def slots(order: Order) -> list[Slot]:
    """Return one slot per track; the middle of a slot decides on its phase."""
    result = []
    played = zip(order.tracks, order.starts_s, order.ends_s, order.spans, strict=True)
    behind = np.arange(1, len(order.tracks))
    style_steps = [None, *order.items.styles.distance(behind - 1, behind).tolist()]
    for number, (track, start_s, end_s, (first, last)) in enumerate(played):
        steps = max(last - first, 1)  # one that was skipped at once fills no step
        contour = order.items.contour(number, steps)
        result.append(
            Slot(
                path=track.path,
                identity=track.identity,
                title=track.tags.title,
                artist=track.tags.artist,
                album=track.tags.album,
                start_s=start_s,
                end_s=end_s,
                phase=order.phase(number).name,
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
                work=work_of(track),
            )
        )
    return result


def session(order: Order, scale: Scale, seed: int, cost: float, bound: float) -> Session:
    """Return the session of an order; `cost` and `bound` are sums over steps."""
    filled = slots(order)
    spans = zip(filled, order.spans, strict=True)
    contour = np.concatenate([slot.contour[: last - first] for slot, (first, last) in spans])
    distance = contour - order.grid.target[: len(contour)]
    silent_ms = sum(rest.length_ms for rest in order.rests)
    return Session(
        profile=order.profile.name,
        scale=scale,
        target_s=order.profile.duration_s + silent_ms / 1000.0,
        duration_s=(order.ends_ms[-1] + silent_ms) / 1000.0,
        cost=cost / order.grid.asked_steps,
        bound=bound / order.grid.asked_steps,
        rms_error=float(np.sqrt(np.mean(distance**2))),
        slots=tuple(filled),
        silences=silences_of(order),
        curve=curve_of(order, 0, order.grid.asked_steps),
        seed=seed,
    )


def silences_of(order: Order) -> tuple[Silence, ...]:
    """Return the planned silences of an order, in seconds of the session."""
    found: list[Silence] = []
    for place, rest in enumerate(order.rests):
        start_ms = rests.start_ms(order.rests[:place], rest.at_ms)
        end_ms = start_ms + rest.length_ms
        found.append(Silence(start_ms / 1000.0, end_ms / 1000.0, rest.phase))
    return tuple(found)


def curve_of(order: Order, first: int, last: int) -> tuple[float, ...]:
    """Return the planned energy of steps of the music, with those of the silences among them.

    A silence holds the level before it.
    """
    asked = order.grid.target[first:last]
    if not order.rests:
        return tuple(asked.tolist())
    silent_ms = sum(rest.length_ms for rest in order.rests)
    times_ms = (first + np.arange(len(asked) + step_at(silent_ms))) * STEP_MS + STEP_MS // 2
    played_ms = [rests.music_ms(order.rests, time_ms) for time_ms in times_ms.tolist()]
    steps = np.clip(np.array(played_ms, np.int64) // STEP_MS - first, 0, len(asked) - 1)
    return tuple(asked[steps].tolist())


def warnings(order: Order, rules: Rules, reach: float, *, scaled: bool) -> list[Notice]:
    """Return what is feasible but worth knowing; `reach` is the highest energy of the library."""
    return [
        *rises(order, rules.loudness_step_lu),
        *sudden(order),
        *silences(order),
        *planned(order),
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
    return [_at_moment(order, place, order.starts_s[place], "loudness_jumps", values)]


def sudden(order: Order) -> list[Notice]:
    """Tell of the tracks that get far louder within a second where no limit forbids it, if any."""
    found = [
        (track.features.startle_lu, place)
        for place, track in enumerate(order.tracks)
        if track.features.startle_lu > SUDDEN_LU and order.phase(place).max_startle_lu is None
    ]
    if not found:
        return []
    worst_lu, place = max(found, key=lambda each: each[0])
    values = {"count": len(found), "limit_lu": SUDDEN_LU, "worst_lu": round(worst_lu, 1)}
    return [_at_moment(order, place, order.starts_s[place], "sudden", values)]


def silences(order: Order) -> list[Notice]:
    """Tell of the passages from one track to the next that are silent for too long, if any."""
    silent_s = order.items.trail_s[:-1] + order.items.lead_s[1:]
    planned = {rest.at_ms for rest in order.rests}
    silent_s *= [end_ms not in planned for end_ms in order.ends_ms[:-1]]
    count = int((silent_s > SILENCE_S).sum())
    if not count:
        return []
    place = int(silent_s.argmax()) + 1
    values = {"count": count, "limit": SILENCE_S, "worst": round(float(silent_s.max()))}
    return [_at_moment(order, place, order.starts_s[place], "silences", values)]


def planned(order: Order) -> list[Notice]:
    """Tell of all planned silences of the session, as not everything plays them, if any."""
    if not order.rests:
        return []
    lasts_s = sum(rest.length_ms for rest in order.rests) / 1000.0
    return [notice("planned_silences", count=len(order.rests), lasts_s=lasts_s)]


def climbs(order: Order) -> list[Notice]:
    """Tell of the tracks that stand far above the plan at some moment, if any."""
    found = []
    for place, (first, last) in enumerate(order.spans):
        above = order.items.contour(place, last - first) - order.grid.target[first:last]
        if len(above) and above.max() > ABOVE:
            step_ms = (first + int(above.argmax())) * STEP_MS
            at_s = order.time_s(max(step_ms, order.starts_ms[place]))
            found.append((float(above.max()), place, at_s))
    if not found:
        return []
    excess, place, at_s = max(found)
    values = {"count": len(found), "limit": ABOVE, "worst": round(excess, 2)}
    return [_at_moment(order, place, at_s, "above_plan", values)]


def _at_moment(
    order: Order, place: int, at_s: float, code: str, values: Mapping[str, float]
) -> Notice:
    title, phase = called(order.tracks[place]), order.phase(place).name
    return notice(code, **values, title=title, at_s=at_s, phase=phase)


def _empty_phases(order: Order) -> list[Notice]:
    """Tell of the phases, from the start of the order on, to which no track belongs.

    One that was drawn or steered stands in several parts of its name.
    """
    begun = {order.phase(place).start_s for place in range(len(order.tracks))}
    parts = [list(own) for _, own in groupby(order.profile.phases, key=lambda each: each.name)]
    empty = [
        own[0].name
        for own in parts
        if begun.isdisjoint(each.start_s for each in own)
        and own[0].start_s * 1000.0 >= order.start_ms
    ]
    return [notice("empty_phases", phases=tuple(dict.fromkeys(empty)))] if empty else []


def _narrow(order: Order, reach: float, *, scaled: bool) -> list[Notice]:
    planned = order.grid.target[step_at(order.start_ms) : order.grid.asked_steps]
    peak = float(planned.max(initial=0.0))
    if reach >= peak:
        return []
    code = "scaled_to_library" if scaled else "below_plan"
    return [notice(code, reach=round(reach, 2), peak=round(peak, 2))]


def called(track: Track) -> str:
    """Return what a notice calls a track: its title, or its path."""
    return track.tags.title or track.path
