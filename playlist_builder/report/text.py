"""The printed views of a session, of tracks and of profiles: values to text. It prints nothing."""

import math
from collections.abc import Sequence
from pathlib import PurePath
from textwrap import fill

import numpy as np
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from playlist_builder.analysis import energy
from playlist_builder.arranger.explain import Explanation
from playlist_builder.library.history import PersonHistory, PersonSummary
from playlist_builder.library.library import EnergyRank
from playlist_builder.models import MIN_KEY_CONFIDENCE, MIN_TEMPO_CONFIDENCE, STEP_S, Session, Track
from playlist_builder.profiles.profile import Profile
from playlist_builder.report import summary
from playlist_builder.report.chart import chart
from playlist_builder.text import clock, printable
from playlist_builder.vocals.evidence import Evidence, VocalsVerdict

NUMBERS = {  # columns whose cells stand to the right
    *("#", "start", "energy", "plan", "length", "LUFS", "BPM", "from", "to", "off plan"),
    *("step", "LU", "sessions", "ratings", "bans", "tracks"),
}
SESSION_COLUMNS = (  # from which width on: a start is never left out
    (72, ("#", "start", "phase", "energy", "plan", "length", "title", "artist")),
    (52, ("#", "start", "energy", "plan", "length", "title", "artist")),
    (36, ("#", "start", "energy", "length", "title")),
    (0, ("start", "title")),
)
COLUMN_GAP = 2


def session_text(
    session: Session, *, width: int, ascii_only: bool = False, colour: bool = False
) -> str:
    """Draw a session: a table of slots, the chart of planned and actual energy, what to know."""
    names = next(names for least, names in SESSION_COLUMNS if width >= least)
    table = _table(*names)
    for place, slot in enumerate(session.slots, start=1):
        cells = {
            "#": str(place),
            "start": clock(slot.start_s),
            "phase": printable(slot.phase),
            "energy": f"{slot.energy:.2f}",
            "plan": f"{slot.target:.2f}",
            "length": clock(slot.duration_s),
            "title": printable(slot.title),
            "artist": printable(slot.artist),
        }
        table.add_row(*(cells[name] for name in names))
    follows = f"{_length(session.duration_s)} of {_length(session.target_s)} asked for"
    proven = f"no session of these tracks goes below {session.bound:.4f}"
    remarks = [
        f"distance from the plan {session.rms_error:.3f} (root mean square, 0 to 1)",
        f"cost {session.cost:.4f}" + (f"; {proven}" if session.bound else ""),
        *(f"gave way: {printable(str(each))}" for each in session.relaxed),
        *(f"note: {printable(str(each))}" for each in session.warnings),
    ]
    heading = f"{printable(session.profile)}: {len(session.slots)} tracks, {follows}"
    return "\n".join(
        [
            _wrapped(heading, width),
            _drawn(table, width),
            *(_wrapped(text, width) for text in _beside(session)),
            _chart(session, width, ascii_only=ascii_only, colour=colour),
            *(_wrapped(text, width) for text in remarks),
        ]
    )


def _beside(session: Session) -> list[str]:
    """Say what plays when the plan has ended, and what stands ready to replace a slot."""
    tail = [f"{printable(slot.title)} ({clock(slot.duration_s)})" for slot in session.tail]
    ready = [f"{each.place} {printable(each.slot.title)}" for each in session.spares]
    lasts = _length(sum(slot.duration_s for slot in session.tail))
    return [
        *([f"tail, {lasts}: {', '.join(tail)}"] if tail else []),
        *([f"spares, for number: {', '.join(ready)}"] if ready else []),
    ]


def reasons_text(session: Session, reasons: Sequence[Explanation], *, width: int) -> str:
    """Draw why each slot is there: its distance to the plan, the step into it, the runner-up."""
    table = _table("start", "off plan", "step", "LU", "title", "runner-up", "cost")
    for slot, reason in zip(session.slots, reasons, strict=True):
        other = PurePath(reason.runner_up).stem if reason.runner_up else "none"
        table.add_row(
            clock(slot.start_s),
            f"{reason.distance:.2f}",
            f"{reason.energy_step:+.2f}",
            f"{reason.loudness_step_lu:+.1f}",
            *map(printable, (slot.title, other)),
            f"{reason.runner_up_cost:+.4f}" if reason.runner_up else "",
        )
    heading = "why: distance from the plan, steps into the track, what else would fit at which cost"
    rated = [
        f"{clock(slot.start_s)} {printable(slot.title or slot.path)}: {printable(reason.rated)}"
        for slot, reason in zip(session.slots, reasons, strict=True)
        if reason.rated
    ]
    return "\n".join([heading, _drawn(table, width), *rated])


