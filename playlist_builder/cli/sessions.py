"""Commands that make sessions: build, reorder, demo."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from playlist_builder.cli.common import (
    Days,
    Duration,
    json_option,
    library_option,
    now,
    open_library,
    profile_folders,
    scanned,
    tell_waiting,
)
from playlist_builder.cli.delivery import OUTPUT_HELP, check_outputs, deliver
from playlist_builder.errors import PlaylistError

if TYPE_CHECKING:
    from playlist_builder.library.library import Library
    from playlist_builder.models import Session, SessionRequest
    from playlist_builder.notices import Notice

DEMO_SEED = 1
DEMO_MINUTES = 20.0
DEMO_TRACK_MINUTES = (0.5, 15.0)
TOLERANCE_S = 30.0
WITHIN_S = 90 * 24 * 3600.0
"""How long what a name heard is not used again, if not said."""

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


_ASKING = (
    click.option(
        "--music",
        "folders",
        multiple=True,
        type=click.Path(exists=True),
        help="Scan this folder first, and use its tracks only. Repeatable.",
    ),
    outputs_option,
    click.option("--duration", type=Duration(), help="Length, such as 60m or 1h30m."),
    click.option(
        "--level",
        "levels",
        multiple=True,
        metavar="[PHASE=]LEVEL",
        help="Hold a phase, or all of the profile, at one level. Repeatable.",
    ),
    click.option(
        "--scale",
        type=click.Choice(["relative", "absolute"]),
        default="relative",
        show_default=True,
        help="Levels are percentiles of your library, or absolute.",
    ),
    vocals_option,
    click.option(
        "--track-minutes",
        nargs=2,
        type=click.FloatRange(min=0),
        metavar="MIN MAX",
        help="Shortest and longest track.",
    ),
    _queries("include", "Only tracks that a tag query names"),
    _queries("exclude", "No track that a tag query names"),
    _queries("prefer", "Rather tracks that a tag query names"),
    click.option(
        "--avoid",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False),
        help="No track of this playlist or session. Repeatable.",
    ),
    click.option(
        "--within",
        type=Days(),
        help="With a name: how long a track that it heard is not used again; 90d if not said.",
    ),
    click.option(
        "--tolerance",
        type=Duration(allow_zero=True),
        default="0.5m",
        show_default=True,
        help="How much longer or shorter it may be.",
    ),
    seed_option,
    dry_run_option,
    library_option,
    json_option,
)


def asking_options(command: F) -> F:
    """Give a command the options that every new session takes; `called` reads most of them."""
    for option in reversed(_ASKING):
        command = option(command)
    return command


def called(  # noqa: PLR0913 - each is an option
    profile: str,
    *,
    folders: Sequence[str],
    duration: float | None,
    levels: Sequence[str],
    scale: str,
    vocals: str | None,
    track_minutes: tuple[float, float] | None,
    include: Sequence[str],
    exclude: Sequence[str],
    prefer: Sequence[str],
    avoid: Sequence[str],
    tolerance: float,
    seed: int,
    library: str | None,
    name: str | None,
    within: float | None,
    pins: Sequence[str] = (),
    allow_short: bool = False,
) -> "SessionRequest":
    """Return what the options of a command ask for."""
    from playlist_builder.models import SessionRequest, person_name
    from playlist_builder.profiles import find as profiles

    if within is not None and name is None:
        raise click.UsageError("--within goes with a name: give --for NAME too.")
    request = SessionRequest(
        profile=os.path.abspath(profile) if profiles.is_path(profile) else profile,
        profile_text=profiles.read_text(profile, folders=profile_folders()),
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
    if name is None:
        return request
    within_s = WITHIN_S if within is None else within
    return replace(request, name=person_name(name), within_s=within_s, asked_at=now())


@click.command()
@click.argument("profile", default="arc")
@asking_options
@click.option(
    "--pin",
    "pins",
    multiple=True,
    metavar="TRACK[@PLACE]",
    help="This track must be in: anywhere, as number 3 (@3) or last (@-1), or at 12:30 (@12:30).",
)
@click.option(
    "--alternatives",
    type=click.IntRange(1, 20),
    default=1,
    help="So many sessions that share at most half of their tracks.",
)
@click.option("--allow-short", is_flag=True, help="Make a shorter session if there is too little.")
@click.option(
    "--for",
    "name",
    metavar="NAME",
    help="Use nothing that was played for NAME lately, and mind its ratings and bans.",
)
@explain_option
def build(  # noqa: PLR0913 - each is an option
    profile: str,
    outputs: Sequence[str],
    alternatives: int,
    *,
    explain: bool,
    dry_run: bool,
    as_json: bool,
    **said: Any,
) -> None:
    """Build a session that follows PROFILE (a name, or a TOML file); arc if not said.

    With --alternatives the second session is written to FILE-2, and so on; --json prints a list.
    A session that is written for a NAME is kept in its history: see 'history'.
    """
    request = called(profile, **said)
    if request.name is not None and alternatives > 1:
        raise click.UsageError(
            "A history holds the one session that is played: leave out --alternatives or --for."
        )
    make(
        request,
        outputs,
        range(1, alternatives + 1),
        explain=explain,
        dry_run=dry_run,
        as_json=as_json,
    )


def make(  # noqa: PLR0913 - each is an option
    request: "SessionRequest",
    outputs: Sequence[str],
    numbers: range,
    *,
    notes: "Sequence[Notice]" = (),
    explain: bool = False,
    dry_run: bool = False,
    as_json: bool = False,
) -> "list[Session]":
    """Make what a call asks for; of its alternatives deliver and return those of `numbers`."""
    from playlist_builder.sessions import build

    profile = build.planned(request, folders=profile_folders())
    check_outputs(outputs, as_json=as_json, alternatives=len(numbers))
    with open_library(request.library) as opened:
        if request.music:
            scanned(opened, request.music)
        tell_waiting(opened)
        request = replace(request, session=number_of(opened, request, outputs))
        asked = build.asked(request, profile, opened)
    asked = asked.holdable(
        {os.path.splitext(each)[1].lower() or ".m3u8" for each in outputs or ("-",)}
    )
    sessions = [
        replace(session, warnings=(*session.warnings, *notes))
        for number, session in enumerate(asked.sessions(numbers[-1]), start=1)
        if number in numbers
    ]
    if not dry_run:
        keep(sessions, outputs[:1])
    deliver(
        sessions,
        outputs,
        explained=asked.explained if explain else None,
        as_json=as_json,
        dry_run=dry_run,
    )
    return sessions


def number_of(library: "Library", request: "SessionRequest", outputs: Sequence[str]) -> str:
    """Return the number in the history of a session that is to be written for a name."""
    if request.name is None or not outputs:
        return request.session
    return request.session or library.history.session_id(
        request.name, _file(outputs), request.asked_at
    )


def keep(sessions: "Sequence[Session]", outputs: Sequence[str]) -> None:
    """Keep sessions in the history of their name, where they are written at all.

    Each goes to the output of the same place. This comes before they are written: a session that
    was kept and not written does no harm, one that was written and not kept would be heard again.
    """
    from playlist_builder.library.history import played_session

    kept = [
        played_session(session, _file([output]))
        for session, output in zip(sessions, outputs, strict=False)
        if session.request is not None and session.request.name is not None
    ]
    if kept:
        with open_library(sessions[0].request.library if sessions[0].request else None) as opened:
            opened.history.store(*kept)


def _file(outputs: Sequence[str]) -> str:
    """Return the absolute path of the first output, nothing for standard output."""
    return os.path.abspath(outputs[0]) if outputs and outputs[0] != "-" else ""


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

    All of them are used, whatever their length, voice or artist; with --duration the best of those
    that keep the rules of the profile. Levels are percentiles of the playlist. The tail of a
    session is left out, for a tail is no part of the arc.
    """
    from playlist_builder.models import SessionRequest
    from playlist_builder.notices import notice
    from playlist_builder.playlists import read as playlists
    from playlist_builder.profiles import find as profiles

    profile_text = profiles.read_text(profile, folders=profile_folders())
    check_outputs(outputs, as_json=as_json)
    paths, lost = playlists.resolve_all(
        [entry for entry in playlists.read_entries(playlist) if not entry.is_tail],
        os.path.dirname(os.path.abspath(playlist)),
        os.path.isfile,
    )
    if not paths:
        raise PlaylistError(f"None of the {len(lost)} entries of {playlist!r} leads to a file.")
    with open_library(library) as opened:
        report = scanned(opened, list(dict.fromkeys(paths)))
        at = opened.identities(paths)
    # Under the very path that the playlist names: the library may know the music elsewhere too.
    tracks = {at[path]: path for path in reversed(paths) if path in at}
    if not tracks:
        raise PlaylistError(f"None of the entries of {playlist!r} is music that can be read.")
    notes = [notice("not_found", location=entry.location) for entry in lost]
    notes += [notice("skipped", path=each.path, reason=each.reason) for each in report.skipped]
    if repeated := sum(path in at for path in paths) - len(tracks):
        notes.append(notice("repeated", count=repeated))
    request = SessionRequest(
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
        request,
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
    from playlist_builder.demo import compose as room
    from playlist_builder.models import SessionRequest
    from playlist_builder.profiles import find as profiles

    place = Path(folder).absolute()
    click.echo(f"Making music in {folder} ...", err=True)
    place.mkdir(parents=True, exist_ok=True)
    room.write(place / "music", DEMO_SEED)
    request = SessionRequest(
        profile="arc",
        profile_text=profiles.read_text("arc"),
        duration_s=60 * DEMO_MINUTES,
        track_minutes=DEMO_TRACK_MINUTES,
        music=(os.fspath(place / "music"),),
        library=os.fspath(place / "library.db"),
    )
    make(request, [os.path.join(folder, "demo.m3u8")], range(1, 2), as_json=as_json)


COMMANDS = (build, reorder, demo)
