"""Values of the library -> what a page is sent, as JSON: seconds, energy 0 to 1, LUFS. Pure."""

from collections.abc import Sequence
from typing import Any

from playlist_builder import Difference, Library, Phase, Profile, Session, Slot, Track
from playlist_builder.desk.words import Words


def library(opened: Library) -> dict[str, Any]:
    """Return what a library holds."""
    tracks = opened.tracks()
    return {"path": opened.path, "tracks": len(tracks), "waiting": opened.unanalysed_count}


def session(shown: Session, profile: Profile, words: Words) -> dict[str, Any]:
    """Return a session with its plan; places count from 1, and the tail counts on."""
    request = shown.request
    pinned = frozenset(request.pinned) if request is not None else frozenset[str]()
    slots = (*shown.slots, *shown.tail)
    return {
        "profile": shown.profile,
        "title": words.of_profile(profile.title),
        "person": (request.name if request is not None else None) or "",
        "duration_s": shown.duration_s,
        "target_s": shown.target_s,
        "curve": list(shown.curve),
        "phases": [phase(each, words) for each in profile.phases],
        "slots": [
            slot(each, place, pinned, words, tail=place > len(shown.slots))
            for place, each in enumerate(slots, start=1)
        ],
        "silences": [
            {"start_s": each.start_s, "end_s": each.end_s, "phase": words.of_profile(each.phase)}
            for each in shown.silences
        ],
        "warnings": [words.sentence(each) for each in shown.warnings],
        "relaxed": [words.sentence(each) for each in shown.relaxed],
        "rms_error": shown.rms_error,
    }


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


def slot(
    shown: Slot, place: int, pinned: frozenset[str], words: Words, *, tail: bool
) -> dict[str, Any]:
    """Return a track in its place."""
    return {
        "place": place,
        "id": shown.identity,
        "title": shown.title,
        "artist": shown.artist,
        "album": shown.album,
        "start_s": shown.start_s,
        "end_s": shown.end_s,
        "phase": words.of_profile(shown.phase),
        "energy": shown.energy,
        "target": shown.target,
        "contour": list(shown.contour),
        "tension": shown.tension,
        "loudness_lufs": shown.loudness_lufs,
        "vocals": shown.vocals,
        "pinned": shown.identity in pinned,
        "tail": tail,
        "from_s": shown.from_s,
        "to_s": shown.to_s,
    }


def track(shown: Track) -> dict[str, Any]:
    """Return a track of the library."""
    return {
        "id": shown.identity,
        "title": shown.tags.title or shown.path,
        "artist": shown.tags.artist,
        "album": shown.tags.album,
        "duration_s": shown.duration_s,
        "energy": shown.energy,
        "tension": shown.emotion.tension if shown.emotion is not None else None,
        "loudness_lufs": shown.features.loudness_lufs,
        "vocals": shown.vocals,
        "banned": shown.mark.banned,
        "note": shown.mark.note,
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