def names_text(listed: Sequence[PersonSummary], *, width: int) -> str:
    """Draw a table of the names of the history."""
    table = _table("name", "sessions", "ratings", "bans", "last")
    for each in listed:
        counts = map(str, (each.sessions, each.ratings, each.bans))
        table.add_row(printable(each.name), *counts, each.last[:10])
    return _drawn(table, width)


def history_text(past: PersonHistory, *, width: int) -> str:
    """Draw the sessions of a name, its ratings and its bans."""
    played = _table("written", "profile", "length", "tracks", "file")
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
    return "\n".join([_drawn(played, width), *rated, *banned])


def tracks_text(tracks: Sequence[Track], *, width: int) -> str:
    """Draw a table of tracks."""
    table = _table("energy", "length", "LUFS", "BPM", "vocals", "title", "artist", "genre")
    for track in tracks:
        features = track.features
        sure = features.tempo_confidence >= MIN_TEMPO_CONFIDENCE
        table.add_row(
            f"{track.energy:.2f}",
            clock(track.duration_s),
            f"{features.loudness_lufs:.1f}",
            f"{features.tempo_bpm:.0f}" if sure else "",
            "banned" if track.mark.banned else track.vocals,
            *map(printable, (track.tags.title, track.tags.artist, track.tags.genre)),
        )
    return _drawn(table, width)


def track_text(  # noqa: PLR0913 - what there is to show
    track: Track,
    judged: VocalsVerdict,
    reasons: Sequence[energy.Contribution],
    standing: EnergyRank,
    *,
    width: int,
    ascii_only: bool = False,
    colour: bool = False,
) -> str:
    """Draw one track: what it is, its contour, why it has its energy, and what is like it."""
    features, tags = track.features, track.tags
    lines = [
        f"{printable(tags.title)}  ({printable(tags.artist) or 'no artist'})",
        printable(track.path) + ("  [missing]" if track.missing else ""),
        "",
        f"length      {clock(track.duration_s)}",
        f"loudness    {features.loudness_lufs:.1f} LUFS, range {features.loudness_range_lu:.1f} LU",
        f"sample peak {features.sample_peak_dbfs:.1f} dBFS",
        f"startle     {track.startle_lu:.1f} LU: largest rise within one second",
        f"vocals      {track.vocals} (confidence {judged.confidence:.2f})",
        *(_evidence(each) for each in judged.evidence),
    ]
    if features.tempo_confidence >= MIN_TEMPO_CONFIDENCE:
        sure = f"(confidence {features.tempo_confidence:.2f})"
        lines.append(f"tempo       {features.tempo_bpm:.0f} BPM {sure}")
    if features.key_confidence >= MIN_KEY_CONFIDENCE:
        lines.append(f"key         {features.key} (confidence {features.key_confidence:.2f})")
    lines += [f"marked      {text}" for text in _marks(track)]
    relative = f"{standing.percentile:.2f} relative to your library"
    calmer = f"{standing.calmer} of {standing.others} other tracks are calmer"
    lines += ["", f"energy      {track.energy:.2f} on the absolute scale, {relative} ({calmer})"]
    for reason in reasons:
        because = f" ({reason.because})" if reason.because else ""
        lines += fill(
            f"{reason.energy:+.2f}  {reason.name}{because}",
            width=width,
            initial_indent=" " * 12,
            subsequent_indent=" " * 19,
        ).split("\n")
    lines.append(f"peak        {track.peak_energy:.2f}: the most energetic {STEP_S:.0f} s")
    if track.climax_s is not None:
        climax = f"{track.peak_energy:.2f} at {clock(track.climax_s)}"
        lines.append(f"            hides a climax: {climax}")
    for name, others in (("above", standing.above), ("below", standing.below)):
        lines += [
            f"{name if not number else '':12}{other.energy:.2f}  {_called(other)}"
            for number, other in enumerate(others)
        ]
    contour = chart(
        None,
        [float(value) for value in track.contour],
        duration_s=track.duration_s,
        phases=(),
        width=width,
        ascii_only=ascii_only,
        colour=colour,
    )
    return "\n".join([*lines, "", contour])


