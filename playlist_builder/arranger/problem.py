"""The user's constraints as a problem of numbers: usable tracks as arrays, rules as groups, limits.

In go tracks, a profile and `Constraints`; out comes a `Problem`, and for each `Relaxation` of its
rules an `Instance` that the solver takes. Which rule gives way is decided in `relax`.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import blake2b

import numpy as np

from playlist_builder.arranger import trims
from playlist_builder.arranger.checks import check_pins, check_pins_fit, check_settings
from playlist_builder.arranger.groups import ArtistLimits, groups_of
from playlist_builder.arranger.recordings import spare_copies
from playlist_builder.arranger.rules import (
    PHASE_LIMITS,
    UNWANTED,
    Constraints,
    Pin,
    admit,
    most_removed,
    phase_of,
    pinned,
    shortage,
    sounding,
)
from playlist_builder.arranger.sheets import album_notices
from playlist_builder.arranger.solver import cost
from playlist_builder.arranger.solver.cost import FixedItem, Items
from playlist_builder.arranger.solver.graph import Groups
from playlist_builder.arranger.solver.instance import Instance, no_copies
from playlist_builder.errors import ArrangeError
from playlist_builder.language.notices import Notice, notice
from playlist_builder.models import Floats, Ints, Scale, Track
from playlist_builder.profiles.profile import Profile, Rules
from playlist_builder.profiles.rests import Rest, music_ms, rests_of
from playlist_builder.tracks.track_table import TrackTable

LEAST_TOLERANCE_S = 30.0  # of a search; less is rather given up than any other rule
TOLERANCES = (0.02, 0.05, 0.1)  # shares of the duration
LONG_SILENCES = "long silences"  # why tracks are left out of a session that may be short
MOST_TOLERANCE = 0.5  # of the duration


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """What a session is measured by: the planned curve, constraints, and the scale of energy.

    `percentiles` leads from the absolute to the relative scale; None on the absolute one. Tracks
    are compared with the `music` of the profile; its `rests` come between them.
    """

    profile: Profile
    constraints: Constraints
    percentiles: Floats | None

    @property
    def music(self) -> Profile:
        """The profile without its planned silences, on the clock of the arranger."""
        return self.profile.music

    @property
    def rests(self) -> tuple[Rest, ...]:
        """The planned silences."""
        return rests_of(self.profile)

    @property
    def inner_rests(self) -> tuple[Rest, ...]:
        """The planned silences before the end, near which a track has to end."""
        asked_ms = round(self.music.duration_s * 1000)
        return tuple(rest for rest in self.rests if rest.at_ms < asked_ms)

    @property
    def seed(self) -> int:
        """Which of the sessions of nearly the same cost is asked for, 0 for the best."""
        return self.constraints.seed

    @property
    def tolerance_s(self) -> float:
        """How much longer or shorter than the profile a session may be."""
        return self.constraints.tolerance_s

    @property
    def rules(self) -> Rules:
        """The user's rules, or those of the profile."""
        return self.constraints.rules or self.profile.rules

    @property
    def scale(self) -> Scale:
        """The scale on which energies are compared with the curve."""
        return "absolute" if self.percentiles is None else "relative"

    def items(self, tracks: Sequence[Track], ranks: Ints) -> Items:
        """Return tracks as arrays, ordered by whole steps and then by rank."""
        items = cost.items_of(
            tracks,
            self.percentiles,
            self.step_prices(tracks),
            ranks,
            cohesion=self.rules.cohesion,
        )
        return items.levelled() if self.constraints.levelled else items

    def step_prices(self, tracks: Sequence[Track]) -> Floats:
        """Return the price per step of each track in each phase, shape (n, phases).

        That is the price for not being preferred, of tension, of not being moving, and of cuts.
        """
        table, phases = TrackTable.of(tracks), self.profile.phases
        prices = cost.tension_prices(table.tension, phases)
        prices += cost.moving_prices(table.moving, phases)
        prices += trims.step_prices(table) if self.constraints.trim_s else 0.0
        prefer = self.constraints.with_queries(self.rules).prefer
        if prefer is not None:
            preferences = np.array([prefer(track) for track in tracks], dtype=np.float64)
            prices += cost.PREFER_WEIGHT * (1.0 - np.clip(preferences, UNWANTED, 1.0))[:, None]
        return prices


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Which rules are lifted, in the order of the docstring of `arrange`.

    `pin_limits` frees pinned tracks alone from the limits of phases; `colour`, `tension`,
    `pulse_clarity`, `peak`, `stroke_rate_hz`, `startle_lu` and `silence_s` are added to the limits
    of phases on them. By `pin_slack_s` a pin may start before or after the minute or the phase that
    it asks for, by `rest_slack_s` a planned silence before or after its time.
    """

    pin_limits: bool = False
    artist_max: bool = False
    artist_gap: bool = False
    colour: float = 0.0
    tension: float = 0.0
    pulse_clarity: float = 0.0
    pin_slack_s: float = 0.0
    rest_slack_s: float = 0.0
    tolerance_s: float = 0.0
    peak: float = 0.0
    stroke_rate_hz: float = 0.0
    startle_lu: float = 0.0
    silence_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The part of a session that is searched, if it is not the whole, and what lies around it.

    `span_ms` is that part of the music. `fixed` holds the items at its borders, which no limit of a
    phase binds, and `free_ms` is the part between them. `used` counts the tracks of each artist
    that play elsewhere.
    """

    span_ms: tuple[int, int] | None = None
    free_ms: tuple[int, int] | None = None
    fixed: tuple[FixedItem, ...] = ()
    used: Mapping[str, int] = field(default_factory=Counter)

    @property
    def opens_later(self) -> bool:
        """Whether something plays before what is searched for."""
        return any(fixed.place == 1 for fixed in self.fixed)


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """All that no relaxation changes; `tracks` are in the order of `items`.

    `pins` come with their items, `reach` is the highest energy of these tracks on the absolute
    scale, and `notes` say how the problem differs from the constraints. No track that is louder
    than `opening_lufs` comes first. `spare` gives those of some items that are copies of others.
    """

    tracks: TrackTable
    items: Items
    objective: Objective
    pins: tuple[tuple[Pin, int], ...]
    reach: float = 1.0
    notes: tuple[Notice, ...] = ()
    window: Window = Window()
    opening_lufs: float = np.inf
    spare: Callable[[Ints], Ints] = no_copies


