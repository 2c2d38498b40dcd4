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
from playlist_builder.language.line_breaks import lines_of
from playlist_builder.language.text import clock, printable
from playlist_builder.library.history import PersonHistory, PersonSummary, described
from playlist_builder.models import STEP_S, Session, Slot
from playlist_builder.profiles.profile import Phase, Profile
from playlist_builder.report import summary
from playlist_builder.report.chart import chart
from playlist_builder.report.concerns import MOST, NOTHING_AFTER, concerns
from playlist_builder.report.language import ENGLISH, Language, language_of
from playlist_builder.report.table import drawn, fitting, hint_cell, new_table

WIDEST = 10_000  # columns of a text
SESSION_COLUMNS = (  # from which width on: a start is never left out
    (84, ("#", "start", "phase", "energy", "plan", "tension", "length", "title", "artist")),
    (72, ("#", "start", "phase", "energy", "plan", "length", "title", "artist")),
    (52, ("#", "start", "energy", "plan", "length", "title", "artist")),
    (36, ("#", "start", "energy", "length", "title")),
    (0, ("start", "title")),
)
LEAST_SHOWN_COST = 0.00005  # the least that four places show


@checked.takes(session=checked.a(Session), width=checked.at_least(1, WIDEST))
def session_text(  # noqa: PLR0913 - how it is drawn
    session: Session,
    *,
    width: int,
    ascii_only: bool = False,
    colour: bool = False,
    rest_at: str = "",
    language: str = "en",
) -> str:
    """Draw a session: the chart of planned and actual energy, a table of slots, what to know.

    What to know is every notice, with how near the session is to its plan and to the best. With
    `rest_at`, which says where to find them all, it is at most three, by what a listener feels, and
    that nothing plays after the end.
    Raises `ReportError` for a language that is not known.
    """
    spoken = language_of(language)
    peak = summary.peak(session)
    tracks = spoken.ngettext("{count} track", "{count} tracks", len(session.slots))
    highest = spoken.gettext(", peak from {start} to {end}")
    heading = spoken.gettext("{profile}: {tracks}, {length} of {asked} asked for").format(
        profile=printable(session.profile),
        tracks=tracks.format(count=len(session.slots)),
        length=_length(session.duration_s, spoken),
        asked=_length(summary.asked_s(session), spoken),
    )
    if peak:
        heading += highest.format(start=clock(peak.start_s), end=clock(peak.end_s))
    know = _what_matters(session, rest_at, spoken) if rest_at else _all_notes(session, spoken)
    return "\n".join(
        [
            wrapped(heading, width, spoken),
            session_chart(session, width, ascii_only=ascii_only, colour=colour, language=spoken),
            drawn(_slots(session, width, spoken), width),
            *(wrapped(text, width, spoken) for text in (*_beside(session, spoken), *know)),
        ]
    )


def _slots(session: Session, width: int, language: Language) -> Table:
    is_known = any(slot.tension is not None for slot in session.slots)
    names = fitting(SESSION_COLUMNS, width, has_hints=is_known)
    energy = "percentile" if session.scale == "relative" else "energy"
    table = new_table(*(energy if name == "energy" else name for name in names), language=language)
    titles, silences = told_apart(session.slots), session.silences_behind
    for place, slot in enumerate(session.slots, start=1):
        cells = {
            "#": str(place),
            "start": clock(slot.start_s),
            "phase": printable(language.profile_word(slot.phase)),
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
                "title": language.gettext("silence, as planned"),
            }
            table.add_row(*(cells[name] for name in names))
    return table


def _what_matters(session: Session, rest_at: str, language: Language) -> list[str]:
    """Return the sentences that matter most, and how many more there are where."""
    found = concerns(session, language)
    ending = [each for each in found[MOST:] if each.notice.code in NOTHING_AFTER]
    matters = [*found[:MOST], *ending]
    notices = Counter((*session.warnings, *session.relaxed))
    rest = (notices - Counter(each.notice for each in matters)).total()
    note = language.gettext("note: {text}")
    lines = [
        note.format(
            text=f"{'' if each.at_s is None else f'{clock(each.at_s)} '}{printable(each.text)}"
        )
        for each in matters
    ] or [language.gettext("nothing stands out, as far as it can be measured")]
    more = language.ngettext("{count} more note: {where}", "{count} more notes: {where}", rest)
    return [*lines, more.format(count=rest, where=rest_at)] if rest else lines


