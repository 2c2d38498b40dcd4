"""A session as one page of HTML, complete in itself: to read on screen or phone, print and play.

Pure: a session goes in, text comes out; the HTML is in `templates/page.html`. The page holds its
style, script and pictures. By its policy the browser loads nothing but the tracks, which stay where
they are and are linked relative to the folder of the page.
"""

from base64 import b64encode
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from importlib.resources import files
from itertools import islice

from jinja2 import Environment, FunctionLoader, StrictUndefined

from playlist_builder.models import Session, Slot
from playlist_builder.playlists.dialects import format_entry
from playlist_builder.profiles.profile import Phase, Profile
from playlist_builder.report import summary, svg
from playlist_builder.report.language import Words, number, signed
from playlist_builder.text import clock, shortened, xml_safe

WIDTHS_PX = {"large": 1080, "middle": 700, "small": 362}
"""Of the picture: on a screen, on A4 and tablets, on a phone; the style shows one of them."""

TO = "\N{EN DASH}"

_Values = dict[str, object]
"""What a template fills in: formatted texts, lists of them, and flags."""


def _resource(name: str) -> str:
    package = __name__.rpartition(".")[0]
    return files(package).joinpath("templates", name).read_text(encoding="utf-8")


_TEMPLATES = Environment(
    loader=FunctionLoader(_resource),
    autoescape=True,
    finalize=lambda value: xml_safe(value) if type(value) is str else value,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
"""Whatever value they fill in becomes one line of what HTML can hold, and is escaped."""


def page(session: Session, words: Words, *, folder: str, today: date | None = None) -> str:
    """Return the page of a session, with links as seen from `folder`.

    Raises `ExportError` for a track whose path no link can hold.
    """
    fonts = f"body {{ font-family: {svg.families(words)}; }}"
    style, script = fonts + svg.STYLE + _resource("page.css"), _resource("page.js")
    profile = summary.profile(session)
    return _TEMPLATES.get_template("page.html").render(
        words=words,
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        title=svg.title_of(session),
        summary=profile.summary if profile else "",
        facts=_facts(session, words),
        today=today,
        warnings=session.warnings,
        relaxed=session.relaxed,
        pictures=[
            svg.inline(session, words, size=size, width=width) for size, width in WIDTHS_PX.items()
        ],
        limit=f"{summary.rules(session).loudness_step_lu:g} LU",
        spans=list(_spans(session, words, folder)),
        spares=[
            _track(each.slot, words, folder)
            | {"place": each.place, "phase": shortened(each.slot.phase)}
            for each in session.spares
        ],
        profile_name=shortened(session.profile),
        terms=_terms(session, words),
        profile=_profile(profile, words) if profile else None,
    )


def _hash(text: str) -> str:
    """Return the name of a style or script in the policy that allows it."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _facts(session: Session, words: Words) -> dict[str, str]:
    length, asked = words.duration(session.duration_s), words.duration(session.target_s)
    return {
        words.length: words.of.format(length=length, asked=asked),
        words.tracks: str(len(session.slots)),
        words.distance: number(session.rms_error, 2),
    }


def _terms(session: Session, words: Words) -> str:
    """Return what the energies mean, and the cost with its bound where there is one."""
    scale = words.relative if session.scale == "relative" else words.absolute
    if not session.bound:
        return scale
    cost, bound = number(session.cost, 3), number(session.bound, 3)
    return f"{scale} {words.cost.format(cost=cost, bound=bound)}"


def _spans(session: Session, words: Words, folder: str) -> Iterator[_Values]:
    """Yield each phase that is played, and the tail, with its tracks."""
    steps = iter(enumerate(summary.steps(session), start=1))
    for span in summary.spans(session):
        yield {
            "name": words.tail if span.is_tail else shortened(span.name),
            "time": f"{clock(span.start_s)}{TO}{clock(span.end_s)}",
            "is_tail": span.is_tail,
            "tracks": [
                _track(slot, words, folder)
                | {
                    "place": place,
                    "rise": signed(step.rise_lu) if step else "",
                    "is_beyond": step is not None and step.is_beyond,
                }
                for slot, (place, step) in zip(
                    span.slots, islice(steps, len(span.slots)), strict=True
                )
            ],
        }


def _track(slot: Slot, words: Words, folder: str) -> _Values:
    return {
        "source": format_entry(slot.path, ".xspf", folder=folder),
        "title": shortened(slot.title) or words.untitled,
        "artist": shortened(slot.artist),
        "start": clock(slot.start_s),
        "length": clock(slot.duration_s),
        "energy": number(slot.energy, 2),
        "plan": number(slot.target, 2),
        "loudness": number(slot.loudness_lufs, 1),
        "vocals": slot.vocals,
    }


def _profile(profile: Profile, words: Words) -> _Values:
    return {
        "phases": [
            {
                "name": phase.name,
                "time": f"{clock(phase.start_s)}{TO}{clock(phase.end_s)}",
                "level": _level(phase, words),
                "limits": _limits(phase, words),
                "basis": phase.basis,
            }
            for phase in profile.phases
        ],
        "sources": profile.sources,
    }


def _level(phase: Phase, words: Words) -> str:
    level = number(phase.level_start, 2)
    if phase.level_end != phase.level_start:
        level += f"{TO}{number(phase.level_end, 2)}"
    if phase.wave_depth:
        level += f", {words.wave.format(depth=number(phase.wave_depth, 2))}"
    return level


def _limits(phase: Phase, words: Words) -> str:
    limits = (
        (words.startle, phase.max_startle_lu),
        (words.brightness, phase.max_brightness_hz),
        (words.percussiveness, phase.max_percussiveness),
    )
    return ", ".join(text.format(limit=f"{value:g}") for text, value in limits if value is not None)
