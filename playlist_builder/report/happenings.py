"""What happened in a run beside the music, one sentence each: buttons, notes, gaps, pauses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playlist_builder.language.text import clock
from playlist_builder.language.translation import Phrase
from playlist_builder.records import events
from playlist_builder.records.events import RecordedEvent
from playlist_builder.records.heard import Heard
from playlist_builder.report.language import Language

LEAST_GAP_MS = 30.0  # shorter gaps are not heard

BUTTONS: Mapping[str, Phrase] = {
    "softer": Phrase("Softer"),
    "hold": Phrase("Hold"),
    "deeper": Phrase("Deeper"),
    "calm": Phrase("Calm now"),
    "skip": Phrase("Skip"),
    "longer": Phrase("10 minutes more"),
    "next_phase": Phrase("Next phase"),
    "silence": Phrase("Silence"),
}
_PLAIN: Mapping[type, Phrase] = {
    events.Paused: Phrase("Paused"),
    events.Resumed: Phrase("The music goes on"),
    events.Closed: Phrase("The page was closed"),
    events.Reopened: Phrase("The page was opened again"),
}


@dataclass(frozen=True, slots=True)
class Happening:
    """A sentence on a moment: seconds of the session, time of day, and what it is about.

    `is_felt` says that a listener felt it and should not have.
    """

    at_s: float
    at: str
    kind: str
    text: str
    is_felt: bool = False


def happenings(
    recorded: Sequence[RecordedEvent], found: Heard, language: Language
) -> list[Happening]:
    """Return what happened beside the music, in order."""
    taken_back = {
        (each.event.source, each.event.number) for each in found.presses if each.is_taken_back
    }
    return [
        told
        for each in recorded
        if (told := _told(each, language, is_back=(each.source, each.number) in taken_back))
    ]


def button(word: str, language: Language) -> str:
    """Return what stands on a button; what is not known here stays as it is."""
    return language.told(BUTTONS[word]) if word in BUTTONS else word


def minute_of(at: str) -> str:
    """Return the time of day of a time in ISO 8601, to the second, as it was there and then."""
    return at[11:19]


def _told(event: RecordedEvent, language: Language, *, is_back: bool) -> Happening | None:
    what, is_felt = event.what, False
    if isinstance(what, events.Pressed):
        kind, text = "press", _pressed(what, language, is_back=is_back)
    elif isinstance(what, events.Note):
        kind, text = "note", what.text
    elif isinstance(what, events.Gap):
        if what.ms < LEAST_GAP_MS:
            return None
        template = language.gettext("The music stopped for {seconds} s")
        kind, text, is_felt = "gap", template.format(seconds=f"{what.ms / 1000.0:.2g}"), True
    elif isinstance(what, events.Deviation):
        template = language.gettext("Not as planned: {reason}")
        kind, text = "deviation", template.format(reason=what.reason)
    elif isinstance(what, events.Silent):
        if what.planned:
            return None
        template = language.gettext("Nothing played for {length}")
        kind, text, is_felt = "silence", template.format(length=clock(what.seconds)), True
    elif isinstance(what, events.Ended):
        is_stopped = what.reason == "stopped"
        stopped, ended = language.gettext("Stopped"), language.gettext("The session ended")
        kind, text = "end", stopped if is_stopped else ended
    elif type(what) in _PLAIN:
        kind, text = "state", language.told(_PLAIN[type(what)])
    else:
        return None
    return Happening(event.session_s, event.at, kind, text, is_felt)


def _pressed(what: events.Pressed, language: Language, *, is_back: bool) -> str:
    """Return what a button answered, or what stands on it."""
    text = what.effect[:1].upper() + what.effect[1:] or button(what.button, language)
    if what.when == "after" and not what.effect:
        text += language.gettext(", after this track")
    return text + language.gettext(" (taken back)") if is_back else text
