"""What is asked for when a session is made, checked where it comes in.

Values are plain: texts as they are typed, seconds, paths. A value that cannot be meant raises
RequestError in one line, wherever the request is made: from options, a file, or a program.
"""

import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import PurePath
from typing import Any, Literal

from playlist_builder.checked import flag, is_number, one_of, path, text, texts, whole, wrong
from playlist_builder.errors import RequestError
from playlist_builder.language.translation import Phrase

PERSON_NAME_LIMIT = 100  # most characters of the name of a person
WITHIN_S = 90 * 24 * 3600.0  # how long what was played for a name is not used again
MOST_WITHIN_S = 1e10  # 300 years
YEARS = range(1970, 3000)  # in which a session can be asked for
MOST_ALTERNATIVES = 20
MOST_SERIES = 50  # sessions of a series, or blocks of a part of a menu
MOST_POINTS = 1000  # of a curve that is drawn
SCALES = "relative", "absolute"
LASTING = "hold", "rest"
MOMENTARY = *LASTING, "shift", "calm"  # changes that happen at a time
CHANGES = *MOMENTARY, "stretch", "jump"
VOCALS = "exclude", "strict", "allow-wordless", "allow"  # what profiles may say of voices
TEXTS = (  # fields that hold several texts
    *("levels", "include", "exclude", "prefer", "avoid", "pins", "pinned", "music", "playlist"),
    *("listed", "thrown_out"),
)


@dataclass(frozen=True, slots=True)
class PlanChange:
    """A change of the planned curve after the first request, in seconds of the plan.

    `stretch` makes a phase longer by `by_s` (shorter if below 0), from `at_s` on where that is
    given. `jump` has a later phase begin at `at_s`; what follows shares the time that is left.
    The others happen at `at_s`, in `phase`: `shift` moves the level by `by` (-1..1) until the next
    phase, `hold` keeps it for `by_s`, `rest` is a silence of `by_s`; what follows comes later.
    `calm` ends the session with the profile whose TOML is `text`.

    Raises RequestError for a value that cannot be meant.
    """

    kind: Literal["stretch", "jump", "shift", "hold", "rest", "calm"]
    phase: str
    by_s: float = 0.0
    at_s: float | None = None
    by: float = 0.0
    text: str = ""

    def __post_init__(self) -> None:
        _one_of(*CHANGES)("kind", self.kind)
        text("phase", self.phase)
        text("text", self.text)
        if not is_number(self.by_s) or (self.kind in LASTING and self.by_s <= 0.0):
            raise wrong("by_s", Phrase("seconds such as 60.0"), self.by_s)
        if not is_number(self.by) or not -1.0 <= self.by <= 1.0:
            raise wrong("by", Phrase("a number from -1 to 1"), self.by)
        if self.at_s is not None:
            _seconds("at_s", self.at_s)
        elif self.kind in MOMENTARY:
            raise wrong("at_s", Phrase("seconds such as 3600.0"), self.at_s)


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """What was asked when a session was made, so that it can be made again.

    `profile` is a name or a path, and `profile_text` its TOML at that time. Without `duration_s`
    the session is as long as the profile. `levels` (`"0.2"`, `"calm=0.1"`), `pins` (`"TRACK"`,
    `"TRACK@3"`, `"TRACK@12:30"`, `"TRACK@PHASE"`) and the queries are as they are typed; `pinned`
    holds the identities of `pins`, in their order, once known. `track_minutes` is the length of the
    shortest and the longest track. Only tracks in the folders `music` are used, if there are any,
    and none of the playlists and sessions `avoid`. Of several alternatives this is number
    `alternative`. Where `playlist` holds paths, these tracks alone may be used, and all of them
    unless a duration is asked for; `listed` holds their identities. `changes` were made to the plan
    since, and `thrown_out` are identities taken out for good. `name` is for whom it is made,
    `session` its id in the history, `asked_at` when (ISO 8601 with its offset), which a name needs:
    what was played for that name in the `within_s` before, or since, is not used again. A
    `levelled` player plays all equally loud. Up to `trim_s` may be left out at either end of a
    track. A library keeps it under `kept_id`. Seed 0 gives the best session, others give others.
    `curve` holds points (seconds, level 0..1) in order that were drawn, for the profile's levels,
    and `borders` when each phase behind the first begins, where they were moved.

    Raises RequestError for a value that cannot be meant.
    """

    profile: str
    profile_text: str = ""
    duration_s: float | None = None
    levels: tuple[str, ...] = ()
    scale: Literal["relative", "absolute"] = "relative"
    vocals: str | None = None
    track_minutes: tuple[float, float] | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    prefer: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    tolerance_s: float = 30.0
    seed: int = 0
    allow_short: bool = False
    alternative: int = 1
    music: tuple[str, ...] = ()
    library: str | None = None
    playlist: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    changes: tuple[PlanChange, ...] = ()
    name: str | None = None
    within_s: float = WITHIN_S
    asked_at: str = ""
    session: str = ""
    thrown_out: tuple[str, ...] = ()
    levelled: bool = False
    trim_s: float = 0.0
    kept_id: str = ""
    curve: tuple[tuple[float, float], ...] = ()
    borders: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for field, checked in _CHECKS.items():
            object.__setattr__(self, field, checked(field, getattr(self, field)))
        if self.name is not None and not self.asked_at:
            raise RequestError(
                "asked_at: a session for {name!r} needs the time of day, such as"
                " datetime.now().astimezone().isoformat().",
                name=self.name,
            )
        if self.pinned and len(self.pinned) != len(self.pins):
            raise RequestError("pinned: give the identity of each pin, or none at all.")
        if len(self.listed) != len(self.playlist):
            raise RequestError("listed: give the identity of each track of the playlist.")

    @property
    def use_all(self) -> bool:
        """Whether every track of the playlist is to be in the session."""
        return bool(self.playlist) and self.duration_s is None


