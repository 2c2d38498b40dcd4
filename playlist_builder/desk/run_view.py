"""A session that runs -> what its page is sent, as JSON; all times are seconds of the mix. Pure."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from playlist_builder import Clip, Profile, Session, session_concerns
from playlist_builder.desk import views
from playlist_builder.desk.mixes import Mix
from playlist_builder.desk.timeline import (
    FRAMES_PER_S,
    Timeline,
    curve_of,
    end_s,
    seconds,
    start_s,
)
from playlist_builder.desk.words import Words

COURSE_PER_S = 10  # values of the course of a clip
CALMNESS = ("calm_after_silence", "calm_again", "music_is_short")  # notices; the first is told


def plan(shown: Session, line: Timeline) -> dict[str, Any]:
    """Return the plan of a session, to be shown beside that of later."""
    return {"curve": list(curve_of(shown, line)), "length_s": line.plan_s}


def session(shown: Session, line: Timeline, profile: Profile, words: Words) -> dict[str, Any]:
    """Return the session as `views.session` does, by what is heard; its end is that of the plan."""
    pairs = enumerate(zip(line.slots, line.clips, strict=True), start=1)
    return {
        "length_s": line.plan_s,
        "mix_s": end_s(line.clips[-1]),
        "curve": list(curve_of(shown, line)),
        "phases": [
            each | {"start_s": line.mix_s(each["start_s"]), "end_s": line.mix_s(each["end_s"])}
            for each in views.phases(profile, words)
        ],
        "slots": [
            views.slot(slot, place, words, is_tail=place > line.planned)
            | {"start_s": start_s(clip), "end_s": end_s(clip)}
            for place, (slot, clip) in pairs
        ],
        "silences": [{"start_s": start, "end_s": end} for start, end in line.silences()],
    }


def mix(shown: Mix, same_until_s: float) -> dict[str, Any]:
    """Return what a page plays; up to a moment it is the same as before."""
    return {
        "number": shown.number,
        "url": shown.url,
        "length_s": shown.length_s,
        "same_until_s": same_until_s,
    }


def calmness(shown: Session, words: Words) -> list[str]:
    """Return one sentence on how calm music is that was called for, or none where all is well."""
    told = {each.notice.code: each.text for each in session_concerns(shown, words.code)}
    return [told[code] for code in CALMNESS if code in told][:1]


def sound(clip: Clip, identities: Mapping[str, str]) -> dict[str, Any]:
    """Return what sounds: where in the mix, where in its file, and how loud, second by second."""
    return {
        "id": identities.get(clip.path, ""),
        "title": clip.title,
        "start_s": start_s(clip),
        "end_s": end_s(clip),
        "first_s": seconds(clip.first),
        "gain_db": clip.gain_db,
        "fade_in_s": seconds(clip.fade_in),
        "fade_out_s": seconds(clip.fade_out),
        "course": None if clip.course is None else _course(clip),
    }


def _course(clip: Clip) -> list[float]:
    """Return the moves of the gain of a clip in dB, one a second of the clip."""
    values = np.asarray(clip.course)
    first = clip.first * COURSE_PER_S // FRAMES_PER_S
    count = -(-clip.length // FRAMES_PER_S)
    places = np.minimum(first + COURSE_PER_S * np.arange(count), len(values) - 1)
    return [round(float(each), 2) for each in values[places]]
