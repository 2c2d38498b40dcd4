"""The session file: the document of `build --json`, which every later command reads.

This room turns a `Session` into JSON and back. It refuses a document that is not whole and
sound in every part: what is played from it is heard by people who cannot reach the volume knob.

The text is ASCII, so that paths which are not valid UTF-8 survive as lone surrogates; one line
a slot, so that two sessions can be compared by a diff. Times are rounded to the millisecond,
energies to four places. Keys that are not known are passed over.
"""

import json
import math
import os
import re
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Literal, NoReturn, TypeVar, get_args

from playlist_builder.errors import AskError, SessionError
from playlist_builder.models import (
    NAME_LIMIT,
    Change,
    Session,
    SessionRequest,
    Slot,
    Spare,
    Vocals,
    label,
)

VERSION = 1
"""Version of the document; raised when a reader of the old one would misread the new one."""

SIZE_LIMIT_BYTES = 50_000_000
"""Far above any session: 10 hours in 10-second steps of contour take some 100 kB."""

TEXT_LIMIT = 40_000
"""Characters of one text of a call; the longest is that of a profile, of 32 kB at most."""

ITEMS_LIMIT = 10_000
"""Entries of one list of a call; far above what a person types."""

EARLIER_LIMIT = 20
"""Documents before changes that a session file keeps, to step back to."""

ALTERNATIVES_LIMIT = 20
"""As many as `build` makes."""

VOCALS_RULES = ("exclude", "strict", "allow-wordless", "allow")

_MAKE_ONE = "Make a session with 'playlist-builder build -o FILE.json'"

LONGEST_S = 7 * 24 * 3600.0 * 1.5
"""A week, the longest session, with its tail."""

Scale = Literal["relative", "absolute"]
T = TypeVar("T")
Check = Callable[[object, str], T]
"""From a value of the document, and its place in words, to a sound value; or a `_FaultError`."""


class _FaultError(Exception):
    """What is wrong with a document, without the name of the file."""


def dump(session: Session) -> str:
    """Give the JSON text of `session`, with a stable order of keys and a newline at its end."""
    return laid_out(document(session))


def document(session: Session) -> dict[str, object]:
    """Give the document of `session` as plain values."""
    whole: dict[str, object] = {
        "version": VERSION,
        "profile": session.profile,
        "scale": session.scale,
        "seed": session.seed,
        "target_s": _rounded(session.target_s, 3),
        "duration_s": _rounded(session.duration_s, 3),
        "cost": _rounded(session.cost, 6),
        "bound": _rounded(session.bound, 6),
        "rms_error": _rounded(session.rms_error, 6),
        "slots": [_slot_document(slot) for slot in session.slots],
        "tail": [_slot_document(slot) for slot in session.tail],
        "spares": [{"place": each.place} | _slot_document(each.slot) for each in session.spares],
        "warnings": list(session.warnings),
        "relaxed": list(session.relaxed),
        "curve": [_rounded(level, 4) for level in session.curve],
    }
    if session.request is not None:
        whole["call"] = asdict(session.request)
    return whole


