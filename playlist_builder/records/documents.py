"""Events as plain values, which a page sends and a library keeps, and back.

The document of an event is flat: its number, time and kind, beside the fields of what happened.
Keys that are not known here are passed over, and of an unknown kind all are kept.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from playlist_builder import checked
from playlist_builder.errors import RequestError
from playlist_builder.language.translation import Phrase
from playlist_builder.records.events import PAGE, RecordedEvent, Unknown, What

_ENVELOPE = frozenset(("number", "at", "session_s", "kind", "source"))


def _kind(of: type) -> str:
    """Return what a kind of event is called in a document: `taken_back` of `TakenBack`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", of.__name__).lower()


KINDS: Mapping[str, type] = {_kind(each): each for each in get_args(What) if each is not Unknown}
_NAMES = {kind: name for name, kind in KINDS.items()}


def document_of(event: RecordedEvent) -> dict[str, Any]:
    """Return an event as plain values, as JSON holds them; RequestError where it cannot."""
    what = event.what
    if isinstance(what, Unknown):
        if what.kind in KINDS:
            raise checked.wrong("kind", Phrase("one that is not known here"), what.kind)
        kind, values = what.kind, dict(what.values)
    else:
        kind, values = _NAMES[type(what)], msgspec.to_builtins(what)
    envelope = {"number": event.number, "at": event.at, "session_s": event.session_s, "kind": kind}
    document = values | envelope | {"source": event.source}
    try:
        plain: dict[str, Any] = json.loads(json.dumps(document, allow_nan=False))
    except (RecursionError, TypeError, ValueError) as error:
        raise RequestError("Event {number}: {error}.", number=event.number, error=error) from error
    return plain


def event_of(document: Mapping[str, Any]) -> RecordedEvent:
    """Return the event of a document; raises RequestError for what cannot be meant."""
    checked.instance("document", document, Mapping)  # type: ignore[type-abstract]
    kind = checked.text("kind", document.get("kind"))
    values = {key: value for key, value in document.items() if key not in _ENVELOPE}
    of = KINDS.get(kind)
    try:
        what = Unknown(kind, values) if of is None else msgspec.convert(values, of)
        return RecordedEvent(
            document["number"],
            document["at"],
            document["session_s"],
            what,
            document.get("source", PAGE),
        )
    except KeyError as error:
        raise RequestError("Event: {key} is missing.", key=error) from error
    except (RecursionError, UnicodeError, msgspec.ValidationError) as error:
        raise RequestError("Event {kind}: {error}.", kind=kind, error=error) from error
