"""Tracks and a profile become a session: the best that these tracks allow, and how near it is.

Tracks, a profile and constraints go in; a `Session` comes out, with a lower bound on its cost, a
tail and spares. Where the rules cannot all hold, they are relaxed in the order below, and every
rule that is broken is listed in the session.

The cost
--------
The cost of a session is a mean over the time asked for, so its unit is squared energy:

    cost = (follow + transitions + preference + tension + moving + cuts + end) / steps asked for

follow      the sum over all steps of 10 s of (contour - target)^2. The contour of each track is
            placed at the step nearest to its start. This is what a profile asks for; all other
            weights are relative to it.
transitions for each pair of neighbours
            2 steps x (jump of energy)^2: a jump is noticed apart from how well either side fits;
            it counts as if it were off the target for 20 s;
            0.01 per squared LU that the loudness rises beyond `loudness_step_lu`, linear beyond
            6 LU: a rise 5 LU too large counts as much as a minute at a distance of 0.2, while a
            fade-in after a fade-out, which measures as a rise of 30 LU, does not outweigh
            everything else;
            0.002 for tempos half an octave apart (folded, times both confidences), 0.001 for keys
            on opposite sides of the circle of fifths (times both confidences), 0.001 per octave
            of spectral centroid up to two: so small that they only decide between near equals;
            the rule `cohesion`, 0.08 where a profile sets none, for the cube of the step of style
            (see `styles`): as much as two steps at a distance of 0.2 where a track follows another
            with which it has nothing in common.
preference  0.01 x (1 - preference) per step: a preferred track may be 0.1 further from the target,
            an unwanted one must be 0.2 nearer.
tension     0.5 x (distance of the track's tension from what the phase of the step plans)^2 per
            step: 0.1 beyond counts half as much as to be 0.1 off the target. Tension is an
            estimate, so it only leans a choice.
moving      0.01 x (1 - how moving the track is) per step of a phase that asks for moving tracks,
            as for preference. Neither is paid by a track of which it is not known.
cuts        0.01 for each end of a track that is left out, where that is allowed.
end         0.01 per step that the session ends before or after the time asked for.

The energy of a transition is that of the last whole step of one track and the first step of the
next. `bound` is a value that no session of the same tracks and rules can cost less than.

Planned silences
----------------
A phase may end with a silence. The clock of all this stands still in it, so a session costs what it
would without; a track ends within the tolerance of its time, or half a minute, and there it is.

Parts
-----
Where an end of a track may be left out, its parts take part as copies of it do: one plays, or the
whole (see `trims`). Pinned tracks play whole, and so do all of a tail and all spares. The bound
speaks of cuts at whole steps; to settle one elsewhere may make a session a little cheaper.

Relaxation
----------
If the rules cannot all hold, these are lifted one after the other until a session is found. Then
those that turn out not to be in the way are put back. A tolerance of less than half a minute is
half a minute before any of them: to ask for less never makes a worse session.

1. the limits of phases for pinned tracks, which the user asked for by name;
2. how many tracks of one artist;
3. how many others between two of one artist;
4. brightness and percussiveness limits of phases;
5. tension limits of phases, as tension is an estimate;
6. limits of phases on the clarity of a pulse, as one without strokes is gentle;
7. the minute or phase of a pin, which then starts up to 1, 2, 5 or 10 minutes from it, or anywhere;
8. the time of a planned silence, which then comes up to as far from it, between two other tracks;
9. the tolerance of the duration, to 2, 5 and 10 % of it;
10. the limits of phases that guard against harm, the worst harm last: peaks of energy, by 0.1,
   0.2, altogether; strokes, by 1 Hz, 2 Hz, altogether; startle, by 3 LU, 6 LU, altogether;
   silence, by 15 s, 45 s, altogether.

Never lifted: vocals, bans, `avoid`, include and exclude, length limits, no track twice, that a
pinned track is in, and its place, and that no track opens the session which is louder than music or
far louder than the others. If even that gives no session, an error says so, and whether that is
proven or only what a long search has found. Of the copies of a recording one takes part, the one
that is preferred most; the bound speaks of these.

A slot belongs to the phase in which its middle lies; the limits of a phase apply to every track
that plays in it for at least one step. Its peak binds only the steps that play in it: a track that
begins in a calm phase may climb in the next.
"""

from collections.abc import Sequence
from dataclasses import replace

from playlist_builder.arranger import broken, result, settle
from playlist_builder.arranger.partial import length_ms
from playlist_builder.arranger.problem import Objective, Problem, Relaxation, build_problem
from playlist_builder.arranger.recordings import repeated
from playlist_builder.arranger.remarks import pins_below, remarks, voices
from playlist_builder.arranger.rules import PHASE_LIMITS, Constraints
from playlist_builder.arranger.spares import spares
from playlist_builder.arranger.steps import falls
from playlist_builder.arranger.tail import lacking, planned, tail
from playlist_builder.errors import ArrangeError
from playlist_builder.language.notices import notice
from playlist_builder.models import Session, Slot, Track
from playlist_builder.profiles.profile import Profile
from playlist_builder.profiles.toml import to_toml
from playlist_builder.tracks.track_table import TrackTable

