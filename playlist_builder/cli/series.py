"""The command that builds several sessions of one person: series."""

from collections.abc import Sequence
from typing import Any

import click

from playlist_builder.cli import options, output
from playlist_builder.cli.build import deliver, select
from playlist_builder.cli.language import _, told
from playlist_builder.cli.main import main
from playlist_builder.cli.numbered import numbered
from playlist_builder.cli.request import request_of, request_options


@main.command()
@options.profile_argument
@click.option(
    "--sessions",
    "count",
    type=click.IntRange(2, 50),
    default=6,
    show_default=True,
    help="How many sessions.",
)
@click.option(
    "--for",
    "name",
    required=True,
    metavar="NAME",
    help="For whom. Nothing that was played for NAME lately is used; ratings and bans count.",
)
@request_options
def series(
    profile: str,
    count: int,
    outputs: Sequence[str],
    called: str,
    *,
    dry_run: bool,
    as_json: bool,
    **fields: Any,
) -> None:
    """Build several sessions of PROFILE that share no track and are equally good.

    They are written to FILE-1, FILE-2 and so on, and kept in the history of NAME. How many the
    library holds without repeats is told beforehand; where it is too small, they share as few
    tracks as they must, and say so.
    """
    from playlist_builder.sessions.build import build_series, capacity_of

    request = request_of(profile, **fields)
    files = [numbered(outputs, number) for number in range(1, count + 1)]
    selection, numbers = select(request, outputs, files, as_json=as_json)
    sentence = told(capacity_of(selection).notice)
    output.print_text(
        _("{sentence}.").format(sentence=sentence[:1].upper() + sentence[1:]),
        err=as_json or "-" in outputs,
    )
    sessions = build_series(selection, count)
    deliver(sessions, outputs, files, numbers, name=called, as_json=as_json, dry_run=dry_run)
    errors = [session.rms_error for session in sessions]
    played = [slot.identity for each in sessions for slot in (*each.slots, *each.tail)]
    repeats = len(played) - len(set(played))
    shared = (
        _("{count} times a track of another session").format(count=repeats)
        if repeats
        else _("no track twice")
    )
    distance = _("{least:.3f} to {most:.3f} from the plan").format(
        least=min(errors), most=max(errors)
    )
    output.print_message(
        _("{count} sessions, {distance}; {shared}.").format(
            count=len(sessions), distance=distance, shared=shared
        )
    )
