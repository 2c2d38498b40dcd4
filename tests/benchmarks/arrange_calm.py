"""How calm and how coherent sessions are, over all shipped profiles: climbs, steps of style, cost.

    python -m tests.benchmarks.arrange_calm [LIBRARY]

LIBRARY is a library file that holds a scan of real music with embeddings; without it, tracks are
synthetic and have no style. Every profile is scaled to what the library can fill. `overshoot` is
the furthest that a moment of a calm phase (one that limits startle) lies above the plan, `climbing`
the share of all steps that lie more than `ABOVE` above it, and `climbing_calm` that of steps in
calm phases. `style` is the mean distance of style of neighbours, 1 less the cosine, and `far` the
share of them that are further apart than three quarters of all pairs of usable tracks; published
psilocybin lists have a mean of 0.83 of that of random pairs.
"""

import json
import sys
import time
from collections.abc import Sequence

import numpy as np

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.rules import Constraints, admit
from playlist_builder.errors import ArrangeError
from playlist_builder.models import STEP_S, Floats, Session, Track
from playlist_builder.profiles.find import available_profiles
from playlist_builder.profiles.profile import Profile
from playlist_builder.tracks.track_table import TrackTable
from tests.support.synthetic import library

FILLED = 0.3  # of the music that passes: what a session may ask for at most, with a choice left
ABOVE = 0.25


def main() -> None:
    """Print one JSON line."""
    tracks = TrackTable.of(library(250, 1))
    if len(sys.argv) > 1:
        from playlist_builder.library.database import Database  # noqa: PLC0415 - not needed else
        from playlist_builder.library.tracks import read_tracks  # noqa: PLC0415

        with Database(sys.argv[1]) as database:
            tracks = read_tracks(database, missing=True, styles=True)
            styles = tracks.style  # while the library is open
    else:
        styles = tracks.style
    rows = [
        {"profile": listing.profile.name} | measured(tracks, styles, listing.profile)
        for listing in available_profiles()
        if listing.profile is not None
    ]
    numbers = {"benchmark": "arrange_calm", "tracks": len(tracks), "profiles": rows}
    sys.stdout.write(json.dumps(numbers) + "\n")


def measured(tracks: TrackTable, styles: Floats, profile: Profile) -> dict[str, object]:
    """Return the figures of one profile."""
    passed, _ = admit(tracks, profile.rules, Constraints(), np.inf)
    minutes = min(profile.duration_s, FILLED * tracks.take(passed).seconds.sum()) / 60.0
    started_s = time.process_time()
    try:
        session = arrange(tracks, profile, constraints=Constraints(duration_s=60.0 * minutes))
    except ArrangeError as error:
        return {"error": str(error)}
    cpu_s = time.process_time() - started_s
    above, is_calm = climbs(session, profile.scaled(60.0 * minutes))
    return {
        "minutes": round(minutes),
        "overshoot": round(float(above[is_calm].max(initial=0.0)), 3),
        "climbing": round(float((above > ABOVE).mean()), 4),
        "climbing_calm": round(float((above[is_calm] > ABOVE).mean()), 4) if is_calm.any() else 0.0,
        **seams(session, tracks, styles, passed.tolist()),
        "rms": round(session.rms_error, 4),
        "over_bound": round(session.cost / session.bound, 3) if session.bound else None,
        "relaxed": [each.code for each in session.relaxed],
        "cpu_s": round(cpu_s, 1),
    }


def climbs(session: Session, profile: Profile) -> tuple[Floats, np.ndarray]:
    """Return how far each step lies above the plan, and whether it plays in a calm phase."""
    contour = np.concatenate([slot.contour for slot in session.slots])
    first = [int((slot.start_s + STEP_S / 2.0) // STEP_S) for slot in session.slots]
    lengths = [len(slot.contour) for slot in session.slots]
    step = np.concatenate([np.arange(a, a + n) for a, n in zip(first, lengths, strict=True)])
    times_s = (step + 0.5) * STEP_S
    calm = [profile.phase_at(each).max_startle_lu is not None for each in times_s.tolist()]
    return contour - profile.target(times_s), np.array(calm)


def seams(
    session: Session, tracks: Sequence[Track], styles: Floats, passed: list[int]
) -> dict[str, float]:
    """Return how far neighbours are apart in style, where it is known of all."""
    places = {identity: place for place, identity in enumerate(TrackTable.of(tracks).identities)}
    order = [places[slot.identity] for slot in session.slots]
    unit = styles / np.linalg.norm(styles, axis=1, keepdims=True)
    usable = unit[passed][np.isfinite(unit[passed]).all(axis=1)]
    if not len(usable) or not np.isfinite(unit[order]).all():
        return {}
    every = (1.0 - usable @ usable.T)[np.triu_indices(len(usable), 1)]
    own = 1.0 - (unit[order[:-1]] * unit[order[1:]]).sum(axis=1)
    far = float((own > np.quantile(every, 0.75)).mean())
    return {
        "style": round(float(own.mean()), 3),
        "style_of_random": round(float(own.mean() / every.mean()), 3),
        "worst_style": round(float(own.max(initial=0.0)), 3),
        "far": round(far, 3),
    }


if __name__ == "__main__":
    main()
