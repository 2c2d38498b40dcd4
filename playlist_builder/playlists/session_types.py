"""The types of a session document, which msgspec checks; the reader is `session_json`.

An error quotes the description of what it expected.
"""

import reprlib
import sys
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from playlist_builder.language.text import digest
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Scale, Vocals
from playlist_builder.playlists.session_checks import (
    check_order,
    check_silences,
    check_span,
    check_time,
    checked_name,
)
from playlist_builder.profiles.profile import VocalsRule
from playlist_builder.session_request import MOST_ALTERNATIVES, MOST_WITHIN_S

TEXT_LIMIT = 40_000  # characters of one text of a request; a profile has 32 kB at most
ITEMS_LIMIT = 10_000  # entries of one list of a request; far above what a person types
LONGEST_S = 7 * 24 * 3600.0 * 1.5  # a week, the longest session, with its tail

_MAX = sys.float_info.max
_ABSOLUTE = r"\A(?:/|[A-Za-z]:[\\/]|\\\\[^\\/\0]+[\\/][^\\/\0])[^\0]*\Z"


def _wanted(told: Phrase) -> dict[str, Phrase]:
    """Return what an error says that it expected."""
    return {"wanted": told}


_WEEK = _wanted(Phrase("0 to {most_s:.0f} s (a week and a half)", most_s=LONGEST_S))
_SHIFT = _wanted(Phrase("a week and a half at most"))
_YEARS = _wanted(Phrase("0 to 1e10 s (300 years)"))
_FINITE = _wanted(Phrase("a finite number"))
_POSITIVE = _wanted(Phrase("a finite number of at least 0"))
_SHARE = _wanted(Phrase("a number from 0 to 1"))
_BY = _wanted(Phrase("a number from -1 to 1"))
_TYPED = _wanted(Phrase("text of 1 to {most} characters", most=TEXT_LIMIT))
_WHOLE_PATH = _wanted(Phrase("an absolute path"))
_TWO = _wanted(Phrase("two numbers"))
_CHOICE = _wanted(Phrase("1 to {most}", most=MOST_ALTERNATIVES))
_DIGITS = _wanted(Phrase("16 hexadecimal digits"))
_FEW = _wanted(Phrase("a list of at most {most}", most=ITEMS_LIMIT))
_SOME = _wanted(Phrase("at least one track"))
_SHORT = Meta(max_length=ITEMS_LIMIT, extra=_FEW)
Number = Annotated[float, Meta(ge=-_MAX, le=_MAX, extra=_FINITE)]
Length = Annotated[float, Meta(ge=0, le=_MAX, extra=_POSITIVE)]
Time = Annotated[float, Meta(ge=0, le=LONGEST_S, extra=_WEEK)]
Past = Annotated[float, Meta(ge=0, le=MOST_WITHIN_S, extra=_YEARS)]
Shift = Annotated[float, Meta(ge=-LONGEST_S, le=LONGEST_S, extra=_SHIFT)]
LevelShift = Annotated[float, Meta(ge=-1, le=1, extra=_BY)]
Level = Annotated[float, Meta(ge=0, le=1, extra=_SHARE)]
AbsolutePath = Annotated[str, Meta(pattern=_ABSOLUTE, extra=_WHOLE_PATH)]
Typed = Annotated[str, Meta(pattern=rf"\A[^\0]{{1,{TEXT_LIMIT}}}\Z", extra=_TYPED)]
Texts = Annotated[tuple[Typed, ...], _SHORT]
Paths = Annotated[tuple[AbsolutePath, ...], _SHORT]
Pair = Annotated[tuple[Length, ...], Meta(min_length=2, max_length=2, extra=_TWO)]
Choice = Annotated[int, Meta(ge=1, le=MOST_ALTERNATIVES, extra=_CHOICE)]
Hex = Annotated[str, Meta(pattern=r"\A([0-9a-f]{16})?\Z", extra=_DIGITS)]


class Work(Struct, kw_only=True):
    """What is known of the track of a slot wherever it lies."""

    recording_id: str = ""
    release_id: str = ""
    artist_ids: tuple[str, ...] = ()
    isrc: str = ""
    energy: Level | None = None
    contour: tuple[Level, ...] = ()
    style: str = ""


