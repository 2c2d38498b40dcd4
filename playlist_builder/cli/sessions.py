"""Commands that make sessions: build, reorder, export, demo."""

import math
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

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
from playlist_builder.dialects import PLAYERS
from playlist_builder.errors import LibraryError, PlaylistError

if TYPE_CHECKING:
    from playlist_builder.curve import Profile, Rules, VocalsRule
    from playlist_builder.dialects import Dialect, NormalForm
    from playlist_builder.library import Library
    from playlist_builder.models import Call, Session, Track
    from playlist_builder.reasons import Reason
    from playlist_builder.rules import Pin, Request

DEMO_SEED = 1
DEMO_MINUTES = 20.0
DEMO_TRACK_S = (30.0, 900.0)
TOLERANCE_S = 30.0

_PIN = re.compile(
    r"(?P<track>.+?)(?:@(?:(?P<place>-?\d+)|(?P<minutes>\d+):(?P<seconds>[0-5]\d)))?", re.DOTALL
)


OUTPUT_HELP = (
    "Write .m3u8, .m3u, .pls, .xspf, .jspf, .csv or .json; - is .m3u8 on standard output."
    " Repeatable."
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
    from playlist_builder.library import Library
    from playlist_builder.queries import any_of
    from playlist_builder.rules import Request

    wanted = profiles.load_again(call.profile, call.profile_text, folders=profile_folders())
    for level in call.levels:
        wanted = _with_level(wanted, level)
    _check_outputs(outputs, as_json=as_json, alternatives=len(numbers))
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
    with Library.open(call.library) as opened:
        if call.music:
            scanned(opened, call.music)
        every = opened.tracks(missing=True)
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
    asked = _Asked(wanted, call.duration_s, call.seed, call.scale, call.tolerance_s, request)
    sessions = [
        replace(session, call=replace(call, alternative=number))
        for number, session in enumerate(asked.sessions(tracks, outputs, numbers[-1]), start=1)
        if number in numbers
    ]
    _deliver(
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
    from playlist_builder.library import Library
    from playlist_builder.rules import Request

    wanted = profiles.load(profile, folders=profile_folders())
    _check_outputs(outputs, as_json=as_json)
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
    with Library.open(library) as opened:
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
    asked = _Asked(wanted, duration, seed, "relative", TOLERANCE_S, request)
    sessions = asked.sessions(tracks, outputs, 1)
    told = [f"not found: {shown(entry.location)}" for entry in lost]
    told += [f"left out: {shown(each.path)}: {each.reason}" for each in report.skipped]
    if repeated := sum(path in at for path in paths) - len(tracks):
        told.append(f"left out: {repeated} entries that repeat other music of the playlist")
    _deliver(
        [replace(each, warnings=(*each.warnings, *told)) for each in sessions],
        outputs,
        explained=partial(asked.explained, tracks) if explain else None,
        as_json=as_json,
        dry_run=dry_run,
    )


class Root(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """FROM=TO: a folder here, and what it is called where the player is."""

    name = "root"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Return both; the first `=` behind which a place begins parts them."""
        from playlist_builder.dialects import is_place

        parts = [(value[: sign.start()], value[sign.end() :]) for sign in re.finditer("=", value)]
        for old, new in parts:
            if old and is_place(new):
                return os.path.abspath(os.path.expanduser(old)), new
        return self.fail(f"'{value}': give FROM=TO, such as ~/Music=/volume1/music, TO in full.")


class Codepage(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """The name of a codepage that Python knows and in which M3U can be written."""

    name = "codepage"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name."""
        from playlist_builder.dialects import is_codepage

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
    roots: Sequence[tuple[str, str]],
    relative_to: str | None,
    normal_form: str,
    codepage: str | None,
    *,
    absolute: bool,
) -> None:
    """Write a SESSION file (.json) as playlists, each in the format of its suffix."""
    from playlist_builder import session_file
    from playlist_builder.dialects import ANY, is_place, unmapped

    if absolute and relative_to is not None:
        raise click.UsageError("--absolute and --relative-to exclude each other; give one of them.")
    dialect = ANY if player is None else PLAYERS[player.lower()]
    if relative_to is not None and not is_place(relative_to):
        relative_to = os.path.abspath(os.path.expanduser(relative_to))
    dialect = replace(
        dialect,
        roots=tuple(roots),
        absolute=dialect.absolute or absolute,
        relative_to=relative_to,
        normal_form=cast("NormalForm", normal_form),
        codepage=codepage or dialect.codepage,
    )
    loaded = session_file.load(session)
    _write([(loaded, output) for output in outputs], dialect)
    paths = tuple(slot.path for slot in (*loaded.slots, *loaded.tail))
    if gone := [path for path in paths if not os.path.isfile(path)]:
        told = f"{len(gone)} of {len(paths)} files are not there, such as {gone[0]!r}."
        click.echo(shown(f"{told} See 'playlist-builder check {session}'."), err=True)
    if roots and (outside := unmapped(paths, dialect)):
        count = f"{len(outside)} of {len(paths)} tracks lie"
        click.echo(shown(f"{count} under no folder of --map, such as {outside[0]!r}"), err=True)


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
    asked = _Asked(profile, 60 * DEMO_MINUTES, 0, "relative", TOLERANCE_S, Request(rules=rules))
    outputs = [os.fspath(place / "demo.m3u8")]
    _deliver(asked.sessions(found, outputs, 1), outputs, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one command asked of the arranger."""

    profile: "Profile"
    duration_s: float | None
    seed: int
    scale: Any
    tolerance_s: float
    request: "Request"

    def sessions(
        self, tracks: "Sequence[Track]", outputs: Sequence[str], count: int
    ) -> "list[Session]":
        """Arrange, without the tracks that the playlist to be written cannot hold."""
        from playlist_builder.arrange import alternatives
        from playlist_builder.dialects import holdable

        refused: list[str] = []
        suffixes = {os.path.splitext(output)[1].lower() or ".m3u8" for output in outputs or "-"}
        reasons = {
            track.identity: next(filter(None, (holdable(track.path, s) for s in suffixes)), None)
            for track in tracks
        }
        if any(reasons.values()):
            refused = [
                f"left out {shown(track.path)}: {reasons[track.identity]}"
                for track in tracks
                if reasons[track.identity]
            ]
            tracks = [track for track in tracks if not reasons[track.identity]]
        made = alternatives(
            tracks,
            self.profile,
            count,
            duration_s=self.duration_s,
            seed=self.seed,
            scale=self.scale,
            tolerance_s=self.tolerance_s,
            request=self.request,
        )
        if len(made) < count:
            refused.append(f"only {len(made)} of {count} sessions: the library holds no more")
        return [replace(each, warnings=(*each.warnings, *refused)) for each in made]

    def explained(self, tracks: "Sequence[Track]", session: "Session") -> "list[Reason]":
        """Say why each slot of a session is there."""
        from playlist_builder.reasons import explain

        return explain(session, tracks, self.profile, self.request)


def _deliver(
    sessions: "Sequence[Session]",
    outputs: Sequence[str],
    *,
    explained: "Callable[[Session], list[Reason]] | None" = None,
    as_json: bool,
    dry_run: bool = False,
) -> None:
    from playlist_builder import session_file
    from playlist_builder.report import reasons_text, session_text

    documents = []
    for number, session in enumerate(sessions, start=1):
        text = session_text(session, width=width(), ascii_only=not draws_unicode())
        reasons = explained(session) if explained is not None else None
        if reasons is not None:
            text += "\n" + reasons_text(session, reasons, width=width())
        click.echo(shown(text), err=as_json or "-" in outputs)
        document = session_file.document(session)
        if reasons is not None:
            document["reasons"] = [asdict(reason) for reason in reasons]
        documents.append(document)
        if not dry_run:
            _write([(session, o if number == 1 else _numbered(o, number)) for o in outputs])
    if as_json:
        laid_out = [session_file.laid_out(document) for document in documents]
        text = laid_out[0] if len(sessions) == 1 else "[\n" + ",\n".join(laid_out) + "]\n"
        click.echo(text, nl=False)


def _numbered(output: str, number: int) -> str:
    stem, suffix = os.path.splitext(output)
    return output if output == "-" else f"{stem}-{number}{suffix}"


def _check_outputs(outputs: Sequence[str], *, as_json: bool, alternatives: int = 1) -> None:
    """Refuse an unknown format, or two documents on standard output, before all else."""
    from playlist_builder.export import format_of

    if "-" in outputs and (as_json or alternatives > 1 or outputs.count("-") > 1):
        raise click.UsageError("Standard output holds one document: leave out '-o -' or the other.")
    for output in outputs:
        if output != "-":
            format_of(output)


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


def _write(sessions: "Sequence[tuple[Session, str]]", dialect: "Dialect | None" = None) -> None:
    """Write each session to its output, and none where one of them cannot be held."""
    from playlist_builder.dialects import ANY
    from playlist_builder.export import render_bytes
    from playlist_builder.write import rendered, write_bytes

    dialect = dialect or ANY
    made = [
        render_bytes(session, ".m3u8", folder=os.getcwd(), dialect=dialect)
        if output == "-"
        else rendered(session, output, dialect=dialect)
        for session, output in sessions
    ]
    for data, (_, output) in zip(made, sessions, strict=True):
        if output == "-":
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
        else:
            write_bytes(output, data)
            click.echo(f"Wrote {shown(output)}", err=True)


def _with_level(profile: "Profile", text: str) -> "Profile":
    phase, _, level = text.rpartition("=")
    try:
        return profile.with_level(float(level), phase or None)
    except ValueError as error:
        raise click.BadParameter(f"'{text}': give a level from 0 to 1, or PHASE=LEVEL.") from error


COMMANDS = (build, reorder, export, demo)
