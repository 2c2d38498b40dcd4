"""The printed views of sessions, profiles and the history: values to text. It prints nothing."""

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from playlist_builder import checked
from playlist_builder.arranger.explain import Explanation
from playlist_builder.arranger.trims import is_part, span_s
from playlist_builder.library.history import PersonHistory, PersonSummary
from playlist_builder.models import STEP_S, Session, Slot
from playlist_builder.profiles.profile import Phase, Profile
from playlist_builder.report import summary
from playlist_builder.report.chart import chart
from playlist_builder.report.concerns import MOST, concerns
from playlist_builder.report.language import ENGLISH
from playlist_builder.report.table import drawn, fitting, hint_cell, new_table
from playlist_builder.text import clock, printable

SESSION_COLUMNS = (  # from which width on: a start is never left out
    (84, ("#", "start", "phase", "energy", "plan", "tension", "length", "title", "artist")),
    (72, ("#", "start", "phase", "energy", "plan", "length", "title", "artist")),
    (52, ("#", "start", "energy", "plan", "length", "title", "artist")),
    (36, ("#", "start", "energy", "length", "title")),
    (0, ("start", "title")),
)
LEAST_SHOWN_COST = 0.00005  # the least that four places show

LOOSE_BOUND = "that bound is a rough one: it does not tell whether a better session exists"


@checked.takes(session=checked.a(Session), width=checked.at_least(1))
def session_text(
    session: Session,
    *,
    width: int,
    ascii_only: bool = False,
    colour: bool = False,
    rest_at: str = "",
) -> str:
    """Draw a session: the chart of planned and actual energy, a table of slots, what to know.

    What to know is every notice, with how near the session is to its plan and to the best. With
    `rest_at`, which says where to find them all, it is at most three, by what a listener feels.
    """
    peak = summary.peak(session)
    follows = f"{_length(session.duration_s)} of {_length(summary.asked_s(session))} asked for"
    tracks = "1 track" if len(session.slots) == 1 else f"{len(session.slots)} tracks"
    highest = f", peak from {clock(peak.start_s)} to {clock(peak.end_s)}" if peak else ""
    heading = f"{printable(session.profile)}: {tracks}, {follows}{highest}"
    know = _what_matters(session, rest_at) if rest_at else _all_notes(session)
    return "\n".join(
        [
            _wrapped(heading, width),
            _chart(session, width, ascii_only=ascii_only, colour=colour),
            drawn(_slots(session, width), width),
            *(_wrapped(text, width) for text in (*_beside(session), *know)),
        ]
    )


def _slots(session: Session, width: int) -> Table:
    is_known = any(slot.tension is not None for slot in session.slots)
    names = fitting(SESSION_COLUMNS, width, has_hints=is_known)
    energy = "percentile" if session.scale == "relative" else "energy"
    table = new_table(*(energy if name == "energy" else name for name in names))
    titles, silences = told_apart(session.slots), session.silences_behind
    for place, slot in enumerate(session.slots, start=1):
        cells = {
            "#": str(place),
            "start": clock(slot.start_s),
            "phase": printable(slot.phase),
            "energy": f"{slot.energy:.2f}",
            "plan": f"{slot.target:.2f}",
            "tension": hint_cell(slot.tension),
            "length": clock(slot.duration_s),
            "title": printable(titles[place - 1]),
            "artist": printable(slot.artist),
        }
        table.add_row(*(cells[name] for name in names))
        for silence in silences[place - 1]:
            cells = dict.fromkeys(cells, "") | {
                "start": clock(silence.start_s),
                "length": clock(silence.duration_s),
                "title": "silence, as planned",
            }
            table.add_row(*(cells[name] for name in names))
    return table


def _what_matters(session: Session, rest_at: str) -> list[str]:
    """Return the sentences that matter most, and how many more there are where."""
    matters = concerns(session, ENGLISH)[:MOST]
    notices = Counter((*session.warnings, *session.relaxed))
    rest = (notices - Counter(each.notice for each in matters)).total()
    lines = [
        f"note: {'' if each.at_s is None else f'{clock(each.at_s)} '}{printable(each.text)}"
        for each in matters
    ] or ["nothing stands out, as far as it can be measured"]
    return [*lines, f"{rest} more note{'s' * (rest > 1)}: {rest_at}"] if rest else lines