def build_problem(tracks: Sequence[Track], profile: Profile, constraints: Constraints) -> Problem:
    """Return the problem of arranging these tracks for a profile.

    Raises ArrangeError where too little music passes or a pin cannot be kept, ProfileError where
    the profile cannot take the duration, or has no phase that a pin names.
    """
    check_settings(constraints)
    duration_s, tolerance_s = constraints.duration_s, constraints.tolerance_s
    rules = constraints.rules or profile.rules
    queried = constraints.with_queries(rules)
    scaled = profile if duration_s is None else profile.scaled(duration_s)
    if tolerance_s > MOST_TOLERANCE * scaled.duration_s and not constraints.use_all:
        raise ArrangeError(
            "A tolerance of {tolerance_s:g} min is too much for a session of"
            " {duration_s:g} min. Ask for at most half of it.",
            tolerance_s=tolerance_s / 60.0,
            duration_s=scaled.duration_s / 60.0,
        )
    check_pins(constraints.pins, scaled)
    # No rule is given up sooner than a tolerance below the least one.
    widest_s = max(tolerance_s, LEAST_TOLERANCE_S)
    longest_s = np.inf if constraints.use_all else scaled.duration_s + widest_s
    table = TrackTable.of(tracks)
    albums = album_notices(table, rules.track_max_s)
    notes = [*albums]
    passed, removed = admit(table, rules, queried, longest_s)
    own = [pinned(table, pin, rules, queried, longest_s) for pin in constraints.pins]
    if constraints.allow_short:  # then a shorter session is better than one with a long silence
        kept = np.isin(passed, own) | sounding(table.take(passed), profile)
        if not kept.all():
            passed, removed[LONG_SILENCES] = passed[kept], int((~kept).sum())
    if constraints.use_all:
        spare = spare_copies(table.take(passed))
        notes += [notice("copies_left_out", count=len(spare))] if spare else []
        notes += [
            notice("left_out_by_rule", count=count, reason=reason)
            for reason, count in sorted(removed.items())
        ]
        passed = np.delete(passed, list(spare))
    usable = table.take(passed)
    spare = spare_copies(usable) if constraints.allow_short else set()  # of copies one plays
    passed_s = float(np.delete(np.rint(usable.seconds * 1000.0), list(spare)).sum()) / 1000.0
    silent_s = sum(phase.silence_s for phase in profile.phases)
    if constraints.use_all and duration_s is None and usable:
        scaled = profile.scaled(passed_s + silent_s)
    elif not usable or passed_s < scaled.duration_s - silent_s - widest_s:
        if not constraints.allow_short or not usable:
            too_little = shortage(scaled, passed_s, removed, allow_short=constraints.allow_short)
            raise _with_albums(too_little, albums)
        notes.append(
            notice(
                "short_session",
                asked_min=round(scaled.duration_s / 60.0),
                passed_min=round(passed_s / 60.0),
                removed=most_removed(removed),
            )
        )
        scaled = profile.scaled(passed_s + silent_s)
    objective = Objective(scaled, constraints, percentiles_of(table, constraints.scale))
    items = objective.items(usable, usable.rank)
    usable, passed = usable.take(items.order), passed[items.order]
    pins = tuple(
        (pin, int(np.flatnonzero(passed == place)[0]))
        for pin, place in zip(constraints.pins, own, strict=True)
    )
    if not constraints.use_all:
        music_s = scaled.music.duration_s
        most_ms = 1000 * max(music_s * (1.0 + TOLERANCES[-1]), music_s + widest_s)
        check_pins_fit(pins, items.length_ms, music_s / 60.0, most_ms)
    pinned_items = {item for _, item in pins}
    prices = items.step_price.sum(axis=1)
    among = no_copies if constraints.use_all else _copies_among(usable, pinned_items, prices)
    reach = float(usable.energy.max())
    return Problem(usable, items, objective, pins, reach, tuple(notes), spare=among)


