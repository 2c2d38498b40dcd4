"""The command that prepares blocks of music to choose from: menu."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from playlist_builder.cli import options, output
from playlist_builder.cli.build import select
from playlist_builder.cli.language import _, language
from playlist_builder.cli.main import main
from playlist_builder.cli.numbered import unnamed
from playlist_builder.cli.request import request_of, request_options
from playlist_builder.cli.written import content

if TYPE_CHECKING:
    from playlist_builder.arranger.menu import Menu
    from playlist_builder.arranger.parts import Part


@main.command()
@options.profile_argument
@click.option(
    "--blocks",
    "count",
    type=click.IntRange(2, 9),
    default=3,
    show_default=True,
    help="How many blocks to choose from in each part.",
)
@click.option(
    "--for",
    "name",
    metavar="NAME",
    help="Use nothing that was played for NAME lately, and mind its ratings and bans.",
)
@request_options
def menu(
    profile: str,
    count: int,
    outputs: Sequence[str],
    called: str,
    *,
    dry_run: bool,
    as_json: bool,
    **fields: Any,
) -> None:
    """Prepare blocks of music for each part of PROFILE, to choose from while a session runs.

    Any block of a part may follow any of the part before: each path is a session that plays no
    recording twice. A part lasts 15 to 30 minutes: short phases are joined, longer ones cut. With
    -o NAME.m3u8 the blocks are written to NAME-1-calm-a.m3u8 and so on, and a calm tail to
    NAME-tail.m3u8. What is played of them is not known, so it is not kept in a history.
    """
    from playlist_builder.arranger.parts import parts_of
    from playlist_builder.report.language import LANGUAGES
    from playlist_builder.report.menu_text import block_name, menu_text
    from playlist_builder.sessions.build import profile_of
    from playlist_builder.sessions.menu import build_menu

    _check(outputs, called, fields["trim_s"])
    request = request_of(profile, **fields)
    parts = parts_of(profile_of(request, folders=options.profile_folders()).music)
    files = {
        block_name(number, place): _files(outputs, _stem(number, part, block_name(number, place)))
        for number, part in enumerate(parts)
        for place in range(count)
    } | {"tail": _files(outputs, "tail")}
    selection, _ = select(request, outputs, list(files.values()), as_json=as_json)
    made = build_menu(selection, count)
    sessions = {
        block_name(number, place): block
        for number, blocks in enumerate(made.blocks)
        for place, block in enumerate(blocks)
    }
    if made.worst.tail:
        sessions["tail"] = made.tail
    written = {} if dry_run else files
    first = {name: os.path.basename(own[0]) for name, own in written.items() if own}
    output.print_drawing(
        menu_text(made, width=output.width(), files=first, language=LANGUAGES[language()]),
        err=as_json,
    )
    marks = unnamed(outputs, list(files.values()))
    contents = [
        content(session, "", file, {}, is_marked=file in marks)
        for name, session in sessions.items()
        for file in written.get(name, ())
    ]
    output.write_files([(each.path, each.data) for each in contents])
    if as_json:
        output.print_json(_document(made, written))


def _check(outputs: Sequence[str], called: str, trim_s: float) -> None:
    """Raise on what no menu can be, before all else."""
    if called:
        raise click.UsageError(_("A menu is many sessions, and kept under no name: no --name."))
    if trim_s:
        raise click.UsageError(_("The blocks of a menu are playlists of whole tracks: no --trim."))
    if any(os.path.splitext(file)[1].lower() == ".json" for file in outputs):
        raise click.UsageError(
            _(
                "A menu is many playlists: give -o a playlist such as night.m3u8; --json prints"
                " it all."
            )
        )
    if "-" in outputs:
        raise click.UsageError(_("Standard output holds one playlist: give -o a file."))


def _stem(number: int, part: "Part", name: str) -> str:
    """Return what stands behind the name of a menu in that of a block, such as 1-calm-a."""
    return "-".join([str(number + 1), *part.phases, name[-1]])


def _files(outputs: Sequence[str], ending: str) -> list[str]:
    from playlist_builder.files import filenames

    parts = (os.path.splitext(file) for file in outputs)
    ending = ending.replace(" ", "-")
    return [
        os.path.join(
            os.path.dirname(stem), filenames.safe(f"{os.path.basename(stem)}-{ending}", suffix)
        )
        for stem, suffix in parts
    ]


def _document(menu: "Menu", files: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """Return a menu as plain values; the slots are those of a session document."""
    from playlist_builder.playlists import session_json
    from playlist_builder.report.menu_text import block_name

    worst = menu.worst
    parts = [
        {
            "number": number + 1,
            "phases": part.phases,
            "start_s": part.start_s,
            "end_s": part.end_s,
            "blocks": [
                {
                    "name": (name := block_name(number, place)),
                    "files": files.get(name, ()),
                    "duration_s": block.duration_s,
                    "rms_error": block.rms_error,
                    "slots": session_json.document(block)["slots"],
                    "silences": session_json.document(block).get("silences", ()),
                }
                for place, block in enumerate(blocks)
            ],
        }
        for number, (part, blocks) in enumerate(zip(menu.parts, menu.blocks, strict=True))
    ]
    return {
        "profile": worst.profile,
        "scale": worst.scale,
        "seed": worst.seed,
        "target_s": worst.target_s,
        "paths": menu.paths,
        "shortest_s": menu.shortest_s,
        "longest_s": menu.longest_s,
        "worst_rms_error": worst.rms_error,
        "best_rms_error": menu.best_error,
        "alone_rms_error": menu.alone_error,
        "parts": parts,
        "tail": {
            "files": files.get("tail", ()) if worst.tail else (),
            "slots": session_json.document(worst)["tail"],
        },
        "warnings": [str(each) for each in menu.warnings],
        "relaxed": [str(each) for each in menu.relaxed],
    }