def check_time(value: Any, field: str = "at") -> str:  # noqa: ANN401 - what is checked
    """Return a time of day in ISO 8601 with its offset; raises RequestError for anything else."""
    try:
        time = datetime.fromisoformat(value)
        if time.utcoffset() is not None and time.year in YEARS:
            return str(value)
    except (TypeError, ValueError):
        pass
    wanted = Phrase(
        "a time with its offset, of the years {first} to {last}, such as 2026-05-01T10:00:00+02:00",
        first=YEARS[0],
        last=YEARS[-1],
    )
    raise wrong(field, wanted, value)


def person_name(given: str) -> str:
    """Return the name of a person as it is stored; raises RequestError for an invalid one."""
    most = PERSON_NAME_LIMIT
    name = unicodedata.normalize("NFC", given) if isinstance(given, str) else ""
    if not name.strip() or len(name) > most or not name.isprintable():
        raise RequestError(
            "A name is plain text of 1 to {most} characters, not {given!r}.", most=most, given=given
        )
    return name


def session_name(text: str) -> str:
    """Return the name of a session as it is stored; raises RequestError for what cannot be one."""
    name = text.strip()
    if not name or len(name) > PERSON_NAME_LIMIT or not name.isprintable():
        most = PERSON_NAME_LIMIT
        raise RequestError(
            "The name of a session is plain text of 1 to {most} characters.", most=most
        )
    is_file = "/" in name or os.sep in name or PurePath(name).suffix or not name.strip(".")
    if name.isdecimal() or name.startswith("-") or is_file:
        raise RequestError(
            "{name!r} reads like a number, a file or an option. Give a name such as 'evening'.",
            name=name,
        )
    return name


# Each takes the name of a field and its value, and returns the value as it is kept. A value may be
# anything: that is what is checked.
def _profile(field: str, value: Any) -> str:  # noqa: ANN401
    if isinstance(value, str) and value:
        return value
    raise wrong(field, Phrase("a name such as 'arc', or a path"), value)


