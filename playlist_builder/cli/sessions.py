"""Commands that make sessions: build, reorder, demo."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from playlist_builder.cli.common import (
    Duration,
    json_option,
    library_option,
    profile_folders,
    scanned,
)
from playlist_builder.cli.delivery import OUTPUT_HELP, check_outputs, deliver
from playlist_builder.errors import PlaylistError

if TYPE_CHECKING:
    from playlist_builder.models import Call, Session

DEMO_SEED = 1
DEMO_MINUTES = 20.0
DEMO_TRACK_MINUTES = (0.5, 15.0)
TOLERANCE_S = 30.0

F = TypeVar("F", bound=Callable[..., Any])

outputs_option = click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help=OUTPUT_HELP,
)
vocals_option = click.option(
    "--vocals",
    type=click.Choice(["exclude", "strict", "allow-wordless", "allow"]),
    help="exclude: no sung or spoken track; strict: only those known to have no voice.",
)
seed_option = click.option(
    "--seed", type=int, default=0, show_default=True, help="Other seed, other session."
)
explain_option = click.option(
    "--explain", is_flag=True, help="Say for each slot why it is there, and what the runner-up was."
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Show the session and write nothing.")


def _queries(name: str, what: str) -> Callable[[F], F]:
    return click.option(
        f"--{name}", multiple=True, metavar="QUERY", help=f"{what} (see 'tracks'). Repeatable."
    )


@click.command()
@click.argument("profile", default="arc")
@click.option(
    "--music",
    "folders",
    multiple=True,
    type=click.Path(exists=True),
    help="Scan this folder first, and use its tracks only. Repeatable.",
)
@outputs_option
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
@vocals_option
@click.option(
    "--track-minutes",
    nargs=2,
    type=click.FloatRange(min=0),
    metavar="MIN MAX",
    help="Shortest and longest track.",
)
@_queries("include", "Only tracks that a tag query names")
@_queries("exclude", "No track that a tag query names")
@_queries("prefer", "Rather tracks that a tag query names")
@click.option(
    "--avoid",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    help="No track of this playlist or session. Repeatable.",
)
@click.option(
    "--pin",
    "pins",
    multiple=True,
    metavar="TRACK[@PLACE]",
    help="This track must be in: anywhere, as number 3 (@3) or last (@-1), or at 12:30 (@12:30).",
)
@click.option(
    "--tolerance",
    type=Duration(allow_zero=True),
    default="0.5m",
    show_default=True,
    help="How much longer or shorter it may be.",
)
@seed_option
@click.option(
    "--alternatives",
    type=click.IntRange(1, 20),
    default=1,
    help="So many sessions that share at most half of their tracks.",
)
@click.option("--allow-short", is_flag=True, help="Make a shorter session if there is too little.")
@explain_option
@dry_run_option
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
    include: Sequence[str],
    exclude: Sequence[str],
    prefer: Sequence[str],
    avoid: Sequence[str],
    pins: Sequence[str],
    tolerance: float,
    seed: int,
    alternatives: int,
    library: str | None,
    *,
    allow_short: bool,
    explain: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Build a session that follows PROFILE (a name, or a TOML file); arc if not said.

    With --alternatives the second session is written to FILE-2, and so on; --json prints a list.
    """
    from playlist_builder import profiles
    from playlist_builder.models import Call

    call = Call(
        profile=os.path.abspath(profile) if profiles.is_path(profile) else profile,
        profile_text=profiles.text(profile, folders=profile_folders()),
        duration_s=duration,
        levels=tuple(levels),
        scale=cast("Any", scale),
        vocals=vocals,
        track_minutes=track_minutes,
        include=tuple(include),
        exclude=tuple(exclude),
        prefer=tuple(prefer),
        avoid=tuple(map(os.path.abspath, avoid)),
        pins=tuple(pins),
        tolerance_s=tolerance,
        seed=seed,
        allow_short=allow_short,
        music=tuple(map(os.path.abspath, folders)),
        library=os.path.abspath(library) if library else None,
    )
    make(
        call,
        outputs,
        range(1, alternatives + 1),
        explain=explain,
        dry_run=dry_run,
        as_json=as_json,
    )


