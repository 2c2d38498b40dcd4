"""From the solver's pieces back to a session, with all that a listener should know about it.

This room reads a finished order of tracks against the rules as they were first asked, by plain
arithmetic of its own, so that whatever gave way is named even if the search had a fault. It
refuses to change the order.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from playlist_builder.arranger.problem import Objective
from playlist_builder.arranger.rules import Pin, artists
from playlist_builder.arranger.solver.cost import (
    END_WEIGHT,
    Pieces,
    Plan,
    cell,
    pieces,
    plan,
    rescale,
    seam,
)
from playlist_builder.models import AUDIBLE_LU, STEP_S, Session, Slot, Track
from playlist_builder.profiles.profile import Phase, Profile, Rules
from playlist_builder.text import clock
from playlist_builder.track_table import TrackTable

ABOVE = 0.35
"""Energy above the plan that is worth a word: half a minute of it may startle in a calm phase."""
ROUNDING_S = 0.0005  # times are kept in whole milliseconds


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """Tracks in the order in which they play, with their pieces; the first begins at `start_ms`."""

    tracks: Sequence[Track]
    material: Pieces
    profile: Profile
    scheme: Plan
    start_ms: int = 0

    @property
    def ends_ms(self) -> list[int]:
        """When each track ends."""
        ends: list[int] = (self.start_ms + np.cumsum(self.material.length_ms)).tolist()
        return ends

    @property
    def starts_ms(self) -> list[int]:
        """When each track starts."""
        return [self.start_ms, *self.ends_ms[:-1]]

    @property
    def cost(self) -> float:
        """What the order costs, as a sum over cells; preference for tracks is in the material."""
        borders = [cell(self.start_ms), *map(cell, self.ends_ms)]
        follow = sum(
            float(((self.material.contour(number, last - first) - target) ** 2).sum())
            + float(self.material.levy[number]) * (last - first)
            for number, (first, last) in enumerate(pairwise(borders))
            for target in (self.scheme.target[first:last],)
        )
        behind = np.arange(1, len(self.tracks))
        step_lu = self.scheme.loudness_step_lu
        seams = float(seam(self.material, behind - 1, behind, step_lu).sum())
        return follow + seams + END_WEIGHT * abs(borders[-1] - self.scheme.asked)


def ordered(tracks: Sequence[Track], terms: Objective, start_ms: int = 0) -> Order:
    """Return tracks as the order in which they play."""
    material = material_of(tracks, terms)
    lasts_s = (start_ms + int(material.length_ms.sum())) / 1000.0
    beyond_s = max(lasts_s - terms.profile.duration_s, 0.0) + STEP_S
    scheme = plan(terms.profile, 0.0, beyond_s, terms.rules.loudness_step_lu)
    return Order(tracks, material, terms.profile, scheme, start_ms)


def material_of(tracks: Sequence[Track], terms: Objective) -> Pieces:
    """Return the pieces of tracks in the order of the tracks."""
    made = pieces(tracks, terms.table, terms.levy(tracks), np.arange(len(tracks)))
    return made.take(np.argsort(made.order))


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Tracks that pass the rules, and where their energies lie on the scale of the session.

    That is near their mean there, and quick to tell of very many tracks.
    """

    tracks: TrackTable
    levels: NDArray[np.float32]

    @staticmethod
    def of(tracks: Sequence[Track], terms: Objective) -> "Pool":
        """Return tracks as a pool."""
        shelf = TrackTable.of(tracks)
        return Pool(shelf, rescale(shelf.energy.astype(np.float32), terms.table))


def energies(tracks: Sequence[Track], terms: Objective) -> list[float]:
    """Return the mean energy of each track on the scale of the session."""
    if not tracks:
        return []
    material = material_of(tracks, terms)
    cells = material.cells.tolist()
    return [float(material.contour(piece, count).mean()) for piece, count in enumerate(cells)]


