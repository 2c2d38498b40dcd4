"""Hard rules: which tracks may be in a session at all.

Tracks go in with the user's constraints; out come those that pass, with a count of what each rule
removed.

A track is counted under the first of these rules that removes it: missing file, banned, played
before (`avoid`), excluded, not included, voice, silent, too short, too long.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from playlist_builder.errors import ArrangeError, ProfileError, ShortageError
from playlist_builder.language.notices import REASON, notice
from playlist_builder.language.translation import Phrase
from playlist_builder.models import SILENCE_LUFS, STEP_S, Bools, Floats, Ints, Scale, Track, Vocals
from playlist_builder.profiles.profile import Phase, Profile, Rules
from playlist_builder.tracks.queries import Predicate, Query, any_of
from playlist_builder.tracks.track_table import VOCALS, TrackTable

SILENCE_S = 15.0  # the longest silence in a track that a listener takes for a rest
UNWANTED = -4.0  # least preference: such a track must be 0.2 nearer to the plan than any other

ADMITTED: dict[str, frozenset[Vocals]] = {  # by vocals rule; `exclude` takes the unverified too
    "exclude": frozenset({"none", "wordless", "unknown"}),
    "strict": frozenset({"none"}),
    "allow-wordless": frozenset({"none", "wordless"}),
    "allow": frozenset({"none", "wordless", "sung", "spoken", "unknown"}),
}

Value = TypeVar("Value", bool, float)


@dataclass(frozen=True, slots=True)
class PhaseLimit:
    """A limit that a phase may set: for what of a track, under which key, and how it is relaxed.

    `code` is that of the notice of a broken limit, `relaxed_by` the field of a `Relaxation`.
    `otherwise` holds where a phase sets none, and `starts` is the feature that says at which second
    of a track it is broken, if there is one.
    """

    code: str
    feature: str
    key: str
    relaxed_by: str
    otherwise: float = np.inf
    starts: str = ""

    def of(self, tracks: TrackTable) -> Floats:
        """Return what is limited, for each track; NaN where it is not known, which nothing bars."""
        return tracks.tension if self.feature == "tension" else tracks.measured(self.feature)

    def most(self, phase: Phase) -> float:
        """Return the most that a phase allows, infinity where nothing limits it."""
        most: float | None = getattr(phase, self.key)
        return self.otherwise if most is None else most


PHASE_LIMITS = (
    PhaseLimit("brightness", "spectral_centroid_hz", "max_brightness_hz", "colour"),
    PhaseLimit("percussiveness", "percussiveness", "max_percussiveness", "colour"),
    PhaseLimit("tension", "tension", "max_tension", "tension"),
    PhaseLimit("pulse", "pulse_clarity", "max_pulse_clarity", "pulse_clarity"),
    PhaseLimit("strokes", "stroke_rate_hz", "max_stroke_rate_hz", "stroke_rate_hz"),
    PhaseLimit("startle", "startle_lu", "max_startle_lu", "startle_lu"),
    PhaseLimit(
        *("silence", "longest_silence_s", "max_silence_s", "silence_s"),
        otherwise=SILENCE_S,
        starts="longest_silence_start_s",
    ),
)
"""In the order in which they are relaxed; the last three guard against harm."""


def within_limits(tracks: TrackTable, phase: Phase) -> Bools:
    """Return for each track whether the limits of a phase let it play there."""
    within = np.ones(len(tracks), np.bool_)
    for limit in PHASE_LIMITS:
        within &= ~(limit.of(tracks) > limit.most(phase))
    return within


def sounding(tracks: TrackTable, profile: Profile) -> Bools:
    """Return for each track whether any phase of a profile admits its longest silence."""
    limit = next(each for each in PHASE_LIMITS if each.code == "silence")
    return np.asarray(limit.of(tracks) <= max(map(limit.most, profile.phases)))


@dataclass(frozen=True, slots=True)
class Pin:
    """A track that must be in the session; `track` is its path or identity.

    `place` counts from 1, or from the end as -1, -2, ... `minute` is when it starts; the session
    keeps to it within the tolerance of its duration. `phase` names the phase that it belongs to.
    With none of them, any place will do.
    """

    track: str
    place: int | None = None
    minute: float | None = None
    phase: str | None = None


def phase_of(pin: Pin, profile: Profile) -> Phase | None:
    """Return the phase that a pin asks for, None where the profile has none of that name."""
    if pin.phase is None:
        return None
    with suppress(ProfileError):
        return profile.named(pin.phase)
    return None


@dataclass(frozen=True, slots=True)
class Constraints:
    """What the user wants beyond the profile.

    `bans` and `avoid` hold paths or identities; both keep a track out and differ only in how
    they are counted (never again; not this time). `prefer` gives 0..1, where 1 is wanted most, or
    less for what is not wanted, down to `UNWANTED`. `rules` replaces the profile's rules. `use_all`
    asks for every track that passes. `levelled` says that the player makes all tracks equally loud,
    which changes how the loudness steps from one to the next. Of each set of identities in
    `at_most` a session may hold only so many. Up to `trim_s` may be left out at either end of a
    track; `settle`, if given, moves the cuts of a part by less than half a step, or returns None
    where one would lie within a phrase.

    The profile is scaled to `duration_s` if given, which may be off by `tolerance_s`. On the
    relative `scale` energies are read as percentiles among all tracks. Seed 0 gives the best
    session; every other `seed` gives one of nearly the same cost.
    """

    pins: tuple[Pin, ...] = ()
    bans: frozenset[str] = frozenset()
    avoid: frozenset[str] = frozenset()
    include: Predicate | None = None
    exclude: Predicate | None = None
    prefer: Callable[[Track], float] | None = None
    rules: Rules | None = None
    use_all: bool = False
    allow_short: bool = False
    levelled: bool = False
    at_most: tuple[tuple[frozenset[str], int], ...] = ()
    trim_s: float = 0.0
    settle: Callable[[Track], Track | None] | None = None
    duration_s: float | None = None
    tolerance_s: float = 30.0
    scale: Scale = "relative"
    seed: int = 0

    def with_queries(self, rules: Rules) -> "Constraints":
        """Return the constraints with the tag queries of the rules, which hold as well."""
        include, exclude, prefer = map(any_of, (rules.include, rules.exclude, rules.prefer))
        return replace(
            self,
            include=_joined(min, self.include, include),
            exclude=_joined(max, self.exclude, exclude),
            prefer=_joined(max, self.prefer, prefer),
        )


def _joined(
    join: Callable[[Value, Value], Value],
    left: Callable[[Track], Value] | None,
    right: Callable[[Track], Value] | None,
) -> Callable[[Track], Value] | None:
    if left is None or right is None:
        return left or right
    return lambda track: join(left(track), right(track))


def removal(track: Track, rules: Rules, constraints: Constraints, longest_s: float) -> str:
    """Return the rule that keeps a track out, or nothing; `longest_s` is what the session holds."""
    removed, reasons = _removed(TrackTable.of([track]), rules, constraints, longest_s)
    return reasons[int(removed[0])]


def admit(
    tracks: Sequence[Track], rules: Rules, constraints: Constraints, longest_s: float
) -> tuple[Ints, Counter[str]]:
    """Return the places of the tracks that pass, and how many each rule removed."""
    removed, reasons = _removed(TrackTable.of(tracks), rules, constraints, longest_s)
    counts = np.bincount(removed, minlength=len(reasons)).tolist()
    found = {why: count for why, count in zip(reasons, counts, strict=True) if why and count}
    return np.flatnonzero(removed == 0), Counter(found)


def _removed(
    table: TrackTable, rules: Rules, constraints: Constraints, longest_s: float
) -> tuple[Ints, Sequence[str]]:
    """Return for each track the place of what removes it in the reasons, which begin with none."""
    removed = np.zeros(len(table), np.int64)
    reasons = [""]

    def remove(reason: str, those: Bools) -> None:
        removed[those & (removed == 0)] = len(reasons)
        reasons.append(reason)

    def where(holds: Predicate) -> Bools:
        """Return where a predicate holds, of the tracks left: only a query needs none made."""
        those, left = np.zeros(len(table), np.bool_), np.flatnonzero(removed == 0)
        if isinstance(holds, Query):
            those[left] = holds.mask(table.take(left))
        else:
            those[left] = [holds(track) for track in table.take(left)]
        return those

    remove("missing", table.missing)
    remove("banned", table.banned | _named(table, constraints.bans))
    remove("avoided", _named(table, constraints.avoid))
    if constraints.exclude is not None:
        remove("excluded", where(constraints.exclude))
    if constraints.include is not None:
        remove("not included", ~where(constraints.include))
    for number, kind in enumerate(VOCALS):
        if kind not in ADMITTED[rules.vocals]:
            remove("unverified" if kind == "unknown" else kind, table.vocals == number)
    remove("silent", table.measured("loudness_lufs") <= SILENCE_LUFS)
    remove("too short", table.seconds < max(rules.track_min_s, STEP_S))
    remove("too long", table.seconds > min(rules.track_max_s, longest_s))
    return removed, reasons


def _named(table: TrackTable, names: frozenset[str]) -> Bools:
    if not names:
        return np.zeros(len(table), np.bool_)
    pairs = zip(table.identities, table.paths, strict=True)
    named = (identity in names or path in names for identity, path in pairs)
    return np.fromiter(named, np.bool_, len(table))


def pinned(
    tracks: Sequence[Track], pin: Pin, rules: Rules, constraints: Constraints, longest_s: float
) -> int:
    """Return the place of a pinned track. Raises ArrangeError where no such track may be used."""
    table = TrackTable.of(tracks)
    paths = table.paths
    found = np.flatnonzero(_named(table, frozenset((pin.track,)))).tolist()
    found.sort(key=paths.__getitem__)  # one recording may lie at several paths
    if not found:
        raise ArrangeError(
            "{track}: pinned, but not in the library. Scan its folder first.", track=pin.track
        )
    reasons = {place: removal(table[place], rules, constraints, longest_s) for place in found}
    for place in found:
        if not reasons[place]:
            return int(place)
    raise ArrangeError(
        "{track}: pinned, but {reason}. Remove the pin, or change that rule.",
        track=pin.track,
        reason=Phrase(reasons[found[0]], context=REASON),
    )


def most_removed(removed: Counter[str]) -> tuple[tuple[str, int], ...]:
    """Return how many tracks each rule removed, the most first."""
    return tuple(sorted(removed.items(), key=lambda item: (-item[1], item[0])))


def shortage(
    profile: Profile, passed_s: float, removed: Counter[str], *, allow_short: bool
) -> ShortageError:
    """Return the error that says how much music is lacking and which rules took it."""
    lack = notice(
        "too_little",
        asked_min=round(profile.duration_s / 60.0),
        passed_min=round(passed_s / 60.0),
        removed=most_removed(removed),
    )
    rests = Phrase(" let tracks rest for less long (--within),") if removed["avoided"] else ""
    if allow_short:
        return ShortageError(
            "{lack}. Add music,{rests} or let in other lengths (--min-length, --max-length).",
            lack=lack,
            rests=rests,
        )
    return ShortageError(
        "{lack}. Add music,{rests} ask for less time (--duration), let in other lengths"
        " (--min-length, --max-length), or allow a short session (--allow-short).",
        lack=lack,
        rests=rests,
    )