def _all_notes(session: Session) -> list[str]:
    """Return what can replace a slot, how near the session is to the best, and all notices."""
    ready = [f"{each.place} {printable(each.slot.title)}" for each in session.spares]
    proven = f"no session of these tracks goes below {session.bound:.4f}"
    return [
        *([f"spares, for number: {', '.join(ready)}"] if ready else []),
        f"distance from the plan {session.rms_error:.3f} (root mean square, 0 to 1)",
        f"cost {session.cost:.4f}" + (f"; {proven}" if session.bound else ""),
        *((LOOSE_BOUND,) if summary.is_loose(session) else ()),
        *(f"gave way: {printable(str(each))}" for each in session.relaxed),
        *(f"note: {printable(str(each))}" for each in session.warnings),
    ]


def told_apart(slots: Sequence[Slot]) -> list[str]:
    """Return the titles of slots, with the folder and name of a file where several share one."""
    counts = Counter(slot.title.casefold() for slot in slots)
    return [
        f"{slot.title} ({PurePath(*PurePath(slot.path).parts[-2:])})".lstrip()
        if counts[slot.title.casefold()] > 1 or not slot.title
        else slot.title
        for slot in slots
    ]


def _beside(session: Session) -> list[str]:
    """Say what plays in part, and what when the plan has ended."""
    tail = [f"{printable(slot.title)} ({clock(slot.duration_s)})" for slot in session.tail]
    trimmed = [
        f"{place} plays {' to '.join(map(clock, span_s(slot)))}"
        for place, slot in enumerate(session.slots, start=1)
        if is_part(slot)
    ]
    lasts = _length(sum(slot.duration_s for slot in session.tail))
    return [
        *([f"trimmed, number: {', '.join(trimmed)}"] if trimmed else []),
        *([f"tail, {lasts}: {', '.join(tail)}"] if tail else []),
    ]


def reasons_text(session: Session, reasons: Sequence[Explanation], *, width: int) -> str:
    """Draw why each slot is there: its distance to the plan, the step into it, the runner-up."""
    table = new_table("start", "off plan", "step", "LU", "style", "title", "runner-up", "cost")
    for slot, reason in zip(session.slots, reasons, strict=True):
        other = reason.runner_up_title or PurePath(reason.runner_up).stem or "none"
        table.add_row(
            clock(slot.start_s),
            f"{reason.distance:.2f}",
            f"{reason.energy_step:+.2f}",
            f"{reason.loudness_step_lu:+.1f}",
            f"{reason.style_step:.2f}",
            *map(printable, (slot.title, other)),
            f"{reason.runner_up_cost:+.4f}" if reason.runner_up else "",
        )
    heading = "why: distance from the plan, steps into the track, what else would fit at which cost"
    more = [
        f"{clock(slot.start_s)} {printable(slot.title or slot.path)}: {printable(text)}"
        for slot, reason in zip(session.slots, reasons, strict=True)
        for text in (reason.rated, _emotion_costs(reason))
        if text
    ]
    return "\n".join([heading, drawn(table, width), *more])


def _emotion_costs(reason: Explanation) -> str:
    """Say what a track costs for its tension, and for not being more moving, where it does."""
    priced = (
        ("tension", reason.tension, reason.tension_price),
        ("moving", reason.moving, reason.moving_price),
    )
    return ", ".join(
        f"{name} {value:.2f} ({price:+.4f})"
        for name, value, price in priced
        if value is not None and price >= LEAST_SHOWN_COST
    )


def names_text(listed: Sequence[PersonSummary], *, width: int) -> str:
    """Draw a table of the names of the history."""
    table = new_table("name", "sessions", "ratings", "bans", "last")
    for each in listed:
        counts = map(str, (each.sessions, each.ratings, each.bans))
        table.add_row(printable(each.name), *counts, each.last[:10])
    return drawn(table, width)


