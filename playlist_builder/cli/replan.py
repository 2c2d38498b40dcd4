"""Commands for a session that is playing: replan, rescue."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.build import build_sessions
from playlist_builder.cli.edit import change_session
from playlist_builder.cli.language import _, ngettext
from playlist_builder.cli.library import open_library
from playlist_builder.cli.main import main
from playlist_builder.cli.push import push_rest
from playlist_builder.cli.session import open_session
from playlist_builder.errors import RequestError, SessionError
from playlist_builder.files.path_map import PathMap

if TYPE_CHECKING:
    from playlist_builder.cli.edit import Find
    from playlist_builder.sessions.editor import Edited, SessionEditor

CHANGES = {  # of which one may be given
    "longer": "--extend",
    "phase": "--to",
    "next_phase": "--next-phase",
    "softer": "--softer",
    "deeper": "--deeper",
    "hold": "--hold",
    "silence": "--silence",
    "calm": "--calm",
}
SHIFT = 0.15  # of the level by which --softer and --deeper move the plan: about a quarter of an arc


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
@click.option("--next-phase", is_flag=True, help="Begin the next phase when the track has ended.")
@click.option("--softer", is_flag=True, help="Softer from now on, until the next phase.")
@click.option("--deeper", is_flag=True, help="Deeper from now on, until the next phase.")
@click.option("--hold", type=options.duration, help="Keep the level of now for so long.")
@click.option("--silence", type=options.duration, help="Let nothing play for so long.")
@click.option("--calm", is_flag=True, help="Go on with the calmest music, and end with it.")
@click.option("--push", "target", metavar="TARGET", help="Change the queue of this MPD as well.")
@click.option(
    "--insecure", is_flag=True, help="With --push: allow a login that can be read on the way there."
)
@options.maps_option("With --push: folder FROM is TO on the server. Repeatable.")
@options.session_options
def replan(
    session: str | None,
    target: str | None,
    maps: Sequence[PathMap],
    library: str | None,
    *,
    insecure: bool,
    as_json: bool,
    **how: Any,
) -> None:
    """Arrange again what SESSION has not played yet at a time.

    What has been played stays, and the current track plays to its end, or to now with --skip. The
    session ends when it should have, or later with --extend; --to goes on to a later phase at once.
    --softer and --deeper move the plan by 0.15 until the next phase, and add up; --hold and
    --silence let all that follows come later. --calm is half an hour of the calmest music, and then
    the end. All of these begin when the current track has ended, or with --skip now.
    --push gives the new rest to the queue of an MPD that plays it; the sound does not stop. Where
    that fails, SESSION is as it was.
    """
    at: float | None = how["at"]

    def edit(editor: "SessionEditor", _: "Find") -> "Edited":
        if at is None:
            raise RequestError("Say what time of the session it is with --at, such as --at 32:10.")
        return _changed(editor, how)

    def push(before: "api.Session", after: "api.Session") -> None:
        if target is None or at is None:
            return
        current = sum(slot.start_s <= at for slot in before.slots) - 1
        rest = _rest(before, after, at, current)
        playing = before.slots[current]
        count = push_rest(rest, playing, target, maps, library, skip=how["skip"], insecure=insecure)
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
    both = [option for name, option in CHANGES.items() if how[name]][:2]
    if len(both) > 1:
        raise click.UsageError(
            _("{first} and {second} exclude each other; replan twice.").format(
                first=both[0], second=both[1]
            )
        )
    change_session(
        open_session(session, library),
        edit,
        as_json=as_json,
        before_writing=_check_files,
        after_writing=push,
    )


def _changed(editor: "SessionEditor", how: Mapping[str, Any]) -> "Edited":
    """Return the session after the change that is asked for, if there is one besides the time."""
    when = {"at_s": how["at"], "skip": how["skip"]}
    if how["softer"] or how["deeper"]:
        return editor.shift(-SHIFT if how["softer"] else SHIFT, **when)
    if how["hold"]:
        return editor.hold(how["hold"], **when)
    if how["silence"]:
        return editor.rest(how["silence"], **when)
    if how["calm"]:
        return editor.calm(**when)
    if how["next_phase"]:
        return editor.next_phase(**when)
    return editor.replan(extend_s=how["longer"] or 0.0, phase=how["phase"], **when)


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
