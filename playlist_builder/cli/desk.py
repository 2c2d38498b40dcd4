"""The command that opens the page of the person who sits beside: desk."""

import os
from collections.abc import Sequence
from functools import cache, partial

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.language import _, language
from playlist_builder.cli.library import file_of
from playlist_builder.cli.main import main
from playlist_builder.cli.push import password_of
from playlist_builder.errors import DeskError
from playlist_builder.files.path_map import PathMap


@main.command()
@click.argument("session", required=False)
@click.option("--no-browser", is_flag=True, help="Only show the address; do not open a browser.")
@click.option(
    "--player",
    "target",
    metavar="mpd://HOST",
    help="Have this MPD play what the page begins; mpd:///path for its local socket.",
)
@options.maps_option("With --player: folder FROM is TO there. Repeatable.")
@click.option(
    "--insecure",
    is_flag=True,
    help="With --player: allow a login that can be read on the way there.",
)
@options.library_option
def desk(
    session: str | None,
    target: str | None,
    maps: Sequence[PathMap],
    library: str | None,
    *,
    no_browser: bool,
    insecure: bool,
) -> None:
    """Open a page on this machine to prepare a session, and to steer it while it plays.

    It begins with SESSION, or the last one. With --player an MPD plays it, and goes on when the
    page is closed; every track has to be known to it. A password comes from the same places as that
    of 'push'. Nobody but this machine can open it. Ctrl-C ends it.
    """
    try:
        from playlist_builder.desk import serve
        from playlist_builder.desk.address import Address
    except ModuleNotFoundError as error:
        raise DeskError(
            "The desk needs two more packages: pip install 'playlist-builder[desk]'"
        ) from error

    if maps and target is None:
        raise click.UsageError(_("--map needs --player."))
    if insecure and target is None:
        raise click.UsageError(_("--insecure needs --player."))
    path = os.path.abspath(file_of(library))

    def waits() -> None:
        output.print_message(_("A desk of this library runs already. Waiting for its answer ..."))

    with serve.only(path, waits) as found:
        if found is not None:
            output.print_message(
                _("The desk is open already: {address}").format(address=serve.link(found))
            )
            if not no_browser:
                serve.show(found)
            return
        player = None
        if target is not None:
            password = cache(password_of(target))
            connect = partial(api.connect_player, target, password, insecure=insecure)
            with connect():  # asks for the password, and tells at once where nothing answers
                player = serve.Outside(target, connect, maps)

        def ready(address: Address) -> None:
            output.print_message(
                _("The desk is at {address}  (Ctrl-C ends it)").format(address=serve.link(address))
            )
            if not no_browser:
                serve.show(address)

        serve.serve(
            path,
            session=session,
            language=language(),
            folders=options.profile_folders(),
            ready=ready,
            player=player,
        )
    output.print_message(_("The desk is closed."))
