"""Commands that make sessions: build, reorder, demo."""

import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from playlist_builder.cli.common import (
    Duration,
    json_option,
    library_option,
    lies_in,
    open_library,
    profile_folders,
    scanned,
    shown,
    tell_waiting,
)
from playlist_builder.cli.delivery import OUTPUT_HELP, Asked, check_outputs, deliver
from playlist_builder.errors import LibraryError, PlaylistError

if TYPE_CHECKING:
    from playlist_builder.curve import Profile, Rules, VocalsRule
    from playlist_builder.library import Library
    from playlist_builder.models import Call, Session, Track
    from playlist_builder.rules import Pin

DEMO_SEED = 1
DEMO_MINUTES = 20.0
DEMO_TRACK_S = (30.0, 900.0)
TOLERANCE_S = 30.0

_PIN = re.compile(
    r"(?P<track>.+?)(?:@(?:(?P<place>-?\d+)|(?P<minutes>\d+):(?P<seconds>[0-5]\d)))?", re.DOTALL
)


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
    explain: bool = False,
    dry_run: bool = False,
    as_json: bool = False,
) -> "list[Session]":
    """Make what a call asks for; of its alternatives deliver and return those of `numbers`."""
    from playlist_builder import profiles
    from playlist_builder.queries import any_of
    from playlist_builder.rules import Request

    wanted = profiles.load_again(call.profile, call.profile_text, folders=profile_folders())
    for level in call.levels:
        wanted = _with_level(wanted, level)
    check_outputs(outputs, as_json=as_json, alternatives=len(numbers))
    rules = _with_vocals(wanted.rules, call.vocals)
    if call.track_minutes is not None:
        shortest, longest = call.track_minutes
        if not (math.isfinite(shortest) and shortest <= longest < math.inf):
            raise click.BadParameter("give the shortest and the longest, such as 2 15.")
        rules = replace(rules, track_min_s=60 * shortest, track_max_s=60 * longest)
    preferred = any_of(call.prefer)
    request = Request(
        rules=rules,
        allow_short=call.allow_short,
        include=any_of(call.include),
        exclude=any_of(call.exclude),
        prefer=None if preferred is None else lambda track: float(preferred(track)),
    )
    with open_library(call.library) as opened:
        if call.music:
            scanned(opened, call.music)
        every = opened.tracks(missing=True)
        tell_waiting(opened)
        there = {track.identity: track for track in every if not track.missing}
        pinned = call.pinned or ("",) * len(call.pins)
        pins = [
            _pin(opened, there, pin, identity)
            for pin, identity in zip(call.pins, pinned, strict=True)
        ]
        avoid = _identities(every, call.avoid) if call.avoid else frozenset()
    call = replace(call, pinned=tuple(identity for _, identity in pins))
    tracks = list(there.values())
    if call.music:
        tracks = [t for t in tracks if any(lies_in(t.path, root) for root in call.music)]
    if not tracks:
        raise LibraryError("No tracks yet. Scan a folder first: playlist-builder scan FOLDER")
    request = replace(request, pins=tuple(pin for pin, _ in pins), avoid=avoid)
    asked = Asked(wanted, call.duration_s, call.seed, call.scale, call.tolerance_s, request)
    sessions = [
        replace(session, call=replace(call, alternative=number))
        for number, session in enumerate(asked.sessions(tracks, outputs, numbers[-1]), start=1)
        if number in numbers
    ]
    deliver(
        sessions,
        outputs,
        explained=partial(asked.explained, tracks) if explain else None,
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

    All of them are used, whatever their length, voice or artist; with --duration the best of those
    that keep the rules of the profile. Levels are percentiles of the playlist.
    """
    from playlist_builder import playlists, profiles
    from playlist_builder.rules import Request

    wanted = profiles.load(profile, folders=profile_folders())
    check_outputs(outputs, as_json=as_json)
    rules = wanted.rules
    if duration is None:
        rules = replace(
            rules, track_min_s=0.0, track_max_s=math.inf, vocals="allow", artist_max=10**6
        )
    paths, lost = playlists.located(
        playlists.load(playlist), os.path.dirname(os.path.abspath(playlist)), os.path.isfile
    )
    if not paths:
        raise PlaylistError(f"None of the {len(lost)} entries of {playlist!r} leads to a file.")
    with open_library(library) as opened:
        report = scanned(opened, list(dict.fromkeys(paths)))
        at = opened.identities(paths)
        known = {track.identity: track for track in opened.tracks()}
    # Under the very path that the playlist names: the library may know the music elsewhere too.
    tracks = [
        replace(known[identity], path=path)
        for identity, path in {at[path]: path for path in reversed(paths) if path in at}.items()
        if identity in known
    ]
    if not tracks:
        raise PlaylistError(f"None of the entries of {playlist!r} is music that can be read.")
    request = Request(
        rules=_with_vocals(rules, vocals), use_all=duration is None, allow_short=allow_short
    )
    asked = Asked(wanted, duration, seed, "relative", TOLERANCE_S, request)
    sessions = asked.sessions(tracks, outputs, 1)
    told = [f"not found: {shown(entry.location)}" for entry in lost]
    told += [f"left out: {shown(each.path)}: {each.reason}" for each in report.skipped]
    if repeated := sum(path in at for path in paths) - len(tracks):
        told.append(f"left out: {repeated} entries that repeat other music of the playlist")
    deliver(
        [replace(each, warnings=(*each.warnings, *told)) for each in sessions],
        outputs,
        explained=partial(asked.explained, tracks) if explain else None,
        as_json=as_json,
        dry_run=dry_run,
    )


@click.command()
@click.argument("folder", default="playlist-builder-demo", type=click.Path(file_okay=False))
@json_option
def demo(folder: str, *, as_json: bool) -> None:
    """Make short pieces of music in FOLDER, scan them, and build a session from them."""
    from playlist_builder import demo as room
    from playlist_builder import profiles as shipped
    from playlist_builder.rules import Request

    place = Path(folder)
    click.echo(f"Making music in {place} ...", err=True)
    place.mkdir(parents=True, exist_ok=True)
    room.write(place / "music", DEMO_SEED)
    profile = shipped.load("arc")
    shortest_s, longest_s = DEMO_TRACK_S
    rules = replace(profile.rules, track_min_s=shortest_s, track_max_s=longest_s)
    with open_library(os.fspath(place / "library.db")) as opened:
        scanned(opened, [os.fspath(place / "music")])
        found = opened.tracks()
    asked = Asked(profile, 60 * DEMO_MINUTES, 0, "relative", TOLERANCE_S, Request(rules=rules))
    outputs = [os.fspath(place / "demo.m3u8")]
    deliver(asked.sessions(found, outputs, 1), outputs, as_json=as_json)


def _with_vocals(rules: "Rules", vocals: str | None) -> "Rules":
    return rules if vocals is None else replace(rules, vocals=cast("VocalsRule", vocals))


def _pin(
    library: "Library", there: "Mapping[str, Track]", text: str, identity: str
) -> "tuple[Pin, str]":
    """Read TRACK, TRACK@3 or TRACK@12:30; returns the identity of the track as well.

    `there` holds tracks by identity. Where the identity is known, the name may be outdated.
    """
    from playlist_builder.rules import Pin

    found = _PIN.fullmatch(text)
    if found is None or (found["place"] and int(found["place"]) == 0):
        raise click.BadParameter(f"'{text}': give TRACK, TRACK@3, TRACK@-1 or TRACK@12:30.")
    track = there.get(identity) or library.find(found["track"])
    track = there.get(track.identity, track)  # one recording may lie at several paths
    if found["minutes"] is not None:
        minute = int(found["minutes"]) + int(found["seconds"]) / 60.0
        return Pin(track.path, minute=minute), track.identity
    return Pin(track.path, place=int(found["place"]) if found["place"] else None), track.identity


def _identities(tracks: "Sequence[Track]", files: Sequence[str]) -> frozenset[str]:
    """Return the tracks of playlists and sessions, wherever their files are now."""
    from playlist_builder import playlists, session_file

    at = {track.path: track.identity for track in tracks}
    found: set[str] = set()
    for file in files:
        folder = os.path.dirname(os.path.abspath(file))
        if file.endswith(".json"):  # a session names the music itself, wherever it lies now
            session = session_file.load(file)
            found.update(slot.identity for slot in (*session.slots, *session.tail))
            continue
        entries = playlists.load(file)
        paths, lost = playlists.located(entries, folder, at.__contains__)
        if lost:
            told = f"{len(lost)} of {len(entries)} entries of {shown(file)} are not in the library"
            click.echo(told, err=True)
        found.update(at[path] for path in paths)
    return frozenset(found)


def _with_level(profile: "Profile", text: str) -> "Profile":
    phase, _, level = text.rpartition("=")
    try:
        return profile.with_level(float(level), phase or None)
    except ValueError as error:
        raise click.BadParameter(f"'{text}': give a level from 0 to 1, or PHASE=LEVEL.") from error


COMMANDS = (build, reorder, demo)
