"""A profile with the levels, rules, duration and plan changes of a `SessionRequest` applied."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import cast

from playlist_builder.errors import RequestError
from playlist_builder.language.text import clock
from playlist_builder.profiles import steer
from playlist_builder.profiles.parse import parse
from playlist_builder.profiles.profile import MIN_PHASE_S, Profile, Rules, VocalsRule
from playlist_builder.session_request import PlanChange, SessionRequest

NO_ARTIST_LIMIT = 10**6  # tracks


def apply_overrides(profile: Profile, request: SessionRequest) -> Profile:
    """Return the profile with all that a request changes about it.

    Raises ProfileError for values that no profile can have, RequestError for malformed ones.
    """
    for level in request.levels:
        profile = _with_level(profile, level)
    profile = replace(profile, rules=_rules(request, profile.rules))
    if request.duration_s is not None:
        profile = profile.scaled(request.duration_s)
    if request.borders:
        profile = steer.bordered(profile, request.borders)
    if request.curve:
        profile = _along(profile, request.curve)
    return reduce(with_change, request.changes, profile)


def with_change(profile: Profile, change: PlanChange) -> Profile:
    """Return the profile with a change of its plan; raises ProfileError where it cannot be made."""
    at_s = change.at_s or 0.0
    match change.kind:
        case "stretch":
            return profile.stretched(change.phase, change.by_s, change.at_s)
        case "jump":
            return profile.jumped(change.phase, at_s)
        case "shift":
            return steer.shifted(profile, change.by, at_s)
        case "hold":
            return steer.held(profile, change.by_s, at_s)
        case "rest":
            return steer.rested(profile, change.by_s, at_s)
        case "calm":
            rescue = parse(change.text.encode("utf-8", "replace"), name=steer.RESCUE)
            return steer.followed(profile, at_s, rescue)


def _along(profile: Profile, curve: Sequence[tuple[float, float]]) -> Profile:
    last_s = curve[-1][0]
    if last_s > profile.duration_s + MIN_PHASE_S:
        raise RequestError(
            "curve: the session ends at {end}, before the last point at {last}.",
            end=clock(profile.duration_s),
            last=clock(last_s),
        )
    return steer.drawn(profile, curve)


def _rules(request: SessionRequest, rules: Rules) -> Rules:
    if request.use_all:
        rules = replace(
            rules, track_min_s=0.0, track_max_s=math.inf, vocals="allow", artist_max=NO_ARTIST_LIMIT
        )
    if request.vocals is not None:
        rules = replace(rules, vocals=cast("VocalsRule", request.vocals))
    if request.track_minutes is not None:
        shortest, longest = request.track_minutes
        if not (math.isfinite(shortest) and shortest <= longest < math.inf):
            raise RequestError(
                "--min-length, --max-length: the longest track is shorter than the shortest."
            )
        rules = replace(rules, track_min_s=60 * shortest, track_max_s=60 * longest)
    return rules


def _with_level(profile: Profile, text: str) -> Profile:
    phase, _, level = text.rpartition("=")
    try:
        return profile.with_level(float(level), phase or None)
    except ValueError as error:
        raise RequestError(
            "--level '{text}': give a level from 0 to 1, or PHASE=LEVEL.", text=text
        ) from error
