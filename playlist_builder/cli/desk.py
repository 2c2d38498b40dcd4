"""The command that opens the page of the person who sits beside: desk."""

import os

import click

from playlist_builder.cli import options, output
from playlist_builder.cli.language import _, language
from playlist_builder.cli.library import file_of
from playlist_builder.cli.main import main
from playlist_builder.errors import DeskError


@main.command()
@click.argument("session", required=False)
@click.option("--no-browser", is_flag=True, help="Only show the address; do not open a browser.")
@options.library_option
def desk(session: str | None, library: str | None, *, no_browser: bool) -> None:
    """Open a page on this machine to prepare a session, and to steer it while it plays.

    It begins with SESSION, or the last one. Nobody but this machine can open it. Ctrl-C ends it.
    """
    try:
        from playlist_builder.desk import serve
        from playlist_builder.desk.address import Address
    except ModuleNotFoundError as error:
        raise DeskError(
            "The desk needs two more packages: pip install 'playlist-builder[desk]'"
        ) from error

    path = os.path.abspath(file_of(library))
    found = serve.running(path)
    if found is not None:
        output.print_message(_("The desk is open already: {address}").format(address=found.url))
        if not no_browser:
            serve.show(found)
        return

    def ready(address: Address) -> None:
        output.print_message(
            _("The desk is at {address}  (Ctrl-C ends it)").format(address=address.url)
        )
        if not no_browser:
            serve.show(address)

    serve.serve(
        path,
        session=session,
        language=language(),
        folders=options.profile_folders(),
        ready=ready,
    )
