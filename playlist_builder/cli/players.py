"""Commands that keep what players have in step with the music: copy, check, rebuild."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace

import click

from playlist_builder.cli.common import json_option, print_json, progress_bar, shown
from playlist_builder.cli.sessions import dry_run_option, make
from playlist_builder.errors import LibraryError, SessionError


@click.command()
@click.argument("session", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="Write the new session to this playlist as well. Repeatable.",
)
@dry_run_option
@click.option(
    "--library",
    type=click.Path(exists=True, dir_okay=False),
    help="Another library file than the one that the session was made from.",
)
@json_option
def rebuild(
    session: str, outputs: Sequence[str], library: str | None, *, dry_run: bool, as_json: bool
) -> None:
    """Make SESSION (.json) again as it was asked for, from what the library holds now.

    The session file is replaced. A profile that has been edited since counts as it is now.
    """
    from playlist_builder import session_file

    before = session_file.load(session)
    if before.call is None:
        raise SessionError(
            f"Session file {session!r} does not say how it was made: it is older, or by another"
            " command than 'build'. Make it once more with 'playlist-builder build -o FILE.json'"
        )
    found = library or before.call.library or os.environ.get("PLAYLIST_BUILDER_LIBRARY")
    if found is not None and not os.path.exists(found):
        raise LibraryError(
            f"The library {found!r} of {session!r} is gone. Give another one with --library FILE."
        )
    call = replace(before.call, library=os.path.abspath(found) if found else None)
    number = call.alternative
    after = make(
        call,
        (session, *outputs),
        range(number, number + 1),
        dry_run=dry_run,
        as_json=as_json,
    )
    if not after:
        raise SessionError(
            f"The library holds no alternative number {number} any more; {session!r} is untouched."
        )
    known = {slot.identity for slot in (*before.slots, *before.tail)}
    now = [slot.identity for slot in (*after[0].slots, *after[0].tail)]
    new = sum(identity not in known for identity in now)
    click.echo(shown(f"{new} of {len(now)} tracks are new."), err=True)


@click.command()
@click.argument("session", type=click.Path(exists=True, dir_okay=False))
@click.argument("folder", type=click.Path(file_okay=False))
@click.option(
    "--convert",
    "form",
    type=click.Choice(["mp3", "opus", "flac"]),
    help="Convert what is not encoded so: mp3 at 256, opus at 160 kbit/s; tags and covers stay.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Processes; as many as cores if not said.")
@json_option
def copy(session: str, folder: str, form: str | None, jobs: int | None, *, as_json: bool) -> None:
    """Copy the tracks of SESSION (.json) and its playlist into FOLDER, such as a stick.

    The names are '01 - Artist - Title', in the order of the session, the tail last. A second run
    copies only what is missing or wrong. Files of yours are never replaced.
    """
    from playlist_builder import copying, session_file

    loaded = session_file.load(session)
    name = os.path.splitext(os.path.basename(session))[0]
    with progress_bar() as progress:
        report = copying.copy(loaded, folder, name=name, form=form, jobs=jobs, progress=progress)
    for wanted, chosen in report.renamed.items():
        told = f"{wanted} is there with other content and stays; wrote {chosen}"
        click.echo(shown(told), err=True)
    for skipped in report.skipped:
        click.echo(shown(f"skipped {skipped.path}: {skipped.reason}"), err=True)
    if report.leftover:
        left = len(report.leftover)
        told = f"{left} files of earlier copies are not part of this one: {report.leftover[0]}"
        click.echo(shown(told + (", ..." if left > 1 else "")), err=True)
    counts = Counter(each.state for each in report.files)
    counted = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    size = sum(each.bytes for each in report.files) / 1e6
    click.echo(shown(f"{counted}; {size:.0f} MB in {report.playlist}"), err=True)
    if as_json:
        print_json(
            {
                "playlist": report.playlist,
                "files": [asdict(each) for each in report.files],
                "skipped": [asdict(each) for each in report.skipped],
                "renamed": dict(report.renamed),
                "leftover": list(report.leftover),
            }
        )
    if report.skipped:
        raise click.exceptions.Exit(1)


COMMANDS = (copy, rebuild)
