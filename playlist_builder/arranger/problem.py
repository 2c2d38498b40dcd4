"""What a call asks, as a task of numbers: tracks sorted out, rules turned into groups and limits.

This room knows the words of profiles and requests on one side and the arrays of the solver on the
other. It refuses to search and to decide which rule gives way.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Literal

import numpy as np

from playlist_builder.arranger.rules import (
    UNWANTED,
    Constraints,
    Pin,
    admit,
    artists,
    copies,
    most_removed,
    pinned,
    shortage,
)
from playlist_builder.arranger.solver.cost import (
    PREFER_WEIGHT,
    Demand,
    Pieces,
    pieces,
    plan,
    relative,
)
from playlist_builder.arranger.solver.graph import Groups
from playlist_builder.arranger.solver.solve import Task
from playlist_builder.errors import ArrangeError
from playlist_builder.models import Floats, Ints, Track
from playlist_builder.notices import Notice, notice
from playlist_builder.profiles.profile import Profile, Rules
from playlist_builder.track_table import TrackTable

Scale = Literal["relative", "absolute"]

TOLERANCES_S = (60.0, 120.0, 300.0, 600.0)
STARTLES_LU = (3.0, 6.0, np.inf)

MOST_TOLERANCE = 0.5  # of the duration


@dataclass(frozen=True, slots=True)
class Ask:
    """The options of a call; of each set of identities in `earlier` it may use only so many."""

    duration_s: float | None
    seed: int
    scale: Scale
    tolerance_s: float
    constraints: Constraints
    earlier: tuple[tuple[frozenset[str], int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """What a session is measured by: the plan, the rules, what was asked, and the scale.

    `table` leads from the absolute to the relative scale; None on the absolute one.
    """

    profile: Profile
    rules: Rules
    ask: Ask
    table: Floats | None

    def levy(self, tracks: Sequence[Track]) -> Floats:
        """Return the price per cell of each track for not being preferred."""
        return levy(tracks, self.ask.constraints.with_queries(self.rules))


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Which rules are lifted, in the order of the docstring of `arrange`.

    `pin_limits` frees pinned tracks alone from the limits of phases; `startle_lu` is added to the
    startle limits.
    """

    pin_limits: bool = False
    artist_max: bool = False
    artist_gap: bool = False
    colour: bool = False
    tolerance_s: float = 0.0
    pin_minutes: bool = False
    startle_lu: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What stands around the part of a session that is looked for, if it is not a whole one.

    `span_ms` is that part of the profile. `demands` hold the pieces at its borders in their
    places, whatever the limits of phases. `used` counts the tracks of each artist that play
    elsewhere.
    """

    span_ms: tuple[int, int] | None = None
    demands: tuple[Demand, ...] = ()
    used: Mapping[str, int] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Everything about a call that no attempt changes; `tracks` stand in the material's order.

    `pins` come with their pieces, `reach` is the highest energy of these tracks on the absolute
    scale, `table` leads from there to the relative scale (None on the absolute one), and `notes`
    say how the task differs from what was asked.
    """

    tracks: TrackTable
    material: Pieces
    profile: Profile
    rules: Rules
    ask: Ask
    pins: tuple[tuple[Pin, int], ...]
    reach: float
    notes: tuple[Notice, ...]
    table: Floats | None
    frame: Window = Window()

    @property
    def terms(self) -> Objective:
        """What the session is measured by."""
        return Objective(self.profile, self.rules, self.ask, self.table)