def make(  # noqa: PLR0913 - each is an option
    call: "Call",
    outputs: Sequence[str],
    numbers: range,
    *,
    notes: Sequence[str] = (),
    explain: bool = False,
    dry_run: bool = False,
    as_json: bool = False,
) -> "list[Session]":
    """Make what a call asks for; of its alternatives deliver and return those of `numbers`."""
    from playlist_builder import asking
    from playlist_builder.library import Library

    profile = asking.planned(call, folders=profile_folders())
    check_outputs(outputs, as_json=as_json, alternatives=len(numbers))
    with Library.open(call.library) as opened:
        if call.music:
            scanned(opened, call.music)
        asked = asking.asked(call, profile, opened)
    asked = asked.holdable(
        {os.path.splitext(each)[1].lower() or ".m3u8" for each in outputs or ("-",)}
    )
    sessions = [
        replace(session, warnings=(*session.warnings, *notes))
        for number, session in enumerate(asked.sessions(numbers[-1]), start=1)
        if number in numbers
    ]
    deliver(
        sessions,
        outputs,
        explained=asked.explained if explain else None,
        as_json=as_json,
        dry_run=dry_run,
    )
    return sessions


@click.command()
@click.argument("playlist", type=click.Path(exists=True, dir_okay=False))
@click.argument("profile", default="arc")
@outputs_option
@click.option(
    "--duration", type=Duration(), help="The best of its tracks for this length, not all of them."
)
@vocals_option
@seed_option
@click.option("--allow-short", is_flag=True, help="Make a shorter session if there is too little.")
@explain_option
@dry_run_option
@library_option
@json_option
def reorder(  # noqa: PLR0913, PLR0917 - each is an option
    playlist: str,
    profile: str,
    outputs: Sequence[str],
    duration: float | None,
    vocals: str | None,
    seed: int,
    library: str | None,
    *,
    allow_short: bool,
    explain: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Put the tracks of PLAYLIST (M3U, M3U8, PLS, XSPF or a session) in the order of PROFILE.

    All of them are used, whatever their length, voice or artist, though of a session not the tail;
    with --duration the best of those that keep the rules of the profile. Levels are percentiles of
    the playlist.
    """
    from playlist_builder import playlists, profiles, session_file
    from playlist_builder.library import Library
    from playlist_builder.models import Call

    profile_text = profiles.text(profile, folders=profile_folders())
    check_outputs(outputs, as_json=as_json)
    data = playlists.read(playlist)
    entries = playlists.parse(data, playlist)
    if playlists.kind_of(data, playlist) == "session":
        entries = entries[: len(session_file.load(playlist).slots)]
    paths, lost = playlists.located(
        entries, os.path.dirname(os.path.abspath(playlist)), os.path.isfile
    )
    if not paths:
        raise PlaylistError(f"None of the {len(lost)} entries of {playlist!r} leads to a file.")
    with Library.open(library) as opened:
        report = scanned(opened, list(dict.fromkeys(paths)))
        at = opened.identities(paths)
    # Under the very path that the playlist names: the library may know the music elsewhere too.
    tracks = {at[path]: path for path in reversed(paths) if path in at}
    if not tracks:
        raise PlaylistError(f"None of the entries of {playlist!r} is music that can be read.")
    notes = [f"not found: {entry.location}" for entry in lost]
    notes += [f"left out: {each.path}: {each.reason}" for each in report.skipped]
    if repeated := sum(path in at for path in paths) - len(tracks):
        notes.append(f"left out: {repeated} entries that repeat other music of the playlist")
    call = Call(
        profile=os.path.abspath(profile) if profiles.is_path(profile) else profile,
        profile_text=profile_text,
        duration_s=duration,
        vocals=vocals,
        tolerance_s=TOLERANCE_S,
        seed=seed,
        allow_short=allow_short,
        library=os.path.abspath(library) if library else None,
        playlist=tuple(tracks.values()),
        listed=tuple(tracks),
    )
    make(
        call,
        outputs,
        range(1, 2),
        notes=notes,
        explain=explain,
        dry_run=dry_run,
        as_json=as_json,
    )


@click.command()
@click.argument("folder", default="playlist-builder-demo", type=click.Path(file_okay=False))
@json_option
def demo(folder: str, *, as_json: bool) -> None:
    """Make short pieces of music in FOLDER, scan them, and build a session from them."""
    from playlist_builder import demo as room
    from playlist_builder import profiles
    from playlist_builder.models import Call

    place = Path(folder).absolute()
    click.echo(f"Making music in {folder} ...", err=True)
    place.mkdir(parents=True, exist_ok=True)
    room.write(place / "music", DEMO_SEED)
    call = Call(
        profile="arc",
        profile_text=profiles.text("arc"),
        duration_s=60 * DEMO_MINUTES,
        track_minutes=DEMO_TRACK_MINUTES,
        music=(os.fspath(place / "music"),),
        library=os.fspath(place / "library.db"),
    )
    make(call, [os.path.join(folder, "demo.m3u8")], range(1, 2), as_json=as_json)


COMMANDS = (build, reorder, demo)
