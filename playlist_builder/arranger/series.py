"""A series: several sessions of one profile without common tracks, all about equally good.

Built one after the other, the first session would take the best of the library and the last what
is left. So the tracks are split into parts that are alike in energy and length, and each session is
arranged from its part. Then each in turn, the worst first, is arranged again from its own tracks
and all that no session uses, until that improves none. At last the worst is offered some tracks of
the best, as long as both are then better than the worst was.

Where the library is too small for that, a session takes tracks of the others: no more than it
needs, of those that are used least, and a warning says so. No other rule is relaxed for the series.
What was played before is not known here; it comes in as `avoid`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product

import numpy as np

from playlist_builder.arranger.arrange import NO_CONSTRAINTS, arranged
from playlist_builder.arranger.problem import Problem, Relaxation, build_problem
from playlist_builder.arranger.recordings import copies
from playlist_builder.arranger.rules import Constraints
from playlist_builder.errors import ArrangeError
from playlist_builder.language.notices import notice
from playlist_builder.models import Session, Track
from playlist_builder.profiles.profile import Profile
from playlist_builder.tracks.track_table import TrackTable

ROUNDS = 2  # in which each session may be arranged again
GAIN = 0.01  # of its error: a round in which none gains as much is the last
EVEN = 1.15  # times the best session's error: a worst one of less is as good
TRADES = 16  # offers that are tried at most
PARTNERS = 3  # sessions that are asked to give, the best first
OFFERS = ((2, 0), (2, 1), (3, 0), (3, 1), (3, 2))  # every nth track of a session, from which
LIKE = 4  # tracks of like energy per part, of which those of like length are dealt at once
NAMED = 3  # shared tracks of a session
IN_TAIL, IN_SESSION = 1, 2  # how much a track counts as used: shared from a tail first


def series(
    tracks: Sequence[Track],
    profile: Profile,
    count: int,
    constraints: Constraints = NO_CONSTRAINTS,
) -> list[Session]:
    """Return `count` sessions for a profile that share no track, or as few as the library forces.

    Copies of one recording count as one track. The same arguments give the same sessions, in
    whatever order the tracks come. Raises as `arrange` does where the library holds no session at
    all; the arguments are those of `arrange`.
    """
    table = TrackTable.of(tracks)
    build = partial(build_problem, table, profile)
    problem = build(constraints)
    _, allowed = arranged(problem)
    common = _Common(build, constraints, allowed, _copies_of(problem.tracks))
    sessions: list[Session] = []
    for part in _split(problem.tracks, count, constraints.seed):
        used = common.used(sessions)
        others = set(problem.tracks.identities) - part
        sessions.append(common.session(others | used.keys()) or common.least_shared(used))
    for _ in range(ROUNDS):
        if not _improved(common, sessions):
            break
    _even_out(common, sessions)
    return [_with_notice(number, sessions, common) for number in range(count)]


@dataclass(frozen=True, slots=True, eq=False)
class _Common:
    """What the sessions of a series have in common; `copies` holds the copies of each track.

    `known` holds what was arranged before, as the last rounds ask much again.
    """

    build: Callable[[Constraints], Problem]
    constraints: Constraints
    allowed: Sequence[Relaxation]
    copies: Mapping[str, frozenset[str]]
    known: dict[tuple[frozenset[str], tuple[tuple[frozenset[str], int], ...]], Session | None] = (
        field(default_factory=dict)
    )

    def used(self, sessions: Iterable[Session]) -> Counter[str]:
        """Return how much each track is used by sessions, those whose copy is used among them."""
        times: Counter[str] = Counter()
        for session in sessions:
            for weight, slots in ((IN_SESSION, session.slots), (IN_TAIL, session.tail)):
                for slot in slots:
                    times.update(dict.fromkeys(self.copies[slot.identity], weight))
        return times

    def session(
        self, avoid: Iterable[str], at_most: tuple[tuple[frozenset[str], int], ...] = ()
    ) -> Session | None:
        """Return the best session without some tracks, or None where there is none."""
        asked = self.constraints.avoid | frozenset(avoid), at_most
        if asked not in self.known:
            self.known[asked] = self._arranged(*asked)
        return self.known[asked]

    def _arranged(
        self, avoid: frozenset[str], at_most: tuple[tuple[frozenset[str], int], ...]
    ) -> Session | None:
        constraints = replace(self.constraints, avoid=avoid, at_most=at_most)
        try:
            return arranged(self.build(constraints), self.allowed)[0]
        except ArrangeError:
            return None

    def least_shared(self, used: Mapping[str, int]) -> Session:
        """Return the session with the fewest tracks of other sessions, and of those used least."""
        session = self.session(used)
        for level in sorted(set(used.values())):
            if session is not None:
                return session
            barred = [identity for identity, times in used.items() if times > level]
            again = frozenset(identity for identity, times in used.items() if times == level)
            session = self.session(barred)
            fewest = 0
            while session is not None:
                most = sum(slot.identity in again for slot in session.slots)
                if most - fewest <= 1:
                    break
                limit = (fewest + most) // 2
                better = self.session(barred, ((again, limit),))
                fewest = fewest if better else limit
                session = better or session
        if session is None:
            raise AssertionError("the whole library holds a session")
        return session

    def shared(self, session: Session, others: Iterable[Session]) -> list[str]:
        """Return the tracks of a session that are, or whose copies are, in others."""
        used = self.used(others)
        return [each.identity for each in (*session.slots, *session.tail) if used[each.identity]]


def _improved(common: _Common, sessions: list[Session]) -> bool:
    """Arrange every session again, the worst first; return whether any gained much."""
    gained = False
    for number in reversed(_ranked(sessions)):
        own, others = sessions[number], _without(sessions, number)
        used = common.used(others)
        shared = common.shared(own, others)
        found = common.least_shared(used) if shared else common.session(used)
        if found is None:
            continue
        before = len(shared), len(own.relaxed), own.rms_error
        after = len(common.shared(found, others)), len(found.relaxed), found.rms_error
        if after < before:
            sessions[number] = found
            gained |= after[:2] < before[:2] or after[2] < (1.0 - GAIN) * before[2]
    return gained


def _even_out(common: _Common, sessions: list[Session]) -> None:
    """Let the worst session have tracks of better ones, while that makes the worst better."""
    tried = 0
    traded = True
    while traded and tried < TRADES:
        traded = False
        *better, worst = _ranked(sessions)
        error = sessions[worst].rms_error
        for giver, (stride, first) in product(better[:PARTNERS], OFFERS):
            if error <= EVEN * sessions[better[0]].rms_error or tried == TRADES:
                return
            tried += 1
            rest = _without(sessions, worst, giver)
            kept = [
                slot.identity
                for place, slot in enumerate((*sessions[giver].slots, *sessions[giver].tail))
                if place % stride != first
            ]
            taker = common.session(common.used(rest).keys() | set(kept))
            if taker is None or taker.rms_error >= error:
                continue
            left = common.session(common.used([*rest, taker]))
            if left is None or left.rms_error >= error:
                continue
            sessions[worst], sessions[giver] = taker, left
            traded = True
            break


def _ranked(sessions: Sequence[Session]) -> list[int]:
    """Return the numbers of sessions, the best first."""
    return sorted(range(len(sessions)), key=lambda each: (sessions[each].rms_error, each))


def _without(sessions: Sequence[Session], *numbers: int) -> list[Session]:
    return [session for each, session in enumerate(sessions) if each not in numbers]


def _with_notice(number: int, sessions: Sequence[Session], common: _Common) -> Session:
    own, others = sessions[number], _without(sessions, number)
    shared = set(common.shared(own, others))
    if not shared:
        return own
    titles = tuple(
        slot.title or slot.path for slot in (*own.slots, *own.tail) if slot.identity in shared
    )
    code = "shared_and_more" if len(titles) > NAMED else "shared"
    warning = notice(code, count=len(titles), titles=titles[:NAMED])
    return replace(own, warnings=(*own.warnings, warning))


def _split(tracks: TrackTable, count: int, seed: int) -> list[frozenset[str]]:
    """Return the identities of the tracks in parts that are alike in energy and in length."""
    identities, energy, seconds = tracks.identities, tracks.energy.tolist(), tracks.seconds.tolist()
    ordered = sorted(range(len(tracks)), key=lambda each: (energy[each], identities[each]))
    rng = np.random.default_rng(abs(seed))
    parts: list[list[str]] = [[] for _ in range(count)]
    for first in range(0, len(ordered), LIKE * count):
        like = ordered[first : first + LIKE * count]
        like.sort(key=lambda each: (seconds[each], identities[each]))
        for place in range(0, len(like), count):
            turns = rng.permutation(count).tolist()
            for part, each in zip(turns, like[place : place + count], strict=False):
                parts[part].append(identities[each])
    return [frozenset(part) for part in parts]


def _copies_of(tracks: TrackTable) -> dict[str, frozenset[str]]:
    """Return the identities of all copies of each track, its own among them."""
    identities = tracks.identities
    found = {identity: {identity} for identity in identities}
    for group in copies(tracks):
        names = {identities[place] for place in group}
        for name in names:
            found[name] |= names
    return {identity: frozenset(names) for identity, names in found.items()}
