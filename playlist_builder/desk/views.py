"""Values of the library -> what a page is sent, as JSON: seconds, energy 0 to 1, LUFS. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from playlist_builder import (
    Candidate,
    Difference,
    KeptSession,
    Library,
    Listing,
    Phase,
    Profile,
    Session,
    Slot,
    Track,
    TrackTable,
    session_concerns,
)
from playlist_builder.desk import changes
from playlist_builder.desk.words import Words
from playlist_builder.models import Floats

PLACES = 3  # decimals of levels, which are drawn


def library(opened: Library, tracks: TrackTable) -> dict[str, Any]:
    """Return what a library holds."""
    return {"path": opened.path, "tracks": len(tracks), "waiting": opened.unanalysed_count}


def profiles(listings: Sequence[Listing], words: Words) -> list[dict[str, Any]]:
    """Return the profiles that can be asked for."""
    return [
        {
            "id": each.name,
            "title": words.of_profile(each.profile.title),
            "summary": words.of_profile(each.profile.summary),
            "duration_s": each.profile.duration_s,
        }
        for each in listings
        if each.profile is not None
    ]


def kept(sessions: Sequence[KeptSession], words: Words, titles: Mapping[str, str]) -> list[Any]:
    """Return kept sessions, the newest first; `titles` are those of profiles by name."""
    return [
        {
            "number": each.number,
            "name": each.name,
            "person": each.person,
            "title": words.of_profile(titles.get(each.profile, each.profile)),
            "made_at": each.made_at,
            "duration_s": each.duration_s,
        }
        for each in reversed(sessions)
    ]


def session(
    shown: Session, profile: Profile, words: Words, known: Mapping[str, Track]
) -> dict[str, Any]:
    """Return a session with its plan; places count from 1, and the tail counts on.

    `known` are the tracks of the library by identity.
    """
    request = shown.request
    pinned = frozenset(request.pinned) if request is not None else frozenset[str]()
    return {
        **outline(shown, profile, words),
        "profile": shown.profile,
        "title": words.of_profile(profile.title),
        "person": (request.name if request is not None else None) or "",
        "points": points(shown, profile),
        "is_drawn": bool(request is not None and request.curve),
        "slots": [
            slot(each, place, words, is_tail=place > len(shown.slots))
            | {
                "pinned": each.identity in pinned,
                "note": known[each.identity].mark.note if each.identity in known else "",
            }
            for place, each in enumerate((*shown.slots, *shown.tail), start=1)
        ],
        "concerns": concerns(shown, words),
        "notes": [words.sentence(each) for each in (*shown.warnings, *shown.relaxed)],
        "budget": budget(shown),
    }


def outline(shown: Session, profile: Profile, words: Words) -> dict[str, Any]:
    """Return what is drawn of a session: plan, phases, tracks and silences."""
    slots = (*shown.slots, *shown.tail)
    return {
        "duration_s": shown.duration_s,
        "target_s": shown.target_s,
        "rms_error": shown.rms_error,
        "curve": _rounded(shown.curve),
        "phases": [phase(each, words) for each in profile.phases],
        "slots": [
            slot(each, place, words, is_tail=place > len(shown.slots))
            for place, each in enumerate(slots, start=1)
        ],
        "silences": [
            {"start_s": each.start_s, "end_s": each.end_s, "phase": words.of_profile(each.phase)}
            for each in shown.silences
        ],
    }


def points(shown: Session, profile: Profile) -> list[list[float]]:
    """Return the times and levels by which the plan can be drawn: those of its phases' borders."""
    request = shown.request
    if request is not None and request.curve:
        return [[time_s, round(level, PLACES)] for time_s, level in request.curve]
    first, last = profile.phases[0], profile.phases[-1]
    inner = [
        [after.start_s, (before.level_end + after.level_start) / 2.0]
        for before, after in zip(profile.phases, profile.phases[1:], strict=False)
    ]
    return [[0.0, first.level_start], *inner, [last.end_s, last.level_end]]