def _all_notes(session: Session, language: Language) -> list[str]:
    """Return what can replace a slot, how near the session is to the best, and all notices."""
    ready = [f"{each.place} {printable(each.slot.title)}" for each in session.spares]
    gettext, told = language.gettext, language.sentence
    spares = gettext("spares, for number: {list}")
    error = gettext("distance from the plan {error:.3f} (root mean square, 0 to 1)")
    cost = gettext("cost {cost:.4f}; no session of these tracks goes below {bound:.4f}")
    if not session.bound:
        cost = gettext("cost {cost:.4f}")
    gave_way, note = gettext("gave way: {text}"), gettext("note: {text}")
    loose = gettext("that bound is a rough one: it does not tell whether a better session exists")
    return [
        *([spares.format(list=gettext(", ").join(ready))] if ready else []),
        error.format(error=session.rms_error),
        cost.format(cost=session.cost, bound=session.bound),
        *((loose,) if summary.is_loose(session) else ()),
        *(gave_way.format(text=printable(told(each))) for each in session.relaxed),
        *(note.format(text=printable(told(each))) for each in session.warnings),
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


def _beside(session: Session, language: Language) -> list[str]:
    """Say what plays in part, and what when the plan has ended."""
    tail = [f"{printable(slot.title)} ({clock(slot.duration_s)})" for slot in session.tail]
    part = language.gettext("{number} plays {first} to {last}")
    trimmed = [
        part.format(number=place, first=clock(first), last=clock(last))
        for place, slot in enumerate(session.slots, start=1)
        if is_part(slot)
        for first, last in [span_s(slot)]
    ]
    lasts = _length(sum(slot.duration_s for slot in session.tail), language)
    comma = language.gettext(", ")
    cut = language.gettext("trimmed, number: {list}").format(list=comma.join(trimmed))
    after = language.gettext("tail, {length}: {list}").format(length=lasts, list=comma.join(tail))
    return [*([cut] if trimmed else []), *([after] if tail else [])]


def reasons_text(
    session: Session,
    reasons: Sequence[Explanation],
    *,
    width: int,
    language: Language = ENGLISH,
) -> str:
    """Draw why each slot is there: its distance to the plan, the step into it, the runner-up."""
    gettext = language.gettext
    columns = ("start", "off plan", "step", "LU", "style", "title", "runner-up", "cost")
    table = new_table(*columns, language=language)
    for slot, reason in zip(session.slots, reasons, strict=True):
        other = reason.runner_up_title or PurePath(reason.runner_up).stem or gettext("none")
        table.add_row(
            clock(slot.start_s),
            f"{reason.distance:.2f}",
            f"{reason.energy_step:+.2f}",
            f"{reason.loudness_step_lu:+.1f}",
            f"{reason.style_step:.2f}",
            *map(printable, (slot.title, other)),
            f"{reason.runner_up_cost:+.4f}" if reason.runner_up else "",
        )
    heading = gettext(
        "why: distance from the plan, steps into the track, what else would fit at which cost"
    )
    listed = gettext("{title}: {text}")
    more = [
        printable(
            listed.format(title=f"{clock(slot.start_s)} {slot.title or slot.path}", text=text)
        )
        for slot, reason in zip(session.slots, reasons, strict=True)
        for text in (language.told(reason.rated), _emotion_costs(reason, language))
        if text
    ]
    return "\n".join([heading, drawn(table, width), *more])


def _emotion_costs(reason: Explanation, language: Language) -> str:
    """Say what a track costs for its tension, and for not being more moving, where it does."""
    priced = (
        (language.gettext("tension"), reason.tension, reason.tension_price),
        (language.pgettext("track", "moving"), reason.moving, reason.moving_price),
    )
    return language.gettext(", ").join(
        f"{name} {value:.2f} ({price:+.4f})"
        for name, value, price in priced
        if value is not None and price >= LEAST_SHOWN_COST
    )


def names_text(listed: Sequence[PersonSummary], *, width: int, language: Language = ENGLISH) -> str:
    """Draw a table of the names of the history."""
    table = new_table("name", "sessions", "ratings", "bans", "last", language=language)
    for each in listed:
        counts = map(str, (each.sessions, each.ratings, each.bans))
        table.add_row(printable(each.name), *counts, each.last[:10])
    return drawn(table, width)


def history_text(past: PersonHistory, *, width: int, language: Language = ENGLISH) -> str:
    """Draw the sessions of a name, its ratings and its bans."""
    gettext, told = language.gettext, language.told
    is_recorded = any(each.recorded for each in past.sessions)
    counts = ("counts",) if is_recorded else ()
    columns = ("written", "profile", "length", "tracks", *counts, "file")
    played = new_table(*columns, language=language)
    for each in past.sessions:
        played.add_row(
            each.at[:16].replace("T", " "),
            printable(each.profile),
            clock(each.duration_s),
            str(len(each.tracks)),
            *((gettext("as heard") if each.recorded else gettext("as planned"),) if counts else ()),
            printable(each.file) or gettext("none"),
        )
    about = gettext("{title}: {text}")
    rated = [
        about.format(title=printable(each.title), text=printable(told(described(each, past.name))))
        for each in past.ratings
    ]
    banned = [
        gettext("{title}: banned for {name}").format(
            title=printable(each.title), name=printable(past.name)
        )
        + (gettext(": {note}").format(note=printable(each.note)) if each.note else "")
        for each in past.bans
    ]
    return "\n".join([drawn(played, width), *rated, *banned])


def profile_text(
    profile: Profile,
    *,
    width: int,
    ascii_only: bool = False,
    colour: bool = False,
    language: Language = ENGLISH,
) -> str:
    """Draw a profile: its curve, phases and sources."""
    word, gettext = language.profile_word, language.gettext
    times = (np.arange(max(1, round(profile.duration_s / STEP_S))) + 0.5) * STEP_S
    spans = [(word(phase.name), phase.start_s, phase.end_s) for phase in profile.phases]
    levels = np.where(profile.is_silent(times), np.nan, profile.target(times))
    curve = chart(
        levels.tolist(),
        None,
        duration_s=profile.duration_s,
        phases=spans,
        width=width,
        ascii_only=ascii_only,
        colour=colour,
        gettext=gettext,
    )
    table = new_table("from", "to", "phase", "level", "basis", language=language)
    for phase in profile.phases:
        level = f"{phase.level_start:.2f}"
        if phase.level_end != phase.level_start:
            level += gettext(" to {level:.2f}").format(level=phase.level_end)
        if phase.wave_depth:
            level += gettext(", waves of {depth:.2f}").format(depth=phase.wave_depth)
        if phase.tension:
            level += gettext(", tension {:g} to {:g}").format(*phase.tension)
        if phase.moving:
            level += gettext(", moving")
        row = clock(phase.start_s), clock(phase.end_s), word(phase.name), level, word(phase.basis)
        table.add_row(*row)
    return "\n".join(
        [
            gettext("{name}: {title}, {length}").format(
                name=profile.name,
                title=word(profile.title),
                length=_length(profile.duration_s, language),
            ),
            word(profile.summary),
            "",
            curve,
            "",
            drawn(table, width),
            *(
                gettext("silence at the end of {phase}: {length}").format(
                    phase=word(phase.name), length=clock(phase.silence_s)
                )
                for phase in profile.phases
                if phase.silence_s
            ),
            *(
                gettext("limits in {phase}: {limits}").format(phase=word(phase.name), limits=own)
                for phase in profile.phases
                if (own := _limits(phase, language))
            ),
            *(gettext("source: {text}").format(text=word(source)) for source in profile.sources),
        ]
    )


def _limits(phase: Phase, language: Language) -> str:
    gettext = language.gettext
    limits = (
        (gettext("startle {limit} LU"), phase.max_startle_lu),
        (gettext("brightness {limit} Hz"), phase.max_brightness_hz),
        (gettext("percussiveness {limit}"), phase.max_percussiveness),
        (gettext("strokes {limit} Hz"), phase.max_stroke_rate_hz),
        (gettext("pulse {limit}"), phase.max_pulse_clarity),
        (gettext("silence {limit} s"), phase.max_silence_s),
        (gettext("energy {limit}"), phase.peak_limit if phase.peak_limit < 1.0 else None),
        (gettext("tension {limit}"), phase.max_tension),
    )
    texts = (text.format(limit=f"{limit:g}") for text, limit in limits if limit is not None)
    return gettext(", ").join(texts)


def session_chart(
    session: Session, width: int, *, ascii_only: bool, colour: bool, language: Language
) -> str:
    """Draw planned and actual energy of a session, with its phases."""
    length_s = summary.length_s(session)
    actual = summary.contour(summary.whole(session))
    planned = summary.curve(session)
    count = max(len(actual), len(planned), math.ceil(length_s / STEP_S))
    return chart(
        [*planned, *[math.nan] * (count - len(planned))],
        [*actual, *[math.nan] * (count - len(actual))],
        duration_s=max(length_s, count * STEP_S),
        phases=[
            (
                language.gettext("tail")
                if span.is_tail
                else printable(language.profile_word(span.name)),
                span.start_s,
                span.end_s,
            )
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
        gettext=language.gettext,
    )


def wrapped(text: str, width: int, language: Language = ENGLISH) -> str:
    """Return a text in lines, broken between words; all but the first are set in."""
    if language.code != "en":
        first, *_ = lines_of(text, width)
        left = lines_of(" ".join(text.split()).removeprefix(first), max(1, width - 2))
        return "\n  ".join([first, *filter(None, left)])
    console = Console(width=width, color_system=None, legacy_windows=False)
    lines, *rest = (line.plain.rstrip() for line in Text(text).wrap(console, width))
    if rest:
        remaining = Text(text[len(lines) :].strip()).wrap(console, max(1, width - 2))
        lines += "".join(f"\n  {line.plain.rstrip()}" for line in remaining)
    return lines


def _length(seconds: float, language: Language = ENGLISH) -> str:
    return language.gettext("{count:.1f} min").format(count=seconds / 60)
