"""How near to the optimum: small random tasks with all rules, against an exhaustive search.

The search here shares no code with the product, only its constants of sound: it reads the cost from
the docstring of `playlist_builder.arranger.arrange`, places every feasible order of tracks and
keeps the cheapest.

    python -m tests.benchmarks.arrange_exact [COUNT]
"""

import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import numpy as np

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.arranger.solver.styles import RATES, SOUND
from playlist_builder.errors import ArrangeError
from playlist_builder.models import KEYS, Track
from playlist_builder.profiles.profile import Phase, Profile, Rules
from tests.support.synthetic import felt, library

TOLERANCE_S = 45.0
COPY_S = 3.0  # most by which the lengths of one recording under one title differ
ROUNDING = 1e-5  # the product keeps contours in single precision


@dataclass(frozen=True)
class Task:
    """One small task."""

    tracks: list[Track]
    profile: Profile
    constraints: Constraints


def task(seed: int) -> Task:
    """Return a random task of 6 to 11 tracks with random limits, pins and bans."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(6, 12))
    tracks = library(count, seed + 10_000, artists=int(rng.integers(2, 7)))
    tracks = [
        replace(track, vocals=str(rng.choice(["none", "unknown", "sung"], p=[0.7, 0.2, 0.1])))
        for track in tracks
    ]
    if rng.random() < 0.3:
        twin = replace(tracks[0], path="/music/twin.flac", identity="ffff")
        tracks.append(twin)
    duration_s = float(rng.integers(10, 26)) * 60.0
    border = float(rng.uniform(0.3, 0.7)) * duration_s
    levels = rng.uniform(0.05, 0.95, 3)
    profile = Profile(
        "random",
        "Random",
        "",
        duration_s,
        (
            Phase("first", 0.0, border, levels[0], levels[1], max_startle_lu=_maybe(rng, 14.0)),
            Phase(
                "second",
                border,
                duration_s,
                levels[1],
                levels[2],
                max_percussiveness=_maybe(rng, 0.8),
            ),
        ),
        Rules(artist_max=int(rng.integers(1, 4)), artist_gap=int(rng.integers(0, 3))),
    )
    pins: tuple[Pin, ...] = ()
    chosen = tracks[int(rng.integers(count))]
    kind = rng.random()
    if kind < 0.15:
        pins = (Pin(chosen.path),)
    elif kind < 0.3:
        pins = (Pin(chosen.path, place=int(rng.choice([1, 2, -1, -2]))),)
    elif kind < 0.4:
        pins = (Pin(chosen.path, minute=float(rng.uniform(0.0, duration_s / 90.0))),)
    bans = frozenset({tracks[-1].path}) if rng.random() < 0.2 else frozenset()
    prefer = (lambda track: float(track.vocals == "none")) if rng.random() < 0.2 else None
    constraints = Constraints(pins=pins, bans=bans, prefer=prefer)
    if rng.random() < 0.5:
        profile = replace(profile, phases=tuple(_planned(phase, rng) for phase in profile.phases))
        tracks = felt(tracks, seed)
    return Task(tracks, profile, constraints)


def _planned(phase: Phase, rng: np.random.Generator) -> Phase:
    """Return a phase with limits and plans of what is felt, most of which leave a choice."""
    return replace(
        phase,
        max_tension=_maybe(rng, 0.9),
        max_pulse_clarity=_maybe(rng, 0.6),
        max_stroke_rate_hz=_maybe(rng, 6.0),
        tension=(0.1, 0.4) if rng.random() < 0.5 else None,
        moving=bool(rng.random() < 0.5),
    )


def _maybe(rng: np.random.Generator, limit: float) -> float | None:
    return limit if rng.random() < 0.4 else None


def optimum(given: Task) -> float:
    """Return the least cost of a feasible session, or infinity where there is none."""
    search = _Search(given)
    search.extend([], 0, 0.0)
    return search.best / search.asked


def _once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of a search that keeps each of its results, by tracks and numbers."""

    @wraps(function)
    def method(self: "_Search", *values: Any) -> Any:
        own = (each if isinstance(each, int) else id(each) for each in values)
        key = (function.__name__, *own)
        if key not in self.known:
            self.known[key] = function(self, *values)
        return self.known[key]

    return method


