"""Values of the library -> what a page is sent, as JSON: seconds, energy 0 to 1, LUFS. Pure."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from playlist_builder import (
    Candidate,
    Capacity,
    Difference,
    KeptSession,
    Library,
    Listing,
    Notice,
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
        "levelled": bool(request is not None and request.levelled),
        "is_drawn": bool(request is not None and (request.curve or request.borders)),
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
    }


def outline(shown: Session, profile: Profile, words: Words) -> dict[str, Any]:
    """Return what is drawn of a session: plan, phases, tracks and silences."""
    slots = (*shown.slots, *shown.tail)
    return {
        "duration_s": shown.duration_s,
        "target_s": shown.target_s,
        "rms_error": shown.rms_error,
        "curve": _rounded(shown.curve),
        "phases": phases(profile, words),
        "slots": [
            slot(each, place, words, is_tail=place > len(shown.slots))
            for place, each in enumerate(slots, start=1)
        ],
        "silences": [
            {"start_s": each.start_s, "end_s": each.end_s, "phase": words.of_profile(each.phase)}
            for each in shown.silences
        ],
    }


def budget(told: Notice, capacity: Capacity) -> dict[str, Any]:
    """Return how many of how many tracks can be used, and how many such sessions they hold."""
    values = dict(told.parameters)
    return {"usable": values["passed"], "total": values["total"], "sessions": capacity.count}


def concerns(shown: Session, words: Words) -> list[dict[str, Any]]:
    """Return what to know before it begins, what is felt most first."""
    return [
        {"text": each.text, "felt": each.is_felt, "place": each.place, "at_s": each.at_s}
        for each in session_concerns(shown, words.code)
    ]


def phases(profile: Profile, words: Words) -> list[dict[str, Any]]:
    """Return the phases of a plan; parts of one that follow each other are one."""
    named = [list(own) for _, own in groupby(profile.phases, key=lambda each: each.name)]
    return [
        {
            "id": own[0].name,
            "name": words.of_profile(own[0].name),
            "start_s": own[0].start_s,
            "end_s": own[-1].end_s,
            "is_calm": all(each.is_calm for each in own),
            "levels": [own[0].level_start, own[-1].level_end],
            "silence_s": own[-1].silence_s,
        }
        for own in named
    ]


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


def track(shown: Track, *, is_banned_for: bool = False) -> dict[str, Any]:
    """Return a track of the library, and whether the person of the session never hears it."""
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
        "banned_for": is_banned_for,
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
