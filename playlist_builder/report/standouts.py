"""What stands out of each track of a session, as short texts: most tracks have none."""

from dataclasses import dataclass

from playlist_builder.arranger.steps import Step
from playlist_builder.language.text import clock
from playlist_builder.models import Session, Slot
from playlist_builder.report import summary
from playlist_builder.report.language import Language, number

QUIETER_LU = 8.0  # a join that falls so far is told; what rises too far has a limit of its own
OFF_PLAN = 0.15  # of the mean energy of a track
TENSION_OFF = 0.1  # beyond what is planned; the estimate is no more precise
VOICES = {"sung": True, "spoken": True, "wordless": False}  # whether a listener feels it


@dataclass(frozen=True, slots=True)
class Standout:
    """A short text on a track, and whether a listener feels what it says."""

    text: str
    is_felt: bool = False


def standouts(session: Session, language: Language) -> list[list[Standout]]:
    """Return what stands out of each track, in the order of `summary.whole`."""
    slots, steps = summary.whole(session), summary.steps(session)
    doubted = {
        title
        for each in session.warnings
        if each.code == "may_hold_voice"
        for title in dict(each.parameters).get("titles", ())  # type: ignore[union-attr]
    }
    known = summary.profile(session)
    tensions = {each.name: each.tension for each in known.phases} if known else {}
    all_unknown = all(slot.vocals == "unknown" for slot in slots)
    return [
        [
            *_step(step, language),
            *_voice(slot, language, is_doubted=slot.title in doubted, is_usual=all_unknown),
            *_off_plan(slot, language),
            *_tension(slot, tensions.get(slot.phase), language),
            *_part(slot, language),
        ]
        for slot, step in zip(slots, steps, strict=True)
    ]


def _step(step: Step | None, language: Language) -> list[Standout]:
    if step is not None and step.is_beyond:
        text = language.gettext("▲ begins {rise} LU louder")
        return [Standout(text.format(rise=number(step.rise_lu, 1)), is_felt=True)]
    if step is not None and step.rise_lu <= -QUIETER_LU:
        text = language.gettext("begins {fall} LU quieter")
        return [Standout(text.format(fall=number(-step.rise_lu, 1)))]
    return []


def _voice(slot: Slot, language: Language, *, is_doubted: bool, is_usual: bool) -> list[Standout]:
    if slot.vocals in VOICES:
        return [Standout(language.voice(slot.vocals), VOICES[slot.vocals])]
    if is_doubted:
        return [Standout(language.gettext("may hold a voice"))]
    if slot.vocals == "unknown" and not is_usual:
        return [Standout(language.gettext("not checked for words"))]
    return []


def _off_plan(slot: Slot, language: Language) -> list[Standout]:
    off = slot.energy - slot.target
    if abs(off) < OFF_PLAN:
        return []
    above, below = (
        language.gettext("{off} above the plan"),
        language.gettext("{off} below the plan"),
    )
    text = above if off > 0.0 else below
    return [Standout(text.format(off=number(abs(off), 2)))]


def _tension(slot: Slot, planned: tuple[float, float] | None, language: Language) -> list[Standout]:
    if slot.tension is None or planned is None:
        return []
    least, most = planned
    if least - TENSION_OFF <= slot.tension <= most + TENSION_OFF:
        return []
    text = language.gettext("tension {tension}, planned {least:g} to {most:g}")
    return [Standout(text.format(tension=number(slot.tension, 2), least=least, most=most))]


def _part(slot: Slot, language: Language) -> list[Standout]:
    if slot.from_s is None and slot.to_s is None:
        return []
    first_s = slot.from_s or 0.0
    text = language.gettext("plays from {first} to {last} of it")
    return [Standout(text.format(first=clock(first_s), last=clock(first_s + slot.duration_s)))]
