"""Commands that make sessions: build, export, demo."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from playlist_builder.cli.common import (
    Duration,
    draws_unicode,
    json_option,
    library_option,
    lies_in,
    profile_folders,
    scanned,
    shown,
    width,
)
from playlist_builder.errors import LibraryError

if TYPE_CHECKING:
    from playlist_builder.curve import Profile, VocalsRule
    from playlist_builder.models import Session, Track
    from playlist_builder.rules import Request

DEMO_SEED = 1
DEMO_MINUTES = 20.0
DEMO_TRACK_S = (30.0, 900.0)


@click.command()
@click.argument("profile", default="arc")
@click.option(
    "--music",
    "folders",
    multiple=True,
    type=click.Path(exists=True),
    help="Scan this folder first, and use its tracks only. Repeatable.",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="Write .m3u8 or .json; - is standard output. Repeatable.",
)
@click.option("--duration", type=Duration(), help="Length, such as 60m or 1h30m.")
@click.option(
    "--level",
    "levels",
    multiple=True,
    metavar="[PHASE=]LEVEL",
    help="Hold a phase, or all of the profile, at one level. Repeatable.",
)
@click.option(
    "--scale",
    type=click.Choice(["relative", "absolute"]),
    default="relative",
    show_default=True,
    help="Levels are percentiles of your library, or absolute.",
)
@click.option(
    "--vocals",
    type=click.Choice(["exclude", "strict", "allow-wordless", "allow"]),
    help="exclude: no sung or spoken track; strict: only those known to have no voice.",
)
@click.option(
    "--track-minutes",
    nargs=2,
    type=click.FloatRange(min=0),
    metavar="MIN MAX",
    help="Shortest and longest track.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Other seed, other session.")
@click.option("--allow-short", is_flag=True, help="Make a shorter session if there is too little.")
@click.option("--dry-run", is_flag=True, help="Show the session and write nothing.")
@library_option
@json_option
def build(  # noqa: PLR0913, PLR0917 - each is an option
    profile: str,
    folders: Sequence[str],
    outputs: Sequence[str],
    duration: float | None,
    levels: Sequence[str],
    scale: str,
    vocals: str | None,
    track_minutes: tuple[float, float] | None,
    seed: int,
    library: str | None,
    *,
    allow_short: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Build a session that follows PROFILE (a name, or a TOML file); arc if not said."""
    from playlist_builder import profiles
    from playlist_builder.export import format_of
    from playlist_builder.library import Library
    from playlist_builder.rules import Request

    wanted = profiles.load(profile, folders=profile_folders())
    for level in levels:
        wanted = _with_level(wanted, level)
    for output in outputs:
        if output != "-":
            format_of(output)
    rules = wanted.rules
    if vocals is not None:
        rules = replace(rules, vocals=cast("VocalsRule", vocals))
    if track_minutes is not None:
        rules = replace(rules, track_min_s=60 * track_minutes[0], track_max_s=60 * track_minutes[1])
    with Library.open(library) as opened:
        if folders:
            scanned(opened, folders)
        tracks = opened.tracks()
    if folders:
        roots = [os.path.abspath(folder) for folder in folders]
        tracks = [t for t in tracks if any(lies_in(t.path, root) for root in roots)]
    if not tracks:
        raise LibraryError("No tracks yet. Scan a folder first: playlist-builder scan FOLDER")
    session = _arranged(
        tracks,
        wanted,
        duration_s=duration,
        seed=seed,
        scale=scale,
        request=Request(rules=rules, allow_short=allow_short),
        as_m3u8=not outputs or any(output.endswith(("-", ".m3u8")) for output in outputs),
    )
    _deliver(session, outputs, as_json=as_json, dry_run=dry_run)


@click.command()
@click.argument("session", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    required=True,
    metavar="FILE",
    help="Write .m3u8 or .json; - is standard output. Repeatable.",
)
def export(session: str, outputs: Sequence[str]) -> None:
    """Write a SESSION file (.json) as a playlist."""
    from playlist_builder import session_file

    loaded = session_file.load(session)
    for output in outputs:
        _written(loaded, output)


@click.command()
@click.argument("folder", default="playlist-builder-demo", type=click.Path(file_okay=False))
@json_option
def demo(folder: str, *, as_json: bool) -> None:
    """Make short pieces of music in FOLDER, scan them, and build a session from them."""
    from playlist_builder import demo as room
    from playlist_builder import profiles as shipped
    from playlist_builder.library import Library
    from playlist_builder.rules import Request

    place = Path(folder)
    click.echo(f"Making music in {place} ...", err=True)
    place.mkdir(parents=True, exist_ok=True)
    room.write(place / "music", DEMO_SEED)
    profile = shipped.load("arc")
    shortest_s, longest_s = DEMO_TRACK_S
    rules = replace(profile.rules, track_min_s=shortest_s, track_max_s=longest_s)
    with Library.open(place / "library.db") as opened:
        scanned(opened, [os.fspath(place / "music")])
        found = opened.tracks()
    session = _arranged(
        found,
        profile,
        duration_s=60 * DEMO_MINUTES,
        seed=0,
        scale="relative",
        request=Request(rules=rules),
        as_m3u8=True,
    )
    _deliver(session, [os.fspath(place / "demo.m3u8")], as_json=as_json, dry_run=False)


def _arranged(  # noqa: PLR0913 - what build was asked
    tracks: "Sequence[Track]",
    profile: "Profile",
    *,
    duration_s: float | None,
    seed: int,
    scale: Any,
    request: "Request",
    as_m3u8: bool,
) -> "Session":
    from playlist_builder.arrange import arrange
    from playlist_builder.export import holdable

    refused: list[str] = []
    if as_m3u8:
        reasons = {track.identity: holdable(track.path) for track in tracks}
        refused = [
            f"left out {shown(track.path)}: {reasons[track.identity]}"
            for track in tracks
            if reasons[track.identity]
        ]
        tracks = [track for track in tracks if not reasons[track.identity]]
    session = arrange(
        tracks, profile, duration_s=duration_s, seed=seed, scale=scale, request=request
    )
    return replace(session, warnings=(*session.warnings, *refused))


def _deliver(session: "Session", outputs: Sequence[str], *, as_json: bool, dry_run: bool) -> None:
    from playlist_builder import session_file
    from playlist_builder.report import session_text

    text = session_text(session, width=width(), ascii_only=not draws_unicode())
    to_stdout = as_json or "-" in outputs
    click.echo(shown(text), err=to_stdout)
    if as_json:
        click.echo(session_file.dump(session), nl=False)
    if not dry_run:
        for output in outputs:
            _written(session, output)


def _written(session: "Session", output: str) -> None:
    from playlist_builder.export import render_text
    from playlist_builder.write import write_session

    if output == "-":
        sys.stdout.write(render_text(session, ".m3u8", folder=os.getcwd()))
        return
    write_session(session, output)
    click.echo(f"Wrote {shown(output)}", err=True)


def _with_level(profile: "Profile", text: str) -> "Profile":
    phase, _, level = text.rpartition("=")
    try:
        return profile.with_level(float(level), phase or None)
    except ValueError as error:
        raise click.BadParameter(f"'{text}': give a level from 0 to 1, or PHASE=LEVEL.") from error


COMMANDS = (build, export, demo)