def _seconds(field: str, value: Any) -> float:  # noqa: ANN401
    if is_number(value) and value >= 0.0:
        return value  # type: ignore[no-any-return]
    raise wrong(field, Phrase("seconds such as 3600.0"), value)


def _within(field: str, value: Any) -> float:  # noqa: ANN401
    if _seconds(field, value) <= MOST_WITHIN_S:
        return value  # type: ignore[no-any-return]
    raise wrong(field, Phrase("seconds such as 3600.0, up to 1e10 (300 years)"), value)


def _lengths(field: str, value: Any) -> tuple[float, float]:  # noqa: ANN401
    if isinstance(value, list | tuple) and len(value) == 2 and all(map(is_number, value)):  # noqa: PLR2004 - the shortest and the longest
        shortest, longest = value
        if 0.0 <= shortest <= longest:
            return shortest, longest
    raise wrong(field, Phrase("the shortest and the longest, such as (2, 15)"), value)


def _place(field: str, value: Any) -> int:  # noqa: ANN401
    return whole(field, value, 1, MOST_ALTERNATIVES)


def _changes(field: str, value: Any) -> "tuple[PlanChange, ...]":  # noqa: ANN401
    if isinstance(value, list | tuple) and all(isinstance(each, PlanChange) for each in value):
        return tuple(value)
    raise wrong(field, Phrase("a tuple of PlanChange"), value)


def _curve(field: str, value: Any) -> tuple[tuple[float, float], ...]:  # noqa: ANN401
    """Return the points of a curve: times that rise, from 0 on, and levels from 0 to 1."""
    if isinstance(value, list | tuple) and len(value) <= MOST_POINTS and all(map(_is_point, value)):
        times_s = [time_s for time_s, _ in value]
        if all(before < after for before, after in pairwise(times_s)):
            return tuple((float(time_s), float(level)) for time_s, level in value)
    wanted = "points (seconds, level 0..1) in order, such as ((0.0, 0.1), (1200.0, 0.7))"
    raise wrong(field, wanted, value)


def _is_point(value: Any) -> bool:  # noqa: ANN401
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(map(is_number, value)):  # noqa: PLR2004 - a time and a level
        return False
    time_s, level = value
    return bool(time_s >= 0.0 and 0.0 <= level <= 1.0)


def _borders(field: str, value: Any) -> tuple[float, ...]:  # noqa: ANN401
    """Return times that rise, from above 0 on."""
    is_list = isinstance(value, list | tuple) and len(value) <= MOST_POINTS
    if is_list and all(map(is_number, value)):
        times_s = tuple(map(float, value))
        if all(before < after for before, after in pairwise((0.0, *times_s))):
            return times_s
    raise wrong(field, Phrase("seconds in order, such as (600.0, 1800.0)"), value)


def _time(field: str, value: Any) -> str:  # noqa: ANN401
    return "" if value == "" else check_time(value, field)


def _name(_: str, value: Any) -> str:  # noqa: ANN401
    return person_name(value)


def _one_of(*choices: str) -> Callable[[str, Any], str]:
    def checked(field: str, value: Any) -> str:  # noqa: ANN401
        if value in choices:
            return str(value)
        raise wrong(field, one_of(choices), value)

    return checked


def _optional(check: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    return lambda field, value: None if value is None else check(field, value)


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "profile": _profile,
    "scale": _one_of(*SCALES),
    "vocals": _optional(_one_of(*VOCALS)),
    "duration_s": _optional(_seconds),
    "tolerance_s": _seconds,
    "within_s": _within,
    "trim_s": _seconds,
    "track_minutes": _optional(_lengths),
    "seed": whole,
    "alternative": _place,
    "name": _optional(_name),
    "asked_at": _time,
    "library": _optional(path),
    "changes": _changes,
    "curve": _curve,
    "borders": _borders,
    **dict.fromkeys(("profile_text", "session", "kept_id"), text),
    **dict.fromkeys(("allow_short", "levelled"), flag),
    **dict.fromkeys(TEXTS, texts),
}
