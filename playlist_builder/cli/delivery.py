"""From what a command asked to sessions that are shown and written."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from itertools import islice
from typing import TYPE_CHECKING

import click

from playlist_builder.cli.common import drawn, draws_colour, draws_unicode, shown, width

if TYPE_CHECKING:
    from playlist_builder.arranger.explain import Explanation
    from playlist_builder.models import Session
    from playlist_builder.playlists.dialects import Dialect

OUTPUT_HELP = (
    "Write .m3u8, .m3u, .pls, .xspf, .jspf, .csv or .json; - is .m3u8 on standard output."
    " Repeatable."
)


def deliver(  # noqa: PLR0913 - each is an option
    sessions: "Sequence[Session]",
    outputs: Sequence[str],
    *,
    explained: "Callable[[Session], list[Explanation]] | None" = None,
    as_json: bool,
    dry_run: bool = False,
    number_first: bool = False,
) -> None:
    """Show sessions, explained where asked for, and write each to its outputs."""
    from playlist_builder.playlists import session_json
    from playlist_builder.report.text import reasons_text, session_text

    documents = []
    for number, session in enumerate(sessions, start=1):
        beside = as_json or "-" in outputs
        text = session_text(
            session,
            width=width(),
            ascii_only=not draws_unicode(),
            colour=draws_colour() and not beside,
        )
        reasons = explained(session) if explained is not None else None
        if reasons is not None:
            text += "\n" + reasons_text(session, reasons, width=width())
        drawn(text, err=beside)
        document = session_json.document(session)
        if reasons is not None:
            document["reasons"] = [asdict(reason) for reason in reasons]
        documents.append(document)
        if not dry_run:
            own = number > 1 or number_first
            write([(session, numbered(o, number) if own else o) for o in outputs])
    if as_json:
        laid_out = [session_json.to_json(document) for document in documents]
        text = laid_out[0] if len(sessions) == 1 else "[\n" + ",\n".join(laid_out) + "]\n"
        click.echo(text, nl=False)


def numbered(output: str, number: int) -> str:
    """Return where one of several sessions is written."""
    stem, suffix = os.path.splitext(output)
    return output if output == "-" else f"{stem}-{number}{suffix}"


def check_outputs(outputs: Sequence[str], *, as_json: bool, alternatives: int = 1) -> None:
    """Refuse an unknown format, or two documents on standard output, before all else."""
    from playlist_builder.playlists.formats import format_of

    if "-" in outputs and (as_json or alternatives > 1 or outputs.count("-") > 1):
        raise click.UsageError("Standard output holds one document: leave out '-o -' or the other.")
    for output in outputs:
        if output != "-":
            format_of(output)


def _ready(
    sessions: "Sequence[tuple[Session, str]]", dialect: "Dialect"
) -> "list[tuple[Session, str]]":
    """Return the spares of sessions as playlists beside theirs, for when a track is skipped."""
    found: dict[str, tuple[Session, str]] = {}
    for session, output in sessions:
        stem, suffix = os.path.splitext(output)
        if output == "-" or suffix.lower() == ".json":
            continue
        slots = tuple(
            replace(each.slot, phase=f"{each.slot.phase}, for number {each.place}")
            for each in session.spares
        )
        kind = ".m3u8" if ".m3u8" in dialect.suffixes else suffix
        path = f"{stem}.spares{kind}"
        if not slots and not _is_of_spares(path):
            continue  # those of the session that was here before are emptied
        found[path] = (replace(session, slots=slots, tail=(), spares=()), path)
    return list(found.values())


def _is_of_spares(path: str) -> bool:
    """Whether a playlist is one of spares that was written here, and nobody's own."""
    name = os.path.splitext(os.path.basename(path))[0]
    with suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
        return f"#PLAYLIST:{name}" in (line.rstrip("\n") for line in islice(file, 2))
    return False


def write(sessions: "Sequence[tuple[Session, str]]", dialect: "Dialect | None" = None) -> None:
    """Write each session to its output, and none where one of them cannot be held."""
    from playlist_builder.playlists.dialects import ANY
    from playlist_builder.playlists.formats import render_bytes
    from playlist_builder.playlists.write import render, write_bytes

    dialect = dialect or ANY
    sessions = [*sessions, *_ready(sessions, dialect)]
    made = [
        render_bytes(session, ".m3u8", folder=os.getcwd(), dialect=dialect)
        if output == "-"
        else render(session, output, dialect=dialect)
        for session, output in sessions
    ]
    for data, (_, output) in zip(made, sessions, strict=True):
        if output == "-":
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
        else:
            write_bytes(output, data)
            click.echo(f"Wrote {shown(output)}", err=True)
