"""The session file: a `Session` as the JSON document of `build --json`, and back.

A document is refused unless it is complete and valid: its listeners cannot reach the volume
control. Unknown keys are ignored. The text is ASCII, so that paths which are not valid UTF-8
survive as lone surrogates; for these the standard library parses the JSON that msgspec checks.
"""

import json
import os
import reprlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NoReturn

import msgspec
from msgspec import Struct, structs

from playlist_builder import checked
from playlist_builder.errors import (
    PlaylistBuilderError,
    RequestError,
    SessionError,
    system_reason,
)
from playlist_builder.files.system import is_regular
from playlist_builder.language.notices import TEXT, Notice, notice
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Session, Silence, Slot, Work
from playlist_builder.playlists import session_types
from playlist_builder.playlists.session_faults import fault

VERSION = 1  # increased when an old reader would misread a new document
SIZE_LIMIT_BYTES = 50_000_000  # 10 hours in 10-second steps of contour take some 100 kB

_DECIMALS = (
    dict.fromkeys(("start_s", "end_s", "target_s", "duration_s", "from_s", "to_s"), 3)
    | dict.fromkeys(("energy", "target", "tension", "contour", "curve"), 4)
    | dict.fromkeys(("cost", "bound", "rms_error"), 6)
    | dict.fromkeys(("loudness_lufs", "start_loudness_lufs", "end_loudness_lufs", "style_step"), 2)
)
_NOTICES = ("warnings", "relaxed")
_LISTS: Mapping[str, type[Struct]] = {
    "slots": session_types.Slot,
    "tail": session_types.Slot,
    "silences": session_types.Silence,
}
_MAKE_ONE = Phrase("Make a session with 'playlist-builder build'")

Document = Mapping[str, Any]  # a session, or one of its states, as plain values


class _FaultError(PlaylistBuilderError):
    """What is wrong with a document, without the name of the file."""


def dump(session: Session) -> str:
    """Return the JSON text of `session`, with a stable order of keys and a newline at its end."""
    return to_json(document(session))


def document(session: Session) -> dict[str, object]:
    """Return the document of `session` as plain values."""
    whole = {"version": VERSION} | _values(replace(session, request=None), session_types.Session)
    for key, kind in _LISTS.items():
        whole[key] = [_values(each, kind) for each in whole[key]]
    if not session.silences:  # so that documents without it stay as they were
        del whole["silences"]
    if notices := [
        {"list": key, "code": each.code, "parameters": dict(each.parameters)}
        for key in _NOTICES
        for each in whole[key]
        if each.code != TEXT
    ]:
        whole["notices"] = notices
    whole |= {key: [str(each) for each in whole[key]] for key in _NOTICES}
    whole["spares"] = [
        {"place": each.place} | _values(each.slot, session_types.Slot) for each in session.spares
    ]
    if session.request is None:
        return whole
    call = asdict(session.request)
    del call["kept_id"]  # a session file is a session of its own, wherever it is taken
    for key in ("trim_s", "curve", "borders"):
        if not call[key]:  # so that documents without it stay as they were
            del call[key]
    for change in call["changes"]:
        for key in ("by", "text"):
            if not change[key]:
                del change[key]
    return whole | {"call": call}