def history_text(past: PersonHistory, *, width: int) -> str:
    """Draw the sessions of a name, its ratings and its bans."""
    played = new_table("written", "profile", "length", "tracks", "file")
    for each in past.sessions:
        played.add_row(
            each.at[:16].replace("T", " "),
            printable(each.profile),
            clock(each.duration_s),
            str(len(each.tracks)),
            printable(each.file) or "standard output",
        )
    rated = [
        f"{printable(each.title)}: {printable(each.describe(past.name))}" for each in past.ratings
    ]
    banned = [
        f"{printable(each.title)}: banned for {printable(past.name)}"
        + (f": {printable(each.note)}" if each.note else "")
        for each in past.bans
    ]
    return "\n".join([drawn(played, width), *rated, *banned])


def profile_text(
    profile: Profile, *, width: int, ascii_only: bool = False, colour: bool = False
) -> str:
    """Draw a profile: its curve, phases and sources."""
    times = (np.arange(max(1, round(profile.duration_s / STEP_S))) + 0.5) * STEP_S
    spans = [(phase.name, phase.start_s, phase.end_s) for phase in profile.phases]
    levels = np.where(profile.is_silent(times), np.nan, profile.target(times))
    curve = chart(
        levels.tolist(),
        None,
        duration_s=profile.duration_s,
        phases=spans,
        width=width,
        ascii_only=ascii_only,
        colour=colour,
    )
    table = new_table("from", "to", "phase", "level", "basis")
    for phase in profile.phases:
        level = f"{phase.level_start:.2f}"
        if phase.level_end != phase.level_start:
            level += f" to {phase.level_end:.2f}"
        if phase.wave_depth:
            level += f", waves of {phase.wave_depth:.2f}"
        if phase.tension:
            level += ", tension {:g} to {:g}".format(*phase.tension)
        if phase.moving:
            level += ", moving"
        table.add_row(clock(phase.start_s), clock(phase.end_s), phase.name, level, phase.basis)
    return "\n".join(
        [
            f"{profile.name}: {profile.title}, {_length(profile.duration_s)}",
            profile.summary,
            "",
            curve,
            "",
            drawn(table, width),
            *(
                f"silence at the end of {phase.name}: {clock(phase.silence_s)}"
                for phase in profile.phases
                if phase.silence_s
            ),
            *(
                f"limits in {phase.name}: {own}"
                for phase in profile.phases
                if (own := _limits(phase))
            ),
            *(f"source: {source}" for source in profile.sources),
        ]
    )


def _limits(phase: Phase) -> str:
    limits = (
        ("startle {:g} LU", phase.max_startle_lu),
        ("brightness {:g} Hz", phase.max_brightness_hz),
        ("percussiveness {:g}", phase.max_percussiveness),
        ("strokes {:g} Hz", phase.max_stroke_rate_hz),
        ("pulse {:g}", phase.max_pulse_clarity),
        ("silence {:g} s", phase.max_silence_s),
        ("energy {:g}", phase.peak_limit if phase.peak_limit < 1.0 else None),
        ("tension {:g}", phase.max_tension),
    )
    return ", ".join(text.format(limit) for text, limit in limits if limit is not None)


def _chart(session: Session, width: int, *, ascii_only: bool, colour: bool) -> str:
    length_s = summary.length_s(session)
    actual = summary.contour(summary.whole(session))
    planned = summary.curve(session)
    count = max(len(actual), len(planned), math.ceil(length_s / STEP_S))
    return chart(
        [*planned, *[math.nan] * (count - len(planned))],
        [*actual, *[math.nan] * (count - len(actual))],
        duration_s=max(length_s, count * STEP_S),
        phases=[
            ("tail" if span.is_tail else printable(span.name), span.start_s, span.end_s)
            for span in summary.planned(session)
        ],
        rises=[
            slot.start_s
            for slot, step in zip(summary.whole(session), summary.steps(session), strict=True)
            if step is not None and step.is_beyond
        ],
        width=width,
        ascii_only=ascii_only,
        colour=colour,
    )


def _wrapped(text: str, width: int) -> str:
    """Return a text in lines, broken between words; all but the first are set in."""
    console = Console(width=width, color_system=None, legacy_windows=False)
    lines, *rest = (line.plain.rstrip() for line in Text(text).wrap(console, width))
    if rest:
        remaining = Text(text[len(lines) :].strip()).wrap(console, max(1, width - 2))
        lines += "".join(f"\n  {line.plain.rstrip()}" for line in remaining)
    return lines


def _length(seconds: float) -> str:
    return f"{seconds / 60:.1f} min"
