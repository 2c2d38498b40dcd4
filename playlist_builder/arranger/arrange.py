"""Tracks and a profile become a session: the best that these tracks allow, and how near it is.

This room states the task (which tracks, which rules, which curve), gives way on rules in a
documented order where they cannot all hold, and says what came of it. It refuses to read
files, to look at a clock, and to hide anything: whatever gave way is named in the session.

The cost
--------
The session's cost is a mean over the time asked for, so its unit is squared energy:

    cost = (follow + seams + preference + end) / cells asked for

follow      the sum over all cells of 10 s of (contour - target)^2. Each track's own contour is
            placed at the cell nearest to its start. This is what a profile asks for; all other
            weights are set against it.
seams       for each passage from one track to the next
            2 cells x (step of energy)^2: a step is heard apart from how well either side fits;
            it counts as if it stood wrong for 20 s;
            0.01 per squared LU that the loudness rises beyond `loudness_step_lu`, as a straight
            line beyond 6 LU: a rise 5 LU too large counts as much as a minute at a distance of
            0.2, while a fade-in after a fade-out, which reads as a rise of 30 LU, does not
            outweigh everything else;
            0.002 for tempos half an octave apart (folded, times both confidences), 0.001 for keys
            on opposite sides of the circle of fifths (times both confidences), 0.001 per octave
            of spectral centroid up to two: so small that they decide between near equals only.
preference  0.01 x (1 - preference) per cell: a wanted track may stand 0.1 further off, and one
            that is not wanted must stand 0.2 nearer.
end         0.01 per cell that the session ends before or after the time asked for.

The energy of a seam is that of the first step of the one track and the last whole step of the
other. `bound` is a value of this cost that no session of the same tracks and rules can go below.

Rules that give way
-------------------
If the rules cannot all hold, these are lifted one after the other until a session is found; then
those that turn out not to be in the way are put back. The session names every rule it breaks:

1. the limits of phases for pinned tracks, which the user asked for by name;
2. how many tracks of one artist;
3. how many others between two of one artist;
4. brightness and percussiveness limits of phases;
5. the tolerance of the duration, in steps to 1, 2, 5 and 10 minutes;
6. the minute of a pin, which then starts as near as that leads to;
7. the startle limits of phases, last because they guard against harm: by 3 LU, 6 LU, altogether.

Never lifted: vocals, bans, `avoid`, include and exclude, length limits, no track twice, that a
pinned track is in, and its place. Where even that leaves nothing, an error says so.

A slot belongs to the phase in which its middle lies; the limits of a phase bind every track that
plays in it for at least one cell.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from playlist_builder.arranger import result
from playlist_builder.arranger.partial import length_ms
from playlist_builder.arranger.problem import (
    Ask,
    Objective,
    Problem,
    Relaxation,
    Scale,
    leaves,
    set_up,
    task,
)
from playlist_builder.arranger.relax import solved
from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.arranger.spares import spares
from playlist_builder.arranger.tail import planned, tail
from playlist_builder.errors import ArrangeError
from playlist_builder.models import Session, Slot, Track
from playlist_builder.notices import notice
from playlist_builder.profiles.profile import Profile
from playlist_builder.track_table import TrackTable

__all__ = ["Constraints", "Pin", "Scale", "alternatives", "arrange", "completed"]

NO_REQUEST = Constraints()

SHARED = 0.4
"""Most that two alternatives share, of the earlier: at most half of either, as lengths differ."""


def arrange(  # noqa: PLR0913 - each option of the command line is one of these
    tracks: Sequence[Track],
    profile: Profile,
    *,
    duration_s: float | None = None,
    seed: int = 0,
    scale: Scale = "relative",
    tolerance_s: float = 30.0,
    constraints: Constraints = NO_REQUEST,
) -> Session:
    """Return the best session found for a profile.

    The profile is scaled to `duration_s` if given. On the relative scale energies are read as
    percentiles among all `tracks`. Seed 0 gives the best session; every other seed gives one of
    nearly the same cost. The same arguments give the same session, in whatever order the tracks
    come. Raises ArrangeError where the tracks cannot fill the session, ProfileError where the
    profile cannot take the duration.
    """
    stage = set_up(tracks, profile, Ask(duration_s, seed, scale, tolerance_s, constraints))
    return arranged(stage, leaves(pinned=bool(stage.pins)))[0]


def alternatives(  # noqa: PLR0913 - as arrange, and a count
    tracks: Sequence[Track],
    profile: Profile,
    count: int,
    *,
    duration_s: float | None = None,
    seed: int = 0,
    scale: Scale = "relative",
    tolerance_s: float = 30.0,
    constraints: Constraints = NO_REQUEST,
) -> list[Session]:
    """Return up to `count` sessions, the best first; any two share at most half of their tracks.

    Pinned tracks do not count as shared. No rule gives way only to be different: where the library
    holds no more sessions like the first, fewer are returned. Raises as `arrange` does where it
    holds none.
    """
    ask = Ask(duration_s, seed, scale, tolerance_s, constraints)
    kept = {pin.track for pin in constraints.pins}
    tracks = TrackTable.of(tracks)
    sessions: list[Session] = []
    allowed: Sequence[Relaxation] | None = None
    while len(sessions) < count:
        stage = set_up(tracks, profile, ask)
        try:
            session, lifted = arranged(stage, allowed or leaves(pinned=bool(stage.pins)))
        except ArrangeError:
            if not sessions:
                raise
            break
        sessions.append(session)
        allowed = allowed or lifted
        free = [slot for slot in session.slots if not kept & {slot.path, slot.identity}]
        used = frozenset(slot.identity for slot in free)
        ask = replace(ask, earlier=(*ask.earlier, (used, int(SHARED * len(used)))))
    return sessions


def arranged(stage: Problem, allowed: Sequence[Relaxation]) -> tuple[Session, Sequence[Relaxation]]:
    """Return the best session of a stage, and how much of what may be lifted it took.

    Raises ArrangeError where nothing that may be lifted leads to a session.
    """
    leave, found, lifted = solved(stage, allowed)
    sequence = np.array(found.sequence)
    order = result.Order(
        [stage.tracks[piece] for piece in found.sequence],
        stage.material.take(sequence),
        stage.profile,
        task(stage, leave).scheme,
    )
    pins = [(pin, found.sequence.index(piece)) for pin, piece in stage.pins]
    ask = stage.ask
    told = result.warnings(order, stage.rules, stage.reach, scaled=ask.scale == "relative")
    session = replace(
        result.session(order, ask.scale, ask.seed, found.cost, found.bound),
        warnings=(*stage.notes, *told),
        relaxed=tuple(result.given_up(order, stage.rules, ask.tolerance_s, pins)),
    )
    return completed(session, order, stage.tracks, stage.terms), lifted


def completed(
    session: Session, order: result.Order, tracks: Sequence[Track], terms: Objective
) -> Session:
    """Return a session with its tail and spares; `tracks` are all that pass the rules."""
    pool = result.Pool.of(tracks, terms)
    after, told = tail(order.tracks, pool, terms)
    slots: list[Slot] = []
    if after:
        plan = planned(terms.profile, order.ends_ms[-1] / 1000.0, length_ms(after) / 1000.0)
        alone = result.ordered(after, replace(terms, profile=plan), order.ends_ms[-1])
        slots = result.slots(alone)
        whole = [order.tracks[-1], *after]
        passages = result.ordered(whole, replace(terms, profile=plan), order.starts_ms[-1])
        rises = result.rises(passages, terms.rules.loudness_step_lu)
        told = [*told, *rises, *result.climbs(alone)]
    ready = spares(session.slots, order.tracks, pool, terms, after)
    having = {each.slot.phase for each in ready}
    bare = dict.fromkeys(slot.phase for slot in session.slots if slot.phase not in having)
    if bare:
        told = [*told, notice("no_spare", phases=tuple(bare))]
    doubtful = sum(each.slot.vocals == "unknown" for each in ready)
    if doubtful:
        told = [*told, notice("spares_unverified", count=doubtful, total=len(ready))]
    return replace(
        session,
        tail=tuple(slots),
        spares=tuple(ready),
        warnings=(*session.warnings, *told),
    )