def slots(order: Order) -> list[Slot]:
    """Return one slot per track; the middle of a slot decides on its phase."""
    result = []
    for number, track in enumerate(order.tracks):
        start_ms, end_ms = order.starts_ms[number], order.ends_ms[number]
        first, last = cell(start_ms), cell(end_ms)
        steps = max(last - first, 1)  # one that was skipped at once fills no cell
        contour = order.material.contour(number, steps)
        result.append(
            Slot(
                path=track.path,
                identity=track.identity,
                title=track.tags.title,
                artist=track.tags.artist,
                album=track.tags.album,
                start_s=start_ms / 1000.0,
                end_s=end_ms / 1000.0,
                phase=_phase(order, number),
                energy=float(contour.mean()),
                target=float(order.scheme.target[first : first + steps].mean()),
                contour=tuple(contour.tolist()),
                loudness_lufs=track.features.loudness_lufs,
                vocals=track.vocals,
                start_loudness_lufs=track.features.start_loudness_lufs,
                end_loudness_lufs=track.features.end_loudness_lufs,
            )
        )
    return result


def session(
    order: Order,
    scale: Literal["relative", "absolute"],
    seed: int,
    cost: float,
    bound: float,
) -> Session:
    """Return the session of an order; `cost` and `bound` are sums over cells."""
    filled = slots(order)
    spans = pairwise([cell(order.start_ms), *map(cell, order.ends_ms)])
    contour = np.concatenate(
        [slot.contour[: last - first] for slot, (first, last) in zip(filled, spans, strict=True)]
    )
    distance = contour - order.scheme.target[: len(contour)]
    return Session(
        profile=order.profile.name,
        scale=scale,
        target_s=order.profile.duration_s,
        duration_s=order.ends_ms[-1] / 1000.0,
        cost=cost / order.scheme.asked,
        bound=bound / order.scheme.asked,
        rms_error=float(np.sqrt(np.mean(distance**2))),
        slots=tuple(filled),
        curve=tuple(order.scheme.target[: order.scheme.asked].tolist()),
        seed=seed,
    )


def given_up(
    order: Order, rules: Rules, tolerance_s: float, pins: Sequence[tuple[Pin, int]]
) -> list[str]:
    """Return one line per rule that the order breaks; a pin comes with its place from 0."""
    return [
        *_crowded(order, rules.artist_max),
        *_near(order, rules.artist_gap),
        *_limits(order, "brightness", "Hz", "spectral_centroid_hz", "max_brightness_hz"),
        *_limits(order, "percussiveness", "", "percussiveness", "max_percussiveness"),
        *_late(order, tolerance_s),
        *_moved(order, tolerance_s, pins),
        *_limits(order, "startle", "LU", "startle_lu", "max_startle_lu"),
    ]


def _crowded(order: Order, most: int) -> list[str]:
    counts = Counter(name for track in order.tracks for name in sorted(artists(track)))
    crowd = [(name, count) for name, count in counts.most_common() if count > most]
    if not crowd:
        return []
    names = ", ".join(f"{name} {count}" for name, count in crowd[:3])
    return [f"artist_max: more than {most} tracks of one artist ({names})"]


def _near(order: Order, gap: int) -> list[str]:
    names = [artists(track) for track in order.tracks]
    times = sum(
        bool(names[left] & names[right])
        for left in range(len(names))
        for right in range(left + 1, min(left + gap + 1, len(names)))
    )
    if not times:
        return []
    return [f"artist_gap: {times} times fewer than {gap} other tracks between two of one artist"]


def _limits(order: Order, name: str, unit: str, feature: str, limit: str) -> list[str]:
    found: list[tuple[float, Track, Phase, float]] = []
    for track, start_ms, end_ms in zip(order.tracks, order.starts_ms, order.ends_ms, strict=True):
        value = float(getattr(track.features, feature))
        for number in np.unique(order.scheme.phase[cell(start_ms) : cell(end_ms)]).tolist():
            phase = order.profile.phases[number]
            most = getattr(phase, limit)
            if most is not None and value > most:
                found.append((value - most, track, phase, most))
    if not found:
        return []
    excess, track, phase, most = max(found, key=lambda each: each[0])
    count = len({id(each[1]) for each in found})
    reading = f"{excess + most:.4g} {unit}".strip()
    worst = f"worst '{_called(track)}' with {reading} in {phase.name} (limit {most:g})"
    return [f"{name}: {count} tracks beyond the limit of their phase, {worst}"]


def _late(order: Order, tolerance_s: float) -> list[str]:
    off_s = order.ends_ms[-1] / 1000.0 - order.profile.duration_s
    if abs(off_s) <= tolerance_s + ROUNDING_S:
        return []
    kind = "longer" if off_s > 0.0 else "shorter"
    return [f"duration: {abs(off_s):.0f} s {kind} than asked (tolerance {tolerance_s:.0f} s)"]


