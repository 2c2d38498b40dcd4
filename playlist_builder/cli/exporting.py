"""The command that writes a session for a player."""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import click

from playlist_builder.cli.common import shown
from playlist_builder.cli.delivery import OUTPUT_HELP, write
from playlist_builder.playlists.dialects import PLAYERS

if TYPE_CHECKING:
    from playlist_builder.path_map import PathMap
    from playlist_builder.playlists.dialects import NormalForm


class Root(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """FROM=TO: a folder here, and what it is called where the player is."""

    name = "root"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "PathMap":
        """Return both; the first `=` behind which a place begins parts them."""
        from playlist_builder.path_map import PathMap, is_path_root

        parts = [(value[: sign.start()], value[sign.end() :]) for sign in re.finditer("=", value)]
        for old, new in parts:
            if old and is_path_root(new):
                return PathMap(os.path.abspath(os.path.expanduser(old)), new)
        return self.fail(f"'{value}': give FROM=TO, such as ~/Music=/volume1/music, TO in full.")


class Codepage(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """The name of a codepage that Python knows and in which M3U can be written."""

    name = "codepage"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name."""
        from playlist_builder.playlists.dialects import is_codepage

        if not is_codepage(value):
            self.fail(f"'{value}' is no codepage. Give one such as cp1252, shift_jis or utf-8.")
        return str(value)


@click.command()
@click.argument("session", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    required=True,
    metavar="FILE",
    help=OUTPUT_HELP,
)
@click.option(
    "--player",
    type=click.Choice(list(PLAYERS), case_sensitive=False),
    help="Write as this player wants it.",
)
@click.option(
    "--map",
    "roots",
    type=Root(),
    multiple=True,
    metavar="FROM=TO",
    help="Write TO for the folder FROM, as on a NAS, a phone or in a container. Repeatable.",
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
    type=Codepage(),
    help="Encoding of .m3u; as the player wants it, or else cp1252.",
)
def export(  # noqa: PLR0913, PLR0917 - each is an option
    session: str,
    outputs: Sequence[str],
    player: str | None,
    roots: "Sequence[PathMap]",
    relative_to: str | None,
    normal_form: str,
    codepage: str | None,
    *,
    absolute: bool,
) -> None:
    """Write a SESSION file (.json) as playlists, each in the format of its suffix."""
    from playlist_builder.path_map import is_path_root
    from playlist_builder.playlists import session_json
    from playlist_builder.playlists.dialects import ANY, unmapped

    if absolute and relative_to is not None:
        raise click.UsageError("--absolute and --relative-to exclude each other; give one of them.")
    dialect = ANY if player is None else PLAYERS[player.lower()]
    if relative_to is not None and not is_path_root(relative_to):
        relative_to = os.path.abspath(os.path.expanduser(relative_to))
    dialect = replace(
        dialect,
        path_maps=tuple(roots),
        absolute=dialect.absolute or absolute,
        relative_to=relative_to,
        normal_form=cast("NormalForm", normal_form),
        codepage=codepage or dialect.codepage,
    )
    loaded = session_json.load_session(session)
    write([(loaded, output) for output in outputs], dialect)
    paths = tuple(slot.path for slot in (*loaded.slots, *loaded.tail))
    if gone := [path for path in paths if not os.path.isfile(path)]:
        told = f"{len(gone)} of {len(paths)} files are not there, such as {gone[0]!r}."
        click.echo(shown(f"{told} See 'playlist-builder check {session}'."), err=True)
    if roots and (outside := unmapped(paths, dialect)):
        count = f"{len(outside)} of {len(paths)} tracks lie"
        click.echo(shown(f"{count} under no folder of --map, such as {outside[0]!r}"), err=True)


COMMANDS = (export,)
