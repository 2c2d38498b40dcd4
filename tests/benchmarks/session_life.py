"""What becomes of a session: its tail and spares, and how well and fast it is planned again.

    python -m tests.benchmarks.session_life LIBRARY

LIBRARY is a library file with real music. Every profile is scaled to at most a third of that music.
Replanning is measured at random moments of sessions of real and of synthetic music: what changes
before the moment, how far the end is off, and what the rest costs over a rest that is built from
scratch without the tracks that have been played. That one does not know which artists have been
heard, so it may break a rule that the replanned one keeps; both figures are given. The time for
100,000 tracks stands beside that of a whole build in the same run.
"""

import json
import sys
import time
from collections import Counter
from dataclasses import replace

import numpy as np

from playlist_builder.arranger import result, spares
from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.partial import length_ms, plays_by
from playlist_builder.arranger.problem import Objective, percentiles_of
from playlist_builder.arranger.rules import Constraints
from playlist_builder.errors import ArrangeError
from playlist_builder.library.library import Library
from playlist_builder.profiles.find import available_profiles, load_profile
from playlist_builder.session_request import SessionRequest
from playlist_builder.sessions import draft as draft_module
from playlist_builder.sessions import replan
from playlist_builder.sessions.draft import Draft
from tests.support.synthetic import library

SHARE = 1 / 3
MOMENTS, SESSIONS = 20, 10
LIKE = 0.07
TOLERANCE_S = 30.0


def drafted(tracks, profile, session):
    """Return a session as it is when it begins to be changed."""
    objective = Objective(profile, Constraints(), percentiles_of(tracks, "relative"))
    known = {track.identity: track for track in tracks}
    order = tuple(known[slot.identity] for slot in session.slots)
    pool = draft_module.pool_of(tracks, objective)
    return Draft(order, pool, objective, (), SessionRequest("arc", "arc"), 1.0)


def beside(name, tracks, music_s):
    """Measure tail and spares of one profile."""
    profile = load_profile(name)
    profile = profile.scaled(min(profile.duration_s, SHARE * music_s))
    session = arrange(tracks, profile)
    draft = drafted(tracks, profile, session)
    known = {track.identity: track for track in tracks}
    tail = [known[slot.identity] for slot in session.tail]
    apart = [
        abs(each.slot.energy - session.slots[each.place - 1].energy) for each in session.spares
    ]
    far = [each for each, distance in zip(session.spares, apart, strict=True) if distance > LIKE]
    taken = [*tail, *(known[each.slot.identity] for each in session.spares)]
    beyond = (result.Pool.of(draft.pool, draft.objective), draft.objective, taken)
    left = spares._choices(session.slots, draft.order, *beyond)  # noqa: SLF001
    nearer = {session.slots[each.place].phase for each in left if not each.score[0]}
    ends = result.items_in_order([draft.order[-1], *tail[:1]], draft.objective)
    rise = float(ends.opening[-1] - ends.closing[0]) if tail else None
    means = result.energies([draft.order[-1], *tail[:1]], draft.objective)
    phases = Counter(slot.phase for slot in session.slots)
    given = Counter(each.slot.phase for each in session.spares)
    return {
        "profile": name,
        "minutes": round(profile.duration_s / 60.0, 1),
        "tail_minutes": round(length_ms(tail) / 60_000.0, 1),
        "tail_asked": round(max(0.25 * profile.duration_s, 900.0) / 60.0, 1),
        "tail_rise": None if rise is None else round(rise, 4),
        "tail_rise_of_means": round(means[-1] - means[0], 4),
        "spares": len(apart),
        "phases_without": sorted(set(phases) - set(given)),
        "spare_apart": round(max(apart, default=0.0), 4),
        "far": len(far),
        "far_though_nearer_left": sum(each.slot.phase in nearer for each in far),
    }


def rest_cost(draft, before, order):
    """Return what the part of an order behind `before` tracks costs."""
    whole = result.ordered(order, draft.objective).cost
    played = result.ordered(order[:before], draft.objective)
    ending = abs(result.step_at(played.ends_ms[-1]) - played.grid.asked_steps) * result.END_WEIGHT
    return whole - (played.cost - ending)


def scratch(tracks, draft, before):
    """Return a rest that is built as a session of its own, or None."""
    played = draft.order[:before]
    now_s = length_ms(played) / 1000.0
    profile = draft.objective.profile
    phases = profile._after(now_s)  # noqa: SLF001
    rest = profile._in_row((each, each.duration_s) for each in phases)  # noqa: SLF001
    known = {track.identity: track for track in tracks}
    constraints = Constraints(avoid=frozenset(track.identity for track in played))
    try:
        session = arrange(tracks, rest, constraints=constraints)
    except ArrangeError:
        return None
    return [*played, *(known[slot.identity] for slot in session.slots)], session.relaxed


