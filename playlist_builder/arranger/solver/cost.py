"""What a session costs, as arithmetic on arrays; the reasons for each term stand in `arrange`.

This room turns tracks into arrays and gives the price of a track at a place and of a passage
from one track to the next. It refuses to choose: that is the work of `solver.solve`.

Time is counted in whole milliseconds, so that sums are exact, and in cells of `STEP_S`: a track
that starts at t ms begins with cell `cell(t)`, the nearest. A track of `cells` whole steps thus
fills `cells` or, if a part of a step is left, perhaps one cell more. Costs in this room and in
the search are sums over cells of squared energy; a session reports their mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
from numpy.typing import NDArray

from playlist_builder.models import KEYS, STEP_S, Bools, Floats, Ints, Track
from playlist_builder.profiles.profile import Profile
from playlist_builder.track_table import TrackTable

STEP_MS = int(STEP_S * 1000)
DARKEST_HZ = 20.0  # silence has no centroid; nothing audible lies lower
LEVELS = 65535  # steps of energy told apart when it is mapped to the relative scale

SEAM_WEIGHT = 2.0  # cells per squared step of energy
LOUDNESS_WEIGHT = 0.01  # per squared LU beyond the limit, up to LOUDNESS_KNEE_LU ...
LOUDNESS_KNEE_LU = 6.0  # ... from where it grows as a straight line
TEMPO_WEIGHT = 0.002  # for half an octave, the most that tempos can differ once folded
KEY_WEIGHT = 0.001  # for opposite sides of the circle of fifths
TIMBRE_WEIGHT = 0.001  # per octave of spectral centroid, up to two
PREFER_WEIGHT = 0.01  # per cell of a track that is not preferred
END_WEIGHT = 0.01  # per cell that the session ends early or late


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Tracks as arrays of one length n, ordered by `cells`; `order` leads back to the tracks.

    `values` holds all contours one after the other on the session's scale, that of a track
    from `offset` on with `count` values. `opening` and `closing` are energies at the seams.
    """

    order: Ints
    length_ms: Ints
    cells: Ints
    values: NDArray[np.float32]
    offset: Ints
    count: Ints
    opening: Floats
    closing: Floats
    start_lufs: Floats
    end_lufs: Floats
    octave: Floats  # log2 of the tempo in BPM
    tempo_confidence: Floats
    fifth: Ints  # place on the circle of fifths
    key_confidence: Floats
    brightness: Floats  # log2 of the spectral centroid in Hz
    startle_lu: Floats
    centroid_hz: Floats
    percussiveness: Floats
    levy: Floats  # price per cell for not being preferred

    def take(self, index: Ints) -> "Pieces":
        """Return the pieces at the given places; the contours stay shared."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return Pieces(
            **{name: value if name == "values" else value[index] for name, value in fields.items()}
        )

    def unlimited(self, index: Ints) -> "Pieces":
        """Return all pieces, those at the given places within every limit of a phase."""
        measured = {}
        for name in ("startle_lu", "centroid_hz", "percussiveness"):
            measured[name] = getattr(self, name).copy()
            measured[name][index] = 0.0
        return replace(self, **measured)

    def contour(self, piece: int, cells: int) -> Floats:
        """Return the energies of one piece where it fills so many cells."""
        energies: Floats = self.values[self.steps(np.array([piece]), cells)[0]].astype(np.float64)
        return energies

    def steps(self, index: Ints, width: int) -> Ints:
        """Return places in `values`, shape (len(index), width); a short contour holds its end."""
        inside = np.minimum(np.arange(width), self.count[index, None] - 1)
        return self.offset[index, None] + inside


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a session is asked to follow, in cells; arrays reach past the last possible end.

    `horizon` is the last cell in which a session may end, `phase` numbers the phases of `limits`
    (startle in LU, brightness in Hz, percussiveness; shape (phases, 3)).
    """

    target: Floats
    phase: Ints
    limits: Floats
    asked_ms: int
    tolerance_ms: int
    horizon: int
    loudness_step_lu: float

    @property
    def asked(self) -> int:
        """Return the cell in which the session should end."""
        return cell(self.asked_ms)

    def ending(self, cells: Ints) -> Floats:
        """Return the price of ending in a cell, infinite where no session may end."""
        first = cell(max(self.asked_ms - self.tolerance_ms, 0))
        price = END_WEIGHT * np.abs(cells - self.asked).astype(np.float64)
        return np.where((cells >= first) & (cells <= self.horizon), price, np.inf)


@dataclass(frozen=True, slots=True)
class Demand:
    """A pinned piece of `cells` whole steps: when it may start, and its place.

    `place` counts from 1, or from the end as -1, -2, ...; 0 stands for any place.
    """

    piece: int
    cells: int
    earliest_ms: int = 0
    latest_ms: int = 2**62
    place: int = 0


@overload
def cell(time_ms: int) -> int: ...


@overload
def cell(time_ms: Ints) -> Ints: ...