def budget(shown: Session) -> dict[str, Any] | None:
    """Return how many of how many tracks can be used, and for how many sessions they are calm."""
    found = next(
        (
            dict(each.parameters)
            for each in shown.warnings
            if "passed" in dict(each.parameters) and each.code.startswith("budget")
        ),
        None,
    )
    if found is None:
        return None
    return {"usable": found["passed"], "total": found["total"], "calm_for": found.get("count")}


def concerns(shown: Session, words: Words) -> list[dict[str, Any]]:
    """Return what to know before it begins, what is felt most first."""
    return [
        {"text": each.text, "felt": each.is_felt, "place": each.place, "at_s": each.at_s}
        for each in session_concerns(shown, words.code)
    ]


def phase(shown: Phase, words: Words) -> dict[str, Any]:
    """Return a phase of a plan."""
    return {
        "id": shown.name,
        "name": words.of_profile(shown.name),
        "start_s": shown.start_s,
        "end_s": shown.end_s,
        "is_calm": shown.is_calm,
        "levels": [shown.level_start, shown.level_end],
        "silence_s": shown.silence_s,
    }


def slot(shown: Slot, place: int, words: Words, *, is_tail: bool) -> dict[str, Any]:
    """Return a track in its place."""
    return {
        "place": place,
        "id": shown.identity,
        "title": shown.title or shown.path,
        "artist": shown.artist,
        "album": shown.album,
        "start_s": shown.start_s,
        "end_s": shown.end_s,
        "phase": words.of_profile(shown.phase),
        "energy": round(shown.energy, PLACES),
        "target": round(shown.target, PLACES),
        "contour": _rounded(shown.contour),
        "tension": shown.tension,
        "loudness_lufs": shown.loudness_lufs,
        "vocals": shown.vocals,
        "tail": is_tail,
        "from_s": shown.from_s,
        "to_s": shown.to_s,
    }


def track(shown: Track) -> dict[str, Any]:
    """Return a track of the library."""
    return {
        "id": shown.identity,
        "title": shown.tags.title or shown.path,
        "artist": ", ".join(shown.tags.artists),
        "album": shown.tags.album,
        "duration_s": shown.duration_s,
        "energy": round(shown.energy, PLACES),
        "tension": shown.emotion.tension if shown.emotion is not None else None,
        "vocals": shown.vocals,
        "mark": {
            "energy": shown.mark.energy,
            "vocals": shown.mark.vocals,
            "banned": shown.mark.banned,
            "note": shown.mark.note,
        },
    }


def candidate(shown: Candidate, words: Words) -> dict[str, Any]:
    """Return what could take the place of a track, and in words what it would do."""
    differs, stands_out = changes.of_candidate(shown, words)
    return track(shown.track) | {
        "energy": round(shown.slot.energy, PLACES),
        "target": round(shown.slot.target, PLACES),
        "differs": differs,
        "stands_out": stands_out,
        "is_choice": shown.is_choice,
        "rms_error": shown.rms_error,
        "rms_error_now": shown.rms_error_now,
    }


def music(tracks: TrackTable) -> dict[str, Any]:
    """Return the map of a library in columns: energy is the share of tracks that are calmer."""
    ranks = np.argsort(np.argsort(tracks.energy, kind="stable"), kind="stable")
    energy = ranks / max(len(tracks) - 1, 1)
    tension = tracks.tension
    return {
        "ids": tracks.identities,
        "titles": [title or path for title, path in zip(tracks.titles, tracks.paths, strict=True)],
        "energy": _rounded(energy),
        "tension": [None if np.isnan(each) else round(float(each), PLACES) for each in tension],
    }


def difference(shown: Difference) -> dict[str, Any]:
    """Return which tracks came, went or moved, by identity."""
    return {
        "came": _identities([each.slot for each in shown.came]),
        "went": _identities([each.slot for each in shown.went]),
        "moved": _identities([each.slot for each in shown.moved]),
        "shifted": shown.shifted,
    }


def _identities(slots: Sequence[Slot]) -> list[str]:
    return [each.identity for each in slots]


def _rounded(levels: Sequence[float] | Floats) -> list[float]:
    return [round(float(each), PLACES) for each in levels]
