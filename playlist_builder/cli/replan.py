"""Commands for a session that is playing: replan, rescue."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.build import build_sessions
from playlist_builder.cli.edit import change_session
from playlist_builder.cli.language import _, ngettext
from playlist_builder.cli.library import open_library
from playlist_builder.cli.main import main
from playlist_builder.cli.push import push_rest
from playlist_builder.errors import RequestError, SessionError
from playlist_builder.files.path_map import PathMap

if TYPE_CHECKING:
    from playlist_builder.cli.edit import Find
    from playlist_builder.sessions.editor import Edited, SessionEditor


@main.command()
@options.session_argument
@click.option(
    "--at",
    type=options.session_time,
    metavar="M:SS",
    help="The time of the session that it is now, such as 32:10.",
)
@click.option("--extend", "longer", type=options.duration, help="End so much later.")
@click.option("--skip", is_flag=True, help="End the current track now.")
@click.option("--to", "phase", metavar="PHASE", help="Begin this phase when the track has ended.")
@click.option("--push", "target", metavar="TARGET", help="Change the queue of this MPD as well.")
@click.option(
    "--insecure", is_flag=True, help="With --push: allow a login that can be read on the way there."
)
@options.maps_option("With --push: folder FROM is TO on the server. Repeatable.")
@options.session_options
def replan(
    session: str | None,
    at: float | None,
    longer: float | None,
    phase: str | None,
    target: str | None,
    maps: Sequence[PathMap],
    library: str | None,
    *,
    insecure: bool,
    skip: bool,
    as_json: bool,
) -> None:
    """Arrange again what SESSION has not played yet at a time.

    What has been played stays, and the current track plays to its end, or to now with --skip. The
    session ends when it should have, or later with --extend; --to goes on to a later phase at once.
    --push gives the new rest to the queue of an MPD that plays it; the sound does not stop. Where
    that fails, SESSION is as it was.
    """

    def edit(editor: "SessionEditor", _: "Find") -> "Edited":
        if at is None:
            raise RequestError("Say what time of the session it is with --at, such as --at 32:10.")
        return editor.replan(at_s=at, extend_s=longer or 0.0, skip=skip, phase=phase)

    def push(before: "api.Session", after: "api.Session") -> None:
        if target is None or at is None:
            return
        current = sum(slot.start_s <= at for slot in before.slots) - 1
        rest = _rest(before, after, at, current)
        playing = before.slots[current]
        count = push_rest(rest, playing, target, maps, library, skip=skip, insecure=insecure)
        output.print_message(
            ngettext(
                "{count} track follows in the queue on {target}.",
                "{count} tracks follow in the queue on {target}.",
                count,
            ).format(count=count, target=target)
        )

    if maps and target is None:
        raise click.UsageError(_("--map needs --push."))
    if insecure and target is None:
        raise click.UsageError(_("--insecure needs --push."))
    if longer and phase is not None:
        raise click.UsageError(_("--extend and --to exclude each other; replan twice."))
    change_session(
        session,
        library,
        edit,
        as_json=as_json,
        before_writing=_check_files,
        after_writing=push,
    )


def _check_files(before: "api.Session", after: "api.Session") -> None:
    """Raise SessionError where a file that is to play from now on is not there."""
    known = {(slot.identity, slot.start_s) for slot in before.slots}
    new = [slot for slot in after.slots if (slot.identity, slot.start_s) not in known]
    missing = [slot.path for slot in (*new, *after.tail) if not os.path.isfile(slot.path)]
    if missing:
        raise SessionError(
            "{path!r} is to be played and is not there any more; nothing was changed."
            " Scan the folder that it lies in now, and give the command again",
            path=missing[0],
        )


def _rest(before: "api.Session", after: "api.Session", at_s: float, current: int) -> "api.Session":
    """Return the session behind the track, number `current` from 0, that plays at a time."""
    kept = sum(slot.start_s < at_s for slot in after.slots[:current])
    same = after.slots[current : current + 1]
    kept += bool(same) and same[0].identity == before.slots[current].identity
    return replace(after, slots=after.slots[kept:])


@main.command()
@options.outputs_option(options.PLAYLIST_FORMATS)
@options.build_options
def rescue(outputs: Sequence[str], library: str | None, *, dry_run: bool, as_json: bool) -> None:
    """Build half an hour of the calmest music of the library, to have at hand in every session.

    The least tense of the calmest tenth, without startle, strokes, a pulse or words, on a gentle
    way down.
    """
    from playlist_builder.sessions.build import rescue_request

    path = os.path.abspath(library) if library else None
    with open_library(path) as opened:
        request, notes = rescue_request(opened, path)
    build_sessions(request, outputs, notes=notes, dry_run=dry_run, as_json=as_json)
