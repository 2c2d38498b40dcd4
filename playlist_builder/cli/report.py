"""The command that shows a session, on the terminal or as a page or picture: report."""

from collections.abc import Sequence

import click

from playlist_builder.cli import options, output
from playlist_builder.cli.language import _
from playlist_builder.cli.language import language as user_language
from playlist_builder.cli.library import library_of, protect_music
from playlist_builder.cli.main import main
from playlist_builder.cli.session import open_session, warn_banned
from playlist_builder.cli.written import (
    hinting,
    page,
    played,
    remember,
    times_of,
    write_contents,
)
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
    help="Language of the page or picture; your own if not given.",
)
@options.notes_option
@options.times_options
@options.session_library_option
def report(
    session: str | None,
    outputs: Sequence[str],
    language: str | None,
    library: str | None,
    **times: float | None,
) -> None:
    """Show SESSION: here, or as a page to read, print and listen to.

    The page links to the tracks where they are, so that it plays them as long as both stay there.
    Times are those of a player without gaps; with --gap or --crossfade, also where 'export' was
    given them, those of a player that has them. 'render' writes a report of its own times.
    """
    from playlist_builder.report import write

    if outputs.count("-") > 1:
        raise click.UsageError(_("Standard output holds one document: give '-o -' once."))
    suffixes = []
    for file in outputs:
        with hinting(file, "report"):
            suffixes.append(".html" if file == "-" else write.format_of(file))
    given = open_session(session, library)
    warn_banned(given, given.session)
    own = times_of(given, times)
    if not outputs:
        output.print_session(played(given.session, own), again=given.command("report"))
        return
    protect_music(outputs, library_of(given.session, None))
    form = {"language": language or user_language()} | own
    contents = [
        page(given.session, file, suffix, form, given.kept)
        for file, suffix in zip(outputs, suffixes, strict=True)
    ]
    remember(given, contents)
    write_contents(given.session, contents)
    if ".html" in suffixes:
        output.warn_missing_files(given.session, given.word)
