"""The session file: a `Session` as the JSON document of `build --json`, and back.

A document is refused unless it is complete and valid: its listeners cannot reach the volume
control. Unknown keys are ignored. The text is ASCII, so that paths which are not valid UTF-8
survive as lone surrogates; for these the standard library parses the JSON that msgspec checks.
"""

import json
import os
import reprlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import msgspec
from msgspec import Meta, Struct, structs

from playlist_builder import checked
from playlist_builder.errors import RequestError, SessionError
from playlist_builder.models import Scale, Session, Slot, Vocals
from playlist_builder.notices import TEXT, Notice, notice
from playlist_builder.playlists.session_checks import (
    check_order,
    check_span,
    check_time,
    checked_name,
)
from playlist_builder.playlists.session_faults import fault
from playlist_builder.profiles.profile import VocalsRule
from playlist_builder.system import is_regular
from playlist_builder.text import digest

VERSION = 1  # increased when an old reader would misread a new document
SIZE_LIMIT_BYTES = 50_000_000  # 10 hours in 10-second steps of contour take some 100 kB
TEXT_LIMIT = 40_000  # characters of one text of a request; a profile has 32 kB at most
ITEMS_LIMIT = 10_000  # entries of one list of a request; far above what a person types
ALTERNATIVES_LIMIT = 20  # sessions that `build` makes
LONGEST_S = 7 * 24 * 3600.0 * 1.5  # a week, the longest session, with its tail

_DECIMALS = (
    dict.fromkeys(("start_s", "end_s", "target_s", "duration_s", "from_s", "to_s"), 3)
    | dict.fromkeys(("energy", "target", "tension", "contour", "curve"), 4)
    | dict.fromkeys(("cost", "bound", "rms_error"), 6)
    | dict.fromkeys(("loudness_lufs", "start_loudness_lufs", "end_loudness_lufs", "style_step"), 2)
)
_NOTICES = ("warnings", "relaxed")
_MAKE_ONE = "Make a session with 'playlist-builder build'"

# The types of the document. An error quotes the description of what it expected.
_MAX = sys.float_info.max
_ABSOLUTE = r"\A(?:/|[A-Za-z]:[\\/]|\\\\[^\\/\0]+[\\/][^\\/\0])[^\0]*\Z"
_WEEK = f"0 to {LONGEST_S:.0f} s (a week and a half)"
_TYPED = f"text of 1 to {TEXT_LIMIT} characters"
_SHORT = Meta(max_length=ITEMS_LIMIT, description=f"a list of at most {ITEMS_LIMIT}")
Number = Annotated[float, Meta(ge=-_MAX, le=_MAX, description="a finite number")]
Length = Annotated[float, Meta(ge=0, le=_MAX, description="a finite number of at least 0")]
Time = Annotated[float, Meta(ge=0, le=LONGEST_S, description=_WEEK)]
Past = Annotated[float, Meta(ge=0, le=1e10, description="0 to 1e10 s (300 years)")]
Shift = Annotated[float, Meta(ge=-LONGEST_S, le=LONGEST_S, description="a week and a half at most")]
Level = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]
AbsolutePath = Annotated[str, Meta(pattern=_ABSOLUTE, description="an absolute path")]
Typed = Annotated[str, Meta(pattern=rf"\A[^\0]{{1,{TEXT_LIMIT}}}\Z", description=_TYPED)]
Texts = Annotated[tuple[Typed, ...], _SHORT]
Paths = Annotated[tuple[AbsolutePath, ...], _SHORT]
Pair = Annotated[tuple[Length, ...], Meta(min_length=2, max_length=2, description="two numbers")]
Choice = Annotated[int, Meta(ge=1, le=ALTERNATIVES_LIMIT, description=f"1 to {ALTERNATIVES_LIMIT}")]
Document = Mapping[str, Any]  # a session, or one of its states, as plain values
Hex = Annotated[str, Meta(pattern=r"\A([0-9a-f]{16})?\Z", description="16 hexadecimal digits")]


class _Slot(Struct, kw_only=True):
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

    def __post_init__(self) -> None:
        check_span(self)


class _Spare(_Slot, kw_only=True):
    place: int

    @property
    def slot(self) -> _Slot:
        """The slot, for `Spare`."""
        return self


class _Change(Struct, kw_only=True):
    kind: Literal["stretch", "jump"]
    phase: Typed
    by_s: Shift
    at_s: Time | None