class _Search:
    def __init__(self, given: Task) -> None:
        self.given, self.rules = given, given.profile.rules
        self.asked_ms = round(given.profile.duration_s * 1000)
        self.asked = (self.asked_ms + 5000) // 10000
        energies = sorted({round(t.energy, 12): t.energy for t in given.tracks}.values())
        every = [track.energy for track in given.tracks]
        ranks = [
            (sum(e < x for e in every) + 0.5 * sum(e == x for e in every)) / len(every)
            for x in energies
        ]
        xs, ys = [0.0, *energies, 1.0], [0.0, *ranks, 1.0]
        self.contours = {
            id(t): np.interp(np.rint(np.clip(t.contour, 0, 1) * 65535) / 65535, xs, ys)
            for t in given.tracks
        }
        banned = given.constraints.bans
        self.usable = [
            t
            for t in given.tracks
            if t.vocals not in ("sung", "spoken")
            and t.path not in banned
            and self.rules.track_min_s <= t.duration_s <= self.rules.track_max_s
        ]
        self.ms = {id(t): round(t.duration_s * 1000) for t in given.tracks}
        self.best = math.inf
        self.known: dict[Any, Any] = {}

    def extend(self, path: list[Track], time_ms: int, cost: float) -> None:
        if cost >= self.best:
            return
        ends = abs(time_ms - self.asked_ms) <= TOLERANCE_S * 1000
        if path and ends and self.pins_kept(path) and self.opens_softly(path):
            off = abs((time_ms + 5000) // 10000 - self.asked)
            self.best = min(self.best, cost + 0.01 * off)
        for track in self.usable:
            end_ms = time_ms + self.ms[id(track)]
            if end_ms <= self.asked_ms + TOLERANCE_S * 1000 and self.allowed(path, track, time_ms):
                more = self.place(track, (time_ms + 5000) // 10000, (end_ms + 5000) // 10000)
                if path:
                    more += self.seam(path[-1], track)
                self.extend([*path, track], end_ms, cost + more)

    def pins_kept(self, path: list[Track]) -> bool:
        for pin in self.given.constraints.pins:
            places = [i for i, track in enumerate(path) if track.path == pin.track]
            if not places:
                return False
            if pin.place is not None:
                want = pin.place - 1 if pin.place > 0 else len(path) + pin.place
                if places[0] != want:
                    return False
            if pin.minute is not None:
                start_ms = sum(self.ms[id(track)] for track in path[: places[0]])
                if abs(start_ms - round(pin.minute * 60000)) > TOLERANCE_S * 1000:
                    return False
        return True

    def allowed(self, path: list[Track], track: Track, time_ms: int) -> bool:
        for other in path:
            same = other.tags.title == track.tags.title and other.tags.artists == track.tags.artists
            if other is track or (same and abs(other.duration_s - track.duration_s) <= COPY_S):
                return False
        artist = track.tags.artists[0]
        by = [other.tags.artists[0] == artist for other in path]
        if sum(by) >= self.rules.artist_max:
            return False
        gap = self.rules.artist_gap
        if gap and any(by[-gap:]):
            return False
        first = (time_ms + 5000) // 10000
        last = (time_ms + self.ms[id(track)] + 5000) // 10000
        return bool(self.fits(track, first, last))

    @_once
    def fits(self, track: Track, first: int, last: int) -> bool:
        contour = self.contours[id(track)]
        for offset, number in enumerate(range(first, last)):
            phase = self.given.profile.phase_at(number * 10.0 + 5.0)
            if contour[min(offset, len(contour) - 1)] > peak_of(phase):
                return False
            tension = 0.0 if track.emotion is None else track.emotion.tension
            for value, most in (
                (track.features.startle_lu, phase.max_startle_lu),
                (track.features.percussiveness, phase.max_percussiveness),
                (track.features.pulse_clarity, phase.max_pulse_clarity),
                (track.features.stroke_rate_hz, phase.max_stroke_rate_hz),
                (tension, phase.max_tension),
            ):
                if most is not None and value > most:
                    return False
        return True

    @_once
    def target(self, number: int) -> float:
        return float(self.given.profile.target(number * 10.0 + 5.0))

    @_once
    def place(self, track: Track, first: int, last: int) -> float:
        contour = self.contours[id(track)]
        levy = 0.0
        if self.given.constraints.prefer is not None:
            levy = 0.01 * (1.0 - self.given.constraints.prefer(track))
        total = 0.0
        for offset, number in enumerate(range(first, last)):
            target = self.target(number)
            total += (contour[min(offset, len(contour) - 1)] - target) ** 2 + levy
            phase = self.given.profile.phase_at(number * 10.0 + 5.0)
            if track.emotion is not None and phase.tension is not None:
                low, high = phase.tension
                nearest = min(max(track.emotion.tension, low), high)
                total += 0.5 * (track.emotion.tension - nearest) ** 2
            if track.emotion is not None and phase.moving:
                total += 0.01 * (1.0 - track.emotion.moving)
        return total

    @_once
    def seam(self, left: Track, right: Track) -> float:
        one, two = left.features, right.features
        whole = max(self.ms[id(left)] // 10000, 1)
        step = self.contours[id(right)][0] - self.contours[id(left)][whole - 1]
        over = two.start_loudness_lufs - one.end_loudness_lufs - self.rules.loudness_step_lu
        over = max(over, 0.0)
        loud = 0.01 * (over**2 if over <= 6.0 else 36.0 + 12.0 * (over - 6.0))
        octaves = abs(math.log2(two.tempo_bpm / one.tempo_bpm)) % 1.0
        tempo = min(octaves, 1.0 - octaves) * 2.0 * one.tempo_confidence * two.tempo_confidence
        key = _fifths(one.key, two.key) / 6.0 * one.key_confidence * two.key_confidence
        colour = min(abs(math.log2(two.spectral_centroid_hz / one.spectral_centroid_hz)), 2.0)
        style = self.rules.cohesion * apart(left, right) ** 3
        return 2.0 * step**2 + loud + 0.002 * tempo + 0.001 * key + 0.001 * colour + style

    def opens_softly(self, path: list[Track]) -> bool:
        loudness = [track.features.loudness_lufs for track in path]
        most = min(-3.0, float(np.median(loudness)) + 8.0)
        opens = [begins(t) for t in self.usable if t.features.loudness_lufs <= most]
        return begins(path[0]) <= max(most, min(opens, default=most))


def begins(track: Track) -> float:
    return max(track.features.loudness_lufs, track.features.start_loudness_lufs)


def peak_of(phase: Phase) -> float:
    highest = max(phase.level_start, phase.level_end) + phase.wave_depth
    if phase.max_peak is not None:
        return phase.max_peak
    return highest + 0.3 if highest <= 0.35 else math.inf


def apart(left: Track, right: Track) -> float:
    """Return the distance in style of two tracks without embeddings."""
    one, two = (
        np.array(
            [
                ((math.log2(1.0 + value) if name in RATES else value) - mean) / deviation
                for name, (mean, deviation) in SOUND.items()
                for value in (getattr(track.features, name),)
            ]
        )
        for track in (left, right)
    )
    return 1.0 - float(one @ two / np.linalg.norm(one) / np.linalg.norm(two))


def _fifths(left: str, right: str) -> int:
    places = []
    for key in (left, right):
        number = KEYS.index(key)
        major = number if number < 12 else (number - 12 + 3) % 12
        places.append(major * 7 % 12)
    apart = abs(places[0] - places[1])
    return min(apart, 12 - apart)


def main() -> None:
    """Print one JSON line."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 250
    over, solved, missed, above, silent = [], 0, [], [], []
    tight = []
    for seed in range(count):
        given = task(seed)
        best = optimum(given)
        try:
            session = arrange(
                given.tracks,
                given.profile,
                constraints=replace(given.constraints, tolerance_s=TOLERANCE_S),
            )
        except ArrangeError:
            session = None
        if math.isinf(best):
            if session is not None and not session.relaxed:
                silent.append(seed)
            continue
        solved += 1
        if session is None or session.relaxed:
            missed.append(seed)
            continue
        if session.bound > best * (1.0 + ROUNDING):
            above.append(seed)
        over.append(session.cost / best - 1.0)
        tight.append(session.bound / best)
    sys.stdout.write(
        json.dumps(
            {
                "tasks": count,
                "feasible": solved,
                "missed": missed,
                "bound_above_optimum": above,
                "infeasible_unreported": silent,
                "below_optimum": [float(x) for x in over if x < -ROUNDING],
                "within_1_percent": float(np.mean(np.array(over) <= 0.01)),
                "worst_over": float(max(over)),
                "mean_bound_of_optimum": float(np.mean(tight)),
            }
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