def profile_text(
    profile: Profile, *, width: int, ascii_only: bool = False, colour: bool = False
) -> str:
    """Draw a profile: its curve, phases and sources."""
    times = (np.arange(max(1, round(profile.duration_s / STEP_S))) + 0.5) * STEP_S
    spans = [(phase.name, phase.start_s, phase.end_s) for phase in profile.phases]
    curve = chart(
        profile.target(times).tolist(),
        None,
        duration_s=profile.duration_s,
        phases=spans,
        width=width,
        ascii_only=ascii_only,
        colour=colour,
    )
    table = _table("from", "to", "phase", "level", "basis")
    for phase in profile.phases:
        level = f"{phase.level_start:.2f}"
        if phase.level_end != phase.level_start:
            level += f" to {phase.level_end:.2f}"
        if phase.wave_depth:
            level += f", waves of {phase.wave_depth:.2f}"
        table.add_row(clock(phase.start_s), clock(phase.end_s), phase.name, level, phase.basis)
    return "\n".join(
        [
            f"{profile.name}: {profile.title}, {_length(profile.duration_s)}",
            profile.summary,
            "",
            curve,
            "",
            _drawn(table, width),
            *(f"source: {source}" for source in profile.sources),
        ]
    )


def _chart(session: Session, width: int, *, ascii_only: bool, colour: bool) -> str:
    length_s = summary.length_s(session)
    actual = summary.contour(summary.whole(session))
    count = max(len(actual), len(session.curve), math.ceil(length_s / STEP_S))
    return chart(
        [*session.curve, *[math.nan] * (count - len(session.curve))],
        [*actual, *[math.nan] * (count - len(actual))],
        duration_s=max(length_s, count * STEP_S),
        phases=[
            ("tail" if span.is_tail else printable(span.name), span.start_s, span.end_s)
            for span in summary.spans(session)
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


def _evidence(evidence: Evidence) -> str:
    weight = f"{evidence.weight:+.1f}" if math.isfinite(evidence.weight) else "    "
    return f"            {weight}  {evidence.source}: {printable(evidence.text)}"


def _marks(track: Track) -> list[str]:
    mark = track.mark
    return [
        *([f"energy {mark.energy:.2f}"] if mark.energy is not None else []),
        *([f"vocals {mark.vocals}"] if mark.vocals is not None else []),
        *(["banned"] if mark.banned else []),
        *([f"note: {printable(mark.note)}"] if mark.note else []),
    ]


def _called(track: Track) -> str:
    artist = f"  ({printable(track.tags.artist)})" if track.tags.artist else ""
    return f"{printable(track.tags.title or track.path)}{artist}"


def _length(seconds: float) -> str:
    return f"{seconds / 60:.1f} min"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, COLUMN_GAP, 0, 0), header_style="")
    for column in columns:
        table.add_column(
            column,
            justify="right" if column in NUMBERS else "left",
            no_wrap=column != "basis",
            overflow="ellipsis" if column != "basis" else "fold",
        )
    return table


def _drawn(table: Table, width: int) -> str:
    columns = table.columns
    widths = [max(cell_len(str(cell)) for cell in (each.header, *each.cells)) for each in columns]
    # A number that is cut is another number: words alone give way, the longest first.
    words = [place for place, column in enumerate(columns) if column.header not in NUMBERS]
    beyond = sum(widths) + COLUMN_GAP * (len(widths) - 1) - width
    for _ in range(beyond):
        widest = max(words, key=widths.__getitem__)
        widths[widest] = max(1, widths[widest] - 1)
    for column, wide in zip(columns, widths, strict=True):
        column.width = wide
    console = Console(width=width, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as capture:
        console.print(table, markup=False, highlight=False)
    return "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n"))
