"""The command line: a thin twin of the library, and the only room that prints.

Standard output is the product, standard error the conversation. Exit codes: 0 done, 1 it could
not be done (one line says why), 2 the command was not understood.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from playlist_builder.errors import LibraryError, PlaylistBuilderError

if TYPE_CHECKING:
    from playlist_builder.curve import Profile, VocalsRule
    from playlist_builder.library import Library, Progress, ScanReport
    from playlist_builder.models import Session, Track
    from playlist_builder.rules import Request

DEMO_SEED = 1
DEMO_MINUTES = 20.0
DEMO_TRACK_S = (30.0, 900.0)


class _Commands(click.Group):
    """Commands whose foreseen errors are one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PlaylistBuilderError as error:
            raise click.ClickException(_shown(str(error))) from error
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            place = f" {_shown(str(error.filename))}" if error.filename else ""
            raise click.ClickException(f"Cannot use{place}: {error.strerror}.") from error
        except KeyboardInterrupt:
            click.echo("Stopped. What was done is kept; the same command goes on.", err=True)
            raise click.exceptions.Exit(1) from None


class _Duration(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        match = re.fullmatch(
            r"(?:(?P<h>\d+(?:\.\d+)?)h)?\s*(?:(?P<m>\d+(?:\.\d+)?)m?)?", str(value).strip()
        )
        seconds = 0.0
        if match:
            seconds = 3600 * float(match["h"] or 0) + 60 * float(match["m"] or 0)
        if not seconds:
            self.fail(f"'{value}' is no duration. Give minutes or a text such as 90m or 1h30m.")
        return seconds


_library = click.option(
    "--library",
    type=click.Path(dir_okay=False),
    envvar="PLAYLIST_BUILDER_LIBRARY",
    help="The library file, if not the one in your data folder.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="playlist-builder")
def main() -> None:
    """Turn a folder of instrumental music into a session that follows a planned energy curve.

    Exit codes: 0 done, 1 it could not be done, 2 the command was not understood.
    """


@main.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("--jobs", type=click.IntRange(min=1), help="Processes; as many as cores if not said.")
@click.option("--prune", is_flag=True, help="Forget files that have vanished.")
@_library
@_json
def scan(
    folders: Sequence[str], jobs: int | None, library: str | None, *, prune: bool, as_json: bool
) -> None:
    """Bring the library up to date with FOLDERS; only new music is decoded."""
    from playlist_builder.library import Library

    with Library.open(library) as opened:
        report = _scan(opened, folders, jobs=jobs, prune=prune)
    if as_json:
        _print_json(
            {
                "analysed": report.analysed,
                "unchanged": report.unchanged,
                "moved": report.moved,
                "retagged": report.retagged,
                "copied": report.copied,
                "removed": report.removed,
                "skipped": [{"path": s.path, "reason": s.reason} for s in report.skipped],
                "seconds": round(report.seconds, 3),
            }
        )


@main.command()
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
@click.option("--duration", type=_Duration(), help="Length, such as 60m or 1h30m.")
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
@_library
@_json
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

    wanted = profiles.load(profile, folders=_profile_folders())
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
            _scan(opened, folders)
        tracks = opened.tracks()
    if folders:
        roots = [os.path.abspath(folder) for folder in folders]
        tracks = [t for t in tracks if any(_lies_in(t.path, root) for root in roots)]
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


@main.command()
@click.option("--search", default="", help="Only tracks whose title, artist, genre or path has it.")
@click.option("--min-energy", type=float, default=0.0)
@click.option("--max-energy", type=float, default=1.0)
@click.option(
    "--sort",
    type=click.Choice(["path", "energy", "length", "loudness", "title"]),
    default="energy",
    show_default=True,
)
@_library
@_json
def tracks(  # noqa: PLR0913 - each is an option
    search: str,
    min_energy: float,
    max_energy: float,
    sort: str,
    library: str | None,
    *,
    as_json: bool,
) -> None:
    """List the tracks of the library."""
    from playlist_builder.library import Library

    orders: dict[str, Callable[[Track], Any]] = {
        "path": lambda track: track.path,
        "energy": lambda track: track.energy,
        "length": lambda track: track.duration_s,
        "loudness": lambda track: track.features.loudness_lufs,
        "title": lambda track: track.tags.title.casefold(),
    }
    with Library.open(library) as opened:
        found = opened.tracks()
    needle = search.casefold()
    found = [
        track
        for track in found
        if min_energy <= track.energy <= max_energy
        and any(
            needle in text.casefold()
            for text in (track.tags.title, track.tags.artist, track.tags.genre, track.path)
        )
    ]
    found.sort(key=orders[sort])
    if as_json:
        _print_json([_track_document(track) for track in found])
        return
    from playlist_builder.report import tracks_text

    click.echo(_shown(tracks_text(found, width=_width())))
    click.echo(f"{len(found)} tracks", err=True)


@main.command()
@click.argument("track")
@_library
@_json
def show(track: str, library: str | None, *, as_json: bool) -> None:
    """Show one TRACK (a path, file name or title) and the reasons of its energy."""
    from playlist_builder import energy
    from playlist_builder.library import Library

    with Library.open(library) as opened:
        found = opened.find(track)
        standing = opened.standing(found)
    reasons = energy.reasons(found.features.steps)
    if found.mark.energy is not None:
        said = found.energy - sum(reason.energy for reason in reasons)
        reasons.append(energy.Reason("your mark", said))
    if as_json:
        _print_json(
            {
                **_track_document(found),
                "identity": found.identity,
                "percentile": round(standing.percentile, 4),
                "peak_energy": round(found.peak_energy, 4),
                "climax_s": found.climax_s,
                "startle_lu": round(found.startle_lu, 2),
                "tempo_confidence": round(found.features.tempo_confidence, 3),
                "key": found.features.key,
                "key_confidence": round(found.features.key_confidence, 3),
                "reasons": [
                    {"name": each.name, "energy": round(each.energy, 4), "because": each.because}
                    for each in reasons
                ],
                "above": [_neighbour(other) for other in standing.above],
                "below": [_neighbour(other) for other in standing.below],
                "mark": {
                    "energy": found.mark.energy,
                    "vocals": found.mark.vocals,
                    "banned": found.mark.banned,
                    "note": found.mark.note,
                },
            }
        )
        return
    from playlist_builder.report import track_text

    click.echo(_shown(track_text(found, reasons, standing, width=_width())))


@main.command()
@click.argument("track")
@click.option("--energy", type=click.FloatRange(0, 1), help="The energy you hear, from 0 to 1.")
@click.option("--instrumental", "vocals", flag_value="none", help="It has no voice.")
@click.option("--vocal", "vocals", flag_value="sung", help="It is sung or spoken.")
@click.option("--ban/--unban", default=None, help="Never use it, or use it again.")
@click.option("--note", help="A note to yourself.")
@click.option("--clear", is_flag=True, help="Take back all that was said before.")
@_library
def mark(  # noqa: PLR0913, PLR0917 - each is an option
    track: str,
    energy: float | None,
    vocals: str | None,
    ban: bool | None,  # noqa: FBT001 - three states
    note: str | None,
    library: str | None,
    *,
    clear: bool,
) -> None:
    """Say what you know about a TRACK; it is kept whatever happens to the file."""
    from playlist_builder.library import Library
    from playlist_builder.models import Mark

    said = {"energy": energy, "vocals": vocals, "banned": ban, "note": note}
    changes: dict[str, Any] = {key: value for key, value in said.items() if value is not None}
    if not changes and not clear:
        raise click.UsageError("Say something, such as --ban or --energy 0.4, or --clear.")
    with Library.open(library) as opened:
        found = opened.find(track)
        opened.mark(found.identity, replace(Mark() if clear else found.mark, **changes))
    click.echo(_shown(f"Marked {found.tags.title} ({found.path})."), err=True)


@main.group(invoke_without_command=True)
@click.pass_context
@_json
def profiles(ctx: click.Context, *, as_json: bool) -> None:
    """List the profiles; see also 'profiles show NAME' and 'profiles check FILE'."""
    if ctx.invoked_subcommand:
        return
    from playlist_builder import profiles as room

    listings = room.available(folders=_profile_folders())
    if as_json:
        _print_json(
            [
                {
                    "name": listing.name,
                    "title": listing.profile.title if listing.profile else None,
                    "minutes": listing.profile.duration_s / 60 if listing.profile else None,
                    "problem": listing.problem or None,
                }
                for listing in listings
            ]
        )
        return
    for listing in listings:
        if listing.profile is None:
            click.echo(_shown(f"{listing.name:22} not valid: {listing.problem}"))
        else:
            minutes = f"{listing.profile.duration_s / 60:.0f} min"
            click.echo(_shown(f"{listing.name:22}{minutes:>8}  {listing.profile.title}"))


@profiles.command("show")
@click.argument("name")
@click.option("--duration", type=_Duration(), help="Scale it to this length.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with plain characters.")
def profiles_show(name: str, duration: float | None, *, ascii_only: bool) -> None:
    """Draw the curve of a profile."""
    from playlist_builder import profiles as room
    from playlist_builder.report import profile_text

    profile = room.load(name, folders=_profile_folders())
    if duration is not None:
        profile = profile.scaled(duration)
    plain = ascii_only or not _draws_unicode()
    click.echo(_shown(profile_text(profile, width=_width(), ascii_only=plain)))


@profiles.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
def profiles_check(file: str) -> None:
    """Tell whether a profile FILE is valid, and what is not."""
    from playlist_builder import profiles as room

    profile = room.load(os.path.join(".", file) if not os.path.isabs(file) else file)
    click.echo(_shown(f"{file}: valid, {profile.duration_s / 60:g} min"))


@main.command()
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
        _write(loaded, output)


@main.command()
@click.argument("folder", default="playlist-builder-demo", type=click.Path(file_okay=False))
@_json
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
        _scan(opened, [os.fspath(place / "music")])
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
            f"left out {_shown(track.path)}: {reasons[track.identity]}"
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

    text = session_text(session, width=_width(), ascii_only=not _draws_unicode())
    to_stdout = as_json or "-" in outputs
    click.echo(_shown(text), err=to_stdout)
    if as_json:
        click.echo(session_file.dump(session), nl=False)
    if not dry_run:
        for output in outputs:
            _write(session, output)


def _write(session: "Session", output: str) -> None:
    from playlist_builder.export import render_text
    from playlist_builder.write import write_session

    if output == "-":
        sys.stdout.write(render_text(session, ".m3u8", folder=os.getcwd()))
        return
    write_session(session, output)
    click.echo(f"Wrote {_shown(output)}", err=True)


def _scan(
    library: "Library", folders: Sequence[str], *, jobs: int | None = None, prune: bool = False
) -> "ScanReport":
    with _progress() as progress:
        report = library.scan(*folders, jobs=jobs, prune=prune, progress=progress)
    for skipped in report.skipped:
        click.echo(_shown(f"skipped {skipped.path}: {skipped.reason}"), err=True)
    counts = {
        "analysed": report.analysed,
        "unchanged": report.unchanged,
        "moved": report.moved,
        "retagged": report.retagged,
        "copied": report.copied,
        "missing": report.removed,
        "skipped": len(report.skipped),
    }
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    click.echo(f"{told or 'no tracks'} in {report.seconds:.1f} s", err=True)
    return report


@contextmanager
def _progress() -> "Iterator[Callable[[Progress], None] | None]":
    """Show a bar on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress
    from rich.console import Console

    with progress.Progress(
        progress.TextColumn("{task.fields[done]}/{task.fields[files]} tracks"),
        progress.BarColumn(),
        progress.TextColumn("{task.fields[rate]}"),
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("", total=None, done=0, files="?", rate="")

        def update(state: "Progress") -> None:
            elapsed = bar.tasks[0].elapsed or 1e-9
            bar.update(
                task,
                completed=state.done_bytes,
                total=state.total_bytes,
                done=state.done,
                files=state.total,
                rate=f"{state.done / elapsed:.1f} tracks/s",
            )

        yield update


def _track_document(track: "Track") -> dict[str, Any]:
    features = track.features
    return {
        "path": track.path,
        "title": track.tags.title,
        "artist": track.tags.artist,
        "album": track.tags.album,
        "genre": track.tags.genre,
        "duration_s": round(track.duration_s, 3),
        "energy": round(track.energy, 4),
        "contour": [round(float(value), 4) for value in track.contour],
        "loudness_lufs": round(features.loudness_lufs, 2),
        "loudness_range_lu": round(features.loudness_range_lu, 2),
        "sample_peak_dbfs": round(features.sample_peak_dbfs, 2),
        "tempo_bpm": round(features.tempo_bpm, 1),
        "vocals": track.vocals,
    }


def _neighbour(track: "Track") -> dict[str, Any]:
    return {"path": track.path, "title": track.tags.title, "energy": round(track.energy, 4)}


def _with_level(profile: "Profile", text: str) -> "Profile":
    phase, _, level = text.rpartition("=")
    try:
        return profile.with_level(float(level), phase or None)
    except ValueError as error:
        raise click.BadParameter(f"'{text}': give a level from 0 to 1, or PHASE=LEVEL.") from error


def _profile_folders() -> list[Path]:
    import platformdirs

    return [platformdirs.user_config_path("playlist-builder", appauthor=False) / "profiles"]


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _print_json(document: object) -> None:
    click.echo(json.dumps(document, indent=1))


def _width() -> int:
    return min(140, max(30, shutil.get_terminal_size((100, 24)).columns))


def _draws_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def _shown(text: str) -> str:
    """Replace what the terminal cannot show, such as file names that are not text."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)