NO_CONSTRAINTS = Constraints()
SHARED = 0.4  # most that an alternative shares with an earlier one: at most half of either


def arrange(
    tracks: Sequence[Track], profile: Profile, constraints: Constraints = NO_CONSTRAINTS
) -> Session:
    """Return the best session found for a profile.

    The same arguments give the same session, in whatever order the tracks come. Raises ArrangeError
    where the tracks cannot fill the session, ProfileError where the profile cannot take the
    duration.
    """
    return arranged(build_problem(tracks, profile, constraints))[0]


def alternatives(
    tracks: Sequence[Track],
    profile: Profile,
    count: int,
    constraints: Constraints = NO_CONSTRAINTS,
) -> list[Session]:
    """Return up to `count` sessions, the best first; any two share at most half of their tracks.

    Pinned tracks do not count as shared. No rule gives way only to be different: where the library
    holds no more sessions like the first, fewer are returned. Raises as `arrange` does where it
    holds none.
    """
    tracks = TrackTable.of(tracks)
    kept = {pin.track for pin in constraints.pins}
    sessions: list[Session] = []
    allowed: Sequence[Relaxation] = ()
    while len(sessions) < count:
        problem = build_problem(tracks, profile, constraints)
        try:
            session, lifted = arranged(problem, allowed)
        except ArrangeError:
            if not sessions:
                raise
            break
        sessions.append(session)
        allowed = allowed or lifted
        free = [slot for slot in session.slots if not kept & {slot.path, slot.identity}]
        used = frozenset(slot.identity for slot in free)
        at_most = (*constraints.at_most, (used, int(SHARED * len(used))))
        constraints = replace(constraints, at_most=at_most)
    return sessions


def arranged(
    problem: Problem, allowed: Sequence[Relaxation] = ()
) -> tuple[Session, Sequence[Relaxation]]:
    """Return the best session of a problem, and all that was tried; raises ArrangeError if none."""
    objective, rules = problem.objective, problem.objective.rules
    found = settle.arranged(problem, allowed)
    order = found.order
    is_scaled = objective.scale == "relative"
    notices = result.warnings(order, rules, problem.reach, scaled=is_scaled)
    notices += [*remarks(order), *pins_below(order, (place for _, place in found.pins))]
    session = replace(
        result.session(order, objective.scale, objective.seed, found.cost, found.bound),
        warnings=(*found.problem.notes, *notices),
        relaxed=tuple(broken.given_up(order, rules, objective.tolerance_s, found.pins)),
        profile_text=to_toml(replace(objective.profile, rules=rules)),
    )
    return completed(session, order, problem.tracks, objective), found.tried


def completed(  # noqa: PLR0913, PLR0917 - an order, and what may be added to it
    session: Session,
    order: result.Order,
    tracks: Sequence[Track],
    objective: Objective,
    played: int = 0,
    known: Sequence[Track] = (),
) -> Session:
    """Return a session with its tail and spares, of which `played` tracks have been heard.

    `tracks` are all that pass the rules, `known` a tail behind the same last track that may stay.
    """
    pool = result.Pool.of(tracks, objective)
    if known and not repeated(TrackTable.of(known), order.tracks).any():
        after, notices = list(known), lacking(known, objective)
    else:
        after, notices = tail(order.tracks, pool, objective, quickly=played > 0)
    slots: list[Slot] = []
    if after:
        plan = planned(objective.music, order.ends_ms[-1] / 1000.0, length_ms(after) / 1000.0)
        calm = replace(objective, profile=plan)
        alone = result.ordered(after, calm, order.ends_ms[-1], order.rests)
        whole = [order.tracks[-1], *after]
        passages = result.ordered(whole, calm, order.starts_ms[-1], order.rests)
        slots = result.slots(passages)[1:]
        rises = result.rises(passages, objective.rules.loudness_step_lu)
        beyond = [*broken.beyond_peaks(alone), *broken.beyond_limits(alone, PHASE_LIMITS)]
        notices = [*notices, *rises, *result.silences(passages), *result.climbs(alone), *beyond]
    is_levelled = objective.constraints.levelled
    notices = [
        *falls([*session.slots, *slots], levelled=is_levelled),
        *notices,
        *voices([*order.tracks, *after], played),
    ]
    ready = spares(session.slots, order.tracks, pool, objective, after, played)
    having = {each.slot.phase for each in ready}
    bare = dict.fromkeys(slot.phase for slot in session.slots[played:] if slot.phase not in having)
    if bare:
        notices = [*notices, notice("no_spare", phases=tuple(bare))]
    doubtful = sum(each.slot.vocals == "unknown" for each in ready)
    if doubtful:
        notices = [*notices, notice("spares_unverified", count=doubtful, total=len(ready))]
    return replace(
        session, tail=tuple(slots), spares=tuple(ready), warnings=(*session.warnings, *notices)
    )