def _copies_among(
    tracks: TrackTable, kept: AbstractSet[int], price: Floats
) -> Callable[[Ints], Ints]:
    """Return what gives those of some places that `spare_copies` would leave out."""

    @cache  # each relaxation asks for those of the same places
    def spare(places: bytes) -> Ints:
        chosen = np.frombuffer(places, np.int64)
        own = {row for row, place in enumerate(chosen.tolist()) if place in kept}
        found = sorted(spare_copies(tracks.take(chosen), own, price[chosen]))
        return chosen[np.array(found, np.int64)]

    return lambda chosen: spare(chosen.tobytes())


def _with_albums(error: ArrangeError, albums: Sequence[Notice]) -> ArrangeError:
    for album in albums:
        error = ArrangeError("{error} {note}.", error=error, note=album)
    return error


def percentiles_of(tracks: Sequence[Track], scale: Scale) -> Floats | None:
    """Return the table that leads to the scale of a session of these tracks."""
    return None if scale == "absolute" else cost.percentile_table(TrackTable.of(tracks).energy)


def instance_of(problem: Problem, relaxation: Relaxation) -> Instance:
    """Return the arrays of a problem with some rules lifted."""
    objective, items, window = problem.objective, problem.items, problem.window
    tolerance_s = max(objective.tolerance_s, relaxation.tolerance_s)
    longest_s = float(items.length_ms.max()) / 1000.0
    jump_lu = objective.rules.loudness_step_lu
    grid = cost.time_grid(objective.music, tolerance_s, longest_s, jump_lu, window.span_ms)
    slack_s = max(objective.tolerance_s, LEAST_TOLERANCE_S, relaxation.rest_slack_s)
    joins = tuple(_join(rest.at_ms, slack_s, window) for rest in objective.inner_rests)
    beyond = [getattr(relaxation, limit.relaxed_by) for limit in PHASE_LIMITS]
    pins = [_fixed(pin, item, problem, grid.asked_ms, relaxation) for pin, item in problem.pins]
    unlimited = [*window.fixed, *(pins if relaxation.pin_limits else ())]
    if unlimited:
        items = items.unlimited(np.array([fixed.item for fixed in unlimited]))

    rules = objective.rules
    limits = ArtistLimits(
        len(problem.tracks) if relaxation.artist_max else rules.artist_max,
        0 if relaxation.artist_gap else rules.artist_gap,
        window.used,
        frozenset(problem.tracks[each.item].identity for each in window.fixed),
    )

    def groups(chosen: Ints) -> Groups:
        return groups_of(problem.tracks.take(chosen), limits, objective.constraints.at_most)

    def noise(chosen: Ints) -> Floats:
        identities = problem.tracks.take(chosen).identities
        names = [f"{objective.seed}:{identity}" for identity in identities]
        digests = b"".join(blake2b(name.encode(), digest_size=4).digest() for name in names)
        return np.frombuffer(digests, dtype="<u4") / 2.0**32

    return Instance(
        items,
        replace(
            grid,
            limits=grid.limits + np.array(beyond),
            peaks=grid.peaks + np.float32(relaxation.peak),
            opening_lufs=problem.opening_lufs,
            joins=tuple(filter(None, joins)),
        ),
        groups,
        (*window.fixed, *pins),
        objective.constraints.use_all,
        problem.spare,
        noise if objective.seed else None,
        is_proven=window.span_ms is None,
    )