def set_up(tracks: Sequence[Track], profile: Profile, ask: Ask) -> Problem:
    """Return the tracks that may be used and the plan to follow.

    Raises ArrangeError where too little music passes or a pin cannot be kept, ProfileError where
    the profile cannot take the duration.
    """
    rules, notes = ask.constraints.rules or profile.rules, []
    constraints = ask.constraints.with_queries(rules)
    wanted = profile if ask.duration_s is None else profile.scaled(ask.duration_s)
    if ask.tolerance_s > MOST_TOLERANCE * wanted.duration_s and not constraints.use_all:
        raise ArrangeError(
            f"A tolerance of {ask.tolerance_s / 60.0:g} min is too much for a session of"
            f" {wanted.duration_s / 60.0:g} min. Ask for at most half of it."
        )
    _check_pins(constraints.pins)
    longest_s = np.inf if constraints.use_all else wanted.duration_s + ask.tolerance_s
    shelf = TrackTable.of(tracks)
    passed, removed = admit(shelf, rules, constraints, longest_s)
    own = [pinned(shelf, pin, rules, constraints, longest_s) for pin in constraints.pins]
    if constraints.use_all:
        spare = _spare(shelf.take(passed))
        notes = [notice("copies_left_out", count=len(spare))] if spare else []
        notes += [
            notice("left_out_by_rule", count=count, reason=reason)
            for reason, count in sorted(removed.items())
        ]
        passed = np.delete(passed, list(spare))
    usable = shelf.take(passed)
    passed_s = float(np.rint(usable.seconds * 1000.0).sum()) / 1000.0
    if constraints.use_all and ask.duration_s is None and usable:
        wanted = profile.scaled(passed_s)
    elif not usable or passed_s < wanted.duration_s - ask.tolerance_s:
        if not constraints.allow_short or not usable:
            raise ArrangeError(shortage(wanted, passed_s, removed))
        notes.append(
            notice(
                "short_session",
                asked_min=round(wanted.duration_s / 60.0),
                passed_min=round(passed_s / 60.0),
                removed=most_removed(removed),
            )
        )
        wanted = profile.scaled(passed_s)
    table = scale_of(shelf, ask.scale)
    material = pieces(usable, table, levy(usable, constraints), usable.rank)
    usable, passed = usable.take(material.order), passed[material.order]
    pins = tuple(
        (pin, int(np.flatnonzero(passed == place)[0]))
        for pin, place in zip(constraints.pins, own, strict=True)
    )
    reach = float(usable.energy.max())
    return Problem(usable, material, wanted, rules, ask, pins, reach, tuple(notes), table)


def scale_of(tracks: Sequence[Track], scale: Scale) -> Floats | None:
    """Return the table that leads to the scale of a session of these tracks."""
    if scale == "absolute":
        return None
    return relative(TrackTable.of(tracks).energy)


def _check_pins(pins: Sequence[Pin]) -> None:
    """Refuse pins that cannot hold together, whatever the tracks."""
    names = [pin.track for pin in pins]
    places = [pin.place for pin in pins if pin.place is not None]
    for values, what in ((names, "pinned twice"), (places, "a place that two pins ask for")):
        again = [value for number, value in enumerate(values) if value in values[:number]]
        if again:
            raise ArrangeError(f"{again[0]}: {what}. Take one of them away.")


def _spare(tracks: TrackTable) -> set[int]:
    """Return the places of all copies but the first of each recording."""
    spare: set[int] = set()
    ranks = tracks.rank
    for group in copies(tracks):
        left = sorted((place for place in group if place not in spare), key=ranks.__getitem__)
        spare.update(left[1:])
    return spare


def levy(tracks: Sequence[Track], constraints: Constraints) -> Floats:
    """Return the price per cell of each track for not being preferred."""
    if constraints.prefer is None:
        return np.zeros(len(tracks))
    wishes = np.array([constraints.prefer(track) for track in tracks], dtype=np.float64)
    return np.asarray(PREFER_WEIGHT * (1.0 - np.clip(wishes, UNWANTED, 1.0)))


def leaves(*, pinned: bool) -> list[Relaxation]:
    """Return what is lifted at each attempt, from nothing to all of it."""
    steps = [Relaxation()]
    if pinned:
        steps.append(replace(steps[-1], pin_limits=True))
    steps.append(replace(steps[-1], artist_max=True))
    steps.append(replace(steps[-1], artist_gap=True))
    steps.append(replace(steps[-1], colour=True))
    steps.extend(replace(steps[-1], tolerance_s=tolerance_s) for tolerance_s in TOLERANCES_S)
    if pinned:
        steps.append(replace(steps[-1], pin_minutes=True))
    steps.extend(replace(steps[-1], startle_lu=startle_lu) for startle_lu in STARTLES_LU)
    return steps


