"""The command that writes a session for a player: export."""

import os
from collections.abc import Sequence
from typing import Any

import click

from playlist_builder.cli import options, output
from playlist_builder.cli.language import _
from playlist_builder.cli.library import library_of, protect_music
from playlist_builder.cli.main import main
from playlist_builder.cli.session import OpenedSession, open_session, warn_banned
from playlist_builder.cli.written import (
    check_outputs,
    content,
    dialect_of,
    remember,
    write_contents,
)
from playlist_builder.files.path_map import PathMap, is_path_root
from playlist_builder.playlists.dialects import PLAYERS, Dialect, left_behind, unmapped


@main.command()
@options.session_argument
@options.outputs_option(options.PLAYLIST_FORMATS, required=True)
@click.option(
    "--player",
    type=click.Choice(list(PLAYERS), case_sensitive=False),
    help="Write as this player wants it.",
)
@options.maps_option(
    "Write TO for the folder FROM, as on a NAS, a phone or in a container. Repeatable.",
    absolute=True,
)
@click.option("--absolute", is_flag=True, help="Write whole paths.")
@click.option(
    "--relative-to",
    metavar="FOLDER",
    help="Write paths as seen from FOLDER (named as the player names it), not from the playlist.",
)
@click.option(
    "--normal-form",
    type=click.Choice(["keep", "nfc", "nfd"]),
    default="keep",
    show_default=True,
    help="Unicode form of the paths.",
)
@click.option(
    "--codepage",
    type=options.codepage,
    help="Encoding of .m3u; as the player wants it, or else cp1252.",
)
@click.option(
    "--without-files",
    is_flag=True,
    help="Write a list of the works alone, to share: .xspf, .jspf or .csv; 'resolve' finds them in"
    " another library.",
)
@options.times_options
@options.session_library_option
def export(
    session: str | None,
    outputs: Sequence[str],
    library: str | None,
    player: str | None,
    maps: Sequence[PathMap],
    relative_to: str | None,
    **settings: Any,
) -> None:
    """Write SESSION as playlists, each in the format of its suffix.

    They are written again whenever the session is changed, as long as nobody else changes them.
    With --gap or --crossfade their comments and the report tell the times at which that player
    plays; what it does is set in the player.
    """
    if settings["without_files"] and (player or maps or settings["absolute"] or relative_to):
        raise click.UsageError(_("--without-files names no file: leave out what says how to."))
    if settings["absolute"] and relative_to is not None:
        raise click.UsageError(
            _("--absolute and --relative-to exclude each other; give one of them.")
        )
    if relative_to is not None and not is_path_root(relative_to):
        relative_to = os.path.abspath(os.path.expanduser(relative_to))
    form = settings | {
        "player": player and player.lower(),
        "maps": [(each.here, each.there) for each in maps],
        "relative_to": relative_to,
    }
    form = {key: value for key, value in form.items() if value}
    check_outputs(outputs, as_json=False, dialect=dialect_of(form))
    given = open_session(session, library)
    protect_music(outputs, library_of(given.session, None))
    contents = [content(given.session, given.text, file, form) for file in outputs]
    remember(given, contents)
    write_contents(given.session, contents)
    warn_banned(given, given.session)
    if not dialect_of(form).without_files:
        output.warn_missing_files(given.session, given.word)
        _tell(given, outputs, dialect_of(form))


def _tell(given: OpenedSession, outputs: Sequence[str], dialect: Dialect) -> None:
    """Print what the player will make of the session otherwise than planned."""
    from playlist_builder.playlists.formats import WHOLE

    request = given.session.request
    if dialect.levels and request is not None and not request.levelled:
        output.print_message(
            _(
                "{player} plays tracks equally loud where it knows their gain, and this"
                " session was built for their own loudness. For that player build it with"
                " --levelled"
            ).format(player=dialect.player)
        )
    if any(os.path.splitext(file)[1].lower() not in WHOLE for file in outputs):
        output.tell_silences(given.session)
        output.tell_steps(given.session, levelled=dialect.levels)
    paths = tuple(slot.path for slot in (*given.session.slots, *given.session.tail))
    folders = {output.folder_of(file) for file in outputs}
    if lost := {path for folder in folders for path in left_behind(paths, folder, dialect)}:
        output.print_message(
            _(
                "{count} of {total} paths lead nowhere on the phone, such as {path!r}. Take"
                " the tracks along with 'playlist-builder copy {session} FOLDER --for-phone', or"
                " say with --map where they lie there"
            ).format(count=len(lost), total=len(paths), path=min(lost), session=given.word)
        )
    if dialect.path_maps and (outside := unmapped(paths, dialect)):
        output.print_message(
            _("{count} of {total} tracks lie under no folder of --map, such as {path!r}").format(
                count=len(outside), total=len(paths), path=outside[0]
            )
        )
