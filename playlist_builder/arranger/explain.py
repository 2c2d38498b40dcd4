"""Why each track of a session stands where it does, and what would have stood there instead.

This room looks back at a finished session with the arranger's own arithmetic. It refuses to
change the session.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playlist_builder.arranger.problem import Ask, leaves, set_up, task
from playlist_builder.arranger.rules import Constraints
from playlist_builder.arranger.solver.solve import allows, runners_up
from playlist_builder.errors import ArrangeError
from playlist_builder.models import Session, Track
from playlist_builder.profiles.profile import Profile

NO_REQUEST = Constraints()


@dataclass(frozen=True, slots=True)
class Reason:
    """One slot of a session, explained.

    `distance` is the root mean square distance of the slot's contour to the plan. The steps of
    energy and loudness are those into this slot, 0 for the first. `runner_up` is the path of the
    track that would replace it best without breaking a rule, empty if there is none, and
    `runner_up_cost` how much dearer the session would be, in the unit of `Session.cost`. `rated`
    says how the track was rated before, if it was.
    """

    path: str
    distance: float
    energy_step: float
    loudness_step_lu: float
    runner_up: str
    runner_up_cost: float
    rated: str = ""


def explain(
    session: Session,
    tracks: Sequence[Track],
    profile: Profile,
    constraints: Constraints = NO_REQUEST,
) -> list[Reason]:
    """Return one reason per slot, for the tracks, profile and request that the session came from.

    Raises ArrangeError where a track of the session is not among those that the request allows.
    """
    tolerance_s = max(30.0, abs(session.duration_s - session.target_s))
    ask = Ask(session.target_s, 0, session.scale, tolerance_s, constraints)
    stage = set_up(tracks, profile, ask)
    names = zip(stage.tracks.identities, stage.tracks.paths, strict=True)
    places = {name: piece for piece, name in enumerate(names)}
    try:
        sequence = np.array([places[slot.identity, slot.path] for slot in session.slots])
    except KeyError as error:
        raise ArrangeError(
            f"{error.args[0][1]}: in the session, but not among the tracks that this request"
            " allows. Build the session anew."
        ) from error
    material = stage.material
    # The least that has to be lifted for the session itself, so that no runner-up takes more.
    attempts = [task(stage, leave) for leave in leaves(pinned=bool(stage.pins))]
    own = next((each for each in attempts if allows(each, sequence)), attempts[-1])
    others = runners_up(own, sequence)
    reasons: list[Reason] = []
    for number, (slot, piece, other) in enumerate(
        zip(session.slots, sequence.tolist(), others, strict=True)
    ):
        first = round(slot.start_s / 10.0)
        distance = np.array(slot.contour) - own.scheme.target[first : first + len(slot.contour)]
        before = int(sequence[number - 1]) if number else piece
        step = float(material.opening[piece] - material.closing[before]) if number else 0.0
        rise = float(material.start_lufs[piece] - material.end_lufs[before]) if number else 0.0
        cost = other[1] / own.scheme.asked - session.cost if other else 0.0
        reasons.append(
            Reason(
                path=slot.path,
                distance=float(np.sqrt(np.mean(distance**2))),
                energy_step=step,
                loudness_step_lu=rise,
                runner_up=stage.tracks[other[0]].path if other else "",
                runner_up_cost=cost,
            )
        )
    return reasons