class Slot(Struct, kw_only=True):
    """A slot of the session, its tail or its spares."""

    path: AbsolutePath
    identity: str
    title: str
    artist: str
    album: str
    start_s: Time
    end_s: Time
    phase: str
    energy: Level
    target: Level
    contour: tuple[Level, ...]
    loudness_lufs: Number
    vocals: Vocals
    start_loudness_lufs: Number | None = None
    end_loudness_lufs: Number | None = None
    tension: Level | None = None
    style_step: Number | None = None
    from_s: Time | None = None
    to_s: Time | None = None
    work: Work | None = None

    def __post_init__(self) -> None:
        check_span(self)


class Silence(Struct, kw_only=True):
    """A planned silence."""

    start_s: Time
    end_s: Time
    phase: str


class Spare(Slot, kw_only=True):
    """A spare: a slot with the number of the one that it may replace."""

    place: int

    @property
    def slot(self) -> Slot:
        """The slot, for `Spare`."""
        return self


class Change(Struct, kw_only=True):
    """A change of the plan."""

    kind: Literal["stretch", "jump", "shift", "hold", "rest", "calm"]
    phase: Typed
    by_s: Shift
    at_s: Time | None
    by: LevelShift = 0.0  # earlier versions did not write what follows
    text: Annotated[str, Meta(max_length=TEXT_LIMIT)] = ""


class Request(Struct, kw_only=True):
    """What was asked."""

    profile: Typed
    profile_text: Typed
    duration_s: Length | None
    levels: Texts
    scale: Scale
    vocals: VocalsRule | None
    track_minutes: Pair | None
    include: Texts
    exclude: Texts
    prefer: Texts
    avoid: Paths
    pins: Texts
    pinned: Texts
    tolerance_s: Time
    seed: int
    allow_short: bool
    alternative: Choice
    music: Paths
    library: AbsolutePath | None
    playlist: Paths = ()  # earlier versions did not write what follows
    listed: Texts = ()
    changes: Annotated[tuple[Change, ...], _SHORT] = ()
    name: str | None = None
    within_s: Past = 0.0
    asked_at: str = ""
    session: Hex = ""
    thrown_out: Texts = ()
    levelled: bool = False
    trim_s: Time = 0.0
    curve: Annotated[tuple[tuple[Time, Level], ...], _SHORT] = ()
    borders: Annotated[tuple[Time, ...], _SHORT] = ()

    def __post_init__(self) -> None:
        for key, other in (("pinned", "pins"), ("listed", "playlist")):
            if len(getattr(self, key)) != len(getattr(self, other)):
                raise ValueError(Phrase("{key} must be as long as {other}", key=key, other=other))
        check_time(self.asked_at)
        if self.name is not None:
            self.name = checked_name(self.name)
            if not self.asked_at:
                raise ValueError(Phrase("asked_at must be given where there is a name"))


class Notice(Struct, kw_only=True):
    """A notice of `warnings` or `relaxed`, found again by its text."""

    code: str
    parameters: dict[str, Any]


class Session(Struct, kw_only=True):
    """A session: the whole document."""

    profile: str
    scale: Scale
    seed: int
    target_s: Time
    duration_s: Time
    cost: Number
    bound: Number
    rms_error: Length
    slots: Annotated[tuple[Slot, ...], Meta(min_length=1, extra=_SOME)]
    tail: tuple[Slot, ...]
    silences: tuple[Silence, ...] = ()  # earlier versions did not write them
    spares: tuple[Spare, ...] = ()
    warnings: tuple[str, ...]
    relaxed: tuple[str, ...]
    curve: tuple[Level, ...]
    notices: tuple[Notice, ...] = ()
    profile_text: Typed | None = None
    request: Request | None = msgspec.field(name="call", default=None)

    def __post_init__(self) -> None:
        check_order(self.slots, self.tail)
        check_silences((*self.slots, *self.tail), self.silences)
        for number, spare in enumerate(self.spares):
            if not 1 <= spare.place <= len(self.slots):
                raise ValueError(
                    Phrase(
                        "{key} must be {wanted}, not {value}",
                        key=f"spares[{number}].place",
                        wanted=Phrase("1 to {most}", most=len(self.slots)),
                        value=reprlib.repr(spare.place),
                    )
                )
        request = self.request
        if request is not None and request.name is not None and not request.session:
            # Earlier versions did not always give an id; two sessions must not share the empty one.
            plays = (slot.identity for slot in (*self.slots, *self.tail))
            request.session = digest(request.name, request.asked_at, *plays)