def to_json(document: Mapping[str, object]) -> str:
    """Return a document as JSON text with each item of a list on one line."""
    lines = (f"  {json.dumps(key)}: {_value_to_json(value)}" for key, value in document.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def called(name: str) -> Phrase:
    """Return what a message begins with: a session file, or the session of a library."""
    if isinstance(name, Phrase):
        return name
    if name.startswith("session "):
        return Phrase("Session {session}", session=name.removeprefix("session "))
    return Phrase("Session file {name!r}", name=name)


def parse(text: str, name: str) -> Session:
    """Return the `Session` of a document; `name` is the file that a `SessionError` names."""
    try:
        document = _decoded(text)
        session = _session(document)
        _check_can_be_kept(document)
    except _FaultError as fault:
        raise SessionError("{name} {fault}", name=called(name), fault=fault) from fault
    return session


def of_document(document: object, name: str) -> Session:
    """Return the `Session` of a document as plain values; raises `SessionError`, naming `name`."""
    try:
        return _session(document)
    except _FaultError as fault:
        raise SessionError("{name} {fault}", name=name, fault=fault) from fault


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
                "Session file {name!r} is no file but a pipe or device. {advice}",
                name=name,
                advice=_MAKE_ONE,
            )
        with Path(path).open("rb") as file:
            data = file.read(SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        reason = system_reason(error)
        raise SessionError(
            "Cannot read session file {name!r}: {reason}. {advice}",
            name=name,
            reason=reason,
            advice=_MAKE_ONE,
        ) from error
    if len(data) > SIZE_LIMIT_BYTES:
        raise SessionError(
            "Session file {name!r} is larger than any session. {advice}",
            name=name,
            advice=_MAKE_ONE,
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SessionError(
            "Session file {name!r} is not text in UTF-8. {advice}", name=name, advice=_MAKE_ONE
        ) from error


def _values(part: Session | Slot | Silence, kind: type[Struct]) -> dict[str, Any]:
    """Return the fields of a session or a slot that are not None, rounded."""
    known = ((key, getattr(part, key, None)) for key in kind.__struct_fields__)
    return {key: _rounded(key, value) for key, value in known if value is not None}


def _rounded(key: str, value: Any) -> object:  # noqa: ANN401 - whatever a part holds
    if isinstance(value, Work):
        return {each: own for each, own in asdict(value).items() if own or own == 0.0}
    decimals = _DECIMALS.get(key)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return list(value) if decimals is None else [round(float(x), decimals) + 0.0 for x in value]
    return value if decimals is None else round(float(value), decimals) + 0.0  # no -0.0


def _value_to_json(value: object) -> str:
    if isinstance(value, list) and value and not isinstance(value[0], float):
        each = ",\n    ".join(json.dumps(item, allow_nan=False) for item in value)
        return f"[\n    {each}\n  ]"
    return json.dumps(value, allow_nan=False)


def _decoded(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_refused)
    except json.JSONDecodeError as error:
        raise _FaultError(
            "is not JSON (line {line}, column {column}). {advice}",
            line=error.lineno,
            column=error.colno,
            advice=_MAKE_ONE,
        ) from error
    except (RecursionError, ValueError) as error:  # nested too deeply, or an endless number
        raise _FaultError("is not a session. {advice}", advice=_MAKE_ONE) from error


def _check_can_be_kept(document: object) -> None:
    """Refuse what undo could not write again, in keys that are not known here."""
    try:
        json.dumps(document, allow_nan=False)
    except (RecursionError, ValueError) as error:
        raise _FaultError(
            "holds what no session file can keep. {advice}", advice=_MAKE_ONE
        ) from error


def _refused(constant: str) -> NoReturn:
    """Refuse `NaN` and `Infinity`, which Python reads though JSON does not have them."""
    raise _FaultError(
        "holds {constant} where a number is needed. {advice}", constant=constant, advice=_MAKE_ONE
    )


def _session(document: object) -> Session:
    if not isinstance(document, dict) or "version" not in document:
        raise _FaultError("is not a session. {advice}", advice=_MAKE_ONE)
    version = document["version"]
    if type(version) is int and version > VERSION:
        raise _FaultError(
            "was made by a newer playlist-builder (version {version}; this one reads {own}). Update"
            " playlist-builder",
            version=reprlib.repr(version),
            own=VERSION,
        )
    if type(version) is not int or version != VERSION:
        raise _damage(Phrase("version must be {version}", version=VERSION))
    try:
        checked = msgspec.convert(document, session_types.Session)
    except msgspec.ValidationError as error:
        raise _damage(fault(document, error, session_types.Session)) from error
    except UnicodeEncodeError as error:  # a lone surrogate in a key or in the place of a choice
        wrong = Phrase("{text} is not text in UTF-8", text=reprlib.repr(error.object))
        raise _damage(wrong) from error
    known = {str(each): each for each in filter(None, map(_known, checked.notices))}
    notices = {
        key: tuple(known.get(text, notice(TEXT, text=text)) for text in getattr(checked, key))
        for key in _NOTICES
    }
    try:
        return msgspec.convert(structs.replace(checked, **notices), Session, from_attributes=True)
    except RequestError as error:  # what no request can mean, though each value may be
        raise _FaultError(
            "is damaged: call.{error} {advice}", error=error, advice=_MAKE_ONE
        ) from error


def _damage(wrong: Phrase) -> _FaultError:
    return _FaultError("is damaged: {wrong}. {advice}", wrong=wrong, advice=_MAKE_ONE)


def _known(document: session_types.Notice) -> Notice | None:
    """Return a notice, or None where this program has no text for it."""
    parameters = sorted(document.parameters.items())
    try:
        known = msgspec.convert({"code": document.code, "parameters": parameters}, Notice)
        str(known)
    except (ArithmeticError, LookupError, TypeError, ValueError, msgspec.ValidationError):
        return None
    return known
