"""The command that shows a session: on the terminal, as a page, or as a picture."""

import os
import sys
from collections.abc import Sequence

import click

from playlist_builder.cli.common import drawn, draws_colour, draws_unicode, shown, width
from playlist_builder.report.language import LANGUAGES


@click.command()
@click.argument("session", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="Write a page (.html), or the picture alone (.svg, .png, .pdf); - is the page on standard"
    " output. Repeatable.",
)
@click.option(
    "--language",
    type=click.Choice(list(LANGUAGES)),
    default="en",
    show_default=True,
    help="Language of the page or picture.",
)
def report(session: str, outputs: Sequence[str], language: str) -> None:
    """Show a SESSION file (.json): here, or as a page to read, print and listen to.

    The page links to the tracks where they are, so that it plays them as long as both stay there.
    """
    from datetime import datetime

    from playlist_builder.playlists import session_json
    from playlist_builder.playlists.write import write_bytes
    from playlist_builder.report import write as reporting
    from playlist_builder.report.text import session_text

    if outputs.count("-") > 1:
        raise click.UsageError("Standard output holds one document: give '-o -' once.")
    suffixes = [".html" if output == "-" else reporting.format_of(output) for output in outputs]
    loaded = session_json.load_session(session)
    if not outputs:
        drawn(
            session_text(
                loaded,
                width=width(),
                ascii_only=not draws_unicode(),
                colour=draws_colour(),
            )
        )
        return
    today = datetime.now().astimezone().date()
    made = [
        reporting.rendered(
            loaded,
            suffix,
            folder=os.getcwd() if output == "-" else os.path.dirname(os.path.abspath(output)),
            language=language,
            today=today,
        )
        for suffix, output in zip(suffixes, outputs, strict=True)
    ]
    for data, output in zip(made, outputs, strict=True):
        if output == "-":
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
        else:
            write_bytes(output, data)
            click.echo(f"Wrote {shown(output)}", err=True)
    paths = [slot.path for slot in (*loaded.slots, *loaded.tail)]
    if ".html" in suffixes and (gone := [path for path in paths if not os.path.isfile(path)]):
        told = f"{len(gone)} of {len(paths)} files are not there, such as {gone[0]!r}."
        click.echo(shown(f"{told} See 'playlist-builder check {session}'."), err=True)


COMMANDS = (report,)