class _Request(Struct, kw_only=True):
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
    changes: Annotated[tuple[_Change, ...], _SHORT] = ()
    name: str | None = None
    within_s: Past = 0.0
    asked_at: str = ""
    session: Hex = ""
    thrown_out: Texts = ()
    levelled: bool = False
    trim_s: Time = 0.0

    def __post_init__(self) -> None:
        for key, other in (("pinned", "pins"), ("listed", "playlist")):
            if len(getattr(self, key)) != len(getattr(self, other)):
                raise ValueError(f"{key} must be as long as {other}")
        check_time(self.asked_at)
        if self.name is not None:
            self.name = checked_name(self.name)
            if not self.asked_at:
                raise ValueError("asked_at must be given where there is a name")


class _Notice(Struct, kw_only=True):
    code: str
    parameters: dict[str, Any]


class _Session(Struct, kw_only=True):
    profile: str
    scale: Scale
    seed: int
    target_s: Time
    duration_s: Time
    cost: Number
    bound: Number
    rms_error: Length
    slots: Annotated[tuple[_Slot, ...], Meta(min_length=1, description="at least one track")]
    tail: tuple[_Slot, ...]
    spares: tuple[_Spare, ...] = ()
    warnings: tuple[str, ...]
    relaxed: tuple[str, ...]
    curve: tuple[Level, ...]
    notices: tuple[_Notice, ...] = ()
    profile_text: Typed | None = None
    request: _Request | None = msgspec.field(name="call", default=None)

    def __post_init__(self) -> None:
        check_order(self.slots, self.tail)
        for number, spare in enumerate(self.spares):
            if not 1 <= spare.place <= len(self.slots):
                wrong = f"1 to {len(self.slots)}, not {reprlib.repr(spare.place)}"
                raise ValueError(f"spares[{number}].place must be {wrong}")
        request = self.request
        if request is not None and request.name is not None and not request.session:
            # Earlier versions did not always give an id; two sessions must not share the empty one.
            plays = (slot.identity for slot in (*self.slots, *self.tail))
            request.session = digest(request.name, request.asked_at, *plays)


class _FaultError(Exception):
    """What is wrong with a document, without the name of the file."""


def dump(session: Session) -> str:
    """Return the JSON text of `session`, with a stable order of keys and a newline at its end."""
    return to_json(document(session))


def document(session: Session) -> dict[str, object]:
    """Return the document of `session` as plain values."""
    whole = {"version": VERSION} | _values(replace(session, request=None), _Session)
    whole |= {key: [_values(slot, _Slot) for slot in whole[key]] for key in ("slots", "tail")}
    if notices := [
        {"list": key, "code": each.code, "parameters": dict(each.parameters)}
        for key in _NOTICES
        for each in whole[key]
        if each.code != TEXT
    ]:
        whole["notices"] = notices
    whole |= {key: [str(each) for each in whole[key]] for key in _NOTICES}
    whole["spares"] = [{"place": each.place} | _values(each.slot, _Slot) for each in session.spares]
    if session.request is None:
        return whole
    call = asdict(session.request)
    del call["kept_id"]  # a session file is a session of its own, wherever it is taken
    if not session.request.trim_s:  # so that documents without it stay as they were
        del call["trim_s"]
    return whole | {"call": call}


