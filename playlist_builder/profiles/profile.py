"""A profile as a value: the energy that a session plans for each moment, and rules for all of it.

Methods return variants: another duration, other levels, changed phases. Values are taken as
checked, which `parse` does.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from playlist_builder.errors import ProfileError
from playlist_builder.language.translation import PROFILE, Phrase, phrase_list, spoken, words
from playlist_builder.profiles.phase import (
    CALM_CLIMB,
    MIN_PHASE_S,
    Phase,
    ended,
    level,
    without_leap,
)

__all__ = ["CALM_CLIMB", "MAX_MINUTES", "MIN_PHASE_S", "Phase", "Profile", "Rules", "VocalsRule"]

VocalsRule = Literal["exclude", "strict", "allow-wordless", "allow"]
MAX_MINUTES = 7 * 24 * 60  # a week: longer than any session, short enough to hold its curve
LOUDNESS_MEAN_S = 300.0  # over so long, or a tenth of the session, loudness follows the energy
WHOLE_ARC = 0.5  # a plan that spans as much has the whole arc of loudness, another its share
LOUDNESS_STEP_S = 10.0
NEARLY = 0.999  # of the length of a phase that is short already, as where a plan was steered twice


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for a whole session, whatever its curve.

    At most `artist_max` tracks of one artist, with `artist_gap` others or more between two of
    them (1 is never twice running). Tracks last `track_min_s` to `track_max_s`. Between
    neighbours the loudness rises by `loudness_step_lu` at most, and steps of style cost
    `cohesion` (see `arranger.solver.styles`). What is played of it, where gains are in our hands,
    is `loudness_arc_lu` louder at the peak than where it is calm. The calm tail after the end
    lasts `tail_share` of the session, and `tail_min_s` at least. In a recording, neighbours
    overlap by the first of `crossfade_s` where they are at their liveliest and by the second where
    they are calmest, but not where a track ends hard and `keep_endings` is set. `include`,
    `exclude` and `prefer` are tag queries (see `queries`), of each of which any one will do.
    """

    artist_max: int = 3
    artist_gap: int = 1
    track_min_s: float = 120.0
    track_max_s: float = 900.0
    loudness_step_lu: float = 3.0
    vocals: VocalsRule = "exclude"
    tail_share: float = 0.25
    tail_min_s: float = 900.0
    crossfade_s: tuple[float, float] = (2.0, 8.0)
    keep_endings: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    prefer: tuple[str, ...] = ()
    cohesion: float = 0.08
    loudness_arc_lu: float = 4.0


