"""Commands that keep what players have in step with the music: copy, check, rebuild."""

import os
from collections.abc import Sequence
from dataclasses import replace

import click

from playlist_builder.cli.common import json_option, shown
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


COMMANDS = (rebuild,)
