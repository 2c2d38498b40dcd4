"""Why each track of a session stands where it does, and what would have stood there instead.

A finished session is read with the arithmetic of the solver; out comes one `Explanation` per slot.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from playlist_builder.arranger.opening import most_lufs
from playlist_builder.arranger.problem import build_problem, instance_of
from playlist_builder.arranger.relax import relaxations
from playlist_builder.arranger.rules import Constraints
from playlist_builder.arranger.solver.cost import moving_prices, step_at, tension_prices
from playlist_builder.arranger.solver.substitutes import allows, runners_up
from playlist_builder.arranger.trims import as_played
from playlist_builder.errors import ArrangeError
from playlist_builder.models import Session, Track
from playlist_builder.profiles.profile import Profile

NO_CONSTRAINTS = Constraints()


@dataclass(frozen=True, slots=True)
class Explanation:
    """One slot of a session, explained.

    `distance` is the root mean square distance of the slot's contour to the plan. The jumps of
    energy and loudness are those into this slot, 0 for the first, as is the step of style.
    `runner_up` is the path of the track that would replace it best without breaking a rule, empty
    if there is none, and `runner_up_cost` how much dearer the session would be, in the unit of
    `Session.cost`. `rated` says how the track was rated before, if it was. `tension` and `moving`
    are those of the track, None where they are not known; their prices, in the same unit, are 0
    where the phases plan none.
    """

    path: str
    distance: float
    energy_step: float
    loudness_step_lu: float
    runner_up: str
    runner_up_cost: float
    rated: str = ""
    tension: float | None = None
    tension_price: float = 0.0
    moving: float | None = None
    moving_price: float = 0.0
    runner_up_title: str = ""
    style_step: float = 0.0


def explain(
    session: Session,
    tracks: Sequence[Track],
    profile: Profile,
    constraints: Constraints = NO_CONSTRAINTS,
) -> list[Explanation]:
    """Return one explanation per slot; all arguments are those that the session came from.

    Raises ArrangeError where a track of the session is not among those that may be used.
    """
    if constraints.trim_s:
        tracks = as_played(tracks, session.slots)
    tolerance_s = max(30.0, abs(session.duration_s - session.target_s))
    asked = replace(
        constraints,
        duration_s=session.target_s,
        tolerance_s=tolerance_s,
        scale=session.scale,
        seed=0,
    )
    problem = build_problem(tracks, profile, asked)
    loudness = np.array([slot.loudness_lufs for slot in session.slots])
    problem = replace(problem, opening_lufs=most_lufs(loudness))
    names = zip(problem.tracks.identities, problem.tracks.paths, strict=True)
    places = {name: item for item, name in enumerate(names)}
    try:
        sequence = np.array([places[slot.identity, slot.path] for slot in session.slots])
    except KeyError as error:
        raise ArrangeError(
            "{args}: in the session, but not among the tracks that this request allows."
            " Build the session again.",
            args=error.args[0][1],
        ) from error
    # The least that has to be lifted for the session itself, so that no runner-up takes more.
    objective = problem.objective
    rests = bool(objective.inner_rests)
    given = relaxations(pinned=bool(problem.pins), duration_s=session.target_s, rests=rests)
    tried = [instance_of(problem, each) for each in given]
    own = next((each for each in tried if allows(each, sequence)), tried[-1])
    others = runners_up(own, sequence)
    items = problem.items.take(sequence)
    jumps = [0.0, *(items.opening[1:] - items.closing[:-1]).tolist()]
    behind = np.arange(1, len(sequence))
    style_steps = [0.0, *items.styles.distance(behind - 1, behind).tolist()]
    rises = [0.0, *(items.start_lufs[1:] - items.end_lufs[:-1]).tolist()]
    played, phases = problem.tracks.take(sequence), objective.music.phases
    tensions = tension_prices(played.tension, phases) / own.grid.asked_steps
    movings = moving_prices(played.moving, phases) / own.grid.asked_steps
    begins_ms = np.cumsum(items.length_ms) - items.length_ms
    explanations: list[Explanation] = []
    for place, slot in enumerate(session.slots):
        emotion, other = played[place].emotion, others[place]
        first = step_at(begins_ms[place])
        filled = slice(first, first + len(slot.contour))
        distance, phase = np.array(slot.contour) - own.grid.target[filled], own.grid.phase[filled]
        explanations.append(
            Explanation(
                path=slot.path,
                distance=float(np.sqrt(np.mean(distance**2))),
                energy_step=jumps[place],
                loudness_step_lu=rises[place],
                style_step=style_steps[place],
                runner_up=problem.tracks[other[0]].path if other else "",
                runner_up_title=problem.tracks[other[0]].tags.title if other else "",
                runner_up_cost=other[1] / own.grid.asked_steps - session.cost if other else 0.0,
                tension=emotion.tension if emotion else None,
                tension_price=float(tensions[place, phase].sum()),
                moving=emotion.moving if emotion else None,
                moving_price=float(movings[place, phase].sum()),
            )
        )
    return explanations