def _join(at_ms: int, slack_s: float, window: Window) -> tuple[int, int] | None:
    """Return the steps in one of which a track has to end for a silence, None where it need not.

    In a window that is so where what lies around it may have the silence.
    """
    if np.isinf(slack_s):
        return None
    slack_ms = round(1000 * slack_s)
    earliest_ms, latest_ms = at_ms - slack_ms, at_ms + slack_ms
    if window.free_ms and not window.free_ms[0] < earliest_ms <= latest_ms < window.free_ms[1]:
        return None
    first_ms, _ = window.span_ms or (0, 0)
    # Whatever ends in these steps ends within the time, as half a step is rounded off.
    half_ms = cost.STEP_MS // 2
    first = -((first_ms - earliest_ms - half_ms) // cost.STEP_MS)
    return first, (latest_ms - first_ms - half_ms) // cost.STEP_MS


def _fixed(
    pin: Pin, item: int, problem: Problem, asked_ms: int, relaxation: Relaxation
) -> FixedItem:
    """Return the item of a pin with the times at which it may start.

    A start that would have it play beyond the end becomes the last one that does not.
    """
    objective, length_ms = problem.objective, int(problem.items.length_ms[item])
    fixed = FixedItem(item, int(problem.items.steps[item]), place=pin.place or 0)
    if relaxation.pin_slack_s == np.inf:
        return fixed
    last_ms = max(asked_ms - length_ms, 0)
    first_ms, _ = problem.window.span_ms or (0, 0)
    if pin.minute is not None:
        slack_s = max(objective.tolerance_s, relaxation.pin_slack_s)
        begin_ms = music_ms(objective.rests, round(pin.minute * 60_000)) - first_ms
        return fixed.near(min(begin_ms, last_ms), slack_s)
    phase = phase_of(pin, objective.music)
    if phase is None:
        return fixed
    slack_ms = round(1000 * relaxation.pin_slack_s)
    begin_ms, end_ms = (
        round(border_s * 1000) - first_ms - length_ms // 2
        for border_s in (phase.start_s, phase.end_s)
    )
    return replace(
        fixed,
        earliest_ms=max(min(begin_ms, last_ms) - slack_ms, 0),
        latest_ms=max(end_ms - 1, 0) + slack_ms,
    )
