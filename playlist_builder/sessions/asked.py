"""A session that is asked for otherwise, from what an editor holds of the library."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from playlist_builder.errors import ArrangeError, RequestError
from playlist_builder.models import Session
from playlist_builder.session_request import SessionRequest
from playlist_builder.sessions.build import (
    Holdings,
    build_alternatives,
    profile_of,
    selected,
)

FIELDS = frozenset(field.name for field in fields(SessionRequest))


def asked_otherwise(request: SessionRequest, wanted: Mapping[str, Any]) -> SessionRequest:
    """Return a request with some of its fields changed, and without what no longer belongs to it.

    Changes of the plan are those of one profile and duration; so are a curve and borders that were
    drawn, which a duration scales. Raises RequestError for a field that there is not, and for its
    value.
    """
    unknown = sorted(wanted.keys() - FIELDS)
    if unknown:
        raise RequestError(
            "No session is asked for by {name!r}. Give fields of a SessionRequest.", name=unknown[0]
        )
    kept: dict[str, Any] = {}
    if "profile" in wanted and wanted["profile"] != request.profile:
        kept |= {"profile_text": "", "curve": (), "borders": (), "changes": (), "levels": ()}
    if "profile_text" in wanted and wanted["profile_text"] != request.profile_text:
        kept |= {"curve": (), "borders": (), "changes": ()}
    if "duration_s" in wanted and wanted["duration_s"] != request.duration_s:
        kept["changes"] = ()
    if "name" in wanted and wanted["name"] != request.name:
        kept["session"] = ""
    new = replace(request, **(kept | {"alternative": 1} | dict(wanted)))
    is_drawn = bool(new.curve or new.borders) and not wanted.keys() & {"curve", "borders"}
    if is_drawn and new.duration_s != request.duration_s:
        return _with_plan_scaled(new, request)
    return new


def kept_as(request: SessionRequest, own: SessionRequest) -> SessionRequest:
    """Return a request that is kept where another one is; a profile of another name is read."""
    if request.profile != own.profile and request.profile_text == own.profile_text:
        request = replace(request, profile_text="")
    return replace(request, library=own.library, kept_id=own.kept_id)


def _with_plan_scaled(new: SessionRequest, old: SessionRequest) -> SessionRequest:
    """Return a request whose drawn plan is as long as its session, as that of another one was."""
    plain = (replace(each, curve=(), borders=(), changes=()) for each in (new, old))
    lasts_s = [profile_of(each).duration_s for each in plain]
    by = lasts_s[0] / lasts_s[1]
    return replace(
        new,
        curve=tuple((time_s * by, level) for time_s, level in new.curve),
        borders=tuple(time_s * by for time_s in new.borders),
    )


def rebuilt(
    request: SessionRequest, held: Holdings, count: int, folders: Sequence[Path]
) -> list[Session]:
    """Return so many alternatives of the session that a request asks for.

    Raises as `Library.build` does, and ArrangeError where the music holds fewer.
    """
    profile = profile_of(request, folders=folders)
    sessions = build_alternatives(selected(request, profile, held), count)
    if len(sessions) < count:
        raise ArrangeError(
            "The library holds no alternative number {number} any more.", number=count
        )
    return sessions


def beside(
    session: Session, request: SessionRequest, held: Holdings, count: int, folders: Sequence[Path]
) -> list[Session]:
    """Return a session and up to `count` - 1 others that its request asks for."""
    selection = selected(request, profile_of(request, folders=folders), held)
    own = {slot.identity for slot in session.slots}
    found = build_alternatives(selection, count)
    others = [each for each in found if {slot.identity for slot in each.slots} != own]
    return [session, *others][:count]
