"""Records as text for a terminal: a list of runs, and one record. It prints nothing."""

from collections.abc import Iterator, Sequence

from playlist_builder.language.text import clock, printable
from playlist_builder.records.heard import Heard, heard
from playlist_builder.records.record import Record, Run
from playlist_builder.report.happenings import happenings, minute_of
from playlist_builder.report.heard_session import heard_session, left, title_of
from playlist_builder.report.language import ENGLISH, Language
from playlist_builder.report.table import lines
from playlist_builder.report.text import session_chart, wrapped

COLUMNS = (  # from which width on
    (70, ("#", "start", "time", "heard", "energy", "title", "artist", "remark")),
    (50, ("#", "start", "heard", "title", "remark")),
    (0, ("start", "heard", "title")),
)


def records_lines(
    listed: Sequence[Run], numbers: dict[str, int], *, width: int, language: Language = ENGLISH
) -> Iterator[str]:
    """Yield a table of runs; `numbers` are those of the kept sessions by their ids."""
    cells = {
        "#": [str(each.number) for each in listed],
        "begun": [printable(each.begun_at[:16].replace("T", " ")) for each in listed],
        "session": [str(numbers.get(each.session, "")) for each in listed],
        "for": [printable(each.person) for each in listed],
        "profile": [printable(each.profile) for each in listed],
        "planned": [clock(each.target_s) for each in listed],
        "heard": [clock(each.heard_s) for each in listed],
        "state": [
            language.gettext("ended") if each.ended_at else language.gettext("no end")
            for each in listed
        ],
    }
    if not any(cells["for"]):
        del cells["for"]
    yield from lines(cells, width, language)


def record_text(
    record: Record,
    *,
    width: int,
    ascii_only: bool = False,
    colour: bool = False,
    language: Language = ENGLISH,
) -> str:
    """Draw a record: the chart of what was planned and heard, a table of tracks, what happened."""
    found = heard(record)
    played = heard_session(record, found)
    style = {"ascii_only": ascii_only, "colour": colour, "language": language}
    happened = (
        f"{clock(each.at_s)} {printable(each.text)}"
        for each in happenings(record.events, found, language)
    )
    return "\n".join(
        [
            wrapped(_heading(record, found, language), width, language),
            session_chart(played, width, **style),  # type: ignore[arg-type]
            *(_tracks(found, width, language) if found.tracks else ()),
            *(wrapped(each, width, language) for each in happened),
        ]
    )


def _heading(record: Record, found: Heard, language: Language) -> str:
    run = record.run
    tracks = language.ngettext("{count} track", "{count} tracks", len(found.tracks))
    whom = language.gettext(" for {name}").format(name=printable(run.person)) if run.person else ""
    template = language.gettext(
        "record {number}, {profile}{whom}, {time}: {tracks}, {length} heard"
    )
    told = template.format(
        number=run.number,
        profile=printable(run.profile),
        whom=whom,
        time=run.begun_at[:16].replace("T", " "),
        tracks=tracks.format(count=len(found.tracks)),
        length=language.duration(found.length_s),
    )
    if not run.ended_at:
        told += language.gettext(", no end is recorded")
    return told if record.complete else told + language.gettext(", parts are missing")


def _tracks(found: Heard, width: int, language: Language) -> Iterator[str]:
    names = next(names for least, names in COLUMNS if width >= least)
    tracks = found.tracks
    cells = {
        "#": [str(place) for place, _ in enumerate(tracks, start=1)],
        "start": [clock(each.start_s) for each in tracks],
        "time": [minute_of(each.at) for each in tracks],
        "heard": [clock(each.seconds) for each in tracks],
        "energy": ["" if each.energy is None else f"{each.energy:.2f}" for each in tracks],
        "title": [printable(title_of(each, language)) for each in tracks],
        "artist": [printable(each.artist) for each in tracks],
        "remark": [left(each, language) for each in tracks],
    }
    return lines({name: cells[name] for name in names}, width, language)
