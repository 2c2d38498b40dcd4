"""The command that writes a session for a player: export. `build` writes playlists by it too."""

import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.library import library_of, protect_music
from playlist_builder.cli.main import main
from playlist_builder.path_map import PathMap, is_path_root
from playlist_builder.playlists.dialects import ANY, PLAYERS, Dialect, unmapped

PLAYLISTS = ".m3u8", ".m3u", ".pls", ".xspf", ".jspf", ".csv"
PAGES = ".html", ".svg", ".png", ".pdf"


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
def export(
    session: str,
    outputs: Sequence[str],
    player: str | None,
    maps: Sequence[PathMap],
    relative_to: str | None,
    normal_form: Any,
    codepage: str | None,
    *,
    absolute: bool,
) -> None:
    """Write a SESSION file (.json) as playlists, each in the format of its suffix."""
    if absolute and relative_to is not None:
        raise click.UsageError("--absolute and --relative-to exclude each other; give one of them.")
    if relative_to is not None and not is_path_root(relative_to):
        relative_to = os.path.abspath(os.path.expanduser(relative_to))
    dialect = ANY if player is None else PLAYERS[player.lower()]
    dialect = replace(
        dialect,
        path_maps=tuple(maps),
        absolute=dialect.absolute or absolute,
        relative_to=relative_to,
        normal_form=normal_form,
        codepage=codepage or dialect.codepage,
    )
    loaded = api.load_session(session)
    protect_music(outputs, library_of(loaded, None))
    write_playlists([(loaded, file) for file in outputs], dialect)
    output.warn_missing_files(loaded, session)
    if dialect.levels and loaded.request is not None and not loaded.request.levelled:
        output.print_message(
            f"{dialect.player} plays tracks equally loud where it knows their gain, and this"
            " session was built for their own loudness. For that player build it with --levelled"
        )
    paths = tuple(slot.path for slot in (*loaded.slots, *loaded.tail))
    if maps and (outside := unmapped(paths, dialect)):
        count = f"{len(outside)} of {len(paths)} tracks lie"
        output.print_message(f"{count} under no folder of --map, such as {outside[0]!r}")


def check_outputs(
    outputs: Sequence[str], *, as_json: bool, count: int = 1, trims: bool = False
) -> None:
    """Raise on an unknown format, or on two documents for standard output, before all else.

    Where a session `trims` tracks, on every playlist as well.
    """
    from playlist_builder.playlists.formats import WHOLE, format_of

    if "-" in outputs and (as_json or count > 1 or outputs.count("-") > 1):
        raise click.UsageError("Standard output holds one document: leave out '-o -' or the other.")
    for file in outputs:
        if file != "-":
            format_of(file)
        if trims and os.path.splitext(file)[1].lower() not in WHOLE:
            raise click.UsageError(
                "A playlist plays whole tracks. With --trim write a session, such as -o night.json,"
                " and give that to 'render', 'copy' or 'export --player vlc'."
            )


def write_playlists(
    sessions: "Sequence[tuple[api.Session, str]]",
    dialect: Dialect = ANY,
    *,
    marks: Collection[str] = (),
) -> None:
    """Write each session to its output, and none where one of them cannot be held.

    Files among `marks` get a comment by which they are known as ours.
    """
    from playlist_builder import companion
    from playlist_builder.cli.numbered import marked
    from playlist_builder.playlists.formats import render_bytes
    from playlist_builder.playlists.write import render

    def content(session: "api.Session", file: str) -> bytes:
        if file == "-":
            return render_bytes(session, ".m3u8", folder=os.getcwd(), dialect=dialect)
        data = render(session, file, dialect=dialect)
        return marked(data, file) if file in marks else data

    spares = [(file, _spares_text(each, file, dialect)) for each, file in _spares(sessions)]
    output.write_files([(file, content(session, file)) for session, file in sessions])
    for file, data in spares:
        output.print_message(companion.write_beside(file, data) or f"Wrote {file}")


def renewal(session: str, written: Sequence[str] = ()) -> str:
    """Say which files beside a session, under its name, are older now and what renews them.

    Those that were `written` with it are not. Where there are none of either, it says how to write
    one.
    """
    import shlex

    stem = os.path.splitext(session)[0]
    files = (stem + suffix for suffix in (*PLAYLISTS, *PAGES))
    beside = [file for file in files if os.path.isfile(file) and file not in written]
    if written and not beside:
        return ""
    if not beside:
        return "For a player, export it again: playlist-builder export SESSION -o FILE.m3u8"
    commands = [
        f"playlist-builder {name} {shlex.quote(session)} -o {shlex.quote(file)}"
        for name, suffixes in (("export", PLAYLISTS), ("report", PAGES))
        for file in beside
        if file.endswith(suffixes)
    ]
    return "\n".join(["These hold the session as it was before; renew them:", *commands])


def _spares_text(session: "api.Session", file: str, dialect: Dialect) -> bytes:
    from playlist_builder import companion
    from playlist_builder.playlists.write import render

    return companion.marked(render(session, file, dialect=dialect), "#")


def _spares(sessions: "Sequence[tuple[api.Session, str]]") -> "list[tuple[api.Session, str]]":
    """Return the spares of sessions as playlists beside theirs, for when a track is skipped."""
    from playlist_builder.companion import is_own

    found: dict[str, tuple[api.Session, str]] = {}
    for session, file in sessions:
        stem, suffix = os.path.splitext(file)
        if file == "-" or suffix.lower() == ".json":
            continue
        slots = tuple(
            replace(each.slot, phase=f"{each.slot.phase}, for number {each.place}")
            for each in session.spares
        )
        path = f"{stem}.spares.m3u8"  # every player reads it
        if slots or is_own(path):  # those of the session that was here before are emptied
            found[path] = (replace(session, slots=slots, tail=(), spares=()), path)
    return list(found.values())
