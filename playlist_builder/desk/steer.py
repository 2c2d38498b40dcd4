"""What each button of a running session does, and how it is said.

A button changes what is to come behind the track that plays, or at once: then that track fades out
where the change begins. What lengthens the plan, or holds it, never ends a track.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from playlist_builder import Edited, SessionEditor
from playlist_builder.language.text import clock
from playlist_builder.language.translation import Phrase

STEP = 0.15  # of energy, for softer and deeper
HOLD_S = 300.0
LONGER_S = 600.0
SILENCE_S = 120.0
NOW: Final = "now"
AFTER: Final = "after"


@dataclass(frozen=True, slots=True)
class Heard:
    """From when a change is heard, in which phase, and when the plan ends by it, and did before."""

    from_s: float | None  # None where all that follows stays as it was
    phase: str
    end_s: float
    before_s: float


@dataclass(frozen=True, slots=True)
class Button:
    """A change of the rest of a session at a time of it, and the sentence that tells it.

    `when` is what may be chosen: now, or after the track that plays, or either of them; `lasts_s`
    is by how much it makes the session longer.
    """

    steer: Callable[[SessionEditor, float, bool], Edited]
    sentence: Phrase
    when: tuple[str, ...] = (AFTER, NOW)
    lasts_s: float = 0.0


BUTTONS: Mapping[str, Button] = {
    "softer": Button(
        lambda editor, at_s, skip: editor.shift(-STEP, at_s=at_s, skip=skip),
        Phrase("Softer from {time} ({phase})"),
    ),
    "hold": Button(
        lambda editor, at_s, _: editor.hold(HOLD_S, at_s=at_s),
        Phrase("This level {minutes} minutes longer; ends at {end}"),
        (AFTER,),
        HOLD_S,
    ),
    "deeper": Button(
        lambda editor, at_s, skip: editor.shift(STEP, at_s=at_s, skip=skip),
        Phrase("Deeper from {time} ({phase})"),
    ),
    "calm": Button(
        lambda editor, at_s, skip: editor.calm(at_s=at_s, skip=skip),
        Phrase("Calm from {time}; ends at {end}"),
        (NOW,),
    ),
    "skip": Button(
        lambda editor, at_s, skip: editor.replan(at_s=at_s, skip=skip),
        Phrase("The next track from {time}"),
        (NOW,),
    ),
    "longer": Button(
        lambda editor, at_s, _: editor.replan(at_s=at_s, extend_s=LONGER_S),
        Phrase("Ends at {end}, {later} min later"),  # less than asked where music is short
        (AFTER,),
        LONGER_S,
    ),
    "next_phase": Button(
        lambda editor, at_s, skip: editor.next_phase(at_s=at_s, skip=skip),
        Phrase("{phase} from {time}"),
    ),
    "silence": Button(
        lambda editor, at_s, skip: editor.rest(SILENCE_S, at_s=at_s, skip=skip),
        Phrase("{minutes} minutes of silence from {time}"),
        lasts_s=SILENCE_S,
    ),
}
CALM_ALREADY = Phrase("The plan is over: what plays on is calm already")
ENDS_SOON = Phrase("The next track is about to begin.")
IS_SILENT = Phrase("Nothing plays now that could be skipped: the silence ends by itself.")
UNCHANGED = Phrase("Nothing else fits: what follows stays as it is")


def moment(button: Button, wanted: str) -> str:
    """Return when a button acts: as wanted, where it can."""
    return wanted if wanted in button.when else button.when[0]


def sentence(button: Button, heard: Heard) -> Phrase:
    """Return what a press does, with the name of the phase in the words of the page."""
    if heard.from_s is None:
        return UNCHANGED
    return Phrase(
        button.sentence.message,
        time=clock(heard.from_s),
        phase=heard.phase,
        end=clock(heard.end_s),
        minutes=f"{button.lasts_s / 60.0:g}",
        later=f"{max(heard.end_s - heard.before_s, 0.0) / 60.0:.0f}",
    )
