"""Long sessions that use much of the music: the arranger against annealing under the same rules.

    python -m tests.benchmarks.arrange_long [LIBRARY] [--seconds 20] [--only PROFILE]

LIBRARY is a library file that holds a scan of real music; without it tracks are synthetic, as many
as pass in the published psilocybin lists. Each profile of at least two hours is scaled to 15, 30
and 60 % of the music that passes. The annealing is a plain one (one random change at a time,
Metropolis, with rules as penalties) that shares only the arithmetic of the cost with the product;
it has so many CPU seconds, nothing relaxed. `copies` compares the cost with 2, 4 and 8 copies.
"""

import argparse
import json
import math
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.problem import Relaxation, build_problem, instance_of
from playlist_builder.arranger.rules import Constraints, admit
from playlist_builder.arranger.solver.solve import search_space
from playlist_builder.errors import ArrangeError
from playlist_builder.models import Track
from playlist_builder.profiles.find import available_profiles, load_profile
from playlist_builder.profiles.profile import Profile
from tests.support.synthetic import felt, library

TRACKS = 333
SHARES = (0.15, 0.3, 0.6)
LONG_S = 7200.0  # profiles from here on are long
COPIES = (2, 4, 8)
HOT, COLD = 0.3, 0.001
BROKEN = 10.0


class Annealing:
    """Plain simulated annealing on one problem."""

    def __init__(self, tracks: Sequence[Track], profile: Profile) -> None:
        problem = build_problem(tracks, profile, Constraints())
        instance = instance_of(problem, Relaxation())
        every = np.arange(len(instance.items.steps))
        self.space = search_space(instance, every)
        items, grid, groups = self.space.items, self.space.grid, self.space.groups
        self.grid = grid
        self.length = items.length_ms.tolist()
        self.steps = items.steps.tolist()
        price = np.where(np.isfinite(self.space.price), self.space.price, BROKEN)
        self.price = [table.T.tolist() for table in price]
        self.seam = items.transition_cost(every[:, None], every, grid.loudness_jump_lu).tolist()
        self.member = [set(row) - {len(groups.most) - 1} for row in groups.member.tolist()]
        self.most = groups.most.tolist()
        self.artists = [set(row) - {-1} for row in groups.artists.tolist()]
        self.gap = groups.gap

    def cost(self, order: list[int], below: float) -> float:
        """Return the cost of an order with penalties, infinite as soon as it passes `below`."""
        total, time_ms, begin = 0.0, 0, 0
        held: dict[int, int] = {}
        for place, item in enumerate(order):
            time_ms += self.length[item]
            end = (time_ms + 5000) // 10000
            start = min(begin, self.grid.horizon)
            longer = min(max(end - begin - self.steps[item], 0), 1)
            total += self.price[longer][item][start]
            if place:
                total += self.seam[order[place - 1]][item]
            for back in range(1, min(self.gap, place) + 1):
                if self.artists[item] & self.artists[order[place - back]]:
                    total += BROKEN
            for group in self.member[item]:
                held[group] = held.get(group, 0) + 1
                total += BROKEN * (held[group] > self.most[group])
            if total > below:
                return math.inf
            begin = end
        off_ms = abs(time_ms - self.grid.asked_ms)
        total += 0.01 * abs(begin - self.grid.asked_steps)
        beyond_s = max(off_ms - self.grid.tolerance_ms, 0) / 1000.0
        return total + (BROKEN if beyond_s else 0.0) + beyond_s / 20.0

    def run(self, seconds: float, seed: int = 0) -> tuple[float, float]:
        """Return the least cost of a session found, and after how many CPU seconds one was."""
        rng = random.Random(seed)  # noqa: S311 - no secret
        begun = time.process_time()
        left = list(range(len(self.length)))
        rng.shuffle(left)
        order: list[int] = []
        while left and sum(self.length[item] for item in order) < self.grid.asked_ms - 60_000:
            order.append(left.pop())
        cost = self.cost(order, math.inf)
        best, found_s = math.inf, math.inf
        while (used := time.process_time() - begun) < seconds:
            heat = HOT * (COLD / HOT) ** (used / seconds)
            for _ in range(50):
                new, spare = self.changed(order, left, rng)
                limit = cost - heat * math.log(1.0 - rng.random())
                other = self.cost(new, limit)
                if other <= limit:
                    order, left, cost = new, spare, other
                    if cost < best and np.isfinite(self.space.costs(np.array([order]))[0]):
                        found_s = min(found_s, time.process_time() - begun)
                        best = cost
        return best / self.grid.asked_steps, found_s

    def changed(
        self, order: list[int], left: list[int], rng: random.Random
    ) -> tuple[list[int], list[int]]:
        """Return an order with one change, and the items that it leaves."""
        new, spare = [*order], left
        kind, place = rng.random(), rng.randrange(len(order))
        if kind < 0.25 and len(new) > 1:
            other = rng.randrange(len(new))
            new[place], new[other] = new[other], new[place]
        elif kind < 0.4 and len(new) > 1:
            item = new.pop(place)
            new.insert(rng.randrange(len(new) + 1), item)
        elif kind < 0.9 and left:
            other = rng.randrange(len(left))
            spare = [*left]
            new[place], spare[other] = left[other], order[place]
        elif kind < 0.95 and left:
            spare = [*left]
            new.insert(place, spare.pop(rng.randrange(len(left))))
        elif len(new) > 1:
            spare = [*left, new.pop(place)]
        return new, spare