@dataclass(frozen=True, slots=True)
class Profile:
    """A planned session. Its phases follow each other from 0 to `duration_s` without gaps."""

    name: str
    title: str
    summary: str
    duration_s: float
    phases: tuple[Phase, ...]
    rules: Rules = Rules()
    sources: tuple[str, ...] = ()

    @property
    def music(self) -> "Profile":
        """The profile of its music alone, without planned silences."""
        if not any(phase.silence_s for phase in self.phases):
            return self
        bare = ((replace(each, silence_s=0.0), each.music_s) for each in self.phases)
        return self.consecutive(bare)

    def silent(self, lengths_s: Iterable[float]) -> "Profile":
        """Return the profile with a silence of so many seconds, or none, after each phase."""
        longer = zip(self.phases, lengths_s, strict=True)
        return self.consecutive(
            (replace(each, silence_s=each.silence_s + length_s), each.duration_s + length_s)
            for each, length_s in longer
        )

    def target(self, time_s: ArrayLike) -> NDArray[np.float64]:
        """Return the planned energy, 0..1, at each time; the result has the shape of `time_s`.

        Within a phase that is `start + (end - start) * x + depth * sin(2 pi (t - t0) / period)`
        with x from 0 to 1. A time on a border belongs to the later phase. Before 0, in a planned
        silence and after the end the curve holds its first value, or its last one.
        """
        time = np.clip(np.asarray(time_s, dtype=np.float64), 0.0, self.duration_s)
        columns = np.array(
            [
                (p.start_s, p.music_s, p.level_start, p.level_end, p.wave_depth, p.wave_period_s)
                for p in self.phases
            ]
        )
        index = np.searchsorted(columns[1:, 0], time, side="right")
        start, length, first, last, depth, period = np.moveaxis(columns[index], -1, 0)
        since = np.minimum(time - start, length)
        level = first + (last - first) * since / length
        wave = depth * np.sin(2.0 * np.pi * since / np.where(period > 0.0, period, math.inf))
        return np.asarray(np.clip(level + wave, 0.0, 1.0), dtype=np.float64)

    def is_silent(self, time_s: ArrayLike) -> NDArray[np.bool_]:
        """Return whether each time lies in a planned silence; the shape is that of `time_s`."""
        time = np.asarray(time_s, dtype=np.float64)
        found = np.zeros(time.shape, np.bool_)
        for phase in self.phases:
            found |= (phase.start_s + phase.music_s <= time) & (time < phase.end_s)
        return found

    def loudness_lu(self, time_s: ArrayLike) -> NDArray[np.float64]:
        """Return by how much each time is to be louder than the quietest, in LU.

        It follows the planned energy slowly (`LOUDNESS_MEAN_S`) up to `rules.loudness_arc_lu`; a
        plan that spans less than `WHOLE_ARC` has a smaller arc. The shape is that of `time_s`.
        """
        mean_s = min(LOUDNESS_MEAN_S, self.duration_s / 10.0)
        around_s = np.linspace(-mean_s / 2.0, mean_s / 2.0, 31)
        times_s = np.arange(0.0, self.duration_s + LOUDNESS_STEP_S, LOUDNESS_STEP_S)
        energy = self.target(times_s[:, None] + around_s).mean(axis=1)
        arc = (energy - energy.min()) / max(float(np.ptp(energy)), WHOLE_ARC)
        return np.asarray(np.interp(np.asarray(time_s), times_s, self.rules.loudness_arc_lu * arc))

    def phase_at(self, time_s: float) -> Phase:
        """Return the phase that plays at a time; a time on a border belongs to the later one."""
        later = (phase for phase in reversed(self.phases) if phase.start_s <= time_s)
        return next(later, self.phases[0])

    def scaled(self, duration_s: float) -> "Profile":
        """Return the profile scaled to a duration in seconds.

        Fixed phases and silences keep their length; the music of the others, and the periods of
        its waves, share what is left in proportion. Raises ProfileError where that leaves a phase
        without time.
        """
        if not 0.0 < duration_s <= MAX_MINUTES * 60.0:
            raise ProfileError(
                "A session cannot last {duration_s:g} minutes. Ask for more than 0 and at most"
                " {MAX_MINUTES}.",
                duration_s=duration_s / 60.0,
                MAX_MINUTES=MAX_MINUTES,
            )
        if duration_s == self.duration_s:
            return self
        fixed_s = sum(phase.duration_s if phase.fixed else phase.silence_s for phase in self.phases)
        flexible = [phase.music_s for phase in self.phases if not phase.fixed]
        if not flexible:
            raise ProfileError(
                "Every phase of '{name}' is fixed, so it lasts {fixed_s:g} minutes. Ask for"
                " that duration, or let a phase of the profile vary.",
                name=self.name,
                fixed_s=fixed_s / 60.0,
            )
        factor = (duration_s - fixed_s) / sum(flexible)
        if min(flexible) * factor < min(MIN_PHASE_S, min(flexible) * NEARLY):
            least_s = fixed_s + MIN_PHASE_S * sum(flexible) / min(flexible)
            raise ProfileError(
                "{duration_s:g} minutes are too short for the phases of '{name}'. Ask for at"
                " least {least_s}.",
                duration_s=duration_s / 60.0,
                name=self.name,
                least_s=math.ceil(least_s / 60.0),
            )
        factors = [1.0 if phase.fixed else factor for phase in self.phases]
        scaled = self.consecutive(
            (
                replace(each, wave_period_s=each.wave_period_s * by),
                each.music_s * by + each.silence_s,
            )
            for each, by in zip(self.phases, factors, strict=True)
        )
        last = replace(scaled.phases[-1], end_s=duration_s)  # the sum may be a rounding error off
        return replace(scaled, duration_s=duration_s, phases=(*scaled.phases[:-1], last))

    def stretched(self, phase: str, by_s: float, from_s: float | None = None) -> "Profile":
        """Return the profile with one phase longer by `by_s` seconds, or shorter if below 0.

        With `from_s`, a time in the phase, the curve up to then stays as it is. Waves keep their
        period, and start from 0 there. A silence keeps its length. Raises ProfileError where there
        is no such phase, or where its music or the profile would become too short or too long.
        """
        from_s = from_s if from_s is None else self.behind_silence(from_s)
        chosen = self._named(phase, from_s)
        split = list(self.phases)
        inner_s = chosen.start_s + MIN_PHASE_S, chosen.start_s + chosen.music_s - MIN_PHASE_S
        if from_s is not None and inner_s[0] < from_s < inner_s[1]:
            split = [*self.until(from_s), *self.after(from_s)]
            chosen = next(each for each in split if each.start_s == from_s)
        if chosen.music_s + by_s < MIN_PHASE_S:
            values = {
                "phase": Phrase(phase, context=PROFILE),
                "music_min": chosen.music_s / 60.0,
                "by_min": -by_s / 60.0,
                "advice": self._long_enough(-by_s),
            }
            if chosen.silence_s:
                raise ProfileError(
                    "The music of phase {phase!r} lasts {music_min:.3g} minutes, so it cannot be"
                    " {by_min:.3g} minutes shorter. {advice}",
                    **values,
                )
            raise ProfileError(
                "Phase {phase!r} lasts {music_min:.3g} minutes, so it cannot be {by_min:.3g}"
                " minutes shorter. {advice}",
                **values,
            )
        if self.duration_s + by_s > MAX_MINUTES * 60.0:
            raise ProfileError(
                "A session lasts at most {MAX_MINUTES} minutes. Ask for less.",
                MAX_MINUTES=MAX_MINUTES,
            )
        return self.consecutive((each, each.duration_s + by_s * (each is chosen)) for each in split)

    def _long_enough(self, by_s: float) -> Phrase:
        """Return which phases can be so many seconds shorter, in words."""
        left = (each for each in self.phases if each.music_s - by_s >= MIN_PHASE_S)
        names = list(dict.fromkeys(each.name for each in left))
        if not names:
            return Phrase("No phase can: shorten several of them.")
        return Phrase("These can: {names}.", names=words(names, PROFILE))

    def jumped(self, phase: str, at_s: float) -> "Profile":
        """Return the profile with a later phase beginning at a time, and the end where it was.

        That phase and those behind it share the time that is left. The level never leaps up: a
        phase that falls begins no higher than the level at that time, any other one climbs from
        there in its first third. Raises ProfileError where there is no such phase, where it has
        begun by then, or where too little time is left.
        """
        at_s = self.behind_silence(at_s)
        rest = [after for _, after in self._left(phase, at_s)]
        before = self.until(at_s)
        level = before[-1].level_end if before else rest[0].level_start
        phases = (*before, *without_leap(rest, level))
        return self.consecutive((each, each.duration_s) for each in phases)

    def time_after_jump(self, phase: str, at_s: float, time_s: float) -> float | None:
        """Return where a later time of the profile lies once it has `jumped`; None if skipped."""
        at_s = self.behind_silence(at_s)
        for before, after in self._left(phase, at_s):
            if before.start_s <= time_s <= before.end_s:
                share = (time_s - before.start_s) / before.duration_s
                return after.start_s + share * after.duration_s
        return None

    def _left(self, phase: str, at_s: float) -> list[tuple[Phase, Phase]]:
        """Return the phases from one on, each as it is and as it is when that begins at a time."""
        at_s = self.behind_silence(at_s)
        later = (each for each in self.phases if each.name == phase and each.start_s > at_s)
        chosen = next(later, None) or self._named(phase, None)
        if chosen.start_s <= at_s:
            raise ProfileError(
                "Phase {phase!r} begins at {start_s:.3g} minutes, so it has begun by"
                " {at_s:.3g}. Name a later phase.",
                phase=Phrase(phase, context=PROFILE),
                start_s=chosen.start_s / 60.0,
                at_s=at_s / 60.0,
            )
        before = [each for each in self.phases if each.start_s >= chosen.start_s]
        is_fixed = all(each.fixed for each in before)
        behind = [replace(each, fixed=each.fixed and not is_fixed) for each in before]
        rest = self.consecutive((each, each.duration_s) for each in behind)
        after = rest.scaled(self.duration_s - at_s).phases
        later = (
            replace(each, start_s=each.start_s + at_s, end_s=each.end_s + at_s) for each in after
        )
        return list(zip(before, later, strict=True))

    def behind_silence(self, time_s: float) -> float:
        """Return a time, or if it lies in a planned silence the end of that."""
        phase = self.phase_at(time_s)
        if phase.silence_s and phase.start_s + phase.music_s <= time_s < phase.end_s:
            return phase.end_s
        return time_s

    def named(self, text: str) -> Phase:
        """Return the longest phase of a name, or of the one name that a text is a part of.

        Case does not count, and names may be given in any language that they have. Raises
        ProfileError where there is none or more than one.
        """
        wanted = text.strip().casefold()
        for matches in (str.__eq__, str.__contains__):
            found = [
                each
                for each in self.phases
                if any(matches(own.casefold(), wanted) for own in spoken(each.name, PROFILE))
            ]
            some = list(dict.fromkeys(each.name for each in found)) if wanted else []
            if len(some) == 1:
                return max(found, key=lambda each: each.duration_s)
        names = self._names()
        if some:
            raise ProfileError(
                "{text!r} may mean {some} in profile '{name}'. Available: {names}.",
                text=text,
                some=phrase_list(
                    Phrase("'{title}'", title=Phrase(each, context=PROFILE)) for each in some
                ),
                name=self.name,
                names=names,
            )
        raise ProfileError(
            "No phase {text!r} in profile '{name}'. Available: {names}.",
            text=text,
            name=self.name,
            names=names,
        )

    def _names(self) -> Phrase:
        return words(dict.fromkeys(each.name for each in self.phases), PROFILE)

    def _named(self, phase: str, time_s: float | None) -> Phase:
        """Return the phase of a name that plays at a time, or the last of that name."""
        found = [each for each in self.phases if phase in spoken(each.name, PROFILE)]
        if not found:
            raise ProfileError(
                "No phase {phase!r} in profile '{name}'. Available: {names}.",
                phase=phase,
                name=self.name,
                names=self._names(),
            )
        playing = (each for each in found if each.start_s <= (time_s or 0.0) < each.end_s)
        return next(playing, found[-1]) if time_s is not None else found[-1]

    def until(self, time_s: float) -> list[Phase]:
        """Return the phases before a time, the last one cut short."""
        cut = [each for each in self.phases if each.start_s < time_s]
        if cut and cut[-1].end_s > time_s:
            cut[-1] = ended(cut[-1], time_s)
        return cut

    def after(self, time_s: float) -> list[Phase]:
        """Return the phases behind a time, the first one without its beginning."""
        cut = [each for each in self.phases if each.end_s > time_s]
        if cut and cut[0].start_s < time_s:
            cut[0] = replace(cut[0], start_s=time_s, level_start=level(cut[0], time_s))
        return cut

    def repeated(self, spans_s: Iterable[tuple[float, float]]) -> "Profile":
        """Return a profile of spans of this one, in seconds, one after the other."""
        phases: list[Phase] = []
        for start_s, end_s in spans_s:
            phases += [
                ended(each, min(each.end_s, end_s))
                for each in self.after(start_s)
                if each.start_s < end_s
            ]
        return self.consecutive((each, each.duration_s) for each in phases)

    def consecutive(self, parts: Iterable[tuple[Phase, float]]) -> "Profile":
        """Return the profile with phases of these lengths in seconds, one after the other."""
        phases: list[Phase] = []
        end_s = 0.0
        for phase, length_s in parts:
            start_s, end_s = end_s, end_s + length_s
            phases.append(replace(phase, start_s=start_s, end_s=end_s))
        return replace(self, duration_s=end_s, phases=tuple(phases))

    def with_level(self, level: float, phase: str | None = None) -> "Profile":
        """Return the profile with one constant level, without waves, in one phase or in all.

        Raises ProfileError for a level outside 0..1 and for a phase that does not exist.
        """
        if not 0.0 <= level <= 1.0:
            raise ProfileError(
                "A level of {level:g} is not possible. Choose one from 0 to 1.", level=level
            )
        if phase is not None:
            phase = self._named(phase, None).name
        flat: dict[str, Any] = {"level_start": level, "level_end": level}
        flat |= {"wave_depth": 0.0, "wave_period_s": 0.0}
        phases = (
            replace(each, **flat) if phase in {None, each.name} else each for each in self.phases
        )
        return replace(self, phases=tuple(phases))