def laid_out(document: Mapping[str, object]) -> str:
    """Give a document as JSON text: what is one slot or sentence stands on one line."""
    lines = (f"  {json.dumps(key)}: {_laid_out(value)}" for key, value in document.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def dump_after(session: Session, before: str) -> str:
    """Give the JSON text of `session` that keeps the sound document `before`, to step back to it.

    Of what that one keeps, the last documents are kept as well.
    """
    old: dict[str, object] = json.loads(before)
    earlier = old.pop("earlier", [])
    kept = [*(earlier if isinstance(earlier, list) else []), old][-EARLIER_LIMIT:]
    return laid_out(document(session) | {"earlier": kept})


def dump_over(session: Session, before: str) -> str:
    """Give the JSON text of `session` in the place of the sound document `before`.

    It steps back to where that one does.
    """
    earlier = json.loads(before).get("earlier")
    return laid_out(document(session) | ({"earlier": earlier} if earlier else {}))


def stepped_back(text: str, name: str) -> str:
    """Give the document before the last change of a sound one, byte for byte as it was written.

    Raises `SessionError` where there is none; `name` is the file to speak of.
    """
    whole: dict[str, object] = json.loads(text)
    earlier = whole.get("earlier")
    if not isinstance(earlier, list) or not earlier:
        raise SessionError(f"Session file {name!r} keeps no earlier state to step back to.")
    before = earlier[-1]
    try:
        _session(before)
    except _FaultError as fault:
        raise SessionError(f"The earlier state of session file {name!r} {fault}") from fault
    return laid_out(before | ({"earlier": earlier[:-1]} if earlier[1:] else {}))


def parse(text: str, name: str) -> Session:
    """Give the `Session` of a document; `name` is the file to speak of in a `SessionError`."""
    try:
        return _session(_decoded(text))
    except _FaultError as fault:
        raise SessionError(f"Session file {name!r} {fault}") from fault


def load_session(path: str | os.PathLike[str]) -> Session:
    """Read the session file at `path`; `SessionError` says why it cannot be used."""
    return parse(read(path), os.fspath(path))


def read(path: str | os.PathLike[str]) -> str:
    """Read the text of the file at `path`; `SessionError` says why it cannot be read."""
    name = os.fspath(path)
    try:
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


def _slot_document(slot: Slot) -> dict[str, object]:
    """Give the JSON object of one slot."""
    whole: dict[str, object] = {
        "path": slot.path,
        "identity": slot.identity,
        "title": slot.title,
        "artist": slot.artist,
        "album": slot.album,
        "start_s": _rounded(slot.start_s, 3),
        "end_s": _rounded(slot.end_s, 3),
        "phase": slot.phase,
        "energy": _rounded(slot.energy, 4),
        "target": _rounded(slot.target, 4),
        "contour": [_rounded(level, 4) for level in slot.contour],
        "loudness_lufs": _rounded(slot.loudness_lufs, 2),
        "vocals": slot.vocals,
    }
    edges = {
        "start_loudness_lufs": slot.start_loudness_lufs,
        "end_loudness_lufs": slot.end_loudness_lufs,
    }
    known = {key: _rounded(value, 2) for key, value in edges.items() if value is not None}
    return whole | known


def _rounded(value: float, places: int) -> float:
    """Round to `places`, without a negative zero."""
    return round(float(value), places) + 0.0


def _laid_out(value: object) -> str:
    """Give `value` as JSON: slots and sentences one to a line, all else on one line."""
    if isinstance(value, list) and value and not isinstance(value[0], float):
        return "[\n    " + ",\n    ".join(map(_on_one_line, value)) + "\n  ]"
    return _on_one_line(value)


def _on_one_line(value: object) -> str:
    return json.dumps(value, allow_nan=False)


def _decoded(text: str) -> object:
    """Give what the JSON of `text` says."""
    try:
        document: object = json.loads(text, parse_constant=_refused)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _FaultError(f"is not JSON ({place}). {_MAKE_ONE}") from error
    except (RecursionError, ValueError) as error:  # nested too deeply, or an endless number
        raise _FaultError(f"is not a session. {_MAKE_ONE}") from error
    return document


def _refused(constant: str) -> NoReturn:
    """Refuse `NaN` and `Infinity`, which Python reads though JSON does not have them."""
    raise _FaultError(f"holds {constant} where a number is needed. {_MAKE_ONE}")


def _session(document: object) -> Session:
    """Check every part of `document` and give its `Session`."""
    if not isinstance(document, dict) or "version" not in document:
        raise _FaultError(f"is not a session. {_MAKE_ONE}")
    version = document["version"]
    if type(version) is int and version > VERSION:
        raise _FaultError(
            f"was made by a newer playlist-builder (version {reprlib.repr(version)}; this one"
            f" reads {VERSION}). Update playlist-builder"
        )
    if type(version) is not int or version != VERSION:
        raise _FaultError(f"is damaged: version must be {VERSION}. {_MAKE_ONE}")
    fields = _Fields(document, "")
    session = Session(
        profile=fields.part("profile", _text),
        scale=fields.part("scale", _one_of(*get_args(Scale))),
        seed=fields.part("seed", _whole),
        target_s=fields.part("target_s", _length),
        duration_s=fields.part("duration_s", _length),
        cost=fields.part("cost", _number),
        bound=fields.part("bound", _number),
        rms_error=fields.part("rms_error", _length),
        slots=fields.part("slots", _list_of(_slot)),
        tail=fields.part("tail", _list_of(_slot)),
        warnings=fields.part("warnings", _list_of(_text)),
        relaxed=fields.part("relaxed", _list_of(_text)),
        curve=fields.part("curve", _list_of(_level)),
        request=fields.later("call", _or_none(_call), None),
        spares=fields.later("spares", _list_of(_spare), ()),
    )
    _check_order(session)
    return session


def _check_order(session: Session) -> None:
    """Refuse what would play nothing, or has no place in any day."""
    if not session.slots:
        raise _FaultError(f"holds no track. {_MAKE_ONE}")
    spare = (each.slot for each in session.spares)
    for number, slot in enumerate((*session.slots, *session.tail, *spare), start=1):
        if slot.end_s > LONGEST_S:
            raise _FaultError(
                f"is damaged: track {number} ends after more than a week. {_MAKE_ONE}"
            )
    for number, each in enumerate(session.spares):
        if not 1 <= each.place <= len(session.slots):
            raise _wrong(each.place, f"spares[{number}].place", f"1 to {len(session.slots)}")


@dataclass(frozen=True, slots=True)
class _Fields:
    """A JSON object and the place where it stands, such as `slots[3].`."""

    values: Mapping[str, object]
    place: str

    def part(self, key: str, check: Check[T]) -> T:
        """Give the sound value of `key`."""
        if key not in self.values:
            raise _FaultError(f"is damaged: {self.place}{key} is missing. {_MAKE_ONE}")
        return check(self.values[key], f"{self.place}{key}")

    def optional(self, key: str, check: Check[T]) -> T | None:
        """Give the sound value of `key`, or None where it is missing or null."""
        return _or_none(check)(self.values.get(key), f"{self.place}{key}")

    def later(self, key: str, check: Check[T], default: T) -> T:
        """Give the sound value of a key that documents of earlier programs do not have."""
        return self.part(key, check) if key in self.values else default


def _fields(value: object, place: str) -> _Fields:
    if not isinstance(value, dict):
        raise _wrong(value, place, "an object")
    return _Fields(value, f"{place}.")


def _slot(value: object, place: str) -> Slot:
    fields = _fields(value, place)
    slot = Slot(
        path=fields.part("path", _path),
        identity=fields.part("identity", _text),
        title=fields.part("title", _text),
        artist=fields.part("artist", _text),
        album=fields.part("album", _text),
        start_s=fields.part("start_s", _length),
        end_s=fields.part("end_s", _length),
        phase=fields.part("phase", _text),
        energy=fields.part("energy", _level),
        target=fields.part("target", _level),
        contour=fields.part("contour", _list_of(_level)),
        loudness_lufs=fields.part("loudness_lufs", _number),
        vocals=fields.part("vocals", _one_of(*get_args(Vocals))),
        start_loudness_lufs=fields.optional("start_loudness_lufs", _number),
        end_loudness_lufs=fields.optional("end_loudness_lufs", _number),
    )
    if slot.end_s < slot.start_s:
        raise _wrong(slot.end_s, f"{place}.end_s", f"at least start_s, {slot.start_s}")
    return slot


def _spare(value: object, place: str) -> Spare:
    return Spare(_slot(value, place), _fields(value, place).part("place", _whole))


def _change(value: object, place: str) -> Change:
    fields = _fields(value, place)
    return Change(
        kind=fields.part("kind", _one_of("stretch", "jump")),
        phase=fields.part("phase", _typed),
        by_s=fields.part("by_s", _number),
        at_s=fields.part("at_s", _or_none(_length)),
    )


def _call(value: object, place: str) -> SessionRequest:
    fields = _fields(value, place)
    texts = _short_list_of(_typed)
    paths = _short_list_of(_path)
    request = SessionRequest(
        profile=fields.part("profile", _typed),
        profile_text=fields.part("profile_text", _typed),
        duration_s=fields.part("duration_s", _or_none(_length)),
        levels=fields.part("levels", texts),
        scale=fields.part("scale", _one_of(*get_args(Scale))),
        vocals=fields.part("vocals", _or_none(_one_of(*VOCALS_RULES))),
        track_minutes=fields.part("track_minutes", _or_none(_pair)),
        include=fields.part("include", texts),
        exclude=fields.part("exclude", texts),
        prefer=fields.part("prefer", texts),
        avoid=fields.part("avoid", paths),
        pins=fields.part("pins", texts),
        pinned=fields.part("pinned", texts),
        tolerance_s=fields.part("tolerance_s", _length),
        seed=fields.part("seed", _whole),
        allow_short=fields.part("allow_short", _yes_or_no),
        alternative=fields.part("alternative", _whole),
        music=fields.part("music", paths),
        library=fields.part("library", _or_none(_path)),
        playlist=fields.later("playlist", paths, ()),
        listed=fields.later("listed", texts, ()),
        changes=fields.later("changes", _short_list_of(_change), ()),
        name=fields.later("name", _or_none(_name), None),
        within_s=fields.later("within_s", _length, 0.0),
        asked_at=fields.later("asked_at", _moment, ""),
        session=fields.later("session", _session_number, ""),
    )
    if len(request.pinned) != len(request.pins):
        raise _wrong(request.pinned, f"{place}.pinned", "as long as pins")
    if len(request.listed) != len(request.playlist):
        raise _wrong(request.listed, f"{place}.listed", "as long as playlist")
    if request.name is not None and not request.asked_at:
        raise _wrong(request.asked_at, f"{place}.asked_at", "given where there is a name")
    if not 1 <= request.alternative <= ALTERNATIVES_LIMIT:
        raise _wrong(request.alternative, f"{place}.alternative", f"1 to {ALTERNATIVES_LIMIT}")
    return request


def _typed(value: object, place: str) -> str:
    """Check what was typed, or stood in a profile: short, and nothing that ends a C string."""
    text = _text(value, place)
    if not text or len(text) > TEXT_LIMIT or "\0" in text:
        raise _wrong(value, place, f"text of 1 to {TEXT_LIMIT} characters")
    return text


def _name(value: object, place: str) -> str:
    try:
        return label(_text(value, place))
    except AskError as error:
        raise _wrong(value, place, f"plain text of 1 to {NAME_LIMIT} characters") from error


def _moment(value: object, place: str) -> str:
    text = _text(value, place)
    try:
        known = not text or datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        known = False
    if not known:
        raise _wrong(value, place, "a time in ISO 8601 with its offset")
    return text


def _session_number(value: object, place: str) -> str:
    text = _text(value, place)
    if not re.fullmatch(r"(?:[0-9a-f]{16})?", text):
        raise _wrong(value, place, "16 hexadecimal digits")
    return text


def _pair(value: object, place: str) -> tuple[float, float]:
    numbers = _list_of(_length)(value, place)
    if len(numbers) != 2:  # noqa: PLR2004 - the shortest and the longest
        raise _wrong(value, place, "two numbers")
    return numbers[0], numbers[1]


def _yes_or_no(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, place, "true or false")
    return value


def _short_list_of(check: Check[T]) -> Check[tuple[T, ...]]:
    def check_list(value: object, place: str) -> tuple[T, ...]:
        if isinstance(value, list) and len(value) > ITEMS_LIMIT:
            raise _wrong(value, place, f"a list of at most {ITEMS_LIMIT}")
        return _list_of(check)(value, place)

    return check_list


def _or_none(check: Check[T]) -> Check[T | None]:
    return lambda value, place: None if value is None else check(value, place)


def _list_of(check: Check[T]) -> Check[tuple[T, ...]]:
    def check_list(value: object, place: str) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise _wrong(value, place, "a list")
        return tuple(check(item, f"{place}[{index}]") for index, item in enumerate(value))

    return check_list


def _one_of(*choices: T) -> Check[T]:
    def check_choice(value: object, place: str) -> T:
        for choice in choices:
            if value == choice:
                return choice
        raise _wrong(value, place, f"one of {', '.join(map(str, choices))}")

    return check_choice


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise _wrong(value, place, "text")
    return value


def _path(value: object, place: str) -> str:
    path = _text(value, place)
    absolute = PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()
    if not absolute or "\0" in path:
        raise _wrong(value, place, "an absolute path")
    return path


def _whole(value: object, place: str) -> int:
    if type(value) is not int:  # a bool is an int too
        raise _wrong(value, place, "a whole number")
    return value


def _number(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(value, place, "a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _wrong(value, place, "a number within reach")
    return number


def _length(value: object, place: str) -> float:
    number = _number(value, place)
    if number < 0:
        raise _wrong(value, place, "at least 0")
    return number


def _level(value: object, place: str) -> float:
    number = _number(value, place)
    if not 0 <= number <= 1:
        raise _wrong(value, place, "a number from 0 to 1")
    return number


def _wrong(value: object, place: str, expected: str) -> _FaultError:
    return _FaultError(
        f"is damaged: {place} must be {expected}, not {reprlib.repr(value)}. {_MAKE_ONE}"
    )