def cell(time_ms: int | Ints) -> int | Ints:
    """Return the cell that begins nearest to a time, or to each of several."""
    return (time_ms + STEP_MS // 2) // STEP_MS


def plan(
    profile: Profile,
    tolerance_s: float,
    longest_s: float,
    loudness_step_lu: float,
    span_ms: tuple[int, int] | None = None,
) -> Plan:
    """Return a profile in cells, with room for a track of `longest_s` after the last end.

    With `span_ms` that part of it, which begins with a cell.
    """
    first_ms, last_ms = span_ms or (0, round(profile.duration_s * 1000))
    asked_ms, tolerance_ms = last_ms - first_ms, round(tolerance_s * 1000)
    horizon = cell(asked_ms + tolerance_ms)
    middles = np.arange(horizon + int(longest_s // STEP_S) + 3) + 0.5
    middles = (middles + first_ms // STEP_MS) * STEP_S
    borders = np.array([phase.start_s for phase in profile.phases[1:]])
    limits = [
        [
            np.inf if limit is None else limit
            for limit in (
                phase.max_startle_lu,
                phase.max_brightness_hz,
                phase.max_percussiveness,
            )
        ]
        for phase in profile.phases
    ]
    return Plan(
        target=profile.target(middles),
        phase=np.searchsorted(borders, middles, side="right"),
        limits=np.array(limits),
        asked_ms=asked_ms,
        tolerance_ms=tolerance_ms,
        horizon=horizon,
        loudness_step_lu=loudness_step_lu,
    )


def relative(energies: Floats) -> Floats:
    """Return the table that maps energy k / LEVELS to its percentile among `energies`.

    The percentile is the straight-line distribution function through the energies (equal ones
    share their middle rank), which also passes through (0, 0) and (1, 1).
    """
    values, counts = np.unique(np.clip(energies, 0.0, 1.0), return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2.0) / len(energies)
    if values[0] > 0.0:
        values, ranks = np.append(0.0, values), np.append(0.0, ranks)
    if values[-1] < 1.0:
        values, ranks = np.append(values, 1.0), np.append(ranks, 1.0)
    return np.interp(np.arange(LEVELS + 1) / LEVELS, values, ranks)


def rescale(values: NDArray[np.float32], table: Floats | None) -> NDArray[np.float32]:
    """Return energies clipped to 0..1 and, with a table of `relative`, as percentiles."""
    clipped = np.clip(values, 0.0, 1.0)
    if table is None:
        return clipped
    places = (clipped * LEVELS + 0.5).astype(np.uint16)
    return table.astype(np.float32)[places]


_RELATIVE = {"major": 0, "minor": 3}  # a minor key stands with its relative major
FIFTHS = np.array(
    [7 * (place % 12 + _RELATIVE[key.split()[1]]) % 12 for place, key in enumerate(KEYS)] + [-1]
)
"""The place of each of KEYS on the circle of fifths; the last stands for no key."""


def pieces(tracks: Sequence[Track], table: Floats | None, levy: Floats, ranks: Ints) -> Pieces:
    """Return tracks as arrays, ordered by whole steps and then by rank."""
    shelf = TrackTable.of(tracks)
    measured = shelf.measured
    values, offset, count = shelf.contours()
    values = rescale(values, table)
    length_ms = np.rint(measured("duration_s") * 1000.0).astype(np.int64)
    cells = length_ms // STEP_MS
    last = offset + np.clip(cells, 1, count) - 1  # the last whole step: a rest may be all silence
    tempo, centroid = measured("tempo_bpm"), measured("spectral_centroid_hz")
    fifth = FIFTHS[measured("key").astype(np.int64)]
    result = Pieces(
        order=np.arange(len(shelf)),
        length_ms=length_ms,
        cells=cells,
        values=values,
        offset=offset,
        count=count,
        opening=values[offset].astype(np.float64),
        closing=values[last].astype(np.float64),
        start_lufs=measured("start_loudness_lufs"),
        end_lufs=measured("end_loudness_lufs"),
        octave=np.log2(np.maximum(tempo, 1.0)),
        tempo_confidence=np.where(tempo > 0.0, np.clip(measured("tempo_confidence"), 0, 1), 0.0),
        fifth=fifth,
        key_confidence=np.where(fifth >= 0, np.clip(measured("key_confidence"), 0, 1), 0.0),
        brightness=np.log2(np.maximum(centroid, DARKEST_HZ)),
        startle_lu=measured("startle_lu"),
        centroid_hz=centroid,
        percussiveness=measured("percussiveness"),
        levy=levy,
    )
    return result.take(np.lexsort((ranks, cells)))


def loudness_price(beyond_lu: Floats) -> Floats:
    """Return the price of loudness that rises by so many LU beyond the limit."""
    rise = np.maximum(beyond_lu, 0.0)
    gentle = np.minimum(rise, LOUDNESS_KNEE_LU)
    price: Floats = LOUDNESS_WEIGHT * gentle * (2.0 * rise - gentle)
    return price


def seam(material: Pieces, left: Ints, right: Ints, loudness_step_lu: float) -> Floats:
    """Return the price of passing from pieces `left` to pieces `right`, which broadcast."""
    step = material.opening[right] - material.closing[left]
    beyond = material.start_lufs[right] - material.end_lufs[left] - loudness_step_lu
    octave = np.abs(material.octave[right] - material.octave[left]) % 1.0
    folded = np.minimum(octave, 1.0 - octave) * 2.0
    sure = material.tempo_confidence[right] * material.tempo_confidence[left]
    fifth = np.abs(material.fifth[right] - material.fifth[left])
    circle = np.minimum(fifth, 12 - fifth) / 6.0
    keyed = material.key_confidence[right] * material.key_confidence[left]
    colour = np.abs(material.brightness[right] - material.brightness[left])
    price: Floats = (
        SEAM_WEIGHT * step**2
        + loudness_price(beyond)
        + TEMPO_WEIGHT * folded * sure
        + KEY_WEIGHT * circle * keyed
        + TIMBRE_WEIGHT * np.minimum(colour, 2.0)
    )
    return price


def forbidden(material: Pieces, scheme: Plan, index: Ints) -> Bools:
    """Return where the limits of a phase keep a piece out; shape (len(index), phases)."""
    measured = np.stack(
        [
            material.startle_lu[index],
            material.centroid_hz[index],
            material.percussiveness[index],
        ],
        axis=1,
    )
    beyond: Bools = measured[:, None, :] > scheme.limits[None, :, :]
    return beyond[:, :, 0] | beyond[:, :, 1] | beyond[:, :, 2]