def to_json(document: Mapping[str, object]) -> str:
    """Return a document as JSON text with each item of a list on one line."""
    lines = (f"  {json.dumps(key)}: {_value_to_json(value)}" for key, value in document.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def called(name: str) -> str:
    """Return what a message begins with: a session file, or the session of a library."""
    return name.capitalize() if name.startswith("session ") else f"Session file {name!r}"


def parse(text: str, name: str) -> Session:
    """Return the `Session` of a document; `name` is the file that a `SessionError` names."""
    try:
        document = _decoded(text)
        session = _session(document)
        _check_can_be_kept(document)
    except _FaultError as fault:
        raise SessionError(f"{called(name)} {fault}") from fault
    return session


def of_document(document: object, name: str) -> Session:
    """Return the `Session` of a document as plain values; raises `SessionError`, naming `name`."""
    try:
        return _session(document)
    except _FaultError as fault:
        raise SessionError(f"{name} {fault}") from fault


@checked.takes(path=checked.path)
def load_session(path: str | os.PathLike[str]) -> Session:
    """Return the session in the file at `path`; `SessionError` says why it cannot be used."""
    return parse(read(path), os.fspath(path))


def read(path: str | os.PathLike[str]) -> str:
    """Return the text of the file at `path`; `SessionError` says why it cannot be read."""
    name = os.fspath(path)
    try:
        if not is_regular(path):
            raise SessionError(
                f"Session file {name!r} is no file but a pipe or device. {_MAKE_ONE}"
            )
        with Path(path).open("rb") as file:
            data = file.read(SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SessionError(f"Cannot read session file {name!r}: {reason}. {_MAKE_ONE}") from error
    if len(data) > SIZE_LIMIT_BYTES:
        raise SessionError(f"Session file {name!r} is larger than any session. {_MAKE_ONE}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SessionError(f"Session file {name!r} is not text in UTF-8. {_MAKE_ONE}") from error


def _values(part: Session | Slot, kind: type[Struct]) -> dict[str, Any]:
    """Return the fields of a session or a slot that are not None, rounded."""
    known = ((key, getattr(part, key, None)) for key in kind.__struct_fields__)
    return {key: _rounded(key, value) for key, value in known if value is not None}


def _rounded(key: str, value: Any) -> object:  # noqa: ANN401 - whatever a part holds
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_rounded(key, each) for each in value]
    return round(float(value), _DECIMALS[key]) + 0.0 if key in _DECIMALS else value  # no -0.0


def _value_to_json(value: object) -> str:
    if isinstance(value, list) and value and not isinstance(value[0], float):
        each = ",\n    ".join(json.dumps(item, allow_nan=False) for item in value)
        return f"[\n    {each}\n  ]"
    return json.dumps(value, allow_nan=False)


def _decoded(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_refused)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _FaultError(f"is not JSON ({place}). {_MAKE_ONE}") from error
    except (RecursionError, ValueError) as error:  # nested too deeply, or an endless number
        raise _FaultError(f"is not a session. {_MAKE_ONE}") from error


def _check_can_be_kept(document: object) -> None:
    """Refuse what undo could not write again, in keys that are not known here."""
    try:
        json.dumps(document, allow_nan=False)
    except (RecursionError, ValueError) as error:
        raise _FaultError(f"holds what no session file can keep: {error}. {_MAKE_ONE}") from error


def _refused(constant: str) -> NoReturn:
    """Refuse `NaN` and `Infinity`, which Python reads though JSON does not have them."""
    raise _FaultError(f"holds {constant} where a number is needed. {_MAKE_ONE}")


def _session(document: object) -> Session:
    if not isinstance(document, dict) or "version" not in document:
        raise _FaultError(f"is not a session. {_MAKE_ONE}")
    version = document["version"]
    if type(version) is int and version > VERSION:
        told = f"version {reprlib.repr(version)}; this one reads {VERSION}"
        raise _FaultError(f"was made by a newer playlist-builder ({told}). Update playlist-builder")
    if type(version) is not int or version != VERSION:
        raise _FaultError(f"is damaged: version must be {VERSION}. {_MAKE_ONE}")
    try:
        checked = msgspec.convert(document, _Session)
    except msgspec.ValidationError as error:
        raise _FaultError(f"is damaged: {fault(document, error, _Session)}. {_MAKE_ONE}") from error
    except UnicodeEncodeError as error:  # a lone surrogate in a key or in the place of a choice
        wrong = f"{reprlib.repr(error.object)} is not text in UTF-8"
        raise _FaultError(f"is damaged: {wrong}. {_MAKE_ONE}") from error
    known = {str(each): each for each in filter(None, map(_known, checked.notices))}
    notices = {
        key: tuple(known.get(text, notice(TEXT, text=text)) for text in getattr(checked, key))
        for key in _NOTICES
    }
    try:
        return msgspec.convert(structs.replace(checked, **notices), Session, from_attributes=True)
    except RequestError as error:  # what no request can mean, though each value may be
        raise _FaultError(f"is damaged: call.{str(error).rstrip('.')}. {_MAKE_ONE}") from error


def _known(document: _Notice) -> Notice | None:
    """Return a notice, or None where this program has no text for it."""
    parameters = sorted(document.parameters.items())
    try:
        known = msgspec.convert({"code": document.code, "parameters": parameters}, Notice)
        str(known)
    except (ArithmeticError, LookupError, TypeError, ValueError, msgspec.ValidationError):
        return None
    return known