def _moved(order: Order, tolerance_s: float, pins: Sequence[tuple[Pin, int]]) -> list[str]:
    lines = []
    for pin, place in pins:
        if pin.minute is not None:
            start_s = order.starts_ms[place] / 1000.0
            if abs(start_s - pin.minute * 60.0) > tolerance_s + ROUNDING_S:
                lines.append(
                    f"pin: '{pin.track}' starts at minute {start_s / 60.0:.1f}, not {pin.minute:g}"
                )
    return lines


def warnings(order: Order, rules: Rules, reach: float, *, scaled: bool) -> list[str]:
    """Return what is lawful but worth knowing; `reach` is the highest energy of the library."""
    return [
        *rises(order, rules.loudness_step_lu),
        *climbs(order),
        *_narrow(order, reach, scaled=scaled),
        *_voices(order),
    ]


def rises(order: Order, limit_lu: float) -> list[str]:
    """Tell of the passages at which the loudness rises beyond a limit, if any."""
    steps = [
        (right.features.start_loudness_lufs - left.features.end_loudness_lufs, place)
        for place, (left, right) in enumerate(pairwise(order.tracks), start=1)
    ]
    beyond = [step for step in steps if step[0] > limit_lu + AUDIBLE_LU]
    if not beyond:
        return []
    worst_lu, place = max(beyond, key=lambda step: step[0])
    worst = f"the worst rises {worst_lu:.1f} LU into '{_called(order.tracks[place])}'"
    worst += f" at {clock(order.starts_ms[place] / 1000.0)} ({_phase(order, place)})"
    many = "step" if len(beyond) == 1 else "steps"
    return [f"{len(beyond)} loudness {many} beyond {limit_lu:g} LU; {worst}"]


def climbs(order: Order) -> list[str]:
    """Tell of the tracks that stand far above the plan at some moment, if any."""
    borders = [cell(order.start_ms), *map(cell, order.ends_ms)]
    found = []
    for place, (first, last) in enumerate(pairwise(borders)):
        above = order.material.contour(place, last - first) - order.scheme.target[first:last]
        if len(above) and above.max() > ABOVE:
            at_s = max((first + int(above.argmax())) * STEP_S, order.starts_ms[place] / 1000.0)
            found.append((float(above.max()), place, at_s))
    if not found:
        return []
    excess, place, at_s = max(found)
    worst = f"the worst by {excess:.2f} in '{_called(order.tracks[place])}'"
    worst += f" at {clock(at_s)} ({_phase(order, place)})"
    many = "track rises" if len(found) == 1 else "tracks rise"
    return [f"{len(found)} {many} more than {ABOVE:g} above the plan; {worst}"]


def _phase(order: Order, place: int) -> str:
    """Return the name of the phase to which the track at a place belongs, as its slot has it."""
    middle_s = (order.starts_ms[place] + order.ends_ms[place]) / 2000.0
    return order.profile.phase_at(middle_s).name


def _narrow(order: Order, reach: float, *, scaled: bool) -> list[str]:
    peak = float(order.scheme.target[: order.scheme.asked].max())
    if reach >= peak:
        return []
    ending = "scaled to your library" if scaled else "the session stays below its plan"
    reached = f"the most energetic track of this library reaches {reach:.2f}"
    return [f"{reached}; the peak asks for {peak:.2f}: {ending}"]


def _voices(order: Order) -> list[str]:
    """Tell what is known of voices: nothing unverified goes unsaid, whatever is allowed."""
    total = len(order.tracks)
    lines = []
    doubtful = [track for track in order.tracks if track.vocals == "unknown"]
    unheard = sum(track.heard is None for track in doubtful)
    if unheard:
        lines.append(
            f"{unheard} of {total} tracks are not verified to be free of words;"
            " scan without --no-vocals, or listen and mark them"
        )
    if len(doubtful) > unheard:
        some = ", ".join(f"'{_called(track)}'" for track in doubtful if track.heard is not None)
        lines.append(
            f"{len(doubtful) - unheard} of {total} tracks may hold a voice: {some};"
            " listen and mark them"
        )
    for kind, what in (("wordless", "a wordless voice"), ("sung", "singing"), ("spoken", "speech")):
        count = sum(track.vocals == kind for track in order.tracks)
        if count:
            lines.append(f"{count} of {total} tracks hold {what}")
    return lines


def _called(track: Track) -> str:
    return track.tags.title or track.path
