"""The command that shows a session, on the terminal or as a page or picture: report."""

from collections.abc import Sequence
from datetime import datetime

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.library import library_of, protect_music
from playlist_builder.cli.main import main
from playlist_builder.report.language import LANGUAGES


@main.command()
@options.session_argument
@options.outputs_option(
    "Write a page (.html), or the picture alone (.svg, .png, .pdf); - is the page on standard"
    " output."
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
    from playlist_builder.report import write

    if outputs.count("-") > 1:
        raise click.UsageError("Standard output holds one document: give '-o -' once.")
    suffixes = [".html" if file == "-" else write.format_of(file) for file in outputs]
    loaded = api.load_session(session)
    if not outputs:
        output.print_session(loaded)
        return
    protect_music(outputs, library_of(loaded, None))
    today = datetime.now().astimezone().date()
    files = [
        write.rendered(
            loaded, suffix, folder=output.folder_of(file), language=language, today=today
        )
        for suffix, file in zip(suffixes, outputs, strict=True)
    ]
    output.write_files(zip(outputs, files, strict=True))
    if ".html" in suffixes:
        output.warn_missing_files(loaded, session)