def moments(tracks, profile, seed, rng):
    """Replan one session at random moments."""
    session = arrange(tracks, profile, constraints=Constraints(seed=seed))
    draft = drafted(tracks, profile, session)
    rows = []
    for at_s in rng.uniform(0.0, session.duration_s, MOMENTS).tolist():
        current = sum(slot.start_s <= at_s for slot in session.slots)
        after = replan.replanned(draft, at_s)
        made = draft_module.session_of(after)
        same = [slot.identity for slot in made.slots[:current]] == [
            slot.identity for slot in session.slots[:current]
        ]
        row = {"kept": same, "off_s": abs(made.duration_s - profile.duration_s)}
        row["off_before_s"] = abs(session.duration_s - profile.duration_s)
        left_s = profile.duration_s - length_ms(draft.order[:current]) / 1000.0
        other = scratch(tracks, draft, current) if left_s > 300.0 else None
        if other is not None and not made.relaxed and not other[1]:
            order = other[0]
            feasible = max(plays_by(order).values()) <= profile.rules.artist_max and plays_by(
                [order[current - 1]]
            ).keys().isdisjoint(plays_by(order[current : current + 1]))
            own = rest_cost(after, current, after.order)
            row |= {"over": own / rest_cost(after, current, order) - 1.0, "feasible": feasible}
        row["relaxed"] = bool(made.relaxed)
        rows.append(row)
    return rows


def replanning(tracks, count, seed):
    """Replan sessions of several profiles and lengths."""
    rng = np.random.default_rng(seed)
    names = ("arc", "ketamine-iv", "ketamine-im", "relaxation", "steady")
    rows = []
    for number in range(count):
        profile = load_profile(names[number % len(names)]).scaled(
            60.0 * float(rng.integers(40, 91))
        )
        rows += moments(tracks, profile, number // len(names), rng)
    over = [row["over"] for row in rows if "over" in row]
    feasible = [row["over"] for row in rows if row.get("feasible")]
    firm = [row["off_s"] for row in rows if not row["relaxed"]]
    return {
        "moments": len(rows),
        "kept": sum(row["kept"] for row in rows),
        "off_s_worst": round(max(firm), 1),
        "relaxed": sum(row["relaxed"] for row in rows),
        "off_s_worst_relaxed": round(max(row["off_s"] for row in rows), 1),
        "compared": len(over),
        "over_worst": round(max(over), 4),
        "over_mean": round(float(np.mean(over)), 4),
        "feasible": len(feasible),
        "over_worst_feasible": round(max(feasible), 4),
    }


def large(count):
    """Time replanning in a large library, and hold its cost against a search in all of it."""
    tracks = library(count, 1)
    profile = load_profile("arc")
    begin = time.perf_counter()
    session = arrange(tracks, profile)
    build_s = time.perf_counter() - begin
    rows = []
    for at_s in (60.0, 900.0, 1930.0):
        begin = time.perf_counter()
        after = replan.replanned(drafted(tracks, profile, session), at_s, extend_s=600.0)
        draft_module.session_of(after)
        seconds = time.perf_counter() - begin
        pool = len(after.pool)
        current = sum(slot.start_s <= at_s for slot in session.slots)
        own = rest_cost(after, current, after.order)
        wide = replace(drafted(tracks, profile, session), pool=tracks)
        full = replan.replanned(wide, at_s, extend_s=600.0)
        over = own / rest_cost(full, current, full.order) - 1.0
        rows.append(
            {"at_s": at_s, "pool": pool, "seconds": round(seconds, 3), "over_all": round(over, 4)}
        )
    return {"tracks": count, "build_s": round(build_s, 3), "replan": rows}


def main() -> None:
    """Print one JSON line."""
    with Library.open(sys.argv[1]) as opened:
        tracks = opened.tracks()
    music_s = sum(track.duration_s for track in tracks)
    document = {
        "benchmark": "session_life",
        "music_minutes": round(music_s / 60.0),
        "profiles": [beside(each.name, tracks, music_s) for each in available_profiles()],
        "replan_real": replanning(tracks, SESSIONS // 2, 1),
        "replan_synthetic": replanning(library(1000, 3), SESSIONS // 2, 2),
        "large": large(100_000),
    }
    sys.stdout.write(json.dumps(document) + "\n")


if __name__ == "__main__":
    main()
