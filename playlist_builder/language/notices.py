"""What a session tells people, as values: `Notice(code, parameters)`.

`sentence` makes a notice into text, in English or with a gettext catalogue that translates the
templates below. A template formats its parameters by their names; besides the usual format
specifications it knows those of `_Sentence`. The English text is part of the session document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from gettext import NullTranslations
from string import Formatter
from typing import Any

from playlist_builder.language.text import clock
from playlist_builder.language.translation import ENGLISH, PROFILE, Phrase

Item = str | tuple[str, int]  # one of several: a text, or a text and how often it counts
Value = str | int | float | tuple[Item, ...]

TEXT = "text"  # code of a sentence of which only the English text is known
REASON = "reason"  # context of a catalogue: why a track is left out

_ALBUM = (
    "{count:d} file that is too long holds an album by its CUE sheet: '{title}' ({tracks} tracks);"
    " split it into its tracks and scan again"
)
_ALBUMS = (
    "{count:d} files that are too long hold albums by their CUE sheets, such as '{title}'"
    " ({tracks} tracks); split them into their tracks and scan again"
)
_BEYOND = " beyond the limit of their phase, worst '{title}' with {value:.4g}"
_IN_PHASE = " in {phase:phase} (limit {limit:g})"
_AT = "'{title}' at {at_s:clock} ({phase:phase})"
_ABOVE = "more than {limit:g} above the plan; the worst by {worst:.2f} in " + _AT
_PEAK = "worst to {value:.2f} in " + _AT + " (limit {limit:.2f})"
_RISES = "beyond {limit_lu:g} LU; the worst rises {worst_lu:.1f} LU into " + _AT
_COMES = "{at_s:clock} '{title}' comes in {step_lu:.1f} LU "
_SUDDEN = (
    "louder by more than {limit_lu:g} LU within a second; the worst by {worst_lu:.1f} LU is"
    " '{title}', which begins at {at_s:clock} ({phase:phase})"
)
_FALLS = "beyond {limit_lu:g} LU; the worst falls by {worst_lu:.1f} LU into " + _AT
_REACHES = (
    "the most energetic track of this library reaches {reach:.2f}; the peak asks for {peak:.2f}: "
)
_LOUD = "its {lufs:.1f} LUFS are louder than music or the other tracks (limit {limit_lufs:.1f})"
_BUDGET = (
    "{passed} of {total} can be used: {outside} outside {shortest:g} to {longest:g} min,"
    " {voices} with voices{others:others}"
)
_CALM = _BUDGET + "; calm (below {below:g}): {calm_min} min, "
_HOLDS = "the library holds about {count} session"
_LACKS = (
    " of this kind without repeats and within its rules, with their tails; for one more it lacks"
    " {missing_min} min of music"
)
_ONE_TRIMMED = (
    "{count} of {total} tracks is trimmed at a quiet moment; recordings, copies and VLC play it so,"
    " other players all of it"
)
_TRIMMED = (
    "{count} of {total} tracks are trimmed at quiet moments; recordings, copies and VLC play them"
    " so, other players all of them"
)
_ONE_SHARED = "{count} track is in other sessions of this course as well: {titles:titles}"
_SHARED = "{count} tracks are in other sessions of this course as well: {titles:titles}"
_ONE_LEFT_OUT = "left out: {count} work that is not here and has no track left: {titles:titles}"
_LEFT_OUT = "left out: {count} works that are not here and have no track left: {titles:titles}"
_ONE_OFFERED = "{count} work is not here, so the nearest track plays in its place: {titles:titles}"
_OFFERED = "{count} works are not here, so the nearest tracks play in their place: {titles:titles}"
_HELD = "all of it is {softer_lu:.1f} LU quieter than without the peaks of {titles:titles}"
_TURN_UP = ": turn the volume up by as much, or take other music instead"
_GONE = ", such as {path}: is the drive mounted?"
_SILENCES = (
    ", {lasts_s:clock} in all: 'render' and 'copy' play {them}; by a playlist or a server the next"
    " track begins at once, so pause there by hand"
)
_TENSION = "worst {value:.2f} in " + _AT + ", plan {least:g} to {most:g}"
_BEHIND = " in the background: {titles:titles}; listen and mark "
_SILENT = "{worst:g} s at " + _AT
_LISTEN = " free of words; scan without --no-vocals, or listen and mark "


def _lacking(which: str = "") -> tuple[str, str]:
    return f"{_HOLDS}{_LACKS}{which}", f"{_HOLDS}s{_LACKS}{which}"


def _beyond(limit: str, unit: str) -> tuple[str, str]:
    end = f"{_BEYOND}{unit}{_IN_PHASE}"
    return f"{limit}: {{count}} track{end}", f"{limit}: {{count}} tracks{end}"


TEMPLATES: Mapping[str, str | tuple[str, str]] = {
    TEXT: "{text}",
    "above_plan": ("{count:d} track rises " + _ABOVE, "{count:d} tracks rise " + _ABOVE),
    "albums_in_one_file": (_ALBUM, _ALBUMS),
    "artist_gap": (
        "artist_gap: {count} time fewer than {gap} other tracks between two of one artist",
        "artist_gap: {count} times fewer than {gap} other tracks between two of one artist",
    ),
    "artist_max": "artist_max: more than {most} tracks of one artist ({artists:counts})",
    "below_plan": _REACHES + "the session stays below its plan",
    "brightness": _beyond("brightness", " Hz"),
    "budget": _BUDGET,
    "budget_calm": (
        _CALM + "enough for one session of this kind",
        _CALM + "enough for {count} sessions of this kind",
    ),
    "budget_not_calm": _CALM + "of {asked_min} min that a session of this kind asks for",
    "budget_of_tracks": _BUDGET + "; calm (below {below:g}): {calm_min} min",
    "calm_after_silence": "all other calm music is livelier than what plays: it begins behind a"
    " silence",
    "calm_again": "calm music is short: some of it comes more than once",
    "capacity": _lacking(),
    "capacity_between": _lacking(" of energy {low:g} to {high:g}"),
    "capacity_calm": _lacking(" that is calm (energy up to {high:g})"),
    "capacity_peak": _lacking(" for the peak (energy from {low:g} on)"),
    "copies_left_out": (
        "{count} copy of another track is left out",
        "{count} copies of other tracks are left out",
    ),
    "duration_longer": "duration: {off_s} s longer than asked (tolerance {tolerance_s} s)",
    "duration_shorter": "duration: {off_s} s shorter than asked (tolerance {tolerance_s} s)",
    "empty_phases": "without a track: {phases:phases}; the tracks around are longer than that. Ask"
    " for more time, or let in shorter tracks",
    "ends_loud": "'{title}' ends the session, though its {lufs:.1f} LUFS are the loudest of it"
    " (median {median_lufs:.1f})",
    "fewer_sessions": "only {count} of {asked} sessions: the library holds no more",
    "kept": "kept, though {reason:reason}: '{title}'",
    "held_down": _HELD + _TURN_UP,
    "held_down_and_more": _HELD + ", ..." + _TURN_UP,
    "left_out": "left out {path}: {reason:reason}",
    "left_out_by_rule": "left out: {count} {reason:reason}",
    "heard_behind_ending": _COMES + "louder than the last seconds before it",
    "heard_louder": _COMES + "louder than what plays before",
    "heard_within": "{at_s:clock} '{title}' gets {step_lu:.1f} LU louder all at once",
    "heard_softer": _COMES + "quieter than what plays before",
    "loudness_falls": ("{count:d} loudness drop " + _FALLS, "{count:d} loudness drops " + _FALLS),
    "loudness_jumps": ("{count:d} loudness step " + _RISES, "{count:d} loudness steps " + _RISES),
    "may_hold_voice": (
        "{count} of {total} tracks may hold a voice: {titles:titles}; listen and mark it",
        "{count} of {total} tracks may hold a voice: {titles:titles}; listen and mark them",
    ),
    "missing_files": (
        "{count} of {total} tracks is not there and left out" + _GONE,
        "{count} of {total} tracks are not there and left out" + _GONE,
    ),
    "music_is_short": "calm music is short: from the calmest {share:.0%} of the library, startle up"
    " to {startle_lu:g} LU, energy up to {peak:.2f}, percussiveness up to {percussiveness:g},"
    " strokes up to {stroke_rate_hz:g} Hz, pulse up to {pulse_clarity:g}",
    "no_calm_tail": "no tail: no calm track is left that begins without a rise in energy",
    "no_spare": "no spare for {phases:phases}: no other track of like energy is left",
    "no_track_for_tail": "no tail: all tracks of the playlist are in the session",
    "not_found": "not found: {location}",
    "not_in_library": (
        "{count} of {total} entries of {file} is not in the library",
        "{count} of {total} entries of {file} are not in the library",
    ),
    "opens_loud": f"'{{title}}' opens the session, though {_LOUD}",
    "peak": (
        "peak: {count:d} track rises higher than its phase allows, " + _PEAK,
        "peak: {count:d} tracks rise higher than their phases allow, " + _PEAK,
    ),
    "percussiveness": _beyond("percussiveness", ""),
    "pin_below": "pin: '{title}' at {at_s:clock} lies {below:.2f} below the plan",
    "pin_moved": "pin: '{title}' starts at {at_s:clock}, not at {asked_s:clock}",
    "pin_phase": "pin: '{title}' plays in {phase:phase}, not in {asked:phase}",
    "planned_silences": (
        "{count} planned silence" + _SILENCES.replace("{them}", "it"),
        "{count} planned silences" + _SILENCES.replace("{them}", "them"),
    ),
    "pulse": _beyond("pulse", ""),
    "repeated": (
        "left out: {count} entry that repeats other music of the playlist",
        "left out: {count} entries that repeat other music of the playlist",
    ),
    "scaled_to_library": _REACHES + "scaled to your library",
    "shared": (_ONE_SHARED, _SHARED),
    "shared_and_more": (_ONE_SHARED + ", ...", _SHARED + ", ..."),
    "short_session": "{asked_min} min asked; {passed_min} min pass{removed:removed}; the session is"
    " shorter than asked",
    "short_tail": "the tail lasts {lasts_min} of {asked_min} min: the library holds no more music"
    " that is calm and free",
    "silence": _beyond("silence", " s from {at_s:clock} on"),
    "skipped": "left out: {path}: {reason:reason}",
    "spares_unverified": (
        "{count} of {total} spares is not known to be free of words",
        "{count} of {total} spares are not known to be free of words",
    ),
    "spoken": ("{count} of {total} tracks holds speech", "{count} of {total} tracks hold speech"),
    "startle": _beyond("startle", " LU"),
    "strokes": _beyond("strokes", " Hz"),
    "sudden": ("{count} track gets " + _SUDDEN, "{count} tracks get " + _SUDDEN),
    "sung": ("{count} of {total} tracks holds singing", "{count} of {total} tracks hold singing"),
    "people_behind": (
        "{count} of {total} tracks has people" + _BEHIND + "it",
        "{count} of {total} tracks have people" + _BEHIND + "them",
    ),
    "silence_moved": "silence: that after {phase:phase} comes at {at_s:clock}, not at"
    " {asked_s:clock}",
    "silences": (
        "{count} transition with more than {limit:g} s of silence, " + _SILENT,
        "{count} transitions with more than {limit:g} s of silence, at most " + _SILENT,
    ),
    "tension": _beyond("tension", ""),
    "tension_outside": (
        "{count} track lies outside the tension that its phase plans, " + _TENSION,
        "{count} tracks lie outside the tension that their phases plan, " + _TENSION,
    ),
    "too_loud_to_open": f"'{{title}}' does not open the session: {_LOUD}",
    "too_little": "{asked_min} min asked; {passed_min} min pass{removed:removed}",
    "trimmed": (_ONE_TRIMMED, _TRIMMED),
    "unverified": (
        "{count} of {total} tracks is not verified to be" + _LISTEN + "it",
        "{count} of {total} tracks are not verified to be" + _LISTEN + "them",
    ),
    "works_found": (
        "{count} of {total} works of the list is here",
        "{count} of {total} works of the list are here",
    ),
    "works_left_out": (_ONE_LEFT_OUT, _LEFT_OUT),
    "works_left_out_and_more": (_ONE_LEFT_OUT + ", ...", _LEFT_OUT + ", ..."),
    "works_offered": (_ONE_OFFERED, _OFFERED),
    "works_offered_and_more": (_ONE_OFFERED + ", ...", _OFFERED + ", ..."),
    "wordless": (
        "{count} of {total} tracks holds a wordless voice",
        "{count} of {total} tracks hold a wordless voice",
    ),
}
"""English by code; a pair is the singular and the plural of `count`."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A code of `TEMPLATES` and its parameters by name, sorted; `str` is the English sentence."""

    code: str
    parameters: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        return sentence(self)

    def in_language(self, catalogue: NullTranslations) -> str:
        """Return it as text in the language of a catalogue."""
        return sentence(self, catalogue)


