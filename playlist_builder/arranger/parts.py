"""The parts of a profile for which a menu holds blocks: 15 to 30 minutes each, where it can be.

A profile goes in. A phase that is shorter is joined to the shorter of its neighbours, the shortest
first, until every part is long enough; what is longer then is cut into parts of equal length.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

from playlist_builder.models import STEP_S
from playlist_builder.profiles.profile import Profile

LEAST_S, MOST_S = 15 * 60.0, 30 * 60.0


@dataclass(frozen=True, slots=True)
class Part:
    """A span of a profile, and the names of the phases that it is of."""

    start_s: float
    end_s: float
    phases: tuple[str, ...]

    @property
    def duration_s(self) -> float:
        """Length of the part in seconds."""
        return self.end_s - self.start_s


def parts_of(profile: Profile) -> list[Part]:
    """Return the parts of a profile; each begins with a whole step of 10 s."""
    joined = [Part(phase.start_s, phase.end_s, (phase.name,)) for phase in profile.phases]
    while len(joined) > 1 and min(each.duration_s for each in joined) < LEAST_S:
        place = min(range(len(joined)), key=lambda each: joined[each].duration_s)
        beside = [each for each in (place - 1, place + 1) if 0 <= each < len(joined)]
        first = min(place, min(beside, key=lambda each: joined[each].duration_s))
        left, right = joined[first : first + 2]
        names = tuple(dict.fromkeys((*left.phases, *right.phases)))
        joined[first : first + 2] = [Part(left.start_s, right.end_s, names)]
    joined[-1] = replace(joined[-1], end_s=profile.duration_s)
    return [part for each in joined for part in _cut(each, profile.duration_s)]


def _cut(part: Part, end_s: float) -> list[Part]:
    count = max(ceil((part.duration_s - STEP_S) / MOST_S), 1)
    inner = [part.start_s + part.duration_s * each / count for each in range(1, count)]
    last_s = end_s if part.end_s == end_s else _on_a_step(part.end_s)
    borders = [*map(_on_a_step, [part.start_s, *inner]), last_s]
    return [Part(first_s, last_s, part.phases) for first_s, last_s in pairwise(borders)]


def _on_a_step(time_s: float) -> float:
    return round(time_s / STEP_S) * STEP_S
