"""What a person should know of a session before it begins: its notices by what a listener feels.

Pure: a session goes in; the notices come out in their order, each as one plain sentence with its
place. A notice without a plain sentence is told in its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playlist_builder import checked
from playlist_builder.language.notices import Notice
from playlist_builder.language.text import clock
from playlist_builder.models import Session
from playlist_builder.report import summary
from playlist_builder.report.language import Language, language_of

MOST = 3  # that are told at once
DEEP_LU = 15.0  # that music falls at a join where it seems to stop: felt as much as a rise
MOST_TIMES = 5  # of other joins, in one sentence
_HEARD = {  # felt while lying down, from what startles most on
    "sung": "",
    "spoken": "",
    "startle": "'{title}' gets {value:.3g} LU louder all at once, in {phase:phase}",
    "sudden": "'{title}' gets {worst_lu:.3g} LU louder all at once, in {phase:phase}",
    "above_plan": "'{title}' rises far above the plan, by {worst:.2f}",
    "loudness_jumps": "'{title}' begins {worst_lu:.1f} LU louder than the music before it",
    "opens_loud": "'{title}' is loud for a beginning: {lufs:.1f} LUFS",
    "peak": "'{title}' rises to {value:.2f}, higher than {phase:phase} allows ({limit:.2f})",
    "silences": "{worst:g} s of silence before '{title}'",
    "silence": "'{title}' falls silent for {value:.3g} s",
    "ends_loud": "'{title}' ends the session louder than anything before it",
}
_WORTH_KNOWING = {
    "not_found": "",
    "works_left_out": "",
    "works_left_out_and_more": "",
    "works_offered": "",
    "works_offered_and_more": "",
    "planned_silences": "Silence is planned, {lasts_s:clock} in all: where a player goes on at"
    " once, pause by hand",
    "silence_moved": "",
    "may_hold_voice": "A voice may be heard in {count} of {total} tracks, listen first:"
    " {titles:titles}",
    "people_behind": "People may be heard in the background of {count} of {total} tracks: listen"
    " to them first",
    "unverified": "Nobody has checked {count} of {total} tracks for words: listen to them first",
    "wordless": "",
    "loudness_falls": "'{title}' begins {worst_lu:.1f} LU quieter than the music before it",
    "percussiveness": "'{title}' beats more than {phase:phase} should",
    "strokes": "'{title}' has more strokes of percussion than {phase:phase} should",
    "pulse": "'{title}' has a clearer beat than {phase:phase} should",
    "brightness": "'{title}' sounds brighter than {phase:phase} should",
    "tension": "'{title}' may feel tenser than {phase:phase} should",
    "tension_outside": "'{title}' may feel other than planned: tension {value:.2f}, planned"
    " {least:g} to {most:g}",
    "music_is_short": "There is little calm music: livelier tracks are in the calm parts as well",
    "calm_after_silence": "All other calm music is livelier than what played: silence comes first",
    "calm_again": "There is little calm music: some of it comes more than once",
    "no_calm_tail": "Nothing plays after the end: there is no more calm music",
    "no_track_for_tail": "Nothing plays after the end: all tracks are in the session",
    "short_tail": "After the end, calm music plays for {lasts_min} min only, not for {asked_min}",
    "short_session": "It is shorter than asked: {passed_min} of {asked_min} min of music can be"
    " used",
    "duration_shorter": "It is {off_s} s shorter than asked",
    "duration_longer": "It is {off_s} s longer than asked",
    "empty_phases": "No track plays in {phases:phases}: those around are too long",
    "below_plan": "It stays below the plan: the liveliest music at hand reaches {reach:.2f}, the"
    " peak asks for {peak:.2f}",
    "scaled_to_library": "The liveliest music at hand is calmer than the peak should be"
    " ({reach:.2f} instead of {peak:.2f}): the plan is fitted to it",
    "artist_gap": "Tracks of one artist are close to each other, {count} times",
    "artist_max": "There are more than {most} tracks of one artist: {artists:counts}",
    "pin_moved": "",
    "pin_phase": "",
    "kept": "",
    "missing_files": "",
    "shared": "",
    "shared_and_more": "",
}
PLAIN: Mapping[str, str] = _HEARD | _WORTH_KNOWING
"""Plain sentences by code, in their order; an empty one is that of the notice."""
NOTHING_AFTER = {"no_calm_tail", "no_track_for_tail"}  # told beside what matters most
_CLIMBS = {"above_plan", "peak"}
_VOICES = ("sung", "spoken", "may_hold_voice")  # told before all else
_RANKS = {code: rank for rank, code in enumerate(dict.fromkeys((*_VOICES, *PLAIN)))}


@dataclass(frozen=True, slots=True)
class Concern:
    """One sentence on a session; `place` of the track that it is about, from 1, and its time."""

    notice: Notice
    text: str
    is_felt: bool
    place: int | None = None
    at_s: float | None = None


def concerns(session: Session, language: Language) -> list[Concern]:
    """Return what matters of a session, first what a listener feels most, each thing once."""
    mattering = [each for each in (*session.warnings, *session.relaxed) if each.code in PLAIN]
    mattering.sort(key=lambda each: (_rank(each), -_worst(each)))
    jumps = summary.jumps(session)
    found: list[Concern] = []
    for each in mattering:
        concern = _concern(each, session, language, jumps)
        if not any(_is_same(concern, other) for other in found):
            found.append(concern)
    return found


@checked.takes(session=checked.a(Session), language=checked.text)
def session_concerns(session: Session, language: str = "en") -> list[Concern]:
    """Return the same in a language by its code; raises ReportError for one that is not known."""
    return concerns(session, language_of(language))


def _is_same(one: Concern, other: Concern) -> bool:
    """Whether two tell of the same moment, or of joins that get louder: one tells of them all."""
    codes = {one.notice.code, other.notice.code}
    is_one_place = one.place is not None and one.place == other.place
    return codes == {"loudness_jumps"} or (is_one_place and codes <= _CLIMBS)


def _rank(notice: Notice) -> float:
    """Return the place of a notice among all: that of a deep fall is right behind louder joins."""
    return _RANKS["loudness_jumps"] + 0.5 if _is_deep_fall(notice) else _RANKS[notice.code]


def _is_deep_fall(notice: Notice) -> bool:
    return notice.code == "loudness_falls" and _worst(notice) >= DEEP_LU


def _worst(notice: Notice) -> float:
    """Return how bad the worst is that a notice tells of, against others of its kind."""
    known = dict(notice.parameters)
    worst = known.get("worst_lu", known.get("worst", 0.0))
    return float(worst) if isinstance(worst, int | float) else 0.0


def _concern(notice: Notice, session: Session, language: Language, jumps: Sequence[int]) -> Concern:
    plain = PLAIN[notice.code]
    text = language.filled(plain, notice) if plain else language.sentence(notice)
    place, at_s = _where(notice, session)
    others = [number for number in jumps if number != place]
    if notice.code == "loudness_jumps" and others:
        named = others if len(others) <= MOST_TIMES else others[: summary.LOUDEST - 1]
        starts = [summary.whole(session)[number - 1].start_s for number in sorted(named)]
        words = language.gettext(" (louder steps also at {times})")
        if more := len(others) - len(named):
            words = language.gettext(" (louder steps also at {times}; {count} more in the list)")
        text += words.format(times=language.gettext(", ").join(map(clock, starts)), count=more)
    count = dict(notice.parameters).get("count")
    if notice.code == "above_plan" and isinstance(count, int) and count > 1:
        words = language.ngettext(
            " ({count} more track rises far above it)",
            " ({count} more tracks rise far above it)",
            count - 1,
        )
        text += words.format(count=count - 1)
    is_felt = notice.code in _HEARD or _is_deep_fall(notice)
    return Concern(notice, text, is_felt, place, at_s)


def _where(notice: Notice, session: Session) -> tuple[int | None, float | None]:
    """Return number and time of the track of a notice, where it is of one that plays."""
    known = dict(notice.parameters)
    title, at_s = known.get("title"), known.get("at_s")
    numbered = list(enumerate(summary.whole(session), start=1))
    for place, slot in numbered:
        if isinstance(at_s, int | float) and slot.start_s <= at_s < slot.end_s:
            return place, float(at_s)
    for place, slot in numbered:
        if title is not None and title in (slot.title, slot.path):
            return place, slot.start_s
    return None, None
