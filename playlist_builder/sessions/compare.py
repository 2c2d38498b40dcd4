"""A track at a place of a session beside the one that plays there now: what a listener notices.

Orders of tracks go in; traits come out, as codes with their amounts that a view makes words of. A
trait that stands out is one for which no track should come in without being looked at.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from playlist_builder.arranger.result import Order
from playlist_builder.arranger.spares import FAR, LIKE
from playlist_builder.models import AUDIBLE_LU, Vocals

LIKE_TENSION = 0.1  # estimates that differ by less are alike: their standard error is about that
LIKE_LU = 1.5  # differences of loudness below it are hardly noticed between two pieces
LIKE_OCTAVES = 0.3  # of the spectral centroid
NEAR_STYLE, FAR_STYLE = 0.5, 1.08  # a quarter of all pairs are further apart (see `solver.styles`)
WORSE_LU, WORSE_STYLE = 1.0, 0.2  # a join that is worse by no more is about as good as before

Word = Literal["calmer", "livelier", "gentler", "tenser", "softer", "louder", "darker", "brighter"]
Join = Literal["near", "between", "far"]
Standout = Literal["off_plan", "tense", "rise", "style", "voice", "rule"]


class Trait(NamedTuple):
    """How a track differs from another one, and by how much, above 0.

    That is energy for `calmer` and `livelier` and tension for `gentler` and `tenser`, both 0..1; LU
    for `softer` and `louder`, octaves of the spectral centroid for `darker` and `brighter`.
    """

    word: Word
    by: float


class StandsOut(NamedTuple):
    """Why a track stands out at a place, and how much there is of it.

    `off_plan`: distance of its energy from the plan. `tense`: tension beyond what the phase plans.
    `rise`: how many LU the loudness rises into it or out of it. `style`: step of style from or to a
    neighbour, 1 for another style. `voice`: it may hold a voice, and what plays there now does not.
    `rule`: so many rules of the session give way that hold now, or give way more often.
    """

    why: Standout
    amount: float = 0.0


@dataclass(frozen=True, slots=True)
class Passage:
    """What is heard at a place: a track, and how it joins its neighbours.

    `tension` is NaN where it is not known, and `beyond_tension` how far it lies above the plan, 0
    where nothing is planned. `rise_lu` and `style_step` are those of the worse join.
    """

    energy: float
    target: float
    tension: float
    beyond_tension: float
    loudness_lufs: float
    brightness_octave: float
    rise_lu: float
    style_step: float
    vocals: Vocals

    @property
    def off(self) -> float:
        """How far the energy is from the plan."""
        return abs(self.energy - self.target)

    @property
    def join(self) -> Join:
        """How near in style the neighbours are."""
        if self.style_step <= NEAR_STYLE:
            return "near"
        return "far" if self.style_step > FAR_STYLE else "between"


def passage_of(order: Order, place: int) -> Passage:
    """Return what is heard at a place of an order, from 0."""
    items, (first, last) = order.items, order.spans[place]
    steps = max(last - first, 1)
    joins = np.arange(max(place, 1), min(place + 2, len(order.tracks)))  # the later track of each
    rises = items.start_lufs[joins] - items.end_lufs[joins - 1]
    styles = items.styles.distance(joins - 1, joins) if len(joins) else np.zeros(0)
    track = order.tracks[place]
    tension = track.emotion.tension if track.emotion else np.nan
    planned = order.phase(place).tension
    return Passage(
        energy=float(items.contour(place, steps).mean()),
        target=float(order.grid.target[first : first + steps].mean()),
        tension=tension,
        beyond_tension=max(tension - planned[1], 0.0) if planned and track.emotion else 0.0,
        loudness_lufs=float(items.lufs[place]),
        brightness_octave=float(items.brightness[place]),
        rise_lu=float(rises.max(initial=0.0)),
        style_step=float(styles.max(initial=0.0)),
        vocals=track.vocals,
    )


def traits(new: Passage, old: Passage) -> tuple[Trait, ...]:
    """Return how a track differs from the one that plays there now, as far as it is noticed."""
    differences: tuple[tuple[float, float, Word, Word], ...] = (
        (new.energy - old.energy, LIKE, "livelier", "calmer"),
        (new.tension - old.tension, LIKE_TENSION, "tenser", "gentler"),
        (new.loudness_lufs - old.loudness_lufs, LIKE_LU, "louder", "softer"),
        (new.brightness_octave - old.brightness_octave, LIKE_OCTAVES, "brighter", "darker"),
    )
    return tuple(
        Trait(more if by > 0.0 else less, abs(by))
        for by, like, more, less in differences
        if abs(by) > like
    )


def standing_out(
    new: Passage, old: Passage, *, most_off: float, most_rise_lu: float
) -> tuple[StandsOut, ...]:
    """Return why a track stands out where another one plays now; nothing where it does not.

    `most_off` is how far its energy may be from the plan and `most_rise_lu` what the rules allow.
    What is no worse than now does not stand out.
    """
    found: list[StandsOut] = []
    if new.off > max(most_off, old.off):
        found.append(StandsOut("off_plan", new.off))
    if new.beyond_tension > max(FAR, old.beyond_tension + LIKE_TENSION):
        found.append(StandsOut("tense", new.beyond_tension))
    if new.rise_lu > max(most_rise_lu + AUDIBLE_LU, old.rise_lu) + WORSE_LU:
        found.append(StandsOut("rise", new.rise_lu))
    if new.style_step > max(FAR_STYLE, old.style_step + WORSE_STYLE):
        found.append(StandsOut("style", new.style_step))
    if new.vocals != "none" and old.vocals == "none":
        found.append(StandsOut("voice"))
    return tuple(found)