def notice(code: str, **parameters: Value) -> Notice:
    """Return a notice; rounded parameters make for a document that is easy to read."""
    return Notice(code, tuple(sorted(parameters.items())))


def is_budget(notice: Notice) -> bool:
    """Whether a notice only tells how much of the music can be used."""
    return notice.code.startswith("budget")


def sentence(notice: Notice, catalogue: NullTranslations = ENGLISH) -> str:
    """Return a notice as text in the language of a catalogue."""
    parameters: dict[str, Any] = dict(notice.parameters)
    match TEMPLATES[notice.code]:
        case str(template):
            template = catalogue.gettext(template)
        case singular, plural:
            template = catalogue.ngettext(singular, plural, parameters["count"])
    return filled(template, notice, catalogue)


def filled(template: str, notice: Notice, catalogue: NullTranslations = ENGLISH) -> str:
    """Return a template, translated already, with the parameters of a notice."""
    return _Sentence(catalogue).vformat(template, (), dict(notice.parameters))


class _Sentence(Formatter):
    """Formats times, words that are translated themselves, and lists."""

    def __init__(self, catalogue: NullTranslations) -> None:
        self._catalogue = catalogue

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - of a `Value`
        gettext, pgettext = self._catalogue.gettext, self._catalogue.pgettext
        match format_spec:
            case "clock":
                return clock(value)
            case "phase":
                return pgettext(PROFILE, value)
            case "reason":
                own = value if isinstance(value, Phrase) else Phrase(value, context=REASON)
                return own.in_language(self._catalogue)
            case "phases":
                texts = [pgettext(PROFILE, phase) for phase in value]
            case "titles":
                texts = [gettext("'{title}'").format(title=title) for title in value]
            case "counts":
                texts = [gettext("{name} {count}").format(name=n, count=c) for n, c in value]
            case "removed" | "others":
                return (removed if format_spec == "removed" else _others)(value, self._catalogue)
            case _:
                return format(value, format_spec)
        return gettext(", ").join(texts)


def _others(counts: Sequence[tuple[str, int]], catalogue: NullTranslations) -> str:
    """Return how many tracks other rules removed, to stand behind those that are named."""
    text = catalogue.gettext(", {count} {reason}")
    return "".join(
        text.format(count=count, reason=catalogue.pgettext(REASON, reason))
        for reason, count in counts
    )


def removed(counts: Sequence[tuple[str, int]], catalogue: NullTranslations = ENGLISH) -> str:
    """Return how many tracks each rule removed, to stand behind how much music passes."""
    if not counts:
        return ""
    (_, count), *_ = counts
    first = catalogue.ngettext("{count} track {reason}", "{count} tracks {reason}", count)
    then = catalogue.gettext("{count} {reason}")
    texts = [
        (then if place else first).format(count=count, reason=catalogue.pgettext(REASON, reason))
        for place, (reason, count) in enumerate(counts)
    ]
    return catalogue.gettext(": {list}").format(list=catalogue.gettext(", ").join(texts))