def task(stage: Problem, leave: Relaxation) -> Task:
    """Return the numeric task of one attempt."""
    tolerance_s = max(stage.ask.tolerance_s, leave.tolerance_s)
    longest_s = float(stage.material.length_ms.max()) / 1000.0
    step_lu = stage.rules.loudness_step_lu
    scheme = plan(stage.profile, tolerance_s, longest_s, step_lu, stage.frame.span_ms)
    limits = scheme.limits.copy()
    limits[:, 0] += leave.startle_lu
    if leave.colour:
        limits[:, 1:] = np.inf
    demands = list(stage.frame.demands)
    held = [demand.piece for demand in demands]
    for pin, piece in stage.pins:
        demand = Demand(piece, int(stage.material.cells[piece]), place=pin.place or 0)
        if pin.minute is not None and not leave.pin_minutes:
            start_ms = round(pin.minute * 60_000)
            slack_ms = round(stage.ask.tolerance_s * 1000)
            demand = replace(
                demand,
                earliest_ms=max(start_ms - slack_ms, 0),
                latest_ms=start_ms + slack_ms,
            )
        demands.append(demand)

    def groups(chosen: Ints) -> Groups:
        return _groups(stage.tracks.take(chosen), stage, leave)

    def whim(chosen: Ints) -> Floats:
        identities = stage.tracks.take(chosen).identities
        names = [f"{stage.ask.seed}:{identity}" for identity in identities]
        digests = b"".join(blake2b(name.encode(), digest_size=4).digest() for name in names)
        return np.frombuffer(digests, dtype="<u4") / 2.0**32

    material = stage.material
    if leave.pin_limits:
        held += [piece for _, piece in stage.pins]
    if held:
        material = material.unlimited(np.array(held))
    return Task(
        material,
        replace(scheme, limits=limits),
        groups,
        tuple(demands),
        stage.ask.constraints.use_all,
        whim if stage.ask.seed else None,
        is_proven=stage.frame.span_ms is None,
    )


def _groups(tracks: TrackTable, stage: Problem, leave: Relaxation) -> Groups:
    """Return the rules among tracks: one group per artist, set of copies, and earlier use."""
    held = {id(stage.tracks[demand.piece]) for demand in stage.frame.demands}
    names: dict[str, int] = {}
    kin = [[names.setdefault(name, len(names)) for name in sorted(artists(t))] for t in tracks]
    artist_max = len(tracks) if leave.artist_max else stage.rules.artist_max
    limited: list[tuple[list[int], int]] = [
        ([], max(artist_max - stage.frame.used.get(name, 0), 0)) for name in names
    ]
    for place, own in enumerate(kin):
        for number in own if id(tracks[place]) not in held else ():
            limited[number][0].append(place)
    limited.extend((group, 1) for group in copies(tracks))
    for used, limit in stage.ask.earlier:
        limited.append(([n for n, own in enumerate(tracks.identities) if own in used], limit))
    member: list[list[int]] = [[] for _ in tracks]
    most: list[int] = []
    for group, limit in limited:
        if len(group) > limit:  # else the rule cannot be broken, and need not be counted
            for place in group:
                member[place].append(len(most))
            most.append(limit)
    most.append(len(tracks) + 1)
    gap = 0 if leave.artist_gap else stage.rules.artist_gap
    return Groups(_padded(member, len(most) - 1), np.array(most), _padded(kin, -1), gap)


def _padded(rows: Sequence[Sequence[int]], filler: int) -> Ints:
    result = np.full((len(rows), max((len(row) for row in rows), default=0) or 1), filler)
    for number, row in enumerate(rows):
        result[number, : len(row)] = row
    return result