def compare(tracks: Sequence[Track], profile: Profile, share: float, seconds: float) -> dict:
    """Return what the arranger and annealing make of a profile at a share of the music."""
    passed, _ = admit(tracks, profile.rules, Constraints(), np.inf)
    duration_s = share * sum(tracks[place].duration_s for place in passed)
    scaled = profile.scaled(round(duration_s / 60.0) * 60.0)
    row: dict[str, object] = {
        "profile": profile.name,
        "share": share,
        "passed": len(passed),
        "minutes": round(scaled.duration_s / 60.0),
    }
    begun = time.process_time()
    try:
        session = arrange(tracks, scaled)
        row |= {
            "cost": round(session.cost, 6),
            "cost_over_bound": round(session.cost / session.bound, 3) if session.bound else None,
            "relaxed": [str(each).split(":")[0] for each in session.relaxed],
        }
    except ArrangeError as error:
        row["error"] = str(error)
    row["seconds"] = round(time.process_time() - begun, 1)
    if seconds:
        least, found_s = Annealing(tracks, scaled).run(seconds)
        row["annealing"] = round(least, 6) if math.isfinite(least) else None
        row["annealing_found_s"] = round(found_s, 1) if math.isfinite(found_s) else None
        if "cost" in row and math.isfinite(least):
            row["over_annealing"] = round(session.cost / least, 3)
    return row


def copied(tracks: Sequence[Track], count: int) -> list[Track]:
    """Return every track so many times, as other files of the same sound."""
    return [
        replace(each, path=f"/copy{number}{each.path}", identity=f"{each.identity}.{number}")
        for each in tracks
        for number in range(count)
    ]


def copies(tracks: Sequence[Track], profile: Profile, minutes: float) -> dict[str, object]:
    """Return the costs with so many copies of each recording, over that without."""
    alone = arrange(tracks, profile, constraints=Constraints(duration_s=minutes * 60.0)).cost
    return {
        str(count): round(
            arrange(
                copied(tracks, count), profile, constraints=Constraints(duration_s=minutes * 60.0)
            ).cost
            / alone,
            4,
        )
        for count in COPIES
    }


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("library", nargs="?")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--only")
    parser.add_argument("--share", type=float)
    options = parser.parse_args()
    tracks: Sequence[Track] = felt(library(TRACKS, 1), 1)
    if options.library:
        from playlist_builder.library.library import Library  # noqa: PLC0415 - decoding is not needed else

        with Library.look(options.library) as opened:
            tracks = opened.tracks()
    profiles = [each.profile for each in available_profiles() if each.profile is not None]
    rows = []
    for profile in profiles:
        if profile.duration_s < LONG_S or options.only not in (None, profile.name):
            continue
        for share in SHARES if options.share is None else (options.share,):
            rows.append(compare(tracks, profile, share, options.seconds))
            sys.stderr.write(json.dumps(rows[-1]) + "\n")
    report = {"benchmark": "arrange_long", "tracks": len(tracks), "rows": rows}
    if options.only is None:
        report["copies"] = copies(tracks, load_profile("arc"), 60.0)
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
