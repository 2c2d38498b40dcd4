"""The states of a session before and after the one that it is in, for undo and redo.

They stand in its document: `earlier` ones, the last change last, and `later` ones that were undone,
the next one last. A state is a document without states of its own.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from playlist_builder.errors import SessionError
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Session
from playlist_builder.playlists.session_json import (
    Document,
    called,
    document,
    of_document,
    to_json,
)

EARLIER_LIMIT = 20  # states kept for undo
PERSON = ("name", "session", "asked_at")  # of a request: for whom it is, and what goes with that


class States(NamedTuple):
    """What a document holds: the state of now, those before it, and those that were undone."""

    now: Document
    earlier: Sequence[Document] = ()
    later: Sequence[Document] = ()


def states(text: str) -> States:
    """Return the states of a valid document."""
    whole: dict[str, Any] = json.loads(text)
    found = [whole.pop(key, None) for key in ("earlier", "later")]
    return States(whole, *(each if isinstance(each, list) else [] for each in found))


def joined(found: States) -> str:
    """Return the JSON text of states, of which the latest before now are kept.

    All of them are for the person of now: nothing of another one stays among them.
    """
    earlier = [_for_person(each, found.now) for each in found.earlier[-EARLIER_LIMIT:]]
    later = [_for_person(each, found.now) for each in found.later]
    kept = {"earlier": earlier, "later": later}
    return to_json({**found.now, **{key: each for key, each in kept.items() if each}})


def dump_with_undo(session: Session, before: str) -> str:
    """Return the JSON text of `session` that keeps the valid document `before` for undo."""
    old, earlier, _ = states(before)
    return joined(States(document(session), [*earlier, old]))


def dump_keeping_undo(session: Session, before: str) -> str:
    """Return the JSON text of `session` with the other states of the valid document `before`."""
    return joined(states(before)._replace(now=document(session)))


def undo(text: str, name: str) -> str:
    """Return the document before the last change of a valid one, which it keeps for redo.

    Raises `SessionError`, naming the session `name`, where there is none.
    """
    now, earlier, later = states(text)
    if not earlier:
        raise SessionError("{name} keeps no earlier state to step back to.", name=called(name))
    before = _checked(earlier[-1], Phrase("The earlier state of {name}", name=called(name)))
    return joined(States(before, earlier[:-1], [*later, now]))


def redo(text: str, name: str) -> str:
    """Return the document that `undo` stepped back from; raises `SessionError` as it does."""
    now, earlier, later = states(text)
    if not later:
        raise SessionError("{name} keeps no later state: nothing was undone.", name=called(name))
    after = _checked(later[-1], Phrase("The later state of {name}", name=called(name)))
    return joined(States(after, [*earlier, now], later[:-1]))


def _checked(state: Any, name: Phrase) -> Document:  # noqa: ANN401 - of a file
    """Return a state that is a session; raises SessionError."""
    of_document(state, name)
    return dict(state)


def _for_person(state: Document, now: Document) -> Document:
    """Return a state for the person of another one, where it is for somebody else."""
    old, new = (each.get("call") if isinstance(each, dict) else None for each in (state, now))
    if not isinstance(old, dict) or not isinstance(new, dict) or old.get("name") == new.get("name"):
        return state
    return {**state, "call": old | {key: new[key] for key in PERSON if key in new}}
