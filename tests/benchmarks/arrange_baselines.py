"""How much better than simple ways: root mean square error to the plan, over all shipped profiles.

    python -m tests.benchmarks.arrange_baselines [LIBRARY]

LIBRARY is a library file that holds a scan of real music; without it, tracks are synthetic. Every
profile is scaled to what the library can fill. `greedy` takes the track whose average energy is
nearest to the plan at its start, `thirds` plays from the calm, the energetic and the calm third of
the library in turn, `random` is random. All choose among the tracks that keep the rules at that
place (length, voice, artists, copies, limits of the phases) as long as there are any, as the
arranger does; `greedy_free` obeys length and voice only, so it may startle in a calm phase.
"""

import json
import sys
from collections.abc import Callable, Sequence

import numpy as np

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.recordings import copies
from playlist_builder.arranger.rules import Constraints, admit
from playlist_builder.arranger.solver.cost import (
    items_of,
    percentile_table,
    step_at,
    time_grid,
)
from playlist_builder.errors import ArrangeError
from playlist_builder.models import Track
from playlist_builder.profiles.find import available_profiles
from playlist_builder.profiles.profile import Profile
from playlist_builder.tracks.artists import artists
from tests.support.synthetic import library

FILLED = 0.3  # of the music that passes: what a session may ask for at most, with a choice left
RANDOM_RUNS = 20

Choice = Callable[[list[int], int], int]


def main() -> None:
    """Print one JSON line."""
    tracks: Sequence[Track] = library(120, 1)
    if len(sys.argv) > 1:
        from playlist_builder.library.library import Library  # noqa: PLC0415 - decoding is not needed else

        with Library.open(sys.argv[1]) as opened:
            tracks = opened.tracks()
    rows = [
        compare(tracks, listing.profile)
        for listing in available_profiles()
        if listing.profile is not None
    ]
    shares = [row["share_of_greedy"] for row in rows if "share_of_greedy" in row]
    sys.stdout.write(
        json.dumps(
            {
                "benchmark": "arrange_baselines",
                "tracks": len(tracks),
                "worst_share_of_greedy": max(shares),
                "mean_share_of_greedy": float(np.mean(shares)),
                "profiles": rows,
            }
        )
        + "\n"
    )


def compare(tracks: Sequence[Track], profile: Profile) -> dict[str, object]:
    """Return the errors of all ways for one profile."""
    passed, _ = admit(tracks, profile.rules, Constraints(), np.inf)
    usable = [tracks[place] for place in passed]
    total_s = sum(track.duration_s for track in usable)
    duration_s = min(profile.duration_s, FILLED * total_s)
    try:
        session = arrange(tracks, profile, constraints=Constraints(duration_s=duration_s))
    except ArrangeError as error:
        return {"profile": profile.name, "error": str(error)}
    simple = Simple(tracks, usable, profile.scaled(duration_s))
    greedy = simple.error(simple.nearest)
    free = simple.error(simple.nearest, feasible=False)
    rng = np.random.default_rng(0)
    return {
        "profile": profile.name,
        "minutes": round(duration_s / 60.0, 1),
        "slots": len(session.slots),
        "arranged": round(session.rms_error, 4),
        "greedy": round(greedy, 4),
        "greedy_free": round(free, 4),
        "thirds": round(simple.error(simple.third), 4),
        "random": round(
            float(
                np.mean(
                    [simple.error(lambda left, _: rng.choice(left)) for _ in range(RANDOM_RUNS)]
                )
            ),
            4,
        ),
        "share_of_greedy": round(session.rms_error / greedy, 3),
        "share_of_greedy_free": round(session.rms_error / free, 3),
        "over_bound": round(session.cost / session.bound - 1.0, 4) if session.bound else None,
        "relaxed": [str(each).split(":")[0] for each in session.relaxed],
    }


class Simple:
    """Simple ways to fill a session, measured on the same scale as the arranger."""

    def __init__(self, library: Sequence[Track], usable: Sequence[Track], profile: Profile) -> None:
        table = percentile_table(np.array([track.energy for track in library]))
        count = len(usable)
        self.items = items_of(usable, table, np.zeros((count, 1)), np.arange(count))
        self.profile = profile
        self.rules = profile.rules
        self.grid = time_grid(profile, 30.0, 900.0, profile.rules.loudness_step_lu)
        self.barred = self.grid.forbids(self.items, np.arange(count))
        ordered = [usable[place] for place in self.items.order.tolist()]
        self.artists = [artists(track) for track in ordered]
        self.copies = [set(group) for group in copies(ordered)]
        self.mean = np.array(
            [self.items.contour(item, int(self.items.steps[item])).mean() for item in range(count)]
        )
        self.calm = set(np.argsort(self.mean)[: count // 3].tolist())
        self.lively = set(np.argsort(self.mean)[-count // 3 :].tolist())

    def nearest(self, left: list[int], time_ms: int) -> int:
        """Return the item whose average is nearest to the plan at its start."""
        target = float(self.profile.target(time_ms / 1000.0))
        return min(left, key=lambda item: abs(self.mean[item] - target))

    def third(self, left: list[int], time_ms: int) -> int:
        """Return the next item of the third that the time belongs to."""
        part = int(3.0 * time_ms / 1000.0 / self.profile.duration_s)
        wanted = self.lively if part == 1 else self.calm
        return next((item for item in left if item in wanted), left[0])

    def feasible(self, item: int, played: list[int], time_ms: int) -> bool:
        """Return whether a item may come next."""
        first, last = step_at(time_ms), step_at(time_ms + int(self.items.length_ms[item]))
        if self.barred[item, np.unique(self.grid.phase[first:last])].any():
            return False
        for name in self.artists[item]:
            before = [place for place, other in enumerate(played) if name in self.artists[other]]
            if len(before) >= self.rules.artist_max:
                return False
            if before and len(played) - before[-1] <= self.rules.artist_gap:
                return False
        return not any(item in group and group & set(played) for group in self.copies)

    def error(self, choose: Choice, *, feasible: bool = True) -> float:
        """Return the root mean square error of a session filled by one choice after another."""
        left, time_ms, squares, steps = list(range(len(self.mean))), 0, 0.0, 0
        played: list[int] = []
        while left and time_ms < self.profile.duration_s * 1000.0 - 30_000:
            allowed = [item for item in left if self.feasible(item, played, time_ms)]
            item = int(choose((allowed if feasible else []) or left, time_ms))
            left.remove(item)
            played.append(item)
            end_ms = time_ms + int(self.items.length_ms[item])
            first, last = step_at(time_ms), step_at(end_ms)
            times = (np.arange(first, last) + 0.5) * 10.0
            inside = times < self.profile.duration_s
            distance = self.items.contour(item, last - first) - self.profile.target(times)
            squares += float((distance[inside] ** 2).sum())
            steps += int(inside.sum())
            time_ms = end_ms
        return float(np.sqrt(squares / steps))


if __name__ == "__main__":
    main()
